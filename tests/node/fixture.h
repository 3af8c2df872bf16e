/*
 * A federation in one process: N engines on stores in memory, with a charter,
 * cards and policies of a scenario, and frames carried between them.
 *
 *     struct fx f;
 *     fx_start(&f, "S2A", "2026-09-01T08:00:00Z");    every node, every line up
 *     fx_call(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
 *     fx_text(&f, "result.participant")               a text of that reply
 *     cr_expect(eq(str, f.reply, "{'ok':true,...}"))  the reply as a whole
 *     fx_run(&f);                                     until no frame moves
 *     fx_end(&f);
 *
 * Requests and replies are written as JSON with single quotes.  In requests
 * {'$file':'path'} is the bytes of a file, {'$hex':'00ff'} these bytes, and
 * %s and the like are filled in first.
 *
 * Run from the root of the project.
 */
#ifndef SK_TESTS_NODE_FIXTURE_H
#define SK_TESTS_NODE_FIXTURE_H

#ifdef FX_PLAIN /* no test framework: a check that fails aborts */
#include "tests/fuzz/plain.h"
#else
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#endif

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "node/engine/engine.h"
#include "policies/civil.h"
#include "policies/yaml.h"
#include "protocol/charter.h"
#include "protocol/pack.h"
#include "protocol/sha256.h"
#include "protocol/value.h"
#include "tests/node/signed.h"

#ifndef FX_NODES_MAX
#define FX_NODES_MAX 8
#endif
#ifndef FX_FRAMES_MAX
#define FX_FRAMES_MAX 4096
#endif
#define FX_TEXT_MAX (256 * 1024)
#define FX_ROOM_MAX (8 * 1024 * 1024)

struct fx_node {
    struct sk_org org;
    struct sk_node_secrets secrets;
    struct sk_sign_secret identity;
    struct sk_minisign_key identity_key;
    struct sk_card card;
    uint8_t card_bytes[SK_CARD_SIZE_MAX];
    size_t card_size;
    struct sk_store *store;
    struct sk_engine *engine; /* NULL: stopped */
    void *memory;
    bool policy;       /* a policy was activated */
    bool offline;      /* every line of it is down */
    bool cannot_shred; /* its keys cannot be overwritten */
    bool pump;         /* what waited for that leaves with the next timer */
    bool shredded;     /* the engine asked for it since this was cleared */
    uint64_t wake_ms;
};

struct fx_frame {
    size_t from;
    size_t to;
    uint8_t *bytes;
    size_t size;
};

struct fx {
    struct fx_node nodes[FX_NODES_MAX];
    size_t count;
    char bundles[256];      /* folder of the scenario's bundles */
    uint64_t real_ms;       /* the real clock of all */
    bool manual;            /* nodes have a manual clock */
    uint64_t partner_bytes; /* of nodes that open from now on; 0: default */
    size_t recall_part;     /* likewise */
    uint64_t seeds;
    const char *request_id; /* of requests from now on; NULL: they have none */
    const char *why;        /* the same: the reason of break-glass */
    uint32_t uid;           /* who asks; 0: the system user of the node */
    struct fx_frame queue[FX_FRAMES_MAX];
    size_t queue_count;
    /* See or change each frame before it is queued; false drops it. */
    bool (*filter)(struct fx *f, size_t from, size_t to, uint8_t *bytes,
                   size_t size);
    void *filter_context;
    size_t frames;         /* carried so far */
    char *reply;           /* of the last fx_call(), JSON */
    struct sk_value value; /* the same, as it came */
    uint8_t *value_bytes;
    uint8_t *room;
    /* the charter */
    char *partners;
    char *guards;
    char *vocabulary;
    uint64_t charter_version;
    struct sk_hash manifest;
};

/* ------------------------------------------------------------- files */

static inline char *fx_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, SK_YAML_SIZE_MAX + 1);

    if (file == NULL) {
        free(text);
        return NULL;
    }
    *size = fread(text, 1, SK_YAML_SIZE_MAX, file);
    fclose(file);
    return text;
}

static inline char *fx_need(const char *path)
{
    size_t size;
    char *text = fx_read(path, &size);

    cr_assert(text != NULL, "cannot read %s", path);
    return text;
}

static inline struct sk_seed fx_seed(struct fx *f)
{
    struct sk_seed seed;
    uint64_t number = ++f->seeds;

    crypto_generichash(seed.secret_bytes, sizeof(seed.secret_bytes),
                       (const uint8_t *)&number, sizeof(number), NULL, 0);
    return seed;
}

/* ------------------------------------------------------------- JSON in */

struct fx_json {
    const char *at;
};

