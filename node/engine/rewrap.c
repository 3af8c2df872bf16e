/*
 * Another master key: every data key is wrapped anew, before anything else is
 * done with the store.                                 docs/OPERATING.md 2
 *
 * In transactions of many keys; a record tells under which of the two keys it
 * is, so that a start that was cut short goes on where it was.  The record
 * `check` in META comes last.  The key of the indexes (keyed hashes) stays what
 * it was, and moves into META, sealed.
 */
#include "node/engine/renew.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"

#define KEYS_AT_A_TIME 2048

static const char context_check[] = "schakel/store/check/1";
static const char context_nonce[] = "schakel/store/rewrap/1";
static const char context_wrap[] = "schakel/store/wrap/1";
static const char context_index[] = "schakel/store/index/1";
static const char context_index_kept[] = "schakel/store/index/2";

#define SEALED_KEY_SIZE (sizeof(struct sk_box_key) + SK_BOX_OVERHEAD)

/* The nonce follows from key and place: whatever is done again after a crash
   gives the same bytes, and no nonce serves two keys. */
static enum sk_status seal_key(struct sk_engine *e, struct sk_bytes bound,
                               const struct sk_box_key *key,
                               uint8_t out[SEALED_KEY_SIZE])
{
    uint8_t about[SK_VAULT_BOUND_SIZE + 32];
    struct sk_bytes sealed;
    struct sk_hash nonce;

    assert(bound.size <= SK_VAULT_BOUND_SIZE);
    memcpy(about, key->secret_bytes, 32);
    memcpy(about + 32, bound.data, bound.size);
    sk_keyed_hash(&e->wrap_secret, context_nonce,
                  (struct sk_bytes){about, 32 + bound.size}, &nonce);
    sk_wipe(about, sizeof(about));
    return sk_box_seal(&e->wrap_secret, nonce.bytes, bound,
                       (struct sk_bytes){key->secret_bytes, 32},
                       (struct sk_room){out, SEALED_KEY_SIZE}, &sealed);
}

static enum sk_status open_key(const struct sk_box_key *wrap,
                               struct sk_bytes bound, struct sk_bytes sealed,
                               struct sk_box_key *out)
{
    struct sk_bytes plain;

    if (sealed.size != SEALED_KEY_SIZE)
        return SK_E_BAD_LENGTH;
    return sk_box_open(wrap, bound, sealed,
                       (struct sk_room){out->secret_bytes, 32}, &plain);
}

/* ------------------------------------------------------------- data keys */

/* As vault.c binds it to its owner. */
static enum sk_status rewrap_one(struct sk_engine *e,
                                 const struct sk_box_key *before,
                                 struct sk_bytes owner, struct sk_bytes sealed)
{
    uint8_t bytes[SK_VAULT_BOUND_SIZE];
    uint8_t fresh[SEALED_KEY_SIZE];
    struct sk_bytes bound = {bytes, sizeof(bytes)};
    struct sk_id place;
    struct sk_box_key key;
    enum sk_status status;

    if (owner.size != SK_ID_SIZE)
        return SK_E_BAD_LENGTH;
    memcpy(place.bytes, owner.data, SK_ID_SIZE);
    sk_vault_bound(&place, bytes);
    status = open_key(&e->wrap_secret, bound, sealed, &key);
    if (status == SK_OK) { /* it was done before */
        sk_wipe(&key, sizeof(key));
        return SK_OK;
    }
    if (open_key(before, bound, sealed, &key) != SK_OK)
        return SK_E_WRONG_KEY;
    status = seal_key(e, bound, &key, fresh);
    sk_wipe(&key, sizeof(key));
    SK_TRY(status);
    return sk_store_put(e->store, SK_SPACE_KEYS,
                        (struct sk_bytes){place.bytes, SK_ID_SIZE},
                        (struct sk_bytes){fresh, sizeof(fresh)});
}

/* From behind `at` on; SK_E_NOT_FOUND: that was the last one. */
static enum sk_status rewrap_some(struct sk_engine *e,
                                  const struct sk_box_key *before,
                                  uint8_t at[SK_STORE_KEY_SIZE_MAX],
                                  size_t *at_size)
{
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_KEYS, (struct sk_bytes){0});
    struct sk_bytes key;
    struct sk_bytes value;

    if (*at_size > 0)
        scan = sk_scan_after(e->store, SK_SPACE_KEYS, (struct sk_bytes){0},
                             (struct sk_bytes){at, *at_size});
    for (size_t i = 0; i < KEYS_AT_A_TIME; i++) {
        SK_TRY(sk_scan_next(&scan, &key, &value));
        SK_TRY(rewrap_one(e, before, key, value));
        memcpy(at, scan.at, scan.at_size);
        *at_size = scan.at_size;
    }
    return SK_OK;
}

