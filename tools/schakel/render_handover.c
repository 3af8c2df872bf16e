#include "tools/schakel/render.h"

#include <string.h>

#include "protocol/base.h"
#include "tools/schakel/json.h"

/* A handover as a coach reads it: how it stands, what it refers to, and the
   next step.                                           docs/DOMAIN.md 5.3, 5.6
 */

static const char *say(const struct sk_screen *s, const char *nl,
                       const char *en)
{
    return s->dutch ? nl : en;
}

static bool is_word(const json_t *object, const char *key, const char *word)
{
    return strcmp(sk_json_text(object, key), word) == 0;
}

/* ------------------------------------------------------------- linked */

/* What the partner can do with what was sent. */
static const char *standing(const struct sk_screen *s, const char *state)
{
    static const char *const words[][3] = {
        {"waits", "nog onderweg", "still on its way"},
        {"stored", "is daar, nog niet gelezen", "is there, not read yet"},
        {"read", "gelezen", "read"},
        {"asked-back", "teruggevraagd, nog geen antwoord",
         "asked back, no answer yet"},
        {"erased", "daar gewist", "erased there"},
        {"kept", "teruggevraagd; een wet bewaart het daar",
         "asked back; a law keeps it there"},
        {"expired", "daar gewist: de termijn is om",
         "erased there: its time is over"},
        {"dropped", "nooit vertrokken", "never left"},
        {"refused", "niet aangenomen", "not taken"},
    };

    for (size_t i = 0; i < SK_COUNT(words); i++)
        if (strcmp(words[i][0], state) == 0)
            return say(s, words[i][1], words[i][2]);
    return state;
}

static int by_day(const void *a, const void *b)
{
    const json_t *const *one = a;
    const json_t *const *other = b;
    const char *key = json_object_get(*one, "at") != NULL ? "at" : "received";
    int order = strcmp(sk_json_text(*one, key), sk_json_text(*other, key));

    return order != 0 ? order
                      : strcmp(sk_json_text(*one, "message"),
                               sk_json_text(*other, "message"));
}

static void print_linked(const struct sk_screen *s, const json_t *one)
{
    bool sent = json_object_get(one, "at") != NULL;

    fprintf(s->out, "  %.10s  ", sk_json_text(one, sent ? "at" : "received"));
    sk_render_cell(
        s->out, sk_glossary_word(s->glossary, sk_json_text(one, "type")), 30);
    if (sent) {
        fprintf(s->out, "%s\n", standing(s, sk_json_text(one, "state")));
        return;
    }
    fprintf(s->out, "%s\n              schakel inbox open %s\n",
            json_is_true(json_object_get(one, "opened"))
                ? say(s, "gelezen", "read")
                : say(s, "nog niet gelezen", "not read yet"),
            sk_json_text(one, "message"));
}

void sk_render_linked(const struct sk_screen *s, const json_t *linked,
                      const char *partner, bool sent)
{
    size_t count = json_array_size(linked);
    json_t *rows;

    if (linked == NULL)
        return;
    fputc('\n', s->out);
    fprintf(s->out, "%s%s%s\n",
            sent ? say(s, "Wat ", "What ")
                 : say(s, "Wat u al van ", "What you got from "),
            sk_glossary_word(s->glossary, partner),
            sent ? say(s, " al van u kreeg over deze persoon",
                       " got from you about this person")
                 : say(s, " kreeg over deze persoon", " about this person"));
    if (count == 0)
        fprintf(s->out, "  %s\n", say(s, "nog niets", "nothing yet"));
    rows = sk_json_sorted(linked, by_day);
    for (size_t i = 0; i < count; i++)
        print_linked(s, json_array_get(rows, i));
    json_decref(rows);
}

/* ------------------------------------------------------------- next */

struct next {
    bool sender;
    const char *state;
    const char *nl; /* ID: the handover, REQUEST: its message */
    const char *en;
};

