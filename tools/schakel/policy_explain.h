/*
 * One decision with its reasons, for `schakel policy explain`.
 *                                             docs/POLICY.md 8.5, 8.6, 16
 */
#ifndef SK_TOOLS_POLICY_EXPLAIN_H
#define SK_TOOLS_POLICY_EXPLAIN_H

#include "policies/question.h"
#include "policies/trace.h"
#include "tools/schakel/policy_run.h"

struct sk_explained {
    const struct sk_bundle *bundle;
    struct sk_question question;
    struct sk_decision decision;
    struct sk_trace trace;
    json_t *needs; /* owned; sentences: what would let it through */
    /* Of a question of a node: what came of it there; else NULL. */
    json_t *came; /* {"decision", "levels"?, "reason"?, "state"?} */
    bool same;    /* as decided here */
};

/* Decide and trace; -1, or the exit code. */
int sk_explain_decide(struct sk_policy_run *run, const struct sk_bundle *bundle,
                      const struct sk_asked *asked, struct sk_explained *x);
/* Print it, as JSON or for people; the exit code. */
int sk_explain_tell(struct sk_policy_run *run, struct sk_explained *x);

/* A tree from JSON, as the YAML reader would make it; every place is `place`.
   NULL: no memory. */
struct sk_node *sk_node_of_json(struct sk_arena *arena, struct sk_place place,
                                const json_t *json);

/* What a coach, a partner or a privacy officer could do, as sentences. */
json_t *sk_explain_needs(struct sk_policy_run *run,
                         const struct sk_explained *x);

/* The decision as 8.5 has it. */
json_t *sk_decision_json(const struct sk_bundle *bundle,
                         const struct sk_decision *decision);
/* {"policy": "ocmw-mol/7", "vocabulary", "guards", "partners"}. */
json_t *sk_bundle_json(const struct sk_bundle *bundle);
/* The trace: rules, fields, consents, needs. */
json_t *sk_explain_json(const struct sk_explained *x);

/* For people, on standard output. */
void sk_explain_print(struct sk_policy_run *run, const struct sk_explained *x);

#endif
