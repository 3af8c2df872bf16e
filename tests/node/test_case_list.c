/* CONTROL.md 7.3: what a coach may see is found by whose it is.  A page costs
   what it shows, and after any history the lists say what a walk over
   everything says.
   Tests: node/engine/notice_in.c */
#include "tests/node/inside.h"
#include "tests/node/lines.h"
#include "tests/node/reads.h"
#include "tests/node/staff.h"

#include "node/engine/case_list.h"
#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/notice_in.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"

static struct fx f;

#define NODE "gtb"
#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static uint64_t place; /* in the log of buso */

static void start(void)
{
    fx_start(&f, "S2A", "2026-09-04T12:00:00Z");
    place = 0;
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(case_list, .init = start, .fini = end);

/* ------------------------------------------------------------- what came */

static void fill(uint8_t *id, uint8_t kind, unsigned number)
{
    memset(id, kind, SK_ID_SIZE);
    sk_u64_write(id, number);
}

static const char *text_of(uint8_t kind, unsigned number)
{
    static char text[SK_ID_TEXT_SIZE + 1];
    struct sk_id id;

    fill(id.bytes, kind, number);
    sk_id_format(&id, text);
    return text;
}

enum { MESSAGE = 1, HANDLE, HANDOVER, NOTICE };

/* A partner tells of somebody; a request when `handover`. */
static void gets_from(const char *org, uint64_t at, unsigned number,
                      unsigned handle, bool handover)
{
    static struct sk_item item;
    struct sk_item_event *event = &item.event;

    ln_event(&item, 0);
    event->source = sk_text(org);
    fill(event->message.id.bytes, MESSAGE, number);
    fill(event->handle.id.bytes, HANDLE, handle);
    if (handover) {
        event->type = sk_text("handover.requested");
        event->purpose = sk_text("guidance.handover");
        event->fields_count = 0;
        event->has_handover = true;
        fill(event->handover.id.bytes, HANDOVER, number);
        fill(event->trajectory.id.bytes, (uint8_t)org[0], handle);
        event->epoch = 1;
        event->handover_kind = sk_text("warm");
    }
    if (number % 3 == 0)
        event->erase_by = sk_text("2026-09-20");
    ln_item(&f, org, NODE, &item, at);
}

static void gets(unsigned number, unsigned handle, bool handover)
{
    gets_from("buso", ++place, number, handle, handover);
}

/* Buso asks `count` messages back, whole or a field of each. */
static void asks_back(unsigned number, const unsigned *messages, size_t count,
                      bool all)
{
    static struct sk_item item;
    struct sk_item_withdrawn *notice = &item.withdrawn;

    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    fill(notice->notice.bytes, NOTICE, number);
    fill(notice->handle.id.bytes, HANDLE, 1);
    for (size_t i = 0; i < count; i++) {
        fill(notice->entries[i].message.id.bytes, MESSAGE, messages[i]);
        notice->entries[i].all = all;
        notice->entries[i].fields.list[0] = sk_text("eval_period");
        notice->entries[i].fields.count = 1;
    }
    notice->entries_count = count;
    notice->erase = true;
    notice->within_days = 30;
    ln_item(&f, "buso", NODE, &item, ++place);
}

/* ------------------------------------------------------------- the law */

struct walk {
    struct sk_engine *e;
    struct sk_store *store;
    size_t rows; /* that must be there */
    size_t messages;
};

static void must_be(struct walk *w, const struct sk_key *row)
{
    struct sk_bytes value;

    w->rows++;
    cr_expect(sk_store_get(w->store, SK_SPACE_DATA, sk_key_done(row), &value) ==
                  SK_OK,
              "list '%c'", (char)row->bytes[1]);
}

static struct sk_id coach_of(struct walk *w, const struct sk_id *person)
{
    struct sk_participant_id id = {*person};
    struct sk_id coach;

    cr_assert(sk_case_coach(w->e, &id, &coach) == SK_OK);
    return coach;
}

static void walk_messages(struct walk *w)
{
    struct sk_scan scan = sk_inbox_arrived(w->e, 0);
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        size_t mark = sk_arena_mark(&w->e->scratch);
        struct sk_inbox_entry *entry =
            sk_arena_get(&w->e->scratch, sizeof(*entry));
        struct sk_participant_id person = {0};
        struct sk_message_id id;
        struct sk_id coach;
        const char *gone;

        w->messages++;
        memcpy(id.id.bytes, value.data, SK_ID_SIZE);
        cr_assert(sk_inbox_get(w->e, &id, entry) == SK_OK);
        cr_assert(sk_inbox_gone(w->e, &entry->from, &id, &gone) == SK_OK);
        if (!entry->collective &&
            sk_handle_find(w->e, &entry->from, &entry->event->handle,
                           &person) != SK_OK)
            person = (struct sk_participant_id){0};
        coach = coach_of(w, &person.id);
        for (int i = 0; i < 2 && gone == NULL; i++) {
            struct sk_key row = sk_list_key(SK_LIST_MESSAGES, &coach);
            struct sk_key group = sk_inbox_group(i == 0 ? NULL : &entry->from,
                                                 entry->opened_ms != 0);

            sk_key_bytes(&row, sk_key_done(&group));
            sk_key_u64(&row, entry->number);
            must_be(w, &row);
        }
        sk_arena_reset(&w->e->scratch, mark);
    }
}

static enum sk_status walk_handover(void *context, struct sk_handover *h)
{
    struct walk *w = context;
    struct sk_participant_id person;
    struct sk_key row;
    struct sk_key group = sk_handover_group(sk_handover_is_open(h->state));
    struct sk_id coach;

