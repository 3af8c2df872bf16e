#include "tools/schakel/render.h"

#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"
#include "tools/schakel/staff.h"

#define CELL_SIZE_MAX 512

/* ------------------------------------------------------------- cells */
size_t sk_render_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void sk_render_cell(FILE *out, const char *text, size_t width)
{
    size_t used = sk_render_width(text);

    fputs(text, out);
    for (; used < width; used++)
        fputc(' ', out);
}

static void append(char *room, size_t size_max, size_t *size, const char *text)
{
    size_t length = strlen(text);

    if (*size + length + 1 > size_max)
        length = size_max - *size - 1;
    memcpy(room + *size, text, length);
    *size += length;
    room[*size] = '\0';
}

static void append_value(char *room, size_t size_max, size_t *size,
                         const json_t *value)
{
    char number[32];

    switch (json_typeof(value)) {
    case JSON_STRING:
        append(room, size_max, size, json_string_value(value));
        break;
    case JSON_TRUE:
        append(room, size_max, size, "true");
        break;
    case JSON_FALSE:
        append(room, size_max, size, "false");
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        snprintf(number, sizeof(number), "%.15g", json_number_value(value));
        append(room, size_max, size, number);
        break;
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0)
                append(room, size_max, size, ", ");
            append_value(room, size_max, size, json_array_get(value, i));
        }
        break;
    case JSON_NULL:
    case JSON_OBJECT:
        append(room, size_max, size, "-");
        break;
    }
}

const char *sk_render_value(const json_t *value, char *room, size_t size_max)
{
    size_t size = 0;

    room[0] = '\0';
    if (value != NULL)
        append_value(room, size_max, &size, value);
    return room;
}

/* ------------------------------------------------------------- values */

