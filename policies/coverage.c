#include "policies/coverage.h"

#include <string.h>

#include "policies/cases_private.h"
#include "policies/facts.h"
#include "policies/trace.h"

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

/* The cells of an event stand behind each other: the fact, then its fields. */
static enum sk_status lay_out(struct sk_coverage *c, struct sk_arena *arena)
{
    const struct sk_vocabulary *v = c->bundle->vocabulary;
    size_t bits;

    c->slots =
        sk_arena_get_array(arena, v->events_count + 1, sizeof(*c->slots));
    if (c->slots == NULL)
        return SK_E_MEMORY;
    for (size_t e = 0; e < v->events_count; e++)
        c->slots[e + 1] = c->slots[e] + (uint32_t)v->events[e].fields_count + 1;
    c->stride = c->slots[v->events_count];
    bits = c->bundle->roster.count * v->purposes_count * c->stride;
    c->there = sk_arena_get_array(arena, bits / 64 + 1, sizeof(uint64_t));
    c->reached = sk_arena_get_array(arena, bits / 64 + 1, sizeof(uint64_t));
    return arena->full ? SK_E_MEMORY : SK_OK;
}

/* at: the position of a field in the event, or -1 for the fact. */
static size_t cell_of(const struct sk_coverage *c, struct sk_spot spot, int at)
{
    return ((size_t)spot.org * c->bundle->vocabulary->purposes_count +
            spot.purpose) *
               c->stride +
           c->slots[spot.event] + (size_t)(at + 1);
}

/* Set a bit; false when it was. */
static bool set(uint64_t *bits, size_t at)
{
    uint64_t bit = sk_bit((unsigned)(at % 64));
    bool is_new = (bits[at / 64] & bit) == 0;

    bits[at / 64] |= bit;
    return is_new;
}

/* The cells that a rule has at a spot, whatever the day. */
static void add_spot(struct sk_coverage *c, const struct sk_ways *ways,
                     struct sk_spot spot, const struct sk_share *share,
                     const struct sk_shared_event *shared)
{
    const struct sk_event_type *type =
        &c->bundle->vocabulary->events[spot.event];
    struct sk_way found[2];

    if (sk_caps_covers(&ways->caps, spot.org, spot.purpose, spot.event))
        return;
    if (sk_ways_of_fact(&ways->caps, spot, share, shared, found))
        c->cells += set(c->there, cell_of(c, spot, -1));
    for (size_t at = 0; at < type->fields_count; at++)
        if (shared->levels[at] > 0 &&
            sk_ways_of_field(&ways->caps, spot, share, shared, at, found) > 0)
            c->cells += set(c->there, cell_of(c, spot, (int)at));
}

/* Nevers and limits have no days, so the matrices of all `valid.from` days
   together are the ways of all rules.  POLICY.md 14.4 */
static enum sk_status add_rule(struct sk_coverage *c,
                               const struct sk_ways *ways, size_t at,
                               uint64_t *looked_at)
{
    const struct sk_share *share = &c->bundle->shares[at];
    size_t words = c->bundle->share_words;

    for (uint16_t org = 0; org < c->bundle->roster.count; org++) {
        if ((ways->open_by_org[org * words + at / 64] >> (at % 64) & 1) == 0)
            continue;
        for (uint64_t left = share->purposes; left != 0; left &= left - 1) {
            for (size_t e = 0; e < share->what_count; e++) {
                struct sk_spot spot = {org, (uint16_t)sk_lowest(left),
                                       share->what[e].event};

                add_spot(c, ways, spot, share, &share->what[e]);
                *looked_at +=
                    1 + c->slots[spot.event + 1] - c->slots[spot.event];
            }
            if (*looked_at > SK_WAYS_MAX)
                return SK_E_TOO_LARGE;
        }
    }
    return SK_OK;
}

enum sk_status sk_coverage_start(const struct sk_bundle *bundle,
                                 struct sk_arena *arena,
                                 struct sk_coverage *out)
{
    struct sk_coverage c = {.bundle = bundle};
    uint64_t looked_at = 0;
    struct sk_ways ways;
    size_t mark;

