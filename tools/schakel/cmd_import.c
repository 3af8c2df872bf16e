#include "tools/schakel/cmd_import.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "protocol/texts.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/glossary.h"
#include "tools/schakel/import.h"
#include "tools/schakel/json.h"
#include "tools/schakel/pipeline.h"

#define MORE_NL                                                                \
    "FILE is CSV (UTF-8, met ; of ,) of NDJSON (.ndjson).  De eerste regel "   \
    "van CSV noemt de\nkolommen, met hun naam of hun Nederlandse benaming: "   \
    "--columns toont ze.  De kolom\nsource_id (Kenmerk) is het nummer in uw "  \
    "eigen systeem: wat er al was, komt er niet\nnog eens in.  Eerst wordt "   \
    "alles nagekeken; is er een regel fout, dan wordt niets\nbewaard.\n"
#define MORE_EN                                                                \
    "FILE is CSV (UTF-8, with ; or ,) or NDJSON (.ndjson).  The first line of" \
    " CSV names the\ncolumns, by their name or their Dutch label: --columns "  \
    "shows them.  The column\nsource_id (Kenmerk) is the number in your own "  \
    "system: what was there already does\nnot come in again.  Everything is "  \
    "checked first; when one row is wrong, nothing is\nstored.\n"
#define OPTIONS                                                                \
    {                                                                          \
        {"dir",                                                                \
         "DIR",                                                                \
         false,                                                                \
         false,                                                                \
         "de map van het knooppunt (of SCHAKEL_DIR)",                          \
         "the node's folder (or SCHAKEL_DIR)"},                                \
            {"dry-run",                                                        \
             NULL,                                                             \
             false,                                                            \
             false,                                                            \
             "kijk alleen na, bewaar niets",                                   \
             "only check, store nothing"},                                     \
            {"skip-bad",                                                       \
             NULL,                                                             \
             false,                                                            \
             false,                                                            \
             "bewaar wat goed is; wat geweigerd is komt in FILE.refused.csv",  \
             "store what is good; what is refused goes to FILE.refused.csv"},  \
        {                                                                      \
            "columns", NULL, false, false, "toon welke kolommen er zijn",      \
                "show which columns there are"                                 \
        }                                                                      \
    }

const struct sk_command sk_import_commands[] = {
    {.name = "import participants",
     .operands = "FILE",
     .operands_max = 1,
     .nl = "schrijf deelnemers in uit een bestand",
     .en = "register participants from a file",
     .more_nl = MORE_NL,
     .more_en = MORE_EN,
     .options = OPTIONS},
    {.name = "import events",
     .operands = "FILE",
     .operands_max = 1,
     .nl = "noteer gebeurtenissen uit een bestand",
     .en = "record events from a file",
     .more_nl = MORE_NL,
     .more_en = MORE_EN,
     .options = OPTIONS},
    {.name = "import kvs",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "maak ontwerpen van een antwoord van een Klant Volg Systeem (OSLO)",
     .en = "make drafts of an answer of a Klant Volg Systeem (OSLO)",
     .more_nl =
         "FILE is JSON-LD: een antwoord, of een lijst.  Wat te begrijpen is "
         "wordt een ontwerp, met\nherkomst authentieke bron: het telt niet "
         "en wordt niet gedeeld.  Een begeleider bevestigt\nelk: schakel "
         "draft list DEELNEMER, draft confirm, draft drop.  Wat niet is "
         "overgenomen\nstaat in het verslag.\n",
     .more_en =
         "FILE is JSON-LD: an answer, or a list.  What is understood becomes a "
         "draft, with provenance\nauthentic source: it does not count and is "
         "not shared.  A coach confirms each: schakel\ndraft list "
         "PARTICIPANT, draft confirm, draft drop.  What was not taken over is "
         "in the\nreport.\n",
     .options = {{"dir", "DIR", false, false,
                  "de map van het knooppunt (of SCHAKEL_DIR)",
                  "the node's folder (or SCHAKEL_DIR)"},
                 {"from", "ORG", true, false, "welke partner antwoordde",
                  "which partner answered"},
                 {"participant", "ID", false, false,
                  "over wie (anders: het rijksregisternummer in het antwoord)",
                  "about whom (else: the national number in the answer)"},
                 {"dry-run", NULL, false, false, "kijk alleen na, bewaar niets",
                  "only check, store nothing"}}},
    {0},
};

