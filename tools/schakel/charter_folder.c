#include "tools/schakel/charter_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policies/bundle.h"
#include "tools/schakel/nodedir.h"

#define CHARTER_SIZE_MAX ((size_t)8 * SK_YAML_SIZE_MAX)
/* Three files at their largest, as sk_yaml_read() asks; touched as needed. */
#define RULES_ARENA_SIZE ((size_t)256 * 1024 * 1024)

/* What each check of a fault says, and what to do. */
static const struct {
    const char *check;
    const char *nl;
    const char *en;
    const char *next_nl;
    const char *next_en;
} texts[] = {
    {"file-missing", "in het charter ontbreekt een bestand",
     "a file of the charter is missing", "kopieer de hele map opnieuw",
     "copy the whole folder again"},
    {"file-unknown", "dit bestand hoort niet in een charter",
     "this file does not belong in a charter", "haal het uit de map",
     "take it out of the folder"},
    {"file-twice", "dit bestand staat er twee keer", "this file is there twice",
     "kopieer de hele map opnieuw", "copy the whole folder again"},
    {"file-hash", "dit bestand is niet wat het MANIFEST noemt",
     "this file is not what the MANIFEST names",
     "kopieer de hele map opnieuw; een wijziging is een nieuwe versie: "
     "schakel charter add",
     "copy the whole folder again; a change is a new version: schakel charter "
     "add"},
    {"manifest", "het MANIFEST klopt niet", "the MANIFEST is not right",
     "kopieer de hele map opnieuw", "copy the whole folder again"},
    {"charter-yaml", "charter.yaml heeft niet de vaste vorm",
     "charter.yaml does not have its fixed form",
     "maak het met: schakel charter new, of add",
     "make it with: schakel charter new, or add"},
    {"version", "het versienummer klopt niet", "the version number is wrong",
     "neem eerst de versie ertussen aan",
     "take the version in between into use first"},
    {"threshold", "de drempel past niet bij het aantal hoeders",
     "the threshold does not fit the number of stewards",
     "tussen 1 en het aantal hoeders", "between 1 and the number of stewards"},
    {"previous", "dit volgt niet op het charter ervoor",
     "this does not follow the charter before it",
     "vraag de hoeders om de juiste versie",
     "ask the stewards for the right version"},
    {"same", "dit charter is al in gebruik", "this charter is in use already",
     "er is niets te doen", "there is nothing to do"},
    {"older", "dit charter is ouder dan wat in gebruik is",
     "this charter is older than the one in use", "vraag de nieuwste versie",
     "ask for the newest version"},
    {"signature", "een handtekening klopt niet", "a signature does not verify",
     "laat opnieuw tekenen: schakel charter sign",
     "have it signed again: schakel charter sign"},
    {"steward", "een hoeder heeft geen sleutel in het charter",
     "a steward has no key in the charter", "voeg zijn kaart toe met --card",
     "add its card with --card"},
    {"signatures", "te weinig hoeders hebben getekend",
     "too few stewards have signed",
     "laat de andere hoeders tekenen: schakel charter sign",
     "have the other stewards sign: schakel charter sign"},
    {"card", "een kaart hoort niet bij het charter",
     "a card does not belong to the charter",
     "vraag de partner zijn own.card opnieuw",
     "ask the partner for its own.card again"},
};

int sk_charter_fail(enum sk_status status, const struct sk_charter_fault *fault,
                    const char *dir)
{
    struct sk_problem problem = {.code = fault->check, .where = dir};
    char where[512];
    int code = status == SK_E_EXISTS ? SK_EXIT_YES : SK_EXIT_NO;

    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        if (strcmp(texts[i].check, fault->check) != 0)
            continue;
        problem.nl = texts[i].nl;
        problem.en = texts[i].en;
        problem.next_nl = texts[i].next_nl;
        problem.next_en = texts[i].next_en;
    }
    assert(problem.en != NULL);
    if (fault->subject.size > 0) {
        snprintf(where, sizeof(where), "%s: %.*s", dir,
                 (int)fault->subject.size, (const char *)fault->subject.data);
        problem.where = where;
    }
    return sk_cli_fail(code, &problem);
}

