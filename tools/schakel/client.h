/*
 * The control socket of a node, from the outside.        docs/CONTROL.md
 *
 * One connection, one request at a time, bounded by time and size.
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

/*
 * Ask and wait for the answer, 60 s at most.
 *
 *     args    borrowed object, without the blobs; NULL for none
 *     reply   owned by the caller: {"ok": ..., "result" or "error": ...}
 *
 * Fails with SK_E_CLOSED (the node went away), SK_E_AGAIN (no answer in
 * time), SK_E_BAD_*, SK_E_TOO_LARGE, SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_client_call(struct sk_client *client,
                                         const char *op, const json_t *args,
                                         const struct sk_blob *blobs,
                                         size_t blobs_count, json_t **reply);

/*
 * The same in two halves, so that several can be asked before the first is
 * answered; replies come in the order of the requests.  A few dozen at most:
 * a node that waits for its replies to be taken reads nothing.
 */
SK_CHECKED enum sk_status sk_client_ask(struct sk_client *client,
                                        const char *op, const json_t *args,
                                        const struct sk_blob *blobs,
                                        size_t blobs_count);
SK_CHECKED enum sk_status sk_client_answer(struct sk_client *client,
                                           json_t **reply);

#endif
