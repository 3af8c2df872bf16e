/*
 * A file that `schakel import` reads as CSV.
 *
 * Law: rows stand in the file one behind the other, none empty, each with its
 * line; the cells of a row without fault, written again in quotes, are read as
 * the same cells.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t write_again(const struct sk_csv_row *row, char separator,
                          char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < row->count; i++) {
        if (i > 0)
            out[used++] = separator;
        out[used++] = '"';
        for (const char *c = row->cells[i].text; *c != '\0'; c++) {
            if (*c == '"')
                out[used++] = '"';
            out[used++] = *c;
        }
        out[used++] = '"';
    }
    out[used++] = '\r';
    out[used++] = '\n';
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sk_csv_row row;
    static struct sk_csv_row again;
    static char room[2 * SK_CSV_ROW_SIZE_MAX + 4 * SK_CSV_CELLS_MAX];
    struct sk_csv csv = sk_csv_start((struct sk_bytes){data, size}, 0);
    const uint8_t *before = data;
    size_t line = 0;

    while (sk_csv_next(&csv, &row)) {
        struct sk_csv other;

        assert(row.raw.size > 0);
        assert(row.raw.data >= before);
        assert(row.raw.data + row.raw.size <= data + size);
        assert(row.line > line);
        line = row.line;
        before = row.raw.data + row.raw.size;
        if (row.fault != SK_CSV_GOOD) {
            assert(row.place.line >= row.line && row.place.column >= 1);
            assert(memchr(row.raw.data, '\n', row.raw.size) == NULL);
            continue;
        }
        assert(row.count >= 1);
        other = sk_csv_start(
            (struct sk_bytes){(const uint8_t *)room,
                              write_again(&row, csv.separator, room)},
            csv.separator);
        assert(sk_csv_next(&other, &again));
        assert(again.fault == SK_CSV_GOOD && again.count == row.count);
        for (size_t i = 0; i < row.count; i++)
            assert(strcmp(row.cells[i].text, again.cells[i].text) == 0);
        assert(!sk_csv_next(&other, &again));
    }
    return 0;
}
