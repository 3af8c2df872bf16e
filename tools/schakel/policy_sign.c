#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"
#include "tools/schakel/policy_need.h"

/* From a checked bundle to a signed one: officers and signatures.
                                                       docs/POLICY.md 2.3 */

static const char *word(const struct sk_policy_run *run, const char *nl,
                        const char *en)
{
    return sk_policy_word(run, nl, en);
}

static int fail(int code, const char *name, const char *nl, const char *en,
                const char *where, const char *next_nl, const char *next_en)
{
    return sk_cli_fail(code, &(struct sk_problem){.code = name,
                                                  .nl = nl,
                                                  .en = en,
                                                  .where = where,
                                                  .next_nl = next_nl,
                                                  .next_en = next_en});
}

/* ------------------------------------------------------------- the folder */

static struct sk_bytes source(const struct sk_draft *d, size_t which)
{
    return d->bundle.folder.sources.of[which].bytes;
}

static char *path_in(const struct sk_draft *d, const char *name)
{
    return sk_cli_path(d->dir, name);
}

/* The folder of BUNDLE, which may be the bundle.yaml itself. */
static void take_dir(struct sk_draft *d, const char *path)
{
    snprintf(d->dir, sizeof(d->dir), "%s",
             sk_path_is_folder(path) ? path
                                     : sk_path_folder(&d->run->arena, path));
}

static int read_officers(struct sk_draft *d)
{
    struct sk_findings findings = sk_findings_start(&d->run->arena);
    char *path = path_in(d, "officers.yaml");
    enum sk_status status =
        sk_cli_read(path, SK_YAML_SIZE_MAX, &d->officers_yaml);
    int code = -1;

    if (status == SK_E_NOT_FOUND)
        code = fail(SK_EXIT_USAGE, "no-officers",
                    "er is geen lijst van wie mag tekenen",
                    "there is no list of who may sign", path,
                    "maak er een: schakel policy officer NAAM --key BESTAND",
                    "make one: schakel policy officer NAME --key FILE");
    else if (status != SK_OK)
        code = sk_cli_fail_file(status, path);
    if (code < 0 && sk_officers_read(d->officers_yaml, &d->run->arena,
                                     &findings, &d->officers) != SK_OK)
        code = sk_policy_unusable(d->run, &findings);
    free(path);
    return code;
}

int sk_draft_open(struct sk_policy_run *run, const char *path,
                  struct sk_draft *d)
{
    char *manifest;
    enum sk_status status;
    int code;

    memset(d, 0, sizeof(*d));
    d->run = run;
    take_dir(d, path);
    code = sk_policy_open(run, path, &d->bundle);
    if (code < 0)
        code = read_officers(d);
    if (code >= 0)
        return code;
    manifest = path_in(d, SK_MANIFEST_NAME);
    status = sk_cli_read(manifest, SK_MANIFEST_SIZE_MAX, &d->manifest);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        code = sk_cli_fail_file(status, manifest);
    free(manifest);
    return code;
}

void sk_draft_close(struct sk_draft *d)
{
    free((void *)(uintptr_t)d->officers_yaml.data);
    free((void *)(uintptr_t)d->manifest.data);
}

/* ------------------------------------------------------------- officers */

/* Put the line at the end of officers.yaml, which is made when it is not
   there. */
static int add_to_list(const char *list, const char *line)
{
    static const char head[] = "format: officers/1\nofficers:\n";
    struct sk_bytes old = {0};
    enum sk_status status = sk_cli_read(list, SK_YAML_SIZE_MAX, &old);
    bool is_new = status == SK_E_NOT_FOUND;
    char *text;

    if (status != SK_OK && !is_new)
        return sk_cli_fail_file(status, list);
    text = malloc(old.size + sizeof(head) + strlen(line) + 2);
    if (text == NULL)
        return sk_policy_no_memory();
    sprintf(text, "%s%.*s%s%s\n", is_new ? head : "", (int)old.size,
            is_new ? "" : (const char *)old.data,
            is_new || old.size == 0 || old.data[old.size - 1] == '\n' ? ""
                                                                      : "\n",
            line);
    status = sk_cli_write(list, sk_text(text), 0644, /* replace */ true);
    free(text);
    free((void *)(uintptr_t)old.data);
    return status == SK_OK ? -1 : sk_cli_fail_file(status, list);
}

