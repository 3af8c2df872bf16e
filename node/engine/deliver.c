#include "node/engine/session.h"

#include <string.h>

#include "node/engine/apply.h"
#include "node/engine/gate.h"
#include "node/engine/handover.h"
#include "node/engine/journal.h"
#include "node/engine/ledger.h"
#include "node/engine/outbox.h"
#include "node/engine/restored.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/witness.h"
#include "protocol/unpack.h"

/* Room for the items of one envelope; the message and envelope around them
   fit in what is left of SK_FRAME_SIZE_MAX. */
#define ITEMS_SIZE_MAX (120 * 1024)

static const uint8_t void_item[] = {0x91, 0x00};

/* What the caller hands up; anything else is about one item only. */
static bool is_of_the_store(enum sk_status status)
{
    return status == SK_E_FULL || status == SK_E_IO || status == SK_E_AGAIN;
}

/* ------------------------------------------------------------- out */

struct envelope { /* under construction */
    struct sk_message message;
    struct sk_message_id events[SK_ITEMS_COUNT_MAX];
    size_t events_count;
    uint8_t voided[SK_ITEMS_COUNT_MAX / 8];
    struct sk_room room; /* what is left for items */
};

static uint64_t item_kind(struct sk_bytes item)
{
    struct sk_unpack u = sk_unpack_start(item);

    sk_unpack_array_upto(&u, 1, 64);
    return sk_unpack_uint(&u, 0, UINT64_MAX);
}

/* DOMAIN 3.3: who is suspended still gets the notices it is owed. */
static bool goes_to_suspended(struct sk_bytes item)
{
    uint64_t kind = item_kind(item);

    return kind == SK_ITEM_WITHDRAWN || kind == SK_ITEM_ERASED ||
           kind == SK_ITEM_KEPT || kind == SK_ITEM_TOLD ||
           kind == SK_ITEM_HELD || kind == SK_ITEM_ERASURE ||
           kind == SK_ITEM_CORRECTED || kind == SK_ITEM_RELEASED ||
           kind == SK_ITEM_ASKED;
}

static void add_bytes(struct envelope *out, struct sk_bytes bytes)
{
    struct sk_items *items = &out->message.items;

    assert(bytes.size <= out->room.size_max);

    if (bytes.data != out->room.data)
        memcpy(out->room.data, bytes.data, bytes.size);
    items->items[items->count].data = out->room.data;
    items->items[items->count].size = bytes.size;
    items->count++;
    out->room.data += bytes.size;
    out->room.size_max -= bytes.size;
}

static void add_void(struct envelope *out)
{
    size_t i = out->message.items.count;

    out->voided[i / 8] |= (uint8_t)(1u << (i % 8));
    add_bytes(out, (struct sk_bytes){void_item, sizeof(void_item)});
}

/* I2: decided now, whatever was decided before. */
static enum sk_status add_event(struct sk_engine *e, const struct sk_org *to,
                                uint64_t number,
                                const struct sk_out_entry *entry,
                                struct envelope *out)
{
    size_t mark = sk_arena_mark(&e->scratch);
    uint64_t writes = e->store->writes;
    struct sk_bytes item;
    enum sk_status status =
        entry->kind == SK_OUT_EVENT
            ? sk_gate_item(e, &entry->message, out->room, &item)
            : sk_gate_correction(e, &entry->message, &entry->correction,
                                 out->room, &item);

    sk_arena_reset(&e->scratch, mark);
    if (status == SK_OK && item_kind(item) == SK_ITEM_EVENT)
        out->events[out->events_count++] = entry->message;
    if (status == SK_OK && item_kind(item) != SK_ITEM_VOID) {
        struct sk_entry sent = sk_entry_start(e, SK_ENTRY_SENT, to);

        sk_entry_id(&sent, &entry->message.id);
        sk_entry_number(&sent, number);
        SK_TRY(sk_journal_add(e, &sent));
        add_bytes(out, item);
        return SK_OK;
    }
    if (is_of_the_store(status))
        return status;
    /* I5: what cannot be decided does not leave, and does not stop the log.
       But half a write is nothing to go on from. */
    if (status != SK_OK && e->store->writes != writes)
        return SK_E_IO;
    add_void(out);
    return SK_OK;
}

