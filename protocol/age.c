#include "protocol/age.h"

#include <sodium.h>
#include <string.h>

#define FILE_KEY_SIZE 16
#define KEY_SIZE 32
#define BODY_SIZE (FILE_KEY_SIZE + SK_AGE_TAG_SIZE)
#define SALT_SIZE 16
#define LINE_SIZE 64   /* of base64 in a body */
#define TEXT32_SIZE 43 /* 32 bytes in base64 without padding */
#define TEXT16_SIZE 22

static const char version_line[] = "age-encryption.org/v1";
static const char x25519_label[] = "age-encryption.org/v1/X25519";
static const char scrypt_label[] = "age-encryption.org/v1/scrypt";

_Static_assert(SK_AGE_TAG_SIZE == crypto_aead_chacha20poly1305_ietf_ABYTES,
               "tag");
_Static_assert(KEY_SIZE == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "key");

/* ------------------------------------------------------------- keys */

struct hkdf_salt {
    struct sk_bytes first;
    struct sk_bytes second;
};

/* HKDF-SHA256 (RFC 5869) for one block of output. */
static void derive(struct sk_bytes secret, struct hkdf_salt salt,
                   const char *info, uint8_t out[KEY_SIZE])
{
    crypto_auth_hmacsha256_state state;
    uint8_t salt_bytes[2 * KEY_SIZE];
    uint8_t extracted[KEY_SIZE];
    const uint8_t one = 1;
    size_t size = salt.first.size + salt.second.size;

    assert(size <= sizeof(salt_bytes));

    if (salt.first.size > 0)
        memcpy(salt_bytes, salt.first.data, salt.first.size);
    if (salt.second.size > 0)
        memcpy(salt_bytes + salt.first.size, salt.second.data,
               salt.second.size);
    /* These always give 0. */
    (void)crypto_auth_hmacsha256_init(&state, salt_bytes, size);
    (void)crypto_auth_hmacsha256_update(&state, secret.data, secret.size);
    (void)crypto_auth_hmacsha256_final(&state, extracted);
    (void)crypto_auth_hmacsha256_init(&state, extracted, sizeof(extracted));
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)info,
                                        strlen(info));
    (void)crypto_auth_hmacsha256_update(&state, &one, 1);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(extracted, sizeof(extracted));
    sodium_memzero(&state, sizeof(state));
}

static void mac_of(const uint8_t file_key[FILE_KEY_SIZE],
                   struct sk_bytes signed_bytes, uint8_t out[KEY_SIZE])
{
    crypto_auth_hmacsha256_state state;
    uint8_t key[KEY_SIZE];

    derive((struct sk_bytes){file_key, FILE_KEY_SIZE}, (struct hkdf_salt){0},
           "header", key);
    (void)crypto_auth_hmacsha256_init(&state, key, sizeof(key));
    (void)crypto_auth_hmacsha256_update(&state, signed_bytes.data,
                                        signed_bytes.size);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(&state, sizeof(state));
}

static void start_stream(const uint8_t file_key[FILE_KEY_SIZE],
                         const uint8_t nonce[SK_AGE_NONCE_SIZE],
                         struct sk_age_stream *out)
{
    *out = (struct sk_age_stream){0};
    derive((struct sk_bytes){file_key, FILE_KEY_SIZE},
           (struct hkdf_salt){.first = {nonce, SK_AGE_NONCE_SIZE}}, "payload",
           out->secret_bytes);
}

/* The key that wraps a file key between an ephemeral share and a recipient. */
static void x25519_key(const uint8_t shared[KEY_SIZE],
                       const uint8_t share[KEY_SIZE],
                       const struct sk_age_recipient *recipient,
                       uint8_t out[KEY_SIZE])
{
    struct hkdf_salt salt = {{share, KEY_SIZE}, {recipient->bytes, KEY_SIZE}};

    derive((struct sk_bytes){shared, KEY_SIZE}, salt, x25519_label, out);
}

static enum sk_status scrypt_key(struct sk_bytes passphrase,
                                 const uint8_t salt[SALT_SIZE], unsigned work,
                                 uint8_t out[KEY_SIZE])
{
    uint8_t bytes[sizeof(scrypt_label) - 1 + SALT_SIZE];

    memcpy(bytes, scrypt_label, sizeof(scrypt_label) - 1);
    memcpy(bytes + sizeof(scrypt_label) - 1, salt, SALT_SIZE);
    if (crypto_pwhash_scryptsalsa208sha256_ll(
            passphrase.data, passphrase.size, bytes, sizeof(bytes),
            UINT64_C(1) << work, /* r */ 8, /* p */ 1, out, KEY_SIZE) != 0)
        return SK_E_MEMORY;
    return SK_OK;
}

