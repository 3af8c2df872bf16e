/*
 * What was wrong is made right (GDPR art. 16 and 19).    docs/CONSENT.md 5.4
 *
 * SK_T_CORRECTION, participant, message, correction -> sealed array of 4
 *     uint number (of its place in the log), uint sent_ms, uint confirmed_ms,
 *     array of [field name, uint outcome]
 * One per message that went with a wrong value.  No values: what may flow is
 * decided when it leaves (I2), from the event that the ledger then names.
 *
 *   record.c         event.correct: the event with other values
 *   correct.c        who had the wrong ones; what partners tell us of theirs
 *   gate_correct.c   the way out
 */
#ifndef SK_NODE_ENGINE_CORRECTION_H
#define SK_NODE_ENGINE_CORRECTION_H

#include "node/engine/engine.h"
#include "node/engine/event.h"
#include "node/engine/ledger.h"

enum sk_correction_outcome {
    SK_CORRECTION_WAITS,
    SK_CORRECTION_VALUE, /* the right value went */
    SK_CORRECTION_WRONG, /* only: do not use it */
};

struct sk_correction {
    struct sk_participant_id participant;
    struct sk_message_id message;
    struct sk_id id;
    uint64_t number;
    uint64_t sent_ms;      /* 0: not yet */
    uint64_t confirmed_ms; /* a person there took it over; 0: not yet */
    struct {
        struct sk_bytes name;
        enum sk_correction_outcome outcome;
    } fields[SK_EVENT_FIELDS_MAX];
    size_t fields_count;
};

/* SK_E_NOT_FOUND.  Names in scratch. */
SK_CHECKED enum sk_status
sk_correction_get(struct sk_engine *e,
                  const struct sk_participant_id *participant,
                  const struct sk_message_id *message, const struct sk_id *id,
                  struct sk_correction *out);
SK_CHECKED enum sk_status sk_correction_put(struct sk_engine *e,
                                            const struct sk_correction *c);
/* As if it had never been asked for. */
SK_CHECKED enum sk_status sk_correction_delete(struct sk_engine *e,
                                               const struct sk_correction *c);
/* The key "corrections" of message.show with its value, when there are any;
   count: keys packed. */
SK_CHECKED enum sk_status
sk_corrections_pack(struct sk_engine *e, const struct sk_ledger_entry *entry,
                    struct sk_pack *p, size_t *count);
/* Store `event` instead of `old`, and correct what went out.  Packs the
   reply.  Refuses bad-argument: nothing differs. */
SK_CHECKED enum sk_status sk_correct(struct sk_engine *e,
                                     struct sk_recorded_event *old,
                                     struct sk_recorded_event *event);

/* CORRECTION and CORRECTED came. */
SK_CHECKED enum sk_status
sk_correction_apply(struct sk_engine *e, const struct sk_org *from,
                    const struct sk_item_correction *item,
                    const char **refusal);
SK_CHECKED enum sk_status
sk_correction_answer(struct sk_engine *e, const struct sk_org *from,
                     const struct sk_item_corrected *item,
                     const char **refusal);

#endif
