#include <string.h>

#include "policies/civil.h"
#include "policies/rules.h"
#include "policies/words.h"
#include "tools/schakel/policy_explain_words.h"

/* A decision in plain Dutch or English. */

static const char *word(const struct sk_telling *t, const char *nl,
                        const char *en)
{
    return sk_policy_word(t->run, nl, en);
}

static void print_question(const struct sk_telling *t)
{
    const struct sk_explained *x = t->x;
    const struct sk_question *q = &x->question;

    printf("%s %s\n", word(t, "Gebeurtenis:", "Event:      "),
           sk_told_event(t, q->event->type));
    printf("%s %s\n", word(t, "Aan:        ", "To:         "),
           sk_told_org(t, q->to));
    printf("%s %s\n", word(t, "Voor:       ", "For:        "),
           sk_told_purpose(t, q->purpose));
    printf("%s %s\n\n", word(t, "Op:         ", "At:         "),
           sk_told_minute(t, q->now));
}

/* Why a consent does not count, with its dates. */
static void print_lacks(const struct sk_telling *t,
                        const struct sk_trace_lacks *lacks, const char *indent)
{
    for (size_t i = 0; i < lacks->count; i++) {
        const struct sk_trace_lack *lack = &lacks->list[i];
        char code[32];

        snprintf(code, sizeof(code), "consent-%s", lack->state);
        printf("%s%s: %s", indent, sk_told_category(t, lack->category),
               sk_reason_text(code, t->run->dutch));
        if (lack->explicit_consent && strcmp(lack->state, "not-explicit") != 0)
            printf(" (%s)", word(t, "een uitdrukkelijk akkoord is nodig",
                                 "explicit consent is needed"));
        if (lack->by.size != 0)
            printf(" [%.*s, %s]", (int)lack->by.size,
                   (const char *)lack->by.data, sk_told_minute(t, lack->at));
        if (lack->end != INT64_MIN)
            printf(" %s %s", word(t, "tot", "until"),
                   sk_told_minute(t, lack->end));
        putchar('\n');
    }
}

static void print_rule(const struct sk_telling *t,
                       const struct sk_trace_rule *rule)
{
    printf("  %.*s  (%s:%u)\n    \"%.*s\"\n", (int)rule->id.size,
           (const char *)rule->id.data, rule->place.file, rule->place.line,
           (int)rule->text.size, (const char *)rule->text.data);
    for (unsigned s = 0; s < SK_STAGE_SURVIVES; s++) {
        if ((rule->failed >> s & 1) != 0)
            printf("    - %s\n", sk_reason_text(sk_stage_text((enum sk_stage)s),
                                                t->run->dutch));
    }
    print_lacks(t, &rule->lacks, "      ");
}

/* The candidates, the ones that came furthest first. */
static void print_rules(const struct sk_telling *t)
{
    const struct sk_trace *trace = &t->x->trace;

    if (trace->rules_count == 0)
        return;
    printf("%s\n", word(t, "Regels over deze vraag, de dichtste eerst:",
                        "Rules about this question, the nearest first:"));
    for (unsigned s = SK_STAGE_SURVIVES + 1; s-- > 0;) {
        for (size_t i = 0; i < trace->rules_count; i++) {
            if (trace->rules[i].stage == (enum sk_stage)s)
                print_rule(t, &trace->rules[i]);
        }
    }
    putchar('\n');
}

static void print_near(const struct sk_telling *t)
{
    static const char *const nl[] = {"een andere ontvanger", "een ander doel",
                                     "een andere gebeurtenis"};
    static const char *const en[] = {"another recipient", "another purpose",
                                     "another event"};
    const struct sk_trace *trace = &t->x->trace;

    if (t->x->trace.rules_count != 0 || trace->near_count == 0)
        return;
    printf("%s\n",
           word(t, "Wat er het dichtst bij komt:", "What comes nearest:"));
    for (size_t i = 0; i < trace->near_count; i++)
        printf("  %.*s  (%s:%u): %s %s\n", (int)trace->near[i].id.size,
               (const char *)trace->near[i].id.data, trace->near[i].place.file,
               trace->near[i].place.line, word(t, "gaat over", "is about"),
               word(t, nl[trace->near[i].miss], en[trace->near[i].miss]));
    putchar('\n');
}

static void print_takes(const struct sk_telling *t,
                        const struct sk_trace_take *takes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("      %s %.*s (%s:%u)%s\n",
               takes[i].limit ? word(t, "beperking", "limit")
                              : word(t, "verbod", "never"),
               (int)takes[i].id.size, (const char *)takes[i].id.data,
               takes[i].place.file, takes[i].place.line,
               takes[i].federation
                   ? word(t, ", van de federatie", ", of the federation")
                   : "");
}

static void print_names(const struct sk_decision *d,
                        const struct sk_decided_field *field)
{
    for (size_t r = 0; r < field->rules_count; r++)
        printf("%s%.*s", r == 0 ? "" : ", ",
               (int)d->rules[field->rules[r]].size,
               (const char *)d->rules[field->rules[r]].data);
}

