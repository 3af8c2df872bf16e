#include "protocol/utf8.h"

#include <string.h>

struct range {
    uint32_t first;
    uint32_t last;
};

/* Bytes that follow a first byte, or 4 for a byte that starts nothing. */
static size_t tail_of(uint8_t first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    if (first >= 0xf0 && first <= 0xf4)
        return 3;
    return 4;
}

uint32_t sk_utf8_next(struct sk_bytes bytes, size_t *at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes.data[*at];
    size_t tail = tail_of(first);
    uint32_t character;

    assert(*at < bytes.size);

    if (tail == 4 || bytes.size - *at <= tail)
        return SK_NO_CHARACTER;
    character = tail == 0 ? first : first & (0x3fU >> tail);
    for (size_t i = 1; i <= tail; i++) {
        uint8_t next = bytes.data[*at + i];

        if ((next & 0xc0) != 0x80)
            return SK_NO_CHARACTER;
        character = character << 6 | (next & 0x3fU);
    }
    if (character < least[tail] || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return SK_NO_CHARACTER;
    *at += tail + 1;
    return character;
}

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    }
    return false;
}

bool sk_character_is_forbidden(uint32_t character)
{
    static const struct range forbidden[] = {
        {0x2028, 0x2029}, {0x202a, 0x202e}, {0x2066, 0x2069},
        {0xfeff, 0xfeff}, {0xfffe, 0xffff},
    };

    if (character < 0xa0)
        return (character < 0x20 && character != '\n') ||
               (character >= 0x7f && character <= 0x9f);
    return is_in(character, forbidden, SK_COUNT(forbidden));
}

bool sk_character_is_hidden(uint32_t character)
{
    static const struct range hidden[] = {
        {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
        {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
        {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
        {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
    };

    return character >= hidden[0].first &&
           is_in(character, hidden, SK_COUNT(hidden));
}

bool sk_character_deceives(uint32_t character)
{
    static const struct range written[] = {
        {0x61c, 0x61c},
        {0x180b, 0x180f},
        {0x200c, 0x200f},
        {0xfe00, 0xfe0f},
    };

    return sk_character_is_hidden(character) &&
           !is_in(character, written, SK_COUNT(written));
}

/* Are these eight all from 0x20 up to and with 0x7e?  No byte below 0x80
   carries into the next. */
static bool is_plain(const uint8_t *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t high = ones * 0x80;
    uint64_t eight;

    memcpy(&eight, bytes, sizeof(eight));
    return (eight & high) == 0 && ((eight + ones * 0x60) & high) == high &&
           ((eight + ones) & high) == 0;
}

size_t sk_utf8_plain_size(struct sk_bytes text)
{
    size_t at = 0;

    while (text.size - at >= 8 && is_plain(text.data + at))
        at += 8;
    while (at < text.size && text.data[at] >= 0x20 && text.data[at] < 0x7f)
        at++;
    return at;
}

static size_t first_at(struct sk_bytes text, bool (*is_such)(uint32_t))
{
    size_t at = sk_utf8_plain_size(text); /* hides nothing */

    for (size_t number = at + 1; at < text.size; number++) {
        uint32_t character = sk_utf8_next(text, &at);

        if (character == SK_NO_CHARACTER || is_such(character))
            return number;
    }
    return 0;
}

size_t sk_utf8_hidden_at(struct sk_bytes text)
{
    return first_at(text, sk_character_is_hidden);
}

size_t sk_utf8_deceit_at(struct sk_bytes text)
{
    return first_at(text, sk_character_deceives);
}

bool sk_utf8_is_line(struct sk_bytes text)
{
    size_t at = sk_utf8_plain_size(text);

    while (at < text.size) {
        uint32_t character = sk_utf8_next(text, &at);

        if (character == SK_NO_CHARACTER || character == '\n' ||
            sk_character_is_forbidden(character))
            return false;
    }
    return true;
}
