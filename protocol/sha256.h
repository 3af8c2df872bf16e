/*
 * SHA-256 of many texts at once.                     docs/PROTOCOL.md 3.5
 *
 * What a Merkle tree is made of: many short texts, each with the same byte in
 * front, that do not wait for each other.  Where the processor has AVX2, eight
 * are hashed side by side, one in each lane of a vector; elsewhere libsodium
 * hashes one after the other.  The hashes are the same.
 *
 * Nothing secret goes in: its memory is not wiped.
 */
#ifndef SK_PROTOCOL_SHA256_H
#define SK_PROTOCOL_SHA256_H

#include "protocol/base.h"

/*
 * SHA-256(prefix || text) of each text.
 *
 *     out     `count` hashes; may lie on the texts themselves when out[i] is
 *             not behind the start of text i
 */
void sk_sha256_each(uint8_t prefix, const struct sk_bytes *texts, size_t count,
                    struct sk_hash *out);

#endif
