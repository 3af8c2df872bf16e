/*
 * A disk that loses power: every write, flush and name of one folder's store
 * is kept, and made into the folder as it may be after a crash at any of them.
 * What was flushed is there.  What was not is there, is not, or is there in
 * part: sectors of 512 bytes, in any order.  Names come back in order, as far
 * as the disk got.
 *
 * Defines the system calls that the store uses: one program includes it.
 */
#ifndef SK_TESTS_NODE_DISK_H
#define SK_TESTS_NODE_DISK_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "protocol/base.h"

#define DISK_SECTOR 512u
#define DISK_EVENTS_MAX 20000
#define DISK_FILES_MAX 64
#define DISK_SIZE_MAX (16u << 20)

enum disk_kind { D_WRITE, D_FLUSH, D_FLUSHED, D_CUT, D_NAME, D_NAMES, D_MARK };

struct disk_event {
    enum disk_kind kind;
    int file;       /* D_NAME: -1 when the name is gone */
    uint64_t at;    /* D_FLUSHED: the event that is durable; D_MARK: which */
    size_t size;    /* bytes; D_CUT: of the file */
    uint8_t *bytes; /* of a write */
    char name[16];
};

static struct disk {
    bool on;
    struct disk_event events[DISK_EVENTS_MAX];
    size_t count;
    size_t first; /* before it: what was there at the start */
    struct stat files[DISK_FILES_MAX]; /* st_nlink 0: gone */
    int files_count;
    uint32_t random;
    /* The n-th call from now on fails (0: none), and all after it? */
    size_t fail_after;
    bool fails_on;
    int fail_with; /* an errno; 0: cut short */
    bool failed;
} disk;

static inline uint32_t disk_random(void)
{
    disk.random = disk.random * 1664525u + 1013904223u;
    return disk.random >> 8;
}

static inline struct disk_event *disk_add(enum disk_kind kind, int file)
{
    struct disk_event *event = &disk.events[disk.count];

    cr_assert(lt(sz, disk.count, DISK_EVENTS_MAX));
    *event = (struct disk_event){.kind = kind, .file = file};
    disk.count++;
    return event;
}

static inline void disk_mark(uint64_t which)
{
    if (disk.on)
        disk_add(D_MARK, -1)->at = which;
}

static inline int disk_known(const struct stat *info)
{
    for (int i = 0; i < disk.files_count; i++) {
        if (disk.files[i].st_nlink > 0 && disk.files[i].st_ino == info->st_ino)
            return i;
    }
    return -1;
}

static inline void disk_name(const char *name, int file)
{
    struct disk_event *event = disk_add(D_NAME, file);

    snprintf(event->name, sizeof(event->name), "%s", name);
}

static inline bool disk_is_kept(const char *name)
{
    return strncmp(name, "data.", 5) == 0 ? strstr(name, "-lock") == NULL
                                          : strncmp(name, "keys.", 5) == 0 &&
                                                strstr(name, "-lock") == NULL;
}

/* The file of an fd, or -1: not one that is kept. */
static inline int disk_file(int fd)
{
    char link[64];
    char path[256];
    struct stat info;
    const char *name;
    ssize_t size;
    int file;

    if (!disk.on || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return -1;
    file = disk_known(&info);
    if (file >= 0)
        return file;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof(path) - 1);
    if (size < 0)
        return -1;
    path[size] = '\0';
    name = strrchr(path, '/') + 1;
    if (!disk_is_kept(name))
        return -1;
    cr_assert(lt(int, disk.files_count, DISK_FILES_MAX));
    disk.files[disk.files_count] = info;
    disk_name(name, disk.files_count);
    return disk.files_count++;
}

static inline void disk_wrote(int fd, const void *data, size_t size, off_t at)
{
    int file = disk_file(fd);
    struct disk_event *event;

    if (file < 0 || size == 0)
        return;
    event = disk_add(D_WRITE, file);
    event->bytes = malloc(size);
    event->size = size;
    event->at = (uint64_t)at;
    memcpy(event->bytes, data, size);
    if ((fcntl(fd, F_GETFL) & O_DSYNC) != 0) {
        event = disk_add(D_FLUSHED, file);
        event->at = disk.count - 2;
    }
}

