#include "policies/civil.h"
#include "policies/rules.h"
#include "tools/schakel/policy_explain.h"

/* A decision and its trace as JSON. */

static json_t *text_list(const struct sk_bytes *list, size_t count)
{
    json_t *out = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, sk_policy_string(list[i]));
    return out;
}

static json_t *day_json(int32_t day)
{
    char text[11];

    sk_day_format(day, text);
    return json_string(text);
}

static json_t *instant_json(int64_t instant)
{
    char text[21];

    sk_instant_format(instant, text);
    return json_string(text);
}

/* ---------------------------------------------------------------- decision */

/* POLICY.md 16: numbers, sets and bools at exact keep their type. */
static json_t *value_json(const struct sk_vocabulary *v,
                          const struct sk_decided_field *sent)
{
    const struct sk_field *field = &v->fields[sent->field];
    bool exact = sent->level == sk_exact(field);
    struct sk_bytes text = sent->value.text;
    json_t *number;

    if (sk_bytes_equal(sent->level_name, sk_text("present")))
        return json_true();
    if (exact && field->kind == SK_KIND_SET)
        return text_list(sent->value.set, sent->value.set_count);
    if (exact && field->kind == SK_KIND_BOOL)
        return json_boolean(sk_bytes_equal(text, sk_text("true")));
    if (exact && field->kind == SK_KIND_NUMBER) {
        number = json_loadb((const char *)text.data, text.size, JSON_DECODE_ANY,
                            NULL);
        if (number != NULL)
            return number;
    }
    return sk_policy_string(text);
}

static json_t *withheld_json(const struct sk_decision *d)
{
    json_t *out = json_object();

    for (size_t i = 0; i < d->fields_count; i++) {
        const struct sk_decided_field *f = &d->fields[i];

        if (f->withheld != SK_SENT)
            json_object_setn_new(out, (const char *)f->name.data, f->name.size,
                                 json_string(sk_withheld_text(f->withheld)));
    }
    return out;
}

static json_t *permit_json(const struct sk_vocabulary *v,
                           const struct sk_decision *d)
{
    json_t *fields = json_object();
    json_t *levels = json_object();
    json_t *out;

    for (size_t i = 0; i < d->fields_count; i++) {
        const struct sk_decided_field *f = &d->fields[i];

        if (f->withheld != SK_SENT)
            continue;
        json_object_setn_new(fields, (const char *)f->name.data, f->name.size,
                             value_json(v, f));
        json_object_setn_new(levels, (const char *)f->name.data, f->name.size,
                             sk_policy_string(f->level_name));
    }
    out = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "decision", "permit",
        "fields", fields, "levels", levels, "withheld", withheld_json(d),
        "rules", text_list(d->rules, d->rules_count), "consents",
        text_list(d->consents, d->consents_count), "erase_by",
        day_json(d->erase_by), "duties", text_list(d->duties, d->duties_count));
    json_object_set_new(out, "roles",
                        d->roles_all ? json_null()
                                     : text_list(d->roles, d->roles_count));
    json_object_set_new(out, "on_withdrawal",
                        json_pack("{s:s, s:I}", "do",
                                  d->erase ? "erase" : "stop", "within_days",
                                  (json_int_t)d->within_days));
    return out;
}

json_t *sk_decision_json(const struct sk_bundle *bundle,
                         const struct sk_decision *d)
{
    json_t *out;

    if (d->permit)
        return permit_json(sk_bundle_vocabulary(bundle), d);
    out = json_pack("{s:s, s:s, s:o}", "decision", "deny", "reason", d->reason,
                    "rules", text_list(d->rules, d->rules_count));
    if (d->fields_count > 0)
        json_object_set_new(out, "withheld", withheld_json(d));
    return out;
}

json_t *sk_bundle_json(const struct sk_bundle *bundle)
{
    const struct sk_vocabulary *v = bundle->vocabulary;

    return json_pack("{s:o, s:o, s:o, s:o}", "policy",
                     bundle->has_policy
                         ? json_sprintf("%.*s/%u", (int)bundle->owner.size,
                                        (const char *)bundle->owner.data,
                                        bundle->policy_version)
                         : json_null(),
                     "vocabulary", sk_policy_string(v->name), "guards",
                     sk_policy_string(bundle->guards_name), "partners",
                     json_sprintf("%.*s/%u", (int)bundle->roster.id.size,
                                  (const char *)bundle->roster.id.data,
                                  bundle->roster.version));
}

/* ---------------------------------------------------------------- trace */

static json_t *place_json(struct sk_bytes id, const struct sk_place *place)
{
    return json_pack("{s:o, s:s, s:I}", "id", sk_policy_string(id), "file",
                     place->file, "line", (json_int_t)place->line);
}

