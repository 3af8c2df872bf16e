/* cases.h against docs/POLICY.md 14: every conformance case and every test of
   the library, variants, expectations, malformed files.
   Tests: policies/case_run.c, policies/case_ask.c, policies/case_analysis.c,
   policies/expect.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"

struct counts {
    size_t passed;
    size_t failed;
};

static struct sk_cases *load(const struct sk_node *tree, struct sk_arena *arena,
                             struct sk_findings *findings)
{
    struct sk_cases *cases = NULL;

    *findings = sk_findings_start(arena);
    cr_assert(eq(int, sk_cases_load(tree, arena, findings, &cases), SK_OK));
    cr_assert(eq(int, cases == NULL, findings->errors > 0));
    return cases;
}

static struct sk_case_bundle bundle_of(const char *dir, struct sk_arena *arena)
{
    struct sk_sources sources = test_sources(dir, arena);
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_case_bundle bundle;

    cr_assert(
        eq(int,
           sk_case_bundle_load(&sources, INT32_MIN, arena, &findings, &bundle),
           SK_OK),
        "%s: %s", dir, test_findings(&findings));
    return bundle;
}

/* Run all cases; tell what failed. */
static struct counts run(const struct sk_cases *cases,
                         const struct sk_case_bundle *bundle,
                         struct sk_arena *arena)
{
    struct counts counts = {0, 0};

    for (size_t i = 0; i < sk_cases_count(cases); i++) {
        size_t mark = sk_arena_mark(arena);
        struct sk_bytes name = sk_cases_name(cases, i);
        struct sk_case_report report;

        cr_assert(
            eq(int, sk_case_run(cases, i, bundle, arena, &report), SK_OK));
        counts.passed += report.result == SK_CASE_PASSED;
        counts.failed += report.result == SK_CASE_FAILED;
        cr_expect(eq(int, report.result == SK_CASE_FAILED,
                     report.problems.count > 0));
        for (size_t p = 0; p < report.problems.count && p < SK_PROBLEMS_MAX;
             p++)
            fprintf(stderr, "  %.*s: %s\n", (int)name.size, name.data,
                    report.problems.list[p]);
        sk_arena_reset(arena, mark);
    }
    return counts;
}

static struct counts run_file(const char *path, const char *dir)
{
    struct sk_arena arena = test_arena();
    struct sk_findings findings;
    struct sk_cases *cases = load(test_tree(path, &arena), &arena, &findings);
    struct sk_case_bundle bundle = bundle_of(dir, &arena);

    cr_assert(ne(ptr, cases, NULL), "%s: %s", path, test_findings(&findings));
    return run(cases, &bundle, &arena);
}

static void expect_counts(const char *path, const char *dir, size_t passed)
{
    struct counts counts = run_file(path, dir);

    cr_expect(eq(sz, counts.failed, 0), "%s", path);
    cr_expect(eq(sz, counts.passed, passed), "%s", path);
}

#define CASES "tests/policies/cases/"
#define NODES "policies/library/kempen/nodes/"

Test(cases, conformance)
{
    expect_counts(CASES "mini-decide.yaml", TEST_MINI, 25);
    expect_counts(CASES "mini-consent.yaml", TEST_MINI, 14);
    expect_counts(CASES "mini-time.yaml", TEST_MINI, 7);
    expect_counts(CASES "mini-load.yaml", TEST_MINI, 14);
    expect_counts(CASES "mini-analysis.yaml", TEST_MINI, 11);
}

Test(cases, our_own_on_the_mini_bundle)
{
    expect_counts(CASES "own-decide.yaml", TEST_MINI, 107);
    expect_counts(CASES "own-load.yaml", TEST_MINI, 21);
}

Test(cases, library)
{
    expect_counts(NODES "ocmw-mol/tests/flows.yaml", NODES "ocmw-mol", 26);
    expect_counts(NODES "cvo-kempen/tests/flows.yaml", NODES "cvo-kempen", 7);
    expect_counts(NODES "sopraco/tests/flows.yaml", NODES "sopraco", 6);
}

/* ---------------------------------------------------------------- expect */

