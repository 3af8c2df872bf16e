/* Tests: node/engine/left.c */
#include "tests/node/lines.h"
#include "tests/node/people.h"

/* docs/CONSENT.md 5.6: a partner leaves.  houtzaak and gtb hold what buso
   sent; houtzaak leaves, and later the charter says so. */

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static struct fx f;
static struct people_id who;
static struct people_id place; /* the workplace, sent to houtzaak */

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    place = people_send(&f, "buso", people_workplace(&f, who), "houtzaak",
                        "work.placement");
    fx_run(&f);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(leave, .init = start, .fini = end);

static struct people_id offer(void)
{
    people_send(&f, "buso", people_request(&f, who), "gtb",
                "guidance.handover");
    return people_take(&f, "result.handover");
}

static const char *state_of(const char *node, struct people_id handover)
{
    fx_ok(&f, node, "handover.show", "{'handover':'%s'}", handover.text);
    return fx_text(&f, "result.state");
}

static void input(const char *node, struct people_id handover, const char *word)
{
    fx_ok(&f, node, "handover.input", "{'handover':'%s','input':'%s'}",
          handover.text, word);
    fx_run(&f);
}

/* Everything that `schakel leave` asks, in its order. */
static void leave(const char *node)
{
    fx_ok(&f, node, "leave.start", "{}");
    fx_ok(&f, node, "leave.erase", "{}");
    EQ(fx_text(&f, "result.next"), "absent");
    fx_run(&f);
}

static const char *report(const char *node, const char *path)
{
    fx_ok(&f, node, "leave.report", "{}");
    return fx_text(&f, path);
}

/* What the leaver is to buso in its own report: buso is first in the roster. */
static const char *towards_buso(const char *node, const char *key)
{
    char path[64];

    snprintf(path, sizeof(path), "result.partners.0.%s", key);
    EQ(report(node, "result.partners.0.org"), "buso");
    return fx_text(&f, path);
}

static const char *held(const char *org, const char *path)
{
    fx_ok(&f, "buso", "peer.holds", "{'org':'%s'}", org);
    return fx_text(&f, path);
}

static void charter_says_left(const char *org)
{
    char from[64];
    char to[64];

    snprintf(from, sizeof(from), "  %s:\n", org);
    snprintf(to, sizeof(to), "  %s:\n    status: left\n", org);
    fx_partners(&f, from, to);
}

/* ------------------------------------------------------------- who leaves */

Test(leave, report_says_what_is_open_and_changes_nothing)
{
    struct people_id handover = offer();

    fx_run(&f);
    EQ(report("gtb", "result.handovers.0.handover"), handover.text);
    EQ(fx_text(&f, "result.handovers.0.role"), "receiver");
    EQ(fx_text(&f, "result.handovers.0.state"), "requested");
    EQ(fx_text(&f, "result.since"), "absent");
    EQ(fx_text(&f, "result.settled"), "false");
    EQ(fx_text(&f, "result.status"), "active");
    EQ(towards_buso("gtb", "holds"), "1");
    EQ(state_of("gtb", handover), "requested");
    EQ(report("buso", "result.trajectories"), "1");
    EQ(report("houtzaak", "result.trajectories"), "0");
    fx_refused(&f, "gtb", "not-leaving", "leave.erase", "{}");
    fx_refused(&f, "gtb", "not-leaving", "leave.stop", "{}");
    /* Who was erased is nobody's to hand over. */
    fx_ok(&f, "buso", "handover.cancel", "{'handover':'%s'}", handover.text);
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", who.text);
    EQ(report("buso", "result.trajectories"), "0");
}

/* Nobody said who it is about: it is ours to hand over all the same. */
Test(leave, counts_a_trajectory_that_nobody_linked)
{
    struct people_id handover = offer();

    fx_run(&f);
    input("gtb", handover, "open");
    input("gtb", handover, "answer-accepted");
    input("gtb", handover, "complete");
    EQ(report("buso", "result.trajectories"), "0");
    EQ(report("gtb", "result.trajectories"), "1");
}

