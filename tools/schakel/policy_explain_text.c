#include <stdarg.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/rules.h"
#include "policies/words.h"
#include "tools/schakel/policy_explain.h"

/* A decision in plain Dutch or English. */

struct telling {
    struct sk_policy_run *run;
    const struct sk_explained *x;
};

static const char *word(const struct telling *t, const char *nl, const char *en)
{
    return sk_policy_word(t->run, nl, en);
}

/* ---------------------------------------------------------------- names */

/* "vdab-kempen (VDAB Kempen)"; the id alone when nobody knows it. */
static const char *named(const struct telling *t, struct sk_bytes id,
                         struct sk_bytes name)
{
    size_t room = id.size + name.size + 8;
    char *text = sk_arena_get(&t->run->arena, room);

    if (text == NULL)
        return "";
    if (name.size == 0)
        snprintf(text, room, "%.*s", (int)id.size, (const char *)id.data);
    else
        snprintf(text, room, "%.*s (%.*s)", (int)id.size, (const char *)id.data,
                 (int)name.size, (const char *)name.data);
    return text;
}

static const char *org_named(const struct telling *t, struct sk_bytes id)
{
    const struct sk_roster_org *org = sk_bundle_org(t->x->bundle, id);

    return named(t, id, org != NULL ? org->name : (struct sk_bytes){NULL, 0});
}

static const char *labelled(const struct telling *t, struct sk_bytes id,
                            const struct sk_label *label)
{
    return named(t, id,
                 label != NULL ? sk_label_of(label, t->run->dutch)
                               : (struct sk_bytes){NULL, 0});
}

static const char *purpose_named(const struct telling *t, struct sk_bytes id)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    uint16_t at = sk_vocabulary_purpose(v, id);

    return labelled(t, id, at != SK_NONE ? &v->purposes[at].label : NULL);
}

static const char *event_named(const struct telling *t, struct sk_bytes id)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    uint16_t at = sk_vocabulary_event(v, id);

    return labelled(t, id, at != SK_NONE ? &v->events[at].label : NULL);
}

static const char *category_named(const struct telling *t, struct sk_bytes id)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    uint16_t at = sk_vocabulary_category(v, id);

    return labelled(t, id, at != SK_NONE ? &v->categories[at].label : NULL);
}

/* "2026-10-01 10:00", Brussels time. */
static const char *minute(const struct telling *t, int64_t instant)
{
    char *text = sk_arena_get(&t->run->arena, 17);

    if (text == NULL)
        return "";
    sk_civil_minute_format(instant, text);
    text[10] = ' ';
    return text;
}

/* ---------------------------------------------------------------- needs */

__attribute__((format(printf, 2, 3))) static void need(json_t *list,
                                                       const char *form, ...)
{
    va_list arguments;
    json_t *text;

    va_start(arguments, form);
    text = json_vsprintf(form, arguments);
    va_end(arguments);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), text)) {
            json_decref(text);
            return;
        }
    }
    json_array_append_new(list, text);
}

/* CONSENT.md 3.4, 3.5: who said no is left in peace, and who may not give is
   not asked. */
static const char *asking(const struct telling *t, const char *state)
{
    if (strcmp(state, "refused") == 0)
        return word(t,
                    "; de deelnemer ging niet akkoord: vraag het 30 dagen "
                    "niet opnieuw, tenzij de deelnemer er zelf over begint",
                    "; the participant did not agree: do not ask again for "
                    "30 days, unless the participant starts");
    if (strcmp(state, "withdrawn") == 0)
        return word(t,
                    "; de deelnemer trok het in: alleen als de deelnemer het "
                    "zelf opnieuw wil",
                    "; the participant withdrew it: only if the participant "
                    "wants it again");
    if (strcmp(state, "wrong-giver") == 0)
        return word(t,
                    "; gegeven door wie dat mag: de deelnemer, een ouder "
                    "(onder 18 jaar) of de bewindvoerder",
                    "; given by who may: the participant, a parent (under 18) "
                    "or the administrator");
    return "";
}

