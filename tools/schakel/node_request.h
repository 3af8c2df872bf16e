/*
 * What the commands that ask a running node have in common: a command made
 * from the table of operations, and a request made from what was typed.
 *
 *   cmd_node.c       one command per operation of protocol/control.h
 *   cmd_steps.c      a coach's steps of a handover: two operations in a row
 *   node_request.c   options and operands into arguments
 *   node_stdin.c     `event record --stdin`: a request per line
 */
#ifndef SK_TOOLS_NODE_REQUEST_H
#define SK_TOOLS_NODE_REQUEST_H

#include "tools/schakel/cli.h"
#include "tools/schakel/client.h"

#define SK_MADE_NAME_SIZE_MAX 64
#define SK_REQUEST_BLOBS_MAX 300

/* A command and its texts. */
struct sk_made {
    struct sk_command command;
    char name[SK_MADE_NAME_SIZE_MAX];
    char operands[256];
    char options[SK_OP_ARGS_MAX][SK_MADE_NAME_SIZE_MAX];
};

struct sk_typed_request {
    json_t *args;
    struct sk_blob blobs[SK_REQUEST_BLOBS_MAX];
    size_t blobs_count;
    struct sk_folder folder; /* that the blobs point into */
    struct sk_bytes file;
};

/* ------------------------------------------------------------- commands */
/* "given_name" as people type it: "given-name". */
void sk_option_name(char *out, size_t size_max, const char *name);
bool sk_arg_is_many(enum sk_arg_kind kind);
/* Required arguments may also be given without their option, in order. */
bool sk_arg_is_operand(const struct sk_arg *arg);
/* I9: help says how to keep a value out of the list of processes. */
void sk_made_typed(struct sk_command *command);

/* ------------------------------------------------------------- requests
 * All of these: -1, or the exit code with the problem told. */
/* Options and operands; free the request also after a problem. */
int sk_request_fill(const struct sk_op *op, const struct sk_parsed *parsed,
                    struct sk_typed_request *r);
void sk_request_free(struct sk_typed_request *r);
/* NAME=VALUE of every value into `map`. */
int sk_request_pairs(json_t *map, const char *option,
                     const struct sk_values *values);
/* Says that the value of `option` is wrong: the exit code. */
int sk_request_bad(const char *option, const char *nl, const char *en);
/* -1 with a reply that is ok, owned by the caller. */
int sk_request_ask(struct sk_client *client, const char *op,
                   const struct sk_typed_request *r, json_t **reply);
/* Prints the reply, which it takes over: the exit code. */
int sk_request_show(struct sk_client *client, const char *op, json_t *reply);
/* Events from standard input, one JSON object a line: the exit code. */
int sk_node_stdin(struct sk_client *client);

/* ------------------------------------------------------------- steps */
/* The i-th step as a command; false past the end. */
bool sk_step_command(size_t i, struct sk_made *out);
/* argv[0] is "handover".  False: argv[1] is no step. */
bool sk_step_run(int argc, char **argv, int *code);

#endif
