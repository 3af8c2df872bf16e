/*
 * Commands that ask a running node something: one per operation of
 * protocol/control.h, made from its table, and a few that put two operations
 * in a row because a coach thinks of them as one.
 *
 *     schakel participant add --dir NODE --given-name Jonas ...
 *     schakel handover accept HANDOVER --for guidance.handover ...
 */
#ifndef SK_TOOLS_CMD_NODE_H
#define SK_TOOLS_CMD_NODE_H

#include "tools/schakel/cli.h"
#include "tools/schakel/client.h"

/* argv[0] is "participant" and argv[1] "add", or argv[0] is "status". */
int sk_cmd_node(int argc, char **argv);

/* The i-th command for help and completion, in static memory that the next
   call uses again; NULL past the end. */
const struct sk_command *sk_node_command_at(size_t i);

/* For commands that put several operations in a row: connect to the node of
   --dir; -1, or the exit code with the problem told. */
int sk_node_open(const struct sk_parsed *parsed, struct sk_client **out);
/* The result of one operation with these arguments (args: taken over; NULL:
   none), owned by the caller; -1, or the exit code with the problem told. */
int sk_node_ask(struct sk_client *client, const char *op, json_t *args,
                const struct sk_blob *blobs, size_t blobs_count,
                json_t **result);
/* The same of a list that comes by the page, all rows under `key`. */
int sk_node_ask_pages(struct sk_client *client, const char *op, json_t *args,
                      const char *key, json_t **result);

#endif
