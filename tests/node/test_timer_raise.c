/* When timers are raised: whoever looked when, the list is the same.  And
   those that come from what a partner sent. */
#include "tests/node/lines.h"
#include "tests/node/people.h"

static struct fx f;

/* "DAY timer state;" of a whole agenda. */
static void agenda(const char *node, char *out, size_t size_max)
{
    struct sk_value_walk walk;
    size_t size = 0;

    fx_call(&f, node, "agenda.list", "{'done':true,'until':'2099-12-31'}");
    out[0] = '\0';
    walk = sk_value_walk(fx_at(&f, "result.items"));
    while (sk_value_next(&walk)) {
        struct sk_bytes parts[3] = {
            sk_value_str(sk_value_get(walk.value, "day")),
            sk_value_str(sk_value_get(walk.value, "timer")),
            sk_value_str(sk_value_get(walk.value, "state"))};

        for (size_t i = 0; i < 3; i++)
            size += (size_t)snprintf(
                out + size, size_max - size, "%.*s%s", (int)parts[i].size,
                (const char *)parts[i].data, i < 2 ? " " : ";\n");
        cr_assert(size < size_max - 64);
    }
}

/* ------------------------------------------------------------- a property */

static int64_t now;

/* All clocks, and only then what they cause: as clocks on walls go. */
static void go(int64_t instant)
{
    char text[21];

    if (instant <= now)
        return;
    now = instant;
    f.real_ms = (uint64_t)now * 1000;
    sk_instant_format(now, text);
    for (size_t i = 0; i < f.count; i++)
        fx_call(&f, f.nodes[i].org.text, "clock.set", "{'at':'%s'}", text);
    fx_run(&f);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    return z ^ (z >> 27);
}

/* Until this minute: looked at now and then, killed now and then, by the
   seed; seed 0: slept through. */
static void until(const char *minute, uint64_t *seed)
{
    static const char *const nodes[] = {"buso", "gtb", "houtzaak"};
    int64_t end;

    cr_assert(sk_civil_minute_parse(sk_text(minute), &end));
    for (int i = 0; *seed != 0 && i < 4; i++) {
        uint64_t at = next_random(seed);
        const char *node = nodes[(at >> 8) % SK_COUNT(nodes)];

        if (end > now)
            go(now + (int64_t)(at % (uint64_t)(end - now)));
        if (at >> 62 == 0)
            fx_crash(&f, node);
        else
            fx_timer(&f, node);
        fx_run(&f);
    }
    go(end);
}

static struct people_id request(struct people_id who)
{
    struct people_id event = people_request(&f, who);

    people_send(&f, "buso", event, "gtb", "guidance.handover");
    fx_run(&f);
    fx_ok(&f, "gtb", "handover.list", "{'open':true}");
    return people_take(&f, "result.handovers.0.handover");
}

static void input(struct people_id handover, const char *word)
{
    fx_ok(&f, "gtb", "handover.input", "{'handover':'%s','input':'%s'}",
          handover.text, word);
}

static void give(struct people_id who, const char *to, const char *purpose,
                 const char *categories, const char *last)
{
    fx_ok(&f, "buso", "consent.give",
          "{'participant':'%s','until':'%s','purposes':['%s'],"
          "'recipients':['%s'],'categories':%s," PEOPLE_NOTICE "}",
          who.text, last, purpose, to, categories);
}

#define HANDED "['process.handover','contact.coach']"

/* A year and a half at a school: two handovers, a placement that is recalled
   and never answered, jobs that start and end. */
