/*
 * The store against a disk that loses power at any call.  What a
 * commit returned for is there, a batch is there whole or not, data has its
 * keys, and no key that was erased comes back: docs/decisions/0004, 0014.
 */
#include "tests/node/disk.h"
#include "tests/node/stores.h"

#define RECORDS 12
#define SEEDS 4
#define KEYS_MAX 400
#define STATES_MAX 400

/* What the store should hold after a commit: a number per record (0: none),
   and which keys live; a key that was deleted never lives again. */
struct state {
    uint32_t records[RECORDS];
    bool lives[KEYS_MAX];
    bool erased[KEYS_MAX];
};

static struct state states[STATES_MAX];
static size_t states_count; /* the last is the one to come */
static uint32_t keys_made;
static bool committing; /* it did not return, or failed */

#define MARK_TRY 1 /* in the last byte of a mark */
#define MARK_DONE 2
#define MARK_SHRED 3

static struct sk_bytes value_of(uint32_t number)
{
    static uint8_t bytes[400000];
    size_t size = number % 97 == 0 ? 200000 + number % 100000 : number % 3000;

    if (number % 3 != 0)
        size %= 100;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number + i * 7 + (i >> 8));
    return (struct sk_bytes){bytes, size};
}

static const char *record_name(size_t i)
{
    static char name[16];

    snprintf(name, sizeof(name), "r%02zu", i);
    return name;
}

static const char *key_name(size_t i)
{
    static char name[16];

    snprintf(name, sizeof(name), "k%03zu", i);
    return name;
}

static const char *key_secret(size_t i)
{
    static char name[32];

    snprintf(name, sizeof(name), "SECRET-%03zu-OF-KEY", i);
    return name;
}

static uint32_t some(uint32_t count)
{
    return disk_random() % count;
}

/* ------------------------------------------------------------ a history */

static enum sk_status change_record(struct sk_store *s, struct state *next)
{
    size_t i = some(RECORDS);

    next->records[i] = some(4) == 0 ? 0 : 1 + some(1000000);
    if (next->records[i] == 0)
        return sk_store_delete(s, SK_SPACE_DATA, sk_text(record_name(i)));
    return sk_store_put(s, SK_SPACE_DATA, sk_text(record_name(i)),
                        value_of(next->records[i]));
}

static enum sk_status make_key(struct sk_store *s, struct state *next)
{
    uint32_t i = keys_made++;

    cr_assert(lt(u32, i, KEYS_MAX));
    next->lives[i] = true;
    return put(s, SK_SPACE_KEYS, key_name(i), key_secret(i));
}

static enum sk_status erase_key(struct sk_store *s, struct state *next)
{
    for (size_t i = some(8); i < keys_made; i++) {
        if (!next->lives[i])
            continue;
        next->lives[i] = false;
        next->erased[i] = true;
        return sk_store_delete(s, SK_SPACE_KEYS, sk_text(key_name(i)));
    }
    return SK_OK;
}

/* The n-th batch of a history; SK_OK also when it was aborted. */
static enum sk_status run_batch(struct sk_store *s)
{
    struct state *next = &states[states_count];
    enum sk_status status = sk_store_begin(s);

    cr_assert(lt(sz, states_count + 1, STATES_MAX));
    if (status != SK_OK)
        return status;
    *next = states[states_count - 1];
    for (uint32_t n = 1 + some(5); n > 0 && status == SK_OK; n--) {
        uint32_t kind = some(12);

        if (kind == 0)
            status = erase_key(s, next);
        else if (kind < 3)
            status = make_key(s, next);
        else
            status = change_record(s, next);
    }
    if (status == SK_OK && some(12) == 0)
        status = sk_store_freeze(s); /* in the middle of it */
    if (status == SK_OK && some(8) != 0) {
        disk_mark(states_count << 8 | MARK_TRY);
        committing = true;
        status = sk_store_commit(s);
        if (status == SK_OK) {
            disk_mark(states_count++ << 8 | MARK_DONE);
            committing = false;
        }
        return status;
    }
    sk_store_abort(s);
    return status;
}

static enum sk_status run_history(struct sk_store **s, int batches)
{
    enum sk_status status = SK_OK;

