#include "protocol/head.h"

#include <string.h>

/* Big-endian number of `width` bytes. */
static uint64_t number_at(const uint8_t *at, size_t width)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

/*
 * The number behind the first byte, which must not fit a shorter form: it is
 * `min` or more.
 */
static enum sk_status read_number(struct sk_bytes in, size_t width,
                                  uint64_t min, uint64_t *out)
{
    uint64_t value;

    if (in.size < 1 + width)
        return SK_E_BAD_LENGTH;
    value = number_at(in.data + 1, width);
    if (value < min)
        return SK_E_BAD_FORM;
    *out = value;
    return SK_OK;
}

static void set_number(struct sk_head *head, enum sk_head_kind kind,
                       uint64_t number)
{
    head->kind = kind;
    if (kind == SK_HEAD_UINT || kind == SK_HEAD_BOOL)
        head->value = number;
    else if (kind == SK_HEAD_ARRAY || kind == SK_HEAD_MAP)
        head->count = number;
    else
        head->body.size = (size_t)number;
}

/* The forms of one byte; false for the others. */
static bool read_short(uint8_t first, struct sk_head *head)
{
    if (first <= 0x7f)
        set_number(head, SK_HEAD_UINT, first);
    else if (first <= 0x8f)
        set_number(head, SK_HEAD_MAP, first & 0x0fU);
    else if (first <= 0x9f)
        set_number(head, SK_HEAD_ARRAY, first & 0x0fU);
    else if (first <= 0xbf)
        set_number(head, SK_HEAD_STR, first & 0x1fU);
    else if (first == 0xc0)
        set_number(head, SK_HEAD_NIL, 0);
    else if (first == 0xc2 || first == 0xc3)
        set_number(head, SK_HEAD_BOOL, first & 1U);
    else
        return false;
    head->size = 1;
    return true;
}

/* PROTOCOL.md 2.2: the forms with a number, and the least it may be. */
static enum sk_status read_long(struct sk_bytes in, struct sk_head *head)
{
    static const struct {
        uint8_t first;
        uint8_t width;
        enum sk_head_kind kind;
        uint64_t min;
    } forms[] = {
        {0xc4, 1, SK_HEAD_BIN, 0},
        {0xc5, 2, SK_HEAD_BIN, 0x100},
        {0xc6, 4, SK_HEAD_BIN, 0x10000},
        {0xcc, 1, SK_HEAD_UINT, 0x80},
        {0xcd, 2, SK_HEAD_UINT, 0x100},
        {0xce, 4, SK_HEAD_UINT, 0x10000},
        {0xcf, 8, SK_HEAD_UINT, 0x100000000},
        {0xd9, 1, SK_HEAD_STR, 0x20},
        {0xda, 2, SK_HEAD_STR, 0x100},
        {0xdb, 4, SK_HEAD_STR, 0x10000},
        {0xdc, 2, SK_HEAD_ARRAY, 0x10},
        {0xdd, 4, SK_HEAD_ARRAY, 0x10000},
        {0xde, 2, SK_HEAD_MAP, 0x10},
        {0xdf, 4, SK_HEAD_MAP, 0x10000},
    };

    for (size_t i = 0; i < SK_COUNT(forms); i++) {
        uint64_t number = 0;

        if (forms[i].first != in.data[0])
            continue;
        SK_TRY(read_number(in, forms[i].width, forms[i].min, &number));
        set_number(head, forms[i].kind, number);
        head->size = 1 + (size_t)forms[i].width;
        return SK_OK;
    }
    return SK_E_BAD_FORM;
}

enum sk_status sk_head_read(struct sk_bytes in, struct sk_head *out)
{
    struct sk_head head = {0};

    if (in.size == 0)
        return SK_E_BAD_LENGTH;
    if (!read_short(in.data[0], &head))
        SK_TRY(read_long(in, &head));
    if (head.kind == SK_HEAD_STR || head.kind == SK_HEAD_BIN) {
        if (head.body.size > in.size - head.size)
            return SK_E_BAD_LENGTH;
        head.body.data = in.data + head.size;
        head.size += head.body.size;
    }
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

bool sk_utf8_is_valid(struct sk_bytes text)
{
    size_t at = 0;

    while (at < text.size) {
        uint32_t code = 0;
        uint32_t min = 0;
        size_t tail;

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
