/*
 * Law: a proof that holds for other hashes than the tree's does not exist.
 * The input: size, place or older size, and hashes; checked against the roots
 * of a tree of that size, whose true proof is the only one that may hold.
 */
#include "fuzz.h"

#include "protocol/merkle.h"

#define LEAVES 300

static struct sk_hash leaves[LEAVES];
static size_t made;

static void make(void)
{
    for (; made < LEAVES; made++) {
        uint8_t leaf[2] = {(uint8_t)made, (uint8_t)(made >> 8)};

        sk_merkle_leaf((struct sk_bytes){leaf, 2}, &leaves[made]);
    }
}

static enum sk_status read_tree(void *context, unsigned level, uint64_t index,
                                struct sk_hash *out)
{
    size_t size = (size_t)1 << level;
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;

    (void)context;
    MUST((index + 1) * size <= LEAVES);
    for (size_t i = 0; i < size; i++)
        sk_merkle_edge_add(&edge, &leaves[index * size + i], &done);
    sk_merkle_edge_root(&edge, out);
    return SK_OK;
}

static struct sk_merkle_head head_of(uint64_t size)
{
    struct sk_merkle_head head = {.size = size};

    MUST(sk_merkle_root_at(read_tree, NULL, size, &head.root) == SK_OK);
    return head;
}

static bool same(const struct sk_merkle_proof *a,
                 const struct sk_merkle_proof *b)
{
    return a->count == b->count &&
           memcmp(a->hashes, b->hashes, a->count * sizeof(a->hashes[0])) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_merkle_proof given = {0};
    struct sk_merkle_proof truth;
    struct sk_merkle_head head;
    struct sk_merkle_head old;
    uint64_t at;

    if (size < 5)
        return 0;
    make();
    head = head_of(1 + (data[0] | (size_t)data[1] << 8) % LEAVES);
    at = (data[2] | (uint64_t)data[3] << 8) % LEAVES;
    for (size_t i = 5; i + SK_HASH_SIZE <= size; i += SK_HASH_SIZE) {
        if (given.count == SK_MERKLE_PROOF_MAX)
            break;
        memcpy(given.hashes[given.count++].bytes, data + i, SK_HASH_SIZE);
    }
    if (data[4] % 2 == 0) {
        bool holds = sk_merkle_inclusion_holds(&leaves[at], at, &head, &given);

        MUST(!holds || at < head.size);
        if (at >= head.size)
            return 0;
        MUST(sk_merkle_inclusion(read_tree, NULL, at, head.size, &truth) ==
             SK_OK);
        MUST(holds == same(&given, &truth));
        return 0;
    }
    old = head_of(at);
    if (at == 0 || at > head.size) {
        MUST(!sk_merkle_consistency_holds(&old, &head, &given));
        return 0;
    }
    MUST(sk_merkle_consistency(read_tree, NULL, at, head.size, &truth) ==
         SK_OK);
    MUST(sk_merkle_consistency_holds(&old, &head, &given) ==
         same(&given, &truth));
    return 0;
}
