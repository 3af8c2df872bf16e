/*
 * The gate: what may leave this node, decided in one place.  I1, I2, I3
 *
 * A preview, an offer and a sending ask the same sk_gate_judge(); only
 * sk_gate_item() makes bytes that leave.
 */
#ifndef SK_NODE_ENGINE_GATE_H
#define SK_NODE_ENGINE_GATE_H

#include "node/engine/internal.h"

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
   ready to be sent in this batch. */
SK_CHECKED enum sk_status sk_gate_queue(struct sk_engine *e,
                                        const struct sk_decision *decision,
                                        const struct sk_ledger_entry *entry);

/* Where its item is to be made, so that it need not be copied; SK_E_NO_ROOM:
   it cannot be kept. */
SK_CHECKED enum sk_status sk_ready_room(struct sk_engine *e,
                                        struct sk_room *out);
/* Keep what was made there for sk_ready_take(), with its entry as sent;
   SK_E_NO_ROOM: not kept. */
SK_CHECKED enum sk_status sk_ready_put(struct sk_engine *e,
                                       const struct sk_ledger_entry *sent,
                                       struct sk_bytes item);

#endif
