#include "node/net/net.h"

#include <stdlib.h>
#include <string.h>

#include "node/log.h"

struct sk_net_peer *sk_net_peer_by_org(struct sk_net *net,
                                       const struct sk_org *org)
{
    for (size_t i = 0; i < net->peers_count; i++) {
        if (sk_org_equal(&net->peers[i]->conf.org, org))
            return net->peers[i];
    }
    return NULL;
}

struct sk_net_peer *sk_net_peer_by_key(struct sk_net *net,
                                       const uint8_t key[32])
{
    for (size_t i = 0; i < net->peers_count; i++) {
        const struct sk_ipc_peer *conf = &net->peers[i]->conf;

        if (memcmp(conf->curve.bytes, key, 32) == 0 ||
            (conf->has_before && memcmp(conf->before.bytes, key, 32) == 0))
            return net->peers[i];
    }
    return NULL;
}

void sk_net_peer_used(struct sk_net_peer *peer, const uint8_t key[32])
{
    if (memcmp(peer->conf.curve.bytes, key, 32) != 0)
        return;
    peer->conf.has_before = false;
    peer->dial_before = false;
}

/* The same partner, under the same key or one that follows it. */
static bool goes_on(const struct sk_ipc_peer *now,
                    const struct sk_ipc_peer *next)
{
    return memcmp(&now->curve, &next->curve, sizeof(now->curve)) == 0 ||
           (next->has_before &&
            memcmp(&now->curve, &next->before, sizeof(now->curve)) == 0);
}

/* Its lines stay as they are. */
static void renew(struct sk_net_peer *peer, const struct sk_ipc_peer *next)
{
    if (memcmp(&peer->conf.curve, &next->curve, sizeof(next->curve)) == 0)
        return;
    peer->conf.curve = next->curve;
    peer->conf.has_before = true;
    peer->conf.before = next->before;
    peer->dial_before = true;
}

/* Gone, or under another key: the line with the old key is cut. */
static bool drop_the_gone(struct sk_net *net)
{
    bool cut = false;
    size_t kept = 0;

    for (size_t i = 0; i < net->peers_count; i++) {
        struct sk_net_peer *peer = net->peers[i];

        if (peer->kept) {
            net->peers[kept++] = peer;
            continue;
        }
        cut = cut || peer->routed;
        sk_net_hang_up(peer, 0);
        free(peer);
    }
    net->peers_count = kept;
    return cut;
}

static void add(struct sk_net *net, const struct sk_ipc_peer *conf)
{
    struct sk_net_peer *peer = calloc(1, sizeof(*peer));

    if (peer == NULL || net->peers_count == SK_PARTNERS_MAX) {
        /* The core is told nothing of it: start again is all that helps. */
        sk_log_error(&conf->org, SK_E_MEMORY, "cannot add");
        free(peer);
        net->closed = true;
        return;
    }
    peer->conf = *conf;
    net->peers[net->peers_count++] = peer;
    sk_net_dial(net, peer);
}

static void change_endpoint(struct sk_net *net, struct sk_net_peer *peer,
                            const struct sk_ipc_peer *conf)
{
    if (strcmp(peer->conf.endpoint, conf->endpoint) == 0)
        return;
    sk_net_hang_up(peer, 0);
    memcpy(peer->conf.endpoint, conf->endpoint, sizeof(conf->endpoint));
    peer->failures = 0;
    memset(peer->note_told, 0, sizeof(peer->note_told));
    sk_net_dial(net, peer);
}

void sk_net_peers_set(struct sk_net *net, const struct sk_ipc_peers *peers)
{
    bool cut;

    for (size_t i = 0; i < net->peers_count; i++)
        net->peers[i]->kept = false;
    for (size_t i = 0; i < peers->count; i++) {
        struct sk_net_peer *peer = sk_net_peer_by_org(net, &peers->list[i].org);

        if (peer != NULL && goes_on(&peer->conf, &peers->list[i])) {
            peer->kept = true;
            renew(peer, &peers->list[i]);
        }
    }
    cut = drop_the_gone(net);
    for (size_t i = 0; i < peers->count; i++) {
        struct sk_net_peer *peer = sk_net_peer_by_org(net, &peers->list[i].org);

        if (peer == NULL)
            add(net, &peers->list[i]);
        else
            change_endpoint(net, peer, &peers->list[i]);
    }
    /* ZAP looks at a key once, at the handshake.  Messages under a key that
       left are dropped one by one; the line itself goes with the ROUTER. */
    if (cut)
        sk_net_listen_again(net);
}

void sk_net_peers_close(struct sk_net *net)
{
    for (size_t i = 0; i < net->peers_count; i++) {
        sk_net_hang_up(net->peers[i], 0);
        free(net->peers[i]);
    }
    net->peers_count = 0;
}
