#include "node/engine/source.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/draft.h"
#include "node/engine/event.h"
#include "node/engine/participant.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/*
 * Where a row came from: docs/IMPORT.md 4.
 *
 *     SK_T_SOURCE  keyed hash of the kind and the key -> array [id of what was
 *                  made of it, keyed hash of the other arguments]
 *
 * It stays when what was made is erased: so an erased person does not come
 * back with the next import, and nothing of it can be read back.
 */

#define ROW_SIZE_MAX 64

static const char *const contexts[] = {
    [SK_SOURCE_PARTICIPANT] = "schakel/index/source/participant/1",
    [SK_SOURCE_EVENT] = "schakel/index/source/event/1",
    [SK_SOURCE_DRAFT] = "schakel/index/source/draft/1",
};
static const char context_content[] = "schakel/index/source/content/1";

static struct sk_key source_key(struct sk_engine *e, enum sk_source_kind kind,
                                struct sk_bytes source)
{
    struct sk_key key = sk_key_start(SK_T_SOURCE);
    struct sk_hash hash;

    sk_keyed_hash(&e->index_secret, contexts[kind], source, &hash);
    sk_key_bytes(&key, (struct sk_bytes){hash.bytes, sizeof(hash.bytes)});
    return key;
}

static bool is_content(struct sk_bytes name)
{
    return !sk_bytes_equal(name, sk_text("source_id")) &&
           !sk_bytes_equal(name, sk_text("dry_run"));
}

static enum sk_status hash_content(struct sk_engine *e, struct sk_value args,
                                   struct sk_hash *out)
{
    struct sk_value_walk walk = sk_value_walk(args);
    struct sk_pack p = sk_scratch_pack(e, args.bytes.size + 8);
    struct sk_bytes bytes;
    size_t count = 0;
    size_t at = sk_reply_open(&p);

    while (sk_value_next(&walk)) {
        if (!is_content(walk.key))
            continue;
        sk_pack_str(&p, walk.key);
        sk_pack_raw(&p, walk.value.bytes);
        count++;
    }
    sk_reply_close_map(&p, at, count);
    SK_TRY(sk_pack_finish(&p, &bytes));
    sk_keyed_hash(&e->index_secret, context_content, bytes, out);
    return SK_OK;
}

enum sk_status sk_source_find(struct sk_engine *e, enum sk_source_kind kind,
                              struct sk_bytes source, struct sk_id *out)
{
    struct sk_key key = source_key(e, kind, source);
    struct sk_bytes value;
    struct sk_unpack u;
    struct sk_id id;
    struct sk_hash hash;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    sk_unpack_id(&u, &id);
    sk_unpack_bin(&u, hash.bytes, sizeof(hash.bytes));
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *out = id;
    return SK_OK;
}

/* Were the other arguments the same, when it was made? */
static enum sk_status is_same(struct sk_engine *e, enum sk_source_kind kind,
                              struct sk_value args, bool *out)
{
    struct sk_key key = source_key(e, kind, sk_arg_text(args, "source_id"));
    struct sk_bytes value;
    struct sk_hash now;

    SK_TRY(hash_content(e, args, &now));
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    *out = value.size > sizeof(now.bytes) &&
           memcmp(value.data + value.size - sizeof(now.bytes), now.bytes,
                  sizeof(now.bytes)) == 0;
    return SK_OK;
}

/* Is what was made of it still here? */
static enum sk_status is_here(struct sk_engine *e, enum sk_source_kind kind,
                              struct sk_value args, const struct sk_id *id,
                              bool *out)
{
    struct sk_participant_id participant = {*id};
    struct sk_event_id event = {*id};
    struct sk_id owner;
    enum sk_status status;

    if (kind == SK_SOURCE_PARTICIPANT)
        status = sk_participant_exists(e, &participant);
    else
        status = sk_event_exists(e, &event);
    if (status == SK_E_NOT_FOUND && kind == SK_SOURCE_DRAFT &&
        sk_arg_id(args, "participant", &owner))
        status = sk_draft_exists(e, &owner, id);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = status == SK_OK;
    return SK_OK;
}

/* Somebody else's is not told, nor compared with. */
static enum sk_status check_case(struct sk_engine *e, enum sk_source_kind kind,
                                 const struct sk_id *id)
{
    struct sk_participant_id person = {*id};

    if (kind != SK_SOURCE_PARTICIPANT)
        SK_TRY(sk_access_of_event(e, id, &person));
    return sk_access_person(e, &person);
}

static const char *known_word(bool here, bool same)
{
    if (!here)
        return "erased";
    return same ? "same" : "differs";
}

enum sk_status sk_source_answer(struct sk_engine *e, enum sk_source_kind kind,
                                struct sk_value args, bool *answered)
{
    struct sk_bytes source = sk_arg_text(args, "source_id");
    enum sk_status status = SK_E_NOT_FOUND;
    struct sk_id id;
    bool same;
    bool here;

    *answered = false;
    if (source.size > 0)
        status = sk_source_find(e, kind, source, &id);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(is_here(e, kind, args, &id, &here));
    if (here)
        SK_TRY(check_case(e, kind, &id));
    SK_TRY(is_same(e, kind, args, &same));
    sk_pack_map(&e->reply, here ? 2 : 1);
    if (here && kind != SK_SOURCE_PARTICIPANT)
        sk_reply_id(&e->reply, kind == SK_SOURCE_EVENT ? "event" : "draft",
                    &id);
    sk_reply_cstr(&e->reply, "known", known_word(here, same));
    if (here && kind == SK_SOURCE_PARTICIPANT)
        sk_reply_id(&e->reply, "participant", &id);
    *answered = true;
    return SK_OK;
}

enum sk_status sk_source_keep(struct sk_engine *e, enum sk_source_kind kind,
                              struct sk_value args, const struct sk_id *id)
{
    struct sk_bytes source = sk_arg_text(args, "source_id");
    struct sk_key key = source_key(e, kind, source);
    uint8_t bytes[ROW_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;
    struct sk_hash hash;

    if (source.size == 0)
        return SK_OK;
    SK_TRY(hash_content(e, args, &hash));
    sk_pack_array(&p, 2);
    sk_pack_id(&p, id);
    sk_pack_bin(&p, (struct sk_bytes){hash.bytes, sizeof(hash.bytes)});
    SK_TRY(sk_pack_finish(&p, &value));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

bool sk_arg_dry_run(struct sk_engine *e, struct sk_value args)
{
    if (!sk_value_bool(sk_value_get(args, "dry_run")))
        return false;
    sk_pack_map(&e->reply, 1);
    sk_reply_bool(&e->reply, "dry_run", true);
    return true;
}
