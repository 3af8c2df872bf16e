#include "node/engine/draft.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/source.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"

/*
 * Drafts: what an authentic source answered, until a person says that it is
 * right.                                    docs/DOMAIN.md 3.7, IMPORT.md 6
 *
 *     SK_T_DRAFT  participant, draft -> sealed: the arguments of the request
 *                 that made it
 *
 * A draft is no event: nothing decides on it and nothing shares it.  It becomes
 * one, under its own id, when it is confirmed: then it is checked again, whole.
 */

#define LIST_MAX 200

static struct sk_key draft_key(const struct sk_participant_id *participant,
                               const struct sk_id *draft)
{
    struct sk_key key = sk_key_person(SK_T_DRAFT, &participant->id);

    sk_key_id(&key, draft);
    return key;
}

enum sk_status sk_op_draft_add(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id participant;
    struct sk_recorded_event event;
    struct sk_key key;
    struct sk_id id;
    bool answered;

    SK_TRY(sk_source_answer(e, SK_SOURCE_DRAFT, args, &answered));
    if (answered)
        return SK_OK;
    SK_TRY(sk_arg_participant(e, args, &participant));
    SK_TRY(sk_record_read(e, args, /* whole */ false, &event));
    if (sk_arg_dry_run(e, args))
        return SK_OK;
    sk_new_id(e, &id);
    key = draft_key(&participant, &id);
    SK_TRY(sk_vault_put(e, &participant.id, sk_key_done(&key), args.bytes));
    SK_TRY(sk_source_keep(e, SK_SOURCE_DRAFT, args, &id));
    sk_pack_map(&e->reply, 1);
    sk_reply_id(&e->reply, "draft", &id);
    return SK_OK;
}

/* ------------------------------------------------------------- list */

/* A text or map of the request, when it was given. */
static size_t pack_given(struct sk_pack *p, struct sk_value args,
                         const char *name)
{
    struct sk_value value = sk_value_get(args, name);

    if (sk_value_kind(value) == SK_VALUE_NONE)
        return 0;
    sk_pack_cstr(p, name);
    sk_pack_raw(p, value.bytes);
    return 1;
}

static enum sk_status pack_draft(struct sk_engine *e, const struct sk_id *id,
                                 struct sk_bytes plain)
{
    struct sk_pack *p = &e->reply;
    struct sk_value args;
    size_t at = sk_reply_open(p);
    size_t count = 1;

    if (sk_value_check(plain, &args) != SK_OK)
        return SK_E_IO;
    sk_reply_id(p, "draft", id);
    count += pack_given(p, args, "fields");
    count += pack_given(p, args, "note");
    count += pack_given(p, args, "occurred");
    count += pack_given(p, args, "source");
    count += pack_given(p, args, "type");
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

enum sk_status sk_op_draft_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id participant;
    struct sk_key prefix;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes sealed;
    size_t count = 0;
    size_t at;
    enum sk_status status;

    SK_TRY(sk_arg_participant(e, args, &participant));
    prefix = sk_key_person(SK_T_DRAFT, &participant.id);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    sk_pack_map(&e->reply, 2);
    sk_pack_cstr(&e->reply, "drafts");
    at = sk_reply_open(&e->reply);
    while ((status = sk_scan_next(&scan, &key, &sealed)) == SK_OK &&
           count < LIST_MAX) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_bytes plain;
        struct sk_id id;

        if (key.size != prefix.size + SK_ID_SIZE)
            return SK_E_IO;
        memcpy(id.bytes, key.data + prefix.size, SK_ID_SIZE);
        SK_TRY(sk_vault_open(e, &participant.id, key, sealed, &plain));
        SK_TRY(pack_draft(e, &id, plain));
        sk_arena_reset(&e->scratch, mark);
        count++;
    }
    sk_reply_close_array(&e->reply, at, count);
    sk_reply_bool(&e->reply, "more", status == SK_OK);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- confirm, drop
 */

enum sk_status sk_draft_exists(struct sk_engine *e, const struct sk_id *owner,
                               const struct sk_id *id)
{
    struct sk_participant_id participant = {*owner};
    struct sk_key key = draft_key(&participant, id);
    struct sk_bytes sealed;

    return sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &sealed);
}

