#include "protocol/keys.h"

#include <string.h>

#include <sodium.h>

_Static_assert(crypto_sign_SECRETKEYBYTES == 64, "Ed25519 secret is 64");
_Static_assert(crypto_sign_BYTES == SK_SIGNATURE_SIZE, "signature is 64");
_Static_assert(crypto_scalarmult_BYTES == 32, "X25519 is 32");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == SK_TAG_SIZE &&
                   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES ==
                       SK_NONCE_SIZE &&
                   SK_BOX_OVERHEAD == SK_NONCE_SIZE + SK_TAG_SIZE,
               "XChaCha20-Poly1305 adds a nonce of 24 and a tag of 16");

/* libsodium takes no NULL, also for nothing. */
static const uint8_t *data_of(struct sk_bytes bytes)
{
    static const uint8_t nothing[1];

    return bytes.size == 0 ? nothing : bytes.data;
}

/* BLAKE2b over context || 0x00 || bytes, with a key or without (size 0). */
static void blake2b(const uint8_t *key, size_t key_size, const char *context,
                    struct sk_bytes bytes, uint8_t *out, size_t size)
{
    crypto_generichash_state state;
    int rc;

    rc = crypto_generichash_init(&state, key, key_size, size);
    assert(rc == 0);
    /* The context goes in with its NUL: that is the 0x00. */
    rc = crypto_generichash_update(&state, (const uint8_t *)context,
                                   strlen(context) + 1);
    assert(rc == 0);
    rc = crypto_generichash_update(&state, data_of(bytes), bytes.size);
    assert(rc == 0);
    rc = crypto_generichash_final(&state, out, size);
    assert(rc == 0);
    sodium_memzero(&state, sizeof(state));
}

/* ---------------------------------------------------------------- keys */

void sk_sign_keypair(const struct sk_seed *seed, struct sk_sign_public *public,
                     struct sk_sign_secret *secret)
{
    int rc = crypto_sign_seed_keypair(public->bytes, secret->secret_bytes,
                                      seed->secret_bytes);

    assert(rc == 0);
}

/* PROTOCOL.md 3.3: an X25519 pair from a seed. */
static void x25519_keypair(const struct sk_seed *seed, const char *context,
                           uint8_t public[32], uint8_t secret[32])
{
    int rc;

    blake2b(seed->secret_bytes, sizeof(seed->secret_bytes), context,
            (struct sk_bytes){0}, secret, 32);
    rc = crypto_scalarmult_base(public, secret);
    assert(rc == 0);
}

void sk_seal_keypair(const struct sk_seed *seed, struct sk_seal_public *public,
                     struct sk_seal_secret *secret)
{
    x25519_keypair(seed, "schakel/seal-key/1", public->bytes,
                   secret->secret_bytes);
}

void sk_curve_keypair(const struct sk_seed *seed,
                      struct sk_curve_public *public,
                      struct sk_curve_secret *secret)
{
    x25519_keypair(seed, "schakel/curve-key/1", public->bytes,
                   secret->secret_bytes);
}

void sk_seal_public_of(const struct sk_seal_secret *secret,
                       struct sk_seal_public *out)
{
    int rc = crypto_scalarmult_base(out->bytes, secret->secret_bytes);

    assert(rc == 0);
}

void sk_seal_id_of(const struct sk_seal_public *public, struct sk_seal_id *out)
{
    struct sk_hash hash;

    sk_hash("schakel/seal-id/1",
            (struct sk_bytes){public->bytes, sizeof(public->bytes)}, &hash);
    memcpy(out->bytes, hash.bytes, sizeof(out->bytes));
}

/* ---------------------------------------------------------- signatures */

/* context || 0x00 || bytes; 0 when that is too large. */
static size_t statement_of(const char *context, struct sk_bytes bytes,
                           uint8_t out[SK_SIGNED_SIZE_MAX])
{
    size_t size = strlen(context) + 1;

    if (size > SK_SIGNED_SIZE_MAX || bytes.size > SK_SIGNED_SIZE_MAX - size)
        return 0;
    memcpy(out, context, size);
    if (bytes.size > 0)
        memcpy(out + size, bytes.data, bytes.size);
    return size + bytes.size;
}

void sk_sign(const struct sk_sign_secret *secret, const char *context,
             struct sk_bytes bytes, struct sk_signature *out)
{
    uint8_t statement[SK_SIGNED_SIZE_MAX];
    size_t size = statement_of(context, bytes, statement);
    int rc;

    assert(size > 0);
    rc = crypto_sign_detached(out->bytes, NULL, statement, size,
                              secret->secret_bytes);
    assert(rc == 0);
    sodium_memzero(statement, size);
}

bool sk_verify(const struct sk_sign_public *public, const char *context,
               struct sk_bytes bytes, const struct sk_signature *signature)
{
    uint8_t statement[SK_SIGNED_SIZE_MAX];
    size_t size = statement_of(context, bytes, statement);

    return size > 0 && crypto_sign_verify_detached(signature->bytes, statement,
                                                   size, public->bytes) == 0;
}

/* -------------------------------------------------------------- hashes */

void sk_hash(const char *context, struct sk_bytes bytes, struct sk_hash *out)
{
    blake2b(NULL, 0, context, bytes, out->bytes, sizeof(out->bytes));
}

void sk_keyed_hash(const struct sk_box_key *key, const char *context,
                   struct sk_bytes bytes, struct sk_hash *out)
{
    blake2b(key->secret_bytes, sizeof(key->secret_bytes), context, bytes,
            out->bytes, sizeof(out->bytes));
}

void sk_derive(const struct sk_box_key *from, const char *context,
               struct sk_box_key *out)
{
    struct sk_box_key key;
    int rc;

