#include "tests/sim/sim.h"

#include "node/engine/session.h"
#include "node/engine/state.h"
#include "tests/node/lines.h"

struct sk_engine *engine(size_t at)
{
    return sim.f.nodes[at].engine;
}

/* ------------------------------------------------------------- frames */

void net_clear(void)
{
    for (size_t i = 0; i < sim.frames_count; i++)
        free(sim.frames[i].bytes);
    sim.frames_count = 0;
}

/* What left in this step left under what the model knows by now. */
void net_stamp(void)
{
    for (size_t i = sim.frames_count; i-- > 0;) {
        if (sim.frames[i].since == 0)
            sim.frames[i].since = sim.moment;
    }
}

void net_put(const struct frame *frame)
{
    struct frame *out = &sim.frames[sim.frames_count];

    check(sim.frames_count < FRAMES, "too many frames under way");
    *out = *frame;
    out->bytes = malloc(frame->size);
    memcpy(out->bytes, frame->bytes, frame->size);
    sim.frames_count++;
}

static void put_effects(size_t at, const struct sk_effects *effects)
{
    for (size_t i = 0; i < effects->frames_count; i++) {
        const struct sk_effect_frame *e = &effects->frames[i];
        struct frame frame = {.from = at,
                              .to = fx_index(&sim.f, e->to.text),
                              .at_ms = engine(at)->now_ms,
                              .bytes = (uint8_t *)(uintptr_t)e->frame.data,
                              .size = e->frame.size};

        check_frame(at, e->frame.data, e->frame.size);
        if (frame.to < sim.count && !sim.cut[at][frame.to])
            net_put(&frame);
    }
}

/* ------------------------------------------------------------- nodes */

static uint64_t clock_of(size_t at)
{
    return (uint64_t)((int64_t)sim.f.real_ms + sim.nodes[at].drift_ms);
}

/* The process is there again: its memory is empty. */
static enum sk_status start(size_t at)
{
    struct fx_node *node = &sim.f.nodes[at];
    struct sk_engine_config config = {
        .store = node->store,
        .secrets = &node->secrets,
        .card = &node->card,
        .card_bytes = {node->card_bytes, node->card_size},
        .now_ms = clock_of(at),
        /* Withdrawals in parts; in one run of four, all at once. */
        .recall_part = (size_t)(sim.seed % 4),
        .room = {node->memory, SK_ENGINE_MEMORY_SIZE},
    };
    enum sk_status status;

    world_memory(at, -1);
    node->engine = NULL;
    status = sk_engine_open(&config, &node->engine);
    node->wake_ms = UINT64_MAX;
    return status;
}

void node_start(size_t at)
{
    enum sk_status status = start(at);

    check(status == SK_OK, "%s does not start: %s", node_names[at],
          sk_status_text(status));
}

static void stop(size_t at)
{
    struct fx_node *node = &sim.f.nodes[at];
    struct sk_engine *gone = node->engine;

    sk_store_abort(node->store);
    disk_die_after(node->store, 0);
    disk_full_after(node->store, 0);
    node->engine = NULL;
    net_lines(at);
    node->engine = gone;
}

void node_crash(size_t at)
{
    say("%s crashes", node_names[at]);
    sim.crashes++;
    stop(at);
    node_start(at);
    net_lines(at);
}

void node_start_hard(size_t at, uint64_t writes)
{
    struct sk_store *disk = sim.f.nodes[at].store;
    enum sk_status status;

    stop(at);
    if (one_in(2))
        disk_full_after(disk, writes);
    else
        disk_die_after(disk, writes);
    status = start(at);
    check(status == SK_OK || status == SK_E_FULL || status == SK_E_IO,
          "%s does not start: %s", node_names[at], sk_status_text(status));
    disk_full_after(disk, 0);
    disk_die_after(disk, 0);
    if (status != SK_OK) {
        say("%s does not start: %s", node_names[at], sk_status_text(status));
        node_start(at);
    }
    net_lines(at);
}

static enum sk_status run_batch(size_t at, const struct sk_input *inputs,
                                size_t count, struct sk_effects *effects)
{
    struct fx_node *node = &sim.f.nodes[at];
    struct sk_seed seed;
    enum sk_status status = sk_store_begin(node->store);

    sk_effects_start(effects, (struct sk_room){sim.f.room, FX_ROOM_MAX});
    for (size_t i = 0; i < count && status == SK_OK; i++) {
        struct sk_input input = inputs[i];

        input.now_ms = clock_of(at);
        input.seed = fx_seed(&sim.f);
        status = sk_engine_step(node->engine, &input, effects);
    }
    seed = fx_seed(&sim.f);
    if (status == SK_OK)
        status = sk_engine_pump(node->engine, clock_of(at), &seed, effects);
    if (status == SK_OK)
        return sk_store_commit(node->store);
    sk_store_abort(node->store);
    return status;
}

