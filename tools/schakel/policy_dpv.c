#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/words.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/dpv.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_export.h"
#include "tools/schakel/policy_rows.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy export --format dpv`: what a consent record of ISO/IEC TS
   27560 says beside the consent itself: the processing, and the notice.  With
   a participant of a node, the records too.            POLICY.md 17.3 */

struct exporting {
    struct sk_policy_run *run;
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_matrix matrix;
    struct sk_rows rows;
    json_t *records; /* of consent, of a participant */
    size_t printed;
};

/* ---------------------------------------------------------------- things */

static json_t *in_language(struct sk_bytes text, const char *language)
{
    return json_pack("{s:o, s:s}", "@value", sk_policy_string(text),
                     "@language", language);
}

static json_t *thing(const char *kind, struct sk_bytes id)
{
    return json_pack("{s:o}", "@id",
                     json_sprintf("urn:schakel:%s:%.*s", kind, SK_ARG(id)));
}

static json_t *labelled(const char *kind, struct sk_bytes id,
                        const struct sk_label *label)
{
    json_t *out = thing(kind, id);

    json_object_set_new(
        out, "dct:title",
        json_pack("[o, o]", in_language(sk_label_of(label, true), "nl"),
                  in_language(sk_label_of(label, false), "en")));
    return out;
}

static json_t *org_thing(const struct sk_roster_org *org)
{
    json_t *out = thing("org", org->id);

    json_object_set_new(out, "dct:title", sk_policy_string(org->name));
    if (org->kbo.size > 0)
        json_object_set_new(out, "dct:identifier", sk_policy_string(org->kbo));
    return out;
}

static json_t *process_id(const struct exporting *e, const struct sk_row *row)
{
    return json_sprintf("urn:schakel:process:%.*s:%.*s:%.*s",
                        SK_ARG(e->bundle->owner),
                        SK_ARG(e->bundle->roster.orgs[row->org].id),
                        SK_ARG(e->v->purposes[row->purpose].id));
}

/* ---------------------------------------------------------------- terms */

/* All categories that the cells of a row tell of. */
static json_t *data_json(const struct exporting *e, const struct sk_row *row)
{
    json_t *list = json_array();
    uint64_t set = 0;

    for (size_t i = 0; i < row->count; i++)
        set |= sk_way_tells(e->v, row->cells[i].spot.event, row->cells[i].field,
                            row->cells[i].level);
    for (; set != 0; set &= set - 1) {
        const struct sk_category *c = &e->v->categories[sk_lowest(set)];
        json_t *one = labelled("category", c->id, &c->label);

        json_object_set_new(one, "@type",
                            json_string(c->special.size > 0
                                            ? "dpv:SpecialCategoryPersonalData"
                                            : "dpv:PersonalData"));
        json_array_append_new(list, one);
    }
    return list;
}

static const char *basis_term(struct sk_bytes word)
{
    static const char *const rows[][2] = {
        {"consent", "eu-gdpr:A6-1-a"},
        {"contract", "eu-gdpr:A6-1-b"},
        {"public-task", "eu-gdpr:A6-1-e"},
        {"legitimate-interest", "eu-gdpr:A6-1-f"},
        {"explicit-consent", "eu-gdpr:A9-2-a"},
        {"employment-and-social-law", "eu-gdpr:A9-2-b"},
        {"substantial-public-interest", "eu-gdpr:A9-2-g"},
        {"health-or-social-care", "eu-gdpr:A9-2-h"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (sk_bytes_equal(word, sk_text(rows[i][0])))
            return rows[i][1];
    return "dpv:LegalBasis";
}

/* Into a list, once. */
static void add(json_t *list, json_t *one)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), one)) {
            json_decref(one);
            return;
        }
    }
    json_array_append_new(list, one);
}

static void add_basis(const struct sk_share *share, json_t *list)
{
    add(list, json_pack("{s:s, s:o}", "@type", basis_term(share->gdpr_word),
                        "dct:description", sk_policy_string(share->reference)));
    if (share->art9.size > 0)
        add(list,
            json_pack("{s:s, s:o}", "@type", basis_term(share->art9),
                      "dct:description", sk_policy_string(share->reference)));
}

static json_t *duration(const char *type, struct sk_duration length,
                        json_t *description)
{
    return json_pack(
        "{s:s, s:{s:o, s:s}, s:o}", "@type", type, "dpv:hasDuration", "@value",
        json_sprintf("P%u%s", length.count, length.unit == SK_DAYS ? "D" : "M"),
        "@type", "xsd:duration", "dct:description", description);
}