Test(leave, erases_what_came_by_its_key_and_says_so)
{
    uint64_t writes;

    fx_node(&f, "houtzaak")->shredded = false;
    leave("houtzaak");
    cr_expect(fx_node(&f, "houtzaak")->shredded);
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.peek",
               "{'message':'%s'}", place.text);
    EQ(towards_buso("houtzaak", "erased"), "1");
    EQ(fx_text(&f, "result.partners.0.holds"), "0");
    EQ(fx_text(&f, "result.settled"), "true");

    EQ(people_shown(&f, "buso", place, "recall"), "confirmed");
    EQ(fx_text(&f, "result.recall_fields"), "absent");
    EQ(held("houtzaak", "result.totals.erased"), "1");
    EQ(fx_text(&f, "result.totals.held"), "0");
    /* Again is nothing more. */
    writes = f.frames;
    leave("houtzaak");
    EQ(fx_text(&f, "result.erased"), "0");
    cr_expect(eq(u64, f.frames, writes));
}

/* A withdrawal after that asks for nothing that is gone, and is answered. */
Test(leave, what_was_erased_is_not_asked_back_again)
{
    leave("houtzaak");
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    EQ(fx_text(&f, "result.notices.0"), "absent");
}

Test(leave, sends_nothing_new)
{
    struct people_id event = people_workplace(&f, who);
    struct people_id message;

    /* Queued before, decided when it would leave: it does not. */
    fx_offline(&f, "houtzaak", true);
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_ok(&f, "buso", "leave.start", "{}");
    fx_refused(&f, "buso", "leaving", "disclosure.send",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               event.text);
    fx_refused(&f, "buso", "leaving", "collective.publish",
               "{'type':'place.offered','body':{'place_ref':'p0001',"
               "'workplace_org':'1999900765','workplace_kind':'experience',"
               "'hours_week':'38','municipality':'13025',"
               "'language_need':'a2','places':'1','open_until':"
               "'2027-12-31'}}");
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "state"), "dropped");
    EQ(fx_text(&f, "result.reason"), "leaving");
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.peek",
               "{'message':'%s'}", message.text);

    fx_ok(&f, "buso", "leave.stop", "{}");
    people_send(&f, "buso", event, "houtzaak", "work.placement");
}

Test(leave, takes_nothing_new)
{
    struct people_id event = people_workplace(&f, who);
    struct people_id message;

    leave("houtzaak");
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_run(&f);
    EQ(people_shown(&f, "buso", message, "state"), "refused");
    EQ(fx_text(&f, "result.reason"), "partner-leaving");
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.peek",
               "{'message':'%s'}", message.text);
    ln_publish(&f, "buso", "houtzaak", 1, 1);
    fx_run(&f);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages.0"), "absent");
}

Test(leave, status_says_since_when)
{
    fx_ok(&f, "gtb", "leave.start", "{}");
    fx_ok(&f, "gtb", "node.status", "{}");
    EQ(fx_text(&f, "result.leaving"), "2027-03-01T09:00:00Z");
    cr_expect(ne(str, (char *)fx_text(&f, "result.version"), "absent"));
    fx_ok(&f, "gtb", "leave.stop", "{}");
    fx_ok(&f, "gtb", "node.status", "{}");
    EQ(fx_text(&f, "result.leaving"), "absent");
    cr_expect(ne(str, (char *)fx_text(&f, "result.version"), "absent"));
}

Test(leave, ends_handovers_with_the_step_of_a_person)
{
    struct people_id handover = offer();

    fx_run(&f);
    fx_ok(&f, "buso", "leave.start", "{}");
    EQ(fx_text(&f, "result.handovers"), "1");
    fx_run(&f);
    EQ(state_of("buso", handover), "cancelled");
    EQ(state_of("gtb", handover), "cancelled");
    fx_ok(&f, "buso", "leave.stop", "{}");

    handover = offer();
    fx_run(&f);
    leave("gtb");
    EQ(state_of("buso", handover), "declined");
    EQ(state_of("gtb", handover), "declined");
    fx_ok(&f, "gtb", "leave.stop", "{}");

    handover = offer();
    fx_run(&f);
    input("gtb", handover, "answer-accepted");
    leave("gtb");
    EQ(state_of("buso", handover), "returned");
    EQ(fx_text(&f, "result.owner"), "buso");
}

