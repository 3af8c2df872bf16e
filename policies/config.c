#include "policies/config.h"

#include <string.h>

#include "policies/read.h"

static const char listen_form[] = "tcp://address:port";
static const char key_form[] = "passphrase-file | key-file | credential | ask";

static bool wrong(struct sk_findings *findings, const struct sk_node *node,
                  const char *type)
{
    struct sk_argument arguments[] = {
        {"value", node->text},
        {"type", sk_text(type)},
    };

    sk_findings_add(findings, "E009", node->place, arguments,
                    SK_COUNT(arguments));
    return false;
}

/* Copy into a field of size_max + 1 bytes that is all zero. */
static bool copy(struct sk_findings *findings, const struct sk_node *node,
                 struct sk_bytes text, char *out, size_t size_max)
{
    if (text.size > size_max) {
        sk_read_too_many(findings, node->place, "bytes", size_max);
        return false;
    }
    memcpy(out, text.data, text.size);
    return true;
}

/* A decimal of min..max without leading zero; more digits than an INT. */
static bool read_number(struct sk_bytes text, uint64_t min, uint64_t max,
                        uint64_t *out)
{
    uint64_t number = 0;

    if (text.size == 0 || text.size > 18 ||
        (text.data[0] == '0' && text.size > 1))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (number < min || number > max)
        return false;
    *out = number;
    return true;
}

/* The form only; whether the address exists is seen when binding. */
static bool is_listen(struct sk_bytes text)
{
    static const char scheme[] = "tcp://";
    const size_t scheme_size = sizeof(scheme) - 1;
    size_t colon = text.size;
    uint64_t port;

    if (text.size <= scheme_size || memcmp(text.data, scheme, scheme_size) != 0)
        return false;
    for (size_t i = scheme_size; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f || text.data[i] == '/')
            return false;
        if (text.data[i] == ':')
            colon = i;
    }
    return colon > scheme_size && colon < text.size &&
           read_number(
               (struct sk_bytes){text.data + colon + 1, text.size - colon - 1},
               1, 65535, &port);
}

/* ------------------------------------------------------------- parts */
static bool read_org(struct sk_findings *findings, const struct sk_node *map,
                     struct sk_config *config)
{
    const struct sk_node *node = sk_read_need(findings, map, "org");
    struct sk_bytes text;

    if (node == NULL || !sk_read_id(findings, node, &text))
        return false;
    return sk_org_parse(text, &config->org);
}

static bool read_listen(struct sk_findings *findings, const struct sk_node *map,
                        struct sk_config *config)
{
    const struct sk_node *node = sk_node_get(map, "listen");
    struct sk_bytes text;

    if (node == NULL)
        return true;
    if (!sk_read_line(findings, node, &text))
        return false;
    if (!is_listen(text))
        return wrong(findings, node, listen_form);
    return copy(findings, node, text, config->listen, SK_ENDPOINT_SIZE_MAX);
}

static bool read_key(struct sk_findings *findings, const struct sk_node *map,
                     struct sk_config *config)
{
    static const char *const known[] = {"passphrase-file", "key-file",
                                        "credential", "ask"};
    static const enum sk_config_key kinds[] = {
        SK_CONFIG_KEY_PASSPHRASE_FILE, SK_CONFIG_KEY_FILE,
        SK_CONFIG_KEY_CREDENTIAL, SK_CONFIG_KEY_ASK};
    const struct sk_node *node = sk_read_need(findings, map, "key");
    struct sk_bytes text;

    if (node == NULL || !sk_read_keys(findings, node, known, SK_COUNT(known)))
        return false;
    if (node->count != 1) {
        sk_read_say(findings, "E008", node->place, "what", sk_text(key_form));
        return false;
    }
    for (size_t i = 0; i < SK_COUNT(known); i++)
        if (sk_bytes_equal(node->first->key, sk_text(known[i])))
            config->key = kinds[i];
    if (!sk_read_line(findings, node->first, &text))
        return false;
    if (config->key == SK_CONFIG_KEY_ASK)
        return sk_node_is(node->first, "true") ||
               wrong(findings, node->first, "true");
    if (text.size == 0)
        return wrong(findings, node->first, key_form);
    return copy(findings, node->first, text, config->key_name,
                SK_CONFIG_PATH_SIZE_MAX);
}

static bool read_store(struct sk_findings *findings, const struct sk_node *map,
                       struct sk_config *config)
{
    const struct sk_node *node = sk_node_get(map, "store_bytes");
    struct sk_bytes text;