static void add_storage(const struct sk_share *share, json_t *list)
{
    add(list, duration("dpv:StorageDuration", share->retain,
                       json_sprintf("%.*s from %s", SK_ARG(share->retain_text),
                                    share->retain_from_occurred ? "occurred"
                                                                : "sent")));
    if (share->erase)
        add(list,
            duration("dpv:StorageDeletion",
                     (struct sk_duration){share->within_days, SK_DAYS},
                     json_string("erased within this after a withdrawal")));
}

static void add_measures(const struct exporting *e,
                         const struct sk_share *share, json_t *list)
{
    for (size_t i = 0; i < e->v->duties_count; i++) {
        const struct sk_word *duty = &e->v->duties[i];

        for (size_t k = 0; k < SK_DUTIES_COUNT; k++)
            if ((share->duties >> k & 1) != 0 &&
                sk_bytes_equal(duty->id, sk_text(sk_duty_words[k])))
                add(list, labelled("duty", duty->id, &duty->label));
    }
}

/* ---------------------------------------------------------------- notice */

static json_t *categories_json(const struct exporting *e, uint64_t set)
{
    json_t *list = json_array();

    for (; set != 0; set &= set - 1)
        json_array_append_new(
            list, thing("category", e->v->categories[sk_lowest(set)].id));
    return list;
}

/* Of these boxes one kind of consent is asked.  It is no legal basis here
   (CONSENT.md). */
static void add_boxes(const struct exporting *e, uint64_t set, const char *type,
                      json_t *list)
{
    if (set != 0)
        json_array_append_new(list, json_pack("{s:s, s:o}", "@type", type,
                                              "dpv:hasPersonalData",
                                              categories_json(e, set)));
}

/* The text of CONSENT.md 7 for these days, names left open; NULL: no memory. */
static json_t *notice_json(struct exporting *e, const struct sk_row *row)
{
    const struct sk_notice_names names = {.until = INT32_MIN};
    const char *language = sk_policy_word(e->run, "nl", "en");
    struct sk_rows all = {.count = 0};
    struct sk_notice notice;
    json_t *asked = json_array();
    json_t *out;

    /* The rows of one recipient stand together. */
    for (size_t i = 0; i < e->rows.count; i++) {
        if (e->rows.list[i].org != row->org)
            continue;
        if (all.count++ == 0)
            all.list = &e->rows.list[i];
    }
    if (sk_notice_make(e->run, row, &all, &names, &notice) != SK_OK) {
        json_decref(asked);
        return NULL;
    }
    add_boxes(e, notice.categories & ~notice.apart, "dpv:ExpressedConsent",
              asked);
    add_boxes(e, notice.explicit_categories, "dpv:ExplicitlyExpressedConsent",
              asked);
    out = json_pack("{s:o, s:s, s:s, s:{s:s#, s:s}, s:o}", "@id",
                    json_sprintf("urn:sha256:%s", notice.sha256), "@type",
                    "dpv:ConsentNotice", "dct:language", language,
                    "dct:description", "@value", notice.text, (int)notice.size,
                    "@language", language, "dct:hasPart", asked);
    free(notice.text);
    return out;
}

/* ---------------------------------------------------------------- process */

/* A policy at its limits has hundreds of megabytes of these: each is printed as
   it is made.  Takes the reference. */
static void print_one(struct exporting *e, json_t *one)
{
    fputs(e->printed++ == 0 ? "\n    " : ",\n    ", stdout);
    sk_json_print_inside(one, 4);
}

static bool print_process(struct exporting *e, const struct sk_row *row)
{
    const struct sk_purpose *purpose = &e->v->purposes[row->purpose];
    json_t *basis = json_array();
    json_t *storage = json_array();
    json_t *measures = json_array();
    json_t *notice = notice_json(e, row);
    char day[11];

    if (notice == NULL) {
        json_decref(basis);
        json_decref(storage);
        json_decref(measures);
        return false;
    }
    sk_day_format(e->matrix.day, day);
    for (size_t i = 0; i < row->rules_count; i++) {
        const struct sk_share *share = &e->bundle->shares[row->rules[i]];

        add_basis(share, basis);
        add_storage(share, storage);
        add_measures(e, share, measures);
    }
    print_one(
        e,
        json_pack(
            "{s:o, s:s, s:{s:o}, s:{s:s, s:s}, s:o, s:o, s:o, s:{s:s}, s:o, "
            "s:o, s:o, s:o, s:o}",
            "@id", process_id(e, row), "@type", "dpv:Process", "dct:isPartOf",
            "@id",
            json_sprintf("urn:schakel:policy:%.*s:%u", SK_ARG(e->bundle->owner),
                         e->bundle->policy_version),
            "dct:valid", "@value", day, "@type", "xsd:date",
            "dpv:hasDataController",
            org_thing(&e->bundle->roster.orgs[e->bundle->owner_at]),
            "dpv:hasRecipient", org_thing(&e->bundle->roster.orgs[row->org]),
            "dpv:hasPurpose", labelled("purpose", purpose->id, &purpose->label),
            "dpv:hasProcessing", "@id", "dpv:Share", "dpv:hasPersonalData",
            data_json(e, row), "dpv:hasLegalBasis", basis,
            "dpv:hasStorageCondition", storage,
            "dpv:hasTechnicalOrganisationalMeasure", measures, "dpv:hasNotice",
            notice));
    return true;
}

