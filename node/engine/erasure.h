/*
 * Answers to what partners ask back: erased, or kept under a law.
 *                                                        docs/CONSENT.md 4.5
 *   erasure.c   it arrives, and is answered      erasure_ops.c   operations
 */
#ifndef SK_NODE_ENGINE_ERASURE_H
#define SK_NODE_ENGINE_ERASURE_H

#include "node/engine/notice_in.h"
#include "protocol/item.h"

/* A law makes us keep it through this day (erasure.refuse), so that it is not
   erased at an earlier erase_by; INT32_MIN: no law.  For sk_inbox_expire(). */
SK_CHECKED enum sk_status
sk_erasure_keep_until(struct sk_engine *e, const struct sk_org *from,
                      const struct sk_message_id *message, int32_t *until);
/* What a notice names: erase it; or keep it through this day; and tell who
   asked (ERASED or KEPT; the caller filled what differs): then it is closed. */
SK_CHECKED enum sk_status sk_erasure_erase(struct sk_engine *e,
                                           const struct sk_notice_in *notice);
SK_CHECKED enum sk_status sk_erasure_keep(struct sk_engine *e,
                                          const struct sk_notice_in *notice,
                                          int32_t day);
SK_CHECKED enum sk_status sk_erasure_answer(struct sk_engine *e,
                                            const struct sk_notice_in *notice,
                                            struct sk_item *item);
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
/* Nobody reads it any more, and it goes the day after this one, also what of it
   might have stayed longer. */
SK_CHECKED enum sk_status
sk_erasure_keep_whole(struct sk_engine *e, const struct sk_org *from,
                      const struct sk_message_id *message, int32_t day);
/* A law makes us keep one through this day: so, and its partner is told. */
SK_CHECKED enum sk_status
sk_erasure_keep_one(struct sk_engine *e, const struct sk_org *from,
                    const struct sk_message_id *message, struct sk_bytes law,
                    int32_t day);

/* Messages of a partner that are here because of a law. */
SK_CHECKED enum sk_status sk_erasure_kept(struct sk_engine *e,
                                          const struct sk_org *from,
                                          uint64_t *count);

#endif
