#include "node/engine/inbox.h"

#include <string.h>

#include "node/engine/case_list.h"
#include "node/engine/due.h"
#include "node/engine/erasure.h"
#include "node/engine/federation.h"
#include "node/engine/feed.h"
#include "node/engine/journal.h"
#include "node/engine/outbox.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"
#include "node/engine/vault.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

/* Why a message is in SK_T_RECALLED. */
enum { GONE_RECALLED = 1, GONE_EXPIRED = 2 };

/* What is kept, sealed under a data key of the message. */
struct record {
    struct sk_id key_owner;
    struct sk_org from;
    struct sk_handle handle; /* zero: it is about nobody */
    uint64_t number;         /* order of arrival here */
    uint64_t incarnation;    /* and its place in the log of `from` */
    uint64_t place;
    uint64_t received_ms;
    uint64_t opened_ms;
    uint64_t accepted_ms;
    struct sk_words locked;
    struct sk_bytes item;       /* as it came, or what is left of it */
    struct sk_bytes correction; /* an item, not taken over yet; or empty */
    uint64_t corrected_ms;
};

/* ------------------------------------------------------------- keys */

static struct sk_key record_key(const struct sk_message_id *id)
{
    struct sk_key key = sk_key_start(SK_T_INBOX);

    sk_key_id(&key, &id->id);
    return key;
}

static struct sk_key gone_key(const struct sk_org *from,
                              const struct sk_message_id *id)
{
    struct sk_key key = sk_key_start(SK_T_RECALLED);

    sk_key_org(&key, from);
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

static struct sk_key place_key(const struct record *record)
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

static struct sk_key handle_key(const struct record *record)
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

static enum sk_status coach_of(struct sk_engine *e, const struct record *record,
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

static enum sk_status unlist(struct sk_engine *e, const struct record *record,
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
                           const struct record *record)
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
        SK_TRY(unlist(e, record, /* opened */ false));
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

static size_t waiting_of(const struct record *record)
{
    size_t size = record->item.size + record->correction.size;

    return record->opened_ms != 0 ? 0 : size + ITEM_OVERHEAD;
}

static enum sk_status count_waiting(struct sk_engine *e,
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

static enum sk_status unpack_record(struct sk_bytes plain, struct record *out)
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

static enum sk_status load(struct sk_engine *e, const struct sk_message_id *id,
                           struct record *out)
{
    struct sk_key key = record_key(id);
    struct sk_bytes plain;

    SK_TRY(sk_vault_get_owned(e, sk_key_done(&key), &out->key_owner, &plain));
    return unpack_record(plain, out);
}

static enum sk_status save(struct sk_engine *e, const struct sk_message_id *id,
                           const struct record *record)
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

/* The order of arrival at this node, at its partner, under its handle; and
   whose it is. */
static enum sk_status index_record(struct sk_engine *e,
                                   const struct sk_message_id *id,
                                   const struct record *record)
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

static enum sk_status next_number(struct sk_engine *e, uint64_t *out)
{
    uint64_t before;

    SK_TRY(sk_series_next(e, SK_SERIES_INBOX, &before));
    *out = before + 1;
    return SK_OK;
}

static enum sk_status drop_record(struct sk_engine *e,
                                  const struct sk_message_id *id,
                                  const struct record *record)
{
    struct sk_key key = record_key(id);
    struct sk_key all = order_key(record->number);
    struct sk_key place = place_key(record);
    struct sk_key about = handle_key(record);
    bool open;

    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&about)));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&all)));
    SK_TRY(unlist(e, record, record->opened_ms != 0));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&place)));
    SK_TRY(count_waiting(e, &record->from, waiting_of(record), 0));
    SK_TRY(sk_timers_message_gone(e, &record->key_owner, &open));
    /* CONSENT 5.3: without its key nothing that is left can be read. */
    return sk_vault_destroy(e, &record->key_owner);
}

enum sk_status sk_inbox_handle(struct sk_engine *e,
                               const struct sk_message_id *id,
                               struct sk_org *from, struct sk_handle *handle)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(load(e, id, record));
    if (sk_id_is_zero(&record->handle.id))
        return SK_E_NOT_FOUND;
    *from = record->from;
    *handle = record->handle;
    return SK_OK;
}

/* ------------------------------------------------------------- arrival */

