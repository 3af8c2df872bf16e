/*
 * Who starts schakel-net.
 *
 * schakeld gives up the right to start programs, and what it gives up its
 * children give up too: schakel-net needs the network.  So a process that was
 * forked before a key was read waits on a pair, takes the descriptor of one
 * connection, and starts schakel-net with it: that one program, with that one
 * environment.  In between it forks once more and lets go, so that schakel-net
 * becomes a child of schakeld, which sees its end (PR_SET_CHILD_SUBREAPER).
 */
#include "node/core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/files.h"
#include "node/log.h"

#define PAIR_FD 3
#define ANSWER_MS 5000
#define OPTION_SIZE_MAX 512

struct answer {
    int rc;
    pid_t pid;
};

static const char *const passed_on[] = {
    "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "JOURNAL_STREAM",
    "LC_ALL",       "LC_MESSAGES",   "LANG"};

/* ------------------------------------------------------------- the starter */

/* Beside schakeld, as built; else where `make install` puts it. */
static bool find_program(const struct sk_options *options,
                         char path[SK_PATH_SIZE_MAX])
{
    static const char *const places[] = {"/schakel-net",
                                         "/../libexec/schakel/schakel-net"};
    ssize_t size;
    char *slash;

    if (options->net != NULL)
        return sk_path_join("", options->net, path) == SK_OK;
    size = readlink("/proc/self/exe", path, SK_PATH_SIZE_MAX - 40);
    if (size <= 0)
        return false;
    path[size] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    for (size_t i = 0; i < SK_COUNT(places); i++) {
        /* 40 bytes are kept for it */
        memcpy(slash, places[i], strlen(places[i]) + 1);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* What a log line needs, and a sanitizer's options; nothing else of ours. */
static void fill_environment(char text[][OPTION_SIZE_MAX], char **environment)
{
    size_t count = 0;

    for (size_t i = 0; i < SK_COUNT(passed_on); i++) {
        const char *value = getenv(passed_on[i]);

        if (value == NULL || strlen(value) > OPTION_SIZE_MAX - 16)
            continue;
        (void)snprintf(text[count], OPTION_SIZE_MAX, "%s=%s", passed_on[i],
                       value);
        environment[count] = text[count];
        count++;
    }
    environment[count] = NULL;
}

/* Its end becomes descriptor 3; the rest closes. */
static _Noreturn void become_net(const char *path, int fd)
{
    char text[SK_COUNT(passed_on)][OPTION_SIZE_MAX];
    char *environment[SK_COUNT(passed_on) + 1];
    char *argv[] = {(char *)(uintptr_t) "schakel-net", NULL};

    fill_environment(text, environment);
    if (fd == PAIR_FD)
        (void)fcntl(fd, F_SETFD, 0); /* it stays */
    else if (dup2(fd, PAIR_FD) < 0)
        _exit(EXIT_FAILURE);
    (void)execve(path, argv, environment);
    _exit(EXIT_FAILURE); /* schakeld sees it end, and says so */
}

/* started: shared with the process in between. */
static void start(const struct sk_options *options, int fd, pid_t *started,
                  struct answer *out)
{
    char path[SK_PATH_SIZE_MAX];
    pid_t between;
    int status;

    *out = (struct answer){.rc = ENOENT};
    if (!find_program(options, path))
        return;
    *started = -1;
    between = fork();
    if (between == 0) {
        pid_t net = fork();

        if (net == 0)
            become_net(path, fd);
        *started = net;
        _exit(0);
    }
    out->rc = EAGAIN;
    if (between < 0 || waitpid(between, &status, 0) != between || *started < 0)
        return;
    *out = (struct answer){.rc = 0, .pid = *started};
}

/* The descriptor that came; -1: none. */
static int take_fd(struct msghdr *message)
{
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    int fd = -1;

    if (head != NULL && head->cmsg_level == SOL_SOCKET &&
        head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(fd)))
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    return fd;
}

static _Noreturn void serve(const struct sk_options *options, int pair)
{
    pid_t *started = mmap(NULL, sizeof(*started), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    while (started != MAP_FAILED) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        char byte;
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        struct answer answer;
        ssize_t got = recvmsg(pair, &message, MSG_CMSG_CLOEXEC);
        int fd;

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break; /* schakeld is gone, and so are we */
        fd = take_fd(&message);
        if (fd < 0)
            break;
        start(options, fd, started, &answer);
        (void)close(fd);
        if (send(pair, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(0);
}

static _Noreturn void be_starter(const struct sk_options *options, int pair)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)prctl(PR_SET_NAME, "schakel-start");
    /* schakeld says when to stop, by going. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(nothing, STDOUT_FILENO) < 0)
        _exit(EXIT_FAILURE);
    serve(options, pair);
}

/* ------------------------------------------------------------- schakeld */

enum sk_status sk_starter_open(struct sk_core *core)
{
    int fds[2];
    pid_t pid;

    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        sk_log_error(NULL, SK_E_IO, "who starts schakel-net");
        return SK_E_IO;
    }
    pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        be_starter(core->options, fds[1]);
    }
    (void)close(fds[1]);
    if (pid < 0) {
        (void)close(fds[0]);
        sk_log_error(NULL, SK_E_IO, "who starts schakel-net");
        return SK_E_IO;
    }
    core->starter_fd = fds[0];
    core->starter_pid = pid;
    return SK_OK;
}

static bool send_fd(int pair, int fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    char byte = 1;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    return sendmsg(pair, &message, MSG_NOSIGNAL) == 1;
}

int sk_starter_ask(struct sk_core *core, int fd, pid_t *pid)
{
    struct pollfd wait = {.fd = core->starter_fd, .events = POLLIN};
    struct answer answer;

    if (core->starter_fd < 0 || !send_fd(core->starter_fd, fd))
        return EPIPE;
    /* A late answer would be taken for the next one: it is ended instead. */
    if (poll(&wait, 1, ANSWER_MS) != 1 ||
        recv(core->starter_fd, &answer, sizeof(answer), 0) != sizeof(answer)) {
        (void)kill(core->starter_pid, SIGKILL);
        return EIO;
    }
    if (answer.rc == 0)
        *pid = answer.pid;
    return answer.rc;
}

void sk_starter_reap(struct sk_core *core)
{
    int status;

    if (core->starter_pid <= 0 ||
        waitpid(core->starter_pid, &status, WNOHANG) != core->starter_pid)
        return;
    core->starter_pid = 0;
    sk_log_error(NULL, SK_E_CLOSED,
                 "who starts schakel-net ended: schakeld must start again");
    core->failed = true;
}

void sk_starter_close(struct sk_core *core)
{
    int status;

    if (core->starter_fd >= 0)
        (void)close(core->starter_fd);
    core->starter_fd = -1;
    if (core->starter_pid <= 0)
        return;
    (void)kill(core->starter_pid, SIGKILL);
    (void)waitpid(core->starter_pid, &status, 0);
    core->starter_pid = 0;
}
