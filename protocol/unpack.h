/*
 * Read canonical msgpack from bytes a stranger sent.      docs/PROTOCOL.md 2
 *
 * A cursor with fixed expectations: each call says what must come next.  The
 * first thing that is not so is remembered; later calls return zero or empty
 * and sk_unpack_finish() says what it was.  Accepts the canonical form only
 * (shortest integers and lengths, valid UTF-8 in str).  Never allocates,
 * never reads past the end; everything returned is a view into the input.
 */
#ifndef SK_PROTOCOL_UNPACK_H
#define SK_PROTOCOL_UNPACK_H

#include "protocol/base.h"
#include "protocol/status.h"

struct sk_unpack {
    const uint8_t *at;
    const uint8_t *end;
    enum sk_status status;
};

struct sk_unpack sk_unpack_start(struct sk_bytes in);

/* An array or map of exactly this count. */
void sk_unpack_array(struct sk_unpack *u, size_t count);
void sk_unpack_map(struct sk_unpack *u, size_t count);
/* An array or map of min..max entries; the count. */
size_t sk_unpack_array_upto(struct sk_unpack *u, size_t min, size_t max);
size_t sk_unpack_map_upto(struct sk_unpack *u, size_t min, size_t max);
uint64_t sk_unpack_uint(struct sk_unpack *u, uint64_t min, uint64_t max);
bool sk_unpack_bool(struct sk_unpack *u);
void sk_unpack_nil(struct sk_unpack *u);
/* True, and consumed, when the next value is nil. */
bool sk_unpack_is_nil(struct sk_unpack *u);
/* Exactly size bytes of bin, copied to out. */
void sk_unpack_bin(struct sk_unpack *u, uint8_t *out, size_t size);
struct sk_bytes sk_unpack_bin_upto(struct sk_unpack *u, size_t min, size_t max);
struct sk_bytes sk_unpack_str(struct sk_unpack *u, size_t min, size_t max);
/* A str that must be exactly this (a map key, a context). */
void sk_unpack_key(struct sk_unpack *u, const char *key);
void sk_unpack_id(struct sk_unpack *u, struct sk_id *out);
void sk_unpack_org(struct sk_unpack *u, struct sk_org *out);
/* Any one canonical value, checked as sk_value_check(); its bytes. */
struct sk_bytes sk_unpack_any(struct sk_unpack *u);

/* SK_OK when nothing failed and nothing is left. */
SK_CHECKED enum sk_status sk_unpack_finish(const struct sk_unpack *u);

#endif
