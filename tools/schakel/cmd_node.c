#include "tools/schakel/cmd_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/texts.h"
#include "tools/schakel/ask.h"
#include "tools/schakel/erasure_choice.h"
#include "tools/schakel/erasure_due.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"
#include "tools/schakel/staff.h"
#include "tools/schakel/typed.h"

#define NAME_SIZE_MAX 64
#define LINE_SIZE_MAX 65536
#define BLOBS_MAX 300

/* ------------------------------------------------------------- tables */
/* Texts of one command made from an operation. */
struct made {
    struct sk_command command;
    char name[NAME_SIZE_MAX];
    char operands[256];
    char options[SK_OP_ARGS_MAX][NAME_SIZE_MAX];
};

static void copy_dashed(char *out, size_t size_max, const char *name)
{
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < size_max; i++)
        out[i] = name[i] == '_' || name[i] == '.' ? '-' : name[i];
    out[i] = '\0';
}

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

static bool is_many(enum sk_arg_kind kind)
{
    return kind == SK_ARG_WORDS || kind == SK_ARG_DATES || kind == SK_ARG_MAP;
}

/* Required arguments may also be given without their option, in order. */
static bool is_operand(const struct sk_arg *arg)
{
    return arg->required && !is_many(arg->kind) && arg->kind != SK_ARG_BOOL;
}

static void add_option(struct sk_command *command, size_t *at,
                       struct sk_option option)
{
    assert(*at + 1 < SK_OPTIONS_MAX);
    command->options[(*at)++] = option;
}

/* I9: how to keep a value out of the list of processes. */
static void tell_typed(struct sk_command *command)
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
static void make_command(const struct sk_op *op, struct made *out)
{
    struct sk_command *c = &out->command;
    size_t at = 0;
    size_t used = 0;

    memset(out, 0, sizeof(*out));
    copy_dashed(out->name, sizeof(out->name), op->name);
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

        copy_dashed(out->options[i], sizeof(out->options[i]), arg->name);
        if (arg->kind == SK_ARG_TEXT || arg->kind == SK_ARG_MAP)
            tell_typed(c);
        add_option(c, &at,
                   (struct sk_option){out->options[i], value_word(arg->kind),
                                      false, is_many(arg->kind), arg->nl,
                                      arg->en});
        if (is_operand(arg)) {
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
    char name[NAME_SIZE_MAX];

    *words = 1;
    if (strcmp(argv[0], "status") == 0)
        return sk_op_find(sk_text("node.status"));
    if (argc < 2)
        return NULL;
    *words = 2;
    snprintf(name, sizeof(name), "%s.%s", argv[0], argv[1]);
    return sk_op_find(sk_text(name));
}

/* ------------------------------------------------------------- arguments */
/* One request under construction. */
struct request {
    json_t *args;
    struct sk_blob blobs[BLOBS_MAX];
    size_t blobs_count;
    struct sk_folder folder;
    struct sk_bytes file;
};

static void request_free(struct request *r)
{
    json_decref(r->args);
    sk_cli_free_folder(&r->folder);
    free((void *)(uintptr_t)r->file.data);
}

static int bad_value(const char *option, const char *nl, const char *en)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "bad-argument", .nl = nl, .en = en, .where = option});
}

static void split_words(json_t *list, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, ",");

        if (size > 0)
            json_array_append_new(list, json_stringn(text, size));
        text += size + (text[size] == ',');
    }
}

/* A number of the whole country shows on no screen. */
static bool is_silent(const char *name)
{
    return strcmp(name, "insz") == 0;
}

static void set_value(json_t *map, const char *name, const char *value)
{
    size_t size = strlen(value);

    if (size >= 2 && value[0] == '[' && value[size - 1] == ']') {
        char *inner = strndup(value + 1, size - 2);
        json_t *list = json_array();

        if (inner != NULL)
            split_words(list, inner);
        free(inner);
        json_object_set_new(map, name, list);
    } else {
        json_object_set_new(map, name, json_string(value));
    }
}

