/*
 * Memory for the policy code: one block that the caller gives, cut off from
 * the front, given back as a whole.
 *
 * A plain value.  Nothing in policies/ calls malloc.
 */
#ifndef SK_POLICIES_ARENA_H
#define SK_POLICIES_ARENA_H

#include "protocol/base.h"

struct sk_arena {
    uint8_t *data; /* borrowed; aligned for any type */
    size_t size_max;
    size_t size;
    size_t high; /* the furthest it stood at a reset: what to wipe up to */
    bool full;   /* something did not fit since start */
};

struct sk_arena sk_arena_start(void *data, size_t size_max);

/* Zeroed, aligned memory; NULL when it does not fit (and full is set). */
void *sk_arena_get(struct sk_arena *arena, size_t size);
/* As sk_arena_get(), without the zeroing: for room that is written before it
   is read. */
void *sk_arena_take(struct sk_arena *arena, size_t size);
/* Of what was taken last, only `size` bytes from its start on were written: the
   rest is free again, and need not be wiped. */
void sk_arena_trim(struct sk_arena *arena, const void *start, size_t size);
void *sk_arena_get_array(struct sk_arena *arena, size_t count, size_t size);
/* A copy of the bytes with a NUL behind it; empty when it does not fit. */
struct sk_bytes sk_arena_copy(struct sk_arena *arena, struct sk_bytes bytes);

/* Remember where the arena stands, and go back there. */
size_t sk_arena_mark(const struct sk_arena *arena);
void sk_arena_reset(struct sk_arena *arena, size_t mark);

#endif
