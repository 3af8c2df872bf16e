/*
 * How an answer came about: the rules that were asked, where each stopped and
 * what it lacked, what cut a field, the givings that carried it.
 *                                            docs/POLICY.md 8.4, 8.6, 14.4, 16
 *
 * The answer itself is sk_decide()'s and is not touched; a trace is made
 * beside it, for people who ask why.  It holds ids, levels and places, never
 * a value of the event (2.4), and is for the owner, never for the recipient.
 */
#ifndef SK_POLICIES_TRACE_H
#define SK_POLICIES_TRACE_H

#include "policies/decide.h"

/* Where a candidate rule stops (8.4 step 3), in the order of 8.6. */
enum sk_stage {
    SK_STAGE_NOT_YET_VALID,
    SK_STAGE_NO_LONGER_VALID,
    SK_STAGE_WHERE_NOT_MET,
    SK_STAGE_TOO_OLD,
    SK_STAGE_RETENTION_OVER,
    SK_STAGE_CANNOT_HONOUR,
    SK_STAGE_NOT_LINKED,
    SK_STAGE_OBJECTION,
    SK_STAGE_CONSENT_MISSING,
    SK_STAGE_CONSENT_REFUSED,
    SK_STAGE_CONSENT_WITHDRAWN,
    SK_STAGE_CONSENT_EXPIRED,
    SK_STAGE_CONSENT_WRONG_GIVER,
    SK_STAGE_CONSENT_NOT_EXPLICIT,
    SK_STAGE_SURVIVES,
};
/* Its reason code; NULL for survives. */
const char *sk_stage_text(enum sk_stage stage);

/* Consent that a rule needs and does not have. */
struct sk_trace_lack {
    struct sk_bytes category;
    bool explicit_consent; /* the strength it needs */
    const char *state;     /* "missing", ... as sk_consent_state() */
    struct sk_bytes by;    /* the consent event that decided, or empty */
    int64_t at;            /* of that event */
    int64_t end;           /* of a giving; INT64_MIN otherwise */
};
struct sk_trace_lacks {
    const struct sk_trace_lack *list;
    size_t count;
};

/* A share rule about this recipient, purpose and event. */
struct sk_trace_rule {
    struct sk_bytes id;
    struct sk_bytes text;
    struct sk_place place;
    enum sk_stage stage; /* the first that stops it, or survives */
    uint32_t failed;     /* all that stop it: bit i is stage i */
    int32_t from;        /* the days it is valid */
    int32_t until;
    struct sk_trace_lacks lacks; /* event and where categories */
    struct sk_bytes duties[6];   /* that the recipient does not offer */
    size_t duties_count;
    bool contributes; /* its id is among those of the decision */
};

/* A share rule that misses the question by one word (for no-rule). */
enum sk_trace_miss {
    SK_TRACE_OTHER_RECIPIENT,
    SK_TRACE_OTHER_PURPOSE,
    SK_TRACE_OTHER_EVENT,
};
struct sk_trace_near {
    struct sk_bytes id;
    struct sk_bytes text;
    struct sk_place place;
    enum sk_trace_miss miss;
};
#define SK_TRACE_NEAR_MAX 8

/* A never or limit that speaks for the question. */
struct sk_trace_take {
    struct sk_bytes id;
    struct sk_place place;
    bool federation;
    bool limit;
    struct sk_bytes level; /* what it leaves of a field; "drop" for nothing */
};

/* One field of the event that has a value, beside decision->fields[i]. */
struct sk_trace_field {
    const struct sk_trace_take *takes; /* that leave less than was granted */
    size_t takes_count;
    struct sk_trace_lacks lacks; /* without these it would go (further) */
    size_t nearest; /* position in rules of the nearest rule that names it but
                       does not bring it; SIZE_MAX: no rule names it */
    struct sk_bytes nearest_level; /* what that rule says */
};

/* A giving that carried a permit. */
struct sk_trace_giving {
    struct sk_bytes id;
    int64_t at;
    int64_t end;
    bool explicit_consent;
};

/* What makes an event malformed (8.2), the first thing found. */
enum sk_fault {
    SK_FAULT_NONE,
    SK_FAULT_SUBJECT,    /* there is none */
    SK_FAULT_OCCURRED,   /* no day, or after today */
    SK_FAULT_PROVENANCE, /* not one of the two words */
    SK_FAULT_UNKNOWN,    /* the vocabulary has no such field */
    SK_FAULT_CARRIED,    /* this event does not carry the field */
    SK_FAULT_VALUE,      /* not a legal value, or given twice */
    SK_FAULT_MISSING,    /* a required field has no value */
};

struct sk_trace {
    enum sk_fault fault;               /* of malformed-event */
    struct sk_bytes fault_field;       /* its name, or empty */
    const struct sk_trace_rule *rules; /* candidates, sorted by id */
    size_t rules_count;
    struct sk_trace_near near[SK_TRACE_NEAR_MAX];
    size_t near_count;
    const struct sk_trace_take *forbids; /* nevers that cover the event */
    size_t forbids_count;
    const struct sk_trace_field *fields; /* one per decision->fields */
    const struct sk_trace_giving *givings;
    size_t givings_count;
};

/*
 * Trace a question that sk_decide() has answered.
 *
 *     decision    its answer to the same question with the same facts
 *     out         lives in the arena; views into bundle and facts
 *
 * An early refusal (step 1) leaves an empty trace but for `fault`.  Fails only
 * with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status
sk_trace(const struct sk_bundle *bundle, const struct sk_facts *facts,
         const struct sk_question *question, const struct sk_decision *decision,
         struct sk_arena *arena, struct sk_trace *out);

#endif
