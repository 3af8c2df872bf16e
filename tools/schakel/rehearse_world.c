#include "tools/schakel/rehearse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

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

static void *must(const struct sk_world *w, void *memory)
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
    struct sk_alias *a = must(w, calloc(1, sizeof(*a)));

    a->kind = kind;
    a->actor = actor;
    a->alias = must(w, strdup(alias));
    a->id = must(w, strdup(id));
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

/* Run `schakel ...` and wait; its output goes to the log. */
static void run(struct sk_world *w, char *const *argv)
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

static int free_port(struct sk_world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    if (port == 0)
        sk_world_die(w, "no free port on loopback: %s", strerror(errno));
    return port;
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

/* ------------------------------------------------------------- set-up */
struct sk_actor *sk_world_actor(struct sk_world *w, const char *org)
{
    for (size_t i = 0; i < w->actors_count; i++)
        if (strcmp(w->actors[i].org, org) == 0)
            return &w->actors[i];
    return NULL;
}

/* A path, in the world's arena. */
__attribute__((format(printf, 2, 3))) static char *
path_of(struct sk_world *w, const char *format, ...)
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
    return must(w, (void *)(uintptr_t)copy.data);
}

static struct sk_bytes read_file(struct sk_world *w, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct sk_bytes bytes;
    uint8_t *data;
    size_t size;

    if (file == NULL)
        sk_world_die(w, "cannot read %s: %s", path, strerror(errno));
    data = must(w, malloc(SK_YAML_SIZE_MAX + 2));
    size = fread(data, 1, SK_YAML_SIZE_MAX + 1, file);
    fclose(file);
    bytes = sk_arena_copy(&w->arena, (struct sk_bytes){data, size});
    free(data);
    if (w->arena.full)
        sk_world_die(w, "%s: out of memory", path);
    return bytes;
}

static const struct sk_node *read_yaml(struct sk_world *w, const char *path)
{
    struct sk_node *tree = NULL;

    if (sk_yaml_read(path, read_file(w, path), &w->arena, &w->findings,
                     &tree) != SK_OK)
        sk_world_die(w, "%s: out of memory", path);
    for (size_t i = 0; tree == NULL && i < w->findings.count; i++) {
        const struct sk_finding *f = &w->findings.list[i];

        fprintf(stderr, "%s:%u:%u: %s: %s\n", f->place.file, f->place.line,
                f->place.column, f->code, w->dutch ? f->nl : f->en);
    }
    if (tree == NULL)
        sk_world_die(w, "%s cannot be read", path);
    return tree;
}

/* The files that a node's bundle.yaml names. */
static void load_bundle(struct sk_world *w, struct sk_actor *actor)
{
    static const char *const keys[SK_SOURCE_COUNT] = {
        "vocabulary", "partners", "guards", "policy", "invariants"};
    char *path = path_of(w, "%s/bundle.yaml", actor->bundle_dir);
    const struct sk_node *bundle = read_yaml(w, path);
    struct sk_bundle *loaded = NULL;

    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const char *name = sk_step_text(bundle, keys[i]);

        actor->sources.of[i].name = keys[i];
        if (name[0] == '\0')
            continue;
        path = name[0] == '/' ? path_of(w, "%s", name)
                              : path_of(w, "%s/%s", actor->bundle_dir, name);
        actor->sources.of[i].name = path;
        actor->sources.of[i].bytes = read_file(w, path);
    }
    if (sk_sources_read(&actor->sources, &w->arena) != SK_OK ||
        sk_sources_load(&actor->sources, INT32_MIN, &w->arena, &w->findings,
                        &loaded) != SK_OK)
        sk_world_die(w, "%s: out of memory", actor->bundle_dir);
    if (loaded == NULL)
        sk_world_die(w,
                     "the bundle in %s has errors; run: schakel policy "
                     "check %s",
                     actor->bundle_dir, actor->bundle_dir);
    w->words = loaded;
}

static void read_roster(struct sk_world *w)
{
    char *path = path_of(w, "%s/partners.yaml", w->bundles);
    const struct sk_node *roster = read_yaml(w, path);
    const struct sk_node *orgs = sk_node_get(roster, "orgs");

    for (const struct sk_node *org = orgs == NULL ? NULL : orgs->first;
         org != NULL; org = org->next) {
        struct sk_actor *actor = &w->actors[w->actors_count];
        struct stat exists;

        if (w->actors_count == SK_ACTORS_MAX)
            sk_world_die(w, "more than %d partners in one story",
                         SK_ACTORS_MAX);
        w->actors_count++;
        actor->org = must(w, strdup((const char *)org->key.data));
        actor->name = must(w, strdup(sk_step_text(org, "name")));
        actor->active = strcmp(sk_step_text(org, "status"), "left") != 0;
        actor->suspended =
            strcmp(sk_step_text(org, "status"), "suspended") == 0;
        path = path_of(w, "%s/nodes/%s", w->bundles, actor->org);
        if (stat(path, &exists) == 0) {
            actor->bundle_dir = path;
            load_bundle(w, actor);
        }
    }
    if (w->actors_count == 0)
        sk_world_die(w, "%s/partners.yaml names no partners", w->bundles);
    if (w->words == NULL)
        sk_world_die(w, "no partner in %s has a bundle", w->bundles);
    w->glossary =
        must(w, sk_glossary_of(sk_bundle_vocabulary(w->words), w->dutch));
}

