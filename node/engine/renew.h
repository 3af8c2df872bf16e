/*
 * Our own keys: new ones into force (renew.c), another master key (rewrap.c).
 *                                                       docs/PROTOCOL.md 4.5
 */
#ifndef SK_NODE_ENGINE_RENEW_H
#define SK_NODE_ENGINE_RENEW_H

#include "node/engine/engine.h"
#include "node/engine/session.h"

/* ------------------------------------------------------------- rewrap.c */
/* Before the store is used: while there is a master key before, what that one
   wraps is wrapped under the other one.  In transactions of its own. */
SK_CHECKED enum sk_status sk_rewrap(struct sk_engine *e);
/* e->index_secret, from the store or derived. */
SK_CHECKED enum sk_status sk_rewrap_index(struct sk_engine *e);
/* META `check`: tells under which master key a store is. */
SK_CHECKED enum sk_status sk_rewrap_check_put(struct sk_engine *e);
SK_CHECKED enum sk_status sk_rewrap_check(struct sk_engine *e);
/* ------------------------------------------------------------- renew.c */
/* Hand our card to a partner whose HELLO named an older one, once. */
SK_CHECKED enum sk_status sk_renew_tell(struct sk_engine *e,
                                        struct sk_session *s);

#endif
