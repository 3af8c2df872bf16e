/* advice.h: every line of advice belongs to a code of POLICY.md 15, and what
   it shows as YAML is YAML of this language. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/advice.h"
#include "policies/texts.h"

static size_t advised(bool dutch)
{
    size_t count = 0;

    for (size_t i = 0; sk_template_at(i) != NULL; i++)
        count += sk_advice(sk_template_at(i)->code, dutch) != NULL;
    return count;
}

Test(advice, in_both_languages_for_known_codes)
{
    cr_expect(eq(sz, advised(true), 54));
    cr_expect(eq(sz, advised(false), 54));
    cr_expect(eq(ptr, (void *)(uintptr_t)sk_advice("E999", true), NULL));
}

/* A policy of nothing but advice has none of the errors that it is given
   for. */
Test(advice, what_it_shows_is_right)
{
    static const char *const codes[] = {"E023", "E027", "E029", "E044",
                                        "E046", "E033", "E040"};
    struct sk_arena arena = test_arena();
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_sources sources =
        test_sources("policies/library/kempen/nodes/ocmw-mol", &arena);
    struct sk_bundle *bundle = NULL;
    char text[2048];
    size_t size = (size_t)sprintf(
        text, "language: sharing-policy/1\npolicy: ocmw-mol\nversion: 1\n"
              "vocabulary: traject-vlaanderen/1\nguards: vlaanderen/1\n"
              "partners: kempen\nshare:\n  - id: x\n    text: t\n");

    for (size_t i = 0; i < 6; i++)
        size += (size_t)sprintf(text + size, "    %s\n",
                                sk_advice(codes[i], false));
    sprintf(text + size, "    basis: {gdpr: public-task, %s}\n",
            sk_advice("E040", false));
    sources.of[SK_SOURCE_POLICY].bytes = sk_text(text);
    sources.of[SK_SOURCE_INVARIANTS].bytes = (struct sk_bytes){NULL, 0};
    cr_assert(eq(
        int, sk_sources_load(&sources, INT32_MIN, &arena, &findings, &bundle),
        SK_OK));
    cr_expect(eq(str, (char *)(uintptr_t)test_findings(&findings), ""), "%s",
              text);
}
