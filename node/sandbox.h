/*
 * What a process gives up before it reads the first foreign byte.
 *                                                   docs/ARCHITECTURE.md 3
 *   sandbox.c        limits, dumps, privileges; both locks together
 *   sandbox_files.c  Landlock: which files
 *   sandbox_calls.c  seccomp: which system calls
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

enum sk_sandbox_role {
    /* schakeld: the files of the current folder and no others; Unix sockets
       only; starts no program, and no process at all */
    SK_SANDBOX_CORE,
    /* schakel-net: the network; reads what finds an address for a name
       (/etc, the resolver's folders in /run, libraries), writes no file,
       starts no program and no process */
    SK_SANDBOX_NET,
};

/* What holds. */
struct sk_sandbox_state {
    unsigned landlock; /* the kernel's version of it; 0: it has none */
    bool seccomp;
};

/*
 * Close the locks, for good, for this thread and all it starts: call it while
 * there is one thread, after sk_sandbox_enter() and after the last file
 * elsewhere was read.  A call that is not on the list fails with ENOSYS; one
 * that only an intruder makes (execve, ptrace, bpf, ...) ends the process.
 *
 * A kernel without one of the two is no failure: `out` says what holds.  Under
 * valgrind neither does.  Fails with SK_E_REFUSED when the kernel has it and
 * does not grant it.
 */
SK_CHECKED enum sk_status sk_sandbox_lock(enum sk_sandbox_role role,
                                          struct sk_sandbox_state *out);

/* ------------------------------------------------------------- its parts */
SK_CHECKED enum sk_status sk_sandbox_files(enum sk_sandbox_role role,
                                           unsigned *version);
SK_CHECKED enum sk_status sk_sandbox_calls(enum sk_sandbox_role role,
                                           bool *held);

/* A sanitizer needs memory, files and calls of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SK_SANITIZED 1
#endif
#endif
#ifndef SK_SANITIZED
#define SK_SANITIZED 0
#endif

/* Keep this memory out of swap and dumps, as far as the limits allow. */
void sk_memory_guard(void *memory, size_t size);

#endif
