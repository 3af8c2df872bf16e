#include "support.h"

#include "protocol/form.h"

Test(form, knows_a_word)
{
    cr_expect(sk_word_is_legal(sk_text("answer-need_info")));
    cr_expect(sk_word_is_legal(sk_text("handover.requested")));
    cr_expect(not(sk_word_is_legal(sk_text(""))));
    cr_expect(not(sk_word_is_legal(sk_text("Handover"))));
    cr_expect(not(sk_word_is_legal(sk_text("a b"))));
    cr_expect(not(sk_word_is_legal((struct sk_bytes){NULL, 0})));
}

Test(form, knows_the_version_of_a_policy)
{
    cr_expect(sk_policy_is_legal(sk_text("ocmw-mol/1")));
    cr_expect(sk_policy_is_legal(sk_text("ocmw-mol/10")));
    cr_expect(sk_policy_is_legal(sk_text("ocmw-mol/9")));
    cr_expect(sk_policy_is_legal(sk_text("ocmw-mol/999999999")));
    cr_expect(not(sk_policy_is_legal(sk_text("ocmw-mol/1000000000"))));
    cr_expect(not(sk_policy_is_legal(sk_text("ocmw-mol/0"))));
    cr_expect(not(sk_policy_is_legal(sk_text("ocmw-mol/01"))));
    cr_expect(not(sk_policy_is_legal(sk_text("ocmw-mol/"))));
    cr_expect(not(sk_policy_is_legal(sk_text("ocmw-mol/1a"))));
    cr_expect(not(sk_policy_is_legal(sk_text("ocmw-mol"))));
    cr_expect(not(sk_policy_is_legal(sk_text("/1"))));
    cr_expect(not(sk_policy_is_legal(sk_text("Mol/1"))));
    cr_expect(not(sk_policy_is_legal((struct sk_bytes){NULL, 0})));
}

Test(form, knows_a_text_that_does_nothing_to_a_screen)
{
    cr_expect(sk_text_is_legal(sk_text("één regel\n\ttwee"), 100));
    cr_expect(sk_text_is_legal(sk_text("12345"), 5));
    cr_expect(not(sk_text_is_legal(sk_text("123456"), 5)));
    cr_expect(not(sk_text_is_legal(sk_text(""), 5)));
    cr_expect(sk_text_is_legal(sk_text("\xc2\xa0"), 5), "U+00A0");
    cr_expect(not(sk_text_is_legal(sk_text("\xc2\x9f"), 5)), "U+009F");
    cr_expect(not(sk_text_is_legal(sk_text("\xc2\x80"), 5)), "U+0080");
    for (char c = 1; c < 0x20; c++) {
        char text[] = {'a', c, 'b', '\0'};

        cr_expect(
            eq(int, sk_text_is_legal(sk_text(text), 5), c == '\t' || c == '\n'),
            "%d", c);
    }
    cr_expect(not(sk_text_is_legal(sk_text("\x7f"), 5)));
    cr_expect(
        not(sk_text_is_legal((struct sk_bytes){(const uint8_t *)"a\0", 2}, 5)));
    cr_expect(not(sk_text_is_legal(sk_text("a\xe2\x80\xae"), 5)), "U+202E");
    cr_expect(not(sk_text_is_legal(sk_text("a\xe2\x81\xa6"), 5)), "U+2066");
    cr_expect(not(sk_text_is_legal(sk_text("a\xe2\x80\x8b"), 5)), "U+200B");
    cr_expect(sk_text_is_legal(sk_text("a\xe2\x80\x8d"), 5), "U+200D");
}

Test(form, knows_a_day)
{
    static const char *const good[] = {
        "1900-01-01", "2199-12-31", "2024-02-29", "2000-02-29", "2026-11-30",
    };
    static const char *const bad[] = {
        "",           "1899-12-31", "2200-01-01", "2023-02-29",  "2100-02-29",
        "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32",  "2026-04-31",
        "2026-1-01",  "2026-01-1",  "2026/01/01", "2026-01-011", "202a-01-01",
        "2026-01- 1", "-026-01-01", "2026-0a-01", "2026-01-0a",  "2026-01-1:",
        "2026-1/-01", "2026/01-01", "2026-01/01", "a026-01-01",
    };

    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(sk_date_is_legal(sk_text(good[i])), "%s", good[i]);
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        cr_expect(not(sk_date_is_legal(sk_text(bad[i]))), "%s", bad[i]);
}

Test(form, knows_an_instant)
{
    static const char *const good[] = {
        "1900-01-01T00:00:00Z",
        "2199-12-31T23:59:59Z",
        "2026-06-30T12:30:05Z",
    };
    static const char *const bad[] = {
        "2026-06-30T24:00:00Z",  "2026-06-30T12:60:00Z",
        "2026-06-30T12:30:60Z",  "2026-06-31T12:30:00Z",
        "2026-06-30 12:30:00Z",  "2026-06-30T12:30:00",
        "2026-06-30T12:30:00z",  "2026-06-30T12-30-00Z",
        "2026-06-30T12:30-00Z",  "2026-06-30T1a:30:00Z",
        "2026-06-30T12:30:00+0", "",
        "2026-06-30Tx2:30:00Z",  "2026-06-30T12:x0:00Z",
        "2026-06-30T12:30:0xZ",  "2026-06-30T12:30:00ZZ",
    };

    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(sk_instant_is_legal(sk_text(good[i])), "%s", good[i]);
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        cr_expect(not(sk_instant_is_legal(sk_text(bad[i]))), "%s", bad[i]);
}
