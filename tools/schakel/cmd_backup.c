/* schakel backup: one encrypted file with the whole node, while it runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "policies/civil.h"
#include "protocol/limits.h"
#include "tools/schakel/age_file.h"
#include "tools/schakel/ask.h"
#include "tools/schakel/backup.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"
#include "tools/schakel/tar.h"

/* An erasure takes the moment away that is being copied: then again. */
#define TRIES_MAX 20

const char *const sk_backup_files[SK_BACKUP_FILES] = {
    SK_CONFIG_NAME, SK_NODE_KEY_NAME, SK_OWN_CARD_NAME, SK_IDENTITY_KEY_NAME};

const struct sk_command sk_backup_commands[] = {
    {.name = "backup",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "maak een versleutelde reservekopie, terwijl het knooppunt draait",
     .en = "make an encrypted backup, while the node runs",
     .more_nl =
         "De kopie opent met een wachtzin (die wordt gevraagd) of met de "
         "geheime sleutel bij\nelke --recipient, zoals age-keygen die maakt.  "
         "Wie ze opent, heeft ook wat\nnode.key ontgrendelt nodig om er iets "
         "van te lezen.  Wat na de kopie gewist\nwerd, zit er nog in: bewaar "
         "kopieën kort en vernietig oude.\n",
     .more_en =
         "The copy opens with a passphrase (it is asked) or with the secret "
         "key behind each\n--recipient, as age-keygen makes them.  Who opens "
         "it also needs what unlocks\nnode.key to read anything of it.  What "
         "was erased after the copy was made is\nstill in it: keep copies "
         "briefly and destroy old ones.\n",
     .options =
         {
             {"dir", "DIR", false, false,
              "de map (anders SCHAKEL_DIR, /var/lib/schakel)",
              "the folder (else SCHAKEL_DIR, /var/lib/schakel)"},
             {"recipient", "age1...", false, true,
              "publieke age-sleutel die de kopie mag openen",
              "public age key that may open the copy"},
             {"passphrase-file", "FILE", false, false,
              "bestand met de wachtzin van de kopie op de eerste regel",
              "file with the passphrase of the copy on its first line"},
         }},
    {0},
};

/* ------------------------------------------------------------- passphrase */

static int fail_passphrase(const char *where)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "no-passphrase",
            .nl = "dit is geen bruikbare wachtzin",
            .en = "this is not a usable passphrase",
            .where = where,
            .next_nl = "een regel van 8 tot 1024 bytes; voor de kopie mag die "
                       "met --recipient vervallen",
            .next_en = "a line of 8 to 1024 bytes; for a copy --recipient does "
                       "without"});
}

static int read_passphrase(const char *path,
                           char out[SK_BACKUP_PASSPHRASE_ROOM])
{
    struct sk_bytes bytes;
    enum sk_status status = sk_cli_read(path, SK_BACKUP_FILE_SIZE_MAX, &bytes);
    size_t size = 0;
    int code = -1;

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    while (size < bytes.size && bytes.data[size] != '\n' &&
           bytes.data[size] != '\r')
        size++;
    if (size < 8 || size + 2 > SK_BACKUP_PASSPHRASE_ROOM) {
        code = fail_passphrase(path);
    } else {
        memcpy(out, bytes.data, size);
        out[size] = '\0';
    }
    sk_wipe((void *)(uintptr_t)bytes.data, bytes.size);
    free((void *)(uintptr_t)bytes.data);
    return code;
}

int sk_backup_passphrase(const struct sk_parsed *parsed, bool twice,
                         char out[SK_BACKUP_PASSPHRASE_ROOM])
{
    const char *path = sk_cli_get(parsed, "passphrase-file");
    char again[SK_BACKUP_PASSPHRASE_ROOM] = "";
    enum sk_status status;
    bool same;

    if (path != NULL)
        return read_passphrase(path, out);
    status = sk_cli_ask(sk_cli_word("Wachtzin van de reservekopie: ",
                                    "Passphrase of the backup: "),
                        out, SK_BACKUP_PASSPHRASE_ROOM);
    if (status == SK_OK && twice)
        status = sk_cli_ask(sk_cli_word("Nog eens: ", "Once more: "), again,
                            sizeof(again));
    same = !twice || strcmp(out, again) == 0;
    sk_wipe(again, sizeof(again));
    if (status == SK_E_NOT_FOUND)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "no-terminal",
                .nl = "geen terminal om de wachtzin te vragen",
                .en = "no terminal to ask for the passphrase",
                .next_nl = twice ? "geef --recipient of --passphrase-file"
                                 : "geef --identity of --passphrase-file",
                .next_en = twice ? "give --recipient or --passphrase-file"
                                 : "give --identity or --passphrase-file"});
    if (status != SK_OK || !same || (twice && strlen(out) < 8))
        return fail_passphrase(NULL);
    return -1;
}

