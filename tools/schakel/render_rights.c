/* To be forgotten and corrected (GDPR art. 17, 16), in whole sentences: for the
   coach, and for the participant who asked. */
#include <string.h>

#include "protocol/base.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

/* A ternary: the compiler then checks a format in both languages. */
#define SAY(s, nl, en) ((s)->dutch ? (nl) : (en))

struct ground {
    const char *word;
    const char *nl;
    const char *en;
};

static const struct ground grounds[] = {
    {"child", "gegevens van een kind (AVG art. 17.1.f)",
     "data of a child (GDPR art. 17.1.f)"},
    {"legal-duty", "een wet verplicht het wissen (AVG art. 17.1.e)",
     "a law obliges to erase (GDPR art. 17.1.e)"},
    {"not-needed", "niet meer nodig (AVG art. 17.1.a)",
     "no longer needed (GDPR art. 17.1.a)"},
    {"objection", "bezwaar (AVG art. 17.1.c)", "objection (GDPR art. 17.1.c)"},
    {"unlawful", "het mocht niet (AVG art. 17.1.d)",
     "it was not allowed (GDPR art. 17.1.d)"},
    {"withdrawn", "akkoord ingetrokken (AVG art. 17.1.b)",
     "consent withdrawn (GDPR art. 17.1.b)"},
};

const char *sk_render_ground(const char *word, bool dutch)
{
    for (size_t i = 0; i < SK_COUNT(grounds); i++)
        if (strcmp(grounds[i].word, word) == 0)
            return dutch ? grounds[i].nl : grounds[i].en;
    return word;
}

static const char *partner_of(const struct sk_screen *s, const json_t *from)
{
    return sk_glossary_word(s->glossary, sk_json_text(from, "to"));
}

/* ------------------------------------------------------------- the request */

static void tell_erase(const struct sk_screen *s, const json_t *result)
{
    const json_t *notices = json_object_get(result, "notices");
    size_t dropped = json_array_size(json_object_get(result, "dropped"));

    fputs(
        strcmp(sk_json_text(result, "own"), "kept") == 0
            ? SAY(s,
                  "De eigen gegevens blijven tot een wet ze niet meer vraagt; "
                  "dan wist dit\nknooppunt ze vanzelf.  Vanaf nu wordt niets "
                  "meer gedeeld.\n",
                  "Our own records stay until a law no longer asks for them; "
                  "then this node erases\nthem by itself.  Nothing is shared "
                  "from now on.\n")
            : SAY(s,
                  "Gewist.  Dit knooppunt kan niets meer lezen over deze "
                  "deelnemer.\n",
                  "Erased.  This node can read nothing about this "
                  "participant any more.\n"),
        s->out);
    if (dropped > 0)
        fprintf(s->out,
                SAY(s, "Nog niet verstuurd, en nu ook niet meer: %zu.\n",
                    "Not sent yet, and never will be: %zu.\n"),
                dropped);
    for (size_t i = 0; i < json_array_size(notices); i++) {
        const json_t *notice = json_array_get(notices, i);
        size_t count =
            json_object_size(json_object_get(notice, "messages")) +
            (size_t)json_integer_value(json_object_get(notice, "count"));

        fprintf(s->out,
                SAY(s, "Gevraagd om te wissen: %s, berichten: %zu.\n",
                    "Asked to erase: %s, messages: %zu.\n"),
                partner_of(s, notice), count);
    }
    if (json_array_size(notices) == 0)
        fputs(SAY(s, "Er is niemand die nog iets heeft.\n",
                  "Nobody has anything any more.\n"),
              s->out);
    fprintf(s->out,
            SAY(s, "De antwoorden:  schakel participant erasure %s\n",
                "The answers:  schakel participant erasure %s\n"),
            sk_json_text(result, "participant"));
}

/* ------------------------------------------------------------- the report */

static size_t count_of(const json_t *part, const char *state)
{
    const char *id;
    const json_t *value;
    size_t count = 0;

    json_object_foreach(json_object_get(part, "messages"), id, value) count +=
        strcmp(json_string_value(value), state) == 0 ? 1 : 0;
    return count;
}

