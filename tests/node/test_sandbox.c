/* What a process may no longer do once it is locked up: each call is made from
   inside, and what became of it is told by how the process ends. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/sandbox.h"
#include "node/store.h"

#define DONE 0
#define KILLED (1000 + SIGSYS)
#define OUTSIDE "/tmp/sk-sandbox-outside"

static char own[64];

static void make_folder(void)
{
    snprintf(own, sizeof(own), "/tmp/sk-sandbox-XXXXXX");
    cr_assert(mkdtemp(own) != NULL);
    cr_assert(eq(int, chdir(own), 0));
    close(open("data.mdb", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void remove_folder(void)
{
    static const char *const names[] = {
        "data.mdb", "data.mdb-lock", "keys.mdb", "keys.mdb-lock",
        "keys.new", "keys.old",      "lock",     "data.log",
    };

    for (size_t i = 0; i < SK_COUNT(names); i++)
        unlink(names[i]);
    cr_expect(eq(int, chdir("/"), 0));
    cr_expect(eq(int, rmdir(own), 0));
    unlink(OUTSIDE);
}

TestSuite(sandbox, .init = make_folder, .fini = remove_folder, .timeout = 60);

/* 0: it could; an errno: it could not; KILLED. */
static int in_role(enum sk_sandbox_role role, int (*attempt)(void))
{
    pid_t pid;
    int status;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        const struct sk_sandbox limits = {.files_max = 64};
        struct sk_sandbox_state state;

        if (sk_sandbox_enter(&limits) != SK_OK ||
            sk_sandbox_lock(role, &state) != SK_OK || !state.seccomp)
            _exit(251);
        _exit(attempt());
    }
    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int errno_of(long result)
{
    return result < 0 ? errno : DONE;
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static int open_socket(int family)
{
    return errno_of(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int to_the_network(void)
{
    return open_socket(AF_INET);
}

static int to_the_network_6(void)
{
    return open_socket(AF_INET6);
}

static int to_netlink(void)
{
    return errno_of(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int to_all_packets(void)
{
    return errno_of(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int to_this_machine(void)
{
    return open_socket(AF_UNIX);
}

static int a_process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return errno_of(pid);
}

static int a_program(void)
{
    char *argv[] = {(char *)(uintptr_t) "true", NULL};

    return errno_of(execve("/bin/true", argv, argv + 1));
}

static int a_look_into_others(void)
{
    return errno_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int a_bpf(void)
{
    return errno_of(syscall(SYS_bpf, 0, NULL, 0));
}

static int an_io_uring(void)
{
    return errno_of(syscall(SYS_io_uring_setup, 1, NULL));
}

static int memory_to_run(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? errno : DONE;
}

static int memory_made_to_run(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return errno;
    return errno_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int read_the_names(void)
{
    return errno_of(open("/etc/hosts", O_RDONLY | O_CLOEXEC));
}

static int read_other_files(void)
{
    return errno_of(open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
}

static int write_elsewhere(void)
{
    return errno_of(open(OUTSIDE, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int read_the_store(void)
{
    return errno_of(open("data.mdb", O_RDONLY | O_CLOEXEC));
}

static int write_the_store(void)
{
    return errno_of(open("data.mdb", O_RDWR | O_CLOEXEC));
}

static int erase_the_store(void)
{
    return errno_of(unlink("data.mdb"));
}

static int rewrite_a_file(void)
{
    int fd = open("keys.new", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || close(fd) != 0 ||
        rename("keys.new", "keys.mdb") != 0)
        return errno;
    return errno_of(unlink("keys.mdb"));
}

/* I7: what an erasure needs, with the files that are really used. */
static int shred_a_key(void)
{
    struct sk_store *store = NULL;
    struct stat before;
    struct stat after;

    if (sk_store_open_lmdb(".", UINT64_C(64) << 20, &store) != SK_OK ||
        sk_store_begin(store) != SK_OK ||
        sk_store_put(store, SK_SPACE_KEYS, sk_text("k1"), sk_text("1")) !=
            SK_OK ||
        sk_store_commit(store) != SK_OK || sk_store_begin(store) != SK_OK ||
        sk_store_delete(store, SK_SPACE_KEYS, sk_text("k1")) != SK_OK ||
        sk_store_commit(store) != SK_OK)
        return 253;
    if (stat("keys.mdb", &before) != 0 || !sk_store_shred_due(store) ||
        sk_store_shred(store) != SK_OK)
        return errno;
    if (stat("keys.mdb", &after) != 0 || sk_store_shred_due(store))
        return 254;
    sk_store_close(&store);
    return before.st_ino == after.st_ino ? 255 : DONE;
}

static int a_folder(void)
{
    return errno_of(mkdir("folder", 0700));
}

static int end_others(void)
{
    return errno_of(kill(getppid(), 0));
}

static void *nothing(void *argument)
{
    return argument;
}

static int a_thread(void)
{
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, nothing, NULL);

    return rc != 0 ? rc : pthread_join(thread, NULL);
}

static int an_address_of_a_name(void)
{
    struct addrinfo *list = NULL;
    int rc = getaddrinfo("localhost", "80", NULL, &list);

    if (rc == 0)
        freeaddrinfo(list);
    return rc == 0 ? DONE : 252;
}

struct row {
    const char *what;
    int (*attempt)(void);
    int want;
    enum { ALWAYS, PLAIN, LANDLOCK } when; /* PLAIN: not with a sanitizer */
};

static void expect_all(enum sk_sandbox_role role, const struct row *rows,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];

        if (SK_SANITIZED && row->when != ALWAYS)
            continue;
        if (row->when == LANDLOCK && !has_landlock())
            continue;
        cr_expect(eq(int, in_role(role, row->attempt), row->want), "%s",
                  row->what);
    }
}

/* Without it these tests say nothing. */
Test(sandbox, everything_here_works_outside)
{
    cr_expect(eq(int, to_the_network(), DONE));
    cr_expect(eq(int, to_netlink(), DONE));
    cr_expect(eq(int, a_process(), DONE));
    cr_expect(eq(int, memory_to_run(), DONE));
    cr_expect(eq(int, memory_made_to_run(), DONE));
    cr_expect(eq(int, read_other_files(), DONE));
    cr_expect(eq(int, write_elsewhere(), DONE));
    cr_expect(eq(int, read_the_store(), DONE));
    cr_expect(eq(int, write_the_store(), DONE));
    cr_expect(eq(int, a_thread(), DONE));
    cr_expect(eq(int, end_others(), DONE));
    cr_expect(eq(int, a_folder(), DONE));
    cr_expect(eq(int, rmdir("folder"), 0));
}

Test(sandbox, the_core_has_its_folder_and_nothing_else)
{
    static const struct row rows[] = {
        {"network", to_the_network, ENOSYS, ALWAYS},
        {"network, IPv6", to_the_network_6, ENOSYS, ALWAYS},
        {"netlink", to_netlink, ENOSYS, ALWAYS},
        {"packets", to_all_packets, ENOSYS, ALWAYS},
        {"Unix socket", to_this_machine, DONE, ALWAYS},
        {"process", a_process, ENOSYS, PLAIN},
        {"program", a_program, KILLED, ALWAYS},
        {"ptrace", a_look_into_others, KILLED, PLAIN},
        {"bpf", a_bpf, KILLED, ALWAYS},
        {"io_uring", an_io_uring, KILLED, ALWAYS},
        {"memory to run", memory_to_run, ENOSYS, PLAIN},
        {"memory made to run", memory_made_to_run, ENOSYS, PLAIN},
        {"names", read_the_names, EACCES, LANDLOCK},
        {"other files", read_other_files, EACCES, LANDLOCK},
        {"write elsewhere", write_elsewhere, EACCES, LANDLOCK},
        {"folder", a_folder, ENOSYS, PLAIN},
        {"read the store", read_the_store, DONE, ALWAYS},
        {"write the store", write_the_store, DONE, ALWAYS},
        {"rewrite a file", rewrite_a_file, DONE, ALWAYS},
        {"overwrite a key", shred_a_key, DONE, ALWAYS},
        {"thread", a_thread, ENOSYS, PLAIN},
        {"end schakel-net", end_others, DONE, ALWAYS},
    };

    expect_all(SK_SANDBOX_CORE, rows, SK_COUNT(rows));
}

Test(sandbox, net_has_the_network_and_names_and_nothing_else)
{
    static const struct row rows[] = {
        {"network", to_the_network, DONE, ALWAYS},
        {"network, IPv6", to_the_network_6, DONE, ALWAYS},
        {"netlink", to_netlink, DONE, ALWAYS},
        {"packets", to_all_packets, ENOSYS, ALWAYS},
        {"process", a_process, ENOSYS, PLAIN},
        {"program", a_program, KILLED, ALWAYS},
        {"ptrace", a_look_into_others, KILLED, PLAIN},
        {"bpf", a_bpf, KILLED, ALWAYS},
        {"io_uring", an_io_uring, KILLED, ALWAYS},
        {"memory to run", memory_to_run, ENOSYS, PLAIN},
        {"memory made to run", memory_made_to_run, ENOSYS, PLAIN},
        {"thread", a_thread, DONE, ALWAYS},
        {"names", read_the_names, DONE, ALWAYS},
        {"address of a name", an_address_of_a_name, DONE, ALWAYS},
        {"other files", read_other_files, EACCES, LANDLOCK},
        {"read the store", read_the_store, EACCES, LANDLOCK},
        {"write the store", write_the_store, ENOSYS, PLAIN},
        {"write elsewhere", write_elsewhere, ENOSYS, PLAIN},
        {"erase the store", erase_the_store, ENOSYS, PLAIN},
        {"folder", a_folder, ENOSYS, PLAIN},
        {"end others", end_others, ENOSYS, ALWAYS},
    };

    expect_all(SK_SANDBOX_NET, rows, SK_COUNT(rows));
}

/* It says what holds. */
Test(sandbox, tells_what_the_kernel_gives)
{
    const bool landlock = has_landlock();
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct sk_sandbox_state state = {0};

        if (sk_sandbox_lock(SK_SANDBOX_CORE, &state) != SK_OK)
            _exit(1);
        _exit((state.landlock > 0) == landlock && state.seccomp ? 0 : 2);
    }
    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    cr_expect(eq(int, status, 0));
}
