#include "tests/sim/sim.h"

#include <unistd.h>

#include "node/engine/state.h"
#include "tests/sim/remember.h"

/*
 * Keys, charter, policies and first persons are made once.  Each seed starts
 * from copies: a store is filled again, and an engine's memory is a private
 * view of the memory it had then, so that only what a seed touches is copied.
 */
const char *const node_names[NODES] = {"buso", "gtb", "houtzaak", "vdab",
                                       "clb"};

/* Who is suspended, or nobody; and then who has left. */
#define CHARTERS (2 * NODES + 1)
/* A charter request is large, and is made once. */
struct request {
    uint8_t *bytes;
    size_t size;
};

static struct backup *stores[NODES];
static int images[NODES]; /* memory of each engine as files */
static struct request charters[CHARTERS];
static struct fx first; /* as it was when all was ready */
static struct node first_nodes[NODES];
static struct person first_persons[PERSONS];
static size_t first_persons_count;
static uint32_t first_moment;
static char *policy_text;

bool is_guide(size_t node)
{
    return node != HOUTZAAK;
}

/* ------------------------------------------------------------- policies */

static void replace(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    size_t rest;

    cr_assert(at != NULL, "the policy has no %s", from);
    rest = strlen(at + strlen(from)) + 1;
    memmove(at + strlen(to), at + strlen(from), rest);
    memcpy(at, to, strlen(to));
}

static const char *policy_of(size_t node, uint64_t version, int variant)
{
    static char text[8192];
    char number[24];
    char to[64] = "";

    strcpy(text, policy_text);
    snprintf(number, sizeof(number), "%d", (int)version);
    replace(text, "ORG", "own"); /* in the comment */
    replace(text, "VERSION", "own");
    replace(text, "TO", "own");
    replace(text, "ORG", node_names[node]);
    replace(text, "VERSION", number);
    for (size_t i = 0; i < NODES; i++) {
        if (i == node || !is_guide(i))
            continue;
        strcat(to, to[0] == '\0' ? "" : ", ");
        strcat(to, node_names[i]);
    }
    replace(text, "TO", to);
    if (variant == 1)
        replace(text, "given_name: exact # NAME", "");
    if (variant == 2)
        *strstr(text, "  - id: workplace # WORK") = '\0';
    return text;
}

bool world_activate(size_t node, uint64_t version, int variant)
{
    struct sg_request r = {.policy = policy_of(node, version, variant),
                           .officers = SG_BOTH,
                           .signers = SG_BOTH};
    char previous[80];
    char *arguments;
    bool ok;

    if (!ask(node, "policy.show", ""))
        return false;
    snprintf(previous, sizeof(previous), "%s", got("hash"));
    if (strlen(previous) == 64)
        r.previous = previous;
    arguments = sg_arguments(&r);
    ok = ask_json(node, "policy.activate", arguments);
    free(arguments);
    return ok;
}

/* ------------------------------------------------------------- charters */

static void put_status(char *partners, const char *org, const char *status)
{
    char line[64];
    char *role;

    partners = strstr(partners, org);
    cr_assert(partners != NULL);
    role = strstr(partners, "    role:");
    cr_assert(role != NULL);
    snprintf(line, sizeof(line), "    status: %s\n", status);
    memmove(role + strlen(line), role, strlen(role) + 1);
    memcpy(role, line, strlen(line));
}

/* Version 2, made from version 1. */
static void make_charter(struct fx *f, size_t n)
{
    char *before = f->partners;
    uint64_t version = f->charter_version;
    struct sk_hash manifest = f->manifest;
    struct fx_charter *c;

    f->partners = calloc(1, strlen(before) + 256);
    strcpy(f->partners, before);
    if (n != NODES) {
        char key[32];

        snprintf(key, sizeof(key), "  %s:\n",
                 node_names[n < NODES ? n : n - NODES - 1]);
        put_status(f->partners, key, n < NODES ? "suspended" : "left");
    }
    c = fx_charter(f);
    charters[n].bytes = malloc(SK_CONTROL_SIZE_MAX);
    charters[n].size = fx_import_request(
        f, c, (struct sk_room){charters[n].bytes, SK_CONTROL_SIZE_MAX});
    free(c);
    free(f->partners);
    f->partners = before;
    f->charter_version = version;
    f->manifest = manifest;
}