static inline void fx_space(struct fx_json *j)
{
    while (*j->at == ' ' || *j->at == '\n' || *j->at == '\t')
        j->at++;
}

static inline size_t fx_string(struct fx_json *j, char *out)
{
    size_t size = 0;

    cr_assert(j->at[0] == '\'', "a text expected at: %s", j->at);
    for (j->at++; *j->at != '\''; j->at++) {
        if (*j->at == '\\')
            j->at++;
        cr_assert(j->at[0] != '\0', "a text without end");
        out[size++] = *j->at;
    }
    j->at++;
    out[size] = '\0';
    return size;
}

static inline void fx_value(struct fx_json *j, struct sk_pack *p);

struct fx_member {
    char *key;
    uint8_t *bytes;
    size_t size;
};

static inline int fx_member_order(const void *a, const void *b)
{
    return strcmp(((const struct fx_member *)a)->key,
                  ((const struct fx_member *)b)->key);
}

static inline void fx_special(const struct fx_member *m, struct sk_pack *p)
{
    struct sk_value v;
    struct sk_bytes text;
    static char argument[FX_TEXT_MAX];
    size_t size = 0;
    char *bytes;

    cr_assert(sk_value_check((struct sk_bytes){m->bytes, m->size}, &v) ==
              SK_OK);
    text = sk_value_str(v);
    snprintf(argument, sizeof(argument), "%.*s", (int)text.size,
             (const char *)text.data);
    if (strcmp(m->key, "$file") == 0) {
        bytes = fx_read(argument, &size);
        cr_assert(bytes != NULL, "cannot read %s", argument);
    } else {
        bytes = calloc(1, sizeof(argument));
        sodium_hex2bin((uint8_t *)bytes, sizeof(argument), argument,
                       strlen(argument), NULL, &size, NULL);
    }
    sk_pack_bin(p, (struct sk_bytes){(uint8_t *)bytes, size});
    free(bytes);
}

static inline void fx_object(struct fx_json *j, struct sk_pack *p)
{
    struct fx_member members[128];
    size_t count = 0;
    char key[256];

    for (j->at++, fx_space(j); *j->at != '}'; fx_space(j)) {
        struct fx_member *m = &members[count++];
        struct sk_pack inner;

        cr_assert(count <= 128);
        fx_string(j, key);
        fx_space(j);
        cr_assert(j->at[0] == ':', "a colon expected at: %s", j->at);
        j->at++;
        m->key = strdup(key);
        m->bytes = malloc(FX_TEXT_MAX);
        inner = sk_pack_start((struct sk_room){m->bytes, FX_TEXT_MAX});
        fx_value(j, &inner);
        cr_assert(inner.full == false);
        m->size = inner.size;
        fx_space(j);
        if (*j->at == ',')
            j->at++;
        fx_space(j);
    }
    j->at++;
    qsort(members, count, sizeof(*members), fx_member_order);
    if (count == 1 && members[0].key[0] == '$') {
        fx_special(&members[0], p);
    } else {
        sk_pack_map(p, count);
        for (size_t i = 0; i < count; i++) {
            sk_pack_cstr(p, members[i].key);
            sk_pack_raw(p,
                        (struct sk_bytes){members[i].bytes, members[i].size});
        }
    }
    for (size_t i = 0; i < count; i++) {
        free(members[i].key);
        free(members[i].bytes);
    }
}

static inline void fx_array(struct fx_json *j, struct sk_pack *p)
{
    uint8_t *bytes = malloc(FX_TEXT_MAX);
    struct sk_pack inner = sk_pack_start((struct sk_room){bytes, FX_TEXT_MAX});
    size_t count = 0;

    for (j->at++, fx_space(j); *j->at != ']'; fx_space(j)) {
        fx_value(j, &inner);
        count++;
        fx_space(j);
        if (*j->at == ',')
            j->at++;
    }
    j->at++;
    cr_assert(inner.full == false);
    sk_pack_array(p, count);
    for (size_t i = 0; i < inner.size && count > 0; i = inner.size)
        sk_pack_raw(p, (struct sk_bytes){bytes, inner.size});
    free(bytes);
}

static inline void fx_value(struct fx_json *j, struct sk_pack *p)
{
    static char text[FX_TEXT_MAX];

    fx_space(j);
    if (*j->at == '{') {
        fx_object(j, p);
    } else if (*j->at == '[') {
        fx_array(j, p);
    } else if (*j->at == '\'') {
        size_t size = fx_string(j, text);

        sk_pack_str(p, (struct sk_bytes){(uint8_t *)text, size});
    } else if (strncmp(j->at, "true", 4) == 0) {
        sk_pack_bool(p, true);
        j->at += 4;
    } else if (strncmp(j->at, "false", 5) == 0) {
        sk_pack_bool(p, false);
        j->at += 5;
    } else if (strncmp(j->at, "nil", 3) == 0) {
        sk_pack_nil(p);
        j->at += 3;
    } else {
        char *end;

        sk_pack_uint(p, strtoull(j->at, &end, 10));
        cr_assert(end != j->at, "a value expected at: %s", j->at);
        j->at = end;
    }
}

