#include "protocol/head.h"

#include <string.h>

/*
 * The number in the `width` bytes behind the first, which must not fit a
 * shorter form: it is `min` or more.
 */
static enum sk_status read_number(struct sk_bytes in, size_t width,
                                  uint64_t min, uint64_t *out)
{
    uint64_t value = 0;

    if (in.size < 1 + width)
        return SK_E_BAD_LENGTH;
    for (size_t i = 1; i <= width; i++)
        value = value << 8 | in.data[i];
    if (value < min)
        return SK_E_BAD_FORM;
    *out = value;
    return SK_OK;
}

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

/* The forms with kind and number in one byte: below 0xc0. */
static uint64_t read_short(uint8_t first, struct sk_head *head)
{
    if (first <= 0x7f) {
        head->kind = SK_HEAD_UINT;
        return first;
    }
    if (first >= 0xa0) {
        head->kind = SK_HEAD_STR;
        return first & 0x1fU;
    }
    head->kind = first <= 0x8f ? SK_HEAD_MAP : SK_HEAD_ARRAY;
    return first & 0x0fU;
}

static enum sk_status read_long(struct sk_bytes in, struct sk_head *head,
                                uint64_t *number)
{
    const struct form *form = &forms[in.data[0] - 0xc0];

    if (!form->allowed)
        return SK_E_BAD_FORM;
    head->kind = form->kind;
    head->size = 1 + (size_t)form->width;
    if (form->width != 0)
        return read_number(in, form->width, form->min, number);
    *number = form->min;
    return SK_OK;
}

static enum sk_status set_number(struct sk_bytes in, uint64_t number,
                                 struct sk_head *head)
{
    switch (head->kind) {
    case SK_HEAD_NIL:
        return SK_OK;
    case SK_HEAD_BOOL:
    case SK_HEAD_UINT:
        head->value = number;
        return SK_OK;
    case SK_HEAD_ARRAY:
    case SK_HEAD_MAP:
        head->count = number;
        return SK_OK;
    case SK_HEAD_STR:
    case SK_HEAD_BIN:
        break;
    }
    if (number > in.size - head->size)
        return SK_E_BAD_LENGTH;
    head->body = (struct sk_bytes){in.data + head->size, (size_t)number};
    head->size += (size_t)number;
    return SK_OK;
}

enum sk_status sk_head_peek(struct sk_bytes in, struct sk_head *out)
{
    struct sk_head head = {.size = 1};
    uint64_t number = 0;

    if (in.size == 0)
        return SK_E_BAD_LENGTH;
    if (in.data[0] < 0xc0)
        number = read_short(in.data[0], &head);
    else
        SK_TRY(read_long(in, &head, &number));
    SK_TRY(set_number(in, number, &head));
    *out = head;
    return SK_OK;
}

enum sk_status sk_head_read(struct sk_bytes in, struct sk_head *out)
{
    struct sk_head head;

    SK_TRY(sk_head_peek(in, &head));
    if (head.kind == SK_HEAD_STR && !sk_utf8_is_valid(head.body))
        return SK_E_BAD_FORM;
    *out = head;
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
