/*
 * Keys that are renewed while the node runs, and keys that had their time.
 *                                                       docs/PROTOCOL.md 4.5
 */
#include "node/engine/federation.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"
#define START_S UINT64_C(1788249600)
#define A_DAY_MS (UINT64_C(86400) * 1000)

static const char key_bytes[] = "0123456789abcdef0123456789abcdef";
static struct fx f;

/* What `schakel card renew` writes: keys and a card that follow these. */
static void next_keys(struct fx_node *node, bool all)
{
    struct sk_card *card = &node->card;
    struct sk_seed seed = fx_seed(&f);

    card->version++;
    card->issued_s = f.real_ms / 1000;
    strcpy(card->endpoints[0], "tcp://127.0.0.1:7411");
    card->endpoints_count = 1;
    card->sealing[1] = card->sealing[0];
    card->sealing[1].until_s = f.real_ms / 1000 + 30 * 86400;
    node->secrets.sealing[1] = node->secrets.sealing[0];
    sk_seal_keypair(&seed, &card->sealing[0].key, &node->secrets.sealing[0]);
    sk_seal_id_of(&card->sealing[0].key, &card->sealing[0].id);
    card->sealing_count = 2;
    node->secrets.sealing_count = 2;
    if (all) {
        seed = fx_seed(&f);
        sk_sign_keypair(&seed, &card->signing, &node->secrets.signing);
        node->secrets.curve_before = node->secrets.curve;
        node->secrets.has_curve_before = true;
        seed = fx_seed(&f);
        sk_curve_keypair(&seed, &card->curve, &node->secrets.curve);
    }
    fx_card(node);
}

static struct sk_bytes key_file(const struct fx_node *node)
{
    static uint8_t room[SK_NODE_KEY_SIZE_MAX];
    struct sk_unlock unlock = {.kind = SK_UNLOCK_KEY,
                               .secret_view = {(const uint8_t *)key_bytes, 32}};
    struct sk_seed seed = fx_seed(&f);
    struct sk_bytes out;

    cr_assert(eq(int,
                 sk_node_key_seal(&node->secrets, &unlock, &seed,
                                  (struct sk_room){room, sizeof(room)}, &out),
                 SK_OK));
    return out;
}

/* The answer is in f; fails only when the store does. */
static enum sk_status try_renewed(const char *org, struct sk_bytes card)
{
    static char card_hex[2 * SK_CARD_SIZE_MAX + 1];
    static char key_hex[2 * SK_NODE_KEY_SIZE_MAX + 1];
    struct sk_bytes key = key_file(fx_node(&f, org));

    sodium_bin2hex(card_hex, sizeof(card_hex), card.data, card.size);
    sodium_bin2hex(key_hex, sizeof(key_hex), key.data, key.size);
    return fx_try(&f, org, "card.renew",
                  "{'card':{'$hex':'%s'},'key':{'$hex':'%s'}}", card_hex,
                  key_hex);
}

static void say_renewed(const char *org, struct sk_bytes card)
{
    cr_assert(eq(int, try_renewed(org, card), SK_OK));
}

static void renew(const char *org, bool all)
{
    struct fx_node *node = fx_node(&f, org);

    next_keys(node, all);
    say_renewed(org, (struct sk_bytes){node->card_bytes, node->card_size});
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
}

static struct sk_engine *engine_of(const char *org)
{
    return fx_node(&f, org)->engine;
}

static const struct sk_session *session_of(const char *at, const char *org)
{
    return sk_session_find(engine_of(at), &fx_node(&f, org)->org);
}

static bool knows(const char *at, const char *org)
{
    return session_of(at, org)->card.version == fx_node(&f, org)->card.version;
}

Test(renew, partners_get_the_new_card_over_the_line_and_all_goes_on)
{
    fx_start(&f, "S2A", START);
    for (unsigned i = 0; i < 4; i++) {
        ln_publish(&f, "buso", "gtb", i, 1);
        ln_publish(&f, "gtb", "buso", i, 1);
        renew("buso", i % 2 == 1);
        fx_run(&f);
        cr_expect(knows("gtb", "buso"));
        cr_expect(knows("vdab", "buso"));
    }
    ln_check(&f, "gtb", "buso", 4);
    ln_check(&f, "buso", "gtb", 4);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"));
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "buso", "unconfirmed"), "0"));
    fx_end(&f);
}

Test(renew, a_partner_that_was_away_learns_it_from_the_greeting)
{
    fx_start(&f, "S2A", START);
    fx_offline(&f, "gtb", true);
    renew("buso", true);
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    cr_expect(not(knows("gtb", "buso")));
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 60000);
    cr_expect(knows("gtb", "buso"));
    ln_check(&f, "gtb", "buso", 2);
    fx_end(&f);
}

