#include "node/engine/handover.h"

#include <string.h>

#include "node/engine/case_list.h"
#include "node/engine/journal.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"
#include "protocol/unpack.h"

#define RECORD_COUNT 13
#define RECORD_SIZE_MAX 512

/* ------------------------------------------------------------- the machine */

#define FROM(state) (1u << SK_HANDOVER_##state)

static const char *const states[] = {
    [SK_HANDOVER_DRAFT] = "draft",       [SK_HANDOVER_REQUESTED] = "requested",
    [SK_HANDOVER_RECEIVED] = "received", [SK_HANDOVER_NEED_INFO] = "need_info",
    [SK_HANDOVER_WAITING] = "waiting",   [SK_HANDOVER_ACCEPTED] = "accepted",
    [SK_HANDOVER_DECLINED] = "declined", [SK_HANDOVER_COMPLETED] = "completed",
    [SK_HANDOVER_RETURNED] = "returned", [SK_HANDOVER_CANCELLED] = "cancelled",
    [SK_HANDOVER_EXPIRED] = "expired",
};

/* domain.yaml, handover.transitions, line by line. */
static const struct {
    const char *input;
    bool sender;
    uint32_t from;
    enum sk_handover_state to;
} transitions[] = {
    [SK_STEP_REQUEST] = {"request", true, FROM(DRAFT) | FROM(NEED_INFO),
                         SK_HANDOVER_REQUESTED},
    [SK_STEP_OPEN] = {"open", false, FROM(REQUESTED), SK_HANDOVER_RECEIVED},
    [SK_STEP_NEED_INFO] = {"answer-need_info", false,
                           FROM(REQUESTED) | FROM(RECEIVED) | FROM(WAITING),
                           SK_HANDOVER_NEED_INFO},
    [SK_STEP_WAITING] = {"answer-waiting", false,
                         FROM(REQUESTED) | FROM(RECEIVED) | FROM(NEED_INFO),
                         SK_HANDOVER_WAITING},
    [SK_STEP_ACCEPT] = {"answer-accepted", false,
                        FROM(REQUESTED) | FROM(RECEIVED) | FROM(NEED_INFO) |
                            FROM(WAITING),
                        SK_HANDOVER_ACCEPTED},
    [SK_STEP_DECLINE] = {"answer-declined", false,
                         FROM(REQUESTED) | FROM(RECEIVED) | FROM(NEED_INFO) |
                             FROM(WAITING),
                         SK_HANDOVER_DECLINED},
    [SK_STEP_COMPLETE] = {"complete", false, FROM(ACCEPTED),
                          SK_HANDOVER_COMPLETED},
    [SK_STEP_RETURN] = {"return", false, FROM(ACCEPTED) | FROM(COMPLETED),
                        SK_HANDOVER_RETURNED},
    [SK_STEP_CANCEL] = {"cancel", true,
                        FROM(REQUESTED) | FROM(RECEIVED) | FROM(NEED_INFO) |
                            FROM(WAITING) | FROM(ACCEPTED),
                        SK_HANDOVER_CANCELLED},
    [SK_STEP_EXPIRE] = {"expire", true,
                        FROM(REQUESTED) | FROM(RECEIVED) | FROM(NEED_INFO),
                        SK_HANDOVER_EXPIRED},
};

bool sk_handover_next(enum sk_handover_state from, enum sk_handover_input input,
                      enum sk_handover_state *to)
{
    if ((transitions[input].from & (1u << from)) == 0)
        return false;
    *to = transitions[input].to;
    return true;
}

const char *sk_handover_state_text(enum sk_handover_state state)
{
    return states[state];
}

const char *sk_handover_input_text(enum sk_handover_input input)
{
    return transitions[input].input;
}

bool sk_handover_input_parse(struct sk_bytes text, enum sk_handover_input *out)
{
    for (size_t i = 0; i < SK_COUNT(transitions); i++) {
        if (sk_bytes_equal(text, sk_text(transitions[i].input))) {
            *out = (enum sk_handover_input)i;
            return true;
        }
    }
    return false;
}

bool sk_handover_input_is_senders(enum sk_handover_input input)
{
    return transitions[input].sender;
}

