/* Tests: node/engine/policy_files.c, node/engine/policy_next.c */
#include "tests/node/fixture.h"

#include "protocol/journal.h"

/* docs/POLICY.md 2.3: how a policy comes into force, and who must sign. */

static struct fx f;
static char text[8192];

static void start(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(gate, .init = start, .fini = end);

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

/* A policy of VDAB, which starts without one. */
static const char *policy(int version, const char *to, const char *fields)
{
    snprintf(text, sizeof(text),
             "language: sharing-policy/1\n"
             "policy: vdab\n"
             "version: %d\n"
             "vocabulary: traject-vlaanderen/1\n"
             "guards: vlaanderen/1\n"
             "partners: school-naar-werk\n"
             "share:\n"
             "  - id: overdracht\n"
             "    text: \"Wie verder begeleidt, krijgt de vraag.\"\n"
             "    to: {orgs: [%s]}\n"
             "    for: [guidance.handover]\n"
             "    what: {handover.requested: {%s}}\n"
             "    basis: {gdpr: public-task, reference: Voorbeeld}\n"
             "    retain: {for: 6 months, from: sent}\n"
             "    valid: {from: 2026-09-01, until: 2028-08-31}\n",
             version, to, fields);
    return text;
}

static void activate(const char *what, unsigned signers)
{
    char *args = fx_signed(&f, "vdab", what, signers);

    fx_call(&f, "vdab", "policy.activate", "%s", args);
    free(args);
}

static const char *code(void)
{
    return sk_value_bool(fx_at(&f, "ok")) ? "ok" : fx_text(&f, "error.code");
}

static const char *shown(const char *key)
{
    char path[64];

    fx_ok(&f, "vdab", "policy.show", "{}");
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

static const char *history(int at, const char *key)
{
    char path[64];

    fx_ok(&f, "vdab", "policy.history", "{}");
    snprintf(path, sizeof(path), "result.versions.%d.%s", at, key);
    return fx_text(&f, path);
}

/* What the journal says of policies, as "1- 2waits 2policy-signatures". */
static const char *journal(void)
{
    static char out[1024];
    struct sk_value_walk walk;

    out[0] = '\0';
    fx_ok(&f, "vdab", "journal.read", "{'from':0,'limit':500}");
    walk = sk_value_walk(fx_at(&f, "result.entries"));
    while (sk_value_next(&walk)) {
        struct sk_entry entry;
        size_t at = strlen(out);

        cr_assert(
            eq(int, sk_entry_decode(sk_value_bin(walk.value), &entry), SK_OK));
        if (entry.kind != SK_ENTRY_POLICY)
            continue;
        cr_expect(eq(int, entry.has_hash, entry.numbers_count == 1));
        snprintf(out + at, sizeof(out) - at, "%s%d%.*s", at > 0 ? " " : "",
                 entry.numbers_count == 1 ? (int)entry.numbers[0] : 0,
                 (int)entry.word.size, (const char *)entry.word.data);
    }
    return out;
}

/* ------------------------------------------------------------- signatures */

Test(gate, the_first_one_needs_two_officers)
{
    activate(policy(1, "gtb", "question: exact"), 0);
    EQ(code(), "policy-signatures");
    EQ(fx_text(&f, "error.detail"), "0/2");
    activate(policy(1, "gtb", "question: exact"), 2);
    EQ(code(), "policy-signatures");
    EQ(fx_text(&f, "error.detail"), "1/2: deputy");
    EQ(shown("policy"), "nil");
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.signers"), "['deputy','dpo']");
    EQ(shown("policy"), "vdab/1");
    EQ(journal(), "1policy-signatures 1policy-signatures 1");
}

/* docs/POLICY.md 2.5: every step leaves a record, a refused one too. */
Test(gate, what_is_refused_is_recorded)
{
    activate(policy(1, "gtb", "question: exact"), 2);
    EQ(code(), "policy-signatures");
    EQ(history(0, "refused"), "policy-signatures");
    EQ(history(0, "signers"), "['deputy']");
    EQ(history(0, "needed"), "2");
    EQ(history(0, "in_force"), "false");
    fx_crash(&f, "vdab");
    EQ(history(0, "refused"), "policy-signatures");
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    EQ(history(0, "refused"), "absent");
    EQ(history(0, "in_force"), "true");
    /* What was in force keeps its record, whatever is tried under its number.
     */
    activate(policy(1, "buso", "question: exact"), SG_BOTH);
    EQ(code(), "policy-version-not-higher");
    EQ(history(0, "refused"), "absent");
    EQ(history(0, "in_force"), "true");
    EQ(history(1, "version"), "absent");
    activate(policy(2, "nobody", "question: exact"), SG_BOTH);
    EQ(code(), "policy-invalid");
    EQ(history(1, "refused"), "policy-invalid");
    fx_call(&f, "vdab", "policy.activate",
            "{'files':{'MANIFEST':{'$hex':'00'}}}");
    EQ(journal(), "1policy-signatures 1 1policy-version-not-higher "
                  "2policy-invalid 0policy-bundle");
    EQ(shown("policy"), "vdab/1");
}

Test(gate, narrower_needs_one_and_wider_two)
{
    activate(policy(1, "gtb, clb", "question: exact"), SG_BOTH);
    activate(policy(2, "gtb", "question: exact"), 1);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.narrower"), "true");
    EQ(fx_text(&f, "result.wider"), "false");
    EQ(fx_text(&f, "result.needed"), "1");
    /* Wider: another recipient, another field, a finer level. */
    activate(policy(3, "gtb, buso", "question: exact"), 1);
    EQ(code(), "policy-signatures");
    activate(policy(3, "gtb", "question: exact, coach_name: exact"), 2);
    EQ(code(), "policy-signatures");
    activate(policy(3, "gtb", "question: exact, birth_date: year"), SG_BOTH);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.wider"), "true");
    activate(policy(4, "gtb", "question: exact, birth_date: exact"), 1);
    EQ(code(), "policy-signatures");
    activate(policy(4, "gtb", "question: exact, birth_date: age5"), 1);
    EQ(code(), "ok");
    EQ(shown("policy"), "vdab/4");
}

/* Who may sign the next version is a matter of two, and of the old ones. */
Test(gate, officers_change_only_with_two_of_the_old_ones)
{
    struct sg_request r = {.officers = 6, .signers = 6};
    char previous[80];
    char *args;

    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    snprintf(previous, sizeof(previous), "%s", shown("hash"));
    r.previous = previous;
    r.policy = policy(2, "gtb", "question: exact");
    args = sg_arguments(&r);
    fx_refused(&f, "vdab", "policy-signatures", "policy.activate", "%s", args);
    EQ(fx_text(&f, "error.detail"), "1/2: deputy");
    free(args);
    r.signers = 7;
    args = sg_arguments(&r);
    fx_ok(&f, "vdab", "policy.activate", "%s", args);
    EQ(fx_text(&f, "result.signers"), "['deputy','dpo']");
    EQ(fx_text(&f, "result.wider"), "true");
    free(args);
    /* From now on `third` counts, and `dpo` is nobody. */
    snprintf(previous, sizeof(previous), "%s", shown("hash"));
    r.policy = policy(3, "gtb", "question: exact");
    r.signers = 4;
    args = sg_arguments(&r);
    fx_ok(&f, "vdab", "policy.activate", "%s", args);
    free(args);
    snprintf(previous, sizeof(previous), "%s", shown("hash"));
    r.policy = policy(4, "gtb", "question: exact");
    r.signers = 5;
    args = sg_arguments(&r);
    fx_refused(&f, "vdab", "policy-signature", "policy.activate", "%s", args);
    free(args);
}

/* One who has two names would be two: said in both languages. */
Test(gate, two_officers_have_two_keys)
{
    static uint8_t room[1 << 21];
    struct sk_arena arena = sk_arena_start(room, sizeof(room));
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_officers officers;
    char *one = sg_officers(1);
    char *again = strstr(one, "RW");
    char both[1024];

    snprintf(both, sizeof(both), "%s  deputy: %s  third: geen\n", one, again);
    cr_expect(eq(int,
                 sk_officers_read(sk_text(both), &arena, &findings, &officers),
                 SK_E_BAD_VALUE));
    cr_assert(eq(sz, findings.count, 2), "%s", both);
    EQ(findings.list[0].code, "E091");
    EQ(findings.list[0].nl, "'deputy' heeft de sleutel van 'dpo': wie tekent, "
                            "heeft een eigen sleutel");
    EQ(findings.list[0].en,
       "'deputy' has the key of 'dpo': who signs has a key of their own");
    EQ(findings.list[1].nl,
       "'geen' is geen openbare sleutel van minisign (RW...)");
    free(one);
}

/* ------------------------------------------------------------- I5 */

/* The same request with this text of it read otherwise. */
static void spoilt(const char *from, const char *to)
{
    char *args =
        fx_signed(&f, "vdab", policy(1, "gtb", "question: exact"), SG_BOTH);
    char *other = calloc(1, strlen(args) + strlen(to) + 1);
    char *at = strstr(args, from);

    cr_assert(at != NULL, "%s", from);
    memcpy(other, args, (size_t)(at - args));
    strcat(other, to);
    strcat(other, at + strlen(from));
    fx_call(&f, "vdab", "policy.activate", "%s", other);
    free(other);
    free(args);
    EQ(shown("policy"), "nil");
}

Test(gate, what_is_not_whole_is_refused)
{
    static const char *const rows[][3] = {
        {"'MANIFEST'", "'MANIFESTO'", "policy-bundle"},
        {"'policy.yaml'", "'policies.yaml'", "policy-bundle"},
        {"'officers.yaml'", "'officer.yaml'", "policy-bundle"},
        {"'MANIFEST.dpo.minisig'", "'MANIFEST.chef.minisig'",
         "policy-signature"},
        {"'MANIFEST.dpo.minisig'", "'MANIFEST.third.minisig'",
         "policy-signature"},
        /* "Voorbeeld", in hex */
        {"566f6f726265656c64", "566f6f726265656c65", "policy-bundle"},
        /* "dpo: " in officers.yaml */
        {"64706f3a20", "64706f3b20", "policy-bundle"},
        /* "untrusted comment" of a signature */
        {"756e74727573746564", "556e74727573746564", "policy-signature"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char *args =
            fx_signed(&f, "vdab", policy(1, "gtb", "question: exact"), SG_BOTH);
        bool there = strstr(args, rows[i][0]) != NULL;

        free(args);
        cr_assert(there, "%zu", i);
        spoilt(rows[i][0], rows[i][1]);
        EQ(history(0, "in_force"),
           history(0, "refused")[0] == 'a' ? "absent" : "false");
    }
}

Test(gate, is_made_from_the_version_in_force)
{
    struct sg_request r = {.officers = SG_BOTH, .signers = SG_BOTH};
    char *args;

    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate(policy(2, "gtb", "question: exact, birth_date: year"), SG_BOTH);
    EQ(code(), "ok");
    r.policy = policy(3, "gtb", "question: exact");
    args = sg_arguments(&r);
    fx_refused(&f, "vdab", "policy-not-next", "policy.activate", "%s", args);
    free(args);
}

static const char invariants[] =
    "format: invariants/1\n"
    "invariants: vdab\n"
    "rules:\n"
    "  - id: geen-geboortedatum\n"
    "    text: Niemand krijgt een geboortedatum.\n"
    "    no_flow: {to: anyone, data: [identity.birth]}\n";

Test(gate, what_is_not_proved_comes_into_force_for_nobody)
{
    struct sg_request r = {.policy = policy(1, "gtb", "birth_date: year"),
                           .invariants = invariants,
                           .officers = SG_BOTH,
                           .signers = SG_BOTH};
    char *args = sg_arguments(&r);

    fx_refused(&f, "vdab", "policy-not-proved", "policy.activate", "%s", args);
    EQ(fx_text(&f, "error.detail"), "geen-geboortedatum");
    free(args);
    r.policy = policy(1, "gtb", "question: exact");
    args = sg_arguments(&r);
    fx_ok(&f, "vdab", "policy.activate", "%s", args);
    free(args);
    fx_ok(&f, "vdab", "policy.version", "{}");
    cr_expect(ne(ptr, strstr(fx_text(&f, "result.invariants"), "geen-geboorte"),
                 NULL));
}

/* ------------------------------------------------------------- promises */

/* A version of VDAB with these promises, made from the one in force. */
static void activate_with(const char *what, const char *promises,
                          unsigned signers)
{
    char previous[80];
    struct sg_request r = {.policy = what,
                           .invariants = promises,
                           .officers = SG_BOTH,
                           .signers = signers};
    char *args;

    snprintf(previous, sizeof(previous), "%s", shown("hash"));
    r.previous = strcmp(previous, "absent") == 0 ? NULL : previous;
    args = sg_arguments(&r);
    fx_call(&f, "vdab", "policy.activate", "%s", args);
    free(args);
}

#define PROMISES(body)                                                         \
    "format: invariants/1\ninvariants: vdab\nrules:\n  - id: "                 \
    "geen-geboortedatum\n    text: Niemand krijgt een geboortedatum.\n   "     \
    " " body "\n"

/* docs/POLICY.md 11.5: what stops the next flow is not taken away by one. */
Test(gate, what_stops_flows_is_taken_away_by_two)
{
    static const char *const weaker[] = {
        NULL,
        PROMISES("no_flow: {to: {orgs: [gtb]}, data: [identity.birth]}"),
        PROMISES("no_flow: {to: anyone, data: [identity.name]}"),
        PROMISES("no_flow: {to: anyone, fields: {birth_date: exact}}"),
        PROMISES("max_retention: {to: anyone, months: 24}"),
    };
    const char *one = "question: exact";

    activate_with(policy(1, "gtb", one), invariants, SG_BOTH);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.loosened"), "false");
    for (size_t i = 0; i < SK_COUNT(weaker); i++) {
        activate_with(policy(2, "gtb", one), weaker[i], 1);
        EQ(code(), "policy-signatures");
        EQ(fx_text(&f, "error.detail"), "1/2: dpo (geen-geboortedatum)");
        EQ(history(1, "loosened"), "true");
        EQ(history(1, "wider"), "false");
        EQ(history(1, "needed"), "2");
    }
    /* Stricter, and beside it another one: by one. */
    activate_with(
        policy(2, "gtb", one),
        PROMISES("no_flow: {to: anyone, data: [identity]}\n  - id: "
                 "terug\n    text: Zes maanden.\n    max_retention: {to: "
                 "anyone, months: 6}"),
        1);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.loosened"), "false");
    EQ(fx_text(&f, "result.needed"), "1");
    fx_crash(&f, "vdab");
    activate_with(policy(3, "gtb", one), invariants, 1);
    EQ(fx_text(&f, "error.detail"), "1/2: dpo (geen-geboortedatum)");
    activate_with(policy(3, "gtb", one), NULL, SG_BOTH);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.loosened"), "true");
    EQ(fx_text(&f, "result.wider"), "false");
    EQ(history(2, "loosened"), "true");
}

/* The same of a prohibition that nothing meets today. */
Test(gate, a_never_rule_is_taken_away_by_two)
{
    static const char never[] = "never:\n  - id: geen-geldzaken\n    text: "
                                "Geldzaken blijven hier.\n    to: "
                                "anyone\n    data: [financial]\n";
    char with[sizeof(text) + sizeof(never)];

    snprintf(with, sizeof(with), "%s%s", policy(1, "gtb", "question: exact"),
             never);
    activate(with, SG_BOTH);
    EQ(code(), "ok");
    activate(policy(2, "gtb", "question: exact"), 1);
    EQ(code(), "policy-signatures");
    EQ(fx_text(&f, "error.detail"), "1/2: dpo (geen-geldzaken)");
    activate(policy(2, "gtb", "question: exact"), SG_BOTH);
    EQ(code(), "ok");
    EQ(history(1, "loosened"), "true");
}

/* A promise that something flows stops nothing: to narrow takes one. */
Test(gate, what_must_flow_is_given_up_by_one)
{
    activate_with(policy(1, "gtb", "question: exact"),
                  PROMISES("flow: {to: {orgs: [gtb]}, for: "
                           "[guidance.handover], event: handover.requested}"),
                  SG_BOTH);
    EQ(code(), "ok");
    activate_with(policy(2, "buso", "question: exact"), NULL, 1);
    EQ(code(), "policy-signatures"); /* another one gets it: wider */
    activate_with(policy(2, "gtb", "coach_name: exact"), NULL, 1);
    EQ(code(), "policy-signatures");
    activate_with(policy(2, "gtb", "question: present"), NULL, 1);
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.narrower"), "true");
}

/* ------------------------------------------------------------- later, again */

static void activate_more(const char *what, unsigned signers, const char *more)
{
    char *args = fx_signed(&f, "vdab", what, signers);

    /* Before the last brace. */
    args[strlen(args) - 1] = '\0';
    fx_call(&f, "vdab", "policy.activate", "%s,%s}", args, more);
    free(args);
}

static void activate_from(const char *what, unsigned signers, const char *day)
{
    char more[64];

    snprintf(more, sizeof(more), "'from':'%s'", day);
    activate_more(what, signers, more);
}

Test(gate, waits_for_its_day)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate_from(policy(2, "buso", "question: exact"), 1, "2026-10-01");
    EQ(code(), "policy-signatures");
    EQ(shown("next"), "absent");
    activate_from(policy(2, "buso", "question: exact"), SG_BOTH, "2026-10-01");
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.from"), "2026-10-01");
    EQ(shown("policy"), "vdab/1");
    EQ(shown("next"), "{'from':'2026-10-01','version':2}");
    fx_crash(&f, "vdab");
    fx_clock(&f, "2026-09-30T21:59:00Z");
    EQ(shown("policy"), "vdab/1");
    fx_clock(&f, "2026-09-30T22:00:00Z");
    EQ(shown("policy"), "vdab/2");
    EQ(journal(), "1 2policy-signatures 2waits 2");
    EQ(shown("next"), "absent");
    EQ(history(1, "version"), "2");
    EQ(history(1, "in_force"), "true");
    EQ(history(1, "at"), "2026-09-30T22:00:00Z");
    fx_crash(&f, "vdab");
    EQ(shown("policy"), "vdab/2");
}

/* The gate is asked again on the day: what came between is seen. */
Test(gate, what_no_longer_fits_on_its_day_is_refused_and_recorded)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate(policy(2, "gtb", "question: exact, coach_name: exact"), SG_BOTH);
    EQ(code(), "ok");
    /* A roster with another name: no policy that was made for it loads. */
    activate_from(policy(3, "buso", "question: exact"), SG_BOTH, "2026-11-01");
    EQ(code(), "ok");
    fx_partners(&f, "partners: school-naar-werk", "partners: other");
    EQ(shown("policy"), "nil");
    fx_clock(&f, "2026-11-02T08:00:00Z");
    EQ(shown("policy"), "nil");
    EQ(history(2, "refused"), "policy-invalid");
    EQ(history(2, "in_force"), "false");
    EQ(history(1, "in_force"), "true");
    EQ(shown("next"), "absent");
}

/* docs/POLICY.md 2.7: what waits is not displaced without a word. */
Test(gate, what_waits_is_displaced_only_by_name)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate_from(policy(3, "gtb", "question: present"), 1, "2026-10-01");
    EQ(code(), "ok");
    EQ(history(1, "version"), "3");
    EQ(history(1, "waits"), "2026-10-01");
    EQ(history(1, "in_force"), "false");
    EQ(history(1, "signers"), "['dpo']");
    /* The same again is no change; another day is one. */
    activate_from(policy(3, "gtb", "question: present"), 1, "2026-10-01");
    EQ(code(), "ok");
    EQ(fx_text(&f, "result.from"), "2026-10-01");
    activate_from(policy(3, "gtb", "question: present"), 1, "2026-10-02");
    EQ(code(), "policy-waiting");
    EQ(fx_text(&f, "error.detail"), "3 (2026-10-01)");
    activate(policy(3, "gtb", "question: present"), 1);
    EQ(code(), "policy-waiting");
    activate(policy(4, "gtb", "question: present"), SG_BOTH);
    EQ(code(), "policy-waiting");
    activate_more(policy(4, "gtb", "question: present"), SG_BOTH,
                  "'instead_of':2");
    EQ(code(), "policy-waiting");
    EQ(shown("next"), "{'from':'2026-10-01','version':3}");
    /* A number that is signed is gone. */
    activate_more(policy(3, "gtb", "coach_name: exact"), SG_BOTH,
                  "'instead_of':3");
    EQ(code(), "policy-version-not-higher");
    EQ(journal(), "1 3waits 3policy-waiting 3policy-waiting 4policy-waiting "
                  "4policy-waiting 3policy-version-not-higher");
    /* Later: until then what was agreed is dropped, so not by one. */
    activate_more(policy(3, "gtb", "question: present"), 1,
                  "'instead_of':3,'from':'2026-10-02'");
    EQ(code(), "policy-signatures");
    EQ(fx_text(&f, "error.detail"), "1/2: dpo (2026-10-01)");
    activate_more(policy(4, "gtb", "question: present"), 1,
                  "'instead_of':3,'from':'2026-10-02'");
    EQ(code(), "policy-signatures");
    EQ(shown("next"), "{'from':'2026-10-01','version':3}");
    activate_more(policy(3, "gtb", "question: present"), SG_BOTH,
                  "'instead_of':3,'from':'2026-10-02'");
    EQ(code(), "ok");
    EQ(shown("next"), "{'from':'2026-10-02','version':3}");
    fx_clock(&f, "2026-10-01T08:00:00Z");
    EQ(shown("policy"), "vdab/1");
    fx_clock(&f, "2026-10-02T08:00:00Z");
    EQ(shown("policy"), "vdab/3");
    EQ(history(1, "waits"), "absent");
}