static enum sk_status add_entry(struct sk_engine *e, struct sk_session *s,
                                uint64_t number, struct envelope *out)
{
    struct sk_out_entry entry;
    enum sk_status status = sk_outbox_get(e, &s->org, number, &entry);
    bool empty = status == SK_E_NOT_FOUND;

    if (status == SK_OK && entry.kind == SK_OUT_EVENT)
        SK_TRY(sk_hold_aside(e, &s->org, number, &entry.message, &empty));
    if (empty) {
        add_void(out);
        return SK_OK;
    }
    SK_TRY(status);
    if (entry.kind != SK_OUT_ITEM)
        return add_event(e, &s->org, number, &entry, out);
    if (s->suspended && !goes_to_suspended(entry.item))
        add_void(out);
    else
        add_bytes(out, entry.item);
    return SK_OK;
}

/* PROTOCOL.md 8.5: receipts are compared with what was sent. */
static void add_range(struct sk_log *log, uint64_t first, uint64_t last,
                      const struct envelope *sent)
{
    const struct sk_hash *root = &sent->message.items.root;
    struct sk_range *range;

    for (size_t i = 0; i < log->ranges_count; i++) {
        range = &log->ranges[i];
        if (range->first == first && range->last == last &&
            memcmp(range->root.bytes, root->bytes, SK_HASH_SIZE) == 0)
            return;
    }
    if (log->ranges_count == SK_RANGES_MAX) {
        log->ranges_count--;
        memmove(&log->ranges[0], &log->ranges[1],
                log->ranges_count * sizeof(log->ranges[0]));
    }
    range = &log->ranges[log->ranges_count++];
    range->first = first;
    range->last = last;
    range->root = *root;
    memcpy(range->voided, sent->voided, sizeof(range->voided));
}

/* I7: nobody hears that keys are gone while a file may still hold them.  What
   is behind that answer waits with it: the log keeps its order. */
static enum sk_status last_to_send(struct sk_engine *e, struct sk_session *s,
                                   const struct sk_log *log, uint64_t *last)
{
    struct sk_out_entry entry;

    *last = log->head;
    if (!sk_store_shred_due(e->store))
        return SK_OK;
    for (uint64_t n = s->sent + 1; n <= log->head; n++) {
        enum sk_status status = sk_outbox_get(e, &s->org, n, &entry);

        if (status == SK_E_NOT_FOUND)
            continue;
        SK_TRY(status);
        if (entry.kind != SK_OUT_ITEM ||
            item_kind(entry.item) != SK_ITEM_ERASED)
            continue;
        *last = n - 1;
        return SK_OK;
    }
    return SK_OK;
}

static enum sk_status send_envelope(struct sk_engine *e, struct sk_session *s,
                                    struct sk_log *log, uint64_t upto)
{
    uint64_t first = s->sent + 1;
    struct envelope *out = sk_arena_get(&e->scratch, sizeof(*out));
    struct sk_items *items;
    struct sk_room unused;
    struct sk_bytes plain;
    struct sk_bytes frame;
    uint64_t last;

    if (out == NULL)
        return SK_E_MEMORY;
    /* Before the gate writes that it left. */
    SK_TRY(sk_frame_room(e, &unused));
    out->room.size_max = ITEMS_SIZE_MAX;
    if (upto - s->sent < ITEMS_SIZE_MAX / SK_ITEM_SIZE_MAX)
        out->room.size_max = (size_t)(upto - s->sent) * SK_ITEM_SIZE_MAX;
    out->room.data = sk_arena_take(&e->scratch, out->room.size_max);
    if (out->room.data == NULL)
        return SK_E_MEMORY;
    out->message.kind = SK_MESSAGE_ITEMS;
    items = &out->message.items;
    items->incarnation = log->incarnation;
    items->first = first - log->base;
    for (uint64_t n = first; n <= upto; n++) {
        if (items->count == SK_ITEMS_COUNT_MAX ||
            out->room.size_max < SK_ITEM_SIZE_MAX)
            break;
        SK_TRY(add_entry(e, s, n, out));
    }
    last = s->sent + items->count;
    SK_TRY(sk_wire_sign(e, s, &out->message, &plain));
    SK_TRY(sk_wire_forward(e, s, plain, &frame));
    if (last > log->stored)
        add_range(log, first, last, out);
    if (last > log->handed)
        log->handed = last;
    /* The gate may have dropped some. */
    memcpy(log->counts, s->log.counts, sizeof(log->counts));
    SK_TRY(sk_log_put(e, &s->org, log));
    sk_replay_keep(e, &s->org, log->incarnation, last - log->base, out->events,
                   out->events_count, frame);
    s->sent = last;
    s->flight[s->flight_count++] = last;
    s->retry_ms = e->real_ms + SK_RECEIPT_WAIT_MS;
    return SK_OK;
}

