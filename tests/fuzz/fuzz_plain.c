/*
 * What the command line prints.
 *
 * Law: whatever comes, in whatever pieces, what leaves is UTF-8 that neither
 * acts on a terminal nor deceives who reads it; and what is such already leaves
 * as it came.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/utf8.h"
#include "tools/schakel/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t take_all(struct sk_bytes in, size_t piece, uint8_t *out)
{
    struct sk_plain plain = {0};
    size_t used = 0;

    for (size_t at = 0; at < in.size; at += piece) {
        size_t part = in.size - at < piece ? in.size - at : piece;

        used += sk_plain_take(&plain, (struct sk_bytes){in.data + at, part},
                              out + used);
    }
    return used;
}

static void check_text(struct sk_bytes text)
{
    size_t at = 0;

    while (at < text.size) {
        uint32_t c = sk_utf8_next(text, &at);

        assert(c != SK_NO_CHARACTER);
        if (c == '\r')
            assert(at < text.size && text.data[at] == '\n');
        else
            assert(c == '\t' || !sk_character_is_forbidden(c));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_bytes in = {data, size};
    size_t room = SK_PLAIN_GROWTH * (size + 4);
    uint8_t *whole = malloc(room);
    uint8_t *pieces = malloc(room);
    uint8_t *again = malloc(SK_PLAIN_GROWTH * (room + 4));
    size_t used;

    assert(whole != NULL && pieces != NULL && again != NULL);
    used = take_all(in, size + 1, whole);
    assert(used <= room);
    check_text((struct sk_bytes){whole, used});
    for (size_t piece = 1; piece < 6; piece++) {
        assert(take_all(in, piece, pieces) == used);
        assert(used == 0 || memcmp(pieces, whole, used) == 0);
    }
    assert(take_all((struct sk_bytes){whole, used}, used + 1, again) == used);
    assert(used == 0 || memcmp(again, whole, used) == 0);
    free(whole);
    free(pieces);
    free(again);
    return 0;
}