bool sk_handover_is_open(enum sk_handover_state state)
{
    const uint32_t open = FROM(REQUESTED) | FROM(RECEIVED) | FROM(NEED_INFO) |
                          FROM(WAITING) | FROM(ACCEPTED);

    return (open & (1u << state)) != 0;
}

bool sk_handover_moves(struct sk_bytes kind)
{
    return sk_bytes_equal(kind, sk_text("warm")) ||
           sk_bytes_equal(kind, sk_text("return"));
}

/* ------------------------------------------------------------- handovers */

static struct sk_key id_key(enum sk_table table, const struct sk_id *id)
{
    struct sk_key key = sk_key_start(table);

    sk_key_id(&key, id);
    return key;
}

enum sk_status sk_handover_get(struct sk_engine *e,
                               const struct sk_handover_id *id,
                               struct sk_handover *out)
{
    struct sk_key key = id_key(SK_T_HANDOVER, &id->id);
    struct sk_handover h = {.id = *id};
    struct sk_bytes value;
    struct sk_unpack u;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    u = sk_unpack_start(value);
    sk_unpack_array(&u, RECORD_COUNT);
    h.sender = sk_unpack_bool(&u);
    sk_unpack_org(&u, &h.partner);
    h.kind = sk_unpack_str(&u, 1, 64);
    h.state =
        (enum sk_handover_state)sk_unpack_uint(&u, 0, SK_HANDOVER_EXPIRED);
    sk_unpack_id(&u, &h.trajectory.id);
    h.epoch = sk_unpack_uint(&u, 0, UINT64_MAX);
    sk_unpack_id(&u, &h.participant.id);
    sk_unpack_id(&u, &h.handle.id);
    sk_unpack_id(&u, &h.event.id);
    sk_unpack_id(&u, &h.message.id);
    h.again = sk_unpack_bool(&u);
    h.requested_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    h.changed_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    SK_TRY(sk_unpack_finish(&u));
    h.kind = sk_arena_copy(&e->scratch, h.kind);
    if (h.kind.size == 0)
        return SK_E_MEMORY;
    *out = h;
    return SK_OK;
}