/* ------------------------------------------------------------- to whom */

static int read_recipients(const struct sk_values *texts, struct sk_age_to *to)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (i < SK_AGE_RECIPIENTS_MAX &&
            sk_age_recipient_parse(sk_text(texts->list[i]),
                                   &to->recipients[i]) == SK_OK)
            continue;
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "bad-recipient",
                .nl = "dit is geen publieke sleutel van age",
                .en = "this is not a public key of age",
                .where = texts->list[i],
                .next_nl = "age-keygen -o BESTAND maakt er een en toont ze: "
                           "age1...; hoogstens 16",
                .next_en = "age-keygen -o FILE makes one and shows it: "
                           "age1...; 16 at most"});
    }
    to->recipients_count = texts->count;
    return -1;
}

/* ------------------------------------------------------------- one try */

struct making {
    const char *dir;
    const char *path;
    struct sk_age_to to;
    struct sk_client *client;
    struct sk_age_writer writer;
    struct sk_bytes files[SK_BACKUP_FILES]; /* data NULL: not there */
    struct sk_config config;
    char at[21];
    time_t now;
    uint64_t pieces;
    uint64_t store_bytes;
    unsigned tries;
};

/* What became of a try. */
enum outcome { DONE, AGAIN, FAILED };

static int fail_write(const struct making *m, enum sk_status status)
{
    return sk_cli_fail_file(status, m->path);
}

static enum sk_status put_member(struct making *m, const char *name,
                                 struct sk_bytes bytes)
{
    static const uint8_t zeros[SK_TAR_BLOCK_SIZE];
    struct sk_tar_member member = {.size = bytes.size};
    uint8_t block[SK_TAR_BLOCK_SIZE];

    snprintf(member.name, sizeof(member.name), "%s", name);
    sk_tar_write(&member, (uint64_t)m->now, block);
    SK_TRY(
        sk_age_writer_put(&m->writer, (struct sk_bytes){block, sizeof(block)}));
    SK_TRY(sk_age_writer_put(&m->writer, bytes));
    return sk_age_writer_put(
        &m->writer,
        (struct sk_bytes){zeros, sk_tar_padding((uint64_t)bytes.size)});
}

static enum sk_status put_label(struct making *m)
{
    char text[2048];
    int size = snprintf(
        text, sizeof(text),
        SK_BACKUP_FORMAT
        "org: %s\n"
        "at: %s\n"
        "\n"
        "Dit is een reservekopie van een knooppunt van Schakel.\n"
        "Terugzetten:  schakel restore BESTAND --dir MAP\n"
        "Daarvoor is nodig wat dit bestand opent; om het knooppunt daarna te\n"
        "starten ook wat node.key ontgrendelt (zie node.conf).  Start het\n"
        "oude knooppunt dan nooit meer.  Vernietig oude kopieën: wat na een\n"
        "kopie gewist werd, zit er nog in.\n"
        "\n"
        "This is a backup of a node of Schakel.\n"
        "To restore it:  schakel restore FILE --dir FOLDER\n"
        "That takes what opens this file; to start the node after that also\n"
        "what unlocks node.key (see node.conf).  Then never start the old "
        "node\n"
        "again.  Destroy old copies: what was erased after a copy was made is\n"
        "still in it.\n",
        m->config.org.text, m->at);

    assert(size > 0 && (size_t)size < sizeof(text));
    return put_member(m, SK_BACKUP_NAME,
                      (struct sk_bytes){(const uint8_t *)text, (size_t)size});
}

