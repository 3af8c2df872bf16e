#include "tools/schakel/new_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/schakel/cli.h"

static bool is_empty(const char *dir)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    bool empty = folder != NULL;

    while (empty && (entry = readdir(folder)) != NULL)
        empty =
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (folder != NULL)
        (void)closedir(folder);
    return empty;
}

static int fail_exists(const char *dir)
{
    return sk_cli_fail(
        SK_EXIT_CANTCREAT,
        &(struct sk_problem){
            .code = "node-exists",
            .nl = "deze map bestaat al en is niet leeg",
            .en = "this folder exists and is not empty",
            .where = dir,
            .next_nl = "kies een nieuwe map; er is niets veranderd",
            .next_en = "choose a new folder; nothing has changed"});
}

/* Files only: a node's folder has no folders. */
static void empty(const char *dir)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL)
        (void)closedir(folder);
}

static int fail_busy(const char *temporary)
{
    return sk_cli_fail(
        SK_EXIT_CANTCREAT,
        &(struct sk_problem){
            .code = "node-exists",
            .nl = "deze map is niet van u, of er wordt nu in teruggezet",
            .en = "this folder is not yours, or is being restored into now",
            .where = temporary,
            .next_nl = "wacht, of kies een andere map",
            .next_en = "wait, or choose another folder"});
}

/* A folder of ours alone, also one that was left: -1 or an exit status. */
static int make_locked(struct sk_new_folder *f)
{
    struct stat info;
    int fd;

    if (mkdir(f->temporary, 0700) != 0 && errno != EEXIST)
        return sk_cli_fail_file(errno == ENOENT   ? SK_E_NOT_FOUND
                                : errno == ENOSPC ? SK_E_FULL
                                                  : SK_E_REFUSED,
                                f->dir);
    fd = open(f->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_uid != geteuid() ||
        fchmod(fd, 0700) != 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return fail_busy(f->temporary);
    }
    empty(f->temporary);
    f->lock = fd;
    return -1;
}

int sk_new_folder_make(struct sk_new_folder *f, const char *dir)
{
    size_t size = strlen(dir);
    struct stat info;
    int code;

    while (size > 1 && dir[size - 1] == '/')
        size--;
    if (size >= sizeof(f->dir))
        return sk_cli_fail_file(SK_E_TOO_LARGE, dir);
    memcpy(f->dir, dir, size);
    f->dir[size] = '\0';
    if (lstat(f->dir, &info) == 0 && !is_empty(f->dir))
        return fail_exists(f->dir);
    if (asprintf(&f->temporary, "%s.restoring", f->dir) < 0) {
        f->temporary = NULL;
        return sk_cli_fail_file(SK_E_MEMORY, f->dir);
    }
    code = make_locked(f);
    if (code >= 0) {
        free(f->temporary);
        f->temporary = NULL;
    }
    return code;
}

static void end(struct sk_new_folder *f)
{
    (void)close(f->lock);
    free(f->temporary);
    f->temporary = NULL;
}

void sk_new_folder_drop(struct sk_new_folder *f)
{
    if (f->temporary == NULL)
        return;
    empty(f->temporary);
    (void)rmdir(f->temporary);
    end(f);
}

static int sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd >= 0 && fsync(fd) == 0 ? -1 : 0;

    if (fd >= 0)
        (void)close(fd);
    return code < 0 ? -1 : sk_cli_fail_file(SK_E_IO, dir);
}

int sk_new_folder_take(struct sk_new_folder *f)
{
    char parent[PATH_MAX];
    char *slash;
    int code = sync_folder(f->temporary);

    if (code >= 0)
        return code;
    if (rename(f->temporary, f->dir) != 0)
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                   ? fail_exists(f->dir)
                   : sk_cli_fail_file(SK_E_IO, f->dir);
    end(f);
    snprintf(parent, sizeof(parent), "%s", f->dir);
    slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent ? 1 : 0] = '\0';
    return sync_folder(slash == NULL ? "." : parent);
}
