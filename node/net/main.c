/*
 * schakel-net: started by schakeld, with one end of a SEQPACKET pair as file
 * descriptor 3.  Exits when the other end closes or says STOP.
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "node/log.h"
#include "node/net/net.h"
#include "node/sandbox.h"
#include "protocol/version.h"

#define PAIR_FD 3
#define FROM_CORE_COUNT 64 /* messages taken before the sockets have a turn */
#define STOP_LINGER_MS 500
#define WAIT_MAX_MS 10000

/* More than any honest partner makes us hold: one that sends a message
   without end gets this process killed, not the machine. */
#define MEMORY_BYTES (UINT64_C(512) << 20)
#define FILES_MAX 4096

/* The pair, ZAP, ROUTER and its monitor; DEALER and monitor per partner. */
#define ITEMS_MAX (4 + 2 * SK_PARTNERS_MAX)

static struct sk_net net;
static struct sk_ipc_peers table;
static uint8_t packet[SK_IPC_SIZE_MAX];
static zmq_pollitem_t items[ITEMS_MAX];

static uint64_t monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ------------------------------------------------------ what the core says */

static void on_start(struct sk_ipc_down *down)
{
    if (net.started)
        return;
    net.started = true;
    net.secret = down->secret;
    sk_memory_guard(&net.secret, sizeof(net.secret));
    if (crypto_scalarmult_base(net.public.bytes, net.secret.secret_bytes) != 0)
        net.closed = true;
    memcpy(net.listen, down->listen, sizeof(net.listen));
    net.bind_since_ms = net.now_ms;
    if (net.listen[0] != '\0' && !net.closed)
        sk_net_listen(&net);
}

static void on_message(struct sk_bytes message)
{
    struct sk_ipc_down down;
    enum sk_status status = sk_ipc_down_decode(message, &down);

    if (status == SK_OK && down.type == SK_IPC_PEERS)
        status = sk_ipc_peers_decode(down.peers, &table);
    if (status != SK_OK) {
        sk_log_error(NULL, status, "message from the core");
        net.closed = true;
        return;
    }
    switch (down.type) {
    case SK_IPC_START:
        on_start(&down);
        break;
    case SK_IPC_PEERS:
        sk_net_peers_set(&net, &table);
        break;
    case SK_IPC_SEND:
        sk_net_send(&net, &down.org, down.frame);
        break;
    case SK_IPC_TAKEN:
        net.ahead -= down.taken < net.ahead ? down.taken : net.ahead;
        break;
    case SK_IPC_STOP:
        net.stop = true;
        net.closed = true;
        break;
    }
    sodium_memzero(&down, sizeof(down));
}

static void read_core(void)
{
    struct sk_room room = {packet, sizeof(packet)};
    struct sk_bytes message;

    for (int i = 0; i < FROM_CORE_COUNT && !net.closed; i++) {
        enum sk_status status = sk_ipc_receive(net.pair, room, &message);

        if (status == SK_E_AGAIN)
            return;
        if (status != SK_OK) {
            net.closed = true;
            return;
        }
        on_message(message);
        sodium_memzero(packet, message.size < 512 ? message.size : 512);
    }
}

/* -------------------------------------------------------------------- loop */

static size_t add_item(size_t count, void *socket, int fd, short events)
{
    assert(count < ITEMS_MAX);
    items[count] =
        (zmq_pollitem_t){.socket = socket, .fd = fd, .events = events};
    return count + 1;
}

static size_t collect_items(bool room)
{
    short frames = room ? ZMQ_POLLIN : 0;
    size_t count = 0;

    count =
        add_item(count, NULL, net.pair,
                 (short)(ZMQ_POLLIN | (net.held_count > 0 ? ZMQ_POLLOUT : 0)));
    count = add_item(count, zsock_resolve(net.zap), 0, ZMQ_POLLIN);
    if (net.router != NULL) {
        count = add_item(count, zsock_resolve(net.router), 0, frames);
        count = add_item(count, net.router_monitor, 0, ZMQ_POLLIN);
    }
    for (size_t i = 0; i < net.peers_count; i++) {
        if (net.peers[i]->dealer == NULL)
            continue;
        count = add_item(count, zsock_resolve(net.peers[i]->dealer), 0, frames);
        count = add_item(count, net.peers[i]->monitor, 0, ZMQ_POLLIN);
    }
    return count;
}

