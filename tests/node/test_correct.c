/* Tests: node/engine/gate_correct.c */
#include "tests/node/inside.h"
#include "tests/node/lines.h"
#include "tests/node/people.h"

#include "node/engine/correction.h"
#include "node/engine/state.h"

/* docs/CONSENT.md 5.4: what was wrong is made right, also at who got it. */

static struct fx f;
static struct people_id who;
static struct people_id event;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static void start(void)
{
    people_placement(&f, &who, &event);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(correct, .init = start, .fini = end);

static struct people_id send_it(void)
{
    return people_place(&f, event);
}

/* The new event, with a right value for one field. */
static struct people_id correct(struct people_id which, const char *field,
                                const char *value)
{
    fx_call(&f, "buso", "event.correct", "{'event':'%s','fields':{'%s':'%s'}}",
            which.text, field, value);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    return people_take(&f, "result.event");
}

static const char *opened(struct people_id message, const char *key)
{
    char path[64];

    fx_ok(&f, "houtzaak", "inbox.open", "{'message':'%s'}", message.text);
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

/* The reminders of the school that its partner did not take it over. */
static const char *reminders(void)
{
    static char out[512];
    char path[64];

    fx_timer(&f, "buso");
    fx_ok(&f, "buso", "agenda.list", "{'tell':'coach'}");
    out[0] = '\0';
    for (size_t i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "result.items.%zu.timer", i);
        if (strcmp(fx_text(&f, path), "correction_unconfirmed") != 0)
            continue;
        snprintf(path, sizeof(path), "result.items.%zu.day", i);
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s ",
                 fx_text(&f, path));
        snprintf(path, sizeof(path), "result.items.%zu.state", i);
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s;",
                 fx_text(&f, path));
    }
    return out;
}

/* ------------------------------------------------------------- the way */

Test(correct, the_right_value_takes_the_place_of_the_wrong_one)
{
    struct people_id message = send_it();
    struct people_id right = correct(event, "coach_phone", "+3214000009");

    EQ(fx_text(&f, "result.corrects"), event.text);
    EQ(fx_text(&f, "result.messages.0.to"), "houtzaak");
    EQ(fx_text(&f, "result.messages.0.fields"), "{'coach_phone':'value'}");
    EQ(fx_text(&f, "result.messages.1"), "absent");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages.0.correction"), "true");
    EQ(opened(message, "fields.coach_phone"), "+3214000009");
    EQ(opened(message, "wrong"), "{'coach_phone':'+3214000003'}");
    EQ(opened(message, "correction"), "2027-03-01T09:00:00Z");
    EQ(opened(message, "fields.coach_name"), "Iris V.");
    EQ(people_shown(&f, "buso", message, "event"), right.text);
    EQ(people_shown(&f, "buso", message, "corrections.0.fields"),
       "{'coach_phone':'value'}");
    EQ(people_shown(&f, "buso", message, "corrections.0.stored"),
       "2027-03-01T09:00:00Z");
    EQ(people_shown(&f, "buso", message, "corrections.0.confirmed"), "absent");

    fx_node(&f, "houtzaak")->shredded = false;
    fx_ok(&f, "houtzaak", "inbox.corrected", "{'message':'%s'}", message.text);
    cr_expect(fx_node(&f, "houtzaak")->shredded);
    EQ(opened(message, "fields.coach_phone"), "+3214000009");
    EQ(opened(message, "wrong"), "absent");
    EQ(opened(message, "corrected"), "2027-03-01T09:00:00Z");
    EQ(people_shown(&f, "buso", message, "corrections.0.confirmed"),
       "2027-03-01T09:00:00Z");
    fx_refused(&f, "houtzaak", "no-correction", "inbox.corrected",
               "{'message':'%s'}", message.text);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages.0.correction"), "absent");
}

/* CONSENT 5.6: nothing new goes out, also not what is right. */
Test(correct, who_leaves_says_only_what_is_wrong)
{
    struct people_id message = send_it();

    fx_ok(&f, "buso", "leave.start", "{}");
    correct(event, "coach_phone", "+3214000009");
    EQ(fx_text(&f, "result.messages.0.fields"), "{'coach_phone':'wrong'}");
    fx_run(&f);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "wrong"), "{'coach_phone':'+3214000003'}");
}