/* Sooner goes by one, as it is. */
Test(gate, what_waits_is_brought_forward_by_one)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate_from(policy(2, "gtb", "question: present"), 1, "2026-10-05");
    EQ(code(), "ok");
    activate_more(policy(2, "gtb", "question: present"), 1,
                  "'instead_of':2,'from':'2026-10-02'");
    EQ(code(), "ok");
    EQ(shown("next"), "{'from':'2026-10-02','version':2}");
    activate_more(policy(3, "gtb", "question: present"), 1,
                  "'instead_of':2,'from':'2026-10-02'");
    EQ(code(), "ok");
    activate_more(policy(4, "gtb", "question: present"), 1, "'instead_of':3");
    EQ(code(), "ok");
    EQ(shown("policy"), "vdab/4");
}

/* POLICY.md 2.7: who signed what waits has signed it on any day; but that does
   not count again for a later one. */
Test(gate, what_waits_keeps_its_signers)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate_from(policy(2, "gtb", "question: present"), 1, "2026-10-05");
    EQ(code(), "ok");
    EQ(history(1, "signers"), "['dpo']");
    activate_from(policy(2, "gtb", "question: present"), 2, "2026-10-05");
    EQ(code(), "ok");
    EQ(history(1, "signers"), "['deputy','dpo']");
    activate_more(policy(2, "gtb", "question: present"), 2,
                  "'instead_of':2,'from':'2026-10-06'");
    EQ(code(), "policy-signatures");
    activate_more(policy(2, "gtb", "question: present"), 2,
                  "'instead_of':2,'from':'2026-10-02'");
    EQ(code(), "ok");
    EQ(history(1, "signers"), "['deputy','dpo']");
    EQ(history(1, "waits"), "2026-10-02");
    EQ(history(1, "wider"), "false");
    activate_more(policy(2, "gtb", "question: present"), 1, "'instead_of':2");
    EQ(code(), "ok");
    EQ(history(1, "signers"), "['dpo','deputy']");
    EQ(shown("policy"), "vdab/2");
    EQ(shown("next"), "absent");
    fx_crash(&f, "vdab");
    fx_clock(&f, "2026-10-03T08:00:00Z");
    EQ(history(1, "signers"), "['dpo','deputy']");
    EQ(journal(), "1 2waits 2waits 2policy-signatures 2waits 2");
}

