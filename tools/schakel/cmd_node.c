#include "tools/schakel/cmd_node.h"

#include <stdio.h>
#include <string.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/erasure_choice.h"
#include "tools/schakel/erasure_due.h"
#include "tools/schakel/json.h"
#include "tools/schakel/node_request.h"
#include "tools/schakel/render.h"
#include "tools/schakel/staff.h"

/* ------------------------------------------------------------- tables */
static const char *value_word(enum sk_arg_kind kind)
{
    switch (kind) {
    case SK_ARG_BOOL:
        return NULL;
    case SK_ARG_DATE:
        return "DATE";
    case SK_ARG_INSTANT:
        return "INSTANT";
    case SK_ARG_UINT:
        return "N";
    case SK_ARG_WORDS:
        return "WORD,...";
    case SK_ARG_DATES:
        return "DATE,...";
    case SK_ARG_MAP:
        return "NAME=VALUE|[A,B]";
    case SK_ARG_FILE:
        return "FILE";
    case SK_ARG_FILES:
        return "FOLDER";
    case SK_ARG_ID:
        return "ID";
    case SK_ARG_TEXT:
    case SK_ARG_WORD:
        return "TEXT";
    }
    return NULL;
}

static void add_option(struct sk_command *command, size_t *at,
                       struct sk_option option)
{
    assert(*at + 1 < SK_OPTIONS_MAX);
    command->options[(*at)++] = option;
}

void sk_made_typed(struct sk_command *command)
{
    command->more_nl =
        "Zet - waar een tekst hoort, en hij wordt gevraagd, of is de volgende "
        "regel van\nstandaardinvoer; ook NAAM=-, en - voor regels NAAM=WAARDE."
        "  Zo staat hij niet in\nde lijst van processen en niet in de "
        "geschiedenis van de shell.\n";
    command->more_en =
        "Put - in the place of a text, and it is asked for, or is the next "
        "line of\nstandard input; also NAME=-, and - for lines NAME=VALUE.  "
        "Then it is not in the\nlist of processes or the history of the "
        "shell.\n";
}

/* Beside `schakel policy matrix` and the like, which have --lang. */
static bool is_of_policy(const struct sk_op *op)
{
    return strncmp(op->name, "policy.", strlen("policy.")) == 0;
}

/* The command of an operation: "event.record" becomes "event record". */
static void make_command(const struct sk_op *op, struct sk_made *out)
{
    struct sk_command *c = &out->command;
    size_t at = 0;
    size_t used = 0;

    memset(out, 0, sizeof(*out));
    sk_option_name(out->name, sizeof(out->name), op->name);
    if (strchr(out->name, '-') != NULL)
        *strchr(out->name, '-') = ' ';
    c->name = out->name;
    c->nl = op->nl;
    c->en = op->en;
    add_option(c, &at,
               (struct sk_option){"dir", "DIR", false, false,
                                  "de map van het knooppunt (of SCHAKEL_DIR)",
                                  "the node's folder (or SCHAKEL_DIR)"});
    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        const struct sk_arg *arg = &op->args[i];

        sk_option_name(out->options[i], sizeof(out->options[i]), arg->name);
        if (arg->kind == SK_ARG_TEXT || arg->kind == SK_ARG_MAP)
            sk_made_typed(c);
        add_option(c, &at,
                   (struct sk_option){out->options[i], value_word(arg->kind),
                                      false, sk_arg_is_many(arg->kind), arg->nl,
                                      arg->en});
        if (sk_arg_is_operand(arg)) {
            used += (size_t)snprintf(out->operands + used,
                                     sizeof(out->operands) - used, "%s[%s]",
                                     used > 0 ? " " : "", out->options[i]);
            c->operands_max++;
        }
    }
    if (strcmp(op->name, "event.record") == 0)
        add_option(c, &at,
                   (struct sk_option){
                       "stdin", NULL, false, false,
                       "lees gebeurtenissen van standaardinvoer, een "
                       "JSON-object per regel",
                       "read events from standard input, one JSON object a "
                       "line"});
    if (op->need == SK_NEED_CASE || op->need == SK_NEED_REGISTER ||
        op->need == SK_NEED_ERASE)
        add_option(c, &at, (struct sk_option)SK_BREAK_GLASS);
    if (is_of_policy(op))
        add_option(c, &at,
                   (struct sk_option){"lang", "nl|en", false, false, "taal",
                                      "language"});
    if (sk_ask_changes(op->name))
        add_option(c, &at,
                   (struct sk_option){
                       "request-id", "UUID", false, false,
                       "kenmerk van deze vraag: met hetzelfde kenmerk wordt "
                       "ze maar een keer uitgevoerd",
                       "id of this request: with the same id it is done only "
                       "once"});
    c->operands = out->operands;
}

