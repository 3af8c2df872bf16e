#include "tests/sim/sim.h"

#include "tests/sim/curves.h"

#include <getopt.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/*
 *     sim --seeds 1..500          one run per seed; the first that fails is
 *                                 told again with its story
 *     sim --seed 17 --verbose     one run, step by step
 *     sim --nodes 3               fewer nodes
 *     sim --curves                with the curves of libsodium, and nothing
 *                                 remembered: curves.h, remember.h
 */
struct sim sim;
static char **arguments;
static bool alone; /* one seed only: nothing to run again */
static size_t nodes = NODES;

uint64_t chance(uint64_t below)
{
    uint64_t z = sim.state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

bool one_in(uint64_t many)
{
    return chance(many) == 0;
}

/* ------------------------------------------------------------- words */

void say(const char *format, ...)
{
    va_list list;

    if (!sim.verbose)
        return;
    printf("%4zu  ", sim.step);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    printf("\n");
}

void fail(const char *format, ...)
{
    va_list list;

    fflush(stdout);
    fprintf(stderr, "seed %d, step %d: ", (int)sim.seed, (int)sim.step);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n");
    abort();
}

/* An assert of the engine, a crash, or fail(): the seed tells its story. */
static void on_death(int number)
{
    static char seed[24];
    static char count[4];
    char *const again[] = {
        arguments[0], (char *)"--seed",    seed, (char *)"--nodes",
        count,        (char *)"--verbose", NULL};
    sigset_t set;

    if (!alone && sim.seed != 0) {
        snprintf(seed, sizeof(seed), "%d", (int)sim.seed);
        snprintf(count, sizeof(count), "%d", (int)nodes);
        fprintf(stderr, "-- again: %s --seed %s --nodes %s --verbose\n",
                arguments[0], seed, count);
        sigemptyset(&set);
        sigaddset(&set, number);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        execv("/proc/self/exe", again);
    }
    fflush(stdout);
    _exit(1);
}

/* ------------------------------------------------------------- a run */

static void make_weather(void)
{
    struct weather *w = &sim.weather;

    memset(w, 0, sizeof(*w));
    w->lose = one_in(2) ? 0 : (uint32_t)chance(40);
    w->copy = one_in(2) ? 0 : (uint32_t)chance(40);
    w->swap = one_in(2) ? 0 : (uint32_t)chance(80);
    w->damage = one_in(4) ? (uint32_t)chance(30) : 0;
    w->cuts = one_in(2);
    w->crashes = one_in(2);
    w->full = one_in(2);
    w->clocks = one_in(3);
    w->restores = one_in(4);
    w->liar = one_in(5);
    w->policies = one_in(6);
    w->charter = one_in(10);
    w->keys = one_in(4);
    w->leaves = one_in(8);
}

/* What the backup of a third will not know at two thirds. */
static void restores(size_t steps)
{
    if (sim.step == steps / 3)
        act_backup();
    else if (sim.step == steps * 2 / 3)
        act_restore();
    else if (sim.step > steps / 3 && sim.step < steps * 2 / 3)
        act_between();
}

/* Often the one of whom a charter will say so. */
static size_t some_leaver(void)
{
    size_t who = suspended_of_seed();

    while (who >= sim.count || who == sim.liar || one_in(2))
        who = chance(sim.count);
    return who;
}

/* It comes into one node; they hand it on. */
static void charter(void)
{
    size_t at;

    do
        at = chance(sim.count);
    while (at == sim.liar);
    world_charter(at);
}

static void run(uint64_t seed)
{
    uint64_t renewed = sim.renewed;
    size_t steps;
    bool all;

    sim.seed = seed;
    sim.step = 0;
    world_reset();
    sim.state = seed;
    make_weather();
    steps = 8 + chance(24);
    all = one_in(3);
    if (sim.weather.liar)
        sim.liar = chance(sim.count);
    if (sim.weather.restores) {
        do
            sim.unlucky = chance(sim.count);
        while (sim.unlucky == sim.liar);
    }
    if (sim.weather.leaves)
        sim.leaver = some_leaver();
    for (sim.step = 1; sim.step <= steps; sim.step++) {
        if (sim.weather.restores)
            restores(steps);
        if (sim.weather.charter && sim.step == steps / 2)
            charter();
        sim.f.real_ms += chance(4000);
        net_carry(chance(10));
        if (sim.liar < NODES && one_in(3))
            lie();
        if (sim.leaver < NODES && sim.step > steps / 2 && one_in(3))
            act_leave();
        act();
    }
    act_settle();
    if (sim.liar < NODES || sim.unlucky < NODES || sim.renewed > renewed) {
        journal_settle();
        check_cards();
        act_settle(); /* who went back may have learned what to ask for */
    }
    leave_settle();
    check_quiet();
    check_left();
    check_masters();
    check_journals();
    if (!all && sim.unlucky == NODES)
        return;
    act_withdraw_all();
    check_gone();
}

/* ------------------------------------------------------------- program */

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_death};

    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static int usage(void)
{
    fprintf(stderr, "sim --seeds FROM..TO | --seed N "
                    "[--nodes 2..5] [--curves] [--verbose]\n");
    return 2;
}

/* What happened, so that nobody believes in a run in which nothing did. */
static void report(uint64_t from, uint64_t to, double took)
{
    const struct {
        const char *what;
        uint64_t count;
    } rows[] = {
        {"frames carried", sim.frames_carried},
        {"lost", sim.frames_lost},
        {"crashes", sim.crashes},
        {"full disks", sim.disks_full},
        {"restores", sim.restored},
        {"lies", sim.lies},
        {"forks found", sim.forks},
        {"rollbacks found", sim.rollbacks},
        {"renewed", sim.renewed},
        {"rotated", sim.rotated},
        {"left", sim.left},
        {"emptied", sim.emptied},
        {"sent", sim.sent},
        {"denied", sim.denied},
        {"withdrawals", sim.withdrawn},
        {"told", sim.told},
        {"learned again", sim.relearned},
        {"erased", sim.recalled},
        {"forgotten", sim.forgotten},
        {"corrected", sim.corrected},
        {"handed over", sim.handed_over},
    };

    printf("sim: %d seeds of %d nodes in %.1f s of processor, %.1f ms a seed",
           (int)(to - from + 1), (int)nodes, took,
           took * 1000 / (double)(to - from + 1));
    for (size_t i = 0; i < SK_COUNT(rows); i++)
        printf("%s%d %s", i == 0 ? ": " : ", ", (int)rows[i].count,
               rows[i].what);
    printf("\n");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {"nodes", required_argument, NULL, 'n'},
        {"verbose", no_argument, NULL, 'v'},
        {"curves", no_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    unsigned long long from = 1;
    unsigned long long to = 500;
    double start;
    int c;

    arguments = argv;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'v')
            sim.verbose = true;
        else if (c == 'c')
            curves_are_real = true;
        else if (c == 'n')
            nodes = strtoull(optarg, NULL, 10);
        else if (c == 's' && sscanf(optarg, "%llu", &from) == 1)
            to = from;
        else if (c != 'm' || sscanf(optarg, "%llu..%llu", &from, &to) != 2)
            return usage();
    }
    if (nodes < 2 || nodes > NODES || from == 0 || from > to)
        return usage();
    alone = from == to;
    watch_signals();
    world_make(nodes);
    start = seconds();
    for (uint64_t seed = from; seed <= to; seed++)
        run(seed);
    report(from, to, seconds() - start);
    return 0;
}
