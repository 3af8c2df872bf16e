/*
 * Charter, cards, roster, policy: the bundle in force.
 *
 *   federation.c  load and take into force    charter.c  import and adopt
 *   charter_share.c  the charters of before   question.c  what held on a day
 */
#ifndef SK_NODE_ENGINE_FEDERATION_H
#define SK_NODE_ENGINE_FEDERATION_H

#include "node/engine/engine.h"
#include "policies/rules.h"
#include "protocol/charter.h"

/* Load charter, cards and policy from the store into e->bundle, sessions. */
SK_CHECKED enum sk_status sk_federation_load(struct sk_engine *e);
/* Files of the charter and the policy in SK_T_FILE; bytes in scratch. */
SK_CHECKED enum sk_status sk_file_get(struct sk_engine *e, const char *name,
                                      struct sk_bytes *out);
SK_CHECKED enum sk_status sk_file_get_named(struct sk_engine *e,
                                            struct sk_bytes name,
                                            struct sk_bytes *out);
SK_CHECKED enum sk_status sk_file_put(struct sk_engine *e, struct sk_bytes name,
                                      struct sk_bytes bytes);
SK_CHECKED enum sk_status sk_file_delete(struct sk_engine *e,
                                         struct sk_bytes name);
/* The charter in force, read again into scratch; SK_E_NOT_FOUND: none. */
SK_CHECKED enum sk_status sk_federation_charter(struct sk_engine *e,
                                                struct sk_charter **out);
/* Load charter and policy (empty: none) into the bundle memory that is not in
   use; NULL in *out when findings has errors.  take: from now on it is in
   force; sessions: one per partner of its roster. */
SK_CHECKED enum sk_status
sk_federation_compile(struct sk_engine *e, const struct sk_charter *charter,
                      struct sk_bytes policy, struct sk_bytes invariants,
                      struct sk_findings *findings, struct sk_bundle **out);
void sk_federation_take(struct sk_engine *e, const struct sk_charter *charter,
                        struct sk_bundle *bundle, bool has_policy);
SK_CHECKED enum sk_status
sk_federation_sessions(struct sk_engine *e, const struct sk_charter *charter);
/* "id/version" of the charter, of the policy in force; empty when there is
   none.  In scratch. */
struct sk_bytes sk_charter_name(struct sk_engine *e);
struct sk_bytes sk_policy_name(struct sk_engine *e);
struct sk_bytes sk_policy_name_of(struct sk_engine *e, struct sk_bytes owner,
                                  uint64_t version);
/* "active", "suspended", "left". */
const char *sk_org_status_text(const struct sk_roster_org *org);
/* A card of a partner of this charter, newer than what is known of it:
   SK_E_OLD, SK_E_BAD_*.  put: store it and use it. */
SK_CHECKED enum sk_status
sk_federation_card_check(struct sk_engine *e, const struct sk_charter *charter,
                         struct sk_bytes bytes, struct sk_card *out);
SK_CHECKED enum sk_status sk_federation_card_put(struct sk_engine *e,
                                                 const struct sk_card *card,
                                                 struct sk_bytes bytes);
/* The roster entry; NULL when unknown or no charter. */
const struct sk_roster_org *sk_federation_org(const struct sk_engine *e,
                                              struct sk_bytes org);
struct sk_session *sk_session_find(struct sk_engine *e,
                                   const struct sk_org *org);
/* The charter in force with another policy instead of ours, in the bundle
   memory that is not in use: until the end of this input.  NULL in *out when
   findings has errors. */
SK_CHECKED enum sk_status sk_federation_draft(struct sk_engine *e,
                                              struct sk_bytes policy,
                                              struct sk_findings *findings,
                                              struct sk_bundle **out);
/* A newer card that a partner sent; verified against the charter's identity.
   SK_E_OLD when not newer. */
SK_CHECKED enum sk_status sk_federation_card(struct sk_engine *e,
                                             const struct sk_org *from,
                                             struct sk_bytes card);
/* ------------------------------------------------------------- charter.c */
/* Verify a charter and put it into force: what a person imports and what a
   partner hands on.  Refused before anything is written.  out: in scratch. */
SK_CHECKED enum sk_status sk_charter_adopt(struct sk_engine *e,
                                           const struct sk_charter_file *files,
                                           size_t count,
                                           struct sk_charter **out);
/* A file of a charter that was in force; into scratch.  SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_charter_kept(struct sk_engine *e, uint64_t version,
                                          struct sk_bytes name,
                                          struct sk_bytes *out);
/* It comes into force now: remembered, for who asks what held on a day.
   question.c */
SK_CHECKED enum sk_status sk_charter_began(struct sk_engine *e,
                                           uint64_t version);
/* Keep a file of a version that came into force.  charter_share.c */
SK_CHECKED enum sk_status sk_charter_keep(struct sk_engine *e, uint64_t version,
                                          struct sk_bytes name,
                                          struct sk_bytes bytes);

#endif
