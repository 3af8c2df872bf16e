#include "support.h"

#include <signal.h>

#include "protocol/merkle.h"

#define BYTES_OF(field)                                                        \
    ((struct sk_bytes){(field).bytes, sizeof((field).bytes)})

static struct sk_box_key box_key_of(uint8_t byte)
{
    struct sk_box_key key;

    memset(key.secret_bytes, byte, sizeof(key.secret_bytes));
    return key;
}

/* tests/vectors/keys.txt comes from another implementation. */
Test(keys, gives_the_known_pairs)
{
    struct sk_seed seed = seed_of(0x11);
    struct sk_curve_public curve_public;
    struct sk_curve_secret curve_secret;
    struct sk_seal_public seal_public;
    struct sk_seal_public again;
    struct sk_seal_secret seal_secret;
    struct sk_sign_public sign_public;
    struct sk_sign_secret sign_secret;
    struct sk_seal_id id;

    sk_sign_keypair(&seed, &sign_public, &sign_secret);
    cr_expect(is_vector("keys", "sign_public", BYTES_OF(sign_public)));
    sk_seal_keypair(&seed, &seal_public, &seal_secret);
    cr_expect(is_vector("keys", "seal_public", BYTES_OF(seal_public)));
    cr_expect(is_vector("keys", "seal_secret",
                        (struct sk_bytes){seal_secret.secret_bytes, 32}));
    sk_seal_public_of(&seal_secret, &again);
    cr_expect(is_vector("keys", "seal_public", BYTES_OF(again)));
    sk_curve_keypair(&seed, &curve_public, &curve_secret);
    cr_expect(is_vector("keys", "curve_public", BYTES_OF(curve_public)));
    cr_expect(is_vector("keys", "curve_secret",
                        (struct sk_bytes){curve_secret.secret_bytes, 32}));
    sk_seal_id_of(&seal_public, &id);
    cr_expect(is_vector("keys", "seal_id", BYTES_OF(id)));
}

Test(keys, gives_the_known_hashes)
{
    struct sk_box_key key = box_key_of(0x22);
    struct sk_box_key derived;
    struct sk_hash hash;

    sk_hash("test", sk_text("hello"), &hash);
    cr_expect(is_vector("keys", "hash", BYTES_OF(hash)));
    sk_keyed_hash(&key, "test", sk_text("hello"), &hash);
    cr_expect(is_vector("keys", "keyed_hash", BYTES_OF(hash)));
    sk_derive(&key, "test", &derived);
    cr_expect(is_vector("keys", "derived",
                        (struct sk_bytes){derived.secret_bytes, 32}));
    sk_derive(&key, "test", &key);
    cr_expect(
        is_vector("keys", "derived", (struct sk_bytes){key.secret_bytes, 32}),
        "from and out may be one");
}

/* PROTOCOL.md 3.1: a context ends where it ends. */
Test(keys, separates_contexts)
{
    struct sk_box_key key = box_key_of(1);
    struct sk_box_key derived;
    struct sk_hash a;
    struct sk_hash b;

    sk_hash("ab", sk_text("c"), &a);
    sk_hash("a", sk_text("bc"), &b);
    cr_expect(not(sk_bytes_equal(BYTES_OF(a), BYTES_OF(b))));
    sk_keyed_hash(&key, "a", sk_text(""), &a);
    sk_derive(&key, "a", &derived);
    cr_expect(ne(int, memcmp(a.bytes, derived.secret_bytes, 32), 0),
              "a derived key is no hash");
    sk_hash("a", sk_text(""), &b);
    cr_expect(ne(int, memcmp(a.bytes, b.bytes, 32), 0), "the key counts");
}

