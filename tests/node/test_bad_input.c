/* CONTROL.md 3: what people type wrong, or somebody on purpose.  Each is
   refused with the field, and nothing is stored of it. */
#include "tests/node/staff.h"

static struct fx f;
static struct people_id who;

#define LONG_64                                                                \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64
static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, "gtb");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(bad_input, .init = start, .fini = end);

/* PERSON stands for the participant. */
struct row {
    const char *op;
    const char *args;
    const char *code;
    const char *field;
};

static const char *fill(const char *args)
{
    static char out[32 * 1024];
    const char *at = strstr(args, "PERSON");

    if (at == NULL)
        return args;
    snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - args), args, who.text,
             at + strlen("PERSON"));
    return out;
}

static void check(const struct row *rows, size_t count)
{
    struct sk_store *store = fx_node(&f, "buso")->store;

    for (size_t i = 0; i < count; i++) {
        uint64_t writes = store->writes;

        fx_call(&f, "buso", rows[i].op, "%s", fill(rows[i].args));
        cr_expect(
            eq(str, (char *)fx_text(&f, "error.code"), (char *)rows[i].code),
            "%s %.200s: %.300s", rows[i].op, rows[i].args, f.reply);
        cr_expect(
            eq(str, (char *)fx_text(&f, "error.field"), (char *)rows[i].field),
            "%s %.200s: %.300s", rows[i].op, rows[i].args, f.reply);
        cr_expect(store->writes <= writes, "%s %.200s wrote", rows[i].op,
                  rows[i].args);
        /* I9: what was typed is in no answer. */
        cr_expect(strstr(f.reply, "aaaaaaaaaaaaaaaa") == NULL);
        cr_expect(strchr(f.reply, '\033') == NULL);
    }
}

#define ADD(rest) "{'given_name':'Yara'," rest "}"
#define GIVEN(name) "{'given_name':'" name "'}"
#define EVENT(type, rest)                                                      \
    "{'participant':'PERSON','type':'" type "','fields':{" rest "}}"

/* Names: nothing that acts, turns the reading or cannot be seen. */
Test(bad_input, names)
{
    static const struct row rows[] = {
        {"participant.add", GIVEN("Ya\033[2Jra"), "bad-argument", "given_name"},
        {"participant.add",
         GIVEN("Ya\xc2\x9b"
               "2Jra"),
         "bad-argument", "given_name"},
        {"participant.add", GIVEN("Ya\177ra"), "bad-argument", "given_name"},
        {"participant.add", GIVEN("Ya\tra"), "bad-argument", "given_name"},
        {"participant.add", GIVEN("Ya\rra"), "bad-argument", "given_name"},
        {"participant.add", GIVEN("Ya\xe2\x80\xaera"), "hidden-character",
         "given_name"},
        {"participant.add", GIVEN("Ya\xe2\x81\xa7ra"), "hidden-character",
         "given_name"},
        {"participant.add", GIVEN("Ya\xe2\x80\x8bra"), "hidden-character",
         "given_name"},
        {"participant.add", GIVEN("Ya\xc2\xadra"), "hidden-character",
         "given_name"},
        {"participant.add", GIVEN("\xef\xbb\xbfYara"), "hidden-character",
         "given_name"},
        {"participant.add", ADD("'family_name':'H\xf3\xa0\x81\x81'"),
         "hidden-character", "family_name"},
        {"participant.add", GIVEN(""), "bad-argument", "given_name"},
        {"participant.add", GIVEN(" Yara"), "bad-argument", "given_name"},
        {"participant.add", GIVEN(LONG_256), "bad-argument", "given_name"},
        {"participant.add", ADD("'source_id':'" LONG_256 "'"), "bad-argument",
         "source_id"},
        {"event.record",
         EVENT("handover.requested", "'coach_name':'Ya\xe2\x80\x8bra'"),
         "hidden-character", "coach_name"},
        {"event.record", EVENT("handover.requested", "'coach_name':'I\033[0m'"),
         "bad-argument", "fields"},
        {"user.add", "{'name':'els\033','role':['privacy-officer'],'uid':7}",
         "bad-argument", "name"},
        {"user.add", "{'name':'Els','role':['privacy-officer'],'uid':7}",
         "bad-argument", "name"},
        {"user.add",
         "{'name':'" LONG_64 "a','role':['privacy-officer'],'uid':7}",
         "bad-argument", "name"},
        {"user.add",
         "{'name':'els','role':['privacy-officer'],'uid':7,"
         "'system_user':'e\ns\033'}",
         "bad-argument", "system_user"},
    };

    check(rows, SK_COUNT(rows));
}