/* "status" is short for "node status". */
static const struct sk_op *find_op(int argc, char **argv, int *words)
{
    char name[SK_MADE_NAME_SIZE_MAX];

    *words = 1;
    if (strcmp(argv[0], "status") == 0)
        return sk_op_find(sk_text("node.status"));
    if (argc < 2)
        return NULL;
    *words = 2;
    snprintf(name, sizeof(name), "%s.%s", argv[0], argv[1]);
    return sk_op_find(sk_text(name));
}

/* ------------------------------------------------------------- asking */
int sk_node_open(const struct sk_parsed *parsed, struct sk_client **out)
{
    int code = sk_ask_open(sk_cli_dir(parsed), out);

    if (code < 0)
        sk_client_use_why(*out, sk_cli_get(parsed, "break-glass"));
    return code;
}

/* Ask; -1 with a reply that is ok, or an exit code. */
int sk_request_ask(struct sk_client *client, const char *op,
                   const struct sk_typed_request *r, json_t **reply)
{
    return sk_ask(client, op, r->args, r->blobs, r->blobs_count, reply);
}

int sk_node_ask(struct sk_client *client, const char *op, json_t *args,
                const struct sk_blob *blobs, size_t blobs_count,
                json_t **result)
{
    struct sk_typed_request r = {.args = args, .blobs_count = blobs_count};
    json_t *reply = NULL;
    int code;

    assert(blobs_count <= SK_REQUEST_BLOBS_MAX);

    if (blobs_count > 0)
        memcpy(r.blobs, blobs, blobs_count * sizeof(*blobs));
    code = sk_request_ask(client, op, &r, &reply);

    sk_request_free(&r);
    if (code >= 0)
        return code;
    *result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return -1;
}

int sk_node_ask_pages(struct sk_client *client, const char *op, json_t *args,
                      const char *key, json_t **result)
{
    json_t *reply = NULL;
    int code = sk_ask_pages(client, op, args, key, &reply);

    json_decref(args);
    if (code >= 0)
        return code;
    *result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return -1;
}

/* Operations whose results hold words of the federation. */
static bool has_words(const char *op)
{
    static const char *const about[] = {
        "participant.", "relation.",   "event.",    "draft.",
        "consent.",     "disclosure.", "message.",  "inbox.",
        "handover.",    "erasure.",    "objection."};

    for (size_t i = 0; i < SK_COUNT(about); i++)
        if (strncmp(op, about[i], strlen(about[i])) == 0)
            return true;
    return false;
}

/* Above the rest of the status: what a partner waits for too long. */
static void tell_late(struct sk_client *client, const json_t *status,
                      bool dutch)
{
    const json_t *open = json_object_get(status, "notices_open");
    json_t *erasures;
    int code;

    if (json_integer_value(open) == 0)
        return;
    erasures = sk_erasures_ask(client, &code);
    if (sk_erasures_print(erasures, sk_json_text(status, "now"),
                          /* late_only */ true, NULL, dutch) > 0)
        putchar('\n');
    json_decref(erasures);
}

/* And which files were opened in an emergency: for privacy officers. */
static void tell_glass(struct sk_client *client, const json_t *status,
                       bool dutch)
{
    json_t *looks = sk_staff_glass_ask(client, status);

    if (sk_staff_glass_print(looks, dutch) > 0)
        putchar('\n');
    json_decref(looks);
}

static void render(struct sk_client *client, const char *op,
                   const json_t *result)
{
    struct sk_screen screen = {.out = stdout, .dutch = sk_cli_dutch()};

    if (has_words(op))
        screen.glossary = sk_glossary_ask(client, screen.dutch);
    if (strcmp(op, "node.status") == 0) {
        tell_glass(client, result, screen.dutch);
        tell_late(client, result, screen.dutch);
    }
    sk_render(&screen, op, result);
    sk_glossary_close(&screen.glossary);
}