/* Every expectation of a case can fail: one wrong word each. */
Test(cases, finds_what_is_not_as_expected)
{
    static const char *const wrong[] = {
        "{decision: deny}",
        "{reason: no-rule}",
        "{rules: [tm-training, x]}",
        "{rules: []}",
        "{fields: {occurred: 2026-03-02, attendance_status: absent}}",
        "{fields: {occurred: 2026-03-02, attendance_status: absent, hours: "
        "4-7, absence_reason: medical}}",
        "{fields: {occurred: 2026-03-02, attendance_status: absent, hours: "
        "4-8}}",
        "{levels: {occurred: exact, attendance_status: exact, hours: band8}}",
        "{withheld: {absence_reason: consent}}",
        "{withheld: {}}",
        "{consents: [c-firm]}",
        "{duties: [retain, erase-on-withdrawal, confirm-erasure]}",
        "{roles: [coach]}",
        "{erase_by: 2027-03-11}",
        "{on_withdrawal: {do: stop}}",
        "{on_withdrawal: {do: erase, within_days: 8}}",
        "{load: E020}",
        "{load: ok, not_load: W018}",
        "{load: W018, line: 3}",
        "{load: W018, message: sopraco}",
        "{matrix: {}}",
        "{matrix: {day: 2026-06-31}}",
        "{matrix: {day: 2026-06-01, cells: {\"thomas-more|guidance.training|"
        "training.attendance|hours\": exact}}}",
        "{matrix: {day: 2026-06-01, cells: {\"vdab|guidance.job|"
        "trajectory.stopped|coach_note\": exact}}}",
        "{matrix: {day: 2028-06-01, cells: {\"thomas-more|guidance.training|"
        "training.attendance|hours\": band4}}}",
        "{matrix: {day: 2026-06-01, cells: {\"vdab|guidance.job|"
        "trajectory.stoped|stop_reason\": exact}}}",
        "{matrix: {day: 2026-06-01, absent: [\"thomas-more|guidance.training|"
        "training.attendance|(fact)\"]}}",
        "{matrix: {day: 2026-06-01, absent: [\"thomas-more|guidance\"]}}",
        "{diff: {wider: true}}",
        "{diff: {narrower: true}}",
        "{diff: {wider: false, mentions: retain}}",
        "{invariants: {broken: [i1]}}",
        "{invariants: {broken: i1}}",
    };
    struct sk_arena arena = test_arena();
    struct sk_case_bundle bundle = bundle_of(TEST_MINI, &arena);
    const char *base = (const char *)test_file(CASES "mini-decide.yaml").data;

    for (size_t i = 0; i < SK_COUNT(wrong); i++) {
        const char *head = strstr(base, "cases:");
        size_t size = (size_t)(head - base) + 512;
        char *text = test_alloc(size);
        struct sk_findings findings;
        struct sk_cases *cases;
        struct counts counts;

        snprintf(text, size,
                 "%.*scases:\n  - {name: a, ask: {to: thomas-more, for: "
                 "guidance.training, event: att}, expect: %s}\n",
                 (int)(head - base), base, wrong[i]);
        cases = load(test_yaml(text, &arena), &arena, &findings);
        cr_assert(ne(ptr, cases, NULL), "%s: %s", wrong[i],
                  test_findings(&findings));
        counts = run(cases, &bundle, &arena);
        cr_expect(eq(sz, counts.failed, 1), "%s", wrong[i]);
    }
}

/* ---------------------------------------------------------------- form */

Test(cases, refuses_malformed_files)
{
    static const struct {
        const char *body;
        const char *findings;
    } rows[] = {
        {"cases: []\nextra: 1\n", "E095 3:1"},
        {"now: yesterday\ncases: []\n", "E095 2:6"},
        {"links: [{subject: an, org: x}]\ncases: []\n", "E095 2:9"},
        {"links: [{subject: an, org: x, from: 2026-02-30}]\ncases: []\n",
         "E095 2:37"},
        {"consents: [{id: c, subject: an, state: given, at: "
         "2026-01-01T00:00:00Z}]\ncases: []\n",
         "E095 2:12"},
        {"consents: [{id: c, subject: an, state: maybe, at: "
         "2026-01-01T00:00:00Z}]\ncases: []\n",
         "E095 2:40"},
        {"persons: {an: {birth_date: 2026-13}}\ncases: []\n", "E095 2:28"},
        {"cases:\n  - {name: a, expect: {}}\n", "E095 3:23"},
        {"cases:\n  - {name: \"\", expect: {why: none}}\n", "E095 3:12"},
        {"cases:\n  - {name: a, expect: {decision: deny}}\n", "E095 3:24"},
        {"cases:\n  - {name: a, expect: {verdict: deny}}\n", "E095 3:24"},
        {"cases:\n  - {name: a, expect: {load: ok}}\n  - {name: a, expect: "
         "{load: ok}}\n",
         "E095 4:5"},
        {"cases:\n  - {name: a, ask: {to: x, for: y, event: z}, expect: "
         "{decision: deny}}\n",
         "E095 3:43"},
        {"events: {z: {type: t}}\ncases:\n  - {name: a, ask: {to: x, for: y, "
         "event: z}, expect: {decision: deny}}\n",
         "E095 4:20"},
        {"cases:\n  - {name: a, variant: {delete: [x]}, expect: {load: "
         "ok}}\n",
         "E095 3:25"},
        {"now: 2026-01-01T00:00:00Z\n", "E095 1:1"},
    };
    struct sk_arena arena = test_arena();

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char text[1024];
        struct sk_findings findings;

        snprintf(text, sizeof(text), "format: tests/1\n%s", rows[i].body);
        cr_expect(
            eq(ptr, load(test_yaml(text, &arena), &arena, &findings), NULL),
            "%s", text);
        cr_expect(
            eq(str, (char *)test_findings(&findings), (char *)rows[i].findings),
            "%s", text);
    }
    cr_expect(eq(ptr,
                 load(test_yaml("format: tests/2\ncases: []\n", &arena), &arena,
                      &(struct sk_findings){0}),
                 NULL));
}

