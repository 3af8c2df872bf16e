/* question.h: what a question file may be (POLICY.md 8.1, 14.1, 16). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/question.h"

#define ASK                                                                    \
    "ask: {to: vdab, for: guidance.job, now: 2026-03-10T09:00:00Z, event: "    \
    "{type: trajectory.started, subject: an, occurred: 2026-03-02, fields: "   \
    "{birth_date: 1998-11-23}}}\n"

static struct sk_arena arena;

static const char *read(const char *text, struct sk_asked *out, bool *good)
{
    static struct sk_bundle *bundle;
    struct sk_findings findings;
    struct sk_sources sources;

    if (bundle == NULL) {
        arena = test_arena();
        findings = sk_findings_start(&arena);
        sources = test_sources(TEST_MINI, &arena);
        cr_assert(
            eq(int,
               sk_sources_load(&sources, INT32_MIN, &arena, &findings, &bundle),
               SK_OK));
    }
    findings = sk_findings_start(&arena);
    cr_assert(eq(int,
                 sk_question_read(test_yaml(text, &arena), bundle, &arena,
                                  &findings, good, out),
                 SK_OK));
    return test_findings(&findings);
}

Test(question, with_facts_and_without)
{
    struct sk_asked asked;
    bool good;

    cr_expect(eq(str, (char *)(uintptr_t)read(ASK, &asked, &good), ""));
    cr_assert(good);
    cr_expect(sk_bytes_equal(asked.question.to, sk_text("vdab")));
    cr_expect(eq(i64, asked.question.now, 1773133200));
    cr_expect(eq(sz, asked.question.event->fields_count, 1));
    cr_expect(eq(str,
                 (char *)(uintptr_t)read(
                     ASK "facts: {links: [{subject: an, org: vdab, from: "
                         "2026-01-01}]}\n",
                     &asked, &good),
                 ""));
    cr_expect(good);
}

/* One row per thing that is wrong: E095 at its place. */
Test(question, says_what_is_wrong_and_where)
{
    static const struct {
        const char *text;
        const char *findings;
    } rows[] = {
        {"facts: {links: []}\n", "E095 1:1"},
        {ASK "fact: {}\n", "E095 2:1"},
        {ASK "facts: {link: []}\n", "E095 2:9"},
        {"ask: {to: vdab}\n", "E095 1:6"},
        {"ask: {too: vdab, now: 2026-03-10T09:00:00Z}\n", "E095 1:7"},
        {"ask: {to: vdab, for: x, now: never, event: {type: y}}\n",
         "E095 1:30"},
        {"ask: {to: vdab, for: x, now: 2026-03-10T09:00:00Z, event: named}\n",
         "E095 1:59"},
        {ASK "facts: {links: [{subject: an, org: vdab}]}\n", "E095 2:17"},
        {ASK "facts: {consents: [{id: c, subject: an, state: given, at: "
             "2026-03-01T00:00:00Z}]}\n",
         "E095 2:20"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_asked asked = {.facts = NULL};
        bool good = true;

        cr_expect(eq(str, (char *)(uintptr_t)read(rows[i].text, &asked, &good),
                     (char *)(uintptr_t)rows[i].findings),
                  "row %zu", i);
        cr_expect(not(good), "row %zu", i);
        /* Outputs are written only on success. */
        cr_expect(eq(ptr, asked.facts, NULL), "row %zu", i);
    }
}
