#include "node/engine/handover.h"

#include "node/engine/relation.h"
#include "node/engine/state.h"

/* What partners tell about handovers.  DOMAIN 5.3, 5.4. */

/* ------------------------------------------------------------- a request */

/* Only the owner may hand over: does what we know contradict the claim?  What
   is ours and we never let go is nobody else's, unless a backup forgot it. */
static enum sk_status is_stale(struct sk_engine *e,
                               const struct sk_trajectory *t,
                               const struct sk_org *from,
                               const struct sk_item_event *event, bool *out)
{
    bool restored;

    *out = false;
    if (!sk_handover_moves(event->handover_kind))
        return SK_OK;
    *out = t->epoch > event->epoch ||
           (t->epoch == event->epoch && !sk_org_equal(&t->owner, from));
    if (*out || !sk_trajectory_is_ours(e, t))
        return SK_OK;
    SK_TRY(sk_was_restored(e, from, &restored));
    *out = !restored;
    return SK_OK;
}

/* What the request says of the trajectory: the highest epoch is believed. */
static enum sk_status learn_trajectory(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_item_event *event)
{
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_get(e, &event->trajectory, &t);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK &&
        (t.epoch >= event->epoch || !sk_handover_moves(event->handover_kind)))
        return SK_OK;
    t = (struct sk_trajectory){.id = event->trajectory,
                               .owner = *from,
                               .epoch = event->epoch,
                               .since_ms = e->now_ms};
    return sk_trajectory_put(e, &t);
}

/* The same handover once more: after a question back, or a second copy. */
static enum sk_status arrived_again(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_item_event *event,
                                    struct sk_handover *h, const char **refusal)
{
    enum sk_handover_state to = h->state;

    if (h->sender || !sk_org_equal(&h->partner, from) ||
        !sk_id_equal(&h->trajectory.id, &event->trajectory.id) ||
        h->epoch != event->epoch) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    /* Only need_info asks for it; what we answered meanwhile stands. */
    if (h->state == SK_HANDOVER_NEED_INFO)
        to = SK_HANDOVER_REQUESTED;
    h->message = event->message;
    h->requested_ms = e->now_ms;
    return sk_handover_move(e, h, to);
}

enum sk_status sk_handover_arrived(struct sk_engine *e,
                                   const struct sk_org *from,
                                   const struct sk_item_event *event,
                                   const char **refusal)
{
    struct sk_trajectory t;
    struct sk_handover h;
    enum sk_status status;
    bool stale = false;

    if (!event->has_handover || event->epoch == 0) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    status = sk_trajectory_get(e, &event->trajectory, &t);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK)
        SK_TRY(is_stale(e, &t, from, event, &stale));
    if (stale) {
        *refusal = "stale-epoch";
        return sk_tell_unreleased(e, from, &event->handover, &event->trajectory,
                                  t.epoch, "stale-epoch");
    }
    status = sk_handover_get(e, &event->handover, &h);
    if (status == SK_OK)
        return arrived_again(e, from, event, &h, refusal);
    if (status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(learn_trajectory(e, from, event));
    h = (struct sk_handover){.id = event->handover,
                             .partner = *from,
                             .kind = event->handover_kind,
                             .trajectory = event->trajectory,
                             .epoch = event->epoch,
                             .handle = event->handle,
                             .message = event->message,
                             .requested_ms = e->now_ms};
    SK_TRY(sk_handover_move(e, &h, SK_HANDOVER_REQUESTED));
    status = sk_handle_find(e, from, &event->handle, &h.participant);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return sk_handover_assigned(e, &h.id, &h.participant);
}

/* ------------------------------------------------------------- inputs */

/*
 * The receiver says it took over.  I6: only while the handover is accepted, we
 * are the owner and nothing moved since; then the new owner is written and
 * told in the same transaction.
 */
static enum sk_status on_complete(struct sk_engine *e, struct sk_handover *h)
{
    struct sk_trajectory t;
    bool accepted = h->state == SK_HANDOVER_ACCEPTED;

