/*
 * Invariants: what must hold of every day of a policy, proved or refuted by
 * the first counterexample.                              docs/POLICY.md 12
 */
#ifndef SK_POLICIES_PROVE_H
#define SK_POLICIES_PROVE_H

#include "policies/ways.h"

/* Where an invariant fails: a way that may not be, or the lack of one. */
struct sk_counterexample {
    bool missing; /* `flow`: what must flow does not, on no day */
    int32_t day;  /* the first; of what is missing INT32_MIN */
    struct sk_spot spot;
    uint16_t field;  /* or SK_FACT */
    uint8_t level;   /* of the way; of what is missing: what was asked */
    uint8_t reached; /* of what is missing: the highest that flows, or 0 */
    /* The share rule of the way; of what is missing: the never or limit that
       takes it away from a share rule, or nothing (id empty). */
    struct sk_bytes rule;
    struct sk_place place;
};
struct sk_proof {
    const struct sk_invariant *invariant;
    bool holds;
    bool spoken;                    /* there is a way that it speaks of */
    struct sk_counterexample first; /* when it does not hold */
};

/*
 * Prove the invariants of a bundle, in the order of its file.
 *
 *     out     one proof per invariant, in the arena
 *
 * Fails with SK_E_MEMORY, or SK_E_TOO_LARGE above SK_WAYS_MAX.
 */
SK_CHECKED enum sk_status sk_prove(const struct sk_bundle *bundle,
                                   struct sk_arena *arena,
                                   struct sk_proof **out, size_t *count);

#endif
