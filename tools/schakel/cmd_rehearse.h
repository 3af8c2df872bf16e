/* `schakel rehearse FILE`: play a scenario on throw-away nodes. */
#ifndef SK_TOOLS_CMD_REHEARSE_H
#define SK_TOOLS_CMD_REHEARSE_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_rehearse_commands[]; /* for completion */

/* argv[0] is "rehearse".  Exit status: 0 all as expected, 1 not, 2 could not
   be played. */
int sk_cmd_rehearse(int argc, char **argv);

#endif
