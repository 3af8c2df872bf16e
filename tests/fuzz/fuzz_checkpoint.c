/*
 * Law: a checkpoint that is read says the same when it is written again, and
 * nothing verifies that was not signed.
 */
#include "fuzz.h"

#include "protocol/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_bytes in = {data, size};
    uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    struct party p = party_of("ocmw-mol", 1);
    struct sk_checkpoint c;
    struct sk_checkpoint again;
    struct sk_bytes out;
    size_t text;

    if (sk_checkpoint_open(in, NULL, &c) != SK_OK)
        return 0;
    MUST(sk_checkpoint_open(in, &p.card.signing, &again) == SK_E_BAD_SIGNATURE);
    MUST(sk_checkpoint_sign(&c, &p.signing,
                            (struct sk_room){room, sizeof(room)},
                            &out) == SK_OK);
    MUST(out.size == in.size);
    /* All but the signature is the same. */
    text = size - 93;
    MUST(memcmp(out.data, in.data, text) == 0);
    MUST(sk_checkpoint_open(out, &p.card.signing, &again) == SK_OK);
    MUST(again.head.size == c.head.size);
    MUST(again.restarts_count == c.restarts_count);
    return 0;
}
