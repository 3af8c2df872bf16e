/* decide.h: a decision takes memory from the arena only, never from the heap.
   Counted in the whole program, so also what the C library asks for us. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "world.h"

#define ROUNDS 60
#define QUESTIONS 64

#if defined(__has_feature)
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif

static size_t taken; /* blocks asked of the heap since the start */

#if defined(__SANITIZE_ADDRESS__) || HAS(address_sanitizer)

/* The sanitizer's heap tells of each block. */
int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void *, size_t),
    void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *block, size_t size)
{
    (void)block;
    (void)size;
    taken++;
}

static void on_free(const volatile void *block)
{
    (void)block;
}

static void start_counting(void)
{
    cr_assert(ne(
        int, __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free), 0));
}

#else

/* These come before glibc's own, for this program and its libraries. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    taken++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    taken++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    taken++;
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    taken++;
    return __libc_memalign(alignment, size);
}

static void start_counting(void)
{
}

#endif

/* Not even a good compiler may leave these out. */
static void *(*volatile take)(size_t) = malloc;
static void (*volatile give)(void *) = free;

Test(decide_heap, counter_sees_the_heap)
{
    size_t before;

    start_counting();
    before = taken;
    give(take(10));
    cr_expect(eq(sz, taken, before + 1));
    before = taken;
    give(realloc(take(10), 5000));
    cr_expect(ge(sz, taken, before + 2));
}

static void random_policy(struct dice *dice, const struct sk_vocabulary *v,
                          struct world_policy *policy)
{
    memset(policy, 0, sizeof(*policy));
    for (size_t i = 0; i < 8; i++)
        world_add_share(dice, v, policy);
    for (uint64_t i = roll(dice, 4); i > 0; i--)
        world_add_never(dice, v, policy);
    for (uint64_t i = roll(dice, 4); i > 0; i--)
        world_add_limit(dice, v, policy);
}

/* A bundle, a person, questions; counts what decisions in `room` took. */
struct count {
    size_t permits;
    size_t denies;
    size_t fields;
    size_t full;
};
static struct count ask_many(struct dice *dice, struct sk_arena *arena,
                             struct sk_arena *room)
{
    static struct world_policy empty;
    static struct world_policy policy;
    static struct world_facts facts;
    static struct world_question q;
    static struct sk_decision d;
    const struct sk_vocabulary *v =
        sk_bundle_vocabulary(world_load(&empty, false, arena));
    size_t mark = sk_arena_mark(room);
    struct count count = {0};
    struct sk_bundle *bundle;
    struct sk_facts *person;

    random_policy(dice, v, &policy);
    world_facts(dice, &facts);
    bundle = world_load(&policy, false, arena);
    person = world_compile(&facts, bundle, false, arena);
    if (room == arena)
        mark = sk_arena_mark(room);
    for (size_t i = 0; i < QUESTIONS; i++) {
        enum sk_status status;
        size_t before;

        world_ask(dice, v, &policy, &q);
        sk_arena_reset(room, mark);
        before = taken;
        status = sk_decide(bundle, person, &q.question, room, &d);
        cr_assert(eq(sz, taken, before), "%s", d.permit ? "permit" : d.reason);
        if (status != SK_OK) {
            cr_assert(eq(int, status, SK_E_MEMORY));
            count.full++;
            continue;
        }
        count.permits += d.permit;
        count.denies += !d.permit;
        count.fields += d.permit ? d.fields_count : 0;
    }
    return count;
}

/* Of many bundles, persons and questions; permits and denies of all kinds. */
Test(decide_heap, decisions_take_nothing)
{
    struct sk_arena arena = test_arena();
    struct dice dice = {20260915};
    struct count all = {0};
    size_t mark;

    (void)world_sources();
    start_counting();
    mark = sk_arena_mark(&arena);
    for (size_t round = 0; round < ROUNDS; round++) {
        struct count count;

        sk_arena_reset(&arena, mark);
        count = ask_many(&dice, &arena, &arena);
        all.permits += count.permits;
        all.denies += count.denies;
        all.fields += count.fields;
        all.full += count.full;
    }
    cr_expect(eq(sz, all.full, 0));
    cr_expect(eq(sz, all.permits + all.denies, (size_t)ROUNDS * QUESTIONS));
    /* Neither kind is rare, and permits carry fields. */
    cr_expect(ge(sz, all.permits, 200), "%zu", all.permits);
    cr_expect(ge(sz, all.denies, 200), "%zu", all.denies);
    cr_expect(ge(sz, all.fields, all.permits));
}

/* An arena that is too small is a status, not a way to the heap. */
Test(decide_heap, small_arena_takes_nothing)
{
    _Alignas(max_align_t) static uint8_t few[ROUNDS];
    struct sk_arena arena = test_arena();
    struct dice dice = {7};
    size_t full = 0;
    size_t mark;

    (void)world_sources();
    start_counting();
    mark = sk_arena_mark(&arena);
    for (size_t round = 0; round < ROUNDS; round++) {
        struct sk_arena room = sk_arena_start(few, round);

        sk_arena_reset(&arena, mark);
        full += ask_many(&dice, &arena, &room).full;
    }
    cr_expect(ge(sz, full, 200), "%zu", full);
}
