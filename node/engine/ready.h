/*
 * What was offered in this batch, and may leave in it.
 *
 * An offer is decided twice: when it is made, and when it is sent (I2).  When
 * both happen in one transaction, at one instant, with nothing written between
 * them that a decision looks at, the second would be the first again: then the
 * item and the ledger entry of the first are used.
 */
#ifndef SK_NODE_ENGINE_READY_H
#define SK_NODE_ENGINE_READY_H

#include "node/engine/engine.h"
#include "node/engine/ledger.h"

#define SK_READY_MAX 512
#define SK_READY_SLOTS (2 * SK_READY_MAX)
#define SK_READY_SIZE (1024u * 1024)
struct sk_ready_entry {
    struct sk_message_id message;
    struct sk_participant_id participant;
    struct sk_org to;
    bool taken;
    struct sk_bytes item;   /* as it may leave */
    struct sk_bytes record; /* its ledger entry, sent */
};
struct sk_ready {
    /* What it was decided from. */
    uint64_t version; /* of the store's tables */
    uint64_t bundle_number;
    uint64_t now_ms;
    size_t count;
    struct sk_ready_entry list[SK_READY_MAX];
    uint16_t slots[SK_READY_SLOTS]; /* by id: place in list + 1; 0: none */
    struct sk_arena memory;         /* SK_READY_SIZE */
};
/* Forget; the batch is over, or was taken back. */
void sk_ready_forget(struct sk_engine *e);
/* Write the entries that wait in memory, as queued: whoever reads the ledger
   does this first.  What is sent then is decided again. */
SK_CHECKED enum sk_status sk_ready_settle(struct sk_engine *e);
/* The item of this message, its ledger entry written; SK_E_NOT_FOUND: decide.
 */
SK_CHECKED enum sk_status sk_ready_take(struct sk_engine *e,
                                        const struct sk_message_id *message,
                                        struct sk_room room,
                                        struct sk_bytes *out);

/* Where its item is to be made, so that it need not be copied; SK_E_NO_ROOM:
   it cannot be kept. */
SK_CHECKED enum sk_status sk_ready_room(struct sk_engine *e,
                                        struct sk_room *out);
/* Keep what was made there for sk_ready_take(), with its entry as sent;
   SK_E_NO_ROOM: not kept. */
SK_CHECKED enum sk_status sk_ready_put(struct sk_engine *e,
                                       const struct sk_ledger_entry *sent,
                                       struct sk_bytes item);

#endif
