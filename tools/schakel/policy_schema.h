/*
 * JSON Schema (draft-07) of the files of a bundle, for one vocabulary and
 * roster.                                              docs/POLICY.md 16
 *     policy_schema.c          policy.yaml, and what all have in common
 *     policy_schema_files.c    invariants.yaml, tests; what data ask of `basis`
 * Each returns a new reference.
 */
#ifndef SK_TOOLS_POLICY_SCHEMA_H
#define SK_TOOLS_POLICY_SCHEMA_H

#include "policies/rules.h"
#include "tools/schakel/policy_run.h"

struct sk_drawing {
    struct sk_policy_run *run;
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_bytes owner; /* or empty */
};

json_t *sk_schema_ref(const char *definition);
json_t *sk_schema_line(const char *description);
json_t *sk_schema_pattern(const char *form, const char *description);
json_t *sk_schema_words(const char *const *list, size_t count);
json_t *sk_schema_list(json_t *item);
/* No other keys; required: a list, or NULL. */
json_t *sk_schema_object(json_t *properties, json_t *required);
/* id and text, which every rule has. */
json_t *sk_schema_rule_head(const struct sk_drawing *d);
/* Every field with its levels. */
json_t *sk_schema_levels(const struct sk_drawing *d);
json_t *sk_schema_consent(void);
/* Organisations of the roster, the owner too. */
json_t *sk_schema_owners(const struct sk_drawing *d);
/* org, group, purpose, ...: what sk_schema_ref() names. */
json_t *sk_schema_definitions(const struct sk_drawing *d);

/* For `allOf` of a share rule: E042, E063. */
json_t *sk_schema_grounds(const struct sk_drawing *d);
json_t *sk_schema_invariants(const struct sk_drawing *d);
json_t *sk_schema_tests(const struct sk_drawing *d);

#endif