static void tell_part(const struct sk_screen *s, const json_t *part)
{
    size_t asked = count_of(part, "asked");
    size_t erased = count_of(part, "erased");
    size_t kept = count_of(part, "kept");
    const char *to = partner_of(s, part);

    if (erased > 0)
        fprintf(s->out,
                SAY(s, "  %s: gewist, berichten: %zu (%.10s)\n",
                    "  %s: erased, messages: %zu (%.10s)\n"),
                to, erased, sk_json_text(part, "answered"));
    if (kept > 0)
        fprintf(s->out,
                SAY(s,
                    "  %s: moet bewaren tot en met %s, berichten: %zu (%s)\n",
                    "  %s: must keep until %s, messages: %zu (%s)\n"),
                to, sk_json_text(part, "keep_until"), kept,
                sk_json_text(part, "law_reference"));
    if (asked > 0)
        fprintf(s->out,
                SAY(s,
                    "  %s: nog geen antwoord, berichten: %zu (gevraagd "
                    "%.10s)\n",
                    "  %s: no answer yet, messages: %zu (asked %.10s)\n"),
                to, asked, sk_json_text(part, "at"));
}

static void tell_own(const struct sk_screen *s, const json_t *erasure)
{
    const char *erased = sk_json_text(erasure, "erased");

    if (erased[0] != '\0')
        fprintf(s->out,
                SAY(s, "  Hier: gewist (%.10s)\n", "  Here: erased (%.10s)\n"),
                erased);
    else
        fprintf(s->out,
                SAY(s, "  Hier: bewaard tot en met %s (%s)\n",
                    "  Here: kept until %s (%s)\n"),
                sk_json_text(erasure, "keep_until"),
                sk_json_text(erasure, "law"));
}

static void tell_erasure(const struct sk_screen *s, const json_t *erasure)
{
    const json_t *parts = json_object_get(erasure, "partners");
    long long waiting =
        (long long)json_integer_value(json_object_get(erasure, "waiting"));

    fprintf(s->out,
            SAY(s,
                "Vraag om te wissen van %.10s\n  Deelnemer: %s\n  Grond: "
                "%s\n",
                "Request to erase of %.10s\n  Participant: %s\n  Ground: %s\n"),
            sk_json_text(erasure, "at"), sk_json_text(erasure, "participant"),
            sk_render_ground(sk_json_text(erasure, "ground"), s->dutch));
    tell_own(s, erasure);
    for (size_t i = 0; i < json_array_size(parts); i++)
        tell_part(s, json_array_get(parts, i));
    if (waiting == 0)
        fputs(SAY(s, "  Alle antwoorden zijn er.\n",
                  "  All answers have come.\n"),
              s->out);
    else
        fprintf(s->out,
                SAY(s, "  Wacht nog op antwoord: %lld\n",
                    "  Still waits for answers: %lld\n"),
                waiting);
}

static void tell_erasures(const struct sk_screen *s, const json_t *result)
{
    const json_t *list = json_object_get(result, "erasures");

    for (size_t i = 0; i < json_array_size(list); i++)
        tell_erasure(s, json_array_get(list, i));
    if (json_array_size(list) == 0)
        fputs(SAY(s, "(niets)\n", "(nothing)\n"), s->out);
    if (json_is_true(json_object_get(result, "more")))
        fputs(SAY(s, "Er is nog meer: vraag verder met --after.\n",
                  "There is more: ask on with --after.\n"),
              s->out);
}

/* ------------------------------------------------------------- corrections */

static void tell_correct(const struct sk_screen *s, const json_t *result)
{
    const json_t *messages = json_object_get(result, "messages");

    fprintf(s->out,
            SAY(s, "Verbeterd.  De juiste gebeurtenis: %s\n",
                "Corrected.  The right event: %s\n"),
            sk_json_text(result, "event"));
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *message = json_array_get(messages, i);
        const char *field;
        const json_t *what;

        json_object_foreach(json_object_get(message, "fields"), field, what)
            fprintf(s->out,
                    strcmp(json_string_value(what), "value") == 0
                        ? SAY(s, "%s krijgt de juiste waarde: %s\n",
                              "%s gets the right value: %s\n")
                        : SAY(s,
                              "%s hoort dat dit niet klopt, zonder de juiste "
                              "waarde: %s\n",
                              "%s hears that this is wrong, without the right "
                              "value: %s\n"),
                    partner_of(s, message),
                    sk_glossary_word(s->glossary, field));
    }
    if (json_array_size(messages) == 0)
        fputs(SAY(s, "Niemand heeft de foute waarde gekregen.\n",
                  "Nobody got the wrong value.\n"),
              s->out);
}

