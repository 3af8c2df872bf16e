#include "policies/reading.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/rehearse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

#define INDENT "           "

/* ------------------------------------------------------------- words */
const char *sk_tell_word(const struct sk_world *w, const char *nl,
                         const char *en)
{
    return w->dutch ? nl : en;
}

const char *sk_tell_label(const struct sk_world *w, const char *id)
{
    return sk_glossary_word(w->glossary, id);
}

const char *sk_tell_person(const struct sk_world *w, const char *alias)
{
    const char *name = sk_step_text(
        sk_node_get(sk_node_get(w->story, "persons"), alias), "given_name");

    return name[0] == '\0' ? alias : name;
}

const char *sk_tell_org(struct sk_world *w, const char *org)
{
    const struct sk_actor *actor = sk_world_actor(w, org);

    return actor == NULL || actor->name[0] == '\0' ? org : actor->name;
}

static const char *colour(const char *code)
{
    static int terminal = -1;

    if (terminal < 0)
        terminal = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    return terminal ? code : "";
}
#define BOLD colour("\033[1m")
#define GREEN colour("\033[32m")
#define RED colour("\033[31m")
#define DIM colour("\033[2m")
#define PLAIN colour("\033[0m")

/* "vrijdag 8 januari 2027" of a civil minute or a DATE. */
static void print_day(const struct sk_world *w, const char *text, bool weekday)
{
    static const char *const days_nl[] = {"donderdag", "vrijdag", "zaterdag",
                                          "zondag",    "maandag", "dinsdag",
                                          "woensdag"};
    static const char *const days_en[] = {"Thursday", "Friday", "Saturday",
                                          "Sunday",   "Monday", "Tuesday",
                                          "Wednesday"};
    struct sk_date date;
    int32_t day;
    int32_t since;

    if (strlen(text) < 10 ||
        !sk_day_parse((struct sk_bytes){(const uint8_t *)text, 10}, &day)) {
        fputs(text, stdout);
        return;
    }
    date = sk_date_of_day(day);
    since = ((day % 7) + 7) % 7;
    if (weekday)
        printf("%s ", w->dutch ? days_nl[since] : days_en[since]);
    printf("%u %s %d", date.day, sk_month_name(date.month, w->dutch),
           date.year);
}

/* ------------------------------------------------------------- title */
static const char *title_of(const struct sk_world *w)
{
    return sk_step_text(sk_node_get(w->story, "title"), w->dutch ? "nl" : "en");
}

static void print_wrapped(const char *text, size_t width)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t size = strcspn(text, " \n");

        if (column > 0 && column + 1 + size > width) {
            putchar('\n');
            column = 0;
        } else if (column > 0) {
            putchar(' ');
            column++;
        }
        fwrite(text, 1, size, stdout);
        column += size;
        text += size;
        text += strspn(text, " \n");
    }
    putchar('\n');
}

void sk_tell_title(struct sk_world *w)
{
    size_t running = 0;

    for (size_t i = 0; i < w->actors_count; i++)
        running += w->actors[i].online;
    if (w->json)
        return;
    printf("%s%s%s\n", BOLD, title_of(w), PLAIN);
    print_wrapped(sk_step_text(w->story, "story"), 76);
    printf("%s%zu %s%s\n", DIM, running,
           sk_tell_word(w,
                        "knooppunten draaien op deze computer, elk met eigen "
                        "sleutels en eigen gegevens",
                        "nodes run on this machine, each with its own keys and "
                        "its own data"),
           PLAIN);
}

/* ------------------------------------------------------------- steps */
static const char *const verb_names[] = {
    "record",   "link",    "unlink",  "consent",         "objection",
    "send",     "open",    "cancel",  "expect",          "refuse_input",
    "offline",  "online",  "erased",  "refused_erasure", "replay",
    "publish",  "policy",  "purpose", "forward",         "text",
    "discover", "harness", "local",   "leave",           "standing"};

