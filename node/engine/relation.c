#include "node/engine/relation.h"

#include <string.h>

#include "node/engine/case_list.h"
#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/ops.h"
#include "node/engine/participant.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"
#include "node/engine/vault.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

#define RELATION_SIZE_MAX 1024
#define REASON_SIZE_MAX 500

/* ------------------------------------------------------------- record
 * array [from DATE, until DATE or nil, handle bin 16, reason, opened in ms].
 * One per participant and partner; opened again it keeps its handle, because
 * the partner knows the participant by it. */

struct relation {
    struct sk_relation of;
    struct sk_bytes reason;
    uint64_t opened_ms;
};

static struct sk_key participant_prefix(const struct sk_participant_id *id)
{
    return sk_key_person(SK_T_RELATION, &id->id);
}

static struct sk_key relation_key(const struct sk_participant_id *id,
                                  const struct sk_org *org)
{
    struct sk_key key = participant_prefix(id);

    sk_key_org(&key, org);
    return key;
}

static enum sk_status relation_put(struct sk_engine *e,
                                   const struct sk_participant_id *id,
                                   const struct relation *relation)
{
    struct sk_key key = relation_key(id, &relation->of.org);
    struct sk_pack p = sk_scratch_pack(e, RELATION_SIZE_MAX);
    struct sk_bytes plain;
    char text[11];

    sk_pack_array(&p, 5);
    sk_day_format(relation->of.from, text);
    sk_pack_cstr(&p, text);
    if (relation->of.until == INT32_MAX) {
        sk_pack_nil(&p);
    } else {
        sk_day_format(relation->of.until, text);
        sk_pack_cstr(&p, text);
    }
    sk_pack_id(&p, &relation->of.handle.id);
    sk_pack_str(&p, relation->reason);
    sk_pack_uint(&p, relation->opened_ms);
    SK_TRY(sk_scratch_packed(e, &p, &plain));
    return sk_vault_put(e, &id->id, sk_key_done(&key), plain);
}

static enum sk_status relation_read(struct sk_bytes plain, struct relation *out)
{
    struct sk_unpack u = sk_unpack_start(plain);
    struct sk_bytes day;

    out->of.until = INT32_MAX;
    sk_unpack_array(&u, 5);
    day = sk_unpack_str(&u, 10, 10);
    if (u.status == SK_OK && !sk_day_parse(day, &out->of.from))
        return SK_E_BAD_VALUE;
    if (!sk_unpack_is_nil(&u)) {
        day = sk_unpack_str(&u, 10, 10);
        if (u.status == SK_OK && !sk_day_parse(day, &out->of.until))
            return SK_E_BAD_VALUE;
    }
    sk_unpack_id(&u, &out->of.handle.id);
    out->reason = sk_unpack_str(&u, 0, REASON_SIZE_MAX);
    out->opened_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u);
}

static enum sk_status relation_get(struct sk_engine *e,
                                   const struct sk_participant_id *id,
                                   const struct sk_org *org,
                                   struct relation *out)
{
    struct sk_key key = relation_key(id, org);
    struct relation relation = {.of.org = *org};
    struct sk_bytes plain;

    SK_TRY(sk_vault_get(e, &id->id, sk_key_done(&key), &plain));
    SK_TRY(relation_read(plain, &relation));
    *out = relation;
    return SK_OK;
}

enum sk_status sk_relation_get(struct sk_engine *e,
                               const struct sk_participant_id *id,
                               const struct sk_org *org,
                               struct sk_relation *out)
{
    struct relation relation;

    SK_TRY(relation_get(e, id, org, &relation));
    *out = relation.of;
    return SK_OK;
}

/* Each relation, in order of partner. */
static enum sk_status
each(struct sk_engine *e, const struct sk_participant_id *id,
     enum sk_status (*fn)(void *context, const struct relation *),
     void *context)
{
    struct sk_key prefix = participant_prefix(id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes sealed;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &sealed)) == SK_OK) {
        struct relation relation = {0};
        struct sk_bytes plain;
        struct sk_bytes org = {key.data + prefix.size,
                               key.size - prefix.size - 1};

        if (key.size <= prefix.size + 1 || !sk_org_parse(org, &relation.of.org))
            return SK_E_BAD_FORM;
        SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
        SK_TRY(relation_read(plain, &relation));
        SK_TRY(fn(context, &relation));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

struct outer {
    enum sk_status (*fn)(void *context, const struct sk_relation *);
    void *context;
};

static enum sk_status call_outer(void *context, const struct relation *relation)
{
    struct outer *outer = context;

    return outer->fn(outer->context, &relation->of);
}

enum sk_status sk_relation_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_relation *),
    void *context)
{
    struct outer outer = {fn, context};

    return each(e, id, call_outer, &outer);
}

/* ------------------------------------------------------------- handles */

