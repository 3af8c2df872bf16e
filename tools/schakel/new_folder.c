#include "tools/schakel/new_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int sk_new_folder_make(struct sk_new_folder *f, const char *dir)
{
    size_t size = strlen(dir);
    struct stat info;

    while (size > 1 && dir[size - 1] == '/')
        size--;
    if (size >= sizeof(f->dir))
        return sk_cli_fail_file(SK_E_TOO_LARGE, dir);
    memcpy(f->dir, dir, size);
    f->dir[size] = '\0';
    if (lstat(f->dir, &info) == 0 && !is_empty(f->dir))
        return fail_exists(f->dir);
    if (asprintf(&f->temporary, "%s.restoring-XXXXXX", f->dir) < 0) {
        f->temporary = NULL;
        return sk_cli_fail_file(SK_E_MEMORY, f->dir);
    }
    if (mkdtemp(f->temporary) == NULL) { /* mode 0700 */
        enum sk_status status = errno == ENOENT   ? SK_E_NOT_FOUND
                                : errno == ENOSPC ? SK_E_FULL
                                                  : SK_E_REFUSED;

        free(f->temporary);
        f->temporary = NULL;
        return sk_cli_fail_file(status, f->dir);
    }
    return -1;
}

/* Files only: a node's folder has no folders. */
void sk_new_folder_drop(struct sk_new_folder *f)
{
    DIR *folder;
    struct dirent *entry;

    if (f->temporary == NULL)
        return;
    folder = opendir(f->temporary);
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL)
        (void)closedir(folder);
    (void)rmdir(f->temporary);
    free(f->temporary);
    f->temporary = NULL;
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
    free(f->temporary);
    f->temporary = NULL;
    snprintf(parent, sizeof(parent), "%s", f->dir);
    slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent ? 1 : 0] = '\0';
    return sync_folder(slash == NULL ? "." : parent);
}