/* Keys under which ids of the vocabulary or the roster stand. */
static bool names_words(const char *key)
{
    static const char *const keys[] = {
        "categories", "from",       "org",    "owner", "partner", "purpose",
        "purposes",   "recipients", "source", "to",    "type"};

    for (size_t i = 0; i < SK_COUNT(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Codes of states read as words; ids and values stay what they are. */
static bool names_state(const char *key)
{
    static const char *const keys[] = {
        "do",     "form", "given_by", "line",   "now",  "recall",
        "result", "role", "state",    "status", "tell", "waits_for"};

    for (size_t i = 0; i < SK_COUNT(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static const char *yes_or_no(const json_t *value, bool dutch)
{
    if (json_is_true(value))
        return dutch ? "ja" : "yes";
    return dutch ? "nee" : "no";
}

/* An instant as the clock on the wall here; an end at midnight is the day
   before, that is still included.  False: it is no instant. */
static bool show_instant(const char *key, const char *text, char *room,
                         size_t size_max)
{
    char minute[17];
    char day[11];
    int64_t instant;

    if (!sk_instant_parse(sk_text(text), &instant))
        return false;
    sk_civil_minute_format(instant, minute);
    minute[10] = ' ';
    sk_day_format(sk_civil_day(instant) - 1, day);
    if (strcmp(key, "until") == 0 && strcmp(minute + 11, "00:00") == 0)
        snprintf(room, size_max, "%s", day);
    else
        snprintf(room, size_max, "%s", minute);
    return true;
}

/* An instant in milliseconds, as the other instants. */
static bool show_ms(const char *key, const json_t *value, char *room,
                    size_t size_max)
{
    char text[21];
    size_t size = strlen(key);

    if (size < 3 || strcmp(key + size - 3, "_ms") != 0 ||
        !json_is_integer(value))
        return false;
    sk_instant_format(json_integer_value(value) / 1000, text);
    return show_instant(key, text, room, size_max);
}

/* What stands under a key of a reply, or in a field of an event. */
static void shown(const struct sk_screen *s, const char *key, bool field,
                  const json_t *value, char *room, size_t size_max)
{
    size_t size = 0;

    room[0] = '\0';
    if (json_is_string(value) &&
        show_instant(key, json_string_value(value), room, size_max))
        return;
    if (show_ms(key, value, room, size_max))
        return;
    if (field) {
        append(room, size_max, &size,
               sk_glossary_value(s->glossary, key, NULL, value));
    } else if (json_is_boolean(value)) {
        append(room, size_max, &size, yes_or_no(value, s->dutch));
    } else if (json_is_string(value) && names_state(key)) {
        append(room, size_max, &size,
               sk_render_word(json_string_value(value), s->dutch));
    } else if (json_is_string(value) && strcmp(key, "ground") == 0) {
        append(room, size_max, &size,
               sk_render_ground(json_string_value(value), s->dutch));
    } else if (json_is_string(value) && strcmp(key, "kind") == 0) {
        append(room, size_max, &size,
               sk_glossary_value(s->glossary, "handover_kind", NULL, value));
    } else if (json_is_string(value) && names_words(key)) {
        append(room, size_max, &size,
               sk_glossary_word(s->glossary, json_string_value(value)));
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            const json_t *one = json_array_get(value, i);

            append(room, size_max, &size, i > 0 ? ", " : "");
            if (json_is_string(one) && names_words(key))
                append(room, size_max, &size,
                       sk_glossary_word(s->glossary, json_string_value(one)));
            else if (json_is_string(one) && strcmp(key, "role") == 0)
                append(room, size_max, &size,
                       sk_render_word(json_string_value(one), s->dutch));
            else
                append_value(room, size_max, &size, one);
        }
    } else if (value != NULL) {
        append_value(room, size_max, &size, value);
    }
    if (room[0] == '\0')
        append(room, size_max, &size, "-");
}

/* ------------------------------------------------------------- trees */
static void render_tree(const struct sk_screen *s, const json_t *value,
                        size_t depth, bool fields);

static bool is_flat(const json_t *value)
{
    if (json_is_object(value))
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (json_is_object(json_array_get(value, i)))
            return false;
    return true;
}

static const char *label_of(const struct sk_screen *s, const char *key,
                            bool field)
{
    return field ? sk_glossary_word(s->glossary, key)
                 : sk_render_word(key, s->dutch);
}

/* Arguments of the next page. */
static void tell_next(const struct sk_screen *s, const json_t *next)
{
    const char *key;
    json_t *value;
    char room[CELL_SIZE_MAX];

    fputs(s->dutch ? "verder met" : "go on with", s->out);
    json_object_foreach((json_t *)(uintptr_t)next, key, value)
    {
        fputs(" --", s->out);
        for (const char *at = key; *at != '\0'; at++)
            fputc(*at == '_' ? '-' : *at, s->out);
        fprintf(s->out, " %s", sk_render_value(value, room, sizeof(room)));
    }
    fputc('\n', s->out);
}

/* What the node is able to do, and below it what it is not, as a sentence. */
static void tell_able(const struct sk_screen *s, const json_t *able,
                      size_t width)
{
    for (int right = 1; right >= 0; right--) {
        char room[CELL_SIZE_MAX] = "";
        size_t size = 0;
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)able, key, value)
        {
            /* "journal" alone is the journal. */
            const char *word = strcmp(key, "journal") == 0 ? "record" : key;

            if (json_is_true(value) != right)
                continue;
            append(room, sizeof(room), &size, size > 0 ? ", " : "");
            append(room, sizeof(room), &size, sk_render_word(word, s->dutch));
        }
        if (size == 0)
            continue;
        sk_render_cell(s->out,
                       sk_render_word(right ? "able" : "unable", s->dutch),
                       width + 2);
        fprintf(s->out, "%s\n", room);
    }
}

static void render_member(const struct sk_screen *s, const char *key,
                          const json_t *value, size_t depth, size_t width,
                          bool field)
{
    char room[CELL_SIZE_MAX];

    if (strcmp(key, "able") == 0 && json_is_object(value)) {
        tell_able(s, value, width);
        return;
    }

    for (size_t i = 0; i < depth; i++)
        fputs("  ", s->out);
    if (is_flat(value)) {
        sk_render_cell(s->out, label_of(s, key, field), width + 2);
        shown(s, key, field, value, room, sizeof(room));
        fprintf(s->out, "%s\n", room);
        return;
    }
    if (strcmp(key, "next") == 0 && json_object_get(value, "after") != NULL) {
        tell_next(s, value);
        return;
    }
    /* A policy that waits for its day. */
    fprintf(s->out, "%s:\n",
            strcmp(key, "next") == 0 ? sk_render_word("coming", s->dutch)
                                     : label_of(s, key, field));
    render_tree(s, value, depth + 1, strcmp(key, "fields") == 0);
}

/* fields: the members are fields of an event. */
static void render_tree(const struct sk_screen *s, const json_t *value,
                        size_t depth, bool fields)
{
    json_t *o = (json_t *)(uintptr_t)value;
    size_t width = 0;

    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            fputc('\n', s->out);
        render_tree(s, json_array_get(value, i), depth, false);
    }
    if (!json_is_object(value)) {
        if (!json_is_array(value))
            render_member(s, "", value, depth, 0, false);
        return;
    }
    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        size_t w =
            sk_render_width(label_of(s, json_object_iter_key(it), fields));

        width = w > width ? w : width;
    }
    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it))
        render_member(s, json_object_iter_key(it), json_object_iter_value(it),
                      depth, width, fields);
}

