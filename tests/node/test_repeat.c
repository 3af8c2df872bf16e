/* CONTROL.md 2.4: a request with an id is done once, whatever is killed. */
#include "tests/node/people.h"

#include "node/engine/state.h"

#define START "2027-03-05T08:00:00Z"

static const char id_a[] = "aaaaaaaa-0000-4000-8000-000000000001";
static const char id_b[] = "bbbbbbbb-0000-4000-8000-000000000002";

static uint64_t writes_of(struct fx *f, const char *org)
{
    return fx_node(f, org)->store->writes;
}

/* ------------------------------------------------------------- one request */

Test(repeat, is_answered_with_the_same_reply_and_does_nothing)
{
    static struct fx f;
    char *first;

    fx_start(&f, "S2A", START);
    f.request_id = id_a;
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Jonas'}");
    first = strdup(f.reply);
    fx_call(&f, "buso", "participant.add", "{'given_name':'Jonas'}");
    cr_expect(eq(str, f.reply, first));
    cr_expect(eq(u64, writes_of(&f, "buso"), 0));
    /* Another id is another request; without one it is always new. */
    f.request_id = id_b;
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Jonas'}");
    cr_expect(ne(str, f.reply, first));
    f.request_id = NULL;
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Jonas'}");
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.participants")), 3));
    free(first);
    fx_end(&f);
}

Test(repeat, of_something_else_is_refused)
{
    static struct fx f;

    fx_start(&f, "S2A", START);
    f.request_id = id_a;
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Jonas'}");
    fx_refused(&f, "buso", "request-reused", "participant.add",
               "{'given_name':'Lotte'}");
    fx_refused(&f, "buso", "request-reused", "calendar.close",
               "{'days':['2026-12-25']}");
    cr_expect(eq(u64, writes_of(&f, "buso"), 0));
    fx_end(&f);
}

/* What was refused, or changed nothing, is decided again. */
Test(repeat, of_a_refusal_is_decided_again)
{
    static struct fx f;
    struct people_id jonas;

    fx_start(&f, "S2A", START);
    jonas = people_add(&f, "buso", "2007");
    f.request_id = id_a;
    fx_refused(&f, "buso", "unknown-org", "relation.open",
               "{'participant':'%s','org':'nobody','from':'2026-09-01'}",
               jonas.text);
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'gtb','from':'2026-09-01'}", jonas.text);
    f.request_id = id_b;
    fx_ok(&f, "buso", "participant.list", "{}");
    people_add(&f, "buso", "2007");
    f.request_id = NULL;
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.participants")), 2));
    fx_end(&f);
}

/* CONSENT.md 4.5: a copy of what a partner sent is not kept: opening again
   shows what may be seen now. */
Test(repeat, of_opening_shows_what_is_there_now)
{
    static struct fx f;
    struct people_id jonas;
    struct people_id event;
    struct people_id message;

    fx_start(&f, "S2A", START);
    jonas = people_add(&f, "buso", "2007");
    people_link(&f, "buso", jonas, "gtb");
    people_consent(&f, "buso", jonas, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    event = people_request(&f, jonas);
    message = people_send(&f, "buso", event, "gtb", "guidance.handover");
    fx_run(&f);
    f.request_id = id_a;
    fx_ok(&f, "gtb", "inbox.open", "{'message':'%s'}", message.text);
    cr_expect(
        ne(str, (char *)fx_text(&f, "result.fields.coach_name"), "absent"));
    f.request_id = NULL;
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", jonas.text);
    f.request_id = id_a;
    fx_refused(&f, "gtb", "unknown-message", "inbox.open", "{'message':'%s'}",
               message.text);
    fx_end(&f);
}

/* ------------------------------------------------------------- how long */

static size_t kept(struct fx *f, const char *org, char table)
{
    struct sk_store *store = fx_node(f, org)->store;
    uint8_t first = (uint8_t)table;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t count = 0;

    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){&first, 1});
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        count++;
    sk_store_abort(store);
    return count;
}

static void add_numbered(struct fx *f, unsigned number)
{
    char id[SK_ID_TEXT_SIZE + 1];

    snprintf(id, sizeof(id), "cccccccc-0000-4000-8000-%012u", number);
    f->request_id = id;
    fx_call(f, "buso", "calendar.close", "{'days':['2026-12-25']}");
    f->request_id = NULL;
}

