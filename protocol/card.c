#include "protocol/card.h"

#include <string.h>

#include "protocol/form.h"
#include "protocol/pack.h"
#include "protocol/unpack.h"

#define CARD_FORMAT 1
#define CARD_FIELDS 9 /* that are signed */
#define CARD_CONTEXT "schakel/card/1"
#define NAME_SIZE_MAX 253
#define LABEL_SIZE_MAX 63

/* ------------------------------------------------------------- endpoints */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A decimal number of min..max without leading zero. */
static bool is_number(struct sk_bytes text, uint32_t min, uint32_t max)
{
    uint32_t number = 0;

    if (text.size == 0 || text.size > 5)
        return false;
    if (text.size > 1 && text.data[0] == '0')
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i]))
            return false;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    return number >= min && number <= max;
}

/* Cut off what stands before the next `mark`, or everything. */
static struct sk_bytes next_part(struct sk_bytes *rest, uint8_t mark)
{
    struct sk_bytes part = *rest;

    for (size_t i = 0; i < rest->size; i++) {
        if (rest->data[i] != mark)
            continue;
        part.size = i;
        rest->data += i + 1;
        rest->size -= i + 1;
        return part;
    }
    rest->size = 0;
    return part;
}

static bool is_ipv4(struct sk_bytes host)
{
    size_t count = 0;

    if (host.size == 0 || host.data[host.size - 1] == '.')
        return false;
    while (host.size > 0) {
        if (!is_number(next_part(&host, '.'), 0, 255))
            return false;
        count++;
    }
    return count == 4;
}

static bool is_label(struct sk_bytes label)
{
    if (label.size == 0 || label.size > LABEL_SIZE_MAX)
        return false;
    if (label.data[0] == '-' || label.data[label.size - 1] == '-')
        return false;
    for (size_t i = 0; i < label.size; i++)
        if (!is_letter(label.data[i]) && !is_digit(label.data[i]) &&
            label.data[i] != '-')
            return false;
    return true;
}

/* A name whose last label is not a number: that would be an address. */
static bool is_host_name(struct sk_bytes host)
{
    struct sk_bytes label = {0};

    if (host.size == 0 || host.size > NAME_SIZE_MAX ||
        host.data[host.size - 1] == '.')
        return false;
    while (host.size > 0) {
        label = next_part(&host, '.');
        if (!is_label(label))
            return false;
    }
    for (size_t i = 0; i < label.size; i++)
        if (!is_digit(label.data[i]))
            return true;
    return false;
}

/* Eight groups of 1..4 hex digits; "::" once, for one or more of them. */
static bool is_ipv6(struct sk_bytes host)
{
    size_t groups = 0;
    size_t at = 0;
    bool gap = false;

    while (at < host.size) {
        size_t digits = 0;

        if (host.data[at] == ':' && at + 1 < host.size &&
            host.data[at + 1] == ':') {
            if (gap)
                return false;
            gap = true;
            at += 2;
            continue;
        }
        if (at > 0 && host.data[at] == ':' && host.data[at - 1] != ':')
            at++;
        while (at < host.size && is_hex(host.data[at]) && digits < 5) {
            digits++;
            at++;
        }
        if (digits == 0 || digits > 4)
            return false;
        groups++;
        if (at < host.size && host.data[at] != ':')
            return false;
    }
    return gap ? groups <= 7 : groups == 8;
}

