#include "tools/schakel/node_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

#define LINE_SIZE_MAX 65536

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
    sk_json_print_line(out);
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

int sk_node_stdin(struct sk_client *client)
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
