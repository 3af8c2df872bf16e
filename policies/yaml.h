/*
 * The strict YAML subset as a tree with places.          docs/POLICY.md 3
 *
 * libyaml scans and parses; this file refuses what the language refuses, in
 * one pass over the bytes and events, before anything is built from it.
 * Every scalar is text.  The tree lives in the arena.
 */
#ifndef SK_POLICIES_YAML_H
#define SK_POLICIES_YAML_H

#include "policies/findings.h"
#include "protocol/status.h"

enum sk_node_kind { SK_NODE_SCALAR, SK_NODE_LIST, SK_NODE_MAP };

/* One node.  The children of a list or map are a linked list in order. */
struct sk_node {
    enum sk_node_kind kind;
    struct sk_place place;
    struct sk_bytes text; /* scalar; NUL-terminated in the arena */
    struct sk_bytes key;  /* when the parent is a map */
    struct sk_place key_place;
    struct sk_node *first; /* of a list or map */
    struct sk_node *next;  /* sibling */
    size_t count;          /* children */
};

/*
 * Read one file.
 *
 *     file    name for findings; must outlive the tree
 *     bytes   any content
 *     out     the outermost map; NULL when there was an error
 *
 * SK_OK also when there are findings; fails only with SK_E_MEMORY when the
 * arena is too small (at most about 64 times the file, plus 1 MiB).
 */
SK_CHECKED enum sk_status sk_yaml_read(const char *file, struct sk_bytes bytes,
                                       struct sk_arena *arena,
                                       struct sk_findings *findings,
                                       struct sk_node **out);

/* The child with this key, or NULL (also when map is NULL or no map). */
struct sk_node *sk_node_get(const struct sk_node *map, const char *key);
struct sk_node *sk_node_get_bytes(const struct sk_node *map,
                                  struct sk_bytes key);
bool sk_node_is(const struct sk_node *node, const char *text);

/*
 * For variants of tests and drafts (POLICY.md 14.2): a deep copy, and setting
 * or removing (value NULL) one child of a map.
 */
struct sk_node *sk_node_copy(struct sk_arena *arena,
                             const struct sk_node *node);
bool sk_node_set(struct sk_arena *arena, struct sk_node *map,
                 struct sk_bytes key, const struct sk_node *value);
bool sk_node_append(struct sk_arena *arena, struct sk_node *list,
                    const struct sk_node *value);

/*
 * Write a tree as YAML that sk_yaml_read() reads back as the same tree
 * (double-quoted flow style).  Fails with SK_E_NO_ROOM, and with SK_E_BAD_VALUE
 * when a text holds what no file may hold (only trees made by hand do).
 */
SK_CHECKED enum sk_status sk_yaml_write(const struct sk_node *node,
                                        struct sk_room room,
                                        struct sk_bytes *out);

#endif
