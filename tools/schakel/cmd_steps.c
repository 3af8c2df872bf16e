#include "tools/schakel/node_request.h"

#include <stdio.h>
#include <string.h>

#include "protocol/texts.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"

/* A coach's step is an event about the handover, and the offer to share it. */
struct step {
    const char *verb;
    const char *type;
    const char *answer; /* value of the field `answer`, or NULL */
    const char *nl;
    const char *en;
};

static const struct step steps[] = {
    {"accept", "handover.answered", "accepted", "aanvaard een overdracht",
     "accept a handover"},
    {"decline", "handover.answered", "declined", "aanvaard een overdracht niet",
     "decline a handover"},
    {"ask", "handover.answered", "need_info", "vraag om uitleg",
     "ask for more information"},
    {"wait", "handover.answered", "waiting", "zet op de wachtlijst",
     "put on the waiting list"},
    {"complete", "handover.completed", NULL, "neem de begeleiding over",
     "take over the guidance"},
    {"return", "handover.returned", NULL, "geef de begeleiding terug",
     "return the guidance"},
};

static const struct sk_option step_options[] = {
    {"dir", "DIR", false, false, "de map van het knooppunt (of SCHAKEL_DIR)",
     "the node's folder (or SCHAKEL_DIR)"},
    {"for", "PURPOSE", false, false,
     "deel de gegevens ook, voor dit doel (anders alleen de stap zelf)",
     "share the fields too, for this purpose (else only the step itself)"},
    {"fields", "NAME=VALUE|[A,B]", false, true, "gegevens", "fields"},
    SK_BREAK_GLASS,
};

static void make_step(const struct step *step, struct sk_made *out)
{
    memset(out, 0, sizeof(*out));
    snprintf(out->name, sizeof(out->name), "handover %s", step->verb);
    out->command.name = out->name;
    out->command.operands = "HANDOVER";
    out->command.operands_min = 1;
    out->command.operands_max = 1;
    out->command.nl = step->nl;
    out->command.en = step->en;
    memcpy(out->command.options, step_options, sizeof(step_options));
    sk_made_typed(&out->command);
}

static void make_request(struct sk_made *out)
{
    static const struct sk_option to = {"to",  "ORG",        true,
                                        false, "de partner", "the partner"};

    memset(out, 0, sizeof(*out));
    out->command.name = "handover request";
    out->command.operands = "PARTICIPANT";
    out->command.operands_min = 1;
    out->command.operands_max = 1;
    out->command.nl = "vraag een partner om de begeleiding over te nemen";
    out->command.en = "ask a partner to take over the guidance";
    memcpy(out->command.options, step_options, sizeof(step_options));
    sk_made_typed(&out->command);
    out->command.options[SK_COUNT(step_options)] = to;
}

/* What did not leave, and how it can. */
static void tell_kept(const char *kept, const char *event, const char *to)
{
    if (kept != NULL && !sk_cli_json())
        printf("\n%s\n  schakel disclosure preview %s --to %s --for %s\n", kept,
               event, to, sk_cli_word("DOEL", "PURPOSE"));
}

/* Record the event in `args`, then offer it when a purpose was named; else
   say `kept`, or nothing when it is NULL. */
static int record_and_send(struct sk_client *client,
                           struct sk_typed_request *record, const char *to,
                           const char *purpose, const char *kept)
{
    struct sk_typed_request send = {0};
    json_t *reply = NULL;
    int code = sk_request_ask(client, "event.record", record, &reply);

    if (code >= 0)
        return code;
    if (purpose == NULL) {
        json_incref(reply);
        code = sk_request_show(client, "event.record", reply);
        tell_kept(kept, sk_json_text(json_object_get(reply, "result"), "event"),
                  to);
        json_decref(reply);
        return code;
    }
    send.args =
        json_pack("{s:s, s:s, s:s}", "event",
                  sk_json_text(json_object_get(reply, "result"), "event"),
                  "for", purpose, "to", to);
    json_decref(reply);
    reply = NULL;
    code = sk_request_ask(client, "disclosure.send", &send, &reply);
    sk_request_free(&send);
    return code >= 0 ? code : sk_request_show(client, "disclosure.send", reply);
}

