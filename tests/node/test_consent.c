/* Tests: node/engine/consent_list.c, node/engine/consent_ops.c */
#include "tests/node/people.h"

#include "node/engine/consent.h"
#include "node/engine/state.h"

/* docs/CONSENT.md 1 to 3. */

static struct fx f;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(consent, .init = start, .fini = end);

#define GIVE                                                                   \
    "{'participant':'%s','until':'%s','purposes':%s,"                          \
    "'recipients':%s,%s" PEOPLE_NOTICE "}"
#define CATEGORIES "'categories':['work.job'],"

/* CONSENT 2, row by row. */
Test(consent, refuses_a_giving_that_does_not_name_leaves)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    static const struct {
        const char *purposes;
        const char *recipients;
        const char *categories;
        const char *field;
    } rows[] = {
        {"['work']", "['houtzaak']", CATEGORIES, "purposes"},
        {"['work.placement','guidance']", "['houtzaak']", CATEGORIES,
         "purposes"},
        {"['work.nothing']", "['houtzaak']", CATEGORIES, "purposes"},
        {"['work.placement']", "['nobody']", CATEGORIES, "recipients"},
        {"['work.placement']", "['houtzaak']", "'categories':['work'],",
         "categories"},
        {"['work.placement']", "['houtzaak']", "'categories':['work.sweat'],",
         "categories"},
        {"['work.placement']", "['houtzaak']", "", "categories"},
        {"['work.placement','discovery']", "['houtzaak']", "", "categories"},
    };

    people_link(&f, "buso", who, "houtzaak");
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        fx_refused(&f, "buso", "consent-not-leaf", "consent.give", GIVE,
                   who.text, "2027-03-02", rows[i].purposes, rows[i].recipients,
                   rows[i].categories);
        cr_expect(
            eq(str, (char *)fx_text(&f, "error.field"), (char *)rows[i].field));
    }
    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents"), "[]"));
    /* `discovery` alone needs no categories. */
    fx_ok(&f, "buso", "consent.give", GIVE, who.text, "2027-03-02",
          "['discovery']", "['houtzaak']", "");
}

Test(consent, lasts_at_most_what_the_purpose_allows)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");

    people_link(&f, "buso", who, "gtb");
    /* A handover: 90 days, to the end of that civil day: 30 May. */
    fx_refused(&f, "buso", "consent-too-long", "consent.give", GIVE, who.text,
               "2027-05-31", "['guidance.handover']", "['gtb']", CATEGORIES);
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "2027-05-30"));
    fx_refused(&f, "buso", "consent-too-long", "consent.give", GIVE, who.text,
               "2027-05-30T22:00:01Z", "['guidance.handover']", "['gtb']",
               CATEGORIES);
    fx_refused(&f, "buso", "consent-too-long", "consent.give", GIVE, who.text,
               "2027-05-31", "['guidance.joint','guidance.handover']",
               "['gtb']", CATEGORIES);
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "2027-05-30"),
              "of the purpose that allows least");
    fx_refused(&f, "buso", "bad-argument", "consent.give", GIVE, who.text,
               "2027-02-28", "['guidance.handover']", "['gtb']", CATEGORIES);
    fx_refused(&f, "buso", "bad-argument", "consent.give", GIVE, who.text,
               "soon", "['guidance.handover']", "['gtb']", CATEGORIES);
    fx_ok(&f, "buso", "consent.give", GIVE, who.text, "2027-05-30",
          "['guidance.handover']", "['gtb']", CATEGORIES);
    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents.0.until"),
                 "2027-05-30T22:00:00Z"));
}

static void give_by(struct people_id who, const char *giver, bool may)
{
    char code[64];

    fx_call(&f, "buso", "consent.give",
            "{'participant':'%s','until':'2027-03-31',"
            "'purposes':['work.placement'],'recipients':['houtzaak'],"
            "'categories':['work.job'],'given_by':'%s'," PEOPLE_NOTICE "}",
            who.text, giver);
    snprintf(code, sizeof(code), "%s", fx_text(&f, "error.code"));
    cr_expect(eq(str, code, may ? "absent" : "consent-wrong-giver"),
              "given by %s", giver);
}

