/*
 * Handovers: the state machine of both sides, and the one owner (I6).
 *                                                       docs/DOMAIN.md 5
 *
 *   draft -request-> requested -open-> received -answer-> accepted -complete->
 *                    need_info, waiting, declined        completed
 *   and: cancelled, expired (sender), returned (receiver); see handover.c
 *
 * The sender's state is the one that counts.  The receiver moves on its own
 * inputs at once and tells the sender; an input of the sender that crossed one
 * of these wins, because the sender refuses what came too late.
 *
 * SK_T_HANDOVER and SK_T_TRAJECTORY hold ids, words and times, no values.
 */
#ifndef SK_NODE_ENGINE_HANDOVER_H
#define SK_NODE_ENGINE_HANDOVER_H

#include "node/engine/engine.h"
#include "node/engine/event.h"
#include "node/engine/ledger.h"
#include "node/engine/tables.h"

enum sk_handover_state {
    SK_HANDOVER_DRAFT,
    SK_HANDOVER_REQUESTED,
    SK_HANDOVER_RECEIVED,
    SK_HANDOVER_NEED_INFO,
    SK_HANDOVER_WAITING,
    SK_HANDOVER_ACCEPTED,
    SK_HANDOVER_DECLINED,
    SK_HANDOVER_COMPLETED,
    SK_HANDOVER_RETURNED,
    SK_HANDOVER_CANCELLED,
    SK_HANDOVER_EXPIRED,
};

enum sk_handover_input {
    SK_STEP_REQUEST,
    SK_STEP_OPEN,
    SK_STEP_NEED_INFO,
    SK_STEP_WAITING,
    SK_STEP_ACCEPT,
    SK_STEP_DECLINE,
    SK_STEP_COMPLETE,
    SK_STEP_RETURN,
    SK_STEP_CANCEL,
    SK_STEP_EXPIRE,
};

struct sk_handover {
    struct sk_handover_id id;
    bool sender; /* our role */
    struct sk_org partner;
    struct sk_bytes kind; /* a word; static or in scratch */
    enum sk_handover_state state;
    struct sk_trajectory_id trajectory;
    uint64_t epoch; /* of the trajectory when it was requested */
    struct sk_participant_id participant; /* zero: not known here */
    struct sk_handle handle;  /* receiver: the sender's name for the person */
    struct sk_event_id event; /* sender: the request */
    struct sk_message_id message; /* the last request */
    bool again; /* sender: that one came after a question back */
    uint64_t requested_ms;
    uint64_t changed_ms;
};

struct sk_trajectory {
    struct sk_trajectory_id id;
    struct sk_org owner;
    uint64_t epoch;
    uint64_t since_ms;          /* when this owner became it */
    struct sk_handover_id open; /* ours that may move it; zero: none */
};

/* The state that follows, or false: the input is refused (wrong-state). */
bool sk_handover_next(enum sk_handover_state from, enum sk_handover_input input,
                      enum sk_handover_state *to);
const char *sk_handover_state_text(enum sk_handover_state state);
const char *sk_handover_input_text(enum sk_handover_input input);
bool sk_handover_input_parse(struct sk_bytes text, enum sk_handover_input *out);
/* Inputs of the sender; all others are the receiver's. */
bool sk_handover_input_is_senders(enum sk_handover_input input);
bool sk_handover_is_open(enum sk_handover_state state);
/* Kinds that move the ownership: warm and return. */
bool sk_handover_moves(struct sk_bytes kind);

/* SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_handover_get(struct sk_engine *e,
                                          const struct sk_handover_id *id,
                                          struct sk_handover *out);
/* Calls fn for each, or each open one; fn may end it.  Stops when fn returns
   not SK_OK, with that. */
SK_CHECKED enum sk_status
sk_handover_each(struct sk_engine *e, bool open,
                 enum sk_status (*fn)(void *context, struct sk_handover *h),
                 void *context);
/* The same for those about somebody, open or not, each once. */
SK_CHECKED enum sk_status
sk_handover_about(struct sk_engine *e, const struct sk_participant_id *person,
                  enum sk_status (*fn)(void *context, struct sk_handover *h),
                  void *context);
/* The same for those of this partner under this handle of it. */
SK_CHECKED enum sk_status sk_handover_of_handle(
    struct sk_engine *e, const struct sk_org *org,
    const struct sk_handle *handle,
    enum sk_status (*fn)(void *context, struct sk_handover *h), void *context);
/* Who it is about, if somebody said so; zero otherwise. */
SK_CHECKED enum sk_status sk_handover_person(struct sk_engine *e,
                                             const struct sk_handover *h,
                                             struct sk_participant_id *out);
/* On the list of whose case it is, if it is there: now of another. */
SK_CHECKED enum sk_status sk_handover_list_move(struct sk_engine *e,
                                                const struct sk_handover *h,
                                                const struct sk_id *from,
                                                const struct sk_id *to);
/* The group of handover.list: open ones, or the others. */
struct sk_key sk_handover_group(bool open);
/* Keeps the index of open ones, and the lists of coaches. */
SK_CHECKED enum sk_status sk_handover_put(struct sk_engine *e,
                                          const struct sk_handover *handover);
SK_CHECKED enum sk_status sk_trajectory_get(struct sk_engine *e,
                                            const struct sk_trajectory_id *id,
                                            struct sk_trajectory *out);
