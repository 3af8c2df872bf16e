/* bundle.h against docs/POLICY.md 2, 7, 9, 12, 13, 15: the mini bundle with one
   change at a time, and what is found where.
   Tests: policies/policy.c, policies/policy_check.c, policies/signed.c,
   policies/rule_read.c, policies/warnings.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/civil.h"
#include "policies/ways.h"

#define VOCABULARY SK_SOURCE_VOCABULARY
#define ROSTER SK_SOURCE_PARTNERS
#define GUARDS SK_SOURCE_GUARDS
#define POLICY SK_SOURCE_POLICY
#define INVARIANTS SK_SOURCE_INVARIANTS

/* Texts of the mini bundle that rows change. */
#define TM_ORG "to: {orgs: [thomas-more]}\n    for: [guidance.training]"
#define TM_BASIS                                                               \
    "basis: {gdpr: public-task, reference: Protocol OCMW Mol - Thomas More "   \
    "2026-01}"
#define TM_VALID "valid: {from: 2026-01-01, until: 2027-12-31}"
#define ABSENCE_BASIS                                                          \
    "basis: {gdpr: public-task, art9: explicit-consent, reference: Protocol "  \
    "OCMW Mol - Thomas More 2026-01 bijlage 2}"
#define STOP_WHERE "where: {stop_reason: [found-work]}"
#define NO_INCOME "to: anyone\n    data: [income]"

struct row {
    enum sk_source_file file;
    const char *find; /* its first occurrence ... */
    const char *put;  /* ... becomes this; NULL find: appended */
    const char *want; /* all findings but the two of the bundle as it is */
};

static struct sk_arena arena;
static struct sk_findings findings;

static struct sk_sources mini(void)
{
    if (arena.data == NULL)
        arena = test_arena();
    sk_arena_reset(&arena, 0);
    return test_sources(TEST_MINI, &arena);
}

static struct sk_bundle *load(const struct sk_sources *sources, int32_t day)
{
    struct sk_bundle *bundle = NULL;

    findings = sk_findings_start(&arena);
    cr_assert(eq(int, sk_sources_load(sources, day, &arena, &findings, &bundle),
                 SK_OK));
    cr_assert(eq(int, bundle == NULL, findings.errors > 0));
    return bundle;
}

static struct sk_bytes changed(struct sk_bytes in, const char *find,
                               const char *put)
{
    char *text = test_alloc(in.size + strlen(put) + 1);
    char *rest = test_alloc(in.size + 1);
    const char *at;

    memcpy(rest, in.data, in.size);
    rest[in.size] = '\0';
    at = find != NULL ? strstr(rest, find) : rest + in.size;
    cr_assert(ne(ptr, (void *)at, NULL), "no such text: %s", find);
    sprintf(text, "%.*s%s%s", (int)(at - rest), rest, put,
            at + (find != NULL ? strlen(find) : 0));
    return sk_text(text);
}

/* What was found beyond W018 and W002 of the bundle as it is. */
static const char *found(void)
{
    static char text[4096];
    size_t size = 0;

    text[0] = '\0';
    for (size_t i = 0; i < findings.count; i++) {
        const struct sk_finding *f = &findings.list[i];

        if ((strcmp(f->code, "W018") == 0 && strstr(f->en, "'vdab'")) ||
            (strcmp(f->code, "W002") == 0 && strstr(f->en, "'coach_note'")))
            continue;
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s %u:%u",
                                 size == 0 ? "" : ", ", f->code, f->place.line,
                                 f->place.column);
    }
    return text;
}

static void expect_row(const struct row *row)
{
    struct sk_sources sources = mini();
    struct sk_source *source = &sources.of[row->file];

    source->bytes = changed(source->bytes, row->find, row->put);
    load(&sources, INT32_MIN);
    cr_expect(eq(str, (char *)found(), (char *)row->want), "%s\n%s", row->put,
              findings.count > 0 ? findings.list[0].en : "");
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.list[i].code[0] == 'E')
            cr_expect(eq(str, (char *)findings.list[i].place.file,
                         (char *)source->name),
                      "%s", row->put);
        cr_expect(eq(ptr, strchr(findings.list[i].nl, '{'), NULL), "%s",
                  findings.list[i].nl);
        cr_expect(eq(ptr, strchr(findings.list[i].en, '{'), NULL), "%s",
                  findings.list[i].en);
    }
}

#define EXPECT_ROWS(rows)                                                      \
    do {                                                                       \
        for (size_t i = 0; i < SK_COUNT(rows); i++)                            \
            expect_row(&(rows)[i]);                                            \
    } while (0)

/* ---------------------------------------------------------------- roster */

