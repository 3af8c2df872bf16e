/* What the tests of policies/ share: an arena, files, findings as text. */
#ifndef SK_TESTS_POLICIES_HELPERS_H
#define SK_TESTS_POLICIES_HELPERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "policies/yaml.h"

#define TEST_ARENA_SIZE ((size_t)96 << 20)

/* Memory for as long as the test runs; reachable, so no leak. */
static inline void *test_alloc(size_t size)
{
    static void *last;
    void **block = malloc(sizeof(max_align_t) + size);

    if (block == NULL)
        abort();
    *block = last;
    last = block;
    return (char *)block + sizeof(max_align_t);
}

static inline struct sk_arena test_arena(void)
{
    void *memory = mmap(NULL, TEST_ARENA_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        abort();
    return sk_arena_start(memory, TEST_ARENA_SIZE);
}

/* A whole file; tests run from the root of the tree. */
static inline struct sk_bytes test_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = test_alloc(4 << 20);
    size_t size;

    if (file == NULL) {
        fprintf(stderr, "%s: cannot open\n", path);
        abort();
    }
    size = fread(data, 1, 4 << 20, file);
    fclose(file);
    return (struct sk_bytes){data, size};
}

/* "E004 3:1", one per line, in the order they were found. */
static inline const char *test_findings(const struct sk_findings *findings)
{
    static char text[8192];
    size_t size = 0;

    text[0] = '\0';
    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *f = &findings->list[i];

        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s %u:%u",
                                 i == 0 ? "" : "\n", f->code, f->place.line,
                                 f->place.column);
        if (size >= sizeof(text))
            break;
    }
    return text;
}

#endif
