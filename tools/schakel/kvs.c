#include "tools/schakel/kvs.h"

#include <stdio.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/formats.h"
#include "tools/schakel/json.h"

#define TEXT_SIZE 512

/* Behind the last / # or : of an IRI or a prefixed name. */
static const char *local_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if ((*c == '/' || *c == '#' || *c == ':') && c[1] != '\0')
            name = c + 1;
    return name;
}

/* The property behind "Class.", if there is one. */
static const char *property_of(const char *term)
{
    const char *name = local_name(term);
    const char *point = strrchr(name, '.');

    return point == NULL ? name : point + 1;
}

static bool is_class(const json_t *node, const char *class)
{
    const json_t *type = json_object_get(node, "@type");

    if (json_is_string(type))
        return strcmp(local_name(json_string_value(type)), class) == 0;
    for (size_t i = 0; i < json_array_size(type); i++) {
        const char *one = json_string_value(json_array_get(type, i));

        if (one != NULL && strcmp(local_name(one), class) == 0)
            return true;
    }
    return false;
}

static const char *class_of(const json_t *node)
{
    const json_t *type = json_object_get(node, "@type");

    if (json_is_array(type))
        type = json_array_get(type, 0);
    return json_is_string(type) ? local_name(json_string_value(type)) : "?";
}

/* The text of a value: itself, its @value, its @id, or that of the first. */
static const char *text_of(const json_t *value)
{
    if (json_is_array(value))
        value = json_array_get(value, 0);
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_object(value)) {
        const char *text = sk_json_text(value, "@value");

        return text[0] != '\0' ? text : sk_json_text(value, "@id");
    }
    return "";
}

/* ------------------------------------------------------------- a walk */

struct reading {
    struct sk_kvs *out;
    bool deep;
};

static void note_unmapped(struct reading *r, const char *class,
                          const char *term)
{
    char name[TEXT_SIZE];
    json_int_t times;

    if (term[0] == '@')
        return;
    if (strchr(local_name(term), '.') != NULL)
        snprintf(name, sizeof(name), "%s", local_name(term));
    else
        snprintf(name, sizeof(name), "%s.%s", class, local_name(term));
    times = json_integer_value(json_object_get(r->out->unmapped, name));
    json_object_set_new(r->out->unmapped, name, json_integer(times + 1));
}

/* A value that was looked for in a term, and what it was: for the report. */
static void note_value(struct reading *r, const char *term, const char *value)
{
    char name[TEXT_SIZE];
    json_int_t times;

    snprintf(name, sizeof(name), "%s = %s", term, local_name(value));
    times = json_integer_value(json_object_get(r->out->unmapped, name));
    json_object_set_new(r->out->unmapped, name, json_integer(times + 1));
}

/* ------------------------------------------------------------- codes */

struct code {
    const char *name; /* last part of the concept, which is its label too */
    const char *id;   /* of the vocabulary */
};

/* `oslo` of trajectory_status and preference_kind in vocabulary.yaml. */
static const struct code statuses[] = {
    {"Actief", "active"},
    {"Passief", "passive"},
    {"Stopgezet", "stopped"},
    {"Uitgevoerd", "done"},
};
static const struct code preferences[] = {
    {"GewenstBeroep", "wanted"},
    {"TeLerenBeroep", "to_learn"},
    {"TeVerkennenBeroep", "explore"},
    {"UitgeslotenBeroep", "excluded"},
};

/* The same letters, whatever stands between them: "Gewenst beroep". */
static bool is_same_label(const char *text, const char *name)
{
    while (*text != '\0' && *name != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        if ((*text | 0x20) != (*name | 0x20))
            return false;
        text++;
        name++;
    }
    return *text == '\0' && *name == '\0';
}

/* A code by the concept, or by a label somewhere in the value; NULL. */
static const char *code_of(const json_t *value, const struct code *codes,
                           size_t count, unsigned depth)
{
    const char *key;
    json_t *member;
    size_t at;

    if (depth == SK_KVS_DEPTH_MAX)
        return NULL;
    if (json_is_string(value)) {
        const char *text = local_name(json_string_value(value));

        for (size_t i = 0; i < count; i++)
            if (is_same_label(text, codes[i].name))
                return codes[i].id;
        return NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const char *id = code_of(member, codes, count, depth + 1);

        if (id != NULL)
            return id;
    }
    json_array_foreach((json_t *)(uintptr_t)value, at, member)
    {
        const char *id = code_of(member, codes, count, depth + 1);

        if (id != NULL)
            return id;
    }
    return NULL;
}

/* ------------------------------------------------------------- drafts */

/* One under construction: of an object, for a type of event. */
struct making {
    struct reading *r;
    const json_t *node;
    json_t *fields;
    char note[TEXT_SIZE];
    char occurred[11];
};

/* The first ten characters of a date or an instant, when they are a day. */
static bool day_of(const json_t *value, char out[11])
{
    int32_t day;

    snprintf(out, 11, "%.10s", text_of(value));
    if (sk_day_parse(sk_text(out), &day))
        return true;
    out[0] = '\0';
    return false;
}

