#include "tools/schakel/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536

static enum sk_status status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return SK_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return SK_E_REFUSED;
    case EEXIST:
    case ENOTEMPTY:
        return SK_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return SK_E_FULL;
    case EISDIR:
        return SK_E_BAD_FORM;
    case ENOMEM:
        return SK_E_MEMORY;
    default:
        return SK_E_IO;
    }
}

int sk_cli_fail_file(enum sk_status status, const char *path)
{
    struct sk_problem problem = {.code = "file", .where = path};
    int code = SK_EXIT_IO;

    problem.nl = "lezen of schrijven mislukt";
    problem.en = "reading or writing failed";
    problem.detail = sk_status_text(status);
    if (status == SK_E_NOT_FOUND) {
        code = SK_EXIT_USAGE;
        problem.nl = "bestand of map bestaat niet";
        problem.en = "no such file or folder";
        problem.detail = NULL;
        problem.next_nl = "kijk het pad na";
        problem.next_en = "check the path";
    } else if (status == SK_E_REFUSED) {
        code = SK_EXIT_NOPERM;
        problem.nl = "geen toegang";
        problem.en = "not allowed";
        problem.detail = NULL;
        problem.next_nl = "kijk met 'ls -l' van wie het bestand is";
        problem.next_en = "see with 'ls -l' who owns the file";
    } else if (status == SK_E_TOO_LARGE) {
        code = SK_EXIT_USAGE;
        problem.nl = "bestand is te groot";
        problem.en = "file is too large";
        problem.detail = NULL;
    } else if (status == SK_E_BAD_FORM) {
        code = SK_EXIT_USAGE;
        problem.nl = "dit is geen gewoon bestand";
        problem.en = "this is not a regular file";
        problem.detail = NULL;
    } else if (status == SK_E_EXISTS) {
        code = SK_EXIT_CANTCREAT;
        problem.nl = "bestaat al";
        problem.en = "exists already";
        problem.detail = NULL;
        problem.next_nl = "kies een andere naam; er wordt niets overschreven";
        problem.next_en = "choose another name; nothing is overwritten";
    } else if (status == SK_E_FULL) {
        problem.next_nl = "maak plaats op de schijf en probeer opnieuw";
        problem.next_en = "make room on the disk and try again";
    }
    return sk_cli_fail(code, &problem);
}

void *sk_cli_reserve(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void sk_cli_release(void *memory, size_t size)
{
    if (memory != NULL)
        (void)munmap(memory, size);
}

char *sk_cli_path(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);

    if (path == NULL) {
        fputs("schakel: out of memory\n", stderr);
        exit(SK_EXIT_SOFTWARE);
    }
    snprintf(path, size, "%s/%s", dir, name);
    return path;
}

/* ---------------------------------------------------------------- read */
static enum sk_status read_all(int fd, size_t size_max, struct sk_bytes *out)
{
    size_t room = READ_STEP;
    uint8_t *data = malloc(room);
    size_t size = 0;
    ssize_t got = 1;

    while (data != NULL && got != 0 && size <= size_max) {
        if (size == room) {
            uint8_t *more = realloc(data, room * 2);

            if (more == NULL) {
                free(data);
                return SK_E_MEMORY;
            }
            data = more;
            room *= 2;
        }
        got = read(fd, data + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            enum sk_status status = status_of(errno);

            free(data);
            return status;
        }
        size += (size_t)got;
    }
    if (data == NULL)
        return SK_E_MEMORY;
    if (size > size_max) {
        free(data);
        return SK_E_TOO_LARGE;
    }
    *out = (struct sk_bytes){data, size};
    return SK_OK;
}

enum sk_status sk_cli_read(const char *path, size_t size_max,
                           struct sk_bytes *out)
{
    enum sk_status status;
    struct stat info;
    int fd;

    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, size_max, out);
    /* O_NONBLOCK: opening a pipe must not wait for its writer. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return status_of(errno);
    if (fstat(fd, &info) != 0)
        status = status_of(errno);
    else if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode) &&
             !S_ISFIFO(info.st_mode))
        status = SK_E_BAD_FORM;
    else if (fcntl(fd, F_SETFL, 0) != 0)
        status = status_of(errno);
    else
        status = read_all(fd, size_max, out);
    close(fd);
    return status;
}

/* --------------------------------------------------------------- write */
static enum sk_status write_all(int fd, struct sk_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.data, bytes.size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return status_of(errno);
        bytes.data += put;
        bytes.size -= (size_t)put;
    }
    return SK_OK;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The folder too: a rename that a power cut forgets is no rename. */
static enum sk_status sync_folder_of(const char *path)
{
    enum sk_status status = SK_OK;
    char *dir = folder_of(path);
    int fd;

    if (dir == NULL)
        return SK_E_MEMORY;
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        status = status_of(errno);
    if (fd >= 0)
        close(fd);
    free(dir);
    return status;
}

