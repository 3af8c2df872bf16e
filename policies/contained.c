#include "policies/ways.h"

/* Does one share rule lie within another?  POLICY.md 11.2, W013 */

/* Two rules, and the spot where their ways are compared. */
struct comparing {
    const struct sk_caps *caps;
    const struct sk_vocabulary *v;
    const struct sk_share *inner;
    const struct sk_share *outer;
    struct sk_spot spot;
    uint64_t *left; /* spots that may be looked at */
};

static bool is_dominated(struct sk_way w, const struct sk_way *by, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (w.level <= by[i].level &&
            (!by[i].explicit_consent || w.explicit_consent))
            return true;
    }
    return false;
}

/* One recipient, purpose and event; *any: there was a way at all. */
static bool event_contained(const struct comparing *c,
                            const struct sk_shared_event *inner, bool *any)
{
    const struct sk_shared_event *outer =
        sk_share_what(c->outer, c->spot.event);
    size_t fields = c->v->events[c->spot.event].fields_count;
    struct sk_way of_inner[2];
    struct sk_way of_outer[2];

    if (*c->left == 0)
        return false;
    (*c->left)--;
    if (sk_caps_covers(c->caps, c->spot.org, c->spot.purpose, c->spot.event) ||
        !sk_ways_of_fact(c->caps, c->spot, c->inner, inner, of_inner))
        return true;
    *any = true;
    if (outer == NULL ||
        !sk_ways_of_fact(c->caps, c->spot, c->outer, outer, of_outer) ||
        !is_dominated(of_inner[0], of_outer, 1))
        return false;
    for (size_t at = 0; at < fields; at++) {
        size_t w =
            sk_ways_of_field(c->caps, c->spot, c->inner, inner, at, of_inner);
        size_t v =
            sk_ways_of_field(c->caps, c->spot, c->outer, outer, at, of_outer);

        for (size_t i = 0; i < w; i++) {
            if (!is_dominated(of_inner[i], of_outer, v))
                return false;
        }
    }
    return true;
}

/* All purposes and events of the inner rule, for one recipient. */
static bool org_contained(struct comparing *c, bool *any)
{
    for (uint64_t left = c->inner->purposes; left != 0; left &= left - 1) {
        c->spot.purpose = (uint16_t)sk_lowest(left);
        for (size_t i = 0; i < c->inner->what_count; i++) {
            c->spot.event = c->inner->what[i].event;
            if (!event_contained(c, &c->inner->what[i], any))
                return false;
        }
    }
    return true;
}

bool sk_share_contained(const struct sk_caps *caps, const struct sk_share *w,
                        const struct sk_share *v, uint64_t *left)
{
    const struct sk_roster *roster = &caps->bundle->roster;
    const struct sk_vocabulary *words = caps->bundle->vocabulary;
    struct comparing c = {
        .caps = caps, .v = words, .inner = w, .outer = v, .left = left};
    struct sk_org_set members;
    struct sk_org_set seen = {{0}}; /* classes */
    bool any = false;

    /* On all critical days: w's whole period lies in v's. */
    if (w->from < v->from || w->until > v->until ||
        (w->purposes & ~v->purposes) != 0 ||
        sk_terms_lacking(words, w, words, v) != 0)
        return false;
    sk_active_members(caps->bundle, w, &members);
    for (size_t org = 0; org < roster->count; org++) {
        if (!sk_org_set_has(&members, org) ||
            (w->duties & ~roster->duties[org]) != 0)
            continue;
        if (!sk_org_set_has(&v->to, org))
            return false;
        if (sk_org_set_has(&seen, caps->class_of[org]))
            continue;
        sk_org_set_add(&seen, caps->class_of[org]);
        c.spot.org = (uint16_t)org;
        if (!org_contained(&c, &any))
            return false;
    }
    return any;
}