    for (int i = 0; i < batches && status == SK_OK; i++) {
        uint32_t kind = some(20);

        status = run_batch(*s);
        if (status == SK_OK && (kind < 2 || sk_store_shred_due(*s))) {
            status = sk_store_shred(*s);
            if (status == SK_OK)
                disk_mark((states_count - 1) << 8 | MARK_SHRED);
        } else if (status == SK_OK && kind == 2) {
            sk_store_thaw(*s);
        } else if (status == SK_OK && kind == 4) {
            sk_store_rest(*s);
        } else if (status == SK_OK && kind == 3) {
            sk_store_close(s);
            status = sk_store_open_lmdb(dir, MAP_BYTES, s);
        }
    }
    return status;
}

static struct sk_store *start(uint32_t seed)
{
    memset(&states[0], 0, sizeof(states[0]));
    states_count = 1;
    keys_made = 0;
    committing = false;
    disk.random = seed;
    return open_kind(LMDB, MAP_BYTES);
}

/* ------------------------------------------------------------ what is found */

static bool is_state(struct sk_store *s, const struct state *state)
{
    struct sk_bytes value;

    for (size_t i = 0; i < RECORDS; i++) {
        enum sk_status status =
            sk_store_get(s, SK_SPACE_DATA, sk_text(record_name(i)), &value);
        struct sk_bytes wanted = value_of(state->records[i]);

        if (state->records[i] == 0 && status == SK_E_NOT_FOUND)
            continue;
        if (status != SK_OK || state->records[i] == 0 ||
            !sk_bytes_equal(value, wanted))
            return false;
    }
    for (size_t i = 0; i < keys_made; i++) {
        enum sk_status status =
            sk_store_get(s, SK_SPACE_KEYS, sk_text(key_name(i)), &value);

        if (state->lives[i] &&
            (status != SK_OK || !sk_bytes_equal(value, sk_text(key_secret(i)))))
            return false;
        if (state->erased[i] && status != SK_E_NOT_FOUND)
            return false;
    }
    return true;
}

/* The last state that this folder must have, or the one after it. */
static size_t expect_state(struct sk_store *s, size_t done, size_t tried,
                           const char *what)
{
    size_t found = SIZE_MAX;

    begin(s);
    for (size_t i = done; i <= tried && found == SIZE_MAX; i++) {
        if (is_state(s, &states[i]))
            found = i;
    }
    sk_store_abort(s);
    cr_assert(ne(sz, found, SIZE_MAX), "%s: neither state %zu nor %zu", what,
              done, tried);
    for (size_t i = 0; i < keys_made; i++) {
        if (states[found].erased[i])
            cr_assert(not(file_holds("keys.mdb", key_secret(i))),
                      "%s: key %zu is still in its file", what, i);
    }
    return found;
}

/* Nothing that a shred returned for is in any file. */
static void expect_shredded(size_t upto, const char *what)
{
    static const char *const names[] = {"data.log", "keys.mdb", "keys.old",
                                        "keys.new"};
    char path[128];

    for (size_t i = 0; i < SK_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        if (access(path, F_OK) != 0)
            continue;
        for (size_t key = 0; key < keys_made; key++) {
            if (states[upto].erased[key])
                cr_assert(not(file_holds(names[i], key_secret(key))),
                          "%s: key %zu is in %s", what, key, names[i]);
        }
    }
}

/* From the marks before this event. */
static void look_back(size_t end, size_t *done, size_t *tried, size_t *shred)
{
    *done = 0;
    *tried = 0;
    *shred = 0;
    for (size_t i = 0; i < end; i++) {
        const struct disk_event *event = &disk.events[i];

        if (event->kind != D_MARK)
            continue;
        if ((event->at & 0xff) == MARK_TRY)
            *tried = event->at >> 8;
        else if ((event->at & 0xff) == MARK_DONE)
            *done = event->at >> 8;
        else
            *shred = event->at >> 8;
    }
    if (*tried < *done)
        *tried = *done;
}