/* "name=value"; a value [a,b] is a list, - is typed. */
static int set_pair(json_t *map, const char *option, const char *pair)
{
    static char typed[SK_TYPED_SIZE_MAX];
    int code = -1;

    const char *equals = strchr(pair, '=');
    char name[NAME_SIZE_MAX];

    if (equals == NULL || equals == pair ||
        (size_t)(equals - pair) >= sizeof(name))
        return bad_value(option, "schrijf NAAM=WAARDE", "write NAME=VALUE");
    memcpy(name, pair, (size_t)(equals - pair));
    name[equals - pair] = '\0';
    if (json_object_get(map, name) != NULL)
        return bad_value(option, "een veld staat er twee keer",
                         "a field is given twice");
    if (!sk_typed_wanted(++equals)) {
        set_value(map, name, equals);
        return -1;
    }
    code = sk_typed_line(name, is_silent(name), typed);
    if (code < 0)
        set_value(map, name, typed);
    sodium_memzero(typed, sizeof(typed));
    return code;
}

/* Pairs; - stands for lines with one each. */
static int set_pairs(json_t *map, const char *option,
                     const struct sk_values *pairs)
{
    static char line[SK_TYPED_SIZE_MAX];
    int code = -1;

    for (size_t i = 0; code < 0 && i < pairs->count; i++) {
        if (!sk_typed_wanted(pairs->list[i])) {
            code = set_pair(map, option, pairs->list[i]);
            continue;
        }
        while (code < 0 && sk_typed_next("NAME=VALUE", line, &code))
            if (line[0] != '\0')
                code = set_pair(map, option, line);
    }
    sodium_memzero(line, sizeof(line));
    return code;
}

static int set_text(json_t *args, const struct sk_arg *arg, const char *value)
{
    static char typed[SK_TYPED_SIZE_MAX];
    int code = -1;

    if (!sk_typed_wanted(value)) {
        json_object_set_new(args, arg->name, json_string(value));
        return -1;
    }
    code = sk_typed_line(sk_cli_word(arg->nl, arg->en), is_silent(arg->name),
                         typed);
    if (code < 0)
        json_object_set_new(args, arg->name, json_string(typed));
    sodium_memzero(typed, sizeof(typed));
    return code;
}

static int set_file(struct request *r, const struct sk_arg *arg,
                    const char *path)
{
    enum sk_status status =
        sk_cli_read(path, SK_CONTROL_SIZE_MAX - 4096, &r->file);

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    r->blobs[r->blobs_count++] =
        (struct sk_blob){.argument = arg->name, .bytes = r->file};
    return -1;
}

static int set_folder(struct request *r, const struct sk_arg *arg,
                      const char *path)
{
    enum sk_status status =
        sk_cli_read_folder(path, SK_CONTROL_SIZE_MAX - 65536, &r->folder);

    if (status == SK_OK && r->folder.count >= BLOBS_MAX)
        status = SK_E_TOO_LARGE;
    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    for (size_t i = 0; i < r->folder.count; i++)
        r->blobs[r->blobs_count++] =
            (struct sk_blob){.argument = arg->name,
                             .name = r->folder.files[i].name,
                             .bytes = r->folder.files[i].bytes};
    return -1;
}

static int set_number(struct request *r, const struct sk_arg *arg,
                      const char *option, const char *text)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > INT64_MAX)
        return bad_value(option, "geef een getal", "give a number");
    json_object_set_new(r->args, arg->name, json_integer((json_int_t)number));
    return -1;
}

/* All values of one argument into the request. */
static int set_argument(struct request *r, const struct sk_arg *arg,
                        const char *option, const struct sk_values *values)
{
    json_t *list;

    switch (arg->kind) {
    case SK_ARG_BOOL:
        json_object_set_new(r->args, arg->name, json_true());
        return -1;
    case SK_ARG_UINT:
        return set_number(r, arg, option, values->list[0]);
    case SK_ARG_WORDS:
    case SK_ARG_DATES:
        list = json_array();
        for (size_t i = 0; i < values->count; i++)
            split_words(list, values->list[i]);
        json_object_set_new(r->args, arg->name, list);
        return -1;
    case SK_ARG_MAP:
        list = json_object();
        json_object_set_new(r->args, arg->name, list);
        return set_pairs(list, option, values);
    case SK_ARG_FILE:
        return set_file(r, arg, values->list[0]);
    case SK_ARG_FILES:
        return set_folder(r, arg, values->list[0]);
    case SK_ARG_TEXT:
        return set_text(r->args, arg, values->list[0]);
    case SK_ARG_WORD:
    case SK_ARG_ID:
    case SK_ARG_DATE:
    case SK_ARG_INSTANT:
        json_object_set_new(r->args, arg->name, json_string(values->list[0]));
        return -1;
    }
    return -1;
}

