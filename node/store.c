#include "node/store.h"

#include <string.h>

/* A failure of the store kills the transaction; an absent key does not. */
static enum sk_status note(struct sk_store *store, enum sk_status status)
{
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        store->failed = status;
    return status;
}

static void check_key(const struct sk_store *store, struct sk_bytes key)
{
    assert(store->open);
    assert(key.size > 0);
    assert(key.size <= SK_STORE_KEY_SIZE_MAX);
}

uint8_t sk_store_table(struct sk_bytes key)
{
    size_t at = key.data[0] == SK_STORE_GROUP ? 1 + SK_STORE_GROUP_SIZE : 0;

    return key.data[key.size > at ? at : 0];
}

static void count_write(struct sk_store *store, enum sk_space space,
                        struct sk_bytes key)
{
    store->writes++;
    if (space == SK_SPACE_DATA)
        store->changed[sk_store_table(key)]++;
}

enum sk_status sk_store_begin(struct sk_store *store)
{
    assert(!store->open);

    SK_TRY(store->vtable->begin(store));
    store->open = true;
    store->writes = 0;
    store->failed = SK_OK;
    store->dropped = false;
    return SK_OK;
}

enum sk_status sk_store_commit(struct sk_store *store)
{
    enum sk_status status = store->failed;

    assert(store->open);

    if (status != SK_OK) {
        sk_store_abort(store);
        return status;
    }
    status = store->vtable->commit(store);
    store->open = false;
    if (status != SK_OK)
        store->aborts++;
    else if (store->dropped)
        store->shred_due = true;
    return status;
}

void sk_store_abort(struct sk_store *store)
{
    if (!store->open)
        return;
    store->vtable->abort(store);
    store->open = false;
    store->aborts++;
    store->failed = SK_OK;
}

enum sk_status sk_store_get(struct sk_store *store, enum sk_space space,
                            struct sk_bytes key, struct sk_bytes *value)
{
    check_key(store, key);
    if (store->failed != SK_OK)
        return store->failed;
    return note(store, store->vtable->get(store, space, key, value));
}

enum sk_status sk_store_put(struct sk_store *store, enum sk_space space,
                            struct sk_bytes key, struct sk_bytes value)
{
    check_key(store, key);
    if (store->failed != SK_OK)
        return store->failed;
    count_write(store, space, key);
    return note(store, store->vtable->put(store, space, key, value));
}

void sk_store_promise(struct sk_store *store)
{
    assert(store->open);

    store->writes++;
}

enum sk_status sk_store_delete(struct sk_store *store, enum sk_space space,
                               struct sk_bytes key)
{
    check_key(store, key);
    if (store->failed != SK_OK)
        return store->failed;
    count_write(store, space, key);
    store->dropped = store->dropped || space == SK_SPACE_KEYS;
    return note(store, store->vtable->drop(store, space, key));
}

uint64_t sk_store_version(const struct sk_store *store, const char *tables)
{
    uint64_t version = store->aborts;

    for (; *tables != '\0'; tables++)
        version += store->changed[(uint8_t)*tables];
    return version;
}

struct sk_scan sk_scan_start(struct sk_store *store, enum sk_space space,
                             struct sk_bytes prefix)
{
    struct sk_scan scan = {.store = store, .space = space};

    assert(prefix.size <= SK_STORE_KEY_SIZE_MAX);

    if (prefix.size > 0)
        memcpy(scan.prefix, prefix.data, prefix.size);
    scan.prefix_size = prefix.size;
    return scan;
}

struct sk_scan sk_scan_after(struct sk_store *store, enum sk_space space,
                             struct sk_bytes prefix, struct sk_bytes after)
{
    struct sk_scan scan = sk_scan_start(store, space, prefix);

    assert(after.size > 0);
    assert(after.size <= SK_STORE_KEY_SIZE_MAX);

    memcpy(scan.at, after.data, after.size);
    scan.at_size = after.size;
    scan.started = true;
    return scan;
}

static bool has_prefix(const struct sk_scan *scan, struct sk_bytes key)
{
    return key.size >= scan->prefix_size &&
           memcmp(key.data, scan->prefix, scan->prefix_size) == 0;
}

enum sk_status sk_scan_next(struct sk_scan *scan, struct sk_bytes *key,
                            struct sk_bytes *value)
{
    struct sk_store *store = scan->store;
    struct sk_bytes from = {scan->prefix, scan->prefix_size};
    struct sk_bytes found_key;
    struct sk_bytes found_value;

    assert(store->open);

    if (store->failed != SK_OK)
        return store->failed;
    if (scan->started)
        from = (struct sk_bytes){scan->at, scan->at_size};
    SK_TRY(
        note(store, store->vtable->seek(store, scan->space, from, scan->started,
                                        &found_key, &found_value)));
    if (!has_prefix(scan, found_key))
        return SK_E_NOT_FOUND;

    memcpy(scan->at, found_key.data, found_key.size);
    scan->at_size = found_key.size;
    scan->started = true;
    *key = found_key;
    *value = found_value;
    return SK_OK;
}

enum sk_status sk_store_count(struct sk_store *store, enum sk_space space,
                              struct sk_bytes prefix, uint64_t *out)
{
    struct sk_scan scan = sk_scan_start(store, space, prefix);
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    *out = 0;
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK)
        (*out)++;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_store_shred(struct sk_store *store)
{
    assert(!store->open);
    SK_TRY(store->vtable->shred(store));
    store->shred_due = false;
    return SK_OK;
}

bool sk_store_shred_due(const struct sk_store *store)
{
    return store->shred_due || (store->open && store->dropped);
}

enum sk_status sk_store_freeze(struct sk_store *store)
{
    if (store->vtable->freeze == NULL)
        return SK_E_UNSUPPORTED;
    store->vtable->thaw(store);
    return store->vtable->freeze(store);
}

enum sk_status sk_store_frozen_next(struct sk_store *store, enum sk_space space,
                                    struct sk_bytes after, struct sk_bytes *key,
                                    struct sk_bytes *value)
{
    assert(after.size <= SK_STORE_KEY_SIZE_MAX);

    if (store->vtable->frozen_next == NULL)
        return SK_E_CLOSED;
    return store->vtable->frozen_next(store, space, after, key, value);
}

void sk_store_thaw(struct sk_store *store)
{
    if (store->vtable->thaw != NULL)
        store->vtable->thaw(store);
}

bool sk_store_rest_due(const struct sk_store *store)
{
    return store->vtable->rest_due != NULL && store->vtable->rest_due(store);
}

void sk_store_rest(struct sk_store *store)
{
    assert(!store->open);
    if (store->vtable->rest != NULL)
        store->vtable->rest(store);
}

void sk_store_stats(struct sk_store *store, struct sk_store_stats *out)
{
    store->vtable->stats(store, out);
}

void sk_store_close(struct sk_store **store)
{
    if (*store == NULL)
        return;
    sk_store_abort(*store);
    (*store)->vtable->close(*store);
    *store = NULL;
}
