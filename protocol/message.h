/*
 * What is inside an envelope: one signed message.        docs/PROTOCOL.md 6
 * Wire: array of 3
 *     uint     kind        1 HELLO, 2 ITEMS, 3 RECEIPT, 4 REFUSAL, 5 CARD,
 *                          6 BYE, 7 WANT, 8 CHARTER, 9 PROVE, 10 PROOF
 *     bin 64   signature   by the sender's online signing key, context
 *                          "schakel/message/1", over the statement
 *     bin      body        canonical, per kind below
 *
 * Statement: array [str sender, str recipient, uint kind, bin 32 digest] with
 * digest = BLAKE2b-256("schakel/body/1", body); for ITEMS instead
 *     array [str sender, str recipient, 2, uint incarnation, uint first,
 *            uint last, bin 32 root]
 * so that one item can be proved to a third party without its neighbours.
 *
 * HELLO   array [incarnation, head, peer_incarnation, cursor, card_version,
 *         charter_version, sent_ms, answer]
 *         incarnation, head: of the sender's own log to the recipient; head
 *         is the number of the last item, 0 when there is none.
 *         peer_incarnation, cursor: how far the sender applied the
 *         recipient's log.  answer: true asks for a HELLO back.
 * ITEMS   array [incarnation, first, array of 1..128 bin item]; item n has
 *         number first + n; root = Merkle root of the items
 * RECEIPT array [incarnation, last, root, at_ms, str checkpoint]: everything up
 *         to `last` is stored; root is that of the range that ended at `last`;
 *         checkpoint of the sender's journal, with the entry about it
 * REFUSAL array [code str, check str, incarnation, first, last,
 *         message bin 16 or nil]
 *         code: a word of texts.h; check: what failed, a word
 * CARD    array [bin card]
 * BYE     array [sent_ms]: clean stop
 * WANT    array [version, at]: charter `version` from byte `at` on, please
 * CHARTER array [version, size, at, bin 32 digest, bin part]: bytes from `at`
 *         on of that charter, which has `size` bytes and this digest
 *         (8.10; sk_charter_digest())
 * PROVE   array [bin 8 log, first, second]: show your journal as it is, and
 *         that it starts with `first` and `second` entries of that log, whose
 *         checkpoints the sender has; 0: none
 * PROOF   array [bin 8 log, first, second, str checkpoint, array of bin 32,
 *         array of bin 32]: the answer; proofs from first and second to the
 *         checkpoint, empty when it has fewer entries
 */
#ifndef SK_PROTOCOL_MESSAGE_H
#define SK_PROTOCOL_MESSAGE_H

#include "protocol/checkpoint.h"
#include "protocol/keys.h"
#include "protocol/limits.h"

enum sk_message_kind {
    SK_MESSAGE_HELLO = 1,
    SK_MESSAGE_ITEMS = 2,
    SK_MESSAGE_RECEIPT = 3,
    SK_MESSAGE_REFUSAL = 4,
    SK_MESSAGE_CARD = 5,
    SK_MESSAGE_BYE = 6,
    SK_MESSAGE_WANT = 7,
    SK_MESSAGE_CHARTER = 8,
    SK_MESSAGE_PROVE = 9,
    SK_MESSAGE_PROOF = 10,
};

struct sk_hello {
    uint64_t incarnation;
    uint64_t head;
    uint64_t peer_incarnation;
    uint64_t cursor;
    uint64_t card_version;
    uint64_t charter_version;
    uint64_t sent_ms;
    bool answer;
};

struct sk_items {
    uint64_t incarnation;
    uint64_t first;
    struct sk_bytes items[SK_ITEMS_COUNT_MAX]; /* views */
    size_t count;
    struct sk_hash root; /* computed, by encode and decode alike */
};

struct sk_receipt {
    uint64_t incarnation;
    uint64_t last;
    struct sk_hash root;
    uint64_t at_ms;
    struct sk_bytes checkpoint; /* view; sk_checkpoint_open() it */
};

#define SK_CODE_SIZE_MAX 40
struct sk_refusal {
    char code[SK_CODE_SIZE_MAX + 1];
    char check[SK_CODE_SIZE_MAX + 1];
    uint64_t incarnation;
    uint64_t first;
    uint64_t last;
    bool has_message;
    struct sk_message_id message;
};

struct sk_want {
    uint64_t version;
    uint64_t at;
};

struct sk_charter_part {
    uint64_t version;
    uint64_t size;
    uint64_t at;
    struct sk_hash digest;
    struct sk_bytes bytes; /* view; at + its size is at most size */
};

struct sk_prove {
    struct sk_log_id log;
    uint64_t first;
    uint64_t second;
};

struct sk_journal_proof {
    struct sk_prove asked;      /* the question, as it came */
    struct sk_bytes checkpoint; /* view */
    struct sk_merkle_proof first;
    struct sk_merkle_proof second;
};

struct sk_message {
    enum sk_message_kind kind;
    union {
        struct sk_hello hello;
        struct sk_items items;
        struct sk_receipt receipt;
        struct sk_refusal refusal;
        struct sk_bytes card; /* view; sk_card_decode() it */
        uint64_t bye_sent_ms;
        struct sk_want want;
        struct sk_charter_part charter;
        struct sk_prove prove;
        struct sk_journal_proof proof;
    };
};

/* What names the bytes of a charter while they are under way; nothing is
   believed for it: the stewards' signatures are checked at the end. */
void sk_charter_digest(struct sk_bytes bytes, struct sk_hash *out);

/*
 * Sign and write.  items.root is computed here (pass the filled message; root
 * is written back).  Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_message_encode(struct sk_message *message,
                                            const struct sk_org *sender,
                                            const struct sk_org *recipient,
                                            const struct sk_sign_secret *secret,
                                            struct sk_room room,
                                            struct sk_bytes *out);

/* A message of ours, of any kind but ITEMS, under another key, and the
   checkpoint in a RECEIPT too: room for as many bytes.  Fails with SK_E_BAD_*,
   SK_E_NO_ROOM. */
SK_CHECKED enum sk_status
sk_message_sign_again(struct sk_bytes in, const struct sk_org *sender,
                      const struct sk_org *recipient,
                      const struct sk_sign_secret *secret, struct sk_room room,
                      struct sk_bytes *out);

/* Verify, then read.  Views live as long as `in`. Fails with SK_E_BAD_*. */
SK_CHECKED enum sk_status sk_message_decode(struct sk_bytes in,
                                            const struct sk_org *sender,
                                            const struct sk_org *recipient,
                                            const struct sk_sign_public *public,
                                            struct sk_message *out);

#endif
