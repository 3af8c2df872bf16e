#include "node/engine/ready.h"

#include <string.h>

#include "node/engine/facts.h"
#include "node/engine/ledger.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"

/* Empty, with nothing of a person left. */
void sk_ready_forget(struct sk_engine *e)
{
    struct sk_ready *ready = e->ready;

    sk_arena_reset(&ready->memory, 0);
    sk_wipe(ready->memory.data, ready->memory.high);
    ready->memory.high = 0;
    if (ready->count == 0)
        return;
    sk_wipe(ready->list, ready->count * sizeof(ready->list[0]));
    memset(ready->slots, 0, sizeof(ready->slots));
    ready->count = 0;
}

/* Of the tables behind a decision: those of facts, and whether the node holds
   back or leaves.  Events do not change once they are recorded. */
static uint64_t version(const struct sk_engine *e)
{
    static const char own[] = {SK_T_META, '\0'};

    return sk_facts_version(e) + sk_store_version(e->store, own);
}

/* I2: is there nothing that a decision looks at, and that is different since
   these were decided? */
static bool is_current(const struct sk_engine *e)
{
    return e->ready->now_ms == e->now_ms &&
           e->ready->bundle_number == e->bundle_number &&
           e->ready->version == version(e);
}

/* ------------------------------------------------------------- by id */

static size_t slot_of(const struct sk_message_id *message)
{
    const uint8_t *b = message->id.bytes;

    return ((size_t)b[14] << 8 | b[15]) % SK_READY_SLOTS;
}

static struct sk_ready_entry *find(struct sk_engine *e,
                                   const struct sk_message_id *message)
{
    struct sk_ready *ready = e->ready;
    size_t slot = slot_of(message);

    for (; ready->slots[slot] != 0; slot = (slot + 1) % SK_READY_SLOTS) {
        struct sk_ready_entry *one = &ready->list[ready->slots[slot] - 1];

        if (sk_id_equal(&one->message.id, &message->id))
            return one;
    }
    return NULL;
}

static void add_slot(struct sk_ready *ready,
                     const struct sk_message_id *message)
{
    size_t slot = slot_of(message);

    while (ready->slots[slot] != 0)
        slot = (slot + 1) % SK_READY_SLOTS;
    ready->slots[slot] = (uint16_t)ready->count;
}

/* ------------------------------------------------------------- in and out */

enum sk_status sk_ready_room(struct sk_engine *e, struct sk_room *out)
{
    struct sk_ready *ready = e->ready;
    size_t mark = sk_arena_mark(&ready->memory);

    if (!is_current(e)) {
        SK_TRY(sk_ready_settle(e));
        mark = 0;
    }
    if (ready->count == SK_READY_MAX)
        return SK_E_NO_ROOM;
    out->size_max = SK_ITEM_SIZE_MAX;
    out->data = sk_arena_take(&ready->memory, out->size_max);
    sk_arena_reset(&ready->memory, mark);
    return out->data == NULL ? SK_E_NO_ROOM : SK_OK;
}

enum sk_status sk_ready_put(struct sk_engine *e,
                            const struct sk_ledger_entry *sent,
                            struct sk_bytes item)
{
    struct sk_ready *ready = e->ready;
    size_t mark = sk_arena_mark(&ready->memory);
    struct sk_ready_entry *one;
    struct sk_bytes record;
    const uint8_t *kept;

    assert(ready->count < SK_READY_MAX);

    SK_TRY(sk_ledger_pack(e, sent, &record));
    kept = sk_arena_take(&ready->memory, item.size);
    assert(kept == item.data); /* sk_ready_room() */
    record = sk_arena_copy(&ready->memory, record);
    if (ready->memory.full) {
        sk_arena_reset(&ready->memory, mark);
        return SK_E_NO_ROOM;
    }
    ready->version = version(e);
    ready->bundle_number = e->bundle_number;
    ready->now_ms = e->now_ms;
    one = &ready->list[ready->count++];
    *one = (struct sk_ready_entry){.message = sent->message,
                                   .participant = sent->participant,
                                   .to = sent->to,
                                   .item = item,
                                   .record = record};
    add_slot(ready, &sent->message);
    /* Its entry in the ledger. */
    sk_store_promise(e->store);
    return SK_OK;
}

enum sk_status sk_ready_take(struct sk_engine *e,
                             const struct sk_message_id *message,
                             struct sk_room room, struct sk_bytes *out)
{
    struct sk_ready_entry *one = find(e, message);

    if (one == NULL || one->taken)
        return SK_E_NOT_FOUND;
    if (!is_current(e) || one->item.size > room.size_max) {
        SK_TRY(sk_ready_settle(e));
        return SK_E_NOT_FOUND;
    }
    SK_TRY(sk_timers_sent(e, &one->participant, &one->to));
    SK_TRY(sk_ledger_put_packed(e, message, &one->participant, &one->to,
                                one->record));
    memcpy(room.data, one->item.data, one->item.size);
    *out = (struct sk_bytes){room.data, one->item.size};
    one->taken = true;
    return SK_OK;
}

/* ------------------------------------------------------------- queued */

static enum sk_status put_queued(struct sk_engine *e,
                                 const struct sk_ready_entry *one)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_ledger_entry *entry = sk_arena_take(&e->scratch, sizeof(*entry));

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_ledger_unpack(e, one->record, entry));
    entry->state = SK_LEDGER_QUEUED;
    entry->sent_ms = 0;
    SK_TRY(sk_ledger_put(e, entry));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

enum sk_status sk_ready_settle(struct sk_engine *e)
{
    struct sk_ready *ready = e->ready;

    for (size_t i = 0; i < ready->count; i++)
        if (!ready->list[i].taken)
            SK_TRY(put_queued(e, &ready->list[i]));
    sk_ready_forget(e);
    return SK_OK;
}
