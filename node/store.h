/*
 * The store: ordered keys and values in two spaces, one writer, durable at
 * commit.                                              docs/ARCHITECTURE.md 5
 *
 * Two implementations share this interface and one conformance suite: LMDB
 * (store_lmdb.c) and memory (store_memory.c, which can crash on command).
 *
 * Space DATA holds records; space KEYS holds wrapped data keys and lives in a
 * file of its own, which shred() rewrites so that deleted keys are gone.
 * A commit that returned survives a crash.  It makes KEYS durable before DATA:
 * a key without data is harmless, data without its key would be lost.
 *
 * One write transaction at a time; reads inside it see its own writes.  Views
 * that get and scan return die at the next put, delete, commit or abort.
 * One thread.
 */
#ifndef SK_NODE_STORE_H
#define SK_NODE_STORE_H

#include "protocol/base.h"
#include "protocol/status.h"

#define SK_STORE_KEY_SIZE_MAX 500
/* A key is of the table that its first byte says.  Keys that begin with this
   one lie together by the SK_STORE_GROUP_SIZE bytes that follow, whatever their
   table, which comes behind that. */
#define SK_STORE_GROUP '~'
#define SK_STORE_GROUP_SIZE 16
uint8_t sk_store_table(struct sk_bytes key);

enum sk_space { SK_SPACE_DATA, SK_SPACE_KEYS };

struct sk_store;

struct sk_store_stats {
    uint64_t data_bytes; /* used in the DATA space */
    uint64_t keys_bytes;
    uint64_t room_bytes; /* free on the disk; UINT64_MAX when unknown */
};

/* A walk over keys that start with `prefix`, ascending. */
struct sk_scan {
    struct sk_store *store;
    enum sk_space space;
    uint8_t prefix[SK_STORE_KEY_SIZE_MAX];
    size_t prefix_size;
    uint8_t at[SK_STORE_KEY_SIZE_MAX]; /* last key returned */
    size_t at_size;
    bool started;
    void *cursor; /* of the implementation */
};

struct sk_store_vtable {
    enum sk_status (*begin)(struct sk_store *);
    enum sk_status (*commit)(struct sk_store *);
    void (*abort)(struct sk_store *);
    enum sk_status (*get)(struct sk_store *, enum sk_space, struct sk_bytes key,
                          struct sk_bytes *value);
    enum sk_status (*put)(struct sk_store *, enum sk_space, struct sk_bytes key,
                          struct sk_bytes value);
    enum sk_status (*drop)(struct sk_store *, enum sk_space,
                           struct sk_bytes key);
    enum sk_status (*seek)(struct sk_store *, enum sk_space,
                           struct sk_bytes from, bool after,
                           struct sk_bytes *key, struct sk_bytes *value);
    enum sk_status (*shred)(struct sk_store *);
    enum sk_status (*freeze)(struct sk_store *); /* NULL: it cannot */
    enum sk_status (*frozen_next)(struct sk_store *, enum sk_space,
                                  struct sk_bytes after, struct sk_bytes *key,
                                  struct sk_bytes *value);
    void (*thaw)(struct sk_store *);
    bool (*rest_due)(const struct sk_store *); /* NULL: never */
    void (*rest)(struct sk_store *);
    void (*stats)(struct sk_store *, struct sk_store_stats *);
    void (*close)(struct sk_store *);
};

struct sk_store {
    const struct sk_store_vtable *vtable;
    bool open;             /* a transaction is open */
    uint64_t writes;       /* puts and deletes since begin */
    uint64_t changed[256]; /* puts and deletes in DATA of keys of this table,
                              since open */
    uint64_t aborts;       /* since open */
    bool dropped;          /* this transaction deleted a key in KEYS */
    bool shred_due;        /* one before it did, and no shred since */
    enum sk_status failed; /* not SK_OK: this transaction must be aborted */
};

/* All fail with SK_E_FULL (disk or map), SK_E_IO; the transaction is then
   dead and must be aborted. */
SK_CHECKED enum sk_status sk_store_begin(struct sk_store *store);
SK_CHECKED enum sk_status sk_store_commit(struct sk_store *store);
void sk_store_abort(struct sk_store *store);

/* SK_E_NOT_FOUND when the key is absent. */
SK_CHECKED enum sk_status sk_store_get(struct sk_store *store,
                                       enum sk_space space, struct sk_bytes key,
                                       struct sk_bytes *value);
SK_CHECKED enum sk_status sk_store_put(struct sk_store *store,
                                       enum sk_space space, struct sk_bytes key,
                                       struct sk_bytes value);
