#include "tools/schakel/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <fcntl.h>
#include <jansson.h>

#include "protocol/head.h"
#include "tools/schakel/json.h"

#define VALUE_OF_OPTION 256 /* + position in the table: beyond any letter */

static const char default_dir[] = "/var/lib/schakel";

static bool json_wanted;

/* ------------------------------------------------------------ language */
static enum sk_language asked_for; /* none: the environment says */

enum sk_language sk_cli_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    if (asked_for != SK_LANGUAGE_NONE)
        return asked_for;
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strncmp(value, "nl", 2) == 0   ? SK_LANGUAGE_DUTCH
                   : strncmp(value, "en", 2) == 0 ? SK_LANGUAGE_ENGLISH
                                                  : SK_LANGUAGE_NONE;
    }
    return SK_LANGUAGE_NONE;
}

void sk_cli_set_language(enum sk_language language)
{
    asked_for = language;
}

bool sk_cli_dutch(void)
{
    return sk_cli_language() == SK_LANGUAGE_DUTCH;
}

const char *sk_cli_word(const char *nl, const char *en)
{
    return sk_cli_dutch() ? nl : en;
}

const struct sk_noun sk_messages = {{"bericht", "berichten"},
                                    {"message", "messages"}};
const struct sk_noun sk_signatures = {{"handtekening", "handtekeningen"},
                                      {"signature", "signatures"}};
const struct sk_noun sk_warnings = {{"waarschuwing", "waarschuwingen"},
                                    {"warning", "warnings"}};
const struct sk_noun sk_days = {{"dag", "dagen"}, {"day", "days"}};

const char *sk_noun_word(const struct sk_noun *noun, bool dutch,
                         unsigned long long count)
{
    return (dutch ? noun->nl : noun->en)[count != 1];
}

bool sk_cli_json(void)
{
    return json_wanted;
}

void sk_cli_set_json(bool json)
{
    json_wanted = json;
}

/* -------------------------------------------------------------- errors */
static bool has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static const char *pick(const char *nl, const char *en)
{
    return nl == NULL || en == NULL ? "" : sk_cli_word(nl, en);
}

static void fail_as_json(const struct sk_problem *problem)
{
    json_t *error = json_object();
    json_t *all = json_object();

    json_object_set_new(error, "code", json_string(problem->code));
    json_object_set_new(error, "message",
                        json_string(pick(problem->nl, problem->en)));
    if (has_text(problem->where))
        json_object_set_new(error, "where", json_string(problem->where));
    if (has_text(problem->detail))
        json_object_set_new(error, "detail", json_string(problem->detail));
    if (has_text(problem->next_en))
        json_object_set_new(
            error, "next",
            json_string(pick(problem->next_nl, problem->next_en)));
    json_object_set_new(all, "ok", json_false());
    json_object_set_new(all, "error", error);
    sk_json_print(all);
    json_decref(all);
}

int sk_cli_fail(int code, const struct sk_problem *problem)
{
    if (json_wanted) {
        fail_as_json(problem);
        return code;
    }
    fprintf(stderr, "schakel: %s", pick(problem->nl, problem->en));
    if (has_text(problem->where))
        fprintf(stderr, ": %s", problem->where);
    if (has_text(problem->detail))
        fprintf(stderr, " (%s)", problem->detail);
    fputc('\n', stderr);
    if (has_text(problem->next_en))
        fprintf(stderr, "  -> %s\n", pick(problem->next_nl, problem->next_en));
    return code;
}

/* --------------------------------------------------------------- help */
static void print_option(FILE *out, const char *name, const char *value,
                         const char *text, const char *mark)
{
    char left[64];

    snprintf(left, sizeof(left), "--%s%s%s", name, value == NULL ? "" : " ",
             value == NULL ? "" : value);
    fprintf(out, "  %-26s %s%s\n", left, text, mark);
}

