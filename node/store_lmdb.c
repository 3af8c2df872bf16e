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
#include "node/store.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "node/files.h"
#include "node/store_log.h"

#define MAP_BYTES_DEFAULT (UINT64_C(64) << 30)
#define ENV_FLAGS (MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD)
#define FILE_MODE 0600

#define DATA_NAME "data.mdb"
#define KEYS_NAME "keys.mdb"
static const char *const file_names[] = {DATA_NAME, KEYS_NAME};
#define KEYS_NEW_NAME "keys.new" /* a copy in the making */
#define KEYS_OLD_NAME "keys.old" /* to be overwritten */
#define COPY_COUNT_MAX 8192      /* records in one transaction of a copy */
#define COPY_SLACK_BYTES (1u << 20)
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

struct lmdb_store {
    struct sk_store base;
    char *dir;
    int dir_fd;
    int lock_fd;
    size_t map_bytes;
    MDB_env *env[2];
    MDB_dbi dbi[2];
    MDB_dbi pending; /* in data.mdb */
    bool keys_due;   /* pending holds keys that are still in keys.mdb */
    MDB_dbi log_key; /* in data.mdb */
    struct sk_store_log log;
    size_t changes;  /* in DATA's transaction: of the log and the batch */
    bool changed;    /* this batch changed DATA or `pending` */
    bool hides;      /* this batch changed `pending` */
    bool full;       /* the disk had no room for what the log has */
    MDB_txn *txn[2]; /* KEYS: begun at its first use */
    MDB_cursor *cursor[2];
    uint64_t cursor_writes[2]; /* base.writes when it was placed */
    MDB_txn *frozen[2];        /* readers of one moment */
};

static struct lmdb_store *self_of(struct sk_store *store)
{
    return (struct lmdb_store *)store;
}

static enum sk_status status_of(int rc)
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

static MDB_val val_of(struct sk_bytes bytes)
{
    /* LMDB does not write through the data of a key or a put. */
    return (MDB_val){bytes.size, (void *)(uintptr_t)bytes.data};
}

static struct sk_bytes bytes_of(MDB_val val)
{
    return (struct sk_bytes){val.mv_data, val.mv_size};
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

static void abort_txn(struct lmdb_store *self, enum sk_space space)
{
    mdb_txn_abort(self->txn[space]); /* accepts NULL */
    self->txn[space] = NULL;
    if (space == SK_SPACE_DATA)
        self->changes = 0;
}

static int commit_txn(struct lmdb_store *self, enum sk_space space)
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

static int begin_txn(struct lmdb_store *self, enum sk_space space)
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
        abort_txn(self, space);
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
    return is_cut_short(self, rc) ? SK_E_FULL : status_of(rc);
}

/* All of DATA's transaction into data.mdb; of the log nothing counts then.
   When it fails, all is as it was but the transaction, which is gone. */
static int write_tree(struct lmdb_store *self)
{
    uint8_t key[SK_STORE_LOG_KEY_SIZE];
    MDB_val name = val_of(sk_text("key"));
    MDB_val value = {sizeof(key), key};
    int rc = begin_txn(self, SK_SPACE_DATA);

    randombytes_buf(key, sizeof(key));
    if (rc == 0)
        rc = mdb_put(self->txn[SK_SPACE_DATA], self->log_key, &name, &value, 0);
    if (rc == 0)
        rc = commit_txn(self, SK_SPACE_DATA);
    abort_txn(self, SK_SPACE_DATA);
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
    abort_txn(self, SK_SPACE_KEYS);
    if (self->changed || store->failed != SK_OK)
        abort_txn(self, SK_SPACE_DATA);
    end_batch(self);
}

/* How many keys wait in `pending`; DATA's transaction is open. */
static size_t pending_count(struct lmdb_store *self)
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

/* Delete from keys.mdb what is pending.  Between transactions. */
static int delete_pending(struct lmdb_store *self)
{
    int rc;

    if (!self->keys_due)
        return 0;
    rc = begin_txn(self, SK_SPACE_DATA);
    if (rc == 0)
        rc = begin_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = copy_pending(self);
    abort_txn(self, SK_SPACE_DATA);
    if (rc == 0)
        rc = commit_txn(self, SK_SPACE_KEYS);
    abort_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        self->keys_due = false;
    return rc;
}

static void lmdb_stats(struct sk_store *store, struct sk_store_stats *out);

