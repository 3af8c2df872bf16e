/*
 * The log before the tree of LMDB: docs/decisions/0014.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "node/store_log.h"
#include "tests/node/stores.h"

#define ROOM_BYTES MAP_BYTES
#define NO_ROOM_BYTES (UINT64_C(16) << 20)

/* The store as a crash at this moment leaves it: its files, in `dir`. */
static void crash(struct sk_store **s)
{
    static const char *const names[] = {"data.mdb", "keys.mdb", "data.log"};
    char before[64];
    char command[256];

    strcpy(before, dir);
    strcpy(dir, "/tmp/schakel-store-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        snprintf(command, sizeof(command), "cp %s/%s %s/", before, names[i],
                 dir);
        cr_assert(eq(int, system(command), 0));
    }
    sk_store_close(s);
    snprintf(command, sizeof(command), "rm -r %s", before);
    cr_assert(eq(int, system(command), 0));
}

static uint64_t tree_writes(void)
{
    struct stat info;
    char path[128];

    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    cr_assert(eq(int, stat(path, &info), 0));
    return (uint64_t)info.st_mtim.tv_sec * 1000000000u +
           (uint64_t)info.st_mtim.tv_nsec;
}

static void empty_log(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/data.log", dir);
    cr_assert(eq(int, truncate(path, 0), 0));
}

static void put_one(struct sk_store *s, const char *key, const char *value)
{
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, key, value), SK_OK));
    commit(s);
}

#define DATA(s) (char *)walk_all(s, SK_SPACE_DATA)

Test(store_log, a_commit_is_there_after_a_crash_and_the_rest_is_not)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);
    uint64_t before = tree_writes();

    put_one(s, "a", "1");
    put_one(s, "b", "1");
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "2"), SK_OK));
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("b")), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "c", ""), SK_OK));
    commit(s);
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "d", "no"), SK_OK));
    cr_expect(eq(u64, tree_writes(), before), "only the log was written");
    crash(&s);

    for (int i = 0; i < 3; i++) { /* and after one that follows it at once */
        s = open_kind(LMDB, ROOM_BYTES);
        begin(s);
        cr_expect(eq(str, DATA(s), "a=2 c= "));
        crash(&s);
    }
    s = open_kind(LMDB, ROOM_BYTES);
    put_one(s, "e", "1");
    crash(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=2 c= e=1 "));
    sk_store_abort(s);
    put_one(s, "f", "1");
    sk_store_close(&s);
    empty_log(); /* closed, it is in the tree */
    s = open_kind(LMDB, NO_ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=2 c= e=1 f=1 "));
    sk_store_close(&s);
    remove_dir();
}

static void edit_file(int fd, uint64_t at, uint8_t by)
{
    uint8_t byte;

    cr_assert(eq(long, pread(fd, &byte, 1, (off_t)at), 1));
    byte ^= by;
    cr_assert(eq(long, pwrite(fd, &byte, 1, (off_t)at), 1));
}

static void edit_log(uint64_t at, uint8_t by)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/data.log", dir);
    fd = open(path, O_RDWR);
    edit_file(fd, at, by);
    close(fd);
}

/* Each part of a record: a disk can leave it unwritten. */
Test(store_log, a_record_that_was_cut_short_is_no_record)
{
    static const long places[] = {0, 8, 16, 24, 24 + 7, 24 + 7 + 1};

    for (size_t i = 0; i < SK_COUNT(places); i++) {
        long at = places[i];
        struct sk_store *s = open_kind(LMDB, ROOM_BYTES);

        put_one(s, "a", "1");
        put_one(s, "b", "2");
        crash(&s);
        edit_log((uint64_t)(4096 + at), 0x40);
        s = open_kind(LMDB, ROOM_BYTES);
        begin(s);
        cr_expect(eq(str, DATA(s), "a=1 "), "byte %ld", at);
        sk_store_abort(s);
        put_one(s, "c", "3"); /* in its place */
        crash(&s);
        s = open_kind(LMDB, ROOM_BYTES);
        begin(s);
        cr_expect(eq(str, DATA(s), "a=1 c=3 "), "byte %ld", at);
        sk_store_close(&s);
        remove_dir();
    }
}

/* Four records, one of them of three places; every bit of them, and what is
   between them.  What more was written behind was flushed before: its loss is
   damage; of the last one nobody can tell. */
