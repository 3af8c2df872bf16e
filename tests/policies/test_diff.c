/* diff.h against docs/POLICY.md 11: each component, spans, other rosters and
   vocabularies; and against every cell of every critical day, one by one.
   Tests: policies/diff_maps.c, policies/diff_ways.c, policies/diff_words.c,
   policies/contained.c, policies/shares.c, policies/takes.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/civil.h"
#include "policies/diff.h"
#include "world.h"

static struct sk_diff diff_of(const struct sk_bundle *old,
                              const struct sk_bundle *new, int32_t day,
                              struct sk_arena *arena)
{
    struct sk_diff diff;

    cr_assert(eq(int, sk_diff_make(old, new, day, arena, &diff), SK_OK));
    cr_assert(not(diff.cut));
    return diff;
}

static size_t add_text(char *text, size_t size, size_t size_max,
                       const struct sk_diff *diff, enum sk_direction direction,
                       size_t org, size_t purpose,
                       const struct sk_change *change, struct sk_arena *arena)
{
    const struct sk_vocabulary *v = diff->bundles[direction]->vocabulary;
    const struct sk_vocabulary *other =
        diff->bundles[1 - direction]->vocabulary;
    struct sk_bytes field = sk_field_name(v, change->field);
    char from[11];
    char until[11];

    sk_day_format(change->from, from);
    sk_day_format(change->until, until);
    size += (size_t)snprintf(
        text + size, size_max - size, "%s %s|%s|%s|%.*s %s %s..%s",
        direction == SK_WIDER ? "+" : "-",
        (const char *)diff->orgs[org].id.data,
        (const char *)diff->purposes[purpose].id.data,
        (const char *)v->events[change->event].id.data, (int)field.size,
        (const char *)field.data, (const char *)change->way.share->id.data,
        from, until);
    for (unsigned part = 0; part < SK_PART_COUNT; part++) {
        struct sk_bytes here;
        struct sk_bytes there;

        if ((change->parts >> part & 1) == 0)
            continue;
        here = sk_component_words(v, change->field, &change->way, part, arena);
        there = sk_component_words(
            other,
            change->field == SK_FACT
                ? SK_FACT
                : sk_vocabulary_field(other, v->fields[change->field].id),
            &change->nearest, part, arena);
        size += (size_t)snprintf(
            text + size, size_max - size, " %s: %.*s -> %.*s",
            sk_component_text(part),
            (int)(direction == SK_WIDER ? there : here).size,
            (const char *)(direction == SK_WIDER ? there : here).data,
            (int)(direction == SK_WIDER ? here : there).size,
            (const char *)(direction == SK_WIDER ? here : there).data);
    }
    return size + (size_t)snprintf(text + size, size_max - size, "\n");
}

/* Every change as a line; '+' wider, '-' narrower. */
static const char *text_of(const struct sk_diff *diff, struct sk_arena *arena)
{
    static char text[1 << 18];
    size_t size = 0;

    text[0] = '\0';
    for (int d = 1; d >= 0; d--) {
        for (size_t o = 0; o < diff->orgs_count; o++) {
            for (size_t p = 0; p < diff->purposes_count; p++) {
                const struct sk_changes *group = sk_diff_group(
                    diff, (enum sk_direction)d, diff->org_classes.of[o],
                    diff->purpose_classes.of[p]);

                for (size_t i = 0; i < group->count; i++)
                    size = add_text(text, size, sizeof(text), diff,
                                    (enum sk_direction)d, o, p, &group->list[i],
                                    arena);
            }
        }
    }
    return text;
}

/* ---------------------------------------------------------------- by hand */

#define FACT_ONLY                                                              \
    "remove: [tm-training, tm-absence-detail, sopraco-internship, "            \
    "vdab-trajectory, vdab-positive-stop], "
#define BASE                                                                   \
    "basis: {gdpr: public-task, reference: r}, valid: {from: 2026-01-01, "     \
    "until: 2026-12-31}, retain: {for: 12 months, from: sent}, "               \
    "on_withdrawal: {do: erase, within: 7 days}, not_older_than: 6 months, "   \
    "duties: [log-access], roles: [coach]"
#define LINE "sopraco|placement.internship|internship.started|(fact) s "
#define YEAR "2026-01-01..2026-12-31 "