Test(bundle, roster_errors)
{
    static const struct row rows[] = {
        {ROSTER, "format: partners/1", "format: partners/2", "E011 1:9"},
        {ROSTER, "partners: mini", "partners: Mini", "E017 2:11"},
        {ROSTER, "version: 12\n", "", "E032 1:1"},
        {ROSTER, "version: 12", "version: 012", "E009 3:10"},
        {ROSTER, "mini/3", "mini/2", "E012 4:13"},
        {ROSTER, NULL, "colour: red\n", "E010 12:1"},
        {ROSTER, "{name: VDAB, role", "{name: VDAB, rol",
         "E010 9:22, E032 9:9"},
        {ROSTER, "{name: VDAB, ", "{", "E032 9:9"},
        {ROSTER, "role: welfare", "role: wellfare", "E086 6:36"},
        {ROSTER, "status: suspended", "status: gone", "E086 11:58"},
        {ROSTER, "duties: [retain]", "duties: [retian]", "E086 10:58"},
        {ROSTER, "role: company, duties",
         "role: company, secrecy: secret, duties", "E086 8:52"},
        {ROSTER, "role: company, duties",
         "role: company, secrecy: official, duties", "E087 8:52"},
        {ROSTER, "role: company, duties", "role: company, insz: true, duties",
         "E087 8:49"},
        {ROSTER, "role: company, duties",
         "role: company, languages: [nl, Nederlands], duties", "E086 8:59"},
        {ROSTER, "role: company, duties",
         "role: company, kbo: \"1999900766\", duties", "E085 8:48"},
        {ROSTER, "name: Sopraco,", "name: thomas-more.kempen,", "W024 8:19"},
        {ROSTER, "name: Sopraco,", "name: \" Thomas More  Kempen. \",",
         "W024 8:19"},
        {ROSTER, "name: Sopraco,",
         "name: \"Thomas\xc2\xa0More Kem\xe2\x80\x8bpen\",", "W024 8:19"},
        {ROSTER, "name: Thomas More Kempen, role: school",
         "name: SOPRACO, role: school", "W024 8:19"},
        {ROSTER, "name: Sopraco,", "name: ThomasMore Kempen,", ""},
        {ROSTER, "name: Sopraco,", "name: Thomas More Kempen 2,", ""},
        {ROSTER,
         "{name: Gestopt BV, role: company, status: "
         "suspended",
         "{name: SOPRACO, role: company, status: suspended", "W024 11:23"},
        {ROSTER,
         "{name: Gestopt BV, role: company, status: "
         "suspended",
         "{name: Sopraco, role: company, status: left", ""},
        {ROSTER, "name: Sopraco,", "name: \"\",", "W025 8:19"},
        {ROSTER, "name: Sopraco,", "name: \" \xe2\x80\x8b.\xc2\xa0\",",
         "W025 8:19"},
        {ROSTER, "name: Sopraco,", "name: \"\xe2\x80\x8b\xe2\x80\x8b\",",
         "W025 8:19"},
        {ROSTER, "role: company, duties",
         "role: company, groups: [steering], duties", "E022 8:52"},
        {ROSTER,
         "orgs:", "groups: {school: {nl: a, en: b}}\norgs:", "E088 5:10"},
        {ROSTER, "orgs:", "groups: {steering: {nl: a}}\norgs:", "E081 5:10"},
        {ROSTER, "  vdab:", "  VDAB:", "E017 9:3"},
    };

    EXPECT_ROWS(rows);
}

