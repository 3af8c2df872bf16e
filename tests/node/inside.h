/*
 * Inside one engine, where no request comes: what a test calls between
 * fx_enter() and fx_leave() is one transaction.
 */
#ifndef SK_TESTS_NODE_INSIDE_H
#define SK_TESTS_NODE_INSIDE_H

#include "node/engine/state.h"
#include "tests/node/fixture.h"

static inline struct sk_engine *fx_enter(struct fx *f, const char *org)
{
    static struct sk_effects effects;
    struct sk_engine *e = fx_node(f, org)->engine;

    sk_effects_start(&effects, (struct sk_room){f->room, FX_ROOM_MAX});
    e->effects = &effects;
    e->random = (struct sk_random){.seed = fx_seed(f)};
    cr_assert(sk_store_begin(e->store) == SK_OK);
    return e;
}

/* It happened. */
static inline void fx_leave(struct sk_engine *e)
{
    cr_assert(sk_store_commit(e->store) == SK_OK);
    e->effects = NULL;
}

/* It did not. */
static inline void fx_abort(struct sk_engine *e)
{
    sk_store_abort(e->store);
    e->effects = NULL;
}

#endif
