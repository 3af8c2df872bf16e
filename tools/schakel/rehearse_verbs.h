/*
 * The verbs of a scenario: what one step does on the nodes.   docs/SCENARIOS.md
 *
 *   rehearse_story.c     which verb a step has, and playing them in order
 *   rehearse_people.c    about a person: events, consents, handovers, erasure
 *   rehearse_send.c      what goes to partners, and what waits for them
 *   rehearse_harness.c   what only a harness asks: replays, sizes, handles
 *
 * A verb gets the node of its step, which runs, and what stands under its name.
 */
#ifndef SK_TOOLS_REHEARSE_VERBS_H
#define SK_TOOLS_REHEARSE_VERBS_H

#include "tools/schakel/rehearse.h"

typedef void sk_verb(struct sk_world *w, struct sk_actor *actor,
                     const struct sk_node *step);

/* rehearse_people.c */
sk_verb sk_verb_record, sk_verb_link, sk_verb_unlink, sk_verb_consent,
    sk_verb_objection, sk_verb_open, sk_verb_cancel, sk_verb_refuse_input,
    sk_verb_erased, sk_verb_refused_erasure;
/* rehearse_send.c */
sk_verb sk_verb_send, sk_verb_purpose, sk_verb_forward, sk_verb_publish,
    sk_verb_policy, sk_verb_offline, sk_verb_online, sk_verb_leave,
    sk_verb_standing;
/* rehearse_harness.c */
sk_verb sk_verb_replay, sk_verb_text, sk_verb_harness;

/* Arguments of a request: what the step does not say is left out. */
void sk_args_text(json_t *args, const char *key, const char *text);
void sk_args_list(json_t *args, const char *key, const struct sk_node *map);

/* "" when it is fine. */
const char *sk_reply_code(const json_t *reply);
bool sk_reply_is_ok(const json_t *reply);
/* It must be fine: says so and checks. */
bool sk_reply_must(struct sk_world *w, const char *what, const json_t *reply);

/* At a receiver: the coach links what came to the own participant. */
void sk_story_assign(struct sk_world *w, struct sk_actor *actor,
                     const char *handover, const char *person);

#endif
