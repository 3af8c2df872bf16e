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

#include "node/engine/internal.h"

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

/* ------------------------------------------------------------- erasure.c */
/* Answer what partners ask to erase, the oldest first, as a person does with
   erasure.confirm; not what a law keeps.  count: how many, at most count_max.
 */
SK_CHECKED enum sk_status sk_erasure_settle(struct sk_engine *e,
                                            size_t count_max, size_t *count);
/* These messages of one partner are erased here without being asked: it is
   told.  At most SK_ITEM_ENTRIES_MAX. */
SK_CHECKED enum sk_status
sk_erasure_unasked(struct sk_engine *e, const struct sk_org *from,
                   const struct sk_message_id *messages, size_t count);
/* A law makes us keep one through this day: locked, and its partner is told. */
SK_CHECKED enum sk_status
sk_erasure_keep_one(struct sk_engine *e, const struct sk_org *from,
                    const struct sk_message_id *message, struct sk_bytes law,
                    int32_t day);

/* Messages of a partner that are here because of a law. */
SK_CHECKED enum sk_status sk_erasure_kept(struct sk_engine *e,
                                          const struct sk_org *from,
                                          uint64_t *count);

/* ------------------------------------------------------------- notice.c */
/* Recalls that a partner has not answered in full. */
SK_CHECKED enum sk_status sk_notice_waiting(struct sk_engine *e,
                                            const struct sk_org *to,
                                            uint64_t *count);

#endif
