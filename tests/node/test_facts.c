#include "tests/node/people.h"

#include "node/engine/facts.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"

/* Facts of a person are kept from one decision to the next (I1, I2): never
   longer than the records behind them stay the same. */

#define TO_WORK "houtzaak", "work.placement"

static struct fx f;
static struct people_id who;
static struct people_id event;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    event = people_workplace(&f, who);
    people_link(&f, "buso", who, "houtzaak");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(facts, .init = start, .fini = end);

static struct people_id consent(void)
{
    return people_consent(&f, "buso", who, TO_WORK,
                          PEOPLE_WORKPLACE_CATEGORIES);
}

static const char *denied(void)
{
    return people_denied(&f, "buso", event, TO_WORK);
}

/* The facts in memory, as the next decision sees them. */
static const struct sk_facts *now(struct sk_engine *e)
{
    const struct sk_facts *facts = NULL;
    struct sk_participant_id id;

    cr_assert(sk_id_parse(sk_text(who.text), &id.id));
    cr_assert(sk_facts_now(e, &id, &facts) == SK_OK);
    return facts;
}

/* One request in a transaction that ends as the caller wants. */
static void ask_and_abort(const char *op, const char *args)
{
    static struct sk_effects effects;
    struct fx_node *node = fx_node(&f, "buso");
    struct sk_engine *e = node->engine;
    struct sk_input input = {.type = SK_INPUT_CONTROL,
                             .now_ms = f.real_ms,
                             .seed = fx_seed(&f),
                             .owner = true};
    static uint8_t bytes[4096];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct fx_json json = {args};

    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    fx_value(&json, &p);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(sk_pack_finish(&p, &input.bytes) == SK_OK);
    sk_effects_start(&effects, (struct sk_room){f.room, FX_ROOM_MAX});
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(sk_engine_step(e, &input, &effects) == SK_OK);
    cr_assert(node->store->writes > 0, "it changed something");
    (void)now(e);
    sk_store_abort(node->store);
    sk_engine_rollback(e);
}

Test(facts, are_read_once_while_nothing_changes)
{
    struct sk_engine *e = fx_node(&f, "buso")->engine;
    const struct sk_facts *first;

    consent();
    people_send(&f, "buso", event, TO_WORK);
    cr_assert(sk_store_begin(e->store) == SK_OK);
    first = now(e);
    cr_expect(now(e) == first);
    cr_expect(eq(sz, e->scratch.size, 0), "nothing was read again");
    sk_store_abort(e->store);
}

/* Also when others share their place in memory: so many that some do. */
Test(facts, of_neighbours_are_kept_apart)
{
    struct sk_engine *e = fx_node(&f, "buso")->engine;
    const struct sk_facts *first[64];
    struct people_id persons[SK_COUNT(first)];

    for (size_t i = 0; i < SK_COUNT(first); i++)
        persons[i] = people_add(&f, "buso", "2000-05-14");
    cr_assert(sk_store_begin(e->store) == SK_OK);
    for (size_t i = 0; i < SK_COUNT(first); i++) {
        who = persons[i];
        first[i] = now(e);
        for (size_t k = 0; k < i; k++)
            cr_assert(first[k] != first[i]);
    }
    for (size_t i = 0; i < SK_COUNT(first); i++) {
        who = persons[i];
        cr_expect(now(e) == first[i], "%zu", i);
    }
    sk_store_abort(e->store);
}

/* As its record says, of this person and this partner: also the second time,
   and when another was asked for in between. */
static void expect_handle(struct sk_engine *e, const char *org)
{
    struct sk_participant_id id;
    struct sk_relation relation;
    struct sk_handle got;
    struct sk_org to;

    cr_assert(sk_id_parse(sk_text(who.text), &id.id));
    cr_assert(sk_org_parse(sk_text(org), &to));
    (void)now(e); /* a decision came before */
    cr_assert(sk_relation_get(e, &id, &to, &relation) == SK_OK);
    cr_assert(sk_facts_handle(e, &id, &to, &got) == SK_OK);
    cr_expect(sk_id_equal(&got.id, &relation.handle.id), "%s", org);
}