enum outcome { NEW, ADDED, SAME, DIFFERS, ERASED, REFUSED };

struct line {
    size_t line;
    struct sk_bytes raw;
    struct sk_import_args a;
    enum outcome outcome;
};

struct import {
    const char *path;
    const char *dir;
    struct sk_client *client;
    struct sk_glossary *glossary;
    struct sk_bytes bytes;
    struct sk_import_file *file;
    struct sk_importer importer;
    struct sk_import_faults faults;
    struct line *lines;
    size_t count;
    size_t room;
    json_t *people;   /* "source_id kids-7" -> [args, participant or null] */
    json_t **persons; /* the same, by number; borrowed */
    bool dry_run;
    bool skip_bad;
    bool usable;  /* the file, as a whole */
    bool storing; /* what is asked now is no trial */
    bool stored;
    char refused_path[4096];
};

static const char *operation(const struct import *im)
{
    return im->importer.kind == SK_IMPORT_EVENTS ? "event.record"
                                                 : "participant.add";
}

/* ------------------------------------------------------------- reading */

static struct line *add_line(struct import *im, const struct sk_import_row *row)
{
    if (im->count == im->room) {
        im->room = im->room == 0 ? 64 : im->room * 2;
        im->lines = realloc(im->lines, im->room * sizeof(*im->lines));
        if (im->lines == NULL)
            abort();
    }
    im->lines[im->count] =
        (struct line){.line = row->line, .raw = row->raw, .outcome = REFUSED};
    return &im->lines[im->count++];
}

/* Every row of the file, checked; false when it cannot be used at all. */
static bool read_rows(struct import *im)
{
    static struct sk_import_row row;

    if (sk_import_file_open(im->path, im->bytes, &im->faults, &im->file) !=
        SK_OK)
        return false;
    im->importer.csv = sk_import_file_is_csv(im->file);
    if (im->importer.csv &&
        !sk_import_check_columns(&im->importer,
                                 sk_import_file_columns(im->file), &im->faults))
        return false;
    while (sk_import_file_next(im->file, &im->faults, &row)) {
        struct line *line = add_line(im, &row);

        if (!row.bad &&
            sk_import_check_row(&im->importer, &row, &im->faults, &line->a))
            line->outcome = NEW;
        sk_import_row_free(&row);
    }
    return true;
}

/* ------------------------------------------------------------- refusals */

/* The node refuses a row: at the cell that it names. */
/* detail: a word or an id that the node gives with it, or "". */
static void refuse(struct import *im, struct line *line, const char *code,
                   const char *field, const char *detail)
{
    bool more = detail[0] != '\0';
    const json_t *place = json_object_get(line->a.places, field);
    const char *nl = sk_code_text(code, true);
    const char *en = sk_code_text(code, false);
    const char *next_nl = sk_code_next(code, true);
    const char *next_en = sk_code_next(code, false);
    struct sk_import_fault *fault = sk_import_fault_add(
        &im->faults,
        place == NULL ? line->line
                      : (size_t)json_integer_value(json_array_get(place, 0)),
        place == NULL ? 1
                      : (size_t)json_integer_value(json_array_get(place, 1)),
        place == NULL ? field : json_string_value(json_array_get(place, 2)),
        nl == NULL ? "refused" : sk_code_find(sk_text(code))->code);

    snprintf(fault->nl, sizeof(fault->nl), "%s%s%s%s.  %s",
             nl == NULL ? code : nl, more ? " (" : "", detail, more ? ")" : "",
             next_nl == NULL ? "" : next_nl);
    snprintf(fault->en, sizeof(fault->en), "%s%s%s%s.  %s",
             en == NULL ? code : en, more ? " (" : "", detail, more ? ")" : "",
             next_en == NULL ? "" : next_en);
    line->outcome = REFUSED;
}

