#include "tools/schakel/cmd_consent.h"

#include <string.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/dpv.h"
#include "tools/schakel/json.h"

const struct sk_command sk_consent_commands[] = {
    {.name = "consent export",
     .operands = "PARTICIPANT",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "de akkoorden van een deelnemer als bestand",
     .en = "the consents of a participant as a file",
     .more_nl = "dpv: JSON-LD, voor een ander systeem (ISO/IEC TS 27560, DPV). "
                " json: zoals ze\nhier staan.  De deelnemer heet in het "
                "bestand een toevallig nummer, elke keer een\nander.\n",
     .more_en = "dpv: JSON-LD, for another system (ISO/IEC TS 27560, DPV).  "
                "json: as they stand\nhere.  The participant is a random "
                "number in the file, another one each time.\n",
     .options = {{"format", "dpv|json", true, false, "de vorm", "the form"},
                 {"dir", "DIR", false, false,
                  "de map van het knooppunt (of SCHAKEL_DIR)",
                  "the node's folder (or SCHAKEL_DIR)"},
                 SK_BREAK_GLASS}},
    {0},
};

/* ------------------------------------------------------------- command */

static json_t *export_dpv(const struct sk_dpv *e, const json_t *consents)
{
    json_t *graph = json_array();

    for (size_t i = 0; i < json_array_size(consents); i++)
        json_array_append_new(graph,
                              sk_dpv_record(e, json_array_get(consents, i)));
    return sk_dpv_document(graph);
}

static int export_all(struct sk_client *client, const char *participant,
                      bool dpv)
{
    struct sk_dpv e = {.controller = ""};
    json_t *status = NULL;
    json_t *list = NULL;
    json_t *out = NULL;
    int code = sk_node_ask_pages(client, "consent.list",
                                 json_pack("{s:s}", "participant", participant),
                                 "consents", &list);

    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &status);
    if (code < 0 && !sk_dpv_start(&e, sk_glossary_ask(client, /* dutch */ true),
                                  sk_json_text(status, "org")))
        code = SK_EXIT_SOFTWARE;
    if (code < 0) {
        out = dpv ? export_dpv(&e, json_object_get(list, "consents"))
                  : json_pack("{s:s, s:O}", "subject", e.subject, "consents",
                              json_object_get(list, "consents"));
        sk_json_print(out);
        code = SK_EXIT_YES;
    }
    sk_glossary_close(&e.glossary);
    json_decref(status);
    json_decref(list);
    json_decref(out);
    return code;
}

int sk_cmd_consent(int argc, char **argv)
{
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    const char *format;
    int code =
        sk_cli_parse(&sk_consent_commands[0], argc - 1, argv + 1, &parsed);

    if (code >= 0)
        return code;
    format = sk_cli_get(&parsed, "format");
    if (strcmp(format, "dpv") != 0 && strcmp(format, "json") != 0)
        return sk_cli_fail(SK_EXIT_USAGE,
                           &(struct sk_problem){.code = "bad-option",
                                                .nl = "deze vorm bestaat niet",
                                                .en = "there is no such form",
                                                .where = format,
                                                .next_nl = "kies dpv of json",
                                                .next_en = "choose dpv or "
                                                           "json"});
    code = sk_node_open(&parsed, &client);
    if (code < 0)
        code =
            export_all(client, parsed.operands[0], strcmp(format, "dpv") == 0);
    sk_client_close(&client);
    return code;
}