static void write_file(struct sk_world *w, const char *path,
                       struct sk_bytes bytes)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(bytes.data, 1, bytes.size, file) != bytes.size ||
        fclose(file) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
}

static void init_nodes(struct sk_world *w)
{
    char *key = path_of(w, "%s/key", w->root);
    uint8_t secret_bytes[32];

    if (getrandom(secret_bytes, sizeof(secret_bytes), 0) !=
        (ssize_t)sizeof(secret_bytes))
        sk_world_die(w, "no randomness: %s", strerror(errno));
    write_file(w, key, (struct sk_bytes){secret_bytes, sizeof(secret_bytes)});
    chmod(key, 0600);
    for (size_t i = 0; i < w->actors_count; i++) {
        struct sk_actor *actor = &w->actors[i];
        char *endpoint;

        if (!actor->active)
            continue;
        actor->port = free_port(w);
        actor->dir = path_of(w, "%s/%s", w->root, actor->org);
        endpoint = path_of(w, "tcp://127.0.0.1:%d", actor->port);
        run(w,
            (char *[]){(char *)(uintptr_t)w->schakel, "init", "--dir",
                       actor->dir, "--org", actor->org, "--endpoint", endpoint,
                       "--listen", endpoint, "--key-file", key, NULL});
    }
}

/* The first partner that runs a node signs the charters. */
static const struct sk_actor *steward_of(struct sk_world *w)
{
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].active)
            return &w->actors[i];
    sk_world_die(w, "no partner of the story is active");
}

static void sign_charter(struct sk_world *w, char *charter)
{
    run(w, (char *[]){(char *)(uintptr_t)w->schakel, "charter", "sign", "--dir",
                      steward_of(w)->dir, charter, NULL});
}

static void import_charter(struct sk_world *w, const struct sk_actor *actor,
                           char *charter)
{
    run(w, (char *[]){(char *)(uintptr_t)w->schakel, "charter", "import",
                      "--dir", actor->dir, charter, NULL});
}

/* A charter of the story's own files, signed by its first partner. */
static void make_charter(struct sk_world *w)
{
    char *argv[24 + 2 * SK_ACTORS_MAX];
    char *charter = path_of(w, "%s/charter-0", w->root);
    const struct sk_source *of = NULL;
    const struct sk_actor *steward = steward_of(w);
    char *roster = path_of(w, "%s/partners.yaml", w->bundles);
    size_t n = 0;

    for (size_t i = 0; i < w->actors_count; i++) {
        if (of == NULL && w->actors[i].bundle_dir != NULL)
            of = w->actors[i].sources.of;
    }
    assert(of != NULL);
    w->roster = must(w, strdup((const char *)read_file(w, roster).data));
    argv[n++] = (char *)(uintptr_t)w->schakel;
    argv[n++] = "charter";
    argv[n++] = "new";
    argv[n++] = "--out";
    argv[n++] = charter;
    argv[n++] = "--id";
    argv[n++] = "rehearsal";
    argv[n++] = "--vocabulary";
    argv[n++] = (char *)(uintptr_t)of[SK_SOURCE_VOCABULARY].name;
    argv[n++] = "--guards";
    argv[n++] = (char *)(uintptr_t)of[SK_SOURCE_GUARDS].name;
    argv[n++] = "--partners";
    argv[n++] = roster;
    argv[n++] = "--threshold";
    argv[n++] = "1";
    argv[n++] = "--steward";
    argv[n++] = steward->org;
    for (size_t i = 0; i < w->actors_count; i++) {
        if (!w->actors[i].active)
            continue;
        argv[n++] = "--card";
        argv[n++] = path_of(w, "%s/own.card", w->actors[i].dir);
    }
    argv[n] = NULL;
    run(w, argv);
    sign_charter(w, charter);
}

/* The roster with one more line under a partner; it outlives its step. */
static void change_roster(struct sk_world *w, const char *org,
                          const char *status)
{
    char *head = path_of(w, "\n  %s:\n", org);
    const char *at = strstr(w->roster, head);
    char *text = NULL;
    int front;

    if (at == NULL)
        sk_world_die(w, "the roster has no partner %s", org);
    at += strlen(head);
    front = (int)(at - w->roster);
    if (asprintf(&text, "%.*s    status: %s\n%s", front, w->roster, status,
                 at) < 0)
        sk_world_die(w, "out of memory");
    free(w->roster);
    w->roster = text;
}

void sk_world_standing(struct sk_world *w, const char *org, const char *status)
{
    char *before = path_of(w, "%s/charter-%zu", w->root, w->charters);
    char *charter = path_of(w, "%s/charter-%zu", w->root, ++w->charters);
    char *roster = path_of(w, "%s/partners-%zu.yaml", w->root, w->charters);

    change_roster(w, org, status);
    write_file(w, roster, sk_text(w->roster));
    run(w, (char *[]){(char *)(uintptr_t)w->schakel, "charter", "add", "--out",
                      charter, "--partners", roster, before, NULL});
    sign_charter(w, charter);
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].online)
            import_charter(w, &w->actors[i], charter);
}