#define ANSWERS_NL                                                             \
    "  schakel handover accept ID     aanvaarden\n"                            \
    "  schakel handover wait ID       wachtlijst\n"                            \
    "  schakel handover ask ID        vraag om uitleg\n"                       \
    "  schakel handover decline ID    niet aanvaarden\n"
#define ANSWERS_EN                                                             \
    "  schakel handover accept ID     accept\n"                                \
    "  schakel handover wait ID       waiting list\n"                          \
    "  schakel handover ask ID        ask for more info\n"                     \
    "  schakel handover decline ID    decline\n"
#define CANCEL_NL                                                              \
    "U blijft begeleiden.  Toch niet?  schakel handover cancel ID\n"
#define CANCEL_EN                                                              \
    "You go on guiding.  Not after all?  schakel handover cancel ID\n"

static const struct next nexts[] = {
    {false, "requested",
     "Lees het bericht, en antwoord:\n"
     "  schakel inbox open REQUEST\n" ANSWERS_NL,
     "Read the message, and answer:\n"
     "  schakel inbox open REQUEST\n" ANSWERS_EN},
    {false, "received", "Antwoord:\n" ANSWERS_NL, "Answer:\n" ANSWERS_EN},
    {false, "need_info",
     "U vroeg uitleg.  Wat u wilt weten, staat er niet bij: bel de partner.\n"
     "De partner vraagt het opnieuw, of u antwoordt nu al:\n"
     "  schakel handover accept ID\n"
     "  schakel handover decline ID\n",
     "You asked for more info.  It does not say what: call the partner.\n"
     "The partner asks again, or you answer now:\n"
     "  schakel handover accept ID\n"
     "  schakel handover decline ID\n"},
    {false, "waiting",
     "De deelnemer staat op uw wachtlijst.  Is er plaats:\n"
     "  schakel handover accept ID\n"
     "Toch niet?  schakel handover decline ID\n",
     "The participant is on your waiting list.  When there is a place:\n"
     "  schakel handover accept ID\n"
     "Not after all?  schakel handover decline ID\n"},
    {false, "accepted",
     "Spreek eerst met de deelnemer.  Zeg dan dat het gebeurd is:\n"
     "  schakel handover complete ID --fields first_contact=DAG --fields "
     "talk_status=done\n",
     "Talk to the participant first.  Then say that it was done:\n"
     "  schakel handover complete ID --fields first_contact=DAY --fields "
     "talk_status=done\n"},
    {true, "requested", CANCEL_NL, CANCEL_EN},
    {true, "received", CANCEL_NL, CANCEL_EN},
    {true, "waiting", CANCEL_NL, CANCEL_EN},
    {true, "accepted", "De partner spreekt eerst met de deelnemer.\n" CANCEL_NL,
     "The partner talks to the participant first.\n" CANCEL_EN},
    {true, "need_info",
     "De partner vraagt uitleg.  Wat hij wil weten, staat er niet bij: bel "
     "hem.\n"
     "Vraag het dan opnieuw, met het antwoord erin:\n"
     "  schakel event record PERSON handover.requested --about ID --fields "
     "...\n"
     "  schakel disclosure send EVENT --to PARTNER --for DOEL\n" CANCEL_NL,
     "The partner asks for more info.  It does not say what: call them.\n"
     "Then ask again, with the answer in it:\n"
     "  schakel event record PERSON handover.requested --about ID --fields "
     "...\n"
     "  schakel disclosure send EVENT --to PARTNER --for PURPOSE\n" CANCEL_EN},
    {true, "declined", "U blijft begeleiden.\n", "You go on guiding.\n"},
    {true, "cancelled", "U blijft begeleiden.\n", "You go on guiding.\n"},
    {true, "expired", "Er kwam geen antwoord.  U blijft begeleiden.\n",
     "There was no answer.  You go on guiding.\n"},
};