static void sooner(uint64_t at_ms, uint64_t *wait_ms)
{
    uint64_t left_ms = at_ms > net.now_ms ? at_ms - net.now_ms : 0;

    if (at_ms != 0 && left_ms < *wait_ms)
        *wait_ms = left_ms;
}

static long wait_ms(void)
{
    uint64_t wait = WAIT_MAX_MS;

    sooner(net.bind_ms, &wait);
    for (size_t i = 0; i < net.peers_count; i++)
        sooner(net.peers[i]->redial_ms, &wait);
    if (memcmp(&net.counts, &net.counts_told, sizeof(net.counts)) != 0)
        sooner(net.counts_ms > 0 ? net.counts_ms : 1, &wait);
    return (long)wait;
}

/* The ROUTER is 0, partner i is i + 1. */
static void read_socket(size_t i)
{
    if (i == 0 && net.router != NULL)
        sk_net_router_read(&net);
    else if (i > 0 && net.peers[i - 1]->dealer != NULL)
        sk_net_dealer_read(&net, net.peers[i - 1]);
}

/* Each socket gets one turn; reading none that has nothing costs little.  Who
   had none because the core had no room is the first of the next round: else
   one that sends without end would be the only one that is read. */
static void read_frames(void)
{
    size_t count = net.peers_count + 1;
    size_t first = net.turn;

    for (size_t k = 0; k < count; k++) {
        net.turn = (first + k) % count;
        if (!sk_net_has_room(&net))
            return;
        read_socket(net.turn);
    }
}

static void read_sockets(void)
{
    sk_net_zap_answer(&net);
    if (net.router != NULL)
        sk_net_router_monitor(&net);
    for (size_t i = 0; i < net.peers_count; i++)
        sk_net_dealer_monitor(&net, net.peers[i]);
    read_frames();
}

static void run(void)
{
    while (!net.closed) {
        size_t count;

        net.now_ms = monotonic_ms();
        sk_net_redial(&net);
        if (net.bind_ms != 0 && net.now_ms >= net.bind_ms)
            sk_net_listen(&net);
        sk_net_tell(&net);
        count = collect_items(sk_net_has_room(&net));
        if (zmq_poll(items, (int)count, wait_ms()) < 0 &&
            zmq_errno() != EINTR) {
            sk_log_error(NULL, SK_E_IO, "poll");
            return;
        }
        net.now_ms = monotonic_ms();
        read_sockets();
        read_core();
    }
}

/* What the core gave us to send goes out, for a moment. */
static void close_all(void)
{
    int linger_ms = net.stop ? STOP_LINGER_MS : 0;

    for (size_t i = 0; i < net.peers_count; i++)
        sk_net_hang_up(net.peers[i], linger_ms);
    sk_net_unlisten(&net, linger_ms);
    sk_net_peers_close(&net);
    sk_net_zap_close(&net);
    sodium_memzero(&net.secret, sizeof(net.secret));
    zsys_shutdown();
}

static bool is_pair(int fd)
{
    int type = 0;
    socklen_t size = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
    struct sk_sandbox sandbox = {.memory_bytes = MEMORY_BYTES,
                                 .files_max = FILES_MAX};
    struct sk_sandbox_state held;
    enum sk_status status;

    (void)mallopt(M_ARENA_MAX, 1);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("schakel-net " SK_VERSION) >= 0 ? EX_OK : EX_IOERR;
    if (!is_pair(PAIR_FD)) {
        sk_log_error(NULL, SK_E_REFUSED, "schakel-net is started by schakeld");
        return EX_USAGE;
    }
    (void)fcntl(PAIR_FD, F_SETFD, FD_CLOEXEC);
    net.pair = PAIR_FD;
    (void)signal(SIGPIPE, SIG_IGN);
    /* Ctrl-C and a service manager reach both: the core says when to stop. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    zsys_handler_set(NULL);
    zsys_set_io_threads(2); /* the second for lines that need a resolver */
    zsys_set_max_sockets(ITEMS_MAX + 16);
    if (sodium_init() < 0)
        return EX_SOFTWARE;
    status = sk_sandbox_enter(&sandbox);
    /* Before libzmq makes its threads. */
    if (status == SK_OK)
        status = sk_sandbox_lock(SK_SANDBOX_NET, &held);
    if (status == SK_OK)
        status = sk_net_zap_open(&net);
    if (status != SK_OK) {
        sk_log_error(NULL, status, "start");
        return EX_OSERR;
    }
    run();
    close_all();
    return 0;
}
