#include "tools/schakel/policy_coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/matrix.h"

/* ---------------------------------------------------------------- a test */

/* Plain where that is the same in any YAML, quoted otherwise. */
static void put_scalar(FILE *out, struct sk_bytes text)
{
    bool plain = text.size > 0 && text.data[0] >= 'a' && text.data[0] <= 'z';

    for (size_t i = 0; i < text.size && plain; i++) {
        uint8_t c = text.data[i];

        plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                c == '-' || c == '.';
    }
    if (plain) {
        fprintf(out, "%.*s", (int)text.size, (const char *)text.data);
        return;
    }
    putc('"', out);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            putc('\\', out);
        putc(text.data[i], out);
    }
    putc('"', out);
}

static void put_list(FILE *out, const struct sk_bytes *list, size_t count)
{
    putc('[', out);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ", ", out);
        put_scalar(out, list[i]);
    }
    putc(']', out);
}

static void put_event(FILE *out, const struct sk_example *x,
                      struct sk_bytes subject)
{
    fputs("{type: ", out);
    put_scalar(out, x->event.type);
    fputs(", subject: ", out);
    put_scalar(out, subject);
    fprintf(out, ", occurred: %s, fields: {", x->occurred);
    for (size_t i = 0; i < x->event.fields_count; i++) {
        const struct sk_named_value *field = &x->event.fields[i];

        fputs(i == 0 ? "" : ", ", out);
        put_scalar(out, field->name);
        fputs(": ", out);
        if (field->set != NULL)
            put_list(out, field->set, field->set_count);
        else
            put_scalar(out, field->text);
    }
    fputs("}}", out);
}

static void put_expect(FILE *out, const struct sk_decision *answer)
{
    size_t sent = 0;

    fprintf(out, "    expect:\n      decision: %s\n",
            answer->permit ? "permit" : "deny");
    if (!answer->permit)
        fprintf(out, "      reason: %s\n", answer->reason);
    fputs("      rules: ", out);
    put_list(out, answer->rules, answer->rules_count);
    putc('\n', out);
    if (!answer->permit)
        return;
    fputs("      levels: {", out);
    for (size_t i = 0; i < answer->fields_count; i++) {
        if (answer->fields[i].withheld != SK_SENT)
            continue;
        fputs(sent++ == 0 ? "" : ", ", out);
        put_scalar(out, answer->fields[i].name);
        fputs(": ", out);
        put_scalar(out, answer->fields[i].level_name);
    }
    fputs("}\n", out);
}

char *sk_policy_test_text(struct sk_bytes rule, const struct sk_example *x,
                          const struct sk_decision *answer)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    char now[21];
    char at[21];
    char until[21];

    if (out == NULL)
        return NULL;
    sk_instant_format(x->question.now, now);
    sk_instant_format(sk_civil_start(x->day), at);
    sk_instant_format(sk_civil_start(x->day + 30), until);
    fprintf(out, "  - name: \"coverage: %.*s\"\n    now: %s\n", (int)rule.size,
            (const char *)rule.data, now);
    fprintf(out, "    links: [{subject: coverage-%.*s, org: ", (int)rule.size,
            (const char *)rule.data);
    put_scalar(out, x->question.to);
    fprintf(out, ", from: %s}]\n", x->occurred);
    fprintf(out,
            "    consents:\n      - {id: coverage-%.*s, subject: "
            "coverage-%.*s, state: given, explicit: %s, at: %s, until: %s, "
            "purposes: ",
            (int)rule.size, (const char *)rule.data, (int)rule.size,
            (const char *)rule.data, x->explicit_consent ? "true" : "false", at,
            until);
    put_list(out, &x->question.purpose, 1);
    fputs(", recipients: ", out);
    put_list(out, &x->question.to, 1);
    fputs(", categories: ", out);
    put_list(out, x->categories, x->categories_count);
    fputs("}\n    ask:\n      to: ", out);
    put_scalar(out, x->question.to);
    fputs("\n      for: ", out);
    put_scalar(out, x->question.purpose);
    fputs("\n      event: ", out);
    {
        char subject[96];

        snprintf(subject, sizeof(subject), "coverage-%.*s", (int)rule.size,
                 (const char *)rule.data);
        put_event(out, x, sk_text(subject));
    }
    putc('\n', out);
    put_expect(out, answer);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The missing test as JSON text; null when there is no such question, false
   when it was not looked for to the end.  False when memory is out. */
