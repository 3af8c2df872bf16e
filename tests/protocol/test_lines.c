#include "support.h"

#include "protocol/lines.h"

#include <string.h>

#include <sodium.h>

Test(lines, writes_numbers_and_hashes_that_it_reads)
{
    static const uint64_t numbers[] = {0, 1, 9, 10, 999999999, UINT64_MAX};
    static const char *const texts[] = {
        "0", "1", "9", "10", "999999999", "18446744073709551615"};
    uint8_t data[200];
    struct sk_hash hash;
    struct sk_hash again;
    char hex[SK_HEX_SIZE + 1];

    for (size_t i = 0; i < SK_COUNT(numbers); i++) {
        struct sk_lines lines =
            sk_lines_start((struct sk_room){data, sizeof(data)});
        struct sk_bytes out;

        sk_lines_uint(&lines, numbers[i]);
        cr_assert(eq(int, sk_lines_finish(&lines, &out), SK_OK));
        cr_expect(sk_bytes_equal(out, sk_text(texts[i])), "%s", texts[i]);
    }
    for (size_t i = 0; i < SK_HASH_SIZE; i++)
        hash.bytes[i] = (uint8_t)(i * 9);
    sk_hash_format(&hash, hex);
    cr_expect(sk_hash_parse(sk_text(hex), &again));
    cr_expect(sk_hash_equal(&hash, &again));
    again.bytes[31] ^= 1;
    cr_expect(not(sk_hash_equal(&hash, &again)));
}

Test(lines, remembers_that_it_was_full)
{
    uint8_t data[4];
    struct sk_lines lines = sk_lines_start((struct sk_room){data, 4});
    struct sk_bytes out = {0};

    sk_lines_text(&lines, "abc");
    cr_expect(eq(int, sk_lines_finish(&lines, &out), SK_OK));
    sk_lines_text(&lines, "de");
    sk_lines_text(&lines, "f"); /* would fit, but a part is missing */
    out = (struct sk_bytes){0};
    cr_expect(eq(int, sk_lines_finish(&lines, &out), SK_E_NO_ROOM));
    cr_expect(out.data == NULL);
}

Test(lines, reads_numbers_of_one_form)
{
    static const char *const bad[] = {
        "\n",   "01\n", "-1\n",         "+1\n", "1",
        " 1\n", "1 \n", "1000000000\n", "1a\n",
    };
    struct sk_bytes rest = sk_text("999999999\nrest");
    uint64_t number = 0;

    cr_assert(sk_take_uint(&rest, '\n', &number));
    cr_expect(eq(u64, number, 999999999));
    cr_expect(sk_bytes_equal(rest, sk_text("rest")));
    rest = sk_text("0,");
    cr_assert(sk_take_uint(&rest, ',', &number));
    cr_expect(eq(u64, number, 0));
    number = 7;
    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        rest = sk_text(bad[i]);
        cr_expect(not(sk_take_uint(&rest, '\n', &number)), "%s", bad[i]);
    }
    cr_expect(eq(u64, number, 7));
}

Test(lines, reads_up_to_the_end_and_not_behind)
{
    struct sk_bytes rest = exact_copy(sk_text("ab:cd"));
    struct sk_bytes part;

    cr_expect(not(sk_take_text(&rest, "ab:cde")));
    cr_expect(sk_take_text(&rest, ""));
    cr_assert(sk_take_until(&rest, ':', &part));
    cr_expect(sk_bytes_equal(part, sk_text("ab")));
    cr_expect(not(sk_take_until(&rest, ':', &part)));
    cr_assert(sk_take_text(&rest, "cd"));
    cr_expect(eq(sz, rest.size, 0));
    cr_expect(not(sk_take_until(&rest, ':', &part)));
    cr_expect(not(sk_take_text(&rest, "x")));
}

/* As libsodium writes it, and no other text of the same bytes. */
Test(lines, reads_one_base64_text_per_value)
{
    uint8_t bytes[100];
    uint8_t got[sizeof(bytes) + 1];
    char text[200];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 157 + 3);
    for (size_t size = 1; size <= sizeof(bytes); size++) {
        struct sk_bytes all;

        sodium_bin2base64(text, sizeof(text), bytes, size,
                          sodium_base64_VARIANT_ORIGINAL);
        all = sk_text(text);
        memset(got, 0, sizeof(got));
        cr_assert(sk_base64_read(all, got, size));
        cr_expect(memcmp(got, bytes, size) == 0, "%zu bytes", size);
        cr_expect(not(sk_base64_read(all, got, size - 1)));
        cr_expect(not(sk_base64_read(all, got, size + 1)));
        all.size--;
        cr_expect(not(sk_base64_read(all, got, size)));
    }
}

/* Any one byte of it changed: read only when it is what those bytes give. */
Test(lines, reads_no_base64_that_it_would_not_write)
{
    static const char *const texts[] = {"AAECAwQ=", "/+8gISI=", "zz+/AAAA"};
    uint8_t got[8];
    char again[16];
    size_t read = 0;

    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        struct sk_bytes text = sk_text(texts[i]);
        size_t size = i < 2 ? 5 : 6;

        for (size_t at = 0; at < text.size * 256; at++) {
            uint8_t changed[8];
            struct sk_bytes in = {changed, text.size};

            memcpy(changed, text.data, text.size);
            changed[at / 256] = (uint8_t)at;
            if (!sk_base64_read(in, got, size))
                continue;
            read++;
            sodium_bin2base64(again, sizeof(again), got, size,
                              sodium_base64_VARIANT_ORIGINAL);
            cr_expect(memcmp(again, changed, text.size) == 0, "%zu", at);
        }
    }
    /* Six digits and one of sixteen before the '='; eight digits. */
    cr_expect(eq(sz, read, 2 * (6 * 64 + 16 + 1) + 8 * 64));
}
