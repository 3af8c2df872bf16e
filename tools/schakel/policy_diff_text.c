#include "tools/schakel/policy_diff.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"

/* A difference in sentences. */

#define WORDS_MAX 16

/* Changes of one direction, recipients and purposes. */
struct telling {
    struct sk_policy_run *run;
    const struct sk_diff *diff;
    enum sk_direction direction;
    const struct sk_vocabulary *v; /* of the bundle that has the ways */
};

/* ---------------------------------------------------------------- order */

/* By rule, span, event and field, so that one sentence tells many. */
static int compare_changes(const void *left, const void *right)
{
    const struct sk_change *a = *(const struct sk_change *const *)left;
    const struct sk_change *b = *(const struct sk_change *const *)right;
    int order = sk_bytes_compare(a->way.share->id, b->way.share->id);

    if (order == 0)
        order = (a->from > b->from) - (a->from < b->from);
    if (order == 0)
        order = (a->until > b->until) - (a->until < b->until);
    if (order == 0) /* as they were: by event, field and level */
        order = (a > b) - (a < b);
    return order;
}

/* ---------------------------------------------------------------- words */

static const char *part_name(const struct sk_policy_run *run,
                             enum sk_component part)
{
    switch (part) {
    case SK_PART_LEVEL:
        return sk_policy_word(run, "precisie", "precision");
    case SK_PART_CONSENT:
        return sk_policy_word(run, "akkoord", "consent");
    case SK_PART_RETAIN:
        return sk_policy_word(run, "bewaren", "kept");
    case SK_PART_NOT_OLDER_THAN:
        return sk_policy_word(run, "hoogstens zo oud", "at most so old");
    case SK_PART_WHERE:
        return sk_policy_word(run, "enkel als", "only if");
    case SK_PART_DUTIES:
        return sk_policy_word(run, "plichten van de ontvanger",
                              "duties of the recipient");
    case SK_PART_ROLES:
        return sk_policy_word(run, "wie het bij de ontvanger ziet",
                              "who sees it at the recipient");
    case SK_PART_ON_WITHDRAWAL:
        return sk_policy_word(run, "bij intrekking", "on withdrawal");
    case SK_PART_OBJECTION:
        return sk_policy_word(run, "bezwaar", "objection");
    case SK_PART_COUNT:
        break;
    }
    return "";
}

static struct sk_bytes word_label(const struct sk_policy_run *run,
                                  const struct sk_word *words, size_t count,
                                  struct sk_bytes id)
{
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(words[i].id, id))
            return sk_policy_label(run, &words[i].label, id);
    }
    return id;
}

static const char *duties_word(struct sk_policy_run *run,
                               const struct sk_vocabulary *v, unsigned duties)
{
    struct sk_words words = sk_words_start(&run->arena);

    for (size_t i = 0; i < SK_DUTIES_COUNT; i++) {
        if ((duties >> i & 1) != 0)
            sk_words_add(&words, "%s%.*s", words.size > 0 ? ", " : "",
                         SK_ARG(word_label(run, v->duties, v->duties_count,
                                           sk_text(sk_duty_words[i]))));
    }
    return words.text;
}

static const char *roles_word(struct sk_policy_run *run,
                              const struct sk_vocabulary *v,
                              const struct sk_share *share)
{
    struct sk_words words = sk_words_start(&run->arena);

    if (share->roles_all)
        return sk_policy_word(run, "iedereen", "everybody");
    for (size_t i = 0; i < share->roles_count; i++)
        sk_words_add(&words, "%s%.*s", i > 0 ? ", " : "",
                     SK_ARG(word_label(run, v->user_roles, v->user_roles_count,
                                       share->roles[i])));
    return words.text;
}

static const char *retain_word(struct sk_policy_run *run,
                               const struct sk_share *share)
{
    struct sk_words words = sk_words_start(&run->arena);

    sk_words_add(&words, "%s %s", sk_policy_duration(run, share->retain),
                 share->retain_from_occurred
                     ? sk_policy_word(run, "na de feiten", "from the event")
                     : sk_policy_word(run, "na verzending", "from sending"));
    return words.text;
}