static const struct sk_node *verb_of(const struct sk_node *step,
                                     const char **name)
{
    for (size_t i = 0; i < SK_COUNT(verb_names); i++) {
        const struct sk_node *body = sk_node_get(step, verb_names[i]);

        if (body != NULL) {
            *name = verb_names[i];
            return body;
        }
    }
    *name = "";
    return NULL;
}

static void print_names(struct sk_world *w, const struct sk_node *list,
                        bool orgs)
{
    if (list == NULL)
        fputs(sk_tell_word(w, "alles", "everything"), stdout);
    for (const struct sk_node *n = list == NULL ? NULL : list->first; n != NULL;
         n = n->next) {
        const char *id = (const char *)n->text.data;

        printf("%s%s", n == list->first ? "" : ", ",
               orgs ? sk_tell_org(w, id) : sk_tell_label(w, id));
    }
}

static void tell_link(struct sk_world *w, const struct sk_node *body,
                      const char *nl, const char *en)
{
    printf("%s: %s - %s", sk_tell_word(w, nl, en),
           sk_tell_person(w, sk_step_text(body, "person")),
           sk_tell_org(w, sk_step_text(body, "org")));
    if (sk_step_text(body, "until")[0] != '\0') {
        printf(" (%s ", sk_tell_word(w, "tot en met", "until"));
        print_day(w, sk_step_text(body, "until"), false);
        putchar(')');
    }
}

static void tell_consent(struct sk_world *w, const struct sk_node *body)
{
    const char *state = sk_step_text(body, "state");
    const char *person = sk_tell_person(w, sk_step_text(body, "person"));
    bool given = state[0] == '\0' || strcmp(state, "given") == 0;

    if (given)
        printf("%s %s%s", person, sk_tell_word(w, "gaat akkoord", "agrees"),
               sk_node_is(sk_node_get(body, "explicit"), "true")
                   ? sk_tell_word(w, ", elk vakje apart", ", box by box")
                   : "");
    else if (strcmp(state, "withdrawn") == 0)
        printf("%s%s %s%s", BOLD, person,
               sk_tell_word(w, "trekt het akkoord in", "withdraws consent"),
               PLAIN);
    else if (strcmp(state, "refused") == 0)
        printf("%s %s", person,
               sk_tell_word(w, "gaat niet akkoord (ook goed; blijft hier)",
                            "does not agree (fine; stays here)"));
    else
        printf("%s: %s", sk_tell_word(w, "akkoord gevraagd", "consent asked"),
               person);
    printf("\n" INDENT "%s ", sk_tell_word(w, "met", "with"));
    print_names(w, sk_node_get(body, "recipients"), true);
    printf(" %s ", sk_tell_word(w, "voor", "for"));
    print_names(w, sk_node_get(body, "purposes"), false);
    fputs(": ", stdout);
    print_names(w, sk_node_get(body, "categories"), false);
    if (given) {
        printf(" (%s ", sk_tell_word(w, "tot en met", "until"));
        print_day(w, sk_step_text(body, "until"), false);
        putchar(')');
    }
}

static void tell_offer(struct sk_world *w, const struct sk_node *step,
                       const struct sk_node *body)
{
    bool hypothetical = sk_node_get(body, "variant") != NULL ||
                        sk_node_get(body, "with_link") != NULL ||
                        sk_node_get(body, "with_consent") != NULL ||
                        sk_node_get(step, "purpose") != NULL;

    printf("%s %s -> %s%s%s (%s)",
           hypothetical ? sk_tell_word(w, "zou willen delen:", "would share:")
                        : sk_tell_word(w, "deelt", "shares"),
           sk_step_text(body, "event")[0] != '\0'
               ? sk_step_text(body, "event")
               : sk_step_text(body, "message"),
           BOLD, sk_tell_org(w, sk_step_text(body, "to")), PLAIN,
           sk_tell_label(w, sk_step_text(body, "for")));
}

