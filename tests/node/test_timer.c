/* Timers in whole engines: each kind, what ends it, and that it is told once,
   on its day.  docs/DOMAIN.md 6
   Tests: node/engine/timer_plan.c */
#include "tests/node/inside.h"
#include "tests/node/people.h"

#include "node/engine/state.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"

static struct fx f;

static void start(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
}

/* "DAY timer state;" of the items that fit, in order; timer NULL: all. */
static const char *agenda(const char *node, const char *timer, const char *args)
{
    static char out[16384];
    struct sk_value_walk walk;
    size_t size = 0;

    fx_ok(&f, node, "agenda.list", "%s", args);
    out[0] = '\0';
    walk = sk_value_walk(fx_at(&f, "result.items"));
    while (sk_value_next(&walk)) {
        struct sk_bytes name = sk_value_str(sk_value_get(walk.value, "timer"));
        struct sk_bytes day = sk_value_str(sk_value_get(walk.value, "day"));
        struct sk_bytes state = sk_value_str(sk_value_get(walk.value, "state"));

        if (timer != NULL && !sk_bytes_equal(name, sk_text(timer)))
            continue;
        size += (size_t)snprintf(
            out + size, sizeof(out) - size, "%.*s %.*s %.*s;", (int)day.size,
            (const char *)day.data, (int)name.size, (const char *)name.data,
            (int)state.size, (const char *)state.data);
    }
    return out;
}

#define ALL "{'done':true,'until':'2099-12-31'}"
#define expect_agenda(node, timer, want)                                       \
    cr_expect(eq(str, (char *)agenda(node, timer, ALL), (char *)(want)),       \
              "%s %s", node, f.reply)

static struct people_id record(const char *node, struct people_id who,
                               const char *type, const char *fields)
{
    fx_ok(&f, node, "event.record",
          "{'participant':'%s','type':'%s','fields':%s}", who.text, type,
          fields);
    return people_take(&f, "result.event");
}

#define JOB(day) "{'start_date':'" day "','circuit':'nec'}"

/* ------------------------------------------------------------- reminders */

Test(timer, follows_a_job_until_its_end)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    record("buso", who, "employment.started", JOB("2026-10-31"));
    expect_agenda("buso", "retention_checks",
                  "2026-11-30 retention_checks coming;"
                  "2027-01-31 retention_checks coming;"
                  "2027-04-30 retention_checks coming;"
                  "2027-10-31 retention_checks coming;"
                  "2028-10-31 retention_checks coming;");
    fx_clock(&f, "2027-02-01T08:00:00Z");
    /* It ends in two months: the check before that day stays. */
    record("buso", who, "employment.ended", "{'end_date':'2027-04-30'}");
    expect_agenda("buso", "retention_checks",
                  "2026-11-30 retention_checks raised;"
                  "2027-01-31 retention_checks raised;"
                  "2027-04-30 retention_checks coming;");
    fx_end(&f);
}

/* Two jobs: the one that began last by then has ended. */
Test(timer, ends_what_began_last)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    record("buso", who, "employment.started", JOB("2026-09-01"));
    record("buso", who, "employment.started", JOB("2026-10-10"));
    record("buso", who, "employment.started", JOB("2028-01-01"));
    fx_clock(&f, "2026-11-05T08:00:00Z");
    record("buso", who, "employment.ended", "{'end_date':'2026-11-05'}");
    cr_expect(
        eq(str,
           (char *)agenda("buso", "retention_checks", "{'until':'2027-12-31'}"),
           "2026-10-01 retention_checks raised;"
           "2026-12-01 retention_checks coming;"
           "2027-03-01 retention_checks coming;"
           "2027-09-01 retention_checks coming;"));
    fx_end(&f);
}

