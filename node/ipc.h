/*
 * What schakeld (the core) and schakel-net say to each other, over a
 * SOCK_SEQPACKET pair: one message per packet, canonical msgpack.
 *                                                   docs/ARCHITECTURE.md 3
 * Down, core to net:
 *     START   [1, bin 32 CURVE secret, str listen]   "" for: do not listen
 *     PEERS   [2, array of 0..256 [str org, bin 32 CURVE key, str endpoint,
 *             bin of 0 or 32: the key before]]
 *             all who may connect; replaces the table before; endpoint ""
 *             for one that only dials us; a partner that renews its key is
 *             let in under the one before until it came under the new one
 *     FRAME   [3, str org, bin frame]
 *     STOP    [4]                   send what is there, then exit
 *     TAKEN   [5, uint count]       so many more FRAMEs were taken and done
 * Up, net to core:
 *     READY   [1, str endpoint]     listening there; "" when not listening
 *     LINK    [2, str org, bool up]
 *     FRAME   [3, str org, bin frame]   org: whom CURVE authenticated; no more
 *             than SK_IPC_AHEAD_MAX before TAKEN says that they were taken:
 *             what waits, waits per partner, in its socket and behind it
 *     NOTE    [4, uint note, str org]   org "": it concerns nobody known
 *     COUNTS  [5, uint strangers, uint dropped, uint unsent]   since START:
 *             handshakes refused; messages that were not one part, too large,
 *             or from a key that left the table; frames that could not be sent
 *
 * Both directions are checked in full; but net believes what the core says,
 * and the core believes from net no more than which partner a frame came
 * from, and checks the frame itself.
 */
#ifndef SK_NODE_IPC_H
#define SK_NODE_IPC_H

#include "protocol/keys.h"
#include "protocol/limits.h"

/* The largest message: the table of peers, or a frame with its head. */
#define SK_IPC_SIZE_MAX (SK_FRAME_SIZE_MAX + 1024)

/* Frames between net and core, count.  One partner that sends without end
   makes others wait for so many at most. */
#define SK_IPC_AHEAD_MAX 32

enum sk_ipc_down_type {
    SK_IPC_START = 1,
    SK_IPC_PEERS = 2,
    SK_IPC_SEND = 3,
    SK_IPC_STOP = 4,
    SK_IPC_TAKEN = 5,
};

struct sk_ipc_peer {
    struct sk_org org;
    struct sk_curve_public curve;
    char endpoint[SK_ENDPOINT_SIZE_MAX + 1];
    bool has_before;
    struct sk_curve_public before;
};

struct sk_ipc_peers {
    struct sk_ipc_peer list[SK_PARTNERS_MAX];
    size_t count;
};

struct sk_ipc_down {
    enum sk_ipc_down_type type;
    struct sk_curve_secret secret;         /* START */
    char listen[SK_ENDPOINT_SIZE_MAX + 1]; /* START */
    struct sk_bytes peers; /* PEERS: view, for sk_ipc_peers_decode() */
    struct sk_org org;     /* SEND */
    struct sk_bytes frame; /* SEND: view */
    uint64_t taken;        /* TAKEN */
};

enum sk_ipc_up_type {
    SK_IPC_READY = 1,
    SK_IPC_LINK = 2,
    SK_IPC_RECEIVED = 3,
    SK_IPC_NOTE = 4,
    SK_IPC_COUNTS = 5,
};

/* What an operator should hear about. */
#define SK_IPC_NOTES(X)                                                        \
    X(CANNOT_LISTEN, "cannot listen on the address of node.conf")              \
    X(REFUSES_US, "refuses our key: does it have our card and charter?")       \
    X(KEY_MISMATCH, "handshake fails: is its card the newest?")                \
    X(BAD_ENDPOINT, "cannot dial the address on its card")

enum sk_ipc_note {
#define SK_IPC_NOTE_NAME(name, text) SK_IPC_NOTE_##name,
    SK_IPC_NOTES(SK_IPC_NOTE_NAME)
#undef SK_IPC_NOTE_NAME
        SK_IPC_NOTE_COUNT
};

struct sk_ipc_up {
    enum sk_ipc_up_type type;
    struct sk_org org;                       /* LINK, RECEIVED, NOTE */
    bool has_org;                            /* NOTE */
    bool up;                                 /* LINK */
    struct sk_bytes frame;                   /* RECEIVED: view */
    char endpoint[SK_ENDPOINT_SIZE_MAX + 1]; /* READY */
    enum sk_ipc_note note;                   /* NOTE */
    uint64_t strangers;                      /* COUNTS */
    uint64_t dropped;
    uint64_t unsent;
};

/* English text of a note, static. */
const char *sk_ipc_note_text(enum sk_ipc_note note);

/* Write one message.  Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status sk_ipc_down_encode(const struct sk_ipc_down *down,
                                             struct sk_room room,
                                             struct sk_bytes *out);
SK_CHECKED enum sk_status sk_ipc_up_encode(const struct sk_ipc_up *up,
                                           struct sk_room room,
                                           struct sk_bytes *out);

/*
 * Read one message; views live as long as `in`.  Fails with SK_E_BAD_*; out
 * is then not written.
 */
SK_CHECKED enum sk_status sk_ipc_down_decode(struct sk_bytes in,
                                             struct sk_ipc_down *out);
SK_CHECKED enum sk_status sk_ipc_up_decode(struct sk_bytes in,
                                           struct sk_ipc_up *out);

/* The array of PEERS, as it stands in down->peers. */
SK_CHECKED enum sk_status sk_ipc_peers_encode(const struct sk_ipc_peers *peers,
                                              struct sk_room room,
                                              struct sk_bytes *out);
/* Fails also when two partners have the same name or key. */
SK_CHECKED enum sk_status sk_ipc_peers_decode(struct sk_bytes in,
                                              struct sk_ipc_peers *out);

/* ------------------------------------------------------------ ipc_pair.c */

/*
 * A connected pair, both ends non-blocking and closed on exec, with room for
 * several of the largest messages.  Fails with SK_E_IO.
 */
SK_CHECKED enum sk_status sk_ipc_pair(int fds[2]);

/*
 * Send one message.  Fails with SK_E_AGAIN (pair is full), SK_E_CLOSED,
 * SK_E_IO.
 */
SK_CHECKED enum sk_status sk_ipc_send(int fd, struct sk_bytes message);

/*
 * Receive one message into room (SK_IPC_SIZE_MAX or more).
 * Fails with SK_E_AGAIN (nothing there), SK_E_CLOSED, SK_E_TOO_LARGE, SK_E_IO.
 */
SK_CHECKED enum sk_status sk_ipc_receive(int fd, struct sk_room room,
                                         struct sk_bytes *out);

#endif
