#include "node/engine/feed.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/event.h"
#include "node/engine/inbox.h"
#include "node/engine/ops.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

/*
 * What happened here, in order, for who follows along: the client system of
 * this organisation.                                   docs/IMPORT.md 5
 *
 *     SK_T_FEED  "f" number  -> array [kind, id, from: str, fields: array, at
 *                               ms]
 *                "s" name    -> number: what this subscriber confirmed
 * Numbered from 1 by SK_SERIES_FEED.
 *
 * Rows go when they are old (`keep` of domain.yaml); META "feed gone": the last
 * that did.  Who follows and is behind that hears it.
 *
 * A row names, it holds no value: what was erased since is not there any more
 * when its row is read.  from: the partner of a message; fields: those that
 * were asked back, none for all.
 */

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 500
/* A restored node never uses a number again that somebody may have seen. */
#define RESTORED_STEP (UINT64_C(1) << 32)
/* With one more entry behind it a reply still fits. */
#define REPLY_FULL (SK_CONTROL_SIZE_MAX - 4 * SK_ITEM_SIZE_MAX)

static struct sk_key prefix_of(const char *part)
{
    struct sk_key key = sk_key_start(SK_T_FEED);

    sk_key_bytes(&key, sk_text(part));
    return key;
}

static struct sk_key row_key(uint64_t number)
{
    struct sk_key key = prefix_of("f");

    sk_key_u64(&key, number);
    return key;
}

/* ------------------------------------------------------------- writing */

