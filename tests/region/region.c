#define FX_PLAIN
#define FX_NODES_MAX SK_PARTNERS_MAX
#define FX_FRAMES_MAX (1 << 20) /* 300 nodes greet each other at once */
#include "tests/node/fixture.h"

#include <time.h>
#include <unistd.h>

#include "node/engine/federation.h"
#include "node/engine/ledger.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "tests/sim/curves.h"

/*
 * A region: many whole engines in one process, everybody on a line with
 * everybody.                                        docs/PERFORMANCE.md
 *
 *     region head        the columns of a table
 *     region 300         what things cost in a region of 300, as a row of it
 *
 * One organisation discloses about one person to all others; a charter that
 * suspends one of them is given to one node; the person takes the consent
 * back.  Both must reach everybody, whoever is suspended.  Curves are ideal
 * (tests/sim/curves.h): what an envelope costs beside is in section 2.
 */
#define OWNER 0
#define KBO_FIRST 19999000u

static struct fx f;
static struct sk_message_id messages[FX_NODES_MAX];
static uint64_t bytes_moved;
static uint64_t spent_ns[FX_NODES_MAX]; /* of the processor, per node */

__attribute__((format(printf, 1, 2), noreturn)) static void
fail(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n");
    exit(1);
}
#define check(fact, ...) ((fact) ? (void)0 : fail(__VA_ARGS__))

/* ------------------------------------------------------------- running */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void step(size_t at, struct sk_input *input)
{
    uint64_t start = now_ns();

    fx_must(&f, at, input);
    while (f.nodes[at].pump)
        fx_timer(&f, f.nodes[at].org.text);
    spent_ns[at] += now_ns() - start;
}

/* Carry frames, oldest first, until none is left. */
static void run(void)
{
    size_t head = 0;

    for (; head < f.queue_count; head++) {
        struct fx_frame frame = f.queue[head];
        struct sk_input input = {.type = SK_INPUT_FRAME,
                                 .peer = f.nodes[frame.from].org,
                                 .bytes = {frame.bytes, frame.size}};

        step(frame.to, &input);
        f.frames++;
        bytes_moved += frame.size;
        free(frame.bytes);
        if (head < FX_FRAMES_MAX / 2)
            continue;
        memmove(f.queue, f.queue + head + 1,
                (f.queue_count - head - 1) * sizeof(*f.queue));
        f.queue_count -= head + 1;
        head = SIZE_MAX;
    }
    f.queue_count = 0;
}

static void wait_ms(uint64_t ms)
{
    for (uint64_t end = f.real_ms + ms; f.real_ms < end; f.real_ms += 1000) {
        for (size_t i = 0; i < f.count; i++) {
            struct sk_input input = {.type = SK_INPUT_TIMER};

            if (f.nodes[i].wake_ms > f.real_ms)
                continue;
            step(i, &input);
            run();
        }
    }
}

/* A request that must succeed; then frames move. */
#define must(at, op, ...)                                                      \
    do {                                                                       \
        uint64_t must_ns = now_ns();                                           \
        fx_call(&f, f.nodes[at].org.text, op, __VA_ARGS__);                    \
        check(sk_value_bool(fx_at(&f, "ok")), "%s: %s", op, f.reply);          \
        spent_ns[at] += now_ns() - must_ns;                                    \
        run();                                                                 \
    } while (0)

/* ------------------------------------------------------------- what it costs
 */

struct cost {
    uint64_t frames;
    uint64_t bytes;
    uint64_t all_ns;
    uint64_t owner_ns;
};

static void cost_start(void)
{
    f.frames = 0;
    bytes_moved = 0;
    memset(spent_ns, 0, sizeof(spent_ns));
}

static struct cost cost_end(void)
{
    struct cost cost = {
        .frames = f.frames, .bytes = bytes_moved, .owner_ns = spent_ns[OWNER]};

    for (size_t i = 0; i < f.count; i++)
        cost.all_ns += spent_ns[i];
    return cost;
}

/* ------------------------------------------------------------- the region */

static char *grow(char *text, const char *more)
{
    size_t size = strlen(text);

    text = realloc(text, size + strlen(more) + 1);
    cr_assert(text != NULL);
    memcpy(text + size, more, strlen(more) + 1);
    return text;
}

static char *roster(size_t count)
{
    char *text = strdup("format: partners/1\npartners: sim\nversion: 1\n"
                        "vocabulary: traject-vlaanderen/1\norgs:\n");

    for (size_t i = 0; i < count; i++) {
        unsigned number = KBO_FIRST + (unsigned)i;
        char one[512];

        snprintf(one, sizeof(one),
                 "  p%03u:\n    name: Partner %u (fictief)\n"
                 "    kbo: \"%u%02u\"\n    role: %s\n"
                 "    duties: [retain, erase-on-withdrawal, confirm-erasure, "
                 "no-onward, log-access, limit-roles]\n    languages: [nl]\n",
                 (unsigned)i, (unsigned)i, number, 97 - number % 97,
                 i == OWNER ? "gtb" : "company");
        text = grow(text, one);
    }
    return text;
}

