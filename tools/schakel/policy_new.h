/*
 * A first bundle: what was answered, and the files made of it.
 *                                              docs/POLICY.md 2.1, 7, 12, 14
 */
#ifndef SK_TOOLS_POLICY_NEW_H
#define SK_TOOLS_POLICY_NEW_H

#include "policies/rules.h"
#include "tools/schakel/policy_run.h"

/* The answers, as positions in the bundle without a policy. */
struct sk_new_policy {
    const struct sk_bundle *bundle; /* vocabulary, roster, guards */
    uint16_t owner;
    struct sk_org_set to;
    uint64_t purposes;
    uint64_t events[SK_EVENTS_MAX / 64];
    const char *gdpr;      /* a word of 7.2 */
    const char *reference; /* one line */
    int32_t from;
    int32_t until;
};

/* May a first policy share this event with one of the recipients?  Events of
   special data, and what the guards forbid, are left to later. */
bool sk_new_offers(const struct sk_new_policy *p, uint16_t event);

/* policy.yaml, with comments that teach the language; free it, NULL: no
   memory. */
char *sk_new_policy_text(struct sk_policy_run *run,
                         const struct sk_new_policy *p);
char *sk_new_bundle_text(const struct sk_new_policy *p, bool dutch);
char *sk_new_invariants_text(const struct sk_new_policy *p, bool dutch);

#endif
