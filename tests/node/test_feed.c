/* Who follows along: in order, again until confirmed, and nothing erased. */
#include "node/engine/feed.h"
#include "tests/node/people.h"

static struct fx f;
static struct people_id who;
static struct people_id event;
static struct people_id message;

TestSuite(feed);

/* Jonas at the school, one workplace to be shared with the company. */
static void begin(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    who = people_add(&f, "buso", "1999");
    people_link(&f, "buso", who, "houtzaak");
    event = people_workplace(&f, who);
}

static void share(void)
{
    (void)people_consent(&f, "buso", who, "houtzaak", "work.placement",
                         PEOPLE_WORKPLACE_CATEGORIES);
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_run(&f);
}

/* "kind kind ..." of what this node tells, from a number on. */
static const char *kinds(const char *node, uint64_t since)
{
    static char out[1024];
    size_t used = 0;

    out[0] = '\0';
    fx_ok(&f, node, "feed.read", "{'since':%llu}", (unsigned long long)since);
    for (int i = 0; i < 50; i++) {
        char path[64];
        const char *kind;

        snprintf(path, sizeof(path), "result.entries.%d.kind", i);
        kind = fx_text(&f, path);
        if (strcmp(kind, "absent") == 0)
            break;
        used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%s",
                                 i > 0 ? " " : "", kind);
    }
    return out;
}

static unsigned long long last(const char *node)
{
    fx_ok(&f, node, "feed.list", "{}");
    return strtoull(fx_text(&f, "result.last"), NULL, 10);
}

Test(feed, tells_what_was_recorded_with_its_fields)
{
    begin();
    cr_expect(eq(str, (char *)kinds("buso", 0), "event"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries.0.event.event"),
                 event.text));
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries.0.event.participant"),
                 who.text));
    cr_expect(eq(str,
                 (char *)fx_text(&f, "result.entries.0.event.fields."
                                     "workplace_kind"),
                 "stage"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.next"), "1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
    cr_expect(eq(str, (char *)kinds("buso", 1), ""));
    cr_expect(eq(str, (char *)fx_text(&f, "result.next"), "1"));
    fx_end(&f);
}

/* At least once: what was not confirmed comes again, and only to that name. */
Test(feed, comes_again_until_it_is_confirmed)
{
    begin();
    for (int i = 0; i < 2; i++) {
        fx_ok(&f, "buso", "feed.read", "{'subscriber':'cvs'}");
        cr_expect(
            eq(str, (char *)fx_text(&f, "result.entries.0.kind"), "event"));
    }
    fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'cvs','cursor':1}");
    fx_ok(&f, "buso", "feed.read", "{'subscriber':'cvs'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries"), "[]"));
    fx_ok(&f, "buso", "feed.read", "{'subscriber':'other'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries.0.kind"), "event"));
    /* it never goes back, nor beyond what there is */
    (void)people_workplace(&f, who);
    fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'cvs','cursor':2}");
    fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'cvs','cursor':1}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.cursor"), "2"));
    fx_call(&f, "buso", "feed.confirm", "{'subscriber':'cvs','cursor':3}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "cursor"));
    fx_ok(&f, "buso", "feed.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.subscribers"),
                 "[{'cursor':2,'subscriber':'cvs'}]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.org"), "buso"));
    fx_end(&f);
}

Test(feed, tells_a_message_without_opening_it)
{
    begin();
    share();
    cr_expect(eq(str, (char *)kinds("houtzaak", 0), "message"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries.0.message.message"),
                 message.text));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.entries.0.message.from"), "buso"));
    fx_run(&f);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));
    fx_ok(&f, "houtzaak", "inbox.list", "{'new':true}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages.0.message"),
                 message.text));
    fx_end(&f);
}

Test(feed, tells_whom_a_message_is_about)
{
    struct people_id there;

    begin();
    share();
    there = people_add(&f, "houtzaak", "1999");
    fx_ok(&f, "houtzaak", "inbox.assign", "{'message':'%s','participant':'%s'}",
          message.text, there.text);
    cr_expect(eq(str, (char *)kinds("houtzaak", 1), "assigned"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries.0.participant"),
                 there.text));
    fx_end(&f);
}