/* The reply of a request about the moment; NULL: outcome says why. */
static json_t *ask(struct making *m, const char *op, const json_t *args,
                   const struct sk_blob *blob, int *code)
{
    json_t *reply = NULL;
    enum sk_status status =
        sk_client_call(m->client, op, args, blob, blob == NULL ? 0 : 1, &reply);

    *code = -1;
    if (status != SK_OK) {
        *code = sk_ask_failed(m->client, op, status, 0);
        return NULL;
    }
    if (json_is_true(json_object_get(reply, "ok")))
        return reply;
    /* Gone: erased in between, or the node started again. */
    if (strcmp(sk_json_text(json_object_get(reply, "error"), "code"),
               "backup-lost") != 0 ||
        m->tries >= TRIES_MAX)
        *code = sk_ask_refused(reply);
    json_decref(reply);
    return NULL;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a text of hexadecimal digits, into room. */
static bool from_hex(const char *text, struct sk_room room,
                     struct sk_bytes *out)
{
    size_t size = strlen(text);

    if (size % 2 != 0 || size / 2 > room.size_max)
        return false;
    for (size_t i = 0; i < size / 2; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        room.data[i] = (uint8_t)(high << 4 | low);
    }
    *out = (struct sk_bytes){room.data, size / 2};
    return true;
}

/* One piece; next: where it goes on, empty at the end. */
static enum outcome put_piece(struct making *m, json_int_t backup,
                              struct sk_bytes *next, struct sk_room next_room,
                              int *code)
{
    static uint8_t bytes[SK_BACKUP_PIECE_SIZE_MAX];
    struct sk_blob blob = {.argument = "at", .bytes = *next};
    json_t *args = json_pack("{s:I}", "backup", backup);
    json_t *reply =
        ask(m, "backup.read", args, next->size > 0 ? &blob : NULL, code);
    const json_t *result = json_object_get(reply, "result");
    struct sk_bytes piece = {0};
    char name[SK_TAR_NAME_SIZE_MAX];
    enum sk_status status = SK_OK;

    json_decref(args);
    if (reply == NULL)
        return *code < 0 ? AGAIN : FAILED;
    if (!from_hex(sk_json_text(result, "bytes"),
                  (struct sk_room){bytes, sizeof(bytes)}, &piece) ||
        !from_hex(sk_json_text(result, "next"), next_room, next)) {
        *code = sk_ask_failed(m->client, "backup.read", SK_E_BAD_FORM, 0);
    } else {
        snprintf(name, sizeof(name), SK_BACKUP_STORE "%06llu",
                 (unsigned long long)m->pieces++);
        m->store_bytes += piece.size;
        status = put_member(m, name, piece);
        if (status != SK_OK)
            *code = fail_write(m, status);
    }
    json_decref(reply);
    return *code < 0 ? DONE : FAILED;
}

static enum outcome put_store(struct making *m, json_int_t backup, int *code)
{
    uint8_t room[1024];
    struct sk_bytes next = {0};
    enum outcome outcome;

    m->pieces = 0;
    m->store_bytes = 0;
    do {
        outcome = put_piece(m, backup, &next,
                            (struct sk_room){room, sizeof(room)}, code);
    } while (outcome == DONE && next.size > 0);
    return outcome;
}

static void forget_files(struct making *m)
{
    for (size_t i = 0; i < SK_BACKUP_FILES; i++) {
        free((void *)(uintptr_t)m->files[i].data);
        m->files[i] = (struct sk_bytes){0};
    }
}

static int read_files(struct making *m)
{
    for (size_t i = 0; i < SK_BACKUP_FILES; i++) {
        char *path = sk_cli_path(m->dir, sk_backup_files[i]);
        enum sk_status status =
            sk_cli_read(path, SK_BACKUP_FILE_SIZE_MAX, &m->files[i]);
        int code = -1;

        if (status != SK_OK &&
            (status != SK_E_NOT_FOUND || i < SK_BACKUP_FILES_NEEDED))
            code = sk_cli_fail_file(status, path);
        if (status != SK_OK)
            m->files[i] = (struct sk_bytes){0};
        free(path);
        if (code >= 0)
            return code;
    }
    return -1;
}

/* node.key and own.card are renewed together: not one of before and one of
   after. */
static bool files_are_the_same(const struct making *m)
{
    bool same = true;

    for (size_t i = 0; i < SK_BACKUP_FILES_NEEDED && same; i++) {
        char *path = sk_cli_path(m->dir, sk_backup_files[i]);
        struct sk_bytes again = {0};

        same = sk_cli_read(path, SK_BACKUP_FILE_SIZE_MAX, &again) == SK_OK &&
               sk_bytes_equal(again, m->files[i]);
        free((void *)(uintptr_t)again.data);
        free(path);
    }
    return same;
}

static enum sk_status put_files(struct making *m)
{
    SK_TRY(put_label(m));
    for (size_t i = 0; i < SK_BACKUP_FILES; i++) {
        if (m->files[i].data != NULL)
            SK_TRY(put_member(m, sk_backup_files[i], m->files[i]));
    }
    return SK_OK;
}

/* The end of a tar file: two empty blocks. */
static enum sk_status put_end(struct making *m)
{
    static const uint8_t zeros[2 * SK_TAR_BLOCK_SIZE];

    SK_TRY(
        sk_age_writer_put(&m->writer, (struct sk_bytes){zeros, sizeof(zeros)}));
    return sk_age_writer_finish(&m->writer);
}

static enum outcome try_once(struct making *m, int fd, int *code)
{
    json_t *reply;
    json_int_t backup;
    enum outcome outcome;
    enum sk_status status;

    m->tries++;
    reply = ask(m, "backup.start", NULL, NULL, code);
    if (reply == NULL)
        return *code < 0 ? AGAIN : FAILED;
    backup = json_integer_value(
        json_object_get(json_object_get(reply, "result"), "backup"));
    json_decref(reply);
    forget_files(m);
    *code = read_files(m);
    if (*code >= 0)
        return FAILED;
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
        *code = fail_write(m, SK_E_IO);
        return FAILED;
    }
    status = sk_age_writer_start(fd, &m->to, &m->writer);
    if (status == SK_OK)
        status = put_files(m);
    if (status != SK_OK) {
        *code = fail_write(m, status);
        return FAILED;
    }
    outcome = put_store(m, backup, code);
    if (outcome != DONE)
        return outcome;
    if (!files_are_the_same(m))
        return AGAIN;
    status = put_end(m);
    if (status != SK_OK)
        *code = fail_write(m, status);
    reply = status != SK_OK ? NULL : json_pack("{s:I}", "backup", backup);
    if (reply != NULL) {
        json_t *args = reply;
        int ignored;

        /* It lets go by itself too, a little later. */
        reply = ask(m, "backup.end", args, NULL, &ignored);
        json_decref(args);
        json_decref(reply);
    }
    return status == SK_OK ? DONE : FAILED;
}

