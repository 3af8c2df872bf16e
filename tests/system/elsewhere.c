/*
 * A file system that is not a disk of this machine: a folder of files, shown
 * read-only somewhere else through FUSE, as sshfs or a cluster would.
 *     elsewhere FOLDER MOUNTPOINT
 * Mounts (needs root, or a namespace of one's own), prints "mounted", serves
 * until the mount is gone.  Flat: no folders in it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 64
#define ROOM (256 * 1024)

static int folder;
static int device;
static char names[FILES_MAX][256];
static size_t names_count;

static void list(void)
{
    DIR *d = fdopendir(dup(folder));
    struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (entry->d_type == DT_REG && names_count < FILES_MAX)
            strcpy(names[names_count++], entry->d_name);
    }
    if (d != NULL)
        closedir(d);
}

static void answer(const struct fuse_in_header *in, int error, void *data,
                   size_t size)
{
    struct fuse_out_header out = {.error = -error, .unique = in->unique};
    struct iovec parts[2] = {{&out, sizeof(out)}, {data, size}};

    if (error != 0)
        size = 0;
    out.len = (uint32_t)(sizeof(out) + size);
    (void)!writev(device, parts, size > 0 ? 2 : 1);
}

/* Node 1 is the folder, node i + 2 the file names[i]. */
static int attributes(uint64_t node, struct fuse_attr *out)
{
    struct stat st;
    int rc = node == 1 ? fstat(folder, &st)
                       : fstatat(folder, names[node - 2], &st, 0);

    memset(out, 0, sizeof(*out));
    if (rc != 0)
        return errno;
    out->ino = node;
    out->mode = st.st_mode;
    out->size = (uint64_t)st.st_size;
    out->nlink = 1;
    out->uid = st.st_uid;
    out->gid = st.st_gid;
    out->blksize = 4096;
    return 0;
}

static void look_up(const struct fuse_in_header *in, const char *name)
{
    struct fuse_entry_out out = {0};
    size_t i = 0;

    while (i < names_count && strcmp(names[i], name) != 0)
        i++;
    if (i == names_count || attributes(i + 2, &out.attr) != 0) {
        answer(in, ENOENT, NULL, 0);
        return;
    }
    out.nodeid = i + 2;
    answer(in, 0, &out, sizeof(out));
}

static void read_file(const struct fuse_in_header *in,
                      const struct fuse_read_in *want)
{
    static char bytes[ROOM];
    int fd = openat(folder, names[in->nodeid - 2], O_RDONLY);
    size_t size = want->size < ROOM ? want->size : ROOM;
    ssize_t got = fd < 0 ? -1 : pread(fd, bytes, size, (off_t)want->offset);

    answer(in, got < 0 ? EIO : 0, bytes, got < 0 ? 0 : (size_t)got);
    if (fd >= 0)
        close(fd);
}

static void serve(const struct fuse_in_header *in, void *body)
{
    struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION,
                                 .minor = FUSE_KERNEL_MINOR_VERSION,
                                 .max_write = 4096};
    struct fuse_statfs_out statfs = {.st = {.bsize = 4096, .namelen = 255}};
    struct fuse_open_out opened = {0};
    struct fuse_attr_out attr = {0};

    switch (in->opcode) {
    case FUSE_INIT:
        answer(in, 0, &init, sizeof(init));
        break;
    case FUSE_LOOKUP:
        look_up(in, body);
        break;
    case FUSE_GETATTR:
        answer(in, attributes(in->nodeid, &attr.attr), &attr, sizeof(attr));
        break;
    case FUSE_OPEN:
    case FUSE_OPENDIR:
        answer(in, 0, &opened, sizeof(opened));
        break;
    case FUSE_READ:
        read_file(in, body);
        break;
    case FUSE_STATFS:
        answer(in, 0, &statfs, sizeof(statfs));
        break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
        answer(in, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    default:
        answer(in, ENOSYS, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    static char bytes[ROOM + 4096];
    char options[128];

    if (argc != 3)
        return 64;
    folder = open(argv[1], O_RDONLY | O_DIRECTORY);
    device = open("/dev/fuse", O_RDWR);
    if (folder < 0 || device < 0)
        return 1;
    list();
    snprintf(options, sizeof(options),
             "fd=%d,rootmode=40700,user_id=%u,group_id=%u", device,
             (unsigned)getuid(), (unsigned)getgid());
    if (mount("elsewhere", argv[2], "fuse", MS_NOSUID | MS_NODEV, options) != 0)
        return 1;
    puts("mounted");
    fflush(stdout);
    for (;;) {
        ssize_t got = read(device, bytes, sizeof(bytes));

        if (got < 0 && errno == ENODEV)
            return 0; /* unmounted */
        if (got < (ssize_t)sizeof(struct fuse_in_header)) {
            if (got < 0 && errno == EINTR)
                continue;
            return 1;
        }
        serve((const struct fuse_in_header *)bytes,
              bytes + sizeof(struct fuse_in_header));
    }
}
