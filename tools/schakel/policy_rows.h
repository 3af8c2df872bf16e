/*
 * A matrix by recipient and purpose, and what is made of such a row: a table,
 * a page for people, the text of a consent.
 *                                       docs/POLICY.md 10, 16; CONSENT.md 7
 */
#ifndef SK_TOOLS_POLICY_ROWS_H
#define SK_TOOLS_POLICY_ROWS_H

#include "policies/matrix.h"
#include "tools/schakel/policy_run.h"

/* All cells of one recipient and purpose, in the order of the matrix. */
struct sk_row {
    const struct sk_bundle *bundle;
    uint16_t org;
    uint16_t purpose;
    const struct sk_cell *cells;
    size_t count;
    const uint16_t *rules; /* of all cells, each once, in order */
    size_t rules_count;
};
struct sk_rows {
    struct sk_row *list;
    size_t count;
};

/* In the arena; views into the matrix.  Fails with SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_rows_make(const struct sk_matrix *matrix,
                                       struct sk_arena *arena,
                                       struct sk_rows *out);

/* "gdpr: reference" of each rule, sorted, each once. */
json_t *sk_row_basis(const struct sk_row *row);
/* "12 months from sent" of each rule, sorted, each once. */
json_t *sk_row_retain(const struct sk_row *row);
/* Of two durations the longer, as far as they can be compared (4.5). */
const struct sk_share *sk_row_longest(const struct sk_row *row);

/* ---------------------------------------------------------------- notice */

/* Who is who in a text for a participant; NULL: a line to write on. */
struct sk_notice_names {
    const char *participant;
    const char *coach;
    const char *coach_phone;
    const char *privacy;
    int32_t until; /* last day, or INT32_MIN */
};

struct sk_notice {
    char *text; /* owned; free() */
    size_t size;
    char sha256[65];
    uint64_t categories;          /* with a box of their own */
    uint64_t apart;               /* of those, in the block apart */
    uint64_t explicit_categories; /* in the block apart, and what they need */
};

/*
 * The text of CONSENT.md 7.2, parts 1 to 11.
 *
 *     all    the matrix of the recipient for all purposes, for part 3
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_notice_make(struct sk_policy_run *run,
                                         const struct sk_row *row,
                                         const struct sk_rows *all,
                                         const struct sk_notice_names *names,
                                         struct sk_notice *out);

/* The page "who gets what about you", on standard output. */
void sk_people_print(struct sk_policy_run *run, const struct sk_rows *rows);

#endif