/* Options and operands into a request; -1 or an exit code. */
static int fill_request(const struct sk_op *op, const struct sk_parsed *parsed,
                        struct request *r)
{
    size_t operand = 0;
    char option[NAME_SIZE_MAX];

    r->args = json_object();
    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        const struct sk_arg *arg = &op->args[i];
        struct sk_values given = {0};
        int code;

        copy_dashed(option, sizeof(option), arg->name);
        if (sk_cli_has(parsed, option)) {
            given = *sk_cli_all(parsed, option);
        } else if (is_operand(arg) && operand < parsed->operands_count) {
            given.list[0] = parsed->operands[operand++];
            given.count = 1;
        } else if (arg->required) {
            return sk_cli_fail(
                SK_EXIT_USAGE,
                &(struct sk_problem){.code = "missing-argument",
                                     .nl = "er ontbreekt een gegeven",
                                     .en = "an argument is missing",
                                     .where = option,
                                     .detail = sk_cli_word(arg->nl, arg->en),
                                     .next_nl = "zie --help",
                                     .next_en = "see --help"});
        } else {
            continue;
        }
        code = set_argument(r, arg, option, &given);
        if (code >= 0)
            return code;
    }
    return -1;
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
static int ask(struct sk_client *client, const char *op,
               const struct request *r, json_t **reply)
{
    return sk_ask(client, op, r->args, r->blobs, r->blobs_count, reply);
}

int sk_node_ask(struct sk_client *client, const char *op, json_t *args,
                const struct sk_blob *blobs, size_t blobs_count,
                json_t **result)
{
    struct request r = {.args = args, .blobs_count = blobs_count};
    json_t *reply = NULL;
    int code;

    assert(blobs_count <= BLOBS_MAX);

    if (blobs_count > 0)
        memcpy(r.blobs, blobs, blobs_count * sizeof(*blobs));
    code = ask(client, op, &r, &reply);

    request_free(&r);
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

static int show(struct sk_client *client, const char *op, json_t *reply)
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

/* ------------------------------------------------------------- NDJSON */
static void tell_line(size_t line, const json_t *reply, const char *problem)
{
    json_t *out = json_pack("{s:I}", "line", (json_int_t)line);
    /* The parser cuts what it quotes, maybe in the middle of a character. */
    json_t *detail = problem == NULL ? NULL : json_string(problem);

    if (problem != NULL)
        json_object_set_new(
            out, "error",
            json_pack("{s:s, s:o*}", "code", "bad-line", "detail", detail));
    else
        json_object_update_missing(out, (json_t *)(uintptr_t)reply);
    json_dumpf(out, stdout, JSON_SORT_KEYS | JSON_COMPACT);
    putchar('\n');
    json_decref(out);
}

/* Numbers and booleans of a field become text, as the node wants them. */
static json_t *as_text(const json_t *value)
{
    char room[64];
    json_t *list;

    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "true" : "false");
    if (json_is_number(value)) {
        sk_render_value(value, room, sizeof(room));
        return json_string(room);
    }
    if (!json_is_array(value))
        return json_incref((json_t *)(uintptr_t)value);
    list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
        json_array_append_new(list, as_text(json_array_get(value, i)));
    return list;
}

static void fields_as_text(json_t *args)
{
    json_t *fields = json_object_get(args, "fields");
    json_t *texts = json_object();

    if (!json_is_object(fields)) {
        json_decref(texts);
        return;
    }
    for (void *it = json_object_iter(fields); it != NULL;
         it = json_object_iter_next(fields, it))
        json_object_set_new(texts, json_object_iter_key(it),
                            as_text(json_object_iter_value(it)));
    json_object_set_new(args, "fields", texts);
}