    SK_TRY(sk_trajectory_get(e, &h->trajectory, &t));
    if (h->state == SK_HANDOVER_COMPLETED && t.epoch == h->epoch + 1 &&
        sk_org_equal(&t.owner, &h->partner))
        return sk_tell_released(e, h, &t);
    if (!accepted || !sk_trajectory_is_ours(e, &t) || t.epoch != h->epoch)
        return sk_tell_unreleased(e, &h->partner, &h->id, &t.id, t.epoch,
                                  t.epoch != h->epoch ? "stale-epoch"
                                                      : "wrong-state");
    SK_TRY(sk_handover_move(e, h, SK_HANDOVER_COMPLETED));
    t.owner = h->partner;
    t.epoch++;
    t.since_ms = e->now_ms;
    t.open = (struct sk_handover_id){0};
    SK_TRY(sk_trajectory_put(e, &t));
    return sk_tell_released(e, h, &t);
}

static enum sk_status on_receivers_input(struct sk_engine *e,
                                         struct sk_handover *h,
                                         enum sk_handover_input input,
                                         const char **refusal)
{
    enum sk_handover_state to;

    if (input == SK_STEP_COMPLETE && sk_handover_moves(h->kind))
        return on_complete(e, h);
    if (!sk_handover_next(h->state, input, &to)) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    return sk_handover_move(e, h, to);
}

/* Cancel and expire were right at the sender, whose state counts, so they are
   right here too, whatever we said that was still on its way. */
static enum sk_status on_senders_input(struct sk_engine *e,
                                       struct sk_handover *h,
                                       enum sk_handover_input input,
                                       const char **refusal)
{
    enum sk_handover_state to =
        input == SK_STEP_CANCEL ? SK_HANDOVER_CANCELLED : SK_HANDOVER_EXPIRED;
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_get(e, &h->trajectory, &t);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (input == SK_STEP_REQUEST ||
        (status == SK_OK && sk_handover_moves(h->kind) &&
         sk_trajectory_is_ours(e, &t) && t.epoch == h->epoch + 1)) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    return sk_handover_move(e, h, to);
}

static enum sk_status on_input(struct sk_engine *e, const struct sk_org *from,
                               const struct sk_item_handover *item,
                               const char **refusal)
{
    enum sk_handover_input input;
    struct sk_handover h;
    enum sk_status status;

    if (!sk_handover_input_parse(item->input, &input)) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    status = sk_handover_get(e, &item->handover, &h);
    if (status == SK_E_NOT_FOUND) {
        /* A request that was taken back before it ever left. */
        if (!sk_handover_input_is_senders(input))
            *refusal = "unknown-handover";
        return SK_OK;
    }
    SK_TRY(status);
    if (!sk_org_equal(&h.partner, from)) {
        *refusal = "unknown-handover";
        return SK_OK;
    }
    if (sk_handover_input_is_senders(input) == h.sender) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    if (item->epoch != h.epoch) {
        *refusal = "stale-epoch";
        if (input != SK_STEP_COMPLETE)
            return SK_OK;
        return sk_tell_unreleased(e, from, &h.id, &h.trajectory, h.epoch,
                                  "stale-epoch");
    }
    if (h.sender)
        return on_receivers_input(e, &h, input, refusal);
    return on_senders_input(e, &h, input, refusal);
}

enum sk_status sk_handover_apply(struct sk_engine *e, const struct sk_org *from,
                                 const struct sk_item *item,
                                 const char **refusal)
{
    *refusal = NULL;
    if (item->kind == SK_ITEM_HANDOVER)
        return on_input(e, from, &item->handover, refusal);
    return sk_handover_owner(e, from, item, refusal);
}

enum sk_status sk_handover_opened(struct sk_engine *e,
                                  const struct sk_handover_id *id)
{
    struct sk_handover h;
    enum sk_status status = sk_handover_get(e, id, &h);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (h.sender || h.state != SK_HANDOVER_REQUESTED)
        return SK_OK;
    return sk_handover_own(e, &h, SK_STEP_OPEN);
}
