/*
 * The difference between two bundles: what the new one lets through that the
 * old one did not, and the other way round.            docs/POLICY.md 11
 *
 * Words are compared by name, so that the bundles may have different rosters
 * and vocabularies.  Recipients that no rule of either bundle tells apart are
 * compared once, and so are purposes: changes are kept per pair of classes.
 */
#ifndef SK_POLICIES_DIFF_H
#define SK_POLICIES_DIFF_H

#include "policies/ways.h"

/* Changes that are kept, each for all members of its classes. */
#define SK_CHANGES_MAX ((size_t)1 << 18)

/* Which bundle has the way that the other one lacks. */
enum sk_direction {
    SK_NARROWER, /* OLD */
    SK_WIDER,    /* NEW */
};
#define SK_DIRECTIONS 2

struct sk_change {
    uint16_t event; /* positions in the bundle that has the way */
    uint16_t field; /* or SK_FACT */
    struct sk_way way;
    struct sk_way nearest; /* of the other bundle; share NULL: none there */
    unsigned parts; /* components in which the nearest is less generous; of
                       none there, SK_PART_LEVEL */
    int32_t from;   /* days, both included */
    int32_t until;
};
struct sk_changes {
    const struct sk_change *list; /* by event, field, rule, level, day */
    size_t count;
};

/* A word of one of the bundles or of both. */
struct sk_pair {
    struct sk_bytes id;
    uint16_t at[SK_DIRECTIONS]; /* in OLD and NEW; SK_NONE: not there */
};

struct sk_diff {
    const struct sk_bundle *bundles[SK_DIRECTIONS]; /* OLD, NEW */
    bool wider;
    bool narrower;
    bool cut;             /* there are more changes than are kept */
    struct sk_pair *orgs; /* sorted by id; two of one id, OLD first, when there
                             is another organisation behind it */
    size_t orgs_count;
    struct sk_classes org_classes;
    struct sk_pair *purposes; /* leaves, sorted by id */
    size_t purposes_count;
    struct sk_classes purpose_classes;
    struct sk_changes *groups; /* direction x class x class */
};

/*
 * Compare.
 *
 *     day    civil day from which changes count, or INT32_MIN for all days
 *     arena  holds the result
 *
 * Fails with SK_E_MEMORY, or SK_E_TOO_LARGE above SK_WAYS_MAX.
 */
SK_CHECKED enum sk_status sk_diff_make(const struct sk_bundle *old_bundle,
                                       const struct sk_bundle *new_bundle,
                                       int32_t day, struct sk_arena *arena,
                                       struct sk_diff *out);

/* The changes for the recipients of one class and the purposes of another. */
const struct sk_changes *sk_diff_group(const struct sk_diff *diff,
                                       enum sk_direction direction,
                                       size_t org_class, size_t purpose_class);

/*
 * A component of a way in the words of the files: "explicit", "12 months from
 * sent", "stop_reason: found-work", "erase within 7 days".  Of no way, and of
 * what a way does not have: "none".
 *
 *     v    the vocabulary of the bundle that has the way
 *
 * Empty when the arena is full.
 */
struct sk_bytes sk_component_words(const struct sk_vocabulary *v,
                                   uint16_t field, const struct sk_way *way,
                                   enum sk_component part,
                                   struct sk_arena *arena);

#endif