static void print_field(const struct sk_telling *t, size_t i)
{
    const struct sk_decision *d = &t->x->decision;
    const struct sk_decided_field *field = &d->fields[i];
    const struct sk_trace_field *trace = &t->x->trace.fields[i];
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    struct sk_label how;
    struct sk_bytes text;

    printf("  %-18.*s ", (int)field->name.size, (const char *)field->name.data);
    if (field->withheld != SK_SENT) {
        printf("%s: %s\n", word(t, "blijft hier", "stays"),
               sk_withheld_words(field->withheld, t->run->dutch));
    } else {
        how = sk_level_words(&v->fields[field->field], field->level,
                             &t->run->arena);
        text = sk_label_of(&how, t->run->dutch);
        printf("%s, %.*s [%.*s]  <- ", word(t, "gaat mee", "goes"),
               (int)text.size, (const char *)text.data,
               (int)field->level_name.size,
               (const char *)field->level_name.data);
        print_names(d, field);
        putchar('\n');
    }
    if (trace->nearest == SIZE_MAX)
        return;
    printf("      %s %.*s %s '%.*s'",
           field->withheld == SK_SENT ? word(t, "maar regel", "but rule")
                                      : word(t, "regel", "rule"),
           (int)t->x->trace.rules[trace->nearest].id.size,
           (const char *)t->x->trace.rules[trace->nearest].id.data,
           word(t, "zegt", "says"), (int)trace->nearest_level.size,
           (const char *)trace->nearest_level.data);
    if (t->x->trace.rules[trace->nearest].stage != SK_STAGE_SURVIVES)
        printf("; %s",
               sk_reason_text(
                   sk_stage_text(t->x->trace.rules[trace->nearest].stage),
                   t->run->dutch));
    putchar('\n');
    print_lacks(t, &trace->lacks, "      ");
    print_takes(t, trace->takes, trace->takes_count);
}

static void print_fields(const struct sk_telling *t)
{
    if (t->x->decision.fields_count == 0)
        return;
    printf("%s\n", word(t, "Veld per veld:", "Field by field:"));
    for (size_t i = 0; i < t->x->decision.fields_count; i++)
        print_field(t, i);
    putchar('\n');
}

static void print_terms(const struct sk_telling *t)
{
    const struct sk_decision *d = &t->x->decision;
    char day[11];

    for (size_t i = 0; i < t->x->trace.givings_count; i++) {
        const struct sk_trace_giving *giving = &t->x->trace.givings[i];

        printf(
            "%s %.*s: %s %s, %s %s%s\n", word(t, "Akkoord", "Consent"),
            (int)giving->id.size, (const char *)giving->id.data,
            word(t, "gegeven", "given"), sk_told_minute(t, giving->at),
            word(t, "geldt tot", "holds until"), sk_told_minute(t, giving->end),
            giving->explicit_consent ? word(t, ", uitdrukkelijk", ", explicit")
                                     : "");
    }
    sk_day_format(d->erase_by, day);
    printf("%s %s; %s %u %s (%s)\n",
           word(t, "De ontvanger wist ten laatste op",
                "The recipient erases at the latest on"),
           day, word(t, "na intrekking binnen", "after withdrawal within"),
           d->within_days, word(t, "dagen", "days"),
           d->erase ? word(t, "wissen", "erase") : word(t, "stoppen", "stop"));
    if (!d->roles_all) {
        printf("%s", word(t, "Alleen zichtbaar voor:", "Only visible to:"));
        for (size_t i = 0; i < d->roles_count; i++)
            printf(" %.*s", (int)d->roles[i].size,
                   (const char *)d->roles[i].data);
        putchar('\n');
    }
    putchar('\n');
}

static void print_needs(const struct sk_telling *t)
{
    if (json_array_size(t->x->needs) == 0)
        return;
    printf("%s\n", t->x->decision.permit
                       ? word(t, "Wat nodig is om meer te sturen:",
                              "What it takes to send more:")
                       : word(t, "Wat nodig is om dit te sturen:",
                              "What it takes to send this:"));
    for (size_t i = 0; i < json_array_size(t->x->needs); i++)
        printf("  - %s\n", json_string_value(json_array_get(t->x->needs, i)));
}

void sk_explain_print(struct sk_policy_run *run, const struct sk_explained *x)
{
    struct sk_telling t = {run, x};

    print_question(&t);
    if (x->decision.permit)
        printf("%s\n\n", word(&t, "JA: dit mag, met wat hieronder staat.",
                              "YES: this may go, with what is below."));
    else
        printf("%s: %s. [%s]\n\n", word(&t, "NEE", "NO"),
               sk_reason_text(x->decision.reason, run->dutch),
               x->decision.reason);
    if (x->trace.forbids_count > 0) {
        printf("%s\n", word(&t, "Dit verbiedt het:", "This forbids it:"));
        print_takes(&t, x->trace.forbids, x->trace.forbids_count);
        putchar('\n');
    }
    print_fields(&t);
    if (x->decision.permit)
        print_terms(&t);
    print_rules(&t);
    print_near(&t);
    print_needs(&t);
}
