#include "policies/decide.h"
#include "policies/facts.h"
#include "policies/rules.h"

/* CONSENT.md 4.3, 4.4: what has run out recalls nothing, what was taken back
   does, and so does what nobody remembers. */
static bool holds(struct sk_atoms *atoms, uint64_t categories,
                  uint64_t explicit_for)
{
    for (uint64_t left = categories; left != 0; left &= left - 1) {
        unsigned c = sk_lowest(left);
        enum sk_consent_is state =
            sk_atoms_ask(atoms, c, (explicit_for >> c & 1) != 0, NULL);

        if (state != SK_CONSENT_GIVEN && state != SK_CONSENT_EXPIRED)
            return false;
    }
    return true;
}

/* The categories that a field tells of; false when it is unknown. */
static bool categories_of(const struct sk_vocabulary *v, uint16_t event,
                          struct sk_bytes name, bool exact, uint64_t *out)
{
    uint16_t field = sk_vocabulary_field(v, name);

    if (field == SK_NONE)
        return false;
    *out = sk_bit(sk_category_in(v, field, event));
    if (exact)
        *out |= v->fields[field].reveals;
    return true;
}

/* Does the rule still speak: the event's category and its where categories? */
static bool remains(const struct sk_vocabulary *v, struct sk_atoms *atoms,
                    uint16_t event, const struct sk_recall_rule *rule,
                    uint64_t explicit_for)
{
    uint64_t needed = sk_bit(v->events[event].category);

    for (size_t i = 0; i < rule->where_count; i++) {
        uint64_t of_field;

        if (!categories_of(v, event, rule->where[i], /* exact */ true,
                           &of_field))
            return false;
        needed |= of_field;
    }
    return holds(atoms, needed, explicit_for);
}

static bool contributed(const struct sk_recall_rule *rule, struct sk_bytes name)
{
    for (size_t i = 0; i < rule->fields_count; i++) {
        if (sk_bytes_equal(rule->fields[i], name))
            return true;
    }
    return false;
}

static bool recall_all(bool *lost, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lost[i] = true;
    return true;
}

bool sk_recall(const struct sk_bundle *bundle, const struct sk_facts *facts,
               struct sk_bytes to, struct sk_bytes purpose,
               struct sk_bytes event_type, const struct sk_recall_rule *rules,
               size_t rules_count, const struct sk_recall_field *fields,
               size_t fields_count, int64_t now, bool *lost)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    uint16_t org = sk_roster_find(&bundle->roster, to);
    uint16_t p = sk_vocabulary_purpose(v, purpose);
    uint16_t event = sk_vocabulary_event(v, event_type);
    struct sk_atoms atoms;
    size_t left = 0;
    bool any = false;

    assert(facts->bundle == bundle);

    if (org == SK_NONE || p == SK_NONE || event == SK_NONE)
        return recall_all(lost, fields_count);
    sk_atoms_start(&atoms, facts, p, org, now);
    for (size_t i = 0; i < fields_count; i++)
        lost[i] = true;
    for (size_t r = 0; r < rules_count; r++) {
        uint64_t explicit_for =
            sk_explicit_for(bundle, rules[r].explicit_consent, org);

        if (!remains(v, &atoms, event, &rules[r], explicit_for))
            continue;
        any = true;
        for (size_t i = 0; i < fields_count; i++) {
            uint64_t needed;

            if (contributed(&rules[r], fields[i].name) &&
                categories_of(v, event, fields[i].name, fields[i].exact,
                              &needed) &&
                holds(&atoms, needed, explicit_for))
                lost[i] = false;
        }
    }
    for (size_t i = 0; i < fields_count; i++)
        left += lost[i] ? 0 : 1;
    /* A message without fields (only the fact) stands while a rule does. */
    if (!any || (fields_count != 0 && left == 0))
        return recall_all(lost, fields_count);
    return false;
}
