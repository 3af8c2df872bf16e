#include "policies/rule_read.h"

#include <string.h>

/* Nevers and limits, of a policy and of the guards.  POLICY.md 7.5, 9.2 */

static bool set_has(const uint64_t *set, uint16_t at)
{
    return (set[at / 64] >> (at % 64) & 1) != 0;
}

static void set_add(uint64_t *set, uint16_t at)
{
    set[at / 64] |= sk_bit(at % 64);
}

bool sk_take_covers_event(const struct sk_take *take,
                          const struct sk_vocabulary *v, uint16_t event)
{
    if (take->limit)
        return false;
    return take->everything || set_has(take->events, event) ||
           (take->data & sk_bit(v->events[event].category)) != 0;
}

bool sk_take_covers_field(const struct sk_take *take, uint16_t field,
                          uint16_t category)
{
    if (take->limit)
        return false;
    return set_has(take->fields, field) || (take->data & sk_bit(category)) != 0;
}

bool sk_take_reaches(const struct sk_take *take, const struct sk_field *field)
{
    return !take->limit && (take->data & field->reveals) != 0;
}

uint8_t sk_take_leaves_own(const struct sk_take *take,
                           const struct sk_vocabulary *v, uint16_t field,
                           uint8_t level)
{
    const struct sk_field *f = &v->fields[field];

    if (!take->limit &&
        (set_has(take->fields, field) ||
         (f->category != SK_NONE && (take->data & sk_bit(f->category)) != 0)))
        return 0;
    if (level == sk_exact(f) && sk_take_reaches(take, f))
        level--;
    for (size_t i = 0; i < take->caps_count; i++) {
        if (take->caps[i].field == field && take->caps[i].level < level)
            level = take->caps[i].level;
    }
    return level;
}

uint8_t sk_take_leaves(const struct sk_take *take,
                       const struct sk_vocabulary *v, uint16_t field,
                       uint16_t event, uint8_t level)
{
    if (sk_take_covers_field(take, field, sk_category_in(v, field, event)))
        return 0;
    return sk_take_leaves_own(take, v, field, level);
}

/* ---------------------------------------------------------------- read */

static void read_events(struct sk_loading *l, const struct sk_node *list,
                        struct sk_take *take)
{
    if (!sk_read_is_list(l->findings, list))
        return;
    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        uint16_t event = SK_NONE;

        if (sk_read_is_scalar(l->findings, word))
            event = sk_read_event(l, word->text, word->place);
        if (event != SK_NONE)
            set_add(take->events, event);
    }
}

static void read_fields(struct sk_loading *l, const struct sk_node *list,
                        struct sk_take *take)
{
    if (!sk_read_is_list(l->findings, list))
        return;
    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        uint16_t field = SK_NONE;

        if (sk_read_is_scalar(l->findings, word))
            field = sk_read_field(l, word->text, word->place);
        if (field != SK_NONE)
            set_add(take->fields, field);
    }
}

static void read_never(struct sk_loading *l, const struct sk_node *rule,
                       struct sk_take *take)
{
    static const char *const keys[] = {"id",  "text", "to",     "except",
                                       "for", "data", "events", "fields"};
    const struct sk_node *data = sk_node_get(rule, "data");
    const struct sk_node *events = sk_node_get(rule, "events");
    const struct sk_node *fields = sk_node_get(rule, "fields");

    (void)sk_read_keys(l->findings, rule, keys, SK_COUNT(keys));
    take->everything = data == NULL && events == NULL && fields == NULL;
    if (data != NULL)
        take->data = sk_read_data(l, data);
    if (events != NULL)
        read_events(l, events, take);
    if (fields != NULL)
        read_fields(l, fields, take);
}

static enum sk_status read_limit(struct sk_loading *l,
                                 const struct sk_node *rule,
                                 struct sk_take *take)
{
    static const char *const keys[] = {"id",     "text", "to",
                                       "except", "for",  "fields"};
    const struct sk_node *fields = sk_node_get(rule, "fields");

    (void)sk_read_keys(l->findings, rule, keys, SK_COUNT(keys));
    if (fields == NULL || (fields->kind == SK_NODE_MAP && fields->count == 0)) {
        sk_read_say(l->findings, "E051",
                    fields != NULL ? fields->place : rule->place, "id",
                    take->id);
        return SK_OK;
    }
    if (!sk_read_is_map(l->findings, fields))
        return SK_OK;
    take->caps =
        sk_arena_get_array(l->arena, fields->count, sizeof(*take->caps));
    if (take->caps == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *entry = fields->first; entry != NULL;
         entry = entry->next) {
        uint16_t field = sk_read_field(l, entry->key, entry->key_place);
        uint16_t level;

        if (field == SK_NONE)
            continue;
        level = sk_read_level(l, field, entry, /* offer_drop */ true);
        if (level != SK_NONE)
            take->caps[take->caps_count++] =
                (struct sk_cap){field, (uint8_t)level};
    }
    return SK_OK;
}

static void read_scope(struct sk_loading *l, const struct sk_node *rule,
                       struct sk_take *take)
{
    const struct sk_node *to = sk_read_need(l->findings, rule, "to");
    const struct sk_node *except = sk_node_get(rule, "except");
    const struct sk_node *purposes = sk_node_get(rule, "for");

