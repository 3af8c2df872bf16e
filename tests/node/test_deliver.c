#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"

/* PROTOCOL.md 8: one exchange, from the line coming up. */
Test(deliver, one_message_from_line_up)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    fx_offline(&f, "houtzaak", true);
    fx_offline(&f, "gtb", true);
    t = ln_trace(&f, "buso", "gtb");
    ln_publish(&f, "buso", "gtb", 0, 3);
    cr_expect(eq(str, t->text, ""));
    fx_offline(&f, "gtb", false);
    cr_expect(eq(str, t->text,
                 "gtb>buso HELLO 1:0 has 1:0 asks\n"
                 "buso>gtb HELLO 1:3 has 1:0 asks\n"
                 "buso>gtb HELLO 1:3 has 1:0\n"
                 "buso>gtb ITEMS 1: 1-3\n"
                 "gtb>buso HELLO 1:0 has 1:0\n"
                 "gtb>buso RECEIPT 1: 3\n"));
    ln_check(&f, "gtb", "buso", 3);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "3"));
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "nothing"));
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 8.7: at most 16 envelopes of at most 128 items are in the air,
   and a backlog of thousands drains by receipts alone. */
Test(deliver, backlog_keeps_to_the_credit)
{
    static struct fx f;
    struct ln_trace *t;
    size_t items = 0;

    fx_start(&f, "S2A", START);
    fx_offline(&f, "gtb", true);
    ln_publish(&f, "buso", "gtb", 0, 2100);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 100;
    fx_offline(&f, "gtb", false);
    for (char *at = t->text; (at = strstr(at, "ITEMS")) != NULL; at++)
        items++;
    cr_expect(eq(sz, items, SK_IN_FLIGHT_MAX));
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "2100"));
    t->lose[SK_MESSAGE_RECEIPT] = 0;
    fx_wait(&f, 10000);
    ln_check(&f, "gtb", "buso", 2100);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"));
    free(t);
    fx_end(&f);
}

static void lossy(uint64_t seed, unsigned chance, bool crashes)
{
    static struct fx f;
    struct ln_trace *t;
    uint64_t state = seed;
    unsigned sent[2] = {0, 0};

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->chance = chance;
    t->state = seed;
    for (int round = 0; round < 12; round++) {
        unsigned n = (unsigned)(ln_random(&state) % 4);
        bool back = ln_random(&state) % 2 == 0;

        ln_publish(&f, back ? "gtb" : "buso", back ? "buso" : "gtb", sent[back],
                   n);
        sent[back] += n;
        if (ln_random(&state) % 3 != 0)
            fx_run(&f);
        if (crashes && ln_random(&state) % 3 == 0)
            fx_crash(&f, ln_random(&state) % 2 == 0 ? "buso" : "gtb");
        fx_wait(&f, ln_random(&state) % 8000);
    }
    t->chance = 0;
    fx_wait(&f, 300000);
    ln_check(&f, "gtb", "buso", sent[0]);
    ln_check(&f, "buso", "gtb", sent[1]);
    cr_assert(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"),
              "seed %llu", (unsigned long long)seed);
    cr_assert(eq(str, (char *)ln_peer(&f, "gtb", "buso", "unconfirmed"), "0"),
              "seed %llu", (unsigned long long)seed);
    free(t);
    fx_end(&f);
}

/* I10: whatever is lost, once the network heals each item was applied exactly
   once, in order. */
Test(deliver, exactly_once_over_a_bad_line)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        lossy(seed, 70, false);
}

Test(deliver, exactly_once_through_crashes)
{
    for (uint64_t seed = 101; seed <= 106; seed++)
        lossy(seed, 40, true);
}

/* ------------------------------------------------------------- restores */

/* A node whose store knows nothing of the lines with a partner. */
static struct sk_store *ignorant(struct fx *f, const char *org,
                                 const char *partner)
{
    struct sk_store *store = ln_backup(f, org);
    struct sk_key key = sk_key_start(SK_T_PEER);

    sk_key_org(&key, &fx_node(f, partner)->org);
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_assert(sk_store_delete(store, SK_SPACE_DATA, sk_key_done(&key)) ==
              SK_OK);
    cr_assert(sk_store_commit(store) == SK_OK);
    return store;
}

