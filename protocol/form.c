#include "protocol/form.h"

#include <string.h>

#include "protocol/utf8.h"

bool sk_word_is_legal(struct sk_bytes text)
{
    struct sk_org word;

    return sk_org_parse(text, &word); /* the same grammar */
}

bool sk_policy_is_legal(struct sk_bytes text)
{
    const uint8_t *slash =
        text.size == 0 ? NULL : memchr(text.data, '/', text.size);
    size_t at;

    if (slash == NULL)
        return false;
    at = (size_t)(slash - text.data);
    if (!sk_word_is_legal((struct sk_bytes){text.data, at}))
        return false;
    at++;
    if (at == text.size || text.size - at > 9 || text.data[at] == '0')
        return false;
    for (; at < text.size; at++)
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
    return true;
}

bool sk_text_is_legal(struct sk_bytes text, size_t size_max)
{
    if (text.size == 0 || text.size > size_max)
        return false;
    for (size_t i = sk_utf8_plain_size(text); i < text.size; i++) {
        uint8_t c = text.data[i];

        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
            return false;
        /* U+0080..9F are 0xc2 0x80..9f; an 0xc2 always has a byte behind. */
        if (c == 0xc2 && i + 1 < text.size && text.data[i + 1] < 0xa0)
            return false;
    }
    return sk_utf8_deceit_at(text) == 0;
}

/* True when exactly these digits stand at text[at..], as a number in out. */
static bool digits_at(struct sk_bytes text, size_t at, size_t count,
                      uint32_t *out)
{
    uint32_t number = 0;

    for (size_t i = at; i < at + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = number;
    return true;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

bool sk_date_is_legal(struct sk_bytes text)
{
    uint32_t year;
    uint32_t month;
    uint32_t day;

    if (text.size != SK_DATE_SIZE || text.data[4] != '-' || text.data[7] != '-')
        return false;
    if (!digits_at(text, 0, 4, &year) || !digits_at(text, 5, 2, &month) ||
        !digits_at(text, 8, 2, &day))
        return false;
    if (year < 1900 || year > 2199 || month < 1 || month > 12)
        return false;
    return day >= 1 && day <= days_in_month(year, month);
}

bool sk_instant_is_legal(struct sk_bytes text)
{
    uint32_t hour;
    uint32_t minute;
    uint32_t second;

    if (text.size != SK_INSTANT_SIZE)
        return false;
    if (!sk_date_is_legal((struct sk_bytes){text.data, SK_DATE_SIZE}))
        return false;
    if (text.data[10] != 'T' || text.data[13] != ':' || text.data[16] != ':' ||
        text.data[19] != 'Z')
        return false;
    if (!digits_at(text, 11, 2, &hour) || !digits_at(text, 14, 2, &minute) ||
        !digits_at(text, 17, 2, &second))
        return false;
    return hour < 24 && minute < 60 && second < 60;
}
