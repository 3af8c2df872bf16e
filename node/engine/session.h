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

#include "node/engine/engine.h"
#include "node/engine/outbox.h"
#include "protocol/message.h"

/* PROTOCOL.md 6.10: the largest incarnation and number on the wire. */
#define SK_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* How long an envelope may be without receipt before we ask. */
#define SK_RECEIPT_WAIT_MS 5000

/* Receipts that are kept to be given again, per partner. */
#define SK_ANSWERS_MAX 256

/* Volatile: what is known of the line with one partner right now. */
struct sk_session {
    /* Both change only with cards_number of the engine, and come first. */
    struct sk_org org;
    struct sk_card card;   /* as stored; version 0: none yet */
    bool has_curve_before; /* of its card before: lines may still use it */
    struct sk_curve_public curve_before;
    bool known;         /* in the roster with a card */
    bool suspended;     /* not active in the roster */
    bool up;            /* the transport reaches it */
    bool greeted;       /* its HELLO came since `up` */
    bool announce;      /* ours is new: say HELLO */
    bool clock_known;   /* its HELLO said what its clock is */
    bool clock_ahead;   /* of ours, at that moment */
    bool line_known;    /* the transport said something about it */
    bool asking;        /* our HELLO waits for its answer */
    bool prove_due;     /* its journal must be asked for a proof; witness.c */
    bool findings_due;  /* what was found of it is said once per greeting */
    bool prove_asked;   /* PROVE left and was not answered: this one */
    bool proved;        /* it proved something since the line is up */
    uint64_t heard_ms;  /* last good message, 0 never */
    uint64_t hello_ms;  /* when we last sent HELLO, 0 never */
    uint64_t confirmed; /* the last row in SK_T_STORED, and its second */
    uint64_t confirmed_s;
    uint64_t sent;     /* number of the last item put in an envelope
                          since greeted */
    uint64_t retry_ms; /* when to say HELLO again if unanswered */
    uint32_t failures;
    uint32_t full_times;       /* it had no room, in a row */
    uint64_t charter_version;  /* from its HELLO */
    uint64_t charter_later_ms; /* do not ask it for a charter before; 0 */
    uint64_t their_card; /* version of our card that its HELLO named; 0: none */
    uint64_t card_said;  /* version that we sent it, because it is new */
    uint64_t clock_off_ms;   /* so much ahead or behind */
    uint64_t hello_until_ms; /* HELLOs answered, and charters given, until */
    uint64_t want_until_ms;  /* then: session.c, charter_share.c */
    char refused[SK_CODE_SIZE_MAX + 1]; /* last refusal it gave, or "" */
    uint64_t spoke_ms;                  /* last frame to it, 0 never */
    uint64_t complained_ms; /* when we last refused an unreadable frame */
    uint64_t applying;      /* number of the item that is being applied */
    uint64_t flight[SK_IN_FLIGHT_MAX]; /* envelopes without receipt: last */
    size_t flight_count;
    uint64_t full_ms;         /* it has no room: nothing leaves before; 0 */
    uint64_t refused_ms;      /* when we last said that we have no room */
    uint64_t prove_ms;        /* no PROVE before */
    struct sk_prove prove;    /* the one that left */
    uint64_t proof_until_ms;  /* PROOFs given, until then */
    uint64_t said_until_ms;   /* answers to ITEMS: receive.c */
    uint64_t wasted_until_ms; /* opened for nothing: session.c */
    uint64_t reminded;        /* last entry of our log that reminds it whose a
                                 trajectory is; 0: none */
    struct sk_log log;        /* as in the store, when log.loaded */
};

SK_CHECKED enum sk_status sk_session_frame(struct sk_engine *e,
                                           const struct sk_org *from,
                                           struct sk_bytes frame);
SK_CHECKED enum sk_status sk_session_link(struct sk_engine *e,
                                          const struct sk_org *peer, bool up);
SK_CHECKED enum sk_status sk_session_timer(struct sk_engine *e);
SK_CHECKED enum sk_status sk_session_stop(struct sk_engine *e);
SK_CHECKED enum sk_status sk_session_pump(struct sk_engine *e);
/* What the partner answered to message.replay of this message: "pending",
   "duplicate", "recalled"; NULL when it was not replayed. */
const char *sk_replay_answer(const struct sk_engine *e,
                             const struct sk_message_id *id);

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
