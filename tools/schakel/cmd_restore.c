/* schakel restore: a node from its backup, in a new folder. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "protocol/limits.h"
#include "tools/schakel/age_file.h"
#include "tools/schakel/backup.h"
#include "tools/schakel/json.h"
#include "tools/schakel/new_folder.h"
#include "tools/schakel/nodedir.h"
#include "tools/schakel/tar.h"

#define IDENTITIES_MAX 16

const struct sk_command sk_restore_commands[] = {
    {.name = "restore",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "zet een reservekopie terug in een nieuwe map",
     .en = "restore a backup into a new folder",
     .more_nl =
         "Start het oude knooppunt daarna nooit meer.  Het teruggezette vraagt "
         "bij zijn\neerste start aan elke partner wat die van u heeft, en zet "
         "het weer in uw\nregister.  Met --check wordt de kopie alleen "
         "nagekeken.\nHet deelt pas weer na schakel restore done: als alles "
         "van na de kopie is\ningegeven, intrekkingen en vragen om te wissen "
         "eerst.  Wie na de kopie gewist\nwerd, is er weer.\n",
     .more_en =
         "Never start the old node after that.  The restored one asks every "
         "partner at its\nfirst start what it has of you, and puts it back "
         "into your register.  With\n--check the copy is only checked.\nIt "
         "shares again only after schakel restore done: when all of after the "
         "backup\nwas entered, withdrawals and requests to erase first: who "
         "was erased since\nis there again.\n",
     .options =
         {
             {"dir", "DIR", false, false, "de nieuwe map van het knooppunt",
              "the new folder of the node"},
             {"check", NULL, false, false, "kijk de kopie alleen na",
              "only check the copy"},
             {"identity", "FILE", false, false,
              "bestand van age-keygen dat de kopie opent",
              "file of age-keygen that opens the copy"},
             {"passphrase-file", "FILE", false, false,
              "bestand met de wachtzin van de kopie op de eerste regel",
              "file with the passphrase of the copy on its first line"},
         }},
    {0},
};

/* What is read, record by record, of the store: CONTROL.md 6.3. */
struct records {
    uint8_t head[7];
    size_t head_size;
    uint64_t left; /* bytes of the record that are still to come */
    uint64_t count[2];
    bool ended;
    bool bad;
};

struct restoring {
    const char *file;
    const char *dir; /* NULL: only check */
    struct sk_new_folder folder;
    struct sk_age_reader reader;
    struct sk_age_identity identities[IDENTITIES_MAX];
    size_t identities_count;
    char passphrase[SK_BACKUP_PASSPHRASE_ROOM];
    char org[SK_ORG_SIZE_MAX + 1];
    char at[21];
    size_t files; /* how many of the folder came */
    uint64_t pieces;
    struct records records;
    int pipe_fd; /* to schakeld --load; -1: none */
    pid_t pid;
};

/* ------------------------------------------------------------- failures */

static int fail_copy(const struct restoring *r, enum sk_status status)
{
    struct sk_problem problem = {
        .code = "bad-backup",
        .nl = "deze reservekopie is beschadigd of niet volledig",
        .en = "this backup is damaged or not complete",
        .where = r->file,
        .detail = sk_status_text(status),
        .next_nl = "neem een andere kopie; er is niets achtergebleven",
        .next_en = "take another copy; nothing was left behind"};

    if (status == SK_E_WRONG_KEY) {
        problem.code = "wrong-key";
        problem.nl = "verkeerde wachtzin of sleutel voor deze kopie";
        problem.en = "wrong passphrase or key for this copy";
        problem.detail = NULL;
        problem.next_nl = "geef de wachtzin of sleutel van toen ze gemaakt is";
        problem.next_en = "give the passphrase or key of when it was made";
    } else if (status == SK_E_BAD_VERSION) {
        problem.code = "not-a-backup";
        problem.nl = "dit is geen reservekopie van schakel";
        problem.en = "this is not a backup of schakel";
        problem.detail = NULL;
        problem.next_nl = "kijk de naam van het bestand na";
        problem.next_en = "check the name of the file";
    } else if (status == SK_E_MEMORY) {
        problem.code = "no-memory";
        problem.nl = "te weinig geheugen om de wachtzin te gebruiken";
        problem.en = "too little memory to use the passphrase";
        problem.next_nl = "doe dit waar 300 MB vrij is";
        problem.next_en = "do this where 300 MB are free";
    }
    return sk_cli_fail(SK_EXIT_NO, &problem);
}