/* POLICY.md 8.3: who may give. */
Test(consent, comes_from_the_right_person)
{
    static const struct {
        const char *birth;
        const char *giver;
        bool may;
    } rows[] = {
        {"2009-03-02", "self", false},
        {"2009-03-02", "parent", true},
        {"2009-03-02", "self-and-parent", true},
        {"2009-03-02", "administrator", false},
        {"2009-03-01", "self", true}, /* 18 today */
        {"2009-03-01", "parent", false},
        {"2009-03-01", "self-and-parent", true},
        {"2009-03-01", "self-and-administrator", true},
        {"2009-03", "self", false}, /* the last possible day counts */
        {"2009-02", "self", true},
        {"2009", "self", false},
        {"2008", "self", true},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct people_id who = people_add(&f, "buso", rows[i].birth);

        people_link(&f, "buso", who, "houtzaak");
        give_by(who, rows[i].giver, rows[i].may);
    }
    fx_refused(&f, "buso", "bad-argument", "consent.give",
               "{'participant':'%s','until':'2027-03-31',"
               "'purposes':['work.placement'],'recipients':['houtzaak'],"
               "'categories':['work.job'],'given_by':'aunt'," PEOPLE_NOTICE "}",
               people_add(&f, "buso", "2000").text);
}

Test(consent, under_administration_comes_from_the_administrator)
{
    struct people_id who;

    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Jonas','birth_date':'2000',"
          "'administration':['2027-01-01','2027-03-01']}");
    who = people_take(&f, "result.participant");
    people_link(&f, "buso", who, "houtzaak");
    give_by(who, "self", false);
    give_by(who, "self-and-parent", false);
    give_by(who, "administrator", true);
    give_by(who, "self-and-administrator", true);
    fx_clock(&f, "2027-03-01T23:00:00Z"); /* the day after, in Brussels */
    give_by(who, "administrator", false);
    give_by(who, "self", true);
}

Test(consent, needs_the_text_that_was_shown_and_a_relation)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");

    fx_refused(&f, "buso", "consent-no-relation", "consent.give", GIVE,
               who.text, "2027-03-31", "['work.placement']", "['houtzaak']",
               CATEGORIES);
    fx_refused(&f, "buso", "consent-no-notice", "consent.give",
               "{'participant':'%s','until':'2027-03-31',"
               "'purposes':['work.placement'],'recipients':['houtzaak'],"
               "'categories':['work.job']}",
               who.text);
    fx_refused(&f, "buso", "consent-no-notice", "consent.give",
               "{'participant':'%s','until':'2027-03-31',"
               "'purposes':['work.placement'],'recipients':['houtzaak'],"
               "'categories':['work.job'],'notice':{'$hex':''}}",
               who.text);
    /* An announced relation is one; a closed one is none. */
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'houtzaak','from':'2027-03-15'}",
          who.text);
    fx_ok(&f, "buso", "consent.give", GIVE, who.text, "2027-03-31",
          "['work.placement']", "['houtzaak']", CATEGORIES);
    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    /* SHA-256 of the bytes of the notice. */
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents.0.notice_hash"),
                 "b1f1c136168802527cc1532748410d2b"
                 "9880f534f38cb049e7a5a91341dadeb2"));
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'gtb','from':'2026-01-01',"
          "'until':'2027-02-28'}",
          who.text);
    fx_refused(&f, "buso", "consent-no-relation", "consent.give", GIVE,
               who.text, "2027-03-31", "['work.placement']",
               "['houtzaak','gtb']", CATEGORIES);
}