    SK_TRY(sk_handover_person(w->e, h, &person));
    coach = coach_of(w, &person.id);
    row = sk_list_key(SK_LIST_HANDOVERS, &coach);
    sk_key_bytes(&row, sk_key_done(&group));
    sk_key_id(&row, &h->id.id);
    must_be(w, &row);
    return SK_OK;
}

static bool has_row(struct walk *w, enum sk_list list,
                    const struct sk_id *whose,
                    const struct sk_notice_in *notice)
{
    struct sk_key row = sk_list_key(list, whose);
    struct sk_bytes value;

    sk_key_org(&row, &notice->from);
    sk_key_u64(&row, notice->number);
    return sk_store_get(w->store, SK_SPACE_DATA, sk_key_done(&row), &value) ==
           SK_OK;
}

/* Of whom it is about one is somebody's: on that list; two: on none of one. */
static struct sk_id coach_of_notice(struct walk *w,
                                    const struct sk_notice_in *notice)
{
    struct sk_id coach = {0};

    for (size_t i = 0; i < notice->entries_count; i++) {
        struct sk_participant_id person = {0};
        struct sk_handle handle;
        struct sk_org org;
        struct sk_id one;
        size_t about = 0;

        /* Gone since, it counts as it was. */
        if (sk_inbox_handle(w->e, &notice->entries[i].message, &org, &handle) !=
            SK_OK)
            continue;
        while (about < notice->about_count &&
               !sk_id_equal(&notice->about[about].id, &handle.id))
            about++;
        cr_assert(lt(sz, about, notice->about_count));
        if (sk_handle_find(w->e, &org, &handle, &person) != SK_OK)
            continue;
        one = coach_of(w, &person.id);
        if (sk_id_is_zero(&one))
            continue;
        if (!sk_id_is_zero(&coach) && !sk_id_equal(&coach, &one))
            return sk_list_several;
        coach = one;
    }
    return coach;
}

/* A handle of two partners has one row. */
static bool is_first(const struct sk_notice_in *notice, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (sk_id_equal(&notice->about[i].id, &notice->about[at].id))
            return false;
    return true;
}

static void walk_notices(struct walk *w)
{
    struct sk_notice_walk *notices;
    struct sk_notice_in *notice;

    cr_assert(sk_notice_walk(w->e, false, NULL, NULL, 0, &notices) == SK_OK);
    for (;;) {
        size_t mark = sk_arena_mark(&w->e->scratch);
        struct sk_id coach;
        bool gone = false;

        if (sk_notice_walk_next(notices, &notice) != SK_OK)
            return;
        for (size_t i = 0; i < notice->entries_count; i++)
            gone |= sk_inbox_has(w->e, &notice->from,
                                 &notice->entries[i].message) != SK_OK;
        coach = coach_of_notice(w, notice);
        cr_expect(gone || has_row(w, SK_LIST_NOTICES, &coach, notice));
        for (size_t i = 0; i < notice->about_count; i++) {
            cr_expect(has_row(w, SK_LIST_ABOUT, &notice->about[i].id, notice));
            w->rows += is_first(notice, i) ? 1 : 0;
        }
        w->rows++;
        sk_arena_reset(&w->e->scratch, mark);
    }
}

/* Every row of a table whose key is an id of this size: on this list. */
static void walk_ids(struct walk *w, uint8_t table, size_t size,
                     enum sk_list list)
{
    struct sk_scan scan =
        sk_scan_start(w->store, SK_SPACE_DATA, (struct sk_bytes){0});
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        struct sk_key row;
        struct sk_id coach;
        struct sk_id id;

        if (sk_store_table(key) != table || key.size != size)
            continue;
        memcpy(id.bytes, key.data + 1, SK_ID_SIZE);
        coach = coach_of(w, &id);
        row = sk_list_key(list, &coach);
        sk_key_id(&row, &id);
        must_be(w, &row);
    }
}

static uint64_t rows_of_table(struct walk *w, uint8_t table)
{
    uint64_t rows;

    cr_assert(sk_store_count(w->store, SK_SPACE_DATA,
                             (struct sk_bytes){&table, 1}, &rows) == SK_OK);
    return rows;
}

static uint64_t rows_of_person_table(struct walk *w, uint8_t table)
{
    struct sk_scan scan =
        sk_scan_start(w->store, SK_SPACE_DATA, (struct sk_bytes){0});
    uint64_t rows = 0;
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        rows += sk_store_table(key) == table ? 1 : 0;
    return rows;
}

/* The agenda: whose each timer is, and in how many lists they are. */
static void walk_timers(struct walk *w)
{
    struct sk_scan scan =
        sk_scan_start(w->store, SK_SPACE_DATA, (struct sk_bytes){0});
    uint64_t lists = 0;
    uint64_t about = 0;
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        size_t mark = sk_arena_mark(&w->e->scratch);
        const struct sk_timer_rule *rule;
        struct sk_participant_id person;
        uint8_t listed[1 + 2 * SK_ID_SIZE];
        struct sk_timer t;
        struct sk_id coach = {0};

        about -= sk_store_table(key) == SK_T_TIMER_ABOUT ? 1 : 0;
        if (sk_store_table(key) != SK_T_TIMER_OF)
            continue;
        cr_assert(eq(sz, value.size, sizeof(listed)));
        memcpy(listed, value.data, sizeof(listed));
        cr_assert(sk_timer_get(w->e, sk_u64_read(key.data + key.size - 8),
                               &t) == SK_OK);
        rule = sk_timer_rule_find(w->e->timer_rules, t.rule);
        cr_assert(sk_timer_person(w->e, &t, &person) == SK_OK);
        if (sk_timer_tell_of(rule->tell) != SK_TELL_PRIVACY)
            coach = coach_of(w, &person.id);
        cr_expect(memcmp(listed + 1, coach.bytes, SK_ID_SIZE) == 0);
        cr_expect(
            memcmp(listed + 1 + SK_ID_SIZE, person.id.bytes, SK_ID_SIZE) == 0);
        lists += t.state == SK_TIMER_WAITS ? 2 : 1;
        about += sk_id_is_zero(&person.id) ? 0 : 1;
        sk_arena_reset(&w->e->scratch, mark);
    }
    cr_expect(eq(u64, rows_of_table(w, SK_T_TIMER_DAY), lists));
    cr_expect(eq(u64, about, 0));
}

