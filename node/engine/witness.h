/*
 * What partners show of their journals, and what they say about ours.
 *                                              docs/PROTOCOL.md 11.5 to 11.7
 * Of each partner two heads are kept, each with the message and card that
 * show it: the newest that was proved to follow from the ones before, and the
 * newest that was seen since.  A PROVE asks for the proof of both.
 */
#ifndef SK_NODE_ENGINE_WITNESS_H
#define SK_NODE_ENGINE_WITNESS_H

#include "node/engine/engine.h"
#include "node/engine/session.h"
#include "protocol/evidence.h"

/* A checkpoint came in a RECEIPT, whose signed bytes are `plain`.  good: it is
   one of this partner; else the receipt confirms nothing. */
SK_CHECKED enum sk_status sk_witness_seen(struct sk_engine *e,
                                          struct sk_session *s,
                                          struct sk_bytes text,
                                          struct sk_bytes plain, bool *good);
/* PROVE and PROOF came. */
SK_CHECKED enum sk_status sk_witness_asked(struct sk_engine *e,
                                           struct sk_session *s,
                                           const struct sk_prove *prove);
SK_CHECKED enum sk_status sk_witness_proof(struct sk_engine *e,
                                           struct sk_session *s,
                                           const struct sk_message *message,
                                           struct sk_bytes plain);
/* The partner says that our journal contradicts itself. */
SK_CHECKED enum sk_status sk_witness_doubted(struct sk_engine *e,
                                             struct sk_session *s);
/* Ask who owes a proof; when to look again. */
SK_CHECKED enum sk_status sk_witness_tend(struct sk_engine *e);
void sk_witness_schedule(struct sk_engine *e);

#endif
