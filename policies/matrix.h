/*
 * The matrix of a day: the most that can flow, cell by cell.
 *                                                     docs/POLICY.md 10.3
 */
#ifndef SK_POLICIES_MATRIX_H
#define SK_POLICIES_MATRIX_H

#include "policies/ways.h"

#define SK_CELLS_MAX ((size_t)1 << 20)
#define SK_CELL_RULES_MAX ((size_t)1 << 24) /* of all cells together */

struct sk_cell {
    struct sk_spot spot;
    uint16_t field; /* or SK_FACT */
    uint8_t level;
    bool explicit_consent;
    const uint16_t *rules; /* positions in bundle->shares, sorted by id */
    size_t rules_count;
};
struct sk_matrix {
    const struct sk_bundle *bundle;
    const struct sk_caps *caps; /* what nevers and limits leave */
    int32_t day;
    struct sk_cell *cells; /* sorted by recipient, purpose, event, field */
    size_t count;
};

/*
 * The matrix of one civil day.
 *
 *     only     a recipient of the roster, or SK_NONE for all
 *     arena    holds the matrix
 *
 * Fails with SK_E_MEMORY, or SK_E_TOO_LARGE above one of the limits here or
 * SK_WAYS_MAX.
 */
SK_CHECKED enum sk_status sk_matrix_make(const struct sk_bundle *bundle,
                                         int32_t day, uint16_t only,
                                         struct sk_arena *arena,
                                         struct sk_matrix *out);

/* The cell of these words, NULL when nothing flows there. */
const struct sk_cell *sk_matrix_find(const struct sk_matrix *matrix,
                                     struct sk_spot spot, uint16_t field);

#endif
