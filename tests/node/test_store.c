/*
 * One suite for both stores, then what is particular to each.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/node/stores.h"

#define BOTH(name)                                                             \
    static void name(enum kind kind);                                          \
    Test(store_memory, name)                                                   \
    {                                                                          \
        name(MEMORY);                                                          \
    }                                                                          \
    Test(store_lmdb, name)                                                     \
    {                                                                          \
        name(LMDB);                                                            \
        remove_dir();                                                          \
    }                                                                          \
    static void name(enum kind kind)

BOTH(keeps_what_was_committed_and_forgets_the_rest)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);

    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "a"), "-"));
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "1"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "a", "k"), SK_OK));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "a"), "1"), "own writes");
    cr_expect(eq(u64, s->writes, 2));
    commit(s);

    begin(s);
    cr_expect(eq(u64, s->writes, 0));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "a"), "1"));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "a"), "k"), "two spaces");
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "changed"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "b", "added"), SK_OK));
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("a")), SK_OK));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "a"), "-"));
    cr_expect(
        eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("none")), SK_OK));
    cr_expect(eq(u64, s->writes, 4));
    sk_store_abort(s);

    begin(s);
    cr_expect(eq(str, (char *)walk_all(s, SK_SPACE_DATA), "a=1 "));
    cr_expect(eq(str, (char *)walk_all(s, SK_SPACE_KEYS), "a=k "));
    commit(s);
    sk_store_close(&s);
    cr_expect(eq(ptr, s, NULL));
    sk_store_close(&s);
}

/* What was read from a table may be used again while its version stays. */
BOTH(counts_the_changes_of_a_table)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);
    uint64_t version;

    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "a1", "1"), SK_OK));
    commit(s);
    version = sk_store_version(s, "ab");

    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "a1"), "1"));
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "c1", "1"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "a1", "1"), SK_OK));
    commit(s);
    cr_expect(eq(u64, sk_store_version(s, "ab"), version), "another table");

    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "b1", "1"), SK_OK));
    cr_expect(ne(u64, sk_store_version(s, "ab"), version), "a put");
    version = sk_store_version(s, "ab");
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("a1")), SK_OK));
    cr_expect(ne(u64, sk_store_version(s, "ab"), version), "a deletion");
    version = sk_store_version(s, "ab");
    sk_store_abort(s);
    cr_expect(ne(u64, sk_store_version(s, "ab"), version), "an abort");
    sk_store_close(&s);
}

/* What lies together by 16 bytes is of the table behind them. */
BOTH(counts_a_table_whose_rows_lie_apart)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);
    uint64_t version;

    begin(s);
    cr_expect(
        eq(int, put(s, SK_SPACE_DATA, "~aaaabbbbccccddddX1", "1"), SK_OK));
    commit(s);
    version = sk_store_version(s, "X");

    begin(s);
    cr_expect(
        eq(int, put(s, SK_SPACE_DATA, "~aaaabbbbccccddddY1", "1"), SK_OK));
    cr_expect(
        eq(int, put(s, SK_SPACE_DATA, "aXXXXXXXXXXXXXXXXXX", "1"), SK_OK));
    cr_expect(eq(u64, sk_store_version(s, "X"), version), "another table");
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "~aaaabbbbccccddddX", "1"), SK_OK));
    cr_expect(ne(u64, sk_store_version(s, "X"), version), "a put");
    version = sk_store_version(s, "X");
    cr_expect(
        eq(int, put(s, SK_SPACE_DATA, "~zzzzbbbbccccddddX9", "1"), SK_OK));
    cr_expect(ne(u64, sk_store_version(s, "X"), version), "of somebody else");
    version = sk_store_version(s, "~");
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "~aaaabbbbccccdddd", "1"), SK_OK));
    cr_expect(ne(u64, sk_store_version(s, "~"), version), "without a table");
    commit(s);
    sk_store_close(&s);
}

