/*
 * Cryptography by purpose; the only caller of libsodium in protocol/.
 *                                                        docs/PROTOCOL.md 3
 * Every kind of key is its own type.  Nothing here draws randomness: fresh
 * keys come from a seed (struct sk_seed) that the caller brings.  All signed,
 * hashed and derived bytes start with a context string of their own.
 *
 * The caller runs sodium_init() once before anything else.
 */
#ifndef SK_PROTOCOL_KEYS_H
#define SK_PROTOCOL_KEYS_H

#include "protocol/base.h"
#include "protocol/status.h"

#define SK_SIGNATURE_SIZE 64
#define SK_SEAL_ID_SIZE 8
#define SK_BOX_OVERHEAD 40 /* nonce 24 and tag 16, for sk_box_seal() */

struct sk_sign_public { /* Ed25519: identity or online signing key */
    uint8_t bytes[32];
};
struct sk_sign_secret {
    uint8_t secret_bytes[64];
};
struct sk_seal_public { /* X25519 */
    uint8_t bytes[32];
};
struct sk_seal_secret {
    uint8_t secret_bytes[32];
};
struct sk_curve_public { /* ZeroMQ CURVE transport, raw */
    uint8_t bytes[32];
};
struct sk_curve_secret {
    uint8_t secret_bytes[32];
};
struct sk_signature {
    uint8_t bytes[SK_SIGNATURE_SIZE];
};
struct sk_seal_id { /* first 8 bytes of the BLAKE2b of the public key */
    uint8_t bytes[SK_SEAL_ID_SIZE];
};
/* 32 bytes for XChaCha20-Poly1305: data keys, wrapping keys. */
struct sk_box_key {
    uint8_t secret_bytes[32];
};

void sk_sign_keypair(const struct sk_seed *seed, struct sk_sign_public *public,
                     struct sk_sign_secret *secret);
void sk_seal_keypair(const struct sk_seed *seed, struct sk_seal_public *public,
                     struct sk_seal_secret *secret);
void sk_curve_keypair(const struct sk_seed *seed,
                      struct sk_curve_public *public,
                      struct sk_curve_secret *secret);
void sk_seal_id_of(const struct sk_seal_public *public, struct sk_seal_id *out);

/* Ed25519 over context || 0x00 || bytes.  context: a C string. */
void sk_sign(const struct sk_sign_secret *secret, const char *context,
             struct sk_bytes bytes, struct sk_signature *out);
bool sk_verify(const struct sk_sign_public *public, const char *context,
               struct sk_bytes bytes, const struct sk_signature *signature);

/* BLAKE2b-256 over context || 0x00 || bytes. */
void sk_hash(const char *context, struct sk_bytes bytes, struct sk_hash *out);
/* Keyed BLAKE2b-256 (for lookup by INSZ or name inside one node). */
void sk_keyed_hash(const struct sk_box_key *key, const char *context,
                   struct sk_bytes bytes, struct sk_hash *out);
/* A key for one purpose from another key: keyed BLAKE2b over the context. */
void sk_derive(const struct sk_box_key *from, const char *context,
               struct sk_box_key *out);

/*
 * Seal at rest: XChaCha20-Poly1305, nonce given by the caller (24 random
 * bytes) and put in front.  out needs plain.size + SK_BOX_OVERHEAD.
 */
SK_CHECKED enum sk_status sk_box_seal(const struct sk_box_key *key,
                                      const uint8_t nonce[24],
                                      struct sk_bytes additional,
                                      struct sk_bytes plain, struct sk_room out,
                                      struct sk_bytes *sealed);
/* Fails with SK_E_BAD_SEAL or SK_E_NO_ROOM; out's bytes are then wiped. */
SK_CHECKED enum sk_status sk_box_open(const struct sk_box_key *key,
                                      struct sk_bytes additional,
                                      struct sk_bytes sealed,
                                      struct sk_room out,
                                      struct sk_bytes *plain);

/*
 * A stream of random bytes from a seed, for one step of the engine
 * (XChaCha20 keystream).  The same seed gives the same bytes.
 */
struct sk_random {
    struct sk_seed seed;
    uint64_t counter;
};
void sk_random_fill(struct sk_random *random, void *out, size_t size);

/* Merkle tree of RFC 6962 shape over SHA-256, leaf prefix 0x00, node 0x01.
   The root of no leaves is SHA-256 of nothing. */
void sk_merkle_root(const struct sk_bytes *leaves, size_t count,
                    struct sk_hash *out);

void sk_wipe(void *secret, size_t size);

#endif
