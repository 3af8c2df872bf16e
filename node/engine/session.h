/*
 * Inside delivery: what the files about one partner's line share.
 *                                                        docs/PROTOCOL.md 8
 *   outbox.c   the log: entries, cursors, pending
 *   wire.c     sign, seal and send one message; open one frame
 *   session.c  the line: link, HELLO, time-outs, frames that arrive
 *   deliver.c  ITEMS out; receipts and refusals that come back
 *   receive.c  ITEMS in: order, duplicates, answers
 *   apply.c    one item;  inbox.c: what is kept of it
 *   charter_share.c  newer charters: asked for, given, taken
 *   held.c     after a restore: what does the partner have of us?
 *   replay.c   rehearsals: the last envelopes, to send them once more
 *   peer.c     how it stands, for people
 *
 *                 LINK up: HELLO               its HELLO
 *     DOWN -----------------------> ASKING -----------------> GREETED
 *      ^                             ^  |  silence, no receipt,   |
 *      |                             |  |  BYE, a gap             |
 *      |                             +--|-------------------------+
 *      +--------------------------------+   LINK down
 *
 * Only GREETED sends items.  The answer to a HELLO that asks says where to go
 * on, so what was in the air is never missed and never applied twice (I10).
 */
#ifndef SK_NODE_ENGINE_SESSION_H
#define SK_NODE_ENGINE_SESSION_H

#include "node/engine/internal.h"

/* PROTOCOL.md 6.10: the largest incarnation and number on the wire. */
#define SK_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* How long an envelope may be without receipt before we ask. */
#define SK_RECEIPT_WAIT_MS 5000

/* Receipts that are kept to be given again, per partner. */
#define SK_ANSWERS_MAX 256

/* ------------------------------------------------------------- outbox.c */
/* A new incarnation of our log whose item 1 is entry base + 1. */
void sk_log_restart(struct sk_log *log, uint64_t incarnation, uint64_t base);
/* The partner has this number, but as VOID. */
SK_CHECKED enum sk_status
sk_outbox_voided(struct sk_engine *e, const struct sk_org *to, uint64_t number);

/* ------------------------------------------------------------- wire.c */
/* Sign and write, in scratch. */
SK_CHECKED enum sk_status sk_wire_sign(struct sk_engine *e,
                                       const struct sk_session *s,
                                       struct sk_message *message,
                                       struct sk_bytes *plain);
/* Seal a signed message and send it. frame: what left, or NULL. */
SK_CHECKED enum sk_status sk_wire_forward(struct sk_engine *e,
                                          struct sk_session *s,
                                          struct sk_bytes plain,
                                          struct sk_bytes *frame);
/* All three in one. */
SK_CHECKED enum sk_status sk_wire_send(struct sk_engine *e,
                                       struct sk_session *s,
                                       struct sk_message *message);
/* Fill a refusal; code and check are static texts. */
void sk_wire_refusal(const char *code, const char *check,
                     struct sk_message *out);
SK_CHECKED enum sk_status sk_wire_refuse(struct sk_engine *e,
                                         struct sk_session *s, const char *code,
                                         const char *check);
/*
 * Open a frame and verify what is inside; views in scratch.
 * code, check: set, and the status SK_E_REFUSED, when it is not good.  A CARD
 * is also believed when the card inside is under the charter's identity and
 * its own key signed the message: that is how keys rotate.
 */
SK_CHECKED enum sk_status
sk_wire_open(struct sk_engine *e, const struct sk_session *s,
             struct sk_bytes frame, struct sk_message *out,
             struct sk_bytes *plain, const char **code, const char **check);
/* Send our own card, when the store has it as signed bytes. */
SK_CHECKED enum sk_status sk_wire_card(struct sk_engine *e,
                                       struct sk_session *s);

/* ------------------------------------------------------------- session.c */
/* May this partner have one more of something?  Each takes cost_ms of its
   time, and it may be burst_ms ahead of the clock. */
bool sk_session_has_time(const struct sk_engine *e, uint64_t *until_ms,
                         uint64_t cost_ms, uint64_t burst_ms);
/* Say HELLO.  answer: ask where to go on. */
SK_CHECKED enum sk_status sk_session_hello(struct sk_engine *e,
                                           struct sk_session *s, bool answer);
/* How long to wait after so many failures in a row. */
uint64_t sk_backoff_ms(uint32_t failures);
/* Something is wrong with the line: ask, at once or after the back-off. */
void sk_session_doubt(struct sk_engine *e, struct sk_session *s);
/* A frame of it was opened and is dropped: it sends more than 8.9 lets it.
   When that goes on, some are dropped unopened. */
void sk_session_waste(const struct sk_engine *e, struct sk_session *s);
/* PROTOCOL.md 8.3: a higher incarnation of the partner's log is a new log.
   late: it began too many (8.9); not this one, and we ask later. */
SK_CHECKED enum sk_status sk_session_adopt(struct sk_engine *e,
                                           struct sk_session *s,
                                           uint64_t incarnation, bool *late);

/* ------------------------------------------------------------- inbox.c */
/* Why this message of `from` cannot come (again): "recalled", "expired"; NULL
   when nothing is against it. */
