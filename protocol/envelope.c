#include "protocol/envelope.h"

#include <string.h>

#include "protocol/pack.h"
#include "protocol/unpack.h"

#define ENVELOPE_VERSION 1
#define SUITE_X25519_XCHACHA20 1
#define ENVELOPE_FIELDS 7
#define SEAL_CONTEXT "schakel/seal/1"

#define PADDED_SIZE_MIN 256
#define PAD_MARK 0x80

/* array, version, suite, two orgs, bin 8, bin 32: 3 + 66 + 66 + 10 + 34 */
#define HEAD_SIZE_MAX 192
#define ABOUT_SIZE_MAX (HEAD_SIZE_MAX + 3 * 32)

struct outside {
    struct sk_envelope_head head;
    struct sk_seal_public ephemeral;
    struct sk_bytes head_bytes; /* all before the ciphertext's own head */
    struct sk_bytes sealed;
};

size_t sk_padded_size(size_t size)
{
    size_t with_mark = size + 1;
    size_t exponent = 0;
    size_t bits = 0;
    size_t mask;

    assert(size <= SK_FRAME_SIZE_MAX);

    if (with_mark <= PADDED_SIZE_MIN)
        return PADDED_SIZE_MIN;
    while (with_mark >> (exponent + 1) != 0)
        exponent++;
    while (exponent >> bits != 0)
        bits++;
    mask = ((size_t)1 << (exponent - bits)) - 1;
    return (with_mark + mask) & ~mask;
}

/* PROTOCOL.md 5.4: key and nonce, from either end. */
static enum sk_status agree(struct sk_bytes head,
                            const struct sk_seal_secret *mine,
                            const struct sk_seal_public *theirs,
                            const struct sk_seal_public *sealing,
                            const struct sk_card *from,
                            const struct sk_card *to, struct sk_agreed *out)
{
    uint8_t about[ABOUT_SIZE_MAX];
    size_t size = head.size;

    assert(size <= HEAD_SIZE_MAX);

    memcpy(about, head.data, size);
    memcpy(about + size, sealing->bytes, 32);
    memcpy(about + size + 32, from->identity.bytes, 32);
    memcpy(about + size + 64, to->identity.bytes, 32);
    return sk_agree(mine, theirs, SEAL_CONTEXT,
                    (struct sk_bytes){about, size + 96}, out);
}

/* ------------------------------------------------------------------ seal */

static void pack_head(struct sk_pack *p, const struct sk_card *from,
                      const struct sk_card *to,
                      const struct sk_seal_public *ephemeral)
{
    const struct sk_seal_id *id = &to->sealing[0].id;

    sk_pack_array(p, ENVELOPE_FIELDS);
    sk_pack_uint(p, ENVELOPE_VERSION);
    sk_pack_uint(p, SUITE_X25519_XCHACHA20);
    sk_pack_str(p, sk_org_text(&from->org));
    sk_pack_str(p, sk_org_text(&to->org));
    sk_pack_bin(p, (struct sk_bytes){id->bytes, sizeof(id->bytes)});
    sk_pack_bin(p,
                (struct sk_bytes){ephemeral->bytes, sizeof(ephemeral->bytes)});
}

enum sk_status sk_envelope_seal(const struct sk_card *from,
                                const struct sk_card *to,
                                const struct sk_seed *seed,
                                struct sk_bytes plain, struct sk_room room,
                                struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);
    struct sk_seal_public ephemeral;
    struct sk_seal_secret secret;
    struct sk_agreed agreed = {0};
    struct sk_bytes head = {0};
    struct sk_bytes frame = {0};
    enum sk_status status;
    size_t padded;
    uint8_t *body;

    assert(to->sealing_count >= 1);

    if (plain.size > SK_FRAME_SIZE_MAX)
        return SK_E_TOO_LARGE;
    padded = sk_padded_size(plain.size);
    sk_seal_keypair(seed, &ephemeral, &secret);
    pack_head(&p, from, to, &ephemeral);
    status = sk_pack_finish(&p, &head);
    if (status != SK_OK)
        goto out;
    sk_pack_bin_head(&p, padded + SK_TAG_SIZE);
    status = sk_pack_finish(&p, &frame);
    if (status != SK_OK)
        goto out;
    status = SK_E_TOO_LARGE;
    if (frame.size + padded + SK_TAG_SIZE > SK_FRAME_SIZE_MAX)
        goto out;
    status = SK_E_NO_ROOM;
    if (padded + SK_TAG_SIZE > room.size_max - frame.size)
        goto out;
    status = agree(head, &secret, &to->sealing[0].key, &to->sealing[0].key,
                   from, to, &agreed);
    if (status != SK_OK)
        goto out;

    body = room.data + frame.size;
    if (plain.size > 0)
        memcpy(body, plain.data, plain.size);
    body[plain.size] = PAD_MARK;
    memset(body + plain.size + 1, 0, padded - plain.size - 1);
    sk_agreed_seal(&agreed, head, body, padded);
    *out = (struct sk_bytes){room.data, frame.size + padded + SK_TAG_SIZE};
