#include "tools/schakel/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/json.h"

#define READY_MS 20000
#define SETTLE_MS 30000
#define STEP_MS 2
/* A node is killed at most this long after it was asked. */
#define STRIKE_NS_MAX 2000000

static void wait_lines(struct sk_world *w, struct sk_actor *one,
                       const char *line);

/* ------------------------------------------------------------- failing */
void sk_world_die(const struct sk_world *w, const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fputs("schakel rehearse: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    sk_world_stop((struct sk_world *)(uintptr_t)w);
    if (w->root != NULL && w->keep)
        fprintf(stderr, "The nodes' folders and logs are in %s\n", w->root);
    exit(2);
}

void *sk_world_must(const struct sk_world *w, void *memory)
{
    if (memory == NULL)
        sk_world_die(w, "out of memory");
    return memory;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* PROGRAM OPTION PATH, to its end. */
static void run_program(const char *program, const char *option,
                        const char *path)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execlp(program, program, option, "--", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
}

static void sleep_ms(int ms)
{
    poll(NULL, 0, ms);
}

/* ------------------------------------------------------------- aliases */
const char *sk_alias_id(struct sk_world *w, enum sk_alias_kind kind,
                        const struct sk_actor *actor, const char *alias)
{
    for (struct sk_alias *a = w->aliases; a != NULL; a = a->next)
        if (a->kind == kind && a->actor == actor &&
            strcmp(a->alias, alias) == 0)
            return a->id;
    return NULL;
}

const char *sk_alias_of(struct sk_world *w, enum sk_alias_kind kind,
                        const struct sk_actor *actor, const char *id)
{
    for (struct sk_alias *a = w->aliases; a != NULL; a = a->next)
        if (a->kind == kind && a->actor == actor && strcmp(a->id, id) == 0)
            return a->alias;
    return id;
}

void sk_alias_set(struct sk_world *w, enum sk_alias_kind kind,
                  const struct sk_actor *actor, const char *alias,
                  const char *id)
{
    struct sk_alias *a = sk_world_must(w, calloc(1, sizeof(*a)));

    a->kind = kind;
    a->actor = actor;
    a->alias = sk_world_must(w, strdup(alias));
    a->id = sk_world_must(w, strdup(id));
    a->next = w->aliases;
    w->aliases = a;
}

const char *sk_step_text(const struct sk_node *map, const char *key)
{
    const struct sk_node *node = sk_node_get(map, key);

    if (node == NULL || node->kind != SK_NODE_SCALAR)
        return "";
    return (const char *)node->text.data;
}

json_t *sk_json_of_node(const struct sk_node *node)
{
    json_t *json;

    if (node->kind == SK_NODE_SCALAR)
        return json_stringn((const char *)node->text.data, node->text.size);
    json = node->kind == SK_NODE_LIST ? json_array() : json_object();
    for (const struct sk_node *c = node->first; c != NULL; c = c->next) {
        if (node->kind == SK_NODE_LIST)
            json_array_append_new(json, sk_json_of_node(c));
        else
            json_object_set_new(json, (const char *)c->key.data,
                                sk_json_of_node(c));
    }
    return json;
}

/* ------------------------------------------------------------- programs */
static volatile pid_t running; /* `schakel ...`, until it ended */

void sk_world_run(struct sk_world *w, char *const *argv)
{
    char log[4096];
    int status = 0;
    pid_t pid;

    snprintf(log, sizeof(log), "%s/setup.log", w->root);
    pid = fork();
    if (pid < 0)
        sk_world_die(w, "cannot start a program: %s", strerror(errno));
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        if (fd >= 0) {
            dup2(fd, STDOUT_FILENO);
            dup2(fd, STDERR_FILENO);
        }
        execv(argv[0], argv);
        _exit(127);
    }
    running = pid;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    running = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        FILE *file = fopen(log, "r");
        char line[512];

        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
            fputs(line, stderr);
        if (file != NULL)
            fclose(file);
        sk_world_die(w, "'%s %s %s' failed; its last words are above", argv[0],
                     argv[1], argv[2]);
    }
}

/* ------------------------------------------------------------- one node */
/* Its log goes with its folder: the end of it now. */
static _Noreturn void die_with_log(struct sk_world *w,
                                   const struct sk_actor *actor,
                                   const char *what, const char *op)
{
    char log[4096];

    snprintf(log, sizeof(log), "%s/%s.log", w->root, actor->org);
    fflush(stdout);
    run_program("tail", "-n5", log);
    sk_world_die(w, "the node of %s %s%s%s; its last words are above",
                 actor->org, what, op[0] == '\0' ? "" : " ", op);
}

