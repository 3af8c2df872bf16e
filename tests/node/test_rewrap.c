/*
 * Another master key: whatever fails and however often, in the end everything
 * is under the new one, and nothing under the one before.
 */
#include "tests/node/people.h"

#include "node/engine/vault.h"

#define START "2026-09-01T08:00:00Z"
#define PEOPLE 2100 /* more keys than one transaction takes */

static struct fx f;
static size_t at;

static struct fx_node *node(void)
{
    return &f.nodes[at];
}

static void set_up(size_t people)
{
    fx_start(&f, "S2A", START);
    at = fx_index(&f, "buso");
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Samira','family_name':'Kanarie','birth_date':'1984',"
          "'insz':'84031499777'}");
    for (size_t i = 1; i < people; i++)
        fx_ok(&f, "buso", "participant.add",
              "{'given_name':'Jonas','family_name':'Nummer%c%c'}",
              (char)('a' + i / 26 % 26), (char)('a' + i % 26));
}

/* What `schakel key rotate` does to node.key. */
static void other_master(void)
{
    struct sk_seed seed = fx_seed(&f);

    node()->secrets.master_before = node()->secrets.master;
    node()->secrets.has_master_before = true;
    memcpy(node()->secrets.master.secret_bytes, seed.secret_bytes, 32);
}

/* Start it, with a disk that is full after so many writes (0: it is not). */
static enum sk_status start(uint64_t writes)
{
    enum sk_status status;

    sk_store_memory_fail_after(node()->store, writes);
    status = fx_open(&f, at);
    sk_store_memory_fail_after(node()->store, 0);
    if (status != SK_OK)
        sk_store_memory_crash(node()->store);
    return status;
}

static bool wraps(const struct sk_box_key *master, struct sk_bytes owner,
                  struct sk_bytes sealed)
{
    uint8_t bound[SK_VAULT_BOUND_SIZE];
    struct sk_box_key wrap;
    struct sk_box_key key;
    struct sk_bytes plain;
    struct sk_id id;

    cr_assert(eq(sz, owner.size, SK_ID_SIZE));
    memcpy(id.bytes, owner.data, SK_ID_SIZE);
    sk_vault_bound(&id, bound);
    sk_derive(master, "schakel/store/wrap/1", &wrap);
    return sk_box_open(&wrap, (struct sk_bytes){bound, sizeof(bound)}, sealed,
                       (struct sk_room){key.secret_bytes, 32}, &plain) == SK_OK;
}

/* How many data keys this master key opens. */
static size_t count_under(const struct sk_box_key *master)
{
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t count = 0;

    cr_assert(eq(int, sk_store_begin(node()->store), SK_OK));
    scan = sk_scan_start(node()->store, SK_SPACE_KEYS, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        count += wraps(master, key, value) ? 1 : 0;
    sk_store_abort(node()->store);
    return count;
}

static size_t found(const char *what, const char *value)
{
    struct sk_value_walk walk;
    size_t count = 0;

    fx_call(&f, "buso", "participant.find", "{'%s':'%s'}", what, value);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    walk = sk_value_walk(fx_at(&f, "result.participants"));
    while (sk_value_next(&walk))
        count++;
    return count;
}

static void expect_whole(size_t people)
{
    cr_expect(eq(sz, count_under(&node()->secrets.master_before), 0));
    cr_expect(ge(sz, count_under(&node()->secrets.master), people));
    cr_expect(eq(sz, found("insz", "84031499777"), 1));
    cr_expect(eq(sz, found("name", "kanarie"), 1));
    fx_refused(&f, "buso", "insz-known", "participant.add",
               "{'given_name':'Samira','insz':'84031499777'}");
}

Test(rewrap, everything_is_under_the_new_key_and_nothing_under_the_old)
{
    struct sk_box_key first;

    set_up(3);
    first = node()->secrets.master;
    cr_expect(ge(sz, count_under(&first), 3));
    for (int i = 0; i < 3; i++) { /* again and again */
        fx_close(&f, at);
        other_master();
        cr_assert(eq(int, start(0), SK_OK));
        expect_whole(3);
        /* The old one is gone; it starts without it. */
        cr_expect(sk_engine_master_changed(node()->engine));
        node()->secrets.has_master_before = false;
        fx_close(&f, at);
        cr_assert(eq(int, start(0), SK_OK));
        expect_whole(3);
    }
    cr_expect(eq(sz, count_under(&first), 0));
    fx_end(&f);
}

Test(rewrap, goes_on_where_it_was_cut_short)
{
    static const uint64_t writes[] = {1,    2,    100,  2048, 2049, 2050,
                                      2051, 2100, 2048, 2049, 40,   52,
                                      53,   54,   55,   56,   57,   1};
    bool done = false;

    set_up(PEOPLE);
    fx_close(&f, at);
    other_master();
    for (size_t i = 0; i < SK_COUNT(writes) && !done; i++) {
        enum sk_status status = start(writes[i]);
        size_t before = count_under(&node()->secrets.master_before);
        size_t after = count_under(&node()->secrets.master);

        cr_expect(ge(sz, before + after, PEOPLE), "none is lost");
        done = status == SK_OK;
        if (!done)
            cr_expect(eq(int, status, SK_E_FULL));
    }
    if (!done)
        cr_assert(eq(int, start(0), SK_OK));
    expect_whole(PEOPLE);
    fx_end(&f);
}

Test(rewrap, a_store_under_a_third_key_is_refused_and_untouched)
{
    struct sk_box_key first;

    set_up(3);
    fx_close(&f, at);
    first = node()->secrets.master;
    other_master();
    node()->secrets.master_before.secret_bytes[0] ^= 1;
    cr_expect(eq(int, start(0), SK_E_WRONG_KEY));
    cr_expect(ge(sz, count_under(&first), 3));
    node()->secrets.master = first;
    node()->secrets.has_master_before = false;
    cr_assert(eq(int, start(0), SK_OK));
    cr_expect(eq(sz, found("insz", "84031499777"), 1));
    fx_end(&f);
}
