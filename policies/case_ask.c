#include "policies/cases_private.h"

/* The question of a case: its facts and its event.  POLICY.md 14.1 */

/* i-th of count, from the front or from the back. */
static size_t turn(size_t i, size_t count, bool reversed)
{
    return reversed ? count - 1 - i : i;
}

/* ---------------------------------------------------------------- event */

static struct sk_bytes text_of(const struct sk_node *node)
{
    if (node == NULL || node->kind != SK_NODE_SCALAR)
        return (struct sk_bytes){NULL, 0};
    return node->text;
}

/* A key of the event: what `with` says, else what the event says. */
static struct sk_bytes overlaid(const struct sk_case *one, const char *key)
{
    const struct sk_node *node =
        sk_node_get(sk_node_get(one->ask, "with"), key);

    return text_of(node != NULL ? node : sk_node_get(one->event, key));
}

static bool is_left_out(const struct sk_case *one, struct sk_bytes field)
{
    const struct sk_node *without = sk_node_get(one->ask, "without");
    const struct sk_node *word = without != NULL ? without->first : NULL;

    for (; word != NULL; word = word->next) {
        if (word->kind == SK_NODE_SCALAR && sk_bytes_equal(word->text, field))
            return true;
    }
    return false;
}

/* A list becomes a set; anything else that is no text, a set of nothing. */
static bool set_value(struct sk_arena *arena, const struct sk_node *node,
                      struct sk_named_value *out)
{
    struct sk_bytes *set;

    *out = (struct sk_named_value){.name = node->key};
    if (node->kind == SK_NODE_SCALAR) {
        out->text = node->text;
        return true;
    }
    set = sk_arena_get_array(arena, node->count + 1, sizeof(*set));
    if (set == NULL)
        return false;
    out->set = set;
    for (const struct sk_node *word = node->first;
         node->kind == SK_NODE_LIST && word != NULL; word = word->next)
        set[out->set_count++] = text_of(word);
    return true;
}

static enum sk_status build_fields(const struct sk_case *one, bool reversed,
                                   struct sk_arena *arena,
                                   struct sk_event_view *event)
{
    const struct sk_node *own = sk_node_get(one->event, "fields");
    const struct sk_node *with =
        sk_node_get(sk_node_get(one->ask, "with"), "fields");
    size_t count_max =
        (own != NULL ? own->count : 0) + (with != NULL ? with->count : 0);
    struct sk_named_value *list =
        sk_arena_get_array(arena, count_max + 1, sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *f = own != NULL ? own->first : NULL; f != NULL;
         f = f->next) {
        if (sk_node_get_bytes(with, f->key) == NULL &&
            !is_left_out(one, f->key) && !set_value(arena, f, &list[count++]))
            return SK_E_MEMORY;
    }
    for (const struct sk_node *f = with != NULL ? with->first : NULL; f != NULL;
         f = f->next) {
        if (!is_left_out(one, f->key) && !set_value(arena, f, &list[count++]))
            return SK_E_MEMORY;
    }
    for (size_t i = 0; reversed && i < count / 2; i++) {
        struct sk_named_value other = list[i];

        list[i] = list[count - 1 - i];
        list[count - 1 - i] = other;
    }
    event->fields = list;
    event->fields_count = count;
    return SK_OK;
}

/* ---------------------------------------------------------------- facts */

static enum sk_status add_person(const struct sk_cases *cases,
                                 const struct sk_case *one,
                                 struct sk_bytes subject, bool reversed,
                                 struct sk_facts *facts)
{
    const struct sk_case_facts *from =
        one->facts.has_persons ? &one->facts : &cases->shared;

    for (size_t i = 0; i < from->persons_count; i++) {
        const struct sk_case_person *person = &from->persons[i];

        if (!sk_bytes_equal(person->id, subject))
            continue;
        if (person->birth_date.size != 0)
            (void)sk_facts_birth_date(facts, person->birth_date);
        for (size_t p = 0; p < person->administration_count; p++)
            SK_TRY(sk_facts_administration(
                facts, person->administration[turn(
                           p, person->administration_count, reversed)]));
    }
    return SK_OK;
}

static enum sk_status
add_bonds(const struct sk_case_bond *bonds, size_t count,
          struct sk_bytes subject, bool reversed, struct sk_facts *facts,
          enum sk_status (*add)(struct sk_facts *facts, struct sk_bytes org,
                                struct sk_fact_period period))
{
    for (size_t i = 0; i < count; i++) {
        const struct sk_case_bond *bond = &bonds[turn(i, count, reversed)];

        if (sk_bytes_equal(bond->subject, subject))
            SK_TRY(add(facts, bond->org, bond->period));
    }
    return SK_OK;
}

