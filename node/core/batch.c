/*
 * Group commit: what arrived together is one transaction.
 *
 * The engine is a function of (store, input, time, seed).  When the batch
 * cannot be stored it is rolled back and its inputs run again one by one with
 * the time and seed they had, so that one of them cannot take the others
 * down; the one that fails gets a coded answer, or is told again by its
 * sender.  Effects leave after their commit and never before.   I4
 */
#include "node/core/core.h"

#include <sodium.h>
#include <string.h>

#include "node/log.h"

#define RETRY_MS 1000
#define SHRED_WAIT_MAX_MS 60000
#define COMPLAIN_MS 10000
#define ROOM_AGAIN_BYTES (UINT64_C(1) << 20)

bool sk_batch_has_room(const struct sk_core *core)
{
    return core->inputs_count < SK_BATCH_COUNT_MAX &&
           core->frames.size_max - core->frames_used >= SK_IPC_SIZE_MAX;
}

/* Each is used once, and gone then. */
static void take_seed(struct sk_core *core, struct sk_seed *out)
{
    if (core->seeds_left == 0) {
        randombytes_buf(core->seeds, sizeof(core->seeds));
        core->seeds_left = SK_SEEDS_COUNT;
    }
    core->seeds_left--;
    *out = core->seeds[core->seeds_left];
    sodium_memzero(&core->seeds[core->seeds_left], sizeof(*out));
}

struct sk_batch_input *sk_batch_add(struct sk_core *core,
                                    enum sk_input_type type)
{
    struct sk_batch_input *slot = &core->inputs[core->inputs_count];

    assert(core->inputs_count < SK_BATCH_COUNT_MAX);

    core->inputs_count++;
    *slot = (struct sk_batch_input){
        .input = {.type = type, .now_ms = core->now_ms}};
    take_seed(core, &slot->input.seed);
    return slot;
}

/* ------------------------------------------------------------- commit */

static bool has_room(struct sk_core *core)
{
    struct sk_store_stats stats;

    sk_store_stats(core->store, &stats);
    return stats.room_bytes >= ROOM_AGAIN_BYTES;
}

/* The store may say the same for hours: one line when it changes; a little
   that still fits on a full disk is no change.  A broken one does not mend: the
   process ends, so that somebody looks. */
static void note_store(struct sk_core *core, enum sk_status status)
{
    if (status == SK_E_IO)
        core->failed = true;
    if (status == core->store_status ||
        (status == SK_OK && core->store_status == SK_E_FULL && !has_room(core)))
        return;
    core->store_status = status;
    if (status == SK_OK)
        sk_log_info(NULL, "the store takes writes again");
    else
        sk_log_error(NULL, status, "the store takes no writes");
}

static enum sk_status run_inputs(struct sk_core *core, size_t first,
                                 size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        struct sk_batch_input *slot = &core->inputs[first + i];
        uint64_t writes = core->store->writes;
        enum sk_status status =
            sk_engine_step(core->engine, &slot->input, &core->effects);

        /* No room for its effects, and it wrote nothing: the next batch. */
        if (status == SK_E_AGAIN && i > 0 && core->store->writes == writes) {
            *count = i;
            return SK_OK;
        }
        SK_TRY(status);
        slot->reply = core->effects.reply;
    }
    return SK_OK;
}

/* Step and pump; the transaction is open. */
static enum sk_status run_batch(struct sk_core *core, size_t first,
                                size_t *count)
{
    struct sk_seed seed;
    enum sk_status status;

    take_seed(core, &seed);
    status = run_inputs(core, first, count);
    if (status == SK_OK)
        status =
            sk_engine_pump(core->engine, core->now_ms, &seed, &core->effects);
    sodium_memzero(&seed, sizeof(seed));
    return status;
}

/* Inputs from `first` on as one transaction: as many as their effects have
   room for.  When it fails nothing of it happened. */
static enum sk_status commit_inputs(struct sk_core *core, size_t first,
                                    size_t *count)
{
    enum sk_status store_status;
    enum sk_status status;

    sk_effects_start(&core->effects, core->effects_room);
    store_status = sk_store_begin(core->store);
    if (store_status != SK_OK) {
        note_store(core, store_status);
        return store_status;
    }
    status = run_batch(core, first, count);
    /* What the store says, apart from what the engine makes of it. */
    store_status = core->store->failed;
    if (status == SK_OK)
        status = store_status = sk_store_commit(core->store);
    else
        sk_store_abort(core->store);
    if (status != SK_OK)
        sk_engine_rollback(core->engine);
    /* A transaction that wrote nothing proves nothing. */
    if (store_status != SK_OK || core->store->writes > 0)
        note_store(core, store_status);
    return status;
}

/* ------------------------------------------------------------ effects */

