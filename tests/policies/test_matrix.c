/* matrix.h against docs/POLICY.md 10: what is in it can be reached, and no
   decision goes beyond it.
   Tests: policies/roster.c, policies/variants.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/civil.h"
#include "policies/facts.h"
#include "policies/matrix.h"
#include "world.h"

static struct sk_matrix matrix_of(const struct sk_bundle *bundle, int32_t day,
                                  uint16_t only, struct sk_arena *arena)
{
    struct sk_matrix matrix;

    cr_assert(
        eq(int, sk_matrix_make(bundle, day, only, arena, &matrix), SK_OK));
    return matrix;
}

static int32_t day_of(const char *text)
{
    int32_t day;

    cr_assert(sk_day_parse(sk_text(text), &day));
    return day;
}

/* "to|for|event|field level consent rules", one cell per line. */
static const char *text_of(const struct sk_matrix *matrix, const char *org)
{
    static char text[65536];
    const struct sk_bundle *bundle = matrix->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    size_t size = 0;

    text[0] = '\0';
    for (size_t i = 0; i < matrix->count; i++) {
        const struct sk_cell *c = &matrix->cells[i];
        struct sk_bytes to = bundle->roster.orgs[c->spot.org].id;
        struct sk_bytes field = sk_field_name(v, c->field);
        struct sk_bytes level = sk_level_name(v, c->field, c->level);

        if (!sk_bytes_equal(to, sk_text(org)))
            continue;
        size += (size_t)snprintf(
            text + size, sizeof(text) - size, "%s|%s|%.*s %.*s%s",
            (const char *)v->purposes[c->spot.purpose].id.data,
            (const char *)v->events[c->spot.event].id.data, (int)field.size,
            (const char *)field.data, (int)level.size, (const char *)level.data,
            c->explicit_consent ? " *" : "");
        for (size_t k = 0; k < c->rules_count; k++)
            size += (size_t)snprintf(
                text + size, sizeof(text) - size, " %s",
                (const char *)bundle->shares[c->rules[k]].id.data);
        size += (size_t)snprintf(text + size, sizeof(text) - size, "\n");
    }
    return text;
}

/* ---------------------------------------------------------------- by hand */

Test(matrix, is_the_one_that_a_person_works_out)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *bundle = world_variant(NULL, &arena);
    struct sk_matrix m =
        matrix_of(bundle, day_of("2026-06-01"), SK_NONE, &arena);

    cr_expect(eq(sz, m.count, 50));
    cr_expect(
        eq(str, (char *)text_of(&m, "thomas-more"),
           "guidance.training|training.attendance|(fact) yes tm-absence-detail "
           "tm-training\n"
           "guidance.training|training.attendance|absence_reason group * "
           "tm-absence-detail\n"
           "guidance.training|training.attendance|attendance_status exact "
           "tm-training\n"
           "guidance.training|training.attendance|hours band4 tm-training\n"
           "guidance.training|training.attendance|occurred exact tm-training\n"
           "guidance.training|training.completed|(fact) yes tm-training\n"
           "guidance.training|training.completed|course exact tm-training\n"
           "guidance.training|training.completed|occurred exact tm-training\n"
           "guidance.training|training.completed|result exact tm-training\n"
           "guidance.training|training.enrolled|(fact) yes tm-training\n"
           "guidance.training|training.enrolled|birth_date age5 tm-training\n"
           "guidance.training|training.enrolled|course exact tm-training\n"
           "guidance.training|training.enrolled|occurred exact tm-training\n"
           "guidance.training|trajectory.stopped|(fact) yes schools-fact\n"));
    cr_expect(eq(str, (char *)text_of(&m, "old-school"), ""));  /* duties */
    cr_expect(eq(str, (char *)text_of(&m, "closed-firm"), "")); /* suspended */
    cr_expect(eq(str, (char *)text_of(&m, "ocmw-mol"), ""));
}

