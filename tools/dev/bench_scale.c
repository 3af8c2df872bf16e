/*
 * What people do, at a node with a store of any size: what it takes.
 *                                                     docs/PERFORMANCE.md 10
 *     bench_scale DIR PID SAMPLES
 *
 * DIR, PID: the node that bench_load filled, with its partner running.
 * SAMPLES: the lines that bench_load printed.  For each operation, over all
 * samples in turn, one line: name, p50 and p99 in ms, processor time of
 * schakeld in us, and how many pages it waited for the disk to read.  "again":
 * with the pages of the first time at hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/dev/measure.h"
#include "tools/schakel/client.h"
#include "tools/schakel/json.h"

#define SAMPLES_MAX 1024
#define PATIENCE_S 120.0

struct sample {
    char participant[SK_ID_TEXT_SIZE + 1];
    char event[SK_ID_TEXT_SIZE + 1];
    char insz[12];
};

static struct sample samples[SAMPLES_MAX];
static size_t samples_count;
static struct sk_client *client;
static const char *pid;

static void die(const char *what)
{
    fprintf(stderr, "bench_scale: %s\n", what);
    exit(1);
}

static double cpu_s(void)
{
    double s = cpu_s_of(strtol(pid, NULL, 10));

    if (s < 0)
        die("the node is gone");
    return s;
}

/* Pages that the disk had to read for the node: its major faults. */
static double pages_read(void)
{
    char path[64];
    unsigned long long faults = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    file = fopen(path, "r");
    if (file == NULL ||
        fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %llu",
               &faults) != 1)
        die("the node is gone");
    fclose(file);
    return (double)faults;
}

/* The result of what must succeed. */
static json_t *must(const char *op, json_t *args)
{
    json_t *reply = NULL;
    json_t *result;
    enum sk_status status = sk_client_call(client, op, args, NULL, 0, &reply);
    const json_t *error = json_object_get(reply, "error");

    json_decref(args);
    if (status != SK_OK || !json_is_true(json_object_get(reply, "ok"))) {
        fprintf(stderr, "bench_scale: %s: %s %s\n", op, sk_status_text(status),
                sk_json_text(error, "code"));
        exit(1);
    }
    result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

/* ------------------------------------------------------------- operations */

static void find(const struct sample *s)
{
    json_t *found;

    found = must("participant.find", json_pack("{s:s}", "insz", s->insz));
    if (json_array_size(json_object_get(found, "participants")) != 1)
        die("somebody is not found");
    json_decref(found);
}

static void record(const struct sample *s)
{
    json_decref(
        must("event.record",
             json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "participant",
                       s->participant, "type", "action.planned", "fields",
                       "action_kind", "application", "action_status", "planned",
                       "due_date", "2026-10-20", "action_title",
                       "Gesprek over werk en opleiding")));
}

static void timeline(const struct sample *s)
{
    json_decref(must("participant.show",
                     json_pack("{s:s}", "participant", s->participant)));
    json_decref(
        must("event.list", json_pack("{s:s}", "participant", s->participant)));
}

/* ------------------------------------------------------------- lists */

/* A page of an operation, with this many rows at least. */
static void page(const char *op, json_t *args, const char *key, size_t least)
{
    json_t *result = must(op, args);

    if (json_array_size(json_object_get(result, key)) < least)
        die(op);
    json_decref(result);
}

static void agenda(const struct sample *s)
{
    (void)s;
    page("agenda.list", json_pack("{s:i}", "limit", 50), "items", 50);
}

static void agenda_of(const struct sample *s)
{
    page("agenda.list",
         json_pack("{s:s, s:s}", "participant", s->participant, "until",
                   "2028-12-31"),
         "items", 5);
}

static void by_name(const struct sample *s)
{
    (void)s;
    page("participant.find", json_pack("{s:s}", "name", "Voorbeeld0"),
         "participants", 1);
}

static void people(const struct sample *s)
{
    (void)s;
    page("participant.list", json_pack("{s:i}", "limit", 50), "participants",
         50);
}

