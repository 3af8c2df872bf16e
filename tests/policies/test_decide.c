/* decide.h against docs/POLICY.md 8: what the conformance cases cannot show.
   Order never matters, shares only add, never and limit only take away.
   Tests: policies/decide_fields.c, policies/facts.c, policies/index.c,
   policies/objection.c, policies/reasons.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "world.h"

#define ROUNDS 100
#define QUESTIONS 24

static struct sk_arena arena;

static const struct sk_vocabulary *mini_vocabulary(void)
{
    static struct world_policy empty;

    if (arena.data == NULL)
        arena = test_arena();
    return sk_bundle_vocabulary(world_load(&empty, false, &arena));
}

static void decide(const struct sk_bundle *bundle,
                   const struct world_facts *facts,
                   const struct world_question *q, bool reversed,
                   struct sk_decision *out)
{
    struct sk_facts *compiled = world_compile(facts, bundle, reversed, &arena);

    cr_assert(
        eq(int, sk_decide(bundle, compiled, &q->question, &arena, out), SK_OK));
}

/* One line that says all of a decision. */
static const char *told(const struct sk_decision *d, char *out)
{
    size_t size = (size_t)sprintf(out, "%s %s|", d->permit ? "permit" : "deny",
                                  d->reason != NULL ? d->reason : "-");

    for (size_t i = 0; i < d->rules_count; i++)
        size += (size_t)sprintf(out + size, " %.*s", (int)d->rules[i].size,
                                d->rules[i].data);
    size += (size_t)sprintf(out + size, "|");
    for (size_t i = 0; i < d->fields_count; i++) {
        const struct sk_decided_field *f = &d->fields[i];

        size += (size_t)sprintf(out + size, " %.*s=%s", (int)f->name.size,
                                f->name.data, sk_withheld_text(f->withheld));
        if (f->withheld != SK_SENT)
            continue;
        size += (size_t)sprintf(
            out + size, ":%.*s:%.*s:", (int)f->level_name.size,
            f->level_name.data, (int)f->value.text.size, f->value.text.data);
        for (size_t r = 0; r < f->rules_count; r++)
            size += (size_t)sprintf(out + size, "%u,", f->rules[r]);
    }
    size += (size_t)sprintf(out + size, "|");
    for (size_t i = 0; i < d->consents_count; i++)
        size += (size_t)sprintf(out + size, " %.*s", (int)d->consents[i].size,
                                d->consents[i].data);
    if (d->permit)
        sprintf(out + size, "|%d %d %u %zu", d->erase_by, d->erase,
                d->within_days, d->duties_count);
    return out;
}

static uint8_t level_of(const struct sk_decision *d, struct sk_bytes name)
{
    for (size_t i = 0; d->permit && i < d->fields_count; i++) {
        if (sk_bytes_equal(d->fields[i].name, name))
            return d->fields[i].withheld == SK_SENT ? d->fields[i].level : 0;
    }
    return 0;
}

/* Does `more` reveal at least what `less` does? */
static bool at_least(const struct sk_decision *more,
                     const struct sk_decision *less)
{
    if (less->permit && !more->permit)
        return false;
    for (size_t i = 0; i < less->fields_count; i++) {
        struct sk_bytes name = less->fields[i].name;

        if (level_of(less, name) > level_of(more, name))
            return false;
    }
    return true;
}

static void random_policy(struct dice *dice, const struct sk_vocabulary *v,
                          struct world_policy *policy)
{
    size_t shares = 4 + roll(dice, 7);
    size_t nevers = roll(dice, 4);
    size_t limits = roll(dice, 4);

    policy->shares = 0;
    policy->nevers = 0;
    policy->limits = 0;
    while (shares-- > 0)
        world_add_share(dice, v, policy);
    while (nevers-- > 0)
        world_add_never(dice, v, policy);
    while (limits-- > 0)
        world_add_limit(dice, v, policy);
}

/* ---------------------------------------------------------------- properties
 */

/* POLICY.md 8.4, last sentence. */
Test(decide, order_never_matters)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    static char one[4096];
    static char two[4096];
    struct dice dice = {1};
    const struct sk_vocabulary *v = mini_vocabulary();
    size_t mark = sk_arena_mark(&arena);
    size_t permits = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        const struct sk_bundle *a;
        const struct sk_bundle *b;

        sk_arena_reset(&arena, mark);
        random_policy(&dice, v, &policy);
        a = world_load(&policy, false, &arena);
        b = world_load(&policy, true, &arena);
        for (size_t k = 0; k < QUESTIONS; k++) {
            static struct sk_decision x;
            static struct sk_decision y;

            world_facts(&dice, &facts);
            world_ask(&dice, v, &policy, &q);
            decide(a, &facts, &q, false, &x);
            world_reverse(&q);
            decide(b, &facts, &q, true, &y);
            cr_assert(eq(str, (char *)told(&x, one), (char *)told(&y, two)),
                      "round %zu question %zu", i, k);
            permits += x.permit;
        }
    }
    /* The worlds are not empty. */
    cr_assert(not(le(sz, permits, 100)), "%zu permits", permits);
}