/* PROTOCOL.md 8.4: the sender is a backup of before its last messages. */
Test(deliver, sender_restored)
{
    static struct fx f;
    struct sk_store *backup;

    fx_start(&f, "S2A", START);
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    backup = ln_backup(&f, "buso");
    ln_publish(&f, "buso", "gtb", 2, 2);
    fx_run(&f);
    ln_check(&f, "gtb", "buso", 4);
    ln_restore(&f, "buso", backup);
    ln_publish(&f, "buso", "gtb", 4, 3);
    fx_run(&f);
    ln_check(&f, "gtb", "buso", 7);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "incarnation"), "2"));
    fx_end(&f);
}

/* The same, but it wrote as much new as it lost before they spoke again: the
   numbers fit, the messages do not. */
Test(deliver, sender_restored_with_new_messages_waiting)
{
    for (unsigned more = 1; more <= 4; more++) {
        static struct fx f;
        struct sk_store *backup;

        fx_start(&f, "S2A", START);
        ln_publish(&f, "buso", "gtb", 0, 2);
        fx_run(&f);
        backup = ln_backup(&f, "buso");
        ln_publish(&f, "buso", "gtb", 2, 2);
        fx_run(&f);
        fx_offline(&f, "buso", true);
        ln_restore(&f, "buso", backup);
        ln_publish(&f, "buso", "gtb", 4, more);
        fx_offline(&f, "buso", false);
        ln_check(&f, "gtb", "buso", 4 + more);
        fx_end(&f);
    }
}

/* A backup from between sending and the receipt: the message is sent again
   in the new life and is not there twice. */
Test(deliver, sender_restored_to_before_the_receipt)
{
    static struct fx f;
    struct sk_store *backup;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    fx_offline(&f, "gtb", true);
    ln_publish(&f, "buso", "gtb", 0, 2);
    backup = ln_backup(&f, "buso");
    fx_offline(&f, "gtb", false);
    ln_publish(&f, "buso", "gtb", 2, 1);
    fx_run(&f);
    ln_restore(&f, "buso", backup);
    ln_publish(&f, "buso", "gtb", 3, 1);
    fx_run(&f);
    ln_check(&f, "gtb", "buso", 4);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"));
    free(t);
    fx_end(&f);
}

/* PROTOCOL.md 8.4: the receiver fell back: all that it lost comes again. */
Test(deliver, receiver_restored)
{
    static struct fx f;
    struct sk_store *backup;

    fx_start(&f, "S2A", START);
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    backup = ln_backup(&f, "gtb");
    ln_publish(&f, "buso", "gtb", 2, 5);
    fx_run(&f);
    ln_publish(&f, "gtb", "buso", 0, 2);
    fx_run(&f);
    ln_restore(&f, "gtb", backup);
    ln_check(&f, "gtb", "buso", 7);
    ln_publish(&f, "buso", "gtb", 7, 1);
    ln_publish(&f, "gtb", "buso", 2, 1);
    fx_run(&f);
    ln_check(&f, "gtb", "buso", 8);
    ln_check(&f, "buso", "gtb", 3);
    fx_end(&f);
}

/* The sender was restored and went on; then the receiver falls back to a time
   before that. */
Test(deliver, both_restored)
{
    static struct fx f;
    struct sk_store *sender;
    struct sk_store *receiver;

    fx_start(&f, "S2A", START);
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    receiver = ln_backup(&f, "gtb");
    ln_publish(&f, "buso", "gtb", 2, 1);
    fx_run(&f);
    sender = ln_backup(&f, "buso");
    ln_publish(&f, "buso", "gtb", 3, 1);
    fx_run(&f);
    ln_restore(&f, "buso", sender);
    ln_publish(&f, "buso", "gtb", 3, 2);
    fx_run(&f);
    ln_restore(&f, "gtb", receiver);
    ln_publish(&f, "buso", "gtb", 5, 1);
    fx_run(&f);
    /* Place 3 of the lost life is nowhere; that of the new life is there. */
    ln_check(&f, "gtb", "buso", 6);
    fx_end(&f);
}

