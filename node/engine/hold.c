#include "node/engine/restored.h"

#include "node/engine/federation.h"
#include "node/engine/feed.h"
#include "node/engine/ledger.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/policy.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/*
 * CONSENT.md 4.2, PROTOCOL.md 8.4: a node that was restored forgot what people
 * took back after its backup.  Until a person says that this was entered again
 * no event leaves it.  Everything else does: so an event makes room for what
 * stands behind it in the log, and gets a new place at the end of the hold.
 *
 *     META "hold"     the instant since when
 *     SK_T_HELD       org, number -> array of 2: bin message, bool counted:
 *                     its place is one of those that SK_COUNT_EVENTS counts
 */
#define NAME "hold"

static struct sk_key held_key(const struct sk_org *to, uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_HELD);

    sk_key_org(&key, to);
    sk_key_u64(&key, number);
    return key;
}

enum sk_status sk_hold_start(struct sk_engine *e)
{
    SK_TRY(sk_feed_restored(e));
    return sk_meta_put_u64(e, NAME, e->now_ms);
}

enum sk_status sk_hold_since(struct sk_engine *e, bool *on, uint64_t *since_ms)
{
    enum sk_status status = sk_meta_get_u64(e, NAME, since_ms);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *on = status == SK_OK;
    return SK_OK;
}

/* A receipt for the place that it had says nothing about it. */
static enum sk_status take_place(struct sk_engine *e,
                                 const struct sk_message_id *message)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, message, entry);
    if (status == SK_E_NOT_FOUND ||
        (status == SK_OK && !sk_ledger_waits(entry)))
        return SK_OK;
    SK_TRY(status);
    entry->number = 0;
    return sk_ledger_put(e, entry);
}

enum sk_status sk_hold_aside(struct sk_engine *e, const struct sk_org *to,
                             uint64_t number,
                             const struct sk_message_id *message, bool *out)
{
    struct sk_key key = held_key(to, number);
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_pack p;
    struct sk_bytes value;
    struct sk_log log;
    uint64_t since_ms;
    uint8_t bytes[32];

    SK_TRY(sk_hold_since(e, out, &since_ms));
    if (!*out)
        return SK_OK;
    SK_TRY(sk_log_get(e, to, &log));
    p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    sk_pack_array(&p, 2);
    sk_pack_id(&p, &message->id);
    sk_pack_bool(&p, number > log.stored);
    SK_TRY(sk_pack_finish(&p, &value));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value));
    SK_TRY(take_place(e, message));
    sk_arena_reset(&e->scratch, mark);
    return sk_outbox_remove(e, to, number);
}

/* ------------------------------------------------------------- its end */

/* As sk_hold_aside() wrote it. */
static enum sk_status unpack_held(struct sk_bytes key, struct sk_bytes value,
                                  struct sk_org *to,
                                  struct sk_message_id *message, bool *counted)
{
    struct sk_unpack u = sk_unpack_start(value);

    /* The table's byte, the name, a zero byte, a number of 8. */
    if (key.size < 11 ||
        !sk_org_parse((struct sk_bytes){key.data + 1, key.size - 10}, to))
        return SK_E_IO;
    sk_unpack_array(&u, 2);
    sk_unpack_id(&u, &message->id);
    *counted = sk_unpack_bool(&u);
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

/* A new place for it, where it is decided anew; not for what was dropped. */
static enum sk_status put_back(struct sk_engine *e, const struct sk_org *to,
                               const struct sk_message_id *message,
                               bool counted)
{
    struct sk_out_entry out = {.kind = SK_OUT_EVENT, .message = *message};
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, message, entry);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK && entry->state == SK_LEDGER_DROPPED)
        return SK_OK;
    if (status == SK_OK && entry->state != SK_LEDGER_REFUSED) {
        SK_TRY(sk_outbox_put(e, to, &out, &entry->number));
        SK_TRY(sk_ledger_put(e, entry));
    }
    return counted ? sk_log_add(e, to, SK_COUNT_EVENTS, -1) : SK_OK;
}

/* put: give them their place, and forget that they were held. */
static enum sk_status each_held(struct sk_engine *e, bool put, uint64_t *count)
{
    struct sk_key prefix = sk_key_start(SK_T_HELD);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bytes bytes;
    struct sk_bytes value;
    enum sk_status status;

    *count = 0;
    while ((status = sk_scan_next(&scan, &bytes, &value)) == SK_OK) {
        struct sk_message_id message;
        struct sk_key key = {0};
        struct sk_org to;
        bool counted;

        SK_TRY(unpack_held(bytes, value, &to, &message, &counted));
        (*count)++;
        if (!put)
            continue;
        sk_key_bytes(&key, bytes);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
        SK_TRY(put_back(e, &to, &message, counted));
        sk_arena_reset(&e->scratch, mark);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status pack(struct sk_engine *e, uint64_t since_ms,
                           uint64_t events, bool with_policy)
{
    struct sk_pack *p = &e->reply;
    uint64_t policy_ms;
    enum sk_status status = sk_policy_since(e, &policy_ms);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    sk_pack_map(p, 2u + (with_policy ? 1 : 0) + (status == SK_OK ? 1 : 0));
    sk_reply_uint(p, "events", events);
    if (with_policy && e->has_policy)
        sk_reply_text(p, "policy", sk_policy_name(e));
    else if (with_policy) {
        sk_pack_cstr(p, "policy");
        sk_pack_nil(p);
    }
    if (status == SK_OK)
        sk_reply_instant(p, "policy_since", policy_ms);
    sk_reply_instant(p, "since", since_ms);
    return SK_OK;
}

enum sk_status sk_hold_pack(struct sk_engine *e, uint64_t since_ms)
{
    uint64_t events;

    SK_TRY(each_held(e, /* put */ false, &events));
    sk_pack_cstr(&e->reply, NAME);
    return pack(e, since_ms, events, /* with_policy */ false);
}

enum sk_status sk_op_restore_done(struct sk_engine *e, struct sk_value args)
{
    struct sk_key key = sk_key_start(SK_T_META);
    uint64_t since_ms;
    uint64_t events;
    bool on;

    (void)args; /* it has none */
    SK_TRY(sk_hold_since(e, &on, &since_ms));
    if (!on)
        return sk_refuse(e, "not-on-hold", NULL, (struct sk_bytes){0});
    sk_key_bytes(&key, sk_text(NAME));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    SK_TRY(each_held(e, /* put */ true, &events));
    return pack(e, since_ms, events, /* with_policy */ true);
}
