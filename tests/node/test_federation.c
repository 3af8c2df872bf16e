/* Charter, cards, policy: what is in force, and what is refused.
   Tests: node/engine/charter.c, node/engine/policy.c */
#include "tests/node/fixture.h"

static struct fx f;

static void begin(void)
{
    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ true);
}

static void expect_code(const char *code, const char *detail)
{
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), (char *)code), "%s",
              f.reply);
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), (char *)detail),
              "%s", f.reply);
}

/* ------------------------------------------------------------- charter */

Test(federation, takes_a_signed_charter_into_use)
{
    struct fx_charter *c;
    struct sk_engine_peer peer;
    struct sk_engine *e;

    begin();
    e = fx_node(&f, "gtb")->engine;
    cr_expect(eq(sz, sk_engine_peers_count(e), 0));
    c = fx_charter(&f);
    fx_import(&f, "gtb", c);
    cr_expect(eq(str, f.reply,
                 "{'ok':true,'result':{'charter':'proef/1',"
                 "'partners':4}}"));
    cr_expect(eq(sz, sk_engine_peers_count(e), 4));
    sk_engine_peer_at(e, 0, &peer);
    cr_expect(eq(str, peer.org.text, "buso"));
    cr_expect(memcmp(peer.curve.bytes, f.nodes[0].card.curve.bytes, 32) == 0);
    cr_expect(eq(str, peer.endpoint, ""));
    fx_ok(&f, "gtb", "charter.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.charter"), "proef"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.version"), "1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.guards"), "vlaanderen/1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.vocabulary"),
                 "traject-vlaanderen/1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stewards"), "['buso']"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.partners.3"),
                 "{'card':1,'name':'Houtzaak (fictief)','org':'houtzaak',"
                 "'role':'company','status':'active'}"));
    /* The same once more changes nothing. */
    fx_import(&f, "gtb", c);
    cr_expect(sk_value_bool(fx_at(&f, "ok")));
    free(c);
    fx_end(&f);
}

/* I5, DESIGN 4: signed by enough stewards of the version before, never older,
   and about us. */
Test(federation, refuses_a_charter_that_is_not_good)
{
    struct fx_charter *first;
    struct fx_charter *next;
    char *partners;

    begin();
    first = fx_charter(&f);
    first->signature_bytes.size = 0;
    fx_import(&f, "gtb", first);
    expect_code("charter-invalid", "signature");
    free(first);
    f.charter_version = 0;
    first = fx_charter(&f);
    /* One letter of the guards after they were signed. */
    partners = strdup(f.guards);
    partners[20] ^= 1;
    first->charter.guards_yaml = sk_text(partners);
    fx_import(&f, "gtb", first);
    expect_code("charter-invalid", "file-hash");
    first->charter.guards_yaml = sk_text(f.guards);
    fx_import(&f, "gtb", first);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    next = fx_charter(&f);
    fx_import(&f, "gtb", next);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    fx_import(&f, "gtb", first);
    expect_code("charter-old", "older");
    fx_ok(&f, "gtb", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.charter"), "proef/2"));
    free(first);
    first = fx_charter(&f);
    free(next);
    next = fx_charter(&f);
    fx_import(&f, "gtb", next);
    expect_code("charter-gap", "version");
    free(first);
    free(next);
    free(partners);
    fx_end(&f);
}

/* A charter whose words do not load is refused with what is wrong. */
Test(federation, refuses_a_charter_that_does_not_load)
{
    struct fx_charter *c;
    char *at;

    begin();
    at = strstr(f.partners, "role: gtb");
    memcpy(at, "role: xxx", 9);
    c = fx_charter(&f);
    fx_import(&f, "gtb", c);
    expect_code("charter-invalid", "absent");
    cr_expect(eq(str, (char *)fx_text(&f, "error.errors.0.code"), "E086"));
    cr_expect(ne(str, (char *)fx_text(&f, "error.errors.0.message_nl"),
                 (char *)fx_text(&f, "error.errors.0.message_en")));
    fx_refused(&f, "gtb", "no-charter", "charter.show", "{}");
    free(c);
    fx_end(&f);
}

/* Another node's charter: our identity key is not the one it names. */
Test(federation, refuses_a_charter_about_another_identity)
{
    struct fx_charter *c;
    struct fx_node *gtb;

    begin();
    /* The charter and the card in it name a fresh key. */
    gtb = fx_node(&f, "gtb");
    fx_keys(&f, gtb);
    gtb->card.version = 2;
    fx_card(gtb);
    c = fx_charter(&f);
    fx_import(&f, "gtb", c);
    expect_code("charter-not-for-us", "gtb");
    fx_import(&f, "buso", c);
    cr_expect(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    free(c);
    fx_end(&f);
}

/* A roster that drops or suspends a partner is at once what counts. */
Test(federation, follows_the_roster_of_the_newest_charter)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_partners(&f, "role: gtb", "role: gtb\n    status: suspended");
    fx_ok(&f, "buso", "charter.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.version"), "2"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.partners.2.status"), "suspended"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.partners.2.org"), "gtb"));
    /* It may still connect: it is owed notices. */
    cr_expect(eq(sz, sk_engine_peers_count(fx_node(&f, "buso")->engine), 4));
    fx_crash(&f, "buso");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.charter"), "proef/2"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
    fx_end(&f);
}

