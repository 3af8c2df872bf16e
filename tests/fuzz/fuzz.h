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
#include "tests/protocol/repack.h"

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

#endif
