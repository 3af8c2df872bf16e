/* PROTOCOL.md 8.10: who has a newer charter hands it on. */
#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"

static struct fx f;

static uint64_t version_at(const char *org)
{
    fx_call(&f, org, "charter.show", "{}");
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    return sk_value_uint(fx_at(&f, "result.version"));
}

static void expect_all(uint64_t version)
{
    for (size_t i = 0; i < f.count; i++) {
        const char *org = f.nodes[i].org.text;

        cr_expect(eq(u64, version_at(org), version), "%s", org);
    }
}

/* Nobody carries it further. */
static void import_at(const char *org)
{
    struct fx_charter *c = fx_charter(&f);

    fx_import(&f, org, c);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    free(c);
}

static void renew_card(const char *org)
{
    struct fx_node *node = fx_node(&f, org);
    struct sk_seed seed = fx_seed(&f);

    node->card.version++;
    sk_curve_keypair(&seed, &node->card.curve, &node->secrets.curve);
    fx_card(node);
}

/* In the next charter; the role and the id of this one are the same word. */
static void suspend(const char *org)
{
    char role[64];
    char *text = calloc(1, strlen(f.partners) + 64);
    char *at;

    snprintf(role, sizeof(role), "role: %s", org);
    at = strstr(f.partners, role);
    cr_assert(at != NULL);
    sprintf(text, "%.*s%s\n    status: suspended%s", (int)(at - f.partners),
            f.partners, role, at + strlen(role));
    free(f.partners);
    f.partners = text;
}

/* Everybody but these two. */
static void only(const char *a, const char *b)
{
    for (size_t i = 0; i < f.count; i++) {
        const char *org = f.nodes[i].org.text;

        if (strcmp(org, a) != 0 && strcmp(org, b) != 0)
            fx_offline(&f, org, true);
    }
}

/* The oldest frame arrives. */
static void carry_one(void)
{
    struct sk_input input = {.type = SK_INPUT_FRAME};
    struct fx_frame frame = f.queue[0];

    cr_assert(f.queue_count > 0);
    f.queue_count--;
    memmove(f.queue, f.queue + 1, f.queue_count * sizeof(*f.queue));
    input.peer = f.nodes[frame.from].org;
    input.bytes = (struct sk_bytes){frame.bytes, frame.size};
    fx_must(&f, frame.to, &input);
    free(frame.bytes);
}

/* ------------------------------------------------------------- handed on */

Test(charter_share, a_newer_charter_reaches_everybody)
{
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    import_at("buso");
    fx_run(&f);
    expect_all(2);
    /* Larger than a part, so it came in two. */
    cr_expect(strstr(t->text, "gtb>buso WANT 2 from 0\n"
                              "buso>gtb CHARTER 2 from 0\n"
                              "gtb>buso WANT 2 from 65536\n"
                              "buso>gtb CHARTER 2 from 65536\n"
                              "gtb>buso HELLO ") != NULL,
              "%s", t->text);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "charter"), "2"));
    /* And then it is quiet. */
    ln_clear(t);
    fx_run(&f);
    cr_expect(eq(str, t->text, ""));
    free(t);
    fx_end(&f);
}

/* From node to node: two that have no line with each other. */
Test(charter_share, it_goes_on_over_others)
{
    fx_start(&f, "S2A", START);
    fx_offline(&f, "gtb", true);
    import_at("buso");
    fx_run(&f);
    fx_offline(&f, "buso", true);
    fx_offline(&f, "gtb", false);
    cr_expect(eq(u64, version_at("gtb"), 2));
    fx_crash(&f, "gtb");
    cr_expect(eq(u64, version_at("gtb"), 2));
    fx_end(&f);
}