Test(keys, signs_and_verifies)
{
    struct sk_seed seed = seed_of(0x11);
    struct sk_sign_public public;
    struct sk_sign_public other;
    struct sk_sign_secret secret;
    struct sk_sign_secret unused;
    struct sk_signature signature;

    sk_sign_keypair(&seed, &public, &secret);
    seed = seed_of(0x12);
    sk_sign_keypair(&seed, &other, &unused);
    sk_sign(&secret, "", (struct sk_bytes){0}, &signature);
    cr_expect(is_vector("keys", "signature_of_nothing", BYTES_OF(signature)));
    cr_expect(sk_verify(&public, "", (struct sk_bytes){0}, &signature));

    sk_sign(&secret, "test", sk_text("hello"), &signature);
    cr_expect(is_vector("keys", "signature", BYTES_OF(signature)));
    cr_expect(sk_verify(&public, "test", sk_text("hello"), &signature));
    cr_expect(not(sk_verify(&other, "test", sk_text("hello"), &signature)));
    cr_expect(not(sk_verify(&public, "tesT", sk_text("hello"), &signature)));
    cr_expect(not(sk_verify(&public, "test", sk_text("hellO"), &signature)));
    cr_expect(not(sk_verify(&public, "test", sk_text("hello!"), &signature)));
    for (size_t i = 0; i < sizeof(signature.bytes); i++) {
        signature.bytes[i] ^= 1;
        cr_expect(not(sk_verify(&public, "test", sk_text("hello"), &signature)),
                  "byte %zu", i);
        signature.bytes[i] ^= 1;
    }
}

/* The largest statement, and one byte more: at, below and above the limit. */
Test(keys, signs_up_to_the_limit)
{
    static uint8_t data[SK_SIGNED_SIZE_MAX];
    struct sk_bytes bytes = {data, SK_SIGNED_SIZE_MAX - sizeof("test")};
    struct sk_seed seed = seed_of(0x11);
    struct sk_signature signature;
    struct sk_sign_public public;
    struct sk_sign_secret secret;

    sk_sign_keypair(&seed, &public, &secret);
    sk_sign(&secret, "test", bytes, &signature);
    cr_expect(sk_verify(&public, "test", bytes, &signature));
    bytes.size++;
    cr_expect(not(sk_verify(&public, "test", bytes, &signature)));
    bytes.size = SIZE_MAX;
    cr_expect(not(sk_verify(&public, "test", bytes, &signature)));
}

Test(keys, never_signs_above_the_limit, .signal = SIGABRT)
{
    static uint8_t data[SK_SIGNED_SIZE_MAX];
    struct sk_seed seed = seed_of(0x11);
    struct sk_signature signature;
    struct sk_sign_public public;
    struct sk_sign_secret secret;

    sk_sign_keypair(&seed, &public, &secret);
    sk_sign(&secret, "test",
            (struct sk_bytes){data, SK_SIGNED_SIZE_MAX - sizeof("test") + 1},
            &signature);
}

/* ------------------------------------------------------------ seals */

Test(keys, seals_at_rest)
{
    struct sk_box_key key = box_key_of(0x22);
    struct sk_box_key other = box_key_of(0x23);
    struct sk_bytes about = sk_text("about");
    struct sk_bytes sealed = {0};
    struct sk_bytes plain = {0};
    uint8_t room[5 + SK_BOX_OVERHEAD];
    uint8_t opened[5];
    uint8_t nonce[24];
    struct sk_room into = {opened, sizeof(opened)};

    memset(nonce, 0x33, sizeof(nonce));
    cr_expect(eq(int,
                 sk_box_seal(&key, nonce, about, sk_text("hello"),
                             (struct sk_room){room, sizeof(room) - 1}, &sealed),
                 SK_E_NO_ROOM));
    cr_expect(eq(sz, sealed.size, 0));
    cr_assert(eq(int,
                 sk_box_seal(&key, nonce, about, sk_text("hello"),
                             (struct sk_room){room, sizeof(room)}, &sealed),
                 SK_OK));
    cr_expect(is_vector("keys", "box", sealed));
    cr_assert(eq(int, sk_box_open(&key, about, sealed, into, &plain), SK_OK));
    cr_expect(sk_bytes_equal(plain, sk_text("hello")));

    plain = (struct sk_bytes){0};
    cr_expect(eq(int, sk_box_open(&other, about, sealed, into, &plain),
                 SK_E_BAD_SEAL));
    cr_expect(eq(int, sk_box_open(&key, sk_text("abouT"), sealed, into, &plain),
                 SK_E_BAD_SEAL));
    into.size_max = 4;
    cr_expect(
        eq(int, sk_box_open(&key, about, sealed, into, &plain), SK_E_NO_ROOM));
    cr_expect(eq(sz, plain.size, 0), "out was touched");
}

