/* paper.h against docs/POLICY.md 11.6: nothing changes without a word. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/paper.h"
#include "policies/rules.h"
#include "world.h"

/* "path*: old -> new" per change; * a legal ground; + new, - gone. */
static const char *paper(const char *variant, bool with_losses)
{
    static char out[8192];
    struct sk_arena arena = test_arena();
    const struct sk_bundle *old = world_variant("{}", &arena);
    const struct sk_bundle *new = world_variant(variant, &arena);
    struct sk_safeguards was = sk_safeguards_of(old);
    struct sk_safeguards is = sk_safeguards_of(new);
    struct sk_losses losses;
    struct sk_paper found;
    struct sk_diff diff;
    size_t at = 0;

    cr_assert(eq(int, sk_diff_make(old, new, INT32_MIN, &arena, &diff), SK_OK));
    cr_assert(eq(int,
                 sk_losses_find(&was, &is, new->vocabulary, &arena, &losses),
                 SK_OK));
    cr_assert(eq(
        int, sk_paper_find(&diff, with_losses ? &losses : NULL, &arena, &found),
        SK_OK));
    out[0] = '\0';
    for (size_t i = 0; i < found.count; i++) {
        const struct sk_paper_change *c = &found.list[i];
        bool both =
            c->was != NULL && c->is != NULL && c->was->kind == SK_NODE_SCALAR;

        cr_expect(eq(int, c->ground, i < found.grounds));
        cr_expect(c->place.line > 0 || both);
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%.*s%s",
                               i > 0 ? "\n" : "", (int)c->path.size,
                               (const char *)c->path.data,
                               c->ground        ? "*"
                               : c->was == NULL ? "+"
                               : c->is == NULL  ? "-"
                                                : "");
        if (both)
            at += (size_t)snprintf(out + at, sizeof(out) - at, ": %s -> %s",
                                   (const char *)c->was->text.data,
                                   (const char *)c->is->text.data);
    }
    munmap(arena.data, TEST_ARENA_SIZE);
    return out;
}

#define PAPER(variant, want)                                                   \
    cr_expect(eq(str, (char *)paper("{" variant "}", true), (char *)(want)))
#define SET(file, at, value)                                                   \
    "patch: [{file: " file ", at: [" at "], set: " value "}]"

Test(paper, tells_of_words_that_people_read)
{
    PAPER("", "");
    PAPER(SET("policy", "share, 0, text", "Anders."),
          "share.tm-training.text: Thomas More volgt de opleiding op van "
          "cursisten die er zijn ingeschreven. -> Anders.");
    PAPER(SET("vocabulary", "purposes, guidance.job, nl", "Iets anders"),
          "purposes.guidance.job.nl: Begeleiding op het werk -> Iets anders");
    PAPER(SET("vocabulary", "categories, health, en", "Wellness"),
          "categories.health.en: Health -> Wellness");
    PAPER(SET("vocabulary", "purposes, guidance.job, sentence_nl", "Wij."),
          "purposes.guidance.job.sentence_nl+");
    PAPER(SET("vocabulary", "codelists, attendance, values, late, nl", "Net"),
          "codelists.attendance.values.late.nl: Te laat -> Net");
    PAPER(SET("vocabulary", "codelists, attendance, groupings, 0, nl", "Weg"),
          "codelists.attendance.groupings.group.nl: er of niet -> Weg");
    PAPER(SET("partners", "orgs, vdab, name", "Ander"),
          "orgs.vdab.name: VDAB -> Ander");
    PAPER(SET("invariants", "rules, 0, text", "Soms wel."),
          "rules.i1.text: Een bedrijf krijgt nooit gezondheidsgegevens. -> "
          "Soms wel.");
    PAPER(SET("guards", "never, 0, text", "Zomaar."),
          "never.fed-no-note-to-companies.text: Een bedrijf krijgt nooit het "
          "verslag van de begeleider. -> Zomaar.");
}

