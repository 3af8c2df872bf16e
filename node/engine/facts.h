/*
 * What a decision needs to know about one participant.
 */
#ifndef SK_NODE_ENGINE_FACTS_H
#define SK_NODE_ENGINE_FACTS_H

#include "node/engine/engine.h"
#include "policies/facts.h"

/* Everything the decision needs about one participant, compiled; in scratch.
   Extra: hypothetical link today and explicit consent now (preview), or NULL.
 */
struct sk_facts_extra {
    struct sk_bytes to;
    struct sk_bytes purpose;
    bool with_link;
    const struct sk_bytes *with_consent;
    size_t with_consent_count;
};
SK_CHECKED enum sk_status sk_facts_of(struct sk_engine *e,
                                      const struct sk_bundle *bundle,
                                      const struct sk_participant_id *id,
                                      const struct sk_facts_extra *extra,
                                      struct sk_facts **out);
/* The same for the bundle in force, without extra: kept until a record or the
   bundle behind it changes.  It and its texts die at the next call. */
SK_CHECKED enum sk_status sk_facts_now(struct sk_engine *e,
                                       const struct sk_participant_id *id,
                                       const struct sk_facts **out);
/* Our handle of a participant towards a partner, as sk_relation_get() has it.
 */
SK_CHECKED enum sk_status sk_facts_handle(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          const struct sk_org *to,
                                          struct sk_handle *out);
/* While it is the same, so are the records behind everybody's facts. */
uint64_t sk_facts_version(const struct sk_engine *e);
void sk_facts_forget(struct sk_engine *e);

#endif