/* A wrapping key is used once: its nonce is zero. */
static void wrap(const uint8_t key[KEY_SIZE],
                 const uint8_t file_key[FILE_KEY_SIZE], uint8_t out[BODY_SIZE])
{
    static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

    (void)crypto_aead_chacha20poly1305_ietf_encrypt(
        out, NULL, file_key, FILE_KEY_SIZE, NULL, 0, NULL, nonce, key);
}

static bool unwrap(const uint8_t key[KEY_SIZE], const uint8_t body[BODY_SIZE],
                   uint8_t out[FILE_KEY_SIZE])
{
    static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

    return crypto_aead_chacha20poly1305_ietf_decrypt(
               out, NULL, NULL, body, BODY_SIZE, NULL, 0, nonce, key) == 0;
}

void sk_age_recipient_of(const struct sk_age_identity *identity,
                         struct sk_age_recipient *out)
{
    /* Always 0. */
    (void)crypto_scalarmult_base(out->bytes, identity->secret_bytes);
}

/* ------------------------------------------------------------- writing */

struct writer {
    struct sk_room room;
    size_t size;
    bool full;
};

static void put(struct writer *w, struct sk_bytes bytes)
{
    if (w->full || bytes.size > w->room.size_max - w->size) {
        w->full = true;
        return;
    }
    memcpy(w->room.data + w->size, bytes.data, bytes.size);
    w->size += bytes.size;
}

static void put_text(struct writer *w, const char *text)
{
    put(w, sk_text(text));
}

