#include "tools/dev/bench_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"

#define WORD(text)                                                             \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }
#define VALUE(name, text)                                                      \
    {                                                                          \
        WORD(name), WORD(text), NULL, 0                                        \
    }
#define EVENT(name, list)                                                      \
    {                                                                          \
        .type = WORD(name), .subject = true, .occurred = WORD("2026-09-10"),   \
        .fields = list, .fields_count = SK_COUNT(list)                         \
    }

#define DAY_SECONDS 86400

const char *const bench_purposes[BENCH_PURPOSES] = {
    "guidance.handover", "guidance.joint", "guidance.aftercare",
    "work.matching",     "work.placement", "learning.training"};

/* Of every event a rule shares the first two fields, and occurred. */
static const struct sk_named_value goal[] = {
    VALUE("preference_kind", "to_learn"), VALUE("horizon", "long"),
    VALUE("occupation", "8344.1"), VALUE("max_travel_min", "30")};
static const struct sk_named_value start[] = {VALUE("start_date", "2026-09-01"),
                                              VALUE("phase", "intake"),
                                              VALUE("status", "active")};
static const struct sk_named_value learn[] = {
    VALUE("course_title", "Heftruckchauffeur"),
    VALUE("start_date", "2026-09-01"), VALUE("schedule", "vr 09:00-16:00")};
static const struct sk_named_value learned[] = {
    VALUE("course_title", "Heftruckchauffeur"), VALUE("end_date", "2026-09-10"),
    VALUE("learning_result", "passed")};
static const struct sk_named_value evaluated[] = {
    VALUE("eval_period", "2026-Q3"), VALUE("next_step", "continue"),
    VALUE("eval_learning", "3")};

const struct sk_event_view bench_events[BENCH_EVENTS] = {
    EVENT("goal.set", goal), EVENT("trajectory.started", start),
    EVENT("learning.started", learn), EVENT("learning.completed", learned),
    EVENT("workplace.evaluated", evaluated)};

/* None that federation guards keep an event of ours from. */
static const char *const roles[] = {"ocmw",     "vdab",        "gtb",
                                    "adult_ed", "social_econ", "work_exp"};
static const char *const categories[] = {
    "process.trajectory", "education.training", "work.profile",
    "work.conditions",    "work.evaluation",    "process.handover"};
/* The categories of the events. */
static const char *const forbidden[] = {"process.trajectory",
                                        "education.training", "work.profile",
                                        "work.evaluation"};

void bench_die(const char *what)
{
    fprintf(stderr, "bench_decide: %s\n", what);
    exit(1);
}

size_t bench_roll(size_t n)
{
    static uint64_t state = 20260901;
    uint64_t z = (state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % n;
}

/* ---------------------------------------------------------------- text */

struct text {
    char *data;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
                                                      const char *form, ...)
{
    char line[1024];
    va_list list;
    int size;

    va_start(list, form);
    size = vsnprintf(line, sizeof(line), form, list);
    va_end(list);
    if (size < 0 || (size_t)size >= sizeof(line))
        bench_die("line too long");
    t->data = realloc(t->data, t->size + (size_t)size + 1);
    if (t->data == NULL)
        bench_die("out of memory");
    memcpy(t->data + t->size, line, (size_t)size + 1);
    t->size += (size_t)size;
}

static struct sk_bytes bytes_of(const struct text *t)
{
    return (struct sk_bytes){(const uint8_t *)t->data, t->size};
}

struct sk_bytes bench_make_roster(void)
{
    struct text t = {0};

    add(&t, "format: partners/1\npartners: kempen\nversion: 1\n"
            "vocabulary: traject-vlaanderen/1\norgs:\n"
            "  owner: {name: Owner, role: ocmw, duties: [retain]}\n");
    for (size_t i = 0; i < BENCH_ORGS; i++)
        add(&t,
            "  org-%zu: {name: Org %zu, role: %s, duties: [retain, "
            "erase-on-withdrawal, confirm-erasure, no-onward]}\n",
            i, i, roles[i % SK_COUNT(roles)]);
    return bytes_of(&t);
}

/* ---------------------------------------------------------------- rules */

static void add_share(struct text *t, size_t id, struct bench_share *share)
{
    const struct sk_event_view *event;
    size_t when = bench_roll(10);

    share->org = bench_roll(BENCH_ORGS);
    share->purpose = bench_roll(BENCH_PURPOSES);
    share->event = bench_roll(BENCH_EVENTS);
    /* One in ten begins, one in ten ends while questions are asked. */
    share->from = when == 0 ? "2026-09-25" : "2026-01-01";
    share->until = when == 1 ? "2026-09-24" : "2027-12-31";
    event = &bench_events[share->event];
    add(t,
        "  - {id: r%zu, text: Rule %zu., to: {orgs: [org-%zu]}, for: [%s], "
        "what: {%s: {%s: exact, %s: exact, occurred: month}}, "
        "basis: {gdpr: public-task, reference: Protocol %zu}, "
        "valid: {from: %s, until: %s}, retain: {for: 6 months, from: sent}}\n",
        id, id, share->org, bench_purposes[share->purpose],
        (const char *)event->type.data,
        (const char *)event->fields[0].name.data,
        (const char *)event->fields[1].name.data, id, share->from,
        share->until);
}

struct sk_bytes bench_make_policy(size_t count, struct bench_rules *out)
{
    struct text t = {0};
    size_t nevers = count / 50 > 2 ? count / 50 : 2;

    if (count < 4 || count > BENCH_RULES_MAX)
        bench_die("4 to 2000 rules");
    add(&t, "language: sharing-policy/1\npolicy: owner\nversion: 1\n"
            "vocabulary: traject-vlaanderen/1\nguards: vlaanderen/1\n"
            "partners: kempen\nshare:\n");
    out->shares_count = count - nevers - 1;
    for (size_t i = 0; i < out->shares_count; i++)
        add_share(&t, i, &out->shares[i]);
    out->nevers_count = nevers;
    out->nevers[0] = (struct bench_never){BENCH_ANYONE, 0, "financial"};
    add(&t, "never:\n  - {id: n0, text: No money., to: anyone, data: "
            "[financial]}\n");
    for (size_t i = 1; i < nevers; i++) {
        struct bench_never *never = &out->nevers[i];

        never->org = bench_roll(BENCH_ORGS);
        never->purpose = bench_roll(BENCH_PURPOSES);
        never->category = forbidden[bench_roll(SK_COUNT(forbidden))];
        add(&t,
            "  - {id: n%zu, text: Not this %zu., to: {orgs: [org-%zu]}, for: "
            "[%s], data: [%s]}\n",
            i, i, never->org, bench_purposes[never->purpose], never->category);
    }
    add(&t, "limit:\n  - {id: l0, text: Birth year only., to: anyone, fields: "
            "{birth_date: year}}\n");
    return bytes_of(&t);
}

/* ---------------------------------------------------------------- persons */

/* Most of a list of words, never none. */
static size_t most(const char *const *words, size_t count, struct sk_bytes *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (bench_roll(6) > 0 || (i + 1 == count && kept == 0))
            out[kept++] = sk_text(words[i]);
    }
    return kept;
}

