#include "support.h"

#include "protocol/lines.h"
#include "protocol/merkle.h"

/* Trees of up to this many leaves are tried whole. */
#define SIZE_MAX_TRIED 300

/* --------------------------------------------- the tree of the RFC's tests
 * Leaves, roots and proofs that implementations of Certificate Transparency
 * share as known answers. */

static const char *const rfc_leaves[] = {"",
                                         "00",
                                         "10",
                                         "2021",
                                         "3031",
                                         "40414243",
                                         "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f"};
static const char *const rfc_roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct known_proof {
    uint64_t old; /* consistency; or the leaf */
    uint64_t size;
    const char *hashes[3];
    size_t count;
};
static const struct known_proof rfc_inclusion[] = {
    {0, 1, {0}, 0},
    {0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"},
     3},
    {5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
     3},
    {2,
     3,
     {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
     1},
    {1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"},
     3}};
static const struct known_proof rfc_consistency[] = {
    {1, 1, {0}, 0},
    {1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"},
     3},
    {6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
     3},
    {2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"},
     2}};

static struct sk_hash hash_of(const char *hex)
{
    struct sk_hash hash;

    cr_assert(sk_hash_parse(sk_text(hex), &hash));
    return hash;
}

/* ------------------------------------------------------------- a tree */

struct leaves {
    struct sk_hash hash[SIZE_MAX_TRIED];
    size_t count;
    size_t reads;
};
static struct leaves tree;

/* By the book: RFC 6962 2.1, from the hashes of the leaves. */
static struct sk_hash root_of(const struct sk_hash *hash, size_t count)
{
    struct sk_hash left;
    struct sk_hash right;
    size_t k = 1;

    if (count == 1)
        return hash[0];
    while (k * 2 < count)
        k *= 2;
    left = root_of(hash, k);
    right = root_of(hash + k, count - k);
    sk_merkle_node(&left, &right, &left);
    return left;
}

static enum sk_status read_leaves(void *context, unsigned level, uint64_t index,
                                  struct sk_hash *out)
{
    struct leaves *leaves = context;
    size_t size = (size_t)1 << level;

    leaves->reads++;
    /* Only what is there, and full, is asked for. */
    cr_assert(size * (index + 1) <= leaves->count);
    *out = root_of(leaves->hash + index * size, size);
    return SK_OK;
}

static enum sk_status read_nothing(void *context, unsigned level,
                                   uint64_t index, struct sk_hash *out)
{
    (void)context;
    (void)level;
    (void)index;
    (void)out;
    return SK_E_IO;
}

static void grow(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t leaf[2] = {(uint8_t)i, (uint8_t)(i >> 8)};

        sk_merkle_leaf((struct sk_bytes){leaf, 2}, &tree.hash[i]);
    }
    tree.count = count;
}

static void grow_rfc(void)
{
    for (size_t i = 0; i < SK_COUNT(rfc_leaves); i++) {
        uint8_t bytes[16];
        size_t size = strlen(rfc_leaves[i]) / 2;

        if (size > 0)
            cr_assert(eq(int,
                         sodium_hex2bin(bytes, sizeof(bytes), rfc_leaves[i],
                                        size * 2, NULL, NULL, NULL),
                         0));
        sk_merkle_leaf((struct sk_bytes){bytes, size}, &tree.hash[i]);
    }
    tree.count = SK_COUNT(rfc_leaves);
}

static struct sk_merkle_head head_of(size_t size)
{
    struct sk_merkle_head head = {.size = size};

    cr_assert(eq(int, sk_merkle_root_at(read_leaves, &tree, size, &head.root),
                 SK_OK));
    return head;
}

/* ------------------------------------------------------------- tests */

Test(merkle, gives_the_known_roots)
{
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;

    grow_rfc();
    for (size_t size = 0; size <= 8; size++) {
        struct sk_hash want = hash_of(rfc_roots[size]);
        struct sk_merkle_head head = head_of(size);
        struct sk_hash root;

        sk_merkle_edge_root(&edge, &root);
        cr_expect(sk_hash_equal(&root, &want), "%zu", size);
        cr_expect(sk_hash_equal(&head.root, &want), "%zu", size);
        if (size < 8)
            sk_merkle_edge_add(&edge, &tree.hash[size], &done);
    }
}

