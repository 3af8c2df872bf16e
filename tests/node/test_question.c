/* docs/CONTROL.md 6: a question with its facts, of now and of then.
   Tests: node/engine/history.c, node/engine/vocabulary.c */
#include "tests/node/samira.h"

static struct samira s;

static void start(void)
{
    sm_start(&s);
}

static void end(void)
{
    fx_end(&s.f);
}

TestSuite(question, .init = start, .fini = end);

static void ask_now(void)
{
    fx_ok(&s.f, "sopraco", "disclosure.question",
          "{'event':'%s','to':'cvo-kempen','for':'guidance.joint'}", s.event);
}

static void ask_then(void)
{
    fx_ok(&s.f, "sopraco", "disclosure.question", "{'message':'%s'}",
          s.message);
}

static size_t count(const char *path)
{
    return sk_value_count(fx_at(&s.f, path));
}

/* ------------------------------------------------------------- of an event */

Test(question, of_an_event_has_everything_that_decides)
{
    sm_give(&s);
    ask_now();
    EQ(fx_text(&s.f, "result.ask.to"), "cvo-kempen");
    EQ(fx_text(&s.f, "result.ask.for"), "guidance.joint");
    EQ(fx_text(&s.f, "result.ask.now"), "2026-09-18T12:00:00Z");
    EQ(fx_text(&s.f, "result.ask.event.type"), "workplace.evaluated");
    EQ(fx_text(&s.f, "result.ask.event.subject"), s.participant);
    EQ(fx_text(&s.f, "result.ask.event.fields"),
       "{'eval_learning':'3','eval_period':'2026-W39/W43',"
       "'next_step':'continue'}");
    EQ(fx_text(&s.f, "result.facts.links.0.org"), "cvo-kempen");
    EQ(fx_text(&s.f, "result.facts.consents.0.state"), "given");
    EQ(fx_text(&s.f, "result.facts.consents.0.subject"), s.participant);
    EQ(fx_text(&s.f, "result.policy"), "1");
    EQ(fx_text(&s.f, "result.charter"), "1");
    /* I9: who it is, is an id. */
    cr_expect(strstr(s.f.reply, "Samira") == NULL);
}

Test(question, needs_an_event_and_somebody_to_ask_about)
{
    fx_refused(&s.f, "sopraco", "missing-argument", "disclosure.question",
               "{'event':'%s','for':'guidance.joint'}", s.event);
    fx_refused(&s.f, "sopraco", "missing-argument", "disclosure.question",
               "{'event':'%s','to':'cvo-kempen'}", s.event);
    fx_refused(&s.f, "sopraco", "unknown-event", "disclosure.question",
               "{'event':'%s','to':'cvo-kempen','for':'guidance.joint'}",
               s.participant);
    fx_refused(&s.f, "sopraco", "unknown-message", "disclosure.question",
               "{'message':'%s'}", s.event);
}

/* ------------------------------------------------------------- of a person */

Test(question, of_a_participant_is_what_is_known_now)
{
    sm_give(&s);
    fx_ok(&s.f, "sopraco", "disclosure.question", "{'participant':'%s'}",
          s.participant);
    EQ(fx_text(&s.f, "result.participant"), s.participant);
    EQ(fx_text(&s.f, "result.now"), "2026-09-18T12:00:00Z");
    EQ(fx_text(&s.f, "result.facts.links.0.org"), "cvo-kempen");
    EQ(fx_text(&s.f, "result.facts.consents.0.state"), "given");
    EQ(fx_text(&s.f, "result.facts.consents.0.subject"), s.participant);
    EQ(fx_text(&s.f, "result.policy"), "1");
    EQ(fx_text(&s.f, "result.charter"), "1");
    cr_expect(eq(int, (int)sk_value_kind(fx_at(&s.f, "result.seen")),
                 (int)SK_VALUE_NONE));
    cr_expect(strstr(s.f.reply, "Samira") == NULL);
    fx_refused(&s.f, "sopraco", "unknown-participant", "disclosure.question",
               "{'participant':'%s'}", s.event);
}

/* ------------------------------------------------------------- of then */

