#include "protocol/checkpoint.h"

#include <string.h>

#include <sodium.h>

#include "protocol/lines.h"
#include "protocol/sha256.h"

#define ORIGIN_START "schakel/"
#define KEY_HASH_SIZE 4
#define ED25519 0x01 /* the algorithm, in signed notes */
/* Em dash and space: how a signature line starts. */
#define SIGNATURE_START "\xe2\x80\x94 "

bool sk_log_id_equal(const struct sk_log_id *a, const struct sk_log_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool sk_log_id_is_none(const struct sk_log_id *id)
{
    static const struct sk_log_id none;

    return sk_log_id_equal(id, &none);
}

/* ------------------------------------------------------------- notes */

void sk_note_key_hash(struct sk_bytes name, const struct sk_sign_public *public,
                      uint8_t out[KEY_HASH_SIZE])
{
    static const uint8_t between[] = {'\n', ED25519};
    const struct sk_bytes parts[] = {
        name,
        {between, sizeof(between)},
        {public->bytes, sizeof(public->bytes)},
    };
    struct sk_hash hash;

    sk_sha256_parts(parts, SK_COUNT(parts), &hash);
    memcpy(out, hash.bytes, KEY_HASH_SIZE);
}

/* Signature line: start, name, space, base64(key hash, signature). */
static bool take_signature(struct sk_bytes line, struct sk_bytes name,
                           uint8_t raw[KEY_HASH_SIZE + SK_SIGNATURE_SIZE])
{
    struct sk_bytes got;

    return sk_take_text(&line, SIGNATURE_START) &&
           sk_take_until(&line, ' ', &got) && sk_bytes_equal(got, name) &&
           sk_base64_read(line, raw, KEY_HASH_SIZE + SK_SIGNATURE_SIZE);
}

bool sk_note_line_holds(struct sk_bytes text, struct sk_bytes line,
                        struct sk_bytes name,
                        const struct sk_sign_public *public)
{
    uint8_t raw[KEY_HASH_SIZE + SK_SIGNATURE_SIZE];
    uint8_t hash[KEY_HASH_SIZE];

    sk_note_key_hash(name, public, hash);
    return take_signature(line, name, raw) &&
           memcmp(raw, hash, KEY_HASH_SIZE) == 0 &&
           crypto_sign_verify_detached(raw + KEY_HASH_SIZE, text.data,
                                       text.size, public->bytes) == 0;
}

/* ------------------------------------------------------------- writing */

static void put_log(struct sk_lines *t, const struct sk_log_id *log)
{
    char hex[2 * SK_LOG_ID_SIZE + 1];

    sodium_bin2hex(hex, sizeof(hex), log->bytes, sizeof(log->bytes));
    sk_lines_text(t, hex);
}

static void put_origin(struct sk_lines *t, const struct sk_checkpoint *c)
{
    sk_lines_text(t, ORIGIN_START);
    sk_lines_put(t, sk_org_text(&c->charter));
    sk_lines_text(t, "/");
    sk_lines_put(t, sk_org_text(&c->org));
    sk_lines_text(t, "#");
    put_log(t, &c->log);
}

static void put_text(struct sk_lines *t, const struct sk_checkpoint *c)
{
    put_origin(t, c);
    sk_lines_text(t, "\n");
    sk_lines_uint(t, c->head.size);
    sk_lines_text(t, "\n");
    sk_lines_base64(t, (struct sk_bytes){c->head.root.bytes, SK_HASH_SIZE});
    sk_lines_text(t, "\n");
    for (size_t i = 0; i < c->restarts_count; i++) {
        sk_lines_text(t, "after ");
        put_log(t, &c->restarts[i].log);
        sk_lines_text(t, " ");
        sk_lines_uint(t, c->restarts[i].size);
        sk_lines_text(t, "\n");
    }
}

enum sk_status sk_checkpoint_sign(const struct sk_checkpoint *checkpoint,
                                  const struct sk_sign_secret *secret,
                                  struct sk_room room, struct sk_bytes *out)
{
    uint8_t raw[KEY_HASH_SIZE + SK_SIGNATURE_SIZE];
    struct sk_lines t = sk_lines_start(room);
    uint8_t name[SK_ORIGIN_SIZE];
    struct sk_lines n = sk_lines_start((struct sk_room){name, sizeof(name)});
    struct sk_sign_public public;

    assert(checkpoint->restarts_count <= SK_RESTARTS_MAX);
    assert(!sk_log_id_is_none(&checkpoint->log));

    put_text(&t, checkpoint);
    if (t.full)
        return SK_E_NO_ROOM;
    put_origin(&n, checkpoint);
    assert(!n.full);
    /* libsodium keeps the public half behind the seed. */
    memcpy(public.bytes, secret->secret_bytes + 32, sizeof(public.bytes));
    sk_note_key_hash((struct sk_bytes){name, n.size}, &public, raw);
    (void)crypto_sign_detached(raw + KEY_HASH_SIZE, NULL, t.data, t.size,
                               secret->secret_bytes); /* always 0 */
    sk_lines_text(&t, "\n" SIGNATURE_START);
    sk_lines_put(&t, (struct sk_bytes){name, n.size});
    sk_lines_text(&t, " ");
    sk_lines_base64(&t, (struct sk_bytes){raw, sizeof(raw)});
    sk_lines_text(&t, "\n");
    return sk_lines_finish(&t, out);
}

void sk_checkpoint_vkey(const struct sk_checkpoint *checkpoint,
                        const struct sk_sign_public *public,
                        char out[SK_VKEY_SIZE_MAX + 1])
{
    struct sk_lines t =
        sk_lines_start((struct sk_room){(uint8_t *)out, SK_VKEY_SIZE_MAX});
    char hex[2 * KEY_HASH_SIZE + 1];
    uint8_t hash[KEY_HASH_SIZE];
    uint8_t raw[33] = {ED25519};

    put_origin(&t, checkpoint);
    sk_note_key_hash((struct sk_bytes){t.data, t.size}, public, hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    memcpy(raw + 1, public->bytes, sizeof(public->bytes));
    sk_lines_text(&t, "+");
    sk_lines_text(&t, hex);
    sk_lines_text(&t, "+");
    sk_lines_base64(&t, (struct sk_bytes){raw, sizeof(raw)});
    assert(!t.full);
    out[t.size] = '\0';
}

/* ------------------------------------------------------------- reading */

static bool read_log(struct sk_bytes text, struct sk_log_id *out)
{
    char again[2 * SK_LOG_ID_SIZE + 1];
    size_t size;

    if (text.size != 2 * SK_LOG_ID_SIZE ||
        sodium_hex2bin(out->bytes, sizeof(out->bytes), (const char *)text.data,
                       text.size, NULL, &size, NULL) != 0)
        return false;
    sodium_bin2hex(again, sizeof(again), out->bytes, sizeof(out->bytes));
    return sk_bytes_equal(text, sk_text(again)) && !sk_log_id_is_none(out);
}

/* A number of entries: at most SK_MERKLE_SIZE_MAX, no leading zero. */
static bool read_size(struct sk_bytes text, uint64_t *out)
{
    uint64_t number = 0;

    if (text.size == 0 || text.size > 13 ||
        (text.data[0] == '0' && text.size > 1))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = number;
    return number <= SK_MERKLE_SIZE_MAX;
}

static bool read_origin(struct sk_bytes name, struct sk_checkpoint *c)
{
    struct sk_bytes charter;
    struct sk_bytes org;

    return sk_take_text(&name, ORIGIN_START) &&
           sk_take_until(&name, '/', &charter) &&
           sk_org_parse(charter, &c->charter) &&
           sk_take_until(&name, '#', &org) && sk_org_parse(org, &c->org) &&
           read_log(name, &c->log);
}

static bool take_restart(struct sk_bytes *rest, struct sk_checkpoint *c)
{
    struct sk_restart *restart = &c->restarts[c->restarts_count];
    struct sk_bytes line;
    struct sk_bytes log;

    if (c->restarts_count == SK_RESTARTS_MAX ||
        !sk_take_until(rest, '\n', &line) || !sk_take_text(&line, "after ") ||
        !sk_take_until(&line, ' ', &log) || !read_log(log, &restart->log) ||
        !read_size(line, &restart->size))
        return false;
    c->restarts_count++;
    return true;
}

static bool take_text(struct sk_bytes *rest, struct sk_checkpoint *c,
                      struct sk_bytes *name)
{
    struct sk_bytes line;

    if (!sk_take_until(rest, '\n', name) || !read_origin(*name, c) ||
        !sk_take_until(rest, '\n', &line) || !read_size(line, &c->head.size) ||
        !sk_take_until(rest, '\n', &line) ||
        !sk_base64_read(line, c->head.root.bytes, SK_HASH_SIZE))
        return false;
    while (rest->size > 0 && rest->data[0] != '\n') {
        if (!take_restart(rest, c))
            return false;
    }
    return true;
}

enum sk_status sk_checkpoint_open(struct sk_bytes in,
                                  const struct sk_sign_public *public,
                                  struct sk_checkpoint *out)
{
    uint8_t raw[KEY_HASH_SIZE + SK_SIGNATURE_SIZE];
    struct sk_checkpoint c = {0};
    struct sk_bytes rest = in;
    struct sk_bytes name;
    struct sk_bytes text;
    struct sk_bytes line;

    if (in.size > SK_CHECKPOINT_SIZE_MAX)
        return SK_E_TOO_LARGE;
    if (!take_text(&rest, &c, &name))
        return SK_E_BAD_FORM;
    text = (struct sk_bytes){in.data, in.size - rest.size};
    if (!sk_take_text(&rest, "\n") || !sk_take_until(&rest, '\n', &line) ||
        rest.size > 0 || !take_signature(line, name, raw))
        return SK_E_BAD_FORM;
    if (public != NULL && !sk_note_line_holds(text, line, name, public))
        return SK_E_BAD_SIGNATURE;
    *out = c;
    return SK_OK;
}

enum sk_status sk_checkpoint_shares(const struct sk_checkpoint *checkpoint,
                                    const struct sk_log_id *log, uint64_t *out)
{
    uint64_t least = UINT64_MAX;

    if (sk_log_id_equal(&checkpoint->log, log)) {
        *out = UINT64_MAX;
        return SK_OK;
    }
    for (size_t i = checkpoint->restarts_count; i-- > 0;) {
        const struct sk_restart *restart = &checkpoint->restarts[i];

        if (restart->size < least)
            least = restart->size;
        if (sk_log_id_equal(&restart->log, log)) {
            *out = least;
            return SK_OK;
        }
    }
    return SK_E_NOT_FOUND;
}
