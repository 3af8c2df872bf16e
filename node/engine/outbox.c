#include "node/engine/outbox.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/ledger.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/* Bytes of a log record at most. */
#define LOG_SIZE_MAX 4096

static struct sk_key log_key(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_PEER);

    sk_key_org(&key, org);
    return key;
}

static struct sk_key entry_key(const struct sk_org *to, uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_OUT);

    sk_key_org(&key, to);
    sk_key_u64(&key, number);
    return key;
}

/* ------------------------------------------------------------- the log */

static void pack_log(struct sk_pack *p, const struct sk_log *log)
{
    sk_pack_array(p, 13);
    sk_pack_uint(p, log->incarnation);
    sk_pack_uint(p, log->base);
    sk_pack_uint(p, log->head);
    sk_pack_uint(p, log->handed);
    sk_pack_uint(p, log->stored);
    sk_pack_uint(p, log->old_incarnation);
    sk_pack_uint(p, log->old_base);
    sk_pack_array(p, log->ranges_count);
    for (size_t i = 0; i < log->ranges_count; i++) {
        const struct sk_range *range = &log->ranges[i];

        sk_pack_array(p, 4);
        sk_pack_uint(p, range->first);
        sk_pack_uint(p, range->last);
        sk_pack_bin(
            p, (struct sk_bytes){range->root.bytes, sizeof(range->root.bytes)});
        sk_pack_bin(p, (struct sk_bytes){range->voided, sizeof(range->voided)});
    }
    sk_pack_uint(p, log->peer_incarnation);
    sk_pack_uint(p, log->peer_cursor);
    sk_pack_uint(p, log->answers);
    sk_pack_uint(p, log->told);
    sk_pack_array(p, SK_COUNTS);
    for (size_t i = 0; i < SK_COUNTS; i++)
        sk_pack_uint(p, log->counts[i]);
}

static enum sk_status unpack_log(struct sk_bytes in, struct sk_log *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_log log = {.loaded = true};

    sk_unpack_array(&u, 13);
    log.incarnation = sk_unpack_uint(&u, 1, UINT64_MAX);
    log.base = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.head = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.handed = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.stored = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.old_incarnation = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.old_base = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.ranges_count = sk_unpack_array_upto(&u, 0, SK_RANGES_MAX);
    for (size_t i = 0; i < log.ranges_count; i++) {
        struct sk_range *range = &log.ranges[i];

        sk_unpack_array(&u, 4);
        range->first = sk_unpack_uint(&u, 0, UINT64_MAX);
        range->last = sk_unpack_uint(&u, 0, UINT64_MAX);
        sk_unpack_bin(&u, range->root.bytes, sizeof(range->root.bytes));
        sk_unpack_bin(&u, range->voided, sizeof(range->voided));
    }
    log.peer_incarnation = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.peer_cursor = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.answers = sk_unpack_uint(&u, 0, UINT64_MAX);
    log.told = sk_unpack_uint(&u, 0, UINT64_MAX);
    sk_unpack_array(&u, SK_COUNTS);
    for (size_t i = 0; i < SK_COUNTS; i++)
        log.counts[i] = sk_unpack_uint(&u, 0, UINT64_MAX);
    /* Our own record: what it says wrong is a broken store. */
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *out = log;
    return SK_OK;
}

enum sk_status sk_log_get(struct sk_engine *e, const struct sk_org *org,
                          struct sk_log *out)
{
    struct sk_session *s = sk_session_find(e, org);
    struct sk_bytes value;
    struct sk_key key;
    enum sk_status status;

    if (s != NULL && s->log.loaded) {
        *out = s->log;
        return SK_OK;
    }
    key = log_key(org);
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        *out = (struct sk_log){.loaded = true, .incarnation = 1};
    else if (status != SK_OK)
        return status;
    else
        SK_TRY(unpack_log(value, out));
    if (s != NULL)
        s->log = *out;
    return SK_OK;
}

