#include "tools/schakel/age_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/schakel/nodedir.h"

/* ------------------------------------------------------------- writing */

static enum sk_status write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, data, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
                       ? SK_E_FULL
                       : SK_E_IO;
        data += done;
        size -= (size_t)done;
    }
    return SK_OK;
}

enum sk_status sk_age_writer_start(int fd, const struct sk_age_to *to,
                                   struct sk_age_writer *out)
{
    uint8_t room[SK_AGE_HEADER_SIZE_MAX];
    struct sk_bytes header;
    struct sk_seed seed;
    enum sk_status status;

    out->fd = fd;
    out->plain_size = 0;
    sk_seed_fill(&seed);
    status = sk_age_start(to, &seed, (struct sk_room){room, sizeof(room)},
                          &header, &out->stream);
    sk_wipe(&seed, sizeof(seed));
    SK_TRY(status);
    return write_all(fd, header.data, header.size);
}

static enum sk_status seal(struct sk_age_writer *w, bool last)
{
    size_t size = w->plain_size;

    sk_age_seal(&w->stream, (struct sk_bytes){w->plain, size}, last, w->sealed);
    w->plain_size = 0;
    return write_all(w->fd, w->sealed, size + SK_AGE_TAG_SIZE);
}

enum sk_status sk_age_writer_put(struct sk_age_writer *w, struct sk_bytes bytes)
{
    while (bytes.size > 0) {
        size_t size = sizeof(w->plain) - w->plain_size;

        /* A full chunk waits for what follows: it may be the last one. */
        if (size == 0) {
            SK_TRY(seal(w, /* last */ false));
            continue;
        }
        if (size > bytes.size)
            size = bytes.size;
        memcpy(w->plain + w->plain_size, bytes.data, size);
        w->plain_size += size;
        bytes.data += size;
        bytes.size -= size;
    }
    return SK_OK;
}

enum sk_status sk_age_writer_finish(struct sk_age_writer *w)
{
    enum sk_status status = seal(w, /* last */ true);

    sk_wipe(w, sizeof(*w));
    return status;
}

/* ------------------------------------------------------------- reading */

/* Fill `in` as far as the file goes, up to `size`. */
static enum sk_status fill(struct sk_age_reader *r, size_t size)
{
    while (r->in_size < size) {
        ssize_t got = read(r->fd, r->in + r->in_size, size - r->in_size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return SK_E_IO;
        if (got == 0)
            return SK_OK;
        r->in_size += (size_t)got;
    }
    return SK_OK;
}

enum sk_status sk_age_reader_start(int fd, struct sk_age_reader *out)
{
    enum sk_status status;

    out->fd = fd;
    out->in_size = 0;
    out->plain_size = 0;
    out->plain_at = 0;
    SK_TRY(fill(out, SK_AGE_HEADER_SIZE_MAX));
    status = sk_age_header_read((struct sk_bytes){out->in, out->in_size},
                                &out->header);
    return status == SK_E_AGAIN ? SK_E_BAD_LENGTH : status;
}

static void drop(struct sk_age_reader *r, size_t size)
{
    memmove(r->in, r->in + size, r->in_size - size);
    r->in_size -= size;
}

enum sk_status sk_age_reader_open(struct sk_age_reader *r,
                                  const struct sk_age_with *with)
{
    SK_TRY(sk_age_header_open(&r->header, with, &r->stream));
    drop(r, r->header.size);
    return SK_OK;
}

static enum sk_status next_chunk(struct sk_age_reader *r)
{
    struct sk_bytes sealed = {r->in, SK_AGE_SEALED_SIZE};
    bool last;

    if (r->stream.ended)
        return SK_E_NOT_FOUND;
    SK_TRY(fill(r, sizeof(r->in)));
    last = r->in_size <= SK_AGE_SEALED_SIZE;
    if (last)
        sealed.size = r->in_size;
    SK_TRY(sk_age_open(&r->stream, sealed, last, r->plain, &r->plain_size));
    drop(r, sealed.size);
    r->plain_at = 0;
    return SK_OK;
}

enum sk_status sk_age_reader_get(struct sk_age_reader *r, void *out,
                                 size_t size)
{
    uint8_t *to = out;
    size_t left = size;

    while (left > 0) {
        size_t part = r->plain_size - r->plain_at;

        if (part == 0) {
            enum sk_status status = next_chunk(r);

            if (status == SK_E_NOT_FOUND && left < size)
                return SK_E_BAD_LENGTH;
            SK_TRY(status);
            continue;
        }
        if (part > left)
            part = left;
        memcpy(to, r->plain + r->plain_at, part);
        r->plain_at += part;
        to += part;
        left -= part;
    }
    return SK_OK;
}