static void live(uint64_t seed, char *out, size_t size_max)
{
    struct people_id lotte;
    struct people_id milan;
    struct people_id handover;
    size_t half = size_max / 2;

    now = 0;
    fx_start(&f, "S2A", "2026-11-02T08:00:00Z");
    fx_ok(&f, "gtb", "calendar.close", "{'days':['2026-12-24']}");
    lotte = people_add(&f, "buso", "2004-01-15");
    milan = people_add(&f, "buso", "2005-06-01");
    people_link(&f, "buso", lotte, "gtb");
    people_link(&f, "buso", milan, "gtb");
    people_link(&f, "buso", milan, "houtzaak");
    give(lotte, "gtb", "guidance.handover", HANDED, "2027-01-20");
    give(milan, "gtb", "guidance.handover", HANDED, "2027-01-20");
    until("2026-12-22T10:00", &seed);
    request(lotte); /* nobody ever looks at it */
    until("2027-01-11T09:00", &seed);
    give(milan, "houtzaak", "work.placement", PEOPLE_WORKPLACE_CATEGORIES,
         "2027-06-30");
    people_send(&f, "buso", people_workplace(&f, milan), "houtzaak",
                "work.placement");
    fx_run(&f);
    until("2027-01-18T09:00", &seed);
    handover = request(milan);
    until("2027-01-20T09:00", &seed);
    input(handover, "answer-accepted");
    until("2027-02-05T09:00", &seed);
    input(handover, "complete");
    fx_run(&f);
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'employment.started','fields':"
          "{'start_date':'2027-01-31','circuit':'nec'}}",
          milan.text);
    until("2027-03-28T01:30", &seed); /* the night that has no 02:30 */
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','recipients':['houtzaak']}", milan.text);
    fx_run(&f);
    until("2027-08-02T11:00", &seed);
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'employment.ended','fields':"
          "{'end_date':'2027-08-01'}}",
          milan.text);
    until("2027-10-31T02:30", &seed); /* the hour that comes twice */
    until("2028-05-02T12:00", &seed);
    agenda("buso", out, half);
    strcat(out, "gtb\n");
    agenda("gtb", out + strlen(out), size_max - strlen(out));
    fx_end(&f);
}

/* Any order of looking and of being killed tells the same. */
Test(timer_raise, does_not_depend_on_who_looked_when)
{
    static char slept[16384];
    static char looked[16384];

    live(0, slept, sizeof(slept));
    cr_expect(eq(str, slept,
                 "2026-12-31 handover_answer raised;\n"
                 "2027-01-06 consent_expiry raised;\n"
                 "2027-01-06 consent_expiry raised;\n"
                 "2027-01-15 handover_expire raised;\n"
                 "2027-02-04 handover_first_contact raised;\n"
                 "2027-02-12 handover_check_back raised;\n"
                 "2027-02-28 retention_checks raised;\n"
                 "2027-03-15 workplace_check raised;\n"
                 "2027-04-05 withdrawal_unconfirmed raised;\n"
                 "2027-04-07 workplace_check raised;\n"
                 "2027-04-30 retention_checks raised;\n"
                 "2027-06-06 workplace_check raised;\n"
                 "2027-06-22 access_close raised;\n"
                 "2027-07-11 access_close raised;\n"
                 "2027-07-18 access_close raised;\n"
                 "2027-07-31 retention_checks raised;\n"
                 "gtb\n"
                 "2026-12-29 handover_open raised;\n"
                 "2027-01-01 handover_answer raised;\n"));
    for (uint64_t seed = 1; seed <= 3; seed++) {
        live(seed * 1000003, looked, sizeof(looked));
        cr_expect(eq(str, looked, slept), "seed %llu",
                  (unsigned long long)seed);
    }
}

/* ------------------------------------------------------------- received */

/* A missed appointment of Friday 4 September, from buso. */
static void missed(struct sk_item *item, uint8_t id)
{
    ln_event(item, id);
    item->event.type = sk_text("noshow.reported");
    item->event.fields[0] =
        (struct sk_item_field){.name = sk_text("missed_at"),
                               .level = sk_text("exact"),
                               .text = sk_text("2026-09-04T09:00")};
    item->event.fields_count = 1;
}

static struct people_id guided(const char *node)
{
    struct people_id who = people_add(&f, node, "2000-01-15");

    fx_ok(&f, node, "event.record",
          "{'participant':'%s','type':'trajectory.started','fields':"
          "{'start_date':'2026-09-01','phase':'intake','status':'active',"
          "'programme':'jobclub'}}",
          who.text);
    return who;
}

