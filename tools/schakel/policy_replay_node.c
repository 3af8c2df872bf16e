#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/rules.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_replay.h"

/* `schakel policy replay DRAFT --since`: the draft beside what this node really
   did.  The node gives its questions page by page; what comes out are words
   and ids.                                                     POLICY.md 16 */

/* ---------------------------------------------------------------- counting */

static json_t *part_of(json_t *map, const char *key)
{
    json_t *part = json_object_get(map, key);

    if (part == NULL) {
        part = json_object();
        json_object_set_new(map, key, part);
    }
    return part;
}

static void count(json_t *map, const char *key)
{
    json_int_t before = json_integer_value(json_object_get(map, key));

    json_object_set_new(map, key, json_integer(before + 1));
}

/* ---------------------------------------------------------------- a message */

/* A field that would have left otherwise: {"was", "would"}; levels. */
static void note_field(json_t *fields, const char *name, const char *was,
                       const char *would)
{
    json_object_set_new(fields, name,
                        json_pack("{s:s, s:s}", "was", was, "would", would));
}

static const struct sk_decided_field *find_sent(const struct sk_decision *d,
                                                struct sk_bytes name)
{
    for (size_t i = 0; d->permit && i < d->fields_count; i++)
        if (d->fields[i].withheld == SK_SENT &&
            sk_bytes_equal(d->fields[i].name, name))
            return &d->fields[i];
    return NULL;
}

static const char *level_name(struct sk_history *h,
                              const struct sk_decided_field *field)
{
    struct sk_bytes level;
    char *text;

    if (field == NULL)
        return "none";
    level = field->level_name;
    text = sk_arena_get(&h->run->arena, level.size + 1);
    if (text == NULL)
        return "";
    memcpy(text, level.data, level.size);
    return text;
}

struct compared {
    json_t *fields; /* that differ */
    bool wider;
    bool narrower;
};

/* One field of the ledger beside the draft. */
static void compare_field(struct sk_history *h, const struct sk_decision *d,
                          const json_t *was, json_t *partner,
                          struct compared *c)
{
    const char *name = sk_json_text(was, "field");
    bool left = strcmp(sk_json_text(was, "outcome"), "sent") == 0;
    const char *level = left ? sk_json_text(was, "level") : "none";
    const struct sk_decided_field *field = find_sent(d, sk_text(name));
    unsigned before =
        left ? sk_replay_level(h->draft, sk_text(name), sk_text(level)) : 0;
    unsigned after = sk_replay_reach(h->draft, d, sk_text(name));

    if (before == after)
        return;
    note_field(c->fields, name, level, level_name(h, field));
    c->wider = c->wider || after > before;
    c->narrower = c->narrower || after < before;
    count(part_of(part_of(partner, "fields"), name),
          after > before ? "wider" : "narrower");
}

static void list_message(struct sk_history *h, const json_t *question,
                         const struct sk_decision *d, json_t *fields,
                         const char *result)
{
    const json_t *ask = json_object_get(question, "ask");
    json_t *entry =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "message",
                  sk_json_text(question, "message"), "to",
                  sk_json_text(ask, "to"), "for", sk_json_text(ask, "for"),
                  "event", sk_json_text(json_object_get(ask, "event"), "type"),
                  "result", result, "fields", fields);

    if (!d->permit)
        json_object_set_new(entry, "reason", json_string(d->reason));
    json_array_append_new(h->list, entry);
}

static void compare_message(struct sk_history *h, const json_t *question,
                            const struct sk_decision *d)
{
    const json_t *ask = json_object_get(question, "ask");
    const json_t *was =
        json_object_get(json_object_get(question, "was"), "fields");
    json_t *partner = part_of(h->partners, sk_json_text(ask, "to"));
    struct compared c = {.fields = json_object()};
    const char *result = "same";

    for (size_t i = 0; d->permit && i < json_array_size(was); i++)
        compare_field(h, d, json_array_get(was, i), partner, &c);
    h->total++;
    if (!d->permit)
        result = "refused";
    else if (c.wider)
        result = c.narrower ? "wider-and-narrower" : "wider";
    else if (c.narrower)
        result = "narrower";
    h->same += d->permit && !c.wider && !c.narrower;
    h->wider += c.wider;
    h->narrower += c.narrower;
    h->refused += !d->permit;
    count(partner, result);
    if (strcmp(result, "same") != 0)
        list_message(h, question, d, c.fields, result);
    json_decref(c.fields);
}

