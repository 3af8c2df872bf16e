/* trace.h against docs/POLICY.md 8.4 and 8.6: a trace tells the same as the
   decision, and what it says is missing is what was missing. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/trace.h"
#include "world.h"

#define ROUNDS 100
#define QUESTIONS 24

static struct sk_arena arena;

struct asked {
    struct sk_decision decision;
    struct sk_trace trace;
};

static const struct sk_vocabulary *mini_vocabulary(void)
{
    static struct world_policy empty;

    if (arena.data == NULL)
        arena = test_arena();
    return sk_bundle_vocabulary(world_load(&empty, false, &arena));
}

static void ask(const struct sk_bundle *bundle, const struct world_facts *facts,
                const struct world_question *q, struct asked *out)
{
    struct sk_facts *compiled = world_compile(facts, bundle, false, &arena);

    cr_assert(eq(
        int, sk_decide(bundle, compiled, &q->question, &arena, &out->decision),
        SK_OK));
    cr_assert(eq(int,
                 sk_trace(bundle, compiled, &q->question, &out->decision,
                          &arena, &out->trace),
                 SK_OK));
}

static void random_policy(struct dice *dice, const struct sk_vocabulary *v,
                          struct world_policy *policy)
{
    size_t shares = 3 + roll(dice, 7);
    size_t takes = roll(dice, 4);

    policy->shares = 0;
    policy->nevers = 0;
    policy->limits = 0;
    while (shares-- > 0)
        world_add_share(dice, v, policy);
    for (size_t i = 0; i < takes; i++) {
        world_add_never(dice, v, policy);
        world_add_limit(dice, v, policy);
    }
}

/* The ids of the rules that reached this stage, and those of the decision. */
static void check_stage(const struct asked *x, enum sk_stage stage)
{
    size_t n = 0;

    for (size_t i = 0; i < x->trace.rules_count; i++) {
        const struct sk_trace_rule *rule = &x->trace.rules[i];

        cr_assert(le(int, (int)rule->stage, (int)stage));
        if (rule->stage != stage)
            continue;
        cr_assert(lt(sz, n, x->decision.rules_count));
        cr_assert(sk_bytes_equal(rule->id, x->decision.rules[n]));
        n++;
    }
    cr_assert(eq(sz, n, x->decision.rules_count));
}

static void check_same(const struct asked *x, size_t *seen)
{
    const char *reason = x->decision.reason;
    enum sk_stage stage = SK_STAGE_NOT_YET_VALID;

    if (x->decision.permit) {
        seen[0]++;
        cr_assert(eq(sz, x->trace.givings_count, x->decision.consents_count));
        for (size_t i = 0; i < x->trace.rules_count; i++)
            if (x->trace.rules[i].contributes)
                cr_assert(
                    eq(int, (int)x->trace.rules[i].stage, SK_STAGE_SURVIVES));
        return;
    }
    if (strcmp(reason, "nothing-left") == 0) {
        check_stage(x, SK_STAGE_SURVIVES);
        return;
    }
    if (strcmp(reason, "no-rule") == 0) {
        cr_assert(eq(sz, x->trace.rules_count, 0));
        return;
    }
    if (strcmp(reason, "forbidden") == 0) {
        seen[1]++;
        cr_assert(eq(sz, x->trace.forbids_count, x->decision.rules_count));
        for (size_t i = 0; i < x->trace.forbids_count; i++)
            cr_assert(
                sk_bytes_equal(x->trace.forbids[i].id, x->decision.rules[i]));
        return;
    }
    while (stage < SK_STAGE_SURVIVES &&
           strcmp(sk_stage_text(stage), reason) != 0)
        stage++;
    if (stage == SK_STAGE_SURVIVES)
        return; /* an early refusal */
    seen[2]++;
    check_stage(x, stage);
}

/* POLICY.md 8.4 steps 2 to 4. */
Test(trace, tells_what_the_decision_tells)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    struct dice dice = {21};
    const struct sk_vocabulary *v = mini_vocabulary();
    size_t mark = sk_arena_mark(&arena);
    size_t seen[3] = {0};

    for (size_t i = 0; i < ROUNDS; i++) {
        const struct sk_bundle *bundle;

        sk_arena_reset(&arena, mark);
        random_policy(&dice, v, &policy);
        bundle = world_load(&policy, false, &arena);
        for (size_t k = 0; k < QUESTIONS; k++) {
            static struct asked x;

            world_facts(&dice, &facts);
            world_ask(&dice, v, &policy, &q);
            ask(bundle, &facts, &q, &x);
            check_same(&x, seen);
        }
    }
    cr_assert(not(lt(sz, seen[0], 100)), "%zu permits", seen[0]);
    cr_assert(not(lt(sz, seen[1], 50)), "%zu forbidden", seen[1]);
    cr_assert(not(lt(sz, seen[2], 50)), "%zu stopped", seen[2]);
}

