/* Tests: node/engine/handover_ops.c, node/engine/handover_state.c */
#include "node/engine/state.h"
#include "tests/node/handover.h"

/* docs/DOMAIN.md 5: the state machine of a handover, and its way. */

TestSuite(handover, .init = start, .fini = end);

/* ------------------------------------------------------------- the table */

struct table {
    struct sk_node *transitions;
    struct sk_node *states;
    struct sk_node *moves;
};

static struct table table_of(void *memory, size_t size)
{
    static struct sk_arena arena;
    static struct sk_findings findings;
    struct sk_node *tree;
    struct sk_node *handover;
    char *text = fx_need("policies/library/domain.yaml");

    arena = sk_arena_start(memory, size);
    findings = sk_findings_start(&arena);
    cr_assert(sk_yaml_read("domain", sk_text(text), &arena, &findings, &tree) ==
              SK_OK);
    cr_assert(tree != NULL);
    free(text);
    handover = sk_node_get(tree, "handover");
    return (struct table){sk_node_get(handover, "transitions"),
                          sk_node_get(handover, "states"),
                          sk_node_get(handover, "moves_owner")};
}

/* Every input in every state, as domain.yaml says. */
Test(machine, is_that_of_the_domain)
{
    size_t size = 16 * 1024 * 1024;
    void *memory = malloc(size);
    struct table table = table_of(memory, size);
    size_t inputs = 0;

    for (const struct sk_node *t = table.transitions->first; t != NULL;
         t = t->next) {
        const struct sk_node *from = sk_node_get(t, "from");
        enum sk_handover_input input;

        inputs++;
        cr_assert(
            sk_handover_input_parse(sk_node_get(t, "input")->text, &input));
        EQ(sk_handover_input_text(input),
           (const char *)sk_node_get(t, "input")->text.data);
        cr_expect(sk_handover_input_is_senders(input) ==
                  sk_node_is(sk_node_get(t, "by"), "sender"));
        for (int s = 0; s <= SK_HANDOVER_EXPIRED; s++) {
            const char *state =
                sk_handover_state_text((enum sk_handover_state)s);
            enum sk_handover_state to = SK_HANDOVER_DRAFT;
            bool may = false;

            for (const struct sk_node *n = from->first; n != NULL; n = n->next)
                may = may || sk_node_is(n, state);
            cr_expect(
                may == sk_handover_next((enum sk_handover_state)s, input, &to),
                "%s in %s", sk_handover_input_text(input), state);
            if (may)
                cr_expect(sk_node_is(sk_node_get(t, "to"),
                                     sk_handover_state_text(to)));
        }
    }
    cr_expect(eq(sz, inputs, SK_STEP_EXPIRE + 1));
    for (int s = 0; s <= SK_HANDOVER_EXPIRED; s++) {
        const char *state = sk_handover_state_text((enum sk_handover_state)s);
        const struct sk_node *n = sk_node_get(table.states, state);

        cr_assert(n != NULL, "%s", state);
        cr_expect(sk_handover_is_open((enum sk_handover_state)s) ==
                  sk_node_is(sk_node_get(n, "open"), "true"));
    }
    cr_expect(eq(sz, table.states->count, SK_HANDOVER_EXPIRED + 1));
    for (const struct sk_node *n = table.moves->first; n != NULL; n = n->next)
        cr_expect(sk_handover_moves(n->text));
    cr_expect(not(sk_handover_moves(sk_text("joint"))));
    cr_expect(eq(sz, table.moves->count, 2));
    free(memory);
}

/* ------------------------------------------------------------- the way */

Test(handover, moves_the_owner_when_it_is_completed)
{
    struct people_id h = request("gtb");

    EQ(shown("buso", h, "waits_for"), "partner");
    EQ(shown("gtb", h, "ok"), "absent");
    fx_run(&f);
    EQ(shown("gtb", h, "role"), "receiver");
    EQ(shown("gtb", h, "waits_for"), "us");
    EQ(shown("gtb", h, "owner"), "buso");
    expect_both(h, "requested");
    give("gtb", h, "open");
    fx_run(&f);
    expect_both(h, "received");
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    expect_both(h, "accepted");
    EQ(shown("buso", h, "epoch"), "1");
    /* Said, and not yet let go: the old owner still is. */
    give("gtb", h, "complete");
    EQ(shown("gtb", h, "state"), "completed");
    EQ(shown("gtb", h, "owner"), "buso");
    fx_run(&f);
    expect_both(h, "completed");
    EQ(shown("buso", h, "owner"), "gtb");
    EQ(shown("buso", h, "epoch"), "2");
    EQ(shown("gtb", h, "owner"), "gtb");
    EQ(shown("gtb", h, "epoch"), "2");
    EQ(shown("gtb", h, "waits_for"), "nobody");
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    EQ(fx_text(&f, "result.trajectory.owner"), "gtb");
    /* Whoever is not the owner hands nothing over. */
    fx_refused(&f, "buso", "not-owner", "disclosure.send",
               "{'event':'%s','to':'vdab','for':'guidance.handover'}",
               people_request(&f, who).text);
}

