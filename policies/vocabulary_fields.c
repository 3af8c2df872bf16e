/* Fields and events.  docs/POLICY.md 5.5, 5.7, 6.1 */
#include <string.h>

#include "policies/vocabulary_private.h"

/* ---------------------------------------------------------------- findings */

/* E074: what does not fit this kind. */
static void unfit(struct sk_loader *l, const struct sk_field *field,
                  struct sk_place place, struct sk_bytes what,
                  struct sk_bytes kind)
{
    struct sk_argument arguments[] = {
        {"field", field->id},
        {"what", what},
        {"kind", kind},
    };

    sk_findings_add(l->findings, "E074", place, arguments, SK_COUNT(arguments));
}

static void unfit_kind(struct sk_loader *l, const struct sk_field *field,
                       struct sk_place place, struct sk_bytes what)
{
    unfit(l, field, place, what, sk_text(sk_kind_text(field->kind)));
}

/* E072 */
static void bad_bands(struct sk_loader *l, const struct sk_field *field,
                      struct sk_bytes level, struct sk_place place)
{
    struct sk_argument arguments[] = {{"level", level}, {"field", field->id}};

    sk_findings_add(l->findings, "E072", place, arguments, SK_COUNT(arguments));
}

/* ---------------------------------------------------------------- chain */

static bool is_level(const struct sk_field *field, struct sk_bytes level)
{
    return sk_field_level(field, level) != SK_NONE;
}

static void add_level(struct sk_field *field, struct sk_bytes level)
{
    assert(field->levels_count < SK_LEVELS_MAX);
    field->levels[field->levels_count++] = level;
}

static void add_levels(struct sk_field *field, const char *const *levels,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_level(field, sk_text(levels[i]));
}

/* "prefix2"; ids in messages and policies, so they live in the arena. */
static struct sk_bytes prefix_level(struct sk_loader *l, uint32_t prefix)
{
    char text[6 + 21] = "prefix";
    struct sk_bytes number = sk_number_format(prefix, text + 6);

    return sk_arena_copy(
        l->arena, (struct sk_bytes){(const uint8_t *)text, 6 + number.size});
}

/* POLICY.md 6.1: from protective to revealing. */
static void make_chain(struct sk_loader *l, struct sk_field *field)
{
    static const char *const dates[] = {"year", "quarter", "month", "day"};
    static const char *const births[] = {"age3", "age5", "year", "month"};

    add_level(field, sk_text("drop"));
    add_level(field, sk_text("present"));
    switch (field->kind) {
    case SK_KIND_TEXT:
    case SK_KIND_SET:
    case SK_KIND_BOOL:
        break;
    case SK_KIND_NAME:
        add_level(field, sk_text("initial"));
        break;
    case SK_KIND_ENUM:
        for (size_t i = field->codelist->groupings_count; i > 0; i--)
            add_level(field, field->codelist->groupings[i - 1].level);
        break;
    case SK_KIND_NUMBER:
        for (size_t i = field->bands_count; i > 0; i--)
            add_level(field, field->bands[i - 1].level);
        break;
    case SK_KIND_DATE:
        add_levels(field, dates, 3);
        break;
    case SK_KIND_DATETIME:
        add_levels(field, dates, 4);
        break;
    case SK_KIND_WEEK:
        add_levels(field, dates, 1);
        break;
    case SK_KIND_BIRTHDATE:
        add_levels(field, births, 4);
        break;
    case SK_KIND_CODE:
        for (size_t i = 0; i < field->prefixes_count; i++)
            add_level(field, prefix_level(l, field->prefixes[i]));
        break;
    }
    add_level(field, sk_text("exact"));
}

/* ---------------------------------------------------------------- bands */

static bool load_cut(struct sk_loader *l, const struct sk_field *field,
                     const struct sk_node *item, uint32_t *out)
{
    struct sk_argument arguments[2];
    uint64_t units;

    if (!sk_read_is_scalar(l->findings, item))
        return false;
    if (sk_decimal_parse(item->text, field->decimals, &units) &&
        units <= UINT32_MAX) {
        *out = (uint32_t)units;
        return true;
    }
    arguments[0] = (struct sk_argument){"value", item->text};
    arguments[1] =
        (struct sk_argument){"type", sk_text("decimal number that fits here")};
    sk_findings_add(l->findings, "E009", item->place, arguments, 2);
    return false;
}

static bool has_cut(const struct sk_bands *bands, uint32_t cut)
{
    for (size_t i = 0; i < bands->count; i++) {
        if (bands->cuts[i] == cut)
            return true;
    }
    return false;
}