static const char *withdrawal_word(struct sk_policy_run *run,
                                   const struct sk_share *share)
{
    struct sk_words words = sk_words_start(&run->arena);

    sk_words_add(&words, "%s %s",
                 share->erase
                     ? sk_policy_word(run, "wissen binnen", "erase within")
                     : sk_policy_word(run, "stoppen binnen", "stop within"),
                 sk_policy_duration(
                     run, (struct sk_duration){share->within_days, SK_DAYS}));
    return words.text;
}

/* A component of a way, for people. */
static const char *part_word(struct sk_policy_run *run,
                             const struct sk_vocabulary *v, uint16_t field,
                             const struct sk_way *way, enum sk_component part)
{
    const struct sk_share *share = way->share;

    switch (part) {
    case SK_PART_LEVEL:
        return sk_policy_level(run, v, field, way->level);
    case SK_PART_CONSENT:
        return way->explicit_consent
                   ? sk_policy_word(run, "uitdrukkelijk", "explicit")
                   : sk_policy_word(run, "gewoon", "ordinary");
    case SK_PART_RETAIN:
        return retain_word(run, share);
    case SK_PART_NOT_OLDER_THAN:
        return share->not_older_than.count == 0
                   ? sk_policy_word(run, "geen grens", "no limit")
                   : sk_policy_duration(run, share->not_older_than);
    case SK_PART_WHERE:
        return share->where_count == 0 ? sk_policy_word(run, "altijd", "always")
                                       : sk_policy_where(run, v, share);
    case SK_PART_DUTIES:
        return duties_word(run, v, share->duties);
    case SK_PART_ROLES:
        return roles_word(run, v, share);
    case SK_PART_ON_WITHDRAWAL:
        return withdrawal_word(run, share);
    case SK_PART_OBJECTION:
        return sk_way_objects(way)
                   ? sk_policy_word(run, "mogelijk", "possible")
                   : sk_policy_word(run, "niet mogelijk", "not possible");
    case SK_PART_COUNT:
        break;
    }
    return "";
}

/* "jaar -> volledig": old before new, whichever side has the way. */
static void print_part(const struct telling *t, const struct sk_change *change,
                       enum sk_component part)
{
    enum sk_direction other = t->direction == SK_WIDER ? SK_NARROWER : SK_WIDER;
    const char *here =
        part_word(t->run, t->v, change->field, &change->way, part);
    const char *there = part_word(
        t->run, t->diff->bundles[other]->vocabulary,
        sk_policy_field_in(t->diff, t->direction, other, change->field),
        &change->nearest, part);

    printf("%s -> %s", t->direction == SK_WIDER ? there : here,
           t->direction == SK_WIDER ? here : there);
    if (strcmp(here, there) == 0)
        printf(" (%s)", sk_policy_word(t->run,
                                       "de woordenlijst verstaat er iets "
                                       "anders onder",
                                       "the vocabulary means another thing "
                                       "by it"));
}

/* ---------------------------------------------------------------- headings */

/* "VDAB (vdab), Sopraco (sopraco)": every member of a class; who is not named
   would get more without being seen. */
static const char *names_of(struct sk_policy_run *run,
                            const struct sk_classes *classes, size_t class,
                            const struct sk_pair *pairs, size_t count,
                            struct sk_bytes (*name)(const struct telling *t,
                                                    const struct sk_pair *p),
                            const struct telling *t)
{
    struct sk_words words = sk_words_start(&run->arena);
    struct sk_bytes text;
    size_t named = 0;

    for (size_t i = 0; i < count; i++) {
        if (classes->of[i] != class)
            continue;
        text = name(t, &pairs[i]);
        sk_words_add(&words, "%s%.*s", named++ > 0 ? ", " : "", SK_ARG(text));
    }
    return words.text;
}

/* With its id: a partner chooses its own name, also that of another one. */
static struct sk_bytes org_name(const struct telling *t,
                                const struct sk_pair *p)
{
    const struct sk_bundle *bundle = t->diff->bundles[t->direction];
    struct sk_words words = sk_words_start(&t->run->arena);

    sk_words_add(&words, "%.*s (%.*s)",
                 SK_ARG(bundle->roster.orgs[p->at[t->direction]].written),
                 SK_ARG(p->id));
    return (struct sk_bytes){(const uint8_t *)words.text, words.size};
}

static struct sk_bytes purpose_name(const struct telling *t,
                                    const struct sk_pair *p)
{
    uint16_t at = p->at[t->direction];

    if (at == SK_NONE)
        return p->id;
    return sk_policy_label(t->run, &t->v->purposes[at].label, p->id);
}

