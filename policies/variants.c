#include "policies/cases.h"
#include "policies/read.h"

#include <string.h>

/* Changes to a bundle for one case.  POLICY.md 14.2 */

static const char *const source_words[SK_SOURCE_COUNT] = {
    [SK_SOURCE_VOCABULARY] = "vocabulary", [SK_SOURCE_PARTNERS] = "partners",
    [SK_SOURCE_GUARDS] = "guards",         [SK_SOURCE_POLICY] = "policy",
    [SK_SOURCE_INVARIANTS] = "invariants",
};

static const char *const rule_lists[] = {"share", "never", "limit"};

/* A variant while it is applied. */
struct applying {
    struct sk_arena *arena;
    struct sk_sources sources;
    struct sk_node *copies[SK_SOURCE_COUNT]; /* trees that may be changed */
    const char *problem;
};

enum sk_status sk_sources_read(struct sk_sources *sources,
                               struct sk_arena *arena)
{
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        struct sk_source *source = &sources->of[i];
        struct sk_findings findings = sk_findings_start(arena);
        struct sk_node *tree = NULL;

        if (source->tree != NULL || source->bytes.data == NULL)
            continue;
        SK_TRY(
            sk_yaml_read(source->name, source->bytes, arena, &findings, &tree));
        source->tree = tree;
    }
    return SK_OK;
}

/* Note what does not fit, once; NULL parts end the list. */
static bool refuse(struct applying *a, const char *what, struct sk_bytes word)
{
    size_t size = strlen(what);
    char *text;

    if (a->problem != NULL)
        return false;
    text = sk_arena_get(a->arena, size + word.size + 1);
    if (text == NULL)
        return false;
    memcpy(text, what, size + 1);
    if (word.size != 0)
        memcpy(text + size, word.data, word.size);
    a->problem = text;
    return false;
}

/* The tree of a file, as a copy that may be changed. */
static struct sk_node *tree_of(struct applying *a, enum sk_source_file which)
{
    struct sk_source *source = &a->sources.of[which];

    if (a->copies[which] != NULL)
        return a->copies[which];
    if (source->tree == NULL) {
        (void)refuse(a, "variant: this file cannot be read: ",
                     sk_text(source_words[which]));
        return NULL;
    }
    if (which == SK_SOURCE_VOCABULARY)
        a->sources.vocabulary = NULL;
    a->copies[which] = sk_node_copy(a->arena, source->tree);
    source->tree = a->copies[which];
    return a->copies[which];
}

/* ---------------------------------------------------------------- rules */

/* The link to the rule with this id, in one of the three lists. */
static struct sk_node **find_rule(struct sk_node *policy, struct sk_bytes id,
                                  struct sk_node **list)
{
    for (size_t i = 0; i < SK_COUNT(rule_lists); i++) {
        struct sk_node **link;

        *list = sk_node_get(policy, rule_lists[i]);
        if (*list == NULL || (*list)->kind != SK_NODE_LIST)
            continue;
        for (link = &(*list)->first; *link != NULL; link = &(*link)->next) {
            const struct sk_node *name = sk_node_get(*link, "id");

            if (name != NULL && name->kind == SK_NODE_SCALAR &&
                sk_bytes_equal(name->text, id))
                return link;
        }
    }
    return NULL;
}

static bool remove_rules(struct applying *a, const struct sk_node *ids)
{
    struct sk_node *policy = tree_of(a, SK_SOURCE_POLICY);

    if (policy == NULL)
        return false;
    for (const struct sk_node *id = ids->first; id != NULL; id = id->next) {
        struct sk_node *list;
        struct sk_node **link = find_rule(policy, id->text, &list);

        if (link == NULL)
            return refuse(a, "variant: no rule to remove: ", id->text);
        *link = (*link)->next;
        list->count--;
        /* A list has at least one element (3.4). */
        if (list->count == 0)
            (void)sk_node_set(a->arena, policy, list->key, NULL);
    }
    return true;
}

static bool set_keys(struct applying *a, struct sk_node *map,
                     const struct sk_node *values)
{
    for (const struct sk_node *value = values->first; value != NULL;
         value = value->next) {
        if (!sk_node_set(a->arena, map, value->key, value))
            return false;
    }
    return true;
}

static bool change_rules(struct applying *a, const struct sk_node *changes)
{
    struct sk_node *policy = tree_of(a, SK_SOURCE_POLICY);

    if (policy == NULL)
        return false;
    for (const struct sk_node *change = changes->first; change != NULL;
         change = change->next) {
        struct sk_node *list;
        struct sk_node **link = find_rule(policy, change->key, &list);

        if (link == NULL)
            return refuse(a, "variant: no rule to change: ", change->key);
        if (!set_keys(a, *link, change))
            return false;
    }
    return true;
}

static bool add_rules(struct applying *a, const struct sk_node *rules,
                      const char *key)
{
    struct sk_node *policy = tree_of(a, SK_SOURCE_POLICY);
    struct sk_node *list;

    if (policy == NULL)
        return false;
    list = sk_node_get(policy, key);
    if (list == NULL)
        return sk_node_set(a->arena, policy, sk_text(key), rules);
    if (list->kind != SK_NODE_LIST)
        return refuse(a, "variant: not a list: ", sk_text(key));
    for (const struct sk_node *rule = rules->first; rule != NULL;
         rule = rule->next) {
        if (!sk_node_append(a->arena, list, rule))
            return false;
    }
    return true;
}

