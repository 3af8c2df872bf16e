/*
 * schakel: the command line of a node.  This file is a table of commands; what
 * they do is in cmd_<name>.c.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "policies/findings.h"
#include "protocol/version.h"
#include "tools/schakel/backup.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/cmd_agenda.h"
#include "tools/schakel/cmd_consent.h"
#include "tools/schakel/cmd_export.h"
#include "tools/schakel/cmd_import.h"
#include "tools/schakel/cmd_inbox.h"
#include "tools/schakel/cmd_journal.h"
#include "tools/schakel/cmd_leave.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/cmd_policy.h"
#include "tools/schakel/cmd_rehearse.h"
#include "tools/schakel/cmd_report.h"
#include "tools/schakel/doctor.h"
#include "tools/schakel/plain.h"
#include "tools/schakel/typed.h"

struct cmd {
    const char *name;
    int (*run)(int argc, char **argv);
    const struct sk_command *commands; /* ends at name NULL */
    bool node_first; /* what the node has an operation for goes to the node */
};

static const struct cmd cmds[] = {
    {"init", sk_cmd_init, sk_init_commands, false},
    {"doctor", sk_cmd_doctor, sk_doctor_commands, false},
    {"backup", sk_cmd_backup, sk_backup_commands, false},
    {"restore", sk_cmd_restore, sk_restore_commands, true},
    {"card", sk_cmd_card, sk_card_commands, false},
    {"charter", sk_cmd_charter, sk_charter_commands, false},
    {"key", sk_cmd_key, sk_key_commands, false},
    {"policy", sk_cmd_policy, sk_policy_commands, true},
    {"participant", sk_cmd_report, sk_report_commands, true},
    {"consent", sk_cmd_consent, sk_consent_commands, true},
    {"export", sk_cmd_export, sk_export_commands, false},
    {"import", sk_cmd_import, sk_import_commands, false},
    {"journal", sk_cmd_journal, sk_journal_commands, true},
    {"agenda", sk_cmd_agenda, sk_agenda_commands, true},
    {"inbox", sk_cmd_inbox, sk_inbox_commands, true},
    {"leave", sk_cmd_leave, sk_leave_commands, true},
    {"peer", sk_cmd_holds, sk_holds_commands, true},
    {"rehearse", sk_cmd_rehearse, sk_rehearse_commands, false},
    {"completion", sk_cmd_completion, sk_completion_commands, false},
};

static bool is_in_table(const char *name)
{
    for (size_t k = 0; k < SK_COUNT(cmds); k++)
        for (const struct sk_command *c = cmds[k].commands; c->name != NULL;
             c++)
            if (strcmp(c->name, name) == 0)
                return true;
    return false;
}

/* Positions of the node's commands that have no row in a table: `charter show`
   is both, and its row tells it all. */
struct node_only {
    uint16_t at[256];
    size_t count;
};

/* Found once: every command asks which words are commands. */
static const struct node_only *node_only(void)
{
    static struct node_only found;
    const struct sk_command *command;

    if (found.count > 0)
        return &found;
    for (uint16_t k = 0; (command = sk_node_command_at(k)) != NULL; k++) {
        if (is_in_table(command->name))
            continue;
        assert(found.count < SK_COUNT(found.at));
        found.at[found.count++] = k;
    }
    return &found;
}

const struct sk_command *sk_cli_command_at(size_t i)
{
    const struct node_only *others;

    for (size_t k = 0; k < SK_COUNT(cmds); k++)
        for (const struct sk_command *c = cmds[k].commands; c->name != NULL;
             c++)
            if (i-- == 0)
                return c;
    others = node_only();
    return i < others->count ? sk_node_command_at(others->at[i]) : NULL;
}

static bool starts_with_word(const char *name, const char *word)
{
    size_t size = strlen(word);

    return strncmp(name, word, size) == 0 &&
           (name[size] == '\0' || name[size] == ' ');
}