/* Never over a file that came meanwhile, where the file system can tell. */
static int rename_new(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (access(path, F_OK) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(temporary, path);
}

static int open_nameless(const char *path)
{
    char *dir = folder_of(path);
    int fd = dir == NULL || access("/proc/self/fd", F_OK) != 0
                 ? -1
                 : open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    free(dir);
    return fd;
}

enum sk_status sk_cli_begin(const char *path, unsigned mode,
                            struct sk_new_file *out)
{
    struct sk_new_file f = {.fd = open_nameless(path)};
    enum sk_status status = SK_OK;

    f.nameless = f.fd >= 0;
    if ((f.nameless
             ? asprintf(&f.temporary, "%s.%ld.part", path, (long)getpid())
             : asprintf(&f.temporary, "%s.XXXXXX", path)) < 0)
        f.temporary = NULL;
    if (f.temporary == NULL)
        status = SK_E_MEMORY;
    else if (!f.nameless && (f.fd = mkostemp(f.temporary, O_CLOEXEC)) < 0)
        status = status_of(errno);
    else if (fchmod(f.fd, mode) != 0)
        status = status_of(errno);
    if (status != SK_OK) {
        sk_cli_drop(&f);
        return status;
    }
    *out = f;
    return SK_OK;
}

void sk_cli_drop(struct sk_new_file *f)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    if (f->fd >= 0 && !f->nameless)
        (void)unlink(f->temporary);
    free(f->temporary);
    *f = (struct sk_new_file){.fd = -1};
}

/* link() refuses what exists; only rename() replaces it. */
static enum sk_status link_file(struct sk_new_file *f, const char *path,
                                bool replace)
{
    char self[64];

    (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, replace ? f->temporary : path,
               AT_SYMLINK_FOLLOW) != 0)
        return status_of(errno);
    f->nameless = !replace;
    return SK_OK;
}

enum sk_status sk_cli_name(struct sk_new_file *f, const char *path,
                           bool replace)
{
    enum sk_status status = fsync(f->fd) == 0 ? SK_OK : status_of(errno);

    if (status == SK_OK && f->nameless)
        status = link_file(f, path, replace);
    if (status == SK_OK && !f->nameless &&
        (replace ? rename(f->temporary, path)
                 : rename_new(f->temporary, path)) != 0)
        status = status_of(errno);
    if (status == SK_OK)
        f->nameless = true; /* nothing to take away any more */
    sk_cli_drop(f);
    return status == SK_OK ? sync_folder_of(path) : status;
}

enum sk_status sk_cli_write(const char *path, struct sk_bytes bytes,
                            unsigned mode, bool replace)
{
    struct sk_new_file f;
    enum sk_status status;

    SK_TRY(sk_cli_begin(path, mode, &f));
    status = write_all(f.fd, bytes);
    if (status == SK_OK)
        return sk_cli_name(&f, path, replace);
    sk_cli_drop(&f);
    return status;
}

/* -------------------------------------------------------------- folder */
static enum sk_status add_file(const char *path, const char *name, size_t *left,
                               struct sk_folder *folder)
{
    struct sk_charter_file *file = &folder->files[folder->count];
    char *copy;

    if (folder->count == SK_CHARTER_FILES_MAX)
        return SK_E_TOO_LARGE;
    SK_TRY(sk_cli_read(path, *left, &file->bytes));
    copy = strdup(name);
    if (copy == NULL) {
        free((void *)(uintptr_t)file->bytes.data);
        return SK_E_MEMORY;
    }
    *left -= file->bytes.size;
    file->name.data = (const uint8_t *)copy;
    file->name.size = strlen(copy);
    folder->count++;
    return SK_OK;
}

/* One level of folders: `prefix` is "" or "cards/". */
static enum sk_status add_folder(const char *dir, const char *prefix,
                                 size_t *left, struct sk_folder *folder)
{
    DIR *open_dir = opendir(dir);
    enum sk_status status = SK_OK;
    struct dirent *entry;

    if (open_dir == NULL)
        return status_of(errno);
    while (status == SK_OK && (entry = readdir(open_dir)) != NULL) {
        struct stat info;
        char name[512];
        char *path;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s%s", prefix, entry->d_name);
        path = sk_cli_path(dir, entry->d_name);
        if (stat(path, &info) != 0) {
            status = status_of(errno);
        } else if (S_ISDIR(info.st_mode) && prefix[0] == '\0') {
            snprintf(name, sizeof(name), "%s/", entry->d_name);
            status = add_folder(path, name, left, folder);
        } else {
            status = add_file(path, name, left, folder);
        }
        free(path);
    }
    closedir(open_dir);
    return status;
}

static int by_name(const void *a, const void *b)
{
    const struct sk_charter_file *left = a;
    const struct sk_charter_file *right = b;

    return sk_bytes_compare(left->name, right->name);
}

enum sk_status sk_cli_read_folder(const char *dir, size_t size_max,
                                  struct sk_folder *out)
{
    struct sk_folder folder = {0};
    size_t left = size_max;
    enum sk_status status;

    folder.files = calloc(SK_CHARTER_FILES_MAX, sizeof(*folder.files));
    if (folder.files == NULL)
        return SK_E_MEMORY;
    status = add_folder(dir, "", &left, &folder);
    if (status != SK_OK) {
        sk_cli_free_folder(&folder);
        return status;
    }
    qsort(folder.files, folder.count, sizeof(*folder.files), by_name);
    *out = folder;
    return SK_OK;
}

void sk_cli_free_folder(struct sk_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        free((void *)(uintptr_t)folder->files[i].name.data);
        free((void *)(uintptr_t)folder->files[i].bytes.data);
    }
    free(folder->files);
    *folder = (struct sk_folder){0};
}