/* -1, or the exit code. */
static int replay_message(struct sk_history *h, const json_t *question)
{
    const json_t *was = json_object_get(question, "was");
    struct sk_decision *decision =
        sk_arena_get(&h->run->arena, sizeof(*decision));
    struct sk_asked asked;
    int code;

    if (strcmp(sk_json_text(was, "state"), "sent") != 0) {
        h->waiting++;
        return -1;
    }
    if (decision == NULL)
        return sk_policy_no_memory();
    code = sk_policy_node_asked(h->run, h->draft, question, &asked);
    if (code >= 0)
        return code;
    if (sk_decide(h->draft, asked.facts, &asked.question, &h->run->arena,
                  decision) != SK_OK)
        return sk_policy_no_memory();
    compare_message(h, question, decision);
    return -1;
}

/* ---------------------------------------------------------------- an event */

static bool was_sent(const json_t *question, const char *to,
                     struct sk_bytes purpose)
{
    const json_t *sent = json_object_get(question, "sent");

    for (size_t i = 0; i < json_array_size(sent); i++) {
        const json_t *one = json_array_get(sent, i);

        if (strcmp(sk_json_text(one, "to"), to) == 0 &&
            sk_bytes_equal(sk_text(sk_json_text(one, "for")), purpose))
            return true;
    }
    return false;
}

static void list_flow(struct sk_history *h, const json_t *question,
                      const struct sk_question *asked,
                      const struct sk_decision *would, const char *result)
{
    json_t *fields = json_array();

    for (size_t i = 0; would->permit && i < would->fields_count; i++)
        if (would->fields[i].withheld == SK_SENT)
            json_array_append_new(fields,
                                  sk_policy_string(would->fields[i].name));
    json_array_append_new(h->flows,
                          json_pack("{s:s, s:o, s:o, s:o, s:s, s:o}", "event",
                                    sk_json_text(question, "event"), "type",
                                    sk_policy_string(asked->event->type), "to",
                                    sk_policy_string(asked->to), "for",
                                    sk_policy_string(asked->purpose), "result",
                                    result, "fields", fields));
}

/* One event, one partner, one purpose. */
static int replay_flow(struct sk_history *h, const json_t *question,
                       const struct sk_asked *draft,
                       const struct sk_asked *live)
{
    struct sk_arena *arena = &h->run->arena;
    struct sk_decision *would = sk_arena_get(arena, sizeof(*would));
    struct sk_decision *does = sk_arena_get(arena, sizeof(*does));
    bool more;
    bool less;

    if (would == NULL || does == NULL ||
        sk_decide(h->draft, draft->facts, &draft->question, arena, would) !=
            SK_OK ||
        sk_decide(h->live, live->facts, &live->question, arena, does) != SK_OK)
        return sk_policy_no_memory();
    h->asked++;
    more = sk_replay_is_more(h->draft, would, does);
    less = sk_replay_is_more(h->draft, does, would);
    if (!more && !less)
        return -1;
    h->newly += would->permit && !does->permit;
    h->gone += !would->permit && does->permit;
    h->more += more && does->permit;
    h->less += less && would->permit;
    list_flow(h, question, &draft->question, would,
              !does->permit    ? "new"
              : !would->permit ? "gone"
              : more           ? (less ? "wider-and-narrower" : "wider")
                               : "narrower");
    return -1;
}

