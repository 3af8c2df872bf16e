/* example.h: an example of any field is a legal value of it (POLICY.md 6), and
   the favourable question of a rule is answered with yes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/example.h"
#include "policies/levels.h"

#define LIBRARY "policies/library/kempen/nodes/ocmw-mol"

static struct sk_arena arena;

static struct sk_bundle *load(struct sk_sources sources)
{
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_bundle *bundle = NULL;

    cr_assert(eq(
        int, sk_sources_load(&sources, INT32_MIN, &arena, &findings, &bundle),
        SK_OK));
    cr_assert(not(eq(ptr, bundle, NULL)), "%s", test_findings(&findings));
    return bundle;
}

static void check_fields(const struct sk_vocabulary *v)
{
    for (uint16_t f = 0; f < v->fields_count; f++) {
        struct sk_named_value named;
        struct sk_field_value value;

        cr_assert(eq(
            int, sk_example_value(v, f, sk_text("2026-10-01"), &arena, &named),
            SK_OK));
        value = (struct sk_field_value){
            .field = f,
            .text = named.text,
            .set = (struct sk_bytes *)(uintptr_t)named.set,
            .set_count = named.set_count,
        };
        cr_assert(sk_value_is_legal(&v->fields[f], &value, 2026), "%.*s: %.*s",
                  (int)named.name.size, named.name.data, (int)named.text.size,
                  named.text.data);
    }
}

Test(example, every_field_of_both_vocabularies)
{
    arena = test_arena();
    check_fields(sk_bundle_vocabulary(load(test_sources(LIBRARY, &arena))));
    check_fields(sk_bundle_vocabulary(load(test_sources(TEST_MINI, &arena))));
}

/* A vocabulary that shows no examples: each format of 6.3 has a made value. */
Test(example, every_format_without_ex)
{
    static const char *const formats[] = {
        "insz",    "kbo",   "kbo-unit", "nis",  "esco", "nace", "isced-f",
        "digits4", "phone", "email",    "lang", "uuid", "urn",  "ref"};

    for (size_t i = 0; i < SK_COUNT(formats); i++) {
        struct sk_vocabulary v = {.name = {NULL, 0}};
        struct sk_field field = {
            .id = sk_text("x"),
            .kind = SK_KIND_CODE,
            .format = sk_text(formats[i]),
            .form = sk_format_find(sk_text(formats[i])),
        };
        struct sk_named_value named;

        arena = test_arena();
        v.fields = &field;
        v.fields_count = 1;
        cr_assert(eq(
            int, sk_example_value(&v, 0, sk_text("2026-10-01"), &arena, &named),
            SK_OK));
        cr_expect(sk_format_matches(field.form, named.text, 2026), "%s: %.*s",
                  formats[i], (int)named.text.size, named.text.data);
    }
}

/* POLICY.md 8.4: with explicit consent, on the first day, at every recipient,
   purpose and event of every rule. */
Test(example, a_favourable_question_is_permitted)
{
    struct sk_bundle *bundle;
    size_t asked = 0;

    arena = test_arena();
    bundle = load(test_sources(LIBRARY, &arena));
    for (size_t i = 0; i < bundle->shares_count; i++) {
        const struct sk_share *share = &bundle->shares[i];

        for (uint16_t org = 0; org < bundle->roster.count; org++) {
            for (size_t e = 0;
                 sk_org_set_has(&share->to, org) && e < share->what_count;
                 e++) {
                static struct sk_example x;
                static struct sk_decision answer;
                struct sk_example_spot spot = {
                    org, (uint16_t)sk_lowest(share->purposes),
                    share->what[e].event};
                bool named = false;

                cr_assert(eq(int,
                             sk_example_ask(bundle, share, spot, false, true,
                                            sk_text("c"), &arena, &x),
                             SK_OK));
                cr_assert(
                    eq(int,
                       sk_decide(bundle, x.facts, &x.question, &arena, &answer),
                       SK_OK));
                cr_assert(answer.permit, "%.*s: %s", (int)share->id.size,
                          share->id.data, answer.reason);
                for (size_t r = 0; r < answer.rules_count; r++)
                    named = named || sk_bytes_equal(answer.rules[r], share->id);
                cr_assert(named, "%.*s", (int)share->id.size, share->id.data);
                asked++;
            }
        }
    }
    cr_assert(eq(sz, asked, 11));
}