/* The text, with ids in the place of the words that stand for them. */
static void print_next(const struct sk_screen *s, const char *text,
                       const json_t *view)
{
    const struct {
        const char *word;
        const char *value;
    } places[] = {
        {"REQUEST", sk_json_text(view, "request")},
        {"PERSON", sk_json_text(view, "participant")},
        {"PARTNER", sk_json_text(view, "partner")},
        {"ID", sk_json_text(view, "handover")},
    };

    while (*text != '\0') {
        size_t size = 1;
        size_t i;

        for (i = 0; i < SK_COUNT(places); i++) {
            size = strlen(places[i].word);
            if (strncmp(text, places[i].word, size) == 0)
                break;
        }
        if (i == SK_COUNT(places)) {
            fputc(*text++, s->out);
        } else {
            fputs(places[i].value, s->out);
            text += size;
        }
    }
}

static void tell_next(const struct sk_screen *s, const json_t *view)
{
    bool sender = is_word(view, "role", "sender");

    for (size_t i = 0; i < SK_COUNT(nexts); i++) {
        if (nexts[i].sender != sender ||
            !is_word(view, "state", nexts[i].state))
            continue;
        fputc('\n', s->out);
        if (sk_json_text(view, "participant")[0] == '\0')
            print_next(s,
                       say(s,
                           "Zeg eerst over wie het gaat:\n"
                           "  schakel inbox assign REQUEST DEELNEMER\n",
                           "First say whom it is about:\n"
                           "  schakel inbox assign REQUEST PARTICIPANT\n"),
                       view);
        print_next(s, say(s, nexts[i].nl, nexts[i].en), view);
    }
}

/* ------------------------------------------------------------- the screen */

static void print_line(const struct sk_screen *s, const char *label,
                       const char *value)
{
    if (value[0] == '\0')
        return;
    fputs("  ", s->out);
    sk_render_cell(s->out, label, 18);
    fprintf(s->out, "%s\n", value);
}

static void print_day(const struct sk_screen *s, const char *label,
                      const char *instant)
{
    char day[11];

    snprintf(day, sizeof(day), "%.10s", instant);
    print_line(s, label, day);
}

void sk_render_handover(const struct sk_screen *s, const json_t *view)
{
    bool sender = is_word(view, "role", "sender");
    const char *partner = sk_json_text(view, "partner");
    const char *waits = sk_json_text(view, "waits_for");

    fprintf(s->out, "%s, %s %s: %s\n", say(s, "Overdracht", "Handover"),
            sender ? say(s, "naar", "to") : say(s, "van", "from"),
            sk_glossary_word(s->glossary, partner),
            sk_render_word(sk_json_text(view, "state"), s->dutch));
    print_line(s, say(s, "soort", "kind"),
               sk_glossary_value(s->glossary, "handover_kind", "",
                                 json_object_get(view, "kind")));
    print_day(s, say(s, "gevraagd", "requested"),
              sk_json_text(view, "requested"));
    print_day(s, say(s, "zo sinds", "so since"), sk_json_text(view, "changed"));
    print_line(s, say(s, "wacht op", "waits for"),
               strcmp(waits, "us") == 0 ? say(s, "u", "you")
               : strcmp(waits, "partner") == 0
                   ? sk_glossary_word(s->glossary, partner)
                   : say(s, "niemand", "nobody"));
    print_line(s, say(s, "verantwoordelijk", "responsible"),
               sk_glossary_word(s->glossary, sk_json_text(view, "owner")));
    print_line(s, say(s, "te laat", "late"),
               sk_json_text(json_object_get(view, "late"),
                            s->dutch ? "label_nl" : "label_en"));
    print_line(s, say(s, "voornaam", "given name"),
               sk_json_text(view, "given_name"));
    print_line(s, say(s, "familienaam", "family name"),
               sk_json_text(view, "family_name"));
    print_line(s, say(s, "deelnemer", "participant"),
               sk_json_text(view, "participant"));
    print_line(s, say(s, "bericht", "message"), sk_json_text(view, "request"));
    print_line(s, say(s, "overdracht", "handover"),
               sk_json_text(view, "handover"));
    sk_render_linked(s, json_object_get(view, "linked"), partner, sender);
    tell_next(s, view);
}
