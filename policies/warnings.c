#include <string.h>

#include "policies/rule_read.h"
#include "policies/ways.h"

/* What is probably not meant, though it does no harm.  POLICY.md 15, W002 to
   W023 (W001 is given where the level is read).  Rules with an error are left
   out. */

#define SOON_DAYS 60

static const struct sk_node *field_node(const struct sk_shared_event *shared,
                                        struct sk_bytes field)
{
    const struct sk_node *node = sk_node_get_bytes(shared->node, field);

    assert(node != NULL);
    return node;
}

static bool is_within(const struct sk_org_set *a, const struct sk_org_set *b)
{
    uint64_t rest = 0;

    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        rest |= a->words[w] & ~b->words[w];
    return rest == 0;
}

static bool is_empty(const struct sk_org_set *set)
{
    static const struct sk_org_set nobody;

    return is_within(set, &nobody);
}

/* ---------------------------------------------------------------- cut down */

/* What is left of an event or field for some recipient and purpose: the most,
   0 or 1 for an event. */
struct target {
    const struct sk_caps *caps;
    const struct sk_share *share;
    uint16_t event;
    uint16_t field; /* SK_NONE: the event itself */
    uint8_t level;  /* what the rule says */
};

static uint8_t left_for(const struct target *t, size_t org, unsigned purpose)
{
    uint8_t level;

    if (sk_caps_covers(t->caps, org, purpose, t->event))
        return 0;
    if (t->field == SK_NONE)
        return 1;
    level = sk_caps_level(t->caps, org, purpose, t->field);
    return level < t->level ? level : t->level;
}

static uint8_t most_left(const struct target *t)
{
    const struct sk_bundle *bundle = t->caps->bundle;
    uint8_t most = 0;

    for (size_t org = 0; org < bundle->roster.count; org++) {
        if (!sk_org_set_has(&t->share->to, org))
            continue;
        for (uint64_t left = t->share->purposes; left != 0; left &= left - 1) {
            uint8_t level = left_for(t, org, sk_lowest(left));

            if (level > most)
                most = level;
            if (most == t->level)
                return most;
        }
    }
    return most;
}

static bool meets(const struct sk_take *take, const struct sk_share *share)
{
    uint64_t orgs = 0;

    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        orgs |= take->who.words[w] & share->to.words[w];
    return orgs != 0 && (take->purposes & share->purposes) != 0;
}

static bool cuts(const struct sk_take *take, const struct target *t,
                 uint8_t most)
{
    const struct sk_vocabulary *v = t->caps->bundle->vocabulary;

    if (!meets(take, t->share))
        return false;
    if (t->field == SK_NONE)
        return sk_take_covers_event(take, v, t->event);
    return sk_take_leaves(take, v, t->field, t->event, t->level) <= most;
}

/* The rule to name: the policy's own first.  NULL when none does it alone. */
static const struct sk_take *cutter(const struct target *t, uint8_t most)
{
    const struct sk_bundle *bundle = t->caps->bundle;

    for (int federation = 0; federation < 2; federation++) {
        for (size_t i = 0; i < bundle->takes_count; i++) {
            const struct sk_take *take = &bundle->takes[i];

            if (take->federation == (federation == 1) && cuts(take, t, most))
                return take;
        }
    }
    return NULL;
}

/* W011 and W012 for one field. */
static void warn_field_cut(struct sk_loading *l,
                           const struct sk_shared_event *shared,
                           const struct target *t)
{
    const struct sk_field *field = &l->bundle->vocabulary->fields[t->field];
    const struct sk_node *node = field_node(shared, field->id);
    uint8_t most = most_left(t);
    const struct sk_take *by = most < t->level ? cutter(t, most) : NULL;
    struct sk_argument arguments[5] = {{"field", field->id},
                                       {"id", t->share->id}};
    bool forbidden;

    if (by == NULL)
        return;
    forbidden = most == 0 && !by->limit;
    arguments[2] = (struct sk_argument){"by", by->id};
    arguments[3] = (struct sk_argument){"level", field->levels[t->level]};
    arguments[4] = (struct sk_argument){"cap", field->levels[most]};
    sk_findings_add(l->findings, forbidden ? "W011" : "W012", node->key_place,
                    arguments, forbidden ? 3 : 5);
}