/* Every purpose of the draft, for one partner. */
static int replay_partner(struct sk_history *h, const json_t *question,
                          struct sk_asked *draft, struct sk_asked *live,
                          const char *to)
{
    const struct sk_vocabulary *v = h->draft->vocabulary;
    int code = -1;

    for (size_t i = 0; code < 0 && i < v->purposes_count; i++) {
        size_t mark = sk_arena_mark(&h->run->arena);
        struct sk_bytes purpose = v->purposes[i].id;

        if (!v->purposes[i].leaf || was_sent(question, to, purpose))
            continue;
        draft->question.to = live->question.to = sk_text(to);
        draft->question.purpose = live->question.purpose = purpose;
        code = replay_flow(h, question, draft, live);
        sk_arena_reset(&h->run->arena, mark);
    }
    return code;
}

static bool seen_before(const json_t *links, size_t at)
{
    const char *org = sk_json_text(json_array_get(links, at), "org");

    for (size_t i = 0; i < at; i++)
        if (strcmp(sk_json_text(json_array_get(links, i), "org"), org) == 0)
            return true;
    return false;
}

static int replay_event(struct sk_history *h, const json_t *question)
{
    json_t *ask = json_object_get(question, "ask");
    const json_t *links =
        json_object_get(json_object_get(question, "facts"), "links");
    struct sk_asked draft;
    struct sk_asked live;
    int code;

    h->events++;
    /* A question needs somebody to be asked about; each partner in turn. */
    json_object_set_new(ask, "to", json_string("nobody"));
    json_object_set_new(ask, "for", json_string("nothing"));
    code = sk_policy_node_asked(h->run, h->draft, question, &draft);
    if (code < 0)
        code = sk_policy_node_asked(h->run, h->live, question, &live);
    for (size_t i = 0; code < 0 && i < json_array_size(links); i++)
        if (!seen_before(links, i))
            code =
                replay_partner(h, question, &draft, &live,
                               sk_json_text(json_array_get(links, i), "org"));
    return code;
}

/* ---------------------------------------------------------------- pages */

static int replay_list(struct sk_history *h, const json_t *list, bool events)
{
    int code = -1;

    for (size_t i = 0; code < 0 && i < json_array_size(list); i++) {
        size_t mark = sk_arena_mark(&h->run->arena);
        const json_t *question = json_array_get(list, i);

        code = events ? replay_event(h, question) : replay_message(h, question);
        sk_arena_reset(&h->run->arena, mark);
    }
    return code;
}

static int replay_pages(struct sk_history *h, bool events)
{
    char next[SK_ID_TEXT_SIZE + 1] = "";
    char since[11];
    int code = -1;
    bool more = true;

    sk_day_format(h->since, since);
    while (code < 0 && more) {
        json_t *page = NULL;
        json_t *args =
            json_pack("{s:s, s:b}", "since", since, "events", events);

        if (next[0] != '\0')
            json_object_set_new(args, "after", json_string(next));
        code =
            sk_node_ask(h->client, "disclosure.history", args, NULL, 0, &page);
        if (code < 0)
            code = replay_list(h, json_object_get(page, "list"), events);
        more = sk_json_text(page, "next")[0] != '\0';
        snprintf(next, sizeof(next), "%s", sk_json_text(page, "next"));
        json_decref(page);
    }
    return code;
}

/* ---------------------------------------------------------------- command */

/* As if the draft had been there then: a rule that begins in the period, or
   after it, begins with it. */
static void backdate(struct sk_history *h)
{
    for (size_t i = 0; i < h->draft->shares_count; i++) {
        struct sk_share *share = &h->draft->shares[i];

        if (share->from <= h->since)
            continue;
        share->from = h->since;
        json_array_append_new(h->backdated, sk_policy_string(share->id));
    }
}

static int read_since(struct sk_history *h, const char *text)
{
    char *end;
    unsigned long days = strtoul(text, &end, 10);

    if (text[0] >= '0' && text[0] <= '9' && strcmp(end, "d") == 0 &&
        days <= 36500) {
        h->since = h->until - (int32_t)days;
        return -1;
    }
    if (sk_day_parse(sk_text(text), &h->since))
        return -1;
    return sk_policy_bad_option("--since",
                                "geef dagen (90d) of een datum (JJJJ-MM-DD)",
                                "give days (90d) or a date (YYYY-MM-DD)");
}

