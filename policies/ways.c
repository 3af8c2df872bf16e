#include "policies/ways.h"

#include <string.h>

/* ---------------------------------------------------------------- names */

struct sk_bytes sk_field_name(const struct sk_vocabulary *v, uint16_t field)
{
    return field == SK_FACT ? sk_text("(fact)") : v->fields[field].id;
}

struct sk_bytes sk_level_name(const struct sk_vocabulary *v, uint16_t field,
                              uint8_t level)
{
    return field == SK_FACT ? sk_text("yes") : v->fields[field].levels[level];
}

uint64_t sk_way_tells(const struct sk_vocabulary *v, uint16_t event,
                      uint16_t field, uint8_t level)
{
    if (field == SK_FACT)
        return sk_bit(v->events[event].category);
    return sk_told(v, field, event, level);
}

/* ---------------------------------------------------------------- sort */

/* Positions with their words; at most SK_ORGS_MAX. */
struct named {
    struct sk_bytes id;
    uint16_t at;
};

static uint16_t *sorted(struct sk_arena *arena, struct named *list,
                        size_t count)
{
    uint16_t *out = sk_arena_get_array(arena, count + 1, sizeof(*out));

    if (out == NULL)
        return NULL;
    for (size_t i = 1; i < count; i++) {
        struct named one = list[i];
        size_t at = i;

        for (; at > 0 && sk_bytes_compare(list[at - 1].id, one.id) > 0; at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = list[i].at;
    return out;
}

static bool sort_words(struct sk_ways *ways, struct sk_arena *arena)
{
    const struct sk_bundle *bundle = ways->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    struct named list[SK_ORGS_MAX];
    size_t purposes = 0;

    for (size_t i = 0; i < bundle->roster.count; i++)
        list[i] = (struct named){bundle->roster.orgs[i].id, (uint16_t)i};
    ways->orgs = sorted(arena, list, bundle->roster.count);
    for (size_t i = 0; i < v->events_count; i++)
        list[i] = (struct named){v->events[i].id, (uint16_t)i};
    ways->events = sorted(arena, list, v->events_count);
    for (size_t i = 0; i < v->purposes_count; i++) {
        if (v->purposes[i].leaf && v->purposes[i].events)
            list[purposes++] = (struct named){v->purposes[i].id, (uint16_t)i};
    }
    ways->purposes = sorted(arena, list, purposes);
    ways->purposes_count = purposes;
    return ways->orgs != NULL && ways->events != NULL && ways->purposes != NULL;
}

/* ---------------------------------------------------------------- start */

/* POLICY.md 10.1: active recipients that offer all duties of the rule. */
static void open_rules(struct sk_ways *ways)
{
    const struct sk_bundle *bundle = ways->bundle;
    const struct sk_roster *roster = &bundle->roster;
    size_t words = bundle->share_words;

    if (bundle->owner_at == SK_NONE ||
        roster->orgs[bundle->owner_at].status != SK_ORG_ACTIVE)
        return;
    for (size_t org = 0; org < roster->count; org++) {
        if (roster->orgs[org].status != SK_ORG_ACTIVE)
            continue;
        for (size_t i = 0; i < bundle->shares_count; i++) {
            const struct sk_share *share = &bundle->shares[i];

            if (sk_org_set_has(&share->to, org) &&
                (share->duties & ~roster->duties[org]) == 0)
                ways->open_by_org[org * words + i / 64] |=
                    sk_bit((unsigned)(i % 64));
        }
    }
}

enum sk_status sk_ways_start(const struct sk_bundle *bundle,
                             struct sk_arena *arena, struct sk_ways *out)
{
    struct sk_ways ways = {.bundle = bundle};

    SK_TRY(sk_caps_make(bundle, arena, &ways.caps));
    ways.open_by_org = sk_arena_get_array(
        arena, (bundle->roster.count + 1) * (bundle->share_words + 1),
        sizeof(*ways.open_by_org));
    if (ways.open_by_org == NULL || !sort_words(&ways, arena))
        return SK_E_MEMORY;
    open_rules(&ways);
    *out = ways;
    return SK_OK;
}

/* ---------------------------------------------------------------- ways */

bool sk_ways_open(const struct sk_ways *ways, struct sk_spot spot,
                  const uint64_t *valid, struct sk_open *out)
{
    const struct sk_bundle *bundle = ways->bundle;
    size_t words = bundle->share_words;
    const uint64_t *by_org = ways->open_by_org + spot.org * words;
    const uint64_t *by_purpose =
        bundle->share_by_purpose + spot.purpose * words;
    const uint64_t *by_event = bundle->share_by_event + spot.event * words;

    out->count = 0;
    for (size_t w = 0; w < words; w++) {
        uint64_t left = by_org[w] & by_purpose[w] & by_event[w];

        if (valid != NULL)
            left &= valid[w];
        if (left != 0 && out->count == 0 &&
            sk_caps_covers(&ways->caps, spot.org, spot.purpose, spot.event))
            return false;
        for (; left != 0; left &= left - 1) {
            size_t at = w * 64 + sk_lowest(left);

            out->at[out->count] = (uint16_t)at;
            out->shared[out->count++] =
                sk_share_what(&bundle->shares[at], spot.event);
        }
    }
    return out->count > 0;
}

/* POLICY.md 10.2: these, the event's category and the where categories. */
static bool needs_explicit(const struct sk_caps *caps, struct sk_spot spot,
                           const struct sk_share *share, uint64_t categories)
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;
    uint64_t needed = categories | sk_bit(v->events[spot.event].category);

    if (share->where_count != 0)
        needed |= sk_where_categories(v, share, spot.event);
    return (needed & sk_explicit_for(caps->bundle, share->explicit_consent,
                                     spot.org)) != 0;
}

size_t sk_ways_of_field(const struct sk_caps *caps, struct sk_spot spot,
                        const struct sk_share *share,
                        const struct sk_shared_event *shared, size_t at,
                        struct sk_way out[2])
{
    const struct sk_vocabulary *v = caps->bundle->vocabulary;
    uint16_t f = v->events[spot.event].fields[at];
    const struct sk_field *field = &v->fields[f];
    uint8_t level = shared->levels[at];
    uint8_t left;
    size_t count = 0;

    if (level == 0)
        return 0;
    left = sk_caps_level(caps, spot.org, spot.purpose, f);
    if (left < level)
        level = left;
    while (level > 0) {
        out[count++] = (struct sk_way){
            .share = share,
            .level = level,
            .explicit_consent = needs_explicit(
                caps, spot, share, sk_told(v, f, spot.event, level)),
        };
        if (level != sk_exact(field) || field->reveals == 0)
            break;
        level--;
    }
    return count;
}

bool sk_ways_of_fact(const struct sk_caps *caps, struct sk_spot spot,
                     const struct sk_share *share,
                     const struct sk_shared_event *shared, struct sk_way *out)
{
    size_t fields = caps->bundle->vocabulary->events[spot.event].fields_count;
    bool any = shared->only_the_fact;
    struct sk_way found[2];

    for (size_t at = 0; at < fields && !any; at++)
        any = sk_ways_of_field(caps, spot, share, shared, at, found) > 0;
    if (any)
        *out = (struct sk_way){
            .share = share,
            .level = SK_FACT_LEVEL,
            .explicit_consent = needs_explicit(caps, spot, share, 0),
        };
    return any;
}

/* ---------------------------------------------------------------- classes */

enum sk_status sk_classes_make(const uint64_t *rows, size_t count, size_t words,
                               struct sk_arena *arena, struct sk_classes *out)
{
    struct sk_classes c = {.count = 0};

    c.of = sk_arena_get_array(arena, 3 * (count + 1), sizeof(*c.of));
    if (c.of == NULL)
        return SK_E_MEMORY;
    c.first = c.of + count + 1;
    c.members = c.first + count + 1;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;

        while (k < c.count && memcmp(rows + c.first[k] * words,
                                     rows + i * words, words * 8) != 0)
            k++;
        if (k == c.count) {
            c.first[k] = (uint16_t)i;
            c.count++;
        }
        c.of[i] = (uint16_t)k;
        c.members[k]++;
    }
    *out = c;
    return SK_OK;
}

