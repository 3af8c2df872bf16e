#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/files.h"

static char dir[64];

static const char *at(const char *name)
{
    static char paths[4][128];
    static int turn;
    char *path = paths[turn = (turn + 1) % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert(fd >= 0);
    cr_assert(eq(int, fchmod(fd, mode), 0));
    cr_assert(eq(sz, (size_t)write(fd, text, strlen(text)), strlen(text)));
    close(fd);
}

static void set_up(void)
{
    strcpy(dir, "/tmp/schakel-files-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(dir), NULL));
}

static void tear_down(void)
{
    static const char *const names[] = {"a", "b", "c", "fifo"};

    for (size_t i = 0; i < SK_COUNT(names); i++)
        (void)unlink(at(names[i]));
    cr_expect(eq(int, rmdir(dir), 0));
}

TestSuite(files, .init = set_up, .fini = tear_down);

Test(files, joins_paths_up_to_the_limit)
{
    static char name[SK_PATH_SIZE_MAX + 1];
    static char out[SK_PATH_SIZE_MAX];

    cr_assert(eq(int, sk_path_join("/x", "y", out), SK_OK));
    cr_expect(eq(str, out, "/x/y"));
    cr_assert(eq(int, sk_path_join("/x", "/y", out), SK_OK));
    cr_expect(eq(str, out, "/y"));
    for (size_t size = SK_PATH_SIZE_MAX - 6; size < SK_PATH_SIZE_MAX; size++) {
        memset(name, 'n', size);
        name[size] = '\0';
        /* "/x", a slash, the name, a NUL. */
        cr_expect(eq(int, sk_path_join("/x", name, out),
                     size + 4 <= SK_PATH_SIZE_MAX ? SK_OK : SK_E_TOO_LARGE));
    }
}

Test(files, reads_a_file_that_fits_and_no_other)
{
    uint8_t bytes[6];
    struct sk_bytes out = {0};

    write_file("a", "12345", 0600);
    for (size_t room = 4; room <= 6; room++) {
        memset(bytes, 0xff, sizeof(bytes));
        cr_expect(eq(int,
                     sk_file_read(at("a"), (struct sk_room){bytes, room}, &out),
                     room >= 5 ? SK_OK : SK_E_TOO_LARGE));
        if (room < 5)
            cr_expect(eq(int, bytes[0], 0), "it is wiped");
        else
            cr_expect(sk_bytes_equal(out, sk_text("12345")));
    }
    write_file("a", "", 0600);
    cr_assert(eq(int, sk_file_read(at("a"), (struct sk_room){bytes, 6}, &out),
                 SK_OK));
    cr_expect(eq(sz, out.size, 0));
    cr_expect(eq(int, sk_file_read(at("b"), (struct sk_room){bytes, 6}, &out),
                 SK_E_NOT_FOUND));
    cr_expect(eq(int, sk_file_read(dir, (struct sk_room){bytes, 6}, &out),
                 SK_E_REFUSED),
              "a folder");
    cr_assert(eq(int, mkfifo(at("fifo"), 0600), 0));
    cr_expect(eq(int,
                 sk_file_read(at("fifo"), (struct sk_room){bytes, 6}, &out),
                 SK_E_REFUSED),
              "a FIFO that nobody writes");
}

Test(files, sees_who_else_can_read)
{
    static const mode_t open_modes[] = {0640, 0604, 0660, 0610, 0666};

    write_file("a", "x", 0600);
    cr_expect(not(sk_file_is_open_to_others(at("a"))));
    write_file("a", "x", 0400);
    cr_expect(not(sk_file_is_open_to_others(at("a"))));
    for (size_t i = 0; i < SK_COUNT(open_modes); i++) {
        write_file("a", "x", open_modes[i]);
        cr_expect(sk_file_is_open_to_others(at("a")), "mode %o", open_modes[i]);
    }
}

Test(files, destroys_what_is_left_and_never_what_lives)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    struct stat info;
    char text[8] = "";
    int fd;

    write_file("a", "live", 0600);
    write_file("b", "left", 0600);
    /* Another name of b shows what became of its bytes. */
    cr_assert(eq(int, link(at("b"), at("c")), 0));
    cr_expect(eq(int, sk_file_destroy(dir_fd, "b", "a"), 0));
    cr_expect(ne(int, stat(at("b"), &info), 0));
    fd = open(at("c"), O_RDONLY);
    cr_assert(eq(int, (int)read(fd, text, sizeof(text)), 4));
    cr_expect(eq(int, memcmp(text, "\0\0\0\0", 4), 0));
    close(fd);

    cr_assert(eq(int, link(at("a"), at("b")), 0));
    cr_expect(eq(int, sk_file_destroy(dir_fd, "b", "a"), 0));
    cr_expect(ne(int, stat(at("b"), &info), 0));
    fd = open(at("a"), O_RDONLY);
    cr_assert(eq(int, (int)read(fd, text, sizeof(text)), 4));
    cr_expect(eq(int, memcmp(text, "live", 4), 0));
    close(fd);
    cr_expect(eq(int, sk_file_destroy(dir_fd, "none", "a"), 0));
    close(dir_fd);
}

/* ------------------------------------------------------------- replace */

static bool has(const char *name, const char *text)
{
    uint8_t bytes[64];
    struct sk_bytes got = {0};

    return sk_file_read(at(name), (struct sk_room){bytes, sizeof(bytes)},
                        &got) == SK_OK &&
           got.size == strlen(text) && memcmp(got.data, text, got.size) == 0;
}

Test(files, puts_another_file_in_its_place_and_overwrites_the_one_before)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY);

    write_file("a", "secret", 0600);
    cr_assert(eq(int, link(at("a"), at("b")), 0)); /* to see what is left */
    /* What a stop in between left. */
    write_file("a.new", "half", 0600);
    write_file("a.old", "even older", 0600);
    cr_assert(eq(int, link(at("a.old"), at("c")), 0));
    cr_assert(eq(int, sk_file_replace(fd, "a", sk_text("next")), 0));
    cr_expect(has("a", "next"));
    cr_expect(eq(int, access(at("a.new"), F_OK), -1));
    cr_expect(eq(int, access(at("a.old"), F_OK), -1));
    cr_expect(not(has("b", "secret")));
    cr_expect(not(has("c", "even older")));
    /* Stopped between link and rename: the name before is one of the file that
       stands, which is not overwritten. */
    cr_assert(eq(int, link(at("a"), at("a.old")), 0));
    cr_assert(eq(int, sk_file_replace(fd, "a", sk_text("last")), 0));
    cr_expect(has("a", "last"));
    close(fd);
    cr_expect(ne(int, sk_file_replace(fd, "a", sk_text("x")), 0));
    cr_expect(has("a", "last"));
}

