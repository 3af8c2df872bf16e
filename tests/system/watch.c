/*
 * Looks at processes of a node from outside.
 *
 *   watch secrets PID DIR KEY    where the process has the secrets of DIR,
 *                                whose node.key KEY unlocks: a line for each,
 *                                SECRET COPIES OPEN OWN: how many copies, how
 *                                many of them in memory that may be swapped
 *                                out or dumped, and how many in the data and
 *                                the stack of the program, not on a heap.
 *                                Exit status 77: nobody may look here
 *   watch life DIR KEY CMD...    runs CMD, and says of it and of all that it
 *                                starts what each does for the first time, in
 *                                that order, and what it still has right
 *                                before it is no more:
 *                                    pid PID           of CMD itself
 *                                    NAME files        closed (Landlock)
 *                                    NAME calls        closed (seccomp)
 *                                    NAME network      made an Internet socket
 *                                    NAME thread       is no longer one thread
 *                                    NAME accepts      took a connection
 *                                    NAME receives     read from any socket
 *                                    NAME reads        read standard input
 *                                    NAME had SECRET COPIES OPEN OWN
 *                                Exit status: that of CMD; 77 when this
 *                                machine does not allow it
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "tests/system/member.h"

#define NOT_ALLOWED 77
#define TASKS_MAX 64

/* ------------------------------------------------------------- secrets */

struct area {
    unsigned long from;
    unsigned long to;
    bool kept; /* locked, and in no dump */
    bool own;  /* data and stack of the program */
};

/* What follows the data of the program without a gap is its data too. */
static bool is_own(const struct area *before, unsigned long from,
                   const char *path, const char *program)
{
    return strcmp(path, program) == 0 || strcmp(path, "[stack]") == 0 ||
           (path[0] == '\0' && before->own && before->to == from);
}

/* The next mapping of its own, also of a file (.data), that was ever touched;
   false at the end. */
static bool next_area(FILE *smaps, const char *program, struct area *out)
{
    char line[PATH_MAX + 128];
    char may[8] = "";
    unsigned long resident = 0;

    while (fgets(line, sizeof(line), smaps) != NULL) {
        /* Names of what follows may begin like a number. */
        if (strchr(line, '-') != NULL &&
            strchr(line, '-') < strchr(line, ' ')) {
            struct area before = *out;
            char path[PATH_MAX] = "";

            (void)sscanf(line, "%lx-%lx %7s %*s %*s %*s %4095[^\n]", &out->from,
                         &out->to, may, path);
            out->own = is_own(&before, out->from, path, program);
        }
        (void)sscanf(line, "Rss: %lu", &resident);
        if (strncmp(line, "VmFlags:", 8) != 0 || may[0] != 'r' ||
            may[3] != 'p' || resident == 0)
            continue;
        out->kept = strstr(line, " lo") != NULL && strstr(line, " dd") != NULL;
        return true;
    }
    return false;
}

struct sought {
    const char *name;
    const uint8_t *bytes; /* 32 of them */
    size_t copies;
    size_t open;
    size_t own;
};

/* Mappings are much larger than what is in them: what cannot be read, or was
   never touched, is passed over. */
static void seek_in(int memory, const struct area *area, struct sought *sought,
                    size_t count)
{
    static uint8_t bytes[(1 << 16) + 31];
    unsigned long step = 1 << 16;

    for (unsigned long at = area->from; at < area->to; at += step) {
        unsigned long left = area->to - at; /* behind is what others are */
        ssize_t got =
            pread(memory, bytes, left < sizeof(bytes) ? left : sizeof(bytes),
                  (off_t)at);

        for (size_t i = 0; i < count && got >= 32; i++) {
            const uint8_t *from = bytes;
            const uint8_t *end = bytes + got;
            const uint8_t *hit;

            while ((hit = memmem(from, (size_t)(end - from), sought[i].bytes,
                                 32)) != NULL) {
                from = hit + 1;
                if (hit >= bytes + step)
                    break;
                sought[i].copies++;
                sought[i].open += area->kept ? 0 : 1;
                sought[i].own += area->own ? 1 : 0;
            }
        }
    }
}

/* One line per secret, after `before`; false: nobody may look. */
static bool tell_secrets(int pid, const struct member *member,
                         const char *before)
{
    const struct sk_node_secrets *s = &member->secrets;
    struct sought sought[] = {
        {.name = "signing", .bytes = s->signing.secret_bytes},
        {.name = "sealing", .bytes = s->sealing[0].secret_bytes},
        {.name = "transport", .bytes = s->curve.secret_bytes},
        {.name = "master", .bytes = s->master.secret_bytes},
        {.name = "unlock", .bytes = member->unlock_secret}};
    size_t count = sizeof(sought) / sizeof(sought[0]);
    struct area area = {0};
    char path[64];
    char program[PATH_MAX] = "";
    FILE *smaps;
    int memory;

    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    (void)!readlink(path, program, sizeof(program) - 1);
    snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
    smaps = fopen(path, "r");
    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (smaps == NULL || memory < 0 || program[0] == '\0')
        return false;
    while (next_area(smaps, program, &area))
        seek_in(memory, &area, sought, count);
    for (size_t i = 0; i < count; i++)
        printf("%s%s %zu %zu %zu\n", before, sought[i].name, sought[i].copies,
               sought[i].open, sought[i].own);
    fclose(smaps);
    close(memory);
    return true;
}

/* ------------------------------------------------------------- life */

enum act { FILES, CALLS, NETWORK, THREAD, ACCEPTS, RECEIVES, READS, NONE };

static const char *const acts[] = {"files",   "calls",    "network", "thread",
                                   "accepts", "receives", "reads"};