/* ------------------------------------------------------------- JSON out */

static inline size_t fx_show(struct sk_value v, char *out, size_t room)
{
    struct sk_value_walk walk = sk_value_walk(v);
    struct sk_bytes text;
    size_t size = 0;
    bool map = sk_value_kind(v) == SK_VALUE_MAP;

    switch (sk_value_kind(v)) {
    case SK_VALUE_NONE:
        return (size_t)snprintf(out, room, "absent");
    case SK_VALUE_NIL:
        return (size_t)snprintf(out, room, "nil");
    case SK_VALUE_BOOL:
        return (size_t)snprintf(out, room, sk_value_bool(v) ? "true" : "false");
    case SK_VALUE_UINT:
        return (size_t)snprintf(out, room, "%llu",
                                (unsigned long long)sk_value_uint(v));
    case SK_VALUE_STR:
        text = sk_value_str(v);
        return (size_t)snprintf(out, room, "'%.*s'", (int)text.size,
                                (const char *)text.data);
    case SK_VALUE_BIN:
        return (size_t)snprintf(out, room, "bin(%zu)", sk_value_bin(v).size);
    case SK_VALUE_ARRAY:
    case SK_VALUE_MAP:
        break;
    }
    size += (size_t)snprintf(out, room, map ? "{" : "[");
    for (size_t i = 0; sk_value_next(&walk); i++) {
        if (i > 0)
            size += (size_t)snprintf(out + size, room - size, ",");
        if (map)
            size += (size_t)snprintf(out + size, room - size,
                                     "'%.*s':", (int)walk.key.size,
                                     (const char *)walk.key.data);
        size += fx_show(walk.value, out + size, room - size);
        cr_assert(size < room - 16, "the reply is too long to show");
    }
    return size + (size_t)snprintf(out + size, room - size, map ? "}" : "]");
}

/* A part of the last reply: "result.events.0.type". */
static inline struct sk_value fx_at(struct fx *f, const char *path)
{
    struct sk_value v = f->value;

    while (*path != '\0') {
        size_t size = strcspn(path, ".");
        struct sk_bytes key = {(const uint8_t *)path, size};
        struct sk_value next = sk_value_get_bytes(v, key);

        if (sk_value_kind(v) == SK_VALUE_ARRAY) {
            struct sk_value_walk walk = sk_value_walk(v);
            long left = strtol(path, NULL, 10);

            next = (struct sk_value){0};
            while (sk_value_next(&walk)) {
                if (left-- == 0)
                    next = walk.value;
            }
        }
        v = next;
        path += size + (path[size] == '.' ? 1 : 0);
    }
    return v;
}

/* The same shown: a text without quotes, other values as JSON.  One of the
   next 16 results; copy it to keep it longer. */
static inline const char *fx_text(struct fx *f, const char *path)
{
    static char results[16][16384];
    static size_t next;
    char *out = results[next++ % 16];
    struct sk_value v = fx_at(f, path);

    if (sk_value_kind(v) == SK_VALUE_STR) {
        struct sk_bytes text = sk_value_str(v);

        snprintf(out, sizeof(results[0]), "%.*s", (int)text.size,
                 (const char *)text.data);
    } else {
        fx_show(v, out, sizeof(results[0]));
    }
    return out;
}

/* ------------------------------------------------------------- stepping */

static inline size_t fx_index(const struct fx *f, const char *org)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->nodes[i].org.text, org) == 0)
            return i;
    }
    cr_fatal("no node %s", org);
    return 0;
}

static inline struct fx_node *fx_node(struct fx *f, const char *org)
{
    return &f->nodes[fx_index(f, org)];
}

static inline bool fx_reaches(const struct fx *f, size_t a, size_t b)
{
    return f->nodes[a].engine != NULL && f->nodes[b].engine != NULL &&
           !f->nodes[a].offline && !f->nodes[b].offline;
}

