/*
 * The difference between two bundles, for people.      docs/POLICY.md 11.4
 */
#ifndef SK_TOOLS_POLICY_DIFF_H
#define SK_TOOLS_POLICY_DIFF_H

#include "policies/paper.h"
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

/* All that two bundles differ in. */
struct sk_policy_difference {
    struct sk_diff flows;
    struct sk_losses losses;
    struct sk_paper paper;
};

/* -1 to go on, or the exit code when that was told. */
int sk_policy_compare(struct sk_policy_run *run, const struct sk_bundle *old,
                      const struct sk_bundle *new,
                      struct sk_policy_difference *out);

/*
 * In sentences (policy_diff_text.c): legal grounds, wider, what stops flows,
 * narrower, other words; per recipients and purposes with the same changes; per
 * rule.
 */
void sk_policy_tell_diff(struct sk_policy_run *run,
                         const struct sk_policy_difference *d);
/* Only what becomes wider; only what becomes narrower, or nothing. */
void sk_policy_tell_wider(struct sk_policy_run *run,
                          const struct sk_diff *diff);
void sk_policy_tell_narrower(struct sk_policy_run *run,
                             const struct sk_diff *diff);

/* What stops flows and goes (policy_losses.c): says nothing of nothing. */
void sk_policy_tell_losses(struct sk_policy_run *run,
                           const struct sk_losses *losses);
json_t *sk_policy_losses_json(struct sk_policy_run *run,
                              const struct sk_losses *losses);

/* Words (policy_paper.c): legal grounds, or all others. */
void sk_policy_tell_paper(struct sk_policy_run *run,
                          const struct sk_paper *paper, bool grounds);
json_t *sk_policy_paper_json(struct sk_policy_run *run,
                             const struct sk_paper *paper);

#endif