static void tell_corrected(const struct sk_screen *s, const json_t *result)
{
    fprintf(s->out,
            SAY(s,
                "De foute waarde is gewist.  %s hoort dat u de verbetering "
                "overnam.\n",
                "The wrong value is erased.  %s hears that you took the "
                "correction over.\n"),
            partner_of(s, result));
}

/* ------------------------------------------------------------- objections */

/* What a rule rests on (POLICY.md 7.3), in words. */
static const char *basis_of(const struct sk_screen *s, const char *gdpr)
{
    if (strcmp(gdpr, "consent") == 0)
        return SAY(s, "akkoord", "consent");
    if (strcmp(gdpr, "contract") == 0)
        return SAY(s, "een overeenkomst", "a contract");
    if (strcmp(gdpr, "public-task") == 0)
        return SAY(s, "een openbare taak", "a public task");
    return SAY(s, "een gerechtvaardigd belang", "a legitimate interest");
}

static void tell_reach(const struct sk_screen *s, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i);
        const char *text = sk_json_text(rule, "text");

        fprintf(s->out,
                SAY(s, "  %s: %s (steunt op %s)\n", "  %s: %s (rests on %s)\n"),
                partner_of(s, rule),
                text[0] == '\0' ? sk_json_text(rule, "id") : text,
                basis_of(s, sk_json_text(rule, "ground")));
    }
}

static void tell_object(const struct sk_screen *s, const json_t *result)
{
    const json_t *stops = json_object_get(result, "stops");
    const json_t *goes_on = json_object_get(result, "goes_on");
    const char *id = sk_json_text(result, "objection");

    fprintf(s->out,
            SAY(s, "Bezwaar genoteerd op %.10s: %s\n",
                "Objection recorded on %.10s: %s\n"),
            sk_json_text(result, "at"), id);
    if (json_array_size(stops) > 0)
        fputs(SAY(s, "Dit stopt nu:\n", "This stops now:\n"), s->out);
    else
        fputs(SAY(s, "Niets van wat u vandaag deelt, stopt hierdoor.\n",
                  "Nothing that you share today stops because of it.\n"),
              s->out);
    tell_reach(s, stops);
    if (json_array_size(goes_on) > 0)
        fputs(SAY(s,
                  "Dit gaat verder: tegen een akkoord of een overeenkomst is "
                  "er geen bezwaar.\nEen akkoord intrekken kan altijd: "
                  "schakel consent withdraw.\n",
                  "This goes on: nobody can object to a consent or a "
                  "contract.\nA consent can always be withdrawn: schakel "
                  "consent withdraw.\n"),
              s->out);
    tell_reach(s, goes_on);
    fprintf(s->out,
            SAY(s,
                "Uw privacyverantwoordelijke antwoordt binnen een maand:\n"
                "  schakel objection answer %s %s --answer upheld|rejected "
                "--by NAAM --reason WAAROM\n",
                "Your privacy officer answers within a month:\n"
                "  schakel objection answer %s %s --answer upheld|rejected "
                "--by NAME --reason WHY\n"),
            sk_json_text(result, "participant"), id);
}

static void print_scope(const struct sk_screen *s, const json_t *objection)
{
    static const char *const keys[] = {"recipients", "purposes"};

    for (size_t k = 0; k < SK_COUNT(keys); k++) {
        const json_t *list = json_object_get(objection, keys[k]);

        fprintf(s->out, "  %s: ",
                k == 0 ? SAY(s, "Delen met", "Sharing with")
                       : SAY(s, "Waarvoor", "What for"));
        for (size_t i = 0; i < json_array_size(list); i++)
            fprintf(
                s->out, "%s%s", i > 0 ? ", " : "",
                sk_glossary_word(s->glossary,
                                 json_string_value(json_array_get(list, i))));
        fprintf(s->out, "%s\n",
                list == NULL ? (k == 0 ? SAY(s, "iedereen", "everybody")
                                       : SAY(s, "alles", "everything"))
                             : "");
    }
}