/* ---------------------------------------------------------------- help */
/* Is command i the first one with its first word? */
static bool starts_group(size_t i)
{
    char word[64];
    const char *name = sk_cli_command_at(i)->name;

    snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, " "), name);
    for (size_t k = 0; k < i; k++)
        if (starts_with_word(sk_cli_command_at(k)->name, word))
            return false;
    return true;
}

/* Commands that start with this word, one per line. */
static void print_group(FILE *out, const char *word)
{
    const struct sk_command *c;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++)
        if (starts_with_word(c->name, word))
            fprintf(out, "  %-22s %s\n", c->name, sk_cli_word(c->nl, c->en));
}

static void print_all(FILE *out)
{
    const struct sk_command *c;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++) {
        char word[64];

        snprintf(word, sizeof(word), "%.*s", (int)strcspn(c->name, " "),
                 c->name);
        if (starts_group(i))
            print_group(out, word);
    }
}

static int help(FILE *out, const char *word)
{
    bool nl = sk_cli_dutch();

    if (word != NULL) {
        fprintf(out,
                nl ? "Gebruik: schakel %s OPDRACHT ...\n\n"
                   : "Usage: schakel %s COMMAND ...\n\n",
                word);
        print_group(out, word);
        fputs(nl ? "\nMeer: schakel OPDRACHT --help\n"
                 : "\nMore: schakel COMMAND --help\n",
              out);
        return SK_EXIT_YES;
    }
    fputs(nl ? "schakel: een knooppunt opzetten, bevragen en proberen.\n\n"
               "Gebruik: schakel OPDRACHT [opties]\n\n"
             : "schakel: set up, ask and try a node.\n\n"
               "Usage: schakel COMMAND [options]\n\n",
          out);
    print_all(out);
    fputs(nl ? "\nMeer over een opdracht: schakel OPDRACHT --help\n"
               "De map van het knooppunt: --dir, anders SCHAKEL_DIR, anders\n"
               "/var/lib/schakel.  Overal: --json.  Nederlands: LANG=nl_BE.\n"
             : "\nMore on a command: schakel COMMAND --help\n"
               "The node's folder: --dir, else SCHAKEL_DIR, else\n"
               "/var/lib/schakel.  Everywhere: --json.  Dutch: LANG=nl_BE.\n",
          out);
    fputs(nl ? "Afsluitcodes: 0 gedaan, 1 nee, 2 verkeerd gebruik, 69 het "
               "knooppunt antwoordt\nniet, 70 fout in het programma, 73/74 "
               "bestand, 77 geen toegang.\n"
             : "Exit codes: 0 done, 1 no, 2 wrong use, 69 the node does not "
               "answer, 70 a fault\nof the program, 73/74 file, 77 not "
               "allowed.\n",
          out);
    return SK_EXIT_YES;
}

/* The nearest first word of a command, or empty. */
static struct sk_bytes nearest(const char *word, char *room, size_t size_max)
{
    struct sk_hint hint = sk_hint_start(sk_text(word));
    const struct sk_command *c;
    size_t used = 0;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++) {
        size_t size = strcspn(c->name, " ");

        if (used + size > size_max)
            break;
        memcpy(room + used, c->name, size);
        sk_hint_offer(&hint,
                      (struct sk_bytes){(const uint8_t *)room + used, size});
        used += size;
    }
    return sk_hint_best(&hint);
}

static int unknown(const char *word)
{
    char room[4096];
    char next_nl[128];
    char next_en[128];
    struct sk_bytes best = nearest(word, room, sizeof(room));

    snprintf(next_nl, sizeof(next_nl), "%s%.*s%szie: schakel --help",
             best.size > 0 ? "bedoelde u '" : "", (int)best.size,
             best.size > 0 ? (const char *)best.data : "",
             best.size > 0 ? "'?  " : "");
    snprintf(next_en, sizeof(next_en), "%s%.*s%ssee: schakel --help",
             best.size > 0 ? "did you mean '" : "", (int)best.size,
             best.size > 0 ? (const char *)best.data : "",
             best.size > 0 ? "'?  " : "");
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "unknown-command",
                                            .nl = "onbekende opdracht",
                                            .en = "unknown command",
                                            .where = word,
                                            .next_nl = next_nl,
                                            .next_en = next_en});
}