/* The process, until it says that it is ready. */
static void start_process(struct sk_world *w, struct sk_actor *actor)
{
    char log[4096];
    int ready[2];
    struct pollfd wait;
    char line[256];
    ssize_t got;

    if (pipe2(ready, O_CLOEXEC) != 0)
        sk_world_die(w, "cannot make a pipe: %s", strerror(errno));
    snprintf(log, sizeof(log), "%s/%s.log", w->root, actor->org);
    actor->pid = fork();
    if (actor->pid < 0)
        sk_world_die(w, "cannot start a node: %s", strerror(errno));
    if (actor->pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        char *argv[] = {(char *)(uintptr_t)w->schakeld,
                        (char *)(uintptr_t) "--dir",
                        actor->dir,
                        (char *)(uintptr_t) "--manual-clock",
                        w->now,
                        NULL};

        /* Kept nodes live on by themselves; others die with the story. */
        if (w->keep)
            setsid();
        else
            prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (fd >= 0)
            dup2(fd, STDERR_FILENO);
        dup2(ready[1], STDOUT_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ready[1]);
    wait = (struct pollfd){.fd = ready[0], .events = POLLIN};
    got =
        poll(&wait, 1, READY_MS) == 1 ? read(ready[0], line, sizeof(line)) : -1;
    close(ready[0]);
    if (got <= 0)
        die_with_log(w, actor, "does not start", "");
}

static void start_daemon(struct sk_world *w, struct sk_actor *actor)
{
    start_process(w, actor);
    if (sk_client_open(actor->dir, &actor->client) != SK_OK)
        die_with_log(w, actor, "does not answer", "");
    actor->online = true;
}

static void stop_process(struct sk_actor *actor, int signal)
{
    int status;

    if (actor->pid > 0) {
        kill(actor->pid, signal);
        while (waitpid(actor->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    actor->pid = 0;
}

static void stop_daemon(struct sk_actor *actor, int signal)
{
    sk_client_close(&actor->client);
    stop_process(actor, signal);
    actor->online = false;
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ------------------------------------------------------------- asking
 * With --crash some requests lose their node between the question and the
 * answer: before, while or after it is done.  The client asks again.
 */
struct strike {
    struct sk_world *w;
    struct sk_actor *actor;
    long pause_ns;
};

static void strike(void *context)
{
    struct strike *s = context;
    struct timespec pause = {.tv_nsec = s->pause_ns};

    if (s->pause_ns < 0)
        return; /* it struck before: this is the same request again */
    nanosleep(&pause, NULL);
    s->pause_ns = -1;
    s->w->kills++;
    s->w->kills_inside++;
    s->actor->restarts++;
    stop_process(s->actor, SIGKILL);
    start_process(s->w, s->actor);
}

static bool may_strike(struct sk_world *w, const char *op, struct strike *out)
{
    uint64_t roll;

    if (w->crash_seed == 0 || !w->started || !sk_ask_changes(op))
        return false;
    /* The bytes to replay are kept in memory only. */
    if (strcmp(op, "message.replay") == 0)
        return false;
    roll = splitmix(&w->crash_seed);
    out->pause_ns = (long)((roll >> 32) % STRIKE_NS_MAX);
    return roll % 3 == 0;
}

json_t *sk_world_ask(struct sk_world *w, struct sk_actor *actor, const char *op,
                     json_t *args, const struct sk_blob *blobs,
                     size_t blobs_count)
{
    struct strike s = {.w = w, .actor = actor};
    struct sk_client_hooks hooks = {.sent = strike, .context = &s};
    json_t *reply = NULL;
    enum sk_status status;
    bool struck;

    if (actor->client == NULL)
        sk_world_die(w, "the story asks something of %s, which is offline",
                     actor->org);
    struck = may_strike(w, op, &s);
    if (struck)
        sk_client_hook(actor->client, &hooks);
    status =
        sk_client_call(actor->client, op, args, blobs, blobs_count, &reply);
    sk_client_hook(actor->client, &(struct sk_client_hooks){0});
    json_decref(args);
    if (status != SK_OK)
        die_with_log(w, actor, "does not answer", op);
    if (struck)
        wait_lines(w, actor, "up");
    return reply;
}

json_t *sk_world_do(struct sk_world *w, struct sk_actor *actor, const char *op,
                    json_t *args)
{
    json_t *reply = sk_world_ask(w, actor, op, args, NULL, 0);
    json_t *result = json_object_get(reply, "result");

    if (!json_is_true(json_object_get(reply, "ok"))) {
        char *text = json_dumps(json_object_get(reply, "error"),
                                JSON_COMPACT | JSON_SORT_KEYS);

        sk_check(w, false, "%s: %s: %s", actor->org, op,
                 text == NULL ? "" : text);
        free(text);
        json_decref(reply);
        return json_object();
    }
    json_incref(result);
    json_decref(reply);
    return result;
}

/* ------------------------------------------------------------- settling */
static uint64_t number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static uint64_t frames_sent(const json_t *status)
{
    const json_t *sizes = json_object_get(status, "frame_sizes");
    uint64_t sum = 0;

    for (size_t i = 0; i < json_array_size(sizes); i++)
        sum += number(json_array_get(sizes, i), "count");
    return sum;
}

/* Items that a node still owes to partners that run. */
static uint64_t owed(struct sk_world *w, struct sk_actor *actor)
{
    json_t *result = sk_world_do(w, actor, "peer.list", NULL);
    const json_t *peers = json_object_get(result, "peers");
    uint64_t sum = 0;

    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i);
        const struct sk_actor *to =
            sk_world_actor(w, sk_json_text(peer, "org"));

        if (to != NULL && to->online && !to->suspended)
            sum += number(peer, "unconfirmed");
    }
    json_decref(result);
    return sum;
}

/* One look at every node: what is under way, and how much ever was. */
static bool look(struct sk_world *w, uint64_t *sum)
{
    bool quiet = true;

    *sum = 0;
    for (size_t i = 0; i < w->actors_count; i++) {
        json_t *status;

        if (!w->actors[i].online)
            continue;
        quiet = owed(w, &w->actors[i]) == 0 && quiet;
        status = sk_world_do(w, &w->actors[i], "node.status", NULL);
        *sum += frames_sent(status);
        json_decref(status);
    }
    return quiet;
}

void sk_world_settle(struct sk_world *w)
{
    int64_t deadline = monotonic_ms() + SETTLE_MS;
    uint64_t before = UINT64_MAX;
    uint64_t now;

    for (;;) {
        if (look(w, &now) && now == before)
            return;
        before = now;
        if (monotonic_ms() > deadline)
            sk_world_die(w, "the nodes do not come to rest within %d s",
                         SETTLE_MS / 1000);
        sleep_ms(STEP_MS);
    }
}

/* Does `from` see the line to `to` as up (or down)? */
static bool sees(struct sk_world *w, struct sk_actor *from,
                 const struct sk_actor *to, const char *line)
{
    json_t *peer =
        sk_world_do(w, from, "peer.show", json_pack("{s:s}", "org", to->org));
    bool yes = strcmp(sk_json_text(peer, "line"), line) == 0;

    json_decref(peer);
    return yes;
}

static void wait_lines(struct sk_world *w, struct sk_actor *one,
                       const char *line)
{
    int64_t deadline = monotonic_ms() + READY_MS;

    for (size_t i = 0; i < w->actors_count; i++) {
        struct sk_actor *other = &w->actors[i];

        if (other == one || !other->online || other->suspended ||
            one->suspended)
            continue;
        while (!sees(w, other, one, line) ||
               (one->online && !sees(w, one, other, line))) {
            if (monotonic_ms() > deadline)
                sk_world_die(w, "the line between %s and %s does not go %s",
                             one->org, other->org, line);
            sleep_ms(STEP_MS);
        }
    }
}

void sk_world_offline(struct sk_world *w, struct sk_actor *actor)
{
    stop_daemon(actor, SIGTERM);
    wait_lines(w, actor, "down");
}

void sk_world_online(struct sk_world *w, struct sk_actor *actor)
{
    start_daemon(w, actor);
    wait_lines(w, actor, "up");
    sk_world_settle(w);
}

void sk_world_clock(struct sk_world *w, const char *instant)
{
    bool moved = strcmp(w->now, instant) != 0;

    snprintf(w->now, sizeof(w->now), "%s", instant);
    for (size_t i = 0; moved && i < w->actors_count; i++)
        if (w->actors[i].online)
            json_decref(sk_world_do(w, &w->actors[i], "clock.set",
                                    json_pack("{s:s}", "at", instant)));
    if (moved)
        sk_world_settle(w);
}

/* ------------------------------------------------------------- weather */
static bool is_named(long pid, const char *name)
{
    char path[64];
    char comm[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fgets(comm, sizeof(comm), file) != NULL)
        comm[strcspn(comm, "\n")] = '\0';
    fclose(file);
    return strcmp(comm, name) == 0;
}

/* The process that a node runs for the network; 0: it is being started. */
static pid_t child_of(pid_t pid)
{
    char path[64];
    char line[128] = "";
    char *end = line;
    FILE *file;
    long child;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
             (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof(line), file) == NULL)
        line[0] = '\0';
    fclose(file);
    do {
        child = strtol(end, &end, 10);
    } while (child > 0 && !is_named(child, "schakel-net"));
    return (pid_t)child;
}

void sk_world_weather(struct sk_world *w)
{
    uint64_t roll;
    struct sk_actor *actor;
    struct timespec pause = {0};

    if (w->crash_seed == 0)
        return;
    roll = splitmix(&w->crash_seed);
    actor = &w->actors[(roll >> 8) % w->actors_count];
    if (!actor->online || roll % 4 == 3)
        return;
    /* Somewhere between at once and a few round trips later. */
    pause.tv_nsec = (long)((roll >> 32) % 4000000);
    nanosleep(&pause, NULL);
    w->kills++;
    if (roll % 4 == 0) {
        pid_t net = child_of(actor->pid);

        if (net > 0)
            kill(net, SIGKILL);
        return;
    }
    actor->restarts++;
    stop_daemon(actor, SIGKILL);
    start_daemon(w, actor);
    wait_lines(w, actor, "up");
}

/* ------------------------------------------------------------- starting */
struct sk_actor *sk_world_actor(struct sk_world *w, const char *org)
{
    for (size_t i = 0; i < w->actors_count; i++)
        if (strcmp(w->actors[i].org, org) == 0)
            return &w->actors[i];
    return NULL;
}

char *sk_world_path(struct sk_world *w, const char *format, ...)
{
    char path[PATH_MAX];
    va_list arguments;
    struct sk_bytes copy;
    int size;

    va_start(arguments, format);
    size = vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof(path))
        sk_world_die(w, "a path is too long");
    copy = sk_arena_copy(&w->arena, sk_text(path));
    return sk_world_must(w, (void *)(uintptr_t)copy.data);
}

static void join_nodes(struct sk_world *w)
{
    for (size_t i = 0; i < w->actors_count; i++) {
        struct sk_actor *actor = &w->actors[i];

        if (!actor->active)
            continue;
        start_daemon(w, actor);
        sk_federation_join(w, actor);
    }
}

/* Whose folder goes when a signal ends the story. */
static struct sk_world *playing;

/* Safe in a handler of signals, as all that it calls. */
static void end_by_signal(int signal_number)
{
    struct sk_actor program = {.pid = running};

    stop_process(&program, SIGKILL);
    for (size_t i = 0; i < playing->actors_count; i++)
        stop_process(&playing->actors[i], SIGKILL);
    run_program("rm", "-rf", playing->root);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void watch_signals(struct sk_world *w)
{
    struct sigaction action = {.sa_handler = end_by_signal};

    playing = w;
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void sk_world_start(struct sk_world *w)
{
    const char *base = getenv("TMPDIR");

    w->root = sk_world_path(w, "%s/schakel-rehearse-XXXXXX",
                            base == NULL || base[0] == '\0' ? "/tmp" : base);
    if (mkdtemp(w->root) == NULL)
        sk_world_die(w, "cannot make %s: %s", w->root, strerror(errno));
    watch_signals(w);
    sk_federation_make(w);
    join_nodes(w);
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].online)
            wait_lines(w, &w->actors[i], "up");
    sk_world_settle(w);
    w->started = true;
}

void sk_world_stop(struct sk_world *w)
{
    if (w->keep)
        return;
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].pid > 0)
            kill(w->actors[i].pid, SIGTERM);
    for (size_t i = 0; i < w->actors_count; i++)
        stop_daemon(&w->actors[i], SIGTERM);
    if (w->root != NULL)
        run_program("rm", "-rf", w->root);
}
