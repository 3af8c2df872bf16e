/*
 * Data keys: seal, open, destroy.
 *
 * A data key belongs to an id: of a participant (own data), or a number of its
 * own (one for each message that was received).  Wrapped under wrap_secret in
 * SPACE_KEYS.
 */
#ifndef SK_NODE_ENGINE_VAULT_H
#define SK_NODE_ENGINE_VAULT_H

#include "node/engine/engine.h"

/* What a wrapped key is bound to: its additional data. */
#define SK_VAULT_BOUND_SIZE (20 + SK_ID_SIZE)
void sk_vault_bound(const struct sk_id *owner,
                    uint8_t out[SK_VAULT_BOUND_SIZE]);
SK_CHECKED enum sk_status sk_vault_make(struct sk_engine *e,
                                        const struct sk_id *owner);
/* Seal plain under owner's key; `table key` is the additional data, so a
   record cannot be moved.  Result in scratch.  SK_E_NOT_FOUND: key is gone. */
SK_CHECKED enum sk_status sk_vault_put(struct sk_engine *e,
                                       const struct sk_id *owner,
                                       struct sk_bytes key,
                                       struct sk_bytes plain);
/* Read and open one record; plain in scratch.  SK_E_NOT_FOUND also when the
   data key was destroyed. */
SK_CHECKED enum sk_status sk_vault_get(struct sk_engine *e,
                                       const struct sk_id *owner,
                                       struct sk_bytes key,
                                       struct sk_bytes *plain);
/* Open a sealed value that a scan returned. */
SK_CHECKED enum sk_status sk_vault_open(struct sk_engine *e,
                                        const struct sk_id *owner,
                                        struct sk_bytes key,
                                        struct sk_bytes sealed,
                                        struct sk_bytes *plain);
/* The next of the keys that were made ahead, many at once: then a message
   that arrives writes to DATA alone.  docs/decisions/0003 */
SK_CHECKED enum sk_status sk_vault_take(struct sk_engine *e,
                                        struct sk_id *owner);
/* put for a record that starts with `head` in the clear; put and get for one
   that starts with the owner of its key; owner: also without the key. */
SK_CHECKED enum sk_status sk_vault_put_behind(struct sk_engine *e,
                                              const struct sk_id *owner,
                                              struct sk_bytes head,
                                              struct sk_bytes key,
                                              struct sk_bytes plain);
SK_CHECKED enum sk_status sk_vault_put_owned(struct sk_engine *e,
                                             const struct sk_id *owner,
                                             struct sk_bytes key,
                                             struct sk_bytes plain);
SK_CHECKED enum sk_status sk_vault_get_owned(struct sk_engine *e,
                                             struct sk_bytes key,
                                             struct sk_id *owner,
                                             struct sk_bytes *plain);
/* Destroy the key; sets effects->shred. */
SK_CHECKED enum sk_status sk_vault_destroy(struct sk_engine *e,
                                           const struct sk_id *owner);
/* Forget every unwrapped key: some may never have been stored. */
void sk_vault_forget(struct sk_engine *e);

#endif
