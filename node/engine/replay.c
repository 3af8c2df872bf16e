/*
 * Rehearsals only (manual clock): the last envelopes of items that left, in a
 * ring of bytes, so that a story can send one again and see what the partner
 * answers.  Nothing new leaves by this: the same bytes, sealed as they were.
 */
#include "node/engine/session.h"

#include <string.h>

#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

#define REPLAY_COUNT 256
#define REPLAY_EVENTS 4096
#define REPLAY_BYTES (4u * 1024 * 1024)

enum replay_state {
    REPLAY_NEVER,
    REPLAY_PENDING,
    REPLAY_DUPLICATE,
    REPLAY_RECALLED,
};

struct kept {
    struct sk_org to;
    uint64_t incarnation;
    uint64_t last;
    size_t at; /* in bytes */
    size_t size;
};

struct kept_event {
    struct sk_message_id message;
    uint64_t envelope; /* count of envelopes before it */
    enum replay_state state;
};

struct sk_replay {
    struct kept kept[REPLAY_COUNT];
    uint64_t kept_count; /* ever; the last REPLAY_COUNT may be there */
    struct kept_event events[REPLAY_EVENTS];
    uint64_t events_count; /* ever */
    size_t used;
    uint8_t bytes[REPLAY_BYTES];
};

struct sk_item *sk_item_room(struct sk_engine *e)
{
    assert(e->replay_room.size_max >= sizeof(struct sk_item));
    return (struct sk_item *)(void *)e->replay_room.data;
}

static struct sk_replay *replay_of(struct sk_engine *e)
{
    size_t before = (sizeof(struct sk_item) + 63) / 64 * 64;

    if (!e->manual_clock)
        return NULL;
    assert(e->replay_room.size_max >= before + sizeof(struct sk_replay));
    if (e->replay == NULL)
        e->replay = (struct sk_replay *)(void *)(e->replay_room.data + before);
    return e->replay;
}

static struct kept *kept_at(struct sk_replay *r, uint64_t envelope)
{
    struct kept *kept = &r->kept[envelope % REPLAY_COUNT];

    if (envelope + REPLAY_COUNT < r->kept_count || kept->size == 0)
        return NULL;
    return kept;
}

/* Forget the envelopes whose bytes are in the way of at..at + size. */
static void make_way(struct sk_replay *r, size_t at, size_t size)
{
    for (size_t i = 0; i < REPLAY_COUNT; i++) {
        struct kept *kept = &r->kept[i];

        if (kept->at < at + size && at < kept->at + kept->size)
            kept->size = 0;
    }
}

void sk_replay_keep(struct sk_engine *e, const struct sk_org *to,
                    uint64_t incarnation, uint64_t last,
                    const struct sk_message_id *messages, size_t count,
                    struct sk_bytes frame)
{
    struct sk_replay *r = replay_of(e);
    struct kept *kept;

    if (r == NULL || count == 0)
        return;
    if (r->used + frame.size > REPLAY_BYTES)
        r->used = 0;
    make_way(r, r->used, frame.size);
    memcpy(r->bytes + r->used, frame.data, frame.size);
    kept = &r->kept[r->kept_count % REPLAY_COUNT];
    kept->to = *to;
    kept->incarnation = incarnation;
    kept->last = last;
    kept->at = r->used;
    kept->size = frame.size;
    r->used += frame.size;
    for (size_t i = 0; i < count; i++) {
        struct kept_event *event = &r->events[r->events_count % REPLAY_EVENTS];

        event->message = messages[i];
        event->envelope = r->kept_count;
        event->state = REPLAY_NEVER;
        r->events_count++;
    }
    r->kept_count++;
}

/* The last time this message left; NULL when that is no longer known. */
static struct kept_event *find(struct sk_replay *r,
                               const struct sk_message_id *id)
{
    uint64_t oldest =
        r->events_count < REPLAY_EVENTS ? 0 : r->events_count - REPLAY_EVENTS;

    for (uint64_t i = r->events_count; i > oldest; i--) {
        struct kept_event *event = &r->events[(i - 1) % REPLAY_EVENTS];

        if (sk_id_equal(&event->message.id, &id->id))
            return event;
    }
    return NULL;
}

enum sk_status sk_replay_send(struct sk_engine *e,
                              const struct sk_message_id *id)
{
    struct sk_replay *r = replay_of(e);
    struct kept_event *event = r == NULL ? NULL : find(r, id);
    struct kept *kept = event == NULL ? NULL : kept_at(r, event->envelope);
    struct sk_room room;
    struct sk_bytes frame;

    if (kept == NULL)
        return SK_E_NOT_FOUND;
    SK_TRY(sk_frame_room(e, &room));
    assert(kept->size <= room.size_max);
    memcpy(room.data, r->bytes + kept->at, kept->size);
    frame = (struct sk_bytes){room.data, kept->size};
    sk_frame_send(e, &kept->to, frame);
    event->state = REPLAY_PENDING;
    return SK_OK;
}

void sk_replay_receipt(struct sk_engine *e, const struct sk_org *from,
                       uint64_t incarnation, uint64_t last)
{
    struct sk_replay *r = replay_of(e);

    if (r == NULL)
        return;
    for (size_t i = 0; i < REPLAY_EVENTS; i++) {
        struct kept_event *event = &r->events[i];
        struct kept *kept;

        if (event->state != REPLAY_PENDING)
            continue;
        kept = kept_at(r, event->envelope);
        if (kept != NULL && sk_org_equal(&kept->to, from) &&
            kept->incarnation == incarnation && kept->last <= last)
            event->state = REPLAY_DUPLICATE;
    }
}

void sk_replay_refusal(struct sk_engine *e, const struct sk_org *from,
                       const struct sk_message_id *id, const char *code)
{
    struct sk_replay *r = replay_of(e);
    struct kept_event *event = r == NULL ? NULL : find(r, id);
    struct kept *kept = event == NULL ? NULL : kept_at(r, event->envelope);

    if (kept == NULL || event->state != REPLAY_PENDING ||
        !sk_org_equal(&kept->to, from))
        return;
    if (strcmp(code, "recalled") == 0 || strcmp(code, "expired") == 0)
        event->state = REPLAY_RECALLED;
}

const char *sk_replay_answer(const struct sk_engine *e,
                             const struct sk_message_id *id)
{
    struct kept_event *event = e->replay == NULL ? NULL : find(e->replay, id);

    if (event == NULL)
        return NULL;
    switch (event->state) {
    case REPLAY_NEVER:
        break;
    case REPLAY_PENDING:
        return "pending";
    case REPLAY_DUPLICATE:
        return "duplicate";
    case REPLAY_RECALLED:
        return "recalled";
    }
    return NULL;
}

enum sk_status sk_op_message_replay(struct sk_engine *e, struct sk_value args)
{
    struct sk_message_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (sk_arg_id(args, "message", &id.id))
        status = sk_replay_send(e, &id);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-message", "message", (struct sk_bytes){0});
    SK_TRY(status);
    sk_pack_map(&e->reply, 2);
    sk_reply_id(&e->reply, "message", &id.id);
    sk_reply_cstr(&e->reply, "replay", "pending");
    return SK_OK;
}
