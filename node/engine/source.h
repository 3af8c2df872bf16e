/*
 * A key of another system, "source_id": what was made under it once is not
 * made again.                                          docs/IMPORT.md 4
 */
#ifndef SK_NODE_ENGINE_SOURCE_H
#define SK_NODE_ENGINE_SOURCE_H

#include "node/engine/engine.h"

enum sk_source_kind {
    SK_SOURCE_PARTICIPANT,
    SK_SOURCE_EVENT,
    SK_SOURCE_DRAFT, /* or the event that it became, under the same id */
};
/* What was made under this key; also when it was erased since.
   SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_source_find(struct sk_engine *e,
                                         enum sk_source_kind kind,
                                         struct sk_bytes source,
                                         struct sk_id *out);
/* Was it made before?  Then that is the reply; nothing else is to happen. */
SK_CHECKED enum sk_status sk_source_answer(struct sk_engine *e,
                                           enum sk_source_kind kind,
                                           struct sk_value args,
                                           bool *answered);
/* It was made now; for a request without a key nothing is kept. */
SK_CHECKED enum sk_status sk_source_keep(struct sk_engine *e,
                                         enum sk_source_kind kind,
                                         struct sk_value args,
                                         const struct sk_id *id);

#endif
