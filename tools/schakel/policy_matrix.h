/*
 * A matrix as it is shown: what can flow, or what can flow about one person.
 *                                              docs/POLICY.md 10 and 16
 */
#ifndef SK_TOOLS_POLICY_MATRIX_H
#define SK_TOOLS_POLICY_MATRIX_H

#include "policies/person.h"
#include "tools/schakel/policy_run.h"

struct sk_shown {
    struct sk_policy_run *run;
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_matrix matrix;
    struct sk_person_cell *cells; /* beside those of the matrix; NULL: as far */
    char person[64];              /* "": of nobody in particular */
    int64_t at;                   /* with person: the instant */
};

/* What flows in the i-th cell; 0: nothing. */
uint8_t sk_shown_level(const struct sk_shown *s, size_t i);
/* Why not as far as the matrix: a code of 8.6, or NULL. */
const char *sk_shown_reason(const struct sk_shown *s, size_t i);
/* The same in words. */
const char *sk_shown_why(const struct sk_shown *s, size_t i);

/* The matrix of a bundle on that day, for all partners or one (to: NULL or its
   id); -1, or the exit code when that was told. */
int sk_shown_make(struct sk_shown *s, const struct sk_bundle *bundle,
                  int32_t day, const char *to);
/* The same of a running node: what is in force there, and a person's facts
   (policy_matrix_node.c). */
int sk_shown_of_node(struct sk_shown *s, const struct sk_parsed *parsed);

/* As a grid on the terminal (policy_grid.c); the exit code. */
int sk_policy_grid(const struct sk_shown *s);

#endif