/* Everything about one message, as inbox.open shows it.  inbox_ops.c */
SK_CHECKED enum sk_status sk_inbox_pack(struct sk_engine *e, struct sk_pack *p,
                                        const struct sk_inbox_entry *entry);
SK_CHECKED enum sk_status sk_inbox_gone(struct sk_engine *e,
                                        const struct sk_org *from,
                                        const struct sk_message_id *id,
                                        const char **code);
/* SK_OK: this message of `from` is kept; SK_E_EXISTS: another partner used the
   same id, or it is the id of a person here; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_inbox_has(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_message_id *id);
/* The messages of `from` behind item `after` of that incarnation, oldest
   first: keys of a scan whose values are message ids. */
/* Everything that came, in order of arrival, behind a number; and the next of
   it with its number.  SK_E_NOT_FOUND at the end. */
struct sk_scan sk_inbox_arrived(struct sk_engine *e, uint64_t after);
SK_CHECKED enum sk_status sk_inbox_next(struct sk_engine *e,
                                        struct sk_scan *scan, uint64_t *number,
                                        struct sk_org *from,
                                        struct sk_message_id *id);
struct sk_scan sk_inbox_behind(struct sk_engine *e, const struct sk_org *from,
                               uint64_t incarnation, uint64_t after);
/* The messages of `from` under that handle, in order of arrival: keys of a scan
   whose values are message ids. */
struct sk_scan sk_inbox_about(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_handle *handle);
/* Keep a message that came, under a data key of its own.  handle: whom it is
   about, NULL: nobody; item: its bytes as they came. */
SK_CHECKED enum sk_status sk_inbox_add(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_message_id *id,
                                       const struct sk_handle *handle,
                                       struct sk_bytes item);

/* ------------------------------------------------------------- apply.c */
/* I5: a field of the vocabulary at a level of it, and a name that hides
   nothing. */
bool sk_field_is_known(const struct sk_vocabulary *v,
                       const struct sk_item_field *sent);
/* I5: type, fields and levels are words of the vocabulary. */
bool sk_words_are_known(const struct sk_vocabulary *v,
                        const struct sk_item_event *event);
/* An instant that a partner named, not later than a day from now. */
uint64_t sk_partner_ms(const struct sk_engine *e, uint64_t at_ms);

/* ------------------------------------------------------------- deliver.c */
/* As many envelopes as the credit allows. */
SK_CHECKED enum sk_status sk_deliver_out(struct sk_engine *e,
                                         struct sk_session *s);
SK_CHECKED enum sk_status sk_deliver_receipt(struct sk_engine *e,
                                             struct sk_session *s,
                                             const struct sk_receipt *receipt,
                                             struct sk_bytes plain);
SK_CHECKED enum sk_status sk_deliver_refusal(struct sk_engine *e,
                                             struct sk_session *s,
                                             const struct sk_refusal *refusal);

/* ------------------------------------------------------------- receive.c */
SK_CHECKED enum sk_status sk_deliver_items(struct sk_engine *e,
                                           struct sk_session *s,
                                           const struct sk_items *items);
/* The answers to the partner's last envelopes, once more. */
SK_CHECKED enum sk_status sk_deliver_answers(struct sk_engine *e,
                                             struct sk_session *s);

/* ------------------------------------------------------------- charter_share.c
 * PROTOCOL.md 8.10 */
/* WANT came: a part of that version, or a refusal. */
SK_CHECKED enum sk_status sk_charter_wanted(struct sk_engine *e,
                                            struct sk_session *s,
                                            const struct sk_want *want);
/* CHARTER came.  The last part may put it into force: sessions move. */
SK_CHECKED enum sk_status sk_charter_part(struct sk_engine *e,
                                          struct sk_session *s,
                                          const struct sk_charter_part *part);
/* A REFUSAL with check "charter" came. */
void sk_charter_not_given(struct sk_engine *e, struct sk_session *s,
                          const char *code);
/* Ask who has a newer one, if any; when to look again. */
SK_CHECKED enum sk_status sk_charter_tend(struct sk_engine *e);
void sk_charter_schedule(struct sk_engine *e);

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

/* ------------------------------------------------------------- replay.c */
/* One item, in memory of the engine that scratch does not clear: for the one
   that is being applied.  It holds views only. */
struct sk_item *sk_item_room(struct sk_engine *e);
/* Remember an envelope of items that leaves; messages: the events in it. */
void sk_replay_keep(struct sk_engine *e, const struct sk_org *to,
                    uint64_t incarnation, uint64_t last,
                    const struct sk_message_id *messages, size_t count,
                    struct sk_bytes frame);
/* Send the last envelope with this message once more.  SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_replay_send(struct sk_engine *e,
                                         const struct sk_message_id *id);
/* What came back: a receipt up to `last`, or a refusal of one message. */
void sk_replay_receipt(struct sk_engine *e, const struct sk_org *from,
                       uint64_t incarnation, uint64_t last);
void sk_replay_refusal(struct sk_engine *e, const struct sk_org *from,
                       const struct sk_message_id *id, const char *code);

#endif
