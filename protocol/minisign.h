/*
 * Detached signatures in minisign's format, so that a privacy officer can
 * sign and check with the stock tool.                   docs/PROTOCOL.md 9.3
 *
 * Signature file, four lines:
 *     untrusted comment: <text>
 *     base64(algorithm 2, key id 8, signature 64)
 *     trusted comment: <text>
 *     base64(signature 64 over the first signature and the trusted text)
 * Algorithm "Ed" signs the bytes, "ED" their BLAKE2b-512; we write "ED" and
 * accept both.  Public key: base64("Ed", key id 8, key 32), alone or under
 * an untrusted comment.  Secret key, only without password (minisign -W):
 * "Ed", 0x0000, "B2", 48 zero bytes, key id 8, secret 64, checksum 32 (zeros
 * when the stock tool wrote it).
 *
 * Base64 must be canonical, lines end with LF or CR LF, nothing follows the
 * fourth line.  Comments have no control characters but TAB, which the stock
 * tool puts between the parts of its own.  The untrusted comment is the only
 * part that nothing protects.
 */
#ifndef SK_PROTOCOL_MINISIGN_H
#define SK_PROTOCOL_MINISIGN_H

#include "protocol/keys.h"

#define SK_MINISIGN_ID_SIZE 8
#define SK_MINISIGN_KEY_TEXT_SIZE 56     /* base64, without the NUL */
#define SK_MINISIGN_COMMENT_SIZE_MAX 512 /* either comment, bytes */
#define SK_MINISIGN_SIGNATURE_SIZE_MAX 2048
#define SK_MINISIGN_SECRET_SIZE_MAX 1024

struct sk_minisign_id {
    uint8_t bytes[SK_MINISIGN_ID_SIZE];
};
struct sk_minisign_key {
    struct sk_minisign_id id;
    struct sk_sign_public public;
};

/* The key with the id that we give keys of our own: the first 8 bytes of the
   BLAKE2b of the key. */
void sk_minisign_key_of(const struct sk_sign_public *public,
                        struct sk_minisign_key *out);

bool sk_minisign_key_equal(const struct sk_minisign_key *a,
                           const struct sk_minisign_key *b);

/* The 56 characters that `minisign -P` takes, and a NUL. */
void sk_minisign_key_format(const struct sk_minisign_key *key,
                            char out[SK_MINISIGN_KEY_TEXT_SIZE + 1]);

/* Read those 56 characters, or a whole minisign.pub.  Fails with SK_E_BAD_*.*/
SK_CHECKED enum sk_status sk_minisign_key_parse(struct sk_bytes text,
                                                struct sk_minisign_key *out);

/*
 * Sign bytes and write the signature file.
 *
 *     comment   trusted comment, one printable line
 *
 * Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_minisign_sign(const struct sk_sign_secret *secret,
                                           const struct sk_minisign_key *key,
                                           struct sk_bytes bytes,
                                           const char *comment,
                                           struct sk_room room,
                                           struct sk_bytes *out);

/*
 * Verify a signature file over bytes.
 *
 *     comment   the trusted comment, a view into `file`
 *
 * Fails with SK_E_WRONG_KEY (made by another key), SK_E_BAD_SIGNATURE,
 * SK_E_BAD_FORM, SK_E_BAD_LENGTH.
 */
SK_CHECKED enum sk_status sk_minisign_verify(const struct sk_minisign_key *key,
                                             struct sk_bytes bytes,
                                             struct sk_bytes file,
                                             struct sk_bytes *comment);

/* Write a secret key file for the stock tool.  Wipe the room after use.
   Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status
sk_minisign_secret_format(const struct sk_sign_secret *secret,
                          const struct sk_minisign_key *key,
                          struct sk_room room, struct sk_bytes *out);

/*
 * Read a secret key file without password.
 * Fails with SK_E_UNSUPPORTED (it has a password), SK_E_BAD_*.
 */
SK_CHECKED enum sk_status
sk_minisign_secret_parse(struct sk_bytes file, struct sk_sign_secret *secret,
                         struct sk_minisign_key *key);

#endif
