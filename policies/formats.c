#include "policies/formats.h"

#include <string.h>

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alphanumeric(uint8_t c)
{
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(uint8_t c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_digits(struct sk_bytes text, size_t size)
{
    if (text.size != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text.data[i]))
            return false;
    }
    return true;
}

/* The number that stands at these digits. */
static uint64_t number_at(struct sk_bytes text, size_t at, size_t count)
{
    uint64_t number = 0;

    for (size_t i = at; i < at + count; i++)
        number = number * 10 + (text.data[i] - (uint64_t)'0');
    return number;
}

/* DOMAIN.md 4.1: month and day; both may be unknown. */
static bool is_insz_date(struct sk_bytes text)
{
    uint64_t month = number_at(text, 2, 2);
    uint64_t day = number_at(text, 4, 2);

    if (month >= 40)
        month -= 40;
    else if (month >= 20)
        month -= 20;
    if (month > 12)
        return false;
    return month == 0 || day <= 31;
}

static bool is_insz(struct sk_bytes text, uint32_t year)
{
    uint64_t body;
    uint64_t check;
    uint64_t serial;

    if (!is_digits(text, 11))
        return false;
    body = number_at(text, 0, 9);
    check = number_at(text, 9, 2);
    serial = number_at(text, 6, 3);
    if (check < 1 || check > 97 || serial < 1 || serial > 998 ||
        !is_insz_date(text))
        return false;
    if (97 - body % 97 == check) /* born in the 20th century */
        return true;
    return 97 - (body + 2000000000) % 97 == check &&
           2000 + number_at(text, 0, 2) <= year;
}

static bool has_kbo_check(struct sk_bytes text)
{
    return is_digits(text, 10) &&
           97 - number_at(text, 0, 8) % 97 == number_at(text, 8, 2);
}

bool sk_is_kbo(struct sk_bytes text)
{
    return has_kbo_check(text) && text.data[0] <= '1';
}

static bool is_kbo(struct sk_bytes text, uint32_t year)
{
    (void)year;
    return sk_is_kbo(text);
}

static bool is_kbo_unit(struct sk_bytes text, uint32_t year)
{
    (void)year;
    return has_kbo_check(text) && text.data[0] >= '2' && text.data[0] <= '8';
}

static bool is_nis(struct sk_bytes text, uint32_t year)
{
    (void)year;
    return is_digits(text, 5);
}

static bool is_digits4(struct sk_bytes text, uint32_t year)
{
    (void)year;
    return is_digits(text, 4);
}

/* Four digits, then up to four groups of a point and one to three digits. */
static bool is_esco(struct sk_bytes text, uint32_t year)
{
    size_t at = 4;

    (void)year;
    if (text.size < 4 || !is_digits((struct sk_bytes){text.data, 4}, 4))
        return false;
    for (size_t group = 0; group < 4 && at < text.size; group++) {
        size_t start = at + 1;

        if (text.data[at] != '.')
            return false;
        for (at = start; at < text.size && is_digit(text.data[at]); at++)
            ;
        if (at == start || at - start > 3)
            return false;
    }
    return at == text.size;
}

static bool is_phone(struct sk_bytes text, uint32_t year)
{
    (void)year;
    if (text.size < 8 || text.size > 16 || text.data[0] != '+' ||
        text.data[1] == '0')
        return false;
    return is_digits((struct sk_bytes){text.data + 1, text.size - 1},
                     text.size - 1);
}

/* Two or more labels, joined by points. */
static bool is_domain(struct sk_bytes text)
{
    size_t labels = 1;
    size_t label_size = 0;

    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (c == '.' && label_size > 0) {
            labels++;
            label_size = 0;
        } else if (is_alphanumeric(c) || c == '-') {
            label_size++;
        } else {
            return false;
        }
    }
    return labels >= 2 && label_size > 0;
}

static bool is_email(struct sk_bytes text, uint32_t year)
{
    size_t at = 0;

    (void)year;
    if (text.size > 254)
        return false;
    while (at < text.size && text.data[at] != '@') {
        if (!is_alphanumeric(text.data[at]) &&
            !is_one_of(text.data[at], "._%+-"))
            return false;
        at++;
    }
    if (at < 1 || at > 64 || at == text.size)
        return false;
    return is_domain((struct sk_bytes){text.data + at + 1, text.size - at - 1});
}

static bool is_lang(struct sk_bytes text, uint32_t year)
{
    (void)year;
    if (text.size < 2 || text.size > 3)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_lower(text.data[i]))
            return false;
    }
    return true;
}

static bool is_uuid(struct sk_bytes text, uint32_t year)
{
    struct sk_id id;

    (void)year;
    return sk_id_parse(text, &id);
}

static bool is_reference(uint8_t c)
{
    return is_alphanumeric(c) || is_one_of(c, ":._-");
}

static bool are_references(struct sk_bytes text, size_t at)
{
    for (; at < text.size; at++) {
        if (!is_reference(text.data[at]))
            return false;
    }
    return true;
}

static bool is_urn(struct sk_bytes text, uint32_t year)
{
    size_t at = 4;

    (void)year;
    if (text.size < 5 || memcmp(text.data, "urn:", 4) != 0 ||
        text.data[4] == '-')
        return false;
    while (at < text.size && (is_lower(text.data[at]) ||
                              is_digit(text.data[at]) || text.data[at] == '-'))
        at++;
    if (at == 4 || at - 4 > 32 || at == text.size || text.data[at] != ':')
        return false;
    at++;
    return text.size - at >= 1 && text.size - at <= 120 &&
           are_references(text, at);
}

static bool is_ref(struct sk_bytes text, uint32_t year)
{
    (void)year;
    return text.size >= 1 && text.size <= 80 && is_alphanumeric(text.data[0]) &&
           are_references(text, 1);
}

static const struct sk_format formats[] = {
    {"insz", 0, is_insz},         {"kbo", 0, is_kbo},
    {"kbo-unit", 0, is_kbo_unit}, {"nis", 5, is_nis},
    {"esco", 4, is_esco},         {"nace", 4, is_digits4},
    {"isced-f", 4, is_digits4},   {"digits4", 4, is_digits4},
    {"phone", 0, is_phone},       {"email", 0, is_email},
    {"lang", 0, is_lang},         {"uuid", 0, is_uuid},
    {"urn", 0, is_urn},           {"ref", 0, is_ref},
};

const struct sk_format *sk_format_find(struct sk_bytes name)
{
    for (size_t i = 0; i < SK_COUNT(formats); i++) {
        if (sk_bytes_equal(sk_text(formats[i].name), name))
            return &formats[i];
    }
    return NULL;
}

bool sk_format_matches(const struct sk_format *format, struct sk_bytes text,
                       uint32_t year)
{
    return format->matches(text, year);
}

size_t sk_format_clean(const struct sk_format *format, struct sk_bytes text,
                       char *out)
{
    bool kbo = format->matches == is_kbo;
    bool number =
        kbo || format->matches == is_kbo_unit || format->matches == is_insz;
    size_t size = 0;
    size_t at = 0;

    if (kbo && text.size >= 2 && (text.data[0] | 0x20) == 'b' &&
        (text.data[1] | 0x20) == 'e')
        at = 2;
    for (; at < text.size; at++) {
        if (!number || !is_one_of(text.data[at], ". -/"))
            out[size++] = (char)text.data[at];
    }
    if (kbo && size == 9) {
        memmove(out + 1, out, 9);
        out[0] = '0';
        size = 10;
    }
    return size;
}
