/* Tests: protocol/head.c */
#include "support.h"

#include "protocol/checkpoint.h"
#include "protocol/lines.h"

static struct sk_checkpoint example(void)
{
    struct sk_checkpoint c = {.head = {.size = 127}, .restarts_count = 1};

    cr_assert(sk_org_parse(sk_text("kempen"), &c.charter));
    cr_assert(sk_org_parse(sk_text("ocmw-mol"), &c.org));
    memset(c.log.bytes, 0x1f, sizeof(c.log.bytes));
    memset(c.head.root.bytes, 0x5a, sizeof(c.head.root.bytes));
    memset(c.restarts[0].log.bytes, 0x99, sizeof(c.restarts[0].log.bytes));
    c.restarts[0].size = 120;
    return c;
}

static struct sk_bytes sign(const struct sk_checkpoint *c,
                            struct sk_sign_public *public)
{
    static uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    struct sk_seed seed = seed_of(0x11);
    struct sk_sign_secret secret;
    struct sk_bytes out = {0};

    sk_sign_keypair(&seed, public, &secret);
    cr_assert(eq(int,
                 sk_checkpoint_sign(c, &secret,
                                    (struct sk_room){room, sizeof(room)}, &out),
                 SK_OK));
    return out;
}

/* The example of Go's note package, which signs what anybody may check. */
Test(checkpoint, checks_a_note_of_another_implementation)
{
    static const char text[] =
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n";
    static const char line[] =
        "\xe2\x80\x94 PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
        "ngotpRZb6KE6RyyBwJnAM=";
    struct sk_bytes name = sk_text("PeterNeumann");
    struct sk_sign_public public;
    uint8_t raw[33];
    uint8_t hash[4];

    cr_assert(
        sk_base64_read(sk_text("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
                       raw, sizeof(raw)));
    memcpy(public.bytes, raw + 1, 32);
    sk_note_key_hash(name, &public, hash);
    cr_expect(eq(int, memcmp(hash, "\xc7\x4f\x20\xa3", 4), 0));
    cr_expect(sk_note_line_holds(sk_text(text), sk_text(line), name, &public));
    cr_expect(not(sk_note_line_holds(sk_text("If you think\n"), sk_text(line),
                                     name, &public)));
    cr_expect(not(sk_note_line_holds(sk_text(text), sk_text(line),
                                     sk_text("EnochRoot"), &public)));
}

Test(checkpoint, is_the_text_that_tools_know)
{
    struct sk_checkpoint c = example();
    struct sk_sign_public public;
    struct sk_bytes out = sign(&c, &public);
    static const char start[] =
        "schakel/kempen/ocmw-mol#1f1f1f1f1f1f1f1f\n"
        "127\n"
        "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n"
        "after 9999999999999999 120\n"
        "\n"
        "\xe2\x80\x94 schakel/kempen/ocmw-mol#1f1f1f1f1f1f1f1f ";
    char vkey[SK_VKEY_SIZE_MAX + 1];
    struct sk_checkpoint got;

    cr_assert(out.size > sizeof(start));
    cr_expect(eq(int, memcmp(out.data, start, sizeof(start) - 1), 0));
    cr_expect(is_vector("journal", "checkpoint", out));
    cr_assert(eq(int, sk_checkpoint_open(out, &public, &got), SK_OK));
    cr_expect(eq(u64, got.head.size, 127));
    cr_expect(sk_hash_equal(&got.head.root, &c.head.root));
    cr_expect(sk_org_equal(&got.charter, &c.charter));
    cr_expect(sk_org_equal(&got.org, &c.org));
    cr_expect(sk_log_id_equal(&got.log, &c.log));
    cr_assert(eq(sz, got.restarts_count, 1));
    cr_expect(eq(u64, got.restarts[0].size, 120));
    sk_checkpoint_vkey(&c, &public, vkey);
    cr_expect(eq(int,
                 strncmp(vkey, "schakel/kempen/ocmw-mol#1f1f1f1f1f1f1f1f+", 41),
                 0));
    cr_expect(eq(sz, strlen(vkey), 41 + 8 + 1 + 44));
}

Test(checkpoint, refuses_any_bit_changed_and_any_cut)
{
    struct sk_checkpoint c = example();
    struct sk_sign_public public;
    struct sk_bytes out = sign(&c, &public);
    uint8_t bytes[SK_CHECKPOINT_SIZE_MAX + 1];
    struct sk_checkpoint got;

    memcpy(bytes, out.data, out.size);
    for (size_t bit = 0; bit < out.size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        cr_expect(ne(int,
                     sk_checkpoint_open((struct sk_bytes){bytes, out.size},
                                        &public, &got),
                     SK_OK),
                  "%zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t size = 0; size < out.size; size++)
        cr_expect(ne(int,
                     sk_checkpoint_open((struct sk_bytes){bytes, size}, &public,
                                        &got),
                     SK_OK),
                  "%zu", size);
    bytes[out.size] = '\n';
    cr_expect(ne(int,
                 sk_checkpoint_open((struct sk_bytes){bytes, out.size + 1},
                                    &public, &got),
                 SK_OK));
    cr_expect(eq(int, sk_checkpoint_open(out, &public, &got), SK_OK));
}

Test(checkpoint, is_signed_by_one_key)
{
    struct sk_checkpoint c = example();
    struct sk_seed seed = seed_of(0x12);
    struct sk_sign_public public;
    struct sk_sign_public other;
    struct sk_sign_secret secret;
    struct sk_bytes out = sign(&c, &public);
    struct sk_checkpoint got;

    sk_sign_keypair(&seed, &other, &secret);
    cr_expect(
        eq(int, sk_checkpoint_open(out, &other, &got), SK_E_BAD_SIGNATURE));
    cr_expect(eq(int, sk_checkpoint_open(out, NULL, &got), SK_OK));
}

Test(checkpoint, needs_all_its_room)
{
    struct sk_checkpoint c = example();
    struct sk_seed seed = seed_of(0x11);
    uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    struct sk_sign_public public;
    struct sk_sign_secret secret;
    struct sk_bytes out = sign(&c, &public);
    size_t size = out.size;

    sk_sign_keypair(&seed, &public, &secret);
    for (size_t i = 0; i < size; i++)
        cr_assert(
            eq(int,
               sk_checkpoint_sign(&c, &secret, (struct sk_room){room, i}, &out),
               SK_E_NO_ROOM));
    /* The longest one fits. */
    memset(c.charter.text, 'a', SK_ORG_SIZE_MAX);
    memset(c.org.text, 'b', SK_ORG_SIZE_MAX);
    c.head.size = SK_MERKLE_SIZE_MAX;
    c.restarts_count = SK_RESTARTS_MAX;
    for (size_t i = 0; i < SK_RESTARTS_MAX; i++)
        c.restarts[i] = (struct sk_restart){c.log, SK_MERKLE_SIZE_MAX};
    out = sign(&c, &public);
    cr_expect(eq(int, sk_checkpoint_open(out, &public, &c), SK_OK));
    cr_expect(eq(sz, c.restarts_count, SK_RESTARTS_MAX));
}

static void expect_bad(const char *was, const char *is)
{
    struct sk_checkpoint c = example();
    struct sk_sign_public public;
    struct sk_bytes out = sign(&c, &public);
    uint8_t bytes[2 * SK_CHECKPOINT_SIZE_MAX];
    const uint8_t *at = memmem(out.data, out.size, was, strlen(was));
    size_t before;
    size_t size;

    cr_assert(at != NULL, "%s", was);
    before = (size_t)(at - out.data);
    memcpy(bytes, out.data, before);
    memcpy(bytes + before, is, strlen(is));
    size = before + strlen(is);
    memcpy(bytes + size, at + strlen(was), out.size - before - strlen(was));
    size += out.size - before - strlen(was);
    cr_expect(eq(int,
                 sk_checkpoint_open((struct sk_bytes){bytes, size}, NULL, &c),
                 SK_E_BAD_FORM),
              "%s", is);
}

/* Each thing has one form; PROTOCOL.md 11.3. */
Test(checkpoint, has_one_form)
{
    expect_bad("schakel/kempen", "Schakel/kempen");
    expect_bad("ocmw-mol#", "ocmw mol#");
    expect_bad("#1f1f1f1f1f1f1f1f\n", "#1F1f1f1f1f1f1f1f\n");
    expect_bad("#1f1f1f1f1f1f1f1f\n", "#0000000000000000\n");
    expect_bad("#1f1f1f1f1f1f1f1f\n", "#1f1f1f1f1f1f1f\n");
    expect_bad("\n127\n", "\n0127\n");
    expect_bad("\n127\n", "\n\n");
    expect_bad("\n127\n", "\n1099511627777\n");
    expect_bad("\n127\n", "\n12a\n");
    expect_bad("Wlo=\n", "Wlp=\n");
    expect_bad("after 99", "After 99");
    expect_bad("after 9999999999999999", "after ABABABABABABABAB");
    expect_bad("after 9999999999999999", "after 0000000000000000");
    expect_bad(" 120\n", " 120 \n");
    expect_bad(" 120\n", " 120\r\n");
    expect_bad("\n\n\xe2", "\n\xe2");
    expect_bad("\xe2\x80\x94 schakel", "-- schakel");
    expect_bad("\xe2\x80\x94 schakel/kempen/ocmw-mol",
               "\xe2\x80\x94 schakel/kempen/vdab");
}

Test(checkpoint, is_no_larger_than_one_may_be)
{
    static const uint8_t bytes[SK_CHECKPOINT_SIZE_MAX + 1];
    struct sk_checkpoint c;

    for (size_t less = 0; less < 2; less++)
        cr_expect(
            eq(int,
               sk_checkpoint_open(
                   (struct sk_bytes){bytes, sizeof(bytes) - less}, NULL, &c),
               less == 0 ? SK_E_TOO_LARGE : SK_E_BAD_FORM));
}

Test(checkpoint, says_how_much_of_an_older_log_it_starts_with)
{
    struct sk_checkpoint c = example();
    struct sk_log_id log = c.log;
    uint64_t size = 0;

    cr_expect(eq(int, sk_checkpoint_shares(&c, &log, &size), SK_OK));
    cr_expect(eq(u64, size, UINT64_MAX));
    log = c.restarts[0].log;
    cr_expect(eq(int, sk_checkpoint_shares(&c, &log, &size), SK_OK));
    cr_expect(eq(u64, size, 120));
    /* Put back twice, the second time further. */
    c.restarts_count = 2;
    memset(c.restarts[1].log.bytes, 0x77, SK_LOG_ID_SIZE);
    c.restarts[1].size = 50;
    cr_expect(eq(int, sk_checkpoint_shares(&c, &log, &size), SK_OK));
    cr_expect(eq(u64, size, 50));
    c.restarts[1].size = 500;
    cr_expect(eq(int, sk_checkpoint_shares(&c, &log, &size), SK_OK));
    cr_expect(eq(u64, size, 120));
    log = c.restarts[1].log;
    cr_expect(eq(int, sk_checkpoint_shares(&c, &log, &size), SK_OK));
    cr_expect(eq(u64, size, 500));
    log.bytes[0] ^= 1;
    cr_expect(eq(int, sk_checkpoint_shares(&c, &log, &size), SK_E_NOT_FOUND));
}
