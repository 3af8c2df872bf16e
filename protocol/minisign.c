#include "protocol/minisign.h"

#include <string.h>

#include <sodium.h>

#include "protocol/lines.h"

#define ALGORITHM_SIZE 2
#define CHECKSUM_SIZE 32
#define SIGNED_SIZE (ALGORITHM_SIZE + SK_MINISIGN_ID_SIZE + SK_SIGNATURE_SIZE)
#define KEY_SIZE (ALGORITHM_SIZE + SK_MINISIGN_ID_SIZE + 32)
/* "Ed", no KDF, "B2", salt 32, two limits of 8, id, secret, checksum. */
#define SECRET_HEAD_SIZE (6 + 32 + 8 + 8)
#define SECRET_SIZE                                                            \
    (SECRET_HEAD_SIZE + SK_MINISIGN_ID_SIZE + 64 + CHECKSUM_SIZE)

static const char untrusted_prefix[] = "untrusted comment: ";
static const char trusted_prefix[] = "trusted comment: ";

void sk_minisign_key_of(const struct sk_sign_public *public,
                        struct sk_minisign_key *out)
{
    struct sk_hash hash;

    sk_hash("schakel/minisign-id/1",
            (struct sk_bytes){public->bytes, sizeof(public->bytes)}, &hash);
    memcpy(out->id.bytes, hash.bytes, sizeof(out->id.bytes));
    out->public = *public;
}

bool sk_minisign_key_equal(const struct sk_minisign_key *a,
                           const struct sk_minisign_key *b)
{
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) == 0 &&
           memcmp(a->public.bytes, b->public.bytes, sizeof(a->public.bytes)) ==
               0;
}

/* -------------------------------------------------------------- reading */
/* The next line without its end; false when no line end is left. */
static bool take_line(struct sk_bytes *rest, struct sk_bytes *line)
{
    if (!sk_take_until(rest, '\n', line))
        return false;
    if (line->size > 0 && line->data[line->size - 1] == '\r')
        line->size--;
    return true;
}

/* One line of comment behind its prefix: printable, not too long. */
static bool take_comment(struct sk_bytes *rest, const char *prefix,
                         struct sk_bytes *comment)
{
    size_t prefix_size = strlen(prefix);
    struct sk_bytes line;

    if (!take_line(rest, &line) || line.size < prefix_size ||
        memcmp(line.data, prefix, prefix_size) != 0)
        return false;
    line.data += prefix_size;
    line.size -= prefix_size;
    if (line.size > SK_MINISIGN_COMMENT_SIZE_MAX)
        return false;
    for (size_t i = 0; i < line.size; i++)
        if ((line.data[i] < 0x20 && line.data[i] != '\t') ||
            line.data[i] == 0x7f)
            return false;
    *comment = line;
    return true;
}

static bool take_base64(struct sk_bytes *rest, uint8_t *out, size_t size)
{
    struct sk_bytes line;

    return take_line(rest, &line) && sk_base64_read(line, out, size);
}

/* ---------------------------------------------------------- public keys */
void sk_minisign_key_format(const struct sk_minisign_key *key,
                            char out[SK_MINISIGN_KEY_TEXT_SIZE + 1])
{
    uint8_t raw[KEY_SIZE] = {'E', 'd'};

    memcpy(raw + 2, key->id.bytes, SK_MINISIGN_ID_SIZE);
    memcpy(raw + 2 + SK_MINISIGN_ID_SIZE, key->public.bytes, 32);
    sodium_bin2base64(out, SK_MINISIGN_KEY_TEXT_SIZE + 1, raw, sizeof(raw),
                      sodium_base64_VARIANT_ORIGINAL);
}

enum sk_status sk_minisign_key_parse(struct sk_bytes text,
                                     struct sk_minisign_key *out)
{
    uint8_t raw[KEY_SIZE];
    struct sk_bytes rest = text;
    struct sk_bytes line = text;
    struct sk_bytes comment;

    if (text.size > SK_MINISIGN_KEY_TEXT_SIZE) {
        bool commented = take_comment(&rest, untrusted_prefix, &comment);

        if (!commented)
            rest = text;
        if (!take_line(&rest, &line) || rest.size > 0)
            return SK_E_BAD_FORM;
    }
    if (!sk_base64_read(line, raw, sizeof(raw)) || raw[0] != 'E' ||
        raw[1] != 'd')
        return SK_E_BAD_FORM;
    memcpy(out->id.bytes, raw + 2, SK_MINISIGN_ID_SIZE);
    memcpy(out->public.bytes, raw + 2 + SK_MINISIGN_ID_SIZE, 32);
    return SK_OK;
}