/* Each version is judged by the stewards of the one before. */
Test(charter_share, who_was_away_takes_every_version)
{
    struct ln_trace *t;
    const char *third;

    fx_start(&f, "S2A", START);
    fx_offline(&f, "gtb", true);
    import_at("buso");
    import_at("buso");
    import_at("buso");
    fx_run(&f);
    only("buso", "gtb");
    t = ln_trace(&f, "buso", "gtb");
    fx_offline(&f, "gtb", false);
    cr_expect(eq(u64, version_at("gtb"), 4));
    cr_expect(strstr(t->text, "WANT 2 from 0\n") != NULL, "%s", t->text);
    third = strstr(t->text, "WANT 3 from 0\n");
    cr_expect(third != NULL && strstr(third, "WANT 4 from 0\n") != NULL);
    free(t);
    fx_end(&f);
}

/* The newest cards come along, also of a partner that is not there. */
Test(charter_share, brings_the_newest_cards)
{
    char hex[2 * SK_CARD_SIZE_MAX + 1];
    struct fx_charter *c;
    struct fx_node *vdab;

    fx_start(&f, "S2A", START);
    c = fx_charter(&f);
    fx_offline(&f, "vdab", true);
    fx_import(&f, "buso", c);
    renew_card("vdab");
    vdab = fx_node(&f, "vdab");
    sodium_bin2hex(hex, sizeof(hex), vdab->card_bytes, vdab->card_size);
    fx_call(&f, "buso", "card.import", "{'card':{'$hex':'%s'}}", hex);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    fx_run(&f);
    cr_expect(eq(u64, version_at("gtb"), 2));
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "vdab", "card"), "2"));
    free(c);
    fx_end(&f);
}

/* ------------------------------------------------------------- not given */

/* DOMAIN 3.3: a suspended partner gets the notices it is owed, and that is
   all; not even the charter that suspends it. */
Test(charter_share, a_suspended_partner_gets_none)
{
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    suspend("gtb");
    import_at("buso");
    fx_run(&f);
    cr_expect(strstr(t->text, "buso>gtb REFUSAL suspended charter\n") != NULL,
              "%s", t->text);
    cr_expect(strstr(t->text, "buso>gtb CHARTER") == NULL, "%s", t->text);
    cr_expect(eq(u64, version_at("gtb"), 1));
    cr_expect(eq(u64, version_at("vdab"), 2));
    cr_expect(
        eq(str, (char *)ln_peer(&f, "gtb", "buso", "refused"), "suspended"));
    free(t);
    fx_end(&f);
}

/* A version that the other never had: it says so, and is asked again later. */
Test(charter_share, who_has_no_such_version_says_so)
{
    struct sk_message m = {.kind = SK_MESSAGE_WANT, .want = {.version = 7}};
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, t->text, "gtb>buso REFUSAL no-charter charter\n"));
    ln_clear(t);
    m.want.version = 1;
    m.want.at = SK_CHARTER_SIZE_MAX - 1;
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, t->text, "gtb>buso CHARTER 1 from 0\n"));
    ln_clear(t);
    m.want.at = 65535;
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, t->text, "gtb>buso CHARTER 1 from 65535\n"));
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- lost */

Test(charter_share, a_lost_part_only_costs_time)
{
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    only("buso", "gtb");
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_CHARTER] = 1;
    import_at("buso");
    fx_run(&f);
    cr_expect(eq(u64, version_at("gtb"), 1));
    fx_wait(&f, 4000);
    cr_expect(eq(u64, version_at("gtb"), 1));
    fx_wait(&f, 2000);
    cr_expect(eq(u64, version_at("gtb"), 2));
    /* All that is asked for: it is asked again a minute later. */
    t->lose[SK_MESSAGE_CHARTER] = 4;
    import_at("buso");
    fx_run(&f);
    fx_wait(&f, 50000);
    cr_expect(eq(u64, version_at("gtb"), 2));
    cr_expect(eq(uint, t->lose[SK_MESSAGE_CHARTER], 0));
    fx_wait(&f, 40000);
    cr_expect(eq(u64, version_at("gtb"), 3));
    free(t);
    fx_end(&f);
}

/* The giver has a newer one meanwhile: the older comes without cards, and is
   shorter than what came of it already. */
