/*
 * A message that decodes encodes to the same bytes.  The input is a kind and a
 * body; the target signs it, or else no input would get past the signature.
 */
#include "fuzz.h"

#include "protocol/merkle.h"
#include "protocol/message.h"
#include "protocol/unpack.h"

static struct party from;
static struct party to;

/* Statement of ITEMS; nothing when the body is none. */
static bool pack_items(struct sk_pack *p, struct sk_bytes body)
{
    struct sk_unpack u = sk_unpack_start(body);
    struct sk_bytes items[SK_ITEMS_COUNT_MAX];
    struct sk_hash root;
    uint64_t incarnation;
    uint64_t first;
    size_t count;

    sk_unpack_array(&u, 3);
    incarnation = sk_unpack_uint(&u, 0, UINT64_MAX);
    first = sk_unpack_uint(&u, 0, UINT64_MAX);
    count = sk_unpack_array_upto(&u, 1, SK_ITEMS_COUNT_MAX);
    for (size_t i = 0; i < count; i++)
        items[i] = sk_unpack_bin_upto(&u, 0, SIZE_MAX);
    if (sk_unpack_finish(&u) != SK_OK)
        return false;
    sk_merkle_root(items, count, &root);
    sk_pack_array(p, 7);
    sk_pack_str(p, sk_org_text(&from.card.org));
    sk_pack_str(p, sk_org_text(&to.card.org));
    sk_pack_uint(p, SK_MESSAGE_ITEMS);
    sk_pack_uint(p, incarnation);
    sk_pack_uint(p, first);
    sk_pack_uint(p, first + count - 1);
    sk_pack_bin(p, (struct sk_bytes){root.bytes, 32});
    return true;
}

static bool pack_statement(struct sk_pack *p, uint8_t kind,
                           struct sk_bytes body)
{
    struct sk_hash digest;

    if (kind == SK_MESSAGE_ITEMS)
        return pack_items(p, body);
    sk_hash("schakel/body/1", body, &digest);
    sk_pack_array(p, 4);
    sk_pack_str(p, sk_org_text(&from.card.org));
    sk_pack_str(p, sk_org_text(&to.card.org));
    sk_pack_uint(p, kind);
    sk_pack_bin(p, (struct sk_bytes){digest.bytes, 32});
    return true;
}

static enum sk_status decode(struct sk_bytes in, struct sk_message *out)
{
    return sk_message_decode(in, &from.card.org, &to.card.org,
                             &from.card.signing, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t whole[SK_FRAME_SIZE_MAX];
    static uint8_t again_data[SK_FRAME_SIZE_MAX];
    uint8_t statement_data[300];
    struct sk_pack p =
        sk_pack_start((struct sk_room){statement_data, sizeof(statement_data)});
    struct sk_signature signature;
    struct sk_bytes statement = {0};
    struct sk_bytes again = {0};
    struct sk_bytes body;
    struct sk_bytes in = {0};
    struct sk_message message;

    if (from.card.version == 0) {
        from = party_of("ocmw-mol", 1);
        to = party_of("sopraco", 11);
    }
    MUST(decode((struct sk_bytes){data, size}, &message) != SK_OK);
    if (size < 2 || size > SK_FRAME_SIZE_MAX - 100)
        return 0;
    body = (struct sk_bytes){data + 1, size - 1};
    if (!pack_statement(&p, data[0], body))
        return 0;
    MUST(sk_pack_finish(&p, &statement) == SK_OK);
    sk_sign(&from.signing, "schakel/message/1", statement, &signature);
    p = sk_pack_start((struct sk_room){whole, sizeof(whole)});
    sk_pack_array(&p, 3);
    sk_pack_uint(&p, data[0]);
    sk_pack_bin(&p, (struct sk_bytes){signature.bytes, 64});
    sk_pack_bin(&p, body);
    MUST(sk_pack_finish(&p, &in) == SK_OK);
    if (decode(in, &message) != SK_OK)
        return 0;
    MUST(sk_message_encode(&message, &from.card.org, &to.card.org,
                           &from.signing,
                           (struct sk_room){again_data, sizeof(again_data)},
                           &again) == SK_OK);
    MUST(sk_bytes_equal(again, in));
    return 0;
}
