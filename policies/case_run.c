#include "policies/cases_private.h"

#include <string.h>

/* One case after the other.  POLICY.md 14.2, 14.3 */

/* ---------------------------------------------------------------- reverse */

static void reverse(struct sk_node *list)
{
    struct sk_node *before = NULL;
    struct sk_node *node = list->first;

    while (node != NULL) {
        struct sk_node *next = node->next;

        node->next = before;
        before = node;
        node = next;
    }
    list->first = before;
}

/* The same bundle with its rules in reverse order. */
static enum sk_status reversed_sources(const struct sk_sources *in,
                                       struct sk_arena *arena,
                                       struct sk_sources *out)
{
    static const char *const lists[] = {"share", "never", "limit"};
    static const enum sk_source_file files[] = {SK_SOURCE_GUARDS,
                                                SK_SOURCE_POLICY};

    *out = *in;
    SK_TRY(sk_sources_read(out, arena));
    for (size_t i = 0; i < SK_COUNT(files); i++) {
        struct sk_node *copy;

        if (out->of[files[i]].tree == NULL)
            continue;
        copy = sk_node_copy(arena, out->of[files[i]].tree);
        if (copy == NULL)
            return SK_E_MEMORY;
        out->of[files[i]].tree = copy;
        for (size_t k = 0; k < SK_COUNT(lists); k++) {
            struct sk_node *list = sk_node_get(copy, lists[k]);

            if (list != NULL)
                reverse(list);
        }
    }
    return SK_OK;
}

static enum sk_status load_reversed(const struct sk_sources *sources,
                                    struct sk_arena *arena,
                                    struct sk_bundle **out)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_sources reversed;

    SK_TRY(reversed_sources(sources, arena, &reversed));
    return sk_sources_load(&reversed, INT32_MIN, arena, &findings, out);
}

enum sk_status sk_case_bundle_load(const struct sk_sources *sources,
                                   int32_t day, struct sk_arena *arena,
                                   struct sk_findings *findings,
                                   struct sk_case_bundle *out)
{
    struct sk_case_bundle loaded = {.sources = *sources, .day = day};
    struct sk_bundle *bundle;
    struct sk_bundle *reversed;

    SK_TRY(sk_sources_read(&loaded.sources, arena));
    SK_TRY(sk_sources_load(&loaded.sources, day, arena, findings, &bundle));
    if (bundle == NULL)
        return SK_E_REFUSED;
    loaded.sources.vocabulary = sk_bundle_vocabulary(bundle);
    SK_TRY(load_reversed(&loaded.sources, arena, &reversed));
    if (reversed == NULL)
        return SK_E_REFUSED;
    loaded.bundle = bundle;
    loaded.reversed = reversed;
    *out = loaded;
    return SK_OK;
}

/* ---------------------------------------------------------------- same */

static bool same_list(const struct sk_bytes *a, size_t a_count,
                      const struct sk_bytes *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    if (a == NULL || b == NULL)
        return a_count == 0;
    for (size_t i = 0; i < a_count; i++) {
        if (!sk_bytes_equal(a[i], b[i]))
            return false;
    }
    return true;
}

static bool same_field(const struct sk_decided_field *a,
                       const struct sk_decided_field *b)
{
    if (a->field != b->field || a->withheld != b->withheld)
        return false;
    if (a->withheld != SK_SENT)
        return true;
    return a->level == b->level && a->rules_count == b->rules_count &&
           memcmp(a->rules, b->rules, a->rules_count * sizeof(*a->rules)) ==
               0 &&
           (a->value.set == NULL) == (b->value.set == NULL) &&
           sk_bytes_equal(a->value.text, b->value.text) &&
           same_list(a->value.set, a->value.set_count, b->value.set,
                     b->value.set_count);
}

bool sk_decision_same(const struct sk_decision *a, const struct sk_decision *b)
{
    if (a->permit != b->permit || a->fields_count != b->fields_count ||
        !same_list(a->rules, a->rules_count, b->rules, b->rules_count))
        return false;
    for (size_t i = 0; i < a->fields_count; i++) {
        if (!same_field(&a->fields[i], &b->fields[i]))
            return false;
    }
    if (!a->permit)
        return strcmp(a->reason, b->reason) == 0;
    return same_list(a->consents, a->consents_count, b->consents,
                     b->consents_count) &&
           same_list(a->duties, a->duties_count, b->duties, b->duties_count) &&
           a->roles_all == b->roles_all &&
           same_list(a->roles, a->roles_count, b->roles, b->roles_count) &&
           a->erase_by == b->erase_by && a->erase == b->erase &&
           a->within_days == b->within_days;
}

/* ---------------------------------------------------------------- run */

static void note(struct sk_problems *problems, const char *problem)
{
    if (problems->count < SK_PROBLEMS_MAX)
        problems->list[problems->count] = problem;
    problems->count++;
}

