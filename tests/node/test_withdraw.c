/* Tests: node/engine/erasure.c, node/engine/erasure_ops.c,
   node/engine/notice.c, node/engine/recall_later.c */
#include "tests/node/inside.h"
#include "tests/node/lines.h"
#include "tests/node/people.h"

#include "node/engine/state.h"
#include "node/engine/withdraw.h"

/* docs/CONSENT.md 4: withdrawal at the one who sent, erasure at the one who
   received, and the answers.  I7 */

static struct fx f;
static struct people_id who;
static struct people_id event;

static void start(void)
{
    people_placement(&f, &who, &event);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(withdraw, .init = start, .fini = end);

static struct people_id send_it(void)
{
    struct people_id message = people_place(&f, event);

    fx_clock(&f, "2027-03-02T09:00:00Z");
    return message;
}

/* The notices of a withdrawal with these further arguments, as JSON. */
static const char *withdraw(const char *scope)
{
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'%s}", who.text,
          scope);
    return fx_text(&f, "result.notices");
}

static const char *names(struct people_id message)
{
    char path[128];

    snprintf(path, sizeof(path), "result.notices.0.messages.%s", message.text);
    return fx_text(&f, path);
}

static const char *status(const char *node, const char *key)
{
    char path[64];

    fx_ok(&f, node, "node.status", "{}");
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

static const char *peek(struct people_id message, const char *path)
{
    fx_call(&f, "houtzaak", "inbox.peek", "{'message':'%s'}", message.text);
    return fx_text(&f, path);
}

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

/* ------------------------------------------------------------- the recall */

Test(withdraw, names_only_the_fields_that_are_lost)
{
    struct people_id message = send_it();

    withdraw(",'categories':['contact']");
    EQ(names(message), "['coach_name','coach_phone']");
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    EQ(people_shown(&f, "buso", message, "recall_fields"),
       "['coach_name','coach_phone']");
    EQ(people_shown(&f, "buso", message, "fields.0"),
       "{'field':'coach_name','level':'exact','outcome':'sent',"
       "'recalled':true}");
    /* The same again has nothing left to say. */
    EQ(withdraw(",'categories':['contact']"), "[]");
    withdraw(",'categories':['identity']");
    EQ(names(message), "['given_name']");
    /* Without the category of the event nothing of it stands. */
    withdraw(",'categories':['work.job']");
    EQ(names(message), "all");
    EQ(withdraw(""), "[]");
}

Test(withdraw, reaches_only_what_it_is_about)
{
    struct people_id message = send_it();

    EQ(withdraw(",'purposes':['guidance']"), "[]");
    EQ(withdraw(",'recipients':['gtb']"), "[]");
    EQ(withdraw(",'categories':['health']"), "[]");
    EQ(people_shown(&f, "buso", message, "recall"), "none");
    EQ(status("houtzaak", "notices_open"), "0");
    withdraw(",'recipients':['houtzaak'],'purposes':['work']");
    EQ(names(message), "all");
    EQ(status("houtzaak", "notices_open"), "1");
}

Test(withdraw, leaves_the_messages_of_others_alone)
{
    struct people_id other = people_add(&f, "buso", "1999");
    struct people_id theirs = people_workplace(&f, other);
    struct people_id message;

    people_link(&f, "buso", other, "houtzaak");
    people_consent(&f, "buso", other, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    message = people_send(&f, "buso", theirs, "houtzaak", "work.placement");
    send_it();
    withdraw("");
    EQ(fx_text(&f, "result.notices.1"), "absent");
    EQ(people_shown(&f, "buso", message, "recall"), "none");
}

/* 4.3: what ran out recalls nothing; taking back after that does. */
Test(withdraw, expiry_recalls_nothing_but_withdrawing_later_does)
{
    struct people_id message = send_it();

    fx_clock(&f, "2027-06-02T09:00:00Z");
    EQ(withdraw(",'categories':['health']"), "[]");
    withdraw("");
    EQ(names(message), "all");
}

/* houtzaak says that it refuses a message. */
static void refuse(struct people_id message)
{
    static struct sk_message m;

    memset(&m, 0, sizeof(m));
    m.kind = SK_MESSAGE_REFUSAL;
    snprintf(m.refusal.code, sizeof(m.refusal.code), "malformed-item");
    snprintf(m.refusal.check, sizeof(m.refusal.check), "item");
    m.refusal.incarnation = 1;
    m.refusal.first = 1;
    m.refusal.last = 1;
    m.refusal.has_message = true;
    cr_assert(sk_id_parse(sk_text(message.text), &m.refusal.message.id));
    ln_tell(&f, "houtzaak", "buso", &m);
}

/* I7: a recipient cannot refuse itself out of a recall, after its receipt ...
 */
Test(withdraw, reaches_who_refuses_what_it_receipted)
{
    struct people_id message = send_it();

    EQ(people_shown(&f, "buso", message, "state"), "stored");
    refuse(message);
    EQ(people_shown(&f, "buso", message, "state"), "stored");
    withdraw("");
    EQ(names(message), "all");
}

/* ... or before: it had it in hands. */
Test(withdraw, reaches_who_refuses_what_it_was_handed)
{
    struct ln_trace *t = ln_trace(&f, "buso", "houtzaak");
    struct people_id message;

    t->lose[SK_MESSAGE_RECEIPT] = 100;
    message = send_it();
    EQ(people_shown(&f, "buso", message, "state"), "sent");
    refuse(message);
    EQ(people_shown(&f, "buso", message, "state"), "refused");
    withdraw("");
    EQ(names(message), "all");
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    free(t);
}

/* 4.3: what the partner erased by itself needs no recall. */
Test(withdraw, does_not_ask_back_what_is_erased)
{
    struct people_id message = send_it();

    fx_clock(&f, "2028-02-29T09:00:00Z");
    EQ(peek(message, "ok"), "true");
    fx_clock(&f, "2028-03-01T09:00:00Z");
    EQ(peek(message, "error.detail"), "erased");
    EQ(withdraw(""), "[]");
}

/* 4.2: dropped at once, not only when the line comes back. */
Test(withdraw, drops_what_waits)
{
    struct people_id message;

    fx_offline(&f, "houtzaak", true);
    message = send_it();
    EQ(status("buso", "pending.events"), "1");
    EQ(withdraw(""), "[]");
    EQ(fx_text(&f, "result.dropped.0"), message.text);
    EQ(fx_text(&f, "result.dropped.1"), "absent");
    EQ(status("buso", "pending.events"), "0");
    EQ(people_shown(&f, "buso", message, "state"), "dropped");
    EQ(people_shown(&f, "buso", message, "reason"), "consent-withdrawn");
    /* Dropped is dropped, also when she changes her mind. */
    fx_clock(&f, "2027-03-03T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    fx_offline(&f, "houtzaak", false);
    EQ(peek(message, "error.code"), "unknown-message");
    EQ(peek(message, "error.detail"), "absent");
}

/* I7: that keys are gone is said when no file holds them any more. */
Test(withdraw, erased_waits_until_the_keys_are_overwritten)
{
    struct people_id message = send_it();
    struct fx_node *node = fx_node(&f, "houtzaak");

    withdraw("");
    fx_run(&f);
    node->cannot_shred = true;
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(status("houtzaak", "shred_due"), "true");
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "recall"), "asked");

    /* Whatever else deletes no key: it waits. */
    fx_timer(&f, "houtzaak");
    fx_run(&f);
    EQ(people_shown(&f, "buso", message, "recall"), "asked");

    /* Also a node that was started again. */
    fx_crash(&f, "houtzaak");
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "recall"), "asked");

    cr_assert(eq(int, sk_store_shred(node->store), SK_OK));
    EQ(status("houtzaak", "shred_due"), "absent");
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
}

