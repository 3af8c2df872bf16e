#include "tools/schakel/render.h"

#include <string.h>

#include "protocol/base.h"
#include "tools/schakel/json.h"

#define CELL_SIZE_MAX 512

/* ------------------------------------------------------------- words */
struct word {
    const char *key;
    const char *nl;
    const char *en;
};

static const struct word words[] = {
    {"about", "gaat over", "about"},
    {"accepted", "aanvaard", "accepted"},
    {"answered", "beantwoord", "answered"},
    {"asked", "gevraagd te wissen", "asked to erase"},
    {"at", "wanneer", "when"},
    {"birth_date", "geboren", "born"},
    {"card_version", "kaart", "card"},
    {"categories", "soorten", "categories"},
    {"changed", "gewijzigd", "changed"},
    {"charter", "charter", "charter"},
    {"clock", "klok", "clock"},
    {"confirmed", "gewist", "erased"},
    {"consent", "akkoord", "consent"},
    {"consents", "akkoorden", "consents"},
    {"declined", "niet aanvaard", "declined"},
    {"disclosures", "wie kreeg wat", "who got what"},
    {"down", "geen lijn", "no line"},
    {"dropped", "niet verstuurd", "not sent"},
    {"due", "uiterlijk", "due"},
    {"duties", "plichten", "duties"},
    {"epoch", "beurt", "epoch"},
    {"erase_by", "wissen op", "erase on"},
    {"event", "gebeurtenis", "event"},
    {"events", "gebeurtenissen", "events"},
    {"explicit", "uitdrukkelijk", "explicit"},
    {"family_name", "familienaam", "family name"},
    {"fields", "gegevens", "fields"},
    {"form", "vorm", "form"},
    {"from", "van", "from"},
    {"given", "gegeven", "given"},
    {"given_by", "gegeven door", "given by"},
    {"given_name", "voornaam", "given name"},
    {"handle", "schuilnummer", "handle"},
    {"handover", "overdracht", "handover"},
    {"heard", "laatst gehoord", "last heard"},
    {"insz", "rijksregisternummer", "national number"},
    {"kept", "moet bewaard blijven", "must be kept"},
    {"kind", "soort", "kind"},
    {"interpreter", "tolk", "interpreter"},
    {"language", "taal", "language"},
    {"line", "lijn", "line"},
    {"message", "bericht", "message"},
    {"messages", "berichten", "messages"},
    {"name", "naam", "name"},
    {"notices", "vragen om te wissen", "requests to erase"},
    {"notices_open", "vragen om te wissen", "requests to erase"},
    {"now", "nu", "now"},
    {"objections", "bezwaren", "objections"},
    {"occurred", "op", "on"},
    {"org", "organisatie", "organisation"},
    {"owner", "begeleidt", "guides"},
    {"participant", "deelnemer", "participant"},
    {"partner", "partner", "partner"},
    {"peers", "partners", "partners"},
    {"pending", "wacht", "waiting"},
    {"policy", "deelregels", "policy"},
    {"purpose", "doel", "purpose"},
    {"purposes", "doelen", "purposes"},
    {"queue", "wachtrij", "queue"},
    {"queued", "in de wachtrij", "queued"},
    {"read", "gelezen", "read"},
    {"reason", "reden", "reason"},
    {"received", "ontvangen", "received"},
    {"recipients", "partners", "partners"},
    {"refused", "geweigerd", "refused"},
    {"relations", "banden", "relations"},
    {"requested", "gevraagd", "requested"},
    {"role", "rol", "role"},
    {"recorded_ms", "vastgelegd (ms)", "recorded (ms)"},
    {"notice_hash", "tekst (hash)", "text (hash)"},
    {"rules", "regels", "rules"},
    {"sent", "verstuurd", "sent"},
    {"state", "toestand", "state"},
    {"status", "status", "status"},
    {"stored", "bewaard bij de partner", "stored at the partner"},
    {"to", "naar", "to"},
    {"trajectory", "traject", "trajectory"},
    {"type", "soort", "type"},
    {"unconfirmed", "nog niet bevestigd", "not confirmed yet"},
    {"until", "tot en met", "until"},
    {"up", "lijn open", "line open"},
    {"version", "versie", "version"},
    {"waits_for", "wacht op", "waits for"},
    {"warnings", "let op", "warnings"},
    {"withdrawn", "ingetrokken", "withdrawn"},
    {"expired", "verlopen", "expired"},
    {"replaced", "vervangen", "replaced"},
    {"forbidden", "een verbod houdt dit tegen", "a prohibition stops this"},
    {"limited", "een beperking houdt dit tegen", "a limit stops this"},
    {"not-granted", "geen regel deelt dit", "no rule shares this"},
};

