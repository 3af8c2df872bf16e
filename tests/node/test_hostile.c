#include "tests/node/people.h"

#include "tests/node/lines.h"

#include "node/engine/session.h"

/* A partner that has its keys and means harm: what fuzzing found, and what it
   was built to find.  tests/fuzz/fuzz_frame.c */

static struct fx f;

static void start(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(hostile, .init = start, .fini = end);

static void named(struct sk_item *item, struct people_id id)
{
    ln_event(item, 1);
    cr_assert(sk_id_parse(sk_text(id.text), &item->event.message.id));
}

/* Ids of persons never leave; still, whoever knew one must not be able to
   take the person's data key away by naming a message so. */
Test(hostile, message_with_the_id_of_a_person_is_refused)
{
    struct people_id who = people_add(&f, "gtb", "2000-05-14");
    struct sk_item *item = calloc(1, sizeof(*item));

    named(item, who);
    ln_item(&f, "buso", "gtb", item, 1);
    fx_ok(&f, "gtb", "participant.show", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.birth_date"), "2000-05-14"));
    fx_ok(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages"), "[]"));
    free(item);
}

/* PROTOCOL.md 6.10.  Who claims to know a very new log of ours must not make
   us open one that has no number any more. */
Test(hostile, incarnation_without_a_next_one_is_refused)
{
    struct sk_message m = {.kind = SK_MESSAGE_HELLO};
    struct ln_trace *t = ln_trace(&f, "gtb", "buso");

    m.hello = (struct sk_hello){.incarnation = 1,
                                .peer_incarnation = SK_NUMBER_MAX,
                                .card_version = 1,
                                .answer = true};
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, t->text, "gtb>buso REFUSAL wrong-incarnation hello\n"));
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "buso", "incarnation"), "1"));
    m.hello.peer_incarnation--;
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, (char *)ln_peer(&f, "gtb", "buso", "incarnation"),
                 "9007199254740991"));
    m.hello.incarnation = SK_NUMBER_MAX + 1;
    ln_clear(t);
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, t->text, "gtb>buso REFUSAL wrong-incarnation hello\n"));
    free(t);
}

/* ------------------------------------------------------------- answers */

static uint8_t rooms[SK_ITEMS_COUNT_MAX][1024];

/* `buso` takes back 128 messages that never came ... */
static void take_back(struct sk_item *item)
{
    memset(item, 0, sizeof(*item));
    item->kind = SK_ITEM_WITHDRAWN;
    memset(item->withdrawn.notice.bytes, 0x77, SK_ID_SIZE);
    item->withdrawn.entries_count = SK_ITEMS_COUNT_MAX;
    for (size_t i = 0; i < SK_ITEMS_COUNT_MAX; i++) {
        struct sk_item_entry *entry = &item->withdrawn.entries[i];

        memset(entry->message.id.bytes, (int)(i + 1), SK_ID_SIZE);
        entry->all = true;
    }
    item->withdrawn.purposes.list[0] = sk_text("guidance.joint");
    item->withdrawn.purposes.count = 1;
    item->withdrawn.erase = true;
    ln_item(&f, "buso", "gtb", item, 1);
}

/* ... and then sends them, all in one envelope: each is refused. */
static void send_all(struct sk_item *item, struct sk_message *m, uint64_t first)
{
    m->kind = SK_MESSAGE_ITEMS;
    m->items.incarnation = 1;
    m->items.first = first;
    m->items.count = SK_ITEMS_COUNT_MAX;
    for (size_t i = 0; i < SK_ITEMS_COUNT_MAX; i++) {
        ln_event(item, (uint8_t)(i + 1));
        cr_assert(sk_item_encode(item, (struct sk_room){rooms[i], 1024},
                                 &m->items.items[i]) == SK_OK);
    }
    ln_tell(&f, "buso", "gtb", m);
}

static size_t counts[SK_MESSAGE_PROOF + 1];

static bool count_answers(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                          size_t size)
{
    static struct sk_message m;

    cr_assert(ln_open(fx, from, to, bytes, size, &m) == SK_OK);
    counts[m.kind]++;
    return false;
}

/* Every answer finds room, however often it is asked for: else the partner
   could never be answered any more.  After a while: PROTOCOL.md 8.9. */
Test(hostile, envelopes_full_of_refusals_are_answered_again_and_again)
{
    struct sk_item *item = calloc(1, sizeof(*item));
    struct sk_message *m = calloc(1, sizeof(*m));
    uint64_t first = 2;

    f.filter = count_answers;
    take_back(item);
    for (; first < 2 + SK_IN_FLIGHT_MAX * SK_ITEMS_COUNT_MAX;
         first += SK_ITEMS_COUNT_MAX)
        send_all(item, m, first);
    memset(counts, 0, sizeof(counts));
    ln_tell(&f, "buso", "gtb", m);
    cr_expect(eq(sz, counts[SK_MESSAGE_REFUSAL], 2 * SK_ITEMS_COUNT_MAX));
    f.real_ms += 30000;
    m->kind = SK_MESSAGE_HELLO;
    m->hello = (struct sk_hello){
        .incarnation = 1, .head = first - 1, .card_version = 0, .answer = true};
    memset(counts, 0, sizeof(counts));
    ln_tell(&f, "buso", "gtb", m);
    cr_expect(eq(sz, counts[SK_MESSAGE_REFUSAL],
                 SK_IN_FLIGHT_MAX * SK_ITEMS_COUNT_MAX));
    cr_expect(eq(sz, counts[SK_MESSAGE_RECEIPT], SK_IN_FLIGHT_MAX));
    free(item);
    free(m);
}

