/*
 * Evidence that a node's journal contradicts itself: two messages that it
 * signed, for anybody to check.                       docs/PROTOCOL.md 11.7
 *
 *     array [str "schakel/evidence/1", str org, str seen_by,
 *            array of 2 [bin card, bin message]]
 *
 * Pure; values and views into the input.
 */
#ifndef SK_PROTOCOL_EVIDENCE_H
#define SK_PROTOCOL_EVIDENCE_H

#include "protocol/card.h"
#include "protocol/message.h"

/* A file of it, bytes. */
#define SK_SIGNED_HEAD_SIZE_MAX 8192 /* a message with a checkpoint */
#define SK_EVIDENCE_SIZE_MAX                                                   \
    (2 * (SK_CARD_SIZE_MAX + SK_SIGNED_HEAD_SIZE_MAX) + 512)

/* What a new checkpoint says about one that was seen before. */
enum sk_verdict {
    SK_VERDICT_GOOD,     /* the same journal, only longer */
    SK_VERDICT_FORK,     /* two journals under one name */
    SK_VERDICT_ROLLBACK, /* entries are gone */
    SK_VERDICT_RESET,    /* another journal, without a word */
    SK_VERDICT_RESTORED, /* put back from a backup, and it says so */
    SK_VERDICT_OPEN,     /* nothing says so yet: ask for a proof */
};
/* "fork"; static. */
const char *sk_verdict_text(enum sk_verdict verdict);

/*
 * Compare.  proof: from old to new, or NULL when none was asked for: then
 * only what the two say themselves counts, a smaller size does not.
 */
enum sk_verdict sk_judge(const struct sk_checkpoint *old,
                         const struct sk_checkpoint *new,
                         const struct sk_merkle_proof *proof);

/* The checkpoint text in a RECEIPT or PROOF; a view.  SK_E_BAD_VALUE: in no
   other message. */
SK_CHECKED enum sk_status
sk_message_checkpoint(const struct sk_message *message, struct sk_bytes *out);
/* What a PROOF proves about a head; NULL: not this one. */
const struct sk_merkle_proof *sk_proof_about(const struct sk_message *message,
                                             const struct sk_checkpoint *head);

struct sk_evidence {
    struct sk_org org;
    struct sk_org seen_by;
    struct sk_card cards[2];
    struct sk_bytes card_bytes[2];
    struct sk_bytes messages[2]; /* as signed */
};

/* Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status sk_evidence_encode(const struct sk_evidence *evidence,
                                             struct sk_room room,
                                             struct sk_bytes *out);

/*
 * Read and check everything that org signed: both cards under one identity
 * key, messages and checkpoints under the signing keys of the cards.
 *
 *     checkpoints  what the two messages show
 *     texts        the same as signed text; views
 *     verdict      GOOD or OPEN: they do not contradict each other
 *
 * Fails with SK_E_BAD_*.  Whether the identity key is that of the charter is
 * for the caller to compare.
 */
SK_CHECKED enum sk_status sk_evidence_check(struct sk_bytes in,
                                            struct sk_evidence *out,
                                            struct sk_checkpoint checkpoints[2],
                                            struct sk_bytes texts[2],
                                            enum sk_verdict *verdict);

#endif
