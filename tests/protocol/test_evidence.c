/* evidence.h: what a new checkpoint says about an old one (PROTOCOL.md 11.6),
   and which messages show one.  The file itself: also
   tests/node/test_witness.c */
#include "support.h"

#include "protocol/evidence.h"

#define OLD 120

static struct sk_checkpoint head(uint8_t log, uint64_t size, uint8_t root)
{
    struct sk_checkpoint c = {.head = {.size = size}};

    cr_assert(sk_org_parse(sk_text("kempen"), &c.charter));
    cr_assert(sk_org_parse(sk_text("ocmw-mol"), &c.org));
    memset(c.log.bytes, log, sizeof(c.log.bytes));
    memset(c.head.root.bytes, root, sizeof(c.head.root.bytes));
    return c;
}

static void restart(struct sk_checkpoint *c, uint8_t log, uint64_t size)
{
    struct sk_restart *r = &c->restarts[c->restarts_count++];

    memset(r->log.bytes, log, sizeof(r->log.bytes));
    r->size = size;
}

static enum sk_verdict judge(const struct sk_checkpoint *new,
                             const struct sk_merkle_proof *proof)
{
    struct sk_checkpoint old = head(1, OLD, 5);

    return sk_judge(&old, new, proof);
}

Test(evidence, one_log_and_one_size_have_one_root)
{
    struct sk_checkpoint same = head(1, OLD, 5);
    struct sk_checkpoint other = head(1, OLD, 6);
    struct sk_merkle_proof nothing = {0};

    cr_expect(eq(int, judge(&same, NULL), SK_VERDICT_GOOD));
    cr_expect(eq(int, judge(&other, NULL), SK_VERDICT_FORK), "without proof");
    cr_expect(eq(int, judge(&other, &nothing), SK_VERDICT_FORK));
}

/* A receipt may be older than what is known: alone it shows nothing. */
Test(evidence, another_size_shows_nothing_without_a_proof)
{
    struct sk_checkpoint longer = head(1, OLD + 1, 6);
    struct sk_checkpoint shorter = head(1, OLD - 1, 6);
    struct sk_merkle_proof nothing = {0};

    cr_expect(eq(int, judge(&longer, NULL), SK_VERDICT_OPEN));
    cr_expect(eq(int, judge(&shorter, NULL), SK_VERDICT_OPEN));
    cr_expect(eq(int, judge(&longer, &nothing), SK_VERDICT_FORK),
              "a proof that does not hold");
    cr_expect(eq(int, judge(&shorter, &nothing), SK_VERDICT_ROLLBACK));
}

Test(evidence, another_log_says_after_what_it_goes_on)
{
    struct sk_checkpoint silent = head(2, OLD + 9, 6);
    struct sk_checkpoint behind = head(2, OLD + 9, 6);
    struct sk_checkpoint whole = head(2, OLD + 9, 6);
    struct sk_checkpoint twice = head(3, OLD + 9, 6);
    struct sk_checkpoint others = head(3, OLD + 9, 6);
    struct sk_checkpoint equal = head(2, OLD, 5);
    struct sk_merkle_proof nothing = {0};

    cr_expect(eq(int, judge(&silent, NULL), SK_VERDICT_RESET));
    restart(&behind, 1, OLD - 1);
    cr_expect(eq(int, judge(&behind, NULL), SK_VERDICT_RESTORED));
    restart(&whole, 1, OLD);
    cr_expect(eq(int, judge(&whole, NULL), SK_VERDICT_OPEN));
    cr_expect(eq(int, judge(&whole, &nothing), SK_VERDICT_FORK));
    /* The smallest since the log that was seen. */
    restart(&twice, 1, OLD + 5);
    restart(&twice, 2, OLD - 5);
    cr_expect(eq(int, judge(&twice, &nothing), SK_VERDICT_RESTORED));
    restart(&others, 8, 3);
    cr_expect(eq(int, judge(&others, NULL), SK_VERDICT_RESTORED),
              "at most the last 8 are named: it does say that it was put back");
    /* Two logs of one size are not two roots of one log. */
    restart(&equal, 1, OLD);
    cr_expect(eq(int, judge(&equal, NULL), SK_VERDICT_OPEN));
    cr_expect(eq(int, judge(&equal, &nothing), SK_VERDICT_GOOD),
              "it is the other one whole, and nothing more yet");
}

Test(evidence, verdicts_have_words)
{
    static const char *const words[] = {"good",  "fork",     "rollback",
                                        "reset", "restored", "open"};

    for (int v = SK_VERDICT_GOOD; v <= SK_VERDICT_OPEN; v++)
        cr_expect(eq(str, (char *)sk_verdict_text((enum sk_verdict)v),
                     (char *)words[v]));
}