Test(handover, is_about_somebody_once_a_person_says_so)
{
    struct people_id h = request("gtb");
    struct people_id there = people_add(&f, "gtb", "2000");
    struct people_id other = people_add(&f, "gtb", "1999");

    fx_run(&f);
    EQ(shown("gtb", h, "participant"), "absent");
    fx_ok(&f, "gtb", "event.record",
          "{'participant':'%s','type':'handover.answered','about':'%s',"
          "'fields':{'answer':'accepted'}}",
          there.text, h.text);
    expect_both(h, "accepted");
    EQ(shown("gtb", h, "participant"), there.text);
    /* From now on it is about this person. */
    fx_refused(&f, "gtb", "unknown-handover", "event.record",
               "{'participant':'%s','type':'handover.completed','about':'%s',"
               "'fields':{'first_contact':'2027-03-01','talk_status':'done'}}",
               other.text, h.text);
    fx_ok(&f, "gtb", "event.record",
          "{'participant':'%s','type':'handover.completed','about':'%s',"
          "'fields':{'first_contact':'2027-03-01','talk_status':'done'}}",
          there.text, h.text);
    fx_ok(&f, "gtb", "participant.show", "{'participant':'%s'}", there.text);
    EQ(fx_text(&f, "result.trajectory.owner"), "gtb");
    EQ(fx_text(&f, "result.trajectory.epoch"), "2");
}

static enum sk_status count_one(void *context, struct sk_handover *h)
{
    (void)h;
    *(size_t *)context += 1;
    return SK_OK;
}

static size_t about(struct people_id person)
{
    struct sk_engine *e = fx_node(&f, "gtb")->engine;
    struct sk_participant_id id;
    size_t count = 0;

    cr_assert(sk_id_parse(sk_text(person.text), &id.id));
    cr_assert(sk_store_begin(e->store) == SK_OK);
    cr_assert(sk_handover_about(e, &id, count_one, &count) == SK_OK);
    sk_store_abort(e->store);
    return count;
}

/* By its message or by an answer, also when it is said in both ways. */
Test(handover, is_found_once_by_whom_it_is_about)
{
    struct people_id h = request("gtb");
    struct people_id there = people_add(&f, "gtb", "2000");
    struct people_id other = people_add(&f, "gtb", "1999");

    fx_run(&f);
    cr_expect(eq(sz, about(there), 0));
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          shown("gtb", h, "request"), other.text);
    cr_expect(eq(sz, about(other), 1));
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          shown("gtb", h, "request"), there.text);
    cr_expect(eq(sz, about(other), 0));
    cr_expect(eq(sz, about(there), 1));
    fx_ok(&f, "gtb", "event.record",
          "{'participant':'%s','type':'handover.answered','about':'%s',"
          "'fields':{'answer':'accepted'}}",
          there.text, h.text);
    cr_expect(eq(sz, about(there), 1));
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          shown("gtb", h, "request"), other.text);
    cr_expect(eq(sz, about(there) + about(other), 1));
}

/* The policy of gtb with a rule to hand somebody back. */
static void let_gtb_return(void)
{
    char *policy =
        fx_need("policies/library/school-naar-werk/nodes/gtb/policy.yaml");
    char *text = calloc(1, strlen(policy) + 1024);
    char *at = strstr(policy, "version: 1\nvocabulary");

    cr_assert(at != NULL);
    sprintf(text,
            "%.*sversion: 2%s\n"
            "  - id: back\n"
            "    text: t\n"
            "    to: {orgs: [buso]}\n"
            "    for: [guidance.handover]\n"
            "    what: {handover.requested: {question: exact}}\n"
            "    basis: {gdpr: public-task, reference: r}\n"
            "    retain: {for: 6 months, from: sent}\n"
            "    valid: {from: 2026-09-01, until: 2028-08-31}\n",
            (int)(at - policy), policy, at + strlen("version: 1"));
    fx_activate(&f, "gtb", text);
    free(text);
    free(policy);
}