/* I5: what takes away must say something too. */
Test(consent, refuses_words_that_nobody_knows)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    static const char *const ops[] = {"consent.withdraw", "consent.refuse",
                                      "consent.request"};

    for (size_t i = 0; i < SK_COUNT(ops); i++) {
        fx_refused(&f, "buso", "unknown-purpose", ops[i],
                   "{'participant':'%s','purposes':['werk']}", who.text);
        fx_refused(&f, "buso", "unknown-org", ops[i],
                   "{'participant':'%s','recipients':['vdabb']}", who.text);
        fx_refused(&f, "buso", "unknown-category", ops[i],
                   "{'participant':'%s','categories':['money']}", who.text);
        fx_refused(&f, "buso", "unknown-participant", ops[i],
                   "{'participant':'00000000-0000-4000-8000-000000000000'}");
        fx_ok(&f, "buso", ops[i],
              "{'participant':'%s','purposes':['work'],"
              "'categories':['health','work.job']}",
              people_add(&f, "buso", "2000").text);
    }
}

/* 3.5: nobody is asked again for 30 days. */
Test(consent, is_not_asked_again_after_a_refusal)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");

    fx_ok(&f, "buso", "consent.request",
          "{'participant':'%s','purposes':['work.placement'],"
          "'recipients':['houtzaak']}",
          who.text);
    fx_ok(&f, "buso", "consent.refuse",
          "{'participant':'%s','purposes':['work'],"
          "'recipients':['houtzaak']}",
          who.text);
    fx_refused(&f, "buso", "consent-asked-recently", "consent.request",
               "{'participant':'%s','purposes':['work.placement'],"
               "'recipients':['houtzaak']}",
               who.text);
    /* Another question is another question. */
    fx_ok(&f, "buso", "consent.request",
          "{'participant':'%s','purposes':['work.placement'],"
          "'recipients':['houtzaak','gtb']}",
          who.text);
    fx_ok(&f, "buso", "consent.request",
          "{'participant':'%s','recipients':['houtzaak']}", who.text);
    fx_clock(&f, "2027-03-31T08:59:59Z");
    fx_refused(&f, "buso", "consent-asked-recently", "consent.request",
               "{'participant':'%s','purposes':['work.placement'],"
               "'recipients':['houtzaak']}",
               who.text);
    fx_clock(&f, "2027-03-31T09:00:00Z");
    fx_ok(&f, "buso", "consent.request",
          "{'participant':'%s','purposes':['work.placement'],"
          "'recipients':['houtzaak']}",
          who.text);
}

static const char *now_of(struct people_id who, size_t i)
{
    char path[64];

    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    snprintf(path, sizeof(path), "result.consents.%zu.now", i);
    return fx_text(&f, path);
}

Test(consent, list_says_what_each_giving_is_worth_now)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");

    people_link(&f, "buso", who, "houtzaak");
    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   "['work.job','work.profile']");
    cr_expect(eq(str, (char *)now_of(who, 0), "given"));
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['work.profile']}", who.text);
    cr_expect(eq(str, (char *)now_of(who, 0), "given"), "a part is left");
    fx_clock(&f, "2027-03-03T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   "['work.job','work.profile']");
    cr_expect(eq(str, (char *)now_of(who, 0), "replaced"));
    cr_expect(eq(str, (char *)now_of(who, 1), "withdrawn"));
    cr_expect(eq(str, (char *)now_of(who, 2), "given"));
    fx_clock(&f, "2027-05-29T22:00:00Z");
    cr_expect(eq(str, (char *)now_of(who, 2), "expired"));
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)now_of(who, 2), "withdrawn"));
    cr_expect(eq(str, (char *)now_of(who, 3), "withdrawn"));
}

