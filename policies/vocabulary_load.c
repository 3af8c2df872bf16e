#include <string.h>

#include "policies/vocabulary_private.h"

const struct sk_node *sk_load_section(struct sk_loader *l, const char *key,
                                      const char *what, size_t max)
{
    const struct sk_node *section = sk_node_get(l->v->tree, key);

    if (section == NULL || !sk_read_is_map(l->findings, section))
        return NULL;
    if (section->count > max) {
        sk_read_too_many(l->findings, section->key_place, what, max);
        return NULL;
    }
    return section;
}

void *sk_load_room(struct sk_loader *l, const struct sk_node *section,
                   size_t size)
{
    return sk_arena_get_array(l->arena, section->count, size);
}

/* ---------------------------------------------------------------- trees */

/* POLICY.md 5.7: "a.b" needs "a". */
static void check_parent(struct sk_loader *l, const struct sk_index *index,
                         const struct sk_node *entry)
{
    struct sk_bytes parent = entry->key;
    struct sk_argument arguments[2];

    while (parent.size > 0 && parent.data[parent.size - 1] != '.')
        parent.size--;
    if (parent.size == 0)
        return;
    parent.size--;
    if (sk_index_find(index, parent) != SK_INDEX_NONE)
        return;
    arguments[0] = (struct sk_argument){"id", entry->key};
    arguments[1] = (struct sk_argument){"parent", parent};
    sk_findings_add(l->findings, "E070", entry->key_place, arguments, 2);
}

static void index_keys(struct sk_index *index, struct sk_arena *arena,
                       const struct sk_node *section)
{
    uint16_t at = 0;

    if (!sk_index_start(index, arena, section->count))
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next)
        (void)sk_index_add(index, entry->key, at++); /* keys are different */
}

/* ---------------------------------------------------------------- purposes */

static void load_purpose(struct sk_loader *l, const struct sk_node *entry,
                         struct sk_purpose *purpose)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "sentence_nl",
                                       "sentence_en", "consent_days", "events"};

    (void)sk_read_id_key(l->findings, entry);
    if (!sk_read_is_map(l->findings, entry))
        return;
    (void)sk_read_keys(l->findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(l->findings, entry, &purpose->label);
    (void)sk_read_line(l->findings, sk_node_get(entry, "sentence_nl"),
                       &purpose->sentence.nl);
    (void)sk_read_line(l->findings, sk_node_get(entry, "sentence_en"),
                       &purpose->sentence.en);
    (void)sk_read_int(l->findings, sk_node_get(entry, "consent_days"), 1,
                      999999999, &purpose->consent_days);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "events"),
                       &purpose->events);
    check_parent(l, &l->v->purpose_index, entry);
}

static void load_purposes(struct sk_loader *l)
{
    const struct sk_node *section =
        sk_load_section(l, "purposes", "purposes", SK_PURPOSES_MAX);
    struct sk_vocabulary *v = l->v;
    const struct sk_node *entry;

    if (section == NULL)
        return;
    v->purposes = sk_load_room(l, section, sizeof(*v->purposes));
    index_keys(&v->purpose_index, l->arena, section);
    if (v->purposes == NULL || v->purpose_index.slots == NULL)
        return;
    for (entry = section->first; entry != NULL; entry = entry->next) {
        struct sk_purpose *purpose = &v->purposes[v->purposes_count++];

        purpose->id = entry->key;
        purpose->leaf = true;
        purpose->events = true;
        load_purpose(l, entry, purpose);
    }
    for (size_t i = 0; i < v->purposes_count; i++) {
        for (size_t k = 0; k < v->purposes_count; k++) {
            if (!sk_is_under(v->purposes[i].id, v->purposes[k].id))
                continue;
            v->purposes[i].under |= UINT64_C(1) << k;
            v->purposes[k].leaf &= i == k;
        }
    }
    for (entry = section->first; entry != NULL; entry = entry->next) {
        uint16_t at = sk_vocabulary_purpose(v, entry->key);

        if (v->purposes[at].leaf)
            (void)sk_read_need(l->findings, entry, "consent_days");
    }
}

/* ---------------------------------------------------------------- words */