enum sk_status sk_feed_put(struct sk_engine *e, enum sk_feed_kind kind,
                           const struct sk_id *id, const struct sk_org *from,
                           const struct sk_words *fields)
{
    size_t size_max = 128;
    uint64_t number;
    struct sk_key key;
    struct sk_bytes value;
    struct sk_pack p;

    for (size_t i = 0; fields != NULL && i < fields->count; i++)
        size_max += fields->list[i].size + 5;
    SK_TRY(sk_series_next(e, SK_SERIES_FEED, &number));
    number++; /* from 1 on */
    key = row_key(number);
    p = sk_scratch_pack(e, size_max);
    sk_pack_array(&p, 5);
    sk_pack_uint(&p, (uint64_t)kind);
    sk_pack_id(&p, id);
    sk_pack_str(&p, from == NULL ? (struct sk_bytes){0} : sk_org_text(from));
    sk_pack_array(&p, fields == NULL ? 0 : fields->count);
    for (size_t i = 0; fields != NULL && i < fields->count; i++)
        sk_pack_str(&p, fields->list[i]);
    sk_pack_uint(&p, e->now_ms);
    if (sk_pack_finish(&p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

enum sk_status sk_feed_restored(struct sk_engine *e)
{
    uint64_t number;

    SK_TRY(sk_series_count(e, SK_SERIES_FEED, &number));
    SK_TRY(sk_meta_put_u64(e, "feed", number + RESTORED_STEP));
    e->series[SK_SERIES_FEED].loaded = false;
    return SK_OK;
}

/* ------------------------------------------------------------- rows */

struct row {
    uint64_t number;
    uint64_t kind;
    struct sk_id id;
    struct sk_org from;
    struct sk_words fields;
    uint64_t at_ms;
};

static enum sk_status read_row(struct sk_bytes key, struct sk_bytes value,
                               struct row *out)
{
    struct sk_unpack u = sk_unpack_start(value);
    struct sk_bytes from;

    if (key.size != 10)
        return SK_E_IO;
    out->number = sk_u64_read(key.data + 2);
    sk_unpack_array(&u, 5);
    out->kind = sk_unpack_uint(&u, SK_FEED_EVENT, SK_FEED_FORGOTTEN);
    sk_unpack_id(&u, &out->id);
    from = sk_unpack_str(&u, 0, SK_ORG_SIZE_MAX);
    out->fields.count = sk_unpack_array_upto(&u, 0, SK_ITEM_WORDS_MAX);
    for (size_t i = 0; i < out->fields.count; i++)
        out->fields.list[i] = sk_unpack_str(&u, 1, SK_ITEM_SIZE_MAX);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    if (from.size > 0 && !sk_org_parse(from, &out->from))
        return SK_E_IO;
    return SK_OK;
}

static enum sk_status pack_event(struct sk_engine *e, const struct row *row)
{
    struct sk_event_id id = {row->id};
    struct sk_recorded_event event;

    SK_TRY(sk_event_get(e, &id, &event));
    sk_pack_map(&e->reply, 3);
    sk_pack_cstr(&e->reply, "event");
    sk_event_pack(&e->reply, &event);
    sk_reply_cstr(&e->reply, "kind", "event");
    sk_reply_uint(&e->reply, "number", row->number);
    return SK_OK;
}

/* SK_E_NOT_FOUND also for what was asked back: nobody uses it any more. */
static enum sk_status get_message(struct sk_engine *e, const struct row *row,
                                  struct sk_inbox_entry **out)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id id = {row->id};
    const char *gone;

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_get(e, &id, entry));
    SK_TRY(sk_inbox_gone(e, &entry->from, &id, &gone));
    if (gone != NULL)
        return SK_E_NOT_FOUND;
    *out = entry;
    return SK_OK;
}

static enum sk_status pack_message(struct sk_engine *e, const struct row *row)
{
    struct sk_inbox_entry *entry;

    SK_TRY(get_message(e, row, &entry));
    sk_pack_map(&e->reply, 3);
    sk_reply_cstr(&e->reply, "kind", "message");
    sk_pack_cstr(&e->reply, "message");
    SK_TRY(sk_inbox_pack(e, &e->reply, entry));
    sk_reply_uint(&e->reply, "number", row->number);
    return SK_OK;
}

static enum sk_status pack_assigned(struct sk_engine *e, const struct row *row)
{
    struct sk_participant_id participant;
    struct sk_inbox_entry *entry;

    SK_TRY(get_message(e, row, &entry));
    SK_TRY(
        sk_handle_find(e, &entry->from, &entry->event->handle, &participant));
    sk_pack_map(&e->reply, 6);
    sk_reply_text(&e->reply, "from", sk_org_text(&entry->from));
    sk_reply_id(&e->reply, "handle", &entry->event->handle.id);
    sk_reply_cstr(&e->reply, "kind", "assigned");
    sk_reply_id(&e->reply, "message", &row->id);
    sk_reply_uint(&e->reply, "number", row->number);
    sk_reply_id(&e->reply, "participant", &participant.id);
    return SK_OK;
}

static size_t pack_words(struct sk_pack *p, const char *key,
                         const struct sk_bytes *list, size_t count)
{
    if (count == 0)
        return 0;
    sk_pack_cstr(p, key);
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
    return 1;
}

static enum sk_status pack_withdrawn(struct sk_engine *e, const struct row *row)
{
    struct sk_consent_record *record =
        sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_consent_id id = {row->id};
    const struct sk_fact_consent *f;
    size_t count = 4;
    size_t at;

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_consent_get(e, &id, record));
    f = &record->fact;
    at = sk_reply_open(&e->reply);
    count +=
        pack_words(&e->reply, "categories", f->categories, f->categories_count);
    sk_reply_id(&e->reply, "consent", &row->id);
    sk_reply_cstr(&e->reply, "kind", "withdrawn");
    sk_reply_uint(&e->reply, "number", row->number);
    sk_reply_id(&e->reply, "participant", &record->participant.id);
    count += pack_words(&e->reply, "purposes", f->purposes, f->purposes_count);
    count +=
        pack_words(&e->reply, "recipients", f->recipients, f->recipients_count);
    sk_reply_close_map(&e->reply, at, count);
    return SK_OK;
}

/* Ids, and names of fields: also when nothing else is left. */
static enum sk_status pack_gone(struct sk_engine *e, const struct row *row,
                                const char *kind)
{
    size_t at = sk_reply_open(&e->reply);
    size_t count = 4 + pack_words(&e->reply, "fields", row->fields.list,
                                  row->fields.count);

    sk_reply_text(&e->reply, "from", sk_org_text(&row->from));
    sk_reply_cstr(&e->reply, "kind", kind);
    sk_reply_id(&e->reply, "message", &row->id);
    sk_reply_uint(&e->reply, "number", row->number);
    sk_reply_close_map(&e->reply, at, count);
    return SK_OK;
}