Test(keys, opens_no_box_that_was_changed)
{
    struct sk_box_key key = box_key_of(0x22);
    struct sk_bytes box = vector("keys", "box");
    struct sk_bytes plain = {0};
    uint8_t opened[5] = "xxxxx";
    struct sk_room into = {opened, sizeof(opened)};

    for (size_t i = 0; i < box.size; i++) {
        memset(opened, 'x', sizeof(opened));
        ((uint8_t *)box.data)[i] ^= 0x80;
        cr_expect(eq(int,
                     sk_box_open(&key, sk_text("about"), box, into, &plain),
                     SK_E_BAD_SEAL),
                  "byte %zu", i);
        cr_expect(eq(int, memcmp(opened, "\0\0\0\0\0", 5), 0), "is wiped");
        ((uint8_t *)box.data)[i] ^= 0x80;
    }
    for (size_t size = 0; size < box.size; size++) {
        struct sk_bytes cut = exact_copy((struct sk_bytes){box.data, size});

        cr_expect(eq(int,
                     sk_box_open(&key, sk_text("about"), cut, into, &plain),
                     SK_E_BAD_SEAL),
                  "size %zu", size);
    }
    cr_expect(eq(sz, plain.size, 0));
}

Test(keys, seals_nothing_into_nothing)
{
    struct sk_box_key key = box_key_of(1);
    struct sk_bytes nothing = {NULL, 0};
    struct sk_bytes sealed = {0};
    struct sk_bytes plain = {NULL, 9};
    uint8_t room[SK_BOX_OVERHEAD];
    uint8_t nonce[24] = {0};

    cr_assert(eq(int,
                 sk_box_seal(&key, nonce, nothing, nothing,
                             (struct sk_room){room, sizeof(room)}, &sealed),
                 SK_OK));
    cr_assert(eq(
        int,
        sk_box_open(&key, nothing, sealed, (struct sk_room){NULL, 0}, &plain),
        SK_OK));
    cr_expect(eq(sz, plain.size, 0));
}

Test(keys, agrees_from_both_ends)
{
    struct sk_seed seed = seed_of(1);
    struct sk_agreed one;
    struct sk_agreed two;
    struct sk_seal_public a_public;
    struct sk_seal_public b_public;
    struct sk_seal_secret a;
    struct sk_seal_secret b;

    sk_seal_keypair(&seed, &a_public, &a);
    seed = seed_of(2);
    sk_seal_keypair(&seed, &b_public, &b);
    cr_assert(eq(int, sk_agree(&a, &b_public, "c", sk_text("d"), &one), SK_OK));
    cr_assert(eq(int, sk_agree(&b, &a_public, "c", sk_text("d"), &two), SK_OK));
    cr_expect(eq(int, memcmp(&one, &two, sizeof(one)), 0));
    cr_assert(eq(int, sk_agree(&b, &a_public, "c", sk_text("e"), &two), SK_OK));
    cr_expect(ne(int, memcmp(one.secret_key, two.secret_key, 32), 0));
    cr_expect(ne(int, memcmp(one.secret_nonce, two.secret_nonce, 24), 0));
}

/* PROTOCOL.md 3.6: points that would make the secret zero, or nearly. */
Test(keys, agrees_with_no_point_of_small_order)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct sk_seed seed = seed_of(1);
    struct sk_agreed agreed = {{7}, {7}};
    struct sk_seal_public public;
    struct sk_seal_secret secret;

    sk_seal_keypair(&seed, &public, &secret);
    for (size_t i = 0; i < SK_COUNT(points); i++) {
        cr_assert(sodium_hex2bin(public.bytes, 32, points[i], 64, NULL, NULL,
                                 NULL) == 0);
        cr_expect(eq(int,
                     sk_agree(&secret, &public, "c", sk_text("d"), &agreed),
                     SK_E_BAD_VALUE),
                  "%s", points[i]);
        cr_expect(eq(u8, agreed.secret_key[0], 7));
    }
}

