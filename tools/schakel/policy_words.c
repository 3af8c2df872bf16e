#include "tools/schakel/policy_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SIZE_FIRST 64

struct sk_words sk_words_start(struct sk_arena *arena)
{
    char *text = sk_arena_get(arena, SIZE_FIRST);

    return (struct sk_words){arena, text != NULL ? text : "", 0,
                             text != NULL ? SIZE_FIRST : 0};
}

/* Room for so many bytes more and a NUL. */
static bool make_room(struct sk_words *words, size_t size)
{
    size_t size_max = words->size_max;
    char *text;

    if (size_max == 0)
        return false;
    while (size_max - words->size <= size)
        size_max *= 2;
    if (size_max == words->size_max)
        return true;
    text = sk_arena_take(words->arena, size_max);
    if (text == NULL)
        return false;
    memcpy(text, words->text, words->size + 1);
    words->text = text;
    words->size_max = size_max;
    return true;
}

void sk_words_add(struct sk_words *words, const char *format, ...)
{
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size <= 0 || !make_room(words, (size_t)size))
        return;
    va_start(arguments, format);
    (void)vsnprintf(words->text + words->size, (size_t)size + 1, format,
                    arguments);
    va_end(arguments);
    words->size += (size_t)size;
}

void sk_words_text(struct sk_words *words, struct sk_bytes text)
{
    if (text.size == 0 || !make_room(words, text.size))
        return;
    memcpy(words->text + words->size, text.data, text.size);
    words->size += text.size;
    words->text[words->size] = '\0';
}

/* On standard output, with a mark before each of these characters. */
static void put_marked(struct sk_bytes text, const char *which, char mark)
{
    size_t from = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\0' || strchr(which, text.data[i]) == NULL)
            continue;
        fwrite_unlocked(text.data + from, 1, i - from, stdout);
        putchar(mark);
        from = i;
    }
    fwrite_unlocked(text.data + from, 1, text.size - from, stdout);
}

/* What begins like this is a formula to a spreadsheet, also in quotes. */
static bool is_formula(struct sk_bytes text)
{
    return text.size > 0 && text.data[0] != '\0' &&
           strchr("=+-@", text.data[0]) != NULL;
}

void sk_policy_csv_cell(struct sk_bytes text)
{
    putchar('"');
    if (is_formula(text))
        putchar('\'');
    put_marked(text, "\"", '"');
    putchar('"');
}

void sk_policy_md(struct sk_bytes text)
{
    put_marked(text, "|\\<[`", '\\');
}

struct sk_bytes sk_policy_label(const struct sk_policy_run *run,
                                const struct sk_label *label,
                                struct sk_bytes id)
{
    struct sk_bytes text = run->dutch ? label->nl : label->en;

    return text.size > 0 ? text : id;
}

struct sk_bytes sk_policy_field(const struct sk_policy_run *run,
                                const struct sk_vocabulary *v, uint16_t field)
{
    if (field == SK_FACT)
        return sk_text(sk_policy_word(run, "het feit zelf", "the fact itself"));
    return sk_policy_label(run, &v->fields[field].label, v->fields[field].id);
}

/* ---------------------------------------------------------------- levels */

static const struct {
    const char *level;
    const char *nl;
    const char *en;
} level_words[] = {
    {"drop", "niets", "nothing"},
    {"present", "enkel dat het er is", "only that there is one"},
    {"initial", "voorletter", "initial"},
    {"year", "jaar", "year"},
    {"quarter", "kwartaal", "quarter"},
    {"month", "maand", "month"},
    {"day", "dag", "day"},
    {"age3", "leeftijdsgroep", "age group"},
    {"age5", "leeftijd per 5 jaar", "age in bands of 5"},
    {"exact", "volledig", "in full"},
};

/* The label of a grouping or band, or NULL. */
static const struct sk_label *level_label(const struct sk_field *field,
                                          struct sk_bytes level)
{
    for (size_t i = 0; i < field->bands_count; i++) {
        if (sk_bytes_equal(field->bands[i].level, level))
            return &field->bands[i].label;
    }
    for (size_t i = 0;
         field->kind == SK_KIND_ENUM && i < field->codelist->groupings_count;
         i++) {
        if (sk_bytes_equal(field->codelist->groupings[i].level, level))
            return &field->codelist->groupings[i].label;
    }
    return NULL;
}