static bool missing_test(struct sk_policy_run *run,
                         struct sk_policy_cover *cover,
                         const struct sk_bundle *bundle, bool share, size_t at,
                         json_t **out)
{
    size_t mark = sk_arena_mark(&run->arena);
    struct sk_example *x = sk_arena_get(&run->arena, sizeof(*x));
    struct sk_decision *answer = sk_arena_get(&run->arena, sizeof(*answer));
    struct sk_coverage_search *search = &cover->search;
    char *text = NULL;
    bool good = x != NULL && answer != NULL &&
                (share ? sk_coverage_for_rule(bundle, at, &run->arena, search,
                                              x, answer)
                       : sk_coverage_for_take(bundle, at, &run->arena, search,
                                              x, answer)) == SK_OK;

    if (good && search->found) {
        text = sk_policy_test_text(
            share ? bundle->shares[at].id : bundle->takes[at].id, x, answer);
        good = text != NULL;
    }
    *out = text != NULL              ? json_string(text)
           : good && search->gave_up ? json_false()
                                     : json_null();
    free(text);
    sk_arena_reset(&run->arena, mark);
    return good;
}

/* ---------------------------------------------------------------- sums */

void sk_policy_cover_start(struct sk_policy_cover *cover)
{
    cover->rules = json_object();
    cover->guards = json_object();
    cover->cells = json_array();
    cover->search = (struct sk_coverage_search){.tries = SK_COVERAGE_TRIES_MAX};
}

void sk_policy_cover_close(struct sk_policy_cover *cover)
{
    json_decref(cover->rules);
    json_decref(cover->guards);
    json_decref(cover->cells);
}

/* The sum of a rule by "owner/rule", made when it is new. */
static json_t *sum_of(json_t *sums, const struct sk_bundle *bundle,
                      struct sk_bytes id, const struct sk_place *place)
{
    json_t *key = json_sprintf("%.*s/%.*s", (int)bundle->owner.size,
                               (const char *)bundle->owner.data, (int)id.size,
                               (const char *)id.data);
    json_t *sum = json_object_get(sums, json_string_value(key));

    if (sum == NULL) {
        sum = json_pack("{s:s, s:I, s:I, s:I, s:b, s:{}}", "file", place->file,
                        "line", (json_int_t)place->line, "permitted",
                        (json_int_t)0, "blocked", (json_int_t)0, "hit", 0,
                        "conditions");
        json_object_set_new(sums, json_string_value(key), sum);
    }
    json_decref(key);
    return sum;
}

static void add_to(json_t *object, const char *key, size_t count)
{
    json_t *old = json_object_get(object, key);

    json_object_set_new(
        object, key, json_integer(json_integer_value(old) + (json_int_t)count));
}

static json_t *conditions_json(const struct sk_covered_rule *rule)
{
    json_t *out = json_object();

    for (unsigned c = 0; c < SK_CONDITION_COUNT; c++) {
        if (rule->conditions[c] > 0)
            json_object_set_new(out, sk_condition_text((enum sk_condition)c),
                                json_integer((json_int_t)rule->conditions[c]));
    }
    return out;
}

/* Is a test wanted for this rule (--rule)? */
static bool is_wanted(const struct sk_policy_cover *cover, struct sk_bytes id)
{
    bool wanted = cover->only == NULL || cover->only->count == 0;

    for (size_t i = 0; !wanted && i < cover->only->count; i++)
        wanted = sk_bytes_equal(id, sk_text(cover->only->list[i]));
    return wanted;
}

/* One share rule of the file: into `rules`, the sums, and `missing`. */
static bool cover_rule(struct sk_policy_run *run, struct sk_policy_cover *cover,
                       const struct sk_coverage *c, size_t at, json_t *rules,
                       json_t *missing)
{
    const struct sk_share *share = &c->bundle->shares[at];
    const struct sk_covered_rule *rule = &c->rules[at];
    json_t *sum = sum_of(cover->rules, c->bundle, share->id, &share->place);
    json_t *conditions = conditions_json(rule);
    const char *key;
    json_t *value;
    json_t *test;

    json_object_setn_new(rules, (const char *)share->id.data, share->id.size,
                         json_pack("{s:I, s:I, s:O}", "permitted",
                                   (json_int_t)rule->permitted, "blocked",
                                   (json_int_t)rule->blocked, "conditions",
                                   conditions));
    add_to(sum, "permitted", rule->permitted);
    add_to(sum, "blocked", rule->blocked);
    json_object_foreach(conditions, key, value)
        add_to(json_object_get(sum, "conditions"), key,
               (size_t)json_integer_value(value));
    json_decref(conditions);
    if (rule->permitted > 0 || !is_wanted(cover, share->id))
        return true;
    if (!missing_test(run, cover, c->bundle, /* share */ true, at, &test))
        return false;
    json_object_set(sum, "test", test);
    json_array_append_new(missing,
                          json_pack("{s:o, s:o}", "rule",
                                    sk_policy_string(share->id), "test", test));
    return true;
}

