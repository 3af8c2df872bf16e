#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>

#include "tools/schakel/doctor.h"
#include "tools/schakel/nodedir.h"

#define ARENA_SIZE (64u * SK_CONFIG_SIZE_MAX + 1024u * 1024)
#define FREE_BYTES_WARN (UINT64_C(512) << 20)
#define CARD_DAYS_WARN 30
#define DAY_S 86400
/* No clock of a node is before this page was written. */
#define FIRST_S INT64_C(1767225600) /* 2026-01-01 */

static void note(struct sk_doctor *d, const char *check,
                 enum sk_finding_state state, const char *nl, const char *en)
{
    sk_doctor_note(d, &(struct sk_step){
                          .check = check, .state = state, .nl = nl, .en = en});
}

/* ------------------------------------------------------------- folder */

/* False: there is no folder to go on with. */
static bool look_at_folder(struct sk_doctor *d)
{
    struct sk_step step = {.check = "folder", .about = d->dir};
    struct stat info;
    bool go_on = true;

    if (stat(d->dir, &info) != 0 || !S_ISDIR(info.st_mode)) {
        step.state = SK_DOCTOR_FAIL;
        step.nl = "deze map is er niet, of u mag er niet bij";
        step.en = "this folder is not there, or not for you";
        step.detail = errno == 0 ? NULL : strerror(errno);
        step.next_nl = "noem de map met --dir, als gebruiker van het knooppunt";
        step.next_en = "name the folder with --dir, as the node's user";
        go_on = false;
    } else if (info.st_uid != geteuid() && geteuid() != 0) {
        step.state = SK_DOCTOR_FAIL;
        step.nl = "de map is van een andere gebruiker";
        step.en = "the folder is another user's";
        step.next_nl = "doe dit als de gebruiker van het knooppunt (sudo -u)";
        step.next_en = "do this as the node's user (sudo -u)";
        go_on = false;
    } else if ((info.st_mode & 066) != 0) {
        /* Passing through, to ctl.sock, is all that users need. */
        step.state = SK_DOCTOR_FAIL;
        step.nl = "anderen mogen in de map van het knooppunt kijken";
        step.en = "others may look into the node's folder";
        step.next_nl = "chmod 700 op die map (710 als er gebruikers zijn)";
        step.next_en = "chmod 700 that folder (710 when there are users)";
    } else if (access(d->dir, W_OK | X_OK) != 0) {
        step.state = SK_DOCTOR_FAIL;
        step.nl = "in de map kan niet geschreven worden";
        step.en = "the folder cannot be written to";
        step.detail = strerror(errno);
        step.next_nl = "staat de schijf op alleen-lezen?  mount -o remount,rw";
        step.next_en = "is the disk read-only?  mount -o remount,rw";
    } else {
        step.nl = "de map is van dit knooppunt alleen, en schrijfbaar";
        step.en = "the folder is this node's alone, and can be written to";
    }
    sk_doctor_note(d, &step);
    return go_on;
}

/* The files of a store are there together, or not yet. */
static struct sk_step missing(const char *name, bool store, bool never_ran)
{
    struct sk_step step = {
        .check = "file",
        .about = name,
        .state = SK_DOCTOR_FAIL,
        .nl = "ontbreekt",
        .en = "is missing",
        .next_nl = "zet het terug uit een reservekopie: schakel restore",
        .next_en = "put it back from a backup: schakel restore",
    };

    if (store && never_ran) {
        step.state = SK_DOCTOR_WARN;
        step.nl = "is er nog niet: dit knooppunt draaide nooit";
        step.en = "is not there yet: this node never ran";
        step.next_nl = "start het: schakeld --dir MAP";
        step.next_en = "start it: schakeld --dir DIR";
    } else if (store) {
        step.nl = "ontbreekt, en hoort bij de andere bestanden van de opslag";
        step.en = "is missing, and belongs to the other files of the store";
        step.next_nl = "zet het terug waar het stond; is het weg, dan komt "
                       "alles uit een reservekopie: schakel restore";
        step.next_en = "put it back where it was; if it is lost, all comes "
                       "back from a backup: schakel restore";
    }
    return step;
}

