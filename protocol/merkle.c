#include "protocol/merkle.h"

#include <string.h>

#include "protocol/sha256.h"

/* ------------------------------------------------------------- hashes */

void sk_merkle_leaf(struct sk_bytes leaf, struct sk_hash *out)
{
    static const uint8_t prefix[1] = {0x00};
    const struct sk_bytes parts[] = {{prefix, sizeof(prefix)}, leaf};

    sk_sha256_parts(parts, SK_COUNT(parts), out);
}

void sk_merkle_node(const struct sk_hash *left, const struct sk_hash *right,
                    struct sk_hash *out)
{
    uint8_t node[1 + 2 * SK_HASH_SIZE] = {0x01};

    memcpy(node + 1, left->bytes, SK_HASH_SIZE);
    memcpy(node + 1 + SK_HASH_SIZE, right->bytes, SK_HASH_SIZE);
    sk_sha256((struct sk_bytes){node, sizeof(node)}, out);
}

/* One root of the roots of full subtrees, largest first. */
static void fold(const struct sk_hash *full, size_t count, struct sk_hash *out)
{
    struct sk_hash root;

    if (count == 0) {
        sk_sha256((struct sk_bytes){0}, out);
        return;
    }
    root = full[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        sk_merkle_node(&full[i - 1], &root, &root);
    *out = root;
}

void sk_merkle_root(const struct sk_bytes *leaves, size_t count,
                    struct sk_hash *out)
{
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;
    struct sk_hash leaf;

    for (size_t i = 0; i < count; i++) {
        sk_merkle_leaf(leaves[i], &leaf);
        sk_merkle_edge_add(&edge, &leaf, &done);
    }
    sk_merkle_edge_root(&edge, out);
}

/* ------------------------------------------------------------- the edge */

size_t sk_merkle_edge_count(uint64_t size)
{
    size_t count = 0;

    for (; size > 0; size &= size - 1)
        count++;
    return count;
}

void sk_merkle_edge_add(struct sk_merkle_edge *edge, const struct sk_hash *leaf,
                        struct sk_merkle_done *done)
{
    size_t at = sk_merkle_edge_count(edge->size);
    unsigned level = 0;

    assert(edge->size < SK_MERKLE_SIZE_MAX);

    done->count = 0;
    edge->full[at] = *leaf;
    for (uint64_t bits = edge->size; (bits & 1) == 1; bits >>= 1) {
        at--;
        sk_merkle_node(&edge->full[at], &edge->full[at + 1], &edge->full[at]);
        level++;
        if (level % SK_MERKLE_STEP == 0)
            done->hash[done->count++] = edge->full[at];
    }
    edge->size++;
}

void sk_merkle_edge_root(const struct sk_merkle_edge *edge, struct sk_hash *out)
{
    fold(edge->full, sk_merkle_edge_count(edge->size), out);
}

/* ------------------------------------------------------------- making */

struct tree {
    sk_merkle_read *read;
    void *context;
};

/* The root of leaves [from, to): full subtrees, largest first.  from is a
   multiple of the largest, as every range in a proof. */
static enum sk_status root_of(const struct tree *tree, uint64_t from,
                              uint64_t to, struct sk_hash *out)
{
    struct sk_hash full[SK_MERKLE_LEVELS + 1];
    size_t count = 0;

    for (unsigned level = SK_MERKLE_LEVELS + 1; level-- > 0;) {
        uint64_t size = UINT64_C(1) << level;

        if (((to - from) & size) == 0)
            continue;
        SK_TRY(tree->read(tree->context, level, from >> level, &full[count]));
        count++;
        from += size;
    }
    fold(full, count, out);
    return SK_OK;
}

/* The largest power of two below the count; count is at least 2. */
static uint64_t split(uint64_t count)
{
    uint64_t k = 1;

    while (k * 2 < count)
        k *= 2;
    return k;
}

static enum sk_status add(const struct tree *tree, uint64_t from, uint64_t to,
                          struct sk_merkle_proof *proof)
{
    assert(proof->count < SK_MERKLE_PROOF_MAX);

    SK_TRY(root_of(tree, from, to, &proof->hashes[proof->count]));
    proof->count++;
    return SK_OK;
}

/* A proof is collected from the top and told from the bottom. */
static void publish(const struct sk_merkle_proof *proof,
                    struct sk_merkle_proof *out)
{
    out->count = proof->count;
    for (size_t i = 0; i < proof->count; i++)
        out->hashes[i] = proof->hashes[proof->count - 1 - i];
}

enum sk_status sk_merkle_root_at(sk_merkle_read *read, void *context,
                                 uint64_t size, struct sk_hash *out)
{
    const struct tree tree = {read, context};
    struct sk_hash root;

    assert(size <= SK_MERKLE_SIZE_MAX);

    SK_TRY(root_of(&tree, 0, size, &root));
    *out = root;
    return SK_OK;
}

enum sk_status sk_merkle_inclusion(sk_merkle_read *read, void *context,
                                   uint64_t index, uint64_t size,
                                   struct sk_merkle_proof *out)
{
    const struct tree tree = {read, context};
    struct sk_merkle_proof proof;
    uint64_t from = 0;
    uint64_t to = size;

    assert(index < size);
    assert(size <= SK_MERKLE_SIZE_MAX);

    proof.count = 0;
    while (to - from > 1) {
        uint64_t middle = from + split(to - from);

        if (index < middle) {
            SK_TRY(add(&tree, middle, to, &proof));
            to = middle;
        } else {
            SK_TRY(add(&tree, from, middle, &proof));
            from = middle;
        }
    }
    publish(&proof, out);
    return SK_OK;
}

enum sk_status sk_merkle_consistency(sk_merkle_read *read, void *context,
                                     uint64_t old, uint64_t size,
                                     struct sk_merkle_proof *out)
{
    const struct tree tree = {read, context};
    struct sk_merkle_proof proof;
    uint64_t from = 0;
    uint64_t to = size;

    assert(old >= 1);
    assert(old <= size);
    assert(size <= SK_MERKLE_SIZE_MAX);

    proof.count = 0;
    /* RFC 9162 2.1.4.1: down to where the old tree ends. */
    while (old < to) {
        uint64_t middle = from + split(to - from);

        if (old <= middle) {
            SK_TRY(add(&tree, middle, to, &proof));
            to = middle;
        } else {
            SK_TRY(add(&tree, from, middle, &proof));
            from = middle;
        }
    }
    /* Whoever has the old root knows it, unless other parts are before it. */
    if (from > 0)
        SK_TRY(add(&tree, from, to, &proof));
    publish(&proof, out);
    return SK_OK;
}

/* ------------------------------------------------------------- checking */

/* RFC 9162 2.1.3.2 and 2.1.4.2: where we are in both trees. */
struct climb {
    uint64_t fn;
    uint64_t sn;
};

static void up(struct climb *at)
{
    at->fn >>= 1;
    at->sn >>= 1;
}

/* Is the next hash of the proof the left one? */
static bool is_left(const struct climb *at)
{
    return (at->fn & 1) == 1 || at->fn == at->sn;
}

static void skip(struct climb *at)
{
    while (at->fn != 0 && (at->fn & 1) == 0)
        up(at);
}

bool sk_merkle_inclusion_holds(const struct sk_hash *leaf, uint64_t index,
                               const struct sk_merkle_head *head,
                               const struct sk_merkle_proof *proof)
{
    struct climb at = {index, head->size - 1};
    struct sk_hash root = *leaf;

    if (index >= head->size)
        return false;
    for (size_t i = 0; i < proof->count; i++) {
        if (at.sn == 0)
            return false;
        if (is_left(&at)) {
            sk_merkle_node(&proof->hashes[i], &root, &root);
            skip(&at);
        } else {
            sk_merkle_node(&root, &proof->hashes[i], &root);
        }
        up(&at);
    }
    return at.sn == 0 &&
           memcmp(root.bytes, head->root.bytes, SK_HASH_SIZE) == 0;
}

bool sk_merkle_consistency_holds(const struct sk_merkle_head *old,
                                 const struct sk_merkle_head *head,
                                 const struct sk_merkle_proof *proof)
{
    struct climb at = {old->size - 1, head->size - 1};
    struct sk_hash first;
    struct sk_hash second;
    size_t i = 0;

    if (old->size == 0 || old->size > head->size)
        return false;
    if (old->size == head->size)
        return proof->count == 0 &&
               memcmp(old->root.bytes, head->root.bytes, SK_HASH_SIZE) == 0;
    if (proof->count == 0)
        return false;
    while ((at.fn & 1) == 1)
        up(&at);
    /* A size that is a power of two is a subtree itself: its root starts. */
    first = (old->size & (old->size - 1)) == 0 ? old->root : proof->hashes[i++];
    second = first;
    for (; i < proof->count; i++) {
        if (at.sn == 0)
            return false;
        if (is_left(&at)) {
            sk_merkle_node(&proof->hashes[i], &first, &first);
            sk_merkle_node(&proof->hashes[i], &second, &second);
            skip(&at);
        } else {
            sk_merkle_node(&second, &proof->hashes[i], &second);
        }
        up(&at);
    }
    return at.sn == 0 &&
           memcmp(first.bytes, old->root.bytes, SK_HASH_SIZE) == 0 &&
           memcmp(second.bytes, head->root.bytes, SK_HASH_SIZE) == 0;
}
