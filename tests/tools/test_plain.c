/* What reaches a terminal: the text, and nothing that acts on it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#include "tools/schakel/plain.h"

#define EQ(in, want) cr_expect(eq(str, (char *)shown(in, 99), (char *)(want)))

/* In pieces of at most so many bytes. */
static const char *shown(const char *in, size_t piece)
{
    static uint8_t out[SK_PLAIN_GROWTH * 256];
    struct sk_plain plain = {0};
    size_t size = strlen(in);
    size_t used = 0;

    for (size_t at = 0; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;

        used += sk_plain_take(&plain,
                              (struct sk_bytes){(const uint8_t *)in + at, part},
                              out + used);
    }
    out[used] = '\0';
    return (const char *)out;
}

Test(plain, text_is_left_as_it_is)
{
    EQ("een\ttwee\ndrie\n", "een\ttwee\ndrie\n");
    EQ("Zo\xc3\xab \xe2\x80\x9e\xe2\x82\xac 5\" \xf0\x9f\x98\x80",
       "Zo\xc3\xab \xe2\x80\x9e\xe2\x82\xac 5\" \xf0\x9f\x98\x80");
    /* A joiner in Persian, a variant of a sign; lines of iCalendar. */
    EQ("\xe2\x80\x8c\xef\xb8\x8f", "\xe2\x80\x8c\xef\xb8\x8f");
    EQ("BEGIN:VEVENT\r\nEND:VEVENT\r\n", "BEGIN:VEVENT\r\nEND:VEVENT\r\n");
}

Test(plain, what_acts_on_a_terminal_is_shown)
{
    EQ("\033[2J", "\\u001b[2J");
    EQ("\033]0;titel\a", "\\u001b]0;titel\\u0007");
    EQ("a\bb\177", "a\\u0008b\\u007f");
    /* C1: CSI as a character, and as a byte that is no UTF-8. */
    EQ("\xc2\x9b"
       "2J",
       "\\u009b2J");
    EQ("\x9b"
       "2J",
       "\\ufffe2J");
    /* A line that would be written over. */
    EQ("echt\rvals\n", "echt\\u000dvals\n");
    EQ("a\r\r\n", "a\\u000d\r\n");
}

Test(plain, what_deceives_a_reader_is_shown)
{
    EQ("a\xe2\x80\xae"
       "b",
       "a\\u202eb");
    EQ("a\xe2\x81\xa9"
       "b",
       "a\\u2069b");
    EQ("a\xe2\x80\x8b"
       "b",
       "a\\u200bb");
    EQ("\xef\xbb\xbf"
       "b",
       "\\ufeffb");
    EQ("\xf3\xa0\x81\x81", "\\udb40\\udc41");
}

/* Bytes that are no UTF-8 hide nothing behind them. */
Test(plain, what_is_no_text_takes_nothing_with_it)
{
    EQ("\xe2\x82\033[2J", "\\ufffe\\ufffe\\u001b[2J");
    EQ("\xe2\x82\n", "\\ufffe\\ufffe\n");
    EQ("\xc3"
       "A\xff"
       "B\xed\xa0\x80"
       "C",
       "\\ufffeA\\ufffeB\\ufffe\\ufffe\\ufffeC");
    EQ("\xc0\xaf\xf0\x80\x80\x80",
       "\\ufffe\\ufffe\\ufffe\\ufffe\\ufffe\\ufffe");
}

Test(plain, pieces_make_no_difference)
{
    const char *text = "Zo\xc3\xab\r\n\xf0\x9f\x98\x80\033[2J\xe2\x80\xae\r"
                       "x\xe2\x82\n";
    char whole[512];

    snprintf(whole, sizeof(whole), "%s", shown(text, 99));
    for (size_t piece = 1; piece < 8; piece++)
        cr_expect(eq(str, (char *)shown(text, piece), whole));
}