/* Its own signers do not take the place of what was found in it. */
Test(gate, what_waits_is_warned_of_each_time)
{
    static const char path[] = "result.warnings.0.code";
    char first[8];

    activate(policy(1, "gtb", "question: exact, coach_name: exact"), SG_BOTH);
    activate_from(policy(2, "gtb", "question: exact"), 1, "2026-10-05");
    snprintf(first, sizeof(first), "%s", fx_text(&f, path));
    EQ(first, "W002");
    activate_from(policy(2, "gtb", "question: exact"), 1, "2026-10-05");
    EQ(fx_text(&f, path), first);
    activate_more(policy(2, "gtb", "question: exact"), SG_BOTH,
                  "'instead_of':2");
    EQ(code(), "ok");
    EQ(fx_text(&f, path), first);
}

/* Numbers only grow: after the last one nothing can come.  One officer does
   not use them up. */
Test(gate, a_number_far_up_needs_two)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate(policy(1002, "gtb", "question: present"), 1);
    EQ(code(), "policy-signatures");
    EQ(fx_text(&f, "error.detail"), "1/2: dpo (version)");
    EQ(shown("policy"), "vdab/1");
    activate(policy(1001, "gtb", "question: present"), 1);
    EQ(code(), "ok");
    activate(policy(2002, "gtb", "question: present"), SG_BOTH);
    EQ(code(), "ok");
    EQ(shown("policy"), "vdab/2002");
}

