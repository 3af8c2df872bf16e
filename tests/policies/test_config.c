/* node.conf: docs/OPERATING.md 2. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#include "policies/config.h"

static uint8_t memory[4 << 20] __attribute__((aligned(16)));
static struct sk_arena arena;
static struct sk_findings findings;
static struct sk_config config;

static enum sk_status read_text(const char *text)
{
    arena = sk_arena_start(memory, sizeof(memory));
    findings = sk_findings_start(&arena);
    memset(&config, 0, sizeof(config));
    return sk_config_read("node.conf", sk_text(text), &arena, &findings,
                          &config);
}

#define HEAD "format: node/1\norg: ocmw-mol\n"

Test(config, reads_each_way_to_unlock)
{
    static const struct {
        const char *text;
        enum sk_config_key key;
        const char *name;
    } rows[] = {
        {HEAD "key: {ask: true}\n", SK_CONFIG_KEY_ASK, ""},
        {HEAD "key: {passphrase-file: /etc/p}\n", SK_CONFIG_KEY_PASSPHRASE_FILE,
         "/etc/p"},
        {HEAD "key: {key-file: 'a ''b'''}\n", SK_CONFIG_KEY_FILE, "a 'b'"},
        {HEAD "key: {credential: node-key}\n", SK_CONFIG_KEY_CREDENTIAL,
         "node-key"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        cr_assert(eq(int, read_text(rows[i].text), SK_OK), "%s", rows[i].text);
        cr_expect(eq(int, config.key, rows[i].key));
        cr_expect(eq(str, config.key_name, (char *)(uintptr_t)rows[i].name));
        cr_expect(eq(str, config.org.text, (char *)(uintptr_t) "ocmw-mol"));
        cr_expect(eq(str, config.listen, (char *)(uintptr_t) ""));
        cr_expect(eq(u64, config.store_bytes, 0));
    }
}

Test(config, reads_what_may_be_left_out)
{
    cr_assert(eq(int,
                 read_text(HEAD "listen: \"tcp://0.0.0.0:7411\"\n"
                                "store_bytes: 1073741824\nkey: {ask: true}\n"
                                "partner_bytes: 65536\n"),
                 SK_OK));
    cr_expect(eq(str, config.listen, (char *)(uintptr_t) "tcp://0.0.0.0:7411"));
    cr_expect(eq(u64, config.store_bytes, 1073741824));
    cr_expect(eq(u64, config.partner_bytes, 65536));
}

/* One row per rule: the code, and the line it stands on. */
Test(config, refuses_with_a_place)
{
    static const struct {
        const char *text;
        const char *code;
        uint32_t line;
    } rows[] = {
        {"org: ocmw-mol\nkey: {ask: true}\n", "E011", 1},
        {"format: node/2\norg: ocmw-mol\nkey: {ask: true}\n", "E011", 1},
        {"format: node/1\nkey: {ask: true}\n", "E032", 1},
        {"format: node/1\norg: OCMW\nkey: {ask: true}\n", "E017", 2},
        {HEAD, "E032", 1},
        {HEAD "key: {ask: true}\nlisten: 0.0.0.0:7411\n", "E009", 4},
        {HEAD "key: {ask: true}\nlisten: tcp://0.0.0.0\n", "E009", 4},
        {HEAD "key: {ask: true}\nlisten: tcp://0.0.0.0:65536\n", "E009", 4},
        {HEAD "key: {ask: true}\nlisten: tcp://0.0.0.0:0\n", "E009", 4},
        {HEAD "key: {ask: true}\nlisten: 'tcp://a b:1'\n", "E009", 4},
        {HEAD "key: {ask: true}\nlisten: ipc:///tmp/x:1\n", "E009", 4},
        {HEAD "key: {ask: false}\n", "E009", 3},
        {HEAD "key: {ask: true, key-file: x}\n", "E008", 3},
        {HEAD "key: {key-file: ''}\n", "E009", 3},
        {HEAD "key: secret\n", "E008", 3},
        {HEAD "key: {passphrase: secret}\n", "E010", 3},
        {HEAD "key: {ask: true}\nstore_bytes: 16777215\n", "E009", 4},
        {HEAD "key: {ask: true}\nstore_bytes: 4398046511105\n", "E009", 4},
        {HEAD "key: {ask: true}\nstore_bytes: 1 GB\n", "E009", 4},
        {HEAD "key: {ask: true}\npartner_bytes: 65535\n", "E009", 4},
        {HEAD "key: {ask: true}\nlog: debug\n", "E010", 4},
        {HEAD "key: {ask: true}\norg: other\n", "E004", 4},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        cr_expect(eq(int, read_text(rows[i].text), SK_E_BAD_VALUE), "%s",
                  rows[i].text);
        cr_assert(ne(sz, findings.count, 0), "%s", rows[i].text);
        cr_expect(
            eq(str, findings.list[0].code, (char *)(uintptr_t)rows[i].code),
            "%s", rows[i].text);
        cr_expect(eq(u32, findings.list[0].place.line, rows[i].line), "%s",
                  rows[i].text);
        cr_expect(eq(str, config.org.text, (char *)(uintptr_t) ""));
    }
}

