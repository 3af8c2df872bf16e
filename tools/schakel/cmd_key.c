/* schakel key show|change|rotate|export: what unlocks the node, and the
 * identity. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/schakel/cli.h"
#include "tools/schakel/issue.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

#define DIR_OPTION                                                             \
    {                                                                          \
        "dir", "DIR", false, false,                                            \
            "de map van het knooppunt (of SCHAKEL_DIR)",                       \
            "the node's folder (or SCHAKEL_DIR)"                               \
    }
#define IDENTITY_OPTION                                                        \
    {                                                                          \
        "identity", "FILE", false, false,                                      \
            "identity.key, als die elders bewaard wordt",                      \
            "identity.key, when it is kept elsewhere"                          \
    }

const struct sk_command sk_key_commands[] = {
    {.name = "key show",
     .operands = "",
     .nl = "toon de identiteit als publieke sleutel van minisign",
     .en = "show the identity as a public key of minisign",
     .options = {DIR_OPTION, IDENTITY_OPTION, SK_UNLOCK_OPTIONS}},
    {.name = "key change",
     .operands = "",
     .nl = "ontgrendel het knooppunt voortaan met iets anders",
     .en = "unlock the node with something else from now on",
     .more_nl = "De sleutels zelf en de gegevens veranderen niet.  Het "
                "knooppunt mag blijven\ndraaien; het nieuwe geldt bij de "
                "volgende start.\n",
     .more_en = "The keys themselves and the data do not change.  The node "
                "may run on; the new\nkey counts at the next start.\n",
     .options = {DIR_OPTION, SK_UNLOCK_OPTIONS, SK_NEW_UNLOCK_OPTIONS}},
    {.name = "key rotate",
     .operands = "",
     .nl = "maak een nieuwe hoofdsleutel voor alles wat bewaard wordt",
     .en = "make a new master key for all that is stored",
     .more_nl =
         "Bij zijn volgende start verpakt het knooppunt elke gegevenssleutel "
         "opnieuw en\nvernietigt het de vorige hoofdsleutel.  Oude bestanden "
         "gaan dan niet meer open met\nde sleutels van nu, ook niet wat "
         "gewist is.  Kies ook iets nieuws om te ontgrendelen\n(--new-...): "
         "een oude node.key opent anders nog met het oude.  Neem daarna een\n"
         "nieuwe reservekopie, en vernietig de vorige.\n",
     .more_en =
         "At its next start the node wraps every data key anew and destroys "
         "the master key\nbefore.  Old files then no longer open with the "
         "keys of now, nor does what was\nerased.  Choose something new to "
         "unlock with too (--new-...): an old node.key still\nopens with the "
         "old one.  Then make a new backup, and destroy those before.\n",
     .options = {DIR_OPTION, IDENTITY_OPTION, SK_UNLOCK_OPTIONS,
                 SK_NEW_UNLOCK_OPTIONS}},
    {.name = "key export",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "schrijf de identiteit als geheime sleutel voor minisign",
     .en = "write the identity as a secret key for minisign",
     .more_nl = "Voor wie een charter tekent op een laptop met alleen "
                "minisign.  Het bestand heeft\ngeen wachtwoord: geef het er "
                "een met  minisign -C -s FILE  en bewaar het goed.\n",
     .more_en = "For who signs a charter on a laptop with only minisign.  The "
                "file has no password:\ngive it one with  minisign -C -s "
                "FILE  and keep it safe.\n",
     .options = {DIR_OPTION, IDENTITY_OPTION, SK_UNLOCK_OPTIONS}},
    {0},
};

static int open_identity(const struct sk_parsed *parsed,
                         struct sk_identity *identity)
{
    struct sk_node_secrets secrets = {0};
    const char *dir = sk_cli_dir(parsed);
    int code = sk_nodedir_secrets(parsed, dir, &secrets);

    if (code < 0)
        code = sk_nodedir_identity(dir, sk_cli_get(parsed, "identity"),
                                   &secrets, identity);
    sk_wipe(&secrets, sizeof(secrets));
    return code;
}

static int run_show(int argc, char **argv)
{
    char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    struct sk_identity identity = {0};
    struct sk_parsed parsed;
    int code = sk_cli_parse(&sk_key_commands[0], argc, argv, &parsed);

    if (code >= 0)
        return code;
    code = open_identity(&parsed, &identity);
    if (code < 0) {
        sk_minisign_key_format(&identity.public, key);
        if (sk_cli_json()) {
            json_t *json = json_pack("{s:b, s:{s:s, s:s}}", "ok", 1, "result",
                                     "org", identity.org.text, "identity", key);

            sk_json_print(json);
            json_decref(json);
        } else {
            printf("untrusted comment: schakel identity of %s\n%s\n",
                   identity.org.text, key);
        }
        code = SK_EXIT_YES;
    }
    sk_wipe(&identity, sizeof(identity));
    return code;
}

/* -------------------------------------------------------------- change */
static int write_config(const char *dir, struct sk_config *config)
{
    uint8_t room[SK_CONFIG_SIZE_MAX];
    struct sk_bytes bytes;
    enum sk_status status =
        sk_config_write(config, (struct sk_room){room, sizeof(room)}, &bytes);

    assert(status == SK_OK);
    return sk_nodedir_write(dir, SK_CONFIG_NAME, bytes, 0600, true);
}