/* The consent ran out, which recalls nothing; the partner still has it. */
Test(correct, without_consent_only_the_name_of_the_field_goes)
{
    struct people_id message = send_it();

    fx_clock(&f, "2027-06-02T09:00:00Z");
    correct(event, "coach_phone", "+3214000009");
    EQ(fx_text(&f, "result.messages.0.fields"), "{'coach_phone':'wrong'}");
    fx_run(&f);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "wrong"), "{'coach_phone':'+3214000003'}");
    EQ(people_shown(&f, "buso", message, "corrections.0.fields"),
       "{'coach_phone':'wrong'}");
    fx_ok(&f, "houtzaak", "inbox.corrected", "{'message':'%s'}", message.text);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "fields.coach_name"), "Iris V.");
}

/* I2: permitted when it was recorded, and not any more when it leaves. */
Test(correct, is_decided_when_it_leaves)
{
    struct people_id message = send_it();

    fx_offline(&f, "houtzaak", true);
    correct(event, "coach_phone", "+3214000009");
    EQ(fx_text(&f, "result.messages.0.fields"), "{'coach_phone':'value'}");
    EQ(people_shown(&f, "buso", message, "corrections.0.fields"),
       "{'coach_phone':'waiting'}");
    fx_clock(&f, "2027-06-02T09:00:00Z");
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "wrong"), "{'coach_phone':'+3214000003'}");
    EQ(people_shown(&f, "buso", message, "corrections.0.fields"),
       "{'coach_phone':'wrong'}");
}

Test(correct, what_waits_has_the_right_value)
{
    struct people_id message;

    fx_offline(&f, "houtzaak", true);
    message = send_it();
    correct(event, "coach_phone", "+3214000009");
    EQ(fx_text(&f, "result.messages"), "[]");
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    EQ(opened(message, "fields.coach_phone"), "+3214000009");
    EQ(opened(message, "wrong"), "absent");
    EQ(people_shown(&f, "buso", message, "corrections"), "absent");
}

static bool lose(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                 size_t size)
{
    (void)fx, (void)from, (void)to, (void)bytes, (void)size;
    return false;
}

/* Left, lost or not: it goes again with the right value, and is corrected. */
Test(correct, what_is_on_its_way_arrives_right)
{
    struct people_id message;

    f.filter = lose;
    message = send_it();
    correct(event, "coach_phone", "+3214000009");
    f.filter = NULL;
    fx_wait(&f, 130000);
    EQ(opened(message, "fields.coach_phone"), "+3214000009");
}

Test(correct, a_field_without_value_is_taken_away)
{
    struct people_id message = send_it();

    fx_ok(&f, "buso", "event.correct",
          "{'event':'%s','remove':['coach_phone']}", event.text);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "wrong"), "{'coach_phone':'+3214000003'}");
}

/* ------------------------------------------------------------- more than one
 */

Test(correct, the_last_word_counts_and_one_answer_is_for_all)
{
    struct people_id message = send_it();
    struct people_id right = correct(event, "coach_phone", "+3214000009");

    fx_run(&f);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    right = correct(right, "coach_phone", "+3214000008");
    fx_run(&f);
    correct(right, "coach_name", "Iris W.");
    fx_run(&f);
    EQ(opened(message, "fields.coach_phone"), "+3214000008");
    EQ(opened(message, "wrong"),
       "{'coach_name':'Iris V.','coach_phone':'+3214000003'}");
    fx_ok(&f, "houtzaak", "inbox.corrected", "{'message':'%s'}", message.text);
    for (int i = 0; i < 3; i++) {
        char path[64];

        snprintf(path, sizeof(path), "corrections.%d.confirmed", i);
        EQ(people_shown(&f, "buso", message, path), "2027-03-02T09:00:00Z");
    }
    EQ(people_shown(&f, "buso", message, "corrections.3"), "absent");
}

Test(correct, the_wrong_event_goes_to_nobody_any_more)
{
    struct people_id right = correct(event, "coach_phone", "+3214000009");

    fx_refused(&f, "buso", "event-corrected", "disclosure.send",
               "{'event':'%s','to':'houtzaak','for':'work.placement'}",
               event.text);
    EQ(fx_text(&f, "error.detail"), right.text);
    fx_refused(&f, "buso", "event-corrected", "event.correct",
               "{'event':'%s','fields':{'coach_phone':'+3214000008'}}",
               event.text);
    fx_ok(&f, "buso", "event.show", "{'event':'%s'}", event.text);
    EQ(fx_text(&f, "result.corrected_by"), right.text);
    EQ(fx_text(&f, "result.fields.coach_phone"), "+3214000003");
    fx_ok(&f, "buso", "event.show", "{'event':'%s'}", right.text);
    EQ(fx_text(&f, "result.corrects"), event.text);
    EQ(fx_text(&f, "result.fields.given_name"), "Jonas");
    people_send(&f, "buso", right, "houtzaak", "work.placement");
}

