/* schakel card show|renew; import is an operation of the node. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "tools/schakel/cli.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/issue.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

#define DIR_OPTION                                                             \
    {                                                                          \
        "dir", "DIR", false, false,                                            \
            "de map van het knooppunt (of SCHAKEL_DIR)",                       \
            "the node's folder (or SCHAKEL_DIR)"                               \
    }

const struct sk_command sk_card_commands[] = {
    {.name = "card show",
     .operands = "[FILE]",
     .operands_max = 1,
     .nl = "toon een kaart: van dit knooppunt, of uit een bestand",
     .en = "show a card: of this node, or from a file",
     .options = {DIR_OPTION}},
    {.name = "card renew",
     .operands = "",
     .nl = "maak de volgende versie van de eigen kaart",
     .en = "make the next version of the own card",
     .more_nl =
         "Maakt ook een nieuwe sleutel waarmee partners verzegelen; de vorige "
         "opent nog 30\ndagen wat onderweg is en wordt dan vernietigd.  Een "
         "knooppunt dat draait, neemt\nalles meteen in gebruik en deelt zijn "
         "kaart zelf uit; de lijnen blijven open.\n",
     .more_en =
         "Also makes a new key for partners to seal with; the one before "
         "still opens for 30\ndays what is under way and is then destroyed.  "
         "A node that runs puts all of it into\nforce at once and hands out "
         "its card itself; lines stay open.\n",
     .options =
         {
             DIR_OPTION,
             {"endpoint", "tcp://HOST:PORT", false, true,
              "nieuwe adressen, in plaats van de oude",
              "new addresses, instead of the old ones"},
             {"no-endpoint", NULL, false, false,
              "geen adres: dit knooppunt belt alleen zelf",
              "no address: this node only dials itself"},
             {"keep-keys", NULL, false, false, "alle sleutels behouden",
              "keep all keys"},
             {"all-keys", NULL, false, false,
              "ook nieuwe sleutels om te ondertekenen en te verbinden",
              "also new keys to sign and to connect with"},
             {"identity", "FILE", false, false,
              "identity.key, als die elders bewaard wordt",
              "identity.key, when it is kept elsewhere"},
             SK_UNLOCK_OPTIONS,
         }},
    {0},
};

/* ---------------------------------------------------------------- show */
static void format_day(uint64_t at_s, char out[16])
{
    time_t at = (time_t)at_s;
    struct tm parts;

    if (gmtime_r(&at, &parts) == NULL ||
        strftime(out, 16, "%Y-%m-%d", &parts) == 0)
        snprintf(out, 16, "?");
}

/* renewed: -1 it was not, 0 from the next start on, 1 in force already. */
static json_t *json_of_card(const struct sk_card *card)
{
    struct sk_minisign_key key;
    char key_text[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    json_t *endpoints = json_array();
    json_t *sealing = json_array();

    sk_minisign_key_of(&card->identity, &key);
    sk_minisign_key_format(&key, key_text);
    for (size_t i = 0; i < card->endpoints_count; i++)
        json_array_append_new(endpoints, json_string(card->endpoints[i]));
    for (size_t i = 0; i < card->sealing_count; i++)
        json_array_append_new(
            sealing, json_pack("{s:I, s:I}", "from_s",
                               (json_int_t)card->sealing[i].from_s, "until_s",
                               (json_int_t)card->sealing[i].until_s));
    return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "org", card->org.text,
                     "identity", key_text, "version", (json_int_t)card->version,
                     "issued_s", (json_int_t)card->issued_s, "endpoints",
                     endpoints, "sealing", sealing);
}

