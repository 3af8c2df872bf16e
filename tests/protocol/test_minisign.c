#include "support.h"

#include "protocol/minisign.h"

/* Made by minisign 0.11 with a key for this test only (-G -W, -S, -S -l). */
static const char stock_public[] =
    "RWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx";
static const char stock_public_file[] =
    "untrusted comment: minisign public key 526C11BD1969F92\n"
    "RWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx\n";
static const char stock_secret[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAkp"
    "+W0RvBJgUIw9EFnRR9bi0oqDsARP/GMEHBSyq1YP5iH0tvTsVc5dRXhY+McK8ekNcQigUJrqQ+"
    "YRBow/qEWMnk1K2TuwLxAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
static const char stock_secret_with_password[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWRTY0Iy3ral7pVGuHn9MUyTFmclD22PUpnnjdnZ3YKRaEe64aMAAAACAAAAAAAAAEAAAAAAp4"
    "GhLASeuCTinCw5Vs1mGvr0u434nMNGFor6f6jw56jvpXwYOzqeVFysyL5pHMszWmubU+gPNwxx"
    "Kx6IAXoVKrhux210SA7jH6WZIRH9wuiCuI+m+hv8/WI7wuJJ7jbNF8wYgK0Gpb4=\n";
static const char text[] = "Een MANIFEST om te tekenen.\n";
static const char stock_hashed[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUSSn5bRG8EmBa4lqIWD3MkO7vEcXS+WnMevzpVXwtCSAL53PhhiCGngcQzBlIFKpoZPQNXxjQ"
    "p85VfCQVIRu394cfBEYBfCggg=\n"
    "trusted comment: charter kempen version 1\n"
    "4XVeY+n9wBO0zLC9MK8FVCpCKAnw5XR33DBetmiaVgt4Tosvm6TDrxZdENWZJp/Sic25rkDrET"
    "GFCM8BrCP/DQ==\n";
static const char stock_legacy[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWSSn5bRG8EmBSLYy3ld+g98wRcOC+qsXZrT/g19KunHOnFeq4OH8A5gOUDH/w0dLpiJzGaZRp"
    "JkbifAB25jx2D5curwbDHYFwo=\n"
    "trusted comment: legacy\n"
    "rRzj8HjZErNEQeor7fyHHm0QJ6b1mqQrdUcxoxK1QhPPpMgidihY/TdbQir1rbpbhRXdSz5QCm"
    "JcdUqyuyUKAw==\n";

static uint8_t room_data[SK_MINISIGN_SIGNATURE_SIZE_MAX];
static const struct sk_room room = {room_data, sizeof(room_data)};

static struct sk_minisign_key key_of_text(const char *key_text)
{
    struct sk_minisign_key key = {0};

    cr_assert(eq(int, sk_minisign_key_parse(sk_text(key_text), &key), SK_OK));
    return key;
}

static enum sk_status verify(const struct sk_minisign_key *key,
                             struct sk_bytes bytes, struct sk_bytes file)
{
    struct sk_bytes comment;

    return sk_minisign_verify(key, bytes, file, &comment);
}

/* Our own key, and a signature by it under `text`. */
static struct sk_bytes signed_text(struct sk_minisign_key *key)
{
    struct sk_sign_secret secret;
    struct sk_sign_public public;
    struct sk_seed seed = seed_of(0x31);
    struct sk_bytes out = {0};

    sk_sign_keypair(&seed, &public, &secret);
    sk_minisign_key_of(&public, key);
    cr_assert(eq(
        int,
        sk_minisign_sign(&secret, key, sk_text(text), "charter x", room, &out),
        SK_OK));
    return out;
}

Test(minisign, verifies_what_the_stock_tool_signed)
{
    struct sk_minisign_key key = key_of_text(stock_public);
    struct sk_bytes comment;

    cr_assert(eq(int,
                 sk_minisign_verify(&key, sk_text(text), sk_text(stock_hashed),
                                    &comment),
                 SK_OK));
    cr_assert(sk_bytes_equal(comment, sk_text("charter kempen version 1")));
    cr_assert(eq(int,
                 sk_minisign_verify(&key, sk_text(text), sk_text(stock_legacy),
                                    &comment),
                 SK_OK));
    cr_assert(sk_bytes_equal(comment, sk_text("legacy")));
    cr_expect(eq(int, verify(&key, sk_text("other"), sk_text(stock_hashed)),
                 SK_E_BAD_SIGNATURE));
    cr_expect(eq(int, verify(&key, sk_text("other"), sk_text(stock_legacy)),
                 SK_E_BAD_SIGNATURE));
}

Test(minisign, signs_with_a_key_of_the_stock_tool)
{
    struct sk_minisign_key public = key_of_text(stock_public);
    struct sk_minisign_key key;
    struct sk_sign_secret secret;
    struct sk_bytes out;

    cr_assert(eq(int,
                 sk_minisign_secret_parse(sk_text(stock_secret), &secret, &key),
                 SK_OK));
    cr_assert(sk_minisign_key_equal(&key, &public));
    /* Ed25519 has no randomness: ours must be theirs, but for our comment. */
    cr_assert(eq(int,
                 sk_minisign_sign(&secret, &key, sk_text(text),
                                  "charter kempen version 1", room, &out),
                 SK_OK));
    cr_expect(sk_bytes_equal(
        (struct sk_bytes){(const uint8_t *)memchr(out.data, '\n', out.size),
                          strlen(strchr(stock_hashed, '\n'))},
        sk_text(strchr(stock_hashed, '\n'))));
}

Test(minisign, refuses_every_flipped_bit)
{
    struct sk_minisign_key key;
    struct sk_bytes file = exact_copy(signed_text(&key));
    struct sk_bytes bytes = exact_copy(sk_text(text));
    uint8_t *flip = (uint8_t *)(uintptr_t)file.data;
    size_t untrusted = strcspn((const char *)file.data, "\n");
    size_t accepted = 0;

    cr_assert(eq(int, verify(&key, bytes, file), SK_OK));
    for (size_t bit = 8 * untrusted; bit < 8 * file.size; bit++) {
        flip[bit / 8] ^= (uint8_t)(1 << bit % 8);
        accepted += verify(&key, bytes, file) == SK_OK;
        flip[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    flip = (uint8_t *)(uintptr_t)bytes.data;
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        flip[bit / 8] ^= (uint8_t)(1 << bit % 8);
        accepted += verify(&key, bytes, file) == SK_OK;
        flip[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_expect(eq(sz, accepted, 0));
}

Test(minisign, refuses_every_truncation_and_what_follows)
{
    struct sk_minisign_key key;
    struct sk_bytes file = signed_text(&key);
    char longer[SK_MINISIGN_SIGNATURE_SIZE_MAX];

    for (size_t size = 0; size < file.size; size++) {
        struct sk_bytes part = exact_copy((struct sk_bytes){file.data, size});

        cr_expect(eq(int, verify(&key, sk_text(text), part), SK_E_BAD_FORM));
    }
    snprintf(longer, sizeof(longer), "%.*s\n", (int)file.size, file.data);
    cr_expect(
        eq(int, verify(&key, sk_text(text), sk_text(longer)), SK_E_BAD_FORM));
    cr_expect(eq(int,
                 verify(&key, sk_text(text),
                        (struct sk_bytes){room_data, sizeof(room_data) + 1}),
                 SK_E_BAD_LENGTH));
}

Test(minisign, tells_another_key_from_a_wrong_signature)
{
    struct sk_minisign_key stock = key_of_text(stock_public);
    struct sk_minisign_key key;
    struct sk_bytes file = signed_text(&key);

    cr_expect(eq(int, verify(&stock, sk_text(text), file), SK_E_WRONG_KEY));
    /* The same id in front of another key does not help. */
    stock.id = key.id;
    cr_expect(eq(int, verify(&stock, sk_text(text), file), SK_E_BAD_SIGNATURE));
}

Test(minisign, knows_no_other_algorithm)
{
    struct sk_minisign_key key = key_of_text(stock_public);
    char other[sizeof(stock_hashed)];

    memcpy(other, stock_hashed, sizeof(other));
    /* "RU" is "ED", "RW" is "Ed": a legacy name on a hashed signature. */
    strchr(other, '\n')[2] = 'W';
    cr_expect(eq(int, verify(&key, sk_text(text), sk_text(other)),
                 SK_E_BAD_SIGNATURE));
    strchr(other, '\n')[2] = 'Y';
    cr_expect(
        eq(int, verify(&key, sk_text(text), sk_text(other)), SK_E_BAD_FORM));
}

Test(minisign, takes_a_comment_up_to_its_limit)
{
    char comment[SK_MINISIGN_COMMENT_SIZE_MAX + 2];
    struct sk_minisign_key key;
    struct sk_sign_secret secret;
    struct sk_bytes out;
    char file[SK_MINISIGN_SIGNATURE_SIZE_MAX];
    char *at;

    cr_assert(eq(int,
                 sk_minisign_secret_parse(sk_text(stock_secret), &secret, &key),
                 SK_OK));
    memset(comment, 'x', sizeof(comment));
    comment[SK_MINISIGN_COMMENT_SIZE_MAX] = '\0';
    cr_assert(
        eq(int,
           sk_minisign_sign(&secret, &key, sk_text(text), comment, room, &out),
           SK_OK));
    cr_expect(eq(int, verify(&key, sk_text(text), out), SK_OK));
    /* One more in the untrusted one, which no signature covers. */
    snprintf(file, sizeof(file), "untrusted comment: %sx%s", comment,
             strchr(stock_hashed, '\n'));
    cr_expect(
        eq(int, verify(&key, sk_text(text), sk_text(file)), SK_E_BAD_FORM));
    at = strstr(file, "xx");
    memmove(at, at + 1, strlen(at));
    cr_expect(eq(int, verify(&key, sk_text(text), sk_text(file)), SK_OK));
    at[0] = '\t'; /* as in the stock tool's own comment */
    cr_expect(eq(int, verify(&key, sk_text(text), sk_text(file)), SK_OK));
    at[0] = '\x1b';
    cr_expect(
        eq(int, verify(&key, sk_text(text), sk_text(file)), SK_E_BAD_FORM));
}

Test(minisign, says_when_there_is_no_room)
{
    struct sk_minisign_key key;
    struct sk_sign_secret secret;
    struct sk_bytes whole;
    struct sk_bytes out = {0};
    uint8_t small[SK_MINISIGN_SIGNATURE_SIZE_MAX];

    cr_assert(eq(int,
                 sk_minisign_secret_parse(sk_text(stock_secret), &secret, &key),
                 SK_OK));
    whole = signed_text(&key);
    for (size_t size = 0; size < whole.size; size++)
        cr_expect(eq(int,
                     sk_minisign_sign(&secret, &key, sk_text(text), "charter x",
                                      (struct sk_room){small, size}, &out),
                     SK_E_NO_ROOM));
    cr_expect(out.data == NULL);
    cr_expect(eq(int,
                 sk_minisign_sign(&secret, &key, sk_text(text), "charter x",
                                  (struct sk_room){small, whole.size}, &out),
                 SK_OK));
}

Test(minisign, reads_and_writes_public_keys)
{
    struct sk_minisign_key key = key_of_text(stock_public);
    struct sk_minisign_key same = key_of_text(stock_public_file);
    struct sk_minisign_key none = {0};
    char out[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    static const char *const bad[] = {
        "",
        "RWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwL",
        "RWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx=",
        "RUSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx",
        "RWSSn5bRG8EmBdRXhY-McK8ekNcQigUJrqQ-YRBow_qEWMnk1K2TuwLx",
        "RWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx\nmore\n",
        ("comment: "
         "x\nRWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx\n"),
    };

    cr_expect(sk_minisign_key_equal(&key, &same));
    sk_minisign_key_format(&key, out);
    cr_expect(eq(str, out, (char *)(uintptr_t)stock_public));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        cr_expect(eq(int, sk_minisign_key_parse(sk_text(bad[i]), &none),
                     SK_E_BAD_FORM),
                  "%s", bad[i]);
    cr_expect(sk_minisign_key_equal(&none, &(struct sk_minisign_key){0}));
}

Test(minisign, reads_and_writes_secret_keys)
{
    struct sk_sign_secret secret;
    struct sk_sign_secret again;
    struct sk_minisign_key key;
    struct sk_minisign_key same;
    struct sk_bytes file;
    size_t accepted = 0;
    size_t line;

    cr_expect(eq(int,
                 sk_minisign_secret_parse(sk_text(stock_secret_with_password),
                                          &secret, &key),
                 SK_E_UNSUPPORTED));
    cr_assert(eq(int,
                 sk_minisign_secret_parse(sk_text(stock_secret), &secret, &key),
                 SK_OK));
    cr_assert(
        eq(int, sk_minisign_secret_format(&secret, &key, room, &file), SK_OK));
    cr_assert(eq(int, sk_minisign_secret_parse(file, &again, &same), SK_OK));
    cr_expect(memcmp(&secret, &again, sizeof(secret)) == 0);
    cr_expect(sk_minisign_key_equal(&key, &same));

    line = (size_t)((const uint8_t *)memchr(file.data, '\n', file.size) -
                    file.data);
    for (size_t bit = 8 * line; bit < 8 * file.size; bit++) {
        room_data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (sk_minisign_secret_parse(file, &again, &same) == SK_OK)
            /* Only the 48 bytes that mean nothing without a password. */
            accepted += memcmp(&secret, &again, sizeof(secret)) != 0 ||
                        !sk_minisign_key_equal(&key, &same);
        room_data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_expect(eq(sz, accepted, 0));
}
