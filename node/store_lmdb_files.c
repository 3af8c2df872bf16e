/* The files of the store in LMDB: opened, keys.mdb rewritten, closed. */
#include "node/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "node/files.h"

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
    int rc = sk_lmdb_begin_txn(self, space);

    if (rc == 0)
        rc = mdb_dbi_open(self->txn[space], data ? "data" : "keys", MDB_CREATE,
                          &self->dbi[space]);
    if (rc == 0 && data)
        rc = mdb_dbi_open(self->txn[space], "pending", MDB_CREATE,
                          &self->pending);
    if (rc == 0 && data)
        rc = mdb_dbi_open(self->txn[space], "log", MDB_CREATE, &self->log_key);
    if (rc == 0 && data)
        self->keys_due = sk_lmdb_pending_count(self) > 0;
    if (rc == 0)
        rc = sk_lmdb_commit_txn(self, space);
    sk_lmdb_abort_txn(self, space);
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
    int rc = sk_lmdb_begin_txn(self, SK_SPACE_DATA);

    if (rc == 0)
        rc =
            mdb_stat(self->txn[SK_SPACE_DATA], self->dbi[SK_SPACE_DATA], &stat);
    sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    return rc != 0 || stat.ms_entries > 0;
}

/* The folder has the file before the tree has its key: a tree with a key whose
   log is not there lost what was committed last. */
static int make_log(struct lmdb_store *self)
{
    int rc = sk_store_log_open(&self->log, self->dir_fd, /* make */ true);

    if (rc == 0 && fsync(self->dir_fd) != 0)
        rc = errno;
    return rc == 0 ? sk_lmdb_write_tree(self) : rc;
}

/* A tree without key, or with another one, knows nothing of this log. */
static int open_log(struct lmdb_store *self)
{
    MDB_val name = val_of(sk_text("key"));
    MDB_val value;
    int rc = sk_lmdb_begin_txn(self, SK_SPACE_DATA);

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
    sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    return rc;
}

/* What a shred leaves; keys.old may still be another name of keys.mdb. */
static int destroy_file(struct lmdb_store *self, const char *name)
{
    return sk_file_destroy(self->dir_fd, name, KEYS_NAME);
}

/* ------------------------------------------------------------------ shred */

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
        rc = sk_lmdb_begin_txn(self, SK_SPACE_KEYS);
    if (rc == 0)
        rc = mdb_cursor_open(self->txn[SK_SPACE_KEYS], self->dbi[SK_SPACE_KEYS],
                             &cursor);
    while (rc == 0 && !end)
        rc = copy_some(cursor, to, dbi, &end);
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    sk_lmdb_abort_txn(self, SK_SPACE_KEYS);
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
    int rc = sk_lmdb_begin_txn(self, SK_SPACE_DATA);

    if (rc == 0 && sk_lmdb_pending_count(self) > 0)
        rc = mdb_drop(self->txn[SK_SPACE_DATA], self->pending, /* del */ 0);
    if (rc == 0)
        rc = sk_lmdb_commit_txn(self, SK_SPACE_DATA);
    sk_lmdb_abort_txn(self, SK_SPACE_DATA);
    return rc;
}

enum sk_status sk_lmdb_shred(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);
    int rc = self->log.used > 0 ? sk_lmdb_write_tree(self) : 0;
    int again;

    if (rc == 0)
        rc = sk_lmdb_delete_pending(self);
    if (rc == 0 && self->env[SK_SPACE_KEYS] == NULL)
        rc = EIO;
    if (rc == 0)
        rc = destroy_file(self, KEYS_OLD_NAME);
    if (rc == 0)
        rc = copy_keys(self);
    if (rc != 0) {
        (void)destroy_file(self, KEYS_NEW_NAME); /* open tries it again */
        return sk_lmdb_status_of(rc);
    }

    /* An erasure does not wait for a backup: that one starts again. */
    sk_lmdb_thaw_space(self, SK_SPACE_KEYS);
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
    return sk_lmdb_status_of(rc);
}

/* -------------------------------------------------------- open and close */

void sk_lmdb_stats(struct sk_store *store, struct sk_store_stats *out)
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

void sk_lmdb_close(struct sk_store *store)
{
    struct lmdb_store *self = self_of(store);

    sk_lmdb_thaw(store);
    if (self->log.used > 0)
        (void)sk_lmdb_write_tree(self); /* or at the next open, from the log */
    sk_lmdb_abort_txn(self, SK_SPACE_KEYS);
    sk_lmdb_abort_txn(self, SK_SPACE_DATA);
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
        return sk_lmdb_status_of(errno);
    if (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? SK_E_LOCKED : sk_lmdb_status_of(errno);
    return SK_OK;
}

static enum sk_status open_files(struct lmdb_store *self)
{
    int rc;

    self->dir_fd = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->dir_fd < 0)
        return sk_lmdb_status_of(errno);
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
    SK_TRY(sk_lmdb_status_of(rc));
    /* A disk that is full does not keep a node from starting: the keys stay
       hidden, and who has the store tries again. */
    if (self->keys_due && sk_lmdb_shred(&self->base) != SK_OK)
        self->base.shred_due = true;
    return self->env[SK_SPACE_KEYS] == NULL ? SK_E_IO : SK_OK;
}

enum sk_status sk_store_open_lmdb(const char *dir, uint64_t map_bytes,
                                  struct sk_store **out)
{
    struct lmdb_store *self = calloc(1, sizeof(*self));
    enum sk_status status = SK_E_MEMORY;

    if (self == NULL)
        return SK_E_MEMORY;
    self->base.vtable = &sk_lmdb_vtable;
    self->dir_fd = -1;
    self->lock_fd = -1;
    self->log.fd = -1;
    self->map_bytes = (size_t)(map_bytes == 0 ? MAP_BYTES_DEFAULT : map_bytes);
    self->dir = strdup(dir);
    if (self->dir != NULL)
        status = open_files(self);
    if (status != SK_OK) {
        sk_lmdb_close(&self->base);
        return status;
    }
    *out = &self->base;
    return SK_OK;
}
