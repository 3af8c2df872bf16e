#include "node/engine/engine.h"

#include <stddef.h>
#include <string.h>

#include "node/engine/access.h"
#include "node/engine/due.h"
#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/journal.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/policy.h"
#include "node/engine/ready.h"
#include "node/engine/renew.h"
#include "node/engine/repeat.h"
#include "node/engine/request.h"
#include "node/engine/restored.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"

#define STORE_FORMAT 7
#define BUNDLE_SIZE (14u * 1024 * 1024)
#define SCRATCH_SIZE (16u * 1024 * 1024)
/* A system clock that went back further than this is not believed. */
#define CLOCK_BACK_MS (5 * 60 * 1000u)
/* How often the largest time seen is written down when nothing else is. */
#define CLOCK_KEEP_MS (60 * 1000u)

static const char context_wrap[] = "schakel/store/wrap/1";
static const char context_first[] = "schakel/store/first/1";

/* What a rollback goes back to: all that is volatile, as it was before the
   first input of the batch. */
struct sk_batch {
    struct sk_node_secrets secrets;
    struct sk_card card;
    struct sk_session *sessions; /* SK_PARTNERS_MAX */
    size_t sessions_count;
    uint64_t cards_number; /* names and cards in it are those of then */
    uint64_t now_ms;
    uint64_t kept_ms;
    int32_t due_day;
    bool reload;
    uint64_t bundle_number; /* to notice that another one was loaded */
    struct sk_fetch fetch;
    struct sk_journal journal;
    uint32_t frame_sizes[SK_FRAME_SIZES_MAX];
    uint64_t frame_counts[SK_FRAME_SIZES_MAX];
    size_t frame_sizes_count;
};

/* ------------------------------------------------------------- effects */

void sk_effects_start(struct sk_effects *effects, struct sk_room room)
{
    effects->room = room;
    effects->used = 0;
    effects->frames_count = 0;
    effects->reply = (struct sk_bytes){0};
    effects->peers_changed = false;
    effects->shred = false;
    effects->finding = NULL;
    effects->charter_version = 0;
    memset(&effects->charter_from, 0, sizeof(effects->charter_from));
    effects->wake_ms = UINT64_MAX;
}

void sk_wake_at(struct sk_engine *e, uint64_t real_ms)
{
    if (real_ms < e->effects->wake_ms)
        e->effects->wake_ms = real_ms;
}

enum sk_status sk_frame_room(struct sk_engine *e, struct sk_room *out)
{
    struct sk_effects *effects = e->effects;

    if (effects->frames_count == SK_EFFECT_FRAMES_MAX)
        return SK_E_AGAIN;
    if (effects->room.size_max - effects->used < SK_FRAME_SIZE_MAX)
        return SK_E_AGAIN;
    out->data = effects->room.data + effects->used;
    out->size_max = SK_FRAME_SIZE_MAX;
    return SK_OK;
}

/* Without the two packed names: they differ per partner, and are public. */
static size_t packed_name_size(const struct sk_org *org)
{
    const size_t size = strlen(org->text);

    return size < 32 ? size + 1 : size + 2;
}

static size_t size_without_names(const struct sk_engine *e,
                                 const struct sk_org *to, size_t size)
{
    const size_t names = packed_name_size(&e->org) + packed_name_size(to);

    return names < size ? size - names : size;
}

static void count_size(struct sk_engine *e, size_t size)
{
    for (size_t i = 0; i < e->frame_sizes_count; i++) {
        if (e->frame_sizes[i] == size) {
            e->frame_counts[i]++;
            return;
        }
    }
    if (e->frame_sizes_count == SK_FRAME_SIZES_MAX)
        return;
    e->frame_sizes[e->frame_sizes_count] = (uint32_t)size;
    e->frame_counts[e->frame_sizes_count] = 1;
    e->frame_sizes_count++;
}

void sk_frame_send(struct sk_engine *e, const struct sk_org *to,
                   struct sk_bytes frame)
{
    struct sk_effects *effects = e->effects;
    struct sk_effect_frame *out = &effects->frames[effects->frames_count];

    assert(frame.data == effects->room.data + effects->used);
    assert(frame.size <= SK_FRAME_SIZE_MAX);

    out->to = *to;
    out->frame = frame;
    effects->frames_count++;
    effects->used += frame.size;
    count_size(e, size_without_names(e, to, frame.size));
}

