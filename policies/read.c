#include "policies/read.h"

#include <string.h>

#include "protocol/utf8.h"

#define NAME_SIZE_MAX 64

/* ---------------------------------------------------------------- findings */

void sk_read_say(struct sk_findings *findings, const char *code,
                 struct sk_place place, const char *name, struct sk_bytes text)
{
    struct sk_argument argument = {name, text};

    sk_findings_add(findings, code, place, &argument, 1);
}

void sk_read_too_many(struct sk_findings *findings, struct sk_place place,
                      const char *what, size_t max)
{
    char number[21];
    struct sk_argument arguments[] = {
        {"what", sk_text(what)},
        {"max", sk_number_format(max, number)},
    };

    sk_findings_add(findings, "E019", place, arguments, SK_COUNT(arguments));
}

static bool wrong_shape(struct sk_findings *findings,
                        const struct sk_node *node, const char *what)
{
    sk_read_say(findings, "E008", node->place, "what", sk_text(what));
    return false;
}

static bool wrong_type(struct sk_findings *findings, const struct sk_node *node,
                       const char *type)
{
    struct sk_argument arguments[] = {
        {"value", node->text},
        {"type", sk_text(type)},
    };

    sk_findings_add(findings, "E009", node->place, arguments,
                    SK_COUNT(arguments));
    return false;
}

/* ---------------------------------------------------------------- shapes */

bool sk_read_is_map(struct sk_findings *findings, const struct sk_node *node)
{
    if (node == NULL)
        return false;
    return node->kind == SK_NODE_MAP || wrong_shape(findings, node, "a map");
}

bool sk_read_is_list(struct sk_findings *findings, const struct sk_node *node)
{
    if (node == NULL)
        return false;
    if (node->kind != SK_NODE_LIST)
        return wrong_shape(findings, node, "a list");
    return node->count > 0 ||
           wrong_shape(findings, node, "a list with at least one element");
}

bool sk_read_is_scalar(struct sk_findings *findings, const struct sk_node *node)
{
    if (node == NULL)
        return false;
    return node->kind == SK_NODE_SCALAR ||
           wrong_shape(findings, node, "a text");
}

static bool is_known(struct sk_bytes key, const char *const *known,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(key, sk_text(known[i])))
            return true;
    }
    return false;
}

bool sk_read_keys(struct sk_findings *findings, const struct sk_node *map,
                  const char *const *known, size_t count)
{
    bool good = true;

    if (!sk_read_is_map(findings, map))
        return false;
    for (const struct sk_node *child = map->first; child != NULL;
         child = child->next) {
        struct sk_hint hint = sk_hint_start(child->key);
        struct sk_argument arguments[] = {{"key", child->key},
                                          {"hint", {NULL, 0}}};

        if (is_known(child->key, known, count))
            continue;
        for (size_t i = 0; i < count; i++)
            sk_hint_offer(&hint, sk_text(known[i]));
        arguments[1].text = sk_hint_best(&hint);
        sk_findings_add(findings, "E010", child->key_place, arguments,
                        SK_COUNT(arguments));
        good = false;
    }
    return good;
}

struct sk_node *sk_read_need(struct sk_findings *findings,
                             const struct sk_node *map, const char *key)
{
    struct sk_node *node = sk_node_get(map, key);

    if (node == NULL && map != NULL && map->kind == SK_NODE_MAP)
        sk_read_say(findings, "E032", map->place, "key", sk_text(key));
    return node;
}

bool sk_read_format(struct sk_findings *findings, const struct sk_node *map,
                    const char *key, const char *want)
{
    const struct sk_node *node = sk_node_get(map, key);
    struct sk_argument arguments[] = {{"value", {NULL, 0}},
                                      {"want", sk_text(want)}};

    if (sk_node_is(node, want))
        return true;
    arguments[0].text = node != NULL && node->kind == SK_NODE_SCALAR
                            ? node->text
                            : sk_text(key);
    sk_findings_add(findings, "E011", node != NULL ? node->place : map->place,
                    arguments, SK_COUNT(arguments));
    return false;
}

/* ---------------------------------------------------------------- texts */

bool sk_read_text(struct sk_findings *findings, const struct sk_node *node,
                  struct sk_bytes *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    *out = node->text;
    return true;
}

bool sk_read_line(struct sk_findings *findings, const struct sk_node *node,
                  struct sk_bytes *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    if (!sk_utf8_is_line(node->text))
        return wrong_type(findings, node, "text of one line");
    *out = node->text;
    return true;
}