/* POLICY.md 9.1: how partners are shown. */
Test(bundle, a_name_that_does_not_say_who_gets_the_id)
{
    static const struct {
        const char *find;
        const char *put;
        const char *id;
        const char *want;
    } rows[] = {
        {"name: Sopraco,", "name: Sopraco,", "sopraco", "Sopraco"},
        {"name: Sopraco,", "name: \" \",", "sopraco", "(sopraco)"},
        {"Gestopt BV,", "SOPRACO,", "sopraco", "Sopraco (sopraco)"},
        {"Gestopt BV,", "SOPRACO,", "closed-firm", "SOPRACO (closed-firm)"},
        {"Gestopt BV, role: company, status: suspended",
         "SOPRACO, role: company, status: left", "closed-firm",
         "SOPRACO (closed-firm)"},
        {"Gestopt BV, role: company, status: suspended",
         "SOPRACO, role: company, status: left", "sopraco", "Sopraco"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_sources sources = mini();
        const struct sk_roster_org *org;

        sources.of[ROSTER].bytes =
            changed(sources.of[ROSTER].bytes, rows[i].find, rows[i].put);
        org = sk_bundle_org(load(&sources, INT32_MIN), sk_text(rows[i].id));
        cr_assert(ne(ptr, (void *)(uintptr_t)org, NULL));
        cr_expect(sk_bytes_equal(org->name, sk_text(rows[i].want)), "%zu: %.*s",
                  i, (int)org->name.size, org->name.data);
    }
}

/* Who has no name is shown by its id: nobody else looks the same. */
Test(bundle, nobody_is_called_what_a_nameless_partner_is_shown_as)
{
    static const struct {
        const char *name;
        const char *want;
    } rows[] = {
        {"Sopraco", "Sopraco (closed-firm)"},
        {"SOP.RACO ", "SOP.RACO"},
        {"\"s.opraco\"", "s.opraco"},
        {"\" sopraco\"", " sopraco (closed-firm)"},
        {"(Sopraco)", "(Sopraco) (closed-firm)"},
        {"Sopraco 2", "Sopraco 2"},
        {"\".\"", "(closed-firm)"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_sources sources = mini();
        const struct sk_roster_org *org;
        struct sk_bundle *bundle;
        char put[64];

        snprintf(put, sizeof(put), "name: %s, role: company", rows[i].name);
        sources.of[ROSTER].bytes =
            changed(sources.of[ROSTER].bytes, "name: Sopraco,", "name: \" \",");
        sources.of[ROSTER].bytes = changed(
            sources.of[ROSTER].bytes, "name: Gestopt BV, role: company", put);
        bundle = load(&sources, INT32_MIN);
        org = sk_bundle_org(bundle, sk_text("closed-firm"));
        cr_expect(sk_bytes_equal(org->name, sk_text(rows[i].want)), "%zu: %.*s",
                  i, (int)org->name.size, org->name.data);
        org = sk_bundle_org(bundle, sk_text("sopraco"));
        cr_expect(sk_bytes_equal(org->name, sk_text("(sopraco)")));
    }
    {
        struct sk_sources sources = mini();
        const struct sk_roster_org *org;

        /* Also who stands before it in the file. */
        sources.of[ROSTER].bytes =
            changed(sources.of[ROSTER].bytes, "name: Sopraco,", "name: \" \",");
        sources.of[ROSTER].bytes =
            changed(sources.of[ROSTER].bytes, "name: Thomas More Kempen,",
                    "name: Sopraco,");
        org = sk_bundle_org(load(&sources, INT32_MIN), sk_text("thomas-more"));
        cr_expect(sk_bytes_equal(org->name, sk_text("Sopraco (thomas-more)")));
    }
}

Test(bundle, guards_errors)
{
    static const struct row rows[] = {
        {GUARDS, "guards/1", "guard/1", "E011 1:9"},
        {GUARDS, "vocabulary: mini/3", "vocabulary: mini", "E012 4:13"},
        {GUARDS, "id: fed-no", "id: no", "E018 6:9"},
        {GUARDS, "fields: [coach_note]", "fields: [coach_nota]", "E030 9:14"},
        {GUARDS, "to: {groups: [company]}", "to: {groups: [companies]}",
         "E022 8:19"},
        {GUARDS, "to: {groups: [company]}", "to: {}", "E023 8:5"},
        {GUARDS, "to: {groups: [company]}",
         "to: {groups: [company]}\n    except: anyone", "E008 9:13"},
        {GUARDS, "    to: {groups: [company]}\n", "", "E032 6:5"},
        {GUARDS, "never:", "share: []\nnever:", "E010 5:1"},
    };

    EXPECT_ROWS(rows);
}

/* POLICY.md 9.2, last sentence: HR04. */
Test(bundle, guards_must_keep_sanction_risk_away)
{
    static const char *const guards[][2] = {
        {"to: {groups: [company]}", "E082 1:1"},
        {"to: {groups: [employment-service]}\n    events: "
         "[trajectory.stopped]",
         "W010 52:7, W010 65:7"},
        {"to: anyone\n    events: [trajectory.stopped]",
         "W010 52:7, W010 65:7, W010 74:7"},
        {"to: {groups: [employment-service]}\n    for: [placement]\n    "
         "events: [trajectory.stopped]",
         "E082 1:1"},
        {"to: {groups: [employment-service]}\n    except: {orgs: "
         "[vdab]}\n    events: [trajectory.stopped]",
         "E082 1:1"},
        {"to: {groups: [employment-service]}\n    data: [social]",
         "E049 63:13, W010 51:7, W010 52:7"},
    };

    for (size_t i = 0; i < SK_COUNT(guards); i++) {
        struct sk_sources sources = mini();

        sources.of[VOCABULARY].bytes =
            changed(sources.of[VOCABULARY].bytes, "en: Trajectory stopped, ",
                    "en: Trajectory stopped, sanction_risk: true, ");
        sources.of[VOCABULARY].bytes =
            changed(sources.of[VOCABULARY].bytes, "en: Employment service, ",
                    "en: Employment service, sanctions: true, ");
        sources.of[GUARDS].bytes = changed(
            sources.of[GUARDS].bytes, "to: {groups: [company]}", guards[i][0]);
        load(&sources, INT32_MIN);
        for (size_t k = 0; k < findings.count; k++) {
            if (findings.list[k].code[0] == 'W')
                findings.list[k].en = "'vdab' 'coach_note'";
        }
        cr_expect(eq(str, (char *)found(), (char *)guards[i][1]), "%s",
                  guards[i][0]);
    }
}

/* ---------------------------------------------------------------- policy */

Test(bundle, policy_head_errors)
{
    static const struct row rows[] = {
        {POLICY, "language: sharing-policy/1", "language: sharing-policy/2",
         "E011 1:11"},
        {POLICY, "language: sharing-policy/1\n", "", "E011 1:1"},
        {POLICY, "policy: ocmw-mol", "policy: ocmw-moll", "E013 2:9"},
        {POLICY, "version: 7", "version: seven", "E009 3:10"},
        {POLICY, "vocabulary: mini/3", "vocabulary: mini/4", "E012 4:13"},
        {POLICY, "guards: mini/1", "guards: mini/2", "E012 5:9"},
        {POLICY, "partners: mini", "partners: mini/12", "E012 6:11"},
        {POLICY, "guards: mini/1\n", "", "E032 1:1"},
        {POLICY, "defaults:", "default:",
         "E010 8:1, E044 13:5, E044 25:5, E044 46:5, E044 59:5"},
        {POLICY, "retain: {for: 12 months, from: sent}", "retain: {from: sent}",
         "E044 9:11"},
        {POLICY, "within: 7 days}", "within: 1 months}", "E041 10:38"},
        {POLICY, "within: 7 days}", "within: 5 weeks}", "E041 10:38"},
        {POLICY, "do: erase", "do: burn", "E009 10:23"},
    };

    EXPECT_ROWS(rows);
}

Test(bundle, rule_head_errors)
{
    static const struct row rows[] = {
        {POLICY, "  - id: tm-training\n    text", "  - text", "E014 13:5"},
        {POLICY, "id: tm-absence-detail", "id: tm-training", "E015 25:9"},
        {POLICY, "id: no-income-out", "id: tm-training", "E015 84:9"},
        {POLICY, "id: tm-training", "id: fed-no-note-to-companies",
         "E015 13:9, E018 13:9"},
        {POLICY, "id: tm-training", "id: TM", "E017 13:9"},
        {POLICY,
         "    text: Thomas More volgt de opleiding op van cursisten die er "
         "zijn ingeschreven.\n",
         "", "E016 13:5"},
        {POLICY,
         "text: Thomas More volgt de opleiding op van cursisten die er zijn "
         "ingeschreven.",
         "text: \"\"", "E016 14:11"},
        {POLICY, "    consent: given\n", "    consent: given\n    linked: no\n",
         "E010 22:5"},
        {POLICY, "  - id: tm-training\n",
         "  - tm-training\n  - id: tm-training\n", "E008 13:5"},
    };

    EXPECT_ROWS(rows);
}

Test(bundle, share_reach_errors)
{
    static const struct row rows[] = {
        {POLICY, "orgs: [thomas-more]", "orgs: [thomas-moore]", "E020 15:17"},
        {POLICY, "orgs: [thomas-more]", "orgs: [ocmw-mol]", "E021 15:17"},
        {POLICY, "orgs: [thomas-more]", "groups: [schools]", "E022 15:19"},
        {POLICY, "to: {orgs: [thomas-more]}", "to: {org: [thomas-more]}",
         "E010 15:10, E023 15:5"},
        {POLICY, "to: {orgs: [thomas-more]}", "to: anyone", "E024 15:9"},
        {POLICY, "to: {orgs: [thomas-more]}", "to: [thomas-more]", "E008 15:9"},
        {POLICY, "    to: {orgs: [thomas-more]}\n", "", "E032 13:5"},
        {POLICY, "[guidance.training]", "[guidance.trainings]", "E025 16:11"},
        {POLICY, "[guidance.training]", "[guidance]", "E026 16:11"},
        {POLICY, "[guidance.training]", "[statistics]", "E034 16:11"},
        {POLICY, "[guidance.training]", "[marketing.letters]", "E039 16:11"},
        {POLICY, "[guidance.training]", "[]", "E027 16:10"},
        {POLICY, "    for: [guidance.training]\n", "", "E027 13:5"},
    };

    EXPECT_ROWS(rows);
}

Test(bundle, share_what_errors)
{
    static const struct row rows[] = {
        {POLICY, "training.enrolled: {", "training.enroled: {", "E028 18:7"},
        {POLICY,
         "training.enrolled: {occurred: exact, course: exact, birth_date: "
         "age5}",
         "training.enrolled: all", "E029 18:26"},
        {POLICY,
         "training.enrolled: {occurred: exact, course: exact, birth_date: "
         "age5}",
         "training.enrolled: {}", "E029 18:26"},
        {POLICY, "course: exact", "cours: exact", "E030 18:44"},
        {POLICY, "course: exact", "score: exact", "E035 18:44"},
        {POLICY, "hours: band4}", "hours: month}", "E031 19:79"},
        {POLICY, "birth_date: age5", "birth_date: drop", "W001 18:71"},
        {POLICY,
         "    what:\n      training.attendance: {absence_reason: group}\n", "",
         "E029 25:5"},
    };

    EXPECT_ROWS(rows);
}

Test(bundle, share_terms_errors)
{
    static const struct row rows[] = {
        {POLICY, "consent: given", "consent: none", "E033 21:14"},
        {POLICY, TM_BASIS, "basis: {gdpr: vital-interests, reference: r}",
         "E038 22:19"},
        {POLICY, TM_BASIS, "basis: {reference: r}", "E032 22:12"},
        {POLICY, TM_BASIS, "basis: {gdpr: public-task}", "E040 22:12"},
        {POLICY, TM_BASIS, "basis: {gdpr: public-task, reference: \"\"}",
         "E040 22:43"},
        {POLICY, TM_BASIS,
         "basis: {gdpr: public-task, reference: r, art9: consent}",
         "E053 22:52"},
        {POLICY, TM_BASIS,
         "basis: {gdpr: public-task, reference: r, art9: explicit-consent}",
         "E043 22:52"},
        {POLICY, TM_BASIS, "basis: {gdpr: legitimate-interest, reference: r}",
         "E061 22:19"},
        {POLICY, TM_BASIS, "basis: {gdpr: consent, reference: r}",
         "W019 22:19"},
        {POLICY, "    " TM_BASIS "\n", "", "E032 13:5"},
        {POLICY, "    " TM_VALID "\n", "", "E046 13:5"},
        {POLICY, TM_VALID, "valid: {from: 2026-01-01}", "E046 23:12"},
        {POLICY, TM_VALID, "valid: {from: 2026-01-01, until: 2025-12-31}",
         "E047 23:38"},
        {POLICY, TM_VALID, "valid: {from: 2026-01-01, until: 2028-01-01}",
         "E062 23:38"},
        {POLICY, TM_VALID, "valid: {from: 2026-01-01, until: 2027-02-29}",
         "E009 23:38"},
        {POLICY, "{for: 6 months, from: occurred}",
         "{for: six months, from: occurred}", "E041 43:19"},
        {POLICY, "{for: 6 months, from: occurred}",
         "{for: 6 months, from: received}", "E045 43:35"},
        {POLICY, "{for: 6 months, from: occurred}",
         "{for: 37 months, from: sent}", "E064 43:19, E064 43:19"},
        {POLICY, "  retain: {for: 12 months, from: sent}\n", "",
         "E044 12:5, E044 24:5, E044 45:5, E044 58:5"},
        {POLICY, "not_older_than: 24 months", "not_older_than: 0 months",
         "E041 56:21"},
        {POLICY, ABSENCE_BASIS, "basis: {gdpr: public-task, reference: r}",
         "E042 32:12"},
        {POLICY, "    consent: given\n",
         "    consent: given\n    duties: [forget]\n", "E052 22:14"},
        {POLICY, "    consent: given\n",
         "    consent: given\n    roles: [coatch]\n", "E052 22:13"},
        {POLICY, STOP_WHERE, STOP_WHERE "\n    roles: [coach]", "E060 64:5"},
    };

    EXPECT_ROWS(rows);
}

Test(bundle, where_errors)
{
    static const struct row rows[] = {
        {POLICY, STOP_WHERE, "where: {stop_reson: [found-work]}", "E030 63:13"},
        {POLICY, STOP_WHERE, "where: {coach_note: [found-work]}", "E036 63:13"},
        {POLICY, STOP_WHERE, "where: {stop_reason: [found_work]}",
         "E037 63:27"},
        {POLICY, STOP_WHERE, "where: {stop_reason: found-work}", "E008 63:26"},
        {POLICY, STOP_WHERE, "where: {result: [passed]}", "E048 63:13"},
        {POLICY, "stop_reason: exact, coach_note: exact", "coach_note: exact",
         "E049 63:13"},
        {POLICY, "    except: {orgs: [vdab]}\n", "", "E049 63:13, W012 52:45"},
    };

    EXPECT_ROWS(rows);
}

Test(bundle, never_and_limit_errors)
{
    static const struct row rows[] = {
        {POLICY, "data: [health]", "data: [helth]", "E050 83:12"},
        {POLICY, "data: [health]", "data: []", "E008 83:11"},
        {POLICY, "data: [health]", "events: [training.enroled]", "E028 83:14"},
        {POLICY, "data: [health]", "fields: {hours: exact}", "E008 83:13"},
        {POLICY, NO_INCOME, "to: {orgs: [ocmw-mol]}\n    data: [income]",
         "E021 86:17"},
        {POLICY, NO_INCOME,
         "to: anyone\n    for: [marketing]\n    data: [income]", "E039 87:11"},
        {POLICY, "fields: {birth_date: year}", "fields: {}", "E051 93:13"},
        {POLICY, "    fields: {birth_date: year}\n", "", "E051 90:5"},
        {POLICY, "fields: {birth_date: year}", "fields: {birth_date: day}",
         "E031 93:26"},
        {POLICY, "fields: {birth_date: year}", "data: [identity]",
         "E010 93:5, E051 90:5"},
        {POLICY, "limit:", "limits:", "E010 89:1"},
        {POLICY, NULL, "extra: []\n", "E010 99:1"},
    };

    EXPECT_ROWS(rows);
}

/* A guarded number: E063 and E065. */
Test(bundle, guarded_numbers)
{
    static const struct {
        const char *insz;
        const char *authorisation;
        const char *want;
    } rows[] = {
        {"true", ", authorisation: a", ""},
        {"true", "", "E063 42:12"},
        {"false", ", authorisation: a", "E065 40:45"},
        {"false", "", "E063 42:12, E065 40:45"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_sources sources = mini();
        char text[256];

        sources.of[VOCABULARY].bytes =
            changed(sources.of[VOCABULARY].bytes,
                    "kind: text, max: 80, category: identity",
                    "kind: text, max: 80, authorise: true, category: identity");
        snprintf(text, sizeof(text), "role: welfare, insz: %s", rows[i].insz);
        sources.of[ROSTER].bytes =
            changed(sources.of[ROSTER].bytes, "role: welfare", text);
        snprintf(text, sizeof(text), "reference: Stageovereenkomst 2026%s",
                 rows[i].authorisation);
        sources.of[POLICY].bytes =
            changed(sources.of[POLICY].bytes,
                    "reference: Stageovereenkomst 2026", text);
        load(&sources, INT32_MIN);
        cr_expect(eq(str, (char *)found(), (char *)rows[i].want));
    }
}

/* ---------------------------------------------------------------- invariants
 */

#define I4 "no_flow: {to: anyone, data: [income]}"

Test(bundle, invariants_errors)
{
    static const struct row rows[] = {
        {INVARIANTS, "format: invariants/1", "format: invariants/0",
         "E011 1:9"},
        {INVARIANTS, I4, "no_flows: {to: anyone}", "E090 13:5"},
        {INVARIANTS, "    " I4 "\n", "", "E090 13:5"},
        {INVARIANTS, I4, I4 "\n    only_to: {data: [income], to: anyone}",
         "E090 13:5"},
        {INVARIANTS, I4, "no_flow: {data: [income]}", "E032 15:14"},
        {INVARIANTS, I4, "no_flow: {to: anyone, data: [incomes]}",
         "E050 15:34"},
        {INVARIANTS, I4, "no_flow: {to: anyone, event: support.decide}",
         "E028 15:34"},
        {INVARIANTS, I4, "no_flow: {to: anyone, fields: {hours: day}}",
         "E031 15:43"},
        {INVARIANTS, I4, "no_flow: {to: {groups: [firms]}}", "E022 15:29"},
        {INVARIANTS, I4, "only_to: {data: [income]}", "E032 15:14"},
        {INVARIANTS, I4, "needs_consent: {to: anyone, at_least: written}",
         "E033 15:43"},
        {INVARIANTS, I4, "max_retention: {to: anyone, months: long}",
         "E009 15:41"},
        {INVARIANTS, I4,
         "flow: {to: anyone, for: [guidance], event: support.decided, fields: "
         "{hours: exact}}",
         "E026 15:30, E035 15:74"},
        {INVARIANTS, "id: i4", "id: i3", "E015 13:9"},
        {INVARIANTS, "    text: Inkomen blijft binnen.\n", "", "E016 13:5"},
    };

    EXPECT_ROWS(rows);
}

/* ---------------------------------------------------------------- warnings */

Test(bundle, warnings)
{
    static const struct row rows[] = {
        {POLICY, "consent: given\n    basis: {gdpr: public-task",
         "basis: {gdpr: consent", "W019 21:19"},
        {POLICY, "orgs: [sopraco]", "orgs: [closed-firm]", "W003 37:5"},
        {POLICY, "trajectory.started: {occurred: month",
         "support.decided: {support_amount: exact}\n      trajectory.started: "
         "{occurred: month",
         "W010 51:7"},
        {POLICY, "internship.started: {occurred: exact, name: exact}",
         "internship.evaluated: {coach_note: present}", "W011 40:30"},
        {POLICY, "birth_date: year, postal_code",
         "birth_date: month, postal_code", "W012 51:45"},
        {POLICY, "birth_date: year, postal_code",
         "birth_date: exact, postal_code", "W012 51:45"},
        {POLICY, "never:",
         "  - id: same\n    text: t\n    to: {orgs: [thomas-more]}\n    for: "
         "[guidance.training]\n    what: {training.enrolled: {course: "
         "prefix2}}\n    " TM_BASIS
         "\n    valid: {from: 2026-02-01, until: 2026-12-31}\n\nnever:",
         "W013 79:5"},
        {POLICY, "never:",
         "  - id: more\n    text: t\n    to: {orgs: [thomas-more]}\n    for: "
         "[guidance.training]\n    what: {training.enrolled: {course: "
         "prefix2}}\n    " TM_BASIS
         "\n    valid: {from: 2025-12-31, until: 2026-12-31}\n\nnever:",
         ""},
        {POLICY, "never:",
         "  - id: longer\n    text: t\n    to: {orgs: [thomas-more]}\n    for: "
         "[guidance.training]\n    what: {training.enrolled: {course: "
         "prefix2}}\n    retain: {for: 13 months, from: sent}\n    " TM_BASIS
         "\n    valid: {from: 2026-02-01, until: 2026-12-31}\n\nnever:",
         ""},
        {POLICY, "groups: [school]", "groups: [person-level]", ""},
    };

    EXPECT_ROWS(rows);
}

/* A rule written twice is told once, at the second. */
Test(bundle, warns_of_the_later_of_two_equal_rules)
{
    static const char rule[] =
        "  - id: %s\n    text: t\n    to: {orgs: [sopraco]}\n    for: "
        "[placement.employment]\n    what: {internship.evaluated: {score: "
        "half}}\n    basis: {gdpr: contract, reference: r}\n    " TM_VALID "\n";
    struct sk_sources sources = mini();
    char text[2048];
    size_t size = 0;

    size += (size_t)snprintf(text, sizeof(text), rule, "zz");
    size += (size_t)snprintf(text + size, sizeof(text) - size, rule, "aa");
    snprintf(text + size, sizeof(text) - size, "\nnever:");
    sources.of[POLICY].bytes =
        changed(sources.of[POLICY].bytes, "\nnever:", text);
    cr_assert(ne(ptr, load(&sources, INT32_MIN), NULL));
    cr_expect(eq(str, (char *)found(), "W013 85:5"));
}

/* POLICY.md 15: W013 looks at so many combinations and at no more. */
Test(bundle, gives_up_on_rules_within_rules)
{
    static const char rule[] =
        "  - id: within\n    text: t\n    to: {orgs: [thomas-more]}\n    for: "
        "[guidance.training]\n    what: {training.enrolled: {course: "
        "prefix2}, training.completed: {course: prefix2}}\n    " TM_BASIS
        "\n    valid: {from: 2026-02-01, until: 2026-12-31}\n\nnever:";
    struct sk_sources sources = mini();
    const struct sk_share *within;
    const struct sk_share *around;
    const struct sk_bundle *bundle;
    struct sk_caps caps;
    uint64_t left = 2; /* its two events */

    sources.of[POLICY].bytes =
        changed(sources.of[POLICY].bytes, "\nnever:", rule);
    bundle = load(&sources, INT32_MIN);
    cr_assert(ne(ptr, (void *)(uintptr_t)bundle, NULL));
    within = &bundle->shares[sk_share_at(bundle, sk_text("within"))];
    around = &bundle->shares[sk_share_at(bundle, sk_text("tm-training"))];
    cr_assert(eq(int, sk_caps_make(bundle, &arena, &caps), SK_OK));
    cr_expect(sk_share_contained(&caps, within, around, &left));
    cr_expect(eq(u64, left, 0));
    left = 1;
    cr_expect(not(sk_share_contained(&caps, within, around, &left)));
    cr_expect(eq(u64, left, 0));
}

/* POLICY.md 5.6 (a), 7.4: what values reveal, and what secrecy asks. */
Test(bundle, warns_of_what_is_revealed_and_of_secrecy)
{
    static const char reveals[] =
        "illness: {nl: Ziekte, en: Illness, reveals: [health.absence]}\n"
        "      conflict";
    struct sk_sources sources = mini();
    struct sk_bytes vocabulary;

    vocabulary =
        changed(sources.of[VOCABULARY].bytes,
                "illness: {nl: Ziekte, en: Illness}\n      conflict", reveals);
    sources.of[VOCABULARY].bytes = vocabulary;
    load(&sources, INT32_MIN);
    cr_expect(eq(str, (char *)found(), "E042 55:12, E042 66:12"));

    sources = mini();
    sources.of[VOCABULARY].bytes = vocabulary;
    sources.of[POLICY].bytes = changed(
        sources.of[POLICY].bytes, "reference: Beraadslaging (voorbeeld) 21/000",
        "art9: health-or-social-care, reference: r");
    sources.of[POLICY].bytes = changed(
        sources.of[POLICY].bytes, "reference: Protocol OCMW Mol - VDAB 2026-03",
        "art9: health-or-social-care, reference: r");
    cr_assert(ne(ptr, load(&sources, INT32_MIN), NULL));
    cr_expect(eq(str, (char *)found(), "W022 52:58, W022 65:58"));

    sources = mini();
    sources.of[VOCABULARY].bytes =
        changed(sources.of[VOCABULARY].bytes, "en: Score\n",
                "en: Score\n    reveals: [health.capacity]\n");
    cr_assert(ne(ptr, load(&sources, INT32_MIN), NULL));
    cr_expect(eq(str, (char *)found(), "W022 54:54"));

    sources = mini();
    sources.of[VOCABULARY].bytes =
        changed(sources.of[VOCABULARY].bytes, "en: Social situation}",
                "en: Social situation, secrecy: true}");
    cr_assert(ne(ptr, load(&sources, INT32_MIN), NULL));
    /* schools-fact, towards both schools; VDAB has professional secrecy. */
    cr_expect(eq(str, (char *)found(), "W023 69:5, W023 69:5"));
}

Test(bundle, warns_of_a_rule_that_ends_soon)
{
    static const struct {
        const char *day;
        size_t warnings;
    } rows[] = {{"2026-10-31", 0},
                {"2026-11-01", 1},
                {"2026-11-02", 1},
                {"2026-12-31", 1},
                {"2027-01-01", 0}};
    struct sk_sources sources = mini();

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        int32_t day;

        cr_assert(sk_day_parse(sk_text(rows[i].day), &day));
        cr_assert(ne(ptr, load(&sources, day), NULL));
        cr_expect(
            eq(str, (char *)found(), rows[i].warnings == 1 ? "W015 44:38" : ""),
            "%s", rows[i].day);
    }
    cr_assert(ne(ptr, load(&sources, INT32_MIN), NULL));
    cr_expect(eq(str, (char *)found(), ""));
}

/* ---------------------------------------------------------------- whole */

/* POLICY.md 2.2: a file with an error stops the files after it. */
Test(bundle, a_file_with_an_error_stops_the_next)
{
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        struct sk_sources sources = mini();

        for (size_t k = i; k < SK_SOURCE_COUNT; k++)
            sources.of[k].bytes = sk_text("{");
        cr_expect(eq(ptr, load(&sources, INT32_MIN), NULL));
        cr_expect(eq(sz, findings.errors, 1), "file %zu", i);
        cr_expect(eq(str, (char *)findings.list[findings.count - 1].place.file,
                     (char *)sources.of[i].name));
    }
}

/* POLICY.md 3.7: everything that is wrong is told in one run. */
Test(bundle, tells_all_errors_at_once)
{
    struct sk_sources sources = mini();
    struct sk_bytes bytes = sources.of[POLICY].bytes;

    bytes = changed(bytes, "partners: mini", "partners: maxi");
    bytes = changed(bytes, "orgs: [thomas-more]", "orgs: [thomas]");
    bytes = changed(bytes, "orgs: [sopraco]", "orgs: [ocmw-mol]");
    bytes = changed(bytes, "data: [health]", "data: [healthy]");
    bytes = changed(bytes, "birth_date: year}\n  -", "birth_date: years}\n  -");
    sources.of[POLICY].bytes = bytes;
    cr_expect(eq(ptr, load(&sources, INT32_MIN), NULL));
    cr_expect(eq(str, (char *)found(),
                 "E012 6:11, E020 15:17, E021 37:17, E050 83:12, E031 93:26"));
}

Test(bundle, hints_name_the_nearest_word)
{
    struct sk_sources sources = mini();

    sources.of[POLICY].bytes =
        changed(sources.of[POLICY].bytes, "hours: band4}", "hours: month}");
    load(&sources, INT32_MIN);
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "veld 'hours' (number) kent het niveau 'month' niet; "
                 "mogelijk: exact, band4, band8, present"));
    sources = mini();
    sources.of[POLICY].bytes =
        changed(sources.of[POLICY].bytes, "[guidance.training]", "[guidance]");
    load(&sources, INT32_MIN);
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "purpose 'guidance' is too broad for a share rule; choose: "
                 "guidance.training, guidance.job"));
}

