#include "tests/node/inside.h"
#include "tests/node/lines.h"
#include "tests/node/people.h"

#include "node/engine/apply.h"
#include "node/engine/state.h"
#include "node/engine/withdraw.h"

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

/* ------------------------------------------------------------- hostile, late
 * Items as houtzaak would send them, with words of its own. */

/* As if its envelope came in order. */
static void apply(const struct sk_item *item)
{
    static uint8_t encoded[SK_ITEM_SIZE_MAX];
    struct sk_engine *e = fx_enter(&f, "buso");
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_message_id id;
    const char *refusal = NULL;
    struct sk_bytes bytes;

    cr_assert(sk_item_encode(item, (struct sk_room){encoded, sizeof(encoded)},
                             &bytes) == SK_OK);
    cr_assert(sk_apply_item(e, &fx_node(&f, "houtzaak")->org, bytes, &refusal,
                            &id) == SK_OK);
    cr_assert(refusal == NULL, "%s", refusal);
    sk_arena_reset(&e->scratch, mark);
    fx_leave(e);
}

/* category: NULL for all. */
static void tell_raw(uint64_t at_ms, const char *category)
{
    static struct sk_item item;

    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_TOLD;
    ln_own_handle(&f, "buso", "houtzaak", &item.told.handle);
    item.told.purposes_all = true;
    item.told.recipients_all = true;
    item.told.categories_all = category == NULL;
    if (category != NULL)
        item.told.categories.list[item.told.categories.count++] =
            sk_text(category);
    item.told.given_by = sk_text("self");
    item.told.at_ms = at_ms;
    apply(&item);
}

static size_t consents(void)
{
    size_t count = 0;
    struct sk_value_walk walk;

    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    walk = sk_value_walk(fx_at(&f, "result.consents"));
    while (sk_value_next(&walk))
        count++;
    return count;
}

static const char *preview(void)
{
    fx_call(&f, "buso", "disclosure.preview",
            "{'event':'%s','to':'houtzaak','for':'work.placement'}",
            event.text);
    return fx_text(&f, "result.decision");
}

/* 4.1: a partner that sends its log again does not end what was given since;
   a new word of it does. */
Test(told, an_old_word_does_not_end_a_newer_consent)
{
    tell_raw(1000, NULL);
    EQ(preview(), "deny");
    cr_expect(eq(sz, consents(), 2));
    fx_clock(&f, "2027-03-03T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    EQ(preview(), "permit");
    tell_raw(1000, NULL);
    EQ(preview(), "permit");
    cr_expect(eq(sz, consents(), 3));
    tell_raw(1001, NULL);
    EQ(preview(), "deny");
    cr_expect(eq(sz, consents(), 4));
}

/* 4.1: taking back what was taken back adds nothing; a part of what is still
   given does. */
Test(told, what_narrows_nothing_is_not_recorded)
{
    tell_raw(1, "contact");
    cr_expect(eq(sz, consents(), 2));
    tell_raw(2, "contact");
    tell_raw(3, "contact.coach");
    cr_expect(eq(sz, consents(), 2));
    tell_raw(4, "identity");
    cr_expect(eq(sz, consents(), 3));
    tell_raw(5, NULL);
    tell_raw(6, "work");
    cr_expect(eq(sz, consents(), 4));
}

/* I7: a partner cannot fill the list so that nothing can be withdrawn. */
Test(told, a_flood_does_no_harm, .timeout = 120)
{
    char word[16];

    for (uint64_t i = 0; i < 2000; i++) {
        snprintf(word, sizeof(word), "w%u", (unsigned)i);
        tell_raw(i, word);
    }
    /* Then it took back everything, once. */
    cr_expect(eq(sz, consents(), 1 + SK_TOLD_MAX + 1));
    EQ(people_shown(&f, "buso", message, "recall"), "asked");
    EQ(preview(), "deny");
    /* Consent is given anew, and withdrawn. */
    fx_clock(&f, "2027-03-03T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    EQ(preview(), "deny");
}
