#include "node/engine/notice_in.h"

#include <stddef.h>
#include <string.h>

#include "node/engine/access.h"
#include "node/engine/case_list.h"
#include "node/engine/inbox.h"
#include "node/engine/ledger.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

#define RECORD_SIZE_MAX ((size_t)80 * 1024)

size_t sk_notice_in_size(size_t entries)
{
    return offsetof(struct sk_notice_in, entries) +
           entries * sizeof(struct sk_item_entry);
}

/* ------------------------------------------------------------- keys */

static struct sk_key notice_key(const struct sk_org *from, uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_NOTICE_IN);

    sk_key_org(&key, from);
    sk_key_u64(&key, number);
    return key;
}

static struct sk_key open_key(const struct sk_org *from,
                              const struct sk_id *notice)
{
    struct sk_key key = sk_key_start(SK_T_NOTICE_OF);

    sk_key_org(&key, from);
    sk_key_id(&key, notice);
    return key;
}

/* On a list: of a coach, or of whom it is about. */
static struct sk_key row_key(enum sk_list list, const struct sk_id *whose,
                             const struct sk_notice_in *notice)
{
    struct sk_key key = sk_list_key(list, whose);

    sk_key_org(&key, &notice->from);
    sk_key_u64(&key, notice->number);
    return key;
}

/* ------------------------------------------------------------- records */

static void pack_entry(struct sk_pack *p, const struct sk_item_entry *entry)
{
    sk_pack_array(p, 2);
    sk_pack_id(p, &entry->message.id);
    if (entry->all) {
        sk_pack_nil(p);
        return;
    }
    sk_pack_array(p, entry->fields.count);
    for (size_t f = 0; f < entry->fields.count; f++)
        sk_pack_str(p, entry->fields.list[f]);
}