static void print_heading(const struct telling *t, size_t org_class,
                          size_t purpose_class)
{
    const struct sk_diff *diff = t->diff;

    printf(t->run->dutch ? "\nNaar %s, voor %s\n" : "\nTo %s, for %s\n",
           names_of(t->run, &diff->org_classes, org_class, diff->orgs,
                    diff->orgs_count, org_name, t),
           names_of(t->run, &diff->purpose_classes, purpose_class,
                    diff->purposes, diff->purposes_count, purpose_name, t));
}

static void print_rule(const struct telling *t, const struct sk_change *change)
{
    const struct sk_share *share = change->way.share;
    char from[11];
    char until[11];

    sk_day_format(change->from, from);
    sk_day_format(change->until, until);
    printf(t->run->dutch ? "  regel '%.*s' (%s:%u), %s tot en met %s\n"
                         : "  rule '%.*s' (%s:%u), %s to %s\n",
           SK_ARG(share->id), share->place.file, share->place.line, from,
           until);
}

/* ---------------------------------------------------------------- one rule */

static struct sk_bytes event_word(const struct telling *t, uint16_t event)
{
    const struct sk_event_type *type = &t->v->events[event];

    return sk_policy_label(t->run, &type->label, type->id);
}

/* The events of these changes that differ in this part from this way. */
static void print_events(const struct telling *t,
                         const struct sk_change *const *list, size_t count,
                         enum sk_component part, const struct sk_share *from)
{
    uint16_t last = SK_NONE;
    size_t named = 0;

    for (size_t i = 0; i < count; i++) {
        if ((list[i]->parts >> part & 1) == 0 ||
            list[i]->nearest.share != from || list[i]->event == last)
            continue;
        last = list[i]->event;
        printf("%s%.*s", named++ > 0 ? ", " : " (",
               SK_ARG(event_word(t, last)));
    }
    puts(")");
}

/* What holds for a whole rule: retention, duties and the like, each once. */
static void print_terms(const struct telling *t,
                        const struct sk_change *const *list, size_t count)
{
    for (unsigned part = SK_PART_RETAIN; part < SK_PART_COUNT; part++) {
        const struct sk_share *told[WORDS_MAX];
        size_t told_count = 0;

        for (size_t i = 0; i < count && told_count < WORDS_MAX; i++) {
            bool again = (list[i]->parts >> part & 1) == 0;

            for (size_t k = 0; k < told_count && !again; k++)
                again = told[k] == list[i]->nearest.share;
            if (again)
                continue;
            told[told_count++] = list[i]->nearest.share;
            printf("    %s: ", part_name(t->run, (enum sk_component)part));
            print_part(t, list[i], (enum sk_component)part);
            print_events(t, list, count, (enum sk_component)part,
                         list[i]->nearest.share);
        }
    }
}

/* Fields that flow on one side only, of one event: "gaat nu mee: ...". */
static void print_flowing(const struct telling *t,
                          const struct sk_change *const *list, size_t count)
{
    bool facts_only = true;
    size_t named = 0;

    for (size_t i = 0; i < count; i++)
        facts_only = facts_only && (list[i]->field == SK_FACT ||
                                    list[i]->nearest.share != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct sk_change *c = list[i];

        /* The way below exact goes without saying, and so does the fact. */
        if (c->nearest.share != NULL || (c->field == SK_FACT && !facts_only) ||
            (i > 0 && list[i - 1]->field == c->field &&
             list[i - 1]->nearest.share == NULL))
            continue;
        if (named++ == 0)
            printf("    %.*s %s: ", SK_ARG(event_word(t, c->event)),
                   t->direction == SK_WIDER
                       ? sk_policy_word(t->run, "gaat nu mee", "now goes")
                       : sk_policy_word(t->run, "gaat niet meer mee",
                                        "no longer goes"));
        else
            fputs(", ", stdout);
        printf("%.*s", SK_ARG(sk_policy_field(t->run, t->v, c->field)));
        if (c->field != SK_FACT)
            printf(" (%s)",
                   sk_policy_level(t->run, t->v, c->field, c->way.level));
        if (c->way.explicit_consent)
            fputs(" *", stdout);
    }
    if (named > 0)
        putchar('\n');
}

