/*
 * Lines for the operator, on stderr: "<level>partner status text".
 *
 * Level is syslog's, as journald reads it: <3> error, <4> warning, <6> info.
 * Partner is an organisation of the roster or "-", status a word of status.h
 * or "-".  Never a payload, a name, a handle, a path that a peer chose: I9.
 */
#ifndef SK_NODE_LOG_H
#define SK_NODE_LOG_H

#include "protocol/base.h"
#include "protocol/status.h"

/* For people at a terminal: "error", "warning", "info" in place of <n>. */
void sk_log_use_words(void);

/* org: may be NULL; text: ours, static. */
void sk_log_error(const struct sk_org *org, enum sk_status status,
                  const char *text);
void sk_log_warn(const struct sk_org *org, enum sk_status status,
                 const char *text);
void sk_log_info(const struct sk_org *org, const char *text);
/* "text: number" */
void sk_log_count(const char *text, uint64_t number);

#endif