/* One line; true when the event was recorded. */
static bool record_line(struct sk_client *client, size_t number,
                        const char *line, size_t size, enum sk_status *status)
{
    json_t *args = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *reply = NULL;
    bool good = false;

    if (args == NULL || !json_is_object(args)) {
        /* I9: the library's own words would quote the line. */
        tell_line(number, NULL, args == NULL ? "not JSON" : "not an object");
        json_decref(args);
        return false;
    }
    fields_as_text(args);
    *status = sk_client_call(client, "event.record", args, NULL, 0, &reply);
    if (*status == SK_E_BAD_VALUE || *status == SK_E_TOO_LARGE) {
        tell_line(number, NULL, sk_status_text(*status));
        *status = SK_OK;
    } else if (*status == SK_OK) {
        tell_line(number, reply, NULL);
        good = json_is_true(json_object_get(reply, "ok"));
        json_decref(reply);
    }
    json_decref(args);
    return good;
}

/* Up to LINE_SIZE_MAX bytes of the next line, any bytes; size: of all of it.
   False at the end of the input. */
static bool read_line(char *line, size_t *size)
{
    int c = getchar();

    *size = 0;
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = getchar()) {
        if (*size < LINE_SIZE_MAX)
            line[*size] = (char)c;
        (*size)++;
    }
    return true;
}

static int record_stdin(struct sk_client *client)
{
    char *line = malloc(LINE_SIZE_MAX);
    enum sk_status status = SK_OK;
    size_t number = 0;
    size_t refused = 0;
    size_t size;

    if (line == NULL)
        return sk_cli_fail_file(SK_E_MEMORY, "-");
    while (status == SK_OK && read_line(line, &size)) {
        number++;
        if (size > LINE_SIZE_MAX) {
            tell_line(number, NULL, "line too long");
            refused++;
        } else if (size > 0) {
            refused += !record_line(client, number, line, size, &status);
        }
    }
    free(line);
    if (status != SK_OK)
        return sk_ask_failed(client, "event.record", status, number);
    fprintf(stderr, "%s: %zu; %s: %zu\n", sk_cli_word("regels", "lines"),
            number, sk_cli_word("geweigerd", "refused"), refused);
    return refused == 0 ? SK_EXIT_YES : SK_EXIT_NO;
}

/* ------------------------------------------------------------- handovers
 * A coach's step is an event about the handover, and the offer to share it.
 */
struct step {
    const char *verb;
    const char *type;
    const char *answer; /* value of the field `answer`, or NULL */
    const char *nl;
    const char *en;
};

static const struct step steps[] = {
    {"accept", "handover.answered", "accepted", "aanvaard een overdracht",
     "accept a handover"},
    {"decline", "handover.answered", "declined", "aanvaard een overdracht niet",
     "decline a handover"},
    {"ask", "handover.answered", "need_info", "vraag om uitleg",
     "ask for more information"},
    {"wait", "handover.answered", "waiting", "zet op de wachtlijst",
     "put on the waiting list"},
    {"complete", "handover.completed", NULL, "neem de begeleiding over",
     "take over the guidance"},
    {"return", "handover.returned", NULL, "geef de begeleiding terug",
     "return the guidance"},
};

static const struct sk_option step_options[] = {
    {"dir", "DIR", false, false, "de map van het knooppunt (of SCHAKEL_DIR)",
     "the node's folder (or SCHAKEL_DIR)"},
    {"for", "PURPOSE", false, false,
     "deel de gegevens ook, voor dit doel (anders alleen de stap zelf)",
     "share the fields too, for this purpose (else only the step itself)"},
    {"fields", "NAME=VALUE|[A,B]", false, true, "gegevens", "fields"},
    SK_BREAK_GLASS,
};

static void make_step(const struct step *step, struct made *out)
{
    memset(out, 0, sizeof(*out));
    snprintf(out->name, sizeof(out->name), "handover %s", step->verb);
    out->command.name = out->name;
    out->command.operands = "HANDOVER";
    out->command.operands_min = 1;
    out->command.operands_max = 1;
    out->command.nl = step->nl;
    out->command.en = step->en;
    memcpy(out->command.options, step_options, sizeof(step_options));
    tell_typed(&out->command);
}

