#include "tools/schakel/plain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/utf8.h"

#define CHUNK_SIZE 4096
/* What is no UTF-8 shows as this: no character, so never what was meant. */
#define NO_BYTE 0xfffe

/* What a text may hold (CONTROL.md 3). */
static bool is_shown(uint32_t c)
{
    if (c == '\n' || c == '\t')
        return true;
    return !sk_character_is_forbidden(c) && !sk_character_deceives(c);
}

static size_t put_unit(uint8_t *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";

    out[0] = '\\';
    out[1] = 'u';
    for (size_t i = 0; i < 4; i++)
        out[2 + i] = (uint8_t)digits[unit >> (12 - 4 * i) & 15];
    return 6;
}

/* As JSON writes it: two units above U+FFFF. */
static size_t put_escape(uint8_t *out, uint32_t c)
{
    if (c < 0x10000)
        return put_unit(out, c);
    c -= 0x10000;
    return put_unit(out, 0xd800 + (c >> 10)) +
           put_unit(out + 6, 0xdc00 + (c & 0x3ff));
}

/* Can more bytes still make a character of these? */
static bool is_begun(struct sk_bytes part)
{
    uint8_t first = part.data[0];
    size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

    if (first < 0xc2 || first > 0xf4 || part.size >= whole)
        return false;
    for (size_t i = 1; i < part.size; i++)
        if ((part.data[i] & 0xc0) != 0x80)
            return false;
    return true;
}

static size_t put_character(struct sk_plain *plain, uint32_t c,
                            struct sk_bytes bytes, uint8_t *out)
{
    size_t size = 0;

    if (plain->cr && c == '\n')
        out[size++] = '\r';
    else if (plain->cr)
        size += put_escape(out, '\r');
    plain->cr = c == '\r';
    if (plain->cr)
        return size;
    if (!is_shown(c))
        return size + put_escape(out + size, c);
    memcpy(out + size, bytes.data, bytes.size);
    return size + bytes.size;
}

/* The characters of the part that are whole, or are none. */
static size_t put_part(struct sk_plain *plain, uint8_t *out)
{
    struct sk_bytes rest = {plain->part, plain->part_size};
    size_t size = 0;

    while (rest.size > 0 && !is_begun(rest)) {
        size_t at = 0;
        uint32_t c = sk_utf8_next(rest, &at);

        if (c == SK_NO_CHARACTER) {
            c = NO_BYTE;
            at = 1;
        }
        size += put_character(plain, c, (struct sk_bytes){rest.data, at},
                              out + size);
        rest.data += at;
        rest.size -= at;
    }
    memmove(plain->part, rest.data, rest.size);
    plain->part_size = rest.size;
    return size;
}

/* Bytes in front that show as they are: most of what is printed. */
static size_t ascii_run(struct sk_bytes in)
{
    size_t count = 0;

    while (count < in.size &&
           ((in.data[count] >= 0x20 && in.data[count] < 0x7f) ||
            in.data[count] == '\n'))
        count++;
    return count;
}

size_t sk_plain_take(struct sk_plain *plain, struct sk_bytes in, uint8_t *out)
{
    size_t size = 0;

    for (size_t at = 0; at < in.size;) {
        size_t run = 0;

        if (plain->part_size == 0 && !plain->cr)
            run = ascii_run((struct sk_bytes){in.data + at, in.size - at});
        if (run > 0) {
            memcpy(out + size, in.data + at, run);
            size += run;
            at += run;
        } else {
            plain->part[plain->part_size++] = in.data[at++];
            size += put_part(plain, out + size);
        }
    }
    return size;
}

/* ------------------------------------------------------------- streams */

struct stream {
    struct sk_plain plain;
    int fd;
};

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static ssize_t write_plain(void *cookie, const char *data, size_t size)
{
    struct stream *stream = cookie;
    uint8_t out[SK_PLAIN_GROWTH * (CHUNK_SIZE + 4)];

    for (size_t at = 0; at < size; at += CHUNK_SIZE) {
        size_t part = size - at < CHUNK_SIZE ? size - at : CHUNK_SIZE;
        struct sk_bytes in = {(const uint8_t *)data + at, part};

        if (!write_all(stream->fd, out, sk_plain_take(&stream->plain, in, out)))
            return 0; /* as a stream of stdio says it */
    }
    return (ssize_t)size;
}

static FILE *open_plain(struct stream *stream, int fd, int mode)
{
    static const cookie_io_functions_t functions = {.write = write_plain};
    FILE *file;

    stream->fd = fd;
    file = fopencookie(stream, "w", functions);
    if (file != NULL)
        (void)setvbuf(file, NULL, mode, BUFSIZ);
    return file;
}

void sk_plain_start(void)
{
    static struct stream streams[2];
    FILE *out = open_plain(&streams[0], STDOUT_FILENO,
                           isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    FILE *err = open_plain(&streams[1], STDERR_FILENO, _IONBF);

    if (out != NULL)
        stdout = out;
    if (err != NULL)
        stderr = err;
}
