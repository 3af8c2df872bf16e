#include "tools/schakel/cmd_inbox.h"

#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/erasure_due.h"
#include "tools/schakel/glossary.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

const struct sk_command sk_inbox_commands[] = {
    {.name = "inbox",
     .operands = "",
     .nl = "uw werklijst: nieuw, wacht op u, wacht op de partner, te laat",
     .en = "your work list: new, waits for you, for the partner, late",
     .more_nl = "Alles wat partners stuurden, ook wat al gelezen is: schakel "
                "inbox list\n",
     .more_en = "Everything that partners sent, also what was read: schakel "
                "inbox list\n",
     .options = {{"dir", "DIR", false, false,
                  "de map van het knooppunt (of SCHAKEL_DIR)",
                  "the node's folder (or SCHAKEL_DIR)"}}},
    {0},
};

struct work {
    json_t *messages;
    json_t *handovers;
    json_t *agenda;
    json_t *erasures;
    json_t *status;
    struct sk_glossary *glossary;
    bool dutch;
};

static const char *say(const struct work *w, const char *nl, const char *en)
{
    return w->dutch ? nl : en;
}

/* Civil days between an instant and now. */
static int days_since(const struct work *w, const char *instant)
{
    int64_t then = 0;
    int64_t now = 0;

    if (!sk_instant_parse(sk_text(instant), &then) ||
        !sk_instant_parse(sk_text(sk_json_text(w->status, "now")), &now))
        return 0;
    return (int)(sk_civil_day(now) - sk_civil_day(then));
}

/* ------------------------------------------------------------- new */

/* Who it is about, as far as that was said; then `more`. */
static void print_name(const json_t *one, const char *more)
{
    const char *given = sk_json_text(one, "given_name");
    const char *family = sk_json_text(one, "family_name");

    if (given[0] != '\0' || family[0] != '\0')
        printf("%s%s%s%s", given,
               given[0] != '\0' && family[0] != '\0' ? " " : "", family, more);
}

static size_t print_new(const struct work *w)
{
    const json_t *list = json_object_get(w->messages, "messages");

    if (json_array_size(list) > 0)
        printf("%s\n", say(w, "Nieuw", "New"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        printf("  %.10s  ", sk_json_text(one, "received"));
        print_name(one, ", ");
        printf("%s, %s %s\n              schakel inbox open %s\n",
               sk_glossary_word(w->glossary, sk_json_text(one, "type")),
               say(w, "van", "from"),
               sk_glossary_word(w->glossary, sk_json_text(one, "from")),
               sk_json_text(one, "message"));
    }
    if (json_is_true(json_object_get(w->messages, "more")))
        printf("  %s\n", say(w, "en nog meer: schakel inbox list --new",
                             "and more: schakel inbox list --new"));
    return json_array_size(list);
}

/* ------------------------------------------------------------- handovers */

static void print_handover(const struct work *w, const json_t *one)
{
    bool ours = strcmp(sk_json_text(one, "role"), "sender") == 0;
    const char *id = sk_json_text(one, "handover");
    const json_t *late = json_object_get(one, "late");
    int days = days_since(w, sk_json_text(one, "changed"));

    printf("  %.10s  ", sk_json_text(one, "changed"));
    print_name(one, ", ");
    printf("%s %s, %s: %s", ours ? say(w, "naar", "to") : say(w, "van", "from"),
           sk_glossary_word(w->glossary, sk_json_text(one, "partner")),
           sk_glossary_value(w->glossary, "handover_kind", "",
                             json_object_get(one, "kind")),
           sk_render_word(sk_json_text(one, "state"), w->dutch));
    if (days == 1)
        fputs(say(w, ", sinds gisteren", ", since yesterday"), stdout);
    else if (days > 1)
        printf(w->dutch ? ", al %d dagen" : ", for %d days", days);
    printf("\n              schakel handover show %s\n", id);
    if (late != NULL)
        printf("              %s: %s\n", say(w, "TE LAAT", "LATE"),
               sk_json_text(late, w->dutch ? "label_nl" : "label_en"));
}

static size_t print_waiting(const struct work *w, const char *whom,
                            const char *title)
{
    const json_t *list = json_object_get(w->handovers, "handovers");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        if (strcmp(sk_json_text(one, "waits_for"), whom) != 0)
            continue;
        if (count++ == 0)
            printf("%s\n", title);
        print_handover(w, one);
    }
    return count;
}

/* ------------------------------------------------------------- what ended */

static bool is_open(const struct work *w, const char *handover)
{
    const json_t *list = json_object_get(w->handovers, "handovers");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(sk_json_text(json_array_get(list, i), "handover"),
                   handover) == 0)
            return true;
    return false;
}

