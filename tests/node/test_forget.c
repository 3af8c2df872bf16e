/* Tests: node/engine/forget_own.c, node/engine/forget_report.c,
   node/engine/forgotten.c */
#include "tests/node/lines.h"
#include "tests/node/people.h"

#include "node/engine/handover.h"
#include "node/engine/state.h"

/* docs/CONSENT.md 5.2, 5.3: who asks to be forgotten.  I7 */

static struct fx f;
static struct people_id who;
static struct people_id event;

#define INSZ "00051499705"
#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static void start(void)
{
    people_placement(&f, &who, &event);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(forget, .init = start, .fini = end);

static struct people_id send_it(void)
{
    struct people_id message = people_place(&f, event);

    fx_clock(&f, "2027-03-02T09:00:00Z");
    return message;
}

static void erase(const char *more)
{
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'not-needed'%s}", who.text, more);
}

/* A value of the report. */
static const char *report(const char *key)
{
    char path[128];

    fx_ok(&f, "buso", "participant.erasure", "{'participant':'%s'}", who.text);
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

static const char *answer_to(struct people_id message)
{
    char path[128];

    snprintf(path, sizeof(path), "partners.0.messages.%s", message.text);
    return report(path);
}

static const char *status(const char *node, const char *key)
{
    char path[64];

    fx_ok(&f, node, "node.status", "{}");
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

/* How many records of a node have these bytes in key or value. */
static size_t records_with(const char *node, enum sk_space space,
                           struct sk_bytes bytes)
{
    struct sk_store *store = fx_node(&f, node)->store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t count = 0;

    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, space, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        if (memmem(key.data, key.size, bytes.data, bytes.size) != NULL ||
            (value.size > 0 &&
             memmem(value.data, value.size, bytes.data, bytes.size) != NULL))
            count++;
    sk_store_abort(store);
    return count;
}

static bool has_row(uint8_t table)
{
    struct sk_store *store = fx_node(&f, "buso")->store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    bool found = false;

    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        found = found || sk_store_table(key) == table;
    sk_store_abort(store);
    return found;
}

/* ------------------------------------------------------------- the request */

Test(forget, asks_everybody_and_keeps_only_the_answers)
{
    struct people_id message = send_it();
    struct sk_id id;
    struct sk_bytes bytes = {id.bytes, sizeof(id.bytes)};

    cr_assert(sk_id_parse(sk_text(who.text), &id));
    fx_node(&f, "buso")->shredded = false;
    erase("");
    EQ(fx_text(&f, "result.own"), "erased");
    EQ(fx_text(&f, "result.notices.0.to"), "houtzaak");
    cr_expect(fx_node(&f, "buso")->shredded);
    fx_refused(&f, "buso", "unknown-participant", "participant.show",
               "{'participant':'%s'}", who.text);
    fx_refused(&f, "buso", "unknown-message", "message.show",
               "{'message':'%s'}", message.text);
    fx_refused(&f, "buso", "unknown-event", "event.show", "{'event':'%s'}",
               event.text);
    fx_ok(&f, "buso", "participant.find", "{'name':'Jonas'}");
    EQ(fx_text(&f, "result.participants"), "[]");
    fx_ok(&f, "buso", "participant.list", "{}");
    EQ(fx_text(&f, "result.participants"), "[]");
    cr_expect(eq(sz, records_with("buso", SK_SPACE_KEYS, bytes), 0));

    /* The partner is asked, and answers, as to a withdrawal. */
    EQ(answer_to(message), "asked");
    EQ(report("waiting"), "1");
    EQ(status("buso", "erasures_open"), "1");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.list", "{}");
    EQ(fx_text(&f, "result.notices.0.ground"), "not-needed");
    EQ(fx_text(&f, "result.notices.0.do"), "erase");
    EQ(fx_text(&f, "result.notices.0.due"), "2027-03-09");
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(answer_to(message), "erased");
    EQ(report("waiting"), "0");
    EQ(report("partners.0.answered"), "2027-03-02T09:00:00Z");
    EQ(report("own"), "erased");
    EQ(report("erased"), "2027-03-02T09:00:00Z");
    EQ(status("buso", "erasures_open"), "absent");
    fx_ok(&f, "buso", "participant.erasures", "{}");
    EQ(fx_text(&f, "result.erasures.0.participant"), who.text);
    EQ(fx_text(&f, "result.erasures.1"), "absent");
    fx_ok(&f, "buso", "participant.erasures", "{'after':'%s'}", who.text);
    EQ(fx_text(&f, "result.erasures"), "[]");

    /* What is left: the report with its notice, whose it is, and a handle. */
    cr_expect(le(sz, records_with("buso", SK_SPACE_DATA, bytes), 6));
}

static void record(const char *type, const char *fields)
{
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'%s','fields':%s}", who.text, type,
          fields);
}

