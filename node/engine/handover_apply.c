#include "node/engine/handover.h"

#include <string.h>

/* What partners tell about handovers and ownership.  DOMAIN 5.4, I6. */

/* Why UNRELEASED: the partner forgot that it let go. */
static const char reason_completed[] = "completed";

/* ------------------------------------------------------------- answers */

/* RELEASED: from now on `owner` owns it. */
static enum sk_status tell_released(struct sk_engine *e,
                                    const struct sk_handover *h,
                                    const struct sk_trajectory *t)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_arena_get(&e->scratch, sizeof(*item));
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    item->kind = SK_ITEM_RELEASED;
    item->owner.trajectory = t->id;
    item->owner.handover = h->id;
    item->owner.epoch = t->epoch;
    item->owner.owner = sk_org_text(&t->owner);
    item->owner.previous = sk_org_text(&e->org);
    item->owner.at_ms = e->now_ms;
    status = sk_outbox_item(e, &h->partner, item);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

static enum sk_status tell_unreleased(struct sk_engine *e,
                                      const struct sk_org *to,
                                      const struct sk_handover_id *handover,
                                      const struct sk_trajectory_id *trajectory,
                                      uint64_t epoch, const char *reason)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_arena_get(&e->scratch, sizeof(*item));
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    item->kind = SK_ITEM_UNRELEASED;
    item->owner.trajectory = *trajectory;
    item->owner.handover = *handover;
    item->owner.epoch = epoch;
    item->owner.reason = sk_text(reason);
    item->owner.at_ms = e->now_ms;
    status = sk_outbox_item(e, to, item);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* ------------------------------------------------------------- a request */

static bool is_ours(const struct sk_engine *e, const struct sk_trajectory *t)
{
    return sk_org_equal(&t->owner, &e->org);
}

/* Did this node ever lose part of its log to the partner? */
static enum sk_status was_restored(struct sk_engine *e,
                                   const struct sk_org *partner, bool *out)
{
    struct sk_log log;

    SK_TRY(sk_log_get(e, partner, &log));
    *out = log.incarnation > 1;
    return SK_OK;
}

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
    if (*out || !is_ours(e, t))
        return SK_OK;
    SK_TRY(was_restored(e, from, &restored));
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
        return tell_unreleased(e, from, &event->handover, &event->trajectory,
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
        return tell_released(e, h, &t);
    if (!accepted || !is_ours(e, &t) || t.epoch != h->epoch)
        return tell_unreleased(e, &h->partner, &h->id, &t.id, t.epoch,
                               t.epoch != h->epoch ? "stale-epoch"
                                                   : "wrong-state");
    SK_TRY(sk_handover_move(e, h, SK_HANDOVER_COMPLETED));
    t.owner = h->partner;
    t.epoch++;
    t.since_ms = e->now_ms;
    t.open = (struct sk_handover_id){0};
    SK_TRY(sk_trajectory_put(e, &t));
    return tell_released(e, h, &t);
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
        (status == SK_OK && sk_handover_moves(h->kind) && is_ours(e, &t) &&
         t.epoch == h->epoch + 1)) {
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
        return tell_unreleased(e, from, &h.id, &h.trajectory, h.epoch,
                               "stale-epoch");
    }
    if (h.sender)
        return on_receivers_input(e, &h, input, refusal);
    return on_senders_input(e, &h, input, refusal);
}

/* ------------------------------------------------------------- ownership */

/* The previous owner let go: from this transaction on we are the owner. */
static enum sk_status on_released(struct sk_engine *e,
                                  const struct sk_org *from,
                                  const struct sk_item_owner *item,
                                  struct sk_handover *h, const char **refusal)
{
    struct sk_participant_id person = h->participant;
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_get(e, &h->trajectory, &t);
    bool finished =
        h->state == SK_HANDOVER_COMPLETED || h->state == SK_HANDOVER_RETURNED;
    bool forgot = sk_handover_is_open(h->state);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK && t.epoch >= item->epoch) {
        /* A second copy says what we know; anything else is too late. */
        if (t.epoch != item->epoch || !is_ours(e, &t))
            *refusal = "stale-epoch";
        return SK_OK;
    }
    /* A backup may have forgotten that it accepted and completed. */
    if (forgot)
        SK_TRY(was_restored(e, from, &forgot));
    if (!(finished || forgot) || !sk_handover_moves(h->kind) ||
        item->epoch != h->epoch + 1 ||
        !sk_bytes_equal(item->owner, sk_org_text(&e->org)) ||
        !sk_bytes_equal(item->previous, sk_org_text(from))) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    t = (struct sk_trajectory){.id = h->trajectory,
                               .owner = e->org,
                               .epoch = item->epoch,
                               .since_ms = e->now_ms};
    SK_TRY(sk_trajectory_put(e, &t));
    if (forgot)
        SK_TRY(sk_handover_move(e, h, SK_HANDOVER_COMPLETED));
    if (sk_id_is_zero(&person.id)) {
        status = sk_handle_find(e, from, &h->handle, &person);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
    }
    return sk_trajectory_set_of(e, &person, &t.id);
}

