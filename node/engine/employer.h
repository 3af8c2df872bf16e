/*
 * Regular employers that are in the roster, for facts.c.  docs/DOMAIN.md 3.5
 */
#ifndef SK_NODE_ENGINE_EMPLOYER_H
#define SK_NODE_ENGINE_EMPLOYER_H

#include "node/engine/engine.h"
#include "node/engine/event.h"

/* Regular employers that are in the roster (DOMAIN 3.5), for facts.c. */
struct sk_employer {
    struct sk_bytes org;
    struct sk_fact_period period;
};
SK_CHECKED enum sk_status sk_employer_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_employer *),
    void *context);

/* An event was recorded: does a job begin or end?  After it was stored. */
SK_CHECKED enum sk_status
sk_employer_recorded(struct sk_engine *e,
                     const struct sk_recorded_event *event);

#endif