typedef void changer(struct dice *dice, const struct sk_vocabulary *v,
                     struct world_policy *policy);

/* Random worlds before and after a change that only widens, or only narrows:
   how many answers it changed. */
static size_t answers_changed(uint64_t seed, changer *change, bool widens)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    struct dice dice = {seed};
    const struct sk_vocabulary *v = mini_vocabulary();
    size_t mark = sk_arena_mark(&arena);
    size_t changed = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        const struct sk_bundle *narrow;
        const struct sk_bundle *wide;
        const struct sk_bundle *before;
        const struct sk_bundle *after;

        sk_arena_reset(&arena, mark);
        random_policy(&dice, v, &policy);
        before = world_load(&policy, false, &arena);
        change(&dice, v, &policy);
        after = world_load(&policy, false, &arena);
        narrow = widens ? before : after;
        wide = widens ? after : before;
        for (size_t k = 0; k < QUESTIONS; k++) {
            static struct sk_decision less;
            static struct sk_decision more;

            world_facts(&dice, &facts);
            world_ask(&dice, v, &policy, &q);
            decide(narrow, &facts, &q, false, &less);
            decide(wide, &facts, &q, false, &more);
            cr_assert(at_least(&more, &less), "round %zu question %zu", i, k);
            changed += !at_least(&less, &more);
        }
    }
    return changed;
}

Test(decide, a_share_more_never_narrows)
{
    cr_assert(not(eq(sz, answers_changed(2, world_add_share, true), 0)));
}

static void add_never_or_limit(struct dice *dice, const struct sk_vocabulary *v,
                               struct world_policy *policy)
{
    if (roll(dice, 2) == 0)
        world_add_never(dice, v, policy);
    else
        world_add_limit(dice, v, policy);
}

Test(decide, never_and_limit_never_widen)
{
    cr_assert(not(eq(sz, answers_changed(3, add_never_or_limit, false), 0)));
}

Test(decide, a_withdrawal_or_refusal_never_widens)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    struct dice dice = {4};
    const struct sk_vocabulary *v = mini_vocabulary();
    size_t mark = sk_arena_mark(&arena);
    size_t narrower = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        const struct sk_bundle *bundle;

        sk_arena_reset(&arena, mark);
        random_policy(&dice, v, &policy);
        bundle = world_load(&policy, false, &arena);
        for (size_t k = 0; k < QUESTIONS; k++) {
            static struct sk_decision x;
            static struct sk_decision y;

            world_facts(&dice, &facts);
            world_ask(&dice, v, &policy, &q);
            decide(bundle, &facts, &q, false, &x);
            world_add_consent(&dice, &facts, /* stop */ true);
            decide(bundle, &facts, &q, false, &y);
            cr_assert(at_least(&x, &y), "round %zu question %zu", i, k);
            narrower += !at_least(&y, &x);
        }
    }
    cr_assert(not(eq(sz, narrower, 0)));
}

/* ---------------------------------------------------------------- result */

/* Memory runs out with a status and a deny, at any size. */
Test(decide, survives_a_small_arena)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    static struct sk_decision d;
    struct dice dice = {5};
    const struct sk_vocabulary *v = mini_vocabulary();
    const struct sk_bundle *bundle;
    struct sk_facts *compiled;
    size_t failures = 0;

    do {
        random_policy(&dice, v, &policy);
        bundle = world_load(&policy, false, &arena);
        world_facts(&dice, &facts);
        world_ask(&dice, v, &policy, &q);
        compiled = world_compile(&facts, bundle, false, &arena);
        cr_assert(eq(int, sk_decide(bundle, compiled, &q.question, &arena, &d),
                     SK_OK));
    } while (!d.permit || d.rules_count < 2);
    for (size_t size = 0;; size += 8) {
        _Alignas(16) static uint8_t room[65536];
        struct sk_arena small = sk_arena_start(room, size);

        if (sk_decide(bundle, compiled, &q.question, &small, &d) == SK_OK)
            break;
        cr_expect(not(d.permit));
        cr_expect(eq(sz, d.fields_count, 0));
        failures++;
        cr_assert(le(sz, size, sizeof(room)));
    }
    cr_expect(d.permit);
    cr_expect(not(eq(sz, failures, 0)));
}

