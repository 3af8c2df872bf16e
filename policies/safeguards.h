/*
 * What stops a flow by itself: the never and limit rules of a policy, and its
 * invariants.  Which of them does a new version take away, or loosen?
 *                                                      docs/POLICY.md 11.5
 *
 * They are compared as they are written: a group is not the list of those who
 * are in it today.  A rule is kept when some rule of the new version, whatever
 * its id, says the same or is stricter in every part; all else is a loss.
 * Sound, not complete: a rule that two others replace counts as lost.
 */
#ifndef SK_POLICIES_SAFEGUARDS_H
#define SK_POLICIES_SAFEGUARDS_H

#include "policies/bundle.h"
#include "policies/yaml.h"

/* The two files that hold them; both without errors; NULL: none. */
struct sk_safeguards {
    const struct sk_node *policy;
    const struct sk_node *invariants;
};

struct sk_safeguards sk_safeguards_of(const struct sk_bundle *bundle);

enum sk_safeguard_kind {
    SK_SAFEGUARD_PROMISE,
    SK_SAFEGUARD_NEVER,
    SK_SAFEGUARD_LIMIT,
};

struct sk_loss {
    enum sk_safeguard_kind kind;
    bool stops; /* false: a `flow`, which stops nothing but narrowing */
    const struct sk_node *was; /* the rule */
    const struct sk_node *is;  /* with the same id; NULL: it is gone */
};
struct sk_losses {
    struct sk_loss *list; /* promises, nevers, limits; as OLD has them */
    size_t count;
    bool stops; /* one of them does: two officers (POLICY.md 2.3) */
};

/*
 * Compare.
 *
 *     v      the vocabulary of the new version: the order of its levels
 *     arena  holds the list
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_losses_find(const struct sk_safeguards *was,
                                         const struct sk_safeguards *is,
                                         const struct sk_vocabulary *v,
                                         struct sk_arena *arena,
                                         struct sk_losses *out);

/* The id and the sentence of a rule. */
struct sk_bytes sk_rule_id(const struct sk_node *rule);
struct sk_bytes sk_rule_text(const struct sk_node *rule);
/* What a rule says, without id and text: of a promise what is in its form. */
const struct sk_node *sk_rule_form(const struct sk_node *rule);

#endif