/* The rule of the base, with one key changed: what is told of the fact. */
Test(diff, sees_each_component)
{
    static const struct {
        const char *change; /* of rule s */
        const char *text;   /* of `(fact)` */
    } rows[] = {
        {"consent: explicit", "- " LINE YEAR "consent: given -> explicit\n"},
        {"retain: {for: 13 months, from: sent}",
         "+ " LINE YEAR "retain: 12 months from sent -> 13 months from "
         "sent\n"},
        {"retain: {for: 12 months, from: occurred}",
         "- " LINE YEAR "retain: 12 months from sent -> 12 months from "
         "occurred\n"},
        {"retain: {for: 365 days, from: sent}",
         "+ " LINE YEAR "retain: 12 months from sent -> 365 days from sent\n"
         "- " LINE YEAR "retain: 12 months from sent -> 365 days from sent\n"},
        {"retain: {for: 1 year, from: sent}", ""},
        {"not_older_than: 1 month",
         "- " LINE YEAR "not_older_than: 6 months -> 1 month\n"},
        {"not_older_than: 1 year",
         "+ " LINE YEAR "not_older_than: 6 months -> 12 months\n"},
        {"duties: [retain]",
         "+ " LINE YEAR "duties: confirm-erasure, erase-on-withdrawal, "
         "limit-roles, log-access, no-onward, retain -> confirm-erasure, "
         "erase-on-withdrawal, limit-roles, no-onward, retain\n"},
        {"roles: [coach, teacher]",
         "+ " LINE YEAR "roles: coach -> coach, teacher\n"},
        {"roles: [teacher]", "+ " LINE YEAR "roles: coach -> teacher\n"
                             "- " LINE YEAR "roles: coach -> teacher\n"},
        {"on_withdrawal: {do: stop, within: 7 days}",
         "+ " LINE YEAR "on_withdrawal: erase within 7 days -> stop within 7 "
         "days\n"},
        {"on_withdrawal: {do: erase, within: 1 day}",
         "- " LINE YEAR "on_withdrawal: erase within 7 days -> erase within 1 "
         "day\n"},
        {"basis: {gdpr: contract, reference: r}",
         "+ " LINE YEAR "objection: possible -> not possible\n"},
        {"basis: {gdpr: public-task, reference: other}", ""},
        {"text: other", ""},
        {"valid: {from: 2026-03-01, until: 2026-12-31}",
         "- " LINE "2026-01-01..2026-02-28 level: yes -> none\n"},
        {"what: {internship.started: {name: drop}}",
         "- " LINE YEAR "level: yes -> none\n"},
        {"valid: {from: 2026-01-01, until: 2026-10-31}",
         "- " LINE "2026-11-01..2026-12-31 level: yes -> none\n"},
        {"valid: {from: 2026-02-01, until: 2027-01-31}",
         "+ " LINE "2027-01-01..2027-01-31 level: none -> yes\n"
         "- " LINE "2026-01-01..2026-01-31 level: yes -> none\n"},
        {"valid: {from: 2027-01-01, until: 2027-01-31}",
         "+ " LINE "2027-01-01..2027-01-31 level: none -> yes\n"
         "- " LINE "2026-01-01..2026-12-31 level: yes -> none\n"},
    };
    struct sk_arena arena = test_arena();
    struct sk_bundle *old;
    char variant[1024];
    size_t mark;

    static const char orgs[] =
        "orgs: {sopraco: {duties: [retain, erase-on-withdrawal, no-onward, "
        "confirm-erasure, log-access, limit-roles]}}";
    static const char *const head =
        "{" FACT_ONLY "%s, add_share: [{id: s, text: t, to: {orgs: "
        "[sopraco]}, for: [placement.internship], what: {internship.started: "
        "only-the-fact}, " BASE "}]%s%s%s}";

    snprintf(variant, sizeof(variant), head, orgs, "", "", "");
    old = world_variant(variant, &arena);
    mark = sk_arena_mark(&arena);
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_sources sources = test_sources(TEST_MINI, &arena);
        struct sk_findings findings = sk_findings_start(&arena);
        struct sk_bundle *new;
        struct sk_diff diff;
        const char *problem;

        cr_assert(eq(int, sk_sources_read(&sources, &arena), SK_OK));
        cr_assert(eq(int,
                     sk_variant_apply(test_yaml(variant, &arena), &arena,
                                      &sources, &problem),
                     SK_OK));
        char change[512];
        snprintf(change, sizeof(change), "{change: {s: {%s}}}", rows[i].change);
        cr_assert(eq(int,
                     sk_variant_apply(test_yaml(change, &arena), &arena,
                                      &sources, &problem),
                     SK_OK));
        cr_assert(eq(ptr, (void *)problem, NULL), "%s", problem);
        cr_assert(eq(
            int, sk_sources_load(&sources, INT32_MIN, &arena, &findings, &new),
            SK_OK));
        cr_assert(ne(ptr, new, NULL), "%s: %s", rows[i].change,
                  test_findings(&findings));
        diff = diff_of(old, new, INT32_MIN, &arena);
        cr_expect(eq(str, (char *)text_of(&diff, &arena), (char *)rows[i].text),
                  "%s", rows[i].change);
        cr_expect(eq(int, diff.wider, strchr(rows[i].text, '+') != NULL));
        cr_expect(
            eq(int, diff.narrower, strstr(rows[i].text, "- sopraco") != NULL));
        sk_arena_reset(&arena, mark);
    }
}

