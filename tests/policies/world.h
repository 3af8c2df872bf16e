/*
 * Random bundles, facts and questions over the mini vocabulary, from a seed,
 * for properties that must hold of every decision.
 */
#ifndef SK_TESTS_POLICIES_WORLD_H
#define SK_TESTS_POLICIES_WORLD_H

#include "bundles.h"
#include "policies/rules.h"

struct dice {
    uint64_t state;
};

static inline uint64_t roll(struct dice *dice, uint64_t n)
{
    uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % n;
}

#define PICK(dice, list) ((list)[roll(dice, SK_COUNT(list))])

static const char *const world_orgs[] = {"thomas-more", "sopraco", "vdab",
                                         "old-school", "closed-firm"};
static const char *const world_who[] = {
    "{orgs: [thomas-more]}",    "{orgs: [sopraco, vdab]}",
    "{groups: [school]}",       "{groups: [company], orgs: [vdab]}",
    "{groups: [person-level]}", "{groups: [secrecy-professional]}",
};
static const char *const world_leaves[] = {"guidance.training", "guidance.job",
                                           "placement.internship",
                                           "placement.employment"};
static const char *const world_branches[] = {"guidance", "placement",
                                             "guidance.job"};
static const char *const world_events[] = {
    "trajectory.started",    "trajectory.stopped",   "training.enrolled",
    "training.attendance",   "training.completed",   "internship.started",
    "internship.attendance", "internship.evaluated", "support.decided",
    "capacity.assessed"};
static const char *const world_categories[] = {"identity",
                                               "training",
                                               "training.course",
                                               "training.attendance",
                                               "employment.internship",
                                               "social",
                                               "income",
                                               "health",
                                               "health.absence",
                                               "health.capacity"};

#define RULES_MAX 12
#define RULE_SIZE_MAX 1024

/* The rules of one policy, as lines of YAML. */
struct world_policy {
    char share[RULES_MAX][RULE_SIZE_MAX];
    const char *event[RULES_MAX]; /* of each share rule */
    const char *purpose[RULES_MAX];
    size_t shares;
    char never[RULES_MAX][RULE_SIZE_MAX];
    size_t nevers;
    char limit[RULES_MAX][RULE_SIZE_MAX];
    size_t limits;
};

static inline const struct sk_event_type *
world_type(const struct sk_vocabulary *v, const char *event)
{
    return &v->events[sk_vocabulary_event(v, sk_text(event))];
}

static inline void world_add_share(struct dice *dice,
                                   const struct sk_vocabulary *v,
                                   struct world_policy *policy)
{
    static const char *const basis[] = {"contract", "public-task"};
    char *text = policy->share[policy->shares];
    const char *event = PICK(dice, world_events);
    const char *purpose = PICK(dice, world_leaves);
    const struct sk_event_type *type = world_type(v, event);
    size_t size = (size_t)sprintf(
        text,
        "  - {id: s%zu, text: t, to: %s, for: [%s], consent: %s, basis: "
        "{gdpr: %s, reference: r, art9: health-or-social-care}, valid: {from: "
        "2026-01-01, until: 2026-%02d-28}, retain: {for: %d days, from: %s}, "
        "what: {%s: ",
        policy->shares, PICK(dice, world_who), purpose,
        roll(dice, 3) == 0 ? "explicit" : "given", PICK(dice, basis),
        (int)(2 + roll(dice, 11)), (int)(20 + roll(dice, 500)),
        roll(dice, 2) == 0 ? "sent" : "occurred", event);

    if (roll(dice, 6) == 0) {
        sprintf(text + size, "only-the-fact}}\n");
    } else {
        size += (size_t)sprintf(text + size, "{occurred: %s",
                                roll(dice, 2) ? "exact" : "month");
        for (size_t i = 1; i < type->fields_count; i++) {
            const struct sk_field *f = &v->fields[type->fields[i]];
            struct sk_bytes level =
                f->levels[1 + roll(dice, f->levels_count - 1u)];

            if (roll(dice, 4) != 0)
                size += (size_t)sprintf(text + size, ", %s: %.*s",
                                        (const char *)f->id.data,
                                        (int)level.size, level.data);
        }
        sprintf(text + size, "}}}\n");
    }
    policy->event[policy->shares] = event;
    policy->purpose[policy->shares] = purpose;
    policy->shares++;
}

