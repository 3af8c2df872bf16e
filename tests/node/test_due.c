/* Closing days, and things to do on a civil day.
   Tests: node/engine/calendar.c */
#include "tests/node/fixture.h"
#include "tests/node/inside.h"

#include "node/engine/due.h"
#include "node/engine/state.h"

static struct fx f;

Test(due, keeps_closing_days_sorted_and_once)
{
    struct sk_engine *e;
    const int32_t *days;
    size_t count;

    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ true);
    fx_ok(&f, "buso", "calendar.close", "{'days':['2026-12-31','2026-12-24']}");
    fx_ok(&f, "buso", "calendar.close", "{'days':['2026-12-24','2026-12-28']}");
    cr_expect(eq(str, f.reply,
                 "{'ok':true,'result':{'days':"
                 "['2026-12-24','2026-12-28','2026-12-31']}}"));
    fx_refused(&f, "buso", "bad-argument", "calendar.close",
               "{'days':['2026-02-30']}");
    e = f.nodes[0].engine;
    cr_assert(sk_store_begin(e->store) == SK_OK);
    cr_assert(sk_calendar_closed(e, &days, &count) == SK_OK);
    cr_expect(eq(sz, count, 3));
    cr_expect(eq(i32, days[2] - days[0], 7));
    sk_store_abort(e->store);
    fx_end(&f);
}

/* How many entries of the table are left. */
static size_t left(void)
{
    struct sk_store *store = f.nodes[0].store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t count = 0;

    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_text("Z"));
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        count++;
    sk_store_abort(store);
    return count;
}

static void plan_kind(const char *day_text, uint8_t id, enum sk_due_kind kind)
{
    struct sk_engine *e;
    struct sk_id of = {{id, (uint8_t)(day_text[9])}};
    int32_t day;

    cr_assert(sk_day_parse(sk_text(day_text), &day));
    e = fx_enter(&f, f.nodes[0].org.text);
    /* A message that is there no more: nothing is left to erase. */
    cr_assert(sk_due_put(e, day, kind, &of, sk_text("gtb")) == SK_OK);
    fx_leave(e);
}

static void plan(const char *day_text, uint8_t id)
{
    plan_kind(day_text, id, SK_DUE_ERASE_BY);
}

Test(due, does_what_is_due_on_its_civil_day)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    plan("2026-09-02", 1);
    plan("2026-09-03", 1);
    cr_expect(eq(sz, left(), 2));
    fx_clock(&f, "2026-09-01T21:59:59Z"); /* 23:59:59 in Brussels */
    cr_expect(eq(sz, left(), 2));
    fx_clock(&f, "2026-09-01T22:00:00Z");
    cr_expect(eq(sz, left(), 1));
    /* Planned for a day that is over already: done at the next input. */
    plan("2026-09-01", 2);
    fx_timer(&f, "buso");
    cr_expect(eq(sz, left(), 1));
    /* A crash forgets when it looked last, not what is to be done. */
    fx_crash(&f, "buso");
    cr_expect(eq(sz, left(), 1));
    fx_clock(&f, "2027-01-01T08:00:00Z");
    cr_expect(eq(sz, left(), 0));
    fx_end(&f);
}

/* More than one transaction takes: the rest follows at once. */
Test(due, does_a_lot_in_several_steps)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    for (int i = 0; i < 256; i++)
        plan("2026-09-02", (uint8_t)i);
    for (int i = 0; i < 100; i++)
        plan("2026-09-03", (uint8_t)i);
    fx_clock(&f, "2026-09-10T08:00:00Z");
    fx_timer(&f, "buso");
    cr_expect(eq(sz, left(), 0));
    fx_end(&f);
}

/* I5: what cannot be done stops nothing and is not forgotten. */
Test(due, goes_round_what_is_broken)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    plan_kind("2026-09-02", 1, (enum sk_due_kind)77);
    plan("2026-09-02", 2);
    plan("2026-09-02", 3);
    fx_clock(&f, "2026-09-02T08:00:00Z");
    cr_expect(eq(sz, left(), 1));
    fx_clock(&f, "2026-09-03T08:00:00Z");
    cr_expect(eq(sz, left(), 1));
    fx_end(&f);
}

/* A node on its own clock asks to be woken at civil midnight. */
Test(due, wakes_at_civil_midnight)
{
    int64_t midnight;

    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ false);
    fx_timer(&f, "buso");
    cr_assert(sk_instant_parse(sk_text("2026-09-01T22:00:00Z"), &midnight));
    cr_expect(eq(u64, f.nodes[0].wake_ms, (uint64_t)midnight * 1000));
    fx_end(&f);
}
