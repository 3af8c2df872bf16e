/*
 * schakel agenda: what is to be done, and what is coming, for people and for
 * their calendars.                                          docs/DOMAIN.md 6
 *
 * The iCalendar (RFC 5545) holds labels and ids, no names: calendars are
 * synchronised to places that this node knows nothing of (I9).
 */
#ifndef SK_TOOLS_CMD_AGENDA_H
#define SK_TOOLS_CMD_AGENDA_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_agenda_commands[];
int sk_cmd_agenda(int argc, char **argv);

#endif
