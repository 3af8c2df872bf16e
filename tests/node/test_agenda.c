/* The agenda of one coach, of one team, about one person: by the page, and at
   the cost of what it shows.  CONTROL.md 6, DOMAIN.md 6.7
   Tests: node/engine/timer_list.c */
#include "tests/node/lines.h"
#include "tests/node/reads.h"
#include "tests/node/staff.h"

#include "node/engine/timer.h"

static struct fx f;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(agenda, .init = start, .fini = end);

/* Somebody with five calls ahead, all days the same as everybody's. */
static struct people_id employed(void)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");

    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'employment.started','fields':{"
          "'start_date':'2027-03-01','circuit':'nec'}}",
          who.text);
    return who;
}

/* A handover to gtb that nobody opened. */
static struct people_id handed(struct people_id who)
{
    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    return people_send(&f, "buso", people_request(&f, who), "gtb",
                       "guidance.handover");
}

/* ------------------------------------------------------------- pages */

struct seen {
    uint64_t items[64];
    size_t count;
};

static void take_items(struct seen *seen)
{
    struct sk_value_walk walk = sk_value_walk(fx_at(&f, "result.items"));

    while (sk_value_next(&walk)) {
        cr_assert(lt(sz, seen->count, SK_COUNT(seen->items)));
        seen->items[seen->count++] =
            sk_value_uint(sk_value_get(walk.value, "item"));
    }
}

/* More on one day than a page holds: each once, in the same order. */
Test(agenda, comes_by_the_page_within_a_day)
{
    struct seen whole = {.count = 0};
    struct seen paged = {.count = 0};
    char from[32] = "";
    size_t pages = 0;

    for (size_t i = 0; i < 7; i++)
        employed();
    fx_ok(&f, "buso", "agenda.list", "{'until':'2027-06-01'}");
    EQ(fx_text(&f, "result.next"), "absent");
    take_items(&whole);
    cr_assert(eq(sz, whole.count, 14));
    for (bool more = true; more; pages++) {
        cr_assert(lt(sz, pages, 10));
        fx_ok(&f, "buso", "agenda.list",
              "{'until':'2027-06-01','limit':3,'after':%llu%s}",
              (unsigned long long)sk_value_uint(fx_at(&f, "result.next.after")),
              from);
        take_items(&paged);
        more = sk_value_bool(fx_at(&f, "result.more"));
        cr_assert(
            eq(sz, sk_value_count(fx_at(&f, "result.items")), more ? 3 : 2));
        if (more)
            snprintf(from, sizeof(from), ",'from':'%s'",
                     fx_text(&f, "result.next.from"));
    }
    cr_expect(eq(sz, pages, 5));
    cr_assert(eq(sz, paged.count, whole.count));
    cr_expect(memcmp(paged.items, whole.items, sizeof(whole.items)) == 0);
}

Test(agenda, a_page_goes_on_though_its_last_item_is_gone)
{
    struct people_id first = employed();

    employed();
    employed();
    fx_ok(&f, "buso", "agenda.list", "{'limit':1}");
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'not-needed'}", first.text);
    fx_ok(&f, "buso", "agenda.list", "{'from':'2027-04-01','after':1}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.items")), 2));
}

Test(agenda, a_page_begins_on_a_day_and_has_a_size)
{
    fx_refused(&f, "buso", "missing-argument", "agenda.list", "{'after':3}");
    fx_refused(&f, "buso", "bad-argument", "agenda.list", "{'limit':0}");
    fx_refused(&f, "buso", "bad-argument", "agenda.list", "{'limit':501}");
    fx_ok(&f, "buso", "agenda.list", "{'limit':500}");
}

/* ------------------------------------------------------------- the cost */

static uint64_t cost(uint32_t uid, const char *args)
{
    staff_as(&f, uid);
    reads_start(&f, "buso");
    fx_ok(&f, "buso", "agenda.list", "%s", args);
    return reads_end(&f, "buso");
}

/* A hundred people of another team change nothing of what a list costs. */
Test(agenda, costs_what_it_shows)
{
    struct people_id mine;
    char about[64];
    uint64_t coach;
    uint64_t lead;
    uint64_t officer;
    uint64_t one;

    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    mine = employed();
    handed(mine);
    snprintf(about, sizeof(about), "{'participant':'%s'}", mine.text);
    coach = cost(IRIS, "{'until':'2099-12-31'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.items")), 8), "%s",
              f.reply);
    lead = cost(TESS, "{'until':'2099-12-31'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.items")), 1));
    officer = cost(ELS, "{'until':'2099-12-31'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.items")), 0));
    one = cost(IRIS, about);
    staff_as(&f, ZITA);
    for (size_t i = 0; i < 100; i++)
        employed();
    for (size_t i = 0; i < 5; i++)
        handed(employed());
    cr_expect(eq(u64, cost(IRIS, "{'until':'2099-12-31'}"), coach));
    cr_expect(eq(u64, cost(TESS, "{'until':'2099-12-31'}"), lead));
    cr_expect(eq(u64, cost(ELS, "{'until':'2099-12-31'}"), officer));
    cr_expect(eq(u64, cost(IRIS, about), one));
}

