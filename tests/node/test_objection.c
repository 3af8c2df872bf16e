/* docs/CONSENT.md 5.7: an objection stops what can be objected to, is answered
   by a person, and reaches what went out.
   Tests: node/engine/objection_ops.c */
#include "tests/node/people.h"

static struct fx f;
static struct people_id who;
static struct people_id event;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    event = people_workplace(&f, who);
    people_link(&f, "buso", who, "houtzaak");
    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(objection, .init = start, .fini = end);

static struct people_id send_it(void)
{
    return people_send(&f, "buso", event, "houtzaak", "work.placement");
}

static const char *denied(void)
{
    return people_denied(&f, "buso", event, "houtzaak", "work.placement");
}

static struct people_id object(const char *scope)
{
    fx_ok(&f, "buso", "participant.object", "{'participant':'%s'%s}", who.text,
          scope);
    return people_take(&f, "result.objection");
}

static void answer(struct people_id objection, const char *state)
{
    fx_ok(&f, "buso", "objection.answer",
          "{'participant':'%s','objection':'%s','answer':'%s','by':'Els Maes',"
          "'reason':'Daarom.'}",
          who.text, objection.text, state);
}

static const char *first(const char *key)
{
    char path[64];

    fx_ok(&f, "buso", "objection.list", "{'participant':'%s'}", who.text);
    snprintf(path, sizeof(path), "result.objections.0.%s", key);
    return fx_text(&f, path);
}

/* A policy with the school's rule for the workplace on two grounds: the name
   on a contract, the rest as it was. */
static void with_a_contract(void)
{
    char *text = fx_need("policies/library/school-naar-werk/nodes/buso/"
                         "policy.yaml");
    const char *more =
        "\n  - id: contract\n"
        "    text: \"De overeenkomst noemt wie komt.\"\n"
        "    to: {orgs: [houtzaak]}\n"
        "    for: [work.placement]\n"
        "    what: {workplace.started: {given_name: exact, family_name: "
        "exact}}\n"
        "    basis: {gdpr: contract, reference: Stageovereenkomst}\n"
        "    valid: {from: 2026-09-01, until: 2028-08-31}\n"
        "    roles: [mentor]\n";
    char *at = strstr(text, "version: 1");
    char *all = calloc(1, strlen(text) + strlen(more) + 1);
    char *share = strstr(text, "share:");

    cr_assert(at != NULL && share != NULL);
    at[strlen("version: ")] = '2';
    share += strlen("share:");
    snprintf(all, strlen(text) + strlen(more) + 1, "%.*s%s%s",
             (int)(share - text), text, more, share);
    fx_activate(&f, "buso", all);
    free(all);
    free(text);
}

/* ------------------------------------------------------------- to object */

/* At once, and the coach sees what stops and what goes on. */
Test(objection, stops_and_says_what_goes_on)
{
    with_a_contract();
    fx_ok(&f, "buso", "participant.object",
          "{'participant':'%s','reason':'Ik wil dat niet.'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.goes_on"),
                 "[{'ground':'contract','id':'contract','reference':"
                 "'Stageovereenkomst','text':'De overeenkomst noemt wie komt.',"
                 "'to':'houtzaak'}]"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.stops.0.id"), "warm-handover"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stops.0.to"), "gtb"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stops.1.id"), "workplace"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stops.2.id"),
                 "workplace-adaptations"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stops.3"), "absent"));
    /* The rule on a contract still speaks: the name goes, and only that. */
    (void)send_it();
    cr_expect(eq(str, (char *)fx_text(&f, "result.rules"), "['contract']"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields"),
                 "{'given_name':'Jonas'}"));
    cr_expect(eq(str, (char *)first("reason"), "Ik wil dat niet."));
    cr_expect(eq(str, (char *)first("state"), "open"));
    cr_expect(eq(str, (char *)first("given_by"), "self"));
    cr_expect(eq(str, (char *)first("by"), "absent"));
}

