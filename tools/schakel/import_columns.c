#include "tools/schakel/import_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "policies/findings.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"

#define SOURCE_SIZE_MAX 200

/* What a column may be; the vocabulary has those of events besides. */
struct column {
    const char *id;
    const char *nl;
    const char *en;
    enum sk_kind kind;
    uint32_t max;       /* characters */
    const char *format; /* of a code */
};

static const struct column participant_columns[] = {
    {"source_id", "Kenmerk", "Key", SK_KIND_TEXT, SOURCE_SIZE_MAX, NULL},
    {"given_name", "Voornaam", "Given name", SK_KIND_NAME, 200, NULL},
    {"family_name", "Achternaam", "Family name", SK_KIND_NAME, 200, NULL},
    {"birth_date", "Geboortedatum", "Birth date", SK_KIND_BIRTHDATE, 0, NULL},
    {"insz", "Rijksregister- of bisnummer", "INSZ / national number",
     SK_KIND_CODE, 0, "insz"},
    {"administration_from", "Onder bewind vanaf", "Under administration from",
     SK_KIND_DATE, 0, NULL},
    {"administration_until", "Onder bewind tot", "Under administration until",
     SK_KIND_DATE, 0, NULL},
};

static const struct column event_columns[] = {
    {"source_id", "Kenmerk", "Key", SK_KIND_TEXT, SOURCE_SIZE_MAX, NULL},
    {"participant", "Deelnemer", "Participant", SK_KIND_CODE, 0, "uuid"},
    {"participant_source_id", "Kenmerk van de deelnemer",
     "Key of the participant", SK_KIND_TEXT, SOURCE_SIZE_MAX, NULL},
    {"participant_insz", "Rijksregisternummer van de deelnemer",
     "INSZ of the participant", SK_KIND_CODE, 0, "insz"},
    {"type", "Soort", "Type", SK_KIND_TEXT, 64, NULL},
    {"provenance", "Herkomst", "Provenance", SK_KIND_TEXT, 64, NULL},
};

bool sk_import_is_word(const char *text, const char *word)
{
    return word != NULL && strcasecmp(text, word) == 0;
}

bool sk_import_is_label(const char *text, const struct sk_label *label)
{
    return sk_import_is_word(text, (const char *)label->nl.data) ||
           sk_import_is_word(text, (const char *)label->en.data);
}

static const struct column *columns_of(const struct sk_importer *importer,
                                       size_t *count)
{
    if (importer->kind == SK_IMPORT_PARTICIPANTS) {
        *count = SK_COUNT(participant_columns);
        return participant_columns;
    }
    *count = SK_COUNT(event_columns);
    return event_columns;
}

/* Each name that a file uses is looked up once. */
#define NAMES_MAX 512
struct sk_import_names {
    json_t *at; /* name -> place in the list */
    struct sk_import_target list[NAMES_MAX];
    size_t count;
};

bool sk_importer_start(struct sk_importer *importer)
{
    importer->names = calloc(1, sizeof(*importer->names));
    importer->seen = json_object();
    if (importer->names == NULL || importer->seen == NULL)
        return false;
    importer->names->at = json_object();
    return importer->names->at != NULL;
}

void sk_importer_end(struct sk_importer *importer)
{
    if (importer->names != NULL)
        json_decref(importer->names->at);
    free(importer->names);
    json_decref(importer->seen);
    importer->names = NULL;
    importer->seen = NULL;
}

static bool look_up(const struct sk_importer *importer, const char *name,
                    struct sk_import_target *out)
{
    const struct sk_vocabulary *v = importer->vocabulary;
    size_t count;
    const struct column *columns = columns_of(importer, &count);

    for (size_t i = 0; i < count; i++) {
        const struct column *c = &columns[i];

        if (!sk_import_is_word(name, c->id) &&
            !sk_import_is_word(name, c->nl) && !sk_import_is_word(name, c->en))
            continue;
        *out = (struct sk_import_target){.id = c->id, .own = true};
        out->field.kind = c->kind;
        out->field.max = c->max;
        if (c->format != NULL) {
            out->field.format = sk_text(c->format);
            out->field.form = sk_format_find(out->field.format);
        }
        return true;
    }
    for (size_t i = 0; v != NULL && i < v->fields_count; i++) {
        const struct sk_field *field = &v->fields[i];

        if (importer->kind == SK_IMPORT_EVENTS &&
            (sk_import_is_word(name, (const char *)field->id.data) ||
             sk_import_is_label(name, &field->label))) {
            *out = (struct sk_import_target){.id = (const char *)field->id.data,
                                             .field = *field};
            return true;
        }
    }
    return false;
}