/* ------------------------------------------------------------- replies */

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
    row = sk_op_row_find(request.op->name);
    if (row == NULL)
        return sk_refuse(e, "unknown-op", NULL, (struct sk_bytes){0});
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

static enum sk_status on_control(struct sk_engine *e,
                                 const struct sk_input *input)
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

/* ------------------------------------------------------------- steps */

/* All there is of a line, but not ranges that are not in use; with many
   partners this is most of what a batch costs. */
static void copy_line(const struct sk_session *from, bool card,
                      struct sk_session *to)
{
    const size_t behind_card = offsetof(struct sk_session, has_curve_before);
    const size_t ranges = offsetof(struct sk_session, log.ranges);
    const size_t behind = offsetof(struct sk_session, log.ranges_count);
    const uint8_t *in = (const uint8_t *)from;
    uint8_t *out = (uint8_t *)to;

    assert(from->log.ranges_count <= SK_RANGES_MAX);
    if (card)
        memcpy(out, in, behind_card);
    memcpy(out + behind_card, in + behind_card, ranges - behind_card);
    memcpy(out + ranges, in + ranges,
           from->log.ranges_count * sizeof(from->log.ranges[0]));
    memcpy(out + behind, in + behind, sizeof(*to) - behind);
}

static void keep_lines(struct sk_engine *e, struct sk_batch *batch)
{
    bool cards = batch->cards_number != e->cards_number;

    for (size_t i = 0; i < e->sessions_count; i++)
        copy_line(&e->sessions[i], cards, &batch->sessions[i]);
    batch->sessions_count = e->sessions_count;
    batch->cards_number = e->cards_number;
}

static void take_lines_back(struct sk_engine *e, const struct sk_batch *batch)
{
    for (size_t i = 0; i < batch->sessions_count; i++)
        copy_line(&batch->sessions[i], /* card */ true, &e->sessions[i]);
    e->sessions_count = batch->sessions_count;
    e->cards_number = batch->cards_number;
}

static void batch_start(struct sk_engine *e)
{
    struct sk_batch *batch = e->batch;

    if (e->in_batch)
        return;
    keep_lines(e, batch);
    batch->secrets = e->secrets;
    batch->card = e->card;
    batch->now_ms = e->now_ms;
    batch->kept_ms = e->kept_ms;
    batch->due_day = e->due_day;
    batch->reload = e->reload;
    batch->bundle_number = e->bundle_number;
    batch->fetch = e->fetch;
    batch->journal = e->journal;
    memcpy(batch->frame_sizes, e->frame_sizes, sizeof(e->frame_sizes));
    memcpy(batch->frame_counts, e->frame_counts, sizeof(e->frame_counts));
    batch->frame_sizes_count = e->frame_sizes_count;
    e->in_batch = true;
}

void sk_engine_rollback(struct sk_engine *e)
{
    struct sk_batch *batch = e->batch;

    take_lines_back(e, batch);
    e->secrets = batch->secrets;
    e->card = batch->card;
    e->kept_ms = batch->kept_ms;
    e->due_day = batch->due_day;
    if (e->manual_clock)
        e->now_ms = batch->now_ms;
    memcpy(e->frame_sizes, batch->frame_sizes, sizeof(e->frame_sizes));
    memcpy(e->frame_counts, batch->frame_counts, sizeof(e->frame_counts));
    e->frame_sizes_count = batch->frame_sizes_count;
    sk_vault_forget(e);
    sk_facts_forget(e);
    memset(e->series, 0, sizeof(e->series));
    e->done.count = 0;
    sk_ready_forget(e);
    e->recalls = SK_RECALLS_DUE;
    e->fetch = batch->fetch;
    e->journal = batch->journal;
    e->reload =
        batch->reload || e->reload || e->bundle_number != batch->bundle_number;
    /* I5: until the next step has read the store again, nothing flows. */
    if (e->reload)
        e->bundle = NULL;
    e->in_batch = false;
}

static enum sk_status keep_clock(struct sk_engine *e)
{
    SK_TRY(sk_meta_put_u64(e, "largest", e->largest_ms));
    e->kept_ms = e->largest_ms;
    return SK_OK;
}