/* What was asked back before or after is answered, never twice. */
Test(leave, answers_what_partners_ask_to_erase)
{
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['contact.coach']}", who.text);
    fx_run(&f);
    EQ(towards_buso("houtzaak", "unanswered"), "1");
    fx_offline(&f, "houtzaak", true);
    leave("houtzaak");
    EQ(towards_buso("houtzaak", "unanswered"), "0");
    EQ(towards_buso("houtzaak", "settled"), "false");
    /* On its way meanwhile: all of it is asked back. */
    fx_clock(&f, "2027-03-03T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    fx_wait(&f, 130000);
    EQ(towards_buso("houtzaak", "unanswered"), "0");
    EQ(towards_buso("houtzaak", "settled"), "true");
    EQ(people_shown(&f, "buso", place, "recall"), "confirmed");
    EQ(report("buso", "result.settled"), "true");
}

Test(leave, a_law_keeps_one_message_and_says_which)
{
    fx_refused(&f, "houtzaak", "bad-argument", "leave.keep",
               "{'message':'%s','law_reference':'Codex','keep_until':"
               "'2027-02-28'}",
               place.text);
    fx_ok(&f, "houtzaak", "leave.keep",
          "{'message':'%s','law_reference':'Codex welzijn','keep_until':"
          "'2027-06-30'}",
          place.text);
    leave("houtzaak");
    EQ(towards_buso("houtzaak", "kept"), "1");
    EQ(fx_text(&f, "result.partners.0.erased"), "0");
    EQ(fx_text(&f, "result.settled"), "true");
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.peek",
               "{'message':'%s'}", place.text);
    EQ(held("houtzaak", "result.messages.0.holding"), "kept");
    EQ(fx_text(&f, "result.messages.0.law_reference"), "Codex welzijn");
    EQ(fx_text(&f, "result.messages.0.keep_until"), "2027-06-30");

    /* A law is no answer to a withdrawal that comes later: a person is. */
    fx_clock(&f, "2027-03-03T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_run(&f);
    EQ(towards_buso("houtzaak", "unanswered"), "1");
    leave("houtzaak");
    EQ(towards_buso("houtzaak", "unanswered"), "1");
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'Codex welzijn','keep_until':"
          "'2027-06-30'}");
    fx_run(&f);
    EQ(towards_buso("houtzaak", "settled"), "true");

    fx_clock(&f, "2027-07-01T09:00:00Z");
    EQ(towards_buso("houtzaak", "holds"), "0");
    EQ(held("houtzaak", "result.totals.expired"), "1");
}

/* ERASED that answers no notice, about the workplace. */
static void claim_erased(const char *from)
{
    static struct sk_item item;

    item.kind = SK_ITEM_ERASED;
    cr_assert(sk_id_parse(sk_text(place.text), &item.answer.messages[0].id));
    item.answer.messages_count = 1;
    item.answer.method = sk_text("key-destroyed");
    item.answer.at_ms = 1;
    ln_item(&f, from, "buso", &item, 1);
    fx_run(&f);
}

/* A claim about what was never sent to who claims it changes nothing. */
Test(leave, nobody_answers_for_another)
{
    claim_erased("gtb");
    EQ(people_shown(&f, "buso", place, "recall"), "none");
}

/* PROTOCOL.md 7.7: what a notice asks back waits for its own answer. */
Test(leave, what_is_asked_back_waits_for_its_answer)
{
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_run(&f);
    claim_erased("houtzaak");
    EQ(people_shown(&f, "buso", place, "recall"), "asked");
}

/* ------------------------------------------------------------- who stays */

Test(leave, the_charter_ends_what_was_open_with_who_left)
{
    struct people_id handover = offer();

    fx_run(&f);
    input("gtb", handover, "answer-accepted");
    fx_offline(&f, "gtb", true);
    charter_says_left("gtb");
    EQ(state_of("buso", handover), "cancelled");
    EQ(fx_text(&f, "result.owner"), "buso");
    EQ(state_of("gtb", handover), "accepted");
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    cr_expect(strstr(f.reply, "'org':'gtb','until':'2027-03-01'") != NULL, "%s",
              f.reply);
    cr_expect(strstr(f.reply, "'org':'houtzaak','until'") == NULL, "%s",
              f.reply);
    fx_ok(&f, "buso", "peer.show", "{'org':'gtb'}");
    EQ(fx_text(&f, "result.status"), "left");
    EQ(fx_text(&f, "result.left"), "2027-03-01T09:00:00Z");
    EQ(fx_text(&f, "result.waits_for"), "left");
    EQ(held("gtb", "result.totals.held"), "1");
    EQ(fx_text(&f, "result.messages.0.type"), "handover.requested");
    EQ(fx_text(&f, "result.messages.0.participant"), who.text);

    /* It still says what it owes, and the others hear it. */
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    leave("gtb");
    fx_wait(&f, 130000);
    EQ(held("gtb", "result.totals.erased"), "1");
    EQ(fx_text(&f, "result.totals.held"), "0");
    EQ(report("gtb", "result.status"), "left");
}

