/* Tests: node/engine/disclose.c, node/engine/ledger.c */
#include "tests/node/people.h"

/* I1, I2, I3, I8: nothing about a person leaves but through the gate, decided
   when it is sent, and the ledger says what went. */

static struct fx f;
static struct people_id who;
static struct people_id event;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    event = people_workplace(&f, who);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(gate, .init = start, .fini = end);

#define TO_WORK "houtzaak", "work.placement"

static void open_all(void)
{
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, TO_WORK, PEOPLE_WORKPLACE_CATEGORIES);
}

/* The code of inbox.peek, "absent" when it is there. */
static const char *arrived(const char *node, struct people_id message)
{
    fx_call(&f, node, "inbox.peek", "{'message':'%s'}", message.text);
    return fx_text(&f, "error.code");
}

/* ------------------------------------------------------------- the gates */

Test(gate, needs_relation_and_consent_and_a_rule)
{
    cr_expect(eq(str, (char *)people_denied(&f, "buso", event, TO_WORK),
                 "not-linked"));
    people_link(&f, "buso", who, "houtzaak");
    cr_expect(eq(str, (char *)people_denied(&f, "buso", event, TO_WORK),
                 "consent-missing"));
    people_consent(&f, "buso", who, TO_WORK, "['work.job']");
    cr_expect(eq(
        str,
        (char *)people_denied(&f, "buso", event, "houtzaak", "work.matching"),
        "no-rule"));
    people_send(&f, "buso", event, TO_WORK);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.withheld.given_name"), "consent"));
    fx_refused(&f, "buso", "unknown-event", "disclosure.send",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               who.text);
    /* One message, whatever was tried. */
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.pending.items"), "1"));
}

Test(gate, without_charter_or_policy_nothing_flows)
{
    struct people_id other = people_add(&f, "vdab", "2000");
    struct people_id there;

    fx_ok(&f, "vdab", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':%s}",
          other.text, PEOPLE_WORKPLACE);
    there = people_take(&f, "result.event");
    fx_refused(&f, "vdab", "no-policy", "disclosure.send",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               there.text);
    fx_refused(&f, "vdab", "no-policy", "disclosure.preview",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               there.text);
    fx_end(&f);
    fx_begin(&f, "S2A", "2027-03-01T09:00:00Z", true);
    fx_refused(&f, "buso", "no-charter", "disclosure.send",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               event.text);
    fx_refused(&f, "buso", "no-charter", "consent.withdraw",
               "{'participant':'%s'}", who.text);
}