static void make_request(struct made *out)
{
    static const struct sk_option to = {"to",  "ORG",        true,
                                        false, "de partner", "the partner"};

    memset(out, 0, sizeof(*out));
    out->command.name = "handover request";
    out->command.operands = "PARTICIPANT";
    out->command.operands_min = 1;
    out->command.operands_max = 1;
    out->command.nl = "vraag een partner om de begeleiding over te nemen";
    out->command.en = "ask a partner to take over the guidance";
    memcpy(out->command.options, step_options, sizeof(step_options));
    tell_typed(&out->command);
    out->command.options[SK_COUNT(step_options)] = to;
}

/* What did not leave, and how it can. */
static void tell_kept(const char *kept, const char *event, const char *to)
{
    if (kept != NULL && !sk_cli_json())
        printf("\n%s\n  schakel disclosure preview %s --to %s --for %s\n", kept,
               event, to, sk_cli_word("DOEL", "PURPOSE"));
}

/* Record the event in `args`, then offer it when a purpose was named; else
   say `kept`, or nothing when it is NULL. */
static int record_and_send(struct sk_client *client, struct request *record,
                           const char *to, const char *purpose,
                           const char *kept)
{
    struct request send = {0};
    json_t *reply = NULL;
    int code = ask(client, "event.record", record, &reply);

    if (code >= 0)
        return code;
    if (purpose == NULL) {
        json_incref(reply);
        code = show(client, "event.record", reply);
        tell_kept(kept, sk_json_text(json_object_get(reply, "result"), "event"),
                  to);
        json_decref(reply);
        return code;
    }
    send.args =
        json_pack("{s:s, s:s, s:s}", "event",
                  sk_json_text(json_object_get(reply, "result"), "event"),
                  "for", purpose, "to", to);
    json_decref(reply);
    reply = NULL;
    code = ask(client, "disclosure.send", &send, &reply);
    request_free(&send);
    return code >= 0 ? code : show(client, "disclosure.send", reply);
}

static int fields_of(const struct sk_parsed *parsed, json_t *fields)
{
    return set_pairs(fields, "fields", sk_cli_all(parsed, "fields"));
}

/* A step is about somebody: say first whom the request is about. */
static int refuse_nobody(const json_t *view)
{
    static char next[128];

    snprintf(next, sizeof(next), "schakel inbox assign %s %s",
             sk_json_text(view, "request"),
             sk_cli_word("DEELNEMER", "PARTICIPANT"));
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){.code = "not-assigned",
                             .nl = sk_code_text("not-assigned", true),
                             .en = sk_code_text("not-assigned", false),
                             .next_nl = next,
                             .next_en = next});
}

static int run_step(const struct step *step, int argc, char **argv)
{
    static struct made made;
    struct request show_it = {0};
    struct request record = {0};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *view = NULL;
    json_t *fields = json_object();
    int code;

    make_step(step, &made);
    code = sk_cli_parse(&made.command, argc, argv, &parsed);
    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = fields_of(&parsed, fields);
    if (code < 0) {
        show_it.args = json_pack("{s:s}", "handover", parsed.operands[0]);
        code = ask(client, "handover.show", &show_it, &view);
    }
    if (code < 0 &&
        sk_json_text(json_object_get(view, "result"), "participant")[0] == '\0')
        code = refuse_nobody(json_object_get(view, "result"));
    if (code < 0) {
        const json_t *result = json_object_get(view, "result");
        bool typed = json_object_size(fields) != 0;

        if (step->answer != NULL)
            json_object_set_new(fields, "answer", json_string(step->answer));
        record.args =
            json_pack("{s:s, s:s, s:s, s:O}", "about", parsed.operands[0],
                      "participant", sk_json_text(result, "participant"),
                      "type", step->type, "fields", fields);
        code = record_and_send(
            client, &record, sk_json_text(result, "partner"),
            sk_cli_get(&parsed, "for"),
            typed ? sk_cli_word("Enkel de stap zelf vertrok; de gegevens erbij "
                                "blijven hier.  Delen kan, met akkoord:",
                                "Only the step itself left; its fields stay "
                                "here.  To share them, with consent:")
                  : NULL);
    }
    json_decref(fields);
    json_decref(view);
    request_free(&show_it);
    request_free(&record);
    sk_client_close(&client);
    return code;
}

