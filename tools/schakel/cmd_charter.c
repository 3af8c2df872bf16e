/* schakel charter new|add|sign|show on folders; import asks the node. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "protocol/sha256.h"
#include "tools/schakel/charter_draft.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

enum { NEW, ADD, SIGN, SHOW };

#define OUT_OPTION                                                             \
    {                                                                          \
        "out", "FOLDER", true, false, "de nieuwe map", "the new folder"        \
    }
#define FILE_OPTIONS(needed)                                                   \
    {                                                                          \
        "vocabulary",      "FILE",          needed, false,                     \
        "de woordenlijst", "the vocabulary"},                                  \
        {"guards", "FILE", needed, false, "de federatieregels", "the guards"}, \
    {                                                                          \
        "partners", "FILE", needed, false, "de ledenlijst", "the roster"       \
    }
#define PEOPLE_OPTIONS(needed)                                                 \
    {"threshold",                                                              \
     "N",                                                                      \
     needed,                                                                   \
     false,                                                                    \
     "hoeveel hoeders moeten tekenen",                                         \
     "how many stewards must sign"},                                           \
        {"steward",                                                            \
         "ORG",                                                                \
         needed,                                                               \
         true,                                                                 \
         "hoeder van het charter",                                             \
         "steward of the charter"},                                            \
        {"card",                                                               \
         "FILE",                                                               \
         needed,                                                               \
         true,                                                                 \
         "kaart van een partner",                                              \
         "card of a partner"},                                                 \
    {                                                                          \
        "identity", "ORG=KEY", false, true,                                    \
            "publieke minisign-sleutel van een partner",                       \
            "public minisign key of a partner"                                 \
    }

const struct sk_command sk_charter_commands[] = {
    [NEW] = {.name = "charter new",
             .operands = "",
             .nl = "maak een charter: wie meedoet, met welke regels",
             .en = "make a charter: who takes part, under which rules",
             .more_nl = "Daarna tekenen de hoeders: schakel charter sign, of "
                        "minisign -Sm MANIFEST.\n",
             .more_en = "Then the stewards sign: schakel charter sign, or "
                        "minisign -Sm MANIFEST.\n",
             .options = {OUT_OPTION,
                         {"id", "ID", true, false, "naam van het charter",
                          "name of the charter"},
                         FILE_OPTIONS(true),
                         PEOPLE_OPTIONS(true)}},
    [ADD] = {.name = "charter add",
             .operands = "FOLDER",
             .operands_min = 1,
             .operands_max = 1,
             .nl = "maak de volgende versie van een charter",
             .en = "make the next version of a charter",
             .more_nl = "Wat u niet noemt, blijft.  --steward noemt alle "
                        "hoeders opnieuw.  De hoeders van\nde vorige versie "
                        "tekenen.\n",
             .more_en = "What you do not name stays.  --steward names all "
                        "stewards again.  The stewards\nof the version before "
                        "sign.\n",
             .options = {OUT_OPTION,
                         FILE_OPTIONS(false),
                         PEOPLE_OPTIONS(false),
                         {"remove", "ORG", false, true,
                          "neem de sleutel van een partner weg",
                          "take the key of a partner away"}}},
    [SIGN] = {.name = "charter sign",
              .operands = "FOLDER",
              .operands_min = 1,
              .operands_max = 1,
              .nl = "onderteken een charter met de identiteit van dit "
                    "knooppunt",
              .en = "sign a charter with the identity of this node",
              .options = {{"dir", "DIR", false, false,
                           "de map van het knooppunt (of SCHAKEL_DIR)",
                           "the node's folder (or SCHAKEL_DIR)"},
                          {"identity", "FILE", false, false,
                           "identity.key, als die elders bewaard wordt",
                           "identity.key, when it is kept elsewhere"},
                          SK_UNLOCK_OPTIONS}},
    [SHOW] = {.name = "charter show",
              .operands = "[FOLDER]",
              .operands_max = 1,
              .nl = "kijk een charter na en toon het (zonder map: dat van het "
                    "knooppunt)",
              .en = "verify and show a charter (without folder: the node's)",
              .options = {{"previous", "FOLDER", false, false,
                           "het charter ervoor: zijn hoeders moeten getekend "
                           "hebben",
                           "the charter before: its stewards must have "
                           "signed"},
                          {"dir", "DIR", false, false,
                           "de map van het knooppunt (of SCHAKEL_DIR)",
                           "the node's folder (or SCHAKEL_DIR)"}}},
    {0},
};

/* ------------------------------------------------------------- telling */
static json_t *json_of_charter(const struct sk_charter *c)
{
    char hex[SK_HEX_SIZE + 1];
    json_t *partners = json_array();

    for (size_t i = 0; i < c->identities_count; i++) {
        const struct sk_charter_identity *identity = &c->identities[i];
        char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];

        sk_minisign_key_format(&identity->key, key);
        json_array_append_new(
            partners,
            json_pack("{s:s, s:s, s:b, s:b, s:b}", "org", identity->org.text,
                      "identity", key, "steward", (int)identity->steward,
                      "signed", (int)identity->signed_this, "card",
                      (int)(identity->card.size > 0)));
    }
    sk_hash_format(&c->manifest, hex);
    return json_pack(
        "{s:s, s:I, s:s, s:I, s:I, s:I, s:b, s:o}", "charter", c->id.text,
        "version", (json_int_t)c->version, "manifest", hex, "threshold",
        (json_int_t)c->threshold, "signatures", (json_int_t)c->signatures,
        "needed", (json_int_t)c->signatures_needed, "valid",
        (int)(c->signatures >= c->signatures_needed), "partners", partners);
}

