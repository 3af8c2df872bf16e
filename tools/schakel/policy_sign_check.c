#include <stdlib.h>
#include <string.h>

#include "policies/prove.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_node.h"
#include "tools/schakel/policy_signing.h"

/* Before a signature: would the node take this policy, and this officer?  It
   asks everything again itself (POLICY.md 2.5); here nobody signs in vain. */

static const char *const shared[] = {"vocabulary", "guards", "partners"};
static const enum sk_source_file sources[] = {
    SK_SOURCE_VOCABULARY, SK_SOURCE_GUARDS, SK_SOURCE_PARTNERS};

/* ---------------------------------------------------------------- charter */

/* The texts of a charter's folder, as charter.text gives them. */
static int read_charter(const char *dir, json_t **out)
{
    json_t *texts = json_object();
    int code = -1;

    for (size_t i = 0; code < 0 && i < SK_COUNT(shared); i++) {
        struct sk_bytes bytes = {0};
        enum sk_status status;
        char name[32];
        char *path;

        snprintf(name, sizeof(name), "%s.yaml", shared[i]);
        path = sk_cli_path(dir, name);
        status = sk_cli_read(path, SK_YAML_SIZE_MAX, &bytes);
        if (status != SK_OK)
            code = sk_cli_fail_file(status, path);
        else
            json_object_set_new(
                texts, shared[i],
                json_stringn((const char *)bytes.data, bytes.size));
        free((void *)(uintptr_t)bytes.data);
        free(path);
    }
    if (code < 0)
        *out = texts;
    else
        json_decref(texts);
    return code;
}

static void warn(const struct sk_policy_run *run, const char *nl,
                 const char *en, const char *what)
{
    fprintf(stderr, "%s: %s%s%s\n", sk_policy_word(run, "let op", "warning"),
            sk_policy_word(run, nl, en), what[0] != '\0' ? ": " : "", what);
}

/* Which shared files are not those of the charter; in the arena. */
static const char *differing(const struct sk_draft *d, const json_t *charter)
{
    struct sk_words words = sk_words_start(&d->run->arena);

    for (size_t i = 0; i < SK_COUNT(shared); i++) {
        const char *text = sk_json_text(charter, shared[i]);

        if (!sk_bytes_equal(d->bundle.folder.sources.of[sources[i]].bytes,
                            sk_text(text)))
            sk_words_add(&words, "%s%s.yaml", words.size > 0 ? ", " : "",
                         shared[i]);
    }
    return words.text;
}

/* The policy under the charter: does it load, does it keep its promises? */
static void check_under(const struct sk_draft *d, const json_t *charter)
{
    struct sk_policy_run *run = d->run;
    struct sk_findings findings = sk_findings_start(&run->arena);
    const struct sk_sources *own = &d->bundle.folder.sources;
    struct sk_bundle *bundle = NULL;
    struct sk_proof *proofs;
    size_t count;

    if (sk_policy_node_under(run, own->of[SK_SOURCE_POLICY].bytes,
                             own->of[SK_SOURCE_INVARIANTS].bytes, charter,
                             &findings, &bundle) != SK_OK)
        return;
    if (bundle == NULL) {
        warn(run, "onder dat charter klopt dit beleid niet",
             "under that charter this policy is not right", "");
        sk_policy_sort(&findings);
        sk_policy_print(run, stderr, &findings);
        return;
    }
    if (sk_prove(bundle, &run->arena, &proofs, &count) != SK_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        struct sk_words id = sk_words_start(&run->arena);

        if (proofs[i].holds)
            continue;
        sk_words_add(&id, "%.*s", SK_ARG(proofs[i].invariant->id));
        warn(run, "onder dat charter geldt deze belofte niet",
             "under that charter this promise does not hold", id.text);
    }
}

static void compare_charter(struct sk_draft *d, const json_t *charter)
{
    d->compared = true;
    d->differs = differing(d, charter);
    if (d->differs[0] == '\0')
        return;
    warn(d->run,
         "deze bestanden zijn niet die van het charter waaronder het beleid "
         "zal gelden; het knooppunt\n  neemt die van het charter",
         "these files are not those of the charter that the policy will be "
         "under; the node takes those of\n  the charter",
         d->differs);
    check_under(d, charter);
}

/* ---------------------------------------------------------------- officer */

static const struct sk_officer *find(const struct sk_officers *officers,
                                     const char *name)
{
    for (size_t i = 0; i < officers->count; i++)
        if (sk_bytes_equal(officers->list[i].name, sk_text(name)))
            return &officers->list[i];
    return NULL;
}

static int refuse(const char *code, const char *nl, const char *en,
                  const char *name, const char *next_nl, const char *next_en)
{
    return sk_cli_fail(SK_EXIT_NO, &(struct sk_problem){.code = code,
                                                        .nl = nl,
                                                        .en = en,
                                                        .where = name,
                                                        .next_nl = next_nl,
                                                        .next_en = next_en});
}