static enum sk_status put(struct sk_engine *e,
                          const struct sk_notice_in *notice)
{
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_key key = notice_key(&notice->from, notice->number);
    struct sk_bytes value;
    char day[11];

    sk_day_format(notice->due, day);
    sk_pack_array(&p, 8);
    sk_pack_array(&p, notice->about_count);
    for (size_t i = 0; i < notice->about_count; i++) {
        sk_pack_array(&p, 2);
        sk_pack_str(&p, sk_org_text(&notice->about[i].org));
        sk_pack_id(&p, &notice->about[i].id);
    }
    sk_pack_id(&p, &notice->notice);
    sk_pack_uint(&p, notice->at_ms);
    sk_pack_cstr(&p, day);
    sk_pack_bool(&p, notice->erase);
    sk_pack_array(&p, notice->entries_count);
    for (size_t i = 0; i < notice->entries_count; i++)
        pack_entry(&p, &notice->entries[i]);
    sk_pack_uint(&p, notice->received_ms);
    sk_pack_str(&p, notice->ground);
    if (sk_scratch_packed(e, &p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

static void unpack_entry(struct sk_unpack *u, struct sk_item_entry *out)
{
    sk_unpack_array(u, 2);
    sk_unpack_id(u, &out->message.id);
    out->all = sk_unpack_is_nil(u);
    out->fields.count = 0;
    if (out->all)
        return;
    out->fields.count = sk_unpack_array_upto(u, 0, SK_ITEM_WORDS_MAX);
    for (size_t f = 0; f < out->fields.count; f++)
        out->fields.list[f] = sk_unpack_str(u, 1, 64);
}

static enum sk_status unpack_about(struct sk_engine *e, struct sk_unpack *u,
                                   struct sk_notice_about **list, size_t *count)
{
    *count = sk_unpack_array_upto(u, 0, SK_ITEM_ENTRIES_MAX);
    *list = sk_arena_get_array(&e->scratch, *count + 1, sizeof(**list));
    if (*list == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < *count; i++) {
        struct sk_bytes org;

        sk_unpack_array(u, 2);
        org = sk_unpack_str(u, 0, SK_ORG_SIZE_MAX);
        sk_unpack_id(u, &(*list)[i].id);
        if (org.size > 0 && !sk_org_parse(org, &(*list)[i].org))
            return SK_E_IO;
    }
    return SK_OK;
}

/* Of whom it is: the table's byte, the name, a zero byte, the number. */
static enum sk_status from_of(struct sk_bytes key, struct sk_org *out)
{
    if (key.size < 1 + 1 + 8 ||
        !sk_org_parse((struct sk_bytes){key.data + 1, key.size - 10}, out))
        return SK_E_IO;
    return SK_OK;
}

/* key and value as a scan gave them; into scratch, texts too, with room for no
   more entries. */
static enum sk_status unpack(struct sk_engine *e, struct sk_bytes key,
                             struct sk_bytes value,
                             struct sk_notice_in **notice)
{
    struct sk_notice_about *about;
    struct sk_notice_in *out;
    struct sk_unpack u;
    struct sk_bytes day;
    size_t count;

    value = sk_arena_copy(&e->scratch, value);
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 8);
    SK_TRY(unpack_about(e, &u, &about, &count));
    out = sk_arena_take(&e->scratch, sizeof(*out));
    if (out == NULL)
        return SK_E_MEMORY;
    out->about = about;
    out->about_count = count;
    SK_TRY(from_of(key, &out->from));
    out->number = sk_u64_read(key.data + key.size - 8);
    sk_unpack_id(&u, &out->notice);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    day = sk_unpack_str(&u, 10, 10);
    out->erase = sk_unpack_bool(&u);
    out->entries_count = sk_unpack_array_upto(&u, 0, SK_ITEM_ENTRIES_MAX);
    for (size_t i = 0; i < out->entries_count; i++)
        unpack_entry(&u, &out->entries[i]);
    out->received_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->ground = sk_unpack_str(&u, 0, 64);
    if (sk_unpack_finish(&u) != SK_OK || !sk_day_parse(day, &out->due))
        return SK_E_IO;
    sk_arena_trim(&e->scratch, out, sk_notice_in_size(out->entries_count));
    *notice = out;
    return SK_OK;
}

enum sk_status sk_notice_in_get(struct sk_engine *e, const struct sk_org *from,
                                uint64_t number, struct sk_notice_in **out)
{
    struct sk_key key = notice_key(from, number);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    return unpack(e, sk_key_done(&key), value, out);
}

/* Its number, and on whose list it is. */
static enum sk_status read_open(struct sk_engine *e, const struct sk_org *from,
                                const struct sk_id *notice, uint64_t *number,
                                struct sk_id *coach)
{
    struct sk_key key = open_key(from, notice);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    if (value.size != 8 + SK_ID_SIZE)
        return SK_E_IO;
    *number = sk_u64_read(value.data);
    memcpy(coach->bytes, value.data + 8, SK_ID_SIZE);
    return SK_OK;
}

static enum sk_status put_open(struct sk_engine *e,
                               const struct sk_notice_in *notice,
                               const struct sk_id *coach)
{
    struct sk_key key = open_key(&notice->from, &notice->notice);
    struct sk_key value = {.size = 0};

    sk_key_u64(&value, notice->number);
    sk_key_id(&value, coach);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        sk_key_done(&value));
}

/* A partner may have thousands that wait: no scan. */
enum sk_status sk_notice_in_number(struct sk_engine *e,
                                   const struct sk_org *from,
                                   const struct sk_id *notice, uint64_t *out)
{
    struct sk_id coach;

    return read_open(e, from, notice, out, &coach);
}

/* ------------------------------------------------------------- whose it is */

/* Zero: nobody said so. */
static enum sk_status person_of(struct sk_engine *e,
                                const struct sk_notice_about *about,
                                struct sk_participant_id *out)
{
    struct sk_handle handle = {about->id};
    enum sk_status status;

    *out = (struct sk_participant_id){about->id};
    if (about->org.text[0] == '\0')
        return SK_OK;
    status = sk_handle_find(e, &about->org, &handle, out);
    if (status == SK_E_NOT_FOUND)
        *out = (struct sk_participant_id){0};
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* SK_E_NOT_FOUND: it is about nobody, or not here. */
static enum sk_status about_of(struct sk_engine *e,
                               const struct sk_message_id *message,
                               struct sk_notice_about *out)
{
    struct sk_participant_id person;
    struct sk_handle handle;
    enum sk_status status = sk_ledger_person(e, message, &person);

    *out = (struct sk_notice_about){.id = person.id};
    if (status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_inbox_handle(e, message, &out->org, &handle));
    out->id = handle.id;
    return SK_OK;
}

static bool has_about(const struct sk_notice_in *notice,
                      const struct sk_notice_about *one)
{
    for (size_t i = 0; i < notice->about_count; i++)
        if (sk_id_equal(&notice->about[i].id, &one->id) &&
            sk_org_equal(&notice->about[i].org, &one->org))
            return true;
    return false;
}

static enum sk_status find_about(struct sk_engine *e,
                                 struct sk_notice_in *notice)
{
    struct sk_notice_about *list = sk_arena_get_array(
        &e->scratch, notice->entries_count + 1, sizeof(*list));
    size_t mark = sk_arena_mark(&e->scratch);

    if (list == NULL)
        return SK_E_MEMORY;
    notice->about = list;
    notice->about_count = 0;
    for (size_t i = 0; i < notice->entries_count; i++) {
        struct sk_notice_about one;
        enum sk_status status = about_of(e, &notice->entries[i].message, &one);

        if (status != SK_OK && status != SK_E_NOT_FOUND)
            return status;
        if (status == SK_OK && !has_about(notice, &one))
            list[notice->about_count++] = one;
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

/* Zero: every coach's.  Of several coaches, of none of them alone. */
static enum sk_status coach_of(struct sk_engine *e,
                               const struct sk_notice_in *notice,
                               struct sk_id *out)
{
    *out = (struct sk_id){0};
    for (size_t i = 0; i < notice->about_count; i++) {
        struct sk_participant_id person;
        struct sk_id coach;

        SK_TRY(person_of(e, &notice->about[i], &person));
        SK_TRY(sk_case_coach(e, &person, &coach));
        if (sk_id_is_zero(out))
            *out = coach;
        else if (!sk_id_is_zero(&coach) && !sk_id_equal(out, &coach))
            *out = sk_list_several;
    }
    return SK_OK;
}

enum sk_status sk_notice_in_add(struct sk_engine *e,
                                struct sk_notice_in *notice)
{
    const struct sk_bytes empty = {0};
    struct sk_key row;
    struct sk_id coach;

    SK_TRY(find_about(e, notice));
    SK_TRY(coach_of(e, notice, &coach));
    SK_TRY(put(e, notice));
    SK_TRY(put_open(e, notice, &coach));
    row = row_key(SK_LIST_NOTICES, &coach, notice);
    SK_TRY(sk_list_put(e, &row, empty));
    for (size_t i = 0; i < notice->about_count; i++) {
        row = row_key(SK_LIST_ABOUT, &notice->about[i].id, notice);
        SK_TRY(sk_list_put(e, &row, empty));
    }
    return SK_OK;
}

enum sk_status sk_notice_in_drop(struct sk_engine *e,
                                 const struct sk_notice_in *notice)
{
    struct sk_key key = notice_key(&notice->from, notice->number);
    struct sk_key open = open_key(&notice->from, &notice->notice);
    struct sk_key row;
    struct sk_id coach;
    uint64_t number;

    SK_TRY(read_open(e, &notice->from, &notice->notice, &number, &coach));
    row = row_key(SK_LIST_NOTICES, &coach, notice);
    SK_TRY(sk_list_drop(e, &row));
    for (size_t i = 0; i < notice->about_count; i++) {
        row = row_key(SK_LIST_ABOUT, &notice->about[i].id, notice);
        SK_TRY(sk_list_drop(e, &row));
    }
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&open)));
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

static enum sk_status relist(struct sk_engine *e,
                             const struct sk_notice_in *notice)
{
    struct sk_key row;
    struct sk_key there;
    struct sk_id before;
    struct sk_id now;
    uint64_t number;

    SK_TRY(read_open(e, &notice->from, &notice->notice, &number, &before));
    SK_TRY(coach_of(e, notice, &now));
    if (sk_id_equal(&before, &now))
        return SK_OK;
    row = row_key(SK_LIST_NOTICES, &before, notice);
    there = row_key(SK_LIST_NOTICES, &now, notice);
    SK_TRY(sk_list_move(e, &row, &there));
    return put_open(e, notice, &now);
}

enum sk_status sk_notices_relist(struct sk_engine *e, const struct sk_id *about)
{
    struct sk_key prefix = sk_list_key(SK_LIST_ABOUT, about);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));

    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_key at = sk_key_start(SK_T_NOTICE_IN);
        struct sk_notice_in *notice;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        sk_key_bytes(&at, (struct sk_bytes){key.data + prefix.size,
                                            key.size - prefix.size});
        SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&at), &value));
        SK_TRY(unpack(e, sk_key_done(&at), value, &notice));
        SK_TRY(relist(e, notice));
        sk_arena_reset(&e->scratch, mark);
    }
}