#define TEXT(text) EVENT("handover.requested", "'question':'" text "'")
#define OBJECT(reason) "{'participant':'PERSON','reason':'" reason "'}"

/* Other texts: nothing that turns the reading or hides.  The reply says which
   character, for nobody can see it. */
Test(bad_input, texts)
{
    static const struct row rows[] = {
        {"event.record", TEXT("ab\xe2\x80\xae"), "hidden-character",
         "question"},
        {"event.record", TEXT("ab\xe2\x80\xaa"), "hidden-character",
         "question"},
        {"event.record", TEXT("ab\xe2\x81\xa6"), "hidden-character",
         "question"},
        {"event.record", TEXT("ab\xe2\x81\xa9"), "hidden-character",
         "question"},
        {"event.record", TEXT("ab\xe2\x80\x8b"), "hidden-character",
         "question"},
        {"event.record", TEXT("ab\xe2\x80\xa8"), "hidden-character",
         "question"},
        {"event.record", TEXT("ab\xc2\xad"), "hidden-character", "question"},
        {"event.record", TEXT("ab\xf3\xa0\x81\x81"), "hidden-character",
         "question"},
        {"participant.object", OBJECT("ij\xe2\x80\xae"), "hidden-character",
         "reason"},
        {"relation.open",
         "{'participant':'PERSON','org':'gtb','from':'2027-03-01','reason':'"
         "\xe2"
         "\x82\xac \xef\xbb\xbf'}",
         "hidden-character", "reason"},
        {"participant.add", ADD("'source_id':'k \xe2\x81\xa0'"),
         "hidden-character", "source_id"},
        {"participant.find", "{'name':'Ya\xe2\x80\x8bra'}", "hidden-character",
         "name"},
        {"text.check",
         "{'field':'question','to':'gtb','value':'de\xe2\x80\xaeschuld'}",
         "hidden-character", "value"},
    };

    check(rows, SK_COUNT(rows));
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        fx_call(&f, "buso", rows[i].op, "%s", fill(rows[i].args));
        cr_expect(eq(str, (char *)fx_text(&f, "error.place"), "3"), "%s",
                  f.reply);
    }
    /* a name: which character, too */
    fx_call(&f, "buso", "participant.add", GIVEN("Za\xe2\x80\x8dra"));
    cr_expect(eq(str, (char *)fx_text(&f, "error.place"), "3"), "%s", f.reply);
    fx_call(&f, "buso", "event.record", "%s",
            fill(EVENT("handover.requested", "'coach_name':'Y\xe2\x80\x8fr'")));
    cr_expect(eq(str, (char *)fx_text(&f, "error.place"), "2"), "%s", f.reply);
    f.why = "om\xe2\x80\xae";
    fx_call(&f, "buso", "participant.list", "{}");
    cr_expect(eq(str, f.reply,
                 "{'error':{'code':'hidden-character','field':'why','place':3},"
                 "'ok':false}"));
    /* a reason that says nothing is none */
    f.why = " \xc2\xa0";
    fx_call(&f, "buso", "participant.list", "{}");
    cr_expect(eq(str, f.reply,
                 "{'error':{'code':'missing-argument','field':'why'},"
                 "'ok':false}"));
    f.why = NULL;
    /* and the next refusal has no place */
    fx_call(&f, "buso", "participant.add", GIVEN(" Yara"));
    cr_expect(strstr(f.reply, "place") == NULL);
}

/* What Arabic, Hebrew, Persian and signs need. */
Test(bad_input, texts_of_every_script)
{
    static const char *const good[] = {
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\x8f(a)",   /* RLM */
        "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 \xd8\x9c!", /* ALM */
        "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xa7 \xe2\x9a\xa0\xef\xb8\x8f",
        "D\xc3\xa9j\xc3\xa0 vu: \xe2\x82\xac 5",
    };

    for (size_t i = 0; i < SK_COUNT(good); i++)
        fx_ok(&f, "buso", "participant.object",
              "{'participant':'%s','reason':'%s'}", who.text, good[i]);
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'\xd9\x85\xd8\xad\xd9\x85\xd8\xaf'}");
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'\xd7\x93\xd7\x95\xd7\x93'}");
    fx_ok(&f, "buso", "participant.find",
          "{'name':'\xd9\x85\xd8\xad\xd9\x85\xd8\xaf'}");
    cr_expect(ne(str, (char *)fx_text(&f, "result.participants"), "[]"));
}

