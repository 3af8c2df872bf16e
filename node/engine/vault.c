#include "node/engine/vault.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"

static const char context_key[] = "schakel/vault/key/1";

/* Keys made ahead at a time, and whose they are until a message takes them:
   byte 6 of a random id is never 0. */
#define AHEAD_COUNT 256
static const char ahead_prefix[8] = "message";

/* The place of a data key is its additional data, under a context: a wrapped
   key cannot be moved to another owner. */
static struct sk_bytes owner_key(const struct sk_id *owner)
{
    return (struct sk_bytes){owner->bytes, sizeof(owner->bytes)};
}

void sk_vault_bound(const struct sk_id *owner, uint8_t out[SK_VAULT_BOUND_SIZE])
{
    static_assert(sizeof(context_key) + SK_ID_SIZE == SK_VAULT_BOUND_SIZE,
                  "context and owner");

    for (size_t i = 0; i < sizeof(context_key); i++)
        out[i] = (uint8_t)context_key[i];
    for (size_t i = 0; i < SK_ID_SIZE; i++)
        out[sizeof(context_key) + i] = owner->bytes[i];
}

/* Where its key is; NULL: in none of its slots. */
static struct sk_kept_key *find(struct sk_engine *e, const struct sk_id *owner,
                                struct sk_kept_key **first)
{
    const uint8_t *b = owner->bytes;
    size_t set = ((size_t)b[0] << 8 ^ (size_t)b[14] << 8 ^ b[15]) %
                 (SK_KEPT_KEYS / SK_KEPT_WAYS);

    *first = &e->kept_keys[set * SK_KEPT_WAYS];
    for (size_t i = 0; i < SK_KEPT_WAYS; i++)
        if ((*first)[i].used && sk_id_equal(&(*first)[i].owner, owner))
            return &(*first)[i];
    return NULL;
}

/* The slot that it may have, wiped. */
static struct sk_kept_key *make_room(struct sk_engine *e,
                                     struct sk_kept_key *first)
{
    struct sk_kept_key *slot = &first[e->kept_turn++ % SK_KEPT_WAYS];

    for (size_t i = 0; i < SK_KEPT_WAYS; i++)
        if (!first[i].used)
            slot = &first[i];
    sk_wipe(slot, sizeof(*slot));
    return slot;
}

/* A slot whose key was made or unwrapped; wiped when that failed. */
static enum sk_status keep(struct sk_kept_key *kept, const struct sk_id *owner,
                           enum sk_status status)
{
    if (status != SK_OK) {
        sk_wipe(kept, sizeof(*kept));
        return status;
    }
    kept->owner = *owner;
    kept->used = true;
    return SK_OK;
}

static void forget(struct sk_engine *e, const struct sk_id *owner)
{
    struct sk_kept_key *first;
    struct sk_kept_key *kept = find(e, owner, &first);

    if (kept != NULL)
        sk_wipe(kept, sizeof(*kept));
}

void sk_vault_forget(struct sk_engine *e)
{
    for (size_t i = 0; i < SK_KEPT_KEYS; i++)
        if (e->kept_keys[i].used)
            sk_wipe(&e->kept_keys[i], sizeof(e->kept_keys[i]));
}

enum sk_status sk_vault_make(struct sk_engine *e, const struct sk_id *owner)
{
    uint8_t bound[SK_VAULT_BOUND_SIZE];
    uint8_t sealed[sizeof(struct sk_box_key) + SK_BOX_OVERHEAD];
    uint8_t nonce[24];
    struct sk_kept_key *kept;
    struct sk_bytes out;
    enum sk_status status;

    forget(e, owner);
    (void)find(e, owner, &kept); /* none: where it may be */
    kept = make_room(e, kept);
    sk_vault_bound(owner, bound);
    sk_fill_random(e, kept->secret.secret_bytes,
                   sizeof(kept->secret.secret_bytes));
    sk_fill_random(e, nonce, sizeof(nonce));
    status = sk_box_seal(&e->wrap_secret, nonce,
                         (struct sk_bytes){bound, sizeof(bound)},
                         (struct sk_bytes){kept->secret.secret_bytes,
                                           sizeof(kept->secret.secret_bytes)},
                         (struct sk_room){sealed, sizeof(sealed)}, &out);
    if (status == SK_OK)
        status = sk_store_put(e->store, SK_SPACE_KEYS, owner_key(owner), out);
    return keep(kept, owner, status); /* what is sealed under it comes soon */
}

static enum sk_status unwrap(struct sk_engine *e, const struct sk_id *owner,
                             struct sk_box_key *out)
{
    uint8_t bound[SK_VAULT_BOUND_SIZE];
    struct sk_bytes wrapped;
    struct sk_bytes plain;

    sk_vault_bound(owner, bound);
    SK_TRY(sk_store_get(e->store, SK_SPACE_KEYS, owner_key(owner), &wrapped));
    return sk_box_open(
        &e->wrap_secret, (struct sk_bytes){bound, sizeof(bound)}, wrapped,
        (struct sk_room){out->secret_bytes, sizeof(out->secret_bytes)}, &plain);
}

