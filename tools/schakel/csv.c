#include "tools/schakel/csv.h"

#include <string.h>

static bool is_end(const struct sk_csv *csv)
{
    return csv->at >= csv->text.size;
}

static char here(const struct sk_csv *csv)
{
    return (char)csv->text.data[csv->at];
}

static void step(struct sk_csv *csv)
{
    uint8_t byte = csv->text.data[csv->at++];

    if (byte == '\n') {
        csv->line++;
        csv->column = 1;
    } else if (is_end(csv) || (csv->text.data[csv->at] & 0xc0) != 0x80) {
        csv->column++;
    }
}

/* At LF, CRLF or the end? */
static bool is_line_end(const struct sk_csv *csv)
{
    if (is_end(csv) || here(csv) == '\n')
        return true;
    return here(csv) == '\r' && csv->at + 1 < csv->text.size &&
           csv->text.data[csv->at + 1] == '\n';
}

static void pass_line_end(struct sk_csv *csv)
{
    if (!is_end(csv) && here(csv) == '\r')
        step(csv);
    if (!is_end(csv))
        step(csv);
}

/* ------------------------------------------------------------- start */

static char guess_separator(struct sk_csv csv)
{
    static const char separators[] = ";,\t";
    size_t counts[3] = {0};
    size_t best = 0;
    bool quoted = false;

    for (; !is_end(&csv) && (quoted || !is_line_end(&csv)); step(&csv)) {
        const char *found = here(&csv) == '\0' || quoted
                                ? NULL
                                : strchr(separators, here(&csv));

        if (here(&csv) == '"')
            quoted = !quoted;
        if (found != NULL)
            counts[found - separators]++;
    }
    for (size_t i = 1; i < SK_COUNT(counts); i++)
        if (counts[i] > counts[best])
            best = i;
    return separators[best];
}

struct sk_csv sk_csv_start(struct sk_bytes text, char separator)
{
    struct sk_csv csv = {.text = text, .line = 1, .column = 1};

    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        csv.at = 3;
    csv.separator = separator != 0 ? separator : guess_separator(csv);
    return csv;
}

/* ------------------------------------------------------------- rows */

static enum sk_csv_fault fault(const struct sk_csv *csv, struct sk_csv_row *row,
                               enum sk_csv_fault what)
{
    row->fault = what;
    row->place.line = csv->line;
    row->place.column = csv->column;
    return what;
}

static enum sk_csv_fault put(const struct sk_csv *csv, struct sk_csv_row *row,
                             char c)
{
    if (c == '\0' && !is_end(csv) && here(csv) == '\0')
        return fault(csv, row, SK_CSV_NUL);
    if (row->used == sizeof(row->room))
        return fault(csv, row, SK_CSV_TOO_LARGE);
    row->room[row->used++] = c;
    return SK_CSV_GOOD;
}

static enum sk_csv_fault quoted_cell(struct sk_csv *csv, struct sk_csv_row *row)
{
    struct sk_csv start = *csv;

    step(csv);
    for (;;) {
        if (is_end(csv))
            return fault(&start, row, SK_CSV_QUOTE_OPEN);
        if (here(csv) == '"') {
            step(csv);
            if (is_end(csv) || here(csv) != '"')
                break;
        }
        if (put(csv, row, here(csv)) != SK_CSV_GOOD)
            return row->fault;
        step(csv);
    }
    if (!is_line_end(csv) && here(csv) != csv->separator)
        return fault(csv, row, SK_CSV_QUOTE_BEHIND);
    return SK_CSV_GOOD;
}

static enum sk_csv_fault plain_cell(struct sk_csv *csv, struct sk_csv_row *row)
{
    while (!is_line_end(csv) && here(csv) != csv->separator) {
        if (here(csv) == '"')
            return fault(csv, row, SK_CSV_QUOTE_INSIDE);
        if (put(csv, row, here(csv)) != SK_CSV_GOOD)
            return row->fault;
        step(csv);
    }
    return SK_CSV_GOOD;
}

static enum sk_csv_fault read_cell(struct sk_csv *csv, struct sk_csv_row *row)
{
    struct sk_csv_cell *cell = &row->cells[row->count];
    enum sk_csv_fault found;

    if (row->count == SK_CSV_CELLS_MAX)
        return fault(csv, row, SK_CSV_TOO_LARGE);
    cell->text = row->room + row->used;
    cell->line = csv->line;
    cell->column = csv->column;
    if (!is_end(csv) && here(csv) == '"')
        found = quoted_cell(csv, row);
    else
        found = plain_cell(csv, row);
    if (found != SK_CSV_GOOD)
        return found;
    if (row->used == sizeof(row->room))
        return fault(csv, row, SK_CSV_TOO_LARGE);
    row->room[row->used++] = '\0';
    row->count++;
    return SK_CSV_GOOD;
}

/* Cells up to the end of the row; the line end is not passed. */
static void read_row(struct sk_csv *csv, struct sk_csv_row *row)
{
    while (read_cell(csv, row) == SK_CSV_GOOD && !is_line_end(csv))
        step(csv); /* the separator */
}

bool sk_csv_next(struct sk_csv *csv, struct sk_csv_row *out)
{
    struct sk_csv start;

    while (!is_end(csv) && is_line_end(csv))
        pass_line_end(csv);
    if (is_end(csv))
        return false;
    start = *csv;
    out->count = 0;
    out->used = 0;
    out->fault = SK_CSV_GOOD;
    out->line = csv->line;
    read_row(csv, out);
    if (out->fault != SK_CSV_GOOD) {
        *csv = start;
        while (!is_line_end(csv))
            step(csv);
    }
    out->raw.data = start.text.data + start.at;
    out->raw.size = csv->at - start.at;
    pass_line_end(csv);
    return true;
}