static int load_live(struct sk_history *h)
{
    json_t *history = NULL;
    json_t *charter = NULL;
    json_int_t version = 0;
    int code =
        sk_node_ask(h->client, "policy.history", NULL, NULL, 0, &history);

    if (code < 0)
        code = sk_node_ask(h->client, "charter.show", NULL, NULL, 0, &charter);
    for (size_t i = 0;
         code < 0 && i < json_array_size(json_object_get(history, "versions"));
         i++) {
        const json_t *one =
            json_array_get(json_object_get(history, "versions"), i);

        if (json_is_true(json_object_get(one, "in_force")))
            version = json_integer_value(json_object_get(one, "version"));
    }
    if (code < 0)
        code = sk_policy_node_bundle(
            h->run, h->client, version,
            json_integer_value(json_object_get(charter, "version")), &h->live);
    json_decref(history);
    json_decref(charter);
    return code;
}

static int find_today(struct sk_history *h)
{
    json_t *status = NULL;
    int code = sk_node_ask(h->client, "node.status", NULL, NULL, 0, &status);
    int64_t now;

    if (code >= 0)
        return code;
    if (sk_instant_parse(sk_text(sk_json_text(status, "now")), &now))
        h->until = sk_civil_day(now);
    else
        h->until = sk_policy_day(h->run);
    json_decref(status);
    return -1;
}

static void print_json(const struct sk_history *h)
{
    char since[11];
    char until[11];

    sk_day_format(h->since, since);
    sk_day_format(h->until, until);
    sk_policy_answer(json_pack(
        "{s:s, s:b, s:s, s:s, s:I, s:I, s:O, s:{s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:O, s:O}, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:O}}",
        "command", "replay", "ok", 1, "since", since, "until", until, "draft",
        (json_int_t)sk_bundle_policy_version(h->draft), "policy",
        (json_int_t)sk_bundle_policy_version(h->live), "backdated",
        h->backdated, "disclosures", "total", (json_int_t)h->total, "same",
        (json_int_t)h->same, "narrower", (json_int_t)h->narrower, "wider",
        (json_int_t)h->wider, "refused", (json_int_t)h->refused, "not_compared",
        (json_int_t)h->waiting, "partners", h->partners, "list", h->list,
        "events", "total", (json_int_t)h->events, "asked", (json_int_t)h->asked,
        "new", (json_int_t)h->newly, "wider", (json_int_t)h->more, "narrower",
        (json_int_t)h->less, "gone", (json_int_t)h->gone, "list", h->flows));
}

static int replay(struct sk_history *h, const struct sk_parsed *parsed)
{
    int code = find_today(h);

    if (code < 0)
        code = read_since(h, sk_cli_get(parsed, "since"));
    if (code < 0)
        code = load_live(h);
    if (code >= 0)
        return code;
    backdate(h);
    code = replay_pages(h, /* events */ false);
    if (code < 0)
        code = replay_pages(h, /* events */ true);
    if (code >= 0)
        return code;
    if (h->run->json)
        print_json(h);
    else
        sk_history_print(h);
    return h->wider > 0 || h->newly > 0 || h->more > 0 ? SK_EXIT_WIDER
                                                       : SK_EXIT_YES;
}

int sk_policy_replay_node(struct sk_policy_run *run,
                          const struct sk_parsed *parsed)
{
    struct sk_history h = {.run = run};
    struct sk_policy_bundle opened;
    int code;

    if (!sk_cli_has(parsed, "since") || sk_cli_has(parsed, "against"))
        return sk_policy_bad_option("--since",
                                    "kies --input, met of zonder --against, of "
                                    "--since",
                                    "choose --input, with or without "
                                    "--against, or --since");
    code = sk_policy_open(run, parsed->operands[0], &opened);
    if (code < 0)
        code = sk_node_open(parsed, &h.client);
    if (code >= 0)
        return code;
    h.draft = opened.bundle;
    h.backdated = json_array();
    h.partners = json_object();
    h.list = json_array();
    h.flows = json_array();
    code = replay(&h, parsed);
    json_decref(h.backdated);
    json_decref(h.partners);
    json_decref(h.list);
    json_decref(h.flows);
    sk_client_close(&h.client);
    return code;
}
