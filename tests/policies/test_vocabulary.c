/* vocabulary.h against docs/POLICY.md 5: the library, and one broken rule at
   a time.
   Tests: policies/vocabulary_check.c, policies/vocabulary_fields.c,
   policies/vocabulary_lists.c, policies/vocabulary_load.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "helpers.h"
#include "policies/vocabulary_private.h"

static struct sk_arena arena;
static struct sk_findings findings;

static struct sk_vocabulary *load(struct sk_bytes bytes)
{
    struct sk_node *tree = NULL;
    struct sk_vocabulary *v = NULL;

    if (arena.data == NULL)
        arena = test_arena();
    sk_arena_reset(&arena, 0);
    findings = sk_findings_start(&arena);
    cr_assert(eq(int, sk_yaml_read("v.yaml", bytes, &arena, &findings, &tree),
                 SK_OK));
    cr_assert(ne(ptr, tree, NULL), "%s", test_findings(&findings));
    cr_assert(eq(int, sk_vocabulary_load(tree, &arena, &findings, &v), SK_OK));
    cr_assert(eq(int, v == NULL, findings.errors > 0));
    return v;
}

static const struct sk_vocabulary *library(void)
{
    const struct sk_vocabulary *v =
        load(test_file("policies/library/vocabulary.yaml"));

    cr_assert(ne(ptr, (void *)v, NULL), "%s", test_findings(&findings));
    return v;
}

static const struct sk_field *field(const struct sk_vocabulary *v,
                                    const char *id)
{
    uint16_t at = sk_vocabulary_field(v, sk_text(id));

    cr_assert(ne(u16, at, SK_NONE), "%s", id);
    return &v->fields[at];
}

static const struct sk_category *category(const struct sk_vocabulary *v,
                                          const char *id)
{
    uint16_t at = sk_vocabulary_category(v, sk_text(id));

    cr_assert(ne(u16, at, SK_NONE), "%s", id);
    return &v->categories[at];
}

/* "drop present year exact" */
static const char *chain(const struct sk_field *f)
{
    static char text[512];
    size_t size = 0;

    for (size_t i = 0; i < f->levels_count; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%.*s",
                                 i == 0 ? "" : " ", (int)f->levels[i].size,
                                 f->levels[i].data);
    return text;
}

static bool text_is(struct sk_bytes bytes, const char *want)
{
    return sk_bytes_equal(bytes, sk_text(want));
}

/* ---------------------------------------------------------------- library */

Test(vocabulary, loads_the_library_without_a_finding)
{
    const struct sk_vocabulary *v = library();

    cr_expect(eq(sz, findings.count, 0));
    cr_expect(text_is(v->name, "traject-vlaanderen/1"));
    cr_expect(eq(u32, v->version, 1));
    cr_expect(eq(u32, v->keep_max.count, 24));
    cr_expect(eq(sz, v->purposes_count, 11));
    cr_expect(eq(sz, v->forbidden_count, 6));
    cr_expect(eq(sz, v->categories_count, 31));
    cr_expect(eq(sz, v->roles_count, 15));
    cr_expect(eq(sz, v->user_roles_count, 8));
    cr_expect(eq(sz, v->duties_count, 6));
    cr_expect(eq(sz, v->events_count, 25));
    cr_expect(text_is(v->fields[v->occurred].id, "occurred"));
    cr_expect(load(test_file("tests/policies/cases/mini/vocabulary.yaml")) !=
              NULL);
    cr_expect(eq(sz, findings.count, 0));
}