/* POLICY.md 9.1: a charter that others live under is taken, said, and both
   names get their ids; nothing stops. */
Test(federation, tells_apart_who_is_called_the_same)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_partners(&f, "name: GTB Kempen\n", "name: houtzaak (Fictief)\n");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.same_name"),
           "['houtzaak (Fictief) (gtb)','Houtzaak (fictief) (houtzaak)']"));
    fx_ok(&f, "buso", "charter.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.partners.2.name"),
                 "houtzaak (Fictief) (gtb)"));
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
    fx_partners(&f, "name: houtzaak (Fictief)\n", "name: GTB Kempen\n");
    cr_expect(eq(str, (char *)fx_text(&f, "result.same_name"), "absent"));
    fx_end(&f);
}

/* I5: our policy does not load under the new charter: nothing is shared, and
   the node says that it has none. */
Test(federation, stops_a_policy_that_no_longer_loads)
{
    struct fx_charter *c;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    memcpy(strstr(f.partners, "houtzaak:"), "houtzaaf:", 9);
    c = fx_charter(&f);
    fx_import(&f, "buso", c);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    for (int i = 0; i < 2; i++) {
        fx_ok(&f, "buso", "node.status", "{}");
        cr_expect(eq(str, (char *)fx_text(&f, "result.charter"), "proef/2"));
        cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "nil"));
        fx_crash(&f, "buso");
    }
    /* Back under a charter where it loads. */
    free(c);
    memcpy(strstr(f.partners, "houtzaaf:"), "houtzaak:", 9);
    c = fx_charter(&f);
    fx_import(&f, "buso", c);
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
    free(c);
    fx_end(&f);
}

/* ------------------------------------------------------------- cards */

static void renew(const char *org)
{
    struct fx_node *node = fx_node(&f, org);
    struct sk_seed seed = fx_seed(&f);

    node->card.version++;
    sk_curve_keypair(&seed, &node->card.curve, &node->secrets.curve);
    fx_card(node);
}

static const char *hex_of(const struct fx_node *node)
{
    static char hex[2 * SK_CARD_SIZE_MAX + 1];

    sodium_bin2hex(hex, sizeof(hex), node->card_bytes, node->card_size);
    return hex;
}

Test(federation, takes_only_newer_cards_of_partners)
{
    struct fx_node *vdab;
    struct sk_engine_peer peer;

    begin();
    vdab = fx_node(&f, "vdab");
    fx_refused(&f, "gtb", "no-charter", "card.import", "{'card':{'$hex':'%s'}}",
               hex_of(vdab));
    fx_import_all(&f);
    fx_refused(&f, "gtb", "card-old", "card.import", "{'card':{'$hex':'%s'}}",
               hex_of(vdab));
    renew("vdab");
    fx_ok(&f, "gtb", "card.import", "{'card':{'$hex':'%s'}}", hex_of(vdab));
    cr_expect(
        eq(str, f.reply, "{'ok':true,'result':{'org':'vdab','version':2}}"));
    sk_engine_peer_at(fx_node(&f, "gtb")->engine, 3, &peer);
    cr_expect(memcmp(peer.curve.bytes, vdab->card.curve.bytes, 32) == 0);
    fx_refused(&f, "gtb", "card-invalid", "card.import",
               "{'card':{'$hex':'9001'}}");
    /* Signed by a key that the charter does not name for it. */
    fx_keys(&f, vdab);
    vdab->card.version = 9;
    fx_card(vdab);
    fx_refused(&f, "gtb", "card-not-in-charter", "card.import",
               "{'card':{'$hex':'%s'}}", hex_of(vdab));
    fx_refused(&f, "gtb", "recipient-is-owner", "card.import",
               "{'card':{'$hex':'%s'}}",
               (renew("gtb"), hex_of(fx_node(&f, "gtb"))));
    fx_crash(&f, "gtb");
    fx_ok(&f, "gtb", "charter.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.partners.4.card"), "2"));
    fx_end(&f);
}

