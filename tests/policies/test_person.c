/* person.h against docs/POLICY.md 10.4: what the matrix of one person shows is
   what decisions about that person let through, no more and no less. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/civil.h"
#include "policies/person.h"
#include "policies/trace.h"
#include "world.h"

#define NOON (12 * 3600)

/* The small bundle, with changes (14.2) unless NULL. */
static struct sk_bundle *mini(const char *variant, struct sk_arena *arena)
{
    struct sk_sources sources = test_sources(TEST_MINI, arena);
    struct sk_findings findings = sk_findings_start(arena);
    const char *problem = NULL;
    struct sk_bundle *bundle;

    cr_assert(eq(int, sk_sources_read(&sources, arena), SK_OK));
    if (variant != NULL)
        cr_assert(eq(int,
                     sk_variant_apply(test_yaml(variant, arena), arena,
                                      &sources, &problem),
                     SK_OK));
    cr_assert(eq(ptr, (void *)(uintptr_t)problem, NULL));
    cr_assert(
        eq(int, sk_sources_load(&sources, INT32_MIN, arena, &findings, &bundle),
           SK_OK));
    cr_assert(ne(ptr, bundle, NULL), "%s", test_findings(&findings));
    return bundle;
}

/* ---------------------------------------------------------------- asked */

/* What decisions say of one cell. */
struct asked {
    uint8_t level;       /* the highest that goes out */
    enum sk_stage stage; /* of the rules of the cell, the furthest */
};

/* The most favourable event for a rule. */
static void favourable(const struct sk_matrix *m, struct sk_spot spot,
                       const struct sk_share *share, char today[11],
                       struct world_question *q)
{
    const struct sk_vocabulary *v = m->bundle->vocabulary;
    const struct sk_event_type *type = &v->events[spot.event];

    sk_day_format(m->day, today);
    q->event = (struct sk_event_view){.type = type->id,
                                      .subject = true,
                                      .occurred = sk_text(today),
                                      .fields = q->fields};
    for (size_t at = 1; at < type->fields_count; at++) {
        uint16_t f = type->fields[at];

        q->fields[q->event.fields_count++] = (struct sk_named_value){
            .name = v->fields[f].id,
            .text = world_good_value(&v->fields[f], f, share)};
    }
    q->question = (struct sk_question){
        .to = m->bundle->roster.orgs[spot.org].id,
        .purpose = v->purposes[spot.purpose].id,
        .now = sk_civil_start(m->day) + NOON,
        .event = &q->event,
    };
}

static uint8_t sent(const struct sk_decision *d, uint16_t field)
{
    if (field == SK_FACT)
        return d->permit ? SK_FACT_LEVEL : 0;
    for (size_t i = 0; d->permit && i < d->fields_count; i++) {
        if (d->fields[i].field == field && d->fields[i].withheld == SK_SENT)
            return d->fields[i].level;
    }
    return 0;
}

/* Where the trace of a decision says that this rule stops. */
static enum sk_stage stage_in(const struct sk_trace *trace,
                              const struct sk_share *share)
{
    for (size_t i = 0; i < trace->rules_count; i++) {
        if (sk_bytes_equal(trace->rules[i].id, share->id))
            return trace->rules[i].stage;
    }
    return SK_STAGE_NOT_YET_VALID;
}

static struct asked ask(const struct sk_matrix *m, const struct sk_cell *cell,
                        const struct sk_facts *facts, struct sk_arena *arena)
{
    struct asked asked = {0, SK_STAGE_NOT_YET_VALID};
    size_t mark = sk_arena_mark(arena);

    for (size_t i = 0; i < cell->rules_count; i++) {
        const struct sk_share *share = &m->bundle->shares[cell->rules[i]];
        struct world_question *q = sk_arena_get(arena, sizeof(*q));
        struct sk_decision *d = sk_arena_get(arena, sizeof(*d));
        struct sk_trace *trace = sk_arena_get(arena, sizeof(*trace));
        enum sk_stage stage;
        char today[11];

        favourable(m, cell->spot, share, today, q);
        cr_assert(eq(int, sk_decide(m->bundle, facts, &q->question, arena, d),
                     SK_OK));
        cr_assert(eq(int,
                     sk_trace(m->bundle, facts, &q->question, d, arena, trace),
                     SK_OK));
        stage = stage_in(trace, share);
        if (sent(d, cell->field) > asked.level)
            asked.level = sent(d, cell->field);
        if (stage > asked.stage)
            asked.stage = stage;
        sk_arena_reset(arena, mark);
    }
    return asked;
}

/* Compare every cell with decisions; *open, *less: how many were so. */
static void expect_exact(const struct sk_matrix *m,
                         const struct sk_facts *facts, const char *what,
                         struct sk_arena *arena, size_t *open, size_t *less)
{
    struct sk_person_cell *cells;