void sk_cli_help(FILE *out, const struct sk_command *command)
{
    bool nl = sk_cli_dutch();

    fprintf(out, "%s schakel %s", nl ? "Gebruik:" : "Usage:", command->name);
    for (const struct sk_option *o = command->options; o->name != NULL; o++)
        if (o->required)
            fprintf(out, " --%s %s%s", o->name, o->value, o->many ? "..." : "");
    fprintf(out, " [%s]%s%s\n\n", nl ? "opties" : "options",
            command->operands[0] == '\0' ? "" : " ", command->operands);
    fprintf(out, "%s.\n\n", sk_cli_word(command->nl, command->en));
    if (command->more_en != NULL)
        fprintf(out, "%s\n", sk_cli_word(command->more_nl, command->more_en));
    fputs(nl ? "Opties:\n" : "Options:\n", out);
    for (const struct sk_option *o = command->options; o->name != NULL; o++) {
        const char *mark = "";

        if (o->required)
            mark = nl ? " (verplicht)" : " (required)";
        else if (o->many)
            mark = nl ? " (mag meermaals)" : " (may be repeated)";
        print_option(out, o->name, o->value, sk_cli_word(o->nl, o->en), mark);
    }
    print_option(out, "json", NULL, nl ? "antwoord als JSON" : "answer as JSON",
                 "");
    print_option(out, "help", NULL, nl ? "deze hulp" : "this help", "");
    fputs(nl ? "\nAfsluitcodes: 0 gedaan, 1 nee (geweigerd of ongeldig), 2 "
               "verkeerd gebruik of\nonbruikbare invoer, 69 het knooppunt "
               "antwoordt niet, 73/74 bestand, 77 geen toegang.\n"
             : "\nExit codes: 0 done, 1 no (refused or not valid), 2 wrong use "
               "or unusable\ninput, 69 the node does not answer, 73/74 file, "
               "77 not allowed.\n",
          out);
}

/* ------------------------------------------------------------- options */
static int usage(const struct sk_command *command, const char *code,
                 const char *nl, const char *en, const char *where)
{
    char next_nl[128];
    char next_en[128];

    snprintf(next_nl, sizeof(next_nl), "zie: schakel %s --help", command->name);
    snprintf(next_en, sizeof(next_en), "see: schakel %s --help", command->name);
    return sk_cli_fail(SK_EXIT_USAGE, &(struct sk_problem){.code = code,
                                                           .nl = nl,
                                                           .en = en,
                                                           .where = where,
                                                           .next_nl = next_nl,
                                                           .next_en = next_en});
}

/* --json counts also when it stands behind the mistake. */
static bool asks_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

static size_t fill_options(const struct sk_command *command,
                           struct option *longs)
{
    size_t n = 0;

    for (; command->options[n].name != NULL; n++)
        longs[n] = (struct option){
            .name = command->options[n].name,
            .has_arg = command->options[n].value == NULL ? no_argument
                                                         : required_argument,
            .val = VALUE_OF_OPTION + (int)n,
        };
    assert(n < SK_OPTIONS_MAX);
    longs[n] = (struct option){.name = "json", .val = 'j'};
    longs[n + 1] = (struct option){.name = "help", .val = 'h'};
    longs[n + 2] = (struct option){0};
    return n;
}

static int check_needed(const struct sk_parsed *parsed)
{
    const struct sk_command *command = parsed->command;

    for (size_t i = 0; command->options[i].name != NULL; i++) {
        char option[80];

        if (!command->options[i].required || parsed->values[i].count > 0)
            continue;
        snprintf(option, sizeof(option), "--%s", command->options[i].name);
        return usage(command, "missing-option", "een optie ontbreekt",
                     "an option is missing", option);
    }
    if (parsed->operands_count < command->operands_min)
        return usage(command, "missing-operand", "er ontbreekt iets",
                     "something is missing", command->operands);
    if (parsed->operands_count > command->operands_max)
        return usage(command, "unknown-operand", "te veel op de regel",
                     "too much on the line",
                     parsed->operands[command->operands_max]);
    return -1;
}

static int take_value(struct sk_parsed *parsed, size_t i, const char *value)
{
    const struct sk_option *option = &parsed->command->options[i];
    struct sk_values *values = &parsed->values[i];

    if (values->count == (option->many ? SK_OPTION_VALUES_MAX : 1))
        return usage(parsed->command, "repeated-option",
                     "deze optie staat er te veel keren",
                     "this option is given too many times", option->name);
    values->list[values->count++] = value == NULL ? "" : value;
    return -1;
}

/* What no text is, JSON would leave out: then less would be asked than was
   typed.  Where: the option, or the place on the line. */
