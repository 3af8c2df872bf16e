/* sk_consent_state() against docs/POLICY.md 8.3: a second, naive reading of the
   section over words, compared on random consents; and single rules. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/civil.h"
#include "world.h"

static struct sk_arena arena;

static const struct sk_bundle *mini(void)
{
    static struct world_policy empty;

    if (arena.data == NULL)
        arena = test_arena();
    return world_load(&empty, false, &arena);
}

/* ---------------------------------------------------------------- naive */

struct atom {
    const char *to;
    const char *purpose;
    const char *category;
    int64_t now;
    int32_t of_age; /* INT32_MIN: no birth date */
    bool administration;
};

static bool is_under(struct sk_bytes x, struct sk_bytes y)
{
    return sk_bytes_equal(x, y) ||
           (x.size > y.size && memcmp(x.data, y.data, y.size) == 0 &&
            x.data[y.size] == '.');
}

static bool listed(struct sk_bytes word, const struct sk_bytes *list,
                   size_t count, bool wide)
{
    if (list == NULL)
        return wide;
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(word, list[i]) ||
            (wide && (is_under(word, list[i]) ||
                      sk_bytes_equal(list[i], sk_text("*")))))
            return true;
    }
    return false;
}

static bool is(struct sk_bytes a, const char *b)
{
    return sk_bytes_equal(a, sk_text(b));
}

static bool competent(const struct atom *atom, const struct sk_fact_consent *c)
{
    int32_t day = sk_civil_day(c->at);
    struct sk_bytes by = c->given_by.size == 0 ? sk_text("self") : c->given_by;

    if (atom->administration && day >= 20460 && day <= 20480)
        return is(by, "administrator") || is(by, "self-and-administrator");
    if (atom->of_age != INT32_MIN && day < atom->of_age)
        return is(by, "parent") || is(by, "self-and-parent");
    return is(by, "self") || is(by, "self-and-parent") ||
           is(by, "self-and-administrator");
}

static int64_t end_of(const struct atom *atom, const struct sk_fact_consent *c)
{
    int64_t end = c->until;

    /* consent_days of every purpose of the mini vocabulary. */
    if (c->at + (int64_t)365 * 86400 < end)
        end = c->at + (int64_t)365 * 86400;
    if (is(c->given_by, "parent") && atom->of_age != INT32_MIN &&
        sk_civil_start(atom->of_age) < end)
        end = sk_civil_start(atom->of_age);
    return end;
}

/* The first to decide, by the order of 8.3. */
static bool before(const struct atom *atom, const struct sk_fact_consent *a,
                   const struct sk_fact_consent *b)
{
    bool a_given = is(a->state, "given");
    bool b_given = is(b->state, "given");

    if (a->at != b->at)
        return a->at > b->at;
    if (a_given != b_given)
        return b_given;
    if (a_given && end_of(atom, a) != end_of(atom, b))
        return end_of(atom, a) < end_of(atom, b);
    return sk_bytes_compare(a->id, b->id) < 0;
}

/* The table of 8.3 without its last paragraph. */
static const char *table(const struct atom *atom,
                         const struct world_facts *facts, bool explicit_consent)
{
    const struct sk_fact_consent *best = NULL;
    bool wrong = false;

    for (size_t i = 0; i < facts->consents_count; i++) {
        const struct sk_fact_consent *c = &facts->consents[i].fact;
        bool giving = is(c->state, "given");

        if (c->at > atom->now ||
            !listed(sk_text(atom->purpose), c->purposes, c->purposes_count,
                    !giving) ||
            !listed(sk_text(atom->to), c->recipients, c->recipients_count,
                    !giving) ||
            !listed(sk_text(atom->category), c->categories, c->categories_count,
                    !giving))
            continue;
        if (giving && explicit_consent && !c->explicit_consent)
            continue;
        if (giving && !competent(atom, c)) {
            wrong = true;
            continue;
        }
        if (best == NULL || before(atom, c, best))
            best = c;
    }
    if (best == NULL)
        return wrong ? "wrong-giver" : "missing";
    if (!is(best->state, "given"))
        return is(best->state, "refused") ? "refused" : "withdrawn";
    return atom->now >= end_of(atom, best) ? "expired" : "given";
}