/* schakeld says so with a name: only it can read the log. */
static bool look_at_log(struct sk_doctor *d)
{
    char *path = sk_cli_path(d->dir, "data.log.damaged");
    bool damaged = access(path, F_OK) == 0;
    struct sk_step step = {
        .check = "file",
        .about = "data.log",
        .state = SK_DOCTOR_FAIL,
        .nl = "is beschadigd: wat er het laatst in stond, is weg",
        .en = "is damaged: what was stored last is lost",
        .next_nl = "kijk de schijf na, en zet alles terug uit een "
                   "reservekopie: schakel restore",
        .next_en = "check the disk, and put all back from a backup: "
                   "schakel restore",
    };

    free(path);
    if (damaged)
        sk_doctor_note(d, &step);
    return damaged;
}

static void look_at_files(struct sk_doctor *d)
{
    enum { STORE_AT = 3 };
    static const char *const names[] = {SK_CONFIG_NAME,   SK_NODE_KEY_NAME,
                                        SK_OWN_CARD_NAME, "data.mdb",
                                        "data.log",       "keys.mdb"};
    bool never_ran = true;
    size_t bad = 0;

    for (size_t i = STORE_AT; i < SK_COUNT(names); i++) {
        char *path = sk_cli_path(d->dir, names[i]);

        never_ran = never_ran && access(path, F_OK) != 0;
        free(path);
    }
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        char *path = sk_cli_path(d->dir, names[i]);
        struct sk_step step = {.check = "file", .about = names[i]};
        struct stat info;

        if (stat(path, &info) != 0) {
            step = missing(names[i], i >= STORE_AT, never_ran);
            bad++;
            sk_doctor_note(d, &step);
        } else if ((info.st_mode & (i == 2 ? 022 : 077)) != 0) {
            /* The card is there to be given away. */
            step.state = SK_DOCTOR_FAIL;
            step.nl = "anderen mogen dit bestand lezen of veranderen";
            step.en = "others may read or change this file";
            step.next_nl = "chmod 600 op dat bestand";
            step.next_en = "chmod 600 that file";
            bad++;
            sk_doctor_note(d, &step);
        } else if (access(path, i >= STORE_AT ? R_OK | W_OK : R_OK) != 0) {
            step.state = SK_DOCTOR_FAIL;
            step.nl = "deze gebruiker mag dit bestand niet lezen of schrijven";
            step.en = "this user may not read or write this file";
            step.next_nl = "chown het naar de gebruiker van het knooppunt, of "
                           "wees die gebruiker";
            step.next_en = "chown it to the user of the node, or be that user";
            bad++;
            sk_doctor_note(d, &step);
        }
        free(path);
    }
    bad += look_at_log(d);
    if (bad == 0)
        note(d, "file", SK_DOCTOR_OK,
             "alle bestanden zijn er, en enkel van dit knooppunt",
             "all files are there, and this node's alone");
}

static void look_at_config(struct sk_doctor *d)
{
    char *path = sk_cli_path(d->dir, SK_CONFIG_NAME);
    void *memory = malloc(ARENA_SIZE);
    struct sk_bytes bytes = {0};
    struct sk_findings findings;
    struct sk_arena arena;
    char detail[512] = "";

    if (memory != NULL &&
        sk_cli_read(path, SK_CONFIG_SIZE_MAX, &bytes) == SK_OK) {
        arena = sk_arena_start(memory, ARENA_SIZE);
        findings = sk_findings_start(&arena);
        d->has_config = sk_config_read(SK_CONFIG_NAME, bytes, &arena, &findings,
                                       &d->config) == SK_OK;
        if (!d->has_config && findings.count > 0)
            snprintf(detail, sizeof(detail), "%u:%u: %s",
                     findings.list[0].place.line, findings.list[0].place.column,
                     sk_cli_word(findings.list[0].nl, findings.list[0].en));
    }
    if (!d->has_config)
        sk_doctor_note(
            d, &(struct sk_step){.check = "config",
                                 .state = SK_DOCTOR_FAIL,
                                 .nl = "node.conf is niet te gebruiken",
                                 .en = "node.conf cannot be used",
                                 .detail = detail,
                                 .next_nl = "verbeter wat hier staat",
                                 .next_en = "correct what stands here"});
    else
        note(d, "config", SK_DOCTOR_OK, "node.conf klopt",
             "node.conf is right");
    free((void *)(uintptr_t)bytes.data);
    free(memory);
    free(path);
}

/* ------------------------------------------------------------- keys */

static void fail_key(struct sk_doctor *d, const char *nl, const char *en,
                     const char *detail, const char *next_nl,
                     const char *next_en)
{
    sk_doctor_note(d, &(struct sk_step){.check = "key",
                                        .state = SK_DOCTOR_FAIL,
                                        .nl = nl,
                                        .en = en,
                                        .detail = detail,
                                        .next_nl = next_nl,
                                        .next_en = next_en});
}

