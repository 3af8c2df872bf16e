#include "policies/diff_private.h"

#include <string.h>

/* All ways here in one cell. */
static void compare_cell(struct sk_comparing *c, const struct sk_cell_pair *p,
                         size_t start)
{
    const struct sk_side *here = p->here;

    c->rivals_known = false;
    for (size_t i = 0; i < here->open->count; i++) {
        const struct sk_share *share = &here->bundle->shares[here->open->at[i]];
        struct sk_way ways[2];
        struct sk_way same[2];
        size_t same_count = 0;
        size_t count;

        if (p->field == SK_FACT)
            count = sk_ways_of_fact(&here->ways.caps, p->spot, share,
                                    here->open->shared[i], ways);
        else
            count = sk_ways_of_field(&here->ways.caps, p->spot, share,
                                     here->open->shared[i], p->at, ways);
        if (count > 0 && here->match[i] != SK_NONE)
            same_count = sk_diff_beyond(p, here->match[i], same);
        for (size_t k = 0; k < count; k++)
            sk_diff_way(c, p, start, &ways[k], same, same_count);
    }
}

/* Per rule that is open here, the one with its id that is open beyond. */
static void match_rules(const struct sk_cell_pair *p)
{
    const struct sk_side *here = p->here;
    const struct sk_open *beyond = p->there->open;
    size_t k = 0;

    for (size_t i = 0; i < here->open->count; i++) {
        uint16_t same = here->rules_there[here->open->at[i]];

        here->match[i] = SK_NONE;
        if (same == SK_NONE)
            continue;
        while (k < beyond->count && beyond->at[k] < same)
            k++;
        if (k < beyond->count && beyond->at[k] == same)
            here->match[i] = (uint16_t)k;
    }
}

/*
 * The rules to look at for one recipient and purpose: all, but those that say
 * the same on both sides and are open on both.
 */
static void find_wanted(const struct sk_cell_pair *p, bool same_caps,
                        uint64_t *wanted)
{
    const struct sk_side *here = p->here;
    const struct sk_side *there = p->there;
    size_t words = here->bundle->share_words;
    size_t beyond = there->bundle->share_words;

    memset(wanted, 0xff, words * sizeof(*wanted));
    for (size_t w = 0; same_caps && w < words; w++) {
        uint64_t left =
            here->alike[w] & here->ways.open_by_org[p->spot.org * words + w] &
            here->bundle->share_by_purpose[p->spot.purpose * words + w];

        for (; left != 0; left &= left - 1) {
            unsigned bit = sk_lowest(left);
            size_t same = here->rules_there[w * 64 + bit];
            uint64_t open =
                there->ways.open_by_org[p->beyond.org * beyond + same / 64] &
                there->bundle
                    ->share_by_purpose[p->beyond.purpose * beyond + same / 64];

            if ((open >> (same % 64) & 1) != 0)
                wanted[w] &= ~sk_bit(bit);
        }
    }
}

static void compare_event(struct sk_comparing *c, struct sk_cell_pair *p,
                          size_t start, const uint64_t *wanted)
{
    const struct sk_side *here = p->here;
    const struct sk_side *there = p->there;
    const struct sk_event_type *type = &here->v->events[p->spot.event];
    const uint8_t *by_name =
        here->bundle->by_name + (size_t)p->spot.event * SK_EVENT_FIELDS_MAX;
    bool open = p->beyond.org != SK_NONE && p->beyond.purpose != SK_NONE &&
                p->beyond.event != SK_NONE;

    if (!sk_ways_open(&here->ways, p->spot, wanted, here->open))
        return;
    there->open->count = 0;
    if (open)
        (void)sk_ways_open(&there->ways, p->beyond, NULL, there->open);
    match_rules(p);
    p->field = SK_FACT;
    p->field_there = SK_FACT;
    compare_cell(c, p, start);
    for (size_t i = 0; i < type->fields_count; i++) {
        p->at = by_name[i];
        p->field = type->fields[p->at];
        p->field_there = here->fields_there[p->field];
        if (open && p->field_there != SK_NONE) {
            p->at_there = there->bundle->positions[(size_t)p->beyond.event *
                                                       there->v->fields_count +
                                                   p->field_there];
            if (p->at_there == UINT8_MAX)
                p->field_there = SK_NONE;
        }
        compare_cell(c, p, start);
    }
}

/* Do nevers, limits and secrecy leave the same on both sides? */
static bool has_same_caps(const struct sk_comparing *c,
                          const struct sk_pair *org,
                          const struct sk_pair *purpose)
{
    const struct sk_side *old = &c->sides[SK_NARROWER];
    const struct sk_side *new = &c->sides[SK_WIDER];

    if (!c->same_words || purpose->at[0] == SK_NONE || org->at[0] == SK_NONE ||
        org->at[1] == SK_NONE)
        return false;
    return sk_explicit_for(old->bundle, false, org->at[SK_NARROWER]) ==
               sk_explicit_for(new->bundle, false, org->at[SK_WIDER]) &&
           sk_caps_same(&old->ways.caps, org->at[SK_NARROWER], &new->ways.caps,
                        org->at[SK_WIDER], purpose->at[0]);
}