static inline void world_add_never(struct dice *dice,
                                   const struct sk_vocabulary *v,
                                   struct world_policy *policy)
{
    char *text = policy->never[policy->nevers];
    size_t size =
        (size_t)sprintf(text, "  - {id: n%zu, text: t, to: %s", policy->nevers,
                        roll(dice, 2) ? "anyone" : PICK(dice, world_who));

    if (roll(dice, 4) == 0)
        size +=
            (size_t)sprintf(text + size, ", except: %s", PICK(dice, world_who));
    if (roll(dice, 3) == 0)
        size += (size_t)sprintf(text + size, ", for: [%s]",
                                PICK(dice, world_branches));
    switch (roll(dice, 3)) {
    case 0:
        sprintf(text + size, ", data: [%s]}\n", PICK(dice, world_categories));
        break;
    case 1:
        sprintf(text + size, ", events: [%s]}\n", PICK(dice, world_events));
        break;
    default:
        sprintf(text + size, ", fields: [%s]}\n",
                (const char *)v->fields[roll(dice, v->fields_count)].id.data);
    }
    policy->nevers++;
}

static inline void world_add_limit(struct dice *dice,
                                   const struct sk_vocabulary *v,
                                   struct world_policy *policy)
{
    const struct sk_field *f = &v->fields[roll(dice, v->fields_count)];
    struct sk_bytes level = f->levels[roll(dice, f->levels_count)];

    sprintf(policy->limit[policy->limits],
            "  - {id: l%zu, text: t, to: %s, fields: {%s: %.*s}}\n",
            policy->limits, roll(dice, 2) ? "anyone" : PICK(dice, world_who),
            (const char *)f->id.data, (int)level.size, level.data);
    policy->limits++;
}

static inline size_t world_join(char *out, const char *key,
                                char rules[][RULE_SIZE_MAX], size_t count,
                                bool reversed)
{
    size_t size = 0;

    if (count > 0)
        size += (size_t)sprintf(out, "%s:\n", key);
    for (size_t i = 0; i < count; i++)
        size += (size_t)sprintf(out + size, "%s",
                                rules[reversed ? count - 1 - i : i]);
    return size;
}

/* The mini bundle, read once; a value of stop_reason tells of health. */
static inline struct sk_sources world_sources(void)
{
    static struct sk_sources sources;
    static struct sk_arena arena;
    const char *problem;

    if (arena.data != NULL)
        return sources;
    arena = test_arena();
    sources = test_sources(TEST_MINI, &arena);
    if (sk_sources_read(&sources, &arena) != SK_OK ||
        sk_variant_apply(test_yaml("patch: [{file: vocabulary, at: [codelists, "
                                   "stop, values, illness, reveals], set: "
                                   "[health.absence]}, {file: vocabulary, at: "
                                   "[categories, social, secrecy], set: "
                                   "true}]",
                                   &arena),
                         &arena, &sources, &problem) != SK_OK ||
        problem != NULL)
        abort();
    sources.of[SK_SOURCE_POLICY].tree = NULL;
    return sources;
}

/* A bundle of these sources with this policy, and other invariants unless
   NULL; NULL when it has errors. */
static inline struct sk_bundle *
world_load_from(struct sk_sources sources, struct world_policy *policy,
                bool reversed, const char *invariants, struct sk_arena *arena)
{
    static char text[3 * RULES_MAX * RULE_SIZE_MAX + 512];
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_bundle *bundle = NULL;
    size_t size = (size_t)sprintf(
        text, "language: sharing-policy/1\npolicy: ocmw-mol\nversion: 1\n"
              "vocabulary: mini/3\nguards: mini/1\npartners: mini\n");

    size += world_join(text + size, "share", policy->share, policy->shares,
                       reversed);
    size += world_join(text + size, "never", policy->never, policy->nevers,
                       reversed);
    world_join(text + size, "limit", policy->limit, policy->limits, reversed);
    sources.of[SK_SOURCE_POLICY].bytes = sk_text(text);
    if (invariants != NULL) {
        sources.of[SK_SOURCE_INVARIANTS].tree = NULL;
        sources.of[SK_SOURCE_INVARIANTS].bytes = sk_text(invariants);
    }
    if (sk_sources_load(&sources, INT32_MIN, arena, &findings, &bundle) !=
        SK_OK)
        abort();
    if (bundle == NULL)
        fprintf(stderr, "%s\n%s\n", text, test_findings(&findings));
    return bundle;
}

/* The mini bundle with this policy. */
static inline struct sk_bundle *world_load_with(struct world_policy *policy,
                                                bool reversed,
                                                const char *invariants,
                                                struct sk_arena *arena)
{
    struct sk_bundle *bundle =
        world_load_from(world_sources(), policy, reversed, invariants, arena);

