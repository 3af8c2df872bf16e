#include "node/engine/clean.h"

#include <string.h>

#include "node/engine/state.h"
#include "policies/civil.h"
#include "protocol/utf8.h"

/* ------------------------------------------------------------- codes */

struct sk_bytes sk_clean_code(struct sk_engine *e, struct sk_bytes format,
                              struct sk_bytes text)
{
    const struct sk_format *known = sk_format_find(format);
    char *out = sk_arena_get(&e->scratch, text.size + 1);

    if (known == NULL || out == NULL)
        return text;
    return (struct sk_bytes){(const uint8_t *)out,
                             sk_format_clean(known, text, out)};
}

bool sk_insz_is_legal(const struct sk_engine *e, struct sk_bytes insz)
{
    struct sk_date today = sk_date_of_day(sk_today(e));

    return sk_format_matches(sk_format_find(sk_text("insz")), insz,
                             (uint32_t)today.year);
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

/* Below 0x80: a small letter, a digit, or 0 for what separates words. */
static uint8_t fold_ascii(uint8_t c)
{
    uint8_t small = c | 0x20;

    if (small >= 'a' && small <= 'z')
        return small;
    return c >= '0' && c <= '9' ? c : 0;
}

/* A character of valid UTF-8 from 0x80 on as it is compared: a folded letter,
   other bytes as they are, or 0. */
static size_t fold(const uint8_t *at, size_t left, uint8_t out[4])
{
    uint8_t c = at[0];
    size_t size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

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

/* The size of a character that nobody sees: it does not end a word. */
static size_t hidden_size(struct sk_bytes text)
{
    size_t at = 0;

    return sk_character_is_hidden(sk_utf8_next(text, &at)) ? at : 0;
}

/* One that is not ASCII, of `left` bytes: its size. */
static size_t take_wide(struct sk_bytes left, struct sk_name_word *out,
                        bool *ends)
{
    uint8_t folded[4];
    size_t size = hidden_size(left);
    size_t width;

    *ends = false;
    if (size > 0)
        return size;
    size = fold(left.data, left.size, folded);
    width = folded[0] < 0x80 ? 1 : size;
    *ends = folded[0] == 0;
    if (!*ends && out->size + width <= SK_NAME_WORD_MAX) {
        memcpy(out->bytes + out->size, folded, width);
        out->size += width;
    }
    return size;
}

bool sk_name_next(struct sk_bytes *rest, struct sk_name_word *out)
{
    const struct sk_bytes all = *rest;
    bool ends = false;
    size_t at = 0;

    out->size = 0;
    if (all.size == 0)
        return false; /* no bytes: there may be no pointer either */
    while (at < all.size && !(ends && out->size > 0)) {
        uint8_t letter = fold_ascii(all.data[at]);

        if (all.data[at] >= 0x80) {
            struct sk_bytes left = {all.data + at, all.size - at};

            at += take_wide(left, out, &ends);
            continue;
        }
        at++; /* most of what is read */
        ends = letter == 0;
        if (!ends && out->size < SK_NAME_WORD_MAX)
            out->bytes[out->size++] = letter;
    }
    *rest = (struct sk_bytes){all.data + at, all.size - at};
    return out->size > 0;
}
