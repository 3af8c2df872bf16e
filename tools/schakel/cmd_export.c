#include "tools/schakel/cmd_export.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/cloudevent.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"

#define LOOK_MS 1000 /* how often --follow looks whether there is more */

const struct sk_command sk_export_commands[] = {
    {.name = "export events",
     .operands = "",
     .nl = "wat hier gebeurde, voor uw eigen systeem (CloudEvents)",
     .en = "what happened here, for your own system (CloudEvents)",
     .more_nl =
         "Een CloudEvent 1.0 (JSON) per regel op standaarduitvoer.  Wie een "
         "naam opgeeft met\n--subscriber begint waar die naam bevestigde; "
         "bevestigen doet uw systeem als het alles\nheeft: schakel feed "
         "confirm NAAM NUMMER (de `sequence` van de laatste regel), of\n"
         "--confirm: zodra de regels geschreven zijn.  Wat niet bevestigd is, "
         "komt opnieuw, met\nhetzelfde kenmerk.\n",
     .more_en =
         "One CloudEvent 1.0 (JSON) a line, on standard output.  Who gives a "
         "name with\n--subscriber begins where that name confirmed; your "
         "system confirms when it has\neverything: schakel feed confirm NAME "
         "NUMBER (the `sequence` of the last line), or\n--confirm: as soon as "
         "the lines are written.  What was not confirmed comes again,\nunder "
         "the same id.\n",
     .options = {{"dir", "DIR", false, false,
                  "de map van het knooppunt (of SCHAKEL_DIR)",
                  "the node's folder (or SCHAKEL_DIR)"},
                 {"since", "N", false, false, "na dit nummer (0: alles)",
                  "after this number (0: everything)"},
                 {"subscriber", "NAME", false, false, "naam van wie volgt",
                  "name of who follows"},
                 {"confirm", NULL, false, false,
                  "bevestig wat geschreven is (met --subscriber)",
                  "confirm what was written (with --subscriber)"},
                 {"follow", NULL, false, false,
                  "ga door met wat nog komt, tot u stopt",
                  "go on with what comes, until you stop"},
                 {"format", "cloudevents", false, false,
                  "cloudevents (het enige)", "cloudevents (the only one)"}}},
    {0},
};

struct exporting {
    struct sk_client *client;
    const char *org;
    const char *subscriber; /* or NULL */
    bool confirm;
    bool follow;
    bool has_since;
    long long since;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int bad_value(const char *option, const char *nl, const char *en)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "bad-argument", .nl = nl, .en = en, .where = option});
}

/* The lines, on their way for good; or an exit code. */
static int write_entries(const struct exporting *x, const json_t *entries)
{
    for (size_t i = 0; i < json_array_size(entries); i++) {
        json_t *event = sk_cloudevent_of(json_array_get(entries, i), x->org);

        sk_json_print_line(event);
        json_decref(event);
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return SK_EXIT_IO;
    return -1;
}

static int confirm(const struct exporting *x)
{
    json_t *result = NULL;
    int code = sk_node_ask(x->client, "feed.confirm",
                           json_pack("{s:s, s:I}", "subscriber", x->subscriber,
                                     "cursor", (json_int_t)x->since),
                           NULL, 0, &result);

    json_decref(result);
    return code;
}

/* One page; more: another waits. */
static int export_page(struct exporting *x, bool *more)
{
    json_t *args = json_object();
    json_t *result = NULL;
    const json_t *entries;
    long long before = x->since;
    int code;

    if (x->has_since)
        json_object_set_new(args, "since", json_integer(x->since));
    if (x->subscriber != NULL)
        json_object_set_new(args, "subscriber", json_string(x->subscriber));
    code = sk_node_ask(x->client, "feed.read", args, NULL, 0, &result);
    if (code >= 0)
        return code;
    entries = json_object_get(result, "entries");
    *more = json_is_true(json_object_get(result, "more"));
    x->since = (long long)json_integer_value(json_object_get(result, "next"));
    code = write_entries(x, entries);
    if (code < 0 && x->confirm && (!x->has_since || x->since != before) &&
        x->since > 0)
        code = confirm(x);
    x->has_since = true;
    json_decref(result);
    return code;
}

/* Is there anything new?  Asking that is no look at anybody (CONTROL.md 7.4).
 */
static int wait_for_more(const struct exporting *x)
{
    long long last = x->since;
    int code = -1;

    while (code < 0 && !stopped && last <= x->since) {
        json_t *result = NULL;

        (void)poll(NULL, 0, LOOK_MS);
        if (stopped)
            break;
        code = sk_node_ask(x->client, "feed.list", NULL, NULL, 0, &result);
        last = (long long)json_integer_value(json_object_get(result, "last"));
        json_decref(result);
    }
    return code;
}

static int export_all(struct exporting *x)
{
    struct sigaction action = {.sa_handler = stop};
    int code = -1;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    while (code < 0 && !stopped) {
        bool more = false;

        code = export_page(x, &more);
        if (code >= 0 || more)
            continue;
        if (!x->follow)
            return SK_EXIT_YES;
        code = wait_for_more(x);
    }
    return code < 0 ? SK_EXIT_YES : code;
}

static int read_options(const struct sk_parsed *parsed, struct exporting *x)
{
    const char *format = sk_cli_get(parsed, "format");
    const char *since = sk_cli_get(parsed, "since");
    char *end = NULL;

    if (format != NULL && strcmp(format, "cloudevents") != 0)
        return bad_value("--format", "alleen: cloudevents",
                         "only: cloudevents");
    x->subscriber = sk_cli_get(parsed, "subscriber");
    x->confirm = sk_cli_has(parsed, "confirm");
    x->follow = sk_cli_has(parsed, "follow");
    if (x->confirm && x->subscriber == NULL)
        return bad_value("--confirm", "noem ook --subscriber NAAM",
                         "name --subscriber NAME too");
    if (since == NULL)
        return -1;
    x->has_since = true;
    errno = 0;
    x->since = strtoll(since, &end, 10);
    if (since[0] < '0' || since[0] > '9' || *end != '\0' || errno != 0)
        return bad_value("--since", "geef een getal", "give a number");
    return -1;
}

int sk_cmd_export(int argc, char **argv)
{
    struct exporting x = {0};
    struct sk_parsed parsed;
    json_t *feed = NULL;
    int code;

    if (argc < 2 || strcmp(argv[1], "events") != 0)
        return sk_cli_unknown("export", argc > 1 ? argv[1] : "");
    code = sk_cli_parse(&sk_export_commands[0], argc - 1, argv + 1, &parsed);
    if (code < 0)
        code = read_options(&parsed, &x);
    if (code < 0)
        code = sk_node_open(&parsed, &x.client);
    if (code < 0)
        code = sk_node_ask(x.client, "feed.list", NULL, NULL, 0, &feed);
    if (code < 0) {
        x.org = sk_json_text(feed, "org");
        code = export_all(&x);
    }
    json_decref(feed);
    sk_client_close(&x.client);
    return code;
}