/* `idle`: categories whose consent would let nothing more through. */
static void need_consent(const struct telling *t, json_t *list,
                         const struct sk_trace_lacks *lacks, uint64_t idle)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;

    for (size_t i = 0; i < lacks->count; i++) {
        const struct sk_trace_lack *lack = &lacks->list[i];

        if ((idle & sk_bit(sk_vocabulary_category(v, lack->category))) != 0)
            continue;
        need(list, "%s: %s %s %s, %s %s%s",
             lack->explicit_consent
                 ? word(t, "een uitdrukkelijk akkoord van de deelnemer",
                        "explicit consent of the participant")
                 : word(t, "een akkoord van de deelnemer",
                        "consent of the participant"),
             category_named(t, lack->category), word(t, "aan", "to"),
             org_named(t, t->x->question.to), word(t, "voor", "for"),
             purpose_named(t, t->x->question.purpose), asking(t, lack->state));
    }
}

static void need_duties(const struct telling *t, json_t *list,
                        const struct sk_trace_rule *rule)
{
    for (size_t i = 0; i < rule->duties_count; i++)
        need(list, "%s: '%.*s' (%s)",
             word(t, "de partner moet deze plicht aanbieden",
                  "the partner has to offer this duty"),
             (int)rule->duties[i].size, (const char *)rule->duties[i].data,
             org_named(t, t->x->question.to));
}

/* One stage that stopped a rule. */
static void need_stage(const struct telling *t, json_t *list,
                       const struct sk_trace_rule *rule, enum sk_stage stage)
{
    const char *id = (const char *)rule->id.data;
    int size = (int)rule->id.size;
    char day[11];

    if (stage >= SK_STAGE_CONSENT_MISSING) {
        need_consent(t, list, &rule->lacks, 0);
        return;
    }
    if (stage == SK_STAGE_CANNOT_HONOUR) {
        need_duties(t, list, rule);
        return;
    }
    if (stage == SK_STAGE_NOT_YET_VALID) {
        sk_day_format(rule->from, day);
        need(list, "%s %s (%.*s)", word(t, "wachten tot", "wait until"), day,
             size, id);
    }
    if (stage == SK_STAGE_NO_LONGER_VALID) {
        sk_day_format(rule->until, day);
        need(list, "%s %s (%.*s)",
             word(t, "een nieuwe einddatum voor de regel; nu is dat",
                  "a new last day for the rule; now that is"),
             day, size, id);
    }
    if (stage == SK_STAGE_WHERE_NOT_MET)
        need(list, "%s '%.*s'",
             word(t, "een gebeurtenis die voldoet aan 'where' van regel",
                  "an event that meets 'where' of rule"),
             size, id);
    if (stage == SK_STAGE_TOO_OLD)
        need(list, "%s '%.*s'",
             word(t, "een recentere gebeurtenis: 'not_older_than' van regel",
                  "a more recent event: 'not_older_than' of rule"),
             size, id);
    if (stage == SK_STAGE_RETENTION_OVER)
        need(list, "%s '%.*s'",
             word(t,
                  "niets meer te doen: de bewaartermijn is om, volgens regel",
                  "nothing to do: the retention is over, says rule"),
             size, id);
    if (stage == SK_STAGE_NOT_LINKED)
        need(list, "%s %s",
             word(t,
                  "een band van de deelnemer vandaag (schakel relation open) "
                  "met",
                  "a relation of the participant today (schakel relation "
                  "open) with"),
             org_named(t, t->x->question.to));
    if (stage == SK_STAGE_OBJECTION)
        need(list, "%s",
             word(t,
                  "een beslissing van de privacyverantwoordelijke over het "
                  "bezwaar",
                  "a decision of the privacy officer on the objection"));
}

/* Everything that stopped the rules that came furthest. */
static void need_rules(const struct telling *t, json_t *list)
{
    const struct sk_trace *trace = &t->x->trace;
    enum sk_stage furthest = SK_STAGE_NOT_YET_VALID;

    for (size_t i = 0; i < trace->rules_count; i++) {
        if (trace->rules[i].stage > furthest)
            furthest = trace->rules[i].stage;
    }
    for (size_t i = 0; i < trace->rules_count; i++) {
        const struct sk_trace_rule *rule = &trace->rules[i];

        for (unsigned s = 0; rule->stage == furthest && s < SK_STAGE_SURVIVES;
             s++) {
            if ((rule->failed >> s & 1) != 0)
                need_stage(t, list, rule, (enum sk_stage)s);
        }
    }
}