/* Whole bundles: what changes, and what does not. */
Test(diff, tells_what_changed)
{
    static const struct {
        const char *old;
        const char *new;
        const char *day; /* or NULL */
        const char *text;
    } rows[] = {
        {"{}", "{}", NULL, ""},
        {"{}", "{change: {tm-training: {text: Anders.}}}", NULL, ""},
        /* A limit behind which nothing waits. */
        {"{}",
         "{add_limit: [{id: l, text: t, to: anyone, fields: {hours: "
         "band4}}]}",
         NULL, ""},
        {"{}",
         "{add_limit: [{id: l, text: t, to: {orgs: [thomas-more]}, fields: "
         "{hours: band8}}]}",
         NULL,
         "- thomas-more|guidance.training|training.attendance|hours "
         "tm-training 2026-01-01..2027-12-31 level: band4 -> band8\n"},
        {"{}",
         "{change: {vdab-positive-stop: {where: {stop_reason: "
         "[found-work, moved]}}}}",
         "2027-06-01",
         "+ vdab|placement.employment|trajectory.stopped|(fact) "
         "vdab-positive-stop 2027-06-01..2027-12-31 where: stop_reason: "
         "found-work -> stop_reason: found-work, moved\n"
         "+ vdab|placement.employment|trajectory.stopped|coach_note "
         "vdab-positive-stop 2027-06-01..2027-12-31 where: stop_reason: "
         "found-work -> stop_reason: found-work, moved\n"
         "+ vdab|placement.employment|trajectory.stopped|occurred "
         "vdab-positive-stop 2027-06-01..2027-12-31 where: stop_reason: "
         "found-work -> stop_reason: found-work, moved\n"
         "+ vdab|placement.employment|trajectory.stopped|stop_reason "
         "vdab-positive-stop 2027-06-01..2027-12-31 where: stop_reason: "
         "found-work -> stop_reason: found-work, moved\n"},
        {"{}", "{remove: [schools-fact]}", "2027-12-31",
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2027-12-31..2027-12-31 level: yes -> none\n"},
        {"{}", "{remove: [schools-fact]}", "2028-01-01", ""},
        /* A partner that is suspended, and one that comes. */
        {"{}",
         "{orgs: {vdab: {status: suspended}}, remove: "
         "[vdab-trajectory]}",
         "2027-12-31",
         "- vdab|guidance.job|internship.evaluated|(fact) vdab-trajectory "},
        {"{remove: [sopraco-internship], change: {schools-fact: {to: {groups: "
         "[company]}}}, orgs: {sopraco: {status: left}}}",
         "{remove: [sopraco-internship], change: {schools-fact: {to: {groups: "
         "[company]}}}, orgs: {sopraco: {status: left}, zz: {name: Z, role: "
         "company, duties: [retain, erase-on-withdrawal, no-onward, "
         "confirm-erasure]}}}",
         NULL,
         "+ zz|guidance.training|trajectory.stopped|(fact) schools-fact "
         "2026-01-01..2027-12-31 level: none -> yes\n"},
        /* One span when it is told in the same words, two when not. */
        {"{change: {vdab-positive-stop: {where: {stop_reason: [found-w"
         "ork, moved]}}}}",
         "{remove: [vdab-positive-stop], add_share: [{id: z1, text: t,"
         " to: {orgs: [vdab]}, for: [placement.employment], where: {st"
         "op_reason: [found-work]}, what: {trajectory.stopped: {occurr"
         "ed: exact, stop_reason: exact, coach_note: exact}}, basis: {"
         "gdpr: public-task, reference: r}, valid: {from: 2026-01-01, "
         "until: 2026-12-31}}, {id: z2, text: t, to: {orgs: [vdab]}, f"
         "or: [placement.employment], where: {stop_reason: [found-work"
         "]}, what: {trajectory.stopped: {occurred: exact, stop_reason"
         ": exact, coach_note: exact}}, basis: {gdpr: public-task, ref"
         "erence: r}, valid: {from: 2027-01-01, until: 2027-12-31}}]}",
         NULL,
         "- vdab|placement.employment|trajectory.stopped|(fact) "
         "vdab-positive-stop 2026-01-01..2027-12-31 not_older_than: none -> 24 "
         "months\n"
         "- vdab|placement.employment|trajectory.stopped|coach_note "
         "vdab-positive-stop 2026-01-01..2027-12-31 where: stop_reason: "
         "found-work, moved -> stop_reason: found-work\n"
         "- vdab|placement.employment|trajectory.stopped|occurred "
         "vdab-positive-stop 2026-01-01..2027-12-31 not_older_than: none -> 24 "
         "months\n"
         "- vdab|placement.employment|trajectory.stopped|stop_reason "
         "vdab-positive-stop 2026-01-01..2027-12-31 not_older_than: none -> 24 "
         "months\n"},
        /* And by other values. */
        {"{change: {vdab-positive-stop: {where: {stop_reason: [found-w"
         "ork, moved]}}}}",
         "{remove: [vdab-positive-stop], add_share: [{id: z1, text: t,"
         " to: {orgs: [vdab]}, for: [placement.employment], where: {st"
         "op_reason: [found-work]}, what: {trajectory.stopped: {occurr"
         "ed: exact, stop_reason: exact, coach_note: exact}}, basis: {"
         "gdpr: public-task, reference: r}, valid: {from: 2026-01-01, "
         "until: 2026-12-31}}, {id: z2, text: t, to: {orgs: [vdab]}, f"
         "or: [placement.employment], where: {stop_reason: [moved]}, w"
         "hat: {trajectory.stopped: {occurred: exact, stop_reason: exa"
         "ct, coach_note: exact}}, basis: {gdpr: public-task, referenc"
         "e: r}, valid: {from: 2027-01-01, until: 2027-12-31}}]}",
         NULL,
         "- vdab|placement.employment|trajectory.stopped|(fact) "
         "vdab-positive-stop 2026-01-01..2027-12-31 not_older_than: none -> 24 "
         "months\n"
         "- vdab|placement.employment|trajectory.stopped|coach_note "
         "vdab-positive-stop 2026-01-01..2026-12-31 where: stop_reason: "
         "found-work, moved -> stop_reason: found-work\n"
         "- vdab|placement.employment|trajectory.stopped|coach_note "
         "vdab-positive-stop 2027-01-01..2027-12-31 where: stop_reason: "
         "found-work, moved -> stop_reason: moved\n"
         "- vdab|placement.employment|trajectory.stopped|occurred "
         "vdab-positive-stop 2026-01-01..2027-12-31 not_older_than: none -> 24 "
         "months\n"
         "- vdab|placement.employment|trajectory.stopped|stop_reason "
         "vdab-positive-stop 2026-01-01..2027-12-31 not_older_than: none -> 24 "
         "months\n"},
        /* The order of a vocabulary has no meaning. */
        {"{}",
         "{patch: [{file: vocabulary, at: [categories], set: {social: "
         "{nl: s, en: s}, income: {nl: i, en: i}, health: {nl: h, en: "
         "h, special: health}, health.capacity: {nl: c, en: c}, health"
         ".absence: {nl: a, en: a}, employment: {nl: e, en: e}, employ"
         "ment.internship: {nl: i, en: i}, training: {nl: t, en: t}, t"
         "raining.attendance: {nl: t, en: t}, training.course: {nl: t,"
         " en: t}, identity: {nl: i, en: i}}}]}",
         NULL, ""},
        /* Of two purposes of one rule a consent counts longer for one, and less
           long for the other. */
        {"{remove: [tm-training, tm-absence-detail, sopraco-internship"
         ", vdab-trajectory, vdab-positive-stop, schools-fact], add_sh"
         "are: [{id: z, text: t, to: {orgs: [vdab]}, for: [guidance.jo"
         "b, guidance.training], what: {trajectory.stopped: only-the-f"
         "act}, basis: {gdpr: public-task, reference: r}, valid: {from"
         ": 2026-01-01, until: 2026-12-31}, retain: {for: 12 months, f"
         "rom: sent}}]}",
         "{remove: [tm-training, tm-absence-detail, sopraco-internship"
         ", vdab-trajectory, vdab-positive-stop, schools-fact], add_sh"
         "are: [{id: z, text: t, to: {orgs: [vdab]}, for: [guidance.jo"
         "b, guidance.training], what: {trajectory.stopped: only-the-f"
         "act}, basis: {gdpr: public-task, reference: r}, valid: {from"
         ": 2026-01-01, until: 2026-12-31}, retain: {for: 12 months, f"
         "rom: sent}}], patch: [{file: vocabulary, at: [purposes, guid"
         "ance.training, consent_days], set: 999}, {file: vocabulary, "
         "at: [purposes, guidance.job, consent_days], set: 100}]}",
         NULL,
         "+ vdab|guidance.training|trajectory.stopped|(fact) z "
         "2026-01-01..2026-12-31 consent: given -> given\n"
         "- vdab|guidance.job|trajectory.stopped|(fact) z "
         "2026-01-01..2026-12-31 consent: given -> given\n"},
        /* The nearest of other rules is the one that gives most. */
        {"{remove: [tm-training, tm-absence-detail, sopraco-internship"
         ", vdab-trajectory, vdab-positive-stop, schools-fact], add_sh"
         "are: [{id: y, text: t, to: {orgs: [thomas-more]}, for: [guid"
         "ance.training], what: {training.attendance: {hours: exact}},"
         " basis: {gdpr: public-task, reference: r}, valid: {from: 202"
         "6-01-01, until: 2026-12-31}, retain: {for: 12 months, from: "
         "sent}}]}",
         "{remove: [tm-training, tm-absence-detail, sopraco-internship"
         ", vdab-trajectory, vdab-positive-stop, schools-fact], add_sh"
         "are: [{id: a, text: t, to: {orgs: [thomas-more]}, for: [guid"
         "ance.training], what: {training.attendance: {hours: present}"
         "}, basis: {gdpr: public-task, reference: r}, valid: {from: 2"
         "026-01-01, until: 2026-12-31}, retain: {for: 12 months, from"
         ": sent}}, {id: b, text: t, to: {orgs: [thomas-more]}, for: ["
         "guidance.training], what: {training.attendance: {hours: band"
         "4}}, basis: {gdpr: public-task, reference: r}, valid: {from:"
         " 2026-01-01, until: 2026-12-31}, retain: {for: 12 months, fr"
         "om: sent}}, {id: c, text: t, to: {orgs: [thomas-more]}, for:"
         " [guidance.training], what: {training.attendance: {hours: ba"
         "nd8}}, basis: {gdpr: public-task, reference: r}, valid: {fro"
         "m: 2026-01-01, until: 2026-12-31}, retain: {for: 12 months, "
         "from: sent}}]}",
         NULL,
         "- thomas-more|guidance.training|training.attendance|hours y "
         "2026-01-01..2026-12-31 level: exact -> band4\n"},
        /* Another organisation behind the id of a partner, by its number. */
        {"{remove: [sopraco-internship, vdab-trajectory, tm-training, "
         "tm-absence-detail, vdab-positive-stop], orgs: {thomas-more: {kbo: "
         "'1999900072'}}}",
         "{remove: [sopraco-internship, vdab-trajectory, tm-training, "
         "tm-absence-detail, vdab-positive-stop], orgs: {thomas-more: {kbo: "
         "'1999900171'}}}",
         NULL,
         "+ thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2027-12-31 level: none -> yes\n"
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2027-12-31 level: yes -> none\n"},
        /* A name tells when a number does not; the number wins. */
        {"{remove: [sopraco-internship, vdab-trajectory, tm-training, "
         "tm-absence-detail, vdab-positive-stop]}",
         "{remove: [sopraco-internship, vdab-trajectory, tm-training, "
         "tm-absence-detail, vdab-positive-stop], orgs: {thomas-more: {kbo: "
         "'1999900171', name: Een ander}}}",
         NULL,
         "+ thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2027-12-31 level: none -> yes\n"
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2027-12-31 level: yes -> none\n"},
        {"{}", "{orgs: {thomas-more: {kbo: '1999900171'}}}", NULL, ""},
        {"{orgs: {thomas-more: {kbo: '1999900171', name: Een ander}}}",
         "{orgs: {thomas-more: {kbo: '1999900171'}}}", NULL, ""},
        /* Rules that say the same, to a partner that is there once. */
        {"{}", "{orgs: {vdab: {status: suspended}}}", NULL,
         "- vdab|guidance.job|"},
        {"{orgs: {vdab: {status: suspended}}}", "{}", NULL,
         "+ vdab|guidance.job|"},
        /* Two rules that follow on one another give what one gave. */
        {"{remove: [tm-training]}",
         "{remove: [tm-training], change: {schools-fact: {valid: {from: "
         "2026-01-01, until: 2026-12-31}}}, add_share: [{id: z, text: t, to: "
         "{groups: [school]}, for: [guidance.training], what: "
         "{trajectory.stopped: only-the-fact}, basis: {gdpr: public-task, "
         "reference: r}, retain: {for: 3 months, from: sent}, valid: {from: "
         "2027-01-01, until: 2027-12-31}}]}",
         NULL, ""},
        /* A gap between them of one day. */
        {"{remove: [tm-training]}",
         "{remove: [tm-training], change: {schools-fact: {valid: {from: "
         "2026-01-01, until: 2026-12-30}}}, add_share: [{id: z, text: t, to: "
         "{groups: [school]}, for: [guidance.training], what: "
         "{trajectory.stopped: only-the-fact}, basis: {gdpr: public-task, "
         "reference: r}, retain: {for: 3 months, from: sent}, valid: {from: "
         "2027-01-01, until: 2027-12-31}}]}",
         NULL,
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-12-31..2026-12-31 level: yes -> none\n"},
        /* What is near changes half-way: two spans; told the same: one. */
        {"{}",
         "{change: {schools-fact: {retain: {for: 2 months, from: sent}, valid: "
         "{from: 2026-01-01, until: 2026-12-31}}}, add_share: [{id: z, text: "
         "t, to: {groups: [school]}, for: [guidance.training], what: "
         "{trajectory.stopped: only-the-fact}, basis: {gdpr: public-task, "
         "reference: r}, retain: {for: 1 month, from: sent}, valid: {from: "
         "2027-01-01, until: 2027-12-31}}]}",
         NULL,
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2026-12-31 retain: 3 months from sent -> 2 "
         "months from sent\n"
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2027-01-01..2027-12-31 retain: 3 months from sent -> 1 "
         "month from sent\n"},
        /* What is near comes half-way. */
        {"{}",
         "{remove: [schools-fact], add_share: [{id: z, text: t, to: {groups: "
         "[school]}, for: [guidance.training], what: {trajectory.stopped: "
         "only-the-fact}, basis: {gdpr: public-task, reference: r}, retain: "
         "{for: 1 month, from: sent}, valid: {from: 2027-01-01, until: "
         "2027-12-31}}]}",
         NULL,
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2026-12-31 level: yes -> none\n"
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2027-01-01..2027-12-31 retain: 3 months from sent -> 1 "
         "month from sent\n"},
        {"{}",
         "{change: {schools-fact: {retain: {for: 1 month, from: sent}, valid: "
         "{from: 2026-01-01, until: 2026-12-31}}}, add_share: [{id: z, text: "
         "t, to: {groups: [school]}, for: [guidance.training], what: "
         "{trajectory.stopped: only-the-fact}, basis: {gdpr: public-task, "
         "reference: r}, retain: {for: 1 month, from: sent}, valid: {from: "
         "2027-01-01, until: 2027-12-31}}]}",
         NULL,
         "- thomas-more|guidance.training|trajectory.stopped|(fact) "
         "schools-fact 2026-01-01..2027-12-31 retain: 3 months from sent -> 1 "
         "month from sent\n"},
    };
    struct sk_arena arena = test_arena();

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        size_t mark = sk_arena_mark(&arena);
        int32_t day = INT32_MIN;
        struct sk_diff diff;
        const char *text;

        if (rows[i].day != NULL)
            cr_assert(sk_day_parse(sk_text(rows[i].day), &day));
        diff = diff_of(world_variant(rows[i].old, &arena),
                       world_variant(rows[i].new, &arena), day, &arena);
        text = text_of(&diff, &arena);
        if (strlen(rows[i].text) > 0 &&
            rows[i].text[strlen(rows[i].text) - 1] != '\n')
            cr_expect(
                eq(int, strncmp(text, rows[i].text, strlen(rows[i].text)), 0),
                "row %zu: %s", i, text);
        else
            cr_expect(eq(str, (char *)text, (char *)rows[i].text), "row %zu",
                      i);
        sk_arena_reset(&arena, mark);
    }
}

/* 11.2: levels by name in the chain of the new vocabulary. */
Test(diff, compares_levels_of_two_vocabularies_by_name)
{
    static const struct {
        const char *new; /* patches of the vocabulary */
        bool wider;
        bool narrower;
    } rows[] = {
        {"{file: vocabulary, at: [fields, hours, max], set: \"23\"}", false,
         false},
        /* The level that the rule names has another name: unknown there. */
        {"{file: vocabulary, at: [fields, hours, bands, \"0\", level], set: "
         "quarters}, {file: policy, at: [share, \"0\", what, "
         "training.attendance, hours], set: quarters}",
         true, true},
        /* A finer level was put in: band4 is still band4. */
        {"{file: vocabulary, at: [fields, hours, bands], set: [{level: band2, "
         "nl: b, en: b, cuts: [\"0\", \"2\", \"4\", \"8\", \"12\", \"16\", "
         "\"20\"]}, {level: band4, nl: b, en: b, cuts: [\"0\", \"4\", \"8\", "
         "\"12\", \"16\", \"20\"]}, {level: band8, nl: b, en: b, cuts: "
         "[\"0\", \"8\", \"16\"]}]}",
         false, false},
        /* The same name for finer classes, for other codes. */
        {"{file: vocabulary, at: [fields, hours, bands, \"0\", cuts], set: "
         "[\"0\", \"2\", \"4\", \"8\", \"12\", \"16\", \"20\"]}",
         true, true},
        /* A consent for what is shown would count for what is not. */
        {"{file: vocabulary, at: [fields, hours, category], set: social}", true,
         true},
        {"{file: vocabulary, at: [events, training.attendance, category], "
         "set: social}",
         true, true},
        {"{file: vocabulary, at: [codelists, attendance, groupings, \"0\", "
         "groups], set: {there: {nl: t, en: t, of: [present]}, away: {nl: a, "
         "en: a, of: [late, excused, absent]}}}",
         true, true},
        /* One that counts longer than was said. */
        {"{file: vocabulary, at: [purposes, guidance.training, consent_days], "
         "set: \"366\"}",
         true, false},
        {"{file: vocabulary, at: [purposes, guidance.training, consent_days], "
         "set: \"364\"}",
         false, true},
        /* Words that OLD does not know. */
        {"{file: vocabulary, at: [events, training.attendance, optional], "
         "set: [absence_reason, hours, score]}, {file: policy, at: [share, "
         "\"0\", what, training.attendance, score], set: half}",
         true, false},
        /* Events in another order. */
        {"{file: vocabulary, at: [events, trajectory.started]}, {file: "
         "vocabulary, at: [events, trajectory.started], set: {nl: t, en: t, "
         "category: social, optional: [postal_code, name, birth_date]}}",
         false, false},
    };
    struct sk_arena arena = test_arena();
    struct sk_bundle *old = world_variant("{}", &arena);
    size_t mark = sk_arena_mark(&arena);

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char variant[1024];
        struct sk_diff diff;

        snprintf(variant, sizeof(variant), "patch: [%s]", rows[i].new);
        diff = diff_of(old, world_variant(variant, &arena), INT32_MIN, &arena);
        cr_expect(eq(int, diff.wider, rows[i].wider), "row %zu: %s", i,
                  text_of(&diff, &arena));
        cr_expect(eq(int, diff.narrower, rows[i].narrower), "row %zu: %s", i,
                  text_of(&diff, &arena));
        sk_arena_reset(&arena, mark);
    }
}

/* ---------------------------------------------------------------- one by one
 */

/* A way as 10.1 and 10.2 say it, worked out from the rules directly. */
struct plain_way {
    size_t org, purpose, event;
    uint16_t field;
    uint8_t level;
    bool explicit_consent;
    const struct sk_share *share;
};

static uint8_t left_of(const struct sk_bundle *b, size_t org, unsigned purpose,
                       uint16_t event, uint16_t field, uint8_t level)
{
    for (size_t i = 0; i < b->takes_count && level > 0; i++) {
        if (sk_take_speaks(&b->takes[i], org, purpose))
            level = sk_take_leaves(&b->takes[i], b->vocabulary, field, event,
                                   level);
    }
    return level;
}

static bool asks_explicit(const struct sk_bundle *b,
                          const struct sk_share *share, size_t org,
                          uint16_t event, uint64_t told)
{
    uint64_t needed = told | sk_bit(b->vocabulary->events[event].category) |
                      sk_where_categories(b->vocabulary, share, event);
    bool secret = false;

    for (unsigned c = 0; c < 64; c++)
        secret =
            secret ||
            ((needed >> c & 1) != 0 && b->vocabulary->categories[c].secrecy &&
             b->roster.orgs[b->owner_at].secrecy == SK_SECRECY_PROFESSIONAL &&
             b->roster.orgs[org].secrecy != SK_SECRECY_PROFESSIONAL);
    return share->explicit_consent || secret;
}

static bool is_covered(const struct sk_bundle *b, size_t org, unsigned purpose,
                       uint16_t event)
{
    for (size_t i = 0; i < b->takes_count; i++) {
        if (sk_take_speaks(&b->takes[i], org, purpose) &&
            sk_take_covers_event(&b->takes[i], b->vocabulary, event))
            return true;
    }
    return false;
}

static size_t plain_event(const struct sk_bundle *b,
                          const struct sk_share *share,
                          const struct sk_shared_event *shared, size_t org,
                          unsigned purpose, struct plain_way *out)
{
    const struct sk_vocabulary *v = b->vocabulary;
    const struct sk_event_type *type = &v->events[shared->event];
    size_t count = 1; /* the fact comes first, when there is one */

    for (size_t at = 0; at < type->fields_count; at++) {
        uint16_t f = type->fields[at];
        const struct sk_field *field = &v->fields[f];
        uint8_t level =
            left_of(b, org, purpose, shared->event, f, shared->levels[at]);

        for (int way = 0; way < 2 && level > 0; way++, level--) {
            if (way == 1 &&
                (level != sk_exact(field) - 1 || field->reveals == 0))
                break;
            out[count++] = (struct plain_way){
                org,
                purpose,
                shared->event,
                f,
                level,
                asks_explicit(b, share, org, shared->event,
                              sk_told(v, f, shared->event, level)),
                share};
        }
    }
    if (count == 1 && !shared->only_the_fact)
        return 0;
    out[0] = (struct plain_way){
        org,     purpose, shared->event,
        SK_FACT, 1,       asks_explicit(b, share, org, shared->event, 0),
        share};
    return count;
}

static size_t plain_ways(const struct sk_bundle *b, int32_t day,
                         struct plain_way *out)
{
    size_t count = 0;

    for (size_t i = 0; i < b->shares_count; i++) {
        const struct sk_share *share = &b->shares[i];

        for (size_t org = 0; org < b->roster.count; org++) {
            if (!sk_org_set_has(&share->to, org) ||
                b->roster.orgs[org].status != SK_ORG_ACTIVE ||
                (share->duties & ~b->roster.duties[org]) != 0 ||
                day < share->from || day > share->until)
                continue;
            for (unsigned p = 0; p < 64; p++) {
                for (size_t e = 0;
                     (share->purposes >> p & 1) != 0 && e < share->what_count;
                     e++) {
                    if (!is_covered(b, org, p, share->what[e].event))
                        count += plain_event(b, share, &share->what[e], org, p,
                                             out + count);
                }
            }
        }
    }
    return count;
}

static bool dominates(const struct plain_way *w, const struct plain_way *v,
                      const struct sk_vocabulary *words)
{
    return w->org == v->org && w->purpose == v->purpose &&
           w->event == v->event && w->field == v->field &&
           w->level <= v->level &&
           (!v->explicit_consent || w->explicit_consent) &&
           sk_terms_lacking(words, w->share, words, v->share) == 0;
}

/* Is there a change that tells of this way on this day? */
static bool is_told(const struct sk_diff *diff, enum sk_direction direction,
                    const struct plain_way *w, int32_t day)
{
    for (size_t o = 0; o < diff->orgs_count; o++) {
        for (size_t p = 0; p < diff->purposes_count; p++) {
            const struct sk_changes *group =
                sk_diff_group(diff, direction, diff->org_classes.of[o],
                              diff->purpose_classes.of[p]);

            if (diff->orgs[o].at[direction] != w->org ||
                diff->purposes[p].at[direction] != w->purpose)
                continue;
            for (size_t i = 0; i < group->count; i++) {
                const struct sk_change *c = &group->list[i];

                if (c->event == w->event && c->field == w->field &&
                    c->way.level == w->level && c->way.share == w->share &&
                    c->from <= day && day <= c->until)
                    return true;
            }
        }
    }
    return false;
}

#define WAYS_MAX 8192

/* On one day, each way of each side: it is told exactly when no way of the
   other side dominates it.  Returns how many are told. */
static size_t expect_day(const struct sk_diff *diff, int32_t day,
                         const char *what)
{
    static struct plain_way ways[SK_DIRECTIONS][WAYS_MAX];
    size_t counts[SK_DIRECTIONS];
    size_t told = 0;

    for (size_t d = 0; d < SK_DIRECTIONS; d++)
        counts[d] = plain_ways(diff->bundles[d], day, ways[d]);
    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        for (size_t i = 0; i < counts[d]; i++) {
            bool dominated = false;

            for (size_t k = 0; k < counts[1 - d] && !dominated; k++)
                dominated = dominates(&ways[d][i], &ways[1 - d][k],
                                      diff->bundles[0]->vocabulary);
            cr_assert(eq(int,
                         is_told(diff, (enum sk_direction)d, &ways[d][i], day),
                         !dominated),
                      "%s, day %d, rule %s", what, day,
                      (const char *)ways[d][i].share->id.data);
            told += !dominated;
        }
    }
    return told;
}

/* Some rules stay, some are drawn again, one goes, a prohibition comes. */
static void change_policy(struct dice *dice, const struct sk_vocabulary *v,
                          struct world_policy *policy)
{
    size_t shares = policy->shares;
    size_t nevers = roll(dice, 2);

    for (size_t i = 0; i < shares; i++) {
        if (roll(dice, 3) != 0)
            continue;
        policy->shares = i; /* its place, and its id */
        world_add_share(dice, v, policy);
    }
    policy->shares = shares;
    if (shares > 1 && roll(dice, 2) == 0)
        policy->shares--;
    for (size_t i = 0; i < nevers; i++)
        world_add_never(dice, v, policy);
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

static void expect_all_days(const struct sk_diff *diff, const char *what,
                            size_t *told)
{
    bool any[SK_DIRECTIONS] = {false, false};
    /* Every day from the first of the year that something begins or ends. */
    for (int32_t day = 20453; day < 20453 + 366; day += 1) {
        bool critical = day == 20453 + 365;

        for (size_t d = 0; d < SK_DIRECTIONS; d++) {
            for (size_t i = 0; i < diff->bundles[d]->shares_count; i++) {
                const struct sk_share *s = &diff->bundles[d]->shares[i];

                critical = critical || s->from == day || s->until + 1 == day;
            }
        }
        if (critical)
            *told += expect_day(diff, day, what);
    }
    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        for (size_t o = 0; o < diff->org_classes.count; o++) {
            for (size_t p = 0; p < diff->purpose_classes.count; p++)
                any[d] =
                    any[d] ||
                    sk_diff_group(diff, (enum sk_direction)d, o, p)->count > 0;
        }
    }
    cr_expect(eq(int, any[SK_WIDER], diff->wider), "%s", what);
    cr_expect(eq(int, any[SK_NARROWER], diff->narrower), "%s", what);
}

Test(diff, agrees_with_every_cell_of_every_day, .timeout = 300)
{
    static struct world_policy policy;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    size_t base = sk_arena_mark(&arena);
    size_t told = 0;

    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct dice dice = {seed * 104729};
        struct sk_bundle *old;
        struct sk_diff diff;
        char what[32];

        sk_arena_reset(&arena, base);
        snprintf(what, sizeof(what), "seed %d", (int)seed);
        random_policy(&dice, mini->vocabulary, &policy);
        old = world_load(&policy, false, &arena);
        change_policy(&dice, mini->vocabulary, &policy);
        diff =
            diff_of(old, world_load(&policy, true, &arena), INT32_MIN, &arena);
        expect_all_days(&diff, what, &told);
    }
    cr_expect(gt(sz, told, 1000));
}

