/* Events: recorded against the vocabulary (POLICY.md 8.2), listed, shown.
   Tests: node/engine/record.c */
#include "tests/node/fixture.h"

#include "node/engine/event.h"
#include "node/engine/state.h"
#include "tests/node/people.h"

static struct fx f;
static char who[64];

static void begin(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    snprintf(who, sizeof(who), "%s", fx_text(&f, "result.participant"));
}

static const char workplace[] =
    "'workplace_kind':'stage','workplace_org':'1999916801',"
    "'start_date':'2026-09-01','hours_week':38";

Test(event, is_stored_as_canonical_text)
{
    char id[64];

    begin();
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':"
          "{'workplace_kind':'stage','workplace_org':'BE 1999.916.801',"
          "'start_date':'2026-08-31','hours_week':30,'safety_done':true,"
          "'adaptations':['lifting']},'occurred':'2026-08-31'}",
          who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.warnings"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.handover"), "absent"));
    snprintf(id, sizeof(id), "%s", fx_text(&f, "result.event"));
    fx_ok(&f, "buso", "event.show", "{'event':'%s'}", id);
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields"),
                 "{'adaptations':['lifting'],'hours_week':'30',"
                 "'safety_done':'true','start_date':'2026-08-31',"
                 "'workplace_kind':'stage','workplace_org':'1999916801'}"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.occurred"), "2026-08-31"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.participant"), who));
    cr_expect(eq(str, (char *)fx_text(&f, "result.source"), "absent"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.about"), "absent"));
    fx_end(&f);
}

Test(event, occurs_today_unless_it_says_when)
{
    begin();
    /* 23:30 UTC is the next civil day in Brussels. */
    fx_clock(&f, "2026-09-01T23:30:00Z");
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':{%s}}", who,
          workplace);
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.events.0.occurred"), "2026-09-02"));
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started',"
          "'occurred':'2026-09-02','fields':{%s}}",
          who, workplace);
    fx_refused(&f, "buso", "malformed-event", "event.record",
               "{'participant':'%s','type':'workplace.started',"
               "'occurred':'2026-09-03','fields':{%s}}",
               who, workplace);
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "occurred"));
    fx_end(&f);
}

/* POLICY.md 8.2, one row per rule; the reply names the field, no value. */
Test(event, is_refused_when_it_is_not_well_formed)
{
    static const struct {
        const char *fields;
        const char *field;
    } rows[] = {
        {"'workplace_kind':'stage','workplace_org':'1999916801',"
         "'start_date':'2026-09-01'",
         "hours_week"}, /* required */
        {"'occurred':'2026-09-01',%s", "occurred"},
        {"'question':'x',%s", "question"}, /* of another type */
        {"'no_such_field':'x',%s", "no_such_field"},
        {"'given_name':' x',%s", "given_name"},
        {"'given_name':['x'],%s", "given_name"},       /* no set */
        {"'adaptations':'lifting',%s", "adaptations"}, /* a set */
        {"'adaptations':['lifting','lifting'],%s", "adaptations"},
        {"'adaptations':['flying'],%s", "adaptations"},
        {"'safety_done':'ja',%s", "safety_done"},
        {"'planned_end':'2026-02-30',%s", "planned_end"},
        {"'occupation':'92',%s", "occupation"},
        {"'legal_employer':'1999916802',%s", "legal_employer"},
        {"'workplace_kind':'huis','workplace_org':'1999916801',"
         "'start_date':'2026-09-01','hours_week':38",
         "workplace_kind"},
        {"'workplace_kind':'stage','workplace_org':'1999916801',"
         "'start_date':'2026-09-01','hours_week':61",
         "hours_week"}, /* at most 60 */
        {"'workplace_kind':'stage','workplace_org':'1999916801',"
         "'start_date':'2026-09-01','hours_week':'38.0'",
         "hours_week"},
    };

    begin();
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char fields[1024];
        const char *rest = strstr(rows[i].fields, "%s");
        int head = rest == NULL ? (int)strlen(rows[i].fields)
                                : (int)(rest - rows[i].fields);

        snprintf(fields, sizeof(fields), "%.*s%s", head, rows[i].fields,
                 rest == NULL ? "" : workplace);
        fx_refused(&f, "buso", "malformed-event", "event.record",
                   "{'participant':'%s','type':'workplace.started',"
                   "'fields':{%s}}",
                   who, fields);
        cr_expect(
            eq(str, (char *)fx_text(&f, "error.field"), (char *)rows[i].field),
            "%s", fields);
        cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "absent"));
    }
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who);
    cr_expect(eq(str, f.reply, "{'ok':true,'result':{'events':[]}}"));
    fx_end(&f);
}