static bool names_new(const struct sk_parsed *parsed)
{
    return sk_cli_has(parsed, "new-passphrase-file") ||
           sk_cli_has(parsed, "new-key-file") ||
           sk_cli_has(parsed, "new-credential");
}

/* node.conf names what unlocks node.key from now on. */
static int name_unlocking(const char *dir, struct sk_config *config,
                          const struct sk_unlocking *unlocking)
{
    config->key = unlocking->config.key;
    memcpy(config->key_name, unlocking->config.key_name,
           sizeof(config->key_name));
    return write_config(dir, config);
}

/*
 * The secrets, and what options say unlocks from now on, or what does now.  The
 * two files are written one after the other: who was stopped between them has a
 * node.key that opens with the new one already (`half`).
 */
static int open_for_change(const struct sk_parsed *parsed, const char *dir,
                           struct sk_node_secrets *secrets,
                           struct sk_unlocking *fresh, bool *half)
{
    struct sk_unlocking before = {0};
    int code;

    *half = false;
    if (!names_new(parsed))
        return sk_nodedir_unlocked(parsed, dir, fresh, secrets);
    code = sk_unlocking_new(parsed, "new-", fresh);
    *half = code < 0 && sk_nodedir_opens(dir, &fresh->unlock, secrets);
    if (code < 0 && !*half)
        code = sk_nodedir_unlocked(parsed, dir, &before, secrets);
    sk_unlocking_end(&before);
    return code;
}

static int run_change(int argc, char **argv)
{
    struct sk_parsed parsed;
    struct sk_config config = {0};
    struct sk_node_secrets secrets = {0};
    struct sk_unlocking fresh = {0};
    bool half = false;
    const char *dir;
    int lock = -1;
    int code = sk_cli_parse(&sk_key_commands[1], argc, argv, &parsed);

    if (code >= 0)
        return code;
    dir = sk_cli_dir(&parsed);
    code = sk_nodedir_lock(dir, &lock);
    if (code < 0)
        code = sk_nodedir_config(dir, &config);
    if (code < 0)
        code = open_for_change(&parsed, dir, &secrets, &fresh, &half);
    if (code < 0 && !names_new(&parsed))
        code = sk_unlocking_new(&parsed, "new-", &fresh); /* asks */
    if (code < 0 && !half)
        code = sk_issue_write_key(dir, &secrets, &fresh.unlock, true);
    if (code < 0)
        code = name_unlocking(dir, &config, &fresh);
    sk_nodedir_unlock(lock);
    sk_wipe(&secrets, sizeof(secrets));
    sk_unlocking_end(&fresh);
    if (code >= 0)
        return code;
    if (sk_cli_json())
        puts("{\n  \"ok\": true,\n  \"result\": {}\n}");
    else
        puts(sk_cli_word(
            "Gewijzigd.  Oude kopieën van node.key openen nog met het oude: "
            "vernietig ze.",
            "Changed.  Old copies of node.key still open with the old one: "
            "destroy them."));
    return SK_EXIT_YES;
}

