/* docs/CONTROL.md 6.3: backup.start, backup.read, backup.end. */
#include "tests/node/lines.h"

#include <unistd.h>

#define PIECE (256u * 1024)
#define BIG (600u * 1024)
#define ROOM (4u * 1024 * 1024)

static struct fx f;
static char dir[] = "/tmp/schakel-backup-XXXXXX";
static struct sk_store *twin; /* what was in the store at the start */
static uint8_t whole[ROOM];
static size_t whole_size;

/* buso gets a store that can stand still, with a key and one record of three
   pieces. */
static void start(void)
{
    static uint8_t big[BIG];
    struct sk_store *store;

    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Jonas'}");
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (uint8_t)(i * 7 + i / 251);
    twin = ln_backup(&f, "buso");
    cr_assert(sk_store_begin(twin) == SK_OK);
    cr_assert(sk_store_put(twin, SK_SPACE_DATA, sk_text("~big"),
                           (struct sk_bytes){big, sizeof(big)}) == SK_OK);
    cr_assert(sk_store_commit(twin) == SK_OK);
    cr_assert(mkdtemp(dir) != NULL);
    cr_assert(sk_store_open_lmdb(dir, 64u << 20, &store) == SK_OK);
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_assert(sk_store_begin(twin) == SK_OK);
    for (int space = SK_SPACE_DATA; space <= SK_SPACE_KEYS; space++) {
        struct sk_scan scan = sk_scan_start(twin, (enum sk_space)space,
                                            (struct sk_bytes){NULL, 0});
        struct sk_bytes key;
        struct sk_bytes value;

        while (sk_scan_next(&scan, &key, &value) == SK_OK)
            cr_assert(sk_store_put(store, (enum sk_space)space, key, value) ==
                      SK_OK);
    }
    sk_store_abort(twin);
    cr_assert(sk_store_commit(store) == SK_OK);
    ln_restore(&f, "buso", store);
    sk_store_close(&twin);
    twin = ln_backup(&f, "buso");
}

static void end(void)
{
    static const char *const names[] = {
        "data.mdb",      "data.mdb-lock", "keys.mdb",
        "keys.mdb-lock", "data.log",      "keys.old",
        "keys.new",      "lock",          "map"};

    fx_end(&f);
    sk_store_close(&twin);
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    cr_expect(rmdir(dir) == 0);
}

TestSuite(backup, .init = start, .fini = end);

static void begin(void)
{
    fx_ok(&f, "buso", "backup.start", "{}");
}

/* The store of buso keeps a moment? */
static bool stands_still(void)
{
    struct sk_bytes key;
    struct sk_bytes value;

    return sk_store_frozen_next(fx_node(&f, "buso")->store, SK_SPACE_DATA,
                                (struct sk_bytes){0}, &key,
                                &value) != SK_E_CLOSED;
}

/* The bytes of one piece; `at` becomes where it goes on, empty at the end. */
static size_t read_piece(unsigned backup, char at[2048], uint8_t out[PIECE])
{
    struct sk_bytes bytes;
    struct sk_bytes next;

    fx_call(&f, "buso", "backup.read", "{%s%s%s'backup':%u}",
            at[0] == '\0' ? "" : "'at':{'$hex':'", at,
            at[0] == '\0' ? "" : "'},", backup);
    cr_assert(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    bytes = sk_value_bin(fx_at(&f, "result.bytes"));
    next = sk_value_bin(fx_at(&f, "result.next"));
    cr_assert(bytes.size <= PIECE);
    memcpy(out, bytes.data, bytes.size);
    at[0] = '\0';
    for (size_t i = 0; i < next.size; i++)
        snprintf(at + 2 * i, 3, "%02x", next.data[i]);
    return bytes.size;
}

/* All pieces, one behind the other; how many they were. */
static size_t read_all(unsigned backup)
{
    char at[2048] = "";
    size_t pieces = 0;

    whole_size = 0;
    do {
        cr_assert(whole_size + PIECE <= sizeof(whole));
        whole_size += read_piece(backup, at, whole + whole_size);
        pieces++;
    } while (at[0] != '\0');
    return pieces;
}

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t n = 0;

    for (size_t i = 0; i < size; i++)
        n = n << 8 | at[i];
    return n;
}

