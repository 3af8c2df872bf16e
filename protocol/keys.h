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
#define SK_NONCE_SIZE 24
#define SK_TAG_SIZE 16
#define SK_BOX_OVERHEAD 40 /* nonce 24 and tag 16, for sk_box_seal() */

/* What is signed is a statement or a card, never a payload: context, 0x00
   and bytes together take at most this; more is an assert in sk_sign() and
   does not verify. */
#define SK_SIGNED_SIZE_MAX 8192

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
/* First 8 bytes of BLAKE2b-256("schakel/seal-id/1", public key). */
struct sk_seal_id {
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
/* The public half of a secret. */
void sk_seal_public_of(const struct sk_seal_secret *secret,
                       struct sk_seal_public *out);
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
 * bytes) and put in front.  out needs plain.size + SK_BOX_OVERHEAD and must not
 * overlap plain.  Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_box_seal(const struct sk_box_key *key,
                                      const uint8_t nonce[24],
                                      struct sk_bytes additional,
                                      struct sk_bytes plain, struct sk_room out,
                                      struct sk_bytes *sealed);
/* Fails with SK_E_BAD_SEAL or SK_E_NO_ROOM; out's bytes are then wiped. */
SK_CHECKED enum sk_status
sk_box_open(const struct sk_box_key *key, struct sk_bytes additional,
            struct sk_bytes sealed, struct sk_room out, struct sk_bytes *plain);

/*
 * Key and nonce of one envelope.                        docs/PROTOCOL.md 3.6
 * BLAKE2b-512, keyed with the X25519 secret of both keys, over
 * context || 0x00 || about.  One pair of keys and one `about` may seal once:
 * the ephemeral key makes it so.
 */
struct sk_agreed {
    uint8_t secret_key[32];
    uint8_t secret_nonce[SK_NONCE_SIZE];
};

/* Fails with SK_E_BAD_VALUE when the X25519 secret would be all zero. */
SK_CHECKED enum sk_status sk_agree(const struct sk_seal_secret *mine,
                                   const struct sk_seal_public *theirs,
                                   const char *context, struct sk_bytes about,
                                   struct sk_agreed *out);
/* Seal `size` bytes in place; SK_TAG_SIZE more are written behind them. */
void sk_agreed_seal(const struct sk_agreed *agreed, struct sk_bytes additional,
                    uint8_t *data, size_t size);
/* As sk_box_open(), for bytes without a nonce in front. */
SK_CHECKED enum sk_status sk_agreed_open(const struct sk_agreed *agreed,
                                         struct sk_bytes additional,
                                         struct sk_bytes sealed,
                                         struct sk_room out,
                                         struct sk_bytes *plain);

/*
 * Random bytes from a seed, for one step of the engine: ChaCha20 keystreams
 * under the seed, which is used for nothing else, each with a nonce of its own,
 * the counter, little-endian.  What a step takes in small pieces comes out of
 * one stream.  The same seed and the same calls give the same bytes.
 */
#define SK_RANDOM_FIRST_SIZE 64 /* most steps take no more */
#define SK_RANDOM_SIZE 512
struct sk_random {
    struct sk_seed seed;
    uint64_t counter;
    size_t left; /* of the stream, at its end */
    uint8_t secret_stream[SK_RANDOM_SIZE];
};
void sk_random_fill(struct sk_random *random, void *out, size_t size);

void sk_wipe(void *secret, size_t size);

#endif
