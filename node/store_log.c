#include "node/store_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0600
#define BATCH_SIZE_MIN 4096u
#define BATCH_SIZE_KEEP (256u << 10) /* a larger one is given back */
#define GROW_SIZE (256u << 10)

_Static_assert(SK_STORE_LOG_KEY_SIZE == crypto_shorthash_KEYBYTES, "SipHash");

struct head {
    uint8_t checksum[crypto_shorthash_BYTES];
    uint64_t number;
    uint64_t size;
};

struct change_head {
    uint8_t kind;
    uint8_t key_size[2];
    uint8_t value_size[4];
};

#define CHECKED_FROM offsetof(struct head, number)

static void checksum(const struct sk_store_log *log, const uint8_t *record,
                     uint64_t size, uint8_t out[crypto_shorthash_BYTES])
{
    (void)crypto_shorthash(out, record + CHECKED_FROM,
                           sizeof(struct head) - CHECKED_FROM + size, log->key);
}

static uint64_t rounded(uint64_t size)
{
    return (size + SK_STORE_LOG_ALIGN - 1) / SK_STORE_LOG_ALIGN *
           SK_STORE_LOG_ALIGN;
}

/* ------------------------------------------------------------- the file */

/* All of it, into the file (`from`) or out of it (`to`). */
static int move_all(int fd, const uint8_t *from, uint8_t *to, size_t size,
                    uint64_t at)
{
    for (size_t done = 0; done < size;) {
        off_t place = (off_t)(at + done);
        ssize_t rc = from != NULL ? pwrite(fd, from + done, size - done, place)
                                  : pread(fd, to + done, size - done, place);

        if (rc < 0 && errno == EINTR)
            continue;
        if (rc <= 0)
            return rc < 0 ? errno : EIO;
        done += (size_t)rc;
    }
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size, uint64_t at)
{
    return move_all(fd, data, NULL, size, at);
}

static int read_all(int fd, uint8_t *data, size_t size, uint64_t at)
{
    return move_all(fd, NULL, data, size, at);
}

/* Blocks that the file has, and its size, are not written again with each
   record: a flush of a record is a flush of its bytes. */
static int grow(struct sk_store_log *log, uint64_t size)
{
    static const uint8_t zeros[64u << 10];

    while (log->size < size) {
        int rc = write_all(log->fd, zeros, sizeof(zeros), log->size);

        if (rc != 0)
            return rc;
        log->size += sizeof(zeros);
    }
    return 0;
}

int sk_store_log_open(struct sk_store_log *log, int dir_fd, bool make)
{
    struct stat info;

    *log = (struct sk_store_log){.fd = -1};
    log->fd = openat(dir_fd, SK_STORE_LOG_NAME,
                     O_RDWR | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT : 0),
                     FILE_MODE);
    if (log->fd < 0 || fstat(log->fd, &info) != 0)
        return errno;
    log->size = (uint64_t)info.st_size;
    return 0;
}

void sk_store_log_close(struct sk_store_log *log)
{
    if (log->fd >= 0)
        (void)close(log->fd);
    free(log->batch);
    *log = (struct sk_store_log){.fd = -1};
}

/* ------------------------------------------------------------- records */

void sk_store_log_start(struct sk_store_log *log,
                        const uint8_t key[SK_STORE_LOG_KEY_SIZE])
{
    memcpy(log->key, key, sizeof(log->key));
    log->used = 0;
    log->number = 0;
}

/* The record at `at`, whole, in memory of the caller's. */
static int read_record(const struct sk_store_log *log, uint64_t at,
                       uint64_t number, uint8_t **out, uint64_t *size)
{
    uint8_t sum[crypto_shorthash_BYTES];
    struct head head;
    uint8_t *record;
    int rc;

    if (log->size < sizeof(head) || at > log->size - sizeof(head))
        return EBADMSG;
    rc = read_all(log->fd, (uint8_t *)&head, sizeof(head), at);
    if (rc != 0)
        return rc;
    if (head.number != number || head.size > SK_STORE_LOG_SIZE_MAX ||
        head.size > log->size - sizeof(head) - at)
        return EBADMSG;
    record = malloc(sizeof(head) + head.size);
    if (record == NULL)
        return ENOMEM;
    rc = read_all(log->fd, record, sizeof(head) + head.size, at);
    if (rc == 0)
        checksum(log, record, head.size, sum);
    if (rc == 0 && memcmp(sum, record, sizeof(sum)) != 0)
        rc = EBADMSG;
    if (rc != 0) {
        free(record);
        return rc;
    }
    *out = record;
    *size = head.size;
    return 0;
}

/* Is one that was written later good?  Each record before it takes at least
   one place, so most heads of old trees are not read to their end. */
static int find_later(const struct sk_store_log *log, bool *found)
{
    uint64_t at = log->used;

    *found = false;
    for (uint64_t places = 1; !*found; places++) {
        struct head head;
        uint8_t *record;
        uint64_t size;
        int rc;

        at += SK_STORE_LOG_ALIGN;
        if (log->size < sizeof(head) || at > log->size - sizeof(head))
            return 0;
        rc = read_all(log->fd, (uint8_t *)&head, sizeof(head), at);
        if (rc != 0)
            return rc;
        if (head.number <= log->number || head.number - log->number > places)
            continue;
        rc = read_record(log, at, head.number, &record, &size);
        if (rc != 0 && rc != EBADMSG)
            return rc;
        *found = rc == 0;
        if (rc == 0)
            free(record);
    }
    return 0;
}

/* Up to the end, or to what is not read: EBADMSG. */
static int count_good(struct sk_store_log *log)
{
    for (;;) {
        uint8_t *record;
        uint64_t size;
        int rc = read_record(log, log->used, log->number, &record, &size);

        if (rc != 0)
            return rc;
        free(record);
        log->used += rounded(sizeof(struct head) + size);
        log->number++;
    }
}