static void tell_objections(const struct sk_screen *s, const json_t *result)
{
    const json_t *list = json_object_get(result, "objections");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *reason = sk_json_text(one, "reason");
        const char *answer = sk_json_text(one, "answer");

        fprintf(s->out,
                SAY(s, "Bezwaar van %.10s: %s\n  Nummer: %s\n",
                    "Objection of %.10s: %s\n  Number: %s\n"),
                sk_json_text(one, "at"),
                sk_render_objection(sk_json_text(one, "state"), s->dutch),
                sk_json_text(one, "objection"));
        print_scope(s, one);
        if (reason[0] != '\0')
            fprintf(s->out, SAY(s, "  Waarom: %s\n", "  Why: %s\n"), reason);
        if (answer[0] != '\0')
            fprintf(s->out,
                    SAY(s, "  Antwoord van %s (%.10s): %s\n",
                        "  Answer of %s (%.10s): %s\n"),
                    sk_json_text(one, "by"), sk_json_text(one, "answered"),
                    answer);
    }
    if (json_array_size(list) == 0)
        fputs(SAY(s, "(niets)\n", "(nothing)\n"), s->out);
}

const char *sk_render_objection(const char *state, bool dutch)
{
    static const struct ground states[] = {
        {"open", "wacht op antwoord", "waits for an answer"},
        {"rejected", "niet gevolgd", "not followed"},
        {"upheld", "gevolgd", "followed"},
        {"withdrawn", "weer ingetrokken", "taken back"},
    };

    for (size_t i = 0; i < SK_COUNT(states); i++)
        if (strcmp(states[i].word, state) == 0)
            return dutch ? states[i].nl : states[i].en;
    return state;
}

static void tell_answer(const struct sk_screen *s, const json_t *result)
{
    const json_t *notices = json_object_get(result, "notices");
    size_t dropped = json_array_size(json_object_get(result, "dropped"));
    const char *state = sk_json_text(result, "state");

    fprintf(s->out, SAY(s, "Bezwaar: %s.\n", "Objection: %s.\n"),
            sk_render_objection(state, s->dutch));
    if (strcmp(state, "upheld") != 0) {
        fputs(SAY(s, "Wat stopte, mag weer gedeeld worden.\n",
                  "What stopped may be shared again.\n"),
              s->out);
        return;
    }
    if (dropped > 0)
        fprintf(s->out,
                SAY(s, "Nog niet verstuurd, en nu ook niet meer: %zu.\n",
                    "Not sent yet, and never will be: %zu.\n"),
                dropped);
    for (size_t i = 0; i < json_array_size(notices); i++) {
        const json_t *notice = json_array_get(notices, i);

        fprintf(s->out,
                SAY(s, "Gevraagd om te wissen: %s, berichten: %zu.\n",
                    "Asked to erase: %s, messages: %zu.\n"),
                partner_of(s, notice),
                json_object_size(json_object_get(notice, "messages")));
    }
    if (json_array_size(notices) == 0)
        fputs(SAY(s, "Er is niemand die nog iets heeft.\n",
                  "Nobody has anything any more.\n"),
              s->out);
}

bool sk_render_rights(const struct sk_screen *s, const char *op,
                      const json_t *result)
{
    if (strcmp(op, "participant.erase") == 0)
        tell_erase(s, result);
    else if (strcmp(op, "participant.erasure") == 0)
        tell_erasure(s, result);
    else if (strcmp(op, "participant.erasures") == 0)
        tell_erasures(s, result);
    else if (strcmp(op, "event.correct") == 0)
        tell_correct(s, result);
    else if (strcmp(op, "inbox.corrected") == 0)
        tell_corrected(s, result);
    else if (strcmp(op, "participant.object") == 0)
        tell_object(s, result);
    else if (strcmp(op, "objection.list") == 0)
        tell_objections(s, result);
    else if (strcmp(op, "objection.answer") == 0 ||
             strcmp(op, "objection.withdraw") == 0)
        tell_answer(s, result);
    else
        return false;
    return true;
}
