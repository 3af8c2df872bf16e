/* Tests: protocol/status.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "protocol/base.h"
#include "protocol/status.h"

static bool is_org(const char *text)
{
    struct sk_org org;

    return sk_org_parse(sk_text(text), &org);
}

Test(base, compares_bytes_then_size)
{
    struct sk_bytes nothing = {NULL, 0};

    cr_expect(sk_bytes_equal(nothing, sk_text("")));
    cr_expect(not(sk_bytes_equal(nothing, sk_text("a"))));
    cr_expect(sk_bytes_equal(sk_text("ab"), sk_text("ab")));
    cr_expect(not(sk_bytes_equal(sk_text("ab"), sk_text("ac"))));
    cr_expect(sk_bytes_compare(sk_text("a"), sk_text("ab")) < 0);
    cr_expect(sk_bytes_compare(sk_text("b"), sk_text("ab")) > 0);
    cr_expect(sk_bytes_compare(sk_text("\x7f"), sk_text("\x80")) < 0);
    cr_expect(eq(int, sk_bytes_compare(nothing, sk_text("")), 0));
}

Test(base, writes_and_reads_uuids)
{
    struct sk_id id;
    struct sk_id got;
    char text[SK_ID_TEXT_SIZE + 1];

    for (uint8_t i = 0; i < SK_ID_SIZE; i++)
        id.bytes[i] = (uint8_t)(i * 17);
    sk_id_format(&id, text);
    cr_expect(eq(str, text, "00112233-4455-6677-8899-aabbccddeeff"));
    cr_assert(sk_id_parse(sk_text(text), &got));
    cr_expect(sk_id_equal(&id, &got));
    cr_expect(not(sk_id_is_zero(&id)));
    memset(&id, 0, sizeof(id));
    cr_expect(sk_id_is_zero(&id));
}

Test(base, reads_no_other_uuid)
{
    static const char *const bads[] = {
        "",
        "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeefff",
        "00112233-4455-6677-8899-aabbccddeefF",
        "0011223344556677-8899-aabb-ccddeeff--",
        "00112233_4455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeefg",
        "g0112233-4455-6677-8899-aabbccddeeff",
    };
    struct sk_id got = {{7}};

    for (size_t i = 0; i < SK_COUNT(bads); i++) {
        cr_expect(not(sk_id_parse(sk_text(bads[i]), &got)), "%s", bads[i]);
        cr_expect(eq(u8, got.bytes[0], 7), "out was touched by %s", bads[i]);
    }
}

Test(base, makes_version_4_uuids)
{
    uint8_t random[SK_ID_SIZE];
    char text[SK_ID_TEXT_SIZE + 1];
    struct sk_id id;

    memset(random, 0xff, sizeof(random));
    sk_id_from_random(random, &id);
    sk_id_format(&id, text);
    cr_expect(eq(str, text, "ffffffff-ffff-4fff-bfff-ffffffffffff"));
    memset(random, 0, sizeof(random));
    sk_id_from_random(random, &id);
    sk_id_format(&id, text);
    cr_expect(eq(str, text, "00000000-0000-4000-8000-000000000000"));
}

Test(base, knows_the_form_of_an_org)
{
    char text[SK_ORG_SIZE_MAX + 2];
    struct sk_org org;

    cr_expect(is_org("a"));
    cr_expect(is_org("ocmw-mol"));
    cr_expect(is_org("a1_b.c-2"));
    cr_expect(not(is_org("")));
    cr_expect(not(is_org("1a")));
    cr_expect(not(is_org("A")));
    cr_expect(not(is_org("-a")));
    cr_expect(not(is_org("a-")));
    cr_expect(not(is_org("a--b")));
    cr_expect(not(is_org("a.-b")));
    cr_expect(not(is_org("a b")));
    cr_expect(not(is_org("a\xc3\xa9")));

    memset(text, 'a', sizeof(text));
    text[SK_ORG_SIZE_MAX + 1] = '\0';
    cr_expect(not(is_org(text)), "65 characters");
    text[SK_ORG_SIZE_MAX] = '\0';
    cr_assert(sk_org_parse(sk_text(text), &org), "64 characters");
    cr_expect(sk_bytes_equal(sk_org_text(&org), sk_text(text)));
}

Test(base, compares_orgs_by_text)
{
    struct sk_org a;
    struct sk_org b;

    memset(&a, 0xaa, sizeof(a));
    memset(&b, 0x55, sizeof(b));
    cr_assert(sk_org_parse(sk_text("gtb"), &a));
    cr_assert(sk_org_parse(sk_text("gtb"), &b));
    cr_expect(sk_org_equal(&a, &b), "the rest is zero-filled");
    cr_assert(sk_org_parse(sk_text("gta"), &b));
    cr_expect(not(sk_org_equal(&a, &b)));
}

Test(base, every_status_has_a_text)
{
    cr_expect(eq(str, (char *)sk_status_text(SK_OK), "ok"));
    cr_expect(
        eq(str, (char *)sk_status_text(SK_E_UNSUPPORTED), "not supported"));
}
