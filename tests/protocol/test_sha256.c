/* SHA-256: the values of FIPS 180-4, and libsodium's for every length and
   wherever the parts meet. */
#include "protocol/sha256.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct sk_bytes bytes, const char *hex)
{
    char text[2 * SK_HASH_SIZE + 1];
    struct sk_hash hash;

    sk_sha256(bytes, &hash);
    sodium_bin2hex(text, sizeof(text), hash.bytes, sizeof(hash.bytes));
    cr_expect_str_eq(text, hex);
}

Test(sha256, is_what_the_standard_says)
{
    size_t size = 1000000;
    uint8_t *many = malloc(size);

    memset(many, 'a', size);
    expect((struct sk_bytes){0}, "e3b0c44298fc1c149afbf4c8996fb924"
                                 "27ae41e4649b934ca495991b7852b855");
    expect(sk_text("abc"), "ba7816bf8f01cfea414140de5dae2223"
                           "b00361a396177a9cb410ff61f20015ad");
    expect(sk_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect((struct sk_bytes){many, size}, "cdc76e5c9914fb9281a1c7e284d73e67"
                                          "f1809a48a497200e046d39ccc7112cd0");
    free(many);
}

Test(sha256, is_the_same_in_another_library_and_in_parts)
{
    uint8_t bytes[300], other[SK_HASH_SIZE];
    struct sk_hash whole, parts;

    randombytes_buf(bytes, sizeof(bytes));
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        size_t first = randombytes_uniform((uint32_t)size + 1);
        size_t second = randombytes_uniform((uint32_t)(size - first) + 1);
        const struct sk_bytes of[] = {
            {bytes, first},
            {bytes + first, second},
            {bytes + first + second, size - first - second}};

        crypto_hash_sha256(other, bytes, size);
        sk_sha256((struct sk_bytes){bytes, size}, &whole);
        sk_sha256_parts(of, SK_COUNT(of), &parts);
        cr_assert_arr_eq(whole.bytes, other, sizeof(other));
        cr_assert_arr_eq(parts.bytes, other, sizeof(other));
    }
}