static void expect_proof(const struct sk_merkle_proof *proof,
                         const struct known_proof *known)
{
    cr_assert(eq(sz, proof->count, known->count), "%d of %d", (int)known->old,
              (int)known->size);
    for (size_t i = 0; i < known->count; i++) {
        struct sk_hash want = hash_of(known->hashes[i]);

        cr_expect(sk_hash_equal(&proof->hashes[i], &want));
    }
}

Test(merkle, gives_the_known_proofs)
{
    struct sk_merkle_proof proof;

    grow_rfc();
    for (size_t i = 0; i < SK_COUNT(rfc_inclusion); i++) {
        const struct known_proof *known = &rfc_inclusion[i];
        struct sk_merkle_head head = head_of(known->size);

        cr_assert(eq(int,
                     sk_merkle_inclusion(read_leaves, &tree, known->old,
                                         known->size, &proof),
                     SK_OK));
        expect_proof(&proof, known);
        cr_expect(sk_merkle_inclusion_holds(&tree.hash[known->old], known->old,
                                            &head, &proof));
    }
    for (size_t i = 0; i < SK_COUNT(rfc_consistency); i++) {
        const struct known_proof *known = &rfc_consistency[i];
        struct sk_merkle_head old = head_of(known->old);
        struct sk_merkle_head head = head_of(known->size);

        cr_assert(eq(int,
                     sk_merkle_consistency(read_leaves, &tree, known->old,
                                           known->size, &proof),
                     SK_OK));
        expect_proof(&proof, known);
        cr_expect(sk_merkle_consistency_holds(&old, &head, &proof));
    }
}

Test(merkle, keeps_the_edge_of_every_size)
{
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;

    grow(SIZE_MAX_TRIED);
    for (size_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        struct sk_hash root;
        struct sk_hash want = root_of(tree.hash, size);

        sk_merkle_edge_add(&edge, &tree.hash[size - 1], &done);
        sk_merkle_edge_root(&edge, &root);
        cr_expect(eq(u64, edge.size, size));
        cr_expect(sk_hash_equal(&root, &want), "%zu", size);
        cr_assert(eq(sz, done.count, size == 256 ? 1 : 0), "%zu", size);
        if (size == 256) {
            struct sk_hash full = root_of(tree.hash, 256);

            cr_expect(sk_hash_equal(&done.hash[0], &full));
        }
    }
}

Test(merkle, says_what_each_step_completed)
{
    static struct sk_merkle_edge edge;
    struct sk_merkle_done done;
    size_t one = 0;

    grow(1);
    for (size_t i = 1; i <= 3 * 65536; i++) {
        sk_merkle_edge_add(&edge, &tree.hash[0], &done);
        cr_assert(eq(sz, done.count,
                     i % 65536 == 0 ? 2
                     : i % 256 == 0 ? 1
                                    : 0),
                  "%zu", i);
        one += done.count;
    }
    cr_expect(eq(sz, one, 3 * 256 + 3));
    cr_expect(eq(sz, sk_merkle_edge_count(edge.size), 2));
}

/* Every proof holds, and no hash of it, root, size or place can be another. */
Test(merkle, proves_every_leaf_of_every_tree, .timeout = 300)
{
    struct sk_merkle_proof proof;

    grow(SIZE_MAX_TRIED);
    for (size_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        struct sk_merkle_head head = head_of(size);

        for (size_t i = size > 40 && size < 250 ? size % 7 : 0;
             i<size; i += size> 40 && size < 250 ? 7 : 1) {
            cr_assert(eq(
                int, sk_merkle_inclusion(read_leaves, &tree, i, size, &proof),
                SK_OK));
            cr_assert(
                sk_merkle_inclusion_holds(&tree.hash[i], i, &head, &proof),
                "%zu of %zu", i, size);
        }
    }
}