    cr_assert(eq(
        int,
        sk_person_cells(m, facts, sk_civil_start(m->day) + NOON, arena, &cells),
        SK_OK));
    for (size_t i = 0; i < m->count; i++) {
        struct asked asked = ask(m, &m->cells[i], facts, arena);
        const char *reason = cells[i].reason;

        cr_expect(eq(u8, cells[i].level, asked.level), "%s: cell %zu", what, i);
        cr_expect(le(u8, cells[i].level, m->cells[i].level));
        cr_expect(eq(int, reason == NULL, cells[i].level == m->cells[i].level),
                  "%s: reason of cell %zu", what, i);
        /* Where no rule survives, it is the furthest that a rule came. */
        if (asked.stage < SK_STAGE_SURVIVES && reason != NULL &&
            strcmp(reason, "recipient-is-employer") != 0)
            cr_expect(
                eq(str, (char *)reason, (char *)sk_stage_text(asked.stage)),
                "%s: cell %zu", what, i);
        *open += cells[i].level > 0;
        *less += cells[i].level > 0 && reason != NULL;
    }
}

/* ---------------------------------------------------------------- property */

static void more_facts(struct dice *dice, struct sk_facts *facts)
{
    struct sk_fact_objection objection = {.at = WORLD_START,
                                          .state = sk_text("open")};
    struct sk_fact_period job = {20454, 20500 + (int32_t)roll(dice, 200)};

    if (roll(dice, 3) == 0)
        cr_assert(eq(int, sk_facts_objection(facts, &objection), SK_OK));
    if (roll(dice, 3) == 0)
        cr_assert(
            eq(int, sk_facts_employer(facts, sk_text("sopraco"), job), SK_OK));
}

Test(person, shows_what_decisions_let_through, .timeout = 300)
{
    static struct world_policy policy;
    static struct world_facts facts;
    struct sk_arena arena = test_arena();
    struct sk_bundle *small = mini(NULL, &arena);
    size_t base = sk_arena_mark(&arena);
    size_t open = 0;
    size_t less = 0;

    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct dice dice = {seed * 104729};
        struct sk_bundle *bundle = small;
        struct sk_facts *compiled;
        struct sk_matrix m;
        char what[32];

        sk_arena_reset(&arena, base);
        memset(&policy, 0, sizeof(policy));
        for (size_t i = 0; i < RULES_MAX; i++)
            world_add_share(&dice, small->vocabulary, &policy);
        for (size_t i = roll(&dice, 3); i > 0; i--)
            world_add_never(&dice, small->vocabulary, &policy);
        for (size_t i = roll(&dice, 3); i > 0; i--)
            world_add_limit(&dice, small->vocabulary, &policy);
        /* Every fifth is the bundle that has conditions. */
        if (seed % 5 != 0)
            bundle = world_load(&policy, false, &arena);
        world_facts(&dice, &facts);
        compiled = world_compile(&facts, bundle, false, &arena);
        more_facts(&dice, compiled);
        cr_assert(eq(int,
                     sk_matrix_make(bundle, 20474 + (int32_t)roll(&dice, 60),
                                    SK_NONE, &arena, &m),
                     SK_OK));
        snprintf(what, sizeof(what), "seed %d", (int)seed);
        expect_exact(&m, compiled, what, &arena, &open, &less);
    }
    cr_expect(open > 300, "%zu", open);
    cr_expect(less > 5, "%zu", less);
}

/* ---------------------------------------------------------------- by hand */

struct hand {
    struct sk_arena arena;
    struct sk_bundle *bundle;
    struct sk_facts *facts;
    struct sk_matrix matrix;
    struct sk_person_cell *cells;
    int64_t now;
};

static void start(struct hand *h, const char *variant)
{
    int32_t day;

    h->arena = test_arena();
    h->bundle = mini(variant, &h->arena);
    cr_assert(sk_day_parse(sk_text("2026-06-01"), &day));
    h->now = sk_civil_start(day) + NOON;
    cr_assert(eq(int, sk_facts_start(h->bundle, &h->arena, &h->facts), SK_OK));
    cr_assert(eq(int,
                 sk_matrix_make(h->bundle, day, SK_NONE, &h->arena, &h->matrix),
                 SK_OK));
}

static void link_to(struct hand *h, const char *org)
{
    struct sk_fact_period ever = {0, INT32_MAX};

    cr_assert(eq(int, sk_facts_link(h->facts, sk_text(org), ever), SK_OK));
}

