#include "node/engine/tables.h"
#include "tests/sim/sim.h"

/*
 * One disk: the store in memory behind a door, so that an engine keeps its
 * store while what is in it is put back, and dies at any write.
 */
struct disk {
    struct sk_store base;
    struct sk_store *inner;
    uint64_t die_after; /* writes left; 0: never */
    bool dead;
    bool shows; /* something was written open that should not be */
};

struct backup {
    struct sk_store *store;
};

static struct sk_store *inner_of(struct sk_store *disk)
{
    return ((struct disk *)disk)->inner;
}

static bool dies(struct sk_store *store)
{
    struct disk *disk = (struct disk *)store;

    if (disk->die_after > 0 && --disk->die_after == 0)
        disk->dead = true;
    return disk->dead;
}

static enum sk_status disk_begin(struct sk_store *disk)
{
    return inner_of(disk)->vtable->begin(inner_of(disk));
}

static enum sk_status disk_commit(struct sk_store *disk)
{
    if (disk->writes > 0 && dies(disk)) {
        inner_of(disk)->vtable->abort(inner_of(disk));
        return SK_E_IO;
    }
    return inner_of(disk)->vtable->commit(inner_of(disk));
}

static void disk_abort(struct sk_store *disk)
{
    inner_of(disk)->vtable->abort(inner_of(disk));
}

static enum sk_status disk_get(struct sk_store *disk, enum sk_space space,
                               struct sk_bytes key, struct sk_bytes *value)
{
    return inner_of(disk)->vtable->get(inner_of(disk), space, key, value);
}

/* Charter and policy are nobody's, and long. */
static bool may_show(enum sk_space space, struct sk_bytes key)
{
    return space == SK_SPACE_DATA &&
           (key.data[0] == SK_T_FILE || key.data[0] == SK_T_CHARTER);
}

static enum sk_status disk_put(struct sk_store *disk, enum sk_space space,
                               struct sk_bytes key, struct sk_bytes value)
{
    if (!may_show(space, key) && (shows_canary(key) || shows_canary(value)))
        ((struct disk *)disk)->shows = true;
    if (dies(disk))
        return SK_E_IO;
    return inner_of(disk)->vtable->put(inner_of(disk), space, key, value);
}

static enum sk_status disk_drop(struct sk_store *disk, enum sk_space space,
                                struct sk_bytes key)
{
    if (dies(disk))
        return SK_E_IO;
    return inner_of(disk)->vtable->drop(inner_of(disk), space, key);
}

static enum sk_status disk_seek(struct sk_store *disk, enum sk_space space,
                                struct sk_bytes from, bool after,
                                struct sk_bytes *key, struct sk_bytes *value)
{
    return inner_of(disk)->vtable->seek(inner_of(disk), space, from, after, key,
                                        value);
}

static enum sk_status disk_shred(struct sk_store *disk)
{
    return inner_of(disk)->vtable->shred(inner_of(disk));
}

static void disk_stats(struct sk_store *disk, struct sk_store_stats *out)
{
    inner_of(disk)->vtable->stats(inner_of(disk), out);
}

static void disk_close(struct sk_store *disk)
{
    sk_store_close(&((struct disk *)disk)->inner);
    free(disk);
}

static const struct sk_store_vtable disk_vtable = {
    .begin = disk_begin,
    .commit = disk_commit,
    .abort = disk_abort,
    .get = disk_get,
    .put = disk_put,
    .drop = disk_drop,
    .seek = disk_seek,
    .shred = disk_shred,
    .stats = disk_stats,
    .close = disk_close,
};

struct sk_store *disk_open(void)
{
    struct disk *disk = calloc(1, sizeof(*disk));

    cr_assert(disk != NULL);
    disk->base.vtable = &disk_vtable;
    cr_assert(sk_store_open_memory(&disk->inner) == SK_OK);
    return &disk->base;
}

void disk_full_after(struct sk_store *disk, uint64_t writes)
{
    sk_store_memory_fail_after(inner_of(disk), writes);
}

void disk_die_after(struct sk_store *store, uint64_t writes)
{
    struct disk *disk = (struct disk *)store;

    disk->die_after = writes;
    disk->dead = false;
}

bool disk_is_dead(struct sk_store *disk)
{
    return ((struct disk *)disk)->dead;
}

/* Was a value about a person ever written as it is? */
bool disk_shows(struct sk_store *disk)
{
    return ((struct disk *)disk)->shows;
}

/* ------------------------------------------------------------- backups */

struct backup *disk_backup(struct sk_store *disk)
{
    struct backup *backup = calloc(1, sizeof(*backup));

    cr_assert(backup != NULL);
    cr_assert(!disk->open);
    cr_assert(sk_store_memory_copy(inner_of(disk), &backup->store) == SK_OK);
    return backup;
}

void disk_restore(struct sk_store *store, const struct backup *backup)
{
    struct disk *disk = (struct disk *)store;

    cr_assert(!store->open);
    disk_die_after(store, 0);
    sk_store_close(&disk->inner);
    cr_assert(sk_store_memory_copy(backup->store, &disk->inner) == SK_OK);
    /* Whoever remembers what it read from here must read it again. */
    store->aborts++;
}

void backup_free(struct backup *backup)
{
    if (backup == NULL)
        return;
    sk_store_close(&backup->store);
    free(backup);
}