Test(merkle, proves_that_every_tree_grew, .timeout = 300)
{
    static struct sk_merkle_head heads[SIZE_MAX_TRIED + 1];
    struct sk_merkle_proof proof;

    grow(SIZE_MAX_TRIED);
    for (size_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        /* All of the small ones and of those around a power of two. */
        size_t stride = size > 40 && size < 250 ? 7 : 1;

        heads[size] = head_of(size);
        for (size_t old = 1 + size % stride; old <= size; old += stride) {
            struct sk_merkle_head other = heads[old];

            cr_assert(
                eq(int,
                   sk_merkle_consistency(read_leaves, &tree, old, size, &proof),
                   SK_OK));
            cr_assert(
                sk_merkle_consistency_holds(&heads[old], &heads[size], &proof),
                "%zu to %zu", old, size);
            other.root.bytes[old % 32] ^= 1;
            cr_assert(
                not(sk_merkle_consistency_holds(&other, &heads[size], &proof)),
                "%zu to %zu", old, size);
        }
    }
}

static void flip(struct sk_hash *hash, size_t bit)
{
    hash->bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

Test(merkle, refuses_a_proof_with_any_bit_changed, .timeout = 300)
{
    static const size_t sizes[] = {2, 3, 7, 8, 11, 200, 257};
    struct sk_merkle_proof proof;

    grow(SIZE_MAX_TRIED);
    for (size_t s = 0; s < SK_COUNT(sizes); s++) {
        struct sk_merkle_head head = head_of(sizes[s]);
        size_t i = sizes[s] * 2 / 3;
        struct sk_hash leaf = tree.hash[i];

        cr_assert(eq(
            int, sk_merkle_inclusion(read_leaves, &tree, i, sizes[s], &proof),
            SK_OK));
        for (size_t bit = 0; bit < proof.count * 256; bit++) {
            flip(&proof.hashes[bit / 256], bit % 256);
            cr_assert(not(sk_merkle_inclusion_holds(&leaf, i, &head, &proof)));
            flip(&proof.hashes[bit / 256], bit % 256);
        }
        for (size_t bit = 0; bit < 256; bit++) {
            flip(&leaf, bit);
            cr_assert(not(sk_merkle_inclusion_holds(&leaf, i, &head, &proof)));
            flip(&leaf, bit);
            flip(&head.root, bit);
            cr_assert(not(sk_merkle_inclusion_holds(&leaf, i, &head, &proof)));
            flip(&head.root, bit);
        }
        cr_expect(sk_merkle_inclusion_holds(&leaf, i, &head, &proof));
        /* Another place, one hash less or more. */
        for (size_t j = 0; j <= sizes[s]; j++)
            cr_assert(eq(int,
                         sk_merkle_inclusion_holds(&leaf, j, &head, &proof),
                         i == j));
        proof.count--;
        cr_expect(not(sk_merkle_inclusion_holds(&leaf, i, &head, &proof)));
        proof.count += 2;
        cr_expect(not(sk_merkle_inclusion_holds(&leaf, i, &head, &proof)));
    }
}

Test(merkle, refuses_a_growth_with_any_bit_changed, .timeout = 300)
{
    static const size_t sizes[][2] = {{1, 2},  {2, 3},    {6, 8},    {4, 8},
                                      {3, 11}, {77, 200}, {256, 300}};
    struct sk_merkle_proof proof;

    grow(SIZE_MAX_TRIED);
    for (size_t s = 0; s < SK_COUNT(sizes); s++) {
        struct sk_merkle_head old = head_of(sizes[s][0]);
        struct sk_merkle_head head = head_of(sizes[s][1]);
        struct sk_merkle_head same = head;

        cr_assert(eq(int,
                     sk_merkle_consistency(read_leaves, &tree, old.size,
                                           head.size, &proof),
                     SK_OK));
        for (size_t bit = 0; bit < proof.count * 256; bit++) {
            flip(&proof.hashes[bit / 256], bit % 256);
            cr_assert(not(sk_merkle_consistency_holds(&old, &head, &proof)));
            flip(&proof.hashes[bit / 256], bit % 256);
        }
        for (size_t bit = 0; bit < 256; bit++) {
            flip(&head.root, bit);
            cr_assert(not(sk_merkle_consistency_holds(&old, &head, &proof)));
            flip(&head.root, bit);
        }
        cr_expect(sk_merkle_consistency_holds(&old, &head, &proof));
        /* Nothing grew backwards, from nothing, or without a proof. */
        cr_expect(not(sk_merkle_consistency_holds(&head, &old, &proof)));
        same.size = 0;
        cr_expect(not(sk_merkle_consistency_holds(&same, &head, &proof)));
        proof.count = 0;
        cr_expect(not(sk_merkle_consistency_holds(&old, &head, &proof)));
        cr_expect(sk_merkle_consistency_holds(&head, &head, &proof));
        same = head;
        flip(&same.root, 0);
        cr_expect(not(sk_merkle_consistency_holds(&same, &head, &proof)));
    }
}

Test(merkle, hands_up_what_cannot_be_read)
{
    struct sk_merkle_proof proof = {.count = 7};
    struct sk_hash root;

    cr_expect(
        eq(int, sk_merkle_root_at(read_nothing, NULL, 3, &root), SK_E_IO));
    cr_expect(eq(int, sk_merkle_inclusion(read_nothing, NULL, 1, 3, &proof),
                 SK_E_IO));
    cr_expect(eq(int, sk_merkle_consistency(read_nothing, NULL, 2, 3, &proof),
                 SK_E_IO));
    cr_expect(eq(sz, proof.count, 7)); /* written only on success */
}

/* The largest tree: no proof is longer than there is room for. */
static enum sk_status read_zeros(void *context, unsigned level, uint64_t index,
                                 struct sk_hash *out)
{
    (void)context;
    cr_assert(level <= SK_MERKLE_LEVELS);
    cr_assert(index < SK_MERKLE_SIZE_MAX >> level);
    memset(out->bytes, 0, sizeof(out->bytes));
    return SK_OK;
}

Test(merkle, has_room_for_the_longest_proof)
{
    static const uint64_t sizes[] = {SK_MERKLE_SIZE_MAX, SK_MERKLE_SIZE_MAX - 1,
                                     SK_MERKLE_SIZE_MAX / 2 + 1};
    struct sk_merkle_proof proof;

    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        for (uint64_t old = 1; old < sizes[i]; old = old * 2 + 1) {
            cr_assert(eq(
                int,
                sk_merkle_consistency(read_zeros, NULL, old, sizes[i], &proof),
                SK_OK));
            cr_assert(proof.count <= SK_MERKLE_LEVELS + 1);
            cr_assert(
                eq(int,
                   sk_merkle_inclusion(read_zeros, NULL, old, sizes[i], &proof),
                   SK_OK));
            cr_assert(proof.count <= SK_MERKLE_LEVELS + 1);
        }
    }
}