/* ------------------------------------------------------------- whose it is */

/* One table, each key and value, in a hash. */
static struct sk_hash hash_of(struct sk_store *store, uint8_t table)
{
    struct sk_scan scan =
        sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){0});
    struct sk_hash hash = {0};
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        uint8_t row[SK_HASH_SIZE + 512];
        size_t size = SK_HASH_SIZE;

        if (sk_store_table(key) != table)
            continue;
        cr_assert(le(sz, key.size + value.size, 512));
        memcpy(row, hash.bytes, SK_HASH_SIZE);
        memcpy(row + size, key.data, key.size);
        size += key.size;
        if (value.size > 0)
            memcpy(row + size, value.data, value.size);
        size += value.size;
        sk_hash("test", (struct sk_bytes){row, size}, &hash);
    }
    return hash;
}

/* The law of the lists: made again from what is known now, they are the same,
   and nothing is on them that is no timer.  Gives how many timers there are. */
static size_t must_be_right(const char *node)
{
    uint8_t table = SK_T_TIMER_OF;
    struct sk_engine *e = fx_node(&f, node)->engine;
    struct sk_store *store = fx_node(&f, node)->store;
    struct sk_hash lists;
    struct sk_hash about;
    struct sk_hash places;
    struct sk_hash now;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t count = 0;
    uint64_t listed = 0;

    cr_assert(sk_store_begin(store) == SK_OK);
    lists = hash_of(store, SK_T_TIMER_DAY);
    about = hash_of(store, SK_T_TIMER_ABOUT);
    places = hash_of(store, SK_T_TIMER_OF);
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){&table, 1});
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        struct sk_id scope;

        memcpy(scope.bytes, key.data + 1, SK_ID_SIZE);
        cr_assert(sk_timers_relist(e, &scope) == SK_OK);
        count++;
    }
    for (int s = SK_TIMER_WAITS; s <= SK_TIMER_DONE; s++) {
        uint64_t some;

        cr_assert(sk_timers_count(e, (enum sk_timer_state)s, &some) == SK_OK);
        listed += some;
    }
    cr_expect(eq(u64, listed, count), "%s", node);
    now = hash_of(store, SK_T_TIMER_DAY);
    cr_expect(memcmp(&lists, &now, sizeof(now)) == 0, "lists of %s", node);
    now = hash_of(store, SK_T_TIMER_ABOUT);
    cr_expect(memcmp(&about, &now, sizeof(now)) == 0, "about, of %s", node);
    now = hash_of(store, SK_T_TIMER_OF);
    cr_expect(memcmp(&places, &now, sizeof(now)) == 0, "places of %s", node);
    sk_store_abort(store);
    return count;
}

/* How many items somebody has. */
static size_t has(const char *node, uint32_t uid)
{
    staff_as(&f, uid);
    fx_ok(&f, node, "agenda.list", "{'until':'2099-12-31','done':true}");
    return sk_value_count(fx_at(&f, "result.items"));
}

Test(agenda, goes_along_with_the_case)
{
    struct people_id who;

    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    who = employed();
    handed(who);
    staff_as(&f, BRAM);
    employed();
    cr_expect(eq(sz, has("buso", IRIS), 8));
    cr_expect(eq(sz, has("buso", BRAM), 5));
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'bram'}", who.text);
    cr_expect(eq(sz, has("buso", IRIS), 0));
    cr_expect(eq(sz, has("buso", BRAM), 13));
    cr_expect(eq(sz, has("buso", TESS), 1));
    must_be_right("buso");
    /* To another team, by an officer; then that coach leaves. */
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'zita'}", who.text);
    cr_expect(eq(sz, has("buso", ZITA), 8));
    cr_expect(eq(sz, has("buso", TESS), 0));
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.end", "{'name':'zita','to':'iris'}");
    cr_expect(eq(sz, has("buso", IRIS), 8));
    cr_expect(eq(sz, has("buso", TESS), 1));
    cr_expect(eq(sz, must_be_right("buso"), 14));
    /* Raised, and done, it is in the same agenda. */
    staff_as(&f, OMAR);
    fx_ok(&f, "buso", "clock.set", "{'at':'2027-04-02T09:00:00Z'}");
    must_be_right("buso");
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "agenda.done", "{'item':1}");
    must_be_right("buso");
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    must_be_right("buso");
}

