/*
 * Any bytes as a test file of a policy, over the mini bundle.  The laws: cases
 * or an error with a place, never both; a case passes, or says why it does
 * not; running it changes nothing, so that it comes out the same again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#include "policies/cases.h"

#define ARENA_SIZE ((size_t)128 << 20)
#define CASES_MAX 8
#define MINI "tests/policies/cases/mini/"

static struct sk_case_bundle mini;

static struct sk_bytes slurp(const char *path)
{
    uint8_t *room = malloc(SK_YAML_SIZE_MAX);
    FILE *file = fopen(path, "rb");
    size_t size;

    MUST(room != NULL && file != NULL);
    size = fread(room, 1, SK_YAML_SIZE_MAX, file);
    fclose(file);
    return (struct sk_bytes){room, size};
}

static void read_mini(void)
{
    static const char *const names[] = {
        MINI "vocabulary.yaml", MINI "partners.yaml",   MINI "guards.yaml",
        MINI "policy.yaml",     MINI "invariants.yaml",
    };
    static struct sk_sources sources;
    static struct sk_arena arena;
    struct sk_findings findings;

    arena = sk_arena_start(malloc(16 << 20), 16 << 20);
    findings = sk_findings_start(&arena);
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        sources.of[i].name = names[i];
        sources.of[i].bytes = slurp(names[i]);
    }
    MUST(sk_sources_read(&sources, &arena) == SK_OK);
    MUST(sk_case_bundle_load(&sources, INT32_MIN, &arena, &findings, &mini) ==
         SK_OK);
}

static void run(const struct sk_cases *cases, size_t i, struct sk_arena *arena)
{
    size_t mark = sk_arena_mark(arena);
    enum sk_case_result first = SK_CASE_FAILED;

    for (int time = 0; time < 2; time++) {
        struct sk_case_report report;
        enum sk_status status = sk_case_run(cases, i, &mini, arena, &report);

        if (status == SK_E_MEMORY)
            break;
        MUST(status == SK_OK);
        MUST((report.result == SK_CASE_FAILED) == (report.problems.count > 0));
        MUST(time == 0 || report.result == first);
        first = report.result;
        for (size_t n = 0; n < report.problems.count && n < SK_PROBLEMS_MAX;
             n++)
            MUST(report.problems.list[n] != NULL &&
                 strlen(report.problems.list[n]) > 0);
        sk_arena_reset(arena, mark);
    }
    sk_arena_reset(arena, mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void *memory;
    struct sk_arena arena;
    struct sk_findings findings;
    struct sk_node *tree;
    struct sk_cases *cases;

    if (memory == NULL) {
        memory = malloc(ARENA_SIZE);
        MUST(memory != NULL);
        read_mini();
    }
    arena = sk_arena_start(memory, ARENA_SIZE);
    findings = sk_findings_start(&arena);
    if (sk_yaml_read("f", (struct sk_bytes){data, size}, &arena, &findings,
                     &tree) != SK_OK ||
        tree == NULL)
        return 0;
    if (sk_cases_load(tree, &arena, &findings, &cases) != SK_OK)
        return 0; /* larger than the arena */
    MUST((cases == NULL) == (findings.errors > 0));
    for (size_t i = 0; i < findings.count; i++)
        MUST(findings.list[i].place.line >= 1);
    for (size_t i = 0; cases != NULL && i < sk_cases_count(cases); i++) {
        MUST(sk_cases_name(cases, i).size > 0);
        if (i < CASES_MAX)
            run(cases, i, &arena);
    }
    return 0;
}
