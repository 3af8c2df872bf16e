#include "protocol/sha256.h"

#include <nettle/sha2.h>
#include <sodium.h>

void sk_sha256_parts(const struct sk_bytes *parts, size_t count,
                     struct sk_hash *out)
{
    struct sha256_ctx context;

    sha256_init(&context);
    for (size_t i = 0; i < count; i++)
        if (parts[i].size > 0)
            sha256_update(&context, parts[i].size, parts[i].data);
    sha256_digest(&context, SK_HASH_SIZE, out->bytes);
    sodium_memzero(&context, sizeof(context));
}

void sk_sha256(struct sk_bytes bytes, struct sk_hash *out)
{
    sk_sha256_parts(&bytes, 1, out);
}