/* An explicit giving of today for exactly these categories. */
static void give(struct world_facts *facts, const struct world_question *q,
                 const struct sk_trace_lacks *lacks)
{
    struct world_consent *c = &facts->consents[facts->consents_count++];

    memset(c, 0, sizeof(*c));
    sprintf(c->id, "given");
    c->purposes[0] = q->question.purpose;
    c->recipients[0] = q->question.to;
    for (size_t i = 0; i < lacks->count; i++)
        c->categories[i] = lacks->list[i].category;
    c->fact = (struct sk_fact_consent){
        .id = sk_text(c->id),
        .state = sk_text("given"),
        .explicit_consent = true,
        .at = q->question.now,
        .until = q->question.now + 30 * DAY_SECONDS,
        .purposes = c->purposes,
        .purposes_count = 1,
        .recipients = c->recipients,
        .recipients_count = 1,
        .categories = c->categories,
        .categories_count = lacks->count,
        .given_by = sk_text("self-and-administrator"),
    };
}

/* A rule that only consent stops survives with the consent that it lacks. */
static size_t check_rules(const struct sk_bundle *bundle,
                          const struct world_facts *facts,
                          const struct world_question *q, const struct asked *x)
{
    const uint32_t consent = UINT32_MAX << SK_STAGE_CONSENT_MISSING;
    size_t tried = 0;

    for (size_t i = 0; i < x->trace.rules_count; i++) {
        static struct world_facts more;
        static struct asked y;

        if (x->trace.rules[i].failed == 0 ||
            (x->trace.rules[i].failed & ~consent) != 0)
            continue;
        cr_assert(not(eq(sz, x->trace.rules[i].lacks.count, 0)));
        more = *facts;
        give(&more, q, &x->trace.rules[i].lacks);
        ask(bundle, &more, q, &y);
        cr_assert(eq(int, (int)y.trace.rules[i].stage, SK_STAGE_SURVIVES));
        tried++;
    }
    return tried;
}

/* A field that a surviving rule names goes, or is cut, with the consent that
   the trace says is lacking. */
static size_t check_fields(const struct sk_bundle *bundle,
                           const struct world_facts *facts,
                           const struct world_question *q,
                           const struct asked *x)
{
    size_t tried = 0;

    for (size_t i = 0; i < x->decision.fields_count; i++) {
        const struct sk_trace_field *field = &x->trace.fields[i];
        static struct world_facts more;
        static struct asked y;
        const struct sk_decided_field *now;

        if (field->nearest == SIZE_MAX ||
            x->trace.rules[field->nearest].stage != SK_STAGE_SURVIVES)
            continue;
        if (field->lacks.count == 0) {
            cr_assert(not(eq(sz, field->takes_count, 0)));
            continue;
        }
        more = *facts;
        give(&more, q, &field->lacks);
        ask(bundle, &more, q, &y);
        now = &y.decision.fields[i];
        if (now->withheld == SK_SENT && y.trace.fields[i].takes_count == 0)
            cr_assert(sk_bytes_equal(now->level_name, field->nearest_level));
        else
            cr_assert(not(eq(sz, y.trace.fields[i].takes_count, 0)));
        tried++;
    }
    return tried;
}

Test(trace, what_lacks_is_what_is_needed)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    struct dice dice = {22};
    const struct sk_vocabulary *v = mini_vocabulary();
    size_t mark = sk_arena_mark(&arena);
    size_t rules = 0;
    size_t fields = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        const struct sk_bundle *bundle;

        sk_arena_reset(&arena, mark);
        random_policy(&dice, v, &policy);
        bundle = world_load(&policy, false, &arena);
        for (size_t k = 0; k < QUESTIONS; k++) {
            static struct asked x;

            world_facts(&dice, &facts);
            facts.birth = NULL;
            world_ask(&dice, v, &policy, &q);
            q.question.now++; /* later than every consent of the world */
            ask(bundle, &facts, &q, &x);
            rules += check_rules(bundle, &facts, &q, &x);
            fields += check_fields(bundle, &facts, &q, &x);
        }
    }
    cr_assert(not(lt(sz, rules, 20)), "%zu rules", rules);
    cr_assert(not(lt(sz, fields, 20)), "%zu fields", fields);
}

