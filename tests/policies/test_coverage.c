/* coverage.h against docs/POLICY.md 14.4. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/coverage.h"
#include "policies/matrix.h"

static struct sk_arena arena;
static struct sk_bundle *bundle;

#define HEAD                                                                   \
    "format: tests/1\nnow: 2026-03-10T09:00:00Z\n"                             \
    "links: [{subject: an, org: thomas-more, from: 2026-01-05}, {subject: "    \
    "an, org: vdab, from: 2026-01-05}]\n"                                      \
    "consents: [{id: c, subject: an, state: given, explicit: true, at: "       \
    "2026-03-01T10:00:00Z, until: 2026-08-01T10:00:00Z, purposes: "            \
    "[guidance.training, guidance.job], recipients: [thomas-more, vdab], "     \
    "categories: [training.course, training.attendance, identity, "            \
    "health.absence, social]}]\n"                                              \
    "events: {att: {type: training.attendance, subject: an, occurred: "        \
    "2026-03-02, fields: {attendance_status: absent, absence_reason: "         \
    "illness, hours: 7}}, born: {type: trajectory.started, subject: an, "      \
    "occurred: 2026-03-02, fields: {birth_date: 1998-11-23}}}\n"               \
    "cases:\n"

static struct sk_coverage cover(const char *text)
{
    struct sk_findings findings;
    struct sk_sources sources;
    struct sk_cases *cases = NULL;
    struct sk_coverage coverage;

    if (arena.data == NULL)
        arena = test_arena();
    findings = sk_findings_start(&arena);
    sources = test_sources(TEST_MINI, &arena);
    cr_assert(eq(
        int, sk_sources_load(&sources, INT32_MIN, &arena, &findings, &bundle),
        SK_OK));
    cr_assert(eq(
        int, sk_cases_load(test_yaml(text, &arena), &arena, &findings, &cases),
        SK_OK));
    cr_assert(not(eq(ptr, cases, NULL)), "%s", test_findings(&findings));
    cr_assert(eq(int, sk_coverage_start(bundle, &arena, &coverage), SK_OK));
    for (size_t i = 0; i < sk_cases_count(cases); i++)
        cr_assert(eq(int, sk_coverage_add(&coverage, cases, i, &arena), SK_OK));
    return coverage;
}

static const struct sk_covered_rule *rule(const struct sk_coverage *c,
                                          const char *id)
{
    for (size_t i = 0; i < bundle->shares_count; i++)
        if (sk_bytes_equal(bundle->shares[i].id, sk_text(id)))
            return &c->rules[i];
    abort();
}

static bool hit(const struct sk_coverage *c, const char *id)
{
    for (size_t i = 0; i < bundle->takes_count; i++)
        if (sk_bytes_equal(bundle->takes[i].id, sk_text(id)))
            return c->hits[i];
    abort();
}

static bool reached(const struct sk_coverage *c, const char *field)
{
    struct sk_spot spot = {
        sk_roster_find(&bundle->roster, sk_text("thomas-more")),
        sk_vocabulary_purpose(bundle->vocabulary, sk_text("guidance.training")),
        sk_vocabulary_event(bundle->vocabulary,
                            sk_text("training.attendance"))};
    uint16_t f = sk_vocabulary_field(bundle->vocabulary, sk_text(field));

    return sk_coverage_reached(c, spot, f);
}

Test(coverage, counts_permits_and_cells)
{
    struct sk_coverage c =
        cover(HEAD "  - {name: a, ask: {to: thomas-more, for: "
                   "guidance.training, event: att, without: [hours]}, expect: "
                   "{decision: permit}}\n");

    cr_expect(eq(sz, rule(&c, "tm-training")->permitted, 1));
    cr_expect(eq(sz, rule(&c, "tm-absence-detail")->permitted, 1));
    cr_expect(eq(sz, rule(&c, "schools-fact")->permitted, 0));
    /* The fact, occurred, attendance_status, absence_reason; not hours. */
    cr_expect(eq(sz, c.cells_reached, 4));
    cr_expect(reached(&c, "absence_reason"));
    cr_expect(not(reached(&c, "hours")));
    /* thomas-more 4 events: 4 + 5 + 4 cells with their facts, 1 fact alone;
       sopraco 3 + 4; vdab 2 purposes of 4 + 3 + 4 + 3, and the note. */
    cr_expect(eq(sz, c.cells, 4 + 5 + 4 + 1 + 3 + 4 + 2 * 14 + 1));
}