/* Something in each table of the person. */
static void fill_tables(void)
{
    static struct sk_item item;
    struct people_id message = send_it();

    record("trajectory.started", "{'start_date':'2027-03-01','phase':'intake',"
                                 "'status':'active','programme':'twe'}");
    record("employment.started", "{'start_date':'2027-03-01','circuit':'nec',"
                                 "'employer_org':'1999900765'}");
    fx_ok(&f, "buso", "event.correct",
          "{'event':'%s','fields':{'coach_phone':'+3214000009'}}", event.text);
    fx_ok(&f, "buso", "draft.add",
          "{'participant':'%s','type':'trajectory.started','source':'vdab',"
          "'occurred':'2027-01-04','fields':{'start_date':'2027-01-04',"
          "'status':'active'}}",
          who.text);
    fx_ok(&f, "buso", "participant.object",
          "{'participant':'%s','recipients':['clb']}", who.text);
    ln_event(&item, 7);
    item.event.source = sk_text("gtb");
    item.event.erase_by = sk_text("2027-12-01");
    ln_item(&f, "gtb", "buso", &item, 1);
    fx_ok(&f, "buso", "inbox.list", "{}");
    fx_ok(&f, "buso", "inbox.assign", "{'message':'%s','participant':'%s'}",
          fx_text(&f, "result.messages.0.message"), who.text);
    fx_ok(&f, "houtzaak", "inbox.withdraw", "{'message':'%s'}", message.text);
    fx_run(&f);
}

/* Days and sets of consents that decisions looked at, in memory. */
static size_t facts_in_memory(void)
{
    const struct sk_engine *e = fx_node(&f, "buso")->engine;
    size_t count = 0;

    for (size_t i = 0; i < SK_KEPT_FACTS; i++)
        count += e->kept_facts[i].facts != NULL ? 1 : 0;
    return count;
}

/* The last test of "nothing is readable": not one value, key or index row. */
Test(forget, leaves_no_row_that_only_the_person_had)
{
    static const uint8_t gone[] = {
        SK_T_INSZ,      SK_T_NAME,          SK_T_EVENT_OF, SK_T_CONSENT_OF,
        SK_T_LEDGER_OF, SK_T_TRAJECTORY_OF, SK_T_HANDLE};
    static const uint8_t kept[] = {SK_T_CASE, SK_T_LOOKED, SK_T_TIMER_ABOUT};
    struct sk_store *store = fx_node(&f, "buso")->store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;

    fill_tables();
    for (uint8_t i = SK_T_PARTICIPANT; i <= SK_T_EVENT; i++)
        cr_expect(has_row(i) || memchr(kept, i, sizeof(kept)) != NULL,
                  "nothing in table %d", i);
    /* But for the number, which Jonas has none of. */
    for (size_t i = 1; i < sizeof(gone); i++)
        cr_expect(has_row(gone[i]), "nothing in table %c", gone[i]);
    cr_expect(eq(sz, facts_in_memory(), 1));
    erase("");
    cr_expect(eq(sz, facts_in_memory(), 0));
    for (size_t i = 0; i < sizeof(gone); i++)
        cr_expect(not(has_row(gone[i])), "table %c", gone[i]);
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_text("~"));
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        cr_expect(memchr(kept, sk_store_table(key), sizeof(kept)) != NULL,
                  "table %d of the person", sk_store_table(key));
    sk_store_abort(store);
}

