/*
 * seccomp: a list of system calls per process.
 *
 * What is not on it fails with ENOSYS, as in an old kernel: that is what libc
 * tries newer calls against, and libzmq, which asserts on what it does not
 * expect, never meets a call that is forbidden but there.
 */
#include "node/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Memory, time, descriptors that are open, the end. */
static const char *const both[] = {
    "brk",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "dup",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "exit",
    "exit_group",
    "fcntl",
    "fstat",
    "futex",
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "gettid",
    "gettimeofday",
    "getuid",
    "lseek",
    "madvise",
    "mincore",
    "mlock",
    "mlock2",
    "mremap",
    "munlock",
    "munmap",
    "nanosleep",
    "newfstatat",
    "poll",
    "ppoll",
    "prlimit64",
    "read",
    "readv",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
    "stat",
    "statx",
    "sysinfo",
    "tgkill",
    "time",
    "uname",
    "write",
    "writev",
    "accept",
    "accept4",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "recvfrom",
    "recvmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
};

/* The store, the control socket, the end of schakel-net. */
static const char *const core_only[] = {
    "access",    "faccessat",  "faccessat2", "fallocate",
    "fchmod",    "fdatasync",  "flock",      "fstatfs",
    "fsync",     "ftruncate",  "linkat",     "getdents64",
    "kill",      "msync",      "open",       "openat",
    "pread64",   "preadv",     "pwrite64",   "pwritev",
    "readlink",  "readlinkat", "rename",     "renameat",
    "renameat2", "signalfd4",  "statfs",     "sync_file_range",
    "umask",     "unlink",     "unlinkat",   "wait4",
    "waitid",
};

/* libzmq's threads, and the resolver. */
static const char *const net_only[] = {
    "bind",
    "eventfd2",
    "getcpu",
    "ioctl",
    "listen",
    "recvmmsg",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setaffinity",
    "sched_setparam",
    "sched_setscheduler",
    "select",
    "pselect6",
    "sendmmsg",
    "set_tid_address",
};

/* What only somebody asks for who should not be here. */
static const char *const deadly[] = {
    "add_key",
    "bpf",
    "chroot",
    "delete_module",
    "execveat",
    "finit_module",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "mount",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "reboot",
    "request_key",
    "setns",
    "swapon",
    "umount2",
    "unshare",
    "userfaultfd",
    "execve",
};
/* The same, but LeakSanitizer stops threads with them. */
static const char *const deadly_unless_sanitized[] = {
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
};
static const char *const sanitizer_only[] = {
    "getdents",   "arch_prctl",      "clone",
    "getdents64", "mkdir",           "open",
    "openat",     "prctl",           "process_vm_readv",
    "ptrace",     "pread64",         "process_vm_writev",
    "readlink",   "readlinkat",      "rt_sigtimedwait",
    "unlink",     "wait4",           "mmap",
    "mprotect",   "set_tid_address", "getpgrp",
};

static enum sk_status add(scmp_filter_ctx filter, uint32_t action,
                          const char *name)
{
    int call = seccomp_syscall_resolve_name(name);

    /* Not every processor has every call. */
    if (call == __NR_SCMP_ERROR || call < 0)
        return SK_OK;
    return seccomp_rule_add(filter, action, call, 0) == 0 ? SK_OK
                                                          : SK_E_REFUSED;
}

static enum sk_status add_all(scmp_filter_ctx filter, uint32_t action,
                              const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        SK_TRY(add(filter, action, names[i]));
    return SK_OK;
}

/* Allowed when these bits of that argument have this value. */
static enum sk_status add_if(scmp_filter_ctx filter, const char *name,
                             unsigned argument, uint64_t mask, uint64_t value)
{
    const struct scmp_arg_cmp when = {.arg = argument,
                                      .op = SCMP_CMP_MASKED_EQ,
                                      .datum_a = mask,
                                      .datum_b = value};
    int call = seccomp_syscall_resolve_name(name);

    if (call == __NR_SCMP_ERROR || call < 0)
        return SK_OK;
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &when) == 0
               ? SK_OK
               : SK_E_REFUSED;
}

