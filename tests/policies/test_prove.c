/* prove.h against docs/POLICY.md 12: each form proved and refuted, the first
   counterexample, and against every way one by one.
   Tests: policies/invariants.c, policies/ways.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/civil.h"
#include "policies/matrix.h"
#include "policies/prove.h"
#include "world.h"

/* "proved", "proved, nothing" or the counterexample. */
static const char *text_of(const struct sk_bundle *bundle,
                           const struct sk_proof *proof)
{
    static char text[512];
    const struct sk_vocabulary *v = bundle->vocabulary;
    const struct sk_counterexample *c = &proof->first;
    char day[11] = "never";
    struct sk_bytes field;
    struct sk_bytes level;

    if (proof->holds) {
        sprintf(text, proof->spoken ? "proved" : "proved, nothing");
        return text;
    }
    if (c->day != INT32_MIN)
        sk_day_format(c->day, day);
    field = sk_field_name(v, c->field);
    level = sk_level_name(v, c->field, c->level);
    sprintf(text, "%s %s|%s|%s|%.*s %.*s by %s:%u", day,
            (const char *)bundle->roster.orgs[c->spot.org].id.data,
            (const char *)v->purposes[c->spot.purpose].id.data,
            (const char *)v->events[c->spot.event].id.data, (int)field.size,
            (const char *)field.data, (int)level.size, (const char *)level.data,
            c->rule.size > 0 ? (const char *)c->rule.data : "nothing",
            c->rule.size > 0 ? c->place.line : 0);
    return text;
}

static const char *prove(const struct sk_bundle *bundle, struct sk_arena *arena)
{
    struct sk_proof *proofs;
    size_t count;

    cr_assert(eq(int, sk_prove(bundle, arena, &proofs, &count), SK_OK));
    cr_assert(eq(sz, count, 1));
    return text_of(bundle, &proofs[0]);
}

/* ---------------------------------------------------------------- forms */

