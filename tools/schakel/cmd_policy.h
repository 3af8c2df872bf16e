/*
 * `schakel policy ...`: what a privacy officer runs on a bundle before it is
 * signed.                                     docs/POLICY.md 14, 15 and 16
 */
#ifndef SK_TOOLS_CMD_POLICY_H
#define SK_TOOLS_CMD_POLICY_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_policy_commands[]; /* for completion */

/* argv[0] is "policy".  Exit status: 0 good, 1 findings, failed tests or
   invariants that do not hold, 2 input that cannot be used, 10 wider. */
int sk_cmd_policy(int argc, char **argv);

#endif