/* As schakeld does: together, and when that fails one at a time. */
static bool run_inputs(size_t at, const struct sk_input *inputs, size_t count,
                       struct sk_effects *effects)
{
    struct fx_node *node = &sim.f.nodes[at];
    enum sk_status status = run_batch(at, inputs, count, effects);

    if (status == SK_OK)
        return true;
    check(status == SK_E_FULL || status == SK_E_IO || status == SK_E_AGAIN,
          "%s: %s", node_names[at], sk_status_text(status));
    if (disk_is_dead(node->store)) {
        node_crash(at);
        return false;
    }
    sk_engine_rollback(node->engine);
    sim.disks_full++;
    say("%s: disk full", node_names[at]);
    return false;
}

static void let_out(size_t at, const struct sk_effects *effects)
{
    struct fx_node *node = &sim.f.nodes[at];

    node->wake_ms = effects->wake_ms;
    /* With a full disk it is done the next time. */
    if (sk_store_shred_due(node->store)) {
        if (sk_store_shred(node->store) != SK_OK)
            say("%s: no room to shred", node_names[at]);
        else
            node->wake_ms = 0; /* ERASED waited for it */
    }
    put_effects(at, effects);
    keys_tend(at);
}

static void keep_reply(size_t at, struct sk_bytes reply)
{
    check(reply.size <= SK_CONTROL_SIZE_MAX, "a reply that is too long");
    memcpy(sim.f.value_bytes, reply.data, reply.size);
    reply.data = sim.f.value_bytes;
    check(sk_value_check(reply, &sim.reply) == SK_OK,
          "%s: a reply that is not canonical", node_names[at]);
}

/* True when it happened; then effects are out and everything is checked. */
bool node_step(size_t at, const struct sk_input *inputs, size_t count)
{
    static struct sk_effects effects;
    bool alone = count == 1;
    bool all = true;

    net_stamp();
    if (run_inputs(at, inputs, count, &effects)) {
        bool dies = sim.weather.crashes && one_in(100);

        if (effects.reply.size > 0)
            keep_reply(at, effects.reply);
        /* Also when it is never heard of again. */
        check_step(at);
        if (dies)
            node_crash(at);
        else
            let_out(at, &effects);
        return true;
    }
    for (size_t i = 0; i < count && !alone; i++)
        all = node_step(at, &inputs[i], 1) && all;
    return !alone && all;
}

/* ------------------------------------------------------------- lines */

static bool reaches(size_t a, size_t b)
{
    return engine(a) != NULL && engine(b) != NULL && !sim.cut[a][b];
}

static void tell(size_t at, size_t peer, bool up)
{
    struct sk_input input = {
        .type = SK_INPUT_LINK, .up = up, .peer = sim.f.nodes[peer].org};

    if (engine(at) != NULL)
        (void)node_step(at, &input, 1);
}

static void drop_between(size_t a, size_t b)
{
    size_t kept = 0;

    for (size_t i = 0; i < sim.frames_count; i++) {
        struct frame *f = &sim.frames[i];

        if ((f->from == a && f->to == b) || (f->from == b && f->to == a))
            free(f->bytes);
        else
            sim.frames[kept++] = *f;
    }
    sim.frames_count = kept;
}

void net_line(size_t a, size_t b)
{
    bool up = reaches(a, b);

    if (!up)
        drop_between(a, b);
    tell(a, b, up);
    tell(b, a, up);
}

void net_lines(size_t a)
{
    for (size_t i = 0; i < sim.count; i++) {
        if (i != a)
            net_line(a, i);
    }
}

/* ------------------------------------------------------------- carrying */

static bool of_256(uint32_t rate)
{
    return rate > 0 && chance(256) < rate;
}

static struct frame take(size_t at)
{
    struct frame frame = sim.frames[at];

    sim.frames_count--;
    memmove(&sim.frames[at], &sim.frames[at + 1],
            (sim.frames_count - at) * sizeof(frame));
    return frame;
}

static void damage(struct frame *frame)
{
    if (one_in(2))
        frame->bytes[chance(frame->size)] ^= (uint8_t)(1 + chance(255));
    else
        frame->size = chance(frame->size);
}

/* In a story: what is in the frame. */
static void tell_frame(const struct frame *f, const char *fate)
{
    static struct sk_message message;
    char text[256] = "unreadable";

    if (!sim.verbose || f->size > SK_FRAME_SIZE_MAX)
        return;
    if (ln_open(&sim.f, f->from, f->to, f->bytes, f->size, &message) == SK_OK)
        ln_describe(&message, text, sizeof(text));
    say("    %s>%s %s%s", node_names[f->from], node_names[f->to], text, fate);
}

