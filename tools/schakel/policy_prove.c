#include "policies/civil.h"
#include "policies/prove.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy prove`: the invariants of a bundle.  POLICY.md 12 */

/* ---------------------------------------------------------------- JSON */

static json_t *json_day(int32_t day)
{
    char text[11];

    if (day == INT32_MIN)
        return json_null();
    sk_day_format(day, text);
    return json_string(text);
}

static json_t *json_word(struct sk_bytes word)
{
    return word.size > 0 ? sk_policy_string(word) : json_null();
}

static json_t *json_counterexample(const struct sk_bundle *bundle,
                                   const struct sk_counterexample *c)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    json_t *told = json_object();

    json_object_set_new(told, "day", json_day(c->day));
    json_object_set_new(told, "to",
                        sk_policy_string(bundle->roster.orgs[c->spot.org].id));
    json_object_set_new(told, "for",
                        sk_policy_string(v->purposes[c->spot.purpose].id));
    json_object_set_new(told, "event",
                        sk_policy_string(v->events[c->spot.event].id));
    json_object_set_new(told, "field",
                        sk_policy_string(sk_field_name(v, c->field)));
    json_object_set_new(told, "level",
                        sk_policy_string(sk_level_name(v, c->field, c->level)));
    json_object_set_new(told, "rule", json_word(c->rule));
    json_object_set_new(told, "missing", json_boolean(c->missing));
    if (c->missing)
        json_object_set_new(told, "reached",
                            c->reached == 0 ? json_null()
                                            : sk_policy_string(sk_level_name(
                                                  v, c->field, c->reached)));
    if (c->rule.size > 0) {
        json_object_set_new(told, "file", json_string(c->place.file));
        json_object_set_new(told, "line", json_integer(c->place.line));
    }
    return told;
}

static void print_json(const struct sk_bundle *bundle,
                       const struct sk_proof *proofs, size_t count, bool ok)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct sk_proof *proof = &proofs[i];
        json_t *told = json_object();

        json_object_set_new(told, "id", sk_policy_string(proof->invariant->id));
        json_object_set_new(told, "text",
                            sk_policy_string(proof->invariant->text));
        json_object_set_new(told, "ok", json_boolean(proof->holds));
        json_object_set_new(told, "counterexample",
                            proof->holds
                                ? json_null()
                                : json_counterexample(bundle, &proof->first));
        json_object_set_new(told, "spoken", json_boolean(proof->spoken));
        json_array_append_new(list, told);
    }
    sk_policy_answer(json_pack("{s:s, s:b, s:o}", "command", "prove", "ok", ok,
                               "invariants", list));
}

/* ---------------------------------------------------------------- text */

/* "VDAB, voor Toeleiding naar werk: Stopreden (volledig) van Traject ..." */
static void print_where(struct sk_policy_run *run,
                        const struct sk_bundle *bundle,
                        const struct sk_counterexample *c)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    const struct sk_purpose *purpose = &v->purposes[c->spot.purpose];
    const struct sk_event_type *event = &v->events[c->spot.event];
    const struct sk_roster_org *org = &bundle->roster.orgs[c->spot.org];

    printf(run->dutch ? "    %.*s (%.*s), voor %.*s (%.*s)\n"
                      : "    %.*s (%.*s), for %.*s (%.*s)\n",
           SK_ARG(org->written), SK_ARG(org->id),
           SK_ARG(sk_policy_label(run, &purpose->label, purpose->id)),
           SK_ARG(purpose->id));
    printf("    %.*s (%.*s): %.*s (%.*s)",
           SK_ARG(sk_policy_label(run, &event->label, event->id)),
           SK_ARG(event->id), SK_ARG(sk_policy_field(run, v, c->field)),
           SK_ARG(sk_field_name(v, c->field)));
    if (c->field != SK_FACT)
        printf(", %s", sk_policy_level(run, v, c->field, c->level));
    putchar('\n');
}

static void print_counterexample(struct sk_policy_run *run,
                                 const struct sk_bundle *bundle,
                                 const struct sk_counterexample *c)
{
    char day[11];

    if (c->missing) {
        printf("    %s", sk_policy_word(run, "dit gaat op geen enkele dag",
                                        "this flows on no day"));
        if (c->reached > 0)
            printf(
                run->dutch ? "; hoogstens: %s" : "; at most: %s",
                sk_policy_level(run, bundle->vocabulary, c->field, c->reached));
        putchar('\n');
    } else {
        sk_day_format(c->day, day);
        printf(run->dutch ? "    tegenvoorbeeld op %s\n"
                          : "    counterexample on %s\n",
               day);
    }
    print_where(run, bundle, c);
    if (c->rule.size > 0)
        printf("    %s:%u: %s '%.*s'\n", c->place.file, c->place.line,
               c->missing
                   ? sk_policy_word(run, "tegengehouden door", "stopped by")
                   : sk_policy_word(run, "door regel", "by rule"),
               SK_ARG(c->rule));
    else if (c->missing)
        printf("    %s\n",
               sk_policy_word(run, "geen enkele deelregel geeft dit",
                              "no share rule gives this"));
}

/* Is it a demand on what flows, which nothing meets when nothing flows? */
static bool is_about_ways(const struct sk_invariant *invariant)
{
    return invariant->form == SK_FORM_NEEDS_CONSENT ||
           invariant->form == SK_FORM_MAX_RETENTION;
}

static void print_text(struct sk_policy_run *run,
                       const struct sk_bundle *bundle,
                       const struct sk_proof *proofs, size_t count)
{
    size_t broken = 0;

    if (count == 0)
        puts(sk_policy_word(run, "deze bundel heeft geen invarianten",
                            "this bundle has no invariants"));
    for (size_t i = 0; i < count; i++) {
        const struct sk_proof *proof = &proofs[i];
        const struct sk_invariant *invariant = proof->invariant;

        printf("%s  %.*s  %.*s\n",
               proof->holds ? sk_policy_word(run, "bewezen     ", "proved    ")
                            : sk_policy_word(run, "NIET BEWEZEN", "NOT PROVED"),
               SK_ARG(invariant->id), SK_ARG(invariant->text));
        if (!proof->holds)
            print_counterexample(run, bundle, &proof->first);
        else if (!proof->spoken && is_about_ways(invariant))
            printf("    %s\n",
                   sk_policy_word(run, "(er is geen stroom waar dit over gaat)",
                                  "(there is no flow that this speaks of)"));
        broken += !proof->holds;
    }
    printf(run->dutch ? "%zu bewezen, %zu niet bewezen\n"
                      : "%zu proved, %zu not proved\n",
           count - broken, broken);
}

int sk_policy_do_prove(struct sk_policy_run *run,
                       const struct sk_parsed *parsed)
{
    struct sk_policy_bundle loaded;
    struct sk_proof *proofs;
    size_t count;
    bool ok = true;
    enum sk_status status;
    int code = sk_policy_open(run, parsed->operands[0], &loaded);

    if (code >= 0)
        return code;
    status = sk_prove(loaded.bundle, &run->arena, &proofs, &count);
    if (status == SK_E_TOO_LARGE)
        return sk_policy_too_large(run);
    if (status != SK_OK)
        return sk_policy_no_memory();
    for (size_t i = 0; i < count; i++)
        ok = ok && proofs[i].holds;
    if (run->json)
        print_json(loaded.bundle, proofs, count, ok);
    else
        print_text(run, loaded.bundle, proofs, count);
    return ok ? SK_EXIT_YES : SK_EXIT_NO;
}
