/* The rules of timers: how they are read, and the days that they give. */
#include "tests/node/fixture.h"

#include "node/engine/timer.h"

static struct sk_timer_rules rules;

static struct sk_arena scratch(void)
{
    static uint8_t room[8 * 1024 * 1024];

    return sk_arena_start(room, sizeof(room));
}

static enum sk_status read_text(const char *text)
{
    struct sk_arena arena = scratch();

    return sk_timer_rules_read(sk_text(text), &arena, &rules);
}

static const struct sk_timer_rule *rule(const char *name)
{
    const struct sk_timer_rule *found;
    struct sk_arena arena = scratch();

    cr_assert(sk_timer_rules_read(sk_timer_domain(), &arena, &rules) == SK_OK);
    found = sk_timer_rule_find(&rules, sk_text(name));
    cr_assert(found != NULL, "%s", name);
    return found;
}

static int32_t day(const char *text)
{
    int32_t out;

    cr_assert(sk_day_parse(sk_text(text), &out), "%s", text);
    return out;
}

/* DOMAIN.md 6.2: what is built in is the file, and the file is the table. */
Test(timer_rules, knows_every_timer_of_the_domain)
{
    static const char *const names[] = {"handover_open",
                                        "handover_answer",
                                        "handover_expire",
                                        "handover_first_contact",
                                        "handover_check_back",
                                        "handover_declined",
                                        "handover_returned",
                                        "handover_cancelled",
                                        "noshow_first",
                                        "noshow_repeat",
                                        "workplace_check",
                                        "retention_checks",
                                        "twe_end",
                                        "consent_expiry",
                                        "withdrawal_unconfirmed",
                                        "access_close",
                                        "event_delete",
                                        "correction_unconfirmed",
                                        "objection_answer"};
    char *file = fx_need("policies/library/domain.yaml");
    char *page = fx_need("docs/DOMAIN.md");

    cr_expect(sk_bytes_equal(sk_timer_domain(), sk_text(file)));
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        (void)rule(names[i]);
        cr_expect(strstr(page, names[i]) != NULL, "%s", names[i]);
    }
    cr_expect(eq(sz, rules.count, SK_COUNT(names)));
    for (size_t i = 0; i < rules.count; i++) {
        cr_expect(rules.list[i].nl.size > 0 && rules.list[i].en.size > 0);
        cr_expect(not(sk_bytes_equal(rules.list[i].nl, rules.list[i].en)));
    }
    free(file);
    free(page);
}

/* 6.2: deadlines are raised the day after they were due, reminders on it. */
Test(timer_rules, counts_days_as_the_page_says)
{
    static const char *const closed_days[] = {"2026-12-24", "2026-12-31"};
    const struct {
        const char *rule;
        const char *base;
        uint32_t step;
        size_t closed;
        const char *want;
    } rows[] = {
        /* Christmas, with and without closing days of the node. */
        {"handover_open", "2026-12-22", 2, 2, "2026-12-29"},
        {"handover_open", "2026-12-22", 2, 0, "2026-12-25"},
        {"handover_answer", "2026-12-22", 5, 2, "2027-01-05"},
        {"handover_expire", "2026-12-22", 15, 0, "2027-01-15"},
        {"handover_first_contact", "2027-05-10", 10, 0, "2027-05-26"},
        /* Easter Monday 29 March 2027, Ascension 6 May, Whit Monday 17 May. */
        {"noshow_first", "2027-03-26", 1, 0, "2027-03-30"},
        {"noshow_first", "2027-05-05", 1, 0, "2027-05-07"},
        {"noshow_first", "2027-05-14", 1, 0, "2027-05-18"},
        /* 1 May 2027 is a Saturday, 21 July a Wednesday. */
        {"noshow_first", "2027-07-20", 1, 0, "2027-07-22"},
        {"noshow_first", "2027-04-30", 1, 0, "2027-05-03"},
        /* Days and months do not care, nor does summer time. */
        {"workplace_check", "2027-03-20", 7, 0, "2027-03-27"},
        {"workplace_check", "2027-03-22", 7, 0, "2027-03-29"},
        {"handover_check_back", "2027-10-25", 7, 0, "2027-11-01"},
        {"withdrawal_unconfirmed", "2026-12-01", 7, 0, "2026-12-09"},
        /* The last day of a month that is shorter. */
        {"retention_checks", "2027-01-31", 1, 0, "2027-02-28"},
        {"retention_checks", "2028-01-31", 1, 0, "2028-02-29"},
        {"retention_checks", "2027-08-31", 6, 0, "2028-02-29"},
        {"retention_checks", "2028-02-29", 12, 0, "2029-02-28"},
        {"retention_checks", "2028-02-29", 24, 0, "2030-02-28"},
        {"event_delete", "2028-08-31", 24, 0, "2030-08-31"},
        {"access_close", "2026-08-31", 6, 0, "2027-02-28"},
        /* 24 months of temporary work experience: 3, 1 and 0 months before
           the last day. */
        {"twe_end", "2026-09-01", 3, 0, "2028-05-31"},
        {"twe_end", "2026-09-01", 1, 0, "2028-07-31"},
        {"twe_end", "2026-09-01", 0, 0, "2028-08-31"},
        {"twe_end", "2026-06-01", 3, 0, "2028-02-29"},
        {"twe_end", "2027-01-15", 3, 0, "2028-10-14"},
        {"correction_unconfirmed", "2026-12-01", 7, 0, "2026-12-09"},
        {"objection_answer", "2027-03-01", 0, 0, "2027-03-01"},
        {"objection_answer", "2027-03-01", 21, 0, "2027-03-22"},
        {"consent_expiry", "2027-08-31", 14, 0, "2027-08-17"},
        {"consent_expiry", "2027-03-05", 14, 0, "2027-02-19"},
    };
    int32_t closed[] = {day(closed_days[0]), day(closed_days[1])};

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char text[11];

        sk_day_format(sk_timer_day(rule(rows[i].rule), rows[i].step,
                                   day(rows[i].base), closed, rows[i].closed),
                      text);
        cr_expect(eq(str, text, (char *)rows[i].want), "%s of %s + %u",
                  rows[i].rule, rows[i].base, rows[i].step);
    }
}

