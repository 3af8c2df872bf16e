/*
 * The store in LMDB: two environments, data.mdb and keys.mdb.
 *
 * Two files cannot commit as one, and either order loses something: with KEYS
 * first, a crash in between has destroyed the key of a person whose erasure
 * then did not happen; with DATA first, it has stored a person without key.
 * So puts of keys are committed before DATA, and deletions after it: what is
 * to be deleted is a record in `pending`, a second database of data.mdb, and
 * thus commits with the data.  A key in `pending` is hidden from get and
 * seek.  A record leaves `pending` when its key is shredded, so a crash
 * between an erasure and its shred is made good at the next open.
 *
 * A commit is a record in the log (store_log.h): one write, one flush.  The
 * transaction of data.mdb stays open over many of them, and is committed when
 * the log is full, while nobody waits, when a key is deleted, when the disk has
 * little room, after an abort, and at close.  So what such a transaction holds
 * is always data.mdb, the log and the batch, and can be made again from them:
 * after an abort, a crash, or a commit that failed. docs/decisions/0014
 *
 * LMDB 0.9.24: no DUPSORT, deletion by key, one open per file and process.
 */
#include "node/store_lmdb.h"

#include <errno.h>
#include <sodium.h>
#include <sys/statvfs.h>

#define FULL_BYTES (256u << 10) /* less room than a batch may take */
#define LOG_ROOM_BYTES (UINT64_C(32) << 20) /* with less, no log */
#define AGAIN_ROOM_BYTES (UINT64_C(1) << 20)
/* Each may hold a page in memory until the tree is written. */
#define TREE_CHANGES_MAX 8192
/* From so many on it is written while nobody waits. */
#define TREE_CHANGES_REST 1024
#define PAGE_BYTES 4096

/* What a batch did, in the log. */
enum change { PUT, DROP, HIDE, SHOW }; /* the last two: in `pending` */

enum sk_status sk_lmdb_status_of(int rc)
{
    switch (rc) {
    case 0:
        return SK_OK;
    case MDB_NOTFOUND:
        return SK_E_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SK_E_FULL;
    case ENOMEM:
        return SK_E_MEMORY;
    default:
        return SK_E_IO;
    }
}

/* ----------------------------------------------------------- transactions */

static void close_cursors(struct lmdb_store *self)
{
    for (int space = 0; space < 2; space++) {
        if (self->cursor[space] != NULL)
            mdb_cursor_close(self->cursor[space]);
        self->cursor[space] = NULL;
    }
}

void sk_lmdb_abort_txn(struct lmdb_store *self, enum sk_space space)
{
    mdb_txn_abort(self->txn[space]); /* accepts NULL */
    self->txn[space] = NULL;
    if (space == SK_SPACE_DATA)
        self->changes = 0;
}

int sk_lmdb_commit_txn(struct lmdb_store *self, enum sk_space space)
{
    MDB_txn *txn = self->txn[space];

    self->txn[space] = NULL; /* commit frees it, whatever it returns */
    return txn == NULL ? 0 : mdb_txn_commit(txn);
}

/* One change of the log, in DATA's transaction. */
static int change(void *context, uint8_t kind, struct sk_bytes key,
                  struct sk_bytes value)
{
    struct lmdb_store *self = context;
    MDB_txn *txn = self->txn[SK_SPACE_DATA];
    MDB_dbi dbi = kind < HIDE ? self->dbi[SK_SPACE_DATA] : self->pending;
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    int rc;