Test(vocabulary, knows_every_word_at_its_position)
{
    const struct sk_vocabulary *v = library();

    for (uint16_t i = 0; i < v->purposes_count; i++)
        cr_assert(eq(u16, sk_vocabulary_purpose(v, v->purposes[i].id), i));
    for (uint16_t i = 0; i < v->categories_count; i++)
        cr_assert(eq(u16, sk_vocabulary_category(v, v->categories[i].id), i));
    for (uint16_t i = 0; i < v->fields_count; i++)
        cr_assert(eq(u16, sk_vocabulary_field(v, v->fields[i].id), i));
    for (uint16_t i = 0; i < v->events_count; i++)
        cr_assert(eq(u16, sk_vocabulary_event(v, v->events[i].id), i));
    for (uint16_t i = 0; i < v->roles_count; i++)
        cr_assert(eq(u16, sk_vocabulary_role(v, v->roles[i].id), i));
    for (uint16_t i = 0; i < v->codelists_count; i++) {
        const struct sk_code_list *list = &v->codelists[i];

        cr_assert(eq(u16, sk_vocabulary_codelist(v, list->id), i));
        for (uint16_t k = 0; k < list->count; k++)
            cr_assert(eq(u16, sk_code_list_value(list, list->values[k].id), k));
    }
    cr_expect(eq(u16, sk_vocabulary_purpose(v, sk_text("work.")), SK_NONE));
    cr_expect(eq(u16, sk_vocabulary_purpose(v, sk_text("")), SK_NONE));
    cr_expect(eq(u16, sk_vocabulary_event(v, sk_text("work")), SK_NONE));
    cr_expect(eq(u16, sk_vocabulary_field(v, sk_text("Occurred")), SK_NONE));
    cr_expect(
        eq(u16, sk_vocabulary_category(v, (struct sk_bytes){0}), SK_NONE));
}

/* POLICY.md 5.1, 5.2 */
Test(vocabulary, lets_marks_hold_for_everything_under_them)
{
    const struct sk_vocabulary *v = library();
    uint16_t work = sk_vocabulary_purpose(v, sk_text("work"));
    uint16_t placement = sk_vocabulary_purpose(v, sk_text("work.placement"));

    cr_expect(v->purposes[work].leaf == false);
    cr_expect(v->purposes[placement].leaf);
    cr_expect(eq(u64, v->purposes[placement].under,
                 UINT64_C(1) << work | UINT64_C(1) << placement));
    cr_expect(v->purposes[placement].events);
    cr_expect(
        v->purposes[sk_vocabulary_purpose(v, sk_text("discovery"))].events ==
        false);
    cr_expect(eq(u32, v->purposes[placement].consent_days, 400));

    cr_expect(text_is(category(v, "health.workplace")->special, "health"));
    cr_expect(category(v, "health.workplace")->secrecy);
    cr_expect(category(v, "health.workplace")->always_explicit);
    cr_expect(category(v, "origin.work_right")->always_explicit);
    cr_expect(category(v, "social.guidance")->always_explicit == false);
    cr_expect(eq(u32, category(v, "health.workplace")->keep_max.count, 12));
    cr_expect(eq(u32, category(v, "social.absence")->keep_max.count, 12));
    cr_expect(eq(u32, category(v, "social.guidance")->keep_max.count, 24));
    cr_expect(category(v, "social.guidance")->secrecy);
    cr_expect(eq(sz, category(v, "social.guidance")->special.size, 0));
    cr_expect(category(v, "work.job")->secrecy == false);
    cr_expect(category(v, "judicial")->leaf);
    cr_expect(category(v, "health")->leaf == false);

    cr_expect(sk_vocabulary_forbidden(v, sk_text("marketing")));
    cr_expect(sk_vocabulary_forbidden(v, sk_text("marketing.direct")));
    cr_expect(sk_vocabulary_forbidden(v, sk_text("marketings")) == false);
    cr_expect(sk_vocabulary_forbidden(v, sk_text("work")) == false);
}

