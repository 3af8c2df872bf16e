#include "protocol/control.h"

#include "protocol/form.h"
#include "protocol/utf8.h"

/* Defaults of a kind, where the table says 0 (docs/CONTROL.md 3). */
#define TEXT_SIZE_MAX 1000
#define WORDS_COUNT_MAX 64
#define DATES_COUNT_MAX 366
#define MAP_COUNT_MAX 64
#define MAP_TEXT_SIZE_MAX 8000
#define FILES_COUNT_MAX 1000
#define FILE_NAME_SIZE_MAX 200
#define WHY_SIZE_MAX 500

const struct sk_op *sk_op_find(struct sk_bytes name)
{
    for (size_t i = 0; i < sk_ops_count && name.size > 0; i++)
        if (sk_ops[i].name[0] == (char)name.data[0] && /* nearly never */
            sk_bytes_equal(sk_text(sk_ops[i].name), name))
            return &sk_ops[i];
    return NULL;
}

/* ----------------------------------------------------- kinds of arguments */

static uint32_t max_of(const struct sk_arg *arg, uint32_t otherwise)
{
    return arg->size_max != 0 ? arg->size_max : otherwise;
}

/* Nothing but spaces says nothing: no reason, no law, no question. */
static bool is_blank(struct sk_bytes text)
{
    size_t at = 0;

    while (at < text.size) {
        uint32_t c = sk_utf8_next(text, &at);

        if (c != ' ' && c != '\t' && c != '\n' && c != 0xa0 && c != 0x202f &&
            c != 0x205f && c != 0x3000 && (c < 0x2000 || c > 0x200a))
            return false;
    }
    return true;
}

static bool is_text(struct sk_value v, size_t size_max)
{
    return sk_value_kind(v) == SK_VALUE_STR && !is_blank(sk_value_str(v)) &&
           sk_text_is_legal(sk_value_str(v), size_max);
}

/* Every entry of an array of 1..count_max passes. */
static bool is_list(struct sk_value v, size_t count_max,
                    bool (*passes)(struct sk_bytes))
{
    struct sk_value_walk walk = sk_value_walk(v);
    size_t count = sk_value_count(v);

    if (sk_value_kind(v) != SK_VALUE_ARRAY || count == 0 || count > count_max)
        return false;
    while (sk_value_next(&walk))
        if (sk_value_kind(walk.value) != SK_VALUE_STR ||
            !passes(sk_value_str(walk.value)))
            return false;
    return true;
}

static bool is_texts(struct sk_value v)
{
    struct sk_value_walk walk = sk_value_walk(v);
    size_t count = sk_value_count(v);

    if (count == 0 || count > WORDS_COUNT_MAX)
        return false;
    while (sk_value_next(&walk))
        if (!is_text(walk.value, MAP_TEXT_SIZE_MAX))
            return false;
    return true;
}

static bool is_map(struct sk_value v, size_t count_max)
{
    struct sk_value_walk walk = sk_value_walk(v);

    if (sk_value_kind(v) != SK_VALUE_MAP || sk_value_count(v) > count_max)
        return false;
    while (sk_value_next(&walk)) {
        enum sk_value_kind kind = sk_value_kind(walk.value);

        if (!sk_word_is_legal(walk.key))
            return false;
        if (kind == SK_VALUE_BOOL || kind == SK_VALUE_UINT)
            continue;
        if (kind == SK_VALUE_ARRAY ? !is_texts(walk.value)
                                   : !is_text(walk.value, MAP_TEXT_SIZE_MAX))
            return false;
    }
    return true;
}

/* A path below a folder: letters, digits, '-', '_', '.', '/'; no part starts
   with a point, so there is no way up. */
static bool is_file_name(struct sk_bytes name)
{
    bool first = true;

    if (name.size == 0 || name.size > FILE_NAME_SIZE_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '_';

        if (first && !letter)
            return false;
        if (!letter && c != '-' && c != '.' && c != '/')
            return false;
        first = c == '/';
    }
    return !first;
}

static bool is_file(struct sk_value v, size_t size_max)
{
    return sk_value_kind(v) == SK_VALUE_BIN && sk_value_bin(v).size <= size_max;
}

static bool is_files(struct sk_value v, size_t count_max)
{
    struct sk_value_walk walk = sk_value_walk(v);

    if (sk_value_kind(v) != SK_VALUE_MAP || sk_value_count(v) == 0 ||
        sk_value_count(v) > count_max)
        return false;
    while (sk_value_next(&walk))
        if (!is_file_name(walk.key) || !is_file(walk.value, SK_YAML_SIZE_MAX))
            return false;
    return true;
}

static bool is_arg(const struct sk_arg *arg, struct sk_value v)
{
    enum sk_value_kind kind = sk_value_kind(v);
    struct sk_bytes text = sk_value_str(v);
    struct sk_id id;

    switch (arg->kind) {
    case SK_ARG_TEXT:
        return is_text(v, max_of(arg, TEXT_SIZE_MAX));
    case SK_ARG_WORD:
        return kind == SK_VALUE_STR && sk_word_is_legal(text);
    case SK_ARG_ID:
        return kind == SK_VALUE_STR && sk_id_parse(text, &id);
    case SK_ARG_DATE:
        return kind == SK_VALUE_STR && sk_date_is_legal(text);
    case SK_ARG_INSTANT:
        return kind == SK_VALUE_STR && sk_instant_is_legal(text);
    case SK_ARG_UINT:
        return kind == SK_VALUE_UINT;
    case SK_ARG_BOOL:
        return kind == SK_VALUE_BOOL;
    case SK_ARG_WORDS:
        return is_list(v, max_of(arg, WORDS_COUNT_MAX), sk_word_is_legal);
    case SK_ARG_DATES:
        return is_list(v, max_of(arg, DATES_COUNT_MAX), sk_date_is_legal);
    case SK_ARG_MAP:
        return is_map(v, max_of(arg, MAP_COUNT_MAX));
    case SK_ARG_FILE:
        return is_file(v, max_of(arg, SK_YAML_SIZE_MAX));
    case SK_ARG_FILES:
        return is_files(v, max_of(arg, FILES_COUNT_MAX));
    }
    return false;
}

