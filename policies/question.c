#include "policies/question.h"

#include "policies/cases_private.h"

/* A question file is read as a test file with one case.  POLICY.md 14.1 */

static bool refuse(struct sk_findings *findings, struct sk_place place,
                   const char *detail, struct sk_bytes key)
{
    struct sk_argument arguments[] = {{"detail", sk_text(detail)},
                                      {"key", key}};

    sk_findings_add(findings, "E095", place, arguments, SK_COUNT(arguments));
    return false;
}

/* A map of these keys and no other. */
static bool check_map(struct sk_findings *findings, const struct sk_node *map,
                      const char *const *known, size_t count)
{
    bool good = true;

    if (map->kind != SK_NODE_MAP)
        return refuse(findings, map->place, "'{key}' has the wrong form",
                      map->key);
    for (const struct sk_node *child = map->first; child != NULL;
         child = child->next) {
        bool found = false;

        for (size_t i = 0; i < count && !found; i++)
            found = sk_bytes_equal(child->key, sk_text(known[i]));
        if (!found)
            good = refuse(findings, child->key_place, "unknown key '{key}'",
                          child->key);
    }
    return good;
}

static bool check_file(struct sk_findings *findings, const struct sk_node *tree)
{
    static const char *const keys[] = {"ask", "facts", "why"};
    static const char *const ask_keys[] = {"to", "for", "now", "event", "why"};
    static const char *const fact_keys[] = {
        "persons", "links", "employers", "objections", "consents", "why"};
    const struct sk_node *ask = sk_node_get(tree, "ask");
    const struct sk_node *facts = sk_node_get(tree, "facts");
    bool good = check_map(findings, tree, keys, SK_COUNT(keys));

    if (tree->kind != SK_NODE_MAP)
        return false;
    if (ask == NULL)
        return refuse(findings, tree->place, "'{key}' is missing",
                      sk_text("ask"));
    good = check_map(findings, ask, ask_keys, SK_COUNT(ask_keys)) && good;
    if (good && sk_node_get(ask, "now") == NULL)
        good =
            refuse(findings, ask->place, "'{key}' is missing", sk_text("now"));
    if (facts != NULL)
        good =
            check_map(findings, facts, fact_keys, SK_COUNT(fact_keys)) && good;
    return good;
}

static struct sk_node scalar(struct sk_place place, const char *text)
{
    return (struct sk_node){
        .kind = SK_NODE_SCALAR, .place = place, .text = sk_text(text)};
}

static bool set(struct sk_arena *arena, struct sk_node *map, const char *key,
                const struct sk_node *value)
{
    return sk_node_set(arena, map, sk_text(key), value);
}

/* The one case: what is asked.  What it expects is never looked at. */
static bool build_case(struct sk_arena *arena, const struct sk_node *ask,
                       struct sk_node *out)
{
    struct sk_node expect = {.kind = SK_NODE_MAP, .place = ask->place};
    struct sk_node permit = scalar(ask->place, "permit");
    struct sk_node name = scalar(ask->place, "question");
    struct sk_node *asked = sk_node_copy(arena, ask);

    *out = (struct sk_node){.kind = SK_NODE_MAP, .place = ask->place};
    return asked != NULL && sk_node_set(arena, asked, sk_text("now"), NULL) &&
           set(arena, &expect, "decision", &permit) &&
           set(arena, out, "name", &name) && set(arena, out, "ask", asked) &&
           set(arena, out, "expect", &expect);
}

/* A test file with the facts and the one case; NULL: no memory. */
static struct sk_node *build_file(struct sk_arena *arena,
                                  const struct sk_node *tree)
{
    const struct sk_node *ask = sk_node_get(tree, "ask");
    const struct sk_node *facts = sk_node_get(tree, "facts");
    struct sk_node *file;
    struct sk_node none = {.kind = SK_NODE_MAP, .place = tree->place};
    struct sk_node format = scalar(tree->place, "tests/1");
    struct sk_node cases = {.kind = SK_NODE_LIST, .place = ask->place};
    struct sk_node one;

    file = sk_node_copy(arena, facts != NULL ? facts : &none);
    if (file == NULL || !build_case(arena, ask, &one) ||
        !sk_node_append(arena, &cases, &one) ||
        !set(arena, file, "format", &format) ||
        !set(arena, file, "now", sk_node_get(ask, "now")) ||
        !set(arena, file, "cases", &cases))
        return NULL;
    return file;
}

static enum sk_status asked_of(const struct sk_cases *cases, size_t i,
                               const struct sk_bundle *bundle,
                               struct sk_arena *arena, struct sk_asked *out)
{
    struct sk_case_question asked;

    SK_TRY(sk_case_question(cases, &cases->list[i], bundle,
                            /* reversed */ false, arena, &asked));
    out->question = asked.question;
    out->facts = asked.facts;
    return SK_OK;
}

enum sk_status sk_question_read(const struct sk_node *tree,
                                const struct sk_bundle *bundle,
                                struct sk_arena *arena,
                                struct sk_findings *findings, bool *good,
                                struct sk_asked *out)
{
    struct sk_cases *cases;
    struct sk_node *file;

    *good = false;
    if (!check_file(findings, tree))
        return SK_OK;
    file = build_file(arena, tree);
    if (file == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_cases_load(file, arena, findings, &cases));
    if (cases == NULL)
        return SK_OK;
    SK_TRY(asked_of(cases, 0, bundle, arena, out));
    *good = true;
    return SK_OK;
}

enum sk_status sk_question_of_case(const struct sk_cases *cases, size_t i,
                                   const struct sk_bundle *bundle,
                                   struct sk_arena *arena, bool *good,
                                   struct sk_asked *out)
{
    assert(i < cases->count);

    *good = cases->list[i].ask != NULL && cases->list[i].variant == NULL;
    return *good ? asked_of(cases, i, bundle, arena, out) : SK_OK;
}
