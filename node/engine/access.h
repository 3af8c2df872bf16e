/*
 * May this user ask this, and who looked at whom.  access.c, docs/CONTROL.md 7
 */
#ifndef SK_NODE_ENGINE_ACCESS_H
#define SK_NODE_ENGINE_ACCESS_H

#include "node/engine/engine.h"

/* May this be asked by the system user who asks?  Refuses not-a-user,
   role-lacks, not-your-case.  Fills e->asker. */
SK_CHECKED enum sk_status sk_access_check(struct sk_engine *e,
                                          const struct sk_input *input,
                                          const struct sk_request *request);
/* It was answered: keep who looked at whom. */
SK_CHECKED enum sk_status sk_access_keep(struct sk_engine *e);
/* A handler found whose file it is: refuses not-your-case, as a file that the
   request names is refused. */
SK_CHECKED enum sk_status sk_access_person(struct sk_engine *e,
                                           const struct sk_participant_id *id);
/* Is who asks a privacy officer?  Not on a node without users. */
bool sk_asker_is_officer(const struct sk_engine *e);
/* May who asks see what is to be erased of this person, or is it somebody
   else's to see? */
SK_CHECKED enum sk_status sk_access_erases(struct sk_engine *e,
                                           const struct sk_participant_id *id,
                                           bool *out);
/* The refusal that follows says that this person is known here. */
void sk_access_told(struct sk_engine *e, const struct sk_participant_id *id);
/* Who a message is about that we sent or that came; zero: nobody said so, or it
   is not here. */
SK_CHECKED enum sk_status sk_access_of_message(struct sk_engine *e,
                                               const struct sk_id *id,
                                               struct sk_participant_id *out);
/* The same of an event; or of a message, which has no other id. */
SK_CHECKED enum sk_status sk_access_of_event(struct sk_engine *e,
                                             const struct sk_id *id,
                                             struct sk_participant_id *out);
/* A handler found whom it is about (NULL: nobody), and what else. */
void sk_access_about(struct sk_engine *e, const struct sk_participant_id *id,
                     const struct sk_id *about);

#endif
