#include "node/engine/case_list.h"

#include <string.h>

#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/notice_in.h"
#include "node/engine/relation.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"
#include "node/engine/user.h"

#define FF 0xff, 0xff, 0xff, 0xff

const struct sk_id sk_list_several = {{FF, FF, FF, FF}};

/* ------------------------------------------------------------- rows */

struct sk_key sk_list_key(enum sk_list list, const struct sk_id *coach)
{
    struct sk_key key = sk_key_start(SK_T_LIST);
    uint8_t byte = (uint8_t)list;

    sk_key_bytes(&key, (struct sk_bytes){&byte, 1});
    sk_key_id(&key, coach);
    return key;
}

enum sk_status sk_list_put(struct sk_engine *e, const struct sk_key *row,
                           struct sk_bytes value)
{
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(row), value);
}

enum sk_status sk_list_drop(struct sk_engine *e, const struct sk_key *row)
{
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(row));
}

enum sk_status sk_list_move(struct sk_engine *e, const struct sk_key *row,
                            const struct sk_key *to)
{
    uint8_t copy[SK_ID_SIZE];
    struct sk_bytes value;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(row), &value);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (value.size > sizeof(copy))
        return SK_E_BAD_LENGTH;
    if (value.size > 0)
        memcpy(copy, value.data, value.size);
    value.data = copy;
    SK_TRY(sk_list_drop(e, row));
    return sk_list_put(e, to, value);
}

/* ------------------------------------------------------------- in order */

struct stream {
    struct sk_scan scan;
    struct sk_bytes value;
    bool open;
};

struct sk_list_walk {
    struct sk_engine *e;
    enum sk_list list;
    const struct sk_key *groups;
    size_t groups_count;
    struct sk_bytes after;
    bool stands_in; /* who asks, for somebody */
    struct stream *streams;
    size_t count;
    size_t count_max;
    struct stream *last; /* the one that gave the last place, or NULL */
};

static struct sk_bytes place_of(const struct stream *s)
{
    return (struct sk_bytes){s->scan.at + s->scan.prefix_size,
                             s->scan.at_size - s->scan.prefix_size};
}

static bool is_before(const struct stream *a, const struct stream *b)
{
    struct sk_bytes one = place_of(a);
    struct sk_bytes two = place_of(b);
    size_t size = one.size < two.size ? one.size : two.size;
    int order = memcmp(one.data, two.data, size);

    return order != 0 ? order < 0 : one.size < two.size;
}

static enum sk_status advance(struct stream *s)
{
    struct sk_bytes key;
    enum sk_status status = sk_scan_next(&s->scan, &key, &s->value);

    s->open = status == SK_OK;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* What is empty takes no place. */
static enum sk_status add_coach(void *context, const struct sk_id *coach,
                                int32_t until)
{
    struct sk_list_walk *walk = context;

    (void)until;
    for (size_t i = 0; i < walk->groups_count; i++) {
        struct sk_key prefix = sk_list_key(walk->list, coach);
        struct stream *s = &walk->streams[walk->count];
        struct sk_key from;

        assert(walk->count < walk->count_max);

        sk_key_bytes(&prefix, sk_key_done(&walk->groups[i]));
        from = prefix;
        sk_key_bytes(&from, walk->after);
        s->scan = sk_scan_after(walk->e->store, SK_SPACE_DATA,
                                sk_key_done(&prefix), sk_key_done(&from));
        SK_TRY(advance(s));
        walk->count += s->open ? 1 : 0;
    }
    return SK_OK;
}

static enum sk_status count_one(void *context, const struct sk_id *whom,
                                int32_t until)
{
    size_t *count = context;

    (void)whom;
    (void)until;
    (*count)++;
    return SK_OK;
}

/* As sk_case_is_seen() has it.  A node without users has nobody's cases. */
static enum sk_status add_asker(struct sk_list_walk *walk)
{
    const struct sk_asker *asker = &walk->e->asker;
    const struct sk_id nobody = {0};