/* ------------------------------------------------------------- the largest */

static void take_256(struct sk_item *item, struct sk_message *m)
{
    uint64_t first = 1;

    for (int half = 0; half < 2; half++, first += SK_ITEMS_COUNT_MAX) {
        m->kind = SK_MESSAGE_ITEMS;
        m->items.incarnation = 1;
        m->items.first = first;
        m->items.count = SK_ITEMS_COUNT_MAX;
        for (size_t i = 0; i < SK_ITEMS_COUNT_MAX; i++) {
            ln_event(item, (uint8_t)i);
            item->event.message.id.bytes[0] = (uint8_t)half;
            cr_assert(sk_item_encode(item, (struct sk_room){rooms[i], 1024},
                                     &m->items.items[i]) == SK_OK);
        }
        ln_tell(&f, "buso", "gtb", m);
    }
}

/* All 256 messages that one notice can name, one field of each. */
Test(hostile, largest_notice_is_answered)
{
    struct sk_item *item = calloc(1, sizeof(*item));
    struct sk_message *m = calloc(1, sizeof(*m));

    take_256(item, m);
    memset(item, 0, sizeof(*item));
    item->kind = SK_ITEM_WITHDRAWN;
    memset(item->withdrawn.notice.bytes, 0x77, SK_ID_SIZE);
    item->withdrawn.entries_count = SK_ITEM_ENTRIES_MAX;
    for (size_t i = 0; i < SK_ITEM_ENTRIES_MAX; i++) {
        struct sk_item_entry *entry = &item->withdrawn.entries[i];

        memset(entry->message.id.bytes, (int)(i % SK_ITEMS_COUNT_MAX),
               SK_ID_SIZE);
        entry->message.id.bytes[0] = (uint8_t)(i / SK_ITEMS_COUNT_MAX);
        entry->fields.list[0] = sk_text("eval_learning");
        entry->fields.count = 1;
    }
    item->withdrawn.purposes.list[0] = sk_text("guidance.joint");
    item->withdrawn.purposes.count = 1;
    item->withdrawn.erase = true;
    ln_item(&f, "buso", "gtb", item, 2 * SK_ITEMS_COUNT_MAX + 1);
    fx_ok(&f, "gtb", "erasure.list", "{}");
    fx_ok(&f, "gtb", "erasure.confirm", "{'from':'buso'}");
    fx_ok(&f, "gtb", "inbox.peek",
          "{'message':'017f7f7f-7f7f-7f7f-7f7f-7f7f7f7f7f7f'}");
    cr_expect(strstr(f.reply, "eval_period") != NULL);
    cr_expect(strstr(f.reply, "eval_learning") == NULL);
    free(item);
    free(m);
}

/* ------------------------------------------------------------- cost */

static const struct sk_store_vtable *plain_table;
static size_t reads;

static enum sk_status counted_seek(struct sk_store *store, enum sk_space space,
                                   struct sk_bytes from, bool after,
                                   struct sk_bytes *key, struct sk_bytes *value)
{
    reads++;
    return plain_table->seek(store, space, from, after, key, value);
}

static void send_notice(struct sk_item *item, uint64_t number)
{
    memset(item, 0, sizeof(*item));
    item->kind = SK_ITEM_WITHDRAWN;
    memset(item->withdrawn.notice.bytes, 0x33, SK_ID_SIZE);
    item->withdrawn.notice.bytes[0] = (uint8_t)number;
    item->withdrawn.entries_count = 1;
    item->withdrawn.entries[0].all = true;
    item->withdrawn.entries[0].message.id.bytes[0] = (uint8_t)number;
    item->withdrawn.purposes.list[0] = sk_text("guidance.joint");
    item->withdrawn.purposes.count = 1;
    ln_item(&f, "buso", "gtb", item, number);
}

/* A partner may leave as many notices open as it likes: each one costs what
   the first did. */
Test(hostile, notice_costs_the_same_however_many_are_open)
{
    struct sk_store *store = fx_node(&f, "gtb")->store;
    struct sk_item *item = calloc(1, sizeof(*item));
    struct sk_store_vtable counted = *store->vtable;
    size_t first = 0;

    plain_table = store->vtable;
    counted.seek = counted_seek;
    for (uint64_t n = 1; n <= 200; n++) {
        reads = 0;
        store->vtable = &counted;
        send_notice(item, n);
        store->vtable = plain_table;
        if (n == 1)
            first = reads;
    }
    cr_expect(le(sz, reads, first + 2));
    fx_ok(&f, "gtb", "node.status", "{}");
    cr_expect(strstr(f.reply, "200") != NULL, "%s", f.reply);
    free(item);
}