/* Who signs is an officer of the version in force, or of this one, and has the
   key that stands there. */
static int check_officer(const struct sk_draft *d, const char *name,
                         const struct sk_minisign_key *key)
{
    const struct sk_officer *here = find(&d->officers, name);
    const struct sk_officer *there = d->asked ? find(&d->in_force, name) : NULL;

    if (here == NULL && there == NULL)
        return refuse(
            "unknown-officer",
            d->asked ? "deze naam staat niet in officers.yaml, en mag nu niet "
                       "tekenen"
                     : "deze naam staat niet in officers.yaml",
            d->asked ? "this name is not in officers.yaml, and is no officer "
                       "now"
                     : "this name is not in officers.yaml",
            name,
            d->asked ? "kies de juiste naam met --as"
                     : "kies de juiste naam met --as; wie vertrekt, tekent "
                       "waar het knooppunt antwoordt (--dir)",
            d->asked ? "choose the right name with --as"
                     : "choose the right name with --as; who leaves signs "
                       "where the node answers (--dir)");
    if (!sk_minisign_key_equal(there != NULL ? &there->key : &here->key, key))
        return refuse("not-this-officer",
                      "officers.yaml noemt een andere sleutel voor deze naam",
                      "officers.yaml names another key for this name", name,
                      "kies de juiste naam met --as",
                      "choose the right name with --as");
    if (d->asked && there == NULL)
        warn(
            d->run,
            "deze handtekening telt nog niet: wie nu geldt, tekent deze versie",
            "this signature does not count yet: this version is signed by "
            "those in force",
            name);
    return -1;
}

/* ---------------------------------------------------------------- folder */

/* What is signed under a name is what lies in the folder under that name: a
   bundle.yaml that points elsewhere shows a reader another text. */
static int check_own(const struct sk_draft *d, const char *name,
                     enum sk_source_file which)
{
    struct sk_bytes own = d->bundle.folder.sources.of[which].bytes;
    struct sk_bytes there = {0};
    char *path = sk_cli_path(d->dir, name);
    enum sk_status status = sk_cli_read(path, SK_YAML_SIZE_MAX, &there);
    int code = -1;

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        code = sk_cli_fail_file(status, path);
    else if (!sk_bytes_equal(own, there))
        code = refuse("other-file",
                      "bundle.yaml noemt een ander bestand, of geen: wat u "
                      "tekent is niet wat hier ligt",
                      "bundle.yaml names another file, or none: what you sign "
                      "is not what lies here",
                      path, "noem dit bestand in bundle.yaml, of haal het weg",
                      "name this file in bundle.yaml, or take it away");
    free((void *)(uintptr_t)there.data);
    free(path);
    return code;
}

/* ---------------------------------------------------------------- node */

/* Who may sign the next version; nothing when there is no policy yet. */
static void take_officers(struct sk_draft *d, const json_t *version)
{
    struct sk_findings findings = sk_findings_start(&d->run->arena);
    struct sk_bytes yaml = sk_arena_copy(
        &d->run->arena, sk_text(sk_json_text(version, "officers")));

    d->asked =
        yaml.size > 0 && sk_officers_read(yaml, &d->run->arena, &findings,
                                          &d->in_force) == SK_OK;
}

/* The result of an operation, or NULL; nothing is told. */
static json_t *try_ask(struct sk_client *client, const char *op)
{
    json_t *reply = NULL;
    json_t *result = NULL;

    if (sk_client_call(client, op, NULL, NULL, 0, &reply) == SK_OK)
        result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

/* What a node that answers knows; one that does not is no fault: an officer
   may sign anywhere. */
static void ask_node(struct sk_draft *d, const struct sk_parsed *parsed,
                     json_t **charter)
{
    struct sk_client *client = NULL;
    json_t *version;

    if (sk_client_open(sk_cli_dir(parsed), &client) != SK_OK)
        return;
    version = try_ask(client, "policy.version");
    take_officers(d, version);
    json_decref(version);
    if (*charter == NULL)
        *charter = try_ask(client, "charter.text");
    sk_client_close(&client);
}

int sk_draft_check(struct sk_draft *d, const struct sk_parsed *parsed,
                   const char *name, const struct sk_minisign_key *key)
{
    const char *dir = sk_cli_get(parsed, "charter");
    json_t *charter = NULL;
    int code = check_own(d, "policy.yaml", SK_SOURCE_POLICY);

    if (code < 0)
        code = check_own(d, "invariants.yaml", SK_SOURCE_INVARIANTS);
    if (code < 0 && dir != NULL)
        code = read_charter(dir, &charter);

    if (code < 0) {
        ask_node(d, parsed, &charter);
        code = check_officer(d, name, key);
    }
    if (code < 0 && charter != NULL)
        compare_charter(d, charter);
    json_decref(charter);
    return code;
}
