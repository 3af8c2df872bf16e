/*
 * schakeld --load: fill an empty store from a backup.  docs/OPERATING.md 5
 *
 * Standard input is what backup.read gives (node/engine/backup.c): records,
 * and one that says that nothing follows.
 */
#include "node/core/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/log.h"

#define SPACE_END 2
#define HEAD_SIZE 7
/* No record is larger: a reply that is kept, a file of a charter. */
#define VALUE_SIZE_MAX (16u * 1024 * 1024)
/* One transaction. */
#define BATCH_SIZE (8u * 1024 * 1024)
#define BATCH_COUNT 20000

struct load {
    struct sk_store *store;
    uint8_t key[SK_STORE_KEY_SIZE_MAX];
    uint8_t *value; /* VALUE_SIZE_MAX */
    uint64_t records[2];
    size_t batch_size;
    size_t batch_count;
};

static enum sk_status read_whole(void *out, size_t size)
{
    if (size > 0 && fread(out, 1, size, stdin) != size)
        return ferror(stdin) != 0 ? SK_E_IO : SK_E_BAD_LENGTH;
    return SK_OK;
}

/* SK_E_NOT_FOUND: the end. */
static enum sk_status load_record(struct load *l)
{
    uint8_t head[HEAD_SIZE];
    struct sk_bytes key = {l->key, 0};
    struct sk_bytes value = {l->value, 0};

    SK_TRY(read_whole(head, sizeof(head)));
    key.size = (size_t)head[1] << 8 | head[2];
    value.size = (size_t)head[3] << 24 | (size_t)head[4] << 16 |
                 (size_t)head[5] << 8 | head[6];
    if (head[0] == SPACE_END)
        return key.size == 0 && value.size == 0 ? SK_E_NOT_FOUND
                                                : SK_E_BAD_FORM;
    if (head[0] > SPACE_END || key.size == 0 || key.size > sizeof(l->key))
        return SK_E_BAD_FORM;
    if (value.size > VALUE_SIZE_MAX)
        return SK_E_TOO_LARGE;
    SK_TRY(read_whole(l->key, key.size));
    SK_TRY(read_whole(l->value, value.size));
    l->records[head[0]]++;
    l->batch_count++;
    l->batch_size += key.size + value.size;
    return sk_store_put(l->store, (enum sk_space)head[0], key, value);
}

static enum sk_status load_batch(struct load *l)
{
    enum sk_status status;

    l->batch_count = 0;
    l->batch_size = 0;
    SK_TRY(sk_store_begin(l->store));
    do {
        status = load_record(l);
    } while (status == SK_OK && l->batch_count < BATCH_COUNT &&
             l->batch_size < BATCH_SIZE);
    if (status == SK_E_NOT_FOUND) {
        uint8_t more;

        /* A store of a node is never empty; nothing follows the end. */
        if (l->records[SK_SPACE_DATA] == 0 || fread(&more, 1, 1, stdin) != 0)
            status = SK_E_BAD_FORM;
        else
            SK_TRY(sk_engine_mark_restored(l->store));
    }
    if (status != SK_OK && status != SK_E_NOT_FOUND) {
        sk_store_abort(l->store);
        return status;
    }
    SK_TRY(sk_store_commit(l->store));
    return status;
}

static bool has_store(void)
{
    static const char *const names[] = {"data.mdb", "data.log", "keys.mdb"};

    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (access(names[i], F_OK) == 0 || errno != ENOENT)
            return true;
    return false;
}

enum sk_status sk_load_store(const struct sk_config *config)
{
    struct load l = {.value = malloc(VALUE_SIZE_MAX)};
    enum sk_status status = SK_E_MEMORY;

    if (has_store()) {
        sk_log_error(NULL, SK_E_EXISTS, "there is a store in this folder");
        free(l.value);
        return SK_E_EXISTS;
    }
    if (l.value != NULL)
        status = sk_store_open_lmdb(".", config->store_bytes, &l.store);
    while (status == SK_OK)
        status = load_batch(&l);
    sk_store_close(&l.store);
    free(l.value);
    if (status != SK_E_NOT_FOUND) {
        sk_log_error(NULL, status, "the store was not filled");
        return status == SK_OK ? SK_E_IO : status;
    }
    printf("LOADED %llu %llu\n", (unsigned long long)l.records[SK_SPACE_DATA],
           (unsigned long long)l.records[SK_SPACE_KEYS]);
    return fflush(stdout) == 0 ? SK_OK : SK_E_IO;
}