/* A map of words to labels. */
static struct sk_word *load_words(struct sk_loader *l, const char *key,
                                  const char *what, size_t *count)
{
    static const char *const keys[] = {SK_ENTRY_KEYS};
    const struct sk_node *section = sk_load_section(l, key, what, SK_WORDS_MAX);
    struct sk_word *words;

    if (section == NULL)
        return NULL;
    words = sk_load_room(l, section, sizeof(*words));
    if (words == NULL)
        return NULL;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        words[*count].id = entry->key;
        (void)sk_read_id_key(l->findings, entry);
        if (sk_read_is_map(l->findings, entry)) {
            (void)sk_read_keys(l->findings, entry, keys, SK_COUNT(keys));
            (void)sk_read_label(l->findings, entry, &words[*count].label);
        }
        (*count)++;
    }
    return words;
}

/* Every word of a section is one of a fixed list; else `code` with a hint. */
static void check_fixed(struct sk_loader *l, const char *key, const char *code,
                        const char *const *known, size_t count)
{
    const struct sk_node *section = sk_node_get(l->v->tree, key);

    if (section == NULL || section->kind != SK_NODE_MAP)
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        struct sk_hint hint = sk_hint_start(entry->key);
        struct sk_argument arguments[2];
        bool good = false;

        for (size_t i = 0; i < count; i++) {
            good |= sk_bytes_equal(entry->key, sk_text(known[i]));
            sk_hint_offer(&hint, sk_text(known[i]));
        }
        if (good)
            continue;
        arguments[0] = (struct sk_argument){"id", entry->key};
        arguments[1] = (struct sk_argument){"hint", sk_hint_best(&hint)};
        sk_findings_add(l->findings, code, entry->key_place, arguments, 2);
    }
}

/* POLICY.md 5.1: none in purposes, above or below it. */
static void check_forbidden(struct sk_loader *l)
{
    const struct sk_node *section = sk_node_get(l->v->tree, "purposes");

    if (section == NULL || section->kind != SK_NODE_MAP)
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        bool bad = sk_vocabulary_forbidden(l->v, entry->key);

        for (size_t i = 0; i < l->v->forbidden_count; i++)
            bad |= sk_is_under(l->v->forbidden[i].id, entry->key);
        if (bad)
            sk_read_say(l->findings, "E080", entry->key_place, "id",
                        entry->key);
    }
}

static void load_all_words(struct sk_loader *l)
{
    static const char *const duties[] = {
        "retain",    "erase-on-withdrawal", "confirm-erasure",
        "no-onward", "log-access",          "limit-roles",
    };
    static const char *const secrecies[] = {"none", "discretion", "official",
                                            "professional"};
    struct sk_vocabulary *v = l->v;
    size_t secrecies_count = 0;

    v->forbidden = load_words(l, "forbidden_purposes", "forbidden purposes",
                              &v->forbidden_count);
    check_forbidden(l);
    v->user_roles =
        load_words(l, "user_roles", "user roles", &v->user_roles_count);
    v->duties = load_words(l, "duties", "duties", &v->duties_count);
    check_fixed(l, "duties", "E052", duties, SK_COUNT(duties));
    (void)load_words(l, "secrecy", "list", &secrecies_count);
    check_fixed(l, "secrecy", "E086", secrecies, SK_COUNT(secrecies));
}

/* ---------------------------------------------------------------- categories
 */

static bool load_special(struct sk_loader *l, const struct sk_node *node,
                         struct sk_bytes *out)
{
    static const char *const words[] = {"health", "origin", "judicial"};
    struct sk_argument arguments[2];

    if (!sk_read_is_scalar(l->findings, node))
        return false;
    for (size_t i = 0; i < SK_COUNT(words); i++) {
        if (sk_node_is(node, words[i])) {
            *out = node->text;
            return true;
        }
    }
    arguments[0] = (struct sk_argument){"value", node->text};
    arguments[1] =
        (struct sk_argument){"type", sk_text("health, origin, judicial")};
    sk_findings_add(l->findings, "E009", node->place, arguments, 2);
    return false;
}

static void load_category(struct sk_loader *l, const struct sk_node *entry,
                          struct sk_category *category)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "special", "secrecy",
                                       "explicit", "keep_max"};

    (void)sk_read_id_key(l->findings, entry);
    if (!sk_read_is_map(l->findings, entry))
        return;
    (void)sk_read_keys(l->findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(l->findings, entry, &category->label);
    (void)load_special(l, sk_node_get(entry, "special"), &category->special);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "secrecy"),
                       &category->secrecy);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "explicit"),
                       &category->always_explicit);
    (void)sk_read_duration(l->findings, sk_node_get(entry, "keep_max"),
                           &category->keep_max);
    check_parent(l, &l->v->category_index, entry);
}