/* ------------------------------------------------------------- networks */

/* As `man 2 statfs` lists them: the magic of a file system, and whether a
   store may lie there. */
Test(files, knows_file_systems_that_are_not_a_disk_of_this_machine)
{
    static const struct {
        uint32_t magic;
        const char *kind; /* NULL: a store may */
    } rows[] = {
        {0x6969, "NFS"},
        {0x517b, "SMB"},
        {0xfe534d42, "SMB"},
        {0xff534d42, "CIFS"},
        {0x01021997, "9P"},
        {0x65735546, "FUSE"},
        {0x5346414f, "AFS"},
        {0x6b414653, "AFS"},
        {0x00c36400, "Ceph"},
        {0x73757245, "Coda"},
        {0x564c, "NCP"},
        {0x7461636f, "OCFS2"},
        {0x01161970, "GFS2"},
        {0x0bd00bd0, "Lustre"},
        {0x19830326, "BeeGFS"},
        {0x47504653, "GPFS"},
        {0xef53, NULL},
        {0x58465342, NULL},
        {0x9123683e, NULL},
        {0x01021994, NULL},
        {0x794c7630, NULL},
        {0x2fc12fc1, NULL},
        {0xf2f52010, NULL},
        {0x20030528, "OrangeFS"},
        {0x786f4256, "VirtualBox"},
        {0xbacbacbc, "VMware"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        const char *kind = sk_network_kind(rows[i].magic);

        if (rows[i].kind == NULL)
            cr_expect(eq(ptr, (void *)kind, NULL), "%x", rows[i].magic);
        else
            cr_expect(kind != NULL && strcmp(kind, rows[i].kind) == 0, "%x",
                      rows[i].magic);
    }
}

Test(files, a_folder_that_cannot_be_asked_is_no_disk)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY);

    cr_assert(fd >= 0);
    cr_expect(eq(ptr, (void *)sk_network_kind_of(fd), NULL));
    close(fd);
    cr_expect(eq(str, (char *)sk_network_kind_of(fd), "unknown"));
}
