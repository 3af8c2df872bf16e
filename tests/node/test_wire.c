#include "node/engine/state.h"
#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"

/* One step of gtb with these bytes of buso; what it then says is traced. */
static void answer_to(struct fx *f, struct ln_trace *t, uint8_t *bytes,
                      size_t size)
{
    ln_clear(t);
    f->real_ms += 5000; /* refusals of unreadable frames are rationed */
    ln_inject(f, fx_index(f, "buso"), fx_index(f, "gtb"), bytes, size);
    {
        struct fx_frame frame = f->queue[--f->queue_count];
        struct sk_input input = {.type = SK_INPUT_FRAME,
                                 .peer = f->nodes[frame.from].org,
                                 .bytes = {frame.bytes, frame.size}};

        fx_must(f, frame.to, &input);
        free(frame.bytes);
    }
    for (size_t k = 0; k < f->queue_count; k++)
        free(f->queue[k].bytes);
    f->queue_count = 0;
}

static uint8_t *a_hello(struct fx *f, size_t *size)
{
    struct sk_message m = {.kind = SK_MESSAGE_HELLO};

    m.hello = (struct sk_hello){.incarnation = 1,
                                .peer_incarnation = 1,
                                .card_version = 1,
                                .charter_version = 1};
    return ln_seal(f, fx_index(f, "buso"), fx_index(f, "gtb"), &m, size);
}

/* PROTOCOL.md 8.8: every byte of a frame counts, and each wrong one is a
   coded refusal that changes nothing. */
Test(wire, every_changed_byte_is_refused)
{
    static struct fx f;
    struct ln_trace *t;
    uint8_t *good;
    size_t size;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    good = a_hello(&f, &size);
    for (size_t i = 0; i < size; i++) {
        uint8_t *bad = malloc(size);

        memcpy(bad, good, size);
        bad[i] ^= 0x01;
        answer_to(&f, t, bad, size);
        cr_expect(strncmp(t->text, "gtb>buso REFUSAL ", 17) == 0 ||
                      strncmp(t->text, "gtb>buso CARD", 13) == 0,
                  "byte %zu: %s", i, t->text);
        free(bad);
    }
    for (size_t i = 0; i < size; i += 7) {
        answer_to(&f, t, good, i);
        cr_expect(strncmp(t->text, "gtb>buso REFUSAL ", 17) == 0,
                  "size %zu: %s", i, t->text);
    }
    answer_to(&f, t, good, size);
    cr_expect(eq(str, t->text, ""));
    free(good);
    free(t);
    fx_end(&f);
}

static void refused(struct fx *f, struct ln_trace *t, size_t from, size_t to,
                    struct sk_message *m, const char *want)
{
    size_t size;
    uint8_t *frame = ln_seal(f, from, to, m, &size);

    answer_to(f, t, frame, size);
    cr_expect(eq(str, t->text, (char *)want));
    free(frame);
}

/* Who the transport says it is, who the envelope says, who signed. */
Test(wire, sender_must_be_who_it_says)
{
    static struct fx f;
    struct sk_message m = {.kind = SK_MESSAGE_BYE};
    struct ln_trace *t;
    struct sk_sign_secret own;
    size_t buso;
    size_t gtb;
    size_t vdab;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    buso = fx_index(&f, "buso");
    gtb = fx_index(&f, "gtb");
    vdab = fx_index(&f, "vdab");
    /* Another partner's envelope over this partner's line. */
    refused(&f, t, vdab, gtb, &m, "gtb>buso REFUSAL wrong-sender sender\n");
    /* An envelope that was meant for another. */
    refused(&f, t, buso, vdab, &m,
            "gtb>buso REFUSAL wrong-recipient recipient\n");
    /* Sealed well, signed by nobody we know. */
    own = f.nodes[buso].secrets.signing;
    f.nodes[buso].secrets.signing = f.nodes[vdab].secrets.signing;
    refused(&f, t, buso, gtb, &m,
            "gtb>buso CARD\ngtb>buso REFUSAL bad-signature signature\n");
    f.nodes[buso].secrets.signing = own;
    fx_end(&f);
    free(t);
}

/* Frames of a partner without card, or of nobody, are not answered. */
Test(wire, stranger_is_not_answered)
{
    static struct fx f;
    struct sk_input input = {.type = SK_INPUT_FRAME};
    uint8_t *good;
    size_t size;

    fx_start(&f, "S2A", START);
    good = a_hello(&f, &size);
    cr_assert(sk_org_parse(sk_text("niemand"), &input.peer));
    input.bytes = (struct sk_bytes){good, size};
    fx_must(&f, fx_index(&f, "gtb"), &input);
    cr_expect(eq(sz, f.queue_count, 0));
    free(good);
    fx_end(&f);
}