/* ---------------------------------------------------------------- laws */

/* Adding a share never narrows, adding a never or limit never widens, and
   nothing changes when nothing does, whatever the order. */
Test(diff, adding_a_share_widens_and_a_prohibition_narrows, .timeout = 300)
{
    static struct world_policy policy;
    static struct world_policy more;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    size_t base = sk_arena_mark(&arena);
    size_t wider = 0;
    size_t narrower = 0;

    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct dice dice = {seed * 15485863};
        struct sk_bundle *old;
        struct sk_diff diff;

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        old = world_load(&policy, false, &arena);
        diff =
            diff_of(old, world_load(&policy, true, &arena), INT32_MIN, &arena);
        cr_expect(not(diff.wider), "seed %d", (int)seed);
        cr_expect(not(diff.narrower), "seed %d", (int)seed);

        more = policy;
        world_add_share(&dice, mini->vocabulary, &more);
        diff =
            diff_of(old, world_load(&more, false, &arena), INT32_MIN, &arena);
        cr_expect(not(diff.narrower), "seed %d: %s", (int)seed,
                  text_of(&diff, &arena));
        wider += diff.wider;

        more = policy;
        world_add_never(&dice, mini->vocabulary, &more);
        world_add_limit(&dice, mini->vocabulary, &more);
        diff =
            diff_of(old, world_load(&more, false, &arena), INT32_MIN, &arena);
        cr_expect(not(diff.wider), "seed %d: %s", (int)seed,
                  text_of(&diff, &arena));
        narrower += diff.narrower;
    }
    cr_expect(gt(sz, wider, 20));
    cr_expect(gt(sz, narrower, 20));
}

