/*
 * Any bytes into the reader of docs/POLICY.md 3.  The law: what reads, writes,
 * and reads back as the same tree; what does not read has exactly one finding,
 * with a place.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/yaml.h"
#include "protocol/limits.h"

#define ARENA_SIZE ((size_t)80 << 20)

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool is_same(const struct sk_node *a, const struct sk_node *b)
{
    const struct sk_node *x = a->first;
    const struct sk_node *y = b->first;

    if (a->kind != b->kind || a->count != b->count ||
        !sk_bytes_equal(a->key, b->key) || !sk_bytes_equal(a->text, b->text))
        return false;
    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        if (!is_same(x, y))
            return false;
    }
    return x == NULL && y == NULL;
}

static struct sk_node *read_tree(struct sk_bytes bytes, struct sk_arena *arena)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_node *tree = NULL;

    must(sk_yaml_read("f", bytes, arena, &findings, &tree) == SK_OK);
    must((tree == NULL) == (findings.count == 1));
    if (tree != NULL)
        return tree;
    must(findings.errors == 1);
    must(findings.list[0].place.line >= 1);
    must(findings.list[0].place.column >= 1);
    must(strchr(findings.list[0].nl, '{') == NULL ||
         memchr(bytes.data, '{', bytes.size) != NULL);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[SK_YAML_SIZE_MAX];
    static void *memory;
    struct sk_arena arena;
    struct sk_node *tree;
    struct sk_node *again;
    struct sk_bytes out;

    if (memory == NULL)
        memory = malloc(ARENA_SIZE);
    must(memory != NULL);
    arena = sk_arena_start(memory, ARENA_SIZE);
    tree = read_tree((struct sk_bytes){data, size}, &arena);
    if (tree == NULL)
        return 0;
    if (sk_yaml_write(tree, (struct sk_room){room, sizeof(room)}, &out) !=
        SK_OK)
        return 0; /* longer than a file may be */
    again = read_tree(out, &arena);
    must(again != NULL);
    must(is_same(tree, again));
    return 0;
}
