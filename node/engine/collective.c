#include "node/engine/apply.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/leave.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"

/* DOMAIN 3.6: messages that are not about persons.  The keys of their bodies,
   as domain.yaml lists them; no other key may be there.  Figures are not
   published by hand. */
#define BODY_KEYS_MAX 12

struct collective_key {
    const char *name;
    bool optional;
};
static const struct collective_type {
    const char *name;
    struct collective_key keys[BODY_KEYS_MAX];
} types[] = {
    {"competence.profile.published",
     {{"profile_ref", false},
      {"theme", false},
      {"title", false},
      {"occupation", false},
      {"skills", false},
      {"tasks", false},
      {"level", false},
      {"language_need", false},
      {"profile_version", false},
      {"licence", false}}},
    {"place.offered",
     {{"place_ref", false},
      {"workplace_org", false},
      {"workplace_kind", false},
      {"occupation", true},
      {"profile_ref", true},
      {"hours_week", false},
      {"municipality", false},
      {"language_need", false},
      {"places", false},
      {"open_until", false}}},
};

static const struct collective_type *find_type(struct sk_bytes name)
{
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        if (sk_bytes_equal(sk_text(types[i].name), name))
            return &types[i];
    }
    return NULL;
}

static bool is_key(const struct collective_type *type, struct sk_bytes name)
{
    for (size_t i = 0; i < BODY_KEYS_MAX && type->keys[i].name != NULL; i++) {
        if (sk_bytes_equal(sk_text(type->keys[i].name), name))
            return true;
    }
    return false;
}

static bool has_content(struct sk_value value)
{
    switch (sk_value_kind(value)) {
    case SK_VALUE_STR:
        return sk_value_str(value).size > 0;
    case SK_VALUE_ARRAY:
        return sk_value_count(value) > 0;
    case SK_VALUE_BOOL:
    case SK_VALUE_UINT:
        return true;
    case SK_VALUE_NONE:
    case SK_VALUE_NIL:
    case SK_VALUE_BIN:
    case SK_VALUE_MAP:
        return false;
    }
    return false;
}

/* What is wrong with the body: the first key, or empty. */
static struct sk_bytes check_body(const struct collective_type *type,
                                  struct sk_value body)
{
    struct sk_value_walk walk = sk_value_walk(body);

    while (sk_value_next(&walk)) {
        if (!is_key(type, walk.key) || !has_content(walk.value))
            return walk.key;
    }
    for (size_t i = 0; i < BODY_KEYS_MAX && type->keys[i].name != NULL; i++) {
        struct sk_value value = sk_value_get(body, type->keys[i].name);

        if (!type->keys[i].optional && sk_value_kind(value) == SK_VALUE_NONE)
            return sk_text(type->keys[i].name);
    }
    return (struct sk_bytes){0};
}

bool sk_collective_is_known(struct sk_bytes name, struct sk_value body)
{
    const struct collective_type *type = find_type(name);

    return type != NULL && check_body(type, body).size == 0;
}

/* Those named, else every partner in good standing. */
static enum sk_status read_recipients(struct sk_engine *e, struct sk_value args,
                                      struct sk_session ***out, size_t *count)
{
    const struct sk_bytes *words;
    struct sk_session **list;
    size_t given;

    SK_TRY(sk_leaving_refuse(e));
    SK_TRY(sk_arg_words(e, args, "recipients", &words, &given));
    list = sk_arena_get_array(&e->scratch, given + e->sessions_count + 1,
                              sizeof(struct sk_session *));
    if (list == NULL)
        return SK_E_MEMORY;
    *count = 0;
    for (size_t i = 0; words == NULL && i < e->sessions_count; i++) {
        if (!e->sessions[i].suspended)
            list[(*count)++] = &e->sessions[i];
    }
    for (size_t i = 0; words != NULL && i < given; i++) {
        struct sk_org org;
        struct sk_session *session = NULL;

        if (sk_org_parse(words[i], &org))
            session = sk_session_find(e, &org);
        if (session == NULL)
            return sk_refuse(e, "unknown-org", "recipients", words[i]);
        if (session->suspended)
            return sk_refuse(e, "recipient-suspended", "recipients", words[i]);
        for (size_t j = 0; j < *count; j++) {
            if (list[j] == session)
                return sk_refuse(e, "bad-argument", "recipients", words[i]);
        }
        list[(*count)++] = session;
    }
    *out = list;
    return SK_OK;
}

/* The item is sent to several: see once that it can be written at all. */
static enum sk_status check_size(struct sk_engine *e,
                                 const struct sk_item *item)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_room room = {sk_arena_get(&e->scratch, SK_ITEM_SIZE_MAX),
                           SK_ITEM_SIZE_MAX};
    struct sk_bytes bytes;
    enum sk_status status;

    if (room.data == NULL)
        return SK_E_MEMORY;
    status = sk_item_encode(item, room, &bytes);
    sk_arena_reset(&e->scratch, mark);
    if (status == SK_E_NO_ROOM || status == SK_E_TOO_LARGE)
        return sk_refuse(e, "too-large", "body", (struct sk_bytes){0});
    return status;
}

enum sk_status sk_op_collective_publish(struct sk_engine *e,
                                        struct sk_value args)
{
    struct sk_value body = sk_value_get(args, "body");
    struct sk_bytes name = sk_arg_text(args, "type");
    const struct collective_type *type = find_type(name);
    struct sk_session **recipients = NULL;
    struct sk_bytes wrong;
    struct sk_item *item;
    size_t count = 0;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (type == NULL)
        return sk_refuse(e, "unknown-event-type", "type", (struct sk_bytes){0});
    wrong = check_body(type, body);
    if (wrong.size > 0)
        return sk_refuse(e, "bad-argument", "body", wrong);
    SK_TRY(read_recipients(e, args, &recipients, &count));
    item = sk_item_new(e, SK_ITEM_COLLECTIVE, 0);
    if (item == NULL)
        return SK_E_MEMORY;
    sk_new_id(e, &item->collective.message.id);
    item->collective.type = name;
    item->collective.body = body;
    SK_TRY(check_size(e, item));

    for (size_t i = 0; i < count; i++)
        SK_TRY(sk_outbox_item(e, &recipients[i]->org, item));
    sk_pack_map(&e->reply, 2);
    sk_reply_id(&e->reply, "message", &item->collective.message.id);
    sk_pack_cstr(&e->reply, "recipients");
    sk_pack_array(&e->reply, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(&e->reply, sk_org_text(&recipients[i]->org));
    return SK_OK;
}