/* Each handover whose id ends a key of this prefix. */
static enum sk_status
each_under(struct sk_engine *e, const struct sk_key *prefix,
           enum sk_status (*fn)(void *context, struct sk_handover *h),
           void *context)
{
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_handover_id id;
        struct sk_handover h;

        if (key.size != prefix->size + SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(id.id.bytes, key.data + prefix->size, SK_ID_SIZE);
        SK_TRY(sk_handover_get(e, &id, &h));
        SK_TRY(fn(context, &h));
        sk_arena_reset(&e->scratch, mark);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_handover_each(struct sk_engine *e, bool open,
                                enum sk_status (*fn)(void *context,
                                                     struct sk_handover *h),
                                void *context)
{
    struct sk_key prefix =
        sk_key_start(open ? SK_T_HANDOVER_OPEN : SK_T_HANDOVER);

    return each_under(e, &prefix, fn, context);
}

enum sk_status sk_handover_person(struct sk_engine *e,
                                  const struct sk_handover *h,
                                  struct sk_participant_id *out)
{
    enum sk_status status;

    *out = h->participant;
    if (h->sender || !sk_id_is_zero(&out->id))
        return SK_OK;
    status = sk_handle_find(e, &h->partner, &h->handle, out);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status each_by(struct sk_engine *e, const struct sk_id *by,
                              enum sk_status (*fn)(void *context,
                                                   struct sk_handover *h),
                              void *context)
{
    struct sk_key prefix = id_key(SK_T_HANDOVER_BY, by);

    return each_under(e, &prefix, fn, context);
}

struct of_handle {
    const struct sk_org *org;
    enum sk_status (*fn)(void *context, struct sk_handover *h);
    void *context;
};

/* Partners choose their handles, also the same ones. */
static enum sk_status call_of_handle(void *context, struct sk_handover *h)
{
    struct of_handle *of = context;

    if (h->sender || !sk_org_equal(&h->partner, of->org))
        return SK_OK;
    return of->fn(of->context, h);
}

enum sk_status sk_handover_of_handle(
    struct sk_engine *e, const struct sk_org *org,
    const struct sk_handle *handle,
    enum sk_status (*fn)(void *context, struct sk_handover *h), void *context)
{
    struct of_handle of = {org, fn, context};

    return each_by(e, &handle->id, call_of_handle, &of);
}

struct about {
    struct sk_engine *e;
    const struct sk_participant_id *person;
    enum sk_status (*fn)(void *context, struct sk_handover *h);
    void *context;
};

/* It is in the index also by whom it was about before. */
static enum sk_status call_named(void *context, struct sk_handover *h)
{
    struct about *about = context;

    if (!sk_id_equal(&h->participant.id, &about->person->id))
        return SK_OK;
    return about->fn(about->context, h);
}

/* Of whom it names itself was called by name. */
static enum sk_status call_unnamed(void *context, struct sk_handover *h)
{
    struct about *about = context;

    if (!sk_id_is_zero(&h->participant.id))
        return SK_OK;
    return about->fn(about->context, h);
}

static enum sk_status call_handle(void *context, const struct sk_org *org,
                                  const struct sk_handle *handle)
{
    struct about *about = context;

    return sk_handover_of_handle(about->e, org, handle, call_unnamed, about);
}

enum sk_status
sk_handover_about(struct sk_engine *e, const struct sk_participant_id *person,
                  enum sk_status (*fn)(void *context, struct sk_handover *h),
                  void *context)
{
    struct about about = {e, person, fn, context};

    SK_TRY(each_by(e, &person->id, call_named, &about));
    return sk_handles_of(e, person, call_handle, &about);
}

/* Ours by whom it is about, a partner's by its handle, and by whom somebody
   said that is. */
static enum sk_status put_by(struct sk_engine *e, const struct sk_id *by,
                             const struct sk_handover *h)
{
    struct sk_key key = id_key(SK_T_HANDOVER_BY, by);

    if (sk_id_is_zero(by))
        return SK_OK;
    sk_key_id(&key, &h->id.id);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){0});
}

/* Who was erased is asked for no more. */
static enum sk_status put_by_person(struct sk_engine *e,
                                    const struct sk_handover *h)
{
    enum sk_status status = sk_participant_exists(e, &h->participant);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return put_by(e, &h->participant.id, h);
}

static enum sk_status put_open(struct sk_engine *e, const struct sk_handover *h)
{
    struct sk_key key = id_key(SK_T_HANDOVER_OPEN, &h->id.id);

    if (sk_handover_is_open(h->state))
        return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                            (struct sk_bytes){0});
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

struct sk_key sk_handover_group(bool open)
{
    struct sk_key key = {.size = 0};

    sk_key_bytes(&key, sk_text(open ? "o" : "c"));
    return key;
}

static struct sk_key row_key(const struct sk_handover *h,
                             const struct sk_id *coach)
{
    struct sk_key key = sk_list_key(SK_LIST_HANDOVERS, coach);
    struct sk_key group = sk_handover_group(sk_handover_is_open(h->state));

    sk_key_bytes(&key, sk_key_done(&group));
    sk_key_id(&key, &h->id.id);
    return key;
}

static enum sk_status find_row(struct sk_engine *e, const struct sk_handover *h,
                               struct sk_key *out)
{
    struct sk_participant_id person;
    struct sk_id coach;

    SK_TRY(sk_handover_person(e, h, &person));
    SK_TRY(sk_case_coach(e, &person, &coach));
    *out = row_key(h, &coach);
    return SK_OK;
}

/* It may be open no more, or about somebody else. */
static enum sk_status drop_before(struct sk_engine *e,
                                  const struct sk_handover_id *id)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_handover before;
    struct sk_key row;
    enum sk_status status = sk_handover_get(e, id, &before);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(find_row(e, &before, &row));
    sk_arena_reset(&e->scratch, mark);
    return sk_list_drop(e, &row);
}

enum sk_status sk_handover_list_move(struct sk_engine *e,
                                     const struct sk_handover *h,
                                     const struct sk_id *from,
                                     const struct sk_id *to)
{
    struct sk_key row = row_key(h, from);
    struct sk_key there = row_key(h, to);

    return sk_list_move(e, &row, &there);
}

