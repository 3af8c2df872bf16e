/*
 * Decisions per second: the whole decision with levels, consents, reasons and
 * manifest, on the worked bundle and on generated policies.
 *
 *     bench_decide LIBRARY [SECONDS]
 *
 * LIBRARY is policies/library.  Generated policies spread their rules over
 * the roster, the purposes and the events of the vocabulary; questions are
 * drawn near a rule (so that both permits and denies occur), with a seeded
 * generator.  Facts of one participant are compiled once, as the node does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policies/civil.h"
#include "policies/decide.h"
#include "protocol/limits.h"

#define ARENA_SIZE ((size_t)256 * 1024 * 1024)
#define QUESTIONS 4096
#define ORGS_MAX 12

static uint64_t state = 20260901;

static uint64_t roll(uint64_t n)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % n;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_decide: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
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
        die(path);
    size = fread(data, 1, SK_YAML_SIZE_MAX, file);
    fclose(file);
    return (struct sk_bytes){data, size};
}

/* ------------------------------------------------------------- policies */
/* What each generated rule speaks about, so that questions can be near one. */
static struct {
    size_t org;
    size_t purpose;
    size_t event;
} drawn[2000];
static size_t drawn_count;

static const char roster_head[] = "format: partners/1\n"
                                  "partners: kempen\n"
                                  "version: 1\n"
                                  "vocabulary: traject-vlaanderen/1\n"
                                  "orgs:\n"
                                  "  owner: {name: Owner, role: ocmw, duties: "
                                  "[retain]}\n";
static const char *const roles[] = {"ocmw",     "vdab",    "gtb",
                                    "adult_ed", "company", "work_exp"};
static const char *const purposes[] = {
    "guidance.handover", "guidance.joint", "guidance.aftercare",
    "work.matching",     "work.placement", "learning.training"};
static const char *const events[][6] = {
    {"goal.set", "preference_kind", "horizon", "occurred", "max_travel_min",
     NULL},
    {"trajectory.started", "start_date", "phase", "status", "occurred", NULL},
    {"learning.started", "course_title", "start_date", "schedule", "occurred",
     NULL},
    {"learning.completed", "course_title", "end_date", "learning_result",
     "occurred", NULL},
    {"workplace.evaluated", "eval_period", "next_step", "eval_learning",
     "occurred", NULL},
};

struct text {
    char *data;
    size_t size;
};

static void add(struct text *t, const char *more)
{
    size_t size = strlen(more);

    t->data = realloc(t->data, t->size + size + 1);
    if (t->data == NULL)
        die("out of memory");
    memcpy(t->data + t->size, more, size + 1);
    t->size += size;
}

static struct sk_bytes make_roster(void)
{
    struct text t = {0};
    char line[256];

    add(&t, roster_head);
    for (size_t i = 0; i < ORGS_MAX; i++) {
        snprintf(line, sizeof(line),
                 "  org-%zu: {name: Org %zu, role: %s, duties: [retain, "
                 "erase-on-withdrawal, confirm-erasure, no-onward]}\n",
                 i, i, roles[i % SK_COUNT(roles)]);
        add(&t, line);
    }
    return (struct sk_bytes){(const uint8_t *)t.data, t.size};
}

static struct sk_bytes make_policy(size_t rules)
{
    struct text t = {0};
    char line[1024];

    add(&t, "language: sharing-policy/1\npolicy: owner\nversion: 1\n"
            "vocabulary: traject-vlaanderen/1\nguards: vlaanderen/1\n"
            "partners: kempen\nshare:\n");
    for (size_t i = 0; i < rules; i++) {
        size_t e = roll(SK_COUNT(events));
        size_t org = roll(ORGS_MAX);
        size_t purpose = roll(SK_COUNT(purposes));

        drawn[i].org = org;
        drawn[i].purpose = purpose;
        drawn[i].event = e;
        snprintf(line, sizeof(line),
                 "  - {id: r%zu, text: Rule %zu., to: {orgs: [org-%zu]}, for: "
                 "[%s], what: {%s: {%s: exact, %s: exact, occurred: month}}, "
                 "basis: {gdpr: public-task, reference: Protocol %zu}, "
                 "valid: {from: 2026-01-01, until: 2027-12-31}, retain: {for: "
                 "6 months, from: sent}}\n",
                 i, i, org, purposes[purpose], events[e][0], events[e][1],
                 events[e][2], i);
        add(&t, line);
    }
    drawn_count = rules;
    add(&t, "never:\n  - {id: n0, text: No money., to: anyone, data: "
            "[financial]}\nlimit:\n  - {id: l0, text: Birth year only., to: "
            "anyone, fields: {birth_date: year}}\n");
    return (struct sk_bytes){(const uint8_t *)t.data, t.size};
}

