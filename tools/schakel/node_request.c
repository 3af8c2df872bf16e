#include "tools/schakel/node_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tools/schakel/json.h"
#include "tools/schakel/typed.h"

void sk_option_name(char *out, size_t size_max, const char *name)
{
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < size_max; i++)
        out[i] = name[i] == '_' || name[i] == '.' ? '-' : name[i];
    out[i] = '\0';
}

bool sk_arg_is_many(enum sk_arg_kind kind)
{
    return kind == SK_ARG_WORDS || kind == SK_ARG_DATES || kind == SK_ARG_MAP;
}

bool sk_arg_is_operand(const struct sk_arg *arg)
{
    return arg->required && !sk_arg_is_many(arg->kind) &&
           arg->kind != SK_ARG_BOOL;
}

/* One request under construction. */
void sk_request_free(struct sk_typed_request *r)
{
    json_decref(r->args);
    sk_cli_free_folder(&r->folder);
    free((void *)(uintptr_t)r->file.data);
}

int sk_request_bad(const char *option, const char *nl, const char *en)
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
    char name[SK_MADE_NAME_SIZE_MAX];

    if (equals == NULL || equals == pair ||
        (size_t)(equals - pair) >= sizeof(name))
        return sk_request_bad(option, "schrijf NAAM=WAARDE",
                              "write NAME=VALUE");
    memcpy(name, pair, (size_t)(equals - pair));
    name[equals - pair] = '\0';
    if (json_object_get(map, name) != NULL)
        return sk_request_bad(option, "een veld staat er twee keer",
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
int sk_request_pairs(json_t *map, const char *option,
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

static int set_file(struct sk_typed_request *r, const struct sk_arg *arg,
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

static int set_folder(struct sk_typed_request *r, const struct sk_arg *arg,
                      const char *path)
{
    enum sk_status status =
        sk_cli_read_folder(path, SK_CONTROL_SIZE_MAX - 65536, &r->folder);

    if (status == SK_OK && r->folder.count >= SK_REQUEST_BLOBS_MAX)
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

static int set_number(struct sk_typed_request *r, const struct sk_arg *arg,
                      const char *option, const char *text)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > INT64_MAX)
        return sk_request_bad(option, "geef een getal", "give a number");
    json_object_set_new(r->args, arg->name, json_integer((json_int_t)number));
    return -1;
}

/* All values of one argument into the request. */
static int set_argument(struct sk_typed_request *r, const struct sk_arg *arg,
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
        return sk_request_pairs(list, option, values);
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
int sk_request_fill(const struct sk_op *op, const struct sk_parsed *parsed,
                    struct sk_typed_request *r)
{
    size_t operand = 0;
    char option[SK_MADE_NAME_SIZE_MAX];

    r->args = json_object();
    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        const struct sk_arg *arg = &op->args[i];
        struct sk_values given = {0};
        int code;

        sk_option_name(option, sizeof(option), arg->name);
        if (sk_cli_has(parsed, option)) {
            given = *sk_cli_all(parsed, option);
        } else if (sk_arg_is_operand(arg) && operand < parsed->operands_count) {
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