/* What a walk over everything says is on the lists, and nothing else. */
static void must_be_right(const char *node)
{
    struct walk w = {fx_node(&f, node)->engine, fx_node(&f, node)->store, 0, 0};

    cr_assert(sk_store_begin(w.store) == SK_OK);
    walk_messages(&w);
    cr_assert(sk_handover_each(w.e, false, walk_handover, &w) == SK_OK);
    walk_ids(&w, SK_T_PARTICIPANT, SK_KEY_PERSON_SIZE, SK_LIST_PARTICIPANTS);
    walk_ids(&w, SK_T_ERASURE, 1 + SK_ID_SIZE, SK_LIST_ERASURES);
    walk_notices(&w);
    cr_expect(eq(u64, rows_of_table(&w, SK_T_LIST), w.rows), "%s", node);
    /* By arrival, by its place, by its handle. */
    cr_expect(eq(u64, rows_of_table(&w, SK_T_INBOX_ORDER), 3 * w.messages));
    cr_expect(eq(u64, rows_of_person_table(&w, SK_T_HANDLE_OF),
                 rows_of_table(&w, SK_T_HANDLE)));
    cr_expect(eq(u64, rows_of_table(&w, SK_T_NOTICE_OF),
                 rows_of_table(&w, SK_T_NOTICE_IN)));
    walk_timers(&w);
    sk_store_abort(w.store);
}

/* ------------------------------------------------------------- the cost
 * Of the second time: what the engine keeps in memory is there. */

static uint64_t cost(uint32_t uid, const char *op, const char *args)
{
    staff_as(&f, uid);
    fx_ok(&f, NODE, op, "%s", args);
    reads_start(&f, NODE);
    fx_ok(&f, NODE, op, "%s", args);
    return reads_end(&f, NODE);
}

static struct people_id known_to(uint32_t uid)
{
    staff_as(&f, uid);
    return people_add(&f, NODE, "2000-05-14");
}

static void assign(uint32_t uid, unsigned message, struct people_id who)
{
    staff_as(&f, uid);
    fx_ok(&f, NODE, "inbox.assign", "{'message':'%s','participant':'%s'}",
          text_of(MESSAGE, message), who.text);
}

static void erase(struct people_id who)
{
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", who.text);
}

static size_t rows_of(const char *path)
{
    return sk_value_count(fx_at(&f, path));
}

/* A page of each list before and after a colleague got as much again many
   times over: it reads the same. */
Test(case_list, a_page_reads_what_it_shows)
{
    static const struct {
        const char *op;
        const char *args;
        const char *rows;
        size_t count;
    } pages[] = {
        {"inbox.list", "{}", "result.messages", 4},
        {"inbox.list", "{'new':true}", "result.messages", 3},
        {"inbox.list", "{'from':'buso'}", "result.messages", 4},
        {"inbox.list", "{'from':'buso','new':true,'limit':2}",
         "result.messages", 2},
        {"handover.list", "{}", "result.handovers", 2},
        {"handover.list", "{'open':true}", "result.handovers", 2},
        {"participant.erasures", "{}", "result.erasures", 1},
        {"erasure.list", "{}", "result.notices", 2},
        {"erasure.list", "{'from':'buso'}", "result.notices", 2},
    };
    uint64_t before[SK_COUNT(pages)];
    const unsigned asked[] = {5, 1, 2, 106};
    struct people_id one;

    staff_add(&f, NODE);
    for (unsigned i = 1; i <= 5; i++)
        gets(i, 1, /* handover */ i <= 2);
    one = known_to(IRIS);
    assign(IRIS, 1, one);
    asks_back(1, asked, 1, /* all */ true);
    asks_back(2, &asked[1], 2, /* all */ false);
    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "inbox.open", "{'message':'%s'}", text_of(MESSAGE, 4));
    erase(known_to(IRIS));
    for (size_t i = 0; i < SK_COUNT(pages); i++) {
        before[i] = cost(IRIS, pages[i].op, pages[i].args);
        cr_expect(eq(sz, rows_of(pages[i].rows), pages[i].count), "%s %s: %s",
                  pages[i].op, pages[i].args, f.reply);
    }
    one = known_to(BRAM);
    for (unsigned i = 6; i <= 105; i++)
        gets(i, 2, /* handover */ i % 2 == 0);
    assign(BRAM, 6, one);
    for (size_t i = 0; i < 20; i++)
        erase(known_to(BRAM));
    for (unsigned i = 10; i < 60; i++)
        asks_back(i, &i, 1, /* all */ i % 2 == 0);
    /* Of both of them: of neither alone. */
    gets(106, 2, /* handover */ false);
    asks_back(60, &asked[1], 3, /* all */ false);
    for (size_t i = 0; i < SK_COUNT(pages); i++) {
        uint64_t now = cost(IRIS, pages[i].op, pages[i].args);

        cr_expect(eq(u64, now, before[i]), "%s %s", pages[i].op, pages[i].args);
        cr_expect(eq(sz, rows_of(pages[i].rows), pages[i].count), "%s %s",
                  pages[i].op, pages[i].args);
    }
    must_be_right(NODE);
}

