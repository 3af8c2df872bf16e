/*
 * The lines that partners dial: one ROUTER.
 *
 * A routing id is no identity: the key that ZAP admitted is, and libzmq gives
 * it with every frame as "User-Id".  ROUTING IDS STAY IN HERE: a peer that
 * knows one of ours could make libzmq abort.
 */
#include "node/net/net.h"

#include <stdlib.h>
#include <string.h>

#define REBIND_MS 50        /* between attempts to bind */
#define REBIND_SLOW_MS 2000 /* after the first seconds */
#define REBIND_SOON_MS 3000

static zsock_t *open_router(struct sk_net *net)
{
    zsock_t *router = sk_net_socket_open(ZMQ_ROUTER);
    uint64_t affinity = 1;

    if (router == NULL)
        return NULL;
    (void)zmq_setsockopt(zsock_resolve(router), ZMQ_AFFINITY, &affinity,
                         sizeof(affinity));
    zsock_set_router_mandatory(router, 1);
    zsock_set_curve_server(router, 1);
    zsock_set_curve_secretkey_bin(router, net->secret.secret_bytes);
    zsock_set_zap_domain(router, "schakel");
    return router;
}

void sk_net_listen(struct sk_net *net)
{
    bool soon = net->now_ms - net->bind_since_ms < REBIND_SOON_MS;

    assert(net->router == NULL);

    net->bind_ms = 0;
    net->router = open_router(net);
    if (net->router != NULL)
        net->router_monitor = sk_net_monitor_open(net->router);
    if (net->router_monitor == NULL ||
        zsock_bind(net->router, "%s", net->listen) < 0) {
        sk_net_unlisten(net, 0);
        /* After a close the old listener lives on for a moment. */
        net->bind_ms = net->now_ms + (soon ? REBIND_MS : REBIND_SLOW_MS);
        net->cannot_listen_due = !soon;
        return;
    }
    net->listening = true;
    net->cannot_listen_due = false;
    net->cannot_listen_told = false;
}

void sk_net_listen_again(struct sk_net *net)
{
    if (net->listen[0] == '\0')
        return;
    sk_net_unlisten(net, 0);
    net->bind_since_ms = net->now_ms;
    sk_net_listen(net);
}

void sk_net_unlisten(struct sk_net *net, int linger_ms)
{
    for (size_t i = 0; i < net->peers_count; i++)
        net->peers[i]->routed = false;
    net->listening = false;
    if (net->router == NULL)
        return;
    sk_net_monitor_close(net->router, &net->router_monitor);
    zsock_set_linger(net->router, linger_ms);
    zsock_destroy(&net->router);
}

void sk_net_router_monitor(struct sk_net *net)
{
    uint16_t event;
    int32_t value;

    while (sk_net_monitor_next(net->router_monitor, &event, &value)) {
        if (event != ZMQ_EVENT_DISCONNECTED)
            continue;
        for (size_t i = 0; i < net->peers_count; i++) {
            if (net->peers[i]->routed && net->peers[i]->route_fd == value)
                net->peers[i]->routed = false;
        }
    }
}

/* Whose key this message came in under; NULL when it left the table.  Here and
   not in ZAP: who only shakes hands cannot end a partner's key before. */
static struct sk_net_peer *peer_of(struct sk_net *net, zmq_msg_t *part)
{
    const char *user = zmq_msg_gets(part, "User-Id");
    struct sk_net_peer *peer;
    uint8_t key[32];

    if (user == NULL || strlen(user) != 40)
        return NULL;
    if (zmq_z85_decode(key, user) == NULL)
        return NULL;
    peer = sk_net_peer_by_key(net, key);
    if (peer != NULL)
        sk_net_peer_used(peer, key);
    return peer;
}

static void take(struct sk_net *net, zmq_msg_t *route, zmq_msg_t *part)
{
    struct sk_net_peer *peer = peer_of(net, part);
    const char *fd = zmq_msg_gets(part, "__fd");
    size_t route_size = zmq_msg_size(route);

    if (peer == NULL || route_size > SK_NET_ROUTE_SIZE_MAX) {
        net->counts.dropped++;
        return;
    }
    /* The newest line wins: after a restart the old one may linger. */
    memcpy(peer->route, zmq_msg_data(route), route_size);
    peer->route_size = route_size;
    peer->route_fd = fd == NULL ? -1 : (int)strtol(fd, NULL, 10);
    peer->routed = true;
    sk_net_is_back(net, peer);
    sk_net_deliver(net, peer,
                   (struct sk_bytes){zmq_msg_data(part), zmq_msg_size(part)});
}

void sk_net_router_read(struct sk_net *net)
{
    zmq_msg_t route;
    zmq_msg_t part;

    for (int i = 0; i < SK_NET_TURN_COUNT && sk_net_has_room(net); i++) {
        if (!sk_net_receive(net->router, &route))
            return;
        if (!zmq_msg_more(&route) || !sk_net_receive(net->router, &part)) {
            net->counts.dropped++;
            (void)zmq_msg_close(&route);
            continue;
        }
        if (!sk_net_is_frame(&part)) {
            net->counts.dropped++;
            sk_net_drain(net->router, &part);
        } else {
            take(net, &route, &part);
        }
        (void)zmq_msg_close(&part);
        (void)zmq_msg_close(&route);
    }
}

bool sk_net_router_send(struct sk_net *net, struct sk_net_peer *peer,
                        struct sk_bytes frame)
{
    void *router = zsock_resolve(net->router);

    if (zmq_send(router, peer->route, peer->route_size,
                 ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EHOSTUNREACH)
            peer->routed = false;
        return false;
    }
    return zmq_send(router, frame.data, frame.size, ZMQ_DONTWAIT) >= 0;
}