Test(store_log, damage_is_told_from_a_record_that_was_cut_short)
{
    static const uint8_t key[SK_STORE_LOG_KEY_SIZE] = {1, 2, 3};
    static const size_t sizes[] = {5, 9000, 40, 30};
    static uint8_t bytes[9000];
    struct sk_store_log log;
    uint64_t starts[SK_COUNT(sizes) + 1] = {0};
    int dir_fd;

    strcpy(dir, "/tmp/schakel-store-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    cr_assert(eq(int, sk_store_log_open(&log, dir_fd, true), 0));
    sk_store_log_start(&log, key);
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        struct sk_bytes value = {bytes, sizes[i]};

        cr_assert(eq(int, sk_store_log_add(&log, 0, sk_text("k"), value), 0));
        cr_assert(eq(int, sk_store_log_flush(&log), 0));
        starts[i + 1] = log.used;
    }
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        /* A head of 24 bytes, one of 7, "k" and the value. */
        uint64_t end = starts[i] + 24 + 7 + 1 + sizes[i];
        bool last = i + 1 == SK_COUNT(sizes);

        for (uint64_t at = starts[i]; at < starts[i + 1];
             at += at < starts[i] + 64 ? 1 : 97) {
            uint8_t bit = (uint8_t)(1u << at % 8);
            bool broken = at < end;
            size_t good = broken ? i : SK_COUNT(sizes);

            edit_file(log.fd, at, bit);
            cr_assert(eq(int, sk_store_log_find(&log, key),
                         broken && !last ? EBADMSG : 0),
                      "record %zu, byte %zu", i, (size_t)(at - starts[i]));
            cr_assert(eq(u64, log.used, broken && !last ? 0 : starts[good]));
            edit_file(log.fd, at, bit);
        }
    }
    sk_store_log_close(&log);
    close(dir_fd);
    remove_dir();
}

/* Not once, and not the next time either, as often as somebody tries. */
Test(store_log, a_store_whose_log_was_damaged_does_not_open)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);

    for (int i = 0; i < 5; i++) {
        char key[2] = {(char)('a' + i), 0};

        put_one(s, key, "1");
    }
    crash(&s);
    edit_log(2 * 4096, 1);
    edit_log(3 * 4096, 1);
    for (int i = 0; i < 3; i++)
        cr_expect(
            eq(int, sk_store_open_lmdb(dir, ROOM_BYTES, &s), SK_E_BAD_HASH));
    edit_log(4 * 4096, 1); /* no good one is left: as a power cut leaves it */
    edit_log(2 * 4096, 1);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=1 b=1 c=1 "));
    sk_store_close(&s);
    remove_dir();
}

/* A log of another tree, or of this one before it was written. */
Test(store_log, records_that_are_in_the_tree_are_not_done_again)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);
    char path[128];

    put_one(s, "a", "1");
    sk_store_close(&s);
    s = open_kind(LMDB, NO_ROOM_BYTES);
    put_one(s, "a", "2");
    crash(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=2 "));
    sk_store_abort(s);
    put_one(s, "b", "1");
    crash(&s);
    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    cr_assert(eq(int, unlink(path), 0));
    snprintf(path, sizeof(path), "%s/keys.mdb", dir);
    cr_assert(eq(int, unlink(path), 0));
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), ""));
    sk_store_close(&s);
    remove_dir();
}

Test(store_log, an_abort_keeps_what_was_committed_before)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);
    uint64_t before;

    put_one(s, "a", "1");
    before = tree_writes();
    for (int i = 0; i < 3; i++) {
        begin(s);
        cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "no"), SK_OK));
        cr_assert(eq(int, put(s, SK_SPACE_DATA, "b", "no"), SK_OK));
        sk_store_abort(s);
        begin(s);
        cr_expect(eq(str, DATA(s), "a=1 "));
        commit(s);
        /* Made again once, not with every abort. */
        cr_expect(eq(int, tree_writes() != before, i == 0));
        before = tree_writes();
    }
    put_one(s, "c", "1");
    crash(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=1 c=1 "));
    sk_store_close(&s);
    remove_dir();
}

/* Commits of every size, aborts and crashes, against a model: the log is full
   many times. */
#define MODEL_COUNT 40

static void fill_value(char *out, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (char)('a' + (number + i) % 26);
}

static void expect_model(struct sk_store *s, const uint32_t *model)
{
    static char wanted[1u << 18];
    char key[8];

    begin(s);
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        struct sk_bytes value;
        enum sk_status status;

        snprintf(key, sizeof(key), "k%02zu", i);
        status = sk_store_get(s, SK_SPACE_DATA, sk_text(key), &value);
        cr_assert(eq(int, status, model[i] == 0 ? SK_E_NOT_FOUND : SK_OK));
        if (status != SK_OK)
            continue;
        cr_assert(eq(sz, value.size, model[i] % sizeof(wanted)));
        fill_value(wanted, value.size, model[i]);
        cr_assert(eq(int, memcmp(wanted, value.data, value.size), 0));
    }
    commit(s);
}