Test(correct, wants_values_that_are_legal_and_differ)
{
    fx_refused(&f, "buso", "bad-argument", "event.correct",
               "{'event':'%s','fields':{'coach_phone':'+3214000003'}}",
               event.text);
    fx_refused(&f, "buso", "malformed-event", "event.correct",
               "{'event':'%s','fields':{'shoe_size':'42'}}", event.text);
    fx_refused(&f, "buso", "malformed-event", "event.correct",
               "{'event':'%s','fields':{'start_date':'soon'}}", event.text);
    fx_refused(&f, "buso", "malformed-event", "event.correct",
               "{'event':'%s','remove':['workplace_kind']}", event.text);
    fx_refused(&f, "buso", "unknown-event", "event.correct",
               "{'event':'%s','remove':['coach_phone']}", who.text);
}

/* ------------------------------------------------------------- and recall */

Test(correct, leaves_out_what_was_asked_back)
{
    struct people_id message = send_it();

    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['contact']}", who.text);
    correct(event, "coach_phone", "+3214000009");
    EQ(fx_text(&f, "result.messages"), "[]");
    fx_run(&f);
    EQ(people_shown(&f, "buso", message, "corrections"), "absent");
}

/* I2: asked back while it waited; then there is nothing to correct. */
Test(correct, leaves_empty_when_its_field_was_asked_back)
{
    struct people_id message = send_it();

    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_offline(&f, "houtzaak", true);
    correct(event, "coach_phone", "+3214000009");
    EQ(people_shown(&f, "buso", message, "corrections.0.fields"),
       "{'coach_phone':'waiting'}");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['contact']}", who.text);
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "fields.coach_name"), "absent");
    EQ(opened(message, "wrong"), "absent");
    EQ(opened(message, "correction"), "absent");
    EQ(people_shown(&f, "buso", message, "corrections"), "absent");
}

Test(correct, leaves_empty_when_all_was_asked_back)
{
    struct people_id message = send_it();

    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_offline(&f, "houtzaak", true);
    correct(event, "coach_phone", "+3214000009");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    EQ(people_shown(&f, "buso", message, "corrections"), "absent");
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    fx_clock(&f, "2027-04-20T09:00:00Z");
    EQ(reminders(), "");
}

/* I7: what a correction showed is recalled like the rest. */
Test(correct, is_recalled_with_its_message)
{
    struct people_id message = send_it();

    correct(event, "coach_phone", "+3214000009");
    fx_run(&f);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['contact']}", who.text);
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "wrong"), "{}");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(opened(message, "fields.coach_phone"), "absent");
    EQ(opened(message, "wrong"), "absent");
    fx_refused(&f, "houtzaak", "no-correction", "inbox.corrected",
               "{'message':'%s'}", message.text);
}

/* GDPR art. 19: also who is suspended hears that a value is wrong. */
Test(correct, tells_a_suspended_partner_without_values)
{
    struct people_id message = send_it();

    fx_partners(&f, "name: Houtzaak (fictief)",
                "status: suspended\n    name: Houtzaak (fictief)");
    fx_wait(&f, 130000);
    correct(event, "coach_phone", "+3214000009");
    EQ(fx_text(&f, "result.messages.0.fields"), "{'coach_phone':'wrong'}");
    fx_wait(&f, 130000);
    EQ(opened(message, "wrong"), "{'coach_phone':'+3214000003'}");
    fx_ok(&f, "houtzaak", "inbox.corrected", "{'message':'%s'}", message.text);
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "corrections.0.confirmed"),
       people_shown(&f, "buso", message, "corrections.0.stored"));
}

/* ------------------------------------------------------------- reminders */

/* DOMAIN.md 6.2: seven days without an answer, per message; the answer to the
   last one is the answer to all. */