/* PROTOCOL.md 4.5: neither can read what the other signs by now, and neither
   remembers which card the other has. */
Test(renew, two_that_were_apart_learn_of_each_other)
{
    fx_start(&f, "S2A", START);
    fx_offline(&f, "gtb", true);
    renew("buso", true);
    renew("gtb", true);
    fx_crash(&f, "buso");
    fx_crash(&f, "gtb");
    ln_publish(&f, "buso", "gtb", 0, 2);
    ln_publish(&f, "gtb", "buso", 0, 2);
    fx_run(&f);
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 60000);
    cr_expect(knows("gtb", "buso"));
    cr_expect(knows("buso", "gtb"));
    ln_check(&f, "gtb", "buso", 2);
    ln_check(&f, "buso", "gtb", 2);
    fx_end(&f);
}

/* PROTOCOL.md 8.6: an answer that was signed with a key that is gone is signed
   anew, or it would never be believed. */
Test(renew, answers_of_before_are_signed_anew)
{
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 9;
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    cr_assert(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "0"));
    f.filter = NULL;
    renew("gtb", true);
    fx_wait(&f, 60000);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "2"));
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "refused"), "absent"));
    free(t);
    fx_end(&f);
}

/* What is destroyed is in no copy that the engine gives to be written. */
static void destroy_due(const char *org)
{
    uint8_t room[SK_NODE_KEY_SIZE_MAX];
    struct fx_node *node = fx_node(&f, org);
    struct sk_seed seed = fx_seed(&f);
    struct sk_bytes out;

    cr_assert(
        eq(int,
           sk_engine_keys_rewrite(node->engine, key_file(node), &seed,
                                  (struct sk_room){room, sizeof(room)}, &out),
           SK_OK));
    cr_assert(eq(int,
                 sk_node_key_reopen(out, &node->secrets.master, &node->secrets),
                 SK_OK));
    sk_engine_keys_drop(node->engine);
    cr_expect(not(sk_engine_keys_due(node->engine)));
}

Test(renew, the_sealing_key_before_opens_until_its_day_and_is_gone)
{
    struct sk_session *gtb;
    struct fx_node *buso;
    struct sk_card old;

    fx_start(&f, "S2A", START);
    buso = fx_node(&f, "buso");
    old = buso->card;
    renew("buso", false);
    fx_run(&f);
    cr_expect(not(sk_engine_keys_due(buso->engine)));
    /* What a partner sealed for the old key just before. */
    gtb = sk_session_find(engine_of("gtb"), &buso->org);
    gtb->card = old;
    ln_publish(&f, "gtb", "buso", 0, 1);
    fx_run(&f);
    ln_check(&f, "buso", "gtb", 1);

    f.real_ms += 30 * A_DAY_MS + 1000;
    fx_clock(&f, "2026-10-02T08:00:00Z");
    cr_assert(sk_engine_keys_due(buso->engine));
    destroy_due("buso");
    cr_expect(eq(sz, buso->secrets.sealing_count, 1));
    cr_expect(eq(sz, buso->engine->secrets.sealing_count, 1));
    ln_publish(&f, "gtb", "buso", 1, 1);
    fx_run(&f);
    ln_check(&f, "buso", "gtb", 1);
    cr_expect(eq(str, gtb->refused, "wrong-sealing-key"));
    gtb->card = buso->card;
    /* The card still lists it; the node starts all the same. */
    cr_assert(
        eq(int, sk_node_secrets_align(&buso->secrets, &buso->card), SK_OK));
    fx_crash(&f, "buso");
    fx_wait(&f, 60000);
    ln_check(&f, "buso", "gtb", 2);
    fx_end(&f);
}

Test(renew, lines_keep_the_transport_key_until_every_partner_knows)
{
    struct sk_curve_secret before;
    struct sk_curve_secret now;

    fx_start(&f, "S2A", START);
    sk_engine_curve(engine_of("buso"), &before);
    fx_offline(&f, "vdab", true);
    renew("buso", true);
    fx_run(&f);
    cr_expect(knows("gtb", "buso"));
    /* A partner that knows lets both in. */
    cr_expect(session_of("gtb", "buso")->has_curve_before);
    sk_engine_curve(engine_of("buso"), &now);
    cr_expect(memcmp(&before, &now, sizeof(now)) == 0);
    cr_expect(not(sk_engine_keys_due(engine_of("buso"))));
    fx_crash(&f, "gtb"); /* it did not forget */
    cr_expect(session_of("gtb", "buso")->has_curve_before);

    fx_offline(&f, "vdab", false);
    fx_wait(&f, 60000);
    cr_expect(knows("vdab", "buso"));
    cr_assert(sk_engine_keys_due(engine_of("buso")));
    destroy_due("buso");
    cr_expect(not(fx_node(&f, "buso")->secrets.has_curve_before));
    sk_engine_curve(engine_of("buso"), &now);
    cr_expect(memcmp(&before, &now, sizeof(now)) != 0);
    fx_end(&f);
}