/* ------------------------------------------------------------- people */

static const json_t *person_args(void *context, size_t i)
{
    struct import *im = context;

    return json_array_get(im->persons[i], 0);
}

static void person_answer(void *context, size_t i, const json_t *reply)
{
    struct import *im = context;
    const json_t *found = json_array_get(
        json_object_get(json_object_get(reply, "result"), "participants"), 0);

    json_array_set(im->persons[i], 1, json_object_get(found, "participant"));
}

static void person_key(const struct line *line, char *out, size_t size_max)
{
    snprintf(out, size_max, "%s %s", line->a.person, line->a.key);
}

/* Each that is named by a key, once. */
static void list_people(struct import *im)
{
    char key[512];
    size_t count;
    void *it;

    im->people = json_object();
    for (size_t i = 0; i < im->count; i++) {
        const struct line *line = &im->lines[i];

        if (line->outcome != NEW || strcmp(line->a.person, "participant") == 0)
            continue;
        person_key(line, key, sizeof(key));
        if (json_object_get(im->people, key) == NULL)
            json_object_set_new(
                im->people, key,
                json_pack("[{s:s}, n]", line->a.person, line->a.key));
    }
    count = json_object_size(im->people);
    im->persons = calloc(count + 1, sizeof(json_t *));
    if (im->persons == NULL)
        abort();
    it = json_object_iter(im->people);
    for (size_t i = 0; i < count; i++) {
        im->persons[i] = json_object_iter_value(it);
        it = json_object_iter_next(im->people, it);
    }
}

static void set_person(struct import *im, struct line *line)
{
    char key[512];
    json_t *id;

    if (strcmp(line->a.person, "participant") == 0) {
        json_object_set_new(line->a.args, "participant",
                            json_string(line->a.key));
        return;
    }
    person_key(line, key, sizeof(key));
    id = json_array_get(json_object_get(im->people, key), 1);
    if (json_is_string(id))
        json_object_set(line->a.args, "participant", id);
    else
        refuse(im, line, "unknown-participant", "participant", "");
}

/* Who the events are about. */
static int find_people(struct import *im)
{
    struct sk_pipeline what = {.dir = im->dir,
                               .op = "participant.find",
                               .nl = "deelnemers gezocht",
                               .en = "participants looked up",
                               .args = person_args,
                               .answer = person_answer,
                               .context = im};
    int code;

    list_people(im);
    what.count = json_object_size(im->people);
    code = sk_pipeline_run(&im->client, &what);
    for (size_t i = 0; code < 0 && i < im->count; i++)
        if (im->lines[i].outcome == NEW)
            set_person(im, &im->lines[i]);
    return code;
}

/* ------------------------------------------------------------- asking */

static const json_t *line_args(void *context, size_t i)
{
    struct import *im = context;
    struct line *line = &im->lines[i];

    if (line->outcome != NEW)
        return NULL;
    if (im->storing)
        json_object_del(line->a.args, "dry_run");
    else
        json_object_set_new(line->a.args, "dry_run", json_true());
    return line->a.args;
}

/* What was new at the trial and is known now, was stored by us: the node went
   away before it could say so. */
static enum outcome outcome_of(const struct import *im, const json_t *result)
{
    const char *known = sk_json_text(result, "known");

    if (strcmp(known, "differs") == 0)
        return DIFFERS;
    if (strcmp(known, "erased") == 0)
        return ERASED;
    if (im->storing)
        return ADDED;
    return strcmp(known, "same") == 0 ? SAME : NEW;
}

