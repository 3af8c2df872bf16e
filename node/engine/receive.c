#include "node/engine/session.h"

#include <string.h>

#include "node/engine/apply.h"
#include "node/engine/inbox.h"
#include "node/engine/journal.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/message.h"
#include "protocol/unpack.h"

/* The answers to one envelope: a receipt and up to one refusal per item. */
#define RECEIPT_SIZE_MAX (SK_CHECKPOINT_SIZE_MAX + 1024)
#define REFUSAL_SIZE_MAX 512

/* How often "try later" is said at most, ms. */
#define FULL_SAY_MS 1000

/* PROTOCOL.md 8.9: what is said about ITEMS beside one frame for each: a
   hundred in a second, and all that HELLO may ask for ahead. */
#define SAY_COST_MS 10
#define SAY_BURST_MS                                                           \
    (SAY_COST_MS * (SK_IN_FLIGHT_MAX + 2) * (SK_ITEMS_COUNT_MAX + 1))
#define SAY_MAX_MS (SAY_COST_MS * 2 * (SK_ITEMS_COUNT_MAX + 1))

/* ------------------------------------------------------------- time
 * Each refusal is signed and sealed: a partner whose items are all refused, or
 * that sends the same ones again and again, would have us do so without end,
 * and others wait for that.  What is not answered it asks for later. */

/* May we answer one envelope? */
static bool say_start(const struct sk_engine *e, struct sk_session *s)
{
    return sk_session_has_time(e, &s->said_until_ms, SAY_MAX_MS, SAY_BURST_MS);
}

/* Give back what it did not take; the answer itself is free. */
static void say_done(const struct sk_engine *e, struct sk_session *s,
                     size_t frames_before)
{
    size_t said = e->effects->frames_count - frames_before;
    uint64_t took_ms = said < 2 ? 0 : SAY_COST_MS * (uint64_t)(said - 1);

    s->said_until_ms -= took_ms < SAY_MAX_MS ? SAY_MAX_MS - took_ms : 0;
}

/* ------------------------------------------------------------- answers
 * What we said about an envelope of the partner, signed, to be said again
 * byte for byte: array of bin, the receipt last. */

static struct sk_key answers_prefix(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_RECEIPT);

    sk_key_org(&key, org);
    sk_key_bytes(&key, sk_text("i"));
    return key;
}

static struct sk_key answers_key(const struct sk_org *org, uint64_t incarnation,
                                 uint64_t last)
{
    struct sk_key key = answers_prefix(org);

    sk_key_u64(&key, incarnation);
    sk_key_u64(&key, last);
    return key;
}

/* PROTOCOL.md 8.6: byte for byte as signed; but what was signed with a key that
   was replaced since, the partner could not verify: it is signed anew. */
static enum sk_status sign_again(struct sk_engine *e, struct sk_session *s,
                                 struct sk_bytes *plain)
{
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));
    struct sk_room room = {.size_max = plain->size};

    if (message == NULL)
        return SK_E_MEMORY;
    if (sk_message_decode(*plain, &e->org, &s->org, &e->card.signing,
                          message) == SK_OK)
        return SK_OK;
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (room.data == NULL)
        return SK_E_MEMORY;
    return sk_message_sign_again(*plain, &e->org, &s->org, &e->secrets.signing,
                                 room, plain);
}

/* again: they were signed a while ago. */
static enum sk_status forward_answers(struct sk_engine *e, struct sk_session *s,
                                      struct sk_bytes record, bool again)
{
    struct sk_unpack u = sk_unpack_start(record);
    size_t count = sk_unpack_array_upto(&u, 1, SK_ITEMS_COUNT_MAX + 1);

    for (size_t i = 0; i < count; i++) {
        struct sk_bytes plain = sk_unpack_bin_upto(&u, 1, SK_FRAME_SIZE_MAX);

        if (u.status != SK_OK)
            return SK_E_IO;
        if (again && sign_again(e, s, &plain) != SK_OK)
            return SK_E_IO;
        SK_TRY(sk_wire_forward(e, s, plain, /* frame */ NULL));
    }
    return SK_OK;
}

/* Say again what was said about the envelope that ended at `last`. */
static enum sk_status repeat_answers(struct sk_engine *e, struct sk_session *s,
                                     uint64_t incarnation, uint64_t last)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_key key = answers_key(&s->org, incarnation, last);
    struct sk_bytes record;
    enum sk_status status;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &record));
    record = sk_arena_copy(&e->scratch, record);
    status = record.size == 0 ? SK_E_MEMORY
                              : forward_answers(e, s, record, /* again */ true);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

