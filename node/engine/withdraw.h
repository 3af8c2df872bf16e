/*
 * A consent is taken back: recall and notices.           docs/CONSENT.md 4
 *
 *   withdraw.c  what leaves, what comes in    told.c  what a partner passes on
 *   recall_later.c  for very much, in parts
 */
#ifndef SK_NODE_ENGINE_WITHDRAW_H
#define SK_NODE_ENGINE_WITHDRAW_H

#include "node/engine/engine.h"
#include "node/engine/ledger.h"

/* After a withdrawal was recorded: drop from the queue, recall, queue the
   notices (CONSENT 4.2 to 4.4).  Packs into e->reply *keys keys with their
   values: "dropped", "notices", and "under_way" when there are more messages
   than e->recall_part; they follow (recall_later.c), and the lists are empty.
   */
SK_CHECKED enum sk_status
sk_withdraw_recall(struct sk_engine *e,
                   const struct sk_participant_id *participant,
                   const struct sk_consent_id *withdrawal, size_t *keys);
/* The same of one page of messages. */
SK_CHECKED enum sk_status sk_withdraw_part(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_consent_id *withdrawal, struct sk_ledger_page *page);
/* The same for who asks to be forgotten (CONSENT 5.2): nothing waits any more,
   everything out there is asked back whole, with an ERASURE for this ground;
   and SK_T_ERASURE remembers it. */
SK_CHECKED enum sk_status sk_erasure_recall(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_consent_id *withdrawal, struct sk_bytes ground);
SK_CHECKED enum sk_status sk_withdraw_apply(struct sk_engine *e,
                                            const struct sk_org *from,
                                            const struct sk_item *item,
                                            const char **refusal);
/* TOLD: a partner passes on a withdrawal.  bytes: the item as it came.
   told.c */
#define SK_TOLD_MAX 64 /* per partner and person: see CONSENT 4.1 */
SK_CHECKED enum sk_status sk_told_apply(struct sk_engine *e,
                                        const struct sk_org *from,
                                        struct sk_bytes bytes,
                                        const struct sk_item_told *told,
                                        const char **refusal);
/* ERASED or KEPT came back. */
SK_CHECKED enum sk_status sk_withdraw_answer(struct sk_engine *e,
                                             const struct sk_org *from,
                                             const struct sk_item *item,
                                             const char **refusal);
/* ------------------------------------------------------------- recall_later.c
 */
/* What follows from this withdrawal is done in parts, from the next batch on.
 */
SK_CHECKED enum sk_status
sk_recall_later(struct sk_engine *e,
                const struct sk_participant_id *participant,
                const struct sk_consent_id *withdrawal);
/* Do what is left of it, before what is known of the person changes. */
SK_CHECKED enum sk_status
sk_recall_settle(struct sk_engine *e,
                 const struct sk_participant_id *participant);
/* How many are under way. */
SK_CHECKED enum sk_status sk_recalls_count(struct sk_engine *e, uint64_t *out);
/* Once per batch, before frames leave: a part of one. */
SK_CHECKED enum sk_status sk_recall_run(struct sk_engine *e);

#endif
