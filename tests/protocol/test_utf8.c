/* POLICY.md 3.1, PROTOCOL.md 2.7: by number, over all that there are. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "protocol/utf8.h"

static bool in_one_of(uint32_t c, const uint32_t (*ranges)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* As the page has them. */
static const uint32_t deceives[][2] = {
    {0xad, 0xad},     {0x34f, 0x34f},     {0x115f, 0x115f}, {0x1160, 0x1160},
    {0x17b4, 0x17b4}, {0x17b5, 0x17b5},   {0x200b, 0x200b}, {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
};
static const uint32_t written[][2] = {
    {0x61c, 0x61c},
    {0x180b, 0x180f},
    {0x200c, 0x200f},
    {0xfe00, 0xfe0f},
};

Test(utf8, knows_what_deceives_and_what_is_hidden)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        bool bad = in_one_of(c, deceives, SK_COUNT(deceives));
        bool joins = in_one_of(c, written, SK_COUNT(written));

        cr_assert(eq(int, sk_character_deceives(c), bad), "U+%04X",
                  (unsigned)c);
        cr_assert(eq(int, sk_character_is_hidden(c), bad || joins), "U+%04X",
                  (unsigned)c);
    }
}

/* What turns the direction of all that follows is in no file and no value. */
Test(utf8, forbids_what_turns_the_direction)
{
    for (uint32_t c = 0x2028; c <= 0x2069; c++) {
        bool turns = c <= 0x2029 || (c >= 0x202a && c <= 0x202e) || c >= 0x2066;

        cr_expect(eq(int, sk_character_is_forbidden(c), turns), "U+%04X",
                  (unsigned)c);
    }
}

Test(utf8, says_which_character_it_is)
{
    cr_expect(eq(sz, sk_utf8_deceit_at(sk_text("")), 0));
    cr_expect(eq(sz, sk_utf8_deceit_at(sk_text("Zo\xc3\xab")), 0));
    cr_expect(eq(sz, sk_utf8_deceit_at(sk_text("Zo\xc3\xab\xc2\xad")), 4));
    cr_expect(eq(sz, sk_utf8_deceit_at(sk_text("\xe2\x80\xaex")), 1));
    cr_expect(eq(sz, sk_utf8_deceit_at(sk_text("a\xe2\x80\x8d")), 0));
    cr_expect(eq(sz, sk_utf8_hidden_at(sk_text("a\xe2\x80\x8d")), 2));
    cr_expect(eq(sz, sk_utf8_hidden_at(sk_text("ab\xff")), 3), "no UTF-8");
}

/* Every byte, at every place of a text longer than what is looked at at once:
   an answer eight at a time is that of one at a time. */
Test(utf8, knows_what_is_plain)
{
    uint8_t bytes[20];

    for (size_t at = 0; at < sizeof(bytes); at++) {
        for (unsigned c = 0; c <= 0xff; c++) {
            bool plain = c >= 0x20 && c <= 0x7e;
            size_t got;

            memset(bytes, c % 2 == 0 ? 0x20 : 0x7e, sizeof(bytes));
            bytes[at] = (uint8_t)c;
            got = sk_utf8_plain_size((struct sk_bytes){bytes, sizeof(bytes)});
            cr_assert(eq(sz, got, plain ? sizeof(bytes) : at), "%x at %zu", c,
                      at);
        }
    }
    cr_expect(eq(sz, sk_utf8_plain_size((struct sk_bytes){0}), 0));
}
