/*
 * The keys seen so far in one file, to find the one that comes twice.
 *                                                     docs/POLICY.md 3.3
 * A hash table in the arena; only yaml.c uses it.
 */
#ifndef SK_POLICIES_YAML_KEYS_H
#define SK_POLICIES_YAML_KEYS_H

#include "policies/yaml.h"

struct sk_seen {
    const struct sk_node *map;
    const struct sk_node *node;
};

struct sk_keys {
    struct sk_arena *arena;
    struct sk_seen *slots; /* at most half of them in use */
    size_t slots_count;    /* a power of two */
    size_t count;
    size_t file_size;
    uint64_t seed;
};

/* The file is the seed, so that no file can hold keys chosen to collide. */
struct sk_keys sk_keys_start(struct sk_arena *arena, struct sk_bytes file);

/*
 * Remember the key of node in map.
 *
 *     before    the node with the same key in the same map; untouched if none
 *
 * False when the arena is full.
 */
bool sk_keys_add(struct sk_keys *keys, const struct sk_node *map,
                 const struct sk_node *node, const struct sk_node **before);

#endif