/* POLICY.md 6.1 */
Test(vocabulary, gives_every_kind_its_chain)
{
    const struct sk_vocabulary *v = library();
    static const struct {
        const char *field;
        const char *chain;
    } rows[] = {
        {"question", "drop present exact"},
        {"given_name", "drop present initial exact"},
        {"outcome", "drop present positive kind4 exact"},
        {"literacy", "drop present exact"},
        {"adaptations", "drop present exact"},
        {"is_adult", "drop present exact"},
        {"planned_sessions", "drop present exact"},
        {"max_travel_min", "drop present one_hour half_hours exact"},
        {"occurred", "drop present year quarter month exact"},
        {"appointment_at", "drop present year quarter month day exact"},
        {"period_week", "drop present year exact"},
        {"birth_date", "drop present age3 age5 year month exact"},
        {"occupation", "drop present prefix1 prefix2 prefix4 exact"},
        {"insz", "drop present exact"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        cr_expect(eq(str, (char *)chain(field(v, rows[i].field)),
                     (char *)rows[i].chain),
                  "%s", rows[i].field);
    cr_expect(
        eq(u16, sk_field_level(field(v, "occurred"), sk_text("month")), 4));
    cr_expect(
        eq(u16, sk_field_level(field(v, "occurred"), sk_text("day")), SK_NONE));
}

/* POLICY.md 5.6: R(f) is the union over the values of an enum field. */
Test(vocabulary, knows_what_exact_values_reveal)
{
    const struct sk_vocabulary *v = library();
    uint64_t health = UINT64_C(1)
                      << sk_vocabulary_category(v, sk_text("health.general"));
    uint64_t origin =
        UINT64_C(1) << sk_vocabulary_category(v, sk_text("origin.background"));
    uint64_t help = UINT64_C(1)
                    << sk_vocabulary_category(v, sk_text("social.guidance"));

    cr_expect(eq(u64, field(v, "programme")->reveals, health | origin));
    cr_expect(eq(u64, field(v, "outcome")->reveals, health | help));
    cr_expect(eq(u64, field(v, "phase")->reveals, 0));
    cr_expect(eq(u64, field(v, "talk_language")->reveals, 0));
    cr_expect(eq(u64, field(v, "talk_language")->hints, origin));
    cr_expect(field(v, "question")->free);
    cr_expect(field(v, "insz")->authorise);
    cr_expect(eq(u16, field(v, "occurred")->category, SK_NONE));
}

Test(vocabulary, puts_occurred_first_in_every_event)
{
    const struct sk_vocabulary *v = library();

    for (size_t i = 0; i < v->events_count; i++) {
        cr_assert(eq(u16, v->events[i].fields[0], v->occurred));
        cr_assert(v->events[i].required[0]);
        cr_assert(v->events[i].fields_count > 1);
    }
    cr_expect(v->events[sk_vocabulary_event(v, sk_text("noshow.reported"))]
                  .sanction_risk);
}

/* ---------------------------------------------------------------- broken */

/* A small vocabulary with one piece replaced by another. */
static const char small[] =
    "format: vocabulary/1\n"
    "vocabulary: small\n"
    "version: 3\n"
    "keep_max: 24 months\n"
    "purposes:\n"
    "  job: {nl: a, en: b, consent_days: 30}\n"
    "forbidden_purposes:\n"
    "  marketing: {nl: a, en: b}\n"
    "categories:\n"
    "  health: {nl: a, en: b, special: health}\n"
    "  health.work: {nl: a, en: b}\n"
    "  plain: {nl: a, en: b}\n"
    "roles:\n"
    "  company: {nl: a, en: b}\n"
    "duties:\n"
    "  retain: {nl: a, en: b}\n"
    "codelists:\n"
    "  list:\n"
    "    values:\n"
    "      one: {nl: a, en: b}\n"
    "      two: {nl: a, en: b, reveals: [health.work]}\n"
    "      three: {nl: a, en: b}\n"
    "    groupings:\n"
    "      - level: fine\n"
    "        nl: a\n"
    "        en: b\n"
    "        groups:\n"
    "          low: {nl: a, en: b, of: [one, two]}\n"
    "          high: {nl: a, en: b, of: [three]}\n"
    "      - level: coarse\n"
    "        nl: a\n"
    "        en: b\n"
    "        groups:\n"
    "          all: {nl: a, en: b, of: [low, high]}\n"
    "fields:\n"
    "  occurred: {nl: a, en: b, kind: date, category: inherit}\n"
    "  choice: {nl: a, en: b, kind: enum, codelist: list, category: plain}\n"
    "  amount: {nl: a, en: b, kind: number, max: 60, decimals: 1, bands: "
    "[{level: b3, nl: a, en: b, cuts: [0, 19, 30.4]}, {level: b2, nl: a, en: "
    "b, cuts: [0, 30.4]}], category: plain}\n"
    "  place: {nl: a, en: b, kind: code, format: nis, prefixes: [1, 2], "
    "category: plain}\n"
    "  words: {nl: a, en: b, kind: text, max: 10, category: plain}\n"
    "events:\n"
    "  thing.done: {nl: a, en: b, category: plain, required: [choice], "
    "optional: [amount, words]}\n";

static const struct sk_vocabulary *loaded;

/* The codes, without places, that come from replacing the first `from`. */
static const char *codes_of(const char *from, const char *to)
{
    static char text[8192];
    static char codes[512];
    const char *at = strstr(small, from);
    size_t size = 0;

    cr_assert(ne(ptr, (void *)at, NULL), "%s", from);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - small), small, to,
             at + strlen(from));
    loaded = load(sk_text(text));
    codes[0] = '\0';
    for (size_t i = 0; i < findings.count; i++)
        size += (size_t)snprintf(codes + size, sizeof(codes) - size, "%s%s",
                                 i == 0 ? "" : " ", findings.list[i].code);
    return codes;
}