/* A bundle that was expected to load did not: say why. */
static void note_errors(struct sk_problems *problems,
                        const struct sk_findings *findings)
{
    note(problems, "the changed bundle does not load:");
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].code[0] == 'E')
            note(problems, findings->list[i].nl);
    }
}

static enum sk_status ask(const struct sk_cases *cases,
                          const struct sk_case *one,
                          const struct sk_bundle *bundle,
                          const struct sk_bundle *reversed,
                          struct sk_arena *arena, struct sk_problems *problems)
{
    struct sk_decision *answers =
        sk_arena_get_array(arena, 2, sizeof(*answers));

    if (answers == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_case_ask(cases, one, bundle, /* reversed */ false, arena,
                       &answers[0]));
    SK_TRY(sk_case_ask(cases, one, reversed, /* reversed */ true, arena,
                       &answers[1]));
    (void)sk_expect_decision(one->expect, &answers[0], problems);
    if (!sk_decision_same(&answers[0], &answers[1]))
        note(problems, "the answer depends on the order of rules, facts or "
                       "fields");
    return SK_OK;
}

/* The bundle that the case is asked of: changed by its variant, perhaps. */
static enum sk_status
load_for(const struct sk_case *one, const struct sk_case_bundle *base,
         struct sk_arena *arena, struct sk_problems *problems,
         const struct sk_bundle **bundle, const struct sk_bundle **reversed)
{
    struct sk_sources sources = base->sources;
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_bundle *changed;
    struct sk_bundle *other = NULL;
    const char *problem;

    SK_TRY(sk_variant_apply(one->variant, arena, &sources, &problem));
    if (problem != NULL) {
        note(problems, problem);
        return SK_OK;
    }
    SK_TRY(sk_sources_load(&sources, base->day, arena, &findings, &changed));
    if (sk_expect_load(one->expect, &findings, problems) == 0 &&
        changed == NULL)
        note_errors(problems, &findings);
    if (changed != NULL &&
        (one->ask != NULL || sk_expects_analysis(one->expect))) {
        SK_TRY(load_reversed(&sources, arena, &other));
        if (other == NULL)
            note(problems, "the bundle does not load with its rules in "
                           "reverse order");
    }
    *bundle = changed;
    *reversed = other;
    return SK_OK;
}

static bool expects_load(const struct sk_node *expect)
{
    return sk_node_get(expect, "load") != NULL ||
           sk_node_get(expect, "not_load") != NULL ||
           sk_node_get(expect, "line") != NULL ||
           sk_node_get(expect, "message") != NULL;
}

/* Does it expect anything of a decision? */
static bool expects_decision(const struct sk_node *expect)
{
    static const struct sk_decision none;
    struct sk_problems ignored = {.count = SK_PROBLEMS_MAX};

    return sk_expect_decision(expect, &none, &ignored) > 0;
}

/* What is expected of all ways together; also with rules in reverse order. */
static enum sk_status
analyse(const struct sk_case *one, const struct sk_case_bundle *base,
        const struct sk_bundle *bundle, const struct sk_bundle *reversed,
        struct sk_arena *arena, struct sk_problems *problems)
{
    size_t before = problems->count;

    SK_TRY(
        sk_expect_analysis(one->expect, base->bundle, bundle, arena, problems));
    if (problems->count > before)
        return SK_OK;
    SK_TRY(sk_expect_analysis(one->expect, base->reversed, reversed, arena,
                              problems));
    if (problems->count > before)
        note(problems, "(with the rules in reverse order)");
    return SK_OK;
}

enum sk_status sk_case_run(const struct sk_cases *cases, size_t i,
                           const struct sk_case_bundle *bundle,
                           struct sk_arena *arena, struct sk_case_report *out)
{
    const struct sk_case *one = &cases->list[i];
    const struct sk_bundle *asked = bundle->bundle;
    const struct sk_bundle *reversed = bundle->reversed;
    struct sk_case_report report = {.problems = sk_problems_start(arena)};

    assert(i < cases->count);

    if (one->variant != NULL || expects_load(one->expect)) {
        asked = NULL;
        reversed = NULL;
        SK_TRY(
            load_for(one, bundle, arena, &report.problems, &asked, &reversed));
    }
    if (one->ask != NULL && asked != NULL && reversed != NULL)
        SK_TRY(ask(cases, one, asked, reversed, arena, &report.problems));
    else if (report.problems.count == 0 && asked == NULL &&
             expects_decision(one->expect))
        note(&report.problems, "there is no decision: the bundle does not "
                               "load");
    if (sk_expects_analysis(one->expect)) {
        if (asked != NULL && reversed != NULL)
            SK_TRY(
                analyse(one, bundle, asked, reversed, arena, &report.problems));
        else if (report.problems.count == 0)
            note(&report.problems, "there is nothing to compare: the bundle "
                                   "does not load");
    }
    report.result = report.problems.count > 0 ? SK_CASE_FAILED : SK_CASE_PASSED;
    *out = report;
    return arena->full ? SK_E_MEMORY : SK_OK;
}