static void consents(const struct sample *s)
{
    page("consent.list", json_pack("{s:s}", "participant", s->participant),
         "consents", 1);
}

/* What `schakel participant report` asks about the person. */
static void report(const struct sample *s)
{
    json_decref(must("participant.show",
                     json_pack("{s:s}", "participant", s->participant)));
    page("disclosure.list", json_pack("{s:s}", "participant", s->participant),
         "disclosures", 0);
}

static void inbox(const struct sample *s)
{
    (void)s;
    page("inbox.list", json_pack("{s:b}", "new", 1), "messages", 0);
    page("handover.list", json_pack("{s:b}", "open", 1), "handovers", 0);
    page("erasure.list", NULL, "notices", 0);
}

/* Until nothing is under way. */
static void settle(void)
{
    double end = now_s() + PATIENCE_S;
    json_int_t left;

    do {
        json_t *peer = must("peer.show", json_pack("{s:s}", "org", "school-b"));

        left = json_integer_value(json_object_get(peer, "unconfirmed"));
        json_decref(peer);
        if (now_s() > end)
            die("a receipt does not come");
        usleep(5000); /* asking costs it time too */
    } while (left > 0);
}

static void send_one(const struct sample *s)
{
    json_t *sent = must("disclosure.send",
                        json_pack("{s:s, s:s, s:s}", "event", s->event, "for",
                                  "guidance.joint", "to", "school-b"));

    if (sk_json_text(sent, "message")[0] == '\0')
        die("an event that may go is denied");
    json_decref(sent);
    settle();
}

static void withdraw(const struct sample *s)
{
    json_decref(must("consent.withdraw",
                     json_pack("{s:s, s:[s]}", "participant", s->participant,
                               "recipients", "school-b")));
    settle();
}

/* ------------------------------------------------------------- measuring */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure_some(const char *name, void (*work)(const struct sample *),
                         bool numbered)
{
    static double times[SAMPLES_MAX];
    double cpu = cpu_s();
    double pages = pages_read();
    size_t count = 0;

    for (size_t i = 0; i < samples_count; i++) {
        double start = now_s();

        if (numbered && samples[i].insz[0] == '-')
            continue;
        work(&samples[i]);
        times[count++] = now_s() - start;
    }
    cpu = cpu_s() - cpu;
    pages = pages_read() - pages;
    if (count == 0)
        return;
    qsort(times, count, sizeof(times[0]), compare);
    printf("%s %.2f %.2f %.0f %.1f\n", name, times[count / 2] * 1e3,
           times[count * 99 / 100] * 1e3, cpu * 1e6 / (double)count,
           pages / (double)count);
    fflush(stdout);
}

static void measure(const char *name, void (*work)(const struct sample *))
{
    measure_some(name, work, /* numbered */ false);
}

static void read_samples(const char *path)
{
    FILE *file = fopen(path, "r");

    while (file != NULL && samples_count < SAMPLES_MAX) {
        struct sample *s = &samples[samples_count];

        if (fscanf(file, "%36s %36s %11s", s->participant, s->event, s->insz) !=
            3)
            break;
        samples_count++;
    }
    if (file != NULL)
        fclose(file);
    if (samples_count == 0)
        die(path);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage: bench_scale DIR PID SAMPLES");
    pid = argv[2];
    read_samples(argv[3]);
    if (sk_client_open(argv[1], &client) != SK_OK)
        die("the node does not answer");
    settle();
    measure_some("find", find, /* numbered */ true);
    measure_some("find-again", find, /* numbered */ true);
    measure("record", record);
    measure("record-again", record);
    measure("timeline", timeline);
    measure("timeline-again", timeline);
    measure("agenda", agenda);
    measure("agenda-again", agenda);
    measure("agenda-of", agenda_of);
    measure("by-name", by_name);
    measure("by-name-again", by_name);
    measure("people", people);
    measure("consents", consents);
    measure("report", report);
    measure("report-again", report);
    measure("inbox", inbox);
    measure("send", send_one);
    measure("withdraw", withdraw);
    sk_client_close(&client);
    return 0;
}
