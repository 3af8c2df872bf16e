#include "node/engine/engine.h"

#include <stddef.h>
#include <string.h>

#include "node/engine/due.h"
#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/journal.h"
#include "node/engine/outbox.h"
#include "node/engine/ready.h"
#include "node/engine/repeat.h"
#include "node/engine/request.h"
#include "node/engine/restored.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"

/* A system clock that went back further than this is not believed. */
#define CLOCK_BACK_MS (5 * 60 * 1000u)
/* How often the largest time seen is written down when nothing else is. */
#define CLOCK_KEEP_MS (60 * 1000u)

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

enum sk_status sk_clock_tick(struct sk_engine *e, uint64_t real_ms)
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
        return sk_request_run(e, input);
    case SK_INPUT_TIMER:
        return sk_session_timer(e);
    case SK_INPUT_STOP:
        return sk_session_stop(e);
    }
    return SK_E_BAD_VALUE; /* the caller made up a type */
}

static enum sk_status step(struct sk_engine *e, const struct sk_input *input)
{
    SK_TRY(sk_clock_tick(e, input->now_ms));
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

void sk_scratch_forget(struct sk_engine *e)
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
    sk_scratch_forget(e);
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
    status = sk_clock_tick(e, now_ms);
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
    sk_scratch_forget(e);
    e->effects = NULL;
    if (status == SK_OK)
        e->in_batch = false;
    return status;
}
