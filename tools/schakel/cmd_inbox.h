/*
 * The work list of a coach: `schakel inbox`.             docs/DOMAIN.md 5, 6
 *
 * What came and nobody opened, which handovers wait for us and which for the
 * partner, since when, and what is late.  All of it is put together from
 * inbox.list, handover.list and agenda.list.
 */
#ifndef SK_TOOLS_CMD_INBOX_H
#define SK_TOOLS_CMD_INBOX_H

#include "tools/schakel/cli.h"

int sk_cmd_inbox(int argc, char **argv);

extern const struct sk_command sk_inbox_commands[];

#endif