    if (bundle == NULL)
        abort();
    return bundle;
}

static inline struct sk_bundle *
world_load(struct world_policy *policy, bool reversed, struct sk_arena *arena)
{
    return world_load_with(policy, reversed, NULL, arena);
}

/* ---------------------------------------------------------------- facts */

#define FACTS_MAX 16
#define WORLD_START 1767222000 /* 2026-01-01T00:00 in Brussels */
#define DAY_SECONDS 86400

struct world_consent {
    char id[8];
    struct sk_bytes purposes[2];
    struct sk_bytes recipients[3];
    struct sk_bytes categories[10];
    struct sk_fact_consent fact;
};
struct world_facts {
    struct world_consent consents[FACTS_MAX];
    size_t consents_count;
    struct {
        const char *org;
        struct sk_fact_period period;
    } links[FACTS_MAX];
    size_t links_count;
    const char *birth; /* or NULL */
    bool administration;
};

static inline void world_add_consent(struct dice *dice,
                                     struct world_facts *facts, bool stop)
{
    static const char *const givers[] = {
        "", "", "self", "parent", "self-and-parent", "administrator"};
    struct world_consent *c = &facts->consents[facts->consents_count];
    struct sk_fact_consent *fact = &c->fact;

    memset(c, 0, sizeof(*c));
    sprintf(c->id, "c%zu", facts->consents_count);
    fact->id = sk_text(c->id);
    fact->state = sk_text(!stop                ? "given"
                          : roll(dice, 3) == 0 ? "refused"
                                               : "withdrawn");
    fact->explicit_consent = roll(dice, 2) == 0;
    /* Few instants, so that equal ones occur. */
    fact->at = WORLD_START + (int64_t)roll(dice, 12) * 5 * DAY_SECONDS;
    fact->until = fact->at + (int64_t)(10 + roll(dice, 100)) * DAY_SECONDS;
    fact->given_by = sk_text(PICK(dice, givers));
    for (size_t i = 0; i < 2; i++)
        c->purposes[i] =
            sk_text(stop && roll(dice, 3) == 0 ? PICK(dice, world_branches)
                                               : PICK(dice, world_leaves));
    for (size_t i = 0; i < 3; i++)
        c->recipients[i] = sk_text(PICK(dice, world_orgs));
    for (size_t i = 0; i < 10; i++)
        c->categories[i] = sk_text(PICK(dice, world_categories));
    fact->purposes = c->purposes;
    fact->purposes_count = 2;
    fact->recipients = c->recipients;
    fact->recipients_count = 3;
    fact->categories = c->categories;
    fact->categories_count = stop ? 1 + roll(dice, 3) : 10;
    if (stop && roll(dice, 4) == 0)
        fact->purposes = NULL;
    if (stop && roll(dice, 4) == 0)
        fact->recipients = NULL;
    if (stop && roll(dice, 4) == 0)
        fact->categories = NULL;
    facts->consents_count++;
}

static inline void world_facts(struct dice *dice, struct world_facts *facts)
{
    static const char *const births[] = {"1990-05-01", "2008-02-10", "2008",
                                         "2012-07"};
    size_t consents = 6 + roll(dice, 8);

    memset(facts, 0, sizeof(*facts));
    for (size_t i = 0; i < consents; i++)
        world_add_consent(dice, facts, roll(dice, 9) == 0);
    for (size_t i = 0; i < SK_COUNT(world_orgs); i++) {
        facts->links[i].org = world_orgs[i];
        facts->links[i].period.from = 20454;
        facts->links[i].period.until = roll(dice, 8) == 0 ? 20460 : INT32_MAX;
        facts->links_count++;
    }
    if (roll(dice, 4) == 0)
        facts->birth = PICK(dice, births);
    facts->administration = roll(dice, 12) == 0;
}

static inline struct sk_facts *world_compile(const struct world_facts *facts,
                                             const struct sk_bundle *bundle,
                                             bool reversed,
                                             struct sk_arena *arena)
{
    struct sk_fact_period administration = {20460, 20480};
    struct sk_facts *out;
    bool good = sk_facts_start(bundle, arena, &out) == SK_OK;