Test(prove, each_form)
{
    static const struct {
        const char *form;
        const char *text;
    } rows[] = {
        {"no_flow: {to: {groups: [company]}, data: [health]}",
         "proved, nothing"},
        {"no_flow: {to: anyone, data: [health]}",
         "2026-01-01 thomas-more|guidance.training|training.attendance|"
         "absence_reason group by tm-absence-detail:25"},
        {"no_flow: {to: anyone, except: {groups: [school]}, data: [health]}",
         "proved, nothing"},
        {"no_flow: {to: anyone, data: [training.attendance]}",
         "2026-01-01 thomas-more|guidance.training|training.attendance|(fact) "
         "yes by tm-absence-detail:25"},
        {"no_flow: {to: {orgs: [vdab]}, for: [placement], data: [identity]}",
         "2026-01-01 vdab|placement.employment|trajectory.started|birth_date "
         "year by vdab-trajectory:46"},
        {"no_flow: {to: {orgs: [vdab]}, for: [placement.internship]}",
         "proved, nothing"},
        {"no_flow: {to: {orgs: [vdab]}, event: support.decided}",
         "proved, nothing"},
        {"no_flow: {to: {orgs: [vdab]}, event: trajectory.stopped}",
         "2026-01-01 vdab|guidance.job|trajectory.stopped|(fact) yes by "
         "vdab-trajectory:46"},
        {"no_flow: {to: anyone, fields: {birth_date: month}}",
         "proved, nothing"},
        {"no_flow: {to: anyone, fields: {birth_date: year}}",
         "2026-01-01 vdab|guidance.job|trajectory.started|birth_date year by "
         "vdab-trajectory:46"},
        {"no_flow: {to: anyone, fields: {birth_date: age5}}",
         "2026-01-01 thomas-more|guidance.training|training.enrolled|"
         "birth_date age5 by tm-training:13"},
        {"no_flow: {to: anyone, event: trajectory.stopped, fields: "
         "{coach_note: exact}}",
         "2026-01-01 vdab|placement.employment|trajectory.stopped|coach_note "
         "exact by vdab-positive-stop:59"},
        {"only_to: {data: [identity], to: {orgs: [sopraco, vdab, "
         "thomas-more]}}",
         "proved, nothing"},
        {"only_to: {data: [identity], to: {orgs: [sopraco, vdab]}}",
         "2026-01-01 thomas-more|guidance.training|training.enrolled|"
         "birth_date age5 by tm-training:13"},
        {"only_to: {data: [identity], to: anyone}", "proved, nothing"},
        {"needs_consent: {to: anyone, at_least: given}", "proved"},
        {"needs_consent: {to: anyone, data: [health], at_least: explicit}",
         "proved"},
        {"needs_consent: {to: anyone, data: [income], at_least: explicit}",
         "proved, nothing"},
        {"needs_consent: {to: {orgs: [vdab]}, for: [guidance], at_least: "
         "explicit}",
         "2026-01-01 vdab|guidance.job|internship.evaluated|(fact) yes by "
         "vdab-trajectory:46"},
        {"max_retention: {to: anyone, months: 12}", "proved"},
        {"max_retention: {to: anyone, months: 11}",
         "2026-01-01 thomas-more|guidance.training|training.attendance|(fact) "
         "yes by tm-absence-detail:25"},
        {"max_retention: {to: {orgs: [sopraco]}, months: 6}", "proved"},
        {"max_retention: {to: {orgs: [sopraco]}, months: 5}",
         "2026-01-01 sopraco|placement.internship|internship.attendance|(fact) "
         "yes by sopraco-internship:35"},
        {"max_retention: {to: {orgs: [sopraco]}, data: [identity], months: 0}",
         "2026-01-01 sopraco|placement.internship|internship.started|name "
         "exact by sopraco-internship:35"},
        {"flow: {to: {orgs: [vdab]}, for: [placement.employment], event: "
         "training.completed, fields: {result: exact}}",
         "proved"},
        {"flow: {to: {orgs: [vdab]}, for: [placement.employment, "
         "guidance.job], event: training.completed}",
         "proved"},
        {"flow: {to: {orgs: [vdab]}, for: [placement.internship, "
         "guidance.job], event: training.completed}",
         "never vdab|placement.internship|training.completed|(fact) yes by "
         "nothing:0"},
        {"flow: {to: {orgs: [thomas-more]}, for: [guidance.training], event: "
         "training.attendance, fields: {hours: exact, attendance_status: "
         "exact}}",
         "never thomas-more|guidance.training|training.attendance|hours exact "
         "by nothing:0"},
        /* Taken away by a prohibition, which is named. */
        {"flow: {to: {orgs: [sopraco]}, for: [placement.internship], event: "
         "internship.attendance, fields: {hours: band8}}",
         "proved"},
        {"flow: {to: {groups: [school]}, for: [guidance.training], event: "
         "trajectory.stopped}",
         "never old-school|guidance.training|trajectory.stopped|(fact) yes by "
         "nothing:0"},
        {"flow: {to: {groups: [welfare]}, for: [guidance.training], event: "
         "trajectory.stopped}",
         "proved, nothing"},
    };
    struct sk_arena arena = test_arena();

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        size_t mark = sk_arena_mark(&arena);
        char variant[512];
        struct sk_bundle *bundle;

        snprintf(variant, sizeof(variant),
                 "patch: [{file: invariants, at: [rules], set: [{id: i, text: "
                 "t, %s}]}]",
                 rows[i].form);
        bundle = world_variant(variant, &arena);
        cr_expect(eq(str, (char *)prove(bundle, &arena), (char *)rows[i].text),
                  "%s", rows[i].form);
        sk_arena_reset(&arena, mark);
    }
}