Test(diff, the_other_way_round_is_the_opposite, .timeout = 300)
{
    static struct world_policy policy;
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    size_t base = sk_arena_mark(&arena);

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct dice dice = {seed * 611953};
        struct sk_bundle *a;
        struct sk_bundle *b;
        struct sk_diff there;
        struct sk_diff back;

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        a = world_load(&policy, false, &arena);
        change_policy(&dice, mini->vocabulary, &policy);
        b = world_load(&policy, false, &arena);
        there = diff_of(a, b, INT32_MIN, &arena);
        back = diff_of(b, a, INT32_MIN, &arena);
        cr_expect(eq(int, there.wider, back.narrower), "seed %d", (int)seed);
        cr_expect(eq(int, there.narrower, back.wider), "seed %d", (int)seed);
    }
}

/* 11.3: whatever OLD did not let through, a NEW that is not wider does not let
   through. */
static bool reveals_more(const struct sk_decision *old,
                         const struct sk_decision *new)
{
    if (!new->permit)
        return false;
    if (!old->permit)
        return true;
    for (size_t i = 0; i < new->fields_count; i++) {
        uint8_t before = 0;

        for (size_t k = 0; k < old->fields_count; k++) {
            if (old->fields[k].field == new->fields[i].field &&
                old->fields[k].withheld == SK_SENT)
                before = old->fields[k].level;
        }
        if (new->fields[i].withheld == SK_SENT &&new->fields[i].level > before)
            return true;
    }
    return false;
}

