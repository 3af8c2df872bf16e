/*
 * The difference between two bundles, for people.      docs/POLICY.md 11.4
 */
#ifndef SK_TOOLS_POLICY_DIFF_H
#define SK_TOOLS_POLICY_DIFF_H

#include "policies/diff.h"
#include "tools/schakel/policy_words.h"

/* A field of one side, by name in the vocabulary of another (or SK_NONE). */
uint16_t sk_policy_field_in(const struct sk_diff *diff,
                            enum sk_direction direction, enum sk_direction side,
                            uint16_t field);

/*
 * In sentences (policy_diff_text.c): wider first, then narrower; per recipients
 * and purposes with the same changes; per rule.
 */
void sk_policy_tell_diff(struct sk_policy_run *run, const struct sk_diff *diff);
/* Only what becomes wider. */
void sk_policy_tell_wider(struct sk_policy_run *run,
                          const struct sk_diff *diff);

#endif