    self->changes++;
    if (kind == PUT || kind == HIDE)
        return mdb_put(txn, dbi, &k, &v, 0);
    rc = mdb_del(txn, dbi, &k, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int sk_lmdb_begin_txn(struct lmdb_store *self, enum sk_space space)
{
    int rc;

    if (self->txn[space] != NULL)
        return 0;
    if (self->env[space] == NULL)
        return EIO; /* a shred could not open it again */
    rc = mdb_txn_begin(self->env[space], /* parent */ NULL, 0,
                       &self->txn[space]);
    if (rc == 0 && space == SK_SPACE_DATA)
        rc = sk_store_log_each(&self->log, change, self);
    if (rc != 0)
        sk_lmdb_abort_txn(self, space);
    return rc;
}

/* LMDB says EIO of a write that was cut short, which is what the last pages of
   a disk do. */
static bool is_cut_short(const struct lmdb_store *self, int rc)
{
    struct statvfs vfs;

    return rc == EIO && fstatvfs(self->dir_fd, &vfs) == 0 &&
           (uint64_t)vfs.f_bavail * vfs.f_frsize < FULL_BYTES;
}

static enum sk_status commit_status(const struct lmdb_store *self, int rc)
{
    return is_cut_short(self, rc) ? SK_E_FULL : sk_lmdb_status_of(rc);
}

int sk_lmdb_write_tree(struct lmdb_store *self)
{
    uint8_t key[SK_STORE_LOG_KEY_SIZE];
    MDB_val name = val_of(sk_text("key"));
    MDB_val value = {sizeof(key), key};
    int rc = sk_lmdb_begin_txn(self, SK_SPACE_DATA);

    randombytes_buf(key, sizeof(key));
    if (rc == 0)
        rc = mdb_put(self->txn[SK_SPACE_DATA], self->log_key, &name, &value, 0);
    if (rc == 0)
        rc = sk_lmdb_commit_txn(self, SK_SPACE_DATA);
    sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    if (rc == 0)
        sk_store_log_start(&self->log, key);
    self->full = self->log.used > 0 && commit_status(self, rc) == SK_E_FULL;
    return rc;
}

static void end_batch(struct lmdb_store *self)
{
    sk_store_log_drop(&self->log);
    self->changed = false;
    self->hides = false;
}

static void lmdb_abort(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);

    close_cursors(self);
    sk_lmdb_abort_txn(self, SK_SPACE_KEYS);
    if (self->changed || store->failed != SK_OK)
        sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    end_batch(self);
}

size_t sk_lmdb_pending_count(struct lmdb_store *self)
{
    MDB_stat stat = {0};
    int rc = mdb_stat(self->txn[SK_SPACE_DATA], self->pending, &stat);

    return rc == 0 ? stat.ms_entries : SIZE_MAX;
}

static int copy_pending(struct lmdb_store *self)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    int rc;

    rc = mdb_cursor_open(self->txn[SK_SPACE_DATA], self->pending, &cursor);
    if (rc != 0)
        return rc;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        rc = mdb_del(self->txn[SK_SPACE_KEYS], self->dbi[SK_SPACE_KEYS], &key,
                     NULL);
        if (rc != 0 && rc != MDB_NOTFOUND)
            break;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int sk_lmdb_delete_pending(struct lmdb_store *self)
{
    int rc;

    if (!self->keys_due)
        return 0;
    rc = sk_lmdb_begin_txn(self, SK_SPACE_DATA);
    if (rc == 0)
        rc = sk_lmdb_begin_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = copy_pending(self);
    sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    if (rc == 0)
        rc = sk_lmdb_commit_txn(self, SK_SPACE_KEYS);
    sk_lmdb_abort_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        self->keys_due = false;
    return rc;
}

static bool has_room(struct lmdb_store *self, uint64_t bytes)
{
    struct sk_store_stats stats;

    sk_lmdb_stats(&self->base, &stats);
    return stats.room_bytes >= bytes;
}

static enum sk_status lmdb_begin(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc = sk_lmdb_delete_pending(self);

    /* What had to be made again, after an abort or a crash, is not made again a
       second time.  When it cannot be written it goes on from the log. */
    if (rc == 0 && self->log.used > 0 &&
        (self->full ? has_room(self, AGAIN_ROOM_BYTES)
                    : self->txn[SK_SPACE_DATA] == NULL))
        (void)sk_lmdb_write_tree(self);
    if (rc == 0)
        rc = sk_lmdb_begin_txn(self, SK_SPACE_DATA);
    return sk_lmdb_status_of(rc);
}

static int commit_data(struct lmdb_store *self)
{
    int rc = ENOSPC;
    int tree;

    if (!self->changed)
        return 0;
    if (!self->hides && self->changes <= TREE_CHANGES_MAX &&
        has_room(self, LOG_ROOM_BYTES + self->changes * PAGE_BYTES))
        rc = sk_store_log_flush(&self->log);
    if (rc == 0)
        return 0;
    tree = sk_lmdb_write_tree(self);
    /* The next who opens it may find what is refused: nobody goes on. */
    return tree != 0 && rc == EIO ? EIO : tree;
}

static enum sk_status lmdb_commit(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc;

    close_cursors(self);
    rc = sk_lmdb_commit_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = commit_data(self);
    if (rc != 0)
        sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    end_batch(self);
    if (rc != 0)
        return commit_status(self, rc);
    /* It is committed; a deletion that fails now is tried again by begin. */
    (void)sk_lmdb_delete_pending(self);
    return SK_OK;
}

/* Nothing that the log took is lost when it fails: begin goes on from there. */
static bool lmdb_rest_due(const struct sk_store *store)
{
    const struct lmdb_store *self = (const struct lmdb_store *)store;

    return self->changes >= TREE_CHANGES_REST && self->log.used > 0 &&
           !self->full;
}

static void lmdb_rest(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);

