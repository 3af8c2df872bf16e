/* schakel init: make the folder of a node. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "tools/schakel/cli.h"
#include "tools/schakel/issue.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

const struct sk_command sk_init_commands[] = {
    {.name = "init",
     .operands = "",
     .nl = "maak de map van een knooppunt, met sleutels en kaart",
     .en = "make the folder of a node, with keys and card",
     .more_nl =
         "Zonder --passphrase-file, --key-file of --credential wordt een "
         "wachtzin gevraagd,\nnu en bij elke start.  Wie ze verliest, "
         "verliest de gegevens: bewaar een kopie in\neen kluis.  Een "
         "sleutelbestand dat er niet is, wordt gemaakt.\n",
     .more_en =
         "Without --passphrase-file, --key-file or --credential a passphrase "
         "is asked, now\nand at every start.  Whoever loses it loses the "
         "data: keep a copy in a safe.  A\nkey file that is not there is "
         "made.\n",
     .options =
         {
             {"dir", "DIR", false, false,
              "de map (anders SCHAKEL_DIR, /var/lib/schakel)",
              "the folder (else SCHAKEL_DIR, /var/lib/schakel)"},
             {"org", "ORG", true, false, "uw naam op de ledenlijst",
              "your id in the roster"},
             {"endpoint", "tcp://HOST:PORT", false, true,
              "waar partners u bereiken", "where partners reach you"},
             {"listen", "tcp://IP:PORT", false, false,
              "waar dit knooppunt luistert", "where this node listens"},
             SK_UNLOCK_OPTIONS,
             {"identity", "FILE", false, false,
              "een minisign-sleutel zonder wachtwoord als identiteit",
              "a minisign secret key without password as identity"},
         }},
    {0},
};

/* What init works with; wiped as a whole. */
struct work {
    const char *dir;
    struct sk_config config;
    struct sk_node_secrets secrets;
    struct sk_identity identity;
    struct sk_card card;
    struct sk_unlocking unlocking;
};

static int bad_option(const char *option, const char *value, const char *nl,
                      const char *en)
{
    char where[320];

    snprintf(where, sizeof(where), "--%s %.255s", option, value);
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "bad-option",
                                            .nl = "deze waarde kan niet",
                                            .en = "this value is not possible",
                                            .where = where,
                                            .next_nl = nl,
                                            .next_en = en});
}

static int read_options(const struct sk_parsed *parsed, struct work *w)
{
    const char *org = sk_cli_get(parsed, "org");
    const char *listen = sk_cli_get(parsed, "listen");

    w->dir = sk_cli_dir(parsed);
    if (!sk_org_parse(sk_text(org), &w->config.org))
        return bad_option("org", org,
                          "kleine letters, cijfers en streepjes: ocmw-mol",
                          "lower-case letters, digits and dashes: ocmw-mol");
    if (listen != NULL) {
        if (strlen(listen) > SK_ENDPOINT_SIZE_MAX ||
            !sk_endpoint_is_legal(sk_text(listen)))
            return bad_option("listen", listen, "schrijf tcp://0.0.0.0:7411",
                              "write tcp://0.0.0.0:7411");
        snprintf(w->config.listen, sizeof(w->config.listen), "%s", listen);
    }
    return -1;
}

/* ------------------------------------------------------------- secrets */
static int read_identity(const char *path, struct sk_identity *identity)
{
    struct sk_bytes bytes;
    enum sk_status status =
        sk_cli_read(path, SK_MINISIGN_SECRET_SIZE_MAX, &bytes);

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    status =
        sk_minisign_secret_parse(bytes, &identity->secret, &identity->public);
    sk_wipe((void *)(uintptr_t)bytes.data, bytes.size);
    free((void *)(uintptr_t)bytes.data);
    if (status == SK_OK)
        return -1;
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "bad-minisign-key",
            .nl = status == SK_E_UNSUPPORTED
                      ? "deze minisign-sleutel heeft een wachtwoord"
                      : "dit is geen geheime sleutel van minisign",
            .en = status == SK_E_UNSUPPORTED
                      ? "this minisign key has a password"
                      : "this is not a secret key of minisign",
            .where = path,
            .next_nl = "maak een kopie zonder wachtwoord: minisign -C -W -s F",
            .next_en = "make a copy without password: minisign -C -W -s F"});
}

static int make_secrets(const struct sk_parsed *parsed, struct work *w)
{
    const char *identity = sk_cli_get(parsed, "identity");
    struct sk_sign_public public;
    struct sk_seed seed;
    int code = -1;

    w->identity.org = w->config.org;
    if (identity != NULL) {
        code = read_identity(identity, &w->identity);
    } else {
        sk_seed_fill(&seed);
        sk_sign_keypair(&seed, &public, &w->identity.secret);
        sk_minisign_key_of(&public, &w->identity.public);
    }
    sk_seed_fill(&seed);
    memcpy(w->secrets.master.secret_bytes, seed.secret_bytes,
           sizeof(w->secrets.master.secret_bytes));
    sk_wipe(&seed, sizeof(seed));
    return code;
}