/* True when old keys were overwritten. */
static bool shred(struct sk_core *core)
{
    enum sk_status status;

    if (!sk_store_shred_due(core->store) ||
        core->monotonic_ms < core->shred_at_ms)
        return false;
    status = sk_store_shred(core->store);
    if (status != SK_OK) {
        /* The keys are deleted and hidden; nobody is told that they are
           gone before they are. */
        if (core->shred_wait_ms == 0)
            sk_log_error(NULL, status, "old keys are not overwritten yet");
        core->shred_wait_ms =
            core->shred_wait_ms == 0 ? RETRY_MS : core->shred_wait_ms * 2;
        if (core->shred_wait_ms > SHRED_WAIT_MAX_MS)
            core->shred_wait_ms = SHRED_WAIT_MAX_MS;
        core->shred_at_ms = core->monotonic_ms + core->shred_wait_ms;
        return false;
    }
    if (core->shred_wait_ms > 0)
        sk_log_info(NULL, "old keys are overwritten now");
    core->shred_wait_ms = 0;
    core->shred_at_ms = 0;
    return true;
}

void sk_batch_shred(struct sk_core *core)
{
    if (shred(core))
        core->wake_ms = core->now_ms; /* the pump: what waited for it */
}

/* A charter changes with whom, and under which guards, data is shared: the
   operator reads of it, also when no person brought it. */
static void note_charter(const struct sk_effects *effects)
{
    bool handed_on = effects->charter_from.text[0] != '\0';

    sk_log_info(handed_on ? &effects->charter_from : NULL,
                handed_on ? "handed on a newer charter, now in force"
                          : "a newer charter is in force");
    sk_log_count("version of the charter", effects->charter_version);
}

static void publish(struct sk_core *core, size_t first, size_t count)
{
    struct sk_effects *effects = &core->effects;
    bool shredded = shred(core);

    if (effects->charter_version != 0)
        note_charter(effects);
    if (effects->finding != NULL)
        sk_log_error(&effects->finding_about, SK_E_BAD_VALUE,
                     "a journal is not what it was: schakel journal findings");
    if (effects->peers_changed)
        sk_child_send_peers(core);
    for (size_t i = 0; i < effects->frames_count; i++)
        sk_child_send_frame(core, &effects->frames[i]);
    for (size_t i = first; i < first + count; i++) {
        struct sk_batch_input *slot = &core->inputs[i];

        if (slot->client != NULL)
            sk_control_reply(core, slot->client, slot->reply);
        if (slot->input.type == SK_INPUT_LINK)
            sk_child_told(core, &slot->input);
    }
    if (effects->wake_ms < core->wake_ms || core->now_ms >= core->wake_ms)
        core->wake_ms = effects->wake_ms;
    if (shredded)
        core->wake_ms = core->now_ms;
    sodium_memzero(core->effects_room.data, effects->used);
}

/* ------------------------------------------------------------ failures */

static const char *code_of(enum sk_status status)
{
    if (status == SK_E_FULL)
        return "disk-full";
    if (status == SK_E_AGAIN || status == SK_E_TOO_LARGE)
        return "too-large";
    return "store-broken";
}

/* One line in a while: a partner must not fill the log. */
static void complain(struct sk_core *core, const struct sk_input *input,
                     enum sk_status status)
{
    bool has_peer =
        input->type == SK_INPUT_FRAME || input->type == SK_INPUT_LINK;

    if (core->monotonic_ms < core->complain_ms)
        return;
    core->complain_ms = core->monotonic_ms + COMPLAIN_MS;
    sk_log_error(has_peer ? &input->peer : NULL, status,
                 "an input could not be applied");
}

static void answer_failure(struct sk_core *core, struct sk_batch_input *slot,
                           enum sk_status status)
{
    uint8_t bytes[128];
    struct sk_bytes reply;

    if (status != SK_E_FULL)
        complain(core, &slot->input, status);
    /* A frame is not receipted, so it comes again.  Links and timers we tell
       again ourselves, a moment later; a partner's frame that fails must not
       hold them up. */
    if (status == SK_E_FULL || slot->input.type == SK_INPUT_TIMER ||
        slot->input.type == SK_INPUT_LINK)
        core->retry_ms = core->monotonic_ms + RETRY_MS;
    if (slot->client == NULL)
        return;
    if (sk_engine_error_reply(code_of(status),
                              (struct sk_room){bytes, sizeof(bytes)},
                              &reply) == SK_OK)
        sk_control_reply(core, slot->client, reply);
}

static void run_one_by_one(struct sk_core *core, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        size_t one = 1;
        enum sk_status status = commit_inputs(core, i, &one);

        if (status == SK_OK)
            publish(core, i, 1);
        else
            answer_failure(core, &core->inputs[i], status);
    }
}

void sk_batch_run(struct sk_core *core)
{
    size_t first = 0;

    while (first < core->inputs_count) {
        size_t count = core->inputs_count - first;
        enum sk_status status = commit_inputs(core, first, &count);

        if (status == SK_OK)
            publish(core, first, count);
        else
            run_one_by_one(core, first, count);
        first += count;
    }
    sk_child_settled(core);
    sodium_memzero(core->inputs, core->inputs_count * sizeof(*core->inputs));
    core->inputs_count = 0;
    sodium_memzero(core->frames.data, core->frames_used);
    core->frames_used = 0;
}