struct broken {
    const char *from;
    const char *to;
    const char *codes;
};

static const struct broken head_rows[] = {
    {"version: 3", "version: 3", ""},
    {"vocabulary/1", "vocabulary/2", "E011"},
    {"format: vocabulary/1\n", "", "E011"},
    {"vocabulary: small\n", "", "E032"},
    {"vocabulary: small", "vocabulary: Small", "E017"},
    {"version: 3", "version: 03", "E009"},
    {"version: 3", "version: 3.0", "E009"},
    {"version: 3", "versoin: 3", "E010 E032"},
    {"keep_max: 24 months\n", "", "E032"},
    {"keep_max: 24 months", "keep_max: 24", "E041"},
    {"keep_max: 24 months", "keep_max: [24 months]", "E008"},
    {"roles:\n  company: {nl: a, en: b}\n", "", "E032"},
    {"roles:\n  company: {nl: a, en: b}", "roles: x", "E008"},
};

static const struct broken word_rows[] = {
    {"job: {nl: a", "job: {nl: a, consent: x", "E010"},
    {", consent_days: 30", "", "E032"},
    {"consent_days: 30", "consent_days: 030", "E009"},
    {"consent_days: 30", "consent_days: 30, events: no", "E009"},
    {"  job: {nl: a, en: b,", "  job: {nl: a,", "E081"},
    {"  job:", "  Job:", "E017"},
    {"  job:", "  work.job:", "E070"},
    {"  job:", "  marketing:", "E080"},
    {"  job: {nl: a,",
     "  marketing: {nl: a, en: b}\n  marketing.direct: {nl: a,", "E080 E080"},
    {"  marketing:", "  job.x:", "E080"},
    {"  job:", "  marketings:", ""},
    {"special: health", "special: magic", "E009"},
    {"  health: {", "  healthy: {", "E070"},
    {"  plain: {nl: a, en: b}", "  plain: {nl: a, en: b, secrecy: yes}",
     "E009"},
    {"  plain: {nl: a, en: b}", "  plain: {nl: a, en: b, keep_max: long}",
     "E041"},
    {"  company: {nl: a", "  company: {secrecy: total, nl: a", "E086"},
    {"  company: {nl: a", "  company: {public: 1, nl: a", "E009"},
    {"  company:", "  person-level:", "E088"},
    {"  retain: {", "  retian: {", "E052"},
    {"duties:",
     "secrecy: {none: {nl: a, en: b}, some: {nl: a, en: "
     "b}}\nduties:",
     "E086"},
    {"duties:",
     "not_modelled: {x: {nl: a, en: b, category: "
     "health}}\nduties:",
     "E077"},
    {"duties:",
     "not_modelled: {x: {nl: a, en: b, category: "
     "health.work}}\nduties:",
     ""},
    {"forbidden_purposes:", "forbidden_purpose:", "E010"},
};

