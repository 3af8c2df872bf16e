/*
 * A request that comes again is answered, not done again.
 *                                                        docs/CONTROL.md 2.4
 */
#ifndef SK_NODE_ENGINE_REPEAT_H
#define SK_NODE_ENGINE_REPEAT_H

#include "node/engine/engine.h"

/* Was this request done before?  Then its reply is packed, and nothing else is
   to happen.  Refuses request-reused, already-done. */
SK_CHECKED enum sk_status sk_repeat_find(struct sk_engine *e,
                                         const struct sk_request *request,
                                         struct sk_bytes bytes, bool *found);
/* It was done: keep e->reply with what it wrote. */
SK_CHECKED enum sk_status sk_repeat_keep(struct sk_engine *e,
                                         const struct sk_request *request,
                                         struct sk_bytes bytes);
/* At the end of the batch: write in which order, and drop what is too old. */
SK_CHECKED enum sk_status sk_repeat_settle(struct sk_engine *e);

#endif