/* -------------------------------------------------------------- requests */

static enum sk_status fault_of(struct sk_request_fault *fault, const char *code,
                               struct sk_bytes field)
{
    *fault = (struct sk_request_fault){code, field, 0};
    return SK_E_BAD_VALUE;
}

/* Say that a text deceives, when it does: whoever typed it cannot see it. */
static bool find_deceit(struct sk_bytes name, struct sk_value v,
                        struct sk_request_fault *fault)
{
    struct sk_value_walk walk = sk_value_walk(v);
    size_t place = sk_utf8_deceit_at(sk_value_str(v));

    if (place != 0) {
        *fault = (struct sk_request_fault){"hidden-character", name, place};
        return true;
    }
    while (sk_value_next(&walk))
        if (find_deceit(walk.map ? walk.key : name, walk.value, fault))
            return true;
    return false;
}

/* Position of the argument; SK_OP_ARGS_MAX: there is no such one. */
static size_t arg_find(const struct sk_op *op, struct sk_bytes name)
{
    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++)
        if (sk_bytes_equal(sk_text(op->args[i].name), name))
            return i;
    return SK_OP_ARGS_MAX;
}

static enum sk_status check_args(const struct sk_op *op, struct sk_value args,
                                 struct sk_request_fault *fault)
{
    struct sk_value_walk walk = sk_value_walk(args);
    bool given[SK_OP_ARGS_MAX + 1] = {false};

    while (sk_value_next(&walk)) {
        size_t at = arg_find(op, walk.key);

        given[at] = true;
        if (at == SK_OP_ARGS_MAX)
            return fault_of(fault, "unknown-argument", walk.key);
        if (!is_arg(&op->args[at], walk.value))
            return find_deceit(walk.key, walk.value, fault)
                       ? SK_E_BAD_VALUE
                       : fault_of(fault, "bad-argument", walk.key);
    }
    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++)
        if (op->args[i].required && !given[i])
            return fault_of(fault, "missing-argument",
                            sk_text(op->args[i].name));
    return SK_OK;
}

struct form {
    struct sk_value args;
    struct sk_value id;
    struct sk_value op;
    struct sk_value v;
    struct sk_value why;
};

static struct sk_value *member_of(struct form *form, struct sk_bytes key)
{
    if (sk_bytes_equal(key, sk_text("args")))
        return &form->args;
    if (sk_bytes_equal(key, sk_text("id")))
        return &form->id;
    if (sk_bytes_equal(key, sk_text("op")))
        return &form->op;
    if (sk_bytes_equal(key, sk_text("v")))
        return &form->v;
    return sk_bytes_equal(key, sk_text("why")) ? &form->why : NULL;
}

/* {args: map, id?: uuid, op: str, v: 1, why?: text} and nothing else; op is
   looked up by the caller. */
static bool read_form(struct sk_value request, struct sk_bytes *op,
                      struct sk_request *out)
{
    struct sk_value_walk walk = sk_value_walk(request);
    struct form form = {0};

    if (!walk.map)
        return false;
    while (sk_value_next(&walk)) {
        struct sk_value *member = member_of(&form, walk.key);

        if (member == NULL)
            return false;
        *member = walk.value;
    }
    out->args = form.args;
    out->why = sk_value_str(form.why);
    out->has_id = sk_value_kind(form.id) != SK_VALUE_NONE;
    *op = sk_value_str(form.op);
    return sk_value_kind(form.args) == SK_VALUE_MAP &&
           sk_value_kind(form.op) == SK_VALUE_STR &&
           sk_value_uint(form.v) == 1 &&
           (sk_value_kind(form.why) == SK_VALUE_NONE ||
            is_text(form.why, WHY_SIZE_MAX)) &&
           (!out->has_id || (sk_value_kind(form.id) == SK_VALUE_STR &&
                             sk_id_parse(sk_value_str(form.id), &out->id)));
}

enum sk_status sk_request_decode(struct sk_bytes in, struct sk_request *out,
                                 struct sk_request_fault *fault)
{
    static const struct sk_bytes none;
    struct sk_request found = {0};
    struct sk_value request = {0};
    struct sk_bytes op;
    enum sk_status status;

    if (in.size > SK_CONTROL_SIZE_MAX)
        return fault_of(fault, "bad-request", none);
    status = sk_value_check(in, &request);
    if (status != SK_OK) {
        (void)fault_of(fault, "bad-request", none); /* the scan knows better */
        return status;
    }
    if (!read_form(request, &op, &found)) {
        (void)fault_of(fault, "bad-request", none);
        if (sk_utf8_deceit_at(found.why) != 0)
            *fault =
                (struct sk_request_fault){"hidden-character", sk_text("why"),
                                          sk_utf8_deceit_at(found.why)};
        else if (found.why.data != NULL && is_blank(found.why))
            *fault = (struct sk_request_fault){"missing-argument",
                                               sk_text("why"), 0};
        return SK_E_BAD_VALUE;
    }
    found.op = sk_op_find(op);
    if (found.op == NULL)
        return fault_of(fault, "unknown-op", none);
    SK_TRY(check_args(found.op, found.args, fault));
    *out = found;
    return SK_OK;
}