static const json_t *term_of(const json_t *node, const char *property)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        if (strcmp(property_of(key), property) == 0)
            return value;
    }
    return NULL;
}

static void finish(struct making *m, const char *type, const char *part)
{
    const char *id = sk_json_text(m->node, "@id");
    json_t *draft = json_pack("{s:s, s:o}", "type", type, "fields", m->fields);

    if (m->occurred[0] != '\0')
        json_object_set_new(draft, "occurred", json_string(m->occurred));
    if (m->note[0] != '\0')
        json_object_set_new(draft, "note", json_string(m->note));
    /* A name inside this answer only ("_:b0") is none of next time. */
    if (id[0] != '\0' && strncmp(id, "_:", 2) != 0 && strlen(id) < 180)
        json_object_set_new(draft, "source_id",
                            json_sprintf("%s#%s", id, part));
    json_array_append_new(m->r->out->drafts, draft);
}

static struct making start(struct reading *r, const json_t *node)
{
    struct making m = {.r = r, .node = node, .fields = json_object()};

    snprintf(m.note, sizeof(m.note), "%.480s", text_of(term_of(node, "naam")));
    return m;
}

static void set_day(struct making *m, const char *property, const char *field)
{
    char day[11];

    if (!day_of(term_of(m->node, property), day))
        return;
    json_object_set_new(m->fields, field, json_string(day));
    snprintf(m->occurred, sizeof(m->occurred), "%s", day);
}

/* Codes are taken over; what is no code of ours is told. */
static void set_code(struct making *m, const char *class, const char *property,
                     const char *field, const struct code *codes, size_t count)
{
    const json_t *value = term_of(m->node, property);
    const char *id = code_of(value, codes, count, 0);
    char term[128];

    if (id != NULL)
        json_object_set_new(m->fields, field, json_string(id));
    else if (value != NULL) {
        snprintf(term, sizeof(term), "%s.%s", class, property);
        note_value(m->r, term, text_of(value));
    }
}

static bool is_known(const char *term, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(property_of(term), known[i]) == 0)
            return true;
    return false;
}

/* Every term of a node that is not in the list. */
static void note_rest(struct reading *r, const json_t *node, const char *class,
                      const char *const *known, size_t count)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        if (!is_known(key, known, count))
            note_unmapped(r, class, key);
    }
}

/* OSLO Activeringstraject: trajectory.started, and trajectory.ended. */
static void take_trajectory(struct reading *r, const json_t *node)
{
    static const char *const known[] = {"naam", "startdatum", "einddatum",
                                        "status", "deeltraject"};
    char end[11];
    struct making m;

    if (term_of(node, "startdatum") != NULL) {
        m = start(r, node);
        set_day(&m, "startdatum", "start_date");
        set_code(&m, "Activeringstraject", "status", "status", statuses,
                 SK_COUNT(statuses));
        finish(&m, "trajectory.started", "started");
    }
    if (day_of(term_of(node, "einddatum"), end)) {
        m = start(r, node);
        set_day(&m, "einddatum", "end_date");
        set_code(&m, "Activeringstraject", "status", "status", statuses,
                 SK_COUNT(statuses));
        finish(&m, "trajectory.ended", "ended");
    }
    note_rest(r, node, "Activeringstraject", known, SK_COUNT(known));
}

/* OSLO Deeltrajecttype/Opleiding: learning.started, learning.completed. */
static void take_part(struct reading *r, const json_t *node)
{
    static const struct code types[] = {{"Opleiding", "training"}};
    static const char *const known[] = {"naam", "startdatum", "einddatum",
                                        "type"};
    const json_t *type = term_of(node, "type");
    const char *title = text_of(term_of(node, "naam"));
    char end[11];
    struct making m;

    if (code_of(type, types, SK_COUNT(types), 0) == NULL) {
        note_value(r, "Deeltraject.type", text_of(type));
        note_rest(r, node, "Deeltraject", &known[3], 1);
        return;
    }
    m = start(r, node);
    if (title[0] != '\0')
        json_object_set_new(m.fields, "course_title", json_string(title));
    set_day(&m, "startdatum", "start_date");
    finish(&m, "learning.started", "started");
    if (day_of(term_of(node, "einddatum"), end)) {
        m = start(r, node);
        if (title[0] != '\0')
            json_object_set_new(m.fields, "course_title", json_string(title));
        set_day(&m, "einddatum", "end_date");
        finish(&m, "learning.completed", "completed");
    }
    note_rest(r, node, "Deeltraject", known, SK_COUNT(known));
}

/* OSLO Beroepstoestand: goal.set.  Its name is a text; an occupation is a
   code, which a person looks up. */
static void take_preference(struct reading *r, const json_t *node)
{
    static const char *const known[] = {"naam", "voorkeur"};
    struct making m = start(r, node);

    set_code(&m, "Beroepstoestand", "voorkeur", "preference_kind", preferences,
             SK_COUNT(preferences));
    finish(&m, "goal.set", "goal");
    note_rest(r, node, "Beroepstoestand", known, SK_COUNT(known));
}

/* ------------------------------------------------------------- the person */