enum sk_status sk_inbox_has(struct sk_engine *e, const struct sk_org *from,
                            const struct sk_message_id *id)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_participant_id person = {.id = id->id};
    enum sk_status status;

    if (record == NULL)
        return SK_E_MEMORY;
    status = load(e, id, record);
    /* A partner chooses the ids of its messages: never that of a person. */
    if (status == SK_E_NOT_FOUND && sk_participant_exists(e, &person) == SK_OK)
        return SK_E_EXISTS;
    SK_TRY(status);
    return sk_org_equal(&record->from, from) ? SK_OK : SK_E_EXISTS;
}

enum sk_status sk_inbox_add(struct sk_engine *e, const struct sk_org *from,
                            const struct sk_message_id *id,
                            const struct sk_handle *handle,
                            struct sk_bytes item)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_session *s = sk_session_find(e, from);

    if (record == NULL)
        return SK_E_MEMORY;
    assert(s != NULL);
    record->from = *from;
    if (handle != NULL)
        record->handle = *handle;
    record->incarnation = s->log.peer_incarnation;
    record->place = s->applying;
    record->received_ms = e->now_ms;
    record->item = item;
    SK_TRY(next_number(e, &record->number));
    SK_TRY(sk_vault_take(e, &record->key_owner));
    SK_TRY(save(e, id, record));
    sk_log_add_later(s, SK_COUNT_UNREAD, 1);
    sk_log_add_later(s, SK_COUNT_WAITING, (int64_t)waiting_of(record));
    SK_TRY(sk_feed_put(e, SK_FEED_MESSAGE, &id->id, from, NULL));
    return index_record(e, id, record);
}

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

enum sk_status sk_inbox_next(struct sk_engine *e, struct sk_scan *scan,
                             uint64_t *number, struct sk_org *from,
                             struct sk_message_id *id)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_bytes key;
    struct sk_bytes value;
    uint64_t at;

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_scan_next(scan, &key, &value));
    if (value.size != SK_ID_SIZE || key.size < 8)
        return SK_E_IO;
    at = sk_u64_read(key.data + key.size - 8);
    memcpy(id->id.bytes, value.data, SK_ID_SIZE);
    SK_TRY(load(e, id, record));
    *number = at;
    *from = record->from;
    return SK_OK;
}

/* ------------------------------------------------------------- entries */

static enum sk_status read_correction(struct sk_engine *e,
                                      struct sk_bytes bytes,
                                      struct sk_item_correction **out)
{
    struct sk_item *item;

    *out = NULL;
    if (bytes.size == 0)
        return SK_OK;
    item = sk_arena_take(&e->scratch, sizeof(*item));
    if (item == NULL)
        return SK_E_MEMORY;
    if (sk_item_decode(bytes, item) != SK_OK ||
        item->kind != SK_ITEM_CORRECTION)
        return SK_E_IO;
    /* With room for fields that a later one adds. */
    *out = &item->correction;
    sk_arena_trim(&e->scratch, item,
                  sk_item_size(item->kind, SK_ITEM_FIELDS_MAX));
    return SK_OK;
}

static enum sk_status write_correction(struct sk_engine *e,
                                       const struct sk_item_correction *in,
                                       struct sk_bytes *out)
{
    struct sk_item *item;
    struct sk_room room = {.size_max = SK_ITEM_SIZE_MAX};

    *out = (struct sk_bytes){0};
    if (in == NULL || in->fields_count == 0)
        return SK_OK;
    item = sk_item_new(e, SK_ITEM_CORRECTION, in->fields_count);
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (item == NULL || room.data == NULL)
        return SK_E_MEMORY;
    memcpy(&item->correction, in,
           offsetof(struct sk_item_correction, fields) +
               in->fields_count * sizeof(in->fields[0]));
    return sk_item_encode(item, room, out);
}

/* An item is large, and what an event holds is not. */
static enum sk_status read_item(struct sk_engine *e, struct sk_bytes bytes,
                                struct sk_inbox_entry *out)
{
    struct sk_item *item = sk_arena_take(&e->scratch, sizeof(*item));
    struct sk_item_collective collective;

    if (item == NULL)
        return SK_E_MEMORY;
    if (sk_item_decode(bytes, item) != SK_OK)
        return SK_E_IO;
    out->collective = item->kind == SK_ITEM_COLLECTIVE;
    out->body = (struct sk_value){0};
    out->event = &item->event;
    if (out->collective) {
        collective = item->collective;
        memset(out->event, 0, offsetof(struct sk_item_event, fields));
        out->event->message = collective.message;
        out->event->type = collective.type;
        out->body = collective.body;
    }
    sk_arena_trim(&e->scratch, out->event, sk_item_event_size(out->event));
    return SK_OK;
}