BOTH(takes_keys_and_values_up_to_their_limits)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);
    uint8_t key[SK_STORE_KEY_SIZE_MAX];
    uint8_t value[100000];
    struct sk_bytes k = {key, sizeof(key)};
    struct sk_bytes one = {key, 1};
    struct sk_bytes empty = {NULL, 0};
    struct sk_bytes got;

    memset(key, 0xff, sizeof(key));
    memset(value, 0x5a, sizeof(value));
    begin(s);
    cr_expect(eq(int,
                 sk_store_put(s, SK_SPACE_DATA, k,
                              (struct sk_bytes){value, sizeof(value)}),
                 SK_OK));
    cr_expect(eq(int, sk_store_put(s, SK_SPACE_DATA, one, empty), SK_OK));
    commit(s);
    begin(s);
    cr_assert(eq(int, sk_store_get(s, SK_SPACE_DATA, k, &got), SK_OK));
    cr_assert(eq(sz, got.size, sizeof(value)));
    cr_expect(eq(int, memcmp(got.data, value, sizeof(value)), 0));
    cr_assert(eq(int, sk_store_get(s, SK_SPACE_DATA, one, &got), SK_OK));
    cr_expect(eq(sz, got.size, 0));
    commit(s);
    sk_store_close(&s);
}

BOTH(scans_a_prefix_in_order_also_while_writing)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;

    begin(s);
    for (const char *p = "b3 a b1 b c b2 b22 "; *p != '\0'; p += 1) {
        size_t size = strcspn(p, " ");

        cr_assert(eq(int,
                     sk_store_put(s, SK_SPACE_DATA,
                                  (struct sk_bytes){(const uint8_t *)p, size},
                                  sk_text("x")),
                     SK_OK));
        p += size;
    }
    scan = sk_scan_start(s, SK_SPACE_DATA, sk_text("b"));
    cr_expect(eq(str, (char *)walk(scan), "b=x b1=x b2=x b22=x b3=x "));
    scan = sk_scan_start(s, SK_SPACE_DATA, sk_text("b2"));
    cr_expect(eq(str, (char *)walk(scan), "b2=x b22=x "));
    scan = sk_scan_after(s, SK_SPACE_DATA, sk_text("b"), sk_text("b1"));
    cr_expect(eq(str, (char *)walk(scan), "b2=x b22=x b3=x "));
    scan = sk_scan_after(s, SK_SPACE_DATA, sk_text("b"), sk_text("b11"));
    cr_expect(eq(str, (char *)walk(scan), "b2=x b22=x b3=x "), "absent start");
    scan = sk_scan_start(s, SK_SPACE_DATA, sk_text("d"));
    cr_expect(eq(str, (char *)walk(scan), ""));
    cr_expect(eq(str, (char *)walk_all(s, SK_SPACE_KEYS), ""));

    /* Delete what the scan stands on and what comes next; add behind it. */
    scan = sk_scan_start(s, SK_SPACE_DATA, sk_text("b"));
    cr_assert(eq(int, sk_scan_next(&scan, &key, &value), SK_OK));
    cr_assert(eq(int, sk_scan_next(&scan, &key, &value), SK_OK));
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("b1")), SK_OK));
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("b2")), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "b0", "before"), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "b21", "behind"), SK_OK));
    cr_expect(eq(str, (char *)walk(scan), "b21=behind b22=x b3=x "));

    /* Two scans at once do not disturb each other. */
    scan = sk_scan_start(s, SK_SPACE_DATA, sk_text("b"));
    cr_assert(eq(int, sk_scan_next(&scan, &key, &value), SK_OK));
    cr_expect(eq(str,
                 (char *)walk(sk_scan_start(s, SK_SPACE_DATA, sk_text("c"))),
                 "c=x "));
    cr_expect(eq(str, (char *)walk(scan), "b0=before b21=behind b22=x b3=x "));
    commit(s);
    sk_store_close(&s);
}

/* ----------------------------------------------- random against a model */

#define MODEL_KEYS 40

struct model {
    bool has[2][MODEL_KEYS];
    uint32_t value[2][MODEL_KEYS];
};

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Key i: order of the text is the order of i. */
static struct sk_bytes model_key(size_t i, char text[32])
{
    snprintf(text, 32, "%c%02zu", i < MODEL_KEYS / 2 ? 'p' : 'q', i);
    return sk_text(text);
}

