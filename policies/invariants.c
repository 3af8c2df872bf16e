#include "policies/rule_read.h"

/* Invariants as they are written; prove.c proves them.  POLICY.md 12 */

static const char *const forms[] = {
    [SK_FORM_NO_FLOW] = "no_flow",
    [SK_FORM_ONLY_TO] = "only_to",
    [SK_FORM_NEEDS_CONSENT] = "needs_consent",
    [SK_FORM_MAX_RETENTION] = "max_retention",
    [SK_FORM_FLOW] = "flow",
};

/* `to`, `except` and `data`, as far as the form has them. */
static void read_words(struct sk_loading *l, const struct sk_node *form,
                       struct sk_invariant *out)
{
    const struct sk_node *to = sk_node_get(form, "to");
    const struct sk_node *except = sk_node_get(form, "except");
    const struct sk_node *data = sk_node_get(form, "data");
    struct sk_org_set excepted = {{0}};

    if (to != NULL)
        sk_read_who(l, to, SK_WHO_INVARIANT, &out->who);
    if (except != NULL)
        sk_read_who(l, except, SK_WHO_INVARIANT, &excepted);
    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        out->who.words[w] &= ~excepted.words[w];
    if (data != NULL)
        out->data = sk_read_data(l, data);
}

static void read_purposes(struct sk_loading *l, const struct sk_node *form,
                          struct sk_invariant *out)
{
    const struct sk_node *purposes = sk_node_get(form, "for");

    if (purposes != NULL)
        out->purposes = sk_read_branches(l, purposes);
}

static bool is_carried(const struct sk_vocabulary *v, uint16_t event,
                       uint16_t field)
{
    bool carried = event == SK_NONE;

    for (size_t at = 0; event != SK_NONE && at < v->events[event].fields_count;
         at++)
        carried = carried || v->events[event].fields[at] == field;
    return carried;
}

/* `fields`: field to level; with an event, fields that it carries. */
static void read_levels(struct sk_loading *l, const struct sk_node *form,
                        struct sk_invariant *out)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_node *fields = sk_node_get(form, "fields");

    if (fields == NULL || !sk_read_is_map(l->findings, fields))
        return;
    out->fields =
        sk_arena_get_array(l->arena, fields->count, sizeof(*out->fields));
    if (out->fields == NULL)
        return; /* the arena is full: the load fails */
    for (const struct sk_node *entry = fields->first; entry != NULL;
         entry = entry->next) {
        uint16_t field = sk_read_field(l, entry->key, entry->key_place);
        uint16_t level;

        if (field == SK_NONE)
            continue;
        level = sk_read_level(l, field, entry, /* offer_drop */ false);
        if (!is_carried(v, out->event, field)) {
            struct sk_argument arguments[] = {
                {"event", v->events[out->event].id}, {"field", entry->key}};

            sk_findings_add(l->findings, "E035", entry->key_place, arguments,
                            2);
        }
        if (level != SK_NONE)
            out->fields[out->fields_count++] =
                (struct sk_cap){field, (uint8_t)level};
    }
}

static uint16_t read_event(struct sk_loading *l, const struct sk_node *node)
{
    if (node == NULL || !sk_read_is_scalar(l->findings, node))
        return SK_NONE;
    return sk_read_event(l, node->text, node->place);
}

static void read_no_flow(struct sk_loading *l, const struct sk_node *form,
                         struct sk_invariant *out)
{
    static const char *const keys[] = {"to",   "except", "for",
                                       "data", "event",  "fields"};

    if (!sk_read_is_map(l->findings, form))
        return;
    (void)sk_read_keys(l->findings, form, keys, SK_COUNT(keys));
    (void)sk_read_need(l->findings, form, "to");
    read_words(l, form, out);
    read_purposes(l, form, out);
    out->event = read_event(l, sk_node_get(form, "event"));
    read_levels(l, form, out);
}

/* Holds when nothing goes to the others. */
static void read_only_to(struct sk_loading *l, const struct sk_node *form,
                         struct sk_invariant *out)
{
    static const char *const keys[] = {"data", "to"};

    if (!sk_read_is_map(l->findings, form))
        return;
    (void)sk_read_keys(l->findings, form, keys, SK_COUNT(keys));
    (void)sk_read_need(l->findings, form, "data");
    (void)sk_read_need(l->findings, form, "to");
    read_words(l, form, out);
    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        out->who.words[w] = ~out->who.words[w];
}

static void read_needs_consent(struct sk_loading *l, const struct sk_node *form,
                               struct sk_invariant *out)
{
    static const char *const keys[] = {"to", "except", "for", "data",
                                       "at_least"};
    const struct sk_node *least;

    if (!sk_read_is_map(l->findings, form))
        return;
    (void)sk_read_keys(l->findings, form, keys, SK_COUNT(keys));
    (void)sk_read_need(l->findings, form, "to");
    read_words(l, form, out);
    read_purposes(l, form, out);
    least = sk_read_need(l->findings, form, "at_least");
    if (least != NULL && sk_read_is_scalar(l->findings, least) &&
        !sk_node_is(least, "given") && !sk_node_is(least, "explicit"))
        sk_read_say(l->findings, "E033", least->place, "value", least->text);
    out->explicit_consent = sk_node_is(least, "explicit");
}

