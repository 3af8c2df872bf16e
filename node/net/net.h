/*
 * schakel-net: carries frames between the core and partners over ZeroMQ.
 *                                                   docs/ARCHITECTURE.md 3
 *
 * One ROUTER that partners dial, one DEALER per partner that we dial, CURVE on
 * both.  A partner is a key of the table that the core gave: on the ROUTER
 * the key that ZAP admitted (checked again per message), on a DEALER the key
 * that the handshake pinned.  Either line is enough for both directions.
 *
 * libzmq asserts: this process holds nothing but the transport key, and its
 * death costs a reconnect.  No queue of its own: what the core does not take
 * stays in the sockets, and behind their high-water marks at the partners.
 *
 * One thread, one loop (main.c).  All state is level-triggered: what is to be
 * told is derived from what holds and what was told last.
 */
#ifndef SK_NODE_NET_NET_H
#define SK_NODE_NET_NET_H

#include <czmq.h>

#include "node/ipc.h"

/* Frames taken from one socket before the others have their turn. */
#define SK_NET_TURN_COUNT 16
/* Messages to the core that wait for room in the pair. */
#define SK_NET_HELD_MAX 4

#define SK_NET_ROUTE_SIZE_MAX 255

struct sk_net_peer {
    struct sk_ipc_peer conf;
    bool kept; /* while the table is replaced */

    zsock_t *dealer; /* NULL: nothing to dial, or waiting for redial_ms */
    void *monitor;
    bool dealer_up;
    bool dial_before;   /* with the key before */
    uint64_t redial_ms; /* monotonic; 0: not waiting */
    uint32_t failures;  /* handshakes in a row */

    bool routed; /* it dialled us and spoke */
    uint8_t route[SK_NET_ROUTE_SIZE_MAX];
    size_t route_size;
    int route_fd;

    bool told_up;
    bool note_due[SK_IPC_NOTE_COUNT];
    bool note_told[SK_IPC_NOTE_COUNT]; /* since the last success */
};

struct sk_net_counts {
    uint64_t strangers;
    uint64_t dropped;
    uint64_t unsent;
};

struct sk_net {
    int pair;
    bool closed; /* the core is gone, or said stop */
    bool stop;
    bool started;
    uint64_t now_ms; /* monotonic */
    struct sk_curve_secret secret;
    struct sk_curve_public public;

    zsock_t *zap;
    char listen[SK_ENDPOINT_SIZE_MAX + 1];
    bool listening;
    zsock_t *router; /* NULL: not listening, or waiting for bind_ms */
    void *router_monitor;
    uint64_t bind_ms;
    uint64_t bind_since_ms;
    bool told_ready;
    bool cannot_listen_due;
    bool cannot_listen_told;

    struct sk_net_peer *peers[SK_PARTNERS_MAX];
    size_t peers_count;
    size_t turn; /* which socket is read first; main.c */

    struct sk_net_counts counts;
    struct sk_net_counts counts_told;
    uint64_t counts_ms; /* when they may be told again */

    uint64_t ahead; /* frames that the core has and did not take yet */
    size_t held_count;
    size_t held_sizes[SK_NET_HELD_MAX];
    uint8_t held[SK_NET_HELD_MAX][SK_IPC_SIZE_MAX];
};

/* ----------------------------------------------------------------- zap.c */
/* Take over authentication of this process: before any bind. */
SK_CHECKED enum sk_status sk_net_zap_open(struct sk_net *net);
/* Answer what ZeroMQ asks. */
void sk_net_zap_answer(struct sk_net *net);
void sk_net_zap_close(struct sk_net *net);

/* --------------------------------------------------------------- peers.c */
/* Replace the table.  Lines with partners that stay as they are stay. */
void sk_net_peers_set(struct sk_net *net, const struct sk_ipc_peers *peers);
/* NULL when it is not in the table. */
struct sk_net_peer *sk_net_peer_by_org(struct sk_net *net,
                                       const struct sk_org *org);
struct sk_net_peer *sk_net_peer_by_key(struct sk_net *net,
                                       const uint8_t key[32]);
/* A line with this partner is up under this key of it: when it is the new one,
   the one before no longer counts. */
void sk_net_peer_used(struct sk_net_peer *peer, const uint8_t key[32]);
void sk_net_peers_close(struct sk_net *net);

/* -------------------------------------------------------------- dealer.c */
/* Dial a partner; nothing happens for one without endpoint. */
void sk_net_dial(struct sk_net *net, struct sk_net_peer *peer);
void sk_net_hang_up(struct sk_net_peer *peer, int linger_ms);
void sk_net_dealer_monitor(struct sk_net *net, struct sk_net_peer *peer);
void sk_net_dealer_read(struct sk_net *net, struct sk_net_peer *peer);
/* Something good came from this partner: do not wait before dialling it. */
void sk_net_is_back(struct sk_net *net, struct sk_net_peer *peer);
/* Dial those whose waiting is over. */
void sk_net_redial(struct sk_net *net);

/* -------------------------------------------------------------- router.c */
void sk_net_listen(struct sk_net *net);
/* Close the ROUTER and open it again: cuts every line that was dialled to
   us. */
void sk_net_listen_again(struct sk_net *net);
void sk_net_unlisten(struct sk_net *net, int linger_ms);
void sk_net_router_monitor(struct sk_net *net);
void sk_net_router_read(struct sk_net *net);
/* False when the frame could not be given to ZeroMQ. */
bool sk_net_router_send(struct sk_net *net, struct sk_net_peer *peer,
                        struct sk_bytes frame);

/* -------------------------------------------------------------- socket.c */
/* A socket with the limits that all have; NULL when there is no room. */
zsock_t *sk_net_socket_open(int type);
/* A PAIR that hears of this socket's connections; NULL when it cannot. */
void *sk_net_monitor_open(zsock_t *socket);
void sk_net_monitor_close(zsock_t *socket, void **monitor);
/* Next event and its value (a file descriptor or an error). */
bool sk_net_monitor_next(void *monitor, uint16_t *event, int32_t *value);
/* Receive one part; false when there is none now. */
bool sk_net_receive(zsock_t *socket, zmq_msg_t *part);
/* The last part, of a size that a frame may have? */
bool sk_net_is_frame(const zmq_msg_t *part);
/* Drop the parts that follow this one. */
void sk_net_drain(zsock_t *socket, const zmq_msg_t *part);

/* ------------------------------------------------------------------ up.c */
/* A frame from a partner, to the core. */
void sk_net_deliver(struct sk_net *net, struct sk_net_peer *peer,
                    struct sk_bytes frame);
/* A frame from the core, to a partner. */
void sk_net_send(struct sk_net *net, const struct sk_org *org,
                 struct sk_bytes frame);
/* Tell the core what changed, as far as the pair takes it. */
void sk_net_tell(struct sk_net *net);
/* Nothing waits for room in the pair, and the core is not behind: frames may be
   read. */
bool sk_net_has_room(const struct sk_net *net);
void sk_net_note(struct sk_net_peer *peer, enum sk_ipc_note note);

#endif