static struct sk_key handle_key(enum sk_table table, const struct sk_org *org,
                                const struct sk_handle *handle)
{
    struct sk_key key = sk_key_start(table);

    sk_key_org(&key, org);
    sk_key_id(&key, &handle->id);
    return key;
}

static enum sk_status participant_at(struct sk_engine *e,
                                     const struct sk_key *key,
                                     struct sk_participant_id *out)
{
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(key), &value));
    if (value.size != sizeof(out->id.bytes))
        return SK_E_BAD_LENGTH;
    memcpy(out->id.bytes, value.data, sizeof(out->id.bytes));
    return SK_OK;
}

enum sk_status sk_handle_find(struct sk_engine *e, const struct sk_org *org,
                              const struct sk_handle *handle,
                              struct sk_participant_id *out)
{
    struct sk_key key = handle_key(SK_T_HANDLE, org, handle);

    return participant_at(e, &key, out);
}

enum sk_status sk_handle_own(struct sk_engine *e, const struct sk_org *org,
                             const struct sk_handle *handle,
                             struct sk_participant_id *out)
{
    struct sk_key key = handle_key(SK_T_HANDLE_OWN, org, handle);

    return participant_at(e, &key, out);
}

/* After a restore a partner names what it has by our handle. */
static enum sk_status index_own(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                const struct sk_relation *relation)
{
    struct sk_key key =
        handle_key(SK_T_HANDLE_OWN, &relation->org, &relation->handle);

    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){id->id.bytes, sizeof(id->id.bytes)});
}

static struct sk_key handle_of_key(const struct sk_participant_id *id,
                                   const struct sk_org *org,
                                   const struct sk_handle *handle)
{
    struct sk_key key = sk_key_person(SK_T_HANDLE_OF, &id->id);

    sk_key_org(&key, org);
    sk_key_id(&key, &handle->id);
    return key;
}

static enum sk_status relist_handover(void *context, struct sk_handover *h)
{
    return sk_timers_relist(context, &h->id.id);
}

enum sk_status sk_handle_assign(struct sk_engine *e, const struct sk_org *org,
                                const struct sk_handle *handle,
                                const struct sk_participant_id *id)
{
    struct sk_key key = handle_key(SK_T_HANDLE, org, handle);
    struct sk_key of = handle_of_key(id, org, handle);
    struct sk_participant_id before = {0};
    struct sk_key of_before;
    struct sk_id coach_before;
    struct sk_id coach;
    enum sk_status status = participant_at(e, &key, &before);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_case_coach(e, &before, &coach_before));
    SK_TRY(sk_case_coach(e, id, &coach));
    of_before = handle_of_key(&before, org, handle);
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&of_before)));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){id->id.bytes, sizeof(id->id.bytes)}));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&of),
                        (struct sk_bytes){0}));
    SK_TRY(sk_list_handle_moved(e, org, handle, &coach_before, &coach));
    if (status == SK_OK)
        SK_TRY(sk_timers_relist_about(e, &before));
    return sk_handover_of_handle(e, org, handle, relist_handover, e);
}

