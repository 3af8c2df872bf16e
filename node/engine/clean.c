#include "node/engine/internal.h"

#include <string.h>

/* ------------------------------------------------------------- codes */

static bool is_one_of(uint8_t c, const char *set)
{
    for (; *set != '\0'; set++) {
        if (c == (uint8_t)*set)
            return true;
    }
    return false;
}

static struct sk_bytes without(struct sk_engine *e, struct sk_bytes text,
                               const char *separators)
{
    uint8_t *out = sk_arena_get(&e->scratch, text.size + 1);
    size_t size = 0;

    if (out == NULL)
        return text;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_one_of(text.data[i], separators))
            out[size++] = text.data[i];
    }
    return (struct sk_bytes){out, size};
}

/* DOMAIN 4.2. */
static struct sk_bytes clean_kbo(struct sk_engine *e, struct sk_bytes text)
{
    struct sk_bytes bare = without(e, text, " .");
    uint8_t *out;

    if (bare.size > 2 && memcmp(bare.data, "BE", 2) == 0) {
        bare.data += 2;
        bare.size -= 2;
    }
    if (bare.size != 9)
        return bare;
    out = sk_arena_get(&e->scratch, 10);
    if (out == NULL)
        return bare;
    out[0] = '0';
    memcpy(out + 1, bare.data, 9);
    return (struct sk_bytes){out, 10};
}

struct sk_bytes sk_clean_code(struct sk_engine *e, struct sk_bytes format,
                              struct sk_bytes text)
{
    if (sk_bytes_equal(format, sk_text("insz")))
        return without(e, text, " .-/");
    if (sk_bytes_equal(format, sk_text("kbo")))
        return clean_kbo(e, text);
    if (sk_bytes_equal(format, sk_text("kbo-unit")))
        return without(e, text, " .");
    return text;
}

bool sk_insz_is_legal(const struct sk_engine *e, struct sk_bytes insz)
{
    struct sk_field field = {.kind = SK_KIND_CODE};
    struct sk_field_value value = {.text = insz};
    struct sk_date today = sk_date_of_day(sk_today(e));

    field.format = sk_text("insz");
    return sk_value_is_legal(&field, &value, (uint32_t)today.year);
}

bool sk_insz_is_odd(struct sk_bytes insz)
{
    static const uint8_t lengths[] = {31, 29, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};
    int month;
    int day;

    if (insz.size != 11)
        return false;
    month = (insz.data[2] - '0') * 10 + (insz.data[3] - '0');
    day = (insz.data[4] - '0') * 10 + (insz.data[5] - '0');
    month %= 20; /* bis numbers: 20 or 40 more */
    if (month < 1 || month > 12)
        return false;
    return day > lengths[month - 1];
}

/* ------------------------------------------------------------- names */

/* U+00C0..U+017F as the plain letter that people type instead. */
static const char plain_letters[] =
    "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* One character of valid UTF-8 as it is compared: a folded letter or digit,
   other bytes as they are, or 0 for what separates words. */
static size_t fold(const uint8_t *at, size_t left, uint8_t out[4])
{
    uint8_t c = at[0];
    size_t size;

    if (c >= 'A' && c <= 'Z')
        c = (uint8_t)(c - 'A' + 'a');
    if (c < 0x80) {
        out[0] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : 0;
        return 1;
    }
    size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (size > left)
        size = left;
    if (size == 2 && c >= 0xc3 && c <= 0xc5) {
        unsigned code = (unsigned)(c & 0x1f) << 6 | (at[1] & 0x3f);
        char letter = plain_letters[code - 0xc0];

        out[0] = letter == '-' ? 0 : (uint8_t)letter;
        return size;
    }
    memcpy(out, at, size);
    return size;
}

bool sk_name_next(struct sk_bytes *rest, struct sk_name_word *out)
{
    out->size = 0;
    while (rest->size > 0) {
        uint8_t folded[4] = {0};
        size_t size = fold(rest->data, rest->size, folded);
        size_t width = folded[0] < 0x80 ? 1 : size;

        rest->data += size;
        rest->size -= size;
        if (folded[0] == 0) {
            if (out->size > 0)
                return true;
        } else if (out->size + width <= SK_NAME_WORD_MAX) {
            memcpy(out->bytes + out->size, folded, width);
            out->size += width;
        }
    }
    return out->size > 0;
}
