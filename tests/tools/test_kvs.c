/* A KVS answer (OSLO): what is understood becomes drafts, and nothing is
   dropped in silence.                                   docs/IMPORT.md 6 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/json.h"
#include "tools/schakel/kvs.h"

static struct sk_kvs kvs;

static char *dump(const json_t *json)
{
    return json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);
}

static bool read_text(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    bool good;

    cr_assert(json != NULL);
    good = sk_kvs_read(json, &kvs);
    json_decref(json);
    return good;
}

static void expect_draft(size_t at, const char *want)
{
    char *got = dump(json_array_get(kvs.drafts, at));

    cr_expect(eq(str, got == NULL ? (char *)"none" : got, (char *)want));
    free(got);
}

Test(kvs, makes_drafts_of_an_answer)
{
    json_t *json = json_load_file("tests/tools/kvs/antwoord.jsonld", 0, NULL);
    char *unmapped;

    cr_assert(sk_kvs_read(json, &kvs));
    cr_expect(eq(sz, kvs.persons, 1));
    cr_expect(eq(str, kvs.insz, (char *)"91110299857"));
    cr_assert(eq(sz, json_array_size(kvs.drafts), 4));
    expect_draft(0, "{\"fields\":{\"preference_kind\":\"wanted\"},"
                    "\"note\":\"Vorkheftruckbestuurder\","
                    "\"type\":\"goal.set\"}");
    expect_draft(1, "{\"fields\":{\"start_date\":\"2026-03-02\","
                    "\"status\":\"active\"},"
                    "\"note\":\"Naar werk in de logistiek\","
                    "\"occurred\":\"2026-03-02\",\"source_id\":"
                    "\"https://example.be/id/traject/17#started\","
                    "\"type\":\"trajectory.started\"}");
    expect_draft(2, "{\"fields\":{\"course_title\":\"Opleiding heftruck\","
                    "\"start_date\":\"2026-04-01\"},"
                    "\"note\":\"Opleiding heftruck\","
                    "\"occurred\":\"2026-04-01\",\"source_id\":"
                    "\"https://example.be/id/deeltraject/4#started\","
                    "\"type\":\"learning.started\"}");
    expect_draft(3, "{\"fields\":{\"course_title\":\"Opleiding heftruck\","
                    "\"end_date\":\"2026-06-12\"},"
                    "\"note\":\"Opleiding heftruck\","
                    "\"occurred\":\"2026-06-12\",\"source_id\":"
                    "\"https://example.be/id/deeltraject/4#completed\","
                    "\"type\":\"learning.completed\"}");
    unmapped = dump(kvs.unmapped);
    cr_expect(eq(str, unmapped,
                 (char *)"{\"Activeringstraject.heeftParticipatie\":1,"
                         "\"Deeltraject.naam\":1,"
                         "\"Deeltraject.type = Tender\":1,"
                         "\"GeregistreerdPersoon.achternaam\":1,"
                         "\"GeregistreerdPersoon.voornaam\":1,"
                         "\"Participatie.rol\":1}"));
    free(unmapped);
    sk_kvs_free(&kvs);
    json_decref(json);
}

/* Prefixes and whole IRIs name the same terms. */
Test(kvs, reads_terms_by_their_last_name)
{
    cr_assert(read_text(
        "{\"@type\":\"https://data.vlaanderen.be/ns/klantvolgsysteem1/"
        "Activeringstraject\",\"kvs1:startdatum\":\"2026-03-02\","
        "\"https://x.be/ns#einddatum\":\"2026-09-01\","
        "\"adms:status\":\"https://data.vlaanderen.be/id/concept/"
        "Trajectstatustype/Stopgezet\"}"));
    cr_assert(eq(sz, json_array_size(kvs.drafts), 2));
    expect_draft(1, "{\"fields\":{\"end_date\":\"2026-09-01\","
                    "\"status\":\"stopped\"},\"occurred\":\"2026-09-01\","
                    "\"type\":\"trajectory.ended\"}");
    cr_expect(eq(sz, json_object_size(kvs.unmapped), 0));
    sk_kvs_free(&kvs);
}

/* A code that is none of ours is no field, and stands in the report. */
Test(kvs, tells_codes_it_does_not_know)
{
    cr_assert(read_text("{\"@type\":\"Beroepstoestand\",\"naam\":\"x\","
                        "\"voorkeur\":\"https://x.be/Misschien\"}"));
    expect_draft(0, "{\"fields\":{},\"note\":\"x\",\"type\":\"goal.set\"}");
    cr_expect(json_object_get(kvs.unmapped,
                              "Beroepstoestand.voorkeur = Misschien") != NULL);
    sk_kvs_free(&kvs);
}

/* IMPORT.md 6.1: a number that is none is not the same as no number. */
Test(kvs, tells_a_wrong_number_from_none)
{
    static const struct {
        const char *registration;
        const char *insz;
        bool bad;
    } all[] = {
        {"\"91110299858\"", "", true},
        {"91110299858", "", true},
        {"91110299857", "91110299857", false},
        {"[\"x\",{\"a\":\"91.11.02-998.58\"}]", "", true},
        {"[\"91.11.02-998.57\",\"91.11.02-998.58\"]", "91110299857", true},
        {"{\"@type\":\"INSZ\",\"@value\":\"91.11.02-998.5\"}", "", true},
        {"{\"@type\":\"INSZ\",\"@value\":\"91.11.02-998.57\"}", "91110299857",
         false},
        {"{\"@type\":\"x\",\"@value\":\"91.11.02-998.5\"}", "", false},
        {"\"Kempen 2026-03-02\"", "", false},
        {"\"2026-03-02\"", "", false},
        {"null", "", false},
        {"{\"volgnummer\":5,\"versie\":196}", "", false},
        {"9111029985", "", false},
        {"1010100126", "01010100126", false},
        {"{\"@type\":\"INSZ\",\"@value\":5}", "", true},
        {"{\"@type\":\"INSZ\",\"@value\":null}", "", true},
        {"[\"91110299857\",{\"@type\":\"INSZ\",\"@value\":\"91.11.02-998.57\"}"
         "]",
         "91110299857", false},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        char text[256];

        snprintf(text, sizeof(text),
                 "{\"@type\":\"GeregistreerdPersoon\",\"registratie\":%s}",
                 all[i].registration);
        cr_assert(read_text(text));
        cr_expect(eq(sz, kvs.persons, 1));
        cr_expect(eq(str, kvs.insz, (char *)all[i].insz), "%s", text);
        cr_expect(eq(int, kvs.insz_bad, all[i].bad), "%s", text);
        cr_expect(not(kvs.insz_two), "%s", text);
        sk_kvs_free(&kvs);
    }
}

/* Two good numbers: nobody says which one counts. */
Test(kvs, does_not_choose_between_two_numbers)
{
    cr_assert(read_text("{\"@type\":\"GeregistreerdPersoon\","
                        "\"registratie\":[\"91110299857\",\"01010100126\"]}"));
    cr_expect(kvs.insz_two);
    cr_expect(not(kvs.insz_bad));
    cr_expect(eq(str, kvs.insz, (char *)"91110299857"));
    sk_kvs_free(&kvs);
}

Test(kvs, refuses_what_is_no_answer)
{
    char text[256] = "";

    cr_expect(not(read_text("[]")));
    for (int i = 0; i < SK_KVS_DEPTH_MAX; i++)
        strcat(text, "{\"a\":");
    strcat(text, "1");
    for (int i = 0; i < SK_KVS_DEPTH_MAX; i++)
        strcat(text, "}");
    cr_expect(not(read_text(text)));
}