Test(forget, is_found_by_its_number_no_more)
{
    struct people_id other;

    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Jonas','family_name':'Mertens','birth_date':"
          "'2000-05-14','insz':'" INSZ "'}");
    other = people_take(&f, "result.participant");
    fx_refused(&f, "buso", "insz-known", "participant.add",
               "{'given_name':'Jonas','insz':'" INSZ "'}");
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", other.text);
    EQ(fx_text(&f, "result.notices"), "[]");
    fx_ok(&f, "buso", "participant.find", "{'insz':'" INSZ "'}");
    EQ(fx_text(&f, "result.participants"), "[]");
    fx_ok(&f, "buso", "participant.find", "{'name':'Jonas'}");
    EQ(fx_text(&f, "result.participants.0.participant"), who.text);
    EQ(fx_text(&f, "result.participants.1"), "absent");
    /* The same person may come back, as somebody new. */
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Jonas','insz':'" INSZ "'}");
}

Test(forget, wants_a_ground_and_a_law_with_its_day)
{
    static const struct {
        const char *args;
        const char *code;
    } rows[] = {
        {"'ground':'because'", "bad-argument"},
        {"'ground':'not-needed','keep_until':'2030-01-01'", "missing-argument"},
        {"'ground':'not-needed','law':'codex'", "missing-argument"},
        {"'ground':'not-needed','law':'codex','keep_until':'2027-02-28'",
         "bad-argument"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        fx_call(&f, "buso", "participant.erase", "{'participant':'%s',%s}",
                who.text, rows[i].args);
        EQ(fx_text(&f, "error.code"), rows[i].code);
    }
    fx_refused(&f, "buso", "unknown-participant", "participant.erase",
               "{'participant':'%s','ground':'not-needed'}", event.text);
    fx_refused(&f, "buso", "unknown-erasure", "participant.erasure",
               "{'participant':'%s'}", who.text);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
}

/* By the id of the person no handover is found, also after it is written once
   more. */
static void must_not_find_handovers(struct people_id handover)
{
    struct sk_engine *e = fx_node(&f, "buso")->engine;

    cr_expect(not(has_row(SK_T_HANDOVER_BY)));
    for (int again = 0; again < 2; again++) {
        struct sk_handover_id id;
        struct sk_handover h;

        cr_assert(sk_id_parse(sk_text(handover.text), &id.id));
        cr_assert(sk_store_begin(e->store) == SK_OK);
        cr_assert(sk_handover_get(e, &id, &h) == SK_OK);
        cr_assert(not(sk_id_is_zero(&h.participant.id)));
        cr_assert(sk_handover_put(e, &h) == SK_OK);
        cr_assert(sk_store_commit(e->store) == SK_OK);
        cr_expect(not(has_row(SK_T_HANDOVER_BY)));
    }
}

/* The receiver must be able to go on with what it was asked: first the end of
   the handover. */
Test(forget, waits_for_the_end_of_a_handover)
{
    struct people_id request = people_request(&f, who);
    struct people_id handover;

    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    people_send(&f, "buso", request, "gtb", "guidance.handover");
    handover = people_take(&f, "result.handover");
    fx_run(&f);
    fx_refused(&f, "buso", "handover-open", "participant.erase",
               "{'participant':'%s','ground':'not-needed'}", who.text);
    EQ(fx_text(&f, "error.detail"), handover.text);
    fx_ok(&f, "buso", "handover.cancel", "{'handover':'%s'}", handover.text);
    erase("");
    EQ(fx_text(&f, "result.own"), "erased");
    fx_ok(&f, "buso", "handover.show", "{'handover':'%s'}", handover.text);
    EQ(fx_text(&f, "result.state"), "cancelled");
    fx_run(&f);
    must_not_find_handovers(handover);
    fx_ok(&f, "gtb", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(report("waiting"), "0");
}

/* ------------------------------------------------------------- a law */

Test(forget, a_law_keeps_our_own_records_until_its_day)
{
    struct people_id message = send_it();

    erase(",'keep_until':'2027-09-30','law':'OCMW-wet, art. 60'");
    EQ(fx_text(&f, "result.own"), "kept");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(answer_to(message), "erased");
    EQ(report("own"), "kept");
    EQ(report("law"), "OCMW-wet, art. 60");
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
    /* Nothing flows from now on. */
    EQ(people_denied(&f, "buso", event, "houtzaak", "work.placement"),
       "consent-withdrawn");
    fx_clock(&f, "2027-09-30T12:00:00Z");
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    fx_clock(&f, "2027-10-01T12:00:00Z");
    fx_refused(&f, "buso", "unknown-participant", "participant.show",
               "{'participant':'%s'}", who.text);
    EQ(report("own"), "erased");
    EQ(report("erased"), "2027-10-01T12:00:00Z");
}

Test(forget, who_came_back_since_is_not_erased_by_the_clock)
{
    erase(",'keep_until':'2027-03-10','law':'OCMW-wet, art. 60'");
    fx_clock(&f, "2027-03-05T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    fx_clock(&f, "2027-03-20T12:00:00Z");
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    EQ(report("own"), "kept");
    /* But at once when it is asked again. */
    erase("");
    EQ(report("own"), "erased");
}

/* ------------------------------------------------------------- the answers */

Test(forget, shows_who_must_keep_it_and_why)
{
    struct people_id message = send_it();

    erase("");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'codex','keep_until':"
          "'2027-09-21'}");
    fx_run(&f);
    EQ(answer_to(message), "kept");
    EQ(report("partners.0.law_reference"), "codex");
    EQ(report("partners.0.keep_until"), "2027-09-21");
    EQ(report("waiting"), "0");
    /* It cannot be taken back afterwards. */
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.confirm",
               "{'from':'buso'}");
}

/* Asked back before and kept by a law: not asked again, but reported. */
Test(forget, does_not_ask_again_what_a_law_keeps)
{
    struct people_id message = send_it();

    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'codex','keep_until':"
          "'2027-09-21'}");
    fx_run(&f);
    erase("");
    EQ(fx_text(&f, "result.notices"), "[]");
    EQ(answer_to(message), "kept");
    EQ(report("partners.0.law_reference"), "codex");
    EQ(report("waiting"), "0");
    EQ(status("buso", "erasures_open"), "absent");
}

