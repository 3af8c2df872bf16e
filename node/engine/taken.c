#include "node/engine/restored.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/outbox.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/*
 * What partners asked back, so that one that goes back to a backup hears from
 * us what people took back since then.                    PROTOCOL.md 7.11, I7
 *
 *     SK_T_TAKEN  org, incarnation, number of the item
 *                 -> array of 4: bin handle, purposes, categories (array of
 *                    str, none for all), uint at_ms
 *
 * Nobody goes back further than this; then a record goes.
 */
#define KEPT_MS (UINT64_C(400) * 86400 * 1000)
/* Old ones that go when one comes. */
#define DROPPED_MAX 2

static struct sk_key prefix_of(const struct sk_org *from)
{
    struct sk_key key = sk_key_start(SK_T_TAKEN);

    sk_key_org(&key, from);
    return key;
}

static void pack_words(struct sk_pack *p, const struct sk_words *words)
{
    sk_pack_array(p, words->count);
    for (size_t i = 0; i < words->count; i++)
        sk_pack_str(p, words->list[i]);
}

static void unpack_words(struct sk_unpack *u, struct sk_words *out, bool *all)
{
    out->count = sk_unpack_array_upto(u, 0, SK_ITEM_WORDS_MAX);
    for (size_t i = 0; i < out->count; i++)
        out->list[i] = sk_unpack_str(u, 1, 64);
    *all = out->count == 0;
}

/* As it will be told: to us, what we were told to stop using. */
static enum sk_status unpack(struct sk_bytes value, struct sk_item_told *out)
{
    struct sk_unpack u = sk_unpack_start(value);

    sk_unpack_array(&u, 4);
    sk_unpack_id(&u, &out->handle.id);
    unpack_words(&u, &out->purposes, &out->purposes_all);
    unpack_words(&u, &out->categories, &out->categories_all);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

static enum sk_status drop_old(struct sk_engine *e, const struct sk_org *from,
                               struct sk_item_told *room)
{
    struct sk_key prefix = prefix_of(from);

    for (size_t i = 0; i < DROPPED_MAX; i++) {
        struct sk_scan scan =
            sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
        struct sk_key first = {0};
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(unpack(value, room));
        if (room->at_ms + KEPT_MS > e->now_ms)
            return SK_OK;
        sk_key_bytes(&first, key);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&first)));
    }
    return SK_OK;
}

enum sk_status sk_taken_put(struct sk_engine *e, const struct sk_org *from,
                            const struct sk_item_withdrawn *item)
{
    static const struct sk_handle none;
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item_told *room = sk_arena_get(&e->scratch, sizeof(*room));
    const struct sk_session *s = sk_session_find(e, from);
    struct sk_key key = prefix_of(from);
    struct sk_pack p;
    struct sk_bytes value;

    assert(s != NULL);

    /* Without a handle nobody can say whom it was about. */
    if (sk_id_equal(&item->handle.id, &none.id))
        return SK_OK;
    if (room == NULL)
        return SK_E_MEMORY;
    SK_TRY(drop_old(e, from, room));
    sk_key_u64(&key, s->log.peer_incarnation);
    sk_key_u64(&key, s->applying);
    p = sk_scratch_pack(e, SK_ITEM_SIZE_MAX);
    sk_pack_array(&p, 4);
    sk_pack_id(&p, &item->handle.id);
    pack_words(&p, &item->purposes);
    pack_words(&p, &item->categories);
    sk_pack_uint(&p, e->now_ms);
    if (sk_scratch_packed(e, &p, &value) != SK_OK)
        return SK_E_MEMORY;
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

static enum sk_status tell_one(struct sk_engine *e, const struct sk_org *from,
                               struct sk_bytes value)
{
    struct sk_item *item = sk_item_new(e, SK_ITEM_TOLD, 0);
    struct sk_bytes copy = sk_arena_copy(&e->scratch, value);

    if (item == NULL || copy.size == 0)
        return SK_E_MEMORY;
    SK_TRY(unpack(copy, &item->told));
    /* Only of ourselves do we know that it was taken back; who asked to be
       forgotten (no words) took back everything. */
    item->told.recipients_all =
        item->told.purposes_all && item->told.categories_all;
    if (!item->told.recipients_all) {
        item->told.recipients.list[0] = sk_org_text(&e->org);
        item->told.recipients.count = 1;
    }
    item->told.given_by = sk_text("self");
    return sk_outbox_item(e, from, item);
}

enum sk_status sk_taken_tell(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_item_asked *asked, size_t count)
{
    struct sk_key prefix = prefix_of(from);
    struct sk_key start = prefix;
    struct sk_scan scan;

    sk_key_u64(&start, asked->incarnation);
    sk_key_u64(&start, asked->after);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&start));
    while (count-- > 0) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(tell_one(e, from, value));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}
