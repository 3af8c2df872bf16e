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
