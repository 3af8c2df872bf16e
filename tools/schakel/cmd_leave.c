#include "tools/schakel/cmd_leave.h"

#include <string.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/glossary.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

#define DIR_OPTION                                                             \
    {                                                                          \
        "dir", "DIR", false, false,                                            \
            "de map van het knooppunt (of SCHAKEL_DIR)",                       \
            "the node's folder (or SCHAKEL_DIR)"                               \
    }

const struct sk_command sk_leave_commands[] = {
    {.name = "leave",
     .operands = "",
     .nl = "verlaat de federatie, of bekijk wat dan nog openstaat",
     .en = "leave the federation, or see what is open then",
     .more_nl =
         "Zonder --confirm verandert er niets: u ziet wat openstaat en wat u "
         "verschuldigd bent.\n"
         "Met --confirm gaat er niets nieuws meer weg, eindigen open "
         "overdrachten, en wordt\n"
         "alles gewist wat partners stuurden; elke partner krijgt daar "
         "bericht van.  Uw eigen\n"
         "gegevens blijven van u.  Moet u van een wet een bericht bewaren, "
         "zeg dat dan eerst:\n"
         "schakel leave keep BERICHT --law-reference WET --keep-until DAG\n",
     .more_en =
         "Without --confirm nothing changes: you see what is open and what "
         "you owe.\n"
         "With --confirm nothing new goes out, open handovers end, and "
         "everything that partners\n"
         "sent is erased; each partner is told.  Your own records stay "
         "yours.  When a law makes\n"
         "you keep a message, say so first:\n"
         "schakel leave keep MESSAGE --law-reference LAW --keep-until DAY\n",
     .options = {DIR_OPTION,
                 {"dry-run", NULL, false, false,
                  "alleen het verslag (zo is het ook zonder --confirm)",
                  "only the report (so it is without --confirm, too)"},
                 {"confirm", "ORG", false, false,
                  "de naam van uw organisatie: doe het",
                  "the name of your organisation: do it"}}},
    {0},
};

const struct sk_command sk_holds_commands[] = {
    {.name = "peer holds",
     .operands = "ORG",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "wat een partner nog heeft van wat u stuurde",
     .en = "what a partner still has of what you sent",
     .more_nl = "Ook van een partner die vertrokken is: wat hij wiste, wat "
                "hij van een wet bewaart,\nen wat hij voor zover bekend nog "
                "heeft.\n",
     .more_en = "Also of a partner that has left: what it erased, what it "
                "keeps for a law, and\nwhat it still has as far as is "
                "known.\n",
     .options = {DIR_OPTION}},
    {0},
};

static long long number(const json_t *map, const char *key)
{
    return (long long)json_integer_value(json_object_get(map, key));
}

/* ------------------------------------------------------------- the report */

static void print_handovers(const struct sk_screen *s, const json_t *report)
{
    const json_t *list = json_object_get(report, "handovers");
    long long count = number(report, "handovers_count");

    fprintf(s->out, "  %s: %lld\n",
            s->dutch ? "open overdrachten" : "open handovers", count);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        bool ours = strcmp(sk_json_text(one, "role"), "sender") == 0;

        fprintf(s->out, "    %.10s  %s %s: %s\n",
                sk_json_text(one, "requested"),
                ours ? (s->dutch ? "naar" : "to") : (s->dutch ? "van" : "from"),
                sk_glossary_word(s->glossary, sk_json_text(one, "partner")),
                sk_render_word(sk_json_text(one, "state"), s->dutch));
    }
}

static void print_open(const struct sk_screen *s, const json_t *report)
{
    const json_t *follow_ups = json_object_get(report, "follow_ups");

    fprintf(s->out, "%s\n", s->dutch ? "Wat openstaat" : "What is open");
    print_handovers(s, report);
    fprintf(s->out, "  %s: %lld\n",
            s->dutch ? "trajecten waarvan u de eigenaar bent"
                     : "trajectories that you own",
            number(report, "trajectories"));
    fprintf(s->out,
            s->dutch ? "  op de agenda: %lld te doen, %lld komen nog\n"
                     : "  on the agenda: %lld to do, %lld to come\n",
            number(follow_ups, "raised"), number(follow_ups, "coming"));
}

/* "3 van hun berichten zijn nog hier", when there are any. */
static void print_count(const struct sk_screen *s, const json_t *partner,
                        const char *key, const char *nl, const char *en)
{
    if (number(partner, key) != 0)
        fprintf(s->out, "  %s: %lld\n", s->dutch ? nl : en,
                number(partner, key));
}

static bool is_quiet(const json_t *partner)
{
    return json_is_true(json_object_get(partner, "settled")) &&
           number(partner, "erased") == 0 && number(partner, "kept") == 0;
}