Test(charter_share, a_newer_one_under_way_starts_it_again)
{
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    only("buso", "gtb");
    t = ln_trace(&f, "buso", "gtb");
    import_at("buso");
    while (strstr(t->text, "WANT 2 from 65536") == NULL)
        carry_one();
    import_at("buso");
    fx_run(&f);
    cr_expect(eq(u64, version_at("gtb"), 3), "%s", t->text);
    free(t);
    fx_end(&f);
}

/* Under way a card is renewed: the bytes are others, so it starts again. */
static bool renewed;
static bool renew_under_way(struct fx *fx, size_t from, size_t to,
                            uint8_t *bytes, size_t size)
{
    struct sk_message *m = malloc(sizeof(*m));

    if (!renewed && ln_open(fx, from, to, bytes, size, m) == SK_OK &&
        m->kind == SK_MESSAGE_CHARTER && m->charter.at == 0) {
        renewed = true;
        renew_card("vdab");
    }
    free(m);
    return true;
}

Test(charter_share, other_bytes_start_it_again)
{
    char hex[2 * SK_CARD_SIZE_MAX + 1];
    struct fx_node *vdab;

    fx_start(&f, "S2A", START);
    only("buso", "gtb");
    f.filter = renew_under_way;
    import_at("buso");
    /* Two frames: WANT, CHARTER; then buso learns the new card. */
    while (!renewed)
        carry_one();
    vdab = fx_node(&f, "vdab");
    sodium_bin2hex(hex, sizeof(hex), vdab->card_bytes, vdab->card_size);
    fx_call(&f, "buso", "card.import", "{'card':{'$hex':'%s'}}", hex);
    fx_run(&f);
    cr_expect(eq(u64, version_at("gtb"), 2));
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "vdab", "card"), "2"));
    fx_end(&f);
}

