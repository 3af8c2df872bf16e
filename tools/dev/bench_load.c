/*
 * Fill the store of a node that does not run: many participants with their
 * events, through the engine itself, as requests would.  docs/PERFORMANCE.md 10
 *
 *     bench_load DIR PERSONS EVENTS_EACH SAMPLES ENTRIES
 *
 * DIR: a node of tools/dev/bench/story.yaml.  Each participant gets a relation
 * and a consent, a job with five days to call, and then its events.  The
 * samples are the cases of this system user, all others those of another coach.
 * ENTRIES are added to the journal. Interrupted and called again it goes on
 * with the next participant (and says how far it is every 100 000 of them).
 * Memory: that of a node, and the pages of one transaction. Prints SAMPLES
 * lines, "PARTICIPANT EVENT INSZ" of participants all over the store, the last
 * one "-" for who has no number, then what it took.
 *
 * Only this program is fast in a way that a node must not be: it commits
 * without waiting for the disk, and waits once, at the end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "node/core/core.h"
#include "node/engine/journal.h"
#include "node/engine/tables.h"
#include "protocol/pack.h"

#define BATCH 8192
#define LOADED "bench loaded" /* in META: how many participants */
#define JOURNAL_BATCH 512
#define NOW_MS UINT64_C(1790845320000) /* 2026-10-01T09:02:00Z */
/* Synthetic numbers: days since 1930, serials 997 and 998. */
#define NUMBERS_MAX (2u * 80 * 12 * 28)

static struct sk_store *store;
static struct sk_engine *engine;
static struct sk_room effects_room;
static struct sk_effects effects;
static uint64_t steps;
static uint32_t asker; /* the system user of the requests */

/* LMDB of this process asks here, instead of libc. */
int fdatasync(int fd)
{
    return fd < 0 ? -1 : 0;
}

static void must(enum sk_status status, const char *what)
{
    if (status == SK_OK)
        return;
    fprintf(stderr, "bench_load: %s: %s\n", what, sk_status_text(status));
    exit(1);
}