/* Numbers and codes. */
Test(bad_input, codes)
{
    static const struct row rows[] = {
        {"participant.add", ADD("'insz':'84031499778'"), "insz-invalid",
         "insz"},
        {"participant.add", ADD("'insz':'8403149977'"), "insz-invalid", "insz"},
        {"participant.add", ADD("'insz':'84131499750'"), "insz-invalid",
         "insz"},
        {"participant.add", ADD("'insz':'45031499763'"), "insz-invalid",
         "insz"},
        {"participant.add", ADD("'insz':'00000000000'"), "insz-invalid",
         "insz"},
        {"participant.add", ADD("'insz':'840314997771'"), "insz-invalid",
         "insz"},
        {"participant.find", "{'insz':'84031499778'}", "insz-invalid", "insz"},
        {"event.record",
         EVENT("workplace.started", "'workplace_org':'1999916802'"),
         "malformed-event", "workplace_org"},
        {"event.record",
         EVENT("workplace.started", "'workplace_kind':'nergens'"),
         "malformed-event", "workplace_kind"},
        {"event.record", EVENT("workplace.nowhere", ""), "unknown-event-type",
         "type"},
        {"event.record", EVENT("goal.set", "'occupation':'99999.9'"),
         "malformed-event", "occupation"},
        {"event.record", EVENT("goal.set", "'insz':'84031499777'"),
         "malformed-event", "insz"},
        {"relation.open",
         "{'participant':'PERSON','org':'niemand','from':'2027-03-01'}",
         "unknown-org", "org"},
    };

    check(rows, SK_COUNT(rows));
}

/* Days that do not exist, or cannot be. */
Test(bad_input, days)
{
    static const struct row rows[] = {
        {"participant.add", ADD("'birth_date':'2027-02-29'"), "bad-argument",
         "birth_date"},
        {"participant.add", ADD("'birth_date':'2027-03-02'"), "bad-argument",
         "birth_date"},
        {"participant.add", ADD("'birth_date':'2028'"), "bad-argument",
         "birth_date"},
        {"participant.add", ADD("'birth_date':'14/05/00'"), "bad-argument",
         "birth_date"},
        {"participant.add", ADD("'administration':['2027-03-01','2027-02-01']"),
         "bad-argument", "administration"},
        {"relation.open",
         "{'participant':'PERSON','org':'gtb','from':'2027-02-30'}",
         "bad-argument", "from"},
        {"relation.open",
         "{'participant':'PERSON','org':'gtb','from':'2027-03-02',"
         "'until':'2027-03-01'}",
         "bad-argument", "until"},
        {"relation.close",
         "{'participant':'PERSON','org':'gtb','until':'2026-08-31'}",
         "bad-argument", "until"},
        {"event.record",
         EVENT("workplace.started", "'start_date':'2027-02-30'"),
         "malformed-event", "start_date"},
        {"event.record",
         "{'participant':'PERSON','type':'goal.set','occurred':'2027-03-02',"
         "'fields':{'preference_kind':'wanted','occupation':'8344.1'}}",
         "malformed-event", "occurred"},
        {"event.record",
         "{'participant':'PERSON','type':'goal.set','occurred':'2027-13-01',"
         "'fields':{}}",
         "bad-argument", "occurred"},
        {"consent.give",
         "{'participant':'PERSON','until':'2027-02-28','purposes':["
         "'guidance.handover'],'recipients':['gtb'],'categories':["
         "'process.handover']," PEOPLE_NOTICE "}",
         "bad-argument", "until"},
        {"consent.give",
         "{'participant':'PERSON','until':'2199-12-31','purposes':["
         "'guidance.handover'],'recipients':['gtb'],'categories':["
         "'process.handover']," PEOPLE_NOTICE "}",
         "consent-too-long", "until"},
        {"calendar.close", "{'days':['2027-12-32']}", "bad-argument", "days"},
        {"access.list", "{'since':'1899-12-31'}", "bad-argument", "since"},
        {"clock.set", "{'at':'2027-03-01T25:00:00Z'}", "bad-argument", "at"},
    };

    check(rows, SK_COUNT(rows));
}

/* The reason of break-glass is looked at too. */
Test(bad_input, a_reason)
{
    static char longer[1024];

    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    f.why = "omdat\033[2J";
    fx_refused(&f, "buso", "bad-request", "participant.list", "{}");
    memset(longer, 'x', 501);
    f.why = longer;
    fx_refused(&f, "buso", "bad-request", "participant.list", "{}");
    longer[500] = '\0';
    fx_ok(&f, "buso", "participant.list", "{}");
}

/* One byte too many in a field. */
Test(bad_input, a_text_that_is_too_long)
{
    static char text[8002];

    memset(text, 'x', 8001);
    fx_refused(&f, "buso", "bad-argument", "event.record",
               "{'participant':'%s','type':'handover.requested','fields':{"
               "'question':'%s'}}",
               who.text, text);
    cr_expect(strstr(f.reply, "xxxx") == NULL);
}