Test(objection, reaches_what_it_names_and_nothing_else)
{
    (void)object(",'recipients':['gtb']");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.stops.0.id"), "warm-handover"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stops.1"), "absent"));
    (void)object(",'purposes':['guidance.handover']");
    (void)send_it();
    (void)object(",'purposes':['work'],'recipients':['houtzaak','gtb']");
    cr_expect(eq(str, (char *)denied(), "objection"));
}

Test(objection, refuses_what_it_does_not_know)
{
    static const char *const bad[] = {"'purposes':['x']", "'recipients':['x']",
                                      "'given_by':'neef'"};

    for (size_t i = 0; i < SK_COUNT(bad); i++)
        fx_refused(&f, "buso", "bad-argument", "participant.object",
                   "{'participant':'%s',%s}", who.text, bad[i]);
    fx_ok(&f, "buso", "objection.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.objections"), "[]"));
}

/* The same lists in any order are the same objection while it is open. */
Test(objection, is_one_however_often_it_is_said)
{
    struct people_id one = object(",'recipients':['gtb','clb']");
    struct people_id again;

    fx_clock(&f, "2027-03-05T09:00:00Z");
    again = object(",'recipients':['clb','gtb']");
    cr_expect(eq(str, one.text, again.text));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.at"), "2027-03-01T09:00:00Z"));
    answer(one, "rejected");
    again = object(",'recipients':['clb','gtb']");
    cr_expect(ne(str, one.text, again.text));
    cr_expect(eq(str, (char *)first("state"), "rejected"));
}

/* ------------------------------------------------------------- the answer */

/* Art. 21.1: with a name and a reason, once. */
Test(objection, is_answered_once_by_a_person_with_a_reason)
{
    struct people_id one = object("");

    cr_expect(eq(str, (char *)denied(), "objection"));
    fx_refused(&f, "buso", "missing-argument", "objection.answer",
               "{'participant':'%s','objection':'%s','answer':'rejected',"
               "'by':'Els'}",
               who.text, one.text);
    fx_refused(&f, "buso", "missing-argument", "objection.answer",
               "{'participant':'%s','objection':'%s','answer':'rejected',"
               "'reason':'x'}",
               who.text, one.text);
    fx_refused(&f, "buso", "bad-argument", "objection.answer",
               "{'participant':'%s','objection':'%s','answer':'misschien',"
               "'by':'Els','reason':'x'}",
               who.text, one.text);
    fx_refused(&f, "buso", "unknown-objection", "objection.answer",
               "{'participant':'%s','objection':'%s','answer':'rejected',"
               "'by':'Els','reason':'x'}",
               who.text, who.text);
    fx_clock(&f, "2027-03-05T09:00:00Z");
    answer(one, "rejected");
    cr_expect(eq(str, (char *)first("by"), "Els Maes"));
    cr_expect(eq(str, (char *)first("answer"), "Daarom."));
    cr_expect(eq(str, (char *)first("answered"), "2027-03-05T09:00:00Z"));
    (void)send_it();
    fx_refused(&f, "buso", "wrong-state", "objection.answer",
               "{'participant':'%s','objection':'%s','answer':'upheld',"
               "'by':'Els','reason':'x'}",
               who.text, one.text);
}

Test(objection, can_be_taken_back_while_it_is_open)
{
    struct people_id one = object("");

    fx_ok(&f, "buso", "objection.withdraw",
          "{'participant':'%s','objection':'%s'}", who.text, one.text);
    (void)send_it();
    cr_expect(eq(str, (char *)first("state"), "withdrawn"));
    fx_refused(&f, "buso", "wrong-state", "objection.withdraw",
               "{'participant':'%s','objection':'%s'}", who.text, one.text);
}

/* The officer's agenda has it on the day itself, and again after three weeks
   when it is not answered (art. 12.3). */
