/*
 * Ask a running node for a command, and say what went wrong in words: which
 * step comes next, and what is not known.
 */
#ifndef SK_TOOLS_ASK_H
#define SK_TOOLS_ASK_H

#include "tools/schakel/client.h"

/* Each int: -1 to go on, or the exit code when something was told. */
int sk_ask_open(const char *dir, struct sk_client **out);
/* Say on the error stream when the node is slow or goes away, as a client does
   that was opened here. */
void sk_ask_tell(struct sk_client *client);
/* reply: owned by the caller, an answer that is ok. */
int sk_ask(struct sk_client *client, const char *op, const json_t *args,
           const struct sk_blob *blobs, size_t blobs_count, json_t **reply);

/* The same of a list that comes by the page: every page, all rows under `key`
   of the result. */
int sk_ask_pages(struct sk_client *client, const char *op, const json_t *args,
                 const char *key, json_t **reply);

/* An error reply: the code in words, what it is about, the next step. */
int sk_ask_refused(const json_t *reply);
/* No reply came.  line: of standard input, or 0. */
int sk_ask_failed(const struct sk_client *client, const char *op,
                  enum sk_status status, size_t line);

/* Can this operation change anything? */
bool sk_ask_changes(const char *op);

#endif
