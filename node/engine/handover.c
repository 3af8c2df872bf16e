#include "node/engine/handover.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/ledger.h"
#include "node/engine/outbox.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"

/* ------------------------------------------------------------- we tell */

static enum sk_status tell_input(struct sk_engine *e,
                                 const struct sk_handover *h,
                                 enum sk_handover_input input)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_item_new(e, SK_ITEM_HANDOVER, 0);
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    item->handover.handover = h->id;
    item->handover.input = sk_text(sk_handover_input_text(input));
    item->handover.epoch = h->epoch;
    item->handover.at_ms = e->now_ms;
    status = sk_outbox_item(e, &h->partner, item);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* ------------------------------------------------------------- moving on */

/* The trajectory no longer waits for this handover. */
static enum sk_status release_slot(struct sk_engine *e,
                                   const struct sk_handover *h)
{
    struct sk_trajectory t;
    enum sk_status status;

    if (!h->sender || sk_handover_is_open(h->state))
        return SK_OK;
    status = sk_trajectory_get(e, &h->trajectory, &t);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!sk_id_equal(&t.open.id, &h->id.id))
        return SK_OK;
    t.open = (struct sk_handover_id){0};
    return sk_trajectory_put(e, &t);
}

enum sk_status sk_handover_move(struct sk_engine *e, struct sk_handover *h,
                                enum sk_handover_state state)
{
    bool same = h->state == state;

    h->state = state;
    h->changed_ms = e->now_ms;
    SK_TRY(sk_handover_put(e, h));
    if (!same)
        SK_TRY(sk_timers_handover(e, h));
    return release_slot(e, h);
}

enum sk_status sk_handover_own(struct sk_engine *e, struct sk_handover *h,
                               enum sk_handover_input input)
{
    enum sk_handover_state to;

    if (sk_handover_input_is_senders(input) != h->sender ||
        !sk_handover_next(h->state, input, &to))
        return sk_refuse(e, "wrong-state", NULL,
                         sk_text(sk_handover_state_text(h->state)));
    SK_TRY(sk_handover_move(e, h, to));
    return tell_input(e, h, input);
}

enum sk_status sk_handover_expire(struct sk_engine *e,
                                  const struct sk_handover_id *id,
                                  bool *expired)
{
    struct sk_handover h;
    enum sk_handover_state to;
    enum sk_status status = sk_handover_get(e, id, &h);

    *expired = false;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!h.sender || !sk_handover_next(h.state, SK_STEP_EXPIRE, &to))
        return SK_OK;
    *expired = true;
    SK_TRY(sk_handover_move(e, &h, to));
    return tell_input(e, &h, SK_STEP_EXPIRE);
}

/* ------------------------------------------------------------- whom it is */

/* The receiver learns who it is when a person says so. */
static enum sk_status set_participant(struct sk_engine *e,
                                      struct sk_handover *h,
                                      const struct sk_participant_id *id)
{
    struct sk_trajectory t;
    struct sk_trajectory other;
    enum sk_status status = sk_trajectory_get(e, &h->trajectory, &t);

    h->participant = *id;
    SK_TRY(sk_handover_put(e, h));
    SK_TRY(sk_timers_relist(e, &h->id.id));
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    status = sk_trajectory_of(e, id, &other);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    /* A trajectory of its own stays, unless this one is ours by now. */
    if (status == SK_OK && !sk_org_equal(&t.owner, &e->org))
        return SK_OK;
    return sk_trajectory_set_of(e, id, &h->trajectory);
}

enum sk_status sk_handover_assigned(struct sk_engine *e,
                                    const struct sk_handover_id *id,
                                    const struct sk_participant_id *participant)
{
    struct sk_handover h;
    enum sk_status status = sk_handover_get(e, id, &h);

    if (status == SK_E_NOT_FOUND || (status == SK_OK && h.sender))
        return SK_OK;
    SK_TRY(status);
    return set_participant(e, &h, participant);
}

/* ------------------------------------------------------------- recorded */

static bool is_type(struct sk_bytes type, const char *word)
{
    return sk_bytes_equal(type, sk_text(word));
}

/* The input that an event is; false: it is none. */
static bool input_of(const struct sk_event_view *view,
                     enum sk_handover_input *out)
{
    static const char prefix[] = "answer-";
    uint8_t word[sizeof(prefix) + 64];
    struct sk_bytes answer;

    if (is_type(view->type, "handover.completed")) {
        *out = SK_STEP_COMPLETE;
        return true;
    }
    if (is_type(view->type, "handover.returned")) {
        *out = SK_STEP_RETURN;
        return true;
    }
    if (!is_type(view->type, "handover.answered") ||
        !sk_event_field(view, "answer", &answer) || answer.size == 0 ||
        answer.size > 64)
        return false;
    memcpy(word, prefix, sizeof(prefix) - 1);
    memcpy(word + sizeof(prefix) - 1, answer.data, answer.size);
    return sk_handover_input_parse(
        (struct sk_bytes){word, sizeof(prefix) - 1 + answer.size}, out);
}

