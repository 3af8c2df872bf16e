/*
 * schakel-net as a process, from the core's end of its pair; and peers that
 * speak raw ZeroMQ to it.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "node/ipc.h"

#define PATIENCE_MS 10000

#ifdef __SANITIZE_ADDRESS__
#define RESIDENT_KIB_MAX (256 * 1024)
#else
#define RESIDENT_KIB_MAX (48 * 1024)
#endif

struct end {
    const char *name;
    pid_t pid;
    int fd;
    int port; /* 0: does not listen */
    struct sk_curve_secret secret;
    struct sk_curve_public public;
    struct sk_ipc_peers peers;
    /* What it said, latest. */
    bool ready;
    bool up[8]; /* by place in peers */
    bool note[SK_IPC_NOTE_COUNT];
    uint64_t strangers, dropped, unsent;
    bool busy; /* says nothing of what it took */
    uint64_t taken;
    size_t frames_count;
    size_t frames_from[8]; /* by place in peers */
    struct sk_org from;
    size_t frame_size;
    uint8_t frame[SK_IPC_SIZE_MAX];
};

static uint8_t down_bytes[SK_IPC_SIZE_MAX];
static uint8_t list_bytes[SK_IPC_SIZE_MAX];
static uint8_t big[SK_FRAME_SIZE_MAX];

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert(eq(int, bind(fd, (struct sockaddr *)&address, size), 0));
    cr_assert(eq(int, getsockname(fd, (struct sockaddr *)&address, &size), 0));
    close(fd);
    return ntohs(address.sin_port);
}

/* ------------------------------------------------------------- processes */

static void down(struct end *e, const struct sk_ipc_down *message)
{
    struct pollfd wait = {.fd = e->fd, .events = POLLOUT};
    struct sk_bytes bytes;

    cr_assert(eq(
        int,
        sk_ipc_down_encode(
            message, (struct sk_room){down_bytes, sizeof(down_bytes)}, &bytes),
        SK_OK));
    while (sk_ipc_send(e->fd, bytes) == SK_E_AGAIN)
        cr_assert(eq(int, poll(&wait, 1, PATIENCE_MS), 1), "%s takes nothing",
                  e->name);
}

static void send_peers(struct end *e)
{
    struct sk_ipc_down message = {.type = SK_IPC_PEERS};

    cr_assert(
        eq(int,
           sk_ipc_peers_encode(&e->peers,
                               (struct sk_room){list_bytes, sizeof(list_bytes)},
                               &message.peers),
           SK_OK));
    down(e, &message);
}

static void spawn(struct end *e)
{
    struct sk_ipc_down start = {.type = SK_IPC_START, .secret = e->secret};
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    int fds[2];

    cr_assert(size > 0);
    path[size] = '\0';
    strcpy(strstr(path, "/tests/node/"), "/schakel-net");
    cr_assert(eq(int, access(path, X_OK), 0), "%s is not built", path);
    cr_assert(eq(int, sk_ipc_pair(fds), SK_OK));
    e->pid = fork();
    if (e->pid == 0) {
        /* Nothing but where the sanitizers log, and how much they keep. */
        static char asan[512];
        static char ubsan[512];
        char *environment[] = {asan, ubsan, NULL};
        const char *options = getenv("ASAN_OPTIONS");

        snprintf(asan, sizeof(asan), "ASAN_OPTIONS=%s",
                 options == NULL ? "quarantine_size_mb=16" : options);
        options = getenv("UBSAN_OPTIONS");
        snprintf(ubsan, sizeof(ubsan), "UBSAN_OPTIONS=%s",
                 options == NULL ? "" : options);

        if (fds[1] == 3)
            fcntl(3, F_SETFD, 0);
        else
            dup2(fds[1], 3);
        execle(path, "schakel-net", (char *)NULL, environment);
        _exit(127);
    }
    close(fds[1]);
    e->fd = fds[0];
    e->ready = false;
    memset(e->up, 0, sizeof(e->up));
    if (e->port != 0)
        snprintf(start.listen, sizeof(start.listen), "tcp://127.0.0.1:%d",
                 e->port);
    down(e, &start);
    send_peers(e);
}