/* One row per sentence of 10.1 to 10.3; thomas-more on a day. */
Test(matrix, follows_each_sentence)
{
    static const struct {
        const char *variant;
        const char *day;
        const char *cell;
        bool there;
    } rows[] = {
        {"{}", "2026-01-01",
         "guidance.training|trajectory.stopped|(fact) yes schools-fact\n",
         true},
        {"{}", "2025-12-31", "", false},
        {"{}", "2027-12-31",
         "guidance.training|trajectory.stopped|(fact) yes schools-fact\n",
         true},
        {"{}", "2028-01-01", "", false},
        {"{orgs: {ocmw-mol: {status: suspended}}}", "2026-06-01", "", false},
        {"{orgs: {thomas-more: {status: left}}}", "2026-06-01", "", false},
        {"{orgs: {thomas-more: {duties: [retain]}}}", "2026-06-01", "", false},
        {"{add_never: [{id: n, text: t, to: anyone, events: "
         "[trajectory.stopped]}]}",
         "2026-06-01", "guidance.training|trajectory.stopped|", false},
        {"{add_never: [{id: n, text: t, to: anyone, for: [placement], events: "
         "[trajectory.stopped]}]}",
         "2026-06-01", "guidance.training|trajectory.stopped|(fact) yes", true},
        {"{add_never: [{id: n, text: t, to: anyone, fields: [hours]}]}",
         "2026-06-01", "training.attendance|hours", false},
        {"{remove: [vdab-positive-stop], add_never: [{id: n, text: t, to: "
         "anyone, data: [social]}]}",
         "2026-06-01", "trajectory.stopped|(fact)", false},
        {"{add_limit: [{id: l, text: t, to: anyone, fields: {hours: "
         "band8}}]}",
         "2026-06-01", "training.attendance|hours band8 tm-training\n", true},
        {"{add_limit: [{id: l, text: t, to: anyone, fields: {hours: drop}}]}",
         "2026-06-01", "training.attendance|hours", false},
        {"{add_limit: [{id: l, text: t, to: anyone, fields: {hours: exact}}]}",
         "2026-06-01", "training.attendance|hours band4 tm-training\n", true},
        /* All fields of a rule forbidden: no fact either. */
        {"{remove: [schools-fact], change: {tm-absence-detail: {what: "
         "{trajectory.stopped: {coach_note: exact}}}}, add_never: [{id: n, "
         "text: t, to: anyone, fields: [coach_note]}]}",
         "2026-06-01", "trajectory.stopped|(fact)", false},
        /* A second rule that asks less: the higher level, the lower consent
           of those at that level, the rules of all ways. */
        {"{add_share: [{id: a, text: t, to: {orgs: [thomas-more]}, for: "
         "[guidance.training], what: {training.attendance: {absence_reason: "
         "present}}, basis: {gdpr: contract, reference: r, art9: "
         "health-or-social-care}, valid: {from: 2026-01-01, until: "
         "2026-12-31}}]}",
         "2026-06-01", "|absence_reason group * a tm-absence-detail\n", true},
        {"{add_share: [{id: a, text: t, to: {orgs: [thomas-more]}, for: "
         "[guidance.training], what: {training.attendance: {absence_reason: "
         "group}}, basis: {gdpr: contract, reference: r, art9: "
         "health-or-social-care}, valid: {from: 2026-01-01, until: "
         "2026-12-31}}]}",
         "2026-06-01", "|absence_reason group a tm-absence-detail\n", true},
        /* Professional secrecy: explicit although the rule says given. */
        {"{patch: [{file: vocabulary, at: [categories, social, secrecy], set: "
         "true}]}",
         "2026-06-01", "trajectory.stopped|(fact) yes * schools-fact\n", true},
    };
    struct sk_arena arena = test_arena();

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        size_t mark = sk_arena_mark(&arena);
        struct sk_bundle *bundle = world_variant(rows[i].variant, &arena);
        struct sk_matrix m =
            matrix_of(bundle, day_of(rows[i].day), SK_NONE, &arena);
        const char *text = text_of(&m, "thomas-more");

        if (rows[i].there)
            cr_expect(strstr(text, rows[i].cell) != NULL, "row %zu: %s", i,
                      text);
        else if (rows[i].cell[0] != '\0')
            cr_expect(strstr(text, rows[i].cell) == NULL, "row %zu: %s", i,
                      text);
        else
            cr_expect(eq(str, (char *)text, ""), "row %zu", i);
        sk_arena_reset(&arena, mark);
    }
}