/* The same requests, but many in one transaction. */
static void add_together(struct fx *f, unsigned first, unsigned many)
{
    static struct sk_effects effects;
    struct sk_engine *e = fx_node(f, "buso")->engine;
    struct sk_seed seed = {{7}};
    char id[SK_ID_TEXT_SIZE + 1];

    sk_effects_start(&effects, (struct sk_room){f->room, FX_ROOM_MAX});
    cr_assert(sk_store_begin(e->store) == SK_OK);
    for (unsigned i = first; i < first + many; i++) {
        uint8_t bytes[256];
        struct sk_input input = {.type = SK_INPUT_CONTROL,
                                 .owner = true,
                                 .now_ms = f->real_ms,
                                 .seed = fx_seed(f)};
        struct sk_pack p =
            sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
        struct fx_json json = {"{'days':['2026-12-25']}"};

        snprintf(id, sizeof(id), "cccccccc-0000-4000-8000-%012u", i);
        sk_pack_map(&p, 4);
        sk_pack_cstr(&p, "args");
        fx_value(&json, &p);
        sk_pack_cstr(&p, "id");
        sk_pack_cstr(&p, id);
        sk_pack_cstr(&p, "op");
        sk_pack_cstr(&p, "calendar.close");
        sk_pack_cstr(&p, "v");
        sk_pack_uint(&p, 1);
        cr_assert(sk_pack_finish(&p, &input.bytes) == SK_OK);
        cr_assert(sk_engine_step(e, &input, &effects) == SK_OK);
    }
    cr_assert(sk_engine_pump(e, f->real_ms, &seed, &effects) == SK_OK);
    cr_assert(sk_store_commit(e->store) == SK_OK);
}

Test(repeat, is_known_for_a_day)
{
    static struct fx f;

    fx_start(&f, "S2A", START);
    for (unsigned i = 0; i < 5; i++)
        add_numbered(&f, i);
    fx_crash(&f, "buso"); /* the order goes on where it was */
    for (unsigned i = 5; i < 10; i++)
        add_numbered(&f, i);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), 10));
    cr_expect(eq(sz, kept(&f, "buso", 'q'), 10));
    fx_clock(&f, "2027-03-06T08:00:00Z");
    add_numbered(&f, 0);
    cr_expect(eq(u64, writes_of(&f, "buso"), 0), "a day later, still known");
    fx_clock(&f, "2027-03-06T08:00:01Z");
    for (unsigned i = 10; i < 19; i++)
        add_numbered(&f, i);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), 9), "the old ones are gone");
    cr_expect(eq(sz, kept(&f, "buso", 'q'), 9));
    fx_end(&f);
}

Test(repeat, is_known_for_so_many_requests)
{
    static struct fx f;

    fx_start(&f, "S2A", START);
    for (unsigned i = 0; i < SK_REQUESTS_KEPT_MAX; i += 256)
        add_together(&f, i, 256);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), SK_REQUESTS_KEPT_MAX));
    add_numbered(&f, 0);
    cr_expect(eq(u64, writes_of(&f, "buso"), 0), "the first is still known");
    add_numbered(&f, SK_REQUESTS_KEPT_MAX);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), SK_REQUESTS_KEPT_MAX));
    add_numbered(&f, 0);
    cr_expect(writes_of(&f, "buso") > 0, "the first is forgotten");
    fx_end(&f);
}

/* Many in one transaction, in more than one record of their order; what is too
   old goes in small parts. */
Test(repeat, is_known_when_many_were_done_together)
{
    static struct fx f;
    const unsigned many = SK_DONE_MAX + 10;

    fx_start(&f, "S2A", START);
    add_together(&f, 0, many);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), many));
    cr_expect(eq(sz, kept(&f, "buso", 'q'), 2));
    add_numbered(&f, many - 1);
    cr_expect(eq(u64, writes_of(&f, "buso"), 0), "all of them are known");
    fx_clock(&f, "2027-03-06T08:00:01Z");
    add_numbered(&f, many);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), many - 1), "two less, one more");
    add_numbered(&f, 2);
    cr_expect(eq(u64, writes_of(&f, "buso"), 0), "the third is still known");
    for (unsigned i = 1; i < many; i++)
        add_numbered(&f, many + i);
    cr_expect(eq(sz, kept(&f, "buso", 'r'), many), "only those of today");
    cr_expect(eq(sz, kept(&f, "buso", 'q'), many));
    fx_end(&f);
}