/* ----------------------------------------------------------- signatures */
static void digest_of(struct sk_bytes bytes, uint8_t out[64])
{
    static const uint8_t nothing[1];
    int rc = crypto_generichash(out, 64, bytes.size == 0 ? nothing : bytes.data,
                                bytes.size, NULL, 0);

    assert(rc == 0);
}

/* The first signature and the trusted comment are one signed text. */
static struct sk_bytes global_text(const uint8_t signature[SK_SIGNATURE_SIZE],
                                   struct sk_bytes comment, uint8_t *room)
{
    memcpy(room, signature, SK_SIGNATURE_SIZE);
    if (comment.size > 0)
        memcpy(room + SK_SIGNATURE_SIZE, comment.data, comment.size);
    return (struct sk_bytes){room, SK_SIGNATURE_SIZE + comment.size};
}

enum sk_status sk_minisign_sign(const struct sk_sign_secret *secret,
                                const struct sk_minisign_key *key,
                                struct sk_bytes bytes, const char *comment,
                                struct sk_room room, struct sk_bytes *out)
{
    struct sk_lines t = sk_lines_start(room);
    uint8_t raw[SIGNED_SIZE] = {'E', 'D'};
    uint8_t *signature = raw + ALGORITHM_SIZE + SK_MINISIGN_ID_SIZE;
    uint8_t text_room[SK_SIGNATURE_SIZE + SK_MINISIGN_COMMENT_SIZE_MAX];
    uint8_t global[SK_SIGNATURE_SIZE];
    uint8_t digest[64];
    struct sk_bytes whole;
    int rc;

    assert(strlen(comment) <= SK_MINISIGN_COMMENT_SIZE_MAX);
    digest_of(bytes, digest);
    memcpy(raw + ALGORITHM_SIZE, key->id.bytes, SK_MINISIGN_ID_SIZE);
    rc = crypto_sign_detached(signature, NULL, digest, sizeof(digest),
                              secret->secret_bytes);
    assert(rc == 0);
    whole = global_text(signature, sk_text(comment), text_room);
    rc = crypto_sign_detached(global, NULL, whole.data, whole.size,
                              secret->secret_bytes);
    assert(rc == 0);

    sk_lines_text(&t, untrusted_prefix);
    sk_lines_text(&t, "signature made by schakel\n");
    sk_lines_base64(&t, (struct sk_bytes){raw, sizeof(raw)});
    sk_lines_text(&t, "\n");
    sk_lines_text(&t, trusted_prefix);
    sk_lines_text(&t, comment);
    sk_lines_text(&t, "\n");
    sk_lines_base64(&t, (struct sk_bytes){global, sizeof(global)});
    sk_lines_text(&t, "\n");
    return sk_lines_finish(&t, out);
}

static bool is_signature(const struct sk_sign_public *public,
                         struct sk_bytes bytes, const uint8_t *signature)
{
    static const uint8_t nothing[1];

    return crypto_sign_verify_detached(signature,
                                       bytes.size == 0 ? nothing : bytes.data,
                                       bytes.size, public->bytes) == 0;
}

enum sk_status sk_minisign_verify(const struct sk_minisign_key *key,
                                  struct sk_bytes bytes, struct sk_bytes file,
                                  struct sk_bytes *comment)
{
    uint8_t text_room[SK_SIGNATURE_SIZE + SK_MINISIGN_COMMENT_SIZE_MAX];
    uint8_t raw[SIGNED_SIZE];
    uint8_t *signature = raw + ALGORITHM_SIZE + SK_MINISIGN_ID_SIZE;
    uint8_t global[SK_SIGNATURE_SIZE];
    uint8_t digest[64];
    struct sk_bytes untrusted;
    struct sk_bytes trusted;
    struct sk_bytes signed_bytes = bytes;

    if (file.size > SK_MINISIGN_SIGNATURE_SIZE_MAX)
        return SK_E_BAD_LENGTH;
    if (!take_comment(&file, untrusted_prefix, &untrusted) ||
        !take_base64(&file, raw, sizeof(raw)) ||
        !take_comment(&file, trusted_prefix, &trusted) ||
        !take_base64(&file, global, sizeof(global)) || file.size > 0)
        return SK_E_BAD_FORM;
    if (memcmp(raw, "ED", ALGORITHM_SIZE) == 0) {
        digest_of(bytes, digest);
        signed_bytes = (struct sk_bytes){digest, sizeof(digest)};
    } else if (memcmp(raw, "Ed", ALGORITHM_SIZE) != 0) {
        return SK_E_BAD_FORM;
    }
    if (memcmp(raw + ALGORITHM_SIZE, key->id.bytes, SK_MINISIGN_ID_SIZE) != 0)
        return SK_E_WRONG_KEY;
    if (!is_signature(&key->public, signed_bytes, signature) ||
        !is_signature(&key->public, global_text(signature, trusted, text_room),
                      global))
        return SK_E_BAD_SIGNATURE;
    *comment = trusted;
    return SK_OK;
}

