/*
 * The decision: may this event go to this partner for this purpose, and what
 * of it.                                                   docs/POLICY.md 8
 *
 * A pure function of (bundle, facts, question).  Facts are compiled once
 * against a bundle and may be asked many questions.
 */
#ifndef SK_POLICIES_DECIDE_H
#define SK_POLICIES_DECIDE_H

#include "policies/bundle.h"
#include "policies/levels.h"

/* ---------------------------------------------------------------- facts
 * As text, borrowed for the call that adds them; unknown words are kept as
 * "matches nothing" (they can never widen). All about ONE subject. */
struct sk_fact_period { /* days; until absent: INT32_MAX */
    int32_t from;
    int32_t until;
};
struct sk_fact_consent {
    struct sk_bytes id;    /* borrowed until the decision's result is dropped */
    struct sk_bytes state; /* given, refused, withdrawn, requested */
    bool explicit_consent;
    int64_t at;                      /* instant */
    int64_t until;                   /* instant; INT64_MIN when absent */
    const struct sk_bytes *purposes; /* NULL: absent */
    size_t purposes_count;
    const struct sk_bytes *recipients;
    size_t recipients_count;
    const struct sk_bytes *categories;
    size_t categories_count;
    struct sk_bytes given_by; /* empty: self */
};
struct sk_fact_objection {
    int64_t at;
    struct sk_bytes state; /* open, upheld, rejected */
    const struct sk_bytes *purposes;
    size_t purposes_count;
    const struct sk_bytes *recipients;
    size_t recipients_count;
};

struct sk_facts; /* opaque; in the arena */

SK_CHECKED enum sk_status sk_facts_start(const struct sk_bundle *bundle,
                                         struct sk_arena *arena,
                                         struct sk_facts **out);
/* "YYYY", "YYYY-MM" or DATE; false when malformed. */
bool sk_facts_birth_date(struct sk_facts *facts, struct sk_bytes text);
SK_CHECKED enum sk_status sk_facts_administration(struct sk_facts *facts,
                                                  struct sk_fact_period period);
SK_CHECKED enum sk_status sk_facts_link(struct sk_facts *facts,
                                        struct sk_bytes org,
                                        struct sk_fact_period period);
SK_CHECKED enum sk_status sk_facts_employer(struct sk_facts *facts,
                                            struct sk_bytes org,
                                            struct sk_fact_period period);
SK_CHECKED enum sk_status sk_facts_consent(struct sk_facts *facts,
                                           const struct sk_fact_consent *c);
SK_CHECKED enum sk_status sk_facts_objection(struct sk_facts *facts,
                                             const struct sk_fact_objection *o);

/* ---------------------------------------------------------------- question */
struct sk_event_view {
    struct sk_bytes type;
    bool subject; /* there is one (not empty) */
    struct sk_bytes occurred;
    struct sk_bytes source;     /* empty: the owner */
    struct sk_bytes provenance; /* empty: own */
    /* name and value; names are looked up in the decision */
    const struct sk_named_value *fields;
    size_t fields_count;
};
struct sk_named_value {
    struct sk_bytes name;
    struct sk_bytes text;       /* scalar */
    const struct sk_bytes *set; /* list; NULL for a scalar */
    size_t set_count;
};
struct sk_question {
    struct sk_bytes to;
    struct sk_bytes purpose;
    int64_t now;
    const struct sk_event_view *event;
};

/* ---------------------------------------------------------------- result */
enum sk_withheld {
    SK_SENT,
    SK_WITHHELD_FORBIDDEN,
    SK_WITHHELD_LIMITED,
    SK_WITHHELD_CONSENT,
    SK_WITHHELD_NOT_GRANTED,
};
const char *sk_withheld_text(enum sk_withheld withheld); /* "not-granted" */

struct sk_decided_field {
    struct sk_bytes name;
    uint16_t field;
    enum sk_withheld withheld;
    uint8_t level; /* position in the chain, when sent */
    struct sk_bytes level_name;
    struct sk_field_value value; /* coarsened, when sent */
    const uint16_t *rules; /* when sent: positions in decision->rules of the
                              rules that contributed it (8.4 step 5) */
    size_t rules_count;
};