/*
 * POLICY.md 5.2: marks hold for everything under them; the nearest counts.
 * `own` are the marks as they stand in the file.
 */
static void inherit_marks(struct sk_vocabulary *v, size_t at,
                          const struct sk_category *own)
{
    struct sk_category *category = &v->categories[at];
    size_t nearest_special = 0;
    size_t nearest_keep = 0;

    category->special = (struct sk_bytes){NULL, 0};
    category->keep_max = v->keep_max;
    for (size_t i = 0; i < v->categories_count; i++) {
        size_t size = own[i].id.size;

        if ((category->under >> i & 1) == 0)
            continue;
        category->secrecy |= own[i].secrecy;
        category->always_explicit |= own[i].always_explicit;
        if (own[i].special.size > 0 && size >= nearest_special) {
            category->special = own[i].special;
            nearest_special = size;
        }
        if (own[i].keep_max.count > 0 && size >= nearest_keep) {
            category->keep_max = own[i].keep_max;
            nearest_keep = size;
        }
    }
}

static void load_categories(struct sk_loader *l)
{
    const struct sk_node *section =
        sk_load_section(l, "categories", "categories", SK_CATEGORIES_MAX);
    struct sk_vocabulary *v = l->v;
    struct sk_category own[SK_CATEGORIES_MAX];

    if (section == NULL)
        return;
    v->categories = sk_load_room(l, section, sizeof(*v->categories));
    index_keys(&v->category_index, l->arena, section);
    if (v->categories == NULL || v->category_index.slots == NULL)
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        struct sk_category *category = &v->categories[v->categories_count++];

        category->id = entry->key;
        category->leaf = true;
        load_category(l, entry, category);
    }
    for (size_t i = 0; i < v->categories_count; i++) {
        for (size_t k = 0; k < v->categories_count; k++) {
            if (!sk_is_under(v->categories[i].id, v->categories[k].id))
                continue;
            v->categories[i].under |= UINT64_C(1) << k;
            v->categories[k].leaf &= i == k;
        }
    }
    memcpy(own, v->categories, v->categories_count * sizeof(*own));
    for (size_t i = 0; i < v->categories_count; i++)
        inherit_marks(v, i, own);
}

uint16_t sk_load_leaf(struct sk_loader *l, const struct sk_node *node)
{
    uint16_t at;

    if (!sk_read_is_scalar(l->findings, node))
        return SK_NONE;
    at = sk_vocabulary_category(l->v, node->text);
    if (at != SK_NONE && l->v->categories[at].leaf)
        return at;
    sk_read_say(l->findings, "E077", node->place, "id", node->text);
    return SK_NONE;
}

uint64_t sk_load_reveals(struct sk_loader *l, const struct sk_node *entry)
{
    const struct sk_node *list = sk_node_get(entry, "reveals");
    uint64_t set = 0;

    if (!sk_read_is_list(l->findings, list))
        return 0;
    for (const struct sk_node *item = list->first; item != NULL;
         item = item->next) {
        uint16_t at = sk_load_leaf(l, item);

        if (at != SK_NONE)
            set |= UINT64_C(1) << at;
    }
    return set;
}

/* What deliberately has no field; only checked. */
static void check_not_modelled(struct sk_loader *l)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "category"};
    const struct sk_node *section =
        sk_load_section(l, "not_modelled", "list", SK_WORDS_MAX);
    struct sk_label label;

    if (section == NULL)
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        (void)sk_read_id_key(l->findings, entry);
        if (!sk_read_keys(l->findings, entry, keys, SK_COUNT(keys)))
            continue;
        (void)sk_read_label(l->findings, entry, &label);
        (void)sk_load_leaf(l, sk_read_need(l->findings, entry, "category"));
    }
}

/* ---------------------------------------------------------------- roles */

static void load_role(struct sk_loader *l, const struct sk_node *entry,
                      struct sk_role *role)
{
    static const char *const keys[] = {SK_ENTRY_KEYS,  "secrecy",
                                       "public",       "insz",
                                       "person_level", "sanctions"};
    const struct sk_node *secrecy;

    (void)sk_read_id_key(l->findings, entry);
    if (!sk_read_is_map(l->findings, entry))
        return;
    secrecy = sk_node_get(entry, "secrecy");
    (void)sk_read_keys(l->findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(l->findings, entry, &role->label);
    if (sk_read_is_scalar(l->findings, secrecy) &&
        !sk_secrecy_parse(secrecy->text, &role->secrecy))
        sk_read_say(l->findings, "E086", secrecy->place, "id", secrecy->text);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "public"),
                       &role->public_body);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "insz"), &role->insz);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "person_level"),
                       &role->person_level);
    (void)sk_read_bool(l->findings, sk_node_get(entry, "sanctions"),
                       &role->sanctions);
}

