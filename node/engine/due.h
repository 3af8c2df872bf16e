/*
 * Things to do on a civil day; the timers of timer.h are among them.
 * sk_due_run() does what is due up to today, in order; called at each step
 * when the day changed, and after clock.set.
 */
#ifndef SK_NODE_ENGINE_DUE_H
#define SK_NODE_ENGINE_DUE_H

#include "node/engine/engine.h"

enum sk_due_kind {
    SK_DUE_ERASE_BY = 1, /* id: a received message */
    SK_DUE_POLICY = 3,   /* id: of a signed policy, from that day on */
    SK_DUE_PERSON = 4,   /* id: a participant whom a law kept here */
};
SK_CHECKED enum sk_status sk_due_put(struct sk_engine *e, int32_t day,
                                     enum sk_due_kind kind,
                                     const struct sk_id *id,
                                     struct sk_bytes value);
SK_CHECKED enum sk_status sk_due_run(struct sk_engine *e);
/* There is more to do today. */
void sk_due_again(struct sk_engine *e);
/* Closing days of this node, sorted, in scratch. */
SK_CHECKED enum sk_status
sk_calendar_closed(struct sk_engine *e, const int32_t **days, size_t *count);

#endif