/* At most 32 bytes: one line. */
static void put_base64(struct writer *w, const uint8_t *bytes, size_t size)
{
    char text[TEXT32_SIZE + 1];

    assert(size <= 32);
    (void)sodium_bin2base64(text, sizeof(text), bytes, size,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    put_text(w, text);
}

static void put_body(struct writer *w, const uint8_t key[KEY_SIZE],
                     const uint8_t file_key[FILE_KEY_SIZE])
{
    uint8_t body[BODY_SIZE];

    wrap(key, file_key, body);
    put_text(w, "\n");
    put_base64(w, body, sizeof(body));
    put_text(w, "\n");
}

static enum sk_status put_x25519(struct writer *w, struct sk_random *random,
                                 const struct sk_age_recipient *recipient,
                                 const uint8_t file_key[FILE_KEY_SIZE])
{
    uint8_t ephemeral[KEY_SIZE];
    uint8_t shared[KEY_SIZE];
    uint8_t share[KEY_SIZE];
    uint8_t key[KEY_SIZE];
    enum sk_status status = SK_E_BAD_VALUE;

    sk_random_fill(random, ephemeral, sizeof(ephemeral));
    (void)crypto_scalarmult_base(share, ephemeral); /* always 0 */
    if (crypto_scalarmult(shared, ephemeral, recipient->bytes) == 0) {
        x25519_key(shared, share, recipient, key);
        put_text(w, "-> X25519 ");
        put_base64(w, share, sizeof(share));
        put_body(w, key, file_key);
        status = SK_OK;
    }
    sodium_memzero(ephemeral, sizeof(ephemeral));
    sodium_memzero(shared, sizeof(shared));
    sodium_memzero(key, sizeof(key));
    return status;
}

static enum sk_status put_scrypt(struct writer *w, struct sk_random *random,
                                 struct sk_bytes passphrase,
                                 const uint8_t file_key[FILE_KEY_SIZE])
{
    uint8_t salt[SALT_SIZE];
    uint8_t key[KEY_SIZE];
    enum sk_status status;

    sk_random_fill(random, salt, sizeof(salt));
    status = scrypt_key(passphrase, salt, SK_AGE_WORK, key);
    if (status == SK_OK) {
        put_text(w, "-> scrypt ");
        put_base64(w, salt, sizeof(salt));
        _Static_assert(SK_AGE_WORK == 18, "the text below");
        put_text(w, " 18");
        put_body(w, key, file_key);
    }
    sodium_memzero(key, sizeof(key));
    return status;
}

static enum sk_status put_stanzas(struct writer *w, const struct sk_age_to *to,
                                  struct sk_random *random,
                                  const uint8_t file_key[FILE_KEY_SIZE])
{
    if (to->recipients_count == 0)
        return put_scrypt(w, random, to->passphrase_secret, file_key);
    for (size_t i = 0; i < to->recipients_count; i++)
        SK_TRY(put_x25519(w, random, &to->recipients[i], file_key));
    return SK_OK;
}

enum sk_status sk_age_start(const struct sk_age_to *to,
                            const struct sk_seed *seed, struct sk_room room,
                            struct sk_bytes *header,
                            struct sk_age_stream *stream)
{
    struct sk_random random = {.seed = *seed};
    struct writer w = {.room = room};
    uint8_t file_key[FILE_KEY_SIZE];
    uint8_t nonce[SK_AGE_NONCE_SIZE];
    uint8_t mac[KEY_SIZE];
    enum sk_status status;

    assert(to->recipients_count <= SK_AGE_RECIPIENTS_MAX);

    sk_random_fill(&random, file_key, sizeof(file_key));
    sk_random_fill(&random, nonce, sizeof(nonce));
    put_text(&w, version_line);
    put_text(&w, "\n");
    status = put_stanzas(&w, to, &random, file_key);
    if (status == SK_OK) {
        put_text(&w, "---");
        mac_of(file_key, (struct sk_bytes){w.room.data, w.size}, mac);
        put_text(&w, " ");
        put_base64(&w, mac, sizeof(mac));
        put_text(&w, "\n");
        put(&w, (struct sk_bytes){nonce, sizeof(nonce)});
        if (w.full)
            status = SK_E_NO_ROOM;
    }
    if (status == SK_OK) {
        start_stream(file_key, nonce, stream);
        *header = (struct sk_bytes){w.room.data, w.size};
    }
    sodium_memzero(file_key, sizeof(file_key));
    sodium_memzero(&random, sizeof(random));
    return status;
}

/* ------------------------------------------------------------- chunks */

/* 11 bytes of number, big-endian, and one that marks the last. */
static void chunk_nonce(uint64_t chunk, bool last, uint8_t out[12])
{
    memset(out, 0, 12);
    for (size_t i = 0; i < 8; i++)
        out[10 - i] = (uint8_t)(chunk >> (8 * i));
    out[11] = last ? 1 : 0;
}

void sk_age_seal(struct sk_age_stream *stream, struct sk_bytes plain, bool last,
                 uint8_t *out)
{
    uint8_t nonce[12];

    assert(!stream->ended);
    assert(plain.size == SK_AGE_CHUNK_SIZE ||
           (last && plain.size < SK_AGE_CHUNK_SIZE));
    assert(plain.size > 0 || stream->chunk == 0);

    chunk_nonce(stream->chunk, last, nonce);
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(
        out, NULL, plain.data, plain.size, NULL, 0, NULL, nonce,
        stream->secret_bytes);
    stream->chunk++;
    stream->ended = last;
}

enum sk_status sk_age_open(struct sk_age_stream *stream, struct sk_bytes sealed,
                           bool last, uint8_t *out, size_t *size)
{
    uint8_t nonce[12];

    assert(!stream->ended);

    if (sealed.size < SK_AGE_TAG_SIZE || sealed.size > SK_AGE_SEALED_SIZE ||
        (!last && sealed.size != SK_AGE_SEALED_SIZE) ||
        (sealed.size == SK_AGE_TAG_SIZE && stream->chunk > 0))
        return SK_E_BAD_LENGTH;
    chunk_nonce(stream->chunk, last, nonce);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data,
                                                  sealed.size, NULL, 0, nonce,
                                                  stream->secret_bytes) != 0)
        return SK_E_BAD_SEAL;
    stream->chunk++;
    stream->ended = last;
    *size = sealed.size - SK_AGE_TAG_SIZE;
    return SK_OK;
}

/* ------------------------------------------------------------- reading */

/* A cursor over lines that remembers the first failure. */
struct lines {
    struct sk_bytes left;
    enum sk_status failed;
};

static struct sk_bytes next_line(struct lines *l)
{
    const uint8_t *end;
    struct sk_bytes line = {0};

    if (l->failed != SK_OK)
        return line;
    end = l->left.size == 0 ? NULL : memchr(l->left.data, '\n', l->left.size);
    if (end == NULL) {
        l->failed = SK_E_AGAIN;
        return line;
    }
    line = (struct sk_bytes){l->left.data, (size_t)(end - l->left.data)};
    l->left.data = end + 1;
    l->left.size -= line.size + 1;
    return line;
}

static bool starts_with(struct sk_bytes line, const char *text)
{
    size_t size = strlen(text);

    return line.size >= size && memcmp(line.data, text, size) == 0;
}

static bool is_base64(struct sk_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c >= '0' && c <= '9') || c == '+' || c == '/'))
            return false;
    }
    return true;
}

