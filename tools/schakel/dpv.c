#include "tools/schakel/dpv.h"

#include <string.h>
#include <sys/random.h>

#include "tools/schakel/json.h"

/* ------------------------------------------------------------- parts */

/* A word of the vocabulary or the roster as a thing with its label. */
static json_t *thing(const struct sk_dpv *e, const char *kind, const char *id)
{
    return json_pack("{s:o, s:{s:s, s:s}}", "@id",
                     json_sprintf("urn:schakel:%s:%s", kind, id), "dct:title",
                     "@value", sk_glossary_word(e->glossary, id), "@language",
                     "nl");
}

static void add_things(const struct sk_dpv *e, json_t *record, const char *term,
                       const char *kind, const json_t *ids)
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

json_t *sk_dpv_record(const struct sk_dpv *e, const json_t *consent)
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

/* ------------------------------------------------------------- document */

json_t *sk_dpv_context(void)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "dpv", "https://w3id.org/dpv#",
                     "eu-gdpr", "https://w3id.org/dpv/legal/eu/gdpr#", "dct",
                     "http://purl.org/dc/terms/", "xsd",
                     "http://www.w3.org/2001/XMLSchema#");
}

json_t *sk_dpv_document(json_t *graph)
{
    return json_pack("{s:o, s:o}", "@context", sk_dpv_context(), "@graph",
                     graph);
}

bool sk_dpv_start(struct sk_dpv *e, struct sk_glossary *glossary,
                  const char *controller)
{
    struct sk_id id;

    e->glossary = glossary;
    e->controller = controller;
    if (getrandom(id.bytes, sizeof(id.bytes), 0) != (ssize_t)sizeof(id.bytes))
        return false;
    sk_id_format(&id, e->subject);
    return true;
}
