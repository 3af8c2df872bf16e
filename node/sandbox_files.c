/*
 * Landlock, by its three system calls: there is no library.  The constants
 * are the kernel's; headers of Debian 12 have those of version 2 only.
 */
#include "node/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/files.h"

#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE (1u << 0)
#define FS_WRITE_FILE (1u << 1)
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
#define FS_REMOVE_FILE (1u << 5)
#define FS_MAKE_REG (1u << 8)
#define FS_MAKE_SOCK (1u << 9)
#define FS_TRUNCATE (1u << 14)
/* All that each version knows. */
#define FS_ALL_1 ((1u << 13) - 1)
#define FS_ALL_2 ((1u << 14) - 1)
#define FS_ALL_3 ((1u << 15) - 1)
#define FS_ALL_5 ((1u << 16) - 1)

#define NET_ALL 3u   /* version 4: bind and connect, TCP */
#define SCOPE_ALL 3u /* version 6: abstract sockets, signals */

/* What may be done with something that is not a folder. */
#define FS_OF_A_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

#define READ (FS_READ_FILE | FS_READ_DIR)
#define OWN                                                                    \
    (READ | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_MAKE_SOCK |      \
     FS_TRUNCATE)

struct ruleset_attribute {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

struct path_attribute {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

static long create(const struct ruleset_attribute *attribute, size_t size,
                   unsigned flags)
{
    return syscall(SYS_landlock_create_ruleset, attribute, size, flags);
}

static uint64_t all_of(long version)
{
    if (version >= 5)
        return FS_ALL_5;
    if (version >= 3)
        return FS_ALL_3;
    return version == 2 ? FS_ALL_2 : FS_ALL_1;
}

/* A path that is not there needs no rule. */
static enum sk_status allow(int ruleset, const char *path, uint64_t what)
{
    struct path_attribute attribute = {.allowed = what};
    struct stat about;
    enum sk_status status = SK_OK;

    attribute.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (attribute.parent_fd < 0)
        return SK_OK;
    if (fstat(attribute.parent_fd, &about) != 0)
        status = SK_E_REFUSED;
    else if (!S_ISDIR(about.st_mode))
        attribute.allowed &= FS_OF_A_FILE;
    if (status == SK_OK && syscall(SYS_landlock_add_rule, ruleset,
                                   RULE_PATH_BENEATH, &attribute, 0) != 0)
        status = SK_E_REFUSED;
    (void)close(attribute.parent_fd);
    return status;
}

/* The resolver of libc: its files are replaced while we run, so their folders;
   what is secret in /etc has an owner, and that is not us. */
static enum sk_status allow_names(int ruleset, uint64_t all)
{
    static const char *const paths[] = {
        "/etc",
        "/run/systemd/resolve",
        "/run/resolvconf",
        "/lib",
        "/run/NetworkManager",
        "/run/nscd",
        "/usr/lib",
        "/lib64",
    };

    for (size_t i = 0; i < SK_COUNT(paths); i++)
        SK_TRY(allow(ruleset, paths[i], READ & all));
    return SK_OK;
}

/* A sanitizer reads maps and symbols, and writes where log_path says. */
static enum sk_status allow_sanitizer(int ruleset, uint64_t all)
{
    static const char *const names[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS",
                                        "LSAN_OPTIONS"};
    char folder[SK_PATH_SIZE_MAX];

    SK_TRY(allow(ruleset, "/", READ & all));
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        const char *options = getenv(names[i]);
        const char *path =
            options == NULL ? NULL : strstr(options, "log_path=");
        size_t size;
        char *slash;

        if (path == NULL)
            continue;
        path += strlen("log_path=");
        size = strcspn(path, ":");
        if (size >= sizeof(folder))
            continue;
        memcpy(folder, path, size);
        folder[size] = '\0';
        slash = strrchr(folder, '/');
        if (slash == NULL)
            continue;
        *slash = '\0';
        SK_TRY(allow(ruleset, folder, OWN & all));
    }
    return SK_OK;
}

static enum sk_status add_rules(int ruleset, enum sk_sandbox_role role,
                                uint64_t all)
{
    if (SK_SANITIZED)
        SK_TRY(allow_sanitizer(ruleset, all));
    if (role == SK_SANDBOX_CORE)
        return allow(ruleset, ".", OWN & all);
    return allow_names(ruleset, all);
}

static enum sk_status restrict_to(int ruleset, enum sk_sandbox_role role,
                                  uint64_t all)
{
    SK_TRY(add_rules(ruleset, role, all));
    /* Without it the kernel asks for more rights than we have. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return SK_E_REFUSED;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        return SK_E_REFUSED;
    return SK_OK;
}

enum sk_status sk_sandbox_files(enum sk_sandbox_role role, unsigned *version)
{
    long known = create(NULL, 0, CREATE_VERSION);
    struct ruleset_attribute attribute = {0};
    enum sk_status status;
    int ruleset;

    if (known <= 0) { /* not built in, or not switched on */
        *version = 0;
        return SK_OK;
    }
    attribute.fs = all_of(known);
    if (known >= 4 && role == SK_SANDBOX_CORE)
        attribute.net = NET_ALL;
    /* The core ends schakel-net, which lives outside. */
    if (known >= 6 && role == SK_SANDBOX_NET)
        attribute.scoped = SCOPE_ALL;
    ruleset = (int)create(&attribute, sizeof(attribute), 0);
    if (ruleset < 0)
        return SK_E_REFUSED;
    status = restrict_to(ruleset, role, attribute.fs);
    (void)close(ruleset);
    if (status == SK_OK)
        *version = (unsigned)known;
    return status;
}