/* ------------------------------------------------------------- whose */

static size_t sees(uint32_t uid, const char *op, const char *rows)
{
    staff_as(&f, uid);
    fx_ok(&f, NODE, op, "{}");
    return rows_of(rows);
}

#define MESSAGES(uid) sees(uid, "inbox.list", "result.messages")
#define HANDOVERS(uid) sees(uid, "handover.list", "result.handovers")
#define NOTICES(uid) sees(uid, "erasure.list", "result.notices")
#define ERASURES(uid) sees(uid, "participant.erasures", "result.erasures")

/* A message under a handle that was asked back can be said to be nobody any
   more: by another one of the same. */
static void assign_handle(uint32_t uid, unsigned handle)
{
    unsigned number = 200 + handle;

    gets(number, handle, /* handover */ false);
    assign(uid, number, known_to(uid));
}

/* Of nobody, of a coach, of another one, of who takes over from that one, and
   of nobody again when the person is forgotten. */
Test(case_list, goes_along_with_the_case)
{
    const unsigned second = 2;
    const unsigned never = 99;
    struct people_id who;

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ true);
    gets(2, 1, /* handover */ false);
    cr_expect(eq(sz, MESSAGES(IRIS), 2));
    cr_expect(eq(sz, HANDOVERS(BRAM), 1));
    who = known_to(IRIS);
    assign(IRIS, 2, who);
    cr_expect(eq(sz, MESSAGES(IRIS), 2));
    cr_expect(eq(sz, MESSAGES(BRAM), 0));
    asks_back(1, &second, 1, /* all */ false);
    asks_back(2, &never, 1, /* all */ true);
    cr_expect(eq(sz, NOTICES(IRIS), 2));
    cr_expect(eq(sz, NOTICES(BRAM), 1));
    cr_expect(eq(sz, HANDOVERS(IRIS), 1));
    cr_expect(eq(sz, HANDOVERS(BRAM), 0));
    must_be_right(NODE);
    /* A law keeps what this node has of the person, and the case moves. */
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "participant.erase",
          "{'participant':'%s','ground':'withdrawn','law':'decreet',"
          "'keep_until':'2026-12-31'}",
          who.text);
    cr_expect(eq(sz, ERASURES(IRIS), 1));
    fx_ok(&f, NODE, "participant.assign", "{'participant':'%s','coach':'bram'}",
          who.text);
    cr_expect(eq(sz, ERASURES(IRIS), 0));
    cr_expect(eq(sz, ERASURES(BRAM), 1));
    cr_expect(eq(sz, MESSAGES(BRAM), 2));
    cr_expect(eq(sz, HANDOVERS(BRAM), 1));
    cr_expect(eq(sz, NOTICES(IRIS), 1));
    cr_expect(eq(sz, NOTICES(BRAM), 2));
    must_be_right(NODE);
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "user.end", "{'name':'bram','to':'zita'}");
    cr_expect(eq(sz, MESSAGES(IRIS), 0));
    cr_expect(eq(sz, MESSAGES(ZITA), 2));
    cr_expect(eq(sz, HANDOVERS(ZITA), 1));
    cr_expect(eq(sz, ERASURES(ZITA), 1));
    cr_expect(eq(sz, ERASURES(ELS), 1));
    must_be_right(NODE);
    staff_as(&f, ZITA);
    fx_ok(&f, NODE, "user.stand-in",
          "{'for':'zita','by':'iris','until':'2026-09-05'}");
    cr_expect(eq(sz, MESSAGES(IRIS), 2));
    cr_expect(eq(sz, HANDOVERS(IRIS), 1));
    cr_expect(eq(sz, ERASURES(IRIS), 1));
    staff_as(&f, OMAR);
    fx_ok(&f, NODE, "clock.set", "{'at':'2026-09-05T12:00:00Z'}");
    cr_expect(eq(sz, MESSAGES(IRIS), 2));
    staff_as(&f, OMAR);
    fx_ok(&f, NODE, "clock.set", "{'at':'2026-09-06T12:00:00Z'}");
    cr_expect(eq(sz, MESSAGES(IRIS), 0));
    cr_expect(eq(sz, ERASURES(IRIS), 0));
}

/* One request about people of two coaches is for who stands in for the other,
   and for officers. */
Test(case_list, a_request_about_cases_of_two_is_of_neither)
{
    const unsigned both[] = {1, 2};

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ false);
    gets(2, 2, /* handover */ false);
    asks_back(1, both, 2, /* all */ true);
    cr_expect(eq(sz, NOTICES(IRIS), 1));
    cr_expect(eq(sz, NOTICES(ZITA), 1));
    assign_handle(IRIS, 1);
    cr_expect(eq(sz, NOTICES(IRIS), 1));
    cr_expect(eq(sz, NOTICES(ZITA), 0));
    assign_handle(ZITA, 2);
    must_be_right(NODE);
    /* Who stands in for a third one is told nothing of it. */
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "user.stand-in",
          "{'for':'bram','by':'iris','until':'2026-09-05'}");
    fx_ok(&f, NODE, "user.stand-in",
          "{'for':'bram','by':'zita','until':'2026-09-05'}");
    cr_expect(eq(sz, NOTICES(IRIS), 0));
    cr_expect(eq(sz, NOTICES(ZITA), 0));
    cr_expect(eq(sz, NOTICES(BRAM), 0));
    cr_expect(eq(sz, NOTICES(ELS), 1));
    staff_as(&f, IRIS);
    fx_refused(&f, NODE, "unknown-notice", "erasure.confirm",
               "{'from':'buso'}");
    fx_refused(&f, NODE, "not-your-case", "erasure.confirm",
               "{'from':'buso','notice':'%s'}", text_of(NOTICE, 1));
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "user.stand-in",
          "{'for':'zita','by':'iris','until':'2026-09-05'}");
    cr_expect(eq(sz, NOTICES(IRIS), 1));
    cr_expect(eq(sz, NOTICES(ZITA), 0));
    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso'}");
    must_be_right(NODE);
}