/* ------------------------------------------------------------- tables */
#define COLUMNS_MAX 9

static const char *cell_of(const struct sk_screen *s, const json_t *row,
                           const char *key, char *room)
{
    /* What the node itself calls it, in both languages. */
    if (strcmp(key, "label") == 0)
        key = s->dutch ? "label_nl" : "label_en";
    if (strcmp(key, "op") == 0)
        return sk_staff_op_text(sk_json_text(row, "op"), s->dutch);
    shown(s, key, false, json_object_get(row, key), room, CELL_SIZE_MAX);
    return room;
}

static void render_table(const struct sk_screen *s, const json_t *rows,
                         const char *const *columns)
{
    size_t widths[COLUMNS_MAX] = {0};
    char room[CELL_SIZE_MAX];
    size_t count = 0;

    for (; columns[count] != NULL; count++)
        widths[count] =
            sk_render_width(sk_render_word(columns[count], s->dutch));
    assert(count <= COLUMNS_MAX);
    for (size_t i = 0; i < json_array_size(rows); i++)
        for (size_t c = 0; c < count; c++) {
            size_t w = sk_render_width(
                cell_of(s, json_array_get(rows, i), columns[c], room));

            widths[c] = w > widths[c] ? w : widths[c];
        }
    for (size_t c = 0; c < count; c++)
        sk_render_cell(s->out, sk_render_word(columns[c], s->dutch),
                       widths[c] + 2);
    fputc('\n', s->out);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        for (size_t c = 0; c < count; c++)
            sk_render_cell(
                s->out, cell_of(s, json_array_get(rows, i), columns[c], room),
                widths[c] + 2);
        fputc('\n', s->out);
    }
    if (json_array_size(rows) == 0)
        fprintf(s->out, "%s\n", s->dutch ? "(niets)" : "(nothing)");
}

/* ------------------------------------------------------------- dispatch */
struct table {
    const char *op;
    const char *key;                            /* of the list in the result */
    const char *const columns[COLUMNS_MAX + 1]; /* to a NULL */
};

static const struct table tables[] = {
    {"agenda.list",
     "items",
     {"item", "day", "state", "label", "tell", "given_name", "partner"}},
    {"peer.list",
     "peers",
     {"org", "name", "line", "heard", "queue", "unconfirmed", "waits_for"}},
    {"inbox.list",
     "messages",
     {"received", "given_name", "from", "type", "purpose", "opened",
      "message"}},
    {"participant.find",
     "participants",
     {"given_name", "family_name", "participant"}},
    {"participant.list",
     "participants",
     {"given_name", "family_name", "participant"}},
    {"policy.history",
     "versions",
     {"version", "at", "wider", "narrower", "loosened", "signers", "in_force",
      "waits", "refused"}},
    {"user.list", "users", {"name", "role", "team", "system_user", "ended"}},
    {"access.list",
     "looks",
     {"item", "at", "user", "op", "participant", "glass", "reason"}},
    {"handover.list",
     "handovers",
     {"requested", "given_name", "partner", "role", "kind", "state",
      "waits_for", "handover"}},
};