/* A key pair: the secret one to its file, the public one as base64. */
static int make_key(const char *path, char base64[])
{
    uint8_t room[SK_MINISIGN_SECRET_SIZE_MAX];
    struct sk_sign_secret secret;
    struct sk_sign_public public;
    struct sk_minisign_key key;
    struct sk_seed seed;
    struct sk_bytes bytes;
    enum sk_status status;

    sk_seed_fill(&seed);
    sk_sign_keypair(&seed, &public, &secret);
    sk_minisign_key_of(&public, &key);
    status = sk_minisign_secret_format(
        &secret, &key, (struct sk_room){room, sizeof(room)}, &bytes);
    assert(status == SK_OK);
    status = sk_cli_write(path, bytes, 0600, /* replace */ false);
    sk_wipe(room, sizeof(room));
    sk_wipe(&secret, sizeof(secret));
    sk_wipe(&seed, sizeof(seed));
    sk_minisign_key_format(&key, base64);
    return status == SK_OK ? -1 : sk_cli_fail_file(status, path);
}

static int write_officer(struct sk_policy_run *run, const char *name,
                         const struct sk_parsed *parsed)
{
    const char *list = sk_cli_get(parsed, "list");
    char base64[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    char line[SK_ORG_SIZE_MAX + SK_MINISIGN_KEY_TEXT_SIZE + 8];
    int code = make_key(sk_cli_get(parsed, "key"), base64);

    snprintf(line, sizeof(line), "  %s: %s", name, base64);
    if (code < 0 && list != NULL)
        code = add_to_list(list, line);
    if (code >= 0)
        return code;
    if (run->json)
        sk_policy_answer(json_pack("{s:s, s:b, s:s, s:s}", "command", "officer",
                                   "ok", 1, "name", name, "key", base64));
    else
        puts(line);
    return SK_EXIT_YES;
}

int sk_policy_do_officer(struct sk_policy_run *run,
                         const struct sk_parsed *parsed)
{
    struct sk_org name; /* an ID too */

    if (!sk_org_parse(sk_text(parsed->operands[0]), &name))
        return fail(SK_EXIT_USAGE, "bad-option", "dit is geen naam",
                    "this is not a name", parsed->operands[0],
                    "een functie in kleine letters: dpo, adjunct",
                    "a function in lower case: dpo, deputy");
    return write_officer(run, parsed->operands[0], parsed);
}

/* ------------------------------------------------------------- MANIFEST */

/* Does the MANIFEST on disk pin what is there? */
static bool is_fresh(const struct sk_draft *d, struct sk_manifest *manifest)
{
    struct sk_bytes invariants = source(d, SK_SOURCE_INVARIANTS);

    return d->manifest.size > 0 &&
           sk_manifest_decode(d->manifest, manifest) == SK_OK &&
           manifest->version == sk_bundle_policy_version(d->bundle.bundle) &&
           sk_bytes_equal(manifest->name, sk_bundle_owner(d->bundle.bundle)) &&
           manifest->files_count == (invariants.size > 0 ? 3 : 2) &&
           sk_manifest_check(manifest, sk_text("policy.yaml"),
                             source(d, SK_SOURCE_POLICY)) == SK_OK &&
           sk_manifest_check(manifest, sk_text("officers.yaml"),
                             d->officers_yaml) == SK_OK &&
           (invariants.size == 0 ||
            sk_manifest_check(manifest, sk_text("invariants.yaml"),
                              invariants) == SK_OK);
}

/* What the node has in force: -1; "" when it has nothing. */
static int ask_previous(const struct sk_parsed *parsed, char hex[80])
{
    struct sk_client *client = NULL;
    json_t *shown = NULL;
    int code = sk_node_open(parsed, &client);

    if (code < 0)
        code = sk_node_ask(client, "policy.show", NULL, NULL, 0, &shown);
    if (code < 0)
        snprintf(hex, 80, "%s", sk_json_text(shown, "hash"));
    json_decref(shown);
    sk_client_close(&client);
    return code;
}

/* The hash that a new MANIFEST must name; -1, or an exit code. */
static int find_previous(const struct sk_draft *d,
                         const struct sk_parsed *parsed, struct sk_hash *out)
{
    const char *given = sk_cli_get(parsed, "previous");
    char hex[80] = "";
    int code;

    *out = (struct sk_hash){0};
    if (sk_cli_has(parsed, "first") ||
        sk_bundle_policy_version(d->bundle.bundle) == 1)
        return -1;
    if (given != NULL) {
        snprintf(hex, sizeof(hex), "%s", given);
    } else {
        code = ask_previous(parsed, hex);
        if (code >= 0)
            return code;
    }
    if (hex[0] == '\0')
        return -1; /* the node has none yet */
    if (!sk_hash_parse(sk_text(hex), out))
        return fail(SK_EXIT_USAGE, "bad-option",
                    "dit is geen hash van een MANIFEST",
                    "this is not the hash of a MANIFEST", given,
                    "zie: schakel policy show", "see: schakel policy show");
    return -1;
}

static int is_signature(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return strncmp(entry->d_name, "MANIFEST.", 9) == 0 && size >= 8 &&
           strcmp(entry->d_name + size - 8, ".minisig") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In order of their names, whatever the file system says: to free, each. */
static int signatures_of(const char *dir, struct dirent ***list)
{
    int count = scandir(dir, list, is_signature, by_name);

    return count < 0 ? 0 : count;
}

/* Signatures under another MANIFEST are worth nothing. */
static void drop_signatures(const struct sk_draft *d)
{
    struct dirent **list = NULL;
    int count = signatures_of(d->dir, &list);

    for (int i = 0; i < count; i++) {
        char *path = path_in(d, list[i]->d_name);

        (void)unlink(path);
        free(path);
        free(list[i]);
    }
    free(list);
}

/* Make or keep the MANIFEST; its bytes in the arena. */
static int settle_manifest(struct sk_draft *d, const struct sk_parsed *parsed,
                           struct sk_bytes *out)
{
    static uint8_t room[SK_MANIFEST_SIZE_MAX];
    struct sk_manifest manifest;
    struct sk_hash previous;
    enum sk_status status;
    int code;

    if (is_fresh(d, &manifest) && sk_cli_get(parsed, "previous") == NULL) {
        *out = d->manifest;
        return -1;
    }
    code = find_previous(d, parsed, &previous);
    if (code >= 0)
        return code;
    status = sk_signed_policy_manifest(
        sk_bundle_owner(d->bundle.bundle),
        sk_bundle_policy_version(d->bundle.bundle), &previous,
        source(d, SK_SOURCE_POLICY), d->officers_yaml,
        source(d, SK_SOURCE_INVARIANTS), (struct sk_room){room, sizeof(room)},
        out);
    assert(status == SK_OK);
    if (sk_bytes_equal(*out, d->manifest))
        return -1;
    drop_signatures(d);
    return sk_nodedir_write(d->dir, SK_MANIFEST_NAME, *out, 0644,
                            /* replace */ true);
}

/* ------------------------------------------------------------- signing */

static int read_secret(const char *path, struct sk_sign_secret *secret,
                       struct sk_minisign_key *key)
{
    struct sk_bytes bytes = {0};
    enum sk_status status =
        sk_cli_read(path, SK_MINISIGN_SECRET_SIZE_MAX, &bytes);
    int code = -1;

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    status = sk_minisign_secret_parse(bytes, secret, key);
    sk_wipe((void *)(uintptr_t)bytes.data, bytes.size);
    free((void *)(uintptr_t)bytes.data);
    if (status == SK_E_UNSUPPORTED)
        code = fail(SK_EXIT_NO, "key-has-password",
                    "deze sleutel heeft een wachtwoord",
                    "this key has a password", path,
                    "teken met: minisign -S -s SLEUTEL -m MANIFEST "
                    "-x MANIFEST.NAAM.minisig",
                    "sign with: minisign -S -s KEY -m MANIFEST "
                    "-x MANIFEST.NAME.minisig");
    else if (status != SK_OK)
        code = fail(SK_EXIT_USAGE, "bad-key",
                    "dit is geen geheime sleutel van minisign",
                    "this is not a secret key of minisign", path,
                    "maak er een: schakel policy officer NAAM --key BESTAND",
                    "make one: schakel policy officer NAME --key FILE");
    return code;
}

static int sign(const struct sk_draft *d, struct sk_bytes manifest,
                const char *name, const struct sk_sign_secret *secret,
                const struct sk_minisign_key *key)
{
    uint8_t room[SK_MINISIGN_SIGNATURE_SIZE_MAX];
    char comment[SK_MINISIGN_COMMENT_SIZE_MAX];
    char file[SK_ORG_SIZE_MAX + 32];
    struct sk_bytes owner = sk_bundle_owner(d->bundle.bundle);
    time_t now = time(NULL);
    struct sk_bytes bytes;
    struct tm parts;
    enum sk_status status;
    char at[32];

    gmtime_r(&now, &parts);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &parts);
    snprintf(comment, sizeof(comment), "policy %.*s version %u %s %s",
             (int)owner.size, (const char *)owner.data,
             (unsigned)sk_bundle_policy_version(d->bundle.bundle), name, at);
    status = sk_minisign_sign(secret, key, manifest, comment,
                              (struct sk_room){room, sizeof(room)}, &bytes);
    assert(status == SK_OK);
    snprintf(file, sizeof(file), "%s.%s.minisig", SK_MANIFEST_NAME, name);
    return sk_nodedir_write(d->dir, file, bytes, 0644, /* replace */ true);
}

/* ------------------------------------------------------------- the files */

/* What a node is given; bytes are malloc'ed. */
static int give(struct sk_given *given, const char *dir, const char *path,
                const char *name, bool needed)
{
    struct sk_blob *blob = &given->blobs[given->count];
    char *whole = sk_cli_path(dir, path);
    enum sk_status status = sk_cli_read(whole, SK_YAML_SIZE_MAX, &blob->bytes);
    int code = -1;

    if (status == SK_E_NOT_FOUND && needed)
        code =
            fail(SK_EXIT_USAGE, "not-signed", "dit beleid is nog niet getekend",
                 "this policy is not signed yet", whole,
                 "teken eerst: schakel policy sign",
                 "sign first: schakel policy sign");
    else if (status != SK_OK && status != SK_E_NOT_FOUND)
        code = sk_cli_fail_file(status, whole);
    free(whole);
    if (status != SK_OK)
        return code;
    snprintf(given->names[given->count], sizeof(given->names[0]), "%s", name);
    blob->argument = "files";
    blob->name = sk_text(given->names[given->count]);
    given->count++;
    return -1;
}

/* The very bytes that were checked. */
static int give_source(struct sk_given *given, const struct sk_draft *d,
                       size_t which, const char *name)
{
    struct sk_blob *blob = &given->blobs[given->count];
    struct sk_bytes bytes = source(d, which);
    uint8_t *copy = malloc(bytes.size + 1);

    if (copy == NULL)
        return sk_policy_no_memory();
    memcpy(copy, bytes.data, bytes.size);
    blob->bytes = (struct sk_bytes){copy, bytes.size};
    snprintf(given->names[given->count], sizeof(given->names[0]), "%s", name);
    blob->argument = "files";
    blob->name = sk_text(given->names[given->count]);
    given->count++;
    return -1;
}

static int give_signatures(struct sk_given *given, const char *dir)
{
    struct dirent **list = NULL;
    int count = signatures_of(dir, &list);
    int code = -1;

    for (int i = 0; i < count; i++) {
        const char *name = list[i]->d_name;

        if (code < 0 && given->count == SK_SIGNED_FILES_MAX)
            code = fail(SK_EXIT_USAGE, "too-large",
                        "er zijn te veel handtekeningen",
                        "there are too many signatures", dir, NULL, NULL);
        else if (code < 0 && strlen(name) < sizeof(given->names[0]))
            code = give(given, dir, name, name, true);
        free(list[i]);
    }
    free(list);
    return code;
}

int sk_given_all(struct sk_given *given, const struct sk_draft *d)
{
    int code = give(given, d->dir, SK_MANIFEST_NAME, SK_MANIFEST_NAME, true);

    if (code < 0)
        code = give(given, d->dir, "officers.yaml", "officers.yaml", true);
    if (code < 0)
        code = give_source(given, d, SK_SOURCE_POLICY, "policy.yaml");
    if (code < 0 && source(d, SK_SOURCE_INVARIANTS).size > 0)
        code = give_source(given, d, SK_SOURCE_INVARIANTS, "invariants.yaml");
    if (code < 0)
        code = give_signatures(given, d->dir);
    return code;
}

void sk_given_free(struct sk_given *given)
{
    for (size_t i = 0; i < given->count; i++)
        free((void *)(uintptr_t)given->blobs[i].bytes.data);
}

int sk_given_check(const struct sk_given *given,
                   const struct sk_officers *in_force,
                   struct sk_policy_run *run, struct sk_signed_policy *out)
{
    static struct sk_charter_file files[SK_SIGNED_FILES_MAX];
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_signed_fault fault;
    char where[128];

    for (size_t i = 0; i < given->count; i++)
        files[i] = (struct sk_charter_file){given->blobs[i].name,
                                            given->blobs[i].bytes};
    if (sk_signed_policy_read(files, given->count, in_force, &run->arena,
                              &findings, out, &fault) == SK_OK)
        return -1;
    snprintf(where, sizeof(where), "%.*s", (int)fault.subject.size,
             (const char *)fault.subject.data);
    return fail(SK_EXIT_NO, fault.check, "wat in de map staat, klopt niet",
                "what is in the folder is not right", where,
                "wis de handtekening of het bestand, en teken opnieuw",
                "remove the signature or the file, and sign again");
}

/* Whose signatures count: of officers in force, as far as a node told, else of
   those of the bundle itself. */
static int tell_signed(const struct sk_draft *d,
                       const struct sk_policy_need *need)
{
    static struct sk_given given;
    struct sk_signed_policy *policy =
        sk_arena_get(&d->run->arena, sizeof(*policy));
    json_t *signers;
    int code;

    if (policy == NULL)
        return sk_policy_no_memory();
    memset(&given, 0, sizeof(given));
    code = sk_given_all(&given, d);
    if (code < 0)
        code = sk_given_check(&given, d->asked ? &d->in_force : NULL, d->run,
                              policy);
    if (code >= 0) {
        sk_given_free(&given);
        return code;
    }
    signers = json_array();
    for (size_t i = 0; i < policy->signers_count; i++)
        json_array_append_new(signers, sk_policy_string(policy->signers[i]));
    sk_given_free(&given);
    if (d->run->json) {
        sk_policy_answer(
            json_pack("{s:s, s:b, s:i, s:o, s:b, s:s, s:o, s:o}", "command",
                      "sign", "ok", 1, "version", (int)policy->manifest.version,
                      "signers", signers, "compared", d->compared, "differs",
                      d->compared ? d->differs : "", "needed",
                      need->known ? json_integer((json_int_t)need->signatures)
                                  : json_null(),
                      "why", sk_policy_need_json(need)));
        return SK_EXIT_YES;
    }
    printf("%s %u: %zu %s:", word(d->run, "versie", "version"),
           (unsigned)policy->manifest.version, policy->signers_count,
           sk_noun_word(&sk_signatures, d->run->dutch, policy->signers_count));
    for (size_t i = 0; i < policy->signers_count; i++)
        printf(" %s", json_string_value(json_array_get(signers, i)));
    putchar('\n');
    if (need->known)
        puts(word(d->run, "Dan: schakel policy activate",
                  "Then: schakel policy activate"));
    else
        puts(
            word(d->run,
                 "Wat ruimer is dan wat nu geldt, of minder tegenhoudt, vraagt "
                 "er twee (kijk met: schakel\npolicy diff).\nDan: schakel "
                 "policy activate",
                 "What is wider than what is in force, or stops less, needs "
                 "two (look with: schakel\npolicy diff).\nThen: schakel policy "
                 "activate"));
    if (!d->compared)
        puts(word(d->run,
                  "Niet vergeleken met het charter: geen knooppunt antwoordt "
                  "(--dir MAP, of --charter MAP).",
                  "Not compared with the charter: no node answers (--dir DIR, "
                  "or --charter DIR)."));
    json_decref(signers);
    return SK_EXIT_YES;
}

int sk_policy_do_sign(struct sk_policy_run *run, const struct sk_parsed *parsed)
{
    static struct sk_draft d;
    static struct sk_policy_need need;
    struct sk_sign_secret secret = {0};
    struct sk_minisign_key key;
    struct sk_bytes manifest;
    const char *name = sk_cli_get(parsed, "as");
    int code = sk_draft_open(run, parsed->operands[0], &d);

    if (code < 0)
        code = read_secret(sk_cli_get(parsed, "key"), &secret, &key);
    if (code < 0)
        code = sk_draft_check(&d, parsed, name, &key);
    if (code < 0)
        sk_policy_need_before(&d, parsed, &need);
    if (code < 0)
        code = settle_manifest(&d, parsed, &manifest);
    if (code < 0)
        code = sign(&d, manifest, name, &secret, &key);
    sk_wipe(&secret, sizeof(secret));
    if (code < 0)
        code = tell_signed(&d, &need);
    sk_draft_close(&d);
    return code;
}
