/*
 * Nothing that was not sealed opens; what was sealed opens to the same bytes,
 * and not when one byte of it is another.
 */
#include "fuzz.h"

#include "protocol/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct party from;
    static struct party to;
    static uint8_t frame[SK_FRAME_SIZE_MAX];
    static uint8_t opened[SK_FRAME_SIZE_MAX];
    struct sk_room into = {opened, sizeof(opened)};
    struct sk_bytes in = {data, size};
    struct sk_envelope_head head;
    struct sk_seed seed = {{0}};
    struct sk_bytes sealed = {0};
    struct sk_bytes plain = {0};
    size_t at;

    if (from.card.version == 0) {
        from = party_of("ocmw-mol", 1);
        to = party_of("sopraco", 11);
    }
    (void)sk_envelope_peek(in, &head);
    MUST(sk_envelope_open(in, &from.card, &to.card, &to.sealing, into,
                          &plain) != SK_OK);
    memcpy(seed.secret_bytes, data, size < 32 ? size : 32);
    if (sk_envelope_seal(&from.card, &to.card, &seed, in,
                         (struct sk_room){frame, sizeof(frame)},
                         &sealed) != SK_OK)
        return 0;
    MUST(sk_envelope_peek(sealed, &head) == SK_OK);
    MUST(sk_envelope_open(sealed, &from.card, &to.card, &to.sealing, into,
                          &plain) == SK_OK);
    MUST(sk_bytes_equal(plain, in));
    at = (seed.secret_bytes[0] * 256u + seed.secret_bytes[1]) % sealed.size;
    frame[at] ^= (uint8_t)(1u << (seed.secret_bytes[2] % 8));
    MUST(sk_envelope_open(sealed, &from.card, &to.card, &to.sealing, into,
                          &plain) != SK_OK);
    return 0;
}