/* To drop what would be narrower is as wide as that. */
Test(gate, what_waits_is_withdrawn_through_the_same_gate)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate_from(policy(2, "gtb", "question: present"), 1, "2026-10-01");
    EQ(code(), "ok");
    activate_more(policy(3, "gtb", "question: exact"), 1, "'instead_of':2");
    EQ(code(), "policy-signatures");
    EQ(fx_text(&f, "error.detail"), "1/2: dpo");
    EQ(shown("next"), "{'from':'2026-10-01','version':2}");
    activate_more(policy(3, "gtb", "question: exact"), SG_BOTH,
                  "'instead_of':2");
    EQ(code(), "ok");
    EQ(shown("policy"), "vdab/3");
    EQ(shown("next"), "absent");
    EQ(history(1, "version"), "2");
    EQ(history(1, "refused"), "policy-displaced");
    EQ(history(1, "signers"), "['dpo']");
    EQ(history(1, "narrower"), "true");
    fx_clock(&f, "2026-10-02T08:00:00Z");
    EQ(shown("policy"), "vdab/3");
    EQ(journal(), "1 2waits 3policy-signatures 2policy-displaced 3");
    /* And what waits and is wider goes by one. */
    activate_from(policy(4, "gtb, buso", "question: exact"), SG_BOTH,
                  "2026-12-01");
    EQ(code(), "ok");
    activate_more(policy(5, "gtb", "question: exact"), 1, "'instead_of':4");
    EQ(code(), "ok");
    EQ(history(3, "refused"), "policy-displaced");
    fx_crash(&f, "vdab");
    EQ(history(3, "refused"), "policy-displaced");
    EQ(shown("policy"), "vdab/5");
}

