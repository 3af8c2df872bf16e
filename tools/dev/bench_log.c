/*
 * What the log of the store costs those who wait: the commit that writes the
 * tree, and the start after a crash with a log that is full.
 *                                                   docs/PERFORMANCE.md 10
 *     bench_log FOLDER [RECORDS]    an empty folder; 200000 records at first
 *
 * A commit has five changes of 600 bytes at random places, as an event that is
 * sent has.  The process that fills the log ends without closing the store.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "node/store.h"

#define MAP_BYTES (UINT64_C(8) << 30)
#define VALUE_SIZE 600
#define CHANGES 5
#define COMMITS 1600 /* the tree is written after 8192 changes */
#define COMMITS_LONG 10000
#define LOAD_BATCH 1000

static uint64_t records = 200000;

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(enum sk_status status, const char *what)
{
    if (status == SK_OK)
        return;
    fprintf(stderr, "bench_log: %s: %s\n", what, sk_status_text(status));
    exit(1);
}

static struct sk_store *open_store(const char *dir)
{
    struct sk_store *store = NULL;

    must(sk_store_open_lmdb(dir, MAP_BYTES, &store), dir);
    return store;
}

static void put_some(struct sk_store *store, uint64_t number)
{
    uint8_t key[16];
    uint8_t value[VALUE_SIZE];

    (void)crypto_generichash(key, sizeof(key), (const uint8_t *)&number,
                             sizeof(number), NULL, 0);
    randombytes_buf(value, sizeof(value));
    must(sk_store_put(store, SK_SPACE_DATA, (struct sk_bytes){key, sizeof(key)},
                      (struct sk_bytes){value, sizeof(value)}),
         "put");
}

static void load(const char *dir)
{
    struct sk_store *store = open_store(dir);

    for (uint64_t i = 0; i < records; i += LOAD_BATCH) {
        must(sk_store_begin(store), "begin");
        for (uint64_t j = 0; j < LOAD_BATCH; j++)
            put_some(store, i + j);
        must(sk_store_commit(store), "commit");
    }
    sk_store_close(&store);
}

static double commit_one(struct sk_store *store)
{
    double start;

    must(sk_store_begin(store), "begin");
    for (int i = 0; i < CHANGES; i++)
        put_some(store, randombytes_uniform((uint32_t)records));
    start = now_ms();
    must(sk_store_commit(store), "commit");
    return now_ms() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure_commits(const char *dir)
{
    static double took[COMMITS_LONG];
    struct sk_store *store = open_store(dir);

    for (size_t i = 0; i < COMMITS_LONG; i++)
        took[i] = commit_one(store);
    sk_store_close(&store);
    qsort(took, COMMITS_LONG, sizeof(*took), by_size);
    printf("commit: p50 %.2f ms, p99 %.2f ms; with the tree: %.0f to %.0f ms\n",
           took[COMMITS_LONG / 2], took[COMMITS_LONG * 99 / 100],
           took[COMMITS_LONG - 5], took[COMMITS_LONG - 1]);
}

static void fill_log(const char *dir)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0) {
        struct sk_store *store = open_store(dir);

        for (size_t i = 0; i < COMMITS; i++)
            (void)commit_one(store);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        must(SK_E_IO, "the process that fills the log");
}

static void measure_start(const char *dir, const char *what)
{
    double start = now_ms();
    struct sk_store *store = open_store(dir);
    double opened = now_ms();
    double begun;

    must(sk_store_begin(store), "begin");
    begun = now_ms();
    sk_store_abort(store);
    printf("start %s: %.0f ms to open, %.0f ms until the first batch\n", what,
           opened - start, begun - opened);
    sk_store_close(&store);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        records = strtoull(argv[2], NULL, 10);
    if (argc < 2 || argc > 3 || records == 0 || sodium_init() < 0) {
        fprintf(stderr, "bench_log FOLDER [RECORDS]\n");
        return 2;
    }
    load(argv[1]);
    measure_commits(argv[1]);
    measure_start(argv[1], "after a clean end");
    for (int i = 0; i < 3; i++) {
        fill_log(argv[1]);
        measure_start(argv[1], "after a crash, the log full");
    }
    return 0;
}