static void tell_partner(const struct sk_charter_identity *identity)
{
    struct sk_card card;

    printf("  %-20s %-8s %-10s", identity->org.text,
           identity->steward ? sk_cli_word("hoeder", "steward") : "",
           identity->signed_this ? sk_cli_word("getekend", "signed") : "");
    if (identity->card.size == 0 ||
        sk_card_decode(identity->card, &card) != SK_OK)
        printf(" %s\n", sk_cli_word("(geen kaart)", "(no card)"));
    else
        printf(" %s %" PRIu64 "%s%s\n", sk_cli_word("kaart", "card"),
               card.version, card.endpoints_count > 0 ? ", " : "",
               card.endpoints_count > 0 ? card.endpoints[0] : "");
}

static void tell_charter(const struct sk_charter *c)
{
    char hex[SK_HEX_SIZE + 1];
    bool valid = c->signatures >= c->signatures_needed;

    if (sk_cli_json()) {
        json_t *json =
            json_pack("{s:b, s:o}", "ok", 1, "result", json_of_charter(c));

        sk_json_print(json);
        json_decref(json);
        return;
    }
    sk_hash_format(&c->manifest, hex);
    printf("%s %s, %s %" PRIu64 "\n", sk_cli_word("Charter", "Charter"),
           c->id.text, sk_cli_word("versie", "version"), c->version);
    printf("  %s %s\n", sk_cli_word("vingerafdruk:", "fingerprint:"), hex);
    printf(
        "  %s %zu %s %zu: %s\n",
        sk_cli_word("handtekeningen van hoeders:", "signatures of stewards:"),
        c->signatures, sk_cli_word("van", "of"), c->signatures_needed,
        valid ? sk_cli_word("geldig", "valid")
              : sk_cli_word("nog niet geldig", "not valid yet"));
    printf("\n%s (%zu):\n", sk_cli_word("Partners", "Partners"),
           c->identities_count);
    for (size_t i = 0; i < c->identities_count; i++)
        tell_partner(&c->identities[i]);
}

