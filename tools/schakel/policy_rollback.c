#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "protocol/manifest.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"
#include "tools/schakel/policy_run.h"

/* `schakel policy rollback`: an older version as a new, higher one, which goes
   through the same gate as any other.                  docs/POLICY.md 2.3 */

/* The text with another number behind "version:"; malloc'ed. */
static char *renumber(const char *policy, uint64_t version)
{
    const char *at = strncmp(policy, "version:", 8) == 0
                         ? policy
                         : strstr(policy, "\nversion:");
    size_t before;
    char *out;

    if (at == NULL)
        return NULL;
    at = strchr(at, ':') + 1;
    before = (size_t)(at - policy);
    out = malloc(strlen(policy) + 32);
    if (out == NULL)
        return NULL;
    at += strspn(at, " ");
    at += strspn(at, "0123456789");
    snprintf(out, strlen(policy) + 32, "%.*s %" PRIu64 "%s", (int)before,
             policy, version, at);
    return out;
}

static int write_text(const char *dir, const char *name, const char *text)
{
    if (text[0] == '\0')
        return -1;
    return sk_nodedir_write(dir, name, sk_text(text), 0644,
                            /* replace */ false);
}

/* The newest version there is a record of. */
static uint64_t newest_of(const json_t *history)
{
    const json_t *versions = json_object_get(history, "versions");
    json_int_t newest = 0;

    for (size_t i = 0; i < json_array_size(versions); i++) {
        json_int_t version = json_integer_value(
            json_object_get(json_array_get(versions, i), "version"));

        newest = version > newest ? version : newest;
    }
    return (uint64_t)newest;
}

/* A whole bundle, with the charter of the node. */
static int write_version(const char *dir, const json_t *old,
                         const json_t *current, const json_t *charter,
                         const char *owner, uint64_t version)
{
    static const char *const words[] = {"vocabulary", "guards", "partners"};
    bool invariants = sk_json_text(old, "invariants")[0] != '\0';
    char *policy = renumber(sk_json_text(old, "policy"), version);
    char bundle[512];
    int code = -1;

    if (policy == NULL)
        return sk_policy_no_memory();
    if (mkdir(dir, 0700) != 0)
        code = sk_cli_fail_file(errno == EEXIST ? SK_E_EXISTS : SK_E_IO, dir);
    for (size_t i = 0; code < 0 && i < SK_COUNT(words); i++) {
        char name[32];

        snprintf(name, sizeof(name), "%s.yaml", words[i]);
        code = write_text(dir, name, sk_json_text(charter, words[i]));
    }
    if (code < 0)
        code = write_text(dir, "policy.yaml", policy);
    if (code < 0)
        code =
            write_text(dir, "invariants.yaml", sk_json_text(old, "invariants"));
    /* Who may sign is not rolled back. */
    if (code < 0)
        code =
            write_text(dir, "officers.yaml", sk_json_text(current, "officers"));
    snprintf(bundle, sizeof(bundle),
             "format: bundle/1\nbundle: %s\nvocabulary: vocabulary.yaml\n"
             "guards: guards.yaml\npartners: partners.yaml\n"
             "policy: policy.yaml\n%s",
             owner, invariants ? "invariants: invariants.yaml\n" : "");
    if (code < 0)
        code = write_text(dir, "bundle.yaml", bundle);
    free(policy);
    return code;
}

int sk_policy_do_rollback(struct sk_policy_run *run,
                          const struct sk_parsed *parsed)
{
    const char *out = sk_cli_get(parsed, "out");
    char *end;
    unsigned long long version = strtoull(parsed->operands[0], &end, 10);
    struct sk_client *client = NULL;
    json_t *old = NULL;
    json_t *current = NULL;
    json_t *history = NULL;
    json_t *charter = NULL;
    json_t *status = NULL;
    uint64_t next = 0;
    int code;

    if (*end != '\0' || version == 0 || version > SK_MANIFEST_VERSION_MAX)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "bad-operand",
                                 .nl = "dit is geen versie",
                                 .en = "this is not a version",
                                 .where = parsed->operands[0],
                                 .next_nl = "zie: schakel policy history",
                                 .next_en = "see: schakel policy history"});
    code = sk_node_open(parsed, &client);
    if (code < 0)
        code = sk_node_ask(client, "policy.version",
                           json_pack("{s:I}", "version", (json_int_t)version),
                           NULL, 0, &old);
    if (code < 0)
        code = sk_node_ask(client, "policy.version", NULL, NULL, 0, &current);
    if (code < 0)
        code = sk_node_ask(client, "policy.history", NULL, NULL, 0, &history);
    if (code < 0)
        code = sk_node_ask(client, "charter.text", NULL, NULL, 0, &charter);
    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &status);
    if (code < 0) {
        next = newest_of(history) + 1;
        code = write_version(out, old, current, charter,
                             sk_json_text(status, "org"), next);
    }
    json_decref(old);
    json_decref(current);
    json_decref(history);
    json_decref(charter);
    json_decref(status);
    sk_client_close(&client);
    if (code >= 0)
        return code;
    if (run->json)
        sk_policy_answer(
            json_pack("{s:s, s:b, s:I, s:I}", "command", "rollback", "ok", 1,
                      "of", (json_int_t)version, "version", (json_int_t)next));
    else
        printf(run->dutch
                   ? "In %s staat versie %llu, als versie %" PRIu64 ".\nNog te "
                     "doen: vergelijken, tekenen en in gebruik nemen, zoals "
                     "elke wijziging.\n"
                   : "In %s is version %llu, as version %" PRIu64 ".\nStill to "
                     "do: compare, sign and activate, as any change.\n",
               out, version, next);
    return SK_EXIT_YES;
}
