#include "tools/schakel/render.h"

#include <stdlib.h>
#include <string.h>

#include "policies/decide.h"
#include "protocol/texts.h"
#include "tools/schakel/json.h"

/* Events as coaches read them: a preview, what went out, what came in. */

#define TEXT_SIZE_MAX 512

static const char *say(const struct sk_screen *s, const char *nl,
                       const char *en)
{
    return s->dutch ? nl : en;
}

/* What an id under this key is called. */
static const char *called(const struct sk_screen *s, const json_t *object,
                          const char *key)
{
    return sk_glossary_word(s->glossary, sk_json_text(object, key));
}

static const char *withheld_words(const struct sk_screen *s, const char *reason)
{
    if (strcmp(reason, "consent") == 0)
        return say(s, "geen akkoord", "no consent");
    return sk_render_word(reason, s->dutch);
}

/* ------------------------------------------------------------- fields */

static size_t widest_key(const struct sk_screen *s, const json_t *object)
{
    json_t *o = (json_t *)(uintptr_t)object;
    size_t width = 0;

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        size_t w = sk_render_width(
            sk_glossary_word(s->glossary, json_object_iter_key(it)));

        width = w > width ? w : width;
    }
    return width;
}

/* One field of a permitted decision or a received message. */
static void render_field(const struct sk_screen *s, const char *name,
                         const json_t *value, const char *level, size_t width)
{
    const char *precise;

    fputs("  ", s->out);
    sk_render_cell(s->out, sk_glossary_word(s->glossary, name), width + 2);
    fputs(sk_glossary_value(s->glossary, name, level, value), s->out);
    precise =
        level[0] == '\0' ? "" : sk_glossary_level(s->glossary, name, level);
    if (precise[0] != '\0')
        fprintf(s->out, "  (%s)", precise);
    fputc('\n', s->out);
}

static void render_fields(const struct sk_screen *s, json_t *fields,
                          const json_t *levels, size_t width)
{
    for (void *it = json_object_iter(fields); it != NULL;
         it = json_object_iter_next(fields, it))
        render_field(s, json_object_iter_key(it), json_object_iter_value(it),
                     sk_json_text(levels, json_object_iter_key(it)), width);
}

static void render_withheld(const struct sk_screen *s, const json_t *withheld)
{
    json_t *o = (json_t *)(uintptr_t)withheld;
    size_t width = widest_key(s, withheld);

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        fputs("  ", s->out);
        sk_render_cell(s->out,
                       sk_glossary_word(s->glossary, json_object_iter_key(it)),
                       width + 2);
        fprintf(
            s->out, "%s\n",
            withheld_words(s, json_string_value(json_object_iter_value(it))));
    }
}

/* ------------------------------------------------------------- requests
 * DOMAIN.md 5.1: one screen, in this order. */

#define PART_FIELDS_MAX 12

struct part {
    const char *nl;
    const char *en;
    const char *const fields[PART_FIELDS_MAX];
};

static const struct part request_parts[] = {
    {"Wat de deelnemer zelf wil",
     "What the participant wants",
     {"participant_goal"}},
    {"De vraag",
     "The question",
     {"question", "handover_reason", "handover_kind", "respond_by"}},
    {"Niet opnieuw vragen", "Do not ask again", {"do_not_repeat"}},
    {"Waar we staan",
     "Where we are",
     {"phase", "programme", "readiness", "occupation", "cefr_listen",
      "cefr_speak", "is_adult"}},
    {"Wat nog geregeld moet worden",
     "What to arrange",
     {"pre_overall", "mobility"}},
    {"Hoe te bereiken",
     "How to reach",
     {"given_name", "family_name", "birth_date", "phone", "email", "channel",
      "municipality", "talk_language", "interpreter"}},
    {"Wie belt wie",
     "Who calls whom",
     {"coach_name", "coach_phone", "talk_status", "talk_at"}},
};

/* The parts take their fields out of `left`. */
static void render_request(const struct sk_screen *s, json_t *left,
                           const json_t *levels, size_t width)
{
    for (size_t i = 0; i < SK_COUNT(request_parts); i++) {
        const struct part *part = &request_parts[i];
        bool headed = false;

        for (size_t k = 0; k < PART_FIELDS_MAX && part->fields[k] != NULL;
             k++) {
            const char *name = part->fields[k];
            const json_t *value = json_object_get(left, name);

            if (value == NULL)
                continue;
            if (!headed)
                fprintf(s->out, "\n%s\n", say(s, part->nl, part->en));
            headed = true;
            render_field(s, name, value, sk_json_text(levels, name), width);
            json_object_del(left, name);
        }
    }
    if (json_object_size(left) > 0)
        fprintf(s->out, "\n%s\n", say(s, "Verder", "Also"));
}

static void render_content(const struct sk_screen *s, const json_t *event)
{
    const json_t *fields = json_object_get(event, "fields");
    const json_t *levels = json_object_get(event, "levels");
    size_t width = widest_key(s, fields);
    json_t *left = json_copy((json_t *)(uintptr_t)fields);

    if (strcmp(sk_json_text(event, "type"), "handover.requested") == 0)
        render_request(s, left, levels, width);
    render_fields(s, left, levels, width);
    if (json_object_size(fields) == 0)
        fprintf(s->out, "  %s\n",
                say(s, "alleen dat het gebeurd is",
                    "only the fact that it happened"));
    json_decref(left);
}

