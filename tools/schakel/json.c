#include "tools/schakel/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *json_of_bin(struct sk_bytes bin)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(bin.size * 2 + 1);
    json_t *json;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < bin.size; i++) {
        text[2 * i] = digits[bin.data[i] >> 4];
        text[2 * i + 1] = digits[bin.data[i] & 15];
    }
    json = json_stringn(text, bin.size * 2);
    free(text);
    return json;
}

static json_t *json_of_array(struct sk_value value)
{
    struct sk_value_walk walk = sk_value_walk(value);
    json_t *array = json_array();

    while (array != NULL && sk_value_next(&walk)) {
        if (json_array_append_new(array, sk_json_of_value(walk.value)) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *json_of_map(struct sk_value value)
{
    struct sk_value_walk walk = sk_value_walk(value);
    json_t *object = json_object();

    while (object != NULL && sk_value_next(&walk)) {
        char *key = strndup((const char *)walk.key.data, walk.key.size);
        int failed =
            key == NULL ||
            json_object_set_new(object, key, sk_json_of_value(walk.value)) != 0;

        free(key);
        if (failed) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

json_t *sk_json_of_value(struct sk_value value)
{
    struct sk_bytes text;

    switch (sk_value_kind(value)) {
    case SK_VALUE_NONE:
    case SK_VALUE_NIL:
        return json_null();
    case SK_VALUE_BOOL:
        return json_boolean(sk_value_bool(value));
    case SK_VALUE_UINT:
        return json_integer((json_int_t)sk_value_uint(value));
    case SK_VALUE_STR:
        text = sk_value_str(value);
        return json_stringn((const char *)text.data, text.size);
    case SK_VALUE_BIN:
        return json_of_bin(sk_value_bin(value));
    case SK_VALUE_ARRAY:
        return json_of_array(value);
    case SK_VALUE_MAP:
        return json_of_map(value);
    }
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool pack_object(struct sk_pack *p, const json_t *json)
{
    size_t count = json_object_size(json);
    const char **keys = calloc(count + 1, sizeof(*keys));
    json_t *object = (json_t *)(uintptr_t)json; /* jansson iterates non-const */
    size_t at = 0;
    bool good = keys != NULL;

    if (!good)
        return false;
    for (void *it = json_object_iter(object); it != NULL;
         it = json_object_iter_next(object, it))
        keys[at++] = json_object_iter_key(it);
    qsort(keys, count, sizeof(*keys), compare_keys);
    sk_pack_map(p, count);
    for (size_t i = 0; good && i < count; i++) {
        sk_pack_cstr(p, keys[i]);
        good = sk_json_pack(p, json_object_get(json, keys[i]));
    }
    free(keys);
    return good;
}

static bool pack_array(struct sk_pack *p, const json_t *json)
{
    size_t count = json_array_size(json);

    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        if (!sk_json_pack(p, json_array_get(json, i)))
            return false;
    return true;
}

bool sk_json_pack(struct sk_pack *p, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return pack_object(p, json);
    case JSON_ARRAY:
        return pack_array(p, json);
    case JSON_STRING:
        sk_pack_str(p,
                    (struct sk_bytes){(const uint8_t *)json_string_value(json),
                                      json_string_length(json)});
        return true;
    case JSON_INTEGER:
        if (json_integer_value(json) < 0)
            return false;
        sk_pack_uint(p, (uint64_t)json_integer_value(json));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        sk_pack_bool(p, json_is_true(json));
        return true;
    case JSON_NULL:
        sk_pack_nil(p);
        return true;
    case JSON_REAL:
        return false;
    }
    return false;
}

const char *sk_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

json_t *sk_json_sorted(const json_t *list,
                       int (*compare)(const void *a, const void *b))
{
    size_t count = json_array_size(list);
    json_t **members = calloc(count + 1, sizeof(json_t *));
    json_t *out = json_array();

    if (members == NULL || out == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        members[i] = json_array_get(list, i);
    qsort(members, count, sizeof(json_t *), compare);
    for (size_t i = 0; i < count; i++)
        json_array_append(out, members[i]);
    free(members);
    return out;
}

static void print(const json_t *json, size_t layout)
{
    json_dumpf(json, stdout, layout | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    putchar('\n');
}

void sk_json_print(const json_t *json)
{
    print(json, JSON_INDENT(2));
}

void sk_json_print_line(const json_t *json)
{
    print(json, JSON_COMPACT);
}

void sk_json_print_inside(json_t *json, int depth)
{
    char *text =
        json_dumps(json, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_ENCODE_ANY);

    if (text == NULL)
        abort();
    for (const char *line = text; line != NULL;) {
        const char *end = strchr(line, '\n');
        size_t size = end == NULL ? strlen(line) : (size_t)(end - line) + 1;

        fwrite(line, 1, size, stdout);
        line = end == NULL ? NULL : end + 1;
        if (line != NULL)
            printf("%*s", depth, "");
    }
    free(text);
    json_decref(json);
}