static const struct broken list_rows[] = {
    {"      one: {nl: a, en: b}\n", "", "E071 E079"},
    {"reveals: [health.work]", "reveals: [health]", "E077"},
    {"reveals: [health.work]", "reveals: [nothing]", "E077"},
    {"reveals: [health.work]", "reveals: []", "E008"},
    {"      three: {nl: a, en: b}", "      three: {nl: a}", "E081"},
    {"      three: {nl: a, en: b}", "      thr ee: {nl: a, en: b}",
     "E017 E071 E071"},
    {"of: [one, two]", "of: [one]", "E071"},
    {"of: [one, two]", "of: [one, two, three]", "E071"},
    {"of: [one, two]", "of: [one, two, four]", "E071"},
    {"of: [one, two]", "of: [one, one, two]", "E071"},
    {"of: [one, two]", "of: []", "E008 E071 E071"},
    {", of: [one, two]", "", "E032 E071 E071"},
    {"          all:", "          low:", "E071"},
    {"          all:", "          one:", "E071"},
    {"of: [low, high]", "of: [one, two, three]", "E071 E071 E071 E071 E071"},
    {"of: [low, high]", "of: [low]", "E071"},
    {"      - level: coarse", "      - level: fine", "E071"},
    {"      - level: coarse", "      - level: exact", "E071"},
    {"      - level: coarse\n        nl: a\n", "      - level: coarse\n",
     "E081"},
    {"of: [one, two]}\n          high: {nl: a, en: b, of: [three]",
     "of: [one, three]}\n          high: {nl: a, en: b, of: [two]", "E079"},
    {"    values:", "    walues:", "E010 E032"},
};

static const struct broken field_rows[] = {
    {"kind: date", "kind: datum", "E074 E078"},
    {"kind: date", "kind: datetime", "E078"},
    {"category: inherit", "category: plain", "E078"},
    {"  occurred:", "  occured:", "E078"},
    {"codelist: list", "codelist: lijst", "E076"},
    {", codelist: list", "", "E032"},
    {"codelist: list", "codelist: list, max: 3", "E074"},
    {"kind: enum, codelist: list", "kind: set, codelist: list", ""},
    {"kind: enum, codelist: list", "kind: bool, codelist: list", "E074"},
    {"category: plain}\n  amount", "category: health}\n  amount", "E077"},
    {"category: plain}\n  amount", "category: nothing}\n  amount", "E077"},
    {", category: plain}\n  amount", "}\n  amount", "E032"},
    {"max: 60, ", "", "E032"},
    {"max: 60", "max: 60.5", "E009"},
    {"decimals: 1", "decimals: 4", "E074"},
    {"decimals: 1", "decimals: 0", "E009 E009"},
    {"cuts: [0, 19, 30.4]", "cuts: [1, 19, 30.4]", "E072"},
    {"cuts: [0, 19, 30.4]", "cuts: [0, 30.4, 19]", "E072"},
    {"cuts: [0, 19, 30.4]", "cuts: [0, 19, 19, 30.4]", "E072"},
    {"cuts: [0, 30.4]", "cuts: [0, 20]", "E072"},
    {"cuts: [0, 30.4]", "cuts: [0, 30.40]", "E009"},
    {"level: b2", "level: b3", "E074"},
    {"level: b2", "level: present", "E074"},
    {"level: b2, nl: a", "level: b2", "E081"},
    {"format: nis", "format: nisse", "E074"},
    {"format: nis, ", "", "E032"},
    {"prefixes: [1, 2]", "prefixes: [2, 1]", "E074"},
    {"prefixes: [1, 2]", "prefixes: [0, 2]", "E074"},
    {"prefixes: [1, 2]", "prefixes: [1, 6]", "E074"},
    {"prefixes: [1, 2]", "prefixes: [1, 5]", ""},
    {"format: nis", "format: phone", "E074"},
    {"format: nis", "format: phone, bands: []", "E074 E074"},
    {"kind: text, max: 10", "kind: text, max: 0", "E009"},
    {"kind: text, max: 10", "kind: text", "E032"},
    {"kind: text, max: 10", "kind: text, max: 10, free: ja", "E009"},
    {"kind: text, max: 10", "kind: text, max: 10, reveals: [health]", "E077"},
    {"kind: text, max: 10", "kind: text, max: 10, colour: red", "E010"},
};