/* Each field names the rules that gave it its level, and no others. */
Test(decide, names_the_rules_of_each_field)
{
    static const char *const rules[] = {
        "  - {id: b, text: t, to: {orgs: [vdab]}, for: [guidance.job], basis: "
        "{gdpr: contract, reference: r}, valid: {from: 2026-01-01, until: "
        "2026-12-31}, retain: {for: 9 days, from: sent}, what: "
        "{trajectory.started: {occurred: exact, name: exact}}}\n",
        "  - {id: a, text: t, to: {orgs: [vdab]}, for: [guidance.job], basis: "
        "{gdpr: contract, reference: r}, valid: {from: 2026-01-01, until: "
        "2026-12-31}, retain: {for: 8 days, from: sent}, what: "
        "{trajectory.started: {occurred: exact, name: present, birth_date: "
        "year}}}\n",
        "  - {id: c, text: t, to: {orgs: [vdab]}, for: [guidance.job], basis: "
        "{gdpr: contract, reference: r}, valid: {from: 2026-01-01, until: "
        "2026-12-31}, retain: {for: 1 days, from: sent}, what: "
        "{trajectory.started: {birth_date: age5}}}\n"};
    static struct world_policy policy;
    static struct sk_decision d;
    static char text[4096];
    const struct sk_named_value fields[] = {
        {.name = sk_text("name"), .text = sk_text("An")},
        {.name = sk_text("birth_date"), .text = sk_text("1998-11-23")}};
    const struct sk_event_view event = {.type = sk_text("trajectory.started"),
                                        .subject = true,
                                        .occurred = sk_text("2026-01-05"),
                                        .fields = fields,
                                        .fields_count = 2};
    const struct sk_question question = {.to = sk_text("vdab"),
                                         .purpose = sk_text("guidance.job"),
                                         .now = WORLD_START + 40 * DAY_SECONDS,
                                         .event = &event};
    const struct sk_bytes categories[] = {sk_text("social"),
                                          sk_text("identity")};
    const struct sk_bytes purposes[] = {sk_text("guidance.job")};
    const struct sk_bytes recipients[] = {sk_text("vdab")};
    const struct sk_fact_consent consent = {.id = sk_text("given-1"),
                                            .state = sk_text("given"),
                                            .at = WORLD_START,
                                            .until =
                                                WORLD_START + 300 * DAY_SECONDS,
                                            .purposes = purposes,
                                            .purposes_count = 1,
                                            .recipients = recipients,
                                            .recipients_count = 1,
                                            .categories = categories,
                                            .categories_count = 2};
    const struct sk_bundle *bundle;
    struct sk_facts *facts;

    arena = test_arena();
    for (size_t i = 0; i < SK_COUNT(rules); i++)
        strcpy(policy.share[policy.shares++], rules[i]);
    bundle = world_load(&policy, false, &arena);
    cr_assert(eq(int, sk_facts_start(bundle, &arena, &facts), SK_OK));
    cr_assert(eq(int, sk_facts_consent(facts, &consent), SK_OK));
    cr_assert(eq(int,
                 sk_facts_link(facts, sk_text("vdab"),
                               (struct sk_fact_period){0, INT32_MAX}),
                 SK_OK));
    cr_assert(eq(int, sk_decide(bundle, facts, &question, &arena, &d), SK_OK));
    /* c gives the age of 5 years, less than a's year: it does not contribute,
       and so does not shorten the retention. */
    cr_expect(eq(str, (char *)told(&d, text),
                 "permit -| a b| birth_date=sent:year:1998:0, "
                 "name=sent:exact:An:1, occurred=sent:exact:2026-01-05:0,1,| "
                 "given-1|20502 1 7 4"));
}

/* ---------------------------------------------------------------- words */

Test(decide, has_words_for_every_reason)
{
    static const char *const codes[] = {"owner-suspended",
                                        "unknown-recipient",
                                        "recipient-is-owner",
                                        "recipient-suspended",
                                        "purpose-forbidden",
                                        "unknown-purpose",
                                        "purpose-too-broad",
                                        "unknown-event-type",
                                        "malformed-event",
                                        "not-source",
                                        "from-authentic-source",
                                        "recipient-is-employer",
                                        "forbidden",
                                        "no-rule",
                                        "not-yet-valid",
                                        "no-longer-valid",
                                        "where-not-met",
                                        "too-old",
                                        "retention-already-over",
                                        "recipient-cannot-honour",
                                        "not-linked",
                                        "objection",
                                        "consent-missing",
                                        "consent-refused",
                                        "consent-withdrawn",
                                        "consent-expired",
                                        "consent-wrong-giver",
                                        "consent-not-explicit",
                                        "nothing-left",
                                        "wrong-state",
                                        "stale-epoch",
                                        "recalled",
                                        "duplicate",
                                        "expired",
                                        "local-only",
                                        "sensitive-text",
                                        "discovery-secrecy",
                                        "discovery-no-consent",
                                        "discovery-quota",
                                        "consent-not-leaf",
                                        "consent-too-long",
                                        "consent-no-notice",
                                        "consent-no-relation"};

    for (size_t i = 0; i < SK_COUNT(codes); i++) {
        const char *nl = sk_reason_text(codes[i], true);
        const char *en = sk_reason_text(codes[i], false);

        cr_assert(ne(ptr, (void *)nl, NULL), "%s", codes[i]);
        cr_assert(ne(ptr, (void *)en, NULL), "%s", codes[i]);
        cr_expect(ne(str, (char *)nl, (char *)en), "%s", codes[i]);
    }
    cr_expect(eq(ptr, (void *)sk_reason_text("because", true), NULL));
    cr_expect(eq(str, (char *)sk_reason_text("too-old", false),
                 "the event is too old"));
}
