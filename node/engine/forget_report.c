#include "node/engine/forgotten.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/case_list.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

static int by_id(const struct sk_forgotten_part *part, size_t a, size_t b)
{
    return memcmp(&part->messages[a].id, &part->messages[b].id,
                  sizeof(part->messages[a].id));
}

static void pack_messages(struct sk_pack *p,
                          const struct sk_forgotten_part *part)
{
    static const char *const states[] = {"asked", "erased", "kept"};
    size_t order[SK_NOTICE_MESSAGES_MAX];

    for (size_t i = 0; i < part->messages_count; i++) {
        size_t j = i;

        for (; j > 0 && by_id(part, order[j - 1], i) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    sk_pack_cstr(p, "messages");
    sk_pack_map(p, part->messages_count);
    for (size_t i = 0; i < part->messages_count; i++) {
        char text[SK_ID_TEXT_SIZE + 1];

        sk_id_format(&part->messages[order[i]].id.id, text);
        sk_pack_cstr(p, text);
        sk_pack_cstr(p, states[part->messages[order[i]].state]);
    }
}

static void pack_part(struct sk_pack *p, const struct sk_forgotten_part *part,
                      const struct sk_id *notice)
{
    bool answered = part->answered_ms != 0;
    bool kept = part->law_reference.size > 0;

    sk_pack_map(p, 4u + (answered ? 1 : 0) + (kept ? 2 : 0));
    if (answered)
        sk_reply_instant(p, "answered", part->answered_ms);
    sk_reply_instant(p, "at", part->at_ms);
    if (kept) {
        sk_reply_text(p, "keep_until", part->keep_until);
        sk_reply_text(p, "law_reference", part->law_reference);
    }
    pack_messages(p, part);
    sk_reply_id(p, "notice", notice);
    sk_reply_text(p, "to", sk_org_text(&part->to));
}

/* The key "partners" with its value; open: how many did not answer in full. */
static enum sk_status pack_parts(struct sk_engine *e, const struct sk_id *id,
                                 uint64_t *open)
{
    struct sk_key prefix = sk_forgotten_key(id);
    struct sk_scan scan = sk_scan_after(
        e->store, SK_SPACE_DATA, sk_key_done(&prefix), sk_key_done(&prefix));
    size_t count = 0;
    size_t at;

    *open = 0;
    sk_pack_cstr(&e->reply, "partners");
    at = sk_reply_open(&e->reply);
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_forgotten_part *part =
            sk_arena_get(&e->scratch, sizeof(*part));
        struct sk_id notice;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status;

        if (part == NULL)
            return SK_E_MEMORY;
        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        if (key.size != 1 + 2 * SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(notice.bytes, key.data + 1 + SK_ID_SIZE, SK_ID_SIZE);
        SK_TRY(sk_forgotten_part_read(e, value, part));
        pack_part(&e->reply, part, &notice);
        *open += part->answered_ms == 0 ? 1 : 0;
        count++;
        sk_arena_reset(&e->scratch, mark);
    }
    sk_reply_close_array(&e->reply, at, count);
    return SK_OK;
}

static enum sk_status pack_erasure(struct sk_engine *e,
                                   const struct sk_forgotten *erasure)
{
    struct sk_pack *p = &e->reply;
    bool kept = erasure->keep_until.size > 0;
    bool erased = erasure->erased_ms != 0;
    uint64_t open;

    sk_pack_map(p, 6u + (erased ? 1 : 0) + (kept ? 2 : 0));
    sk_reply_instant(p, "at", erasure->at_ms);
    if (erased)
        sk_reply_instant(p, "erased", erasure->erased_ms);
    sk_reply_text(p, "ground", erasure->ground);
    if (kept) {
        sk_reply_text(p, "keep_until", erasure->keep_until);
        sk_reply_text(p, "law", erasure->law);
    }
    sk_reply_cstr(p, "own", erased ? "erased" : "kept");
    sk_reply_id(p, "participant", &erasure->participant.id);
    SK_TRY(pack_parts(e, &erasure->participant.id, &open));
    sk_reply_uint(p, "waiting", open);
    return SK_OK;
}

#define LIST_MAX 200

struct listing {
    struct sk_id last; /* shown */
    size_t count;
    bool more;
};

/* One that who asks may see. */
static enum sk_status list_one(struct sk_engine *e, struct listing *l,
                               const struct sk_id *id)
{
    struct sk_forgotten erasure;

    l->more = l->count == LIST_MAX;
    if (l->more)
        return SK_OK;
    l->count++;
    l->last = *id;
    SK_TRY(sk_forgotten_get(e, id, &erasure));
    return pack_erasure(e, &erasure);
}

/* Of a coach: the lists look at the own cases only. */
static enum sk_status list_own(struct sk_engine *e, struct listing *l,
                               struct sk_bytes after)
{
    const struct sk_key whole = {.size = 0};
    struct sk_list_walk *walk;

    SK_TRY(sk_list_walk(e, SK_LIST_ERASURES, &whole, 1, after, &walk));
    while (!l->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_id id;
        struct sk_bytes place;
        struct sk_bytes value;
        enum sk_status status = sk_list_walk_next(walk, &place, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (place.size != SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(id.bytes, place.data, SK_ID_SIZE);
        SK_TRY(list_one(e, l, &id));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

/* Of a privacy officer, who sees them all. */
static enum sk_status list_all(struct sk_engine *e, struct listing *l,
                               struct sk_bytes after)
{
    struct sk_key prefix = sk_key_start(SK_T_ERASURE);
    struct sk_key from = prefix;
    struct sk_scan scan;

    sk_key_bytes(&from, after);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    while (!l->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_id id;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (key.size != 1 + SK_ID_SIZE)
            continue; /* a part */
        memcpy(id.bytes, key.data + 1, SK_ID_SIZE);
        SK_TRY(list_one(e, l, &id));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

enum sk_status sk_op_participant_erasure(struct sk_engine *e,
                                         struct sk_value args)
{
    struct sk_forgotten erasure;
    struct sk_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (sk_arg_id(args, "participant", &id))
        status = sk_forgotten_get(e, &id, &erasure);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-erasure", "participant",
                         (struct sk_bytes){0});
    SK_TRY(status);
    return pack_erasure(e, &erasure);
}

enum sk_status sk_op_participant_erasures(struct sk_engine *e,
                                          struct sk_value args)
{
    struct listing l = {.count = 0};
    struct sk_key after = {.size = 0};
    size_t top = sk_reply_open(&e->reply);
    struct sk_id id;
    size_t at;

    if (sk_arg_id(args, "after", &id))
        sk_key_id(&after, &id);
    sk_pack_cstr(&e->reply, "erasures");
    at = sk_reply_open(&e->reply);
    if (sk_asker_is_officer(e))
        SK_TRY(list_all(e, &l, sk_key_done(&after)));
    else
        SK_TRY(list_own(e, &l, sk_key_done(&after)));
    sk_reply_close_array(&e->reply, at, l.count);
    sk_reply_bool(&e->reply, "more", l.more);
    if (l.more)
        sk_reply_id(&e->reply, "next", &l.last);
    sk_reply_close_map(&e->reply, top, l.more ? 3 : 2);
    return SK_OK;
}