size_t sk_ways_org_words(const struct sk_ways *ways)
{
    return ways->bundle->share_words + 1;
}

size_t sk_ways_purpose_words(const struct sk_ways *ways)
{
    return ways->bundle->share_words + ways->bundle->take_words;
}

void sk_ways_org_row(const struct sk_ways *ways, uint16_t org, uint64_t *row)
{
    size_t words = ways->bundle->share_words;

    memset(row, 0, (words + 1) * sizeof(*row));
    row[words] = UINT64_MAX;
    if (org == SK_NONE)
        return;
    memcpy(row, ways->open_by_org + org * words, words * sizeof(*row));
    /* Also apart by secrecy, see make_classes() of caps. */
    row[words] = ways->caps.class_of[org];
}

void sk_ways_purpose_row(const struct sk_ways *ways, uint16_t purpose,
                         uint64_t *row)
{
    const struct sk_bundle *bundle = ways->bundle;
    size_t shares = bundle->share_words;
    size_t takes = bundle->take_words;

    memset(row, 0, (shares + takes) * sizeof(*row));
    if (purpose == SK_NONE)
        return;
    memcpy(row, bundle->share_by_purpose + purpose * shares,
           shares * sizeof(*row));
    memcpy(row + shares, bundle->take_by_purpose + purpose * takes,
           takes * sizeof(*row));
}