/* JSON writes no zeros in front: of who was born on 1 January 2000 eight digits
   are left.  Less is the number of something else. */
#define NUMBER_LEAST 10000000
#define NUMBER_WHOLE 10000000000

/* typed: it says of itself that it is a national number. */
static void take_number(struct reading *r, const json_t *value, bool typed)
{
    const struct sk_format *insz = sk_format_find(sk_text("insz"));
    json_int_t number = json_integer_value(value);
    char typed_in[40] = "";
    char clean[40];
    struct sk_bytes text = {(const uint8_t *)clean, 0};
    bool whole = !json_is_integer(value) || number >= NUMBER_WHOLE;

    if (json_is_integer(value) && (typed || number >= NUMBER_LEAST))
        snprintf(typed_in, sizeof(typed_in), "%011lld", (long long)number);
    else if (json_is_string(value) && json_string_length(value) <= 32)
        snprintf(typed_in, sizeof(typed_in), "%s", json_string_value(value));
    text.size = sk_format_clean(insz, sk_text(typed_in), clean);
    clean[text.size] = '\0';
    /* of whatever year: the node looks at it again */
    if (sk_format_matches(insz, text, 9999) && r->out->insz[0] == '\0')
        snprintf(r->out->insz, sizeof(r->out->insz), "%.11s", clean);
    else if (sk_format_matches(insz, text, 9999))
        r->out->insz_two |= strcmp(r->out->insz, clean) != 0;
    else if (typed ||
             (whole && text.size == 11 && strspn(clean, "0123456789") == 11))
        r->out->insz_bad = true;
}

/* A national number somewhere in the registration. */
static void find_insz(struct reading *r, const json_t *value, unsigned depth)
{
    bool typed = is_class(value, "INSZ");
    const char *key;
    json_t *member;
    size_t at;

    if (depth == SK_KVS_DEPTH_MAX)
        return;
    if (json_is_string(value) || json_is_integer(value))
        take_number(r, value, false);
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (typed && strcmp(key, "@value") == 0)
            take_number(r, member, true);
        else
            find_insz(r, member, depth + 1);
    }
    json_array_foreach((json_t *)(uintptr_t)value, at, member)
        find_insz(r, member, depth + 1);
}

static void take_person(struct reading *r, const json_t *node)
{
    static const char *const known[] = {"registratie", "werkvoorkeuren"};

    r->out->persons++;
    find_insz(r, term_of(node, "registratie"), 0);
    note_rest(r, node, "GeregistreerdPersoon", known, SK_COUNT(known));
}

static void take_preferences(struct reading *r, const json_t *node)
{
    static const char *const known[] = {"beroep"};

    note_rest(r, node, "Werkvoorkeuren", known, SK_COUNT(known));
}

/* Read by what points at them: a number, the label of a code. */
static void take_identifier(struct reading *r, const json_t *node)
{
    static const char *const known[] = {"identificator"};

    note_rest(r, node, "Identificator", known, SK_COUNT(known));
}

static void take_concept(struct reading *r, const json_t *node)
{
    static const char *const known[] = {"prefLabel"};

    note_rest(r, node, "Concept", known, SK_COUNT(known));
}

/* ------------------------------------------------------------- nodes */

static const struct {
    const char *class;
    void (*take)(struct reading *r, const json_t *node);
} classes[] = {
    {"GeregistreerdPersoon", take_person},
    {"Werkvoorkeuren", take_preferences},
    {"Beroepstoestand", take_preference},
    {"Activeringstraject", take_trajectory},
    {"Deeltraject", take_part},
    {"Identificator", take_identifier},
    {"Concept", take_concept},
};

static void take_node(struct reading *r, const json_t *node)
{
    for (size_t i = 0; i < SK_COUNT(classes); i++) {
        if (is_class(node, classes[i].class)) {
            classes[i].take(r, node);
            return;
        }
    }
    if (json_object_get(node, "@type") != NULL)
        note_rest(r, node, class_of(node), NULL, 0);
}

/* Every object with a class, wherever it stands; a context is none. */
static void walk(struct reading *r, const json_t *value, unsigned depth)
{
    const char *key;
    json_t *member;
    size_t at;

    if (depth == SK_KVS_DEPTH_MAX) {
        r->deep = true;
        return;
    }
    if (json_is_object(value) && json_object_get(value, "@value") == NULL)
        take_node(r, value);
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (strcmp(key, "@context") != 0)
            walk(r, member, depth + 1);
    }
    json_array_foreach((json_t *)(uintptr_t)value, at, member)
        walk(r, member, depth + 1);
}

bool sk_kvs_read(const json_t *answer, struct sk_kvs *out)
{
    struct reading r = {.out = out};

    *out = (struct sk_kvs){.drafts = json_array(), .unmapped = json_object()};
    if (json_is_object(answer))
        walk(&r, answer, 0);
    if (json_is_object(answer) && !r.deep)
        return true;
    sk_kvs_free(out);
    return false;
}

void sk_kvs_free(struct sk_kvs *kvs)
{
    json_decref(kvs->drafts);
    json_decref(kvs->unmapped);
    *kvs = (struct sk_kvs){0};
}
