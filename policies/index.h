/*
 * From a word to its position: a hash table that is filled once and then only
 * read, by any number of readers.  Lives in the arena.
 */
#ifndef SK_POLICIES_INDEX_H
#define SK_POLICIES_INDEX_H

#include "policies/arena.h"

#define SK_INDEX_NONE UINT16_MAX

struct sk_index_slot {
    const uint8_t *data; /* of the word; borrowed */
    uint32_t hash;
    uint16_t size;
    uint16_t position;
};

struct sk_index {
    struct sk_index_slot *slots; /* NULL: nothing in it */
    uint32_t mask;
};

/* Room for count words; false when the arena is full. */
bool sk_index_start(struct sk_index *index, struct sk_arena *arena,
                    size_t count);

/* Add a word.  Returns SK_INDEX_NONE, or the position it has already (then
   nothing changes).  Words are shorter than 64 KiB. */
uint16_t sk_index_add(struct sk_index *index, struct sk_bytes word,
                      uint16_t position);

/* SK_INDEX_NONE when the word is not there. */
uint16_t sk_index_find(const struct sk_index *index, struct sk_bytes word);

#endif