/* The next frame, as the weather has it; false: it is lost. */
static bool next_frame(size_t at, struct frame *out)
{
    if (of_256(sim.weather.copy) && sim.frames_count < FRAMES / 2) {
        struct frame copy = sim.frames[at];

        net_put(&copy);
    }
    *out = take(at);
    if (out->since == 0)
        out->since = sim.moment;
    if (reaches(out->from, out->to) && !of_256(sim.weather.lose)) {
        if (of_256(sim.weather.damage) && out->size > 1)
            damage(out);
        if (out->size > 0) {
            tell_frame(out, "");
            return true;
        }
    }
    tell_frame(out, " (lost)");
    free(out->bytes);
    sim.frames_lost++;
    return false;
}

/* Some frames for one node, as one batch. */
static void carry_batch(void)
{
    struct frame batch[BATCH];
    struct sk_input inputs[BATCH] = {0};
    size_t wanted = 1 + chance(BATCH);
    size_t count = 0;
    size_t at = of_256(sim.weather.swap) ? chance(sim.frames_count) : 0;
    size_t to = sim.frames[at].to;
    bool test;

    while (count < wanted && at < sim.frames_count) {
        if (sim.frames[at].to != to) {
            at++;
            continue;
        }
        if (next_frame(at, &batch[count]))
            count++;
    }
    for (size_t i = 0; i < count; i++) {
        inputs[i].type = SK_INPUT_FRAME;
        inputs[i].peer = sim.f.nodes[batch[i].from].org;
        inputs[i].bytes = (struct sk_bytes){batch[i].bytes, batch[i].size};
        sim.arriving[i] = &batch[i];
    }
    sim.arriving_count = count;
    test = count > 0 && sim.liar < NODES && journal_is_test(&batch[0]);
    if (count > 0 && node_step(to, inputs, count) && test)
        journal_tested(to);
    sim.arriving_count = 0;
    sim.frames_carried += count;
    for (size_t i = 0; i < count; i++)
        free(batch[i].bytes);
}

void net_carry(size_t frames)
{
    uint64_t end = sim.frames_carried + sim.frames_lost + frames;

    while (sim.frames_count > 0 && sim.frames_carried + sim.frames_lost < end)
        carry_batch();
}

void net_timers(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        struct sk_input input = {.type = SK_INPUT_TIMER};

        if (sim.f.nodes[i].wake_ms <= clock_of(i))
            (void)node_step(i, &input, 1);
    }
}

/* ------------------------------------------------------------- quiet */

static bool owes(size_t at, bool told)
{
    struct sk_engine *e = engine(at);

    if (e->recalls != SK_RECALLS_NONE && e->bundle != NULL) {
        if (told)
            fprintf(stderr, "%s has to tell of a withdrawal\n", node_names[at]);
        return true;
    }
    for (size_t i = 0; i < e->sessions_count; i++) {
        const struct sk_session *s = &e->sessions[i];
        size_t to;

        if (sk_org_equal(&s->org, &e->org))
            continue;
        to = fx_index(&sim.f, s->org.text);
        if (to >= sim.count || at == sim.liar || to == sim.liar)
            continue;
        if (s->greeted && !s->asking && s->log.stored >= s->log.head)
            continue;
        if (told)
            fprintf(
                stderr, "%s owes %s: %s%sitem %d of %d, tries again in %d s\n",
                node_names[at], s->org.text, s->greeted ? "" : "not greeted, ",
                s->asking ? "asks, " : "", (int)s->log.stored, (int)s->log.head,
                (int)((int64_t)(s->retry_ms - e->real_ms) / 1000));
        return true;
    }
    return false;
}

/* The clock goes from timer to timer. */
bool net_wait(void)
{
    uint64_t end = sim.f.real_ms + 15 * 60 * 1000;

    for (;;) {
        uint64_t next = UINT64_MAX;
        bool owed = false;

        for (size_t i = 0; sim.frames_count > 0; i++) {
            check(i < 5000, "frames never come to rest");
            net_carry(1);
        }
        for (size_t i = 0; i < sim.count; i++) {
            uint64_t wake = sim.f.nodes[i].wake_ms;
            uint64_t now = clock_of(i);
            uint64_t at = sim.f.real_ms + (wake > now ? wake - now : 1000);

            owed = owes(i, false) || owed;
            if (wake != UINT64_MAX && at < next)
                next = at;
        }
        if (!owed)
            return true;
        if (next > end) {
            for (size_t i = 0; i < sim.count; i++)
                (void)owes(i, /* told */ true);
            return false;
        }
        sim.f.real_ms = next;
        net_timers();
    }
}
