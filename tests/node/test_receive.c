#include "node/engine/state.h"
#include "tests/node/lines.h"
#include "tests/node/people.h"

#define START "2026-09-01T08:00:00Z"

/* The bytes of the last frame of this kind, once more. */
static void again(struct fx *f, struct ln_trace *t, enum sk_message_kind kind,
                  const char *from, const char *to)
{
    cr_assert(t->last_size[kind] > 0);
    ln_inject(f, fx_index(f, from), fx_index(f, to), t->last[kind],
              t->last_size[kind]);
}

/* The signed bytes inside a frame. */
static size_t plain_of(struct fx *f, struct ln_trace *t,
                       enum sk_message_kind kind, const char *from,
                       const char *to, uint8_t *out)
{
    const struct fx_node *a = fx_node(f, from);
    const struct fx_node *b = fx_node(f, to);
    struct sk_bytes plain;

    cr_assert(sk_envelope_open(
                  (struct sk_bytes){t->last[kind], t->last_size[kind]},
                  &a->card, &b->card, &b->secrets.sealing[0],
                  (struct sk_room){out, SK_FRAME_SIZE_MAX}, &plain) == SK_OK);
    if (plain.data != out)
        memmove(out, plain.data, plain.size);
    return plain.size;
}

/* PROTOCOL.md 8.6: a second copy changes nothing and gets the first receipt,
   byte for byte, at whatever time. */
Test(receive, duplicate_gets_the_same_receipt)
{
    static struct fx f;
    static uint8_t first[SK_FRAME_SIZE_MAX];
    static uint8_t second[SK_FRAME_SIZE_MAX];
    struct ln_trace *t;
    size_t size;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    size = plain_of(&f, t, SK_MESSAGE_RECEIPT, "gtb", "buso", first);
    fx_clock(&f, "2026-09-02T08:00:00Z");
    ln_clear(t);
    again(&f, t, SK_MESSAGE_ITEMS, "buso", "gtb");
    fx_run(&f);
    cr_expect(eq(str, t->text, "gtb>buso RECEIPT 1: 1\n"));
    cr_expect(eq(sz, plain_of(&f, t, SK_MESSAGE_RECEIPT, "gtb", "buso", second),
                 size));
    cr_expect(memcmp(first, second, size) == 0);
    ln_check(&f, "gtb", "buso", 1);
    free(t);
    fx_end(&f);
}

/* Receipts are kept for the last envelopes only; an older copy gets the last
   one, which says it all. */
Test(receive, very_old_duplicate_gets_the_last_receipt)
{
    static struct fx f;
    static uint8_t old[SK_FRAME_SIZE_MAX];
    struct ln_trace *t;
    size_t size;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    size = t->last_size[SK_MESSAGE_ITEMS];
    memcpy(old, t->last[SK_MESSAGE_ITEMS], size);
    for (unsigned i = 1; i <= 257; i++) {
        ln_publish(&f, "buso", "gtb", i, 1);
        fx_run(&f);
    }
    ln_clear(t);
    ln_inject(&f, fx_index(&f, "buso"), fx_index(&f, "gtb"), old, size);
    fx_run(&f);
    cr_expect(eq(str, t->text, "gtb>buso RECEIPT 1: 258\n"));
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 8.2: what comes too early is not applied. */
Test(receive, gap_is_refused_and_healed)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_ITEMS] = 1;
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    cr_expect(eq(str, t->text,
                 "buso>gtb ITEMS 1: 1-1 (lost)\n"
                 "buso>gtb ITEMS 1: 2-2\n"
                 "gtb>buso REFUSAL gap items\n"
                 "gtb>buso HELLO 1:0 has 1:0\n"
                 "buso>gtb HELLO 1:2 has 1:0 asks\n"
                 "buso>gtb ITEMS 1: 1-2\n"
                 "gtb>buso HELLO 1:0 has 1:0\n"
                 "gtb>buso RECEIPT 1: 2\n"));
    ln_check(&f, "gtb", "buso", 2);
    free(t);
    fx_end(&f);
}