/* The ending names a place: that one has ended, though it began first. */
Test(timer, ends_the_workplace_that_is_named)
{
    struct people_id who;
    static const char fields[] =
        "{'workplace_kind':'stage','workplace_org':'%s',"
        "'start_date':'%s','hours_week':'16'}";
    char text[256];

    start();
    who = people_add(&f, "buso", "2000-01-15");
    snprintf(text, sizeof(text), fields, "1999916801", "2026-09-02");
    record("buso", who, "workplace.started", text);
    snprintf(text, sizeof(text), fields, "1999900765", "2026-09-03");
    record("buso", who, "workplace.started", text);
    fx_clock(&f, "2026-09-20T08:00:00Z");
    record("buso", who, "workplace.ended",
           "{'end_date':'2026-09-20','workplace_end':'finished',"
           "'workplace_org':'1999916801'}");
    expect_agenda("buso", "workplace_check",
                  "2026-09-09 workplace_check raised;"
                  "2026-09-10 workplace_check raised;"
                  "2026-10-03 workplace_check coming;"
                  "2026-12-02 workplace_check coming;");
    fx_end(&f);
}

/* Told of it late: what is over is not told of any more. */
Test(timer, makes_no_reminders_for_days_that_are_over)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    record("buso", who, "employment.started", JOB("2026-05-20"));
    expect_agenda("buso", "retention_checks",
                  "2026-11-20 retention_checks coming;"
                  "2027-05-20 retention_checks coming;"
                  "2028-05-20 retention_checks coming;");
    fx_end(&f);
}

#define TRAJECTORY(programme)                                                  \
    "{'start_date':'2026-09-01','phase':'work_experience','status':'active',"  \
    "'programme':'" programme "'}"

Test(timer, warns_before_24_months_of_work_experience_are_over)
{
    struct people_id who;
    struct people_id other;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    other = people_add(&f, "buso", "2001-01-15");
    record("buso", who, "trajectory.started", TRAJECTORY("twe"));
    record("buso", other, "trajectory.started", TRAJECTORY("jobclub"));
    expect_agenda("buso", "twe_end",
                  "2028-05-31 twe_end coming;2028-07-31 twe_end coming;"
                  "2028-08-31 twe_end coming;");
    fx_end(&f);
}

Test(timer, proposes_erasure_24_months_after_the_end)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    record("buso", who, "trajectory.ended",
           "{'end_date':'2026-08-15','status':'done','outcome':'transfer'}");
    expect_agenda("buso", "event_delete", "2028-08-15 event_delete coming;");
    /* For the privacy officer, who gets no name with it. */
    fx_clock(&f, "2028-08-16T08:00:00Z");
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{'tell':'privacy'}"),
                 "2028-08-15 event_delete raised;"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.items.0.participant"), who.text));
    cr_expect(sk_value_kind(fx_at(&f, "result.items.0.given_name")) ==
              SK_VALUE_NONE);
    cr_expect(eq(
        str, (char *)agenda("buso", "event_delete", "{'tell':'coach'}"), ""));
    /* And nothing is erased by itself. */
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    fx_end(&f);
}

/* ------------------------------------------------------------- no-shows */

#define MISSED "{'missed_at':'2026-09-04T09:00','missed_count':'%s'}"

static struct people_id missed(const char *node, struct people_id who,
                               const char *count)
{
    char text[128];

    snprintf(text, sizeof(text), MISSED, count);
    return record(node, who, "noshow.reported", text);
}

/* Friday 4 September: Monday is the next working day. */
Test(timer, asks_the_owner_to_get_in_touch)
{
    struct people_id who;
    struct people_id guest;

    start();
    fx_clock(&f, "2026-09-04T12:00:00Z");
    who = people_add(&f, "buso", "2000-01-15");
    guest = people_add(&f, "buso", "2001-01-15");
    record("buso", who, "trajectory.started", TRAJECTORY("jobclub"));
    missed("buso", who, "1");
    missed("buso", guest, "3"); /* nobody knows who guides: not ours to do */
    expect_agenda("buso", NULL, "2026-09-07 noshow_first coming;");
    missed("buso", who, "2");
    expect_agenda("buso", NULL,
                  "2026-09-07 noshow_first coming;"
                  "2026-09-07 noshow_first coming;"
                  "2026-09-07 noshow_repeat coming;");
    /* Told of it a week later: at once. */
    fx_clock(&f, "2026-09-15T12:00:00Z");
    missed("buso", who, "1");
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{'from':'2026-09-08'}"),
                 "2026-09-15 noshow_first raised;"));
    fx_end(&f);
}

