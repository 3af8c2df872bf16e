/*
 * A test file once it is read.  Private to policies/.    docs/POLICY.md 14.1
 */
#ifndef SK_POLICIES_CASES_PRIVATE_H
#define SK_POLICIES_CASES_PRIVATE_H

#include "policies/cases.h"

struct sk_case_person {
    struct sk_bytes id;
    struct sk_bytes birth_date; /* or empty */
    struct sk_fact_period *administration;
    size_t administration_count;
};
struct sk_case_bond {
    struct sk_bytes subject;
    struct sk_bytes org;
    struct sk_fact_period period;
};
struct sk_case_objection {
    struct sk_bytes subject;
    struct sk_fact_objection fact;
};
struct sk_case_consent {
    struct sk_bytes subject;
    bool by_default;
    struct sk_fact_consent fact;
};

/* Facts of the file, or of one case; has_: the key was there. */
struct sk_case_facts {
    int64_t now;
    struct sk_case_person *persons;
    size_t persons_count;
    struct sk_case_bond *links;
    size_t links_count;
    struct sk_case_bond *employers;
    size_t employers_count;
    struct sk_case_objection *objections;
    size_t objections_count;
    struct sk_case_consent *consents;
    size_t consents_count;
    bool has_now;
    bool has_persons;
    bool has_links;
    bool has_employers;
    bool has_objections;
};

struct sk_case {
    struct sk_bytes name;
    struct sk_case_facts facts;
    const struct sk_node *only_consents; /* NULL: the default ones */
    const struct sk_node *variant;       /* or NULL */
    const struct sk_node *ask;           /* or NULL */
    const struct sk_node *event;         /* of ask; the map it starts from */
    const struct sk_node *expect;
};

struct sk_cases {
    struct sk_bytes bundle;
    struct sk_case_facts shared;
    const struct sk_node *events;
    struct sk_case *list;
    size_t count;
};

/*
 * Build the question of a case with its facts, against this bundle.
 *
 *     reversed    facts and fields in reverse order
 *     out         in the arena
 *
 * Fails only with SK_E_MEMORY.
 */
struct sk_case_question {
    struct sk_question question;
    struct sk_facts *facts;
};
SK_CHECKED enum sk_status
sk_case_question(const struct sk_cases *cases, const struct sk_case *one,
                 const struct sk_bundle *bundle, bool reversed,
                 struct sk_arena *arena, struct sk_case_question *out);

/*
 * Answer the question of a case: build facts and event, decide.
 *
 *     reversed    facts and fields in reverse order
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_case_ask(const struct sk_cases *cases,
                                      const struct sk_case *one,
                                      const struct sk_bundle *bundle,
                                      bool reversed, struct sk_arena *arena,
                                      struct sk_decision *out);

/* One problem: "matrix: vdab|... is missing".  In the arena of problems. */
void sk_problems_add(struct sk_problems *problems, const char *what,
                     struct sk_bytes word, const char *verdict);

/* Does it expect a diff, invariants or a matrix? */
bool sk_expects_analysis(const struct sk_node *expect);
/*
 * Compare with these keys (case_analysis.c).
 *
 *     before    the bundle as it is
 *     after     with the changes of the variant, or the same
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_expect_analysis(const struct sk_node *expect,
                                             const struct sk_bundle *before,
                                             const struct sk_bundle *after,
                                             struct sk_arena *arena,
                                             struct sk_problems *problems);

/* Are two answers to one question the same in every part? */
bool sk_decision_same(const struct sk_decision *a, const struct sk_decision *b);

#endif