Test(config, knows_its_limits)
{
    char text[3000];
    char name[SK_CONFIG_PATH_SIZE_MAX + 2];

    cr_expect(eq(int,
                 read_text(HEAD "key: {ask: true}\nstore_bytes: 16777216\n"),
                 SK_OK));
    cr_expect(eq(
        int, read_text(HEAD "key: {ask: true}\nstore_bytes: 4398046511104\n"),
        SK_OK));
    memset(name, 'x', sizeof(name));
    name[SK_CONFIG_PATH_SIZE_MAX] = '\0';
    snprintf(text, sizeof(text), HEAD "key: {key-file: %s}\n", name);
    cr_expect(eq(int, read_text(text), SK_OK));
    snprintf(text, sizeof(text), HEAD "key: {key-file: %sx}\n", name);
    cr_expect(eq(int, read_text(text), SK_E_BAD_VALUE));
    memset(name, 'a', 250);
    name[250] = '\0';
    memcpy(name, "tcp://", 6);
    snprintf(text, sizeof(text), HEAD "key: {ask: true}\nlisten: %s:7411\n",
             name);
    cr_expect(eq(int, read_text(text), SK_OK));
    snprintf(text, sizeof(text), HEAD "key: {ask: true}\nlisten: %sa:7411\n",
             name);
    cr_expect(eq(int, read_text(text), SK_E_BAD_VALUE));
}

Test(config, reads_back_what_it_writes)
{
    static const struct sk_config rows[] = {
        {.org = {"ocmw-mol"}, .key = SK_CONFIG_KEY_ASK},
        {.org = {"sopraco"},
         .listen = "tcp://[::1]:7411",
         .key = SK_CONFIG_KEY_FILE,
         .key_name = "/media/it's here/key: {x} # no",
         .store_bytes = SK_CONFIG_STORE_BYTES_MAX,
         .partner_bytes = SK_CONFIG_PARTNER_BYTES_MIN},
        {.org = {"cvo-kempen"},
         .key = SK_CONFIG_KEY_PASSPHRASE_FILE,
         .key_name = "p"},
        {.org = {"vdab"},
         .key = SK_CONFIG_KEY_CREDENTIAL,
         .key_name = "node-key"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        uint8_t room[SK_CONFIG_SIZE_MAX];
        struct sk_bytes text = {0};
        struct sk_bytes again = {0};
        char copy[SK_CONFIG_SIZE_MAX];

        cr_assert(eq(int,
                     sk_config_write(
                         &rows[i], (struct sk_room){room, sizeof(room)}, &text),
                     SK_OK));
        snprintf(copy, sizeof(copy), "%.*s", (int)text.size, text.data);
        cr_assert(eq(int, read_text(copy), SK_OK), "%s", copy);
        cr_expect(memcmp(&config, &rows[i], sizeof(config)) == 0);
        for (size_t size = 0; size < text.size; size++)
            cr_expect(eq(
                int,
                sk_config_write(&rows[i], (struct sk_room){room, size}, &again),
                SK_E_NO_ROOM));
        cr_expect(again.data == NULL);
    }
}