/* ------------------------------------------------------------- consents */

static struct people_id consent_until(struct people_id who, const char *until)
{
    fx_ok(&f, "buso", "consent.give",
          "{'participant':'%s','until':'%s','purposes':['work.placement'],"
          "'recipients':['houtzaak'],'categories':['identity.name']"
          "," PEOPLE_NOTICE "}",
          who.text, until);
    return people_take(&f, "result.consent");
}

Test(timer, says_that_a_consent_is_about_to_end)
{
    struct people_id who;
    struct people_id consent;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    people_link(&f, "buso", who, "houtzaak");
    consent = consent_until(who, "2026-11-30");
    expect_agenda("buso", NULL, "2026-11-16 consent_expiry coming;");
    fx_clock(&f, "2026-11-15T22:59:59Z"); /* 23:59:59, winter time */
    expect_agenda("buso", NULL, "2026-11-16 consent_expiry coming;");
    fx_clock(&f, "2026-11-15T23:00:00Z");
    expect_agenda("buso", NULL, "2026-11-16 consent_expiry raised;");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.items.0.about"), consent.text));
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.kind"), "consent"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.items.0.given_name"), "Jonas"));
    fx_end(&f);
}

/* CONSENT 3.6: withdrawn, or renewed, it is no longer about to end; and one
   that is shorter than the warning has none. */
Test(timer, forgets_consents_that_ended_otherwise)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    people_link(&f, "buso", who, "houtzaak");
    consent_until(who, "2026-09-10");
    expect_agenda("buso", NULL, "");
    consent_until(who, "2026-11-30");
    fx_clock(&f, "2026-10-01T08:00:00Z");
    consent_until(who, "2027-01-31"); /* renewed */
    expect_agenda("buso", NULL, "2027-01-17 consent_expiry coming;");
    fx_clock(&f, "2026-12-01T08:00:00Z");
    expect_agenda("buso", NULL, "2027-01-17 consent_expiry coming;");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    expect_agenda("buso", NULL, "");
    fx_clock(&f, "2027-02-01T08:00:00Z");
    expect_agenda("buso", NULL, "");
    fx_end(&f);
}

#define OPEN "2026-11-16 consent_expiry raised;"
#define expect_offered(want)                                                   \
    cr_expect(eq(str, (char *)agenda("buso", "consent_expiry", "{}"),          \
                 (char *)(want)),                                              \
              "%s", f.reply)

static struct people_id ending(void)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    people_link(&f, "buso", who, "houtzaak");
    consent_until(who, "2026-11-30");
    fx_clock(&f, "2026-11-20T08:00:00Z");
    expect_offered(OPEN);
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.ended"), "absent"));
    return who;
}

/* DOMAIN 6.7: up to 31 days behind its last day, and it is said that it is
   over; what was done or has no use any more is in the history. */
Test(timer, asks_for_a_consent_again_a_month_long)
{
    (void)ending();
    fx_clock(&f, "2026-12-01T08:00:00Z");
    expect_offered(OPEN);
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.ended"), "true"));
    fx_clock(&f, "2026-12-31T22:59:00Z");
    expect_offered(OPEN);
    fx_clock(&f, "2026-12-31T23:01:00Z");
    expect_offered("");
    expect_agenda("buso", "consent_expiry", OPEN);
    fx_end(&f);
}

Test(timer, asks_for_no_consent_that_was_taken_back_since)
{
    struct people_id who = ending();

    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    expect_offered("");
    fx_clock(&f, "2026-12-02T08:00:00Z");
    expect_offered("");
    fx_end(&f);
    who = ending();
    consent_until(who, "2027-03-31");
    expect_offered("");
    fx_end(&f);
    /* Given again after it had ended. */
    who = ending();
    fx_clock(&f, "2026-12-02T08:00:00Z");
    expect_offered(OPEN);
    consent_until(who, "2027-03-31");
    expect_offered("");
    fx_end(&f);
}

Test(timer, asks_for_no_consent_to_a_partner_that_is_out)
{
    struct people_id who = ending();

    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'houtzaak','until':'2026-11-20'}",
          who.text);
    expect_offered(OPEN);
    fx_clock(&f, "2026-11-21T08:00:00Z");
    expect_offered("");
    fx_end(&f);
}

