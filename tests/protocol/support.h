/*
 * What the tests of protocol/ share: seeded random numbers, known answers
 * from tests/vectors/, and two organisations with keys from fixed seeds.
 */
#ifndef SK_TESTS_PROTOCOL_SUPPORT_H
#define SK_TESTS_PROTOCOL_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "protocol/card.h"
#include "protocol/keys.h"
#include "protocol/pack.h"

#define UNUSED __attribute__((unused))

/* ------------------------------------------------------- seeded random */

static UNUSED uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static UNUSED size_t below(uint64_t *state, size_t bound)
{
    return (size_t)(next_random(state) % bound);
}

static UNUSED void fill_random(uint64_t *state, void *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)out)[i] = (uint8_t)next_random(state);
}

/* A number whose size in bits is random too: every form of uint comes by. */
static UNUSED uint64_t random_uint(uint64_t *state)
{
    return next_random(state) >> below(state, 64);
}

/* Memory that a test may leave behind: it is in a list, so it is no leak. */
static UNUSED void *keep(void *memory)
{
    static void **kept;
    static size_t count;

    cr_assert(memory != NULL);
    kept = realloc(kept, (count + 1) * sizeof(*kept));
    kept[count++] = memory;
    return memory;
}

/* ------------------------------------------------------- known answers */

static UNUSED void print_hex(const char *name, struct sk_bytes bytes)
{
    fprintf(stderr, "%s: ", name);
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(stderr, "%02x", bytes.data[i]);
    fprintf(stderr, "\n");
}

/* The bytes of `name` in tests/vectors/<file>.txt; heap, for one test. */
static UNUSED struct sk_bytes vector(const char *file, const char *name)
{
    static char line[600000];
    char path[200];
    FILE *f;

    snprintf(path, sizeof(path), "tests/vectors/%s.txt", file);
    f = fopen(path, "r");
    cr_assert(f != NULL, "%s: run the tests from the root", path);
    while (fgets(line, sizeof(line), f) != NULL) {
        size_t name_size = strlen(name);
        size_t size = 0;
        uint8_t *data;

        if (strncmp(line, name, name_size) != 0 || line[name_size] != ':')
            continue;
        data = keep(malloc(strlen(line)));
        cr_assert(sodium_hex2bin(data, strlen(line), line + name_size + 1,
                                 strcspn(line + name_size + 1, "\n"), " ",
                                 &size, NULL) == 0);
        fclose(f);
        return (struct sk_bytes){data, size};
    }
    fclose(f);
    fprintf(stderr, "no vector %s in %s\n", name, path);
    return (struct sk_bytes){0};
}

/* These bytes are the known answer; shows them when they are not. */
static UNUSED bool is_vector(const char *file, const char *name,
                             struct sk_bytes bytes)
{
    if (sk_bytes_equal(vector(file, name), bytes))
        return true;
    print_hex(name, bytes);
    return false;
}

/* A copy that ends where its memory ends, so that ASan sees any overrun. */
static UNUSED struct sk_bytes exact_copy(struct sk_bytes bytes)
{
    uint8_t *copy = keep(malloc(bytes.size == 0 ? 1 : bytes.size));

    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return (struct sk_bytes){copy, bytes.size};
}

/* ------------------------------------------------------ organisations */

static UNUSED struct sk_seed seed_of(uint8_t byte)
{
    struct sk_seed seed;

    memset(seed.secret_bytes, byte, sizeof(seed.secret_bytes));
    return seed;
}

static UNUSED struct sk_org org_of(const char *text)
{
    struct sk_org org = {0};

    cr_assert(sk_org_parse(sk_text(text), &org));
    return org;
}

static UNUSED struct sk_id id_of(uint8_t byte)
{
    struct sk_id id;

    memset(id.bytes, byte, sizeof(id.bytes));
    return id;
}

struct party {
    struct sk_card card;
    struct sk_sign_secret identity;
    struct sk_sign_secret signing;
    struct sk_seal_secret sealing[2];
};

/* Seeds are 32 times byte, byte + 1, ... in the order of the lines below. */
static UNUSED struct party party_of(const char *org, uint8_t byte)
{
    struct party p = {0};
    struct sk_curve_secret curve;
    struct sk_seed seed;

    p.card.org = org_of(org);
    seed = seed_of(byte);
    sk_sign_keypair(&seed, &p.card.identity, &p.identity);
    seed = seed_of((uint8_t)(byte + 1));
    sk_sign_keypair(&seed, &p.card.signing, &p.signing);
    seed = seed_of((uint8_t)(byte + 2));
    sk_curve_keypair(&seed, &p.card.curve, &curve);
    for (size_t i = 0; i < 2; i++) {
        struct sk_card_sealing *sealing = &p.card.sealing[i];

        seed = seed_of((uint8_t)(byte + 3 + i));
        sk_seal_keypair(&seed, &sealing->key, &p.sealing[i]);
        sk_seal_id_of(&sealing->key, &sealing->id);
        sealing->from_s = 1780000000 + i * 2592000;
        sealing->until_s = sealing->from_s + 5184000;
    }
    p.card.sealing_count = 2;
    strcpy(p.card.endpoints[0], "tcp://node.example.org:5570");
    strcpy(p.card.endpoints[1], "tcp://[2001:db8::1]:5570");
    p.card.endpoints_count = 2;
    p.card.version = 7;
    p.card.issued_s = 1780000000;
    return p;
}

static UNUSED struct party party_mol(void)
{
    return party_of("ocmw-mol", 0x10);
}

static UNUSED struct party party_sopraco(void)
{
    return party_of("sopraco", 0x20);
}

#endif
