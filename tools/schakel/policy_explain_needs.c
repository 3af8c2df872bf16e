#include <stdarg.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/rules.h"
#include "policies/words.h"
#include "tools/schakel/policy_explain_words.h"

/* What would let it through, as sentences.  docs/POLICY.md 16 */

static const char *word(const struct sk_telling *t, const char *nl,
                        const char *en)
{
    return sk_policy_word(t->run, nl, en);
}

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
static const char *asking(const struct sk_telling *t, const char *state)
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
static void need_consent(const struct sk_telling *t, json_t *list,
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
             sk_told_category(t, lack->category), word(t, "aan", "to"),
             sk_told_org(t, t->x->question.to), word(t, "voor", "for"),
             sk_told_purpose(t, t->x->question.purpose),
             asking(t, lack->state));
    }
}

static void need_duties(const struct sk_telling *t, json_t *list,
                        const struct sk_trace_rule *rule)
{
    for (size_t i = 0; i < rule->duties_count; i++)
        need(list, "%s: '%.*s' (%s)",
             word(t, "de partner moet deze plicht aanbieden",
                  "the partner has to offer this duty"),
             (int)rule->duties[i].size, (const char *)rule->duties[i].data,
             sk_told_org(t, t->x->question.to));
}

/* One stage that stopped a rule. */
static void need_stage(const struct sk_telling *t, json_t *list,
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
             sk_told_org(t, t->x->question.to));
    if (stage == SK_STAGE_OBJECTION)
        need(list, "%s",
             word(t,
                  "een beslissing van de privacyverantwoordelijke over het "
                  "bezwaar",
                  "a decision of the privacy officer on the objection"));
}

/* Everything that stopped the rules that came furthest. */
static void need_rules(const struct sk_telling *t, json_t *list)
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

static void need_takes(const struct sk_telling *t, json_t *list,
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

static void need_rule(const struct sk_telling *t, json_t *list)
{
    need(list, "%s: %s, %s, %s",
         word(t, "een deelregel in het beleid voor", "a share rule for"),
         sk_told_org(t, t->x->question.to),
         sk_told_purpose(t, t->x->question.purpose),
         sk_told_event(t, t->x->question.event->type));
}

/* The most that the federation ever lets go of a field there, whatever the
   policy and the participant say; and its rule, when that is not exact. */
static uint8_t most_ever(const struct sk_telling *t, uint16_t f,
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
static void need_field(const struct sk_telling *t, json_t *list,
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
static void need_fields(const struct sk_telling *t, json_t *list)
{
    for (size_t i = 0; i < t->x->decision.fields_count; i++)
        need_field(t, list, &t->x->trace.fields[i], &t->x->decision.fields[i]);
}

json_t *sk_explain_needs(struct sk_policy_run *run,
                         const struct sk_explained *x)
{
    struct sk_telling t = {run, x};
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
