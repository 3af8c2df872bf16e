/*
 * Any YAML as a vocabulary (docs/POLICY.md 5).  The law: it loads, or there is
 * an error with a place; what loads has whole chains, obeys the level law, and
 * finds each of its words.
 */
#include <stdlib.h>

#include "policies/vocabulary_private.h"

#define ARENA_SIZE ((size_t)32 << 20)

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_field(const struct sk_vocabulary *v, uint16_t at,
                        struct sk_arena *arena)
{
    const struct sk_field *field = &v->fields[at];

    must(sk_vocabulary_field(v, field->id) == at);
    must(field->levels_count >= 3);
    must(sk_field_level(field, sk_text("drop")) == 0);
    must(sk_field_level(field, sk_text("present")) == 1);
    must(sk_field_level(field, sk_text("exact")) + 1 == field->levels_count);
    must(sk_check_level_law(field, arena) == 0);
}

static void check(const struct sk_vocabulary *v, struct sk_arena *arena)
{
    for (uint16_t i = 0; i < v->fields_count; i++)
        check_field(v, i, arena);
    for (uint16_t i = 0; i < v->events_count; i++) {
        must(sk_vocabulary_event(v, v->events[i].id) == i);
        must(v->events[i].fields[0] == v->occurred);
        must(v->categories[v->events[i].category].leaf);
    }
    for (uint16_t i = 0; i < v->purposes_count; i++) {
        must(sk_vocabulary_purpose(v, v->purposes[i].id) == i);
        must((v->purposes[i].under >> i & 1) != 0);
        must(!sk_vocabulary_forbidden(v, v->purposes[i].id));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void *memory;
    struct sk_arena arena;
    struct sk_findings findings;
    struct sk_node *tree;
    struct sk_vocabulary *v;

    if (memory == NULL)
        memory = malloc(ARENA_SIZE);
    must(memory != NULL);
    arena = sk_arena_start(memory, ARENA_SIZE);
    findings = sk_findings_start(&arena);
    if (sk_yaml_read("f", (struct sk_bytes){data, size}, &arena, &findings,
                     &tree) != SK_OK ||
        tree == NULL)
        return 0;
    if (sk_vocabulary_load(tree, &arena, &findings, &v) != SK_OK)
        return 0; /* larger than the arena */
    must((v == NULL) == (findings.errors > 0));
    if (v != NULL)
        check(v, &arena);
    return 0;
}
