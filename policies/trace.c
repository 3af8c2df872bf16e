#include "policies/trace.h"

#include "policies/asking.h"
#include "policies/civil.h"
#include "policies/levels.h"

/* Steps 2 to 5 of POLICY.md 8.4 once more, this time noting why. */

struct tracing {
    struct sk_asking a;
    const struct sk_decision *decision;
    struct sk_trace_rule *rules;
    uint16_t *shares; /* beside rules: positions in the bundle */
    size_t rules_count;
};

static void *room(struct tracing *t, size_t count, size_t size)
{
    void *at = sk_arena_get_array(t->a.arena, count + 1, size);

    if (at == NULL)
        t->a.fits = false;
    return at;
}

/* ---------------------------------------------------------------- consent */

static const char *state_text(enum sk_consent_is state)
{
    static const char *const words[] = {
        [SK_CONSENT_GIVEN] = "given",
        [SK_CONSENT_MISSING] = "missing",
        [SK_CONSENT_REFUSED] = "refused",
        [SK_CONSENT_WITHDRAWN] = "withdrawn",
        [SK_CONSENT_EXPIRED] = "expired",
        [SK_CONSENT_WRONG_GIVER] = "wrong-giver",
        [SK_CONSENT_NOT_EXPLICIT] = "not-explicit",
    };

    return words[state];
}

/* Those of the categories that are not given at their strength. */
static struct sk_trace_lacks lacks_of(struct tracing *t, uint64_t categories,
                                      uint64_t explicit_for)
{
    struct sk_trace_lacks lacks = {NULL, 0};
    struct sk_trace_lack *list = room(t, sk_members(categories), sizeof(*list));

    if (list == NULL)
        return lacks;
    for (uint64_t left = categories; left != 0; left &= left - 1) {
        unsigned c = sk_lowest(left);
        bool explicit_consent = (explicit_for >> c & 1) != 0;
        const struct sk_consent *by;
        enum sk_consent_is state =
            sk_atoms_ask(&t->a.atoms, c, explicit_consent, &by);

        if (state == SK_CONSENT_GIVEN)
            continue;
        list[lacks.count] = (struct sk_trace_lack){
            .category = t->a.v->categories[c].id,
            .explicit_consent = explicit_consent,
            .state = state_text(state),
            .end = INT64_MIN,
        };
        if (by != NULL) {
            list[lacks.count].by = by->id;
            list[lacks.count].at = by->at;
            if (by->giving)
                list[lacks.count].end = sk_atom_end(&t->a.atoms, by);
        }
        lacks.count++;
    }
    lacks.list = list;
    return lacks;
}

/* ---------------------------------------------------------------- rules */

static uint32_t stage_bit(enum sk_stage stage)
{
    return UINT32_C(1) << stage;
}

/* Every stage that stops the rule; the lowest is where it stops. */
static uint32_t failed_stages(struct tracing *t, const struct sk_share *share)
{
    struct sk_asking *a = &t->a;
    uint64_t explicit_for =
        sk_explicit_for(a->bundle, share->explicit_consent, a->org);
    enum sk_stage consent =
        sk_consent_stage(a, sk_bit(a->type->category), explicit_for);
    uint32_t failed = 0;

    if (consent == SK_STAGE_SURVIVES)
        consent = sk_consent_stage(
            a, sk_where_categories(a->v, share, a->event), explicit_for);
    if (consent != SK_STAGE_SURVIVES)
        failed |= stage_bit(consent);
    if (a->day < share->from)
        failed |= stage_bit(SK_STAGE_NOT_YET_VALID);
    if (a->day > share->until)
        failed |= stage_bit(SK_STAGE_NO_LONGER_VALID);
    if (!sk_meets_where(a, share))
        failed |= stage_bit(SK_STAGE_WHERE_NOT_MET);
    if (share->not_older_than.count != 0 &&
        a->day > sk_day_add(a->occurred, share->not_older_than))
        failed |= stage_bit(SK_STAGE_TOO_OLD);
    if (sk_last_day(a, share) <= a->day)
        failed |= stage_bit(SK_STAGE_RETENTION_OVER);
    if ((share->duties & ~a->bundle->roster.duties[a->org]) != 0)
        failed |= stage_bit(SK_STAGE_CANNOT_HONOUR);
    if (!sk_bond_covers(a->facts->links, a->org, a->day))
        failed |= stage_bit(SK_STAGE_NOT_LINKED);
    if (sk_share_objects(share) &&
        sk_facts_object(a->facts, a->purpose, a->org, a->question->now))
        failed |= stage_bit(SK_STAGE_OBJECTION);
    return failed;
}