static void model_compare(struct sk_store *s, enum sk_space space,
                          const struct model *m, uint64_t seed)
{
    struct sk_scan scan = sk_scan_start(s, space, sk_text(""));
    struct sk_bytes key;
    struct sk_bytes value;
    char text[32];

    for (size_t i = 0; i < MODEL_KEYS; i++) {
        if (!m->has[space][i])
            continue;
        cr_assert(eq(int, sk_scan_next(&scan, &key, &value), SK_OK), "seed %zu",
                  (size_t)seed);
        cr_assert(sk_bytes_equal(key, model_key(i, text)), "seed %zu",
                  (size_t)seed);
        cr_assert(eq(sz, value.size, 4 + m->value[space][i] % 3000));
        cr_assert(eq(int, memcmp(value.data, &m->value[space][i], 4), 0));
    }
    cr_assert(eq(int, sk_scan_next(&scan, &key, &value), SK_E_NOT_FOUND),
              "seed %zu", (size_t)seed);
}

static void model_write(struct sk_store *s, struct model *m, uint64_t *seed)
{
    static uint8_t bytes[4 + 3000];
    enum sk_space space = split_mix(seed) % 2 ? SK_SPACE_DATA : SK_SPACE_KEYS;
    size_t i = split_mix(seed) % MODEL_KEYS;
    uint32_t number = (uint32_t)split_mix(seed);
    char text[32];

    if (split_mix(seed) % 3 == 0) {
        cr_assert(
            eq(int, sk_store_delete(s, space, model_key(i, text)), SK_OK));
        m->has[space][i] = false;
        return;
    }
    memcpy(bytes, &number, 4);
    cr_assert(eq(int,
                 sk_store_put(s, space, model_key(i, text),
                              (struct sk_bytes){bytes, 4 + number % 3000}),
                 SK_OK));
    m->has[space][i] = true;
    m->value[space][i] = number;
}

static void run_model(enum kind kind, uint64_t seed, int rounds)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);
    struct model committed = {0};
    uint64_t state = seed;

    for (int round = 0; round < rounds; round++) {
        struct model m = committed;
        size_t writes = split_mix(&state) % 12;

        begin(s);
        for (size_t i = 0; i < writes; i++)
            model_write(s, &m, &state);
        model_compare(s, SK_SPACE_DATA, &m, seed);
        model_compare(s, SK_SPACE_KEYS, &m, seed);
        switch (split_mix(&state) % 5) {
        case 0:
            sk_store_abort(s);
            break;
        case 1: /* crash, or a stop in the middle */
            if (kind == MEMORY) {
                sk_store_memory_crash(s);
            } else {
                sk_store_close(&s);
                s = open_kind(kind, MAP_BYTES);
            }
            break;
        case 2:
            commit(s);
            committed = m;
            cr_assert(eq(int, sk_store_shred(s), SK_OK));
            break;
        default:
            commit(s);
            committed = m;
            break;
        }
    }
    sk_store_close(&s);
}

Test(store_memory, agrees_with_a_model)
{
    for (uint64_t seed = 1; seed <= 40; seed++)
        run_model(MEMORY, seed, 50);
}

Test(store_lmdb, agrees_with_a_model)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run_model(LMDB, seed, 50);
        remove_dir();
    }
}

/* ---------------------------------------------------------------- memory */

Test(store_memory, fails_from_the_write_it_was_told)
{
    struct sk_store *s = open_kind(MEMORY, 0);

    for (uint64_t n = 1; n <= 4; n++) {
        sk_store_memory_fail_after(s, n);
        begin(s);
        cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "1"),
                     n == 1 ? SK_E_FULL : SK_OK));
        cr_expect(eq(int, put(s, SK_SPACE_DATA, "b", "2"),
                     n <= 2 ? SK_E_FULL : SK_OK));
        cr_expect(eq(int, sk_store_commit(s), n <= 3 ? SK_E_FULL : SK_OK));
        sk_store_memory_fail_after(s, 0);
        begin(s);
        cr_expect(eq(str, (char *)walk_all(s, SK_SPACE_DATA),
                     n <= 3 ? "" : "a=1 b=2 "),
                  "n %d", (int)n);
        sk_store_abort(s);
    }
    sk_store_close(&s);
}