/* The first by day, then by cell; what takes something away is named. */
Test(prove, gives_the_first_counterexample)
{
    static const struct {
        const char *variant; /* of the policy */
        const char *form;
        const char *text;
    } rows[] = {
        /* An earlier rule, in a later cell. */
        {"change: {vdab-trajectory: {valid: {from: 2025-12-01, until: "
         "2026-12-31}}}",
         "no_flow: {to: anyone}",
         "2025-12-01 vdab|guidance.job|internship.evaluated|(fact) yes by "
         "vdab-trajectory:46"},
        /* Of one cell and day: the highest level. */
        {"change: {tm-absence-detail: {what: {training.attendance: {hours: "
         "present}}}}",
         "no_flow: {to: anyone, fields: {hours: present}, event: "
         "training.attendance}",
         "2026-01-01 thomas-more|guidance.training|training.attendance|hours "
         "band4 by tm-training:13"},
        /* Of two that go equally far: the first by id. */
        {"change: {tm-absence-detail: {what: {training.attendance: {hours: "
         "band4}}}}",
         "no_flow: {to: anyone, fields: {hours: present}, event: "
         "training.attendance}",
         "2026-01-01 thomas-more|guidance.training|training.attendance|hours "
         "band4 by tm-absence-detail:25"},
        {"add_never: [{id: n, text: t, to: {orgs: [vdab]}, data: [training]}]",
         "flow: {to: {orgs: [vdab]}, for: [placement.employment], event: "
         "training.completed, fields: {result: exact}}",
         "never vdab|placement.employment|training.completed|result exact by "
         "n:1"},
        /* Of two, the policy's own, not the federation's. */
        {"change: {sopraco-internship: {what: {internship.evaluated: "
         "{coach_note: exact}}}}, add_never: [{id: n, text: t, to: {orgs: "
         "[sopraco]}, fields: [coach_note]}]",
         "flow: {to: {orgs: [sopraco]}, for: [placement.internship], event: "
         "internship.evaluated, fields: {coach_note: exact}}",
         "never sopraco|placement.internship|internship.evaluated|coach_note "
         "exact by n:1"},
        {"add_limit: [{id: l, text: t, to: anyone, fields: {score: band10}}]",
         "flow: {to: {orgs: [vdab]}, for: [placement.employment], event: "
         "internship.evaluated, fields: {score: exact}}",
         "never vdab|placement.employment|internship.evaluated|score exact by "
         "l:1"},
        {"add_limit: [{id: l, text: t, to: anyone, fields: {score: exact}}]",
         "flow: {to: {orgs: [vdab]}, for: [placement.employment], event: "
         "internship.evaluated, fields: {score: exact}}",
         "proved"},
        {"remove: [tm-training, tm-absence-detail, sopraco-internship, "
         "vdab-trajectory, vdab-positive-stop, schools-fact]",
         "flow: {to: {orgs: [vdab]}, for: [placement.employment], event: "
         "internship.evaluated}",
         "never vdab|placement.employment|internship.evaluated|(fact) yes by "
         "nothing:0"},
    };
    struct sk_arena arena = test_arena();

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        size_t mark = sk_arena_mark(&arena);
        char variant[1024];

        snprintf(variant, sizeof(variant),
                 "{%s, patch: [{file: invariants, at: [rules], set: [{id: i, "
                 "text: t, %s}]}]}",
                 rows[i].variant, rows[i].form);
        /* Rules that a variant adds have the line of its text. */
        cr_expect(eq(str, (char *)prove(world_variant(variant, &arena), &arena),
                     (char *)rows[i].text),
                  "%s, %s", rows[i].variant, rows[i].form);
        sk_arena_reset(&arena, mark);
    }
}

Test(prove, keeps_the_order_of_the_file)
{
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    struct sk_proof *proofs;
    size_t count;

    cr_assert(eq(int, sk_prove(mini, &arena, &proofs, &count), SK_OK));
    cr_assert(eq(sz, count, 7));
    for (size_t i = 0; i < count; i++) {
        char id[3] = {'i', (char)('1' + i), '\0'};

        cr_expect(sk_bytes_equal(proofs[i].invariant->id, sk_text(id)));
        cr_expect(proofs[i].holds, "%s", id);
    }
}

/* ---------------------------------------------------------------- one by one
 */