Test(store_log, is_written_from_its_start_again)
{
    static char bytes[1u << 18];
    uint32_t model[MODEL_COUNT] = {0};
    struct sk_store *s = open_kind(LMDB, 4 * MAP_BYTES);
    uint32_t random = 1;
    uint64_t trees = 0;
    uint64_t last = tree_writes();
    char key[8];

    for (int round = 0; round < 120; round++) {
        uint32_t next[MODEL_COUNT];

        memcpy(next, model, sizeof(next));
        begin(s);
        for (int i = 0; i < 6; i++) {
            size_t which;

            random = random * 1664525u + 1013904223u;
            which = (random >> 8) % MODEL_COUNT;
            snprintf(key, sizeof(key), "k%02zu", which);
            next[which] = random >> 4;
            if (round % 11 != 0)
                next[which] &= 0x3fff; /* most are small */
            fill_value(bytes, next[which] % sizeof(bytes), next[which]);
            if (next[which] != 0)
                cr_assert(eq(int,
                             sk_store_put(s, SK_SPACE_DATA, sk_text(key),
                                          (struct sk_bytes){
                                              (const uint8_t *)bytes,
                                              next[which] % sizeof(bytes)}),
                             SK_OK));
            else
                cr_assert(eq(int,
                             sk_store_delete(s, SK_SPACE_DATA, sk_text(key)),
                             SK_OK));
        }
        if (round % 7 == 3) {
            sk_store_abort(s);
        } else {
            commit(s);
            memcpy(model, next, sizeof(model));
        }
        trees += tree_writes() != last;
        last = tree_writes();
        if (round % 20 == 19) {
            crash(&s);
            s = open_kind(LMDB, 4 * MAP_BYTES);
            expect_model(s, model);
            last = tree_writes();
        }
    }
    cr_expect(trees >= 1, "the log was full %d times", (int)trees);
    cr_expect(trees < 30);
    sk_store_close(&s);
    remove_dir();
}

/* A key that is deleted is gone with the data, whatever the log has. */
Test(store_log, deletions_of_keys_are_in_the_tree)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);

    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k1", "SECRET-1"), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "1"), SK_OK));
    commit(s);
    cr_expect(not(file_holds("data.log", "SECRET-1")));
    put_one(s, "b", "1");
    begin(s);
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("k1")), SK_OK));
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_DATA, sk_text("a")), SK_OK));
    commit(s);
    put_one(s, "c", "1");
    crash(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    cr_expect(not(file_holds("keys.mdb", "SECRET-1")), "shredded at open");
    begin(s);
    cr_expect(eq(str, DATA(s), "b=1 c=1 "));
    cr_expect(eq(str, (char *)walk_all(s, SK_SPACE_KEYS), ""));
    commit(s);
    put_one(s, "d", "1");
    cr_assert(eq(int, sk_store_shred(s), SK_OK));
    put_one(s, "e", "1");
    crash(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "b=1 c=1 d=1 e=1 "));
    sk_store_close(&s);
    remove_dir();
}

Test(store_log, what_is_frozen_has_the_commits_and_not_the_batch)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);

    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k1", "1"), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k2", "1"), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "1"), SK_OK));
    commit(s);
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "2"), SK_OK));
    cr_assert(eq(int, sk_store_delete(s, SK_SPACE_KEYS, sk_text("k1")), SK_OK));
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    cr_expect(eq(str, (char *)walk_frozen(s, SK_SPACE_DATA), "a=1 "));
    cr_expect(eq(str, (char *)walk_frozen(s, SK_SPACE_KEYS), "k1=1 k2=1 "));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "k1"), "-"), "own write");
    cr_expect(eq(str, DATA(s), "a=2 "), "own write");
    sk_store_abort(s);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=1 "));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "k1"), "1"));
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "b", "1"), SK_OK));
    cr_assert(eq(int, sk_store_freeze(s), SK_OK));
    commit(s);
    cr_expect(eq(str, (char *)walk_frozen(s, SK_SPACE_DATA), "a=1 "));
    crash(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, DATA(s), "a=1 b=1 "));
    sk_store_close(&s);
    remove_dir();
}

static void fill_disk(const char *path)
{
    static const char zeros[65536];
    size_t size = sizeof(zeros);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    cr_assert(fd >= 0);
    while (size > 0)
        if (write(fd, zeros, size) <= 0)
            size /= 2;
    close(fd);
}

/* The log had room, the tree has none: nothing is lost, everything can be
   read, nothing new is taken; with room again it goes on. */
