#include "tools/schakel/hint.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/import.h"
#include "tools/schakel/json.h"

struct hint {
    FILE *out;
    const struct sk_vocabulary *v;
    bool dutch;
};

static const char *word(const struct hint *h, const char *nl, const char *en)
{
    return h->dutch ? nl : en;
}

static void say(const struct hint *h, struct sk_bytes id,
                const struct sk_label *label, const char *more)
{
    const struct sk_bytes *text = h->dutch ? &label->nl : &label->en;

    fprintf(h->out, "     %-22.*s %.*s%s\n", (int)id.size,
            (const char *)id.data, (int)text->size, (const char *)text->data,
            more);
}

/* ------------------------------------------------------------- an event */

static void values_of(const struct hint *h, const struct sk_field *field)
{
    for (size_t i = 0; i < field->codelist->count; i++)
        say(h, field->codelist->values[i].id, &field->codelist->values[i].label,
            "");
}

/* What can stand in a field. */
static void describe(const struct hint *h, const struct sk_field *field)
{
    switch (field->kind) {
    case SK_KIND_ENUM:
        fprintf(h->out, "%s\n", word(h, "kies een van:", "choose one of:"));
        values_of(h, field);
        return;
    case SK_KIND_SET:
        fprintf(h->out, "%s\n",
                word(h, "kies, als [A,B], uit:", "choose, as [A,B], from:"));
        values_of(h, field);
        return;
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
        fprintf(
            h->out, "%s: %u\n",
            word(h, "tekst; tekens, hoogstens", "text; characters, at most"),
            field->max);
        return;
    case SK_KIND_BOOL:
        fprintf(h->out, "true, false\n");
        return;
    case SK_KIND_NUMBER:
        fprintf(h->out, "%s: %u\n",
                word(h, "een getal; cijfers na het punt, hoogstens",
                     "a number; decimals, at most"),
                field->decimals);
        return;
    case SK_KIND_DATE:
        fprintf(h->out, "YYYY-MM-DD\n");
        return;
    case SK_KIND_DATETIME:
        fprintf(h->out, "YYYY-MM-DDTHH:MM\n");
        return;
    case SK_KIND_WEEK:
        fprintf(h->out, "YYYY-Www\n");
        return;
    case SK_KIND_BIRTHDATE:
        fprintf(h->out, "YYYY, YYYY-MM, YYYY-MM-DD\n");
        return;
    case SK_KIND_CODE:
        fprintf(h->out, "%s: %.*s\n", word(h, "een code", "a code"),
                (int)field->format.size, (const char *)field->format.data);
        return;
    }
}

static void fields_of(const struct hint *h, const struct sk_event_type *type)
{
    fprintf(h->out, "  -> %s\n",
            word(h, "deze gebeurtenis kent (* moet):",
                 "this event has (* required):"));
    /* Behind `occurred`, which is an argument of its own. */
    for (size_t i = 1; i < type->fields_count; i++) {
        const struct sk_field *field = &h->v->fields[type->fields[i]];

        say(h, field->id, &field->label, type->required[i] ? " *" : "");
    }
}

static bool has_field(const struct sk_event_type *type, uint16_t at)
{
    for (size_t i = 0; i < type->fields_count; i++)
        if (type->fields[i] == at)
            return true;
    return false;
}

static void hint_event(const struct hint *h, const json_t *args,
                       const char *name)
{
    uint16_t type =
        sk_vocabulary_event(h->v, sk_text(sk_json_text(args, "type")));
    uint16_t at = sk_vocabulary_field(h->v, sk_text(name));
    const json_t *fields = json_object_get(args, "fields");

    if (type == SK_NONE)
        return;
    if (at == SK_NONE || !has_field(&h->v->events[type], at)) {
        fields_of(h, &h->v->events[type]);
        return;
    }
    fprintf(h->out, "  -> %s ",
            json_object_get(fields, name) == NULL
                ? word(h, "dit ontbreekt:", "this is missing:")
                : word(h, "deze waarde kan niet:", "this value cannot be:"));
    describe(h, &h->v->fields[at]);
}

static void hint_types(const struct hint *h)
{
    fprintf(h->out, "  -> %s\n", word(h, "kies een van:", "choose one of:"));
    for (size_t i = 0; i < h->v->events_count; i++)
        say(h, h->v->events[i].id, &h->v->events[i].label, "");
}

