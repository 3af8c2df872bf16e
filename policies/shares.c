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

/* ---------------------------------------------------------------- caps */

/* Split every class into those inside and those outside the set. */
static void refine(struct sk_caps *caps, const struct sk_org_set *set)
{
    uint16_t fresh[SK_ORGS_MAX][2];
    size_t count = 0;

    for (size_t i = 0; i < caps->classes; i++) {
        fresh[i][0] = SK_NONE;
        fresh[i][1] = SK_NONE;
    }
    for (size_t org = 0; org < caps->bundle->roster.count; org++) {
        uint16_t *to =
            &fresh[caps->class_of[org]][sk_org_set_has(set, org) ? 1 : 0];

        if (*to == SK_NONE)
            *to = (uint16_t)count++;
        caps->class_of[org] = *to;
    }
    caps->classes = count;
}

static void make_classes(struct sk_caps *caps)
{
    const struct sk_bundle *bundle = caps->bundle;
    struct sk_org_set professional = {{0}};

    caps->classes = 1;
    for (size_t org = 0; org < bundle->roster.count; org++) {
        if (bundle->roster.orgs[org].secrecy == SK_SECRECY_PROFESSIONAL)
            sk_org_set_add(&professional, org);
    }
    refine(caps, &professional);
    for (size_t i = 0; i < bundle->takes_count; i++)
        refine(caps, &bundle->takes[i].who);
}

static uint8_t *level_of(const struct sk_caps *caps, size_t class,
                         unsigned purpose, size_t field)
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;

    return &caps->levels[(class * v->purposes_count + purpose) *
                             v->fields_count +
                         field];
}

static uint8_t *covered_of(const struct sk_caps *caps, size_t class,
                           unsigned purpose, size_t event)
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;

    return &caps->covered[(class * v->purposes_count + purpose) *
                              v->events_count +
                          event];
}

/* What one never or limit leaves of one field, in every class and purpose. */
static void cut_field(struct sk_caps *caps, const struct sk_take *take,
                      const bool *speaks, uint16_t field, uint8_t left)
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;

    for (size_t c = 0; c < caps->classes; c++) {
        for (unsigned p = 0; speaks[c] && p < v->purposes_count; p++) {
            uint8_t *level = level_of(caps, c, p, field);

            if ((take->purposes >> p & 1) != 0 && left < *level)
                *level = left;
        }
    }
}

static void cut_event(struct sk_caps *caps, const struct sk_take *take,
                      const bool *speaks, uint16_t event)
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;

    for (size_t c = 0; c < caps->classes; c++) {
        for (unsigned p = 0; speaks[c] && p < v->purposes_count; p++) {
            if ((take->purposes >> p & 1) != 0)
                *covered_of(caps, c, p, event) = 1;
        }
    }
}

static void add_take(struct sk_caps *caps, const struct sk_take *take)
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;
    bool speaks[SK_ORGS_MAX] = {false};

    for (size_t org = 0; org < caps->bundle->roster.count; org++) {
        if (sk_org_set_has(&take->who, org))
            speaks[caps->class_of[org]] = true;
    }
    for (size_t e = 0; e < v->events_count; e++) {
        if (sk_take_covers_event(take, v, (uint16_t)e))
            cut_event(caps, take, speaks, (uint16_t)e);
    }
    for (size_t f = 0; f < v->fields_count; f++) {
        uint8_t exact = sk_exact(&v->fields[f]);
        uint8_t left = sk_take_leaves_own(take, v, (uint16_t)f, exact);

        if (left < exact)
            cut_field(caps, take, speaks, (uint16_t)f, left);
    }
}

enum sk_status sk_caps_make(const struct sk_bundle *bundle,
                            struct sk_arena *arena, struct sk_caps *out)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    struct sk_caps caps = {.bundle = bundle};
    size_t rows;

    make_classes(&caps);
    rows = caps.classes * v->purposes_count;
    caps.levels = sk_arena_get_array(arena, rows + 1, v->fields_count);
    caps.covered = sk_arena_get_array(arena, rows + 1, v->events_count);
    if (caps.levels == NULL || caps.covered == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < rows * v->fields_count; i++)
        caps.levels[i] = sk_exact(&v->fields[i % v->fields_count]);
    for (size_t i = 0; i < bundle->takes_count; i++)
        add_take(&caps, &bundle->takes[i]);
    *out = caps;
    return SK_OK;
}

uint8_t sk_caps_level(const struct sk_caps *caps, size_t org, unsigned purpose,
                      uint16_t field)
{
    return *level_of(caps, caps->class_of[org], purpose, field);
}

bool sk_caps_covers(const struct sk_caps *caps, size_t org, unsigned purpose,
                    uint16_t event)
{
    return *covered_of(caps, caps->class_of[org], purpose, event) != 0;
}

/* ---------------------------------------------------------------- ways */

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
    const struct sk_caps *caps;
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
    uint8_t level = sk_caps_level(c->caps, c->org, c->purpose, f);

    if (shared->levels[at] < level)
        level = shared->levels[at];
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

    if (sk_caps_covers(c->caps, c->org, c->purpose, c->event))
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

/* All purposes and events of w, for one recipient. */
static bool org_contained(struct comparing *c, bool *any)
{
    for (uint64_t left = c->w->purposes; left != 0; left &= left - 1) {
        c->purpose = sk_lowest(left);
        for (size_t i = 0; i < c->w->what_count; i++) {
            c->event = c->w->what[i].event;
            if (!event_contained(c, any))
                return false;
        }
    }
    return true;
}

bool sk_share_contained(const struct sk_caps *caps, const struct sk_share *w,
                        const struct sk_share *v)
{
    const struct sk_bundle *bundle = caps->bundle;
    struct comparing c = {.caps = caps, .bundle = bundle, .w = w, .v = v};
    struct sk_org_set members;
    struct sk_org_set seen = {{0}}; /* classes */
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
        if (sk_org_set_has(&seen, caps->class_of[org]))
            continue;
        sk_org_set_add(&seen, caps->class_of[org]);
        c.org = (uint16_t)org;
        if (!org_contained(&c, &any))
            return false;
    }
    return any;
}
