#include <string.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_explain.h"
#include "tools/schakel/policy_node.h"

/* `schakel policy explain --event` and `--message`: a question of this node,
   by the rules of now or of the day it was asked.  What really came of it is
   told beside that, so that nobody takes the one for the other. */

/* ---------------------------------------------------------------- what came */

/* {"decision", "levels", "reason"?} of the ledger's record. */
static json_t *came_of_message(const json_t *was)
{
    const json_t *fields = json_object_get(was, "fields");
    json_t *levels = json_object();
    json_t *out;

    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);

        if (strcmp(sk_json_text(field, "outcome"), "sent") == 0)
            json_object_set(levels, sk_json_text(field, "field"),
                            json_object_get(field, "level"));
    }
    out = json_pack("{s:s, s:o, s:s}", "decision", "permit", "levels", levels,
                    "state", sk_json_text(was, "state"));
    if (json_object_get(was, "reason") != NULL)
        json_object_set(out, "reason", json_object_get(was, "reason"));
    return out;
}

/* The same of a preview; a word that may not go is an error, not a deny. */
static json_t *came_of_preview(const json_t *reply)
{
    const json_t *result = json_object_get(reply, "result");
    const json_t *error = json_object_get(reply, "error");
    json_t *out;

    if (result == NULL)
        return json_pack("{s:s, s:s}", "decision", "deny", "reason",
                         sk_json_text(error, "code"));
    out = json_pack("{s:s}", "decision", sk_json_text(result, "decision"));
    if (json_object_get(result, "levels") != NULL)
        json_object_set(out, "levels", json_object_get(result, "levels"));
    if (json_object_get(result, "reason") != NULL)
        json_object_set(out, "reason", json_object_get(result, "reason"));
    return out;
}

/* Did it come out as explained: the same answer, the same levels? */
static bool is_same(const struct sk_explained *x, const json_t *came)
{
    json_t *decided = sk_decision_json(x->bundle, &x->decision);
    bool permit = strcmp(sk_json_text(came, "decision"), "permit") == 0;
    bool same = permit == x->decision.permit;

    if (same && permit)
        same = json_equal(json_object_get(decided, "levels"),
                          json_object_get(came, "levels"));
    else if (same)
        same = strcmp(sk_json_text(came, "reason"), x->decision.reason) == 0;
    json_decref(decided);
    return same;
}

/* ---------------------------------------------------------------- ask */

static json_t *arguments_of(const struct sk_parsed *parsed)
{
    static const char *const names[] = {"event", "to", "for", "message"};
    json_t *args = json_object();

    for (size_t i = 0; i < SK_COUNT(names); i++) {
        const char *value = sk_cli_get(parsed, names[i]);

        if (value != NULL)
            json_object_set_new(args, names[i], json_string(value));
    }
    return args;
}

/* What the node itself says of it now, or said then; -1, or the exit code. */
static int ask_what_came(struct sk_client *client,
                         const struct sk_parsed *parsed, const json_t *question,
                         json_t **out)
{
    const json_t *was = json_object_get(question, "was");
    json_t *args;
    json_t *reply = NULL;

    if (was != NULL) {
        *out = came_of_message(was);
        return -1;
    }
    args = arguments_of(parsed);
    /* POLICY.md 2.6: who asks why decides nothing. */
    json_object_set_new(args, "explain", json_true());
    if (sk_client_call(client, "disclosure.preview", args, NULL, 0, &reply) !=
        SK_OK) {
        json_decref(args);
        return sk_cli_fail_file(SK_E_CLOSED, "ctl.sock");
    }
    json_decref(args);
    *out = came_of_preview(reply);
    json_decref(reply);
    return -1;
}

/* The bundle that answers: a draft, or what the node has or had. */
static int find_bundle(struct sk_policy_run *run, struct sk_client *client,
                       const struct sk_parsed *parsed, const json_t *question,
                       struct sk_bundle **out)
{
    struct sk_policy_bundle opened;
    int code;

    if (parsed->operands_count == 0)
        return sk_policy_node_bundle(
            run, client,
            json_integer_value(json_object_get(question, "policy")),
            json_integer_value(json_object_get(question, "charter")), out);
    code = sk_policy_open(run, parsed->operands[0], &opened);
    if (code < 0)
        *out = opened.bundle;
    return code;
}

/* ---------------------------------------------------------------- tell */