enum sk_status
sk_handles_of(struct sk_engine *e, const struct sk_participant_id *id,
              enum sk_status (*fn)(void *context, const struct sk_org *org,
                                   const struct sk_handle *handle),
              void *context)
{
    struct sk_key prefix = sk_key_person(SK_T_HANDLE_OF, &id->id);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        size_t at = prefix.size;
        struct sk_handle handle;
        struct sk_org org;

        /* The name, a zero byte, the handle. */
        if (key.size < at + 2 + SK_ID_SIZE ||
            !sk_org_parse((struct sk_bytes){key.data + at,
                                            key.size - at - 1 - SK_ID_SIZE},
                          &org))
            return SK_E_IO;
        memcpy(handle.id.bytes, key.data + key.size - SK_ID_SIZE, SK_ID_SIZE);
        SK_TRY(fn(context, &org, &handle));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

struct forgetting {
    struct sk_engine *e;
    struct sk_id coach;
};

static enum sk_status forget_one(void *context, const struct sk_org *org,
                                 const struct sk_handle *handle)
{
    struct forgetting *f = context;
    struct sk_key key = handle_key(SK_T_HANDLE, org, handle);

    SK_TRY(sk_store_delete(f->e->store, SK_SPACE_DATA, sk_key_done(&key)));
    return sk_list_handle_moved(f->e, org, handle, &f->coach,
                                &(struct sk_id){0});
}

enum sk_status sk_handles_forget(struct sk_engine *e,
                                 const struct sk_participant_id *id)
{
    struct sk_key prefix = sk_key_person(SK_T_HANDLE_OF, &id->id);
    struct forgetting f = {.e = e};

    SK_TRY(sk_case_coach(e, id, &f.coach));
    SK_TRY(sk_handles_of(e, id, forget_one, &f));
    return sk_drop_all(e, &prefix);
}

/* ------------------------------------------------------------- operations */

static enum sk_status pack_relation(void *context,
                                    const struct relation *relation)
{
    struct sk_pack *p = context;
    bool until = relation->of.until != INT32_MAX;
    bool reason = relation->reason.size > 0;

    sk_pack_map(p, 2u + (until ? 1 : 0) + (reason ? 1 : 0));
    sk_reply_day(p, "from", relation->of.from);
    sk_reply_text(p, "org", sk_org_text(&relation->of.org));
    if (reason)
        sk_reply_text(p, "reason", relation->reason);
    if (until)
        sk_reply_day(p, "until", relation->of.until);
    return SK_OK;
}

struct counted {
    struct sk_pack *p;
    size_t count;
};

static enum sk_status pack_counted(void *context,
                                   const struct relation *relation)
{
    struct counted *counted = context;

    counted->count++;
    return pack_relation(counted->p, relation);
}

enum sk_status sk_relations_pack(struct sk_engine *e,
                                 const struct sk_participant_id *id,
                                 struct sk_pack *p)
{
    struct counted counted = {p, 0};
    size_t at = sk_reply_open(p);

    SK_TRY(each(e, id, pack_counted, &counted));
    sk_reply_close_array(p, at, counted.count);
    return SK_OK;
}

/* The reply of both operations. */
static void reply_relation(struct sk_engine *e,
                           const struct sk_participant_id *id,
                           const struct relation *relation)
{
    bool until = relation->of.until != INT32_MAX;

    sk_pack_map(&e->reply, until ? 4 : 3);
    sk_reply_day(&e->reply, "from", relation->of.from);
    sk_reply_text(&e->reply, "org", sk_org_text(&relation->of.org));
    sk_reply_id(&e->reply, "participant", &id->id);
    if (until)
        sk_reply_day(&e->reply, "until", relation->of.until);
}

enum sk_status sk_arg_partner(struct sk_engine *e, struct sk_value args,
                              const char *name, struct sk_org *out)
{
    struct sk_org org;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (!sk_arg_org(args, name, &org) ||
        sk_federation_org(e, sk_org_text(&org)) == NULL)
        return sk_refuse(e, "unknown-org", name, (struct sk_bytes){0});
    if (sk_org_equal(&org, &e->org))
        return sk_refuse(e, "recipient-is-owner", name, (struct sk_bytes){0});
    *out = org;
    return SK_OK;
}

enum sk_status sk_op_relation_open(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;
    struct sk_org org;
    struct relation relation;
    enum sk_status status;

    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(sk_arg_partner(e, args, "org", &org));
    status = relation_get(e, &id, &org, &relation);
    if (status == SK_E_NOT_FOUND) {
        relation = (struct relation){.of.org = org};
        sk_new_id(e, &relation.of.handle.id);
    } else {
        SK_TRY(status);
    }
    relation.of.until = INT32_MAX;
    if (!sk_arg_day(args, "from", &relation.of.from))
        return sk_refuse(e, "bad-argument", "from", (struct sk_bytes){0});
    (void)sk_arg_day(args, "until", &relation.of.until); /* absent: open */
    if (relation.of.until < relation.of.from)
        return sk_refuse(e, "bad-argument", "until", (struct sk_bytes){0});
    relation.reason = sk_arg_text(args, "reason");
    relation.opened_ms = e->now_ms;

    SK_TRY(relation_put(e, &id, &relation));
    SK_TRY(index_own(e, &id, &relation.of));
    reply_relation(e, &id, &relation);
    return SK_OK;
}

enum sk_status sk_relation_end(struct sk_engine *e,
                               const struct sk_participant_id *id,
                               const struct sk_org *org, int32_t until,
                               bool *ended)
{
    struct relation relation;
    enum sk_status status = relation_get(e, id, org, &relation);

    *ended = false;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (relation.of.from > until || relation.of.until <= until)
        return SK_OK;
    relation.of.until = until;
    SK_TRY(relation_put(e, id, &relation));
    *ended = true;
    return SK_OK;
}

enum sk_status sk_op_relation_close(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;
    struct sk_org org;
    struct relation relation;
    enum sk_status status;
    int32_t until;

    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(sk_arg_partner(e, args, "org", &org));
    status = relation_get(e, &id, &org, &relation);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "not-linked", "org", (struct sk_bytes){0});
    SK_TRY(status);
    if (!sk_arg_day(args, "until", &until) || until < relation.of.from)
        return sk_refuse(e, "bad-argument", "until", (struct sk_bytes){0});
    relation.of.until = until;

    SK_TRY(relation_put(e, &id, &relation));
    reply_relation(e, &id, &relation);
    return SK_OK;
}
