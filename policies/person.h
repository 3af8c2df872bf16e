/*
 * The matrix of a day for one person: of all that can flow, what can flow
 * about this participant, and what stands before the rest.
 *                                                     docs/POLICY.md 10.4
 */
#ifndef SK_POLICIES_PERSON_H
#define SK_POLICIES_PERSON_H

#include "policies/decide.h"
#include "policies/matrix.h"

/* Beside a cell of the matrix. */
struct sk_person_cell {
    uint8_t level;      /* never above that of the cell; 0: nothing flows */
    const char *reason; /* why not as far as the cell: a code of 8.6, static;
                           NULL: it is as far */
};

/*
 * Go through a matrix with the facts of a person.
 *
 *     facts    of the bundle of the matrix
 *     now      an instant of the day of the matrix
 *     out      in the arena: one per cell
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_person_cells(const struct sk_matrix *matrix,
                                          const struct sk_facts *facts,
                                          int64_t now, struct sk_arena *arena,
                                          struct sk_person_cell **out);

#endif