static void print_partner(const struct sk_screen *s, const json_t *partner)
{
    bool settled = json_is_true(json_object_get(partner, "settled"));

    fprintf(s->out, "%s: %s\n",
            sk_glossary_word(s->glossary, sk_json_text(partner, "org")),
            settled ? (s->dutch ? "klaar" : "settled")
                    : (s->dutch ? "nog niet klaar" : "not settled yet"));
    print_count(s, partner, "erased", "van hun berichten gewist",
                "of their messages, erased");
    print_count(s, partner, "kept", "van hun berichten bewaard voor een wet",
                "of their messages, kept for a law");
    print_count(s, partner, "holds", "van hun berichten hier",
                "of their messages, here");
    print_count(s, partner, "unanswered",
                "vragen van hen om te wissen, zonder antwoord van u",
                "requests of theirs to erase, without your answer");
    print_count(s, partner, "asked",
                "vragen van u om te wissen, zonder antwoord van hen",
                "requests of yours to erase, without their answer");
    print_count(s, partner, "unconfirmed", "van u naar hen, nog onderweg",
                "from you to them, still under way");
}

static void print_partners(const struct sk_screen *s, const json_t *report)
{
    const json_t *list = json_object_get(report, "partners");
    size_t quiet = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *partner = json_array_get(list, i);

        if (is_quiet(partner)) {
            quiet++;
            continue;
        }
        fputc('\n', s->out);
        print_partner(s, partner);
    }
    if (quiet > 0)
        fprintf(s->out,
                s->dutch ? "\nPartners met wie niets openstaat: %zu\n"
                         : "\nPartners with whom nothing is open: %zu\n",
                quiet);
}

/* What to do now. */
static void print_next(const struct sk_screen *s, const json_t *report)
{
    bool leaving = json_object_get(report, "since") != NULL;
    bool settled = json_is_true(json_object_get(report, "settled"));
    bool left = strcmp(sk_json_text(report, "status"), "left") == 0;
    const char *org = sk_json_text(report, "org");

    fputc('\n', s->out);
    if (!leaving)
        fprintf(s->out,
                s->dutch ? "Er is niets veranderd.  Weggaan: schakel leave "
                           "--confirm %s\n"
                         : "Nothing has changed.  To leave: schakel leave "
                           "--confirm %s\n",
                org);
    else if (!settled)
        fputs(s->dutch
                  ? "Nog niet alles is klaar.  Laat het knooppunt draaien en "
                    "kijk later opnieuw:\nschakel leave\n"
                  : "Not everything is settled.  Keep the node running and "
                    "look again later:\nschakel leave\n",
              s->out);
    else if (left)
        fputs(s->dutch ? "Alles is klaar, en het charter noemt u vertrokken.  "
                         "U kunt het knooppunt stoppen.\n"
                       : "All is settled, and the charter says that you have "
                         "left.  You can stop the node.\n",
              s->out);
    else
        fputs(s->dutch
                  ? "Alles is klaar.  Vraag de hoeders van het charter om "
                    "u als vertrokken\n(status: left) op te nemen.\n"
                  : "All is settled.  Ask the stewards of the charter to list "
                    "you as having\nleft (status: left).\n",
              s->out);
}

static void print_report(struct sk_client *client, const json_t *report)
{
    struct sk_screen s = {.out = stdout, .dutch = sk_cli_dutch()};
    const char *since = sk_json_text(report, "since");

    s.glossary = sk_glossary_ask(client, s.dutch);
    if (since[0] != '\0')
        fprintf(s.out,
                s.dutch ? "Uw organisatie verlaat de federatie, sinds %.10s.\n"
                        : "Your organisation is leaving the federation, since "
                          "%.10s.\n",
                since);
    else
        fputs(s.dutch ? "Zo staat het als uw organisatie nu weggaat.\n"
                      : "This is how things stand if your organisation leaves "
                        "now.\n",
              s.out);
    print_open(&s, report);
    print_partners(&s, report);
    print_next(&s, report);
    sk_glossary_close(&s.glossary);
}

/* ------------------------------------------------------------- leaving */

static int refuse_name(const char *given, const char *org)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){.code = "not-confirmed",
                             .nl = "dat is niet de naam van dit knooppunt",
                             .en = "that is not the name of this node",
                             .where = given,
                             .detail = org,
                             .next_nl = "er is niets veranderd; geef met "
                                        "--confirm de naam van uw organisatie",
                             .next_en = "nothing has changed; give the name "
                                        "of your organisation to --confirm"});
}

/* Start, then erase page by page; also what came since the last time. */
static int leave(struct sk_client *client)
{
    json_t *result = NULL;
    const json_t *next = NULL;
    int code = sk_node_ask(client, "leave.start", NULL, NULL, 0, &result);

    do {
        json_t *args = json_object();

        if (next != NULL)
            json_object_set_new(args, "after",
                                json_integer(json_integer_value(next)));
        json_decref(result);
        result = NULL;
        if (code < 0)
            code = sk_node_ask(client, "leave.erase", args, NULL, 0, &result);
        else
            json_decref(args);
        next = json_object_get(result, "next");
    } while (code < 0 && next != NULL);
    json_decref(result);
    return code;
}