/* ------------------------------------------------------------- questions */
static const struct sk_named_value goal_fields[] = {
    {{(const uint8_t *)"preference_kind", 15},
     {(const uint8_t *)"to_learn", 8},
     NULL,
     0},
    {{(const uint8_t *)"horizon", 7}, {(const uint8_t *)"long", 4}, NULL, 0},
    {{(const uint8_t *)"max_travel_min", 14},
     {(const uint8_t *)"30", 2},
     NULL,
     0},
};
static const struct sk_named_value start_fields[] = {
    {{(const uint8_t *)"start_date", 10},
     {(const uint8_t *)"2026-09-01", 10},
     NULL,
     0},
    {{(const uint8_t *)"phase", 5}, {(const uint8_t *)"intake", 6}, NULL, 0},
    {{(const uint8_t *)"status", 6}, {(const uint8_t *)"active", 6}, NULL, 0},
};
static const struct sk_named_value learn_fields[] = {
    {{(const uint8_t *)"course_title", 12},
     {(const uint8_t *)"Heftruckchauffeur", 17},
     NULL,
     0},
    {{(const uint8_t *)"start_date", 10},
     {(const uint8_t *)"2026-09-01", 10},
     NULL,
     0},
    {{(const uint8_t *)"schedule", 8},
     {(const uint8_t *)"vr 09:00-16:00", 14},
     NULL,
     0},
};

static struct sk_event_view views[3];

static void make_views(void)
{
    static const char *const types[] = {"goal.set", "trajectory.started",
                                        "learning.started"};
    static const struct sk_named_value *const fields[] = {
        goal_fields, start_fields, learn_fields};

    for (size_t i = 0; i < 3; i++)
        views[i] = (struct sk_event_view){.type = sk_text(types[i]),
                                          .subject = true,
                                          .occurred = sk_text("2026-09-10"),
                                          .fields = fields[i],
                                          .fields_count = 3};
}

/* Relations and consents with every partner: the widest facts there are. */
static struct sk_facts *make_facts(const struct sk_bundle *bundle,
                                   struct sk_arena *arena)
{
    static const char *const categories[] = {
        "process.trajectory", "education.training", "work.profile",
        "work.conditions", "process.handover"};
    struct sk_facts *facts = NULL;
    struct sk_bytes list[SK_COUNT(categories)];
    struct sk_bytes all[SK_COUNT(purposes)];
    int64_t at = 0;

    (void)sk_instant_parse(sk_text("2026-09-01T08:00:00Z"), &at);
    for (size_t i = 0; i < SK_COUNT(categories); i++)
        list[i] = sk_text(categories[i]);
    for (size_t i = 0; i < SK_COUNT(purposes); i++)
        all[i] = sk_text(purposes[i]);
    if (sk_facts_start(bundle, arena, &facts) != SK_OK)
        die("facts");
    for (size_t i = 0; i < sk_bundle_orgs_count(bundle); i++) {
        struct sk_bytes org = sk_bundle_org_at(bundle, i)->id;
        struct sk_fact_consent c = {.id = org,
                                    .state = sk_text("given"),
                                    .at = at,
                                    .until = at + 60 * 86400,
                                    .purposes = all,
                                    .purposes_count = SK_COUNT(all),
                                    .recipients = &org,
                                    .recipients_count = 1,
                                    .categories = list,
                                    .categories_count = SK_COUNT(list)};
        struct sk_fact_period always = {0, INT32_MAX};

        if (sk_facts_link(facts, org, always) != SK_OK ||
            sk_facts_consent(facts, &c) != SK_OK)
            die("facts");
    }
    return facts;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const char *name, const struct sk_bundle *bundle,
                    struct sk_arena *arena, double seconds)
{
    static struct sk_question questions[QUESTIONS];
    static struct sk_decision decision;
    static double samples[QUESTIONS];
    struct sk_facts *facts = make_facts(bundle, arena);
    size_t mark = sk_arena_mark(arena);
    size_t permits = 0;
    size_t done = 0;
    double start;
    double spent;
    int64_t at = 0;