static void make(struct end *e, const char *name, bool listens)
{
    memset(e, 0, sizeof(*e));
    e->name = name;
    e->port = listens ? free_port() : 0;
    randombytes_buf(&e->secret, sizeof(e->secret));
    crypto_scalarmult_base(e->public.bytes, e->secret.secret_bytes);
}

/* e knows other, and dials it when told to. */
static void add_key(struct end *e, const char *name,
                    const struct sk_curve_public *key, int port)
{
    struct sk_ipc_peer *peer = &e->peers.list[e->peers.count++];

    memset(peer, 0, sizeof(*peer));
    cr_assert(sk_org_parse(sk_text(name), &peer->org));
    peer->curve = *key;
    if (port != 0)
        snprintf(peer->endpoint, sizeof(peer->endpoint), "tcp://127.0.0.1:%d",
                 port);
}

static void add(struct end *e, const struct end *other, bool dials)
{
    add_key(e, other->name, &other->public, dials ? other->port : 0);
}

static void stop(struct end *e)
{
    int status;
    int64_t since_ms = now_ms();

    close(e->fd);
    while (waitpid(e->pid, &status, WNOHANG) == 0) {
        cr_assert(now_ms() - since_ms < PATIENCE_MS, "%s does not end",
                  e->name);
        usleep(2000);
    }
    cr_expect(eq(int, status, 0), "%s ended otherwise", e->name);
}

/* -------------------------------------------------------------- listening */

static void on_message(struct end *e, const struct sk_ipc_up *up)
{
    switch (up->type) {
    case SK_IPC_READY:
        e->ready = true;
        break;
    case SK_IPC_LINK:
        for (size_t i = 0; i < e->peers.count; i++) {
            if (sk_org_equal(&e->peers.list[i].org, &up->org))
                e->up[i] = up->up;
        }
        break;
    case SK_IPC_RECEIVED:
        e->frames_count++;
        e->taken++;
        for (size_t i = 0; i < e->peers.count; i++)
            if (sk_org_equal(&e->peers.list[i].org, &up->org))
                e->frames_from[i]++;
        e->from = up->org;
        e->frame_size = up->frame.size;
        memcpy(e->frame, up->frame.data, up->frame.size);
        break;
    case SK_IPC_NOTE:
        e->note[up->note] = true;
        break;
    case SK_IPC_COUNTS:
        e->strangers = up->strangers;
        e->dropped = up->dropped;
        e->unsent = up->unsent;
        break;
    }
}

/* Take what is there. */
static void hear(struct end *e)
{
    static uint8_t bytes[SK_IPC_SIZE_MAX];
    struct sk_bytes message;
    struct sk_ipc_up up;

    while (sk_ipc_receive(e->fd, (struct sk_room){bytes, sizeof(bytes)},
                          &message) == SK_OK) {
        cr_assert(eq(int, sk_ipc_up_decode(message, &up), SK_OK));
        on_message(e, &up);
    }
    if (e->taken > 0 && !e->busy) {
        down(e, &(struct sk_ipc_down){.type = SK_IPC_TAKEN, .taken = e->taken});
        e->taken = 0;
    }
}

/* Until it holds; hears all ends meanwhile. */
#define UNTIL(condition, ...)                                                  \
    do {                                                                       \
        struct end *ends[] = {__VA_ARGS__};                                    \
        int64_t until_ = now_ms() + PATIENCE_MS;                               \
        while (!(condition)) {                                                 \
            for (size_t i_ = 0; i_ < SK_COUNT(ends); i_++)                     \
                hear(ends[i_]);                                                \
            cr_assert(now_ms() < until_, "waited for %s", #condition);         \
            usleep(1000);                                                      \
        }                                                                      \
    } while (0)

static void say(struct end *e, const struct end *to, struct sk_bytes frame)
{
    struct sk_ipc_down message = {.type = SK_IPC_SEND, .frame = frame};

    cr_assert(sk_org_parse(sk_text(to->name), &message.org));
    down(e, &message);
}

/* One frame arrives as it was sent, from whom it was sent. */
static void expect_passes(struct end *from, struct end *to,
                          struct sk_bytes frame)
{
    size_t count = to->frames_count;

    say(from, to, frame);
    UNTIL(to->frames_count > count, from, to);
    cr_expect(eq(str, to->from.text, (char *)(uintptr_t)from->name));
    cr_expect(
        sk_bytes_equal((struct sk_bytes){to->frame, to->frame_size}, frame));
}

static struct end a, b, c;

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
    randombytes_buf(big, sizeof(big));
    make(&a, "ocmw-mol", true);
    make(&b, "vdab-kempen", false);
    make(&c, "sopraco", false);
}