/* ------------------------------------------------------------- reading */
static int read_as(const char *dir, bool verify,
                   const struct sk_charter *previous,
                   struct sk_charter_folder *out)
{
    struct sk_charter_folder folder = {0};
    struct sk_charter_fault fault = {0};
    enum sk_status status;
    int code = -1;

    status = sk_cli_read_folder(dir, CHARTER_SIZE_MAX, &folder.files);
    if (status != SK_OK)
        return sk_cli_fail_file(status, dir);
    folder.charter = calloc(1, sizeof(*folder.charter));
    if (folder.charter == NULL) {
        sk_charter_folder_free(&folder);
        return sk_cli_fail_file(SK_E_MEMORY, dir);
    }
    status = verify ? sk_charter_verify(folder.files.files, folder.files.count,
                                        previous, folder.charter, &fault)
                    : sk_charter_read(folder.files.files, folder.files.count,
                                      folder.charter, &fault);
    if (status != SK_OK) {
        code = sk_charter_fail(status, &fault, dir);
        sk_charter_folder_free(&folder);
        return code;
    }
    *out = folder;
    return -1;
}

int sk_charter_folder_read(const char *dir, struct sk_charter_folder *out)
{
    return read_as(dir, false, NULL, out);
}

int sk_charter_folder_verify(const char *dir, const struct sk_charter *previous,
                             struct sk_charter_folder *out)
{
    return read_as(dir, true, previous, out);
}

void sk_charter_folder_free(struct sk_charter_folder *folder)
{
    sk_cli_free_folder(&folder->files);
    free(folder->charter);
    folder->charter = NULL;
}

/* --------------------------------------------------------------- rules */
static int fail_rules(const char *dir)
{
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = "rules",
            .nl = "woordenlijst, ledenlijst en federatieregels laden niet",
            .en = "vocabulary, roster and guards do not load",
            .where = dir,
            .next_nl = "verbeter wat hierboven staat",
            .next_en = "correct what stands above"});
}

/* POLICY.md 9.1: W024 and W025, told as what they are here. */
static int check_names(const struct sk_findings *findings, const char *dir,
                       bool refuse)
{
    bool shared = false;
    bool blank = false;

    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *f = &findings->list[i];

        if (strcmp(f->code, "W024") != 0 && strcmp(f->code, "W025") != 0)
            continue;
        fprintf(stderr, "%s:%u:%u: %s %s: %s\n", f->place.file, f->place.line,
                f->place.column, sk_cli_word("let op", "warning"), f->code,
                sk_cli_word(f->nl, f->en));
        shared = shared || f->code[3] == '4';
        blank = blank || f->code[3] == '5';
    }
    if ((!shared && !blank) || !refuse)
        return -1;
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = blank ? "no-name" : "same-name",
            .nl = blank ? "een partner heeft geen naam die te lezen is"
                        : "twee partners heten hetzelfde",
            .en = blank ? "a partner has no name that can be read"
                        : "two partners are called the same",
            .where = dir,
            .next_nl = blank ? "zet in partners.yaml hoe die partner heet"
                             : "zet in partners.yaml bij een van beide wat hen "
                               "onderscheidt, bv. de plaats",
            .next_en =
                blank ? "put into partners.yaml what that partner is called"
                      : "put what sets them apart into one of the names "
                        "in partners.yaml, e.g. the place"});
}

static int check_roster(const struct sk_charter *charter,
                        const struct sk_bundle *bundle)
{
    for (size_t i = 0; i < charter->identities_count; i++) {
        const struct sk_charter_identity *identity = &charter->identities[i];
        const struct sk_roster_org *org =
            sk_bundle_org(bundle, sk_org_text(&identity->org));

        if (org == NULL || (identity->steward && org->status == SK_ORG_LEFT))
            return sk_cli_fail(
                SK_EXIT_NO,
                &(struct sk_problem){
                    .code = org == NULL ? "not-in-roster" : "steward-left",
                    .nl = org == NULL ? "staat niet op de ledenlijst"
                                      : "deze hoeder is vertrokken",
                    .en = org == NULL ? "is not in the roster"
                                      : "this steward has left",
                    .where = identity->org.text,
                    .next_nl =
                        "verbeter partners.yaml of kies een andere kaart",
                    .next_en = "correct partners.yaml or choose another card"});
    }
    return -1;
}