/*
 * The time of this input.  A manual clock moves only by clock.set.  A system
 * clock never goes back for those who ask: small steps are flattened, and a
 * large one stops everything that dates things.
 */
static enum sk_status tick(struct sk_engine *e, uint64_t real_ms)
{
    e->real_ms = real_ms;
    if (e->manual_clock)
        return SK_OK;
    e->clock_back =
        real_ms < e->largest_ms && e->largest_ms - real_ms > CLOCK_BACK_MS;
    if (real_ms > e->largest_ms)
        e->largest_ms = real_ms;
    e->now_ms = e->largest_ms;
    if (e->largest_ms - e->kept_ms < CLOCK_KEEP_MS)
        return SK_OK;
    return keep_clock(e);
}

/* I7: who starts again, with a clock that was set back, is not before what it
   wrote: a withdrawal that it dated would still be to come. */
static enum sk_status keep_clock_behind(struct sk_engine *e)
{
    if (e->manual_clock || e->store->writes == 0 ||
        e->largest_ms / 1000 == e->kept_ms / 1000)
        return SK_OK;
    return keep_clock(e);
}

static enum sk_status on_input(struct sk_engine *e,
                               const struct sk_input *input)
{
    switch (input->type) {
    case SK_INPUT_FRAME:
        return sk_session_frame(e, &input->peer, input->bytes);
    case SK_INPUT_LINK:
        return sk_session_link(e, &input->peer, input->up);
    case SK_INPUT_CONTROL:
        return on_control(e, input);
    case SK_INPUT_TIMER:
        return sk_session_timer(e);
    case SK_INPUT_STOP:
        return sk_session_stop(e);
    }
    return SK_E_BAD_VALUE; /* the caller made up a type */
}

static enum sk_status step(struct sk_engine *e, const struct sk_input *input)
{
    SK_TRY(tick(e, input->now_ms));
    SK_TRY(sk_journal_begin(e));
    if (e->reload)
        SK_TRY(sk_federation_load(e));
    SK_TRY(sk_due_run(e));
    SK_TRY(on_input(e, input));
    /* Civil midnight is nobody's input, but things are due then. */
    if (!e->manual_clock) {
        uint64_t next = (uint64_t)sk_civil_start(sk_today(e) + 1) * 1000;

        sk_wake_at(e, next);
    }
    return SK_OK;
}

/* Everything that the input left in scratch may be about a person, also what
   it took and gave back. */
static void forget_scratch(struct sk_engine *e)
{
    sk_arena_reset(&e->scratch, 0);
    sk_wipe(e->scratch.data, e->scratch.high);
    e->scratch.high = 0;
    e->scratch.full = false;
    sk_wipe(e->reply_room.data, e->reply.size);
    e->reply.size = 0;
}

enum sk_status sk_engine_step(struct sk_engine *e, const struct sk_input *input,
                              struct sk_effects *effects)
{
    struct sk_journal_mark mark;
    enum sk_status status;

    assert(e->store->open);

    batch_start(e);
    mark = sk_journal_mark(e);
    e->effects = effects;
    e->random = (struct sk_random){.seed = input->seed};
    effects->reply = (struct sk_bytes){0};
    status = step(e, input);
    if (status != SK_OK)
        sk_journal_back(e, mark);
    sk_wipe(&e->random, sizeof(e->random));
    forget_scratch(e);
    e->effects = NULL;
    return status;
}

/* What is written once for all inputs of the batch. */
static enum sk_status settle(struct sk_engine *e)
{
    SK_TRY(sk_ready_settle(e));
    SK_TRY(sk_log_settle(e));
    SK_TRY(sk_repeat_settle(e));
    return sk_series_settle(e);
}

enum sk_status sk_engine_pump(struct sk_engine *e, uint64_t now_ms,
                              const struct sk_seed *seed,
                              struct sk_effects *effects)
{
    enum sk_status status;

    assert(e->store->open);

    batch_start(e);
    e->effects = effects;
    e->random = (struct sk_random){.seed = *seed};
    status = tick(e, now_ms);
    if (status == SK_OK && e->reload)
        status = sk_federation_load(e);
    if (status == SK_OK)
        status = sk_recall_run(e);
    if (status == SK_OK)
        status = sk_session_pump(e);
    if (status == SK_OK)
        status = settle(e);
    if (status == SK_OK)
        status = sk_journal_flush(e);
    if (status == SK_OK)
        status = keep_clock_behind(e);
    sk_backup_expire(e);
    sk_wipe(&e->random, sizeof(e->random));
    forget_scratch(e);
    e->effects = NULL;
    if (status == SK_OK)
        e->in_batch = false;
    return status;
}

