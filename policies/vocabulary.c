#include "policies/vocabulary.h"

#include <string.h>

uint16_t sk_vocabulary_purpose(const struct sk_vocabulary *v,
                               struct sk_bytes id)
{
    return sk_index_find(&v->purpose_index, id);
}

uint16_t sk_vocabulary_category(const struct sk_vocabulary *v,
                                struct sk_bytes id)
{
    return sk_index_find(&v->category_index, id);
}

uint16_t sk_vocabulary_event(const struct sk_vocabulary *v, struct sk_bytes id)
{
    return sk_index_find(&v->event_index, id);
}

uint16_t sk_vocabulary_field(const struct sk_vocabulary *v, struct sk_bytes id)
{
    return sk_index_find(&v->field_index, id);
}

uint16_t sk_vocabulary_role(const struct sk_vocabulary *v, struct sk_bytes id)
{
    return sk_index_find(&v->role_index, id);
}

uint16_t sk_vocabulary_codelist(const struct sk_vocabulary *v,
                                struct sk_bytes id)
{
    return sk_index_find(&v->codelist_index, id);
}

uint16_t sk_code_list_value(const struct sk_code_list *list, struct sk_bytes id)
{
    return sk_index_find(&list->index, id);
}

bool sk_is_under(struct sk_bytes x, struct sk_bytes y)
{
    if (x.size < y.size || memcmp(x.data, y.data, y.size) != 0)
        return false;
    return x.size == y.size || x.data[y.size] == '.';
}

bool sk_vocabulary_forbidden(const struct sk_vocabulary *v, struct sk_bytes id)
{
    for (size_t i = 0; i < v->forbidden_count; i++) {
        if (id.size > 0 && sk_is_under(id, v->forbidden[i].id))
            return true;
    }
    return false;
}

static const char *const secrecies[] = {"none", "discretion", "official",
                                        "professional"};

const char *sk_secrecy_text(enum sk_secrecy secrecy)
{
    assert((size_t)secrecy < SK_COUNT(secrecies));
    return secrecies[secrecy];
}

bool sk_secrecy_parse(struct sk_bytes text, enum sk_secrecy *out)
{
    for (size_t i = 0; i < SK_COUNT(secrecies); i++) {
        if (sk_bytes_equal(text, sk_text(secrecies[i]))) {
            *out = (enum sk_secrecy)i;
            return true;
        }
    }
    return false;
}

static const char *const kinds[] = {"text", "name",      "enum", "set",
                                    "bool", "number",    "date", "datetime",
                                    "week", "birthdate", "code"};

const char *sk_kind_text(enum sk_kind kind)
{
    assert((size_t)kind < SK_COUNT(kinds));
    return kinds[kind];
}

bool sk_kind_parse(struct sk_bytes text, enum sk_kind *out)
{
    for (size_t i = 0; i < SK_COUNT(kinds); i++) {
        if (sk_bytes_equal(text, sk_text(kinds[i]))) {
            *out = (enum sk_kind)i;
            return true;
        }
    }
    return false;
}

uint16_t sk_field_level(const struct sk_field *field, struct sk_bytes level)
{
    for (uint16_t i = 0; i < field->levels_count; i++) {
        if (sk_bytes_equal(field->levels[i], level))
            return i;
    }
    return SK_NONE;
}

/* ---------------------------------------------------------------- meaning */

static const struct sk_bands *find_bands(const struct sk_field *field,
                                         struct sk_bytes level)
{
    for (size_t i = 0; i < field->bands_count; i++)
        if (sk_bytes_equal(field->bands[i].level, level))
            return &field->bands[i];
    return NULL;
}

static bool same_bands(const struct sk_field *a, const struct sk_field *b,
                       struct sk_bytes level)
{
    const struct sk_bands *of_a = find_bands(a, level);
    const struct sk_bands *of_b = find_bands(b, level);

    return of_a != NULL && of_b != NULL && a->decimals == b->decimals &&
           of_a->count == of_b->count &&
           memcmp(of_a->cuts, of_b->cuts, of_a->count * sizeof(*of_a->cuts)) ==
               0;
}

static const struct sk_code_grouping *
find_grouping(const struct sk_field *field, struct sk_bytes level)
{
    const struct sk_code_list *list = field->codelist;

    for (size_t i = 0; list != NULL && i < list->groupings_count; i++)
        if (sk_bytes_equal(list->groupings[i].level, level))
            return &list->groupings[i];
    return NULL;
}

static bool same_groups(const struct sk_field *a, const struct sk_field *b,
                        struct sk_bytes level)
{
    const struct sk_code_grouping *of_a = find_grouping(a, level);
    const struct sk_code_grouping *of_b = find_grouping(b, level);

    if (of_a == NULL || of_b == NULL)
        return false;
    for (size_t i = 0; i < a->codelist->count; i++) {
        for (size_t k = 0; k < b->codelist->count; k++) {
            if (sk_bytes_equal(a->codelist->values[i].id,
                               b->codelist->values[k].id) &&
                !sk_bytes_equal(of_a->groups[of_a->group_of[i]].id,
                                of_b->groups[of_b->group_of[k]].id))
                return false;
        }
    }
    return true;
}

bool sk_level_is_same(const struct sk_field *a, uint16_t level_of_a,
                      const struct sk_field *b, uint16_t level_of_b)
{
    struct sk_bytes name = a->levels[level_of_a];

    if (a->kind != b->kind || !sk_bytes_equal(name, b->levels[level_of_b]))
        return false;
    /* drop, present and exact are what they are. */
    if (level_of_a <= 1 || level_of_a + 1 == a->levels_count)
        return true;
    switch (a->kind) {
    case SK_KIND_NUMBER:
        return same_bands(a, b, name);
    case SK_KIND_ENUM:
        return same_groups(a, b, name);
    case SK_KIND_CODE:
        return sk_bytes_equal(a->format, b->format);
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
    case SK_KIND_SET:
    case SK_KIND_BOOL:
    case SK_KIND_DATE:
    case SK_KIND_DATETIME:
    case SK_KIND_WEEK:
    case SK_KIND_BIRTHDATE:
        break;
    }
    return true; /* their levels have one meaning: POLICY.md 6.4 */
}
