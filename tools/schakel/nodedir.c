#include "tools/schakel/nodedir.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define CONFIG_ARENA_SIZE (64 * SK_CONFIG_SIZE_MAX + (1 << 20))

void sk_seed_fill(struct sk_seed *out)
{
    randombytes_buf(out->secret_bytes, sizeof(out->secret_bytes));
}

int sk_nodedir_write(const char *dir, const char *name, struct sk_bytes bytes,
                     unsigned mode, bool replace)
{
    char *path = sk_cli_path(dir, name);
    enum sk_status status = sk_cli_write(path, bytes, mode, replace);
    int code = status == SK_OK ? -1 : sk_cli_fail_file(status, path);

    free(path);
    return code;
}

int sk_nodedir_lock(const char *dir, int *lock)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    /* What cannot be opened is told by who reads it next. */
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        (void)close(fd);
        return sk_cli_fail_file(SK_E_IO, dir);
    }
    *lock = fd;
    return -1;
}

void sk_nodedir_unlock(int lock)
{
    if (lock >= 0)
        (void)close(lock);
}

/* ------------------------------------------------------------ unlocking */
void sk_unlocking_end(struct sk_unlocking *unlocking)
{
    sk_wipe(unlocking, sizeof(*unlocking));
}

static int fail_length(const struct sk_unlocking *u, const char *where)
{
    bool key = u->unlock.kind == SK_UNLOCK_KEY;

    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "key-length",
            .nl = key ? "een sleutelbestand telt precies 32 bytes"
                      : "een wachtzin telt 8 tot 1024 bytes",
            .en = key ? "a key file has exactly 32 bytes"
                      : "a passphrase has 8 to 1024 bytes",
            .where = where,
            .next_nl = key ? "maak er een met: head -c 32 /dev/urandom > F"
                           : "neem vijf of zes willekeurige woorden",
            .next_en = key ? "make one with: head -c 32 /dev/urandom > F"
                           : "take five or six random words"});
}

/* Copy the secret in, and see that it has the right length. */
static int take_secret(struct sk_unlocking *u, enum sk_unlock_kind kind,
                       struct sk_bytes content, const char *where)
{
    u->unlock.kind = kind;
    if (content.size > sizeof(u->secret_bytes))
        return fail_length(u, where);
    memcpy(u->secret_bytes, content.data, content.size);
    if (sk_unlock_of(kind, (struct sk_bytes){u->secret_bytes, content.size},
                     &u->unlock) != SK_OK)
        return fail_length(u, where);
    return -1;
}

/* As the daemon demands: nobody else may read what unlocks the node. */
static int check_private(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) ||
        (info.st_mode & 077) == 0)
        return -1;
    return sk_cli_fail(
        SK_EXIT_NOPERM,
        &(struct sk_problem){.code = "open-to-others",
                             .nl = "anderen kunnen dit bestand lezen",
                             .en = "others can read this file",
                             .where = path,
                             .next_nl = "doe: chmod 600 en daarna opnieuw",
                             .next_en = "do: chmod 600, then again"});
}

static int read_secret(struct sk_unlocking *u, enum sk_unlock_kind kind,
                       const char *path)
{
    struct sk_bytes content;
    enum sk_status status;
    int code;

    status = sk_cli_read(path, sizeof(u->secret_bytes), &content);
    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    code = take_secret(u, kind, content, path);
    sk_wipe((void *)(uintptr_t)content.data, content.size);
    free((void *)(uintptr_t)content.data);
    return code;
}

/* $CREDENTIALS_DIRECTORY/NAME in malloc'ed memory, or NULL. */
static char *credential_path(const char *name)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");

    if (dir == NULL || strchr(name, '/') != NULL)
        return NULL;
    return sk_cli_path(dir, name);
}

static int fail_credential(const char *name)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "credential",
            .nl = "systemd geeft hier geen credential met deze naam",
            .en = "systemd gives no credential of this name here",
            .where = name,
            .next_nl = "start met: systemd-run -p LoadCredential=NAAM:BESTAND",
            .next_en = "start with: systemd-run -p LoadCredential=NAME:FILE"});
}

static int read_credential(struct sk_unlocking *u, enum sk_unlock_kind kind,
                           const char *name)
{
    char *path = credential_path(name);
    int code;

    if (path == NULL)
        return fail_credential(name);
    code = read_secret(u, kind, path);
    free(path);
    return code;
}

