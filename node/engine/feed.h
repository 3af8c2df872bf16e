/*
 * For who follows along: told in the transaction of what happened.
 *                                                        docs/IMPORT.md 5
 */
#ifndef SK_NODE_ENGINE_FEED_H
#define SK_NODE_ENGINE_FEED_H

#include "node/engine/engine.h"
#include "protocol/item.h"

enum sk_feed_kind {
    SK_FEED_EVENT = 1, /* id: of an event, recorded here */
    SK_FEED_MESSAGE,   /* id: of a message that arrived */
    SK_FEED_ASSIGNED,  /* id: of a message; a person said whom it is about */
    SK_FEED_WITHDRAWN, /* id: of the consent record */
    SK_FEED_RECALLED,  /* id: of a message of `from` that it asks back */
    SK_FEED_ERASED,    /* id: of a message of `from` that is gone */
    SK_FEED_FORGOTTEN, /* id: of a participant, of whom nothing is left */
};
/* from: NULL for what is ours; fields: which of them, NULL for all. */
SK_CHECKED enum sk_status
sk_feed_put(struct sk_engine *e, enum sk_feed_kind kind, const struct sk_id *id,
            const struct sk_org *from, const struct sk_words *fields);
/* Rows of before this day go, the oldest first, at most *budget of them
   (counted down). */
SK_CHECKED enum sk_status sk_feed_prune(struct sk_engine *e, int32_t day,
                                        size_t *budget, bool *done);
/* The store went back to a backup: numbers go on where nobody was. */
SK_CHECKED enum sk_status sk_feed_restored(struct sk_engine *e);

#endif