int sk_request_show(struct sk_client *client, const char *op, json_t *reply)
{
    const json_t *result = json_object_get(reply, "result");
    const char *decision = sk_json_text(result, "decision");
    int code = SK_EXIT_YES;

    if (sk_cli_json())
        sk_json_print(reply);
    else
        render(client, op, result);
    if (decision[0] != '\0' && strcmp(decision, "permit") != 0)
        code = SK_EXIT_NO;
    json_decref(reply);
    return code;
}

/* ------------------------------------------------------------- commands */
/* Pieces are nothing for people: `schakel backup` and `schakel journal` ask
   for them. */
static bool is_for_programs(const struct sk_op *op)
{
    return strncmp(op->name, "backup.", strlen("backup.")) == 0 ||
           strcmp(op->name, "journal.head") == 0 ||
           strcmp(op->name, "journal.read") == 0;
}

const struct sk_command *sk_node_command_at(size_t i)
{
    static struct sk_made made;

    for (size_t k = 0; k < sk_ops_count; k++) {
        if (is_for_programs(&sk_ops[k]) || i-- > 0)
            continue;
        make_command(&sk_ops[k], &made);
        return &made.command;
    }
    return sk_step_command(i, &made) ? &made.command : NULL;
}

/* Zero when none is given; -1 or an exit code. */
static int read_request_id(const struct sk_parsed *parsed, struct sk_id *out)
{
    const char *text = sk_cli_get(parsed, "request-id");

    *out = (struct sk_id){0};
    if (text == NULL)
        return -1;
    if (sk_cli_has(parsed, "stdin"))
        return sk_request_bad(
            "--request-id", "past niet bij --stdin: elke regel is een vraag",
            "does not go with --stdin: each line is a request");
    if (!sk_id_parse(sk_text(text), out) || sk_id_is_zero(out))
        return sk_request_bad("--request-id", "geef een UUID in kleine letters",
                              "give a UUID in lower case");
    return -1;
}

/* --lang, where there is one; -1 or an exit code. */
static int take_language(const struct sk_parsed *parsed)
{
    const char *lang = sk_cli_get(parsed, "lang");

    if (lang == NULL)
        return -1;
    if (strcmp(lang, "nl") != 0 && strcmp(lang, "en") != 0)
        return sk_request_bad("--lang", "kies nl of en", "choose nl or en");
    sk_cli_set_language(lang[0] == 'n' ? SK_LANGUAGE_DUTCH
                                       : SK_LANGUAGE_ENGLISH);
    return -1;
}

static int run_op(const struct sk_op *op, int argc, char **argv)
{
    static struct sk_made made;
    struct sk_id id;
    struct sk_typed_request r = {0};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *reply = NULL;
    int code;

    make_command(op, &made);
    code = sk_cli_parse(&made.command, argc, argv, &parsed);
    if (code < 0)
        code = take_language(&parsed);
    if (code < 0)
        code = read_request_id(&parsed, &id);
    if (code >= 0)
        return code;
    if (sk_cli_has(&parsed, "stdin") && parsed.operands_count > 0)
        return sk_request_bad(parsed.operands[0],
                              "bij --stdin staat alles in de regels",
                              "with --stdin everything is in the lines");
    if (sk_cli_has(&parsed, "stdin")) {
        code = sk_node_open(&parsed, &client);
        if (code < 0)
            code = sk_node_stdin(client);
    } else {
        code = sk_request_fill(op, &parsed, &r);
        if (code < 0)
            code = sk_staff_resolve(r.args);
        if (code < 0)
            code = sk_node_open(&parsed, &client);
        if (code < 0 && !sk_id_is_zero(&id))
            sk_client_use_id(client, &id);
        else if (code < 0)
            code = sk_erasure_choose(client, op->name, r.args);
        if (code < 0)
            code = sk_request_ask(client, op->name, &r, &reply);
        if (code < 0)
            code = sk_request_show(client, op->name, reply);
    }
    sk_request_free(&r);
    sk_client_close(&client);
    return code;
}

int sk_cmd_node(int argc, char **argv)
{
    const struct sk_op *op;
    int words;
    int code;

    if (strcmp(argv[0], "handover") == 0 && sk_step_run(argc, argv, &code))
        return code;
    op = find_op(argc, argv, &words);
    if (op == NULL)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "unknown-command",
                                 .nl = "dit commando bestaat niet",
                                 .en = "there is no such command",
                                 .where = argc > 1 ? argv[1] : argv[0],
                                 .next_nl = "zie: schakel --help",
                                 .next_en = "see: schakel --help"});
    return run_op(op, argc - words + 1, argv + words - 1);
}
