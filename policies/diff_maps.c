#include "policies/diff_private.h"

#include <string.h>

/* What of one bundle is what of the other: by name.  POLICY.md 11.2 */

/* ---------------------------------------------------------------- words */

/* Are two pairs, each of one bundle, one word?  POLICY.md 11.2: with another
   organisation behind it the id of a partner is not. */
static bool is_one(const struct sk_diff *diff, bool orgs,
                   const struct sk_pair *old, const struct sk_pair *new)
{
    if (!sk_bytes_equal(old->id, new->id))
        return false;
    return !orgs ||
           sk_org_is_same(
               &diff->bundles[SK_NARROWER]->roster.orgs[old->at[SK_NARROWER]],
               &diff->bundles[SK_WIDER]->roster.orgs[new->at[SK_WIDER]]);
}

/* Sort, and make one of two that are one word; OLD came first. */
static size_t merge_pairs(const struct sk_diff *diff, bool orgs,
                          struct sk_pair *list, size_t count)
{
    size_t kept = 0;

    for (size_t i = 1; i < count; i++) {
        struct sk_pair one = list[i];
        size_t at = i;

        for (; at > 0 && sk_bytes_compare(list[at - 1].id, one.id) > 0; at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
    for (size_t i = 0; i < count; i++) {
        struct sk_pair *last = kept > 0 ? &list[kept - 1] : NULL;

        if (last != NULL && is_one(diff, orgs, last, &list[i]))
            last->at[SK_WIDER] = list[i].at[SK_WIDER];
        else
            list[kept++] = list[i];
    }
    return kept;
}

static struct sk_pair pair_of(struct sk_bytes id, size_t side, size_t at)
{
    struct sk_pair pair = {id, {SK_NONE, SK_NONE}};

    pair.at[side] = (uint16_t)at;
    return pair;
}

static bool pair_words(struct sk_comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t orgs = 0;
    size_t purposes = 0;

    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        orgs += c->sides[d].bundle->roster.count;
        purposes += c->sides[d].ways.purposes_count;
    }
    diff->orgs = sk_arena_get_array(c->arena, orgs + 1, sizeof(*diff->orgs));
    diff->purposes =
        sk_arena_get_array(c->arena, purposes + 1, sizeof(*diff->purposes));
    if (diff->orgs == NULL || diff->purposes == NULL)
        return false;
    orgs = 0;
    purposes = 0;
    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        const struct sk_side *side = &c->sides[d];

        for (size_t i = 0; i < side->bundle->roster.count; i++)
            diff->orgs[orgs++] = pair_of(side->bundle->roster.orgs[i].id, d, i);
        for (size_t i = 0; i < side->ways.purposes_count; i++) {
            uint16_t at = side->ways.purposes[i];

            diff->purposes[purposes++] =
                pair_of(side->v->purposes[at].id, d, at);
        }
    }
    diff->orgs_count = merge_pairs(diff, true, diff->orgs, orgs);
    diff->purposes_count = merge_pairs(diff, false, diff->purposes, purposes);
    return true;
}

/* ---------------------------------------------------------------- classes */

static enum sk_status class_orgs(struct sk_comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t words = sk_ways_org_words(&c->sides[0].ways) +
                   sk_ways_org_words(&c->sides[1].ways);
    uint64_t *rows = sk_arena_get_array(c->arena, diff->orgs_count * words + 1,
                                        sizeof(*rows));

    if (rows == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < diff->orgs_count; i++) {
        uint64_t *row = rows + i * words;

        sk_ways_org_row(&c->sides[0].ways, diff->orgs[i].at[0], row);
        sk_ways_org_row(&c->sides[1].ways, diff->orgs[i].at[1],
                        row + sk_ways_org_words(&c->sides[0].ways));
    }
    return sk_classes_make(rows, diff->orgs_count, words, c->arena,
                           &diff->org_classes);
}

/* 1: a consent counts longer in NEW, 2: in OLD, 0: as long. */
static uint64_t longer(const struct sk_comparing *c,
                       const uint16_t at[SK_DIRECTIONS])
{
    uint32_t days[SK_DIRECTIONS] = {0};

    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        if (at[d] == SK_NONE)
            return 0;
        days[d] = c->sides[d].v->purposes[at[d]].consent_days;
    }
    if (days[SK_WIDER] == days[SK_NARROWER])
        return 0;
    return days[SK_WIDER] > days[SK_NARROWER] ? 1 : 2;
}

