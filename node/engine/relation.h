/*
 * Who guides a participant together with us, and the handles by which both
 * nodes name that person.                                docs/DOMAIN.md 3.2
 */
#ifndef SK_NODE_ENGINE_RELATION_H
#define SK_NODE_ENGINE_RELATION_H

#include "node/engine/engine.h"

struct sk_relation {
    struct sk_org org;
    int32_t from;
    int32_t until;           /* INT32_MAX: open */
    struct sk_handle handle; /* ours towards org; DOMAIN 3.2 */
};
/* Calls each relation of a participant; stops when fn returns not SK_OK. */
SK_CHECKED enum sk_status sk_relation_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_relation *),
    void *context);
SK_CHECKED enum sk_status sk_relation_get(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          const struct sk_org *org,
                                          struct sk_relation *out);
/* It ends with this day, unless it did already or begins later; ended: did
   anything change. */
SK_CHECKED enum sk_status sk_relation_end(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          const struct sk_org *org,
                                          int32_t until, bool *ended);
/* Who is behind a partner's handle, once a person assigned it. */
SK_CHECKED enum sk_status sk_handle_find(struct sk_engine *e,
                                         const struct sk_org *org,
                                         const struct sk_handle *handle,
                                         struct sk_participant_id *out);
/* Who is behind a handle of ours towards a partner. */
SK_CHECKED enum sk_status sk_handle_own(struct sk_engine *e,
                                        const struct sk_org *org,
                                        const struct sk_handle *handle,
                                        struct sk_participant_id *out);
SK_CHECKED enum sk_status sk_handle_assign(struct sk_engine *e,
                                           const struct sk_org *org,
                                           const struct sk_handle *handle,
                                           const struct sk_participant_id *id);
/* Every handle of a partner that was said to be this person. */
SK_CHECKED enum sk_status
sk_handles_of(struct sk_engine *e, const struct sk_participant_id *id,
              enum sk_status (*fn)(void *context, const struct sk_org *org,
                                   const struct sk_handle *handle),
              void *context);
/* Nobody is behind them any more. */
SK_CHECKED enum sk_status sk_handles_forget(struct sk_engine *e,
                                            const struct sk_participant_id *id);

#endif
