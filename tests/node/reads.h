/*
 * How often a request asks the store for something: what a list costs, without
 * a clock.
 *
 *     reads_start(&f, "buso");
 *     fx_ok(&f, "buso", "agenda.list", "{}");
 *     reads_end(&f, "buso");         gets and steps of scans since the start
 */
#ifndef SK_TESTS_NODE_READS_H
#define SK_TESTS_NODE_READS_H

#include "tests/node/fixture.h"

static struct {
    const struct sk_store_vtable *inner;
    struct sk_store_vtable counting;
    uint64_t count;
} reads;

static inline enum sk_status reads_get(struct sk_store *store,
                                       enum sk_space space, struct sk_bytes key,
                                       struct sk_bytes *value)
{
    reads.count++;
    return reads.inner->get(store, space, key, value);
}

static inline enum sk_status
reads_seek(struct sk_store *store, enum sk_space space, struct sk_bytes from,
           bool after, struct sk_bytes *key, struct sk_bytes *value)
{
    reads.count++;
    return reads.inner->seek(store, space, from, after, key, value);
}

static inline void reads_start(struct fx *f, const char *node)
{
    struct sk_store *store = fx_node(f, node)->store;

    reads.inner = store->vtable;
    reads.counting = *store->vtable;
    reads.counting.get = reads_get;
    reads.counting.seek = reads_seek;
    reads.count = 0;
    store->vtable = &reads.counting;
}

static inline uint64_t reads_end(struct fx *f, const char *node)
{
    fx_node(f, node)->store->vtable = reads.inner;
    return reads.count;
}

#endif
