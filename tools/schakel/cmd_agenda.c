#include "tools/schakel/cmd_agenda.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/erasure_due.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"
#include "tools/schakel/staff.h"

const struct sk_command sk_agenda_commands[] = {
    {.name = "agenda",
     .operands = "",
     .nl = "wat er te doen is, en wat er aankomt",
     .en = "what is to be done, and what is coming",
     .more_nl =
         "Wat gedaan is, meldt u met: schakel agenda done NUMMER\n"
         "--ical schrijft een kalender (RFC 5545) op standaarduitvoer, zonder "
         "namen.\n",
     .more_en = "What was done is told with: schakel agenda done NUMBER\n"
                "--ical writes a calendar (RFC 5545) to standard output, "
                "without names.\n",
     .options =
         {{"dir", "DIR", false, false,
           "de map van het knooppunt (of SCHAKEL_DIR)",
           "the node's folder (or SCHAKEL_DIR)"},
          {"from", "DATE", false, false, "vanaf deze dag", "from this day"},
          {"after", "NUMBER", false, false, "van die dag pas na dit nummer",
           "of that day only behind this number"},
          {"limit", "NUMBER", false, false, "hoogstens zoveel (500)",
           "at most so many (500)"},
          {"until", "DATE", false, false, "tot en met deze dag (31 dagen ver)",
           "up to and including this day (31 days ahead)"},
          {"done", NULL, false, false, "ook wat al gedaan is",
           "also what was done already"},
          {"tell", "ROLE", false, false,
           "alleen voor: coach, team, team-lead, privacy of operator",
           "only for: coach, team, team-lead, privacy or operator"},
          {"participant", "ID", false, false, "alleen over deze deelnemer",
           "only about this participant"},
          {"ical", NULL, false, false, "als kalender (RFC 5545)",
           "as a calendar (RFC 5545)"}}},
    {0},
};

/* ------------------------------------------------------------- calendar */

#define FOLD_SIZE 75

/* One content line, folded between characters after 75 bytes, CRLF. */
static void ical_line(const char *text)
{
    size_t used = 0;

    while (*text != '\0') {
        size_t size = 1;

        while (((unsigned char)text[size] & 0xc0) == 0x80)
            size++;
        if (used + size > FOLD_SIZE) {
            fputs("\r\n ", stdout);
            used = 1;
        }
        fwrite(text, 1, size, stdout);
        used += size;
        text += size;
    }
    fputs("\r\n", stdout);
}

/* NAME:TEXT, with what TEXT must hide hidden (RFC 5545 3.3.11). */
static void ical_text(const char *name, const char *text)
{
    char line[2048];
    size_t used = (size_t)snprintf(line, sizeof(line), "%s:", name);

    for (; *text != '\0' && used + 3 < sizeof(line); text++) {
        if (*text == '\n') {
            line[used++] = '\\';
            line[used++] = 'n';
            continue;
        }
        if (strchr("\\;,", *text) != NULL)
            line[used++] = '\\';
        if ((unsigned char)*text >= ' ')
            line[used++] = *text;
    }
    line[used] = '\0';
    ical_line(line);
}

static void ical_day(const char *name, int32_t day)
{
    struct sk_date date = sk_date_of_day(day);
    char line[64];

    snprintf(line, sizeof(line), "%s;VALUE=DATE:%04d%02u%02u", name,
             (int)date.year, (unsigned)date.month, (unsigned)date.day);
    ical_line(line);
}

/* 2027-01-05T08:00:00Z as 20270105T080000Z. */
static void ical_stamp(const char *instant)
{
    char line[64];
    size_t used = (size_t)snprintf(line, sizeof(line), "DTSTAMP:");

    for (; *instant != '\0' && used + 1 < sizeof(line); instant++)
        if (*instant != '-' && *instant != ':')
            line[used++] = *instant;
    line[used] = '\0';
    ical_line(line);
}

static long long number_of(const json_t *item)
{
    return (long long)json_integer_value(json_object_get(item, "item"));
}

static const char *label_of(const json_t *item, bool dutch)
{
    return sk_json_text(item, dutch ? "label_nl" : "label_en");
}