enum sk_status sk_handover_put(struct sk_engine *e, const struct sk_handover *h)
{
    struct sk_key key = id_key(SK_T_HANDOVER, &h->id.id);
    uint8_t room[RECORD_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){room, sizeof(room)});
    struct sk_bytes value;
    struct sk_entry entry;
    struct sk_key row;

    SK_TRY(drop_before(e, &h->id));
    sk_pack_array(&p, RECORD_COUNT);
    sk_pack_bool(&p, h->sender);
    sk_pack_str(&p, sk_org_text(&h->partner));
    sk_pack_str(&p, h->kind);
    sk_pack_uint(&p, (uint64_t)h->state);
    sk_pack_id(&p, &h->trajectory.id);
    sk_pack_uint(&p, h->epoch);
    sk_pack_id(&p, &h->participant.id);
    sk_pack_id(&p, &h->handle.id);
    sk_pack_id(&p, &h->event.id);
    sk_pack_id(&p, &h->message.id);
    sk_pack_bool(&p, h->again);
    sk_pack_uint(&p, h->requested_ms);
    sk_pack_uint(&p, h->changed_ms);
    SK_TRY(sk_pack_finish(&p, &value));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value));
    entry = sk_entry_start(e, SK_ENTRY_HANDOVER, &h->partner);
    sk_entry_id(&entry, &h->id.id);
    sk_entry_number(&entry, h->epoch);
    entry.word = sk_text(sk_handover_state_text(h->state));
    SK_TRY(sk_journal_add(e, &entry));
    SK_TRY(put_by_person(e, h));
    if (!h->sender)
        SK_TRY(put_by(e, &h->handle.id, h));
    SK_TRY(find_row(e, h, &row));
    SK_TRY(sk_list_put(e, &row, (struct sk_bytes){0}));
    return put_open(e, h);
}

/* ------------------------------------------------------------- trajectories */

enum sk_status sk_trajectory_get(struct sk_engine *e,
                                 const struct sk_trajectory_id *id,
                                 struct sk_trajectory *out)
{
    struct sk_key key = id_key(SK_T_TRAJECTORY, &id->id);
    struct sk_trajectory t = {.id = *id};
    struct sk_bytes value;
    struct sk_unpack u;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 4);
    sk_unpack_org(&u, &t.owner);
    t.epoch = sk_unpack_uint(&u, 0, UINT64_MAX);
    t.since_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    sk_unpack_id(&u, &t.open.id);
    SK_TRY(sk_unpack_finish(&u));
    *out = t;
    return SK_OK;
}

enum sk_status sk_trajectory_put(struct sk_engine *e,
                                 const struct sk_trajectory *t)
{
    struct sk_key key = id_key(SK_T_TRAJECTORY, &t->id.id);
    uint8_t room[RECORD_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){room, sizeof(room)});
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_OWNER, &t->owner);
    struct sk_bytes value;

    sk_pack_array(&p, 4);
    sk_pack_str(&p, sk_org_text(&t->owner));
    sk_pack_uint(&p, t->epoch);
    sk_pack_uint(&p, t->since_ms);
    sk_pack_id(&p, &t->open.id);
    SK_TRY(sk_pack_finish(&p, &value));
    sk_entry_id(&entry, &t->id.id);
    sk_entry_number(&entry, t->epoch);
    SK_TRY(sk_journal_add(e, &entry));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

enum sk_status sk_trajectory_of(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                struct sk_trajectory *out)
{
    struct sk_key key = id_key(SK_T_TRAJECTORY_OF, &id->id);
    struct sk_trajectory_id trajectory;
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    if (value.size != SK_ID_SIZE)
        return SK_E_BAD_FORM;
    memcpy(trajectory.id.bytes, value.data, SK_ID_SIZE);
    return sk_trajectory_get(e, &trajectory, out);
}

enum sk_status sk_trajectory_set_of(struct sk_engine *e,
                                    const struct sk_participant_id *id,
                                    const struct sk_trajectory_id *trajectory)
{
    struct sk_key key = id_key(SK_T_TRAJECTORY_OF, &id->id);

    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){trajectory->id.bytes, SK_ID_SIZE});
}
