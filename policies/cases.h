/*
 * Test files of a policy: facts, questions, expected answers, and variants of
 * the bundle.                                          docs/POLICY.md 14
 *
 * Three parts that can be used apart:
 *
 *     sources     the five files of a bundle, as bytes or as trees, and the
 *                 changes that a `variant` makes to them (14.2)
 *     expect      an `expect` map compared with a decision or with the
 *                 findings of a load (14.3)
 *     cases       a whole test file, run case by case (14.1)
 *
 * Pure: the caller reads the files.  Everything lives in the arena it is
 * given; a case uses the arena only until its report is dropped.
 */
#ifndef SK_POLICIES_CASES_H
#define SK_POLICIES_CASES_H

#include "policies/bundle.h"
#include "policies/decide.h"

/* ---------------------------------------------------------------- sources */

/* One file: its tree when there is one, else its bytes (data NULL: there is
   no such file, for policy and invariants). */
struct sk_source {
    const char *name; /* what findings show; never NULL */
    struct sk_bytes bytes;
    const struct sk_node *tree; /* NULL: read the bytes */
};
struct sk_sources {
    struct sk_source of[SK_SOURCE_COUNT];
    /* Loaded from its source before; NULL: load it.  Variants that change the
       vocabulary set it to NULL. */
    const struct sk_vocabulary *vocabulary;
};

/* The files of a bundle, still as bytes. */
struct sk_sources sk_sources_of(const struct sk_bundle_files *files);

/*
 * Read every file that is still bytes, so that loading again and variants do
 * not read it again.  A file that cannot be read stays bytes (loading it
 * reports why).  Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_sources_read(struct sk_sources *sources,
                                          struct sk_arena *arena);

/* As sk_bundle_load(), from sources. */
SK_CHECKED enum sk_status sk_sources_load(const struct sk_sources *sources,
                                          int32_t day, struct sk_arena *arena,
                                          struct sk_findings *findings,
                                          struct sk_bundle **out);

/*
 * Make the changes of a variant (14.2): remove, change, add_share, add_never,
 * add_limit, orgs, patch, raw, raw_parts with raw_as.  The trees that were
 * there are copied, never changed.
 *
 *     variant    the map; NULL or empty changes nothing
 *     sources    changed in place, only when all is well
 *     problem    when the variant does not fit the bundle (an unknown rule, a
 *                path that is not there): a text in the arena; else NULL
 *
 * To get the changed policy as text (for `schakel rehearse`):
 *
 *     sk_yaml_write(sources.of[SK_SOURCE_POLICY].tree, room, &text)
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_variant_apply(const struct sk_node *variant,
                                           struct sk_arena *arena,
                                           struct sk_sources *sources,
                                           const char **problem);

/* ---------------------------------------------------------------- expect */

#define SK_PROBLEMS_MAX 32

/* What did not come out as expected, as texts in the arena. */
struct sk_problems {
    struct sk_arena *arena;
    const char *list[SK_PROBLEMS_MAX];
    size_t count; /* the rest is counted, not kept */
};
struct sk_problems sk_problems_start(struct sk_arena *arena);

/*
 * Compare with the keys decision, reason, rules, fields, levels, withheld,
 * consents, duties, roles, erase_by and on_withdrawal of an `expect` map;
 * other keys are left alone.  A decision that did not come from sk_decide()
 * needs only what the map names: per field name, withheld, level_name, and
 * value.text or value.set.
 *
 * Returns how many of those keys the map has.
 */
size_t sk_expect_decision(const struct sk_node *expect,
                          const struct sk_decision *decision,
                          struct sk_problems *problems);

/*
 * Compare with the keys load, not_load, line and message.  Returns how many
 * of those keys the map has.
 */
size_t sk_expect_load(const struct sk_node *expect,
                      const struct sk_findings *findings,
                      struct sk_problems *problems);

/* ---------------------------------------------------------------- cases */

struct sk_cases; /* a test file, checked */

/*
 * Check the form of a test file.
 *
 *     tree    of the file; borrowed for as long as the cases live
 *     out     NULL when there is any error (E095, or of section 3)
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_cases_load(const struct sk_node *tree,
                                        struct sk_arena *arena,
                                        struct sk_findings *findings,
                                        struct sk_cases **out);

size_t sk_cases_count(const struct sk_cases *cases);
struct sk_bytes sk_cases_name(const struct sk_cases *cases, size_t i);
/* `bundle` of the file: a folder or a file, relative to the file; or empty. */
struct sk_bytes sk_cases_bundle(const struct sk_cases *cases);

/* The bundle the cases are asked of, loaded once: as it is, and with its
   rules in reverse order (the answers must be the same, 14.3). */
struct sk_case_bundle {
    struct sk_sources sources;
    int32_t day; /* for W015, or INT32_MIN */
    const struct sk_bundle *bundle;
    const struct sk_bundle *reversed;
};

/*
 * Load it.
 *
 *     sources    borrowed trees and bytes, for as long as `out` is used
 *     out        written only when the bundle has no error
 *     findings   of the bundle as it is
 *
 * Fails with SK_E_MEMORY, or SK_E_REFUSED when the bundle has an error.
 */
SK_CHECKED enum sk_status sk_case_bundle_load(const struct sk_sources *sources,
                                              int32_t day,
                                              struct sk_arena *arena,
                                              struct sk_findings *findings,
                                              struct sk_case_bundle *out);

enum sk_case_result {
    SK_CASE_PASSED,
    SK_CASE_FAILED,
};
struct sk_case_report {
    enum sk_case_result result;
    struct sk_problems problems;
};

/*
 * Run one case.  The report lives in the arena; reset it to where it stood
 * when the report is no longer needed.
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_case_run(const struct sk_cases *cases, size_t i,
                                      const struct sk_case_bundle *bundle,
                                      struct sk_arena *arena,
                                      struct sk_case_report *out);

#endif