static void replace(char **text, const char *from, const char *to)
{
    char *at = strstr(*text, from);
    char *out;

    cr_assert(at != NULL, "no %s", from);
    out = calloc(1, strlen(*text) + strlen(to) + 1);
    memcpy(out, *text, (size_t)(at - *text));
    strcat(out, to);
    strcat(out, at + strlen(from));
    free(*text);
    *text = out;
}

/* The policy of the simulator, of which the second rule is for everybody. */
static char *policy(void)
{
    char *text = fx_need("tests/sim/world/policy.yaml");
    char *all = strdup("");
    char *rules = strstr(text, "  - id: handover");
    char *rule = strstr(text, "  - id: workplace");

    memmove(rules, rule, strlen(rule) + 1);
    for (size_t i = 1; i < f.count; i++) {
        all = grow(all, i > 1 ? ", " : "");
        all = grow(all, f.nodes[i].org.text);
    }
    replace(&text, "ORG", "own"); /* in the comment */
    replace(&text, "VERSION", "own");
    replace(&text, "TO", "own");
    replace(&text, "ORG", f.nodes[OWNER].org.text);
    replace(&text, "VERSION", "1");
    replace(&text, "orgs: [houtzaak]", "orgs: [TO]");
    replace(&text, "TO", all);
    free(all);
    return text;
}

/* Scratch is wiped after every input: all share the same pages of it. */
static void share_scratch(struct sk_engine *e, int file)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)e->scratch.data + page - 1) / page * page;
    uintptr_t end =
        ((uintptr_t)e->scratch.data + e->scratch.size_max) / page * page;

    cr_assert(mmap((void *)start, end - start, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED, file, 0) == (void *)start);
}