static void read_max_retention(struct sk_loading *l, const struct sk_node *form,
                               struct sk_invariant *out)
{
    static const char *const keys[] = {"to", "except", "data", "months"};
    uint32_t months = 0;

    if (!sk_read_is_map(l->findings, form))
        return;
    (void)sk_read_keys(l->findings, form, keys, SK_COUNT(keys));
    (void)sk_read_need(l->findings, form, "to");
    read_words(l, form, out);
    (void)sk_read_int(l->findings, sk_read_need(l->findings, form, "months"), 0,
                      9999, &months);
    out->longest = (struct sk_duration){months, SK_MONTHS};
}

static void read_flow(struct sk_loading *l, const struct sk_node *form,
                      struct sk_invariant *out)
{
    static const char *const keys[] = {"to", "for", "event", "fields"};
    const struct sk_node *purposes;

    if (!sk_read_is_map(l->findings, form))
        return;
    (void)sk_read_keys(l->findings, form, keys, SK_COUNT(keys));
    (void)sk_read_need(l->findings, form, "to");
    read_words(l, form, out);
    purposes = sk_read_need(l->findings, form, "for");
    if (purposes != NULL && sk_read_is_list(l->findings, purposes))
        out->purposes = sk_read_leaves(l, purposes);
    out->event = read_event(l, sk_read_need(l->findings, form, "event"));
    read_levels(l, form, out);
}

static void read_form(struct sk_loading *l, const struct sk_node *form,
                      struct sk_invariant *out)
{
    static void (*const readers[])(struct sk_loading * l,
                                   const struct sk_node *form,
                                   struct sk_invariant *out) = {
        [SK_FORM_NO_FLOW] = read_no_flow,
        [SK_FORM_ONLY_TO] = read_only_to,
        [SK_FORM_NEEDS_CONSENT] = read_needs_consent,
        [SK_FORM_MAX_RETENTION] = read_max_retention,
        [SK_FORM_FLOW] = read_flow,
    };

    for (size_t i = 0; i < SK_COUNT(forms); i++) {
        if (!sk_bytes_equal(form->key, sk_text(forms[i])))
            continue;
        out->form = (enum sk_form)i;
        readers[i](l, form, out);
    }
}

/* The one key besides id and text must be a form (E090). */
static void read_rule(struct sk_loading *l, const struct sk_node *list,
                      const struct sk_node *rule, struct sk_invariant *out)
{
    const struct sk_node *form = NULL;
    const struct sk_node *id = sk_node_get(rule, "id");
    const struct sk_node *text = sk_node_get(rule, "text");
    struct sk_bytes name = {NULL, 0};
    struct sk_bytes line = {NULL, 0};
    size_t found = 0;

    *out = (struct sk_invariant){.place = rule->place,
                                 .purposes = UINT64_MAX,
                                 .data = UINT64_MAX,
                                 .event = SK_NONE};
    if (!sk_read_is_map(l->findings, rule))
        return;
    if (id == NULL)
        sk_findings_add(l->findings, "E014", rule->place, NULL, 0);
    else
        (void)sk_read_id(l->findings, id, &name);
    for (const struct sk_node *other = list->first; other != rule;
         other = other->next) {
        const struct sk_node *used = sk_node_get(other, "id");

        if (name.size != 0 && used != NULL && used->kind == SK_NODE_SCALAR &&
            sk_bytes_equal(used->text, name)) {
            sk_read_say(l->findings, "E015", id->place, "id", name);
            break;
        }
    }
    if (text == NULL)
        sk_read_say(l->findings, "E016", rule->place, "id", name);
    else
        (void)sk_read_line(l->findings, text, &line);
    for (const struct sk_node *key = rule->first; key != NULL;
         key = key->next) {
        if (key == id || key == text)
            continue;
        found++;
        if (sk_word_is_in(key->key, forms, SK_COUNT(forms)))
            form = key;
    }
    if (found != 1 || form == NULL)
        sk_read_say(l->findings, "E090", rule->place, "id", name);
    else
        read_form(l, form, out);
    out->id = name;
    out->text = line;
}

void sk_invariants_load(struct sk_loading *l, const struct sk_node *file)
{
    static const char *const keys[] = {"format", "invariants", "rules"};
    const struct sk_node *name;
    const struct sk_node *rules;
    struct sk_bytes id;

    if (!sk_read_format(l->findings, file, "format", "invariants/1"))
        return;
    (void)sk_read_keys(l->findings, file, keys, SK_COUNT(keys));
    name = sk_read_need(l->findings, file, "invariants");
    if (name != NULL)
        (void)sk_read_id(l->findings, name, &id);
    rules = sk_read_need(l->findings, file, "rules");
    if (rules == NULL || !sk_read_is_list(l->findings, rules))
        return;
    l->bundle->invariants = sk_arena_get_array(l->arena, rules->count,
                                               sizeof(*l->bundle->invariants));
    if (l->bundle->invariants == NULL)
        return; /* the arena is full: the load fails */
    for (const struct sk_node *rule = rules->first; rule != NULL;
         rule = rule->next)
        read_rule(l, rules, rule,
                  &l->bundle->invariants[l->bundle->invariants_count++]);
}
