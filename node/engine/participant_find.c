#include "node/engine/participant.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/clean.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/source.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"

#define LIST_DEFAULT 50
/* People with one word of a name that are looked at. */
#define FIND_LOOK_MAX 10000
#define LIST_MAX 500

/* ------------------------------------------------------------- find, list */

static enum sk_status pack_line(struct sk_engine *e,
                                const struct sk_participant_id *id)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_participant who;
    bool family;

    SK_TRY(sk_participant_get(e, id, &who));
    family = who.family_name.size > 0;
    sk_pack_map(&e->reply, family ? 3 : 2);
    if (family)
        sk_reply_text(&e->reply, "family_name", who.family_name);
    sk_reply_text(&e->reply, "given_name", who.given_name);
    sk_reply_id(&e->reply, "participant", &id->id);
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* Somebody who is known here, but not who asks: whose case it is. */
static enum sk_status pack_other(struct sk_engine *e,
                                 const struct sk_participant_id *id)
{
    struct sk_bytes name;
    struct sk_id coach;

    SK_TRY(sk_case_coach(e, id, &coach));
    SK_TRY(sk_user_name(e, &coach, &name));
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "coach", name);
    sk_reply_id(&e->reply, "participant", &id->id);
    return SK_OK;
}

/* Does the index have every word of this name for this participant, and may
   who asks see it? */
static enum sk_status has_words(struct sk_engine *e, struct sk_bytes name,
                                const struct sk_participant_id *id, bool *out)
{
    struct sk_name_word word;

    SK_TRY(sk_case_is_seen(e, id, out));
    while (*out && sk_name_next(&name, &word)) {
        struct sk_key key = sk_participant_name_key(e, &word);
        struct sk_bytes value;
        enum sk_status status;

        sk_key_id(&key, &id->id);
        status =
            sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
        if (status == SK_E_NOT_FOUND)
            *out = false;
        else
            SK_TRY(status);
    }
    return SK_OK;
}

/* The word with the fewest people behind it, as far as its length tells. */
static bool longest_word(struct sk_bytes name, struct sk_name_word *out)
{
    struct sk_name_word word;

    out->size = 0;
    while (sk_name_next(&name, &word))
        if (word.size > out->size)
            *out = word;
    return out->size > 0;
}

struct search {
    struct sk_key key; /* of the index: its longest word */
    struct sk_participant_id at;
};

/* The next one of that word whose file who asks may see, or the next case of
   who asks: other people's of the same name are passed over at once.
   SK_E_NOT_FOUND at the end. */
static enum sk_status find_next(struct sk_engine *e, struct search *search)
{
    struct sk_key from = search->key;
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_scan scan;
    struct sk_bytes at;
    struct sk_bytes value;
    size_t count;
    bool more;
    bool seen;

    sk_key_id(&from, &search->at.id);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&search->key),
                         sk_key_done(&from));
    SK_TRY(sk_scan_next(&scan, &at, &value));
    if (at.size != search->key.size + SK_ID_SIZE)
        return SK_E_BAD_LENGTH;
    memcpy(search->at.id.bytes, at.data + search->key.size, SK_ID_SIZE);
    SK_TRY(sk_case_is_seen(e, &search->at, &seen));
    if (seen)
        return SK_OK;
    SK_TRY(sk_case_list(e, &search->at, 1, &search->at, &count, &more));
    sk_arena_reset(&e->scratch, mark);
    return count == 1 ? SK_OK : SK_E_NOT_FOUND;
}

/* As many as a list holds; more: there may be others.  stopped: as many were
   looked at as are, of who has one word of the name and not the others. */