/* 4.4: also to whom nothing else goes any more. */
Test(withdraw, reaches_partners_that_are_suspended_or_without_relation)
{
    struct people_id message = send_it();

    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'houtzaak','until':'2027-03-02'}",
          who.text);
    fx_clock(&f, "2027-03-04T09:00:00Z");
    fx_partners(&f, "name: Houtzaak (fictief)",
                "status: suspended\n    name: Houtzaak (fictief)");
    fx_wait(&f, 130000);
    withdraw("");
    EQ(names(message), "all");
    fx_wait(&f, 130000);
    EQ(status("houtzaak", "notices_open"), "1");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
}

/* The policy of buso with other terms for the workplace. */
static void change_terms(const char *terms)
{
    const char *from = "version: 1\nvocabulary";
    char *policy =
        fx_need("policies/library/school-naar-werk/nodes/buso/policy.yaml");
    char *text = calloc(1, strlen(policy) + strlen(terms) + 64);
    char *at = strstr(policy, from);
    char *rule = strstr(policy, "    roles: [mentor]");

    cr_assert(at != NULL && rule != NULL);
    sprintf(text, "%.*sversion: 2\nvocabulary%.*s    on_withdrawal: %s\n%s",
            (int)(at - policy), policy, (int)(rule - at - strlen(from)),
            at + strlen(from), terms, rule);
    fx_activate(&f, "buso", text);
    free(text);
    free(policy);
}

