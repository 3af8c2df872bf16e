/*
 * Exchange between two real nodes: decided, signed, sealed, fsynced at both
 * ends, receipts back.                                  docs/PERFORMANCE.md
 *
 *     bench_exchange REPORT.json EVENTS PERSONS
 *
 * REPORT.json is what `schakel rehearse --keep --json
 * tools/dev/bench/story.yaml` printed.  PERSONS participants get a relation
 * and a consent; events of about 512 bytes are recorded about them in turn,
 * so that neighbours are never about the same person, and then offered over
 * many connections at once: first one request at a time on each, as coaches
 * do, then with requests sent ahead, as client systems do.  Throughput counts
 * from the first offer to the last receipt; latency is one event at a time on
 * an idle pair, from the offer to the receipt seen by a client of the sender.
 * With each phase: what it cost the processes, which other programs on the
 * machine hardly change.  Beside it: what the disk and the crypto take.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/dev/bench_floor.h"
#include "tools/dev/bench_physics.h"
#include "tools/dev/measure.h"
#include "tools/schakel/client.h"
#include "tools/schakel/json.h"

#define WORKERS 60
#define AHEAD 16
#define SINGLES 400

static const char *sender_dir;
static char (*persons)[SK_ID_TEXT_SIZE + 1];
static size_t persons_count;
static char (*events)[SK_ID_TEXT_SIZE + 1];
static size_t events_count;

static void die(const char *what)
{
    fprintf(stderr, "bench_exchange: %s\n", what);
    exit(1);
}

/* blob: a file, or NULL. */
static void ask(struct sk_client *client, const char *op, json_t *args,
                const struct sk_blob *blob)
{
    if (sk_client_ask(client, op, args, blob, blob == NULL ? 0 : 1) != SK_OK)
        die(op);
    json_decref(args);
}

/* The result of an operation that must succeed. */
static json_t *answer(struct sk_client *client)
{
    json_t *reply = NULL;
    json_t *result;

    if (sk_client_answer(client, &reply) != SK_OK)
        die("no answer");
    if (!json_is_true(json_object_get(reply, "ok"))) {
        sk_json_print(reply);
        die("refused");
    }
    result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

static json_t *must(struct sk_client *client, const char *op, json_t *args)
{
    ask(client, op, args, NULL);
    return answer(client);
}

static struct sk_client *connect_to(const char *dir)
{
    struct sk_client *client = NULL;

    if (sk_client_open(dir, &client) != SK_OK)
        die("a node does not answer");
    return client;
}

/* A participant whom school-b may hear about. */
static void admit(struct sk_client *client, size_t i)
{
    const struct sk_blob notice = {.argument = "notice",
                                   .bytes = sk_text("What it is about.")};
    char name[40];
    json_t *result;

    snprintf(name, sizeof(name), "Noor %zu", i);
    result =
        must(client, "participant.add", json_pack("{s:s}", "given_name", name));
    snprintf(persons[i], sizeof(persons[i]), "%s",
             sk_json_text(result, "participant"));
    json_decref(result);
    json_decref(must(client, "relation.open",
                     json_pack("{s:s, s:s, s:s}", "participant", persons[i],
                               "org", "school-b", "from", "2026-10-01")));
    ask(client, "consent.give",
        json_pack("{s:s, s:s, s:[s], s:[s], s:[s], s:s}", "participant",
                  persons[i], "until", "2027-09-30", "purposes",
                  "guidance.joint", "recipients", "school-b", "categories",
                  "process.trajectory", "form", "screen"),
        &notice);
}

static void record(struct sk_client *client, size_t i)
{
    char title[120];

    snprintf(title, sizeof(title), "Afspraak %08zu %58s", i, "gesprek");
    ask(client, "event.record",
        json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "participant",
                  persons[i % persons_count], "type", "action.planned",
                  "fields", "action_kind", "application", "action_status",
                  "planned", "due_date", "2026-10-20", "action_title", title,
                  "appointment_place",
                  "Sociaal Huis van de voorbeeldgemeente, lokaal 2 op de "
                  "eerste verdieping"),
        NULL);
}

static void keep_event(size_t i, struct sk_value result)
{
    struct sk_bytes id = sk_value_str(sk_value_get(result, "event"));

    snprintf(events[i], sizeof(events[i]), "%.*s", (int)id.size,
             (const char *)id.data);
}

static void offer(struct sk_client *client, size_t i)
{
    ask(client, "disclosure.send",
        json_pack("{s:s, s:s, s:s}", "event", events[i], "for",
                  "guidance.joint", "to", "school-b"),
        NULL);
}

/* ------------------------------------------------------------- many at once */

struct job {
    void (*ask)(struct sk_client *, size_t i);
    void (*take)(size_t i, struct sk_value result); /* or NULL */
    size_t count;
    size_t ahead; /* requests on a connection before the first answer */
    atomic_size_t next;
};

