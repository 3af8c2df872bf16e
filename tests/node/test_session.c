/* Tests: node/engine/peer.c */
#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"

/* PROTOCOL.md 8.9: an idle line speaks every 20 s, so that each side knows
   within a minute that the other is gone. */
Test(session, idle_line_is_kept_alive)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    fx_wait(&f, 19000);
    cr_expect(eq(str, t->text, ""));
    fx_wait(&f, 2000);
    cr_expect(eq(str, t->text,
                 "buso>gtb HELLO 1:0 has 1:0\n"
                 "gtb>buso HELLO 1:0 has 1:0\n"));
    fx_wait(&f, 120000);
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "nothing"));
    free(t);
    fx_end(&f);
}

/* A line that says nothing for a minute is asked, and asked again ever more
   slowly, at most every two minutes; its first word ends that. */
Test(session, silence_is_asked_with_back_off)
{
    static struct fx f;
    struct ln_trace *t;
    size_t asks = 0;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_HELLO] = 1000000;
    fx_wait(&f, 61000);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"),
                 "their-hello"));
    ln_clear(t);
    fx_wait(&f, 3600000);
    for (char *at = t->text; (at = strstr(at, "buso>gtb")) != NULL; at++)
        asks++;
    cr_expect(asks > 25 && asks < 45, "%zu in an hour", asks);
    ln_publish(&f, "buso", "gtb", 0, 1);
    t->lose[SK_MESSAGE_HELLO] = 0;
    fx_wait(&f, 121000);
    ln_check(&f, "gtb", "buso", 1);
    /* It is not held against it later. */
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    ln_publish(&f, "buso", "gtb", 1, 1);
    fx_run(&f);
    fx_wait(&f, 6000);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "2"));
    free(t);
    fx_end(&f);
}

/* "I am back" clears the back-off at once. */
Test(session, line_up_does_not_wait)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_HELLO] = 1000000;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_wait(&f, 3600000);
    t->lose[SK_MESSAGE_HELLO] = 0;
    fx_offline(&f, "gtb", true);
    fx_offline(&f, "gtb", false);
    ln_check(&f, "gtb", "buso", 1);
    free(t);
    fx_end(&f);
}

/* A clean stop says so; the other waits without knocking. */
Test(session, bye_stops_the_knocking)
{
    static struct fx f;
    struct sk_input stop = {.type = SK_INPUT_STOP};
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    fx_must(&f, fx_index(&f, "gtb"), &stop);
    fx_run(&f);
    cr_expect(eq(str, t->text, "gtb>buso BYE\n"));
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_wait(&f, 60000);
    cr_expect(eq(str, t->text, "gtb>buso BYE\n"));
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "line"));
    fx_crash(&f, "gtb");
    ln_check(&f, "gtb", "buso", 1);
    free(t);
    fx_end(&f);
}

/* One broken partner does not delay another. */
Test(session, partners_do_not_wait_for_each_other)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 1000;
    t->lose[SK_MESSAGE_ITEMS] = 1000;
    for (unsigned i = 0; i < 20; i++) {
        ln_publish(&f, "buso", "gtb", i, 1);
        ln_publish(&f, "buso", "vdab", i, 1);
        fx_run(&f);
    }
    ln_check(&f, "vdab", "buso", 20);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "vdab", "unconfirmed"), "0"));
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "20"));
    free(t);
    fx_end(&f);
}

/* A state always says what it waits for. */
Test(session, peer_says_what_it_waits_for)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    fx_call(&f, "buso", "peer.show", "{'org':'gtb'}");
    /* The key of its line, which is another one each time, between them. */
    cr_expect(
        ne(ptr,
           strstr(f.reply,
                  "{'ok':true,'result':{'card':1,'charter':1,'endpoint':'',"
                  "'heard':'2026-09-01T08:00:00Z','incarnation':1,"
                  "'line':'up','name':'GTB Kempen','org':'gtb','queue':0,"
                  "'received':0,'role':'gtb','sent':0,'status':'active',"
                  "'stored':0,'transport':"),
           NULL));
    cr_expect(ne(ptr,
                 strstr(f.reply, ",'unconfirmed':0,'unread':0,"
                                 "'unread_bytes':0,'waits_for':'nothing'}}"),
                 NULL));
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"),
                 "their-receipt"));
    fx_offline(&f, "gtb", true);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "line"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.line"), "down"));
    fx_call(&f, "buso", "peer.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.peers")), f.count - 1));
    fx_refused(&f, "buso", "unknown-org", "peer.show", "{'org':'niemand'}");
    free(t);
    fx_end(&f);
}

/* For people: whose clock is wrong. */
Test(session, tells_whose_clock_is_off)
{
    static struct fx f;
    struct sk_message m = {.kind = SK_MESSAGE_HELLO};
    const struct {
        int64_t off_ms;
        const char *clock;
        const char *seconds;
    } rows[] = {
        {0, "absent", "absent"},        {60000, "absent", "absent"},
        {60001, "ahead", "60"},         {-60000, "absent", "absent"},
        {-86400000, "behind", "86400"}, {0, "absent", "absent"},
    };

    fx_start(&f, "S2A", START);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        m.hello = (struct sk_hello){
            .incarnation = 1,
            .peer_incarnation = 1,
            .card_version = 1,
            .charter_version = 1,
            .sent_ms = (uint64_t)((int64_t)f.real_ms + rows[i].off_ms)};
        ln_tell(&f, "gtb", "buso", &m);
        cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "clock"),
                     (char *)rows[i].clock));
        cr_expect(eq(str, (char *)fx_text(&f, "result.clock_off_s"),
                     (char *)rows[i].seconds));
    }
    fx_end(&f);
}