static void line_answer(void *context, size_t i, const json_t *reply)
{
    struct import *im = context;
    struct line *line = &im->lines[i];
    const json_t *error = json_object_get(reply, "error");

    if (error != NULL)
        refuse(im, line, sk_json_text(error, "code"),
               sk_json_text(error, "field"), sk_json_text(error, "detail"));
    else
        line->outcome = outcome_of(im, json_object_get(reply, "result"));
}

static int ask_lines(struct import *im, bool storing)
{
    struct sk_pipeline what = {.dir = im->dir,
                               .op = operation(im),
                               .count = im->count,
                               .nl = storing ? "bewaard" : "nagekeken",
                               .en = storing ? "stored" : "checked",
                               .args = line_args,
                               .answer = line_answer,
                               .context = im};

    im->storing = storing;
    return sk_pipeline_run(&im->client, &what);
}

static size_t count_of(const struct import *im, enum outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < im->count; i++)
        count += im->lines[i].outcome == outcome;
    return count;
}

/* ------------------------------------------------------------- refused file */

/* FILE.refused.csv: the header and the refused rows, as they stood there. */
static int write_refused(struct import *im)
{
    bool csv = im->importer.csv;
    struct sk_bytes header = sk_import_file_header(im->file);
    size_t size_max = im->bytes.size + 16 + header.size + im->count;
    char *text;
    size_t used = 0;
    enum sk_status status;

    if (!im->skip_bad || count_of(im, REFUSED) == 0)
        return -1;
    text = malloc(size_max);
    if (text == NULL)
        abort();
    if (csv) /* with the mark by which Excel knows UTF-8 */
        used = (size_t)sprintf(text, "\xef\xbb\xbf%.*s\n", (int)header.size,
                               (const char *)header.data);
    for (size_t i = 0; i < im->count; i++) {
        const struct line *line = &im->lines[i];

        if (line->outcome != REFUSED)
            continue;
        memcpy(text + used, line->raw.data, line->raw.size);
        used += line->raw.size;
        text[used++] = '\n';
    }
    snprintf(im->refused_path, sizeof(im->refused_path), "%s.refused.%s",
             im->path, csv ? "csv" : "ndjson");
    status = sk_cli_write(im->refused_path,
                          (struct sk_bytes){(uint8_t *)text, used}, 0600,
                          /* replace */ true);
    free(text);
    return status == SK_OK ? -1 : sk_cli_fail_file(status, im->refused_path);
}

/* ------------------------------------------------------------- report */

static int compare_faults(const void *a, const void *b)
{
    const struct sk_import_fault *x = a;
    const struct sk_import_fault *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return 0;
}

static void tell_faults(struct import *im)
{
    for (size_t i = 0; i < im->faults.count; i++) {
        const struct sk_import_fault *f = &im->faults.list[i];

        fprintf(stderr, "%s:%zu:%zu: %s%s%s\n", im->path, f->line, f->column,
                f->field, f->field[0] == '\0' ? "" : ": ",
                sk_cli_word(f->nl, f->en));
    }
    for (size_t i = 0; i < im->count; i++) {
        if (im->lines[i].outcome == DIFFERS)
            fprintf(stderr, "%s:%zu: %s\n", im->path, im->lines[i].line,
                    sk_cli_word("dit kenmerk kwam al binnen met andere "
                                "gegevens; er is niets veranderd",
                                "this key came in before with other values; "
                                "nothing was changed"));
        if (im->lines[i].outcome == ERASED)
            fprintf(stderr, "%s:%zu: %s\n", im->path, im->lines[i].line,
                    sk_cli_word("wat onder dit kenmerk stond is hier gewist, "
                                "en komt niet terug",
                                "what was under this key was erased here, and "
                                "does not come back"));
    }
}

static json_t *lines_of(const struct import *im, enum outcome outcome)
{
    json_t *list = json_array();

    for (size_t i = 0; i < im->count; i++)
        if (im->lines[i].outcome == outcome)
            json_array_append_new(list,
                                  json_integer((json_int_t)im->lines[i].line));
    return list;
}

