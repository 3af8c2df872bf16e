/*
 * The files of a node's folder, read once at start.   docs/OPERATING.md
 */
#include "node/core/core.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "node/files.h"
#include "node/log.h"

#define CONFIG_NAME "node.conf"
#define KEY_NAME "node.key"
#define CARD_NAME "own.card"
#define ARENA_SIZE (64u * SK_CONFIG_SIZE_MAX + 1024u * 1024)

/* Room for a passphrase, its line end, and one byte too many. */
#define SECRET_SIZE_MAX (SK_PASSPHRASE_SIZE_MAX + 3)

static enum sk_status complain(enum sk_status status, const char *text)
{
    sk_log_error(NULL, status, text);
    return status;
}

/* ------------------------------------------------------------- node.conf */

static void print_findings(const struct sk_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *finding = &findings->list[i];

        fprintf(stderr, "%s:%u:%u: %s %s\n", finding->place.file,
                finding->place.line, finding->place.column, finding->code,
                finding->en);
    }
}

enum sk_status sk_setup_config(struct sk_config *out)
{
    static uint8_t bytes[SK_CONFIG_SIZE_MAX];
    void *memory = malloc(ARENA_SIZE);
    struct sk_arena arena;
    struct sk_findings findings;
    struct sk_bytes text;
    enum sk_status status;

    if (memory == NULL)
        return complain(SK_E_MEMORY, CONFIG_NAME);
    status = sk_file_read(CONFIG_NAME, (struct sk_room){bytes, sizeof(bytes)},
                          &text);
    if (status == SK_OK) {
        arena = sk_arena_start(memory, ARENA_SIZE);
        findings = sk_findings_start(&arena);
        status = sk_config_read(CONFIG_NAME, text, &arena, &findings, out);
        print_findings(&findings);
    }
    free(memory);
    if (status == SK_E_NOT_FOUND)
        return complain(status, CONFIG_NAME ": is this the folder of a node? "
                                            "Make one: schakel init");
    return status == SK_OK ? SK_OK : complain(status, CONFIG_NAME);
}

/* ------------------------------------------------------------- node.key */

/* From the terminal, without showing it. */
static enum sk_status ask_passphrase(struct sk_room room, struct sk_bytes *out)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios before;
    struct termios quiet;
    ssize_t got;

    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return SK_E_REFUSED;
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &quiet); /* it is then shown */
    (void)dprintf(fd, "Passphrase of this node: ");
    got = read(fd, room.data, room.size_max);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)dprintf(fd, "\n");
    (void)close(fd);
    if (got <= 0)
        return SK_E_REFUSED;
    *out = (struct sk_bytes){room.data, (size_t)got};
    return SK_OK;
}

/* Which file it is about: the operator must find it. */
static enum sk_status complain_of(enum sk_status status, const char *text,
                                  const char *path)
{
    char line[SK_PATH_SIZE_MAX + 128];

    (void)snprintf(line, sizeof(line), "%s: %s", text, path);
    return complain(status, line);
}

static enum sk_status read_private(const char *path, struct sk_room room,
                                   struct sk_bytes *out)
{
    enum sk_status status;

    if (sk_file_is_open_to_others(path))
        return complain_of(SK_E_REFUSED,
                           "others can read this file, chmod 600 it", path);
    status = sk_file_read(path, room, out);
    return status == SK_OK ? SK_OK : complain_of(status, "cannot read", path);
}

static enum sk_status read_credential(const char *name, struct sk_room room,
                                      struct sk_bytes *out)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[SK_PATH_SIZE_MAX];

    if (dir == NULL || strchr(name, '/') != NULL)
        return SK_E_NOT_FOUND;
    SK_TRY(sk_path_join(dir, name, path));
    return sk_file_read(path, room, out); /* systemd keeps it private */
}

