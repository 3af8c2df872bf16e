#include "node/engine/inbox_record.h"

#include "node/engine/case_list.h"
#include "node/engine/inbox.h"
#include "node/engine/outbox.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

/* ------------------------------------------------------------- keys */

static struct sk_key record_key(const struct sk_message_id *id)
{
    struct sk_key key = sk_key_start(SK_T_INBOX);

    sk_key_id(&key, &id->id);
    return key;
}

/* list "a": everything, in order of arrival. */
static struct sk_key order_key(uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_INBOX_ORDER);

    sk_key_bytes(&key, sk_text("a"));
    sk_key_u64(&key, number);
    return key;
}

/* list "o": per partner, by place in its log. */
static struct sk_key place_prefix(const struct sk_org *from)
{
    struct sk_key key = sk_key_start(SK_T_INBOX_ORDER);

    sk_key_bytes(&key, sk_text("o"));
    sk_key_org(&key, from);
    return key;
}

static struct sk_key place_key(const struct sk_inbox_record *record)
{
    struct sk_key key = place_prefix(&record->from);

    sk_key_u64(&key, record->incarnation);
    sk_key_u64(&key, record->place);
    return key;
}

/* list "h": per handle of a partner, in order of arrival. */
static struct sk_key handle_prefix(const struct sk_org *from,
                                   const struct sk_handle *handle)
{
    struct sk_key key = sk_key_start(SK_T_INBOX_ORDER);

    sk_key_bytes(&key, sk_text("h"));
    sk_key_org(&key, from);
    sk_key_id(&key, &handle->id);
    return key;
}

static struct sk_key handle_key(const struct sk_inbox_record *record)
{
    struct sk_key key = handle_prefix(&record->from, &record->handle);

    sk_key_u64(&key, record->number);
    return key;
}

static struct sk_bytes id_bytes(const struct sk_message_id *id)
{
    return (struct sk_bytes){id->id.bytes, sizeof(id->id.bytes)};
}

/* ------------------------------------------------------------- whose it is
 * On the lists of a coach a message is among all of them, and among those of
 * its partner. */

struct sk_key sk_inbox_group(const struct sk_org *from, bool opened)
{
    struct sk_key key = {.size = 0};

    if (from != NULL)
        sk_key_org(&key, from);
    else
        sk_key_bytes(&key, (struct sk_bytes){(const uint8_t *)"", 1});
    sk_key_bytes(&key, sk_text(opened ? "o" : "n"));
    return key;
}

static struct sk_key list_key(const struct sk_id *coach,
                              const struct sk_org *from, bool opened,
                              uint64_t number)
{
    struct sk_key key = sk_list_key(SK_LIST_MESSAGES, coach);
    struct sk_key group = sk_inbox_group(from, opened);

    sk_key_bytes(&key, sk_key_done(&group));
    sk_key_u64(&key, number);
    return key;
}

static enum sk_status coach_of(struct sk_engine *e,
                               const struct sk_inbox_record *record,
                               struct sk_id *out)
{
    struct sk_participant_id person = {0};
    enum sk_status status = SK_E_NOT_FOUND;

    if (!sk_id_is_zero(&record->handle.id))
        status = sk_handle_find(e, &record->from, &record->handle, &person);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    return sk_case_coach(e, &person, out);
}

enum sk_status sk_inbox_unlist(struct sk_engine *e,
                               const struct sk_inbox_record *record,
                               bool opened)
{
    struct sk_key all;
    struct sk_key one;
    struct sk_id coach;

    SK_TRY(coach_of(e, record, &coach));
    all = list_key(&coach, NULL, opened, record->number);
    one = list_key(&coach, &record->from, opened, record->number);
    SK_TRY(sk_list_drop(e, &all));
    return sk_list_drop(e, &one);
}

/* CONSENT 4.5: what was asked back is in no list. */
static enum sk_status list(struct sk_engine *e, const struct sk_message_id *id,
                           const struct sk_inbox_record *record)
{
    bool opened = record->opened_ms != 0;
    struct sk_bytes value = {id->id.bytes, SK_ID_SIZE};
    struct sk_key all;
    struct sk_key one;
    struct sk_id coach;
    const char *gone;

    SK_TRY(sk_inbox_gone(e, &record->from, id, &gone));
    if (gone != NULL)
        return SK_OK;
    if (opened)
        SK_TRY(sk_inbox_unlist(e, record, /* opened */ false));
    SK_TRY(coach_of(e, record, &coach));
    all = list_key(&coach, NULL, opened, record->number);
    one = list_key(&coach, &record->from, opened, record->number);
    SK_TRY(sk_list_put(e, &all, value));
    return sk_list_put(e, &one, value);
}

