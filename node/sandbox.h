/*
 * What a process gives up before it reads the first foreign byte.
 */
#ifndef SK_NODE_SANDBOX_H
#define SK_NODE_SANDBOX_H

#include "protocol/base.h"
#include "protocol/status.h"

struct sk_sandbox {
    uint64_t memory_bytes; /* of private memory; 0: no limit */
    uint64_t files_max;    /* open files */
};

/*
 * No new privileges, no core dumps, nobody of the same user may look into
 * this process, files that it makes are private, a limit on memory and files.
 * Fails with SK_E_REFUSED when the kernel does not grant one of them.
 */
SK_CHECKED enum sk_status sk_sandbox_enter(const struct sk_sandbox *sandbox);

/* Keep this memory out of swap and dumps, as far as the limits allow. */
void sk_memory_guard(void *memory, size_t size);

#endif
