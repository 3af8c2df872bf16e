/*
 * Law: no bytes open but those that were sealed, and none crash.  (Passphrases
 * are left out: 64 MiB of Argon2id per try.)
 */
#include <stdlib.h>

#include <sodium.h>

#include "protocol/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "never used to seal a thing, 32 b";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_bytes in = {data, size};
    struct sk_unlock unlock = {.kind = SK_UNLOCK_KEY,
                               .secret_view = sk_text(key)};
    struct sk_box_key master = {{9}};
    struct sk_node_secrets node;
    struct sk_identity identity;
    enum sk_unlock_kind kind;
    enum sk_status status;

    if (sodium_init() < 0)
        abort();
    status = sk_node_key_kind(in, &kind);
    if (sk_node_key_open(in, &unlock, &node) == SK_OK)
        abort();
    /* What has no kind cannot be a wrong key only. */
    if (status != SK_OK &&
        sk_node_key_open(in, &unlock, &node) == SK_E_WRONG_KEY)
        abort();
    if (sk_identity_open(in, &master, &identity) == SK_OK)
        abort();
    return 0;
}
