/*
 * Law: what is read, writes to the same bytes; in both directions, and the
 * table of peers on its own.
 */
#include <stdlib.h>

#include "node/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again_bytes[SK_IPC_SIZE_MAX];
static const struct sk_room again_room = {again_bytes, sizeof(again_bytes)};

static void must_be(enum sk_status status, struct sk_bytes again,
                    struct sk_bytes in)
{
    if (status != SK_OK || !sk_bytes_equal(again, in))
        abort();
}

static void check_peers(struct sk_bytes in)
{
    static struct sk_ipc_peers peers;
    struct sk_bytes again = {0};
    enum sk_status status;

    if (sk_ipc_peers_decode(in, &peers) != SK_OK)
        return;
    status = sk_ipc_peers_encode(&peers, again_room, &again);
    must_be(status, again, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_bytes in = {data, size};
    struct sk_bytes again = {0};
    struct sk_ipc_down down;
    struct sk_ipc_up up;
    enum sk_status status;

    check_peers(in);
    if (sk_ipc_down_decode(in, &down) == SK_OK) {
        status = sk_ipc_down_encode(&down, again_room, &again);
        must_be(status, again, in);
        if (down.type == SK_IPC_PEERS)
            check_peers(down.peers);
    }
    if (sk_ipc_up_decode(in, &up) == SK_OK) {
        status = sk_ipc_up_encode(&up, again_room, &again);
        must_be(status, again, in);
    }
    return 0;
}