static const struct broken event_rows[] = {
    {"required: [choice]", "required: [choise]", "E075"},
    {"required: [choice]", "required: [choice, choice]", "E075"},
    {"required: [choice]", "required: [occurred]", "E075"},
    {"optional: [amount", "optional: [choice, amount", "E075"},
    {"required: [choice]", "required: choice", "E008"},
    {"required: [choice]", "required: []", "E008"},
    {"en: b, category: plain, required", "en: b, category: health, required",
     "E077"},
    {"en: b, category: plain, required", "en: b, required", "E032"},
    {"required: [choice]", "sanction_risk: 1", "E009"},
    {"thing.done: {nl: a,", "thing.done: {", "E081"},
    {"  thing.done:", "  thing..done:", "E017"},
};

static void expect_rows(const struct broken *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect(eq(str, (char *)codes_of(rows[i].from, rows[i].to),
                     (char *)rows[i].codes),
                  "'%s' -> '%s'", rows[i].from, rows[i].to);
}

Test(vocabulary, rejects_a_broken_head)
{
    expect_rows(head_rows, SK_COUNT(head_rows));
}

Test(vocabulary, rejects_broken_words)
{
    expect_rows(word_rows, SK_COUNT(word_rows));
}

/* POLICY.md 5.4, 5.6 */
Test(vocabulary, rejects_broken_code_lists)
{
    expect_rows(list_rows, SK_COUNT(list_rows));
}

/* POLICY.md 5.5, 5.7 */
Test(vocabulary, rejects_broken_fields)
{
    expect_rows(field_rows, SK_COUNT(field_rows));
}

Test(vocabulary, rejects_broken_events)
{
    expect_rows(event_rows, SK_COUNT(event_rows));
}

/* POLICY.md 5.2: the order of declaration has no meaning. */
Test(vocabulary, takes_the_nearest_mark_in_any_order)
{
    cr_assert(eq(str,
                 (char *)codes_of(
                     "  health: {nl: a, en: b, special: health}\n"
                     "  health.work: {nl: a, en: b}\n",
                     "  health.home.now: {nl: a, en: b}\n"
                     "  health.home: {nl: a, en: b, special: judicial, "
                     "keep_max: 3 months}\n"
                     "  health.work: {nl: a, en: b}\n"
                     "  health: {nl: a, en: b, special: health, secrecy: true, "
                     "keep_max: 9 months}\n"),
                 ""));
    cr_expect(eq(u32, category(loaded, "health.home")->keep_max.count, 3));
    cr_expect(eq(u32, category(loaded, "health.home.now")->keep_max.count, 3));
    cr_expect(
        text_is(category(loaded, "health.home.now")->special, "judicial"));
    cr_expect(category(loaded, "health.home.now")->secrecy);
    cr_expect(eq(u32, category(loaded, "health.work")->keep_max.count, 9));
    cr_expect(text_is(category(loaded, "health.work")->special, "health"));
    cr_expect(eq(u32, category(loaded, "plain")->keep_max.count, 24));
    cr_expect(category(loaded, "plain")->secrecy == false);
}