static uint64_t resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long long pages = 0;

    if (file != NULL && fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void make_nodes(size_t count)
{
    int scratch = memfd_create("scratch", 0);
    int64_t at;

    cr_assert(sodium_init() >= 0);
    cr_assert(scratch >= 0 && ftruncate(scratch, 64 * 1024 * 1024) == 0);
    sk_instant_parse(sk_text("2027-03-08T08:00:00Z"), &at);
    f.real_ms = (uint64_t)at * 1000;
    f.reply = calloc(1, FX_TEXT_MAX);
    f.value_bytes = calloc(1, SK_CONTROL_SIZE_MAX);
    f.room = malloc(FX_ROOM_MAX);
    f.partners = roster(count);
    f.guards = fx_need("policies/library/guards.yaml");
    f.vocabulary = fx_need("policies/library/vocabulary.yaml");
    fx_roster(&f);
    for (size_t i = 0; i < count; i++) {
        fx_keys(&f, &f.nodes[i]);
        fx_card(&f.nodes[i]);
        cr_assert(sk_store_open_memory(&f.nodes[i].store) == SK_OK);
        cr_assert(fx_open(&f, i) == SK_OK);
        share_scratch(f.nodes[i].engine, scratch);
    }
    fx_import_all(&f);
}

static void all_lines(void)
{
    for (size_t i = 0; i < f.count; i++) {
        for (size_t j = i + 1; j < f.count; j++) {
            struct sk_input input = {.type = SK_INPUT_LINK, .up = true};

            input.peer = f.nodes[j].org;
            step(i, &input);
            input.peer = f.nodes[i].org;
            step(j, &input);
            run();
        }
    }
}

/* ------------------------------------------------------------- the story */

static char person[64];

static void disclose_to_all(void)
{
    char *text = policy();
    char event[64];

    fx_activate(&f, "p000", text);
    free(text);
    must(OWNER, "participant.add", "{'given_name':'Samira'}");
    snprintf(person, sizeof(person), "%s", fx_text(&f, "result.participant"));
    must(OWNER, "event.record",
         "{'participant':'%s','type':'workplace.started','fields':{"
         "'workplace_kind':'stage','start_date':'2027-03-08',"
         "'hours_week':'16','occupation':'8219.1',"
         "'workplace_org':'1999916801'}}",
         person);
    snprintf(event, sizeof(event), "%s", fx_text(&f, "result.event"));
    for (size_t i = 1; i < f.count; i++) {
        const char *org = f.nodes[i].org.text;

        must(OWNER, "relation.open",
             "{'participant':'%s','org':'%s','from':'2026-09-01'}", person,
             org);
        must(OWNER, "consent.give",
             "{'participant':'%s','until':'2027-06-01',"
             "'purposes':['work.placement'],'recipients':['%s'],"
             "'categories':['work.job'],'notice':{'$hex':'00'}}",
             person, org);
        must(OWNER, "disclosure.send",
             "{'event':'%s','to':'%s','for':'work.placement'}", event, org);
        check(strcmp(fx_text(&f, "result.decision"), "permit") == 0, "%s",
              f.reply);
        cr_assert(sk_id_parse(sk_text(fx_text(&f, "result.message")),
                              &messages[i].id));
    }
}

/* Into one node, which hands it on: the last partner is suspended. */
static void change_charter(void)
{
    char from[64];
    char to[96];
    struct fx_charter *c;

    snprintf(from, sizeof(from), "  %s:\n", f.nodes[f.count - 1].org.text);
    snprintf(to, sizeof(to), "%s    status: suspended\n", from);
    replace(&f.partners, from, to);
    c = fx_charter(&f);
    fx_import(&f, "p000", c);
    check(sk_value_bool(fx_at(&f, "ok")), "%s", f.reply);
    free(c);
    run();
}

static void expect_charter(void)
{
    for (size_t i = 0; i < f.count - 1; i++) {
        struct sk_engine *e = f.nodes[i].engine;
        const struct sk_session *last =
            sk_session_find(e, &f.nodes[f.count - 1].org);

        check(e->charter_version == 2, "%s has charter %d", f.nodes[i].org.text,
              (int)e->charter_version);
        check(last != NULL && last->suspended, "%s goes on with %s",
              f.nodes[i].org.text, f.nodes[f.count - 1].org.text);
    }
}

static enum sk_ledger_recall recall_of(size_t at)
{
    static struct sk_ledger_entry entry;
    struct fx_node *owner = &f.nodes[OWNER];
    size_t mark = sk_arena_mark(&owner->engine->scratch);

    cr_assert(sk_store_begin(owner->store) == SK_OK);
    check(sk_ledger_get(owner->engine, &messages[at], &entry) == SK_OK,
          "the ledger has nothing for %s", f.nodes[at].org.text);
    sk_store_abort(owner->store);
    sk_arena_reset(&owner->engine->scratch, mark);
    return entry.recall;
}

static void withdraw(void)
{
    must(OWNER, "consent.withdraw", "{'participant':'%s'}", person);
    wait_ms(2000);
}

/* I7: everybody was reached, and answers. */
static void answer_all(void)
{
    for (size_t i = 1; i < f.count; i++) {
        check(recall_of(i) == SK_RECALL_ASKED, "%s is not asked",
              f.nodes[i].org.text);
        must(i, "erasure.confirm", "{'from':'p000'}");
        if (f.nodes[i].pump)
            fx_timer(&f, f.nodes[i].org.text);
        run();
        check(recall_of(i) == SK_RECALL_CONFIRMED, "%s did not erase",
              f.nodes[i].org.text);
    }
}

/* ------------------------------------------------------------- the table */

static double per_node_ms(struct cost cost)
{
    return (double)cost.all_ns / 1e6 / (double)f.count;
}

static double start_ms(void)
{
    uint64_t start;

    fx_close(&f, 1);
    start = now_ns();
    cr_assert(fx_open(&f, 1) == SK_OK);
    return (double)(now_ns() - start) / 1e6;
}

static void row(size_t count)
{
    struct cost lines;
    struct cost idle;
    struct cost charter;
    struct cost recall;
    double n = (double)count;
    double memory;

    make_nodes(count);
    cost_start();
    all_lines();
    wait_ms(1000);
    lines = cost_end();
    memory = (double)resident_kib() / 1024 / n;
    disclose_to_all();
    cost_start();
    wait_ms(60000);
    idle = cost_end();
    cost_start();
    change_charter();
    charter = cost_end();
    expect_charter();
    cost_start();
    withdraw();
    recall = cost_end();
    answer_all();
    printf("| %3d | %5.1f | %5.1f | %5.1f | %4.0f | %6.2f | %5.1f | %5.0f | "
           "%6.1f | %6.1f | %6.2f | %5.2f |\n",
           (int)count, memory, start_ms(), per_node_ms(lines),
           (double)idle.frames / n, per_node_ms(idle),
           (double)charter.frames / n, (double)charter.bytes / 1024 / n,
           per_node_ms(charter), (double)charter.owner_ns / 1e6,
           (double)recall.owner_ns / 1e6,
           (double)(recall.all_ns - recall.owner_ns) / 1e6 / (n - 1));
}

static void head(void)
{
    printf("| nodes | MiB | start, ms | lines, ms | idle: frames | ms "
           "| charter: frames | KiB | ms | ms where it came in "
           "| withdrawal: ms | ms at each partner |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
}

int main(int argc, char **argv)
{
    size_t count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    if (argc == 2 && strcmp(argv[1], "head") == 0) {
        head();
        return 0;
    }
    if (count < 3 || count > FX_NODES_MAX) {
        fprintf(stderr, "region head | NODES    (3 to %d)\n", FX_NODES_MAX);
        return 2;
    }
    row(count);
    return 0;
}