static void need_takes(const struct telling *t, json_t *list,
                       const struct sk_trace_take *takes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        need(list, "%s '%.*s' (%s:%u)",
             takes[i].federation
                 ? word(t,
                        "niets van uw kant: dit is een regel van de federatie,",
                        "nothing on your side: this is a federation rule,")
                 : word(t, "een ruimer beleid, door twee goedgekeurd: regel",
                        "a wider policy, approved by two: rule"),
             (int)takes[i].id.size, (const char *)takes[i].id.data,
             takes[i].place.file, takes[i].place.line);
}

static void need_rule(const struct telling *t, json_t *list)
{
    need(list, "%s: %s, %s, %s",
         word(t, "een deelregel in het beleid voor", "a share rule for"),
         org_named(t, t->x->question.to),
         purpose_named(t, t->x->question.purpose),
         event_named(t, t->x->question.event->type));
}

/* The most that the federation ever lets go of a field there, whatever the
   policy and the participant say; and its rule, when that is not exact. */
static uint8_t most_ever(const struct telling *t, uint16_t f,
                         struct sk_trace_take *by)
{
    const struct sk_bundle *bundle = t->x->bundle;
    const struct sk_vocabulary *v = bundle->vocabulary;
    const struct sk_question *q = &t->x->question;
    uint16_t org = sk_roster_find(&bundle->roster, q->to);
    uint16_t purpose = sk_vocabulary_purpose(v, q->purpose);
    uint16_t event = sk_vocabulary_event(v, q->event->type);
    uint8_t most = sk_exact(&v->fields[f]);

    for (size_t i = 0; i < bundle->takes_count; i++) {
        const struct sk_take *take = &bundle->takes[i];
        uint8_t left;

        if (!take->federation || !sk_take_speaks(take, org, purpose))
            continue;
        left = sk_take_leaves(take, v, f, event, most);
        if (left >= most)
            continue;
        most = left;
        *by = (struct sk_trace_take){
            .id = take->id, .place = take->place, .federation = true};
    }
    return most;
}

/* What would let more of a field through.  Nobody is asked for what the
   federation keeps here all the same. */
static void need_field(const struct telling *t, json_t *list,
                       const struct sk_trace_field *field,
                       const struct sk_decided_field *decided)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    const struct sk_field *of = &v->fields[decided->field];
    bool sent = decided->withheld == SK_SENT;
    struct sk_trace_take by = {0};
    uint8_t most = most_ever(t, decided->field, &by);
    uint64_t idle = 0;
    const struct sk_trace_rule *rule;

    if (sent && field->nearest == SIZE_MAX)
        return;
    if (most <= (sent ? decided->level : 0)) {
        need_takes(t, list, &by, 1);
        return;
    }
    if (field->nearest == SIZE_MAX) {
        need(list, "%s: %.*s",
             word(t, "een deelregel die dit veld noemt",
                  "a share rule that names this field"),
             (int)decided->name.size, (const char *)decided->name.data);
        return;
    }
    if (most < sk_exact(of))
        idle = of->reveals &
               ~sk_bit(sk_category_in(
                   v, decided->field,
                   sk_vocabulary_event(v, t->x->question.event->type)));
    rule = &t->x->trace.rules[field->nearest];
    for (unsigned s = 0; s < SK_STAGE_CONSENT_MISSING; s++) {
        if ((rule->failed >> s & 1) != 0)
            need_stage(t, list, rule, (enum sk_stage)s);
    }
    need_consent(t, list, &rule->lacks, 0);
    need_consent(t, list, &field->lacks, idle);
    need_takes(t, list, field->takes, field->takes_count);
}

/* For each field that stays, or goes less precisely than a rule says. */
static void need_fields(const struct telling *t, json_t *list)
{
    for (size_t i = 0; i < t->x->decision.fields_count; i++)
        need_field(t, list, &t->x->trace.fields[i], &t->x->decision.fields[i]);
}

