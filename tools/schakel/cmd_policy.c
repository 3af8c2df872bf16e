#include "tools/schakel/cmd_policy.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "policies/civil.h"
#include "tools/schakel/bundle_folder.h"
#include "tools/schakel/json.h"

/* Address space, touched only as far as needed: a YAML file of the largest
   size takes 65 MiB while it is read. */
#define ARENA_SIZE ((size_t)768 << 20)

#define LANG_OPTION                                                            \
    {                                                                          \
        "lang", "nl|en", false, false, "taal van de meldingen",                \
            "language of the messages"                                         \
    }
#define DAY_OPTION                                                             \
    {                                                                          \
        "day", "DATE", false, false,                                           \
            "meld ook wat binnen 60 dagen na deze dag eindigt",                \
            "also warn of what ends within 60 days of this day"                \
    }

const struct sk_command sk_policy_commands[] = {
    {"policy check",
     "BUNDLE",
     1,
     1,
     "kijk een bundel na en toon alle fouten",
     "check a bundle and show every mistake",
     "BUNDLE is een map of een bundle.yaml. Einde 0: geen fouten; 1: fouten\n"
     "(met --strict ook waarschuwingen); 2: een bestand ontbreekt.",
     "BUNDLE is a folder or a bundle.yaml. Exit 0: no mistakes; 1: mistakes\n"
     "(with --strict also warnings); 2: a file is missing.",
     {{"strict", NULL, false, false, "waarschuwingen tellen mee",
       "warnings count too"},
      DAY_OPTION,
      LANG_OPTION,
      {0}}},
    {"policy test",
     "BUNDLE|FILE...",
     1,
     4096,
     "speel de tests van een bundel, of testbestanden",
     "run the tests of a bundle, or test files",
     "Einde 0: alles slaagt; 1: er faalt iets; 2: onbruikbare invoer.\n"
     "Vragen naar een matrix, verschil of invarianten worden overgeslagen.",
     "Exit 0: all pass; 1: something fails; 2: input that cannot be used.\n"
     "Cases that ask for a matrix, diff or invariants are skipped.",
     {DAY_OPTION, LANG_OPTION, {0}}},
    {0},
};

/* One run of a command. */
struct run {
    const char *command; /* "check", "test" */
    struct sk_arena arena;
    int32_t day;
    bool dutch;
    bool json;
};

static const char *word(const struct run *run, const char *nl, const char *en)
{
    return run->dutch ? nl : en;
}

/* ---------------------------------------------------------------- findings */

static int compare_findings(const void *left, const void *right)
{
    const struct sk_finding *a = left;
    const struct sk_finding *b = right;

    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->place.column != b->place.column)
        return a->place.column < b->place.column ? -1 : 1;
    return strcmp(a->code, b->code);
}

/* In each file by place; the files stay in the order of loading. */
static void sort_findings(struct sk_findings *findings)
{
    size_t from = 0;

    while (from < findings->count) {
        size_t to = from + 1;

        while (to < findings->count &&
               strcmp(findings->list[to].place.file,
                      findings->list[from].place.file) == 0)
            to++;
        qsort(&findings->list[from], to - from, sizeof(findings->list[0]),
              compare_findings);
        from = to;
    }
}

static json_t *json_of(const struct run *run, const struct sk_finding *f)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:s}", "code", f->code, "file",
                     f->place.file, "line", (json_int_t)f->place.line, "column",
                     (json_int_t)f->place.column, "message",
                     run->dutch ? f->nl : f->en);
}

static json_t *json_findings(const struct run *run,
                             const struct sk_findings *findings, char kind)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].code[0] == kind)
            json_array_append_new(list, json_of(run, &findings->list[i]));
    }
    return list;
}

static void print_findings(const struct run *run, FILE *out,
                           const struct sk_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *f = &findings->list[i];
        const char *kind = f->code[0] == 'E' ? word(run, "fout", "error")
                                             : word(run, "let op", "warning");

        fprintf(out, "%s:%u:%u: %s %s: %s\n", f->place.file, f->place.line,
                f->place.column, kind, f->code, run->dutch ? f->nl : f->en);
    }
}

