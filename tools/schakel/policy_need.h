/*
 * How many signatures a draft needs at a node, and why.  docs/POLICY.md 2.5
 * Before a signature and after a refusal; the gate of the node decides.
 */
#ifndef SK_TOOLS_POLICY_NEED_H
#define SK_TOOLS_POLICY_NEED_H

#include "tools/schakel/policy_diff.h"
#include "tools/schakel/policy_signing.h"

struct sk_policy_need {
    bool known; /* all below could be found out */
    size_t signatures;
    bool first;  /* no policy is in force */
    bool others; /* another list of officers */
    bool far;    /* a number far above the one in force (POLICY.md 2.3) */
    bool compared;
    struct sk_diff flows; /* these three when compared */
    struct sk_losses losses;
    struct sk_paper paper;
    struct sk_officers officers;     /* who may sign it */
    const struct sk_officers *named; /* whom it names: they sign the next */
    unsigned waits;                  /* a version that waits; 0: none */
    char day[11];
};

/* Ask the node.  -1 to go on, or the exit code when that was told. */
int sk_policy_need_find(struct sk_policy_run *run, struct sk_client *client,
                        const struct sk_draft *d, struct sk_policy_need *need);

/* The same before a signature, and said, with all else that changes.  A node
   that does not answer leaves it open: an officer may sign anywhere. */
void sk_policy_need_before(const struct sk_draft *d,
                           const struct sk_parsed *parsed,
                           struct sk_policy_need *need);

/* Another legal ground, and why it takes two; nothing of what is not so.
   from: the day that was asked for; NULL: at once, or not known. */
void sk_policy_need_tell(struct sk_policy_run *run,
                         const struct sk_policy_need *need, const char *from);
/* The reasons: "first", "officers", "number", "wider", "loosened". */
json_t *sk_policy_need_json(const struct sk_policy_need *need);

#endif