/* I4: whatever write of it fails, the node has the old one, whole. */
Test(charter_share, comes_into_force_in_one_transaction)
{
    static struct sk_effects effects;
    struct ln_trace *t;
    struct sk_input input = {.type = SK_INPUT_FRAME};
    uint8_t *last;
    size_t at;
    int failures = 0;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    import_at("buso");
    at = fx_index(&f, "gtb");
    /* Up to, but without, the frame that completes it. */
    while (f.queue_count > 0) {
        struct fx_frame frame = f.queue[0];

        if (frame.to == at && strstr(t->text, "CHARTER 2 from 65536") != NULL &&
            frame.size == t->last_size[SK_MESSAGE_CHARTER] &&
            memcmp(frame.bytes, t->last[SK_MESSAGE_CHARTER], frame.size) == 0)
            break;
        carry_one();
    }
    cr_assert(f.queue_count > 0);
    last = f.queue[0].bytes;
    input.peer = f.nodes[f.queue[0].from].org;
    input.bytes = (struct sk_bytes){last, f.queue[0].size};
    for (;; failures++) {
        sk_store_memory_fail_after(f.nodes[at].store, (uint64_t)failures + 1);
        if (fx_step(&f, at, &input, &effects) == SK_OK)
            break;
        sk_store_memory_fail_after(f.nodes[at].store, 0);
        cr_assert(eq(u64, version_at("gtb"), 1));
        cr_assert(failures < 1000);
    }
    sk_store_memory_fail_after(f.nodes[at].store, 0);
    cr_expect(failures > 10, "%d", failures);
    cr_expect(eq(u64, version_at("gtb"), 2));
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- forged */

struct forged {
    uint8_t bytes[512 * 1024];
    size_t size;
};

static void pack_member(struct sk_pack *p, const char *name,
                        struct sk_bytes bytes)
{
    sk_pack_array(p, 2);
    sk_pack_cstr(p, name);
    sk_pack_bin(p, bytes);
}

/* Without the signature when it is empty. */
static void forge(struct forged *out, const struct fx_charter *c)
{
    struct sk_pack p =
        sk_pack_start((struct sk_room){out->bytes, sizeof(out->bytes)});

    sk_pack_array(&p, c->signature_bytes.size > 0 ? 6 : 5);
    pack_member(&p, "MANIFEST", c->charter.manifest_text);
    if (c->signature_bytes.size > 0)
        pack_member(&p, "MANIFEST.buso.minisig", c->signature_bytes);
    pack_member(&p, "charter.yaml", c->charter.charter_yaml);
    pack_member(&p, "guards.yaml", c->charter.guards_yaml);
    pack_member(&p, "partners.yaml", c->charter.partners_yaml);
    pack_member(&p, "vocabulary.yaml", c->charter.vocabulary_yaml);
    cr_assert(p.full == false);
    out->size = p.size;
}

static void say_that_we_have(uint64_t version)
{
    struct sk_message m = {.kind = SK_MESSAGE_HELLO};

    m.hello = (struct sk_hello){.incarnation = 1,
                                .peer_incarnation = 1,
                                .card_version = 1,
                                .charter_version = version};
    ln_tell(&f, "vdab", "gtb", &m);
}

/* vdab gives these bytes for version 2. */
static void give(const struct forged *forged, const struct sk_hash *digest)
{
    struct sk_message m = {.kind = SK_MESSAGE_CHARTER};
    struct sk_hash own;

    sk_charter_digest((struct sk_bytes){forged->bytes, forged->size}, &own);
    for (size_t at = 0; at < forged->size; at += SK_CHARTER_PART_SIZE_MAX) {
        size_t size = forged->size - at;

        m.charter.version = 2;
        m.charter.size = forged->size;
        m.charter.at = at;
        m.charter.digest = digest == NULL ? own : *digest;
        m.charter.bytes.data = forged->bytes + at;
        m.charter.bytes.size =
            size < SK_CHARTER_PART_SIZE_MAX ? size : SK_CHARTER_PART_SIZE_MAX;
        ln_tell(&f, "vdab", "gtb", &m);
    }
}

/* And says before that it has it. */
static void offer(const struct forged *forged, const struct sk_hash *digest)
{
    say_that_we_have(2);
    give(forged, digest);
}

static void expect_refused(const char *code)
{
    struct ln_trace *t = f.filter_context;
    char want[128];
    const char *at;

    snprintf(want, sizeof(want), "gtb>vdab REFUSAL %s charter\n", code);
    at = strstr(t->text, want);
    cr_assert(at != NULL, "%s: %s", code, t->text);
    cr_expect(strstr(at, "WANT") == NULL, "%s", t->text);
    cr_expect(eq(u64, version_at("gtb"), 1), "%s", code);
    ln_clear(t);
    /* It is not asked again for a while. */
    say_that_we_have(2);
    fx_wait(&f, 60000);
    cr_expect(strstr(t->text, "WANT") == NULL, "%s", t->text);
    f.real_ms += 600000;
    ln_clear(t);
}

Test(charter_share, forged_ones_are_refused_by_name)
{
    struct forged *forged = calloc(1, sizeof(*forged));
    struct sk_hash none = {{0}};
    struct ln_trace *t;
    struct fx_charter *c;
    struct sk_sign_secret steward;
    struct sk_hash first;

    fx_start(&f, "S2A", START);
    only("vdab", "gtb");
    t = ln_trace(&f, "vdab", "gtb");
    first = f.manifest;

    /* Signed by a key that is not the steward's. */
    steward = f.nodes[0].identity;
    f.nodes[0].identity = fx_node(&f, "vdab")->identity;
    c = fx_charter(&f);
    f.nodes[0].identity = steward;
    forge(forged, c);
    offer(forged, NULL);
    expect_refused("charter-invalid");
    free(c);

    /* By nobody. */
    f.charter_version = 1;
    f.manifest = first;
    c = fx_charter(&f);
    c->signature_bytes.size = 0;
    forge(forged, c);
    offer(forged, NULL);
    expect_refused("charter-signatures");
    free(c);

    /* A good one, with one letter of a file changed. */
    f.charter_version = 1;
    f.manifest = first;
    c = fx_charter(&f);
    forge(forged, c);
    forged->bytes[forged->size - 100] ^= 1;
    offer(forged, NULL);
    expect_refused("charter-invalid");
    /* Bytes that are not what their digest says. */
    forged->bytes[forged->size - 100] ^= 1;
    offer(forged, &none);
    expect_refused("charter-invalid");
    /* Not a list of files; a byte behind. */
    forged->bytes[0] = 0xc0;
    offer(forged, NULL);
    expect_refused("charter-invalid");
    forge(forged, c);
    forged->bytes[forged->size++] = 0xc0;
    offer(forged, NULL);
    expect_refused("charter-invalid");
    free(c);

    /* Version 3 under the name of 2. */
    c = fx_charter(&f);
    forge(forged, c);
    offer(forged, NULL);
    expect_refused("charter-gap");
    free(c);

    /* A partner that gives forged ones is still a partner. */
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "vdab", "line"), "up"));
    f.charter_version = 1;
    f.manifest = first;
    c = fx_charter(&f);
    forge(forged, c);
    offer(forged, NULL);
    cr_expect(eq(u64, version_at("gtb"), 2));
    free(c);
    free(t);
    free(forged);
    fx_end(&f);
}