static bool is_named(const struct sk_decision *decision, struct sk_bytes id)
{
    for (size_t i = 0; i < decision->rules_count; i++) {
        if (sk_bytes_equal(decision->rules[i], id))
            return true;
    }
    return false;
}

static void trace_rule(struct tracing *t, const struct sk_share *share,
                       struct sk_trace_rule *out)
{
    struct sk_asking *a = &t->a;
    unsigned duties = share->duties & ~a->bundle->roster.duties[a->org];

    out->id = share->id;
    out->text = share->text;
    out->place = share->place;
    out->from = share->from;
    out->until = share->until;
    out->stage = sk_stage_of(a, share);
    out->failed = failed_stages(t, share);
    /* Two ways to the same answer. */
    assert(out->failed == 0
               ? out->stage == SK_STAGE_SURVIVES
               : out->stage == (enum sk_stage)sk_lowest(out->failed));
    out->lacks = lacks_of(
        t,
        sk_bit(a->type->category) | sk_where_categories(a->v, share, a->event),
        sk_explicit_for(a->bundle, share->explicit_consent, a->org));
    for (unsigned i = 0; i < SK_DUTIES_COUNT; i++) {
        if ((duties >> i & 1) != 0)
            out->duties[out->duties_count++] = sk_text(sk_duty_words[i]);
    }
    out->contributes = is_named(t->decision, share->id);
}

/* Is it about this recipient, purpose and event: one bit for each no. */
static unsigned misses_of(const struct sk_asking *a,
                          const struct sk_share *share)
{
    unsigned misses = 0;

    if (!sk_org_set_has(&share->to, a->org))
        misses |= 1U << SK_TRACE_OTHER_RECIPIENT;
    if ((share->purposes & sk_bit(a->purpose)) == 0)
        misses |= 1U << SK_TRACE_OTHER_PURPOSE;
    if (sk_share_what(share, a->event) == NULL)
        misses |= 1U << SK_TRACE_OTHER_EVENT;
    return misses;
}

static void trace_rules(struct tracing *t, struct sk_trace *out)
{
    const struct sk_bundle *bundle = t->a.bundle;

    t->rules = room(t, bundle->shares_count, sizeof(*t->rules));
    t->shares = room(t, bundle->shares_count, sizeof(*t->shares));
    if (!t->a.fits)
        return;
    for (size_t i = 0; i < bundle->shares_count; i++) {
        const struct sk_share *share = &bundle->shares[i];
        unsigned misses = misses_of(&t->a, share);

        if (misses == 0) {
            trace_rule(t, share, &t->rules[t->rules_count]);
            t->shares[t->rules_count++] = (uint16_t)i;
        } else if (sk_members(misses) == 1 &&
                   out->near_count < SK_TRACE_NEAR_MAX) {
            out->near[out->near_count++] = (struct sk_trace_near){
                .id = share->id,
                .text = share->text,
                .place = share->place,
                .miss = (enum sk_trace_miss)sk_lowest(misses),
            };
        }
    }
    out->rules = t->rules;
    out->rules_count = t->rules_count;
}

/* ---------------------------------------------------------------- takes */

static struct sk_trace_take told_take(const struct sk_take *take,
                                      struct sk_bytes level)
{
    return (struct sk_trace_take){
        .id = take->id,
        .place = take->place,
        .federation = take->federation,
        .limit = take->limit,
        .level = level,
    };
}