/* Relations of these people with gtb that have no end. */
static size_t open_relations(const struct people_id *people, size_t count)
{
    size_t open = 0;

    for (size_t i = 0; i < count; i++) {
        fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
              people[i].text);
        cr_assert(strstr(f.reply, "'org':'gtb'") != NULL);
        open += strstr(f.reply, "'org':'gtb','until'") == NULL ? 1 : 0;
    }
    return open;
}

/* What is open with who left ends in parts, through a crash, to the last. */
Test(leave, the_charter_ends_much_in_parts)
{
    static struct people_id people[360];
    struct sk_store *store = fx_node(&f, "buso")->store;
    struct fx_charter *c;
    uint64_t writes;
    char *at;

    for (size_t i = 0; i < SK_COUNT(people); i++) {
        people[i] = people_add(&f, "buso", "2000-05-14");
        people_link(&f, "buso", people[i], "gtb");
    }
    fx_run(&f);
    at = strstr(f.partners, "  gtb:\n");
    cr_assert(ne(ptr, at, NULL));
    f.partners = realloc(f.partners, strlen(f.partners) + 64);
    at = strstr(f.partners, "  gtb:\n") + strlen("  gtb:\n");
    memmove(at + strlen("    status: left\n"), at, strlen(at) + 1);
    memcpy(at, "    status: left\n", strlen("    status: left\n"));
    c = fx_charter(&f);
    writes = store->writes;
    fx_import(&f, "buso", c);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    free(c);
    cr_expect(store->writes - writes < 200, "%d",
              (int)(store->writes - writes));
    /* Nothing is lost when it stops here: it goes on with the next input. */
    for (int i = 0; i < 2; i++) {
        fx_crash(&f, "buso");
        writes = store->writes;
        fx_ok(&f, "buso", "node.status", "{}");
        cr_expect(store->writes < writes + 300);
    }
    cr_expect(eq(sz, open_relations(people, SK_COUNT(people)), 0));
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    cr_expect(strstr(f.reply, "'org':'houtzaak','until'") == NULL);
}

Test(leave, who_comes_back_is_a_partner_again)
{
    charter_says_left("houtzaak");
    EQ(held("houtzaak", "result.left"), "2027-03-01T09:00:00Z");
    fx_clock(&f, "2027-03-05T09:00:00Z");
    fx_partners(&f, "    status: left\n", "");
    EQ(held("houtzaak", "result.left"), "absent");
    fx_clock(&f, "2027-03-09T09:00:00Z");
    charter_says_left("houtzaak");
    EQ(held("houtzaak", "result.left"), "2027-03-09T09:00:00Z");
    /* Another charter in which it still has left is no news. */
    fx_clock(&f, "2027-03-10T09:00:00Z");
    fx_partners(&f, "  gtb:\n", "  gtb:\n    status: suspended\n");
    EQ(held("houtzaak", "result.left"), "2027-03-09T09:00:00Z");
}

/* By the page: together they are all of it, once. */
Test(leave, what_a_partner_holds_comes_in_pages)
{
    char after[128] = "";
    size_t listed = 0;
    size_t pages = 0;
    bool more;

    for (size_t i = 0; i < 300; i++) {
        struct people_id other = people_add(&f, "buso", "2000-05-14");

        people_link(&f, "buso", other, "houtzaak");
        people_consent(&f, "buso", other, "houtzaak", "work.placement",
                       PEOPLE_WORKPLACE_CATEGORIES);
        people_send(&f, "buso", people_workplace(&f, other), "houtzaak",
                    "work.placement");
        if (i % 50 == 0)
            fx_run(&f);
    }
    fx_run(&f);
    do {
        fx_ok(&f, "buso", "peer.holds", "{'org':'houtzaak'%s}", after);
        listed += sk_value_count(fx_at(&f, "result.messages"));
        pages++;
        more = strcmp(fx_text(&f, "result.next"), "absent") != 0;
        if (more)
            snprintf(after, sizeof(after), ",'after':'%s'",
                     fx_text(&f, "result.next"));
    } while (more);
    cr_expect(eq(sz, listed, 301));
    cr_expect(pages > 1);
}