/* Words of visible ASCII, one space between. */
static bool is_arguments(struct sk_bytes text)
{
    bool word = false;

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ' ' ? !word
                                : text.data[i] < 33 || text.data[i] > 126)
            return false;
        word = text.data[i] != ' ';
    }
    return word;
}

/* The lines of a body; the one that is shorter ends it. */
static void read_body(struct lines *l, struct sk_bytes *out)
{
    const uint8_t *start = l->left.data;
    struct sk_bytes line;

    do {
        line = next_line(l);
        if (l->failed == SK_OK && (line.size > LINE_SIZE || !is_base64(line)))
            l->failed = SK_E_BAD_FORM;
    } while (l->failed == SK_OK && line.size == LINE_SIZE);
    if (l->failed == SK_OK)
        *out =
            (struct sk_bytes){start, (size_t)(line.data - start) + line.size};
}

static void read_stanza(struct lines *l, struct sk_bytes line,
                        struct sk_age_header *out)
{
    struct sk_age_stanza stanza = {.arguments = {line.data + 3, line.size - 3}};

    if (!is_arguments(stanza.arguments) ||
        out->stanzas_count == SK_AGE_STANZAS_MAX) {
        l->failed = SK_E_BAD_FORM;
        return;
    }
    read_body(l, &stanza.body);
    if (starts_with(stanza.arguments, "scrypt "))
        out->passphrase = true;
    out->stanzas[out->stanzas_count++] = stanza;
}

static void read_end(struct lines *l, struct sk_bytes line, struct sk_bytes in,
                     struct sk_age_header *out)
{
    if (line.size != 4 + TEXT32_SIZE || !starts_with(line, "--- ")) {
        l->failed = SK_E_BAD_FORM;
        return;
    }
    out->mac = (struct sk_bytes){line.data + 4, TEXT32_SIZE};
    out->signed_bytes =
        (struct sk_bytes){in.data, (size_t)(line.data - in.data) + 3};
    if (l->left.size < SK_AGE_NONCE_SIZE) {
        l->failed = SK_E_AGAIN;
        return;
    }
    out->nonce = (struct sk_bytes){l->left.data, SK_AGE_NONCE_SIZE};
    out->size = (size_t)(l->left.data - in.data) + SK_AGE_NONCE_SIZE;
}

/* What is there of the first line is already another one. */
static bool is_other(struct sk_bytes in)
{
    size_t size =
        in.size < sizeof(version_line) - 1 ? in.size : sizeof(version_line) - 1;

    return size > 0 && memcmp(in.data, version_line, size) != 0;
}

enum sk_status sk_age_header_read(struct sk_bytes in, struct sk_age_header *out)
{
    struct sk_age_header header = {0};
    struct lines l = {.left = in};
    struct sk_bytes line;

    if (is_other(in))
        return SK_E_BAD_VERSION;
    if (l.left.size > SK_AGE_HEADER_SIZE_MAX)
        l.left.size = SK_AGE_HEADER_SIZE_MAX;
    line = next_line(&l);
    if (l.failed == SK_OK && line.size != sizeof(version_line) - 1)
        return SK_E_BAD_VERSION;
    line = next_line(&l);
    while (l.failed == SK_OK && starts_with(line, "-> ")) {
        read_stanza(&l, line, &header);
        line = next_line(&l);
    }
    if (l.failed == SK_OK)
        read_end(&l, line, in, &header);
    if (l.failed == SK_E_AGAIN && in.size >= SK_AGE_HEADER_SIZE_MAX)
        return SK_E_TOO_LARGE;
    SK_TRY(l.failed);
    if (header.stanzas_count == 0 ||
        (header.passphrase && header.stanzas_count != 1))
        return SK_E_BAD_FORM;
    *out = header;
    return SK_OK;
}

/* ------------------------------------------------------------- opening */

/* The next word of the arguments; empty when there is none. */
static struct sk_bytes next_word(struct sk_bytes *left)
{
    struct sk_bytes word = {left->data, 0};

    while (word.size < left->size && left->data[word.size] != ' ')
        word.size++;
    left->data += word.size;
    left->size -= word.size;
    if (left->size > 0) {
        left->data++;
        left->size--;
    }
    return word;
}

