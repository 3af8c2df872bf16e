#include <string.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_run.h"

/* `schakel policy shadow`: let a draft decide beside the policy in force, and
   count what it would have answered.               docs/POLICY.md 2.6 and 16 */

static void print_number(const struct sk_policy_run *run, const json_t *count,
                         const char *key, const char *nl, const char *en)
{
    json_int_t number = json_integer_value(json_object_get(count, key));

    if (number > 0)
        printf(" %s %" JSON_INTEGER_FORMAT ";", sk_policy_word(run, nl, en),
               number);
}

static void print_counts(const struct sk_policy_run *run, const json_t *result)
{
    const json_t *counts = json_object_get(result, "counts");

    if (json_array_size(counts) == 0)
        printf("%s\n",
               sk_policy_word(run, "Er is sindsdien niets gestuurd of getoond.",
                              "Nothing was sent or previewed since."));
    for (size_t i = 0; i < json_array_size(counts); i++) {
        const json_t *count = json_array_get(counts, i);

        printf("  %s, %s, %s:", sk_json_text(count, "to"),
               sk_json_text(count, "for"), sk_json_text(count, "event"));
        print_number(run, count, "same", "hetzelfde", "the same");
        print_number(run, count, "less", "zou minder sturen",
                     "would send less");
        print_number(run, count, "more", "zou MEER sturen", "would send MORE");
        print_number(run, count, "refuse", "zou weigeren", "would refuse");
        putchar('\n');
    }
}

static void print(const struct sk_policy_run *run, const json_t *result)
{
    const char *policy = sk_json_text(result, "policy");

    if (!json_is_true(json_object_get(result, "on"))) {
        printf("%s\n", sk_policy_word(run, "Er loopt geen ontwerp mee.",
                                      "No draft runs along."));
        return;
    }
    if (policy[0] == '\0')
        printf("%s\n",
               sk_policy_word(run,
                              "Het ontwerp bevat fouten onder het charter dat "
                              "nu geldt, en telt niet meer mee.",
                              "The draft has errors under the charter in "
                              "force, and is counted no more."));
    else
        printf("%s %s\n",
               sk_policy_word(run, "Dit ontwerp loopt mee en beslist niets:",
                              "This draft runs along and decides nothing:"),
               policy);
    printf("%s %s\n", sk_policy_word(run, "Sinds", "Since"),
           sk_json_text(result, "since"));
    print_counts(run, result);
}

static int ask(struct sk_client *client, const struct sk_parsed *parsed,
               const struct sk_bundle_folder *folder, json_t **result)
{
    struct sk_blob blob = {.argument = "policy"};
    json_t *args =
        sk_cli_has(parsed, "stop") ? json_pack("{s:b}", "stop", 1) : NULL;

    if (folder == NULL)
        return sk_node_ask(client, "policy.shadow", args, NULL, 0, result);
    blob.bytes = folder->sources.of[SK_SOURCE_POLICY].bytes;
    return sk_node_ask(client, "policy.shadow", NULL, &blob, 1, result);
}

int sk_policy_do_shadow(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    bool draft = parsed->operands_count == 1;
    struct sk_client *client = NULL;
    struct sk_policy_bundle opened;
    json_t *result = NULL;
    int code = -1;

    if (draft + sk_cli_has(parsed, "stop") + sk_cli_has(parsed, "show") != 1)
        return sk_policy_bad_option("--show",
                                    "kies een: BUNDLE, --show of --stop",
                                    "choose one: BUNDLE, --show or --stop");
    if (draft)
        code = sk_policy_open(run, parsed->operands[0], &opened);
    if (code < 0)
        code = sk_node_open(parsed, &client);
    if (code < 0)
        code = ask(client, parsed, draft ? &opened.folder : NULL, &result);
    sk_client_close(&client);
    if (code >= 0)
        return code;
    if (run->json)
        sk_policy_answer(json_pack("{s:s, s:b, s:o}", "command", "shadow", "ok",
                                   1, "shadow", result));
    else
        print(run, result);
    if (!run->json)
        json_decref(result);
    return SK_EXIT_YES;
}