static inline void fx_queue(struct fx *f, size_t from,
                            const struct sk_effect_frame *frame)
{
    uint8_t *bytes = malloc(frame->frame.size);
    size_t to = f->count;
    struct fx_frame *out;

    for (size_t i = 0; i < f->count; i++) {
        if (sk_org_equal(&f->nodes[i].org, &frame->to))
            to = i;
    }
    memcpy(bytes, frame->frame.data, frame->frame.size);
    if (to == f->count || !fx_reaches(f, from, to) ||
        (f->filter != NULL &&
         !f->filter(f, from, to, bytes, frame->frame.size))) {
        free(bytes);
        return;
    }
    cr_assert(f->queue_count < FX_FRAMES_MAX, "too many frames in flight");
    out = &f->queue[f->queue_count++];
    *out = (struct fx_frame){from, to, bytes, frame->frame.size};
}

static inline void fx_let_out(struct fx *f, size_t at,
                              const struct sk_effects *effects)
{
    struct fx_node *node = &f->nodes[at];

    node->wake_ms = effects->wake_ms;
    for (size_t i = 0; i < effects->frames_count; i++)
        fx_queue(f, at, &effects->frames[i]);
    if (effects->shred) {
        node->shredded = true;
        if (!node->cannot_shred)
            cr_assert(sk_store_shred(node->store) == SK_OK);
    }
    node->pump = effects->shred;
}

/* One input in a transaction of its own; the status of what failed first. */
static inline enum sk_status fx_step(struct fx *f, size_t at,
                                     struct sk_input *input,
                                     struct sk_effects *effects)
{
    struct fx_node *node = &f->nodes[at];
    struct sk_seed seed = fx_seed(f);
    enum sk_status status;

    cr_assert(node->engine != NULL, "%s is stopped", node->org.text);
    sk_effects_start(effects, (struct sk_room){f->room, FX_ROOM_MAX});
    input->now_ms = f->real_ms;
    input->seed = fx_seed(f);
    status = sk_store_begin(node->store);
    if (status == SK_OK)
        status = sk_engine_step(node->engine, input, effects);
    if (status == SK_OK)
        status = sk_engine_pump(node->engine, f->real_ms, &seed, effects);
    if (status == SK_OK)
        status = sk_store_commit(node->store);
    else
        sk_store_abort(node->store);
    if (status != SK_OK) {
        sk_engine_rollback(node->engine);
        return status;
    }
    fx_let_out(f, at, effects);
    return SK_OK;
}

static inline void fx_must(struct fx *f, size_t at, struct sk_input *input)
{
    static struct sk_effects effects;
    enum sk_status status = fx_step(f, at, input, &effects);

    cr_assert(status == SK_OK, "%s: %s", f->nodes[at].org.text,
              sk_status_text(status));
}

static inline void fx_timer(struct fx *f, const char *org)
{
    struct sk_input input = {.type = SK_INPUT_TIMER};

    fx_must(f, fx_index(f, org), &input);
}

/* Tell both ends how their line is. */
static inline void fx_line(struct fx *f, size_t a, size_t b)
{
    bool up = fx_reaches(f, a, b);
    struct sk_input input = {.type = SK_INPUT_LINK, .up = up};

    if (f->nodes[a].engine != NULL) {
        input.peer = f->nodes[b].org;
        fx_must(f, a, &input);
    }
    if (f->nodes[b].engine != NULL) {
        input.peer = f->nodes[a].org;
        fx_must(f, b, &input);
    }
}

static inline void fx_pump(struct fx *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->nodes[i].engine != NULL && f->nodes[i].pump)
            fx_timer(f, f->nodes[i].org.text);
    }
}

/* Carry frames, oldest first, until none is left. */
static inline void fx_run(struct fx *f)
{
    fx_pump(f);
    for (size_t moved = 0; f->queue_count > 0; moved++) {
        struct fx_frame frame = f->queue[0];
        struct sk_input input = {.type = SK_INPUT_FRAME};

        cr_assert(moved < 100000, "frames never come to rest");
        f->queue_count--;
        memmove(f->queue, f->queue + 1, f->queue_count * sizeof(*f->queue));
        if (fx_reaches(f, frame.from, frame.to)) {
            input.peer = f->nodes[frame.from].org;
            input.bytes = (struct sk_bytes){frame.bytes, frame.size};
            fx_must(f, frame.to, &input);
            f->frames++;
        }
        free(frame.bytes);
        fx_pump(f);
    }
}

/* Real time goes on, timers ring, frames move. */
static inline void fx_wait(struct fx *f, uint64_t ms)
{
    uint64_t end = f->real_ms + ms;

    while (f->real_ms < end) {
        f->real_ms += end - f->real_ms < 1000 ? end - f->real_ms : 1000;
        for (size_t i = 0; i < f->count; i++) {
            if (f->nodes[i].engine != NULL && f->nodes[i].wake_ms <= f->real_ms)
                fx_timer(f, f->nodes[i].org.text);
        }
        fx_run(f);
    }
}

