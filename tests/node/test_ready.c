#include "tests/node/people.h"

#include "node/engine/ready.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/* I2: what is offered and sent in one batch is decided once, as long as nothing
   that a decision looks at is different when it is sent. */

#define TO_WORK "houtzaak", "work.placement"
#define OFFERS_MAX 600

static struct fx f;
static struct people_id who;
static struct people_id event;
static struct sk_effects effects;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, TO_WORK, PEOPLE_WORKPLACE_CATEGORIES);
    event = people_workplace(&f, who);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(ready, .init = start, .fini = end);

static struct sk_engine *buso(void)
{
    return fx_node(&f, "buso")->engine;
}

/* ------------------------------------------------------------- one batch */

static void begin(void)
{
    sk_effects_start(&effects, (struct sk_room){f.room, FX_ROOM_MAX});
    cr_assert(sk_store_begin(buso()->store) == SK_OK);
}

/* A request in the transaction that is open; its reply as after fx_call(). */
__attribute__((format(printf, 2, 3))) static void ask(const char *op,
                                                      const char *args, ...)
{
    static uint8_t bytes[16384];
    static char text[16384];
    struct sk_input input = {.type = SK_INPUT_CONTROL,
                             .owner = true,
                             .now_ms = f.real_ms,
                             .seed = fx_seed(&f)};
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct fx_json json = {text};
    va_list list;

    va_start(list, args);
    vsnprintf(text, sizeof(text), args, list);
    va_end(list);
    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    fx_value(&json, &p);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(sk_pack_finish(&p, &input.bytes) == SK_OK);
    cr_assert(sk_engine_step(buso(), &input, &effects) == SK_OK);
    memcpy(f.value_bytes, effects.reply.data, effects.reply.size);
    cr_assert(
        sk_value_check((struct sk_bytes){f.value_bytes, effects.reply.size},
                       &f.value) == SK_OK);
    fx_show(f.value, f.reply, FX_TEXT_MAX);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s: %s", op, f.reply);
}

static struct people_id offer(void)
{
    ask("disclosure.send",
        "{'event':'%s','to':'houtzaak','for':'work.placement'}", event.text);
    cr_assert(eq(str, (char *)fx_text(&f, "result.decision"), "permit"), "%s",
              f.reply);
    return people_take(&f, "result.message");
}

/* Pump, commit, and let everything arrive. */
static void finish(void)
{
    struct sk_seed seed = fx_seed(&f);

    cr_assert(sk_engine_pump(buso(), f.real_ms, &seed, &effects) == SK_OK);
    cr_expect(eq(sz, buso()->ready->count, 0), "nothing stays in memory");
    cr_assert(sk_store_commit(buso()->store) == SK_OK);
    fx_let_out(&f, fx_index(&f, "buso"), &effects);
    fx_run(&f);
}

static size_t arrived(void)
{
    fx_ok(&f, "houtzaak", "inbox.list", "{}");
    return sk_value_count(fx_at(&f, "result.messages"));
}

static void expect_dropped(struct people_id message, const char *reason)
{
    cr_expect(eq(sz, arrived(), 0));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "dropped"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.reason"), (char *)reason));
}

static size_t records(const char *org, uint8_t table)
{
    struct sk_store *store = fx_node(&f, org)->store;
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_scan scan;
    size_t count = 0;

    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        count += sk_store_table(key) == table;
    sk_store_abort(store);
    return count;
}

/* ------------------------------------------------------------- as offered */

Test(ready, offer_leaves_as_it_was_decided)
{
    struct people_id message;

    begin();
    message = offer();
    cr_expect(eq(sz, buso()->ready->count, 1));
    finish();
    cr_expect(eq(sz, arrived(), 1));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.sent"), "2027-03-01T09:00:00Z"));
    fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.disclosures")), 1));
}

/* What does not fit in memory, or in the envelopes of one batch, leaves too. */
Test(ready, more_offers_than_are_kept_all_leave)
{
    begin();
    for (size_t i = 0; i < OFFERS_MAX; i++)
        (void)offer();
    cr_expect(eq(sz, buso()->ready->count, SK_READY_MAX));
    finish();
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.pending.events"), "0"));
    cr_expect(eq(sz, records("buso", SK_T_LEDGER), OFFERS_MAX));
    cr_expect(eq(sz, records("buso", SK_T_LEDGER_OF), OFFERS_MAX));
    cr_expect(eq(sz, records("houtzaak", SK_T_INBOX), OFFERS_MAX));
}