/* What the agenda raised of handovers that are over: how they ended. */
static size_t print_ended(const struct work *w)
{
    const json_t *items = json_object_get(w->agenda, "items");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (strcmp(sk_json_text(item, "state"), "raised") != 0 ||
            strcmp(sk_json_text(item, "kind"), "handover") != 0 ||
            is_open(w, sk_json_text(item, "about")))
            continue;
        if (count++ == 0)
            printf("%s\n", say(w, "Afgelopen", "Ended"));
        printf("  %s  ", sk_json_text(item, "day"));
        print_name(item, ", ");
        printf("%s: %s\n              schakel handover show %s\n"
               "              %s: schakel agenda done %lld\n",
               sk_glossary_word(w->glossary, sk_json_text(item, "partner")),
               sk_json_text(item, w->dutch ? "label_nl" : "label_en"),
               sk_json_text(item, "about"), say(w, "gezien", "seen"),
               (long long)json_integer_value(json_object_get(item, "item")));
    }
    return count;
}

/* ------------------------------------------------------------- the list */

/* A list page by page, until there is no more of it or `most` of it was found;
   flag: the argument that is true; key: of the list. */
static int ask_pages(struct sk_client *client, const char *op, const char *flag,
                     const char *key, size_t most, json_t **out)
{
    json_t *all = json_array();
    json_t *page = NULL;
    bool more = true;
    int code = -1;

    while (code < 0 && more) {
        json_t *args = json_pack("{s:b}", flag, 1);

        if (page != NULL)
            json_object_set(args, "after", json_object_get(page, "next"));
        json_decref(page);
        page = NULL;
        code = sk_node_ask(client, op, args, NULL, 0, &page);
        json_array_extend(all, json_object_get(page, key));
        more = json_object_get(page, "next") != NULL &&
               json_array_size(all) < most;
    }
    if (code < 0) {
        json_object_set(page, key, all);
        *out = json_incref(page);
    }
    json_decref(all);
    json_decref(page);
    return code;
}

static int by_changed(const void *a, const void *b)
{
    const json_t *const *one = a;
    const json_t *const *other = b;

    return strcmp(sk_json_text(*one, "changed"),
                  sk_json_text(*other, "changed"));
}

static int gather(struct sk_client *client, struct work *w)
{
    int code =
        ask_pages(client, "inbox.list", "new", "messages", 100, &w->messages);

    if (code < 0)
        code = ask_pages(client, "handover.list", "open", "handovers", 10000,
                         &w->handovers);
    if (code < 0) /* what waits longest comes first */
        json_object_set_new(
            w->handovers, "handovers",
            sk_json_sorted(json_object_get(w->handovers, "handovers"),
                           by_changed));
    if (code < 0)
        code =
            sk_node_ask_pages(client, "agenda.list", NULL, "items", &w->agenda);
    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &w->status);
    if (code < 0)
        w->erasures = sk_erasures_ask(client, &code);
    return code;
}

static void print_work(struct sk_client *client, struct work *w)
{
    size_t count;

    w->glossary = sk_glossary_ask(client, w->dutch);
    count = sk_erasures_print(w->erasures, sk_json_text(w->status, "now"),
                              /* late_only */ false, w->glossary, w->dutch);
    count += print_new(w);
    count += print_ended(w);
    count += print_waiting(w, "us", say(w, "Wacht op u", "Waits for you"));
    count += print_waiting(
        w, "partner", say(w, "Wacht op de partner", "Waits for the partner"));
    if (count == 0)
        printf("%s\n", say(w, "Niets nieuws, en niets dat wacht.",
                           "Nothing new, and nothing that waits."));
    sk_glossary_close(&w->glossary);
}

int sk_cmd_inbox(int argc, char **argv)
{
    struct work w = {.dutch = sk_cli_dutch()};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    int code = sk_cli_parse(&sk_inbox_commands[0], argc, argv, &parsed);

    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = gather(client, &w);
    if (code < 0 && sk_cli_json()) {
        json_t *out =
            json_pack("{s:O, s:O, s:O}", "erasures", w.erasures, "handovers",
                      json_object_get(w.handovers, "handovers"), "messages",
                      json_object_get(w.messages, "messages"));

        sk_json_print(out);
        json_decref(out);
    } else if (code < 0) {
        print_work(client, &w);
    }
    json_decref(w.messages);
    json_decref(w.handovers);
    json_decref(w.agenda);
    json_decref(w.erasures);
    json_decref(w.status);
    sk_client_close(&client);
    return code < 0 ? SK_EXIT_YES : code;
}
