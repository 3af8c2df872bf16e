#include "policies/shares.h"

#include <string.h>

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
    for (size_t f = 0; f < v->fields_count; f++)
        caps.levels[f] = sk_exact(&v->fields[f]);
    for (size_t row = 1; row < rows; row++)
        memcpy(caps.levels + row * v->fields_count, caps.levels,
               v->fields_count);
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

bool sk_caps_same(const struct sk_caps *a, size_t org_a,
                  const struct sk_caps *b, size_t org_b, unsigned purpose)
{
    const struct sk_vocabulary *v = a->bundle->vocabulary;
    size_t class_a = a->class_of[org_a];
    size_t class_b = b->class_of[org_b];

    return memcmp(level_of(a, class_a, purpose, 0),
                  level_of(b, class_b, purpose, 0), v->fields_count) == 0 &&
           memcmp(covered_of(a, class_a, purpose, 0),
                  covered_of(b, class_b, purpose, 0), v->events_count) == 0;
}

/* ---------------------------------------------------------------- members */

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
