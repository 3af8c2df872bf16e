#include "node/engine/session.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/journal.h"
#include "node/engine/outbox.h"
#include "node/engine/renew.h"
#include "node/engine/restored.h"
#include "node/engine/state.h"
#include "node/engine/witness.h"

/* A frame that arrives may ask for this many answers: a card, a HELLO, and a
   receipt with a refusal of every item.  With less room left in the effects it
   waits for the next batch. */
#define FRAMES_RESERVE (2 + SK_ITEMS_COUNT_MAX + 1)

/* A HELLO asks for those of the last envelopes, and must find room in a batch
   of its own, or this partner is never answered again. */
static_assert(2 + SK_IN_FLIGHT_MAX * (SK_ITEMS_COUNT_MAX + 1) <=
                  SK_EFFECT_FRAMES_MAX,
              "room for the answers to a HELLO");

#define BACKOFF_START_MS 1000

#define COMPLAIN_MS 5000

/* PROTOCOL.md 8.9: HELLOs that are answered, or after which all that has no
   receipt is decided and sent again, and logs that begin anew: one in a
   second, ten ahead. */
#define ANSWER_COST_MS 1000
#define ANSWER_BURST_MS 10000

uint64_t sk_backoff_ms(uint32_t failures)
{
    uint64_t wait = BACKOFF_START_MS;

    for (uint32_t i = 0; i < failures && wait < SK_BACKOFF_MAX_MS; i++)
        wait *= 2;
    return wait < SK_BACKOFF_MAX_MS ? wait : SK_BACKOFF_MAX_MS;
}

/* ------------------------------------------------------------- HELLO */

enum sk_status sk_session_hello(struct sk_engine *e, struct sk_session *s,
                                bool answer)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));
    struct sk_log log;

    if (message == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_log_get(e, &s->org, &log));
    message->kind = SK_MESSAGE_HELLO;
    message->hello = (struct sk_hello){
        .incarnation = log.incarnation,
        .head = log.head - log.base,
        .peer_incarnation = log.peer_incarnation,
        .cursor = log.peer_cursor,
        .card_version = s->card.version,
        .charter_version = e->charter_version,
        .sent_ms = e->now_ms,
        .answer = answer,
    };
    SK_TRY(sk_wire_send(e, s, message));
    sk_arena_reset(&e->scratch, mark);
    s->hello_ms = e->real_ms;
    s->announce = false;
    if (answer) {
        s->asking = true;
        s->retry_ms = e->real_ms + sk_backoff_ms(s->failures);
    }
    return SK_OK;
}

void sk_session_doubt(struct sk_engine *e, struct sk_session *s)
{
    s->greeted = false;
    s->asking = false;
    s->proved = false;
    s->flight_count = 0;
    s->retry_ms =
        e->real_ms + (s->failures == 0 ? 0 : sk_backoff_ms(s->failures));
}

/* PROTOCOL.md 8.4: where our log goes on, after what the partner has. */
static enum sk_status resume(struct sk_engine *e, struct sk_session *s,
                             const struct sk_hello *h)
{
    struct sk_log log;
    uint64_t next;
    uint64_t base = 0;
    bool restart = false;
    bool restored;

    SK_TRY(sk_log_get(e, &s->org, &log));
    SK_TRY(sk_restored_take(e, &s->org, &restored));
    next = 1 + (h->peer_incarnation > log.incarnation ? h->peer_incarnation
                                                      : log.incarnation);
    if (restored || h->peer_incarnation > log.incarnation ||
        (h->peer_incarnation == log.incarnation &&
         h->cursor > log.handed - log.base)) {
        /* We know that we are a backup, or it has what we never sent. */
        SK_TRY(sk_held_restart(e, &s->org, &log, next));
        next++;
    }
    if (h->peer_incarnation == 0 && log.stored > 0) {
        /* It lost everything: all of it is decided and sent again. */
        restart = log.base > 0;
    } else if (h->peer_incarnation == log.old_incarnation &&
               h->peer_incarnation != 0 &&
               log.old_base + h->cursor < log.stored) {
        /* It fell back to before our last restart. */
        base = log.old_base + h->cursor;
        restart = true;
    }
    if (restart) {
        struct sk_entry entry =
            sk_entry_start(e, SK_ENTRY_INCARNATION, &s->org);

        sk_entry_number(&entry, next);
        SK_TRY(sk_journal_add(e, &entry));
        sk_log_restart(&log, next, base);
        SK_TRY(sk_log_put(e, &s->org, &log));
    }
    s->sent = log.base;
    if (h->peer_incarnation == log.incarnation)
        s->sent += h->cursor;
    s->flight_count = 0;
    s->retry_ms = e->real_ms + SK_RECEIPT_WAIT_MS;
    return SK_OK;
}