/* Somebody knows a higher epoch of what we think is ours. */
static enum sk_status give_up(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_item_owner *item)
{
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_get(e, &item->trajectory, &t);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!is_ours(e, &t) || item->epoch <= t.epoch)
        return SK_OK;
    t.owner = *from;
    t.epoch = item->epoch;
    t.since_ms = e->now_ms;
    t.open = (struct sk_handover_id){0};
    return sk_trajectory_put(e, &t);
}

/*
 * Our claim is not valid.  What we completed did not count; and when the
 * partner of an open handover knows a higher epoch, or we are a backup, we are
 * not the owner that we think we are: giving up never makes two owners.
 */
static enum sk_status on_unreleased(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_item_owner *item,
                                    struct sk_handover *h)
{
    bool done = sk_bytes_equal(item->reason, sk_text(reason_completed));
    bool restored;
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_get(e, &h->trajectory, &t);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!h->sender) {
        if (is_ours(e, &t) && t.epoch == h->epoch + 1)
            return SK_OK;
        return sk_handover_move(e, h, SK_HANDOVER_CANCELLED);
    }
    SK_TRY(was_restored(e, from, &restored));
    if (!sk_handover_is_open(h->state) && !restored)
        return SK_OK;
    if (sk_handover_is_open(h->state))
        SK_TRY(sk_handover_move(
            e, h, done ? SK_HANDOVER_COMPLETED : SK_HANDOVER_CANCELLED));
    return give_up(e, from, item);
}

/* The same about a handover that the backup never saw. */
static enum sk_status on_forgotten(struct sk_engine *e,
                                   const struct sk_org *from,
                                   const struct sk_item_owner *item,
                                   const char **refusal)
{
    bool restored;

    SK_TRY(was_restored(e, from, &restored));
    if (restored)
        return give_up(e, from, item);
    *refusal = "unknown-handover";
    return SK_OK;
}

static enum sk_status on_owner(struct sk_engine *e, const struct sk_org *from,
                               const struct sk_item *item, const char **refusal)
{
    const struct sk_item_owner *owner = &item->owner;
    bool released = item->kind == SK_ITEM_RELEASED;
    struct sk_handover h;
    enum sk_status status = sk_handover_get(e, &owner->handover, &h);

    if (status == SK_E_NOT_FOUND && !released)
        return on_forgotten(e, from, owner, refusal);
    if (status == SK_E_NOT_FOUND ||
        (status == SK_OK &&
         (!sk_org_equal(&h.partner, from) ||
          !sk_id_equal(&h.trajectory.id, &owner->trajectory.id)))) {
        *refusal = "unknown-handover";
        return SK_OK;
    }
    SK_TRY(status);
    if (!released)
        return on_unreleased(e, from, owner, &h);
    if (h.sender) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    return on_released(e, from, owner, &h, refusal);
}

enum sk_status sk_handover_apply(struct sk_engine *e, const struct sk_org *from,
                                 const struct sk_item *item,
                                 const char **refusal)
{
    *refusal = NULL;
    if (item->kind == SK_ITEM_HANDOVER)
        return on_input(e, from, &item->handover, refusal);
    return on_owner(e, from, item, refusal);
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

/* ------------------------------------------------------------- reminders */

/* What this handover did to the ownership, if it moved it and it still stands:
   said again by the one who knows. */
static enum sk_status remind_of(struct sk_engine *e,
                                const struct sk_handover_id *id,
                                const struct sk_org *partner)
{
    struct sk_trajectory t;
    struct sk_handover h;
    enum sk_status status;

    SK_TRY(sk_handover_get(e, id, &h));
    if (!sk_org_equal(&h.partner, partner) || !sk_handover_moves(h.kind))
        return SK_OK;
    status = sk_trajectory_get(e, &h.trajectory, &t);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (h.sender && t.epoch == h.epoch + 1 && sk_org_equal(&t.owner, partner))
        return tell_released(e, &h, &t);
    if (!h.sender && t.epoch > h.epoch &&
        (h.state == SK_HANDOVER_COMPLETED || h.state == SK_HANDOVER_RETURNED))
        return tell_unreleased(e, partner, &h.id, &t.id, t.epoch,
                               reason_completed);
    return SK_OK;
}

enum sk_status sk_handover_remind(struct sk_engine *e,
                                  const struct sk_org *partner)
{
    struct sk_key prefix = sk_key_start(SK_T_HANDOVER);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));

    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_handover_id id;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        assert(key.size == 1 + SK_ID_SIZE);
        memcpy(id.id.bytes, key.data + 1, SK_ID_SIZE);
        SK_TRY(remind_of(e, &id, partner));
        sk_arena_reset(&e->scratch, mark);
    }
}
