/*
 * What the fuzz targets share.  A target states a law, not only "no crash":
 * what decodes, encodes back to the same bytes.
 */
#ifndef SK_TESTS_FUZZ_FUZZ_H
#define SK_TESTS_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/card.h"
#include "protocol/pack.h"
#include "protocol/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(fact)                                                             \
    do {                                                                       \
        if (!(fact))                                                           \
            abort();                                                           \
    } while (0)

static __attribute__((unused)) struct sk_org org_of(const char *text)
{
    struct sk_org org = {0};

    MUST(sk_org_parse(sk_text(text), &org));
    return org;
}

/* A party with keys from seeds of one byte each. */
struct party {
    struct sk_card card;
    struct sk_sign_secret identity;
    struct sk_sign_secret signing;
    struct sk_seal_secret sealing;
};

static __attribute__((unused)) struct party party_of(const char *org,
                                                     uint8_t byte)
{
    struct party p = {0};
    struct sk_card_sealing *sealing = &p.card.sealing[0];
    struct sk_seed seed;

    MUST(sodium_init() >= 0);
    p.card.org = org_of(org);
    memset(&seed, byte, sizeof(seed));
    sk_sign_keypair(&seed, &p.card.identity, &p.identity);
    memset(&seed, byte + 1, sizeof(seed));
    sk_sign_keypair(&seed, &p.card.signing, &p.signing);
    memset(&seed, byte + 2, sizeof(seed));
    sk_seal_keypair(&seed, &sealing->key, &p.sealing);
    sk_seal_id_of(&sealing->key, &sealing->id);
    sealing->until_s = 1;
    p.card.sealing_count = 1;
    p.card.version = 1;
    return p;
}

/* Write a checked value again, through the walkers. */
static __attribute__((unused)) void repack(struct sk_pack *p, struct sk_value v)
{
    struct sk_value_walk walk = sk_value_walk(v);

    switch (sk_value_kind(v)) {
    case SK_VALUE_NONE:
        abort();
    case SK_VALUE_NIL:
        sk_pack_nil(p);
        return;
    case SK_VALUE_BOOL:
        sk_pack_bool(p, sk_value_bool(v));
        return;
    case SK_VALUE_UINT:
        sk_pack_uint(p, sk_value_uint(v));
        return;
    case SK_VALUE_STR:
        sk_pack_str(p, sk_value_str(v));
        return;
    case SK_VALUE_BIN:
        sk_pack_bin(p, sk_value_bin(v));
        return;
    case SK_VALUE_ARRAY:
        sk_pack_array(p, sk_value_count(v));
        break;
    case SK_VALUE_MAP:
        sk_pack_map(p, sk_value_count(v));
        break;
    }
    while (sk_value_next(&walk)) {
        if (walk.map) {
            struct sk_value same = sk_value_get_bytes(v, walk.key);

            MUST(same.bytes.data == walk.value.bytes.data);
            sk_pack_str(p, walk.key);
        }
        repack(p, walk.value);
    }
}

#endif
