#include "policies/diff.h"

#include <stdlib.h>
#include <string.h>

#define NO_LEVEL UINT8_MAX
#define NOT_ASKED UINT8_MAX

/* A way of the other bundle in the cell at hand. */
struct rival {
    struct sk_way way;
    uint16_t rule; /* position in its list of open rules */
};

/* One bundle as seen from the other. */
struct side {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_ways ways;
    uint16_t *events_there; /* per event: its position in the other bundle */
    uint16_t *fields_there;
    uint16_t *rules_there; /* per share rule: the one with the same id */
    uint8_t *terms;        /* per pair of rules: what lacks, or NOT_ASKED */
    struct sk_open *open;
    uint16_t *match; /* per open rule: the open one with the same id */
};

struct comparing {
    struct sk_diff diff;
    struct sk_arena *arena;
    int32_t day;
    struct side sides[SK_DIRECTIONS];
    uint8_t *level_in_new; /* per field and level of OLD: in NEW's chain */
    uint64_t looked_at;
    struct rival *rivals; /* of the cell, when they were asked for */
    size_t rivals_count;
    bool rivals_known;
    struct sk_change *changes;
    size_t changes_count;
    size_t changes_max;
};

/* Where we are: one spot in both bundles, seen from one side. */
struct place {
    enum sk_direction direction;
    struct side *here;
    struct side *there;
    struct sk_spot spot;   /* here */
    struct sk_spot beyond; /* there; only when its rules are open */
    uint16_t field;
    uint16_t field_there; /* or SK_NONE */
    uint8_t at;           /* position of the field in the event, here */
    uint8_t at_there;
};

/* ---------------------------------------------------------------- words */

static int compare_pairs(const void *left, const void *right)
{
    const struct sk_pair *a = left;
    const struct sk_pair *b = right;

    return sk_bytes_compare(a->id, b->id);
}

/* Sort, and make one of two with the same word. */
static size_t merge_pairs(struct sk_pair *list, size_t count)
{
    size_t kept = 0;

    if (count > 0)
        qsort(list, count, sizeof(*list), compare_pairs);
    for (size_t i = 0; i < count; i++) {
        struct sk_pair *last = kept > 0 ? &list[kept - 1] : NULL;

        if (last == NULL || !sk_bytes_equal(last->id, list[i].id)) {
            list[kept++] = list[i];
            continue;
        }
        for (size_t d = 0; d < SK_DIRECTIONS; d++) {
            if (list[i].at[d] != SK_NONE)
                last->at[d] = list[i].at[d];
        }
    }
    return kept;
}

static struct sk_pair pair_of(struct sk_bytes id, size_t side, size_t at)
{
    struct sk_pair pair = {id, {SK_NONE, SK_NONE}};

    pair.at[side] = (uint16_t)at;
    return pair;
}

static bool pair_words(struct comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t orgs = 0;
    size_t purposes = 0;

    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        orgs += c->sides[d].bundle->roster.count;
        purposes += c->sides[d].ways.purposes_count;
    }
    diff->orgs = sk_arena_get_array(c->arena, orgs + 1, sizeof(*diff->orgs));
    diff->purposes =
        sk_arena_get_array(c->arena, purposes + 1, sizeof(*diff->purposes));
    if (diff->orgs == NULL || diff->purposes == NULL)
        return false;
    orgs = 0;
    purposes = 0;
    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        const struct side *side = &c->sides[d];

        for (size_t i = 0; i < side->bundle->roster.count; i++)
            diff->orgs[orgs++] = pair_of(side->bundle->roster.orgs[i].id, d, i);
        for (size_t i = 0; i < side->ways.purposes_count; i++) {
            uint16_t at = side->ways.purposes[i];

            diff->purposes[purposes++] =
                pair_of(side->v->purposes[at].id, d, at);
        }
    }
    diff->orgs_count = merge_pairs(diff->orgs, orgs);
    diff->purposes_count = merge_pairs(diff->purposes, purposes);
    return true;
}