/* A value of stop_reason tells of absence, which is under secrecy. */
#define REVEALING                                                              \
    "{patch: [{file: vocabulary, at: [codelists, stop, values, illness, "      \
    "reveals], set: [health.absence]}, {file: vocabulary, at: "                \
    "[codelists, stop, groupings], set: [{level: group, nl: g, en: g, "        \
    "groups: {a: {nl: a, en: a, of: [found-work, illness]}, b: {nl: b, "       \
    "en: b, of: [moved, conflict, other]}}}]}, {file: policy, at: "            \
    "[limit, \"1\"]}, {file: vocabulary, at: [categories, "                    \
    "health.absence, secrecy], set: true}], change: {vdab-trajectory: "        \
    "{basis: {gdpr: contract, reference: r, art9: "                            \
    "health-or-social-care}}, vdab-positive-stop: {basis: {gdpr: contract, "   \
    "reference: r, art9: health-or-social-care}}, schools-fact: {what: "       \
    "{trajectory.stopped: {stop_reason: exact}}, basis: {gdpr: contract, "     \
    "reference: r, art9: health-or-social-care}"

/* A value that reveals another category: a way at exact, one below (10.1);
   the vector of each needs its own consent (10.2). */
Test(matrix, has_two_ways_for_a_field_that_reveals)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *bundle = world_variant(REVEALING "}}}", &arena);
    struct sk_matrix m =
        matrix_of(bundle, day_of("2026-06-01"), SK_NONE, &arena);
    struct sk_ways ways;
    struct sk_way found[2];
    const struct sk_share *share = NULL;
    struct sk_spot spot = {
        sk_roster_find(&bundle->roster, sk_text("thomas-more")),
        sk_vocabulary_purpose(bundle->vocabulary, sk_text("guidance.training")),
        sk_vocabulary_event(bundle->vocabulary, sk_text("trajectory.stopped"))};

    cr_expect(strstr(text_of(&m, "thomas-more"),
                     "trajectory.stopped|stop_reason exact * schools-fact\n") !=
                  NULL,
              "%s", text_of(&m, "thomas-more"));
    cr_assert(eq(int, sk_ways_start(bundle, &arena, &ways), SK_OK));
    for (size_t i = 0; i < bundle->shares_count; i++) {
        if (sk_bytes_equal(bundle->shares[i].id, sk_text("schools-fact")))
            share = &bundle->shares[i];
    }
    cr_assert(eq(sz,
                 sk_ways_of_field(&ways.caps, spot, share,
                                  sk_share_what(share, spot.event), /* at */ 1,
                                  found),
                 2));
    cr_expect(eq(u8, found[0].level, 3));
    cr_expect(found[0].explicit_consent);
    cr_expect(eq(u8, found[1].level, 2));
    cr_expect(not(found[1].explicit_consent));
}

/* What a condition reveals needs consent before the rule speaks at all. */
Test(matrix, asks_consent_for_what_a_condition_reveals)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *without = world_variant(REVEALING "}}}", &arena);
    struct sk_bundle *with = world_variant(
        REVEALING ", where: {stop_reason: [found-work]}}}}", &arena);
    struct sk_matrix m =
        matrix_of(without, day_of("2026-06-01"), SK_NONE, &arena);

    cr_expect(strstr(text_of(&m, "thomas-more"),
                     "trajectory.stopped|(fact) yes schools-fact\n") != NULL);
    m = matrix_of(with, day_of("2026-06-01"), SK_NONE, &arena);
    cr_expect(strstr(text_of(&m, "thomas-more"),
                     "trajectory.stopped|(fact) yes * schools-fact\n") != NULL);
}

