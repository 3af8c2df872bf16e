/*
 * schakeld as a process: start, stop, what it refuses, what it survives.
 * tests/system has several of them talk to each other.
 * Tests: node/core/batch.c, node/core/child.c, node/core/control.c,
 * node/core/keys.c, node/core/load.c, node/core/loop.c, node/core/main.c,
 * node/core/notify.c, node/core/setup.c, node/core/starter.c
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policies/config.h"
#include "protocol/card.h"
#include "protocol/control.h"
#include "protocol/keyfile.h"
#include "protocol/pack.h"
#include "protocol/value.h"

#define PATIENCE_MS 10000

static char dir[64];
static pid_t daemon_pid;
static char ready_line[256];

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ------------------------------------------------------------ the folder */

static void write_file(const char *name, struct sk_bytes bytes, mode_t mode)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    cr_assert(fd >= 0);
    cr_assert(eq(int, fchmod(fd, mode), 0));
    cr_assert(eq(sz, (size_t)write(fd, bytes.data, bytes.size), bytes.size));
    close(fd);
}

static void make_card(const struct sk_node_secrets *node,
                      const struct sk_seal_public *sealing, const char *org)
{
    struct sk_card card = {
        .version = 1, .sealing_count = 1, .issued_s = 1700000000};
    struct sk_seed seed = {{7}};
    struct sk_sign_secret identity;
    uint8_t bytes[SK_CARD_SIZE_MAX];
    struct sk_bytes out;

    cr_assert(sk_org_parse(sk_text(org), &card.org));
    sk_sign_keypair(&seed, &card.identity, &identity);
    memcpy(card.signing.bytes, node->signing.secret_bytes + 32, 32);
    crypto_scalarmult_base(card.curve.bytes, node->curve.secret_bytes);
    card.sealing[0].key = *sealing;
    sk_seal_id_of(sealing, &card.sealing[0].id);
    card.sealing[0].from_s = 1700000000;
    card.sealing[0].until_s = 2000000000;
    cr_assert(eq(int,
                 sk_card_encode(&card, &identity,
                                (struct sk_room){bytes, sizeof(bytes)}, &out),
                 SK_OK));
    write_file("own.card", out, 0600);
}

static void make_config(enum sk_config_key key, const char *name)
{
    struct sk_config config = {.key = key};
    uint8_t bytes[SK_CONFIG_SIZE_MAX];
    struct sk_bytes out;

    cr_assert(sk_org_parse(sk_text("ocmw-mol"), &config.org));
    strcpy(config.key_name, name);
    cr_assert(eq(
        int,
        sk_config_write(&config, (struct sk_room){bytes, sizeof(bytes)}, &out),
        SK_OK));
    write_file("node.conf", out, 0600);
}

/* A node that does not listen, unlocked by a file of 32 zero bytes. */
static void make_folder(void)
{
    struct sk_node_secrets node = {.sealing_count = 1};
    struct sk_seed seed = {{1}};
    struct sk_sign_public signing;
    struct sk_seal_public sealing;
    struct sk_curve_public curve;
    uint8_t zeros[32] = {0};
    uint8_t bytes[SK_NODE_KEY_SIZE_MAX];
    struct sk_unlock unlock = {SK_UNLOCK_KEY, {zeros, sizeof(zeros)}};
    struct sk_bytes out;

    sk_sign_keypair(&seed, &signing, &node.signing);
    sk_seal_keypair(&seed, &sealing, &node.sealing[0]);
    sk_curve_keypair(&seed, &curve, &node.curve);
    memset(&node.master, 9, sizeof(node.master));
    cr_assert(eq(int,
                 sk_node_key_seal(&node, &unlock, &seed,
                                  (struct sk_room){bytes, sizeof(bytes)}, &out),
                 SK_OK));
    write_file("node.key", out, 0600);
    write_file("key", unlock.secret_view, 0600);
    make_config(SK_CONFIG_KEY_FILE, "key");
    make_card(&node, &sealing, "ocmw-mol");
}

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
    strcpy(dir, "/tmp/schakel-daemon-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
    make_folder();
}

static void tear_down(void)
{
    struct dirent *entry;
    DIR *list;

    if (daemon_pid > 0) {
        kill(daemon_pid, SIGKILL);
        waitpid(daemon_pid, NULL, 0);
    }
    list = opendir(dir);
    while (list != NULL && (entry = readdir(list)) != NULL)
        (void)unlinkat(dirfd(list), entry->d_name, 0);
    if (list != NULL)
        closedir(list);
    (void)rmdir(dir);
}