/* Terms are those under which a message was sent: two terms, two notices. */
Test(withdraw, gives_each_message_its_own_terms)
{
    static const struct {
        const char *terms;
        const char *shown;
        const char *due;
    } rows[] = {
        {"{do: stop, within: 7 days}", "{'do':'stop','within_days':7}",
         "2027-03-10"},
        {"{do: erase, within: 3 days}", "{'do':'erase','within_days':3}",
         "2027-03-06"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct people_id first = send_it();
        struct people_id second;
        char want[256];

        change_terms(rows[i].terms);
        second = people_send(&f, "buso", event, "houtzaak", "work.placement");
        EQ(fx_text(&f, "result.on_withdrawal"), rows[i].shown);
        fx_run(&f);
        fx_clock(&f, "2027-03-03T09:00:00Z");
        withdraw("");
        cr_expect(sk_value_count(fx_at(&f, "result.notices")) == 2);
        fx_ok(&f, "houtzaak", "erasure.list", "{'from':'buso'}");
        snprintf(want, sizeof(want),
                 "'due':'%s','from':'buso','messages':{'%s'"
                 ":'all'}",
                 rows[i].due, second.text);
        cr_expect(strstr(f.reply, want) != NULL, "%s in %s", want, f.reply);
        snprintf(want, sizeof(want),
                 "'do':'erase','due':'2027-03-10','from':'buso','messages':{"
                 "'%s':'all'}",
                 first.text);
        cr_expect(strstr(f.reply, want) != NULL, "%s in %s", want, f.reply);
        end();
        start();
    }
}

/* 4.8: stop is not erase: kept out of sight until erase_by. */
Test(withdraw, stop_locks_and_does_not_erase)
{
    struct people_id message;

    change_terms("{do: stop, within: 3 days}");
    message = send_it();
    withdraw("");
    fx_run(&f);
    fx_node(&f, "houtzaak")->shredded = false;
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    cr_expect(not(fx_node(&f, "houtzaak")->shredded));
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    fx_clock(&f, "2028-03-02T09:00:00Z");
    cr_expect(fx_node(&f, "houtzaak")->shredded);
}

/* More than one notice holds. */
Test(withdraw, of_very_many_messages_takes_several_notices)
{
    uint64_t asked = 0;

    for (size_t i = 0; i < 140; i++) {
        fx_call(&f, "buso", "disclosure.send",
                "{'event':'%s','to':'houtzaak','for':'work.placement'}",
                event.text);
        if (i % 50 == 49)
            fx_run(&f);
    }
    fx_run(&f);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    withdraw("");
    for (size_t i = 0; i < 2; i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.notices.%zu.messages", i);
        asked += sk_value_count(fx_at(&f, path));
    }
    cr_expect(eq(u64, asked, 140));
    EQ(fx_text(&f, "result.notices.2"), "absent");
    for (size_t i = 0; i < 2; i++)
        fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(status("houtzaak", "notices_open"), "0");
    fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}", who.text);
    cr_expect(strstr(f.reply, "'recall':'asked'") == NULL);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages"), "[]");
}

