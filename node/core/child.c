/*
 * schakel-net: started, watched, started again.
 *
 * What it says is checked as foreign bytes are; a message that is none means
 * it is broken, and it is ended and started again.
 */
#include "node/core/core.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/log.h"

#define RESTART_MIN_MS 100
#define RESTART_MAX_MS 30000
#define WELL_MS 60000 /* it ran so long that it was not the start */
#define STUCK_MS 5000 /* it took nothing for so long */
#define STOP_MS 2000

/* ------------------------------------------------------------- start */

static enum sk_status send_down(struct sk_core *core,
                                const struct sk_ipc_down *down);

static void send_start(struct sk_core *core)
{
    struct sk_ipc_down down = {.type = SK_IPC_START};

    sk_engine_curve(core->engine, &down.secret);
    memcpy(down.listen, core->setup.config.listen, sizeof(down.listen));
    (void)send_down(core, &down); /* a failure ended it: it starts again */
    sodium_memzero(&down, sizeof(down));
    sk_child_send_peers(core);
}

static void back_off(struct sk_core *core)
{
    uint64_t wait_ms = RESTART_MIN_MS;

    if (core->monotonic_ms - core->net_started_ms > WELL_MS)
        core->net_failures = 0;
    for (uint32_t i = 0; i < core->net_failures && wait_ms < RESTART_MAX_MS;
         i++)
        wait_ms *= 2;
    core->net_failures++;
    core->net_start_at_ms =
        core->monotonic_ms +
        (wait_ms < RESTART_MAX_MS ? wait_ms : RESTART_MAX_MS);
}

void sk_child_start(struct sk_core *core)
{
    int fds[2] = {-1, -1};
    int rc = EIO;

    if (core->net_fd >= 0 || core->net_pid > 0 || core->stopping ||
        core->monotonic_ms < core->net_start_at_ms)
        return;
    core->net_started_ms = core->monotonic_ms;
    if (sk_ipc_pair(fds) == SK_OK)
        rc = sk_starter_ask(core, fds[1], &core->net_pid);
    if (fds[1] >= 0)
        (void)close(fds[1]);
    if (rc == 0 &&
        sk_loop_watch(core, fds[0], SK_READY_NET, 0, EPOLLIN) != SK_OK) {
        (void)kill(core->net_pid, SIGKILL);
        rc = EIO;
    }
    if (rc != 0) {
        if (fds[0] >= 0)
            (void)close(fds[0]);
        sk_log_error(NULL, rc == ENOENT ? SK_E_NOT_FOUND : SK_E_IO,
                     "cannot start schakel-net");
        back_off(core);
        return;
    }
    core->net_fd = fds[0];
    core->strangers = 0;
    core->net_taken = 0;
    send_start(core);
}

/* ------------------------------------------------------------- end */

/* Close our end: it exits by itself, and is reaped; one that hangs does not
   stand in the way of the next. */
static void let_go(struct sk_core *core)
{
    if (core->net_fd < 0)
        return;
    if (core->net_pid > 0 && !core->stopping)
        (void)kill(core->net_pid, SIGKILL);
    (void)close(core->net_fd); /* epoll forgets it */
    core->net_fd = -1;
    for (size_t i = 0; i < core->links_count; i++)
        core->links[i].up = false;
}

static void end(struct sk_core *core, enum sk_status status, const char *text)
{
    sk_log_error(NULL, status, text);
    let_go(core);
}

void sk_child_again(struct sk_core *core)
{
    let_go(core); /* reaped, and started, as when it died */
    core->net_again = true;
}

void sk_child_reap(struct sk_core *core)
{
    int status;

    sk_starter_reap(core);
    if (core->net_pid <= 0 ||
        waitpid(core->net_pid, &status, WNOHANG) != core->net_pid)
        return;
    core->net_pid = 0;
    let_go(core);
    if (core->stopping)
        return;
    if (core->net_again) {
        core->net_again = false;
        core->net_start_at_ms = core->monotonic_ms;
        return;
    }
    back_off(core);
    sk_log_warn(NULL, SK_E_CLOSED, "schakel-net ended and is started again");
}

