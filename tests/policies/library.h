/*
 * The vocabulary of the library, loaded for a program that looks at its fields.
 *
 *     TestSuite(x, .init = load);
 *     field("cefr_listen")
 */
#ifndef SK_TESTS_POLICIES_LIBRARY_H
#define SK_TESTS_POLICIES_LIBRARY_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "helpers.h"
#include "policies/vocabulary.h"

static struct sk_arena arena;
static struct sk_vocabulary *v;

static inline void load(void)
{
    struct sk_findings findings;
    struct sk_node *tree = NULL;

    arena = test_arena();
    findings = sk_findings_start(&arena);
    cr_assert(
        eq(int,
           sk_yaml_read("v.yaml", test_file("policies/library/vocabulary.yaml"),
                        &arena, &findings, &tree),
           SK_OK));
    cr_assert(eq(int, sk_vocabulary_load(tree, &arena, &findings, &v), SK_OK));
    cr_assert(ne(ptr, v, NULL), "%s", test_findings(&findings));
}

static inline const struct sk_field *field(const char *id)
{
    uint16_t at = sk_vocabulary_field(v, sk_text(id));

    cr_assert(ne(u16, at, SK_NONE), "%s", id);
    return &v->fields[at];
}

#endif