/* A bundle or test file that cannot be used: exit 2 (POLICY.md 16). */
static int tell_unusable(struct run *run, struct sk_findings *findings)
{
    sort_findings(findings);
    if (run->json) {
        json_t *answer =
            json_pack("{s:s, s:b, s:o}", "command", run->command, "ok", 0,
                      "errors", json_findings(run, findings, 'E'));

        sk_json_print(answer);
        json_decref(answer);
    } else {
        print_findings(run, stderr, findings);
    }
    return SK_EXIT_USAGE;
}

static int tell_file(const struct run *run, enum sk_status status,
                     const char *path)
{
    const char *text =
        status == SK_E_NOT_FOUND
            ? word(run, "bestand of map bestaat niet", "no such file or folder")
            : word(run, "bestand kan niet gelezen worden",
                   "file cannot be read");
    json_t *answer;

    if (!run->json) {
        fprintf(stderr, "%s: %s\n", path, text);
        return SK_EXIT_USAGE;
    }
    answer = json_pack("{s:s, s:b, s:[{s:s, s:s, s:i, s:i, s:s}]}", "command",
                       run->command, "ok", 0, "errors", "code", "file", "file",
                       path, "line", 1, "column", 1, "message", text);
    sk_json_print(answer);
    json_decref(answer);
    return SK_EXIT_USAGE;
}

static int out_of_memory(void)
{
    fputs("schakel: out of memory\n", stderr);
    return SK_EXIT_SOFTWARE;
}

/* ---------------------------------------------------------------- check */

static int tell_checked(const struct run *run, bool strict,
                        struct sk_findings *findings)
{
    bool ok = findings->errors == 0 && (!strict || findings->warnings == 0);

    sort_findings(findings);
    if (run->json) {
        json_t *answer =
            json_pack("{s:s, s:b, s:o, s:o}", "command", run->command, "ok", ok,
                      "errors", json_findings(run, findings, 'E'), "warnings",
                      json_findings(run, findings, 'W'));

        sk_json_print(answer);
        json_decref(answer);
    } else {
        print_findings(run, stdout, findings);
        printf(run->dutch ? "%zu fouten, %zu waarschuwingen\n"
                          : "%zu errors, %zu warnings\n",
               findings->errors, findings->warnings);
    }
    return ok ? SK_EXIT_YES : SK_EXIT_NO;
}

static int check(struct run *run, const char *path, bool strict)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bundle_folder folder;
    struct sk_bundle *bundle;
    enum sk_status status =
        sk_bundle_folder_read(path, &run->arena, &findings, &folder);

    if (status == SK_E_BAD_VALUE)
        return tell_checked(run, strict, &findings);
    if (status != SK_OK)
        return out_of_memory();
    if (folder.missing != NULL)
        return tell_file(run, folder.why, folder.missing);
    if (sk_sources_load(&folder.sources, run->day, &run->arena, &findings,
                        &bundle) != SK_OK)
        return out_of_memory();
    return tell_checked(run, strict, &findings);
}

/* ---------------------------------------------------------------- test */

/* What all files together gave. */
struct tally {
    size_t passed;
    size_t failed;
    size_t skipped;
    json_t *files;
};

static void tell_case(const struct run *run, struct sk_bytes name,
                      const struct sk_case_report *report, json_t *cases)
{
    bool passed = report->result == SK_CASE_PASSED;
    json_t *problems = json_array();
    json_t *told =
        json_pack("{s:s%, s:b, s:o}", "name", (const char *)name.data,
                  name.size, "ok", passed, "problems", problems);
    size_t count = report->problems.count < SK_PROBLEMS_MAX
                       ? report->problems.count
                       : SK_PROBLEMS_MAX;

    if (report->result == SK_CASE_SKIPPED)
        json_object_set_new(told, "skipped", json_true());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(problems, json_string(report->problems.list[i]));
    json_array_append_new(cases, told);
    if (run->json || passed)
        return;
    printf("  %s: %.*s\n",
           report->result == SK_CASE_FAILED
               ? word(run, "FAALT", "FAILS")
               : word(run, "overgeslagen", "skipped"),
           (int)name.size, (const char *)name.data);
    for (size_t i = 0; i < count; i++)
        printf("    %s\n", report->problems.list[i]);
}