Test(timer, asks_for_no_consent_once_the_guidance_ended)
{
    struct people_id who = ending();

    record("buso", who, "trajectory.ended",
           "{'end_date':'2026-11-20','status':'done','outcome':'transfer'}");
    expect_offered(OPEN);
    fx_clock(&f, "2026-11-21T08:00:00Z");
    expect_offered("");
    /* Who comes back agrees anew, and that one is asked for again. */
    consent_until(who, "2027-03-31");
    fx_clock(&f, "2027-03-20T08:00:00Z");
    expect_offered("2027-03-17 consent_expiry raised;");
    fx_end(&f);
}

/* ------------------------------------------------------------- relations */

static const char *relation_until(struct people_id who)
{
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    return fx_text(&f, "result.relations.0.until");
}

static struct people_id place(struct people_id who)
{
    struct people_id event = people_workplace(&f, who);

    people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_run(&f);
    return event;
}

/* DOMAIN 3.5: six months after the last message, when no consent runs. */
Test(timer, closes_a_relation_that_is_not_used)
{
    struct people_id who;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_clock(&f, "2027-01-11T09:00:00Z");
    who = people_add(&f, "buso", "2000-01-15");
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES); /* until 29 May 2027 */
    place(who);
    expect_agenda("buso", "access_close", "2027-07-11 access_close coming;");
    /* A second one that day changes nothing; a later one counts again. */
    place(who);
    expect_agenda("buso", "access_close", "2027-07-11 access_close coming;");
    fx_clock(&f, "2027-02-28T09:00:00Z");
    place(who);
    expect_agenda("buso", "access_close", "2027-08-28 access_close coming;");
    fx_clock(&f, "2027-08-27T21:59:59Z");
    cr_expect(eq(str, (char *)relation_until(who), "absent"));
    fx_clock(&f, "2027-08-27T22:00:00Z"); /* midnight, summer time */
    expect_agenda("buso", "access_close", "2027-08-28 access_close raised;");
    cr_expect(eq(str, (char *)relation_until(who), "2027-08-27"));
    fx_end(&f);
}

Test(timer, leaves_a_relation_open_while_a_consent_runs)
{
    struct people_id who;

    start();
    fx_clock(&f, "2026-09-02T09:00:00Z");
    who = people_add(&f, "buso", "2000-01-15");
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES); /* until 29 May 2027 */
    place(who);
    expect_agenda("buso", "access_close", "2027-03-02 access_close coming;");
    fx_clock(&f, "2027-03-03T09:00:00Z");
    expect_agenda("buso", "access_close", "2027-05-30 access_close coming;");
    cr_expect(eq(str, (char *)relation_until(who), "absent"));
    fx_clock(&f, "2027-05-31T09:00:00Z");
    expect_agenda("buso", "access_close", "2027-05-30 access_close raised;");
    cr_expect(eq(str, (char *)relation_until(who), "2027-05-29"));
    fx_end(&f);
}

/* ------------------------------------------------------------- handovers */

/* A request from buso to gtb; the handover. */
static struct people_id handed(struct people_id who)
{
    struct people_id event;

    people_link(&f, "buso", who, "gtb");
    fx_ok(&f, "buso", "consent.give",
          "{'participant':'%s','until':'2026-11-20',"
          "'purposes':['guidance.handover'],'recipients':['gtb'],"
          "'categories':['process.handover','contact.coach']," PEOPLE_NOTICE
          "}",
          who.text);
    event = people_request(&f, who);
    people_send(&f, "buso", event, "gtb", "guidance.handover");
    fx_run(&f);
    fx_ok(&f, "gtb", "handover.list", "{}");
    return people_take(&f, "result.handovers.0.handover");
}

static void expect_late(const char *node, const char *want)
{
    fx_ok(&f, node, "handover.list", "{'open':true}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.handovers.0.late.label_en"),
                 (char *)want),
              "%s: %s", node, f.reply);
}

/* The work list of a coach says that it is late, whoever is told in the
   agenda, and of whom; a step's reply, which is remembered, names nobody. */
