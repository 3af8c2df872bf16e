/* sk_recall() against docs/CONSENT.md 4.3 and 4.4: what is taken back, what
   stays, and that what ran out recalls nothing. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "world.h"

#define NOW (WORLD_START + (int64_t)50 * DAY_SECONDS)
#define FIELDS 3

static struct sk_arena arena;
static struct sk_facts *facts;
static const struct sk_bundle *bundle;

/* A message about a stopped trajectory, sent to VDAB: occurred and stop_reason
   (social) under an ordinary rule, birth_date (identity) under an explicit one.
   In this world stop_reason tells of health.absence. */
static const struct sk_recall_field fields[FIELDS] = {
    {{(const uint8_t *)"occurred", 8}, true},
    {{(const uint8_t *)"stop_reason", 11}, true},
    {{(const uint8_t *)"birth_date", 10}, false},
};
static const struct sk_bytes first_fields[] = {
    {(const uint8_t *)"occurred", 8},
    {(const uint8_t *)"stop_reason", 11},
};
static const struct sk_bytes second_fields[] = {
    {(const uint8_t *)"birth_date", 10}};
static const struct sk_recall_rule rules[] = {
    {{(const uint8_t *)"a", 1}, false, NULL, 0, first_fields, 2},
    {{(const uint8_t *)"b", 1}, true, NULL, 0, second_fields, 1},
};

static void start(void)
{
    static struct world_policy empty;

    if (arena.data == NULL)
        arena = test_arena();
    bundle = world_load(&empty, false, &arena);
    cr_assert(eq(int, sk_facts_start(bundle, &arena, &facts), SK_OK));
}

/* A consent event `days` after the start, with its categories as words. */
static void add(const char *id, const char *state, bool explicit_consent,
                int days, int until_days, const char *categories)
{
    struct sk_bytes *list = test_alloc(8 * sizeof(*list));
    struct sk_bytes *purpose = test_alloc(sizeof(*purpose));
    struct sk_bytes *to = test_alloc(sizeof(*to));
    char *words = test_alloc(strlen(categories) + 1);
    struct sk_fact_consent c = {
        .id = sk_text(id),
        .state = sk_text(state),
        .explicit_consent = explicit_consent,
        .at = WORLD_START + (int64_t)days * DAY_SECONDS,
        .until = WORLD_START + (int64_t)until_days * DAY_SECONDS,
        .purposes = purpose,
        .purposes_count = 1,
        .recipients = to,
        .recipients_count = 1,
        .categories = list,
    };

    *purpose = sk_text("guidance.job");
    *to = sk_text("vdab");
    strcpy(words, categories);
    for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
        list[c.categories_count++] = sk_text(w);
    cr_assert(eq(int, sk_facts_consent(facts, &c), SK_OK));
}

/* "all", or the fields that are lost. */
static const char *recalled(const struct sk_recall_rule *of, size_t count)
{
    static char text[128];
    bool lost[FIELDS] = {false, true, false};
    size_t size = 0;

    text[0] = '\0';
    if (sk_recall(bundle, facts, sk_text("vdab"), sk_text("guidance.job"),
                  sk_text("trajectory.stopped"), of, count, fields, FIELDS, NOW,
                  lost)) {
        for (size_t i = 0; i < FIELDS; i++)
            cr_expect(lost[i]);
        return "all";
    }
    for (size_t i = 0; i < FIELDS; i++) {
        if (lost[i])
            size += (size_t)sprintf(text + size, "%s%s", size ? " " : "",
                                    (const char *)fields[i].name.data);
    }
    return text;
}

#define EXPECT_RECALLED(want)                                                  \
    cr_expect(eq(str, (char *)recalled(rules, 2), want))

static void give_all(void)
{
    start();
    add("c1", "given", false, 0, 300, "social health.absence");
    add("c2", "given", true, 0, 300, "social identity");
}

Test(recall, nothing_while_consent_holds)
{
    give_all();
    EXPECT_RECALLED("");
}

Test(recall, one_category_takes_its_fields)
{
    give_all();
    add("w", "withdrawn", false, 40, 0, "identity");
    EXPECT_RECALLED("birth_date");
}