/* What was not asked for is not even kept. */
Test(charter_share, parts_that_nobody_asked_for_do_nothing)
{
    struct forged *forged = calloc(1, sizeof(*forged));
    struct sk_message m = {.kind = SK_MESSAGE_CHARTER};
    struct fx_charter *c;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "vdab", "gtb");
    c = fx_charter(&f);
    forge(forged, c);
    m.charter.version = 2;
    m.charter.size = forged->size;
    sk_charter_digest((struct sk_bytes){forged->bytes, forged->size},
                      &m.charter.digest);
    for (size_t at = 0; at < forged->size; at += 60000) {
        m.charter.at = at;
        m.charter.bytes.data = forged->bytes + at;
        m.charter.bytes.size =
            forged->size - at < 60000 ? forged->size - at : 60000;
        ln_tell(&f, "vdab", "gtb", &m);
    }
    cr_expect(eq(str, t->text, ""));
    cr_expect(eq(u64, version_at("gtb"), 1));
    free(c);
    free(t);
    free(forged);
    fx_end(&f);
}

/* Also when the first bytes come again, as the first of something shorter. */
Test(charter_share, first_bytes_start_it_again)
{
    struct forged *forged = calloc(1, sizeof(*forged));
    struct sk_message m = {.kind = SK_MESSAGE_CHARTER};
    struct fx_charter *c;

    fx_start(&f, "S2A", START);
    only("vdab", "gtb");
    c = fx_charter(&f);
    forge(forged, c);
    say_that_we_have(2);
    m.charter.version = 2;
    m.charter.size = forged->size + 100000;
    m.charter.bytes = (struct sk_bytes){forged->bytes, 60000};
    ln_tell(&f, "vdab", "gtb", &m);
    give(forged, NULL);
    cr_expect(eq(u64, version_at("gtb"), 2));
    free(c);
    free(forged);
    fx_end(&f);
}

/* But not for ever. */
Test(charter_share, bytes_that_always_change_are_given_up)
{
    struct sk_message m = {.kind = SK_MESSAGE_CHARTER};
    struct ln_trace *t;
    uint8_t byte = 0x91;

    fx_start(&f, "S2A", START);
    only("vdab", "gtb");
    say_that_we_have(2);
    t = ln_trace(&f, "vdab", "gtb");
    m.charter.version = 2;
    m.charter.bytes = (struct sk_bytes){&byte, 1};
    for (uint64_t i = 0; i < 20; i++) {
        m.charter.size = 100 + i;
        ln_tell(&f, "vdab", "gtb", &m);
    }
    cr_expect(eq(str, t->text,
                 "gtb>vdab WANT 2 from 1\ngtb>vdab WANT 2 from 1\n"
                 "gtb>vdab WANT 2 from 1\ngtb>vdab WANT 2 from 1\n"));
    free(t);
    fx_end(&f);
}
