#include "policies/coverage.h"

#include <string.h>

#include "policies/cases_private.h"
#include "policies/facts.h"
#include "policies/matrix.h"
#include "policies/trace.h"

/* So many questions are tried before a rule counts as out of reach. */
#define TRIES_MAX 20000

const char *sk_condition_text(enum sk_condition condition)
{
    return condition == SK_CONDITION_CONSENT
               ? "consent"
               : sk_stage_text((enum sk_stage)condition);
}

/* ---------------------------------------------------------------- without */

/* The bundle without one never or limit: a copy that shares everything but
   the sets by recipient, in which the rule's bit is cleared. */
static struct sk_bundle *without_take(const struct sk_bundle *bundle,
                                      size_t take, struct sk_arena *arena)
{
    size_t words = bundle->take_words;
    size_t count = bundle->roster.count * words;
    struct sk_bundle *copy = sk_arena_get(arena, sizeof(*copy));
    uint64_t *sets = sk_arena_get_array(arena, count + 1, sizeof(*sets));

    if (copy == NULL || sets == NULL)
        return NULL;
    *copy = *bundle;
    memcpy(sets, bundle->take_by_org, count * sizeof(*sets));
    for (size_t org = 0; org < bundle->roster.count; org++)
        sets[org * words + take / 64] &= ~sk_bit((unsigned)(take % 64));
    copy->take_by_org = sets;
    return copy;
}

/* ---------------------------------------------------------------- start */

static bool is_day_known(const struct sk_coverage *c, int32_t day)
{
    for (size_t i = 0; i < c->days_count; i++) {
        if (c->days[i].day == day)
            return true;
    }
    return false;
}

/* The cell in the first of the matrices that has it. */
static bool *cell_of(struct sk_coverage *c, struct sk_spot spot, uint16_t field)
{
    for (size_t i = 0; i < c->days_count; i++) {
        const struct sk_cell *cell = sk_matrix_find(&c->days[i], spot, field);

        if (cell != NULL)
            return &c->reached[i][cell - c->days[i].cells];
    }
    return NULL;
}

static enum sk_status add_day(struct sk_coverage *c, int32_t day,
                              struct sk_arena *arena)
{
    struct sk_matrix *matrix = &c->days[c->days_count];
    size_t at = c->days_count;

    SK_TRY(sk_matrix_make(c->bundle, day, SK_NONE, arena, matrix));
    c->reached[at] = sk_arena_get_array(arena, matrix->count + 1, sizeof(bool));
    if (c->reached[at] == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < matrix->count; i++)
        c->cells +=
            cell_of(c, matrix->cells[i].spot, matrix->cells[i].field) == NULL;
    c->days_count++;
    return SK_OK;
}

enum sk_status sk_coverage_start(const struct sk_bundle *bundle,
                                 struct sk_arena *arena,
                                 struct sk_coverage *out)
{
    struct sk_coverage c = {.bundle = bundle};

    c.rules =
        sk_arena_get_array(arena, bundle->shares_count + 1, sizeof(*c.rules));
    c.hits =
        sk_arena_get_array(arena, bundle->takes_count + 1, sizeof(*c.hits));
    c.days =
        sk_arena_get_array(arena, bundle->shares_count + 1, sizeof(*c.days));
    c.reached =
        sk_arena_get_array(arena, bundle->shares_count + 1, sizeof(*c.reached));
    if (arena->full)
        return SK_E_MEMORY;
    for (size_t i = 0; i < bundle->shares_count; i++) {
        if (!is_day_known(&c, bundle->shares[i].from))
            SK_TRY(add_day(&c, bundle->shares[i].from, arena));
    }
    *out = c;
    return SK_OK;
}

/* ---------------------------------------------------------------- add */

static bool is_named(const struct sk_decision *decision, struct sk_bytes id)
{
    for (size_t i = 0; i < decision->rules_count; i++) {
        if (sk_bytes_equal(decision->rules[i], id))
            return true;
    }
    return false;
}

/* The one stage that stopped a rule, or none. */
static bool only_condition(uint32_t failed, enum sk_condition *out)
{
    unsigned stage;

    if (sk_members(failed) != 1)
        return false;
    stage = sk_lowest(failed);
    *out = stage >= SK_STAGE_CONSENT_MISSING ? SK_CONDITION_CONSENT
                                             : (enum sk_condition)stage;
    return true;
}