static int fail_ask(enum sk_status status)
{
    struct sk_problem problem = {
        .code = "no-terminal",
        .nl = "geen terminal om de wachtzin te vragen",
        .en = "no terminal to ask for the passphrase",
        .next_nl = "geef --passphrase-file, --key-file of --credential",
        .next_en = "give --passphrase-file, --key-file or --credential"};

    if (status != SK_E_NOT_FOUND) {
        problem.code = "no-passphrase";
        problem.nl = "de wachtzin is niet gelezen";
        problem.en = "the passphrase was not read";
        problem.detail = sk_status_text(status);
        problem.next_nl = "8 tot 1024 bytes, en dan Enter";
        problem.next_en = "8 to 1024 bytes, then Enter";
    }
    return sk_cli_fail(SK_EXIT_USAGE, &problem);
}

static int ask(struct sk_unlocking *u, bool twice)
{
    char first[SK_PASSPHRASE_SIZE_MAX + 2];
    char again[SK_PASSPHRASE_SIZE_MAX + 2];
    enum sk_status status;
    int code = -1;

    status = sk_cli_ask(
        sk_cli_word("Wachtzin van het knooppunt: ", "Passphrase of the node: "),
        first, sizeof(first));
    if (status == SK_OK && twice)
        status = sk_cli_ask(sk_cli_word("Nog eens: ", "Once more: "), again,
                            sizeof(again));
    if (status != SK_OK)
        code = fail_ask(status);
    else if (twice && strcmp(first, again) != 0)
        code = sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "passphrases-differ",
                                 .nl = "de twee wachtzinnen verschillen",
                                 .en = "the two passphrases differ",
                                 .next_nl = "probeer opnieuw",
                                 .next_en = "try again"});
    else
        code = take_secret(u, SK_UNLOCK_PASSPHRASE, sk_text(first), NULL);
    sk_wipe(first, sizeof(first));
    sk_wipe(again, sizeof(again));
    return code;
}

/* ---------------------------------------------------- from the options */
static const char *option_of(const struct sk_parsed *parsed, const char *prefix,
                             const char *name)
{
    char option[64];

    snprintf(option, sizeof(option), "%s%s", prefix, name);
    return sk_cli_get(parsed, option);
}

/* Which one is given, into config.key and key_name; SK_CONFIG_KEY_ASK when
   none is. */
static int choose(const struct sk_parsed *parsed, const char *prefix,
                  struct sk_config *config)
{
    static const struct {
        const char *name;
        enum sk_config_key key;
    } ways[] = {{"passphrase-file", SK_CONFIG_KEY_PASSPHRASE_FILE},
                {"key-file", SK_CONFIG_KEY_FILE},
                {"credential", SK_CONFIG_KEY_CREDENTIAL}};
    size_t given = 0;

    config->key = SK_CONFIG_KEY_ASK;
    for (size_t i = 0; i < SK_COUNT(ways); i++) {
        const char *value = option_of(parsed, prefix, ways[i].name);

        if (value == NULL)
            continue;
        given++;
        config->key = ways[i].key;
        if (strlen(value) > SK_CONFIG_PATH_SIZE_MAX)
            return sk_cli_fail_file(SK_E_TOO_LARGE, value);
        snprintf(config->key_name, sizeof(config->key_name), "%s", value);
    }
    if (given > 1)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "two-keys",
                .nl = "kies een manier om het knooppunt te ontgrendelen",
                .en = "choose one way to unlock the node",
                .next_nl = "geef --passphrase-file, --key-file of --credential",
                .next_en =
                    "give --passphrase-file, --key-file or --credential"});
    return -1;
}

/* node.conf outlives the folder we stand in: keep the whole path. */
static int make_absolute(struct sk_config *config)
{
    char whole[PATH_MAX];

    if (realpath(config->key_name, whole) == NULL)
        return sk_cli_fail_file(SK_E_NOT_FOUND, config->key_name);
    if (strlen(whole) > SK_CONFIG_PATH_SIZE_MAX)
        return sk_cli_fail_file(SK_E_TOO_LARGE, whole);
    memset(config->key_name, 0, sizeof(config->key_name));
    memcpy(config->key_name, whole, strlen(whole));
    return -1;
}

