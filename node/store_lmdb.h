/*
 * Inside of the store in LMDB: store_lmdb.c (transactions, records, what is
 * kept for a backup) and store_lmdb_files.c (opened, rewritten, closed).
 */
#ifndef SK_NODE_STORE_LMDB_H
#define SK_NODE_STORE_LMDB_H

#include <lmdb.h>

#include "node/store.h"
#include "node/store_log.h"

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

static inline struct lmdb_store *self_of(struct sk_store *store)
{
    return (struct lmdb_store *)store;
}

static inline MDB_val val_of(struct sk_bytes bytes)
{
    /* LMDB does not write through the data of a key or a put. */
    return (MDB_val){bytes.size, (void *)(uintptr_t)bytes.data};
}

static inline struct sk_bytes bytes_of(MDB_val val)
{
    return (struct sk_bytes){val.mv_data, val.mv_size};
}

/* Of a code of LMDB or errno; int below is one of these, 0 for done. */
enum sk_status sk_lmdb_status_of(int rc);

/* Done already: nothing. */
int sk_lmdb_begin_txn(struct lmdb_store *self, enum sk_space space);
int sk_lmdb_commit_txn(struct lmdb_store *self, enum sk_space space);
void sk_lmdb_abort_txn(struct lmdb_store *self, enum sk_space space);
/* All of DATA's transaction into data.mdb; of the log nothing counts then.
   When it fails, all is as it was but the transaction, which is gone. */
int sk_lmdb_write_tree(struct lmdb_store *self);
/* How many keys wait in `pending`; DATA's transaction is open. */
size_t sk_lmdb_pending_count(struct lmdb_store *self);
/* Delete from keys.mdb what is pending.  Between transactions. */
int sk_lmdb_delete_pending(struct lmdb_store *self);
void sk_lmdb_thaw_space(struct lmdb_store *self, enum sk_space space);
void sk_lmdb_thaw(struct sk_store *store);

/* store_lmdb_files.c, of the vtable */
enum sk_status sk_lmdb_shred(struct sk_store *store);
void sk_lmdb_stats(struct sk_store *store, struct sk_store_stats *out);
void sk_lmdb_close(struct sk_store *store);
extern const struct sk_store_vtable sk_lmdb_vtable;

#endif
