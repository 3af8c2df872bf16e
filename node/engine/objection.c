#include "node/engine/objection.h"

#include "node/engine/journal.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

#define OBJECTION_SIZE_MAX 16384

/* Record: array [id, at in s, state, purposes: nil or array, recipients: nil or
   array, given_by, reason, answered in ms, by, answer].  Lists sorted. */

static struct sk_key participant_prefix(const struct sk_participant_id *id)
{
    return sk_key_person(SK_T_OBJECTION, &id->id);
}

static void pack_list(struct sk_pack *p, const struct sk_bytes *list,
                      size_t count)
{
    if (list == NULL) {
        sk_pack_nil(p);
        return;
    }
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

/* PROTOCOL.md 11.2: that it was said, and what came of it. */
static enum sk_status journal(struct sk_engine *e,
                              const struct sk_objection *objection)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_OBJECTION, NULL);

    sk_entry_id(&entry, &objection->id);
    entry.word = objection->of.state;
    return sk_journal_add(e, &entry);
}

enum sk_status sk_objection_put(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                const struct sk_objection *objection)
{
    struct sk_key key = participant_prefix(id);
    struct sk_pack p = sk_scratch_pack(e, OBJECTION_SIZE_MAX);
    struct sk_bytes plain;

    sk_key_u64(&key, objection->number);
    sk_pack_array(&p, 10);
    sk_pack_id(&p, &objection->id);
    sk_pack_uint(&p, (uint64_t)objection->of.at);
    sk_pack_str(&p, objection->of.state);
    pack_list(&p, objection->of.purposes, objection->of.purposes_count);
    pack_list(&p, objection->of.recipients, objection->of.recipients_count);
    sk_pack_str(&p, objection->given_by);
    sk_pack_str(&p, objection->reason);
    sk_pack_uint(&p, objection->answered_ms);
    sk_pack_str(&p, objection->by);
    sk_pack_str(&p, objection->answer);
    SK_TRY(sk_pack_finish(&p, &plain));
    SK_TRY(sk_vault_put(e, &id->id, sk_key_done(&key), plain));
    return journal(e, objection);
}

static const struct sk_bytes *unpack_list(struct sk_engine *e,
                                          struct sk_unpack *u, size_t *count)
{
    struct sk_bytes *list;

    *count = 0;
    if (sk_unpack_is_nil(u))
        return NULL;
    *count = sk_unpack_array_upto(u, 0, SK_OBJECTION_WORDS_MAX);
    list = sk_arena_get_array(&e->scratch, *count + 1, sizeof(*list));
    if (list == NULL) {
        u->status = SK_E_MEMORY;
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        list[i] = sk_unpack_str(u, 1, OBJECTION_SIZE_MAX);
    return list;
}

static enum sk_status objection_read(struct sk_engine *e, struct sk_bytes plain,
                                     struct sk_objection *out)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_unpack_array(&u, 10);
    sk_unpack_id(&u, &out->id);
    out->of.at = (int64_t)sk_unpack_uint(&u, 0, INT64_MAX);
    out->of.state = sk_unpack_str(&u, 1, OBJECTION_SIZE_MAX);
    out->of.purposes = unpack_list(e, &u, &out->of.purposes_count);
    out->of.recipients = unpack_list(e, &u, &out->of.recipients_count);
    out->given_by = sk_unpack_str(&u, 1, OBJECTION_SIZE_MAX);
    out->reason = sk_unpack_str(&u, 0, OBJECTION_SIZE_MAX);
    out->answered_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->by = sk_unpack_str(&u, 0, OBJECTION_SIZE_MAX);
    out->answer = sk_unpack_str(&u, 0, OBJECTION_SIZE_MAX);
    return sk_unpack_finish(&u);
}

enum sk_status sk_objection_all(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_objection *),
    void *context)
{
    struct sk_key prefix = participant_prefix(id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes sealed;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &sealed)) == SK_OK) {
        struct sk_objection objection = {0};
        struct sk_bytes plain;

        if (key.size != prefix.size + 8)
            return SK_E_BAD_LENGTH;
        objection.number = sk_u64_read(key.data + prefix.size);
        SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
        SK_TRY(objection_read(e, plain, &objection));
        SK_TRY(fn(context, &objection));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- facts */

struct outer {
    enum sk_status (*fn)(void *context, const struct sk_fact_objection *);
    void *context;
    uint64_t as_of_ms;
};

static enum sk_status call_outer(void *context,
                                 const struct sk_objection *objection)
{
    struct outer *outer = context;
    struct sk_fact_objection fact = objection->of;

    if (objection->answered_ms > outer->as_of_ms)
        fact.state = sk_text("open");
    /* What was taken back says nothing any more. */
    if (sk_bytes_equal(fact.state, sk_text("withdrawn")))
        return SK_OK;
    return outer->fn(outer->context, &fact);
}

enum sk_status sk_objection_each(
    struct sk_engine *e, const struct sk_participant_id *id, uint64_t as_of_ms,
    enum sk_status (*fn)(void *context, const struct sk_fact_objection *),
    void *context)
{
    struct outer outer = {fn, context, as_of_ms};

    return sk_objection_all(e, id, call_outer, &outer);
}