static const char *naive(const struct atom *atom,
                         const struct world_facts *facts, bool explicit_consent)
{
    const char *given = table(atom, facts, false);
    const char *expl = table(atom, facts, true);
    bool none =
        strcmp(expl, "missing") == 0 || strcmp(expl, "wrong-giver") == 0;

    if (!explicit_consent)
        return strcmp(expl, "given") == 0 ? "given" : given;
    if (none && strcmp(given, "given") == 0)
        return "not-explicit";
    return expl;
}

Test(consent, is_what_a_naive_reading_gives)
{
    static struct world_facts facts;
    static const char *const words[] = {
        "given",   "missing",     "refused",      "withdrawn",
        "expired", "wrong-giver", "not-explicit",
    };
    static const struct {
        const char *text;
        const char *of_age;
    } births[] = {{"1990-05-01", "2008-05-01"},
                  {"2008-02-10", "2026-02-10"},
                  {"2008", "2026-12-31"},
                  {"2012-07", "2030-07-31"}};
    const struct sk_bundle *bundle = mini();
    size_t mark = sk_arena_mark(&arena);
    struct dice dice = {11};
    size_t seen[SK_COUNT(words)] = {0};

    for (size_t i = 0; i < 6000; i++) {
        struct sk_facts *compiled;
        struct atom atom = {.of_age = INT32_MIN};

        sk_arena_reset(&arena, mark);
        world_facts(&dice, &facts);
        compiled = world_compile(&facts, bundle, false, &arena);
        atom.administration = facts.administration;
        for (size_t b = 0; b < SK_COUNT(births); b++) {
            if (facts.birth != NULL && strcmp(births[b].text, facts.birth) == 0)
                cr_assert(
                    sk_day_parse(sk_text(births[b].of_age), &atom.of_age));
        }
        for (size_t k = 0; k < 8; k++) {
            bool expl = roll(&dice, 2) == 0;
            const char *got;

            atom.to = PICK(&dice, world_orgs);
            atom.purpose = PICK(&dice, world_leaves);
            atom.category = PICK(&dice, world_categories);
            if (strchr(atom.category, '.') == NULL &&
                strcmp(atom.category, "identity") != 0 &&
                strcmp(atom.category, "social") != 0 &&
                strcmp(atom.category, "income") != 0)
                continue; /* a branch is no atom */
            atom.now = WORLD_START + (int64_t)roll(&dice, 130) * DAY_SECONDS;
            got = sk_consent_state(compiled, sk_text(atom.to),
                                   sk_text(atom.purpose),
                                   sk_text(atom.category), expl, atom.now);
            cr_assert(eq(str, (char *)got, (char *)naive(&atom, &facts, expl)),
                      "round %zu", i);
            for (size_t w = 0; w < SK_COUNT(words); w++)
                seen[w] += strcmp(words[w], got) == 0;
        }
    }
    for (size_t w = 0; w < SK_COUNT(words); w++)
        cr_expect(not(le(sz, seen[w], 20)), "%s: %zu", words[w], seen[w]);
}

/* ---------------------------------------------------------------- single */

static struct sk_fact_consent giving(void)
{
    static const struct sk_bytes purposes[] = {
        {(const uint8_t *)"guidance.job", 12}};
    static const struct sk_bytes recipients[] = {{(const uint8_t *)"vdab", 4}};
    static const struct sk_bytes categories[] = {
        {(const uint8_t *)"identity", 8}};

    return (struct sk_fact_consent){
        .id = sk_text("c"),
        .state = sk_text("given"),
        .at = WORLD_START,
        .until = WORLD_START + 100 * DAY_SECONDS,
        .purposes = purposes,
        .purposes_count = 1,
        .recipients = recipients,
        .recipients_count = 1,
        .categories = categories,
        .categories_count = 1,
    };
}

static const char *state_of(const struct sk_fact_consent *c, int64_t now)
{
    struct sk_facts *facts;

    cr_assert(eq(int, sk_facts_start(mini(), &arena, &facts), SK_OK));
    cr_assert(eq(int, sk_facts_consent(facts, c), SK_OK));
    return sk_consent_state(facts, sk_text("vdab"), sk_text("guidance.job"),
                            sk_text("identity"), false, now);
}

