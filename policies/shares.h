/*
 * What a share rule lets through at most, and when it lies within another.
 * Private to policies/.                        docs/POLICY.md 5.6, 10.1, 11.2
 */
#ifndef SK_POLICIES_SHARES_H
#define SK_POLICIES_SHARES_H

#include "policies/civil.h"
#include "policies/rules.h"

/* What is left of a level for this recipient and purpose; 0 when forbidden. */
uint8_t sk_level_left(const struct sk_bundle *bundle, uint16_t org,
                      unsigned purpose, uint16_t event, uint16_t field,
                      uint8_t level);
/* Does a never cover the event for this recipient and purpose? */
bool sk_event_is_covered(const struct sk_bundle *bundle, uint16_t org,
                         unsigned purpose, uint16_t event);
/* The recipients of the rule that are active. */
void sk_active_members(const struct sk_bundle *bundle,
                       const struct sk_share *share, struct sk_org_set *out);

/* 11.2: v is at least as generous in every component of the rule itself
   (retain, not_older_than, where, duties, roles, on_withdrawal, objection). */
bool sk_terms_dominated(const struct sk_share *w, const struct sk_share *v);
/* Every way of w is dominated by a way of v, on every day; and w has one. */
bool sk_share_contained(const struct sk_bundle *bundle,
                        const struct sk_share *w, const struct sk_share *v);

#endif