/* The reply does not grow with all that was ever sent: else it would stand in
   the way of the withdrawal. */
Test(withdraw, of_more_messages_than_a_reply_names)
{
    uint64_t asked = 0;
    uint64_t named = 0;

    for (size_t i = 0; i < 600; i++) {
        fx_call(&f, "buso", "disclosure.send",
                "{'event':'%s','to':'houtzaak','for':'work.placement'}",
                event.text);
        if (i % 50 == 49)
            fx_run(&f);
    }
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    for (size_t i = 0; i < 10; i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.notices.%zu.messages", i);
        named += sk_value_count(fx_at(&f, path));
        snprintf(path, sizeof(path), "result.notices.%zu.count", i);
        asked += sk_value_uint(fx_at(&f, path));
    }
    cr_expect(eq(u64, named + asked, 600));
    cr_expect(named > 256 && named <= 512, "%llu", (unsigned long long)named);
    fx_run(&f);
    EQ(status("houtzaak", "notices_open"), "6");
}

/* ------------------------------------------------------------- in parts */

/* More than one transaction looks at: 5 that houtzaak has, and 3 that wait. */
static void send_very_many(struct people_id out[8])
{
    f.recall_part = 2;
    fx_crash(&f, "buso");
    for (size_t i = 0; i < 8; i++) {
        if (i == 5)
            fx_offline(&f, "houtzaak", true);
        out[i] = people_place(&f, event);
    }
    fx_clock(&f, "2027-03-02T09:00:00Z");
}

static void expect_told(const struct people_id *messages)
{
    for (size_t i = 0; i < 8; i++) {
        EQ(people_shown(&f, "buso", messages[i], "state"),
           i < 5 ? "stored" : "dropped");
        EQ(people_shown(&f, "buso", messages[i], "recall"),
           i < 5 ? "asked" : "none");
    }
    EQ(status("buso", "withdrawals"), "absent");
    EQ(status("buso", "pending.events"), "0");
}

/* Messages that houtzaak is asked to erase: none twice. */
static size_t asked_of_houtzaak(void)
{
    size_t asked = 0;

    fx_ok(&f, "houtzaak", "erasure.list", "{}");
    for (size_t i = 0; i < 16; i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.notices.%zu.count", i);
        asked += sk_value_uint(fx_at(&f, path));
    }
    return asked;
}