/* Two nodes that cannot read each other do not shout at each other. */
Test(wire, refusals_of_refusals_end)
{
    static struct fx f;
    struct ln_trace *t;
    uint8_t junk[300] = {1, 2, 3};

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    f.real_ms += 5000;
    for (int i = 0; i < 5; i++) {
        ln_inject(&f, fx_index(&f, "buso"), fx_index(&f, "gtb"), junk,
                  sizeof(junk));
        fx_run(&f);
    }
    cr_expect(eq(str, t->text, "gtb>buso REFUSAL bad-envelope form\n"));
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- cards */

static void new_keys(struct fx *f, struct fx_node *node, bool sealing)
{
    struct sk_seed seed = fx_seed(f);

    node->card.version++;
    sk_sign_keypair(&seed, &node->card.signing, &node->secrets.signing);
    if (sealing) {
        node->card.sealing[1] = node->card.sealing[0];
        node->secrets.sealing[1] = node->secrets.sealing[0];
        node->card.sealing_count = 2;
        node->secrets.sealing_count = 2;
        seed = fx_seed(f);
        sk_seal_keypair(&seed, &node->card.sealing[0].key,
                        &node->secrets.sealing[0]);
        sk_seal_id_of(&node->card.sealing[0].key, &node->card.sealing[0].id);
    }
    fx_card(node);
}

/* PROTOCOL.md 4.5: keys change without anybody carrying a file: the partner
   that knows an older card is sent the new one, and believes it because the
   identity of the charter signed it. */
Test(wire, newer_card_is_handed_on)
{
    static struct fx f;

    fx_start(&f, "S2A", START);
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    new_keys(&f, fx_node(&f, "buso"), /* sealing */ true);
    fx_crash(&f, "buso");
    fx_wait(&f, 5000);
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "buso", "card"), "2"));
    ln_publish(&f, "buso", "gtb", 1, 1);
    ln_publish(&f, "gtb", "buso", 0, 1);
    fx_wait(&f, 10000);
    ln_check(&f, "gtb", "buso", 2);
    ln_check(&f, "buso", "gtb", 1);
    fx_end(&f);
}

/* A card under another identity is no card. */
Test(wire, card_of_another_identity_is_refused)
{
    static struct fx f;
    struct fx_node *buso;

    fx_start(&f, "S2A", START);
    buso = fx_node(&f, "buso");
    buso->identity = fx_node(&f, "vdab")->identity;
    buso->card.identity = fx_node(&f, "vdab")->card.identity;
    new_keys(&f, buso, /* sealing */ false);
    fx_crash(&f, "buso");
    fx_wait(&f, 5000);
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "buso", "card"), "1"));
    fx_end(&f);
}

/* Nor when everything else about it is good: sealed as the partner seals,
   signed by the key on the card, but the card is under another identity. */
Test(wire, forged_card_does_not_verify_itself)
{
    static struct fx f;
    struct sk_message m = {.kind = SK_MESSAGE_CARD};
    struct fx_node *buso;
    struct fx_node forger;
    struct ln_trace *t;
    struct sk_sign_secret own;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    buso = fx_node(&f, "buso");
    forger = *buso;
    forger.identity = fx_node(&f, "vdab")->identity;
    forger.card.identity = fx_node(&f, "vdab")->card.identity;
    new_keys(&f, &forger, /* sealing */ false);
    m.card = (struct sk_bytes){forger.card_bytes, forger.card_size};
    own = buso->secrets.signing;
    buso->secrets.signing = forger.secrets.signing;
    refused(&f, t, fx_index(&f, "buso"), fx_index(&f, "gtb"), &m,
            "gtb>buso CARD\ngtb>buso REFUSAL bad-signature signature\n");
    buso->secrets.signing = own;
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "buso", "card"), "1"));
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 4.5: the key that was replaced opens until its day, and then no
   more; the one to seal for always does. */
Test(wire, replaced_sealing_key_opens_until_its_day)
{
    static struct fx f;
    struct sk_message m = {.kind = SK_MESSAGE_BYE};
    struct fx_node *gtb;
    struct fx_node known;
    struct ln_trace *t;
    struct sk_seed seed;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    gtb = fx_node(&f, "gtb");
    known = *gtb;
    seed = fx_seed(&f);
    gtb->card.version++;
    gtb->card.sealing[1] = gtb->card.sealing[0];
    gtb->card.sealing[1].until_s = f.real_ms / 1000 + 3600;
    gtb->secrets.sealing[1] = gtb->secrets.sealing[0];
    sk_seal_keypair(&seed, &gtb->card.sealing[0].key, &gtb->secrets.sealing[0]);
    sk_seal_id_of(&gtb->card.sealing[0].key, &gtb->card.sealing[0].id);
    gtb->card.sealing[0].until_s = f.real_ms / 1000 + 1800;
    gtb->card.sealing_count = 2;
    gtb->secrets.sealing_count = 2;
    fx_card(gtb);
    fx_crash(&f, "gtb");
    cr_assert(eq(str, (char *)ln_peer(&f, "buso", "gtb", "card"), "2"));
    fx_clock(&f, "2026-09-01T08:59:59Z");
    /* Sealed for the card before. */
    gtb->card.sealing[0] = known.card.sealing[0];
    refused(&f, t, fx_index(&f, "buso"), fx_index(&f, "gtb"), &m, "");
    fx_clock(&f, "2026-09-01T09:00:00Z");
    refused(&f, t, fx_index(&f, "buso"), fx_index(&f, "gtb"), &m,
            "gtb>buso CARD\n"
            "gtb>buso REFUSAL wrong-sealing-key sealing\n");
    /* Past its own day, but there is no other. */
    gtb->card.sealing[0] = gtb->engine->card.sealing[0];
    refused(&f, t, fx_index(&f, "buso"), fx_index(&f, "gtb"), &m, "");
    free(t);
    fx_end(&f);
}