/* ------------------------------------------------------------- records */

/* Where the records begin and end, whatever is in them. */
static void count_records(struct records *c, struct sk_bytes bytes)
{
    while (bytes.size > 0 && !c->bad) {
        uint64_t part = c->left;

        if (c->ended) {
            c->bad = true;
            return;
        }
        if (part > 0) {
            if (part > bytes.size)
                part = bytes.size;
            c->left -= part;
            bytes.data += part;
            bytes.size -= (size_t)part;
            continue;
        }
        c->head[c->head_size++] = *bytes.data;
        bytes.data++;
        bytes.size--;
        if (c->head_size < sizeof(c->head))
            continue;
        c->head_size = 0;
        for (size_t i = 3; i < 7; i++)
            c->left = c->left << 8 | c->head[i];
        c->left += (uint64_t)c->head[1] << 8 | c->head[2];
        if (c->head[0] == 2)
            c->ended = c->left == 0;
        if (c->head[0] > 2 || (c->head[0] == 2 && !c->ended))
            c->bad = true;
        else if (c->head[0] < 2)
            c->count[c->head[0]]++;
    }
}

static bool is_whole(const struct records *c)
{
    return c->ended && !c->bad && c->left == 0 && c->head_size == 0 &&
           c->count[0] > 0;
}

/* ------------------------------------------------------------- keys */

static int fail_identity(const char *path)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "bad-identity",
            .nl = "in dit bestand staat geen geheime sleutel van age",
            .en = "there is no secret key of age in this file",
            .where = path,
            .next_nl = "het bestand dat age-keygen -o maakte: "
                       "AGE-SECRET-KEY-1...",
            .next_en = "the file that age-keygen -o made: "
                       "AGE-SECRET-KEY-1..."});
}

/* Lines with a key; comments and empty lines are passed over. */
static int read_identities(struct restoring *r, const char *path)
{
    struct sk_bytes bytes;
    struct sk_bytes left;
    enum sk_status status = sk_cli_read(path, SK_BACKUP_FILE_SIZE_MAX, &bytes);
    bool good = true;

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    left = bytes;
    while (left.size > 0 && good) {
        const uint8_t *end = memchr(left.data, '\n', left.size);
        struct sk_bytes line = {
            left.data, end == NULL ? left.size : (size_t)(end - left.data)};
        size_t step = line.size + (end == NULL ? 0 : 1);

        left.data += step;
        left.size -= step;
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (line.size == 0 || line.data[0] == '#')
            continue;
        good = r->identities_count < IDENTITIES_MAX &&
               sk_age_identity_parse(
                   line, &r->identities[r->identities_count]) == SK_OK;
        r->identities_count += good ? 1 : 0;
    }
    sk_wipe((void *)(uintptr_t)bytes.data, bytes.size);
    free((void *)(uintptr_t)bytes.data);
    return good && r->identities_count > 0 ? -1 : fail_identity(path);
}

/* What opens it, as the file says which it needs. */
static int read_keys(struct restoring *r, const struct sk_parsed *parsed)
{
    const char *identity = sk_cli_get(parsed, "identity");

    if (r->reader.header.passphrase)
        return sk_backup_passphrase(parsed, /* twice */ false, r->passphrase);
    if (identity != NULL)
        return read_identities(r, identity);
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "missing-option",
            .nl = "deze kopie opent met een geheime sleutel van age",
            .en = "this copy opens with a secret key of age",
            .where = "--identity",
            .next_nl = "geef het bestand van age-keygen: --identity BESTAND",
            .next_en = "give the file of age-keygen: --identity FILE"});
}

/* ------------------------------------------------------------- loader */