/* ------------------------------------------------------------- open, close */

static enum sk_status write_identity(struct sk_engine *e)
{
    SK_TRY(sk_meta_put_u64(e, "format", STORE_FORMAT));
    SK_TRY(sk_rewrap_check_put(e));
    return sk_meta_put(e, "org", sk_org_text(&e->org));
}

/* Is this our store, of a format we know, under our master key? */
static enum sk_status check_identity(struct sk_engine *e)
{
    struct sk_bytes org;
    uint64_t format;

    SK_TRY(sk_meta_get_u64(e, "format", &format));
    if (format != STORE_FORMAT)
        return SK_E_UNSUPPORTED;
    SK_TRY(sk_meta_get(e, "org", &org));
    if (!sk_bytes_equal(org, sk_org_text(&e->org)))
        return SK_E_REFUSED;
    SK_TRY(sk_rewrap_check(e));
    return sk_rewrap_index(e);
}

static enum sk_status load_clock(struct sk_engine *e, uint64_t now_ms)
{
    const char *name = e->manual_clock ? "clock" : "largest";
    enum sk_status status;
    uint64_t kept = 0;

    status = sk_meta_get_u64(e, name, &kept);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (e->manual_clock) {
        e->now_ms = status == SK_OK ? kept : now_ms;
        return status == SK_OK ? SK_OK : sk_meta_put_u64(e, name, now_ms);
    }
    e->kept_ms = kept;
    e->largest_ms = kept;
    return tick(e, now_ms);
}

/* Partners that know an older card of ours are sent this one. */
static enum sk_status keep_card(struct sk_engine *e, struct sk_bytes card)
{
    struct sk_key key = sk_key_start(SK_T_CARD);
    struct sk_entry entry;
    struct sk_hash hash;
    struct sk_bytes kept;
    enum sk_status status;

    if (card.size == 0)
        return SK_OK;
    sk_key_org(&key, &e->org);
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &kept);
    if (status == SK_OK && sk_bytes_equal(kept, card))
        return SK_OK;
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), card));
    entry = sk_entry_start(e, SK_ENTRY_CARD, NULL);
    sk_entry_number(&entry, e->card.version);
    sk_sha256(card, &hash);
    sk_entry_hash(&entry, &hash);
    return sk_journal_add(e, &entry);
}

static enum sk_status load(struct sk_engine *e,
                           const struct sk_engine_config *config)
{
    struct sk_bytes org;
    enum sk_status status = sk_meta_get(e, "org", &org);

    if (status == SK_E_NOT_FOUND)
        status = write_identity(e);
    SK_TRY(status);
    SK_TRY(check_identity(e));
    SK_TRY(load_clock(e, config->now_ms));
    SK_TRY(sk_timer_rules_read(sk_timer_domain(), &e->scratch, e->timer_rules));
    SK_TRY(sk_journal_load(e));
    SK_TRY(keep_card(e, config->card_bytes));
    SK_TRY(sk_federation_load(e));
    SK_TRY(sk_restored_load(e));
    return sk_journal_flush(e);
}

static void *cut(struct sk_room *room, size_t size)
{
    size_t whole = (size + 63) / 64 * 64;
    void *out = room->data;

    assert(whole <= room->size_max);

    room->data += whole;
    room->size_max -= whole;
    return out;
}

static struct sk_engine *lay_out(struct sk_room room)
{
    struct sk_engine *e = cut(&room, sizeof(*e));
    size_t sessions = SK_PARTNERS_MAX * sizeof(struct sk_session);