static enum sk_status add_sockets(scmp_filter_ctx filter,
                                  enum sk_sandbox_role role)
{
    static const uint64_t network[] = {AF_INET, AF_INET6, AF_NETLINK};

    SK_TRY(add_if(filter, "socket", 0, UINT32_MAX, AF_UNIX));
    SK_TRY(add_if(filter, "socketpair", 0, UINT32_MAX, AF_UNIX));
    for (size_t i = 0; i < SK_COUNT(network) && role == SK_SANDBOX_NET; i++)
        SK_TRY(add_if(filter, "socket", 0, UINT32_MAX, network[i]));
    return SK_OK;
}

static enum sk_status add_memory(scmp_filter_ctx filter,
                                 enum sk_sandbox_role role)
{
    /* The resolver loads libraries; then nothing writes where it runs. */
    const uint64_t exec = PROT_EXEC;
    const uint64_t both_bits = PROT_EXEC | PROT_WRITE;

    if (SK_SANITIZED)
        return SK_OK; /* on its own list */
    SK_TRY(add_if(filter, "mmap", 2, exec, 0));
    SK_TRY(add_if(filter, "mprotect", 2, exec, 0));
    if (role == SK_SANDBOX_NET)
        SK_TRY(add_if(filter, "mmap", 2, both_bits, PROT_EXEC));
    return SK_OK;
}

static enum sk_status add_net(scmp_filter_ctx filter)
{
    SK_TRY(add_all(filter, SCMP_ACT_ALLOW, net_only, SK_COUNT(net_only)));
    /* Files are read; Landlock says which. */
    SK_TRY(add_if(filter, "openat", 2, O_ACCMODE, O_RDONLY));
    SK_TRY(add_if(filter, "open", 1, O_ACCMODE, O_RDONLY));
    SK_TRY(add(filter, SCMP_ACT_ALLOW, "pread64"));
    SK_TRY(add(filter, SCMP_ACT_ALLOW, "access"));
    SK_TRY(add(filter, SCMP_ACT_ALLOW, "readlink"));
    /* A thread, never a process; clone3 cannot be looked into, and libc takes
       clone when it is not there. */
    return add_if(filter, "clone", 0, CLONE_THREAD, CLONE_THREAD);
}

static enum sk_status fill(scmp_filter_ctx filter, enum sk_sandbox_role role)
{
    SK_TRY(add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, SK_COUNT(deadly)));
    SK_TRY(add_all(filter, SCMP_ACT_ALLOW, both, SK_COUNT(both)));
    SK_TRY(add_sockets(filter, role));
    SK_TRY(add_memory(filter, role));
    SK_TRY(add_if(filter, "prctl", 0, UINT32_MAX, PR_SET_NAME));
    if (SK_SANITIZED)
        SK_TRY(add_all(filter, SCMP_ACT_ALLOW, sanitizer_only,
                       SK_COUNT(sanitizer_only)));
    else
        SK_TRY(add_all(filter, SCMP_ACT_KILL_PROCESS, deadly_unless_sanitized,
                       SK_COUNT(deadly_unless_sanitized)));
    if (role == SK_SANDBOX_CORE)
        return add_all(filter, SCMP_ACT_ALLOW, core_only, SK_COUNT(core_only));
    return add_net(filter);
}

enum sk_status sk_sandbox_calls(enum sk_sandbox_role role, bool *held)
{
    scmp_filter_ctx filter;
    enum sk_status status;
    int rc = 0;

    *held = false;
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
        return SK_OK; /* a kernel without it */
    filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL)
        return SK_E_MEMORY;
    status = fill(filter, role);
    if (status == SK_OK && seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                                            SCMP_ACT_KILL_PROCESS) != 0)
        status = SK_E_REFUSED;
    /* Answers in a tree, not one comparison after another. */
    if (status == SK_OK)
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (status == SK_OK)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    if (rc == -EINVAL)
        return SK_OK; /* a kernel without filters */
    if (status != SK_OK || rc != 0)
        return SK_E_REFUSED;
    *held = true;
    return SK_OK;
}