static void ical_item(const json_t *item, const json_t *status, bool dutch)
{
    char text[512];
    int32_t day = 0;

    (void)sk_day_parse(sk_text(sk_json_text(item, "day")), &day);
    ical_line("BEGIN:VEVENT");
    snprintf(text, sizeof(text), "UID:schakel-%lld@%s", number_of(item),
             sk_json_text(status, "org"));
    ical_line(text);
    ical_stamp(sk_json_text(status, "now"));
    ical_day("DTSTART", day);
    ical_day("DTEND", day + 1);
    ical_text("SUMMARY", label_of(item, dutch));
    snprintf(text, sizeof(text), "schakel agenda %lld\n%s%s%s", number_of(item),
             sk_render_word(sk_json_text(item, "kind"), dutch),
             sk_json_text(item, "about")[0] != '\0' ? " " : "",
             sk_json_text(item, "about"));
    ical_text("DESCRIPTION", text);
    ical_text("CATEGORIES", sk_json_text(item, "tell"));
    ical_line("CLASS:PRIVATE");
    ical_line("TRANSP:TRANSPARENT");
    ical_line("END:VEVENT");
}

/* The last day to answer a partner that asked to erase. */
static void ical_erasure(const json_t *erasure, const json_t *status,
                         bool dutch)
{
    char text[512];
    int32_t day = 0;

    (void)sk_day_parse(sk_text(sk_json_text(erasure, "due")), &day);
    ical_line("BEGIN:VEVENT");
    snprintf(text, sizeof(text), "UID:schakel-erasure-%s@%s",
             sk_json_text(erasure, "notice"), sk_json_text(status, "org"));
    ical_line(text);
    ical_stamp(sk_json_text(status, "now"));
    ical_day("DTSTART", day);
    ical_day("DTEND", day + 1);
    ical_text("SUMMARY", dutch ? "Wissen wat een partner vroeg: laatste dag"
                               : "Erase what a partner asked: last day");
    snprintf(text, sizeof(text), "schakel erasure list\n%s %s",
             sk_render_word("notice", dutch), sk_json_text(erasure, "notice"));
    ical_text("DESCRIPTION", text);
    ical_text("CATEGORIES", "privacy");
    ical_line("CLASS:PRIVATE");
    ical_line("TRANSP:TRANSPARENT");
    ical_line("END:VEVENT");
}

/* How many before it are the same thing on the same day: two rules that end,
   two partners that left. */
static size_t twins_of(const json_t *node, size_t at)
{
    const json_t *one = json_array_get(node, at);
    size_t count = 0;

    for (size_t i = 0; i < at; i++) {
        const json_t *other = json_array_get(node, i);

        count +=
            strcmp(sk_json_text(other, "what"), sk_json_text(one, "what")) ==
                0 &&
            strcmp(sk_json_text(other, "day"), sk_json_text(one, "day")) == 0;
    }
    return count;
}

static void ical_node(const json_t *node, size_t at, const json_t *status,
                      bool dutch)
{
    const json_t *one = json_array_get(node, at);
    const char *date = sk_json_text(one, "day");
    char text[512];
    int32_t day = 0;

    (void)sk_day_parse(sk_text(date), &day);
    ical_line("BEGIN:VEVENT");
    snprintf(text, sizeof(text), "UID:schakel-%s-%s-%zu@%s",
             sk_json_text(one, "what"), date, twins_of(node, at),
             sk_json_text(status, "org"));
    ical_line(text);
    ical_stamp(sk_json_text(status, "now"));
    ical_day("DTSTART", day);
    ical_day("DTEND", day + 1);
    ical_text("SUMMARY", label_of(one, dutch));
    ical_text("DESCRIPTION", sk_json_text(one, "next"));
    ical_text("CATEGORIES", sk_json_text(one, "tell"));
    ical_line("CLASS:PRIVATE");
    ical_line("TRANSP:TRANSPARENT");
    ical_line("END:VEVENT");
}

static int print_ical(const json_t *result, const json_t *status, bool dutch)
{
    const json_t *items = json_object_get(result, "items");
    const json_t *erasures = json_object_get(result, "erasures");
    const json_t *node = json_object_get(result, "node");

    ical_line("BEGIN:VCALENDAR");
    ical_line("VERSION:2.0");
    ical_line("PRODID:-//Schakel//agenda//NL");
    ical_line("CALSCALE:GREGORIAN");
    ical_line("METHOD:PUBLISH");
    for (size_t i = 0; i < json_array_size(items); i++)
        ical_item(json_array_get(items, i), status, dutch);
    for (size_t i = 0; i < json_array_size(node); i++)
        ical_node(node, i, status, dutch);
    for (size_t i = 0; i < json_array_size(erasures); i++)
        ical_erasure(json_array_get(erasures, i), status, dutch);
    ical_line("END:VCALENDAR");
    return SK_EXIT_YES;
}

/* ------------------------------------------------------------- screen */

static bool is_state(const json_t *item, const char *state)
{
    return strcmp(sk_json_text(item, "state"), state) == 0;
}

