#include "node/engine/timer.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"

/*
 * The lists that a timer is on, so that nobody's agenda is found by looking at
 * everybody's.  SK_T_TIMER_DAY, then
 *     'w' day, number                      what waits, of the whole node
 *     'l' tell, coach, state, day, number  for who is told; coach zero: nobody
 *                                          has the case
 * SK_T_TIMER_ABOUT, person, state, day, number: about somebody
 * SK_T_TIMER_OF says on which lists a timer is, so that it leaves just those.
 */

#define PLACE_SIZE (1 + 2 * SK_ID_SIZE)

static void key_byte(struct sk_key *key, unsigned byte)
{
    uint8_t one = (uint8_t)byte;

    sk_key_bytes(key, (struct sk_bytes){&one, 1});
}

/* Days before 1970 sort first. */
static void key_at(struct sk_key *key, int32_t day, uint64_t number)
{
    sk_key_u64(key, (uint64_t)((int64_t)day + INT64_C(0x80000000)));
    sk_key_u64(key, number);
}

static struct sk_key list_prefix(enum sk_timer_list list, unsigned tell,
                                 const struct sk_id *id,
                                 enum sk_timer_state state)
{
    struct sk_key key;

    if (list == SK_TIMER_LIST_ABOUT) {
        key = sk_key_person(SK_T_TIMER_ABOUT, id);
        key_byte(&key, state);
        return key;
    }
    key = sk_key_start(SK_T_TIMER_DAY);
    key_byte(&key, (unsigned)list);
    if (list == SK_TIMER_LIST_TOLD) {
        key_byte(&key, tell);
        sk_key_id(&key, id);
        key_byte(&key, state);
    }
    return key;
}

static struct sk_key scope_key(const struct sk_timer *t)
{
    struct sk_key key = sk_key_start(SK_T_TIMER_OF);

    sk_key_id(&key, &t->scope);
    sk_key_u64(&key, t->number);
    return key;
}

/* ------------------------------------------------------------- on and off */

struct place {
    uint8_t tell;
    struct sk_id coach;
    struct sk_id person;
};

enum sk_timer_tell sk_timer_tell_of(struct sk_bytes word)
{
    if (sk_bytes_equal(word, sk_text("privacy")))
        return SK_TELL_PRIVACY;
    return sk_bytes_equal(word, sk_text("team-lead")) ? SK_TELL_LEAD
                                                      : SK_TELL_COACH;
}

/* Where it belongs by what is known now. */
static enum sk_status find_place(struct sk_engine *e, const struct sk_timer *t,
                                 struct place *out)
{
    const struct sk_timer_rule *rule =
        sk_timer_rule_find(e->timer_rules, t->rule);
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_participant_id person;

    *out = (struct place){.tell = SK_TELL_COACH};
    if (rule != NULL)
        out->tell = (uint8_t)sk_timer_tell_of(rule->tell);
    SK_TRY(sk_timer_person(e, t, &person));
    sk_arena_reset(&e->scratch, mark);
    out->person = person.id;
    /* Officers have no cases. */
    if (out->tell == SK_TELL_PRIVACY || sk_id_is_zero(&person.id))
        return SK_OK;
    return sk_case_coach(e, &person, &out->coach);
}

static enum sk_status read_place(struct sk_engine *e, const struct sk_timer *t,
                                 struct place *out)
{
    struct sk_key key = scope_key(t);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    if (value.size != PLACE_SIZE)
        return SK_E_BAD_LENGTH;
    out->tell = value.data[0];
    memcpy(out->coach.bytes, value.data + 1, SK_ID_SIZE);
    memcpy(out->person.bytes, value.data + 1 + SK_ID_SIZE, SK_ID_SIZE);
    return SK_OK;
}

static enum sk_status put_place(struct sk_engine *e, const struct sk_timer *t,
                                const struct place *place)
{
    struct sk_key key = scope_key(t);
    uint8_t value[PLACE_SIZE];

    value[0] = place->tell;
    memcpy(value + 1, place->coach.bytes, SK_ID_SIZE);
    memcpy(value + 1 + SK_ID_SIZE, place->person.bytes, SK_ID_SIZE);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){value, sizeof(value)});
}

static enum sk_status put_or_drop(struct sk_engine *e, struct sk_key key,
                                  const struct sk_timer *t, bool put)
{
    key_at(&key, t->day, t->number);
    if (!put)
        return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){0});
}

static enum sk_status put_on(struct sk_engine *e, const struct sk_timer *t,
                             const struct place *place, bool put)
{
    struct sk_key told =
        list_prefix(SK_TIMER_LIST_TOLD, place->tell, &place->coach, t->state);
    struct sk_key about =
        list_prefix(SK_TIMER_LIST_ABOUT, 0, &place->person, t->state);
    struct sk_key waits =
        list_prefix(SK_TIMER_LIST_WAITS, 0, NULL, SK_TIMER_WAITS);

    SK_TRY(put_or_drop(e, told, t, put));
    if (!sk_id_is_zero(&place->person))
        SK_TRY(put_or_drop(e, about, t, put));
    if (t->state != SK_TIMER_WAITS)
        return SK_OK;
    return put_or_drop(e, waits, t, put);
}