static void trace_forbids(struct tracing *t, struct sk_trace *out)
{
    const struct sk_bundle *bundle = t->a.bundle;
    struct sk_trace_take *list = room(t, bundle->takes_count, sizeof(*list));

    if (list == NULL)
        return;
    for (size_t i = 0; i < bundle->takes_count; i++) {
        const struct sk_take *take = &bundle->takes[i];

        if (sk_take_speaks(take, t->a.org, t->a.purpose) &&
            sk_take_covers_event(take, bundle->vocabulary, t->a.event))
            list[out->forbids_count++] = told_take(take, sk_text("drop"));
    }
    out->forbids = list;
}

/* Takes that leave less of the field than `level`. */
static void trace_cuts(struct tracing *t, uint16_t f, uint8_t level,
                       struct sk_trace_field *out)
{
    const struct sk_bundle *bundle = t->a.bundle;
    const struct sk_field *field = &bundle->vocabulary->fields[f];
    struct sk_trace_take *list = room(t, bundle->takes_count, sizeof(*list));

    if (list == NULL)
        return;
    for (size_t i = 0; i < bundle->takes_count; i++) {
        const struct sk_take *take = &bundle->takes[i];
        uint8_t left;

        if (!sk_take_speaks(take, t->a.org, t->a.purpose))
            continue;
        left = sk_take_leaves(take, bundle->vocabulary, f, t->a.event, level);
        if (left < level)
            list[out->takes_count++] = told_take(take, field->levels[left]);
    }
    out->takes = list;
}

/* ---------------------------------------------------------------- fields */

/* What a survivor lacks to bring this field as it says. */
static uint64_t needs_of(const struct tracing *t, const struct sk_field *field,
                         uint16_t f, uint8_t level)
{
    uint64_t own = sk_bit(sk_category_in(t->a.v, f, t->a.event));

    return level == sk_exact(field) ? own | field->reveals : own;
}

static void trace_field(struct tracing *t,
                        const struct sk_decided_field *decided,
                        struct sk_trace_field *out)
{
    const struct sk_field *field = &t->a.v->fields[decided->field];
    uint8_t at = t->a.positions[decided->field];
    uint8_t sent = decided->withheld == SK_SENT ? decided->level : 0;
    uint8_t granted = 0; /* by survivors, consent apart */
    uint8_t best = sent;
    enum sk_stage stage = SK_STAGE_NOT_YET_VALID;

    out->nearest = SIZE_MAX;
    for (size_t i = 0; i < t->rules_count; i++) {
        const struct sk_share *share = &t->a.bundle->shares[t->shares[i]];
        uint8_t level = sk_share_what(share, t->a.event)->levels[at];
        enum sk_stage reached = t->rules[i].stage;

        if (reached == SK_STAGE_SURVIVES && level > granted)
            granted = level;
        if (level <= sent || (out->nearest != SIZE_MAX && reached < stage) ||
            (out->nearest != SIZE_MAX && reached == stage && level <= best))
            continue;
        stage = reached;
        best = level;
        out->nearest = i;
        out->nearest_level = field->levels[level];
        out->lacks = lacks_of(
            t, needs_of(t, field, decided->field, level),
            sk_explicit_for(t->a.bundle, share->explicit_consent, t->a.org));
    }
    if (granted > sent)
        trace_cuts(t, decided->field, granted, out);
}

static void trace_fields(struct tracing *t, struct sk_trace *out)
{
    const struct sk_decision *decision = t->decision;
    struct sk_trace_field *list =
        room(t, decision->fields_count, sizeof(*list));

    if (list == NULL)
        return;
    for (size_t i = 0; i < decision->fields_count; i++)
        trace_field(t, &decision->fields[i], &list[i]);
    out->fields = list;
}

/* ---------------------------------------------------------------- givings */

