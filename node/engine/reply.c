#include "node/engine/request.h"

#include <string.h>

#include "node/engine/participant.h"
#include "node/engine/state.h"
#include "policies/civil.h"

/* ------------------------------------------------------------- refusals */

enum sk_status(sk_refuse)(struct sk_engine *e, const char *code,
                          const char *field, struct sk_bytes detail)
{
    assert(code != NULL);

    e->refusal = code;
    e->refusal_field = field == NULL ? (struct sk_bytes){0} : sk_text(field);
    e->refusal_detail = detail;
    return SK_E_REFUSED;
}

enum sk_status(sk_refuse_findings)(struct sk_engine *e, const char *code,
                                   const struct sk_findings *findings)
{
    e->refusal_findings = findings;
    return sk_refuse(e, code, NULL, (struct sk_bytes){0});
}

enum sk_status(sk_refuse_reason)(struct sk_engine *e, const char *code,
                                 const char *reason,
                                 const struct sk_bytes *rules, size_t count)
{
    e->refusal_reason = reason;
    e->refusal_rules = rules;
    e->refusal_rules_count = count;
    return sk_refuse(e, code, NULL, (struct sk_bytes){0});
}

struct sk_bytes sk_number_text(struct sk_engine *e, uint64_t number)
{
    char text[21];
    size_t at = sizeof(text);

    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return sk_arena_copy(
        &e->scratch,
        (struct sk_bytes){(const uint8_t *)text + at, sizeof(text) - at});
}

/* ------------------------------------------------------------- packing */

void sk_reply_id(struct sk_pack *p, const char *key, const struct sk_id *id)
{
    char text[SK_ID_TEXT_SIZE + 1];

    sk_id_format(id, text);
    sk_reply_cstr(p, key, text);
}

void sk_reply_day(struct sk_pack *p, const char *key, int32_t day)
{
    char text[11];

    sk_day_format(day, text);
    sk_reply_cstr(p, key, text);
}

void sk_reply_instant(struct sk_pack *p, const char *key, uint64_t ms)
{
    char text[21];

    sk_instant_format((int64_t)(ms / 1000), text);
    sk_reply_cstr(p, key, text);
}

void sk_reply_text(struct sk_pack *p, const char *key, struct sk_bytes text)
{
    sk_pack_cstr(p, key);
    sk_pack_str(p, text);
}

void sk_reply_cstr(struct sk_pack *p, const char *key, const char *text)
{
    sk_pack_cstr(p, key);
    sk_pack_cstr(p, text);
}

void sk_reply_uint(struct sk_pack *p, const char *key, uint64_t value)
{
    sk_pack_cstr(p, key);
    sk_pack_uint(p, value);
}

void sk_reply_bool(struct sk_pack *p, const char *key, bool value)
{
    sk_pack_cstr(p, key);
    sk_pack_bool(p, value);
}

size_t sk_reply_open(struct sk_pack *p)
{
    size_t at = p->size;

    sk_pack_array(p, 0);
    return at;
}

/* The place is one byte; longer forms move what was packed behind it. */
static void close_at(struct sk_pack *p, size_t at, size_t count, uint8_t fix,
                     uint8_t wide)
{
    assert(count <= UINT16_MAX);

    if (p->full)
        return;
    assert(at < p->size);
    if (count <= 15) {
        p->data[at] = (uint8_t)(fix | count);
        return;
    }
    if (p->size_max - p->size < 2) {
        p->full = true;
        return;
    }
    memmove(p->data + at + 3, p->data + at + 1, p->size - at - 1);
    p->data[at] = wide;
    p->data[at + 1] = (uint8_t)(count >> 8);
    p->data[at + 2] = (uint8_t)count;
    p->size += 2;
}

void sk_reply_close_map(struct sk_pack *p, size_t at, size_t count)
{
    close_at(p, at, count, 0x80, 0xde);
}

void sk_reply_close_array(struct sk_pack *p, size_t at, size_t count)
{
    close_at(p, at, count, 0x90, 0xdc);
}