enum sk_status sk_inbox_get(struct sk_engine *e, const struct sk_message_id *id,
                            struct sk_inbox_entry *out)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(load(e, id, record));
    SK_TRY(read_item(e, record->item, out));
    out->message = *id;
    out->key_owner = record->key_owner;
    out->from = record->from;
    out->number = record->number;
    out->incarnation = record->incarnation;
    out->place = record->place;
    out->received_ms = record->received_ms;
    out->opened_ms = record->opened_ms;
    out->accepted_ms = record->accepted_ms;
    out->locked = record->locked;
    out->waiting = waiting_of(record);
    out->corrected_ms = record->corrected_ms;
    return read_correction(e, record->correction, &out->correction);
}

static enum sk_status encode_entry(struct sk_engine *e,
                                   const struct sk_inbox_entry *entry,
                                   struct sk_bytes *out)
{
    struct sk_item *item =
        sk_item_new(e, entry->collective ? SK_ITEM_COLLECTIVE : SK_ITEM_EVENT,
                    entry->event->fields_count);
    struct sk_room room;

    room.size_max = SK_ITEM_SIZE_MAX;
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (item == NULL || room.data == NULL)
        return SK_E_MEMORY;
    if (entry->collective) {
        item->collective.message = entry->message;
        item->collective.type = entry->event->type;
        item->collective.body = entry->body;
    } else {
        memcpy(&item->event, entry->event, sk_item_event_size(entry->event));
    }
    return sk_item_encode(item, room, out);
}

enum sk_status sk_inbox_put(struct sk_engine *e,
                            const struct sk_inbox_entry *entry)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    record->key_owner = entry->key_owner;
    record->from = entry->from;
    if (!entry->collective)
        record->handle = entry->event->handle;
    record->number = entry->number;
    record->incarnation = entry->incarnation;
    record->place = entry->place;
    record->received_ms = entry->received_ms;
    record->opened_ms = entry->opened_ms;
    record->accepted_ms = entry->accepted_ms;
    record->locked = entry->locked;
    record->corrected_ms = entry->corrected_ms;
    SK_TRY(encode_entry(e, entry, &record->item));
    SK_TRY(write_correction(e, entry->correction, &record->correction));
    SK_TRY(count_waiting(e, &entry->from, entry->waiting, waiting_of(record)));
    SK_TRY(save(e, &entry->message, record));
    return index_record(e, &entry->message, record);
}

/* ------------------------------------------------------------- gone */

enum sk_status sk_inbox_gone(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_message_id *id, const char **code)
{
    struct sk_key key = gone_key(from, id);
    struct sk_bytes value;
    struct sk_unpack u;
    enum sk_status status;
    uint64_t why;

    *code = NULL;
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    sk_unpack_str(&u, 10, 10);
    why = sk_unpack_uint(&u, GONE_RECALLED, GONE_EXPIRED);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *code = why == GONE_RECALLED ? "recalled" : "expired";
    return SK_OK;
}

enum sk_status sk_inbox_is_recalled(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_message_id *id, bool *out)
{
    const char *code;

    SK_TRY(sk_inbox_gone(e, from, id, &code));
    *out = code != NULL;
    return SK_OK;
}

/* The id and the fact are all that stays (CONSENT 5.1). */
static enum sk_status mark_gone(struct sk_engine *e, const struct sk_org *from,
                                const struct sk_message_id *id, uint64_t why)
{
    struct sk_key key = gone_key(from, id);
    uint8_t bytes[16];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;
    const char *before;
    char day[11];

    SK_TRY(sk_inbox_gone(e, from, id, &before));
    if (before != NULL)
        return SK_OK;
    sk_day_format(sk_today(e), day);
    sk_pack_array(&p, 2);
    sk_pack_cstr(&p, day);
    sk_pack_uint(&p, why);
    SK_TRY(sk_pack_finish(&p, &value));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

/* The record of this message of `from`; SK_E_NOT_FOUND also when the id is
   another partner's. */
static enum sk_status load_from(struct sk_engine *e, const struct sk_org *from,
                                const struct sk_message_id *id,
                                struct record **out)
{
    struct record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(load(e, id, record));
    if (!sk_org_equal(&record->from, from))
        return SK_E_NOT_FOUND;
    *out = record;
    return SK_OK;
}

/* ------------------------------------------------------------- locks */

static bool has_word(const struct sk_words *words, struct sk_bytes word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (sk_bytes_equal(words->list[i], word))
            return true;
    }
    return false;
}