/* ------------------------------------------------------------- policies
 * Signed by two officers of the story, with the commands that people use. */

#define OFFICERS 2
static const char *const officer_names[OFFICERS] = {"deputy", "dpo"};

static void make_officer(struct sk_world *w, size_t i, FILE *list)
{
    char *path = path_of(w, "%s/%s.key", w->root, officer_names[i]);
    char base64[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    uint8_t room[SK_MINISIGN_SECRET_SIZE_MAX];
    struct sk_sign_secret secret;
    struct sk_sign_public public;
    struct sk_minisign_key key;
    struct sk_seed seed;
    struct sk_bytes bytes;

    sk_seed_fill(&seed);
    sk_sign_keypair(&seed, &public, &secret);
    sk_minisign_key_of(&public, &key);
    if (sk_minisign_secret_format(&secret, &key,
                                  (struct sk_room){room, sizeof(room)},
                                  &bytes) != SK_OK)
        sk_world_die(w, "cannot make %s", path);
    write_file(w, path, bytes);
    chmod(path, 0600);
    sk_wipe(room, sizeof(room));
    sk_wipe(&secret, sizeof(secret));
    sk_minisign_key_format(&key, base64);
    fprintf(list, "  %s: %s\n", officer_names[i], base64);
}

static void make_officers(struct sk_world *w)
{
    char *path = path_of(w, "%s/officers.yaml", w->root);
    FILE *list = fopen(path, "w");

    if (list == NULL)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
    fputs("format: officers/1\nofficers:\n", list);
    for (size_t i = 0; i < OFFICERS; i++)
        make_officer(w, i, list);
    if (fclose(list) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
}

/* The bundle of a partner beside the list of officers. */
static char *make_bundle(struct sk_world *w, const struct sk_actor *actor)
{
    static const char *const keys[SK_SOURCE_COUNT] = {
        [SK_SOURCE_VOCABULARY] = "vocabulary", [SK_SOURCE_GUARDS] = "guards",
        [SK_SOURCE_PARTNERS] = "partners",     [SK_SOURCE_POLICY] = "policy",
        [SK_SOURCE_INVARIANTS] = "invariants",
    };
    char *dir = path_of(w, "%s/%s.policy", w->root, actor->org);
    char *path = path_of(w, "%s/bundle.yaml", dir);
    char *from = path_of(w, "%s/officers.yaml", w->root);
    char *to = path_of(w, "%s/officers.yaml", dir);
    FILE *bundle = mkdir(dir, 0700) == 0 ? fopen(path, "w") : NULL;

    if (bundle == NULL || symlink(from, to) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
    fprintf(bundle, "format: bundle/1\nbundle: %s\n", actor->org);
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const struct sk_source *one = &actor->sources.of[i];
        char *whole;

        if (one->bytes.size == 0)
            continue;
        whole = must(w, realpath(one->name, NULL));
        /* What officers sign lies in the folder, under its own name. */
        if (i == SK_SOURCE_POLICY || i == SK_SOURCE_INVARIANTS) {
            if (symlink(whole, path_of(w, "%s/%s.yaml", dir, keys[i])) != 0)
                sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
            fprintf(bundle, "%s: %s.yaml\n", keys[i], keys[i]);
        } else {
            fprintf(bundle, "%s: '%s'\n", keys[i], whole);
        }
        free(whole);
    }
    if (fclose(bundle) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
    return dir;
}

static void activate_policy(struct sk_world *w, const struct sk_actor *actor)
{
    char *schakel = (char *)(uintptr_t)w->schakel;
    char *dir = make_bundle(w, actor);

    for (size_t i = 0; i < OFFICERS; i++)
        run(w, (char *[]){schakel, "policy", "sign", dir, "--first", "--as",
                          (char *)(uintptr_t)officer_names[i], "--key",
                          path_of(w, "%s/%s.key", w->root, officer_names[i]),
                          NULL});
    run(w, (char *[]){schakel, "policy", "activate", dir, "--dir", actor->dir,
                      NULL});
}

static void join_nodes(struct sk_world *w)
{
    char *charter = path_of(w, "%s/charter-0", w->root);

    for (size_t i = 0; i < w->actors_count; i++) {
        struct sk_actor *actor = &w->actors[i];

        if (!actor->active)
            continue;
        start_daemon(w, actor);
        import_charter(w, actor, charter);
        if (actor->bundle_dir == NULL)
            continue;
        activate_policy(w, actor);
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

    w->root = path_of(w, "%s/schakel-rehearse-XXXXXX",
                      base == NULL || base[0] == '\0' ? "/tmp" : base);
    if (mkdtemp(w->root) == NULL)
        sk_world_die(w, "cannot make %s: %s", w->root, strerror(errno));
    watch_signals(w);
    read_roster(w);
    init_nodes(w);
    make_charter(w);
    make_officers(w);
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
