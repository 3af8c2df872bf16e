/*
 * schakeld: one node.                                  docs/OPERATING.md
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "node/core/core.h"
#include "node/files.h"
#include "node/log.h"
#include "node/sandbox.h"
#include "policies/civil.h"
#include "protocol/version.h"

/* Private memory: the engine's, batches, clients, Argon2id's 64 MiB. */
#define MEMORY_BYTES (UINT64_C(1) << 30)
#define FILES_MAX 256

static struct sk_core core;

static int usage(FILE *to, int code)
{
    fputs("usage: schakeld --dir DIR [--foreground] [--net PATH]\n"
          "                [--manual-clock YYYY-MM-DDTHH:MM:SSZ]\n"
          "\n"
          "Runs the node in DIR (made by: schakel init) until SIGTERM.\n"
          "\n"
          "  --dir DIR        the node's folder\n"
          "  --foreground     at a terminal: may ask for the passphrase\n"
          "  --net PATH       schakel-net, when it is not beside schakeld\n"
          "  --manual-clock   rehearsals only: time stands still until the\n"
          "                   operation clock.set moves it\n"
          "  --version        the version\n"
          "  --load           fill the empty store of DIR from a backup on\n"
          "                   standard input, and end (schakel restore does)\n"
          "  --help           this text\n"
          "\n"
          "Prints READY, the node's name and where it listens, when partners\n"
          "can reach it.  Exit status: 0 stopped, 64 wrong options, 69 in use\n"
          "or the store is broken, 73 folder on a network file system, 77\n"
          "wrong key or passphrase, or not this user's folder, 78 a file of "
          "the folder is wrong.\n",
          to);
    return code;
}

/* False when the options make no sense. */
static bool read_options(int argc, char **argv, struct sk_options *out)
{
    static const struct option longs[] = {
        {"dir", required_argument, NULL, 'd'},
        {"manual-clock", required_argument, NULL, 'm'},
        {"net", required_argument, NULL, 'n'},
        {"foreground", no_argument, NULL, 'f'},
        {"version", no_argument, NULL, 'v'},
        {"load", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int64_t instant;
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'd':
            out->dir = optarg;
            break;
        case 'm':
            if (!sk_instant_parse(sk_text(optarg), &instant) || instant < 0)
                return false;
            out->manual_clock = true;
            out->manual_ms = (uint64_t)instant * 1000;
            break;
        case 'n':
            out->net = optarg;
            break;
        case 'f':
            out->foreground = true;
            break;
        case 'v':
            (void)puts("schakeld " SK_VERSION);
            exit(0);
        case 'l':
            out->load = true;
            break;
        case 'h':
            exit(usage(stdout, 0));
        default:
            return false;
        }
    }
    return out->dir != NULL && optind == argc;
}

static int exit_code(enum sk_status status)
{
    if (status == SK_OK)
        return 0;
    if (status == SK_E_WRONG_KEY)
        return EX_NOPERM;
    if (status == SK_E_UNSUPPORTED)
        return EX_CANTCREAT;
    /* Everything about bytes comes first in the list of statuses. */
    if (status <= SK_E_TOO_LARGE || status == SK_E_NOT_FOUND ||
        status == SK_E_REFUSED)
        return EX_CONFIG;
    return EX_UNAVAILABLE;
}

/* Memory that is there when it is touched. */
static struct sk_room reserve(size_t size)
{
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (data == MAP_FAILED)
        return (struct sk_room){NULL, 0};
    sk_memory_guard(data, size);
    return (struct sk_room){data, size};
}

static void complain_of_network(void)
{
    char text[160];
    int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *kind = sk_network_kind_of(fd);

    if (fd >= 0)
        (void)close(fd);
    (void)snprintf(text, sizeof(text),
                   "the folder is on a network file system (%s): a store "
                   "there loses data; move it to a local disk",
                   kind == NULL ? "unknown" : kind);
    sk_log_error(NULL, SK_E_UNSUPPORTED, text);
}

/* A name in the folder that tells `schakel doctor` of it, as long as it is so:
   the log itself says so only to who has the key that is in data.mdb. */
#define DAMAGED_NAME "data.log.damaged"

