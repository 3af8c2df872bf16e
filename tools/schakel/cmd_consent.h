/*
 * schakel consent export: the consents of one participant for another system,
 * or for the participant.                              docs/CONSENT.md 8
 */
#ifndef SK_TOOLS_CMD_CONSENT_H
#define SK_TOOLS_CMD_CONSENT_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_consent_commands[];
int sk_cmd_consent(int argc, char **argv);

#endif