static enum sk_status class_purposes(struct sk_comparing *c)
{
    struct sk_diff *diff = &c->diff;
    size_t words = sk_ways_purpose_words(&c->sides[0].ways) +
                   sk_ways_purpose_words(&c->sides[1].ways) + 1;
    uint64_t *rows = sk_arena_get_array(
        c->arena, diff->purposes_count * words + 1, sizeof(*rows));

    if (rows == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < diff->purposes_count; i++) {
        uint64_t *row = rows + i * words;

        sk_ways_purpose_row(&c->sides[0].ways, diff->purposes[i].at[0], row);
        sk_ways_purpose_row(&c->sides[1].ways, diff->purposes[i].at[1],
                            row + sk_ways_purpose_words(&c->sides[0].ways));
        row[words - 1] = longer(c, diff->purposes[i].at);
    }
    return sk_classes_make(rows, diff->purposes_count, words, c->arena,
                           &diff->purpose_classes);
}

/* ---------------------------------------------------------------- alike */

static bool same_tree(const struct sk_node *a, const struct sk_node *b)
{
    const struct sk_node *of_a = a->first;
    const struct sk_node *of_b = b->first;

    if (a->kind != b->kind || a->count != b->count ||
        !sk_bytes_equal(a->text, b->text) || !sk_bytes_equal(a->key, b->key))
        return false;
    while (of_a != NULL && of_b != NULL) {
        if (!same_tree(of_a, of_b))
            return false;
        of_a = of_a->next;
        of_b = of_b->next;
    }
    return of_a == of_b;
}

