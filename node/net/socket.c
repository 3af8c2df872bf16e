/*
 * What all sockets have in common.
 */
#include "node/net/net.h"

#include <string.h>

#define HIGH_WATER_COUNT 64
#define RECONNECT_MIN_MS 100
#define RECONNECT_MAX_MS 30000
#define HANDSHAKE_MS 5000
#define CONNECT_MS 10000
#define UNACKNOWLEDGED_MS 60000
#define BACKLOG_COUNT 256
#define CURVE_SIZE 64 /* what CURVE adds to a part, and some */

zsock_t *sk_net_socket_open(int type)
{
    zsock_t *socket = zsock_new(type);
    int unacknowledged_ms = UNACKNOWLEDGED_MS;

    if (socket == NULL)
        return NULL;
    zsock_set_linger(socket, 0);
    zsock_set_sndhwm(socket, HIGH_WATER_COUNT);
    zsock_set_rcvhwm(socket, HIGH_WATER_COUNT);
    zsock_set_maxmsgsize(socket, SK_FRAME_SIZE_MAX + CURVE_SIZE);
    zsock_set_handshake_ivl(socket, HANDSHAKE_MS);
    zsock_set_connect_timeout(socket, CONNECT_MS);
    zsock_set_reconnect_ivl(socket, RECONNECT_MIN_MS);
    zsock_set_reconnect_ivl_max(socket, RECONNECT_MAX_MS);
    zsock_set_backlog(socket, BACKLOG_COUNT);
    zsock_set_ipv6(socket, 1);
    /* No ZMQ_HEARTBEAT_IVL: a peer that sends faster than we read makes libzmq
       4.3 abort (its issue 3937).  The engine says when it is still there;
       a dead line is TCP's to notice. */
    zsock_set_tcp_keepalive(socket, 1);
    zsock_set_tcp_keepalive_idle(socket, 60);
    zsock_set_tcp_keepalive_intvl(socket, 10);
    zsock_set_tcp_keepalive_cnt(socket, 3);
    (void)zmq_setsockopt(zsock_resolve(socket), ZMQ_TCP_MAXRT,
                         &unacknowledged_ms, sizeof(unacknowledged_ms));
    return socket;
}

void *sk_net_monitor_open(zsock_t *socket)
{
    static uint64_t number;
    char endpoint[64];
    void *monitor;

    (void)snprintf(endpoint, sizeof(endpoint), "inproc://monitor-%llu",
                   (unsigned long long)++number);
    if (zmq_socket_monitor(zsock_resolve(socket), endpoint,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_DISCONNECTED) != 0)
        return NULL;
    monitor = zmq_socket(zsys_init(), ZMQ_PAIR);
    if (monitor == NULL)
        return NULL;
    if (zmq_connect(monitor, endpoint) != 0) {
        (void)zmq_close(monitor); /* fails for a bad handle only */
        return NULL;
    }
    return monitor;
}

void sk_net_monitor_close(zsock_t *socket, void **monitor)
{
    if (*monitor == NULL)
        return;
    (void)zmq_socket_monitor(zsock_resolve(socket), NULL, 0);
    (void)zmq_close(*monitor);
    *monitor = NULL;
}

bool sk_net_monitor_next(void *monitor, uint16_t *event, int32_t *value)
{
    uint8_t bytes[6];
    zmq_msg_t part;
    bool more = true;
    bool found = false;

    /* Two parts: event and value, then the address. */
    for (int i = 0; more; i++) {
        (void)zmq_msg_init(&part); /* never fails */
        if (zmq_msg_recv(&part, monitor, ZMQ_DONTWAIT) < 0)
            return false;
        if (i == 0 && zmq_msg_size(&part) == sizeof(bytes)) {
            memcpy(bytes, zmq_msg_data(&part), sizeof(bytes));
            found = true;
        }
        more = zmq_msg_more(&part) != 0;
        (void)zmq_msg_close(&part);
    }
    if (!found)
        return false;
    memcpy(event, bytes, 2);
    memcpy(value, bytes + 2, 4);
    return true;
}

bool sk_net_is_frame(const zmq_msg_t *part)
{
    size_t size = zmq_msg_size(part);

    return !zmq_msg_more(part) && size > 0 && size <= SK_FRAME_SIZE_MAX;
}

bool sk_net_receive(zsock_t *socket, zmq_msg_t *part)
{
    (void)zmq_msg_init(part); /* never fails */
    return zmq_msg_recv(part, zsock_resolve(socket), ZMQ_DONTWAIT) >= 0;
}

void sk_net_drain(zsock_t *socket, const zmq_msg_t *part)
{
    bool more = zmq_msg_more(part) != 0;

    while (more) {
        zmq_msg_t next;

        if (!sk_net_receive(socket, &next))
            return;
        more = zmq_msg_more(&next) != 0;
        (void)zmq_msg_close(&next);
    }
}