static int make_key_file(const char *path)
{
    uint8_t key[SK_UNLOCK_KEY_SIZE];
    enum sk_status status;

    randombytes_buf(key, sizeof(key));
    status =
        sk_cli_write(path, (struct sk_bytes){key, sizeof(key)}, 0600, false);
    sk_wipe(key, sizeof(key));
    if (status == SK_OK || status == SK_E_EXISTS)
        return -1;
    return sk_cli_fail_file(status, path);
}

/* A credential of 32 bytes is a key; anything else is a passphrase. */
static enum sk_unlock_kind kind_of_credential(const char *name)
{
    char *path = credential_path(name);
    enum sk_unlock_kind kind = SK_UNLOCK_PASSPHRASE;
    struct stat info;

    if (path != NULL && stat(path, &info) == 0 &&
        info.st_size == SK_UNLOCK_KEY_SIZE)
        kind = SK_UNLOCK_KEY;
    free(path);
    return kind;
}

/* config.key and key_name are chosen: fetch the secret. */
static int fetch(struct sk_unlocking *u, const char *path,
                 enum sk_unlock_kind kind, bool twice)
{
    int code;

    switch (u->config.key) {
    case SK_CONFIG_KEY_ASK:
        return ask(u, twice);
    case SK_CONFIG_KEY_CREDENTIAL:
        return read_credential(u, kind, u->config.key_name);
    case SK_CONFIG_KEY_PASSPHRASE_FILE:
    case SK_CONFIG_KEY_FILE:
        code = check_private(path);
        if (code >= 0)
            return code;
        return read_secret(u,
                           u->config.key == SK_CONFIG_KEY_FILE
                               ? SK_UNLOCK_KEY
                               : SK_UNLOCK_PASSPHRASE,
                           path);
    }
    return SK_EXIT_SOFTWARE;
}

int sk_unlocking_new(const struct sk_parsed *parsed, const char *prefix,
                     struct sk_unlocking *out)
{
    enum sk_unlock_kind kind = SK_UNLOCK_PASSPHRASE;
    int code;

    memset(out, 0, sizeof(*out));
    code = choose(parsed, prefix, &out->config);
    if (code < 0 && out->config.key == SK_CONFIG_KEY_FILE)
        code = make_key_file(out->config.key_name);
    if (code < 0 && (out->config.key == SK_CONFIG_KEY_FILE ||
                     out->config.key == SK_CONFIG_KEY_PASSPHRASE_FILE))
        code = make_absolute(&out->config);
    if (code < 0 && out->config.key == SK_CONFIG_KEY_CREDENTIAL)
        kind = kind_of_credential(out->config.key_name);
    if (code < 0)
        code = fetch(out, out->config.key_name, kind, /* twice */ true);
    return code;
}

/* For a node.key that exists: from the options, else as node.conf says. */
static int unlocking_of(const struct sk_parsed *parsed, const char *dir,
                        struct sk_bytes node_key, struct sk_unlocking *out)
{
    enum sk_unlock_kind kind = SK_UNLOCK_PASSPHRASE;
    char *path = NULL;
    int code;

    memset(out, 0, sizeof(*out));
    if (sk_node_key_kind(node_key, &kind) != SK_OK)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "bad-node-key",
                                 .nl = "node.key is beschadigd",
                                 .en = "node.key is damaged",
                                 .where = dir,
                                 .next_nl = "zet de reservekopie terug",
                                 .next_en = "put the backup back"});
    code = choose(parsed, "", &out->config);
    if (code < 0 && out->config.key == SK_CONFIG_KEY_ASK) {
        code = sk_nodedir_config(dir, &out->config);
        /* A path of node.conf is relative to its folder. */
        if (code < 0)
            path = out->config.key_name[0] == '/'
                       ? strdup(out->config.key_name)
                       : sk_cli_path(dir, out->config.key_name);
    } else if (code < 0) {
        path = strdup(out->config.key_name);
    }
    if (code < 0)
        code = path == NULL ? SK_EXIT_SOFTWARE : fetch(out, path, kind, false);
    free(path);
    return code;
}

