#include "policies/levels.h"

#include <string.h>

#include "policies/civil.h"
#include "protocol/utf8.h"

#define PRESENT_LEVEL 1
#define YEAR_MIN 1900
#define YEAR_MAX 2199

/* ---------------------------------------------------------------- numbers */

bool sk_decimal_parse(struct sk_bytes text, uint32_t decimals, uint64_t *out)
{
    uint64_t units = 0;
    size_t whole = 0;
    size_t at;

    while (whole < text.size && text.data[whole] != '.')
        whole++;
    if (whole == 0 || whole > 9 || (text.data[0] == '0' && whole > 1))
        return false;
    if (whole < text.size &&
        (whole + 1 == text.size || text.size - whole - 1 > decimals ||
         text.data[text.size - 1] == '0'))
        return false;
    for (at = 0; at < text.size; at++) {
        if (at == whole)
            continue;
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
        units = units * 10 + (text.data[at] - (uint64_t)'0');
    }
    for (at = whole < text.size ? text.size - whole - 1 : 0; at < decimals;
         at++)
        units *= 10;
    *out = units;
    return true;
}

size_t sk_decimal_format(uint64_t units, uint32_t decimals,
                         char out[SK_DECIMAL_SIZE])
{
    uint64_t scale = 1;
    char number[21];
    struct sk_bytes whole;
    size_t size;

    assert(decimals <= 3);

    for (uint32_t i = 0; i < decimals; i++)
        scale *= 10;
    whole = sk_number_format(units / scale, number);
    memcpy(out, whole.data, whole.size);
    size = whole.size;
    units %= scale;
    if (units > 0)
        out[size++] = '.';
    while (units > 0) {
        scale /= 10;
        out[size++] = (char)('0' + units / scale);
        units %= scale;
    }
    assert(size < SK_DECIMAL_SIZE);
    out[size] = '\0';
    return size;
}

static uint64_t scale_of(const struct sk_field *field)
{
    uint64_t scale = 1;

    for (uint32_t i = 0; i < field->decimals; i++)
        scale *= 10;
    return scale;
}

/* ---------------------------------------------------------------- dates */

/* `count` digits at a position; UINT32_MAX when they are no digits. */
static uint32_t digits_at(struct sk_bytes text, size_t at, size_t count)
{
    uint32_t number = 0;

    if (text.size < at + count)
        return UINT32_MAX;
    for (size_t i = at; i < at + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return UINT32_MAX;
        number = number * 10 + (text.data[i] - (uint32_t)'0');
    }
    return number;
}

static uint32_t year_at_start(struct sk_bytes text)
{
    return digits_at(text, 0, 4);
}

static bool is_year(struct sk_bytes text)
{
    uint32_t year = year_at_start(text);

    return year >= YEAR_MIN && year <= YEAR_MAX;
}

static bool is_date(struct sk_bytes text)
{
    int32_t day;

    return sk_day_parse(text, &day);
}

static bool is_datetime(struct sk_bytes text)
{
    int64_t instant;

    return sk_civil_minute_parse(text, &instant);
}

/* A year has 53 ISO weeks when it starts or ends on a Thursday. */
static uint32_t weeks_in(uint32_t year)
{
    int32_t first = sk_day_of_date((struct sk_date){(int32_t)year, 1, 1});
    int32_t last = sk_day_of_date((struct sk_date){(int32_t)year, 12, 31});
    bool thursday = ((first % 7) + 7) % 7 == 0 || ((last % 7) + 7) % 7 == 0;

    return thursday ? 53 : 52;
}

static bool is_week(struct sk_bytes text)
{
    uint32_t week = digits_at(text, 6, 2);

    return text.size == 8 && is_year(text) && text.data[4] == '-' &&
           text.data[5] == 'W' && week >= 1 &&
           week <= weeks_in(year_at_start(text));
}

/* YYYY, YYYY-MM or DATE. */
static bool is_birthdate(struct sk_bytes text)
{
    uint32_t month = digits_at(text, 5, 2);

    if (text.size == 4)
        return is_year(text);
    if (text.size == 7)
        return is_year(text) && text.data[4] == '-' && month >= 1 &&
               month <= 12;
    return is_date(text);
}

/* ---------------------------------------------------------------- legal */