static void print_json(const struct import *im, bool good)
{
    json_t *refused = json_array();
    json_t *result = json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:b}", "rows",
        (json_int_t)im->count, "added", (json_int_t)count_of(im, ADDED), "new",
        (json_int_t)count_of(im, NEW), "known", (json_int_t)count_of(im, SAME),
        "differs", lines_of(im, DIFFERS), "erased", lines_of(im, ERASED),
        "dry_run", im->dry_run, "stored", im->stored);
    json_t *out;

    for (size_t i = 0; i < im->faults.count; i++) {
        const struct sk_import_fault *f = &im->faults.list[i];

        json_array_append_new(refused,
                              json_pack("{s:I, s:I, s:s, s:s, s:s, s:s}",
                                        "line", (json_int_t)f->line, "column",
                                        (json_int_t)f->column, "field",
                                        f->field, "code", f->code, "message_nl",
                                        f->nl, "message_en", f->en));
    }
    json_object_set_new(result, "refused", refused);
    if (im->refused_path[0] != '\0')
        json_object_set_new(result, "refused_file",
                            json_string(im->refused_path));
    out = json_pack("{s:b, s:o}", "ok", good, "result", result);
    sk_json_print(out);
    json_decref(out);
}

static void print_summary(const struct import *im)
{
    bool nl = sk_cli_dutch();
    size_t refused = count_of(im, REFUSED);
    size_t fresh = count_of(im, NEW) + count_of(im, ADDED);
    static const struct sk_noun rows = {{"rij", "rijen"}, {"row", "rows"}};

    if (!im->usable) {
        puts(nl ? "Dit bestand is zo niet te gebruiken; er is niets bewaard."
                : "This file cannot be used as it is; nothing was stored.");
        return;
    }
    printf(nl ? "%zu %s: %zu nieuw, %zu al bekend, %zu geweigerd.\n"
              : "%zu %s: %zu new, %zu known already, %zu refused.\n",
           im->count, sk_noun_word(&rows, nl, im->count), fresh,
           im->count - fresh - refused, refused);
    if (im->dry_run)
        puts(nl ? "Dit was een proef: er is niets bewaard."
                : "This was a trial: nothing was stored.");
    else if (!im->stored)
        puts(nl ? "Er is niets bewaard.  Verbeter wat hierboven staat, of "
                  "bewaar de rest met --skip-bad."
                : "Nothing was stored.  Correct what stands above, or store "
                  "the rest with --skip-bad.");
    else
        printf(nl ? "%zu bewaard.\n" : "%zu stored.\n", count_of(im, ADDED));
    if (im->refused_path[0] != '\0')
        printf(nl ? "Wat geweigerd is staat in %s\n"
                  : "What was refused is in %s\n",
               im->refused_path);
}

static int report(struct import *im)
{
    bool good = im->faults.count == 0;

    if (im->faults.count > 0)
        qsort(im->faults.list, im->faults.count, sizeof(*im->faults.list),
              compare_faults);
    if (sk_cli_json()) {
        print_json(im, good);
    } else {
        tell_faults(im);
        print_summary(im);
    }
    return good ? SK_EXIT_YES : SK_EXIT_NO;
}

/* ------------------------------------------------------------- columns */

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

static int show_columns(const struct import *im)
{
    sk_import_print_columns(im->importer.kind, print_column);
    if (im->importer.kind == SK_IMPORT_EVENTS)
        print_events(im->importer.vocabulary);
    return SK_EXIT_YES;
}

/* ------------------------------------------------------------- command */

static int no_charter(void)
{
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){.code = "no-charter",
                             .nl = sk_code_text("no-charter", true),
                             .en = sk_code_text("no-charter", false),
                             .next_nl = sk_code_next("no-charter", true),
                             .next_en = sk_code_next("no-charter", false)});
}