json_t *sk_explain_needs(struct sk_policy_run *run,
                         const struct sk_explained *x)
{
    struct telling t = {run, x};
    json_t *list = json_array();
    const char *remedy = x->decision.permit
                             ? NULL
                             : sk_reason_remedy(x->decision.reason, run->dutch);

    if (x->trace.fault != SK_FAULT_NONE)
        need(list, "%.*s%s%s", (int)x->trace.fault_field.size,
             x->trace.fault_field.size != 0
                 ? (const char *)x->trace.fault_field.data
                 : "",
             x->trace.fault_field.size != 0 ? ": " : "",
             sk_fault_words(x->trace.fault, run->dutch));
    if (remedy != NULL)
        need(list, "%s", remedy);
    else if (x->decision.permit ||
             strcmp(x->decision.reason, "nothing-left") == 0)
        need_fields(&t, list);
    else if (strcmp(x->decision.reason, "forbidden") == 0)
        need_takes(&t, list, x->trace.forbids, x->trace.forbids_count);
    else if (strcmp(x->decision.reason, "no-rule") == 0)
        need_rule(&t, list);
    else
        need_rules(&t, list);
    return list;
}

/* ---------------------------------------------------------------- print */

static void print_question(const struct telling *t)
{
    const struct sk_explained *x = t->x;
    const struct sk_question *q = &x->question;

    printf("%s %s\n", word(t, "Gebeurtenis:", "Event:      "),
           event_named(t, q->event->type));
    printf("%s %s\n", word(t, "Aan:        ", "To:         "),
           org_named(t, q->to));
    printf("%s %s\n", word(t, "Voor:       ", "For:        "),
           purpose_named(t, q->purpose));
    printf("%s %s\n\n", word(t, "Op:         ", "At:         "),
           minute(t, q->now));
}

/* Why a consent does not count, with its dates. */
static void print_lacks(const struct telling *t,
                        const struct sk_trace_lacks *lacks, const char *indent)
{
    for (size_t i = 0; i < lacks->count; i++) {
        const struct sk_trace_lack *lack = &lacks->list[i];
        char code[32];

        snprintf(code, sizeof(code), "consent-%s", lack->state);
        printf("%s%s: %s", indent, category_named(t, lack->category),
               sk_reason_text(code, t->run->dutch));
        if (lack->explicit_consent && strcmp(lack->state, "not-explicit") != 0)
            printf(" (%s)", word(t, "een uitdrukkelijk akkoord is nodig",
                                 "explicit consent is needed"));
        if (lack->by.size != 0)
            printf(" [%.*s, %s]", (int)lack->by.size,
                   (const char *)lack->by.data, minute(t, lack->at));
        if (lack->end != INT64_MIN)
            printf(" %s %s", word(t, "tot", "until"), minute(t, lack->end));
        putchar('\n');
    }
}

static void print_rule(const struct telling *t,
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
static void print_rules(const struct telling *t)
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

static void print_near(const struct telling *t)
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

static void print_takes(const struct telling *t,
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

static void print_field(const struct telling *t, size_t i)
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

static void print_fields(const struct telling *t)
{
    if (t->x->decision.fields_count == 0)
        return;
    printf("%s\n", word(t, "Veld per veld:", "Field by field:"));
    for (size_t i = 0; i < t->x->decision.fields_count; i++)
        print_field(t, i);
    putchar('\n');
}

static void print_terms(const struct telling *t)
{
    const struct sk_decision *d = &t->x->decision;
    char day[11];

    for (size_t i = 0; i < t->x->trace.givings_count; i++) {
        const struct sk_trace_giving *giving = &t->x->trace.givings[i];

        printf("%s %.*s: %s %s, %s %s%s\n", word(t, "Akkoord", "Consent"),
               (int)giving->id.size, (const char *)giving->id.data,
               word(t, "gegeven", "given"), minute(t, giving->at),
               word(t, "geldt tot", "holds until"), minute(t, giving->end),
               giving->explicit_consent
                   ? word(t, ", uitdrukkelijk", ", explicit")
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

static void print_needs(const struct telling *t)
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
    struct telling t = {run, x};

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
