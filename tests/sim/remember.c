#include "tests/sim/remember.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "node/engine/timer.h"
#include "policies/bundle.h"
#include "policies/findings.h"
#include "policies/rules.h"
#include "protocol/lines.h"
#include "tests/sim/curves.h"

/*
 * The linker sends three functions here (-Wl,--wrap) that answer the same to
 * the same bytes: sk_bundle_load(), of which the result is immutable
 * (policies/bundle.h), sk_base64_read(), and sk_timer_rules_read().
 */
#define FILES 5
#define TEXTS_MAX 4096
#define BUNDLES_MAX 4096
#define ROOM_SIZE (UINT64_C(8) << 30) /* of addresses */
#define KEEP_SIZE (UINT64_C(256) << 20)
/* Of short base64 the last that was read is remembered. */
#define SHORT_SIZE_MAX 224
#define SHORTS_MAX 2048
/* As much as an engine has for it: engine.c. */
#define BUNDLE_SIZE ((size_t)14 * 1024 * 1024)

struct text { /* bytes that were seen before */
    struct sk_bytes bytes;
};

struct decoded {      /* short base64 that was read */
    size_t text_size; /* 0: none */
    size_t size;
    uint8_t text[SHORT_SIZE_MAX];
    uint8_t bytes[SHORT_SIZE_MAX];
};

struct loaded {
    const struct text *files[FILES]; /* NULL: none */
    int32_t day;
    struct sk_bundle *bundle; /* NULL: it has errors */
    struct sk_findings findings;
};

struct memory {
    size_t used;
    size_t texts_count;
    size_t bundles_count;
};
static struct memory now;
static struct memory kept; /* what sim_remember_start() left */
static uint8_t *room;
static struct text texts[TEXTS_MAX];
static struct loaded bundles[BUNDLES_MAX];
static struct decoded decoded[SHORTS_MAX];

enum sk_status __real_sk_bundle_load(const struct sk_bundle_files *files,
                                     int32_t day, struct sk_arena *arena,
                                     struct sk_findings *findings,
                                     struct sk_bundle **out);
enum sk_status __wrap_sk_bundle_load(const struct sk_bundle_files *files,
                                     int32_t day, struct sk_arena *arena,
                                     struct sk_findings *findings,
                                     struct sk_bundle **out);
bool __real_sk_base64_read(struct sk_bytes text, uint8_t *out, size_t size);
bool __wrap_sk_base64_read(struct sk_bytes text, uint8_t *out, size_t size);
enum sk_status __real_sk_timer_rules_read(struct sk_bytes yaml,
                                          struct sk_arena *scratch,
                                          struct sk_timer_rules *out);
enum sk_status __wrap_sk_timer_rules_read(struct sk_bytes yaml,
                                          struct sk_arena *scratch,
                                          struct sk_timer_rules *out);

void remember_fixed(void)
{
    kept = now;
}

void remember_less(void)
{
    if (now.used < KEEP_SIZE && now.texts_count < TEXTS_MAX / 2 &&
        now.bundles_count < BUNDLES_MAX / 2)
        return;
    assert(madvise(room + kept.used, now.used - kept.used, MADV_DONTNEED) == 0);
    now = kept;
}