/* Whom, or with whom, it is about; room. */
static const char *subject_of(const json_t *item,
                              const struct sk_glossary *glossary, char *room,
                              size_t size_max)
{
    const char *given = sk_json_text(item, "given_name");
    const char *family = sk_json_text(item, "family_name");
    const char *partner = sk_json_text(item, "partner");
    const char *about = sk_json_text(item, "about");

    if (partner[0] != '\0')
        partner = sk_glossary_word(glossary, partner);
    if (given[0] == '\0' && partner[0] == '\0')
        snprintf(room, size_max, "%s", about);
    else
        snprintf(room, size_max, "%s%s%s%s%s", given,
                 family[0] != '\0' ? " " : "", family,
                 given[0] != '\0' && partner[0] != '\0' ? ", " : "", partner);
    return room;
}

/* What can be done about it, where one command does it. */
static void print_next(const json_t *item, bool dutch)
{
    const char *timer = sk_json_text(item, "timer");
    const char *who = sk_json_text(item, "participant");
    const char *about = sk_json_text(item, "about");

    if (json_is_true(json_object_get(item, "ended")))
        printf(dutch ? "           is afgelopen; na een gesprek, een nieuw: "
                       "schakel consent give %s --until DAG ...\n"
                     : "           has ended; after a talk, a new one: "
                       "schakel consent give %s --until DAY ...\n",
               who);
    else if (strcmp(timer, "consent_expiry") == 0)
        printf(dutch ? "           vernieuwen, na een gesprek: schakel consent "
                       "renew %s %s --until DAG --notice TEKST\n"
                     : "           renew it, after a talk: schakel consent "
                       "renew %s %s --until DAY --notice TEXT\n",
               who, about);
    else if (strcmp(timer, "objection_answer") == 0)
        printf(dutch ? "           lezen: schakel objection list %s\n"
                     : "           read it: schakel objection list %s\n",
               who);
    else if (strcmp(timer, "correction_unconfirmed") == 0)
        printf(dutch ? "           bel de partner; wat er fout was: schakel "
                       "message show %s\n"
                     : "           call the partner; what was wrong: schakel "
                       "message show %s\n",
               about);
}

static void print_items(const json_t *items, const char *state,
                        const char *title, const struct sk_glossary *glossary,
                        bool dutch)
{
    size_t width = 0;
    size_t count = 0;
    char room[512];

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        size_t w = sk_render_width(label_of(item, dutch));

        if (!is_state(item, state))
            continue;
        width = w > width ? w : width;
        count++;
    }
    if (count == 0)
        return;
    printf("%s\n", title);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (!is_state(item, state))
            continue;
        printf("  %5lld  %s  ", number_of(item), sk_json_text(item, "day"));
        sk_render_cell(stdout, label_of(item, dutch), width + 2);
        sk_render_cell(stdout,
                       sk_render_word(sk_json_text(item, "tell"), dutch), 26);
        printf("%s\n", subject_of(item, glossary, room, sizeof(room)));
        if (!is_state(item, "done"))
            print_next(item, dutch);
    }
}

/* What the organisation itself has to see to. */
static size_t print_node(const json_t *list, const struct sk_glossary *glossary,
                         bool dutch)
{
    size_t count = json_array_size(list);

    if (count > 0)
        printf("%s\n", dutch ? "Voor de organisatie" : "For the organisation");
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        const char *partner = sk_json_text(one, "partner");
        const json_t *open = json_object_get(one, "open");

        printf("  %s  %s", sk_json_text(one, "day"), label_of(one, dutch));
        if (partner[0] != '\0')
            printf(" (%s)", sk_glossary_word(glossary, partner));
        printf("\n              %s%s%s\n", sk_json_text(one, "next"),
               open != NULL ? " " : "", open != NULL ? partner : "");
        if (json_integer_value(open) > 0)
            printf(dutch ? "              nog niet beantwoord: %lld\n"
                         : "              not answered yet: %lld\n",
                   (long long)json_integer_value(open));
    }
    return count;
}

/* The same question, behind what was shown. */
static void print_more(const struct sk_parsed *parsed, const json_t *result,
                       bool dutch)
{
    static const char *const names[] = {"limit", "tell", "participant"};
    const json_t *next = json_object_get(result, "next");

    if (next == NULL)
        return;
    printf("%s: schakel agenda --from %s --after %lld --until %s",
           dutch ? "Er is nog meer" : "There is more",
           sk_json_text(next, "from"),
           (long long)json_integer_value(json_object_get(next, "after")),
           sk_json_text(result, "until"));
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (sk_cli_has(parsed, names[i]))
            printf(" --%s %s", names[i], sk_cli_get(parsed, names[i]));
    puts(sk_cli_has(parsed, "done") ? " --done" : "");
}