    for (size_t i = 0; i < facts->consents_count && good; i++) {
        size_t at = reversed ? facts->consents_count - 1 - i : i;

        good = sk_facts_consent(out, &facts->consents[at].fact) == SK_OK;
    }
    for (size_t i = 0; i < facts->links_count && good; i++) {
        size_t at = reversed ? facts->links_count - 1 - i : i;

        good = sk_facts_link(out, sk_text(facts->links[at].org),
                             facts->links[at].period) == SK_OK;
    }
    if (facts->birth != NULL)
        good = good && sk_facts_birth_date(out, sk_text(facts->birth));
    if (facts->administration)
        good = good && sk_facts_administration(out, administration) == SK_OK;
    if (!good)
        abort();
    return out;
}

/* ---------------------------------------------------------------- question */

struct world_question {
    struct sk_named_value fields[SK_EVENT_FIELDS_MAX];
    struct sk_event_view event;
    struct sk_question question;
};

static inline struct sk_bytes world_value(struct dice *dice,
                                          const struct sk_field *f)
{
    if (f->kind == SK_KIND_ENUM)
        return f->codelist->values[roll(dice, f->codelist->count)].id;
    if (f->kind == SK_KIND_NUMBER)
        return sk_text("17");
    if (f->kind == SK_KIND_BIRTHDATE)
        return sk_text("1998-11-23");
    return sk_text(f->kind == SK_KIND_CODE ? "2400" : "tekst");
}

/* A value that lets this rule speak. */
static inline struct sk_bytes world_good_value(const struct sk_field *field,
                                               uint16_t f,
                                               const struct sk_share *share)
{
    for (size_t i = 0; i < share->where_count; i++) {
        if (share->where[i].field == f)
            return field->codelist->values[sk_lowest(share->where[i].values)]
                .id;
    }
    if (field->kind == SK_KIND_ENUM)
        return field->codelist->values[0].id;
    if (field->kind == SK_KIND_NUMBER)
        return sk_text("17");
    if (field->kind == SK_KIND_BIRTHDATE)
        return sk_text("1998-11-23");
    return sk_text(field->kind == SK_KIND_CODE ? "2400" : "tekst");
}

/* Mostly about what a rule of the policy speaks of. */
static inline void world_ask(struct dice *dice, const struct sk_vocabulary *v,
                             const struct world_policy *policy,
                             struct world_question *q)
{
    size_t rule = roll(dice, policy->shares);
    bool near = roll(dice, 8) != 0;
    const char *event = near ? policy->event[rule] : PICK(dice, world_events);
    const struct sk_event_type *type = world_type(v, event);
    size_t count = 0;

    for (size_t i = 1; i < type->fields_count; i++) {
        const struct sk_field *f = &v->fields[type->fields[i]];

        if (type->required[i] || roll(dice, 5) != 0)
            q->fields[count++] = (struct sk_named_value){
                .name = f->id, .text = world_value(dice, f)};
    }
    q->event = (struct sk_event_view){
        .type = sk_text(event),
        .subject = true,
        .occurred = sk_text("2026-01-05"),
        .fields = q->fields,
        .fields_count = count,
    };
    q->question = (struct sk_question){
        .to = sk_text(PICK(dice, world_orgs)),
        .purpose =
            sk_text(near ? policy->purpose[rule] : PICK(dice, world_leaves)),
        .now = WORLD_START + (int64_t)(20 + roll(dice, 60)) * DAY_SECONDS,
        .event = &q->event,
    };
}

static inline void world_reverse(struct world_question *q)
{
    for (size_t i = 0; i < q->event.fields_count / 2; i++) {
        struct sk_named_value other = q->fields[i];

        q->fields[i] = q->fields[q->event.fields_count - 1 - i];
        q->fields[q->event.fields_count - 1 - i] = other;
    }
}

/* The mini world with this variant; NULL: as it is. */
static inline struct sk_bundle *world_variant(const char *variant,
                                              struct sk_arena *arena)
{
    struct sk_sources sources = test_sources(TEST_MINI, arena);
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_bundle *bundle;
    const char *problem = NULL;

    cr_assert(eq(int, sk_sources_read(&sources, arena), SK_OK));
    if (variant != NULL)
        cr_assert(eq(int,
                     sk_variant_apply(test_yaml(variant, arena), arena,
                                      &sources, &problem),
                     SK_OK));
    cr_assert(eq(ptr, (void *)problem, NULL), "%s", problem);
    cr_assert(
        eq(int, sk_sources_load(&sources, INT32_MIN, arena, &findings, &bundle),
           SK_OK));
    cr_assert(ne(ptr, bundle, NULL), "%s: %s", variant,
              test_findings(&findings));
    return bundle;
}

#endif
