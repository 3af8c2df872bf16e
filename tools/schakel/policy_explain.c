#include "tools/schakel/policy_explain.h"

#include <string.h>

#include "tools/schakel/json.h"
#include "tools/schakel/policy_node.h"

/* `schakel policy explain`: read a question, decide, trace. */

/* ---------------------------------------------------------------- JSON in */

static struct sk_node *collection_of(struct sk_arena *arena,
                                     struct sk_place place, const json_t *json)
{
    struct sk_node *node = sk_arena_get(arena, sizeof(*node));
    struct sk_node **tail;
    void *at = json_object_iter((json_t *)(uintptr_t)json);
    size_t count =
        json_is_array(json) ? json_array_size(json) : json_object_size(json);

    if (node == NULL)
        return NULL;
    node->kind = json_is_array(json) ? SK_NODE_LIST : SK_NODE_MAP;
    node->place = place;
    tail = &node->first;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_is_array(json) ? json_array_get(json, i)
                                                  : json_object_iter_value(at);
        struct sk_node *child = sk_node_of_json(arena, place, value);

        if (child == NULL)
            return NULL;
        if (json_is_object(json)) {
            child->key =
                sk_arena_copy(arena, sk_text(json_object_iter_key(at)));
            child->key_place = place;
            at = json_object_iter_next((json_t *)(uintptr_t)json, at);
        }
        *tail = child;
        tail = &child->next;
        node->count++;
    }
    return node;
}

/* A number as 6.2 writes it: no exponent, no zero at the end. */
static void format_number(const json_t *json, char out[48])
{
    if (json_is_integer(json)) {
        snprintf(out, 48, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return;
    }
    snprintf(out, 48, "%.3f", json_real_value(json));
    for (size_t size = strlen(out); size > 0; size--) {
        bool point = out[size - 1] == '.';

        if (!point && out[size - 1] != '0')
            break;
        out[size - 1] = '\0';
        if (point)
            break;
    }
}

struct sk_node *sk_node_of_json(struct sk_arena *arena, struct sk_place place,
                                const json_t *json)
{
    struct sk_node *node;
    char number[48];
    const char *text = number;

    if (json_is_object(json) || json_is_array(json))
        return collection_of(arena, place, json);
    node = sk_arena_get(arena, sizeof(*node));
    if (node == NULL)
        return NULL;
    if (json_is_string(json))
        text = json_string_value(json);
    else if (json_is_boolean(json))
        text = json_is_true(json) ? "true" : "false";
    else if (json_is_null(json))
        text = "null";
    else
        format_number(json, number);
    node->kind = SK_NODE_SCALAR;
    node->place = place;
    node->text = sk_arena_copy(arena, sk_text(text));
    return node;
}

/* What the YAML reader does not read, JSON with numbers like 38.0 or tabs,
   may still be good JSON. */
static struct sk_node *read_json(struct sk_arena *arena, const char *path,
                                 struct sk_bytes bytes)
{
    struct sk_place place = {path, 1, 1};
    json_t *json = json_loadb((const char *)bytes.data, bytes.size,
                              JSON_REJECT_DUPLICATES, NULL);
    struct sk_node *tree = NULL;

    if (json_is_object(json))
        tree = sk_node_of_json(arena, place, json);
    json_decref(json);
    return tree;
}

/* ---------------------------------------------------------------- question */

/* A case of a test file by its name; -1, or the exit code. */
static int read_case(struct sk_policy_run *run, struct sk_node *tree,
                     const char *name, struct sk_findings *findings,
                     const struct sk_bundle *bundle, struct sk_asked *out)
{
    struct sk_cases *cases = NULL;
    bool good = false;

    if (sk_cases_load(tree, &run->arena, findings, &cases) != SK_OK)
        return sk_policy_no_memory();
    if (cases == NULL)
        return sk_policy_unusable(run, findings);
    for (size_t i = 0; i < sk_cases_count(cases); i++) {
        if (!sk_bytes_equal(sk_cases_name(cases, i), sk_text(name)))
            continue;
        if (sk_question_of_case(cases, i, bundle, &run->arena, &good, out) !=
            SK_OK)
            return sk_policy_no_memory();
        if (good)
            return -1;
        return sk_policy_bad_option(
            "--case", "deze test stelt geen vraag, of verandert de bundel",
            "this case asks nothing, or changes the bundle");
    }
    return sk_policy_bad_option("--case", "er is geen test met die naam",
                                "there is no case of that name");
}

static int read_question(struct sk_policy_run *run, const char *path,
                         const char *name, const struct sk_bundle *bundle,
                         struct sk_asked *out)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_node *tree = NULL;
    struct sk_bytes bytes;
    enum sk_status status = sk_file_read(&run->arena, path, &bytes);
    bool good = false;

    if (status == SK_E_MEMORY)
        return sk_policy_no_memory();
    if (status != SK_OK)
        return sk_policy_no_file(run, status, path);
    if (sk_yaml_read(path, bytes, &run->arena, &findings, &tree) != SK_OK)
        return sk_policy_no_memory();
    if (tree == NULL)
        tree = read_json(&run->arena, path, bytes);
    if (tree == NULL)
        return sk_policy_unusable(run, &findings);
    findings = sk_findings_start(&run->arena);
    if (name != NULL)
        return read_case(run, tree, name, &findings, bundle, out);
    if (sk_question_read(tree, bundle, &run->arena, &findings, &good, out) !=
        SK_OK)
        return sk_policy_no_memory();
    return good ? -1 : sk_policy_unusable(run, &findings);
}