Test(consent, an_ordinary_renewal_leaves_an_explicit_one)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");

    people_link(&f, "buso", who, "houtzaak");
    fx_ok(&f, "buso", "consent.give",
          "{'participant':'%s','until':'2027-05-31','explicit':true,"
          "'purposes':['work.placement'],'recipients':['houtzaak'],"
          "'categories':['work.job']," PEOPLE_NOTICE "}",
          who.text);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   "['work.job']");
    cr_expect(eq(str, (char *)now_of(who, 0), "given"));
    fx_clock(&f, "2027-03-03T09:00:00Z");
    fx_ok(&f, "buso", "consent.refuse",
          "{'participant':'%s','purposes':['work']}", who.text);
    cr_expect(eq(str, (char *)now_of(who, 0), "refused"));
    cr_expect(eq(str, (char *)now_of(who, 1), "refused"));
}

/* ------------------------------------------------------------- the chain */

static struct sk_participant_id participant_of(struct people_id who)
{
    struct sk_participant_id id;

    cr_assert(sk_id_parse(sk_text(who.text), &id.id));
    return id;
}

static size_t records(struct sk_engine *e, struct people_id who,
                      struct sk_consent_record **out)
{
    struct sk_participant_id id = participant_of(who);
    size_t count;

    cr_assert(sk_consent_all(e, &id, out, &count) == SK_OK);
    return count;
}

Test(consent, records_are_a_signed_chain)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id id;
    struct fx_node *node = fx_node(&f, "buso");
    struct sk_consent_record *all;
    struct sk_consent_record one;
    struct sk_consent_id consent;

    people_link(&f, "buso", who, "houtzaak");
    for (size_t i = 0; i < 3; i++)
        id = people_consent(&f, "buso", who, "houtzaak", "work.placement",
                            "['work.job']");
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(eq(sz, records(node->engine, who, &all), 3));
    for (size_t i = 0; i < 3; i++) {
        cr_expect(all[i].in_chain);
        cr_expect(eq(u64, all[i].number, i + 1));
        cr_expect(
            sk_consent_is_signed(node->engine, &all[i], &node->card.signing));
        all[i].fact.at++;
        cr_expect(not(
            sk_consent_is_signed(node->engine, &all[i], &node->card.signing)));
    }
    cr_expect(memcmp(&all[1].previous, &all[0].hash, SK_HASH_SIZE) == 0);
    cr_expect(memcmp(&all[0].hash, &all[1].hash, SK_HASH_SIZE) != 0);
    cr_assert(sk_id_parse(sk_text(id.text), &consent.id));
    cr_assert(sk_consent_get(node->engine, &consent, &one) == SK_OK);
    cr_expect(eq(u64, one.number, 3));
    consent.id.bytes[0] ^= 1;
    cr_expect(
        eq(int, sk_consent_get(node->engine, &consent, &one), SK_E_NOT_FOUND));
    sk_store_abort(node->store);
}

/* 1.3: a record is gone. */
static void lose_record(const char *org, struct people_id who, uint64_t number)
{
    struct sk_participant_id id = participant_of(who);
    struct sk_key key = sk_key_person(SK_T_CONSENT, &id.id);
    struct fx_node *node = fx_node(&f, org);

    sk_key_u64(&key, number);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(sk_store_delete(node->store, SK_SPACE_DATA, sk_key_done(&key)) ==
              SK_OK);
    cr_assert(sk_store_commit(node->store) == SK_OK);
}

Test(consent, behind_a_gap_only_taking_back_counts)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id event;

    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   "['work.job']");
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.request", "{'participant':'%s'}", who.text);
    fx_clock(&f, "2027-03-03T09:00:00Z");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   "['work.job','identity.name']");
    event = people_workplace(&f, who);
    people_send(&f, "buso", event, "houtzaak", "work.placement");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.fields.given_name"), "Jonas"));
    lose_record("buso", who, 2);
    people_send(&f, "buso", event, "houtzaak", "work.placement");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.withheld.given_name"), "consent"));
    fx_clock(&f, "2027-03-04T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    cr_expect(eq(
        str,
        (char *)people_denied(&f, "buso", event, "houtzaak", "work.placement"),
        "consent-withdrawn"));
}

/* The store of a node, with its reads counted. */
static struct sk_store_vtable counting;
static const struct sk_store_vtable *counted;
static size_t reads;

