#include "policies/yaml_keys.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

struct sk_keys sk_keys_start(struct sk_arena *arena, struct sk_bytes file)
{
    uint64_t hash = file.size;

    for (size_t i = 0; i < file.size; i++)
        hash = mix(hash, file.data[i]);
    return (struct sk_keys){
        .arena = arena, .file_size = file.size, .seed = hash};
}

/* The slot that holds this key of this map, or the free one for it. */
static struct sk_seen *slot_of(const struct sk_keys *keys,
                               const struct sk_node *map, struct sk_bytes key)
{
    uint64_t hash = mix(keys->seed, (uint64_t)(uintptr_t)map);
    size_t i;

    for (size_t k = 0; k < key.size; k++)
        hash = mix(hash, key.data[k]);
    for (i = (size_t)(hash ^ hash >> 32);; i++) {
        struct sk_seen *slot = &keys->slots[i & (keys->slots_count - 1)];

        if (slot->node == NULL ||
            (slot->map == map && sk_bytes_equal(slot->node->key, key)))
            return slot;
    }
}

/* As many as most files need: a key and its value take 16 bytes or more. */
static size_t first_slots(const struct sk_keys *keys)
{
    size_t count = 64;

    while (count < keys->file_size / 8)
        count *= 2;
    return count;
}

static bool grow(struct sk_keys *keys)
{
    struct sk_keys old = *keys;

    keys->slots_count =
        old.slots_count == 0 ? first_slots(keys) : old.slots_count * 2;
    keys->slots = sk_arena_get_array(keys->arena, keys->slots_count,
                                     sizeof(*keys->slots));
    if (keys->slots == NULL) {
        *keys = old;
        return false;
    }
    for (size_t i = 0; i < old.slots_count; i++) {
        const struct sk_seen *seen = &old.slots[i];

        if (seen->node != NULL)
            *slot_of(keys, seen->map, seen->node->key) = *seen;
    }
    return true;
}

bool sk_keys_add(struct sk_keys *keys, const struct sk_node *map,
                 const struct sk_node *node, const struct sk_node **before)
{
    struct sk_seen *slot;

    if (2 * (keys->count + 1) > keys->slots_count && !grow(keys))
        return false;
    slot = slot_of(keys, map, node->key);
    if (slot->node != NULL) {
        *before = slot->node;
        return true;
    }
    *slot = (struct sk_seen){map, node};
    keys->count++;
    return true;
}
