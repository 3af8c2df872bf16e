#include "protocol/value.h"

#include "protocol/head.h"
#include "protocol/limits.h"

/* One array or map that is being read. */
struct level {
    uint64_t left; /* entries still to come */
    bool map;
    bool has_key;        /* of this entry of a map, the key was read */
    struct sk_bytes key; /* the last one */
    bool any_key;
};

struct scan {
    struct sk_bytes rest;
    size_t count; /* values seen; keys are none */
    size_t depth;
    struct level levels[SK_VALUE_DEPTH_MAX];
};

static void advance(struct sk_bytes *rest, size_t size)
{
    rest->data += size;
    rest->size -= size;
}

/* PROTOCOL.md 2.4: keys are str, and each is greater than the one before. */
static enum sk_status scan_key(struct scan *scan, struct level *level)
{
    struct sk_head head = {0};

    SK_TRY(sk_head_read(scan->rest, &head));
    if (head.kind != SK_HEAD_STR)
        return SK_E_BAD_FORM;
    if (level->any_key && sk_bytes_compare(head.body, level->key) <= 0)
        return SK_E_BAD_FORM;
    level->key = head.body;
    level->any_key = true;
    level->has_key = true;
    advance(&scan->rest, head.size);
    return SK_OK;
}

/* PROTOCOL.md 2.5: a count that the bytes left cannot hold is refused now. */
static enum sk_status scan_open(struct scan *scan, const struct sk_head *head)
{
    bool map = head->kind == SK_HEAD_MAP;

    if (head->count > scan->rest.size / (map ? 2 : 1))
        return SK_E_BAD_LENGTH;
    if (scan->depth == SK_VALUE_DEPTH_MAX)
        return SK_E_TOO_LARGE;
    scan->levels[scan->depth] = (struct level){.left = head->count, .map = map};
    scan->depth++;
    return SK_OK;
}

static enum sk_status scan_value(struct scan *scan)
{
    struct sk_head head = {0};

    SK_TRY(sk_head_read(scan->rest, &head));
    if (++scan->count > SK_VALUE_COUNT_MAX)
        return SK_E_TOO_LARGE;
    advance(&scan->rest, head.size);
    if (head.kind == SK_HEAD_ARRAY || head.kind == SK_HEAD_MAP)
        return scan_open(scan, &head);
    return SK_OK;
}

enum sk_status sk_value_check_first(struct sk_bytes in, struct sk_value *out)
{
    struct scan scan = {.rest = in};

    SK_TRY(scan_value(&scan));
    while (scan.depth > 0) {
        struct level *level = &scan.levels[scan.depth - 1];

        if (level->left == 0) {
            scan.depth--;
            continue;
        }
        if (level->map && !level->has_key) {
            SK_TRY(scan_key(&scan, level));
            continue;
        }
        level->left--;
        level->has_key = false;
        SK_TRY(scan_value(&scan));
    }
    out->bytes = (struct sk_bytes){in.data, in.size - scan.rest.size};
    return SK_OK;
}

enum sk_status sk_value_check(struct sk_bytes in, struct sk_value *out)
{
    struct sk_value value = {0};

    SK_TRY(sk_value_check_first(in, &value));
    if (value.bytes.size != in.size)
        return SK_E_BAD_LENGTH;
    *out = value;
    return SK_OK;
}

/* ------------------------------------------------------------- walking */

static bool head_of(struct sk_value v, struct sk_head *out)
{
    return v.bytes.size > 0 && sk_head_peek(v.bytes, out) == SK_OK;
}

enum sk_value_kind sk_value_kind(struct sk_value v)
{
    struct sk_head head = {0};

    if (!head_of(v, &head))
        return SK_VALUE_NONE;
    switch (head.kind) {
    case SK_HEAD_NIL:
        return SK_VALUE_NIL;
    case SK_HEAD_BOOL:
        return SK_VALUE_BOOL;
    case SK_HEAD_UINT:
        return SK_VALUE_UINT;
    case SK_HEAD_STR:
        return SK_VALUE_STR;
    case SK_HEAD_BIN:
        return SK_VALUE_BIN;
    case SK_HEAD_ARRAY:
        return SK_VALUE_ARRAY;
    case SK_HEAD_MAP:
        return SK_VALUE_MAP;
    }
    return SK_VALUE_NONE;
}

bool sk_value_bool(struct sk_value v)
{
    struct sk_head head = {0};

    return head_of(v, &head) && head.kind == SK_HEAD_BOOL && head.value == 1;
}

uint64_t sk_value_uint(struct sk_value v)
{
    struct sk_head head = {0};

    if (!head_of(v, &head) || head.kind != SK_HEAD_UINT)
        return 0;
    return head.value;
}

static struct sk_bytes body_of(struct sk_value v, enum sk_head_kind kind)
{
    struct sk_head head = {0};

    if (!head_of(v, &head) || head.kind != kind)
        return (struct sk_bytes){0};
    return head.body;
}

struct sk_bytes sk_value_str(struct sk_value v)
{
    return body_of(v, SK_HEAD_STR);
}

struct sk_bytes sk_value_bin(struct sk_value v)
{
    return body_of(v, SK_HEAD_BIN);
}

size_t sk_value_count(struct sk_value v)
{
    struct sk_head head = {0};

    if (!head_of(v, &head))
        return 0;
    return (size_t)head.count;
}

/* Size of the first value of checked bytes; 0 when there is none. */
static size_t size_of_first(struct sk_bytes in)
{
    struct sk_bytes rest = in;
    uint64_t pending = 1;

    while (pending > 0) {
        struct sk_head head;

        if (sk_head_peek(rest, &head) != SK_OK)
            return 0;
        advance(&rest, head.size);
        pending--;
        pending += head.kind == SK_HEAD_MAP ? 2 * head.count : head.count;
    }
    return in.size - rest.size;
}

struct sk_value_walk sk_value_walk(struct sk_value v)
{
    struct sk_value_walk walk = {0};
    struct sk_head head = {0};

    if (!head_of(v, &head))
        return walk;
    if (head.kind != SK_HEAD_ARRAY && head.kind != SK_HEAD_MAP)
        return walk;
    walk.left = (size_t)head.count;
    walk.map = head.kind == SK_HEAD_MAP;
    walk.rest = v.bytes;
    advance(&walk.rest, head.size);
    return walk;
}

bool sk_value_next(struct sk_value_walk *walk)
{
    struct sk_head head = {0};
    size_t size;

    if (walk->left == 0)
        return false;
    walk->left--;
    if (walk->map) {
        if (sk_head_peek(walk->rest, &head) != SK_OK)
            return false;
        walk->key = head.body;
        advance(&walk->rest, head.size);
    }
    size = size_of_first(walk->rest);
    if (size == 0)
        return false;
    walk->value.bytes = (struct sk_bytes){walk->rest.data, size};
    advance(&walk->rest, size);
    return true;
}

struct sk_value sk_value_get_bytes(struct sk_value map, struct sk_bytes key)
{
    struct sk_value_walk walk = sk_value_walk(map);

    if (!walk.map)
        return (struct sk_value){0};
    while (sk_value_next(&walk)) {
        int order = sk_bytes_compare(walk.key, key);

        if (order == 0)
            return walk.value;
        if (order > 0)
            break; /* keys ascend */
    }
    return (struct sk_value){0};
}

struct sk_value sk_value_get(struct sk_value map, const char *key)
{
    return sk_value_get_bytes(map, sk_text(key));
}