static enum sk_status rewrap_keys(struct sk_engine *e,
                                  const struct sk_box_key *before)
{
    uint8_t at[SK_STORE_KEY_SIZE_MAX];
    size_t at_size = 0;
    enum sk_status status = SK_OK;

    while (status == SK_OK) {
        SK_TRY(sk_store_begin(e->store));
        status = rewrap_some(e, before, at, &at_size);
        if (status != SK_OK && status != SK_E_NOT_FOUND) {
            sk_store_abort(e->store);
            return status;
        }
        SK_TRY(sk_store_commit(e->store));
    }
    return SK_OK;
}

/* ------------------------------------------------------------- META */

/* Under this wrapping key, or as it was derived before it was ever kept. */
static enum sk_status index_under(struct sk_engine *e,
                                  const struct sk_box_key *wrap,
                                  const struct sk_box_key *master,
                                  struct sk_box_key *out)
{
    struct sk_bytes sealed;
    enum sk_status status = sk_meta_get(e, "index", &sealed);

    if (status == SK_E_NOT_FOUND) {
        sk_derive(master, context_index, out);
        return SK_OK;
    }
    SK_TRY(status);
    return open_key(wrap, sk_text(context_index_kept), sealed, out);
}

enum sk_status sk_rewrap_index(struct sk_engine *e)
{
    return index_under(e, &e->wrap_secret, &e->secrets.master,
                       &e->index_secret);
}

static bool opens_check(const struct sk_box_key *wrap, struct sk_bytes check)
{
    struct sk_bytes plain;
    uint8_t none[1];

    return sk_box_open(wrap, sk_text(context_check), check,
                       (struct sk_room){none, sizeof(none)}, &plain) == SK_OK;
}

enum sk_status sk_rewrap_check(struct sk_engine *e)
{
    struct sk_bytes check;

    SK_TRY(sk_meta_get(e, "check", &check));
    return opens_check(&e->wrap_secret, check) ? SK_OK : SK_E_WRONG_KEY;
}

enum sk_status sk_rewrap_check_put(struct sk_engine *e)
{
    uint8_t nonce[SK_NONCE_SIZE];
    uint8_t sealed[SK_BOX_OVERHEAD];
    struct sk_bytes out;

    sk_fill_random(e, nonce, sizeof(nonce));
    SK_TRY(sk_box_seal(&e->wrap_secret, nonce, sk_text(context_check),
                       (struct sk_bytes){0},
                       (struct sk_room){sealed, sizeof(sealed)}, &out));
    return sk_meta_put(e, "check", out);
}

static enum sk_status rewrap_meta(struct sk_engine *e,
                                  const struct sk_box_key *before)
{
    uint8_t sealed[SEALED_KEY_SIZE];
    struct sk_box_key index;
    struct sk_bytes check;
    enum sk_status status = sk_meta_get(e, "check", &check);

    if (status == SK_E_NOT_FOUND)
        return SK_OK; /* a new store */
    SK_TRY(status);
    if (opens_check(&e->wrap_secret, check))
        return SK_OK;
    if (!opens_check(before, check))
        return SK_E_WRONG_KEY;
    SK_TRY(index_under(e, before, &e->secrets.master_before, &index));
    status = seal_key(e, sk_text(context_index_kept), &index, sealed);
    sk_wipe(&index, sizeof(index));
    SK_TRY(status);
    SK_TRY(sk_meta_put(e, "index", (struct sk_bytes){sealed, sizeof(sealed)}));
    return sk_rewrap_check_put(e);
}

enum sk_status sk_rewrap(struct sk_engine *e)
{
    struct sk_box_key before;
    enum sk_status status;

    sk_derive(&e->secrets.master_before, context_wrap, &before);
    status = rewrap_keys(e, &before);
    if (status == SK_OK)
        status = sk_store_begin(e->store);
    if (status == SK_OK) {
        status = rewrap_meta(e, &before);
        if (status == SK_OK)
            status = sk_store_commit(e->store);
        else
            sk_store_abort(e->store);
    }
    sk_wipe(&before, sizeof(before));
    return status;
}