static enum sk_status keep_answers(struct sk_engine *e, struct sk_session *s,
                                   struct sk_log *log, struct sk_bytes record)
{
    struct sk_key key =
        answers_key(&s->org, log->peer_incarnation, log->peer_cursor);
    struct sk_key prefix = answers_prefix(&s->org);
    struct sk_scan scan;
    struct sk_bytes oldest;
    struct sk_bytes value;
    uint8_t bytes[SK_STORE_KEY_SIZE_MAX];

    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), record));
    log->answers++;
    if (log->answers <= SK_ANSWERS_MAX)
        return SK_OK;
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    SK_TRY(sk_scan_next(&scan, &oldest, &value));
    memcpy(bytes, oldest.data, oldest.size);
    log->answers--;
    return sk_store_delete(e->store, SK_SPACE_DATA,
                           (struct sk_bytes){bytes, oldest.size});
}

static enum sk_status answer_again(struct sk_engine *e, struct sk_session *s,
                                   uint64_t incarnation, uint64_t last)
{
    size_t before = e->effects->frames_count;
    enum sk_status status;

    if (!say_start(e, s))
        return SK_OK;
    status = repeat_answers(e, s, incarnation, last);
    say_done(e, s, before);
    return status;
}

enum sk_status sk_deliver_answers(struct sk_engine *e, struct sk_session *s)
{
    struct sk_key prefix = answers_prefix(&s->org);
    uint64_t lasts[SK_IN_FLIGHT_MAX] = {0};
    struct sk_log log;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;
    size_t count = 0;

    SK_TRY(sk_log_get(e, &s->org, &log));
    sk_key_u64(&prefix, log.peer_incarnation);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        lasts[count % SK_IN_FLIGHT_MAX] = sk_u64_read(key.data + key.size - 8);
        count++;
    }
    if (status != SK_E_NOT_FOUND)
        return status;
    for (size_t i = count < SK_IN_FLIGHT_MAX ? 0 : count - SK_IN_FLIGHT_MAX;
         i < count; i++)
        SK_TRY(answer_again(e, s, log.peer_incarnation,
                            lasts[i % SK_IN_FLIGHT_MAX]));
    return SK_OK;
}

/* ------------------------------------------------------------- duplicates */

static enum sk_status refuse_duplicate(struct sk_engine *e,
                                       struct sk_session *s,
                                       const struct sk_message_id *id,
                                       const char *code)
{
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));

    if (message == NULL)
        return SK_E_MEMORY;
    sk_wire_refusal(code, "duplicate", message);
    message->refusal.has_message = true;
    message->refusal.message = *id;
    return sk_wire_send(e, s, message);
}

static enum sk_status duplicate_item(struct sk_engine *e, struct sk_session *s,
                                     struct sk_bytes bytes)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_item_room(e);
    struct sk_message_id id;
    const char *code = NULL;

    if (sk_item_decode(bytes, item) == SK_OK && item->kind == SK_ITEM_EVENT) {
        id = item->event.message;
        SK_TRY(sk_inbox_gone(e, &s->org, &id, &code));
    }
    if (code != NULL)
        SK_TRY(refuse_duplicate(e, s, &id, code));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* The answers to the envelope that ended at the cursor. */
static enum sk_status repeat_last(struct sk_engine *e, struct sk_session *s,
                                  const struct sk_log *log)
{
    enum sk_status status =
        repeat_answers(e, s, log->peer_incarnation, log->peer_cursor);

    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* PROTOCOL.md 8.6: everything in it was applied before. */
static enum sk_status on_duplicate(struct sk_engine *e, struct sk_session *s,
                                   const struct sk_log *log,
                                   const struct sk_items *items)
{
    uint64_t last = items->first + items->count - 1;
    enum sk_status status;

    for (size_t i = 0; i < items->count; i++)
        SK_TRY(duplicate_item(e, s, items->items[i]));
    status = repeat_answers(e, s, items->incarnation, last);
    /* No longer kept under this number: the last one says it all. */
    if (status == SK_E_NOT_FOUND)
        return repeat_last(e, s, log);
    return status;
}

/* ------------------------------------------------------------- in order */

/* Add a signed message to the answers of this envelope. */
static enum sk_status add_answer(struct sk_engine *e, struct sk_session *s,
                                 struct sk_message *message,
                                 struct sk_pack *answers)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bytes plain;

    SK_TRY(sk_wire_sign(e, s, message, &plain));
    sk_pack_bin(answers, plain);
    sk_arena_reset(&e->scratch, mark);
    return answers->full ? SK_E_MEMORY : SK_OK;
}