static int check_text(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i][0] == '-' ? argv[i] : argv[i - 1];
        char where[80];

        if (sk_utf8_is_valid(sk_text(argv[i])))
            continue;
        snprintf(where, sizeof(where), "%.*s", (int)strcspn(name, "="), name);
        if (name[0] != '-' || !sk_utf8_is_valid(sk_text(where)))
            snprintf(where, sizeof(where), "%d", i);
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "not-utf8",
                .nl = "dit is geen tekst in UTF-8",
                .en = "this is no text in UTF-8",
                .where = where,
                .next_nl = "zet de terminal op UTF-8 (LANG=nl_BE.UTF-8)",
                .next_en = "set the terminal to UTF-8 (LANG=en_US.UTF-8)"});
    }
    return -1;
}

int sk_cli_parse(const struct sk_command *command, int argc, char **argv,
                 struct sk_parsed *out)
{
    struct option longs[SK_OPTIONS_MAX + 2];
    size_t count = fill_options(command, longs);
    int code = -1;
    int c;

    memset(out, 0, sizeof(*out));
    out->command = command;
    json_wanted = json_wanted || asks_json(argc, argv);
    optind = 0; /* glibc: start again */
    opterr = 0;
    code = check_text(argc, argv);
    while (code < 0 && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        if (c == 'h') {
            sk_cli_help(stdout, command);
            return SK_EXIT_YES;
        }
        if (c == 'j')
            continue;
        if (c == ':')
            return usage(command, "missing-value", "hier hoort een waarde bij",
                         "this needs a value", argv[optind - 1]);
        if (c < VALUE_OF_OPTION || c >= VALUE_OF_OPTION + (int)count)
            return usage(command, "unknown-option", "onbekende optie",
                         "unknown option", argv[optind - 1]);
        code = take_value(out, (size_t)(c - VALUE_OF_OPTION), optarg);
    }
    if (code >= 0)
        return code;
    out->operands = argv + optind;
    out->operands_count = (size_t)(argc - optind);
    return check_needed(out);
}

const struct sk_values *sk_cli_all(const struct sk_parsed *parsed,
                                   const char *name)
{
    static const struct sk_values none;
    const struct sk_option *options = parsed->command->options;

    for (size_t i = 0; options[i].name != NULL; i++)
        if (strcmp(options[i].name, name) == 0)
            return &parsed->values[i];
    return &none;
}

const char *sk_cli_get(const struct sk_parsed *parsed, const char *name)
{
    const struct sk_values *values = sk_cli_all(parsed, name);

    return values->count == 0 ? NULL : values->list[0];
}

bool sk_cli_has(const struct sk_parsed *parsed, const char *name)
{
    return sk_cli_all(parsed, name)->count > 0;
}

const char *sk_cli_dir(const struct sk_parsed *parsed)
{
    const char *dir = sk_cli_get(parsed, "dir");

    if (dir == NULL)
        dir = getenv("SCHAKEL_DIR");
    return has_text(dir) ? dir : default_dir;
}

/* ------------------------------------------------------------ terminal */
static enum sk_status read_line(FILE *tty, char *out, size_t size_max)
{
    size_t size;

    if (fgets(out, (int)size_max, tty) == NULL)
        return SK_E_IO;
    size = strlen(out);
    if (size > 0 && out[size - 1] == '\n') {
        out[size - 1] = '\0';
        return SK_OK;
    }
    return size + 1 == size_max ? SK_E_TOO_LARGE : SK_OK;
}

enum sk_status sk_cli_ask(const char *question, char *out, size_t size_max)
{
    FILE *tty = fopen("/dev/tty", "r+e");
    struct termios before;
    struct termios silent;
    enum sk_status status = SK_E_NOT_FOUND;

    if (tty == NULL)
        return SK_E_NOT_FOUND;
    setvbuf(tty, NULL, _IONBF, 0); /* no copy of a passphrase in a buffer */
    if (tcgetattr(fileno(tty), &before) != 0)
        goto out;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(tty, "%s", question);
    if (tcsetattr(fileno(tty), TCSAFLUSH, &silent) != 0)
        goto out;
    status = read_line(tty, out, size_max);
    tcsetattr(fileno(tty), TCSAFLUSH, &before);
    fputc('\n', tty);
out:
    fclose(tty);
    return status;
}

int sk_cli_unknown(const char *group, const char *word)
{
    char next_nl[128];
    char next_en[128];

    snprintf(next_nl, sizeof(next_nl), "zie: schakel %s --help", group);
    snprintf(next_en, sizeof(next_en), "see: schakel %s --help", group);
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "unknown-command",
                                            .nl = "dit commando bestaat niet",
                                            .en = "there is no such command",
                                            .where = word,
                                            .next_nl = next_nl,
                                            .next_en = next_en});
}