static void tell_record(struct sk_world *w, const struct sk_node *body)
{
    static const struct sk_noun words = {{"gegeven", "gegevens"},
                                         {"field", "fields"}};
    const struct sk_node *fields = sk_node_get(body, "fields");

    printf("%s %s: %s, %s (%zu %s)", sk_tell_word(w, "noteert", "records"),
           sk_step_text(body, "id"),
           sk_tell_label(w, sk_step_text(body, "event")),
           sk_tell_person(w, sk_step_text(body, "person")),
           fields == NULL ? 0 : fields->count,
           sk_noun_word(&words, w->dutch, fields == NULL ? 0 : fields->count));
}

struct phrase {
    const char *verb;
    const char *nl;
    const char *en;
    const char *detail; /* a key of the body to print behind it */
    bool org;           /* it names a partner */
};

static const struct phrase phrases[] = {
    {"open", "opent de overdracht", "opens the handover", "handover", false},
    {"cancel", "trekt de overdracht in", "cancels the handover", "handover",
     false},
    {"refuse_input", "probeert toch:", "tries anyway:", "input", false},
    {"offline", "is even niet bereikbaar", "cannot be reached for a while", "",
     false},
    {"online", "is er weer", "is back", "", false},
    {"erased", "wist wat gevraagd is en bevestigt het aan",
     "erases what was asked and confirms to", "from", true},
    {"refused_erasure", "moet bewaren, en zegt waarom aan",
     "must keep it, and says why to", "from", true},
    {"leave", "verlaat de federatie: wist wat partners stuurden",
     "leaves the federation: erases what partners sent", "", false},
    {"standing", "(hoeders) noemt in het charter vertrokken of geschorst:",
     "(stewards) lists as left or suspended in the charter:", "org", true},
    {"replay", "stuurt dezelfde bytes nog eens:", "sends the same bytes again:",
     "message", false},
    {"publish", "publiceert (niet over personen):",
     "publishes (not about persons):", "collective", false},
    {"policy", "kijkt een wijziging van het beleid na",
     "checks a change of its policy", "", false},
    {"expect", "kijkt na", "checks", "", false},
    {"text", "kijkt vrije tekst na voor", "checks free text for", "to", true},
    {"discover", "wil nakijken of iemand al hulp krijgt",
     "wants to know whether somebody is known", "", false},
    {"harness", "proef op alle knooppunten:", "check over all nodes:", "check",
     false},
    {"local", "doet iets dat niets verstuurt",
     "does something that sends nothing", "", false},
};

static void tell_phrase(struct sk_world *w, const char *verb,
                        const struct sk_node *body)
{
    for (size_t i = 0; i < SK_COUNT(phrases); i++) {
        const char *detail;

        if (strcmp(phrases[i].verb, verb) != 0)
            continue;
        detail = sk_step_text(body, phrases[i].detail);
        printf("%s%s%s", sk_tell_word(w, phrases[i].nl, phrases[i].en),
               detail[0] == '\0' ? "" : " ",
               phrases[i].org ? sk_tell_org(w, detail) : detail);
        return;
    }
    fputs(verb, stdout);
}

static void tell_body(struct sk_world *w, const struct sk_node *step,
                      const char *verb, const struct sk_node *body)
{
    if (strcmp(verb, "record") == 0)
        tell_record(w, body);
    else if (strcmp(verb, "link") == 0)
        tell_link(w, body, "opent een band", "opens a relation");
    else if (strcmp(verb, "unlink") == 0)
        tell_link(w, body, "sluit een band", "closes a relation");
    else if (strcmp(verb, "consent") == 0)
        tell_consent(w, body);
    else if (strcmp(verb, "objection") == 0)
        printf("%s: %s",
               sk_tell_word(w, "noteert een bezwaar", "records an objection"),
               sk_tell_person(w, sk_step_text(body, "person")));
    else if (strcmp(verb, "send") == 0 || strcmp(verb, "purpose") == 0 ||
             strcmp(verb, "forward") == 0)
        tell_offer(w, step, body);
    else
        tell_phrase(w, verb, body);
}