Test(store_memory, kills_a_transaction_that_failed)
{
    struct sk_store *s = open_kind(MEMORY, 0);
    struct sk_bytes value;

    sk_store_memory_fail_after(s, 1);
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "1"), SK_E_FULL));
    sk_store_memory_fail_after(s, 0);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "b", "1"), SK_E_FULL));
    cr_expect(eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text("b"), &value),
                 SK_E_FULL));
    cr_expect(eq(int, sk_store_commit(s), SK_E_FULL));
    cr_expect(not(s->open));
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "b", "1"), SK_OK));
    commit(s);
    sk_store_close(&s);
}

/* The contract says views die at the next write: here they really do. */
Test(store_memory, overwrites_views_at_the_next_write)
{
    struct sk_store *s = open_kind(MEMORY, 0);
    struct sk_bytes value;

    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "12345678"), SK_OK));
    cr_assert(
        eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text("a"), &value), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "b", "x"), SK_OK));
    cr_expect(eq(int, value.data[0], 0xdd));
    sk_store_abort(s);
    sk_store_close(&s);
}

/* ------------------------------------------------------------------ lmdb */

static bool exists(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static void expect_private(const char *name)
{
    char path[128];
    struct stat info;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    cr_assert(eq(int, stat(path, &info), 0));
    cr_expect(eq(int, (int)(info.st_mode & 0777), 0600), "%s", name);
}

Test(store_lmdb, keeps_its_files_private)
{
    struct sk_store *s;

    umask(0);
    s = open_kind(LMDB, MAP_BYTES);
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "a", "1"), SK_OK));
    commit(s);
    cr_assert(eq(int, sk_store_shred(s), SK_OK));
    expect_private("data.mdb");
    expect_private("keys.mdb");
    expect_private("data.mdb-lock");
    expect_private("keys.mdb-lock");
    expect_private("lock");
    sk_store_close(&s);
    remove_dir();
}

Test(store_lmdb, refuses_a_second_process)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);
    struct sk_store *second = NULL;
    int status;
    pid_t child;

    cr_expect(eq(int, sk_store_open_lmdb(dir, MAP_BYTES, &second), SK_E_LOCKED),
              "in the same process");
    child = fork();
    if (child == 0)
        _exit(sk_store_open_lmdb(dir, MAP_BYTES, &second) == SK_E_LOCKED ? 7
                                                                         : 1);
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_expect(eq(int, WEXITSTATUS(status), 7));
    sk_store_close(&s);
    s = open_kind(LMDB, MAP_BYTES);
    sk_store_close(&s);
    remove_dir();
}

Test(store_lmdb, shreds_deleted_keys_out_of_its_file)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);
    char key[32];
    char value[64];

    begin(s);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "key-%03d", i);
        snprintf(value, sizeof(value), "SECRET-%03d-%032d", i, i);
        cr_assert(eq(int, put(s, SK_SPACE_KEYS, key, value), SK_OK));
    }
    commit(s);
    begin(s);
    cr_assert(
        eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("key-123")), SK_OK));
    commit(s);
    cr_expect(file_holds("keys.mdb", "SECRET-123-"), "LMDB keeps old pages");
    cr_assert(eq(int, sk_store_shred(s), SK_OK));
    cr_expect(not(file_holds("keys.mdb", "SECRET-123-")));
    cr_expect(not(file_holds("keys.mdb", "key-123")));
    cr_expect(not(file_holds("data.mdb", "key-123x")));
    cr_expect(file_holds("keys.mdb", "SECRET-124-"));
    cr_expect(not(exists("keys.old")));
    cr_expect(not(exists("keys.new")));
    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "key-123"), "-"));
    cr_expect(ne(str, (char *)get(s, SK_SPACE_KEYS, "key-499"), "-"));
    commit(s);
    sk_store_close(&s);
    remove_dir();
}

/* A deletion of a key and its shred survive a crash between the two. */
Test(store_lmdb, shreds_at_open_what_a_crash_left)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);

    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k1", "SECRET-1"), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k2", "SECRET-2"), SK_OK));
    commit(s);
    begin(s);
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("k1")), SK_OK));
    commit(s);
    sk_store_close(&s);
    cr_expect(file_holds("keys.mdb", "SECRET-1"));
    s = open_kind(LMDB, MAP_BYTES);
    cr_expect(not(file_holds("keys.mdb", "SECRET-1")));
    begin(s);
    cr_expect(eq(str, (char *)walk_all(s, SK_SPACE_KEYS), "k2=SECRET-2 "));
    /* Not pending any more: the same key can come back and stay. */
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k1", "again"), SK_OK));
    commit(s);
    sk_store_close(&s);
    s = open_kind(LMDB, MAP_BYTES);
    begin(s);
    cr_expect(
        eq(str, (char *)walk_all(s, SK_SPACE_KEYS), "k1=again k2=SECRET-2 "));
    sk_store_abort(s);
    sk_store_close(&s);
    remove_dir();
}