    if (node == NULL)
        return true;
    return sk_read_line(findings, node, &text) &&
           (read_number(text, SK_CONFIG_STORE_BYTES_MIN,
                        SK_CONFIG_STORE_BYTES_MAX, &config->store_bytes) ||
            wrong(findings, node, "16777216..4398046511104"));
}

static bool read_partner(struct sk_findings *findings,
                         const struct sk_node *map, struct sk_config *config)
{
    const struct sk_node *node = sk_node_get(map, "partner_bytes");
    struct sk_bytes text;

    if (node == NULL)
        return true;
    return sk_read_line(findings, node, &text) &&
           (read_number(text, SK_CONFIG_PARTNER_BYTES_MIN,
                        SK_CONFIG_STORE_BYTES_MAX, &config->partner_bytes) ||
            wrong(findings, node, "65536..4398046511104"));
}

enum sk_status sk_config_read(const char *file, struct sk_bytes bytes,
                              struct sk_arena *arena,
                              struct sk_findings *findings,
                              struct sk_config *out)
{
    static const char *const known[] = {
        "format", "org", "listen", "key", "store_bytes", "partner_bytes"};
    struct sk_config config = {0};
    struct sk_node *map = NULL;
    bool good;

    SK_TRY(sk_yaml_read(file, bytes, arena, findings, &map));
    if (map == NULL)
        return SK_E_BAD_VALUE;
    good = sk_read_format(findings, map, "format", "node/1");
    good = sk_read_keys(findings, map, known, SK_COUNT(known)) && good;
    good = read_org(findings, map, &config) && good;
    good = read_listen(findings, map, &config) && good;
    good = read_key(findings, map, &config) && good;
    good = read_store(findings, map, &config) && good;
    good = read_partner(findings, map, &config) && good;
    if (!good || findings->errors > 0)
        return SK_E_BAD_VALUE;
    *out = config;
    return SK_OK;
}

/* ------------------------------------------------------------- writing */
struct text {
    struct sk_room room;
    size_t size;
    bool full;
};

static void put(struct text *t, const char *text)
{
    size_t size = strlen(text);

    if (t->full || size > t->room.size_max - t->size) {
        t->full = true;
        return;
    }
    memcpy(t->room.data + t->size, text, size);
    t->size += size;
}

/* In single quotes, in which only the quote itself is special. */
static void put_quoted(struct text *t, const char *text)
{
    put(t, "'");
    for (; *text != '\0'; text++) {
        const char one[] = {*text, '\0'};

        put(t, *text == '\'' ? "''" : one);
    }
    put(t, "'");
}

static void put_number(struct text *t, uint64_t number)
{
    char digits[21] = {0};
    size_t at = 20;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(t, digits + at);
}

static void put_key(struct text *t, const struct sk_config *config)
{
    put(t,
        "# What unlocks node.key; a path is relative to this folder.\nkey: {");
    switch (config->key) {
    case SK_CONFIG_KEY_ASK:
        put(t, "ask: true}\n");
        return;
    case SK_CONFIG_KEY_PASSPHRASE_FILE:
        put(t, "passphrase-file: ");
        break;
    case SK_CONFIG_KEY_FILE:
        put(t, "key-file: ");
        break;
    case SK_CONFIG_KEY_CREDENTIAL:
        put(t, "credential: ");
        break;
    }
    put_quoted(t, config->key_name);
    put(t, "}\n");
}

enum sk_status sk_config_write(const struct sk_config *config,
                               struct sk_room room, struct sk_bytes *out)
{
    struct text t = {.room = room};

    put(&t, "# The set-up of this node; see schakel init --help.\n"
            "format: node/1\norg: ");
    put(&t, config->org.text);
    put(&t, "\n");
    if (config->listen[0] != '\0') {
        put(&t, "# Where partners may dial this node.\nlisten: ");
        put_quoted(&t, config->listen);
        put(&t, "\n");
    }
    put_key(&t, config);
    if (config->store_bytes != 0) {
        put(&t, "# Room for the store, bytes.\nstore_bytes: ");
        put_number(&t, config->store_bytes);
        put(&t, "\n");
    }
    if (config->partner_bytes != 0) {
        put(&t, "# Of one partner that may wait for people, bytes.\n"
                "partner_bytes: ");
        put_number(&t, config->partner_bytes);
        put(&t, "\n");
    }
    if (t.full)
        return SK_E_NO_ROOM;
    *out = (struct sk_bytes){room.data, t.size};
    return SK_OK;
}