    close_cursors(self);
    (void)sk_lmdb_write_tree(self);
}

/* ---------------------------------------------------------------- records */

static bool is_pending(struct lmdb_store *self, enum sk_space space,
                       MDB_val *key)
{
    MDB_val value;

    if (space != SK_SPACE_KEYS || sk_lmdb_pending_count(self) == 0)
        return false;
    /* Any failure hides the key: fail closed. */
    return mdb_get(self->txn[SK_SPACE_DATA], self->pending, key, &value) !=
           MDB_NOTFOUND;
}

static enum sk_status lmdb_get(struct sk_store *store, enum sk_space space,
                               struct sk_bytes key, struct sk_bytes *value)
{
    struct lmdb_store *self = self_of(store);
    MDB_val k = val_of(key);
    MDB_val v;
    int rc = sk_lmdb_begin_txn(self, space);

    if (rc == 0 && is_pending(self, space, &k))
        return SK_E_NOT_FOUND;
    if (rc == 0)
        rc = mdb_get(self->txn[space], self->dbi[space], &k, &v);
    if (rc != 0)
        return sk_lmdb_status_of(rc);
    *value = bytes_of(v);
    return SK_OK;
}

/* The log first: a key or value may be a view of what changes. */
static int change_data(struct lmdb_store *self, enum change kind,
                       struct sk_bytes key, struct sk_bytes value)
{
    int rc = sk_store_log_add(&self->log, (uint8_t)kind, key, value);

    self->changed = true;
    return rc == 0 ? change(self, (uint8_t)kind, key, value) : rc;
}

static int change_pending(struct lmdb_store *self, enum change kind,
                          struct sk_bytes key)
{
    self->hides = true;
    return change_data(self, kind, key, (struct sk_bytes){0});
}

static enum sk_status lmdb_put(struct sk_store *store, enum sk_space space,
                               struct sk_bytes key, struct sk_bytes value)
{
    struct lmdb_store *self = self_of(store);
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    int rc = self->full ? ENOSPC : sk_lmdb_begin_txn(self, space);

    if (rc == 0 && space == SK_SPACE_DATA)
        return sk_lmdb_status_of(change_data(self, PUT, key, value));
    if (rc == 0)
        rc = mdb_put(self->txn[space], self->dbi[space], &k, &v, 0);
    if (rc == 0 && is_pending(self, space, &k))
        rc = change_pending(self, SHOW, key);
    return sk_lmdb_status_of(rc);
}

static int drop_key(struct lmdb_store *self, struct sk_bytes key)
{
    MDB_val k = val_of(key);
    MDB_val value;
    int rc;

    rc =
        mdb_get(self->txn[SK_SPACE_KEYS], self->dbi[SK_SPACE_KEYS], &k, &value);
    if (rc != 0)
        return rc;
    rc = change_pending(self, HIDE, key);
    if (rc == 0)
        self->keys_due = true;
    return rc;
}

static enum sk_status lmdb_drop(struct sk_store *store, enum sk_space space,
                                struct sk_bytes key)
{
    struct lmdb_store *self = self_of(store);
    int rc = self->full ? ENOSPC : sk_lmdb_begin_txn(self, space);

    if (rc == 0 && space == SK_SPACE_KEYS)
        rc = drop_key(self, key);
    else if (rc == 0)
        rc = change_data(self, DROP, key, (struct sk_bytes){0});
    return sk_lmdb_status_of(rc == MDB_NOTFOUND ? 0 : rc);
}

/* Place the cursor at the first key from `from` on; after a step of the same
   scan it stands there already. */
static int place(struct lmdb_store *self, enum sk_space space,
                 struct sk_bytes from, bool after, MDB_val *key, MDB_val *value)
{
    MDB_cursor *cursor = self->cursor[space];
    MDB_val at;
    int rc;

    if (from.size == 0)
        return mdb_cursor_get(cursor, key, value, MDB_FIRST);
    if (after && self->cursor_writes[space] == self->base.writes &&
        mdb_cursor_get(cursor, &at, value, MDB_GET_CURRENT) == 0 &&
        sk_bytes_equal(bytes_of(at), from))
        return mdb_cursor_get(cursor, key, value, MDB_NEXT);
    *key = val_of(from);
    rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (rc == 0 && after && sk_bytes_equal(bytes_of(*key), from))
        rc = mdb_cursor_get(cursor, key, value, MDB_NEXT);
    return rc;
}

static enum sk_status lmdb_seek(struct sk_store *store, enum sk_space space,
                                struct sk_bytes from, bool after,
                                struct sk_bytes *key, struct sk_bytes *value)
{
    struct lmdb_store *self = self_of(store);
    MDB_val k;
    MDB_val v;
    int rc = sk_lmdb_begin_txn(self, space);