static bool is_text(const struct sk_field *field, struct sk_bytes text)
{
    size_t characters = sk_utf8_plain_size(text);

    if (text.size == 0 || text.data[0] == ' ' ||
        text.data[text.size - 1] == ' ' || !sk_utf8_is_line(text) ||
        sk_utf8_deceit_at(text) != 0)
        return false;
    for (size_t i = characters; i < text.size; i++)
        characters += (text.data[i] & 0xc0) != 0x80;
    return characters <= field->max;
}

static bool is_number(const struct sk_field *field, struct sk_bytes text)
{
    uint64_t units;

    return sk_decimal_parse(text, field->decimals, &units) &&
           units <= field->max * scale_of(field);
}

static bool is_set(const struct sk_field *field,
                   const struct sk_field_value *value)
{
    uint64_t seen = 0;

    if (value->set_count == 0 || value->set_count > SK_SET_MAX)
        return false;
    for (size_t i = 0; i < value->set_count; i++) {
        uint16_t at = sk_code_list_value(field->codelist, value->set[i]);

        if (at == SK_NONE || (seen >> at & 1) != 0)
            return false;
        seen |= UINT64_C(1) << at;
    }
    return true;
}

bool sk_value_is_legal(const struct sk_field *field,
                       const struct sk_field_value *value, uint32_t year)
{
    switch (field->kind) {
    case SK_KIND_TEXT:
        return is_text(field, value->text);
    case SK_KIND_NAME:
        return is_text(field, value->text) &&
               sk_utf8_hidden_at(value->text) == 0;
    case SK_KIND_ENUM:
        return sk_code_list_value(field->codelist, value->text) != SK_NONE;
    case SK_KIND_SET:
        return is_set(field, value);
    case SK_KIND_BOOL:
        return sk_bytes_equal(value->text, sk_text("true")) ||
               sk_bytes_equal(value->text, sk_text("false"));
    case SK_KIND_NUMBER:
        return is_number(field, value->text);
    case SK_KIND_DATE:
        return is_date(value->text);
    case SK_KIND_DATETIME:
        return is_datetime(value->text);
    case SK_KIND_WEEK:
        return is_week(value->text);
    case SK_KIND_BIRTHDATE:
        return is_birthdate(value->text);
    case SK_KIND_CODE:
        return sk_format_matches(field->form, value->text, year);
    }
    assert(false);
    return false;
}

/* ---------------------------------------------------------------- coarsen */

static struct sk_bytes head(struct sk_bytes text, size_t size)
{
    return (struct sk_bytes){text.data, size < text.size ? size : text.size};
}

/* Build a short text in the arena; empty when it does not fit. */
static struct sk_bytes join(struct sk_arena *arena, struct sk_bytes a,
                            struct sk_bytes b)
{
    char text[64];

    assert(a.size + b.size <= sizeof(text));

    memcpy(text, a.data, a.size);
    memcpy(text + a.size, b.data, b.size);
    return sk_arena_copy(
        arena, (struct sk_bytes){(const uint8_t *)text, a.size + b.size});
}

static struct sk_bytes initial(struct sk_bytes text, struct sk_arena *arena)
{
    size_t size = 0;

    (void)sk_utf8_next(text, &size); /* legal: one character at least */
    return join(arena, head(text, size), sk_text("."));
}

/* "2026-Q3" */
static struct sk_bytes quarter(struct sk_bytes text, struct sk_arena *arena)
{
    static const char *const quarters[] = {"-Q1", "-Q2", "-Q3", "-Q4"};
    uint32_t month = digits_at(text, 5, 2);

    assert(month >= 1 && month <= 12);

    return join(arena, head(text, 4), sk_text(quarters[(month - 1) / 3]));
}

/* POLICY.md 6.4: years only, for an exact day would tell more. */
static uint32_t age(struct sk_bytes birth, struct sk_bytes occurred)
{
    uint32_t then = year_at_start(birth);
    uint32_t now = year_at_start(occurred);

    assert(then != UINT32_MAX);
    assert(now != UINT32_MAX);

    return now > then ? now - then : 0;
}

static struct sk_bytes age5(uint32_t years, struct sk_arena *arena)
{
    uint32_t first = years / 5 * 5;
    char low[21];
    char high[22] = "-";
    struct sk_bytes a = sk_number_format(first, low);
    struct sk_bytes b = sk_number_format(first + 4, high + 1);

