/*
 * A partner leaves the federation.                      docs/CONSENT.md 5.6
 *
 * leave.c, at the one who leaves: nothing new goes out or is taken in, open
 * handovers end, what partners sent is erased and they are told, page by page.
 * left.c, at the others: when the charter says that a partner has left, what
 * was open with it ends; and what it still holds is counted.
 *
 *     META "leaving"      the instant since when
 *     META "leaving ORG"  how many messages of this partner were erased
 *     META "left ORG"     since when the charter says so
 *     META "ending ORG"   how far its ending is here, while it is not complete
 */
#ifndef SK_NODE_ENGINE_LEAVE_H
#define SK_NODE_ENGINE_LEAVE_H

#include "node/engine/engine.h"

/* Is this node leaving?  since_ms: written when it is. */
SK_CHECKED enum sk_status sk_leaving_since(struct sk_engine *e, bool *on,
                                           uint64_t *since_ms);
/* Nothing new goes out: refuses "leaving". */
SK_CHECKED enum sk_status sk_leaving_refuse(struct sk_engine *e);
/* The roster is another one: what was open with who left ends.  With the
   sessions of before it. */
SK_CHECKED enum sk_status sk_left_look(struct sk_engine *e);
/* The next part of that, at most *budget records (counted down): a partner with
   a hundred thousand relations ends in as many steps as it takes, and goes on
   after a crash where it was. */
SK_CHECKED enum sk_status sk_left_run(struct sk_engine *e, size_t *budget,
                                      bool *done);
/* SK_E_NOT_FOUND: it did not leave. */
SK_CHECKED enum sk_status sk_left_since(struct sk_engine *e,
                                        const struct sk_org *org,
                                        uint64_t *since_ms);

#endif
