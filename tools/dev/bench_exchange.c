/*
 * Exchange between two real nodes: decided, signed, sealed, fsynced at both
 * ends, receipts back.
 *
 *     bench_exchange REPORT.json EVENTS
 *
 * REPORT.json is what `schakel rehearse --keep --json
 * tools/dev/bench/story.yaml` printed.  Events of about 512 bytes are recorded
 * first (not timed), then offered over many connections at once, as many
 * coaches and client systems would.  Throughput counts from the first offer to
 * the last receipt; latency is one event at a time on an idle pair, from the
 * offer to the receipt seen by a client of the sender.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/client.h"
#include "tools/schakel/json.h"

#define WORKERS 60
#define SINGLES 400

static const char *sender_dir;
static char participant[SK_ID_TEXT_SIZE + 1];
static char (*events)[SK_ID_TEXT_SIZE + 1];
static size_t events_count;
static atomic_size_t next_event;

static void die(const char *what)
{
    fprintf(stderr, "bench_exchange: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The result of an operation that must succeed. */
static json_t *must(struct sk_client *client, const char *op, json_t *args)
{
    json_t *reply = NULL;
    json_t *result;

    if (sk_client_call(client, op, args, NULL, 0, &reply) != SK_OK)
        die(op);
    json_decref(args);
    if (!json_is_true(json_object_get(reply, "ok"))) {
        sk_json_print(reply);
        die(op);
    }
    result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

static struct sk_client *connect_to(const char *dir)
{
    struct sk_client *client = NULL;

    if (sk_client_open(dir, &client) != SK_OK)
        die("a node does not answer");
    return client;
}

static void record(struct sk_client *client, size_t i)
{
    char title[120];
    json_t *result;

    snprintf(title, sizeof(title), "Afspraak %08zu %58s", i, "gesprek");
    result =
        must(client, "event.record",
             json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "participant",
                       participant, "type", "action.planned", "fields",
                       "action_kind", "application", "action_status", "planned",
                       "due_date", "2026-10-20", "action_title", title,
                       "appointment_place",
                       "Sociaal Huis van de voorbeeldgemeente, lokaal 2 op de "
                       "eerste verdieping"));
    snprintf(events[i], sizeof(events[i]), "%s", sk_json_text(result, "event"));
    json_decref(result);
}

static json_t *offer(struct sk_client *client, size_t i)
{
    return must(client, "disclosure.send",
                json_pack("{s:s, s:s, s:s}", "event", events[i], "for",
                          "guidance.joint", "to", "school-b"));
}

static void *record_some(void *unused)
{
    struct sk_client *client = connect_to(sender_dir);
    size_t i;

    (void)unused;
    while ((i = atomic_fetch_add(&next_event, 1)) < events_count)
        record(client, i);
    sk_client_close(&client);
    return NULL;
}

static void *offer_some(void *unused)
{
    struct sk_client *client = connect_to(sender_dir);
    size_t i;

    (void)unused;
    while ((i = atomic_fetch_add(&next_event, 1)) < events_count)
        json_decref(offer(client, i));
    sk_client_close(&client);
    return NULL;
}

static void run_workers(void *(*work)(void *))
{
    pthread_t threads[WORKERS];

    atomic_store(&next_event, 0);
    for (size_t i = 0; i < WORKERS; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            die("no threads");
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
}

static void wait_for_receipts(struct sk_client *client)
{
    for (;;) {
        json_t *status = must(client, "node.status", json_object());
        json_int_t left = json_integer_value(
            json_object_get(json_object_get(status, "pending"), "events"));

        json_decref(status);
        if (left == 0)
            return;
        usleep(500);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure_singles(struct sk_client *client)
{
    static double samples[SINGLES];

    for (size_t i = 0; i < SINGLES; i++) {
        double before = now_s();
        json_t *sent = offer(client, i % events_count);
        const char *message = sk_json_text(sent, "message");
        bool stored = false;

        while (!stored) {
            json_t *view = must(client, "message.show",
                                json_pack("{s:s}", "message", message));

            stored = strcmp(sk_json_text(view, "state"), "stored") == 0;
            json_decref(view);
        }
        samples[i] = now_s() - before;
        json_decref(sent);
    }
    qsort(samples, SINGLES, sizeof(samples[0]), compare_doubles);
    printf("  single event, offer to receipt: p50 %.2f ms  p99 %.2f ms\n",
           samples[SINGLES / 2] * 1e3, samples[SINGLES * 99 / 100] * 1e3);
}

/* Resident memory of a process, KiB. */
static long resident_kib(long pid)
{
    char path[64];
    char line[256];
    long kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib;
}

static long child_of(long pid)
{
    char path[64];
    long child = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
    file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%ld", &child) != 1)
        child = 0;
    if (file != NULL)
        fclose(file);
    return child;
}

/* What this disk takes for one durable write: the limit of everything. */
static void tell_disk(const char *dir)
{
    static const char page[4096] = "x";
    char path[4096];
    double start;
    int fd;

    snprintf(path, sizeof(path), "%s/bench.tmp", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        die(path);
    start = now_s();
    for (int i = 0; i < 40; i++)
        if (pwrite(fd, page, sizeof(page), 0) != (ssize_t)sizeof(page) ||
            fdatasync(fd) != 0)
            die(path);
    printf("  this disk: %.2f ms for one durable write (fdatasync); one event "
           "needs three commits in a row\n",
           (now_s() - start) / 40 * 1e3);
    close(fd);
    unlink(path);
}

static void tell_memory(const json_t *node, const char *when)
{
    long pid = (long)json_integer_value(json_object_get(node, "pid"));
    long core = resident_kib(pid);
    long net = resident_kib(child_of(pid));

    printf("  resident memory, %s: %.1f MiB (schakeld %.1f, schakel-net "
           "%.1f)\n",
           when, (double)(core + net) / 1024, (double)core / 1024,
           (double)net / 1024);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *report = argc == 3 ? json_load_file(argv[1], 0, &error) : NULL;
    const json_t *node = json_array_get(json_object_get(report, "nodes"), 0);
    struct sk_client *client;
    json_t *list;
    double start;
    double spent;

    if (node == NULL)
        die("usage: bench_exchange REPORT.json EVENTS");
    sender_dir = sk_json_text(node, "dir");
    events_count = strtoul(argv[2], NULL, 10);
    events = calloc(events_count, sizeof(*events));
    if (events == NULL || events_count == 0)
        die("out of memory");
    printf("Exchange between two nodes, durable at both ends\n");
    tell_disk(sender_dir);
    tell_memory(node, "idle node");
    client = connect_to(sender_dir);
    list = must(client, "participant.list", json_object());
    snprintf(
        participant, sizeof(participant), "%s",
        sk_json_text(json_array_get(json_object_get(list, "participants"), 0),
                     "participant"));
    start = now_s();
    run_workers(record_some);
    spent = now_s() - start;
    printf("  recorded   %10.0f events/s\n", (double)events_count / spent);
    start = now_s();
    run_workers(offer_some);
    wait_for_receipts(client);
    spent = now_s() - start;
    printf("  exchanged  %10.0f events/s   (%zu events, %d connections)\n",
           (double)events_count / spent, events_count, WORKERS);
    printf("schakel-rate %.0f\n", (double)events_count / spent);
    measure_singles(client);
    tell_memory(node, "after the run");
    json_decref(list);
    json_decref(report);
    sk_client_close(&client);
    return 0;
}