struct sk_decision {
    bool permit;
    const char *reason; /* deny: a code of 8.6, static; else NULL */
    struct sk_decided_field fields[SK_EVENT_FIELDS_MAX]; /* sorted by name */
    size_t fields_count;    /* sent and withheld; also for nothing-left */
    struct sk_bytes *rules; /* sorted ids; in the arena */
    size_t rules_count;
    struct sk_bytes *consents;
    size_t consents_count;
    int32_t erase_by; /* day */
    const struct sk_bytes *duties;
    size_t duties_count;
    bool roles_all; /* true: null */
    const struct sk_bytes *roles;
    size_t roles_count;
    bool erase;           /* on withdrawal: erase, else stop */
    uint32_t within_days; /* on withdrawal */
};

/* Fails only with SK_E_MEMORY (the arena holds the result). */
SK_CHECKED enum sk_status sk_decide(const struct sk_bundle *bundle,
                                    const struct sk_facts *facts,
                                    const struct sk_question *question,
                                    struct sk_arena *arena,
                                    struct sk_decision *out);

/* Words of a reason code, 8.6 and DOMAIN 8; NULL when unknown. */
const char *sk_reason_text(const char *reason, bool dutch);

/*
 * Does consent for (purpose, recipient, category) hold at `now`?  For recall
 * (CONSENT 4.3) and for lists.  State is one of given, refused, withdrawn,
 * expired, not-explicit, wrong-giver, missing.
 */
const char *sk_consent_state(const struct sk_facts *facts, struct sk_bytes to,
                             struct sk_bytes purpose, struct sk_bytes category,
                             bool explicit_consent, int64_t now);

/*
 * Recall (CONSENT 4.3): of a message that was sent earlier, what still holds.
 * Consent that ran out holds (4.4); consent that was refused, withdrawn or is
 * not there does not, and nothing holds of words that nobody knows.
 *
 *     rules    the rules that let it through, as they were then (they may be
 *              gone from the policy); each with the fields it contributed
 *     fields   what went out: name, and whether at level exact
 *     lost     per field, written: true when it must be recalled
 *
 * A field is lost when no rule that contributed it still speaks (the event's
 * category and its where categories) with consent for the field's category
 * and, if it went out exact, for what it reveals.
 *
 * Returns true when the whole message is recalled (then every lost is true).
 */
struct sk_recall_rule {
    struct sk_bytes id;
    bool explicit_consent;        /* the rule said explicit */
    const struct sk_bytes *where; /* fields of its `where` */
    size_t where_count;
    const struct sk_bytes *fields; /* fields this rule contributed */
    size_t fields_count;
};
struct sk_recall_field {
    struct sk_bytes name;
    bool exact;
};
bool sk_recall(const struct sk_bundle *bundle, const struct sk_facts *facts,
               struct sk_bytes to, struct sk_bytes purpose,
               struct sk_bytes event_type, const struct sk_recall_rule *rules,
               size_t rules_count, const struct sk_recall_field *fields,
               size_t fields_count, int64_t now, bool *lost);

/* ---------------------------------------------------------------- objection
 * What an objection does, beside stopping decisions (8.4 step 3): for who
 * tells people, and for what went out before it (CONSENT.md 5.7). */

/* What becomes of the share rule at `rule` (0 and on, until NONE_LEFT) towards
   a partner; view is written unless it is NONE_LEFT. */
enum sk_reach {
    SK_REACH_NONE_LEFT, /* there are no more rules */
    SK_REACH_NOT,       /* it says nothing about this rule, or the rule shares
                           nothing with the partner on that day */
    SK_REACH_STOPS,
    SK_REACH_GOES_ON, /* its ground is one that nobody can object to */
};
enum sk_reach sk_objection_reach(const struct sk_bundle *bundle,
                                 const struct sk_fact_objection *objection,
                                 size_t rule, struct sk_bytes to, int32_t day,
                                 struct sk_rule_view *view);
/* Does what went out under this rule fall under the objection?  Also when
   nobody remembers the rule, its partner or its purpose (I5). */
bool sk_objection_covers(const struct sk_bundle *bundle,
                         const struct sk_fact_objection *objection,
                         struct sk_bytes rule, struct sk_bytes to,
                         struct sk_bytes purpose);

#endif