TestSuite(net, .init = set_up, .timeout = 60);

Test(net, carries_frames_both_ways_over_a_line_dialled_from_one_side)
{
    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    UNTIL(a.ready, &a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    cr_expect(not(a.up[0]), "a learns of b from its first frame");
    expect_passes(&b, &a, sk_text("hello"));
    cr_expect(a.up[0]);
    expect_passes(&a, &b, sk_text("x"));
    expect_passes(&a, &b, (struct sk_bytes){big, sizeof(big)});
    expect_passes(&b, &a, (struct sk_bytes){big, sizeof(big)});
    for (size_t i = 0; i < 50; i++)
        say(&b, &a, (struct sk_bytes){big, 1000});
    UNTIL(a.frames_count == 52, &a, &b);

    /* b ends: a is told. */
    stop(&b);
    UNTIL(!a.up[0], &a);
    stop(&a);
}

Test(net, carries_frames_when_both_dial)
{
    make(&b, "vdab-kempen", true);
    add(&a, &b, true);
    add(&b, &a, true);
    spawn(&a);
    spawn(&b);
    UNTIL(a.up[0] && b.up[0], &a, &b);
    expect_passes(&b, &a, sk_text("from b"));
    expect_passes(&a, &b, sk_text("from a"));
    stop(&a);
    stop(&b);
}

Test(net, refuses_a_stranger_until_it_is_known)
{
    add(&a, &b, false);
    add(&b, &a, true);
    add(&c, &a, true);
    spawn(&a);
    UNTIL(a.ready, &a);
    spawn(&b);
    spawn(&c);
    UNTIL(b.up[0] && a.strangers > 0 && c.note[SK_IPC_NOTE_REFUSES_US], &a, &b,
          &c);
    say(&c, &a, sk_text("let me in"));
    expect_passes(&b, &a, sk_text("hello"));
    cr_expect(eq(sz, a.frames_count, 1), "nothing came from the stranger");
    cr_expect(not(c.up[0]));

    /* libzmq itself would never try again. */
    add(&a, &c, false);
    send_peers(&a);
    UNTIL(c.up[0], &a, &b, &c);
    expect_passes(&c, &a, sk_text("now"));
    expect_passes(&a, &b, sk_text("the line with b was not cut"));
    stop(&a);
    stop(&b);
    stop(&c);
}

Test(net, cuts_a_partner_that_left_the_table)
{
    add(&a, &b, false);
    add(&a, &c, false);
    add(&b, &a, true);
    add(&c, &a, true);
    spawn(&a);
    UNTIL(a.ready, &a);
    spawn(&b);
    spawn(&c);
    UNTIL(b.up[0] && c.up[0], &a, &b, &c);
    expect_passes(&c, &a, sk_text("c"));
    expect_passes(&b, &a, sk_text("b"));

    a.peers.count = 1;
    send_peers(&a);
    UNTIL(c.note[SK_IPC_NOTE_REFUSES_US] && !c.up[0], &a, &b, &c);
    for (int i = 0; i < 20; i++)
        say(&c, &a, sk_text("still here"));
    UNTIL(b.up[0], &a, &b, &c);
    expect_passes(&b, &a, sk_text("b again"));
    cr_expect(eq(sz, a.frames_count, 3), "none from c since");
    say(&a, &c, sk_text("to c"));
    UNTIL(a.unsent == 1, &a, &b, &c);
    stop(&a);
    stop(&b);
    stop(&c);
}

Test(net, is_back_soon_after_it_was_killed)
{
    int64_t since_ms;
    int status;

    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    for (int i = 0; i < 2; i++) {
        struct end *victim = i == 0 ? &a : &b;

        kill(victim->pid, SIGKILL);
        cr_assert(eq(int, waitpid(victim->pid, &status, 0), victim->pid));
        close(victim->fd);
        if (victim == &a)
            UNTIL(!b.up[0], &b);
        since_ms = now_ms();
        spawn(victim);
        UNTIL(b.up[0], &a, &b);
        cr_expect(now_ms() - since_ms < 3000, "took %d ms",
                  (int)(now_ms() - since_ms));
        expect_passes(&b, &a, sk_text("b"));
        expect_passes(&a, &b, sk_text("a"));
    }
    stop(&a);
    stop(&b);
}

Test(net, says_that_a_card_may_be_old_when_the_handshake_fails)
{
    struct sk_curve_public other = a.public;

    other.bytes[0] ^= 1;
    add(&a, &b, false);
    add_key(&b, a.name, &other, a.port);
    spawn(&a);
    UNTIL(a.ready, &a);
    spawn(&b);
    UNTIL(b.note[SK_IPC_NOTE_KEY_MISMATCH], &a, &b);
    cr_expect(not(b.up[0]));
    /* The newer card comes. */
    b.peers.count = 0;
    add(&b, &a, true);
    send_peers(&b);
    UNTIL(b.up[0], &a, &b);
    stop(&a);
    stop(&b);
}

/* The partner has another key now; the line does not notice. */
static void renew(struct end *e, const struct end *other)
{
    struct sk_ipc_peer *peer = &e->peers.list[0];

    peer->has_before = true;
    peer->before = peer->curve;
    peer->curve = other->public;
    send_peers(e);
}

static void other_key(struct end *e)
{
    randombytes_buf(&e->secret, sizeof(e->secret));
    crypto_scalarmult_base(e->public.bytes, e->secret.secret_bytes);
}

static void start_again(struct end *e, const struct sk_curve_secret *secret)
{
    stop(e);
    e->secret = *secret;
    memset(e->up, 0, sizeof(e->up));
    memset(e->note, 0, sizeof(e->note));
    spawn(e);
}

/* PROTOCOL.md 4.5: under either key, until it came under the new one. */
Test(net, lets_a_partner_in_that_renews_its_key)
{
    struct sk_curve_secret old;
    struct sk_curve_secret fresh;

    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    UNTIL(a.ready, &a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    expect_passes(&b, &a, sk_text("before"));
    old = b.secret;
    other_key(&b);
    fresh = b.secret;
    renew(&a, &b);
    expect_passes(&b, &a, sk_text("the same line"));
    expect_passes(&a, &b, sk_text("both ways"));
    start_again(&b, &old);
    UNTIL(b.up[0], &a, &b);
    expect_passes(&b, &a, sk_text("still the old key"));
    start_again(&b, &fresh);
    UNTIL(b.up[0], &a, &b);
    expect_passes(&b, &a, sk_text("the new key"));
    expect_passes(&a, &b, sk_text("and back"));
    start_again(&b, &old);
    UNTIL(b.note[SK_IPC_NOTE_REFUSES_US], &a, &b);
    cr_expect(not(b.up[0]));
    stop(&a);
    stop(&b);
}

/* The one that is dialled: it changes its key when it likes. */
Test(net, dials_a_partner_that_renews_its_key)
{
    struct sk_curve_secret old;
    struct sk_curve_secret fresh;

    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    UNTIL(a.ready, &a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    old = a.secret;
    other_key(&a);
    fresh = a.secret;
    renew(&b, &a);
    expect_passes(&b, &a, sk_text("the same line"));
    for (int i = 0; i < 2; i++) {
        start_again(&a, i == 0 ? &old : &fresh);
        UNTIL(!b.up[0], &b);
        UNTIL(b.up[0], &a, &b);
        expect_passes(&b, &a, sk_text(i == 0 ? "the old key" : "the new one"));
        expect_passes(&a, &b, sk_text("and back"));
    }
    stop(&a);
    stop(&b);
}

Test(net, says_when_it_cannot_listen_and_listens_when_it_can)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)a.port);
    cr_assert(
        eq(int, bind(fd, (struct sockaddr *)&address, sizeof(address)), 0));
    cr_assert(eq(int, listen(fd, 1), 0));
    spawn(&a);
    UNTIL(a.note[SK_IPC_NOTE_CANNOT_LISTEN], &a);
    cr_expect(not(a.ready));
    close(fd);
    UNTIL(a.ready, &a);
    stop(&a);
}