Test(diff, not_wider_lets_nothing_more_through, .timeout = 300)
{
    static struct world_policy policy;
    static struct world_policy other;
    static struct world_facts facts;
    static struct world_question question;
    static struct sk_decision answers[2];
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    size_t base = sk_arena_mark(&arena);
    size_t same = 0;
    size_t more = 0;

    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct dice dice = {seed * 32452843};
        struct sk_bundle *old;
        struct sk_bundle *new;
        struct sk_diff diff;
        bool revealed = false;

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        old = world_load(&policy, false, &arena);
        other = policy;
        if (roll(&dice, 2) == 0)
            change_policy(&dice, mini->vocabulary, &other);
        else
            world_add_never(&dice, mini->vocabulary, &other);
        new = world_load(&other, false, &arena);
        diff = diff_of(old, new, INT32_MIN, &arena);
        for (size_t i = 0; i < 60; i++) {
            size_t mark = sk_arena_mark(&arena);

            world_facts(&dice, &facts);
            world_ask(&dice, mini->vocabulary, &policy, &question);
            cr_assert(
                eq(int,
                   sk_decide(old, world_compile(&facts, old, false, &arena),
                             &question.question, &arena, &answers[0]),
                   SK_OK));
            cr_assert(
                eq(int,
                   sk_decide(new, world_compile(&facts, new, false, &arena),
                             &question.question, &arena, &answers[1]),
                   SK_OK));
            revealed = revealed || reveals_more(&answers[0], &answers[1]);
            sk_arena_reset(&arena, mark);
        }
        cr_expect(diff.wider || !revealed, "seed %d", (int)seed);
        same += !diff.wider;
        more += revealed;
    }
    cr_expect(gt(sz, same, 20));
    cr_expect(gt(sz, more, 5));
}

