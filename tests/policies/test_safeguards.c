/* safeguards.h against docs/POLICY.md 11.5: each part of each form; and what it
   calls kept against the proofs and the flows themselves. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/diff.h"
#include "policies/prove.h"
#include "policies/safeguards.h"
#include "world.h"

/* The files are read once; each arena goes when it is done with. */
static struct sk_sources mini_files(struct sk_arena *arena)
{
    static struct sk_sources sources;

    if (sources.of[0].name == NULL)
        sources = test_sources(TEST_MINI, arena);
    return sources;
}

static void done(struct sk_arena *arena)
{
    munmap(arena->data, TEST_ARENA_SIZE);
}

static struct sk_bundle *load(struct sk_sources *sources,
                              struct sk_arena *arena)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_bundle *bundle;

    cr_assert(eq(int,
                 sk_sources_load(sources, INT32_MIN, arena, &findings, &bundle),
                 SK_OK));
    cr_assert(ne(ptr, bundle, NULL), "%s", test_findings(&findings));
    return bundle;
}

static struct sk_bundle *mini(struct sk_arena *arena)
{
    struct sk_sources sources = mini_files(arena);

    return load(&sources, arena);
}

/* "rules: [{...}]", "never: [{...}]" */
static struct sk_safeguards side(const char *text, struct sk_arena *arena)
{
    const struct sk_node *tree = test_yaml(text, arena);

    return (struct sk_safeguards){tree, tree};
}

/* "i1 gone, n2 looser, f3 looser(one)" */
static const char *losses(const char *was, const char *is,
                          const struct sk_vocabulary *v, struct sk_arena *arena)
{
    static char out[1024];
    struct sk_safeguards sides[] = {side(was, arena), side(is, arena)};
    struct sk_losses found;
    bool stops = false;
    size_t at = 0;

    cr_assert(
        eq(int, sk_losses_find(&sides[0], &sides[1], v, arena, &found), SK_OK));
    out[0] = '\0';
    for (size_t i = 0; i < found.count; i++) {
        struct sk_bytes id = sk_rule_id(found.list[i].was);

        stops = stops || found.list[i].stops;
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%.*s %s%s",
                               i > 0 ? ", " : "", (int)id.size,
                               (const char *)id.data,
                               found.list[i].is == NULL ? "gone" : "looser",
                               found.list[i].stops ? "" : "(one)");
    }
    cr_expect(eq(int, found.stops, stops));
    return out;
}

#define PROMISE(body) "rules: [{id: a, text: t, " body "}]"
#define NEVER(body) "never: [{id: a, text: t, " body "}]"
#define LIMIT(body) "limit: [{id: a, text: t, " body "}]"

