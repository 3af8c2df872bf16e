#include "tools/schakel/policy_run.h"

#include <stdlib.h>
#include <string.h>

#include "tools/schakel/json.h"
#include "tools/schakel/policy_coverage.h"

/* `schakel policy test`: the tests of a bundle, or test files.  14 */

/* What all files together gave. */
struct tally {
    size_t passed;
    size_t failed;
    json_t *files;
    bool quiet; /* no words about cases: JSON, or only what is missing */
    bool covers;
    struct sk_policy_cover cover;
};

static void tell_case(const struct sk_policy_run *run, struct sk_bytes name,
                      const struct sk_case_report *report, bool quiet,
                      json_t *cases)
{
    bool passed = report->result == SK_CASE_PASSED;
    json_t *problems = json_array();
    json_t *told =
        json_pack("{s:s%, s:b, s:o}", "name", (const char *)name.data,
                  name.size, "ok", passed, "problems", problems);
    size_t count = report->problems.count < SK_PROBLEMS_MAX
                       ? report->problems.count
                       : SK_PROBLEMS_MAX;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(problems, json_string(report->problems.list[i]));
    json_array_append_new(cases, told);
    if (quiet || passed)
        return;
    printf("  %s: %.*s\n", sk_policy_word(run, "FAALT", "FAILS"),
           (int)name.size, (const char *)name.data);
    for (size_t i = 0; i < count; i++)
        printf("    %s\n", report->problems.list[i]);
}

/* Count what a file reaches; -1, or the exit code. */
static int cover(struct sk_policy_run *run, const char *path,
                 const struct sk_cases *cases, const struct sk_bundle *bundle,
                 struct tally *tally, json_t *told)
{
    json_t *coverage;

    if (!tally->covers)
        return -1;
    coverage = sk_policy_cover_file(run, &tally->cover, path, cases, bundle);
    if (coverage == NULL)
        return tally->cover.too_large ? sk_policy_too_large(run)
                                      : sk_policy_no_memory();
    if (told != NULL)
        json_object_set(told, "coverage", coverage);
    json_decref(coverage);
    return -1;
}

static int run_cases(struct sk_policy_run *run, const char *path,
                     const struct sk_cases *cases,
                     const struct sk_case_bundle *bundle, struct tally *tally)
{
    size_t results[2] = {0, 0};
    json_t *list = json_array();
    json_t *told;

    if (!tally->quiet)
        printf("%s\n", path);
    for (size_t i = 0; i < sk_cases_count(cases); i++) {
        size_t mark = sk_arena_mark(&run->arena);
        struct sk_case_report report;

        if (sk_case_run(cases, i, bundle, &run->arena, &report) != SK_OK) {
            json_decref(list);
            return sk_policy_no_memory();
        }
        results[report.result]++;
        tell_case(run, sk_cases_name(cases, i), &report, tally->quiet, list);
        sk_arena_reset(&run->arena, mark);
    }
    if (!tally->quiet)
        printf(run->dutch ? "  %zu geslaagd, %zu gefaald\n"
                          : "  %zu passed, %zu failed\n",
               results[SK_CASE_PASSED], results[SK_CASE_FAILED]);
    told = json_pack("{s:s, s:I, s:I, s:o}", "file", path, "passed",
                     (json_int_t)results[SK_CASE_PASSED], "failed",
                     (json_int_t)results[SK_CASE_FAILED], "cases", list);
    json_array_append_new(tally->files, told);
    tally->passed += results[SK_CASE_PASSED];
    tally->failed += results[SK_CASE_FAILED];
    return cover(run, path, cases, bundle->bundle, tally, told);
}

/* Load what the cases are asked of; -1, or the exit code. */
static int load_bundle(struct sk_policy_run *run, const char *path,
                       struct sk_case_bundle *out)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bundle_folder folder;
    enum sk_status status =
        sk_bundle_folder_read(path, &run->arena, &findings, &folder);

    if (status == SK_E_BAD_VALUE)
        return sk_policy_unusable(run, &findings);
    if (status != SK_OK)
        return sk_policy_no_memory();
    if (folder.missing != NULL)
        return sk_policy_no_source(run, &folder);
    status = sk_case_bundle_load(&folder.sources, run->day, &run->arena,
                                 &findings, out);
    if (status == SK_E_REFUSED)
        return sk_policy_unusable(run, &findings);
    return status == SK_OK ? -1 : sk_policy_no_memory();
}

