#include "tools/schakel/glossary.h"

#include <stdlib.h>
#include <string.h>

#include "policies/reading.h"
#include "policies/words.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

#define MEMORY_SIZE                                                            \
    ((size_t)16 * 1024 * 1024) /* untouched pages cost nothing */
#define PLAIN_SIZE_MAX 1024

struct sk_glossary {
    const struct sk_vocabulary *vocabulary;
    json_t *names; /* org to name; NULL: not asked */
    bool dutch;
    void *memory;
    struct sk_arena
        arena;   /* the vocabulary when it was asked, and one answer */
    size_t mark; /* behind the vocabulary */
    char plain[PLAIN_SIZE_MAX];
};

/* ------------------------------------------------------------- its life */

static struct sk_glossary *start(bool dutch)
{
    struct sk_glossary *g = calloc(1, sizeof(*g));

    if (g == NULL)
        return NULL;
    g->dutch = dutch;
    g->memory = sk_cli_reserve(MEMORY_SIZE);
    if (g->memory == NULL) {
        free(g);
        return NULL;
    }
    g->arena = sk_arena_start(g->memory, MEMORY_SIZE);
    return g;
}

void sk_glossary_close(struct sk_glossary **glossary)
{
    struct sk_glossary *g = *glossary;

    if (g == NULL)
        return;
    json_decref(g->names);
    sk_cli_release(g->memory, MEMORY_SIZE);
    free(g);
    *glossary = NULL;
}

const struct sk_vocabulary *sk_glossary_vocabulary(const struct sk_glossary *g)
{
    return g->vocabulary;
}

struct sk_glossary *sk_glossary_of(const struct sk_vocabulary *vocabulary,
                                   bool dutch)
{
    struct sk_glossary *g = start(dutch);

    if (g != NULL)
        g->vocabulary = vocabulary;
    return g;
}

