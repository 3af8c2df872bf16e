#include "policies/diff_private.h"

/* One way against those of the other bundle in its cell.  POLICY.md 11.2 to
   11.4 */

/* ---------------------------------------------------------------- vectors */

static unsigned terms_lacking(const struct sk_cell_pair *p,
                              const struct sk_share *w,
                              const struct sk_share *v)
{
    size_t at =
        (size_t)(w - p->here->bundle->shares) * p->there->bundle->shares_count +
        (size_t)(v - p->there->bundle->shares);
    uint8_t *known = &p->here->terms[at];
    unsigned lacking;

    /* Level and consent, the two lowest bits, are not among the terms. */
    if (*known == SK_NOT_ASKED) {
        lacking = sk_terms_lacking(p->here->v, w, p->there->v, v);
        *known = (uint8_t)(lacking >> SK_PART_RETAIN);
    }
    return (unsigned)*known << SK_PART_RETAIN;
}

/* A level of OLD in the chain of NEW. */
static uint8_t in_new(const struct sk_comparing *c, const struct sk_side *side,
                      uint16_t field, uint8_t level)
{
    if (field == SK_FACT || side == &c->sides[SK_WIDER])
        return level;
    return c->level_in_new[(size_t)field * SK_LEVELS_MAX + level];
}

/* Is the consent that a way needs for something else there, or does it count
   longer here? */
static bool has_other_consent(const struct sk_cell_pair *p,
                              const struct sk_way *w)
{
    const struct sk_side *here = p->here;

    if (here->other_events[p->spot.event] ||
        (p->field != SK_FACT && here->other_fields[p->field]) ||
        here->v->purposes[p->spot.purpose].consent_days >
            p->there->v->purposes[p->beyond.purpose].consent_days)
        return true;
    for (size_t i = 0; i < w->share->where_count; i++)
        if (here->other_fields[w->share->where[i].field])
            return true;
    return false;
}

/* Components in which v, there, is less generous than w, here. */
static unsigned lacking(const struct sk_comparing *c,
                        const struct sk_cell_pair *p, const struct sk_way *w,
                        const struct sk_way *v)
{
    uint8_t of_w = in_new(c, p->here, p->field, w->level);
    uint8_t of_v = in_new(c, p->there, p->field_there, v->level);
    unsigned parts = terms_lacking(p, w->share, v->share);

    if (of_w == SK_NO_LEVEL || of_v == SK_NO_LEVEL || of_w > of_v)
        parts |= 1u << SK_PART_LEVEL;
    if ((v->explicit_consent && !w->explicit_consent) ||
        has_other_consent(p, w))
        parts |= 1u << SK_PART_CONSENT;
    return parts;
}

/* ---------------------------------------------------------------- rivals */

size_t sk_diff_beyond(const struct sk_cell_pair *p, size_t rule,
                      struct sk_way out[2])
{
    const struct sk_side *there = p->there;
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

static void find_rivals(struct sk_comparing *c, const struct sk_cell_pair *p)
{
    if (c->rivals_known)
        return;
    c->rivals_known = true;
    c->rivals_count = 0;
    for (size_t i = 0; i < p->there->open->count; i++) {
        struct sk_way ways[2];
        size_t count = sk_diff_beyond(p, i, ways);

        for (size_t k = 0; k < count; k++)
            c->rivals[c->rivals_count++] = ways[k];
    }
}

static bool is_valid(const struct sk_way *way, int32_t day)
{
    return way->share->from <= day && day <= way->share->until;
}

/* How near a way is (11.4): same rule and level, same rule, another. */
static unsigned nearness(const struct sk_comparing *c,
                         const struct sk_cell_pair *p, const struct sk_way *w,
                         const struct sk_way *v)
{
    if (!sk_bytes_equal(w->share->id, v->share->id))
        return 0;
    return in_new(c, p->here, p->field, w->level) ==
                   in_new(c, p->there, p->field_there, v->level)
               ? 2
               : 1;
}

/* Of two ways beyond, is b the better one to compare with? */
static bool is_nearer(const struct sk_comparing *c,
                      const struct sk_cell_pair *p, const struct sk_way *w,
                      const struct sk_way *a, const struct sk_way *b)
{
    unsigned near_a = nearness(c, p, w, a);
    unsigned near_b = nearness(c, p, w, b);

    if (near_a != near_b)
        return near_b > near_a;
    if (a->level != b->level)
        return b->level > a->level;
    return sk_members(lacking(c, p, w, b)) < sk_members(lacking(c, p, w, a));
}

static const struct sk_way *nearest_on(struct sk_comparing *c,
                                       const struct sk_cell_pair *p,
                                       const struct sk_way *w, int32_t day)
{
    const struct sk_way *best = NULL;

    for (size_t i = 0; i < c->rivals_count; i++) {
        const struct sk_way *v = &c->rivals[i];

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
    const struct sk_share *s = a->nearest.share;
    const struct sk_share *t = b->nearest.share;

    if (a->event != b->event || a->field != b->field ||
        a->way.share != b->way.share || a->way.level != b->way.level ||
        a->parts != b->parts)
        return false;
    if (s == NULL || t == NULL)
        return s == t;
    for (unsigned left = a->parts; left != 0; left &= left - 1) {
        if (!same_part(&a->nearest, &b->nearest,
                       (enum sk_component)sk_lowest(left)))
            return false;
    }
    return true;
}

/* from: where the changes of this group start. */
static void add_change(struct sk_comparing *c, const struct sk_cell_pair *p,
                       size_t from, const struct sk_change *change)
{
    struct sk_change *last =
        c->changes_count > from ? &c->changes[c->changes_count - 1] : NULL;

    assert(c->changes != NULL);

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
static int32_t next_turn(const struct sk_comparing *c, int32_t day,
                         int32_t until)
{
    int32_t next = until + 1;

    for (size_t i = 0; i < c->rivals_count; i++) {
        const struct sk_share *share = c->rivals[i].share;

        if (share->from > day && share->from < next)
            next = share->from;
        if (share->until >= day && share->until + 1 < next)
            next = share->until + 1;
    }
    return next;
}

/* Days on which no way beyond dominates w. */
static void tell_gap(struct sk_comparing *c, const struct sk_cell_pair *p,
                     size_t start, const struct sk_way *w, int32_t from,
                     int32_t until)
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
static int32_t dominated_until(struct sk_comparing *c,
                               const struct sk_cell_pair *p,
                               const struct sk_way *w, int32_t day)
{
    bool further = true;

    while (further) {
        further = false;
        for (size_t i = 0; i < c->rivals_count; i++) {
            const struct sk_way *v = &c->rivals[i];

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
static int32_t dominated_from(struct sk_comparing *c,
                              const struct sk_cell_pair *p,
                              const struct sk_way *w, int32_t day,
                              int32_t until)
{
    int32_t first = until + 1;

    for (size_t i = 0; i < c->rivals_count; i++) {
        const struct sk_way *v = &c->rivals[i];

        if (v->share->from > day && v->share->from < first &&
            lacking(c, p, w, v) == 0)
            first = v->share->from;
    }
    c->looked_at += c->rivals_count;
    return first;
}

/* POLICY.md 11.3 for one way; all days between two critical days are alike, so
   whole spans are compared. */
void sk_diff_way(struct sk_comparing *c, const struct sk_cell_pair *p,
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