Test(safeguards, finds_each_part_that_is_looser)
{
    /* From left to right nothing is lost; back, or sideways, something is. */
    static const struct {
        const char *was;
        const char *stricter;
    } rows[] = {
        {PROMISE("no_flow: {to: {groups: [company]}}"),
         PROMISE("no_flow: {to: anyone}")},
        {PROMISE("no_flow: {to: {groups: [company]}}"),
         PROMISE("no_flow: {to: {groups: [school, company]}}")},
        {PROMISE("no_flow: {to: {orgs: [vdab]}}"),
         PROMISE("no_flow: {to: {orgs: [vdab], groups: [school]}}")},
        {PROMISE("no_flow: {to: anyone, except: {orgs: [vdab]}}"),
         PROMISE("no_flow: {to: anyone}")},
        {PROMISE("no_flow: {to: anyone, except: {orgs: [vdab, sopraco]}}"),
         PROMISE("no_flow: {to: anyone, except: {orgs: [vdab]}}")},
        {PROMISE("no_flow: {to: anyone, for: [guidance.job]}"),
         PROMISE("no_flow: {to: anyone, for: [guidance]}")},
        {PROMISE("no_flow: {to: anyone, for: [guidance]}"),
         PROMISE("no_flow: {to: anyone}")},
        {PROMISE("no_flow: {to: anyone, data: [health.absence]}"),
         PROMISE("no_flow: {to: anyone, data: [income, health]}")},
        {PROMISE("no_flow: {to: anyone, data: [health]}"),
         PROMISE("no_flow: {to: anyone}")},
        {PROMISE("no_flow: {to: anyone, event: training.completed}"),
         PROMISE("no_flow: {to: anyone}")},
        {PROMISE("no_flow: {to: anyone, fields: {birth_date: month}}"),
         PROMISE("no_flow: {to: anyone, fields: {birth_date: year}}")},
        {PROMISE("no_flow: {to: anyone, fields: {birth_date: month}}"),
         PROMISE("no_flow: {to: anyone, fields: {birth_date: month, name: "
                 "exact}}")},
        {PROMISE("no_flow: {to: anyone, fields: {birth_date: month}}"),
         PROMISE("no_flow: {to: anyone}")},
        {PROMISE("only_to: {data: [identity], to: {orgs: [vdab, sopraco]}}"),
         PROMISE("only_to: {data: [identity], to: {orgs: [vdab]}}")},
        {PROMISE("only_to: {data: [training.course], to: {orgs: [vdab]}}"),
         PROMISE("only_to: {data: [training], to: {orgs: [vdab]}}")},
        {PROMISE("needs_consent: {to: anyone, at_least: given}"),
         PROMISE("needs_consent: {to: anyone, at_least: explicit}")},
        {PROMISE(
             "needs_consent: {to: anyone, data: [health], at_least: explicit}"),
         PROMISE("needs_consent: {to: anyone, at_least: explicit}")},
        {PROMISE("needs_consent: {to: {orgs: [vdab]}, at_least: given}"),
         PROMISE("needs_consent: {to: anyone, at_least: given}")},
        {PROMISE("max_retention: {to: anyone, months: 24}"),
         PROMISE("max_retention: {to: anyone, months: 23}")},
        {PROMISE("max_retention: {to: anyone, data: [health], months: 24}"),
         PROMISE("max_retention: {to: anyone, months: 24}")},
        {NEVER("to: {orgs: [vdab]}, data: [health.absence]"),
         NEVER("to: {orgs: [vdab]}, data: [health]")},
        {NEVER("to: {orgs: [vdab]}, data: [health]"),
         NEVER("to: {orgs: [vdab]}")},
        {NEVER("to: {orgs: [vdab]}, fields: [name]"),
         NEVER("to: anyone, fields: [name]")},
        {NEVER("to: anyone, fields: [name]"),
         NEVER("to: anyone, fields: [name, coach_note]")},
        {NEVER("to: anyone, events: [training.completed]"),
         NEVER("to: anyone, events: [training.enrolled, training.completed]")},
        {NEVER("to: anyone, for: [guidance.job], fields: [name]"),
         NEVER("to: anyone, fields: [name]")},
        {NEVER("to: anyone, except: {groups: [school]}, fields: [name]"),
         NEVER("to: anyone, fields: [name]")},
        {LIMIT("to: anyone, fields: {birth_date: month}"),
         LIMIT("to: anyone, fields: {birth_date: drop}")},
        {LIMIT("to: anyone, fields: {birth_date: month}"),
         LIMIT("to: anyone, fields: {birth_date: month, name: drop}")},
        {LIMIT("to: {orgs: [vdab]}, fields: {name: drop}"),
         LIMIT("to: anyone, fields: {name: drop}")},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_arena arena = test_arena();
        const struct sk_vocabulary *v = mini(&arena)->vocabulary;

        cr_expect(
            eq(str, (char *)losses(rows[i].was, rows[i].was, v, &arena), ""),
            "%s", rows[i].was);
        cr_expect(eq(str,
                     (char *)losses(rows[i].was, rows[i].stricter, v, &arena),
                     ""),
                  "%s", rows[i].was);
        cr_expect(eq(str,
                     (char *)losses(rows[i].stricter, rows[i].was, v, &arena),
                     "a looser"),
                  "%s", rows[i].was);
        cr_expect(
            eq(str, (char *)losses(rows[i].was, "x: y", v, &arena), "a gone"));
        done(&arena);
    }
}

