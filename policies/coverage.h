/*
 * What the tests of a policy reach, and the tests that are missing.
 *                                                   docs/POLICY.md 14.4, 16
 *
 * Counted are cases that ask a question of the bundle as it is (no variant).
 */
#ifndef SK_POLICIES_COVERAGE_H
#define SK_POLICIES_COVERAGE_H

#include "policies/cases.h"
#include "policies/example.h"
#include "policies/ways.h"

/* Stages of 8.4 step 3 as coverage counts them: all of consent is one. */
enum sk_condition {
    SK_CONDITION_NOT_YET_VALID,
    SK_CONDITION_NO_LONGER_VALID,
    SK_CONDITION_WHERE_NOT_MET,
    SK_CONDITION_TOO_OLD,
    SK_CONDITION_RETENTION_OVER,
    SK_CONDITION_CANNOT_HONOUR,
    SK_CONDITION_NOT_LINKED,
    SK_CONDITION_OBJECTION,
    SK_CONDITION_CONSENT,
    SK_CONDITION_COUNT,
};
/* "not-linked", ...; "consent". */
const char *sk_condition_text(enum sk_condition condition);

struct sk_covered_rule {
    size_t permitted; /* contributed to a permit */
    size_t blocked;   /* named in a deny */
    /* That stage was the only one that stopped it. */
    size_t conditions[SK_CONDITION_COUNT];
};

struct sk_coverage {
    const struct sk_bundle *bundle;
    struct sk_covered_rule *rules; /* beside bundle->shares */
    bool *hits; /* beside bundle->takes: without it an answer is different */
    /* Sets of cells of the matrices of all valid.from days: those that are
       there, those that were reached.  Private. */
    uint32_t *slots; /* per event: its first place behind recipient, purpose */
    size_t stride;
    uint64_t *there;
    uint64_t *reached;
    size_t cells;         /* different ones over all days */
    size_t cells_reached; /* fields that a permit let out, and facts */
};

/*
 * Begin.  In the arena.
 *
 * Fails with SK_E_MEMORY, or SK_E_TOO_LARGE above SK_WAYS_MAX.
 */
SK_CHECKED enum sk_status sk_coverage_start(const struct sk_bundle *bundle,
                                            struct sk_arena *arena,
                                            struct sk_coverage *out);

/*
 * Count the i-th case of a test file.  `arena` is where it works; it is left
 * as it was.  Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_coverage_add(struct sk_coverage *coverage,
                                          const struct sk_cases *cases,
                                          size_t i, struct sk_arena *arena);

/* Did a permit reach this cell? */
bool sk_coverage_reached(const struct sk_coverage *coverage,
                         struct sk_spot spot, uint16_t field);

/* Searching for questions: the tries are for all searches together. */
#define SK_COVERAGE_TRIES_MAX ((size_t)100000)
struct sk_coverage_search {
    size_t tries; /* left; start with SK_COVERAGE_TRIES_MAX */
    bool found;
    bool gave_up; /* nothing found, but not everything was tried */
};

/*
 * A question that is not in the tests: one to which share rule `rule`
 * contributes, or whose answer never or limit `take` changes.
 *
 *     search   whether there is one; a rule that adds nothing has none
 *     out      the question, in the arena
 *     answer   what the bundle answers
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status
sk_coverage_for_rule(const struct sk_bundle *bundle, size_t rule,
                     struct sk_arena *arena, struct sk_coverage_search *search,
                     struct sk_example *out, struct sk_decision *answer);
SK_CHECKED enum sk_status
sk_coverage_for_take(const struct sk_bundle *bundle, size_t take,
                     struct sk_arena *arena, struct sk_coverage_search *search,
                     struct sk_example *out, struct sk_decision *answer);

#endif