Test(net, sends_what_it_has_before_it_stops)
{
    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    for (int i = 0; i < 5; i++)
        say(&b, &a, (struct sk_bytes){big, 10000});
    down(&b, &(struct sk_ipc_down){.type = SK_IPC_STOP});
    UNTIL(a.frames_count == 5, &a);
    stop(&b);
    stop(&a);
}

/* --------------------------------------------------------- raw ZeroMQ */

static void *raw_open(void *context, struct end *as)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    char endpoint[64];
    int linger = 0;
    int hwm = 2;

    cr_assert(ne(ptr, socket, NULL));
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, a.public.bytes, 32);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, as->public.bytes, 32);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, as->secret.secret_bytes, 32);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", a.port);
    cr_assert(eq(int, zmq_connect(socket, endpoint), 0));
    return socket;
}

Test(net, drops_what_is_not_one_part_within_the_limit)
{
    void *context = zmq_ctx_new();
    void *socket;

    add(&a, &c, false);
    spawn(&a);
    UNTIL(a.ready, &a);
    socket = raw_open(context, &c);
    zmq_send(socket, "one", 3, ZMQ_SNDMORE);
    zmq_send(socket, "two", 3, 0);
    zmq_send(socket, "", 0, 0);
    zmq_send(socket, "good", 4, 0);
    UNTIL(a.frames_count == 1 && a.dropped == 2, &a);
    cr_expect(eq(sz, a.frame_size, 4));
    zmq_send(socket, "more", 4, ZMQ_SNDMORE);
    zmq_send(socket, "", 0, ZMQ_SNDMORE);
    zmq_send(socket, "end", 3, 0);
    UNTIL(a.dropped == 3, &a);
    zmq_close(socket);

    /* libzmq closes the line of one who sends too large a part. */
    socket = raw_open(context, &c);
    for (int i = 0; i < 2; i++) {
        uint8_t *large = calloc(1, SK_FRAME_SIZE_MAX + 1);

        zmq_send(socket, large, SK_FRAME_SIZE_MAX + 1, 0);
        free(large);
    }
    zmq_close(socket);
    socket = raw_open(context, &c);
    zmq_send(socket, "good", 4, 0);
    UNTIL(a.frames_count >= 2, &a);
    cr_expect(eq(sz, a.frame_size, 4));
    zmq_close(socket);
    zmq_ctx_term(context);
    stop(&a);
}

