/* A large answer, written as it is made. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <jansson.h>
#include <stdio.h>

#include "tools/schakel/out.h"

/* jansson is the other implementation, and what reads both. */
Test(out, a_string_is_written_as_jansson_writes_it)
{
    static struct sk_out out;
    char text[300] = "Zo\xc3\xab \"\\ ";
    size_t size = strlen(text);
    json_t *json;
    char *want;

    for (int c = 1; c < 0x80; c++)
        text[size++] = (char)c;
    json = json_stringn(text, size);
    want = json_dumps(json, JSON_ENCODE_ANY);
    out.size = 0;
    sk_out_string(&out, (struct sk_bytes){(const uint8_t *)text, size});
    sk_out_bytes(&out, (struct sk_bytes){NULL, 0});
    cr_assert(lt(sz, out.size, sizeof(out.data)));
    out.data[out.size] = '\0';
    cr_expect(eq(str, (char *)out.data, want));
    free(want);
    json_decref(json);
}

/* Pieces that fit exactly, that do not fit, and that never could. */
Test(out, keeps_the_order_of_what_is_large)
{
    static const size_t sizes[] = {1, 16383, 1, 16384, 3, 40000, 5, 16380};
    static char want[100001];
    static struct sk_out out;
    FILE *before = stdout;
    char *got = NULL;
    size_t got_size = 0;
    size_t at = 0;

    out.size = 0;
    stdout = open_memstream(&got, &got_size);
    cr_assert(ne(ptr, stdout, NULL));
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        struct sk_bytes piece = {(const uint8_t *)want + at, sizes[i]};

        memset(want + at, 'a' + (int)i, sizes[i]);
        at += sizes[i];
        cr_assert(lt(sz, at, sizeof(want)));
        sk_out_bytes(&out, piece);
    }
    sk_out_flush(&out);
    cr_expect(eq(sz, out.size, 0));
    fclose(stdout);
    stdout = before;
    cr_assert(eq(sz, got_size, at));
    cr_expect(memcmp(got, want, at) == 0);
    free(got);
}