static inline void fx_offline(struct fx *f, const char *org, bool offline)
{
    size_t at = fx_index(f, org);

    f->nodes[at].offline = offline;
    for (size_t i = 0; i < f->count; i++) {
        if (i != at)
            fx_line(f, at, i);
    }
    fx_run(f);
}

/* ------------------------------------------------------------- requests */

/* A request; its reply is in f->reply and f->value.  Fails only when the
   store does. */
__attribute__((format(printf, 4, 5))) static inline enum sk_status
fx_try(struct fx *f, const char *org, const char *op, const char *args, ...)
{
    static char text[FX_TEXT_MAX];
    static struct sk_effects effects;
    struct sk_input input = {.type = SK_INPUT_CONTROL};
    struct fx_json json = {text};
    uint8_t *bytes = malloc(SK_CONTROL_SIZE_MAX);
    struct sk_pack p =
        sk_pack_start((struct sk_room){bytes, SK_CONTROL_SIZE_MAX});
    enum sk_status status;
    va_list list;

    va_start(list, args);
    vsnprintf(text, sizeof(text), args, list);
    va_end(list);
    sk_pack_map(&p, 3 + (f->request_id != NULL) + (f->why != NULL));
    sk_pack_cstr(&p, "args");
    fx_value(&json, &p);
    if (f->request_id != NULL) {
        sk_pack_cstr(&p, "id");
        sk_pack_cstr(&p, f->request_id);
    }
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    if (f->why != NULL) {
        sk_pack_cstr(&p, "why");
        sk_pack_cstr(&p, f->why);
    }
    cr_assert(sk_pack_finish(&p, &input.bytes) == SK_OK);
    input.uid = f->uid;
    input.owner = f->uid == 0;
    status = fx_step(f, fx_index(f, org), &input, &effects);
    free(bytes);
    f->reply[0] = '\0';
    if (status != SK_OK)
        return status;
    memcpy(f->value_bytes, effects.reply.data, effects.reply.size);
    cr_assert(
        sk_value_check((struct sk_bytes){f->value_bytes, effects.reply.size},
                       &f->value) == SK_OK,
        "%s: a reply that is not canonical", op);
    fx_show(f->value, f->reply, FX_TEXT_MAX);
    return SK_OK;
}

#define fx_call(f, org, op, ...)                                               \
    do {                                                                       \
        enum sk_status fx_status = fx_try(f, org, op, __VA_ARGS__);            \
        cr_assert(fx_status == SK_OK, "%s: %s", op,                            \
                  sk_status_text(fx_status));                                  \
    } while (0)

/* A request that must succeed; then frames move. */
#define fx_ok(f, org, op, ...)                                                 \
    do {                                                                       \
        fx_call(f, org, op, __VA_ARGS__);                                      \
        cr_assert(sk_value_bool(fx_at(f, "ok")), "%s %s: %s", org, op,         \
                  (f)->reply);                                                 \
        fx_run(f);                                                             \
    } while (0)

/* A request that must be refused with this code. */
#define fx_refused(f, org, code, op, ...)                                      \
    do {                                                                       \
        fx_call(f, org, op, __VA_ARGS__);                                      \
        cr_expect(eq(str, (char *)fx_text(f, "error.code"), (char *)(code)),   \
                  "%s %s: %s", org, op, (f)->reply);                           \
    } while (0)

/* Manual clocks of all nodes, and real time with them. */
static inline void fx_clock(struct fx *f, const char *instant)
{
    int64_t at;

    cr_assert(sk_instant_parse(sk_text(instant), &at), "%s", instant);
    if ((uint64_t)at * 1000 > f->real_ms)
        f->real_ms = (uint64_t)at * 1000;
    for (size_t i = 0; i < f->count; i++) {
        if (f->nodes[i].engine != NULL)
            fx_ok(f, f->nodes[i].org.text, "clock.set", "{'at':'%s'}", instant);
    }
    fx_run(f);
}

/* ------------------------------------------------------------- nodes */

static inline void fx_keys(struct fx *f, struct fx_node *node)
{
    struct sk_seed seed = fx_seed(f);
    struct sk_sign_public public;

    sk_sign_keypair(&seed, &public, &node->identity);
    sk_minisign_key_of(&public, &node->identity_key);
    node->card.org = node->org;
    node->card.identity = public;
    node->card.version = 1;
    node->card.issued_s = 1767225600; /* 2026-01-01 */
    seed = fx_seed(f);
    sk_sign_keypair(&seed, &node->card.signing, &node->secrets.signing);
    seed = fx_seed(f);
    sk_curve_keypair(&seed, &node->card.curve, &node->secrets.curve);
    seed = fx_seed(f);
    sk_seal_keypair(&seed, &node->card.sealing[0].key,
                    &node->secrets.sealing[0]);
    sk_seal_id_of(&node->card.sealing[0].key, &node->card.sealing[0].id);
    node->card.sealing[0].from_s = 1767225600;
    node->card.sealing[0].until_s = 4102444800; /* 2100 */
    node->card.sealing_count = 1;
    node->secrets.sealing_count = 1;
    seed = fx_seed(f);
    memcpy(node->secrets.master.secret_bytes, seed.secret_bytes, 32);
}