/* Where node.conf says that what unlocks is; NULL: nowhere to look now. */
static char *unlock_path(const struct sk_doctor *d)
{
    const char *name = d->config.key_name;
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");

    if (d->config.key == SK_CONFIG_KEY_ASK)
        return NULL;
    if (d->config.key == SK_CONFIG_KEY_CREDENTIAL)
        return credentials == NULL ? NULL : sk_cli_path(credentials, name);
    return name[0] == '/' ? strdup(name) : sk_cli_path(d->dir, name);
}

static void unlock(struct sk_doctor *d, struct sk_bytes file,
                   struct sk_bytes secret, const char *path)
{
    struct sk_unlock with = {.secret_view = secret};
    enum sk_status status = sk_node_key_kind(file, &with.kind);

    if (status == SK_OK && with.kind == SK_UNLOCK_PASSPHRASE) {
        while (with.secret_view.size > 0 &&
               (secret.data[with.secret_view.size - 1] == '\n' ||
                secret.data[with.secret_view.size - 1] == '\r'))
            with.secret_view.size--;
    }
    if (status == SK_OK)
        status = sk_node_key_open(file, &with, &d->secrets);
    d->has_secrets = status == SK_OK;
    if (d->has_secrets)
        note(d, "key", SK_DOCTOR_OK, "node.key gaat open", "node.key opens");
    else if (status == SK_E_WRONG_KEY)
        fail_key(d, "node.key gaat niet open: een andere wachtzin of sleutel",
                 "node.key does not open: another passphrase or key", path,
                 "leg er wat dit knooppunt ontgrendelt; stopte key change of "
                 "rotate halfweg, doe het dan nog eens",
                 "put there what unlocks this node; when key change or rotate "
                 "stopped half-way, do it again");
    else
        fail_key(d, "node.key is beschadigd", "node.key is damaged",
                 sk_status_text(status),
                 "zet het terug uit een reservekopie: schakel restore",
                 "put it back from a backup: schakel restore");
}

static void look_at_key(struct sk_doctor *d)
{
    char *key_path = sk_cli_path(d->dir, SK_NODE_KEY_NAME);
    char *path = unlock_path(d);
    struct sk_bytes file = {0};
    struct sk_bytes secret = {0};
    enum sk_status status;
    struct stat info;

    if (sk_cli_read(key_path, SK_NODE_KEY_SIZE_MAX, &file) != SK_OK)
        goto out; /* told with the files */
    if (path == NULL) {
        note(d, "key", SK_DOCTOR_SKIPPED,
             "wat node.key ontgrendelt, is hier nu niet (gevraagd bij de "
             "start, of van systemd)",
             "what unlocks node.key is not here now (asked at the start, or "
             "given by systemd)");
        goto out;
    }
    if (d->config.key != SK_CONFIG_KEY_CREDENTIAL && stat(path, &info) == 0 &&
        (info.st_mode & 077) != 0)
        fail_key(d, "anderen mogen lezen wat node.key ontgrendelt",
                 "others may read what unlocks node.key", path,
                 "chmod 600 op dat bestand: schakeld start anders niet",
                 "chmod 600 that file: schakeld does not start otherwise");
    status = sk_cli_read(path, SK_PASSPHRASE_SIZE_MAX + 2, &secret);
    if (status != SK_OK)
        fail_key(d, "wat node.key ontgrendelt, is er niet of niet leesbaar",
                 "what unlocks node.key is not there or not readable", path,
                 "node.conf zegt waar het moet liggen",
                 "node.conf says where it must lie");
    else
        unlock(d, file, secret, path);
out:
    if (secret.data != NULL)
        sk_wipe((void *)(uintptr_t)secret.data, secret.size);
    free((void *)(uintptr_t)secret.data);
    free((void *)(uintptr_t)file.data);
    free(path);
    free(key_path);
}

/* ------------------------------------------------------------- card */

static bool is_of_our_keys(const struct sk_doctor *d)
{
    struct sk_node_secrets copy = d->secrets;
    /* The second half of an Ed25519 secret is its public key. */
    bool same = memcmp(d->card.signing.bytes,
                       d->secrets.signing.secret_bytes + 32, 32) == 0 &&
                sk_node_secrets_align(&copy, &d->card) == SK_OK;

    sk_wipe(&copy, sizeof(copy));
    return same;
}

