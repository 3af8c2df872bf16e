#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/words.h"
#include "tools/schakel/policy_new.h"
#include "tools/schakel/policy_words.h"

/* The files of a first bundle.  Everything is on the careful side: required
   fields only, nothing special, as coarse as it can stay useful. */

static const char *word(bool dutch, const char *nl, const char *en)
{
    return dutch ? nl : en;
}

static bool event_is_chosen(const struct sk_new_policy *p, size_t event)
{
    return (p->events[event / 64] >> (event % 64) & 1) != 0;
}

/* ---------------------------------------------------------------- levels */

static bool speaks(const struct sk_new_policy *p, const struct sk_take *take)
{
    uint64_t orgs = 0;

    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        orgs |= take->who.words[w] & p->to.words[w];
    return orgs != 0 && (take->purposes & p->purposes) != 0;
}

bool sk_new_offers(const struct sk_new_policy *p, uint16_t event)
{
    const struct sk_vocabulary *v = p->bundle->vocabulary;

    if (v->categories[v->events[event].category].special.size != 0)
        return false;
    for (size_t i = 0; i < p->bundle->takes_count; i++) {
        if (speaks(p, &p->bundle->takes[i]) &&
            sk_take_covers_event(&p->bundle->takes[i], v, event))
            return false;
    }
    return true;
}

/* The level of a required field in a first policy; 0: leave it out. */
static uint8_t level_of(const struct sk_new_policy *p, uint16_t event,
                        uint16_t f)
{
    const struct sk_vocabulary *v = p->bundle->vocabulary;
    const struct sk_field *field = &v->fields[f];
    uint8_t level = sk_exact(field);

    if (field->authorise || field->free ||
        v->categories[sk_category_in(v, f, event)].special.size != 0)
        return 0;
    if (field->reveals != 0)
        level--;
    for (size_t i = 0; i < p->bundle->takes_count; i++) {
        const struct sk_take *take = &p->bundle->takes[i];
        uint8_t left;

        if (!speaks(p, take))
            continue;
        left = sk_take_leaves(take, v, f, event, level);
        if (left < level)
            level = left;
    }
    return level;
}

/* ---------------------------------------------------------------- rules */

/* The longest retention that every shared category allows, 12 months at
   most (E064). */
static struct sk_duration retention(const struct sk_new_policy *p)
{
    const struct sk_vocabulary *v = p->bundle->vocabulary;
    struct sk_duration out = {12, SK_MONTHS};

    for (uint16_t e = 0; e < v->events_count; e++) {
        uint64_t told = sk_bit(v->events[e].category);

        if (!event_is_chosen(p, e))
            continue;
        for (size_t at = 0; at < v->events[e].fields_count; at++) {
            uint16_t f = v->events[e].fields[at];

            told |= sk_told(v, f, e, level_of(p, e, f));
        }
        for (; told != 0; told &= told - 1) {
            struct sk_duration max = v->categories[sk_lowest(told)].keep_max;

            if (max.count != 0 && !sk_duration_at_most(out, max))
                out = max;
        }
    }
    return out;
}

static void put_event(struct sk_policy_run *run, FILE *out,
                      const struct sk_new_policy *p, uint16_t event)
{
    const struct sk_vocabulary *v = p->bundle->vocabulary;
    const struct sk_event_type *type = &v->events[event];
    size_t fields = 0;

    for (size_t at = 0; at < type->fields_count; at++)
        fields +=
            type->required[at] && level_of(p, event, type->fields[at]) > 0;
    if (fields == 0) {
        fprintf(out, "      %.*s: only-the-fact      # %s\n", SK_ARG(type->id),
                word(run->dutch, "alleen dat het gebeurde",
                     "only that it happened"));
        return;
    }
    fprintf(out, "      %.*s:", SK_ARG(type->id));
    fprintf(out, "      # %.*s\n",
            SK_ARG(sk_label_of(&type->label, run->dutch)));
    for (size_t at = 0; at < type->fields_count; at++) {
        const struct sk_field *field = &v->fields[type->fields[at]];
        uint8_t level = level_of(p, event, type->fields[at]);
        struct sk_label how;

        if (!type->required[at] || level == 0)
            continue;
        how = sk_level_words(field, level, &run->arena);
        fprintf(out, "        %.*s: %.*s      # %.*s: %.*s\n",
                SK_ARG(field->id), SK_ARG(field->levels[level]),
                SK_ARG(sk_label_of(&field->label, run->dutch)),
                SK_ARG(sk_label_of(&how, run->dutch)));
    }
}