static void print_what_came(const struct sk_policy_run *run,
                            const struct sk_explained *x, bool draft)
{
    const json_t *was = x->came;
    const char *state = sk_json_text(was, "state");
    const char *reason = sk_json_text(was, "reason");

    if (strcmp(state, "dropped") == 0)
        printf(run->dutch ? "Dit bericht is niet vertrokken: %s. [%s]\n"
                          : "This message did not leave: %s. [%s]\n",
               sk_reason_text(reason, run->dutch) != NULL
                   ? sk_reason_text(reason, run->dutch)
                   : reason,
               reason);
    if (x->same)
        printf("%s\n",
               state[0] != '\0'
                   ? sk_policy_word(run, "Zo staat het ook in het grootboek.",
                                    "The ledger says the same.")
                   : sk_policy_word(run, "Zo antwoordt het knooppunt nu ook.",
                                    "The node answers the same now."));
    else
        printf("%s\n",
               draft ? sk_policy_word(
                           run, "Het knooppunt antwoordt of antwoordde anders:",
                           "The node answers, or answered, otherwise:")
                     : sk_policy_word(
                           run,
                           "LET OP: het knooppunt antwoordt of antwoordde "
                           "anders (iets veranderde sindsdien, of wacht nog "
                           "op goedkeuring):",
                           "NOTE: the node answers, or answered, otherwise "
                           "(something changed since, or waits for "
                           "approval):"));
}

static void print_levels(const json_t *came)
{
    const json_t *levels = json_object_get(came, "levels");
    const char *field;
    json_t *level;

    printf("  %s%s%s\n", sk_json_text(came, "decision"),
           sk_json_text(came, "reason")[0] != '\0' ? " " : "",
           sk_json_text(came, "reason"));
    json_object_foreach((json_t *)(uintptr_t)levels, field, level)
    {
        printf("  %s: %s\n", field, json_string_value(level));
    }
}

static int tell(struct sk_policy_run *run, struct sk_explained *x, bool draft)
{
    /* A record of the ledger has a state, an answer of now has none. */
    bool past = sk_json_text(x->came, "state")[0] != '\0';
    int code = sk_explain_tell(run, x);

    if (code != SK_EXIT_YES || run->json)
        return code;
    putchar('\n');
    if (past)
        puts(sk_policy_word(
            run,
            "Van toen: het beleid, het charter, de akkoorden en bezwaren die "
            "genoteerd waren.\nVan nu, met hun eigen dagen: banden, "
            "werkgevers, "
            "geboortedatum, bewind.",
            "Of then: the policy, the charter, the consents and objections "
            "recorded by then.\nOf now, with days of their own: relations, "
            "employers, birth date, administration."));
    print_what_came(run, x, draft);
    if (!x->same)
        print_levels(x->came);
    return code;
}

/* ---------------------------------------------------------------- command */

static int check_options(const struct sk_parsed *parsed)
{
    bool event = sk_cli_has(parsed, "event");

    if (sk_cli_has(parsed, "question") || sk_cli_has(parsed, "case") ||
        event == sk_cli_has(parsed, "message"))
        return sk_policy_bad_option("--event",
                                    "kies een: --question, --event of "
                                    "--message",
                                    "choose one: --question, --event or "
                                    "--message");
    if (event != sk_cli_has(parsed, "to") || event != sk_cli_has(parsed, "for"))
        return sk_policy_bad_option("--event",
                                    "--event gaat samen met --to en --for",
                                    "--event goes with --to and --for");
    return -1;
}

static int explain(struct sk_policy_run *run, struct sk_client *client,
                   const struct sk_parsed *parsed, const json_t *question,
                   struct sk_explained *x)
{
    struct sk_bundle *bundle = NULL;
    struct sk_asked asked = {.facts = NULL};
    int code = find_bundle(run, client, parsed, question, &bundle);

    if (code < 0)
        code = sk_policy_node_asked(run, bundle, question, &asked);
    if (code < 0)
        code = sk_explain_decide(run, bundle, &asked, x);
    if (code < 0)
        code = ask_what_came(client, parsed, question, &x->came);
    if (code >= 0)
        return code;
    x->same = is_same(x, x->came);
    return tell(run, x, parsed->operands_count > 0);
}

int sk_policy_explain_node(struct sk_policy_run *run,
                           const struct sk_parsed *parsed)
{
    struct sk_explained *x = sk_arena_get(&run->arena, sizeof(*x));
    struct sk_client *client = NULL;
    json_t *question = NULL;
    int code = check_options(parsed);

    if (x == NULL)
        return sk_policy_no_memory();
    if (code < 0)
        code = sk_node_open(parsed, &client);
    if (code < 0)
        code = sk_node_ask(client, "disclosure.question", arguments_of(parsed),
                           NULL, 0, &question);
    if (code < 0)
        code = explain(run, client, parsed, question, x);
    json_decref(x->came);
    json_decref(question);
    sk_client_close(&client);
    return code;
}
