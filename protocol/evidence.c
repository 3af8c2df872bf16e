#include "protocol/evidence.h"

#include <string.h>

#include "protocol/lines.h"
#include "protocol/pack.h"
#include "protocol/unpack.h"

static const char format[] = "schakel/evidence/1";

const char *sk_verdict_text(enum sk_verdict verdict)
{
    switch (verdict) {
    case SK_VERDICT_GOOD:
        return "good";
    case SK_VERDICT_FORK:
        return "fork";
    case SK_VERDICT_ROLLBACK:
        return "rollback";
    case SK_VERDICT_RESET:
        return "reset";
    case SK_VERDICT_RESTORED:
        return "restored";
    case SK_VERDICT_OPEN:
        return "open";
    }
    return "open";
}

/* PROTOCOL.md 11.6 */
enum sk_verdict sk_judge(const struct sk_checkpoint *old,
                         const struct sk_checkpoint *new,
                         const struct sk_merkle_proof *proof)
{
    bool same = sk_log_id_equal(&old->log, &new->log);
    uint64_t shared = 0;

    if (sk_checkpoint_shares(new, &old->log, &shared) != SK_OK)
        return new->restarts_count == 0 ? SK_VERDICT_RESET
                                        : SK_VERDICT_RESTORED;
    if (shared < old->head.size)
        return SK_VERDICT_RESTORED;
    if (same && old->head.size == new->head.size)
        return sk_hash_equal(&old->head.root, &new->head.root)
                   ? SK_VERDICT_GOOD
                   : SK_VERDICT_FORK;
    if (proof == NULL)
        return SK_VERDICT_OPEN;
    if (new->head.size < old->head.size)
        return SK_VERDICT_ROLLBACK;
    return sk_merkle_consistency_holds(&old->head, &new->head, proof)
               ? SK_VERDICT_GOOD
               : SK_VERDICT_FORK;
}

enum sk_status sk_message_checkpoint(const struct sk_message *message,
                                     struct sk_bytes *out)
{
    if (message->kind == SK_MESSAGE_RECEIPT)
        *out = message->receipt.checkpoint;
    else if (message->kind == SK_MESSAGE_PROOF)
        *out = message->proof.checkpoint;
    else
        return SK_E_BAD_VALUE;
    return SK_OK;
}

const struct sk_merkle_proof *sk_proof_about(const struct sk_message *message,
                                             const struct sk_checkpoint *head)
{
    const struct sk_journal_proof *proof = &message->proof;

    if (message->kind != SK_MESSAGE_PROOF || head->head.size == 0 ||
        !sk_log_id_equal(&proof->asked.log, &head->log))
        return NULL;
    if (proof->asked.first == head->head.size)
        return &proof->first;
    return proof->asked.second == head->head.size ? &proof->second : NULL;
}

/* ------------------------------------------------------------- the file */

enum sk_status sk_evidence_encode(const struct sk_evidence *evidence,
                                  struct sk_room room, struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    sk_pack_array(&p, 4);
    sk_pack_cstr(&p, format);
    sk_pack_str(&p, sk_org_text(&evidence->org));
    sk_pack_str(&p, sk_org_text(&evidence->seen_by));
    sk_pack_array(&p, 2);
    for (size_t i = 0; i < 2; i++) {
        sk_pack_array(&p, 2);
        sk_pack_bin(&p, evidence->card_bytes[i]);
        sk_pack_bin(&p, evidence->messages[i]);
    }
    return sk_pack_finish(&p, out);
}

static enum sk_status decode(struct sk_bytes in, struct sk_evidence *out)
{
    struct sk_unpack u = sk_unpack_start(in);

    sk_unpack_array(&u, 4);
    sk_unpack_key(&u, format);
    sk_unpack_org(&u, &out->org);
    sk_unpack_org(&u, &out->seen_by);
    sk_unpack_array(&u, 2);
    for (size_t i = 0; i < 2; i++) {
        sk_unpack_array(&u, 2);
        out->card_bytes[i] = sk_unpack_bin_upto(&u, 1, SK_CARD_SIZE_MAX);
        out->messages[i] = sk_unpack_bin_upto(&u, 1, SK_SIGNED_HEAD_SIZE_MAX);
    }
    return sk_unpack_finish(&u);
}

/* One signed message and what it shows. */
static enum sk_status check_one(struct sk_evidence *evidence, size_t i,
                                struct sk_message *message,
                                struct sk_bytes *text,
                                struct sk_checkpoint *checkpoint)
{
    struct sk_card *card = &evidence->cards[i];

    SK_TRY(sk_card_decode(evidence->card_bytes[i], card));
    if (!sk_org_equal(&card->org, &evidence->org))
        return SK_E_BAD_SENDER;
    SK_TRY(sk_message_decode(evidence->messages[i], &evidence->org,
                             &evidence->seen_by, &card->signing, message));
    SK_TRY(sk_message_checkpoint(message, text));
    SK_TRY(sk_checkpoint_open(*text, &card->signing, checkpoint));
    return sk_org_equal(&checkpoint->org, &evidence->org) ? SK_OK
                                                          : SK_E_BAD_SENDER;
}

enum sk_status sk_evidence_check(struct sk_bytes in, struct sk_evidence *out,
                                 struct sk_checkpoint checkpoints[2],
                                 struct sk_bytes texts[2],
                                 enum sk_verdict *verdict)
{
    struct sk_evidence evidence;
    struct sk_message message;

    memset(&evidence, 0, sizeof(evidence));
    SK_TRY(decode(in, &evidence));
    for (size_t i = 0; i < 2; i++)
        SK_TRY(check_one(&evidence, i, &message, &texts[i], &checkpoints[i]));
    if (memcmp(evidence.cards[0].identity.bytes,
               evidence.cards[1].identity.bytes,
               sizeof(evidence.cards[0].identity.bytes)) != 0)
        return SK_E_BAD_SENDER;
    if (!sk_org_equal(&checkpoints[0].charter, &checkpoints[1].charter))
        return SK_E_BAD_VALUE;
    /* message is now the second one. */
    *verdict = sk_judge(&checkpoints[0], &checkpoints[1],
                        sk_proof_about(&message, &checkpoints[0]));
    *out = evidence;
    return SK_OK;
}