/* PROTOCOL.md 8.9: who asks without end is not answered without end; nothing
   is lost by it. */
Test(session, answers_ten_hellos_in_ten_seconds)
{
    static struct fx f;
    struct sk_message m = {.kind = SK_MESSAGE_HELLO};
    struct ln_trace *t;
    unsigned answers = 0;
    const char *at;

    fx_start(&f, "S2A", START);
    f.real_ms += 60000;
    t = ln_trace(&f, "buso", "gtb");
    m.hello = (struct sk_hello){.incarnation = 1,
                                .peer_incarnation = 1,
                                .card_version = 1,
                                .charter_version = 1,
                                .answer = true};
    for (int i = 0; i < 100; i++)
        ln_tell(&f, "gtb", "buso", &m);
    for (at = t->text; (at = strstr(at, "buso>gtb HELLO")) != NULL; at++)
        answers++;
    cr_expect(eq(uint, answers, 10));
    f.real_ms += 1000;
    ln_clear(t);
    ln_tell(&f, "gtb", "buso", &m);
    cr_expect(ne(ptr, strstr(t->text, "buso>gtb HELLO"), NULL));
    ln_publish(&f, "buso", "gtb", 0, 3);
    fx_run(&f);
    fx_wait(&f, 70000);
    ln_check(&f, "gtb", "buso", 3);
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 8.9: what nobody says often is not even opened when somebody
   does, be it answered (HELLO of an old card) or not.  Later it is heard again.
 */
Test(session, who_says_too_much_is_not_opened_for_a_while)
{
    static const enum sk_message_kind kinds[] = {
        SK_MESSAGE_HELLO, SK_MESSAGE_BYE,   SK_MESSAGE_WANT,
        SK_MESSAGE_PROVE, SK_MESSAGE_PROOF, SK_MESSAGE_CARD};
    static struct fx f;
    struct sk_message greet = {.kind = SK_MESSAGE_HELLO};
    struct sk_hello hello = {
        .incarnation = 1, .peer_incarnation = 1, .charter_version = 1};
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    greet.hello = hello;
    greet.hello.card_version = 1;
    greet.hello.answer = true;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        static struct sk_message m;

        f.real_ms += 600000;
        m = (struct sk_message){.kind = kinds[i]};
        if (kinds[i] == SK_MESSAGE_HELLO)
            m.hello = hello; /* of a card before ours: it gets ours */
        else if (kinds[i] == SK_MESSAGE_WANT)
            m.want = (struct sk_want){.version = 1};
        else if (kinds[i] == SK_MESSAGE_CARD)
            m.card = (struct sk_bytes){(const uint8_t *)"no card", 7};
        /* WANT: 128 are answered. */
        for (int n = 0; n < (kinds[i] == SK_MESSAGE_WANT ? 240 : 120); n++)
            ln_tell(&f, "gtb", "buso", &m);
        ln_clear(t);
        ln_tell(&f, "gtb", "buso", &greet);
        cr_expect(eq(ptr, strstr(t->text, "buso>gtb HELLO"), NULL),
                  "kind %d is opened without end", kinds[i]);
        f.real_ms += 2000;
        ln_tell(&f, "gtb", "buso", &greet);
        cr_expect(ne(ptr, strstr(t->text, "buso>gtb HELLO"), NULL),
                  "kind %d: it is not heard again", kinds[i]);
    }
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 8.9: a HELLO after each BYE does not make us send all that waits
   for it each time; when it is done with that, it gets it. */
Test(session, sends_again_ten_times_in_ten_seconds)
{
    static struct fx f;
    struct sk_message hello = {.kind = SK_MESSAGE_HELLO};
    struct sk_message bye = {.kind = SK_MESSAGE_BYE};
    struct ln_trace *t;
    unsigned sent = 0;
    const char *at;

    fx_start(&f, "S2A", START);
    f.real_ms += 60000;
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 1000;
    t->lose[SK_MESSAGE_HELLO] = 1000;
    ln_publish(&f, "buso", "gtb", 0, 3);
    fx_run(&f);
    t->lose[SK_MESSAGE_HELLO] = 0;
    ln_clear(t);
    hello.hello = (struct sk_hello){.incarnation = 1,
                                    .peer_incarnation = 1,
                                    .card_version = 1,
                                    .charter_version = 1};
    for (int i = 0; i < 100; i++) {
        ln_tell(&f, "gtb", "buso", &bye);
        ln_tell(&f, "gtb", "buso", &hello);
    }
    for (at = t->text; (at = strstr(at, "buso>gtb ITEMS")) != NULL; at++)
        sent++;
    cr_expect(eq(uint, sent, 10));
    t->lose[SK_MESSAGE_RECEIPT] = 0;
    fx_wait(&f, 12000);
    ln_check(&f, "gtb", "buso", 3);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "3"));
    free(t);
    fx_end(&f);
}

/* What waits waits as long on the new clock: a receipt, a HELLO, an answer to
   one. */
Test(session, clock_that_is_set_back_delays_nothing)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    f.real_ms -= 86400000;
    fx_timer(&f, "buso");
    fx_timer(&f, "gtb");
    fx_run(&f);
    fx_wait(&f, 60000);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "1"));
    free(t);
    fx_end(&f);
}
