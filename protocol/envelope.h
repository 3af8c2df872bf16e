/*
 * The envelope: everything that goes over the wire is one of these.
 *                                                        docs/PROTOCOL.md 5
 * Wire: array of 7
 *     uint     version     1
 *     uint     suite       1: X25519, BLAKE2b, XChaCha20-Poly1305
 *     str      sender      org
 *     str      recipient   org
 *     bin 8    sealing     id of the recipient's sealing key
 *     bin 32   ephemeral   fresh X25519 public key
 *     bin      ciphertext  of the padded plaintext
 *
 * key || nonce = BLAKE2b-512, keyed with the X25519 secret, over
 *     "schakel/seal/1" 0x00, then the first six fields as packed above,
 *     the recipient's sealing key, and both identity keys; first 32 bytes the
 *     key, next 24 the nonce.  Additional data: the first six fields.
 * Padding (Padme): plaintext || 0x80 || zeros, so that the padded size has at
 * most log2(log2(size)) significant bits; at least 256 bytes.
 */
#ifndef SK_PROTOCOL_ENVELOPE_H
#define SK_PROTOCOL_ENVELOPE_H

#include "protocol/card.h"

struct sk_envelope_head {
    struct sk_org sender;
    struct sk_org recipient;
    struct sk_seal_id sealing;
};

/* A plaintext of this size fits a frame between any two orgs. */
#define SK_PLAIN_SIZE_MAX 129023

/* Padded size for a plaintext of this size (the 0x80 included). */
size_t sk_padded_size(size_t size);

/*
 * Seal.   from, to: the cards of both.  seed: fresh, for the ephemeral key.
 * Fails with SK_E_NO_ROOM or SK_E_TOO_LARGE (frame over SK_FRAME_SIZE_MAX).
 */
SK_CHECKED enum sk_status
sk_envelope_seal(const struct sk_card *from, const struct sk_card *to,
                 const struct sk_seed *seed, struct sk_bytes plain,
                 struct sk_room room, struct sk_bytes *out);

/* Look at the outside only; nothing is verified yet. */
SK_CHECKED enum sk_status sk_envelope_peek(struct sk_bytes in,
                                           struct sk_envelope_head *out);

/*
 * Open.   from: the card of the partner that the transport authenticated.
 *         to, secret: own card and the secret of the key named by the head
 * out:    a view into room, the plaintext without padding
 * Fails with SK_E_BAD_VERSION, _BAD_FORM, _BAD_SENDER, _BAD_RECIPIENT,
 * _WRONG_KEY (sealing id), _BAD_SEAL, _TOO_LARGE, _NO_ROOM.
 */
SK_CHECKED enum sk_status
sk_envelope_open(struct sk_bytes in, const struct sk_card *from,
                 const struct sk_card *to, const struct sk_seal_secret *secret,
                 struct sk_room room, struct sk_bytes *out);

#endif
