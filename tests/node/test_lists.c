/* Lists come by the page, and the pages are all of it, once.  CONTROL.md 6 */
#include "tests/node/lines.h"
#include "tests/node/staff.h"

static struct fx f;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))
#define MANY 130

TestSuite(lists);

/* Every page of an operation: how many rows, and how many pages. */
static size_t read_all(const char *node, const char *op, const char *args,
                       const char *key, size_t *pages)
{
    char next[64] = "";
    char path[64];
    size_t rows = 0;

    snprintf(path, sizeof(path), "result.%s", key);
    for (*pages = 1;; (*pages)++) {
        fx_ok(&f, node, op, "{%s%s%s%s%s}", args,
              args[0] != '\0' && next[0] != '\0' ? "," : "",
              next[0] != '\0' ? "'after':'" : "", next,
              next[0] != '\0' ? "'" : "");
        rows += sk_value_count(fx_at(&f, path));
        cr_assert(pages[0] < 100);
        if (!sk_value_bool(fx_at(&f, "result.more")))
            return rows;
        snprintf(next, sizeof(next), "%s", fx_text(&f, "result.next"));
        cr_assert(eq(sz, strlen(next), SK_ID_TEXT_SIZE), "%s", f.reply);
    }
}

/* Handovers of buso to gtb, as the records of the engine: two coaches. */
static void make_handovers(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct people_id who = people_add(&f, "buso", "2000-05-14");

        people_link(&f, "buso", who, "gtb");
        people_consent(&f, "buso", who, "gtb", "guidance.handover",
                       "['process.handover','contact.coach']");
        people_send(&f, "buso", people_request(&f, who), "gtb",
                    "guidance.handover");
        fx_run(&f);
    }
}

Test(lists, handovers_come_by_the_page_and_all_of_them)
{
    size_t pages;

    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    make_handovers(7);
    cr_expect(eq(
        sz, read_all("buso", "handover.list", "'limit':3", "handovers", &pages),
        7));
    cr_expect(eq(sz, pages, 3));
    cr_expect(eq(sz,
                 read_all("gtb", "handover.list", "'open':true,'limit':7",
                          "handovers", &pages),
                 7));
    cr_expect(eq(sz, pages, 1));
    fx_refused(&f, "buso", "bad-argument", "handover.list", "{'limit':0}");
    fx_refused(&f, "buso", "bad-argument", "handover.list", "{'limit':1001}");
    /* Another coach's are in none of the pages. */
    staff_add(&f, "buso");
    staff_as(&f, BRAM);
    make_handovers(2);
    staff_as(&f, IRIS);
    cr_expect(eq(
        sz, read_all("buso", "handover.list", "'limit':2", "handovers", &pages),
        7));
    fx_end(&f);
}

Test(lists, an_inbox_comes_by_the_page)
{
    size_t pages;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    ln_publish(&f, "buso", "gtb", 0, MANY);
    fx_run(&f);
    cr_expect(
        eq(sz, read_all("gtb", "inbox.list", "'limit':50", "messages", &pages),
           MANY));
    cr_expect(eq(sz, pages, 3));
    cr_expect(
        eq(sz,
           read_all("gtb", "inbox.list", "'new':true,'from':'buso','limit':70",
                    "messages", &pages),
           MANY));
    cr_expect(eq(sz, pages, 2));
    fx_end(&f);
}

/* Who got what, the consents and what partners ask to erase, of one person. */
Test(lists, what_is_of_one_person_comes_by_the_page)
{
    struct people_id who;
    struct people_id event;
    char args[128];
    size_t pages;

    people_placement(&f, &who, &event);
    for (size_t i = 0; i < 7; i++)
        people_place(&f, event);
    for (size_t i = 0; i < 4; i++)
        fx_ok(&f, "buso", "consent.request",
              "{'participant':'%s','purposes':['work'],'recipients':["
              "'houtzaak'],'categories':['health']}",
              who.text);
    snprintf(args, sizeof(args), "'participant':'%s','limit':3", who.text);
    cr_expect(
        eq(sz, read_all("buso", "disclosure.list", args, "disclosures", &pages),
           7));
    cr_expect(eq(sz, pages, 3));
    /* One giving, and what was asked for. */
    cr_expect(
        eq(sz, read_all("buso", "consent.list", args, "consents", &pages), 5));
    cr_expect(eq(sz, pages, 2));
    fx_refused(&f, "buso", "unknown-consent", "consent.list",
               "{'participant':'%s','after':'%s'}", who.text, event.text);
    fx_refused(&f, "buso", "bad-argument", "disclosure.list",
               "{'participant':'%s','limit':0}", who.text);
    fx_refused(&f, "buso", "bad-argument", "consent.list",
               "{'participant':'%s','limit':1001}", who.text);
    fx_end(&f);
}

Test(lists, what_partners_ask_to_erase_comes_by_the_page)
{
    struct people_id who;
    struct people_id event;
    size_t pages;

    people_placement(&f, &who, &event);
    for (size_t i = 0; i < 5; i++) {
        char instant[32];

        people_place(&f, event);
        snprintf(instant, sizeof(instant), "2027-03-0%zuT09:00:00Z", 2 * i + 1);
        fx_clock(&f, instant);
        fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
        snprintf(instant, sizeof(instant), "2027-03-0%zuT09:00:00Z",
                 i < 4 ? 2 * i + 2 : 9);
        fx_clock(&f, instant);
        people_consent(&f, "buso", who, "houtzaak", "work.placement",
                       PEOPLE_WORKPLACE_CATEGORIES);
    }
    cr_expect(
        eq(sz,
           read_all("houtzaak", "erasure.list", "'limit':2", "notices", &pages),
           5));
    cr_expect(eq(sz, pages, 3));
    cr_expect(eq(sz,
                 read_all("houtzaak", "erasure.list", "'from':'buso','limit':5",
                          "notices", &pages),
                 5));
    cr_expect(eq(sz, pages, 1));
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.list",
               "{'after':'%s'}", event.text);
    fx_end(&f);
}

/* By the longest word of a name: who has it is found among many with the
   others. */
Test(lists, a_name_is_found_by_its_longest_word)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    for (size_t i = 0; i < 130; i++)
        fx_ok(&f, "buso", "participant.add",
              "{'given_name':'Jan','family_name':'Peeters'}");
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Jan','family_name':'Vandenberghe'}");
    fx_ok(&f, "buso", "participant.find", "{'name':'Jan Vandenberghe'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.participants")), 1));
    EQ(fx_text(&f, "result.more"), "false");
    fx_ok(&f, "buso", "participant.find", "{'name':'jan'}");
    EQ(fx_text(&f, "result.more"), "true");
    fx_end(&f);
}