static bool is_used(const struct sk_case *one,
                    const struct sk_case_consent *consent)
{
    if (one->only_consents == NULL)
        return consent->by_default;
    for (const struct sk_node *id = one->only_consents->first; id != NULL;
         id = id->next) {
        if (id->kind == SK_NODE_SCALAR &&
            sk_bytes_equal(id->text, consent->fact.id))
            return true;
    }
    return false;
}

static enum sk_status add_consents(const struct sk_cases *cases,
                                   const struct sk_case *one,
                                   struct sk_bytes subject, bool reversed,
                                   struct sk_facts *facts)
{
    size_t shared = cases->shared.consents_count;
    size_t count = shared + one->facts.consents_count;

    for (size_t i = 0; i < count; i++) {
        size_t at = turn(i, count, reversed);
        const struct sk_case_consent *consent =
            at < shared ? &cases->shared.consents[at]
                        : &one->facts.consents[at - shared];

        if (sk_bytes_equal(consent->subject, subject) &&
            (at >= shared || is_used(one, consent)))
            SK_TRY(sk_facts_consent(facts, &consent->fact));
    }
    return SK_OK;
}

static enum sk_status add_objections(const struct sk_cases *cases,
                                     const struct sk_case *one,
                                     struct sk_bytes subject, bool reversed,
                                     struct sk_facts *facts)
{
    const struct sk_case_facts *from =
        one->facts.has_objections ? &one->facts : &cases->shared;

    for (size_t i = 0; i < from->objections_count; i++) {
        const struct sk_case_objection *objection =
            &from->objections[turn(i, from->objections_count, reversed)];

        if (sk_bytes_equal(objection->subject, subject))
            SK_TRY(sk_facts_objection(facts, &objection->fact));
    }
    return SK_OK;
}

static enum sk_status add_facts(const struct sk_cases *cases,
                                const struct sk_case *one,
                                struct sk_bytes subject, bool reversed,
                                struct sk_facts *facts)
{
    const struct sk_case_facts *links =
        one->facts.has_links ? &one->facts : &cases->shared;
    const struct sk_case_facts *employers =
        one->facts.has_employers ? &one->facts : &cases->shared;

    SK_TRY(add_person(cases, one, subject, reversed, facts));
    SK_TRY(add_bonds(links->links, links->links_count, subject, reversed, facts,
                     sk_facts_link));
    SK_TRY(add_bonds(employers->employers, employers->employers_count, subject,
                     reversed, facts, sk_facts_employer));
    SK_TRY(add_consents(cases, one, subject, reversed, facts));
    return add_objections(cases, one, subject, reversed, facts);
}

/* ---------------------------------------------------------------- ask */

enum sk_status sk_case_question(const struct sk_cases *cases,
                                const struct sk_case *one,
                                const struct sk_bundle *bundle, bool reversed,
                                struct sk_arena *arena,
                                struct sk_case_question *out)
{
    struct sk_bytes subject = overlaid(one, "subject");
    struct sk_event_view *event = sk_arena_get(arena, sizeof(*event));

    if (event == NULL)
        return SK_E_MEMORY;
    event->type = overlaid(one, "type");
    event->subject = subject.size != 0;
    event->occurred = overlaid(one, "occurred");
    event->source = overlaid(one, "source");
    event->provenance = overlaid(one, "provenance");
    out->question = (struct sk_question){
        .to = text_of(sk_node_get(one->ask, "to")),
        .purpose = text_of(sk_node_get(one->ask, "for")),
        .now = one->facts.has_now ? one->facts.now : cases->shared.now,
        .event = event,
    };
    SK_TRY(build_fields(one, reversed, arena, event));
    SK_TRY(sk_facts_start(bundle, arena, &out->facts));
    return add_facts(cases, one, subject, reversed, out->facts);
}

enum sk_status sk_case_ask(const struct sk_cases *cases,
                           const struct sk_case *one,
                           const struct sk_bundle *bundle, bool reversed,
                           struct sk_arena *arena, struct sk_decision *out)
{
    struct sk_case_question asked;

    SK_TRY(sk_case_question(cases, one, bundle, reversed, arena, &asked));
    return sk_decide(bundle, asked.facts, &asked.question, arena, out);
}