Test(timer, a_handover_says_that_it_is_late_and_whose_it_is)
{
    struct people_id h;

    start();
    h = handed(people_add(&f, "buso", "2000-01-15"));
    expect_late("buso", "absent");
    fx_clock(&f, "2026-09-03T22:00:00Z");
    expect_late("gtb", "Handover not opened yet");
    expect_late("buso", "absent");
    fx_clock(&f, "2026-09-08T22:00:00Z");
    expect_late("gtb", "Handover not answered yet");
    expect_late("buso", "Handover not answered yet");
    cr_expect(eq(str, (char *)fx_text(&f, "result.handovers.0.late.since"),
                 "2026-09-09"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.handovers.0.given_name"), "Jonas"));
    fx_ok(&f, "gtb", "handover.open", "{'handover':'%s'}", h.text);
    fx_ok(&f, "gtb", "handover.input",
          "{'handover':'%s','input':'answer-accepted'}", h.text);
    fx_run(&f);
    expect_late("buso", "absent");
    expect_late("gtb", "absent");
    fx_ok(&f, "buso", "handover.cancel", "{'handover':'%s'}", h.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.given_name"), "absent"));
    fx_end(&f);
}

/* Tuesday 1 September 2026. */
Test(timer, watches_a_handover_on_both_sides)
{
    struct people_id h;

    start();
    h = handed(people_add(&f, "buso", "2000-01-15"));
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"),
                 "2026-09-04 handover_open coming;"
                 "2026-09-09 handover_answer coming;"));
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{}"),
                 "2026-09-09 handover_answer coming;"
                 "2026-09-23 handover_expire coming;"));
    /* Opened: only the answer is waited for. */
    fx_ok(&f, "gtb", "handover.open", "{'handover':'%s'}", h.text);
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"),
                 "2026-09-09 handover_answer coming;"));
    fx_clock(&f, "2026-09-09T08:00:00Z");
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{'tell':'team-lead'}"),
                 "2026-09-09 handover_answer raised;"));
    /* DOMAIN 2.3: a team lead sees that it is late, not whom it is about. */
    cr_expect(sk_value_kind(fx_at(&f, "result.items.0.given_name")) ==
              SK_VALUE_NONE);
    /* Nobody answers: it expires, and that is told once. */
    fx_clock(&f, "2026-10-01T08:00:00Z");
    expect_agenda("buso", "handover_expire",
                  "2026-09-23 handover_expire raised;");
    fx_ok(&f, "buso", "handover.show", "{'handover':'%s'}", h.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.state"), "expired"));
    fx_end(&f);
}

/* The coach who asked learns how it ended, and the one who was asked that it is
   over: until somebody says that it was seen. */
Test(timer, tells_how_a_handover_ended)
{
    struct people_id who;
    struct people_id h;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    h = handed(who);
    fx_ok(&f, "gtb", "handover.input",
          "{'handover':'%s','input':'answer-declined'}", h.text);
    fx_run(&f);
    cr_expect(eq(str, (char *)agenda("buso", "handover_declined", "{}"),
                 "2026-09-01 handover_declined raised;"));
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"), ""));
    fx_ok(&f, "buso", "agenda.list", "{}");
    fx_ok(&f, "buso", "agenda.done", "{'item':%s}",
          fx_text(&f, "result.items.0.item"));
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{}"), ""));
    fx_end(&f);
}

Test(timer, tells_the_receiver_that_it_was_cancelled)
{
    struct people_id h;

    start();
    h = handed(people_add(&f, "buso", "2000-01-15"));
    fx_ok(&f, "gtb", "handover.input",
          "{'handover':'%s','input':'answer-accepted'}", h.text);
    fx_run(&f);
    fx_ok(&f, "buso", "handover.cancel", "{'handover':'%s'}", h.text);
    fx_run(&f);
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"),
                 "2026-09-01 handover_cancelled raised;"));
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{}"), ""));
    fx_end(&f);
}