bool sk_session_has_time(const struct sk_engine *e, uint64_t *until_ms,
                         uint64_t cost_ms, uint64_t burst_ms)
{
    uint64_t from = *until_ms > e->real_ms ? *until_ms : e->real_ms;

    /* Never so far ahead, unless the clock was set back. */
    if (from > e->real_ms + burst_ms)
        from = e->real_ms;
    if (from + cost_ms > e->real_ms + burst_ms)
        return false;
    *until_ms = from + cost_ms;
    return true;
}

/* PROTOCOL.md 8.9: what is opened for nothing, a hundred in a second. */
#define WASTE_COST_MS 10
#define WASTE_BURST_MS 1000

void sk_session_waste(const struct sk_engine *e, struct sk_session *s)
{
    (void)sk_session_has_time(e, &s->wasted_until_ms, WASTE_COST_MS,
                              WASTE_BURST_MS);
}

static bool wastes(const struct sk_engine *e, const struct sk_session *s)
{
    uint64_t until_ms = s->wasted_until_ms;

    return !sk_session_has_time(e, &until_ms, WASTE_COST_MS, WASTE_BURST_MS);
}

/* For people only: never for a decision. */
static void compare_clocks(const struct sk_engine *e, struct sk_session *s,
                           uint64_t sent_ms)
{
    s->clock_known = true;
    s->clock_ahead = sent_ms > e->now_ms;
    s->clock_off_ms =
        s->clock_ahead ? sent_ms - e->now_ms : e->now_ms - sent_ms;
}

/* It says HELLO and BYE, or asks, without end.  Each would make us decide,
   sign and seal all that waits for it once more, and others wait for that: so
   it waits until we ask. */
static enum sk_status put_off(struct sk_engine *e, struct sk_session *s)
{
    sk_session_doubt(e, s);
    s->up = true;
    s->retry_ms = e->real_ms + ANSWER_COST_MS;
    return SK_OK;
}

enum sk_status sk_session_adopt(struct sk_engine *e, struct sk_session *s,
                                uint64_t incarnation, bool *late)
{
    struct sk_log log;
    bool reminds;

    SK_TRY(sk_log_get(e, &s->org, &log));
    if (incarnation <= log.peer_incarnation)
        return SK_OK;
    if (!sk_session_has_time(e, &s->hello_until_ms, ANSWER_COST_MS,
                             ANSWER_BURST_MS)) {
        *late = true;
        return put_off(e, s);
    }
    /* What reminds it may be under way already. */
    reminds = log.peer_incarnation != 0 && log.stored >= s->reminded;
    log.peer_incarnation = incarnation;
    log.peer_cursor = 0;
    SK_TRY(sk_log_put(e, &s->org, &log));
    if (!reminds)
        return SK_OK;
    /* I6: a backup may think that it owns what it let go. */
    SK_TRY(sk_handover_remind(e, &s->org));
    SK_TRY(sk_log_get(e, &s->org, &log));
    s->reminded = log.head;
    return SK_OK;
}

static enum sk_status on_hello(struct sk_engine *e, struct sk_session *s,
                               const struct sk_hello *h)
{
    bool resumes = !s->greeted || s->asking || h->answer;
    bool late = false;

    /* Ours may have to be one above what it knows of us. */
    if (h->incarnation == 0 || h->incarnation > SK_NUMBER_MAX ||
        h->peer_incarnation >= SK_NUMBER_MAX || h->cursor > SK_NUMBER_MAX)
        return sk_wire_refuse(e, s, "wrong-incarnation", "hello");
    if (h->card_version < e->card.version)
        SK_TRY(sk_wire_card(e, s));
    if (resumes && !sk_session_has_time(e, &s->hello_until_ms, ANSWER_COST_MS,
                                        ANSWER_BURST_MS))
        return put_off(e, s);
    SK_TRY(sk_session_adopt(e, s, h->incarnation, &late));
    if (late)
        return SK_OK;
    if (resumes)
        SK_TRY(resume(e, s, h));
    s->their_card = h->card_version;
    if (!s->greeted) {
        s->prove_due = true;
        s->findings_due = true;
        s->prove_asked = false;
        s->prove_ms = 0;
    }
    s->up = true;
    s->line_known = true;
    s->greeted = true;
    s->asking = false;
    s->failures = 0;
    s->refused[0] = '\0';
    s->charter_version = h->charter_version;
    compare_clocks(e, s, h->sent_ms);
    if (!h->answer)
        return SK_OK;
    SK_TRY(sk_session_hello(e, s, /* answer */ false));
    return sk_deliver_answers(e, s);
}

/* ------------------------------------------------------------- frames */

static enum sk_status on_card(struct sk_engine *e, struct sk_session *s,
                              struct sk_bytes card)
{
    struct sk_org org = s->org;
    enum sk_status status = sk_federation_card(e, &org, card);

