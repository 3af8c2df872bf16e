/* Code lists: values and groupings.  docs/POLICY.md 5.4, 5.6 */
#include <string.h>

#include "policies/vocabulary_private.h"

#define GROUPINGS_MAX (SK_LEVELS_MAX - 3) /* drop, present and exact */

/* One list while it is read. */
struct list_loader {
    struct sk_loader *l;
    struct sk_code_list *list;
    struct sk_index ids; /* of values and groups: all are different */
    struct sk_code_grouping *at;
    struct sk_index members; /* of the level below, for the grouping at hand */
    size_t members_count;
};

/* E071 at a place: the level and the id that is wrong. */
static void bad_grouping(struct list_loader *c, struct sk_place place,
                         struct sk_bytes id)
{
    struct sk_argument arguments[] = {
        {"level", c->at->level},
        {"list", c->list->id},
        {"id", id},
    };

    sk_findings_add(c->l->findings, "E071", place, arguments,
                    SK_COUNT(arguments));
}

/* ---------------------------------------------------------------- values */

static void load_value(struct list_loader *c, const struct sk_node *entry,
                       struct sk_word *value, uint64_t *reveals)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "reveals"};

    value->id = entry->key;
    (void)sk_read_word_key(c->l->findings, entry);
    if (!sk_read_is_map(c->l->findings, entry))
        return;
    (void)sk_read_keys(c->l->findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(c->l->findings, entry, &value->label);
    *reveals = sk_load_reveals(c->l, entry);
}

static bool load_values(struct list_loader *c, const struct sk_node *values)
{
    struct sk_code_list *list = c->list;

    if (!sk_read_is_map(c->l->findings, values))
        return false;
    if (values->count == 0) {
        sk_read_say(c->l->findings, "E008", values->place, "what",
                    sk_text("a value"));
        return false;
    }
    if (values->count > SK_VALUES_MAX) {
        sk_read_too_many(c->l->findings, values->key_place,
                         "values of a code list", SK_VALUES_MAX);
        return false;
    }
    list->values = sk_load_room(c->l, values, sizeof(*list->values));
    list->reveals = sk_load_room(c->l, values, sizeof(*list->reveals));
    if (list->values == NULL || list->reveals == NULL ||
        !sk_index_start(&list->index, c->l->arena, values->count))
        return false;
    for (const struct sk_node *entry = values->first; entry != NULL;
         entry = entry->next) {
        (void)sk_index_add(&list->index, entry->key, (uint16_t)list->count);
        load_value(c, entry, &list->values[list->count],
                   &list->reveals[list->count]);
        list->count++;
    }
    return true;
}

/* ---------------------------------------------------------------- groupings
 */

/* The level below is the values, or the grouping before this one. */
static const struct sk_code_grouping *below(const struct list_loader *c)
{
    return c->at == c->list->groupings ? NULL : c->at - 1;
}

static struct sk_bytes member_id(const struct list_loader *c, size_t at)
{
    if (below(c) == NULL)
        return c->list->values[at].id;
    return below(c)->groups[at].id;
}

/* The values that stand behind a member. */
static uint64_t member_values(const struct list_loader *c, size_t at)
{
    if (below(c) == NULL)
        return UINT64_C(1) << at;
    return below(c)->groups[at].values;
}

static void load_group(struct list_loader *c, const struct sk_node *entry,
                       struct sk_code_group *group, uint64_t *taken)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "of"};
    struct sk_findings *findings = c->l->findings;
    const struct sk_node *of;

    group->id = entry->key;
    (void)sk_read_id_key(findings, entry);
    if (sk_index_add(&c->ids, entry->key, 0) != SK_INDEX_NONE)
        bad_grouping(c, entry->key_place, entry->key);
    if (!sk_read_is_map(findings, entry))
        return;
    (void)sk_read_keys(findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(findings, entry, &group->label);
    of = sk_read_need(findings, entry, "of");
    if (!sk_read_is_list(findings, of))
        return;
    for (const struct sk_node *item = of->first; item != NULL;
         item = item->next) {
        uint16_t at;

        if (!sk_read_is_scalar(findings, item))
            continue;
        at = sk_index_find(&c->members, item->text);
        if (at == SK_INDEX_NONE || (*taken >> at & 1) != 0) {
            bad_grouping(c, item->place, item->text);
            continue;
        }
        *taken |= UINT64_C(1) << at;
        group->values |= member_values(c, at);
    }
}

/* POLICY.md 5.4: every id of the level below is in a group. */
static void check_complete(struct list_loader *c, struct sk_place place,
                           uint64_t taken)
{
    for (size_t i = 0; i < c->members_count; i++) {
        if ((taken >> i & 1) == 0)
            bad_grouping(c, place, member_id(c, i));
    }
}

/* POLICY.md 5.6: no group holds only values that reveal the same category. */
static void check_isolation(struct list_loader *c,
                            const struct sk_code_group *group,
                            struct sk_place place)
{
    uint64_t common = UINT64_MAX;

    if (group->values == 0)
        return;
    for (size_t i = 0; i < c->list->count; i++) {
        if ((group->values >> i & 1) != 0)
            common &= c->list->reveals[i];
    }
    for (size_t i = 0; i < c->l->v->categories_count; i++) {
        struct sk_argument arguments[] = {
            {"group", group->id},
            {"list", c->list->id},
            {"category", c->l->v->categories[i].id},
        };

        if ((common >> i & 1) != 0)
            sk_findings_add(c->l->findings, "E079", place, arguments,
                            SK_COUNT(arguments));
    }
}

