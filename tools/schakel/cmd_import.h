/* schakel import participants, import events, import kvs.  docs/IMPORT.md */
#ifndef SK_TOOLS_CMD_IMPORT_H
#define SK_TOOLS_CMD_IMPORT_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_import_commands[];
int sk_cmd_import(int argc, char **argv);
/* import kvs, with its options read.  cmd_import_kvs.c */
int sk_cmd_import_kvs(const struct sk_parsed *parsed);

#endif