/* I4 by doing it again: what failed half-way cannot be undone alone, so the
   batch is, and the next time this item is left out.  A partner that sends
   such an item does not stop its own log, nor the batches of others. */
static void mark_bad(struct sk_engine *e, const struct sk_org *from,
                     uint64_t incarnation, uint64_t number)
{
    e->bad_items[e->bad_items_next] = (struct sk_bad_item){
        .from = *from, .incarnation = incarnation, .number = number};
    e->bad_items_next = (e->bad_items_next + 1) % SK_BAD_ITEMS_MAX;
}

static bool is_bad(const struct sk_engine *e, const struct sk_org *from,
                   uint64_t incarnation, uint64_t number)
{
    for (size_t i = 0; i < SK_BAD_ITEMS_MAX; i++) {
        const struct sk_bad_item *bad = &e->bad_items[i];

        if (bad->number == number && bad->incarnation == incarnation &&
            sk_org_equal(&bad->from, from))
            return true;
    }
    return false;
}

/* Of what is no message, the journal has what it did. */
static enum sk_status
journal_item(struct sk_engine *e, const struct sk_session *s,
             const struct sk_items *items, uint64_t number,
             const struct sk_message_id *id, const char *code)
{
    struct sk_entry entry = sk_entry_start(
        e, code == NULL ? SK_ENTRY_RECEIVED : SK_ENTRY_REFUSED, &s->org);
    bool message = !sk_id_is_zero(&id->id);

    if (code == NULL && !message)
        return SK_OK;
    if (message)
        sk_entry_id(&entry, &id->id);
    sk_entry_number(&entry, items->incarnation);
    sk_entry_number(&entry, number);
    if (code != NULL)
        entry.word = sk_text(code);
    return sk_journal_add(e, &entry);
}

static enum sk_status apply_one(struct sk_engine *e, struct sk_session *s,
                                const struct sk_items *items, size_t i,
                                struct sk_message *answer,
                                struct sk_pack *answers, size_t *count)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_journal_mark before = sk_journal_mark(e);
    uint64_t writes = e->store->writes;
    uint64_t number = items->first + i;
    struct sk_message_id id = {0};
    const char *code = NULL;
    enum sk_status status;

    s->applying = number;
    if (is_bad(e, &s->org, items->incarnation, number)) {
        status = SK_OK;
        code = "too-large";
    } else {
        status = sk_apply_item(e, &s->org, items->items[i], &code, &id);
    }
    sk_arena_reset(&e->scratch, mark);
    if (status == SK_E_FULL || status == SK_E_IO || status == SK_E_AGAIN)
        return status;
    if (status != SK_OK) {
        /* I4: an item is applied as a whole or not at all. */
        if (e->store->failed != SK_OK)
            return SK_E_IO;
        if (e->store->writes != writes) {
            mark_bad(e, &s->org, items->incarnation, number);
            return SK_E_TOO_LARGE;
        }
        code = "malformed-item";
    }
    if (code != NULL)
        sk_journal_back(e, before);
    SK_TRY(journal_item(e, s, items, number, &id, code));
    if (code == NULL)
        return SK_OK;
    sk_wire_refusal(code, "item", answer);
    answer->refusal.incarnation = items->incarnation;
    answer->refusal.first = number;
    answer->refusal.last = number;
    answer->refusal.has_message = !sk_id_is_zero(&id.id);
    answer->refusal.message = id;
    (*count)++;
    return add_answer(e, s, answer, answers);
}

/* I10: effects, cursor and answers are one transaction. */
static enum sk_status apply(struct sk_engine *e, struct sk_session *s,
                            const struct sk_items *items)
{
    struct sk_message *answer = sk_arena_get(&e->scratch, sizeof(*answer));
    struct sk_pack answers =
        sk_scratch_pack(e, RECEIPT_SIZE_MAX + items->count * REFUSAL_SIZE_MAX);
    struct sk_entry given;
    struct sk_bytes checkpoint;
    struct sk_bytes record;
    struct sk_log log;
    size_t at = sk_reply_open(&answers);
    size_t count = 1;

    if (answer == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < items->count; i++)
        SK_TRY(apply_one(e, s, items, i, answer, &answers, &count));
    /* Applying may have written to the log. */
    SK_TRY(sk_log_get(e, &s->org, &log));
    log.peer_cursor = items->first + items->count - 1;
    given = sk_entry_start(e, SK_ENTRY_RECEIPT_GIVEN, &s->org);
    sk_entry_number(&given, items->incarnation);
    sk_entry_number(&given, log.peer_cursor);
    sk_entry_hash(&given, &items->root);
    SK_TRY(sk_journal_add(e, &given));
    SK_TRY(sk_journal_checkpoint(e, &checkpoint));
    answer->kind = SK_MESSAGE_RECEIPT;
    answer->receipt = (struct sk_receipt){
        .incarnation = items->incarnation,
        .last = log.peer_cursor,
        .root = items->root,
        .at_ms = e->now_ms,
        .checkpoint = checkpoint,
    };
    SK_TRY(add_answer(e, s, answer, &answers));
    sk_reply_close_array(&answers, at, count);
    SK_TRY(sk_pack_finish(&answers, &record));
    SK_TRY(keep_answers(e, s, &log, record));
    SK_TRY(sk_log_put(e, &s->org, &log));
    return forward_answers(e, s, record, /* again */ false);
}

