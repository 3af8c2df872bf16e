#include "policies/arena.h"

#include <stdalign.h>
#include <string.h>

struct sk_arena sk_arena_start(void *data, size_t size_max)
{
    assert(data != NULL || size_max == 0);
    assert((uintptr_t)data % alignof(max_align_t) == 0);

    return (struct sk_arena){.data = data, .size_max = size_max};
}

/* Cut size bytes off; NULL when they do not fit. */
static void *cut(struct sk_arena *arena, size_t align, size_t size)
{
    size_t skip = (align - arena->size % align) % align;
    uint8_t *at;

    if (arena->full || arena->size_max - arena->size < skip ||
        arena->size_max - arena->size - skip < size) {
        arena->full = true;
        return NULL;
    }
    at = arena->data + arena->size + skip;
    arena->size += skip + size;
    return at;
}

void *sk_arena_get(struct sk_arena *arena, size_t size)
{
    void *at = cut(arena, alignof(max_align_t), size);

    if (at != NULL)
        memset(at, 0, size);
    return at;
}

void *sk_arena_take(struct sk_arena *arena, size_t size)
{
    return cut(arena, alignof(max_align_t), size);
}

void sk_arena_trim(struct sk_arena *arena, const void *start, size_t size)
{
    size_t end = (size_t)((const uint8_t *)start - arena->data) + size;

    assert(end <= arena->size);

    arena->size = end;
}

void *sk_arena_get_array(struct sk_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        arena->full = true;
        return NULL;
    }
    return sk_arena_get(arena, count * size);
}

struct sk_bytes sk_arena_copy(struct sk_arena *arena, struct sk_bytes bytes)
{
    uint8_t *at = cut(arena, 1, bytes.size + 1);

    if (at == NULL)
        return (struct sk_bytes){NULL, 0};
    if (bytes.size != 0)
        memcpy(at, bytes.data, bytes.size);
    at[bytes.size] = '\0';
    return (struct sk_bytes){at, bytes.size};
}

size_t sk_arena_mark(const struct sk_arena *arena)
{
    return arena->size;
}

void sk_arena_reset(struct sk_arena *arena, size_t mark)
{
    assert(mark <= arena->size);

    if (arena->size > arena->high)
        arena->high = arena->size;
    arena->size = mark;
    arena->full = false;
}
