/*
 * Leaving the federation (docs/CONSENT.md 5.6):
 *
 *     schakel leave                 what is open, owed and erased
 *     schakel leave --confirm ORG   leave; again: what came since
 *     schakel peer holds ORG        what a partner still has of ours
 */
#ifndef SK_TOOLS_CMD_LEAVE_H
#define SK_TOOLS_CMD_LEAVE_H

#include "tools/schakel/cli.h"

int sk_cmd_leave(int argc, char **argv);
int sk_cmd_holds(int argc, char **argv);

extern const struct sk_command sk_leave_commands[];
extern const struct sk_command sk_holds_commands[];

#endif