/* -------------------------------------------------------------- rotate */
struct rotation {
    struct sk_config config;
    struct sk_node_secrets secrets;
    struct sk_identity identity;
    struct sk_unlocking unlocking; /* from now on */
    bool new_unlocking;
};

static int fail_under_way(const char *dir)
{
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = "rotation-under-way",
            .nl = "er is al een nieuwe hoofdsleutel",
            .en = "there is a new master key already",
            .where = dir,
            .next_nl = "start het knooppunt eerst: dan is ze in gebruik",
            .next_en = "start the node first: it is then in use"});
}

/* Is identity.key under the master key of now? */
static bool identity_moved(const char *dir, const char *path,
                           const struct sk_node_secrets *secrets)
{
    char *own = sk_cli_path(dir, SK_IDENTITY_KEY_NAME);
    struct sk_identity identity = {0};
    struct sk_bytes bytes = {0};
    bool moved = sk_cli_read(path == NULL ? own : path,
                             SK_IDENTITY_KEY_SIZE_MAX, &bytes) == SK_OK &&
                 sk_identity_open(bytes, &secrets->master, &identity) == SK_OK;

    sk_wipe(&identity, sizeof(identity));
    free((void *)(uintptr_t)bytes.data);
    free(own);
    return moved;
}

/* Both kinds of secrets, and what unlocks from now on. */
static int open_rotation(const struct sk_parsed *parsed, const char *dir,
                         struct rotation *r)
{
    const char *path = sk_cli_get(parsed, "identity");
    bool half = false;
    int code = open_for_change(parsed, dir, &r->secrets, &r->unlocking, &half);

    r->new_unlocking = names_new(parsed);
    half =
        half && (r->config.key != r->unlocking.config.key ||
                 strcmp(r->config.key_name, r->unlocking.config.key_name) != 0);
    if (code < 0)
        code = sk_nodedir_identity(dir, path, &r->secrets, &r->identity);
    if (code < 0 && r->secrets.has_master_before && !half &&
        identity_moved(dir, path, &r->secrets))
        code = fail_under_way(dir);
    return code;
}

/* Into the folder, or to a path elsewhere. */
static int reseal_identity(const char *dir, const char *path,
                           const struct rotation *r)
{
    uint8_t room[SK_IDENTITY_KEY_SIZE_MAX];
    struct sk_bytes bytes;
    struct sk_seed seed;
    enum sk_status status;

    sk_seed_fill(&seed);
    status = sk_identity_seal(&r->identity, &r->secrets.master, &seed,
                              (struct sk_room){room, sizeof(room)}, &bytes);
    assert(status == SK_OK);
    sk_wipe(&seed, sizeof(seed));
    if (path == NULL)
        return sk_nodedir_write(dir, SK_IDENTITY_KEY_NAME, bytes, 0600, true);
    status = sk_cli_write(path, bytes, 0600, true);
    return status == SK_OK ? -1 : sk_cli_fail_file(status, path);
}

static void make_master(struct sk_node_secrets *secrets)
{
    struct sk_seed seed;

    secrets->master_before = secrets->master;
    secrets->has_master_before = true;
    sk_seed_fill(&seed);
    memcpy(secrets->master.secret_bytes, seed.secret_bytes,
           sizeof(secrets->master.secret_bytes));
    sk_wipe(&seed, sizeof(seed));
}

static int write_unlocking(const char *dir, struct rotation *r)
{
    int code = sk_issue_write_key(dir, &r->secrets, &r->unlocking.unlock, true);

    return code < 0 && r->new_unlocking
               ? name_unlocking(dir, &r->config, &r->unlocking)
               : code;
}

/* One in a safe is written beside itself first: the node, which may start at
   any time, destroys the master key that the old one opens with. */
