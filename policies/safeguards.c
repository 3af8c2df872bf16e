#include "policies/safeguards.h"

#include "policies/read.h"
#include "policies/rules.h"

/* POLICY.md 11.5, on the words of the files. */

/* So many pairs of rules are looked at for one under another id; what is not
   found by then counts as lost. */
#define PAIRS_MAX ((size_t)1 << 16)

struct search {
    const struct sk_vocabulary *v;
    size_t pairs;
};

/* ---------------------------------------------------------------- words */

static struct sk_bytes text_at(const struct sk_node *rule, const char *key)
{
    const struct sk_node *node = sk_node_get(rule, key);

    return node == NULL ? (struct sk_bytes){NULL, 0} : node->text;
}

struct sk_bytes sk_rule_id(const struct sk_node *rule)
{
    return text_at(rule, "id");
}

struct sk_bytes sk_rule_text(const struct sk_node *rule)
{
    return text_at(rule, "text");
}

static bool is_form(const struct sk_node *node)
{
    return !sk_bytes_equal(node->key, sk_text("id")) &&
           !sk_bytes_equal(node->key, sk_text("text"));
}

const struct sk_node *sk_rule_form(const struct sk_node *rule)
{
    const struct sk_node *node = rule->first;

    while (node != NULL && !is_form(node))
        node = node->next;
    return node;
}

/* ---------------------------------------------------------------- parts */

/* Each word of a list stands in another one.  A list that is absent has no
   words. */
static bool is_within(const struct sk_node *part, const struct sk_node *whole)
{
    const struct sk_node *a = part == NULL ? NULL : part->first;

    for (; a != NULL; a = a->next) {
        const struct sk_node *b = whole == NULL ? NULL : whole->first;

        while (b != NULL && !sk_bytes_equal(a->text, b->text))
            b = b->next;
        if (b == NULL)
            return false;
    }
    return true;
}

/* The same of branches of a tree: each is under one of the other list. */
static bool is_under_all(const struct sk_node *part,
                         const struct sk_node *whole)
{
    const struct sk_node *a = part == NULL ? NULL : part->first;

    for (; a != NULL; a = a->next) {
        const struct sk_node *b = whole == NULL ? NULL : whole->first;

        while (b != NULL && !sk_is_under(a->text, b->text))
            b = b->next;
        if (b == NULL)
            return false;
    }
    return true;
}

/* And of a list that stands for everything when it is absent. */
static bool is_within_all(const struct sk_node *part,
                          const struct sk_node *whole)
{
    return whole == NULL || (part != NULL && is_under_all(part, whole));
}

/* who (7.1) or `anyone`; absent: nobody. */
static bool who_is_within(const struct sk_node *part,
                          const struct sk_node *whole)
{
    if (part == NULL || sk_node_is(whole, "anyone"))
        return true;
    return !sk_node_is(part, "anyone") &&
           is_within(sk_node_get(part, "orgs"), sk_node_get(whole, "orgs")) &&
           is_within(sk_node_get(part, "groups"), sk_node_get(whole, "groups"));
}

/* `to` without `except`, and `for`: at least as far as before. */
static bool speaks_as_far(const struct sk_node *was, const struct sk_node *is)
{
    return who_is_within(sk_node_get(was, "to"), sk_node_get(is, "to")) &&
           who_is_within(sk_node_get(is, "except"),
                         sk_node_get(was, "except")) &&
           is_within_all(sk_node_get(was, "for"), sk_node_get(is, "for"));
}