Test(renew, a_partner_that_stays_away_is_not_waited_for_for_ever)
{
    fx_start(&f, "S2A", START);
    fx_offline(&f, "vdab", true);
    renew("buso", true);
    fx_run(&f);
    f.real_ms += 29 * A_DAY_MS;
    fx_clock(&f, "2026-09-30T07:00:00Z");
    cr_expect(not(sk_engine_keys_due(engine_of("buso"))));
    f.real_ms += 2 * A_DAY_MS;
    fx_clock(&f, "2026-10-02T08:00:00Z");
    cr_expect(sk_engine_keys_due(engine_of("buso")));
    fx_end(&f);
}

static void refused(const char *code)
{
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), (char *)code), "%s",
              f.reply);
}

Test(renew, refuses_what_is_not_the_next_card_of_this_node)
{
    struct fx_node *buso;
    struct fx_node saved;

    fx_start(&f, "S2A", START);
    buso = fx_node(&f, "buso");
    saved = *buso;
    /* The one that is in force. */
    say_renewed("buso", (struct sk_bytes){buso->card_bytes, buso->card_size});
    refused("card-old");
    /* Of a partner. */
    say_renewed("buso", (struct sk_bytes){fx_node(&f, "gtb")->card_bytes,
                                          fx_node(&f, "gtb")->card_size});
    refused("card-invalid");
    /* Under another identity. */
    next_keys(buso, false);
    buso->card.identity = fx_node(&f, "gtb")->card.identity;
    cr_assert(eq(int,
                 sk_card_encode(&buso->card, &fx_node(&f, "gtb")->identity,
                                (struct sk_room){buso->card_bytes,
                                                 sizeof(buso->card_bytes)},
                                &(struct sk_bytes){0}),
                 SK_OK));
    say_renewed("buso", (struct sk_bytes){buso->card_bytes, buso->card_size});
    refused("card-invalid");
    /* With a key that nobody here has. */
    *buso = saved;
    next_keys(buso, false);
    buso->card.signing.bytes[0] ^= 1;
    fx_card(buso);
    say_renewed("buso", (struct sk_bytes){buso->card_bytes, buso->card_size});
    refused("card-invalid");
    /* node.key is under another master key. */
    *buso = saved;
    next_keys(buso, false);
    buso->secrets.master.secret_bytes[0] ^= 1;
    say_renewed("buso", (struct sk_bytes){buso->card_bytes, buso->card_size});
    refused("restart-needed");
    *buso = saved;
    fx_run(&f);
    cr_expect(knows("gtb", "buso"));
    fx_end(&f);
}

/* I4: a renewal whose batch could not be stored did not happen. */
Test(renew, a_batch_that_fails_takes_it_back)
{
    struct fx_node *buso;
    struct fx_node saved;

    fx_start(&f, "S2A", START);
    buso = fx_node(&f, "buso");
    saved = *buso;
    next_keys(buso, true);
    sk_store_memory_fail_after(buso->store, 2); /* the commit */
    cr_expect(eq(int,
                 try_renewed("buso", (struct sk_bytes){buso->card_bytes,
                                                       buso->card_size}),
                 SK_E_FULL));
    sk_store_memory_fail_after(buso->store, 0);
    cr_expect(eq(u64, buso->engine->card.version, saved.card.version));
    cr_expect(memcmp(&buso->engine->secrets, &saved.secrets,
                     sizeof(saved.secrets)) == 0);
    *buso = saved;
    ln_publish(&f, "buso", "gtb", 0, 1);
    ln_publish(&f, "gtb", "buso", 0, 1);
    fx_run(&f);
    ln_check(&f, "gtb", "buso", 1);
    ln_check(&f, "buso", "gtb", 1);
    fx_end(&f);
}

/* A person renewed keys that are not in force here: they are not lost when old
   ones are destroyed. */
Test(renew, a_renewal_under_way_is_not_overwritten)
{
    uint8_t room[SK_NODE_KEY_SIZE_MAX];
    struct fx_node *buso;
    struct sk_seed seed;
    struct sk_bytes out = {0};

    fx_start(&f, "S2A", START);
    buso = fx_node(&f, "buso");
    renew("buso", true);
    fx_run(&f);
    cr_assert(sk_engine_keys_due(buso->engine));
    next_keys(buso, false);
    seed = fx_seed(&f);
    cr_expect(
        eq(int,
           sk_engine_keys_rewrite(buso->engine, key_file(buso), &seed,
                                  (struct sk_room){room, sizeof(room)}, &out),
           SK_E_REFUSED));
    cr_expect(eq(sz, out.size, 0));
    fx_end(&f);
}