static const char *word(const char *key, bool dutch)
{
    for (size_t i = 0; i < SK_COUNT(words); i++)
        if (strcmp(words[i].key, key) == 0)
            return dutch ? words[i].nl : words[i].en;
    return key;
}

static const char *withheld_word(const char *reason, bool dutch)
{
    if (strcmp(reason, "consent") == 0)
        return dutch ? "geen akkoord" : "no consent";
    return word(reason, dutch);
}

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

/* ------------------------------------------------------------- fields */
static size_t widest_key(const json_t *object)
{
    json_t *o = (json_t *)(uintptr_t)object;
    size_t width = 0;

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        size_t w = sk_render_width(json_object_iter_key(it));

        width = w > width ? w : width;
    }
    return width;
}

void sk_render_fields(FILE *out, const char *indent, const json_t *fields,
                      const json_t *levels, bool dutch)
{
    json_t *o = (json_t *)(uintptr_t)fields;
    size_t width = widest_key(fields);
    char room[CELL_SIZE_MAX];

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        const char *name = json_object_iter_key(it);
        const char *level = sk_json_text(levels, name);

        fputs(indent, out);
        sk_render_cell(out, name, width + 2);
        fputs(sk_render_value(json_object_iter_value(it), room, sizeof(room)),
              out);
        if (level[0] != '\0' && strcmp(level, "exact") != 0)
            fprintf(out, "  (%s %s)", dutch ? "alleen" : "only", level);
        fputc('\n', out);
    }
}

void sk_render_withheld(FILE *out, const char *indent, const json_t *withheld,
                        bool dutch)
{
    json_t *o = (json_t *)(uintptr_t)withheld;
    size_t width = widest_key(withheld);

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        fputs(indent, out);
        sk_render_cell(out, json_object_iter_key(it), width + 2);
        fprintf(out, "%s\n",
                withheld_word(json_string_value(json_object_iter_value(it)),
                              dutch));
    }
}

/* ------------------------------------------------------------- trees */
static void render_tree(FILE *out, const json_t *value, size_t depth,
                        bool dutch);

static void indent_by(FILE *out, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        fputs("  ", out);
}

static bool is_flat(const json_t *value)
{
    if (json_is_object(value))
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (json_is_object(json_array_get(value, i)))
            return false;
    return true;
}

static const char *yes_or_no(const json_t *value, bool dutch)
{
    if (json_is_true(value))
        return dutch ? "ja" : "yes";
    return dutch ? "nee" : "no";
}

static void render_member(FILE *out, const char *label, const json_t *value,
                          size_t depth, size_t width, bool dutch)
{
    char room[CELL_SIZE_MAX];

    indent_by(out, depth);
    if (is_flat(value)) {
        const char *text = sk_render_value(value, room, sizeof(room));

        if (json_is_boolean(value))
            text = yes_or_no(value, dutch);
        sk_render_cell(out, label, width + 2);
        fprintf(out, "%s\n", text[0] == '\0' ? "-" : text);
        return;
    }
    fprintf(out, "%s:\n", label);
    render_tree(out, value, depth + 1, dutch);
}

static bool is_state(const char *key)
{
    return strcmp(key, "now") == 0 || strcmp(key, "state") == 0 ||
           strcmp(key, "line") == 0 || strcmp(key, "recall") == 0;
}

static void render_tree(FILE *out, const json_t *value, size_t depth,
                        bool dutch)
{
    json_t *o = (json_t *)(uintptr_t)value;
    size_t width = 0;

    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            fputc('\n', out);
        render_tree(out, json_array_get(value, i), depth, dutch);
    }
    if (!json_is_object(value)) {
        if (!json_is_array(value))
            render_member(out, "", value, depth, 0, dutch);
        return;
    }
    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        size_t w = sk_render_width(word(json_object_iter_key(it), dutch));

        width = w > width ? w : width;
    }
    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        const char *key = json_object_iter_key(it);
        json_t *shown = json_incref(json_object_iter_value(it));

        /* Codes of states read as words; ids and values stay what they are. */
        if (json_is_string(shown) && is_state(key)) {
            json_t *code = shown;

            shown = json_string(word(json_string_value(code), dutch));
            json_decref(code);
        }
        render_member(out, word(key, dutch), shown, depth, width, dutch);
        json_decref(shown);
    }
}

