/*
 * Any bytes as one file of a bundle over the mini vocabulary: the first byte
 * says which one (r roster, g guards, i invariants, anything else policy).
 *
 * The laws: a bundle or an error, never both and never neither; every finding
 * has a place; what loads decides without a crash, alike with its rules in
 * reverse order, and lets no coach_note out to a company (guards).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/cases.h"

#define ARENA_SIZE ((size_t)96 << 20)
#define MINI "tests/policies/cases/mini/"
#define NOW 1773133200 /* 2026-03-10T09:00:00Z */

static struct sk_sources mini;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct sk_bytes slurp(const char *path)
{
    static uint8_t room[5][65536];
    static size_t used;
    FILE *file = fopen(path, "rb");
    size_t size;

    must(file != NULL);
    must(used < 5);
    size = fread(room[used], 1, sizeof(room[0]), file);
    fclose(file);
    return (struct sk_bytes){room[used++], size};
}

static void read_mini(void)
{
    static const char *const names[] = {
        MINI "vocabulary.yaml", MINI "partners.yaml",   MINI "guards.yaml",
        MINI "policy.yaml",     MINI "invariants.yaml",
    };
    static struct sk_arena arena;
    struct sk_findings findings;
    struct sk_bundle *bundle;

    arena = sk_arena_start(malloc(8 << 20), 8 << 20);
    must(arena.data != NULL);
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        mini.of[i].name = names[i];
        mini.of[i].bytes = slurp(names[i]);
    }
    findings = sk_findings_start(&arena);
    must(sk_sources_read(&mini, &arena) == SK_OK);
    must(sk_sources_load(&mini, INT32_MIN, &arena, &findings, &bundle) ==
         SK_OK);
    must(bundle != NULL);
    mini.vocabulary = sk_bundle_vocabulary(bundle);
}

/* ---------------------------------------------------------------- ask */

/* Everything is linked and everything is given, explicitly. */
static struct sk_facts *facts_for(const struct sk_bundle *bundle,
                                  struct sk_arena *arena)
{
    static const struct sk_bytes purposes[] = {
        {(const uint8_t *)"guidance.training", 17},
        {(const uint8_t *)"placement.internship", 20}};
    static const struct sk_bytes recipients[] = {
        {(const uint8_t *)"sopraco", 7}, {(const uint8_t *)"vdab", 4}};
    static const struct sk_bytes categories[] = {
        {(const uint8_t *)"social", 6},
        {(const uint8_t *)"health.absence", 14},
        {(const uint8_t *)"employment.internship", 21}};
    const struct sk_fact_consent consent = {
        .id = sk_text("c"),
        .state = sk_text("given"),
        .explicit_consent = true,
        .at = NOW - 86400,
        .until = NOW + 86400,
        .purposes = purposes,
        .purposes_count = 2,
        .recipients = recipients,
        .recipients_count = 2,
        .categories = categories,
        .categories_count = 3,
    };
    const struct sk_fact_period always = {INT32_MIN, INT32_MAX};
    struct sk_facts *facts;

    must(sk_facts_start(bundle, arena, &facts) == SK_OK);
    must(sk_facts_consent(facts, &consent) == SK_OK);
    must(sk_facts_link(facts, recipients[0], always) == SK_OK);
    must(sk_facts_link(facts, recipients[1], always) == SK_OK);
    return facts;
}

static bool ask(const struct sk_bundle *bundle, const char *to,
                const char *purpose, struct sk_arena *arena,
                struct sk_decision *out)
{
    const struct sk_named_value fields[] = {
        {.name = sk_text("stop_reason"), .text = sk_text("found-work")},
        {.name = sk_text("coach_note"), .text = sk_text("vlotte start")}};
    const struct sk_event_view event = {
        .type = sk_text("trajectory.stopped"),
        .subject = true,
        .occurred = sk_text("2026-03-01"),
        .fields = fields,
        .fields_count = 2,
    };
    const struct sk_question question = {
        .to = sk_text(to),
        .purpose = sk_text(purpose),
        .now = NOW,
        .event = &event,
    };

    must(sk_decide(bundle, facts_for(bundle, arena), &question, arena, out) ==
         SK_OK);
    must(out->permit == (out->reason == NULL));
    return out->permit;
}

static bool sends(const struct sk_decision *d, const char *field)
{
    for (size_t i = 0; d->permit && i < d->fields_count; i++) {
        if (sk_bytes_equal(d->fields[i].name, sk_text(field)))
            return d->fields[i].withheld == SK_SENT;
    }
    return false;
}

/* ---------------------------------------------------------------- laws */

static void check_findings(const struct sk_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        must(findings->list[i].place.file != NULL);
        must(findings->list[i].place.line >= 1);
        must(findings->list[i].place.column >= 1);
        must(findings->list[i].nl[0] != '\0');
        must(findings->list[i].en[0] != '\0');
    }
}

static void check_answers(const struct sk_case_bundle *loaded,
                          bool guards_changed, struct sk_arena *arena)
{
    static const char *const to[] = {"sopraco", "vdab", "thomas-more"};
    static const char *const purposes[] = {"guidance.training",
                                           "placement.internship"};
    static struct sk_decision one;
    static struct sk_decision two;

    for (size_t i = 0; i < SK_COUNT(to); i++) {
        for (size_t p = 0; p < SK_COUNT(purposes); p++) {
            bool a = ask(loaded->bundle, to[i], purposes[p], arena, &one);
            bool b = ask(loaded->reversed, to[i], purposes[p], arena, &two);

            must(a == b);
            must(one.rules_count == two.rules_count);
            must(sends(&one, "coach_note") == sends(&two, "coach_note"));
            must(guards_changed || i != 0 || !sends(&one, "coach_note"));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void *memory;
    enum sk_source_file which = SK_SOURCE_POLICY;
    struct sk_arena arena;
    struct sk_findings findings;
    struct sk_sources sources;
    struct sk_case_bundle loaded;
    enum sk_status status;

    if (memory == NULL) {
        memory = malloc(ARENA_SIZE);
        read_mini();
    }
    must(memory != NULL);
    if (size == 0)
        return 0;
    if (data[0] == 'r')
        which = SK_SOURCE_PARTNERS;
    else if (data[0] == 'g')
        which = SK_SOURCE_GUARDS;
    else if (data[0] == 'i')
        which = SK_SOURCE_INVARIANTS;
    arena = sk_arena_start(memory, ARENA_SIZE);
    findings = sk_findings_start(&arena);
    sources = mini;
    sources.of[which].tree = NULL;
    sources.of[which].bytes = (struct sk_bytes){data + 1, size - 1};
    status =
        sk_case_bundle_load(&sources, INT32_MIN, &arena, &findings, &loaded);
    must(status == SK_OK || status == SK_E_REFUSED);
    must((status == SK_OK) == (findings.errors == 0));
    check_findings(&findings);
    /* A roster may say that nobody is a company any more. */
    if (status == SK_OK)
        check_answers(&loaded,
                      which == SK_SOURCE_GUARDS || which == SK_SOURCE_PARTNERS,
                      &arena);
    return 0;
}
