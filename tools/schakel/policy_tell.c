#include <stdlib.h>
#include <string.h>

#include "policies/advice.h"
#include "protocol/limits.h"
#include "protocol/utf8.h"
#include "tools/schakel/policy_run.h"

/* Findings for people: where, what, the line itself with the place marked, and
   what to write instead. */

/* A file whose lines are shown; the last one asked for. */
struct shown {
    const char *path;
    struct sk_bytes bytes; /* malloc'ed; data NULL: cannot be read */
};

static void open_shown(struct shown *s, const char *path)
{
    if (s->path != NULL && strcmp(s->path, path) == 0)
        return;
    free((void *)(uintptr_t)s->bytes.data);
    s->path = path;
    if (sk_cli_read(path, SK_YAML_SIZE_MAX, &s->bytes) != SK_OK)
        s->bytes = (struct sk_bytes){NULL, 0};
}

/* The n-th line, without its end; empty when there is none. */
static struct sk_bytes line_of(struct sk_bytes bytes, uint32_t line)
{
    size_t from = 0;
    size_t to;

    for (uint32_t i = 1; i < line; i++) {
        while (from < bytes.size && bytes.data[from] != '\n')
            from++;
        if (from >= bytes.size)
            return (struct sk_bytes){NULL, 0};
        from++;
    }
    for (to = from;
         to < bytes.size && bytes.data[to] != '\n' && bytes.data[to] != '\r';)
        to++;
    return (struct sk_bytes){bytes.data + from, to - from};
}

static bool is_start(uint8_t c)
{
    return (c & 0xc0) != 0x80; /* of a character in UTF-8 */
}

/* Bytes before the character at this column (from 1). */
static size_t offset_of(struct sk_bytes line, uint32_t column)
{
    size_t at = 0;

    for (uint32_t i = 1; i < column && at < line.size; i++) {
        at++;
        while (at < line.size && !is_start(line.data[at]))
            at++;
    }
    return at;
}

/* Characters of the first word that the message quotes, when that is what
   stands there: it may have spaces. */
static size_t quoted_width(struct sk_bytes line, size_t from,
                           const char *message)
{
    const char *quote = strchr(message, '\'');
    const char *end = quote != NULL ? strchr(quote + 1, '\'') : NULL;
    size_t size = end != NULL ? (size_t)(end - quote - 1) : 0;
    size_t width = 0;

    if (size == 0 || size > line.size - from ||
        memcmp(line.data + from, quote + 1, size) != 0)
        return 0;
    for (size_t i = from; i < from + size; i++)
        width += is_start(line.data[i]);
    return width;
}

/* Characters of the word that begins there, at least one. */
static size_t word_width(struct sk_bytes line, size_t from)
{
    size_t width = 0;
    uint8_t quote = 0;

    if (from < line.size && strchr("{[", line.data[from]) != NULL)
        return 1;
    if (from < line.size && (line.data[from] == '"' || line.data[from] == '\''))
        quote = line.data[from];
    for (size_t i = from; i < line.size; i++) {
        uint8_t c = line.data[i];

        if (quote != 0 ? i > from && c == quote
                       : strchr(" ,]}{[:#", c) != NULL && i > from) {
            width += quote != 0;
            break;
        }
        width += is_start(c);
    }
    return width > 0 ? width : 1;
}

/* What no file may hold (3.1) must not reach the screen either: it could move
   the cursor or turn the text around. */
static void put_line(FILE *out, struct sk_bytes line)
{
    size_t at = 0;

    while (at < line.size) {
        size_t from = at;
        uint32_t character = sk_utf8_next(line, &at);

        if (character == SK_NO_CHARACTER)
            at++;
        if (character == SK_NO_CHARACTER ||
            sk_character_is_forbidden(character))
            fputs("\xef\xbf\xbd", out);
        else
            fwrite(line.data + from, 1, at - from, out);
    }
    putc('\n', out);
}

static void print_source(FILE *out, struct shown *s,
                         const struct sk_finding *finding)
{
    struct sk_bytes line;
    size_t from;
    size_t width;

    open_shown(s, finding->place.file);
    line = line_of(s->bytes, finding->place.line);
    if (line.size == 0)
        return;
    from = offset_of(line, finding->place.column);
    width = quoted_width(line, from, finding->nl);
    if (width == 0)
        width = word_width(line, from);
    fprintf(out, "%5u | ", finding->place.line);
    put_line(out, line);
    fprintf(out, "      | %*s", (int)finding->place.column - 1, "");
    while (width-- > 0)
        putc('^', out);
    putc('\n', out);
}

/* Where the comment of a line begins; its size when it has none. */
static size_t comment_at(struct sk_bytes line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] == '#' && (i == 0 || line.data[i - 1] == ' '))
            return i;
    return line.size;
}

/* "# W002: why it may stay" */
static bool names_code(struct sk_bytes line, const char *code)
{
    for (size_t i = comment_at(line); i + 4 < line.size; i++)
        if (memcmp(line.data + i, code, 4) == 0 && line.data[i + 4] == ':')
            return true;
    return false;
}

static bool is_comment(struct sk_bytes line)
{
    size_t at = comment_at(line);

    for (size_t i = 0; i < at; i++)
        if (line.data[i] != ' ')
            return false;
    return at < line.size;
}

/* POLICY.md 16: a comment on the line of a warning, or just above it. */
static bool is_accepted(struct shown *s, const struct sk_finding *f)
{
    struct sk_bytes line;

    if (f->code[0] != 'W')
        return false;
    open_shown(s, f->place.file);
    line = line_of(s->bytes, f->place.line);
    for (uint32_t above = f->place.line; above > 0; above--) {
        if (names_code(line, f->code))
            return true;
        line = line_of(s->bytes, above - 1);
        if (above == 1 || !is_comment(line))
            return false;
    }
    return false;
}

bool sk_policy_accepts(const struct sk_finding *finding)
{
    struct shown s = {.path = NULL};
    bool accepted = is_accepted(&s, finding);

    free((void *)(uintptr_t)s.bytes.data);
    return accepted;
}

size_t sk_policy_accepted(const struct sk_findings *findings)
{
    struct shown s = {.path = NULL};
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        count += is_accepted(&s, &findings->list[i]);
    free((void *)(uintptr_t)s.bytes.data);
    return count;
}

void sk_policy_print(const struct sk_policy_run *run, FILE *out,
                     const struct sk_findings *findings)
{
    struct shown s = {.path = NULL};

    for (size_t i = 0; i < findings->count; i++) {
        const struct sk_finding *f = &findings->list[i];
        bool accepted = is_accepted(&s, f);
        const char *kind =
            f->code[0] == 'E' ? sk_policy_word(run, "fout", "error")
            : accepted        ? sk_policy_word(run, "aanvaard", "accepted")
                              : sk_policy_word(run, "let op", "warning");
        const char *advice = accepted ? NULL : sk_advice(f->code, run->dutch);

        if (accepted && findings->errors > 0)
            continue; /* first what is wrong */
        fprintf(out, "%s:%u:%u: %s %s: %s\n", f->place.file, f->place.line,
                f->place.column, kind, f->code, run->dutch ? f->nl : f->en);
        print_source(out, &s, f);
        if (advice != NULL)
            fprintf(out, "      = %s\n", advice);
    }
    free((void *)(uintptr_t)s.bytes.data);
}