/* Ours: the lists of who sends. */
Test(case_list, holds_at_who_hands_over)
{
    struct people_id who;
    struct people_id handover;

    fx_clock(&f, "2027-03-01T09:00:00Z");
    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, NODE);
    people_consent(&f, "buso", who, NODE, "guidance.handover",
                   "['process.handover','contact.coach']");
    people_send(&f, "buso", people_request(&f, who), NODE, "guidance.handover");
    handover = people_take(&f, "result.handover");
    fx_run(&f);
    must_be_right("buso");
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "handover.list", "{}");
    cr_expect(eq(sz, rows_of("result.handovers"), 0));
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "handover.list", "{'open':true}");
    cr_expect(eq(sz, rows_of("result.handovers"), 1));
    fx_ok(&f, "buso", "handover.cancel", "{'handover':'%s'}", handover.text);
    fx_ok(&f, "buso", "handover.list", "{'open':true}");
    cr_expect(eq(sz, rows_of("result.handovers"), 0));
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'bram'}", who.text);
    must_be_right("buso");
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", who.text);
    must_be_right("buso");
    must_be_right(NODE);
}

/* Partners choose their handles, also the same ones: it is about two people. */
Test(case_list, one_handle_of_two_partners_is_two_people)
{
    const unsigned both[] = {1, 2};

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ true);
    gets_from("houtzaak", 1, 2, 1, /* handover */ true);
    assign(IRIS, 1, known_to(IRIS));
    cr_expect(eq(sz, HANDOVERS(IRIS), 2));
    cr_expect(eq(sz, HANDOVERS(ZITA), 1));
    must_be_right(NODE);
    assign(ZITA, 2, known_to(ZITA));
    asks_back(1, both, 2, /* all */ false);
    cr_expect(eq(sz, NOTICES(IRIS), 0));
    cr_expect(eq(sz, NOTICES(ZITA), 0));
    cr_expect(eq(sz, NOTICES(ELS), 1));
    must_be_right(NODE);
}

/* A handover names whom somebody said it is about, whoever was named before and
   whoever its handle is by now: only that case takes it along. */
Test(case_list, a_handover_goes_along_with_whom_it_names)
{
    struct people_id before;
    struct people_id named;
    struct people_id handle;

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ true);
    gets(2, 1, /* handover */ false);
    before = known_to(IRIS);
    named = known_to(IRIS);
    handle = known_to(IRIS);
    assign(IRIS, 1, before);
    assign(IRIS, 1, named);
    assign(IRIS, 2, handle);
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "participant.assign", "{'participant':'%s','coach':'bram'}",
          before.text);
    fx_ok(&f, NODE, "participant.assign", "{'participant':'%s','coach':'zita'}",
          handle.text);
    must_be_right(NODE);
    cr_expect(eq(sz, HANDOVERS(IRIS), 1));
    cr_expect(eq(sz, HANDOVERS(BRAM), 0));
    cr_expect(eq(sz, HANDOVERS(ZITA), 0));
    staff_as(&f, ELS);
    fx_refused(&f, NODE, "handover-open", "participant.erase",
               "{'participant':'%s','ground':'withdrawn'}", named.text);
    erase(before);
    erase(handle);
    must_be_right(NODE);
    cr_expect(eq(sz, HANDOVERS(IRIS), 1));
}

/* Who sees dates sees no more, also of what is about no message that is here
   and so is every coach's. */
Test(case_list, dates_are_told_without_messages)
{
    static const uint32_t others[] = {OMAR, TESS};
    const unsigned never = 99;

    staff_add(&f, NODE);
    asks_back(1, &never, 1, /* all */ true);
    cr_expect(eq(sz, NOTICES(IRIS), 1));
    cr_expect(ne(ptr, strstr(f.reply, text_of(MESSAGE, never)), NULL));
    for (size_t i = 0; i < SK_COUNT(others); i++) {
        cr_expect(eq(sz, NOTICES(others[i]), 1));
        cr_expect(eq(ptr, strstr(f.reply, text_of(MESSAGE, never)), NULL));
    }
}

/* Whoever answers for a handle that nobody said is anybody: the handle, which
   its partner chose, is no participant of the log. */
Test(case_list, a_handle_that_is_nobody_is_no_participant)
{
    const unsigned first = 1;

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ false);
    asks_back(1, &first, 1, /* all */ true);
    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso'}");
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "access.list", "{'user':'iris'}");
    cr_expect(eq(ptr, strstr(f.reply, text_of(HANDLE, 1)), NULL), "%s",
              f.reply);
}

/* A partner names a message that it did not send: one that this node sent
   itself.  It is about that person, whosever case that is. */
