#include "policies/reading.h"

#include <string.h>

/* ------------------------------------------------------------- a line */

/* Text that grows in one piece; `full` when it does not fit. */
struct line {
    uint8_t *data;
    size_t size;
    size_t size_max;
    bool full;
};

static void add(struct line *line, struct sk_bytes text)
{
    if (text.size > line->size_max - line->size) {
        line->full = true;
        return;
    }
    if (text.size > 0)
        memcpy(line->data + line->size, text.data, text.size);
    line->size += text.size;
}

static void add_text(struct line *line, const char *text)
{
    add(line, sk_text(text));
}

static struct sk_bytes part(struct sk_bytes text, size_t from, size_t size)
{
    return (struct sk_bytes){text.data + from, size};
}

/* ------------------------------------------------------------- days */

static bool is_digits(struct sk_bytes text, size_t from, size_t count)
{
    if (text.size < from + count)
        return false;
    for (size_t i = from; i < from + count; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* Two digits without a leading zero. */
static struct sk_bytes short_number(struct sk_bytes text, size_t at)
{
    return text.data[at] == '0' ? part(text, at + 1, 1) : part(text, at, 2);
}

const char *sk_month_name(uint32_t month, bool dutch)
{
    static const char *const nl[] = {
        "januari", "februari", "maart",     "april",   "mei",      "juni",
        "juli",    "augustus", "september", "oktober", "november", "december"};
    static const char *const en[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};

    assert(1 <= month && month <= 12);

    return dutch ? nl[month - 1] : en[month - 1];
}

static const char *month_name(struct sk_bytes text, size_t at, bool dutch)
{
    uint32_t month = (uint32_t)(text.data[at] - '0') * 10 +
                     (uint32_t)(text.data[at + 1] - '0');

    return month < 1 || month > 12 ? NULL : sk_month_name(month, dutch);
}

/* "2027-01-18", "2027-01": false when it is neither. */
static bool add_day(struct line *line, struct sk_bytes text, bool dutch)
{
    bool day = text.size == 10;
    const char *month;

    if ((!day && text.size != 7) || !is_digits(text, 0, 4) ||
        text.data[4] != '-' || !is_digits(text, 5, 2))
        return false;
    month = month_name(text, 5, dutch);
    if (month == NULL)
        return false;
    if (day) {
        if (text.data[7] != '-' || !is_digits(text, 8, 2))
            return false;
        add(line, short_number(text, 8));
        add_text(line, " ");
    }
    add_text(line, month);
    add_text(line, " ");
    add(line, part(text, 0, 4));
    return true;
}

/* "2027-Q1" and "2027-W03". */
static bool add_span(struct line *line, struct sk_bytes text, bool dutch)
{
    if (!is_digits(text, 0, 4) || text.size < 7 || text.data[4] != '-')
        return false;
    if (text.size == 7 && text.data[5] == 'Q') {
        add_text(line, dutch ? "kwartaal " : "quarter ");
        add(line, part(text, 6, 1));
    } else if (text.size == 8 && text.data[5] == 'W' && is_digits(text, 6, 2)) {
        add_text(line, "week ");
        add(line, short_number(text, 6));
    } else {
        return false;
    }
    add_text(line, dutch ? " van " : " of ");
    add(line, part(text, 0, 4));
    return true;
}

static bool add_time(struct line *line, struct sk_bytes text, bool dutch)
{
    if (text.size != 16 || text.data[10] != 'T')
        return add_day(line, text, dutch) || add_span(line, text, dutch);
    if (!add_day(line, part(text, 0, 10), dutch))
        return false;
    add_text(line, dutch ? " om " : " at ");
    add(line, part(text, 11, 5));
    return true;
}

static bool add_birth(struct line *line, struct sk_bytes level,
                      struct sk_bytes text, bool dutch)
{
    if (!sk_bytes_equal(level, sk_text("age3")) &&
        !sk_bytes_equal(level, sk_text("age5")))
        return add_day(line, text, dutch);
    add(line, text);
    add_text(line, dutch ? " jaar" : " years old");
    return true;
}

/* ------------------------------------------------------------- code lists */

static void add_label(struct line *line, const struct sk_label *label,
                      bool dutch)
{
    add(line, dutch ? label->nl : label->en);
}

static bool add_code(struct line *line, const struct sk_code_list *list,
                     struct sk_bytes id, bool dutch)
{
    uint16_t at = sk_index_find(&list->index, id);

    if (at == SK_INDEX_NONE)
        return false;
    add_label(line, &list->values[at].label, dutch);
    return true;
}

static bool add_enum(struct line *line, const struct sk_code_list *list,
                     struct sk_bytes level, struct sk_bytes id, bool dutch)
{
    const struct sk_code_grouping *grouping = NULL;

    for (size_t i = 0; i < list->groupings_count; i++)
        if (sk_bytes_equal(list->groupings[i].level, level))
            grouping = &list->groupings[i];
    if (grouping == NULL)
        return add_code(line, list, id, dutch);
    for (size_t i = 0; i < grouping->count; i++) {
        if (sk_bytes_equal(grouping->groups[i].id, id)) {
            add_label(line, &grouping->groups[i].label, dutch);
            return true;
        }
    }
    return false;
}

static bool add_set(struct line *line, const struct sk_code_list *list,
                    const struct sk_field_value *value, bool dutch)
{
    for (size_t i = 0; i < value->set_count; i++) {
        if (i > 0)
            add_text(line, ", ");
        if (!add_code(line, list, value->set[i], dutch))
            add(line, value->set[i]);
    }
    return value->set_count > 0;
}

static bool add_bool(struct line *line, struct sk_bytes text, bool dutch)
{
    if (sk_bytes_equal(text, sk_text("true")))
        add_text(line, dutch ? "ja" : "yes");
    else if (sk_bytes_equal(text, sk_text("false")))
        add_text(line, dutch ? "nee" : "no");
    else
        return false;
    return true;
}

/* ------------------------------------------------------------- values */

/* False, and nothing that counts was added: it has no words of its own. */
static bool add_value(struct line *line, const struct sk_field *field,
                      struct sk_bytes level, const struct sk_field_value *value,
                      bool dutch)
{
    switch (field->kind) {
    case SK_KIND_ENUM:
        return add_enum(line, field->codelist, level, value->text, dutch);
    case SK_KIND_SET:
        return add_set(line, field->codelist, value, dutch);
    case SK_KIND_BOOL:
        return add_bool(line, value->text, dutch);
    case SK_KIND_DATE:
    case SK_KIND_DATETIME:
    case SK_KIND_WEEK:
        return add_time(line, value->text, dutch);
    case SK_KIND_BIRTHDATE:
        return add_birth(line, level, value->text, dutch);
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
    case SK_KIND_NUMBER:
    case SK_KIND_CODE:
        break;
    }
    return false;
}

static size_t label_size(const struct sk_label *label)
{
    return label->nl.size > label->en.size ? label->nl.size : label->en.size;
}

/* As much as the longest reading of it can take. */
static size_t room_for(const struct sk_field *field,
                       const struct sk_field_value *value)
{
    size_t size = value->text.size + 64; /* a day, a time */

    for (size_t i = 0; i < value->set_count; i++)
        size += value->set[i].size + 2;
    if (field->codelist == NULL)
        return size;
    for (size_t i = 0; i < field->codelist->count; i++)
        size += label_size(&field->codelist->values[i].label);
    for (size_t i = 0; i < field->codelist->groupings_count; i++)
        for (size_t k = 0; k < field->codelist->groupings[i].count; k++)
            size += label_size(&field->codelist->groupings[i].groups[k].label);
    return size;
}

enum sk_status sk_value_words(const struct sk_field *field, uint16_t level,
                              const struct sk_field_value *value, bool dutch,
                              struct sk_arena *arena, struct sk_bytes *out)
{
    struct line line = {.size_max = room_for(field, value)};

    assert(level < field->levels_count);

    line.data = sk_arena_take(arena, line.size_max + 1);
    if (line.data == NULL)
        return SK_E_MEMORY;
    if (sk_bytes_equal(field->levels[level], sk_text("present"))) {
        add_text(&line, dutch ? "ingevuld" : "filled in");
    } else if (!add_value(&line, field, field->levels[level], value, dutch)) {
        line.size = 0;
        add(&line, value->text);
    }
    if (line.full)
        return SK_E_MEMORY; /* a set that names something twice */
    line.data[line.size] = '\0';
    *out = (struct sk_bytes){line.data, line.size};
    return SK_OK;
}