/* A receipt that was lost is said again when the sender asks. */
Test(receive, lost_receipt_is_said_again)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    fx_wait(&f, 6000);
    cr_expect(eq(str, t->text,
                 "buso>gtb ITEMS 1: 1-1\n"
                 "gtb>buso RECEIPT 1: 1 (lost)\n"
                 "buso>gtb HELLO 1:1 has 1:0 asks\n"
                 "gtb>buso HELLO 1:0 has 1:1\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "1"));
    free(t);
    fx_end(&f);
}

/* Voids, as items of such a log; who gets it frees it. */
static struct sk_message *voids(uint64_t incarnation, uint64_t first,
                                size_t count)
{
    static const uint8_t void_item[] = {0x91, 0x00};
    struct sk_message *m = calloc(1, sizeof(*m));

    m->kind = SK_MESSAGE_ITEMS;
    m->items.incarnation = incarnation;
    m->items.first = first;
    m->items.count = count;
    for (size_t i = 0; i < count; i++)
        m->items.items[i] = (struct sk_bytes){void_item, sizeof(void_item)};
    return m;
}

static void items(struct fx *f, uint64_t incarnation, uint64_t first,
                  size_t count)
{
    struct sk_message *m = voids(incarnation, first, count);

    ln_send(f, "buso", "gtb", m);
    free(m);
}

static const char *received(struct fx *f)
{
    return ln_peer(f, "gtb", "buso", "received");
}

/* PROTOCOL.md 8.2, 8.3: one row per rule on incarnation and range. */
Test(receive, takes_only_what_comes_next)
{
    static const struct row {
        const char *rule;
        uint64_t incarnation;
        uint64_t first;
        size_t count;
        const char *answer;
        const char *cursor;
    } rows[] = {
        {"starts at 1", 1, 2, 1, "REFUSAL gap items", "0"},
        {"the next one", 1, 1, 2, "RECEIPT 1: 2", "2"},
        {"all of it old", 1, 1, 1, "RECEIPT 1: 2", "2"},
        {"part of it old", 1, 2, 3, "RECEIPT 1: 2", "2"},
        {"then the rest", 1, 3, 2, "RECEIPT 1: 4", "4"},
        {"not the next one", 1, 6, 1, "REFUSAL gap items", "4"},
        {"a new incarnation starts at 1", 9, 5, 1, "REFUSAL gap items", "4"},
        {"a new incarnation", 3, 1, 1, "RECEIPT 3: 1", "1"},
        {"an old incarnation", 2, 2, 1, "REFUSAL wrong-incarnation items", "1"},
        {"an old incarnation from 1", 2, 1, 1,
         "REFUSAL wrong-incarnation items", "1"},
        {"an absurd incarnation", UINT64_MAX, 1, 1, "REFUSAL bad-message items",
         "1"},
        {"an absurd number", 3, UINT64_C(1) << 60, 1,
         "REFUSAL bad-message items", "1"},
    };
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char want[128];

        ln_clear(t);
        items(&f, rows[i].incarnation, rows[i].first, rows[i].count);
        /* Only what gtb answers: buso knows nothing of this. */
        struct fx_frame frame = f.queue[0];
        struct sk_input input = {.type = SK_INPUT_FRAME,
                                 .peer = f.nodes[frame.from].org,
                                 .bytes = {frame.bytes, frame.size}};

        f.queue_count = 0;
        fx_must(&f, frame.to, &input);
        free(frame.bytes);
        for (size_t k = 0; k < f.queue_count; k++)
            free(f.queue[k].bytes);
        f.queue_count = 0;
        snprintf(want, sizeof(want), "gtb>buso %s\n", rows[i].answer);
        cr_expect(strncmp(t->text, want, strlen(want)) == 0, "%s: %s",
                  rows[i].rule, t->text);
        cr_expect(eq(str, (char *)received(&f), (char *)rows[i].cursor), "%s",
                  rows[i].rule);
    }
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 8.2: of ITEMS that are partly old nothing is applied: the root
   would be signed of an envelope that was not applied as a whole. */
Test(receive, old_part_is_not_applied_again)
{
    static struct fx f;
    static const uint8_t junk[] = {0xc0};
    static const uint8_t void_item[] = {0x91, 0x00};
    struct sk_message *m = calloc(1, sizeof(*m));
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    m->kind = SK_MESSAGE_ITEMS;
    m->items.incarnation = 1;
    m->items.first = 1;
    m->items.count = 1;
    m->items.items[0] = (struct sk_bytes){junk, sizeof(junk)};
    m->items.items[1] = (struct sk_bytes){void_item, sizeof(void_item)};
    ln_tell(&f, "buso", "gtb", m);
    m->items.count = 2;
    ln_tell(&f, "buso", "gtb", m);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso RECEIPT 1: 1\n"
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso RECEIPT 1: 1\n"
                 "gtb>buso REFUSAL gap items\n"
                 "gtb>buso HELLO 1:0 has 1:1\n"));
    free(m);
    free(t);
    fx_end(&f);
}