Test(safeguards, knows_what_one_would_slip_past_a_colleague)
{
#define OLD "rules: [{id: a, text: t, no_flow: {to: anyone, data: [health]}}]"
    static const struct {
        const char *was;
        const char *is;
        const char *lost;
    } rows[] = {
        /* Another id, another order, other quotes: it is there. */
        {OLD,
         "rules: [{id: z, text: t, flow: {}}, {id: b, text: u, no_flow: {data: "
         "[\"health\"], to: 'anyone'}}]",
         ""},
        /* The same sentence, with another meaning. */
        {OLD,
         "rules: [{id: a, text: t, no_flow: {to: anyone, data: [income]}}]",
         "a looser"},
        {OLD,
         "rules: [{id: a, text: t, needs_consent: {to: anyone, data: [health], "
         "at_least: given}}]",
         "a looser"},
        /* Who is in a group today is not the group. */
        {"rules: [{id: a, text: t, no_flow: {to: {groups: [company]}}}]",
         "rules: [{id: a, text: t, no_flow: {to: {orgs: [sopraco, "
         "closed-firm]}}}]",
         "a looser"},
        /* The id of a partner is a word, not a branch. */
        {"never: [{id: a, text: t, to: {orgs: [firm.two]}}]",
         "never: [{id: a, text: t, to: {orgs: [firm]}}]", "a looser"},
        {"never: [{id: a, text: t, to: anyone, fields: [name.two]}]",
         "never: [{id: a, text: t, to: anyone, fields: [name]}]", "a looser"},
        /* A never does not become an invariant, nor a limit. */
        {"never: [{id: a, text: t, to: anyone, fields: [name]}]",
         "limit: [{id: a, text: t, to: anyone, fields: {name: drop}}]",
         "a gone"},
        /* What must flow stops nobody: to narrow takes one officer. */
        {"rules: [{id: a, text: t, flow: {to: {orgs: [vdab]}, for: "
         "[guidance.job], event: training.completed, fields: {result: "
         "exact}}}]",
         "x: y", "a gone(one)"},
        {"rules: [{id: a, text: t, flow: {to: {orgs: [vdab]}, for: "
         "[guidance.job], event: training.completed, fields: {result: "
         "exact}}}]",
         "rules: [{id: a, text: t, flow: {to: {orgs: [vdab]}, for: "
         "[guidance.job], event: training.completed}}]",
         "a looser(one)"},
        {"never: [{id: n, text: t, to: anyone}, {id: m, text: t, to: "
         "anyone}]\nlimit: [{id: l, text: t, to: anyone, fields: {name: "
         "drop}}]",
         "never: [{id: m, text: t, to: {orgs: [vdab]}}]",
         "n gone, m looser, l gone"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_arena arena = test_arena();
        const struct sk_vocabulary *v = mini(&arena)->vocabulary;

        cr_expect(eq(str, (char *)losses(rows[i].was, rows[i].is, v, &arena),
                     (char *)rows[i].lost),
                  "%zu", i);
        done(&arena);
    }
#undef OLD
}

/* ---------------------------------------------------------------- the law */

static const char *const whos[] = {"anyone",
                                   "{orgs: [vdab]}",
                                   "{orgs: [sopraco]}",
                                   "{orgs: [sopraco, vdab]}",
                                   "{groups: [company]}",
                                   "{groups: [school, company]}",
                                   "{groups: [company], orgs: [vdab]}"};
static const char *const datas[] = {
    "",
    ", data: [health]",
    ", data: [health.absence]",
    ", data: [training]",
    ", data: [training.course]",
    ", data: [training, identity]",
};
static const char *const fors[] = {"", ", for: [guidance]",
                                   ", for: [guidance.training]",
                                   ", for: [placement, guidance.training]"};
static const char *const excepts[] = {"", ", except: {orgs: [vdab]}",
                                      ", except: {orgs: [vdab, thomas-more]}"};
static const char *const levels[] = {
    "", ", fields: {birth_date: month}", ", fields: {birth_date: year}",
    ", fields: {result: exact}", ", fields: {result: present, score: half}"};

static const char *random_promise(struct dice *dice, int id)
{
    static char out[512];
    const char *to = PICK(dice, whos);
    const char *data = PICK(dice, datas);
    const char *except = PICK(dice, excepts);
    const char *purposes = PICK(dice, fors);
    const char *level;

    switch (roll(dice, 5)) {
    case 0:
        snprintf(out, sizeof(out),
                 "  - {id: r%d, text: t, only_to: {to: %s%s}}\n", id, to,
                 data[0] == '\0' ? ", data: [health]" : data);
        break;
    case 1:
        snprintf(out, sizeof(out),
                 "  - {id: r%d, text: t, needs_consent: {to: %s%s%s%s, "
                 "at_least: %s}}\n",
                 id, to, data, except, purposes,
                 roll(dice, 2) == 0 ? "given" : "explicit");
        break;
    case 2:
        snprintf(out, sizeof(out),
                 "  - {id: r%d, text: t, max_retention: {to: %s%s%s, months: "
                 "%d}}\n",
                 id, to, data, except, (int)(3 * roll(dice, 10)));
        break;
    default:
        level = PICK(dice, levels);
        snprintf(out, sizeof(out),
                 "  - {id: r%d, text: t, no_flow: {to: %s%s%s%s%s%s}}\n", id,
                 to, data, except, purposes, level,
                 strstr(level, "birth") == NULL &&
                         strstr(level, "score") == NULL && roll(dice, 3) == 0
                     ? ", event: training.completed"
                     : "");
        break;
    }
    return out;
}

/* What keeps a promise proves it. */
Test(safeguards, a_promise_that_is_kept_holds_wherever_the_new_one_does)
{
    enum { RULES = 80 };
    size_t kept = 0;
    size_t broken = 0;

    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct sk_arena arena = test_arena();
        struct sk_sources sources = mini_files(&arena);
        struct dice dice = {seed};
        static char text[RULES * 512];
        struct sk_proof *proofs;
        struct sk_bundle *bundle;
        const struct sk_node *rules[RULES];
        const struct sk_node *rule;
        size_t count;

        strcpy(text, "format: invariants/1\ninvariants: ocmw-mol\nrules:\n");
        for (int i = 0; i < RULES; i++)
            strcat(text, random_promise(&dice, i));
        sources.of[SK_SOURCE_INVARIANTS].bytes = sk_text(text);
        bundle = load(&sources, &arena);
        cr_assert(eq(int, sk_prove(bundle, &arena, &proofs, &count), SK_OK));
        rule = sk_node_get(bundle->files[SK_SOURCE_INVARIANTS], "rules")->first;
        for (size_t i = 0; i < RULES; i++, rule = rule->next)
            rules[i] = rule;
        for (size_t i = 0; i < RULES; i++) {
            for (size_t k = 0; k < RULES; k++) {
                struct sk_node a = *rules[i];
                struct sk_node b = *rules[k];
                struct sk_node lists[] = {
                    {.kind = SK_NODE_LIST,
                     .key = sk_text("rules"),
                     .first = &a,
                     .count = 1},
                    {.kind = SK_NODE_LIST,
                     .key = sk_text("rules"),
                     .first = &b,
                     .count = 1},
                };
                struct sk_node maps[] = {
                    {.kind = SK_NODE_MAP, .first = &lists[0], .count = 1},
                    {.kind = SK_NODE_MAP, .first = &lists[1], .count = 1},
                };
                struct sk_safeguards was = {NULL, &maps[0]};
                struct sk_safeguards is = {NULL, &maps[1]};
                struct sk_losses found;

                a.next = NULL;
                b.next = NULL;
                cr_assert(eq(int,
                             sk_losses_find(&was, &is, bundle->vocabulary,
                                            &arena, &found),
                             SK_OK));
                if (found.count > 0 || i == k || !proofs[k].holds)
                    continue;
                kept++;
                broken += !proofs[i].holds;
                cr_expect(proofs[i].holds, "seed %zu: %zu by %zu", (size_t)seed,
                          i, k);
            }
        }
        done(&arena);
    }
    cr_expect(eq(sz, broken, 0));
    cr_expect(ge(sz, kept, 100));
}