/* 5.3: who moved comes back by a new request, of kind `return`. */
Test(handover, comes_back_by_a_request_of_its_own)
{
    struct people_id h = request("gtb");
    struct people_id there = people_add(&f, "gtb", "2000");
    struct people_id back;

    fx_run(&f);
    fx_ok(&f, "gtb", "event.record",
          "{'participant':'%s','type':'handover.answered','about':'%s',"
          "'fields':{'answer':'accepted'}}",
          there.text, h.text);
    give("gtb", h, "complete");
    fx_run(&f);
    let_gtb_return();
    people_link(&f, "gtb", there, "buso");
    people_consent(&f, "gtb", there, "buso", "guidance.handover",
                   "['process.handover']");
    fx_ok(&f, "gtb", "event.record",
          "{'participant':'%s','type':'handover.requested','fields':{"
          "'handover_kind':'return','handover_reason':'next_step',"
          "'question':'Neem je het over?','participant_goal':'Leren.',"
          "'respond_by':'2027-03-12','coach_name':'Noor S.',"
          "'coach_phone':'+3214000004'}}",
          there.text);
    people_send(&f, "gtb", people_take(&f, "result.event"), "buso",
                "guidance.handover");
    back = people_take(&f, "result.handover");
    fx_run(&f);
    EQ(shown("buso", back, "kind"), "return");
    EQ(shown("buso", back, "epoch"), "2");
    EQ(shown("buso", back, "trajectory"), shown("buso", h, "trajectory"));
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'handover.answered','about':'%s',"
          "'fields':{'answer':'accepted'}}",
          who.text, back.text);
    give("buso", back, "complete");
    EQ(shown("buso", back, "owner"), "gtb");
    fx_run(&f);
    EQ(shown("buso", back, "owner"), "buso");
    EQ(shown("buso", back, "epoch"), "3");
    EQ(shown("gtb", back, "owner"), "buso");
    cr_expect(eq(int, owners(back), (int)fx_index(&f, "buso")));
    /* And on it goes. */
    h = request("vdab");
    EQ(shown("buso", h, "epoch"), "3");
}

/* The person may be named after the ownership came. */
Test(handover, is_known_when_it_is_assigned_late)
{
    struct people_id h = request("gtb");
    struct people_id there = people_add(&f, "gtb", "2000");
    struct people_id message;

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    give("gtb", h, "complete");
    fx_run(&f);
    EQ(shown("gtb", h, "owner"), "gtb");
    snprintf(message.text, sizeof(message.text), "%s",
             shown("gtb", h, "request"));
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          message.text, there.text);
    EQ(shown("gtb", h, "participant"), there.text);
    fx_ok(&f, "gtb", "participant.show", "{'participant':'%s'}", there.text);
    EQ(fx_text(&f, "result.trajectory.owner"), "gtb");
}

Test(handover, refuses_inputs_of_the_other_side_and_out_of_turn)
{
    struct people_id h = request("gtb");

    fx_run(&f);
    refuse("buso", h, "open");
    refuse("buso", h, "answer-accepted");
    refuse("gtb", h, "cancel");
    refuse("gtb", h, "complete");
    refuse("gtb", h, "return");
    refuse("buso", h, "request");
    refuse("buso", h, "expire");
    fx_refused(&f, "gtb", "bad-argument", "handover.input",
               "{'handover':'%s','input':'answer-perhaps'}", h.text);
    fx_refused(&f, "vdab", "unknown-handover", "handover.open",
               "{'handover':'%s'}", h.text);
    fx_refused(&f, "gtb", "wrong-state", "event.record",
               "{'participant':'%s','type':'handover.completed','about':'%s',"
               "'fields':{'first_contact':'2027-03-01','talk_status':'done'}}",
               people_add(&f, "gtb", "2000").text, h.text);
    fx_run(&f);
    expect_both(h, "requested");
}

