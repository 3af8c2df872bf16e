/*
 * What others notice of clients that ask for nothing good.
 *                                                    docs/PERFORMANCE.md 9.1
 *     bench_flood DIR PARTICIPANT SECONDS
 *
 * DIR: a node of a rehearsal that runs.  One client shows PARTICIPANT and
 * records an event about it, again and again; first alone, then beside FLOODERS
 * processes that open, send half a request and hang up; that send many requests
 * at once which are all refused; that send requests and hang up before the
 * replies.  For each, one line: requests per second, p50 and p99 in ms.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/dev/measure.h"
#include "tools/schakel/client.h"
#include "tools/schakel/json.h"

#define FLOODERS 4
#define AT_ONCE 32
#define SAMPLES_MAX 100000

static const char *dir;
static const char *participant;

static void die(const char *what)
{
    fprintf(stderr, "bench_flood: %s\n", what);
    exit(1);
}

static int connect_to(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl.sock",
                 dir) >= (int)sizeof(address.sun_path))
        die("the name of the folder is too long");
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("the node takes no connection");
    return fd;
}

/* ------------------------------------------------------------- floods */

/* A size, and half of what it announces. */
static void halves(void)
{
    static const uint8_t half[204] = {0, 0, 1, 0x90};
    int fd = connect_to();

    (void)!send(fd, half, sizeof(half), MSG_NOSIGNAL);
    close(fd);
}

static struct sk_client *client_open(void)
{
    struct sk_client *client = NULL;

    if (sk_client_open(dir, &client) != SK_OK)
        die("the node takes no connection");
    return client;
}

/* Fields that the vocabulary does not have, or the other way round. */
static void ask_record(struct sk_client *client, const char *kind)
{
    json_t *args =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "participant",
                  participant, "type", "action.planned", "fields",
                  "action_kind", kind, "action_status", "planned", "due_date",
                  "2026-10-20", "action_title", "Gesprek");

    if (sk_client_ask(client, "event.record", args, NULL, 0) != SK_OK)
        die("the node takes no request");
    json_decref(args);
}

static void refused(void)
{
    static struct sk_client *client;

    if (client == NULL)
        client = client_open();
    for (int i = 0; i < AT_ONCE; i++)
        ask_record(client, "no-such-kind");
    for (int i = 0; i < AT_ONCE; i++) {
        struct sk_value reply;

        if (sk_client_value(client, &reply) != SK_OK)
            die("no answer");
        if (sk_value_bool(sk_value_get(reply, "ok")))
            die("it should have been refused");
    }
}

static void unheard(void)
{
    struct sk_client *client = client_open();

    for (int i = 0; i < AT_ONCE; i++)
        ask_record(client, i % 2 == 0 ? "application" : "no-such-kind");
    sk_client_close(&client);
}

/* ------------------------------------------------------------- somebody */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void call(struct sk_client *client)
{
    struct sk_value reply;

    ask_record(client, "application");
    if (sk_client_value(client, &reply) != SK_OK ||
        !sk_value_bool(sk_value_get(reply, "ok")))
        die("an event is not recorded");
}

static void measure(const char *name, double seconds)
{
    static double samples[SAMPLES_MAX];
    struct sk_client *client = client_open();
    double end = now_s() + seconds;
    size_t count = 0;

    while (count < SAMPLES_MAX && now_s() < end) {
        double before = now_s();

        call(client);
        samples[count++] = now_s() - before;
    }
    sk_client_close(&client);
    qsort(samples, count, sizeof(samples[0]), compare_doubles);
    printf("  %-34s %7.0f /s  p50 %7.2f ms  p99 %7.2f ms\n", name,
           (double)count / seconds, samples[count / 2] * 1e3,
           samples[count * 99 / 100] * 1e3);
    fflush(stdout);
}

static void beside(const char *name, void (*flood)(void), double seconds)
{
    pid_t pids[FLOODERS];

    for (size_t i = 0; i < FLOODERS; i++) {
        pids[i] = fork();
        if (pids[i] < 0)
            die("fork");
        while (pids[i] == 0)
            flood();
    }
    measure(name, seconds);
    for (size_t i = 0; i < FLOODERS; i++) {
        int status = 0;

        (void)kill(pids[i], SIGKILL);
        if (waitpid(pids[i], &status, 0) != pids[i] || !WIFSIGNALED(status))
            die("a flood came to an end by itself");
    }
}

/* What four busy clients that want something take, for comparison. */
static void busy(void)
{
    static struct sk_client *client;

    if (client == NULL)
        client = client_open();
    call(client);
}

int main(int argc, char **argv)
{
    double seconds = argc == 4 ? strtod(argv[3], NULL) : 0;

    if (seconds <= 0) {
        fprintf(stderr, "usage: bench_flood DIR PARTICIPANT SECONDS\n");
        return 2;
    }
    dir = argv[1];
    participant = argv[2];
    measure("alone", seconds);
    beside("beside 4 who record events, too", busy, seconds);
    beside("4 open, say half, and hang up", halves, seconds);
    beside("4 ask 32 at once, all refused", refused, seconds);
    beside("4 ask 32 at once, and hang up", unheard, seconds);
    measure("alone again", seconds);
    return 0;
}