/* POLICY.md 13: the limit itself is allowed, one more is E019. */
Test(bundle, limits)
{
    for (int more = 0; more < 2; more++) {
        struct sk_sources sources = mini();
        char *text = test_alloc(1 << 20);
        size_t size = (size_t)sprintf(text, "\nnever:\n");

        /* The mini bundle has 6 share rules, 2 nevers and 2 limits. */
        for (int i = 0; i < 1990 + more; i++)
            size += (size_t)sprintf(text + size,
                                    "  - {id: n%d, text: t, to: anyone, "
                                    "fields: [employer]}\n",
                                    i);
        sources.of[POLICY].bytes =
            changed(sources.of[POLICY].bytes, "\nnever:\n", text);
        load(&sources, INT32_MIN);
        cr_expect(eq(str, (char *)found(), more ? "E019 1:1" : ""));

        sources = mini();
        size = (size_t)sprintf(text, "orgs:\n");
        for (int i = 0; i < 250 + more; i++)
            size += (size_t)sprintf(
                text + size, "  o%d: {name: O%d, role: company}\n", i, i);
        sources.of[ROSTER].bytes =
            changed(sources.of[ROSTER].bytes, "orgs:\n", text);
        load(&sources, INT32_MIN);
        cr_expect(eq(str, (char *)found(), more ? "E019 6:3" : ""));
    }
}