/* POLICY.md 5.7: ascending from 0, and nested in the finer ones. */
static bool are_cuts(const struct sk_bands *bands, const struct sk_bands *finer)
{
    if (bands->cuts[0] != 0)
        return false;
    for (size_t i = 0; i < bands->count; i++) {
        if (i > 0 && bands->cuts[i] <= bands->cuts[i - 1])
            return false;
        if (finer != NULL && !has_cut(finer, bands->cuts[i]))
            return false;
    }
    return true;
}

/* POLICY.md 6.4: "19-30.3", and "30.4+" for the last. */
static struct sk_bytes band_name(struct sk_loader *l,
                                 const struct sk_field *field,
                                 const struct sk_bands *bands, size_t at)
{
    char text[2 * SK_DECIMAL_SIZE];
    size_t size = sk_decimal_format(bands->cuts[at], field->decimals, text);

    if (at + 1 == bands->count) {
        text[size++] = '+';
    } else {
        text[size++] = '-';
        size += sk_decimal_format(bands->cuts[at + 1] - UINT32_C(1),
                                  field->decimals, text + size);
    }
    return sk_arena_copy(l->arena,
                         (struct sk_bytes){(const uint8_t *)text, size});
}

static bool load_cuts(struct sk_loader *l, const struct sk_field *field,
                      const struct sk_node *list, struct sk_bands *bands)
{
    bool good = true;

    if (!sk_read_is_list(l->findings, list))
        return false;
    bands->cuts = sk_arena_get_array(l->arena, list->count, sizeof(uint32_t));
    bands->names =
        sk_arena_get_array(l->arena, list->count, sizeof(*bands->names));
    if (bands->cuts == NULL || bands->names == NULL)
        return false;
    for (const struct sk_node *item = list->first; item != NULL;
         item = item->next)
        good &= load_cut(l, field, item, &bands->cuts[bands->count++]);
    return good;
}

static void load_band(struct sk_loader *l, struct sk_field *field,
                      const struct sk_node *item)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "level", "cuts"};
    struct sk_bands *bands = &field->bands[field->bands_count];
    const struct sk_bands *finer = field->bands_count > 0 ? bands - 1 : NULL;
    const struct sk_node *level;

    if (!sk_read_is_map(l->findings, item))
        return;
    *bands = (struct sk_bands){0}; /* the one before may have been wrong */
    (void)sk_read_keys(l->findings, item, keys, SK_COUNT(keys));
    (void)sk_read_label(l->findings, item, &bands->label);
    level = sk_read_need(l->findings, item, "level");
    if (!sk_read_id(l->findings, level, &bands->level))
        return;
    for (const struct sk_bands *other = field->bands; other < bands; other++) {
        if (sk_bytes_equal(other->level, bands->level))
            unfit_kind(l, field, level->place, level->text);
    }
    if (sk_node_is(level, "drop") || sk_node_is(level, "present") ||
        sk_node_is(level, "exact"))
        unfit_kind(l, field, level->place, level->text);
    if (!load_cuts(l, field, sk_read_need(l->findings, item, "cuts"), bands))
        return;
    if (!are_cuts(bands, finer)) {
        bad_bands(l, field, bands->level, level->place);
        return;
    }
    for (size_t i = 0; i < bands->count; i++)
        bands->names[i] = band_name(l, field, bands, i);
    field->bands_count++;
}

static void load_bands(struct sk_loader *l, struct sk_field *field,
                       const struct sk_node *list)
{
    if (!sk_read_is_list(l->findings, list))
        return;
    if (list->count > SK_LEVELS_MAX - 3) {
        sk_read_too_many(l->findings, list->key_place, "levels of a field",
                         SK_LEVELS_MAX);
        return;
    }
    field->bands = sk_load_room(l, list, sizeof(*field->bands));
    if (field->bands == NULL)
        return;
    for (const struct sk_node *item = list->first; item != NULL;
         item = item->next)
        load_band(l, field, item);
}

/* ---------------------------------------------------------------- codes */

static void load_prefixes(struct sk_loader *l, struct sk_field *field,
                          const struct sk_node *list)
{
    if (!sk_read_is_list(l->findings, list) || field->form == NULL)
        return;
    if (list->count > field->form->prefix_max) {
        unfit_kind(l, field, list->key_place, sk_text("prefixes"));
        return;
    }
    field->prefixes = sk_load_room(l, list, sizeof(*field->prefixes));
    if (field->prefixes == NULL)
        return;
    for (const struct sk_node *item = list->first; item != NULL;
         item = item->next) {
        size_t at = field->prefixes_count;
        uint32_t prefix;

        if (!sk_read_int(l->findings, item, 0, 999999999, &prefix))
            continue;
        if (prefix == 0 || prefix > field->form->prefix_max ||
            (at > 0 && prefix <= field->prefixes[at - 1])) {
            unfit_kind(l, field, item->place, item->text);
            continue;
        }
        field->prefixes[field->prefixes_count++] = prefix;
    }
}