static void warn_event_cut(struct sk_loading *l,
                           const struct sk_shared_event *shared,
                           const struct target *t)
{
    const struct sk_take *by = cutter(t, 0);
    struct sk_argument arguments[3] = {
        {"event", l->bundle->vocabulary->events[t->event].id},
        {"id", t->share->id}};

    if (by == NULL)
        return;
    arguments[2] = (struct sk_argument){"by", by->id};
    sk_findings_add(l->findings, "W010", shared->node->key_place, arguments, 3);
}

static void warn_cut(struct sk_loading *l, const struct sk_caps *caps,
                     const struct sk_share *share)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;

    if (share->purposes == 0 || is_empty(&share->to))
        return;
    for (size_t i = 0; i < share->what_count; i++) {
        const struct sk_shared_event *shared = &share->what[i];
        const struct sk_event_type *type = &v->events[shared->event];
        struct target t = {caps, share, shared->event, SK_NONE, 1};

        if (most_left(&t) == 0) {
            warn_event_cut(l, shared, &t);
            continue;
        }
        for (size_t at = 0; at < type->fields_count; at++) {
            t.field = type->fields[at];
            t.level = shared->levels[at];
            if (t.level > 0)
                warn_field_cut(l, shared, &t);
        }
    }
}

/* ---------------------------------------------------------------- reveals */

/* W002 and W022 for one field of one event. */
static void warn_revealing(struct sk_loading *l,
                           const struct sk_shared_event *shared, uint16_t f,
                           uint8_t level)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_field *field = &v->fields[f];
    const struct sk_node *node = field_node(shared, field->id);
    uint64_t hints = field->hints;

    if (field->free && level == sk_exact(field))
        sk_read_say(l->findings, "W002", node->place, "field", field->id);
    if (level == sk_exact(field))
        hints |= field->reveals;
    hints &= ~sk_bit(sk_category_in(v, f, shared->event));
    for (; hints != 0; hints &= hints - 1) {
        struct sk_argument arguments[] = {
            {"field", field->id},
            {"level", field->levels[level]},
            {"category", v->categories[sk_lowest(hints)].id},
        };

        sk_findings_add(l->findings, "W022", node->place, arguments,
                        SK_COUNT(arguments));
    }
}

static void warn_fields(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;

    for (size_t i = 0; i < share->what_count; i++) {
        const struct sk_shared_event *shared = &share->what[i];
        const struct sk_event_type *type = &v->events[shared->event];

        for (size_t at = 0; at < type->fields_count; at++) {
            if (shared->levels[at] > 0)
                warn_revealing(l, shared, type->fields[at], shared->levels[at]);
        }
    }
}

/* W023: each category and recipient once. */
static void warn_secrecy(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    const struct sk_node *consent = sk_node_get(share->node, "consent");
    struct sk_place place = consent != NULL ? consent->place : share->place;
    struct sk_org_set members;

    if (share->explicit_consent)
        return;
    sk_active_members(bundle, share, &members);
    for (uint64_t left = sk_share_tells(v, share) & bundle->secret; left != 0;
         left &= left - 1) {
        unsigned c = sk_lowest(left);

        for (size_t org = 0; org < bundle->roster.count; org++) {
            struct sk_argument arguments[] = {
                {"id", share->id},
                {"category", v->categories[c].id},
                {"org", bundle->roster.orgs[org].id},
            };

            if (sk_org_set_has(&members, org) &&
                (sk_explicit_for(bundle, false, (uint16_t)org) & sk_bit(c)) !=
                    0)
                sk_findings_add(l->findings, "W023", place, arguments,
                                SK_COUNT(arguments));
        }
    }
}

/* ---------------------------------------------------------------- who, when */

/* W018: a group of `to` that stands for one organisation. */
static void warn_groups(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_node *groups =
        sk_node_get(sk_node_get(share->node, "to"), "groups");
    const struct sk_node *word = groups != NULL ? groups->first : NULL;

    for (; word != NULL; word = word->next) {
        const struct sk_group *group =
            sk_roster_group(&bundle->roster, word->text);
        struct sk_argument arguments[2];
        size_t members = 0;

        for (size_t org = 0; org < bundle->roster.count; org++) {
            if (org == bundle->owner_at ||
                !sk_org_set_has(&group->members, org))
                continue;
            members++;
            arguments[1] =
                (struct sk_argument){"org", bundle->roster.orgs[org].id};
        }
        arguments[0] = (struct sk_argument){"group", group->id};
        if (members == 1)
            sk_findings_add(l->findings, "W018", word->place, arguments, 2);
    }
}