static void tell_card(const struct sk_card *card, int renewed)
{
    struct sk_minisign_key key;
    char key_text[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    char day[16];

    if (sk_cli_json()) {
        json_t *json =
            json_pack("{s:b, s:o}", "ok", 1, "result", json_of_card(card));

        if (renewed >= 0)
            json_object_set_new(json_object_get(json, "result"), "in_force",
                                json_boolean(renewed));
        sk_json_print(json);
        json_decref(json);
        return;
    }
    sk_minisign_key_of(&card->identity, &key);
    sk_minisign_key_format(&key, key_text);
    format_day(card->issued_s, day);
    printf("%s %s, %s %" PRIu64 ", %s\n", sk_cli_word("Kaart van", "Card of"),
           card->org.text, sk_cli_word("versie", "version"), card->version,
           day);
    printf("  %-12s %s\n", sk_cli_word("identiteit", "identity"), key_text);
    for (size_t i = 0; i < card->endpoints_count; i++)
        printf("  %-12s %s\n", sk_cli_word("adres", "address"),
               card->endpoints[i]);
    if (card->endpoints_count == 0)
        printf("  %-12s %s\n", sk_cli_word("adres", "address"),
               sk_cli_word("geen: dit knooppunt belt zelf",
                           "none: this node dials itself"));
    for (size_t i = 0; i < card->sealing_count; i++) {
        format_day(card->sealing[i].until_s, day);
        printf("  %-12s %s %s\n", sk_cli_word("verzegelen", "sealing"),
               sk_cli_word("tot", "until"), day);
    }
}

static int show_file(const char *path)
{
    struct sk_bytes bytes;
    struct sk_card card;
    enum sk_status status = sk_cli_read(path, SK_CARD_SIZE_MAX, &bytes);

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    status = sk_card_decode(bytes, &card);
    free((void *)(uintptr_t)bytes.data);
    if (status != SK_OK)
        return sk_cli_fail(SK_EXIT_NO,
                           &(struct sk_problem){
                               .code = "bad-card",
                               .nl = "dit is geen geldige kaart",
                               .en = "this is not a valid card",
                               .where = path,
                               .detail = sk_status_text(status),
                               .next_nl = "vraag de partner zijn own.card",
                               .next_en = "ask the partner for its own.card"});
    tell_card(&card, -1);
    return SK_EXIT_YES;
}

static int run_show(int argc, char **argv)
{
    struct sk_parsed parsed;
    char *path;
    int code = sk_cli_parse(&sk_card_commands[0], argc, argv, &parsed);

    if (code >= 0)
        return code;
    if (parsed.operands_count > 0)
        return show_file(parsed.operands[0]);
    path = sk_cli_path(sk_cli_dir(&parsed), SK_OWN_CARD_NAME);
    code = show_file(path);
    free(path);
    return code;
}

/* --------------------------------------------------------------- renew */
struct work {
    struct sk_card card;
    struct sk_node_secrets secrets;
    struct sk_identity identity;
    struct sk_unlocking unlocking;
};

static int check_identity(const struct work *w)
{
    if (sk_org_equal(&w->identity.org, &w->card.org) &&
        memcmp(w->identity.public.public.bytes, w->card.identity.bytes,
               sizeof(w->card.identity.bytes)) == 0)
        return -1;
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){.code = "other-identity",
                             .nl = "deze identiteit hoort niet bij own.card",
                             .en = "this identity is not that of own.card",
                             .where = w->identity.org.text,
                             .next_nl = "noem het juiste bestand: --identity",
                             .next_en = "name the right file: --identity"});
}

/* New keys are stored before the card that announces them. */
static int renew(const struct sk_parsed *parsed, const char *dir,
                 struct work *w)
{
    bool keep = sk_cli_has(parsed, "keep-keys");
    int code;

    if (sk_cli_has(parsed, "no-endpoint") || sk_cli_has(parsed, "endpoint")) {
        code = sk_issue_endpoints(sk_cli_all(parsed, "endpoint"), &w->card);
        if (code >= 0)
            return code;
    }
    sk_issue_next(&w->secrets, &w->card, !keep, sk_cli_has(parsed, "all-keys"));
    code = sk_issue_write_key(dir, &w->secrets, &w->unlocking.unlock, true);
    if (code < 0)
        code = sk_issue_write_card(dir, &w->card, &w->identity, true);
    return code;
}

static bool take(struct sk_client *client, struct sk_bytes card,
                 struct sk_bytes key)
{
    const struct sk_blob blobs[] = {{.argument = "card", .bytes = card},
                                    {.argument = "key", .bytes = key}};
    json_t *reply = NULL;
    bool taken = sk_client_call(client, "card.renew", NULL, blobs,
                                SK_COUNT(blobs), &reply) == SK_OK &&
                 json_is_true(json_object_get(reply, "ok"));

