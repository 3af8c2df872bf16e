#include "node/engine/internal.h"

#include <string.h>

/*
 * CONTROL.md 2.4: a request with an id that comes again is answered with the
 * reply of the first time.  In the transaction of its effect (I4):
 *
 * SK_T_REQUEST, request -> array of 4
 *     uint number            in order of being done
 *     bin 32 hash            keyed, of the request as it came
 *     bin 16 owner | nil     whose data key seals the reply, in SK_T_REPLY
 *     bin reply | nil        without owner; nil: it was too large to keep
 * SK_T_REQUEST_AT, number -> array of 2: bin 16 request, uint at_ms
 *
 * A reply about a participant dies with the data key of that participant;
 * other replies hold ids and words only.
 */

#define ROW_SIZE_MAX 128 /* without the reply */

static const char context_request[] = "schakel/request/1";

struct row {
    uint64_t number;
    struct sk_hash hash;
    bool has_owner;
    struct sk_id owner;
    bool has_reply;
    struct sk_bytes reply;
};

static struct sk_key reply_key(const struct sk_id *id)
{
    struct sk_key key = sk_key_start(SK_T_REPLY);

    sk_key_id(&key, id);
    return key;
}

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

/* ------------------------------------------------------------- rows */

static enum sk_status unpack_row(struct sk_bytes value, struct row *out)
{
    struct sk_unpack u = sk_unpack_start(value);
    struct row row = {0};

    sk_unpack_array(&u, 4);
    row.number = sk_unpack_uint(&u, 1, UINT64_MAX);
    sk_unpack_bin(&u, row.hash.bytes, sizeof(row.hash.bytes));
    row.has_owner = !sk_unpack_is_nil(&u);
    if (row.has_owner)
        sk_unpack_id(&u, &row.owner);
    row.has_reply = !sk_unpack_is_nil(&u);
    if (row.has_reply)
        row.reply = sk_unpack_bin_upto(&u, 1, SK_CONTROL_SIZE_MAX);
    /* Our own record: what it says wrong is a broken store. */
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *out = row;
    return SK_OK;
}

static enum sk_status pack_row(const struct row *row, struct sk_pack *p,
                               struct sk_bytes *out)
{
    sk_pack_array(p, 4);
    sk_pack_uint(p, row->number);
    sk_pack_bin(p, (struct sk_bytes){row->hash.bytes, sizeof(row->hash.bytes)});
    if (row->has_owner)
        sk_pack_id(p, &row->owner);
    else
        sk_pack_nil(p);
    if (row->has_reply)
        sk_pack_bin(p, row->reply);
    else
        sk_pack_nil(p);
    return sk_pack_finish(p, out);
}

/* ------------------------------------------------------------- again */

/* The reply as it was given; SK_E_NOT_FOUND: not any more. */
static enum sk_status read_reply(struct sk_engine *e, const struct row *row,
                                 const struct sk_id *id, struct sk_bytes *out)
{
    struct sk_key key = reply_key(id);
    enum sk_status status;

    if (row->has_owner) {
        status = sk_vault_get(e, &row->owner, sk_key_done(&key), out);
        return status == SK_E_BAD_SEAL ? SK_E_NOT_FOUND : status;
    }
    if (!row->has_reply)
        return SK_E_NOT_FOUND;
    *out = row->reply;
    return SK_OK;
}

enum sk_status sk_repeat_find(struct sk_engine *e,
                              const struct sk_request *request,
                              struct sk_bytes bytes, bool *found)
{
    struct sk_key key = row_key(&request->id);
    struct sk_bytes reply;
    struct sk_bytes value;
    struct sk_hash hash;
    enum sk_status status = SK_E_NOT_FOUND;
    struct row row;

    *found = false;
    if (request->has_id)
        status =
            sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(unpack_row(value, &row));
    hash_of(e, bytes, &hash);
    if (memcmp(hash.bytes, row.hash.bytes, sizeof(hash.bytes)) != 0)
        return sk_refuse(e, "request-reused", "id", (struct sk_bytes){0});
    status = read_reply(e, &row, &request->id, &reply);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "already-done", "id", (struct sk_bytes){0});
    SK_TRY(status);
    sk_pack_raw(&e->reply, reply);
    *found = true;
    return SK_OK;
}