Test(objection, waits_in_the_agenda_of_the_officer)
{
    struct people_id one = object("");

    fx_timer(&f, "buso");
    fx_ok(&f, "buso", "agenda.list", "{'tell':'privacy'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.timer"),
                 "objection_answer"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.about"), one.text));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.items.0.participant"), who.text));
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.kind"), "objection"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.state"), "raised"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.1.day"), "2027-03-22"));
    answer(one, "rejected");
    fx_ok(&f, "buso", "agenda.list", "{'tell':'privacy'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.1"), "absent"));
}

/* ------------------------------------------------------------- upheld */

/* What waits is dropped; while it is only open it waits, and is decided when
   it is sent. */
Test(objection, that_is_upheld_drops_what_waits)
{
    struct people_id message;
    struct people_id one;

    fx_offline(&f, "houtzaak", true);
    message = send_it();
    one = object("");
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "queued"));
    answer(one, "upheld");
    cr_expect(eq(str, (char *)fx_text(&f, "result.dropped.0"), message.text));
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices"), "[]"));
    cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "reason"),
                 "objection"));
    cr_expect(eq(str, (char *)denied(), "objection"));
}

/* Art. 17.1.c: what went out is asked back, with that ground; the answer is
   tracked, and told to the officer when it does not come. */
Test(objection, that_is_upheld_asks_back_what_went_out)
{
    struct people_id message = send_it();
    struct people_id one;

    fx_run(&f);
    one = object("");
    fx_run(&f);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "recall"), "none"));
    answer(one, "upheld");
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices.0.to"), "houtzaak"));
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.list", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.notices.0.ground"), "objection"));
    fx_clock(&f, "2027-03-10T09:00:00Z");
    fx_timer(&f, "buso");
    fx_ok(&f, "buso", "agenda.list", "{'tell':'privacy'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.1.timer"),
                 "withdrawal_unconfirmed"),
              "%s", f.reply);
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.1.about"), one.text));
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "recall"),
                 "confirmed"));
    /* It is no request to be forgotten. */
    fx_ok(&f, "buso", "participant.erasures", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.erasures"), "[]"));
}

/* Of a message that another ground carried too, only the rest goes. */
Test(objection, that_is_upheld_leaves_what_another_ground_carries)
{
    struct people_id message;

    with_a_contract();
    message = send_it();
    cr_expect(eq(str, (char *)fx_text(&f, "result.rules"),
                 "['contract','workplace']"));
    fx_run(&f);
    answer(object(""), "upheld");
    cr_expect(strstr(fx_text(&f, "result.notices.0.messages"),
                     "['coach_name','coach_phone','hours_week','occupation',"
                     "'schedule','start_date','workplace_kind']") != NULL,
              "%s", f.reply);
    fx_run(&f);
    fx_ok(&f, "houtzaak", "inbox.open", "{'message':'%s'}", message.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields"),
                 "{'given_name':'Jonas'}"));
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "recall"),
                 "confirmed"));
}

/* Nothing is asked back of a partner that it does not name. */
Test(objection, that_is_upheld_against_one_leaves_the_others)
{
    struct people_id message = send_it();

    fx_run(&f);
    answer(object(",'recipients':['gtb']"), "upheld");
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices"), "[]"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "recall"), "none"));
}

/* A question of then is asked with what was known then. */
Test(objection, counts_as_it_stood_when_a_message_was_offered)
{
    struct people_id message;
    struct people_id one;

    fx_offline(&f, "houtzaak", true);
    message = send_it();
    one = object("");
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_offline(&f, "houtzaak", false);
    fx_run(&f);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "dropped"));
    fx_clock(&f, "2027-03-03T09:00:00Z");
    answer(one, "rejected");
    fx_ok(&f, "buso", "disclosure.question", "{'message':'%s'}", message.text);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.facts.objections.0.state"), "open"),
        "%s", f.reply);
}
