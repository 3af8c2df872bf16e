/*
 * Text made of lines, written and read strictly: MANIFEST, charter.yaml,
 * minisign's files and checkpoints.  One form for each thing, so that what is
 * read and written again is the same bytes.
 */
#ifndef SK_PROTOCOL_LINES_H
#define SK_PROTOCOL_LINES_H

#include "protocol/base.h"
#include "protocol/status.h"

/* Writes into the caller's room and remembers the first overflow. */
struct sk_lines {
    uint8_t *data;
    size_t size_max;
    size_t size;
    bool full;
};
struct sk_lines sk_lines_start(struct sk_room room);
void sk_lines_put(struct sk_lines *lines, struct sk_bytes bytes);
void sk_lines_text(struct sk_lines *lines, const char *text);
/* Decimal, no leading zero. */
void sk_lines_uint(struct sk_lines *lines, uint64_t number);
/* 64 lower-case hex characters. */
void sk_lines_hash(struct sk_lines *lines, const struct sk_hash *hash);
/* Base64 with padding, at most SK_BASE64_RAW_MAX bytes of it. */
#define SK_BASE64_RAW_MAX 192
void sk_lines_base64(struct sk_lines *lines, struct sk_bytes bytes);
/* Fails with SK_E_NO_ROOM; out is then not written. */
SK_CHECKED enum sk_status sk_lines_finish(const struct sk_lines *lines,
                                          struct sk_bytes *out);

/*
 * Readers take from the front of `rest`; false when it does not start so, and
 * `rest` is then not to be used any more.
 */
/* Exactly this text. */
bool sk_take_text(struct sk_bytes *rest, const char *text);
/* Everything up to this byte, which is taken too. */
bool sk_take_until(struct sk_bytes *rest, uint8_t end, struct sk_bytes *part);
/* Exactly `size` bytes in canonical base64, nothing around it. */
bool sk_base64_read(struct sk_bytes text, uint8_t *out, size_t size);
/* A decimal of 1..9 digits without leading zero, up to this byte. */
bool sk_take_uint(struct sk_bytes *rest, uint8_t end, uint64_t *out);
/* A hash in hex, up to this byte. */
bool sk_take_hash(struct sk_bytes *rest, uint8_t end, struct sk_hash *out);

#define SK_HEX_SIZE 64 /* a hash as text, without the NUL */
void sk_hash_format(const struct sk_hash *hash, char out[SK_HEX_SIZE + 1]);
/* False, and out untouched, unless text is 64 lower-case hex characters. */
bool sk_hash_parse(struct sk_bytes text, struct sk_hash *out);
bool sk_hash_equal(const struct sk_hash *a, const struct sk_hash *b);

#endif