/* ------------------------------------------------------------- keeping */

static enum sk_status next_number(struct sk_engine *e, uint64_t *out)
{
    uint64_t number = 0;
    enum sk_status status = sk_meta_get_u64(e, "requests", &number);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = number + 1;
    return sk_meta_put_u64(e, "requests", *out);
}

static enum sk_status put_order(struct sk_engine *e, uint64_t number,
                                const struct sk_id *id)
{
    struct sk_key key = order_key(number);
    uint8_t bytes[32];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;

    sk_pack_array(&p, 2);
    sk_pack_id(&p, id);
    sk_pack_uint(&p, e->now_ms);
    SK_TRY(sk_pack_finish(&p, &value));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

/* What is behind a key of SK_T_REQUEST_AT; may it go? */
static enum sk_status read_order(const struct sk_engine *e, struct sk_bytes key,
                                 struct sk_bytes value, uint64_t newest,
                                 struct sk_id *id, bool *old)
{
    struct sk_unpack u = sk_unpack_start(value);
    uint64_t number = 0;
    uint64_t at_ms;

    if (key.size != 9)
        return SK_E_IO;
    for (size_t i = 1; i < key.size; i++)
        number = number << 8 | key.data[i];
    sk_unpack_array(&u, 2);
    sk_unpack_id(&u, id);
    at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *old = newest - number >= SK_REQUESTS_KEPT_MAX ||
           (e->now_ms >= at_ms && e->now_ms - at_ms > SK_REQUEST_KEPT_MS);
    return SK_OK;
}

/* Two at most: one more than was added, so that what is too old goes while
   work goes on, and no request pays for many. */
static enum sk_status prune(struct sk_engine *e, uint64_t newest)
{
    struct sk_key prefix = sk_key_start(SK_T_REQUEST_AT);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes at;
    struct sk_bytes value;

    for (int i = 0; i < 2; i++) {
        struct sk_key order = sk_key_start(SK_T_REQUEST_AT);
        struct sk_key row;
        struct sk_key reply;
        struct sk_id id;
        bool old;

        SK_TRY(sk_scan_next(&scan, &at, &value)); /* the newest is there */
        SK_TRY(read_order(e, at, value, newest, &id, &old));
        if (!old)
            return SK_OK;
        sk_key_bytes(&order, (struct sk_bytes){at.data + 1, at.size - 1});
        row = row_key(&id);
        reply = reply_key(&id);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&row)));
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&reply)));
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&order)));
    }
    return SK_OK;
}

/* The row with its reply; SK_E_MEMORY when that is too large for scratch. */
static enum sk_status pack_whole(struct sk_engine *e, struct row *row,
                                 struct sk_bytes *out)
{
    struct sk_pack p = sk_scratch_pack(e, e->reply.size + ROW_SIZE_MAX);

    row->has_reply = true;
    row->reply = (struct sk_bytes){e->reply.data, e->reply.size};
    return pack_row(row, &p, out) == SK_OK ? SK_OK : SK_E_MEMORY;
}

enum sk_status sk_repeat_keep(struct sk_engine *e,
                              const struct sk_request *request,
                              struct sk_bytes bytes)
{
    struct sk_bytes reply = {e->reply.data, e->reply.size};
    struct sk_key key = row_key(&request->id);
    struct sk_key sealed = reply_key(&request->id);
    uint8_t room[ROW_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){room, sizeof(room)});
    struct row row = {.has_owner = !sk_id_is_zero(&e->reply_owner),
                      .owner = e->reply_owner};
    struct sk_bytes value;
    enum sk_status status;

    SK_TRY(next_number(e, &row.number));
    hash_of(e, bytes, &row.hash);
    if (row.has_owner)
        status = sk_vault_put(e, &row.owner, sk_key_done(&sealed), reply);
    else
        status = pack_whole(e, &row, &value);
    if (status != SK_OK && status != SK_E_MEMORY)
        return status;
    /* A reply that is too large to keep: that it was done is known. */
    if (row.has_owner || status == SK_E_MEMORY) {
        row.has_reply = false;
        SK_TRY(pack_row(&row, &p, &value));
    }
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value));
    SK_TRY(put_order(e, row.number, &request->id));
    return prune(e, row.number);
}
