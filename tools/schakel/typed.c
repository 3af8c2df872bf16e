#include "tools/schakel/typed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/head.h"
#include "tools/schakel/cli.h"

/* schakel OBJECT VERB */
#define WORDS_MAX 2

bool sk_typed_wanted(const char *value)
{
    return strcmp(value, "-") == 0;
}

static int fail(const char *what, const char *nl, const char *en)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "bad-argument", .nl = nl, .en = en, .where = what});
}

static int too_long(const char *what)
{
    return fail(what, "de regel is te lang", "the line is too long");
}

/* -1, an exit code, or *end: there was no line. */
static int read_stdin(const char *what, char out[SK_TYPED_SIZE_MAX], bool *end)
{
    size_t size = 0;
    int c = getchar();

    *end = c == EOF;
    for (; c != EOF && c != '\n'; c = getchar()) {
        if (size + 1 == SK_TYPED_SIZE_MAX)
            return too_long(what);
        if (c == '\0')
            return fail(what, "dit is geen tekst", "this is not text");
        out[size++] = (char)c;
    }
    if (size > 0 && out[size - 1] == '\r')
        size--;
    out[size] = '\0';
    if (!sk_utf8_is_valid(sk_text(out)))
        return fail(what, "dit is geen tekst in UTF-8",
                    "this is no text in UTF-8");
    return -1;
}

static int ask(const char *what, char out[SK_TYPED_SIZE_MAX])
{
    char question[300];
    enum sk_status status;

    snprintf(question, sizeof(question), "%s: ", what);
    status = sk_cli_ask(question, out, SK_TYPED_SIZE_MAX);
    if (status == SK_E_TOO_LARGE)
        return too_long(what);
    if (status != SK_OK)
        return fail(what, "er is niets getypt", "nothing was typed");
    if (!sk_utf8_is_valid(sk_text(out)))
        return fail(what, "dit is geen tekst in UTF-8",
                    "this is no text in UTF-8");
    return -1;
}

int sk_typed_line(const char *what, bool silent, char out[SK_TYPED_SIZE_MAX])
{
    bool end = false;
    int code;

    if (silent && isatty(STDIN_FILENO))
        return ask(what, out);
    if (isatty(STDIN_FILENO))
        fprintf(stderr, "%s: ", what);
    code = read_stdin(what, out, &end);
    if (code < 0 && end)
        return fail(what, "standaardinvoer heeft er geen regel voor",
                    "standard input has no line for it");
    return code;
}

bool sk_typed_next(const char *what, char out[SK_TYPED_SIZE_MAX], int *code)
{
    bool end = false;

    if (isatty(STDIN_FILENO))
        fprintf(stderr, "%s: ", what);
    *code = read_stdin(what, out, &end);
    if (*code >= 0 || end)
        return false;
    return out[0] != '\0' || !isatty(STDIN_FILENO);
}

/* Nothing of what is no word of ours; "--name=value" keeps its name. */
static void wipe_argument(char *argument, bool is_word)
{
    size_t size = strlen(argument);
    size_t keep = 0;

    if (is_word)
        return;
    if (strncmp(argument, "--", 2) == 0)
        keep = strcspn(argument, "=");
    explicit_bzero(argument + keep, size - keep);
}

char **sk_typed_hide(int argc, char **argv)
{
    static char **copy; /* until the process ends */
    bool words = true;

    copy = calloc((size_t)argc + 1, sizeof(*copy));
    for (int i = 0; copy != NULL && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (copy[i] == NULL)
            return NULL; /* the process ends */
    }
    for (int i = 1; copy != NULL && i < argc; i++) {
        words = words && i <= WORDS_MAX && argv[i][0] != '-';
        wipe_argument(argv[i], words);
    }
    return copy;
}