static enum sk_status read_secret(const struct sk_options *options,
                                  const struct sk_config *config,
                                  struct sk_room room, struct sk_bytes *out)
{
    switch (config->key) {
    case SK_CONFIG_KEY_ASK:
        if (!options->foreground)
            return complain(SK_E_REFUSED, "node.conf says key: {ask: true}: "
                                          "start with --foreground");
        return ask_passphrase(room, out);
    case SK_CONFIG_KEY_PASSPHRASE_FILE:
    case SK_CONFIG_KEY_FILE:
        return read_private(config->key_name, room, out);
    case SK_CONFIG_KEY_CREDENTIAL:
        return read_credential(config->key_name, room, out);
    }
    return SK_E_REFUSED;
}

/* A passphrase is a line: its end is not part of it. */
static struct sk_bytes without_line_end(struct sk_bytes line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

static enum sk_status open_key(const struct sk_options *options,
                               const struct sk_config *config,
                               struct sk_node_secrets *out)
{
    uint8_t bytes[SK_NODE_KEY_SIZE_MAX];
    uint8_t secret_bytes[SECRET_SIZE_MAX];
    struct sk_bytes file;
    struct sk_unlock unlock = {.kind = SK_UNLOCK_KEY};
    enum sk_status status;

    SK_TRY(
        read_private(KEY_NAME, (struct sk_room){bytes, sizeof(bytes)}, &file));
    status = sk_node_key_kind(file, &unlock.kind);
    if (status != SK_OK)
        return complain(status, KEY_NAME " is damaged");
    status = read_secret(options, config,
                         (struct sk_room){secret_bytes, sizeof(secret_bytes)},
                         &unlock.secret_view);
    if (status != SK_OK) {
        (void)complain(status, "what node.conf says unlocks node.key");
        goto out;
    }
    if (unlock.kind == SK_UNLOCK_PASSPHRASE)
        unlock.secret_view = without_line_end(unlock.secret_view);
    status = sk_node_key_open(file, &unlock, out);
    if (status == SK_E_WRONG_KEY)
        (void)complain(status, KEY_NAME " does not open with what node.conf "
                                        "says unlocks it");
    else if (status != SK_OK)
        (void)complain(status, KEY_NAME " is damaged");
out:
    sodium_memzero(secret_bytes, sizeof(secret_bytes));
    return status;
}

/* ------------------------------------------------------------- own.card */

static enum sk_status read_card(struct sk_setup *setup)
{
    struct sk_room room = {setup->card_bytes, sizeof(setup->card_bytes)};
    struct sk_bytes file = {0};
    enum sk_status status;

    status = sk_file_read(CARD_NAME, room, &file);
    if (status == SK_OK)
        status = sk_card_decode(file, &setup->card);
    if (status != SK_OK)
        return complain(status, CARD_NAME);
    setup->card_size = file.size;
    /* A card that announces other keys than ours would make us unreachable. */
    if (!sk_org_equal(&setup->card.org, &setup->config.org) ||
        sk_node_secrets_align(setup->secrets, &setup->card) != SK_OK)
        return complain(SK_E_REFUSED, CARD_NAME " is not of this node: "
                                                "schakel card renew");
    return SK_OK;
}

enum sk_status sk_setup_open(const struct sk_options *options,
                             struct sk_setup *out)
{
    struct sk_setup setup = {0};
    enum sk_status status;

    SK_TRY(sk_setup_config(&setup.config));
    setup.secrets = sodium_malloc(sizeof(*setup.secrets));
    if (setup.secrets == NULL)
        return complain(SK_E_MEMORY, KEY_NAME);
    status = open_key(options, &setup.config, setup.secrets);
    if (status == SK_OK)
        status = read_card(&setup);
    if (status != SK_OK) {
        sk_setup_close(&setup);
        return status;
    }
    *out = setup;
    return SK_OK;
}

void sk_setup_close(struct sk_setup *setup)
{
    if (setup->secrets != NULL)
        sodium_free(setup->secrets); /* wipes */
    setup->secrets = NULL;
}