static const char *random_take(struct dice *dice, bool limit)
{
    static const char *const parts[] = {
        "", ", fields: [birth_date]", ", fields: [birth_date, result]",
        ", events: [training.completed]", ", data: [training], fields: [name]"};
    static const char *const caps[] = {"birth_date: year", "birth_date: month",
                                       "birth_date: drop", "result: drop",
                                       "birth_date: year, result: present"};
    static char out[512];
    const char *to = PICK(dice, whos);
    const char *except = PICK(dice, excepts);
    const char *purposes = PICK(dice, fors);

    if (limit)
        snprintf(out, sizeof(out), "{id: x, text: t, to: %s%s%s, fields: {%s}}",
                 to, except, purposes, PICK(dice, caps));
    else
        snprintf(out, sizeof(out), "{id: x, text: t, to: %s%s%s%s}", to, except,
                 purposes,
                 roll(dice, 2) == 0 ? PICK(dice, datas) : PICK(dice, parts));
    return out;
}

static struct sk_bundle *with_take(const char *rule, bool limit,
                                   struct sk_arena *arena)
{
    struct sk_sources sources = mini_files(arena);
    const char *problem = NULL;
    char variant[600];

    snprintf(variant, sizeof(variant), "%s: [%s]",
             limit ? "add_limit" : "add_never", rule);
    cr_assert(eq(int, sk_sources_read(&sources, arena), SK_OK));
    cr_assert(eq(
        int,
        sk_variant_apply(test_yaml(variant, arena), arena, &sources, &problem),
        SK_OK));
    return load(&sources, arena);
}