bool sk_endpoint_is_legal(struct sk_bytes text)
{
    static const char scheme[] = "tcp://";
    size_t scheme_size = sizeof(scheme) - 1;
    size_t colon = text.size;
    struct sk_bytes host;
    struct sk_bytes port;

    if (text.size > SK_ENDPOINT_SIZE_MAX || text.size <= scheme_size ||
        memcmp(text.data, scheme, scheme_size) != 0)
        return false;
    while (colon > scheme_size && text.data[colon - 1] != ':')
        colon--;
    if (colon == scheme_size)
        return false;
    port = (struct sk_bytes){text.data + colon, text.size - colon};
    host = (struct sk_bytes){text.data + scheme_size, colon - 1 - scheme_size};
    if (!is_number(port, 1, 65535))
        return false;
    if (host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        return is_ipv6((struct sk_bytes){host.data + 1, host.size - 2});
    return is_ipv4(host) || is_host_name(host);
}

/* ----------------------------------------------------------------- write */

#define BYTES_OF(field)                                                        \
    ((struct sk_bytes){(field).bytes, sizeof((field).bytes)})

static void pack_fields(struct sk_pack *p, const struct sk_card *card)
{
    sk_pack_uint(p, CARD_FORMAT);
    sk_pack_str(p, sk_org_text(&card->org));
    sk_pack_bin(p, BYTES_OF(card->identity));
    sk_pack_uint(p, card->version);
    sk_pack_bin(p, BYTES_OF(card->signing));
    sk_pack_bin(p, BYTES_OF(card->curve));
    sk_pack_array(p, card->sealing_count);
    for (size_t i = 0; i < card->sealing_count; i++) {
        const struct sk_card_sealing *sealing = &card->sealing[i];

        sk_pack_array(p, 4);
        sk_pack_bin(p, BYTES_OF(sealing->id));
        sk_pack_bin(p, BYTES_OF(sealing->key));
        sk_pack_uint(p, sealing->from_s);
        sk_pack_uint(p, sealing->until_s);
    }
    sk_pack_array(p, card->endpoints_count);
    for (size_t i = 0; i < card->endpoints_count; i++)
        sk_pack_cstr(p, card->endpoints[i]);
    sk_pack_uint(p, card->issued_s);
}

/* PROTOCOL.md 4.3: what the fields must be to each other. */
static bool is_sound(const struct sk_card *card)
{
    for (size_t i = 0; i < card->sealing_count; i++) {
        struct sk_seal_id id;

        sk_seal_id_of(&card->sealing[i].key, &id);
        if (memcmp(id.bytes, card->sealing[i].id.bytes, sizeof(id.bytes)) != 0)
            return false;
        if (card->sealing[i].from_s >= card->sealing[i].until_s)
            return false;
    }
    if (card->sealing_count == 2 &&
        memcmp(card->sealing[0].id.bytes, card->sealing[1].id.bytes,
               SK_SEAL_ID_SIZE) == 0)
        return false;
    for (size_t i = 0; i < card->endpoints_count; i++)
        if (!sk_endpoint_is_legal(sk_text(card->endpoints[i])))
            return false;
    return true;
}

enum sk_status sk_card_encode(const struct sk_card *card,
                              const struct sk_sign_secret *identity,
                              struct sk_room room, struct sk_bytes *out)
{
    uint8_t signed_bytes[SK_CARD_SIZE_MAX];
    struct sk_pack p =
        sk_pack_start((struct sk_room){signed_bytes, sizeof(signed_bytes)});
    struct sk_bytes fields = {0};
    struct sk_signature signature;

    assert(card->version >= 1);
    assert(card->sealing_count >= 1);
    assert(card->sealing_count <= SK_COUNT(card->sealing));
    assert(card->endpoints_count <= SK_ENDPOINTS_MAX);
    assert(is_sound(card));
    /* An Ed25519 secret ends with its public key. */
    assert(memcmp(identity->secret_bytes + 32, card->identity.bytes, 32) == 0);

    sk_pack_array(&p, CARD_FIELDS);
    pack_fields(&p, card);
    SK_TRY(sk_pack_finish(&p, &fields));
    sk_sign(identity, CARD_CONTEXT, fields, &signature);

    p = sk_pack_start(room);
    sk_pack_array(&p, CARD_FIELDS + 1);
    pack_fields(&p, card);
    sk_pack_bin(&p, BYTES_OF(signature));
    return sk_pack_finish(&p, out);
}

/* ------------------------------------------------------------------ read */

static void unpack_sealing(struct sk_unpack *u, struct sk_card *card)
{
    card->sealing_count = sk_unpack_array_upto(u, 1, SK_COUNT(card->sealing));
    for (size_t i = 0; i < card->sealing_count; i++) {
        struct sk_card_sealing *sealing = &card->sealing[i];

        sk_unpack_array(u, 4);
        sk_unpack_bin(u, sealing->id.bytes, sizeof(sealing->id.bytes));
        sk_unpack_bin(u, sealing->key.bytes, sizeof(sealing->key.bytes));
        sealing->from_s = sk_unpack_uint(u, 0, SK_AT_S_MAX);
        sealing->until_s = sk_unpack_uint(u, 0, SK_AT_S_MAX);
    }
}

static enum sk_status unpack_endpoints(struct sk_unpack *u,
                                       struct sk_card *card)
{
    size_t count = sk_unpack_array_upto(u, 0, SK_ENDPOINTS_MAX);

    for (size_t i = 0; i < count; i++) {
        struct sk_bytes text = sk_unpack_str(u, 1, SK_ENDPOINT_SIZE_MAX);

        if (u->status != SK_OK)
            return u->status;
        if (!sk_endpoint_is_legal(text))
            return SK_E_BAD_VALUE;
        memcpy(card->endpoints[i], text.data, text.size);
    }
    card->endpoints_count = count;
    return SK_OK;
}

/* The signed bytes: the fields as they stand in the card, as an array of 9. */
static bool is_signed(const struct sk_card *card, struct sk_bytes fields,
                      const struct sk_signature *signature)
{
    uint8_t signed_bytes[SK_CARD_SIZE_MAX];

    assert(fields.size < sizeof(signed_bytes));

    signed_bytes[0] = 0x90 | CARD_FIELDS;
    memcpy(signed_bytes + 1, fields.data, fields.size);
    return sk_verify(&card->identity, CARD_CONTEXT,
                     (struct sk_bytes){signed_bytes, 1 + fields.size},
                     signature);
}

enum sk_status sk_card_decode(struct sk_bytes in, struct sk_card *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_card card = {0};
    struct sk_signature signature;
    struct sk_bytes fields;

    if (in.size > SK_CARD_SIZE_MAX)
        return SK_E_TOO_LARGE;
    sk_unpack_array(&u, CARD_FIELDS + 1);
    fields.data = u.at;
    if (sk_unpack_uint(&u, 0, UINT64_MAX) != CARD_FORMAT && u.status == SK_OK)
        return SK_E_BAD_VERSION;
    sk_unpack_org(&u, &card.org);
    sk_unpack_bin(&u, card.identity.bytes, sizeof(card.identity.bytes));
    card.version = sk_unpack_uint(&u, 1, UINT64_MAX);
    sk_unpack_bin(&u, card.signing.bytes, sizeof(card.signing.bytes));
    sk_unpack_bin(&u, card.curve.bytes, sizeof(card.curve.bytes));
    unpack_sealing(&u, &card);
    SK_TRY(unpack_endpoints(&u, &card));
    card.issued_s = sk_unpack_uint(&u, 0, SK_AT_S_MAX);
    fields.size = (size_t)(u.at - fields.data);
    sk_unpack_bin(&u, signature.bytes, sizeof(signature.bytes));
    SK_TRY(sk_unpack_finish(&u));

    if (!is_signed(&card, fields, &signature))
        return SK_E_BAD_SIGNATURE;
    if (!is_sound(&card))
        return SK_E_BAD_VALUE;
    *out = card;
    return SK_OK;
}
