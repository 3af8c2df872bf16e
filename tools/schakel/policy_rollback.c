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

/* The byte at a place: columns count characters (POLICY.md 3.6). */
static const char *seek(const char *text, struct sk_place place)
{
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (uint32_t line = 1; line < place.line; line++)
        text = strchr(text, '\n') + 1;
    for (uint32_t column = 1; column < place.column; column++)
        do
            text++;
        while ((*text & 0xc0) == 0x80);
    return text;
}

/* The text with another number at the place of its version, however it is
   written; malloc'ed, or NULL when it is not where a number can stand. */
static char *renumber(struct sk_policy_run *run, const char *policy,
                      uint64_t version)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_node *tree = NULL;
    const struct sk_node *node;
    const char *at;
    const char *rest;
    char *out;

    if (sk_yaml_read("policy.yaml", sk_text(policy), &run->arena, &findings,
                     &tree) != SK_OK ||
        tree == NULL)
        return NULL;
    node = sk_node_get(tree, "version");
    if (node == NULL)
        return NULL;
    at = seek(policy, node->place);
    rest = at + node->text.size;
    if (*at == '"' || *at == '\'')
        rest = strchr(at + 1, *at) + 1;
    else if (strncmp(at, (const char *)node->text.data, node->text.size) != 0)
        return NULL; /* a block */
    out = malloc(strlen(policy) + 32);
    if (out != NULL)
        snprintf(out, strlen(policy) + 32, "%.*s%" PRIu64 "%s",
                 (int)(at - policy), policy, version, rest);
    return out;
}

static int write_text(const char *dir, const char *name, const char *text)
{
    if (text[0] == '\0')
        return -1;
    return sk_nodedir_write(dir, name, sk_text(text), 0644,
                            /* replace */ false);
}

/* The newest version that ever was in force or waited for it; what was refused
   was not. */
static uint64_t newest_of(const json_t *history)
{
    const json_t *versions = json_object_get(history, "versions");
    json_int_t newest = 0;

    for (size_t i = 0; i < json_array_size(versions); i++) {
        const json_t *one = json_array_get(versions, i);
        json_int_t version =
            json_integer_value(json_object_get(one, "version"));

        const char *refused = sk_json_text(one, "refused");

        if (version > newest &&
            (refused[0] == '\0' || strcmp(refused, "policy-displaced") == 0))
            newest = version;
    }
    return (uint64_t)newest;
}

/* What a node said of itself. */
struct told {
    json_t *old;     /* the version that comes back */
    json_t *current; /* the one in force */
    json_t *history;
    json_t *charter;
    json_t *status;
};

static void told_free(struct told *t)
{
    json_decref(t->old);
    json_decref(t->current);
    json_decref(t->history);
    json_decref(t->charter);
    json_decref(t->status);
}

static int ask_all(const struct sk_parsed *parsed, uint64_t version,
                   struct told *t)
{
    struct sk_client *client = NULL;
    int code = sk_node_open(parsed, &client);

    if (code < 0)
        code = sk_node_ask(client, "policy.version",
                           json_pack("{s:I}", "version", (json_int_t)version),
                           NULL, 0, &t->old);
    if (code < 0)
        code =
            sk_node_ask(client, "policy.version", NULL, NULL, 0, &t->current);
    if (code < 0)
        code =
            sk_node_ask(client, "policy.history", NULL, NULL, 0, &t->history);
    if (code < 0)
        code = sk_node_ask(client, "charter.text", NULL, NULL, 0, &t->charter);
    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &t->status);
    sk_client_close(&client);
    return code;
}

static int write_bundle(const char *dir, const struct told *t)
{
    bool invariants = sk_json_text(t->old, "invariants")[0] != '\0';
    char bundle[512];

    snprintf(bundle, sizeof(bundle),
             "format: bundle/1\nbundle: %s\nvocabulary: vocabulary.yaml\n"
             "guards: guards.yaml\npartners: partners.yaml\n"
             "policy: policy.yaml\n%s",
             sk_json_text(t->status, "org"),
             invariants ? "invariants: invariants.yaml\n" : "");
    return write_text(dir, "bundle.yaml", bundle);
}

