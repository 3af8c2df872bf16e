/*
 * Decisions per second: the whole decision with levels, consents, reasons and
 * manifest, on the worked bundle and on generated policies.
 *
 *     bench_decide LIBRARY [SECONDS [FOLDER]]
 *
 * LIBRARY is policies/library.  Generated policies spread their rules over a
 * roster, purposes and events (bench_rules.h).  Facts of each person are
 * compiled once, as the node does.  With FOLDER the generated rules and
 * questions, with our answers and our speed, are written there as
 * <rules>.json, for tools/dev/bench/peers.mjs.
 *
 * The rate counts processor time, so that what else runs on the machine weighs
 * less; p50 and p99 are of the clock, one decision at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policies/civil.h"
#include "policies/vocabulary.h"
#include "protocol/limits.h"
#include "tools/dev/bench_rules.h"

#define ARENA_SIZE ((size_t)256 * 1024 * 1024)
#define QUESTIONS ((size_t)4096)
#define SAMPLES (QUESTIONS * 16)

/* What one size of policy is asked to reach. */
struct aim {
    size_t rules;
    double rate;
    double p99_us;
};
static const struct aim aims[] = {{20, 1e6, 10}, {200, 5e5, 10}, {2000, 0, 0}};

struct speed {
    double rate;
    double p50_us;
    double p99_us;
    double permits; /* of 1 */
};

struct world {
    const struct sk_bundle *bundle;
    const struct bench_rules *rules;
    struct bench_person persons[BENCH_PERSONS];
    struct bench_question questions[QUESTIONS];
    struct sk_arena *arena;
    size_t mark;
    struct sk_decision decision;
};

static double seconds_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct sk_bytes read_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data = malloc(SK_YAML_SIZE_MAX);
    size_t size;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL || data == NULL)
        bench_die(path);
    size = fread(data, 1, SK_YAML_SIZE_MAX, file);
    fclose(file);
    return (struct sk_bytes){data, size};
}

/* ------------------------------------------------------------- measuring */

static void make_world(struct world *w)
{
    if (sk_bundle_orgs_count(w->bundle) > BENCH_ROSTER_MAX)
        bench_die("more partners than there is room for");
    for (size_t i = 0; i < BENCH_PERSONS; i++)
        bench_make_person(w->bundle, w->arena, &w->persons[i]);
    for (size_t i = 0; i < QUESTIONS; i++)
        bench_ask(w->bundle, w->rules, &w->questions[i]);
    w->mark = sk_arena_mark(w->arena);
}

static inline bool decide(struct world *w, const struct bench_question *q)
{
    sk_arena_reset(w->arena, w->mark);
    if (sk_decide(w->bundle, w->persons[q->person].facts, &q->ask, w->arena,
                  &w->decision) != SK_OK)
        bench_die("decide");
    return w->decision.permit;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct speed measure(struct world *w, double seconds)
{
    static double samples[SAMPLES];
    struct speed speed = {0};
    size_t permits = 0;
    size_t done = 0;
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    double spent;

    do {
        for (size_t i = 0; i < QUESTIONS; i++)
            permits += decide(w, &w->questions[i]);
        done += QUESTIONS;
        spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    } while (spent < seconds);
    speed.rate = (double)done / spent;
    speed.permits = (double)permits / (double)done;
    for (size_t i = 0; i < SAMPLES; i++) {
        double before = seconds_of(CLOCK_MONOTONIC);

        (void)decide(w, &w->questions[i % QUESTIONS]);
        samples[i] = seconds_of(CLOCK_MONOTONIC) - before;
    }
    qsort(samples, SAMPLES, sizeof(samples[0]), compare_doubles);
    speed.p50_us = samples[SAMPLES / 2] * 1e6;
    speed.p99_us = samples[SAMPLES / 100 * 99] * 1e6;
    return speed;
}

static void print_speed(const char *name, struct speed speed,
                        const struct aim *aim)
{
    printf("  %-14s %9.0f /s   p50 %5.2f us  p99 %5.2f us  %3.0f%% permit",
           name, speed.rate, speed.p50_us, speed.p99_us, 100.0 * speed.permits);
    if (aim != NULL && aim->rate > 0)
        printf("   aim %.0f /s, p99 %.0f us: %s", aim->rate, aim->p99_us,
               speed.rate >= aim->rate && speed.p99_us <= aim->p99_us
                   ? "met"
                   : "MISSED");
    printf("\n");
    fflush(stdout);
}

/* ------------------------------------------------------------- for peers */

/* Words of the vocabulary and of bench_rules.c only: nothing to escape. */
static void write_rules(FILE *file, const struct bench_rules *rules)
{
    fprintf(file, " \"shares\": [\n");
    for (size_t i = 0; i < rules->shares_count; i++) {
        const struct bench_share *s = &rules->shares[i];

        fprintf(file,
                "%s  {\"to\": \"org-%zu\", \"purpose\": \"%s\", \"event\": "
                "\"%s\", \"from\": \"%s\", \"until\": \"%s\"}",
                i > 0 ? ",\n" : "", s->org, bench_purposes[s->purpose],
                (const char *)bench_events[s->event].type.data, s->from,
                s->until);
    }
    fprintf(file, "],\n \"prohibitions\": [\n");
    for (size_t i = 0; i < rules->nevers_count; i++) {
        const struct bench_never *n = &rules->nevers[i];

        if (n->org == BENCH_ANYONE)
            fprintf(file, "%s  {\"category\": \"%s\"}", i > 0 ? ",\n" : "",
                    n->category);
        else
            fprintf(file,
                    "%s  {\"to\": \"org-%zu\", \"purpose\": \"%s\", "
                    "\"category\": \"%s\"}",
                    i > 0 ? ",\n" : "", n->org, bench_purposes[n->purpose],
                    n->category);
    }
    fprintf(file, "],\n");
}

/* The peers are told whether a consent holds; we work it out. */
static void write_question(FILE *file, struct world *w,
                           const struct bench_question *q)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(w->bundle);
    const struct bench_person *person = &w->persons[q->person];
    const struct sk_event_view *event = q->ask.event;
    struct sk_bytes category =
        v->categories[v->events[sk_vocabulary_event(v, event->type)].category]
            .id;
    struct sk_date day = sk_date_of_day(sk_civil_day(q->ask.now));
    const char *state = sk_consent_state(
        person->facts, q->ask.to, q->ask.purpose, category, false, q->ask.now);
    bool permit = decide(w, q);

    /* Reasons that a peer could not know; no question here has them. */
    if (!permit && (strcmp(w->decision.reason, "nothing-left") == 0 ||
                    strcmp(w->decision.reason, "malformed-event") == 0))
        bench_die(w->decision.reason);
    fprintf(file,
            "  {\"to\": \"%.*s\", \"purpose\": \"%.*s\", \"event\": \"%.*s\", "
            "\"category\": \"%.*s\", \"day\": \"%04d-%02d-%02d\", "
            "\"linked\": %s, \"consent\": %s, \"permit\": %s}",
            (int)q->ask.to.size, (const char *)q->ask.to.data,
            (int)q->ask.purpose.size, (const char *)q->ask.purpose.data,
            (int)event->type.size, (const char *)event->type.data,
            (int)category.size, (const char *)category.data, (int)day.year,
            (int)day.month, (int)day.day,
            person->linked[q->org] ? "true" : "false",
            strcmp(state, "given") == 0 ? "true" : "false",
            permit ? "true" : "false");
}