/* ----------------------------------------------------- random and trees */

Test(keys, draws_the_same_from_the_same_seed)
{
    static const size_t sizes[] = {16, 24, 0, 24, 64, 1, 512, 513, 100, 32};
    struct sk_random one = {.seed = seed_of(1)};
    struct sk_random two = {.seed = seed_of(1)};
    struct sk_random other = {.seed = seed_of(2)};
    uint8_t a[600];
    uint8_t b[600];

    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        memset(a, 0, sizeof(a));
        memset(b, 0, sizeof(b));
        sk_random_fill(&one, a, sizes[i]);
        sk_random_fill(&two, b, sizes[i]);
        cr_expect(eq(int, memcmp(a, b, sizeof(a)), 0), "%zu", sizes[i]);
        sk_random_fill(&other, b, sizes[i]);
        cr_expect(sizes[i] < 16 || memcmp(a, b, sizes[i]) != 0);
    }
}

/* Nonces among them: no bytes are drawn twice, of whatever size the pieces. */
Test(keys, draws_nothing_twice)
{
    static uint8_t drawn[20000];
    struct sk_random random = {.seed = seed_of(1)};
    size_t size = 0;

    for (size_t i = 0; sizeof(drawn) - size > 700; i++) {
        size_t some = i % 40 == 39 ? 513 + i % 100 : 8 + i % 57;

        sk_random_fill(&random, drawn + size, some);
        size += some;
    }
    for (size_t i = 0; i + 8 <= size; i++)
        cr_assert(memmem(drawn + i + 1, size - i - 1, drawn + i, 8) == NULL,
                  "at %zu", i);
}

Test(keys, builds_the_known_trees)
{
    static const size_t counts[] = {0, 1, 7, 8, 9};
    static uint8_t data[9][40];
    struct sk_bytes leaves[9];
    struct sk_hash root;

    for (size_t i = 0; i < 9; i++) {
        memset(data[i], (int)i, i * 5);
        leaves[i] = (struct sk_bytes){i == 0 ? NULL : data[i], i * 5};
    }
    for (size_t i = 0; i < SK_COUNT(counts); i++) {
        char name[20];

        snprintf(name, sizeof(name), "merkle_%zu", counts[i]);
        sk_merkle_root(leaves, counts[i], &root);
        cr_expect(is_vector("keys", name, BYTES_OF(root)));
    }
}

/* RFC 6962 2.1, written as the RFC says it. */
static void root_by_the_book(const struct sk_bytes *leaves, size_t count,
                             uint8_t out[32])
{
    uint8_t node[65] = {1};
    size_t k = 1;

    if (count == 1) {
        sk_merkle_root(leaves, 1, (struct sk_hash *)out);
        return;
    }
    while (k * 2 < count)
        k *= 2;
    root_by_the_book(leaves, k, node + 1);
    root_by_the_book(leaves + k, count - k, node + 33);
    crypto_hash_sha256(out, node, sizeof(node));
}

Test(keys, builds_every_tree_of_up_to_130_leaves)
{
    static uint8_t data[130];
    struct sk_bytes leaves[130];
    struct sk_hash root;
    uint8_t want[32];

    for (size_t i = 0; i < 130; i++) {
        data[i] = (uint8_t)i;
        leaves[i] = (struct sk_bytes){&data[i], 1};
    }
    for (size_t count = 1; count <= 130; count++) {
        sk_merkle_root(leaves, count, &root);
        root_by_the_book(leaves, count, want);
        cr_expect(eq(int, memcmp(root.bytes, want, 32), 0), "%zu", count);
    }
}

Test(keys, wipes)
{
    uint8_t secret[3] = {1, 2, 3};

    sk_wipe(secret, 2);
    cr_expect(eq(int, memcmp(secret, "\0\0\3", 3), 0));
}