/* ------------------------------------------------------------- decisions */

static void render_list(const struct sk_screen *s, const json_t *object,
                        const char *key)
{
    char room[TEXT_SIZE_MAX];

    if (json_array_size(json_object_get(object, key)) > 0)
        fprintf(
            s->out, "%s: %s\n", sk_render_word(key, s->dutch),
            sk_render_value(json_object_get(object, key), room, sizeof(room)));
}

static void render_text(const struct sk_screen *s, const json_t *object,
                        const char *key)
{
    const char *text = sk_json_text(object, key);

    if (text[0] != '\0')
        fprintf(s->out, "%s: %s\n", sk_render_word(key, s->dutch), text);
}

static void render_warnings(const struct sk_screen *s, const json_t *warnings)
{
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const json_t *one = json_array_get(warnings, i);

        fprintf(s->out, "%s: %s: \"%s\"\n", say(s, "let op", "note"),
                called(s, one, "field"), sk_json_text(one, "word"));
    }
}

static void render_errors(const struct sk_screen *s, const json_t *errors)
{
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *one = json_array_get(errors, i);

        fprintf(s->out, "%lld:%lld: %s: %s\n",
                (long long)json_integer_value(json_object_get(one, "line")),
                (long long)json_integer_value(json_object_get(one, "column")),
                sk_json_text(one, "code"),
                sk_json_text(one, s->dutch ? "message_nl" : "message_en"));
    }
}

/* What opens the gate that is shut, as a command. */
static void render_next(const struct sk_screen *s, const json_t *result,
                        const char *reason)
{
    const char *next = sk_code_next(reason, s->dutch);
    const char *to = sk_json_text(result, "to");

    if (next != NULL)
        fprintf(s->out, "%s\n", next);
    if (strcmp(reason, "not-linked") == 0)
        fprintf(s->out, "  schakel relation open %s %s --from %s\n",
                say(s, "DEELNEMER", "PARTICIPANT"), to, say(s, "DAG", "DAY"));
    else if (strcmp(reason, "consent-missing") == 0 ||
             strcmp(reason, "consent-expired") == 0)
        fprintf(s->out,
                "  schakel consent give %s --purposes %s --recipients %s \\\n"
                "    --categories %s --until %s --form paper --notice %s\n",
                say(s, "DEELNEMER", "PARTICIPANT"),
                sk_json_text(result, "purpose"), to,
                say(s, "SOORTEN", "CATEGORIES"), say(s, "DAG", "DAY"),
                say(s, "TEKST", "TEXT"));
}

static void render_decision(const struct sk_screen *s, const json_t *result)
{
    bool permit = strcmp(sk_json_text(result, "decision"), "permit") == 0;
    const char *reason = sk_json_text(result, "reason");
    const char *words = sk_reason_text(reason, s->dutch);
    const json_t *withheld = json_object_get(result, "withheld");

    if (strcmp(sk_json_text(result, "decision"), "none") == 0) {
        render_errors(s, json_object_get(result, "errors"));
        return;
    }
    fprintf(s->out, "%s -> %s (%s)\n", called(s, result, "type"),
            called(s, result, "to"), called(s, result, "purpose"));
    if (permit) {
        fprintf(s->out, "%s\n", say(s, "Dit gaat mee:", "This goes along:"));
        render_content(s, result);
        sk_render_linked(s, json_object_get(result, "linked"),
                         sk_json_text(result, "to"), /* sent */ true);
    } else {
        fprintf(s->out, "%s: %s (%s)\n",
                say(s, "Dit wordt niet gedeeld", "This is not shared"),
                words == NULL ? reason : words, reason);
        render_next(s, result, reason);
    }
    if (json_object_size(withheld) > 0) {
        fprintf(s->out, "\n%s\n",
                say(s, "Dit blijft hier:", "This stays here:"));
        render_withheld(s, withheld);
    }
    fputc('\n', s->out);
    render_list(s, result, "rules");
    if (permit)
        render_text(s, result, "erase_by");
    render_text(s, result, "message");
    render_warnings(s, json_object_get(result, "warnings"));
}

/* ------------------------------------------------------------- what went */

/* Of a field that was asked back: what the partner answered. */
static const char *recalled_words(const struct sk_screen *s, const char *recall)
{
    if (strcmp(recall, "confirmed") == 0)
        return say(s, ", gewist", ", erased");
    if (strcmp(recall, "kept") == 0)
        return say(s, ", moet bewaard blijven", ", must be kept");
    return say(s, ", teruggeroepen", ", recalled");
}