/* W003, W015, W019. */
static void warn_rule(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_node *valid = sk_node_get(share->node, "valid");
    const struct sk_node *basis = sk_node_get(share->node, "basis");
    struct sk_org_set members;
    char date[11];

    sk_active_members(bundle, share, &members);
    if (is_empty(&members))
        sk_read_say(l->findings, "W003",
                    sk_node_get(share->node, "to")->key_place, "id", share->id);
    if (l->day != INT32_MIN && share->until >= l->day &&
        share->until - l->day <= SOON_DAYS) {
        struct sk_argument arguments[] = {{"id", share->id},
                                          {"date", {NULL, 0}}};

        sk_day_format(share->until, date);
        arguments[1].text = sk_text(date);
        sk_findings_add(l->findings, "W015", sk_node_get(valid, "until")->place,
                        arguments, 2);
    }
    if (share->gdpr == SK_GDPR_CONSENT && bundle->owner_at != SK_NONE &&
        bundle->roster.orgs[bundle->owner_at].public_body)
        sk_findings_add(l->findings, "W019", sk_node_get(basis, "gdpr")->place,
                        NULL, 0);
}

/* The rules that are not broken, by purpose. */
struct by_purpose {
    uint64_t rules[SK_PURPOSES_MAX][SK_RULE_WORDS_MAX];
};

static void find_by_purpose(const struct sk_bundle *bundle,
                            struct by_purpose *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < bundle->shares_count; i++) {
        uint64_t left =
            bundle->shares[i].broken ? 0 : bundle->shares[i].purposes;

        for (; left != 0; left &= left - 1)
            out->rules[sk_lowest(left)][i / 64] |= sk_bit((unsigned)(i % 64));
    }
}

/* The rules of a word of 64 that speak of all these purposes: the only ones
   that can contain a rule of these purposes. */
static uint64_t of_purposes(const struct by_purpose *by, uint64_t purposes,
                            size_t word)
{
    uint64_t rules = UINT64_MAX;

    for (; purposes != 0; purposes &= purposes - 1)
        rules &= by->rules[sk_lowest(purposes)][word];
    return rules;
}

/* W013: of two equal rules the later one is reported. */
static bool warn_contained_in(struct sk_loading *l, const struct sk_caps *caps,
                              size_t at, size_t in, uint64_t *left)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_share *share = &bundle->shares[at];
    const struct sk_share *other = &bundle->shares[in];
    struct sk_argument arguments[] = {{"id", share->id}, {"by", other->id}};

    if (in == at || !sk_share_contained(caps, share, other, left) ||
        (in > at && sk_share_contained(caps, other, share, left)))
        return false;
    sk_findings_add(l->findings, "W013", share->place, arguments, 2);
    return true;
}

static void warn_contained(struct sk_loading *l, const struct sk_caps *caps,
                           const struct by_purpose *by, size_t at,
                           uint64_t *left)
{
    uint64_t purposes = l->bundle->shares[at].purposes;

    if (purposes == 0)
        return;
    for (size_t w = 0; w * 64 < l->bundle->shares_count; w++) {
        uint64_t others = of_purposes(by, purposes, w);

        for (; others != 0; others &= others - 1) {
            if (warn_contained_in(l, caps, at, w * 64 + sk_lowest(others),
                                  left))
                return;
        }
    }
}

enum sk_status sk_policy_warn(struct sk_loading *l)
{
    const struct sk_bundle *bundle = l->bundle;
    uint64_t left = SK_CONTAINED_SPOTS_MAX;
    struct sk_caps caps;
    struct by_purpose by;

    SK_TRY(sk_caps_make(bundle, l->arena, &caps));
    find_by_purpose(bundle, &by);
    for (size_t i = 0; i < bundle->shares_count; i++) {
        const struct sk_share *share = &bundle->shares[i];

        if (share->broken)
            continue;
        warn_rule(l, share);
        warn_groups(l, share);
        warn_fields(l, share);
        warn_secrecy(l, share);
        warn_cut(l, &caps, share);
        warn_contained(l, &caps, &by, i, &left);
    }
    return SK_OK;
}
