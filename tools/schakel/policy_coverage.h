/*
 * What the tests of a bundle reach, for `schakel policy test --coverage`:
 * counted per file, summed over files, with a test to paste for whatever no
 * test reaches.                                     docs/POLICY.md 14.4, 16
 */
#ifndef SK_TOOLS_POLICY_COVERAGE_H
#define SK_TOOLS_POLICY_COVERAGE_H

#include "policies/coverage.h"
#include "tools/schakel/policy_run.h"

/* Sums over all files of a run, by "owner/rule". */
struct sk_policy_cover {
    json_t *rules;  /* share rules: {permitted, blocked, conditions, ...} */
    json_t *guards; /* own nevers and limits: {hit, ...} */
    json_t *cells;  /* list of {file, reached, total} */
    struct sk_coverage_search search;
    const struct sk_values *only; /* tests for these rules; NULL, none: all */
    bool too_large;
};

void sk_policy_cover_start(struct sk_policy_cover *cover);
void sk_policy_cover_close(struct sk_policy_cover *cover);

/*
 * Count a file.
 *
 *     cases    NULL: a bundle without tests
 *     path     of the file
 *
 * Returns `coverage` of section 16, a new reference; NULL when memory is out
 * or, cover->too_large, the bundle has more flows than can be looked at.
 */
json_t *sk_policy_cover_file(struct sk_policy_run *run,
                             struct sk_policy_cover *cover, const char *path,
                             const struct sk_cases *cases,
                             const struct sk_bundle *bundle);

/* Share rules permitted at least once, per cent rounded down; 100 of none. */
unsigned sk_policy_cover_percent(const struct sk_policy_cover *cover);

void sk_policy_cover_print(const struct sk_policy_run *run,
                           const struct sk_policy_cover *cover);
/* Only the tests to paste under `cases:`. */
void sk_policy_cover_print_missing(const struct sk_policy_cover *cover);
/* The question and its answer as a case of a test file: YAML that stands under
   `cases:`.  Free it; NULL: no memory. */
char *sk_policy_test_text(struct sk_bytes rule, const struct sk_example *x,
                          const struct sk_decision *answer);

#endif
