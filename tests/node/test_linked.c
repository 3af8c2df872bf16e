/* DOMAIN.md 5.6: what a handover refers to, at both sides.  Nothing travels for
   it, so nothing can leak by it. */
#include "tests/node/lines.h"
#include "tests/node/people.h"

static struct fx f;
static struct people_id who;
static struct people_id place;
static struct people_id sent; /* the workplace, at houtzaak */

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static void start(void)
{
    fx_start(&f, "H1", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "gtb", "guidance.joint",
                   "['process.trajectory','work.profile']");
    people_consent(&f, "buso", who, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'goal.set','fields':{"
          "'occupation':'8219.1','preference_kind':'wanted'}}",
          who.text);
    place = people_take(&f, "result.event");
}

static void share(void)
{
    sent = people_send(&f, "buso", place, "gtb", "guidance.joint");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(linked, .init = start, .fini = end);

static struct people_id hand_over(void)
{
    people_send(&f, "buso", people_request(&f, who), "gtb",
                "guidance.handover");
    return people_take(&f, "result.handover");
}

/* "[{...}]" of handover.show; the ids of messages are looked at apart. */
static const char *linked(const char *node, struct people_id handover)
{
    fx_ok(&f, node, "handover.show", "{'handover':'%s'}", handover.text);
    return fx_text(&f, "result.linked");
}

static const char *one(const char *node, struct people_id handover,
                       const char *key)
{
    char path[64];

    (void)linked(node, handover);
    EQ(fx_text(&f, "result.linked.1.type"), "absent"); /* one, and no more */
    snprintf(path, sizeof(path), "result.linked.0.%s", key);
    return fx_text(&f, path);
}

/* I3: before anything goes, the sender knows what the partner has. */
Test(linked, preview_says_what_the_partner_has)
{
    struct people_id request = people_request(&f, who);

    share();
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'gtb','for':'guidance.handover'}", request.text);
    EQ(fx_text(&f, "result.linked.0.message"), sent.text);
    EQ(fx_text(&f, "result.linked.0.state"), "waits");
    EQ(fx_text(&f, "result.linked.0.type"), "goal.set");
    fx_run(&f);
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'gtb','for':'guidance.handover'}", request.text);
    EQ(fx_text(&f, "result.linked.0.state"), "stored");
    /* another event refers to nothing, and neither does what is denied */
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'gtb','for':'guidance.joint'}", place.text);
    cr_expect(strstr(f.reply, "linked") == NULL, "%s", f.reply);
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'houtzaak','for':'guidance.handover'}",
          request.text);
    cr_expect(strstr(f.reply, "linked") == NULL, "%s", f.reply);
}

Test(linked, both_sides_list_their_own_records)
{
    struct people_id handover;

    share();
    handover = hand_over();
    fx_run(&f);
    EQ(one("buso", handover, "state"), "stored");
    EQ(one("gtb", handover, "message"), sent.text);
    EQ(one("gtb", handover, "opened"), "false");
    fx_ok(&f, "gtb", "inbox.open", "{'message':'%s'}", sent.text);
    fx_run(&f);
    EQ(one("buso", handover, "state"), "read");
    EQ(one("gtb", handover, "opened"), "true");
    /* in the list and in what a step answers it is not */
    fx_ok(&f, "gtb", "handover.list", "{}");
    cr_expect(strstr(f.reply, "linked") == NULL);
    fx_ok(&f, "gtb", "handover.open", "{'handover':'%s'}", handover.text);
    cr_expect(strstr(f.reply, "linked") == NULL);
}

/* The request shows it where it is read; what comes later is in it too. */
Test(linked, the_request_shows_it_where_it_is_read)
{
    struct people_id request;
    struct people_id handover;

    share();
    handover = hand_over();
    fx_run(&f);
    fx_ok(&f, "gtb", "handover.show", "{'handover':'%s'}", handover.text);
    request = people_take(&f, "result.request");
    fx_ok(&f, "gtb", "inbox.open", "{'message':'%s'}", request.text);
    EQ(fx_text(&f, "result.linked.0.message"), sent.text);
    EQ(fx_text(&f, "result.linked.1.message"), "absent");
    fx_ok(&f, "gtb", "inbox.open", "{'message':'%s'}", sent.text);
    cr_expect(strstr(f.reply, "linked") == NULL);
}

/* Somebody else's, also with the same partner, is not in it. */
Test(linked, nothing_of_another_person)
{
    struct people_id other = people_add(&f, "buso", "2001-01-01");
    struct people_id handover;

    share();
    handover = hand_over();
    people_link(&f, "buso", other, "gtb");
    people_consent(&f, "buso", other, "gtb", "guidance.joint",
                   "['work.profile']");
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'goal.set','fields':{"
          "'occupation':'8219.1','preference_kind':'wanted'}}",
          other.text);
    people_send(&f, "buso", people_take(&f, "result.event"), "gtb",
                "guidance.joint");
    fx_run(&f);
    EQ(one("buso", handover, "message"), sent.text);
    EQ(one("gtb", handover, "message"), sent.text);
}

/* What the receiver has no more is in its list no more, at once. */
Test(linked, what_is_asked_back_is_gone_at_once)
{
    struct people_id handover;

    share();
    handover = hand_over();
    fx_run(&f);
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','purposes':['guidance.joint']}", who.text);
    EQ(one("buso", handover, "state"), "asked-back");
    fx_run(&f);
    EQ(linked("gtb", handover), "[]");
    cr_expect(strstr(f.reply, sent.text) == NULL);
    fx_ok(&f, "gtb", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(one("buso", handover, "state"), "erased");
    EQ(linked("gtb", handover), "[]");
}

Test(linked, what_a_law_keeps_is_told_to_the_sender)
{
    struct people_id handover;

    share();
    handover = hand_over();
    fx_run(&f);
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','purposes':['guidance.joint']}", who.text);
    fx_run(&f);
    fx_ok(&f, "gtb", "erasure.refuse",
          "{'from':'buso','law_reference':'een wet','keep_until':"
          "'2027-12-31'}");
    fx_run(&f);
    EQ(one("buso", handover, "state"), "kept");
    EQ(linked("gtb", handover), "[]");
}

Test(linked, what_never_left_is_told_to_the_sender_only)
{
    struct people_id handover;

    fx_offline(&f, "gtb", true);
    share();
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','purposes':['guidance.joint']}", who.text);
    handover = hand_over();
    fx_offline(&f, "gtb", false);
    fx_run(&f);
    EQ(one("buso", handover, "state"), "dropped");
    EQ(linked("gtb", handover), "[]");
}

/* Its last day at the partner. */
Test(linked, what_is_over_is_gone)
{
    struct people_id handover;

    share();
    fx_run(&f);
    fx_clock(&f, "2027-05-28T09:00:00Z");
    handover = hand_over();
    fx_run(&f);
    EQ(one("gtb", handover, "message"), sent.text);
    fx_clock(&f, "2027-09-01T12:00:00Z");
    fx_run(&f);
    EQ(one("buso", handover, "state"), "expired");
    EQ(linked("gtb", handover), "[]");
}

/* A message that the partner refused. */
Test(linked, what_was_not_taken_is_told_to_the_sender)
{
    struct people_id handover;

    fx_ok(&f, "gtb", "leave.start", "{}");
    share();
    fx_run(&f);
    fx_ok(&f, "gtb", "leave.stop", "{}");
    fx_run(&f);
    EQ(people_shown(&f, "buso", sent, "state"), "refused");
    handover = hand_over();
    fx_run(&f);
    EQ(one("buso", handover, "state"), "refused");
    EQ(linked("gtb", handover), "[]");
}