/* ---------------------------------------------------------------- vector */

static const char *const component_texts[] = {
    [SK_PART_LEVEL] = "level",
    [SK_PART_CONSENT] = "consent",
    [SK_PART_RETAIN] = "retain",
    [SK_PART_NOT_OLDER_THAN] = "not_older_than",
    [SK_PART_WHERE] = "where",
    [SK_PART_DUTIES] = "duties",
    [SK_PART_ROLES] = "roles",
    [SK_PART_ON_WITHDRAWAL] = "on_withdrawal",
    [SK_PART_OBJECTION] = "objection",
};

const char *sk_component_text(enum sk_component part)
{
    return component_texts[part];
}

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

/* Are the values of one among those of the other? */
static bool values_among(const struct sk_code_list *wl, uint64_t w,
                         const struct sk_code_list *vl, uint64_t v)
{
    if (wl == vl)
        return (w & ~v) == 0;
    for (; w != 0; w &= w - 1) {
        uint16_t value = sk_code_list_value(vl, wl->values[sk_lowest(w)].id);

        if (value == SK_NONE || (v & sk_bit(value)) == 0)
            return false;
    }
    return true;
}

static bool where_at_least(const struct sk_vocabulary *wv,
                           const struct sk_share *w,
                           const struct sk_vocabulary *vv,
                           const struct sk_share *v)
{
    for (size_t i = 0; i < v->where_count; i++) {
        const struct sk_field *asked = &vv->fields[v->where[i].field];
        bool found = false;

        for (size_t j = 0; j < w->where_count && !found; j++) {
            const struct sk_field *field = &wv->fields[w->where[j].field];

            found = (field == asked || sk_bytes_equal(field->id, asked->id)) &&
                    values_among(field->codelist, w->where[j].values,
                                 asked->codelist, v->where[i].values);
        }
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

bool sk_way_objects(const struct sk_way *way)
{
    return sk_share_objects(way->share);
}

unsigned sk_terms_lacking(const struct sk_vocabulary *wv,
                          const struct sk_share *w,
                          const struct sk_vocabulary *vv,
                          const struct sk_share *v)
{
    unsigned lacking = 0;

    if (!retain_at_most(w, v))
        lacking |= 1u << SK_PART_RETAIN;
    if (!age_at_most(w, v))
        lacking |= 1u << SK_PART_NOT_OLDER_THAN;
    if (!where_at_least(wv, w, vv, v))
        lacking |= 1u << SK_PART_WHERE;
    if ((v->duties & ~w->duties) != 0)
        lacking |= 1u << SK_PART_DUTIES;
    if (!roles_among(w, v))
        lacking |= 1u << SK_PART_ROLES;
    if ((v->erase && !w->erase) || v->within_days < w->within_days)
        lacking |= 1u << SK_PART_ON_WITHDRAWAL;
    if (sk_share_objects(v) && !sk_share_objects(w))
        lacking |= 1u << SK_PART_OBJECTION;
    return lacking;
}