/* POLICY.md 14.4: a stage counts when it is the only one that failed. */
Test(coverage, counts_the_only_stage_that_failed)
{
    struct sk_coverage c = cover(
        HEAD
        "  - {name: no link, links: [], ask: {to: thomas-more, for: "
        "guidance.training, event: att}, expect: {decision: deny}}\n"
        "  - {name: no link and no consent, links: [], only_consents: [], ask: "
        "{to: thomas-more, for: guidance.training, event: att}, expect: "
        "{decision: deny}}\n"
        "  - {name: no consent, only_consents: [], ask: {to: thomas-more, for: "
        "guidance.training, event: att}, expect: {decision: deny}}\n"
        "  - {name: with a variant, only_consents: [], variant: {remove: "
        "[schools-fact]}, ask: {to: thomas-more, for: guidance.training, "
        "event: att}, expect: {decision: deny}}\n");
    const struct sk_covered_rule *r = rule(&c, "tm-training");

    cr_expect(eq(sz, r->permitted, 0));
    cr_expect(eq(sz, r->blocked, 3));
    cr_expect(eq(sz, r->conditions[SK_CONDITION_NOT_LINKED], 1));
    cr_expect(eq(sz, r->conditions[SK_CONDITION_CONSENT], 1));
    cr_expect(eq(sz, r->conditions[SK_CONDITION_TOO_OLD], 0));
    cr_expect(eq(sz, c.cells_reached, 0));
}

/* Own rules whose removal would change an answer. */
Test(coverage, finds_nevers_and_limits_that_matter)
{
    struct sk_coverage c =
        cover(HEAD "  - {name: a, ask: {to: vdab, for: guidance.job, event: "
                   "born}, expect: {decision: permit}}\n");

    /* The rule says year already: the limit changes nothing. */
    cr_expect(not(hit(&c, "birth-date-never-exact")));
    cr_expect(not(hit(&c, "no-income-out")));
    c = cover(HEAD "  - {name: a, ask: {to: vdab, for: guidance.job, event: "
                   "{type: support.decided, subject: an, occurred: "
                   "2026-03-02}}, expect: {decision: deny}}\n");
    cr_expect(hit(&c, "no-income-out"));
    cr_expect(not(hit(&c, "no-health-to-companies")));
}

/* Of a recipient or purpose that nobody knows no never or limit speaks. */
Test(coverage, counts_nothing_of_what_is_unknown)
{
    struct sk_coverage c =
        cover(HEAD "  - {name: a, ask: {to: nobody, for: guidance.training, "
                   "event: att}, expect: {reason: unknown-recipient}}\n"
                   "  - {name: b, ask: {to: thomas-more, for: leisure, "
                   "event: att}, expect: {reason: unknown-purpose}}\n");

    for (size_t i = 0; i < bundle->takes_count; i++)
        cr_expect(not(c.hits[i]));
    cr_expect(eq(sz, c.cells_reached, 0));
}

/* Every rule that can say yes gets a question to which it does. */
Test(coverage, finds_what_is_missing)
{
    struct sk_coverage c = cover(HEAD "  []\n");
    size_t takes = 0;

    for (size_t i = 0; i < bundle->shares_count; i++) {
        static struct sk_example x;
        static struct sk_decision answer;
        struct sk_coverage_search search = {.tries = SK_COVERAGE_TRIES_MAX};

        cr_assert(eq(
            int, sk_coverage_for_rule(bundle, i, &arena, &search, &x, &answer),
            SK_OK));
        cr_expect(search.found, "%.*s", (int)bundle->shares[i].id.size,
                  bundle->shares[i].id.data);
        cr_expect(answer.permit);
    }
    for (size_t i = 0; i < bundle->takes_count; i++) {
        static struct sk_example x;
        static struct sk_decision answer;
        struct sk_coverage_search search = {.tries = SK_COVERAGE_TRIES_MAX};

        cr_assert(eq(
            int, sk_coverage_for_take(bundle, i, &arena, &search, &x, &answer),
            SK_OK));
        cr_expect(not(search.gave_up));
        takes += search.found;
    }
    /* birth-date-never-exact cuts the age that tm-training shares?  No: an age
       band lies below the year.  Nothing that is shared is cut. */
    cr_expect(eq(sz, takes, 0));
    cr_expect(eq(sz, c.cells_reached, 0));
}

/* Without tries left nothing is said about a rule. */
Test(coverage, says_when_it_gave_up)
{
    static struct sk_example x;
    static struct sk_decision answer;
    struct sk_coverage_search search = {.tries = 0};

    (void)cover(HEAD "  []\n");
    cr_assert(eq(int,
                 sk_coverage_for_rule(bundle, 0, &arena, &search, &x, &answer),
                 SK_OK));
    cr_expect(search.gave_up);
    cr_expect(not(search.found));
    search = (struct sk_coverage_search){.tries = 1};
    cr_assert(eq(int,
                 sk_coverage_for_rule(bundle, 0, &arena, &search, &x, &answer),
                 SK_OK));
    cr_expect(search.found);
    cr_expect(not(search.gave_up));
    cr_expect(eq(sz, search.tries, 0));
}