static enum sk_status refuse_unknown(struct sk_engine *e)
{
    return sk_refuse(e, "unknown-handover", "about", (struct sk_bytes){0});
}

/* The event is about somebody: the same as the handover, if that is known. */
static enum sk_status check_participant(struct sk_engine *e,
                                        const struct sk_handover *h,
                                        const struct sk_participant_id *id,
                                        bool *assign)
{
    struct sk_participant_id behind = h->participant;
    enum sk_status status;

    *assign = false;
    if (sk_id_is_zero(&behind.id)) {
        status = sk_handle_find(e, &h->partner, &h->handle, &behind);
        if (status == SK_E_NOT_FOUND) {
            *assign = true;
            return SK_OK;
        }
        SK_TRY(status);
    }
    if (!sk_id_equal(&behind.id, &id->id))
        return refuse_unknown(e);
    return SK_OK;
}

static enum sk_status refuse_state(struct sk_engine *e,
                                   const struct sk_handover *h)
{
    return sk_refuse(e, "wrong-state", "about",
                     sk_text(sk_handover_state_text(h->state)));
}

enum sk_status sk_handover_recorded(struct sk_engine *e,
                                    const struct sk_recorded_event *event)
{
    enum sk_handover_input input;
    enum sk_handover_state to;
    struct sk_handover h;
    enum sk_status status = sk_handover_get(e, &event->about, &h);
    bool assign;

    if (status == SK_E_NOT_FOUND)
        return refuse_unknown(e);
    SK_TRY(status);
    SK_TRY(check_participant(e, &h, &event->participant, &assign));
    if (is_type(event->view.type, "handover.requested")) {
        /* Asking again: it counts when it is sent. */
        if (!h.sender || !sk_handover_next(h.state, SK_STEP_REQUEST, &to))
            return refuse_state(e, &h);
        return SK_OK;
    }
    if (!input_of(&event->view, &input))
        return SK_OK;
    if (h.sender || !sk_handover_next(h.state, input, &to))
        return refuse_state(e, &h);
    if (assign) {
        SK_TRY(sk_handle_assign(e, &h.partner, &h.handle, &event->participant));
        SK_TRY(set_participant(e, &h, &event->participant));
    }
    return sk_handover_own(e, &h, input);
}

enum sk_status sk_trajectory_started(struct sk_engine *e,
                                     const struct sk_participant_id *id)
{
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_of(e, id, &t);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK && sk_org_equal(&t.owner, &e->org))
        return SK_OK;
    t = (struct sk_trajectory){
        .owner = e->org, .epoch = 1, .since_ms = e->now_ms};
    sk_new_id(e, &t.id.id);
    SK_TRY(sk_trajectory_put(e, &t));
    return sk_trajectory_set_of(e, id, &t.id);
}

/* ------------------------------------------------------------- sent */

static struct sk_key request_key(const struct sk_event_id *event,
                                 const struct sk_org *to)
{
    struct sk_key key = sk_key_start(SK_T_HANDOVER_OF);

    sk_key_id(&key, &event->id);
    sk_key_org(&key, to);
    return key;
}

/* The handover that this event opened at this partner; SK_E_NOT_FOUND. */
static enum sk_status opened_by(struct sk_engine *e,
                                const struct sk_event_id *event,
                                const struct sk_org *to,
                                struct sk_handover *out)
{
    struct sk_key key = request_key(event, to);
    struct sk_handover_id id;
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    if (value.size != SK_ID_SIZE)
        return SK_E_BAD_FORM;
    memcpy(id.id.bytes, value.data, SK_ID_SIZE);
    return sk_handover_get(e, &id, out);
}

/* A request is on its way: what was set in h is written, its clocks start. */
static enum sk_status request(struct sk_engine *e, struct sk_handover *h,
                              const struct sk_recorded_event *event,
                              struct sk_ledger_entry *entry)
{
    struct sk_key key = request_key(&event->id, &h->partner);

    h->event = event->id;
    h->message = entry->message;
    h->requested_ms = e->now_ms;
    SK_TRY(sk_handover_move(e, h, SK_HANDOVER_REQUESTED));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){h->id.id.bytes, SK_ID_SIZE}));
    entry->has_handover = true;
    entry->handover = h->id;
    return SK_OK;
}

static enum sk_status request_again(struct sk_engine *e,
                                    const struct sk_recorded_event *event,
                                    struct sk_ledger_entry *entry)
{
    struct sk_handover h;
    enum sk_handover_state to;
    enum sk_status status = sk_handover_get(e, &event->about, &h);

    if (status == SK_E_NOT_FOUND)
        return refuse_unknown(e);
    SK_TRY(status);
    if (!h.sender || !sk_org_equal(&h.partner, &entry->to) ||
        !sk_handover_next(h.state, SK_STEP_REQUEST, &to))
        return refuse_state(e, &h);
    h.again = true;
    return request(e, &h, event, entry);
}

