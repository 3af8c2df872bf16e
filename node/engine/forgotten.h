/*
 * What stays of who was forgotten: no values.  rights.h says how it lies in
 * SK_T_ERASURE.                                          docs/CONSENT.md 5.2
 */
#ifndef SK_NODE_ENGINE_FORGOTTEN_H
#define SK_NODE_ENGINE_FORGOTTEN_H

#include "node/engine/notice.h"
#include "node/engine/tables.h"

enum sk_forgotten_state {
    SK_FORGOTTEN_ASKED,
    SK_FORGOTTEN_ERASED,
    SK_FORGOTTEN_KEPT
};

struct sk_forgotten {
    struct sk_participant_id participant;
    uint64_t at_ms;
    struct sk_bytes ground;
    struct sk_bytes keep_until; /* DATE; empty: nothing is kept here */
    struct sk_bytes law;
    uint64_t erased_ms; /* our own records; 0: not */
};

/* What one partner has, by the notice that asked it back. */
struct sk_forgotten_part {
    struct sk_org to;
    uint64_t at_ms;
    uint64_t answered_ms;
    struct sk_bytes law_reference;
    struct sk_bytes keep_until;
    struct {
        struct sk_message_id id;
        uint64_t state;
    } messages[SK_NOTICE_MESSAGES_MAX];
    size_t messages_count;
};

struct sk_key sk_forgotten_key(const struct sk_id *participant);
struct sk_key sk_forgotten_part_key(const struct sk_id *participant,
                                    const struct sk_id *notice);
SK_CHECKED enum sk_status sk_forgotten_put(struct sk_engine *e,
                                           const struct sk_forgotten *erasure);
/* SK_E_NOT_FOUND.  Texts in scratch, also below. */
SK_CHECKED enum sk_status sk_forgotten_get(struct sk_engine *e,
                                           const struct sk_id *id,
                                           struct sk_forgotten *out);
SK_CHECKED enum sk_status
sk_forgotten_part_put(struct sk_engine *e, const struct sk_key *key,
                      const struct sk_forgotten_part *part);
/* value: as the store gave it. */
SK_CHECKED enum sk_status sk_forgotten_part_read(struct sk_engine *e,
                                                 struct sk_bytes value,
                                                 struct sk_forgotten_part *out);
/* In scratch; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_forgotten_part_get(struct sk_engine *e,
                                                const struct sk_key *key,
                                                struct sk_forgotten_part **out);

#endif
