#include "protocol/base.h"

#include <string.h>

struct sk_bytes sk_text(const char *text)
{
    return (struct sk_bytes){(const uint8_t *)text, strlen(text)};
}

bool sk_bytes_equal(struct sk_bytes a, struct sk_bytes b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int sk_bytes_compare(struct sk_bytes a, struct sk_bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

bool sk_id_equal(const struct sk_id *a, const struct sk_id *b)
{
    return memcmp(a->bytes, b->bytes, SK_ID_SIZE) == 0;
}

bool sk_id_is_zero(const struct sk_id *id)
{
    static const struct sk_id zero;

    return sk_id_equal(id, &zero);
}

/* Positions of the hyphens in a UUID. */
static bool is_hyphen_at(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

void sk_id_format(const struct sk_id *id, char out[SK_ID_TEXT_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < SK_ID_SIZE; i++) {
        if (is_hyphen_at(at))
            out[at++] = '-';
        out[at++] = digits[id->bytes[i] >> 4];
        out[at++] = digits[id->bytes[i] & 15];
    }
    out[at] = '\0';
    assert(at == SK_ID_TEXT_SIZE);
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool sk_id_parse(struct sk_bytes text, struct sk_id *out)
{
    struct sk_id id;
    size_t at = 0;

    if (text.size != SK_ID_TEXT_SIZE)
        return false;
    for (size_t i = 0; i < SK_ID_SIZE; i++) {
        int high;
        int low;

        if (is_hyphen_at(at) && text.data[at++] != '-')
            return false;
        high = hex_value(text.data[at++]);
        low = hex_value(text.data[at++]);
        if (high < 0 || low < 0)
            return false;
        id.bytes[i] = (uint8_t)(high * 16 + low);
    }
    *out = id;
    return true;
}

void sk_id_from_random(const uint8_t random[SK_ID_SIZE], struct sk_id *out)
{
    memcpy(out->bytes, random, SK_ID_SIZE);
    out->bytes[6] = (uint8_t)((out->bytes[6] & 0x0f) | 0x40);
    out->bytes[8] = (uint8_t)((out->bytes[8] & 0x3f) | 0x80);
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool sk_org_parse(struct sk_bytes text, struct sk_org *out)
{
    bool separator = false;

    if (text.size == 0 || text.size > SK_ORG_SIZE_MAX)
        return false;
    if (text.data[0] < 'a' || text.data[0] > 'z')
        return false;
    for (size_t i = 1; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (is_word(c)) {
            separator = false;
            continue;
        }
        if (separator || (c != '-' && c != '_' && c != '.'))
            return false;
        separator = true;
    }
    if (separator)
        return false;
    memset(out, 0, sizeof(*out));
    memcpy(out->text, text.data, text.size);
    return true;
}

struct sk_bytes sk_org_text(const struct sk_org *org)
{
    return sk_text(org->text);
}

bool sk_org_equal(const struct sk_org *a, const struct sk_org *b)
{
    return memcmp(a->text, b->text, sizeof(a->text)) == 0;
}