/* I4, I10: the store of the receiver is full at any write: the input is
   undone as a whole, and what comes again is applied once. */
Test(receive, store_full_at_every_write)
{
    for (uint64_t n = 1; n < 40; n++) {
        static struct fx f;
        static struct sk_effects effects;
        struct sk_input input = {.type = SK_INPUT_FRAME};
        struct fx_frame frame;
        enum sk_status status;

        fx_start(&f, "S2A", START);
        fx_offline(&f, "gtb", true);
        ln_publish(&f, "buso", "gtb", 0, 3);
        fx_offline(&f, "gtb", false);
        ln_check(&f, "gtb", "buso", 3);
        ln_publish(&f, "buso", "gtb", 3, 1);
        cr_assert(eq(sz, f.queue_count, 1));
        frame = f.queue[0];
        f.queue_count = 0;
        input.peer = f.nodes[frame.from].org;
        input.bytes = (struct sk_bytes){frame.bytes, frame.size};
        sk_store_memory_fail_after(f.nodes[frame.to].store, n);
        status = fx_step(&f, frame.to, &input, &effects);
        sk_store_memory_fail_after(f.nodes[frame.to].store, 0);
        free(frame.bytes);
        if (status == SK_OK) {
            cr_expect(n > 5, "so few writes cannot be all: %llu",
                      (unsigned long long)n);
            fx_end(&f);
            return;
        }
        cr_assert(eq(int, status, SK_E_FULL));
        ln_check(&f, "gtb", "buso", 3);
        fx_wait(&f, 20000);
        ln_check(&f, "gtb", "buso", 4);
        cr_expect(
            eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"));
        fx_end(&f);
    }
    cr_assert(false, "one envelope takes too many writes");
}

/* I4: an item that fails half-way takes nothing with it: the batch is taken
   back, and when its envelope comes again that item alone is refused. */
Test(receive, item_that_fails_half_way_is_refused_the_next_time)
{
    static struct fx f;
    static struct sk_message m;
    static struct sk_item item;
    static struct sk_effects effects;
    static uint8_t rooms[2][SK_ITEM_SIZE_MAX];
    struct people_id who;
    struct ln_trace *t;
    struct sk_engine *e;
    struct sk_input input = {.type = SK_INPUT_FRAME};
    struct sk_arena scratch;
    enum sk_status status = SK_OK;
    uint8_t *frame;
    size_t size;

    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    people_send(&f, "buso", people_workplace(&f, who), "houtzaak",
                "work.placement");
    t = ln_trace(&f, "buso", "houtzaak");
    fx_run(&f);
    ln_clear(t);
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_TOLD;
    ln_own_handle(&f, "buso", "houtzaak", &item.told.handle);
    item.told.purposes_all = true;
    item.told.recipients_all = true;
    item.told.categories_all = true;
    item.told.given_by = sk_text("self");
    item.told.at_ms = 1;
    memset(&m, 0, sizeof(m));
    m.kind = SK_MESSAGE_ITEMS;
    m.items.incarnation = 1;
    m.items.first = 1;
    m.items.count = 2;
    cr_assert(sk_item_encode(&item,
                             (struct sk_room){rooms[0], sizeof(rooms[0])},
                             &m.items.items[0]) == SK_OK);
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_VOID;
    cr_assert(sk_item_encode(&item,
                             (struct sk_room){rooms[1], sizeof(rooms[1])},
                             &m.items.items[1]) == SK_OK);
    frame =
        ln_seal(&f, fx_index(&f, "houtzaak"), fx_index(&f, "buso"), &m, &size);
    input.peer = fx_node(&f, "houtzaak")->org;
    input.bytes = (struct sk_bytes){frame, size};
    /* Memory for the record of it, not for the recall that follows. */
    e = fx_node(&f, "buso")->engine;
    scratch = e->scratch;
    e->scratch.size_max = 64 * 1024;
    status = fx_step(&f, fx_index(&f, "buso"), &input, &effects);
    cr_expect(eq(int, status, SK_E_TOO_LARGE));
    cr_expect(eq(str, t->text, ""));
    fx_must(&f, fx_index(&f, "buso"), &input);
    e->scratch.size_max = scratch.size_max;
    cr_expect(eq(str, t->text,
                 "buso>houtzaak REFUSAL too-large item\n"
                 "buso>houtzaak RECEIPT 1: 2\n"));
    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents.1"), "absent"));
    /* A request that fails half-way is told why. */
    e->scratch.size_max = 36 * 1024;
    status = fx_try(&f, "buso", "consent.withdraw", "{'participant':'%s'}",
                    who.text);
    cr_expect(eq(int, status, SK_E_TOO_LARGE));
    e->scratch.size_max = scratch.size_max;
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    free(frame);
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- without end */

static size_t said; /* frames of gtb to buso */

static bool count_answers(struct fx *f, size_t from, size_t to, uint8_t *bytes,
                          size_t size)
{
    (void)bytes;
    (void)size;
    if (from == fx_index(f, "gtb") && to == fx_index(f, "buso"))
        said++;
    return true;
}

/* An envelope of as many items as fit, none of which is one. */
static size_t said_to_bad_items(struct fx *f, uint64_t first)
{
    static const uint8_t nothing = 0xc0;
    struct sk_message *m = calloc(1, sizeof(*m));

    m->kind = SK_MESSAGE_ITEMS;
    m->items.incarnation = 1;
    m->items.first = first;
    m->items.count = SK_ITEMS_COUNT_MAX;
    for (size_t i = 0; i < m->items.count; i++)
        m->items.items[i] = (struct sk_bytes){&nothing, 1};
    said = 0;
    ln_tell(f, "buso", "gtb", m);
    free(m);
    return said;
}

/* PROTOCOL.md 8.9: to what is refused, over and over or each time something
   else, is said what all that may be under way needs, and then little. */
Test(receive, bad_items_without_end_are_answered_for_a_while)
{
    const size_t all = SK_ITEMS_COUNT_MAX + 1;
    static struct fx f;

    for (uint64_t step = 0; step <= SK_ITEMS_COUNT_MAX;
         step += SK_ITEMS_COUNT_MAX) {
        uint64_t first = 1;
        size_t total = 0;

        fx_start(&f, "S2A", START);
        f.filter = count_answers;
        for (int i = 0; i < SK_IN_FLIGHT_MAX; i++, first += step)
            cr_expect(eq(sz, said_to_bad_items(&f, first), all), "%d", i);
        for (int i = 0; i < 40; i++) {
            size_t more = said_to_bad_items(&f, first);

            if (more > 0)
                first += step;
            total += more;
        }
        cr_expect(total <= 2 * all, "%zu", total);
        /* A line that was quiet for as long as that takes has it all. */
        f.real_ms += 30000;
        cr_expect(eq(sz, said_to_bad_items(&f, first), all));
        f.filter = NULL;
        fx_end(&f);
    }
}

/* PROTOCOL.md 8.9: ten at once, and what is dropped is taken later. */
Test(receive, logs_that_begin_anew_without_end_are_taken_for_a_while)
{
    static struct fx f;
    uint64_t incarnation = 2;
    size_t taken = 0;

    fx_start(&f, "S2A", START);
    f.filter = count_answers;
    for (; incarnation < 60; incarnation++) {
        struct sk_message *m = voids(incarnation, 1, 1);

        said = 0;
        ln_tell(&f, "buso", "gtb", m);
        taken += said;
        cr_expect(eq(str, (char *)received(&f), taken > 0 ? "1" : "0"));
        free(m);
    }
    cr_expect(taken >= 2 && taken <= 10, "%zu", taken); /* with HELLOs */
    f.real_ms += 30000;
    said = 0;
    items(&f, incarnation, 1, 1);
    fx_run(&f);
    cr_expect(said > 0);
    cr_expect(eq(str, (char *)received(&f), "1"));
    f.filter = NULL;
    fx_end(&f);
}

static void tell_voids(struct fx *f, uint64_t incarnation, uint64_t first)
{
    struct sk_message *m = voids(incarnation, first, 1);

    said = 0;
    ln_tell(f, "buso", "gtb", m);
    free(m);
}

/* PROTOCOL.md 8.9: nor is anything opened of who goes on with that. */
Test(receive, who_is_dropped_without_end_is_not_opened_for_a_while)
{
    static struct fx f;
    uint64_t taken = 0;

    fx_start(&f, "S2A", START);
    f.filter = count_answers;
    for (uint64_t i = 2; i < 50; i++) {
        tell_voids(&f, i, 1);
        taken = said > 0 ? i : taken;
    }
    tell_voids(&f, taken, 2);
    cr_expect(eq(str, (char *)received(&f), "2"));
    for (uint64_t i = 50; i < 200; i++)
        tell_voids(&f, i, 1);
    tell_voids(&f, taken, 3);
    cr_expect(eq(str, (char *)received(&f), "2"));
    f.real_ms += 100;
    tell_voids(&f, taken, 3);
    cr_expect(eq(str, (char *)received(&f), "3"));
    f.filter = NULL;
    fx_end(&f);
}