out:
    sk_wipe(&secret, sizeof(secret));
    sk_wipe(&agreed, sizeof(agreed));
    return status;
}

/* ------------------------------------------------------------------ open */

static enum sk_status unpack_outside(struct sk_bytes in, struct outside *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct outside o = {0};
    size_t count;

    if (in.size > SK_FRAME_SIZE_MAX)
        return SK_E_TOO_LARGE;
    /* PROTOCOL.md 5.2: another version may have another number of fields. */
    count = sk_unpack_array_upto(&u, 1, 15);
    if (sk_unpack_uint(&u, 0, UINT64_MAX) != ENVELOPE_VERSION &&
        u.status == SK_OK)
        return SK_E_BAD_VERSION;
    if (u.status == SK_OK && count != ENVELOPE_FIELDS)
        return SK_E_BAD_FORM;
    if (sk_unpack_uint(&u, 0, UINT64_MAX) != SUITE_X25519_XCHACHA20 &&
        u.status == SK_OK)
        return SK_E_BAD_VERSION;
    sk_unpack_org(&u, &o.head.sender);
    sk_unpack_org(&u, &o.head.recipient);
    sk_unpack_bin(&u, o.head.sealing.bytes, sizeof(o.head.sealing.bytes));
    sk_unpack_bin(&u, o.ephemeral.bytes, sizeof(o.ephemeral.bytes));
    if (u.status == SK_OK)
        o.head_bytes = (struct sk_bytes){in.data, (size_t)(u.at - in.data)};
    o.sealed = sk_unpack_bin_upto(&u, PADDED_SIZE_MIN + SK_TAG_SIZE,
                                  SK_FRAME_SIZE_MAX);
    SK_TRY(sk_unpack_finish(&u));
    *out = o;
    return SK_OK;
}

enum sk_status sk_envelope_peek(struct sk_bytes in,
                                struct sk_envelope_head *out)
{
    struct outside o;

    SK_TRY(unpack_outside(in, &o));
    *out = o.head;
    return SK_OK;
}

/*
 * The public half of `secret`, when its id is the one in the head.  A key that
 * was replaced is no longer on the card but opens for a while.
 */
static enum sk_status sealing_of(const struct sk_card *to,
                                 const struct sk_seal_secret *secret,
                                 const struct sk_seal_id *id,
                                 struct sk_seal_public *out)
{
    struct sk_seal_public public;
    struct sk_seal_id derived;

    for (size_t i = 0; i < to->sealing_count; i++) {
        if (memcmp(to->sealing[i].id.bytes, id->bytes, sizeof(id->bytes)) != 0)
            continue;
        *out = to->sealing[i].key;
        return SK_OK;
    }
    sk_seal_public_of(secret, &public);
    sk_seal_id_of(&public, &derived);
    if (memcmp(derived.bytes, id->bytes, sizeof(id->bytes)) != 0)
        return SK_E_WRONG_KEY;
    *out = public;
    return SK_OK;
}

/* PROTOCOL.md 5.5: take the padding off; only the one right size is. */
static enum sk_status unpad(struct sk_bytes padded, struct sk_bytes *out)
{
    size_t size = padded.size;

    while (size > 0 && padded.data[size - 1] == 0)
        size--;
    if (size == 0 || padded.data[size - 1] != PAD_MARK)
        return SK_E_BAD_FORM;
    size--;
    if (sk_padded_size(size) != padded.size)
        return SK_E_BAD_FORM;
    *out = (struct sk_bytes){padded.data, size};
    return SK_OK;
}

enum sk_status sk_envelope_open(struct sk_bytes in, const struct sk_card *from,
                                const struct sk_card *to,
                                const struct sk_seal_secret *secret,
                                struct sk_room room, struct sk_bytes *out)
{
    struct sk_agreed agreed = {0};
    struct sk_seal_public sealing;
    struct sk_bytes padded = {0};
    struct sk_bytes plain = {0};
    enum sk_status status;
    struct outside o;

    SK_TRY(unpack_outside(in, &o));
    if (!sk_org_equal(&o.head.sender, &from->org))
        return SK_E_BAD_SENDER;
    if (!sk_org_equal(&o.head.recipient, &to->org))
        return SK_E_BAD_RECIPIENT;
    SK_TRY(sealing_of(to, secret, &o.head.sealing, &sealing));

    status =
        agree(o.head_bytes, secret, &o.ephemeral, &sealing, from, to, &agreed);
    if (status != SK_OK) {
        status = SK_E_BAD_SEAL; /* an ephemeral key of small order */
        goto out;
    }
    status = sk_agreed_open(&agreed, o.head_bytes, o.sealed, room, &padded);
    if (status != SK_OK)
        goto out;
    status = unpad(padded, &plain);
    if (status != SK_OK) {
        sk_wipe(room.data, padded.size);
        goto out;
    }
    *out = plain;
out:
    sk_wipe(&agreed, sizeof(agreed));
    return status;
}