TestSuite(daemon, .init = set_up, .fini = tear_down, .timeout = 60);

/* ----------------------------------------------------------- the process */

static char *binary(const char *name)
{
    static char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 64);

    cr_assert(size > 0);
    path[size] = '\0';
    strcpy(strstr(path, "/tests/node/"), name);
    cr_assert(eq(int, access(path, X_OK), 0), "%s is not built", path);
    return path;
}

static pid_t launch(int out_fd, const char *extra)
{
    char *path = binary("/schakeld");
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(out_fd < 0 ? null : out_fd, STDOUT_FILENO);
        if (getenv("SHOW_LOG") == NULL)
            dup2(null, STDERR_FILENO);
        execl(path, "schakeld", "--dir", dir, extra, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int wait_end(pid_t pid)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;
    int status;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        cr_assert(now_ms() < until_ms, "it does not end");
        usleep(2000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void start(void)
{
    int fds[2];
    struct pollfd wait;
    ssize_t got;

    cr_assert(eq(int, pipe2(fds, O_CLOEXEC), 0));
    daemon_pid = launch(fds[1], NULL);
    close(fds[1]);
    wait = (struct pollfd){.fd = fds[0], .events = POLLIN};
    cr_assert(eq(int, poll(&wait, 1, PATIENCE_MS), 1), "no READY");
    got = read(fds[0], ready_line, sizeof(ready_line) - 1);
    cr_assert(got > 0, "it ended");
    ready_line[got] = '\0';
    close(fds[0]);
}

static int stop(void)
{
    int status;

    kill(daemon_pid, SIGTERM);
    status = wait_end(daemon_pid);
    daemon_pid = 0;
    return status;
}

/* A child of the daemon, by the name it has; 0 when there is none. */
static pid_t child_named(const char *name)
{
    char path[128];
    char comm[32];
    pid_t found = 0;
    FILE *list;
    int pid;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", daemon_pid,
             daemon_pid);
    list = fopen(path, "r");
    cr_assert(ne(ptr, list, NULL));
    while (fscanf(list, "%d", &pid) == 1) {
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fscanf(file, "%31s", comm) == 1 && strcmp(comm, name) == 0)
            found = pid;
        fclose(file);
    }
    fclose(list);
    return found;
}

static pid_t net_pid(void)
{
    return child_named("schakel-net");
}

static long status_of(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    long value = -1;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    cr_assert(ne(ptr, file, NULL));
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name) + 1, NULL, 10);
    }
    fclose(file);
    return value;
}

/* --------------------------------------------------------------- control */

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl.sock", dir);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void send_request(int fd, struct sk_bytes request)
{
    uint8_t head[4] = {(uint8_t)(request.size >> 24),
                       (uint8_t)(request.size >> 16),
                       (uint8_t)(request.size >> 8), (uint8_t)request.size};

    cr_assert(eq(int, (int)send(fd, head, 4, MSG_NOSIGNAL), 4));
    while (request.size > 0) {
        ssize_t sent = send(fd, request.data, request.size, MSG_NOSIGNAL);

        cr_assert(sent > 0);
        request.data += sent;
        request.size -= (size_t)sent;
    }
}

/* Kind NONE when the other side hung up. */
static struct sk_value receive_reply(int fd)
{
    static uint8_t bytes[SK_CONTROL_SIZE_MAX];
    struct sk_value value = {0};
    uint8_t head[4];
    size_t size;
    size_t at = 0;

    if (recv(fd, head, 4, MSG_WAITALL) != 4)
        return value;
    size = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
           (size_t)head[2] << 8 | head[3];
    cr_assert(le(sz, size, sizeof(bytes)));
    while (at < size) {
        ssize_t got = recv(fd, bytes + at, size - at, 0);

        cr_assert(got > 0);
        at += (size_t)got;
    }
    cr_assert(
        eq(int, sk_value_check((struct sk_bytes){bytes, size}, &value), SK_OK));
    return value;
}

static struct sk_bytes status_request(void)
{
    static uint8_t bytes[64];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes out;

    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    sk_pack_map(&p, 0);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, "node.status");
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    return out;
}

/* participant.add of somebody with a name of `size` letters. */
static struct sk_bytes add_request(size_t size)
{
    static uint8_t bytes[512];
    static char name[200];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes out;