/* schakeld fills the store: beside this program. */
static int start_loader(struct restoring *r)
{
    char self[PATH_MAX];
    char daemon[PATH_MAX + 16];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;
    int ends[2];

    self[size < 0 ? 0 : size] = '\0';
    slash = strrchr(self, '/');
    snprintf(daemon, sizeof(daemon), "%.*s/schakeld",
             slash == NULL ? 0 : (int)(slash - self), self);
    if (access(daemon, X_OK) != 0)
        return sk_cli_fail_file(SK_E_NOT_FOUND, daemon);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return sk_cli_fail_file(SK_E_IO, daemon);
    r->pid = fork();
    if (r->pid == 0) {
        int quiet = open("/dev/null", O_WRONLY);

        if (dup2(ends[0], STDIN_FILENO) >= 0 && dup2(quiet, STDOUT_FILENO) >= 0)
            execl(daemon, "schakeld", "--dir", r->folder.temporary, "--load",
                  "--foreground", (char *)NULL);
        _exit(SK_EXIT_SOFTWARE);
    }
    (void)close(ends[0]);
    if (r->pid < 0) {
        (void)close(ends[1]);
        return sk_cli_fail_file(SK_E_MEMORY, daemon);
    }
    r->pipe_fd = ends[1];
    return -1;
}

/* 0 when it filled the store. */
static int end_loader(struct restoring *r)
{
    int status = 0;

    if (r->pipe_fd >= 0)
        (void)close(r->pipe_fd);
    r->pipe_fd = -1;
    if (r->pid <= 0)
        return 0;
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    r->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : SK_EXIT_SOFTWARE;
}

static int fail_loader(const struct restoring *r)
{
    return sk_cli_fail(
        SK_EXIT_IO,
        &(struct sk_problem){
            .code = "store-not-filled",
            .nl = "de gegevens zijn niet teruggezet; schakeld zegt hierboven "
                  "waarom",
            .en = "the data were not restored; schakeld says why above",
            .where = r->dir,
            .next_nl = "is de schijf vol?  Er is niets achtergebleven",
            .next_en = "is the disk full?  Nothing was left behind"});
}

static bool feed_loader(struct restoring *r, struct sk_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t done = write(r->pipe_fd, bytes.data, bytes.size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        bytes.data += done;
        bytes.size -= (size_t)done;
    }
    return true;
}

/* ------------------------------------------------------------- members */

/* The value of "name: value\n" at the start of `left`, moved behind it. */
static bool take_line(struct sk_bytes *left, const char *name, char *out,
                      size_t room)
{
    size_t name_size = strlen(name);
    const uint8_t *end =
        left->size == 0 ? NULL : memchr(left->data, '\n', left->size);
    size_t size = end == NULL ? 0 : (size_t)(end - left->data);

    if (size < name_size || size - name_size >= room ||
        memcmp(left->data, name, name_size) != 0)
        return false;
    memcpy(out, left->data + name_size, size - name_size);
    out[size - name_size] = '\0';
    left->data += size + 1;
    left->size -= size + 1;
    return true;
}

static enum sk_status take_label(struct restoring *r, struct sk_bytes bytes)
{
    char format[64];

    if (!take_line(&bytes, "format: ", format, sizeof(format)))
        return SK_E_BAD_FORM;
    if (strcmp(format, "schakel-backup/1") != 0)
        return SK_E_BAD_VERSION;
    return take_line(&bytes, "org: ", r->org, sizeof(r->org)) &&
                   take_line(&bytes, "at: ", r->at, sizeof(r->at))
               ? SK_OK
               : SK_E_BAD_FORM;
}

/* -1, or an exit code. */
static int take_file(struct restoring *r, const char *name,
                     struct sk_bytes bytes)
{
    if (strcmp(name, sk_backup_files[r->files]) != 0)
        return fail_copy(r, SK_E_BAD_FORM);
    r->files++;
    if (r->dir == NULL)
        return -1;
    return sk_nodedir_write(r->folder.temporary, name, bytes, 0600, false);
}

static int take_piece(struct restoring *r, const char *name,
                      struct sk_bytes bytes)
{
    char wanted[SK_TAR_NAME_SIZE_MAX];
    int code = -1;

    snprintf(wanted, sizeof(wanted), SK_BACKUP_STORE "%06llu",
             (unsigned long long)r->pieces++);
    count_records(&r->records, bytes);
    if (strcmp(name, wanted) != 0 || r->records.bad ||
        r->files < SK_BACKUP_FILES_NEEDED)
        return fail_copy(r, SK_E_BAD_FORM);
    if (r->dir == NULL)
        return -1;
    if (r->pid == 0)
        code = start_loader(r);
    if (code < 0 && !feed_loader(r, bytes)) {
        (void)end_loader(r);
        code = fail_loader(r);
    }
    return code;
}

