#include "tools/schakel/import_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/levels.h"
#include "tools/schakel/json.h"

#define SOURCE_SIZE_MAX 200
#define VALUE_SIZE_MAX 8192

/* ------------------------------------------------------------- values */

/* One row being checked. */
struct checking {
    struct sk_importer *importer;
    struct sk_import_faults *faults;
    const struct sk_import_row *row;
    struct sk_import_args *out;
    const struct sk_event_type *type;
    json_t *fields; /* of an event */
    const struct sk_import_target
        *targets[SK_CSV_CELLS_MAX]; /* of the cells; NULL */
};

static struct sk_import_fault *fault_at(struct checking *c,
                                        const struct sk_import_cell *cell,
                                        const char *code)
{
    return sk_import_fault_add(c->faults, cell->line, cell->column, cell->name,
                               code);
}

static void remember_place(struct checking *c, const char *id,
                           const struct sk_import_cell *cell)
{
    json_object_set_new(c->out->places, id,
                        json_pack("[I, I, s]", (json_int_t)cell->line,
                                  (json_int_t)cell->column, cell->name));
}

/* Strings as they are; numbers and booleans of JSON as text. */
static bool text_of(const json_t *value, char *out, size_t size_max)
{
    if (json_is_string(value))
        return (size_t)snprintf(out, size_max, "%s", json_string_value(value)) <
               size_max;
    if (json_is_boolean(value))
        snprintf(out, size_max, "%s", json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value))
        snprintf(out, size_max, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, size_max, "%.10g", json_real_value(value));
    else
        return false;
    return true;
}

/* Labels become codes, ja becomes true, a decimal comma a point. */
static void make_canonical(const struct sk_field *field, char *text,
                           size_t size_max)
{
    static const char *const yes[] = {"ja", "yes", "waar", "1"};
    static const char *const no[] = {"nee", "no", "onwaar", "0"};
    char room[VALUE_SIZE_MAX + 2];
    char *comma = strchr(text, ',');

    if (field->kind == SK_KIND_ENUM || field->kind == SK_KIND_SET) {
        for (size_t i = 0; i < field->codelist->count; i++)
            if (sk_import_is_word(
                    text, (const char *)field->codelist->values[i].id.data) ||
                sk_import_is_label(text, &field->codelist->values[i].label)) {
                snprintf(text, size_max, "%s",
                         (const char *)field->codelist->values[i].id.data);
                return;
            }
    }
    if (field->kind == SK_KIND_BOOL) {
        for (size_t i = 0; i < SK_COUNT(yes); i++) {
            if (sk_import_is_word(text, yes[i]) ||
                sk_import_is_word(text, "true"))
                snprintf(text, size_max, "true");
            else if (sk_import_is_word(text, no[i]) ||
                     sk_import_is_word(text, "false"))
                snprintf(text, size_max, "false");
        }
    }
    if (field->kind == SK_KIND_NUMBER && comma != NULL &&
        strchr(text, '.') == NULL)
        *comma = '.';
    if (field->kind == SK_KIND_CODE && strlen(text) <= VALUE_SIZE_MAX) {
        size_t size = sk_format_clean(field->form, sk_text(text), room);

        snprintf(text, size_max, "%.*s", (int)size, room);
    }
}

static bool is_future(const struct checking *c, const char *text)
{
    char whole[] = "YYYY-01-01";
    size_t size = strlen(text);
    int32_t day;

    if (size > 10)
        return false;
    memcpy(whole, text, size);
    return sk_day_parse(sk_text(whole), &day) && day > c->importer->today;
}

/* A day on which something happened, or somebody was born. */
static bool is_past_only(const char *id)
{
    return strcmp(id, "occurred") == 0 || strcmp(id, "birth_date") == 0;
}