void sk_child_stop(struct sk_core *core)
{
    struct sk_ipc_down down = {.type = SK_IPC_STOP};

    if (core->net_fd >= 0)
        (void)send_down(core, &down); /* ended below in any case */
    for (int waited_ms = 0; core->net_pid > 0; waited_ms += 10) {
        /* What it still says nobody hears, but it must not hang on it. */
        if (core->net_fd >= 0) {
            struct sk_bytes message;

            if (sk_ipc_receive(core->net_fd, core->frames, &message) ==
                SK_E_CLOSED)
                let_go(core);
        }
        sk_child_reap(core);
        if (core->net_pid > 0 && waited_ms == STOP_MS)
            (void)kill(core->net_pid, SIGKILL);
        if (core->net_pid > 0)
            (void)usleep(10 * 1000);
    }
    let_go(core);
}

/* ------------------------------------------------------------- down */

/* Wait for room in the pair, but not for ever. */
static enum sk_status send_message(struct sk_core *core,
                                   struct sk_bytes message)
{
    struct pollfd wait = {.fd = core->net_fd, .events = POLLOUT};
    enum sk_status status = sk_ipc_send(core->net_fd, message);

    while (status == SK_E_AGAIN) {
        if (poll(&wait, 1, STUCK_MS) == 0)
            return SK_E_AGAIN;
        status = sk_ipc_send(core->net_fd, message);
    }
    return status;
}

static enum sk_status send_down(struct sk_core *core,
                                const struct sk_ipc_down *down)
{
    static uint8_t bytes[SK_IPC_SIZE_MAX];
    struct sk_bytes message;
    enum sk_status status;

    if (core->net_fd < 0)
        return SK_E_CLOSED;
    status = sk_ipc_down_encode(down, (struct sk_room){bytes, sizeof(bytes)},
                                &message);
    assert(status == SK_OK); /* everything in it is bounded */
    status = send_message(core, message);
    if (down->type == SK_IPC_START)
        sodium_memzero(bytes, message.size);
    if (status == SK_E_AGAIN)
        end(core, status, "schakel-net hangs");
    else if (status != SK_OK)
        let_go(core); /* it died: SIGCHLD tells the rest */
    return status;
}

void sk_child_send_frame(struct sk_core *core,
                         const struct sk_effect_frame *frame)
{
    struct sk_ipc_down down = {
        .type = SK_IPC_SEND, .org = frame->to, .frame = frame->frame};

    /* Lost when it dies: the partner did not receipt it, so it goes again. */
    (void)send_down(core, &down);
}

static struct sk_link *link_of(struct sk_core *core, const struct sk_org *org)
{
    for (size_t i = 0; i < core->links_count; i++) {
        if (sk_org_equal(&core->links[i].org, org))
            return &core->links[i];
    }
    return NULL;
}

/* The engine knows by itself who left. */
static void update_links(struct sk_core *core, const struct sk_ipc_peers *peers)
{
    static struct sk_link links[SK_PARTNERS_MAX];

    for (size_t i = 0; i < peers->count; i++) {
        struct sk_link *old = link_of(core, &peers->list[i].org);

        links[i] = (struct sk_link){.org = peers->list[i].org};
        if (old != NULL)
            links[i] = *old;
    }
    memcpy(core->links, links, peers->count * sizeof(links[0]));
    core->links_count = peers->count;
}

void sk_child_send_peers(struct sk_core *core)
{
    static struct sk_ipc_peers peers; /* large; one thread */
    static uint8_t bytes[SK_IPC_SIZE_MAX];
    struct sk_ipc_down down = {.type = SK_IPC_PEERS};
    enum sk_status status;

    peers.count = sk_engine_peers_count(core->engine);
    assert(peers.count <= SK_PARTNERS_MAX);
    for (size_t i = 0; i < peers.count; i++) {
        struct sk_engine_peer peer;

        sk_engine_peer_at(core->engine, i, &peer);
        peers.list[i].org = peer.org;
        peers.list[i].curve = peer.curve;
        memcpy(peers.list[i].endpoint, peer.endpoint, sizeof(peer.endpoint));
        peers.list[i].has_before = peer.has_curve_before;
        peers.list[i].before = peer.curve_before;
    }
    update_links(core, &peers);
    status = sk_ipc_peers_encode(&peers, (struct sk_room){bytes, sizeof(bytes)},
                                 &down.peers);
    assert(status == SK_OK);      /* 256 partners fit */
    (void)send_down(core, &down); /* sent again at every start */
}

