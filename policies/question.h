/*
 * A question file: one question with its facts, as `explain` reads it.
 *                                              docs/POLICY.md 8.1 and 16
 *
 *     ask: {to: ORG, for: PURPOSE, now: INSTANT, event: {type, subject, ...}}
 *     facts: {persons, links, employers, objections, consents}
 *
 * The facts have the form that test files have (14.1).
 */
#ifndef SK_POLICIES_QUESTION_H
#define SK_POLICIES_QUESTION_H

#include "policies/decide.h"
#include "policies/yaml.h"

struct sk_asked {
    struct sk_question question; /* its event lies in the arena */
    struct sk_facts *facts;
};

/*
 * Read a question.
 *
 *     tree        of the file; borrowed for as long as *out is used
 *     findings    what is wrong with it (E095); then *good is false
 *     good        whether out was written
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_question_read(const struct sk_node *tree,
                                           const struct sk_bundle *bundle,
                                           struct sk_arena *arena,
                                           struct sk_findings *findings,
                                           bool *good, struct sk_asked *out);

/*
 * The same for the i-th case of a test file, whatever it expects.  `good` is
 * false when the case asks nothing or changes the bundle (14.2).
 */
struct sk_cases;
SK_CHECKED enum sk_status sk_question_of_case(const struct sk_cases *cases,
                                              size_t i,
                                              const struct sk_bundle *bundle,
                                              struct sk_arena *arena,
                                              bool *good, struct sk_asked *out);

#endif