Test(case_list, what_is_asked_back_of_ours_goes_along)
{
    static struct sk_item item;
    struct sk_item_withdrawn *notice = &item.withdrawn;
    struct people_id who;
    struct people_id message;

    fx_clock(&f, "2027-03-01T09:00:00Z");
    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, NODE);
    people_consent(&f, "buso", who, NODE, "guidance.handover",
                   "['process.handover','contact.coach']");
    message = people_send(&f, "buso", people_request(&f, who), NODE,
                          "guidance.handover");
    fx_run(&f);
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    fill(notice->notice.bytes, NOTICE, 1);
    cr_assert(
        sk_id_parse(sk_text(message.text), &notice->entries[0].message.id));
    notice->entries[0].all = true;
    notice->entries_count = 1;
    notice->erase = true;
    notice->within_days = 30;
    ln_item(&f, "houtzaak", "buso", &item, 1);
    for (int i = 0; i < 2; i++) {
        staff_as(&f, i == 0 ? IRIS : BRAM);
        fx_ok(&f, "buso", "erasure.list", "{}");
        cr_expect(eq(sz, rows_of("result.notices"), 1), "%s", f.reply);
        staff_as(&f, i == 0 ? BRAM : IRIS);
        fx_ok(&f, "buso", "erasure.list", "{}");
        cr_expect(eq(sz, rows_of("result.notices"), 0));
        staff_as(&f, ELS);
        fx_ok(&f, "buso", "participant.assign",
              "{'participant':'%s','coach':'bram'}", who.text);
    }
}

/* Who was erased goes along with whose case it was, when that coach ends: the
   request, the handover that is over, and whose case it is; in no list of
   participants. */
Test(case_list, who_was_erased_goes_along)
{
    struct people_id living;
    struct people_id who;
    struct people_id handover;

    fx_clock(&f, "2027-03-01T09:00:00Z");
    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    living = people_add(&f, "buso", "2000-05-15");
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, NODE);
    people_consent(&f, "buso", who, NODE, "guidance.handover",
                   "['process.handover','contact.coach']");
    people_send(&f, "buso", people_request(&f, who), NODE, "guidance.handover");
    handover = people_take(&f, "result.handover");
    fx_run(&f);
    fx_ok(&f, "buso", "handover.cancel", "{'handover':'%s'}", handover.text);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", who.text);
    fx_ok(&f, "buso", "user.end", "{'name':'iris','to':'bram'}");
    EQ(fx_text(&f, "result.moved"), "1");
    must_be_right("buso");
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.erasure", "{'participant':'%s'}", who.text);
    fx_ok(&f, "buso", "participant.erasures", "{}");
    EQ(fx_text(&f, "result.erasures.0.participant"), who.text);
    fx_ok(&f, "buso", "handover.list", "{}");
    EQ(fx_text(&f, "result.handovers.0.handover"), handover.text);
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, rows_of("result.participants"), 1));
    EQ(fx_text(&f, "result.participants.0.participant"), living.text);
    /* Also of who has nobody else. */
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'zita'}", living.text);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.end", "{'name':'bram','to':'zita'}");
    EQ(fx_text(&f, "result.moved"), "0");
    must_be_right("buso");
    staff_as(&f, ZITA);
    fx_ok(&f, "buso", "participant.erasure", "{'participant':'%s'}", who.text);
    fx_ok(&f, "buso", "handover.list", "{}");
    cr_expect(eq(sz, rows_of("result.handovers"), 1));
}

/* Is the record of this message of buso here? */
static bool is_here(unsigned message)
{
    struct sk_engine *e = fx_enter(&f, NODE);
    struct sk_message_id id;
    struct sk_org from;
    enum sk_status status;

    cr_assert(sk_id_parse(sk_text(text_of(MESSAGE, message)), &id.id));
    cr_assert(sk_org_parse(sk_text("buso"), &from));
    status = sk_inbox_has(e, &from, &id);
    fx_abort(e);
    return status == SK_OK;
}

/* A law keeps part of a message of whom this node forgot: nobody reads it, also
   what was not asked back, and all of it goes the day after. */
Test(case_list, what_a_law_keeps_of_who_is_forgotten_nobody_reads)
{
    const unsigned first = 1;
    struct people_id who;

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ false);
    who = known_to(IRIS);
    assign(IRIS, 1, who);
    asks_back(1, &first, 1, /* all */ false);
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "erasure.refuse",
          "{'from':'buso','keep_until':'2026-11-30','law_reference':'x'}");
    cr_expect(eq(sz, MESSAGES(BRAM), 0));
    cr_expect(eq(sz, MESSAGES(IRIS), 1));
    staff_as(&f, OMAR); /* through that day */
    fx_ok(&f, NODE, "clock.set", "{'at':'2026-11-30T12:00:00Z'}");
    erase(who);
    cr_expect(eq(sz, MESSAGES(BRAM), 0));
    cr_expect(eq(sz, MESSAGES(IRIS), 0));
    must_be_right(NODE);
    staff_as(&f, BRAM);
    fx_refused(&f, NODE, "unknown-message", "inbox.open", "{'message':'%s'}",
               text_of(MESSAGE, 1));
    EQ(fx_text(&f, "error.detail"), "recalled");
    cr_expect(is_here(1));
    staff_as(&f, OMAR);
    fx_ok(&f, NODE, "clock.set", "{'at':'2026-12-01T12:00:00Z'}");
    fx_run(&f);
    cr_expect(not(is_here(1)));
}

