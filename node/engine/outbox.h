/*
 * A log per partner: what is to leave, in order.          docs/PROTOCOL.md 8
 */
#ifndef SK_NODE_ENGINE_OUTBOX_H
#define SK_NODE_ENGINE_OUTBOX_H

#include "node/engine/engine.h"
#include "protocol/item.h"

struct sk_session;

/* What is kept about the two logs with one partner (SK_T_PEER).  Entries of
   our log have numbers that never start again; on the wire the first item
   after `base` is item 1 of the incarnation. */
#define SK_RANGES_MAX 32
struct sk_range { /* an envelope that was handed to the transport */
    uint64_t first;
    uint64_t last;
    struct sk_hash root;
    uint8_t voided[SK_ITEMS_COUNT_MAX / 8]; /* items that left as VOID */
};
/* Counted where they change, so that nobody has to count them. */
enum sk_log_count {
    SK_COUNT_EVENTS,  /* behind the partner's receipt, and not dropped */
    SK_COUNT_UNREAD,  /* messages of the partner that nobody opened */
    SK_COUNT_NOTICES, /* what it asks back and nobody answered */
    SK_COUNT_WAITING, /* bytes of both */
    SK_COUNTS
};
struct sk_log {
    bool loaded;
    bool due; /* to be written at the end of the batch */
    uint64_t incarnation;
    uint64_t base;
    uint64_t head;            /* last entry queued; base when there is none */
    uint64_t handed;          /* last entry that ever left in an envelope */
    uint64_t stored;          /* last entry that the partner's receipt names */
    uint64_t old_incarnation; /* the one before, 0: none */
    uint64_t old_base;
    struct sk_range ranges[SK_RANGES_MAX]; /* left, not yet confirmed */
    size_t ranges_count;
    uint64_t peer_incarnation; /* of the partner's log; 0: none yet */
    uint64_t peer_cursor;      /* last item of it that was applied */
    uint64_t answers;          /* receipts kept in SK_T_RECEIPT */
    uint64_t told;             /* peer incarnation that got its HELD */
    uint64_t counts[SK_COUNTS];
};
enum sk_out_kind {
    SK_OUT_EVENT = 1,      /* id: the message; decided at sending */
    SK_OUT_ITEM = 2,       /* bytes: an encoded item without personal values */
    SK_OUT_CORRECTION = 3, /* ids: of that message; decided at sending */
};
struct sk_out_entry {
    enum sk_out_kind kind;
    struct sk_message_id message; /* EVENT, CORRECTION */
    struct sk_id correction;      /* CORRECTION */
    struct sk_bytes item;         /* ITEM */
};
/* The number that the next entry towards `to` gets. */
SK_CHECKED enum sk_status
sk_outbox_next(struct sk_engine *e, const struct sk_org *to, uint64_t *number);
/* Append to the log towards `to`.  The number it got in *number. */
SK_CHECKED enum sk_status sk_outbox_put(struct sk_engine *e,
                                        const struct sk_org *to,
                                        const struct sk_out_entry *entry,
                                        uint64_t *number);
/* An item to fill, in scratch: zero, and no larger than one of this kind with
   so many fields, entries or messages (sk_item_size()).  NULL: no room. */
struct sk_item *sk_item_new(struct sk_engine *e, enum sk_item_kind kind,
                            size_t count);
/* Encode and append in one. */
SK_CHECKED enum sk_status sk_outbox_item(struct sk_engine *e,
                                         const struct sk_org *to,
                                         const struct sk_item *item);
/* How things stand with the logs of one partner; SK_E_NOT_FOUND never: all
   zero but the incarnation. */
SK_CHECKED enum sk_status
sk_log_get(struct sk_engine *e, const struct sk_org *org, struct sk_log *out);
SK_CHECKED enum sk_status sk_log_put(struct sk_engine *e,
                                     const struct sk_org *org,
                                     const struct sk_log *log);
/* That of a session is written once per batch, at its end or before somebody
   reads SK_T_PEER itself. */
SK_CHECKED enum sk_status sk_log_settle(struct sk_engine *e);
/* Count up or down, and store it. */
SK_CHECKED enum sk_status sk_log_add(struct sk_engine *e,
                                     const struct sk_org *org,
                                     enum sk_log_count which, int64_t by);
/* The same for a caller of sk_log_put(): in the session only. */
void sk_log_add_later(struct sk_session *s, enum sk_log_count which,
                      int64_t by);
/* One entry; its bytes are a view that dies at the next write. */
SK_CHECKED enum sk_status sk_outbox_get(struct sk_engine *e,
                                        const struct sk_org *to,
                                        uint64_t number,
                                        struct sk_out_entry *out);
/* Nothing stands at this number any more: its place is empty. */
SK_CHECKED enum sk_status
sk_outbox_remove(struct sk_engine *e, const struct sk_org *to, uint64_t number);
/* Items not yet confirmed stored by `to` (NULL: by anybody).  events: those
   of them that were not dropped. */
SK_CHECKED enum sk_status sk_outbox_pending(struct sk_engine *e,
                                            const struct sk_org *to,
                                            uint64_t *events, uint64_t *items);
/* One count over all partners, also those that left the charter. */
SK_CHECKED enum sk_status sk_log_total(struct sk_engine *e,
                                       enum sk_log_count which, uint64_t *out);
/* Called for every item that `to` now has stored (once, in order), and then
   for all of them: their ledger entries are not written, but know it. */
SK_CHECKED enum sk_status
sk_outbox_stored(struct sk_engine *e, const struct sk_org *to, uint64_t number);
SK_CHECKED enum sk_status sk_outbox_confirm(struct sk_engine *e,
                                            const struct sk_org *to,
                                            uint64_t last, uint64_t at_ms);
/* When `to` said that it has this item; SK_E_NOT_FOUND: it did not. */
SK_CHECKED enum sk_status sk_outbox_stored_at(struct sk_engine *e,
                                              const struct sk_org *to,
                                              uint64_t number, uint64_t *at_ms);
/* A new incarnation of our log whose item 1 is entry base + 1. */
void sk_log_restart(struct sk_log *log, uint64_t incarnation, uint64_t base);
/* The partner has this number, but as VOID. */
SK_CHECKED enum sk_status
sk_outbox_voided(struct sk_engine *e, const struct sk_org *to, uint64_t number);

#endif
