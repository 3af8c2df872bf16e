/*
 * The control socket of a node, from the outside.        docs/CONTROL.md
 *
 * One connection, one request at a time, bounded by time and size.
 *
 * Every request carries a random id (CONTROL.md 2.4).  When the node goes
 * away before it answered, the client waits for it to come back and asks the
 * same again with the same id: a node that did it answers as it did then.
 */
#ifndef SK_TOOLS_CLIENT_H
#define SK_TOOLS_CLIENT_H

#include <jansson.h>

#include "protocol/control.h"

struct sk_client;

/* Bytes for an argument of kind FILE, or one file of a FILES argument. */
struct sk_blob {
    const char *argument;
    struct sk_bytes name; /* FILES: inside the folder; FILE: empty */
    struct sk_bytes bytes;
};

/*
 * Connect to DIR/ctl.sock.
 * Fails with SK_E_NOT_FOUND (no node runs there), SK_E_REFUSED (not allowed),
 * SK_E_IO, SK_E_TOO_LARGE (path too long for a socket).
 */
SK_CHECKED enum sk_status sk_client_open(const char *dir,
                                         struct sk_client **out);
void sk_client_close(struct sk_client **client);

/* Called during a call; NULL for nothing. */
struct sk_client_hooks {
    void (*sent)(void *context); /* the whole request left */
    void (*lost)(void *context); /* the node went away: it will be asked again,
                                    once per call */
    void (*slow)(void *context); /* no answer for a while, and we wait on: once
                                    per call */
    void *context;
};
/* hooks: copied. */
void sk_client_hook(struct sk_client *client,
                    const struct sk_client_hooks *hooks);

/* The id of the next request, when it is not to be a random one. */
void sk_client_use_id(struct sk_client *client, const struct sk_id *id);

/* Break-glass (CONTROL.md 7.5): the reason that goes with every request from
   now on; borrowed for the life of the client. */
void sk_client_use_why(struct sk_client *client, const char *why);

/*
 * Ask and wait for the answer, 60 s at most; for a node that went away, 15 s
 * at most until it is back.
 *
 *     args    borrowed object, without the blobs; NULL for none
 *     reply   owned by the caller: {"ok": ..., "result" or "error": ...}
 *
 * Fails with SK_E_CLOSED (the node went away and did not come back),
 * SK_E_AGAIN (no answer in time), SK_E_BAD_*, SK_E_TOO_LARGE, SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_client_call(struct sk_client *client,
                                         const char *op, const json_t *args,
                                         const struct sk_blob *blobs,
                                         size_t blobs_count, json_t **reply);
/* The same as it came: a view until the next answer. */
SK_CHECKED enum sk_status
sk_client_call_value(struct sk_client *client, const char *op,
                     const json_t *args, const struct sk_blob *blobs,
                     size_t blobs_count, struct sk_value *reply);

/* After a call that failed: did the request leave as a whole?  Then nobody
   knows whether it was done. */
bool sk_client_is_unknown(const struct sk_client *client);

/*
 * The same in two halves, so that several can be asked before the first is
 * answered; replies come in the order of the requests.  A few dozen at most:
 * a node that waits for its replies to be taken reads nothing.  Nothing is
 * asked again.
 */
SK_CHECKED enum sk_status sk_client_ask(struct sk_client *client,
                                        const char *op, const json_t *args,
                                        const struct sk_blob *blobs,
                                        size_t blobs_count);
SK_CHECKED enum sk_status sk_client_answer(struct sk_client *client,
                                           json_t **reply);
/* The same as it came: a view until the next answer. */
SK_CHECKED enum sk_status sk_client_value(struct sk_client *client,
                                          struct sk_value *reply);

#endif