Test(gate, a_suspended_partner_gets_nothing)
{
    struct people_id waits;

    open_all();
    fx_offline(&f, "houtzaak", true);
    waits = people_send(&f, "buso", event, TO_WORK);
    fx_partners(&f, "name: Houtzaak (fictief)",
                "status: suspended\n    name: Houtzaak (fictief)");
    cr_expect(eq(str, (char *)people_denied(&f, "buso", event, TO_WORK),
                 "recipient-suspended"));
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    cr_expect(eq(str, (char *)arrived("houtzaak", waits), "unknown-message"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", waits, "state"), "dropped"));
}

/* ------------------------------------------------------------- preview */

/* I3: a preview comes from the same function as the payload. */
Test(gate, preview_is_what_the_partner_gets)
{
    char fields[4096];
    char levels[4096];
    struct people_id message;

    open_all();
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'houtzaak','for':'work.placement'}", event.text);
    snprintf(fields, sizeof(fields), "%s", fx_text(&f, "result.fields"));
    snprintf(levels, sizeof(levels), "%s", fx_text(&f, "result.levels"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.message"), "absent"));
    cr_expect(eq(str, fields,
                 "{'coach_name':'Iris V.','coach_phone':'+3214000003',"
                 "'given_name':'Jonas','hours_week':'16',"
                 "'occupation':'8219.1','schedule':'ma-di 08:00-16:30',"
                 "'start_date':'2027-03-08','workplace_kind':'short'}"));
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.pending.items"), "0"));

    message = people_send(&f, "buso", event, TO_WORK);
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields"), fields));
    fx_run(&f);
    cr_expect(eq(str, (char *)arrived("houtzaak", message), "absent"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields"), fields));
    cr_expect(eq(str, (char *)fx_text(&f, "result.levels"), levels));
}

Test(gate, preview_may_suppose_a_relation_and_consent)
{
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'houtzaak','for':'work.placement',"
          "'with_link':true}",
          event.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.reason"), "consent-missing"));
    fx_ok(&f, "buso", "disclosure.preview",
          "{'event':'%s','to':'houtzaak','for':'work.placement',"
          "'with_link':true,'with_consent':['work.job','identity.name']}",
          event.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.decision"), "permit"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.fields.given_name"), "Jonas"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.withheld.coach_name"), "consent"));
    /* A supposition leaves no trace. */
    cr_expect(eq(str, (char *)people_denied(&f, "buso", event, TO_WORK),
                 "not-linked"));
}

/* Also for somebody whose parent or administrator must give it. */
Test(gate, preview_supposes_the_right_giver)
{
    struct people_id child = people_add(&f, "buso", "2015-01-01");
    struct people_id third;

    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Jan','administration':['2020-01-01']}");
    third = people_take(&f, "result.participant");
    for (size_t i = 0; i < 2; i++) {
        struct people_id it = people_workplace(&f, i == 0 ? child : third);

        fx_ok(&f, "buso", "disclosure.preview",
              "{'event':'%s','to':'houtzaak','for':'work.placement',"
              "'with_link':true,'with_consent':['work.job']}",
              it.text);
        cr_expect(eq(str, (char *)fx_text(&f, "result.decision"), "permit"));
    }
}

/* ------------------------------------------------------------- when sent */

/* I2: decided at sending, not at queueing. */
Test(gate, decides_again_when_the_line_comes_back)
{
    static const struct {
        const char *op;
        const char *args;
        const char *reason;
    } changes[] = {
        {"relation.close", "'org':'houtzaak','until':'2027-03-01'",
         "not-linked"},
        {"consent.withdraw", "'purposes':['work']", "consent-withdrawn"},
        {"participant.object", "'recipients':['houtzaak']", "objection"},
    };

    for (size_t i = 0; i < SK_COUNT(changes); i++) {
        struct people_id message;

        open_all();
        fx_offline(&f, "houtzaak", true);
        message = people_send(&f, "buso", event, TO_WORK);
        cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "state"),
                     "queued"));
        /* The relation ends today: it is over tomorrow. */
        fx_ok(&f, "buso", changes[i].op, "{'participant':'%s',%s}", who.text,
              changes[i].args);
        fx_clock(&f, "2027-03-02T09:00:00Z");
        fx_offline(&f, "houtzaak", false);
        cr_expect(
            eq(str, (char *)arrived("houtzaak", message), "unknown-message"),
            "%s", changes[i].op);
        cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "state"),
                     "dropped"));
        cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "reason"),
                     (char *)changes[i].reason));
        cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "sent"),
                     "absent"));
        end();
        start();
    }
}

/* A narrower consent narrows what waits. */
Test(gate, sends_what_may_go_now_and_not_what_might_then)
{
    struct people_id message;

    open_all();
    fx_offline(&f, "houtzaak", true);
    message = people_send(&f, "buso", event, TO_WORK);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['identity']}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.dropped"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices"), "[]"));
    fx_offline(&f, "houtzaak", false);
    cr_expect(eq(str, (char *)arrived("houtzaak", message), "absent"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.fields.given_name"), "absent"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields.hours_week"), "16"));
}

/* ------------------------------------------------------------- the ledger */

Test(gate, ledger_says_per_field_what_went_and_what_did_not)
{
    struct people_id message;

    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, TO_WORK, "['work.job']");
    message = people_send(&f, "buso", event, TO_WORK);
    fx_run(&f);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "fields"),
           "[{'field':'coach_name','level':'','outcome':'consent'},"
           "{'field':'coach_phone','level':'','outcome':'consent'},"
           "{'field':'given_name','level':'','outcome':'consent'},"
           "{'field':'hours_week','level':'exact','outcome':'sent'},"
           "{'field':'occupation','level':'','outcome':'consent'},"
           "{'field':'occurred','level':'','outcome':'not-granted'},"
           "{'field':'schedule','level':'exact','outcome':'sent'},"
           "{'field':'start_date','level':'exact','outcome':'sent'},"
           "{'field':'workplace_kind','level':'kind3','outcome':'sent'},"
           "{'field':'workplace_org','level':'','outcome':'not-granted'}]"));
    cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "rules"),
                 "['workplace']"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "policy"), "buso/1"));
    cr_expect(eq(str, (char *)people_shown(&f, "buso", message, "erase_by"),
                 "2028-03-01"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "recall"), "none"));
    /* No values: the ledger is about what, not about whom. */
    cr_expect(strstr(f.reply, "Jonas") == NULL);
    cr_expect(strstr(f.reply, "08:00") == NULL);
    fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.disclosures.0.message"),
                 message.text));
    fx_ok(&f, "houtzaak", "inbox.open", "{'message':'%s'}", message.text);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "read"));
    fx_refused(&f, "buso", "unknown-message", "message.show",
               "{'message':'%s'}", who.text);
}