enum sk_status sk_inbox_lock(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_message_id *id, bool all,
                             const struct sk_words *fields)
{
    struct record *record;
    enum sk_status status;

    if (all)
        SK_TRY(mark_gone(e, from, id, GONE_RECALLED));
    status = load_from(e, from, id, &record);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(
        sk_feed_put(e, SK_FEED_RECALLED, &id->id, from, all ? NULL : fields));
    if (all)
        return unlist(e, record, record->opened_ms != 0);
    for (size_t i = 0; i < fields->count; i++) {
        if (!has_word(&record->locked, fields->list[i]) &&
            record->locked.count < SK_ITEM_WORDS_MAX)
            record->locked.list[record->locked.count++] = fields->list[i];
    }
    return save(e, id, record);
}

/* ------------------------------------------------------------- erasure */

enum sk_status sk_inbox_rekey(struct sk_engine *e, struct sk_inbox_entry *entry)
{
    bool open;

    SK_TRY(sk_timers_message_gone(e, &entry->key_owner, &open));
    SK_TRY(sk_vault_destroy(e, &entry->key_owner));
    SK_TRY(sk_vault_take(e, &entry->key_owner));
    SK_TRY(sk_inbox_put(e, entry));
    if (!open)
        return SK_OK;
    return sk_timers_received(e, entry->event->type, &entry->message);
}

/* A new data key under which the fields are no longer. */
static enum sk_status erase_fields(struct sk_engine *e,
                                   const struct sk_message_id *id,
                                   const struct sk_words *fields)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_item_event *event;
    size_t kept = 0;

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_get(e, id, entry));
    event = entry->event;
    for (size_t i = 0; i < event->fields_count; i++) {
        if (!has_word(fields, event->fields[i].name))
            event->fields[kept++] = event->fields[i];
    }
    event->fields_count = kept;
    kept = 0;
    for (size_t i = 0; i < entry->locked.count; i++) {
        if (!has_word(fields, entry->locked.list[i]))
            entry->locked.list[kept++] = entry->locked.list[i];
    }
    entry->locked.count = kept;
    kept = 0;
    for (size_t i = 0;
         entry->correction != NULL && i < entry->correction->fields_count;
         i++) {
        struct sk_item_field *field = &entry->correction->fields[i];

        if (!has_word(fields, field->name))
            entry->correction->fields[kept++] = *field;
    }
    if (entry->correction != NULL)
        entry->correction->fields_count = kept;
    return sk_inbox_rekey(e, entry);
}

enum sk_status sk_inbox_erase(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_message_id *id, bool all,
                              const struct sk_words *fields)
{
    struct record *record;
    enum sk_status status;

    if (all)
        SK_TRY(mark_gone(e, from, id, GONE_RECALLED));
    status = load_from(e, from, id, &record);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_feed_put(e, SK_FEED_ERASED, &id->id, from, all ? NULL : fields));
    if (all)
        return drop_record(e, id, record);
    return erase_fields(e, id, fields);
}

enum sk_status sk_inbox_expire(struct sk_engine *e,
                               const struct sk_message_id *id,
                               struct sk_bytes from)
{
    struct record *record;
    struct sk_entry entry;
    struct sk_org org;
    enum sk_status status;
    int32_t until;

    if (!sk_org_parse(from, &org))
        return SK_E_IO;
    status = load_from(e, &org, id, &record);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    /* A law may make us keep it longer than the sender allowed. */
    SK_TRY(sk_erasure_keep_until(e, &org, id, &until));
    if (until != INT32_MIN && until >= sk_today(e))
        return sk_due_put(e, until + 1, SK_DUE_ERASE_BY, &id->id,
                          sk_org_text(&org));
    SK_TRY(mark_gone(e, &org, id, GONE_EXPIRED));
    SK_TRY(sk_feed_put(e, SK_FEED_ERASED, &id->id, &org, NULL));
    entry = sk_entry_start(e, SK_ENTRY_ERASED, &org);
    sk_entry_id(&entry, &id->id);
    SK_TRY(sk_journal_add(e, &entry));
    return drop_record(e, id, record);
}