Test(event, is_refused_for_what_nobody_knows)
{
    begin();
    fx_refused(&f, "buso", "unknown-event-type", "event.record",
               "{'participant':'%s','type':'no.such','fields':{}}", who);
    fx_refused(&f, "buso", "unknown-participant", "event.record",
               "{'participant':'00000000-0000-4000-8000-000000000001',"
               "'type':'workplace.started','fields':{%s}}",
               workplace);
    fx_refused(&f, "buso", "bad-argument", "event.record",
               "{'participant':'%s','type':'workplace.started',"
               "'provenance':'hearsay','fields':{%s}}",
               who, workplace);
    fx_refused(&f, "buso", "unknown-org", "event.record",
               "{'participant':'%s','type':'workplace.started',"
               "'source':'niemand','fields':{%s}}",
               who, workplace);
    fx_refused(&f, "buso", "missing-argument", "event.record",
               "{'participant':'%s','type':'handover.answered',"
               "'fields':{'answer':'accepted'}}",
               who);
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "about"));
    fx_refused(&f, "buso", "unknown-handover", "event.record",
               "{'participant':'%s','type':'handover.answered',"
               "'about':'00000000-0000-4000-8000-000000000001',"
               "'fields':{'answer':'accepted'}}",
               who);
    fx_refused(&f, "buso", "unknown-event", "event.show",
               "{'event':'00000000-0000-4000-8000-000000000001'}");
    fx_end(&f);
}

Test(event, warns_of_a_number_with_a_strange_day)
{
    begin();
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'intake.registered','fields':"
          "{'given_name':'Lotte','start_date':'2026-09-01',"
          "'coach_name':'Iris V.','insz':'84.03.14-997.77'}}",
          who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.warnings"), "[]"));
    /* 30 February, with check digits that fit. */
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'intake.registered','fields':"
          "{'given_name':'Lotte','start_date':'2026-09-01',"
          "'coach_name':'Iris V.','insz':'840230997%02d'}}",
          who, 97 - 840230997 % 97);
    cr_expect(eq(str, (char *)fx_text(&f, "result.warnings"), "['insz-day']"));
    fx_end(&f);
}

/* Keys in the store are random: the list is in the order of recording. */
Test(event, are_listed_in_the_order_of_recording)
{
    begin();
    for (int i = 0; i < 30; i++)
        fx_ok(&f, "buso", "event.record",
              "{'participant':'%s','type':'workplace.started','occurred':"
              "'2026-08-%02d','fields':{%s}}",
              who, 30 - i, workplace);
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who);
    for (int i = 0; i < 30; i++) {
        char path[64];
        char day[16];

        snprintf(path, sizeof(path), "result.events.%d.occurred", i);
        snprintf(day, sizeof(day), "2026-08-%02d", 30 - i);
        cr_expect(eq(str, (char *)fx_text(&f, path), day));
    }
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.events")), 30));
    cr_expect(eq(str, (char *)fx_text(&f, "result.events.29.type"),
                 "workplace.started"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.events.29.fields"), "absent"));
    fx_end(&f);
}

Test(event, keeps_who_told_it)
{
    begin();
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','source':'gtb',"
          "'provenance':'authentic-source','fields':{%s}}",
          who, workplace);
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','source':'buso',"
          "'provenance':'own','fields':{%s}}",
          who, workplace);
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.events.0.source"), "gtb"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.events.0.provenance"),
                 "authentic-source"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.events.1.source"), "absent"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.events.1.provenance"), "absent"));
    fx_end(&f);
}