/* POLICY.md 5.6: R(f) is empty for every field that is no enum. */
Test(vocabulary, lets_a_set_reveal_nothing)
{
    cr_assert(eq(str, (char *)codes_of("kind: enum", "kind: set"), ""));
    cr_expect(eq(u64, field(loaded, "choice")->reveals, 0));
    cr_assert(eq(str, (char *)codes_of("kind: enum", "kind: enum"), ""));
    cr_expect(ne(u64, field(loaded, "choice")->reveals, 0));
}

Test(vocabulary, says_what_is_wrong_where)
{
    (void)codes_of("of: [one, two]", "of: [one]");
    cr_expect(eq(str, (char *)test_findings(&findings), "E071 27:9"));
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "groepering 'fine' van 'list': 'two' moet in precies een "
                 "groep zitten en uniek zijn"));
    (void)codes_of("forbidden_purposes:", "forbidden_purpose:");
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "onbekende sleutel 'forbidden_purpose'. Bedoelde u "
                 "'forbidden_purposes'?"));
    (void)codes_of("cuts: [0, 30.4]", "cuts: [0, 20]");
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "bands 'b2' of 'amount' are not ascending from 0 or not "
                 "nested"));
    (void)codes_of("of: [one, two]}\n          high: {nl: a, en: b, of: "
                   "[three]",
                   "of: [one, three]}\n          high: {nl: a, en: b, of: "
                   "[two]");
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "group 'high' of 'list' holds only values that reveal "
                 "'health.work'"));
}

/* ---------------------------------------------------------------- limits */

/* count times "  x<i>: {nl: a, en: b...}" in front of a section's entry. */
static const char *with_many(const char *before, size_t count,
                             const char *entry)
{
    char *text = test_alloc(1 << 20);
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += (size_t)sprintf(text + size, "  x%zu: %s\n", i, entry);
    strcpy(text + size, before);
    return text;
}

static size_t count_with(const char *before, size_t count, const char *entry)
{
    static char text[1 << 20];
    const char *at = strstr(small, before);

    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - small), small,
             with_many(before, count, entry), at + strlen(before));
    (void)load(sk_text(text));
    return findings.count == 0 ? 0 : findings.errors;
}