static bool lose(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                 size_t size)
{
    (void)fx, (void)from, (void)to, (void)bytes, (void)size;
    return false;
}

/* It left and nobody knows whether it came: what it showed counts. */
Test(gate, what_left_once_stays_in_the_ledger)
{
    struct people_id message;

    open_all();
    f.filter = lose;
    message = people_send(&f, "buso", event, TO_WORK);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "sent"));
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_call(&f, "buso", "consent.withdraw",
            "{'participant':'%s','categories':['identity']}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices.0.to"), "houtzaak"));
    fx_wait(&f, 130000);
    f.filter = NULL;
    fx_wait(&f, 130000);
    cr_expect(eq(str, (char *)arrived("houtzaak", message), "absent"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.fields.given_name"), "absent"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "recall"), "asked"));
    cr_expect(eq(str,
                 (char *)people_shown(&f, "buso", message, "recall_fields"),
                 "['given_name']"));
}

/* A receipt speaks for all places before it, but nothing arrived in an empty
   one: what was dropped was never stored. */
Test(gate, a_receipt_says_nothing_of_what_was_dropped)
{
    struct people_id dropped;
    struct people_id sent;
    struct people_id other = people_add(&f, "buso", "2000");

    open_all();
    fx_offline(&f, "buso", true);
    dropped = people_send(&f, "buso", event, TO_WORK);
    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'houtzaak','until':'2027-02-27'}",
          who.text);
    people_link(&f, "buso", other, "houtzaak");
    people_consent(&f, "buso", other, TO_WORK, PEOPLE_WORKPLACE_CATEGORIES);
    sent = people_send(&f, "buso", people_workplace(&f, other), TO_WORK);
    fx_offline(&f, "buso", false);
    fx_run(&f);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", sent, "state"), "stored"));
    cr_expect(ne(str, (char *)fx_text(&f, "result.stored"), "absent"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", dropped, "state"), "dropped"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.stored"), "absent"));
}

/* ------------------------------------------------------------- passing on */

/* I8: only the source discloses. */
Test(gate, what_was_received_is_not_passed_on)
{
    struct people_id message;

    open_all();
    message = people_send(&f, "buso", event, TO_WORK);
    fx_run(&f);
    fx_ok(&f, "houtzaak", "disclosure.send",
          "{'event':'%s','to':'vdab','for':'guidance.joint'}", message.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.reason"), "not-source"));
    fx_ok(&f, "houtzaak", "disclosure.send",
          "{'event':'%s','to':'buso','for':'guidance.joint'}", message.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.reason"), "not-source"));
    fx_ok(&f, "houtzaak", "disclosure.preview",
          "{'event':'%s','to':'vdab','for':'sanctioning'}", message.text);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.reason"), "purpose-forbidden"));
    fx_ok(&f, "houtzaak", "disclosure.send",
          "{'event':'%s','to':'nobody','for':'guidance.joint'}", message.text);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.reason"), "unknown-recipient"));
    /* Also when somebody records it as another's. */
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','source':'gtb',"
          "'fields':%s}",
          who.text, PEOPLE_WORKPLACE);
    cr_expect(eq(str,
                 (char *)people_denied(
                     &f, "buso", people_take(&f, "result.event"), TO_WORK),
                 "not-source"));
}

/* ------------------------------------------------------------- words */

static struct people_id with_schedule(const char *schedule)
{
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':{"
          "'workplace_kind':'stage','workplace_org':'1999916801',"
          "'start_date':'2027-03-08','hours_week':'16','given_name':'Jonas',"
          "'schedule':'%s','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003','occupation':'8219.1'}}",
          who.text, schedule);
    return people_take(&f, "result.event");
}

/* DOMAIN 9.3, HR07. */
Test(gate, sensitive_words_do_not_reach_a_partner_without_secrecy)
{
    static const char *const ops[] = {"disclosure.preview", "disclosure.send"};
    struct people_id bad = with_schedule("na Medicatie, 10:00");

    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, TO_WORK, "['identity.name','work.job']");
    for (size_t i = 0; i < SK_COUNT(ops); i++) {
        fx_refused(&f, "buso", "sensitive-text", ops[i],
                   "{'event':'%s','to':'houtzaak','for':'work.placement'}",
                   bad.text);
        cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "schedule"));
        cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "medicatie"));
    }
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.pending.items"), "0"));
    people_send(&f, "buso", with_schedule("na de pauze"), TO_WORK);
    /* What does not go out is not looked at. */
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['work.job']}", who.text);
    cr_expect(eq(str, (char *)people_denied(&f, "buso", bad, TO_WORK),
                 "consent-withdrawn"));
}