    memset(name, 'a', sizeof(name));
    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    sk_pack_map(&p, 1);
    sk_pack_cstr(&p, "given_name");
    sk_pack_str(&p, (struct sk_bytes){(const uint8_t *)name, size});
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, "participant.add");
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    return out;
}

static bool answers(int fd)
{
    struct sk_value reply;

    send_request(fd, status_request());
    reply = receive_reply(fd);
    return sk_value_bool(sk_value_get(reply, "ok"));
}

static bool has_code(struct sk_value reply, const char *code)
{
    struct sk_value error = sk_value_get(reply, "error");

    return sk_bytes_equal(sk_value_str(sk_value_get(error, "code")),
                          sk_text(code));
}

/* ----------------------------------------------------------------- tests */

Test(daemon, starts_answers_and_stops)
{
    char path[128];
    struct stat info;
    int fd;

    start();
    cr_expect(eq(str, ready_line, "READY ocmw-mol -\n"));
    snprintf(path, sizeof(path), "%s/ctl.sock", dir);
    cr_assert(eq(int, stat(path, &info), 0));
    cr_expect(eq(int, (int)(info.st_mode & 0777), 0666));
    fd = dial();
    cr_assert(fd >= 0);
    cr_expect(answers(fd));
    cr_expect(answers(fd), "a second request on the same line");
    close(fd);
    cr_expect(eq(int, stop(), 0));
    cr_expect(ne(int, access(path, F_OK), 0), "ctl.sock is left");
    start();
    cr_expect(eq(int, stop(), 0));
}

Test(daemon, gives_up_what_it_does_not_need)
{
    pid_t net;
    pid_t pids[2];

    start();
    net = net_pid();
    cr_assert(net > 0);
    pids[0] = daemon_pid;
    pids[1] = net;
    for (int i = 0; i < 2; i++) {
        char path[64];
        char text[4096] = "";
        int fd;

        cr_expect(eq(long, status_of(pids[i], "NoNewPrivs:"), 1));
        snprintf(path, sizeof(path), "/proc/%d/limits", pids[i]);
        fd = open(path, O_RDONLY);
        cr_assert(read(fd, text, sizeof(text) - 1) > 0);
        close(fd);
        cr_expect(ne(ptr, strstr(text, "Max core file size        0"), NULL));
        /* Not even the environment of the core goes down. */
        snprintf(path, sizeof(path), "/proc/%d/environ", pids[i]);
        fd = open(path, O_RDONLY);
        cr_expect(i == 0 || read(fd, text, sizeof(text)) <= 512);
        close(fd);
    }
#ifndef __SANITIZE_ADDRESS__
    /* DESIGN 10: 32 MiB for all processes of an idle node. */
    cr_expect(
        le(long, status_of(daemon_pid, "VmRSS:") + status_of(net, "VmRSS:"),
           24 * 1024),
        "%ld + %ld", status_of(daemon_pid, "VmRSS:"), status_of(net, "VmRSS:"));
#endif
    cr_expect(eq(int, stop(), 0));
    cr_expect(ne(int, kill(net, 0), 0), "schakel-net is left");
}

Test(daemon, refuses_to_run_twice)
{
    start();
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 69));
    cr_expect(answers(dial()), "and does not disturb the first");
    cr_expect(eq(int, stop(), 0));
}

Test(daemon, refuses_what_cannot_be_right)
{
    struct sk_node_secrets other = {.sealing_count = 1};
    struct sk_seed seed = {{2}};
    struct sk_seal_public sealing;
    uint8_t ones[33];
    char path[256];

    memset(ones, 1, sizeof(ones));
    cr_expect(eq(int, wait_end(launch(-1, "--nonsense")), 64));
    write_file("key", (struct sk_bytes){ones, 32}, 0600);
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 77), "wrong key");
    write_file("key", (struct sk_bytes){ones, 33}, 0600);
    cr_expect(ne(int, wait_end(launch(-1, NULL)), 0), "33 bytes");
    memset(ones, 0, sizeof(ones));
    write_file("key", (struct sk_bytes){ones, 32}, 0640);
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "others can read it");
    write_file("key", (struct sk_bytes){ones, 32}, 0600);

    write_file("node.conf", sk_text("format: node/1\norg: Ocmw\n"), 0600);
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "node.conf");
    make_config(SK_CONFIG_KEY_FILE, "none");
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "no key file");
    make_config(SK_CONFIG_KEY_CREDENTIAL, "../key");
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "credential");
    make_config(SK_CONFIG_KEY_ASK, "");
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "nobody to ask");
    make_config(SK_CONFIG_KEY_FILE, "key");

    write_file("data.mdb", (struct sk_bytes){ones, 33}, 0600);
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 69), "no store");
    write_file("data.mdb", (struct sk_bytes){ones, 0}, 0600);
    snprintf(path, sizeof(path), "%s/node.key", dir);
    cr_assert(eq(int, chmod(path, 0640), 0));
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "others read node.key");
    cr_assert(eq(int, chmod(path, 0600), 0));

    /* A card of other keys would make the node unreachable. */
    sk_seal_keypair(&seed, &sealing, &other.sealing[0]);
    make_card(&other, &sealing, "ocmw-mol");
    cr_expect(eq(int, wait_end(launch(-1, NULL)), 78), "own.card");
}