enum sk_status sk_notice_in_is_seen(struct sk_engine *e,
                                    const struct sk_notice_in *notice,
                                    bool *out)
{
    struct sk_participant_id person = {0};

    if (notice->about_count == 0)
        return sk_access_erases(e, &person, out);
    *out = true;
    for (size_t i = 0; i < notice->about_count && *out; i++) {
        SK_TRY(person_of(e, &notice->about[i], &person));
        SK_TRY(sk_access_erases(e, &person, out));
    }
    return SK_OK;
}

enum sk_status sk_notice_in_access(struct sk_engine *e,
                                   const struct sk_notice_in *notice)
{
    struct sk_participant_id person = {0};

    if (notice->about_count == 0)
        return sk_access_person(e, &person);
    for (size_t i = 0; i < notice->about_count; i++) {
        SK_TRY(person_of(e, &notice->about[i], &person));
        SK_TRY(sk_access_person(e, &person));
        if (!sk_id_is_zero(&person.id))
            sk_access_about(e, &person, &notice->notice);
    }
    return SK_OK;
}

/* ------------------------------------------------------------- in order */

struct sk_notice_walk {
    struct sk_engine *e;
    struct sk_key group;       /* of one partner, or nothing */
    struct sk_list_walk *list; /* or NULL: everything */
    struct sk_scan scan;
};

