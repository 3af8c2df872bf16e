/*
 * Drafts: what a person must still confirm.              docs/IMPORT.md 6
 */
#ifndef SK_NODE_ENGINE_DRAFT_H
#define SK_NODE_ENGINE_DRAFT_H

#include "node/engine/engine.h"

/* SK_E_NOT_FOUND when there is no such draft of this participant. */
SK_CHECKED enum sk_status sk_draft_exists(struct sk_engine *e,
                                          const struct sk_id *owner,
                                          const struct sk_id *id);

#endif