static enum sk_status write_log(struct sk_engine *e, const struct sk_org *org,
                                const struct sk_log *log)
{
    struct sk_key key = log_key(org);
    uint8_t bytes[LOG_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;

    pack_log(&p, log);
    SK_TRY(sk_pack_finish(&p, &value));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

enum sk_status sk_log_put(struct sk_engine *e, const struct sk_org *org,
                          const struct sk_log *log)
{
    struct sk_session *s = sk_session_find(e, org);

    assert(log->incarnation > 0);
    assert(log->base <= log->handed);
    assert(log->handed <= log->head);
    assert(log->stored <= log->head);

    if (s == NULL)
        return write_log(e, org, log);
    sk_store_promise(e->store);
    s->log = *log;
    s->log.due = true;
    return SK_OK;
}

enum sk_status sk_log_settle(struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++) {
        struct sk_session *s = &e->sessions[i];

        if (!s->log.due)
            continue;
        SK_TRY(write_log(e, &s->org, &s->log));
        s->log.due = false;
    }
    return SK_OK;
}

/* A count that is wrong is no reason to stop. */
static uint64_t count_on(uint64_t count, int64_t by)
{
    uint64_t less = by < 0 ? 0 - (uint64_t)by : 0;

    if (by >= 0)
        return count + (uint64_t)by;
    return count > less ? count - less : 0;
}

enum sk_status sk_log_add(struct sk_engine *e, const struct sk_org *org,
                          enum sk_log_count which, int64_t by)
{
    struct sk_log log;

    SK_TRY(sk_log_get(e, org, &log));
    log.counts[which] = count_on(log.counts[which], by);
    return sk_log_put(e, org, &log);
}

void sk_log_add_later(struct sk_session *s, enum sk_log_count which, int64_t by)
{
    assert(s->log.loaded);

    s->log.counts[which] = count_on(s->log.counts[which], by);
}

void sk_log_restart(struct sk_log *log, uint64_t incarnation, uint64_t base)
{
    assert(incarnation > log->incarnation);
    assert(base <= log->head);

    log->old_incarnation = log->incarnation;
    log->old_base = log->base;
    log->incarnation = incarnation;
    log->base = base;
    log->handed = base;
    log->ranges_count = 0;
}

/* ------------------------------------------------------------- entries */

enum sk_status sk_outbox_next(struct sk_engine *e, const struct sk_org *to,
                              uint64_t *number)
{
    struct sk_log log;

    SK_TRY(sk_log_get(e, to, &log));
    *number = log.head + 1;
    return SK_OK;
}

enum sk_status sk_outbox_put(struct sk_engine *e, const struct sk_org *to,
                             const struct sk_out_entry *entry, uint64_t *number)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_pack p = sk_scratch_pack(e, entry->item.size + 64);
    struct sk_key key;
    struct sk_log log;
    struct sk_bytes value;

    SK_TRY(sk_log_get(e, to, &log));
    log.head++;
    if (entry->kind == SK_OUT_EVENT)
        log.counts[SK_COUNT_EVENTS]++;
    sk_pack_array(&p, entry->kind == SK_OUT_CORRECTION ? 3 : 2);
    sk_pack_uint(&p, entry->kind);
    if (entry->kind != SK_OUT_ITEM)
        sk_pack_id(&p, &entry->message.id);
    if (entry->kind == SK_OUT_CORRECTION)
        sk_pack_id(&p, &entry->correction);
    if (entry->kind == SK_OUT_ITEM)
        sk_pack_bin(&p, entry->item);
    SK_TRY(sk_pack_finish(&p, &value));
    key = entry_key(to, log.head);
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value));
    SK_TRY(sk_log_put(e, to, &log));
    sk_arena_reset(&e->scratch, mark);
    if (number != NULL)
        *number = log.head;
    return SK_OK;
}

struct sk_item *sk_item_new(struct sk_engine *e, enum sk_item_kind kind,
                            size_t count)
{
    struct sk_item *item = sk_arena_get(&e->scratch, sk_item_size(kind, count));

    if (item != NULL)
        item->kind = kind;
    return item;
}