static void load_groups(struct list_loader *c, const struct sk_node *groups)
{
    struct sk_code_grouping *at = c->at;
    uint64_t taken = 0;

    if (!sk_read_is_map(c->l->findings, groups))
        return;
    if (groups->count == 0) {
        sk_read_say(c->l->findings, "E008", groups->place, "what",
                    sk_text("a value"));
        return;
    }
    if (groups->count > SK_VALUES_MAX) {
        sk_read_too_many(c->l->findings, groups->key_place,
                         "groups of a grouping", SK_VALUES_MAX);
        return;
    }
    at->groups = sk_load_room(c->l, groups, sizeof(*at->groups));
    at->group_of = sk_arena_get(c->l->arena, SK_VALUES_MAX);
    if (at->groups == NULL || at->group_of == NULL)
        return;
    for (const struct sk_node *entry = groups->first; entry != NULL;
         entry = entry->next) {
        struct sk_code_group *group = &at->groups[at->count];

        load_group(c, entry, group, &taken);
        check_isolation(c, group, entry->key_place);
        for (size_t i = 0; i < c->list->count; i++) {
            if ((group->values >> i & 1) != 0)
                at->group_of[i] = (uint8_t)at->count;
        }
        at->count++;
    }
    check_complete(c, groups->key_place, taken);
}

/* The ids that a grouping puts together: values, or the groups before. */
static bool index_members(struct list_loader *c)
{
    c->members_count = below(c) == NULL ? c->list->count : below(c)->count;
    if (!sk_index_start(&c->members, c->l->arena, c->members_count))
        return false;
    for (size_t i = 0; i < c->members_count; i++)
        (void)sk_index_add(&c->members, member_id(c, i), (uint16_t)i);
    return true;
}

/* Names of levels are different, also from those that every chain has. */
static void check_level(struct list_loader *c, const struct sk_node *node)
{
    bool bad = sk_node_is(node, "drop") || sk_node_is(node, "present") ||
               sk_node_is(node, "exact");

    for (const struct sk_code_grouping *g = c->list->groupings; g < c->at; g++)
        bad |= sk_bytes_equal(g->level, node->text);
    if (bad)
        bad_grouping(c, node->place, node->text);
}

static void load_grouping(struct list_loader *c, const struct sk_node *item)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "level", "groups"};
    struct sk_findings *findings = c->l->findings;
    const struct sk_node *level;

    if (!sk_read_is_map(findings, item))
        return;
    (void)sk_read_keys(findings, item, keys, SK_COUNT(keys));
    level = sk_read_need(findings, item, "level");
    if (sk_read_id(findings, level, &c->at->level))
        check_level(c, level);
    (void)sk_read_label(findings, item, &c->at->label);
    if (index_members(c))
        load_groups(c, sk_read_need(findings, item, "groups"));
}

static void load_groupings(struct list_loader *c,
                           const struct sk_node *groupings)
{
    struct sk_code_list *list = c->list;
    size_t ids = list->count;

    if (!sk_read_is_list(c->l->findings, groupings))
        return;
    if (groupings->count > GROUPINGS_MAX) {
        sk_read_too_many(c->l->findings, groupings->key_place,
                         "levels of a field", SK_LEVELS_MAX);
        return;
    }
    list->groupings = sk_load_room(c->l, groupings, sizeof(*list->groupings));
    ids += groupings->count * SK_VALUES_MAX;
    if (list->groupings == NULL || !sk_index_start(&c->ids, c->l->arena, ids))
        return;
    for (size_t i = 0; i < list->count; i++)
        (void)sk_index_add(&c->ids, list->values[i].id, 0);
    for (const struct sk_node *item = groupings->first; item != NULL;
         item = item->next) {
        c->at = &list->groupings[list->groupings_count];
        load_grouping(c, item);
        list->groupings_count++;
    }
}

static void load_codelist(struct sk_loader *l, const struct sk_node *entry,
                          struct sk_code_list *list)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "values", "groupings"};
    struct list_loader c = {.l = l, .list = list};

    list->id = entry->key;
    (void)sk_read_id_key(l->findings, entry);
    if (!sk_read_is_map(l->findings, entry))
        return;
    (void)sk_read_keys(l->findings, entry, keys, SK_COUNT(keys));
    if (load_values(&c, sk_read_need(l->findings, entry, "values")))
        load_groupings(&c, sk_node_get(entry, "groupings"));
}

void sk_load_codelists(struct sk_loader *l)
{
    const struct sk_node *section =
        sk_load_section(l, "codelists", "code lists", SK_WORDS_MAX);
    struct sk_vocabulary *v = l->v;

    if (section == NULL)
        return;
    v->codelists = sk_load_room(l, section, sizeof(*v->codelists));
    if (v->codelists == NULL ||
        !sk_index_start(&v->codelist_index, l->arena, section->count))
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        size_t at = v->codelists_count++;

        (void)sk_index_add(&v->codelist_index, entry->key, (uint16_t)at);
        load_codelist(l, entry, &v->codelists[at]);
    }
}