/* Gone with whom it is about, or on its last day: opened or not. */
Test(case_list, what_is_gone_is_on_none)
{
    struct people_id who;

    staff_add(&f, NODE);
    for (unsigned i = 1; i <= 2; i++)
        gets(i, 1, /* handover */ false);
    gets(3, 2, /* handover */ false);
    gets(6, 2, /* handover */ false);
    who = known_to(IRIS);
    assign(IRIS, 1, who);
    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "inbox.open", "{'message':'%s'}", text_of(MESSAGE, 2));
    fx_ok(&f, NODE, "inbox.open", "{'message':'%s'}", text_of(MESSAGE, 6));
    cr_expect(eq(sz, MESSAGES(IRIS), 4));
    erase(who);
    must_be_right(NODE);
    cr_expect(eq(sz, MESSAGES(IRIS), 2));
    staff_as(&f, OMAR);
    fx_ok(&f, NODE, "clock.set", "{'at':'2026-09-21T12:00:00Z'}");
    must_be_right(NODE);
    cr_expect(eq(sz, MESSAGES(IRIS), 0));
}

/* Asked back whole it is on no list, also when a part goes first. */
Test(case_list, what_was_asked_back_is_on_none)
{
    const unsigned first = 1;

    staff_add(&f, NODE);
    gets(1, 1, /* handover */ false);
    asks_back(1, &first, 1, /* all */ true);
    asks_back(2, &first, 1, /* all */ false);
    cr_expect(eq(sz, MESSAGES(IRIS), 0));
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso','notice':'%s'}",
          text_of(NOTICE, 2));
    must_be_right(NODE);
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso','notice':'%s'}",
          text_of(NOTICE, 1));
    must_be_right(NODE);
}

/* ------------------------------------------------------------- any history */

#define HANDLES 4
#define KNOWN_MAX 16

static struct {
    uint64_t dice;
    unsigned messages; /* that came */
    unsigned notices;
    struct people_id known[KNOWN_MAX];
    size_t known_count;
    unsigned days;
    bool zita;
} run;

static unsigned roll(unsigned below)
{
    return (unsigned)(ln_random(&run.dice) % below);
}

static uint32_t a_coach(void)
{
    static const uint32_t coaches[] = {IRIS, BRAM, ZITA};

    return coaches[roll(run.zita ? 3 : 2)];
}

/* Whoever may, does; a refusal is an answer too. */
__attribute__((format(printf, 3, 4))) static void
does(uint32_t uid, const char *op, const char *args, ...)
{
    char text[512];
    va_list list;

    va_start(list, args);
    vsnprintf(text, sizeof(text), args, list);
    va_end(list);
    staff_as(&f, uid);
    fx_call(&f, NODE, op, "%s", text);
    fx_pump(&f);
}

static const char *a_message(void)
{
    return text_of(MESSAGE, 1 + roll(run.messages + 1));
}

static const char *somebody(void)
{
    return run.known[roll((unsigned)run.known_count)].text;
}

static void partner_step(void)
{
    unsigned asked[3];
    unsigned count = 1 + roll(3);
    unsigned kind = roll(10);

    if (kind < 8) {
        gets(++run.messages, 1 + roll(HANDLES), kind < 3);
        return;
    }
    /* Of those that came, or 0, which never does. */
    for (unsigned i = 0; i < count; i++)
        asked[i] = (roll(run.messages + 1) + i) % (run.messages + 1);
    asks_back(++run.notices, asked, count, roll(2) == 0);
}

static void people_step(void)
{
    static const char *const inputs[] = {"open", "answer-accepted",
                                         "answer-declined", "complete"};
    char message[SK_ID_TEXT_SIZE + 1];

    snprintf(message, sizeof(message), "%s", a_message());
    switch (roll(11)) {
    case 0:
        if (run.known_count < KNOWN_MAX)
            run.known[run.known_count++] = known_to(a_coach());
        return;
    case 1:
    case 2:
        does(a_coach(), "inbox.assign", "{'message':'%s','participant':'%s'}",
             message, somebody());
        return;
    case 3:
        does(a_coach(), "inbox.open", "{'message':'%s'}", message);
        return;
    case 4:
        does(a_coach(), "inbox.accept", "{'message':'%s'}", message);
        return;
    case 5:
        does(ELS, "participant.assign", "{'participant':'%s','coach':'%s'}",
             somebody(), roll(2) == 0 ? "iris" : "bram");
        return;
    case 6:
        does(ELS, "participant.erase",
             "{'participant':'%s','ground':'withdrawn'%s}", somebody(),
             roll(2) == 0 ? ",'law':'x','keep_until':'2026-09-30'" : "");
        return;
    case 7:
        does(ELS, "erasure.confirm", "{'from':'buso'}");
        return;
    case 8:
        does(ELS, "erasure.refuse",
             "{'from':'buso','notice':'%s','keep_until':'2026-09-25',"
             "'law_reference':'x'}",
             text_of(NOTICE, 1 + roll(run.notices + 1)));
        return;
    case 9:
        does(a_coach(), "handover.input", "{'handover':'%s','input':'%s'}",
             text_of(HANDOVER, 1 + roll(run.messages + 1)), inputs[roll(4)]);
        return;
    default:
        does(a_coach(), "user.stand-in",
             "{'for':'%s','by':'%s','until':'2026-09-12'}",
             roll(2) == 0 ? "iris" : "bram", roll(2) == 0 ? "bram" : "zita");
    }
}

static void node_step(void)
{
    struct sk_store *store = fx_node(&f, NODE)->store;

    switch (roll(4)) {
    case 0:
        run.days += 1 + roll(4);
        does(OMAR, "clock.set", "{'at':'2026-%02u-%02uT12:00:00Z'}",
             9 + (4 + run.days) / 30, 1 + (4 + run.days) % 30);
        return;
    case 1:
        staff_as(&f, 0);
        fx_crash(&f, NODE);
        return;
    case 2: /* a full disk: nothing of it happens, whatever it is */
        sk_store_memory_fail_after(store, 1 + roll(12));
        staff_as(&f, a_coach());
        (void)fx_try(&f, NODE, "inbox.assign",
                     "{'message':'%s','participant':'%s'}", a_message(),
                     somebody());
        sk_store_memory_fail_after(store, 0);
        return;
    default:
        if (run.zita && roll(4) == 0) {
            does(ELS, "user.end", "{'name':'zita','to':'iris'}");
            run.zita = false;
        }
    }
}