/* DOMAIN 5.3: after a question back the clocks start again. */
Test(timer, starts_again_when_it_is_asked_again)
{
    struct people_id who;
    struct people_id h;
    struct people_id again;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    h = handed(who);
    fx_clock(&f, "2026-09-02T08:00:00Z");
    fx_ok(&f, "gtb", "handover.input",
          "{'handover':'%s','input':'answer-need_info'}", h.text);
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"), ""));
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{}"),
                 "2026-09-23 handover_expire coming;"));
    fx_clock(&f, "2026-09-07T08:00:00Z");
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'handover.requested','about':'%s',"
          "'fields':{'handover_kind':'warm','handover_reason':'next_step',"
          "'question':'Tuinbouw.','participant_goal':'Werken.',"
          "'respond_by':'2027-03-12','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003'}}",
          who.text, h.text);
    again = people_take(&f, "result.event");
    people_send(&f, "buso", again, "gtb", "guidance.handover");
    fx_run(&f);
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"),
                 "2026-09-10 handover_open coming;"
                 "2026-09-15 handover_answer coming;"));
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{}"),
                 "2026-09-15 handover_answer coming;"
                 "2026-09-29 handover_expire coming;"));
    fx_end(&f);
}

/* 6.1: closing days that come later move what waits, and what was told stays.
 */
Test(timer, counts_again_with_other_closing_days)
{
    start();
    handed(people_add(&f, "buso", "2000-01-15"));
    fx_ok(&f, "gtb", "calendar.close", "{'days':['2026-09-02','2026-09-08']}");
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"),
                 "2026-09-05 handover_open coming;"
                 "2026-09-11 handover_answer coming;"));
    fx_clock(&f, "2026-09-05T08:00:00Z");
    fx_ok(&f, "gtb", "calendar.close", "{'days':['2026-09-03','2026-09-09']}");
    cr_expect(eq(str, (char *)agenda("gtb", NULL, "{}"),
                 "2026-09-05 handover_open raised;"
                 "2026-09-15 handover_answer coming;"));
    fx_end(&f);
}

/* ------------------------------------------------------------- once */

/* A node that was down for a year tells all of it, each thing once, dated on
   the day that it was due. */
Test(timer, tells_late_what_it_slept_through)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    people_link(&f, "buso", who, "houtzaak");
    consent_until(who, "2026-11-30"); /* over, too, when it wakes */
    record("buso", who, "employment.started", JOB("2026-09-01"));
    fx_clock(&f, "2027-09-15T08:00:00Z");
    fx_crash(&f, "buso");
    for (int i = 0; i < 3; i++) {
        expect_agenda("buso", NULL,
                      "2026-10-01 retention_checks raised;"
                      "2026-11-16 consent_expiry raised;"
                      "2026-12-01 retention_checks raised;"
                      "2027-03-01 retention_checks raised;"
                      "2027-09-01 retention_checks raised;"
                      "2028-09-01 retention_checks coming;");
        fx_crash(&f, "buso");
        fx_timer(&f, "buso");
    }
    fx_end(&f);
}

Test(timer, is_done_when_a_person_says_so)
{
    struct people_id who;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    record("buso", who, "employment.started", JOB("2026-09-01"));
    fx_refused(&f, "buso", "wrong-state", "agenda.done", "{'item':1}");
    fx_refused(&f, "buso", "unknown-item", "agenda.done", "{'item':99}");
    fx_clock(&f, "2026-10-02T08:00:00Z");
    fx_ok(&f, "buso", "agenda.done", "{'item':1}");
    cr_expect(
        eq(str, f.reply, "{'ok':true,'result':{'item':1,'state':'done'}}"));
    fx_refused(&f, "buso", "wrong-state", "agenda.done", "{'item':1}");
    cr_expect(eq(str, (char *)agenda("buso", NULL, "{'until':'2026-12-01'}"),
                 "2026-12-01 retention_checks coming;"));
    cr_expect(eq(
        str, (char *)agenda("buso", NULL, "{'done':true,'until':'2026-12-01'}"),
        "2026-10-01 retention_checks done;"
        "2026-12-01 retention_checks coming;"));
    fx_end(&f);
}

