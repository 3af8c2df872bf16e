#include "policies/yaml.h"

#include <string.h>

#include "protocol/utf8.h"

/* ---------------------------------------------------------------- look up */

struct sk_node *sk_node_get_bytes(const struct sk_node *map,
                                  struct sk_bytes key)
{
    if (map == NULL || map->kind != SK_NODE_MAP)
        return NULL;
    for (struct sk_node *node = map->first; node != NULL; node = node->next) {
        if (sk_bytes_equal(node->key, key))
            return node;
    }
    return NULL;
}

struct sk_node *sk_node_get(const struct sk_node *map, const char *key)
{
    return sk_node_get_bytes(map, sk_text(key));
}

bool sk_node_is(const struct sk_node *node, const char *text)
{
    return node != NULL && node->kind == SK_NODE_SCALAR &&
           sk_bytes_equal(node->text, sk_text(text));
}

/* ---------------------------------------------------------------- change */

struct sk_node *sk_node_copy(struct sk_arena *arena, const struct sk_node *node)
{
    struct sk_node *copy = sk_arena_get(arena, sizeof(*copy));
    struct sk_node **tail;

    if (copy == NULL)
        return NULL;
    *copy = *node;
    copy->next = NULL;
    copy->first = NULL;
    copy->key = sk_arena_copy(arena, node->key);
    copy->text = sk_arena_copy(arena, node->text);
    tail = &copy->first;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        *tail = sk_node_copy(arena, child);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    }
    return arena->full ? NULL : copy;
}

/* The link that leads to this key, or to the NULL behind the last child. */
static struct sk_node **link_of(struct sk_node *map, struct sk_bytes key)
{
    struct sk_node **link = &map->first;

    while (*link != NULL && !sk_bytes_equal((*link)->key, key))
        link = &(*link)->next;
    return link;
}

bool sk_node_set(struct sk_arena *arena, struct sk_node *map,
                 struct sk_bytes key, const struct sk_node *value)
{
    struct sk_node **link = link_of(map, key);
    struct sk_node *old = *link;
    struct sk_node *node;

    assert(map->kind == SK_NODE_MAP);

    if (value == NULL) {
        if (old != NULL) {
            *link = old->next;
            map->count--;
        }
        return true;
    }
    node = sk_node_copy(arena, value);
    if (node == NULL)
        return false;
    node->key = sk_arena_copy(arena, key);
    if (node->key.data == NULL)
        return false;
    node->key_place = old != NULL ? old->key_place : value->place;
    node->next = old != NULL ? old->next : NULL;
    map->count += old == NULL;
    *link = node;
    return true;
}

bool sk_node_append(struct sk_arena *arena, struct sk_node *list,
                    const struct sk_node *value)
{
    struct sk_node **link = &list->first;
    struct sk_node *node = sk_node_copy(arena, value);

    assert(list->kind == SK_NODE_LIST);

    if (node == NULL)
        return false;
    node->key = (struct sk_bytes){NULL, 0};
    while (*link != NULL)
        link = &(*link)->next;
    *link = node;
    list->count++;
    return true;
}

/* ---------------------------------------------------------------- write */

struct writer {
    struct sk_room room;
    size_t size;
    enum sk_status status;
};

static void put(struct writer *w, char c)
{
    if (w->size == w->room.size_max)
        w->status = SK_E_NO_ROOM;
    else
        w->room.data[w->size++] = (uint8_t)c;
}

static void put_text(struct writer *w, const char *text)
{
    while (*text != '\0')
        put(w, *text++);
}

static size_t breaks_at(struct sk_bytes text, size_t at)
{
    size_t count = 0;

    while (at + count < text.size && text.data[at + count] == '\n')
        count++;
    return count;
}

/*
 * A line break cannot be an escape (POLICY.md 3.1), so it is folded: n breaks
 * are n + 1 ends of line.  Blanks beside it would be folded away and a mark of
 * the end of a document would be read as one; both are written as escapes.
 */
static void put_quoted(struct writer *w, struct sk_bytes text)
{
    bool fresh = false; /* at the start of a line */

    put(w, '"');
    for (size_t at = 0; at < text.size; at++) {
        char c = (char)text.data[at];
        size_t breaks = breaks_at(text, at);
        bool beside = fresh || breaks_at(text, at + 1) > 0;

        fresh = breaks > 0;
        if (breaks > 0) {
            for (size_t i = 0; i <= breaks; i++)
                put(w, '\n');
            at += breaks - 1;
        } else if (c == ' ' && beside) {
            put_text(w, "\\x20");
            fresh = true;
        } else if ((c == '-' || c == '.') && beside) {
            put_text(w, c == '-' ? "\\x2D" : "\\x2E");
        } else {
            if (c == '"' || c == '\\')
                put(w, '\\');
            put(w, c);
        }
    }
    put(w, '"');
}

/* Everything that reads back; the reader accepts nothing else either. */
static bool is_writable(struct sk_bytes text)
{
    size_t at = 0;

    while (at < text.size) {
        uint32_t character = sk_utf8_next(text, &at);

        if (character == SK_NO_CHARACTER ||
            sk_character_is_forbidden(character))
            return false;
    }
    return true;
}

static void put_node(struct writer *w, const struct sk_node *node)
{
    bool map = node->kind == SK_NODE_MAP;

    if (node->kind == SK_NODE_SCALAR) {
        if (!is_writable(node->text))
            w->status = SK_E_BAD_VALUE;
        put_quoted(w, node->text);
        return;
    }
    put(w, map ? '{' : '[');
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (child != node->first)
            put_text(w, ",\n");
        if (map) {
            if (!sk_utf8_is_line(child->key))
                w->status = SK_E_BAD_VALUE;
            put_quoted(w, child->key);
            put_text(w, ": ");
        }
        put_node(w, child);
    }
    put(w, map ? '}' : ']');
}

enum sk_status sk_yaml_write(const struct sk_node *node, struct sk_room room,
                             struct sk_bytes *out)
{
    struct writer w = {.room = room};

    put_node(&w, node);
    put(&w, '\n');
    if (w.status == SK_OK)
        *out = (struct sk_bytes){room.data, w.size};
    return w.status;
}
