/*
 * A small federation that a fuzz target starts over from, a thousand times a
 * second: the engines of fixture.h, set up once and frozen.
 *
 *     world_start();          as below; the first call takes a while
 *     ... steps on world.f ...
 *     world_reset();          everything as it was after world_start()
 *
 * What engines hold in memory is a private mapping of a file, whose changed
 * pages are dropped; what they wrote is taken back from an undo log of the
 * store, which also says what one step wrote.
 */
#ifndef SK_TESTS_FUZZ_WORLD_H
#define SK_TESTS_FUZZ_WORLD_H

#define FX_PLAIN 1

#include "tests/node/people.h"

#include "tests/node/lines.h"

#include <unistd.h>

#define WORLD_PAGE 4096
#define WORLD_WRITES_MAX 65536

struct world_write {
    struct sk_store *store;
    enum sk_space space;
    bool had;
    uint8_t *key;
    size_t key_size;
    uint8_t *old;
    size_t old_size;
};

struct world {
    struct fx f;
    struct fx frozen;
    struct world_write writes[WORLD_WRITES_MAX];
    size_t writes_count;
    bool watching;
    struct sk_store_vtable watched;
    const struct sk_store_vtable *plain;
};

static struct world world;

/* ------------------------------------------------------------- the store */

static inline uint8_t *world_copy(struct sk_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);

    cr_assert(copy != NULL);
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static inline void world_note(struct sk_store *store, enum sk_space space,
                              struct sk_bytes key)
{
    struct world_write *w = &world.writes[world.writes_count++];
    struct sk_bytes old = {0};
    enum sk_status status = world.plain->get(store, space, key, &old);

    cr_assert(world.writes_count < WORLD_WRITES_MAX);
    cr_assert(status == SK_OK || status == SK_E_NOT_FOUND);
    *w = (struct world_write){.store = store,
                              .space = space,
                              .had = status == SK_OK,
                              .key = world_copy(key),
                              .key_size = key.size,
                              .old = world_copy(old),
                              .old_size = old.size};
}

/* `value` may be a view that reading the old one ends. */
static enum sk_status world_put(struct sk_store *store, enum sk_space space,
                                struct sk_bytes key, struct sk_bytes value)
{
    uint8_t *kept = world_copy(value);
    enum sk_status status;

    if (world.watching)
        world_note(store, space, key);
    status = world.plain->put(store, space, key,
                              (struct sk_bytes){kept, value.size});
    free(kept);
    return status;
}

static enum sk_status world_drop(struct sk_store *store, enum sk_space space,
                                 struct sk_bytes key)
{
    if (world.watching)
        world_note(store, space, key);
    return world.plain->drop(store, space, key);
}

static inline void world_watch(struct sk_store *store)
{
    if (world.plain == NULL) {
        world.plain = store->vtable;
        world.watched = *store->vtable;
        world.watched.put = world_put;
        world.watched.drop = world_drop;
    }
    store->vtable = &world.watched;
}

/* The n-th write from now on, and all after it, find the disk full. */
static inline void world_fail_after(struct sk_store *store, uint64_t writes)
{
    store->vtable = world.plain;
    sk_store_memory_fail_after(store, writes);
    store->vtable = &world.watched;
}

/* I4: after a step that failed, everything it wrote is as it was. */
static inline void world_must_be_back(size_t from)
{
    for (size_t i = from; i < world.writes_count; i++) {
        struct world_write *w = &world.writes[i];
        struct sk_bytes key = {w->key, w->key_size};
        struct sk_bytes now = {0};
        enum sk_status status;
        bool first = true;

        for (size_t j = from; j < i; j++)
            first =
                first &&
                (world.writes[j].space != w->space ||
                 !sk_bytes_equal((struct sk_bytes){world.writes[j].key,
                                                   world.writes[j].key_size},
                                 key));
        if (!first)
            continue;
        status = world.plain->get(w->store, w->space, key, &now);
        cr_assert((status == SK_OK) == w->had);
        cr_assert(status != SK_OK ||
                  sk_bytes_equal(now, (struct sk_bytes){w->old, w->old_size}));
    }
}

static inline void world_undo(void)
{
    for (size_t i = 0; i < world.f.count; i++) {
        world_fail_after(world.f.nodes[i].store, 0);
        cr_assert(sk_store_begin(world.f.nodes[i].store) == SK_OK);
    }
    world.watching = false;
    for (size_t i = world.writes_count; i-- > 0;) {
        struct world_write *w = &world.writes[i];
        struct sk_bytes key = {w->key, w->key_size};
        struct sk_bytes old = {w->old, w->old_size};

        cr_assert((w->had ? sk_store_put(w->store, w->space, key, old)
                          : sk_store_delete(w->store, w->space, key)) == SK_OK);
        free(w->key);
        free(w->old);
    }
    world.writes_count = 0;
    for (size_t i = 0; i < world.f.count; i++)
        cr_assert(sk_store_commit(world.f.nodes[i].store) == SK_OK);
    world.watching = true;
}

/* ------------------------------------------------------------- engines */