/* I7: the withdrawal is told; what was asked back is told no more. */
Test(feed, forgets_what_was_asked_back_and_says_so)
{
    unsigned long long before;

    begin();
    share();
    before = last("houtzaak");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)kinds("buso", 0), "event withdrawn"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.entries.1.participant"), who.text));
    fx_run(&f);
    cr_expect(eq(str, (char *)kinds("houtzaak", before), "recalled"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.entries.0.message"), message.text));
    cr_expect(eq(str, (char *)kinds("houtzaak", 0), "recalled"));
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    cr_expect(eq(str, (char *)kinds("houtzaak", before), "recalled erased"));
    cr_expect(eq(str, (char *)kinds("houtzaak", 0), "recalled erased"));
    cr_expect(strstr(f.reply, "Iris") == NULL);
    fx_end(&f);
}

/* CONSENT 5.2: of who was forgotten only that is told. */
Test(feed, tells_who_was_forgotten)
{
    begin();
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'not-needed'}", who.text);
    cr_expect(eq(str, (char *)kinds("buso", 0), "forgotten"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.entries.0.participant"), who.text));
    fx_end(&f);
}

/* A message whose last day came is gone, and that is told. */
Test(feed, tells_what_expired)
{
    begin();
    share();
    fx_clock(&f, "2029-01-01T00:00:00Z");
    cr_expect(eq(str, (char *)kinds("houtzaak", 1), "erased"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.entries.0.from"), "buso"));
    fx_end(&f);
}

Test(feed, goes_page_by_page)
{
    begin();
    for (int i = 0; i < 4; i++)
        (void)people_workplace(&f, who);
    for (unsigned at = 0; at < 5; at += 2) {
        fx_ok(&f, "buso", "feed.read", "{'since':%u,'limit':2}", at);
        cr_expect(eq(str, (char *)fx_text(&f, "result.more"),
                     at < 4 ? "true" : "false"));
        cr_expect(eq(int, atoi(fx_text(&f, "result.next")),
                     at < 4 ? (int)at + 2 : 5));
    }
    fx_call(&f, "buso", "feed.read", "{'limit':0}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "limit"));
    fx_call(&f, "buso", "feed.read", "{'limit':501}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "limit"));
    fx_ok(&f, "buso", "feed.read", "{'limit':500}");
    fx_end(&f);
}

/* limits.h: 64 may follow, not 65. */
Test(feed, has_so_many_subscribers)
{
    begin();
    for (int i = 0; i < SK_SUBSCRIBERS_MAX; i++)
        fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'s%d','cursor':1}", i);
    fx_call(&f, "buso", "feed.confirm", "{'subscriber':'more','cursor':1}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "too-large"));
    (void)people_workplace(&f, who);
    fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'s7','cursor':2}");
    fx_end(&f);
}

/* After a restore no number is used that a subscriber may know already. */
Test(feed, jumps_over_what_a_restore_forgot)
{
    struct fx_node *node;

    begin();
    node = fx_node(&f, "buso");
    cr_assert(eq(int, sk_store_begin(node->store), SK_OK));
    cr_assert(eq(int, sk_feed_restored(node->engine), SK_OK));
    cr_assert(eq(int, sk_store_commit(node->store), SK_OK));
    (void)people_workplace(&f, who);
    cr_expect(eq(str, (char *)kinds("buso", 1000000), "event"));
    cr_expect(last("buso") > UINT64_C(1) << 32);
    fx_end(&f);
}

/* DOMAIN.md 6.8: lines go after 400 days, and who missed some hears it. */
Test(feed, old_lines_go_and_who_missed_them_hears_it)
{
    unsigned long long first;

    begin();
    fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'kvs','cursor':1}");
    people_workplace(&f, who);
    first = last("buso");
    cr_expect(first >= 2);
    fx_clock(&f, "2027-10-06T08:00:00Z"); /* day 400: the last one */
    fx_ok(&f, "buso", "feed.read", "{'since':0}");
    cr_expect(
        eq(sz, sk_value_count(fx_at(&f, "result.entries")), (size_t)first));
    fx_clock(&f, "2027-10-07T08:00:00Z");
    fx_refused(&f, "buso", "feed-gone", "feed.read", "{'since':1}");
    cr_expect(eq(u64, strtoull(fx_text(&f, "error.detail"), NULL, 10), first));
    fx_refused(&f, "buso", "feed-gone", "feed.read", "{'since':0}");
    fx_refused(&f, "buso", "feed-gone", "feed.read", "{'subscriber':'kvs'}");
    /* Who never followed begins with what is kept. */
    people_workplace(&f, who);
    fx_ok(&f, "buso", "feed.read", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.entries")), 1));
    fx_ok(&f, "buso", "feed.read", "{'subscriber':'nieuw'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.entries")), 1));
    cr_expect(eq(str, (char *)kinds("buso", first), "event"));
    fx_ok(&f, "buso", "feed.confirm", "{'subscriber':'kvs','cursor':%llu}",
          first);
    fx_ok(&f, "buso", "feed.read", "{'subscriber':'kvs'}");
    fx_ok(&f, "buso", "feed.list", "{}");
    cr_expect(eq(u64, strtoull(fx_text(&f, "result.gone"), NULL, 10), first));
    fx_end(&f);
}