static enum sk_status pack_forgotten(struct sk_engine *e, const struct row *row)
{
    sk_pack_map(&e->reply, 3);
    sk_reply_cstr(&e->reply, "kind", "forgotten");
    sk_reply_uint(&e->reply, "number", row->number);
    sk_reply_id(&e->reply, "participant", &row->id);
    return SK_OK;
}

static enum sk_status pack_row(struct sk_engine *e, const struct row *row)
{
    switch ((enum sk_feed_kind)row->kind) {
    case SK_FEED_EVENT:
        return pack_event(e, row);
    case SK_FEED_MESSAGE:
        return pack_message(e, row);
    case SK_FEED_ASSIGNED:
        return pack_assigned(e, row);
    case SK_FEED_WITHDRAWN:
        return pack_withdrawn(e, row);
    case SK_FEED_RECALLED:
        return pack_gone(e, row, "recalled");
    case SK_FEED_ERASED:
        return pack_gone(e, row, "erased");
    case SK_FEED_FORGOTTEN:
        return pack_forgotten(e, row);
    }
    return SK_E_IO;
}

/* ------------------------------------------------------------- old rows */

static enum sk_status gone_upto(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, "feed gone", out);

    if (status == SK_E_NOT_FOUND)
        *out = 0;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_feed_prune(struct sk_engine *e, int32_t day, size_t *budget,
                             bool *done)
{
    uint64_t before_ms = (uint64_t)sk_civil_start(day) * 1000;
    struct row *row = sk_arena_get(&e->scratch, sizeof(*row));
    struct sk_key prefix = prefix_of("f");
    struct sk_key from;
    struct sk_scan scan;
    uint64_t gone;
    uint64_t before;
    enum sk_status status = SK_OK;

    if (row == NULL)
        return SK_E_MEMORY;
    SK_TRY(gone_upto(e, &gone));
    before = gone;
    from = row_key(gone);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    for (; *budget > 0; (*budget)--) {
        struct sk_bytes key;
        struct sk_bytes value;
        struct sk_key at;

        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        SK_TRY(read_row(key, value, row));
        if (row->at_ms >= before_ms)
            break;
        at = row_key(row->number);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&at)));
        gone = row->number;
    }
    *done = *budget > 0;
    return gone == before ? SK_OK : sk_meta_put_u64(e, "feed gone", gone);
}

/* ------------------------------------------------------------- subscribers */

static struct sk_key subscriber_key(struct sk_bytes name)
{
    struct sk_key key = prefix_of("s");

    sk_key_bytes(&key, name);
    return key;
}

static bool read_number(struct sk_bytes value, uint64_t *out)
{
    struct sk_unpack u = sk_unpack_start(value);

    *out = sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u) == SK_OK;
}

/* 0: it confirmed nothing yet. */
static enum sk_status confirmed(struct sk_engine *e, struct sk_bytes name,
                                uint64_t *out)
{
    struct sk_key key = subscriber_key(name);
    struct sk_bytes value;
    enum sk_status status;

    *out = 0;
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return read_number(value, out) ? SK_OK : SK_E_IO;
}

/* ------------------------------------------------------------- operations */

struct reading {
    uint64_t cursor;
    uint64_t limit; /* rows looked at, also those that are gone */
    size_t count;
    bool more;
};

static enum sk_status read_all(struct sk_engine *e, struct reading *r)
{
    struct sk_key prefix = prefix_of("f");
    struct sk_key from = row_key(r->cursor);
    struct row *row = sk_arena_get(&e->scratch, sizeof(*row));
    struct sk_scan scan;
    enum sk_status status;

    if (row == NULL)
        return SK_E_MEMORY;
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    for (uint64_t seen = 0;; seen++) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_bytes key;
        struct sk_bytes value;

        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (seen == r->limit || e->reply.size > REPLY_FULL) {
            r->more = true;
            return SK_OK;
        }
        SK_TRY(read_row(key, value, row));
        status = pack_row(e, row);
        if (status != SK_E_NOT_FOUND)
            SK_TRY(status);
        r->count += status == SK_OK;
        r->cursor = row->number;
        sk_arena_reset(&e->scratch, mark);
    }
}