/* POLICY.md 9.1: a role is a group too, so it cannot be called like one. */
static bool is_built_in(struct sk_bytes id)
{
    static const char *const groups[] = {
        "secrecy-none",         "secrecy-discretion", "secrecy-official",
        "secrecy-professional", "insz-authorised",    "person-level",
        "figures-only",         "public-body",
    };

    for (size_t i = 0; i < SK_COUNT(groups); i++) {
        if (sk_bytes_equal(id, sk_text(groups[i])))
            return true;
    }
    return false;
}

static void load_roles(struct sk_loader *l)
{
    const struct sk_node *section =
        sk_load_section(l, "roles", "roles", SK_WORDS_MAX);
    struct sk_vocabulary *v = l->v;

    if (section == NULL)
        return;
    v->roles = sk_load_room(l, section, sizeof(*v->roles));
    index_keys(&v->role_index, l->arena, section);
    if (v->roles == NULL || v->role_index.slots == NULL)
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        struct sk_role *role = &v->roles[v->roles_count++];

        role->id = entry->key;
        role->person_level = true; /* unless the role says otherwise */
        if (is_built_in(entry->key))
            sk_read_say(l->findings, "E088", entry->key_place, "id",
                        entry->key);
        load_role(l, entry, role);
    }
}

/* ---------------------------------------------------------------- whole */

static void load_head(struct sk_loader *l)
{
    static const char *const keys[] = {
        "format",     "vocabulary",         "version",
        "keep_max",   "purposes",           "secrecy",
        "roles",      "user_roles",         "duties",
        "categories", "codelists",          "fields",
        "events",     "forbidden_purposes", "not_modelled",
    };
    static const char *const needed[] = {"purposes", "categories", "roles",
                                         "fields", "events"};
    struct sk_vocabulary *v = l->v;
    const struct sk_node *tree = v->tree;
    char name[SK_ORG_SIZE_MAX + 22];
    char number[21];
    struct sk_bytes version;

    (void)sk_read_format(l->findings, tree, "format", "vocabulary/1");
    (void)sk_read_keys(l->findings, tree, keys, SK_COUNT(keys));
    (void)sk_read_duration(
        l->findings, sk_read_need(l->findings, tree, "keep_max"), &v->keep_max);
    for (size_t i = 0; i < SK_COUNT(needed); i++)
        (void)sk_read_need(l->findings, tree, needed[i]);
    if (!sk_read_id(l->findings, sk_read_need(l->findings, tree, "vocabulary"),
                    &v->id) ||
        !sk_read_int(l->findings, sk_read_need(l->findings, tree, "version"), 0,
                     999999999, &v->version))
        return;
    version = sk_number_format(v->version, number);
    memcpy(name, v->id.data, v->id.size);
    name[v->id.size] = '/';
    memcpy(name + v->id.size + 1, version.data, version.size);
    v->name = sk_arena_copy(l->arena,
                            (struct sk_bytes){(const uint8_t *)name,
                                              v->id.size + 1 + version.size});
}

enum sk_status sk_vocabulary_load(const struct sk_node *tree,
                                  struct sk_arena *arena,
                                  struct sk_findings *findings,
                                  struct sk_vocabulary **out)
{
    struct sk_loader l = {.arena = arena, .findings = findings};
    size_t errors = findings->errors;

    assert(tree->kind == SK_NODE_MAP);

    *out = NULL;
    l.v = sk_arena_get(arena, sizeof(*l.v));
    if (l.v == NULL)
        return SK_E_MEMORY;
    l.v->tree = tree;
    l.v->occurred = SK_NONE;
    load_head(&l);
    load_purposes(&l);
    load_all_words(&l);
    load_categories(&l);
    check_not_modelled(&l);
    load_roles(&l);
    sk_load_codelists(&l);
    sk_load_fields(&l);
    sk_load_events(&l);
    if (arena->full || findings->arena->full)
        return SK_E_MEMORY;
    if (findings->errors == errors)
        sk_check_levels(&l);
    if (arena->full || findings->arena->full)
        return SK_E_MEMORY;
    if (findings->errors == errors)
        *out = l.v;
    return SK_OK;
}