/* ------------------------------------------------------------- reading */
void sk_nodedir_tell(const struct sk_findings *findings)
{
    bool nl = sk_cli_dutch();

    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *f = &findings->list[i];
        bool error = f->code[0] == 'E';

        if (!error)
            continue;
        fprintf(stderr, "%s:%u:%u: %s %s: %s\n", f->place.file, f->place.line,
                f->place.column, nl ? "fout" : "error", f->code,
                nl ? f->nl : f->en);
    }
}

/* Of files in the folder: only the node's user may read them. */
static int fail_own_file(enum sk_status status, const char *path)
{
    if (status != SK_E_REFUSED)
        return sk_cli_fail_file(status, path);
    return sk_cli_fail(
        SK_EXIT_NOPERM,
        &(struct sk_problem){
            .code = "file",
            .nl = "geen toegang",
            .en = "not allowed",
            .where = path,
            .next_nl = "doe dit als de gebruiker van het knooppunt (sudo -u)",
            .next_en = "do this as the node's user (sudo -u)"});
}

int sk_nodedir_config(const char *dir, struct sk_config *out)
{
    char *path = sk_cli_path(dir, SK_CONFIG_NAME);
    void *memory = malloc(CONFIG_ARENA_SIZE);
    struct sk_bytes bytes = {0};
    struct sk_findings findings;
    struct sk_arena arena;
    enum sk_status status = SK_E_MEMORY;
    int code = -1;

    if (memory != NULL)
        status = sk_cli_read(path, SK_CONFIG_SIZE_MAX, &bytes);
    if (status == SK_E_NOT_FOUND) {
        code = sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "no-node",
                .nl = "dit is geen map van een knooppunt",
                .en = "this is not the folder of a node",
                .where = dir,
                .next_nl = "noem de map met --dir, of maak ze: schakel init",
                .next_en = "name the folder with --dir, or make it: schakel "
                           "init"});
    } else if (status != SK_OK) {
        code = fail_own_file(status, path);
    } else {
        arena = sk_arena_start(memory, CONFIG_ARENA_SIZE);
        findings = sk_findings_start(&arena);
        status = sk_config_read(path, bytes, &arena, &findings, out);
        sk_nodedir_tell(&findings);
        if (status != SK_OK)
            code = sk_cli_fail(
                SK_EXIT_USAGE,
                &(struct sk_problem){.code = "bad-config",
                                     .nl = "de instellingen kloppen niet",
                                     .en = "the settings are not right",
                                     .where = path,
                                     .next_nl = "verbeter wat hierboven staat",
                                     .next_en = "correct what stands above"});
    }
    free((void *)(uintptr_t)bytes.data);
    free(memory);
    free(path);
    return code;
}

static int read_file(const char *dir, const char *name, size_t size_max,
                     struct sk_bytes *out)
{
    char *path = sk_cli_path(dir, name);
    enum sk_status status = sk_cli_read(path, size_max, out);
    int code = status == SK_OK ? -1 : fail_own_file(status, path);

    free(path);
    return code;
}

int sk_nodedir_card(const char *dir, struct sk_card *out)
{
    struct sk_bytes bytes;
    enum sk_status status;
    int code = read_file(dir, SK_OWN_CARD_NAME, SK_CARD_SIZE_MAX, &bytes);

    if (code >= 0)
        return code;
    status = sk_card_decode(bytes, out);
    free((void *)(uintptr_t)bytes.data);
    if (status == SK_OK)
        return -1;
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){.code = "bad-card",
                             .nl = "own.card is beschadigd",
                             .en = "own.card is damaged",
                             .where = dir,
                             .detail = sk_status_text(status),
                             .next_nl = "zet de reservekopie terug",
                             .next_en = "put the backup back"});
}

static int fail_open(enum sk_status status, const char *where)
{
    struct sk_problem problem = {.where = where};

    if (status == SK_E_WRONG_KEY) {
        problem.code = "wrong-key";
        problem.nl = "verkeerde wachtzin of sleutel";
        problem.en = "wrong passphrase or key";
        problem.next_nl = "node.conf zegt wat het knooppunt ontgrendelt; "
                          "stopte key change of rotate halfweg, doe het dan "
                          "nog eens";
        problem.next_en = "node.conf says what unlocks the node; when key "
                          "change or rotate stopped half-way, do it again";
        return sk_cli_fail(SK_EXIT_NO, &problem);
    }
    problem.code = "bad-key-file";
    problem.nl = "het sleutelbestand is niet te openen";
    problem.en = "the key file cannot be opened";
    problem.detail = sk_status_text(status);
    problem.next_nl = "hoort het bij dit knooppunt?  Anders: reservekopie";
    problem.next_en = "is it of this node?  If not: the backup";
    return sk_cli_fail(SK_EXIT_USAGE, &problem);
}