static bool cover_guard(struct sk_policy_run *run,
                        struct sk_policy_cover *cover,
                        const struct sk_coverage *c, size_t at, json_t *guards,
                        json_t *missing)
{
    const struct sk_take *take = &c->bundle->takes[at];
    json_t *sum;
    json_t *test;

    if (take->federation)
        return true;
    sum = sum_of(cover->guards, c->bundle, take->id, &take->place);
    json_object_setn_new(guards, (const char *)take->id.data, take->id.size,
                         json_boolean(c->hits[at]));
    if (c->hits[at]) {
        json_object_set_new(sum, "hit", json_true());
        return true;
    }
    if (!is_wanted(cover, take->id))
        return true;
    if (!missing_test(run, cover, c->bundle, /* share */ false, at, &test))
        return false;
    json_object_set(sum, "test", test);
    json_array_append_new(missing,
                          json_pack("{s:o, s:o}", "rule",
                                    sk_policy_string(take->id), "test", test));
    return true;
}

/* Everything about the file as JSON; NULL when memory is out. */
static json_t *cover_all(struct sk_policy_run *run,
                         struct sk_policy_cover *cover, const char *path,
                         const struct sk_coverage *c)
{
    json_t *rules = json_object();
    json_t *guards = json_object();
    json_t *missing = json_array();
    json_t *cells =
        json_pack("{s:I, s:I}", "reached", (json_int_t)c->cells_reached,
                  "total", (json_int_t)c->cells);
    bool good = true;

    for (size_t i = 0; i < c->bundle->shares_count && good; i++)
        good = cover_rule(run, cover, c, i, rules, missing);
    for (size_t i = 0; i < c->bundle->takes_count && good; i++)
        good = cover_guard(run, cover, c, i, guards, missing);
    json_array_append_new(
        cover->cells, json_pack("{s:s, s:O}", "file", path, "cells", cells));
    if (good)
        return json_pack("{s:o, s:o, s:o, s:o}", "rules", rules, "cells", cells,
                         "guards", guards, "missing", missing);
    json_decref(rules);
    json_decref(guards);
    json_decref(missing);
    json_decref(cells);
    return NULL;
}

json_t *sk_policy_cover_file(struct sk_policy_run *run,
                             struct sk_policy_cover *cover, const char *path,
                             const struct sk_cases *cases,
                             const struct sk_bundle *bundle)
{
    size_t mark = sk_arena_mark(&run->arena);
    struct sk_coverage coverage;
    enum sk_status status;
    json_t *out;

    status = sk_coverage_start(bundle, &run->arena, &coverage);
    cover->too_large = status == SK_E_TOO_LARGE;
    if (status != SK_OK)
        return NULL;
    for (size_t i = 0; cases != NULL && i < sk_cases_count(cases); i++) {
        if (sk_coverage_add(&coverage, cases, i, &run->arena) != SK_OK)
            return NULL;
    }
    out = cover_all(run, cover, path, &coverage);
    sk_arena_reset(&run->arena, mark);
    return out;
}

/* ---------------------------------------------------------------- tell */

static bool is_covered(const json_t *sum)
{
    return json_integer_value(json_object_get(sum, "permitted")) > 0 ||
           json_is_true(json_object_get(sum, "hit"));
}

static size_t covered(json_t *sums)
{
    size_t count = 0;
    const char *key;
    json_t *sum;

    json_object_foreach(sums, key, sum) count += is_covered(sum);
    return count;
}

unsigned sk_policy_cover_percent(const struct sk_policy_cover *cover)
{
    size_t total = json_object_size(cover->rules);

    return total == 0 ? 100 : (unsigned)(covered(cover->rules) * 100 / total);
}

/* The codes of the last column, each once, in words. */
static void print_stages(const struct sk_policy_run *run, json_t *stages)
{
    const char *stage;
    json_t *value;

    if (json_object_size(stages) > 0)
        putchar('\n');
    json_object_foreach(stages, stage, value)
    {
        const char *text = sk_reason_text(stage, run->dutch);

        if (text != NULL)
            printf("  %s: %s\n", stage, text);
    }
}

static void print_rules(const struct sk_policy_run *run,
                        const struct sk_policy_cover *cover)
{
    const char *key;
    const char *stage;
    json_t *stages = json_object();
    json_t *sum;
    json_t *count;

    printf("  %-34s %10s %12s  %s\n", sk_policy_word(run, "deelregel", "rule"),
           sk_policy_word(run, "toegelaten", "permitted"),
           sk_policy_word(run, "geblokkeerd", "blocked"),
           sk_policy_word(run, "enkel gestopt door", "stopped only by"));
    json_object_foreach(cover->rules, key, sum)
    {
        printf("  %-34s %10lld %12lld ", key,
               (long long)json_integer_value(json_object_get(sum, "permitted")),
               (long long)json_integer_value(json_object_get(sum, "blocked")));
        json_object_foreach(json_object_get(sum, "conditions"), stage, count)
            printf(" %s %lld", stage, (long long)json_integer_value(count));
        putchar('\n');
        json_object_update(stages, json_object_get(sum, "conditions"));
    }
    print_stages(run, stages);
    json_decref(stages);
}

