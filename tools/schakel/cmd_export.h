/* schakel export events: CloudEvents for the own client system.
                                                        docs/IMPORT.md 5 */
#ifndef SK_TOOLS_CMD_EXPORT_H
#define SK_TOOLS_CMD_EXPORT_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_export_commands[];
int sk_cmd_export(int argc, char **argv);

#endif
