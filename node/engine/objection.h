/*
 * Objections (GDPR art. 21).                             docs/CONSENT.md 5.7
 *
 * A person objects to what rests on a public task or a legitimate interest.
 * From that instant it stops (POLICY.md 8.4); a person of this node answers:
 * upheld, and then what went out is asked back, or rejected, with the grounds.
 * SK_T_OBJECTION, participant, number -> sealed under the participant's key.
 *
 *   objection.c        records, and the facts of a decision
 *   objection_ops.c    operations
 */
#ifndef SK_NODE_ENGINE_OBJECTION_H
#define SK_NODE_ENGINE_OBJECTION_H

#include "node/engine/engine.h"
#include "policies/decide.h"

#define SK_OBJECTION_WORDS_MAX 64

struct sk_objection {
    struct sk_id id;
    struct sk_fact_objection of; /* state: open, upheld, rejected, withdrawn */
    struct sk_bytes given_by;
    struct sk_bytes reason; /* of the person; may be empty */
    uint64_t answered_ms;   /* upheld, rejected or withdrawn; 0: open */
    struct sk_bytes by;     /* who answered */
    struct sk_bytes answer; /* and why */
    uint64_t number;        /* of the person, from 0 */
};

SK_CHECKED enum sk_status
sk_objection_put(struct sk_engine *e, const struct sk_participant_id *id,
                 const struct sk_objection *objection);
/* Oldest first; the texts are views in scratch. */
SK_CHECKED enum sk_status sk_objection_all(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_objection *),
    void *context);

/* Upheld: what waits under it is dropped, what is out is asked back, as far as
   no rule carries it that nobody can object to.  Packs the keys "dropped" and
   "notices".  withdraw.c */
SK_CHECKED enum sk_status
sk_objection_recall(struct sk_engine *e,
                    const struct sk_participant_id *participant,
                    const struct sk_objection *objection);

/* Objections (POLICY.md 8.1) as they stood at an instant, for facts. */
SK_CHECKED enum sk_status sk_objection_each(
    struct sk_engine *e, const struct sk_participant_id *id, uint64_t as_of_ms,
    enum sk_status (*fn)(void *context, const struct sk_fact_objection *),
    void *context);

#endif
