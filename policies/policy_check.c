#include "policies/rule_read.h"

#include "policies/civil.h"

/* Checks that look at a whole share rule, or at several.  POLICY.md 7.2, 7.3
   and 5.6 (a).  A rule that is broken already is left out. */

/* The child of an event's map that names this field; never NULL for a field
   that the rule shares. */
static const struct sk_node *field_node(const struct sk_shared_event *shared,
                                        struct sk_bytes field)
{
    const struct sk_node *node = sk_node_get_bytes(shared->node, field);

    assert(node != NULL);
    return node;
}

/* ---------------------------------------------------------------- special */

static void say_special(struct sk_loading *l, const struct sk_share *share,
                        struct sk_bytes what, unsigned category)
{
    struct sk_argument arguments[] = {
        {"id", share->id},
        {"what", what},
        {"category", l->bundle->vocabulary->categories[category].id},
    };

    sk_findings_add(l->findings, "E042",
                    sk_node_get(share->node, "basis")->place, arguments,
                    SK_COUNT(arguments));
}

static uint64_t special_categories(const struct sk_vocabulary *v)
{
    uint64_t set = 0;

    for (size_t c = 0; c < v->categories_count; c++) {
        if (v->categories[c].special.size != 0)
            set |= sk_bit((unsigned)c);
    }
    return set;
}

/* E042: each special category once, with the first that shares it. */
static void check_special(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint64_t left = special_categories(v);

    if (share->art9.size != 0)
        return;
    for (size_t i = 0; i < share->what_count; i++) {
        const struct sk_shared_event *shared = &share->what[i];
        const struct sk_event_type *type = &v->events[shared->event];

        if ((left & sk_bit(type->category)) != 0) {
            say_special(l, share, type->id, type->category);
            left &= ~sk_bit(type->category);
        }
        for (size_t at = 0; at < type->fields_count; at++) {
            uint16_t f = type->fields[at];
            uint64_t told =
                left & sk_told(v, f, shared->event, shared->levels[at]);

            left &= ~told;
            for (; told != 0; told &= told - 1)
                say_special(l, share, v->fields[f].id, sk_lowest(told));
        }
    }
}

/* ---------------------------------------------------------------- numbers */

/* E063 and E065, each field once. */
static void check_guarded(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    uint64_t said[SK_FIELDS_MAX / 64] = {0};

    for (size_t i = 0; i < share->what_count; i++) {
        const struct sk_shared_event *shared = &share->what[i];
        const struct sk_event_type *type = &v->events[shared->event];

        for (size_t at = 0; at < type->fields_count; at++) {
            uint16_t f = type->fields[at];
            struct sk_argument arguments[] = {{"org", bundle->owner},
                                              {"field", v->fields[f].id}};

            if (shared->levels[at] == 0 || !v->fields[f].authorise ||
                (said[f / 64] & sk_bit(f % 64)) != 0)
                continue;
            said[f / 64] |= sk_bit(f % 64);
            if (share->authorisation.size == 0)
                sk_read_say(l->findings, "E063",
                            sk_node_get(share->node, "basis")->place, "field",
                            v->fields[f].id);
            if (bundle->owner_at != SK_NONE &&
                !bundle->roster.orgs[bundle->owner_at].insz)
                sk_findings_add(l->findings, "E065",
                                field_node(shared, v->fields[f].id)->key_place,
                                arguments, 2);
        }
    }
}

/* ---------------------------------------------------------------- retain */

static struct sk_bytes write_duration(struct sk_duration duration,
                                      struct sk_join *out)
{
    char digits[21];
    struct sk_bytes number = sk_number_format(duration.count, digits);
    const char *unit = duration.unit == SK_DAYS ? " days" : " months";

    for (size_t i = 0; i < number.size; i++)
        out->text[out->size++] = (char)number.data[i];
    for (size_t i = 0; unit[i] != '\0'; i++)
        out->text[out->size++] = unit[i];
    return sk_join_text(out);
}

/* E064, each category once. */
static void check_retain(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_node *retain =
        sk_node_get(sk_node_get(share->node, "retain"), "for");
    uint64_t told = sk_share_tells(v, share);

    for (; told != 0; told &= told - 1) {
        const struct sk_category *category = &v->categories[sk_lowest(told)];
        struct sk_join max = {.size = 0};
        struct sk_argument arguments[4];

        if (category->keep_max.count == 0 ||
            sk_duration_at_most(share->retain, category->keep_max))
            continue;
        arguments[0] = (struct sk_argument){"id", share->id};
        arguments[1] = (struct sk_argument){"value", share->retain_text};
        arguments[2] = (struct sk_argument){"category", category->id};
        arguments[3] = (struct sk_argument){
            "max", write_duration(category->keep_max, &max)};
        sk_findings_add(l->findings, "E064",
                        retain != NULL ? retain->place : share->place,
                        arguments, 4);
    }
}

/* ---------------------------------------------------------------- where */

static bool meets(const struct sk_take *take, const struct sk_share *share)
{
    uint64_t orgs = 0;

    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        orgs |= take->who.words[w] & share->to.words[w];
    return orgs != 0 && (take->purposes & share->purposes) != 0;
}