Test(store_log, a_disk_that_fills_up_behind_it_loses_nothing)
{
    static char value[100000];
    struct sk_store *s;
    char rest[128];
    char key[8];
    int committed = 0;
    enum sk_status status = SK_OK;

    strcpy(dir, "/tmp/schakel-store-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
    if (mount("tmpfs", dir, "tmpfs", 0, "size=40m") != 0) {
        cr_log_warn("no right to mount: skipped");
        (void)rmdir(dir);
        return;
    }
    s = open_kind(LMDB, ROOM_BYTES);
    memset(value, 'v', sizeof(value) - 1);
    while (committed < 30) {
        snprintf(key, sizeof(key), "f%03d", committed++);
        put_one(s, key, value);
    }
    snprintf(rest, sizeof(rest), "%s/rest", dir);
    fill_disk(rest);

    /* At rest it cannot be written, and that is not tried on and on. */
    sk_store_rest(s);
    cr_expect(not(sk_store_rest_due(s)));
    /* What the log has room for goes on, by way of the tree when it can. */
    begin(s);
    status = put(s, SK_SPACE_DATA, "no", value);
    if (status == SK_OK)
        status = sk_store_commit(s);
    else
        sk_store_abort(s);
    cr_assert(eq(int, status, SK_E_FULL));
    begin(s);
    cr_expect(eq(int, put(s, SK_SPACE_DATA, "no", "1"), SK_E_FULL));
    sk_store_abort(s);
    begin(s);
    for (int i = 0; i < committed; i++) {
        struct sk_bytes got;

        snprintf(key, sizeof(key), "f%03d", i);
        cr_assert(
            eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text(key), &got), SK_OK));
    }
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "no"), "-"));
    commit(s);

    cr_assert(eq(int, unlink(rest), 0));
    put_one(s, "b", "2");
    sk_store_close(&s);
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "b"), "2"));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "no"), "-"));
    sk_store_close(&s);
    cr_expect(eq(int, umount(dir), 0));
    (void)rmdir(dir);
}

static void put_many(struct sk_store *s, int from, int to)
{
    char key[16];

    begin(s);
    for (int i = from; i < to; i++) {
        snprintf(key, sizeof(key), "k%06d", i);
        cr_assert(eq(int, put(s, SK_SPACE_DATA, key, "1"), SK_OK));
    }
    commit(s);
}

/* While nobody waits: so that who comes next does not. */
Test(store_log, is_written_into_the_tree_at_rest)
{
    struct sk_store *s = open_kind(LMDB, ROOM_BYTES);
    struct sk_bytes value;
    uint64_t before;

    cr_expect(not(sk_store_rest_due(s)), "nothing was written");
    put_many(s, 0, 1023);
    cr_expect(not(sk_store_rest_due(s)), "little was written");
    put_many(s, 1023, 1024);
    before = tree_writes();
    cr_expect(sk_store_rest_due(s));
    sk_store_rest(s);
    cr_expect(not(sk_store_rest_due(s)));
    cr_expect(tree_writes() > before);
    put_one(s, "later", "2");

    /* It needs nothing of the log but what came later. */
    crash(&s);
    empty_log();
    s = open_kind(LMDB, ROOM_BYTES);
    begin(s);
    cr_expect(
        eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text("k000000"), &value), 0));
    cr_expect(
        eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text("k001023"), &value), 0));
    cr_expect(eq(int, sk_store_get(s, SK_SPACE_DATA, sk_text("later"), &value),
                 SK_E_NOT_FOUND));
    sk_store_close(&s);
    remove_dir();
}

/* What was committed last would be gone without a word. */
Test(store_log, a_store_with_a_file_gone_does_not_open)
{
    static const char *const names[] = {"data.mdb", "data.log", "keys.mdb"};
    struct sk_store *s = open_kind(LMDB, MAP_BYTES);

    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "a", "1"), SK_OK));
    cr_assert(eq(int, put(s, SK_SPACE_KEYS, "k", "1"), SK_OK));
    commit(s);
    sk_store_close(&s);
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        char path[96];
        char away[112];

        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        snprintf(away, sizeof(away), "%s.away", path);
        cr_assert(eq(int, rename(path, away), 0));
        cr_expect(
            eq(int, sk_store_open_lmdb(dir, MAP_BYTES, &s), SK_E_NOT_FOUND),
            "without %s", names[i]);
        cr_expect(ne(int, access(path, F_OK), 0), "%s was made", names[i]);
        cr_assert(eq(int, rename(away, path), 0));
    }
    s = open_kind(LMDB, MAP_BYTES);
    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "a"), "1"));
    cr_expect(eq(str, (char *)get(s, SK_SPACE_KEYS, "k"), "1"));
    sk_store_abort(s);
    sk_store_close(&s);
    remove_dir();
}