/* Who looks in between sees that it waits; then it leaves all the same. */
Test(ready, offer_is_in_the_ledger_for_who_looks)
{
    struct people_id message;

    begin();
    message = offer();
    ask("message.show", "{'message':'%s'}", message.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.state"), "queued"));
    (void)offer();
    ask("disclosure.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.disclosures")), 2));
    (void)offer();
    ask("disclosure.history", "{'since':'2027-03-01'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.list")), 3));
    finish();
    cr_expect(eq(sz, arrived(), 3));
}

/* ------------------------------------------------------------- decided again
 */

Test(ready, withdrawal_in_between_stops_it)
{
    struct people_id message;

    begin();
    message = offer();
    ask("consent.withdraw", "{'participant':'%s'}", who.text);
    finish();
    expect_dropped(message, "consent-withdrawn");
}

Test(ready, relation_that_ended_in_between_stops_it)
{
    struct people_id message;

    begin();
    message = offer();
    ask("relation.close",
        "{'participant':'%s','org':'houtzaak','until':'2027-02-27'}", who.text);
    finish();
    expect_dropped(message, "not-linked");
}

Test(ready, consent_that_ended_in_between_stops_it)
{
    struct people_id message;

    begin();
    message = offer();
    ask("clock.set", "{'at':'2027-05-31T09:00:00Z'}");
    finish();
    expect_dropped(message, "consent-expired");
}

Test(ready, node_that_leaves_in_between_stops_it)
{
    struct people_id message;

    begin();
    message = offer();
    ask("leave.start", "%s", "{}");
    finish();
    expect_dropped(message, "leaving");
}

/* Another bundle in force: whatever it says. */
Test(ready, another_bundle_in_between_is_asked)
{
    struct people_id message;
    bool had;

    begin();
    message = offer();
    had = buso()->has_policy;
    cr_assert(had);
    buso()->has_policy = false; /* as sk_federation_take() leaves it */
    buso()->bundle_number++;
    finish();
    buso()->has_policy = had;
    expect_dropped(message, "no-policy");
}

/* ------------------------------------------------------------- taken back */

Test(ready, offer_of_an_aborted_batch_never_was)
{
    struct people_id message;

    begin();
    message = offer();
    sk_store_abort(buso()->store);
    sk_engine_rollback(buso());
    cr_expect(eq(sz, buso()->ready->count, 0));
    cr_expect(eq(sz, buso()->ready->memory.size, 0));
    fx_timer(&f, "buso");
    fx_run(&f);
    cr_expect(eq(sz, arrived(), 0));
    fx_refused(&f, "buso", "unknown-message", "message.show",
               "{'message':'%s'}", message.text);
}

/* ------------------------------------------------------------- memory */

/* Where the last byte of these is that is not `byte`. */
static size_t last_other(const uint8_t *bytes, size_t size, uint8_t byte)
{
    while (size > 0 && bytes[size - 1] == byte)
        size--;
    return size;
}

/* What an input used is cleared behind it; what it did not use costs nothing.
 */
Test(ready, offer_clears_what_it_used)
{
    struct sk_arena *scratch = &buso()->scratch;
    struct sk_arena *kept = &buso()->ready->memory;
    const size_t much = 4 * (size_t)SK_ITEM_SIZE_MAX;
    size_t used;

    memset(scratch->data, 0xa5, 16 * much);
    memset(kept->data, 0xa5, much);
    begin();
    (void)offer();
    used = last_other(scratch->data, 16 * much, 0xa5);
    cr_expect(used > 1024 && used < much / 2, "%zu bytes of scratch", used);
    cr_expect(eq(sz, last_other(scratch->data, used, 0), 0), "it is cleared");
    finish();
    used = last_other(kept->data, much, 0xa5);
    cr_expect(used > 100, "the item was there");
    cr_expect(eq(sz, last_other(kept->data, used, 0), 0), "it is gone");
}