/* DOMAIN 5.4: who records trajectory.started owns it, at epoch 1; a note of
   another organisation's start makes nobody owner. */
Test(event, starts_a_trajectory)
{
    begin();
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'trajectory.started','source':'gtb',"
          "'fields':{'start_date':'2026-09-01','phase':'work_experience',"
          "'status':'active'}}",
          who);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.trajectory"), "nil"));
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'trajectory.started',"
          "'fields':{'start_date':'2026-09-01','phase':'work_experience',"
          "'status':'active'}}",
          who);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.trajectory.owner"), "buso"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.trajectory.epoch"), "1"));
    fx_end(&f);
}

/* The limit on what one event holds: at it, and one over it. */
Test(event, is_bounded)
{
    static struct sk_recorded_event event;
    static struct sk_effects effects;
    struct sk_engine *e;
    struct sk_recorded_event got;
    struct sk_named_value *fields;
    struct sk_bytes *set;
    char *text = calloc(1, SK_EVENT_SIZE_MAX + 1);

    begin();
    e = f.nodes[0].engine;
    sk_effects_start(&effects, (struct sk_room){f.room, FX_ROOM_MAX});
    e->effects = &effects;
    cr_assert(sk_store_begin(e->store) == SK_OK);
    fields = calloc(SK_EVENT_FIELDS_MAX, sizeof(*fields));
    set = calloc(SK_SET_MAX, sizeof(*set));
    memset(text, 'x', SK_EVENT_SIZE_MAX);
    for (size_t i = 0; i < SK_SET_MAX; i++)
        set[i] = (struct sk_bytes){(uint8_t *)text, 4};
    for (size_t i = 0; i < SK_EVENT_FIELDS_MAX; i++) {
        static char names[SK_EVENT_FIELDS_MAX][8];

        snprintf(names[i], sizeof(names[i]), "f%02zu", i);
        fields[i].name = sk_text(names[i]);
        fields[i].set = set;
        fields[i].set_count = SK_SET_MAX;
    }
    cr_assert(sk_id_parse(sk_text(who), &event.participant.id));
    event.id.id.bytes[0] = 5;
    event.view.type = sk_text("workplace.started");
    event.view.occurred = sk_text("2026-09-01");
    event.view.fields = fields;
    event.view.fields_count = SK_EVENT_FIELDS_MAX;
    cr_assert(sk_event_record(e, &event) == SK_OK);
    cr_assert(sk_event_get(e, &event.id, &got) == SK_OK);
    cr_expect(eq(sz, got.view.fields_count, SK_EVENT_FIELDS_MAX));
    cr_expect(eq(sz, got.view.fields[63].set_count, SK_SET_MAX));
    cr_expect(sk_bytes_equal(got.view.fields[63].set[63], set[63]));
    sk_store_abort(e->store);
    e->effects = NULL;
    free(fields);
    free(set);
    free(text);
    fx_end(&f);
}

/* What stays here lies in the order of its making; what a partner hears of is
   random, and tells nothing (PROTOCOL.md 2.7). */
Test(event, ids_ascend_unless_a_partner_hears_them)
{
    struct people_id person;
    struct people_id first;
    struct people_id before;

    people_placement(&f, &person, &first);
    for (int i = 10; i < 30; i++) {
        before = first;
        fx_ok(&f, "buso", "clock.set", "{'at':'2027-03-01T09:00:%dZ'}", i);
        first = people_workplace(&f, person);
        cr_expect(eq(chr, first.text[14], '7'));
        cr_expect(lt(int, strcmp(before.text, first.text), 0));
    }
    before = person;
    person = people_add(&f, "buso", "2000-05-15");
    cr_expect(lt(int, strcmp(before.text, person.text), 0));
    first = people_send(&f, "buso", first, "houtzaak", "work.placement");
    cr_expect(eq(chr, first.text[14], '4'));
    fx_end(&f);
}
