/*
 * Backups, and after one was restored.                 docs/PROTOCOL.md 8.4
 */
#ifndef SK_NODE_ENGINE_RESTORED_H
#define SK_NODE_ENGINE_RESTORED_H

#include "node/engine/engine.h"
#include "node/engine/outbox.h"

/* ------------------------------------------------------------- backup.c */
/* Let go of a moment that nobody reads any more. */
void sk_backup_expire(struct sk_engine *e);
/* ------------------------------------------------------------- restored.c */
/* At open, with the sessions there: mark who must be asked. */
SK_CHECKED enum sk_status sk_restored_load(struct sk_engine *e);
/* Must this partner still be asked?  Then it is done now. */
SK_CHECKED enum sk_status sk_restored_take(struct sk_engine *e,
                                           const struct sk_org *org, bool *out);
/* ------------------------------------------------------------- hold.c */
/* After a restore no event leaves until a person says that what came on paper
   after the backup was entered again (restore.done).  Everything else does. */
SK_CHECKED enum sk_status sk_hold_start(struct sk_engine *e);
SK_CHECKED enum sk_status sk_hold_since(struct sk_engine *e, bool *on,
                                        uint64_t *since_ms);
/* On hold, this event is put aside and its place in the log is empty: *out. */
SK_CHECKED enum sk_status
sk_hold_aside(struct sk_engine *e, const struct sk_org *to, uint64_t number,
              const struct sk_message_id *message, bool *out);
/* The key "hold" of node.status; only while on hold. */
SK_CHECKED enum sk_status sk_hold_pack(struct sk_engine *e, uint64_t since_ms);

/* ------------------------------------------------------------- held.c
 * After a restore: the ledger is made whole from what the partner has. */
/* We are a backup: start a new incarnation at `base` and ask `to` what it has
   of the old one behind the last receipt.  PROTOCOL.md 8.4 */
SK_CHECKED enum sk_status sk_held_restart(struct sk_engine *e,
                                          const struct sk_org *to,
                                          struct sk_log *log,
                                          uint64_t incarnation);
/* ASKED came: tell what is kept of `from`. */
SK_CHECKED enum sk_status sk_held_tell(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_item_asked *asked,
                                       const char **refusal);
/* HELD came: what the ledger does not know is written into it. */
SK_CHECKED enum sk_status sk_held_apply(struct sk_engine *e,
                                        const struct sk_org *from,
                                        const struct sk_item_held *held,
                                        const char **refusal);
/* A partner holds this of a participant who took the consent back meanwhile:
   recall it (CONSENT 4.3).  held_recall.c */
SK_CHECKED enum sk_status
sk_held_recall(struct sk_engine *e, const struct sk_participant_id *participant,
               const struct sk_org *to, const struct sk_item_event *event);

/* ------------------------------------------------------------- taken.c */
/* A partner asks something back: remember what, without what it was. */
SK_CHECKED enum sk_status sk_taken_put(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_item_withdrawn *item);
/* It forgot, and asks: tell it as what the person said here (TOLD), at most
   count of them. */
SK_CHECKED enum sk_status sk_taken_tell(struct sk_engine *e,
                                        const struct sk_org *from,
                                        const struct sk_item_asked *asked,
                                        size_t count);

#endif