/* Does this call fail?  *size: how much of it is done all the same. */
static inline bool disk_fails(int fd, size_t *size)
{
    if (disk.fail_after == 0 || disk_file(fd) < 0)
        return false;
    if (disk.fail_after > 1) {
        disk.fail_after--;
        return false;
    }
    if (!disk.fails_on)
        disk.fail_after = 0;
    disk.failed = true;
    if (disk.fail_with == 0 && size != NULL) {
        *size = *size / 2;
        if (*size > 0)
            return false;
    }
    errno = disk.fail_with == 0 ? EIO : disk.fail_with;
    return true;
}

/* ------------------------------------------------------------ the calls */

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    ssize_t done;

    if (disk_fails(fd, &size))
        return -1;
    done = syscall(SYS_pwrite64, fd, data, size, at);
    if (done > 0)
        disk_wrote(fd, data, (size_t)done, at);
    return done;
}

ssize_t write(int fd, const void *data, size_t size)
{
    off_t at = disk.on ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t done;

    if (disk.on && disk_fails(fd, &size))
        return -1;
    done = syscall(SYS_write, fd, data, size);
    if (done > 0 && disk.on)
        disk_wrote(fd, data, (size_t)done, at);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t sum = 0;

    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);

        if (done < 0)
            return sum > 0 ? sum : done;
        sum += done;
        if ((size_t)done < parts[i].iov_len)
            break;
    }
    return sum;
}

/* A file that was made and not written is one that is named too. */
static inline void disk_see(int dir_fd)
{
    int fd = openat(dir_fd, "data.log", O_RDONLY);

    (void)disk_file(fd);
    (void)close(fd);
}

static inline int disk_flush(int fd)
{
    struct stat info;
    int file = disk_file(fd);

    if (disk_fails(fd, NULL))
        return -1;
    if (file >= 0) {
        disk_add(D_FLUSH, file);
    } else if (disk.on && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        disk_see(fd);
        disk_add(D_NAMES, -1);
    }
    return 0; /* power is never lost here */
}

int fdatasync(int fd)
{
    return disk_flush(fd);
}

int fsync(int fd)
{
    return disk_flush(fd);
}

int ftruncate(int fd, off_t size)
{
    int file = disk_file(fd);

    if (disk_fails(fd, NULL))
        return -1;
    if (file >= 0)
        disk_add(D_CUT, file)->size = (size_t)size;
    return (int)syscall(SYS_ftruncate, fd, size);
}

static inline void disk_unnamed(int dir_fd, const char *name)
{
    struct stat info;
    int file;

    if (fstatat(dir_fd, name, &info, 0) != 0)
        return;
    file = disk_known(&info);
    if (file >= 0 && info.st_nlink == 1)
        disk.files[file].st_nlink = 0;
}

int unlinkat(int dir_fd, const char *name, int flags)
{
    if (disk.on && disk_is_kept(name)) {
        disk_unnamed(dir_fd, name);
        disk_name(name, -1);
    }
    return (int)syscall(SYS_unlinkat, dir_fd, name, flags);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    struct stat info;

    if (disk.on && fstatat(from_fd, from, &info, 0) == 0)
        disk_name(to, disk_known(&info));
    return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    struct stat info;

    if (disk.on && fstatat(from_fd, from, &info, 0) == 0) {
        disk_unnamed(to_fd, to);
        disk_name(to, disk_known(&info));
        disk_name(from, -1);
    }
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

/* ------------------------------------------------------------ crashes */

static inline void disk_stop(void)
{
    disk.on = false;
    disk.fail_after = 0;
    for (size_t i = 0; i < disk.count; i++)
        free(disk.events[i].bytes);
    disk.count = 0;
    disk.files_count = 0;
}

/* What the store of this folder has now is durable; keep all from here on. */
static inline void disk_start(const char *folder)
{
    static const char *const names[] = {"data.mdb", "data.log", "keys.mdb",
                                        "keys.old", "keys.new"};
    static uint8_t bytes[DISK_SIZE_MAX];
    char path[128];

    disk_stop();
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        ssize_t size;
        int fd;

        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        fd = open(path, O_RDONLY);
        if (fd < 0)
            continue;
        disk.on = true;
        size = read(fd, bytes, sizeof(bytes));
        cr_assert(lt(sz, (size_t)size, sizeof(bytes)));
        disk_wrote(fd, bytes, (size_t)size, 0);
        disk_flush(fd);
        close(fd);
    }
    disk.on = true;
    disk_add(D_NAMES, -1);
    disk.first = disk.count;
}