/* ------------------------------------------------------------- up */

static void set_deaf(struct sk_core *core, bool deaf)
{
    core->host.deaf = deaf;
    sk_engine_host_set(core->engine, &core->host);
}

static void on_ready(struct sk_core *core, const struct sk_ipc_up *up)
{
    set_deaf(core, false);
    if (core->ready)
        return;
    core->ready = true;
    printf("READY %s %s\n", core->setup.config.org.text,
           up->endpoint[0] == '\0' ? "-" : up->endpoint);
    fflush(stdout);
    sk_notify("READY=1");
}

void sk_child_take_more(struct sk_core *core)
{
    struct sk_ipc_down down = {.type = SK_IPC_TAKEN, .taken = core->net_taken};

    if (core->net_taken < SK_IPC_AHEAD_MAX / 2)
        return;
    core->net_taken = 0;
    (void)send_down(core, &down); /* one that is started again knows */
}

static void on_frame(struct sk_core *core, const struct sk_ipc_up *up)
{
    struct sk_batch_input *slot;

    /* A partner that left the table a moment ago. */
    if (link_of(core, &up->org) == NULL)
        return;
    slot = sk_batch_add(core, SK_INPUT_FRAME);
    slot->input.peer = up->org;
    slot->input.bytes = up->frame;
}

static void on_counts(struct sk_core *core, const struct sk_ipc_up *up)
{
    if (up->strangers > core->strangers)
        sk_log_count("handshakes of strangers refused", up->strangers);
    core->strangers = up->strangers;
}

static void add_link(struct sk_core *core, struct sk_link *link)
{
    struct sk_batch_input *slot = sk_batch_add(core, SK_INPUT_LINK);

    link->asked = true;
    slot->input.peer = link->org;
    slot->input.up = link->up;
}

/* A link that drops and comes back within one batch is two inputs: its frames
   lie in between. */
static void on_link(struct sk_core *core, const struct sk_ipc_up *up)
{
    struct sk_link *link = link_of(core, &up->org);

    if (link == NULL || link->up == up->up)
        return;
    link->up = up->up;
    add_link(core, link);
}

static bool take(struct sk_core *core, struct sk_bytes message)
{
    struct sk_ipc_up up;
    enum sk_status status = sk_ipc_up_decode(message, &up);

    if (status != SK_OK) {
        end(core, status, "schakel-net speaks nonsense and is started again");
        return false;
    }
    switch (up.type) {
    case SK_IPC_READY:
        on_ready(core, &up);
        break;
    case SK_IPC_LINK:
        on_link(core, &up);
        break;
    case SK_IPC_RECEIVED:
        core->net_taken++;
        core->frames_used += message.size;
        on_frame(core, &up);
        break;
    case SK_IPC_NOTE:
        if (up.note == SK_IPC_NOTE_CANNOT_LISTEN)
            set_deaf(core, true);
        sk_log_warn(up.has_org ? &up.org : NULL, SK_E_REFUSED,
                    sk_ipc_note_text(up.note));
        break;
    case SK_IPC_COUNTS:
        on_counts(core, &up);
        break;
    }
    return true;
}

void sk_child_read(struct sk_core *core)
{
    while (core->net_fd >= 0 && sk_batch_has_room(core)) {
        struct sk_room room = {core->frames.data + core->frames_used,
                               core->frames.size_max - core->frames_used};
        struct sk_bytes message;
        enum sk_status status = sk_ipc_receive(core->net_fd, room, &message);

        if (status == SK_E_AGAIN)
            return;
        if (status != SK_OK) {
            let_go(core);
            return;
        }
        if (!take(core, message))
            return;
    }
}

void sk_child_links(struct sk_core *core)
{
    for (size_t i = 0; i < core->links_count; i++) {
        struct sk_link *link = &core->links[i];

        if (link->told != link->up && !link->asked && sk_batch_has_room(core))
            add_link(core, link);
    }
}

void sk_child_told(struct sk_core *core, const struct sk_input *input)
{
    struct sk_link *link = link_of(core, &input->peer);

    if (link != NULL)
        link->told = input->up;
}

void sk_child_settled(struct sk_core *core)
{
    for (size_t i = 0; i < core->links_count; i++)
        core->links[i].asked = false;
}