bool sk_text_is_id(struct sk_bytes text)
{
    struct sk_org org;

    return sk_org_parse(text, &org); /* the same form */
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

bool sk_text_is_word(struct sk_bytes text)
{
    if (text.size == 0 || text.size > NAME_SIZE_MAX ||
        !is_alphanumeric(text.data[0]))
        return false;
    for (size_t i = 1; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (!is_alphanumeric(c) && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool sk_read_id(struct sk_findings *findings, const struct sk_node *node,
                struct sk_bytes *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    if (!sk_text_is_id(node->text)) {
        sk_read_say(findings, "E017", node->place, "id", node->text);
        return false;
    }
    *out = node->text;
    return true;
}

bool sk_read_word(struct sk_findings *findings, const struct sk_node *node,
                  struct sk_bytes *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    if (!sk_text_is_word(node->text)) {
        sk_read_say(findings, "E017", node->place, "id", node->text);
        return false;
    }
    *out = node->text;
    return true;
}

bool sk_read_id_key(struct sk_findings *findings, const struct sk_node *child)
{
    if (sk_text_is_id(child->key))
        return true;
    sk_read_say(findings, "E017", child->key_place, "id", child->key);
    return false;
}

bool sk_read_word_key(struct sk_findings *findings, const struct sk_node *child)
{
    if (sk_text_is_word(child->key))
        return true;
    sk_read_say(findings, "E017", child->key_place, "id", child->key);
    return false;
}

/* ---------------------------------------------------------------- numbers */

bool sk_text_is_int(struct sk_bytes text, uint32_t *out)
{
    uint32_t number = 0;

    if (text.size == 0 || text.size > 9 ||
        (text.data[0] == '0' && text.size > 1))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (text.data[i] - (uint32_t)'0');
    }
    *out = number;
    return true;
}

bool sk_read_int(struct sk_findings *findings, const struct sk_node *node,
                 uint32_t min, uint32_t max, uint32_t *out)
{
    uint32_t number;

    if (!sk_read_is_scalar(findings, node))
        return false;
    if (!sk_text_is_int(node->text, &number))
        return wrong_type(findings, node, "whole number");
    if (number < min || number > max)
        return wrong_type(findings, node, "whole number that fits here");
    *out = number;
    return true;
}

bool sk_read_bool(struct sk_findings *findings, const struct sk_node *node,
                  bool *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    if (!sk_node_is(node, "true") && !sk_node_is(node, "false"))
        return wrong_type(findings, node, "truth value (true or false)");
    *out = sk_node_is(node, "true");
    return true;
}

bool sk_read_date(struct sk_findings *findings, const struct sk_node *node,
                  int32_t *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    return sk_day_parse(node->text, out) ||
           wrong_type(findings, node, "date (YYYY-MM-DD)");
}

bool sk_read_instant(struct sk_findings *findings, const struct sk_node *node,
                     int64_t *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    return sk_instant_parse(node->text, out) ||
           wrong_type(findings, node, "instant (YYYY-MM-DDTHH:MM:SSZ)");
}

bool sk_read_duration(struct sk_findings *findings, const struct sk_node *node,
                      struct sk_duration *out)
{
    if (!sk_read_is_scalar(findings, node))
        return false;
    if (sk_duration_parse(node->text, out))
        return true;
    sk_read_say(findings, "E041", node->place, "value", node->text);
    return false;
}

/* ---------------------------------------------------------------- labels */

bool sk_read_label(struct sk_findings *findings, const struct sk_node *entry,
                   struct sk_label *out)
{
    const struct sk_node *nl = sk_node_get(entry, "nl");
    const struct sk_node *en = sk_node_get(entry, "en");
    struct sk_label label;

    if (nl == NULL || en == NULL) {
        struct sk_bytes name = entry->key;
        const struct sk_node *level = sk_node_get(entry, "level");

        if (name.size == 0) /* an item of a list: it is named inside */
            name = level != NULL ? level->text : sk_text("?");
        sk_read_say(findings, "E081",
                    entry->key.size > 0 ? entry->key_place : entry->place, "id",
                    name);
        return false;
    }
    if (!sk_read_line(findings, nl, &label.nl) ||
        !sk_read_line(findings, en, &label.en))
        return false;
    *out = label;
    return true;
}
