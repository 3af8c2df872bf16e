/* What tests of bundles, decisions and cases share: bundles from folders. */
#ifndef SK_TESTS_POLICIES_BUNDLES_H
#define SK_TESTS_POLICIES_BUNDLES_H

#include "helpers.h"
#include "policies/cases.h"

#define TEST_MINI "tests/policies/cases/mini"

static inline const char *test_join(const char *dir, struct sk_bytes name)
{
    size_t size = strlen(dir) + 1 + name.size + 1;
    char *path = test_alloc(size);

    snprintf(path, size, "%s/%.*s", dir, (int)name.size, name.data);
    return path;
}

static inline struct sk_node *test_tree(const char *path,
                                        struct sk_arena *arena)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_node *tree = NULL;

    if (sk_yaml_read(path, test_file(path), arena, &findings, &tree) != SK_OK ||
        tree == NULL) {
        fprintf(stderr, "%s: %s\n", path, test_findings(&findings));
        abort();
    }
    return tree;
}

/* The files that DIR/bundle.yaml names, as bytes. */
static inline struct sk_sources test_sources(const char *dir,
                                             struct sk_arena *arena)
{
    static const char *const keys[] = {"vocabulary", "partners", "guards",
                                       "policy", "invariants"};
    struct sk_node *tree =
        test_tree(test_join(dir, sk_text("bundle.yaml")), arena);
    struct sk_sources sources = {.vocabulary = NULL};

    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const struct sk_node *name = sk_node_get(tree, keys[i]);

        sources.of[i].name = keys[i];
        if (name != NULL) {
            sources.of[i].name = test_join(dir, name->text);
            sources.of[i].bytes = test_file(sources.of[i].name);
        }
    }
    return sources;
}

/* A tree from YAML text. */
static inline struct sk_node *test_yaml(const char *text,
                                        struct sk_arena *arena)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_node *tree = NULL;

    if (sk_yaml_read("text", sk_text(text), arena, &findings, &tree) != SK_OK ||
        tree == NULL) {
        fprintf(stderr, "%s\n%s\n", text, test_findings(&findings));
        abort();
    }
    return tree;
}

#endif