/* ------------------------------------------------------- other meanings */

/* The words stay and mean something else: the rules of the policy, its nevers
   and limits among them, are the same text. */
static const char *const meanings[] = {
    "orgs: {sopraco: {role: school}}",
    "orgs: {vdab: {role: company}}",
    "orgs: {thomas-more: {role: welfare}}",
    "orgs: {thomas-more: {role: company, secrecy: none}}",
    "orgs: {vdab: {secrecy: none}}",
    "orgs: {ocmw-mol: {secrecy: none}}",
    "orgs: {closed-firm: {status: active}}",
    "orgs: {thomas-more: {person_level: false}}",
    "orgs: {old-school: {duties: [retain, erase-on-withdrawal, no-onward, "
    "confirm-erasure]}}",
    "patch: [{file: vocabulary, at: [roles, company, secrecy], set: "
    "professional}]",
    "patch: [{file: vocabulary, at: [roles, school, person_level], set: "
    "\"false\"}]",
    "patch: [{file: vocabulary, at: [categories, social, secrecy]}]",
    "patch: [{file: vocabulary, at: [categories, training, explicit], set: "
    "\"true\"}]",
    "patch: [{file: vocabulary, at: [codelists, stop, values, illness, "
    "reveals]}]",
    "patch: [{file: vocabulary, at: [codelists, stop, values, illness, "
    "reveals], set: [income]}]",
    "patch: [{file: vocabulary, at: [events, training.attendance, category], "
    "set: training.course}]",
    "patch: [{file: vocabulary, at: [events, internship.started, category], "
    "set: identity}]",
    "patch: [{file: vocabulary, at: [fields, name, category], set: "
    "employment.internship}]",
    "patch: [{file: vocabulary, at: [fields, absence_reason, category], set: "
    "inherit}]",
    "patch: [{file: vocabulary, at: [fields, birth_date, category], set: "
    "training.course}]",
    "patch: [{file: vocabulary, at: [fields, coach_note, category], set: "
    "employment.internship}]",
    "patch: [{file: vocabulary, at: [purposes, guidance.job, consent_days], "
    "set: \"20\"}]",
    "patch: [{file: guards, at: [never]}]",
};