enum sk_status sk_op_feed_read(struct sk_engine *e, struct sk_value args)
{
    struct sk_value since = sk_value_get(args, "since");
    struct sk_value limit = sk_value_get(args, "limit");
    struct sk_bytes subscriber = sk_arg_text(args, "subscriber");
    struct reading r = {.limit = LIMIT_DEFAULT};
    struct sk_pack *p = &e->reply;
    uint64_t gone;
    size_t at;

    if (sk_value_kind(limit) == SK_VALUE_UINT)
        r.limit = sk_value_uint(limit);
    if (r.limit < 1 || r.limit > LIMIT_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    if (sk_value_kind(since) == SK_VALUE_UINT)
        r.cursor = sk_value_uint(since);
    else if (subscriber.size > 0)
        SK_TRY(confirmed(e, subscriber, &r.cursor));
    SK_TRY(gone_upto(e, &gone));
    /* Who follows must hear that something was missed; who begins has no
       cursor that could be too old. */
    if (r.cursor < gone &&
        (r.cursor > 0 || sk_value_kind(since) == SK_VALUE_UINT))
        return sk_refuse(e, "feed-gone", "since", sk_number_text(e, gone));
    if (r.cursor < gone)
        r.cursor = gone;
    sk_pack_map(p, 3);
    sk_pack_cstr(p, "entries");
    at = sk_reply_open(p);
    SK_TRY(read_all(e, &r));
    sk_reply_close_array(p, at, r.count);
    sk_reply_bool(p, "more", r.more);
    sk_reply_uint(p, "next", r.cursor);
    return SK_OK;
}

static enum sk_status count_subscribers(struct sk_engine *e, uint64_t *out)
{
    struct sk_key prefix = prefix_of("s");

    return sk_store_count(e->store, SK_SPACE_DATA, sk_key_done(&prefix), out);
}

enum sk_status sk_op_feed_confirm(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes subscriber = sk_arg_text(args, "subscriber");
    uint64_t cursor = sk_value_uint(sk_value_get(args, "cursor"));
    struct sk_key key = subscriber_key(subscriber);
    uint8_t bytes[16];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;
    uint64_t before;
    uint64_t last;
    uint64_t count;

    SK_TRY(sk_series_count(e, SK_SERIES_FEED, &last));
    if (cursor > last)
        return sk_refuse(e, "bad-argument", "cursor", (struct sk_bytes){0});
    SK_TRY(confirmed(e, subscriber, &before));
    SK_TRY(count_subscribers(e, &count));
    if (before == 0 && count >= SK_SUBSCRIBERS_MAX)
        return sk_refuse(e, "too-large", "subscriber", (struct sk_bytes){0});
    /* It never goes back: an answer that comes late confirms nothing less. */
    if (cursor > before) {
        sk_pack_uint(&p, cursor);
        SK_TRY(sk_pack_finish(&p, &value));
        SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value));
    }
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "cursor", cursor > before ? cursor : before);
    sk_reply_text(&e->reply, "subscriber", subscriber);
    return SK_OK;
}

enum sk_status sk_op_feed_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_key prefix = prefix_of("s");
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    uint64_t gone;
    uint64_t last;
    size_t count = 0;
    size_t at;
    enum sk_status status;

    (void)args;
    SK_TRY(sk_series_count(e, SK_SERIES_FEED, &last));
    SK_TRY(gone_upto(e, &gone));
    sk_pack_map(&e->reply, 4);
    sk_reply_uint(&e->reply, "gone", gone);
    sk_reply_uint(&e->reply, "last", last);
    sk_reply_text(&e->reply, "org", sk_org_text(&e->org));
    sk_pack_cstr(&e->reply, "subscribers");
    at = sk_reply_open(&e->reply);
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        uint64_t cursor;

        if (!read_number(value, &cursor))
            return SK_E_IO;
        sk_pack_map(&e->reply, 2);
        sk_reply_uint(&e->reply, "cursor", cursor);
        sk_reply_text(&e->reply, "subscriber",
                      (struct sk_bytes){key.data + 2, key.size - 2});
        count++;
    }
    sk_reply_close_array(&e->reply, at, count);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}