#define EXPECT_STATE(c, now, want)                                             \
    cr_expect(eq(str, (char *)state_of(&(c), now), want))

Test(consent, a_giving_without_end_or_lists_never_speaks)
{
    struct sk_fact_consent c = giving();

    EXPECT_STATE(c, WORLD_START, "given");
    c.until = INT64_MIN;
    EXPECT_STATE(c, WORLD_START, "missing");
    c = giving();
    c.purposes = NULL;
    EXPECT_STATE(c, WORLD_START, "missing");
    c = giving();
    c.recipients = NULL;
    EXPECT_STATE(c, WORLD_START, "missing");
    c = giving();
    c.categories = NULL;
    EXPECT_STATE(c, WORLD_START, "missing");
}

Test(consent, ends_at_an_instant_that_is_not_included)
{
    struct sk_fact_consent c = giving();

    EXPECT_STATE(c, WORLD_START - 1, "missing");
    EXPECT_STATE(c, c.until - 1, "given");
    EXPECT_STATE(c, c.until, "expired");
    c.until = WORLD_START + (int64_t)1000 * DAY_SECONDS;
    EXPECT_STATE(c, WORLD_START + (int64_t)365 * DAY_SECONDS - 1, "given");
    EXPECT_STATE(c, WORLD_START + (int64_t)365 * DAY_SECONDS, "expired");
}

/* Unknown words match nothing; they can never widen. */
Test(consent, unknown_words_match_nothing)
{
    const struct sk_bytes unknown[] = {sk_text("nobody"), sk_text("guidance"),
                                       sk_text("*")};

    for (size_t i = 0; i < SK_COUNT(unknown); i++) {
        struct sk_fact_consent c = giving();

        c.purposes = &unknown[i];
        EXPECT_STATE(c, WORLD_START, "missing");
        c = giving();
        c.recipients = &unknown[i];
        EXPECT_STATE(c, WORLD_START, "missing");
        c = giving();
        c.categories = &unknown[i];
        EXPECT_STATE(c, WORLD_START, "missing");
        c = giving();
        c.state = unknown[i];
        EXPECT_STATE(c, WORLD_START, "missing");
        c = giving();
        c.given_by = unknown[i];
        EXPECT_STATE(c, WORLD_START, "wrong-giver");
    }
}

Test(consent, birth_dates)
{
    static const char *const bad[] = {"",           "19",      "199a",
                                      "1990-13",    "1990-00", "1990/01",
                                      "1990-02-30", "1899",    "2200"};
    struct sk_facts *facts;

    cr_assert(eq(int, sk_facts_start(mini(), &arena, &facts), SK_OK));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        cr_expect(not(sk_facts_birth_date(facts, sk_text(bad[i]))), "%s",
                  bad[i]);
    cr_expect(sk_facts_birth_date(facts, sk_text("1990")));
    cr_expect(sk_facts_birth_date(facts, sk_text("2199-12")));
    cr_expect(sk_facts_birth_date(facts, sk_text("2008-02-29")));
}

/* On the wire of words: the atom must exist. */
Test(consent, of_unknown_atoms_is_missing)
{
    struct sk_fact_consent c = giving();
    struct sk_facts *facts;
    const struct sk_bytes vdab = sk_text("vdab");
    const struct sk_bytes job = sk_text("guidance.job");
    const struct sk_bytes identity = sk_text("identity");
    const struct sk_bytes none = sk_text("none");

    cr_assert(eq(int, sk_facts_start(mini(), &arena, &facts), SK_OK));
    cr_assert(eq(int, sk_facts_consent(facts, &c), SK_OK));
    cr_expect(eq(str,
                 (char *)sk_consent_state(facts, none, job, identity, false,
                                          WORLD_START),
                 "missing"));
    cr_expect(eq(str,
                 (char *)sk_consent_state(facts, vdab, none, identity, false,
                                          WORLD_START),
                 "missing"));
    cr_expect(
        eq(str,
           (char *)sk_consent_state(facts, vdab, job, none, false, WORLD_START),
           "missing"));
    cr_expect(eq(
        str,
        (char *)sk_consent_state(facts, vdab, job, identity, true, WORLD_START),
        "not-explicit"));
}