/* A node may have no policy and no invariants; then nothing flows. */
Test(bundle, loads_without_a_policy)
{
    struct sk_sources sources = mini();
    const struct sk_bundle *bundle;
    const struct sk_roster_org *org;

    sources.of[POLICY].bytes = (struct sk_bytes){NULL, 0};
    sources.of[INVARIANTS].bytes = (struct sk_bytes){NULL, 0};
    bundle = load(&sources, INT32_MIN);
    cr_assert(ne(ptr, (void *)bundle, NULL));
    cr_expect(eq(sz, sk_bundle_owner(bundle).size, 0));
    org = sk_bundle_org(bundle, sk_text("vdab"));
    cr_assert(ne(ptr, (void *)org, NULL));
    cr_expect(eq(int, org->secrecy, SK_SECRECY_PROFESSIONAL));
    cr_expect(org->insz);
    cr_expect(org->public_body);
    cr_expect(eq(ptr, (void *)sk_bundle_org(bundle, sk_text("acme")), NULL));
    cr_expect(eq(sz, sk_bundle_orgs_count(bundle), 6));
}

/* Any arena size: memory runs out with a status, never with a crash. */
Test(bundle, survives_a_small_arena)
{
    struct sk_sources sources = mini();
    size_t loaded = 0;

    for (size_t size = 1024; loaded == 0; size += 4096 + size / 16) {
        struct sk_arena small = sk_arena_start(test_alloc(size), size);
        struct sk_findings local = sk_findings_start(&small);
        struct sk_bundle *bundle = NULL;
        enum sk_status status =
            sk_sources_load(&sources, INT32_MIN, &small, &local, &bundle);

        if (status == SK_OK) {
            cr_expect(ne(ptr, bundle, NULL));
            loaded = size;
        } else {
            cr_expect(eq(int, status, SK_E_MEMORY));
            cr_expect(eq(ptr, bundle, NULL));
        }
        cr_assert(le(sz, size, (size_t)8 << 20));
    }
}