void sk_reply_findings(struct sk_pack *p, const char *key,
                       const struct sk_findings *findings, char kind)
{
    size_t at;
    size_t count = 0;

    sk_pack_cstr(p, key);
    at = sk_reply_open(p);
    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *f = &findings->list[i];

        if (f->code[0] != kind)
            continue;
        sk_pack_map(p, 6);
        sk_reply_cstr(p, "code", f->code);
        sk_reply_uint(p, "column", f->place.column);
        sk_reply_cstr(p, "file", f->place.file);
        sk_reply_uint(p, "line", f->place.line);
        sk_reply_cstr(p, "message_en", f->en);
        sk_reply_cstr(p, "message_nl", f->nl);
        count++;
    }
    sk_reply_close_array(p, at, count);
}

struct sk_pack sk_scratch_pack(struct sk_engine *e, size_t size_max)
{
    struct sk_room room = {0};

    room.data = sk_arena_take(&e->scratch, size_max);
    room.size_max = room.data == NULL ? 0 : size_max;
    return sk_pack_start(room);
}

enum sk_status sk_scratch_packed(struct sk_engine *e, const struct sk_pack *p,
                                 struct sk_bytes *out)
{
    SK_TRY(sk_pack_finish(p, out));
    if (p->data + p->size_max == e->scratch.data + e->scratch.size)
        sk_arena_trim(&e->scratch, p->data, p->size);
    return SK_OK;
}

/* ------------------------------------------------------------- arguments */

struct sk_bytes sk_arg_text(struct sk_value args, const char *name)
{
    return sk_value_str(sk_value_get(args, name));
}

bool sk_arg_id(struct sk_value args, const char *name, struct sk_id *out)
{
    return sk_id_parse(sk_arg_text(args, name), out);
}

bool sk_arg_day(struct sk_value args, const char *name, int32_t *out)
{
    return sk_day_parse(sk_arg_text(args, name), out);
}

bool sk_arg_org(struct sk_value args, const char *name, struct sk_org *out)
{
    return sk_org_parse(sk_arg_text(args, name), out);
}

enum sk_status sk_arg_words(struct sk_engine *e, struct sk_value args,
                            const char *name, const struct sk_bytes **out,
                            size_t *count)
{
    struct sk_value list = sk_value_get(args, name);
    struct sk_value_walk walk = sk_value_walk(list);
    size_t n = sk_value_count(list);
    struct sk_bytes *words = NULL;

    if (n > 0) {
        words = sk_arena_get_array(&e->scratch, n, sizeof(*words));
        if (words == NULL)
            return SK_E_MEMORY;
        for (size_t i = 0; i < n && sk_value_next(&walk); i++)
            words[i] = sk_value_str(walk.value);
    }
    *out = words;
    *count = n;
    return SK_OK;
}

enum sk_status sk_arg_participant(struct sk_engine *e, struct sk_value args,
                                  struct sk_participant_id *out)
{
    struct sk_participant_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (sk_arg_id(args, "participant", &id.id))
        status = sk_participant_exists(e, &id);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-participant", "participant",
                         (struct sk_bytes){0});
    SK_TRY(status);
    e->reply_owner = id.id;
    *out = id;
    return SK_OK;
}

/* ------------------------------------------------------------- pages */

#define PAGE_DEFAULT 200
#define PAGE_MAX 1000

enum sk_status sk_arg_limit(struct sk_engine *e, struct sk_value args,
                            size_t *out)
{
    struct sk_value limit = sk_value_get(args, "limit");
    uint64_t most = PAGE_DEFAULT;

    if (sk_value_kind(limit) == SK_VALUE_UINT)
        most = sk_value_uint(limit);
    if (most < 1 || most > PAGE_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    *out = (size_t)most;
    return SK_OK;
}

void sk_reply_close_page(struct sk_engine *e, size_t top, size_t keys,
                         const struct sk_id *next)
{
    sk_reply_bool(&e->reply, "more", next != NULL);
    if (next != NULL)
        sk_reply_id(&e->reply, "next", next);
    sk_reply_close_map(&e->reply, top, keys + (next != NULL ? 2 : 1));
}