#define KEEP "keep: {access_log: {months: 60}, feed: {days: 400}}\n"
#define HEAD "format: domain/1\n" KEEP "timers:\n  a: "
#define TEXTS "nl: Dag, en: Day"

/* I5: what is not understood is not half used. */
Test(timer_rules, refuses_what_it_does_not_know)
{
    static const char *const good[] = {
        HEAD "{kind: reminder, event: x.y, days: [1, 2], at: recorder, "
             "tell: coach, " TEXTS "}\n",
        HEAD "{kind: deadline, trigger: request, working_days: 2, at: both, "
             "tell: team-lead, until_state: [received], " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, months: 1, at: owner, tell: team, "
             "when: {f: {min: 2}}, stop_event: x.z, " TEXTS "}\n",
    };
    static const char *const bad[] = {
        /* another file, no rules, not YAML */
        "format: domain/2\n" KEEP "timers: {}\n",
        "format: domain/1\n" KEEP,
        "format: domain/1\n" KEEP "timers: [a]\n",
        "format: domain/1\n" KEEP "timers: {a: b: c}\n",
        /* how long is kept what is kept for a time only */
        "format: domain/1\ntimers: {}\n",
        "format: domain/1\nkeep: {access_log: {months: 60}}\ntimers: {}\n",
        "format: domain/1\nkeep: {access_log: {days: 60}, feed: {days: 9}}\n"
        "timers: {}\n",
        "format: domain/1\nkeep: {access_log: {months: 0}, feed: {days: 9}}\n"
        "timers: {}\n",
        "format: domain/1\nkeep: {access_log: 60, feed: {days: 9}}\n"
        "timers: {}\n",
        /* a key, a kind, a place, a listener, a deed that nobody knows */
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, tell: coach, "
             "often: 2, " TEXTS "}\n",
        HEAD
        "{kind: alarm, event: x.y, days: 1, at: recorder, tell: coach, " TEXTS
        "}\n",
        HEAD
        "{kind: reminder, event: x.y, days: 1, at: home, tell: coach, " TEXTS
        "}\n",
        HEAD
        "{kind: reminder, event: x.y, days: 1, at: recorder, tell: all, " TEXTS
        "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, tell: coach, "
             "does: pay, " TEXTS "}\n",
        /* no trigger, two, an unknown input */
        HEAD "{kind: reminder, days: 1, at: recorder, tell: coach, " TEXTS
             "}\n",
        HEAD "{kind: reminder, event: x.y, consent: given, days: 1, "
             "at: recorder, tell: coach, " TEXTS "}\n",
        HEAD "{kind: deadline, trigger: wink, days: 1, at: sender, "
             "tell: coach, " TEXTS "}\n",
        /* no term, two, a word, a negative one, too many, an odd period */
        HEAD "{kind: reminder, event: x.y, at: recorder, tell: coach, " TEXTS
             "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, months: 1, at: recorder, "
             "tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: soon, at: recorder, "
             "tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: -1, at: recorder, "
             "tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: [1, 2, 3, 4, 5, 6, 7, 8, 9], "
             "at: recorder, tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, period_months: 24, "
             "at: recorder, tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, before_months: 1, at: recorder, "
             "tell: coach, " TEXTS "}\n",
        /* an unknown state, and one at a timer that is of no handover */
        HEAD "{kind: deadline, trigger: request, days: 1, at: sender, "
             "tell: coach, until_state: [lost], " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, "
             "tell: coach, until_state: [received], " TEXTS "}\n",
        /* what does not fit together */
        HEAD
        "{kind: reminder, event: x.y, days: 1, at: sender, tell: coach, " TEXTS
        "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, "
             "does: expire, tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, "
             "does: close-relation, tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, consent: given, days_before: 1, at: recorder, "
             "field: start_date, tell: coach, " TEXTS "}\n",
        /* a condition that is none, and a label that lacks */
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, "
             "when: {f: {max: 2}}, tell: coach, " TEXTS "}\n",
        HEAD "{kind: reminder, event: x.y, days: 1, at: recorder, "
             "tell: coach, nl: Dag}\n",
    };

    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(read_text(good[i]) == SK_OK, "%s", good[i]);
    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        cr_expect(read_text(bad[i]) == SK_E_BAD_VALUE, "%s", bad[i]);
        cr_expect(eq(sz, rules.count, 0));
    }
}
