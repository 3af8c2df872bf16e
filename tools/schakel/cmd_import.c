#include "tools/schakel/cmd_import.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "protocol/texts.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/glossary.h"
#include "tools/schakel/import_columns.h"
#include "tools/schakel/import_run.h"
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

static const char *operation(const struct sk_import_run *im)
{
    return im->importer.kind == SK_IMPORT_EVENTS ? "event.record"
                                                 : "participant.add";
}

/* ------------------------------------------------------------- reading */

static struct sk_import_line *add_line(struct sk_import_run *im,
                                       const struct sk_import_row *row)
{
    if (im->count == im->room) {
        im->room = im->room == 0 ? 64 : im->room * 2;
        im->lines = realloc(im->lines, im->room * sizeof(*im->lines));
        if (im->lines == NULL)
            abort();
    }
    im->lines[im->count] = (struct sk_import_line){
        .line = row->line, .raw = row->raw, .outcome = SK_IMPORT_REFUSED};
    return &im->lines[im->count++];
}

/* Every row of the file, checked; false when it cannot be used at all. */
static bool read_rows(struct sk_import_run *im)
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
        struct sk_import_line *line = add_line(im, &row);

        if (!row.bad &&
            sk_import_check_row(&im->importer, &row, &im->faults, &line->a))
            line->outcome = SK_IMPORT_NEW;
        sk_import_row_free(&row);
    }
    return true;
}

/* ------------------------------------------------------------- refusals */

/* The node refuses a row: at the cell that it names.
   detail: a word or an id that the node gives with it, or "". */
static void refuse(struct sk_import_run *im, struct sk_import_line *line,
                   const char *code, const char *field, const char *detail)
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
    line->outcome = SK_IMPORT_REFUSED;
}

/* ------------------------------------------------------------- people */

static const json_t *person_args(void *context, size_t i)
{
    struct sk_import_run *im = context;

    return json_array_get(im->persons[i], 0);
}

static void person_answer(void *context, size_t i, const json_t *reply)
{
    struct sk_import_run *im = context;
    const json_t *found = json_array_get(
        json_object_get(json_object_get(reply, "result"), "participants"), 0);

    json_array_set(im->persons[i], 1, json_object_get(found, "participant"));
}

static void person_key(const struct sk_import_line *line, char *out,
                       size_t size_max)
{
    snprintf(out, size_max, "%s %s", line->a.person, line->a.key);
}

/* Each that is named by a key, once. */
static void list_people(struct sk_import_run *im)
{
    char key[512];
    size_t count;
    void *it;

    im->people = json_object();
    for (size_t i = 0; i < im->count; i++) {
        const struct sk_import_line *line = &im->lines[i];

        if (line->outcome != SK_IMPORT_NEW ||
            strcmp(line->a.person, "participant") == 0)
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

static void set_person(struct sk_import_run *im, struct sk_import_line *line)
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
static int find_people(struct sk_import_run *im)
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
        if (im->lines[i].outcome == SK_IMPORT_NEW)
            set_person(im, &im->lines[i]);
    return code;
}

/* ------------------------------------------------------------- asking */

static const json_t *line_args(void *context, size_t i)
{
    struct sk_import_run *im = context;
    struct sk_import_line *line = &im->lines[i];

    if (line->outcome != SK_IMPORT_NEW)
        return NULL;
    if (im->storing)
        json_object_del(line->a.args, "dry_run");
    else
        json_object_set_new(line->a.args, "dry_run", json_true());
    return line->a.args;
}

/* What was new at the trial and is known now, was stored by us: the node went
   away before it could say so. */
static enum sk_import_outcome outcome_of(const struct sk_import_run *im,
                                         const json_t *result)
{
    const char *known = sk_json_text(result, "known");

    if (strcmp(known, "differs") == 0)
        return SK_IMPORT_DIFFERS;
    if (strcmp(known, "erased") == 0)
        return SK_IMPORT_ERASED;
    if (im->storing)
        return SK_IMPORT_ADDED;
    return strcmp(known, "same") == 0 ? SK_IMPORT_SAME : SK_IMPORT_NEW;
}

static void line_answer(void *context, size_t i, const json_t *reply)
{
    struct sk_import_run *im = context;
    struct sk_import_line *line = &im->lines[i];
    const json_t *error = json_object_get(reply, "error");

    if (error != NULL)
        refuse(im, line, sk_json_text(error, "code"),
               sk_json_text(error, "field"), sk_json_text(error, "detail"));
    else
        line->outcome = outcome_of(im, json_object_get(reply, "result"));
}

static int ask_lines(struct sk_import_run *im, bool storing)
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

/* ------------------------------------------------------------- refused file */

/* FILE.refused.csv: the header and the refused rows, as they stood there. */
static int write_refused(struct sk_import_run *im)
{
    bool csv = im->importer.csv;
    struct sk_bytes header = sk_import_file_header(im->file);
    size_t size_max = im->bytes.size + 16 + header.size + im->count;
    char *text;
    size_t used = 0;
    enum sk_status status;

    if (!im->skip_bad || sk_import_count(im, SK_IMPORT_REFUSED) == 0)
        return -1;
    text = malloc(size_max);
    if (text == NULL)
        abort();
    if (csv) /* with the mark by which Excel knows UTF-8 */
        used = (size_t)sprintf(text, "\xef\xbb\xbf%.*s\n", (int)header.size,
                               (const char *)header.data);
    for (size_t i = 0; i < im->count; i++) {
        const struct sk_import_line *line = &im->lines[i];

        if (line->outcome != SK_IMPORT_REFUSED)
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
static int ask_words(struct sk_import_run *im)
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

static int run(struct sk_import_run *im)
{
    int code = -1;

    im->usable = read_rows(im);
    if (!im->usable) {
        code = sk_import_report(im);
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
    return code >= 0 ? code : sk_import_report(im);
}

static void close_import(struct sk_import_run *im)
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
    struct sk_import_run im = {0};
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
    if (code < 0 && sk_cli_has(&parsed, "columns")) {
        sk_import_show_columns(&im.importer);
        code = SK_EXIT_YES;
    }
    if (code < 0)
        code = run(&im);
    close_import(&im);
    return code;
}