/* ---------------------------------------------------------------- variants */

static const char *problem_of(const char *variant, struct sk_arena *arena,
                              struct sk_sources *sources)
{
    const char *problem = "untouched";

    cr_assert(eq(
        int,
        sk_variant_apply(test_yaml(variant, arena), arena, sources, &problem),
        SK_OK));
    return problem;
}

Test(variants, tell_what_does_not_fit_and_change_nothing)
{
    static const char *const rows[][2] = {
        {"remove: [nobody]", "variant: no rule to remove: nobody"},
        {"{remove: [tm-training], change: {nobody: {text: x}}}",
         "variant: no rule to change: nobody"},
        {"remove: tm-training", "variant: malformed: remove"},
        {"patch: [{file: policies, at: [share]}]",
         "variant: unknown file: policies"},
        {"patch: [{file: policy, at: [share, \"77\", text], set: x}]",
         "variant: no such place: 77"},
        {"patch: [{file: policy, at: [share, \"77\"]}]",
         "variant: no such position: 77"},
        {"patch: [{file: policy, at: [shares]}]",
         "variant: no such place: shares"},
        {"patch: [{file: policy, set: x}]", "variant: malformed: patch"},
        {"raw_parts: [{hex: \"4\"}]", "variant: not hexadecimal: 4"},
        {"raw_parts: [{bytes: \"41\"}]",
         "variant: malformed part of 'raw_parts'"},
        {"raw_parts: [{text: aaaaaaaaaaaaaaaaa, repeat: 999999}]",
         "variant: 'raw_parts' is too large"},
    };
    struct sk_arena arena = test_arena();
    struct sk_sources base = test_sources(TEST_MINI, &arena);

    cr_assert(eq(int, sk_sources_read(&base, &arena), SK_OK));
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_sources sources = base;
        const char *problem = problem_of(rows[i][0], &arena, &sources);

        cr_assert(ne(ptr, (void *)problem, NULL), "%s", rows[i][0]);
        cr_expect(eq(str, (char *)problem, (char *)rows[i][1]));
        for (size_t f = 0; f < SK_SOURCE_COUNT; f++) {
            cr_expect(
                eq(ptr, (void *)sources.of[f].tree, (void *)base.of[f].tree));
            cr_expect(eq(ptr, (void *)sources.of[f].bytes.data,
                         (void *)base.of[f].bytes.data));
        }
    }
}

/* A rehearsal writes the changed policy and gives it to a real node. */
Test(variants, write_a_policy_that_reads_back)
{
    struct sk_arena arena = test_arena();
    struct sk_sources sources = test_sources(TEST_MINI, &arena);
    struct sk_room room = {test_alloc(1 << 20), 1 << 20};
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_bundle *bundle = NULL;
    struct sk_rule_view rule;

    cr_assert(eq(int, sk_sources_read(&sources, &arena), SK_OK));
    cr_assert(eq(ptr,
                 (void *)problem_of("{remove: [no-income-out], change: "
                                    "{schools-fact: {text: Anders.}}}",
                                    &arena, &sources),
                 NULL));
    cr_assert(eq(int,
                 sk_yaml_write(sources.of[SK_SOURCE_POLICY].tree, room,
                               &sources.of[SK_SOURCE_POLICY].bytes),
                 SK_OK));
    sources.of[SK_SOURCE_POLICY].tree = NULL;
    cr_assert(eq(
        int, sk_sources_load(&sources, INT32_MIN, &arena, &findings, &bundle),
        SK_OK));
    cr_assert(ne(ptr, bundle, NULL), "%s", test_findings(&findings));
    cr_assert(sk_bundle_rule(bundle, sk_text("schools-fact"), &rule));
    cr_expect(sk_bytes_equal(rule.text, sk_text("Anders.")));
    cr_expect(not(sk_bundle_rule(bundle, sk_text("nobody"), &rule)));
}

Test(variants, raw_parts_are_joined_bytes)
{
    struct sk_arena arena = test_arena();
    struct sk_sources sources = test_sources(TEST_MINI, &arena);

    cr_assert(eq(ptr,
                 (void *)problem_of("{raw_as: guards, raw_parts: [{text: ab, "
                                    "repeat: 3}, {hex: \"0a 7F\"}]}",
                                    &arena, &sources),
                 NULL));
    cr_expect(sk_bytes_equal(sources.of[SK_SOURCE_GUARDS].bytes,
                             sk_text("ababab\n\x7f")));
    cr_expect(eq(ptr, (void *)sources.of[SK_SOURCE_GUARDS].tree, NULL));
}