enum sk_status sk_deliver_out(struct sk_engine *e, struct sk_session *s)
{
    size_t credit = SK_IN_FLIGHT_MAX;
    struct sk_log log;
    uint64_t upto;

    if (!s->up || !s->known || !s->greeted || s->asking ||
        e->real_ms < s->full_ms)
        return SK_OK;
    SK_TRY(sk_log_get(e, &s->org, &log));
    SK_TRY(last_to_send(e, s, &log, &upto));
    /* One to see whether there is room again. */
    if (s->full_times > 0)
        credit = 1;
    while (s->flight_count < credit && s->sent < upto) {
        size_t mark = sk_arena_mark(&e->scratch);

        SK_TRY(send_envelope(e, s, &log, upto));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

/* ------------------------------------------------------------- receipts */

static void land(struct sk_engine *e, struct sk_session *s, uint64_t last)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->flight_count; i++) {
        if (s->flight[i] > last)
            s->flight[kept++] = s->flight[i];
    }
    if (kept < s->flight_count)
        s->retry_ms = e->real_ms + SK_RECEIPT_WAIT_MS;
    s->flight_count = kept;
}

static bool is_void_in(const struct sk_range *range, uint64_t number)
{
    uint64_t i = number - range->first;

    return (range->voided[i / 8] >> (i % 8) & 1) != 0;
}

static bool covers(const struct sk_range *range, uint64_t number)
{
    return range->first <= number && number <= range->last;
}

/* Did the partner get this number as VOID?  `confirmed` says so for its own
   range; for numbers before it, only when every envelope agrees: in doubt it
   has the event, so that a withdrawal reaches it. */
static bool arrived_void(const struct sk_log *log,
                         const struct sk_range *confirmed, uint64_t number)
{
    bool seen = false;

    if (covers(confirmed, number))
        return is_void_in(confirmed, number);
    for (size_t i = 0; i < log->ranges_count; i++) {
        if (!covers(&log->ranges[i], number))
            continue;
        if (!is_void_in(&log->ranges[i], number))
            return false;
        seen = true;
    }
    return seen;
}

static const struct sk_range *range_of(const struct sk_log *log, uint64_t last,
                                       const struct sk_hash *root)
{
    for (size_t i = 0; i < log->ranges_count; i++) {
        if (log->ranges[i].last == last &&
            memcmp(log->ranges[i].root.bytes, root->bytes, SK_HASH_SIZE) == 0)
            return &log->ranges[i];
    }
    return NULL;
}

static enum sk_status confirm(struct sk_engine *e, struct sk_session *s,
                              struct sk_log *log,
                              const struct sk_range *confirmed, uint64_t at_ms)
{
    uint64_t last = confirmed->last;
    size_t kept = 0;

    for (uint64_t n = log->stored + 1; n <= last; n++) {
        if (arrived_void(log, confirmed, n))
            SK_TRY(sk_outbox_voided(e, &s->org, n));
        else
            SK_TRY(sk_outbox_stored(e, &s->org, n));
    }
    /* Behind the loop: it looks at what each of them was until now. */
    SK_TRY(sk_outbox_confirm(e, &s->org, last, at_ms));
    for (size_t i = 0; i < log->ranges_count; i++) {
        if (log->ranges[i].last > last)
            log->ranges[kept++] = log->ranges[i];
    }
    log->ranges_count = kept;
    log->stored = last;
    memcpy(log->counts, s->log.counts, sizeof(log->counts));
    return sk_log_put(e, &s->org, log);
}

/* The partner's last word on our log, as signed: what we show when it is
   disputed. */
static enum sk_status keep_proof(struct sk_engine *e, struct sk_session *s,
                                 uint64_t incarnation, struct sk_bytes plain)
{
    struct sk_key key = sk_key_start(SK_T_RECEIPT);

    sk_key_org(&key, &s->org);
    sk_key_bytes(&key, sk_text("o"));
    sk_key_u64(&key, incarnation);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), plain);
}

static enum sk_status journal(struct sk_engine *e, const struct sk_session *s,
                              const struct sk_receipt *receipt)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_RECEIPT_TAKEN, &s->org);

    sk_entry_number(&entry, receipt->incarnation);
    sk_entry_number(&entry, receipt->last);
    sk_entry_hash(&entry, &receipt->root);
    return sk_journal_add(e, &entry);
}

