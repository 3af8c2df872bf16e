#include "node/engine/timer.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

#define RECORD_COUNT 11
#define RECORD_SIZE_MAX 512

/* The row: scope, then sealed under its key or, for handovers, whose state is
   kept in the open too, as it is:
       array [rule, kind, about, key, partner, base, step, day, state,
              changed ms, number]                                          */
enum { SEALED = 's', OPEN = 'o' };

static struct sk_key row_key(bool sealed, uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_TIMER);
    uint8_t how = sealed ? SEALED : OPEN;

    sk_key_bytes(&key, (struct sk_bytes){&how, 1});
    sk_key_u64(&key, number);
    return key;
}

/* ------------------------------------------------------------- rows */

static void pack_day(struct sk_pack *p, int32_t day)
{
    sk_pack_uint(p, (uint64_t)((int64_t)day + INT64_C(0x80000000)));
}

static int32_t unpack_day(struct sk_unpack *u)
{
    uint64_t day = sk_unpack_uint(u, 0, UINT32_MAX);

    return (int32_t)((int64_t)day - INT64_C(0x80000000));
}

static enum sk_status encode(const struct sk_timer *t, struct sk_room room,
                             struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    sk_pack_array(&p, RECORD_COUNT);
    sk_pack_str(&p, t->rule);
    sk_pack_uint(&p, (uint64_t)t->kind);
    sk_pack_id(&p, &t->about);
    sk_pack_id(&p, &t->key);
    sk_pack_str(&p, sk_org_text(&t->partner));
    pack_day(&p, t->base);
    sk_pack_uint(&p, t->step);
    pack_day(&p, t->day);
    sk_pack_uint(&p, (uint64_t)t->state);
    sk_pack_uint(&p, t->changed_ms);
    sk_pack_uint(&p, t->number);
    return sk_pack_finish(&p, out);
}

static enum sk_status decode(struct sk_engine *e, struct sk_bytes plain,
                             struct sk_timer *t)
{
    struct sk_unpack u = sk_unpack_start(plain);
    struct sk_bytes partner;

    sk_unpack_array(&u, RECORD_COUNT);
    t->rule = sk_unpack_str(&u, 1, RECORD_SIZE_MAX);
    t->kind = (enum sk_timer_about)sk_unpack_uint(&u, 0, SK_TIMER_ABOUT_LAST);
    sk_unpack_id(&u, &t->about);
    sk_unpack_id(&u, &t->key);
    partner = sk_unpack_str(&u, 0, SK_ORG_SIZE_MAX);
    t->base = unpack_day(&u);
    t->step = (uint32_t)sk_unpack_uint(&u, 0, UINT32_MAX);
    t->day = unpack_day(&u);
    t->state = (enum sk_timer_state)sk_unpack_uint(&u, 0, SK_TIMER_DONE);
    t->changed_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    t->number = sk_unpack_uint(&u, 1, UINT64_MAX);
    SK_TRY(sk_unpack_finish(&u));
    memset(&t->partner, 0, sizeof(t->partner));
    if (partner.size > 0 && !sk_org_parse(partner, &t->partner))
        return SK_E_BAD_VALUE;
    t->rule = sk_arena_copy(&e->scratch, t->rule);
    return t->rule.size == 0 ? SK_E_MEMORY : SK_OK;
}

static enum sk_status put_row(struct sk_engine *e, const struct sk_timer *t)
{
    struct sk_key key = row_key(t->sealed, t->number);
    uint8_t bytes[SK_ID_SIZE + RECORD_SIZE_MAX];
    struct sk_bytes plain;

    SK_TRY(encode(t, (struct sk_room){bytes + SK_ID_SIZE, RECORD_SIZE_MAX},
                  &plain));
    if (t->sealed)
        return sk_vault_put_owned(e, &t->scope, sk_key_done(&key), plain);
    memcpy(bytes, t->scope.bytes, SK_ID_SIZE);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){bytes, SK_ID_SIZE + plain.size});
}

