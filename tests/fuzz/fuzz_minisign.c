/*
 * Law: nothing verifies that was not signed, a public key that is read writes
 * to the same text, and so does a secret key.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/minisign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sk_seed seed = {{7}};

static void check_public(struct sk_bytes in)
{
    char text[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    struct sk_minisign_key key;
    struct sk_minisign_key again;

    if (sk_minisign_key_parse(in, &key) != SK_OK)
        return;
    sk_minisign_key_format(&key, text);
    if (sk_minisign_key_parse(sk_text(text), &again) != SK_OK ||
        !sk_minisign_key_equal(&key, &again) ||
        (in.size == SK_MINISIGN_KEY_TEXT_SIZE &&
         !sk_bytes_equal(in, sk_text(text))))
        abort();
}

static void check_secret(struct sk_bytes in)
{
    uint8_t room[SK_MINISIGN_SECRET_SIZE_MAX];
    struct sk_sign_secret secret;
    struct sk_sign_secret again;
    struct sk_minisign_key key;
    struct sk_minisign_key same;
    struct sk_bytes out;

    if (sk_minisign_secret_parse(in, &secret, &key) != SK_OK)
        return;
    if (sk_minisign_secret_format(&secret, &key,
                                  (struct sk_room){room, sizeof(room)},
                                  &out) != SK_OK ||
        sk_minisign_secret_parse(out, &again, &same) != SK_OK ||
        memcmp(&secret, &again, sizeof(secret)) != 0 ||
        !sk_minisign_key_equal(&key, &same))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_bytes in = {data, size};
    struct sk_sign_public public;
    struct sk_sign_secret secret;
    struct sk_minisign_key key;
    struct sk_bytes comment;

    if (sodium_init() < 0)
        abort();
    sk_sign_keypair(&seed, &public, &secret);
    sk_minisign_key_of(&public, &key);
    /* The corpus is signed by this key, over another text than this one. */
    if (sk_minisign_verify(&key, sk_text("never signed"), in, &comment) ==
        SK_OK)
        abort();
    check_public(in);
    check_secret(in);
    return 0;
}