/* 4.4: who withdraws does not wait for it. */
Test(withdraw, of_very_much_is_told_in_parts)
{
    struct people_id messages[8];

    send_very_many(messages);
    fx_call(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    EQ(fx_text(&f, "result.under_way"), "true");
    EQ(fx_text(&f, "result.notices"), "[]");
    EQ(fx_text(&f, "result.dropped"), "[]");
    EQ(status("buso", "withdrawals"), "1");
    /* As it is: no part of it needs anything but time. */
    fx_wait(&f, 10000);
    expect_told(messages);
    fx_offline(&f, "houtzaak", false);
    cr_expect(eq(sz, asked_of_houtzaak(), 5));
    for (size_t i = 0; i < 8; i++)
        EQ(peek(messages[i], "error.code"), "unknown-message");
}

/* I7, I2: nothing of it leaves from that moment on, told or not. */
Test(withdraw, lets_nothing_leave_before_its_parts_are_done)
{
    struct people_id messages[8];

    send_very_many(messages);
    fx_call(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_offline(&f, "houtzaak", false);
    for (size_t i = 5; i < 8; i++)
        EQ(peek(messages[i], "error.detail"), "absent");
    fx_wait(&f, 10000);
    expect_told(messages);
    cr_expect(eq(sz, asked_of_houtzaak(), 5));
}

/* What was taken back is not given back by what is given afterwards. */
Test(withdraw, in_parts_is_done_before_consent_is_given_again)
{
    struct people_id messages[8];

    send_very_many(messages);
    fx_call(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    /* With the first part of it. */
    fx_call(&f, "buso", "clock.set", "{'at':'2027-03-02T10:00:00Z'}");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    expect_told(messages);
    /* Nor twice: the second one has nothing left to say. */
    EQ(withdraw(""), "[]");
    fx_wait(&f, 10000);
    fx_offline(&f, "houtzaak", false);
    cr_expect(eq(sz, asked_of_houtzaak(), 5));
}

/* To be forgotten comes behind it: partners are asked for everything once. */
Test(withdraw, in_parts_is_done_before_the_person_is_forgotten)
{
    struct people_id messages[8];

    send_very_many(messages);
    fx_call(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", who.text);
    EQ(status("buso", "withdrawals"), "absent");
    EQ(status("buso", "pending.events"), "0");
    fx_wait(&f, 10000);
    fx_offline(&f, "houtzaak", false);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages"), "[]");
}

/* A crash between two parts, and at every write of one. */
Test(withdraw, in_parts_survives_a_crash_at_every_write)
{
    struct people_id messages[8];
    struct fx_node *node = fx_node(&f, "buso");
    size_t crashes = 0;

    send_very_many(messages);
    fx_call(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    for (uint64_t writes = 1; writes < 400; writes++) {
        struct sk_input input = {.type = SK_INPUT_TIMER};
        struct sk_effects effects;
        enum sk_status status;

        sk_store_memory_fail_after(node->store, writes);
        status = fx_step(&f, fx_index(&f, "buso"), &input, &effects);
        sk_store_memory_fail_after(node->store, 0);
        if (status == SK_OK && node->wake_ms > f.real_ms)
            break;
        crashes++;
        fx_close(&f, fx_index(&f, "buso"));
        sk_store_memory_crash(node->store);
        cr_assert(fx_open(&f, fx_index(&f, "buso")) == SK_OK);
    }
    cr_expect(crashes > 8, "%zu", crashes);
    fx_wait(&f, 10000);
    expect_told(messages);
    fx_offline(&f, "houtzaak", false);
    cr_expect(eq(sz, asked_of_houtzaak(), 5));
}

/* I5: somebody whose records are broken keeps nobody else waiting. */
Test(withdraw, in_parts_goes_on_behind_one_that_is_broken)
{
    struct people_id messages[8];
    struct fx_node *node = fx_node(&f, "buso");
    struct sk_key key = sk_key_start(SK_T_RECALL);
    const struct sk_id nobody = {{0}};

    send_very_many(messages);
    fx_call(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    sk_key_id(&key, &nobody);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(sk_store_put(node->store, SK_SPACE_DATA, sk_key_done(&key),
                           (struct sk_bytes){(const uint8_t *)messages, 32}) ==
              SK_OK);
    cr_assert(sk_store_commit(node->store) == SK_OK);
    fx_wait(&f, 10000);
    EQ(status("buso", "withdrawals"), "1");
    EQ(people_shown(&f, "buso", messages[0], "recall"), "asked");
    EQ(people_shown(&f, "buso", messages[7], "state"), "dropped");
}

/* ------------------------------------------------------------- erasure */

Test(withdraw, data_are_locked_before_they_are_erased)
{
    struct people_id message = send_it();

    withdraw(",'categories':['contact']");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "inbox.open", "{'message':'%s'}", message.text);
    EQ(fx_text(&f, "result.fields.coach_name"), "absent");
    EQ(fx_text(&f, "result.fields.given_name"), "Jonas");
    withdraw("");
    fx_run(&f);
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    EQ(fx_text(&f, "result.messages"), "[]");
    /* The same message again is refused. */
    fx_ok(&f, "buso", "message.replay", "{'message':'%s'}", message.text);
    EQ(people_shown(&f, "buso", message, "replay"), "recalled");
}

Test(withdraw, erasing_destroys_the_key_and_tells_the_sender)
{
    struct people_id message = send_it();
    struct fx_node *node = fx_node(&f, "houtzaak");

    withdraw("");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.list", "{}");
    EQ(fx_text(&f, "result.notices.0.do"), "erase");
    EQ(fx_text(&f, "result.notices.0.due"), "2027-03-09");
    EQ(fx_text(&f, "result.notices.0.from"), "buso");
    node->shredded = false;
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(fx_text(&f, "result.messages.0"), message.text);
    cr_expect(node->shredded);
    EQ(peek(message, "error.detail"), "recalled");
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
    EQ(people_shown(&f, "buso", message, "answered"), "2027-03-02T09:00:00Z");
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.confirm",
               "{'from':'buso'}");
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.confirm",
               "{'from':'gtb'}");
}

Test(withdraw, is_answered_oldest_first)
{
    struct people_id message = send_it();
    struct people_id notice;

    withdraw(",'categories':['contact']");
    notice = people_take(&f, "result.notices.0.notice");
    withdraw("");
    fx_run(&f);
    EQ(status("houtzaak", "notices_open"), "2");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(fx_text(&f, "result.notice"), notice.text);
    /* The answer to the first is not the answer to the second. */
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
}

/* CONSENT 4.5: an answer cannot be taken back; the one named is answered. */
Test(withdraw, the_notice_that_is_named_is_answered)
{
    struct people_id message = send_it();
    struct people_id first;
    struct people_id second;

    withdraw(",'categories':['contact']");
    first = people_take(&f, "result.notices.0.notice");
    withdraw("");
    second = people_take(&f, "result.notices.0.notice");
    fx_run(&f);
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.confirm",
               "{'from':'gtb','notice':'%s'}", second.text);
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso','notice':'%s'}",
          second.text);
    EQ(fx_text(&f, "result.notice"), second.text);
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.confirm",
               "{'from':'buso','notice':'%s'}", second.text);
    fx_ok(&f, "houtzaak", "erasure.list", "{}");
    EQ(fx_text(&f, "result.notices.0.notice"), first.text);
    EQ(status("houtzaak", "notices_open"), "1");
}