const struct sk_import_target *
sk_import_find_target(const struct sk_importer *importer, const char *name)
{
    struct sk_import_names *names = importer->names;
    const json_t *at = json_object_get(names->at, name);

    if (at != NULL)
        return &names->list[json_integer_value(at)];
    if (names->count == NAMES_MAX ||
        !look_up(importer, name, &names->list[names->count]))
        return NULL;
    json_object_set_new(names->at, name,
                        json_integer((json_int_t)names->count));
    return &names->list[names->count++];
}

void sk_import_say_unknown(const struct sk_importer *importer,
                           const struct sk_import_cell *cell,
                           struct sk_import_faults *faults)
{
    struct sk_hint hint = sk_hint_start(sk_text(cell->name));
    struct sk_import_fault *fault = sk_import_fault_add(
        faults, cell->line, cell->column, cell->name, "unknown-column");
    const struct sk_vocabulary *v = importer->vocabulary;
    struct sk_bytes best;
    size_t count;
    const struct column *columns = columns_of(importer, &count);

    for (size_t i = 0; i < count; i++)
        sk_hint_offer(&hint, sk_text(columns[i].id));
    for (size_t i = 0;
         importer->kind == SK_IMPORT_EVENTS && v != NULL && i < v->fields_count;
         i++)
        sk_hint_offer(&hint, v->fields[i].id);
    best = sk_hint_best(&hint);
    if (best.size > 0)
        sk_import_fault_say(fault,
                            "deze kolom is niet bekend.  Bedoelde u '%.*s'?",
                            "this column is not known.  Did you mean '%.*s'?",
                            (int)best.size, (const char *)best.data);
    else
        sk_import_fault_say(
            fault,
            "deze kolom is niet bekend.  Schrap ze, of gebruik een naam van: "
            "schakel import %s --columns",
            "this column is not known.  Delete it, or use a name of: schakel "
            "import %s --columns",
            importer->kind == SK_IMPORT_EVENTS ? "events" : "participants");
}

bool sk_import_check_columns(const struct sk_importer *importer,
                             const struct sk_import_row *columns,
                             struct sk_import_faults *faults)
{
    json_t *seen = json_object();
    size_t before = faults->count;

    for (size_t i = 0; i < columns->count; i++) {
        const struct sk_import_cell *cell = &columns->cells[i];
        const struct sk_import_target *target =
            sk_import_find_target(importer, cell->name);

        if (target == NULL) {
            sk_import_say_unknown(importer, cell, faults);
            continue;
        }
        if (json_object_get(seen, target->id) != NULL)
            sk_import_fault_say(
                sk_import_fault_add(faults, cell->line, cell->column,
                                    cell->name, "column-twice"),
                "deze kolom staat er twee keer (%s).  Schrap er een.",
                "this column is there twice (%s).  Delete one.", target->id);
        json_object_set_new(seen, target->id, json_true());
    }
    if (json_object_get(seen, "source_id") == NULL)
        sk_import_fault_say(
            sk_import_fault_add(faults, columns->line, 1, "source_id",
                                "missing-column"),
            "de kolom source_id (Kenmerk) ontbreekt.  Zet daarin het nummer "
            "dat uw eigen systeem aan deze regel geeft: zo komt niets er twee "
            "keer in.",
            "the column source_id (Key) is missing.  Put the number there that "
            "your own system gives this row: so nothing comes in twice.");
    json_decref(seen);
    return faults->count == before;
}

static void print_column(const char *id, const char *nl, const char *en)
{
    printf("  %-24s %s\n", id, sk_cli_word(nl, en));
}

static void print_events(const struct sk_vocabulary *v)
{
    printf("\n%s\n", sk_cli_word("Soorten en hun gegevens (* moet er zijn):",
                                 "Types and their fields (* must be there):"));
    for (size_t i = 0; i < v->events_count; i++) {
        const struct sk_event_type *type = &v->events[i];

        print_column((const char *)type->id.data,
                     (const char *)type->label.nl.data,
                     (const char *)type->label.en.data);
        for (size_t k = 0; k < type->fields_count; k++)
            printf("%s%s%s", k == 0 ? "      " : ", ",
                   (const char *)v->fields[type->fields[k]].id.data,
                   k > 0 && type->required[k] ? "*" : "");
        putchar('\n');
    }
    printf("\n%s\n", sk_cli_word("Gegevens:", "Fields:"));
    for (size_t i = 0; i < v->fields_count; i++)
        print_column((const char *)v->fields[i].id.data,
                     (const char *)v->fields[i].label.nl.data,
                     (const char *)v->fields[i].label.en.data);
}

void sk_import_show_columns(const struct sk_importer *importer)
{
    size_t count;
    const struct column *columns = columns_of(importer, &count);

    for (size_t i = 0; i < count; i++)
        print_column(columns[i].id, columns[i].nl, columns[i].en);
    if (importer->kind == SK_IMPORT_EVENTS)
        print_events(importer->vocabulary);
}
