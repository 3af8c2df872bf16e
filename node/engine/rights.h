/*
 * The right to be forgotten (GDPR art. 17).              docs/CONSENT.md 5.2
 *
 * What stays, so that the answers can be followed when the person's records
 * can be read by nobody any more: ids, partners, days and answers, no values.
 *
 * SK_T_ERASURE, participant -> array of 5
 *     uint at_ms, str ground, str keep_until DATE and str law (both empty:
 *     nothing is kept here), uint erased_ms (0: a law keeps our own records)
 * SK_T_ERASURE, participant, notice -> array of 6
 *     str to, uint at_ms, uint answered_ms (0: not in full), str law_reference,
 *     str keep_until DATE, array of [message, uint state]
 *
 *   forgotten.h      these records
 *   forget.c         the request, the answers
 *   forget_report.c  what became of it
 *   forget_own.c     this node's own records of one person go
 *   received.c       what partners sent about one person
 */
#ifndef SK_NODE_ENGINE_RIGHTS_H
#define SK_NODE_ENGINE_RIGHTS_H

#include "node/engine/engine.h"
#include "node/engine/inbox.h"

/* An ERASURE leaves: the answer to each of its messages is waited for. */
SK_CHECKED enum sk_status sk_erasure_asked(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_org *to, const struct sk_item_withdrawn *notice);
/* ERASED or KEPT came back, to an ERASURE or to another notice. */
SK_CHECKED enum sk_status
sk_erasure_answered(struct sk_engine *e,
                    const struct sk_participant_id *participant,
                    const struct sk_item *item);
/* A partner has a message about somebody who was forgotten here: a backup did
   not know of it.  It is asked back now.  refusal: unknown-handle. */
SK_CHECKED enum sk_status
sk_erasure_held(struct sk_engine *e, const struct sk_org *from,
                const struct sk_participant_id *participant,
                const struct sk_item_event *event, const char **refusal);
/* The day after a law kept our own records (SK_DUE_PERSON).  Not for who came
   back: a consent that was given since says so. */
SK_CHECKED enum sk_status sk_erasure_due(struct sk_engine *e,
                                         const struct sk_id *participant);
/* On the list of whose case it was, if there is a request: now of another. */
SK_CHECKED enum sk_status
sk_erasure_list_move(struct sk_engine *e,
                     const struct sk_participant_id *participant,
                     const struct sk_id *from, const struct sk_id *to);
/* Requests to partners that are not answered in full. */
SK_CHECKED enum sk_status sk_erasures_open(struct sk_engine *e, uint64_t *out);

/* Every message of a partner under one of its handles, in order of arrival; fn
   may erase it.  received.c */
SK_CHECKED enum sk_status sk_received_about(
    struct sk_engine *e, const struct sk_org *from,
    const struct sk_handle *handle,
    enum sk_status (*fn)(void *context, const struct sk_inbox_entry *entry),
    void *context);
/* Every message that partners sent about one person, as far as somebody said
   so; fn may erase it.  received.c */
SK_CHECKED enum sk_status sk_received_each(
    struct sk_engine *e, const struct sk_participant_id *participant,
    enum sk_status (*fn)(void *context, const struct sk_inbox_entry *entry),
    void *context);

/*
 * Everything of this node about one person: records, indexes, timers, and what
 * partners sent, unless a law makes us keep that (erasure.refuse).  The data
 * key is destroyed, so nothing that is left anywhere can be read (CONSENT 5.3).
 * No handover of the person may be open.
 */
SK_CHECKED enum sk_status
sk_forget_own(struct sk_engine *e, const struct sk_participant_id *participant);

#endif