Test(withdraw, a_law_may_keep_the_data_until_a_day)
{
    struct people_id message = send_it();

    withdraw("");
    fx_run(&f);
    fx_refused(&f, "houtzaak", "bad-argument", "erasure.refuse",
               "{'from':'buso','law_reference':'codex',"
               "'keep_until':'2027-03-01'}");
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'codex',"
          "'keep_until':'2027-09-21'}");
    EQ(status("houtzaak", "notices_open"), "0");
    EQ(people_shown(&f, "buso", message, "recall"), "kept");
    EQ(people_shown(&f, "buso", message, "law_reference"), "codex");
    EQ(people_shown(&f, "buso", message, "keep_until"), "2027-09-21");
    /* Kept, not used; no second question; gone when the law no longer asks. */
    fx_refused(&f, "houtzaak", "unknown-message", "inbox.open",
               "{'message':'%s'}", message.text);
    EQ(withdraw(""), "[]");
    fx_node(&f, "houtzaak")->shredded = false;
    fx_clock(&f, "2027-09-21T12:00:00Z");
    cr_expect(not(fx_node(&f, "houtzaak")->shredded));
    fx_clock(&f, "2027-09-21T22:00:00Z");
    cr_expect(fx_node(&f, "houtzaak")->shredded);
}

/* What was answered is no answer to what is asked next. */
Test(withdraw, a_law_named_for_a_part_says_nothing_of_the_rest)
{
    struct people_id message = send_it();

    withdraw(",'categories':['contact']");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'codex',"
          "'keep_until':'2027-09-21'}");
    fx_run(&f);
    EQ(people_shown(&f, "buso", message, "law_reference"), "codex");
    withdraw("");
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    EQ(people_shown(&f, "buso", message, "law_reference"), "absent");
    EQ(people_shown(&f, "buso", message, "keep_until"), "absent");
}

/* The day after, the rest is here as long as ever. */
Test(withdraw, a_law_named_for_a_part_ends_nothing_else)
{
    struct people_id message = send_it();

    withdraw(",'categories':['contact']");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'codex',"
          "'keep_until':'2027-09-21'}");
    fx_clock(&f, "2027-09-22T12:00:00Z");
    EQ(peek(message, "result.erase_by"), "2028-03-01");
}