Test(daemon, answers_nonsense_with_a_code)
{
    uint8_t noise[300];
    int fd;

    start();
    /* No size at all, or one beyond the limit: coded, then hung up. */
    fd = dial();
    cr_assert(eq(int, (int)send(fd, "\0\0\0\0", 4, 0), 4));
    cr_expect(has_code(receive_reply(fd), "bad-request"));
    cr_expect(eq(int, (int)recv(fd, noise, 1, 0), 0));
    close(fd);
    fd = dial();
    cr_assert(eq(int, (int)send(fd, "\xff\xff\xff\xff", 4, 0), 4));
    cr_expect(has_code(receive_reply(fd), "too-large"));
    cr_expect(eq(int, (int)recv(fd, noise, 1, 0), 0));
    close(fd);
    /* Bytes that are no request: coded, and the line lives. */
    fd = dial();
    for (size_t size = 1; size < sizeof(noise); size += 13) {
        randombytes_buf(noise, sizeof(noise));
        send_request(fd, (struct sk_bytes){noise, size});
        cr_expect(has_code(receive_reply(fd), "bad-request"));
    }
    cr_expect(answers(fd));
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

/* CONTROL.md 1.2: sent without waiting, answered in order, each for itself;
   more than one batch takes. */
Test(daemon, answers_what_was_sent_ahead_in_order)
{
    struct sk_value reply;
    int fd;

    start();
    fd = dial();
    for (size_t i = 0; i < 400; i++) {
        send_request(fd, add_request(20));
        send_request(fd, status_request());
        send_request(fd, sk_text("no request"));
    }
    cr_assert(eq(int, (int)send(fd, "\0\0\0\0", 4, 0), 4));
    for (size_t i = 0; i < 400; i++) {
        reply = sk_value_get(receive_reply(fd), "result");
        cr_assert(sk_value_str(sk_value_get(reply, "participant")).size > 0,
                  "%zu", i);
        reply = sk_value_get(receive_reply(fd), "result");
        cr_assert(sk_value_str(sk_value_get(reply, "org")).size > 0, "%zu", i);
        cr_assert(has_code(receive_reply(fd), "bad-request"), "%zu", i);
    }
    /* And what ends the line comes last. */
    cr_expect(has_code(receive_reply(fd), "bad-request"));
    cr_expect(eq(int, (int)sk_value_kind(receive_reply(fd)), SK_VALUE_NONE));
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

static struct timespec tree_written(void)
{
    char path[128];
    struct stat info;

    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    cr_assert(eq(int, stat(path, &info), 0));
    return info.st_mtim;
}

static bool is_tree_newer(struct timespec than)
{
    struct timespec now = tree_written();

    return now.tv_sec != than.tv_sec || now.tv_nsec != than.tv_nsec;
}

/* Before there is so much of it that somebody waits for it. */
Test(daemon, writes_the_tree_when_nobody_asks)
{
    struct timespec before;
    int64_t end_ms;
    int fd;

    start();
    fd = dial();
    before = tree_written();
    for (size_t i = 0; i < 700; i++)
        send_request(fd, add_request(20));
    for (size_t i = 0; i < 700; i++)
        cr_assert(sk_value_bool(sk_value_get(receive_reply(fd), "ok")));
    end_ms = now_ms() + 3 * PATIENCE_MS;
    while (!is_tree_newer(before) && now_ms() < end_ms)
        (void)poll(NULL, 0, 20);
    cr_expect(is_tree_newer(before));
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

/* Who goes away in the middle takes nobody along. */
Test(daemon, lets_go_of_a_client_that_asked_a_lot)
{
    int fd;

    start();
    for (size_t round = 0; round < 5; round++) {
        fd = dial();
        for (size_t i = 0; i < 700; i++)
            send_request(fd, status_request());
        close(fd);
    }
    fd = dial();
    cr_expect(answers(fd));
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

/* limits.h: SK_CONTROL_SIZE_MAX */
Test(daemon, takes_a_request_up_to_its_limit)
{
    uint8_t *large = calloc(1, SK_CONTROL_SIZE_MAX);
    int fd;

    start();
    fd = dial();
    send_request(fd, (struct sk_bytes){large, SK_CONTROL_SIZE_MAX});
    cr_expect(has_code(receive_reply(fd), "bad-request"));
    cr_expect(answers(fd));
    close(fd);
    free(large);
    cr_expect(eq(int, stop(), 0));
}

/* Fill what is left of the disk. */
static void fill_disk(const char *name)
{
    static uint8_t block[4096];
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    while (write(fd, block, sizeof(block)) > 0)
        continue;
    close(fd);
}

/* I5: a full disk refuses, loses nothing, and the node goes on. */
Test(daemon, says_that_the_disk_is_full_and_goes_on)
{
    char path[128];
    size_t added = 0;
    size_t refused = 0;
    int fds[16];

    tear_down();
    cr_assert(eq(int, mkdir(dir, 0700), 0));
    if (mount("tmpfs", dir, "tmpfs", 0, "size=2m") != 0) {
        cr_log_warn("no right to mount: skipped");
        return;
    }
    make_folder();
    start();
    for (size_t i = 0; i < SK_COUNT(fds); i++)
        fds[i] = dial();
    send_request(fds[0], add_request(5));
    cr_expect(sk_value_bool(sk_value_get(receive_reply(fds[0]), "ok")));
    fill_disk("junk");
    for (int round = 0; round < 20; round++) {
        /* Together, so that one transaction holds several. */
        for (size_t i = 0; i < SK_COUNT(fds); i++)
            send_request(fds[i], i == 0 ? status_request() : add_request(150));
        for (size_t i = 0; i < SK_COUNT(fds); i++) {
            struct sk_value reply = receive_reply(fds[i]);
            bool ok = sk_value_bool(sk_value_get(reply, "ok"));

            if (i == 0) {
                cr_expect(ok, "who writes nothing is served");
                continue;
            }
            cr_expect(ok || has_code(reply, "disk-full"));
            if (ok)
                added++;
            else
                refused++;
        }
    }
    cr_expect(ge(sz, refused, 100), "%zu refused, %zu added", refused, added);

    /* Killed with a full disk, and started. */
    kill(daemon_pid, SIGKILL);
    waitpid(daemon_pid, NULL, 0);
    for (size_t i = 0; i < SK_COUNT(fds); i++)
        close(fds[i]);
    snprintf(path, sizeof(path), "%s/junk", dir);
    cr_expect(eq(int, unlink(path), 0));
    start();
    fds[0] = dial();
    send_request(fds[0], add_request(5));
    cr_expect(sk_value_bool(sk_value_get(receive_reply(fds[0]), "ok")));
    close(fds[0]);
    cr_expect(eq(int, stop(), 0));
    cr_expect(eq(int, umount(dir), 0));
}

Test(daemon, keeps_its_memory_against_many_clients)
{
    static uint8_t part[1 << 20];
    int fds[80];
    size_t open_count = 0;
    int fd;

    start();
    /* 80 clients announce 4 MiB each and send one. */
    for (size_t i = 0; i < SK_COUNT(fds); i++) {
        struct timeval soon = {.tv_usec = 300000};

        fds[i] = dial();
        cr_assert(fds[i] >= 0);
        setsockopt(fds[i], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
        if (send(fds[i], "\0\x40\0\0", 4, MSG_NOSIGNAL) == 4)
            (void)!send(fds[i], part, sizeof(part), MSG_NOSIGNAL);
    }
    usleep(100000);
    for (size_t i = 0; i < SK_COUNT(fds); i++) {
        uint8_t byte;

        if (recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
            open_count++;
    }
    cr_expect(le(sz, open_count, 64));
    cr_expect(ge(sz, open_count, 8));
#ifndef __SANITIZE_ADDRESS__
    cr_expect(le(long, status_of(daemon_pid, "VmRSS:"), 64 * 1024));
#endif
    for (size_t i = 0; i < SK_COUNT(fds); i++)
        close(fds[i]);
    usleep(100000);
    fd = dial();
    cr_expect(answers(fd), "there is room again");
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

/* One byte of a request now and then does not hold a place for ever, and
   meanwhile others are served. */
Test(daemon, cuts_a_client_that_is_too_slow)
{
    int64_t since_ms;
    int slow;
    int fd;
    uint8_t byte;

    start();
    slow = dial();
    fd = dial();
    cr_assert(eq(int, (int)send(slow, "\0\0\0\x20", 4, 0), 4));
    since_ms = now_ms();
    while (recv(slow, &byte, 1, MSG_DONTWAIT) < 0) {
        (void)!send(slow, "x", 1, MSG_NOSIGNAL);
        cr_expect(answers(fd));
        cr_assert(now_ms() - since_ms < 15000, "it is still there");
        usleep(500000);
    }
    cr_expect(now_ms() - since_ms >= 9000);
    close(slow);
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

Test(daemon, starts_schakel_net_again_when_it_dies)
{
    pid_t first;
    pid_t second;
    int64_t until_ms = now_ms() + PATIENCE_MS;
    int fd;

    start();
    fd = dial();
    for (int i = 0; i < 3; i++) {
        first = net_pid();
        cr_assert(first > 0);
        kill(first, SIGKILL);
        for (second = first; second == first || second == 0;
             second = net_pid()) {
            cr_assert(now_ms() < until_ms);
            usleep(5000);
        }
        cr_expect(answers(fd), "the core does not notice");
    }
    close(fd);
    cr_expect(eq(int, stop(), 0));
}

/* A schakel-net that hangs is ended too, when it has to take something. */
Test(daemon, survives_kill_and_starts_again)
{
    pid_t net;
    int64_t until_ms = now_ms() + PATIENCE_MS;
    int status;

    for (int i = 0; i < 3; i++) {
        start();
        net = net_pid();
        cr_expect(answers(dial()));
        kill(daemon_pid, SIGKILL);
        waitpid(daemon_pid, &status, 0);
        /* Its child does not outlive it. */
        while (kill(net, 0) == 0) {
            cr_assert(now_ms() < until_ms, "schakel-net is left");
            usleep(5000);
        }
    }
    start();
    cr_expect(eq(int, stop(), 0));
}

Test(daemon, tells_the_service_manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 5};
    char text[64];
    ssize_t got;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", dir);
    cr_assert(
        eq(int, bind(fd, (struct sockaddr *)&address, sizeof(address)), 0));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    start();
    got = recv(fd, text, sizeof(text) - 1, 0);
    cr_assert(got > 0);
    text[got] = '\0';
    cr_expect(eq(str, text, "READY=1"));
    cr_expect(eq(int, stop(), 0));
    got = recv(fd, text, sizeof(text) - 1, 0);
    cr_assert(got > 0);
    text[got] = '\0';
    cr_expect(eq(str, text, "STOPPING=1"));
    close(fd);
}

/* ARCHITECTURE.md 3: locked up, both; only who starts schakel-net is not, and
   that one never had a key. */
Test(daemon, is_locked_up)
{
    pid_t net;

    start();
    net = net_pid();
    cr_assert(ne(int, net, 0));
    cr_expect(eq(long, status_of(daemon_pid, "Seccomp:"), 2));
    cr_expect(eq(long, status_of(daemon_pid, "NoNewPrivs:"), 1));
    cr_expect(eq(long, status_of(net, "Seccomp:"), 2));
    cr_expect(eq(long, status_of(net, "NoNewPrivs:"), 1));
    cr_expect(eq(long, status_of(child_named("schakel-start"), "Seccomp:"), 0));
    cr_expect(eq(int, stop(), 0));
}

/* Without who starts schakel-net, a dead one would stay dead: schakeld ends,
   and the service manager starts it anew. */
Test(daemon, ends_when_nobody_can_start_schakel_net)
{
    pid_t net;

    start();
    net = net_pid();
    kill(child_named("schakel-start"), SIGKILL);
    cr_expect(eq(int, wait_end(daemon_pid), 69));
    daemon_pid = 0;
    cr_expect(ne(int, kill(net, 0), 0), "schakel-net is left");
}