/* What keeps a never or limit lets nothing more through. */
Test(safeguards, a_never_or_limit_that_is_kept_lets_nothing_through)
{
    struct dice dice = {7};
    size_t kept = 0;

    for (size_t i = 0; i < 500; i++) {
        struct sk_arena arena = test_arena();
        bool limit = i % 3 == 0;
        struct sk_bundle *sides[2];
        struct sk_safeguards rules[2];
        struct sk_losses found;
        struct sk_diff diff;
        char texts[2][512];

        for (size_t k = 0; k < 2; k++) {
            char wrapped[600];

            strcpy(texts[k], random_take(&dice, limit));
            snprintf(wrapped, sizeof(wrapped), "%s: [%s]",
                     limit ? "limit" : "never", texts[k]);
            rules[k] = side(wrapped, &arena);
        }
        sides[0] = mini(&arena);
        cr_assert(eq(int,
                     sk_losses_find(&rules[0], &rules[1], sides[0]->vocabulary,
                                    &arena, &found),
                     SK_OK));
        if (found.count == 0 && strcmp(texts[0], texts[1]) != 0) {
            kept++;
            for (size_t k = 0; k < 2; k++)
                sides[k] = with_take(texts[k], limit, &arena);
            cr_assert(eq(
                int, sk_diff_make(sides[0], sides[1], INT32_MIN, &arena, &diff),
                SK_OK));
            cr_expect(not(diff.wider), "%s\n%s", texts[0], texts[1]);
        }
        done(&arena);
    }
    cr_expect(ge(sz, kept, 15));
}