Test(matrix, of_one_partner_is_its_part)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *bundle = world_variant(NULL, &arena);
    int32_t day = day_of("2026-06-01");
    struct sk_matrix all = matrix_of(bundle, day, SK_NONE, &arena);

    for (uint16_t org = 0; org < bundle->roster.count; org++) {
        struct sk_matrix one = matrix_of(bundle, day, org, &arena);
        size_t at = 0;

        for (size_t i = 0; i < all.count; i++) {
            if (all.cells[i].spot.org != org)
                continue;
            cr_assert(lt(sz, at, one.count));
            cr_expect(eq(u16, one.cells[at].field, all.cells[i].field));
            cr_expect(eq(u8, one.cells[at].level, all.cells[i].level));
            at++;
        }
        cr_expect(eq(sz, one.count, at));
    }
}

Test(matrix, finds_every_cell_and_no_other)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *bundle = world_variant(NULL, &arena);
    const struct sk_vocabulary *v = bundle->vocabulary;
    struct sk_matrix m =
        matrix_of(bundle, day_of("2026-06-01"), SK_NONE, &arena);
    size_t found = 0;

    for (uint16_t o = 0; o < bundle->roster.count; o++) {
        for (uint16_t p = 0; p < v->purposes_count; p++) {
            for (uint16_t e = 0; e < v->events_count; e++) {
                struct sk_spot spot = {o, p, e};

                found += sk_matrix_find(&m, spot, SK_FACT) != NULL;
                for (uint16_t f = 0; f < v->fields_count; f++)
                    found += sk_matrix_find(&m, spot, f) != NULL;
            }
        }
    }
    cr_expect(eq(sz, found, m.count));
    for (size_t i = 0; i < m.count; i++)
        cr_expect(eq(
            ptr, (void *)sk_matrix_find(&m, m.cells[i].spot, m.cells[i].field),
            &m.cells[i]));
}

Test(matrix, needs_room_and_says_so)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *bundle = world_variant(NULL, &arena);
    struct sk_matrix m;
    uint8_t *room = test_alloc(1 << 20);
    size_t size = 64;
    enum sk_status status = SK_E_MEMORY;

    for (; size <= 1 << 20 && status == SK_E_MEMORY; size += 64) {
        struct sk_arena small = sk_arena_start(room, size);

        m = (struct sk_matrix){.count = 77};
        status =
            sk_matrix_make(bundle, day_of("2026-06-01"), SK_NONE, &small, &m);
        if (status != SK_OK)
            cr_expect(eq(sz, m.count, 77), "out was touched");
    }
    cr_assert(eq(int, status, SK_OK));
    cr_expect(eq(sz, m.count, 50));
}

/* ---------------------------------------------------------------- exact */

/* One participant who agreed to everything, with everybody. */
static struct sk_facts *favourable(const struct sk_bundle *bundle,
                                   bool explicit_consent, int64_t now,
                                   struct sk_arena *arena)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    struct sk_bytes *purposes =
        sk_arena_get_array(arena, 64, sizeof(*purposes));
    struct sk_bytes *orgs = sk_arena_get_array(arena, 256, sizeof(*orgs));
    struct sk_bytes *kinds = sk_arena_get_array(arena, 64, sizeof(*kinds));
    struct sk_fact_consent consent = {
        .id = sk_text("c"),
        .state = sk_text("given"),
        .explicit_consent = explicit_consent,
        .at = now - 10,
        .until = now + 1000,
        .purposes = purposes,
        .purposes_count = v->purposes_count,
        .recipients = orgs,
        .recipients_count = bundle->roster.count,
        .categories = kinds,
        .categories_count = v->categories_count,
    };
    struct sk_facts *facts;

    for (size_t i = 0; i < v->purposes_count; i++)
        purposes[i] = v->purposes[i].id;
    for (size_t i = 0; i < v->categories_count; i++)
        kinds[i] = v->categories[i].id;
    cr_assert(eq(int, sk_facts_start(bundle, arena, &facts), SK_OK));
    for (size_t i = 0; i < bundle->roster.count; i++) {
        orgs[i] = bundle->roster.orgs[i].id;
        cr_assert(eq(int,
                     sk_facts_link(facts, orgs[i],
                                   (struct sk_fact_period){0, INT32_MAX}),
                     SK_OK));
    }
    cr_assert(eq(int, sk_facts_consent(facts, &consent), SK_OK));
    return facts;
}

