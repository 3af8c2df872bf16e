/*
 * Examples: a legal value of any field, and the question in which everything
 * speaks for one share rule.  For tests that do not exist yet, for forms and
 * for a first policy.                            docs/POLICY.md 6.1, 8.4, 14.4
 */
#ifndef SK_POLICIES_EXAMPLE_H
#define SK_POLICIES_EXAMPLE_H

#include "policies/decide.h"
#include "policies/rules.h"

/*
 * A legal exact value: what the vocabulary gives as `ex` when that is one,
 * else a made one (synthetic numbers only).
 *
 *     occurred    "YYYY-MM-DD": dates of the example are this day
 *     out         name and value, in the arena
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_example_value(const struct sk_vocabulary *v,
                                           uint16_t field,
                                           struct sk_bytes occurred,
                                           struct sk_arena *arena,
                                           struct sk_named_value *out);

/* Where a question goes. */
struct sk_example_spot {
    uint16_t org;
    uint16_t purpose;
    uint16_t event;
};

/* A question and the facts that favour it. */
struct sk_example {
    struct sk_example_spot spot;
    struct sk_question question; /* subject, to, for, now, event */
    struct sk_event_view event;
    char occurred[11];
    int32_t day;
    bool explicit_consent;       /* the one giving is explicit */
    struct sk_bytes *categories; /* that it names; sorted as declared */
    size_t categories_count;
    struct sk_facts *facts; /* the relation and the giving */
};

/*
 * The question about `spot` at which the rule is asked on its first day (or,
 * when that is no use, its last): relation, consent for everything that the
 * event can tell, values that meet `where`; fields that the rule names and
 * those that the event requires.
 *
 *     id    of the giving
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status
sk_example_ask(const struct sk_bundle *bundle, const struct sk_share *share,
               struct sk_example_spot spot, bool last_day,
               bool explicit_consent, struct sk_bytes id,
               struct sk_arena *arena, struct sk_example *out);

#endif