    (void)sk_instant_parse(sk_text("2026-09-20T08:00:00Z"), &at);
    for (size_t i = 0; i < QUESTIONS; i++) {
        size_t org = roll(sk_bundle_orgs_count(bundle));
        size_t purpose = roll(SK_COUNT(purposes));
        size_t event = roll(SK_COUNT(views));

        /* Two thirds near a rule; the rest anywhere. */
        if (drawn_count > 0 && roll(3) > 0) {
            size_t rule = roll(drawn_count);

            org = 1 + drawn[rule].org;
            purpose = drawn[rule].purpose;
            event = drawn[rule].event % SK_COUNT(views);
        }
        questions[i].to = sk_bundle_org_at(bundle, org)->id;
        questions[i].purpose = sk_text(purposes[purpose]);
        questions[i].now = at;
        questions[i].event = &views[event];
    }
    start = now_s();
    do {
        for (size_t i = 0; i < QUESTIONS; i++) {
            sk_arena_reset(arena, mark);
            if (sk_decide(bundle, facts, &questions[i], arena, &decision) !=
                SK_OK)
                die("decide");
            permits += decision.permit;
        }
        done += QUESTIONS;
        spent = now_s() - start;
    } while (spent < seconds);
    for (size_t i = 0; i < QUESTIONS; i++) {
        double before = now_s();

        sk_arena_reset(arena, mark);
        if (sk_decide(bundle, facts, &questions[i], arena, &decision) != SK_OK)
            die("decide");
        samples[i] = now_s() - before;
    }
    qsort(samples, QUESTIONS, sizeof(samples[0]), compare_doubles);
    printf("  %-26s %10.0f /s   p50 %5.2f us  p99 %5.2f us   %2.0f%% permit\n",
           name, (double)done / spent, samples[QUESTIONS / 2] * 1e6,
           samples[QUESTIONS * 99 / 100] * 1e6,
           100.0 * (double)permits / (double)done);
}

static void load_and_measure(const char *name,
                             const struct sk_bundle_files *files,
                             double seconds)
{
    void *memory = malloc(ARENA_SIZE);
    struct sk_arena arena = sk_arena_start(memory, ARENA_SIZE);
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_bundle *bundle = NULL;

    if (memory == NULL ||
        sk_bundle_load(files, INT32_MIN, &arena, &findings, &bundle) != SK_OK)
        die("out of memory");
    if (bundle == NULL) {
        for (size_t i = 0; i < findings.count; i++)
            fprintf(stderr, "%s:%u: %s %s\n", findings.list[i].place.file,
                    findings.list[i].place.line, findings.list[i].code,
                    findings.list[i].en);
        die(name);
    }
    measure(name, bundle, &arena, seconds);
    free(memory);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {20, 200, 1998};
    const char *library = argc > 1 ? argv[1] : "policies/library";
    double seconds = argc > 2 ? atof(argv[2]) : 1.0;
    struct sk_bundle_files files = {
        .vocabulary = {"vocabulary", read_file(library, "vocabulary.yaml")},
        .guards = {"guards", read_file(library, "guards.yaml")},
        .partners = {"partners", read_file(library, "kempen/partners.yaml")},
        .policy = {"policy",
                   read_file(library, "kempen/nodes/ocmw-mol/policy.yaml")},
        .invariants = {"invariants", {NULL, 0}}};
    char name[64];

    make_views();
    printf("Decisions, one core, full manifest\n");
    load_and_measure("worked bundle", &files, seconds);
    files.partners.bytes = make_roster();
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        files.policy.bytes = make_policy(sizes[i]);
        snprintf(name, sizeof(name), "%zu rules", sizes[i]);
        load_and_measure(name, &files, seconds);
    }
    return 0;
}