static enum sk_status count_get(struct sk_store *store, enum sk_space space,
                                struct sk_bytes key, struct sk_bytes *value)
{
    reads++;
    return counted->get(store, space, key, value);
}

static enum sk_status count_seek(struct sk_store *store, enum sk_space space,
                                 struct sk_bytes from, bool after,
                                 struct sk_bytes *key, struct sk_bytes *value)
{
    reads++;
    return counted->seek(store, space, from, after, key, value);
}

static void count_reads(struct sk_store *store)
{
    counted = store->vtable;
    counting = *counted;
    counting.get = count_get;
    counting.seek = count_seek;
    store->vtable = &counting;
}

/* Withdrawals towards gtb, as a partner or a clumsy script would make them. */
static void append_many(struct fx_node *node, struct people_id who,
                        size_t count)
{
    struct sk_engine *e = node->engine;
    const struct sk_bytes gtb = sk_text("gtb");

    cr_assert(sk_store_begin(node->store) == SK_OK);
    for (size_t i = 0; i < count; i++) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_consent_record record = {
            .participant = participant_of(who),
            .fact = {.state = sk_text("withdrawn"),
                     .at = sk_instant(e),
                     .until = INT64_MIN,
                     .recipients = &gtb,
                     .recipients_count = 1,
                     .given_by = sk_text("self")},
        };

        cr_assert(sk_consent_append(e, &record) == SK_OK);
        sk_arena_reset(&e->scratch, mark);
    }
    cr_assert(sk_store_commit(node->store) == SK_OK);
}

/* 4.1, I7: however long the list is, data stop, and what is out is recalled;
   one record more costs what the first ones did. */
Test(consent, is_withdrawn_behind_thousands_of_records, .timeout = 120)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct fx_node *node = fx_node(&f, "buso");
    struct people_id event;
    struct people_id message;
    size_t early;

    people_link(&f, "buso", who, "houtzaak");
    count_reads(node->store);
    append_many(node, who, 10);
    reads = 0;
    append_many(node, who, 1);
    early = reads;
    append_many(node, who, 5000);
    reads = 0;
    append_many(node, who, 1);
    cr_expect(eq(sz, reads, early));
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    event = people_workplace(&f, who);
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_run(&f);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    reads = 0;
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    /* The chain is walked once, not once per record. */
    cr_expect(lt(sz, reads, 3 * 5000));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "recall"), "asked"));
    cr_expect(eq(
        str,
        (char *)people_denied(&f, "buso", event, "houtzaak", "work.placement"),
        "consent-withdrawn"));
}

/* Without the number of the last record, or with a wrong one, the chain goes
   on where it ends. */
Test(consent, chain_goes_on_where_it_ends)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct fx_node *node = fx_node(&f, "buso");
    struct sk_participant_id id = participant_of(who);
    struct sk_key key = sk_key_person(SK_T_CONSENT_LAST, &id.id);
    static const uint8_t two[8] = {0, 0, 0, 0, 0, 0, 0, 2};
    struct sk_consent_record *all;

    append_many(node, who, 3);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(sk_store_put(node->store, SK_SPACE_DATA, sk_key_done(&key),
                           (struct sk_bytes){two, sizeof(two)}) == SK_OK);
    cr_assert(sk_store_commit(node->store) == SK_OK);
    append_many(node, who, 1);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(sk_store_delete(node->store, SK_SPACE_DATA, sk_key_done(&key)) ==
              SK_OK);
    cr_assert(sk_store_commit(node->store) == SK_OK);
    append_many(node, who, 1);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(eq(sz, records(node->engine, who, &all), 5));
    for (size_t i = 0; i < 5; i++)
        cr_expect(all[i].in_chain, "%zu", i);
    sk_store_abort(node->store);
}

/* 3.4: what a parent gave ends on the 18th birthday; what was given together
   goes on. */