static void load_format(struct sk_loader *l, struct sk_field *field,
                        const struct sk_node *node)
{
    if (!sk_read_text(l->findings, node, &field->format))
        return;
    field->form = sk_format_find(field->format);
    if (field->form == NULL)
        unfit_kind(l, field, node->place, field->format);
}

/* ---------------------------------------------------------------- fields */

static void load_codelist_of(struct sk_loader *l, struct sk_field *field,
                             const struct sk_node *node)
{
    uint16_t at;

    if (!sk_read_is_scalar(l->findings, node))
        return;
    at = sk_vocabulary_codelist(l->v, node->text);
    if (at == SK_NONE) {
        sk_read_say(l->findings, "E076", node->place, "id", node->text);
        return;
    }
    field->codelist = &l->v->codelists[at];
    if (field->kind != SK_KIND_ENUM)
        return;
    for (size_t i = 0; i < field->codelist->count; i++)
        field->reveals |= field->codelist->reveals[i];
}

/* Which kinds take a parameter (6.1); a set of kinds. */
struct parameter {
    const char *key;
    uint32_t kinds;
};

#define KIND(kind) (UINT32_C(1) << SK_KIND_##kind)

static void check_parameters(struct sk_loader *l, const struct sk_field *field,
                             const struct sk_node *entry)
{
    static const struct parameter parameters[] = {
        {"max", KIND(TEXT) | KIND(NAME) | KIND(NUMBER)},
        {"decimals", KIND(NUMBER)},
        {"bands", KIND(NUMBER)},
        {"codelist", KIND(ENUM) | KIND(SET)},
        {"format", KIND(CODE)},
        {"prefixes", KIND(CODE)},
    };

    for (size_t i = 0; i < SK_COUNT(parameters); i++) {
        const struct sk_node *node = sk_node_get(entry, parameters[i].key);

        if (node != NULL && (parameters[i].kinds >> field->kind & 1) == 0)
            unfit_kind(l, field, node->key_place, node->key);
    }
}

static void load_parameters(struct sk_loader *l, struct sk_field *field,
                            const struct sk_node *entry)
{
    struct sk_findings *findings = l->findings;
    const struct sk_node *decimals = sk_node_get(entry, "decimals");

    check_parameters(l, field, entry);
    switch (field->kind) {
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
        (void)sk_read_int(findings, sk_read_need(findings, entry, "max"), 1,
                          999999999, &field->max);
        break;
    case SK_KIND_ENUM:
    case SK_KIND_SET:
        load_codelist_of(l, field, sk_read_need(findings, entry, "codelist"));
        break;
    case SK_KIND_NUMBER:
        (void)sk_read_int(findings, sk_read_need(findings, entry, "max"), 0,
                          999999999, &field->max);
        if (sk_read_int(findings, decimals, 0, 999999999, &field->decimals) &&
            field->decimals > 3) {
            unfit_kind(l, field, decimals->place, decimals->text);
            field->decimals = 3;
        }
        load_bands(l, field, sk_node_get(entry, "bands"));
        break;
    case SK_KIND_CODE:
        load_format(l, field, sk_read_need(findings, entry, "format"));
        load_prefixes(l, field, sk_node_get(entry, "prefixes"));
        break;
    case SK_KIND_BOOL:
    case SK_KIND_DATE:
    case SK_KIND_DATETIME:
    case SK_KIND_WEEK:
    case SK_KIND_BIRTHDATE:
        break;
    }
}

static bool load_kind(struct sk_loader *l, struct sk_field *field,
                      const struct sk_node *node)
{
    if (!sk_read_is_scalar(l->findings, node))
        return false;
    if (sk_kind_parse(node->text, &field->kind))
        return true;
    unfit(l, field, node->place, sk_text("kind"), node->text);
    return false;
}

static void load_field(struct sk_loader *l, const struct sk_node *entry,
                       struct sk_field *field)
{
    static const char *const keys[] = {
        SK_ENTRY_KEYS, "kind",   "category", "max",       "decimals", "bands",
        "codelist",    "format", "prefixes", "authorise", "free",     "reveals",
    };
    struct sk_findings *findings = l->findings;
    const struct sk_node *category;