static int run_cases(struct run *run, const char *path,
                     const struct sk_cases *cases,
                     const struct sk_case_bundle *bundle, struct tally *tally)
{
    size_t results[3] = {0, 0, 0};
    json_t *list = json_array();

    if (!run->json)
        printf("%s\n", path);
    for (size_t i = 0; i < sk_cases_count(cases); i++) {
        size_t mark = sk_arena_mark(&run->arena);
        struct sk_case_report report;

        if (sk_case_run(cases, i, bundle, &run->arena, &report) != SK_OK) {
            json_decref(list);
            return out_of_memory();
        }
        results[report.result]++;
        tell_case(run, sk_cases_name(cases, i), &report, list);
        sk_arena_reset(&run->arena, mark);
    }
    if (!run->json)
        printf(run->dutch ? "  %zu geslaagd, %zu gefaald, %zu overgeslagen\n"
                          : "  %zu passed, %zu failed, %zu skipped\n",
               results[SK_CASE_PASSED], results[SK_CASE_FAILED],
               results[SK_CASE_SKIPPED]);
    json_array_append_new(
        tally->files,
        json_pack("{s:s, s:I, s:I, s:I, s:o}", "file", path, "passed",
                  (json_int_t)results[SK_CASE_PASSED], "failed",
                  (json_int_t)results[SK_CASE_FAILED], "skipped",
                  (json_int_t)results[SK_CASE_SKIPPED], "cases", list));
    tally->passed += results[SK_CASE_PASSED];
    tally->failed += results[SK_CASE_FAILED];
    tally->skipped += results[SK_CASE_SKIPPED];
    return -1;
}

/* Load what the cases are asked of; -1, or the exit code. */
static int load_bundle(struct run *run, const char *path,
                       struct sk_case_bundle *out)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bundle_folder folder;
    enum sk_status status =
        sk_bundle_folder_read(path, &run->arena, &findings, &folder);

    if (status == SK_E_BAD_VALUE)
        return tell_unusable(run, &findings);
    if (status != SK_OK)
        return out_of_memory();
    if (folder.missing != NULL)
        return tell_file(run, folder.why, folder.missing);
    status = sk_case_bundle_load(&folder.sources, run->day, &run->arena,
                                 &findings, out);
    if (status == SK_E_REFUSED)
        return tell_unusable(run, &findings);
    return status == SK_OK ? -1 : out_of_memory();
}

/* A test file; `bundle` is the folder that names it, or NULL. */
static int test_file(struct run *run, const char *path, const char *bundle,
                     struct tally *tally)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_case_bundle loaded;
    struct sk_bytes bytes;
    struct sk_node *tree = NULL;
    struct sk_cases *cases = NULL;
    enum sk_status status = sk_file_read(&run->arena, path, &bytes);
    int code;

    if (status == SK_E_MEMORY)
        return out_of_memory();
    if (status != SK_OK)
        return tell_file(run, status, path);
    if (sk_yaml_read(path, bytes, &run->arena, &findings, &tree) != SK_OK)
        return out_of_memory();
    if (tree != NULL &&
        sk_cases_load(tree, &run->arena, &findings, &cases) != SK_OK)
        return out_of_memory();
    if (cases == NULL)
        return tell_unusable(run, &findings);
    if (sk_cases_bundle(cases).size != 0)
        bundle = sk_path_join(&run->arena, sk_path_folder(&run->arena, path),
                              sk_cases_bundle(cases));
    if (bundle == NULL) {
        struct sk_argument arguments[] = {
            {"detail", sk_text("'{key}' is missing")},
            {"key", sk_text("bundle")}};

        sk_findings_add(&findings, "E095", tree->place, arguments, 2);
        return tell_unusable(run, &findings);
    }
    code = load_bundle(run, bundle, &loaded);
    return code >= 0 ? code : run_cases(run, path, cases, &loaded, tally);
}

/* All test files that a bundle names; it must load also without any. */
static int test_bundle(struct run *run, const char *path, struct tally *tally)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bundle_folder folder;
    struct sk_case_bundle loaded;
    int code = load_bundle(run, path, &loaded);

    if (code >= 0)
        return code;
    if (sk_bundle_folder_read(path, &run->arena, &findings, &folder) != SK_OK)
        return out_of_memory();
    for (size_t i = 0; code < 0 && i < folder.tests_count; i++) {
        size_t mark = sk_arena_mark(&run->arena);

        code = test_file(run, folder.tests[i], path, tally);
        sk_arena_reset(&run->arena, mark);
    }
    return code;
}