/* The same after the sender was restored: its log has begun anew. */
Test(deliver, receiver_new_from_nothing_after_a_restore)
{
    static struct fx f;
    struct sk_store *empty;
    struct sk_store *sender;

    fx_start(&f, "S2A", START);
    empty = ignorant(&f, "gtb", "buso");
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_run(&f);
    sender = ln_backup(&f, "buso");
    ln_publish(&f, "buso", "gtb", 2, 1);
    fx_run(&f);
    ln_restore(&f, "buso", sender);
    ln_publish(&f, "buso", "gtb", 2, 2);
    fx_run(&f);
    ln_restore(&f, "gtb", empty);
    ln_check(&f, "gtb", "buso", 4);
    fx_end(&f);
}

/* A partner that lost everything is told everything. */
Test(deliver, receiver_new_from_nothing)
{
    static struct fx f;
    struct sk_store *backup;

    fx_start(&f, "S2A", START);
    backup = ignorant(&f, "gtb", "buso");
    ln_publish(&f, "buso", "gtb", 0, 3);
    fx_run(&f);
    ln_restore(&f, "gtb", backup);
    ln_check(&f, "gtb", "buso", 3);
    fx_end(&f);
}

/* ------------------------------------------------------------- receipts */

static void receipt(struct fx *f, uint64_t incarnation, uint64_t last,
                    uint8_t root)
{
    struct sk_message m = {.kind = SK_MESSAGE_RECEIPT};

    m.receipt.incarnation = incarnation;
    m.receipt.last = last;
    memset(m.receipt.root.bytes, root, sizeof(m.receipt.root.bytes));
    m.receipt.at_ms = 1;
    ln_send(f, "gtb", "buso", &m);
}

/* PROTOCOL.md 8.5: a receipt for what was never sent confirms nothing. */
Test(deliver, receipt_that_fits_nothing)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_ITEMS] = 100;
    ln_publish(&f, "buso", "gtb", 0, 2);
    receipt(&f, 7, 1, 0); /* of another incarnation */
    receipt(&f, 1, 3, 0); /* of more than there is */
    fx_run(&f);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "0"));
    cr_expect(ne(ptr, strstr(t->text, "REFUSAL wrong-root last"), NULL));
    receipt(&f, 1, 2, 9); /* of other items */
    fx_run(&f);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "stored"), "0"));
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "incarnation"), "2"));
    t->lose[SK_MESSAGE_ITEMS] = 0;
    fx_wait(&f, 10000);
    ln_check(&f, "gtb", "buso", 2);
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"));
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- standing */

/* DOMAIN 3.3: a suspended partner gets empty places, and nothing it says is
   applied; what was queued before counts as well (I2). */
Test(deliver, suspended_partner_gets_empty_places)
{
    static struct fx f;

    fx_start(&f, "S2A", START);
    fx_offline(&f, "gtb", true);
    ln_publish(&f, "buso", "gtb", 0, 2);
    fx_offline(&f, "gtb", false);
    ln_check(&f, "gtb", "buso", 2);
    fx_offline(&f, "gtb", true);
    ln_publish(&f, "buso", "gtb", 2, 2);
    ln_publish(&f, "gtb", "buso", 0, 1);
    fx_partners(&f, "name: GTB Kempen",
                "status: suspended\n    name: GTB Kempen");
    fx_offline(&f, "gtb", false);
    ln_check(&f, "gtb", "buso", 2);
    ln_check(&f, "buso", "gtb", 0);
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "suspended"));
    cr_expect(eq(str, (char *)ln_peer(&f, "buso", "gtb", "unconfirmed"), "0"));
    fx_end(&f);
}
