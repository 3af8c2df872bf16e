/* Behind a refusal stands what would have been right. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/yaml.h"
#include "tools/schakel/hint.h"

static const char words[] =
    "format: vocabulary/1\n"
    "vocabulary: test\n"
    "version: 1\n"
    "keep_max: 36 months\n"
    "purposes:\n"
    "  guidance: {nl: Begeleiden, en: Guidance}\n"
    "  guidance.joint: {nl: Samen, en: Joint, consent_days: 365}\n"
    "categories:\n"
    "  work: {nl: Werk, en: Work}\n"
    "  work.job: {nl: Job, en: Job}\n"
    "roles:\n"
    "  office: {nl: Dienst, en: Office, secrecy: professional}\n"
    "codelists:\n"
    "  size:\n"
    "    values:\n"
    "      big: {nl: Groot, en: Big}\n"
    "      small: {nl: Klein, en: Small}\n"
    "fields:\n"
    "  occurred: {nl: Datum, en: Date, kind: date, category: inherit}\n"
    "  size: {nl: Maat, en: Size, kind: enum, codelist: size, category: "
    "work.job}\n"
    "  day: {nl: Dag, en: Day, kind: date, category: work.job}\n"
    "events:\n"
    "  job.set: {nl: Jobdoel, en: Job goal, category: work.job, required: "
    "[size], "
    "optional: [day]}\n";

static const struct sk_vocabulary *vocabulary(void)
{
    static struct sk_vocabulary *v;
    static uint8_t memory[1024 * 1024];
    struct sk_arena arena = sk_arena_start(memory, sizeof(memory));
    struct sk_findings findings = sk_findings_start(&arena);
    struct sk_node *tree = NULL;

    cr_assert(eq(int,
                 sk_yaml_read("vocabulary.yaml", sk_text(words), &arena,
                              &findings, &tree),
                 SK_OK));
    cr_assert(tree != NULL);
    cr_assert(eq(int, sk_vocabulary_load(tree, &arena, &findings, &v), SK_OK));
    cr_assert(v != NULL, "%s", findings.count > 0 ? findings.list[0].en : "");
    return v;
}

static void expect_hint(const char *args, const char *code, const char *field,
                        bool dutch, const char *want)
{
    json_t *asked = json_loads(args, 0, NULL);
    json_t *error = json_pack("{s:s, s:s}", "code", code, "field", field);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert(asked != NULL);
    sk_hint_print(out, vocabulary(), asked, error, dutch);
    fclose(out);
    cr_expect(eq(str, text, (char *)want));
    free(text);
    json_decref(asked);
    json_decref(error);
}

Test(hint, names_the_fields_of_an_event)
{
    expect_hint("{\"type\":\"job.set\",\"fields\":{\"siz\":\"big\"}}",
                "malformed-event", "siz", true,
                "  -> deze gebeurtenis kent (* moet):\n"
                "     size                   Maat *\n"
                "     day                    Dag\n");
    expect_hint("{\"type\":\"job.se\"}", "unknown-event-type", "type", false,
                "  -> choose one of:\n"
                "     job.set                Job goal\n");
}

Test(hint, tells_what_is_missing_from_what_is_wrong)
{
    expect_hint("{\"type\":\"job.set\",\"fields\":{}}", "malformed-event",
                "size", true,
                "  -> dit ontbreekt: kies een van:\n"
                "     big                    Groot\n"
                "     small                  Klein\n");
    expect_hint("{\"type\":\"job.set\",\"fields\":{\"day\":\"x\"}}",
                "malformed-event", "day", false,
                "  -> this value cannot be: YYYY-MM-DD\n");
}

Test(hint, names_what_a_consent_can_name)
{
    expect_hint("{}", "consent-not-leaf", "purposes", true,
                "  -> kies uit:\n"
                "     guidance.joint         Samen\n");
    expect_hint("{}", "consent-not-leaf", "categories", false,
                "  -> choose from:\n"
                "     work.job               Job\n");
}

Test(hint, is_silent_where_there_is_nothing_to_choose)
{
    expect_hint("{}", "consent-not-leaf", "recipients", true, "");
    expect_hint("{\"type\":\"nope\"}", "malformed-event", "size", true, "");
    expect_hint("{\"type\":\"job.set\"}", "unknown-participant", "participant",
                true, "");
}

static void expect_person(const char *field, const char *value, bool dutch,
                          const char *want)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int32_t today;

    cr_assert(sk_day_parse(sk_text("2027-05-03"), &today));
    sk_hint_person(out, field, value, today, dutch);
    fclose(out);
    cr_expect(eq(str, text, (char *)want), "%s", value);
    free(text);
}

/* Whoever types one person reads why, as whoever imports a thousand. */
Test(hint, says_what_is_wrong_with_a_participant)
{
    expect_person("birth_date", "2030-01-01", true,
                  "  -> deze dag ligt in de toekomst.  Kijk het jaar na.\n");
    expect_person("birth_date", "2001-02-30", false,
                  "  -> this day does not exist.  Look at day and month.\n");
    expect_person("birth_date", "1850-01-01", true,
                  "  -> dit jaar kan niet: 1900 tot 2199.  Kijk het na.\n");
    expect_person("given_name", "", true,
                  "  -> er staat niets in.  Vul het in.\n");
    expect_person("given_name", " ", true,
                  "  -> er staat niets in.  Vul het in.\n");
    expect_person("given_name", "Anna ", true,
                  "  -> er staan spaties voor of achter.  Haal ze weg.\n");
    expect_person("family_name", " Mertens", false,
                  "  -> there are spaces in front or behind.  Take them "
                  "away.\n");
    expect_person("given_name", "An\nna", false,
                  "  -> character 3 (U+000A) is a control character or a new "
                  "line.  Take it away.\n");
    expect_person(
        "insz", "09062099716", true,
        "  -> dit rijksregisternummer kan niet: het controlegetal of "
        "de datum klopt niet.  Kijk het na op de identiteitskaart.\n");
    expect_person("family_name", "Mertens", true, "");
}