static void count_rules(struct sk_coverage *c, const struct sk_decision *answer,
                        const struct sk_trace *trace)
{
    for (size_t i = 0; i < c->bundle->shares_count; i++) {
        if (!is_named(answer, c->bundle->shares[i].id))
            continue;
        if (answer->permit)
            c->rules[i].permitted++;
        else
            c->rules[i].blocked++;
    }
    for (size_t i = 0; i < trace->rules_count; i++) {
        enum sk_condition condition;
        size_t at = 0;

        if (!only_condition(trace->rules[i].failed, &condition))
            continue;
        while (!sk_bytes_equal(c->bundle->shares[at].id, trace->rules[i].id))
            at++;
        c->rules[at].conditions[condition]++;
    }
}

static void reach(struct sk_coverage *c, struct sk_spot spot, uint16_t field)
{
    bool *cell = cell_of(c, spot, field);

    if (cell == NULL || *cell)
        return;
    *cell = true;
    c->cells_reached++;
}

static void count_cells(struct sk_coverage *c,
                        const struct sk_question *question,
                        const struct sk_decision *answer)
{
    const struct sk_vocabulary *v = c->bundle->vocabulary;
    struct sk_spot spot;

    if (!answer->permit)
        return;
    spot.org = sk_roster_find(&c->bundle->roster, question->to);
    spot.purpose = sk_vocabulary_purpose(v, question->purpose);
    spot.event = sk_vocabulary_event(v, question->event->type);
    reach(c, spot, SK_FACT);
    for (size_t i = 0; i < answer->fields_count; i++) {
        if (answer->fields[i].withheld == SK_SENT)
            reach(c, spot, answer->fields[i].field);
    }
}

/* Own nevers and limits without which the answer is another one. */
static enum sk_status count_takes(struct sk_coverage *c,
                                  const struct sk_cases *cases, size_t i,
                                  const struct sk_decision *answer,
                                  struct sk_arena *arena)
{
    for (size_t take = 0; take < c->bundle->takes_count; take++) {
        size_t mark = sk_arena_mark(arena);
        struct sk_bundle *without;
        struct sk_decision *other;

        if (c->hits[take] || c->bundle->takes[take].federation)
            continue;
        without = without_take(c->bundle, take, arena);
        other = sk_arena_get(arena, sizeof(*other));
        if (without == NULL || other == NULL)
            return SK_E_MEMORY;
        SK_TRY(sk_case_ask(cases, &cases->list[i], without,
                           /* reversed */ false, arena, other));
        c->hits[take] = !sk_decision_same(answer, other);
        sk_arena_reset(arena, mark);
    }
    return SK_OK;
}

enum sk_status sk_coverage_add(struct sk_coverage *c,
                               const struct sk_cases *cases, size_t i,
                               struct sk_arena *arena)
{
    const struct sk_case *one = &cases->list[i];
    size_t mark = sk_arena_mark(arena);
    struct sk_case_question asked;
    struct sk_decision *answer;
    struct sk_trace trace;

    assert(i < cases->count);

    if (one->ask == NULL || one->variant != NULL)
        return SK_OK;
    answer = sk_arena_get(arena, sizeof(*answer));
    if (answer == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_case_question(cases, one, c->bundle, /* reversed */ false, arena,
                            &asked));
    SK_TRY(sk_decide(c->bundle, asked.facts, &asked.question, arena, answer));
    SK_TRY(sk_trace(c->bundle, asked.facts, &asked.question, answer, arena,
                    &trace));
    count_rules(c, answer, &trace);
    count_cells(c, &asked.question, answer);
    SK_TRY(count_takes(c, cases, i, answer, arena));
    sk_arena_reset(arena, mark);
    return SK_OK;
}

/* ---------------------------------------------------------------- missing */

/* A search for a question: over recipients, purposes and events of rules. */
struct search {
    const struct sk_bundle *bundle;
    const struct sk_bundle *without; /* for a take, else NULL */
    size_t rule;                     /* for a share rule */
    struct sk_arena *arena;
    struct sk_example *out;
    struct sk_decision *answer;
    size_t tries;
    bool found;
};

/* Does the answer show what is looked for? */
static enum sk_status look(struct search *s)
{
    struct sk_example *x = s->out;
    struct sk_facts *facts = x->facts;
    struct sk_decision *other;