SK_CHECKED enum sk_status
sk_trajectory_put(struct sk_engine *e, const struct sk_trajectory *trajectory);
/* The trajectory of a participant; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_trajectory_of(struct sk_engine *e,
                                           const struct sk_participant_id *id,
                                           struct sk_trajectory *out);
SK_CHECKED enum sk_status
sk_trajectory_set_of(struct sk_engine *e, const struct sk_participant_id *id,
                     const struct sk_trajectory_id *trajectory);

/* Write the new state; a trajectory that waited for it is free again. */
SK_CHECKED enum sk_status sk_handover_move(struct sk_engine *e,
                                           struct sk_handover *handover,
                                           enum sk_handover_state state);
/* Is this node its owner, as far as it knows? */
bool sk_trajectory_is_ours(const struct sk_engine *e,
                           const struct sk_trajectory *trajectory);
/* RELEASED: from now on the trajectory's owner owns it. */
SK_CHECKED enum sk_status
sk_tell_released(struct sk_engine *e, const struct sk_handover *handover,
                 const struct sk_trajectory *trajectory);
/* UNRELEASED: a claim is not valid.  reason: static. */
SK_CHECKED enum sk_status
sk_tell_unreleased(struct sk_engine *e, const struct sk_org *to,
                   const struct sk_handover_id *handover,
                   const struct sk_trajectory_id *trajectory, uint64_t epoch,
                   const char *reason);
/* RELEASED or UNRELEASED came. */
SK_CHECKED enum sk_status sk_handover_owner(struct sk_engine *e,
                                            const struct sk_org *from,
                                            const struct sk_item *item,
                                            const char **refusal);
/* Did this node ever lose part of its log to the partner (a backup)? */
SK_CHECKED enum sk_status
sk_was_restored(struct sk_engine *e, const struct sk_org *partner, bool *out);

/* An input of this node: state, and HANDOVER for the partner.  Refuses
   wrong-state. */
SK_CHECKED enum sk_status sk_handover_own(struct sk_engine *e,
                                          struct sk_handover *handover,
                                          enum sk_handover_input input);

/* Is the partner the other side of it?  False too when it is unknown. */
SK_CHECKED enum sk_status sk_handover_is_with(struct sk_engine *e,
                                              const struct sk_handover_id *id,
                                              const struct sk_org *partner,
                                              bool *out);
/* A message was dropped before it ever left: when it was the request, the
   partner never knew, and the handover ends here. */
SK_CHECKED enum sk_status
sk_handover_dropped(struct sk_engine *e, const struct sk_ledger_entry *entry);
/* A message was asked back whole: when it was the request, nobody may accept
   any more what is no longer there, and the handover is cancelled. */
SK_CHECKED enum sk_status
sk_handover_recalled(struct sk_engine *e, const struct sk_ledger_entry *entry);
/* May this request still go?  False when its handover was closed before it ever
   left. */
SK_CHECKED enum sk_status sk_handover_wants(struct sk_engine *e,
                                            const struct sk_ledger_entry *entry,
                                            bool *out);

/* An event of a handover was recorded here: the input it is, checked before
   the event is stored: refuses wrong-state, unknown-handover.  Called for
   handover.answered, .completed and .returned (`about` is then given), and
   for every other event that has `about`; never for a handover.requested
   without it. */
SK_CHECKED enum sk_status
sk_handover_recorded(struct sk_engine *e,
                     const struct sk_recorded_event *event);
/* A trajectory.started was recorded: the owner is this node, epoch 1. */
SK_CHECKED enum sk_status
sk_trajectory_started(struct sk_engine *e,
                      const struct sk_participant_id *participant);
/* A handover.requested is offered and permitted: opens the handover (id of
   its own), supersedes an older open one; fills the entry's handover. */
SK_CHECKED enum sk_status
sk_handover_sent(struct sk_engine *e, const struct sk_recorded_event *event,
                 struct sk_ledger_entry *entry);
/* What a message about a handover carries (id, trajectory, epoch, kind). */
SK_CHECKED enum sk_status sk_handover_stamp(struct sk_engine *e,
                                            const struct sk_handover_id *id,
                                            struct sk_item_event *event);
/* A handover.requested arrived. */
SK_CHECKED enum sk_status sk_handover_arrived(struct sk_engine *e,
                                              const struct sk_org *from,
                                              const struct sk_item_event *event,
                                              const char **refusal);
/* HANDOVER, RELEASED, UNRELEASED arrived. */
SK_CHECKED enum sk_status sk_handover_apply(struct sk_engine *e,
                                            const struct sk_org *from,
                                            const struct sk_item *item,
                                            const char **refusal);
/* The partner forgot things (its log has a new incarnation): tell it again who
   owns what was handed over between it and us.  Called by session.c. */
SK_CHECKED enum sk_status sk_handover_remind(struct sk_engine *e,
                                             const struct sk_org *partner);
/* A person said who a handover's message is about (inbox.assign). */
SK_CHECKED enum sk_status
sk_handover_assigned(struct sk_engine *e, const struct sk_handover_id *id,
                     const struct sk_participant_id *participant);
/* A handover's message was opened by a person. */
SK_CHECKED enum sk_status sk_handover_opened(struct sk_engine *e,
                                             const struct sk_handover_id *id);
/* Nobody answered in time; expired: it was still open to that. */
SK_CHECKED enum sk_status sk_handover_expire(struct sk_engine *e,
                                             const struct sk_handover_id *id,
                                             bool *expired);

#endif