/* why: what it means when no test can be made. */
static void print_unreached(const struct sk_policy_run *run, json_t *sums,
                            const char *why)
{
    const char *unknown = sk_policy_word(run, ": nog geen test gezocht",
                                         ": no test was looked for yet");
    const char *key;
    json_t *sum;

    json_object_foreach(sums, key, sum)
    {
        if (is_covered(sum))
            continue;
        printf("  %s (%s:%lld)%s\n", key,
               json_string_value(json_object_get(sum, "file")),
               (long long)json_integer_value(json_object_get(sum, "line")),
               json_is_string(json_object_get(sum, "test")) ? ""
               : json_is_null(json_object_get(sum, "test")) ? why
                                                            : unknown);
    }
}

/* Rules for which was not looked to the end. */
static size_t given_up(json_t *sums)
{
    size_t count = 0;
    const char *key;
    json_t *sum;

    json_object_foreach(sums, key, sum) count +=
        !is_covered(sum) && json_is_false(json_object_get(sum, "test"));
    return count;
}

static void print_given_up(const struct sk_policy_run *run,
                           const struct sk_policy_cover *cover)
{
    size_t count = given_up(cover->rules) + given_up(cover->guards);

    if (count > 0)
        printf(run->dutch
                   ? "\nVoor %zu ervan is niet verder gezocht: er zijn te veel "
                     "mogelijkheden.\nVraag enkele regels tegelijk: --rule "
                     "NAAM\n"
                   : "\nFor %zu of them the search was not finished: there are "
                     "too many possibilities.\nAsk a few rules at a time: "
                     "--rule NAME\n",
               count);
}

static bool has_tests(json_t *sums)
{
    const char *key;
    json_t *sum;

    json_object_foreach(sums, key, sum)
    {
        if (!is_covered(sum) && json_is_string(json_object_get(sum, "test")))
            return true;
    }
    return false;
}

static void print_tests(json_t *sums)
{
    const char *key;
    json_t *sum;

    json_object_foreach(sums, key, sum)
    {
        if (!is_covered(sum) && json_is_string(json_object_get(sum, "test")))
            fputs(json_string_value(json_object_get(sum, "test")), stdout);
    }
}

void sk_policy_cover_print_missing(const struct sk_policy_cover *cover)
{
    print_tests(cover->rules);
    print_tests(cover->guards);
}

void sk_policy_cover_print(const struct sk_policy_run *run,
                           const struct sk_policy_cover *cover)
{
    size_t i;
    json_t *one;

    putchar('\n');
    print_rules(run, cover);
    printf(run->dutch
               ? "\n%zu van %zu deelregels toegelaten in een test (%u%%), %zu "
                 "van %zu eigen verboden en beperkingen geraakt\n"
               : "\n%zu of %zu share rules permitted in a test (%u%%), %zu of "
                 "%zu own nevers and limits hit\n",
           covered(cover->rules), json_object_size(cover->rules),
           sk_policy_cover_percent(cover), covered(cover->guards),
           json_object_size(cover->guards));
    json_array_foreach(cover->cells, i, one)
        printf("%s: %lld %s %lld %s\n",
               json_string_value(json_object_get(one, "file")),
               (long long)json_integer_value(
                   json_object_get(json_object_get(one, "cells"), "reached")),
               sk_policy_word(run, "van", "of"),
               (long long)json_integer_value(
                   json_object_get(json_object_get(one, "cells"), "total")),
               sk_policy_word(run, "cellen van de matrix bereikt",
                              "cells of the matrix reached"));
    if (covered(cover->rules) == json_object_size(cover->rules) &&
        covered(cover->guards) == json_object_size(cover->guards))
        return;
    printf("\n%s\n",
           sk_policy_word(run, "Geen test bereikt:", "No test reaches:"));
    print_unreached(run, cover->rules,
                    sk_policy_word(run,
                                   ": geen vraag gevonden waarop ze ja zegt; "
                                   "andere regels gaan voor",
                                   ": no question found to which it says yes; "
                                   "other rules come first"));
    print_unreached(
        run, cover->guards,
        sk_policy_word(run, ": geen deelregel deelt nu wat ze tegenhoudt",
                       ": no share rule shares now what it stops"));
    print_given_up(run, cover);
    if (!has_tests(cover->rules) && !has_tests(cover->guards))
        return;
    printf("\n%s\n", sk_policy_word(run,
                                    "Plak dit onder 'cases:' "
                                    "(of: --missing >> BESTAND):",
                                    "Paste this under 'cases:' "
                                    "(or: --missing >> FILE):"));
    sk_policy_cover_print_missing(cover);
}