static void put_rule(struct sk_policy_run *run, FILE *out,
                     const struct sk_new_policy *p, uint16_t org,
                     unsigned purpose)
{
    const struct sk_vocabulary *v = p->bundle->vocabulary;
    const struct sk_roster_org *to = &p->bundle->roster.orgs[org];
    const struct sk_purpose *for_what = &v->purposes[purpose];
    char from[11];
    char until[11];

    sk_day_format(p->from, from);
    sk_day_format(p->until, until);
    fprintf(out, "  - id: %.*s-", SK_ARG(to->id));
    for (size_t i = 0; i < for_what->id.size; i++)
        putc(for_what->id.data[i] == '.' ? '-' : for_what->id.data[i], out);
    fprintf(out, "\n    text: \"%.*s %s: %.*s.\"\n", SK_ARG(to->name),
            word(run->dutch, "krijgt wat hieronder staat, voor",
                 "gets what is below, for"),
            SK_ARG(sk_label_of(&for_what->label, run->dutch)));
    fprintf(out, "    to: {orgs: [%.*s]}\n    for: [%.*s]\n    what:\n",
            SK_ARG(to->id), SK_ARG(for_what->id));
    for (uint16_t e = 0; e < v->events_count; e++) {
        if (event_is_chosen(p, e))
            put_event(run, out, p, e);
    }
    fprintf(out, "    basis: {gdpr: %s, reference: \"", p->gdpr);
    for (const char *c = p->reference; *c != '\0'; c++)
        fprintf(out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    fprintf(out, "\"}\n    valid: {from: %s, until: %s}\n\n", from, until);
}

/* ---------------------------------------------------------------- policy */

static void put_head(FILE *out, const struct sk_new_policy *p, bool dutch)
{
    const struct sk_bundle *b = p->bundle;
    struct sk_duration keep = retention(p);

    fprintf(out, "%s",
            word(dutch,
                 "# Deelbeleid. Wat geen enkele regel noemt, blijft hier.\n"
                 "# Nakijken: schakel policy check MAP     Wie krijgt wat: "
                 "schakel policy matrix MAP\n",
                 "# Sharing policy. What no rule names, stays here.\n"
                 "# Check: schakel policy check FOLDER     Who gets what: "
                 "schakel policy matrix FOLDER\n"));
    fprintf(out,
            "language: sharing-policy/1\npolicy: %.*s\nversion: 1        # "
            "%s\nvocabulary: %.*s\nguards: %.*s\npartners: %.*s\n\n",
            SK_ARG(b->roster.orgs[p->owner].id),
            word(dutch, "verhoog dit bij elke wijziging",
                 "raise this with every change"),
            SK_ARG(b->vocabulary->name), SK_ARG(b->guards_name),
            SK_ARG(b->roster.id));
    fprintf(out,
            "%s\ndefaults:\n  retain: {for: %u %s, from: sent}\n  "
            "on_withdrawal: {do: erase, within: 7 days}\n\n",
            word(dutch,
                 "# Geldt voor elke deelregel die er zelf niets over zegt.",
                 "# For every share rule that says nothing about it itself."),
            keep.count, keep.unit == SK_DAYS ? "days" : "months");
}

static void put_takes(FILE *out, const struct sk_new_policy *p, bool dutch)
{
    const struct sk_vocabulary *v = p->bundle->vocabulary;
    bool any = false;

    for (size_t c = 0; c < v->categories_count; c++) {
        const struct sk_category *category = &v->categories[c];

        if (category->special.size == 0 ||
            category->under != sk_bit((unsigned)c))
            continue;
        if (!any)
            fprintf(out,
                    "%s\nnever:\n  - id: no-special-data\n    text: "
                    "%s\n    to: anyone\n    data: [",
                    word(dutch,
                         "# Een verbod wint van elke deelregel, ook van een "
                         "die later komt.",
                         "# A prohibition wins from every share rule, also "
                         "from a later one."),
                    word(dutch, "\"Bijzondere gegevens blijven hier.\"",
                         "\"Special data stay here.\""));
        fprintf(out, "%s%.*s", any ? ", " : "", SK_ARG(category->id));
        any = true;
    }
    if (any)
        fputs("]\n", out);
}

char *sk_new_policy_text(struct sk_policy_run *run,
                         const struct sk_new_policy *p)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    put_head(out, p, run->dutch);
    fprintf(out, "%s\nshare:\n",
            word(run->dutch,
                 "# Een deelregel is een zin: wie krijgt welke velden, hoe "
                 "precies, waarvoor, op\n# welke rechtsgrond, van wanneer tot "
                 "wanneer. Daarnaast is er altijd een band\n# en een akkoord "
                 "van de deelnemer nodig.",
                 "# A share rule is one sentence: who gets which fields, how "
                 "precisely, for what,\n# on which legal ground, from when "
                 "until when. Besides, there must always be a\n# relation and "
                 "consent of the participant."));
    for (uint16_t org = 0; org < p->bundle->roster.count; org++) {
        uint64_t left = sk_org_set_has(&p->to, org) ? p->purposes : 0;

        for (; left != 0; left &= left - 1)
            put_rule(run, out, p, org, sk_lowest(left));
    }
    put_takes(out, p, run->dutch);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---------------------------------------------------------------- others */

char *sk_new_bundle_text(const struct sk_new_policy *p, bool dutch)
{
    char *text = NULL;

    if (asprintf(&text,
                 "# %s\nformat: bundle/1\nbundle: %.*s\n"
                 "vocabulary: vocabulary.yaml\nguards: guards.yaml\n"
                 "partners: partners.yaml\npolicy: policy.yaml\n"
                 "invariants: invariants.yaml\ntests: [tests/first.yaml]\n",
                 word(dutch,
                      "De vijf bestanden waar een beslissing van afhangt.",
                      "The five files that a decision depends on."),
                 SK_ARG(p->bundle->roster.orgs[p->owner].id)) < 0)
        return NULL;
    return text;
}

char *sk_new_invariants_text(const struct sk_new_policy *p, bool dutch)
{
    char *text = NULL;

    if (asprintf(&text,
                 "# %s\nformat: invariants/1\ninvariants: %.*s\nrules:\n"
                 "  - id: keep-two-years\n    text: \"%s\"\n"
                 "    max_retention: {to: anyone, months: 24}\n"
                 "  - id: figures-only-nothing\n    text: \"%s\"\n"
                 "    no_flow: {to: {groups: [figures-only]}}\n",
                 word(dutch,
                      "Wat altijd waar moet blijven, wat er ook verandert: "
                      "schakel policy prove MAP",
                      "What must stay true whatever changes: schakel policy "
                      "prove FOLDER"),
                 SK_ARG(p->bundle->roster.orgs[p->owner].id),
                 word(dutch, "Niemand bewaart langer dan 24 maanden.",
                      "Nobody keeps data longer than 24 months."),
                 word(dutch, "Wie alleen cijfers krijgt, krijgt geen personen.",
                      "Who gets figures only, gets no persons.")) < 0)
        return NULL;
    return text;
}
