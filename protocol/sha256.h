/*
 * SHA-256.                                                   FIPS 180-4
 * Nettle's, because it uses what the processor has for it and libsodium does
 * not; everything else of crypto is libsodium's.
 *
 * Pure.  What was hashed is wiped from the stack.
 */
#ifndef SK_PROTOCOL_SHA256_H
#define SK_PROTOCOL_SHA256_H

#include "protocol/base.h"

/* As `sha256sum` prints it. */
void sk_sha256(struct sk_bytes bytes, struct sk_hash *out);
/* Of the parts, one after the other. */
void sk_sha256_parts(const struct sk_bytes *parts, size_t count,
                     struct sk_hash *out);

#endif
