/*
 * Ways: everything that a bundle lets through, one share rule, recipient,
 * purpose, event and field at a time, and what makes one way more generous
 * than another.                              docs/POLICY.md 10.1, 10.2, 11.2
 *
 * The matrix, the difference and the invariants are questions about ways.
 * Their number is the product of five lists, so nobody keeps them: a caller
 * walks the spots (recipient, purpose, event), takes the set of rules that are
 * open there, and asks each rule for its one or two ways per field.
 * Recipients that no rule tells apart are walked once (sk_classes).
 */
#ifndef SK_POLICIES_WAYS_H
#define SK_POLICIES_WAYS_H

#include "policies/shares.h"

/* The pseudo-field `(fact)`; its one level is called "yes". */
#define SK_FACT SK_NONE
#define SK_FACT_LEVEL 1

/* So many ways are looked at before a question counts as too large. */
#define SK_WAYS_MAX ((uint64_t)1 << 27)

struct sk_way {
    const struct sk_share *share;
    uint8_t level; /* of the field's chain, above drop; SK_FACT_LEVEL */
    bool explicit_consent;
};

/* ---------------------------------------------------------------- walking */

/* A bundle, ready to be walked. */
struct sk_ways {
    const struct sk_bundle *bundle;
    struct sk_caps caps;
    uint64_t *open_by_org; /* rules that reach it: active, offers the duties */
    uint16_t *orgs;        /* positions in the roster, sorted by id */
    uint16_t *purposes;    /* leaves that carry events, sorted by id */
    size_t purposes_count;
    uint16_t *events; /* sorted by id */
};

/* In the arena.  Fails with SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_ways_start(const struct sk_bundle *bundle,
                                        struct sk_arena *arena,
                                        struct sk_ways *out);

/* Where a way goes: positions in the bundle's lists. */
struct sk_spot {
    uint16_t org;
    uint16_t purpose;
    uint16_t event;
};

/* The share rules that are open somewhere, by id. */
struct sk_open {
    size_t count;
    uint16_t at[SK_RULES_MAX]; /* positions in bundle->shares */
    const struct sk_shared_event *shared[SK_RULES_MAX];
};
/*
 * The rules that may have ways at a spot.
 *
 *     valid    of these only (share_words words), or NULL for rules of
 *              whatever day
 *
 * False, and count 0, when there is none.
 */
bool sk_ways_open(const struct sk_ways *ways, struct sk_spot spot,
                  const uint64_t *valid, struct sk_open *out);

/*
 * The ways of one rule there for the field at a position of the event: two
 * when the field may reveal something (10.1).  Returns how many; the most
 * revealing one first.
 */
size_t sk_ways_of_field(const struct sk_caps *caps, struct sk_spot spot,
                        const struct sk_share *share,
                        const struct sk_shared_event *shared, size_t at,
                        struct sk_way out[2]);
/* The way of the rule for `(fact)`; false when it has none.  Both: of an
   event that no never covers there. */
bool sk_ways_of_fact(const struct sk_caps *caps, struct sk_spot spot,
                     const struct sk_share *share,
                     const struct sk_shared_event *shared, struct sk_way *out);

/* Categories that a way tells of: the field's and, exact, what it reveals;
   the event's for `(fact)`. */
uint64_t sk_way_tells(const struct sk_vocabulary *v, uint16_t event,
                      uint16_t field, uint8_t level);

/* "exact", "year"; "yes" for `(fact)`. */
struct sk_bytes sk_level_name(const struct sk_vocabulary *v, uint16_t field,
                              uint8_t level);
/* "birth_date"; "(fact)". */
struct sk_bytes sk_field_name(const struct sk_vocabulary *v, uint16_t field);

/* ---------------------------------------------------------------- classes */

/* Things that have the same row of bits. */
struct sk_classes {
    uint16_t *of;      /* per thing: its class */
    uint16_t *first;   /* per class: its first thing */
    uint16_t *members; /* per class: how many */
    size_t count;
};
/* rows: count rows of `words` words.  Fails with SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_classes_make(const uint64_t *rows, size_t count,
                                          size_t words, struct sk_arena *arena,
                                          struct sk_classes *out);
/* What sets a recipient, a purpose apart from others: words per row. */
size_t sk_ways_org_words(const struct sk_ways *ways);
size_t sk_ways_purpose_words(const struct sk_ways *ways);
/* Write such a row; org, purpose SK_NONE: of one that is not there. */
void sk_ways_org_row(const struct sk_ways *ways, uint16_t org, uint64_t *row);
void sk_ways_purpose_row(const struct sk_ways *ways, uint16_t purpose,
                         uint64_t *row);

/* ---------------------------------------------------------------- vector */

/* Components of the vector of a way (10.2), in the order of 11.2. */
enum sk_component {
    SK_PART_LEVEL,
    SK_PART_CONSENT,
    SK_PART_RETAIN,
    SK_PART_NOT_OLDER_THAN,
    SK_PART_WHERE,
    SK_PART_DUTIES,
    SK_PART_ROLES,
    SK_PART_ON_WITHDRAWAL,
    SK_PART_OBJECTION,
    SK_PART_COUNT,
};
/* "level", "consent", "retain", ... */
const char *sk_component_text(enum sk_component part);

/*
 * Components that a rule itself has, from retain on: the set of those in
 * which v is not at least as generous as w (11.2).  Words are compared by
 * name, so the rules may come from two bundles.
 */
unsigned sk_terms_lacking(const struct sk_vocabulary *wv,
                          const struct sk_share *w,
                          const struct sk_vocabulary *vv,
                          const struct sk_share *v);

/* Can the participant object (10.2)? */
bool sk_way_objects(const struct sk_way *way);

/* For W013: every way of w is dominated by a way of v, on every day; and w has
   one (contained.c).  left: spots that may still be looked at; without, the
   answer is no. */
#define SK_CONTAINED_SPOTS_MAX ((uint64_t)1 << 22)
bool sk_share_contained(const struct sk_caps *caps, const struct sk_share *w,
                        const struct sk_share *v, uint64_t *left);

#endif