int sk_charter_check_rules(const struct sk_charter *charter, const char *dir,
                           bool names)
{
    const struct sk_bundle_files files = {
        .vocabulary = {"vocabulary.yaml", charter->vocabulary_yaml},
        .partners = {"partners.yaml", charter->partners_yaml},
        .guards = {"guards.yaml", charter->guards_yaml},
        .policy = {.name = "policy.yaml"},
        .invariants = {.name = "invariants.yaml"},
    };
    void *memory = sk_cli_reserve(RULES_ARENA_SIZE);
    struct sk_arena arena;
    struct sk_findings findings;
    struct sk_bundle *bundle = NULL;
    enum sk_status status;
    int code;

    if (memory == NULL)
        return sk_cli_fail_file(SK_E_MEMORY, dir);
    arena = sk_arena_start(memory, RULES_ARENA_SIZE);
    findings = sk_findings_start(&arena);
    status = sk_bundle_load(&files, INT32_MIN, &arena, &findings, &bundle);
    if (status != SK_OK) {
        code = sk_cli_fail_file(status, dir);
    } else if (bundle == NULL) {
        sk_nodedir_tell(&findings);
        code = fail_rules(dir);
    } else {
        code = check_names(&findings, dir, names);
        if (code < 0)
            code = check_roster(charter, bundle);
    }
    sk_cli_release(memory, RULES_ARENA_SIZE);
    return code;
}

/* ------------------------------------------------------------- writing */
static int write_one(const char *dir, const char *name, struct sk_bytes bytes)
{
    return sk_nodedir_write(dir, name, bytes, 0644, /* replace */ false);
}

static int write_cards(const char *dir, const struct sk_charter *charter)
{
    char *cards = sk_cli_path(dir, "cards");
    int code = -1;

    if (mkdir(cards, 0755) != 0)
        code = sk_cli_fail_file(SK_E_IO, cards);
    for (size_t i = 0; code < 0 && i < charter->identities_count; i++) {
        const struct sk_charter_identity *identity = &charter->identities[i];
        char name[SK_ORG_SIZE_MAX + 8];

        if (identity->card.size == 0)
            continue;
        snprintf(name, sizeof(name), "%s.card", identity->org.text);
        code = write_one(cards, name, identity->card);
    }
    free(cards);
    return code;
}

/* charter.yaml and MANIFEST into rooms of the charter's largest size. */
static int make_texts(struct sk_charter *charter, struct sk_room yaml,
                      struct sk_room manifest)
{
    enum sk_status status =
        sk_charter_encode(charter, yaml, &charter->charter_yaml);

    if (status == SK_OK)
        status =
            sk_charter_manifest(charter, manifest, &charter->manifest_text);
    return status == SK_OK ? -1 : sk_cli_fail_file(status, "MANIFEST");
}

static int make_folder(const char *dir)
{
    if (mkdir(dir, 0755) == 0)
        return -1;
    return sk_cli_fail_file(errno == EEXIST   ? SK_E_EXISTS
                            : errno == ENOENT ? SK_E_NOT_FOUND
                                              : SK_E_REFUSED,
                            dir);
}

/* MANIFEST comes last: without it there is no charter. */
int sk_charter_folder_write(const char *dir, struct sk_charter *charter)
{
    static uint8_t yaml[SK_PARTNERS_MAX * 160];
    static uint8_t manifest[SK_MANIFEST_SIZE_MAX];
    int code = make_texts(charter, (struct sk_room){yaml, sizeof(yaml)},
                          (struct sk_room){manifest, sizeof(manifest)});

    if (code < 0)
        code = make_folder(dir);
    if (code < 0)
        code = write_one(dir, "vocabulary.yaml", charter->vocabulary_yaml);
    if (code < 0)
        code = write_one(dir, "guards.yaml", charter->guards_yaml);
    if (code < 0)
        code = write_one(dir, "partners.yaml", charter->partners_yaml);
    if (code < 0)
        code = write_one(dir, "charter.yaml", charter->charter_yaml);
    if (code < 0)
        code = write_cards(dir, charter);
    if (code < 0)
        code = write_one(dir, SK_MANIFEST_NAME, charter->manifest_text);
    return code;
}