    return join(arena, a, (struct sk_bytes){(const uint8_t *)high, b.size + 1});
}

static struct sk_bytes age3(uint32_t years)
{
    if (years < 25)
        return sk_text("0-24");
    return years < 55 ? sk_text("25-54") : sk_text("55+");
}

/* POLICY.md 6.4: the last band whose cut is not above the value. */
static struct sk_bytes band(const struct sk_field *field, size_t level,
                            struct sk_bytes text)
{
    /* bands are declared fine to coarse, the chain goes coarse to fine */
    size_t from_fine = (size_t)field->levels_count - 2 - level;
    const struct sk_bands *bands = &field->bands[from_fine];
    uint64_t units = 0;
    size_t at = 0;
    bool number = sk_decimal_parse(text, field->decimals, &units);

    assert(number);

    while (at + 1 < bands->count && bands->cuts[at + 1] <= units)
        at++;
    return bands->names[at];
}

static struct sk_bytes group(const struct sk_field *field, size_t level,
                             struct sk_bytes text)
{
    const struct sk_code_list *list = field->codelist;
    size_t from_fine = (size_t)field->levels_count - 2 - level;
    const struct sk_code_grouping *grouping = &list->groupings[from_fine];
    uint16_t value = sk_code_list_value(list, text);

    assert(value != SK_NONE);

    return grouping->groups[grouping->group_of[value]].id;
}

/* Levels between present and exact, by their place in the chains of 6.1. */
static struct sk_bytes between(const struct sk_field *field,
                               const struct sk_field_value *value, size_t level,
                               struct sk_bytes occurred, struct sk_arena *arena)
{
    struct sk_bytes text = value->text;

    switch (field->kind) {
    case SK_KIND_NAME:
        return initial(text, arena);
    case SK_KIND_ENUM:
        return group(field, level, text);
    case SK_KIND_NUMBER:
        return band(field, level, text);
    case SK_KIND_DATE:
    case SK_KIND_DATETIME: /* year, quarter, month, day */
        if (level == 3)
            return quarter(text, arena);
        return head(text, level == 2 ? 4 : level == 4 ? 7 : 10);
    case SK_KIND_WEEK:
        return head(text, 4);
    case SK_KIND_BIRTHDATE: /* age3, age5, year, month */
        if (level == 2)
            return age3(age(text, occurred));
        if (level == 3)
            return age5(age(text, occurred), arena);
        return head(text, level == 4 ? 4 : 7);
    case SK_KIND_CODE:
        return head(text, field->prefixes[level - 2]);
    case SK_KIND_TEXT:
    case SK_KIND_SET:
    case SK_KIND_BOOL:
        break;
    }
    assert(false); /* these kinds have nothing between present and exact */
    return (struct sk_bytes){NULL, 0};
}

/* A set goes out sorted by bytes, so that its order tells nothing. */
static enum sk_status sort_set(const struct sk_field_value *value,
                               struct sk_arena *arena,
                               struct sk_field_value *out)
{
    struct sk_bytes *set =
        sk_arena_get_array(arena, value->set_count, sizeof(*set));

    if (set == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < value->set_count; i++) {
        size_t at = i;

        for (; at > 0 && sk_bytes_compare(set[at - 1], value->set[i]) > 0; at--)
            set[at] = set[at - 1];
        set[at] = value->set[i];
    }
    *out = *value;
    out->set = set;
    return SK_OK;
}

enum sk_status sk_coarsen(const struct sk_field *field,
                          const struct sk_field_value *value, uint8_t level,
                          struct sk_bytes occurred, struct sk_arena *arena,
                          struct sk_field_value *out)
{
    struct sk_field_value result = {.field = value->field};

    assert(level >= PRESENT_LEVEL);
    assert(level < field->levels_count);

    if (level + 1 == field->levels_count && field->kind == SK_KIND_SET)
        return sort_set(value, arena, out);
    if (level + 1 == field->levels_count)
        result.text = value->text;
    else if (level == PRESENT_LEVEL)
        result.text = sk_text("true");
    else
        result.text = between(field, value, level, occurred, arena);
    if (result.text.data == NULL)
        return SK_E_MEMORY;
    *out = result;
    return SK_OK;
}