static void *take(size_t size)
{
    void *out;

    if (room == NULL) {
        room = mmap(NULL, ROOM_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert(room != MAP_FAILED);
    }
    size = (size + 4095) / 4096 * 4096;
    assert(ROOM_SIZE - now.used >= size);
    out = room + now.used;
    now.used += size;
    return out;
}

/* NULL: there is no more room for others. */
static struct text *text_of(struct sk_bytes bytes)
{
    struct text *text;
    uint8_t *copy;

    for (size_t i = 0; i < now.texts_count; i++)
        if (sk_bytes_equal(texts[i].bytes, bytes))
            return &texts[i];
    if (now.texts_count == TEXTS_MAX)
        return NULL;
    copy = take(bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    text = &texts[now.texts_count++];
    *text = (struct text){.bytes = {copy, bytes.size}};
    return text;
}

/* Where they belong; any mixture of all of them will do. */
static size_t place_of(const uint8_t *in, size_t size)
{
    uint64_t mixed = size;

    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;

        memcpy(&word, in + i, size - i < 8 ? size - i : 8);
        mixed = (mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 29;
    }
    return mixed % SHORTS_MAX;
}

bool __wrap_sk_base64_read(struct sk_bytes text, uint8_t *out, size_t size)
{
    struct decoded *d;

    if (curves_are_real || text.size > SHORT_SIZE_MAX)
        return __real_sk_base64_read(text, out, size);
    d = &decoded[place_of(text.data, text.size)];
    if (text.size > 0 && d->text_size == text.size && d->size == size &&
        memcmp(d->text, text.data, text.size) == 0) {
        memcpy(out, d->bytes, size);
        return true;
    }
    if (!__real_sk_base64_read(text, out, size))
        return false;
    memcpy(d->text, text.data, text.size);
    memcpy(d->bytes, out, size);
    d->text_size = text.size;
    d->size = size;
    return true;
}

/* ------------------------------------------------------------- bundles */

static struct loaded *find(const struct loaded *like)
{
    for (size_t i = 0; i < now.bundles_count; i++) {
        struct loaded *l = &bundles[i];

        if (l->day == like->day &&
            memcmp(l->files, like->files, sizeof(l->files)) == 0)
            return l;
    }
    return NULL;
}

static bool key_of(const struct sk_bundle_files *files, int32_t day,
                   struct loaded *key)
{
    const struct sk_file *of[FILES] = {&files->vocabulary, &files->partners,
                                       &files->guards, &files->policy,
                                       &files->invariants};

    *key = (struct loaded){.day = day};
    for (size_t i = 0; i < FILES; i++) {
        if (of[i]->bytes.data == NULL)
            continue;
        key->files[i] = text_of(of[i]->bytes);
        if (key->files[i] == NULL)
            return false;
    }
    return now.bundles_count < BUNDLES_MAX;
}

/* With what is said about it, in the same memory; NULL: no memory. */
static const struct loaded *load_once(const struct sk_bundle_files *files,
                                      struct loaded *key)
{
    size_t before = now.used;
    struct sk_arena memory = sk_arena_start(take(BUNDLE_SIZE), BUNDLE_SIZE);
    enum sk_status status;

    key->findings = sk_findings_start(&memory);
    status = __real_sk_bundle_load(files, key->day, &memory, &key->findings,
                                   &key->bundle);
    key->findings.arena = NULL;
    now.used = before;
    if (status != SK_OK)
        return NULL;
    (void)take(memory.size);
    bundles[now.bundles_count++] = *key;
    return &bundles[now.bundles_count - 1];
}

static enum sk_status say_again(const struct sk_findings *said,
                                struct sk_findings *out)
{
    out->list = sk_arena_get_array(out->arena, said->count, sizeof(*out->list));
    if (out->list == NULL)
        return SK_E_MEMORY;
    if (said->count > 0)
        memcpy(out->list, said->list, said->count * sizeof(*out->list));
    out->count = said->count;
    out->count_max = said->count;
    out->errors = said->errors;
    out->warnings = said->warnings;
    return SK_OK;
}

enum sk_status __wrap_sk_bundle_load(const struct sk_bundle_files *files,
                                     int32_t day, struct sk_arena *arena,
                                     struct sk_findings *findings,
                                     struct sk_bundle **out)
{
    bool first = findings->errors + findings->warnings == 0;
    const struct loaded *known = NULL;
    struct loaded key;

    if (!curves_are_real && first && key_of(files, day, &key)) {
        known = find(&key);
        if (known == NULL)
            known = load_once(files, &key);
    }
    if (known == NULL)
        return __real_sk_bundle_load(files, day, arena, findings, out);
    SK_TRY(say_again(&known->findings, findings));
    *out = known->bundle;
    return SK_OK;
}

/* ------------------------------------------------------------- rules */

#define PLACES 8

/* Rules point into themselves: known per place, and the engines of all seeds
   lie at the same ones. */
enum sk_status __wrap_sk_timer_rules_read(struct sk_bytes yaml,
                                          struct sk_arena *scratch,
                                          struct sk_timer_rules *out)
{
    static struct sk_timer_rules copies[PLACES];
    static const struct sk_timer_rules *places[PLACES];
    size_t at = 0;

    while (at < PLACES && places[at] != NULL && places[at] != out)
        at++;
    if (curves_are_real || at == PLACES || yaml.data != sk_timer_domain().data)
        return __real_sk_timer_rules_read(yaml, scratch, out);
    if (places[at] == NULL) {
        SK_TRY(__real_sk_timer_rules_read(yaml, scratch, out));
        copies[at] = *out;
        places[at] = out;
    }
    *out = copies[at];
    return SK_OK;
}
