/*
 * Laws: a header lies inside the bytes it was read from and reads the same
 * without what follows it; nothing opens that was not sealed whole for the
 * key; what is sealed opens to the same bytes, and not one byte shorter.
 */
#include "fuzz.h"

#include "protocol/age.h"

static const struct sk_age_identity identity = {{9}};

static bool is_inside(struct sk_bytes in, struct sk_bytes part)
{
    return part.size == 0 ||
           (part.data >= in.data && part.data + part.size <= in.data + in.size);
}

/* Chunks until the end; false when one does not open. */
static bool open_rest(struct sk_age_stream *stream, struct sk_bytes in,
                      uint8_t *plain, size_t *size)
{
    bool last = false;

    *size = 0;
    while (!last) {
        struct sk_bytes chunk = in;
        size_t got;

        last = in.size <= SK_AGE_SEALED_SIZE;
        if (!last)
            chunk.size = SK_AGE_SEALED_SIZE;
        if (sk_age_open(stream, chunk, last, plain + *size, &got) != SK_OK)
            return false;
        *size += got;
        in.data += chunk.size;
        in.size -= chunk.size;
    }
    return true;
}

static bool open_file(struct sk_bytes in, uint8_t *plain, size_t *size)
{
    struct sk_age_with with = {.identities = &identity, .identities_count = 1};
    struct sk_age_header header;
    struct sk_age_header same;
    struct sk_age_stream stream;

    if (sk_age_header_read(in, &header) != SK_OK)
        return false;
    MUST(header.size <= in.size && header.stanzas_count > 0);
    MUST(is_inside(in, header.signed_bytes) && is_inside(in, header.nonce));
    for (size_t i = 0; i < header.stanzas_count; i++)
        MUST(is_inside(in, header.stanzas[i].arguments) &&
             is_inside(in, header.stanzas[i].body));
    MUST(sk_age_header_read((struct sk_bytes){in.data, header.size}, &same) ==
             SK_OK &&
         same.size == header.size);
    MUST(sk_age_header_read((struct sk_bytes){in.data, header.size - 1},
                            &same) == SK_E_AGAIN);
    if (sk_age_header_open(&header, &with, &stream) != SK_OK)
        return false;
    in.data += header.size;
    in.size -= header.size;
    return open_rest(&stream, in, plain, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[2 * SK_AGE_SEALED_SIZE + SK_AGE_HEADER_SIZE_MAX];
    static uint8_t plain[2 * SK_AGE_CHUNK_SIZE];
    struct sk_bytes in = {data, size};
    struct sk_age_to to = {.recipients_count = 1};
    struct sk_seed seed = {{5}};
    struct sk_age_stream stream;
    struct sk_bytes header;
    size_t got;

    if (sodium_init() < 0)
        abort();
    if (size > SK_AGE_CHUNK_SIZE)
        return 0;
    /* The corpus has one file that opens: to this text. */
    if (open_file(in, plain, &got))
        MUST(got == 18 && memcmp(plain, "Een reservekopie.\n", got) == 0);
    sk_age_recipient_of(&identity, &to.recipients[0]);
    MUST(sk_age_start(&to, &seed,
                      (struct sk_room){file, SK_AGE_HEADER_SIZE_MAX}, &header,
                      &stream) == SK_OK);
    sk_age_seal(&stream, in, true, file + header.size);
    in.size = header.size + size + SK_AGE_TAG_SIZE;
    in.data = file;
    MUST(open_file(in, plain, &got));
    MUST(got == size && (size == 0 || memcmp(plain, data, size) == 0));
    in.size--;
    MUST(!open_file(in, plain, &got));
    return 0;
}