enum sk_status sk_inbox_list_move(struct sk_engine *e, const struct sk_org *org,
                                  const struct sk_handle *handle,
                                  const struct sk_id *from,
                                  const struct sk_id *to)
{
    struct sk_scan scan = sk_inbox_about(e, org, handle);
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        uint64_t number = sk_u64_read(key.data + key.size - 8);

        for (int i = 0; i < 4; i++) {
            const struct sk_org *one = i < 2 ? NULL : org;
            struct sk_key row = list_key(from, one, i % 2 != 0, number);
            struct sk_key there = list_key(to, one, i % 2 != 0, number);

            SK_TRY(sk_list_move(e, &row, &there));
        }
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- waiting
 * What a partner sent and nobody opened counts, per partner, towards
 * partner_bytes: a partner cannot fill the disk (PROTOCOL.md 8.8). */

/* Bytes on the disk around an item: keys, order, the key of the message. */
#define ITEM_OVERHEAD 512

size_t sk_inbox_waiting_of(const struct sk_inbox_record *record)
{
    size_t size = record->item.size + record->correction.size;

    return record->opened_ms != 0 ? 0 : size + ITEM_OVERHEAD;
}

enum sk_status sk_inbox_count_waiting(struct sk_engine *e,
                                      const struct sk_org *from, size_t before,
                                      size_t after)
{
    if (before == after)
        return SK_OK;
    SK_TRY(sk_log_add(e, from, SK_COUNT_WAITING,
                      (int64_t)after - (int64_t)before));
    return sk_log_add(e, from, SK_COUNT_UNREAD,
                      (int64_t)(after != 0) - (int64_t)(before != 0));
}

/* ------------------------------------------------------------- records */

static enum sk_status unpack_record(struct sk_bytes plain,
                                    struct sk_inbox_record *out)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_unpack_array(&u, 12);
    sk_unpack_org(&u, &out->from);
    sk_unpack_id(&u, &out->handle.id);
    out->number = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->incarnation = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->place = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->received_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->opened_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->accepted_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->locked.count = sk_unpack_array_upto(&u, 0, SK_ITEM_WORDS_MAX);
    for (size_t i = 0; i < out->locked.count; i++)
        out->locked.list[i] = sk_unpack_str(&u, 1, SK_ITEM_SIZE_MAX);
    out->item = sk_unpack_bin_upto(&u, 1, SK_ITEM_SIZE_MAX);
    out->correction = sk_unpack_bin_upto(&u, 0, SK_ITEM_SIZE_MAX);
    out->corrected_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

enum sk_status sk_inbox_load(struct sk_engine *e,
                             const struct sk_message_id *id,
                             struct sk_inbox_record *out)
{
    struct sk_key key = record_key(id);
    struct sk_bytes plain;

    SK_TRY(sk_vault_get_owned(e, sk_key_done(&key), &out->key_owner, &plain));
    return unpack_record(plain, out);
}

enum sk_status sk_inbox_save(struct sk_engine *e,
                             const struct sk_message_id *id,
                             const struct sk_inbox_record *record)
{
    struct sk_key key = record_key(id);
    size_t size_max = record->item.size + record->correction.size + 256;
    struct sk_bytes plain;
    struct sk_pack p;

    for (size_t i = 0; i < record->locked.count; i++)
        size_max += record->locked.list[i].size + 5;
    p = sk_scratch_pack(e, size_max);
    sk_pack_array(&p, 12);
    sk_pack_str(&p, sk_org_text(&record->from));
    sk_pack_id(&p, &record->handle.id);
    sk_pack_uint(&p, record->number);
    sk_pack_uint(&p, record->incarnation);
    sk_pack_uint(&p, record->place);
    sk_pack_uint(&p, record->received_ms);
    sk_pack_uint(&p, record->opened_ms);
    sk_pack_uint(&p, record->accepted_ms);
    sk_pack_array(&p, record->locked.count);
    for (size_t i = 0; i < record->locked.count; i++)
        sk_pack_str(&p, record->locked.list[i]);
    sk_pack_bin(&p, record->item);
    sk_pack_bin(&p, record->correction);
    sk_pack_uint(&p, record->corrected_ms);
    SK_TRY(sk_pack_finish(&p, &plain));
    return sk_vault_put_owned(e, &record->key_owner, sk_key_done(&key), plain);
}

enum sk_status sk_inbox_index(struct sk_engine *e,
                              const struct sk_message_id *id,
                              const struct sk_inbox_record *record)
{
    struct sk_key all = order_key(record->number);
    struct sk_key place = place_key(record);
    struct sk_key about = handle_key(record);

    SK_TRY(
        sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&all), id_bytes(id)));
    if (!sk_id_is_zero(&record->handle.id))
        SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&about),
                            id_bytes(id)));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&place),
                        id_bytes(id)));
    return list(e, id, record);
}

enum sk_status sk_inbox_drop(struct sk_engine *e,
                             const struct sk_message_id *id,
                             const struct sk_inbox_record *record)
{
    struct sk_key key = record_key(id);
    struct sk_key all = order_key(record->number);
    struct sk_key place = place_key(record);
    struct sk_key about = handle_key(record);
    bool open;

    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&about)));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&all)));
    SK_TRY(sk_inbox_unlist(e, record, record->opened_ms != 0));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&place)));
    SK_TRY(sk_inbox_count_waiting(e, &record->from, sk_inbox_waiting_of(record),
                                  0));
    SK_TRY(sk_timers_message_gone(e, &record->key_owner, &open));
    /* CONSENT 5.3: without its key nothing that is left can be read. */
    return sk_vault_destroy(e, &record->key_owner);
}

enum sk_status sk_inbox_handle(struct sk_engine *e,
                               const struct sk_message_id *id,
                               struct sk_org *from, struct sk_handle *handle)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_load(e, id, record));
    if (sk_id_is_zero(&record->handle.id))
        return SK_E_NOT_FOUND;
    *from = record->from;
    *handle = record->handle;
    return SK_OK;
}

/* ------------------------------------------------------------- order of
 * arrival */

struct sk_scan sk_inbox_behind(struct sk_engine *e, const struct sk_org *from,
                               uint64_t incarnation, uint64_t after)
{
    struct sk_key prefix = place_prefix(from);
    struct sk_key start = prefix;

    sk_key_u64(&start, incarnation);
    sk_key_u64(&start, after);
    return sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&start));
}

struct sk_scan sk_inbox_about(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_handle *handle)
{
    struct sk_key prefix = handle_prefix(from, handle);

    return sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
}

struct sk_scan sk_inbox_arrived(struct sk_engine *e, uint64_t after)
{
    struct sk_key prefix = sk_key_start(SK_T_INBOX_ORDER);
    struct sk_key start = order_key(after);

    sk_key_bytes(&prefix, sk_text("a"));
    return sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&start));
}