    if (status == SK_E_OLD)
        return SK_OK;
    /* The sessions may have moved. */
    s = sk_session_find(e, &org);
    if (s == NULL || !s->known)
        return SK_OK;
    if (status == SK_OK)
        return sk_session_hello(e, s, /* answer */ true);
    if (status == SK_E_FULL || status == SK_E_IO)
        return status;
    return sk_wire_refuse(e, s, "bad-card", "card");
}

/* PROTOCOL.md 8.9: nobody has much to say with these.  Those that are counted
   elsewhere: WANT, PROVE and ITEMS, when they are too many. */
static bool is_seldom(enum sk_message_kind kind)
{
    return kind == SK_MESSAGE_HELLO || kind == SK_MESSAGE_BYE ||
           kind == SK_MESSAGE_CARD || kind == SK_MESSAGE_PROOF;
}

static enum sk_status on_message(struct sk_engine *e, struct sk_session *s,
                                 const struct sk_message *message,
                                 struct sk_bytes plain)
{
    if (is_seldom(message->kind))
        sk_session_waste(e, s);
    switch (message->kind) {
    case SK_MESSAGE_HELLO:
        return on_hello(e, s, &message->hello);
    case SK_MESSAGE_ITEMS:
        return sk_deliver_items(e, s, &message->items);
    case SK_MESSAGE_RECEIPT:
        return sk_deliver_receipt(e, s, &message->receipt, plain);
    case SK_MESSAGE_REFUSAL:
        return sk_deliver_refusal(e, s, &message->refusal);
    case SK_MESSAGE_CARD:
        return on_card(e, s, message->card);
    case SK_MESSAGE_BYE:
        /* It stopped: what was in the air may be lost.  Its HELLO, or the
           transport, says when it is back. */
        sk_session_doubt(e, s);
        s->up = false;
        return SK_OK;
    case SK_MESSAGE_WANT:
        return sk_charter_wanted(e, s, &message->want);
    case SK_MESSAGE_CHARTER:
        return sk_charter_part(e, s, &message->charter);
    case SK_MESSAGE_PROVE:
        return sk_witness_asked(e, s, &message->prove);
    case SK_MESSAGE_PROOF:
        return sk_witness_proof(e, s, message, plain);
    }
    return SK_OK;
}

static bool room_for_answers(const struct sk_engine *e)
{
    const struct sk_effects *effects = e->effects;

    return effects->frames_count + FRAMES_RESERVE <= SK_EFFECT_FRAMES_MAX &&
           effects->room.size_max - effects->used >=
               (size_t)2 * SK_FRAME_SIZE_MAX;
}

/* PROTOCOL.md 8.8.  Two nodes that cannot read each other would refuse each
   other's refusals for ever: so not more often than this. */
static enum sk_status complain(struct sk_engine *e, struct sk_session *s,
                               const char *code, const char *check)
{
    sk_session_waste(e, s);
    if (s->complained_ms != 0 && e->real_ms < s->complained_ms + COMPLAIN_MS)
        return SK_OK;
    s->complained_ms = e->real_ms;
    /* When both renewed their keys while they were apart, neither reads
       anything else of the other. */
    if (strcmp(code, "wrong-sealing-key") == 0 ||
        strcmp(code, "bad-signature") == 0)
        SK_TRY(sk_wire_card(e, s));
    return sk_wire_refuse(e, s, code, check);
}

enum sk_status sk_session_frame(struct sk_engine *e, const struct sk_org *from,
                                struct sk_bytes frame)
{
    struct sk_session *s = sk_session_find(e, from);
    const char *code = NULL;
    const char *check = NULL;
    struct sk_message *message;
    struct sk_bytes plain;
    enum sk_status status;

    /* Without the charter and its card nothing of it can be believed. */
    if (s == NULL || !s->known)
        return SK_OK;
    /* To open it takes what others wait for. */
    if (wastes(e, s))
        return SK_OK;
    if (!room_for_answers(e))
        return SK_E_AGAIN;
    message = sk_arena_get(&e->scratch, sizeof(*message));
    if (message == NULL)
        return SK_E_MEMORY;
    status = sk_wire_open(e, s, frame, message, &plain, &code, &check);
    if (status == SK_E_REFUSED)
        return complain(e, s, code, check);
    SK_TRY(status);
    s->heard_ms = e->real_ms;
    return on_message(e, s, message, plain);
}

/* ------------------------------------------------------------- the line */

enum sk_status sk_session_link(struct sk_engine *e, const struct sk_org *peer,
                               bool up)
{
    struct sk_session *s = sk_session_find(e, peer);

    if (s == NULL)
        return SK_OK;
    s->line_known = true;
    s->up = up;
    s->failures = 0;
    sk_session_doubt(e, s);
    if (!up || !s->known)
        return SK_OK;
    return sk_session_hello(e, s, /* answer */ true);
}