/* ------------------------------------------------------------- a consent */

static void hint_purposes(const struct hint *h)
{
    fprintf(h->out, "  -> %s\n", word(h, "kies uit:", "choose from:"));
    for (size_t i = 0; i < h->v->purposes_count; i++)
        if (h->v->purposes[i].leaf && h->v->purposes[i].events)
            say(h, h->v->purposes[i].id, &h->v->purposes[i].label, "");
}

static void hint_categories(const struct hint *h)
{
    fprintf(h->out, "  -> %s\n", word(h, "kies uit:", "choose from:"));
    for (size_t i = 0; i < h->v->categories_count; i++)
        if (h->v->categories[i].leaf)
            say(h, h->v->categories[i].id, &h->v->categories[i].label, "");
}

void sk_hint_print(FILE *out, const struct sk_vocabulary *vocabulary,
                   const json_t *args, const json_t *error, bool dutch)
{
    struct hint h = {.out = out, .v = vocabulary, .dutch = dutch};
    const char *code = sk_json_text(error, "code");
    const char *field = sk_json_text(error, "field");
    bool consent = strcmp(code, "consent-not-leaf") == 0;

    if (strcmp(code, "malformed-event") == 0 && field[0] != '\0')
        hint_event(&h, args, field);
    else if (strcmp(code, "unknown-event-type") == 0 &&
             strcmp(field, "type") == 0)
        hint_types(&h);
    else if (consent && strcmp(field, "purposes") == 0)
        hint_purposes(&h);
    else if (consent && strcmp(field, "categories") == 0)
        hint_categories(&h);
}

/* ------------------------------------------------------------- a participant
 */

void sk_hint_person(FILE *out, const char *field, const char *value,
                    int32_t today, bool dutch)
{
    struct sk_importer importer = {.kind = SK_IMPORT_PARTICIPANTS,
                                   .today = today};
    struct sk_import_faults faults = {0};
    static struct sk_import_row row;
    struct sk_import_args read = {0};

    row = (struct sk_import_row){
        .line = 1, .count = 1, .cells = {{field, json_string(value), 1, 1}}};
    if (row.cells[0].value != NULL && sk_importer_start(&importer) &&
        sk_import_check_row(&importer, &row, &faults, &read))
        sk_import_args_free(&read);
    for (size_t i = 0; i < faults.count; i++)
        if (strcmp(faults.list[i].field, field) == 0)
            fprintf(out, "  -> %s\n",
                    dutch ? faults.list[i].nl : faults.list[i].en);
    free(faults.list);
    json_decref(row.cells[0].value);
    sk_importer_end(&importer);
}

/* What was typed about somebody; an import says it in the same words. */
static void hint_typed(struct sk_client *client, const json_t *args,
                       const char *field)
{
    static const char *const fields[] = {"birth_date", "family_name",
                                         "given_name", "insz"};
    const char *value = sk_json_text(args, field);
    json_t *reply = NULL;
    char now[11] = "";
    int32_t today;

    for (size_t i = 0; i < SK_COUNT(fields); i++) {
        if (strcmp(fields[i], field) != 0)
            continue;
        if (sk_client_call(client, "node.status", NULL, NULL, 0, &reply) ==
            SK_OK)
            snprintf(now, sizeof(now), "%s",
                     sk_json_text(json_object_get(reply, "result"), "now"));
        json_decref(reply);
        if (sk_day_parse(sk_text(now), &today))
            sk_hint_person(stderr, field, value, today, sk_cli_dutch());
    }
}

void sk_hint(struct sk_client *client, const json_t *args, const json_t *error)
{
    static const char *const codes[] = {"consent-not-leaf", "malformed-event",
                                        "unknown-event-type"};
    const char *code = sk_json_text(error, "code");
    struct sk_glossary *glossary;

    if (strcmp(code, "bad-argument") == 0 || strcmp(code, "insz-invalid") == 0)
        hint_typed(client, args, sk_json_text(error, "field"));
    for (size_t i = 0; i < SK_COUNT(codes); i++) {
        if (strcmp(codes[i], code) != 0)
            continue;
        glossary = sk_glossary_ask(client, sk_cli_dutch());
        if (glossary != NULL)
            sk_hint_print(stderr, sk_glossary_vocabulary(glossary), args, error,
                          sk_cli_dutch());
        sk_glossary_close(&glossary);
    }
}