/* ------------------------------------------------------------ dispatch */
static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
           strcmp(word, "help") == 0;
}

static bool node_knows(const char *first, const char *second)
{
    const struct sk_command *c;
    char name[128];

    if (second == NULL)
        return false;
    snprintf(name, sizeof(name), "%s %s", first, second);
    for (size_t i = 0; (c = sk_node_command_at(i)) != NULL; i++)
        if (strcmp(c->name, name) == 0)
            return true;
    return false;
}

static bool is_row(const char *first, const char *second)
{
    char name[128];

    snprintf(name, sizeof(name), "%s %s", first, second);
    return is_in_table(name);
}

/* Does the word start a command of more words, and of how many? */
static size_t group_size(const char *word)
{
    const struct sk_command *c;
    size_t count = 0;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++)
        if (starts_with_word(c->name, word) && strcmp(c->name, word) != 0)
            count++;
    return count;
}

/* argv[0] is the first word of the command. */
static int dispatch(int argc, char **argv)
{
    const char *second = argc > 1 ? argv[1] : NULL;
    bool is_group = group_size(argv[0]) > 0;

    if (is_group && second != NULL && is_help(second) && !is_in_table(argv[0]))
        return help(stdout, argv[0]);
    if (is_group && second == NULL && !is_in_table(argv[0])) {
        help(stderr, argv[0]);
        return SK_EXIT_USAGE;
    }
    for (size_t i = 0; i < SK_COUNT(cmds); i++) {
        if (strcmp(cmds[i].name, argv[0]) != 0)
            continue;
        if (cmds[i].node_first && second != NULL && !is_row(argv[0], second) &&
            (node_knows(argv[0], second) || !is_in_table(argv[0])))
            break;
        return cmds[i].run(argc, argv);
    }
    /* "status" is short for "node status". */
    if (is_group || strcmp(argv[0], "status") == 0)
        return sk_cmd_node(argc, argv);
    return unknown(argv[0]);
}

static int version(void)
{
    if (sk_cli_json())
        puts("{\"ok\": true, \"result\": {\"version\": \"" SK_VERSION "\"}}");
    else
        puts("schakel " SK_VERSION);
    return SK_EXIT_YES;
}

int main(int argc, char **shown)
{
    char **argv = sk_typed_hide(argc, shown); /* until the end */
    int code;

    if (argv == NULL) {
        fputs("schakel: no memory\n", stderr);
        return SK_EXIT_SOFTWARE;
    }
    /* A rehearsal has colours, and stories hold only what their reader takes
       (POLICY.md 3.1). */
    if (argc < 2 || strcmp(argv[1], "rehearse") != 0)
        sk_plain_start();
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            sk_cli_set_json(true);
    if (sodium_init() < 0) {
        fputs("schakel: libsodium does not start\n", stderr);
        return SK_EXIT_SOFTWARE;
    }
    if (argc < 2) {
        help(stderr, NULL);
        return SK_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0)
        code = version();
    else if (is_help(argv[1]))
        code =
            help(stdout, argc > 2 && group_size(argv[2]) > 0 ? argv[2] : NULL);
    else
        code = dispatch(argc - 1, argv + 1);
    /* A full disk behind a pipe or redirection must not look like success. */
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    fputs(sk_cli_dutch()
              ? "schakel: wat eruit kwam is niet heel: schrijven mislukt\n"
                "  -> kijk waar het heen moest (een volle schijf?) en doe het "
                "opnieuw\n"
              : "schakel: what came out is not whole: writing failed\n"
                "  -> see where it had to go (a full disk?) and do it again\n",
          stderr);
    return SK_EXIT_IO;
}