const char *sk_policy_level(struct sk_policy_run *run,
                            const struct sk_vocabulary *v, uint16_t field,
                            uint8_t level)
{
    struct sk_bytes name = sk_level_name(v, field, level);
    const struct sk_label *label;

    if (field == SK_FACT)
        return sk_policy_word(run, "ja", "yes");
    label = level_label(&v->fields[field], name);
    if (label != NULL)
        return (const char *)sk_arena_copy(&run->arena,
                                           sk_policy_label(run, label, name))
            .data;
    for (size_t i = 0; i < SK_COUNT(level_words); i++) {
        if (sk_bytes_equal(sk_text(level_words[i].level), name))
            return sk_policy_word(run, level_words[i].nl, level_words[i].en);
    }
    if (name.size > 6 && memcmp(name.data, "prefix", 6) == 0) {
        struct sk_words words = sk_words_start(&run->arena);

        sk_words_add(
            &words, run->dutch ? "eerste %.*s tekens" : "first %.*s characters",
            (int)name.size - 6, (const char *)name.data + 6);
        return words.text;
    }
    return (const char *)sk_arena_copy(&run->arena, name).data;
}

/* ---------------------------------------------------------------- terms */

const char *sk_policy_duration(struct sk_policy_run *run,
                               struct sk_duration duration)
{
    struct sk_words words = sk_words_start(&run->arena);
    bool one = duration.count == 1;

    sk_words_add(
        &words, "%u %s", duration.count,
        duration.unit == SK_DAYS
            ? sk_policy_word(run, one ? "dag" : "dagen", one ? "day" : "days")
            : sk_policy_word(run, one ? "maand" : "maanden",
                             one ? "month" : "months"));
    return words.text;
}

const char *sk_policy_where(struct sk_policy_run *run,
                            const struct sk_vocabulary *v,
                            const struct sk_share *share)
{
    struct sk_words words = sk_words_start(&run->arena);

    for (size_t i = 0; i < share->where_count; i++) {
        const struct sk_field *field = &v->fields[share->where[i].field];
        const struct sk_code_list *list = field->codelist;
        const char *between = " is ";

        if (i > 0)
            sk_words_add(&words, "%s", sk_policy_word(run, " en ", " and "));
        sk_words_add(&words, "%.*s",
                     SK_ARG(sk_policy_label(run, &field->label, field->id)));
        for (uint64_t left = share->where[i].values; left != 0;
             left &= left - 1) {
            const struct sk_word *value = &list->values[sk_lowest(left)];

            sk_words_add(
                &words, "%s%.*s", between,
                SK_ARG(sk_policy_label(run, &value->label, value->id)));
            between = sk_policy_word(run, " of ", " or ");
        }
    }
    return words.text;
}

/* ---------------------------------------------------------------- files */

static void add_written(struct sk_words *words, const struct sk_node *node)
{
    const struct sk_node *said = sk_node_get(node, "text");

    if (said == NULL)
        said = sk_node_get(node, "name");
    if (said != NULL && said->kind == SK_NODE_SCALAR)
        node = said;
    if (node->kind == SK_NODE_SCALAR)
        sk_words_add(words, "%.*s", SK_ARG(node->text));
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (child != node->first)
            sk_words_add(words, "%s", node->kind == SK_NODE_MAP ? "; " : ", ");
        if (node->kind == SK_NODE_MAP)
            sk_words_add(words, "%.*s: ", SK_ARG(child->key));
        add_written(words, child);
    }
}

const char *sk_policy_written(struct sk_policy_run *run,
                              const struct sk_node *node)
{
    struct sk_words words = sk_words_start(&run->arena);

    if (node == NULL)
        return "-";
    add_written(&words, node);
    return words.text;
}

size_t sk_width(struct sk_bytes text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.size; i++)
        width += (text.data[i] & 0xc0) != 0x80;
    return width;
}