static enum sk_status compare_classes(struct sk_comparing *c,
                                      enum sk_direction direction,
                                      size_t org_class, size_t purpose_class)
{
    struct sk_diff *diff = &c->diff;
    enum sk_direction other = direction == SK_WIDER ? SK_NARROWER : SK_WIDER;
    const struct sk_pair *org = &diff->orgs[diff->org_classes.first[org_class]];
    const struct sk_pair *purpose =
        &diff->purposes[diff->purpose_classes.first[purpose_class]];
    struct sk_cell_pair p = {.direction = direction,
                             .here = &c->sides[direction],
                             .there = &c->sides[other]};
    uint64_t wanted[SK_RULE_WORDS_MAX];
    size_t start = c->changes_count;
    struct sk_changes *group;

    if (org->at[direction] == SK_NONE || purpose->at[direction] == SK_NONE)
        return SK_OK;
    p.spot = (struct sk_spot){org->at[direction], purpose->at[direction], 0};
    p.beyond = (struct sk_spot){org->at[other], purpose->at[other], 0};
    find_wanted(&p, has_same_caps(c, org, purpose), wanted);
    for (size_t e = 0; e < p.here->v->events_count; e++) {
        p.spot.event = p.here->ways.events[e];
        p.beyond.event = p.here->events_there[p.spot.event];
        compare_event(c, &p, start, wanted);
        if (c->looked_at > SK_WAYS_MAX)
            return SK_E_TOO_LARGE;
    }
    group = &diff->groups[((size_t)direction * diff->org_classes.count +
                           org_class) *
                              diff->purpose_classes.count +
                          purpose_class];
    *group = (struct sk_changes){c->changes + start, c->changes_count - start};
    return SK_OK;
}

static enum sk_status compare_all(struct sk_comparing *c)
{
    struct sk_diff *diff = &c->diff;

    for (size_t d = SK_DIRECTIONS; d-- > 0;) {
        for (size_t o = 0; o < diff->org_classes.count; o++) {
            for (size_t p = 0; p < diff->purpose_classes.count; p++)
                SK_TRY(compare_classes(c, (enum sk_direction)d, o, p));
        }
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- make */

static enum sk_status start(struct sk_comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t rivals = 0;

    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        struct sk_side *side = &c->sides[d];

        side->bundle = diff->bundles[d];
        side->v = side->bundle->vocabulary;
        SK_TRY(sk_ways_start(side->bundle, c->arena, &side->ways));
        rivals += 2 * side->bundle->shares_count;
    }
    SK_TRY(sk_diff_map(c));
    c->rivals = sk_arena_get_array(c->arena, rivals + 1, sizeof(*c->rivals));
    diff->groups = sk_arena_get_array(c->arena,
                                      SK_DIRECTIONS * diff->org_classes.count *
                                              diff->purpose_classes.count +
                                          1,
                                      sizeof(*diff->groups));
    return c->arena->full ? SK_E_MEMORY : SK_OK;
}

enum sk_status sk_diff_make(const struct sk_bundle *old_bundle,
                            const struct sk_bundle *new_bundle, int32_t day,
                            struct sk_arena *arena, struct sk_diff *out)
{
    struct sk_comparing *c = sk_arena_get(arena, sizeof(*c));
    size_t left;

    if (c == NULL)
        return SK_E_MEMORY;
    c->arena = arena;
    c->day = day;
    c->diff.bundles[SK_NARROWER] = old_bundle;
    c->diff.bundles[SK_WIDER] = new_bundle;
    SK_TRY(start(c));
    /* Room for the most there may be, or for what there is. */
    left = (arena->size_max - arena->size) / 2;
    c->changes_max = left / sizeof(*c->changes);
    if (c->changes_max > SK_CHANGES_MAX)
        c->changes_max = SK_CHANGES_MAX;
    c->changes = sk_arena_take(arena, c->changes_max * sizeof(*c->changes));
    if (c->changes == NULL)
        return SK_E_MEMORY;
    SK_TRY(compare_all(c));
    sk_arena_trim(arena, c->changes, c->changes_count * sizeof(*c->changes));
    *out = c->diff;
    return SK_OK;
}

const struct sk_changes *sk_diff_group(const struct sk_diff *diff,
                                       enum sk_direction direction,
                                       size_t org_class, size_t purpose_class)
{
    assert(org_class < diff->org_classes.count);
    assert(purpose_class < diff->purpose_classes.count);

    return &diff->groups[((size_t)direction * diff->org_classes.count +
                          org_class) *
                             diff->purpose_classes.count +
                         purpose_class];
}