/* ---------------------------------------------------------------- command */

int sk_explain_tell(struct sk_policy_run *run, struct sk_explained *x)
{
    json_t *answer;

    x->needs = sk_explain_needs(run, x);
    if (run->json) {
        answer = json_pack(
            "{s:s, s:b, s:o, s:o, s:o}", "command", run->command, "ok", 1,
            "decision", sk_decision_json(x->bundle, &x->decision), "bundle",
            sk_bundle_json(x->bundle), "why", sk_explain_json(x));
        if (x->came != NULL) {
            json_object_set(answer, "node", x->came);
            json_object_set_new(answer, "same", json_boolean(x->same));
        }
        sk_policy_answer(answer);
    } else {
        sk_explain_print(run, x);
    }
    json_decref(x->needs);
    return SK_EXIT_YES;
}

int sk_explain_decide(struct sk_policy_run *run, const struct sk_bundle *bundle,
                      const struct sk_asked *asked, struct sk_explained *x)
{
    x->bundle = bundle;
    x->question = asked->question;
    if (sk_decide(x->bundle, asked->facts, &x->question, &run->arena,
                  &x->decision) != SK_OK ||
        sk_trace(x->bundle, asked->facts, &x->question, &x->decision,
                 &run->arena, &x->trace) != SK_OK)
        return sk_policy_no_memory();
    return -1;
}

int sk_policy_do_explain(struct sk_policy_run *run,
                         const struct sk_parsed *parsed)
{
    struct sk_explained *x = sk_arena_get(&run->arena, sizeof(*x));
    struct sk_policy_bundle opened;
    struct sk_asked asked = {.facts = NULL};
    const char *path = sk_cli_get(parsed, "question");
    int code;

    if (path == NULL || sk_cli_has(parsed, "event") ||
        sk_cli_has(parsed, "message"))
        return sk_policy_explain_node(run, parsed);
    if (parsed->operands_count == 0)
        return sk_policy_bad_option("--question", "noem ook de bundel",
                                    "name the bundle too");
    code = sk_policy_open(run, parsed->operands[0], &opened);
    if (code < 0)
        code = read_question(run, path, sk_cli_get(parsed, "case"),
                             opened.bundle, &asked);
    if (code >= 0)
        return code;
    if (x == NULL)
        return sk_policy_no_memory();
    code = sk_explain_decide(run, opened.bundle, &asked, x);
    return code < 0 ? sk_explain_tell(run, x) : code;
}