int sk_store_log_find(struct sk_store_log *log,
                      const uint8_t key[SK_STORE_LOG_KEY_SIZE])
{
    bool found = false;
    int rc;

    sk_store_log_start(log, key);
    rc = count_good(log);
    if (rc == EBADMSG)
        rc = find_later(log, &found);
    if (rc == 0 && found)
        rc = EBADMSG;
    if (rc != 0)
        sk_store_log_start(log, key); /* a part of it must not be written */
    return rc;
}

/* ------------------------------------------------------------- the batch */

static int make_room(struct sk_store_log *log, size_t size)
{
    size_t size_max =
        log->batch_max < BATCH_SIZE_MIN ? BATCH_SIZE_MIN : log->batch_max;
    uint8_t *batch;

    if (size <= log->batch_max)
        return 0;
    while (size_max < size)
        size_max *= 2;
    batch = realloc(log->batch, size_max);
    if (batch == NULL)
        return ENOMEM;
    log->batch = batch;
    log->batch_max = size_max;
    return 0;
}

int sk_store_log_add(struct sk_store_log *log, uint8_t kind,
                     struct sk_bytes key, struct sk_bytes value)
{
    size_t at = log->batch_size == 0 ? sizeof(struct head) : log->batch_size;
    struct change_head head = {.kind = kind};
    size_t end = at + sizeof(head) + key.size + value.size;
    uint16_t key_size = (uint16_t)key.size;
    uint32_t value_size = (uint32_t)value.size;
    int rc;

    assert(key.size <= UINT16_MAX && value.size <= UINT32_MAX);

    rc = make_room(log, end);
    if (rc != 0)
        return rc;
    memcpy(head.key_size, &key_size, sizeof(key_size));
    memcpy(head.value_size, &value_size, sizeof(value_size));
    memcpy(log->batch + at, &head, sizeof(head));
    memcpy(log->batch + at + sizeof(head), key.data, key.size);
    if (value.size > 0)
        memcpy(log->batch + at + sizeof(head) + key.size, value.data,
               value.size);
    log->batch_size = end;
    return 0;
}

void sk_store_log_drop(struct sk_store_log *log)
{
    log->batch_size = 0;
    if (log->batch_max <= BATCH_SIZE_KEEP)
        return;
    free(log->batch);
    log->batch = NULL;
    log->batch_max = 0;
}

/* On the disk. */
static int put_record(struct sk_store_log *log, uint64_t end)
{
    static const struct head none = {0};
    int rc = grow(log, (end + GROW_SIZE - 1) / GROW_SIZE * GROW_SIZE);

    if (rc != 0)
        return rc;
    rc = write_all(log->fd, log->batch, log->batch_size, log->used);
    if (rc == 0 && fdatasync(log->fd) != 0)
        rc = errno;
    if (rc == 0)
        return 0;
    /* Refused, it must not be found by the next who opens it. */
    if (write_all(log->fd, (const uint8_t *)&none, sizeof(none), log->used) !=
            0 ||
        fdatasync(log->fd) != 0)
        return EIO;
    return rc;
}

int sk_store_log_flush(struct sk_store_log *log)
{
    struct head head = {.number = log->number,
                        .size = log->batch_size - sizeof(head)};
    uint64_t end = log->used + rounded(log->batch_size);
    int rc;

    assert(log->batch_size > 0);

    if (end > SK_STORE_LOG_SIZE_MAX)
        return ENOSPC;
    memcpy(log->batch, &head, sizeof(head));
    checksum(log, log->batch, head.size, head.checksum);
    memcpy(log->batch, &head, sizeof(head));
    rc = put_record(log, end);
    if (rc != 0)
        return rc;
    log->used = end;
    log->number++;
    sk_store_log_drop(log);
    return 0;
}

/* ------------------------------------------------------------- again */

static int each_of(struct sk_bytes changes, sk_store_log_change *change,
                   void *context)
{
    int rc = 0;

    while (rc == 0 && changes.size > 0) {
        struct change_head head;
        uint16_t key_size;
        uint32_t value_size;
        const uint8_t *key = changes.data + sizeof(head);

        if (changes.size < sizeof(head))
            return EBADMSG;
        memcpy(&head, changes.data, sizeof(head));
        memcpy(&key_size, head.key_size, sizeof(key_size));
        memcpy(&value_size, head.value_size, sizeof(value_size));
        changes.data += sizeof(head);
        changes.size -= sizeof(head);
        if (key_size > changes.size || value_size > changes.size - key_size)
            return EBADMSG;
        rc = change(context, head.kind, (struct sk_bytes){key, key_size},
                    (struct sk_bytes){key + key_size, value_size});
        changes.data += key_size + value_size;
        changes.size -= key_size + value_size;
    }
    return rc;
}

int sk_store_log_each(struct sk_store_log *log, sk_store_log_change *change,
                      void *context)
{
    uint64_t at = 0;
    int rc = 0;

    for (uint64_t number = 0; rc == 0 && at < log->used; number++) {
        uint8_t *record;
        uint64_t size;

        rc = read_record(log, at, number, &record, &size);
        if (rc != 0)
            return rc;
        rc = each_of((struct sk_bytes){record + sizeof(struct head), size},
                     change, context);
        free(record);
        at += rounded(sizeof(struct head) + size);
    }
    if (rc == 0 && log->batch_size > 0)
        rc = each_of((struct sk_bytes){log->batch + sizeof(struct head),
                                       log->batch_size - sizeof(struct head)},
                     change, context);
    return rc;
}