/* Level and consent, field by field, of one event. */
static void print_fields(const struct telling *t,
                         const struct sk_change *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sk_change *c = list[i];

        if (c->nearest.share == NULL)
            continue;
        for (unsigned part = SK_PART_LEVEL; part <= SK_PART_CONSENT; part++) {
            if ((c->parts >> part & 1) == 0)
                continue;
            printf("    %.*s, %.*s: %s ", SK_ARG(event_word(t, c->event)),
                   SK_ARG(sk_policy_field(t->run, t->v, c->field)),
                   part_name(t->run, (enum sk_component)part));
            print_part(t, c, (enum sk_component)part);
            putchar('\n');
        }
    }
}

/* Is this component as most rules have it? */
static bool is_usual(const struct sk_share *share, enum sk_component part)
{
    switch (part) {
    case SK_PART_NOT_OLDER_THAN:
        return share->not_older_than.count == 0;
    case SK_PART_WHERE:
        return share->where_count == 0;
    case SK_PART_DUTIES:
        return share->duties == SK_DUTIES_ALWAYS;
    case SK_PART_ROLES:
        return share->roles_all;
    case SK_PART_LEVEL:
    case SK_PART_CONSENT:
    case SK_PART_RETAIN:
    case SK_PART_ON_WITHDRAWAL:
    case SK_PART_OBJECTION:
    case SK_PART_COUNT:
        break;
    }
    return false;
}

/* The terms under which something flows that did not. */
static void print_new_terms(const struct telling *t,
                            const struct sk_change *change)
{
    const struct sk_share *share = change->way.share;

    printf("    %s: %.*s, %.*s",
           sk_policy_word(t->run, "grond", "legal ground"),
           SK_ARG(share->gdpr_word), SK_ARG(share->reference));
    for (unsigned part = SK_PART_RETAIN; part < SK_PART_COUNT; part++) {
        if (!is_usual(share, (enum sk_component)part))
            printf("; %s: %s", part_name(t->run, (enum sk_component)part),
                   part_word(t->run, t->v, change->field, &change->way,
                             (enum sk_component)part));
    }
    putchar('\n');
}

/* Changes of one rule and span. */
static void print_block(const struct telling *t,
                        const struct sk_change *const *list, size_t count)
{
    bool flowing = false;
    size_t to;

    print_rule(t, list[0]);
    print_terms(t, list, count);
    for (size_t from = 0; from < count; from = to) {
        size_t mark = sk_arena_mark(&t->run->arena);

        to = from;
        while (to < count && list[to]->event == list[from]->event)
            flowing = list[to++]->nearest.share == NULL || flowing;
        print_flowing(t, list + from, to - from);
        print_fields(t, list + from, to - from);
        sk_arena_reset(&t->run->arena, mark);
    }
    if (flowing && t->direction == SK_WIDER)
        print_new_terms(t, list[0]);
}

/* ---------------------------------------------------------------- all */

static bool same_block(const struct sk_change *a, const struct sk_change *b)
{
    return a->way.share == b->way.share && a->from == b->from &&
           a->until == b->until;
}

static void print_group(const struct telling *t, size_t org_class,
                        size_t purpose_class)
{
    const struct sk_changes *group =
        sk_diff_group(t->diff, t->direction, org_class, purpose_class);
    size_t mark = sk_arena_mark(&t->run->arena);
    const struct sk_change **list;
    size_t to;

    if (group->count == 0)
        return;
    list =
        sk_arena_get_array(&t->run->arena, group->count, sizeof(const void *));
    if (list == NULL)
        return; /* the arena is full: said at the end */
    for (size_t i = 0; i < group->count; i++)
        list[i] = &group->list[i];
    qsort(list, group->count, sizeof(const void *), compare_changes);
    print_heading(t, org_class, purpose_class);
    for (size_t from = 0; from < group->count; from = to) {
        size_t inner = sk_arena_mark(&t->run->arena);

        to = from;
        while (to < group->count && same_block(list[from], list[to]))
            to++;
        print_block(t, list + from, to - from);
        sk_arena_reset(&t->run->arena, inner);
    }
    sk_arena_reset(&t->run->arena, mark);
}

static void print_direction(struct sk_policy_run *run,
                            const struct sk_diff *diff,
                            enum sk_direction direction)
{
    struct telling t = {run, diff, direction,
                        diff->bundles[direction]->vocabulary};