    take->purposes = UINT64_MAX;
    if (to != NULL)
        sk_read_who(l, to, SK_WHO_TAKE, &take->who);
    if (except != NULL) {
        struct sk_org_set out = {{0}};

        sk_read_who(l, except, SK_WHO_EXCEPT, &out);
        for (size_t w = 0; w < SK_ORG_WORDS; w++)
            take->who.words[w] &= ~out.words[w];
    }
    if (purposes != NULL)
        take->purposes = sk_read_branches(l, purposes);
}

static enum sk_status make_room(struct sk_loading *l, size_t count)
{
    struct sk_bundle *bundle = l->bundle;
    struct sk_take *takes = sk_arena_get_array(
        l->arena, bundle->takes_count + count, sizeof(*takes));

    if (takes == NULL)
        return SK_E_MEMORY;
    if (bundle->takes_count != 0)
        memcpy(takes, bundle->takes, bundle->takes_count * sizeof(*takes));
    bundle->takes = takes;
    return SK_OK;
}

enum sk_status sk_read_takes(struct sk_loading *l, const struct sk_node *list,
                             bool limit, bool federation)
{
    struct sk_bundle *bundle = l->bundle;

    if (list == NULL || !sk_read_is_list(l->findings, list))
        return SK_OK;
    if (list->count > SK_RULES_MAX) {
        sk_read_too_many(l->findings, list->place, "rules", SK_RULES_MAX);
        return SK_OK;
    }
    SK_TRY(make_room(l, list->count));
    for (const struct sk_node *rule = list->first; rule != NULL;
         rule = rule->next) {
        struct sk_take take = {.place = rule->place, .node = rule};
        struct sk_bytes text;

        take.federation = federation;
        take.limit = limit;
        if (!sk_read_rule_head(l, rule, federation, &take.id, &text))
            continue;
        read_scope(l, rule, &take);
        if (limit)
            SK_TRY(read_limit(l, rule, &take));
        else
            read_never(l, rule, &take);
        bundle->takes[bundle->takes_count++] = take;
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- guards */

/* Does `to` name the role (or anyone), without `except` and `for`? */
static bool guards_role(const struct sk_take *take, const struct sk_role *role)
{
    const struct sk_node *to = sk_node_get(take->node, "to");
    const struct sk_node *groups = sk_node_get(to, "groups");

    if (sk_node_get(take->node, "except") != NULL ||
        sk_node_get(take->node, "for") != NULL)
        return false;
    if (sk_node_is(to, "anyone"))
        return true;
    if (groups == NULL || groups->kind != SK_NODE_LIST)
        return false;
    for (const struct sk_node *word = groups->first; word != NULL;
         word = word->next) {
        if (word->kind == SK_NODE_SCALAR &&
            sk_bytes_equal(word->text, role->id))
            return true;
    }
    return false;
}

/* POLICY.md 9.2, last sentence (HR04). */
static void check_sanctions(struct sk_loading *l, const struct sk_node *file,
                            uint16_t event, const struct sk_role *role)
{
    const struct sk_bundle *bundle = l->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    struct sk_argument arguments[] = {
        {"event", v->events[event].id},
        {"role", role->id},
    };

    for (size_t i = 0; i < bundle->takes_count; i++) {
        const struct sk_take *take = &bundle->takes[i];

        if (sk_take_covers_event(take, v, event) && guards_role(take, role))
            return;
    }
    sk_findings_add(l->findings, "E082", file->place, arguments,
                    SK_COUNT(arguments));
}

static struct sk_bytes name_of(struct sk_arena *arena, struct sk_bytes id,
                               uint32_t version)
{
    char digits[21];
    struct sk_bytes number = sk_number_format(version, digits);
    uint8_t *name = sk_arena_get(arena, id.size + 1 + number.size);

    if (name == NULL)
        return (struct sk_bytes){NULL, 0};
    if (id.size != 0)
        memcpy(name, id.data, id.size);
    name[id.size] = '/';
    memcpy(name + id.size + 1, number.data, number.size);
    return (struct sk_bytes){name, id.size + 1 + number.size};
}

enum sk_status sk_guards_load(struct sk_loading *l, const struct sk_node *file)
{
    static const char *const keys[] = {"format",     "guards", "version",
                                       "vocabulary", "never",  "limit"};
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_bytes id = {NULL, 0};
    uint32_t version = 0;

    if (!sk_read_format(l->findings, file, "format", "guards/1"))
        return SK_OK;
    (void)sk_read_keys(l->findings, file, keys, SK_COUNT(keys));
    (void)sk_read_id(l->findings, sk_read_need(l->findings, file, "guards"),
                     &id);
    (void)sk_read_int(l->findings, sk_read_need(l->findings, file, "version"),
                      0, 999999999, &version);
    sk_check_version(l, file, "vocabulary", v->name);
    l->bundle->guards_name = name_of(l->arena, id, version);
    if (l->bundle->guards_name.data == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_read_takes(l, sk_node_get(file, "never"), /* limit */ false,
                         /* federation */ true));
    SK_TRY(sk_read_takes(l, sk_node_get(file, "limit"), /* limit */ true,
                         /* federation */ true));
    for (size_t e = 0; e < v->events_count; e++) {
        for (size_t r = 0; v->events[e].sanction_risk && r < v->roles_count;
             r++) {
            if (v->roles[r].sanctions)
                check_sanctions(l, file, (uint16_t)e, &v->roles[r]);
        }
    }
    return SK_OK;
}
