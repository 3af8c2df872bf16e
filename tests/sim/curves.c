#include "tests/sim/curves.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/*
 * The linker sends the four costly functions of libsodium here (-Wl,--wrap).
 * A signature is a hash over the secret key and the bytes, a key that two
 * agree on is a hash of both public keys: with these, too, who lacks the
 * secret key can make neither.
 */
bool curves_are_real;

/* Whose secret key belongs to a public one: all that ever signed here. */
#define SIGNERS 65536
struct signer {
    uint8_t secret[32];
    uint8_t public[32];
    bool used;
};
static struct signer signers[SIGNERS];

int __real_crypto_sign_detached(uint8_t *signature, unsigned long long *size,
                                const uint8_t *m, unsigned long long m_size,
                                const uint8_t *secret);
int __real_crypto_sign_verify_detached(const uint8_t *signature,
                                       const uint8_t *m,
                                       unsigned long long m_size,
                                       const uint8_t *public);
int __real_crypto_scalarmult_base(uint8_t *public, const uint8_t *secret);
int __real_crypto_scalarmult(uint8_t *key, const uint8_t *secret,
                             const uint8_t *public);
int __wrap_crypto_sign_detached(uint8_t *signature, unsigned long long *size,
                                const uint8_t *m, unsigned long long m_size,
                                const uint8_t *secret);
int __wrap_crypto_sign_verify_detached(const uint8_t *signature,
                                       const uint8_t *m,
                                       unsigned long long m_size,
                                       const uint8_t *public);
int __wrap_crypto_scalarmult_base(uint8_t *public, const uint8_t *secret);
int __wrap_crypto_scalarmult(uint8_t *key, const uint8_t *secret,
                             const uint8_t *public);

/* ------------------------------------------------------------- signatures */

/* Its place, or the free one where it belongs. */
static struct signer *signer_of(const uint8_t *public)
{
    size_t at = public[0] | (size_t) public[1] << 8;

    for (size_t i = 0;; i++) {
        struct signer *s = &signers[(at + i) % SIGNERS];

        assert(i < SIGNERS);
        if (!s->used || memcmp(s->public, public, sizeof(s->public)) == 0)
            return s;
    }
}

static void hash_of(const struct signer *s, const uint8_t *m,
                    unsigned long long m_size, uint8_t *signature)
{
    crypto_generichash(signature, crypto_sign_BYTES, m, m_size, s->secret,
                       sizeof(s->secret));
}

int __wrap_crypto_sign_detached(uint8_t *signature, unsigned long long *size,
                                const uint8_t *m, unsigned long long m_size,
                                const uint8_t *secret)
{
    struct signer *s;

    if (curves_are_real)
        return __real_crypto_sign_detached(signature, size, m, m_size, secret);
    /* libsodium's secret key ends with the public key. */
    s = signer_of(secret + 32);
    if (!s->used) {
        memcpy(s->secret, secret, sizeof(s->secret));
        memcpy(s->public, secret + 32, sizeof(s->public));
        s->used = true;
    }
    hash_of(s, m, m_size, signature);
    if (size != NULL)
        *size = crypto_sign_BYTES;
    return 0;
}

int __wrap_crypto_sign_verify_detached(const uint8_t *signature,
                                       const uint8_t *m,
                                       unsigned long long m_size,
                                       const uint8_t *public)
{
    const struct signer *s;
    uint8_t good[crypto_sign_BYTES];

    if (curves_are_real)
        return __real_crypto_sign_verify_detached(signature, m, m_size, public);
    s = signer_of(public);
    if (!s->used) /* nobody signed with it: nothing is a signature of it */
        return -1;
    hash_of(s, m, m_size, good);
    return memcmp(good, signature, sizeof(good)) == 0 ? 0 : -1;
}

/* ------------------------------------------------------------- agreements */

int __wrap_crypto_scalarmult_base(uint8_t *public, const uint8_t *secret)
{
    if (curves_are_real)
        return __real_crypto_scalarmult_base(public, secret);
    return crypto_generichash(public, crypto_scalarmult_BYTES, secret,
                              crypto_scalarmult_SCALARBYTES, NULL, 0);
}

/* Whoever agrees knows its own public key, or just made it: that of each secret
   key is kept, in its place, until another takes it. */
#define PAIRS 1024
struct pair {
    uint8_t secret[32];
    uint8_t public[32];
    bool used;
};

static const uint8_t *public_of(const uint8_t *secret)
{
    static struct pair pairs[PAIRS];
    struct pair *p = &pairs[(secret[0] | (size_t)secret[1] << 8) % PAIRS];

    if (!p->used || memcmp(p->secret, secret, sizeof(p->secret)) != 0) {
        (void)__wrap_crypto_scalarmult_base(p->public, secret);
        memcpy(p->secret, secret, sizeof(p->secret));
        p->used = true;
    }
    return p->public;
}

int __wrap_crypto_scalarmult(uint8_t *key, const uint8_t *secret,
                             const uint8_t *public)
{
    const uint8_t *ours;
    uint8_t both[2 * crypto_scalarmult_BYTES];
    bool first;

    if (curves_are_real)
        return __real_crypto_scalarmult(key, secret, public);
    ours = public_of(secret);
    first = memcmp(ours, public, crypto_scalarmult_BYTES) < 0;
    memcpy(both, first ? ours : public, crypto_scalarmult_BYTES);
    memcpy(both + crypto_scalarmult_BYTES, first ? public : ours,
           crypto_scalarmult_BYTES);
    return crypto_generichash(key, crypto_scalarmult_BYTES, both, sizeof(both),
                              NULL, 0);
}
