#include "tools/schakel/policy_node.h"

#include <string.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_explain.h"

static struct sk_bytes text_of(struct sk_policy_run *run, const json_t *files,
                               const char *name)
{
    return sk_arena_copy(&run->arena, sk_text(sk_json_text(files, name)));
}

enum sk_status
sk_policy_node_under(struct sk_policy_run *run, struct sk_bytes policy,
                     struct sk_bytes invariants, const json_t *charter,
                     struct sk_findings *findings, struct sk_bundle **out)
{
    struct sk_bundle_files files = {
        .vocabulary = {"vocabulary.yaml", text_of(run, charter, "vocabulary")},
        .partners = {"partners.yaml", text_of(run, charter, "partners")},
        .guards = {"guards.yaml", text_of(run, charter, "guards")},
        .policy = {"policy.yaml", policy},
        .invariants = {"invariants.yaml", invariants},
    };

    *out = NULL;
    return sk_bundle_load(&files, INT32_MIN, &run->arena, findings, out);
}

static int load(struct sk_policy_run *run, struct sk_bytes policy,
                struct sk_bytes invariants, const json_t *charter,
                struct sk_bundle **out)
{
    struct sk_findings findings = sk_findings_start(&run->arena);

    if (sk_policy_node_under(run, policy, invariants, charter, &findings,
                             out) != SK_OK)
        return sk_policy_no_memory();
    /* What it promised need not be in the words of a later charter. */
    if (*out == NULL && invariants.size > 0)
        return load(run, policy, (struct sk_bytes){0}, charter, out);
    return *out != NULL ? -1 : sk_policy_unusable(run, &findings);
}

static json_t *version_args(json_int_t version)
{
    return version == SK_NODE_IN_FORCE ? json_object()
                                       : json_pack("{s:I}", "version", version);
}

int sk_policy_node_bundle(struct sk_policy_run *run, struct sk_client *client,
                          json_int_t policy, json_int_t charter,
                          struct sk_bundle **out)
{
    json_t *rules = NULL;
    json_t *words = NULL;
    int code;

    if (policy == 0)
        return sk_cli_fail(
            SK_EXIT_NO, &(struct sk_problem){
                            .code = "no-policy",
                            .nl = "er is nog geen beleid in gebruik",
                            .en = "there is no sharing policy in force yet",
                            .where = run->command,
                            .next_nl = "zie: schakel policy activate --help",
                            .next_en = "see: schakel policy activate --help"});
    code = sk_node_ask(client, "policy.version", version_args(policy), NULL, 0,
                       &rules);
    if (code < 0)
        code = sk_node_ask(client, "charter.text", version_args(charter), NULL,
                           0, &words);
    if (code < 0)
        code = load(run, text_of(run, rules, "policy"),
                    text_of(run, rules, "invariants"), words, out);
    json_decref(rules);
    json_decref(words);
    return code;
}

int sk_policy_node_draft(struct sk_policy_run *run, struct sk_client *client,
                         struct sk_bytes policy, struct sk_bundle **out)
{
    json_t *words = NULL;
    int code = sk_node_ask(client, "charter.text", NULL, NULL, 0, &words);

    if (code < 0)
        code = load(run, policy, (struct sk_bytes){0}, words, out);
    json_decref(words);
    return code;
}

int sk_policy_node_asked(struct sk_policy_run *run,
                         const struct sk_bundle *bundle, const json_t *question,
                         struct sk_asked *out)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_place place = {"node", 1, 1};
    json_t *asked =
        json_pack("{s:O, s:O}", "ask", json_object_get(question, "ask"),
                  "facts", json_object_get(question, "facts"));
    struct sk_node *tree = sk_node_of_json(&run->arena, place, asked);
    bool good = false;

    json_decref(asked);
    if (tree == NULL || sk_question_read(tree, bundle, &run->arena, &findings,
                                         &good, out) != SK_OK)
        return sk_policy_no_memory();
    return good ? -1 : sk_policy_unusable(run, &findings);
}