void sk_tell_step(struct sk_world *w, const struct sk_node *step,
                  const struct sk_actor *actor)
{
    static char day[11];
    const char *at = sk_step_text(step, "at");
    const char *verb;
    const struct sk_node *body = verb_of(step, &verb);
    const char *why = sk_step_text(body, "why");

    w->step = json_pack("{s:s, s:s, s:s, s:i}", "at", at, "node", actor->org,
                        "verb", verb, "line", (int)step->place.line);
    json_array_append_new(w->steps, w->step);
    if (w->json)
        return;
    if (strncmp(day, at, 10) != 0) {
        snprintf(day, sizeof(day), "%.10s", at);
        putchar('\n');
        fputs(BOLD, stdout);
        print_day(w, at, true);
        printf("%s\n", PLAIN);
    }
    printf("  %.5s  %s%s%s  ", strlen(at) > 11 ? at + 11 : "", GREEN,
           actor->name, PLAIN);
    tell_body(w, step, verb, body);
    putchar('\n');
    if (why[0] != '\0')
        printf("%s" INDENT "%s%s\n", DIM, why, PLAIN);
    fflush(stdout);
}

void sk_tell(struct sk_world *w, const char *format, ...)
{
    va_list arguments;

    if (w->json)
        return;
    fputs(INDENT, stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* ------------------------------------------------------------- decisions */
static size_t label_width(const struct sk_world *w, const json_t *object)
{
    json_t *o = (json_t *)(uintptr_t)object;
    size_t width = 0;

    for (void *it = json_object_iter(o); it != NULL;
         it = json_object_iter_next(o, it)) {
        size_t size =
            sk_render_width(sk_tell_label(w, json_object_iter_key(it)));

        width = size > width ? size : width;
    }
    return width;
}

static const char *withheld_words(const struct sk_world *w, const char *code)
{
    static const struct {
        const char *code;
        const char *nl;
        const char *en;
    } all[] = {
        {"forbidden", "een verbod houdt dit tegen", "a prohibition stops this"},
        {"limited", "een beperking houdt dit tegen", "a limit stops this"},
        {"consent", "geen akkoord hiervoor", "no consent for this"},
        {"not-granted", "geen regel deelt dit", "no rule shares this"},
    };

    for (size_t i = 0; i < SK_COUNT(all); i++)
        if (strcmp(all[i].code, code) == 0)
            return sk_tell_word(w, all[i].nl, all[i].en);
    return code;
}

static void tell_sent(struct sk_world *w, const json_t *result)
{
    json_t *fields = json_object_get(result, "fields");
    const json_t *levels = json_object_get(result, "levels");
    size_t width = label_width(w, fields);

    for (void *it = json_object_iter(fields); it != NULL;
         it = json_object_iter_next(fields, it)) {
        const char *id = json_object_iter_key(it);
        const char *level = sk_json_text(levels, id);

        printf(INDENT "%s+%s ", GREEN, PLAIN);
        sk_render_cell(stdout, sk_tell_label(w, id), width + 2);
        fputs(sk_glossary_value(w->glossary, id, level,
                                json_object_iter_value(it)),
              stdout);
        if (strcmp(level, "exact") != 0)
            printf("  %s(%s)%s", DIM, sk_glossary_level(w->glossary, id, level),
                   PLAIN);
        putchar('\n');
    }
    if (json_object_size(fields) == 0)
        sk_tell(w, "%s",
                sk_tell_word(w, "alleen dat het gebeurd is",
                             "only the fact that it happened"));
}

static void tell_withheld(struct sk_world *w, const json_t *result)
{
    json_t *withheld = json_object_get(result, "withheld");
    size_t width = label_width(w, withheld);

    for (void *it = json_object_iter(withheld); it != NULL;
         it = json_object_iter_next(withheld, it)) {
        printf(INDENT "%s- ", DIM);
        sk_render_cell(stdout, sk_tell_label(w, json_object_iter_key(it)),
                       width + 2);
        printf("%s: %s%s\n", sk_tell_word(w, "blijft hier", "stays here"),
               withheld_words(w, json_string_value(json_object_iter_value(it))),
               PLAIN);
    }
}

void sk_tell_decision(struct sk_world *w, const json_t *result,
                      const struct sk_actor *to, bool hypothetical)
{
    const char *reason = sk_json_text(result, "reason");
    const char *words;
    char room[400];

    json_object_set_new(w->step, "decision",
                        json_string(sk_json_text(result, "decision")));
    if (reason[0] != '\0')
        json_object_set_new(w->step, "reason", json_string(reason));
    if (w->json)
        return;
    (void)to;
    if (reason[0] != '\0') {
        words = sk_reason_text(reason, w->dutch);
        printf(INDENT "%s%s: %s%s (%s", RED,
               sk_tell_word(w, "NIET GEDEELD", "NOT SHARED"),
               words == NULL ? reason : words, PLAIN, reason);
        sk_render_value(json_object_get(result, "rules"), room, sizeof(room));
        printf("%s%s)\n", room[0] == '\0' ? "" : "; ", room);
        return;
    }
    tell_sent(w, result);
    tell_withheld(w, result);
    sk_render_value(json_object_get(result, "rules"), room, sizeof(room));
    printf(INDENT "%s%s %s; %s %s%s%s\n", DIM, sk_tell_word(w, "volgens", "by"),
           room, sk_tell_word(w, "wissen op", "erase on"),
           sk_json_text(result, "erase_by"),
           hypothetical ? sk_tell_word(w, "; alleen een vraag, niets verstuurd",
                                       "; only a question, nothing sent")
                        : "",
           PLAIN);
}

/* ------------------------------------------------------------- the end */
/* Which fields of which event a partner ever got, at which levels. */
static void tell_row(struct sk_world *w, const struct sk_told *told)
{
    json_t *levels = told->levels;
    size_t column = 0;

    printf("  %s ", told->recalled ? "x" : told->dropped ? "-" : "*");
    printf("%s%s%s %s %s: ", BOLD, sk_tell_person(w, told->person), PLAIN,
           sk_tell_word(w, "van", "from"), told->from->name);
    printf("%s  %s(%.10s)%s\n      ", sk_tell_label(w, told->type), DIM,
           told->at, PLAIN);
    if (told->dropped) {
        puts(sk_tell_word(w, "nooit verstuurd", "never sent"));
        return;
    }
    for (void *it = json_object_iter(levels); it != NULL;
         it = json_object_iter_next(levels, it)) {
        const char *label = sk_tell_label(w, json_object_iter_key(it));
        const char *level =
            sk_glossary_level(w->glossary, json_object_iter_key(it),
                              json_string_value(json_object_iter_value(it)));
        bool exact = level[0] == '\0';
        size_t size = sk_render_width(label) +
                      (exact ? 0 : sk_render_width(level) + 3) + 2;

        if (column > 0 && column + size > 70) {
            fputs("\n      ", stdout);
            column = 0;
        }
        printf("%s", label);
        if (!exact)
            printf(" %s(%s)%s", DIM, level, PLAIN);
        fputs(json_object_iter_next(levels, it) == NULL ? "" : ", ", stdout);
        column += size;
    }
    putchar('\n');
}

static void tell_table(struct sk_world *w)
{
    printf("\n%s%s%s\n", BOLD, sk_tell_word(w, "Wie zag wat", "Who saw what"),
           PLAIN);
    for (size_t i = 0; i < w->actors_count; i++) {
        const struct sk_actor *actor = &w->actors[i];
        struct sk_told *in_order[4096];
        size_t count = 0;

        if (!actor->active)
            continue;
        printf("%s%s%s\n", GREEN, actor->name, PLAIN);
        for (struct sk_told *t = w->told; t != NULL; t = t->next)
            if (t->to == actor && count < SK_COUNT(in_order))
                in_order[count++] = t;
        for (size_t n = count; n > 0; n--)
            tell_row(w, in_order[n - 1]);
        if (count == 0)
            printf("  %s\n", sk_tell_word(w, "niets over personen",
                                          "nothing about persons"));
    }
    printf("%s%s%s\n", DIM,
           sk_tell_word(w,
                        "* gekregen   x later (deels) teruggevraagd   - nooit "
                        "verstuurd",
                        "* received   x (partly) recalled later   - never "
                        "sent"),
           PLAIN);
}

static void report_json(struct sk_world *w)
{
    json_t *report = json_pack(
        "{s:s, s:s, s:b, s:I, s:I, s:I, s:O, s:o}", "command", "rehearse",
        "scenario", sk_step_text(w->story, "scenario"), "ok", w->failures == 0,
        "checks", (json_int_t)w->checks, "failures", (json_int_t)w->failures,
        "not_checked", (json_int_t)w->unchecked, "steps", w->steps, "saw",
        json_array());
    json_t *saw = json_object_get(report, "saw");

    for (struct sk_told *t = w->told; t != NULL; t = t->next)
        json_array_insert_new(
            saw, 0,
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:O?, s:b, s:b, s:b}",
                      "message", t->alias, "from", t->from->org, "to",
                      t->to->org, "type", t->type, "person", t->person, "at",
                      t->at, "levels", t->levels, "received", t->received,
                      "dropped", t->dropped, "recalled", t->recalled));
    if (w->keep) {
        json_t *nodes = json_array();

        for (size_t i = 0; i < w->actors_count; i++)
            if (w->actors[i].online)
                json_array_append_new(nodes, json_pack("{s:s, s:s, s:i}", "org",
                                                       w->actors[i].org, "dir",
                                                       w->actors[i].dir, "pid",
                                                       (int)w->actors[i].pid));
        json_object_set_new(report, "nodes", nodes);
        json_object_set_new(report, "root", json_string(w->root));
    }
    if (w->kills > 0) {
        json_object_set_new(report, "kills",
                            json_integer((json_int_t)w->kills));
        json_object_set_new(report, "kills_inside",
                            json_integer((json_int_t)w->kills_inside));
    }
    sk_json_print(report);
    json_decref(report);
}

