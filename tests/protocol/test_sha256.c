#include "support.h"

#include "protocol/lines.h"
#include "protocol/sha256.h"

#define TEXTS 20
#define SIZE_MAX_TRIED 700

static uint8_t data[TEXTS][SIZE_MAX_TRIED];
static struct sk_bytes texts[TEXTS];

/* By libsodium, all in one piece. */
static struct sk_hash want_of(uint8_t prefix, struct sk_bytes text)
{
    uint8_t whole[1 + SIZE_MAX_TRIED];
    struct sk_hash hash;

    whole[0] = prefix;
    memcpy(whole + 1, text.data, text.size);
    crypto_hash_sha256(hash.bytes, whole, 1 + text.size);
    return hash;
}

static void expect_each(uint8_t prefix, size_t count)
{
    struct sk_hash got[TEXTS + 1];

    memset(got, 0xa5, sizeof(got));
    sk_sha256_each(prefix, texts, count, got);
    for (size_t i = 0; i < count; i++) {
        struct sk_hash want = want_of(prefix, texts[i]);

        cr_assert(sk_hash_equal(&got[i], &want), "text %zu of %zu, %zu bytes",
                  i, count, texts[i].size);
    }
    cr_assert(eq(u8, got[count].bytes[0], 0xa5));
}

/* Texts of every size up to three blocks, each next to every other kind. */
static void try_all(void)
{
    uint64_t state = 6;

    fill_random(&state, data, sizeof(data));
    for (size_t size = 0; size <= 200; size++) {
        for (size_t i = 0; i < TEXTS; i++)
            texts[i] =
                (struct sk_bytes){data[i], (size + i * 41) % SIZE_MAX_TRIED};
        for (size_t count = 0; count <= TEXTS; count += size % 4 + 1)
            expect_each((uint8_t)size, count);
    }
}

/* libsodium looks at the processor when it is told to, and not before. */
Test(sha256, hashes_one_after_the_other)
{
    cr_assert(eq(int, sodium_runtime_has_avx2() > 0, 0));
    try_all();
}

Test(sha256, hashes_side_by_side)
{
    cr_assert(ge(int, sodium_init(), 0));
    if (sodium_runtime_has_avx2() == 0)
        cr_skip("this processor has no AVX2");
    try_all();
}

/* FIPS 180-2, appendix B, and that of nothing but the prefix. */
Test(sha256, gives_the_known_hashes)
{
    static const char *const rest[] = {
        "bc", "bcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", ""};
    static const char *const known[] = {
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"};
    struct sk_hash got[SK_COUNT(rest)];

    cr_assert(ge(int, sodium_init(), 0));
    for (size_t i = 0; i < SK_COUNT(rest); i++)
        texts[i] = sk_text(rest[i]);
    sk_sha256_each('a', texts, SK_COUNT(rest), got);
    for (size_t i = 0; i < SK_COUNT(rest); i++) {
        struct sk_hash want;

        cr_assert(sk_hash_parse(sk_text(known[i]), &want));
        cr_expect(sk_hash_equal(&got[i], &want), "%s", rest[i]);
    }
}

/* As a level of a Merkle tree is made: over what it is made of. */
Test(sha256, writes_over_its_own_texts)
{
    struct sk_hash level[2 * TEXTS];
    struct sk_hash want[TEXTS];
    uint64_t state = 7;

    cr_assert(ge(int, sodium_init(), 0));
    fill_random(&state, level, sizeof(level));
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = (struct sk_bytes){level[2 * i].bytes, 2 * SK_HASH_SIZE};
        want[i] = want_of(1, texts[i]);
    }
    sk_sha256_each(1, texts, TEXTS, level);
    for (size_t i = 0; i < TEXTS; i++)
        cr_expect(sk_hash_equal(&level[i], &want[i]), "%zu", i);
}
