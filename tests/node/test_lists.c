/* Lists come by the page, and the pages are all of it, once.  CONTROL.md 6 */
#include "tests/node/lines.h"
#include "tests/node/reads.h"
#include "tests/node/staff.h"

#include "node/engine/state.h"
#include "node/engine/user.h"

static struct fx f;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))
#define MANY 130
/* A request and the one after it need not ask quite the same. */
#define NOISE 3

TestSuite(lists);

/* The arguments of the page behind this reply: an id, or by name. */
static void take_next(char *out, size_t room)
{
    bool named = sk_value_kind(fx_at(&f, "result.next.after")) != SK_VALUE_NONE;
    const char *after =
        fx_text(&f, named ? "result.next.after" : "result.next");
    size_t size = (size_t)snprintf(out, room, "'after':'%s'", after);

    cr_assert(eq(sz, strlen(after), SK_ID_TEXT_SIZE), "%s", f.reply);
    if (named)
        snprintf(out + size, room - size, ",'after_from':'%s'",
                 fx_text(&f, "result.next.after_from"));
}

/* Every page of an operation: how many rows, and how many pages. */
static size_t read_all(const char *node, const char *op, const char *args,
                       const char *key, size_t *pages)
{
    char next[160] = "";
    char path[64];
    size_t rows = 0;

    snprintf(path, sizeof(path), "result.%s", key);
    for (*pages = 1;; (*pages)++) {
        fx_ok(&f, node, op, "{%s%s%s}", args,
              args[0] != '\0' && next[0] != '\0' ? "," : "", next);
        rows += sk_value_count(fx_at(&f, path));
        cr_assert(pages[0] < 100);
        if (!sk_value_bool(fx_at(&f, "result.more")))
            return rows;
        take_next(next, sizeof(next));
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
    fx_ok(&f, "buso", "handover.list", "{'limit':1000}");
    fx_refused(&f, "buso", "bad-argument", "participant.list", "{'limit':0}");
    fx_refused(&f, "buso", "bad-argument", "participant.list", "{'limit':501}");
    fx_ok(&f, "buso", "participant.list", "{'limit':500}");
    fx_refused(&f, "buso", "bad-argument", "inbox.list", "{'limit':0}");
    fx_refused(&f, "buso", "bad-argument", "inbox.list", "{'limit':1001}");
    fx_ok(&f, "buso", "inbox.list", "{'limit':1000}");
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
    cr_expect(eq(sz,
                 read_all("houtzaak", "erasure.list", "'from':'buso','limit':2",
                          "notices", &pages),
                 5));
    cr_expect(eq(sz, pages, 3));
    fx_refused(&f, "houtzaak", "unknown-notice", "erasure.list",
               "{'after':'%s','after_from':'buso'}", event.text);
    fx_refused(&f, "houtzaak", "missing-argument", "erasure.list",
               "{'after_from':'buso'}");
    fx_refused(&f, "houtzaak", "missing-argument", "erasure.list",
               "{'after':'%s'}", event.text);
    /* Who sees everything walks over everything. */
    staff_add(&f, "houtzaak");
    staff_as(&f, ELS);
    cr_expect(eq(sz,
                 read_all("houtzaak", "erasure.list", "'from':'buso','limit':2",
                          "notices", &pages),
                 5));
    cr_expect(eq(sz, pages, 3));
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

static uint64_t cost(const char *op, const char *args)
{
    reads_start(&f, "gtb");
    fx_ok(&f, "gtb", op, "%s", args);
    return reads_end(&f, "gtb");
}

/* A notice of a partner to gtb about one message, the item'th of its log. */
static void ask_back(const char *from, uint8_t notice, uint64_t number)
{
    static struct sk_item item;

    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    memset(item.withdrawn.notice.bytes, notice, SK_ID_SIZE);
    memset(item.withdrawn.handle.id.bytes, 0x11, SK_ID_SIZE);
    memset(item.withdrawn.entries[0].message.id.bytes, notice, SK_ID_SIZE);
    item.withdrawn.entries[0].all = true;
    item.withdrawn.entries_count = 1;
    item.withdrawn.erase = true;
    item.withdrawn.within_days = 30;
    ln_item(&f, from, "gtb", &item, number);
}

/* A page costs the same wherever it is, and an answer however many wait. */
Test(lists, a_page_of_what_partners_ask_to_erase_costs_what_it_shows)
{
    const char *fifth = "05050505-0505-0505-0505-050505050505";
    const char *fiftieth = "32323232-3232-3232-3232-323232323232";
    uint64_t second;
    uint64_t answer;
    char args[160];

    fx_start(&f, "S2A", "2026-09-04T12:00:00Z");
    for (uint8_t i = 1; i <= 60; i++)
        ask_back("buso", i, i);
    snprintf(args, sizeof(args), "{'limit':5,'after_from':'buso','after':'%s'}",
             fifth);
    second = cost("erasure.list", args);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.notices")), 5));
    EQ(fx_text(&f, "result.notices.0.notice"),
       "06060606-0606-0606-0606-060606060606");
    snprintf(args, sizeof(args), "{'limit':5,'after_from':'buso','after':'%s'}",
             fiftieth);
    cr_expect(le(u64, cost("erasure.list", args), second + NOISE));
    snprintf(args, sizeof(args), "{'from':'buso','limit':5,'after':'%s'}",
             fiftieth);
    cr_expect(le(u64, cost("erasure.list", args), second + NOISE));
    fx_refused(&f, "gtb", "unknown-notice", "erasure.list",
               "{'from':'clb','after':'%s'}", fiftieth);
    snprintf(args, sizeof(args), "{'from':'buso','notice':'%s'}", fiftieth);
    answer = cost("erasure.confirm", args);
    snprintf(args, sizeof(args),
             "{'from':'buso','notice':'01010101-0101-0101-0101-010101010101'}");
    cr_expect(le(u64, answer, cost("erasure.confirm", args) + NOISE));
    fx_end(&f);
}

/* Partners choose the ids of their notices, also the same ones. */
Test(lists, a_page_goes_on_behind_the_notice_of_its_own_partner)
{
    size_t pages;

    fx_start(&f, "S2A", "2026-09-04T12:00:00Z");
    for (uint8_t i = 1; i <= 3; i++) {
        ask_back("buso", i, i);
        ask_back("clb", (uint8_t)(4 - i), i);
    }
    for (unsigned limit = 1; limit <= 5; limit++) {
        char args[32];

        snprintf(args, sizeof(args), "'limit':%u", limit);
        cr_expect(eq(
            sz, read_all("gtb", "erasure.list", args, "notices", &pages), 6));
        cr_expect(eq(sz, pages, (6 + limit - 1) / limit));
    }
    fx_end(&f);
}

/* What a partner asked stays to be answered when a charter no longer has it. */
Test(lists, a_page_goes_on_behind_a_partner_that_is_gone)
{
    struct sk_engine *e;
    size_t sessions;
    size_t pages;

    fx_start(&f, "S2A", "2026-09-04T12:00:00Z");
    e = fx_node(&f, "gtb")->engine;
    for (uint8_t i = 1; i <= 3; i++)
        ask_back("buso", i, i);
    sessions = e->sessions_count;
    e->sessions_count = 0;
    cr_expect(
        eq(sz, read_all("gtb", "erasure.list", "'limit':1", "notices", &pages),
           3));
    e->sessions_count = sessions;
    fx_end(&f);
}

/* ------------------------------------------------------------- by name
 * CONTROL.md 6: 10 000 people with the longest word are looked at. */
#define LOOKED 10000

/* So many others are in the index under each word of the one person's name,
   before that person; whose: their coach, or NULL. */
static void crowd(size_t count, const char *whose)
{
    struct sk_engine *e = fx_node(&f, "buso")->engine;
    struct sk_store *store = fx_node(&f, "buso")->store;
    uint8_t table = SK_T_NAME;
    struct sk_key words[2];
    struct sk_user coach = {0};
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t found = 0;

    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){&table, 1});
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        struct sk_bytes word = {key.data, key.size - SK_ID_SIZE};

        if (found > 0 && sk_bytes_equal(word, sk_key_done(&words[found - 1])))
            continue;
        cr_assert(lt(sz, found, 2));
        words[found] = (struct sk_key){.size = 0};
        sk_key_bytes(&words[found++], word);
    }
    cr_assert(eq(sz, found, 2));
    if (whose != NULL)
        cr_assert(sk_user_of_name(e, sk_text(whose), &coach) == SK_OK);
    for (size_t i = 0; i < count; i++) {
        struct sk_id id = {{0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i, 1}};
        struct sk_key whom;

        /* One of the two words: none of them is called so. */
        for (size_t w = 0; w < 2; w++) {
            struct sk_key at = words[w];

            id.bytes[7] = (uint8_t)w;
            sk_key_id(&at, &id);
            cr_assert(sk_store_put(store, SK_SPACE_DATA, sk_key_done(&at),
                                   (struct sk_bytes){0}) == SK_OK);
            whom = sk_key_person(SK_T_CASE, &id);
            if (whose != NULL)
                cr_assert(sk_store_put(store, SK_SPACE_DATA, sk_key_done(&whom),
                                       (struct sk_bytes){coach.id.bytes,
                                                         SK_ID_SIZE}) == SK_OK);
        }
    }
    cr_assert(sk_store_commit(store) == SK_OK);
}

