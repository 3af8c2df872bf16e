/*
 * Law: evidence that checks is written again to the same bytes, and without
 * the right signatures nothing checks.  The input is two bodies of messages
 * and a byte that says what is signed: by the party, by another, or not.
 */
#include "fuzz.h"

#include "protocol/evidence.h"

static struct party org;
static struct party other;

static void make(void)
{
    if (org.card.version != 0)
        return;
    org = party_of("gtb", 1);
    other = party_of("buso", 9);
}

/* A card whose signing key is that of the message. */
static struct sk_bytes card_of(struct party *p, uint8_t room[SK_CARD_SIZE_MAX])
{
    struct sk_bytes out = {0};

    MUST(sk_card_encode(&p->card, &p->identity,
                        (struct sk_room){room, SK_CARD_SIZE_MAX},
                        &out) == SK_OK);
    return out;
}

static struct sk_bytes receipt_of(const struct party *signer, uint8_t size,
                                  uint8_t root, uint8_t log, uint8_t room[4096])
{
    static uint8_t text[SK_CHECKPOINT_SIZE_MAX];
    struct sk_checkpoint c = {.charter = org_of("kempen"),
                              .org = org.card.org,
                              .head = {.size = size}};
    struct sk_message m = {.kind = SK_MESSAGE_RECEIPT};
    struct sk_bytes out = {0};

    memset(c.head.root.bytes, root, SK_HASH_SIZE);
    memset(c.log.bytes, 1 + log % 3, SK_LOG_ID_SIZE);
    m.receipt.incarnation = 1;
    m.receipt.last = 1;
    MUST(sk_checkpoint_sign(&c, &signer->signing,
                            (struct sk_room){text, sizeof(text)},
                            &m.receipt.checkpoint) == SK_OK);
    MUST(sk_message_encode(&m, &org.card.org, &other.card.org, &signer->signing,
                           (struct sk_room){room, 4096}, &out) == SK_OK);
    return out;
}

static void check(struct sk_bytes in, bool honest)
{
    static struct sk_evidence e;
    static uint8_t room[SK_EVIDENCE_SIZE_MAX];
    struct sk_checkpoint heads[2];
    struct sk_bytes texts[2];
    enum sk_verdict verdict;
    struct sk_bytes out;

    if (sk_evidence_check(in, &e, heads, texts, &verdict) != SK_OK)
        return;
    MUST(honest);
    MUST(sk_evidence_encode(&e, (struct sk_room){room, sizeof(room)}, &out) ==
         SK_OK);
    MUST(out.size == in.size && memcmp(out.data, in.data, in.size) == 0);
    if (verdict == SK_VERDICT_FORK && heads[0].head.size == heads[1].head.size)
        MUST(memcmp(heads[0].head.root.bytes, heads[1].head.root.bytes,
                    SK_HASH_SIZE) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t cards[2][SK_CARD_SIZE_MAX];
    static uint8_t messages[2][4096];
    static uint8_t room[SK_EVIDENCE_SIZE_MAX];
    struct sk_evidence e = {0};
    struct sk_bytes out;
    bool honest;

    make();
    /* Bytes that nobody made: they would need signatures of the party. */
    check((struct sk_bytes){data, size}, /* honest */ false);
    if (size < 8)
        return 0;
    honest = data[0] % 4 != 0;
    e.org = org.card.org;
    e.seen_by = other.card.org;
    for (size_t i = 0; i < 2; i++) {
        e.card_bytes[i] = card_of(&org, cards[i]);
        e.messages[i] =
            receipt_of(i == 1 && !honest ? &other : &org, data[1 + i],
                       data[3 + i], data[5 + i], messages[i]);
    }
    MUST(sk_evidence_encode(&e, (struct sk_room){room, sizeof(room)}, &out) ==
         SK_OK);
    if (size > 8)
        room[(data[7] * 7u) % out.size] ^= data[8];
    check(out, honest && (size == 8 || data[8] == 0));
    return 0;
}
