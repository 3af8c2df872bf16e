/*
 * Consent records of one participant: an append-only chain.
 *                                                       docs/CONSENT.md 1, 3
 * Stored in SK_T_CONSENT, number 1, 2, ... per participant, sealed under the
 * participant's key:
 *
 *     array of 2
 *         bin      body       array of 20, see consent.c
 *         bin 64   signature  of this node's online key over the body
 *
 * The body holds the hash of the body before it.  A record that is missing or
 * does not fit breaks the chain: then givings behind the break do not count,
 * refusals and withdrawals do (1.3).
 */
#ifndef SK_NODE_ENGINE_CONSENT_H
#define SK_NODE_ENGINE_CONSENT_H

#include "node/engine/engine.h"
#include "policies/decide.h"

struct sk_consent_record {
    struct sk_participant_id participant;
    uint64_t number; /* in the chain, from 1 */
    struct sk_consent_id consent;
    struct sk_fact_consent fact; /* views in scratch */
    struct sk_bytes form;        /* paper, screen, spoken or empty */
    struct sk_bytes language;
    bool interpreter;
    bool has_notice;
    struct sk_hash notice; /* SHA-256 of the text that was shown */
    struct sk_bytes notice_id;
    struct sk_bytes told_by;    /* the partner that passed it on; empty: here */
    struct sk_bytes vocabulary; /* id/version at that time */
    uint64_t recorded_ms;
    struct sk_hash previous;
    struct sk_signature signature;
    struct sk_hash hash; /* of this body */
    bool in_chain;       /* nothing is missing before it */
};

/* Every record, oldest first.  Its views, and what fn takes from scratch, die
   when fn returns: any number of records fits. */
SK_CHECKED enum sk_status sk_consent_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_consent_record *),
    void *context);

/* The same as an array in scratch, with its views: as many as fit there, else
   SK_E_MEMORY.  Only for what people read. */
SK_CHECKED enum sk_status sk_consent_all(struct sk_engine *e,
                                         const struct sk_participant_id *id,
                                         struct sk_consent_record **out,
                                         size_t *count);

/* Put a record behind the last one, at the same cost however many there are:
   fills consent, number, vocabulary,
   recorded_ms, previous, hash and signature. */
SK_CHECKED enum sk_status sk_consent_append(struct sk_engine *e,
                                            struct sk_consent_record *record);

/* One record by its id; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_consent_get(struct sk_engine *e,
                                         const struct sk_consent_id *id,
                                         struct sk_consent_record *out);

/* self, parent, self-and-parent, administrator, self-and-administrator */
bool sk_consent_giver_is_known(struct sk_bytes word);

/* Does the node's key `public` stand under this record? */
bool sk_consent_is_signed(struct sk_engine *e,
                          const struct sk_consent_record *record,
                          const struct sk_sign_public *public);

/* Is word equal to branch or under it (POLICY.md 1)?  "*" has all under it. */
bool sk_word_is_under(struct sk_bytes word, struct sk_bytes branch);

/* Does what takes away (a refusal, a withdrawal) speak for all that the other
   scope names? */
bool sk_consent_covers(const struct sk_fact_consent *wide,
                       const struct sk_fact_consent *narrow);

/* The arguments of a withdrawal: who said it and how, purposes, recipients,
   categories.  SK_E_REFUSED: a word that nobody knows. */
SK_CHECKED enum sk_status sk_consent_scope(struct sk_engine *e,
                                           struct sk_value args,
                                           struct sk_consent_record *out);

/* When a giving for this purpose ends (POLICY.md 8.3); INT64_MIN: it never
   speaks. birth: of the participant, or empty. */
int64_t sk_consent_end(const struct sk_engine *e,
                       const struct sk_consent_record *record,
                       struct sk_bytes purpose, struct sk_bytes birth);

/* Is there still a live word in this giving at an instant?  False when it was
   withdrawn, replaced or refused in full, or has ended.  With more records than
   memory can hold it is taken to be: for timers, never for a decision. */
SK_CHECKED enum sk_status
sk_consent_is_live(struct sk_engine *e, const struct sk_participant_id *id,
                   const struct sk_consent_id *consent, int64_t at, bool *out);
/* Does every part of a giving hold (CONSENT 3.7)? */
SK_CHECKED enum sk_status
sk_consent_is_whole(struct sk_engine *e, const struct sk_participant_id *id,
                    const struct sk_consent_id *consent, int64_t at, bool *out);
/* When the first purpose of a giving ends: by `until`, or before it because a
   parent gave it alone and the person comes of age (3.4). */
SK_CHECKED enum sk_status
sk_consent_ends(struct sk_engine *e, const struct sk_consent_record *giving,
                int64_t *out);
/* When the last giving towards a partner that is live at an instant ends;
   INT64_MIN: none is. */
SK_CHECKED enum sk_status
sk_consent_live_until(struct sk_engine *e, const struct sk_participant_id *id,
                      const struct sk_org *org, int64_t at, int64_t *out);

/* The day somebody comes of age (8.3); INT32_MIN without birth date. */
int32_t sk_adult_day(struct sk_bytes birth);

#endif