enum sk_status sk_deliver_receipt(struct sk_engine *e, struct sk_session *s,
                                  const struct sk_receipt *receipt,
                                  struct sk_bytes plain)
{
    const struct sk_range *range;
    struct sk_log log;
    uint64_t last;

    SK_TRY(sk_log_get(e, &s->org, &log));
    if (receipt->incarnation != log.incarnation)
        return SK_OK;
    if (receipt->last > log.handed - log.base)
        return sk_wire_refuse(e, s, "wrong-root", "last");
    last = log.base + receipt->last;
    land(e, s, last);
    sk_replay_receipt(e, &s->org, log.incarnation, receipt->last);
    if (last <= log.stored)
        return SK_OK;
    range = range_of(&log, last, &receipt->root);
    if (range != NULL) {
        struct sk_range confirmed = *range;
        bool good;

        SK_TRY(sk_witness_seen(e, s, receipt->checkpoint, plain, &good));
        if (!good)
            return sk_wire_refuse(e, s, "bad-checkpoint", "journal");
        s->failures = 0;
        s->full_times = 0;
        s->full_ms = 0;
        SK_TRY(journal(e, s, receipt));
        SK_TRY(keep_proof(e, s, log.incarnation, plain));
        return confirm(e, s, &log, &confirmed,
                       sk_partner_ms(e, receipt->at_ms));
    }
    /* It has something else under these numbers than we ever sent: we are a
       backup.  What is not confirmed goes again, in a new incarnation. */
    SK_TRY(sk_held_restart(e, &s->org, &log, log.incarnation + 1));
    s->failures = 1;
    sk_session_doubt(e, s);
    return SK_OK;
}

/* ------------------------------------------------------------- refusals */

static bool code_is(const char *code, const char *word)
{
    return strcmp(code, word) == 0;
}

static enum sk_status refused_message(struct sk_engine *e, struct sk_session *s,
                                      const struct sk_refusal *refusal)
{
    struct sk_ledger_entry *entry;
    struct sk_entry declined;
    enum sk_status status;

    entry = sk_arena_get(&e->scratch, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, &refusal->message, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!sk_org_equal(&entry->to, &s->org))
        return SK_OK;
    /* PROTOCOL.md 8.8: a refusal comes before the receipt that covers it.
       What was receipted is there, and stays in the ledger as such (I7). */
    if (entry->state != SK_LEDGER_SENT)
        return SK_OK;
    entry->state = SK_LEDGER_REFUSED;
    entry->reason = sk_text(refusal->code);
    SK_TRY(sk_ledger_put(e, entry));
    declined = sk_entry_start(e, SK_ENTRY_DECLINED, &s->org);
    sk_entry_id(&declined, &entry->message.id);
    declined.word = entry->reason;
    SK_TRY(sk_journal_add(e, &declined));
    return sk_handover_dropped(e, entry);
}

/* It has no room for now: all of it goes again, in order, a while later. */
static enum sk_status try_later(struct sk_engine *e, struct sk_session *s)
{
    struct sk_log log;

    SK_TRY(sk_log_get(e, &s->org, &log));
    s->full_times++;
    s->full_ms = e->real_ms + sk_backoff_ms(s->full_times);
    s->flight_count = 0;
    s->sent = log.stored;
    return SK_OK;
}

enum sk_status sk_deliver_refusal(struct sk_engine *e, struct sk_session *s,
                                  const struct sk_refusal *refusal)
{
    const char *code = refusal->code;

    if (refusal->has_message)
        sk_replay_refusal(e, &s->org, &refusal->message, code);
    if (code_is(refusal->check, "duplicate"))
        return SK_OK;
    if (code_is(code, "journal-forked"))
        return sk_witness_doubted(e, s);
    if (code_is(refusal->check, "charter")) {
        sk_charter_not_given(e, s, code);
        return SK_OK;
    }
    if (refusal->has_message)
        return refused_message(e, s, refusal);
    memcpy(s->refused, code, sizeof(s->refused));
    if (code_is(refusal->check, "item"))
        return SK_OK;
    if (code_is(code, "gap") || code_is(code, "wrong-incarnation")) {
        if (s->asking)
            return SK_OK;
        sk_session_doubt(e, s);
        return sk_session_hello(e, s, /* answer */ true);
    }
    if (code_is(code, "inbox-full"))
        return try_later(e, s);
    /* It could not read us.  A person or a new card must act; we ask again
       and again, ever more slowly. */
    s->failures++;
    sk_session_doubt(e, s);
    return SK_OK;
}