/* Each record of `whole` is the next one of the twin. */
static void expect_twin(void)
{
    static const enum sk_space order[] = {SK_SPACE_KEYS, SK_SPACE_DATA};
    const uint8_t *at = whole;
    size_t records = 0;

    cr_assert(sk_store_begin(twin) == SK_OK);
    for (size_t i = 0; i < SK_COUNT(order); i++) {
        struct sk_scan scan =
            sk_scan_start(twin, order[i], (struct sk_bytes){NULL, 0});
        struct sk_bytes key;
        struct sk_bytes value;

        while (sk_scan_next(&scan, &key, &value) == SK_OK) {
            cr_assert(at + 7 + key.size + value.size <= whole + whole_size);
            cr_assert(at[0] == order[i], "record %zu", records);
            cr_assert(number(at + 1, 2) == key.size);
            cr_assert(number(at + 3, 4) == value.size);
            cr_assert(memcmp(at + 7, key.data, key.size) == 0);
            cr_assert(memcmp(at + 7 + key.size, value.data, value.size) == 0,
                      "record %zu", records);
            at += 7 + key.size + value.size;
            records++;
        }
    }
    sk_store_abort(twin);
    cr_expect(records > 10);
    cr_expect(at + 7 == whole + whole_size, "and one of space END");
    cr_expect(memcmp(at, "\2\0\0\0\0\0\0", 7) == 0);
}

Test(backup, is_the_store_as_it_was_while_the_node_works_on)
{
    char at[2048] = "";

    begin();
    cr_expect(ge(u64, sk_value_uint(fx_at(&f, "result.bytes")), BIG));
    whole_size = read_piece(1, at, whole);
    cr_expect(eq(sz, whole_size, PIECE));
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    cr_expect(ge(sz, read_all(1), 3));
    expect_twin();
    cr_expect(stands_still());
    fx_ok(&f, "buso", "backup.end", "{'backup':1}");
    cr_expect(not(stands_still()), "pages are free again");
    fx_refused(&f, "buso", "backup-lost", "backup.read", "{'backup':1}");
    fx_refused(&f, "buso", "backup-lost", "backup.end", "{'backup':1}");
}

Test(backup, the_same_question_has_the_same_answer)
{
    static uint8_t once[PIECE];
    static uint8_t twice[PIECE];
    char at[2048] = "";
    char again[2048];

    begin();
    do {
        size_t size;

        snprintf(again, sizeof(again), "%s", at);
        size = read_piece(1, at, once);
        cr_expect(eq(sz, read_piece(1, again, twice), size));
        cr_expect(memcmp(once, twice, size) == 0);
        cr_expect(eq(str, again, at));
    } while (at[0] != '\0');
}

Test(backup, a_later_one_replaces_it)
{
    fx_refused(&f, "buso", "backup-lost", "backup.read", "{'backup':0}");
    fx_refused(&f, "buso", "backup-lost", "backup.end", "{'backup':0}");
    begin();
    begin();
    cr_expect(eq(u64, sk_value_uint(fx_at(&f, "result.backup")), 2));
    fx_refused(&f, "buso", "backup-lost", "backup.read", "{'backup':1}");
    fx_refused(&f, "buso", "backup-lost", "backup.end", "{'backup':1}");
    read_all(2);
    expect_twin();
}

/* 505 bytes of a client, any of them. */
Test(backup, no_other_place_is_one)
{
    static const char *const places[] = {
        "00",             /* no offset */
        "00000000",       /* half of one */
        "0300000000",     /* no such space */
        "0000ffffff7e",   /* behind the record */
        "00fffffffe7e",   /* and far behind */
        "00000000037f",   /* in a record that is not there */
        "0200000007",     /* behind the last */
        "02000000077e7e", /* the last has no key */
    };

    begin();
    for (size_t i = 0; i < SK_COUNT(places); i++)
        fx_refused(&f, "buso", "bad-argument", "backup.read",
                   "{'at':{'$hex':'%s'},'backup':1}", places[i]);
    fx_call(&f, "buso", "backup.read",
            "{'at':{'$hex':'0200000003'},'backup':1}");
    cr_expect(eq(sz, sk_value_bin(fx_at(&f, "result.bytes")).size, 4),
              "half of the last record");
    read_all(1);
    expect_twin();
}

Test(backup, is_let_go_when_nobody_reads_for_30_seconds)
{
    char at[2048] = "";

    begin();
    for (size_t i = 0; i < 3; i++) {
        fx_wait(&f, 29000);
        at[0] = '\0';
        (void)read_piece(1, at, whole);
    }
    fx_wait(&f, 31000);
    cr_expect(not(stands_still()));
    fx_refused(&f, "buso", "backup-lost", "backup.read", "{'backup':1}");
}

/* How long it was is not known then. */
Test(backup, is_let_go_when_the_clock_is_set_back)
{
    begin();
    f.real_ms -= 1000;
    fx_timer(&f, "buso");
    cr_expect(not(stands_still()));
    fx_refused(&f, "buso", "backup-lost", "backup.read", "{'backup':1}");
}

/* I7: an erasure needs the file of the keys; nothing keeps it. */
Test(backup, an_erasure_takes_the_keys_away)
{
    begin();
    cr_assert(sk_store_shred(fx_node(&f, "buso")->store) == SK_OK);
    fx_refused(&f, "buso", "backup-lost", "backup.read", "{'backup':1}");
    begin();
    read_all(2);
}

Test(backup, a_store_that_cannot_stand_still_is_told)
{
    fx_refused(&f, "gtb", "backup-lost", "backup.start", "{}");
}
