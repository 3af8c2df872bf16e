/* words.h: nothing that a person may see is without words, in neither
   language (POLICY.md 6.1, 8.4, 8.6). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/words.h"

static struct sk_arena arena;

static const struct sk_vocabulary *load(const char *dir)
{
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_sources sources = test_sources(dir, &arena);
    struct sk_bundle *bundle = NULL;

    cr_assert(eq(
        int, sk_sources_load(&sources, INT32_MIN, &arena, &findings, &bundle),
        SK_OK));
    cr_assert(not(eq(ptr, bundle, NULL)));
    return sk_bundle_vocabulary(bundle);
}

static void check_levels(const struct sk_vocabulary *v)
{
    for (size_t f = 0; f < v->fields_count; f++) {
        const struct sk_field *field = &v->fields[f];
        struct sk_bytes before = {NULL, 0};

        for (uint8_t l = 0; l < field->levels_count; l++) {
            struct sk_label words = sk_level_words(field, l, &arena);

            cr_expect(not(eq(sz, words.nl.size, 0)));
            cr_expect(not(eq(sz, words.en.size, 0)));
            cr_expect(not(sk_bytes_equal(words.nl, before)),
                      "two levels of %.*s read the same", (int)field->id.size,
                      field->id.data);
            before = words.nl;
        }
    }
}

Test(words, every_level_of_every_field)
{
    arena = test_arena();
    check_levels(load("policies/library/kempen/nodes/ocmw-mol"));
    check_levels(load(TEST_MINI));
}

Test(words, of_a_level)
{
    const struct sk_vocabulary *v;
    const struct sk_field *field;
    struct sk_label words;

    arena = test_arena();
    v = load(TEST_MINI);
    field = &v->fields[sk_vocabulary_field(v, sk_text("birth_date"))];
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("year")), &arena);
    cr_expect(sk_bytes_equal(words.nl, sk_text("alleen het jaar")));
    field = &v->fields[sk_vocabulary_field(v, sk_text("postal_code"))];
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("prefix2")), &arena);
    cr_expect(sk_bytes_equal(
        words.nl, sk_text("alleen de groep: eerste 2 tekens van de code")));
    field = &v->fields[sk_vocabulary_field(v, sk_text("absence_reason"))];
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("group")), &arena);
    cr_expect(sk_bytes_equal(words.en, sk_text("only: medical or not")));
    v = load("policies/library/kempen/nodes/ocmw-mol");
    field = &v->fields[sk_vocabulary_field(v, sk_text("occupation"))];
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("prefix1")), &arena);
    cr_expect(sk_bytes_equal(
        words.nl, sk_text("alleen de groep: eerste 1 teken van de code")));
    field = &v->fields[sk_vocabulary_field(v, sk_text("adaptations"))];
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("present")), &arena);
    cr_expect(sk_bytes_equal(words.nl, sk_text("alleen dat er zijn")));
}

/* Early refusals (8.4 step 1) say what to do; the others depend on a rule. */
Test(words, every_early_refusal_has_a_remedy)
{
    static const char *const early[] = {
        "owner-suspended",       "unknown-recipient",
        "recipient-is-owner",    "recipient-suspended",
        "purpose-forbidden",     "unknown-purpose",
        "purpose-too-broad",     "unknown-event-type",
        "malformed-event",       "not-source",
        "from-authentic-source", "recipient-is-employer"};

    for (size_t i = 0; i < SK_COUNT(early); i++) {
        cr_expect(not(eq(
            ptr, (void *)(uintptr_t)sk_reason_remedy(early[i], true), NULL)));
        cr_expect(not(eq(
            ptr, (void *)(uintptr_t)sk_reason_remedy(early[i], false), NULL)));
        cr_expect(not(
            eq(ptr, (void *)(uintptr_t)sk_reason_text(early[i], true), NULL)));
    }
    cr_expect(
        eq(ptr, (void *)(uintptr_t)sk_reason_remedy("no-rule", true), NULL));
}

/* Each in both languages, and no two of them the same. */
Test(words, every_reason_to_stay_and_every_fault)
{
    const char *before = "";

    for (int w = SK_SENT; w <= SK_WITHHELD_NOT_GRANTED; w++) {
        const char *nl = sk_withheld_words((enum sk_withheld)w, true);
        const char *en = sk_withheld_words((enum sk_withheld)w, false);

        cr_expect(ne(str, (char *)nl, ""), "%d", w);
        cr_expect(ne(str, (char *)en, (char *)nl), "%d", w);
        cr_expect(ne(str, (char *)nl, (char *)before), "%d", w);
        before = nl;
    }
    cr_expect(eq(str, (char *)sk_withheld_words(SK_WITHHELD_CONSENT, true),
                 "er is geen akkoord voor"));
    for (int fault = SK_FAULT_SUBJECT; fault <= SK_FAULT_MISSING; fault++) {
        const char *nl = sk_fault_words((enum sk_fault)fault, true);
        const char *en = sk_fault_words((enum sk_fault)fault, false);

        cr_expect(ne(str, (char *)nl, ""), "%d", fault);
        cr_expect(ne(str, (char *)en, (char *)nl), "%d", fault);
        cr_expect(ne(str, (char *)nl, (char *)before), "%d", fault);
        before = nl;
    }
    cr_expect(eq(str, (char *)sk_fault_words(SK_FAULT_VALUE, false),
                 "this is not a value that this field can have, or it is given "
                 "twice"));
    cr_expect(eq(str, (char *)sk_fault_words(SK_FAULT_NONE, true), ""),
              "nothing is wrong");
}

/* words.h: empty when the arena is full, not half a sentence. */
Test(words, a_full_arena_gives_none)
{
    const struct sk_field *field;
    const struct sk_vocabulary *v;
    uint8_t little[8];
    struct sk_arena full = sk_arena_start(little, sizeof(little));
    struct sk_label words;

    arena = test_arena();
    v = load(TEST_MINI);
    field = &v->fields[sk_vocabulary_field(v, sk_text("postal_code"))];
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("prefix2")), &full);
    cr_expect(eq(sz, words.nl.size, 0));
    cr_expect(eq(sz, words.en.size, 0));
    words = sk_level_words(
        field, (uint8_t)sk_field_level(field, sk_text("exact")), &full);
    cr_expect(sk_bytes_equal(words.nl, sk_text("precies")), "needs no room");
}