/* Whoever sets the clock ahead does not choose what is compared. */
Test(gate, compares_all_days_whatever_the_clock_says)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    fx_clock(&f, "2028-10-01T08:00:00Z"); /* after the last day of all */
    activate(policy(2, "gtb, buso", "question: exact"), 1);
    EQ(code(), "policy-signatures");
}

Test(gate, history_keeps_every_version)
{
    activate(policy(1, "gtb", "question: exact"), SG_BOTH);
    activate(policy(7, "gtb", "question: exact, coach_name: exact"), SG_BOTH);
    EQ(code(), "ok");
    EQ(history(0, "version"), "1");
    EQ(history(0, "in_force"), "false");
    EQ(history(0, "wider"), "true");
    EQ(history(1, "version"), "7");
    EQ(history(1, "signers"), "['deputy','dpo']");
    EQ(history(1, "charter"), "proef/1");
    EQ(history(2, "version"), "absent");
    fx_ok(&f, "vdab", "policy.version", "{'version':1}");
    cr_expect(
        ne(ptr, strstr(fx_text(&f, "result.policy"), "version: 1"), NULL));
    cr_expect(
        eq(ptr, strstr(fx_text(&f, "result.policy"), "coach_name"), NULL));
    fx_refused(&f, "vdab", "policy-unknown-version", "policy.version",
               "{'version':5}");
    /* The very same again is no change. */
    fx_ok(&f, "vdab", "policy.show", "{}");
}