    memset(e, 0, sizeof(*e));
    e->batch = cut(&room, sizeof(*e->batch));
    memset(e->batch, 0, sizeof(*e->batch));
    e->sessions = cut(&room, sessions);
    e->batch->sessions = cut(&room, sessions);
    for (size_t i = 0; i < 2; i++)
        e->bundle_memory[i] =
            sk_arena_start(cut(&room, BUNDLE_SIZE), BUNDLE_SIZE);
    e->seen_memory = sk_arena_start(cut(&room, BUNDLE_SIZE), BUNDLE_SIZE);
    e->shadow_memory = sk_arena_start(cut(&room, BUNDLE_SIZE), BUNDLE_SIZE);
    e->scratch = sk_arena_start(cut(&room, SCRATCH_SIZE), SCRATCH_SIZE);
    e->reply_room.data = cut(&room, SK_CONTROL_SIZE_MAX);
    e->reply_room.size_max = SK_CONTROL_SIZE_MAX;
    e->kept_keys = cut(&room, SK_KEPT_KEYS * sizeof(*e->kept_keys));
    e->kept_facts = cut(&room, SK_KEPT_FACTS * sizeof(*e->kept_facts));
    memset(e->kept_keys, 0, SK_KEPT_KEYS * sizeof(*e->kept_keys));
    memset(e->kept_facts, 0, SK_KEPT_FACTS * sizeof(*e->kept_facts));
    for (size_t i = 0; i < SK_KEPT_FACTS; i++)
        e->kept_facts[i].arena =
            sk_arena_start(cut(&room, SK_KEPT_FACTS_SIZE), SK_KEPT_FACTS_SIZE);
    e->ready = cut(&room, sizeof(*e->ready));
    memset(e->ready, 0, sizeof(*e->ready));
    e->ready->memory = sk_arena_start(cut(&room, SK_READY_SIZE), SK_READY_SIZE);
    e->leaving = cut(&room, sizeof(*e->leaving));
    e->fetch_room.data = cut(&room, SK_CHARTER_SIZE_MAX);
    e->fetch_room.size_max = SK_CHARTER_SIZE_MAX;
    e->timer_rules = cut(&room, sizeof(*e->timer_rules));
    e->journal.room = cut(&room, SK_JOURNAL_ROOM);
    e->replay_room = room;
    return e;
}

enum sk_status sk_engine_open(const struct sk_engine_config *config,
                              struct sk_engine **out)
{
    struct sk_effects *effects;
    struct sk_box_key first;
    struct sk_engine *e;
    enum sk_status status = SK_OK;

    assert(config->room.size_max >= SK_ENGINE_MEMORY_SIZE);
    assert((uintptr_t)config->room.data % 64 == 0);

    e = lay_out(config->room);
    e->store = config->store;
    e->secrets = *config->secrets;
    e->card = *config->card;
    e->org = config->card->org;
    e->manual_clock = config->manual_clock;
    e->partner_bytes =
        config->partner_bytes == 0 ? SK_PARTNER_BYTES : config->partner_bytes;
    e->recall_part =
        config->recall_part == 0 ? SK_RECALL_PART : config->recall_part;
    e->recalls = SK_RECALLS_DUE;
    e->due_day = INT32_MIN;
    sk_derive(&e->secrets.master, context_wrap, &e->wrap_secret);
    /* The only random bytes of opening are the nonce of the store's check: of
       nothing, under a key of which this is the only one. */
    sk_derive(&e->secrets.master, context_first, &first);
    memcpy(e->random.seed.secret_bytes, first.secret_bytes,
           sizeof(e->random.seed.secret_bytes));
    sk_wipe(&first, sizeof(first));
    effects = sk_arena_get(&e->scratch, sizeof(*effects));
    assert(effects != NULL);
    e->effects = effects;

    if (e->secrets.has_master_before)
        status = sk_rewrap(e);
    if (status == SK_OK)
        status = sk_store_begin(e->store);
    if (status == SK_OK) {
        status = load(e, config);
        if (status == SK_OK)
            status = sk_store_commit(e->store);
        else
            sk_store_abort(e->store);
    }
    forget_scratch(e);
    e->effects = NULL;
    sk_wipe(&e->random, sizeof(e->random));
    if (status != SK_OK) {
        sk_engine_close(&e);
        return status;
    }
    *out = e;
    return SK_OK;
}

void sk_engine_close(struct sk_engine **engine)
{
    struct sk_engine *e = *engine;

    if (e == NULL)
        return;
    sk_vault_forget(e);
    sk_facts_forget(e);
    sk_ready_forget(e);
    sk_wipe(e->reply_room.data, e->reply_room.size_max);
    sk_wipe(e->batch, sizeof(*e->batch));
    sk_wipe(e, sizeof(*e));
    *engine = NULL;
}