    field->id = entry->key;
    field->category = SK_NONE;
    (void)sk_read_id_key(findings, entry);
    if (!sk_read_is_map(findings, entry))
        return;
    (void)sk_read_keys(findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(findings, entry, &field->label);
    (void)sk_read_bool(findings, sk_node_get(entry, "free"), &field->free);
    (void)sk_read_bool(findings, sk_node_get(entry, "authorise"),
                       &field->authorise);
    field->hints = sk_load_reveals(l, entry);
    category = sk_read_need(findings, entry, "category");
    if (!sk_node_is(category, "inherit"))
        field->category = sk_load_leaf(l, category);
    if (!load_kind(l, field, sk_read_need(findings, entry, "kind")))
        return;
    load_parameters(l, field, entry);
    if (field->kind == SK_KIND_ENUM && field->codelist == NULL)
        return;
    make_chain(l, field);
    assert(is_level(field, sk_text("exact")));
}

/* POLICY.md 5.5: every event carries `occurred`. */
static void check_occurred(struct sk_loader *l, const struct sk_node *section)
{
    const struct sk_node *entry = sk_node_get(section, "occurred");

    l->v->occurred = sk_vocabulary_field(l->v, sk_text("occurred"));
    if (l->v->occurred != SK_NONE &&
        l->v->fields[l->v->occurred].kind == SK_KIND_DATE &&
        sk_node_is(sk_node_get(entry, "kind"), "date") &&
        sk_node_is(sk_node_get(entry, "category"), "inherit"))
        return;
    sk_findings_add(l->findings, "E078",
                    entry != NULL ? entry->key_place : section->key_place, NULL,
                    0);
}

void sk_load_fields(struct sk_loader *l)
{
    const struct sk_node *section =
        sk_load_section(l, "fields", "fields", SK_FIELDS_MAX);
    struct sk_vocabulary *v = l->v;

    if (section == NULL)
        return;
    v->fields = sk_load_room(l, section, sizeof(*v->fields));
    if (v->fields == NULL ||
        !sk_index_start(&v->field_index, l->arena, section->count))
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        size_t at = v->fields_count++;

        (void)sk_index_add(&v->field_index, entry->key, (uint16_t)at);
        load_field(l, entry, &v->fields[at]);
    }
    check_occurred(l, section);
}

/* ---------------------------------------------------------------- events */

/* E075 */
static void bad_field(struct sk_loader *l, const struct sk_event_type *event,
                      const struct sk_node *item)
{
    struct sk_argument arguments[] = {
        {"event", event->id},
        {"field", item->text},
    };

    sk_findings_add(l->findings, "E075", item->place, arguments,
                    SK_COUNT(arguments));
}

static bool carries(const struct sk_event_type *event, uint16_t field)
{
    for (size_t i = 0; i < event->fields_count; i++) {
        if (event->fields[i] == field)
            return true;
    }
    return false;
}

static void load_event_fields(struct sk_loader *l, const struct sk_node *list,
                              bool required, struct sk_event_type *event)
{
    if (!sk_read_is_list(l->findings, list))
        return;
    for (const struct sk_node *item = list->first; item != NULL;
         item = item->next) {
        uint16_t field;

        if (!sk_read_is_scalar(l->findings, item))
            continue;
        field = sk_vocabulary_field(l->v, item->text);
        if (field == SK_NONE || carries(event, field)) {
            bad_field(l, event, item);
            continue;
        }
        if (event->fields_count == SK_EVENT_FIELDS_MAX) {
            sk_read_too_many(l->findings, item->place, "fields of an event",
                             SK_EVENT_FIELDS_MAX);
            return;
        }
        event->fields[event->fields_count] = field;
        event->required[event->fields_count++] = required;
    }
}

static void load_event(struct sk_loader *l, const struct sk_node *entry,
                       struct sk_event_type *event)
{
    static const char *const keys[] = {SK_ENTRY_KEYS, "category", "required",
                                       "optional", "sanction_risk"};
    struct sk_findings *findings = l->findings;

    event->id = entry->key;
    event->category = SK_NONE;
    if (l->v->occurred != SK_NONE) {
        event->fields[0] = l->v->occurred;
        event->required[0] = true;
        event->fields_count = 1;
    }
    (void)sk_read_id_key(findings, entry);
    if (!sk_read_is_map(findings, entry))
        return;
    (void)sk_read_keys(findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_label(findings, entry, &event->label);
    event->category =
        sk_load_leaf(l, sk_read_need(findings, entry, "category"));
    (void)sk_read_bool(findings, sk_node_get(entry, "sanction_risk"),
                       &event->sanction_risk);
    load_event_fields(l, sk_node_get(entry, "required"), true, event);
    load_event_fields(l, sk_node_get(entry, "optional"), false, event);
}

void sk_load_events(struct sk_loader *l)
{
    const struct sk_node *section =
        sk_load_section(l, "events", "events", SK_EVENTS_MAX);
    struct sk_vocabulary *v = l->v;

    if (section == NULL)
        return;
    v->events = sk_load_room(l, section, sizeof(*v->events));
    if (v->events == NULL ||
        !sk_index_start(&v->event_index, l->arena, section->count))
        return;
    for (const struct sk_node *entry = section->first; entry != NULL;
         entry = entry->next) {
        size_t at = v->events_count++;

        (void)sk_index_add(&v->event_index, entry->key, (uint16_t)at);
        load_event(l, entry, &v->events[at]);
    }
}