    for (size_t o = 0; o < diff->org_classes.count; o++) {
        for (size_t p = 0; p < diff->purpose_classes.count; p++)
            print_group(&t, o, p);
    }
}

static void print_versions(const struct sk_policy_run *run,
                           const struct sk_diff *diff)
{
    const struct sk_bundle *old = diff->bundles[SK_NARROWER];
    const struct sk_bundle *new = diff->bundles[SK_WIDER];

    printf("%.*s/%u -> %.*s/%u\n", SK_ARG(old->owner), old->policy_version,
           SK_ARG(new->owner), new->policy_version);
    if (!sk_bytes_equal(old->vocabulary->name, new->vocabulary->name))
        printf(run->dutch
                   ? "woordenlijst %.*s -> %.*s: niveaus zijn vergeleken op "
                     "naam\n"
                   : "vocabulary %.*s -> %.*s: levels were compared by name\n",
               SK_ARG(old->vocabulary->name), SK_ARG(new->vocabulary->name));
    if (!sk_bytes_equal(old->guards_name, new->guards_name))
        printf(run->dutch ? "federatieregels %.*s -> %.*s\n"
                          : "guards %.*s -> %.*s\n",
               SK_ARG(old->guards_name), SK_ARG(new->guards_name));
    if (!sk_bytes_equal(old->roster.id, new->roster.id) ||
        old->roster.version != new->roster.version)
        printf(run->dutch ? "ledenlijst %.*s/%u -> %.*s/%u\n"
                          : "roster %.*s/%u -> %.*s/%u\n",
               SK_ARG(old->roster.id), old->roster.version,
               SK_ARG(new->roster.id), new->roster.version);
}

/* " 'Sopraco' (1999900765)" */
static void print_org(const struct sk_roster_org *org)
{
    printf(" '%.*s'", SK_ARG(org->written));
    if (org->kbo.size > 0)
        printf(" (%.*s)", SK_ARG(org->kbo));
}

/* Ids behind which stands another organisation now: all they get is new. */
static void print_replaced(const struct sk_policy_run *run,
                           const struct sk_diff *diff)
{
    const struct sk_roster_org *old;
    const struct sk_roster_org *new;

    for (size_t i = 0; i < diff->orgs_count; i++) {
        if (!sk_policy_replaced(diff, i, &old, &new))
            continue;
        printf("%.*s: ", SK_ARG(old->id));
        fputs(sk_policy_word(run, "een andere organisatie: was",
                             "another organisation: was"),
              stdout);
        print_org(old);
        fputs(sk_policy_word(run, ", is nu", ", is now"), stdout);
        print_org(new);
        putchar('\n');
    }
}

void sk_policy_tell_wider(struct sk_policy_run *run, const struct sk_diff *diff)
{
    puts(sk_policy_word(run,
                        "RUIMER: er kan meer uit dan voordien.  Dit vraagt "
                        "twee handtekeningen.",
                        "WIDER: more can flow than before.  This needs two "
                        "signatures."));
    print_replaced(run, diff);
    print_direction(run, diff, SK_WIDER);
}

void sk_policy_tell_narrower(struct sk_policy_run *run,
                             const struct sk_diff *diff)
{
    if (!diff->narrower)
        return;
    printf("%s%s\n", diff->wider ? "\n" : "",
           sk_policy_word(run, "ENGER: er kan minder uit dan voordien.",
                          "NARROWER: less can flow than before."));
    print_direction(run, diff, SK_NARROWER);
}

void sk_policy_tell_diff(struct sk_policy_run *run,
                         const struct sk_policy_difference *d)
{
    const struct sk_diff *diff = &d->flows;

    print_versions(run, diff);
    sk_policy_tell_paper(run, &d->paper, /* grounds */ true);
    if (diff->wider)
        sk_policy_tell_wider(run, diff);
    else
        puts(sk_policy_word(run, "Niet ruimer: wat niet kon, kan nog niet.",
                            "Not wider: what could not flow still cannot."));
    sk_policy_tell_losses(run, &d->losses);
    sk_policy_tell_narrower(run, diff);
    sk_policy_tell_paper(run, &d->paper, /* grounds */ false);
    if (diff->cut || run->arena.full)
        puts(sk_policy_word(run, "\n(er zijn nog meer veranderingen)",
                            "\n(there are more changes)"));
}