/* All that flows on a day, as the matrix tells it, asked of one invariant. */
static bool flows(const struct sk_bundle *bundle, int32_t day,
                  const char *field, const char *level, struct sk_arena *arena)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    uint16_t f = sk_vocabulary_field(v, sk_text(field));
    uint16_t least = sk_field_level(&v->fields[f], sk_text(level));
    struct sk_matrix m;

    cr_assert(eq(int, sk_matrix_make(bundle, day, SK_NONE, arena, &m), SK_OK));
    for (size_t i = 0; i < m.count; i++) {
        if (m.cells[i].field == f && m.cells[i].level >= least)
            return true;
    }
    return false;
}

/* Does any category of these reach any recipient but this one? */
static bool leaks(const struct sk_bundle *bundle, int32_t day,
                  const char *category, const char *only,
                  struct sk_arena *arena)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    uint16_t c = sk_vocabulary_category(v, sk_text(category));
    uint16_t org = sk_roster_find(&bundle->roster, sk_text(only));
    struct sk_matrix m;

    cr_assert(eq(int, sk_matrix_make(bundle, day, SK_NONE, arena, &m), SK_OK));
    for (size_t i = 0; i < m.count; i++) {
        uint64_t tells = sk_way_tells(v, m.cells[i].spot.event,
                                      m.cells[i].field, m.cells[i].level);

        for (unsigned k = 0; k < v->categories_count; k++) {
            if ((tells >> k & 1) != 0 &&
                (v->categories[k].under & sk_bit(c)) != 0 &&
                m.cells[i].spot.org != org)
                return true;
        }
    }
    return false;
}

static const char invariants[] =
    "format: invariants/1\ninvariants: ocmw-mol\nrules:\n"
    "  - {id: a, text: t, no_flow: {to: anyone, fields: {birth_date: year}}}\n"
    "  - {id: b, text: t, no_flow: {to: anyone, fields: {hours: band4}}}\n"
    "  - {id: c, text: t, only_to: {data: [health], to: {orgs: [vdab]}}}\n"
    "  - {id: d, text: t, only_to: {data: [social], to: {orgs: [vdab]}}}\n";

/* Proved exactly when the matrices of all critical days say so. */
Test(prove, agrees_with_the_matrix_of_every_day, .timeout = 300)
{
    static const char *const fields[][2] = {{"birth_date", "year"},
                                            {"hours", "band4"}};
    static const char *const kinds[] = {"health", "social"};
    static struct world_policy policy;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    size_t base = sk_arena_mark(&arena);
    size_t broken = 0;
    size_t held = 0;

    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct dice dice = {seed * 86028121};
        size_t shares = 1 + roll(&dice, 5);
        size_t nevers = roll(&dice, 3);
        bool want[4] = {true, true, true, true};
        struct sk_bundle *bundle;
        struct sk_proof *proofs;
        size_t count;

        sk_arena_reset(&arena, base);
        memset(&policy, 0, sizeof(policy));
        for (size_t i = 0; i < shares; i++)
            world_add_share(&dice, mini->vocabulary, &policy);
        for (size_t i = 0; i < nevers; i++)
            world_add_never(&dice, mini->vocabulary, &policy);
        bundle = world_load_with(&policy, false, invariants, &arena);
        for (size_t i = 0; i < bundle->shares_count; i++) {
            int32_t day = bundle->shares[i].from;

            for (size_t k = 0; k < 2; k++) {
                want[k] = want[k] && !flows(bundle, day, fields[k][0],
                                            fields[k][1], &arena);
                want[2 + k] = want[2 + k] &&
                              !leaks(bundle, day, kinds[k], "vdab", &arena);
            }
        }
        cr_assert(eq(int, sk_prove(bundle, &arena, &proofs, &count), SK_OK));
        cr_assert(eq(sz, count, 4));
        for (size_t k = 0; k < count; k++) {
            cr_expect(eq(int, proofs[k].holds, want[k]), "seed %d, %zu: %s",
                      (int)seed, k, text_of(bundle, &proofs[k]));
            broken += !want[k];
            held += want[k];
        }
    }
    cr_expect(gt(sz, broken, 40));
    cr_expect(gt(sz, held, 40));
}
