/*
 * What was committed since the tree was last written: one file that is written
 * from its start to its end, then again.            docs/decisions/0014
 *
 * A batch is the changes of one commit.  Flushed, it is a record; records are
 * good under one key, of random bytes, that the tree has: a tree that was
 * written has another one, so what is in the file is nothing any more, and
 * nothing of it is erased or counted.  A record begins at a multiple of
 * SK_STORE_LOG_ALIGN, so that no write touches what is durable already:
 *
 *     checksum  8 bytes: SipHash of all behind it
 *     number    8 bytes: 0 is the first record under this key
 *     size      8 bytes: of the changes
 *     changes   kind 1 byte, key size 2 bytes, value size 4 bytes, key, value
 *
 * Integers as the machine has them: the file is of this node, as its tree is.
 * int: 0 or an errno.  One thread.
 */
#ifndef SK_NODE_STORE_LOG_H
#define SK_NODE_STORE_LOG_H

#include "protocol/base.h"

#define SK_STORE_LOG_NAME "data.log"
#define SK_STORE_LOG_KEY_SIZE 16
#define SK_STORE_LOG_ALIGN 4096u
#define SK_STORE_LOG_SIZE_MAX (8u << 20)

struct sk_store_log {
    int fd;
    uint8_t key[SK_STORE_LOG_KEY_SIZE];
    uint64_t size;     /* of the file */
    uint64_t used;     /* up to the end of the last good record */
    uint64_t number;   /* of the next record */
    uint8_t *batch;    /* head, then changes of the commit to come */
    size_t batch_size; /* 0: none */
    size_t batch_max;
};

/* A file in this folder; nothing in it is good yet.  ENOENT: it is not there,
   and is not to be made. */
int sk_store_log_open(struct sk_store_log *log, int dir_fd, bool make);
void sk_store_log_close(struct sk_store_log *log);

/* The tree has a new key; no record is good under it. */
void sk_store_log_start(struct sk_store_log *log,
                        const uint8_t key[SK_STORE_LOG_KEY_SIZE]);
/* The tree was opened and has this key: count the records that are good under
   it.  The last one that was written may be cut short, by a crash: then it is
   none.  EBADMSG: a record is no good, and one that was written after it, so
   after it was flushed, is: it was damaged, and a commit is lost. */
int sk_store_log_find(struct sk_store_log *log,
                      const uint8_t key[SK_STORE_LOG_KEY_SIZE]);

int sk_store_log_add(struct sk_store_log *log, uint8_t kind,
                     struct sk_bytes key, struct sk_bytes value);
void sk_store_log_drop(struct sk_store_log *log);
/* The batch becomes a record, on the disk; then it is empty.  ENOSPC: there is
   no room for it in the file; then, as with any error, it is still there.  EIO:
   it may be a record all the same, until the tree has another key. */
int sk_store_log_flush(struct sk_store_log *log);

/* Every change of the good records, then of the batch, in order.  EBADMSG: the
   file is not what it was.  Stops at what `change` returns but 0. */
typedef int sk_store_log_change(void *context, uint8_t kind,
                                struct sk_bytes key, struct sk_bytes value);
int sk_store_log_each(struct sk_store_log *log, sk_store_log_change *change,
                      void *context);

#endif