Test(consent, of_a_parent_ends_when_the_child_comes_of_age)
{
    static const struct {
        const char *giver;
        bool ends;
    } rows[] = {{"parent", true}, {"self-and-parent", false}};

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct people_id who = people_add(&f, "buso", "2009-03-10");
        struct people_id event;

        people_link(&f, "buso", who, "houtzaak");
        give_by(who, rows[i].giver, true);
        cr_expect(eq(int, strstr(f.reply, "'ends':'2027-03-09T23:00:00Z'") != 0,
                     rows[i].ends),
                  "%s", f.reply);
        event = people_workplace(&f, who);
        people_send(&f, "buso", event, "houtzaak", "work.placement");
        fx_clock(&f, "2027-03-09T22:59:59Z");
        people_send(&f, "buso", event, "houtzaak", "work.placement");
        if (!rows[i].ends)
            continue;
        fx_clock(&f, "2027-03-09T23:00:00Z");
        cr_expect(eq(str,
                     (char *)people_denied(&f, "buso", event, "houtzaak",
                                           "work.placement"),
                     "consent-expired"));
        cr_expect(eq(str, (char *)now_of(who, 0), "expired"));
        fx_end(&f);
        fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    }
}

/* ------------------------------------------------------------- renewal */

#define OTHER_NOTICE "'notice':{'$hex':'416e64657265'}"
#define RENEW                                                                  \
    "{'participant':'%s','consent':'%s','until':'%s'%s," OTHER_NOTICE "}"

static struct people_id placed(struct people_id who, const char *more)
{
    fx_ok(&f, "buso", "consent.give",
          "{'participant':'%s','until':'2027-04-30','purposes':"
          "['work.placement'],'recipients':['houtzaak'],'categories':"
          "['identity.name','work.job']%s," PEOPLE_NOTICE "}",
          who.text, more);
    return people_take(&f, "result.consent");
}

static const char *listed(struct people_id who, size_t at, const char *key)
{
    char path[64];

    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", who.text);
    snprintf(path, sizeof(path), "result.consents.%zu.%s", at, key);
    return fx_text(&f, path);
}

/* 3.7: flows go on without a gap, and both texts are kept. */
Test(consent, renewed_in_time_leaves_no_gap)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id event = people_workplace(&f, who);
    struct people_id old;
    struct people_id new;
    char hash[65];

    people_link(&f, "buso", who, "houtzaak");
    old = placed(who, "");
    snprintf(hash, sizeof(hash), "%s", listed(who, 0, "notice_hash"));
    fx_clock(&f, "2027-04-20T09:00:00Z");
    fx_ok(&f, "buso", "consent.renew", RENEW, who.text, old.text, "2027-07-31",
          "");
    new = people_take(&f, "result.consent");
    cr_expect(eq(str, (char *)fx_text(&f, "result.renews"), old.text));
    cr_expect(eq(str, (char *)listed(who, 0, "now"), "replaced"));
    cr_expect(eq(str, (char *)listed(who, 0, "notice_hash"), hash));
    cr_expect(eq(str, (char *)listed(who, 0, "until"), "2027-04-30T22:00:00Z"));
    cr_expect(eq(str, (char *)listed(who, 1, "now"), "given"));
    cr_expect(ne(str, (char *)listed(who, 1, "notice_hash"), hash));
    cr_expect(eq(str, (char *)listed(who, 1, "categories"),
                 "['identity.name','work.job']"));
    cr_expect(eq(str, (char *)listed(who, 1, "consent"), new.text));
    fx_clock(&f, "2027-04-30T21:59:59Z");
    (void)people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_clock(&f, "2027-04-30T22:00:00Z");
    (void)people_send(&f, "buso", event, "houtzaak", "work.placement");
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents.0"), new.text));
    fx_clock(&f, "2027-07-31T22:00:00Z");
    cr_expect(eq(
        str,
        (char *)people_denied(&f, "buso", event, "houtzaak", "work.placement"),
        "consent-expired"));
}