/* ------------------------------------------------------------- tables */
#define COLUMNS_MAX 8

static const char *cell_text(const json_t *row, const char *key, bool dutch,
                             char *room, size_t size_max)
{
    const json_t *value = json_object_get(row, key);

    if (json_is_true(value))
        return dutch ? "ja" : "yes";
    if (json_is_false(value))
        return dutch ? "nee" : "no";
    sk_render_value(value, room, size_max);
    return room[0] == '\0' ? "-" : word(room, dutch);
}

static void render_table(FILE *out, const json_t *rows,
                         const char *const *columns, bool dutch)
{
    size_t widths[COLUMNS_MAX] = {0};
    char room[CELL_SIZE_MAX];
    size_t count = 0;

    for (; columns[count] != NULL; count++)
        widths[count] = sk_render_width(word(columns[count], dutch));
    assert(count <= COLUMNS_MAX);
    for (size_t i = 0; i < json_array_size(rows); i++)
        for (size_t c = 0; c < count; c++) {
            size_t w =
                sk_render_width(cell_text(json_array_get(rows, i), columns[c],
                                          dutch, room, sizeof(room)));

            widths[c] = w > widths[c] ? w : widths[c];
        }
    for (size_t c = 0; c < count; c++)
        sk_render_cell(out, word(columns[c], dutch), widths[c] + 2);
    fputc('\n', out);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        for (size_t c = 0; c < count; c++)
            sk_render_cell(out,
                           cell_text(json_array_get(rows, i), columns[c], dutch,
                                     room, sizeof(room)),
                           widths[c] + 2);
        fputc('\n', out);
    }
    if (json_array_size(rows) == 0)
        fprintf(out, "%s\n", dutch ? "(niets)" : "(nothing)");
}

/* ------------------------------------------------------------- decisions */
static void render_decision(FILE *out, const json_t *result, bool dutch)
{
    bool permit = strcmp(sk_json_text(result, "decision"), "permit") == 0;
    const json_t *withheld = json_object_get(result, "withheld");
    char room[CELL_SIZE_MAX];

    if (strcmp(sk_json_text(result, "decision"), "none") == 0) {
        render_tree(out, json_object_get(result, "errors"), 0, dutch);
        return;
    }
    fprintf(out, "%s, %s %s %s %s\n", sk_json_text(result, "type"),
            dutch ? "met" : "with", sk_json_text(result, "to"),
            dutch ? "voor" : "for", sk_json_text(result, "purpose"));
    if (permit) {
        fprintf(out, "%s\n", dutch ? "Dit gaat mee:" : "This goes along:");
        sk_render_fields(out, "  ", json_object_get(result, "fields"),
                         json_object_get(result, "levels"), dutch);
        if (json_object_size(json_object_get(result, "fields")) == 0)
            fprintf(out, "  %s\n",
                    dutch ? "alleen dat het gebeurd is"
                          : "only the fact that it happened");
    } else {
        fprintf(out, "%s: %s\n",
                dutch ? "Dit wordt niet gedeeld" : "This is not shared",
                sk_json_text(result, "reason"));
    }
    if (json_object_size(withheld) > 0) {
        fprintf(out, "%s\n", dutch ? "Dit blijft hier:" : "This stays here:");
        sk_render_withheld(out, "  ", withheld, dutch);
    }
    if (json_array_size(json_object_get(result, "rules")) > 0)
        fprintf(out, "%s: %s\n", word("rules", dutch),
                sk_render_value(json_object_get(result, "rules"), room,
                                sizeof(room)));
    if (permit)
        fprintf(out, "%s: %s\n", word("erase_by", dutch),
                sk_json_text(result, "erase_by"));
    if (json_object_get(result, "message") != NULL)
        fprintf(out, "%s: %s\n", word("message", dutch),
                sk_json_text(result, "message"));
    if (json_array_size(json_object_get(result, "warnings")) > 0)
        render_tree(out, json_object_get(result, "warnings"), 0, dutch);
}

