#include "node/engine/engine.h"

#include <string.h>

#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/journal.h"
#include "node/engine/ready.h"
#include "node/engine/renew.h"
#include "node/engine/restored.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"
#include "protocol/sha256.h"

#define STORE_FORMAT 8
#define BUNDLE_SIZE (14u * 1024 * 1024)
#define SCRATCH_SIZE (16u * 1024 * 1024)

static const char context_wrap[] = "schakel/store/wrap/1";
static const char context_first[] = "schakel/store/first/1";

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
    return sk_clock_tick(e, now_ms);
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
    sk_scratch_forget(e);
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