/* ---------------------------------------------------------------- classes */

static enum sk_status class_orgs(struct comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t words = sk_ways_org_words(&c->sides[0].ways) +
                   sk_ways_org_words(&c->sides[1].ways);
    uint64_t *rows = sk_arena_get_array(c->arena, diff->orgs_count * words + 1,
                                        sizeof(*rows));

    if (rows == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < diff->orgs_count; i++) {
        uint64_t *row = rows + i * words;

        sk_ways_org_row(&c->sides[0].ways, diff->orgs[i].at[0], row);
        sk_ways_org_row(&c->sides[1].ways, diff->orgs[i].at[1],
                        row + sk_ways_org_words(&c->sides[0].ways));
    }
    return sk_classes_make(rows, diff->orgs_count, words, c->arena,
                           &diff->org_classes);
}

static enum sk_status class_purposes(struct comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t words = sk_ways_purpose_words(&c->sides[0].ways) +
                   sk_ways_purpose_words(&c->sides[1].ways);
    uint64_t *rows = sk_arena_get_array(
        c->arena, diff->purposes_count * words + 1, sizeof(*rows));

    if (rows == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < diff->purposes_count; i++) {
        uint64_t *row = rows + i * words;

        sk_ways_purpose_row(&c->sides[0].ways, diff->purposes[i].at[0], row);
        sk_ways_purpose_row(&c->sides[1].ways, diff->purposes[i].at[1],
                            row + sk_ways_purpose_words(&c->sides[0].ways));
    }
    return sk_classes_make(rows, diff->purposes_count, words, c->arena,
                           &diff->purpose_classes);
}

/* ---------------------------------------------------------------- maps */