/* One run has one version 2: stewards do not sign two of them. */
size_t suspended_of_seed(void)
{
    size_t n = sim.seed % CHARTERS;

    return n <= NODES ? n : n - NODES - 1;
}

void world_charter(size_t at)
{
    size_t n = sim.seed % CHARTERS;
    struct sk_input input = {.type = SK_INPUT_CONTROL, .owner = true};

    input.bytes = (struct sk_bytes){charters[n].bytes, charters[n].size};
    if (node_step(at, &input, 1) && n > NODES)
        sim.left++;
}

/* ------------------------------------------------------------- persons */

const char *world_person(size_t owner, size_t n)
{
    struct person *p = &sim.persons[n];

    memset(p, 0, sizeof(*p));
    p->owner = owner;
    if (!ask(owner, "participant.add", "birth_date=s given_name=s",
             "2001-02-03", CANARY " Jonas"))
        return NULL;
    snprintf(p->id, sizeof(p->id), "%s", got("participant"));
    sim.persons_count = n + 1;
    for (size_t i = 0; i < sim.count; i++) {
        if (i == owner)
            continue;
        if (ask(owner, "relation.open", "from=s org=s participant=s",
                "2026-09-01", node_names[i], p->id))
            history_put(&p->relation[i], INT32_MAX);
    }
    return p->id;
}

/* Everything, to everybody, for two months. */
static void consent_to_all(struct person *p)
{
    int64_t until;

    sk_instant_parse(sk_text("2027-05-20T08:00:00Z"), &until);
    for (size_t to = 0; to < sim.count; to++) {
        int purpose = to == HOUTZAAK ? WORK : HANDOVER;

        if (to == p->owner)
            continue;
        cr_assert(ask(p->owner, "consent.give",
                      "categories=l explicit=b notice=x participant=s "
                      "purposes=l recipients=l until=s",
                      "process.handover,contact.coach,identity.name,work.job,"
                      "work.profile",
                      1, "Mag dit?", p->id, purpose_names[purpose],
                      node_names[to], "2027-05-20T08:00:00Z"));
        for (int c = 0; c < CATS; c++)
            history_put(&p->consent[purpose][to][c], until);
    }
}

static void make_persons(void)
{
    static const size_t owners[] = {BUSO, BUSO, GTB, VDAB};

    for (size_t i = 0; i < SK_COUNT(owners); i++) {
        if (owners[i] < sim.count)
            cr_assert(world_person(owners[i], sim.persons_count) != NULL);
        if (i > 0 && owners[i] < sim.count)
            consent_to_all(&sim.persons[sim.persons_count - 1]);
    }
}

/* ------------------------------------------------------------- memory */

static void *room_of(size_t at)
{
    return sim.f.nodes[at].memory;
}

/* Whole pages of what the engine itself wipes after every input: nothing is
   in them, and touching them anew for every seed would cost the most. */
static void wiped_part(const struct sk_engine *e, size_t *from, size_t *to)
{
    const uint8_t *room = (const uint8_t *)e;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t start = (size_t)(e->scratch.data - room);

    *from = (start + page - 1) / page * page;
    *to = (start + e->scratch.size_max) / page * page;
}

static void map(size_t at, size_t from, size_t to, int file)
{
    uint8_t *start = (uint8_t *)room_of(at) + from;
    int flags = file < 0 ? MAP_ANONYMOUS : 0;

    cr_assert(mmap(start, to - from, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_FIXED | flags, file,
                   file < 0 ? 0 : (off_t)from) == start);
}

void world_memory(size_t at, int image)
{
    struct sk_engine *e = sim.f.nodes[at].engine;
    size_t from = 0;
    size_t to = 0;

    if (e != NULL) {
        /* What check.c read by it is ours to wipe. */
        memset(e->scratch.data, 0, e->scratch.high);
        wiped_part(e, &from, &to);
    }
    if (from > 0)
        map(at, 0, from, image);
    map(at, to, SK_ENGINE_MEMORY_SIZE, image);
}

