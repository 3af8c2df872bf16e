#include "protocol/head.h"

#include <string.h>

struct form {
    bool allowed;
    enum sk_head_kind kind;
    uint8_t width; /* bytes of the number behind the first byte */
    uint64_t min;  /* the least it may be; without bytes: the number */
};

/* PROTOCOL.md 2.2: by the first byte, from 0xc0 on. */
static const struct form forms[0x40] = {
    [0xc0 - 0xc0] = {true, SK_HEAD_NIL, 0, 0},
    [0xc2 - 0xc0] = {true, SK_HEAD_BOOL, 0, 0},
    [0xc3 - 0xc0] = {true, SK_HEAD_BOOL, 0, 1},
    [0xc4 - 0xc0] = {true, SK_HEAD_BIN, 1, 0},
    [0xc5 - 0xc0] = {true, SK_HEAD_BIN, 2, 0x100},
    [0xc6 - 0xc0] = {true, SK_HEAD_BIN, 4, 0x10000},
    [0xcc - 0xc0] = {true, SK_HEAD_UINT, 1, 0x80},
    [0xcd - 0xc0] = {true, SK_HEAD_UINT, 2, 0x100},
    [0xce - 0xc0] = {true, SK_HEAD_UINT, 4, 0x10000},
    [0xcf - 0xc0] = {true, SK_HEAD_UINT, 8, 0x100000000},
    [0xd9 - 0xc0] = {true, SK_HEAD_STR, 1, 0x20},
    [0xda - 0xc0] = {true, SK_HEAD_STR, 2, 0x100},
    [0xdb - 0xc0] = {true, SK_HEAD_STR, 4, 0x10000},
    [0xdc - 0xc0] = {true, SK_HEAD_ARRAY, 2, 0x10},
    [0xdd - 0xc0] = {true, SK_HEAD_ARRAY, 4, 0x10000},
    [0xde - 0xc0] = {true, SK_HEAD_MAP, 2, 0x10},
    [0xdf - 0xc0] = {true, SK_HEAD_MAP, 4, 0x10000},
};

/* Kind and number in one byte: below 0xc0. */
static enum sk_head_kind short_kind(uint8_t first)
{
    if (first <= 0x7f)
        return SK_HEAD_UINT;
    if (first >= 0xa0)
        return SK_HEAD_STR;
    return first <= 0x8f ? SK_HEAD_MAP : SK_HEAD_ARRAY;
}

static uint64_t short_number(uint8_t first)
{
    if (first <= 0x7f)
        return first;
    return first & (first >= 0xa0 ? 0x1fU : 0x0fU);
}

/* The number behind the first byte must not fit a shorter form. */
static enum sk_status long_number(struct sk_bytes in, const struct form *form,
                                  uint64_t *out)
{
    uint64_t value = 0;

    if (!form->allowed)
        return SK_E_BAD_FORM;
    if (form->width == 0) {
        *out = form->min;
        return SK_OK;
    }
    if (in.size < 1 + (size_t)form->width)
        return SK_E_BAD_LENGTH;
    for (size_t i = 1; i <= form->width; i++)
        value = value << 8 | in.data[i];
    if (value < form->min)
        return SK_E_BAD_FORM;
    *out = value;
    return SK_OK;
}

/* The first byte, and the bytes of the number behind it. */
struct start {
    enum sk_head_kind kind;
    size_t size;
    uint64_t number;
};

static enum sk_status read_start(struct sk_bytes in, struct start *out)
{
    const struct form *form;

    if (in.size == 0)
        return SK_E_BAD_LENGTH;
    if (in.data[0] < 0xc0) {
        out->kind = short_kind(in.data[0]);
        out->size = 1;
        out->number = short_number(in.data[0]);
    } else {
        form = &forms[in.data[0] - 0xc0];
        SK_TRY(long_number(in, form, &out->number));
        out->kind = form->kind;
        out->size = 1 + (size_t)form->width;
    }
    if ((out->kind == SK_HEAD_STR || out->kind == SK_HEAD_BIN) &&
        out->number > in.size - out->size)
        return SK_E_BAD_LENGTH;
    return SK_OK;
}

static struct sk_bytes body_of(struct sk_bytes in, const struct start *start)
{
    return (struct sk_bytes){in.data + start->size, (size_t)start->number};
}

/* Every member is written once, from a register.  A head is read a hundred
   times for one request, and to copy a struct that was just written piece by
   piece is to wait for each of the pieces. */
static void set_head(struct sk_bytes in, const struct start *start,
                     struct sk_head *out)
{
    enum sk_head_kind kind = start->kind;
    bool number = kind == SK_HEAD_UINT || kind == SK_HEAD_BOOL;
    bool entries = kind == SK_HEAD_ARRAY || kind == SK_HEAD_MAP;
    bool body = kind == SK_HEAD_STR || kind == SK_HEAD_BIN;

    out->kind = kind;
    out->value = number ? start->number : 0;
    out->count = entries ? start->number : 0;
    out->body = body ? body_of(in, start) : (struct sk_bytes){0};
    out->size = start->size + out->body.size;
}

enum sk_status sk_head_peek(struct sk_bytes in, struct sk_head *out)
{
    struct start start;

    SK_TRY(read_start(in, &start));
    set_head(in, &start, out);
    return SK_OK;
}

enum sk_status sk_head_read(struct sk_bytes in, struct sk_head *out)
{
    struct start start;

    SK_TRY(read_start(in, &start));
    if (start.kind == SK_HEAD_STR && !sk_utf8_is_valid(body_of(in, &start)))
        return SK_E_BAD_FORM;
    set_head(in, &start, out);
    return SK_OK;
}

/* Bytes that follow a lead byte, and the least code point of that length. */
static size_t utf8_tail(uint8_t lead, uint32_t *code, uint32_t *min)
{
    if (lead >= 0xc2 && lead <= 0xdf) {
        *code = lead & 0x1fU;
        *min = 0x80;
        return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *code = lead & 0x0fU;
        *min = 0x800;
        return 2;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *code = lead & 0x07U;
        *min = 0x10000;
        return 3;
    }
    return 0;
}

/* Eight bytes below 0x80. */
static bool is_ascii(const uint8_t *bytes)
{
    uint64_t eight;

    memcpy(&eight, bytes, sizeof(eight));
    return (eight & UINT64_C(0x8080808080808080)) == 0;
}

bool sk_utf8_is_valid(struct sk_bytes text)
{
    size_t at = 0;

    while (at < text.size) {
        uint32_t code = 0;
        uint32_t min = 0;
        size_t tail;

        if (text.size - at >= 8 && is_ascii(text.data + at)) {
            at += 8;
            continue;
        }
        if (text.data[at] < 0x80) {
            at++;
            continue;
        }
        tail = utf8_tail(text.data[at++], &code, &min);
        if (tail == 0 || tail > text.size - at)
            return false;
        for (size_t i = 0; i < tail; i++, at++) {
            if ((text.data[at] & 0xc0U) != 0x80)
                return false;
            code = code << 6 | (text.data[at] & 0x3fU);
        }
        if (code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
    }
    return true;
}