/* ------------------------------------------------------------- folder */
static int make_folder(const char *dir, bool *made)
{
    static const char *const names[] = {SK_CONFIG_NAME, SK_NODE_KEY_NAME,
                                        SK_IDENTITY_KEY_NAME, SK_OWN_CARD_NAME};
    struct stat info;

    *made = mkdir(dir, 0700) == 0;
    if (!*made) {
        if (errno == ENOENT || errno == ENOTDIR)
            return sk_cli_fail_file(SK_E_NOT_FOUND, dir);
        if (errno != EEXIST)
            return sk_cli_fail_file(SK_E_REFUSED, dir);
    }
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        char *path = sk_cli_path(dir, names[i]);
        bool there = stat(path, &info) == 0;

        free(path);
        if (there)
            return sk_cli_fail(
                SK_EXIT_CANTCREAT,
                &(struct sk_problem){
                    .code = "node-exists",
                    .nl = "in deze map staat al een knooppunt",
                    .en = "there is a node in this folder already",
                    .where = dir,
                    .detail = names[i],
                    .next_nl = "kies een andere map; er is niets veranderd",
                    .next_en = "choose another folder; nothing has changed"});
    }
    if (chmod(dir, 0700) != 0)
        return sk_cli_fail_file(SK_E_REFUSED, dir);
    return -1;
}

static int write_identity(const struct work *w)
{
    uint8_t room[SK_IDENTITY_KEY_SIZE_MAX];
    struct sk_bytes bytes;
    struct sk_seed seed;
    enum sk_status status;

    sk_seed_fill(&seed);
    status = sk_identity_seal(&w->identity, &w->secrets.master, &seed,
                              (struct sk_room){room, sizeof(room)}, &bytes);
    assert(status == SK_OK);
    return sk_nodedir_write(w->dir, SK_IDENTITY_KEY_NAME, bytes, 0600, false);
}

static int write_config(const struct work *w)
{
    uint8_t room[SK_CONFIG_SIZE_MAX];
    struct sk_bytes bytes;
    enum sk_status status = sk_config_write(
        &w->config, (struct sk_room){room, sizeof(room)}, &bytes);

    assert(status == SK_OK);
    return sk_nodedir_write(w->dir, SK_CONFIG_NAME, bytes, 0600, false);
}

/* node.conf comes last: without it there is no node. */
static int write_all(struct work *w)
{
    int code = write_identity(w);

    if (code < 0)
        code = sk_issue_write_key(w->dir, &w->secrets, &w->unlocking.unlock,
                                  false);
    if (code < 0)
        code = sk_issue_write_card(w->dir, &w->card, &w->identity, false);
    if (code < 0)
        code = write_config(w);
    return code;
}

/* ------------------------------------------------------------- telling */
static void tell(const struct work *w)
{
    char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];

    sk_minisign_key_format(&w->identity.public, key);
    if (sk_cli_json()) {
        json_t *json = json_pack(
            "{s:b, s:{s:s, s:s, s:s, s:s, s:I}}", "ok", 1, "result", "dir",
            w->dir, "org", w->config.org.text, "identity", key, "card",
            SK_OWN_CARD_NAME, "card_version", (json_int_t)w->card.version);

        sk_json_print(json);
        json_decref(json);
        return;
    }
    if (sk_cli_dutch())
        printf("Knooppunt van %s gemaakt in %s.\n"
               "Identiteit: %s\n\n"
               "Hoe verder:\n"
               "  1. Geef %s/own.card aan wie het charter maakt.\n"
               "  2. Start het knooppunt:   schakeld --dir %s\n"
               "  3. Neem het charter aan:  schakel charter import --dir %s "
               "MAP\n"
               "identity.key is alleen nodig om te ondertekenen en mag naar "
               "een kluis.\n",
               w->config.org.text, w->dir, key, w->dir, w->dir, w->dir);
    else
        printf("Node of %s made in %s.\n"
               "Identity: %s\n\n"
               "What comes next:\n"
               "  1. Give %s/own.card to whoever makes the charter.\n"
               "  2. Start the node:        schakeld --dir %s\n"
               "  3. Accept the charter:    schakel charter import --dir %s "
               "FOLDER\n"
               "identity.key is needed only to sign and may go to a safe.\n",
               w->config.org.text, w->dir, key, w->dir, w->dir, w->dir);
}

int sk_cmd_init(int argc, char **argv)
{
    struct sk_parsed parsed;
    struct work w = {0};
    bool made = false;
    int code = sk_cli_parse(sk_init_commands, argc, argv, &parsed);

    if (code >= 0)
        return code;
    code = read_options(&parsed, &w);
    if (code < 0)
        code = sk_issue_endpoints(sk_cli_all(&parsed, "endpoint"), &w.card);
    if (code < 0)
        code = make_folder(w.dir, &made);
    if (code < 0)
        code = sk_unlocking_new(&parsed, "", &w.unlocking);
    if (code < 0)
        code = make_secrets(&parsed, &w);
    if (code < 0) {
        w.config.key = w.unlocking.config.key;
        memcpy(w.config.key_name, w.unlocking.config.key_name,
               sizeof(w.config.key_name));
        sk_issue_first(&w.secrets, &w.identity, &w.card);
        code = write_all(&w);
    }
    if (code < 0) {
        tell(&w);
        code = SK_EXIT_YES;
    } else if (made) {
        (void)rmdir(w.dir); /* stays when something was written */
    }
    sk_wipe(&w, sizeof(w));
    return code;
}