static void render_outcome(const struct sk_screen *s, const json_t *field,
                           const char *recall)
{
    const char *outcome = sk_json_text(field, "outcome");
    const char *name = sk_json_text(field, "field");
    const char *level = sk_json_text(field, "level");
    bool sent = strcmp(outcome, "sent") == 0;
    const char *how = withheld_words(s, outcome);

    if (sent) {
        how = sk_glossary_level(s->glossary, name, level);
        if (how[0] == '\0')
            how = say(s, "precies", "in full");
    }
    fprintf(s->out, "  %c ", sent ? '+' : '-');
    sk_render_cell(s->out, sk_glossary_word(s->glossary, name), 28);
    fprintf(s->out, "%s%s\n", how,
            json_is_true(json_object_get(field, "recalled"))
                ? recalled_words(s, recall)
                : "");
}

static void render_disclosure(const struct sk_screen *s, const json_t *entry)
{
    const json_t *fields = json_object_get(entry, "fields");
    const char *recall = sk_json_text(entry, "recall");
    const char *reason = sk_json_text(entry, "reason");
    const char *words = sk_reason_text(reason, s->dutch);

    fprintf(s->out, "%s -> %s (%s): %s\n", called(s, entry, "type"),
            called(s, entry, "to"), called(s, entry, "purpose"),
            sk_render_word(sk_json_text(entry, "state"), s->dutch));
    fprintf(s->out, "  %s %s\n", sk_render_word("message", s->dutch),
            sk_json_text(entry, "message"));
    for (size_t i = 0; i < json_array_size(fields); i++)
        render_outcome(s, json_array_get(fields, i), recall);
    if (recall[0] != '\0' && strcmp(recall, "none") != 0)
        fprintf(s->out, "  %s: %s %s\n", say(s, "intrekking", "withdrawal"),
                sk_render_word(recall, s->dutch),
                sk_json_text(entry, "law_reference"));
    if (reason[0] != '\0')
        fprintf(s->out, "  %s: %s\n", sk_render_word("reason", s->dutch),
                words == NULL ? reason : words);
}

static void render_disclosures(const struct sk_screen *s, const json_t *result)
{
    const json_t *list = json_object_get(result, "disclosures");

    for (size_t i = 0; i < json_array_size(list); i++)
        render_disclosure(s, json_array_get(list, i));
    if (json_array_size(list) == 0)
        fprintf(s->out, "%s\n",
                say(s, "Niemand kreeg iets.", "Nobody got anything."));
}

/* ------------------------------------------------------------- what came */

/* A list of words of the vocabulary. */
static void render_words(const struct sk_screen *s, const json_t *object,
                         const char *key)
{
    const json_t *list = json_object_get(object, key);

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i == 0)
            fprintf(s->out, "%s: ", sk_render_word(key, s->dutch));
        fprintf(s->out, "%s%s",
                sk_glossary_word(s->glossary,
                                 json_string_value(json_array_get(list, i))),
                i + 1 < json_array_size(list) ? ", " : "\n");
    }
}

/* CONSENT.md 5.4: what the sender said was wrong, until it is taken over. */
static void render_wrong(const struct sk_screen *s, const json_t *result)
{
    json_t *wrong = json_object_get(result, "wrong");
    const char *field;
    const json_t *value;
    char room[512];

    if (wrong == NULL)
        return;
    json_object_foreach(wrong, field, value)
        fprintf(s->out, "  %s: %s: %s\n", sk_render_word("wrong", s->dutch),
                sk_glossary_word(s->glossary, field),
                sk_render_value(value, room, sizeof(room)));
    fprintf(s->out, "  schakel inbox corrected %s\n",
            sk_json_text(result, "message"));
}

static void render_message(const struct sk_screen *s, const json_t *result)
{
    const char *purpose = called(s, result, "purpose");

    fprintf(s->out, "%s %s %s%s%s%s\n", called(s, result, "type"),
            sk_render_word("from", s->dutch), called(s, result, "from"),
            purpose[0] == '\0' ? "" : " (", purpose,
            purpose[0] == '\0' ? "" : ")");
    render_content(s, result);
    render_wrong(s, result);
    sk_render_linked(s, json_object_get(result, "linked"),
                     sk_json_text(result, "from"), /* sent */ false);
    fputc('\n', s->out);
    render_text(s, result, "erase_by");
    render_words(s, result, "duties");
    render_words(s, result, "roles");
    if (json_array_size(json_object_get(result, "consents")) > 0)
        fprintf(s->out,
                s->dutch ? "De deelnemer ging akkoord bij %s.  Trekt hij dat "
                           "hier in: schakel inbox withdraw %s\n"
                         : "The participant agreed at %s.  When it is taken "
                           "back here: schakel inbox withdraw %s\n",
                called(s, result, "from"), sk_json_text(result, "message"));
}

bool sk_render_event(const struct sk_screen *s, const char *op,
                     const json_t *result)
{
    static const struct {
        const char *op;
        void (*render)(const struct sk_screen *s, const json_t *result);
    } all[] = {
        {"disclosure.preview", render_decision},
        {"disclosure.send", render_decision},
        {"disclosure.list", render_disclosures},
        {"message.show", render_disclosure},
        {"inbox.open", render_message},
        {"inbox.peek", render_message},
    };

    for (size_t i = 0; i < SK_COUNT(all); i++) {
        if (strcmp(all[i].op, op) == 0) {
            all[i].render(s, result);
            return true;
        }
    }
    return false;
}
