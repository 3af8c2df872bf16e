/*
 * Write canonical msgpack into room of a fixed size.     docs/PROTOCOL.md 2
 *
 * Canonical: shortest forms; map keys are str and ascend bytewise by their
 * text; no float, no negative integer, no ext.  The writer
 * remembers the first overflow, so a caller packs everything and looks once,
 * in sk_pack_finish().  Keys out of order are our own mistake: an assert in
 * sk_pack_finish() when the check is cheap, and tests run sk_value_check() on
 * everything that is packed.
 *
 * A plain value; owns nothing.
 */
#ifndef SK_PROTOCOL_PACK_H
#define SK_PROTOCOL_PACK_H

#include "protocol/base.h"
#include "protocol/status.h"

struct sk_pack {
    uint8_t *data; /* borrowed until finish */
    size_t size_max;
    size_t size;
    bool full;
};

struct sk_pack sk_pack_start(struct sk_room room);

void sk_pack_nil(struct sk_pack *p);
void sk_pack_bool(struct sk_pack *p, bool value);
void sk_pack_uint(struct sk_pack *p, uint64_t value);
void sk_pack_bin(struct sk_pack *p, struct sk_bytes bytes);
/* The head of a bin alone; `size` bytes of body follow, put there by others. */
void sk_pack_bin_head(struct sk_pack *p, size_t size);
/* text must be valid UTF-8. */
void sk_pack_str(struct sk_pack *p, struct sk_bytes text);
void sk_pack_cstr(struct sk_pack *p, const char *text);
void sk_pack_array(struct sk_pack *p, size_t count);
void sk_pack_map(struct sk_pack *p, size_t count);
/* An id as bin 16. */
void sk_pack_id(struct sk_pack *p, const struct sk_id *id);
/* Bytes that are one canonical value already. */
void sk_pack_raw(struct sk_pack *p, struct sk_bytes value);

/*
 * What was packed: a view into the room.
 * Fails with SK_E_NO_ROOM; out is then not written.
 */
SK_CHECKED enum sk_status sk_pack_finish(const struct sk_pack *p,
                                         struct sk_bytes *out);

#endif