/* What is due already waits for the next look, which then must happen today. */
static void look_again(struct sk_engine *e, const struct sk_timer *t)
{
    if (t->state == SK_TIMER_WAITS && t->day <= e->due_day)
        e->due_day = t->day == INT32_MIN ? t->day : t->day - 1;
}

enum sk_status sk_timer_add(struct sk_engine *e, struct sk_timer *t)
{
    uint64_t before;

    SK_TRY(sk_series_next(e, SK_SERIES_TIMERS, &before));
    t->number = before + 1;
    t->state = SK_TIMER_WAITS;
    SK_TRY(put_row(e, t));
    look_again(e, t);
    return sk_timer_list_new(e, t);
}

/* SK_E_NOT_FOUND also when the key of its scope is gone; out->scope is then
   known when the row is there. */
static enum sk_status get_how(struct sk_engine *e, bool sealed, uint64_t number,
                              struct sk_timer *out)
{
    struct sk_key key = row_key(sealed, number);
    struct sk_bytes plain;

    if (sealed) {
        SK_TRY(sk_vault_get_owned(e, sk_key_done(&key), &out->scope, &plain));
    } else {
        SK_TRY(
            sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &plain));
        if (plain.size < SK_ID_SIZE)
            return SK_E_BAD_FORM;
        memcpy(out->scope.bytes, plain.data, SK_ID_SIZE);
        plain.data += SK_ID_SIZE;
        plain.size -= SK_ID_SIZE;
    }
    SK_TRY(decode(e, plain, out));
    out->sealed = sealed;
    return out->number == number ? SK_OK : SK_E_BAD_VALUE;
}

enum sk_status sk_timer_get(struct sk_engine *e, uint64_t number,
                            struct sk_timer *out)
{
    struct sk_timer timer = {0};
    enum sk_status status = get_how(e, true, number, &timer);

    if (status == SK_E_NOT_FOUND)
        status = get_how(e, false, number, &timer);
    SK_TRY(status);
    *out = timer;
    return SK_OK;
}

enum sk_status sk_timer_move(struct sk_engine *e, struct sk_timer *t,
                             int32_t day, enum sk_timer_state state)
{
    SK_TRY(sk_timer_list_move(e, t, day, state));
    t->day = day;
    if (t->state != state)
        t->changed_ms = e->now_ms;
    t->state = state;
    look_again(e, t);
    return put_row(e, t);
}

enum sk_status sk_timer_drop(struct sk_engine *e, const struct sk_timer *t)
{
    struct sk_key row = row_key(t->sealed, t->number);

    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&row)));
    return sk_timer_list_drop(e, t);
}

enum sk_status sk_timer_forget_number(struct sk_engine *e,
                                      const struct sk_timer_walk *walk)
{
    struct sk_timer t = {.sealed = true,
                         .number = walk->number,
                         .day = walk->day,
                         .state = walk->state};
    struct sk_key row = row_key(/* sealed */ true, walk->number);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&row), &value));
    if (value.size < SK_ID_SIZE)
        return SK_E_BAD_FORM;
    memcpy(t.scope.bytes, value.data, SK_ID_SIZE);
    return sk_timer_drop(e, &t);
}

enum sk_status sk_timer_each(struct sk_engine *e, const struct sk_id *scope,
                             enum sk_status (*fn)(void *context,
                                                  struct sk_timer *timer),
                             void *context)
{
    struct sk_key prefix = sk_key_start(SK_T_TIMER_OF);
    struct sk_scan scan;

    sk_key_id(&prefix, scope);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_timer timer;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (key.size != prefix.size + 8)
            return SK_E_BAD_LENGTH;
        status = sk_timer_get(e, sk_u64_read(key.data + prefix.size), &timer);
        if (status == SK_OK)
            status = fn(context, &timer);
        else if (status == SK_E_NOT_FOUND)
            status = SK_OK;
        sk_arena_reset(&e->scratch, mark);
        SK_TRY(status);
    }
}
