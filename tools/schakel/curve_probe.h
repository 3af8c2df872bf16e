/*
 * Is somebody there, and does it let us in?  Dials an endpoint as a node does,
 * step by step, and says which step failed: the name, TCP, ZMTP 3 (RFC 23),
 * CURVE (RFC 26).  Sends nothing behind the handshake.
 */
#ifndef SK_TOOLS_CURVE_PROBE_H
#define SK_TOOLS_CURVE_PROBE_H

#include "protocol/keys.h"

enum sk_probe {
    SK_PROBE_ADMITTED,     /* the handshake is complete */
    SK_PROBE_BAD_ENDPOINT, /* no tcp://HOST:PORT */
    SK_PROBE_NO_NAME,      /* the name has no address */
    SK_PROBE_NO_LISTENER,  /* nobody listens on that port */
    SK_PROBE_NO_ROUTE,     /* no way there, or no answer in time */
    SK_PROBE_NOT_A_NODE,   /* it listens, and speaks something else */
    SK_PROBE_OTHER_KEY,    /* a node, with another key than the card says */
    SK_PROBE_NOT_ADMITTED, /* that node, and it does not let our key in */
};

/*
 * Each step may take `wait_ms`.
 *     server    the key on the card of who should be there
 *     secret    our transport key; NULL: one made for this, so that a good
 *               answer of the right node is SK_PROBE_NOT_ADMITTED
 *     address   for people: what the name stands for, or empty
 */
#define SK_PROBE_ADDRESS_SIZE 64
enum sk_probe sk_probe(const char *endpoint,
                       const struct sk_curve_public *server,
                       const struct sk_curve_secret *secret, int wait_ms,
                       char address[SK_PROBE_ADDRESS_SIZE]);

#endif