/* Exactly `size` bytes, in the one canonical form. */
static bool from_base64(struct sk_bytes text, uint8_t *out, size_t size)
{
    size_t got = 0;

    return sodium_base642bin(out, size, (const char *)text.data, text.size,
                             NULL, &got, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           got == size;
}

/* SK_E_NOT_FOUND: not for this identity. */
static enum sk_status open_x25519(const struct sk_age_stanza *stanza,
                                  const struct sk_age_identity *identity,
                                  uint8_t file_key[FILE_KEY_SIZE])
{
    struct sk_bytes left = stanza->arguments;
    struct sk_age_recipient recipient;
    uint8_t body[BODY_SIZE];
    uint8_t share[KEY_SIZE];
    uint8_t shared[KEY_SIZE];
    uint8_t key[KEY_SIZE];
    enum sk_status status = SK_E_BAD_FORM;

    (void)next_word(&left); /* "X25519" */
    if (!from_base64(left, share, sizeof(share)) ||
        !from_base64(stanza->body, body, sizeof(body)))
        return SK_E_BAD_FORM;
    sk_age_recipient_of(identity, &recipient);
    if (crypto_scalarmult(shared, identity->secret_bytes, share) == 0) {
        x25519_key(shared, share, &recipient, key);
        status = unwrap(key, body, file_key) ? SK_OK : SK_E_NOT_FOUND;
    }
    sodium_memzero(shared, sizeof(shared));
    sodium_memzero(key, sizeof(key));
    return status;
}

/* Digits without a zero in front. */
static enum sk_status read_work(struct sk_bytes text, unsigned *out)
{
    unsigned work = 0;

    if (text.size == 0 || text.size > 2 || text.data[0] == '0')
        return SK_E_BAD_FORM;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return SK_E_BAD_FORM;
        work = work * 10 + (unsigned)(text.data[i] - '0');
    }
    if (work > SK_AGE_WORK_MAX)
        return SK_E_TOO_LARGE;
    *out = work;
    return SK_OK;
}

static enum sk_status open_scrypt(const struct sk_age_stanza *stanza,
                                  struct sk_bytes passphrase,
                                  uint8_t file_key[FILE_KEY_SIZE])
{
    struct sk_bytes left = stanza->arguments;
    struct sk_bytes salt_text;
    uint8_t body[BODY_SIZE];
    uint8_t salt[SALT_SIZE];
    uint8_t key[KEY_SIZE];
    unsigned work = 0;
    enum sk_status status;

    (void)next_word(&left); /* "scrypt" */
    salt_text = next_word(&left);
    SK_TRY(read_work(left, &work));
    if (salt_text.size != TEXT16_SIZE ||
        !from_base64(salt_text, salt, sizeof(salt)) ||
        !from_base64(stanza->body, body, sizeof(body)))
        return SK_E_BAD_FORM;
    status = scrypt_key(passphrase, salt, work, key);
    if (status == SK_OK && !unwrap(key, body, file_key))
        status = SK_E_WRONG_KEY;
    sodium_memzero(key, sizeof(key));
    return status;
}

static enum sk_status find_file_key(const struct sk_age_header *header,
                                    const struct sk_age_with *with,
                                    uint8_t file_key[FILE_KEY_SIZE])
{
    if (header->passphrase)
        return with->passphrase_secret.size == 0
                   ? SK_E_WRONG_KEY
                   : open_scrypt(&header->stanzas[0], with->passphrase_secret,
                                 file_key);
    for (size_t i = 0; i < header->stanzas_count; i++) {
        const struct sk_age_stanza *stanza = &header->stanzas[i];

        if (!starts_with(stanza->arguments, "X25519 "))
            continue;
        for (size_t k = 0; k < with->identities_count; k++) {
            enum sk_status status =
                open_x25519(stanza, &with->identities[k], file_key);

            if (status != SK_E_NOT_FOUND)
                return status;
        }
    }
    return SK_E_WRONG_KEY;
}

enum sk_status sk_age_header_open(const struct sk_age_header *header,
                                  const struct sk_age_with *with,
                                  struct sk_age_stream *stream)
{
    uint8_t file_key[FILE_KEY_SIZE];
    uint8_t wanted[KEY_SIZE];
    uint8_t mac[KEY_SIZE];
    enum sk_status status;

    if (!from_base64(header->mac, wanted, sizeof(wanted)))
        return SK_E_BAD_FORM;
    SK_TRY(find_file_key(header, with, file_key));
    mac_of(file_key, header->signed_bytes, mac);
    status =
        sodium_memcmp(mac, wanted, sizeof(mac)) == 0 ? SK_OK : SK_E_BAD_SEAL;
    if (status == SK_OK)
        start_stream(file_key, header->nonce.data, stream);
    sodium_memzero(file_key, sizeof(file_key));
    sodium_memzero(mac, sizeof(mac));
    return status;
}