static int fields_of(const struct sk_parsed *parsed, json_t *fields)
{
    return sk_request_pairs(fields, "fields", sk_cli_all(parsed, "fields"));
}

/* A step is about somebody: say first whom the request is about. */
static int refuse_nobody(const json_t *view)
{
    static char next[128];

    snprintf(next, sizeof(next), "schakel inbox assign %s %s",
             sk_json_text(view, "request"),
             sk_cli_word("DEELNEMER", "PARTICIPANT"));
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){.code = "not-assigned",
                             .nl = sk_code_text("not-assigned", true),
                             .en = sk_code_text("not-assigned", false),
                             .next_nl = next,
                             .next_en = next});
}

static int run_step(const struct step *step, int argc, char **argv)
{
    static struct sk_made made;
    struct sk_typed_request show_it = {0};
    struct sk_typed_request record = {0};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *view = NULL;
    json_t *fields = json_object();
    int code;

    make_step(step, &made);
    code = sk_cli_parse(&made.command, argc, argv, &parsed);
    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = fields_of(&parsed, fields);
    if (code < 0) {
        show_it.args = json_pack("{s:s}", "handover", parsed.operands[0]);
        code = sk_request_ask(client, "handover.show", &show_it, &view);
    }
    if (code < 0 &&
        sk_json_text(json_object_get(view, "result"), "participant")[0] == '\0')
        code = refuse_nobody(json_object_get(view, "result"));
    if (code < 0) {
        const json_t *result = json_object_get(view, "result");
        bool typed = json_object_size(fields) != 0;

        if (step->answer != NULL)
            json_object_set_new(fields, "answer", json_string(step->answer));
        record.args =
            json_pack("{s:s, s:s, s:s, s:O}", "about", parsed.operands[0],
                      "participant", sk_json_text(result, "participant"),
                      "type", step->type, "fields", fields);
        code = record_and_send(
            client, &record, sk_json_text(result, "partner"),
            sk_cli_get(&parsed, "for"),
            typed ? sk_cli_word("Enkel de stap zelf vertrok; de gegevens erbij "
                                "blijven hier.  Delen kan, met akkoord:",
                                "Only the step itself left; its fields stay "
                                "here.  To share them, with consent:")
                  : NULL);
    }
    json_decref(fields);
    json_decref(view);
    sk_request_free(&show_it);
    sk_request_free(&record);
    sk_client_close(&client);
    return code;
}

static int run_request(int argc, char **argv)
{
    static struct sk_made made;
    struct sk_typed_request record = {0};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *fields = json_object();
    int code;

    make_request(&made);
    code = sk_cli_parse(&made.command, argc, argv, &parsed);
    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = fields_of(&parsed, fields);
    if (code < 0) {
        record.args =
            json_pack("{s:s, s:s, s:O}", "participant", parsed.operands[0],
                      "type", "handover.requested", "fields", fields);
        code = record_and_send(
            client, &record, sk_cli_get(&parsed, "to"),
            sk_cli_get(&parsed, "for"),
            sk_cli_word("Er vertrok nog niets.  Lees het samen na, en verstuur "
                        "het dan:",
                        "Nothing left yet.  Read it together, and send it "
                        "then:"));
    }
    json_decref(fields);
    sk_request_free(&record);
    sk_client_close(&client);
    return code;
}

bool sk_step_command(size_t i, struct sk_made *out)
{
    if (i < SK_COUNT(steps))
        make_step(&steps[i], out);
    else if (i == SK_COUNT(steps))
        make_request(out);
    return i <= SK_COUNT(steps);
}

bool sk_step_run(int argc, char **argv, int *code)
{
    if (argc < 2)
        return false;
    for (size_t i = 0; i < SK_COUNT(steps); i++) {
        if (strcmp(argv[1], steps[i].verb) != 0)
            continue;
        *code = run_step(&steps[i], argc - 1, argv + 1);
        return true;
    }
    if (strcmp(argv[1], "request") != 0)
        return false;
    *code = run_request(argc - 1, argv + 1);
    return true;
}