/* A partner's request is every coach's until somebody says who it is. */
Test(agenda, what_came_is_somebodys_once_it_was_linked)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id request;
    struct people_id known;
    struct people_id other;

    /* Under one handle: the one before was cancelled. */
    handed(who);
    fx_run(&f);
    request = handed(who);
    fx_run(&f);
    staff_add(&f, "gtb");
    cr_expect(eq(sz, has("gtb", IRIS), 2));
    cr_expect(eq(sz, has("gtb", BRAM), 2));
    cr_expect(eq(sz, has("gtb", TESS), 1));
    must_be_right("gtb");
    staff_as(&f, ZITA);
    known = people_add(&f, "gtb", "2000-05-14");
    other = people_add(&f, "gtb", "2000-05-14");
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          request.text, known.text);
    cr_expect(eq(sz, has("gtb", IRIS), 0));
    cr_expect(eq(sz, has("gtb", ZITA), 2));
    cr_expect(eq(sz, has("gtb", TESS), 0));
    must_be_right("gtb");
    /* It was somebody else. */
    staff_as(&f, ZITA);
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          request.text, other.text);
    staff_as(&f, ELS);
    fx_ok(&f, "gtb", "participant.assign",
          "{'participant':'%s','coach':'bram'}", other.text);
    cr_expect(eq(sz, has("gtb", ZITA), 0));
    cr_expect(eq(sz, has("gtb", BRAM), 2));
    cr_expect(eq(sz, has("gtb", TESS), 1));
    must_be_right("gtb");
}

static struct people_id guided_by(uint32_t uid)
{
    struct people_id who;

    staff_as(&f, uid);
    who = people_add(&f, "gtb", "2000-01-15");
    fx_ok(&f, "gtb", "event.record",
          "{'participant':'%s','type':'trajectory.started','fields':"
          "{'start_date':'2026-09-01','phase':'intake','status':'active',"
          "'programme':'jobclub'}}",
          who.text);
    return who;
}

/* The school tells gtb of somebody who did not come: a reminder. */
static void gets_noshow(struct sk_item *item, char id[SK_ID_TEXT_SIZE + 1])
{
    ln_event(item, 1);
    item->event.type = sk_text("noshow.reported");
    item->event.erase_by = sk_text("2028-01-01");
    item->event.fields[0] =
        (struct sk_item_field){.name = sk_text("missed_at"),
                               .level = sk_text("exact"),
                               .text = sk_text("2027-03-01T08:00")};
    item->event.fields_count = 1;
    ln_item(&f, "buso", "gtb", item, 1);
    sk_id_format(&item->event.message.id, id);
}

/* A missed appointment that a partner tells of: it follows whom it is about. */
Test(agenda, what_was_linked_to_another_moves)
{
    static struct sk_item item;
    struct people_id one;
    struct people_id two;
    char id[SK_ID_TEXT_SIZE + 1];

    staff_add(&f, "gtb");
    one = guided_by(ZITA);
    two = guided_by(BRAM);
    gets_noshow(&item, id);
    staff_as(&f, ZITA);
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}", id,
          one.text);
    cr_expect(eq(sz, has("gtb", ZITA), 1));
    staff_as(&f, ZITA);
    fx_ok(&f, "gtb", "participant.assign",
          "{'participant':'%s','coach':'bram'}", one.text);
    cr_expect(eq(sz, has("gtb", ZITA), 0));
    staff_as(&f, BRAM);
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}", id,
          two.text);
    cr_expect(eq(sz, has("gtb", BRAM), 1));
    fx_ok(&f, "gtb", "agenda.list", "{'participant':'%s'}", two.text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.items")), 1));
    cr_expect(eq(sz, must_be_right("gtb"), 1));
}

/* A correction that a person takes over gives the message another key. */
Test(agenda, a_correction_takes_no_reminder_away)
{
    static struct sk_item item;
    static struct sk_item right;
    struct people_id one;
    char id[SK_ID_TEXT_SIZE + 1];

    one = guided_by(0);
    gets_noshow(&item, id);
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}", id,
          one.text);
    right.kind = SK_ITEM_CORRECTION;
    memset(right.correction.correction.bytes, 9, SK_ID_SIZE);
    right.correction.message = item.event.message;
    right.correction.handle = item.event.handle;
    right.correction.at_ms = 1803891600000;
    right.correction.fields[0] = item.event.fields[0];
    right.correction.fields[0].text = sk_text("2027-03-01T10:00");
    right.correction.fields_count = 1;
    ln_item(&f, "buso", "gtb", &right, 2);
    cr_expect(eq(sz, has("gtb", 0), 1));
    fx_ok(&f, "gtb", "inbox.corrected", "{'message':'%s'}", id);
    cr_expect(eq(sz, has("gtb", 0), 1), "%s", f.reply);
    cr_expect(eq(sz, must_be_right("gtb"), 1));
}

/* Of whoever it is, an officer has it; coaches do not. */
Test(agenda, what_is_for_the_officer_is_in_one_list)
{
    struct people_id who;

    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    who = people_add(&f, "buso", "2000-05-14");
    fx_ok(&f, "buso", "participant.object",
          "{'participant':'%s','recipients':['clb']}", who.text);
    cr_expect(eq(sz, has("buso", ELS), 2));
    cr_expect(eq(sz, has("buso", IRIS), 0));
    cr_expect(eq(sz, must_be_right("buso"), 2));
}
