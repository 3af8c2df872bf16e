/*
 * The key files of a node's folder, sealed at rest.       docs/OPERATING.md
 *
 * node.key: array of 8
 *     str      "schakel/node-key/1"
 *     uint     kind        0 unlocked by a 32-byte key, 1 by a passphrase
 *     bin 16   salt
 *     uint     passes      of Argon2id; 0 for kind 0
 *     uint     memory_kib  of Argon2id; 0 for kind 0
 *     bin 16   check       tells a wrong key from a damaged file
 *     bin 72   master      the master key, sealed under the unlocking key
 *     bin      online      the online secrets, sealed under the master key:
 *              array [bin 64 signing, array of 1..2 bin 32 sealing,
 *                     bin 32 curve]; while keys are being replaced two more:
 *                     bin of 0 or 32 curve before, bin of 0 or 32 master
 *                     before, at least one of them of 32
 *
 * identity.key: array of 5
 *     str      "schakel/identity-key/1"
 *     str      org
 *     bin 8    id          minisign's id of the key
 *     bin 32   public
 *     bin 104  secret      sealed under the master key
 *
 * Unlocking key: kind 0, BLAKE2b of the 32 bytes and the salt; kind 1,
 * Argon2id (3 passes, 64 MiB when we write; what a file asks for is bounded).
 * Everything in front of a sealed part is its additional data, so that no
 * part can be put into another file.
 *
 * A change of passphrase wraps the same master key again: nothing that is
 * stored under it has to be rewritten.
 *
 * Pure; but Argon2id takes its 64 MiB from libsodium and about 0.1 s.
 */
#ifndef SK_PROTOCOL_KEYFILE_H
#define SK_PROTOCOL_KEYFILE_H

#include "protocol/card.h"
#include "protocol/minisign.h"

#define SK_NODE_KEY_SIZE_MAX 1024
#define SK_IDENTITY_KEY_SIZE_MAX 512
#define SK_PASSPHRASE_SIZE_MAX 1024
#define SK_PASSPHRASE_SIZE_MIN 8
#define SK_UNLOCK_KEY_SIZE 32

/* Argon2id: what is written, and the most that a file may ask for. */
#define SK_ARGON_PASSES 3
#define SK_ARGON_MEMORY_KIB 65536
#define SK_ARGON_PASSES_MAX 16
#define SK_ARGON_MEMORY_KIB_MAX 1048576

/* Everything the daemon works with.  Wipe with sk_wipe() after use. */
struct sk_node_secrets {
    struct sk_sign_secret signing;
    struct sk_seal_secret sealing[2]; /* in the order of the own card */
    size_t sealing_count;             /* 1..2 */
    struct sk_curve_secret curve;
    struct sk_box_key master; /* wraps what the node stores */
    /* Until every partner knows `curve`: the one that lines still use. */
    bool has_curve_before;
    struct sk_curve_secret curve_before;
    /* Until all that is stored is wrapped under `master`. */
    bool has_master_before;
    struct sk_box_key master_before;
};

enum sk_unlock_kind { SK_UNLOCK_KEY, SK_UNLOCK_PASSPHRASE };

/* What the operator gives: 32 bytes of a key file or credential, or a
   passphrase of SK_PASSPHRASE_SIZE_MIN..MAX bytes. */
struct sk_unlock {
    enum sk_unlock_kind kind;
    struct sk_bytes secret_view; /* borrowed */
};

/*
 * From the content of a key file, passphrase file or credential: a key is all
 * 32 bytes, a passphrase the first line without its end.  A view into it.
 * Fails with SK_E_BAD_LENGTH.
 */
SK_CHECKED enum sk_status sk_unlock_of(enum sk_unlock_kind kind,
                                       struct sk_bytes content,
                                       struct sk_unlock *out);

/* The identity: what the charter names; needed only to sign. */
struct sk_identity {
    struct sk_org org;
    struct sk_minisign_key public;
    struct sk_sign_secret secret;
};

/*
 * Write node.key.
 *
 *     seed    fresh; gives the salt and the nonces
 *
 * Fails with SK_E_NO_ROOM, SK_E_BAD_LENGTH (key not 32 bytes, passphrase too
 * short or too long) or SK_E_MEMORY (Argon2id).
 */
SK_CHECKED enum sk_status sk_node_key_seal(const struct sk_node_secrets *node,
                                           const struct sk_unlock *unlock,
                                           const struct sk_seed *seed,
                                           struct sk_room room,
                                           struct sk_bytes *out);

/*
 * Read node.key.
 *
 * Fails with SK_E_WRONG_KEY (not this key or passphrase, or the other kind),
 * SK_E_BAD_SEAL (right key, damaged file), SK_E_BAD_*, SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_node_key_open(struct sk_bytes in,
                                           const struct sk_unlock *unlock,
                                           struct sk_node_secrets *out);

/* What unlocks this file, without opening it. */
SK_CHECKED enum sk_status sk_node_key_kind(struct sk_bytes in,
                                           enum sk_unlock_kind *out);

/* The same secrets under another passphrase or key.  Fails like open, seal. */
SK_CHECKED enum sk_status sk_node_key_change(struct sk_bytes in,
                                             const struct sk_unlock *old_unlock,
                                             const struct sk_unlock *new_unlock,
                                             const struct sk_seed *seed,
                                             struct sk_room room,
                                             struct sk_bytes *out);

/*
 * Read node.key with the master key instead of what unlocks it: for the node
 * that runs.  Fails with SK_E_WRONG_KEY (it is under another master key),
 * SK_E_BAD_*.
 */
SK_CHECKED enum sk_status sk_node_key_reopen(struct sk_bytes in,
                                             const struct sk_box_key *master,
                                             struct sk_node_secrets *out);

/*
 * Write node.key again with other online secrets, under the master key that
 * it has: what unlocks it stays the same.  Fails like reopen, and with
 * SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status
sk_node_key_rewrite(struct sk_bytes in, const struct sk_node_secrets *node,
                    const struct sk_seed *seed, struct sk_room room,
                    struct sk_bytes *out);

/*
 * Put the sealing secrets in the order of the node's own card, and see that
 * the card announces these keys.  (A renewal writes node.key before own.card;
 * when it is cut short in between, the key of the card that stands is the
 * second one here.)  The key before, second on the card, may be gone: it was
 * destroyed when its time was over.
 *
 * Fails with SK_E_WRONG_KEY when the card names a key that is not here; node
 * is then unchanged.
 */
SK_CHECKED enum sk_status sk_node_secrets_align(struct sk_node_secrets *node,
                                                const struct sk_card *card);

/* Write identity.key.  Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status sk_identity_seal(const struct sk_identity *identity,
                                           const struct sk_box_key *master,
                                           const struct sk_seed *seed,
                                           struct sk_room room,
                                           struct sk_bytes *out);

/*
 * Read identity.key.  Fails with SK_E_BAD_SEAL (another node's master key, or
 * a damaged file), SK_E_BAD_*.
 */
SK_CHECKED enum sk_status sk_identity_open(struct sk_bytes in,
                                           const struct sk_box_key *master,
                                           struct sk_identity *out);

#endif