/* A comment of the policy says why it may stay: policy_activate.c. */
static bool is_accepted(const json_t *warning)
{
    return json_is_true(json_object_get(warning, "accepted"));
}

/* What came into force, and each warning on a line of its own. */
static void render_policy(const struct sk_screen *s, const json_t *result)
{
    const json_t *warnings = json_object_get(result, "warnings");
    size_t size = json_array_size(warnings);
    size_t count = 0;
    const char *from = sk_json_text(result, "from");

    if (from[0] == '\0')
        fprintf(s->out,
                s->dutch ? "Het beleid %s geldt nu"
                         : "The policy %s is in force now",
                sk_json_text(result, "policy"));
    else
        fprintf(s->out,
                s->dutch ? "Het beleid %s geldt vanaf %s"
                         : "The policy %s will be in force from %s on",
                sk_json_text(result, "policy"), from);
    for (size_t i = 0; i < size; i++)
        count += !is_accepted(json_array_get(warnings, i));
    fprintf(s->out, s->dutch ? ", met %zu %s" : ", with %zu %s", count,
            sk_noun_word(&sk_warnings, s->dutch, count));
    if (count < size)
        fprintf(s->out, s->dutch ? ", %zu aanvaard" : ", %zu accepted",
                size - count);
    fputs(count > 0 ? ":\n" : ".\n", s->out);
    for (size_t i = 0; i < size; i++) {
        const json_t *f = json_array_get(warnings, i);

        if (is_accepted(f))
            continue;
        fprintf(s->out, "  %lld:%lld: %s %s: %s\n",
                (long long)json_integer_value(json_object_get(f, "line")),
                (long long)json_integer_value(json_object_get(f, "column")),
                s->dutch ? "let op" : "warning", sk_json_text(f, "code"),
                sk_json_text(f, s->dutch ? "message_nl" : "message_en"));
    }
}

/* What a table has no column for. */
static void tell_more(const struct sk_screen *s, const char *op,
                      const json_t *result)
{
    const json_t *people = json_object_get(result, "participants");
    bool more = json_is_true(json_object_get(result, "more"));
    const json_t *next = json_object_get(result, "next");
    char room[CELL_SIZE_MAX];

    /* Behind the last one that is shown. */
    if (strcmp(op, "participant.list") == 0 && more)
        next = json_object_get(
            json_array_get(people, json_array_size(people) - 1), "participant");
    sk_staff_stand_ins_print(s->out, json_object_get(result, "users"),
                             s->dutch);
    if (json_is_integer(next) || json_is_string(next))
        fprintf(s->out, "%s %s\n", sk_render_word("next", s->dutch),
                sk_render_value(next, room, sizeof(room)));
    else if (next != NULL)
        tell_next(s, next);
    else if (json_is_true(json_object_get(result, "stopped")))
        fprintf(s->out, "%s\n",
                s->dutch ? "zoveel mensen heten zo, dat niet bij iedereen "
                           "gekeken is: zoek met de volledige naam, of met "
                           "--insz"
                         : "so many people have that name that not all of "
                           "them were looked at: search by the whole name, "
                           "or by --insz");
    else if (strcmp(op, "participant.find") == 0 && more)
        fprintf(s->out, "%s\n",
                s->dutch ? "niet iedereen met die naam staat hier: geef meer "
                           "van de naam"
                         : "not everybody of that name is here: give more of "
                           "the name");
}

void sk_render(const struct sk_screen *s, const char *op, const json_t *result)
{
    for (size_t i = 0; i < SK_COUNT(tables); i++) {
        if (strcmp(tables[i].op, op) == 0) {
            render_table(s, json_object_get(result, tables[i].key),
                         tables[i].columns);
            tell_more(s, op, result);
            return;
        }
    }
    if (strcmp(op, "policy.activate") == 0)
        render_policy(s, result);
    else if (strcmp(op, "handover.show") == 0 ||
             strcmp(op, "handover.open") == 0 ||
             strcmp(op, "handover.cancel") == 0 ||
             strcmp(op, "handover.input") == 0)
        sk_render_handover(s, result);
    else if (sk_render_event(s, op, result))
        tell_more(s, op, result);
    else if (!sk_render_node(s, op, result))
        render_tree(s, result, 0, false);
}
