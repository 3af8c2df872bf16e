/*
 * A journal of many entries: what an entry costs, how long the node needs from
 * start to ready, and what a proof costs.
 *
 *     bench_journal FOLDER [ENTRIES]
 *
 * One engine on LMDB; a commit per 512 entries, as many as one batch has.  The
 * cost of an entry is processor time, and counts the commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <sodium.h>

#include "node/engine/journal.h"
#include "node/engine/state.h"

#define BATCH 512
#define PROOFS 200
#define MAP_BYTES (UINT64_C(16) << 30)

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum sk_status status, const char *what)
{
    if (status == SK_OK)
        return;
    fprintf(stderr, "bench_journal: %s: %s\n", what, sk_status_text(status));
    exit(1);
}

static struct sk_seed seed_of(uint8_t byte)
{
    struct sk_seed seed;

    memset(seed.secret_bytes, byte, sizeof(seed.secret_bytes));
    return seed;
}

struct node {
    struct sk_store *store;
    struct sk_engine *engine;
    struct sk_card card;
    struct sk_node_secrets secrets;
    void *memory;
};

static void make_keys(struct node *n)
{
    struct sk_seed seed = seed_of(1);

    if (!sk_org_parse(sk_text("ocmw-mol"), &n->card.org))
        exit(1);
    sk_sign_keypair(&seed, &n->card.signing, &n->secrets.signing);
    seed = seed_of(2);
    sk_seal_keypair(&seed, &n->card.sealing[0].key, &n->secrets.sealing[0]);
    sk_seal_id_of(&n->card.sealing[0].key, &n->card.sealing[0].id);
    n->card.sealing[0].until_s = 4102444800;
    n->card.sealing_count = 1;
    n->secrets.sealing_count = 1;
    n->card.version = 1;
    memset(n->secrets.master.secret_bytes, 3, 32);
}

static void open_node(struct node *n, const char *folder)
{
    struct sk_engine_config config = {.secrets = &n->secrets,
                                      .card = &n->card,
                                      .now_ms = UINT64_C(1790000000000)};

    must(sk_store_open_lmdb(folder, MAP_BYTES, &n->store), folder);
    n->memory = mmap(NULL, SK_ENGINE_MEMORY_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (n->memory == MAP_FAILED)
        exit(1);
    config.store = n->store;
    config.room = (struct sk_room){n->memory, SK_ENGINE_MEMORY_SIZE};
    must(sk_engine_open(&config, &n->engine), "engine");
}

static void close_node(struct node *n)
{
    sk_engine_close(&n->engine);
    munmap(n->memory, SK_ENGINE_MEMORY_SIZE);
    sk_store_close(&n->store);
}

static void add(struct node *n, uint64_t number, const struct sk_org *to)
{
    struct sk_entry entry = sk_entry_start(n->engine, SK_ENTRY_SENT, to);
    struct sk_id id;

    memset(&id, 0x5a, sizeof(id));
    memcpy(id.bytes, &number, sizeof(number));
    sk_entry_id(&entry, &id);
    sk_entry_number(&entry, number);
    must(sk_journal_add(n->engine, &entry), "add");
}

static void fill(struct node *n, uint64_t entries)
{
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double wall = seconds(CLOCK_MONOTONIC);
    struct sk_org to;

    if (!sk_org_parse(sk_text("sopraco"), &to))
        exit(1);
    for (uint64_t i = 0; i < entries; i += BATCH) {
        must(sk_store_begin(n->store), "begin");
        for (uint64_t k = i; k < i + BATCH && k < entries; k++)
            add(n, k, &to);
        must(sk_journal_flush(n->engine), "flush");
        must(sk_store_commit(n->store), "commit");
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("  journal: %llu entries, %.2f us of processor each (%.0f/s)\n",
           (unsigned long long)entries, cpu * 1e6 / (double)entries,
           (double)entries / wall);
}

static void prove(struct node *n)
{
    uint64_t size = n->engine->journal.edge.size;
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

    must(sk_store_begin(n->store), "begin");
    for (uint64_t i = 0; i < PROOFS; i++) {
        struct sk_merkle_proof proof;

        must(sk_merkle_consistency(sk_journal_read, n->engine,
                                   1 + i * 7919 * 7919 % size, size, &proof),
             "prove");
    }
    sk_store_abort(n->store);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("  journal: a proof that it only grew: %.2f ms\n",
           cpu * 1e3 / PROOFS);
}

int main(int argc, char **argv)
{
    uint64_t entries =
        argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_C(1000000);
    static struct node n;
    struct sk_store_stats stats;
    double start;

    if (argc < 2 || entries == 0 || sodium_init() < 0) {
        fputs("usage: bench_journal FOLDER [ENTRIES]\n", stderr);
        return 2;
    }
    make_keys(&n);
    open_node(&n, argv[1]);
    fill(&n, entries);
    sk_store_stats(n.store, &stats);
    close_node(&n);
    start = seconds(CLOCK_MONOTONIC);
    open_node(&n, argv[1]);
    printf("  journal: start to ready with %llu entries: %.1f ms; %.0f bytes "
           "an entry on disk\n",
           (unsigned long long)n.engine->journal.edge.size,
           (seconds(CLOCK_MONOTONIC) - start) * 1e3,
           (double)stats.data_bytes / (double)entries);
    prove(&n);
    close_node(&n);
    return 0;
}