    /* Without the 0x00: no keyed hash can give the same bytes. */
    rc = crypto_generichash(key.secret_bytes, sizeof(key.secret_bytes),
                            (const uint8_t *)context, strlen(context),
                            from->secret_bytes, sizeof(from->secret_bytes));
    assert(rc == 0);
    *out = key;
    sodium_memzero(&key, sizeof(key));
}

/* --------------------------------------------------------- at rest */

enum sk_status sk_box_seal(const struct sk_box_key *key,
                           const uint8_t nonce[24], struct sk_bytes additional,
                           struct sk_bytes plain, struct sk_room out,
                           struct sk_bytes *sealed)
{
    int rc;

    if (plain.size > SIZE_MAX - SK_BOX_OVERHEAD ||
        out.size_max < plain.size + SK_BOX_OVERHEAD)
        return SK_E_NO_ROOM;
    memcpy(out.data, nonce, SK_NONCE_SIZE);
    rc = crypto_aead_xchacha20poly1305_ietf_encrypt(
        out.data + SK_NONCE_SIZE, NULL, data_of(plain), plain.size,
        data_of(additional), additional.size, NULL, nonce, key->secret_bytes);
    assert(rc == 0);
    *sealed = (struct sk_bytes){out.data, plain.size + SK_BOX_OVERHEAD};
    return SK_OK;
}

/* Open ciphertext || tag; on failure the room holds nothing of it. */
static enum sk_status aead_open(const uint8_t *key, const uint8_t *nonce,
                                struct sk_bytes additional,
                                struct sk_bytes sealed, struct sk_room out,
                                struct sk_bytes *plain)
{
    uint8_t nothing[1];
    uint8_t *into = out.size_max == 0 ? nothing : out.data;
    size_t size;

    if (sealed.size < SK_TAG_SIZE)
        return SK_E_BAD_SEAL;
    size = sealed.size - SK_TAG_SIZE;
    if (out.size_max < size)
        return SK_E_NO_ROOM;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            into, NULL, NULL, sealed.data, sealed.size, data_of(additional),
            additional.size, nonce, key) != 0) {
        sodium_memzero(into, size);
        return SK_E_BAD_SEAL;
    }
    *plain = (struct sk_bytes){out.data, size};
    return SK_OK;
}

enum sk_status sk_box_open(const struct sk_box_key *key,
                           struct sk_bytes additional, struct sk_bytes sealed,
                           struct sk_room out, struct sk_bytes *plain)
{
    if (sealed.size < SK_BOX_OVERHEAD)
        return SK_E_BAD_SEAL;
    return aead_open(key->secret_bytes, sealed.data, additional,
                     (struct sk_bytes){sealed.data + SK_NONCE_SIZE,
                                       sealed.size - SK_NONCE_SIZE},
                     out, plain);
}

/* ------------------------------------------------------- between nodes */

enum sk_status sk_agree(const struct sk_seal_secret *mine,
                        const struct sk_seal_public *theirs,
                        const char *context, struct sk_bytes about,
                        struct sk_agreed *out)
{
    uint8_t shared[32];
    uint8_t derived[64];
    enum sk_status status = SK_E_BAD_VALUE;

    /* PROTOCOL.md 3.6: fails for points that make the secret all zero. */
    if (crypto_scalarmult(shared, mine->secret_bytes, theirs->bytes) != 0)
        goto out;
    blake2b(shared, sizeof(shared), context, about, derived, sizeof(derived));
    memcpy(out->secret_key, derived, sizeof(out->secret_key));
    memcpy(out->secret_nonce, derived + sizeof(out->secret_key),
           sizeof(out->secret_nonce));
    status = SK_OK;
out:
    sodium_memzero(shared, sizeof(shared));
    sodium_memzero(derived, sizeof(derived));
    return status;
}

void sk_agreed_seal(const struct sk_agreed *agreed, struct sk_bytes additional,
                    uint8_t *data, size_t size)
{
    int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(
        data, NULL, data, size, data_of(additional), additional.size, NULL,
        agreed->secret_nonce, agreed->secret_key);

    assert(rc == 0);
}

enum sk_status sk_agreed_open(const struct sk_agreed *agreed,
                              struct sk_bytes additional,
                              struct sk_bytes sealed, struct sk_room out,
                              struct sk_bytes *plain)
{
    return aead_open(agreed->secret_key, agreed->secret_nonce, additional,
                     sealed, out, plain);
}

/* -------------------------------------------------------------- random */

static void next_stream(struct sk_random *random, uint8_t *out, size_t size)
{
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    int rc;

    assert(random->counter < UINT64_MAX);

    for (size_t i = 0; i < sizeof(nonce); i++)
        nonce[i] = (uint8_t)(random->counter >> (8 * i));
    random->counter++;
    rc = crypto_stream_chacha20(out, size, nonce, random->seed.secret_bytes);
    assert(rc == 0);
}

void sk_random_fill(struct sk_random *random, void *out, size_t size)
{
    uint8_t *to = out;
    uint8_t *end = random->secret_stream + sizeof(random->secret_stream);

    if (size > sizeof(random->secret_stream)) {
        next_stream(random, to, size);
        return;
    }
    /* What is left of a stream and does not do is not used. */
    if (size > random->left) {
        random->left = random->counter == 0 && size <= SK_RANDOM_FIRST_SIZE
                           ? SK_RANDOM_FIRST_SIZE
                           : SK_RANDOM_SIZE;
        next_stream(random, end - random->left, random->left);
    }
    if (size > 0)
        memcpy(to, end - random->left, size);
    random->left -= size;
}

void sk_wipe(void *secret, size_t size)
{
    sodium_memzero(secret, size);
}