/* The text as it goes to the node; false when a fault was said. */
static bool check_text(struct checking *c,
                       const struct sk_import_target *target,
                       const struct sk_import_cell *cell, char *text,
                       size_t size_max)
{
    struct sk_field_value exact = {0};
    struct sk_bytes one[1];
    uint32_t year = (uint32_t)sk_date_of_day(c->importer->today).year;
    struct sk_import_fault fault = {0};
    struct sk_import_fault *said;

    if (sk_import_explain_character(text, target->field.kind == SK_KIND_NAME,
                                    &fault)) {
        said = fault_at(c, cell, fault.code);
        memcpy(said->nl, fault.nl, sizeof(fault.nl));
        memcpy(said->en, fault.en, sizeof(fault.en));
        return false;
    }
    make_canonical(&target->field, text, size_max);
    exact.text = sk_text(text);
    one[0] = exact.text;
    exact.set = one;
    exact.set_count = 1;
    if (!sk_value_is_legal(&target->field, &exact, year)) {
        sk_import_explain(&target->field, text, fault_at(c, cell, "bad-value"));
        return false;
    }
    if (is_past_only(target->id) && is_future(c, text)) {
        sk_import_fault_say(fault_at(c, cell, "future"),
                            "deze dag ligt in de toekomst.  Kijk het jaar na.",
                            "this day lies in the future.  Look at the year.");
        return false;
    }
    return true;
}

static bool check_set(struct checking *c, const struct sk_import_target *target,
                      const struct sk_import_cell *cell, json_t *out)
{
    const char *text = json_string_value(cell->value);
    char one[VALUE_SIZE_MAX];

    for (size_t i = 0; i < json_array_size(cell->value); i++) {
        if (!text_of(json_array_get(cell->value, i), one, sizeof(one)))
            one[0] = '\0';
        if (!check_text(c, target, cell, one, sizeof(one)))
            return false;
        json_array_append_new(out, json_string(one));
    }
    while (text != NULL && *text != '\0') {
        size_t size = strcspn(text, "|");

        snprintf(one, sizeof(one), "%.*s", (int)size, text);
        if (!check_text(c, target, cell, one, sizeof(one)))
            return false;
        json_array_append_new(out, json_string(one));
        text += size + (text[size] == '|');
    }
    return true;
}

/* The value as it goes to the node: a new reference, or NULL and a fault. */
static json_t *check_value(struct checking *c,
                           const struct sk_import_target *target,
                           const struct sk_import_cell *cell)
{
    char text[VALUE_SIZE_MAX];
    json_t *set;

    if (target->field.kind == SK_KIND_SET) {
        set = json_array();
        if (check_set(c, target, cell, set))
            return set;
        json_decref(set);
        return NULL;
    }
    if (!text_of(cell->value, text, sizeof(text))) {
        sk_import_fault_say(fault_at(c, cell, "bad-value"),
                            "schrijf hier een enkele tekst, niet te lang.",
                            "write a single text here, not too long.");
        return NULL;
    }
    return check_text(c, target, cell, text, sizeof(text)) ? json_string(text)
                                                           : NULL;
}

/* ------------------------------------------------------------- rows */

static const struct sk_import_cell *cell_of(const struct checking *c,
                                            const char *id)
{
    for (size_t i = 0; i < c->row->count; i++)
        if (c->targets[i] != NULL && strcmp(c->targets[i]->id, id) == 0)
            return &c->row->cells[i];
    return NULL;
}

/* What must be there and is not: at its cell when there is one. */
static void say_missing(struct checking *c, const char *id)
{
    const struct sk_import_cell *cell = cell_of(c, id);

    sk_import_fault_say(
        sk_import_fault_add(c->faults, cell == NULL ? c->row->line : cell->line,
                            cell == NULL ? 1 : cell->column,
                            cell == NULL ? id : cell->name, "missing"),
        "dit moet ingevuld zijn.", "this must be filled in.");
}

