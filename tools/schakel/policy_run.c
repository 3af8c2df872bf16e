#include "tools/schakel/policy_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policies/civil.h"
#include "tools/schakel/json.h"

const char *sk_policy_word(const struct sk_policy_run *run, const char *nl,
                           const char *en)
{
    return run->dutch ? nl : en;
}

json_t *sk_policy_string(struct sk_bytes text)
{
    return json_stringn(text.size != 0 ? (const char *)text.data : "",
                        text.size);
}

void sk_policy_answer(json_t *answer)
{
    sk_json_print(answer);
    json_decref(answer);
}

int32_t sk_policy_day(const struct sk_policy_run *run)
{
    return run->day != INT32_MIN ? run->day : sk_civil_day((int64_t)time(NULL));
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

void sk_policy_sort(struct sk_findings *findings)
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

static json_t *json_of(const struct sk_policy_run *run,
                       const struct sk_finding *f)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:s}", "code", f->code, "file",
                     f->place.file, "line", (json_int_t)f->place.line, "column",
                     (json_int_t)f->place.column, "message",
                     run->dutch ? f->nl : f->en);
}

json_t *sk_policy_json(const struct sk_policy_run *run,
                       const struct sk_findings *findings, char kind)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].code[0] == kind)
            json_array_append_new(list, json_of(run, &findings->list[i]));
    }
    return list;
}

/* A bundle or test file that cannot be used: exit 2 (POLICY.md 16). */
int sk_policy_unusable(struct sk_policy_run *run, struct sk_findings *findings)
{
    sk_policy_sort(findings);
    if (run->json) {
        json_t *answer =
            json_pack("{s:s, s:b, s:o}", "command", run->command, "ok", 0,
                      "errors", sk_policy_json(run, findings, 'E'));

        sk_json_print(answer);
        json_decref(answer);
    } else {
        sk_policy_print(run, stderr, findings);
    }
    return SK_EXIT_USAGE;
}

int sk_policy_no_file(const struct sk_policy_run *run, enum sk_status status,
                      const char *path)
{
    const char *text =
        status == SK_E_NOT_FOUND
            ? sk_policy_word(run, "bestand of map bestaat niet",
                             "no such file or folder")
            : sk_policy_word(run, "bestand kan niet gelezen worden",
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

int sk_policy_no_source(const struct sk_policy_run *run,
                        const struct sk_bundle_folder *folder)
{
    const struct sk_place *named = &folder->named;
    int code = sk_policy_no_file(run, folder->why, folder->missing);

    if (run->json)
        return code;
    if (named->line == 0)
        fprintf(stderr, "  -> %s\n",
                sk_policy_word(run,
                               "geef een map met bundle.yaml erin, of begin er "
                               "een: schakel policy new MAP",
                               "give a folder with a bundle.yaml in it, or "
                               "begin one: schakel policy new FOLDER"));
    else
        fprintf(stderr, "  -> %s:%u:%u %s\n", named->file, named->line,
                named->column,
                sk_policy_word(run,
                               "noemt het: verbeter die regel, of zet het "
                               "bestand daar",
                               "names it: correct that line, or put the file "
                               "there"));
    return code;
}

int sk_policy_no_memory(void)
{
    return sk_cli_fail(
        SK_EXIT_SOFTWARE,
        &(struct sk_problem){.code = "no-memory",
                             .nl = "er is te weinig geheugen",
                             .en = "out of memory",
                             .next_nl = "stel een kleinere vraag: --help",
                             .next_en = "ask something smaller: --help"});
}

int sk_policy_too_large(const struct sk_policy_run *run)
{
    bool matrix = strcmp(run->command, "matrix") == 0 ||
                  strcmp(run->command, "render") == 0;

    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "too-large",
            .nl = "deze bundel laat te veel stromen toe om ze na te gaan",
            .en = "this bundle allows more flows than can be looked at",
            .where = run->command,
            .next_nl = matrix ? "vraag een partner tegelijk: --to ORG"
                              : "maak minder of engere regels: minder "
                                "partners, doelen of velden per regel",
            .next_en = matrix ? "ask one partner at a time: --to ORG"
                              : "write fewer or narrower rules: fewer "
                                "partners, purposes or fields per rule"});
}

int sk_policy_bad_option(const char *option, const char *nl, const char *en)
{
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "bad-option",
                                            .nl = nl,
                                            .en = en,
                                            .where = option,
                                            .next_nl = "zie: --help",
                                            .next_en = "see: --help"});
}

/* ---------------------------------------------------------------- bundle */

int sk_policy_open(struct sk_policy_run *run, const char *path,
                   struct sk_policy_bundle *out)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    enum sk_status status =
        sk_bundle_folder_read(path, &run->arena, &findings, &out->folder);

    if (status == SK_E_BAD_VALUE)
        return sk_policy_unusable(run, &findings);
    if (status != SK_OK)
        return sk_policy_no_memory();
    if (out->folder.missing != NULL)
        return sk_policy_no_source(run, &out->folder);
    if (sk_sources_load(&out->folder.sources, INT32_MIN, &run->arena, &findings,
                        &out->bundle) != SK_OK)
        return sk_policy_no_memory();
    return out->bundle == NULL ? sk_policy_unusable(run, &findings) : -1;
}