/* ------------------------------------------------------------- room
 * PROTOCOL.md 8.8: a partner that sends more than people here open is told to
 * try later.  Its log waits as it is; other partners go on. */

/* The kind of an encoded item; 0 when it is none. */
static uint64_t kind_of(struct sk_bytes item)
{
    struct sk_unpack u = sk_unpack_start(item);

    (void)sk_unpack_array_upto(&u, 1, 16);
    return sk_unpack_uint(&u, 0, UINT64_MAX);
}

/* Would applying these keep something more?  A withdrawal has a quarter more
   room than data, so that data never crowd it out (I7). */
static bool lacks_room(const struct sk_engine *e, const struct sk_log *log,
                       const struct sk_items *items)
{
    uint64_t waiting = log->counts[SK_COUNT_WAITING];
    uint64_t limit = e->partner_bytes;

    if (waiting < limit)
        return false;
    for (size_t i = 0; i < items->count; i++) {
        uint64_t kind = kind_of(items->items[i]);

        if (kind == SK_ITEM_EVENT || kind == SK_ITEM_COLLECTIVE)
            return true;
        if (kind == SK_ITEM_WITHDRAWN && waiting >= limit + limit / 4)
            return true;
    }
    return false;
}

/* Once in a while: up to 8 envelopes were on their way. */
static enum sk_status refuse_full(struct sk_engine *e, struct sk_session *s)
{
    if (s->refused_ms != 0 && e->real_ms < s->refused_ms + FULL_SAY_MS)
        return SK_OK;
    s->refused_ms = e->real_ms;
    return sk_wire_refuse(e, s, "inbox-full", "items");
}

static enum sk_status take(struct sk_engine *e, struct sk_session *s,
                           const struct sk_items *items)
{
    uint64_t first = items->first;
    struct sk_log log;
    bool late = false;

    if (items->incarnation == 0 || items->incarnation > SK_NUMBER_MAX ||
        first == 0 || items->count == 0 ||
        first > SK_NUMBER_MAX - (items->count - 1))
        return sk_wire_refuse(e, s, "bad-message", "items");
    if (first == 1)
        SK_TRY(sk_session_adopt(e, s, items->incarnation, &late));
    if (late) {
        sk_session_waste(e, s);
        return SK_OK;
    }
    SK_TRY(sk_log_get(e, &s->org, &log));
    if (items->incarnation < log.peer_incarnation) {
        SK_TRY(sk_wire_refuse(e, s, "wrong-incarnation", "items"));
        return sk_session_hello(e, s, /* answer */ false);
    }
    if (items->incarnation == log.peer_incarnation &&
        first + items->count - 1 <= log.peer_cursor)
        return on_duplicate(e, s, &log, items);
    if (items->incarnation == log.peer_incarnation && first > log.peer_cursor &&
        lacks_room(e, &log, items))
        return refuse_full(e, s);
    /* PROTOCOL.md 8.2: in order only.  Also when just the end of it is new:
       what we sign was applied as a whole, from these very bytes. */
    if (items->incarnation > log.peer_incarnation ||
        first != log.peer_cursor + 1) {
        if (items->incarnation == log.peer_incarnation &&
            first <= log.peer_cursor)
            SK_TRY(repeat_last(e, s, &log));
        SK_TRY(sk_wire_refuse(e, s, "gap", "items"));
        return sk_session_hello(e, s, /* answer */ false);
    }
    return apply(e, s, items);
}

enum sk_status sk_deliver_items(struct sk_engine *e, struct sk_session *s,
                                const struct sk_items *items)
{
    size_t before = e->effects->frames_count;
    enum sk_status status;

    if (!say_start(e, s)) {
        sk_session_waste(e, s);
        return SK_OK;
    }
    status = take(e, s, items);
    say_done(e, s, before);
    return status;
}