struct disk_place {
    uint8_t *bytes;
    size_t size;
};

static inline void disk_apply(struct disk_place *place,
                              const struct disk_event *event, int mode)
{
    if (event->kind == D_CUT) {
        if (mode != 0 && event->size < place->size)
            memset(place->bytes + event->size, 0, place->size - event->size);
        place->size = mode != 0 ? event->size : place->size;
        return;
    }
    cr_assert(le(sz, (size_t)event->at + event->size, DISK_SIZE_MAX));
    for (size_t from = 0; from < event->size;) {
        size_t at = (size_t)event->at + from;
        size_t size = DISK_SECTOR - at % DISK_SECTOR;

        if (mode == 1) /* all of it */
            size = event->size;
        if (size > event->size - from)
            size = event->size - from;
        if (mode == 1 || (mode == 2 && disk_random() % 2 == 0)) {
            memcpy(place->bytes + at, event->bytes + from, size);
            if (place->size < at + size)
                place->size = at + size;
        }
        from += size;
    }
}

/* How what was not flushed fares: all gone, all there, each as it comes. */
static inline int disk_mode(uint32_t luck)
{
    return luck < 2 ? (int)luck : (int)(disk_random() % 3);
}

static inline bool disk_is_durable(size_t index, size_t end)
{
    const struct disk_event *event = &disk.events[index];

    for (size_t i = index + 1; i < end; i++) {
        const struct disk_event *after = &disk.events[i];

        if (after->kind == D_FLUSH && after->file == event->file)
            return true;
        if (after->kind == D_FLUSHED && after->at == index)
            return true;
        if (after->kind == D_NAMES && event->kind == D_NAME)
            return true;
    }
    return false;
}

/* The folder as a crash behind `end` events leaves it, in `to`. */
static inline void disk_crash(size_t end, uint32_t luck, const char *to)
{
    static struct disk_place places[DISK_FILES_MAX];
    struct {
        char name[16];
        int file;
    } names[DISK_FILES_MAX];
    size_t names_count = 0;
    bool named = true; /* names are still coming back */
    bool was = disk.on;

    memset(places, 0, sizeof(places));
    for (size_t i = 0; i < end; i++) {
        const struct disk_event *event = &disk.events[i];
        size_t at;

        if (event->kind == D_WRITE || event->kind == D_CUT) {
            struct disk_place *place = &places[event->file];

            if (place->bytes == NULL)
                place->bytes = calloc(1, DISK_SIZE_MAX);
            disk_apply(place, event,
                       disk_is_durable(i, end) ? 1 : disk_mode(luck));
        }
        if (event->kind != D_NAME)
            continue;
        if (!disk_is_durable(i, end) && disk_mode(luck) == 0)
            named = false;
        for (at = 0; at < names_count; at++) {
            if (strcmp(names[at].name, event->name) == 0)
                break;
        }
        if (!named)
            continue;
        if (at == names_count)
            names_count++;
        memcpy(names[at].name, event->name, sizeof(event->name));
        names[at].file = event->file;
    }
    disk.on = false;
    for (size_t i = 0; i < names_count; i++) {
        char path[128];
        FILE *file;

        if (names[i].file < 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", to, names[i].name);
        file = fopen(path, "wb");
        cr_assert(ne(ptr, file, NULL));
        if (places[names[i].file].size > 0)
            cr_assert(eq(sz,
                         fwrite(places[names[i].file].bytes, 1,
                                places[names[i].file].size, file),
                         places[names[i].file].size));
        fclose(file);
        chmod(path, 0600);
    }
    for (size_t i = 0; i < DISK_FILES_MAX; i++)
        free(places[i].bytes);
    disk.on = was;
}

#endif
