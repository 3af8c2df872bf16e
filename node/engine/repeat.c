#include "node/engine/repeat.h"

#include <string.h>

#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"

/*
 * CONTROL.md 2.4: a request with an id that comes again is answered with the
 * reply of the first time.  In the transaction of its effect (I4):
 *
 * SK_T_REQUEST, request ->
 *     bin 32 hash     keyed, of the request as it came
 *     bin 16 owner    whose data key seals the reply, or zero
 *     bin    reply    sealed when there is an owner; nothing: it was too large
 *                     to keep
 * SK_T_REQUEST_AT, number of the first -> one record per batch
 *     8      at_ms    of the last, big-endian
 *     bin 16 request  each, in order of being done
 *
 * A reply about a participant dies with the data key of that participant;
 * other replies hold ids and words only.
 */

#define HEAD_SIZE (SK_HASH_SIZE + SK_ID_SIZE)
#define AT_SIZE 8
#define ORDER_SIZE_MAX (AT_SIZE + SK_DONE_MAX * SK_ID_SIZE)

static const char context_request[] = "schakel/request/1";

static struct sk_key row_key(const struct sk_id *id)
{
    struct sk_key key = sk_key_start(SK_T_REQUEST);

    sk_key_id(&key, id);
    return key;
}

static struct sk_key order_key(uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_REQUEST_AT);

    sk_key_u64(&key, number);
    return key;
}

static void hash_of(const struct sk_engine *e, struct sk_bytes request,
                    struct sk_hash *out)
{
    sk_keyed_hash(&e->index_secret, context_request, request, out);
}

/* ------------------------------------------------------------- again */

/* The reply as it was given; SK_E_NOT_FOUND: not any more. */
static enum sk_status read_reply(struct sk_engine *e, struct sk_bytes key,
                                 struct sk_bytes row, struct sk_bytes *out)
{
    struct sk_bytes reply = {row.data + HEAD_SIZE, row.size - HEAD_SIZE};
    struct sk_id owner;
    enum sk_status status;

    memcpy(owner.bytes, row.data + SK_HASH_SIZE, SK_ID_SIZE);
    if (reply.size == 0)
        return SK_E_NOT_FOUND;
    if (sk_id_is_zero(&owner)) {
        *out = reply;
        return SK_OK;
    }
    status = sk_vault_open(e, &owner, key, reply, out);
    return status == SK_E_BAD_SEAL ? SK_E_NOT_FOUND : status;
}

enum sk_status sk_repeat_find(struct sk_engine *e,
                              const struct sk_request *request,
                              struct sk_bytes bytes, bool *found)
{
    struct sk_key key = row_key(&request->id);
    enum sk_status status = SK_E_NOT_FOUND;
    struct sk_bytes reply;
    struct sk_bytes row;
    struct sk_hash hash;

    *found = false;
    if (request->has_id)
        status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &row);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    /* Our own record: what it says wrong is a broken store. */
    if (row.size < HEAD_SIZE)
        return SK_E_IO;
    hash_of(e, bytes, &hash);
    if (memcmp(hash.bytes, row.data, sizeof(hash.bytes)) != 0)
        return sk_refuse(e, "request-reused", "id", (struct sk_bytes){0});
    status = read_reply(e, sk_key_done(&key), row, &reply);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "already-done", "id", (struct sk_bytes){0});
    SK_TRY(status);
    sk_pack_raw(&e->reply, reply);
    *found = true;
    return SK_OK;
}

/* ------------------------------------------------------------- keeping */

/* SK_E_MEMORY when the reply is too large for scratch. */
static enum sk_status put_plain(struct sk_engine *e, struct sk_bytes head,
                                struct sk_bytes key, struct sk_bytes reply)
{
    size_t mark = sk_arena_mark(&e->scratch);
    uint8_t *row = sk_arena_take(&e->scratch, head.size + reply.size);
    enum sk_status status;

    if (row == NULL)
        return SK_E_MEMORY;
    memcpy(row, head.data, head.size);
    memcpy(row + head.size, reply.data, reply.size);
    status = sk_store_put(e->store, SK_SPACE_DATA, key,
                          (struct sk_bytes){row, head.size + reply.size});
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* Behind those that this batch did already. */
static enum sk_status add_to_order(struct sk_engine *e, const struct sk_id *id)
{
    struct sk_done *done = &e->done;
    uint64_t number;

    if (done->count == SK_DONE_MAX)
        SK_TRY(sk_repeat_settle(e));
    SK_TRY(sk_series_next(e, SK_SERIES_REQUESTS, &number));
    if (done->count == 0)
        done->first = number;
    done->ids[done->count++] = *id;
    return SK_OK;
}

enum sk_status sk_repeat_keep(struct sk_engine *e,
                              const struct sk_request *request,
                              struct sk_bytes bytes)
{
    struct sk_bytes reply = {e->reply.data, e->reply.size};
    struct sk_key key = row_key(&request->id);
    uint8_t room[HEAD_SIZE];
    struct sk_bytes head = {room, sizeof(room)};
    struct sk_hash hash;
    enum sk_status status;