int sk_cmd_leave(int argc, char **argv)
{
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *report = NULL;
    const char *confirm;
    int code = sk_cli_parse(&sk_leave_commands[0], argc, argv, &parsed);

    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = sk_node_ask(client, "leave.report", NULL, NULL, 0, &report);
    confirm = code < 0 ? sk_cli_get(&parsed, "confirm") : NULL;
    if (confirm != NULL && !sk_cli_has(&parsed, "dry-run")) {
        if (strcmp(confirm, sk_json_text(report, "org")) != 0)
            code = refuse_name(confirm, sk_json_text(report, "org"));
        json_decref(report);
        report = NULL;
        if (code < 0)
            code = leave(client);
        if (code < 0)
            code = sk_node_ask(client, "leave.report", NULL, NULL, 0, &report);
    }
    if (code < 0) {
        if (sk_cli_json())
            sk_json_print(report);
        else
            print_report(client, report);
        code = SK_EXIT_YES;
    }
    json_decref(report);
    sk_client_close(&client);
    return code;
}

/* ------------------------------------------------------------- peer holds */

static void add_totals(json_t *sum, const json_t *page)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_object_get(page, "totals"), key, value)
    {
        json_object_set_new(
            sum, key,
            json_integer(number(sum, key) + json_integer_value(value)));
    }
}

/* Every page, as one result. */
static int ask_holds(struct sk_client *client, const char *org, json_t **out)
{
    json_t *all =
        json_pack("{s:s, s:[], s:{}}", "org", org, "messages", "totals");
    char after[SK_ID_TEXT_SIZE + 1] = "";
    int code;

    do {
        json_t *args = json_pack("{s:s}", "org", org);
        json_t *page = NULL;

        if (after[0] != '\0')
            json_object_set_new(args, "after", json_string(after));
        code = sk_node_ask(client, "peer.holds", args, NULL, 0, &page);
        snprintf(after, sizeof(after), "%s", sk_json_text(page, "next"));
        add_totals(json_object_get(all, "totals"), page);
        json_array_extend(json_object_get(all, "messages"),
                          json_object_get(page, "messages"));
        if (json_object_get(page, "left") != NULL)
            json_object_set(all, "left", json_object_get(page, "left"));
        json_decref(page);
    } while (code < 0 && after[0] != '\0');
    *out = all;
    return code;
}

static void print_message(const struct sk_screen *s, const json_t *one)
{
    const char *keep = sk_json_text(one, "keep_until");

    fprintf(s->out, "  %s  %s, %s", sk_json_text(one, "message"),
            sk_glossary_word(s->glossary, sk_json_text(one, "type")),
            sk_render_word(sk_json_text(one, "holding"), s->dutch));
    fprintf(s->out, s->dutch ? ", tot %s\n" : ", until %s\n",
            keep[0] != '\0' ? keep : sk_json_text(one, "erase_by"));
    if (keep[0] != '\0')
        fprintf(s->out, "    %s\n", sk_json_text(one, "law_reference"));
}

static void print_holds(struct sk_client *client, const json_t *result)
{
    static const struct {
        const char *key;
        const char *nl;
        const char *en;
    } rows[] = {
        {"held", "heeft de partner nog, voor zover bekend",
         "the partner still has, as far as is known"},
        {"asked", "gevraagd te wissen, nog geen antwoord",
         "asked to erase, no answer yet"},
        {"kept", "bewaart de partner voor een wet",
         "the partner keeps for a law"},
        {"erased", "gewist, zegt de partner", "erased, says the partner"},
        {"expired", "voorbij de laatste dag: wist zichzelf",
         "past the last day: erases itself"},
        {"queued", "nog niet vertrokken", "not sent yet"},
    };
    struct sk_screen s = {.out = stdout, .dutch = sk_cli_dutch()};
    const json_t *totals = json_object_get(result, "totals");
    const json_t *messages = json_object_get(result, "messages");
    const char *left = sk_json_text(result, "left");

    s.glossary = sk_glossary_ask(client, s.dutch);
    fprintf(s.out, "%s",
            sk_glossary_word(s.glossary, sk_json_text(result, "org")));
    if (left[0] != '\0')
        fprintf(s.out, s.dutch ? ", vertrokken op %.10s" : ", left on %.10s",
                left);
    fputc('\n', s.out);
    for (size_t i = 0; i < SK_COUNT(rows); i++)
        fprintf(s.out, "%6lld  %s\n", number(totals, rows[i].key),
                s.dutch ? rows[i].nl : rows[i].en);
    if (json_array_size(messages) > 0)
        fputc('\n', s.out);
    for (size_t i = 0; i < json_array_size(messages); i++)
        print_message(&s, json_array_get(messages, i));
    sk_glossary_close(&s.glossary);
}

/* argv[0] is "peer" and argv[1] "holds". */
int sk_cmd_holds(int argc, char **argv)
{
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *result = NULL;
    int code = sk_cli_parse(&sk_holds_commands[0], argc - 1, argv + 1, &parsed);

    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = ask_holds(client, parsed.operands[0], &result);
    if (code < 0) {
        if (sk_cli_json())
            sk_json_print(result);
        else
            print_holds(client, result);
        code = SK_EXIT_YES;
    }
    json_decref(result);
    sk_client_close(&client);
    return code;
}