/* What was recorded after it left is not part of it. */
Test(question, of_a_message_is_as_it_was_when_it_left)
{
    sm_give(&s);
    sm_send(&s);
    fx_clock(&s.f, "2026-09-25T09:00:00Z");
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    fx_ok(&s.f, "sopraco", "participant.object", "{'participant':'%s'}",
          s.participant);
    ask_then();
    EQ(fx_text(&s.f, "result.ask.now"), "2026-09-18T12:00:00Z");
    cr_expect(eq(sz, count("result.facts.consents"), 1));
    cr_expect(eq(sz, count("result.facts.objections"), 0));
    EQ(fx_text(&s.f, "result.was.state"), "sent");
    EQ(fx_text(&s.f, "result.was.rules"), "['cvo-learning-score']");
    ask_now();
    EQ(fx_text(&s.f, "result.ask.now"), "2026-09-25T09:00:00Z");
    cr_expect(eq(sz, count("result.facts.consents"), 2));
    cr_expect(eq(sz, count("result.facts.objections"), 1));
}

/* The versions of that day, and their files. */
Test(question, of_a_message_names_the_versions_of_then)
{
    char *policy = sm_policy("sopraco", 2, "eval_learning: exact");
    char *args;

    sm_give(&s);
    sm_send(&s);
    fx_clock(&s.f, "2026-09-25T09:00:00Z");
    args = fx_signed(&s.f, "sopraco", policy, SG_BOTH);
    fx_ok(&s.f, "sopraco", "policy.activate", "%s", args);
    fx_partners(&s.f, "Sopraco", "Sopraco");
    ask_then();
    EQ(fx_text(&s.f, "result.policy"), "1");
    EQ(fx_text(&s.f, "result.charter"), "1");
    ask_now();
    EQ(fx_text(&s.f, "result.policy"), "2");
    EQ(fx_text(&s.f, "result.charter"), "2");
    fx_ok(&s.f, "sopraco", "charter.text", "{'version':1}");
    cr_expect(strstr(fx_text(&s.f, "result.partners"), "version: 1") != NULL);
    fx_refused(&s.f, "sopraco", "charter-unknown-version", "charter.text",
               "{'version':9}");
    free(args);
    free(policy);
}

/* ------------------------------------------------------------- history */

static void page(const char *more)
{
    fx_ok(&s.f, "sopraco", "disclosure.history", "{'since':'2026-09-18'%s}",
          more);
}

Test(question, history_has_each_message_once_and_none_from_before)
{
    sm_give(&s);
    sm_send(&s);
    page("");
    cr_expect(eq(sz, count("result.list"), 1));
    EQ(fx_text(&s.f, "result.list.0.message"), s.message);
    EQ(fx_text(&s.f, "result.list.0.was.state"), "sent");
    fx_ok(&s.f, "sopraco", "disclosure.history", "{'since':'2026-09-19'}");
    cr_expect(eq(sz, count("result.list"), 0));
}

/* More than a page: every event comes, once, in pages. */
Test(question, history_of_events_comes_in_pages)
{
    char after[96] = "";
    size_t pages = 0;
    size_t events = 0;

    sm_give(&s);
    for (int i = 0; i < 149; i++)
        sm_record(&s);
    sm_send(&s);
    for (;;) {
        char more[128];

        snprintf(more, sizeof(more), ",'events':true%s", after);
        page(more);
        events += count("result.list");
        pages++;
        cr_assert(pages < 10);
        if (sk_value_kind(fx_at(&s.f, "result.next")) == SK_VALUE_NONE)
            break;
        snprintf(after, sizeof(after), ",'after':'%s'",
                 fx_text(&s.f, "result.next"));
    }
    cr_expect(eq(sz, pages, 3));
    cr_expect(eq(sz, events, 150));
}

/* Where an event went already stands beside it. */
Test(question, history_of_events_says_where_each_went)
{
    sm_give(&s);
    sm_send(&s);
    page(",'events':true");
    EQ(fx_text(&s.f, "result.list.0.sent"),
       "[{'for':'guidance.joint','to':'cvo-kempen'}]");
}