/* ---------------------------------------------------------------- records */

static bool names(const json_t *consent, const char *key, struct sk_bytes id)
{
    const json_t *list = json_object_get(consent, key);

    for (size_t i = 0; i < json_array_size(list); i++)
        if (sk_bytes_equal(id,
                           sk_text(json_string_value(json_array_get(list, i)))))
            return true;
    return false;
}

/* The processes of this policy that a consent is about. */
static json_t *processes_of(const struct exporting *e, const json_t *consent)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->rows.count; i++) {
        const struct sk_row *row = &e->rows.list[i];

        if (names(consent, "recipients", e->bundle->roster.orgs[row->org].id) &&
            names(consent, "purposes", e->v->purposes[row->purpose].id))
            json_array_append_new(
                list, json_pack("{s:o}", "@id", process_id(e, row)));
    }
    return list;
}

static int add_records(struct exporting *e, struct sk_client *client,
                       const char *participant)
{
    struct sk_dpv dpv;
    json_t *status = NULL;
    json_t *list = NULL;
    const json_t *consents;
    int code = sk_node_ask_pages(client, "consent.list",
                                 json_pack("{s:s}", "participant", participant),
                                 "consents", &list);

    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &status);
    if (code >= 0) {
        json_decref(list);
        return code;
    }
    if (!sk_dpv_start(&dpv, sk_glossary_ask(client, /* dutch */ true),
                      sk_json_text(status, "org")))
        code = SK_EXIT_SOFTWARE;
    consents = json_object_get(list, "consents");
    for (size_t i = 0; code < 0 && i < json_array_size(consents); i++) {
        const json_t *consent = json_array_get(consents, i);
        json_t *record = sk_dpv_record(&dpv, consent);
        json_t *processes = processes_of(e, consent);

        if (json_array_size(processes) > 0)
            json_object_set(record, "dpv:hasProcess", processes);
        json_decref(processes);
        json_array_append_new(e->records, record);
    }
    sk_glossary_close(&dpv.glossary);
    json_decref(status);
    json_decref(list);
    return code;
}

/* ---------------------------------------------------------------- export */

/* Everything that can go wrong but memory, before the first byte is printed. */
static int prepare(struct exporting *e, const struct sk_parsed *parsed)
{
    const char *participant = sk_cli_get(parsed, "participant");
    struct sk_client *client = NULL;
    enum sk_status status = sk_matrix_make(e->bundle, sk_policy_day(e->run),
                                           SK_NONE, &e->run->arena, &e->matrix);
    int code;

    if (status == SK_E_TOO_LARGE)
        return sk_policy_too_large(e->run);
    if (status != SK_OK ||
        sk_rows_make(&e->matrix, &e->run->arena, &e->rows) != SK_OK)
        return sk_policy_no_memory();
    if (participant == NULL)
        return -1;
    code = sk_node_open(parsed, &client);
    if (code < 0)
        code = add_records(e, client, participant);
    sk_client_close(&client);
    return code;
}

/* In the order and with the spaces of sk_json_print(). */
static int print_all(struct exporting *e)
{
    json_t *record;
    size_t at;

    fputs("{\n  \"@context\": ", stdout);
    sk_json_print_inside(sk_dpv_context(), 2);
    fputs(",\n  \"@graph\": [", stdout);
    for (size_t i = 0; i < e->rows.count; i++) {
        size_t mark = sk_arena_mark(&e->run->arena);

        if (!print_process(e, &e->rows.list[i]))
            return sk_policy_no_memory();
        sk_arena_reset(&e->run->arena, mark);
    }
    json_array_foreach(e->records, at, record)
        print_one(e, json_incref(record));
    puts(e->printed == 0 ? "]\n}" : "\n  ]\n}");
    return SK_EXIT_YES;
}

int sk_policy_export_dpv(struct sk_policy_run *run,
                         const struct sk_bundle *bundle,
                         const struct sk_parsed *parsed)
{
    struct exporting e = {.run = run,
                          .bundle = bundle,
                          .v = bundle->vocabulary,
                          .records = json_array()};
    int code = prepare(&e, parsed);

    if (code < 0)
        code = print_all(&e);
    json_decref(e.records);
    return code;
}