/* Every page of what a coach sees, and what a look at everything says of it. */
static size_t by_the_page(uint32_t uid, const char *op, const char *rows)
{
    char after[96] = "";
    size_t count = 0;

    for (bool more = true; more;) {
        char path[64];

        does(uid, op, "{'limit':3%s}", after);
        snprintf(path, sizeof(path), "result.%s", rows);
        cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
        count += rows_of(path);
        more = sk_value_bool(fx_at(&f, "result.more"));
        if (!more)
            break;
        cr_expect(eq(sz, rows_of(path), 3), "a full page");
        if (sk_value_kind(fx_at(&f, "result.next.after")) == SK_VALUE_NONE)
            snprintf(after, sizeof(after), ",'after':'%s'",
                     fx_text(&f, "result.next"));
        else
            snprintf(after, sizeof(after), ",'after_from':'buso','after':'%s'",
                     fx_text(&f, "result.next.after"));
    }
    return count;
}

struct tally {
    struct sk_engine *e;
    size_t handovers;
    size_t messages;
    size_t notices;
};

static enum sk_status tally_handover(void *context, struct sk_handover *h)
{
    struct tally *t = context;
    struct sk_participant_id person;
    bool seen;

    SK_TRY(sk_handover_person(t->e, h, &person));
    SK_TRY(sk_case_is_seen(t->e, &person, &seen));
    t->handovers += seen ? 1 : 0;
    return SK_OK;
}

static void tally_notices(struct tally *t)
{
    struct sk_notice_walk *walk;
    struct sk_notice_in *notice;
    bool seen;

    cr_assert(sk_notice_walk(t->e, false, NULL, NULL, 0, &walk) == SK_OK);
    while (sk_notice_walk_next(walk, &notice) == SK_OK) {
        cr_assert(sk_notice_in_is_seen(t->e, notice, &seen) == SK_OK);
        t->notices += seen ? 1 : 0;
    }
}

static void tally_messages(struct tally *t)
{
    for (unsigned i = 1; i <= run.messages; i++) {
        size_t mark = sk_arena_mark(&t->e->scratch);
        struct sk_participant_id person = {0};
        struct sk_inbox_entry *entry =
            sk_arena_get(&t->e->scratch, sizeof(*entry));
        struct sk_message_id id;
        const char *gone;
        bool seen;

        fill(id.id.bytes, MESSAGE, i);
        if (sk_inbox_get(t->e, &id, entry) != SK_OK)
            continue;
        cr_assert(sk_inbox_gone(t->e, &entry->from, &id, &gone) == SK_OK);
        if (sk_handle_find(t->e, &entry->from, &entry->event->handle,
                           &person) != SK_OK)
            person = (struct sk_participant_id){0};
        cr_assert(sk_case_is_seen(t->e, &person, &seen) == SK_OK);
        t->messages += seen && gone == NULL ? 1 : 0;
        sk_arena_reset(&t->e->scratch, mark);
    }
}

static void look_as(uint32_t uid, const char *name)
{
    struct tally t = {.e = fx_node(&f, NODE)->engine};
    struct sk_user user;

    cr_assert(sk_store_begin(fx_node(&f, NODE)->store) == SK_OK);
    cr_assert(sk_user_of_name(t.e, sk_text(name), &user) == SK_OK);
    t.e->asker =
        (struct sk_asker){.known = true, .id = user.id, .roles = user.roles};
    cr_assert(sk_handover_each(t.e, false, tally_handover, &t) == SK_OK);
    tally_messages(&t);
    tally_notices(&t);
    t.e->asker = (struct sk_asker){0};
    sk_store_abort(fx_node(&f, NODE)->store);
    cr_expect(eq(sz, by_the_page(uid, "inbox.list", "messages"), t.messages));
    cr_expect(
        eq(sz, by_the_page(uid, "handover.list", "handovers"), t.handovers));
    cr_expect(eq(sz, by_the_page(uid, "erasure.list", "notices"), t.notices));
}

static void live(unsigned seed)
{
    struct sk_store *backup = NULL;

    run.dice = seed;
    run.messages = run.notices = run.days = 0;
    run.known_count = 0;
    run.zita = true;
    staff_add(&f, NODE);
    run.known[run.known_count++] = known_to(IRIS);
    for (unsigned i = 0; i < 150; i++) {
        unsigned kind = roll(20);

        if (kind < 6)
            partner_step();
        else if (kind < 19)
            people_step();
        else
            node_step();
        must_be_right(NODE);
        if (i == 70)
            backup = ln_backup(&f, NODE);
    }
    look_as(IRIS, "iris");
    look_as(BRAM, "bram");
    /* What came back from a backup has the lists of that day, and goes on. */
    staff_as(&f, 0);
    ln_restore(&f, NODE, backup);
    must_be_right(NODE);
    run.zita = false;
    for (unsigned i = 0; i < 20; i++) {
        people_step();
        must_be_right(NODE);
    }
    look_as(BRAM, "bram");
}

Test(case_list, says_what_a_walk_over_everything_says)
{
    const char *one = getenv("SEED");
    unsigned first = one == NULL ? 1 : (unsigned)atoi(one);

    for (unsigned seed = first; seed < first + (one == NULL ? 3 : 1); seed++) {
        if (seed > first) {
            end();
            start();
        }
        live(seed);
    }
}
