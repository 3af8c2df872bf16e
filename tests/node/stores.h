/*
 * A store under test: in memory, or LMDB in a folder of its own.
 */
#ifndef SK_TESTS_NODE_STORES_H
#define SK_TESTS_NODE_STORES_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/store.h"

#define MAP_BYTES (UINT64_C(64) << 20)

enum kind { MEMORY, LMDB };

static char dir[64];

static inline struct sk_store *open_kind(enum kind kind, uint64_t map_bytes)
{
    struct sk_store *store = NULL;

    if (kind == MEMORY) {
        cr_assert(eq(int, sk_store_open_memory(&store), SK_OK));
        return store;
    }
    if (dir[0] == '\0') {
        strcpy(dir, "/tmp/schakel-store-XXXXXX");
        cr_assert(ne(ptr, mkdtemp(dir), NULL));
    }
    cr_assert(eq(int, sk_store_open_lmdb(dir, map_bytes, &store), SK_OK));
    return store;
}

static inline void remove_dir(void)
{
    static const char *const names[] = {
        "data.mdb", "data.mdb-lock", "keys.mdb", "keys.mdb-lock", "keys.old",
        "keys.new", "lock",          "map",      "data.log",
    };
    char path[128];

    if (dir[0] == '\0')
        return;
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    cr_expect(eq(int, rmdir(dir), 0), "%s is not empty", dir);
    dir[0] = '\0';
}

static inline void begin(struct sk_store *s)
{
    cr_assert(eq(int, sk_store_begin(s), SK_OK));
}

static inline void commit(struct sk_store *s)
{
    cr_assert(eq(int, sk_store_commit(s), SK_OK));
}

static inline enum sk_status put(struct sk_store *s, enum sk_space space,
                                 const char *key, const char *value)
{
    return sk_store_put(s, space, sk_text(key), sk_text(value));
}

/* The value as text, or "-". */
static inline const char *get(struct sk_store *s, enum sk_space space,
                              const char *key)
{
    static char text[4][256];
    static int turn;
    struct sk_bytes value;
    enum sk_status status = sk_store_get(s, space, sk_text(key), &value);
    char *out = text[turn = (turn + 1) % 4];

    if (status == SK_E_NOT_FOUND)
        return "-";
    cr_assert(eq(int, status, SK_OK));
    cr_assert(lt(sz, value.size, 256));
    memcpy(out, value.data, value.size);
    out[value.size] = '\0';
    return out;
}

/* "k=v k=v " of a scan. */
static inline const char *walk(struct sk_scan scan)
{
    static char text[4096];
    struct sk_bytes key;
    struct sk_bytes value;
    size_t at = 0;

    text[0] = '\0';
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s=%.*s ",
                               (int)key.size, (const char *)key.data,
                               (int)value.size, (const char *)value.data);
    return text;
}

static inline const char *walk_all(struct sk_store *s, enum sk_space space)
{
    return walk(sk_scan_start(s, space, sk_text("")));
}

static inline bool file_holds(const char *name, const char *needle)
{
    char path[128];
    static uint8_t bytes[1 << 24];
    size_t size;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "rb");
    cr_assert(ne(ptr, file, NULL));
    size = fread(bytes, 1, sizeof(bytes), file);
    cr_assert(lt(sz, size, sizeof(bytes)));
    fclose(file);
    return memmem(bytes, size, needle, strlen(needle)) != NULL;
}

/* "k=v " of what is frozen, or what went wrong. */
static inline const char *walk_frozen(struct sk_store *s, enum sk_space space)
{
    static char text[2][1024];
    static int turn;
    uint8_t at[SK_STORE_KEY_SIZE_MAX];
    struct sk_bytes after = {at, 0};
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;
    char *out = text[turn = (turn + 1) % 2];
    size_t size = 0;

    out[0] = '\0';
    while ((status = sk_store_frozen_next(s, space, after, &key, &value)) ==
           SK_OK) {
        size += (size_t)snprintf(
            out + size, sizeof(text[0]) - size, "%.*s=%.*s ", (int)key.size,
            (const char *)key.data, (int)value.size, (const char *)value.data);
        memcpy(at, key.data, key.size);
        after.size = key.size;
    }
    if (status != SK_E_NOT_FOUND)
        snprintf(out, sizeof(text[0]), "%s", sk_status_text(status));
    return out;
}

#endif