/* The law may ask longer than the sender allowed. */
Test(withdraw, a_law_may_keep_the_data_beyond_erase_by)
{
    struct people_id message = send_it();

    EQ(people_shown(&f, "buso", message, "erase_by"), "2028-03-01");
    withdraw("");
    fx_run(&f);
    fx_ok(&f, "houtzaak", "erasure.refuse",
          "{'from':'buso','law_reference':'codex',"
          "'keep_until':'2028-06-30'}");
    fx_node(&f, "houtzaak")->shredded = false;
    fx_clock(&f, "2028-06-30T12:00:00Z");
    cr_expect(not(fx_node(&f, "houtzaak")->shredded));
    fx_clock(&f, "2028-07-01T12:00:00Z");
    cr_expect(fx_node(&f, "houtzaak")->shredded);
}

/* A recall that crosses the message on its way: the id is remembered. */
static bool lose(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                 size_t size)
{
    (void)fx, (void)from, (void)to, (void)bytes, (void)size;
    return false;
}

Test(withdraw, overtakes_a_message_that_was_lost_on_its_way)
{
    struct people_id message;

    f.filter = lose;
    message = send_it();
    EQ(people_shown(&f, "buso", message, "state"), "sent");
    withdraw("");
    EQ(names(message), "all");
    f.filter = NULL;
    fx_wait(&f, 130000);
    EQ(peek(message, "error.code"), "unknown-message");
    EQ(status("houtzaak", "notices_open"), "1");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    EQ(status("houtzaak", "notices_open"), "0");
}

/* 4.3: nobody knows which copy arrived, so what is out there is out there until
   the later day of both. */
Test(withdraw, reaches_what_went_before_under_a_longer_term)
{
    struct people_id message;

    f.filter = lose;
    message = send_it();
    EQ(people_shown(&f, "buso", message, "erase_by"), "2028-03-01");
    change_terms("{do: erase, within: 7 days}\n"
                 "    retain: {for: 2 months, from: sent}");
    f.filter = NULL;
    fx_wait(&f, 130000);
    EQ(peek(message, "result.erase_by"), "2027-05-02");
    EQ(people_shown(&f, "buso", message, "erase_by"), "2028-03-01");
}

/* It is on its way when it is asked back: it does not go again under a consent
   that is given after that. */
