/*
 * How much two answers to one question reveal, for `schakel policy replay`.
 *                                               docs/POLICY.md 11.2 and 16
 */
#ifndef SK_TOOLS_POLICY_REPLAY_H
#define SK_TOOLS_POLICY_REPLAY_H

#include "tools/schakel/policy_node.h"

/* How much of a field a level lets out, by the chain of the new vocabulary
   (11.2): a field or level that it does not have counts as more than all. */
unsigned sk_replay_level(const struct sk_bundle *bundle, struct sk_bytes name,
                         struct sk_bytes level);
/* The same of a field of a decision; 0: it stays. */
unsigned sk_replay_reach(const struct sk_bundle *bundle,
                         const struct sk_decision *decision,
                         struct sk_bytes name);
/* Does a reveal something that b does not? */
bool sk_replay_is_more(const struct sk_bundle *bundle,
                       const struct sk_decision *a,
                       const struct sk_decision *b);

/* ---------------------------------------------------------------- history
 * A draft against what this node really did: words and ids, no values (I9).
 */
struct sk_history {
    struct sk_policy_run *run;
    struct sk_client *client;
    struct sk_bundle *draft;
    struct sk_bundle *live;
    int32_t since;
    int32_t until;
    json_t *backdated; /* ids of rules that begin later: counted as if not */
    /* disclosures */
    size_t total;
    size_t same;
    size_t narrower;
    size_t wider;     /* may be narrower too */
    size_t refused;   /* would not have left */
    size_t waiting;   /* queued, or dropped: not compared */
    json_t *partners; /* ORG: {"same", "narrower", "wider", "refused",
                         "fields": {FIELD: {"narrower", "wider"}}} */
    json_t *list;     /* the disclosures that differ */
    /* what was not sent: events x relations x purposes, as of now */
    size_t events;
    size_t asked;
    size_t newly;
    size_t more;
    size_t less;
    size_t gone;
    json_t *flows; /* those that differ */
};

void sk_history_print(const struct sk_history *h);

#endif