/* What was asked back and not answered would be followed by nobody. */
Test(forget, asks_again_what_was_not_answered)
{
    struct people_id message = send_it();

    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_run(&f);
    erase("");
    EQ(fx_text(&f, "result.notices.0.to"), "houtzaak");
    fx_run(&f);
    EQ(status("houtzaak", "notices_open"), "2");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(answer_to(message), "asked");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(answer_to(message), "erased");
}

/* 4.6: after seven days the privacy officer hears it, of nobody by name. */
Test(forget, somebody_is_told_when_no_answer_comes)
{
    send_it();
    erase("");
    fx_clock(&f, "2027-03-20T09:00:00Z");
    fx_ok(&f, "buso", "agenda.list", "{}");
    EQ(fx_text(&f, "result.items.0.timer"), "withdrawal_unconfirmed");
    EQ(fx_text(&f, "result.items.0.state"), "raised");
    EQ(fx_text(&f, "result.items.0.partner"), "houtzaak");
    EQ(fx_text(&f, "result.items.0.given_name"), "absent");
    EQ(fx_text(&f, "result.items.1"), "absent");
}

/* ------------------------------------------------------------- crossings */

Test(forget, what_waits_never_leaves)
{
    struct people_id message;

    fx_offline(&f, "houtzaak", true);
    message = send_it();
    EQ(status("buso", "pending.events"), "1");
    erase("");
    EQ(fx_text(&f, "result.dropped.0"), message.text);
    EQ(status("buso", "pending.events"), "0");
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages"), "[]");
    EQ(status("buso", "pending.events"), "0");
    EQ(status("buso", "pending.items"), "0");
}