Test(store_lmdb, never_overwrites_the_live_keys_after_a_crash)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);
    char live[128];
    char old[128];
    FILE *file;

    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k1", "SECRET-1"), SK_OK));
    commit(s);
    sk_store_close(&s);

    /* Killed after link(), before rename(): both names, one file. */
    snprintf(live, sizeof(live), "%s/keys.mdb", dir);
    snprintf(old, sizeof(old), "%s/keys.old", dir);
    cr_assert(eq(int, link(live, old), 0));
    /* And a half-written copy. */
    snprintf(old, sizeof(old), "%s/keys.new", dir);
    file = fopen(old, "wb");
    cr_assert(ne(ptr, file, NULL));
    fputs("half", file);
    fclose(file);

    s = open_kind(LMDB, MAP_BYTES);
    cr_expect(not(exists("keys.old")));
    cr_expect(not(exists("keys.new")));
    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "k1"), "SECRET-1"));
    sk_store_abort(s);
    sk_store_close(&s);
    remove_dir();
}

/* Fill until it refuses; what was committed before must be whole. */
static void fill_until_full(struct sk_store *s)
{
    static char value[4096];
    char key[32];
    enum sk_status status = SK_OK;
    int committed = 0;

    memset(value, 'v', sizeof(value) - 1);
    for (int i = 0; i < 20000 && status == SK_OK; i++) {
        begin(s);
        snprintf(key, sizeof(key), "fill-%05d", i);
        status = put(s, SK_SPACE_DATA, key, value);
        if (status == SK_OK)
            status = sk_store_commit(s);
        else
            sk_store_abort(s);
        if (status == SK_OK)
            committed++;
    }
    cr_assert(eq(int, status, SK_E_FULL), "%d committed", committed);
    cr_assert(committed > 10);

    begin(s);
    for (int i = 0; i < committed; i++) {
        struct sk_bytes got;

        snprintf(key, sizeof(key), "fill-%05d", i);
        cr_assert(
            eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text(key), &got), SK_OK));
        cr_assert(eq(sz, got.size, sizeof(value) - 1));
    }
    sk_store_abort(s);
}

Test(store_lmdb, says_full_when_its_map_is_full)
{
    struct sk_store *s = open_kind(LMDB, 1 << 20);

    fill_until_full(s);
    sk_store_close(&s);
    /* A larger map goes on where it stopped. */
    s = open_kind(LMDB, 2 << 20);
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "more", "1"), SK_OK));
    commit(s);
    sk_store_close(&s);
    remove_dir();
}

Test(store_lmdb, says_full_when_the_disk_is_full)
{
    struct sk_store *s;

    strcpy(dir, "/tmp/schakel-store-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
    if (mount("tmpfs", dir, "tmpfs", 0, "size=1m") != 0) {
        cr_log_warn("no right to mount: skipped");
        (void)rmdir(dir);
        return;
    }
    s = open_kind(LMDB, MAP_BYTES);
    fill_until_full(s);
    sk_store_close(&s);
    /* Room again: it opens and writes. */
    cr_expect(eq(int, mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=4m"), 0));
    s = open_kind(LMDB, MAP_BYTES);
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "more", "1"), SK_OK));
    commit(s);
    sk_store_close(&s);
    cr_expect(eq(int, umount(dir), 0));
    (void)rmdir(dir);
}

Test(store_lmdb, says_what_it_uses)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);
    struct sk_store_stats before;
    struct sk_store_stats after;
    static char value[100000];

    memset(value, 'v', sizeof(value) - 1);
    sk_store_stats(s, &before);
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", value), SK_OK));
    commit(s);
    sk_store_stats(s, &after);
    cr_expect(ge(u64, after.data_bytes, before.data_bytes + 100000));
    cr_expect(eq(u64, after.keys_bytes, before.keys_bytes));
    cr_expect(le(u64, after.room_bytes, MAP_BYTES - after.data_bytes));
    sk_store_close(&s);
    remove_dir();
}