static double now_s(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of the machine, which the node notes beside that of the rehearsal. */
static uint64_t real_ms(void)
{
    return (uint64_t)(now_s(CLOCK_REALTIME) * 1e3);
}

static struct sk_seed next_seed(void)
{
    struct sk_seed seed;

    steps++;
    crypto_generichash(seed.secret_bytes, sizeof(seed.secret_bytes),
                       (const uint8_t *)&steps, sizeof(steps), NULL, 0);
    return seed;
}

static struct sk_room reserve(size_t size)
{
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (data == MAP_FAILED)
        exit(1);
    return (struct sk_room){data, size};
}

/* ------------------------------------------------------------- requests */

struct request {
    uint8_t bytes[4096];
    struct sk_pack p;
    const char *op;
};

static struct sk_pack *request_start(struct request *r, const char *op,
                                     size_t args)
{
    r->p = sk_pack_start((struct sk_room){r->bytes, sizeof(r->bytes)});
    r->op = op;
    sk_pack_map(&r->p, 3);
    sk_pack_cstr(&r->p, "args");
    sk_pack_map(&r->p, args);
    return &r->p;
}

static void pack_text(struct sk_pack *p, const char *key, const char *text)
{
    sk_pack_cstr(p, key);
    sk_pack_cstr(p, text);
}

static void pack_list(struct sk_pack *p, const char *key, const char *word)
{
    sk_pack_cstr(p, key);
    sk_pack_array(p, 1);
    sk_pack_cstr(p, word);
}

/* Done, in the transaction that is open; the text of `key` in the result. */
static void request_do(struct request *r, const char *key,
                       char out[SK_ID_TEXT_SIZE + 1])
{
    struct sk_input input = {.type = SK_INPUT_CONTROL,
                             .seed = next_seed(),
                             .uid = asker,
                             .owner = asker == geteuid()};
    struct sk_value reply;
    struct sk_bytes text;

    pack_text(&r->p, "op", r->op);
    sk_pack_cstr(&r->p, "v");
    sk_pack_uint(&r->p, 1);
    must(sk_pack_finish(&r->p, &input.bytes), "request");
    sk_effects_start(&effects, effects_room);
    must(sk_engine_step(engine, &input, &effects), r->op);
    must(sk_value_check(effects.reply, &reply), "reply");
    if (!sk_value_bool(sk_value_get(reply, "ok"))) {
        fprintf(stderr, "bench_load: %s is refused: %.*s\n", r->op,
                (int)effects.reply.size, (const char *)effects.reply.data);
        exit(1);
    }
    if (key == NULL)
        return;
    text = sk_value_str(sk_value_get(sk_value_get(reply, "result"), key));
    memcpy(out, text.data, SK_ID_TEXT_SIZE);
    out[SK_ID_TEXT_SIZE] = '\0';
}

/* ------------------------------------------------------------- batches */

static void settle(void)
{
    struct sk_seed seed = next_seed();

    sk_effects_start(&effects, effects_room);
    must(sk_engine_pump(engine, real_ms(), &seed, &effects), "pump");
    must(sk_store_commit(store), "commit");
    must(sk_store_begin(store), "begin");
}

/* A second goes by, as it would: what follows each other has ids that do. */
static void move_clock(void)
{
    static struct request r;
    uint64_t now_ms = 0;
    char text[32];
    struct tm tm;
    time_t at;

    must(sk_meta_get_u64(engine, "clock", &now_ms), "clock");
    at = (time_t)(now_ms / 1000) + 1;
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    asker = geteuid();
    pack_text(request_start(&r, "clock.set", 1), "at", text);
    request_do(&r, NULL, NULL);
}

/* Between two participants: what is committed is whole. */
static void settle_sometimes(uint64_t persons)
{
    static uint64_t settled;

    if (steps - settled < BATCH)
        return;
    must(sk_meta_put_u64(engine, LOADED, persons), "meta");
    settle();
    move_clock();
    settled = steps;
}

static uint64_t loaded(void)
{
    uint64_t persons = 0;
    enum sk_status status = sk_meta_get_u64(engine, LOADED, &persons);

    if (status != SK_E_NOT_FOUND)
        must(status, "meta");
    return persons;
}

/* ------------------------------------------------------------- participants */

/* Two people: who measures, with the samples as cases, and everybody else's
   coach. */
static void add_user(const char *name, uint32_t uid, bool officer)
{
    static struct request r;
    struct sk_pack *p = request_start(&r, "user.add", 3);

    pack_text(p, "name", name);
    sk_pack_cstr(p, "role");
    sk_pack_array(p, officer ? 3 : 1);
    sk_pack_cstr(p, "coach");
    if (officer) {
        sk_pack_cstr(p, "operator");
        sk_pack_cstr(p, "privacy-officer");
    }
    sk_pack_cstr(p, "uid");
    sk_pack_uint(p, uid);
    request_do(&r, NULL, NULL);
}

static void add_users(void)
{
    asker = geteuid();
    add_user("bench", asker, /* officer */ true);
    add_user("other", asker + 1, /* officer */ false);
}

/* A number of nobody.  "": there are no more. */
static void insz_of(uint64_t person, char out[12])
{
    uint64_t day = person / 2;
    uint64_t number;

    out[0] = '\0';
    if (person >= NUMBERS_MAX)
        return;
    number =
        (30 + day / 336) * 10000 + (1 + day / 28 % 12) * 100 + (1 + day % 28);
    if (number >= 1000000)
        return;
    number = number * 1000 + 997 + person % 2;
    snprintf(out, 12, "%09llu%02llu", (unsigned long long)number,
             (unsigned long long)(97 - number % 97));
}

static void add_participant(uint64_t person, char id[SK_ID_TEXT_SIZE + 1],
                            char insz[12])
{
    static struct request r;
    char given[40];
    char family[40];
    struct sk_pack *p;

    insz_of(person, insz);
    snprintf(given, sizeof(given), "Noor%llu",
             (unsigned long long)(person % 5000));
    snprintf(family, sizeof(family), "Voorbeeld%llu",
             (unsigned long long)(person / 5000));
    p = request_start(&r, "participant.add", insz[0] == '\0' ? 2 : 3);
    pack_text(p, "family_name", family);
    pack_text(p, "given_name", given);
    if (insz[0] != '\0')
        pack_text(p, "insz", insz);
    request_do(&r, "participant", id);

    p = request_start(&r, "relation.open", 3);
    pack_text(p, "from", "2026-10-01");
    pack_text(p, "org", "school-b");
    pack_text(p, "participant", id);
    request_do(&r, NULL, NULL);

    p = request_start(&r, "consent.give", 7);
    pack_list(p, "categories", "process.trajectory");
    pack_text(p, "form", "screen");
    sk_pack_cstr(p, "notice");
    sk_pack_bin(p, sk_text("What it is about."));
    pack_text(p, "participant", id);
    pack_list(p, "purposes", "guidance.joint");
    pack_list(p, "recipients", "school-b");
    pack_text(p, "until", "2027-09-30");
    request_do(&r, NULL, NULL);
}

/* Five days to call, the first within a month. */
static void employ(const char *participant)
{
    static struct request r;
    struct sk_pack *p = request_start(&r, "event.record", 3);

    sk_pack_cstr(p, "fields");
    sk_pack_map(p, 2);
    pack_text(p, "circuit", "nec");
    pack_text(p, "start_date", "2026-10-01");
    pack_text(p, "participant", participant);
    pack_text(p, "type", "employment.started");
    request_do(&r, NULL, NULL);
}

static void record(const char *participant, uint64_t number,
                   char event[SK_ID_TEXT_SIZE + 1])
{
    static struct request r;
    char title[64];
    struct sk_pack *p = request_start(&r, "event.record", 3);

    snprintf(title, sizeof(title), "Gesprek %llu over werk en opleiding",
             (unsigned long long)number);
    sk_pack_cstr(p, "fields");
    sk_pack_map(p, 4);
    pack_text(p, "action_kind", "application");
    pack_text(p, "action_status", "planned");
    pack_text(p, "action_title", title);
    pack_text(p, "due_date", "2026-10-20");
    pack_text(p, "participant", participant);
    pack_text(p, "type", "action.planned");
    request_do(&r, "event", event);
}

static void fill(uint64_t persons, uint64_t events_each, uint64_t samples)
{
    uint64_t every = samples == 0 ? 0 : (persons + samples - 1) / samples;
    uint64_t first = loaded();

    if (first == 0)
        add_users();
    for (uint64_t i = first; i < persons; i++) {
        bool sample = every > 0 && i % every == every / 2;
        char id[SK_ID_TEXT_SIZE + 1];
        char event[SK_ID_TEXT_SIZE + 1] = "-";
        char insz[12];

        asker = geteuid() + (sample ? 0 : 1);
        add_participant(i, id, insz);
        employ(id);
        for (uint64_t k = 0; k < events_each; k++)
            record(id, k, event);
        settle_sometimes(i + 1);
        if (i % 100000 == 99999)
            fprintf(stderr, "  %llu participants, %.0f s of processor\n",
                    (unsigned long long)i + 1, now_s(CLOCK_PROCESS_CPUTIME_ID));
        if (sample)
            printf("%s %s %s\n", id, event, insz[0] == '\0' ? "-" : insz);
    }
    if (persons > first)
        must(sk_meta_put_u64(engine, LOADED, persons), "meta");
    settle();
    /* What comes next is later than all of it. */
    move_clock();
    settle();
}

/* ------------------------------------------------------------- journal */

static void add_entry(uint64_t number, const struct sk_org *to)
{
    struct sk_entry entry = sk_entry_start(engine, SK_ENTRY_SENT, to);
    struct sk_id id = {{0x5a}};

    memcpy(id.bytes + 1, &number, sizeof(number));
    sk_entry_id(&entry, &id);
    sk_entry_number(&entry, number);
    must(sk_journal_add(engine, &entry), "journal");
}

static void fill_journal(uint64_t entries)
{
    struct sk_org to;

    if (!sk_org_parse(sk_text("school-b"), &to))
        exit(1);
    for (uint64_t i = 0; i < entries; i++) {
        add_entry(i, &to);
        if (i % JOURNAL_BATCH == JOURNAL_BATCH - 1)
            must(sk_journal_flush(engine), "journal");
        if (i % (64u * JOURNAL_BATCH) == 64u * JOURNAL_BATCH - 1)
            settle();
    }
    must(sk_journal_flush(engine), "journal");
    settle();
}

/* ------------------------------------------------------------- all */

static void wait_for_disk(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        must(SK_E_IO, path);
    close(fd);
}

static void open_node(const char *dir, struct sk_setup *setup)
{
    struct sk_options options = {.dir = dir};
    struct sk_engine_config config = {.manual_clock = true, .now_ms = NOW_MS};

    if (chdir(dir) != 0)
        must(SK_E_NOT_FOUND, dir);
    must(sk_setup_open(&options, setup), "node");
    must(sk_store_open_lmdb(".", setup->config.store_bytes, &store), "store");
    config.store = store;
    config.secrets = setup->secrets;
    config.card = &setup->card;
    config.card_bytes = (struct sk_bytes){setup->card_bytes, setup->card_size};
    config.room = reserve(SK_ENGINE_MEMORY_SIZE);
    must(sk_engine_open(&config, &engine), "engine");
    effects_room = reserve(SK_EFFECTS_SIZE_MAX);
}

int main(int argc, char **argv)
{
    struct sk_setup setup;
    struct sk_store_stats stats;
    uint64_t numbers[4];
    double wall = now_s(CLOCK_MONOTONIC);
    double cpu;

    for (int i = 0; i < 4 && argc == 6; i++)
        numbers[i] = strtoull(argv[i + 2], NULL, 10);
    if (argc != 6 || sodium_init() < 0) {
        fputs("usage: bench_load DIR PERSONS EVENTS_EACH SAMPLES ENTRIES\n",
              stderr);
        return 2;
    }
    open_node(argv[1], &setup);
    must(sk_store_begin(store), "begin");
    fill(numbers[0], numbers[1], numbers[2]);
    fill_journal(numbers[3]);
    sk_store_abort(store);
    sk_store_stats(store, &stats);
    sk_engine_close(&engine);
    sk_store_close(&store);
    sk_setup_close(&setup);
    wait_for_disk("data.mdb");
    wait_for_disk("keys.mdb");
    cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    fprintf(stderr,
            "  loaded: %llu participants with %llu events each, %llu entries; "
            "%.0f s (%.0f s of processor), data.mdb %.2f GiB, keys.mdb %.2f "
            "GiB\n",
            (unsigned long long)numbers[0], (unsigned long long)numbers[1],
            (unsigned long long)numbers[3], now_s(CLOCK_MONOTONIC) - wall, cpu,
            (double)stats.data_bytes / (1u << 30),
            (double)stats.keys_bytes / (1u << 30));
    return 0;
}