/* Refuses unknown-draft.  key: of it; plain: its arguments. */
static enum sk_status find(struct sk_engine *e, struct sk_value args,
                           struct sk_key *key, struct sk_id *id,
                           struct sk_value *out)
{
    struct sk_participant_id participant;
    enum sk_status status = SK_E_NOT_FOUND;
    struct sk_bytes plain;

    SK_TRY(sk_arg_participant(e, args, &participant));
    if (sk_arg_id(args, "draft", id)) {
        *key = draft_key(&participant, id);
        status = sk_vault_get(e, &participant.id, sk_key_done(key), &plain);
    }
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-draft", "draft", (struct sk_bytes){0});
    SK_TRY(status);
    return sk_value_check(plain, out) == SK_OK ? SK_OK : SK_E_IO;
}

/* Fields of the draft, and those that are filled in now instead of them: both
   maps are sorted, and so is the result. */
static void merge_fields(struct sk_pack *p, struct sk_value old,
                         struct sk_value new)
{
    struct sk_value_walk a = sk_value_walk(old);
    struct sk_value_walk b = sk_value_walk(new);
    bool has_a = sk_value_next(&a);
    bool has_b = sk_value_next(&b);
    size_t at = sk_reply_open(p);
    size_t count = 0;

    while (has_a || has_b) {
        int order = !has_a ? 1 : !has_b ? -1 : sk_bytes_compare(a.key, b.key);
        const struct sk_value_walk *from = order < 0 ? &a : &b;

        sk_pack_str(p, from->key);
        sk_pack_raw(p, from->value.bytes);
        count++;
        if (order <= 0)
            has_a = sk_value_next(&a);
        if (order >= 0)
            has_b = sk_value_next(&b);
    }
    sk_reply_close_map(p, at, count);
}

/* The arguments of event.record. */
static enum sk_status merge(struct sk_engine *e, struct sk_value draft,
                            struct sk_value args, struct sk_value *out)
{
    struct sk_value occurred = sk_value_get(args, "occurred");
    struct sk_pack p =
        sk_scratch_pack(e, draft.bytes.size + args.bytes.size + 128);
    struct sk_bytes bytes;
    size_t count = 4;
    size_t at = sk_reply_open(&p);

    sk_pack_cstr(&p, "fields");
    merge_fields(&p, sk_value_get(draft, "fields"),
                 sk_value_get(args, "fields"));
    count +=
        pack_given(&p, sk_value_kind(occurred) == SK_VALUE_NONE ? draft : args,
                   "occurred");
    (void)pack_given(&p, draft, "participant");
    sk_pack_cstr(&p, "provenance");
    sk_pack_cstr(&p, "authentic-source");
    count += pack_given(&p, draft, "source");
    (void)pack_given(&p, draft, "type");
    sk_reply_close_map(&p, at, count);
    if (sk_pack_finish(&p, &bytes) != SK_OK)
        return SK_E_MEMORY;
    return sk_value_check(bytes, out) == SK_OK ? SK_OK : SK_E_IO;
}

enum sk_status sk_op_draft_confirm(struct sk_engine *e, struct sk_value args)
{
    struct sk_recorded_event event;
    struct sk_value draft;
    struct sk_value whole;
    struct sk_key key;
    struct sk_id id;

    SK_TRY(find(e, args, &key, &id, &draft));
    SK_TRY(merge(e, draft, args, &whole));
    SK_TRY(sk_record_read(e, whole, /* whole */ true, &event));
    event.id.id = id;
    SK_TRY(sk_event_record(e, &event));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    sk_pack_map(&e->reply, 1);
    sk_reply_id(&e->reply, "event", &id);
    return SK_OK;
}

enum sk_status sk_op_draft_drop(struct sk_engine *e, struct sk_value args)
{
    struct sk_value draft;
    struct sk_key key;
    struct sk_id id;

    SK_TRY(find(e, args, &key, &id, &draft));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    sk_pack_map(&e->reply, 1);
    sk_reply_id(&e->reply, "draft", &id);
    return SK_OK;
}