static int take_member(struct restoring *r, const struct sk_tar_member *member,
                       struct sk_bytes bytes)
{
    if (r->org[0] == '\0') {
        enum sk_status status = strcmp(member->name, SK_BACKUP_NAME) == 0
                                    ? take_label(r, bytes)
                                    : SK_E_BAD_VERSION;

        return status == SK_OK ? -1 : fail_copy(r, status);
    }
    if (strncmp(member->name, SK_BACKUP_STORE, strlen(SK_BACKUP_STORE)) == 0)
        return take_piece(r, member->name, bytes);
    if (r->files >= SK_BACKUP_FILES || r->pieces > 0)
        return fail_copy(r, SK_E_BAD_FORM);
    return take_file(r, member->name, bytes);
}

/* ------------------------------------------------------------- reading */

/* Behind the last member: zeros, and the end of the age file. */
static enum sk_status read_tail(struct restoring *r)
{
    uint8_t byte;
    enum sk_status status;

    while ((status = sk_age_reader_get(&r->reader, &byte, 1)) == SK_OK) {
        if (byte != 0)
            return SK_E_BAD_FORM;
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static int read_members(struct restoring *r)
{
    static uint8_t bytes[SK_BACKUP_PIECE_SIZE_MAX + SK_TAR_BLOCK_SIZE];
    uint8_t block[SK_TAR_BLOCK_SIZE];
    struct sk_tar_member member;
    enum sk_status status;
    int code = -1;

    while (code < 0) {
        status = sk_age_reader_get(&r->reader, block, sizeof(block));
        if (status == SK_OK)
            status = sk_tar_read(block, &member);
        else if (status == SK_E_NOT_FOUND)
            status = SK_E_BAD_LENGTH; /* a tar file has an end */
        if (status == SK_E_NOT_FOUND)
            break;
        if (status == SK_OK && member.size > SK_BACKUP_PIECE_SIZE_MAX)
            status = SK_E_TOO_LARGE;
        if (status == SK_OK)
            status = sk_age_reader_get(&r->reader, bytes,
                                       (size_t)member.size +
                                           sk_tar_padding(member.size));
        if (status != SK_OK)
            return fail_copy(r, status);
        code = take_member(r, &member,
                           (struct sk_bytes){bytes, (size_t)member.size});
    }
    if (code >= 0)
        return code;
    status = read_tail(r);
    if (status == SK_OK && !is_whole(&r->records))
        status = SK_E_BAD_LENGTH;
    return status == SK_OK ? -1 : fail_copy(r, status);
}

/* The files of the folder say that they are one node's. */
static int check_folder(struct restoring *r)
{
    struct sk_config config;
    struct sk_card card;
    int code = sk_nodedir_config(r->folder.temporary, &config);

    if (code < 0)
        code = sk_nodedir_card(r->folder.temporary, &card);
    if (code < 0 && (strcmp(config.org.text, r->org) != 0 ||
                     !sk_org_equal(&card.org, &config.org)))
        code = fail_copy(r, SK_E_BAD_VALUE);
    return code;
}

/* ------------------------------------------------------------- telling */

static int tell(const struct restoring *r)
{
    if (sk_cli_json()) {
        json_t *json = json_pack("{s:b, s:{s:s, s:s, s:I, s:I}}", "ok", 1,
                                 "result", "org", r->org, "at", r->at,
                                 "records", (json_int_t)r->records.count[0],
                                 "keys", (json_int_t)r->records.count[1]);

        if (r->dir != NULL)
            json_object_set_new(json_object_get(json, "result"), "dir",
                                json_string(r->dir));
        sk_json_print(json);
        json_decref(json);
        return SK_EXIT_YES;
    }
    printf(sk_cli_dutch()
               ? "De kopie is heel: %s, op %s, %llu records en %llu sleutels.\n"
               : "The copy is whole: %s, at %s, %llu records and %llu keys.\n",
           r->org, r->at, (unsigned long long)r->records.count[0],
           (unsigned long long)r->records.count[1]);
    if (r->dir == NULL)
        return SK_EXIT_YES;
    if (sk_cli_dutch())
        printf(
            "Teruggezet in %s.\n\n"
            "Hoe verder:\n"
            "  1. Zorg dat het oude knooppunt nooit meer start.\n"
            "  2. Leg klaar wat node.key ontgrendelt (zie node.conf).\n"
            "  3. Start het:  schakeld --dir %s\n"
            "     Het vraagt elke partner wat die van u heeft, en deelt zelf "
            "nog niets.\n"
            "  4. Kijk na:    schakel doctor --dir %s\n"
            "  5. Noteer opnieuw wat na %s op papier kwam: "
            "intrekkingen\n"
            "     en vragen om te wissen eerst.  Wie daarna gewist werd, is er "
            "weer:\n"
            "     schakel participant erase\n"
            "  6. Kwam er na de kopie een strenger beleid?  Neem het "
            "weer in gebruik:\n"
            "     schakel policy show, schakel policy activate MAP\n"
            "  7. Dan pas:    schakel restore done --dir %s\n"
            "     Over wat in de kopie wachtte, wordt dan opnieuw "
            "beslist.\n",
            r->dir, r->dir, r->dir, r->at, r->dir);
    else
        printf(
            "Restored into %s.\n\n"
            "What comes next:\n"
            "  1. See to it that the old node never starts again.\n"
            "  2. Have ready what unlocks node.key (see node.conf).\n"
            "  3. Start it:   schakeld --dir %s\n"
            "     It asks every partner what it has of you, and shares "
            "nothing yet.\n"
            "  4. Check:      schakel doctor --dir %s\n"
            "  5. Enter again what came on paper after %s: "
            "withdrawals and\n"
            "     requests to erase first.  Who was erased after it is there "
            "again:\n"
            "     schakel participant erase\n"
            "  6. Did a narrower policy come after the backup?  Activate it "
            "again:\n"
            "     schakel policy show, schakel policy activate FOLDER\n"
            "  7. Only then:  schakel restore done --dir %s\n"
            "     What waited in the backup is decided about anew then.\n",
            r->dir, r->dir, r->dir, r->at, r->dir);
    return SK_EXIT_YES;
}

/* ------------------------------------------------------------- the command */

static int open_copy(struct restoring *r, const struct sk_parsed *parsed,
                     int fd)
{
    struct sk_age_with with = {.identities = r->identities};
    enum sk_status status = sk_age_reader_start(fd, &r->reader);
    int code = -1;

    if (status == SK_OK)
        code = read_keys(r, parsed);
    if (code >= 0)
        return code;
    with.identities_count = r->identities_count;
    with.passphrase_secret = sk_text(r->passphrase);
    if (status == SK_OK)
        status = sk_age_reader_open(&r->reader, &with);
    return status == SK_OK ? -1 : fail_copy(r, status);
}

static int restore(struct restoring *r, const struct sk_parsed *parsed)
{
    int fd = open(r->file, O_RDONLY | O_CLOEXEC);
    int code;

    if (fd < 0)
        return sk_cli_fail_file(errno == ENOENT ? SK_E_NOT_FOUND : SK_E_REFUSED,
                                r->file);
    code = open_copy(r, parsed, fd);
    if (code < 0 && r->dir != NULL) {
        code = sk_new_folder_make(&r->folder, r->dir);
        r->dir = r->folder.dir;
    }
    if (code < 0)
        code = read_members(r);
    (void)close(fd);
    if (end_loader(r) != 0 && code < 0)
        code = fail_loader(r);
    if (code < 0 && r->dir != NULL)
        code = check_folder(r);
    if (code < 0 && r->dir != NULL)
        code = sk_new_folder_take(&r->folder);
    sk_new_folder_drop(&r->folder);
    return code < 0 ? tell(r) : code;
}

int sk_cmd_restore(int argc, char **argv)
{
    static struct restoring restoring = {.pipe_fd = -1};
    struct sk_parsed parsed;
    int code = sk_cli_parse(sk_restore_commands, argc, argv, &parsed);

    if (code >= 0)
        return code;
    restoring.file = parsed.operands[0];
    restoring.dir = sk_cli_get(&parsed, "dir");
    if (sk_cli_has(&parsed, "check") == (restoring.dir != NULL))
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "missing-option",
                                 .nl = "zeg waarheen, of alleen nakijken",
                                 .en = "say where to, or only to check",
                                 .next_nl = "geef --dir MAP of --check",
                                 .next_en = "give --dir DIR or --check"});
    /* schakeld that ends early is a failed write, not our end. */
    (void)signal(SIGPIPE, SIG_IGN);
    code = restore(&restoring, &parsed);
    sk_wipe(&restoring, sizeof(restoring));
    return code;
}
