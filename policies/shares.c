#include "policies/shares.h"

/* ---------------------------------------------------------------- tells */

uint64_t sk_told(const struct sk_vocabulary *v, uint16_t field, uint16_t event,
                 uint8_t level)
{
    const struct sk_field *f = &v->fields[field];
    uint64_t told;

    if (level == 0)
        return 0;
    told = sk_bit(sk_category_in(v, field, event));
    return level == sk_exact(f) ? told | f->reveals : told;
}

uint64_t sk_share_tells(const struct sk_vocabulary *v,
                        const struct sk_share *share)
{
    uint64_t told = 0;

    for (size_t i = 0; i < share->what_count; i++) {
        const struct sk_shared_event *shared = &share->what[i];
        const struct sk_event_type *type = &v->events[shared->event];

        told |= sk_bit(type->category);
        for (size_t at = 0; at < type->fields_count; at++)
            told |=
                sk_told(v, type->fields[at], shared->event, shared->levels[at]);
    }
    return told;
}

const struct sk_shared_event *sk_share_what(const struct sk_share *share,
                                            uint16_t event)
{
    for (size_t i = 0; i < share->what_count; i++) {
        if (share->what[i].event == event)
            return &share->what[i];
    }
    return NULL;
}

uint64_t sk_where_categories(const struct sk_vocabulary *v,
                             const struct sk_share *share, uint16_t event)
{
    uint64_t set = 0;

    for (size_t i = 0; i < share->where_count; i++) {
        uint16_t field = share->where[i].field;

        set |=
            sk_bit(sk_category_in(v, field, event)) | v->fields[field].reveals;
    }
    return set;
}

/* ---------------------------------------------------------------- ways */

uint8_t sk_level_left(const struct sk_bundle *bundle, uint16_t org,
                      unsigned purpose, uint16_t event, uint16_t field,
                      uint8_t level)
{
    for (size_t i = 0; i < bundle->takes_count && level > 0; i++) {
        const struct sk_take *take = &bundle->takes[i];
        uint8_t left;

        if (!sk_take_speaks(take, org, purpose))
            continue;
        left = sk_take_leaves(take, bundle->vocabulary, field, event, level);
        if (left < level)
            level = left;
    }
    return level;
}

bool sk_event_is_covered(const struct sk_bundle *bundle, uint16_t org,
                         unsigned purpose, uint16_t event)
{
    for (size_t i = 0; i < bundle->takes_count; i++) {
        const struct sk_take *take = &bundle->takes[i];

        if (sk_take_speaks(take, org, purpose) &&
            sk_take_covers_event(take, bundle->vocabulary, event))
            return true;
    }
    return false;
}

void sk_active_members(const struct sk_bundle *bundle,
                       const struct sk_share *share, struct sk_org_set *out)
{
    const struct sk_roster *roster = &bundle->roster;

    *out = (struct sk_org_set){{0}};
    for (size_t i = 0; i < roster->count; i++) {
        if (sk_org_set_has(&share->to, i) &&
            roster->orgs[i].status == SK_ORG_ACTIVE)
            sk_org_set_add(out, i);
    }
}

/* ---------------------------------------------------------------- contained */

/* Two rules, and the cell where their ways are compared (11.2). */
struct comparing {
    const struct sk_bundle *bundle;
    const struct sk_share *w;
    const struct sk_share *v;
    uint16_t org;
    unsigned purpose;
    uint16_t event;
};

struct ways {
    uint8_t level[2];
    bool explicit_consent[2];
    size_t count;
};

static bool retain_at_most(const struct sk_share *w, const struct sk_share *v)
{
    return sk_duration_at_most(w->retain, v->retain) &&
           (w->retain_from_occurred == v->retain_from_occurred ||
            w->retain_from_occurred);
}

static bool age_at_most(const struct sk_share *w, const struct sk_share *v)
{
    return v->not_older_than.count == 0 ||
           (w->not_older_than.count != 0 &&
            sk_duration_at_most(w->not_older_than, v->not_older_than));
}

