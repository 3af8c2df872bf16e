#include "node/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum sk_status sk_path_join(const char *dir, const char *name,
                            char out[SK_PATH_SIZE_MAX])
{
    size_t dir_size = name[0] == '/' ? 0 : strlen(dir);
    size_t name_size = strlen(name);
    size_t at = 0;

    if (dir_size + 1 + name_size + 1 > SK_PATH_SIZE_MAX)
        return SK_E_TOO_LARGE;
    if (dir_size > 0) {
        memcpy(out, dir, dir_size);
        at = dir_size;
        out[at++] = '/';
    }
    memcpy(out + at, name, name_size + 1);
    return SK_OK;
}

static enum sk_status status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return SK_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case ELOOP:
        return SK_E_REFUSED;
    default:
        return SK_E_IO;
    }
}

/* Read until the end; SK_E_TOO_LARGE when the room ends first. */
static enum sk_status read_all(int fd, struct sk_room room, size_t *size)
{
    size_t at = 0;

    for (;;) {
        uint8_t extra;
        bool full = at == room.size_max;
        ssize_t got = full ? read(fd, &extra, 1)
                           : read(fd, room.data + at, room.size_max - at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_of(errno);
        if (got == 0)
            break;
        if (full)
            return SK_E_TOO_LARGE;
        at += (size_t)got;
    }
    *size = at;
    return SK_OK;
}

enum sk_status sk_file_read(const char *path, struct sk_room room,
                            struct sk_bytes *out)
{
    struct stat stat;
    enum sk_status status;
    size_t size;
    /* A FIFO in its place must not hang us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return status_of(errno);
    if (fstat(fd, &stat) != 0)
        status = SK_E_IO;
    else if (!S_ISREG(stat.st_mode))
        status = SK_E_REFUSED;
    else
        status = read_all(fd, room, &size);
    (void)close(fd); /* only read */
    if (status != SK_OK) {
        sodium_memzero(room.data, room.size_max);
        return status;
    }
    *out = (struct sk_bytes){room.data, size};
    return SK_OK;
}

bool sk_file_is_open_to_others(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

static int overwrite(int fd)
{
    static const uint8_t zeros[64 * 1024];
    struct stat stat;
    off_t at = 0;

    if (fstat(fd, &stat) != 0)
        return errno;
    while (at < stat.st_size) {
        size_t size = sizeof(zeros);
        ssize_t done;

        if (stat.st_size - at < (off_t)size)
            size = (size_t)(stat.st_size - at);
        done = pwrite(fd, zeros, size, at);
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0)
            at += done;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

int sk_file_destroy(int dir_fd, const char *name, const char *live)
{
    struct stat left;
    struct stat kept;
    int fd = -1;
    int rc = 0;

    fd = openat(dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    if (fstat(fd, &left) != 0 ||
        fstatat(dir_fd, live, &kept, AT_SYMLINK_NOFOLLOW) != 0)
        rc = errno;
    else if (left.st_ino != kept.st_ino || left.st_dev != kept.st_dev)
        rc = overwrite(fd);
    if (rc == 0 && unlinkat(dir_fd, name, 0) != 0)
        rc = errno;
    if (rc == 0 && fsync(dir_fd) != 0)
        rc = errno;
    (void)close(fd); /* synced above */
    return rc;
}

static int write_new(int dir_fd, const char *name, struct sk_bytes bytes)
{
    int fd =
        openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t at = 0;
    int rc = 0;

    if (fd < 0)
        return errno;
    while (rc == 0 && at < bytes.size) {
        ssize_t done = write(fd, bytes.data + at, bytes.size - at);

        if (done < 0 && errno != EINTR)
            rc = errno;
        if (done > 0)
            at += (size_t)done;
    }
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    (void)close(fd); /* synced above */
    return rc;
}

int sk_file_replace(int dir_fd, const char *name, struct sk_bytes bytes)
{
    char fresh[64];
    char old[64];
    int rc;

    assert(strlen(name) + sizeof(".new") <= sizeof(fresh));
    (void)snprintf(fresh, sizeof(fresh), "%s.new", name);
    (void)snprintf(old, sizeof(old), "%s.old", name);
    rc = sk_file_destroy(dir_fd, fresh, name);
    if (rc == 0)
        rc = sk_file_destroy(dir_fd, old, name);
    if (rc == 0)
        rc = write_new(dir_fd, fresh, bytes);
    if (rc == 0 && linkat(dir_fd, name, dir_fd, old, 0) != 0)
        rc = errno;
    if (rc == 0 && renameat(dir_fd, fresh, dir_fd, name) != 0)
        rc = errno;
    if (rc == 0 && fsync(dir_fd) != 0)
        rc = errno;
    if (rc == 0)
        rc = sk_file_destroy(dir_fd, old, name);
    return rc;
}

/* Also what is shared by machines at the level of the disk. */
static const struct {
    uint32_t magic;
    const char *name;
} networks[] = {
    {NFS_SUPER_MAGIC, "NFS"},   {SMB_SUPER_MAGIC, "SMB"},
    {SMB2_SUPER_MAGIC, "SMB"},  {CIFS_SUPER_MAGIC, "CIFS"},
    {V9FS_MAGIC, "9P"},         {FUSE_SUPER_MAGIC, "FUSE"},
    {AFS_SUPER_MAGIC, "AFS"},   {AFS_FS_MAGIC, "AFS"},
    {CEPH_SUPER_MAGIC, "Ceph"}, {CODA_SUPER_MAGIC, "Coda"},
    {NCP_SUPER_MAGIC, "NCP"},   {OCFS2_SUPER_MAGIC, "OCFS2"},
    {0x01161970, "GFS2"},       {0x0bd00bd0, "Lustre"},
    {0x19830326, "BeeGFS"},     {0x20030528, "OrangeFS"},
    {0x47504653, "GPFS"},       {0x786f4256, "VirtualBox"},
    {0xbacbacbc, "VMware"},
};

const char *sk_network_kind(uint32_t magic)
{
    for (size_t i = 0; i < SK_COUNT(networks); i++) {
        if (networks[i].magic == magic)
            return networks[i].name;
    }
    return NULL;
}

const char *sk_network_kind_of(int dir_fd)
{
    struct statfs fs;

    if (fstatfs(dir_fd, &fs) != 0)
        return "unknown";
    return sk_network_kind((uint32_t)fs.f_type);
}