/* Sign the card as it now is (after a change: raise its version first). */
static inline void fx_card(struct fx_node *node)
{
    struct sk_bytes out;

    cr_assert(sk_card_encode(
                  &node->card, &node->identity,
                  (struct sk_room){node->card_bytes, sizeof(node->card_bytes)},
                  &out) == SK_OK);
    node->card_size = out.size;
}

static inline enum sk_status fx_open(struct fx *f, size_t at)
{
    struct fx_node *node = &f->nodes[at];
    struct sk_engine_config config = {
        .store = node->store,
        .secrets = &node->secrets,
        .card = &node->card,
        .card_bytes = {node->card_bytes, node->card_size},
        .partner_bytes = f->partner_bytes,
        .recall_part = f->recall_part,
        .manual_clock = f->manual,
        .now_ms = f->real_ms,
    };
    enum sk_status status;

    node->memory = mmap(NULL, SK_ENGINE_MEMORY_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(node->memory != MAP_FAILED);
    config.room.data = node->memory;
    config.room.size_max = SK_ENGINE_MEMORY_SIZE;
    status = sk_engine_open(&config, &node->engine);
    node->wake_ms = UINT64_MAX;
    if (status != SK_OK) {
        munmap(node->memory, SK_ENGINE_MEMORY_SIZE);
        node->memory = NULL;
    }
    return status;
}

static inline void fx_close(struct fx *f, size_t at)
{
    struct fx_node *node = &f->nodes[at];

    if (node->engine == NULL)
        return;
    sk_engine_close(&node->engine);
    munmap(node->memory, SK_ENGINE_MEMORY_SIZE);
    node->memory = NULL;
}

/* The process dies and starts again: what was not committed is gone, and all
   that was in memory. */
static inline void fx_crash(struct fx *f, const char *org)
{
    size_t at = fx_index(f, org);

    fx_close(f, at);
    sk_store_memory_crash(f->nodes[at].store);
    for (size_t i = 0; i < f->count; i++) {
        if (i != at)
            fx_line(f, at, i);
    }
    cr_assert(fx_open(f, at) == SK_OK);
    for (size_t i = 0; i < f->count; i++) {
        if (i != at)
            fx_line(f, at, i);
    }
    fx_run(f);
}

/* ------------------------------------------------------------- charter */

struct fx_charter {
    struct sk_charter charter;
    uint8_t yaml[65536];
    uint8_t manifest[SK_MANIFEST_SIZE_MAX];
    uint8_t signature[SK_MINISIGN_SIGNATURE_SIZE_MAX];
    struct sk_bytes signature_bytes;
};

static inline void fx_identities(struct fx *f, struct sk_charter *charter)
{
    for (size_t i = 0; i < f->count; i++) {
        struct sk_charter_identity one = {.org = f->nodes[i].org,
                                          .key = f->nodes[i].identity_key,
                                          .steward = i == 0};
        size_t at = charter->identities_count++;

        while (at > 0 &&
               strcmp(charter->identities[at - 1].org.text, one.org.text) > 0) {
            charter->identities[at] = charter->identities[at - 1];
            at--;
        }
        charter->identities[at] = one;
    }
}

/* The next version of the charter, signed by its one steward: nodes[0]. */
static inline struct fx_charter *fx_charter(struct fx *f)
{
    struct fx_charter *c = calloc(1, sizeof(*c));
    struct sk_charter *charter = &c->charter;

    cr_assert(sk_org_parse(sk_text("proef"), &charter->id));
    charter->version = ++f->charter_version;
    charter->has_previous = charter->version > 1;
    charter->previous = f->manifest;
    charter->threshold = 1;
    charter->stewards_count = 1;
    fx_identities(f, charter);
    charter->partners_yaml = sk_text(f->partners);
    charter->guards_yaml = sk_text(f->guards);
    charter->vocabulary_yaml = sk_text(f->vocabulary);
    cr_assert(sk_charter_encode(charter,
                                (struct sk_room){c->yaml, sizeof(c->yaml)},
                                &charter->charter_yaml) == SK_OK);
    cr_assert(sk_charter_manifest(
                  charter, (struct sk_room){c->manifest, sizeof(c->manifest)},
                  &charter->manifest_text) == SK_OK);
    sk_sha256(charter->manifest_text, &f->manifest);
    cr_assert(
        sk_minisign_sign(&f->nodes[0].identity, &f->nodes[0].identity_key,
                         charter->manifest_text, "proef",
                         (struct sk_room){c->signature, sizeof(c->signature)},
                         &c->signature_bytes) == SK_OK);
    return c;
}

static inline void fx_member(struct sk_pack *p, const char *key,
                             struct sk_bytes bytes)
{
    sk_pack_cstr(p, key);
    sk_pack_bin(p, bytes);
}

/* {args: {files: {...}}, op, v}, keys ascending bytewise. */
static inline size_t fx_import_request(struct fx *f, const struct fx_charter *c,
                                       struct sk_room room)
{
    struct sk_pack p = sk_pack_start(room);
    char name[128];

    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    sk_pack_map(&p, 1);
    sk_pack_cstr(&p, "files");
    sk_pack_map(&p, 6 + f->count);
    fx_member(&p, "MANIFEST", c->charter.manifest_text);
    snprintf(name, sizeof(name), "MANIFEST.%s.minisig", f->nodes[0].org.text);
    fx_member(&p, name, c->signature_bytes);
    for (size_t i = 0; i < c->charter.identities_count; i++) {
        struct fx_node *node = fx_node(f, c->charter.identities[i].org.text);

        snprintf(name, sizeof(name), "cards/%s.card", node->org.text);
        fx_member(&p, name,
                  (struct sk_bytes){node->card_bytes, node->card_size});
    }
    fx_member(&p, "charter.yaml", c->charter.charter_yaml);
    fx_member(&p, "guards.yaml", c->charter.guards_yaml);
    fx_member(&p, "partners.yaml", c->charter.partners_yaml);
    fx_member(&p, "vocabulary.yaml", c->charter.vocabulary_yaml);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, "charter.import");
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(p.full == false);
    return p.size;
}