static void add_consent(struct sk_facts *facts, struct sk_bytes org, int64_t at)
{
    struct sk_bytes purposes[BENCH_PURPOSES];
    struct sk_bytes data[SK_COUNT(categories)];
    struct sk_fact_consent c = {
        .id = org,
        .state = sk_text("given"),
        .at = at,
        .until = at + (bench_roll(8) == 0 ? 20 : 60) * DAY_SECONDS,
        .purposes = purposes,
        .purposes_count = most(bench_purposes, BENCH_PURPOSES, purposes),
        .recipients = &org,
        .recipients_count = 1,
        .categories = data,
        .categories_count = most(categories, SK_COUNT(categories), data)};

    if (sk_facts_consent(facts, &c) != SK_OK)
        bench_die("facts");
    if (bench_roll(12) > 0)
        return;
    c.state = sk_text("withdrawn");
    c.at += 15 * DAY_SECONDS;
    if (sk_facts_consent(facts, &c) != SK_OK)
        bench_die("facts");
}

void bench_make_person(const struct sk_bundle *bundle, struct sk_arena *arena,
                       struct bench_person *out)
{
    struct sk_fact_period always = {0, INT32_MAX};
    int64_t at = 0;

    (void)sk_instant_parse(sk_text("2026-09-01T08:00:00Z"), &at);
    if (sk_facts_start(bundle, arena, &out->facts) != SK_OK)
        bench_die("facts");
    for (size_t i = 0; i < sk_bundle_orgs_count(bundle); i++) {
        struct sk_bytes org = sk_bundle_org_at(bundle, i)->id;

        out->linked[i] = bench_roll(10) > 0;
        if (out->linked[i] && sk_facts_link(out->facts, org, always) != SK_OK)
            bench_die("facts");
        add_consent(out->facts, org, at);
    }
}

/* The position of org-<number>. */
static size_t find_org(const struct sk_bundle *bundle, size_t number)
{
    char name[16];

    snprintf(name, sizeof(name), "org-%zu", number);
    for (size_t i = 0; i < sk_bundle_orgs_count(bundle); i++) {
        if (sk_bytes_equal(sk_bundle_org_at(bundle, i)->id, sk_text(name)))
            return i;
    }
    bench_die(name);
}

void bench_ask(const struct sk_bundle *bundle, const struct bench_rules *rules,
               struct bench_question *out)
{
    int64_t at = 0;

    out->person = bench_roll(BENCH_PERSONS);
    out->org = bench_roll(sk_bundle_orgs_count(bundle));
    out->purpose = bench_roll(BENCH_PURPOSES);
    out->event = bench_roll(BENCH_EVENTS);
    if (rules->shares_count > 0 && bench_roll(3) > 0) {
        const struct bench_share *near =
            &rules->shares[bench_roll(rules->shares_count)];

        out->org = find_org(bundle, near->org);
        out->purpose = near->purpose;
        out->event = near->event;
    }
    (void)sk_instant_parse(sk_text("2026-09-11T08:00:00Z"), &at);
    out->ask.to = sk_bundle_org_at(bundle, out->org)->id;
    out->ask.purpose = sk_text(bench_purposes[out->purpose]);
    out->ask.now = at + (int64_t)bench_roll(30) * DAY_SECONDS;
    out->ask.event = &bench_events[out->event];
}
