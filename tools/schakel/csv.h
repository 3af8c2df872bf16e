/*
 * CSV (RFC 4180), row by row, with the place of every cell.   docs/IMPORT.md 2
 *
 * Cells in quotes may hold separators, quotes (doubled) and line ends; a row
 * ends with LF or CRLF.  Where RFC 4180 leaves no reading, the row has a fault
 * and reading goes on behind the line where it began.  Any bytes: no encoding
 * is looked at; columns are counted in characters of UTF-8, from 1.
 */
#ifndef SK_TOOLS_CSV_H
#define SK_TOOLS_CSV_H

#include "protocol/base.h"

#define SK_CSV_CELLS_MAX 128
#define SK_CSV_ROW_SIZE_MAX 65536

struct sk_csv {
    struct sk_bytes text;
    char separator;
    size_t at;
    size_t line;   /* of `at`, from 1 */
    size_t column; /* of `at`, from 1 */
};

struct sk_csv_cell {
    const char *text; /* without quotes, NUL-terminated; in the row */
    size_t line;
    size_t column;
};

enum sk_csv_fault {
    SK_CSV_GOOD,
    SK_CSV_QUOTE_INSIDE, /* a quote in a cell that does not start with one */
    SK_CSV_QUOTE_BEHIND, /* something behind the closing quote */
    SK_CSV_QUOTE_OPEN,   /* the file ends inside quotes */
    SK_CSV_NUL,          /* a byte 0 */
    SK_CSV_TOO_LARGE,    /* too many cells, or too many bytes */
};

struct sk_csv_row {
    struct sk_csv_cell cells[SK_CSV_CELLS_MAX];
    size_t count;
    size_t line;
    struct sk_bytes raw; /* as it stands in the file, without its line end */
    enum sk_csv_fault fault;
    struct sk_csv_cell place; /* of the fault */
    size_t used;
    char room[SK_CSV_ROW_SIZE_MAX];
};

/* At the start of the text, behind a byte order mark.  separator: 0 to take
   the one of ; , and tab that the first line has most of. */
struct sk_csv sk_csv_start(struct sk_bytes text, char separator);

/* The next row that is not empty; false at the end. */
bool sk_csv_next(struct sk_csv *csv, struct sk_csv_row *out);

#endif