/* DOMAIN 6.2: noshow is told to the coach of the owner, who may hear of it
   from a partner; once it is known whom it is about, and no longer than its
   message is there (CONSENT 4.5). */
Test(timer_raise, tells_the_owner_what_a_partner_reported)
{
    static struct sk_item item;
    struct people_id who;
    char out[1024];
    char id[SK_ID_TEXT_SIZE + 1];

    fx_start(&f, "S2A", "2026-09-04T12:00:00Z");
    who = guided("gtb");
    missed(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 1);
    agenda("gtb", out, sizeof(out));
    cr_expect(eq(str, out, ""), "nobody said who it is");
    sk_id_format(&item.event.message.id, id);
    for (int i = 0; i < 2; i++) {
        fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
              id, who.text);
        agenda("gtb", out, sizeof(out));
        cr_expect(eq(str, out, "2026-09-07 noshow_first coming;\n"));
    }
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.items.0.participant"), who.text));
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.0.partner"), "buso"));
    /* The handle is known now: the next one is planned when it comes. */
    missed(&item, 2);
    ln_item(&f, "buso", "gtb", &item, 2);
    agenda("gtb", out, sizeof(out));
    cr_expect(eq(str, out,
                 "2026-09-07 noshow_first coming;\n"
                 "2026-09-07 noshow_first coming;\n"));
    /* The first is asked back: it is in no list any more. */
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    memset(item.withdrawn.notice.bytes, 3, SK_ID_SIZE);
    memset(item.withdrawn.handle.id.bytes, 0x11, SK_ID_SIZE);
    memset(item.withdrawn.entries[0].message.id.bytes, 1, SK_ID_SIZE);
    item.withdrawn.entries[0].all = true;
    item.withdrawn.entries_count = 1;
    item.withdrawn.erase = true;
    item.withdrawn.within_days = 30;
    ln_item(&f, "buso", "gtb", &item, 3);
    agenda("gtb", out, sizeof(out));
    cr_expect(eq(str, out, "2026-09-07 noshow_first coming;\n"));
    fx_clock(&f, "2026-09-07T08:00:00Z");
    agenda("gtb", out, sizeof(out));
    cr_expect(eq(str, out, "2026-09-07 noshow_first raised;\n"));
    fx_refused(&f, "gtb", "unknown-item", "agenda.done", "{'item':1}");
    fx_ok(&f, "gtb", "agenda.done", "{'item':2}");
    fx_end(&f);
}

/* Somebody else guides: nothing to do here. */
Test(timer_raise, leaves_the_no_shows_of_others_alone)
{
    static struct sk_item item;
    struct people_id who;
    char out[1024];
    char id[SK_ID_TEXT_SIZE + 1];

    fx_start(&f, "S2A", "2026-09-04T12:00:00Z");
    who = people_add(&f, "gtb", "2000-01-15");
    missed(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 1);
    sk_id_format(&item.event.message.id, id);
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}", id,
          who.text);
    fx_clock(&f, "2026-09-10T08:00:00Z");
    agenda("gtb", out, sizeof(out));
    cr_expect(eq(str, out, ""));
    fx_end(&f);
}

/* More at once than one transaction takes: the rest follows. */
Test(timer_raise, tells_a_lot_in_several_steps)
{
    struct people_id who;
    static char out[65536];
    size_t raised = 0;

    fx_start(&f, "S2A", "2026-09-01T12:00:00Z");
    who = people_add(&f, "buso", "2000-01-15");
    for (int i = 0; i < 150; i++)
        fx_ok(&f, "buso", "event.record",
              "{'participant':'%s','type':'employment.started','fields':"
              "{'start_date':'2026-09-01','circuit':'nec'}}",
              who.text);
    fx_clock(&f, "2027-03-15T08:00:00Z");
    fx_timer(&f, "buso");
    agenda("buso", out, sizeof(out));
    for (const char *at = out; (at = strstr(at, "raised")) != NULL; at++)
        raised++;
    cr_expect(eq(sz, raised, 450));
    fx_end(&f);
}
