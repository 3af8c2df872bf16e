/*
 * Two bundles while they are compared.  Private to policies/.
 *                                                      docs/POLICY.md 11
 *     diff_words.c    the words of changes
 *     diff_maps.c     what of one bundle is what of the other
 *     diff_ways.c     one way against those of the other bundle
 *     diff.c          all spots
 */
#ifndef SK_POLICIES_DIFF_PRIVATE_H
#define SK_POLICIES_DIFF_PRIVATE_H

#include "policies/diff.h"

#define SK_NO_LEVEL UINT8_MAX
#define SK_NOT_ASKED UINT8_MAX

/* One bundle as seen from the other. */
struct sk_side {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_ways ways;
    uint16_t *events_there; /* per event: its position in the other bundle */
    uint16_t *fields_there;
    bool *other_events;    /* per event, field: it needs consent for other */
    bool *other_fields;    /* categories there */
    uint16_t *rules_there; /* per share rule: the one with the same id */
    uint64_t *alike;       /* set of rules that say the same there */
    uint8_t *terms;        /* per pair of rules: what lacks, or not asked */
    struct sk_open *open;
    uint16_t *match; /* per open rule: the open one with the same id */
};

struct sk_comparing {
    struct sk_diff diff;
    struct sk_arena *arena;
    int32_t day;
    struct sk_side sides[SK_DIRECTIONS];
    bool same_words;       /* one vocabulary, with the same numbers */
    uint8_t *level_in_new; /* per field and level of OLD: in NEW's chain */
    uint64_t looked_at;
    struct sk_way *rivals; /* ways beyond in the cell, when asked for */
    size_t rivals_count;
    bool rivals_known;
    struct sk_change *changes;
    size_t changes_count;
    size_t changes_max;
};

/* Where we are: one cell in both bundles, seen from one side. */
struct sk_cell_pair {
    enum sk_direction direction;
    struct sk_side *here;
    struct sk_side *there;
    struct sk_spot spot;   /* here */
    struct sk_spot beyond; /* there; only when its rules are open */
    uint16_t field;
    uint16_t field_there; /* or SK_NONE */
    uint8_t at;           /* position of the field in the event, here */
    uint8_t at_there;
};

/* Pair the words, map rules, fields and levels, make classes.
   Fails with SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_diff_map(struct sk_comparing *c);

/* The ways of the rule that is open beyond at this position of its list. */
size_t sk_diff_beyond(const struct sk_cell_pair *p, size_t rule,
                      struct sk_way out[2]);

/*
 * Compare one way with those of the other bundle in its cell, and keep the
 * changes.
 *
 *     start    where the changes of this pair of classes start
 *     same     the ways of the same rule beyond
 */
void sk_diff_way(struct sk_comparing *c, const struct sk_cell_pair *p,
                 size_t start, const struct sk_way *w,
                 const struct sk_way *same, size_t same_count);

#endif
