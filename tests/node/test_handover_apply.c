/* docs/DOMAIN.md 5.3: what two sides of a handover say while neither hears the
   other. */
#include "tests/node/handover.h"

TestSuite(handover_apply, .init = start, .fini = end);

Test(handover_apply, a_cancel_wins_from_what_it_crosses)
{
    static const char *const inputs[] = {"open", "answer-need_info",
                                         "answer-waiting", "answer-accepted",
                                         "answer-declined"};

    for (size_t i = 0; i < SK_COUNT(inputs); i++) {
        struct people_id h = request("gtb");

        fx_run(&f);
        cross(h, "cancel", inputs[i], "cancelled");
    }
}

/* I6: completed there, cancelled here. */
Test(handover_apply, a_cancel_wins_from_a_completion_it_crosses)
{
    static const char *const inputs[] = {"complete", "return"};

    for (size_t i = 0; i < SK_COUNT(inputs); i++) {
        struct people_id h = request("gtb");

        fx_run(&f);
        give("gtb", h, "answer-accepted");
        fx_run(&f);
        cross(h, "cancel", inputs[i], "cancelled");
        EQ(shown("gtb", h, "owner"), "buso");
        EQ(shown("buso", h, "epoch"), "1");
    }
}

Test(handover_apply, an_expiry_wins_from_an_answer_it_crosses)
{
    struct people_id h = request("gtb");

    fx_run(&f);
    fx_offline(&f, "gtb", true);
    fx_clock(&f, "2027-03-21T12:00:00Z");
    give("gtb", h, "answer-accepted");
    fx_clock(&f, "2027-03-23T12:00:00Z");
    EQ(shown("buso", h, "state"), "expired");
    EQ(shown("gtb", h, "state"), "accepted");
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    expect_both(h, "expired");
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "buso")));
}

/* A question back crosses nothing; a new answer crosses the new question. */
/* Both say expired: the claim that is refused adds nothing to that. */
Test(handover_apply, an_expiry_wins_from_a_completion_it_crosses)
{
    struct people_id h = request("gtb");

    fx_run(&f);
    fx_offline(&f, "gtb", true);
    give("gtb", h, "answer-accepted");
    give("gtb", h, "complete");
    fx_clock(&f, "2027-03-24T09:00:00Z");
    EQ(shown("buso", h, "state"), "expired");
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    expect_both(h, "expired");
    EQ(shown("gtb", h, "owner"), "buso");
}

/* Nobody accepts what the participant took back. */
Test(handover_apply, a_request_that_is_asked_back_is_cancelled)
{
    struct people_id h = request("gtb");

    fx_run(&f);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    /* A part of it: the question is still there. */
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['contact.coach']}", who.text);
    fx_run(&f);
    expect_both(h, "requested");
    fx_offline(&f, "gtb", true);
    give("gtb", h, "answer-accepted");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    expect_both(h, "cancelled");
    refuse("gtb", h, "complete");
}

Test(handover_apply, an_answer_stands_that_crosses_a_new_request)
{
    struct people_id h = request("gtb");

    fx_run(&f);
    give("gtb", h, "answer-need_info");
    fx_run(&f);
    fx_offline(&f, "gtb", true);
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'handover.requested','about':'%s',"
          "'fields':{'handover_kind':'warm','handover_reason':'next_step',"
          "'question':'Hout.','participant_goal':'Werken.',"
          "'respond_by':'2027-03-20','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003'}}",
          who.text, h.text);
    people_send(&f, "buso", people_take(&f, "result.event"), "gtb",
                "guidance.handover");
    give("gtb", h, "answer-accepted");
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    expect_both(h, "accepted");
}