struct worker {
    struct sk_client *client; /* stays connected from job to job */
    struct job *job;
};
static struct worker workers[WORKERS];

static void work_some(struct job *job, struct sk_client *client, size_t first)
{
    size_t end = first + job->ahead;

    if (end > job->count)
        end = job->count;
    for (size_t i = first; i < end; i++)
        job->ask(client, i);
    for (size_t i = first; i < end; i++) {
        struct sk_value reply;

        if (sk_client_value(client, &reply) != SK_OK)
            die("no answer");
        if (!sk_value_bool(sk_value_get(reply, "ok")))
            die("refused");
        if (job->take != NULL)
            job->take(i, sk_value_get(reply, "result"));
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct job *job = worker->job;
    size_t first;

    while ((first = atomic_fetch_add(&job->next, job->ahead)) < job->count)
        work_some(job, worker->client, first);
    return NULL;
}

static void run(struct job job)
{
    pthread_t threads[WORKERS];

    for (size_t i = 0; i < WORKERS; i++) {
        workers[i].job = &job;
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            die("no threads");
    }
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
        usleep(2000); /* asking costs the sender time, too */
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Beside what an event cannot do without: commits at both ends, and crypto. */
static void measure_singles(struct sk_client *client,
                            const struct physics *physics)
{
    double least = 2 * physics->commit_s + physics->crypto_s;

    static double samples[SINGLES];

    for (size_t i = 0; i < SINGLES; i++) {
        double before = now_s();
        const char *message;
        bool stored = false;
        json_t *sent;

        offer(client, i % events_count);
        sent = answer(client);
        message = sk_json_text(sent, "message");

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
    printf("  single event, offer to receipt: p50 %.2f ms  p99 %.2f ms; two "
           "commits and the crypto take %.2f ms: p50 is %.1f times that\n",
           samples[SINGLES / 2] * 1e3, samples[SINGLES * 99 / 100] * 1e3,
           least * 1e3, samples[SINGLES / 2] / least);
}

/* A line of /proc/PID/status, MiB: VmRSS is all that is resident, pages of the
   store's files among it; RssAnon is what no other process could use. */
static double memory_mib(long pid, const char *name)
{
    return number_of(pid, "status", name) / 1024;
}

/* The last: schakel-net.  The one before it only starts it. */
static long child_of(long pid)
{
    char path[64];
    long child = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
    file = fopen(path, "r");
    while (file != NULL && fscanf(file, "%ld", &child) == 1)
        ;
    if (file != NULL)
        fclose(file);
    return child;
}

/* ------------------------------------------------------------- what it cost */

enum { SENDER, SENDER_NET, RECEIVER, RECEIVER_NET, PROCESSES };

static const char *const process_names[] = {"sender", "its net", "receiver",
                                            "its net"};
static long pids[PROCESSES];

struct usage {
    double cpu_s;
    double written; /* bytes to files: the store's pages */
};

static struct usage usage_of(long pid)
{
    struct usage usage = {cpu_s_of(pid), number_of(pid, "io", "wchar")};

    if (usage.cpu_s < 0)
        usage.cpu_s = 0;
    return usage;
}

static double client_cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

struct phase {
    double start_s;
    double client_s;
    struct usage before[PROCESSES];
};

static struct phase phase_start(void)
{
    struct phase phase = {0};

    for (size_t i = 0; i < PROCESSES; i++)
        phase.before[i] = usage_of(pids[i]);
    phase.client_s = client_cpu_s();
    phase.start_s = now_s();
    return phase;
}

/* One line; the rate, and what each process took for an event. */
static double phase_end(const struct phase *phase, const char *name,
                        double event_s[PROCESSES])
{
    double rate = (double)events_count / (now_s() - phase->start_s);

    printf("  %-20s %7.0f events/s   per event:", name, rate);
    for (size_t i = 0; i < PROCESSES; i++) {
        struct usage now = usage_of(pids[i]);
        double s = now.cpu_s - phase->before[i].cpu_s;
        double kib = (now.written - phase->before[i].written) / 1024;

        printf("%s %s %.0f us", i == 0 ? "" : ",", process_names[i],
               s * 1e6 / (double)events_count);
        event_s[i] = s / (double)events_count;
        if (kib > 0)
            printf(" %.1f KiB", kib / (double)events_count);
    }
    printf(", client %.0f us\n",
           (client_cpu_s() - phase->client_s) * 1e6 / (double)events_count);
    return rate;
}

/* The limit of everything. */
static void tell_physics(const struct physics *physics)
{
    printf("  this machine: %.2f ms for one durable write (fdatasync), %.2f ms "
           "for a commit, %.2f ms for the crypto of one event\n",
           physics->flush_s * 1e3, physics->commit_s * 1e3,
           physics->crypto_s * 1e3);
}

static void tell_memory(const char *when)
{
    double core = memory_mib(pids[SENDER], "VmRSS");
    double net = memory_mib(pids[SENDER_NET], "VmRSS");

    printf("  resident memory, %s: %.1f MiB (schakeld %.1f, schakel-net "
           "%.1f); not of files: %.1f MiB\n",
           when, core + net, core, net,
           memory_mib(pids[SENDER], "RssAnon") +
               memory_mib(pids[SENDER_NET], "RssAnon"));
}

static void find_processes(const json_t *nodes)
{
    for (size_t i = 0; i < 2; i++) {
        const json_t *node = json_array_get(nodes, i);

        pids[2 * i] = (long)json_integer_value(json_object_get(node, "pid"));
        pids[2 * i + 1] = child_of(pids[2 * i]);
    }
}

/* Every event once more; the rate, and each process's time for one. */
static double exchange(struct sk_client *client, size_t ahead,
                       double event_s[PROCESSES])
{
    struct phase phase = phase_start();
    char name[40];

    run((struct job){.ask = offer, .count = events_count, .ahead = ahead});
    wait_for_receipts(client);
    snprintf(name, sizeof(name), "exchanged, %zu ahead", ahead);
    return phase_end(&phase, name, event_s);
}

static void tell_end(const char *name, const struct floor *floor,
                     double event_s)
{
    double total_s = floor_total_s(floor);

    printf("    %-8s %5.1f us: open %.1f, seal %.1f, SHA-256 %.1f, envelope "
           "%.1f, store %.1f; schakeld takes %.1f times that\n",
           name, total_s * 1e6, floor->open_s * 1e6, floor->seal_s * 1e6,
           floor->hash_s * 1e6, floor->envelope_s * 1e6, floor->store_s * 1e6,
           event_s / total_s);
}

/* With both ends on these processors, each at work on one thing at a time. */
static void tell_floor(const double event_s[PROCESSES])
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct floor sender;
    struct floor receiver;
    double slower_s;
    double shared_s;

    if (!floor_measure(sender_dir, &sender, &receiver))
        die("the floor cannot be measured");
    slower_s = floor_total_s(&sender);
    if (slower_s < floor_total_s(&receiver))
        slower_s = floor_total_s(&receiver);
    shared_s = (floor_total_s(&sender) + floor_total_s(&receiver)) /
               (double)(processors > 0 ? processors : 1);
    printf("  the bare primitives of an event, processor time:\n");
    tell_end("sender", &sender, event_s[SENDER]);
    tell_end("receiver", &receiver, event_s[RECEIVER]);
    printf("    with nothing else to do they allow %.0f events/s\n",
           1 / (slower_s > shared_s ? slower_s : shared_s));
}

static void measure_many(struct sk_client *client)
{
    double event_s[PROCESSES];
    struct phase phase;

    run((struct job){.ask = admit, .count = persons_count, .ahead = 1});
    phase = phase_start();
    run((struct job){.ask = record,
                     .take = keep_event,
                     .count = events_count,
                     .ahead = AHEAD});
    (void)phase_end(&phase, "recorded", event_s);
    (void)exchange(client, 1, event_s);
    printf("schakel-rate %.0f\n", exchange(client, AHEAD, event_s));
    tell_floor(event_s);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *report = argc == 4 ? json_load_file(argv[1], 0, &error) : NULL;
    const json_t *nodes = json_object_get(report, "nodes");
    const json_t *node = json_array_get(nodes, 0);
    struct physics physics;
    struct sk_client *client;

    if (node == NULL)
        die("usage: bench_exchange REPORT.json EVENTS PERSONS");
    sender_dir = sk_json_text(node, "dir");
    events_count = strtoul(argv[2], NULL, 10);
    persons_count = strtoul(argv[3], NULL, 10);
    if (events_count == 0 || persons_count == 0)
        die("EVENTS and PERSONS must be numbers");
    events = calloc(events_count, sizeof(*events));
    persons = calloc(persons_count, sizeof(*persons));
    if (events == NULL || persons == NULL)
        die("out of memory");
    find_processes(nodes);
    printf("Exchange between two nodes, durable at both ends: %zu events about "
           "%zu persons, %d connections\n",
           events_count, persons_count, WORKERS);
    if (!physics_measure(sender_dir, &physics))
        die("the disk or the crypto cannot be measured");
    tell_physics(&physics);
    tell_memory("idle node");
    client = connect_to(sender_dir);
    for (size_t i = 0; i < WORKERS; i++)
        workers[i].client = connect_to(sender_dir);
    measure_many(client);
    for (size_t i = 0; i < WORKERS; i++)
        sk_client_close(&workers[i].client);
    measure_singles(client, &physics);
    tell_memory("after the run");
    sk_client_close(&client);
    json_decref(report);
    free(events);
    free(persons);
    return 0;
}
