/* CSV: RFC 4180, and the place of everything. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tools/schakel/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sk_csv_row row;

/* Rows as LINE[COLUMN=cell|COLUMN=cell], or LINE!LINE:COLUMN#FAULT. */
static const char *read_all(const char *text, char separator)
{
    static char out[4096];
    struct sk_csv csv = sk_csv_start(sk_text(text), separator);
    size_t used = 0;

    out[0] = '\0';
    while (sk_csv_next(&csv, &row)) {
        used +=
            (size_t)snprintf(out + used, sizeof(out) - used, "%zu", row.line);
        if (row.fault != SK_CSV_GOOD) {
            used += (size_t)snprintf(out + used, sizeof(out) - used,
                                     "!%zu:%zu#%d ", row.place.line,
                                     row.place.column, (int)row.fault);
            continue;
        }
        for (size_t i = 0; i < row.count; i++)
            used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%zu=%s",
                                     i == 0 ? "[" : "|", row.cells[i].column,
                                     row.cells[i].text);
        used += (size_t)snprintf(out + used, sizeof(out) - used, "]");
    }
    return out;
}

#define READS(text, want) cr_expect(eq(str, (char *)read_all(text, 0), want))

Test(csv, finds_the_separator)
{
    READS("a;b;c\n1;2,5;3\n", "1[1=a|3=b|5=c]2[1=1|3=2,5|7=3]");
    READS("a,b\n1,2;3\n", "1[1=a|3=b]2[1=1|3=2;3]");
    READS("a\tb\n1\t2\n", "1[1=a|3=b]2[1=1|3=2]");
    READS("\"a,b,c\";d\n", "1[1=a,b,c|9=d]");
    cr_expect(eq(str, (char *)read_all("a;b,c\n", ','), "1[1=a;b|5=c]"));
}

Test(csv, reads_quotes_line_ends_and_marks)
{
    READS("\xef\xbb\xbf"
          "a;b\r\n\r\n1;2",
          "1[1=a|3=b]3[1=1|3=2]");
    READS("a;\"x \"\"y\"\"; z\"\n", "1[1=a|3=x \"y\"; z]");
    READS("\"two\r\nlines\";2\n3;4\n", "1[1=two\r\nlines|8=2]3[1=3|3=4]");
    READS("\"\";\n;\n", "1[1=|4=]2[1=|2=]");
    READS("", "");
    READS("\n\r\n\n", "");
}

/* Columns count characters, not bytes. */
Test(csv, counts_characters)
{
    READS("Zo\xc3\xab;\xe2\x82\xac;x\n", "1[1=Zo\xc3\xab|5=\xe2\x82\xac|7=x]");
}

/* A bad row never takes the next one with it. */
Test(csv, says_where_a_row_breaks_and_goes_on)
{
    char text[128];

    snprintf(text, sizeof(text), "1!1:4#%d 2[1=c|3=d]", SK_CSV_QUOTE_INSIDE);
    READS("a;b\"x\nc;d\n", text);
    snprintf(text, sizeof(text), "1!1:6#%d 2[1=c|3=d]", SK_CSV_QUOTE_BEHIND);
    READS("a;\"b\"x\nc;d\n", text);
    snprintf(text, sizeof(text), "1!1:3#%d 2[1=c|3=d]", SK_CSV_QUOTE_OPEN);
    READS("a;\"b\nc;d\n", text);
}

Test(csv, refuses_a_zero_byte)
{
    static const char text[] = "a;b\n1\0;2\n3;4\n";
    struct sk_csv csv = sk_csv_start(
        (struct sk_bytes){(const uint8_t *)text, sizeof(text) - 1}, 0);

    cr_assert(sk_csv_next(&csv, &row));
    cr_assert(sk_csv_next(&csv, &row));
    cr_expect(eq(int, row.fault, SK_CSV_NUL));
    cr_expect(eq(sz, row.place.column, 2));
    cr_assert(sk_csv_next(&csv, &row));
    cr_expect(eq(int, row.fault, SK_CSV_GOOD));
}

/* At, and above, the limits. */
Test(csv, has_limits)
{
    static char text[SK_CSV_ROW_SIZE_MAX + 16];
    struct sk_csv csv;

    memset(text, 'x', sizeof(text));
    csv = sk_csv_start(
        (struct sk_bytes){(const uint8_t *)text, SK_CSV_ROW_SIZE_MAX - 1}, ';');
    cr_assert(sk_csv_next(&csv, &row));
    cr_expect(eq(int, row.fault, SK_CSV_GOOD));
    cr_expect(eq(sz, strlen(row.cells[0].text), SK_CSV_ROW_SIZE_MAX - 1));
    csv = sk_csv_start(
        (struct sk_bytes){(const uint8_t *)text, SK_CSV_ROW_SIZE_MAX}, ';');
    cr_assert(sk_csv_next(&csv, &row));
    cr_expect(eq(int, row.fault, SK_CSV_TOO_LARGE));
    memset(text, ';', sizeof(text));
    csv = sk_csv_start(
        (struct sk_bytes){(const uint8_t *)text, SK_CSV_CELLS_MAX - 1}, ';');
    cr_assert(sk_csv_next(&csv, &row));
    cr_expect(eq(int, row.fault, SK_CSV_GOOD));
    cr_expect(eq(sz, row.count, SK_CSV_CELLS_MAX));
    csv = sk_csv_start(
        (struct sk_bytes){(const uint8_t *)text, SK_CSV_CELLS_MAX}, ';');
    cr_assert(sk_csv_next(&csv, &row));
    cr_expect(eq(int, row.fault, SK_CSV_TOO_LARGE));
}
