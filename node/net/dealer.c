/*
 * The line that we dial: one DEALER per partner with an endpoint.  One that
 * renews its key answers to the new one or the one before: tried in turn.
 *
 *     dial           handshake ok             line drops
 *   ------> DIALLING -----------> UP --------------------> DIALLING
 *               |                                     (libzmq, 100 ms and up)
 *               | the partner refuses our key, or three failures in a row
 *               v
 *            WAITING (redial_ms, doubling) ---> DIALLING
 *
 * After a refusal by ZAP libzmq never tries again, so we open a new socket.
 */
#include "node/net/net.h"

#include <arpa/inet.h>
#include <string.h>

#define REDIAL_MIN_MS 200
#define FAILURES_MAX 3 /* in a row, before we wait ourselves */

/* A name may take its resolver seconds, in libzmq's thread: those lines get
   a thread of their own, so that they delay nobody else. */
static bool needs_resolver(const char *endpoint)
{
    struct in_addr address;
    const char *host = endpoint + strlen("tcp://");
    const char *colon = strrchr(host, ':');
    char text[SK_ENDPOINT_SIZE_MAX + 1] = {0};

    if (host[0] == '[' || colon == NULL)
        return false;
    memcpy(text, host, (size_t)(colon - host));
    return inet_pton(AF_INET, text, &address) != 1;
}

static uint64_t back_off_ms(uint32_t failures)
{
    uint64_t wait_ms = REDIAL_MIN_MS;

    while (failures-- > 1 && wait_ms < SK_BACKOFF_MAX_MS)
        wait_ms *= 2;
    return wait_ms < SK_BACKOFF_MAX_MS ? wait_ms : SK_BACKOFF_MAX_MS;
}

static void wait_to_redial(struct sk_net *net, struct sk_net_peer *peer)
{
    sk_net_hang_up(peer, 0);
    peer->redial_ms = net->now_ms + back_off_ms(peer->failures);
}

static const uint8_t *key_of(const struct sk_net_peer *peer)
{
    bool before = peer->conf.has_before && peer->dial_before;

    return before ? peer->conf.before.bytes : peer->conf.curve.bytes;
}

static zsock_t *open_dealer(struct sk_net *net, struct sk_net_peer *peer)
{
    zsock_t *dealer = sk_net_socket_open(ZMQ_DEALER);
    uint64_t affinity = needs_resolver(peer->conf.endpoint) ? 2 : 1;

    if (dealer == NULL)
        return NULL;
    (void)zmq_setsockopt(zsock_resolve(dealer), ZMQ_AFFINITY, &affinity,
                         sizeof(affinity));
    zsock_set_immediate(dealer, 1);
    zsock_set_curve_serverkey_bin(dealer, key_of(peer));
    zsock_set_curve_publickey_bin(dealer, net->public.bytes);
    zsock_set_curve_secretkey_bin(dealer, net->secret.secret_bytes);
    return dealer;
}

void sk_net_dial(struct sk_net *net, struct sk_net_peer *peer)
{
    assert(peer->dealer == NULL);

    peer->redial_ms = 0;
    if (peer->conf.endpoint[0] == '\0')
        return;
    peer->dealer = open_dealer(net, peer);
    if (peer->dealer != NULL)
        peer->monitor = sk_net_monitor_open(peer->dealer);
    /* The endpoint is a checked tcp address, and no format. */
    if (peer->monitor == NULL ||
        zsock_connect(peer->dealer, "%s", peer->conf.endpoint) != 0) {
        sk_net_note(peer, SK_IPC_NOTE_BAD_ENDPOINT);
        peer->failures++;
        wait_to_redial(net, peer);
    }
}

void sk_net_hang_up(struct sk_net_peer *peer, int linger_ms)
{
    peer->dealer_up = false;
    if (peer->dealer == NULL)
        return;
    sk_net_monitor_close(peer->dealer, &peer->monitor);
    zsock_set_linger(peer->dealer, linger_ms);
    zsock_destroy(&peer->dealer);
}

static void on_up(struct sk_net_peer *peer)
{
    peer->dealer_up = true;
    peer->failures = 0;
    memset(peer->note_told, 0, sizeof(peer->note_told));
    sk_net_peer_used(peer, key_of(peer));
}

static void on_failed(struct sk_net *net, struct sk_net_peer *peer,
                      bool refused)
{
    peer->dealer_up = false;
    peer->failures++;
    if (!refused && peer->conf.has_before) {
        peer->dial_before = !peer->dial_before;
        if (peer->failures < FAILURES_MAX) {
            sk_net_hang_up(peer, 0);
            sk_net_dial(net, peer);
            return;
        }
    }
    if (refused)
        sk_net_note(peer, SK_IPC_NOTE_REFUSES_US);
    else if (peer->failures == FAILURES_MAX)
        sk_net_note(peer, SK_IPC_NOTE_KEY_MISMATCH);
    if (refused || peer->failures >= FAILURES_MAX)
        wait_to_redial(net, peer);
}

void sk_net_dealer_monitor(struct sk_net *net, struct sk_net_peer *peer)
{
    uint16_t event;
    int32_t value;

    while (peer->monitor != NULL &&
           sk_net_monitor_next(peer->monitor, &event, &value)) {
        switch (event) {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            on_up(peer);
            break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            on_failed(net, peer, true);
            break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            on_failed(net, peer, false);
            break;
        case ZMQ_EVENT_DISCONNECTED:
            peer->dealer_up = false;
            break;
        default:
            break;
        }
    }
}

void sk_net_dealer_read(struct sk_net *net, struct sk_net_peer *peer)
{
    zmq_msg_t part;

    for (int i = 0; i < SK_NET_TURN_COUNT && sk_net_has_room(net); i++) {
        if (peer->dealer == NULL || !sk_net_receive(peer->dealer, &part))
            return;
        if (!sk_net_is_frame(&part)) {
            net->counts.dropped++;
            sk_net_drain(peer->dealer, &part);
        } else {
            /* The event came first, but perhaps after we looked. */
            if (!peer->dealer_up)
                sk_net_dealer_monitor(net, peer);
            sk_net_deliver(
                net, peer,
                (struct sk_bytes){zmq_msg_data(&part), zmq_msg_size(&part)});
        }
        (void)zmq_msg_close(&part);
    }
}

void sk_net_is_back(struct sk_net *net, struct sk_net_peer *peer)
{
    uint64_t soon_ms = net->now_ms + REDIAL_MIN_MS;

    if (peer->redial_ms > soon_ms)
        peer->redial_ms = soon_ms;
}

void sk_net_redial(struct sk_net *net)
{
    for (size_t i = 0; i < net->peers_count; i++) {
        struct sk_net_peer *peer = net->peers[i];

        if (peer->redial_ms != 0 && net->now_ms >= peer->redial_ms)
            sk_net_dial(net, peer);
    }
}