/* ------------------------------------------------------------- new, add */
static int finish(struct sk_draft *draft, const char *out)
{
    int code = sk_charter_check_rules(draft->charter, out, /* names */ true);

    if (code < 0)
        code = sk_charter_folder_write(out, draft->charter);
    if (code < 0) {
        sk_sha256(draft->charter->manifest_text, &draft->charter->manifest);
        tell_charter(draft->charter);
        if (!sk_cli_json())
            printf(sk_cli_dutch()
                       ? "\nLaat nu de hoeders tekenen: schakel charter sign "
                         "--dir KNOOPPUNT %s\n"
                       : "\nNow have the stewards sign: schakel charter sign "
                         "--dir NODE %s\n",
                   out);
        code = SK_EXIT_YES;
    }
    sk_draft_free(draft);
    return code;
}

static int run_new(int argc, char **argv)
{
    struct sk_parsed parsed;
    struct sk_draft draft;
    const char *id;
    int code = sk_cli_parse(&sk_charter_commands[NEW], argc, argv, &parsed);

    if (code >= 0)
        return code;
    id = sk_cli_get(&parsed, "id");
    code = sk_draft_start(&draft);
    if (code >= 0)
        return code;
    if (!sk_org_parse(sk_text(id), &draft.charter->id))
        code = sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "bad-option",
                .nl = "dit is geen naam voor een charter",
                .en = "this is not a name for a charter",
                .where = id,
                .next_nl = "kleine letters, cijfers en streepjes: kempen",
                .next_en = "lower-case letters, digits and dashes: kempen"});
    draft.charter->version = 1;
    if (code < 0)
        code = sk_draft_apply(&draft, &parsed);
    if (code >= 0) {
        sk_draft_free(&draft);
        return code;
    }
    return finish(&draft, sk_cli_get(&parsed, "out"));
}

static int run_add(int argc, char **argv)
{
    struct sk_charter_folder before;
    struct sk_parsed parsed;
    struct sk_draft draft;
    int code = sk_cli_parse(&sk_charter_commands[ADD], argc, argv, &parsed);

    if (code >= 0)
        return code;
    code = sk_charter_folder_read(parsed.operands[0], &before);
    if (code >= 0)
        return code;
    code = sk_draft_start(&draft);
    if (code < 0) {
        sk_draft_follow(&draft, before.charter);
        code = sk_draft_apply(&draft, &parsed);
        if (code < 0)
            code = finish(&draft, sk_cli_get(&parsed, "out"));
        else
            sk_draft_free(&draft);
    }
    sk_charter_folder_free(&before);
    return code;
}

/* ---------------------------------------------------------------- sign */
static int check_signer(const struct sk_charter *charter,
                        const struct sk_identity *identity)
{
    const struct sk_charter_identity *own =
        sk_charter_identity(charter, &identity->org);

    /* A steward of the version before may have left this one. */
    if (own == NULL && charter->version > 1)
        return -1;
    if (own != NULL && sk_minisign_key_equal(&own->key, &identity->public))
        return -1;
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = "not-in-charter",
            .nl = own == NULL ? "deze organisatie staat niet in het charter"
                              : "het charter noemt een andere sleutel voor "
                                "deze organisatie",
            .en = own == NULL
                      ? "this organisation is not in the charter"
                      : "the charter names another key for this organisation",
            .where = identity->org.text,
            .next_nl = "geef uw own.card aan wie het charter maakt",
            .next_en = "give your own.card to whoever makes the charter"});
}