static enum sk_status data_key(struct sk_engine *e, const struct sk_id *owner,
                               const struct sk_box_key **out)
{
    struct sk_kept_key *first;
    struct sk_kept_key *kept = find(e, owner, &first);

    if (kept == NULL) {
        kept = make_room(e, first);
        SK_TRY(keep(kept, owner, unwrap(e, owner, &kept->secret)));
    }
    *out = &kept->secret;
    return SK_OK;
}

enum sk_status sk_vault_put_behind(struct sk_engine *e,
                                   const struct sk_id *owner,
                                   struct sk_bytes head, struct sk_bytes key,
                                   struct sk_bytes plain)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bytes record;
    const struct sk_box_key *secret;
    struct sk_room room;
    struct sk_bytes sealed;
    uint8_t nonce[24];
    enum sk_status status;

    record.size = head.size + plain.size + SK_BOX_OVERHEAD;
    room.data = sk_arena_take(&e->scratch, record.size);
    if (room.data == NULL)
        return SK_E_MEMORY;
    record.data = room.data;
    for (size_t i = 0; i < head.size; i++)
        *room.data++ = head.data[i];
    room.size_max = record.size - head.size;
    status = data_key(e, owner, &secret);
    if (status == SK_OK) {
        sk_fill_random(e, nonce, sizeof(nonce));
        status = sk_box_seal(secret, nonce, key, plain, room, &sealed);
    }
    if (status == SK_OK)
        status = sk_store_put(e->store, SK_SPACE_DATA, key, record);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

enum sk_status sk_vault_put(struct sk_engine *e, const struct sk_id *owner,
                            struct sk_bytes key, struct sk_bytes plain)
{
    return sk_vault_put_behind(e, owner, (struct sk_bytes){0}, key, plain);
}

enum sk_status sk_vault_put_owned(struct sk_engine *e,
                                  const struct sk_id *owner,
                                  struct sk_bytes key, struct sk_bytes plain)
{
    return sk_vault_put_behind(e, owner, owner_key(owner), key, plain);
}

enum sk_status sk_vault_open(struct sk_engine *e, const struct sk_id *owner,
                             struct sk_bytes key, struct sk_bytes sealed,
                             struct sk_bytes *plain)
{
    const struct sk_box_key *secret;
    struct sk_room room;

    if (sealed.size < SK_BOX_OVERHEAD)
        return SK_E_BAD_SEAL;
    room.size_max = sealed.size - SK_BOX_OVERHEAD;
    /* One byte more: an empty plain text has an address too. */
    room.data = sk_arena_take(&e->scratch, room.size_max + 1);
    if (room.data == NULL)
        return SK_E_MEMORY;
    SK_TRY(data_key(e, owner, &secret));
    return sk_box_open(secret, key, sealed, room, plain);
}

enum sk_status sk_vault_get(struct sk_engine *e, const struct sk_id *owner,
                            struct sk_bytes key, struct sk_bytes *plain)
{
    struct sk_bytes sealed;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, key, &sealed));
    return sk_vault_open(e, owner, key, sealed, plain);
}

enum sk_status sk_vault_get_owned(struct sk_engine *e, struct sk_bytes key,
                                  struct sk_id *owner, struct sk_bytes *plain)
{
    struct sk_bytes record;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, key, &record));
    if (record.size < SK_ID_SIZE)
        return SK_E_BAD_SEAL;
    memcpy(owner->bytes, record.data, SK_ID_SIZE);
    record.data += SK_ID_SIZE;
    record.size -= SK_ID_SIZE;
    return sk_vault_open(e, owner, key, record, plain);
}

/* ------------------------------------------------------------- ahead */

static struct sk_id ahead_owner(uint64_t number)
{
    struct sk_id id;

    memcpy(id.bytes, ahead_prefix, sizeof(ahead_prefix));
    sk_u64_write(id.bytes + 8, number);
    return id;
}

enum sk_status sk_vault_take(struct sk_engine *e, struct sk_id *owner)
{
    uint64_t taken;

    SK_TRY(sk_series_next(e, SK_SERIES_KEYS, &taken));
    /* What was made is a multiple of AHEAD_COUNT. */
    for (uint64_t i = 0; taken % AHEAD_COUNT == 0 && i < AHEAD_COUNT; i++) {
        struct sk_id made = ahead_owner(taken + i);

        SK_TRY(sk_vault_make(e, &made));
    }
    *owner = ahead_owner(taken);
    return SK_OK;
}

enum sk_status sk_vault_destroy(struct sk_engine *e, const struct sk_id *owner)
{
    forget(e, owner);
    SK_TRY(sk_store_delete(e->store, SK_SPACE_KEYS, owner_key(owner)));
    e->effects->shred = true;
    return SK_OK;
}
