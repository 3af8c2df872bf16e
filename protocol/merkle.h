/*
 * Merkle trees over SHA-256 (RFC 6962 2.1, RFC 9162 2.1): roots, proofs that
 * a leaf is in a tree, and proofs that a tree only grew.
 *                                                     docs/PROTOCOL.md 3.5
 * Leaf SHA-256(0x00 || leaf), node SHA-256(0x01 || left || right), the left
 * part the largest power of two below the count; no leaves: SHA-256 of
 * nothing.
 *
 * A tree that grows is kept as its edge: the roots of the full subtrees that
 * its size is made of.  Proofs are made from full subtrees that the caller
 * looks up, and checked with nothing but the two roots.
 *
 * Plain values; owns nothing.
 */
#ifndef SK_PROTOCOL_MERKLE_H
#define SK_PROTOCOL_MERKLE_H

#include "protocol/base.h"
#include "protocol/status.h"

/* Leaves of one tree at most, and what follows from it. */
#define SK_MERKLE_LEVELS 40
#define SK_MERKLE_SIZE_MAX (UINT64_C(1) << SK_MERKLE_LEVELS)
/* Hashes in one proof. */
#define SK_MERKLE_PROOF_MAX (SK_MERKLE_LEVELS + 2)

/* Roots of subtrees of 256 leaves, of 256 * 256, ... are worth keeping: all
   others are found again from at most 256 of the level below. */
#define SK_MERKLE_STEP 8
#define SK_MERKLE_STEPS (SK_MERKLE_LEVELS / SK_MERKLE_STEP)

void sk_merkle_leaf(struct sk_bytes leaf, struct sk_hash *out);
void sk_merkle_node(const struct sk_hash *left, const struct sk_hash *right,
                    struct sk_hash *out);
void sk_merkle_root(const struct sk_bytes *leaves, size_t count,
                    struct sk_hash *out);

/* ------------------------------------------------------------- the edge */
struct sk_merkle_edge {
    uint64_t size;
    struct sk_hash full[SK_MERKLE_LEVELS + 1]; /* largest first */
};
/* Subtrees that a leaf completed: done[i] of 256^(i + 1) leaves. */
struct sk_merkle_done {
    struct sk_hash hash[SK_MERKLE_STEPS];
    size_t count;
};

/* How many roots the edge of a tree of this size has. */
size_t sk_merkle_edge_count(uint64_t size);
/* One leaf more, by its hash.  size is below SK_MERKLE_SIZE_MAX. */
void sk_merkle_edge_add(struct sk_merkle_edge *edge, const struct sk_hash *leaf,
                        struct sk_merkle_done *done);
void sk_merkle_edge_root(const struct sk_merkle_edge *edge,
                         struct sk_hash *out);

/* ------------------------------------------------------------- proofs */
struct sk_merkle_proof {
    struct sk_hash hashes[SK_MERKLE_PROOF_MAX];
    size_t count;
};

/* The caller's tree: the root of the 2^level leaves from index * 2^level on.
   What it fails with is handed up. */
typedef enum sk_status sk_merkle_read(void *context, unsigned level,
                                      uint64_t index, struct sk_hash *out);

/* The root that the tree had at this size. */
SK_CHECKED enum sk_status sk_merkle_root_at(sk_merkle_read *read, void *context,
                                            uint64_t size, struct sk_hash *out);
/* Leaf `index`, from 0, is in the tree of the first `size` leaves. */
SK_CHECKED enum sk_status sk_merkle_inclusion(sk_merkle_read *read,
                                              void *context, uint64_t index,
                                              uint64_t size,
                                              struct sk_merkle_proof *out);
/* The tree of the first `size` leaves starts with that of the first `old`;
   1 <= old <= size. */
SK_CHECKED enum sk_status sk_merkle_consistency(sk_merkle_read *read,
                                                void *context, uint64_t old,
                                                uint64_t size,
                                                struct sk_merkle_proof *out);

/* Two tree heads. */
struct sk_merkle_head {
    uint64_t size;
    struct sk_hash root;
};
bool sk_merkle_inclusion_holds(const struct sk_hash *leaf, uint64_t index,
                               const struct sk_merkle_head *head,
                               const struct sk_merkle_proof *proof);
bool sk_merkle_consistency_holds(const struct sk_merkle_head *old,
                                 const struct sk_merkle_head *head,
                                 const struct sk_merkle_proof *proof);

#endif