/* What was taken back, also in part, does not come back by itself. */
Test(consent, that_holds_in_part_is_not_renewed)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id other = people_add(&f, "buso", "2000-05-14");
    struct people_id old;

    people_link(&f, "buso", who, "houtzaak");
    old = placed(who, "");
    fx_refused(&f, "buso", "unknown-consent", "consent.renew", RENEW,
               other.text, old.text, "2027-07-31", "");
    fx_refused(&f, "buso", "unknown-consent", "consent.renew", RENEW, who.text,
               who.text, "2027-07-31", "");
    fx_refused(&f, "buso", "bad-argument", "consent.renew", RENEW, who.text,
               old.text, "2027-04-30", "");
    fx_refused(&f, "buso", "consent-too-long", "consent.renew", RENEW, who.text,
               old.text, "2099-04-30", "");
    fx_refused(&f, "buso", "consent-no-notice", "consent.renew",
               "{'participant':'%s','consent':'%s','until':'2027-07-31'}",
               who.text, old.text);
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['work.job']}", who.text);
    fx_refused(&f, "buso", "consent-not-whole", "consent.renew", RENEW,
               who.text, old.text, "2027-07-31", "");
    cr_expect(eq(str, (char *)listed(who, 2, "now"), "absent"));
}

Test(consent, that_ended_is_not_renewed)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id old;

    people_link(&f, "buso", who, "houtzaak");
    old = placed(who, "");
    fx_clock(&f, "2027-04-30T22:00:00Z");
    fx_refused(&f, "buso", "consent-not-whole", "consent.renew", RENEW,
               who.text, old.text, "2027-07-31", "");
}

/* 3.3: boxes that were signed one by one are signed one by one again. */
Test(consent, that_was_explicit_is_renewed_explicitly)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id old;

    people_link(&f, "buso", who, "houtzaak");
    old = placed(who, ",'explicit':true");
    fx_clock(&f, "2027-04-20T09:00:00Z");
    fx_refused(&f, "buso", "consent-not-explicit", "consent.renew", RENEW,
               who.text, old.text, "2027-07-31", "");
    fx_ok(&f, "buso", "consent.renew", RENEW, who.text, old.text, "2027-07-31",
          ",'explicit':true");
    cr_expect(eq(str, (char *)listed(who, 1, "explicit"), "true"));
}

/* 3.4, 3.7: what a parent gave alone ends on the birthday, the reminder counts
   from there, and then the person decides: a parent cannot any more. */
Test(consent, of_a_parent_is_renewed_by_who_may)
{
    struct people_id who = people_add(&f, "buso", "2009-04-20");
    struct people_id event = people_workplace(&f, who);
    struct people_id old;

    people_link(&f, "buso", who, "houtzaak");
    old = placed(who, ",'given_by':'parent'");
    cr_expect(eq(str, (char *)listed(who, 0, "ends"), "2027-04-19T22:00:00Z"));
    fx_ok(&f, "buso", "agenda.list", "{'until':'2027-12-31'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.items.1.day"), "2027-04-05"));
    fx_clock(&f, "2027-04-10T09:00:00Z");
    fx_refused(&f, "buso", "consent-wrong-giver", "consent.renew", RENEW,
               who.text, old.text, "2027-07-31", "");
    /* Together: it goes on after the birthday. */
    fx_ok(&f, "buso", "consent.renew", RENEW, who.text, old.text, "2027-07-31",
          ",'given_by':'self-and-parent'");
    old = people_take(&f, "result.consent");
    cr_expect(eq(str, (char *)listed(who, 1, "ends"), "absent"));
    fx_clock(&f, "2027-04-20T09:00:00Z");
    (void)people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_refused(&f, "buso", "consent-wrong-giver", "consent.renew", RENEW,
               who.text, old.text, "2027-08-31", ",'given_by':'parent'");
    fx_ok(&f, "buso", "consent.renew", RENEW, who.text, old.text, "2027-08-31",
          "");
}
