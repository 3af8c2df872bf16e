#include "protocol/pack.h"

#include <string.h>

#include <msgpack/pack.h>

/* msgpack-c calls this for each piece; it never asks for memory. */
static int write_piece(void *data, const char *piece, size_t size)
{
    struct sk_pack *p = data;

    if (p->full || size > p->size_max - p->size) {
        p->full = true;
        return -1;
    }
    if (size > 0)
        memcpy(p->data + p->size, piece, size);
    p->size += size;
    return 0;
}

static msgpack_packer packer_of(struct sk_pack *p)
{
    msgpack_packer packer = {p, write_piece};

    return packer;
}

/* A body that cannot fit is not started: msgpack-c cuts sizes at 32 bits. */
static bool fits(struct sk_pack *p, size_t size)
{
    if (size > p->size_max - p->size || size > UINT32_MAX)
        p->full = true;
    return !p->full;
}

struct sk_pack sk_pack_start(struct sk_room room)
{
    return (struct sk_pack){room.data, room.size_max, 0, false};
}

/*
 * The packer returns what write_piece() returned, which `full` remembers: its
 * results are ignored below.
 */
void sk_pack_nil(struct sk_pack *p)
{
    msgpack_packer packer = packer_of(p);

    (void)msgpack_pack_nil(&packer);
}

void sk_pack_bool(struct sk_pack *p, bool value)
{
    msgpack_packer packer = packer_of(p);

    if (value)
        (void)msgpack_pack_true(&packer);
    else
        (void)msgpack_pack_false(&packer);
}

void sk_pack_uint(struct sk_pack *p, uint64_t value)
{
    msgpack_packer packer = packer_of(p);

    (void)msgpack_pack_uint64(&packer, value);
}

void sk_pack_bin(struct sk_pack *p, struct sk_bytes bytes)
{
    msgpack_packer packer = packer_of(p);

    if (!fits(p, bytes.size))
        return;
    (void)msgpack_pack_bin(&packer, bytes.size);
    (void)msgpack_pack_bin_body(&packer, bytes.data, bytes.size);
}

void sk_pack_bin_head(struct sk_pack *p, size_t size)
{
    msgpack_packer packer = packer_of(p);

    assert(size <= UINT32_MAX);
    (void)msgpack_pack_bin(&packer, size);
}

void sk_pack_str(struct sk_pack *p, struct sk_bytes text)
{
    msgpack_packer packer = packer_of(p);

    if (!fits(p, text.size))
        return;
    (void)msgpack_pack_str(&packer, text.size);
    (void)msgpack_pack_str_body(&packer, text.data, text.size);
}

void sk_pack_cstr(struct sk_pack *p, const char *text)
{
    sk_pack_str(p, sk_text(text));
}

/* An entry takes at least one byte, so a count is bounded like a body. */
void sk_pack_array(struct sk_pack *p, size_t count)
{
    msgpack_packer packer = packer_of(p);

    if (fits(p, count))
        (void)msgpack_pack_array(&packer, count);
}

void sk_pack_map(struct sk_pack *p, size_t count)
{
    msgpack_packer packer = packer_of(p);

    if (fits(p, count))
        (void)msgpack_pack_map(&packer, count);
}

void sk_pack_id(struct sk_pack *p, const struct sk_id *id)
{
    sk_pack_bin(p, (struct sk_bytes){id->bytes, sizeof(id->bytes)});
}

void sk_pack_raw(struct sk_pack *p, struct sk_bytes value)
{
    (void)write_piece(p, (const char *)value.data, value.size);
}

enum sk_status sk_pack_finish(const struct sk_pack *p, struct sk_bytes *out)
{
    if (p->full)
        return SK_E_NO_ROOM;
    *out = (struct sk_bytes){p->data, p->size};
    return SK_OK;
}