Test(timer, lists_what_is_asked_for)
{
    struct people_id who;
    struct people_id other;
    char args[128];

    start();
    who = people_add(&f, "buso", "2000-01-15");
    other = people_add(&f, "buso", "2001-01-15");
    record("buso", who, "employment.started", JOB("2026-09-01"));
    record("buso", other, "employment.started", JOB("2026-09-02"));
    snprintf(args, sizeof(args), "{'participant':'%s'}", other.text);
    cr_expect(eq(str, (char *)agenda("buso", NULL, args),
                 "2026-10-02 retention_checks coming;"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.until"), "2026-10-02"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
    cr_expect(eq(str,
                 (char *)agenda("buso", NULL,
                                "{'from':'2026-12-02',"
                                "'until':'2027-03-01'}"),
                 "2026-12-02 retention_checks coming;"
                 "2027-03-01 retention_checks coming;"));
    fx_refused(&f, "buso", "unknown-participant", "agenda.list",
               "{'participant':'00000000-0000-4000-8000-000000000001'}");
    fx_end(&f);
}

/* ------------------------------------------------------------- secrecy */

/* How many rows of a table there are, and whether a word stands in one. */
static size_t rows(const char *node, uint8_t table, const char *word,
                   bool *found)
{
    struct sk_store *store = fx_node(&f, node)->store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t count = 0;

    *found = false;
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        if (sk_store_table(key) != table)
            continue;
        count++;
        *found = *found || memmem(value.data, value.size, word, strlen(word));
    }
    sk_store_abort(store);
    return count;
}

/* I9: what a timer is about is sealed; I7: it goes with the person. */
Test(timer, is_sealed_and_goes_with_the_person)
{
    struct people_id who;
    struct people_id other;
    struct sk_participant_id id;
    struct sk_engine *e;
    bool found;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    other = people_add(&f, "buso", "2001-01-15");
    record("buso", who, "trajectory.started", TRAJECTORY("twe"));
    handed(who);
    record("buso", other, "employment.started", JOB("2026-09-01"));
    cr_expect(rows("buso", SK_T_TIMER, "twe_end", &found) > 0);
    cr_expect(not(found));
    cr_expect(rows("buso", SK_T_TIMER, "handover_expire", &found) > 0);
    cr_expect(found, "of a handover ids and words are kept, no values");

    cr_assert(sk_id_parse(sk_text(who.text), &id.id));
    e = fx_enter(&f, "buso");
    cr_assert(sk_timers_erased(e, &id) == SK_OK);
    fx_leave(e);
    cr_expect(eq(sz, rows("buso", SK_T_TIMER, "x", &found), 5),
              "only the other's");
    cr_expect(eq(sz, rows("buso", SK_T_TIMER_DAY, "x", &found), 10));
    cr_expect(eq(sz, rows("buso", SK_T_TIMER_ABOUT, "x", &found), 5));
    cr_expect(eq(sz, rows("buso", SK_T_TIMER_OF, "x", &found), 5));
    cr_expect(eq(sz, rows("buso", SK_T_TIMER_LAST, "x", &found), 0));
    expect_agenda("buso", "retention_checks",
                  "2026-10-01 retention_checks coming;"
                  "2026-12-01 retention_checks coming;"
                  "2027-03-01 retention_checks coming;"
                  "2027-09-01 retention_checks coming;"
                  "2028-09-01 retention_checks coming;");
    fx_end(&f);
}

/* The key is gone, the row is not: it is in no list, and leaves on its day. */
Test(timer, outlives_no_key)
{
    struct people_id who;
    struct sk_participant_id id;
    struct sk_engine *e;
    bool found;

    start();
    who = people_add(&f, "buso", "2000-01-15");
    record("buso", who, "employment.started", JOB("2026-09-01"));
    cr_assert(sk_id_parse(sk_text(who.text), &id.id));
    e = fx_enter(&f, "buso");
    cr_assert(sk_vault_destroy(e, &id.id) == SK_OK);
    fx_leave(e);
    expect_agenda("buso", NULL, "");
    cr_expect(eq(sz, rows("buso", SK_T_TIMER, "x", &found), 5));
    fx_clock(&f, "2027-01-01T08:00:00Z");
    cr_expect(eq(sz, rows("buso", SK_T_TIMER, "x", &found), 3));
    cr_expect(eq(sz, rows("buso", SK_T_TIMER_OF, "x", &found), 3));
    fx_end(&f);
}