static void look_at_card_end(struct sk_doctor *d)
{
    int64_t left_s = (int64_t)d->card.sealing[0].until_s - (int64_t)time(NULL);
    struct sk_step step = {.check = "card"};
    char detail[32];

    snprintf(detail, sizeof(detail), "%lld %s", (long long)(left_s / DAY_S),
             sk_noun_word(&sk_days, sk_cli_dutch(),
                          (unsigned long long)(left_s / DAY_S)));
    step.detail = detail;
    step.next_nl = "schakel card renew, en start het knooppunt opnieuw";
    step.next_en = "schakel card renew, and start the node again";
    if (left_s < 0) {
        step.state = SK_DOCTOR_FAIL;
        step.nl =
            "de kaart is vervallen: partners verzegelen er niet meer voor";
        step.en = "the card has ended: partners no longer seal for it";
    } else if (left_s < (int64_t)CARD_DAYS_WARN * DAY_S) {
        step.state = SK_DOCTOR_WARN;
        step.nl = "de kaart vervalt binnenkort";
        step.en = "the card ends soon";
    } else {
        step.nl = "de eigen kaart is geldig";
        step.en = "the own card is valid";
        step.next_nl = step.next_en = NULL;
    }
    sk_doctor_note(d, &step);
}

static void look_at_card(struct sk_doctor *d)
{
    char *path = sk_cli_path(d->dir, SK_OWN_CARD_NAME);
    struct sk_bytes bytes = {0};
    struct sk_step step = {
        .check = "card",
        .state = SK_DOCTOR_FAIL,
        .next_nl = "schakel card renew, of zet een reservekopie terug",
        .next_en = "schakel card renew, or restore a backup"};

    if (sk_cli_read(path, SK_CARD_SIZE_MAX, &bytes) == SK_OK) {
        d->has_card = sk_card_decode(bytes, &d->card) == SK_OK;
        if (!d->has_card) {
            step.nl = "own.card is beschadigd";
            step.en = "own.card is damaged";
        } else if (d->has_config &&
                   !sk_org_equal(&d->card.org, &d->config.org)) {
            step.nl = "own.card is van een andere organisatie dan node.conf";
            step.en = "own.card is of another organisation than node.conf";
        } else if (d->has_secrets && !is_of_our_keys(d)) {
            step.nl = "own.card noemt andere sleutels dan node.key";
            step.en = "own.card names other keys than node.key";
        }
        if (step.nl != NULL)
            sk_doctor_note(d, &step);
        else
            look_at_card_end(d);
    }
    free((void *)(uintptr_t)bytes.data);
    free(path);
}

/* ------------------------------------------------------------- disk, clock */

static void look_at_disk(struct sk_doctor *d)
{
    struct sk_step step = {.check = "disk",
                           .next_nl = "maak plaats, of een grotere schijf",
                           .next_en = "make room, or a larger disk"};
    struct statvfs vfs;
    char detail[48];
    uint64_t bytes;

    if (statvfs(d->dir, &vfs) != 0)
        return;
    bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    snprintf(detail, sizeof(detail), "%llu MB %s",
             (unsigned long long)(bytes >> 20), sk_cli_word("vrij", "free"));
    step.detail = detail;
    if (bytes < SK_ROOM_BYTES_MIN) {
        step.state = SK_DOCTOR_FAIL;
        step.nl = "de schijf is vol: er kan niets bewaard worden";
        step.en = "the disk is full: nothing can be stored";
    } else if (bytes < FREE_BYTES_WARN) {
        step.state = SK_DOCTOR_WARN;
        step.nl = "de schijf is bijna vol";
        step.en = "the disk is nearly full";
    } else {
        step.nl = "er is plaats op de schijf";
        step.en = "there is room on the disk";
        step.next_nl = step.next_en = NULL;
    }
    sk_doctor_note(d, &step);
}

static void look_at_clock(struct sk_doctor *d)
{
    if ((int64_t)time(NULL) < FIRST_S)
        sk_doctor_note(
            d, &(struct sk_step){
                   .check = "clock",
                   .state = SK_DOCTOR_FAIL,
                   .nl = "de klok van deze computer staat in het verleden",
                   .en = "the clock of this computer is in the past",
                   .next_nl = "zet tijd en datum juist (NTP)",
                   .next_en = "set time and date right (NTP)"});
}

void sk_doctor_folder(struct sk_doctor *d)
{
    errno = 0;
    if (!look_at_folder(d))
        return;
    look_at_files(d);
    look_at_config(d);
    if (d->has_config)
        look_at_key(d);
    look_at_card(d);
    look_at_disk(d);
    look_at_clock(d);
}