static void render_disclosure(FILE *out, const json_t *entry, bool dutch)
{
    const json_t *fields = json_object_get(entry, "fields");
    const char *recall = sk_json_text(entry, "recall");

    fprintf(out, "%s -> %s (%s): %s\n", sk_json_text(entry, "type"),
            sk_json_text(entry, "to"), sk_json_text(entry, "purpose"),
            word(sk_json_text(entry, "state"), dutch));
    fprintf(out, "  %s %s\n", word("message", dutch),
            sk_json_text(entry, "message"));
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        const char *outcome = sk_json_text(field, "outcome");
        bool sent = strcmp(outcome, "sent") == 0;

        fprintf(out, "  %c ", sent ? '+' : '-');
        sk_render_cell(out, sk_json_text(field, "field"), 22);
        fprintf(out, "%s%s\n",
                sent ? sk_json_text(field, "level")
                     : withheld_word(outcome, dutch),
                json_is_true(json_object_get(field, "recalled"))
                    ? (dutch ? ", teruggeroepen" : ", recalled")
                    : "");
    }
    if (recall[0] != '\0' && strcmp(recall, "none") != 0)
        fprintf(out, "  %s: %s %s\n", dutch ? "intrekking" : "withdrawal",
                word(recall, dutch), sk_json_text(entry, "law_reference"));
    if (sk_json_text(entry, "reason")[0] != '\0')
        fprintf(out, "  %s: %s\n", word("reason", dutch),
                sk_json_text(entry, "reason"));
}

static void render_disclosures(FILE *out, const json_t *result, bool dutch)
{
    const json_t *list = json_object_get(result, "disclosures");

    for (size_t i = 0; i < json_array_size(list); i++)
        render_disclosure(out, json_array_get(list, i), dutch);
    if (json_array_size(list) == 0)
        fprintf(out, "%s\n",
                dutch ? "Niemand kreeg iets." : "Nobody got anything.");
}

static void render_message(FILE *out, const json_t *result, bool dutch)
{
    char room[CELL_SIZE_MAX];

    fprintf(out, "%s %s %s (%s)\n", sk_json_text(result, "type"),
            word("from", dutch), sk_json_text(result, "from"),
            sk_json_text(result, "purpose"));
    sk_render_fields(out, "  ", json_object_get(result, "fields"),
                     json_object_get(result, "levels"), dutch);
    fprintf(out, "%s: %s\n", word("erase_by", dutch),
            sk_json_text(result, "erase_by"));
    fprintf(
        out, "%s: %s\n", word("duties", dutch),
        sk_render_value(json_object_get(result, "duties"), room, sizeof(room)));
}

/* ------------------------------------------------------------- dispatch */
struct table {
    const char *op;
    const char *key; /* of the list in the result */
    const char *const columns[COLUMNS_MAX];
};

static const struct table tables[] = {
    {"peer.list",
     "peers",
     {"org", "name", "line", "heard", "queue", "unconfirmed", "waits_for"}},
    {"inbox.list",
     "messages",
     {"received", "from", "type", "purpose", "opened", "message"}},
    {"participant.find",
     "participants",
     {"given_name", "family_name", "participant"}},
    {"participant.list",
     "participants",
     {"given_name", "family_name", "participant"}},
    {"handover.list",
     "handovers",
     {"requested", "partner", "role", "kind", "state", "waits_for",
      "handover"}},
};

void sk_render(FILE *out, const char *op, const json_t *result, bool dutch)
{
    for (size_t i = 0; i < SK_COUNT(tables); i++) {
        if (strcmp(tables[i].op, op) == 0) {
            render_table(out, json_object_get(result, tables[i].key),
                         tables[i].columns, dutch);
            return;
        }
    }
    if (strcmp(op, "disclosure.preview") == 0 ||
        strcmp(op, "disclosure.send") == 0)
        render_decision(out, result, dutch);
    else if (strcmp(op, "disclosure.list") == 0)
        render_disclosures(out, result, dutch);
    else if (strcmp(op, "message.show") == 0)
        render_disclosure(out, result, dutch);
    else if (strcmp(op, "inbox.open") == 0 || strcmp(op, "inbox.peek") == 0)
        render_message(out, result, dutch);
    else
        render_tree(out, result, 0, dutch);
}