enum sk_status sk_notice_walk(struct sk_engine *e, bool own,
                              const struct sk_org *from,
                              const struct sk_org *after_from, uint64_t after,
                              struct sk_notice_walk **out)
{
    struct sk_notice_walk *walk = sk_arena_get(&e->scratch, sizeof(*walk));
    struct sk_key prefix = sk_key_start(SK_T_NOTICE_IN);
    struct sk_key place = {.size = 0};
    struct sk_key start;

    if (walk == NULL)
        return SK_E_MEMORY;
    *walk = (struct sk_notice_walk){.e = e};
    if (from != NULL)
        sk_key_org(&walk->group, from);
    if (after_from != NULL && from == NULL)
        sk_key_org(&place, after_from);
    if (after_from != NULL)
        sk_key_u64(&place, after);
    *out = walk;
    if (own)
        return sk_list_walk(e, SK_LIST_NOTICES, &walk->group, 1,
                            sk_key_done(&place), &walk->list);
    sk_key_bytes(&prefix, sk_key_done(&walk->group));
    start = prefix;
    sk_key_bytes(&start, sk_key_done(&place));
    walk->scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                               sk_key_done(&start));
    return SK_OK;
}

enum sk_status sk_notice_walk_next(struct sk_notice_walk *walk,
                                   struct sk_notice_in **out)
{
    struct sk_engine *e = walk->e;
    struct sk_key at = sk_key_start(SK_T_NOTICE_IN);
    struct sk_bytes key;
    struct sk_bytes value;

    if (walk->list == NULL) {
        SK_TRY(sk_scan_next(&walk->scan, &key, &value));
        return unpack(e, key, value, out);
    }
    SK_TRY(sk_list_walk_next(walk->list, &key, &value));
    sk_key_bytes(&at, sk_key_done(&walk->group));
    sk_key_bytes(&at, key);
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&at), &value));
    return unpack(e, sk_key_done(&at), value, out);
}
