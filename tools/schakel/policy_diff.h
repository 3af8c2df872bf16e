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

/* Is this the id of a partner with another organisation behind it in NEW
   (POLICY.md 11.2)?  `i`: its first place in diff->orgs. */
bool sk_policy_replaced(const struct sk_diff *diff, size_t i,
                        const struct sk_roster_org **old,
                        const struct sk_roster_org **new);

/*
 * In sentences (policy_diff_text.c): wider first, then narrower; per recipients
 * and purposes with the same changes; per rule.
 */
void sk_policy_tell_diff(struct sk_policy_run *run, const struct sk_diff *diff);
/* Only what becomes wider. */
void sk_policy_tell_wider(struct sk_policy_run *run,
                          const struct sk_diff *diff);

#endif
