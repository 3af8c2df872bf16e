/* schakel import participants, import events.          docs/IMPORT.md */
#ifndef SK_TOOLS_CMD_IMPORT_H
#define SK_TOOLS_CMD_IMPORT_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_import_commands[];
int sk_cmd_import(int argc, char **argv);

#endif
