#include "node/engine/request.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/journal.h"
#include "node/engine/ops.h"
#include "node/engine/policy.h"
#include "node/engine/repeat.h"
#include "node/engine/state.h"

static size_t pack_error(struct sk_pack *p, const struct sk_engine *e)
{
    size_t count = 1;

    sk_reply_cstr(p, "code", e->refusal);
    if (e->refusal_detail.size > 0) {
        sk_reply_text(p, "detail", e->refusal_detail);
        count++;
    }
    if (e->refusal_findings != NULL) {
        sk_reply_findings(p, "errors", e->refusal_findings, 'E');
        count++;
    }
    if (e->refusal_field.size > 0) {
        sk_reply_text(p, "field", e->refusal_field);
        count++;
    }
    if (e->refusal_place > 0) {
        sk_reply_uint(p, "place", e->refusal_place);
        count++;
    }
    if (e->refusal_reason != NULL) {
        sk_reply_cstr(p, "reason", e->refusal_reason);
        count++;
    }
    if (e->refusal_rules_count > 0) {
        sk_pack_cstr(p, "rules");
        sk_pack_array(p, e->refusal_rules_count);
        for (size_t i = 0; i < e->refusal_rules_count; i++)
            sk_pack_str(p, e->refusal_rules[i]);
        count++;
    }
    return count;
}

static void pack_refusal(struct sk_engine *e)
{
    size_t at;
    size_t count;

    /* What was packed before it was refused. */
    sk_wipe(e->reply_room.data, e->reply.size);
    e->reply = sk_pack_start(e->reply_room);
    sk_pack_map(&e->reply, 2);
    sk_pack_cstr(&e->reply, "error");
    at = sk_reply_open(&e->reply);
    count = pack_error(&e->reply, e);
    sk_reply_close_map(&e->reply, at, count);
    sk_reply_bool(&e->reply, "ok", false);
}

enum sk_status sk_engine_error_reply(const char *code, struct sk_room room,
                                     struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    sk_pack_map(&p, 2);
    sk_pack_cstr(&p, "error");
    sk_pack_map(&p, 1);
    sk_reply_cstr(&p, "code", code);
    sk_reply_bool(&p, "ok", false);
    return sk_pack_finish(&p, out);
}

/* Into the effects, behind the frames. */
static enum sk_status publish_reply(struct sk_engine *e)
{
    struct sk_effects *effects = e->effects;
    struct sk_bytes reply;

    SK_TRY(sk_pack_finish(&e->reply, &reply));
    if (effects->room.size_max - effects->used < reply.size)
        return SK_E_AGAIN;
    memcpy(effects->room.data + effects->used, reply.data, reply.size);
    effects->reply.data = effects->room.data + effects->used;
    effects->reply.size = reply.size;
    effects->used += reply.size;
    return SK_OK;
}

static enum sk_status run_op(struct sk_engine *e, const struct sk_input *input)
{
    struct sk_bytes bytes = input->bytes;
    struct sk_request request;
    struct sk_request_fault fault = {0};
    const struct sk_op_row *row;
    uint64_t writes = e->store->writes;
    bool changed;
    bool done;

    if (sk_request_decode(bytes, &request, &fault) != SK_OK) {
        (void)sk_refuse(e, fault.code, NULL, (struct sk_bytes){0});
        e->refusal_field = fault.field;
        e->refusal_place = fault.place;
        return SK_E_REFUSED;
    }
    row = sk_op_row_of(request.op);
    SK_TRY(sk_access_check(e, input, &request));
    SK_TRY(sk_repeat_find(e, &request, bytes, &done));
    if (done)
        return e->reply.full ? SK_E_NO_ROOM : SK_OK;
    if (request.op->manual_only && !e->manual_clock)
        return sk_refuse(e, "not-manual-clock", NULL, (struct sk_bytes){0});
    if (row->dates && e->clock_back)
        return sk_refuse(e, "clock-back", NULL, (struct sk_bytes){0});
    sk_pack_map(&e->reply, 2);
    sk_reply_bool(&e->reply, "ok", true);
    sk_pack_cstr(&e->reply, "result");
    SK_TRY(row->handler(e, request.args));
    if (e->reply.full)
        return SK_E_NO_ROOM;
    changed = e->store->writes != writes;
    /* I4: what cannot be recorded was not seen. */
    SK_TRY(sk_access_keep(e));
    if (!request.has_id || row->again || !changed)
        return SK_OK;
    return sk_repeat_keep(e, &request, bytes);
}

static bool lacks_memory(enum sk_status status)
{
    return status == SK_E_NO_ROOM || status == SK_E_MEMORY ||
           status == SK_E_TOO_LARGE;
}

enum sk_status sk_request_run(struct sk_engine *e, const struct sk_input *input)
{
    struct sk_journal_mark mark = sk_journal_mark(e);
    uint64_t writes = e->store->writes;
    enum sk_status status;

    e->refusal = NULL;
    e->refusal_field = (struct sk_bytes){0};
    e->refusal_detail = (struct sk_bytes){0};
    e->refusal_place = 0;
    e->refusal_reason = NULL;
    e->refusal_rules_count = 0;
    e->refusal_findings = NULL;
    e->policy_refused = NULL;
    e->reply_owner = (struct sk_id){0};
    e->reply = sk_pack_start(e->reply_room);
    e->asker = (struct sk_asker){0};
    status = run_op(e, input);
    if (status == SK_OK)
        return publish_reply(e);

    if (status == SK_E_FULL || status == SK_E_IO || status == SK_E_AGAIN)
        return status;
    /* I4: a refusal changes nothing. */
    sk_journal_back(e, mark);
    if (status == SK_E_REFUSED) {
        assert(e->refusal != NULL);
        assert(e->store->writes == writes);
        if (e->asker.told)
            SK_TRY(sk_access_keep(e));
        status = sk_policy_keep_refused(e);
        if (status != SK_OK)
            return lacks_memory(status) ? SK_E_TOO_LARGE : status;
    } else if (lacks_memory(status)) {
        /* It wrote already: the caller takes that back, and says so. */
        if (e->store->writes != writes)
            return SK_E_TOO_LARGE;
        (void)sk_refuse(e, "too-large", NULL, (struct sk_bytes){0});
    } else if (e->store->writes != writes) {
        return SK_E_IO;
    } else {
        (void)sk_refuse(e, "store-broken", NULL, (struct sk_bytes){0});
    }
    pack_refusal(e);
    return publish_reply(e);
}