    if (rc == 0 && self->cursor[space] == NULL) {
        rc = mdb_cursor_open(self->txn[space], self->dbi[space],
                             &self->cursor[space]);
        self->cursor_writes[space] = UINT64_MAX;
    }
    if (rc == 0)
        rc = place(self, space, from, after, &k, &v);
    self->cursor_writes[space] = self->base.writes;
    while (rc == 0 && is_pending(self, space, &k))
        rc = mdb_cursor_get(self->cursor[space], &k, &v, MDB_NEXT);
    if (rc != 0)
        return sk_lmdb_status_of(rc);
    *key = bytes_of(k);
    *value = bytes_of(v);
    return SK_OK;
}

/* ----------------------------------------------------------------- frozen */

void sk_lmdb_thaw_space(struct lmdb_store *self, enum sk_space space)
{
    mdb_txn_abort(self->frozen[space]); /* accepts NULL */
    self->frozen[space] = NULL;
}

void sk_lmdb_thaw(struct sk_store *store)
{
    sk_lmdb_thaw_space(self_of(store), SK_SPACE_DATA);
    sk_lmdb_thaw_space(self_of(store), SK_SPACE_KEYS);
}

/* What is committed into data.mdb, what this transaction did not. */
static int write_committed(struct lmdb_store *self)
{
    size_t batch_size = self->log.batch_size;
    int rc;

    close_cursors(self);
    if (self->changed)
        sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    self->log.batch_size = 0;
    rc = sk_lmdb_write_tree(self);
    self->log.batch_size = batch_size;
    if (self->base.open) {
        int again = sk_lmdb_begin_txn(self, SK_SPACE_DATA);

        rc = rc == 0 ? again : rc;
    }
    return rc;
}

/* Between two commits of this process, which is the only one: both readers
   see the same moment. */
static enum sk_status lmdb_freeze(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc = self->env[SK_SPACE_KEYS] == NULL ? EIO : 0;

    if (rc == 0 && self->log.used > 0)
        rc = write_committed(self);
    for (int space = 0; space < 2 && rc == 0; space++)
        rc = mdb_txn_begin(self->env[space], NULL, MDB_RDONLY,
                           &self->frozen[space]);
    if (rc != 0)
        sk_lmdb_thaw(store);
    return sk_lmdb_status_of(rc);
}

/* Erased at that moment, though its file still had it? */
static int frozen_is_pending(struct lmdb_store *self, enum sk_space space,
                             MDB_val *key, bool *out)
{
    MDB_val value;
    int rc = MDB_NOTFOUND;

    if (space == SK_SPACE_KEYS)
        rc = mdb_get(self->frozen[SK_SPACE_DATA], self->pending, key, &value);
    *out = rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static enum sk_status lmdb_frozen_next(struct sk_store *store,
                                       enum sk_space space,
                                       struct sk_bytes after,
                                       struct sk_bytes *key,
                                       struct sk_bytes *value)
{
    struct lmdb_store *self = self_of(store);
    MDB_cursor *cursor = NULL;
    MDB_val k = val_of(after);
    MDB_val v;
    bool skip = after.size > 0;
    int rc;

    if (self->frozen[SK_SPACE_DATA] == NULL || self->frozen[space] == NULL)
        return SK_E_CLOSED;
    rc = mdb_cursor_open(self->frozen[space], self->dbi[space], &cursor);
    if (rc != 0)
        return sk_lmdb_status_of(rc);
    rc = mdb_cursor_get(cursor, &k, &v, skip ? MDB_SET_RANGE : MDB_FIRST);
    if (rc == 0 && skip && !sk_bytes_equal(bytes_of(k), after))
        skip = false;
    if (rc == 0 && !skip)
        rc = frozen_is_pending(self, space, &k, &skip);
    while (rc == 0 && skip) {
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        if (rc == 0)
            rc = frozen_is_pending(self, space, &k, &skip);
    }
    mdb_cursor_close(cursor);
    if (rc != 0)
        return sk_lmdb_status_of(rc);
    *key = bytes_of(k);
    *value = bytes_of(v);
    return SK_OK;
}

const struct sk_store_vtable sk_lmdb_vtable = {
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .drop = lmdb_drop,
    .seek = lmdb_seek,
    .shred = sk_lmdb_shred,
    .freeze = lmdb_freeze,
    .frozen_next = lmdb_frozen_next,
    .thaw = sk_lmdb_thaw,
    .rest_due = lmdb_rest_due,
    .rest = lmdb_rest,
    .stats = sk_lmdb_stats,
    .close = sk_lmdb_close,
};