/* ------------------------------------------------------------- the file */

static int tell(const struct making *m)
{
    struct stat info;
    long long size = stat(m->path, &info) == 0 ? (long long)info.st_size : 0;

    if (sk_cli_json()) {
        json_t *json = json_pack(
            "{s:b, s:{s:s, s:s, s:s, s:I}}", "ok", 1, "result", "file", m->path,
            "org", m->config.org.text, "at", m->at, "bytes", (json_int_t)size);

        sk_json_print(json);
        json_decref(json);
        return SK_EXIT_YES;
    }
    printf(sk_cli_dutch()
               ? "Reservekopie van %s op %s: %s (%lld bytes).\n"
                 "Probeer ze nu en dan:  schakel restore --check %s\n"
               : "Backup of %s at %s: %s (%lld bytes).\n"
                 "Try it now and then:  schakel restore --check %s\n",
           m->config.org.text, m->at, m->path, size, m->path);
    return SK_EXIT_YES;
}

static int make_file(struct making *m)
{
    enum outcome outcome = AGAIN;
    struct sk_new_file file;
    enum sk_status status = sk_cli_begin(m->path, 0600, &file);
    int code = -1;

    if (status != SK_OK)
        return fail_write(m, status);
    while (outcome == AGAIN && m->tries < TRIES_MAX)
        outcome = try_once(m, file.fd, &code);
    if (outcome == DONE)
        status = sk_cli_name(&file, m->path, /* replace */ false);
    else
        sk_cli_drop(&file);
    if (status != SK_OK)
        return fail_write(m, status);
    if (outcome == AGAIN)
        code = sk_cli_fail(
            SK_EXIT_NO, &(struct sk_problem){
                            .code = "backup-lost",
                            .nl = "er verandert te veel om een kopie te maken",
                            .en = "too much changes to make a copy",
                            .next_nl = "probeer het straks opnieuw",
                            .next_en = "try again later"});
    return code < 0 ? tell(m) : code;
}

static int make(struct making *m)
{
    struct stat info;
    int code = sk_nodedir_config(m->dir, &m->config);

    if (code < 0 && stat(m->path, &info) == 0)
        code = sk_cli_fail_file(SK_E_EXISTS, m->path);
    if (code < 0)
        code = sk_ask_open(m->dir, &m->client);
    if (code >= 0)
        return code;
    m->now = time(NULL);
    sk_instant_format((int64_t)m->now, m->at);
    return make_file(m);
}

int sk_cmd_backup(int argc, char **argv)
{
    static struct making making;
    char passphrase[SK_BACKUP_PASSPHRASE_ROOM] = "";
    const struct sk_values *recipients;
    struct sk_parsed parsed;
    int code = sk_cli_parse(sk_backup_commands, argc, argv, &parsed);

    if (code >= 0)
        return code;
    making.dir = sk_cli_dir(&parsed);
    making.path = parsed.operands[0];
    recipients = sk_cli_all(&parsed, "recipient");
    if (recipients->count > 0 && sk_cli_has(&parsed, "passphrase-file"))
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "two-keys",
                .nl = "een kopie opent met sleutels of met een wachtzin",
                .en = "a copy opens with keys or with a passphrase",
                .next_nl = "geef --recipient of --passphrase-file",
                .next_en = "give --recipient or --passphrase-file"});
    code = recipients->count > 0
               ? read_recipients(recipients, &making.to)
               : sk_backup_passphrase(&parsed, /* twice */ true, passphrase);
    making.to.passphrase_secret = sk_text(passphrase);
    if (code < 0)
        code = make(&making);
    forget_files(&making);
    sk_client_close(&making.client);
    sk_wipe(passphrase, sizeof(passphrase));
    sk_wipe(&making.writer, sizeof(making.writer));
    return code;
}