/* The trajectory of the person; the first request starts one (DOMAIN 5.4). */
static enum sk_status trajectory_for(struct sk_engine *e,
                                     const struct sk_participant_id *id,
                                     struct sk_trajectory *out)
{
    enum sk_status status = sk_trajectory_of(e, id, out);

    if (status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_trajectory_started(e, id));
    return sk_trajectory_of(e, id, out);
}

/* At most one open handover may move a trajectory: the newer one wins. */
static enum sk_status supersede(struct sk_engine *e,
                                const struct sk_trajectory *t)
{
    struct sk_handover old;

    if (sk_id_is_zero(&t->open.id))
        return SK_OK;
    SK_TRY(sk_handover_get(e, &t->open, &old));
    return sk_handover_own(e, &old, SK_STEP_CANCEL);
}

enum sk_status sk_handover_sent(struct sk_engine *e,
                                const struct sk_recorded_event *event,
                                struct sk_ledger_entry *entry)
{
    struct sk_handover h;
    struct sk_trajectory t;
    struct sk_bytes kind;
    enum sk_status status;
    bool moves;

    if (event->has_about)
        return request_again(e, event, entry);
    status = opened_by(e, &event->id, &entry->to, &h);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK && sk_handover_is_open(h.state)) {
        /* The same request once more changes nothing. */
        entry->has_handover = true;
        entry->handover = h.id;
        return SK_OK;
    }
    if (!sk_event_field(&event->view, "handover_kind", &kind))
        return sk_refuse(e, "malformed-event", "handover_kind",
                         (struct sk_bytes){0});
    moves = sk_handover_moves(kind);
    status = sk_trajectory_of(e, &event->participant, &t);
    if (status == SK_OK && moves && !sk_org_equal(&t.owner, &e->org))
        return sk_refuse(e, "not-owner", NULL, sk_org_text(&t.owner));

    SK_TRY(trajectory_for(e, &event->participant, &t));
    if (moves)
        SK_TRY(supersede(e, &t));
    h = (struct sk_handover){.sender = true,
                             .partner = entry->to,
                             .kind = kind,
                             .trajectory = t.id,
                             .epoch = t.epoch,
                             .participant = event->participant};
    sk_new_id(e, &h.id.id);
    SK_TRY(request(e, &h, event, entry));
    if (!moves)
        return SK_OK;
    t.open = h.id;
    return sk_trajectory_put(e, &t);
}

enum sk_status sk_handover_stamp(struct sk_engine *e,
                                 const struct sk_handover_id *id,
                                 struct sk_item_event *event)
{
    struct sk_handover h;

    SK_TRY(sk_handover_get(e, id, &h));
    event->has_handover = true;
    event->handover = h.id;
    event->trajectory = h.trajectory;
    event->epoch = h.epoch;
    event->handover_kind = h.kind;
    return SK_OK;
}

enum sk_status sk_handover_is_with(struct sk_engine *e,
                                   const struct sk_handover_id *id,
                                   const struct sk_org *partner, bool *out)
{
    struct sk_handover h;
    enum sk_status status = sk_handover_get(e, id, &h);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = status == SK_OK && sk_org_equal(&h.partner, partner);
    return SK_OK;
}

static bool is_request(const struct sk_ledger_entry *entry)
{
    return entry->has_handover && is_type(entry->type, "handover.requested");
}

enum sk_status sk_handover_dropped(struct sk_engine *e,
                                   const struct sk_ledger_entry *entry)
{
    struct sk_handover h;
    enum sk_status status;

    if (!is_request(entry))
        return SK_OK;
    status = sk_handover_get(e, &entry->handover, &h);
    /* The partner told of it, and our backup never saw it. */
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!sk_id_equal(&h.message.id, &entry->message.id) ||
        h.state != SK_HANDOVER_REQUESTED)
        return SK_OK;
    return sk_handover_move(
        e, &h, h.again ? SK_HANDOVER_NEED_INFO : SK_HANDOVER_CANCELLED);
}

enum sk_status sk_handover_recalled(struct sk_engine *e,
                                    const struct sk_ledger_entry *entry)
{
    struct sk_handover h;
    enum sk_status status;

    if (!is_request(entry))
        return SK_OK;
    status = sk_handover_get(e, &entry->handover, &h);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!h.sender || !sk_handover_is_open(h.state) ||
        !sk_id_equal(&h.message.id, &entry->message.id))
        return SK_OK;
    return sk_handover_own(e, &h, SK_STEP_CANCEL);
}

enum sk_status sk_handover_wants(struct sk_engine *e,
                                 const struct sk_ledger_entry *entry, bool *out)
{
    struct sk_handover h;
    enum sk_status status;

    *out = true;
    if (!is_request(entry))
        return SK_OK;
    status = sk_handover_get(e, &entry->handover, &h);
    if (status == SK_E_NOT_FOUND) {
        *out = false;
        return SK_OK;
    }
    SK_TRY(status);
    /* One that was handed over may come again: the partner fell back to a
       backup and must learn of it to know what became of it. */
    *out = sk_handover_is_open(h.state) || entry->sent_ms != 0;
    return SK_OK;
}