static json_t *lacks_json(const struct sk_trace_lacks *lacks)
{
    json_t *out = json_array();

    for (size_t i = 0; i < lacks->count; i++) {
        const struct sk_trace_lack *lack = &lacks->list[i];
        json_t *one = json_pack("{s:o, s:b, s:s}", "category",
                                sk_policy_string(lack->category), "explicit",
                                lack->explicit_consent, "state", lack->state);

        if (lack->by.size != 0) {
            json_object_set_new(one, "consent", sk_policy_string(lack->by));
            json_object_set_new(one, "at", instant_json(lack->at));
        }
        if (lack->end != INT64_MIN)
            json_object_set_new(one, "until", instant_json(lack->end));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *rules_json(const struct sk_trace *trace)
{
    json_t *out = json_array();

    for (size_t i = 0; i < trace->rules_count; i++) {
        const struct sk_trace_rule *rule = &trace->rules[i];
        json_t *one = place_json(rule->id, &rule->place);
        json_t *failed = json_array();

        for (unsigned s = 0; s < SK_STAGE_SURVIVES; s++) {
            if ((rule->failed >> s & 1) != 0)
                json_array_append_new(
                    failed, json_string(sk_stage_text((enum sk_stage)s)));
        }
        json_object_set_new(one, "stopped",
                            rule->stage == SK_STAGE_SURVIVES
                                ? json_null()
                                : json_string(sk_stage_text(rule->stage)));
        json_object_set_new(one, "failed", failed);
        json_object_set_new(one, "contributes",
                            json_boolean(rule->contributes));
        json_object_set_new(one, "from", day_json(rule->from));
        json_object_set_new(one, "until", day_json(rule->until));
        json_object_set_new(one, "lacks", lacks_json(&rule->lacks));
        json_object_set_new(one, "duties_missing",
                            text_list(rule->duties, rule->duties_count));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *near_json(const struct sk_trace *trace)
{
    static const char *const words[] = {
        [SK_TRACE_OTHER_RECIPIENT] = "recipient",
        [SK_TRACE_OTHER_PURPOSE] = "purpose",
        [SK_TRACE_OTHER_EVENT] = "event",
    };
    json_t *out = json_array();

    for (size_t i = 0; i < trace->near_count; i++) {
        json_t *one = place_json(trace->near[i].id, &trace->near[i].place);

        json_object_set_new(one, "misses",
                            json_string(words[trace->near[i].miss]));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *takes_json(const struct sk_trace_take *takes, size_t count)
{
    json_t *out = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *one = place_json(takes[i].id, &takes[i].place);

        json_object_set_new(one, "federation",
                            json_boolean(takes[i].federation));
        json_object_set_new(one, "kind",
                            json_string(takes[i].limit ? "limit" : "never"));
        json_object_set_new(one, "leaves", sk_policy_string(takes[i].level));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *fields_json(const struct sk_explained *x)
{
    const struct sk_decision *d = &x->decision;
    json_t *out = json_object();

    for (size_t i = 0; i < d->fields_count; i++) {
        const struct sk_trace_field *field = &x->trace.fields[i];
        const struct sk_decided_field *decided = &d->fields[i];
        json_t *rules = json_array();
        json_t *one;

        for (size_t r = 0; d->permit && r < decided->rules_count; r++)
            json_array_append_new(
                rules, sk_policy_string(d->rules[decided->rules[r]]));
        one = json_pack("{s:s, s:o, s:o, s:o}", "outcome",
                        sk_withheld_text(decided->withheld), "rules", rules,
                        "cut_by", takes_json(field->takes, field->takes_count),
                        "lacks", lacks_json(&field->lacks));
        json_object_set_new(
            one, "nearest",
            field->nearest == SIZE_MAX
                ? json_null()
                : json_pack("{s:o, s:o}", "rule",
                            sk_policy_string(x->trace.rules[field->nearest].id),
                            "level", sk_policy_string(field->nearest_level)));
        json_object_setn_new(out, (const char *)decided->name.data,
                             decided->name.size, one);
    }
    return out;
}

json_t *sk_explain_json(const struct sk_explained *x)
{
    const struct sk_trace *trace = &x->trace;
    json_t *consents = json_array();

    for (size_t i = 0; i < trace->givings_count; i++) {
        const struct sk_trace_giving *giving = &trace->givings[i];

        json_array_append_new(consents,
                              json_pack("{s:o, s:o, s:o, s:b}", "id",
                                        sk_policy_string(giving->id), "at",
                                        instant_json(giving->at), "until",
                                        instant_json(giving->end), "explicit",
                                        giving->explicit_consent));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:O}", "rules",
                     rules_json(trace), "near", near_json(trace),
                     "forbidden_by",
                     takes_json(trace->forbids, trace->forbids_count), "fields",
                     fields_json(x), "consents", consents, "needs", x->needs);
}