static void new_dir(void)
{
    strcpy(dir, "/tmp/schakel-store-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
}

/* What is found is as it was; then it is written, and may be lost again. */
static struct sk_store *expect_crashed(size_t *done, size_t tried, size_t shred,
                                       const char *what)
{
    struct sk_store *s = NULL;

    expect_shredded(shred, what);
    cr_assert(eq(int, sk_store_open_lmdb(dir, MAP_BYTES, &s), SK_OK), "%s",
              what);
    *done = expect_state(s, *done, tried, what);
    begin(s);
    cr_assert(eq(int, put(s, SK_SPACE_DATA, "after", what), SK_OK));
    commit(s);
    begin(s);
    cr_expect(eq(str, (char *)get(s, SK_SPACE_DATA, "after"), (char *)what));
    sk_store_abort(s);
    return s;
}

/* The folder after a crash there, and after another while that was opened. */
static void try_crash(size_t end, uint32_t luck)
{
    static struct disk before;
    char folder[64];
    char what[64];
    struct sk_store *s;
    size_t done;
    size_t tried;
    size_t shred;

    snprintf(what, sizeof(what), "event %zu of %zu, luck %u", end, disk.count,
             luck);
    look_back(end, &done, &tried, &shred);
    new_dir();
    disk_crash(end, luck, dir);

    before = disk;
    disk = (struct disk){.random = before.random};
    disk_start(dir);
    s = expect_crashed(&done, tried, shred, what);
    disk.on = false;
    sk_store_close(&s);
    strcpy(folder, dir);
    new_dir();
    disk_crash(disk.first + some((uint32_t)(disk.count + 1 - disk.first)), luck,
               dir);
    s = expect_crashed(&done, done, shred, what);
    sk_store_close(&s);
    remove_dir();
    strcpy(dir, folder);
    remove_dir();
    before.random = disk.random;
    disk_stop();
    disk = before;
}

static void try_crashes(uint32_t seed, int batches, int images)
{
    char before[64];
    struct sk_store *s;

    new_dir();
    disk_start(dir);
    s = start(seed);
    cr_assert(eq(int, run_history(&s, batches), SK_OK));
    disk.on = false;
    sk_store_close(&s);
    strcpy(before, dir);
    for (int i = 0; i < images; i++)
        try_crash(1 + some((uint32_t)disk.count), (uint32_t)i % 4);
    strcpy(dir, before);
    remove_dir();
    disk_stop();
}

/* ------------------------------------------------------------ calls that fail
 */

/* A history of which the n-th write or flush fails with `error` (0: it is cut
   short), or it and all after it.  False: it has fewer of them. */
static bool try_failure(uint32_t seed, size_t n, int error, bool for_good)
{
    enum sk_status status;
    struct sk_store *s;
    char what[64];
    size_t tried;
    bool failed;

    snprintf(what, sizeof(what), "seed %u, call %zu fails with %d%s", seed, n,
             error, for_good ? " for good" : "");
    new_dir();
    s = start(seed);
    disk_start(dir);
    disk.failed = false;
    disk.fail_after = n;
    disk.fail_with = error;
    disk.fails_on = for_good;
    status = run_history(&s, 10);
    failed = disk.failed;
    if (s != NULL && s->open)
        sk_store_abort(s);
    /* Who is told that there is no room goes on: what it tried was not done.
       With any other error it stops: that may have been done. */
    if (status == SK_E_FULL && !for_good) {
        committing = false;
        status = run_history(&s, 4);
        cr_assert(status == SK_OK || status == SK_E_IO, "%s", what);
    }
    if (s != NULL && s->open)
        sk_store_abort(s);
    tried = states_count - 1 + (committing && status != SK_E_FULL ? 1 : 0);
    disk_stop();
    if (s != NULL)
        sk_store_close(&s);
    cr_assert(eq(int, sk_store_open_lmdb(dir, MAP_BYTES, &s), SK_OK), "%s",
              what);
    (void)expect_state(s, states_count - 1, tried, what);
    sk_store_close(&s);
    remove_dir();
    return failed;
}

Test(store_crash, a_call_that_fails_leaves_all_or_nothing)
{
    static const int errors[] = {EIO, ENOSPC, 0};

    for (size_t i = 0; i < SK_COUNT(errors); i++) {
        size_t n = 1;

        while (try_failure(1 + (uint32_t)i, n, errors[i], n % 3 == 0))
            n++;

        cr_expect(n > 50, "%zu calls", n);
    }
}

Test(store_crash, what_a_commit_returned_for_is_there)
{
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        try_crashes(seed, 60, 20);
}
