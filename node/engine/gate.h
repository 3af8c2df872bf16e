/*
 * The gate: what may leave this node, decided in one place.  I1, I2, I3
 *
 * A preview, an offer and a sending ask the same sk_gate_judge(); only
 * sk_gate_item() makes bytes that leave.
 */
#ifndef SK_NODE_ENGINE_GATE_H
#define SK_NODE_ENGINE_GATE_H

#include "node/engine/engine.h"
#include "node/engine/event.h"
#include "node/engine/facts.h"
#include "node/engine/ledger.h"

struct sk_gate_question {
    const struct sk_bundle *bundle; /* the one in force, or a draft */
    const struct sk_recorded_event *event;
    struct sk_bytes to;
    struct sk_bytes purpose;
    const struct sk_facts_extra *extra; /* previews only; else NULL */
};

struct sk_gate_warning { /* DOMAIN 9.3 */
    struct sk_bytes field;
    struct sk_bytes word;
};

struct sk_gate_answer {
    struct sk_decision decision; /* views in scratch and the bundle */
    struct sk_gate_warning warnings[SK_EVENT_FIELDS_MAX];
    size_t warnings_count;
    bool blocked; /* warnings[0] must be changed before it may go */
};

/* Decide, and check the words of free text that would go out.  The answer is
   in scratch.  Fails with SK_E_MEMORY or what the store says. */
SK_CHECKED enum sk_status sk_gate_judge(struct sk_engine *e,
                                        const struct sk_gate_question *question,
                                        struct sk_gate_answer **out);

/* While e->seen is there: take away from a permit what the officers of this
   node did not see yet.  approval.c */
SK_CHECKED enum sk_status
sk_approval_cut(struct sk_engine *e, const struct sk_gate_question *question,
                const struct sk_question *asked, struct sk_decision *d);

/* Count what the draft of shadow.c would have answered; changes nothing of the
   answer, and fails only as the store does when it writes. */
SK_CHECKED enum sk_status
sk_shadow_note(struct sk_engine *e, const struct sk_gate_question *question,
               const struct sk_gate_answer *live);

/* Write what the decision gives into the entry: fields, rules, terms (I3).
   Fails with SK_E_TOO_LARGE: more rules than a message may name. */
SK_CHECKED enum sk_status sk_gate_fill(struct sk_engine *e,
                                       const struct sk_bundle *bundle,
                                       const struct sk_decision *decision,
                                       struct sk_ledger_entry *entry);

/* Permitted, and at its place in the log: its ledger entry is written, or made
   ready to be sent in this batch.  The entry is as it was afterwards. */
SK_CHECKED enum sk_status sk_gate_queue(struct sk_engine *e,
                                        const struct sk_decision *decision,
                                        struct sk_ledger_entry *entry);

/* Decide about a queued message NOW and write the item that may leave:
   EVENT when permitted (ledger filled, state SENT), VOID when not (ledger
   DROPPED with the reason).  Called by the outbox each time the item is sent
   (I2).  out: into room. */
SK_CHECKED enum sk_status sk_gate_item(struct sk_engine *e,
                                       const struct sk_message_id *message,
                                       struct sk_room room,
                                       struct sk_bytes *out);

/* The same for what was wrong in a message that went (CONSENT 5.4): a
   CORRECTION with the values that may flow now and the names of the others;
   VOID when the message is not out there any more.  gate_correct.c */
SK_CHECKED enum sk_status
sk_gate_correction(struct sk_engine *e, const struct sk_message_id *message,
                   const struct sk_id *correction, struct sk_room room,
                   struct sk_bytes *out);
/* May it say what is right at all?  Not without a policy, after a restore, or
   when the node leaves (CONSENT 5.6). */
SK_CHECKED enum sk_status sk_gate_shows_right(struct sk_engine *e, bool *out);

#endif
