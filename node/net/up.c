/*
 * Between the pair and the sockets, both ways.
 */
#include "node/net/net.h"

#include <string.h>

#include "node/log.h"

#define COUNTS_MS 1000 /* between two messages with counts */

/* Send what waits, oldest first. */
static void flush(struct sk_net *net)
{
    while (net->held_count > 0) {
        enum sk_status status = sk_ipc_send(
            net->pair, (struct sk_bytes){net->held[0], net->held_sizes[0]});

        if (status == SK_E_AGAIN)
            return;
        if (status != SK_OK) {
            net->closed = true;
            return;
        }
        net->held_count--;
        for (size_t i = 0; i < net->held_count; i++) {
            memcpy(net->held[i], net->held[i + 1], net->held_sizes[i + 1]);
            net->held_sizes[i] = net->held_sizes[i + 1];
        }
    }
}

/* Into the last place, and out at once when nothing waits. */
static void push(struct sk_net *net, const struct sk_ipc_up *up)
{
    struct sk_bytes message;
    enum sk_status status;

    assert(net->held_count < SK_NET_HELD_MAX);

    status = sk_ipc_up_encode(
        up, (struct sk_room){net->held[net->held_count], SK_IPC_SIZE_MAX},
        &message);
    assert(status == SK_OK); /* frames and names are bounded */
    net->held_sizes[net->held_count++] = message.size;
    flush(net);
}

static bool is_clear(const struct sk_net *net)
{
    return net->held_count == 0 && !net->closed;
}

bool sk_net_has_room(const struct sk_net *net)
{
    return is_clear(net) && net->ahead < SK_IPC_AHEAD_MAX;
}

static bool is_up(const struct sk_net_peer *peer)
{
    return peer->dealer_up || peer->routed;
}

static void tell_link(struct sk_net *net, struct sk_net_peer *peer)
{
    if (peer->told_up == is_up(peer))
        return;
    peer->told_up = is_up(peer);
    push(net, &(struct sk_ipc_up){.type = SK_IPC_LINK,
                                  .org = peer->conf.org,
                                  .up = peer->told_up});
}

void sk_net_deliver(struct sk_net *net, struct sk_net_peer *peer,
                    struct sk_bytes frame)
{
    assert(sk_net_has_room(net));
    assert(frame.size <= SK_FRAME_SIZE_MAX);

    net->ahead++;
    tell_link(net, peer); /* at most two places: there are four */
    push(net, &(struct sk_ipc_up){.type = SK_IPC_RECEIVED,
                                  .org = peer->conf.org,
                                  .frame = frame});
}

void sk_net_send(struct sk_net *net, const struct sk_org *org,
                 struct sk_bytes frame)
{
    struct sk_net_peer *peer = sk_net_peer_by_org(net, org);
    bool sent = false;

    if (peer != NULL && peer->dealer_up)
        sent = zmq_send(zsock_resolve(peer->dealer), frame.data, frame.size,
                        ZMQ_DONTWAIT) >= 0;
    if (peer != NULL && !sent && peer->routed)
        sent = sk_net_router_send(net, peer, frame);
    /* Nothing is lost: the engine counts only what a partner receipted. */
    if (!sent)
        net->counts.unsent++;
}

void sk_net_note(struct sk_net_peer *peer, enum sk_ipc_note note)
{
    if (!peer->note_told[note])
        peer->note_due[note] = true;
}

static void tell_notes(struct sk_net *net, struct sk_net_peer *peer)
{
    for (int i = 0; i < SK_IPC_NOTE_COUNT; i++) {
        if (!peer->note_due[i] || !is_clear(net))
            continue;
        peer->note_due[i] = false;
        peer->note_told[i] = true;
        push(net, &(struct sk_ipc_up){.type = SK_IPC_NOTE,
                                      .note = (enum sk_ipc_note)i,
                                      .has_org = true,
                                      .org = peer->conf.org});
    }
}

static void tell_listening(struct sk_net *net)
{
    struct sk_ipc_up up = {.type = SK_IPC_READY};

    if (net->cannot_listen_due && !net->cannot_listen_told) {
        net->cannot_listen_told = true;
        push(net, &(struct sk_ipc_up){.type = SK_IPC_NOTE,
                                      .note = SK_IPC_NOTE_CANNOT_LISTEN});
        return;
    }
    if (!net->started || net->told_ready)
        return;
    if (net->listen[0] != '\0' && !net->listening)
        return;
    net->told_ready = true;
    memcpy(up.endpoint, net->listen, sizeof(up.endpoint));
    push(net, &up);
}

static void tell_counts(struct sk_net *net)
{
    if (net->now_ms < net->counts_ms ||
        memcmp(&net->counts, &net->counts_told, sizeof(net->counts)) == 0)
        return;
    net->counts_told = net->counts;
    net->counts_ms = net->now_ms + COUNTS_MS;
    push(net, &(struct sk_ipc_up){.type = SK_IPC_COUNTS,
                                  .strangers = net->counts.strangers,
                                  .dropped = net->counts.dropped,
                                  .unsent = net->counts.unsent});
}

void sk_net_tell(struct sk_net *net)
{
    flush(net);
    if (is_clear(net))
        tell_listening(net);
    for (size_t i = 0; i < net->peers_count; i++) {
        if (is_clear(net))
            tell_link(net, net->peers[i]);
        if (is_clear(net))
            tell_notes(net, net->peers[i]);
    }
    if (is_clear(net))
        tell_counts(net);
}