    c.rules =
        sk_arena_get_array(arena, bundle->shares_count + 1, sizeof(*c.rules));
    c.hits =
        sk_arena_get_array(arena, bundle->takes_count + 1, sizeof(*c.hits));
    if (arena->full)
        return SK_E_MEMORY;
    SK_TRY(lay_out(&c, arena));
    mark = sk_arena_mark(arena);
    SK_TRY(sk_ways_start(bundle, arena, &ways));
    for (size_t i = 0; i < bundle->shares_count; i++)
        SK_TRY(add_rule(&c, &ways, i, &looked_at));
    sk_arena_reset(arena, mark);
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

static void reach(struct sk_coverage *c, struct sk_spot spot, int at)
{
    size_t cell = cell_of(c, spot, at);

    if ((c->there[cell / 64] >> (cell % 64) & 1) != 0)
        c->cells_reached += set(c->reached, cell);
}

bool sk_coverage_reached(const struct sk_coverage *c, struct sk_spot spot,
                         uint16_t field)
{
    uint8_t at =
        field == SK_FACT
            ? 0
            : c->bundle->positions[(size_t)spot.event *
                                       c->bundle->vocabulary->fields_count +
                                   field];
    size_t cell = cell_of(c, spot, field == SK_FACT ? -1 : at);

    assert(at != UINT8_MAX);

    return (c->reached[cell / 64] >> (cell % 64) & 1) != 0;
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
    reach(c, spot, -1);
    for (size_t i = 0; i < answer->fields_count; i++) {
        if (answer->fields[i].withheld == SK_SENT)
            reach(c, spot,
                  c->bundle->positions[(size_t)spot.event * v->fields_count +
                                       answer->fields[i].field]);
    }
}

/* Own nevers and limits without which the answer is another one. */
static enum sk_status count_takes(struct sk_coverage *c,
                                  const struct sk_cases *cases, size_t i,
                                  const struct sk_question *question,
                                  const struct sk_decision *answer,
                                  struct sk_arena *arena)
{
    uint16_t org = sk_roster_find(&c->bundle->roster, question->to);
    uint16_t purpose =
        sk_vocabulary_purpose(c->bundle->vocabulary, question->purpose);

    if (org == SK_NONE || purpose == SK_NONE)
        return SK_OK;
    for (size_t take = 0; take < c->bundle->takes_count; take++) {
        size_t mark = sk_arena_mark(arena);
        struct sk_bundle *without;
        struct sk_decision *other;

        if (c->hits[take] || c->bundle->takes[take].federation ||
            !sk_take_speaks(&c->bundle->takes[take], org, purpose))
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
    SK_TRY(count_takes(c, cases, i, &asked.question, answer, arena));
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
    bool gave_up;
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

        if (s->tries == 0) {
            s->gave_up = true;
            return SK_OK;
        }
        s->tries--;
        SK_TRY(sk_example_ask(s->bundle, share, spot, way >= 2, way % 2 == 0,
                              id, s->arena, s->out));
        SK_TRY(look(s));
        if (!s->found)
            sk_arena_reset(s->arena, mark);
    }
    return SK_OK;
}

/* Can the rule change what this one lets go of the event? */
static bool touches(const struct sk_take *take, const struct sk_vocabulary *v,
                    const struct sk_shared_event *shared)
{
    const struct sk_event_type *type = &v->events[shared->event];

    if (sk_take_covers_event(take, v, shared->event))
        return true;
    for (size_t at = 0; at < type->fields_count; at++)
        if (shared->levels[at] > 0 &&
            sk_take_leaves(take, v, type->fields[at], shared->event,
                           shared->levels[at]) < shared->levels[at])
            return true;
    return false;
}

static enum sk_status try_share(struct search *s, const struct sk_share *share,
                                const struct sk_take *take, struct sk_bytes id)
{
    size_t orgs = s->bundle->roster.count;

    for (uint16_t org = 0; org < orgs && !s->found && !s->gave_up; org++) {
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

                if (take != NULL &&
                    !touches(take, s->bundle->vocabulary, &share->what[e]))
                    continue;
                SK_TRY(try_spot(s, share, spot, id));
            }
        }
    }
    return SK_OK;
}

static struct search start_search(const struct sk_bundle *bundle,
                                  struct sk_arena *arena,
                                  const struct sk_coverage_search *search,
                                  struct sk_example *out,
                                  struct sk_decision *answer)
{
    return (struct search){.bundle = bundle,
                           .arena = arena,
                           .out = out,
                           .answer = answer,
                           .tries = search->tries};
}

static void end_search(const struct search *s, struct sk_coverage_search *out)
{
    *out = (struct sk_coverage_search){
        .tries = s->tries, .found = s->found, .gave_up = s->gave_up};
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
                                    struct sk_arena *arena,
                                    struct sk_coverage_search *search,
                                    struct sk_example *out,
                                    struct sk_decision *answer)
{
    struct search s = start_search(bundle, arena, search, out, answer);
    struct sk_bytes id = name_of(bundle->shares[rule].id, arena);

    if (id.data == NULL)
        return SK_E_MEMORY;
    s.rule = rule;
    SK_TRY(try_share(&s, &bundle->shares[rule], NULL, id));
    end_search(&s, search);
    return SK_OK;
}

enum sk_status sk_coverage_for_take(const struct sk_bundle *bundle, size_t take,
                                    struct sk_arena *arena,
                                    struct sk_coverage_search *search,
                                    struct sk_example *out,
                                    struct sk_decision *answer)
{
    struct search s = start_search(bundle, arena, search, out, answer);
    struct sk_bytes id = name_of(bundle->takes[take].id, arena);

    s.without = without_take(bundle, take, arena);
    if (s.without == NULL || id.data == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < bundle->shares_count && !s.found && !s.gave_up; i++)
        SK_TRY(try_share(&s, &bundle->shares[i], &bundle->takes[take], id));
    end_search(&s, search);
    return SK_OK;
}