/* Something left and its receipt did not come. */
static bool waits(const struct sk_session *s)
{
    return s->flight_count > 0 || s->log.stored < s->sent;
}

/* When this session next has something to do without being asked. */
static uint64_t due_ms(const struct sk_session *s)
{
    uint64_t keepalive = s->spoke_ms + SK_KEEPALIVE_MS;
    uint64_t silence = s->heard_ms + SK_SILENCE_MS;
    uint64_t due = keepalive < silence ? keepalive : silence;

    if (!s->greeted || s->asking)
        return s->retry_ms;
    if (s->announce)
        return 0;
    if (waits(s) && s->retry_ms < due)
        return s->retry_ms;
    return due;
}

/* The clock was set back: what is to happen after a while happens after that
   while on the new clock, not on the old one. */
static void set_back(const struct sk_engine *e, struct sk_session *s)
{
    if (s->retry_ms > e->real_ms + SK_BACKOFF_MAX_MS)
        s->retry_ms = e->real_ms;
    if (s->heard_ms > e->real_ms)
        s->heard_ms = e->real_ms;
    if (s->spoke_ms > e->real_ms)
        s->spoke_ms = e->real_ms;
    if (s->complained_ms > e->real_ms)
        s->complained_ms = e->real_ms;
    if (s->full_ms > e->real_ms + SK_BACKOFF_MAX_MS)
        s->full_ms = e->real_ms;
    if (s->refused_ms > e->real_ms)
        s->refused_ms = e->real_ms;
}

static enum sk_status tend(struct sk_engine *e, struct sk_session *s)
{
    set_back(e, s);
    SK_TRY(sk_renew_tell(e, s));
    if (!s->up || !s->known || e->real_ms < due_ms(s))
        return SK_OK;
    if (s->greeted && !s->asking && (s->announce || !waits(s)) &&
        e->real_ms < s->heard_ms + SK_SILENCE_MS)
        return sk_session_hello(e, s, /* answer */ false);
    /* Silence, or no receipt, or no answer: ask where to go on. */
    if (e->real_ms >= s->heard_ms + SK_SILENCE_MS)
        s->greeted = false;
    SK_TRY(sk_session_hello(e, s, /* answer */ true));
    s->failures++;
    return SK_OK;
}

static enum sk_status tend_all(struct sk_engine *e)
{
    enum sk_status status;

    for (size_t i = 0; i < e->sessions_count; i++) {
        status = tend(e, &e->sessions[i]);

        /* No room in the effects: the others at the next wake-up. */
        if (status == SK_E_AGAIN)
            return SK_OK;
        SK_TRY(status);
    }
    status = sk_charter_tend(e);
    if (status == SK_OK)
        status = sk_witness_tend(e);
    return status == SK_E_AGAIN ? SK_OK : status;
}

static void schedule(struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++) {
        const struct sk_session *s = &e->sessions[i];

        if (s->up && s->known)
            sk_wake_at(e, due_ms(s));
        if (s->up && s->known && s->full_ms > e->real_ms)
            sk_wake_at(e, s->full_ms);
    }
    sk_charter_schedule(e);
    sk_witness_schedule(e);
}

enum sk_status sk_session_timer(struct sk_engine *e)
{
    SK_TRY(tend_all(e));
    schedule(e);
    return SK_OK;
}

enum sk_status sk_session_stop(struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++) {
        struct sk_session *s = &e->sessions[i];
        struct sk_message *message;
        enum sk_status status;

        if (!s->up || !s->greeted)
            continue;
        message = sk_arena_get(&e->scratch, sizeof(*message));
        if (message == NULL)
            return SK_E_MEMORY;
        message->kind = SK_MESSAGE_BYE;
        message->bye_sent_ms = e->now_ms;
        status = sk_wire_send(e, s, message);
        if (status == SK_E_AGAIN)
            return SK_OK;
        SK_TRY(status);
        s->greeted = false;
        s->up = false;
    }
    return SK_OK;
}

enum sk_status sk_session_pump(struct sk_engine *e)
{
    SK_TRY(tend_all(e));
    for (size_t i = 0; i < e->sessions_count; i++) {
        size_t at = (e->pump_at + i) % e->sessions_count;
        enum sk_status status = sk_deliver_out(e, &e->sessions[at]);

        if (status == SK_E_AGAIN) {
            /* The next pump starts with who had no turn now. */
            e->pump_at = at;
            sk_wake_at(e, e->real_ms);
            break;
        }
        SK_TRY(status);
    }
    schedule(e);
    return SK_OK;
}
