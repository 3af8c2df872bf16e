#include "node/engine/handover.h"

#include <string.h>

#include "node/engine/outbox.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/* The one owner: letting go, taking over, giving up.  DOMAIN 5.4, I6. */

/* Why UNRELEASED: the partner forgot that it let go. */
static const char reason_completed[] = "completed";
/* The handover in which it let go is over here. */
static const char reason_called_off[] = "wrong-state";

/* ------------------------------------------------------------- we say */

/* RELEASED: from now on `owner` owns it. */
enum sk_status sk_tell_released(struct sk_engine *e,
                                const struct sk_handover *h,
                                const struct sk_trajectory *t)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_item_new(e, SK_ITEM_RELEASED, 0);
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
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

enum sk_status sk_tell_unreleased(struct sk_engine *e, const struct sk_org *to,
                                  const struct sk_handover_id *handover,
                                  const struct sk_trajectory_id *trajectory,
                                  uint64_t epoch, const char *reason)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_item_new(e, SK_ITEM_UNRELEASED, 0);
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    item->owner.trajectory = *trajectory;
    item->owner.handover = *handover;
    item->owner.epoch = epoch;
    item->owner.reason = sk_text(reason);
    item->owner.at_ms = e->now_ms;
    status = sk_outbox_item(e, to, item);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* ------------------------------------------------------------- we know */

bool sk_trajectory_is_ours(const struct sk_engine *e,
                           const struct sk_trajectory *t)
{
    return sk_org_equal(&t->owner, &e->org);
}

/* Did this node ever lose part of its log to the partner? */
enum sk_status sk_was_restored(struct sk_engine *e,
                               const struct sk_org *partner, bool *out)
{
    struct sk_log log;

    SK_TRY(sk_log_get(e, partner, &log));
    *out = log.incarnation > 1;
    return SK_OK;
}

/* ------------------------------------------------------------- they say */

/* It lets go in a handover that ended otherwise here: a backup forgot that.
   Nobody would be the owner: it takes back what it gave. */
static bool is_called_off(const struct sk_engine *e, const struct sk_org *from,
                          const struct sk_item_owner *item,
                          const struct sk_handover *h)
{
    return (h->state == SK_HANDOVER_CANCELLED ||
            h->state == SK_HANDOVER_DECLINED ||
            h->state == SK_HANDOVER_EXPIRED) &&
           sk_handover_moves(h->kind) && item->epoch == h->epoch + 1 &&
           sk_bytes_equal(item->owner, sk_org_text(&e->org)) &&
           sk_bytes_equal(item->previous, sk_org_text(from));
}

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
        if (t.epoch != item->epoch || !sk_trajectory_is_ours(e, &t))
            *refusal = "stale-epoch";
        return SK_OK;
    }
    /* A backup may have forgotten that it accepted and completed. */
    if (forgot)
        SK_TRY(sk_was_restored(e, from, &forgot));
    if (!(finished || forgot) || !sk_handover_moves(h->kind) ||
        item->epoch != h->epoch + 1 ||
        !sk_bytes_equal(item->owner, sk_org_text(&e->org)) ||
        !sk_bytes_equal(item->previous, sk_org_text(from))) {
        *refusal = "wrong-state";
        return is_called_off(e, from, item, h)
                   ? sk_tell_unreleased(e, from, &h->id, &h->trajectory,
                                        item->epoch, reason_called_off)
                   : SK_OK;
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
    if (!sk_trajectory_is_ours(e, &t) || item->epoch <= t.epoch)
        return SK_OK;
    t.owner = *from;
    t.epoch = item->epoch;
    t.since_ms = e->now_ms;
    t.open = (struct sk_handover_id){0};
    return sk_trajectory_put(e, &t);
}

/* We let go, as a backup, and who was to be the owner says that it is not. */
static bool is_given_back(const struct sk_org *from,
                          const struct sk_item_owner *item,
                          const struct sk_handover *h,
                          const struct sk_trajectory *t)
{
    return h->state == SK_HANDOVER_COMPLETED && t->epoch == h->epoch + 1 &&
           item->epoch == t->epoch && sk_org_equal(&t->owner, from) &&
           sk_bytes_equal(item->reason, sk_text(reason_called_off));
}

static enum sk_status take_back(struct sk_engine *e, struct sk_handover *h,
                                struct sk_trajectory *t)
{
    t->owner = e->org;
    t->epoch++;
    t->since_ms = e->now_ms;
    SK_TRY(sk_trajectory_put(e, t));
    return sk_handover_move(e, h, SK_HANDOVER_CANCELLED);
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
        if (sk_trajectory_is_ours(e, &t) && t.epoch == h->epoch + 1)
            return SK_OK;
        /* What the sender told before, or we did, is the story already. */
        if (h->state == SK_HANDOVER_EXPIRED || h->state == SK_HANDOVER_DECLINED)
            return SK_OK;
        return sk_handover_move(e, h, SK_HANDOVER_CANCELLED);
    }
    SK_TRY(sk_was_restored(e, from, &restored));
    if (!sk_handover_is_open(h->state) && !restored)
        return SK_OK;
    if (is_given_back(from, item, h, &t))
        return take_back(e, h, &t);
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

    SK_TRY(sk_was_restored(e, from, &restored));
    if (restored)
        return give_up(e, from, item);
    *refusal = "unknown-handover";
    return SK_OK;
}

enum sk_status sk_handover_owner(struct sk_engine *e, const struct sk_org *from,
                                 const struct sk_item *item,
                                 const char **refusal)
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
        return sk_tell_released(e, &h, &t);
    if (!h.sender && t.epoch > h.epoch &&
        (h.state == SK_HANDOVER_COMPLETED || h.state == SK_HANDOVER_RETURNED))
        return sk_tell_unreleased(e, partner, &h.id, &t.id, t.epoch,
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
