/*
 * What nevers and limits leave, and what a share rule tells of.
 * Private to policies/.                              docs/POLICY.md 5.6, 10.1
 */
#ifndef SK_POLICIES_SHARES_H
#define SK_POLICIES_SHARES_H

#include "policies/civil.h"
#include "policies/rules.h"

/*
 * What nevers and limits leave, worked out once for all recipients, purposes,
 * events and fields.  Recipients that no rule tells apart are one class.
 */
struct sk_caps {
    const struct sk_bundle *bundle;
    uint16_t class_of[SK_ORGS_MAX];
    size_t classes;
    uint8_t *levels;  /* class x purpose x field: the highest that is left */
    uint8_t *covered; /* class x purpose x event: a never covers the event */
};

/* In the arena.  Fails with SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_caps_make(const struct sk_bundle *bundle,
                                       struct sk_arena *arena,
                                       struct sk_caps *out);
/* The highest level that is left of a field; 0 when it is forbidden.  Of an
   event that is not covered. */
uint8_t sk_caps_level(const struct sk_caps *caps, size_t org, unsigned purpose,
                      uint16_t field);
bool sk_caps_covers(const struct sk_caps *caps, size_t org, unsigned purpose,
                    uint16_t event);
/* Do two bundles of one vocabulary leave the same there? */
bool sk_caps_same(const struct sk_caps *a, size_t org_a,
                  const struct sk_caps *b, size_t org_b, unsigned purpose);

/* The recipients of the rule that are active. */
void sk_active_members(const struct sk_bundle *bundle,
                       const struct sk_share *share, struct sk_org_set *out);

#endif