enum sk_status sk_outbox_item(struct sk_engine *e, const struct sk_org *to,
                              const struct sk_item *item)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_out_entry entry = {.kind = SK_OUT_ITEM};
    struct sk_room room;

    /* I1: an event leaves only through the gate. */
    assert(item->kind != SK_ITEM_EVENT);

    room.size_max = SK_ITEM_SIZE_MAX;
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (room.data == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_item_encode(item, room, &entry.item));
    sk_arena_trim(&e->scratch, room.data, entry.item.size);
    SK_TRY(sk_outbox_put(e, to, &entry, NULL));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

static enum sk_status unpack_entry(struct sk_bytes value,
                                   struct sk_out_entry *out)
{
    struct sk_unpack u = sk_unpack_start(value);
    struct sk_out_entry entry = {0};
    size_t count = sk_unpack_array_upto(&u, 2, 3);

    entry.kind =
        (enum sk_out_kind)sk_unpack_uint(&u, SK_OUT_EVENT, SK_OUT_CORRECTION);
    if (entry.kind != SK_OUT_ITEM)
        sk_unpack_id(&u, &entry.message.id);
    if (entry.kind == SK_OUT_CORRECTION)
        sk_unpack_id(&u, &entry.correction);
    if (entry.kind == SK_OUT_ITEM)
        entry.item = sk_unpack_bin_upto(&u, 0, SK_ITEM_SIZE_MAX);
    if (sk_unpack_finish(&u) != SK_OK ||
        (count == 3) != (entry.kind == SK_OUT_CORRECTION))
        return SK_E_IO;
    *out = entry;
    return SK_OK;
}

enum sk_status sk_outbox_get(struct sk_engine *e, const struct sk_org *to,
                             uint64_t number, struct sk_out_entry *out)
{
    struct sk_key key = entry_key(to, number);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    return unpack_entry(value, out);
}

enum sk_status sk_outbox_remove(struct sk_engine *e, const struct sk_org *to,
                                uint64_t number)
{
    struct sk_key key = entry_key(to, number);

    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* ------------------------------------------------------------- stored */

/* The ledger entry behind a number, in scratch; SK_E_NOT_FOUND when the
   number is no event, or the ledger no longer has it. */
static enum sk_status ledger_of(struct sk_engine *e, const struct sk_org *to,
                                uint64_t number, struct sk_ledger_entry **out)
{
    struct sk_ledger_entry *entry;
    struct sk_out_entry queued;

    SK_TRY(sk_outbox_get(e, to, number, &queued));
    if (queued.kind != SK_OUT_EVENT)
        return SK_E_NOT_FOUND;
    entry = sk_arena_get(&e->scratch, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_ledger_get(e, &queued.message, entry));
    *out = entry;
    return SK_OK;
}

/* Entries stay, for a partner that falls back.  But what was told once about
   its own inbox (HELD) is of no use to it then. */
static enum sk_status forget_told(struct sk_engine *e, const struct sk_org *to,
                                  uint64_t number)
{
    struct sk_key key = entry_key(to, number);
    struct sk_out_entry entry;
    struct sk_unpack u;
    enum sk_status status = sk_outbox_get(e, to, number, &entry);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (entry.kind == SK_OUT_EVENT)
        sk_log_add_later(sk_session_find(e, to), SK_COUNT_EVENTS, -1);
    if (entry.kind != SK_OUT_ITEM)
        return SK_OK;
    u = sk_unpack_start(entry.item);
    (void)sk_unpack_array_upto(&u, 1, 16); /* only the kind counts */
    if (sk_unpack_uint(&u, 0, UINT64_MAX) != SK_ITEM_HELD)
        return SK_OK;
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

enum sk_status sk_outbox_stored(struct sk_engine *e, const struct sk_org *to,
                                uint64_t number)
{
    return forget_told(e, to, number);
}

static struct sk_key stored_key(const struct sk_org *to, uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_STORED);

    sk_key_org(&key, to);
    sk_key_u64(&key, number);
    return key;
}

enum sk_status sk_outbox_confirm(struct sk_engine *e, const struct sk_org *to,
                                 uint64_t last, uint64_t at_ms)
{
    struct sk_session *s = sk_session_find(e, to);
    struct sk_key key = stored_key(to, last);
    uint8_t bytes[8];

    /* Receipts of the same second say the same: the last one stays. */
    if (s != NULL && s->confirmed > 0 && s->confirmed < last &&
        s->confirmed_s == at_ms / 1000) {
        struct sk_key before = stored_key(to, s->confirmed);

        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&before)));
    }
    if (s != NULL) {
        s->confirmed = last;
        s->confirmed_s = at_ms / 1000;
    }

    sk_u64_write(bytes, at_ms);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){bytes, sizeof(bytes)});
}