static bool lose(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                 size_t size)
{
    (void)fx, (void)from, (void)to, (void)bytes, (void)size;
    return false;
}

/* Left, lost or not: nobody knows.  The partner is asked, the line goes on. */
Test(forget, what_is_on_its_way_is_asked_back)
{
    struct people_id message;

    f.filter = lose;
    message = send_it();
    EQ(people_shown(&f, "buso", message, "state"), "sent");
    erase("");
    EQ(answer_to(message), "asked");
    f.filter = NULL;
    fx_wait(&f, 130000);
    EQ(status("buso", "pending.items"), "0");
    EQ(status("buso", "pending.events"), "0");
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_wait(&f, 130000);
    EQ(answer_to(message), "erased");
    /* The next message goes as ever. */
    ln_publish(&f, "buso", "houtzaak", 0, 3);
    fx_wait(&f, 130000);
    ln_check(&f, "houtzaak", "buso", 3);
}

static bool lose_receipts(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                          size_t size)
{
    (void)bytes, (void)size;
    return !(from == fx_index(fx, "houtzaak") && to == fx_index(fx, "buso"));
}

/* It arrived, its receipt did not. */
Test(forget, what_arrived_without_receipt_is_asked_back)
{
    struct people_id message;

    f.filter = lose_receipts;
    message = send_it();
    f.filter = NULL;
    erase("");
    fx_wait(&f, 130000);
    EQ(status("buso", "pending.items"), "0");
    EQ(status("buso", "pending.events"), "0");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_wait(&f, 130000);
    EQ(answer_to(message), "erased");
}

/* What partners sent about the person goes too. */
Test(forget, erases_what_partners_sent_about_the_person)
{
    struct people_id message = send_it();
    struct people_id here;
    struct fx_node *node = fx_node(&f, "houtzaak");

    here = people_add(&f, "houtzaak", "2000-05-14");
    fx_ok(&f, "houtzaak", "inbox.assign", "{'message':'%s','participant':'%s'}",
          message.text, here.text);
    node->shredded = false;
    fx_ok(&f, "houtzaak", "participant.erase",
          "{'participant':'%s','ground':'objection'}", here.text);
    cr_expect(node->shredded);
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages"), "[]");
    /* It is not taken in again. */
    fx_ok(&f, "buso", "message.replay", "{'message':'%s'}", message.text);
    fx_run(&f);
    EQ(people_shown(&f, "buso", message, "replay"), "recalled");
    /* And the source can still ask it back. */
    erase("");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(answer_to(message), "erased");
}

/* Dies at every write: all of it, or nothing (I4). */
Test(forget, survives_a_crash_at_every_write)
{
    struct people_id message = send_it();
    bool done = false;

    for (uint64_t writes = 1; writes < 120 && !done; writes++) {
        enum sk_status status;

        sk_store_memory_fail_after(fx_node(&f, "buso")->store, writes);
        status = fx_try(&f, "buso", "participant.erase",
                        "{'participant':'%s','ground':'not-needed'}", who.text);
        sk_store_memory_fail_after(fx_node(&f, "buso")->store, 0);
        done = status == SK_OK;
        if (done)
            break;
        fx_crash(&f, "buso");
        EQ(people_shown(&f, "buso", message, "recall"), "none");
    }
    cr_assert(done);
    fx_crash(&f, "buso");
    fx_wait(&f, 130000);
    EQ(answer_to(message), "asked");
    EQ(status("houtzaak", "notices_open"), "1");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_wait(&f, 130000);
    EQ(answer_to(message), "erased");
}
