/*
 * Any bytes as node.conf.  The law: a config or a finding with a place, never
 * both; what reads, writes, and reads back the same; nothing is written when
 * it fails.
 */
#include "tests/fuzz/fuzz.h"

#include "policies/config.h"

#define ARENA_SIZE ((size_t)3 << 20)

static enum sk_status read_config(struct sk_bytes bytes, struct sk_config *out)
{
    static uint8_t memory[ARENA_SIZE] __attribute__((aligned(16)));
    struct sk_arena arena = sk_arena_start(memory, sizeof(memory));
    struct sk_findings findings = sk_findings_start(&arena);
    enum sk_status status =
        sk_config_read("node.conf", bytes, &arena, &findings, out);

    MUST(status == SK_OK || status == SK_E_BAD_VALUE);
    MUST((status == SK_OK) == (findings.errors == 0));
    for (size_t i = 0; i < findings.count; i++) {
        MUST(findings.list[i].place.line >= 1);
        MUST(findings.list[i].place.column >= 1);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[SK_CONFIG_SIZE_MAX];
    struct sk_config config;
    struct sk_config untouched;
    struct sk_config again = {0};
    struct sk_bytes text;

    memset(&config, 0xa5, sizeof(config));
    untouched = config;
    if (read_config((struct sk_bytes){data, size}, &config) != SK_OK) {
        MUST(memcmp(&config, &untouched, sizeof(config)) == 0);
        return 0;
    }
    MUST(sk_config_write(&config, (struct sk_room){room, sizeof(room)},
                         &text) == SK_OK);
    MUST(read_config(text, &again) == SK_OK);
    MUST(sk_org_equal(&config.org, &again.org));
    MUST(strcmp(config.listen, again.listen) == 0);
    MUST(config.key == again.key);
    MUST(strcmp(config.key_name, again.key_name) == 0);
    MUST(config.store_bytes == again.store_bytes);
    return 0;
}