enum sk_status sk_outbox_stored_at(struct sk_engine *e, const struct sk_org *to,
                                   uint64_t number, uint64_t *at_ms)
{
    struct sk_key prefix = sk_key_start(SK_T_STORED);
    struct sk_key before = stored_key(to, number - 1);
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_scan scan;

    sk_key_org(&prefix, to);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&before));
    SK_TRY(sk_scan_next(&scan, &key, &value));
    if (value.size != 8)
        return SK_E_IO;
    *at_ms = sk_u64_read(value.data);
    return SK_OK;
}

enum sk_status sk_outbox_voided(struct sk_engine *e, const struct sk_org *to,
                                uint64_t number)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_ledger_entry *entry = NULL;
    enum sk_status status = ledger_of(e, to, number, &entry);

    /* It left once and was lost, or could not be decided; what arrived in its
       place is empty. */
    if (status == SK_OK && sk_ledger_waits(entry)) {
        entry->state = SK_LEDGER_QUEUED;
        entry->sent_ms = 0;
        status = sk_ledger_drop(e, entry, "not-delivered");
    } else if (status == SK_OK && entry->state != SK_LEDGER_DROPPED) {
        sk_log_add_later(sk_session_find(e, to), SK_COUNT_EVENTS, -1);
    }
    sk_arena_reset(&e->scratch, mark);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- pending */

/* Every partner that there is a log with, also those in no charter. */
static enum sk_status each_log(struct sk_engine *e,
                               void (*add)(const struct sk_log *, void *),
                               void *context)
{
    struct sk_key prefix = sk_key_start(SK_T_PEER);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status = sk_log_settle(e);

    SK_TRY(status);
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_org org;
        struct sk_log log;

        if (key.size < 3 ||
            !sk_org_parse((struct sk_bytes){key.data + 1, key.size - 2}, &org))
            return SK_E_IO;
        SK_TRY(sk_log_get(e, &org, &log));
        add(&log, context);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

struct total {
    enum sk_log_count which;
    uint64_t count;
    uint64_t items;
};

static void add_total(const struct sk_log *log, void *context)
{
    struct total *total = context;

    total->count += log->counts[total->which];
    total->items += log->head - log->stored;
}

enum sk_status sk_log_total(struct sk_engine *e, enum sk_log_count which,
                            uint64_t *out)
{
    struct total total = {.which = which};

    SK_TRY(each_log(e, add_total, &total));
    *out = total.count;
    return SK_OK;
}

enum sk_status sk_outbox_pending(struct sk_engine *e, const struct sk_org *to,
                                 uint64_t *events, uint64_t *items)
{
    struct total total = {.which = SK_COUNT_EVENTS};
    struct sk_log log;

    if (to == NULL) {
        SK_TRY(each_log(e, add_total, &total));
    } else {
        SK_TRY(sk_log_get(e, to, &log));
        add_total(&log, &total);
    }
    *events = total.count;
    *items = total.items;
    return SK_OK;
}
