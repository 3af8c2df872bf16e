#include "policies/person.h"

#include "policies/asking.h"
#include "policies/civil.h"

/* The same steps as a decision, for the most favourable event. */

struct walking {
    const struct sk_matrix *matrix;
    struct sk_question question;
    struct sk_asking a;
};

/* What a rule lets through here, and what it would. */
struct passing {
    uint8_t level;
    uint8_t level_max;
    enum sk_stage stage; /* that stops it short of level_max, or survives */
};

/* ---------------------------------------------------------------- rules */

static uint8_t lower(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static struct passing pass_field(struct walking *w, const struct sk_survivor *s,
                                 enum sk_stage stage, size_t at)
{
    struct sk_asking *a = &w->a;
    uint16_t f = a->type->fields[at];
    uint8_t own = s->shared->levels[at];
    uint8_t cap = sk_caps_level(w->matrix->caps, a->org, a->purpose, f);
    struct passing p = {0, lower(own, cap), stage};

    if (stage != SK_STAGE_SURVIVES || p.level_max == 0)
        return p;
    p.level = lower(sk_count_of(a, s, at), cap);
    if (p.level < p.level_max)
        p.stage = sk_consent_stage(a, sk_told(a->v, f, a->event, own),
                                   s->explicit_for);
    return p;
}

/* POLICY.md 8.4 step 6, 10.1: with a field, or when the fact is enough. */
static struct passing pass_fact(struct walking *w, const struct sk_survivor *s,
                                enum sk_stage stage)
{
    struct passing fact = {0, SK_FACT_LEVEL, stage};

    if (stage != SK_STAGE_SURVIVES)
        return fact;
    fact.level = s->shared->only_the_fact ? SK_FACT_LEVEL : 0;
    for (size_t at = 0; at < w->a.type->fields_count && fact.level == 0; at++) {
        struct passing p = pass_field(w, s, stage, at);

        if (p.level > 0)
            fact.level = SK_FACT_LEVEL;
        else if (p.level_max > 0 &&
                 (fact.stage == SK_STAGE_SURVIVES || p.stage > fact.stage))
            fact.stage = p.stage;
    }
    return fact;
}

static struct passing pass_rule(struct walking *w, const struct sk_cell *cell,
                                size_t i)
{
    const struct sk_bundle *bundle = w->matrix->bundle;
    const struct sk_share *share = &bundle->shares[cell->rules[i]];
    struct sk_survivor s = {
        .share = share,
        .shared = sk_share_what(share, cell->spot.event),
        .explicit_for =
            sk_explicit_for(bundle, share->explicit_consent, cell->spot.org),
    };
    enum sk_stage stage = sk_person_stage_of(&w->a, share);

    if (cell->field == SK_FACT)
        return pass_fact(w, &s, stage);
    return pass_field(w, &s, stage, w->a.positions[cell->field]);
}

/* ---------------------------------------------------------------- cells */

/* POLICY.md 8.6: of the rules that would go further, the furthest stage. */
static struct sk_person_cell person_cell(struct walking *w,
                                         const struct sk_cell *cell)
{
    enum sk_stage stage = SK_STAGE_NOT_YET_VALID;
    struct sk_person_cell out = {0, NULL};

    if (sk_bond_covers(w->a.facts->employers, w->a.org, w->a.day))
        return (struct sk_person_cell){0, "recipient-is-employer"};
    for (size_t i = 0; i < cell->rules_count; i++) {
        struct passing p = pass_rule(w, cell, i);

        if (p.level > out.level)
            out.level = p.level;
    }
    if (out.level == cell->level)
        return out;
    for (size_t i = 0; i < cell->rules_count; i++) {
        struct passing p = pass_rule(w, cell, i);

        if (p.level_max > out.level && p.stage > stage)
            stage = p.stage;
    }
    out.reason = sk_stage_text(stage);
    return out;
}

static bool same_atoms(const struct sk_asking *a, struct sk_spot spot)
{
    return a->atoms.facts != NULL && a->org == spot.org &&
           a->purpose == spot.purpose;
}

/* Take in where the next cell lies. */
static void move_to(struct walking *w, struct sk_spot spot)
{
    struct sk_asking *a = &w->a;

    if (!same_atoms(a, spot))
        sk_atoms_start(&a->atoms, a->facts, spot.purpose, spot.org,
                       w->question.now);
    a->org = spot.org;
    a->purpose = spot.purpose;
    a->event = spot.event;
    a->type = &a->v->events[spot.event];
    a->positions =
        a->bundle->positions + (size_t)spot.event * a->v->fields_count;
}

enum sk_status sk_person_cells(const struct sk_matrix *matrix,
                               const struct sk_facts *facts, int64_t now,
                               struct sk_arena *arena,
                               struct sk_person_cell **out)
{
    struct walking *w = sk_arena_get(arena, sizeof(*w));
    struct sk_person_cell *cells =
        sk_arena_get_array(arena, matrix->count + 1, sizeof(*cells));

    assert(facts->bundle == matrix->bundle);
    assert(sk_civil_day(now) == matrix->day);

    if (w == NULL || cells == NULL)
        return SK_E_MEMORY;
    w->matrix = matrix;
    w->question.now = now;
    w->a.bundle = matrix->bundle;
    w->a.v = matrix->bundle->vocabulary;
    w->a.facts = facts;
    w->a.question = &w->question;
    w->a.day = matrix->day;
    for (size_t i = 0; i < matrix->count; i++) {
        move_to(w, matrix->cells[i].spot);
        cells[i] = person_cell(w, &matrix->cells[i]);
    }
    *out = cells;
    return SK_OK;
}