Test(withdraw, what_was_asked_back_does_not_go_again_with_a_new_consent)
{
    struct sk_store *store = fx_node(&f, "houtzaak")->store;
    const uint8_t table = SK_T_INBOX;
    uint64_t rows;

    f.filter = lose;
    send_it();
    withdraw("");
    fx_clock(&f, "2027-03-02T10:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    f.filter = NULL;
    fx_wait(&f, 130000);
    EQ(status("houtzaak", "notices_open"), "1");
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_assert(sk_store_count(store, SK_SPACE_DATA, (struct sk_bytes){&table, 1},
                             &rows) == SK_OK);
    sk_store_abort(store);
    cr_expect(eq(u64, rows, 0));
}

/* ------------------------------------------------------------- by hand */

static struct sk_item *notice_item(void)
{
    static struct sk_item item;

    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    memset(item.withdrawn.notice.bytes, 7, SK_ID_SIZE);
    item.withdrawn.entries_count = 2;
    item.withdrawn.entries[0].message.id.bytes[0] = 9;
    item.withdrawn.entries[0].all = true;
    item.withdrawn.entries[1].message.id.bytes[0] = 5;
    item.withdrawn.entries[1].all = true;
    item.withdrawn.erase = true;
    item.withdrawn.within_days = 7;
    return &item;
}

typedef enum sk_status applier(struct sk_engine *, const struct sk_org *,
                               const struct sk_item *, const char **);

/* Give an item to a node as if it came from a partner; the refusal. */
static const char *apply(applier *fn, const char *node, const char *from,
                         const struct sk_item *item)
{
    struct sk_engine *e = fx_enter(&f, node);
    const char *refusal = NULL;

    cr_assert(fn(e, &fx_node(&f, from)->org, item, &refusal) == SK_OK);
    fx_leave(e);
    return refusal == NULL ? "none" : refusal;
}

/* What a partner could make up. */
Test(withdraw, takes_only_notices_with_a_meaning)
{
    struct sk_item *item = notice_item();

    item->withdrawn.entries_count = 0;
    EQ(apply(sk_withdraw_apply, "houtzaak", "buso", item), "malformed-item");
    item = notice_item();
    item->withdrawn.entries[1] = item->withdrawn.entries[0];
    EQ(apply(sk_withdraw_apply, "houtzaak", "buso", item), "malformed-item");
    EQ(status("houtzaak", "notices_open"), "0");
    item = notice_item();
    item->withdrawn.within_days = UINT64_MAX;
    EQ(apply(sk_withdraw_apply, "houtzaak", "buso", item), "none");
    /* The same again is the same. */
    EQ(apply(sk_withdraw_apply, "houtzaak", "buso", item), "none");
    EQ(status("houtzaak", "notices_open"), "1");
    fx_ok(&f, "houtzaak", "erasure.list", "{'from':'buso'}");
    EQ(fx_text(&f, "result.notices.0.due"), "2028-03-01");
    EQ(fx_text(&f, "result.notices.0.messages"),
       "{'05000000-0000-0000-0000-000000000000':'all',"
       "'09000000-0000-0000-0000-000000000000':'all'}");
}

/* Only the one who was asked answers, and only what was asked. */
Test(withdraw, believes_only_answers_to_its_own_questions)
{
    struct people_id message = send_it();
    struct people_id notice;
    static struct sk_item item;
    struct sk_message_id id;

    withdraw("");
    notice = people_take(&f, "result.notices.0.notice");
    fx_run(&f);
    item.kind = SK_ITEM_ERASED;
    cr_assert(sk_id_parse(sk_text(notice.text), &item.answer.notice));
    cr_assert(sk_id_parse(sk_text(message.text), &id.id));
    item.answer.messages[0] = id;
    item.answer.messages_count = 1;
    EQ(apply(sk_withdraw_answer, "buso", "gtb", &item), "unknown-notice");
    item.answer.notice.bytes[0] ^= 1;
    EQ(apply(sk_withdraw_answer, "buso", "houtzaak", &item), "unknown-notice");
    item.answer.notice.bytes[0] ^= 1;
    item.answer.messages[0].id.bytes[0] ^= 1;
    EQ(apply(sk_withdraw_answer, "buso", "houtzaak", &item), "none");
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    item.answer.messages[0] = id;
    EQ(apply(sk_withdraw_answer, "buso", "houtzaak", &item), "none");
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
    /* It cannot be taken back afterwards. */
    item.kind = SK_ITEM_KEPT;
    item.answer.law_reference = sk_text("codex");
    item.answer.keep_until = sk_text("2028-01-01");
    EQ(apply(sk_withdraw_answer, "buso", "houtzaak", &item), "none");
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
}

/* Both sides die at every write of a withdrawal and an erasure. */
Test(withdraw, survives_a_crash_at_every_write)
{
    struct people_id message = send_it();

    for (uint64_t writes = 1; writes < 60; writes++) {
        enum sk_status status;

        sk_store_memory_fail_after(fx_node(&f, "buso")->store, writes);
        status = fx_try(&f, "buso", "consent.withdraw", "{'participant':'%s'}",
                        who.text);
        sk_store_memory_fail_after(fx_node(&f, "buso")->store, 0);
        if (status == SK_OK)
            break;
        fx_crash(&f, "buso");
        EQ(people_shown(&f, "buso", message, "recall"), "none");
    }
    fx_crash(&f, "buso");
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    EQ(status("houtzaak", "notices_open"), "1");
    for (uint64_t writes = 1; writes < 60; writes++) {
        enum sk_status status;

        sk_store_memory_fail_after(fx_node(&f, "houtzaak")->store, writes);
        status = fx_try(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
        sk_store_memory_fail_after(fx_node(&f, "houtzaak")->store, 0);
        if (status == SK_OK)
            break;
        fx_crash(&f, "houtzaak");
    }
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
}