static void write_dump(const char *folder, size_t rules, struct world *w,
                       struct speed speed)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%zu.json", folder, rules);
    file = fopen(path, "w");
    if (file == NULL)
        bench_die(path);
    fprintf(file,
            "{\"rules\": %zu,\n \"ours\": {\"rate\": %.0f, \"p50_us\": %.3f, "
            "\"p99_us\": %.3f},\n",
            rules, speed.rate, speed.p50_us, speed.p99_us);
    write_rules(file, w->rules);
    fprintf(file, " \"questions\": [\n");
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (i > 0)
            fprintf(file, ",\n");
        write_question(file, w, &w->questions[i]);
    }
    fprintf(file, "]}\n");
    if (ferror(file) || fclose(file) != 0)
        bench_die(path);
}

/* ------------------------------------------------------------- bundles */

static const struct sk_bundle *load(const struct sk_bundle_files *files,
                                    struct sk_arena *arena)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_bundle *bundle = NULL;

    if (sk_bundle_load(files, INT32_MIN, arena, &findings, &bundle) != SK_OK)
        bench_die("out of memory");
    for (size_t i = 0; i < findings.count && bundle == NULL; i++)
        fprintf(stderr, "%s:%u: %s %s\n", findings.list[i].place.file,
                findings.list[i].place.line, findings.list[i].code,
                findings.list[i].en);
    if (bundle == NULL)
        bench_die("the bundle does not load");
    return bundle;
}

int main(int argc, char **argv)
{
    static struct bench_rules rules;
    static struct world w;
    const char *library = argc > 1 ? argv[1] : "policies/library";
    double seconds = argc > 2 ? atof(argv[2]) : 1.0;
    const char *folder = argc > 3 ? argv[3] : NULL;
    void *memory = malloc(ARENA_SIZE);
    struct sk_arena arena = sk_arena_start(memory, ARENA_SIZE);
    size_t empty = sk_arena_mark(&arena);
    struct sk_bundle_files files = {
        .vocabulary = {"vocabulary", read_file(library, "vocabulary.yaml")},
        .guards = {"guards", read_file(library, "guards.yaml")},
        .partners = {"partners", read_file(library, "kempen/partners.yaml")},
        .policy = {"policy",
                   read_file(library, "kempen/nodes/ocmw-mol/policy.yaml")},
        .invariants = {"invariants", {NULL, 0}}};

    if (memory == NULL)
        bench_die("out of memory");
    printf("Decisions, one core, full manifest, %zu persons\n", BENCH_PERSONS);
    w.arena = &arena;
    w.rules = &rules;
    w.bundle = load(&files, &arena);
    make_world(&w);
    print_speed("worked bundle", measure(&w, seconds), NULL);
    files.partners.bytes = bench_make_roster();
    for (size_t i = 0; i < SK_COUNT(aims); i++) {
        char name[32];
        struct speed speed;

        sk_arena_reset(&arena, empty);
        files.policy.bytes = bench_make_policy(aims[i].rules, &rules);
        w.bundle = load(&files, &arena);
        make_world(&w);
        speed = measure(&w, seconds);
        snprintf(name, sizeof(name), "%zu rules", aims[i].rules);
        print_speed(name, speed, &aims[i]);
        if (folder != NULL)
            write_dump(folder, aims[i].rules, &w, speed);
    }
    free(memory);
    return 0;
}