/* A handover of somebody new, as both sides see it in this state. */
static struct people_id brought_to(enum sk_handover_state state)
{
    static const char *const answers[] = {
        [SK_HANDOVER_NEED_INFO] = "answer-need_info",
        [SK_HANDOVER_WAITING] = "answer-waiting",
        [SK_HANDOVER_DECLINED] = "answer-declined",
        [SK_HANDOVER_RECEIVED] = "open",
        [SK_HANDOVER_COMPLETED] = "complete",
        [SK_HANDOVER_RETURNED] = "return",
        [SK_HANDOVER_CANCELLED] = "cancel",
        [SK_HANDOVER_EXPIRED] = NULL,
    };
    bool meets = state == SK_HANDOVER_ACCEPTED ||
                 state == SK_HANDOVER_COMPLETED ||
                 state == SK_HANDOVER_RETURNED;
    struct people_id h;

    next_person();
    h = request("gtb");
    fx_run(&f);
    if (meets)
        give("gtb", h, "answer-accepted");
    fx_run(&f);
    if (answers[state] != NULL)
        give(state == SK_HANDOVER_CANCELLED ? "buso" : "gtb", h,
             answers[state]);
    if (state == SK_HANDOVER_EXPIRED)
        fx_clock(&f, "2027-04-15T09:00:00Z");
    fx_run(&f);
    expect_both(h, sk_handover_state_text(state));
    return h;
}

/* One input of one side; the machine is that of the domain (above). */
static void try_input(struct people_id *h, enum sk_handover_state state,
                      enum sk_handover_input input, bool sender)
{
    const char *node = sender ? "buso" : "gtb";
    enum sk_handover_state to;
    bool may = sk_handover_next(state, input, &to) &&
               sk_handover_input_is_senders(input) == sender &&
               input != SK_STEP_REQUEST && input != SK_STEP_EXPIRE;

    fx_call(&f, node, "handover.input", "{'handover':'%s','input':'%s'}",
            h->text, sk_handover_input_text(input));
    if (may) {
        EQ(fx_text(&f, "result.state"), sk_handover_state_text(to));
        fx_run(&f);
        expect_both(*h, sk_handover_state_text(to));
        *h = brought_to(state);
        return;
    }
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "wrong-state"),
              "%s %s in %s: %s", node, sk_handover_input_text(input),
              sk_handover_state_text(state), f.reply);
    /* the coach reads how it stands */
    EQ(fx_text(&f, "error.detail"), sk_handover_state_text(state));
    cr_expect(eq(u64, fx_node(&f, node)->store->writes, 0));
}

/* DOMAIN 5.3: every input of each side in every state, at whole nodes: the
   state that follows, at both, or wrong-state with the state, and no write. */
Test(handover, takes_each_input_in_its_states_only)
{
    for (int s = SK_HANDOVER_REQUESTED; s <= SK_HANDOVER_EXPIRED; s++) {
        enum sk_handover_state state = (enum sk_handover_state)s;
        struct people_id h = brought_to(state);

        for (int i = SK_STEP_REQUEST; i <= SK_STEP_EXPIRE; i++) {
            try_input(&h, state, (enum sk_handover_input)i, true);
            try_input(&h, state, (enum sk_handover_input)i, false);
        }
    }
}

Test(handover, asks_again_with_the_same_id)
{
    struct people_id h = request("gtb");
    struct people_id again;

    fx_run(&f);
    give("gtb", h, "answer-need_info");
    fx_run(&f);
    expect_both(h, "need_info");
    EQ(shown("buso", h, "waits_for"), "us");
    fx_clock(&f, "2027-03-10T09:00:00Z");
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'handover.requested','about':'%s',"
          "'fields':{'handover_kind':'warm','handover_reason':'next_step',"
          "'question':'Het gaat om hout.','participant_goal':'Werken.',"
          "'respond_by':'2027-03-20','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003'}}",
          who.text, h.text);
    again = people_take(&f, "result.event");
    /* Recorded is not asked; and it is asked of this partner only. */
    expect_both(h, "need_info");
    fx_refused(&f, "buso", "wrong-state", "disclosure.send",
               "{'event':'%s','to':'vdab','for':'guidance.handover'}",
               again.text);
    people_send(&f, "buso", again, "gtb", "guidance.handover");
    EQ(fx_text(&f, "result.handover"), h.text);
    fx_run(&f);
    expect_both(h, "requested");
    /* The clock starts again: 15 working days after 10 March, without Easter
       Monday, is 1 April. */
    fx_clock(&f, "2027-04-01T12:00:00Z");
    expect_both(h, "requested");
    fx_clock(&f, "2027-04-01T22:00:00Z");
    expect_both(h, "expired");
    /* A closed one cannot be asked again. */
    fx_refused(&f, "buso", "wrong-state", "event.record",
               "{'participant':'%s','type':'handover.requested','about':'%s',"
               "'fields':{'handover_kind':'warm','handover_reason':'next_step',"
               "'question':'Nog?','participant_goal':'Werken.',"
               "'respond_by':'2027-04-20','coach_name':'Iris V.',"
               "'coach_phone':'+3214000003'}}",
               who.text, h.text);
}