/* From now on the memory of this engine can be dropped back to what it is. */
static inline void world_freeze_engine(struct fx_node *node)
{
    int fd = memfd_create("engine", MFD_CLOEXEC);
    static const uint8_t zero[WORLD_PAGE];
    uint8_t *memory = node->memory;

    cr_assert(fd >= 0);
    cr_assert(ftruncate(fd, SK_ENGINE_MEMORY_SIZE) == 0);
    for (off_t at = 0; at < SK_ENGINE_MEMORY_SIZE; at += WORLD_PAGE) {
        if (memcmp(memory + at, zero, WORLD_PAGE) != 0)
            cr_assert(pwrite(fd, memory + at, WORLD_PAGE, at) == WORLD_PAGE);
    }
    cr_assert(mmap(memory, SK_ENGINE_MEMORY_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_FIXED, fd, 0) == memory);
    close(fd);
}

static inline void world_freeze(void)
{
    for (size_t i = 0; i < world.f.count; i++) {
        if (world.f.nodes[i].engine != NULL)
            world_freeze_engine(&world.f.nodes[i]);
        world_watch(world.f.nodes[i].store);
    }
    cr_assert(world.f.queue_count == 0);
    world.frozen = world.f;
    world.watching = true;
}

static inline void world_reset(void)
{
    for (size_t i = 0; i < world.f.queue_count; i++)
        free(world.f.queue[i].bytes);
    world_undo();
    world.f = world.frozen;
    for (size_t i = 0; i < world.f.count; i++) {
        if (world.f.nodes[i].engine != NULL)
            cr_assert(madvise(world.f.nodes[i].memory, SK_ENGINE_MEMORY_SIZE,
                              MADV_DONTNEED) == 0);
    }
}

/* ------------------------------------------------------------- the people */

/*
 * At the school: Jonas, whom gtb guides next, with a handover on its way, and
 * what gtb must never read of him; Lotte, of whom gtb does not know at all.
 */
struct world_people {
    struct people_id jonas;
    struct people_id lotte;
    struct people_id request;   /* event of Jonas */
    struct people_id workplace; /* event of Lotte */
    struct people_id message;   /* to gtb */
    struct people_id handover;
};

static struct world_people world_people;

/* Withheld from gtb: without consent for it, or without relation. */
static const char *const world_never[] = {
    "Kanarius",     "Vogelkooi",    "84031499777", "1984-03-14",
    "+32470990001", "Lottekanarie", "zanguur",     "kanarieboom",
};
/* Shared with gtb until the consent is withdrawn. */
#define WORLD_SHARED "Zingt hij verder"

static inline void world_request(void)
{
    fx_ok(&world.f, "buso", "event.record",
          "{'participant':'%s','type':'handover.requested','fields':{"
          "'handover_kind':'warm','handover_reason':'next_step',"
          "'question':'" WORLD_SHARED "?','participant_goal':'Werken.',"
          "'respond_by':'2027-03-12','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003','given_name':'Kanarius',"
          "'family_name':'Vogelkooi','phone':'+32470990001',"
          "'birth_date':'1984-03-14'}}",
          world_people.jonas.text);
    world_people.request = people_take(&world.f, "result.event");
}

static inline void world_tell(void)
{
    struct fx *f = &world.f;
    struct world_people *p = &world_people;

    fx_ok(f, "buso", "participant.add",
          "{'given_name':'Kanarius','family_name':'Vogelkooi',"
          "'birth_date':'1984-03-14','insz':'84031499777'}");
    p->jonas = people_take(f, "result.participant");
    fx_ok(f, "buso", "participant.add", "{'given_name':'Lottekanarie'}");
    p->lotte = people_take(f, "result.participant");
    people_link(f, "buso", p->jonas, "gtb");
    people_link(f, "buso", p->lotte, "houtzaak");
    people_consent(f, "buso", p->jonas, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    fx_ok(f, "buso", "event.record",
          "{'participant':'%s','type':'trajectory.started','fields':{"
          "'start_date':'2026-10-01','phase':'work_experience','status':'"
          "active'}}",
          p->jonas.text);
    fx_ok(f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':{"
          "'workplace_kind':'stage','workplace_org':'1999916801',"
          "'start_date':'2027-03-08','hours_week':'16','schedule':'zanguur',"
          "'coach_name':'kanarieboom'}}",
          p->lotte.text);
    p->workplace = people_take(f, "result.event");
    world_request();
    p->message = people_send(f, "buso", p->request, "gtb", "guidance.handover");
    p->handover = people_take(f, "result.handover");
    fx_run(f);
}

/* keep: these nodes go on; the others are only names in the charter. */
static inline void world_start(const char *a, const char *b)
{
    struct fx *f = &world.f;

    fx_start(f, "S2A", "2027-03-01T09:00:00Z");
    world_tell();
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->nodes[i].org.text, a) != 0 &&
            strcmp(f->nodes[i].org.text, b) != 0)
            fx_close(f, i);
    }
    for (size_t i = 0; i < f->count; i++) {
        for (size_t j = i + 1; j < f->count; j++)
            fx_line(f, i, j);
    }
    fx_run(f);
    world_freeze();
}

#endif