#define FROZEN(space) (char *)walk_frozen(s, SK_SPACE_##space)

Test(store_lmdb, keeps_one_moment_of_both_spaces_while_writes_go_on)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);

    cr_expect(eq(str, FROZEN(DATA), "closed"));
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "1"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "b", "1"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "ka", "1"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "kb", "1"), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "kc", "1"), SK_OK));
    commit(s);

    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "c", "not yet"), SK_OK));
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "2"), SK_OK));
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("b")), SK_OK));
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "ka", "2"), SK_OK));
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("kb")), SK_OK));
    cr_expect(eq(str, FROZEN(DATA), "a=1 b=1 "));
    commit(s);
    for (int i = 0; i < 50; i++) { /* pages are used again where they may */
        begin(s);
        cr_expect(eq(int, put(s, SK_SPACE_DATA, "a", "3"), SK_OK));
        cr_expect(eq(int, put(s, SK_SPACE_KEYS, "ka", "3"), SK_OK));
        commit(s);
    }
    cr_expect(eq(str, FROZEN(DATA), "a=1 b=1 "));
    cr_expect(eq(str, FROZEN(KEYS), "ka=1 kb=1 kc=1 "));

    /* The next one replaces it: what is erased, though its file has it still,
       is not in it. */
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    cr_expect(eq(str, FROZEN(DATA), "a=3 c=not yet "));
    cr_expect(eq(str, FROZEN(KEYS), "ka=3 kc=1 "));

    /* A shred takes the file of the keys; the data stay. */
    cr_assert(eq(int, sk_store_shred(s), SK_OK));
    cr_expect(eq(str, FROZEN(KEYS), "closed"));
    cr_expect(eq(str, FROZEN(DATA), "a=3 c=not yet "));
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    cr_expect(eq(str, FROZEN(KEYS), "ka=3 kc=1 "));
    sk_store_thaw(s);
    cr_expect(eq(str, FROZEN(DATA), "closed"));
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    sk_store_close(&s); /* with it */
    remove_dir();
}

Test(store_lmdb, erased_keys_are_not_in_what_is_kept)
{
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);

    for (char name = 'a'; name < 'e'; name++) {
        begin(s);
        cr_expect(
            eq(int, put(s, SK_SPACE_KEYS, (char[]){name, '\0'}, "k"), SK_OK));
        commit(s);
    }
    begin(s);
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("a")), SK_OK));
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("b")), SK_OK));
    cr_expect(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("d")), SK_OK));
    commit(s);
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_KEYS, "b", "again"), SK_OK));
    commit(s);
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    cr_expect(eq(str, FROZEN(KEYS), "b=again c=k "));
    sk_store_close(&s);
    remove_dir();
}

Test(store_memory, keeps_no_moment)
{
    struct sk_store *s = open_kind(MEMORY, 0);
    struct sk_bytes key;
    struct sk_bytes value;

    cr_assert(eq(int, sk_store_freeze(s), SK_E_UNSUPPORTED));
    cr_assert(eq(
        int, sk_store_frozen_next(s, SK_SPACE_DATA, sk_text(""), &key, &value),
        SK_E_CLOSED));
    sk_store_thaw(s);
    sk_store_close(&s);
}

/* The first key behind this one that is there; 256: none. */
static int behind(const bool *there, int key)
{
    for (key++; key < 256 && !there[key]; key++)
        continue;
    return key;
}

/* One of the keys from this one on comes or goes. */
static void come_or_go(struct sk_store *s, int at, bool *there, uint64_t *seed)
{
    uint8_t c = (uint8_t)((uint64_t)(at + 256) + split_mix(seed) % 8);
    struct sk_bytes key = {&c, 1};

    if (there[c])
        cr_assert(eq(int, sk_store_delete(s, SK_SPACE_KEYS, key), SK_OK));
    else
        cr_assert(eq(int, sk_store_put(s, SK_SPACE_KEYS, key, key), SK_OK));
    there[c] = !there[c];
}

