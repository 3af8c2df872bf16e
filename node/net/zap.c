/*
 * Who may connect: ZeroMQ asks here at every handshake (ZAP, RFC 27).
 *
 * Our own handler and not CZMQ's zauth, which has no User-Id under
 * CURVE_ALLOW_ANY and reads certificate files at every handshake.  It must be
 * up before the first bind: without a handler libzmq admits everybody.
 */
#include "node/net/net.h"

#include <string.h>

#include "node/log.h"

#define KEY_TEXT_SIZE 41

enum sk_status sk_net_zap_open(struct sk_net *net)
{
    net->zap = zsock_new(ZMQ_ROUTER);
    if (net->zap == NULL)
        return SK_E_MEMORY;
    zsock_set_linger(net->zap, 0);
    if (zsock_bind(net->zap, "inproc://zeromq.zap.01") != 0)
        return SK_E_IO;
    return SK_OK;
}

/*
 * The key that asks, from a request of nine frames: route, empty, version,
 * request id, domain, address, routing id, mechanism, key.
 */
static bool read_key(zmsg_t *request, uint8_t key[32])
{
    zframe_t *frame = zmsg_first(request);
    zframe_t *mechanism = NULL;
    zframe_t *credentials = NULL;

    if (zmsg_size(request) != 9)
        return false;
    for (int i = 0; frame != NULL; i++) {
        if (i == 7)
            mechanism = frame;
        if (i == 8)
            credentials = frame;
        frame = zmsg_next(request);
    }
    if (!zframe_streq(mechanism, "CURVE") || zframe_size(credentials) != 32)
        return false;
    memcpy(key, zframe_data(credentials), 32);
    return true;
}

static void answer(struct sk_net *net, zmsg_t *request, const char *code,
                   const char *user)
{
    zmsg_t *reply = zmsg_new();
    zframe_t *frame = zmsg_first(request);

    /* Route, empty, version and request id go back as they came. */
    for (int i = 0; i < 4 && frame != NULL; i++) {
        zframe_t *copy = zframe_dup(frame);

        (void)zmsg_append(reply, &copy); /* its own allocation asserts */
        frame = zmsg_next(request);
    }
    (void)zmsg_addstr(reply, code);
    (void)zmsg_addstr(reply, ""); /* text: strangers learn nothing */
    (void)zmsg_addstr(reply, user);
    (void)zmsg_addstr(reply, ""); /* metadata */
    if (zmsg_send(&reply, net->zap) != 0) {
        /* Nobody is admitted any more: better to start again. */
        sk_log_error(NULL, SK_E_IO, "authentication handler is gone");
        zmsg_destroy(&reply);
        net->closed = true;
    }
}

void sk_net_zap_answer(struct sk_net *net)
{
    zmsg_t *request = zmsg_recv_nowait(net->zap);
    uint8_t key[32];
    char user[KEY_TEXT_SIZE] = "";

    if (request == NULL)
        return;
    if (read_key(request, key) && sk_net_peer_by_key(net, key) != NULL) {
        (void)zmq_z85_encode(user, key, sizeof(key)); /* 32 divides by 4 */
        answer(net, request, "200", user);
    } else {
        net->counts.strangers++;
        answer(net, request, "400", "");
    }
    zmsg_destroy(&request);
}

void sk_net_zap_close(struct sk_net *net)
{
    zsock_destroy(&net->zap);
}