/* A reply about a person is sealed under that person's key (I9). */
Test(repeat, keeps_no_values_in_the_clear)
{
    static struct fx f;
    struct people_id jonas;
    struct people_id event;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_store *store;

    fx_start(&f, "S2A", START);
    jonas = people_add(&f, "buso", "2007");
    people_link(&f, "buso", jonas, "gtb");
    people_consent(&f, "buso", jonas, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    event = people_request(&f, jonas);
    f.request_id = id_a;
    people_send(&f, "buso", event, "gtb", "guidance.handover");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.fields.coach_name"), "Iris V."));
    store = fx_node(&f, "buso")->store;
    cr_assert(sk_store_begin(store) == SK_OK);
    for (const char *table = "rq"; *table != '\0'; table++) {
        scan = sk_scan_start(store, SK_SPACE_DATA,
                             (struct sk_bytes){(const uint8_t *)table, 1});
        cr_assert(sk_scan_next(&scan, &key, &value) == SK_OK, "%s", table);
        cr_expect(memmem(value.data, value.size, "Iris", 4) == NULL);
    }
    sk_store_abort(store);
    fx_end(&f);
}

/* ------------------------------------------------------------- any kill */

enum kill { KILL_NOT, KILL_BEFORE, KILL_AFTER, KILLS };

struct script {
    struct fx f;
    uint64_t weather; /* 0: nobody is killed */
    unsigned number;  /* of the request */
    unsigned kills;
    char trace[65536]; /* every reply that a caller got */
    size_t trace_size;
    struct people_id jonas;
    struct people_id event;
    struct people_id message;
};

static unsigned dice(struct script *s, unsigned sides)
{
    s->weather =
        s->weather * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(s->weather >> 33) % sides;
}

/* The process dies with the request applied in memory, and nothing on disk. */
static void die_before_commit(struct script *s, const char *org, const char *op,
                              const char *args)
{
    struct fx_node *node = fx_node(&s->f, org);

    sk_store_memory_fail_after(node->store, 1 + dice(s, 12));
    (void)fx_try(&s->f, org, op, "%s", args);
    sk_store_memory_fail_after(node->store, 0);
    fx_crash(&s->f, org);
    s->kills++;
}

/* Starting takes a while: who says HELLO without end is not answered. */
static void lines_up(struct script *s, const char *org)
{
    size_t at = fx_index(&s->f, org);

    s->f.real_ms += 2000;
    for (size_t i = 0; i < s->f.count; i++) {
        if (i != at)
            fx_line(&s->f, at, i);
    }
    fx_run(&s->f);
}

/* The caller repeats until it has an answer; the same seeds in every world, so
   that the ids that are made are the same. */
__attribute__((format(printf, 4, 5))) static void request(struct script *s,
                                                          const char *org,
                                                          const char *op,
                                                          const char *args, ...)
{
    char id[SK_ID_TEXT_SIZE + 1];
    char text[4096];
    enum kill kill;
    va_list list;

    va_start(list, args);
    vsnprintf(text, sizeof(text), args, list);
    va_end(list);
    snprintf(id, sizeof(id), "dddddddd-0000-4000-8000-%012u", ++s->number);
    do {
        kill = s->weather == 0 ? KILL_NOT : (enum kill)dice(s, KILLS);
        s->f.seeds = s->number * UINT64_C(1000000);
        s->f.request_id = id;
        if (kill == KILL_BEFORE) {
            die_before_commit(s, org, op, text);
        } else {
            fx_call(&s->f, org, op, "%s", text);
            if (kill == KILL_AFTER) {
                fx_crash(&s->f, org);
                s->kills++;
            }
        }
        s->f.request_id = NULL;
        if (kill != KILL_NOT)
            lines_up(s, org);
    } while (kill != KILL_NOT);
    cr_assert(sk_value_bool(fx_at(&s->f, "ok")), "%s: %s", op, s->f.reply);
    s->trace_size += (size_t)snprintf(s->trace + s->trace_size,
                                      sizeof(s->trace) - s->trace_size,
                                      "%s %s %s\n", org, op, s->f.reply);
    cr_assert(s->trace_size < sizeof(s->trace));
    fx_run(&s->f);
}

/* Whatever can change something, at least once. */
static void play(struct script *s)
{
    request(s, "buso", "participant.add",
            "{'given_name':'Jonas','birth_date':'2007'}");
    s->jonas = people_take(&s->f, "result.participant");
    request(s, "buso", "relation.open",
            "{'participant':'%s','org':'gtb','from':'2026-09-01'}",
            s->jonas.text);
    request(s, "buso", "consent.request", "{'participant':'%s'}",
            s->jonas.text);
    request(s, "buso", "consent.give",
            "{'participant':'%s','until':'2027-05-29',"
            "'purposes':['guidance.handover'],'recipients':['gtb'],"
            "'categories':['process.handover','contact.coach']," PEOPLE_NOTICE
            "}",
            s->jonas.text);
    request(s, "buso", "event.record",
            "{'participant':'%s','type':'handover.requested','fields':{"
            "'handover_kind':'warm','handover_reason':'next_step',"
            "'question':'Kunnen jullie verder?','participant_goal':'Werken.',"
            "'respond_by':'2027-03-12','coach_name':'Iris V.',"
            "'coach_phone':'+3214000003'}}",
            s->jonas.text);
    s->event = people_take(&s->f, "result.event");
    request(s, "buso", "disclosure.send",
            "{'event':'%s','to':'gtb','for':'guidance.handover'}",
            s->event.text);
    s->message = people_take(&s->f, "result.message");
    request(s, "gtb", "inbox.open", "{'message':'%s'}", s->message.text);
    request(s, "gtb", "participant.add", "{'given_name':'Jonas'}");
    request(s, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
            s->message.text, fx_text(&s->f, "result.participant"));
    request(s, "gtb", "inbox.accept", "{'message':'%s'}", s->message.text);
    request(s, "buso", "calendar.close", "{'days':['2026-12-25']}");
    request(s, "buso", "participant.object",
            "{'participant':'%s','recipients':['houtzaak']}", s->jonas.text);
    /* Its item of today is raised now in every world: that draws a nonce. */
    fx_timer(&s->f, "buso");
    request(s, "buso", "consent.withdraw", "{'participant':'%s'}",
            s->jonas.text);
    request(s, "gtb", "erasure.confirm", "{'from':'buso'}");
    request(s, "buso", "relation.close",
            "{'participant':'%s','org':'gtb','until':'2027-03-06'}",
            s->jonas.text);
    request(s, "buso", "clock.set", "{'at':'2027-03-05T09:00:00Z'}");
    /* What is there now, at both. */
    request(s, "buso", "participant.list", "{}");
    request(s, "buso", "participant.show", "{'participant':'%s'}",
            s->jonas.text);
    request(s, "buso", "disclosure.list", "{'participant':'%s'}",
            s->jonas.text);
    request(s, "gtb", "participant.list", "{}");
    request(s, "gtb", "inbox.list", "{}");
    request(s, "gtb", "erasure.list", "{}");
}

/* Any kill, before or after the commit, as often as it likes: every caller
   gets the replies, and both nodes are in the state, of a world without. */
Test(repeat, of_every_request_after_any_kill_applies_it_once)
{
    static struct script calm;
    static struct script wild;
    unsigned kills = 0;

    fx_start(&calm.f, "S2A", START);
    play(&calm);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        memset(&wild, 0, sizeof(wild));
        wild.weather = seed;
        fx_start(&wild.f, "S2A", START);
        play(&wild);
        cr_assert(eq(str, wild.trace, calm.trace), "seed %llu",
                  (unsigned long long)seed);
        kills += wild.kills;
        fx_end(&wild.f);
    }
    cr_expect(kills > 100, "%u", kills);
    fx_end(&calm.f);
}