/* POLICY.md 13: at the limit, and one above. */
Test(vocabulary, holds_the_limits)
{
    static const struct {
        const char *before;
        size_t room; /* left in the small vocabulary */
        const char *entry;
    } rows[] = {
        {"  job:", 63, "{nl: a, en: b, consent_days: 1}"},
        {"  plain:", 61, "{nl: a, en: b}"},
        {"      one:", 0, NULL},
        {"  choice:", 507, "{nl: a, en: b, kind: bool, category: plain}"},
        {"  thing.done:", 255, "{nl: a, en: b, category: plain}"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        if (rows[i].entry == NULL)
            continue;
        cr_expect(
            eq(sz, count_with(rows[i].before, rows[i].room, rows[i].entry), 0),
            "%s: %s", rows[i].before, test_findings(&findings));
        cr_expect(count_with(rows[i].before, rows[i].room + 1, rows[i].entry) >
                  0);
        cr_expect(sk_findings_has(&findings, "E019"), "%s", rows[i].before);
    }
}

Test(vocabulary, holds_the_limit_of_fields_of_an_event)
{
    for (size_t extra = 60; extra <= 61; extra++) {
        static char text[1 << 16];
        char fields[8192] = "";
        char names[2048] = "";
        const char *at = strstr(small, "events:");
        const char *list = strstr(small, "[amount, words]");

        for (size_t i = 0; i < extra; i++) {
            sprintf(fields + strlen(fields),
                    "  x%zu: {nl: a, en: b, kind: bool, category: plain}\n", i);
            sprintf(names + strlen(names), ", x%zu", i);
        }
        snprintf(text, sizeof(text), "%.*s%s%.*s[amount, words%s]}\n",
                 (int)(at - small), small, fields, (int)(list - at), at, names);
        (void)load(sk_text(text));
        cr_expect(eq(sz, findings.errors, extra == 61), "%zu: %s", extra,
                  test_findings(&findings));
        cr_expect(sk_findings_has(&findings, "E019") == (extra == 61));
    }
}

Test(vocabulary, holds_the_limit_of_values)
{
    for (size_t extra = 61; extra <= 62; extra++) {
        static char text[1 << 16];
        const char *at = strstr(small, "      one:");
        const char *of = strstr(small, "[three]");
        char values[8192] = "";
        char names[2048] = "";

        for (size_t i = 0; i < extra; i++) {
            sprintf(values + strlen(values), "      x%zu: {nl: a, en: b}\n", i);
            sprintf(names + strlen(names), ", x%zu", i);
        }
        snprintf(text, sizeof(text), "%.*s%s%.*s[three%s]%s", (int)(at - small),
                 small, values, (int)(of - at), at, names, of + 7);
        (void)load(sk_text(text));
        cr_expect(eq(sz, findings.errors, extra == 62), "%zu: %s", extra,
                  test_findings(&findings));
        cr_expect(sk_findings_has(&findings, "E019") == (extra == 62));
    }
}

/* ---------------------------------------------------------------- law */

/* POLICY.md 5.7: bands that are not nested would break the law; the loader
   finds that before (E072), the check finds it by itself. */
Test(vocabulary, finds_levels_that_do_not_follow_from_finer_ones)
{
    struct sk_vocabulary *v = load(sk_text(small));
    struct sk_field *amount;
    struct sk_field *choice;

    cr_assert(ne(ptr, v, NULL), "%s", test_findings(&findings));
    amount = &v->fields[sk_vocabulary_field(v, sk_text("amount"))];
    choice = &v->fields[sk_vocabulary_field(v, sk_text("choice"))];
    for (size_t i = 0; i < v->fields_count; i++)
        cr_assert(eq(u8, sk_check_level_law(&v->fields[i], &arena), 0));
    amount->bands[1].cuts[1] = 250;
    cr_expect(eq(u8, sk_check_level_law(amount, &arena), 2));
    amount->bands[1].cuts[1] = 190;
    cr_expect(eq(u8, sk_check_level_law(amount, &arena), 0));
    choice->codelist->groupings[1].groups[0].id = sk_text("all");
    v->codelists[0].groupings[0].group_of[0] = 1;
    cr_expect(eq(u8, sk_check_level_law(choice, &arena), 0));
    v->codelists[0].groupings[1].groups =
        (struct sk_code_group[]){{.id = sk_text("p")}, {.id = sk_text("q")}};
    v->codelists[0].groupings[1].group_of[2] = 1;
    cr_expect(eq(u8, sk_check_level_law(choice, &arena), 2));
}

Test(vocabulary, fails_when_the_arena_is_too_small)
{
    static _Alignas(16) uint8_t room[1 << 18];
    struct sk_arena trees = test_arena();
    struct sk_findings none = sk_findings_start(&trees);
    struct sk_node *tree;
    size_t size;

    cr_assert(eq(int,
                 sk_yaml_read("v.yaml", sk_text(small), &trees, &none, &tree),
                 SK_OK));
    for (size = 0; size < sizeof(room); size += 97) {
        struct sk_arena some = sk_arena_start(room, size);
        struct sk_vocabulary *v = NULL;
        enum sk_status status = sk_vocabulary_load(tree, &some, &none, &v);

        if (status == SK_OK) {
            cr_assert(ne(ptr, v, NULL));
            break;
        }
        cr_assert(eq(int, status, SK_E_MEMORY));
        cr_assert(eq(ptr, v, NULL));
        cr_assert(eq(sz, none.count, 0));
    }
    cr_assert(size < sizeof(room));
}