/* A put that its caller will do later in this transaction, once for many:
   counts as a write from now on. */
void sk_store_promise(struct sk_store *store);
/* SK_OK also when the key was absent. */
SK_CHECKED enum sk_status sk_store_delete(struct sk_store *store,
                                          enum sk_space space,
                                          struct sk_bytes key);

struct sk_scan sk_scan_start(struct sk_store *store, enum sk_space space,
                             struct sk_bytes prefix);
/* Start after this full key (which begins with prefix). */
struct sk_scan sk_scan_after(struct sk_store *store, enum sk_space space,
                             struct sk_bytes prefix, struct sk_bytes after);
/*
 * A number that grows with every put and delete in DATA of a key of one of
 * these tables, and with every abort: what was read from there is as it was
 * while this is the same.
 */
uint64_t sk_store_version(const struct sk_store *store, const char *tables);

/* Next entry; SK_E_NOT_FOUND at the end.  Writing during a scan is allowed:
   the scan goes on after the last key it returned. */
SK_CHECKED enum sk_status sk_scan_next(struct sk_scan *scan,
                                       struct sk_bytes *key,
                                       struct sk_bytes *value);
/* How many entries begin with prefix: reads each. */
SK_CHECKED enum sk_status sk_store_count(struct sk_store *store,
                                         enum sk_space space,
                                         struct sk_bytes prefix, uint64_t *out);

/*
 * Rewrite the KEYS space so that deleted keys are nowhere in its file: its
 * records into a new file, synced, renamed over the old file, the old file
 * overwritten once.  Not inside a transaction.  Fails with SK_E_FULL, SK_E_IO:
 * the keys stay deleted, and it stays due.
 */
SK_CHECKED enum sk_status sk_store_shred(struct sk_store *store);
/* Is a key deleted, also in this transaction or before the store was opened,
   that its file may still hold? */
bool sk_store_shred_due(const struct sk_store *store);

/*
 * Keep what is committed now, of both spaces at one moment, while writes go
 * on: for a backup.  One at a time: the one before is let go.  Also inside a
 * transaction, whose writes are not in it.  Pages that it needs are not used
 * again meanwhile: let it go.
 * Fails with SK_E_UNSUPPORTED (memory), SK_E_IO, SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_store_freeze(struct sk_store *store);
/*
 * The record of it behind `after` (empty: the first); views are good until
 * thaw.  KEYS without what was erased.  Reads no state but `after`.
 * Fails with SK_E_NOT_FOUND (the end), SK_E_CLOSED (nothing is kept; or KEYS
 * no longer, because a shred needed its file).
 */
SK_CHECKED enum sk_status sk_store_frozen_next(struct sk_store *store,
                                               enum sk_space space,
                                               struct sk_bytes after,
                                               struct sk_bytes *key,
                                               struct sk_bytes *value);
void sk_store_thaw(struct sk_store *store);

/*
 * Is there work that a commit to come would wait for, and that can be done now?
 * Then do it: between transactions, when nobody waits.  What fails is told by a
 * commit; it is not due again before one.
 */
bool sk_store_rest_due(const struct sk_store *store);
void sk_store_rest(struct sk_store *store);

void sk_store_stats(struct sk_store *store, struct sk_store_stats *out);
void sk_store_close(struct sk_store **store);

/*
 * LMDB in `dir` (data.mdb, its data.log, keys.mdb and their lock files, mode
 * 0600).  Fails with SK_E_LOCKED (another process has it), SK_E_UNSUPPORTED
 * (network file system), SK_E_NOT_FOUND (one of the three is gone that was
 * there), SK_E_BAD_HASH (data.log was damaged in what was committed),
 * SK_E_FULL, SK_E_IO.
 */
SK_CHECKED enum sk_status
sk_store_open_lmdb(const char *dir, uint64_t map_bytes, struct sk_store **out);
/* In memory. */
SK_CHECKED enum sk_status sk_store_open_memory(struct sk_store **out);
/* Memory only: another store with what this one has; no transaction is open. */
SK_CHECKED enum sk_status sk_store_memory_copy(const struct sk_store *store,
                                               struct sk_store **out);
/* Memory only: forget everything that was not committed, as a crash does; let
   the n-th write from now on, and all after it, fail with SK_E_FULL (0: never).
   A commit of a transaction that wrote counts as one write. */
void sk_store_memory_crash(struct sk_store *store);
void sk_store_memory_fail_after(struct sk_store *store, uint64_t writes);

#endif