    json_decref(reply);
    return taken;
}

/* A node that runs takes what was written just now. */
static bool put_into_force(const char *dir)
{
    char *card_path = sk_cli_path(dir, SK_OWN_CARD_NAME);
    char *key_path = sk_cli_path(dir, SK_NODE_KEY_NAME);
    struct sk_client *client = NULL;
    struct sk_bytes card = {0};
    struct sk_bytes key = {0};
    bool taken = false;

    if (sk_client_open(dir, &client) == SK_OK &&
        sk_cli_read(card_path, SK_CARD_SIZE_MAX, &card) == SK_OK &&
        sk_cli_read(key_path, SK_NODE_KEY_SIZE_MAX, &key) == SK_OK)
        taken = take(client, card, key);
    sk_client_close(&client);
    free((void *)(uintptr_t)card.data);
    free((void *)(uintptr_t)key.data);
    free(card_path);
    free(key_path);
    return taken;
}

static void tell_force(bool in_force)
{
    if (sk_cli_json())
        return;
    if (in_force)
        puts(sk_cli_word("\nHet knooppunt gebruikt ze vanaf nu, en deelt ze "
                         "zelf uit.",
                         "\nThe node uses it from now on, and hands it out "
                         "itself."));
    else
        puts(sk_cli_word("\nHet knooppunt gebruikt ze vanaf zijn volgende "
                         "start.",
                         "\nThe node uses it from its next start on."));
}

/* Partners will dial an address where nobody listens. */
static void warn_not_listening(const char *dir)
{
    struct sk_config config;

    if (sk_nodedir_config(dir, &config) >= 0 || config.listen[0] != '\0')
        return;
    fputs(sk_cli_word(
              "schakel: let op: de kaart noemt een adres, maar node.conf heeft "
              "geen 'listen'\n"
              "  -> zet in node.conf bijvoorbeeld: listen: "
              "'tcp://0.0.0.0:7411'\n",
              "schakel: warning: the card names an address, but node.conf has "
              "no 'listen'\n"
              "  -> put into node.conf, for example: listen: "
              "'tcp://0.0.0.0:7411'\n"),
          stderr);
}

static int contradiction(const char *where)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){.code = "contradiction",
                             .nl = "deze opties spreken elkaar tegen",
                             .en = "these options contradict each other",
                             .where = where,
                             .next_nl = "kies er een",
                             .next_en = "choose one"});
}

static int run_renew(int argc, char **argv)
{
    struct sk_parsed parsed;
    struct work w = {0};
    const char *dir;
    int lock = -1;
    int code = sk_cli_parse(&sk_card_commands[1], argc, argv, &parsed);

    if (code >= 0)
        return code;
    if (sk_cli_has(&parsed, "keep-keys") && sk_cli_has(&parsed, "all-keys"))
        return contradiction("--keep-keys --all-keys");
    if (sk_cli_has(&parsed, "no-endpoint") && sk_cli_has(&parsed, "endpoint"))
        return contradiction("--no-endpoint --endpoint");
    dir = sk_cli_dir(&parsed);
    code = sk_nodedir_lock(dir, &lock);
    if (code < 0)
        code = sk_nodedir_card(dir, &w.card);
    if (code < 0)
        code = sk_nodedir_unlocked(&parsed, dir, &w.unlocking, &w.secrets);
    if (code < 0)
        code = sk_nodedir_identity(dir, sk_cli_get(&parsed, "identity"),
                                   &w.secrets, &w.identity);
    if (code < 0)
        code = check_identity(&w);
    if (code < 0)
        code = renew(&parsed, dir, &w);
    if (code < 0) {
        bool in_force = put_into_force(dir);

        tell_card(&w.card, in_force);
        if (sk_cli_has(&parsed, "endpoint"))
            warn_not_listening(dir);
        tell_force(in_force);
        code = SK_EXIT_YES;
    }
    sk_nodedir_unlock(lock);
    sk_wipe(&w, sizeof(w));
    return code;
}

int sk_cmd_card(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "show") == 0)
        return run_show(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "renew") == 0)
        return run_renew(argc - 1, argv + 1);
    return sk_cmd_node(argc, argv);
}
