/*
 * What a share rule lets through at most, and when it lies within another.
 * Private to policies/.                        docs/POLICY.md 5.6, 10.1, 11.2
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

/* The recipients of the rule that are active. */
void sk_active_members(const struct sk_bundle *bundle,
                       const struct sk_share *share, struct sk_org_set *out);

/* 11.2: v is at least as generous in every component of the rule itself
   (retain, not_older_than, where, duties, roles, on_withdrawal, objection). */
bool sk_terms_dominated(const struct sk_share *w, const struct sk_share *v);
/* Every way of w is dominated by a way of v, on every day; and w has one. */
bool sk_share_contained(const struct sk_caps *caps, const struct sk_share *w,
                        const struct sk_share *v);

#endif