/* ---------------------------------------------------------- secret keys */
static void checksum_of(const uint8_t *id, const uint8_t *secret,
                        uint8_t out[CHECKSUM_SIZE])
{
    crypto_generichash_state state;
    int rc = crypto_generichash_init(&state, NULL, 0, CHECKSUM_SIZE);

    assert(rc == 0);
    rc = crypto_generichash_update(&state, (const uint8_t *)"Ed", 2);
    assert(rc == 0);
    rc = crypto_generichash_update(&state, id, SK_MINISIGN_ID_SIZE);
    assert(rc == 0);
    rc = crypto_generichash_update(&state, secret, 64);
    assert(rc == 0);
    rc = crypto_generichash_final(&state, out, CHECKSUM_SIZE);
    assert(rc == 0);
    sodium_memzero(&state, sizeof(state));
}

enum sk_status sk_minisign_secret_format(const struct sk_sign_secret *secret,
                                         const struct sk_minisign_key *key,
                                         struct sk_room room,
                                         struct sk_bytes *out)
{
    struct sk_lines t = sk_lines_start(room);
    uint8_t raw[SECRET_SIZE] = {'E', 'd', 0, 0, 'B', '2'};
    uint8_t *id = raw + SECRET_HEAD_SIZE;

    memcpy(id, key->id.bytes, SK_MINISIGN_ID_SIZE);
    memcpy(id + SK_MINISIGN_ID_SIZE, secret->secret_bytes, 64);
    checksum_of(id, id + SK_MINISIGN_ID_SIZE, id + SK_MINISIGN_ID_SIZE + 64);
    sk_lines_text(&t, untrusted_prefix);
    sk_lines_text(&t, "secret key of a schakel identity, without password\n");
    sk_lines_base64(&t, (struct sk_bytes){raw, sizeof(raw)});
    sk_lines_text(&t, "\n");
    sodium_memzero(raw, sizeof(raw));
    return sk_lines_finish(&t, out);
}

/* The second half of an Ed25519 secret is the public key: let it be true. */
static bool secret_is_whole(const uint8_t *secret)
{
    uint8_t public[32];
    uint8_t again[64];
    bool whole = crypto_sign_seed_keypair(public, again, secret) == 0 &&
                 sodium_memcmp(again, secret, sizeof(again)) == 0;

    sodium_memzero(again, sizeof(again));
    return whole;
}

enum sk_status sk_minisign_secret_parse(struct sk_bytes file,
                                        struct sk_sign_secret *secret,
                                        struct sk_minisign_key *key)
{
    uint8_t raw[SECRET_SIZE];
    uint8_t *id = raw + SECRET_HEAD_SIZE;
    uint8_t checksum[CHECKSUM_SIZE];
    const uint8_t *written;
    enum sk_status status = SK_E_BAD_FORM;
    struct sk_bytes comment;

    if (file.size > SK_MINISIGN_SECRET_SIZE_MAX)
        return SK_E_BAD_LENGTH;
    if (!take_comment(&file, untrusted_prefix, &comment) ||
        !take_base64(&file, raw, sizeof(raw)) || file.size > 0 ||
        memcmp(raw, "Ed", 2) != 0 || memcmp(raw + 4, "B2", 2) != 0)
        goto out;
    status = SK_E_UNSUPPORTED;
    if (raw[2] != 0 || raw[3] != 0)
        goto out;
    status = SK_E_BAD_VALUE;
    checksum_of(id, id + SK_MINISIGN_ID_SIZE, checksum);
    written = id + SK_MINISIGN_ID_SIZE + 64;
    /* Without password the stock tool writes zeros for a checksum. */
    if (sodium_memcmp(checksum, written, CHECKSUM_SIZE) != 0 &&
        sodium_is_zero(written, CHECKSUM_SIZE) == 0)
        goto out;
    if (!secret_is_whole(id + SK_MINISIGN_ID_SIZE))
        goto out;

    memcpy(secret->secret_bytes, id + SK_MINISIGN_ID_SIZE, 64);
    memcpy(key->id.bytes, id, SK_MINISIGN_ID_SIZE);
    memcpy(key->public.bytes, id + SK_MINISIGN_ID_SIZE + 32, 32);
    status = SK_OK;
out:
    sodium_memzero(raw, sizeof(raw));
    return status;
}