/* At most one open handover may move a trajectory: the newer one wins. */
Test(handover, a_newer_one_cancels_the_older)
{
    struct people_id first = request("gtb");
    struct people_id second;

    fx_run(&f);
    give("gtb", first, "answer-accepted");
    fx_run(&f);
    second = request("vdab");
    cr_expect(ne(str, first.text, second.text));
    EQ(shown("buso", first, "state"), "cancelled");
    fx_run(&f);
    expect_both(first, "cancelled");
    refuse("gtb", first, "complete");
    EQ(shown("vdab", second, "state"), "requested");
    fx_ok(&f, "buso", "handover.list", "{'open':true}");
    EQ(fx_text(&f, "result.handovers.0.handover"), second.text);
    EQ(fx_text(&f, "result.handovers.1"), "absent");
    fx_ok(&f, "buso", "handover.list", "{}");
    cr_expect(sk_value_count(fx_at(&f, "result.handovers")) == 2);
}

Test(handover, the_same_request_again_changes_nothing)
{
    struct people_id event = people_request(&f, who);
    struct people_id h;

    people_send(&f, "buso", event, "gtb", "guidance.handover");
    h = people_take(&f, "result.handover");
    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    people_send(&f, "buso", event, "gtb", "guidance.handover");
    EQ(fx_text(&f, "result.handover"), h.text);
    fx_run(&f);
    expect_both(h, "accepted");
    give("buso", h, "cancel");
    people_send(&f, "buso", event, "gtb", "guidance.handover");
    cr_expect(ne(str, (char *)fx_text(&f, "result.handover"), h.text),
              "declined or cancelled is final");
}

/* ------------------------------------------------------------- never sent */

Test(handover, that_never_left_is_known_to_nobody)
{
    struct people_id h;

    fx_offline(&f, "gtb", true);
    h = request("gtb");
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    EQ(shown("buso", h, "state"), "cancelled");
    fx_offline(&f, "gtb", false);
    fx_call(&f, "gtb", "handover.show", "{'handover':'%s'}", h.text);
    EQ(fx_text(&f, "error.code"), "unknown-handover");
}

/* Cancelled or expired while the partner was away: the request stays here. */
Test(handover, a_request_that_is_over_is_not_sent)
{
    for (size_t i = 0; i < 2; i++) {
        struct people_id h;
        struct people_id message;

        fx_offline(&f, "gtb", true);
        h = request("gtb");
        message = people_take(&f, "result.message");
        if (i == 0)
            give("buso", h, "cancel");
        fx_clock(&f, i == 0 ? "2027-03-02T09:00:00Z" : "2027-05-03T09:00:00Z");
        EQ(shown("buso", h, "state"), i == 0 ? "cancelled" : "expired");
        fx_offline(&f, "gtb", false);
        EQ(people_shown(&f, "buso", message, "state"), "dropped");
        EQ(people_shown(&f, "buso", message, "reason"), "wrong-state");
        fx_ok(&f, "gtb", "inbox.list", "{}");
        EQ(fx_text(&f, "result.messages"), "[]");
        fx_call(&f, "gtb", "handover.show", "{'handover':'%s'}", h.text);
        EQ(fx_text(&f, "error.code"), "unknown-handover");
    }
}

/* Somebody who never had the first does not get the events about it. */
Test(handover, stamps_only_messages_to_its_own_partner)
{
    struct people_id h = request("gtb");
    struct people_id message;

    fx_run(&f);
    snprintf(message.text, sizeof(message.text), "%s",
             shown("gtb", h, "request"));
    fx_ok(&f, "gtb", "inbox.peek", "{'message':'%s'}", message.text);
    EQ(fx_text(&f, "result.handover.handover"), h.text);
    EQ(fx_text(&f, "result.handover.kind"), "warm");
    EQ(fx_text(&f, "result.handover.epoch"), "1");
    EQ(people_shown(&f, "buso", message, "handover"), h.text);
}