/* The other space has the same key. */
static void look_elsewhere(struct sk_store *s, int at)
{
    uint8_t c = (uint8_t)at;
    struct sk_scan scan;
    struct sk_bytes key = {&c, 1};
    struct sk_bytes value;

    cr_assert(eq(int, sk_store_put(s, SK_SPACE_DATA, key, key), SK_OK));
    scan = sk_scan_start(s, SK_SPACE_DATA, key);
    cr_assert(eq(int, sk_scan_next(&scan, &key, &value), SK_OK));
}

static struct sk_scan scan_behind(struct sk_store *s, int at)
{
    struct sk_bytes all = {0};
    uint8_t c = (uint8_t)at;

    if (at < 0)
        return sk_scan_start(s, SK_SPACE_KEYS, all);
    return sk_scan_after(s, SK_SPACE_KEYS, all, (struct sk_bytes){&c, 1});
}

/* From behind this key on; where it stopped, or -1: at the end. */
static int scan_while_writing(struct sk_store *s, int at, bool *there,
                              uint64_t *seed)
{
    struct sk_scan scan = scan_behind(s, at);
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        at = behind(there, at);
        cr_assert(eq(int, key.data[0], at));
        if (split_mix(seed) % 32 == 0)
            return at;
        if (split_mix(seed) % 2 == 0)
            come_or_go(s, at, there, seed);
        if (split_mix(seed) % 8 == 0)
            look_elsewhere(s, at);
    }
    cr_expect(eq(int, behind(there, at), 256));
    return -1;
}

BOTH(scans_find_what_comes_and_not_what_went)
{
    struct sk_store *s = open_kind(kind, MAP_BYTES);
    bool there[256] = {false};
    uint64_t seed = 7;
    int at = -1;

    for (int round = 0; round < 60; round++) {
        bool before[256];

        memcpy(before, there, sizeof(there));
        begin(s);
        for (int i = 0; i < 8; i++)
            come_or_go(s, round * 32 + i * 8, there, &seed);
        at = scan_while_writing(s, at, there, &seed);
        if (split_mix(&seed) % 2 == 0) {
            sk_store_abort(s);
            memcpy(there, before, sizeof(there));
            begin(s);
            at = scan_while_writing(s, at, there, &seed);
        }
        cr_assert(eq(int, sk_store_commit(s), SK_OK));
    }
    sk_store_close(&s);
}

static void expect_value(struct sk_store *s, const char *key, const char *text)
{
    struct sk_bytes value = {0};

    cr_assert(
        eq(int, sk_store_get(s, SK_SPACE_KEYS, sk_text(key), &value), SK_OK));
    cr_expect(sk_bytes_equal(value, sk_text(text)), "%s", key);
}

/* What a backup of the simulator is. */
Test(store_memory, is_copied_as_it_is)
{
    struct sk_store *s = open_kind(MEMORY, MAP_BYTES);
    struct sk_store *copy = NULL;
    struct sk_store_stats stats[2];

    begin(s);
    for (char c = 'a'; c <= 'z'; c++) {
        struct sk_bytes key = {(const uint8_t *)&c, 1};

        cr_assert(eq(int, sk_store_put(s, SK_SPACE_KEYS, key, key), SK_OK));
    }
    cr_assert(eq(int, sk_store_commit(s), SK_OK));
    cr_assert(eq(int, sk_store_memory_copy(s, &copy), SK_OK));
    sk_store_stats(s, &stats[0]);
    sk_store_stats(copy, &stats[1]);
    cr_expect(memcmp(&stats[0], &stats[1], sizeof(stats[0])) == 0);
    begin(s);
    cr_assert(eq(int,
                 sk_store_put(s, SK_SPACE_KEYS, sk_text("c"), sk_text("new")),
                 SK_OK));
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("d")), SK_OK));
    cr_assert(eq(int, sk_store_commit(s), SK_OK));
    sk_store_close(&s);
    begin(copy);
    expect_value(copy, "c", "c");
    expect_value(copy, "d", "d");
    expect_value(copy, "z", "z");
    cr_assert(eq(int,
                 sk_store_put(copy, SK_SPACE_KEYS, sk_text("z"), sk_text("y")),
                 SK_OK));
    expect_value(copy, "z", "y");
    sk_store_abort(copy);
    begin(copy);
    expect_value(copy, "z", "z");
    sk_store_abort(copy);
    sk_store_close(&copy);
}