static enum sk_status find_name(struct sk_engine *e, struct sk_bytes name,
                                struct sk_participant_id *ids, size_t *count,
                                bool *more, bool *stopped)
{
    struct search search = {.at = {{{0}}}};
    struct sk_name_word word;
    enum sk_status status = SK_OK;

    if (!longest_word(name, &word))
        return SK_OK;
    search.key = sk_participant_name_key(e, &word);
    for (size_t looked = 0; (status = find_next(e, &search)) == SK_OK;
         looked++) {
        bool all;

        *stopped = looked == FIND_LOOK_MAX;
        *more = *count == LIST_DEFAULT || *stopped;
        if (*more)
            return SK_OK;
        SK_TRY(has_words(e, name, &search.at, &all));
        if (all)
            ids[(*count)++] = search.at;
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status find_insz(struct sk_engine *e, struct sk_bytes insz,
                                struct sk_participant_id *ids, size_t *count)
{
    struct sk_key key = sk_participant_insz_key(e, insz);
    struct sk_bytes value;
    enum sk_status status;

    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (value.size != SK_ID_SIZE)
        return SK_E_BAD_LENGTH;
    memcpy(ids[0].id.bytes, value.data, SK_ID_SIZE);
    *count = 1;
    return SK_OK;
}

static enum sk_status find_source(struct sk_engine *e, struct sk_bytes source,
                                  struct sk_participant_id *ids, size_t *count)
{
    enum sk_status status =
        sk_source_find(e, SK_SOURCE_PARTICIPANT, source, &ids[0].id);

    if (status == SK_OK)
        status = sk_participant_exists(e, &ids[0]);
    *count = status == SK_OK ? 1 : 0;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status pack_list(struct sk_engine *e,
                                const struct sk_participant_id *ids,
                                size_t count, bool more, bool stopped)
{
    sk_pack_map(&e->reply, stopped ? 3 : 2);
    sk_reply_bool(&e->reply, "more", more);
    sk_pack_cstr(&e->reply, "participants");
    sk_pack_array(&e->reply, count);
    for (size_t i = 0; i < count; i++) {
        bool seen;

        SK_TRY(sk_case_is_seen(e, &ids[i], &seen));
        SK_TRY(seen ? pack_line(e, &ids[i]) : pack_other(e, &ids[i]));
    }
    if (stopped)
        sk_reply_bool(&e->reply, "stopped", true);
    return SK_OK;
}

enum sk_status sk_op_participant_find(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes name = sk_arg_text(args, "name");
    struct sk_bytes insz =
        sk_clean_code(e, sk_text("insz"), sk_arg_text(args, "insz"));
    struct sk_bytes source = sk_arg_text(args, "source_id");
    struct sk_participant_id ids[LIST_DEFAULT];
    size_t count = 0;
    bool more = false;
    bool stopped = false;

    if (name.size == 0 && insz.size == 0 && source.size == 0)
        return sk_refuse(e, "missing-argument", "name", (struct sk_bytes){0});
    if (insz.size > 0 && !sk_insz_is_legal(e, insz))
        return sk_refuse(e, "insz-invalid", "insz", (struct sk_bytes){0});
    if (source.size > 0)
        SK_TRY(find_source(e, source, ids, &count));
    else if (insz.size > 0)
        SK_TRY(find_insz(e, insz, ids, &count));
    else
        SK_TRY(find_name(e, name, ids, &count, &more, &stopped));
    /* Who has a number may ask whether that person is known: and it shows. */
    if (count > 0 && insz.size + source.size > 0)
        sk_access_about(e, &ids[0], NULL);
    return pack_list(e, ids, count, more, stopped);
}

enum sk_status sk_op_participant_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_value limit = sk_value_get(args, "limit");
    uint64_t most = LIST_DEFAULT;
    struct sk_participant_id ids[LIST_MAX];
    struct sk_participant_id after = {0};
    size_t count;
    bool more;

    if (sk_value_kind(limit) == SK_VALUE_UINT)
        most = sk_value_uint(limit);
    if (most < 1 || most > LIST_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    (void)sk_arg_id(args, "after", &after.id);
    SK_TRY(sk_case_list(e, &after, most, ids, &count, &more));
    return pack_list(e, ids, count, more, /* stopped */ false);
}
