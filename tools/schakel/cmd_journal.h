/*
 * schakel journal: check, show and prove what the node did, and check what a
 * partner signed.                                    docs/PROTOCOL.md 11
 *
 * verify and export read the journal page by page: memory does not grow with
 * it.  check-evidence needs no node.
 */
#ifndef SK_TOOLS_CMD_JOURNAL_H
#define SK_TOOLS_CMD_JOURNAL_H

#include "tools/schakel/cli.h"

extern const struct sk_command sk_journal_commands[];
int sk_cmd_journal(int argc, char **argv);

struct sk_client;

/* journal_verify.c: `journal verify` and `journal prove`. */
int sk_journal_verify(struct sk_client *client, const struct sk_parsed *parsed);
int sk_journal_prove(struct sk_client *client, const struct sk_parsed *parsed);

/* journal_show.c: `journal show` and `journal export`. */
int sk_journal_show(struct sk_client *client, const struct sk_parsed *parsed);
int sk_journal_export(struct sk_client *client, const struct sk_parsed *parsed);

/* A number of the command line, or what it is without; -1 or an exit code. */
int sk_journal_number(const char *text, uint64_t without, uint64_t *out);

/* journal_evidence.c: `journal evidence` and `journal check-evidence`. */
int sk_journal_evidence(const struct sk_parsed *parsed);
int sk_journal_check_evidence(const struct sk_parsed *parsed);

/* A finding in whole sentences: what it is, and the next step. */
const char *sk_journal_finding(const char *finding, bool dutch);

#endif