/* POLICY.md 5.6 b: a value that reveals needs consent for what it reveals. */
Test(trace, names_consent_for_what_a_value_reveals)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    static struct asked x;
    const struct sk_bundle *bundle;
    struct sk_trace_lack lack = {.category = sk_text("social")};
    struct sk_trace_lacks lacks = {&lack, 1};
    const struct sk_trace_field *field;

    (void)mini_vocabulary();
    strcpy(policy.share[0],
           "  - {id: s0, text: t, to: {orgs: [vdab]}, for: [guidance.job], "
           "basis: {gdpr: contract, reference: r, art9: "
           "health-or-social-care}, valid: {from: 2026-01-01, until: "
           "2026-12-28}, retain: {for: 30 days, from: sent}, what: "
           "{trajectory.stopped: {stop_reason: exact}}}\n");
    policy.shares = 1;
    bundle = world_load(&policy, false, &arena);
    q.fields[0] = (struct sk_named_value){.name = sk_text("stop_reason"),
                                          .text = sk_text("moved")};
    q.event = (struct sk_event_view){.type = sk_text("trajectory.stopped"),
                                     .subject = true,
                                     .occurred = sk_text("2026-01-05"),
                                     .fields = q.fields,
                                     .fields_count = 1};
    q.question = (struct sk_question){.to = sk_text("vdab"),
                                      .purpose = sk_text("guidance.job"),
                                      .now = WORLD_START + 20 * DAY_SECONDS,
                                      .event = &q.event};
    facts.links[0].org = "vdab";
    facts.links[0].period = (struct sk_fact_period){20454, INT32_MAX};
    facts.links_count = 1;
    give(&facts, &q, &lacks);
    ask(bundle, &facts, &q, &x);

    cr_assert(x.decision.permit);
    cr_assert(eq(sz, x.decision.fields_count, 2));
    cr_assert(
        sk_bytes_equal(x.decision.fields[1].level_name, sk_text("group")));
    field = &x.trace.fields[1];
    cr_assert(eq(sz, field->lacks.count, 1));
    cr_assert(sk_bytes_equal(field->lacks.list[0].category,
                             sk_text("health.absence")));
    cr_assert(
        eq(str, (char *)(uintptr_t)field->lacks.list[0].state, "missing"));
    cr_assert(eq(sz, field->takes_count, 0));
    cr_assert(sk_bytes_equal(field->nearest_level, sk_text("exact")));
    give(&facts, &q, &field->lacks);
    ask(bundle, &facts, &q, &x);
    cr_assert(
        sk_bytes_equal(x.decision.fields[1].level_name, sk_text("exact")));
    cr_assert(eq(sz, x.trace.fields[1].lacks.count, 0));
}

/* POLICY.md 8.2: which thing is wrong, one at a time. */
Test(trace, names_what_makes_an_event_malformed)
{
    static const struct {
        const char *field;
        const char *value;
        const char *occurred;
        enum sk_fault fault;
    } rows[] = {
        {"attendance_status", "present", "2026-01-05", SK_FAULT_NONE},
        {"attendance_status", "present", "2026-02-30", SK_FAULT_OCCURRED},
        {"attendance_status", "present", "2026-12-31", SK_FAULT_OCCURRED},
        {"attendance_state", "present", "2026-01-05", SK_FAULT_UNKNOWN},
        {"name", "An", "2026-01-05", SK_FAULT_CARRIED},
        {"attendance_status", "gone", "2026-01-05", SK_FAULT_VALUE},
        {"hours", "7", "2026-01-05", SK_FAULT_MISSING},
    };
    static struct world_policy policy;
    static struct world_facts facts;
    const struct sk_bundle *bundle;

    (void)mini_vocabulary();
    bundle = world_load(&policy, false, &arena);
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        static struct world_question q;
        static struct asked x;
        bool good = rows[i].fault == SK_FAULT_NONE;

        q.fields[0] = (struct sk_named_value){.name = sk_text(rows[i].field),
                                              .text = sk_text(rows[i].value)};
        q.event = (struct sk_event_view){.type = sk_text("training.attendance"),
                                         .subject = true,
                                         .occurred = sk_text(rows[i].occurred),
                                         .fields = q.fields,
                                         .fields_count = 1};
        q.question = (struct sk_question){.to = sk_text("vdab"),
                                          .purpose = sk_text("guidance.job"),
                                          .now = WORLD_START + 20 * DAY_SECONDS,
                                          .event = &q.event};
        ask(bundle, &facts, &q, &x);
        cr_assert(eq(str, (char *)(uintptr_t)x.decision.reason,
                     (char *)(uintptr_t)(good ? "no-rule" : "malformed-event")),
                  "row %zu", i);
        cr_assert(eq(int, (int)x.trace.fault, (int)rows[i].fault), "row %zu",
                  i);
    }
}