static struct sk_bundle *load_meaning(struct world_policy *policy,
                                      const char *variant,
                                      struct sk_arena *arena)
{
    struct sk_sources sources = world_sources();
    const char *problem = NULL;

    cr_assert(eq(
        int,
        sk_variant_apply(test_yaml(variant, arena), arena, &sources, &problem),
        SK_OK));
    cr_assert(eq(ptr, (void *)problem, NULL), "%s: %s", variant, problem);
    return world_load_from(sources, policy, false, NULL, arena);
}

/* Consents for little, so that it matters which category a field has. */
static void few_facts(struct dice *dice, struct world_facts *facts)
{
    world_facts(dice, facts);
    for (size_t i = 0; i < facts->consents_count; i++) {
        struct sk_fact_consent *fact = &facts->consents[i].fact;

        if (fact->categories_count > 3)
            fact->categories_count = 3;
    }
}

/* 11.2, 11.3: what flows is compared, not what rules are called.  A partner
   with another role, a category with other events under a never that stays:
   whatever that lets through is wider. */
Test(diff, another_meaning_of_a_word_lets_nothing_more_through_unseen,
     .timeout = 300)
{
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question question;
    static struct sk_decision answers[2];
    struct sk_arena arena = test_arena();
    struct sk_bundle *mini = world_variant("{}", &arena);
    size_t base = sk_arena_mark(&arena);
    size_t more[SK_COUNT(meanings)] = {0};
    size_t same = 0;
    size_t lets = 0;

    for (uint64_t seed = 1; seed <= 12 * SK_COUNT(meanings); seed++) {
        struct dice dice = {seed * 49979687};
        size_t meaning = seed % SK_COUNT(meanings);
        struct sk_bundle *old;
        struct sk_bundle *new;
        struct sk_diff diff;

        sk_arena_reset(&arena, base);
        random_policy(&dice, mini->vocabulary, &policy);
        old = world_load(&policy, false, &arena);
        new = load_meaning(&policy, meanings[meaning], &arena);
        if (new == NULL)
            continue; /* a level too far, or a rule for one's own kind */
        diff = diff_of(old, new, INT32_MIN, &arena);
        same += !diff.wider;
        for (size_t i = 0; i < 120; i++) {
            size_t mark = sk_arena_mark(&arena);

            few_facts(&dice, &facts);
            world_ask(&dice, mini->vocabulary, &policy, &question);
            cr_assert(
                eq(int,
                   sk_decide(old, world_compile(&facts, old, false, &arena),
                             &question.question, &arena, &answers[0]),
                   SK_OK));
            cr_assert(
                eq(int,
                   sk_decide(new, world_compile(&facts, new, false, &arena),
                             &question.question, &arena, &answers[1]),
                   SK_OK));
            for (size_t d = 0; d < SK_DIRECTIONS; d++) {
                if (!reveals_more(&answers[1 - d], &answers[d]))
                    continue;
                more[meaning]++;
                cr_expect(d == SK_WIDER ? diff.wider : diff.narrower,
                          "seed %d, %zu: %s", (int)seed, d, meanings[meaning]);
            }
            sk_arena_reset(&arena, mark);
        }
    }
    for (size_t i = 0; i < SK_COUNT(meanings); i++)
        lets += more[i] > 0;
    /* Not an empty law: many let more through, and many are not wider. */
    cr_expect(ge(sz, lets, 20), "%zu", lets);
    cr_expect(ge(sz, same, 100), "%zu", same);
}
