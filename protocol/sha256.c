#include "protocol/sha256.h"

#include <string.h>

#include <sodium.h>

static void hash_one(uint8_t prefix, struct sk_bytes text, struct sk_hash *out)
{
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state); /* these always give 0 */
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    if (text.size > 0)
        (void)crypto_hash_sha256_update(&state, text.data, text.size);
    (void)crypto_hash_sha256_final(&state, out->bytes);
}

#ifdef __x86_64__

/* ------------------------------------------------------------- lanes
 * FIPS 180-4 with a vector in the place of each word: lane i is text i. */
#define LANES 8
#define BLOCK_SIZE 64
#define WORDS (BLOCK_SIZE / 4)
#define ROUNDS 64
#define LENGTH_SIZE 8
#define END_MARK 0x80
#define AVX2 __attribute__((target("avx2")))

typedef uint32_t vector __attribute__((vector_size(4 * LANES)));

/* FIPS 180-4 4.2.2 and 5.3.3. */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                  0xa54ff53a, 0x510e527f, 0x9b05688c,
                                  0x1f83d9ab, 0x5be0cd19};

/* As in FIPS 180-4 4.1.2. */
#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define CH(x, y, z) (((x) & ((y) ^ (z))) ^ (z))
#define MAJ(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))
#define SUM0(x) (ROTR(x, 2) ^ ROTR(x, 13) ^ ROTR(x, 22))
#define SUM1(x) (ROTR(x, 6) ^ ROTR(x, 11) ^ ROTR(x, 25))
#define SIGMA0(x) (ROTR(x, 7) ^ ROTR(x, 18) ^ (x) >> 3)
#define SIGMA1(x) (ROTR(x, 17) ^ ROTR(x, 19) ^ (x) >> 10)

/* FIPS 180-4 6.2.2, for all lanes.  The eight words of a round change places
   in its arguments and not in memory. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                       \
    do {                                                                       \
        const vector t1 =                                                      \
            (h) + SUM1(e) + CH(e, f, g) + constants[t] + w[(t) % WORDS];       \
        (d) += t1;                                                             \
        (h) = t1 + SUM0(a) + MAJ(a, b, c);                                     \
    } while (0)

AVX2 static void next_words(vector w[WORDS])
{
    for (size_t i = 0; i < WORDS; i++)
        w[i] += SIGMA1(w[(i + 14) % WORDS]) + w[(i + 9) % WORDS] +
                SIGMA0(w[(i + 1) % WORDS]);
}

AVX2 static void compress(vector state[8], vector w[WORDS])
{
    vector a = state[0];
    vector b = state[1];
    vector c = state[2];
    vector d = state[3];
    vector e = state[4];
    vector f = state[5];
    vector g = state[6];
    vector h = state[7];

    for (size_t t = 0; t < ROUNDS; t += 8) {
        if (t >= WORDS && t % WORDS == 0)
            next_words(w);
        ROUND(a, b, c, d, e, f, g, h, t);
        ROUND(h, a, b, c, d, e, f, g, t + 1);
        ROUND(g, h, a, b, c, d, e, f, t + 2);
        ROUND(f, g, h, a, b, c, d, e, t + 3);
        ROUND(e, f, g, h, a, b, c, d, t + 4);
        ROUND(d, e, f, g, h, a, b, c, t + 5);
        ROUND(c, d, e, f, g, h, a, b, t + 6);
        ROUND(b, c, d, e, f, g, h, a, t + 7);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

static uint64_t blocks_of(struct sk_bytes text)
{
    return (1 + text.size + 1 + LENGTH_SIZE + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

/* Block `at` of prefix || text || mark || zeros || length in bits. */
static void fill_block(uint8_t prefix, struct sk_bytes text, uint64_t at,
                       uint8_t out[BLOCK_SIZE])
{
    const uint64_t bits = (text.size + 1) * 8;
    size_t from = (size_t)(at * BLOCK_SIZE); /* in prefix || text */
    size_t done = 0;
    size_t part;

    if (at == 0)
        out[done++] = prefix;
    from = at == 0 ? 0 : from - 1;
    part = from < text.size ? text.size - from : 0;
    if (part > BLOCK_SIZE - done)
        part = BLOCK_SIZE - done;
    if (part > 0)
        memcpy(out + done, text.data + from, part);
    done += part;
    if (done == BLOCK_SIZE)
        return;
    memset(out + done, 0, BLOCK_SIZE - done);
    if (from <= text.size)
        out[done] = END_MARK;
    if (at + 1 == blocks_of(text))
        for (size_t i = 0; i < LENGTH_SIZE; i++)
            out[BLOCK_SIZE - 1 - i] = (uint8_t)(bits >> (8 * i));
}

static uint32_t word_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static void store_lane(const vector state[8], size_t lane, struct sk_hash *out)
{
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 4; k++)
            out->bytes[4 * i + k] = (uint8_t)(state[i][lane] >> (24 - 8 * k));
}

/* At most LANES texts; all are read before the first hash is written. */
AVX2 static void hash_lanes(uint8_t prefix, const struct sk_bytes *texts,
                            size_t count, struct sk_hash *out)
{
    struct sk_hash hashes[LANES];
    uint8_t blocks[LANES][BLOCK_SIZE] = {0};
    vector words[WORDS];
    vector state[8];
    uint64_t most = 0;

    for (size_t i = 0; i < 8; i++)
        state[i] = start[i] - (vector){0};
    for (size_t i = 0; i < count; i++)
        if (blocks_of(texts[i]) > most)
            most = blocks_of(texts[i]);
    for (uint64_t at = 0; at < most; at++) {
        for (size_t i = 0; i < count; i++)
            if (at < blocks_of(texts[i]))
                fill_block(prefix, texts[i], at, blocks[i]);
        for (size_t w = 0; w < WORDS; w++)
            for (size_t i = 0; i < LANES; i++)
                words[w][i] = word_at(&blocks[i][4 * w]);
        compress(state, words);
        for (size_t i = 0; i < count; i++)
            if (at + 1 == blocks_of(texts[i]))
                store_lane(state, i, &hashes[i]);
    }
    memcpy(out, hashes, count * sizeof(hashes[0]));
}

static bool has_lanes(void)
{
    return sodium_runtime_has_avx2() != 0;
}

#else

#define LANES 1

static bool has_lanes(void)
{
    return false;
}

static void hash_lanes(uint8_t prefix, const struct sk_bytes *texts,
                       size_t count, struct sk_hash *out)
{
    for (size_t i = 0; i < count; i++)
        hash_one(prefix, texts[i], &out[i]);
}

#endif

void sk_sha256_each(uint8_t prefix, const struct sk_bytes *texts, size_t count,
                    struct sk_hash *out)
{
    const size_t together = has_lanes() ? LANES : 1;

    for (size_t i = 0; i < count; i += together) {
        size_t some = count - i < together ? count - i : together;

        if (some == 1)
            hash_one(prefix, texts[i], &out[i]);
        else
            hash_lanes(prefix, texts + i, some, out + i);
    }
}
