/*
 * A card that decodes encodes to the same bytes.  The input is what a card has
 * in front of its signature; the target puts its own identity key into it and
 * signs it, or else no input would ever get past the signature.
 */
#include "fuzz.h"

#include "protocol/unpack.h"

/* Where the identity key stands, or NULL. */
static uint8_t *identity_in(uint8_t *data, size_t size)
{
    struct sk_unpack u = sk_unpack_start((struct sk_bytes){data, size});
    struct sk_bytes key;
    struct sk_org org;

    sk_unpack_array(&u, 9);
    sk_unpack_uint(&u, 0, UINT64_MAX);
    sk_unpack_org(&u, &org);
    key = sk_unpack_bin_upto(&u, 32, 32);
    return key.size == 32 ? data + (key.data - data) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct party party;
    static uint8_t fields[SK_CARD_SIZE_MAX];
    static uint8_t whole[SK_CARD_SIZE_MAX];
    static uint8_t again_data[SK_CARD_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){whole, sizeof(whole)});
    struct sk_signature signature;
    struct sk_bytes again = {0};
    struct sk_bytes in = {0};
    struct sk_card card;
    uint8_t *key;

    if (party.card.version == 0)
        party = party_of("ocmw-mol", 1);
    (void)sk_card_decode((struct sk_bytes){data, size}, &card);
    (void)sk_endpoint_is_legal((struct sk_bytes){data, size});
    if (size == 0 || size > sizeof(fields) - 66)
        return 0;
    memcpy(fields, data, size);
    key = identity_in(fields, size);
    if (key == NULL)
        return 0;
    memcpy(key, party.card.identity.bytes, 32);
    sk_sign(&party.identity, "schakel/card/1", (struct sk_bytes){fields, size},
            &signature);
    sk_pack_array(&p, 10);
    sk_pack_raw(&p, (struct sk_bytes){fields + 1, size - 1});
    sk_pack_bin(&p, (struct sk_bytes){signature.bytes, 64});
    MUST(sk_pack_finish(&p, &in) == SK_OK);
    if (sk_card_decode(in, &card) != SK_OK)
        return 0;
    MUST(sk_card_encode(&card, &party.identity,
                        (struct sk_room){again_data, sizeof(again_data)},
                        &again) == SK_OK);
    MUST(sk_bytes_equal(again, in));
    return 0;
}