/* The share rule with this id; rules are sorted by it. */
static uint16_t find_rule(const struct sk_bundle *bundle, struct sk_bytes id)
{
    size_t low = 0;
    size_t high = bundle->shares_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = sk_bytes_compare(bundle->shares[middle].id, id);

        if (order == 0)
            return (uint16_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SK_NONE;
}

static bool map_words(struct comparing *c, struct side *here,
                      const struct side *there)
{
    const struct sk_vocabulary *v = here->v;
    size_t rules = here->bundle->shares_count;
    size_t pairs = rules * there->bundle->shares_count;

    here->events_there =
        sk_arena_get_array(c->arena, v->events_count + 1, sizeof(uint16_t));
    here->fields_there =
        sk_arena_get_array(c->arena, v->fields_count + 1, sizeof(uint16_t));
    here->rules_there =
        sk_arena_get_array(c->arena, rules + 1, sizeof(uint16_t));
    here->match = sk_arena_get_array(c->arena, rules + 1, sizeof(uint16_t));
    here->open = sk_arena_get(c->arena, sizeof(*here->open));
    here->terms = sk_arena_take(c->arena, pairs + 1);
    if (c->arena->full)
        return false;
    memset(here->terms, NOT_ASKED, pairs + 1);
    for (size_t i = 0; i < v->events_count; i++)
        here->events_there[i] = sk_vocabulary_event(there->v, v->events[i].id);
    for (size_t i = 0; i < v->fields_count; i++)
        here->fields_there[i] = sk_vocabulary_field(there->v, v->fields[i].id);
    for (size_t i = 0; i < rules; i++)
        here->rules_there[i] =
            find_rule(there->bundle, here->bundle->shares[i].id);
    return true;
}

/* POLICY.md 11.2: levels by name, in the chain of the new vocabulary. */
static bool map_levels(struct comparing *c)
{
    const struct side *old = &c->sides[SK_NARROWER];
    const struct sk_vocabulary *v = c->sides[SK_WIDER].v;

    c->level_in_new =
        sk_arena_get_array(c->arena, old->v->fields_count + 1, SK_LEVELS_MAX);
    if (c->level_in_new == NULL)
        return false;
    for (size_t i = 0; i < old->v->fields_count; i++) {
        const struct sk_field *field = &old->v->fields[i];
        uint16_t there = old->fields_there[i];

        for (size_t k = 0; k < field->levels_count; k++) {
            uint16_t level = SK_NONE;

            if (there != SK_NONE)
                level = sk_field_level(&v->fields[there], field->levels[k]);
            c->level_in_new[i * SK_LEVELS_MAX + k] =
                level == SK_NONE ? NO_LEVEL : (uint8_t)level;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- vectors */

static unsigned terms_lacking(const struct place *p, const struct sk_share *w,
                              const struct sk_share *v)
{
    size_t at =
        (size_t)(w - p->here->bundle->shares) * p->there->bundle->shares_count +
        (size_t)(v - p->there->bundle->shares);
    uint8_t *known = &p->here->terms[at];
    unsigned lacking;

    /* Level and consent, the two lowest bits, are not among the terms. */
    if (*known == NOT_ASKED) {
        lacking = sk_terms_lacking(p->here->v, w, p->there->v, v);
        *known = (uint8_t)(lacking >> SK_PART_RETAIN);
    }
    return (unsigned)*known << SK_PART_RETAIN;
}

/* A level of OLD in the chain of NEW. */
static uint8_t in_new(const struct comparing *c, const struct side *side,
                      uint16_t field, uint8_t level)
{
    if (field == SK_FACT || side == &c->sides[SK_WIDER])
        return level;
    return c->level_in_new[(size_t)field * SK_LEVELS_MAX + level];
}

/* Components in which v, there, is less generous than w, here. */
static unsigned lacking(const struct comparing *c, const struct place *p,
                        const struct sk_way *w, const struct sk_way *v)
{
    uint8_t of_w = in_new(c, p->here, p->field, w->level);
    uint8_t of_v = in_new(c, p->there, p->field_there, v->level);
    unsigned parts = terms_lacking(p, w->share, v->share);

    if (of_w == NO_LEVEL || of_v == NO_LEVEL || of_w > of_v)
        parts |= 1u << SK_PART_LEVEL;
    if (v->explicit_consent && !w->explicit_consent)
        parts |= 1u << SK_PART_CONSENT;
    return parts;
}

/* ---------------------------------------------------------------- rivals */

/* The ways of an open rule of the other bundle in this cell. */
static size_t ways_beyond(const struct place *p, size_t rule,
                          struct sk_way out[2])
{
    const struct side *there = p->there;
    const struct sk_share *share =
        &there->bundle->shares[there->open->at[rule]];
    const struct sk_shared_event *shared = there->open->shared[rule];

    if (p->field == SK_FACT)
        return sk_ways_of_fact(&there->ways.caps, p->beyond, share, shared,
                               out);
    if (p->field_there == SK_NONE)
        return 0;
    return sk_ways_of_field(&there->ways.caps, p->beyond, share, shared,
                            p->at_there, out);
}

static void find_rivals(struct comparing *c, const struct place *p)
{
    if (c->rivals_known)
        return;
    c->rivals_known = true;
    c->rivals_count = 0;
    for (size_t i = 0; i < p->there->open->count; i++) {
        struct sk_way ways[2];
        size_t count = ways_beyond(p, i, ways);

        for (size_t k = 0; k < count; k++)
            c->rivals[c->rivals_count++] = (struct rival){ways[k], (uint16_t)i};
    }
}

static bool is_valid(const struct sk_way *way, int32_t day)
{
    return way->share->from <= day && day <= way->share->until;
}

/* How near a way is (11.4): same rule and level, same rule, another. */
static unsigned nearness(const struct comparing *c, const struct place *p,
                         const struct sk_way *w, const struct sk_way *v)
{
    if (!sk_bytes_equal(w->share->id, v->share->id))
        return 0;
    return in_new(c, p->here, p->field, w->level) ==
                   in_new(c, p->there, p->field_there, v->level)
               ? 2
               : 1;
}

/* Of two ways beyond, is b the better one to compare with? */
static bool is_nearer(const struct comparing *c, const struct place *p,
                      const struct sk_way *w, const struct sk_way *a,
                      const struct sk_way *b)
{
    unsigned near_a = nearness(c, p, w, a);
    unsigned near_b = nearness(c, p, w, b);

    if (near_a != near_b)
        return near_b > near_a;
    if (a->level != b->level)
        return b->level > a->level;
    return sk_members(lacking(c, p, w, b)) < sk_members(lacking(c, p, w, a));
}

static const struct sk_way *nearest_on(struct comparing *c,
                                       const struct place *p,
                                       const struct sk_way *w, int32_t day)
{
    const struct sk_way *best = NULL;

    for (size_t i = 0; i < c->rivals_count; i++) {
        const struct sk_way *v = &c->rivals[i].way;

        if (is_valid(v, day) && (best == NULL || is_nearer(c, p, w, best, v)))
            best = v;
    }
    c->looked_at += c->rivals_count;
    return best;
}

/* ---------------------------------------------------------------- changes */

static bool same_where(const struct sk_share *a, const struct sk_share *b)
{
    if (a->where_count != b->where_count)
        return false;
    for (size_t i = 0; i < a->where_count; i++) {
        if (a->where[i].field != b->where[i].field ||
            a->where[i].values != b->where[i].values)
            return false;
    }
    return true;
}

static bool same_roles(const struct sk_share *a, const struct sk_share *b)
{
    if (a->roles_all != b->roles_all || a->roles_count != b->roles_count)
        return false;
    for (size_t i = 0; i < a->roles_count; i++) {
        if (!sk_bytes_equal(a->roles[i], b->roles[i]))
            return false;
    }
    return true;
}

static bool same_duration(struct sk_duration a, struct sk_duration b)
{
    return a.count == b.count && (a.count == 0 || a.unit == b.unit);
}

/* Would two ways of one bundle and cell be told in the same words? */
static bool same_part(const struct sk_way *a, const struct sk_way *b,
                      enum sk_component part)
{
    const struct sk_share *s = a->share;
    const struct sk_share *t = b->share;

    switch (part) {
    case SK_PART_LEVEL:
        return a->level == b->level;
    case SK_PART_CONSENT:
        return a->explicit_consent == b->explicit_consent;
    case SK_PART_RETAIN:
        return same_duration(s->retain, t->retain) &&
               s->retain_from_occurred == t->retain_from_occurred;
    case SK_PART_NOT_OLDER_THAN:
        return same_duration(s->not_older_than, t->not_older_than);
    case SK_PART_WHERE:
        return same_where(s, t);
    case SK_PART_DUTIES:
        return s->duties == t->duties;
    case SK_PART_ROLES:
        return same_roles(s, t);
    case SK_PART_ON_WITHDRAWAL:
        return s->erase == t->erase && s->within_days == t->within_days;
    case SK_PART_OBJECTION:
        return true; /* it lacks in both */
    case SK_PART_COUNT:
        break;
    }
    return false;
}

static bool same_change(const struct sk_change *a, const struct sk_change *b)
{
    if (a->event != b->event || a->field != b->field ||
        a->way.share != b->way.share || a->way.level != b->way.level ||
        a->parts != b->parts ||
        (a->nearest.share == NULL) != (b->nearest.share == NULL))
        return false;
    for (unsigned left = a->nearest.share == NULL ? 0 : a->parts; left != 0;
         left &= left - 1) {
        if (!same_part(&a->nearest, &b->nearest,
                       (enum sk_component)sk_lowest(left)))
            return false;
    }
    return true;
}

/* from: where the changes of this group start. */
static void add_change(struct comparing *c, const struct place *p, size_t from,
                       const struct sk_change *change)
{
    struct sk_change *last =
        c->changes_count > from ? &c->changes[c->changes_count - 1] : NULL;

    if (p->direction == SK_WIDER)
        c->diff.wider = true;
    else
        c->diff.narrower = true;
    if (last != NULL && last->until + 1 == change->from &&
        same_change(last, change)) {
        last->until = change->until;
        return;
    }
    if (c->changes_count == c->changes_max)
        c->diff.cut = true;
    else
        c->changes[c->changes_count++] = *change;
}

/* First day after `day` on which the ways beyond are others. */
static int32_t next_turn(const struct comparing *c, int32_t day, int32_t until)
{
    int32_t next = until + 1;

    for (size_t i = 0; i < c->rivals_count; i++) {
        const struct sk_share *share = c->rivals[i].way.share;

        if (share->from > day && share->from < next)
            next = share->from;
        if (share->until >= day && share->until + 1 < next)
            next = share->until + 1;
    }
    return next;
}

/* Days on which no way beyond dominates w. */
static void tell_gap(struct comparing *c, const struct place *p, size_t start,
                     const struct sk_way *w, int32_t from, int32_t until)
{
    while (from <= until) {
        int32_t next = next_turn(c, from, until);
        const struct sk_way *v = nearest_on(c, p, w, from);
        struct sk_change change = {
            .event = p->spot.event,
            .field = p->field,
            .way = *w,
            .parts = 1u << SK_PART_LEVEL,
            .from = from,
            .until = next - 1,
        };

        if (v != NULL) {
            change.nearest = *v;
            change.parts = lacking(c, p, w, v);
        }
        add_change(c, p, start, &change);
        from = next;
    }
}

/* The last day up to which w is dominated without a break from `day` on;
   day - 1 when it is not. */
static int32_t dominated_until(struct comparing *c, const struct place *p,
                               const struct sk_way *w, int32_t day)
{
    bool further = true;

    while (further) {
        further = false;
        for (size_t i = 0; i < c->rivals_count; i++) {
            const struct sk_way *v = &c->rivals[i].way;

            if (is_valid(v, day) && lacking(c, p, w, v) == 0) {
                day = v->share->until + 1;
                further = true;
            }
        }
        c->looked_at += c->rivals_count;
    }
    return day - 1;
}

/* The first day after `day` on which some way beyond dominates w. */
static int32_t dominated_from(struct comparing *c, const struct place *p,
                              const struct sk_way *w, int32_t day,
                              int32_t until)
{
    int32_t first = until + 1;

    for (size_t i = 0; i < c->rivals_count; i++) {
        const struct sk_way *v = &c->rivals[i].way;

        if (v->share->from > day && v->share->from < first &&
            lacking(c, p, w, v) == 0)
            first = v->share->from;
    }
    c->looked_at += c->rivals_count;
    return first;
}

/* POLICY.md 11.3 for one way; all days between two critical days are alike, so
   whole spans are compared. */
static void compare_way(struct comparing *c, const struct place *p,
                        size_t start, const struct sk_way *w,
                        const struct sk_way *same, size_t same_count)
{
    int32_t day = w->share->from > c->day ? w->share->from : c->day;
    int32_t until = w->share->until;

    c->looked_at++;
    if (day > until)
        return;
    /* Nearly always the same rule still gives the same. */
    for (size_t i = 0; i < same_count; i++) {
        if (same[i].share->from <= day && until <= same[i].share->until &&
            lacking(c, p, w, &same[i]) == 0)
            return;
    }
    find_rivals(c, p);
    while (day <= until) {
        int32_t gap = dominated_until(c, p, w, day) + 1;

        if (gap > until)
            return;
        day = dominated_from(c, p, w, gap, until);
        tell_gap(c, p, start, w, gap, day - 1);
    }
}

/* ---------------------------------------------------------------- walk */

/* All ways here in one cell. */
static void compare_cell(struct comparing *c, const struct place *p,
                         size_t start)
{
    const struct side *here = p->here;

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
            same_count = ways_beyond(p, here->match[i], same);
        for (size_t k = 0; k < count; k++)
            compare_way(c, p, start, &ways[k], same, same_count);
    }
}

/* Per rule that is open here, the one with its id that is open beyond. */
static void match_rules(const struct place *p)
{
    const struct side *here = p->here;
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

static void compare_event(struct comparing *c, struct place *p, size_t start)
{
    const struct side *here = p->here;
    const struct side *there = p->there;
    const struct sk_event_type *type = &here->v->events[p->spot.event];
    const uint8_t *by_name =
        here->bundle->by_name + (size_t)p->spot.event * SK_EVENT_FIELDS_MAX;
    bool open = p->beyond.org != SK_NONE && p->beyond.purpose != SK_NONE &&
                p->beyond.event != SK_NONE;

    if (!sk_ways_open(&here->ways, p->spot, NULL, here->open))
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

static enum sk_status compare_classes(struct comparing *c,
                                      enum sk_direction direction,
                                      size_t org_class, size_t purpose_class)
{
    struct sk_diff *diff = &c->diff;
    enum sk_direction other = direction == SK_WIDER ? SK_NARROWER : SK_WIDER;
    const struct sk_pair *org = &diff->orgs[diff->org_classes.first[org_class]];
    const struct sk_pair *purpose =
        &diff->purposes[diff->purpose_classes.first[purpose_class]];
    struct place p = {.direction = direction,
                      .here = &c->sides[direction],
                      .there = &c->sides[other]};
    size_t start = c->changes_count;
    struct sk_changes *group;

    if (org->at[direction] == SK_NONE || purpose->at[direction] == SK_NONE)
        return SK_OK;
    for (size_t e = 0; e < p.here->v->events_count; e++) {
        uint16_t event = p.here->ways.events[e];

        p.spot =
            (struct sk_spot){org->at[direction], purpose->at[direction], event};
        p.beyond = (struct sk_spot){org->at[other], purpose->at[other],
                                    p.here->events_there[event]};
        compare_event(c, &p, start);
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

static enum sk_status compare_all(struct comparing *c)
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

static enum sk_status start(struct comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t rivals = 0;

    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        struct side *side = &c->sides[d];

        side->bundle = diff->bundles[d];
        side->v = side->bundle->vocabulary;
        SK_TRY(sk_ways_start(side->bundle, c->arena, &side->ways));
        rivals += 2 * side->bundle->shares_count;
    }
    if (!pair_words(c) || !map_words(c, &c->sides[0], &c->sides[1]) ||
        !map_words(c, &c->sides[1], &c->sides[0]) || !map_levels(c))
        return SK_E_MEMORY;
    SK_TRY(class_orgs(c));
    SK_TRY(class_purposes(c));
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
    struct comparing *c = sk_arena_get(arena, sizeof(*c));
    size_t left;
    size_t mark;

    if (c == NULL)
        return SK_E_MEMORY;
    c->arena = arena;
    c->day = day;
    c->diff.bundles[SK_NARROWER] = old_bundle;
    c->diff.bundles[SK_WIDER] = new_bundle;
    SK_TRY(start(c));
    /* Room for the most there may be, or for what there is. */
    mark = sk_arena_mark(arena);
    left = (arena->size_max - arena->size) / 2;
    c->changes_max = left / sizeof(*c->changes);
    if (c->changes_max > SK_CHANGES_MAX)
        c->changes_max = SK_CHANGES_MAX;
    c->changes = sk_arena_take(arena, c->changes_max * sizeof(*c->changes));
    if (c->changes == NULL)
        return SK_E_MEMORY;
    SK_TRY(compare_all(c));
    sk_arena_reset(arena, mark);
    c->changes = sk_arena_take(arena, c->changes_count * sizeof(*c->changes));
    assert(c->changes != NULL);
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