int sk_nodedir_unlocked(const struct sk_parsed *parsed, const char *dir,
                        struct sk_unlocking *unlocking,
                        struct sk_node_secrets *out)
{
    struct sk_bytes bytes;
    int code = read_file(dir, SK_NODE_KEY_NAME, SK_NODE_KEY_SIZE_MAX, &bytes);

    if (code >= 0)
        return code;
    code = unlocking_of(parsed, dir, bytes, unlocking);
    if (code < 0) {
        enum sk_status status =
            sk_node_key_open(bytes, &unlocking->unlock, out);

        code = status == SK_OK ? -1 : fail_open(status, dir);
    }
    free((void *)(uintptr_t)bytes.data);
    return code;
}

int sk_nodedir_secrets(const struct sk_parsed *parsed, const char *dir,
                       struct sk_node_secrets *out)
{
    struct sk_unlocking unlocking = {0};
    int code = sk_nodedir_unlocked(parsed, dir, &unlocking, out);

    sk_unlocking_end(&unlocking);
    return code;
}

bool sk_nodedir_opens(const char *dir, const struct sk_unlock *unlock,
                      struct sk_node_secrets *out)
{
    char *path = sk_cli_path(dir, SK_NODE_KEY_NAME);
    struct sk_bytes bytes = {0};
    bool opens = sk_cli_read(path, SK_NODE_KEY_SIZE_MAX, &bytes) == SK_OK &&
                 sk_node_key_open(bytes, unlock, out) == SK_OK;

    free((void *)(uintptr_t)bytes.data);
    free(path);
    return opens;
}

char *sk_nodedir_identity_next(const char *path)
{
    char *next = NULL;

    return asprintf(&next, "%s.new", path) < 0 ? NULL : next;
}

/* Under the master key of now, or the one before. */
static enum sk_status read_identity(const char *path,
                                    const struct sk_node_secrets *secrets,
                                    struct sk_identity *out, bool *sealed)
{
    struct sk_bytes bytes = {0};
    enum sk_status status = sk_cli_read(path, SK_IDENTITY_KEY_SIZE_MAX, &bytes);

    *sealed = status == SK_OK;
    if (*sealed)
        status = sk_identity_open(bytes, &secrets->master, out);
    if (*sealed && status == SK_E_BAD_SEAL && secrets->has_master_before)
        status = sk_identity_open(bytes, &secrets->master_before, out);
    free((void *)(uintptr_t)bytes.data);
    return status;
}

/* What a rotation that was stopped left beside it. */
static bool read_next(const char *path, const struct sk_node_secrets *secrets,
                      struct sk_identity *out)
{
    char *next = sk_nodedir_identity_next(path);
    bool sealed;
    bool found =
        next != NULL && read_identity(next, secrets, out, &sealed) == SK_OK;

    free(next);
    return found;
}

int sk_nodedir_identity(const char *dir, const char *path,
                        const struct sk_node_secrets *secrets,
                        struct sk_identity *out)
{
    char *whole =
        path == NULL ? sk_cli_path(dir, SK_IDENTITY_KEY_NAME) : strdup(path);
    enum sk_status status = SK_E_MEMORY;
    bool sealed = false;
    int code = -1;

    if (whole != NULL)
        status = read_identity(whole, secrets, out, &sealed);
    if (status == SK_E_BAD_SEAL && path != NULL &&
        read_next(path, secrets, out))
        status = SK_OK;
    if (status == SK_E_NOT_FOUND) {
        code = sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "no-identity",
                .nl = "de identiteitssleutel is hier niet",
                .en = "the identity key is not here",
                .where = whole,
                .next_nl = "haal hem uit de kluis en noem hem met --identity",
                .next_en = "fetch it from the safe and name it with "
                           "--identity"});
    } else if (status != SK_OK) {
        code =
            sealed ? fail_open(status, whole) : sk_cli_fail_file(status, whole);
    }
    free(whole);
    return code;
}