static inline void fx_import(struct fx *f, const char *org,
                             const struct fx_charter *c)
{
    static struct sk_effects effects;
    struct sk_input input = {.type = SK_INPUT_CONTROL, .owner = true};
    uint8_t *bytes = malloc(SK_CONTROL_SIZE_MAX);

    input.bytes.data = bytes;
    input.bytes.size =
        fx_import_request(f, c, (struct sk_room){bytes, SK_CONTROL_SIZE_MAX});
    cr_assert(fx_step(f, fx_index(f, org), &input, &effects) == SK_OK);
    memcpy(f->value_bytes, effects.reply.data, effects.reply.size);
    cr_assert(
        sk_value_check((struct sk_bytes){f->value_bytes, effects.reply.size},
                       &f->value) == SK_OK);
    fx_show(f->value, f->reply, FX_TEXT_MAX);
    free(bytes);
}

static inline void fx_import_all(struct fx *f)
{
    struct fx_charter *c = fx_charter(f);

    for (size_t i = 0; i < f->count; i++) {
        if (f->nodes[i].engine == NULL)
            continue;
        fx_import(f, f->nodes[i].org.text, c);
        cr_assert(sk_value_bool(fx_at(f, "ok")), "%s: %s", f->nodes[i].org.text,
                  f->reply);
    }
    free(c);
}

/* A new charter in which this text of partners.yaml reads otherwise. */
static inline void fx_partners(struct fx *f, const char *from, const char *to)
{
    char *at = strstr(f->partners, from);
    char *text = calloc(1, strlen(f->partners) + strlen(to) + 1);

    cr_assert(at != NULL, "partners.yaml has no %s", from);
    memcpy(text, f->partners, (size_t)(at - f->partners));
    strcat(text, to);
    strcat(text, at + strlen(from));
    free(f->partners);
    f->partners = text;
    fx_import_all(f);
    fx_run(f);
}

/* ------------------------------------------------------------- start, end */

/* Every partner of the roster is a node. */
static inline void fx_roster(struct fx *f)
{
    size_t size = 16 * 1024 * 1024;
    void *memory = malloc(size);
    struct sk_arena arena = sk_arena_start(memory, size);
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_node *tree;
    struct sk_node *org;

    cr_assert(sk_yaml_read("partners.yaml", sk_text(f->partners), &arena,
                           &findings, &tree) == SK_OK);
    org = sk_node_get(tree, "orgs");
    cr_assert(org != NULL, "partners.yaml: %s",
              findings.count > 0 ? findings.list[0].en : "no orgs");
    for (org = org->first; org != NULL; org = org->next) {
        cr_assert(f->count < FX_NODES_MAX, "too many partners");
        cr_assert(sk_org_parse(org->key, &f->nodes[f->count++].org));
    }
    free(memory);
}