static void tell_kept(struct sk_world *w)
{
    printf("\n%s\n",
           sk_tell_word(w, "De knooppunten draaien nog. Kijk rond met:",
                        "The nodes are still running. Look around with:"));
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].online)
            printf("  %s status --dir %s      # pid %d\n", w->schakel,
                   w->actors[i].dir, (int)w->actors[i].pid);
    printf("  %s participant list --dir ...   inbox list, peer list, "
           "disclosure list PARTICIPANT\n",
           w->schakel);
    printf("%s: kill",
           sk_tell_word(w, "Stoppen en opruimen", "Stop and clean up"));
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].online)
            printf(" %d", (int)w->actors[i].pid);
    printf("; rm -rf %s\n", w->root);
}

void sk_tell_end(struct sk_world *w)
{
    w->step = NULL;
    if (w->json) {
        report_json(w);
        return;
    }
    tell_table(w);
    if (w->kills > 0)
        printf("%s: %llu; %s: %llu\n",
               sk_tell_word(w, "processen onderweg afgebroken (kill -9)",
                            "processes killed on the way (kill -9)"),
               (unsigned long long)w->kills,
               sk_tell_word(w, "waarvan midden in een vraag",
                            "of which in the middle of a request"),
               (unsigned long long)w->kills_inside);
    printf("\n%s: %zu %s, %zu %s, %zu %s\n", sk_step_text(w->story, "scenario"),
           w->checks - w->failures,
           sk_tell_word(w, "zoals verwacht", "as expected"), w->failures,
           sk_tell_word(w, "niet zoals verwacht", "not as expected"),
           w->unchecked, sk_tell_word(w, "niet nagekeken", "not checked"));
    if (w->keep)
        tell_kept(w);
}
