/*
 * Users: who uses this node, whose case a person is, and who looked at what.
 *                                           docs/CONTROL.md 7,
 * docs/DOMAIN.md 2.3 A node without users serves the system user that runs it,
 * who may do everything.  From the first user on every request is somebody's:
 * the uid of the peer, an input, is one user's, and a user has a set of roles.
 *
 *   user.c      records of users       user_ops.c    operations on them
 *   case.c      whose case a person is, stand-ins
 *   case_list.h what each coach may see
 *   access.c    may they, and the record of it
 *   access_ops.c  the log
 *
 * SK_T_USER, then
 *     'u' user          -> sealed: name, roles, team, login, uid, since, ended
 *     'i' uid           -> user who has it now
 *     'n' keyed hash 16 of the name -> user
 *     's' user, user    -> last day on which the first stands in for the second
 * SK_T_ACCESS, then
 *     'a' number        -> sealed: at, user, operation, participant, about
 *     'r' number        -> sealed with the participant's key: the reason
 *     'u' user, number  -> empty
 *     'g' number        -> empty, while nobody looked at this use of
 * break-glass
 *
 * SK_T_CASE, participant -> the coach; absent: nobody yet; also when erased
 * SK_T_LOOKED, participant, number -> empty: who looked at that person
 *
 * Users and log are sealed under a key of their own; what somebody typed about
 * a person, under that person's key, with which it goes.
 */
#ifndef SK_NODE_ENGINE_USER_H
#define SK_NODE_ENGINE_USER_H

#include "node/engine/engine.h"

#define SK_USERS_MAX 1000

struct sk_user {
    struct sk_id id;
    struct sk_bytes name; /* a word */
    struct sk_bytes team; /* a word, or empty */
    struct sk_bytes login;
    unsigned roles; /* bits, SK_ROLE_BIT */
    uint32_t uid;
    uint64_t since_ms;
    uint64_t ended_ms; /* 0: not */
};

/* ------------------------------------------------------------- user.c */
/* How many there ever were; 0: the node serves its own system user. */
SK_CHECKED enum sk_status sk_users_count(struct sk_engine *e, uint64_t *out);
/* SK_E_NOT_FOUND.  Texts in scratch. */
SK_CHECKED enum sk_status
sk_user_get(struct sk_engine *e, const struct sk_id *id, struct sk_user *out);
SK_CHECKED enum sk_status sk_user_of_uid(struct sk_engine *e, uint32_t uid,
                                         struct sk_user *out);
SK_CHECKED enum sk_status
sk_user_of_name(struct sk_engine *e, struct sk_bytes name, struct sk_user *out);
/* Keeps the index of uids.  before: as it was, NULL for a new one. */
SK_CHECKED enum sk_status sk_user_put(struct sk_engine *e,
                                      const struct sk_user *user,
                                      const struct sk_user *before);
/* fn may write; stops when it returns not SK_OK. */
SK_CHECKED enum sk_status
sk_user_each(struct sk_engine *e,
             enum sk_status (*fn)(void *context, const struct sk_user *user),
             void *context);
/* The name; empty for the zero id. */
SK_CHECKED enum sk_status
sk_user_name(struct sk_engine *e, const struct sk_id *id, struct sk_bytes *out);
/* Seal under the key of users and log; it is made when there is none. */
SK_CHECKED enum sk_status sk_staff_put(struct sk_engine *e, struct sk_bytes key,
                                       struct sk_bytes plain);
SK_CHECKED enum sk_status sk_staff_get(struct sk_engine *e, struct sk_bytes key,
                                       struct sk_bytes *plain);

/* ------------------------------------------------------------- case.c */
/* Zero: nobody's yet. */
SK_CHECKED enum sk_status sk_case_coach(struct sk_engine *e,
                                        const struct sk_participant_id *id,
                                        struct sk_id *out);
/* Whose it is from now on. */
SK_CHECKED enum sk_status sk_case_give(struct sk_engine *e,
                                       const struct sk_participant_id *id,
                                       const struct sk_id *coach);
/* A participant was added: the case of who asks. */
SK_CHECKED enum sk_status sk_case_new(struct sk_engine *e,
                                      const struct sk_participant_id *id);
/* The participant is erased: in no list any more.  Whose case it was stays, so
   that nobody else follows what partners answer (participant.erasure). */
SK_CHECKED enum sk_status sk_case_erased(struct sk_engine *e,
                                         const struct sk_participant_id *id);
/* Every case of one coach goes to another, and who was erased with them; count:
   who was not. */
SK_CHECKED enum sk_status sk_case_move_all(struct sk_engine *e,
                                           const struct sk_id *from,
                                           const struct sk_id *to,
                                           uint64_t *count);
/* May who asks see this file, as a coach: the own case, one of somebody for
   whom they stand in today, or nobody's yet?  Zero: of a person that nobody
   named yet. */
SK_CHECKED enum sk_status sk_case_is_seen(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          bool *out);
/* Is something for `tell` ("coach", "team", "team-lead", "privacy") about this
   person for who asks? */
SK_CHECKED enum sk_status sk_case_is_told(struct sk_engine *e,
                                          struct sk_bytes tell,
                                          const struct sk_participant_id *id,
                                          bool *out);
/* The cases of who asks, in order, behind `after` (zero: from the start).  In a
   node without users that is everybody. */
SK_CHECKED enum sk_status sk_case_list(struct sk_engine *e,
                                       const struct sk_participant_id *after,
                                       size_t most,
                                       struct sk_participant_id *ids,
                                       size_t *count, bool *more);

/* Until a day, that included; INT32_MIN: no more. */
SK_CHECKED enum sk_status sk_stand_in_put(struct sk_engine *e,
                                          const struct sk_id *by,
                                          const struct sk_id *for_whom,
                                          int32_t until);
/* For whom `by` stands in today; stops when fn returns not SK_OK. */
SK_CHECKED enum sk_status
sk_stand_in_each(struct sk_engine *e, const struct sk_id *by,
                 enum sk_status (*fn)(void *context, const struct sk_id *whom,
                                      int32_t until),
                 void *context);

/* ------------------------------------------------------------- access.c */
/* Uses of break-glass that no privacy officer looked at. */
SK_CHECKED enum sk_status sk_access_glass(struct sk_engine *e, uint64_t *out);

/* One look, for access.list. */
struct sk_access {
    uint64_t number;
    uint64_t at_ms;
    struct sk_id user;                    /* zero: before there were any */
    struct sk_bytes op;                   /* in scratch */
    struct sk_participant_id participant; /* zero: nobody, or not known */
    struct sk_id about;                   /* zero: nothing else */
    bool glass;
};
/* Those of before this instant go, the oldest first, at most *budget of them
   (counted down); not a use of break-glass that nobody looked at. */
SK_CHECKED enum sk_status sk_access_prune(struct sk_engine *e,
                                          uint64_t before_ms, size_t *budget,
                                          bool *done);
/* The last one that went; 0: none did. */
SK_CHECKED enum sk_status sk_access_gone(struct sk_engine *e, uint64_t *out);
SK_CHECKED enum sk_status sk_access_get(struct sk_engine *e, uint64_t number,
                                        struct sk_access *out);
/* SK_E_NOT_FOUND: none was given, or it went with the participant. */
SK_CHECKED enum sk_status sk_access_reason(struct sk_engine *e,
                                           const struct sk_access *access,
                                           struct sk_bytes *out);

#endif