/* The result of an operation without arguments; NULL when it was refused. */
static json_t *ask(struct sk_client *client, const char *op)
{
    json_t *reply = NULL;
    json_t *result;

    if (sk_client_call(client, op, NULL, NULL, 0, &reply) != SK_OK)
        return NULL;
    result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

static bool load(struct sk_glossary *g, const char *yaml)
{
    struct sk_findings findings = sk_findings_start(&g->arena);
    struct sk_bytes bytes = sk_arena_copy(&g->arena, sk_text(yaml));
    struct sk_node *tree = NULL;
    struct sk_vocabulary *vocabulary = NULL;

    if (bytes.data == NULL ||
        sk_yaml_read("vocabulary.yaml", bytes, &g->arena, &findings, &tree) !=
            SK_OK ||
        tree == NULL ||
        sk_vocabulary_load(tree, &g->arena, &findings, &vocabulary) != SK_OK ||
        vocabulary == NULL)
        return false;
    g->vocabulary = vocabulary;
    g->mark = sk_arena_mark(&g->arena);
    return true;
}

static void name_partners(struct sk_glossary *g, const json_t *charter)
{
    const json_t *partners = json_object_get(charter, "partners");

    g->names = json_object();
    for (size_t i = 0; i < json_array_size(partners); i++) {
        const json_t *one = json_array_get(partners, i);

        json_object_set(g->names, sk_json_text(one, "org"),
                        json_object_get(one, "name"));
    }
}

struct sk_glossary *sk_glossary_ask(struct sk_client *client, bool dutch)
{
    struct sk_glossary *g = start(dutch);
    json_t *vocabulary;
    json_t *charter;

    if (g == NULL)
        return NULL;
    vocabulary = ask(client, "charter.text");
    charter = ask(client, "charter.show");
    if (!load(g, sk_json_text(vocabulary, "vocabulary")))
        sk_glossary_close(&g);
    else
        name_partners(g, charter);
    json_decref(vocabulary);
    json_decref(charter);
    return g;
}

/* ------------------------------------------------------------- words */

static const char *pick(const struct sk_glossary *g,
                        const struct sk_label *label, const char *id)
{
    struct sk_bytes text = sk_label_of(label, g->dutch);

    return text.size == 0 ? id : (const char *)text.data;
}

const char *sk_glossary_word(const struct sk_glossary *g, const char *id)
{
    struct sk_bytes text = sk_text(id);
    const struct sk_vocabulary *v;
    const json_t *name;
    uint16_t at;

    if (g == NULL)
        return id;
    v = g->vocabulary;
    if ((at = sk_vocabulary_event(v, text)) != SK_NONE)
        return pick(g, &v->events[at].label, id);
    if ((at = sk_vocabulary_field(v, text)) != SK_NONE)
        return pick(g, &v->fields[at].label, id);
    if ((at = sk_vocabulary_purpose(v, text)) != SK_NONE)
        return pick(g, &v->purposes[at].label, id);
    if ((at = sk_vocabulary_category(v, text)) != SK_NONE)
        return pick(g, &v->categories[at].label, id);
    for (size_t i = 0; i < v->duties_count; i++)
        if (sk_bytes_equal(v->duties[i].id, text))
            return pick(g, &v->duties[i].label, id);
    name = json_object_get(g->names, id);
    return json_is_string(name) ? json_string_value(name) : id;
}

static const struct sk_field *field_of(const struct sk_glossary *g,
                                       const char *id)
{
    uint16_t at =
        g == NULL ? SK_NONE : sk_vocabulary_field(g->vocabulary, sk_text(id));

    return at == SK_NONE ? NULL : &g->vocabulary->fields[at];
}

/* SK_NONE for a level that the field does not have. */
static uint16_t level_of(const struct sk_field *field, const char *level)
{
    if (level == NULL || level[0] == '\0')
        return (uint16_t)(field->levels_count - 1);
    return sk_field_level(field, sk_text(level));
}

/* The texts of a value; false when it is nothing that a field can hold. */
static bool value_of(struct sk_glossary *g, const json_t *value,
                     struct sk_field_value *out)
{
    *out = (struct sk_field_value){0};
    if (!json_is_array(value)) {
        out->text = sk_text(sk_render_value(value, g->plain, sizeof(g->plain)));
        return true;
    }
    out->set_count = json_array_size(value);
    out->set =
        sk_arena_get_array(&g->arena, out->set_count + 1, sizeof(*out->set));
    if (out->set == NULL)
        return false;
    for (size_t i = 0; i < out->set_count; i++) {
        const char *text = json_string_value(json_array_get(value, i));

        if (text == NULL)
            return false;
        out->set[i] = sk_text(text);
    }
    return true;
}

const char *sk_glossary_value(struct sk_glossary *g, const char *field,
                              const char *level, const json_t *value)
{
    static char plain[PLAIN_SIZE_MAX];
    const struct sk_field *f = field_of(g, field);
    uint16_t at = f == NULL ? SK_NONE : level_of(f, level);
    struct sk_field_value texts;
    struct sk_bytes out;

    if (at == SK_NONE)
        return sk_render_value(value, plain, sizeof(plain));
    sk_arena_reset(&g->arena, g->mark);
    if (!value_of(g, value, &texts) ||
        (json_is_array(value) && f->kind != SK_KIND_SET) ||
        sk_value_words(f, at, &texts, g->dutch, &g->arena, &out) != SK_OK)
        return sk_render_value(value, plain, sizeof(plain));
    return (const char *)out.data;
}

const char *sk_glossary_level(struct sk_glossary *g, const char *field,
                              const char *level)
{
    const struct sk_field *f = field_of(g, field);
    uint16_t at = f == NULL ? SK_NONE : level_of(f, level);
    struct sk_label label;

    if (at == SK_NONE)
        return strcmp(level, "exact") == 0 ? "" : level;
    if (at + 1 == f->levels_count)
        return "";
    sk_arena_reset(&g->arena, g->mark);
    label = sk_level_words(f, (uint8_t)at, &g->arena);
    return pick(g, &label, level);
}