static void agree(struct hand *h, const char *state, int64_t at,
                  bool explicit_consent, const char *category)
{
    static struct sk_bytes purpose;
    static struct sk_bytes org;
    struct sk_bytes word = sk_text(category);
    struct sk_fact_consent consent = {.id = sk_text(state),
                                      .state = sk_text(state),
                                      .explicit_consent = explicit_consent,
                                      .at = at,
                                      .until = h->now + 1000,
                                      .purposes = &purpose,
                                      .purposes_count = 1,
                                      .recipients = &org,
                                      .recipients_count = 1,
                                      .categories = &word,
                                      .categories_count = 1};

    purpose = sk_text("guidance.training");
    org = sk_text("thomas-more");
    cr_assert(eq(int, sk_facts_consent(h->facts, &consent), SK_OK));
}

/* "band4", "- not-linked", "month (consent-missing)". */
static const char *cell(struct hand *h, const char *event, const char *field)
{
    static char text[128];
    const struct sk_vocabulary *v = h->bundle->vocabulary;
    struct sk_spot spot = {
        sk_roster_find(&h->bundle->roster, sk_text("thomas-more")),
        sk_vocabulary_purpose(v, sk_text("guidance.training")),
        sk_vocabulary_event(v, sk_text(event))};
    uint16_t f =
        field == NULL ? SK_FACT : sk_vocabulary_field(v, sk_text(field));
    const struct sk_cell *found = sk_matrix_find(&h->matrix, spot, f);
    const struct sk_person_cell *person;

    cr_assert(ne(ptr, (void *)(uintptr_t)found, NULL));
    cr_assert(
        eq(int,
           sk_person_cells(&h->matrix, h->facts, h->now, &h->arena, &h->cells),
           SK_OK));
    person = &h->cells[found - h->matrix.cells];
    if (person->level == 0)
        snprintf(text, sizeof(text), "- %s", person->reason);
    else
        snprintf(text, sizeof(text), "%s%s",
                 (const char *)sk_level_name(v, f, person->level).data,
                 person->reason == NULL ? "" : " less");
    return text;
}

Test(person, is_told_why_nothing_flows)
{
    struct hand h;

    start(&h, NULL);
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "hours"),
                 "- not-linked"));
    link_to(&h, "sopraco");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "hours"),
                 "- not-linked"));
    link_to(&h, "thomas-more");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "hours"),
                 "- consent-missing"));
    agree(&h, "given", h.now - 100, false, "training.attendance");
    cr_expect(
        eq(str, (char *)cell(&h, "training.attendance", "hours"), "band4"));
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", NULL), "yes"));
    /* The event may go, this field asks for more. */
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "absence_reason"),
                 "- consent-not-explicit"));
    agree(&h, "given", h.now - 99, true, "training.attendance");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "absence_reason"),
                 "- consent-missing"));
    agree(&h, "given", h.now - 98, true, "health.absence");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "absence_reason"),
                 "group"));
    agree(&h, "withdrawn", h.now - 50, false, "training");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "hours"),
                 "- consent-withdrawn"));
}

/* An event of which no field may go does not go, unless a rule says so. */
Test(person, the_fact_goes_with_a_field)
{
    struct hand h;

    start(&h, "remove: [tm-training]");
    link_to(&h, "thomas-more");
    agree(&h, "given", h.now - 99, true, "training.attendance");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", NULL),
                 "- consent-missing"));
    agree(&h, "given", h.now - 98, true, "health.absence");
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", NULL), "yes"));
}

Test(person, at_work_there_is_not_followed)
{
    struct sk_fact_period ever = {0, INT32_MAX};
    struct hand h;

    start(&h, NULL);
    link_to(&h, "thomas-more");
    agree(&h, "given", h.now - 100, false, "training.attendance");
    cr_assert(eq(int, sk_facts_employer(h.facts, sk_text("thomas-more"), ever),
                 SK_OK));
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "hours"),
                 "- recipient-is-employer"));
}

Test(person, who_objects_is_told_so)
{
    struct sk_fact_objection objection = {.state = sk_text("open")};
    struct hand h;

    start(&h, NULL);
    link_to(&h, "thomas-more");
    agree(&h, "given", h.now - 100, false, "training.attendance");
    objection.at = h.now + 5;
    cr_assert(eq(int, sk_facts_objection(h.facts, &objection), SK_OK));
    cr_expect(
        eq(str, (char *)cell(&h, "training.attendance", "hours"), "band4"));
    objection.at = h.now - 5;
    cr_assert(eq(int, sk_facts_objection(h.facts, &objection), SK_OK));
    cr_expect(eq(str, (char *)cell(&h, "training.attendance", "hours"),
                 "- objection"));
}

Test(person, needs_room_and_says_so)
{
    struct sk_person_cell *cells = NULL;
    struct sk_arena small;
    uint8_t room[64];
    struct hand h;

    start(&h, NULL);
    small = sk_arena_start(room, sizeof(room));
    cr_expect(eq(int,
                 sk_person_cells(&h.matrix, h.facts, h.now, &small, &cells),
                 SK_E_MEMORY));
    cr_expect(eq(ptr, cells, NULL));
}
