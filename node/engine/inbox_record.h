/*
 * The records of what partners sent, and the orders in which they are found.
 */
#ifndef SK_NODE_ENGINE_INBOX_RECORD_H
#define SK_NODE_ENGINE_INBOX_RECORD_H

#include "node/engine/engine.h"
#include "protocol/item.h"

/* What is kept, sealed under a data key of the message. */
struct sk_inbox_record {
    struct sk_id key_owner;
    struct sk_org from;
    struct sk_handle handle; /* zero: it is about nobody */
    uint64_t number;         /* order of arrival here */
    uint64_t incarnation;    /* and its place in the log of `from` */
    uint64_t place;
    uint64_t received_ms;
    uint64_t opened_ms;
    uint64_t accepted_ms;
    struct sk_words locked;
    struct sk_bytes item;       /* as it came, or what is left of it */
    struct sk_bytes correction; /* an item, not taken over yet; or empty */
    uint64_t corrected_ms;
};

/* SK_E_NOT_FOUND also when its data key was destroyed.  Views in scratch. */
SK_CHECKED enum sk_status sk_inbox_load(struct sk_engine *e,
                                        const struct sk_message_id *id,
                                        struct sk_inbox_record *out);
SK_CHECKED enum sk_status sk_inbox_save(struct sk_engine *e,
                                        const struct sk_message_id *id,
                                        const struct sk_inbox_record *record);
/* The order of arrival at this node, at its partner, under its handle; and
   whose it is. */
SK_CHECKED enum sk_status sk_inbox_index(struct sk_engine *e,
                                         const struct sk_message_id *id,
                                         const struct sk_inbox_record *record);
/* In no list of a coach any more. */
SK_CHECKED enum sk_status sk_inbox_unlist(struct sk_engine *e,
                                          const struct sk_inbox_record *record,
                                          bool opened);
/* Away with it, its places and its data key. */
SK_CHECKED enum sk_status sk_inbox_drop(struct sk_engine *e,
                                        const struct sk_message_id *id,
                                        const struct sk_inbox_record *record);
/* Bytes that it counts for while nobody opened it; and count them. */
size_t sk_inbox_waiting_of(const struct sk_inbox_record *record);
SK_CHECKED enum sk_status sk_inbox_count_waiting(struct sk_engine *e,
                                                 const struct sk_org *from,
                                                 size_t before, size_t after);

#endif