enum sk_status sk_timer_list_new(struct sk_engine *e, const struct sk_timer *t)
{
    struct place place;

    SK_TRY(find_place(e, t, &place));
    SK_TRY(put_place(e, t, &place));
    return put_on(e, t, &place, /* put */ true);
}

enum sk_status sk_timer_list_move(struct sk_engine *e, const struct sk_timer *t,
                                  int32_t day, enum sk_timer_state state)
{
    struct sk_timer moved = *t;
    struct place place;

    moved.day = day;
    moved.state = state;
    SK_TRY(read_place(e, t, &place));
    SK_TRY(put_on(e, t, &place, /* put */ false));
    return put_on(e, &moved, &place, /* put */ true);
}

enum sk_status sk_timer_list_drop(struct sk_engine *e, const struct sk_timer *t)
{
    struct sk_key key = scope_key(t);
    struct place place;

    SK_TRY(read_place(e, t, &place));
    SK_TRY(put_on(e, t, &place, /* put */ false));
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* Another coach has the case, or somebody said who it is about. */
static enum sk_status relist(void *context, struct sk_timer *t)
{
    struct sk_engine *e = context;
    struct place before;
    struct place now;

    SK_TRY(read_place(e, t, &before));
    SK_TRY(find_place(e, t, &now));
    SK_TRY(put_on(e, t, &before, /* put */ false));
    SK_TRY(put_place(e, t, &now));
    return put_on(e, t, &now, /* put */ true);
}

enum sk_status sk_timers_relist(struct sk_engine *e, const struct sk_id *scope)
{
    return sk_timer_each(e, scope, relist, e);
}

enum sk_status sk_timers_relist_about(struct sk_engine *e,
                                      const struct sk_participant_id *person)
{
    return sk_timer_each_about(e, person, relist, e);
}

/* ------------------------------------------------------------- in order */

struct sk_timer_walk sk_timer_walk_waits(void)
{
    return (struct sk_timer_walk){.list = SK_TIMER_LIST_WAITS,
                                  .day = INT32_MIN};
}

struct sk_timer_walk sk_timer_walk_told(enum sk_timer_tell tell,
                                        const struct sk_id *coach,
                                        enum sk_timer_state state)
{
    return (struct sk_timer_walk){.list = SK_TIMER_LIST_TOLD,
                                  .tell = tell,
                                  .id = *coach,
                                  .state = state,
                                  .day = INT32_MIN};
}

struct sk_timer_walk sk_timer_walk_about(const struct sk_participant_id *person,
                                         enum sk_timer_state state)
{
    return (struct sk_timer_walk){.list = SK_TIMER_LIST_ABOUT,
                                  .id = person->id,
                                  .state = state,
                                  .day = INT32_MIN};
}

enum sk_status sk_timer_walk_next(struct sk_engine *e,
                                  struct sk_timer_walk *walk)
{
    struct sk_key prefix =
        list_prefix(walk->list, walk->tell, &walk->id, walk->state);
    struct sk_key from = prefix;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;

    key_at(&from, walk->day, walk->number);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    SK_TRY(sk_scan_next(&scan, &key, &value));
    if (key.size != prefix.size + 16 ||
        sk_u64_read(key.data + prefix.size) > UINT32_MAX)
        return SK_E_BAD_LENGTH;
    walk->day = (int32_t)((int64_t)sk_u64_read(key.data + prefix.size) -
                          INT64_C(0x80000000));
    walk->number = sk_u64_read(key.data + prefix.size + 8);
    return SK_OK;
}

enum sk_status
sk_timer_each_about(struct sk_engine *e, const struct sk_participant_id *person,
                    enum sk_status (*fn)(void *context, struct sk_timer *timer),
                    void *context)
{
    for (int state = SK_TIMER_WAITS; state <= SK_TIMER_DONE; state++) {
        struct sk_timer_walk walk =
            sk_timer_walk_about(person, (enum sk_timer_state)state);
        enum sk_status status;

        while ((status = sk_timer_walk_next(e, &walk)) == SK_OK) {
            size_t mark = sk_arena_mark(&e->scratch);
            struct sk_timer t;

            status = sk_timer_get(e, walk.number, &t);
            if (status == SK_OK)
                SK_TRY(fn(context, &t));
            else if (status != SK_E_NOT_FOUND)
                return status;
            sk_arena_reset(&e->scratch, mark);
        }
        if (status != SK_E_NOT_FOUND)
            return status;
    }
    return SK_OK;
}

enum sk_status sk_timers_count(struct sk_engine *e, enum sk_timer_state state,
                               uint64_t *count)
{
    struct sk_key prefix = sk_key_start(SK_T_TIMER_DAY);
    size_t at = 3 + SK_ID_SIZE;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    key_byte(&prefix, SK_TIMER_LIST_TOLD);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    *count = 0;
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        if (key.size != at + 17)
            return SK_E_BAD_LENGTH;
        *count += key.data[at] == (uint8_t)state ? 1 : 0;
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}