    if (!asker->known)
        return add_coach(walk, &nobody, 0);
    if ((asker->roles & SK_ROLE_BIT(SK_ROLE_COACH)) == 0)
        return SK_OK;
    SK_TRY(add_coach(walk, &nobody, 0));
    SK_TRY(add_coach(walk, &asker->id, 0));
    SK_TRY(sk_stand_in_each(walk->e, &asker->id, add_coach, walk));
    return walk->stands_in && walk->list == SK_LIST_NOTICES
               ? add_coach(walk, &sk_list_several, 0)
               : SK_OK;
}

enum sk_status sk_list_walk(struct sk_engine *e, enum sk_list list,
                            const struct sk_key *groups, size_t groups_count,
                            struct sk_bytes after, struct sk_list_walk **out)
{
    struct sk_list_walk *walk = sk_arena_get(&e->scratch, sizeof(*walk));
    size_t others = 0;

    if (walk == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_stand_in_each(e, &e->asker.id, count_one, &others));
    *walk = (struct sk_list_walk){.e = e,
                                  .list = list,
                                  .groups = groups,
                                  .groups_count = groups_count,
                                  .after = after,
                                  .stands_in = others > 0,
                                  /* nobody, who asks, several */
                                  .count_max = (3 + others) * groups_count};
    walk->streams = sk_arena_get_array(&e->scratch, walk->count_max + 1,
                                       sizeof(*walk->streams));
    if (walk->streams == NULL)
        return SK_E_MEMORY;
    SK_TRY(add_asker(walk));
    *out = walk;
    return SK_OK;
}

enum sk_status sk_list_walk_next(struct sk_list_walk *walk,
                                 struct sk_bytes *place, struct sk_bytes *value)
{
    struct stream *first = NULL;

    if (walk->last != NULL)
        SK_TRY(advance(walk->last));
    for (size_t i = 0; i < walk->count; i++) {
        struct stream *s = &walk->streams[i];

        if (s->open && (first == NULL || is_before(s, first)))
            first = s;
    }
    walk->last = first;
    if (first == NULL)
        return SK_E_NOT_FOUND;
    *place = place_of(first);
    *value = first->value;
    return SK_OK;
}

/* ------------------------------------------------------------- moving */

struct moving {
    struct sk_engine *e;
    const struct sk_id *from;
    const struct sk_id *to;
};

static enum sk_status move_handover(void *context, struct sk_handover *h)
{
    struct moving *m = context;

    return sk_handover_list_move(m->e, h, m->from, m->to);
}

/* Whom it names itself, it is about. */
static enum sk_status move_unnamed(void *context, struct sk_handover *h)
{
    return sk_id_is_zero(&h->participant.id) ? move_handover(context, h)
                                             : SK_OK;
}

enum sk_status sk_list_handle_moved(struct sk_engine *e,
                                    const struct sk_org *org,
                                    const struct sk_handle *handle,
                                    const struct sk_id *from,
                                    const struct sk_id *to)
{
    struct moving m = {e, from, to};

    if (sk_id_equal(from, to))
        return SK_OK;
    SK_TRY(sk_inbox_list_move(e, org, handle, from, to));
    SK_TRY(sk_notices_relist(e, &handle->id));
    return sk_handover_of_handle(e, org, handle, move_unnamed, &m);
}

static enum sk_status move_handle(void *context, const struct sk_org *org,
                                  const struct sk_handle *handle)
{
    struct moving *m = context;

    SK_TRY(sk_inbox_list_move(m->e, org, handle, m->from, m->to));
    return sk_notices_relist(m->e, &handle->id);
}

enum sk_status sk_list_case_moved(struct sk_engine *e,
                                  const struct sk_participant_id *person,
                                  const struct sk_id *from,
                                  const struct sk_id *to)
{
    struct moving m = {e, from, to};

    if (sk_id_equal(from, to))
        return SK_OK;
    SK_TRY(sk_handles_of(e, person, move_handle, &m));
    SK_TRY(sk_handover_about(e, person, move_handover, &m));
    SK_TRY(sk_notices_relist(e, &person->id));
    return sk_erasure_list_move(e, person, from, to);
}

enum sk_status sk_list_handovers_moved(struct sk_engine *e,
                                       const struct sk_id *from,
                                       const struct sk_id *to)
{
    struct sk_key prefix = sk_list_key(SK_LIST_HANDOVERS, from);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_key there = sk_list_key(SK_LIST_HANDOVERS, to);
        struct sk_key row = {.size = 0};

        sk_key_bytes(&row, key);
        sk_key_bytes(&there, (struct sk_bytes){key.data + prefix.size,
                                               key.size - prefix.size});
        SK_TRY(sk_list_move(e, &row, &there));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}