/* What the node knows: its day, and for events its words. */
static int ask_words(struct import *im)
{
    json_t *status = NULL;
    int64_t now = 0;
    int code = sk_node_ask(im->client, "node.status", NULL, NULL, 0, &status);

    if (code >= 0)
        return code;
    (void)sk_instant_parse(sk_text(sk_json_text(status, "now")), &now);
    im->importer.today = sk_civil_day(now);
    json_decref(status);
    if (im->importer.kind != SK_IMPORT_EVENTS)
        return -1;
    im->glossary = sk_glossary_ask(im->client, sk_cli_dutch());
    if (im->glossary == NULL)
        return no_charter();
    im->importer.vocabulary = sk_glossary_vocabulary(im->glossary);
    return -1;
}

static int run(struct import *im)
{
    int code = -1;

    im->usable = read_rows(im);
    if (!im->usable) {
        code = report(im);
        return code == SK_EXIT_NO ? SK_EXIT_USAGE : code;
    }
    if (im->importer.kind == SK_IMPORT_EVENTS)
        code = find_people(im);
    if (code < 0)
        code = ask_lines(im, /* storing */ false);
    if (code < 0 && !im->dry_run && (im->faults.count == 0 || im->skip_bad)) {
        code = write_refused(im);
        if (code < 0)
            code = ask_lines(im, /* storing */ true);
        im->stored = code < 0;
        if (code < 0)
            code = write_refused(im); /* what was refused only now */
    }
    return code >= 0 ? code : report(im);
}

static void close_import(struct import *im)
{
    for (size_t i = 0; i < im->count; i++)
        sk_import_args_free(&im->lines[i].a);
    free(im->lines);
    free(im->persons);
    free(im->faults.list);
    json_decref(im->people);
    sk_importer_end(&im->importer);
    sk_import_file_close(&im->file);
    sk_glossary_close(&im->glossary);
    sk_client_close(&im->client);
    free((void *)(uintptr_t)im->bytes.data);
}

static int missing_file(void)
{
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "missing-argument",
                                            .nl = "noem een bestand",
                                            .en = "name a file",
                                            .where = "FILE",
                                            .next_nl = "zie --help",
                                            .next_en = "see --help"});
}

/* NULL: none of that name. */
static const struct sk_command *command_of(const char *word)
{
    for (const struct sk_command *c = sk_import_commands; c->name != NULL; c++)
        if (word != NULL && strcmp(c->name + strlen("import "), word) == 0)
            return c;
    return NULL;
}

int sk_cmd_import(int argc, char **argv)
{
    const struct sk_command *command = command_of(argc > 1 ? argv[1] : NULL);
    struct import im = {0};
    struct sk_parsed parsed;
    enum sk_status status = SK_OK;
    bool events;
    int code;

    if (command == NULL)
        return sk_cli_unknown("import", argc > 1 ? argv[1] : "");
    events = strcmp(command->name, "import events") == 0;
    code = sk_cli_parse(command, argc - 1, argv + 1, &parsed);
    if (code >= 0)
        return code;
    if (strcmp(command->name, "import kvs") == 0)
        return sk_cmd_import_kvs(&parsed);
    im.importer.kind = events ? SK_IMPORT_EVENTS : SK_IMPORT_PARTICIPANTS;
    im.dir = sk_cli_dir(&parsed);
    im.dry_run = sk_cli_has(&parsed, "dry-run");
    im.skip_bad = sk_cli_has(&parsed, "skip-bad");
    if (parsed.operands_count == 0 && !sk_cli_has(&parsed, "columns"))
        return missing_file();
    if (parsed.operands_count > 0) {
        im.path = parsed.operands[0];
        status = sk_cli_read(im.path, SK_IMPORT_FILE_SIZE_MAX, &im.bytes);
        if (status != SK_OK)
            return sk_cli_fail_file(status, im.path);
    }
    code = sk_node_open(&parsed, &im.client);
    if (code < 0)
        code = ask_words(&im);
    if (code < 0 && !sk_importer_start(&im.importer))
        code = SK_EXIT_SOFTWARE;
    if (code < 0)
        code = sk_cli_has(&parsed, "columns") ? show_columns(&im) : run(&im);
    close_import(&im);
    return code;
}