/* Each field of `was` is in `is`, at that level or: lower, higher. */
static bool levels_reach(const struct search *s, const struct sk_node *was,
                         const struct sk_node *is, bool lower)
{
    const struct sk_node *a = was == NULL ? NULL : was->first;

    for (; a != NULL; a = a->next) {
        const struct sk_node *b = sk_node_get_bytes(is, a->key);
        uint16_t field = sk_vocabulary_field(s->v, a->key);
        uint16_t of_a;
        uint16_t of_b;

        if (b == NULL || field == SK_NONE)
            return false;
        of_a = sk_field_level(&s->v->fields[field], a->text);
        of_b = sk_field_level(&s->v->fields[field], b->text);
        if (of_a == SK_NONE || of_b == SK_NONE ||
            (lower ? of_b > of_a : of_b < of_a))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- forms */

static bool never_is_kept(const struct search *s, const struct sk_node *was,
                          const struct sk_node *is)
{
    static const char *const parts[] = {"data", "events", "fields"};
    bool was_all = true;
    bool is_all = true;

    (void)s;
    for (size_t i = 0; i < SK_COUNT(parts); i++) {
        was_all = was_all && sk_node_get(was, parts[i]) == NULL;
        is_all = is_all && sk_node_get(is, parts[i]) == NULL;
    }
    if (!speaks_as_far(was, is) || (was_all && !is_all))
        return false;
    return is_all ||
           (is_under_all(sk_node_get(was, "data"), sk_node_get(is, "data")) &&
            is_within(sk_node_get(was, "events"), sk_node_get(is, "events")) &&
            is_within(sk_node_get(was, "fields"), sk_node_get(is, "fields")));
}

static bool limit_is_kept(const struct search *s, const struct sk_node *was,
                          const struct sk_node *is)
{
    return speaks_as_far(was, is) &&
           levels_reach(s, sk_node_get(was, "fields"),
                        sk_node_get(is, "fields"), /* lower */ true);
}

static bool same_event(const struct sk_node *was, const struct sk_node *is)
{
    return sk_bytes_equal(text_at(was, "event"), text_at(is, "event"));
}

static bool no_flow_is_kept(const struct search *s, const struct sk_node *was,
                            const struct sk_node *is)
{
    const struct sk_node *fields = sk_node_get(is, "fields");

    return speaks_as_far(was, is) &&
           is_within_all(sk_node_get(was, "data"), sk_node_get(is, "data")) &&
           (sk_node_get(is, "event") == NULL || same_event(was, is)) &&
           /* Without `fields` it forbids every level of every field. */
           (fields == NULL || (sk_node_get(was, "fields") != NULL &&
                               levels_reach(s, sk_node_get(was, "fields"),
                                            fields, /* lower */ true)));
}

static bool only_to_is_kept(const struct search *s, const struct sk_node *was,
                            const struct sk_node *is)
{
    (void)s;
    return who_is_within(sk_node_get(is, "to"), sk_node_get(was, "to")) &&
           is_under_all(sk_node_get(was, "data"), sk_node_get(is, "data"));
}

static bool needs_consent_is_kept(const struct search *s,
                                  const struct sk_node *was,
                                  const struct sk_node *is)
{
    (void)s;
    return speaks_as_far(was, is) &&
           is_within_all(sk_node_get(was, "data"), sk_node_get(is, "data")) &&
           (sk_node_is(sk_node_get(is, "at_least"), "explicit") ||
            !sk_node_is(sk_node_get(was, "at_least"), "explicit"));
}

static bool max_retention_is_kept(const struct search *s,
                                  const struct sk_node *was,
                                  const struct sk_node *is)
{
    uint32_t of_was = 0;
    uint32_t of_is = 0;

    (void)s;
    return speaks_as_far(was, is) &&
           is_within_all(sk_node_get(was, "data"), sk_node_get(is, "data")) &&
           sk_text_is_int(text_at(was, "months"), &of_was) &&
           sk_text_is_int(text_at(is, "months"), &of_is) && of_is <= of_was;
}

static bool flow_is_kept(const struct search *s, const struct sk_node *was,
                         const struct sk_node *is)
{
    return speaks_as_far(was, is) && same_event(was, is) &&
           levels_reach(s, sk_node_get(was, "fields"),
                        sk_node_get(is, "fields"), /* lower */ false);
}

/* ---------------------------------------------------------------- rules */

static const struct {
    const char *key;
    bool (*is_kept)(const struct search *s, const struct sk_node *was,
                    const struct sk_node *is);
} forms[] = {
    {"no_flow", no_flow_is_kept},
    {"only_to", only_to_is_kept},
    {"needs_consent", needs_consent_is_kept},
    {"max_retention", max_retention_is_kept},
    {"flow", flow_is_kept},
};

static bool promise_is_kept(const struct search *s, const struct sk_node *was,
                            const struct sk_node *is)
{
    for (size_t i = 0; i < SK_COUNT(forms); i++) {
        const struct sk_node *a = sk_node_get(was, forms[i].key);
        const struct sk_node *b = sk_node_get(is, forms[i].key);

        if (a != NULL)
            return b != NULL && forms[i].is_kept(s, a, b);
    }
    return false;
}

static bool is_kept(const struct search *s, enum sk_safeguard_kind kind,
                    const struct sk_node *was, const struct sk_node *is)
{
    switch (kind) {
    case SK_SAFEGUARD_PROMISE:
        return promise_is_kept(s, was, is);
    case SK_SAFEGUARD_NEVER:
        return never_is_kept(s, was, is);
    case SK_SAFEGUARD_LIMIT:
        return limit_is_kept(s, was, is);
    }
    return false;
}

/* ---------------------------------------------------------------- find */

static const struct sk_node *rules_of(const struct sk_safeguards *side,
                                      enum sk_safeguard_kind kind)
{
    switch (kind) {
    case SK_SAFEGUARD_PROMISE:
        return sk_node_get(side->invariants, "rules");
    case SK_SAFEGUARD_NEVER:
        return sk_node_get(side->policy, "never");
    case SK_SAFEGUARD_LIMIT:
        return sk_node_get(side->policy, "limit");
    }
    return NULL;
}

/* Is it there, under its own id or another?  *same: with its id, or NULL. */
static bool find(struct search *s, enum sk_safeguard_kind kind,
                 const struct sk_node *was, const struct sk_node *rules,
                 const struct sk_node **same)
{
    const struct sk_node *first = rules == NULL ? NULL : rules->first;

    *same = NULL;
    for (const struct sk_node *rule = first; rule != NULL; rule = rule->next)
        if (sk_bytes_equal(sk_rule_id(rule), sk_rule_id(was)))
            *same = rule;
    if (*same != NULL && is_kept(s, kind, was, *same))
        return true;
    for (const struct sk_node *rule = first; rule != NULL; rule = rule->next) {
        if (s->pairs++ >= PAIRS_MAX)
            return false;
        if (is_kept(s, kind, was, rule))
            return true;
    }
    return false;
}

struct sk_safeguards sk_safeguards_of(const struct sk_bundle *bundle)
{
    return (struct sk_safeguards){bundle->files[SK_SOURCE_POLICY],
                                  bundle->files[SK_SOURCE_INVARIANTS]};
}

enum sk_status sk_losses_find(const struct sk_safeguards *was,
                              const struct sk_safeguards *is,
                              const struct sk_vocabulary *v,
                              struct sk_arena *arena, struct sk_losses *out)
{
    struct search s = {.v = v, .pairs = 0};
    struct sk_losses losses = {.list = NULL};
    size_t count = 0;

    for (int kind = 0; kind <= SK_SAFEGUARD_LIMIT; kind++) {
        const struct sk_node *rules =
            rules_of(was, (enum sk_safeguard_kind)kind);

        count += rules == NULL ? 0 : rules->count;
    }
    losses.list = sk_arena_get_array(arena, count + 1, sizeof(*losses.list));
    if (losses.list == NULL)
        return SK_E_MEMORY;
    for (int k = 0; k <= SK_SAFEGUARD_LIMIT; k++) {
        enum sk_safeguard_kind kind = (enum sk_safeguard_kind)k;
        const struct sk_node *old = rules_of(was, kind);
        const struct sk_node *new = rules_of(is, kind);

        for (const struct sk_node *rule = old == NULL ? NULL : old->first;
             rule != NULL; rule = rule->next) {
            struct sk_loss loss = {.kind = kind, .was = rule};

            if (find(&s, kind, rule, new, &loss.is))
                continue;
            loss.stops = sk_node_get(rule, "flow") == NULL;
            losses.stops = losses.stops || loss.stops;
            losses.list[losses.count++] = loss;
        }
    }
    *out = losses;
    return SK_OK;
}