/* The first rule that may cut this field, for any recipient and purpose. */
static struct sk_bytes cut_by(const struct sk_bundle *bundle,
                              const struct sk_share *share, uint16_t field,
                              uint16_t event)
{
    const struct sk_field *f = &bundle->vocabulary->fields[field];

    for (size_t i = 0; i < bundle->takes_count; i++) {
        const struct sk_take *take = &bundle->takes[i];

        if (meets(take, share) &&
            sk_take_leaves(take, bundle->vocabulary, field, event,
                           sk_exact(f)) < sk_exact(f))
            return take->id;
    }
    return (struct sk_bytes){NULL, 0};
}

/* E048 and E049 for one field of `where` in one event. */
static void check_where_in(struct sk_loading *l, const struct sk_share *share,
                           const struct sk_where *where,
                           const struct sk_shared_event *shared)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_event_type *type = &v->events[shared->event];
    const struct sk_field *field = &v->fields[where->field];
    const struct sk_node *node =
        sk_node_get_bytes(sk_node_get(share->node, "where"), field->id);
    struct sk_argument arguments[] = {
        {"field", field->id}, {"event", type->id}, {"cut", {NULL, 0}}};
    size_t at = 0;

    while (at < type->fields_count && type->fields[at] != where->field)
        at++;
    if (at == type->fields_count) {
        sk_findings_add(l->findings, "E048", node->key_place, arguments, 2);
        return;
    }
    arguments[2].text = cut_by(l->bundle, share, where->field, shared->event);
    if (shared->levels[at] != sk_exact(field) || arguments[2].text.size != 0)
        sk_findings_add(l->findings, "E049", node->key_place, arguments, 3);
}

static void check_where(struct sk_loading *l, const struct sk_share *share)
{
    for (size_t i = 0; i < share->where_count; i++) {
        for (size_t e = 0; e < share->what_count; e++)
            check_where_in(l, share, &share->where[i], &share->what[e]);
    }
}

/* ---------------------------------------------------------------- ground */

static void check_ground(struct sk_loading *l, const struct sk_share *share)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_node *basis = sk_node_get(share->node, "basis");

    if (share->gdpr == SK_GDPR_LEGITIMATE_INTEREST &&
        bundle->owner_at != SK_NONE &&
        bundle->roster.orgs[bundle->owner_at].public_body)
        sk_findings_add(l->findings, "E061", sk_node_get(basis, "gdpr")->place,
                        NULL, 0);
    if (sk_bytes_equal(share->art9, sk_text("explicit-consent")) &&
        !share->explicit_consent)
        sk_findings_add(l->findings, "E043", sk_node_get(basis, "art9")->place,
                        NULL, 0);
}

/* ---------------------------------------------------------------- pairs */

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

/* A recipient that both share with, or SK_NONE. */
static uint16_t common_org(const struct sk_share *a, const struct sk_share *b)
{
    for (size_t w = 0; w < SK_ORG_WORDS; w++) {
        uint64_t both = a->to.words[w] & b->to.words[w];

        if (both != 0)
            return (uint16_t)(w * 64 + sk_lowest(both));
    }
    return SK_NONE;
}

/* E060: once per pair, at the later rule. */
static void check_pair(struct sk_loading *l, const struct sk_share *a,
                       const struct sk_share *b)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint64_t purposes = a->purposes & b->purposes;
    uint16_t org;

    if (purposes == 0 || same_roles(a, b))
        return;
    org = common_org(a, b);
    if (org == SK_NONE)
        return;
    for (size_t i = 0; i < a->what_count; i++) {
        const struct sk_node *roles = sk_node_get(b->node, "roles");
        struct sk_argument arguments[5];

        if (sk_share_what(b, a->what[i].event) == NULL)
            continue;
        arguments[0] = (struct sk_argument){"a", a->id};
        arguments[1] = (struct sk_argument){"b", b->id};
        arguments[2] =
            (struct sk_argument){"event", v->events[a->what[i].event].id};
        arguments[3] =
            (struct sk_argument){"org", l->bundle->roster.orgs[org].id};
        arguments[4] = (struct sk_argument){
            "purpose", v->purposes[sk_lowest(purposes)].id};
        sk_findings_add(l->findings, "E060",
                        roles != NULL ? roles->key_place : b->place, arguments,
                        5);
        return;
    }
}

void sk_policy_check(struct sk_loading *l)
{
    const struct sk_bundle *bundle = l->bundle;

    for (size_t i = 0; i < bundle->shares_count; i++) {
        struct sk_share *share = &bundle->shares[i];
        size_t errors = l->findings->errors;

        if (share->broken)
            continue;
        check_ground(l, share);
        check_special(l, share);
        check_guarded(l, share);
        check_retain(l, share);
        check_where(l, share);
        for (size_t j = 0; j < i; j++) {
            if (!bundle->shares[j].broken)
                check_pair(l, &bundle->shares[j], share);
        }
        share->broken = l->findings->errors != errors;
    }
}