static bool has_room(struct lmdb_store *self, uint64_t bytes)
{
    struct sk_store_stats stats;

    lmdb_stats(&self->base, &stats);
    return stats.room_bytes >= bytes;
}

static enum sk_status lmdb_begin(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc = delete_pending(self);

    /* What had to be made again, after an abort or a crash, is not made again a
       second time.  When it cannot be written it goes on from the log. */
    if (rc == 0 && self->log.used > 0 &&
        (self->full ? has_room(self, AGAIN_ROOM_BYTES)
                    : self->txn[SK_SPACE_DATA] == NULL))
        (void)write_tree(self);
    if (rc == 0)
        rc = begin_txn(self, SK_SPACE_DATA);
    return status_of(rc);
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
    tree = write_tree(self);
    /* The next who opens it may find what is refused: nobody goes on. */
    return tree != 0 && rc == EIO ? EIO : tree;
}

static enum sk_status lmdb_commit(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc;

    close_cursors(self);
    rc = commit_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = commit_data(self);
    if (rc != 0)
        abort_txn(self, SK_SPACE_DATA);
    end_batch(self);
    if (rc != 0)
        return commit_status(self, rc);
    /* It is committed; a deletion that fails now is tried again by begin. */
    (void)delete_pending(self);
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
    (void)write_tree(self);
}

/* ---------------------------------------------------------------- records */

static bool is_pending(struct lmdb_store *self, enum sk_space space,
                       MDB_val *key)
{
    MDB_val value;

    if (space != SK_SPACE_KEYS || pending_count(self) == 0)
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
    int rc = begin_txn(self, space);

    if (rc == 0 && is_pending(self, space, &k))
        return SK_E_NOT_FOUND;
    if (rc == 0)
        rc = mdb_get(self->txn[space], self->dbi[space], &k, &v);
    if (rc != 0)
        return status_of(rc);
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
    int rc = self->full ? ENOSPC : begin_txn(self, space);

    if (rc == 0 && space == SK_SPACE_DATA)
        return status_of(change_data(self, PUT, key, value));
    if (rc == 0)
        rc = mdb_put(self->txn[space], self->dbi[space], &k, &v, 0);
    if (rc == 0 && is_pending(self, space, &k))
        rc = change_pending(self, SHOW, key);
    return status_of(rc);
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
    int rc = self->full ? ENOSPC : begin_txn(self, space);

    if (rc == 0 && space == SK_SPACE_KEYS)
        rc = drop_key(self, key);
    else if (rc == 0)
        rc = change_data(self, DROP, key, (struct sk_bytes){0});
    return status_of(rc == MDB_NOTFOUND ? 0 : rc);
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
    int rc = begin_txn(self, space);

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
        return status_of(rc);
    *key = bytes_of(k);
    *value = bytes_of(v);
    return SK_OK;
}

/* ----------------------------------------------------------------- frozen */

static void thaw_space(struct lmdb_store *self, enum sk_space space)
{
    mdb_txn_abort(self->frozen[space]); /* accepts NULL */
    self->frozen[space] = NULL;
}

static void lmdb_thaw(struct sk_store *store)
{
    thaw_space(self_of(store), SK_SPACE_DATA);
    thaw_space(self_of(store), SK_SPACE_KEYS);
}

/* What is committed into data.mdb, what this transaction did not. */
static int write_committed(struct lmdb_store *self)
{
    size_t batch_size = self->log.batch_size;
    int rc;

    close_cursors(self);
    if (self->changed)
        abort_txn(self, SK_SPACE_DATA);
    self->log.batch_size = 0;
    rc = write_tree(self);
    self->log.batch_size = batch_size;
    if (self->base.open) {
        int again = begin_txn(self, SK_SPACE_DATA);

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
        lmdb_thaw(store);
    return status_of(rc);
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
        return status_of(rc);
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
        return status_of(rc);
    *key = bytes_of(k);
    *value = bytes_of(v);
    return SK_OK;
}

/* ------------------------------------------------------------------ files */

static int open_env(struct lmdb_store *self, enum sk_space space)
{
    char path[SK_PATH_SIZE_MAX];
    MDB_env *env = NULL;
    int rc;

    if (sk_path_join(self->dir, file_names[space], path) != SK_OK)
        return ENAMETOOLONG;
    rc = mdb_env_create(&env);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env, self->map_bytes);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env, 3);
    if (rc == 0)
        rc = mdb_env_open(env, path, ENV_FLAGS, FILE_MODE);
    if (rc != 0) {
        mdb_env_close(env);
        return rc;
    }
    self->env[space] = env;
    return 0;
}