/* Is it a test file (format: tests/1), or a bundle.yaml? */
static bool is_bundle_file(struct run *run, const char *path)
{
    size_t mark = sk_arena_mark(&run->arena);
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_node *tree = NULL;
    struct sk_bytes bytes;
    bool bundle =
        sk_file_read(&run->arena, path, &bytes) == SK_OK &&
        sk_yaml_read(path, bytes, &run->arena, &findings, &tree) == SK_OK &&
        sk_node_is(sk_node_get(tree, "format"), "bundle/1");

    sk_arena_reset(&run->arena, mark);
    return bundle;
}

static int test(struct run *run, char **paths, size_t count)
{
    struct tally tally = {.files = json_array()};
    int code = -1;

    for (size_t i = 0; code < 0 && i < count; i++) {
        size_t mark = sk_arena_mark(&run->arena);

        if (sk_path_is_folder(paths[i]) || is_bundle_file(run, paths[i]))
            code = test_bundle(run, paths[i], &tally);
        else
            code = test_file(run, paths[i], NULL, &tally);
        sk_arena_reset(&run->arena, mark);
    }
    if (code < 0 && run->json) {
        json_t *answer = json_pack(
            "{s:s, s:b, s:I, s:I, s:I, s:O}", "command", run->command, "ok",
            tally.failed == 0, "passed", (json_int_t)tally.passed, "failed",
            (json_int_t)tally.failed, "skipped", (json_int_t)tally.skipped,
            "files", tally.files);

        sk_json_print(answer);
        json_decref(answer);
    }
    if (code < 0 && !run->json)
        printf(run->dutch ? "%zu geslaagd, %zu gefaald, %zu overgeslagen\n"
                          : "%zu passed, %zu failed, %zu skipped\n",
               tally.passed, tally.failed, tally.skipped);
    json_decref(tally.files);
    if (code >= 0)
        return code;
    return tally.failed == 0 ? SK_EXIT_YES : SK_EXIT_NO;
}

/* ---------------------------------------------------------------- command */

static int bad_option(const char *option, const char *nl, const char *en)
{
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "bad-option",
                                            .nl = nl,
                                            .en = en,
                                            .where = option,
                                            .next_nl = "zie: --help",
                                            .next_en = "see: --help"});
}

/* The options that both commands have; -1 to go on. */
static int take_options(struct run *run, const struct sk_parsed *parsed)
{
    const char *day = sk_cli_get(parsed, "day");
    const char *lang = sk_cli_get(parsed, "lang");

    run->json = sk_cli_json();
    run->day = INT32_MIN;
    run->dutch = lang == NULL || strcmp(lang, "nl") == 0;
    if (lang != NULL && !run->dutch && strcmp(lang, "en") != 0)
        return bad_option("--lang", "kies nl of en", "choose nl or en");
    if (day != NULL && !sk_day_parse(sk_text(day), &run->day))
        return bad_option("--day", "dit is geen datum (JJJJ-MM-DD)",
                          "this is not a date (YYYY-MM-DD)");
    return -1;
}

int sk_cmd_policy(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    bool testing = strcmp(name, "test") == 0;
    struct run run = {.command = testing ? "test" : "check"};
    struct sk_parsed parsed;
    void *memory;
    int code;

    if (!testing && strcmp(name, "check") != 0)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "unknown-command",
                                 .nl = "onbekende opdracht",
                                 .en = "unknown command",
                                 .where = name,
                                 .next_nl = "zie: schakel policy --help",
                                 .next_en = "see: schakel policy --help"});
    code = sk_cli_parse(&sk_policy_commands[testing ? 1 : 0], argc - 1,
                        argv + 1, &parsed);
    if (code < 0)
        code = take_options(&run, &parsed);
    if (code >= 0)
        return code;
    memory = malloc(ARENA_SIZE);
    if (memory == NULL)
        return out_of_memory();
    run.arena = sk_arena_start(memory, ARENA_SIZE);
    code = testing
               ? test(&run, parsed.operands, parsed.operands_count)
               : check(&run, parsed.operands[0], sk_cli_has(&parsed, "strict"));
    free(memory);
    return code;
}