/* A test file; `bundle` is the folder that names it, or NULL. */
static int test_file(struct sk_policy_run *run, const char *path,
                     const char *bundle, struct tally *tally)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_case_bundle loaded = {0};
    struct sk_bytes bytes;
    struct sk_node *tree = NULL;
    struct sk_cases *cases = NULL;
    enum sk_status status = sk_file_read(&run->arena, path, &bytes);
    int code;

    if (status == SK_E_MEMORY)
        return sk_policy_no_memory();
    if (status != SK_OK)
        return sk_policy_no_file(run, status, path);
    if (sk_yaml_read(path, bytes, &run->arena, &findings, &tree) != SK_OK)
        return sk_policy_no_memory();
    if (tree != NULL &&
        sk_cases_load(tree, &run->arena, &findings, &cases) != SK_OK)
        return sk_policy_no_memory();
    if (cases == NULL)
        return sk_policy_unusable(run, &findings);
    if (sk_cases_bundle(cases).size != 0)
        bundle = sk_path_join(&run->arena, sk_path_folder(&run->arena, path),
                              sk_cases_bundle(cases));
    if (bundle == NULL) {
        struct sk_argument arguments[] = {
            {"detail", sk_text("'{key}' is missing")},
            {"key", sk_text("bundle")}};

        sk_findings_add(&findings, "E095", tree->place, arguments, 2);
        return sk_policy_unusable(run, &findings);
    }
    code = load_bundle(run, bundle, &loaded);
    return code >= 0 ? code : run_cases(run, path, cases, &loaded, tally);
}

/* All test files that a bundle names; it must load also without any. */
static int test_bundle(struct sk_policy_run *run, const char *path,
                       struct tally *tally)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bundle_folder folder;
    struct sk_case_bundle loaded = {0};
    int code = load_bundle(run, path, &loaded);

    if (code >= 0)
        return code;
    if (sk_bundle_folder_read(path, &run->arena, &findings, &folder) != SK_OK)
        return sk_policy_no_memory();
    if (folder.tests_count == 0)
        code = cover(run, path, NULL, loaded.bundle, tally, NULL);
    for (size_t i = 0; code < 0 && i < folder.tests_count; i++) {
        size_t mark = sk_arena_mark(&run->arena);

        code = test_file(run, folder.tests[i], path, tally);
        sk_arena_reset(&run->arena, mark);
    }
    return code;
}

/* Is it a test file (format: tests/1), or a bundle.yaml? */
static bool is_bundle_file(struct sk_policy_run *run, const char *path)
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

/* --coverage, --missing, --min-coverage; -1, or the exit code. */
static int take_options(const struct sk_policy_run *run,
                        const struct sk_parsed *parsed, struct tally *tally,
                        unsigned *least)
{
    const char *text = sk_cli_get(parsed, "min-coverage");
    char *end = NULL;
    unsigned long percent = text != NULL ? strtoul(text, &end, 10) : 0;

    if (text != NULL &&
        (end == text || *end != '\0' || percent > 100 || text[0] == '-'))
        return sk_policy_bad_option("--min-coverage",
                                    "geef een getal van 0 tot 100",
                                    "give a number from 0 to 100");
    *least = (unsigned)percent;
    tally->quiet = run->json || sk_cli_has(parsed, "missing");
    tally->covers = text != NULL || sk_cli_has(parsed, "coverage") ||
                    sk_cli_has(parsed, "missing");
    tally->cover.only = sk_cli_all(parsed, "rule");
    return -1;
}

static void tell(const struct sk_policy_run *run, const struct tally *tally,
                 bool ok)
{
    json_t *answer;

    if (run->json) {
        answer =
            json_pack("{s:s, s:b, s:I, s:I, s:O}", "command", run->command,
                      "ok", ok, "passed", (json_int_t)tally->passed, "failed",
                      (json_int_t)tally->failed, "files", tally->files);
        if (tally->covers)
            json_object_set_new(
                answer, "coverage_percent",
                json_integer(
                    (json_int_t)sk_policy_cover_percent(&tally->cover)));
        sk_policy_answer(answer);
        return;
    }
    if (tally->quiet) {
        sk_policy_cover_print_missing(&tally->cover);
        return;
    }
    printf(run->dutch ? "%zu geslaagd, %zu gefaald\n"
                      : "%zu passed, %zu failed\n",
           tally->passed, tally->failed);
    if (tally->covers)
        sk_policy_cover_print(run, &tally->cover);
}

static int test(struct sk_policy_run *run, const struct sk_parsed *parsed,
                struct tally *tally)
{
    unsigned least = 0;
    bool ok;
    int code = take_options(run, parsed, tally, &least);

    for (size_t i = 0; code < 0 && i < parsed->operands_count; i++) {
        size_t mark = sk_arena_mark(&run->arena);
        const char *path = parsed->operands[i];

        if (sk_path_is_folder(path) || is_bundle_file(run, path))
            code = test_bundle(run, path, tally);
        else
            code = test_file(run, path, NULL, tally);
        sk_arena_reset(&run->arena, mark);
    }
    if (code >= 0)
        return code;
    ok = tally->failed == 0 && sk_policy_cover_percent(&tally->cover) >= least;
    tell(run, tally, ok);
    return ok ? SK_EXIT_YES : SK_EXIT_NO;
}

int sk_policy_do_test(struct sk_policy_run *run, const struct sk_parsed *parsed)
{
    struct tally tally = {.files = json_array()};
    int code;

    sk_policy_cover_start(&tally.cover);
    code = test(run, parsed, &tally);
    sk_policy_cover_close(&tally.cover);
    json_decref(tally.files);
    return code;
}