/* A partner that reads nothing, and one that does. */
Test(net, one_slow_partner_does_not_delay_another)
{
    void *context = zmq_ctx_new();
    void *slow;
    int64_t since_ms;

    add(&a, &b, false);
    add(&a, &c, false);
    add(&b, &a, true);
    spawn(&a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    slow = raw_open(context, &c);
    zmq_send(slow, "I am c", 6, 0);
    UNTIL(a.frames_count == 1, &a, &b);
    expect_passes(&b, &a, sk_text("I am b"));
    for (int i = 0; i < 400; i++) {
        say(&a, &c, (struct sk_bytes){big, sizeof(big)});
        hear(&a);
    }
    since_ms = now_ms();
    expect_passes(&a, &b, sk_text("to b"));
    cr_expect(now_ms() - since_ms < 1000);
    UNTIL(a.unsent > 0, &a, &b);
    zmq_close(slow);
    zmq_ctx_term(context);
    stop(&a);
    stop(&b);
}

static long resident_kib(pid_t pid)
{
    char path[64];
    char line[256];
    long kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    while (fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "VmRSS: %ld", &kib);
    fclose(file);
    return kib;
}

/* A core that takes nothing: the partner waits, and nobody's memory grows. */
Test(net, holds_back_when_the_core_is_busy)
{
    size_t sent = 0;
    struct pollfd wait = {.events = POLLOUT};

    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    expect_passes(&b, &a, sk_text("first"));
    wait.fd = b.fd;
    /* Nobody hears a.  b drops what a's socket does not take. */
    for (int64_t since_ms = now_ms(); now_ms() - since_ms < 2000; sent++) {
        hear(&b);
        say(&b, &a, (struct sk_bytes){big, sizeof(big)});
        poll(&wait, 1, 10);
    }
    /* 64 frames each way in ZeroMQ, some in TCP and the pair. */
    cr_expect(resident_kib(a.pid) < RESIDENT_KIB_MAX);
    cr_expect(resident_kib(b.pid) < RESIDENT_KIB_MAX, "%ld KiB",
              resident_kib(b.pid));
    UNTIL(b.unsent > 0, &b);
    UNTIL(a.frames_count > 64, &a, &b);
    for (size_t before = 0; before != a.frames_count;) {
        before = a.frames_count;
        usleep(300 * 1000);
        hear(&a);
        hear(&b);
    }
    expect_passes(&b, &a, sk_text("last"));
    stop(&a);
    stop(&b);
}

/* As much as is taken at once. */
static void flood(void *socket)
{
    while (zmq_send(socket, "more", 4, ZMQ_DONTWAIT) >= 0)
        ;
}

/* b, on the line it dialled, always has more; c answers on ours. */
Test(net, one_that_sends_without_end_has_its_turn_like_another)
{
    void *context = zmq_ctx_new();
    void *endless;

    make(&c, "sopraco", true);
    add(&a, &b, false);
    add(&a, &c, true);
    add(&c, &a, false);
    spawn(&a);
    spawn(&c);
    UNTIL(a.ready && a.up[1], &a, &c);
    expect_passes(&a, &c, sk_text("where are you?"));
    endless = raw_open(context, &b);
    a.busy = true;
    UNTIL((flood(endless), a.frames_from[0] == SK_IPC_AHEAD_MAX), &a, &c);
    /* No more until they were taken. */
    say(&c, &a, sk_text("I am c"));
    for (int i = 0; i < 50; i++) {
        flood(endless);
        usleep(10000);
        hear(&a);
    }
    cr_expect(eq(sz, a.frames_count, SK_IPC_AHEAD_MAX));
    for (int64_t end = now_ms() + PATIENCE_MS; a.frames_from[1] == 0;) {
        struct sk_ipc_down some = {.type = SK_IPC_TAKEN,
                                   .taken = SK_IPC_AHEAD_MAX / 2};

        hear(&a);
        flood(endless);
        if (a.taken >= some.taken) {
            a.taken -= some.taken;
            down(&a, &some);
        }
        usleep(1000);
        cr_assert(now_ms() < end, "c is not heard behind %zu of b",
                  a.frames_from[0]);
    }
    cr_expect(le(sz, a.frames_from[0], 4 * SK_IPC_AHEAD_MAX));
    zmq_close(endless);
    zmq_ctx_term(context);
    stop(&a);
    stop(&c);
}

/* Bytes that are no ZeroMQ at all. */
Test(net, survives_noise_on_its_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    add(&a, &b, false);
    add(&b, &a, true);
    spawn(&a);
    UNTIL(a.ready, &a);
    address.sin_port = htons((uint16_t)a.port);
    for (int i = 0; i < 40; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        cr_assert(eq(
            int, connect(fd, (struct sockaddr *)&address, sizeof(address)), 0));
        if (i % 2 == 0)
            (void)!write(fd, "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
        (void)!write(fd, big + i * 100, (size_t)i * 90);
        close(fd);
    }
    spawn(&b);
    UNTIL(b.up[0], &a, &b);
    expect_passes(&b, &a, sk_text("hello"));
    cr_expect(eq(sz, a.frames_count, 1));
    stop(&a);
    stop(&b);
}