    SK_TRY(sk_decide(s->bundle, facts, &x->question, s->arena, s->answer));
    if (s->without == NULL) {
        s->found = s->answer->permit &&
                   is_named(s->answer, s->bundle->shares[s->rule].id);
        return SK_OK;
    }
    other = sk_arena_get(s->arena, sizeof(*other));
    if (other == NULL)
        return SK_E_MEMORY;
    facts->bundle = s->without;
    SK_TRY(sk_decide(s->without, facts, &x->question, s->arena, other));
    facts->bundle = s->bundle;
    s->found = !sk_decision_same(s->answer, other);
    return SK_OK;
}

/* First and last day, with explicit consent and without. */
static enum sk_status try_spot(struct search *s, const struct sk_share *share,
                               struct sk_example_spot spot, struct sk_bytes id)
{
    for (unsigned way = 0; way < 4 && !s->found; way++) {
        size_t mark = sk_arena_mark(s->arena);

        if (s->tries++ >= TRIES_MAX)
            return SK_OK;
        SK_TRY(sk_example_ask(s->bundle, share, spot, way >= 2, way % 2 == 0,
                              id, s->arena, s->out));
        SK_TRY(look(s));
        if (!s->found)
            sk_arena_reset(s->arena, mark);
    }
    return SK_OK;
}

static enum sk_status try_share(struct search *s, const struct sk_share *share,
                                const struct sk_take *take, struct sk_bytes id)
{
    size_t orgs = s->bundle->roster.count;

    for (uint16_t org = 0; org < orgs && !s->found; org++) {
        uint64_t left = share->purposes;

        if (!sk_org_set_has(&share->to, org))
            continue;
        for (; left != 0 && !s->found; left &= left - 1) {
            uint16_t purpose = (uint16_t)sk_lowest(left);

            if (take != NULL && !sk_take_speaks(take, org, purpose))
                continue;
            for (size_t e = 0; e < share->what_count && !s->found; e++) {
                struct sk_example_spot spot = {org, purpose,
                                               share->what[e].event};

                SK_TRY(try_spot(s, share, spot, id));
            }
        }
    }
    return SK_OK;
}

static struct search start_search(const struct sk_bundle *bundle,
                                  struct sk_arena *arena,
                                  struct sk_example *out,
                                  struct sk_decision *answer)
{
    return (struct search){
        .bundle = bundle, .arena = arena, .out = out, .answer = answer};
}

/* "coverage-RULE": subject and giving of a made test, so that no fact of the
   file is about them. */
static struct sk_bytes name_of(struct sk_bytes rule, struct sk_arena *arena)
{
    static const char head[] = "coverage-";
    uint8_t *text = sk_arena_get(arena, sizeof(head) + rule.size);

    if (text == NULL)
        return (struct sk_bytes){NULL, 0};
    memcpy(text, head, sizeof(head) - 1);
    memcpy(text + sizeof(head) - 1, rule.data, rule.size);
    return (struct sk_bytes){text, sizeof(head) - 1 + rule.size};
}

enum sk_status sk_coverage_for_rule(const struct sk_bundle *bundle, size_t rule,
                                    struct sk_arena *arena, bool *found,
                                    struct sk_example *out,
                                    struct sk_decision *answer)
{
    struct search s = start_search(bundle, arena, out, answer);
    struct sk_bytes id = name_of(bundle->shares[rule].id, arena);

    if (id.data == NULL)
        return SK_E_MEMORY;
    s.rule = rule;
    SK_TRY(try_share(&s, &bundle->shares[rule], NULL, id));
    *found = s.found;
    return SK_OK;
}

enum sk_status sk_coverage_for_take(const struct sk_bundle *bundle, size_t take,
                                    struct sk_arena *arena, bool *found,
                                    struct sk_example *out,
                                    struct sk_decision *answer)
{
    struct search s = start_search(bundle, arena, out, answer);
    struct sk_bytes id = name_of(bundle->takes[take].id, arena);

    s.without = without_take(bundle, take, arena);
    if (s.without == NULL || id.data == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < bundle->shares_count && !s.found; i++)
        SK_TRY(try_share(&s, &bundle->shares[i], &bundle->takes[take], id));
    *found = s.found;
    return SK_OK;
}