/* Ask for one cell with everything in favour; does it reach the level? */
static bool reaches(const struct sk_matrix *m, const struct sk_cell *cell,
                    const struct sk_share *share, bool explicit_consent,
                    struct sk_arena *arena)
{
    const struct sk_bundle *bundle = m->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    const struct sk_event_type *type = &v->events[cell->spot.event];
    int64_t now = sk_civil_start(m->day) + 3600 * 12;
    struct sk_named_value values[SK_EVENT_FIELDS_MAX];
    struct sk_event_view event = {
        .type = type->id, .subject = true, .fields = values};
    struct sk_question question = {
        .to = bundle->roster.orgs[cell->spot.org].id,
        .purpose = v->purposes[cell->spot.purpose].id,
        .now = now,
        .event = &event,
    };
    struct sk_decision *out = sk_arena_get(arena, sizeof(*out));
    char today[11];

    sk_day_format(m->day, today);
    event.occurred = sk_text(today);
    for (size_t at = 1; at < type->fields_count; at++)
        values[event.fields_count++] = (struct sk_named_value){
            .name = v->fields[type->fields[at]].id,
            .text = world_good_value(&v->fields[type->fields[at]],
                                     type->fields[at], share)};
    cr_assert(
        eq(int,
           sk_decide(bundle, favourable(bundle, explicit_consent, now, arena),
                     &question, arena, out),
           SK_OK));
    if (!out->permit)
        return false;
    if (cell->field == SK_FACT)
        return true;
    for (size_t i = 0; i < out->fields_count; i++) {
        if (out->fields[i].field == cell->field &&
            out->fields[i].withheld == SK_SENT)
            return out->fields[i].level == cell->level;
    }
    return false;
}

static size_t expect_reached(const struct sk_matrix *m, const char *what,
                             struct sk_arena *arena)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct sk_cell *cell = &m->cells[i];
        bool with_explicit = false;
        bool with_given = false;

        for (size_t k = 0; k < cell->rules_count; k++) {
            const struct sk_share *share = &m->bundle->shares[cell->rules[k]];
            size_t mark = sk_arena_mark(arena);

            with_explicit =
                with_explicit || reaches(m, cell, share, true, arena);
            with_given = with_given || reaches(m, cell, share, false, arena);
            sk_arena_reset(arena, mark);
        }
        cr_expect(with_explicit, "%s: cell %zu of %zu", what, i, m->count);
        /* 10.3: `given` when a way at that level needs only that. */
        cr_expect(eq(int, with_given, !cell->explicit_consent),
                  "%s: consent of cell %zu", what, i);
    }
    return m->count;
}

static void random_policy(struct dice *dice, const struct sk_vocabulary *v,
                          struct world_policy *policy)
{
    size_t shares = 2 + roll(dice, 8);
    size_t nevers = roll(dice, 3);
    size_t limits = roll(dice, 3);

    policy->shares = 0;
    policy->nevers = 0;
    policy->limits = 0;
    for (size_t i = 0; i < shares; i++)
        world_add_share(dice, v, policy);
    for (size_t i = 0; i < nevers; i++)
        world_add_never(dice, v, policy);
    for (size_t i = 0; i < limits; i++)
        world_add_limit(dice, v, policy);
}