Test(paper, puts_legal_grounds_first)
{
    PAPER("patch: [{file: policy, at: [share, 0, text], set: Z}, {file: "
          "policy, at: [share, 0, basis, reference], set: Ander}, {file: "
          "policy, at: [share, 0, basis, gdpr], set: contract}, {file: policy, "
          "at: [share, 0, basis, authorisation], set: KSZ}]",
          "share.tm-training.basis.gdpr*: public-task -> contract\n"
          "share.tm-training.basis.reference*: Protocol OCMW Mol - Thomas More "
          "2026-01 -> Ander\n"
          "share.tm-training.basis.authorisation*\n"
          "share.tm-training.text: Thomas More volgt de opleiding op van "
          "cursisten die er zijn ingeschreven. -> Z");
    PAPER("patch: [{file: policy, at: [share, 1, basis, art9], set: "
          "health-or-social-care}]",
          "share.tm-absence-detail.basis.art9*: explicit-consent -> "
          "health-or-social-care");
}

/* Rules that came, went, or have another name. */
Test(paper, tells_of_rules_that_came_and_went)
{
    PAPER("remove: [tm-training]", "share.tm-training-");
    PAPER("patch: [{file: policy, at: [share, 0, id], set: other}]",
          "share.tm-training-\nshare.other+");
    PAPER("add_never: [{id: n9, text: t, to: {orgs: [vdab]}, fields: [name]}]",
          "never.n9+");
}

/* What flows tell is not told twice; what they do not tell is. */
Test(paper, tells_terms_only_where_no_flow_does)
{
    PAPER("change: {tm-training: {retain: {for: 1 month, from: sent}}}", "");
    PAPER("change: {tm-training: {retain: {for: 12 months, from: sent}}}",
          "share.tm-training.retain+");
    PAPER("patch: [{file: policy, at: [defaults, on_withdrawal, within], set: "
          "7 day}]",
          "defaults.on_withdrawal.within: 7 days -> 7 day");
}

/* Order and quotes mean nothing; a list is a set. */
Test(paper, does_not_mind_how_it_is_written)
{
    PAPER(SET("vocabulary",
              "codelists, attendance, groupings, 0, groups, "
              "there, of",
              "[late, present]"),
          "");
    PAPER(SET("policy", "share, 0, text",
              "\"Thomas More volgt de opleiding op van cursisten die er zijn "
              "ingeschreven.\""),
          "");
    PAPER(SET("vocabulary",
              "codelists, attendance, groupings, 0, groups, "
              "there, nl",
              "'Er'"),
          "");
    /* Two rules that change places, before a new one. */
    PAPER(SET("policy", "never",
              "[{id: no-income-out, text: Inkomensgegevens verlaten het OCMW "
              "niet via dit kanaal., to: anyone, data: [income]}, {id: "
              "no-health-to-companies, text: Bedrijven krijgen nooit "
              "gezondheidsgegevens., to: {groups: [company]}, data: "
              "[health]}, {id: third, text: t, to: anyone, data: [health]}]"),
          "never.third+");
}

/* A safeguard that goes is told as that, but not its sentence. */
Test(paper, leaves_to_losses_what_they_tell)
{
    static const char variant[] =
        "{remove: [no-income-out], patch: [{file: policy, at: [never, 0, to], "
        "set: {orgs: [vdab]}}, {file: policy, at: [never, 0, text], set: N}]}";
    const char *with = paper(variant, true);

    cr_expect(
        ne(ptr, strstr(with, "never.no-health-to-companies.text: "), NULL));
    cr_expect(eq(ptr, strchr(with, '\n'), NULL), "%s", with);
    cr_expect(eq(ptr, strstr(with, "no-income-out"), NULL), "%s", with);
    with = paper(variant, false);
    cr_expect(ne(ptr, strstr(with, "never.no-health-to-companies.to"), NULL));
    cr_expect(ne(ptr, strstr(with, "never.no-income-out-"), NULL));
}