/* Every word of the library, inside a text and with more behind it. */
Test(gate, every_sensitive_word_is_found)
{
    char *domain = fx_need("policies/library/domain.yaml");
    char *line = strstr(domain, "\nsensitive_words: [");
    size_t words = 0;
    char *rest = NULL;

    cr_assert(line != NULL);
    *strchr(line, ']') = '\0';
    for (char *word = strtok_r(strchr(line, '[') + 1, ", ", &rest);
         word != NULL; word = strtok_r(NULL, ", ", &rest)) {
        fx_ok(&f, "buso", "text.check",
              "{'field':'schedule','value':'de %c%s2','to':'houtzaak'}",
              word[0] - 'a' + 'A', word + 1);
        cr_expect(eq(str, (char *)fx_text(&f, "result.word"), word));
        words++;
    }
    cr_expect(eq(sz, words, 24));
    free(domain);
}

Test(gate, partners_with_secrecy_may_get_them)
{
    struct people_id request;

    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'handover.requested','fields':{"
          "'handover_kind':'warm','handover_reason':'next_step',"
          "'question':'Hulp bij schulden?','participant_goal':'Werken.',"
          "'respond_by':'2027-03-12','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003'}}",
          who.text);
    request = people_take(&f, "result.event");
    people_send(&f, "buso", request, "gtb", "guidance.handover");
    cr_expect(eq(str, (char *)fx_text(&f, "result.warnings"), "absent"));
    fx_ok(&f, "buso", "text.check",
          "{'field':'question','value':'Hulp bij schulden?','to':'gtb'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.result"), "allowed"));
}

/* A charter with new words, and the policy does not know them yet. */
static char *with_version(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *out = calloc(1, strlen(text) + strlen(to) + 1);

    cr_assert(at != NULL, "no %s", from);
    snprintf(out, strlen(text) + strlen(to) + 1, "%.*s%s%s", (int)(at - text),
             text, to, at + strlen(from));
    return out;
}

static void new_words(void)
{
    char *vocabulary =
        with_version(f.vocabulary, "\nversion: 1\n", "\nversion: 2\n");
    char *partners = with_version(f.partners, "traject-vlaanderen/1",
                                  "traject-vlaanderen/2");
    char *guards =
        with_version(f.guards, "traject-vlaanderen/1", "traject-vlaanderen/2");

    free(f.vocabulary);
    free(f.partners);
    free(f.guards);
    f.vocabulary = vocabulary;
    f.partners = partners;
    f.guards = guards;
    fx_import_all(&f);
    fx_run(&f);
}

/* What waits does not leave without a policy; a withdrawal still does. */
Test(gate, without_a_policy_that_loads_only_withdrawals_go)
{
    struct people_id sent;
    struct people_id waits;

    open_all();
    sent = people_send(&f, "buso", event, TO_WORK);
    fx_run(&f);
    fx_offline(&f, "houtzaak", true);
    waits = people_send(&f, "buso", event, TO_WORK);
    new_words();
    fx_ok(&f, "buso", "policy.show", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "nil"), "%s",
              f.reply);
    fx_refused(&f, "buso", "no-policy", "disclosure.send",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               event.text);
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 5000);
    cr_expect(eq(str, (char *)arrived("houtzaak", waits), "unknown-message"));
    cr_expect(eq(str, (char *)people_shown(&f, "buso", waits, "reason"),
                 "no-policy"));
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", sent, "recall"), "asked"));
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", sent, "recall"), "confirmed"));
}

/* A store that is full says so, and nothing has happened. */
Test(gate, a_full_store_leaves_nothing_half_done)
{
    struct fx_node *node = fx_node(&f, "buso");
    enum sk_status status = SK_E_FULL;
    uint64_t writes;

    open_all();
    for (writes = 1; status != SK_OK; writes++) {
        cr_assert(writes < 100);
        sk_store_memory_fail_after(node->store, writes);
        status = fx_try(&f, "buso", "disclosure.send",
                        "{'event':'%s','to':'houtzaak',"
                        "'for':'work.placement'}",
                        event.text);
        sk_store_memory_fail_after(node->store, 0);
        if (status == SK_OK)
            break;
        cr_expect(eq(int, status, SK_E_FULL));
        fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}", who.text);
        cr_expect(eq(str, (char *)fx_text(&f, "result.disclosures"), "[]"));
    }
    cr_expect(writes > 3, "it took %d writes", (int)writes);
    fx_run(&f);
    fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}", who.text);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.disclosures.0.state"), "stored"));
}