Test(correct, reminds_the_coach_until_the_partner_took_it_over)
{
    struct people_id message = send_it();
    struct people_id right = correct(event, "coach_phone", "+3214000009");

    fx_run(&f);
    EQ(reminders(), "2027-03-09 coming;");
    fx_clock(&f, "2027-03-04T09:00:00Z");
    (void)correct(right, "hours_week", "30");
    fx_run(&f);
    EQ(reminders(), "2027-03-09 coming;2027-03-12 coming;");
    fx_clock(&f, "2027-03-09T09:00:00Z");
    EQ(reminders(), "2027-03-09 raised;2027-03-12 coming;");
    EQ(fx_text(&f, "result.items.0.partner"), "houtzaak");
    EQ(fx_text(&f, "result.items.0.about"), message.text);
    EQ(fx_text(&f, "result.items.0.given_name"), "Jonas");
    fx_ok(&f, "houtzaak", "inbox.corrected", "{'message':'%s'}", message.text);
    fx_run(&f);
    EQ(reminders(), "2027-03-09 raised;");
}

/* What was asked back meanwhile is not to be put right any more. */
Test(correct, reminds_nobody_of_what_was_asked_back)
{
    (void)send_it();
    (void)correct(event, "coach_phone", "+3214000009");
    fx_run(&f);
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_clock(&f, "2027-03-20T09:00:00Z");
    EQ(reminders(), "");
}

/* ------------------------------------------------------------- by hand */

static const char *apply(struct sk_item_correction *item, const char *from)
{
    struct sk_engine *e = fx_enter(&f, "houtzaak");
    const char *refusal = NULL;

    cr_assert(sk_correction_apply(e, &fx_node(&f, from)->org, item, &refusal) ==
              SK_OK);
    fx_leave(e);
    return refusal == NULL ? "none" : refusal;
}

/* What a partner could make up. */
Test(correct, believes_only_the_one_who_sent_the_message)
{
    static struct sk_item_correction item;
    struct people_id message = send_it();
    struct people_id handle;

    opened(message, "handle");
    handle = people_take(&f, "result.handle");
    memset(&item, 0, sizeof(item));
    cr_assert(sk_id_parse(sk_text(message.text), &item.message.id));
    cr_assert(sk_id_parse(sk_text(handle.text), &item.handle.id));
    item.fields_count = 1;
    item.fields[0].name = sk_text("coach_phone");
    item.fields[0].level = sk_text("exact");
    item.fields[0].text = sk_text("+3214000001");
    EQ(apply(&item, "gtb"), "none");
    EQ(opened(message, "fields.coach_phone"), "+3214000003");
    item.handle.id.bytes[0] ^= 1;
    EQ(apply(&item, "buso"), "unknown-handle");
    item.handle.id.bytes[0] ^= 1;
    item.fields[0].level = sk_text("huge");
    EQ(apply(&item, "buso"), "malformed-item");
    /* A field that the message does not have. */
    item.fields[0].name = sk_text("birth_date");
    item.fields[0].level = sk_text("exact");
    EQ(apply(&item, "buso"), "none");
    EQ(opened(message, "wrong"), "absent");
    item.fields[0].name = sk_text("coach_phone");
    EQ(apply(&item, "buso"), "none");
    EQ(opened(message, "fields.coach_phone"), "+3214000001");
}

/* Both sides die at every write. */
Test(correct, survives_a_crash_at_every_write)
{
    struct people_id message = send_it();
    bool done = false;

    for (uint64_t writes = 1; writes < 60 && !done; writes++) {
        sk_store_memory_fail_after(fx_node(&f, "buso")->store, writes);
        done = fx_try(&f, "buso", "event.correct",
                      "{'event':'%s','fields':{'coach_phone':'+3214000009'}}",
                      event.text) == SK_OK;
        sk_store_memory_fail_after(fx_node(&f, "buso")->store, 0);
        if (done)
            break;
        fx_crash(&f, "buso");
        fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who.text);
        EQ(fx_text(&f, "result.events.1"), "absent");
    }
    cr_assert(done);
    fx_crash(&f, "buso");
    fx_wait(&f, 130000);
    EQ(opened(message, "fields.coach_phone"), "+3214000009");
    done = false;
    for (uint64_t writes = 1; writes < 60 && !done; writes++) {
        sk_store_memory_fail_after(fx_node(&f, "houtzaak")->store, writes);
        done = fx_try(&f, "houtzaak", "inbox.corrected", "{'message':'%s'}",
                      message.text) == SK_OK;
        sk_store_memory_fail_after(fx_node(&f, "houtzaak")->store, 0);
        if (!done)
            fx_crash(&f, "houtzaak");
    }
    cr_assert(done);
    fx_wait(&f, 130000);
    EQ(opened(message, "fields.coach_phone"), "+3214000009");
    cr_expect(
        ne(str,
           (char *)people_shown(&f, "buso", message, "corrections.0.confirmed"),
           (char *)"absent"));
}
