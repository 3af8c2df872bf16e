/*
 * Questions that a running node keeps, and the policy and charter of the day
 * they were asked.          docs/CONTROL.md 5 (`disclosure.question`),
 * POLICY.md 16
 */
#ifndef SK_TOOLS_POLICY_NODE_H
#define SK_TOOLS_POLICY_NODE_H

#include "policies/question.h"
#include "tools/schakel/client.h"
#include "tools/schakel/policy_run.h"

/* For a version: whichever is in force. */
#define SK_NODE_IN_FORCE (-1)

/*
 * The bundle of a version of the policy under a version of the charter, as
 * this node had it; in the arena of the run.
 *
 * Returns -1 to go on, or the exit code when that was told.
 */
int sk_policy_node_bundle(struct sk_policy_run *run, struct sk_client *client,
                          json_int_t policy, json_int_t charter,
                          struct sk_bundle **out);

/* A policy under the texts of a charter (vocabulary, guards, partners); NULL
   with findings when it is not right.  Fails with SK_E_MEMORY. */
SK_CHECKED enum sk_status
sk_policy_node_under(struct sk_policy_run *run, struct sk_bytes policy,
                     struct sk_bytes invariants, const json_t *charter,
                     struct sk_findings *findings, struct sk_bundle **out);

/* The same of a draft of policy.yaml under the charter in force. */
int sk_policy_node_draft(struct sk_policy_run *run, struct sk_client *client,
                         struct sk_bytes policy, struct sk_bundle **out);

/* A question as the node gives it, read for a bundle.  -1, or the exit code. */
int sk_policy_node_asked(struct sk_policy_run *run,
                         const struct sk_bundle *bundle, const json_t *question,
                         struct sk_asked *out);

/* explain --event and --message; replay --since. */
int sk_policy_explain_node(struct sk_policy_run *run,
                           const struct sk_parsed *parsed);
int sk_policy_replay_node(struct sk_policy_run *run,
                          const struct sk_parsed *parsed);

#endif
