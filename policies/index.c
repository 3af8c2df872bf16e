#include "policies/index.h"

#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint32_t hash_of(struct sk_bytes word)
{
    uint64_t hash = word.size;
    uint64_t part = 0;
    size_t at = 0;

    for (; word.size - at >= sizeof(part); at += sizeof(part)) {
        memcpy(&part, word.data + at, sizeof(part));
        hash = mix(hash, part);
    }
    part = 0;
    if (at < word.size)
        memcpy(&part, word.data + at, word.size - at);
    return (uint32_t)mix(hash, part);
}

/* The slot of this word, or the free one for it. */
static struct sk_index_slot *slot_of(const struct sk_index *index,
                                     struct sk_bytes word, uint32_t hash)
{
    for (uint32_t i = hash;; i++) {
        struct sk_index_slot *slot = &index->slots[i & index->mask];

        if (slot->data == NULL ||
            (slot->hash == hash && slot->size == word.size &&
             memcmp(slot->data, word.data, word.size) == 0))
            return slot;
    }
}

bool sk_index_start(struct sk_index *index, struct sk_arena *arena,
                    size_t count)
{
    uint32_t slots = 4;

    assert(count < SK_INDEX_NONE);

    while (slots < 2 * count + 1)
        slots *= 2;
    index->slots = sk_arena_get_array(arena, slots, sizeof(*index->slots));
    index->mask = slots - 1;
    return index->slots != NULL;
}

uint16_t sk_index_add(struct sk_index *index, struct sk_bytes word,
                      uint16_t position)
{
    uint32_t hash = hash_of(word);
    struct sk_index_slot *slot = slot_of(index, word, hash);

    assert(word.data != NULL);
    assert(word.size < UINT16_MAX);

    if (slot->data != NULL)
        return slot->position;
    *slot =
        (struct sk_index_slot){word.data, hash, (uint16_t)word.size, position};
    return SK_INDEX_NONE;
}

uint16_t sk_index_find(const struct sk_index *index, struct sk_bytes word)
{
    const struct sk_index_slot *slot;

    if (index->slots == NULL || word.data == NULL)
        return SK_INDEX_NONE;
    slot = slot_of(index, word, hash_of(word));
    return slot->data == NULL ? SK_INDEX_NONE : slot->position;
}