/* ------------------------------------------------------------- policy */

static const char policy[] =
    "language: sharing-policy/1\n"
    "policy: %s\n"
    "version: %d\n"
    "vocabulary: traject-vlaanderen/1\n"
    "guards: vlaanderen/1\n"
    "partners: school-naar-werk\n"
    "share:\n"
    "  - id: overdracht\n"
    "    text: \"Wie verder begeleidt, krijgt de vraag.\"\n"
    "    to: {orgs: [%s]}\n"
    "    for: [guidance.handover]\n"
    "    what: {handover.requested: {question: exact}}\n"
    "    basis: {gdpr: public-task, reference: Voorbeeld}\n"
    "    retain: {for: 6 months, from: sent}\n"
    "    valid: {from: 2026-09-01, until: 2028-08-31}\n";

static const char *policy_text(const char *owner, int version, const char *to)
{
    static char text[2048];

    snprintf(text, sizeof(text), policy, owner, version, to);
    return text;
}

static const char *policy_hex(const char *owner, int version, const char *to)
{
    static char hex[4096];
    const char *text = policy_text(owner, version, to);

    sodium_bin2hex(hex, sizeof(hex), (const uint8_t *)text, strlen(text));
    return hex;
}

/* Signed by both officers, and refused all the same. */
static void refused(const char *code, const char *text)
{
    char *args = fx_signed(&f, "vdab", text, SG_BOTH);

    fx_refused(&f, "vdab", code, "policy.activate", "%s", args);
    free(args);
}

Test(federation, activates_only_its_own_and_newer_policies)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "vdab", "policy.show", "{}");
    cr_expect(
        eq(str, f.reply, "{'ok':true,'result':{'policy':nil,'rules':[]}}"));
    refused("policy-not-yours", policy_text("gtb", 1, "buso"));
    fx_activate(&f, "vdab", policy_text("vdab", 3, "gtb"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "vdab/3"));
    fx_ok(&f, "vdab", "policy.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.rules"),
                 "[{'ground':'public-task','id':'overdracht',"
                 "'reference':'Voorbeeld','text':"
                 "'Wie verder begeleidt, krijgt de vraag.'}]"));
    /* Other words under the same number, or an older number, are refused. */
    refused("policy-version-not-higher", policy_text("vdab", 3, "buso"));
    refused("policy-version-not-higher", policy_text("vdab", 2, "gtb"));
    fx_activate(&f, "vdab", policy_text("vdab", 4, "buso"));
    fx_end(&f);
}

Test(federation, shows_what_is_wrong_in_a_policy)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "vdab", "policy.try", "{'policy':{'$hex':'%s'}}",
          policy_hex("vdab", 1, "niemand"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.ok"), "false"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.errors.0.line"), "10"));
    refused("policy-invalid", policy_text("vdab", 1, "niemand"));
    cr_expect(eq(str, (char *)fx_text(&f, "error.errors.0.line"), "10"));
    fx_ok(&f, "vdab", "policy.try", "{'policy':{'$hex':'%s'}}",
          policy_hex("vdab", 1, "gtb"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.ok"), "true"));
    /* Trying activates nothing, also not after another input. */
    fx_ok(&f, "vdab", "policy.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "nil"));
    fx_ok(&f, "buso", "policy.try", "{'policy':{'$hex':'%s'}}",
          policy_hex("buso", 9, "gtb"));
    fx_ok(&f, "buso", "policy.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
    refused("policy-invalid", "\npolicy: vdab\nversion: 1\n\x01");
    fx_end(&f);
}