    hash_of(e, bytes, &hash);
    memcpy(room, hash.bytes, SK_HASH_SIZE);
    memcpy(room + SK_HASH_SIZE, e->reply_owner.bytes, SK_ID_SIZE);
    if (sk_id_is_zero(&e->reply_owner))
        status = put_plain(e, head, sk_key_done(&key), reply);
    else
        status = sk_vault_put_behind(e, &e->reply_owner, head,
                                     sk_key_done(&key), reply);
    /* A reply that is too large to keep: that it was done is known. */
    if (status == SK_E_MEMORY)
        status = sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), head);
    SK_TRY(status);
    return add_to_order(e, &request->id);
}

/* ------------------------------------------------------------- the order */

static enum sk_status put_order(struct sk_engine *e, uint64_t first,
                                uint64_t at_ms, struct sk_bytes ids)
{
    struct sk_key key = order_key(first);
    uint8_t bytes[ORDER_SIZE_MAX];

    sk_u64_write(bytes, at_ms);
    memcpy(bytes + AT_SIZE, ids.data, ids.size);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){bytes, AT_SIZE + ids.size});
}

struct order { /* a record of SK_T_REQUEST_AT */
    uint64_t first;
    uint64_t at_ms;
    size_t count;
    struct sk_id ids[SK_DONE_MAX];
};

/* The oldest; SK_E_NOT_FOUND: there is none. */
static enum sk_status oldest(struct sk_engine *e, struct order *out)
{
    struct sk_key prefix = sk_key_start(SK_T_REQUEST_AT);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;

    SK_TRY(sk_scan_next(&scan, &key, &value));
    if (key.size != 9 || value.size <= AT_SIZE || value.size > ORDER_SIZE_MAX ||
        (value.size - AT_SIZE) % SK_ID_SIZE != 0)
        return SK_E_IO;
    out->first = sk_u64_read(key.data + 1);
    out->at_ms = sk_u64_read(value.data);
    out->count = (value.size - AT_SIZE) / SK_ID_SIZE;
    memcpy(out->ids, value.data + AT_SIZE, value.size - AT_SIZE);
    return SK_OK;
}

/* How many of these are too old, when so many were done. */
static size_t count_old(const struct sk_engine *e, const struct order *order,
                        uint64_t done)
{
    uint64_t from =
        done < SK_REQUESTS_KEPT_MAX ? 0 : done - SK_REQUESTS_KEPT_MAX;

    if (e->now_ms >= order->at_ms &&
        e->now_ms - order->at_ms > SK_REQUEST_KEPT_MS)
        return order->count;
    if (from <= order->first)
        return 0;
    return from - order->first < order->count ? (size_t)(from - order->first)
                                              : order->count;
}

/* The first `count` of the record go. */
static enum sk_status drop(struct sk_engine *e, const struct order *order,
                           size_t count)
{
    struct sk_key key = order_key(order->first);

    for (size_t i = 0; i < count; i++) {
        struct sk_key row = row_key(&order->ids[i]);

        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&row)));
    }
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    if (count == order->count)
        return SK_OK;
    return put_order(e, order->first + count, order->at_ms,
                     (struct sk_bytes){order->ids[count].bytes,
                                       (order->count - count) * SK_ID_SIZE});
}

/* At most two for each that was added: what is too old goes while work goes
   on, and no batch pays for many. */
static enum sk_status prune(struct sk_engine *e, uint64_t done, size_t added)
{
    struct order *order = sk_arena_take(&e->scratch, sizeof(*order));

    if (order == NULL)
        return SK_E_MEMORY;
    for (size_t left = 2 * added; left > 0;) {
        size_t count;

        SK_TRY(oldest(e, order)); /* the newest is there */
        count = count_old(e, order, done);
        if (count > left)
            count = left;
        if (count == 0)
            return SK_OK;
        SK_TRY(drop(e, order, count));
        left -= count;
    }
    return SK_OK;
}

enum sk_status sk_repeat_settle(struct sk_engine *e)
{
    struct sk_done *done = &e->done;
    size_t mark = sk_arena_mark(&e->scratch);
    size_t added = done->count;
    struct sk_bytes ids = {done->ids[0].bytes, added * SK_ID_SIZE};

    if (added == 0)
        return SK_OK;
    done->count = 0;
    SK_TRY(put_order(e, done->first, e->now_ms, ids));
    SK_TRY(prune(e, done->first + added, added));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}
