/*
 * The age format, version 1 (https://age-encryption.org/v1), for what leaves
 * a node as a file: backups.  What is written here opens with the stock `age`,
 * and the other way round.  Recipients are X25519 keys or one passphrase
 * (scrypt); other kinds of recipients in a file are passed over.
 *
 *     header     text: one stanza per recipient, and a MAC over them
 *     nonce      16 bytes
 *     chunks     each 64 KiB of plaintext and a tag of 16 bytes; the last one
 *                is marked in its nonce, so that a cut shows
 *
 * No armor.  The caller brings the bytes piece by piece: nothing here holds
 * more than one chunk.
 */
#ifndef SK_PROTOCOL_AGE_H
#define SK_PROTOCOL_AGE_H

#include "protocol/keys.h"

#define SK_AGE_CHUNK_SIZE 65536u
#define SK_AGE_TAG_SIZE 16u
#define SK_AGE_SEALED_SIZE (SK_AGE_CHUNK_SIZE + SK_AGE_TAG_SIZE)
#define SK_AGE_NONCE_SIZE 16u
#define SK_AGE_HEADER_SIZE_MAX 16384u /* with the nonce */
#define SK_AGE_STANZAS_MAX 64
#define SK_AGE_RECIPIENTS_MAX 16

/* Work of scrypt: 2^n KiB of memory.  What we write; the most we do for a
   stranger's file. */
#define SK_AGE_WORK 18
#define SK_AGE_WORK_MAX 20

#define SK_AGE_RECIPIENT_TEXT_SIZE 62 /* "age1...", without NUL */
#define SK_AGE_IDENTITY_TEXT_SIZE 74  /* "AGE-SECRET-KEY-1..." */

struct sk_age_recipient {
    uint8_t bytes[32];
};
struct sk_age_identity {
    uint8_t secret_bytes[32];
};

/* Keys as text, age_key.c.  Fail with SK_E_BAD_FORM. */
SK_CHECKED enum sk_status sk_age_recipient_parse(struct sk_bytes text,
                                                 struct sk_age_recipient *out);
SK_CHECKED enum sk_status sk_age_identity_parse(struct sk_bytes text,
                                                struct sk_age_identity *out);
/* Write the text and a NUL. */
void sk_age_recipient_format(const struct sk_age_recipient *recipient,
                             char out[SK_AGE_RECIPIENT_TEXT_SIZE + 1]);
void sk_age_identity_format(const struct sk_age_identity *identity,
                            char out[SK_AGE_IDENTITY_TEXT_SIZE + 1]);
void sk_age_recipient_of(const struct sk_age_identity *identity,
                         struct sk_age_recipient *out);

/* The chunks of one file, in order.  Wipe it. */
struct sk_age_stream {
    uint8_t secret_bytes[32];
    uint64_t chunk; /* number of the next one, from 0 */
    bool ended;
};

/* ------------------------------------------------------------- writing */
/* To whom: 1 to SK_AGE_RECIPIENTS_MAX recipients, or else a passphrase. */
struct sk_age_to {
    struct sk_age_recipient recipients[SK_AGE_RECIPIENTS_MAX];
    size_t recipients_count;
    struct sk_bytes passphrase_secret; /* when recipients_count is 0 */
};
/*
 * Header and nonce of a new file; room of SK_AGE_HEADER_SIZE_MAX is enough.
 *     seed    fresh; never used for anything else
 * Fails with SK_E_NO_ROOM, SK_E_BAD_VALUE (a recipient that is no key),
 * SK_E_MEMORY (scrypt).
 */
SK_CHECKED enum sk_status sk_age_start(const struct sk_age_to *to,
                                       const struct sk_seed *seed,
                                       struct sk_room room,
                                       struct sk_bytes *header,
                                       struct sk_age_stream *stream);
/*
 * Seal the next chunk: SK_AGE_CHUNK_SIZE bytes, or fewer in the last one,
 * which is empty only in an empty file.   out: plain.size + SK_AGE_TAG_SIZE.
 */
void sk_age_seal(struct sk_age_stream *stream, struct sk_bytes plain, bool last,
                 uint8_t *out);

/* ------------------------------------------------------------- reading */
struct sk_age_stanza {
    struct sk_bytes arguments; /* the line behind "-> " */
    struct sk_bytes body;      /* base64, lines of 64 */
};
struct sk_age_header { /* views */
    struct sk_age_stanza stanzas[SK_AGE_STANZAS_MAX];
    size_t stanzas_count;
    bool passphrase;              /* that is what opens it */
    struct sk_bytes signed_bytes; /* under the MAC */
    struct sk_bytes mac;          /* base64 */
    struct sk_bytes nonce;
    size_t size; /* of header and nonce */
};
/*
 * Read the start of a file.  Fails with SK_E_AGAIN (it goes on behind `in`),
 * SK_E_BAD_VERSION (no age file, or another version), SK_E_BAD_FORM,
 * SK_E_TOO_LARGE.
 */
SK_CHECKED enum sk_status sk_age_header_read(struct sk_bytes in,
                                             struct sk_age_header *out);
/* With what: identities, or a passphrase. */
struct sk_age_with {
    const struct sk_age_identity *identities;
    size_t identities_count;
    struct sk_bytes passphrase_secret;
};
/* Fails with SK_E_WRONG_KEY, SK_E_BAD_FORM, SK_E_BAD_SEAL (the header was
   changed), SK_E_TOO_LARGE (scrypt above SK_AGE_WORK_MAX), SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_age_header_open(const struct sk_age_header *header,
                                             const struct sk_age_with *with,
                                             struct sk_age_stream *stream);
/*
 * Open the next chunk.
 *     last    nothing follows it in the file
 *     out     room for SK_AGE_CHUNK_SIZE bytes
 * Fails with SK_E_BAD_SEAL (changed, cut, or out of order), SK_E_BAD_LENGTH.
 */
SK_CHECKED enum sk_status sk_age_open(struct sk_age_stream *stream,
                                      struct sk_bytes sealed, bool last,
                                      uint8_t *out, size_t *size);

#endif
