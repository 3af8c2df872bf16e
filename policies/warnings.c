#include "policies/rule_read.h"
#include "policies/shares.h"

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

/* ---------------------------------------------------------------- always cut
 */

/* What of a share rule is looked at: a field at a level, or the event. */
struct target {
    const struct sk_share *share;
    uint16_t event;
    uint16_t field; /* SK_NONE: the event itself */
    uint8_t level;  /* what the rule says */
};

/* Does this rule leave at most `most` of the target, where it speaks? */
static bool cuts(const struct sk_bundle *bundle, const struct sk_take *take,
                 const struct target *t, uint8_t most)
{
    if (t->field == SK_NONE)
        return sk_take_covers_event(take, bundle->vocabulary, t->event);
    return sk_take_leaves(take, bundle->vocabulary, t->field, t->event,
                          t->level) <= most;
}

static bool meets(const struct sk_take *take, const struct sk_share *share)
{
    uint64_t orgs = 0;

    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        orgs |= take->who.words[w] & share->to.words[w];
    return orgs != 0 && (take->purposes & share->purposes) != 0;
}

/* Is the target cut to at most `most` for every recipient and purpose? */
static bool always_cut(const struct sk_bundle *bundle, const struct target *t,
                       uint8_t most)
{
    for (uint64_t left = t->share->purposes; left != 0; left &= left - 1) {
        struct sk_org_set cut = {{0}};

        for (size_t i = 0; i < bundle->takes_count; i++) {
            const struct sk_take *take = &bundle->takes[i];

            if ((take->purposes >> sk_lowest(left) & 1) == 0 ||
                !cuts(bundle, take, t, most))
                continue;
            for (size_t w = 0; w < SK_ORG_WORDS; w++)
                cut.words[w] |= take->who.words[w];
        }
        if (!is_within(&t->share->to, &cut))
            return false;
    }
    return t->share->purposes != 0 && !is_empty(&t->share->to);
}

/* The rule to name: the policy's own first. */
static struct sk_bytes cutter(const struct sk_bundle *bundle,
                              const struct target *t, uint8_t most)
{
    for (int federation = 0; federation < 2; federation++) {
        for (size_t i = 0; i < bundle->takes_count; i++) {
            const struct sk_take *take = &bundle->takes[i];

            if (take->federation == (federation == 1) &&
                meets(take, t->share) && cuts(bundle, take, t, most))
                return take->id;
        }
    }
    return (struct sk_bytes){NULL, 0};
}

/* W011 and W012 for one field. */
static void warn_field_cut(struct sk_loading *l,
                           const struct sk_shared_event *shared,
                           struct target t)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_field *field = &bundle->vocabulary->fields[t.field];
    const struct sk_node *node = field_node(shared, field->id);
    struct sk_argument arguments[5] = {{"field", field->id},
                                       {"id", t.share->id}};

    if (!always_cut(bundle, &t, (uint8_t)(t.level - 1)))
        return;
    for (uint8_t most = 0; most < t.level; most++) {
        struct sk_bytes by;
        bool forbidden;

        if (!always_cut(bundle, &t, most))
            continue;
        by = cutter(bundle, &t, most);
        forbidden = most == 0;
        for (size_t i = 0; i < bundle->takes_count; i++) {
            if (bundle->takes[i].limit &&
                sk_bytes_equal(bundle->takes[i].id, by))
                forbidden = false;
        }
        arguments[2] = (struct sk_argument){"by", by};
        arguments[3] = (struct sk_argument){"level", field->levels[t.level]};
        arguments[4] = (struct sk_argument){"cap", field->levels[most]};
        sk_findings_add(l->findings, forbidden ? "W011" : "W012",
                        node->key_place, arguments, forbidden ? 3 : 5);
        return;
    }
}

static void warn_cut(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;

    for (size_t i = 0; i < share->what_count; i++) {
        const struct sk_shared_event *shared = &share->what[i];
        const struct sk_event_type *type = &v->events[shared->event];
        struct target t = {share, shared->event, SK_NONE, 0};

        if (always_cut(bundle, &t, 0)) {
            struct sk_argument arguments[] = {
                {"event", type->id},
                {"id", share->id},
                {"by", cutter(bundle, &t, 0)},
            };

            sk_findings_add(l->findings, "W010", shared->node->key_place,
                            arguments, SK_COUNT(arguments));
            continue;
        }
        for (size_t at = 0; at < type->fields_count; at++) {
            t.field = type->fields[at];
            t.level = shared->levels[at];
            if (t.level > 0)
                warn_field_cut(l, shared, t);
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

/* W013: of two equal rules the later one is reported. */
static void warn_contained(struct sk_loading *l, size_t at)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_share *share = &bundle->shares[at];

    for (size_t i = 0; i < bundle->shares_count; i++) {
        const struct sk_share *other = &bundle->shares[i];
        struct sk_argument arguments[] = {{"id", share->id}, {"by", other->id}};

        if (i == at || other->broken ||
            !sk_share_contained(bundle, share, other) ||
            (i > at && sk_share_contained(bundle, other, share)))
            continue;
        sk_findings_add(l->findings, "W013", share->place, arguments, 2);
        return;
    }
}

void sk_policy_warn(struct sk_loading *l)
{
    const struct sk_bundle *bundle = l->bundle;

    for (size_t i = 0; i < bundle->shares_count; i++) {
        const struct sk_share *share = &bundle->shares[i];

        if (share->broken)
            continue;
        warn_rule(l, share);
        warn_groups(l, share);
        warn_fields(l, share);
        warn_secrecy(l, share);
        warn_cut(l, share);
        warn_contained(l, i);
    }
}