/* Do two rules of the same words say the same, whoever it is said of? */
static bool is_alike(const struct sk_vocabulary *v, const struct sk_share *a,
                     const struct sk_share *b)
{
    if (a->from != b->from || a->until != b->until ||
        a->explicit_consent != b->explicit_consent ||
        a->what_count != b->what_count || sk_terms_lacking(v, a, v, b) != 0 ||
        sk_terms_lacking(v, b, v, a) != 0)
        return false;
    for (size_t i = 0; i < a->what_count; i++) {
        const struct sk_shared_event *of_a = &a->what[i];
        const struct sk_shared_event *of_b = sk_share_what(b, of_a->event);

        if (of_b == NULL || of_a->only_the_fact != of_b->only_the_fact ||
            memcmp(of_a->levels, of_b->levels,
                   v->events[of_a->event].fields_count) != 0)
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- consent */

static bool same_category(const struct sk_vocabulary *v, uint16_t a,
                          const struct sk_vocabulary *w, uint16_t b)
{
    if (a == SK_NONE || b == SK_NONE)
        return a == b;
    return sk_bytes_equal(v->categories[a].id, w->categories[b].id);
}

static bool has_categories(const struct sk_vocabulary *v, uint64_t set,
                           const struct sk_vocabulary *w, uint64_t in)
{
    for (; set != 0; set &= set - 1) {
        uint16_t at =
            sk_vocabulary_category(w, v->categories[sk_lowest(set)].id);

        if (at == SK_NONE || (in >> at & 1) == 0)
            return false;
    }
    return true;
}

/* Whose consent is for other categories there: given for what is shown, it
   would count for what is not. */
static void map_consent(struct sk_side *here, const struct sk_side *there)
{
    const struct sk_vocabulary *v = here->v;
    const struct sk_vocabulary *w = there->v;

    for (size_t i = 0; i < v->events_count; i++) {
        uint16_t at = here->events_there[i];

        here->other_events[i] =
            at != SK_NONE &&
            !same_category(v, v->events[i].category, w, w->events[at].category);
    }
    for (size_t i = 0; i < v->fields_count; i++) {
        uint16_t at = here->fields_there[i];
        const struct sk_field *a = &v->fields[i];
        const struct sk_field *b = &w->fields[at == SK_NONE ? 0 : at];

        here->other_fields[i] =
            at != SK_NONE && (!same_category(v, a->category, w, b->category) ||
                              !has_categories(v, a->reveals, w, b->reveals) ||
                              !has_categories(w, b->reveals, v, a->reveals));
    }
}

/* ---------------------------------------------------------------- maps */

/* The share rule with this id; rules are sorted by it. */
static uint16_t find_rule(const struct sk_bundle *bundle, struct sk_bytes id)
{
    size_t low = 0;
    size_t high = bundle->shares_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = sk_bytes_compare(bundle->shares[middle].id, id);

        if (order == 0)
            return (uint16_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SK_NONE;
}

static bool map_words(struct sk_comparing *c, struct sk_side *here,
                      const struct sk_side *there)
{
    const struct sk_vocabulary *v = here->v;
    size_t rules = here->bundle->shares_count;
    size_t pairs = rules * there->bundle->shares_count;

    here->events_there =
        sk_arena_get_array(c->arena, v->events_count + 1, sizeof(uint16_t));
    here->fields_there =
        sk_arena_get_array(c->arena, v->fields_count + 1, sizeof(uint16_t));
    here->other_events =
        sk_arena_get_array(c->arena, v->events_count + 1, sizeof(bool));
    here->other_fields =
        sk_arena_get_array(c->arena, v->fields_count + 1, sizeof(bool));
    here->rules_there =
        sk_arena_get_array(c->arena, rules + 1, sizeof(uint16_t));
    here->match = sk_arena_get_array(c->arena, rules + 1, sizeof(uint16_t));
    here->alike = sk_arena_get_array(c->arena, here->bundle->share_words + 1,
                                     sizeof(uint64_t));
    here->open = sk_arena_get(c->arena, sizeof(*here->open));
    here->terms = sk_arena_take(c->arena, pairs + 1);
    if (c->arena->full)
        return false;
    memset(here->terms, SK_NOT_ASKED, pairs + 1);
    for (size_t i = 0; i < v->events_count; i++)
        here->events_there[i] = sk_vocabulary_event(there->v, v->events[i].id);
    for (size_t i = 0; i < v->fields_count; i++)
        here->fields_there[i] = sk_vocabulary_field(there->v, v->fields[i].id);
    map_consent(here, there);
    for (size_t i = 0; i < rules; i++)
        here->rules_there[i] =
            find_rule(there->bundle, here->bundle->shares[i].id);
    for (size_t i = 0; i < rules && c->same_words; i++) {
        if (here->rules_there[i] != SK_NONE &&
            is_alike(v, &here->bundle->shares[i],
                     &there->bundle->shares[here->rules_there[i]]))
            here->alike[i / 64] |= sk_bit((unsigned)(i % 64));
    }
    return true;
}

/* POLICY.md 11.2: levels by name and meaning, in the chain of the new
   vocabulary. */
static bool map_levels(struct sk_comparing *c)
{
    const struct sk_side *old = &c->sides[SK_NARROWER];
    const struct sk_vocabulary *v = c->sides[SK_WIDER].v;

    c->level_in_new =
        sk_arena_get_array(c->arena, old->v->fields_count + 1, SK_LEVELS_MAX);
    if (c->level_in_new == NULL)
        return false;
    for (size_t i = 0; i < old->v->fields_count; i++) {
        const struct sk_field *field = &old->v->fields[i];
        uint16_t there = old->fields_there[i];

        for (size_t k = 0; k < field->levels_count; k++) {
            uint16_t level = SK_NONE;

            if (there != SK_NONE)
                level = sk_field_level(&v->fields[there], field->levels[k]);
            if (level != SK_NONE &&
                !sk_level_is_same(field, (uint16_t)k, &v->fields[there], level))
                level = SK_NONE;
            c->level_in_new[i * SK_LEVELS_MAX + k] =
                level == SK_NONE ? SK_NO_LEVEL : (uint8_t)level;
        }
    }
    return true;
}

enum sk_status sk_diff_map(struct sk_comparing *c)
{
    struct sk_side *old = &c->sides[SK_NARROWER];
    struct sk_side *new = &c->sides[SK_WIDER];

    c->same_words = old->v == new->v || same_tree(old->v->tree, new->v->tree);
    if (!pair_words(c) || !map_words(c, old, new) || !map_words(c, new, old) ||
        !map_levels(c))
        return SK_E_MEMORY;
    SK_TRY(class_orgs(c));
    return class_purposes(c);
}