/* ------------------------------------------------------------- all of it */

static void make_node(size_t at)
{
    struct fx_node *node = &sim.f.nodes[at];

    fx_keys(&sim.f, node);
    fx_card(node);
    node->store = disk_open();
    node->memory = mmap(NULL, SK_ENGINE_MEMORY_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(node->memory != MAP_FAILED);
}

static void make_image(size_t at)
{
    const uint8_t *memory = room_of(at);
    long page = sysconf(_SC_PAGESIZE);
    static const uint8_t zero[65536];

    images[at] = memfd_create("engine", 0);
    cr_assert(images[at] >= 0);
    cr_assert(ftruncate(images[at], SK_ENGINE_MEMORY_SIZE) == 0);
    for (size_t i = 0; i < SK_ENGINE_MEMORY_SIZE; i += (size_t)page) {
        if (memcmp(memory + i, zero, (size_t)page) != 0)
            cr_assert(pwrite(images[at], memory + i, (size_t)page, (off_t)i) ==
                      page);
    }
}

static void first_policies(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        if (!is_guide(i))
            continue;
        cr_assert(world_activate(i, 1, 0));
        sim.nodes[i].policy_version = 1;
        history_put(&sim.nodes[i].policy, 0);
    }
}

static void settle(void)
{
    while (sim.frames_count > 0)
        net_carry(sim.frames_count);
}

void world_make(size_t count)
{
    struct fx *f = &sim.f;
    int64_t at;

    cr_assert(sodium_init() >= 0);
    sim.count = count;
    sim.liar = NODES;
    sim.unlucky = NODES;
    sim.leaver = NODES;
    sim.moment = 1;
    sk_instant_parse(sk_text("2027-03-08T08:00:00Z"), &at);
    f->real_ms = (uint64_t)at * 1000;
    f->reply = calloc(1, FX_TEXT_MAX);
    f->value_bytes = calloc(1, SK_CONTROL_SIZE_MAX);
    f->room = malloc(FX_ROOM_MAX);
    f->partners = fx_need("tests/sim/world/partners.yaml");
    f->guards = fx_need("policies/library/guards.yaml");
    f->vocabulary = fx_need("policies/library/vocabulary.yaml");
    policy_text = fx_need("tests/sim/world/policy.yaml");
    fx_roster(f);
    cr_assert(f->count == NODES);
    for (size_t i = 0; i < NODES; i++)
        make_node(i);
    for (size_t i = 0; i < count; i++)
        node_start(i);
    fx_import_all(f);
    for (size_t i = 0; i < CHARTERS; i++)
        make_charter(f, i);
    first_policies();
    make_persons();
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++)
            net_line(i, j);
    }
    settle();
    for (size_t i = 0; i < count; i++) {
        stores[i] = disk_backup(f->nodes[i].store);
        make_image(i);
    }
    first = *f;
    memcpy(first_nodes, sim.nodes, sizeof(first_nodes));
    memcpy(first_persons, sim.persons, sizeof(first_persons));
    first_persons_count = sim.persons_count;
    first_moment = sim.moment;
    remember_fixed();
}

void world_reset(void)
{
    net_clear();
    remember_less();
    sim.f = first;
    check_forget();
    for (size_t i = 0; i < sim.count; i++) {
        disk_full_after(sim.f.nodes[i].store, 0);
        disk_restore(sim.f.nodes[i].store, stores[i]);
        world_memory(i, images[i]);
        memcpy(first_nodes[i].versions, sim.f.nodes[i].store->changed,
               sizeof(first_nodes[i].versions));
    }
    memset(sim.cut, 0, sizeof(sim.cut));
    memcpy(sim.nodes, first_nodes, sizeof(first_nodes));
    memcpy(sim.persons, first_persons, sizeof(first_persons));
    sim.persons_count = first_persons_count;
    sim.messages_count = 0;
    sim.moment = first_moment;
    sim.liar = NODES;
    sim.unlucky = NODES;
    sim.leaver = NODES;
}
