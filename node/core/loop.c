#include "node/core/core.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "node/log.h"

#define EVENTS_MAX (SK_CLIENTS_MAX + 3)
/* Clocks jump, suspended machines wake: never sleep on one reading longer. */
#define SLEEP_MAX_MS 30000
/* Quiet for so long: nobody waits. */
#define REST_MS 100

void sk_loop_times(struct sk_core *core)
{
    uint64_t before_ms = core->now_ms;
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    core->now_ms =
        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    /* It was set back: the wake-up was meant on the old clock. */
    if (core->now_ms < before_ms)
        core->wake_ms = core->now_ms;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    core->monotonic_ms =
        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct epoll_event event_of(enum sk_watched ready, size_t index,
                                   uint32_t events)
{
    return (struct epoll_event){
        .events = events, .data.u64 = (uint64_t)ready << 32 | (uint64_t)index};
}

enum sk_status sk_loop_watch(struct sk_core *core, int fd,
                             enum sk_watched ready, size_t index,
                             uint32_t events)
{
    struct epoll_event event = event_of(ready, index, events);

    if (epoll_ctl(core->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return SK_E_IO;
    return SK_OK;
}

void sk_loop_change(struct sk_core *core, int fd, enum sk_watched ready,
                    size_t index, uint32_t events)
{
    struct epoll_event event = event_of(ready, index, events);
    int rc = epoll_ctl(core->epoll_fd, EPOLL_CTL_MOD, fd, &event);

    assert(rc == 0); /* it is watched */
}

enum sk_status sk_loop_open(struct sk_core *core)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGCHLD);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    core->signal_fd = -1;
    core->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (core->epoll_fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return SK_E_IO;
    core->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (core->signal_fd < 0)
        return SK_E_IO;
    return sk_loop_watch(core, core->signal_fd, SK_READY_SIGNAL, 0, EPOLLIN);
}

void sk_loop_close(struct sk_core *core)
{
    if (core->signal_fd >= 0)
        (void)close(core->signal_fd);
    if (core->epoll_fd >= 0)
        (void)close(core->epoll_fd);
    core->signal_fd = -1;
    core->epoll_fd = -1;
}

/* ------------------------------------------------------------- one round */

static void read_signals(struct sk_core *core)
{
    struct signalfd_siginfo info;

    while (read(core->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            sk_child_reap(core);
        else
            core->stopping = true;
    }
}

static void sooner(uint64_t at_ms, uint64_t now_ms, uint64_t *wait_ms)
{
    uint64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;

    if (at_ms != UINT64_MAX && left_ms < *wait_ms)
        *wait_ms = left_ms;
}

static bool has_untold_link(const struct sk_core *core)
{
    for (size_t i = 0; i < core->links_count; i++) {
        if (core->links[i].told != core->links[i].up)
            return true;
    }
    return false;
}

/* Said between two rounds, so a round that hangs is not alive. */
static void say_alive(struct sk_core *core)
{
    if (core->watchdog_ms == 0 || core->monotonic_ms < core->alive_ms)
        return;
    core->alive_ms = core->monotonic_ms + core->watchdog_ms;
    sk_notify("WATCHDOG=1");
}

static int wait_ms(struct sk_core *core)
{
    uint64_t wait = SLEEP_MAX_MS;
    uint64_t now_ms = core->monotonic_ms;

    if (core->watchdog_ms > 0)
        sooner(core->alive_ms, now_ms, &wait);
    sooner(sk_control_expire(core), now_ms, &wait);
    if (core->net_pid == 0)
        sooner(core->net_start_at_ms, now_ms, &wait);
    if (sk_store_shred_due(core->store))
        sooner(core->shred_at_ms, now_ms, &wait);
    if (sk_store_rest_due(core->store))
        sooner(core->rest_at_ms, now_ms, &wait);
    if (sk_engine_keys_due(core->engine))
        sooner(core->keys_at_ms, now_ms, &wait);
    /* After a failure of the store: not at once again. */
    if (core->retry_ms > now_ms) {
        sooner(core->retry_ms, now_ms, &wait);
        return (int)wait;
    }
    if (has_untold_link(core))
        wait = 0;
    sooner(core->wake_ms, core->now_ms, &wait);
    return (int)wait;
}

static void on_event(struct sk_core *core, const struct epoll_event *event)
{
    enum sk_watched ready = (enum sk_watched)(event->data.u64 >> 32);
    size_t index = event->data.u64 & UINT32_MAX;

    switch (ready) {
    case SK_READY_SIGNAL:
        read_signals(core);
        break;
    case SK_READY_NET:
        sk_child_read(core);
        break;
    case SK_READY_CONTROL:
        sk_control_accept(core);
        break;
    case SK_READY_CLIENT:
        assert(index < SK_CLIENTS_MAX);
        sk_control_serve(core, &core->clients[index]);
        break;
    }
}

/* What time brings, unless the store failed a moment ago. */
static void add_timers(struct sk_core *core)
{
    if (core->monotonic_ms < core->retry_ms)
        return;
    sk_child_links(core);
    if (core->now_ms >= core->wake_ms &&
        core->inputs_count < SK_BATCH_COUNT_MAX)
        (void)sk_batch_add(core, SK_INPUT_TIMER);
}

/* What commits to come would wait for, when nothing came for a while. */
static void rest(struct sk_core *core)
{
    if (core->monotonic_ms >= core->rest_at_ms &&
        sk_store_rest_due(core->store))
        sk_store_rest(core->store);
}

static void stop(struct sk_core *core)
{
    core->stopping = true; /* also when the store failed */
    sk_loop_times(core);
    (void)sk_batch_add(core, SK_INPUT_STOP);
    sk_batch_run(core);
    sk_child_stop(core);
}

void sk_loop_run(struct sk_core *core)
{
    struct epoll_event events[EVENTS_MAX];

    while (!core->stopping && !core->failed) {
        int count;

        say_alive(core);
        sk_child_start(core);
        sk_child_take_more(core);
        sk_control_rest(core);
        count = epoll_wait(core->epoll_fd, events, EVENTS_MAX,
                           core->inputs_count > 0 ? 0 : wait_ms(core));
        sk_loop_times(core);
        for (int i = 0; i < count; i++)
            on_event(core, &events[i]);
        sk_batch_shred(core);
        add_timers(core);
        if (count > 0 || core->inputs_count > 0)
            core->rest_at_ms = core->monotonic_ms + REST_MS;
        if (core->inputs_count > 0)
            sk_batch_run(core);
        rest(core);
        sk_keys_tend(core);
    }
    stop(core);
}