static bool where_at_least(const struct sk_share *w, const struct sk_share *v)
{
    for (size_t i = 0; i < v->where_count; i++) {
        bool found = false;

        for (size_t j = 0; j < w->where_count && !found; j++)
            found = w->where[j].field == v->where[i].field &&
                    (w->where[j].values & ~v->where[i].values) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool roles_among(const struct sk_share *w, const struct sk_share *v)
{
    if (v->roles_all)
        return true;
    if (w->roles_all)
        return false;
    for (size_t i = 0; i < w->roles_count; i++) {
        bool found = false;

        for (size_t j = 0; j < v->roles_count && !found; j++)
            found = sk_bytes_equal(w->roles[i], v->roles[j]);
        if (!found)
            return false;
    }
    return true;
}

static bool objects(const struct sk_share *share)
{
    return share->gdpr == SK_GDPR_PUBLIC_TASK ||
           share->gdpr == SK_GDPR_LEGITIMATE_INTEREST;
}

bool sk_terms_dominated(const struct sk_share *w, const struct sk_share *v)
{
    return retain_at_most(w, v) && age_at_most(w, v) && where_at_least(w, v) &&
           (v->duties & ~w->duties) == 0 && roles_among(w, v) &&
           (!v->erase || w->erase) && v->within_days >= w->within_days &&
           (!objects(v) || objects(w));
}

static bool needs_explicit(const struct comparing *c,
                           const struct sk_share *share, uint64_t categories)
{
    uint64_t needed =
        categories | sk_bit(c->bundle->vocabulary->events[c->event].category) |
        sk_where_categories(c->bundle->vocabulary, share, c->event);

    return (needed &
            sk_explicit_for(c->bundle, share->explicit_consent, c->org)) != 0;
}

/* The ways of a rule for one field (10.1, 10.2). */
static struct ways ways_of(const struct comparing *c,
                           const struct sk_share *share, size_t at)
{
    const struct sk_vocabulary *v = c->bundle->vocabulary;
    const struct sk_shared_event *shared = sk_share_what(share, c->event);
    uint16_t f = v->events[c->event].fields[at];
    const struct sk_field *field = &v->fields[f];
    struct ways ways = {.count = 0};
    uint8_t level = sk_level_left(c->bundle, c->org, c->purpose, c->event, f,
                                  shared->levels[at]);

    while (level > 0) {
        ways.level[ways.count] = level;
        ways.explicit_consent[ways.count] =
            needs_explicit(c, share, sk_told(v, f, c->event, level));
        ways.count++;
        if (level != sk_exact(field) || field->reveals == 0)
            break;
        level--;
    }
    return ways;
}

static bool ways_dominated(const struct ways *w, const struct ways *v)
{
    for (size_t i = 0; i < w->count; i++) {
        bool found = false;

        for (size_t j = 0; j < v->count && !found; j++)
            found = w->level[i] <= v->level[j] &&
                    (!v->explicit_consent[j] || w->explicit_consent[i]);
        if (!found)
            return false;
    }
    return true;
}

/* One recipient, purpose and event; *any: there was a way at all. */
static bool event_contained(const struct comparing *c, bool *any)
{
    const struct sk_shared_event *w = sk_share_what(c->w, c->event);
    const struct sk_shared_event *v = sk_share_what(c->v, c->event);
    size_t fields = c->bundle->vocabulary->events[c->event].fields_count;
    bool fact_w = w->only_the_fact;
    bool fact_v = v != NULL && v->only_the_fact;

    if (sk_event_is_covered(c->bundle, c->org, c->purpose, c->event))
        return true;
    for (size_t at = 0; at < fields; at++) {
        struct ways of_w = ways_of(c, c->w, at);
        struct ways of_v = {.count = 0};

        if (v != NULL)
            of_v = ways_of(c, c->v, at);
        if (!ways_dominated(&of_w, &of_v))
            return false;
        fact_w = fact_w || of_w.count > 0;
        fact_v = fact_v || of_v.count > 0;
    }
    if (!fact_w)
        return true;
    *any = true;
    return fact_v &&
           (!needs_explicit(c, c->v, 0) || needs_explicit(c, c->w, 0));
}

bool sk_share_contained(const struct sk_bundle *bundle,
                        const struct sk_share *w, const struct sk_share *v)
{
    struct comparing c = {.bundle = bundle, .w = w, .v = v};
    struct sk_org_set members;
    bool any = false;

    /* On all critical days: w's whole period lies in v's. */
    if (w->from < v->from || w->until > v->until ||
        (w->purposes & ~v->purposes) != 0 || !sk_terms_dominated(w, v))
        return false;
    sk_active_members(bundle, w, &members);
    for (size_t org = 0; org < bundle->roster.count; org++) {
        if (!sk_org_set_has(&members, org) ||
            (w->duties & ~bundle->roster.duties[org]) != 0)
            continue;
        if (!sk_org_set_has(&v->to, org))
            return false;
        c.org = (uint16_t)org;
        for (uint64_t left = w->purposes; left != 0; left &= left - 1) {
            c.purpose = sk_lowest(left);
            for (size_t i = 0; i < w->what_count; i++) {
                c.event = w->what[i].event;
                if (!event_contained(&c, &any))
                    return false;
            }
        }
    }
    return any;
}
