/*
 * schakel participant report and export: who got what about one person, on
 * paper, and all there is as a file, for
 * that person.                                docs/CONSENT.md 4.7, 6 and 7
 */
#ifndef SK_TOOLS_CMD_REPORT_H
#define SK_TOOLS_CMD_REPORT_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_report_commands[];
int sk_cmd_report(int argc, char **argv);

/* schakel participant export: the exit code. */
int sk_participant_export(const struct sk_parsed *parsed);

#endif