static int open_databases(struct lmdb_store *self, enum sk_space space)
{
    bool data = space == SK_SPACE_DATA;
    int rc = begin_txn(self, space);

    if (rc == 0)
        rc = mdb_dbi_open(self->txn[space], data ? "data" : "keys", MDB_CREATE,
                          &self->dbi[space]);
    if (rc == 0 && data)
        rc = mdb_dbi_open(self->txn[space], "pending", MDB_CREATE,
                          &self->pending);
    if (rc == 0 && data)
        rc = mdb_dbi_open(self->txn[space], "log", MDB_CREATE, &self->log_key);
    if (rc == 0 && data)
        self->keys_due = pending_count(self) > 0;
    if (rc == 0)
        rc = commit_txn(self, space);
    abort_txn(self, space);
    return rc;
}

static bool has_file(const struct lmdb_store *self, const char *name)
{
    return faccessat(self->dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
           errno != ENOENT;
}

static bool has_records(struct lmdb_store *self)
{
    MDB_stat stat = {0};
    int rc = begin_txn(self, SK_SPACE_DATA);

    if (rc == 0)
        rc =
            mdb_stat(self->txn[SK_SPACE_DATA], self->dbi[SK_SPACE_DATA], &stat);
    abort_txn(self, SK_SPACE_DATA);
    return rc != 0 || stat.ms_entries > 0;
}

/* The folder has the file before the tree has its key: a tree with a key whose
   log is not there lost what was committed last. */
static int make_log(struct lmdb_store *self)
{
    int rc = sk_store_log_open(&self->log, self->dir_fd, /* make */ true);

    if (rc == 0 && fsync(self->dir_fd) != 0)
        rc = errno;
    return rc == 0 ? write_tree(self) : rc;
}

/* A tree without key, or with another one, knows nothing of this log. */
static int open_log(struct lmdb_store *self)
{
    MDB_val name = val_of(sk_text("key"));
    MDB_val value;
    int rc = begin_txn(self, SK_SPACE_DATA);

    if (rc == 0)
        rc = mdb_get(self->txn[SK_SPACE_DATA], self->log_key, &name, &value);
    if (rc == MDB_NOTFOUND)
        return make_log(self);
    if (rc == 0 && value.mv_size != SK_STORE_LOG_KEY_SIZE)
        rc = EIO;
    if (rc == 0)
        rc = sk_store_log_open(&self->log, self->dir_fd, /* make */ false);
    if (rc == ENOENT)
        rc = MDB_NOTFOUND; /* what sk_store_open_lmdb() says of a file gone */
    if (rc == 0)
        rc = sk_store_log_find(&self->log, value.mv_data);
    abort_txn(self, SK_SPACE_DATA);
    return rc;
}

/* What a shred leaves; keys.old may still be another name of keys.mdb. */
static int destroy_file(struct lmdb_store *self, const char *name)
{
    return sk_file_destroy(self->dir_fd, name, KEYS_NAME);
}

static uint64_t used_bytes(MDB_env *env)
{
    MDB_envinfo info = {0};
    MDB_stat stat = {0};

    if (env == NULL || mdb_env_info(env, &info) != 0 ||
        mdb_env_stat(env, &stat) != 0)
        return 0;
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

/* Room for all that lives in keys.mdb: written in order, it fills its pages. */
static size_t copy_map_bytes(MDB_env *env)
{
    return 2 * (size_t)used_bytes(env) + COPY_SLACK_BYTES;
}

/* The next records, ascending; they are on the disk when it returns. */
static int copy_some(MDB_cursor *from, MDB_env *to, MDB_dbi dbi, bool *end)
{
    MDB_txn *txn = NULL;
    MDB_val key;
    MDB_val value;
    int rc = mdb_txn_begin(to, NULL, 0, &txn);

    for (size_t i = 0; rc == 0 && i < COPY_COUNT_MAX; i++) {
        rc = mdb_cursor_get(from, &key, &value, MDB_NEXT);
        if (rc == 0)
            rc = mdb_put(txn, dbi, &key, &value, MDB_APPEND);
    }
    *end = rc == MDB_NOTFOUND;
    if (rc != 0 && !*end) {
        mdb_txn_abort(txn); /* accepts NULL */
        return rc;
    }
    return mdb_txn_commit(txn);
}

static int make_database(MDB_env *env, MDB_dbi *dbi)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);

    if (rc == 0)
        rc = mdb_dbi_open(txn, "keys", MDB_CREATE, dbi);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static int copy_records(struct lmdb_store *self, MDB_env *to)
{
    MDB_cursor *cursor = NULL;
    MDB_dbi dbi;
    bool end = false;
    int rc = make_database(to, &dbi);

    if (rc == 0)
        rc = begin_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = mdb_cursor_open(self->txn[SK_SPACE_KEYS], self->dbi[SK_SPACE_KEYS],
                             &cursor);
    while (rc == 0 && !end)
        rc = copy_some(cursor, to, dbi, &end);
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    abort_txn(self, SK_SPACE_KEYS);
    return rc;
}

/* The records of keys.mdb, and no page of it, in keys.new, on the disk.  Not
   mdb_env_copy(): it starts a thread, which the sandbox refuses. */
static int copy_keys(struct lmdb_store *self)
{
    char path[SK_PATH_SIZE_MAX];
    MDB_env *env = NULL;
    int rc = destroy_file(self, KEYS_NEW_NAME);

    if (rc == 0 && sk_path_join(self->dir, KEYS_NEW_NAME, path) != SK_OK)
        rc = ENAMETOOLONG;
    if (rc != 0)
        return rc;
    rc = mdb_env_create(&env);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env, copy_map_bytes(self->env[SK_SPACE_KEYS]));
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env, 2);
    if (rc == 0)
        rc = mdb_env_open(env, path, ENV_FLAGS | MDB_NOLOCK, FILE_MODE);
    if (rc == 0)
        rc = copy_records(self, env);
    if (rc == 0)
        rc = mdb_env_sync(env, /* force */ 1);
    mdb_env_close(env); /* accepts NULL */
    return rc;
}