/* What `policy.activate` takes for this policy on top of the one in force,
   signed by these officers; free(). */
static inline char *fx_signed(struct fx *f, const char *org, const char *policy,
                              unsigned signers)
{
    char previous[80];
    struct sg_request request = {
        .policy = policy, .officers = SG_BOTH, .signers = signers};

    fx_call(f, org, "policy.show", "{}");
    snprintf(previous, sizeof(previous), "%s", fx_text(f, "result.hash"));
    if (strlen(previous) == 64)
        request.previous = previous;
    return sg_arguments(&request);
}

/* Put it into force, signed by two. */
static inline void fx_activate(struct fx *f, const char *org,
                               const char *policy)
{
    char *args = fx_signed(f, org, policy, SG_BOTH);

    fx_ok(f, org, "policy.activate", "%s", args);
    free(args);
}

static inline void fx_policy(struct fx *f, size_t at)
{
    char path[512];
    char *policy;
    FILE *file;

    snprintf(path, sizeof(path), "%s/nodes/%s/policy.yaml", f->bundles,
             f->nodes[at].org.text);
    file = fopen(path, "rb");
    if (file == NULL)
        return;
    fclose(file);
    policy = fx_need(path);
    fx_activate(f, f->nodes[at].org.text, policy);
    free(policy);
    f->nodes[at].policy = true;
}

/* The folder that the story names. */
static inline void fx_bundles(struct fx *f, const char *scenario)
{
    static const char key[] = "\nbundles: ";
    char path[512];
    char *story;
    const char *folder;
    bool top;

    snprintf(path, sizeof(path), "tests/scenarios/%s.yaml",
             strcmp(scenario, "kempen") == 0 ? "S0A" : scenario);
    story = fx_need(path);
    folder = strstr(story, key);
    cr_assert(folder != NULL, "%s names no bundles", path);
    folder += strlen(key);
    top = strncmp(folder, "../../", 6) == 0;
    folder += top ? 6 : 0;
    snprintf(f->bundles, sizeof(f->bundles), "%s%.*s",
             top ? "" : "tests/scenarios/", (int)strcspn(folder, "\n"), folder);
    free(story);
}

/* Keys, cards, stores and engines; no charter yet. */
static inline void fx_begin(struct fx *f, const char *scenario,
                            const char *instant, bool manual)
{
    char path[512];
    int64_t at;

    memset(f, 0, sizeof(*f));
    cr_assert(sodium_init() >= 0);
    cr_assert(sk_instant_parse(sk_text(instant), &at));
    f->real_ms = (uint64_t)at * 1000;
    f->manual = manual;
    f->reply = calloc(1, FX_TEXT_MAX);
    f->value_bytes = calloc(1, SK_CONTROL_SIZE_MAX);
    f->room = malloc(FX_ROOM_MAX);
    fx_bundles(f, scenario);
    snprintf(path, sizeof(path), "%s/partners.yaml", f->bundles);
    f->partners = fx_need(path);
    f->guards = fx_need("policies/library/guards.yaml");
    f->vocabulary = fx_need("policies/library/vocabulary.yaml");
    fx_roster(f);
    for (size_t i = 0; i < f->count; i++) {
        fx_keys(f, &f->nodes[i]);
        fx_card(&f->nodes[i]);
        cr_assert(sk_store_open_memory(&f->nodes[i].store) == SK_OK);
        cr_assert(fx_open(f, i) == SK_OK);
    }
}

/* scenario: a story of tests/scenarios, or "kempen" for that of S0A. */
static inline void fx_start(struct fx *f, const char *scenario,
                            const char *instant)
{
    fx_begin(f, scenario, instant, /* manual */ true);
    fx_import_all(f);
    for (size_t i = 0; i < f->count; i++)
        fx_policy(f, i);
    for (size_t i = 0; i < f->count; i++) {
        for (size_t j = i + 1; j < f->count; j++)
            fx_line(f, i, j);
    }
    fx_run(f);
}

static inline void fx_end(struct fx *f)
{
    for (size_t i = 0; i < f->queue_count; i++)
        free(f->queue[i].bytes);
    for (size_t i = 0; i < f->count; i++) {
        fx_close(f, i);
        sk_store_close(&f->nodes[i].store);
    }
    free(f->reply);
    free(f->value_bytes);
    free(f->room);
    free(f->partners);
    free(f->guards);
    free(f->vocabulary);
}

#endif