Test(evidence, only_receipt_and_proof_show_a_checkpoint)
{
    static struct sk_message message;
    struct sk_bytes text = {NULL, 7};

    message.receipt.checkpoint = sk_text("a receipt's");
    for (int kind = 0; kind < 64; kind++) {
        message.kind = (enum sk_message_kind)kind;
        if (kind == SK_MESSAGE_RECEIPT || kind == SK_MESSAGE_PROOF)
            continue;
        cr_expect(
            eq(int, sk_message_checkpoint(&message, &text), SK_E_BAD_VALUE));
        cr_expect(eq(sz, text.size, 7), "not written");
    }
    message.kind = SK_MESSAGE_RECEIPT;
    cr_assert(eq(int, sk_message_checkpoint(&message, &text), SK_OK));
    cr_expect(sk_bytes_equal(text, sk_text("a receipt's")));
    memset(&message, 0, sizeof(message));
    message.kind = SK_MESSAGE_PROOF;
    message.proof.checkpoint = sk_text("a proof's");
    cr_assert(eq(int, sk_message_checkpoint(&message, &text), SK_OK));
    cr_expect(sk_bytes_equal(text, sk_text("a proof's")));
}

Test(evidence, a_proof_is_about_the_heads_it_was_asked_for)
{
    static struct sk_message message;
    struct sk_checkpoint none = head(1, 0, 5);
    struct sk_checkpoint first = head(1, 10, 5);
    struct sk_checkpoint second = head(1, 20, 5);
    struct sk_checkpoint third = head(1, 30, 5);
    struct sk_checkpoint other = head(2, 10, 5);

    message.kind = SK_MESSAGE_PROOF;
    message.proof.asked.log = first.log;
    message.proof.asked.first = 10;
    message.proof.asked.second = 20;
    cr_expect(sk_proof_about(&message, &first) == &message.proof.first);
    cr_expect(sk_proof_about(&message, &second) == &message.proof.second);
    cr_expect(sk_proof_about(&message, &third) == NULL);
    cr_expect(sk_proof_about(&message, &other) == NULL, "another log");
    message.proof.asked.second = 0;
    cr_expect(sk_proof_about(&message, &none) == NULL, "0 is nothing");
    message.kind = SK_MESSAGE_RECEIPT;
    cr_expect(sk_proof_about(&message, &first) == NULL);
}

/* ------------------------------------------------------------- the file
 * Two receipts of mol for sopraco that show two roots of one size.  Who brings
 * a file may have made it: each of these says the same of somebody who did not.
 */

static enum sk_verdict verdict;

static enum sk_status check_file(const char *what)
{
    static uint8_t cards[2][SK_CARD_SIZE_MAX];
    static uint8_t plains[2][SK_SIGNED_HEAD_SIZE_MAX];
    static uint8_t texts[2][SK_CHECKPOINT_SIZE_MAX];
    static uint8_t file[SK_EVIDENCE_SIZE_MAX];
    static struct sk_message m;
    static struct sk_evidence out;
    struct party mol = party_mol();
    struct party other = party_sopraco();
    struct sk_evidence e = {.org = mol.card.org, .seen_by = other.card.org};
    struct sk_checkpoint heads[2];
    struct sk_bytes shown[2];
    struct sk_bytes bytes;

    for (size_t i = 0; i < 2; i++) {
        bool wrong = i == 1;
        struct sk_checkpoint c = head(1, OLD, (uint8_t)(5 + i));
        struct sk_sign_secret note = mol.signing;
        struct sk_sign_secret identity = mol.identity;
        struct sk_card card = mol.card;

        c.org = mol.card.org;
        if (wrong && strcmp(what, "org of the card") == 0)
            card.org = other.card.org;
        if (wrong && strcmp(what, "identity") == 0) {
            card.identity = other.card.identity;
            identity = other.identity;
        }
        if (wrong && strcmp(what, "charter") == 0)
            cr_assert(sk_org_parse(sk_text("elsewhere"), &c.charter));
        if (wrong && strcmp(what, "org of the head") == 0)
            c.org = other.card.org;
        if (wrong && strcmp(what, "key of the head") == 0)
            note = other.signing;
        memset(&m, 0, sizeof(m));
        m.kind = SK_MESSAGE_RECEIPT;
        m.receipt.incarnation = 1;
        m.receipt.last = 1;
        cr_assert(sk_checkpoint_sign(
                      &c, &note, (struct sk_room){texts[i], sizeof(texts[i])},
                      &m.receipt.checkpoint) == SK_OK);
        cr_assert(
            sk_message_encode(&m, &e.org, &e.seen_by, &mol.signing,
                              (struct sk_room){plains[i], sizeof(plains[i])},
                              &e.messages[i]) == SK_OK);
        cr_assert(sk_card_encode(&card, &identity,
                                 (struct sk_room){cards[i], sizeof(cards[i])},
                                 &e.card_bytes[i]) == SK_OK);
    }
    cr_assert(sk_evidence_encode(&e, (struct sk_room){file, sizeof(file)},
                                 &bytes) == SK_OK);
    return sk_evidence_check(bytes, &out, heads, shown, &verdict);
}

/* PROTOCOL.md 11.7 */
Test(evidence, blames_nobody_else)
{
    static const char *const wrong[] = {"org of the card", "identity",
                                        "charter", "org of the head",
                                        "key of the head"};

    cr_assert(eq(int, check_file("nothing"), SK_OK));
    cr_expect(eq(int, verdict, SK_VERDICT_FORK));
    for (size_t i = 0; i < SK_COUNT(wrong); i++)
        cr_expect(ne(int, check_file(wrong[i]), SK_OK), "%s", wrong[i]);
}