/* Nothing twice in one file: the same key, the same national number. */
static void check_seen(struct checking *c, const char *id,
                       const struct sk_import_cell *cell, const char *value)
{
    char key[SOURCE_SIZE_MAX + 32];
    const json_t *line;

    snprintf(key, sizeof(key), "%s %s", id, value);
    line = json_object_get(c->importer->seen, key);
    if (line == NULL) {
        json_object_set_new(c->importer->seen, key,
                            json_integer((json_int_t)cell->line));
        return;
    }
    sk_import_fault_say(
        fault_at(c, cell, "twice"),
        "dit staat ook al op regel %lld.  Schrap een van beide, of verbeter "
        "het.",
        "this stands on line %lld too.  Delete one of both, or correct it.",
        (long long)json_integer_value(line));
}

static bool is_person(const char *id)
{
    return strcmp(id, "participant") == 0 ||
           strcmp(id, "participant_source_id") == 0 ||
           strcmp(id, "participant_insz") == 0;
}

/* A column of the tables above. */
static void take_own(struct checking *c, const char *id,
                     const struct sk_import_cell *cell, json_t *value)
{
    const char *text = json_string_value(value);

    if (strcmp(id, "source_id") == 0 || strcmp(id, "insz") == 0)
        check_seen(c, id, cell, text);
    if (strncmp(id, "administration_", 15) == 0) {
        json_t *days = json_object_get(c->out->args, "administration");

        if (days == NULL)
            json_object_set_new(c->out->args, "administration",
                                days = json_array());
        json_array_append(days, value);
        remember_place(c, "administration", cell);
    } else if (is_person(id)) {
        if (c->out->person != NULL)
            sk_import_fault_say(
                fault_at(c, cell, "twice"),
                "de deelnemer staat er al, in een andere kolom.  Vul er een "
                "in.",
                "the participant is there already, in another column.  Fill in "
                "one.");
        c->out->person =
            strcmp(id, "participant") == 0 ? "participant" : id + 12;
        snprintf(c->out->key, sizeof(c->out->key), "%s", text);
        remember_place(c, "participant", cell);
    } else {
        json_object_set(c->out->args, id, value);
    }
}

/* POLICY.md 5.5: does the type carry the field? */
static bool is_carried(const struct checking *c, const char *id)
{
    const struct sk_vocabulary *v = c->importer->vocabulary;
    uint16_t at = sk_vocabulary_field(v, sk_text(id));

    for (size_t i = 0; c->type != NULL && i < c->type->fields_count; i++)
        if (c->type->fields[i] == at)
            return true;
    return false;
}

static void take_field(struct checking *c,
                       const struct sk_import_target *target,
                       const struct sk_import_cell *cell)
{
    json_t *value;

    if (strcmp(target->id, "occurred") != 0 && c->type != NULL &&
        !is_carried(c, target->id)) {
        sk_import_fault_say(
            fault_at(c, cell, "not-carried"),
            "dit gegeven hoort niet bij '%s'.  Laat de cel leeg.",
            "this field does not belong to '%s'.  Leave the cell empty.",
            (const char *)c->type->id.data);
        return;
    }
    value = check_value(c, target, cell);
    if (value == NULL)
        return;
    if (strcmp(target->id, "occurred") == 0)
        json_object_set(c->out->args, "occurred", value);
    else
        json_object_set(c->fields, target->id, value);
    json_decref(value);
}

static void take_cell(struct checking *c, const struct sk_import_target *target,
                      const struct sk_import_cell *cell)
{
    json_t *value;

    if (json_object_get(c->out->places, target->id) != NULL) {
        sk_import_fault_say(fault_at(c, cell, "column-twice"),
                            "deze naam staat er twee keer.",
                            "this name is there twice.");
        return;
    }
    remember_place(c, target->id, cell);
    if (cell->value == NULL)
        return;
    if (!target->own) {
        take_field(c, target, cell);
        return;
    }
    value = check_value(c, target, cell);
    if (value != NULL)
        take_own(c, target->id, cell, value);
    json_decref(value);
}

static void take_cells(struct checking *c, bool own)
{
    for (size_t i = 0; i < c->row->count; i++) {
        const struct sk_import_cell *cell = &c->row->cells[i];

        if (own)
            c->targets[i] = sk_import_find_target(c->importer, cell->name);
        if (c->targets[i] == NULL && own)
            sk_import_say_unknown(c->importer, cell, c->faults);
        if (c->targets[i] != NULL && c->targets[i]->own == own)
            take_cell(c, c->targets[i], cell);
    }
}

