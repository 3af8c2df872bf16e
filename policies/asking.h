/*
 * One question while it is being answered.  Private to policies/.
 *                                                        docs/POLICY.md 8.4
 * decide.c goes through steps 1 to 4 and leaves the share rules that survive;
 * decide_fields.c goes through steps 5 to 7 with them; trace.c tells how it
 * went.
 */
#ifndef SK_POLICIES_ASKING_H
#define SK_POLICIES_ASKING_H

#include "policies/decide.h"
#include "policies/facts.h"
#include "policies/rules.h"
#include "policies/trace.h"

/* A set of rules, as long as the bundle needs. */
struct sk_rule_set {
    uint64_t words[SK_RULE_WORDS_MAX];
};

/* A share rule that survived step 3. */
struct sk_survivor {
    const struct sk_share *share;
    const struct sk_shared_event *shared; /* what it says of the event */
    uint64_t explicit_for; /* categories that need explicit consent (7.4) */
};

struct sk_asking {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    const struct sk_facts *facts;
    const struct sk_question *question;
    struct sk_arena *arena;
    bool fits;   /* the arena sufficed so far */
    int32_t day; /* civil day of now */
    int32_t occurred;
    uint16_t org;
    uint16_t purpose;
    uint16_t event;
    const struct sk_event_type *type;
    const uint8_t *positions; /* of the event type, by field */
    uint64_t present;         /* positions that have a value */
    struct sk_field_value values[SK_EVENT_FIELDS_MAX];
    struct sk_rule_set takes;      /* that speak for recipient and purpose */
    struct sk_survivor *survivors; /* sorted by id */
    size_t survivors_count;
    struct sk_atoms atoms;
};

/* Take a question in; its early refusal (8.4 step 1), or NULL.  `takes` and
   `survivors` are not filled. */
const char *sk_ask_start(struct sk_asking *a, const struct sk_bundle *bundle,
                         const struct sk_facts *facts,
                         const struct sk_question *question,
                         struct sk_arena *arena);
/* The first stage that stops this candidate. */
enum sk_stage sk_stage_of(struct sk_asking *a, const struct sk_share *share);
/* The same of what depends on the person, not on the values of the event. */
enum sk_stage sk_person_stage_of(struct sk_asking *a,
                                 const struct sk_share *share);
bool sk_meets_where(const struct sk_asking *a, const struct sk_share *share);
/* Of several categories that are not given, the first by its id decides. */
enum sk_stage sk_consent_stage(struct sk_asking *a, uint64_t categories,
                               uint64_t explicit_for);

void sk_deny(struct sk_decision *out, const char *reason);
/* First day on which the data must be gone. */
int32_t sk_last_day(const struct sk_asking *a, const struct sk_share *share);
/* What a survivor that names the field at this position counts for it, before
   prohibitions; 0: it lacks consent (8.4 step 5). */
uint8_t sk_count_of(struct sk_asking *a, const struct sk_survivor *s,
                    size_t at);
/* Steps 5 to 7: permit, or deny `nothing-left`. */
void sk_decide_fields(struct sk_asking *a, struct sk_decision *out);

#endif