static size_t found(void)
{
    fx_ok(&f, "buso", "participant.find", "{'name':'Mertens Jonas'}");
    return sk_value_count(fx_at(&f, "result.participants"));
}

static void name_start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Jonas','family_name':'Mertens'}");
}

/* At the limit, and one behind it. */
Test(lists, a_search_by_name_stops_and_says_so)
{
    name_start();
    crowd(LOOKED - 1, NULL);
    cr_expect(eq(sz, found(), 1));
    EQ(fx_text(&f, "result.more"), "false");
    EQ(fx_text(&f, "result.stopped"), "absent");
    crowd(LOOKED, NULL);
    cr_expect(eq(sz, found(), 0));
    EQ(fx_text(&f, "result.more"), "true");
    EQ(fx_text(&f, "result.stopped"), "true");
    fx_end(&f);
}

/* Of other coaches' people of that name there may be any number, and they cost
   nothing. */
Test(lists, a_search_by_name_is_within_the_own_cases)
{
    uint64_t alone;

    name_start();
    crowd(1, "bram");
    reads_start(&f, "buso");
    cr_expect(eq(sz, found(), 1));
    alone = reads_end(&f, "buso");
    crowd(LOOKED + 1, "bram");
    reads_start(&f, "buso");
    cr_expect(eq(sz, found(), 1));
    cr_expect(le(u64, reads_end(&f, "buso"), alone + NOISE));
    EQ(fx_text(&f, "result.more"), "false");
    fx_end(&f);
}
