/*
 * What `schakel import` reads: a file, row by row, checked against the words
 * of the federation, each fault with its place.        docs/IMPORT.md 2, 3
 *
 *   import_file.c     bytes into rows of named cells: CSV, NDJSON
 *   import_check.c    a row into the arguments of an operation
 *   import_explain.c  what is wrong with a value, and what to write
 *   cmd_import.c      the command: checks all, then stores
 */
#ifndef SK_TOOLS_IMPORT_H
#define SK_TOOLS_IMPORT_H

#include <jansson.h>

#include "policies/vocabulary.h"
#include "protocol/status.h"
#include "tools/schakel/csv.h"

#define SK_IMPORT_FILE_SIZE_MAX ((size_t)64 * 1024 * 1024)
#define SK_IMPORT_TEXT_SIZE 512

/* What is wrong, where, and what to write.  The texts hold no value. */
struct sk_import_fault {
    size_t line;
    size_t column;
    char field[128]; /* as it stands in the file, or "" */
    const char *code;
    char nl[SK_IMPORT_TEXT_SIZE];
    char en[SK_IMPORT_TEXT_SIZE];
};
struct sk_import_faults {
    struct sk_import_fault *list;
    size_t count;
    size_t room;
};
/* printf into both languages; grows the list, ends the program when memory is
   out. */
struct sk_import_fault *sk_import_fault_add(struct sk_import_faults *faults,
                                            size_t line, size_t column,
                                            const char *field,
                                            const char *code);
__attribute__((format(printf, 2, 4), format(printf, 3, 4))) void
sk_import_fault_say(struct sk_import_fault *fault, const char *nl,
                    const char *en, ...);
/* The same with texts as they are. */
void sk_import_fault_text(struct sk_import_fault *fault, const char *nl,
                          const char *en);

/* ------------------------------------------------------------- the file */
struct sk_import_cell {
    const char *name; /* the header, or the key */
    json_t *value;    /* owned by the row; NULL: empty */
    size_t line;
    size_t column;
};
struct sk_import_row {
    size_t line;
    struct sk_bytes raw; /* without line end */
    struct sk_import_cell cells[SK_CSV_CELLS_MAX];
    size_t count;
    json_t *object; /* NDJSON: it owns the names; else NULL */
    bool bad;       /* it has a fault, and no cells */
};
struct sk_import_file; /* opaque */

/*
 * Look at the bytes as a whole, and at the header.  Keeps a view of bytes and
 * of the name, which chooses NDJSON when it ends in .ndjson, .jsonl or .json.
 * Fails with SK_E_BAD_FORM (faults says why) or SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_import_file_open(const char *name,
                                              struct sk_bytes bytes,
                                              struct sk_import_faults *faults,
                                              struct sk_import_file **out);
bool sk_import_file_is_csv(const struct sk_import_file *file);
/* The header line, as it stands there; empty for NDJSON. */
struct sk_bytes sk_import_file_header(const struct sk_import_file *file);
/* The columns of the header, as a row whose values are not set. */
const struct sk_import_row *
sk_import_file_columns(const struct sk_import_file *file);
/* The next row; false at the end.  Good until the next call. */
bool sk_import_file_next(struct sk_import_file *file,
                         struct sk_import_faults *faults,
                         struct sk_import_row *out);
void sk_import_file_close(struct sk_import_file **file);
/* Let go of the values of a row. */
void sk_import_row_free(struct sk_import_row *row);

/* ------------------------------------------------------------- checking */
enum sk_import_kind { SK_IMPORT_PARTICIPANTS, SK_IMPORT_EVENTS };

struct sk_importer {
    enum sk_import_kind kind;
    const struct sk_vocabulary *vocabulary; /* NULL: participants only */
    int32_t today;                          /* of the node */
    bool csv;
    json_t *seen; /* "column value" to the line it was first on */
    struct sk_import_names *names;
};
/* With kind, vocabulary, today and csv set.  False: no memory. */
bool sk_importer_start(struct sk_importer *importer);
void sk_importer_end(struct sk_importer *importer);

/* The arguments for the node, and where each came from. */
struct sk_import_args {
    json_t *args;       /* owned; without `participant` of an event */
    json_t *places;     /* name -> [line, column, header]; owned */
    const char *person; /* events: participant, source_id or insz */
    char key[256];      /* which one */
};

/* Is every column known, no one twice, and is what must be there there? */
bool sk_import_check_columns(const struct sk_importer *importer,
                             const struct sk_import_row *columns,
                             struct sk_import_faults *faults);
/* False when the row has faults; then out is empty. */
bool sk_import_check_row(struct sk_importer *importer,
                         const struct sk_import_row *row,
                         struct sk_import_faults *faults,
                         struct sk_import_args *out);
void sk_import_args_free(struct sk_import_args *args);

/* ------------------------------------------------------------- explaining */
/* Say why this value, which is none of the field, is wrong. */
void sk_import_explain(const struct sk_field *field, const char *value,
                       struct sk_import_fault *out);
/* The same for a character that no value may have; false: there is none. */
bool sk_import_explain_character(const char *value, bool name,
                                 struct sk_import_fault *out);

#endif