/* keys.new becomes keys.mdb; the file before it keeps the name keys.old until
   it is overwritten, so that a crash in between cannot lose sight of it. */
static int swap_keys(struct lmdb_store *self)
{
    if (linkat(self->dir_fd, KEYS_NAME, self->dir_fd, KEYS_OLD_NAME, 0) != 0)
        return errno;
    if (renameat(self->dir_fd, KEYS_NEW_NAME, self->dir_fd, KEYS_NAME) != 0)
        return errno;
    return fsync(self->dir_fd) == 0 ? 0 : errno;
}

static int clear_pending(struct lmdb_store *self)
{
    int rc = begin_txn(self, SK_SPACE_DATA);

    if (rc == 0 && pending_count(self) > 0)
        rc = mdb_drop(self->txn[SK_SPACE_DATA], self->pending, /* del */ 0);
    if (rc == 0)
        rc = commit_txn(self, SK_SPACE_DATA);
    abort_txn(self, SK_SPACE_DATA);
    return rc;
}

static enum sk_status lmdb_shred(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc = self->log.used > 0 ? write_tree(self) : 0;
    int again;

    if (rc == 0)
        rc = delete_pending(self);
    if (rc == 0 && self->env[SK_SPACE_KEYS] == NULL)
        rc = EIO;
    if (rc == 0)
        rc = destroy_file(self, KEYS_OLD_NAME);
    if (rc == 0)
        rc = copy_keys(self);
    if (rc != 0) {
        (void)destroy_file(self, KEYS_NEW_NAME); /* open tries it again */
        return status_of(rc);
    }

    /* An erasure does not wait for a backup: that one starts again. */
    thaw_space(self, SK_SPACE_KEYS);
    mdb_env_close(self->env[SK_SPACE_KEYS]);
    self->env[SK_SPACE_KEYS] = NULL;
    rc = swap_keys(self);
    again = open_env(self, SK_SPACE_KEYS);
    if (again == 0)
        again = open_databases(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = again;
    if (rc == 0)
        rc = destroy_file(self, KEYS_OLD_NAME);
    if (rc == 0)
        rc = clear_pending(self);
    return status_of(rc);
}

/* -------------------------------------------------------- open and close */

static void lmdb_stats(struct sk_store *store, struct sk_store_stats *out)
{
    struct lmdb_store *self = self_of(store);
    struct statvfs vfs;
    uint64_t map_room;

    out->data_bytes = used_bytes(self->env[SK_SPACE_DATA]) + self->log.used;
    out->keys_bytes = used_bytes(self->env[SK_SPACE_KEYS]);
    out->room_bytes = UINT64_MAX;
    if (fstatvfs(self->dir_fd, &vfs) == 0)
        out->room_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    map_room = out->data_bytes < self->map_bytes
                   ? self->map_bytes - out->data_bytes
                   : 0;
    if (out->room_bytes > map_room)
        out->room_bytes = map_room;
}

static void lmdb_close(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);

    lmdb_thaw(store);
    if (self->log.used > 0)
        (void)write_tree(self); /* or at the next open, from the log */
    abort_txn(self, SK_SPACE_KEYS);
    abort_txn(self, SK_SPACE_DATA);
    sk_store_log_close(&self->log);
    for (int space = 0; space < 2; space++) {
        if (self->env[space] != NULL)
            mdb_env_close(self->env[space]);
    }
    if (self->lock_fd >= 0)
        (void)close(self->lock_fd); /* releases the lock */
    if (self->dir_fd >= 0)
        (void)close(self->dir_fd);
    free(self->dir);
    free(self);
}

