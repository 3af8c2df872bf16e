#include "tools/schakel/cmd_consent.h"

#include <string.h>
#include <sys/random.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/glossary.h"
#include "tools/schakel/json.h"

/* CONSENT.md 8: JSON-LD with the terms of table 1.1 (ISO/IEC TS 27560 in DPV);
   every term is a compact IRI of the context, so none is dropped.  The subject
   is a random handle made for this export. */

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

struct exporting {
    struct sk_glossary *glossary;
    const char *controller;
    char subject[SK_ID_TEXT_SIZE + 1];
};

/* ------------------------------------------------------------- parts */

/* A word of the vocabulary or the roster as a thing with its label. */
static json_t *thing(const struct exporting *e, const char *kind,
                     const char *id)
{
    return json_pack("{s:o, s:{s:s, s:s}}", "@id",
                     json_sprintf("urn:schakel:%s:%s", kind, id), "dct:title",
                     "@value", sk_glossary_word(e->glossary, id), "@language",
                     "nl");
}

static void add_things(const struct exporting *e, json_t *record,
                       const char *term, const char *kind, const json_t *ids)
{
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(ids); i++)
        json_array_append_new(
            list, thing(e, kind, json_string_value(json_array_get(ids, i))));
    if (json_array_size(list) > 0)
        json_object_set(record, term, list);
    json_decref(list);
}

static json_t *time_value(const char *instant)
{
    return json_pack("{s:s, s:s}", "@value", instant, "@type", "xsd:dateTime");
}

static void add_text(json_t *record, const char *term, const json_t *consent,
                     const char *key)
{
    const char *text = sk_json_text(consent, key);

    if (text[0] != '\0')
        json_object_set_new(record, term, json_string(text));
}

/* Written states only; expired and replaced are computed (1.1). */
static const char *status_of(const char *state)
{
    static const char *const rows[][2] = {
        {"requested", "dpv:ConsentRequested"},
        {"given", "dpv:ConsentGiven"},
        {"refused", "dpv:ConsentRefused"},
        {"withdrawn", "dpv:ConsentWithdrawn"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i][0], state) == 0)
            return rows[i][1];
    return "dpv:ConsentUnknown";
}

/* ------------------------------------------------------------- a record */

static void add_notice(json_t *record, const json_t *consent)
{
    const char *hash = sk_json_text(consent, "notice_hash");
    json_t *notice;

    if (hash[0] == '\0')
        return;
    notice = json_pack("{s:o}", "@id", json_sprintf("urn:sha256:%s", hash));
    add_text(notice, "dct:title", consent, "notice_id");
    json_object_set_new(record, "dpv:hasNotice", notice);
}

static json_t *record_of(const struct exporting *e, const json_t *consent)
{
    bool explicit = json_is_true(json_object_get(consent, "explicit"));
    const char *until = sk_json_text(consent, "until");
    json_t *record = json_pack(
        "{s:o, s:o, s:s, s:s, s:{s:o}, s:o, s:{s:s}, s:o}", "@id",
        json_sprintf("urn:uuid:%s", sk_json_text(consent, "consent")), "@type",
        json_pack(explicit ? "[s, s]" : "[s]", "dpv:ConsentRecord",
                  "dpv:ExplicitlyExpressedConsent"),
        "dct:conformsTo", "consent-event/1", "dct:identifier",
        sk_json_text(consent, "consent"), "dpv:hasDataSubject", "@id",
        json_sprintf("urn:uuid:%s", e->subject), "dpv:hasDataController",
        thing(e, "org", e->controller), "dpv:hasConsentStatus", "@id",
        status_of(sk_json_text(consent, "state")), "dpv:isIndicatedAtTime",
        time_value(sk_json_text(consent, "at")));

    if (until[0] != '\0')
        json_object_set_new(record, "dpv:hasDuration",
                            json_pack("{s:s, s:o}", "@type",
                                      "dpv:UntilTimeDuration", "dct:date",
                                      time_value(until)));
    add_things(e, record, "dpv:hasPurpose", "purpose",
               json_object_get(consent, "purposes"));
    add_things(e, record, "dpv:hasRecipient", "org",
               json_object_get(consent, "recipients"));
    add_things(e, record, "dpv:hasPersonalData", "category",
               json_object_get(consent, "categories"));
    add_text(record, "dpv:isIndicatedBy", consent, "given_by");
    add_text(record, "dpv:hasIndicationMethod", consent, "form");
    add_text(record, "dct:language", consent, "language");
    add_notice(record, consent);
    return record;
}

static json_t *export_dpv(const struct exporting *e, const json_t *consents)
{
    json_t *graph = json_array();

    for (size_t i = 0; i < json_array_size(consents); i++)
        json_array_append_new(graph, record_of(e, json_array_get(consents, i)));
    return json_pack("{s:{s:s, s:s, s:s}, s:o}", "@context", "dpv",
                     "https://w3id.org/dpv#", "dct",
                     "http://purl.org/dc/terms/", "xsd",
                     "http://www.w3.org/2001/XMLSchema#", "@graph", graph);
}

/* ------------------------------------------------------------- command */

static bool make_subject(struct exporting *e)
{
    struct sk_id id;

    if (getrandom(id.bytes, sizeof(id.bytes), 0) != (ssize_t)sizeof(id.bytes))
        return false;
    sk_id_format(&id, e->subject);
    return true;
}

static int export_all(struct sk_client *client, const char *participant,
                      bool dpv)
{
    struct exporting e = {.controller = ""};
    json_t *status = NULL;
    json_t *list = NULL;
    json_t *out = NULL;
    int code = sk_node_ask(client, "consent.list",
                           json_pack("{s:s}", "participant", participant), NULL,
                           0, &list);

    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &status);
    if (code < 0 && !make_subject(&e))
        code = SK_EXIT_SOFTWARE;
    if (code < 0) {
        e.glossary = sk_glossary_ask(client, /* dutch */ true);
        e.controller = sk_json_text(status, "org");
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