/* What another implementation, by the recursion of the RFC, made of it. */
Test(merkle, agrees_with_a_second_implementation)
{
    struct sk_merkle_proof proof;

    grow(200);
    cr_assert(eq(int,
                 sk_merkle_consistency(read_leaves, &tree, 77, 200, &proof),
                 SK_OK));
    cr_expect(is_vector(
        "journal", "consistency_77_200",
        (struct sk_bytes){proof.hashes[0].bytes, proof.count * SK_HASH_SIZE}));
}

/* RFC 9162 2.1.3.2, step 1: no leaf is behind the end of a tree, whatever its
   hash is. */
Test(merkle, no_leaf_is_behind_the_end)
{
    const struct sk_merkle_proof none = {.count = 0};
    struct sk_merkle_head head = {.size = 1};

    sk_merkle_leaf((struct sk_bytes){NULL, 0}, &head.root);
    cr_expect(sk_merkle_inclusion_holds(&head.root, 0, &head, &none));
    cr_expect(not(sk_merkle_inclusion_holds(&head.root, 1, &head, &none)));
    head.size = 0;
    cr_expect(not(sk_merkle_inclusion_holds(&head.root, 0, &head, &none)));
}

/* RFC 9162 2.1.4.2: of two trees of one size there is nothing to prove. */
Test(merkle, a_proof_between_one_size_is_empty)
{
    struct sk_merkle_proof proof = {.count = 0};
    struct sk_merkle_head head = {.size = 5};

    cr_expect(sk_merkle_consistency_holds(&head, &head, &proof));
    proof.count = 1;
    cr_expect(not(sk_merkle_consistency_holds(&head, &head, &proof)));
}
