#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/rules.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_explain.h"
#include "tools/schakel/policy_replay.h"

/* `schakel policy replay`: many questions, one JSON line each; what a bundle
   answers, or where two bundles answer differently.  POLICY.md 16 */

struct replaying {
    struct sk_policy_run *run;
    const char *path;
    const struct sk_bundle *bundle;
    const struct sk_bundle *old; /* NULL: without --against */
    uint32_t line;
    size_t total;
    size_t changed;
    size_t more;
    size_t less;
};

/* ---------------------------------------------------------------- compare */

unsigned sk_replay_level(const struct sk_bundle *bundle, struct sk_bytes name,
                         struct sk_bytes level)
{
    uint16_t f = sk_vocabulary_field(bundle->vocabulary, name);

    return f == SK_NONE ? SK_NONE
                        : sk_field_level(&bundle->vocabulary->fields[f], level);
}

unsigned sk_replay_reach(const struct sk_bundle *bundle,
                         const struct sk_decision *decision,
                         struct sk_bytes name)
{
    for (size_t i = 0; decision->permit && i < decision->fields_count; i++) {
        const struct sk_decided_field *field = &decision->fields[i];

        if (field->withheld == SK_SENT && sk_bytes_equal(field->name, name))
            return sk_replay_level(bundle, name, field->level_name);
    }
    return 0;
}

bool sk_replay_is_more(const struct sk_bundle *bundle,
                       const struct sk_decision *a, const struct sk_decision *b)
{
    if (a->permit && !b->permit)
        return true;
    for (size_t i = 0; a->permit && i < a->fields_count; i++) {
        if (sk_replay_reach(bundle, a, a->fields[i].name) >
            sk_replay_reach(bundle, b, a->fields[i].name))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- answer */

/* A line that is no question at all. */
static int refuse(struct replaying *r)
{
    struct sk_findings findings = sk_findings_start(&r->run->arena);
    struct sk_argument arguments[] = {
        {"detail", sk_text("this is no JSON object")}};

    sk_findings_add(&findings, "E095", (struct sk_place){r->path, r->line, 1},
                    arguments, 1);
    return sk_policy_unusable(r->run, &findings);
}

/* -1 and the decision, or the exit code. */
static int answer(struct replaying *r, const struct sk_bundle *bundle,
                  const struct sk_node *tree, struct sk_decision *out)
{
    struct sk_findings findings = sk_findings_start(&r->run->arena);
    struct sk_asked asked;
    bool good;

    if (sk_question_read(tree, bundle, &r->run->arena, &findings, &good,
                         &asked) != SK_OK)
        return sk_policy_no_memory();
    if (!good)
        return sk_policy_unusable(r->run, &findings);
    if (sk_decide(bundle, asked.facts, &asked.question, &r->run->arena, out) !=
        SK_OK)
        return sk_policy_no_memory();
    return -1;
}

static void print_line(json_t *line)
{
    sk_json_print_line(line);
    json_decref(line);
}

static json_t *id_of(const json_t *question)
{
    json_t *id = json_object_get(question, "id");

    return id != NULL ? json_incref(id) : json_null();
}

static int answer_both(struct replaying *r, const json_t *question,
                       const struct sk_node *tree,
                       const struct sk_decision *decision)
{
    struct sk_decision *before = sk_arena_get(&r->run->arena, sizeof(*before));
    json_t *new_answer;
    json_t *old_answer;
    int code;

    if (before == NULL)
        return sk_policy_no_memory();
    code = answer(r, r->old, tree, before);
    if (code >= 0)
        return code;
    r->more += sk_replay_is_more(r->bundle, decision, before);
    r->less += sk_replay_is_more(r->bundle, before, decision);
    old_answer = sk_decision_json(r->old, before);
    new_answer = sk_decision_json(r->bundle, decision);
    if (json_equal(old_answer, new_answer)) {
        json_decref(old_answer);
        json_decref(new_answer);
        return -1;
    }
    r->changed++;
    print_line(json_pack("{s:o, s:o, s:o}", "id", id_of(question), "old",
                         old_answer, "new", new_answer));
    return -1;
}

/* One question; -1, or the exit code. */
static int replay_question(struct replaying *r, const json_t *question)
{
    struct sk_place place = {r->path, r->line, 1};
    struct sk_decision *decision =
        sk_arena_get(&r->run->arena, sizeof(*decision));
    struct sk_node *tree = sk_node_of_json(&r->run->arena, place, question);
    int code;

    if (tree == NULL || decision == NULL ||
        !sk_node_set(&r->run->arena, tree, sk_text("id"), NULL))
        return sk_policy_no_memory();
    code = answer(r, r->bundle, tree, decision);
    if (code >= 0)
        return code;
    r->total++;
    if (r->old != NULL)
        return answer_both(r, question, tree, decision);
    print_line(json_pack("{s:o, s:o}", "id", id_of(question), "decision",
                         sk_decision_json(r->bundle, decision)));
    return -1;
}

static int replay_line(struct replaying *r, const char *text, size_t size)
{
    size_t mark = sk_arena_mark(&r->run->arena);
    json_t *question = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    int code;

    if (json_is_object(question))
        code = replay_question(r, question);
    else
        code = refuse(r);
    json_decref(question);
    sk_arena_reset(&r->run->arena, mark);
    return code;
}

static int replay_file(struct replaying *r, FILE *in)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    int code = -1;

    while (code < 0 && (size = getline(&text, &room, in)) >= 0) {
        r->line++;
        if (strspn(text, " \t\r\n") != (size_t)size)
            code = replay_line(r, text, (size_t)size);
    }
    free(text);
    if (code < 0 && ferror(in) != 0)
        return sk_policy_no_file(r->run, SK_E_IO, r->path);
    return code;
}

/* ---------------------------------------------------------------- command */

int sk_policy_do_replay(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    const char *against = sk_cli_get(parsed, "against");
    struct replaying r = {.run = run, .path = sk_cli_get(parsed, "input")};
    struct sk_policy_bundle opened;
    struct sk_policy_bundle old;
    FILE *in;
    int code;

    if (r.path == NULL)
        return sk_policy_replay_node(run, parsed);
    code = sk_policy_open(run, parsed->operands[0], &opened);
    if (code < 0 && against != NULL)
        code = sk_policy_open(run, against, &old);
    if (code >= 0)
        return code;
    r.bundle = opened.bundle;
    r.old = against != NULL ? old.bundle : NULL;
    in = strcmp(r.path, "-") == 0 ? stdin : fopen(r.path, "re");
    if (in == NULL)
        return sk_policy_no_file(run, SK_E_NOT_FOUND, r.path);
    code = replay_file(&r, in);
    if (in != stdin)
        fclose(in);
    if (code >= 0)
        return code;
    if (r.old != NULL)
        print_line(json_pack("{s:{s:I, s:I, s:I, s:I}}", "summary", "total",
                             (json_int_t)r.total, "changed",
                             (json_int_t)r.changed, "more", (json_int_t)r.more,
                             "less", (json_int_t)r.less));
    return r.more > 0 ? SK_EXIT_WIDER : SK_EXIT_YES;
}
