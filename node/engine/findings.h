/*
 * Findings about journals, for people: one per partner and kind, with the
 * evidence of the last time.                          docs/PROTOCOL.md 11.6
 *
 *     fork, rollback, reset, restored   of that partner's journal
 *     behind      it knows more of our journal than we have
 *     doubted     it says that our journal contradicts itself
 *     broken      of our own journal: it cannot be read any more
 */
#ifndef SK_NODE_ENGINE_FINDINGS_H
#define SK_NODE_ENGINE_FINDINGS_H

#include "node/engine/engine.h"

/* Write one down.  evidence: may be empty.  kind: static. */
SK_CHECKED enum sk_status sk_finding_put(struct sk_engine *e,
                                         const struct sk_org *org,
                                         const char *kind,
                                         struct sk_bytes evidence);
/* Was it found of that partner's journal, and did nobody settle it? */
SK_CHECKED enum sk_status sk_finding_is_open(struct sk_engine *e,
                                             const struct sk_org *org,
                                             const char *kind, bool *open);
/* fn for each that nobody settled yet; since when. */
SK_CHECKED enum sk_status sk_findings_each(struct sk_engine *e,
                                           void (*fn)(void *context,
                                                      const struct sk_org *org,
                                                      uint64_t first_ms),
                                           void *context);
/* Those that nobody settled yet. */
SK_CHECKED enum sk_status sk_findings_open(struct sk_engine *e,
                                           uint64_t *count);

#endif
