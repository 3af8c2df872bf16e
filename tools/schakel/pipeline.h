/*
 * Ask a node the same thing many times, without waiting for each answer:
 * thousands of requests take seconds.                    docs/CONTROL.md 1.2
 *
 * When the node goes away, it is waited for (15 s at most) and what was not
 * answered is asked again: the operation must be one that may come twice.
 */
#ifndef SK_TOOLS_PIPELINE_H
#define SK_TOOLS_PIPELINE_H

#include "tools/schakel/client.h"

struct sk_pipeline {
    const char *dir; /* of the node */
    const char *op;
    size_t count;
    const char *nl; /* what is told while it goes on: "nagekeken" */
    const char *en;
    /* The arguments of the i-th, borrowed; NULL: it is passed over. */
    const json_t *(*args)(void *context, size_t i);
    /* Its reply, borrowed. */
    void (*answer)(void *context, size_t i, const json_t *reply);
    void *context;
};

/* -1 when all were answered, or an exit code when something was told. */
int sk_pipeline_run(struct sk_client **client, const struct sk_pipeline *what);

#endif
