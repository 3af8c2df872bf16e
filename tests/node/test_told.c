#include "tests/node/lines.h"
#include "tests/node/people.h"

#include "node/engine/internal.h"

/* docs/CONSENT.md 4.1: a withdrawal is accepted at any partner that holds data
   about the person, which passes it on to the owner.  I7 */

static struct fx f;
static struct people_id who;
static struct people_id event;
static struct people_id message;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    event = people_workplace(&f, who);
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_run(&f);
    fx_clock(&f, "2027-03-02T09:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(told, .init = start, .fini = end);

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static const char *last_consent(const char *key)
{
    char path[64];

    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    snprintf(path, sizeof(path), "result.consents.1.%s", key);
    return fx_text(&f, path);
}

static void tell(const char *scope)
{
    fx_ok(&f, "houtzaak", "inbox.withdraw", "{'message':'%s'%s}", message.text,
          scope);
    EQ(fx_text(&f, "result.to"), "buso");
    fx_run(&f);
}

Test(told, stops_the_flow_at_the_owner_and_asks_everything_back)
{
    tell(",'given_by':'self-and-parent','form':'spoken'");
    EQ(last_consent("state"), "withdrawn");
    EQ(last_consent("told_by"), "houtzaak");
    EQ(last_consent("given_by"), "self-and-parent");
    EQ(last_consent("categories"), "absent");
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    EQ(people_shown(&f, "buso", message, "recall_fields"), "absent");
    fx_ok(&f, "houtzaak", "erasure.list", "{}");
    EQ(fx_text(&f, "result.notices.0.from"), "buso");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(people_shown(&f, "buso", message, "recall"), "confirmed");
    fx_call(&f, "buso", "disclosure.send",
            "{'event':'%s','to':'houtzaak','for':'work.placement'}",
            event.text);
    EQ(fx_text(&f, "result.reason"), "consent-withdrawn");
}

Test(told, takes_back_only_what_it_names)
{
    tell(",'categories':['contact'],'purposes':['work','work']");
    EQ(last_consent("categories"), "['contact']");
    EQ(last_consent("purposes"), "['work']");
    EQ(people_shown(&f, "buso", message, "recall_fields"),
       "['coach_name','coach_phone']");
    /* The rest goes on. */
    fx_call(&f, "buso", "disclosure.preview",
            "{'event':'%s','to':'houtzaak','for':'work.placement'}",
            event.text);
    EQ(fx_text(&f, "result.decision"), "permit");
}

Test(told, refuses_what_nobody_knows)
{
    fx_call(&f, "houtzaak", "inbox.withdraw",
            "{'message':'%s','categories':['contakt']}", message.text);
    EQ(fx_text(&f, "error.code"), "unknown-category");
    fx_call(&f, "houtzaak", "inbox.withdraw",
            "{'message':'%s','given_by':'neighbour'}", message.text);
    EQ(fx_text(&f, "error.code"), "bad-argument");
    fx_call(&f, "houtzaak", "inbox.withdraw",
            "{'message':'01010101-0101-4101-8101-010101010101'}");
    EQ(fx_text(&f, "error.code"), "unknown-message");
    fx_run(&f);
    EQ(last_consent("state"), "absent");
}

/* A partner cannot speak for somebody it never got anything about. */
Test(told, a_handle_that_is_not_the_partners_is_refused)
{
    static struct sk_item item;
    struct ln_trace *t = ln_trace(&f, "houtzaak", "buso");

    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_TOLD;
    memset(&item.told.handle, 7, sizeof(item.told.handle));
    item.told.purposes_all = true;
    item.told.recipients_all = true;
    item.told.categories_all = true;
    item.told.given_by = sk_text("self");
    item.told.at_ms = 1;
    ln_item(&f, "houtzaak", "buso", &item, 1);
    EQ(t->text, "buso>houtzaak REFUSAL unknown-handle item\n"
                "buso>houtzaak RECEIPT 1: 1\n");
    EQ(last_consent("state"), "absent");
    free(t);
}
