/*
 * The columns of a file: which there are, and what their values must be.
 *                                                     docs/IMPORT.md 2.2, 2.4
 */
#ifndef SK_TOOLS_IMPORT_COLUMNS_H
#define SK_TOOLS_IMPORT_COLUMNS_H

#include "tools/schakel/import.h"

/* A header, and the field that its values must be of. */
struct sk_import_target {
    const char *id;
    struct sk_field field;
    bool own; /* of the tables above */
};

/* By the name in the first line; each is looked up once.  NULL: not known. */
const struct sk_import_target *
sk_import_find_target(const struct sk_importer *importer, const char *name);
/* A column that is not known: a fault, with the nearest name. */
void sk_import_say_unknown(const struct sk_importer *importer,
                           const struct sk_import_cell *cell,
                           struct sk_import_faults *faults);
/* Print them, and for events the types and fields of the vocabulary. */
void sk_import_show_columns(const struct sk_importer *importer);
/* In capitals or not; word may be NULL. */
bool sk_import_is_word(const char *text, const char *word);
bool sk_import_is_label(const char *text, const struct sk_label *label);

#endif