static int sign(const struct sk_charter *charter, const char *dir,
                const struct sk_identity *identity)
{
    uint8_t room[SK_MINISIGN_SIGNATURE_SIZE_MAX];
    char comment[SK_MINISIGN_COMMENT_SIZE_MAX];
    char name[SK_ORG_SIZE_MAX + 32];
    char day[32];
    time_t now = time(NULL);
    struct sk_bytes bytes;
    struct tm parts;
    enum sk_status status;

    gmtime_r(&now, &parts);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%SZ", &parts);
    snprintf(comment, sizeof(comment), "charter %s version %" PRIu64 " %s %s",
             charter->id.text, charter->version, identity->org.text, day);
    status = sk_minisign_sign(&identity->secret, &identity->public,
                              charter->manifest_text, comment,
                              (struct sk_room){room, sizeof(room)}, &bytes);
    assert(status == SK_OK);
    snprintf(name, sizeof(name), "%s.%s.minisig", SK_MANIFEST_NAME,
             identity->org.text);
    return sk_nodedir_write(dir, name, bytes, 0644, /* replace */ true);
}

static int sign_folder(const char *folder, const struct sk_identity *identity)
{
    struct sk_charter_folder before;
    struct sk_charter_folder after;
    int code = sk_charter_folder_read(folder, &before);

    if (code >= 0)
        return code;
    code = check_signer(before.charter, identity);
    if (code < 0)
        code = sk_charter_check_rules(before.charter, folder, /* names */ true);
    if (code < 0)
        code = sign(before.charter, folder, identity);
    sk_charter_folder_free(&before);
    if (code >= 0)
        return code;
    code = sk_charter_folder_read(folder, &after);
    if (code >= 0)
        return code;
    tell_charter(after.charter);
    sk_charter_folder_free(&after);
    return SK_EXIT_YES;
}

static int run_sign(int argc, char **argv)
{
    struct sk_parsed parsed;
    struct sk_node_secrets secrets = {0};
    struct sk_identity identity = {0};
    const char *dir;
    int code = sk_cli_parse(&sk_charter_commands[SIGN], argc, argv, &parsed);

    if (code >= 0)
        return code;
    dir = sk_cli_dir(&parsed);
    code = sk_nodedir_secrets(&parsed, dir, &secrets);
    if (code < 0)
        code = sk_nodedir_identity(dir, sk_cli_get(&parsed, "identity"),
                                   &secrets, &identity);
    sk_wipe(&secrets, sizeof(secrets));
    if (code < 0)
        code = sign_folder(parsed.operands[0], &identity);
    sk_wipe(&identity, sizeof(identity));
    return code;
}

/* ---------------------------------------------------------------- show */
static int show(const char *folder, const char *previous)
{
    struct sk_charter_folder before = {0};
    struct sk_charter_folder shown = {0};
    int code = -1;

    if (previous != NULL) {
        code = sk_charter_folder_read(previous, &before);
        if (code < 0)
            code = sk_charter_folder_verify(folder, before.charter, &shown);
    } else {
        code = sk_charter_folder_read(folder, &shown);
    }
    if (code < 0)
        code = sk_charter_check_rules(shown.charter, folder, /* names */ false);
    if (code < 0) {
        tell_charter(shown.charter);
        code = shown.charter->signatures >= shown.charter->signatures_needed
                   ? SK_EXIT_YES
                   : SK_EXIT_NO;
    }
    sk_charter_folder_free(&before);
    sk_charter_folder_free(&shown);
    return code;
}

static int run_show(int argc, char **argv)
{
    struct sk_parsed parsed;
    int code =
        sk_cli_parse(&sk_charter_commands[SHOW], argc - 1, argv + 1, &parsed);

    if (code >= 0)
        return code;
    if (parsed.operands_count == 0)
        return sk_cmd_node(argc, argv);
    return show(parsed.operands[0], sk_cli_get(&parsed, "previous"));
}

int sk_cmd_charter(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "new") == 0)
        return run_new(argc - 1, argv + 1);
    if (strcmp(word, "add") == 0)
        return run_add(argc - 1, argv + 1);
    if (strcmp(word, "sign") == 0)
        return run_sign(argc - 1, argv + 1);
    if (strcmp(word, "show") == 0)
        return run_show(argc, argv);
    return sk_cmd_node(argc, argv);
}
