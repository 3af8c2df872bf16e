/*
 * A checkpoint: what a node signs of its journal, as text that existing tools
 * check too (C2SP signed-note and tlog-checkpoint).  docs/PROTOCOL.md 11
 *
 *     schakel/kempen/ocmw-mol#1f2e3d4c5b6a7988       charter, org, log
 *     127                                            entries
 *     <44 base64>                                    root of the tree
 *     after 99aabbccddeeff00 120                     per restart, oldest first
 *
 *     — schakel/kempen/ocmw-mol#1f2e3d4c5b6a7988 <92 base64>
 *
 * A log has a random name of its own.  A node that was put back from a backup
 * goes on under a new one, and says behind how many entries of the old one:
 * "after".  The signature is Ed25519 by the node's signing key over the text
 * before the empty line.
 *
 * Pure; values.
 */
#ifndef SK_PROTOCOL_CHECKPOINT_H
#define SK_PROTOCOL_CHECKPOINT_H

#include "protocol/keys.h"
#include "protocol/merkle.h"

#define SK_LOG_ID_SIZE 8
struct sk_log_id { /* random; all zero: none */
    uint8_t bytes[SK_LOG_ID_SIZE];
};

#define SK_RESTARTS_MAX 8
struct sk_restart {
    struct sk_log_id log; /* the one before */
    uint64_t size;        /* how much of it the next one starts with */
};

struct sk_checkpoint {
    struct sk_org charter;
    struct sk_org org;
    struct sk_log_id log;
    struct sk_merkle_head head;
    struct sk_restart restarts[SK_RESTARTS_MAX]; /* the last ones */
    size_t restarts_count;
};

/* "schakel/" charter "/" org "#" log, and a NUL. */
#define SK_ORIGIN_SIZE (8 + SK_ORG_SIZE_MAX + 1 + SK_ORG_SIZE_MAX + 1 + 16)
/* The whole text, bytes. */
#define SK_CHECKPOINT_SIZE_MAX 1024
/* A verifier key as Go's note package prints it: name+hash+base64. */
#define SK_VKEY_SIZE_MAX (SK_ORIGIN_SIZE + 1 + 8 + 1 + 44)

bool sk_log_id_equal(const struct sk_log_id *a, const struct sk_log_id *b);
bool sk_log_id_is_none(const struct sk_log_id *id);

/* Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status
sk_checkpoint_sign(const struct sk_checkpoint *checkpoint,
                   const struct sk_sign_secret *secret, struct sk_room room,
                   struct sk_bytes *out);

/*
 * Read and verify.  public NULL: read only, the signature counts for nothing.
 * Fails with SK_E_BAD_FORM, SK_E_BAD_VALUE, SK_E_TOO_LARGE,
 * SK_E_BAD_SIGNATURE.
 */
SK_CHECKED enum sk_status
sk_checkpoint_open(struct sk_bytes in, const struct sk_sign_public *public,
                   struct sk_checkpoint *out);

/* The verifier key of this log, for other tools. */
void sk_checkpoint_vkey(const struct sk_checkpoint *checkpoint,
                        const struct sk_sign_public *public,
                        char out[SK_VKEY_SIZE_MAX + 1]);

/*
 * Which part of the log `log` does this checkpoint's tree start with?  All of
 * it (UINT64_MAX) when it is the same log; up to the smallest restart since;
 * SK_E_NOT_FOUND: it names no restart from there.
 */
SK_CHECKED enum sk_status
sk_checkpoint_shares(const struct sk_checkpoint *checkpoint,
                     const struct sk_log_id *log, uint64_t *out);

/* ------------------------------------------------------------- signed notes
 * The form under it, over any text: for tests against other implementations.
 * name: without spaces and plus signs. */
void sk_note_key_hash(struct sk_bytes name, const struct sk_sign_public *public,
                      uint8_t out[4]);
/* Does this signature line, without its line end, sign text? */
bool sk_note_line_holds(struct sk_bytes text, struct sk_bytes line,
                        struct sk_bytes name,
                        const struct sk_sign_public *public);

#endif