static int run_request(int argc, char **argv)
{
    static struct made made;
    struct request record = {0};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *fields = json_object();
    int code;

    make_request(&made);
    code = sk_cli_parse(&made.command, argc, argv, &parsed);
    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = fields_of(&parsed, fields);
    if (code < 0) {
        record.args =
            json_pack("{s:s, s:s, s:O}", "participant", parsed.operands[0],
                      "type", "handover.requested", "fields", fields);
        code = record_and_send(
            client, &record, sk_cli_get(&parsed, "to"),
            sk_cli_get(&parsed, "for"),
            sk_cli_word("Er vertrok nog niets.  Lees het samen na, en verstuur "
                        "het dan:",
                        "Nothing left yet.  Read it together, and send it "
                        "then:"));
    }
    json_decref(fields);
    request_free(&record);
    sk_client_close(&client);
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
    static struct made made;

    for (size_t k = 0; k < sk_ops_count; k++) {
        if (is_for_programs(&sk_ops[k]) || i-- > 0)
            continue;
        make_command(&sk_ops[k], &made);
        return &made.command;
    }
    if (i < SK_COUNT(steps)) {
        make_step(&steps[i], &made);
        return &made.command;
    }
    if (i > SK_COUNT(steps))
        return NULL;
    make_request(&made);
    return &made.command;
}

/* Zero when none is given; -1 or an exit code. */
static int read_request_id(const struct sk_parsed *parsed, struct sk_id *out)
{
    const char *text = sk_cli_get(parsed, "request-id");

    *out = (struct sk_id){0};
    if (text == NULL)
        return -1;
    if (sk_cli_has(parsed, "stdin"))
        return bad_value("--request-id",
                         "past niet bij --stdin: elke regel is een vraag",
                         "does not go with --stdin: each line is a request");
    if (!sk_id_parse(sk_text(text), out) || sk_id_is_zero(out))
        return bad_value("--request-id", "geef een UUID in kleine letters",
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
        return bad_value("--lang", "kies nl of en", "choose nl or en");
    sk_cli_set_language(lang[0] == 'n' ? SK_LANGUAGE_DUTCH
                                       : SK_LANGUAGE_ENGLISH);
    return -1;
}

static int run_op(const struct sk_op *op, int argc, char **argv)
{
    static struct made made;
    struct sk_id id;
    struct request r = {0};
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
        return bad_value(parsed.operands[0],
                         "bij --stdin staat alles in de regels",
                         "with --stdin everything is in the lines");
    if (sk_cli_has(&parsed, "stdin")) {
        code = sk_node_open(&parsed, &client);
        if (code < 0)
            code = record_stdin(client);
    } else {
        code = fill_request(op, &parsed, &r);
        if (code < 0)
            code = sk_staff_resolve(r.args);
        if (code < 0)
            code = sk_node_open(&parsed, &client);
        if (code < 0 && !sk_id_is_zero(&id))
            sk_client_use_id(client, &id);
        else if (code < 0)
            code = sk_erasure_choose(client, op->name, r.args);
        if (code < 0)
            code = ask(client, op->name, &r, &reply);
        if (code < 0)
            code = show(client, op->name, reply);
    }
    request_free(&r);
    sk_client_close(&client);
    return code;
}

int sk_cmd_node(int argc, char **argv)
{
    const struct sk_op *op;
    int words;

    if (argc >= 2 && strcmp(argv[0], "handover") == 0) {
        for (size_t i = 0; i < SK_COUNT(steps); i++)
            if (strcmp(argv[1], steps[i].verb) == 0)
                return run_step(&steps[i], argc - 1, argv + 1);
        if (strcmp(argv[1], "request") == 0)
            return run_request(argc - 1, argv + 1);
    }
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