static void find_type(struct checking *c)
{
    const struct sk_vocabulary *v = c->importer->vocabulary;
    const char *name = sk_json_text(c->out->args, "type");
    const struct sk_import_cell *cell = cell_of(c, "type");
    struct sk_hint hint = sk_hint_start(sk_text(name));
    struct sk_bytes best;

    for (size_t i = 0; i < v->events_count && name[0] != '\0'; i++) {
        const struct sk_event_type *type = &v->events[i];

        sk_hint_offer(&hint, type->id);
        if (!sk_import_is_word(name, (const char *)type->id.data) &&
            !sk_import_is_label(name, &type->label))
            continue;
        c->type = type;
        json_object_set_new(c->out->args, "type",
                            json_string((const char *)type->id.data));
        return;
    }
    if (cell == NULL || cell->value == NULL) {
        say_missing(c, "type");
        return;
    }
    best = sk_hint_best(&hint);
    if (name[0] != '\0')
        sk_import_fault_say(
            fault_at(c, cell, "unknown-event-type"),
            "deze soort gebeurtenis is niet bekend%s%.*s%s.  Zie: schakel "
            "import events --columns",
            "this type of event is not known%s%.*s%s.  See: schakel import "
            "events --columns",
            best.size > 0 ? " ('" : "", (int)best.size,
            best.size > 0 ? (const char *)best.data : "",
            best.size > 0 ? "'?)" : "");
}

/* Somebody must be named, in one of three ways. */
static void check_person(struct checking *c)
{
    static const char *const ways[] = {"participant_source_id", "participant",
                                       "participant_insz"};
    const char *column = ways[0];

    for (size_t i = SK_COUNT(ways); i-- > 0;) {
        const struct sk_import_cell *cell = cell_of(c, ways[i]);

        if (cell != NULL && cell->value != NULL)
            return;
        if (cell != NULL)
            column = ways[i];
    }
    say_missing(c, column);
}

static void check_event(struct checking *c)
{
    const struct sk_vocabulary *v = c->importer->vocabulary;

    find_type(c);
    take_cells(c, /* own */ false);
    for (size_t i = 1; c->type != NULL && i < c->type->fields_count; i++) {
        const char *id = (const char *)v->fields[c->type->fields[i]].id.data;
        const struct sk_import_cell *cell = cell_of(c, id);

        if (c->type->required[i] && (cell == NULL || cell->value == NULL))
            say_missing(c, id);
    }
    check_person(c);
    json_object_set(c->out->args, "fields", c->fields);
}

bool sk_import_check_row(struct sk_importer *importer,
                         const struct sk_import_row *row,
                         struct sk_import_faults *faults,
                         struct sk_import_args *out)
{
    struct checking c = {.importer = importer,
                         .faults = faults,
                         .row = row,
                         .out = out,
                         .fields = json_object()};
    size_t before = faults->count;
    const char *const required[] = {
        "source_id",
        importer->kind == SK_IMPORT_PARTICIPANTS ? "given_name" : "type"};

    *out =
        (struct sk_import_args){.args = json_object(), .places = json_object()};
    take_cells(&c, /* own */ true);
    for (size_t i = 0; i < 1 + (importer->kind == SK_IMPORT_PARTICIPANTS);
         i++) {
        const struct sk_import_cell *cell = cell_of(&c, required[i]);

        if (cell == NULL || cell->value == NULL)
            say_missing(&c, required[i]);
    }
    if (importer->kind == SK_IMPORT_EVENTS)
        check_event(&c);
    json_decref(c.fields);
    if (faults->count == before)
        return true;
    sk_import_args_free(out);
    return false;
}

void sk_import_args_free(struct sk_import_args *args)
{
    json_decref(args->args);
    json_decref(args->places);
    *args = (struct sk_import_args){0};
}