static void tell_damage(bool damaged)
{
    int fd;

    if (!damaged) {
        (void)unlinkat(AT_FDCWD, DAMAGED_NAME, 0);
        return;
    }
    fd = openat(AT_FDCWD, DAMAGED_NAME,
                O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

static enum sk_status open_store(const struct sk_config *config)
{
    enum sk_status status =
        sk_store_open_lmdb(".", config->store_bytes, &core.store);

    if (status == SK_OK || status == SK_E_BAD_HASH)
        tell_damage(status == SK_E_BAD_HASH);
    if (status == SK_E_LOCKED)
        sk_log_error(NULL, status, "another schakeld runs this node");
    else if (status == SK_E_UNSUPPORTED)
        complain_of_network();
    else if (status == SK_E_FULL)
        sk_log_error(NULL, status, "no room for the store");
    else if (status == SK_E_NOT_FOUND)
        sk_log_error(NULL, status,
                     "data.mdb, data.log and keys.mdb belong together and one "
                     "of them is gone: put it back; if it is lost, all comes "
                     "back from a backup: schakel restore");
    else if (status == SK_E_BAD_HASH)
        sk_log_error(NULL, status,
                     "data.log is damaged, and what was committed is no longer "
                     "in it: all comes back from a backup: schakel restore");
    else if (status != SK_OK)
        sk_log_error(NULL, status,
                     "data.mdb or keys.mdb cannot be used; what is damaged "
                     "comes back from a backup: schakel restore");
    return status;
}

static enum sk_status open_engine(void)
{
    struct sk_engine_config config = {
        .store = core.store,
        .secrets = core.setup.secrets,
        .card = &core.setup.card,
        .card_bytes = {core.setup.card_bytes, core.setup.card_size},
        .partner_bytes = core.setup.config.partner_bytes,
        .manual_clock = core.options->manual_clock,
        .now_ms =
            core.options->manual_clock ? core.options->manual_ms : core.now_ms,
        .room = reserve(SK_ENGINE_MEMORY_SIZE),
    };
    enum sk_status status = SK_E_MEMORY;

    core.frames = reserve(SK_BATCH_FRAMES_SIZE_MAX);
    core.effects_room = reserve(SK_EFFECTS_SIZE_MAX);
    if (config.room.data != NULL && core.frames.data != NULL &&
        core.effects_room.data != NULL)
        status = sk_engine_open(&config, &core.engine);
    if (status == SK_E_REFUSED)
        sk_log_error(NULL, status, "the store is of another node");
    else if (status == SK_E_UNSUPPORTED)
        sk_log_error(NULL, status,
                     "another version of schakeld wrote this store, in a "
                     "format that this one does not read: start that version");
    else if (status != SK_OK)
        sk_log_error(NULL, status, "engine");
    /* Under another master key: before anybody hears that it is ready. */
    if (status == SK_OK && sk_engine_master_changed(core.engine))
        sk_keys_tend(&core);
    return status;
}

/* From here on: our own folder, no network, no new process. */
static enum sk_status lock_up(void)
{
    struct sk_sandbox_state state = {0};
    enum sk_status status = sk_sandbox_lock(SK_SANDBOX_CORE, &state);

    if (status != SK_OK) {
        sk_log_error(NULL, status, "the kernel refuses the sandbox");
        return status;
    }
    if (state.landlock == 0)
        sk_log_warn(NULL, SK_E_UNSUPPORTED,
                    "no Landlock here: other files stay within reach");
    if (!state.seccomp)
        sk_log_warn(NULL, SK_E_UNSUPPORTED,
                    "no seccomp here: all system calls stay within reach");
    core.host.landlock = state.landlock;
    core.host.seccomp = state.seccomp;
    sk_engine_host_set(core.engine, &core.host);
    return SK_OK;
}

static enum sk_status open_all(const struct sk_options *options)
{
    SK_TRY(sk_starter_open(&core));
    SK_TRY(sk_setup_open(options, &core.setup));
    SK_TRY(open_store(&core.setup.config));
    SK_TRY(open_engine());
    SK_TRY(sk_loop_open(&core));
    SK_TRY(sk_control_open(&core));
    return lock_up();
}

static enum sk_status load(void)
{
    struct sk_sandbox_state state;
    struct sk_config config;

    SK_TRY(sk_setup_config(&config));
    SK_TRY(sk_sandbox_lock(SK_SANDBOX_CORE, &state));
    return sk_load_store(&config);
}

static enum sk_status no_folder(int error)
{
    if (error == EACCES) {
        sk_log_error(NULL, SK_E_REFUSED,
                     "the folder of --dir is not readable by this user");
        return SK_E_WRONG_KEY; /* exit status 77 */
    }
    sk_log_error(NULL, SK_E_NOT_FOUND, "the folder of --dir");
    return SK_E_NOT_FOUND;
}

/* It looks at the same things one by one, and says of each what to do. */
static void point_to_doctor(const char *dir)
{
    char text[SK_PATH_SIZE_MAX + 64];

    (void)snprintf(text, sizeof(text),
                   "what is wrong, and what to do: schakel doctor --dir %s",
                   dir);
    sk_log_info(NULL, text);
}

static enum sk_status run(const struct sk_options *options)
{
    struct sk_sandbox sandbox = {.memory_bytes = MEMORY_BYTES,
                                 .files_max = FILES_MAX};
    enum sk_status status = SK_E_IO;

    core.options = options;
    core.control_fd = -1;
    core.net_fd = -1;
    core.starter_fd = -1;
    core.watchdog_ms = sk_notify_watchdog_ms();
    core.epoll_fd = -1;
    core.signal_fd = -1;
    if (sk_sandbox_enter(&sandbox) != SK_OK || sodium_init() < 0) {
        sk_log_error(NULL, SK_E_REFUSED, "sandbox");
        return SK_E_IO;
    }
    if (chdir(options->dir) != 0)
        return no_folder(errno);
    if (options->load)
        return load();
    sk_loop_times(&core);
    status = open_all(options);
    if (status == SK_OK) {
        sk_loop_run(&core);
        sk_notify("STOPPING=1");
        status = core.failed ? SK_E_IO : SK_OK;
    } else if (status != SK_E_LOCKED) {
        point_to_doctor(options->dir);
    }
    sk_control_close(&core);
    sk_loop_close(&core);
    sk_starter_close(&core);
    if (core.engine != NULL)
        sk_engine_close(&core.engine);
    sk_store_close(&core.store);
    sk_setup_close(&core.setup);
    return status;
}

int main(int argc, char **argv)
{
    struct sk_options options = {0};

    (void)mallopt(M_ARENA_MAX, 1);
    if (!read_options(argc, argv, &options))
        return usage(stderr, EX_USAGE);
    return exit_code(run(&options));
}