static bool change_orgs(struct applying *a, const struct sk_node *changes)
{
    struct sk_node *roster = tree_of(a, SK_SOURCE_PARTNERS);
    struct sk_node *orgs = sk_node_get(roster, "orgs");

    if (roster == NULL)
        return false;
    if (orgs == NULL || orgs->kind != SK_NODE_MAP)
        return refuse(a, "variant: the roster has no 'orgs'", sk_text(""));
    for (const struct sk_node *change = changes->first; change != NULL;
         change = change->next) {
        struct sk_node *org = sk_node_get_bytes(orgs, change->key);

        if (org == NULL || org->kind != SK_NODE_MAP) {
            if (!sk_node_set(a->arena, orgs, change->key, change))
                return false;
        } else if (!set_keys(a, org, change)) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- patch */

static bool source_of(struct applying *a, const struct sk_node *node,
                      enum sk_source_file *out)
{
    for (size_t i = 0; node != NULL && i < SK_SOURCE_COUNT; i++) {
        if (sk_node_is(node, source_words[i])) {
            *out = (enum sk_source_file)i;
            return true;
        }
    }
    return refuse(
        a, "variant: unknown file: ", node != NULL ? node->text : sk_text(""));
}

/* The link to a child by position; *link is NULL just behind the last. */
static struct sk_node **position(struct sk_node *list, struct sk_bytes text)
{
    struct sk_node **link = &list->first;
    uint32_t at;

    if (!sk_text_is_int(text, &at))
        return NULL;
    for (; at > 0; at--) {
        if (*link == NULL)
            return NULL;
        link = &(*link)->next;
    }
    return link;
}

static bool set_position(struct applying *a, struct sk_node *list,
                         struct sk_bytes at, const struct sk_node *value)
{
    struct sk_node **link = position(list, at);
    struct sk_node *node;

    if (link == NULL || (*link == NULL && value == NULL))
        return refuse(a, "variant: no such position: ", at);
    if (value == NULL) {
        *link = (*link)->next;
        list->count--;
        return true;
    }
    if (*link == NULL)
        return sk_node_append(a->arena, list, value);
    node = sk_node_copy(a->arena, value);
    if (node == NULL)
        return false;
    node->key = (struct sk_bytes){NULL, 0};
    node->next = (*link)->next;
    *link = node;
    return true;
}

static bool patch_one(struct applying *a, const struct sk_node *patch)
{
    const struct sk_node *at = sk_node_get(patch, "at");
    const struct sk_node *value = sk_node_get(patch, "set");
    const struct sk_node *step = at->first;
    enum sk_source_file which = SK_SOURCE_POLICY;
    struct sk_node *node;

    if (!source_of(a, sk_node_get(patch, "file"), &which))
        return false;
    node = tree_of(a, which);
    if (node == NULL)
        return false;
    for (; step->next != NULL; step = step->next) {
        struct sk_node **link;

        if (node->kind == SK_NODE_LIST) {
            link = position(node, step->text);
            node = link != NULL ? *link : NULL;
        } else {
            node = sk_node_get_bytes(node, step->text);
        }
        if (node == NULL)
            return refuse(a, "variant: no such place: ", step->text);
    }
    if (node->kind == SK_NODE_LIST)
        return set_position(a, node, step->text, value);
    if (node->kind != SK_NODE_MAP ||
        (value == NULL && sk_node_get_bytes(node, step->text) == NULL))
        return refuse(a, "variant: no such place: ", step->text);
    return sk_node_set(a->arena, node, step->text, value);
}

/* ---------------------------------------------------------------- raw */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Bytes of hex text with spaces; SIZE_MAX when malformed.  out may be NULL. */
static size_t unhex(struct sk_bytes hex, uint8_t *out)
{
    size_t size = 0;
    int high = -1;

    for (size_t i = 0; i < hex.size; i++) {
        int digit = hex_digit(hex.data[i]);

        if (hex.data[i] == ' ' && high < 0)
            continue;
        if (digit < 0)
            return SIZE_MAX;
        if (high < 0) {
            high = digit;
            continue;
        }
        if (out != NULL)
            out[size] = (uint8_t)(high * 16 + digit);
        size++;
        high = -1;
    }
    return high < 0 ? size : SIZE_MAX;
}

#define RAW_SIZE_MAX ((size_t)16 * 1024 * 1024)

/* Append one part; data NULL only counts. */
static bool put_part(struct applying *a, const struct sk_node *part,
                     uint8_t *data, size_t *size)
{
    const struct sk_node *text = sk_node_get(part, "text");
    const struct sk_node *hex = sk_node_get(part, "hex");
    const struct sk_node *repeat = sk_node_get(part, "repeat");
    const struct sk_node *given = text != NULL ? text : hex;
    uint32_t times = 1;
    size_t once;

    if (given == NULL || given->kind != SK_NODE_SCALAR ||
        (repeat != NULL && !sk_text_is_int(repeat->text, &times)))
        return refuse(a, "variant: malformed part of 'raw_parts'", sk_text(""));
    once = text != NULL ? text->text.size : unhex(hex->text, NULL);
    if (once == SIZE_MAX)
        return refuse(a, "variant: not hexadecimal: ", hex->text);
    if (once * times > RAW_SIZE_MAX - *size)
        return refuse(a, "variant: 'raw_parts' is too large", sk_text(""));
    for (uint32_t i = 0; i < times && data != NULL && once != 0; i++) {
        if (text != NULL)
            memcpy(data + *size + (size_t)i * once, text->text.data, once);
        else
            (void)unhex(hex->text, data + *size + (size_t)i * once);
    }
    *size += once * times;
    return true;
}

static bool put_parts(struct applying *a, const struct sk_node *parts,
                      uint8_t *data, size_t *size)
{
    *size = 0;
    for (const struct sk_node *part = parts->first; part != NULL;
         part = part->next) {
        if (!put_part(a, part, data, size))
            return false;
    }
    return true;
}

static bool set_raw(struct applying *a, const struct sk_node *variant)
{
    const struct sk_node *raw = sk_node_get(variant, "raw");
    const struct sk_node *parts = sk_node_get(variant, "raw_parts");
    const struct sk_node *as = sk_node_get(variant, "raw_as");
    enum sk_source_file which = SK_SOURCE_POLICY;
    struct sk_bytes bytes = {(const uint8_t *)"", 0};
    uint8_t *data;

    if (as != NULL && !source_of(a, as, &which))
        return false;
    if (raw != NULL) {
        if (raw->text.size != 0)
            bytes = raw->text;
    } else {
        if (!put_parts(a, parts, NULL, &bytes.size))
            return false;
        data = sk_arena_get(a->arena, bytes.size + 1);
        if (data == NULL || !put_parts(a, parts, data, &bytes.size))
            return false;
        bytes.data = data;
    }
    if (which == SK_SOURCE_VOCABULARY)
        a->sources.vocabulary = NULL;
    a->sources.of[which].tree = NULL;
    a->sources.of[which].bytes = bytes;
    return true;
}

/* ---------------------------------------------------------------- apply */

/* A child that must be a list or map; *node NULL when it is not there. */
static bool get(struct applying *a, const struct sk_node *variant,
                const char *key, enum sk_node_kind kind,
                const struct sk_node **node)
{
    *node = sk_node_get(variant, key);
    if (*node == NULL || (*node)->kind == kind)
        return true;
    return refuse(a, "variant: malformed: ", sk_text(key));
}

static bool patch_all(struct applying *a, const struct sk_node *patches)
{
    for (const struct sk_node *patch = patches->first; patch != NULL;
         patch = patch->next) {
        const struct sk_node *at = sk_node_get(patch, "at");

        if (at == NULL || at->kind != SK_NODE_LIST || at->first == NULL)
            return refuse(a, "variant: malformed: ", sk_text("patch"));
        if (!patch_one(a, patch))
            return false;
    }
    return true;
}

static bool apply(struct applying *a, const struct sk_node *variant)
{
    const struct sk_node *node;

    if (!get(a, variant, "remove", SK_NODE_LIST, &node) ||
        (node != NULL && !remove_rules(a, node)))
        return false;
    if (!get(a, variant, "change", SK_NODE_MAP, &node) ||
        (node != NULL && !change_rules(a, node)))
        return false;
    if (!get(a, variant, "add_share", SK_NODE_LIST, &node) ||
        (node != NULL && !add_rules(a, node, "share")))
        return false;
    if (!get(a, variant, "add_never", SK_NODE_LIST, &node) ||
        (node != NULL && !add_rules(a, node, "never")))
        return false;
    if (!get(a, variant, "add_limit", SK_NODE_LIST, &node) ||
        (node != NULL && !add_rules(a, node, "limit")))
        return false;
    if (!get(a, variant, "orgs", SK_NODE_MAP, &node) ||
        (node != NULL && !change_orgs(a, node)))
        return false;
    if (!get(a, variant, "patch", SK_NODE_LIST, &node) ||
        (node != NULL && !patch_all(a, node)))
        return false;
    if (!get(a, variant, "raw", SK_NODE_SCALAR, &node) ||
        (node != NULL && !set_raw(a, variant)))
        return false;
    return get(a, variant, "raw_parts", SK_NODE_LIST, &node) &&
           (node == NULL || set_raw(a, variant));
}

enum sk_status sk_variant_apply(const struct sk_node *variant,
                                struct sk_arena *arena,
                                struct sk_sources *sources,
                                const char **problem)
{
    struct applying a = {.arena = arena, .sources = *sources};

    *problem = NULL;
    if (variant == NULL)
        return SK_OK;
    if (variant->kind != SK_NODE_MAP)
        (void)refuse(&a, "variant: not a map", sk_text(""));
    else if (apply(&a, variant))
        *sources = a.sources;
    if (arena->full)
        return SK_E_MEMORY;
    *problem = a.problem;
    return SK_OK;
}