static int rotate_with_safe(const char *dir, const char *path,
                            struct rotation *r)
{
    char *next = sk_nodedir_identity_next(path);
    int code = next == NULL ? sk_cli_fail_file(SK_E_MEMORY, path)
                            : reseal_identity(dir, next, r);

    if (code < 0)
        code = write_unlocking(dir, r);
    if (code < 0 && rename(next, path) != 0)
        code = sk_cli_fail_file(SK_E_IO, path);
    free(next);
    return code;
}

/* node.key with both master keys first: it opens the identity either way, and
   who was stopped behind it writes the same again.  The identity in the folder
   goes along when the node starts. */
static int rotate(const struct sk_parsed *parsed, const char *dir,
                  struct rotation *r)
{
    const char *path = sk_cli_get(parsed, "identity");
    int code;

    if (!r->secrets.has_master_before)
        make_master(&r->secrets);
    if (path != NULL)
        return rotate_with_safe(dir, path, r);
    code = write_unlocking(dir, r);
    return code < 0 ? reseal_identity(dir, NULL, r) : code;
}

static int run_rotate(int argc, char **argv)
{
    struct sk_parsed parsed;
    struct rotation r = {0};
    const char *dir;
    int lock = -1;
    int code = sk_cli_parse(&sk_key_commands[2], argc, argv, &parsed);

    if (code >= 0)
        return code;
    dir = sk_cli_dir(&parsed);
    code = sk_nodedir_lock(dir, &lock);
    if (code < 0)
        code = sk_nodedir_config(dir, &r.config);
    if (code < 0)
        code = open_rotation(&parsed, dir, &r);
    if (code < 0)
        code = rotate(&parsed, dir, &r);
    sk_nodedir_unlock(lock);
    sk_wipe(&r, sizeof(r));
    if (code >= 0)
        return code;
    if (sk_cli_json())
        puts("{\n  \"ok\": true,\n  \"result\": {}\n}");
    else
        puts(sk_cli_word("Start het knooppunt nu opnieuw: dan neemt het de "
                         "nieuwe hoofdsleutel in gebruik\nen vernietigt het "
                         "de vorige.",
                         "Now restart the node: it then uses the new master "
                         "key and destroys the one before."));
    return SK_EXIT_YES;
}

/* -------------------------------------------------------------- export */
static int run_export(int argc, char **argv)
{
    uint8_t room[SK_MINISIGN_SECRET_SIZE_MAX];
    struct sk_identity identity = {0};
    struct sk_parsed parsed;
    struct sk_bytes bytes;
    enum sk_status status;
    int code = sk_cli_parse(&sk_key_commands[3], argc, argv, &parsed);

    if (code >= 0)
        return code;
    code = open_identity(&parsed, &identity);
    if (code < 0) {
        status = sk_minisign_secret_format(&identity.secret, &identity.public,
                                           (struct sk_room){room, sizeof(room)},
                                           &bytes);
        assert(status == SK_OK);
        status = sk_cli_write(parsed.operands[0], bytes, 0600, false);
        code = status == SK_OK ? SK_EXIT_YES
                               : sk_cli_fail_file(status, parsed.operands[0]);
        if (code == SK_EXIT_YES && sk_cli_json())
            puts("{\n  \"ok\": true,\n  \"result\": {}\n}");
    }
    sk_wipe(room, sizeof(room));
    sk_wipe(&identity, sizeof(identity));
    return code;
}

int sk_cmd_key(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "show") == 0)
        return run_show(argc - 1, argv + 1);
    if (strcmp(word, "change") == 0)
        return run_change(argc - 1, argv + 1);
    if (strcmp(word, "rotate") == 0)
        return run_rotate(argc - 1, argv + 1);
    if (strcmp(word, "export") == 0)
        return run_export(argc - 1, argv + 1);
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "unknown-command",
                                            .nl = "onbekende opdracht",
                                            .en = "unknown command",
                                            .where = word,
                                            .next_nl = "zie: schakel key "
                                                       "--help",
                                            .next_en = "see: schakel key "
                                                       "--help"});
}
