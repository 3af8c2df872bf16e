/*
 * Lines for the operator, on stderr: the sentence first, then in brackets the
 * partner and the status.
 *
 *     <4>refuses our key (gtb; refused)                        in the journal
 *     2026-09-01 08:00:00Z warning: refuses our key (gtb; refused)  elsewhere
 *
 * In the journal (stderr is what JOURNAL_STREAM names) the level is syslog's:
 * <3> error, <4> warning, <6> info; elsewhere a word, "fout" and "let op" when
 * LC_ALL, LC_MESSAGES or LANG is Dutch.  Never a payload, a name, a handle, a
 * path that a peer chose: I9.
 */
#ifndef SK_NODE_LOG_H
#define SK_NODE_LOG_H

#include "protocol/base.h"
#include "protocol/status.h"

/* org: may be NULL; text: ours, static. */
void sk_log_error(const struct sk_org *org, enum sk_status status,
                  const char *text);
void sk_log_warn(const struct sk_org *org, enum sk_status status,
                 const char *text);
void sk_log_info(const struct sk_org *org, const char *text);
/* "text: number" */
void sk_log_count(const char *text, uint64_t number);

#endif
