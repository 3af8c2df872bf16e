/*
 * Notices of withdrawal and erasure: what was asked of whom, and the answers.
 *                                               docs/CONSENT.md 4.4 to 4.6, 5.2
 * SK_T_NOTICE_OUT, at the one who sent the data: notice -> array of 6
 *     str to, bin participant, bin withdrawal, uint at_ms, uint answered_ms
 *     (0: not yet), array of message ids still unanswered
 * At the recipient: notice_in.h.
 * Ids and words, no values.
 */
#ifndef SK_NODE_ENGINE_NOTICE_H
#define SK_NODE_ENGINE_NOTICE_H

#include "node/engine/engine.h"
#include "protocol/item.h"
#include "protocol/pack.h"

/* One notice: messages, and bytes of their ids and fields, at most; a longer
   list is several notices. */
#define SK_NOTICE_MESSAGES_MAX 128
#define SK_NOTICE_SIZE_MAX ((size_t)16 * 1024)

/* sealed: as in sk_timers_recall(). */
SK_CHECKED enum sk_status
sk_notice_out_put(struct sk_engine *e, const struct sk_org *to,
                  const struct sk_participant_id *participant,
                  const struct sk_consent_id *withdrawal,
                  const struct sk_item_withdrawn *notice, bool sealed);

/* The key "messages": map of id to "all" or a list of fields.  Entries ascend
   by id. */
void sk_notice_pack_messages(struct sk_pack *p,
                             const struct sk_item_entry *entries, size_t count);

/* Recalls that a partner has not answered in full. */
SK_CHECKED enum sk_status sk_notice_waiting(struct sk_engine *e,
                                            const struct sk_org *to,
                                            uint64_t *count);

#endif
