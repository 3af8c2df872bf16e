/*
 * The people whom this node guides.  participant.c: records, indexes, add,
 * show; participant_find.c: find and list
 */
#ifndef SK_NODE_ENGINE_PARTICIPANT_H
#define SK_NODE_ENGINE_PARTICIPANT_H

#include "node/engine/clean.h"
#include "node/engine/engine.h"
#include "node/engine/tables.h"
#include "policies/decide.h"
#include "protocol/pack.h"

struct sk_participant {
    struct sk_participant_id id;
    struct sk_bytes given_name;
    struct sk_bytes family_name;
    struct sk_bytes birth_date; /* YYYY, YYYY-MM, YYYY-MM-DD or empty */
    struct sk_bytes insz;
    struct sk_fact_period administration; /* from INT32_MAX: none */
};
/* Where its id is found by number, by a word of a name: with keyed hashes, so
   that who has only the store cannot try them all. */
struct sk_key sk_participant_insz_key(struct sk_engine *e,
                                      struct sk_bytes insz);
struct sk_key sk_participant_name_key(struct sk_engine *e,
                                      const struct sk_name_word *word);
/* SK_E_NOT_FOUND.  Texts in scratch. */
SK_CHECKED enum sk_status sk_participant_get(struct sk_engine *e,
                                             const struct sk_participant_id *id,
                                             struct sk_participant *out);

/* SK_E_NOT_FOUND when there is no such participant; reads no values. */
SK_CHECKED enum sk_status
sk_participant_exists(struct sk_engine *e, const struct sk_participant_id *id);
/* It is found by number and name no more. */
SK_CHECKED enum sk_status
sk_participant_unindex(struct sk_engine *e, const struct sk_participant_id *id);
/* Parts of participant.show that other files pack: the value only. */
SK_CHECKED enum sk_status
sk_relations_pack(struct sk_engine *e, const struct sk_participant_id *id,
                  struct sk_pack *p); /* relation.c: array */
SK_CHECKED enum sk_status
sk_objections_pack(struct sk_engine *e, const struct sk_participant_id *id,
                   struct sk_pack *p); /* objection.c: array */
SK_CHECKED enum sk_status
sk_events_pack(struct sk_engine *e, const struct sk_participant_id *id,
               bool fields, struct sk_pack *p); /* event.c: array */
SK_CHECKED enum sk_status
sk_consents_pack(struct sk_engine *e, const struct sk_participant_id *id,
                 struct sk_pack *p); /* consent.c: array */
SK_CHECKED enum sk_status
sk_trajectory_pack(struct sk_engine *e, const struct sk_participant_id *id,
                   struct sk_pack *p); /* handover.c: map or nil */

#endif