/* A thread; what its process did is with the first one, whose id it is. */
struct task {
    int id;
    int process;
    bool entered;
    enum act act; /* of the call that it is in */
    bool done[NONE];
};

static struct task tasks[TASKS_MAX];
static size_t tasks_count;

static bool file_begins(int pid, const char *file, const char *key, char *out,
                        size_t size)
{
    char path[64];
    char line[256];
    bool found = false;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    f = fopen(path, "r");
    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        found = strncmp(line, key, strlen(key)) == 0;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, size, "%s", line + (found ? strlen(key) : 0));
    }
    if (f != NULL)
        fclose(f);
    return found;
}

static struct task *task_of(int id)
{
    char process[256];

    for (size_t i = 0; i < tasks_count; i++)
        if (tasks[i].id == id)
            return &tasks[i];
    need(tasks_count < TASKS_MAX, "too many threads");
    need(file_begins(id, "status", "Tgid:", process, sizeof(process)),
         "whose thread?");
    tasks[tasks_count] =
        (struct task){.id = id, .process = atoi(process), .act = NONE};
    return &tasks[tasks_count++];
}

static void name_of(int process, char *out, size_t size)
{
    need(file_begins(process, "comm", "", out, size), "no name");
}

static void first_time(struct task *task, enum act act)
{
    struct task *process = task_of(task->process);
    char name[256];

    if (process->done[act])
        return;
    process->done[act] = true;
    name_of(task->process, name, sizeof(name));
    printf("%s %s\n", name, acts[act]);
    fflush(stdout);
}

static bool is_socket(int process, uint64_t fd)
{
    char path[64];
    char to[64] = "";

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", process, (int)fd);
    return readlink(path, to, sizeof(to) - 1) > 0 &&
           strncmp(to, "socket:", 7) == 0;
}

static enum act act_of(const struct task *task, uint64_t call,
                       const uint64_t args[6])
{
    switch (call) {
    case SYS_landlock_restrict_self:
        return FILES;
    case SYS_seccomp:
        return args[0] == SECCOMP_SET_MODE_FILTER ? CALLS : NONE;
    case SYS_prctl:
        return args[0] == PR_SET_SECCOMP ? CALLS : NONE;
    case SYS_socket:
        return args[0] == AF_INET || args[0] == AF_INET6 ? NETWORK : NONE;
    case SYS_accept:
    case SYS_accept4:
        return ACCEPTS;
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
        return RECEIVES;
    case SYS_read:
    case SYS_readv:
        if (args[0] == 0)
            return READS;
        return is_socket(task->process, args[0]) ? RECEIVES : NONE;
    default:
        return NONE;
    }
}

/* Locks count when they are closed; all else from the moment that it is tried,
   because others may act while it is under way. */
static void on_call(struct task *task)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, task->id, sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        task->act = act_of(task, info.entry.nr, info.entry.args);
        if (task->act != NONE && task->act != FILES && task->act != CALLS)
            first_time(task, task->act);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        if ((task->act == FILES || task->act == CALLS) && info.exit.rval == 0)
            first_time(task, task->act);
        task->act = NONE;
    }
}

static int on_stop(struct task *task, int status, const struct member *member)
{
    int event = status >> 16;
    int number = WSTOPSIG(status);

    if (number == (SIGTRAP | 0x80)) {
        on_call(task);
        return 0;
    }
    if (event == PTRACE_EVENT_EXIT && task->id == task->process) {
        char name[300];

        name_of(task->process, name, 256);
        strcat(name, " had ");
        if (!tell_secrets(task->process, member, name))
            printf("%snobody may look\n", name);
        fflush(stdout);
    }
    if (event == PTRACE_EVENT_CLONE) {
        unsigned long made;

        if (ptrace(PTRACE_GETEVENTMSG, task->id, 0, &made) == 0 &&
            task_of((int)made)->process == task->process)
            first_time(task, THREAD);
    }
    if (event != 0 || number == SIGTRAP)
        return 0;
    /* Each begins with a SIGSTOP that is ours. */
    if (number == SIGSTOP && !task->entered) {
        task->entered = true;
        return 0;
    }
    return number;
}

static void begin(char **command)
{
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
        _exit(NOT_ALLOWED);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)raise(SIGSTOP);
    execvp(command[0], command);
    _exit(127);
}

static int run_life(const char *dir, const char *key, char **command)
{
    static struct member member;
    const long follow = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                        PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                        PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
                        PTRACE_O_EXITKILL;
    int code = 1;
    int status;
    pid_t first;
    pid_t id;

    open_member(dir, key, &member);
    first = fork();
    need(first >= 0, "cannot run");
    if (first == 0)
        begin(command);
    need(waitpid(first, &status, __WALL) == first, "cannot wait");
    if (!WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, first, 0, follow) != 0)
        return NOT_ALLOWED;
    printf("pid %d\n", (int)first);
    fflush(stdout);
    task_of(first)->entered = true;
    (void)ptrace(PTRACE_SYSCALL, first, 0, 0);
    while ((id = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (id > 0 && WIFSTOPPED(status))
            (void)ptrace(PTRACE_SYSCALL, id, 0,
                         (long)on_stop(task_of(id), status, &member));
        else if (id == first)
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }
    return code;
}

int main(int argc, char **argv)
{
    static struct member member;

    if (argc == 5 && strcmp(argv[1], "secrets") == 0) {
        open_member(argv[3], argv[4], &member);
        if (tell_secrets(atoi(argv[2]), &member, ""))
            return 0;
        if (errno == EACCES || errno == EPERM)
            return NOT_ALLOWED;
        die("cannot look into the process");
    }
    if (argc > 4 && strcmp(argv[1], "life") == 0)
        return run_life(argv[2], argv[3], argv + 4);
    die("watch: what?");
    return 1;
}