Test(facts, have_the_handle_towards_each_partner)
{
    struct sk_engine *e = fx_node(&f, "buso")->engine;
    struct people_id first = who;
    struct people_id second = people_add(&f, "buso", "2000-05-14");
    struct sk_participant_id nobody = {{{1}}};
    struct sk_handle got = {{{7}}};
    struct sk_org to;

    people_link(&f, "buso", first, "gtb");
    people_link(&f, "buso", second, "gtb");
    cr_assert(sk_store_begin(e->store) == SK_OK);
    for (size_t i = 0; i < 2; i++) {
        who = first;
        expect_handle(e, "gtb");
        expect_handle(e, "gtb");
        expect_handle(e, "houtzaak");
        who = second;
        expect_handle(e, "gtb");
    }
    cr_assert(sk_org_parse(sk_text("gtb"), &to));
    cr_expect(sk_facts_handle(e, &nobody, &to, &got) != SK_OK);
    cr_expect(eq(u8, got.id.bytes[0], 7));
    sk_store_abort(e->store);
    /* Whoever gets the place in memory next finds nothing there. */
    sk_facts_forget(e);
    for (size_t i = 0; i < SK_KEPT_FACTS; i++) {
        cr_assert(eq(int, e->kept_facts[i].to.text[0], 0));
        cr_assert(sk_id_is_zero(&e->kept_facts[i].handle.id));
    }
}

/* Each record behind them, changed between two offers of the same event. */
Test(facts, follow_every_change_at_once)
{
    char objection[SK_ID_TEXT_SIZE + 1];
    struct people_id made;

    cr_expect(eq(str, (char *)denied(), "consent-missing"));
    consent();
    people_send(&f, "buso", event, TO_WORK);
    fx_ok(&f, "buso", "participant.object", "{'participant':'%s'}", who.text);
    made = people_take(&f, "result.objection");
    snprintf(objection, sizeof(objection), "%s", denied());
    cr_expect(ne(str, objection, "consent-missing"));
    fx_ok(&f, "buso", "objection.answer",
          "{'participant':'%s','objection':'%s','answer':'rejected',"
          "'by':'Els','reason':'Een dwingende reden.'}",
          who.text, made.text);
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    (void)denied();
    fx_clock(&f, "2027-03-01T10:00:00Z"); /* at one instant "no" wins */
    consent();
    people_send(&f, "buso", event, TO_WORK);
    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'houtzaak','until':'2027-02-27'}",
          who.text);
    cr_expect(eq(str, (char *)denied(), "not-linked"));
}

/* A withdrawal that was not stored did not happen, and a giving neither. */
Test(facts, forget_what_was_not_stored)
{
    char args[512];

    snprintf(args, sizeof(args),
             "{'participant':'%s','until':'2027-05-29','purposes':"
             "['work.placement'],'recipients':['houtzaak'],"
             "'categories':" PEOPLE_WORKPLACE_CATEGORIES "," PEOPLE_NOTICE "}",
             who.text);
    ask_and_abort("consent.give", args);
    cr_expect(eq(str, (char *)denied(), "consent-missing"));
    consent();
    snprintf(args, sizeof(args), "{'participant':'%s'}", who.text);
    ask_and_abort("consent.withdraw", args);
    people_send(&f, "buso", event, TO_WORK);
}

/* A history that is longer than what is kept is read each time. */
Test(facts, of_a_long_history_are_read_each_time)
{
    for (size_t i = 0; i < 100; i++)
        consent();
    people_send(&f, "buso", event, TO_WORK);
    people_send(&f, "buso", event, TO_WORK);
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)denied(), "consent-withdrawn"));
}
