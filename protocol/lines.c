#include "protocol/lines.h"

#include <string.h>

#include <sodium.h>

#define BASE64_MAX                                                             \
    sodium_base64_ENCODED_LEN(SK_BASE64_RAW_MAX, sodium_base64_VARIANT_ORIGINAL)

/* ------------------------------------------------------------- writing */
struct sk_lines sk_lines_start(struct sk_room room)
{
    return (struct sk_lines){.data = room.data, .size_max = room.size_max};
}

void sk_lines_put(struct sk_lines *lines, struct sk_bytes bytes)
{
    if (lines->full || bytes.size > lines->size_max - lines->size) {
        lines->full = true;
        return;
    }
    if (bytes.size > 0)
        memcpy(lines->data + lines->size, bytes.data, bytes.size);
    lines->size += bytes.size;
}

void sk_lines_text(struct sk_lines *lines, const char *text)
{
    sk_lines_put(lines, sk_text(text));
}

void sk_lines_uint(struct sk_lines *lines, uint64_t number)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    sk_lines_put(lines, (struct sk_bytes){digits + at, sizeof(digits) - at});
}

void sk_lines_hash(struct sk_lines *lines, const struct sk_hash *hash)
{
    char hex[SK_HEX_SIZE + 1];

    sk_hash_format(hash, hex);
    sk_lines_text(lines, hex);
}

void sk_lines_base64(struct sk_lines *lines, struct sk_bytes bytes)
{
    char text[BASE64_MAX];

    assert(bytes.size <= SK_BASE64_RAW_MAX);

    sodium_bin2base64(text, sizeof(text), bytes.data, bytes.size,
                      sodium_base64_VARIANT_ORIGINAL);
    sk_lines_text(lines, text);
    sodium_memzero(text, sizeof(text));
}

enum sk_status sk_lines_finish(const struct sk_lines *lines,
                               struct sk_bytes *out)
{
    if (lines->full)
        return SK_E_NO_ROOM;
    *out = (struct sk_bytes){lines->data, lines->size};
    return SK_OK;
}

/* ------------------------------------------------------------- reading */
bool sk_base64_read(struct sk_bytes text, uint8_t *out, size_t size)
{
    char again[BASE64_MAX];
    size_t got = 0;
    bool same;

    assert(size <= SK_BASE64_RAW_MAX);

    if (text.size == 0 ||
        sodium_base642bin(out, size, (const char *)text.data, text.size, NULL,
                          &got, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        got != size)
        return false;
    /* One text for one value: written again it must be the same. */
    sodium_bin2base64(again, sizeof(again), out, size,
                      sodium_base64_VARIANT_ORIGINAL);
    same = sk_bytes_equal(text, sk_text(again));
    sodium_memzero(again, sizeof(again));
    return same;
}

bool sk_take_text(struct sk_bytes *rest, const char *text)
{
    size_t size = strlen(text);

    if (rest->size < size || memcmp(rest->data, text, size) != 0)
        return false;
    rest->data += size;
    rest->size -= size;
    return true;
}

bool sk_take_until(struct sk_bytes *rest, uint8_t end, struct sk_bytes *part)
{
    const uint8_t *at;

    if (rest->size == 0)
        return false;
    at = memchr(rest->data, end, rest->size);
    if (at == NULL)
        return false;
    *part = (struct sk_bytes){rest->data, (size_t)(at - rest->data)};
    rest->data = at + 1;
    rest->size -= part->size + 1;
    return true;
}

bool sk_take_uint(struct sk_bytes *rest, uint8_t end, uint64_t *out)
{
    struct sk_bytes text;
    uint64_t number = 0;

    if (!sk_take_until(rest, end, &text) || text.size == 0 || text.size > 9 ||
        (text.data[0] == '0' && text.size > 1))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = number;
    return true;
}

bool sk_take_hash(struct sk_bytes *rest, uint8_t end, struct sk_hash *out)
{
    struct sk_bytes text;

    return sk_take_until(rest, end, &text) && sk_hash_parse(text, out);
}

/* -------------------------------------------------------------- hashes */
void sk_hash_format(const struct sk_hash *hash, char out[SK_HEX_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SK_HASH_SIZE; i++) {
        out[2 * i] = digits[hash->bytes[i] >> 4];
        out[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    out[SK_HEX_SIZE] = '\0';
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool sk_hash_parse(struct sk_bytes text, struct sk_hash *out)
{
    struct sk_hash hash;

    if (text.size != SK_HEX_SIZE)
        return false;
    for (size_t i = 0; i < SK_HASH_SIZE; i++) {
        int high = hex_value(text.data[2 * i]);
        int low = hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        hash.bytes[i] = (uint8_t)(high * 16 + low);
    }
    *out = hash;
    return true;
}

bool sk_hash_equal(const struct sk_hash *a, const struct sk_hash *b)
{
    return memcmp(a->bytes, b->bytes, SK_HASH_SIZE) == 0;
}
