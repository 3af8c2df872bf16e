/*
 * An entry of a node's journal: that something happened, and when; ids,
 * codes, hashes and numbers, never a value.           docs/PROTOCOL.md 11.2
 *
 * Wire: array of 7, canonical msgpack; the leaf of the tree is these bytes
 *     uint    kind       below
 *     uint    at_s       of the node's clock
 *     str     org        the partner concerned; empty: none
 *     array   ids        0..2 of bin 16; random ones, of no person
 *     array   numbers    0..3 of uint
 *     bin     hash       32 bytes, or none
 *     str     word       a code; empty: none
 *
 * Pure; a decoded entry has views into the input.
 */
#ifndef SK_PROTOCOL_JOURNAL_H
#define SK_PROTOCOL_JOURNAL_H

#include "protocol/base.h"
#include "protocol/status.h"

/* name, text for `schakel journal`; what ids, numbers, hash and word are. */
#define SK_ENTRY_LIST(X)                                                       \
    X(1, SENT, "sent")         /* message; place in the log */                 \
    X(2, RECEIVED, "received") /* message; incarnation, number */              \
    X(3, REFUSED, "refused")   /* message?; incarnation, number; code */       \
    X(4, DECLINED, "declined") /* message that the partner refused; code */    \
    X(5, RECEIPT_GIVEN, "receipt-given") /* incarnation, last; root */         \
    X(6, RECEIPT_TAKEN, "receipt-taken") /* incarnation, last; root */         \
    X(7, CONSENT, "consent")             /* consent; record; state */          \
    X(8, TOLD, "told")                   /* message */                         \
    X(9, RECALL_SENT, "recall-sent")     /* notice; messages */                \
    X(10, RECALL_TAKEN, "recall-taken")  /* notice; messages */                \
    X(11, ANSWER_SENT, "answer-sent")    /* notice; messages; erased, kept */  \
    X(12, ANSWER_TAKEN, "answer-taken")  /* notice; messages; erased, kept */  \
    X(13, ERASED, "erased")           /* message whose last day was there */   \
    X(14, HANDOVER, "handover")       /* handover; epoch; state */             \
    X(15, OWNER, "owner")             /* trajectory; epoch */                  \
    X(16, POLICY, "policy")           /* version; MANIFEST; refused, waits */  \
    X(17, CHARTER, "charter")         /* version; MANIFEST */                  \
    X(18, CARD, "card")               /* version; card */                      \
    X(19, INCARNATION, "incarnation") /* of the log to org */                  \
    X(20, BACKUP, "backup")           /* */                                    \
    X(21, RESTORED, "restored")       /* entries of the log before */          \
    X(22, FINDING, "finding")         /* number; what was found */             \
    X(23, OBJECTION, "objection")     /* objection; state */

enum sk_entry_kind {
#define SK_ENTRY_NAME(number, name, text) SK_ENTRY_##name = (number),
    SK_ENTRY_LIST(SK_ENTRY_NAME)
#undef SK_ENTRY_NAME
};

#define SK_ENTRY_IDS_MAX 2
#define SK_ENTRY_NUMBERS_MAX 3
#define SK_ENTRY_WORD_MAX 40
/* head, kind, at; org; ids; numbers; hash; word */
#define SK_ENTRY_SIZE_MAX (1 + 1 + 9 + 66 + 1 + 2 * 18 + 1 + 3 * 9 + 34 + 42)

struct sk_entry {
    enum sk_entry_kind kind;
    uint64_t at_s;
    struct sk_bytes org;
    struct sk_id ids[SK_ENTRY_IDS_MAX];
    size_t ids_count;
    uint64_t numbers[SK_ENTRY_NUMBERS_MAX];
    size_t numbers_count;
    bool has_hash;
    struct sk_hash hash;
    struct sk_bytes word;
};

/* "sent"; static, never NULL. */
const char *sk_entry_kind_text(enum sk_entry_kind kind);

/* Fails with SK_E_NO_ROOM; SK_ENTRY_SIZE_MAX is always enough. */
SK_CHECKED enum sk_status sk_entry_encode(const struct sk_entry *entry,
                                          struct sk_room room,
                                          struct sk_bytes *out);
/* Fails with SK_E_BAD_*. */
SK_CHECKED enum sk_status sk_entry_decode(struct sk_bytes in,
                                          struct sk_entry *out);

#endif