/* A whole bundle, with the charter of the node. */
static int write_version(const char *dir, const struct told *t,
                         const char *policy)
{
    static const char *const words[] = {"vocabulary", "guards", "partners"};
    int code = -1;

    if (mkdir(dir, 0700) != 0)
        code = sk_cli_fail_file(errno == EEXIST ? SK_E_EXISTS : SK_E_IO, dir);
    for (size_t i = 0; code < 0 && i < SK_COUNT(words); i++) {
        char name[32];

        snprintf(name, sizeof(name), "%s.yaml", words[i]);
        code = write_text(dir, name, sk_json_text(t->charter, words[i]));
    }
    if (code < 0)
        code = write_text(dir, "policy.yaml", policy);
    if (code < 0)
        code = write_text(dir, "invariants.yaml",
                          sk_json_text(t->old, "invariants"));
    /* Who may sign is not rolled back. */
    if (code < 0)
        code = write_text(dir, "officers.yaml",
                          sk_json_text(t->current, "officers"));
    return code < 0 ? write_bundle(dir, t) : code;
}

static int not_replaced(const char *operand)
{
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = "bad-policy",
            .nl = "het versienummer van dat beleid is niet te vervangen",
            .en = "the version number of that policy cannot be replaced",
            .where = operand,
            .next_nl = "haal het op met policy version --json, en geef het "
                       "zelf een hoger nummer",
            .next_en = "get it with policy version --json, and give it a "
                       "higher number yourself"});
}

/* POLICY.md 2.3: behind the last number no other can come. */
static int no_number_left(void)
{
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = "policy-version",
            .nl = "er is geen hoger versienummer meer: 999999999 is gebruikt",
            .en = "there is no higher version left: 999999999 was used",
            .next_nl = "wat geldt, blijft gelden tot zijn regels eindigen; "
                       "POLICY.md 2.3 zegt wat dan kan",
            .next_en = "what is in force stays so until its rules end; "
                       "POLICY.md 2.3 says what can be done"});
}

static void tell(const struct sk_policy_run *run, const char *dir,
                 unsigned long long version, uint64_t next)
{
    if (run->json) {
        sk_policy_answer(
            json_pack("{s:s, s:b, s:I, s:I}", "command", "rollback", "ok", 1,
                      "of", (json_int_t)version, "version", (json_int_t)next));
        return;
    }
    printf(run->dutch ? "In %s staat versie %llu, als versie %" PRIu64
                        ".\nNog te doen: vergelijken, tekenen en in gebruik "
                        "nemen, zoals elke wijziging.\n"
                      : "In %s is version %llu, as version %" PRIu64
                        ".\nStill to do: compare, sign and activate, as any "
                        "change.\n",
           dir, version, next);
}

int sk_policy_do_rollback(struct sk_policy_run *run,
                          const struct sk_parsed *parsed)
{
    const char *out = sk_cli_get(parsed, "out");
    char *end;
    unsigned long long version = strtoull(parsed->operands[0], &end, 10);
    struct told told = {0};
    char *policy = NULL;
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
    code = ask_all(parsed, version, &told);
    if (code < 0) {
        next = newest_of(told.history) + 1;
        if (next > SK_MANIFEST_VERSION_MAX)
            code = no_number_left();
    }
    if (code < 0) {
        policy = renumber(run, sk_json_text(told.old, "policy"), next);
        code = policy == NULL ? not_replaced(parsed->operands[0])
                              : write_version(out, &told, policy);
    }
    free(policy);
    told_free(&told);
    if (code >= 0)
        return code;
    tell(run, out, version, next);
    return SK_EXIT_YES;
}