Test(recall, a_branch_takes_what_an_exact_field_revealed)
{
    give_all();
    add("w", "withdrawn", false, 40, 0, "health");
    EXPECT_RECALLED("stop_reason");
}

Test(recall, the_category_of_the_event_takes_all)
{
    give_all();
    add("w", "refused", false, 40, 0, "social");
    EXPECT_RECALLED("all");
}

Test(recall, all_fields_are_the_whole_message)
{
    give_all();
    cr_expect(eq(str, (char *)recalled(rules, 2), ""));
    add("w", "withdrawn", false, 40, 0, "identity health");
    EXPECT_RECALLED("stop_reason birth_date");
    /* The first rule let only stop_reason through. */
    cr_expect(
        eq(str,
           (char *)recalled((struct sk_recall_rule[]){{rules[0].id, false, NULL,
                                                       0, first_fields + 1, 1}},
                            1),
           "all"));
}

/* CONSENT.md 4.4: an expired consent recalls nothing; withdrawing it does. */
Test(recall, what_ran_out_recalls_nothing)
{
    start();
    add("c1", "given", false, 0, 30, "social health.absence");
    add("c2", "given", true, 0, 30, "social identity");
    EXPECT_RECALLED("");
    add("w", "withdrawn", false, 45, 0, "identity");
    EXPECT_RECALLED("birth_date");
}

Test(recall, a_withdrawal_to_come_does_not_count)
{
    give_all();
    add("w", "withdrawn", false, 51, 0, "social");
    EXPECT_RECALLED("");
}

/* The explicit rule needs its tick again: an ordinary renewal is not enough. */
Test(recall, strength_of_the_rule_counts)
{
    give_all();
    add("w", "withdrawn", false, 40, 0, "identity");
    add("c3", "given", false, 45, 300, "identity");
    EXPECT_RECALLED("birth_date");
    add("c4", "given", true, 46, 300, "identity");
    EXPECT_RECALLED("");
}

/* A rule remains only while its `where` categories hold. */
Test(recall, a_where_category_takes_its_rule)
{
    const struct sk_recall_rule with_where[] = {
        {sk_text("a"), false, NULL, 0, first_fields, 2},
        {sk_text("b"), true, (const struct sk_bytes[]){sk_text("name")}, 1,
         second_fields, 1},
    };

    give_all();
    cr_expect(eq(str, (char *)recalled(with_where, 2), ""));
    add("w", "withdrawn", false, 40, 0, "identity");
    cr_expect(eq(str, (char *)recalled(with_where, 2), "birth_date"));
}

Test(recall, what_nobody_knows_is_recalled)
{
    bool lost[FIELDS] = {false};

    give_all();
    cr_expect(sk_recall(bundle, facts, sk_text("acme"), sk_text("guidance.job"),
                        sk_text("trajectory.stopped"), rules, 2, fields, FIELDS,
                        NOW, lost));
    cr_expect(sk_recall(bundle, facts, sk_text("vdab"), sk_text("guidance"),
                        sk_text("trajectory.stopped"), rules, 2, fields, FIELDS,
                        NOW, lost));
    cr_expect(sk_recall(bundle, facts, sk_text("vdab"), sk_text("guidance.job"),
                        sk_text("trajectory.paused"), rules, 2, fields, FIELDS,
                        NOW, lost));
    cr_expect(lost[0]);
    cr_expect(eq(str, (char *)recalled(rules, 0), "all"));
}

/* A message with only the fact stands while one rule does. */
Test(recall, only_the_fact)
{
    give_all();
    cr_expect(not(sk_recall(
        bundle, facts, sk_text("vdab"), sk_text("guidance.job"),
        sk_text("trajectory.stopped"), rules, 1, NULL, 0, NOW, NULL)));
    add("w", "withdrawn", false, 40, 0, "social");
    cr_expect(sk_recall(bundle, facts, sk_text("vdab"), sk_text("guidance.job"),
                        sk_text("trajectory.stopped"), rules, 1, NULL, 0, NOW,
                        NULL));
}