static enum sk_status take_lock(struct lmdb_store *self)
{
    self->lock_fd =
        openat(self->dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
               FILE_MODE);
    if (self->lock_fd < 0)
        return status_of(errno);
    if (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? SK_E_LOCKED : status_of(errno);
    return SK_OK;
}

static enum sk_status open_files(struct lmdb_store *self)
{
    int rc;

    self->dir_fd = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->dir_fd < 0)
        return status_of(errno);
    if (sk_network_kind_of(self->dir_fd) != NULL)
        return SK_E_UNSUPPORTED;
    SK_TRY(take_lock(self));
    if (has_file(self, KEYS_NAME) && !has_file(self, DATA_NAME))
        return SK_E_NOT_FOUND;
    rc = open_env(self, SK_SPACE_DATA);
    if (rc == 0)
        rc = open_databases(self, SK_SPACE_DATA);
    if (rc == 0)
        rc = open_log(self);
    if (rc == EBADMSG)
        return SK_E_BAD_HASH;
    if (rc == 0 && !has_file(self, KEYS_NAME) && has_records(self))
        return SK_E_NOT_FOUND;
    if (rc == 0)
        rc = open_env(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = open_databases(self, SK_SPACE_KEYS);
    /* A shred that was cut short. */
    if (rc == 0)
        rc = destroy_file(self, KEYS_NEW_NAME);
    if (rc == 0)
        rc = destroy_file(self, KEYS_OLD_NAME);
    if (rc == 0 && fsync(self->dir_fd) != 0)
        rc = errno;
    SK_TRY(status_of(rc));
    /* A disk that is full does not keep a node from starting: the keys stay
       hidden, and who has the store tries again. */
    if (self->keys_due && lmdb_shred(&self->base) != SK_OK)
        self->base.shred_due = true;
    return self->env[SK_SPACE_KEYS] == NULL ? SK_E_IO : SK_OK;
}

static const struct sk_store_vtable lmdb_vtable = {
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .drop = lmdb_drop,
    .seek = lmdb_seek,
    .shred = lmdb_shred,
    .freeze = lmdb_freeze,
    .frozen_next = lmdb_frozen_next,
    .thaw = lmdb_thaw,
    .rest_due = lmdb_rest_due,
    .rest = lmdb_rest,
    .stats = lmdb_stats,
    .close = lmdb_close,
};

enum sk_status sk_store_open_lmdb(const char *dir, uint64_t map_bytes,
                                  struct sk_store **out)
{
    struct lmdb_store *self = calloc(1, sizeof(*self));
    enum sk_status status = SK_E_MEMORY;

    if (self == NULL)
        return SK_E_MEMORY;
    self->base.vtable = &lmdb_vtable;
    self->dir_fd = -1;
    self->lock_fd = -1;
    self->log.fd = -1;
    self->map_bytes = (size_t)(map_bytes == 0 ? MAP_BYTES_DEFAULT : map_bytes);
    self->dir = strdup(dir);
    if (self->dir != NULL)
        status = open_files(self);
    if (status != SK_OK) {
        lmdb_close(&self->base);
        return status;
    }
    *out = &self->base;
    return SK_OK;
}