static void print_screen(struct sk_client *client,
                         const struct sk_parsed *parsed, const json_t *result,
                         const char *today, bool dutch)
{
    const json_t *items = json_object_get(result, "items");
    struct sk_glossary *glossary = sk_glossary_ask(client, dutch);
    size_t looks =
        sk_staff_glass_print(json_object_get(result, "looks"), dutch);
    size_t erasures =
        sk_erasures_print(json_object_get(result, "erasures"), today,
                          /* late_only */ false, glossary, dutch);

    erasures += print_node(json_object_get(result, "node"), glossary, dutch);
    print_items(items, "raised", dutch ? "Te doen" : "To do", glossary, dutch);
    print_items(items, "coming", dutch ? "Komt eraan" : "Coming", glossary,
                dutch);
    print_items(items, "done", dutch ? "Gedaan" : "Done", glossary, dutch);
    if (json_array_size(items) == 0 && erasures == 0 && looks == 0)
        printf("%s\n", dutch ? "(niets)" : "(nothing)");
    print_more(parsed, result, dutch);
    sk_glossary_close(&glossary);
}

/* ------------------------------------------------------------- command */

/* What is no number is refused by the node, by name. */
static void set_number(json_t *args, const struct sk_parsed *parsed,
                       const char *name)
{
    const char *text = sk_cli_get(parsed, name);

    if (text != NULL && text[strspn(text, "0123456789")] == '\0' &&
        strlen(text) < 19)
        json_object_set_new(args, name, json_integer(strtoll(text, NULL, 10)));
    else if (text != NULL)
        json_object_set_new(args, name, json_string(text));
}

static json_t *arguments(const struct sk_parsed *parsed)
{
    static const char *const names[] = {"from", "until", "tell", "participant"};
    json_t *args = json_object();

    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (sk_cli_has(parsed, names[i]))
            json_object_set_new(args, names[i],
                                json_string(sk_cli_get(parsed, names[i])));
    if (sk_cli_has(parsed, "done"))
        json_object_set_new(args, "done", json_true());
    set_number(args, parsed, "after");
    set_number(args, parsed, "limit");
    return args;
}

/* Matters of the whole node stand on the first page: not of one participant,
   and of privacy when only one sort of people is asked for. */
static bool is_of_node(const struct sk_parsed *parsed)
{
    const char *tell = sk_cli_get(parsed, "tell");

    return !sk_cli_has(parsed, "participant") && !sk_cli_has(parsed, "after") &&
           (tell == NULL || strcmp(tell, "privacy") == 0);
}

/* What a partner waits for. */
static int add_erasures(struct sk_client *client,
                        const struct sk_parsed *parsed, json_t *result)
{
    json_t *erasures;
    int code;

    if (!is_of_node(parsed))
        return -1;
    erasures = sk_erasures_ask(client, &code);
    if (erasures != NULL)
        json_object_set_new(result, "erasures", erasures);
    return code;
}

/* Files that were opened in an emergency. */
static void add_looks(struct sk_client *client, const struct sk_parsed *parsed,
                      const json_t *status, json_t *result)
{
    json_t *looks = NULL;

    if (is_of_node(parsed))
        looks = sk_staff_glass_ask(client, status);
    if (looks != NULL)
        json_object_set_new(result, "looks", looks);
}

int sk_cmd_agenda(int argc, char **argv)
{
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *result = NULL;
    json_t *status = NULL;
    bool dutch = sk_cli_dutch();
    int code = sk_cli_parse(&sk_agenda_commands[0], argc, argv, &parsed);

    if (code < 0)
        code = sk_node_open(&parsed, &client);
    /* A calendar is whole; a screen has an end. */
    if (code < 0 && sk_cli_has(&parsed, "ical"))
        code = sk_node_ask_pages(client, "agenda.list", arguments(&parsed),
                                 "items", &result);
    else if (code < 0)
        code = sk_node_ask(client, "agenda.list", arguments(&parsed), NULL, 0,
                           &result);
    if (code < 0)
        code = add_erasures(client, &parsed, result);
    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &status);
    if (code < 0)
        add_looks(client, &parsed, status, result);
    if (code < 0 && sk_cli_has(&parsed, "ical")) {
        code = print_ical(result, status, dutch);
    } else if (code < 0) {
        if (sk_cli_json())
            sk_json_print(result);
        else
            print_screen(client, &parsed, result, sk_json_text(status, "now"),
                         dutch);
        code = SK_EXIT_YES;
    }
    json_decref(status);
    json_decref(result);
    sk_client_close(&client);
    return code;
}