Test(matrix, every_cell_is_reached, .timeout = 300)
{
    static struct world_policy policy;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant(NULL, &arena);
    struct sk_matrix m = matrix_of(mini, day_of("2026-06-01"), SK_NONE, &arena);
    size_t base = sk_arena_mark(&arena);
    size_t cells = expect_reached(&m, "mini", &arena);

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct dice dice = {seed};
        struct sk_bundle *bundle;
        char what[32];

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        bundle = world_load(&policy, false, &arena);
        m = matrix_of(bundle, 20454 + (int32_t)roll(&dice, 300), SK_NONE,
                      &arena);
        snprintf(what, sizeof(what), "seed %d", (int)seed);
        cells += expect_reached(&m, what, &arena);
    }
    cr_expect(gt(sz, cells, 1000));
}

/* Whatever is asked, with whatever facts: what goes out is in the matrix, and
   the rules that let it out are those of the cell. */
static bool is_within(const struct sk_matrix *m, const struct sk_question *q,
                      const struct sk_decision *out)
{
    const struct sk_vocabulary *v = m->bundle->vocabulary;
    struct sk_spot spot = {sk_roster_find(&m->bundle->roster, q->to),
                           sk_vocabulary_purpose(v, q->purpose),
                           sk_vocabulary_event(v, q->event->type)};

    if (!out->permit)
        return true;
    if (sk_matrix_find(m, spot, SK_FACT) == NULL)
        return false;
    for (size_t i = 0; i < out->fields_count; i++) {
        const struct sk_decided_field *sent = &out->fields[i];
        const struct sk_cell *cell = sk_matrix_find(m, spot, sent->field);

        if (sent->withheld != SK_SENT)
            continue;
        if (cell == NULL || sent->level > cell->level)
            return false;
        for (size_t k = 0; k < sent->rules_count; k++) {
            struct sk_bytes rule = out->rules[sent->rules[k]];
            bool found = false;

            for (size_t r = 0; r < cell->rules_count && !found; r++)
                found =
                    sk_bytes_equal(m->bundle->shares[cell->rules[r]].id, rule);
            if (!found)
                return false;
        }
    }
    return true;
}

Test(matrix, no_decision_goes_beyond_it, .timeout = 300)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question question;
    static struct sk_decision out;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant(NULL, &arena);
    size_t base = sk_arena_mark(&arena);
    size_t permits = 0;

    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct dice dice = {seed * 7919};
        struct sk_bundle *bundle;
        struct sk_facts *compiled;

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        bundle = world_load(&policy, false, &arena);
        world_facts(&dice, &facts);
        compiled = world_compile(&facts, bundle, false, &arena);
        for (size_t i = 0; i < 60; i++) {
            size_t mark = sk_arena_mark(&arena);
            struct sk_matrix m;

            world_ask(&dice, mini->vocabulary, &policy, &question);
            m = matrix_of(bundle, sk_civil_day(question.question.now), SK_NONE,
                          &arena);
            cr_assert(eq(
                int,
                sk_decide(bundle, compiled, &question.question, &arena, &out),
                SK_OK));
            permits += out.permit;
            cr_expect(is_within(&m, &question.question, &out),
                      "seed %d, question %zu", (int)seed, i);
            sk_arena_reset(&arena, mark);
        }
    }
    cr_expect(gt(sz, permits, 200));
}

Test(matrix, does_not_depend_on_the_order_of_rules, .timeout = 300)
{
    static struct world_policy policy;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant(NULL, &arena);
    size_t base = sk_arena_mark(&arena);

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct dice dice = {seed * 31};
        struct sk_matrix one;
        struct sk_matrix other;
        int32_t day;

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        day = 20454 + (int32_t)roll(&dice, 300);
        one =
            matrix_of(world_load(&policy, false, &arena), day, SK_NONE, &arena);
        other =
            matrix_of(world_load(&policy, true, &arena), day, SK_NONE, &arena);
        cr_assert(eq(sz, one.count, other.count), "seed %d", (int)seed);
        for (size_t i = 0; i < SK_COUNT(world_orgs); i++) {
            char *text = test_alloc(65536);

            strcpy(text, text_of(&one, world_orgs[i]));
            cr_expect(eq(str, text, (char *)text_of(&other, world_orgs[i])));
        }
    }
}