static void trace_givings(struct tracing *t, struct sk_trace *out)
{
    const struct sk_decision *decision = t->decision;
    struct sk_trace_giving *list =
        room(t, decision->consents_count, sizeof(*list));

    if (list == NULL)
        return;
    for (size_t i = 0; i < decision->consents_count; i++) {
        const struct sk_consent *c = t->a.facts->consents;

        while (c != NULL &&
               (!c->giving || !sk_bytes_equal(c->id, decision->consents[i])))
            c = c->next;
        assert(c != NULL); /* it decided, so it is there */
        list[out->givings_count++] = (struct sk_trace_giving){
            .id = c->id,
            .at = c->at,
            .end = sk_atom_end(&t->a.atoms, c),
            .explicit_consent = c->explicit_consent,
        };
    }
    out->givings = list;
}

/* ---------------------------------------------------------------- fault */

static enum sk_fault fault_of_value(const struct sk_asking *a,
                                    const struct sk_named_value *named)
{
    uint16_t f = sk_vocabulary_field(a->v, named->name);
    struct sk_field_value value = {
        .field = f,
        .text = named->text,
        .set = (struct sk_bytes *)(uintptr_t)named->set,
        .set_count = named->set_count,
    };

    if (f == SK_NONE)
        return SK_FAULT_UNKNOWN;
    if (a->positions[f] == UINT8_MAX)
        return SK_FAULT_CARRIED;
    if ((a->v->fields[f].kind == SK_KIND_SET) != (named->set != NULL) ||
        f == a->type->fields[0])
        return SK_FAULT_VALUE;
    return sk_value_is_legal(&a->v->fields[f], &value,
                             (uint32_t)sk_date_of_day(a->day).year)
               ? SK_FAULT_NONE
               : SK_FAULT_VALUE;
}

static size_t times_named(const struct sk_event_view *event,
                          struct sk_bytes name)
{
    size_t count = 0;

    for (size_t i = 0; i < event->fields_count; i++)
        count += sk_bytes_equal(event->fields[i].name, name);
    return count;
}

/* POLICY.md 8.2 for people: sk_ask_start() only says malformed-event. */
static void trace_fault(const struct sk_asking *a, struct sk_trace *out)
{
    const struct sk_event_view *event = a->question->event;
    int32_t day;

    if (!event->subject) {
        out->fault = SK_FAULT_SUBJECT;
        return;
    }
    if (!sk_day_parse(event->occurred, &day) || day > a->day) {
        out->fault = SK_FAULT_OCCURRED;
        return;
    }
    for (size_t i = 0; i < event->fields_count; i++) {
        out->fault = fault_of_value(a, &event->fields[i]);
        if (out->fault == SK_FAULT_NONE &&
            times_named(event, event->fields[i].name) > 1)
            out->fault = SK_FAULT_VALUE;
        out->fault_field = event->fields[i].name;
        if (out->fault != SK_FAULT_NONE)
            return;
    }
    for (size_t at = 1; at < a->type->fields_count; at++) {
        out->fault_field = a->v->fields[a->type->fields[at]].id;
        if (a->type->required[at] &&
            times_named(event, out->fault_field) == 0) {
            out->fault = SK_FAULT_MISSING;
            return;
        }
    }
    out->fault_field = (struct sk_bytes){NULL, 0};
    out->fault = SK_FAULT_PROVENANCE;
}

enum sk_status sk_trace(const struct sk_bundle *bundle,
                        const struct sk_facts *facts,
                        const struct sk_question *question,
                        const struct sk_decision *decision,
                        struct sk_arena *arena, struct sk_trace *out)
{
    struct tracing *t = sk_arena_get(arena, sizeof(*t));
    struct sk_trace trace = {.rules = NULL};
    const char *refusal;

    if (t == NULL)
        return SK_E_MEMORY;
    t->decision = decision;
    refusal = sk_ask_start(&t->a, bundle, facts, question, arena);
    if (refusal != NULL &&
        sk_bytes_equal(sk_text(refusal), sk_text("malformed-event")))
        trace_fault(&t->a, &trace);
    if (refusal == NULL) {
        trace_forbids(t, &trace);
        trace_rules(t, &trace);
        if (t->a.fits)
            trace_fields(t, &trace);
        trace_givings(t, &trace);
    }
    if (!t->a.fits)
        return SK_E_MEMORY;
    *out = trace;
    return SK_OK;
}
