/* CONTROL.md 7.1 and 7.3: users, and whose case a person is.
   Tests: node/engine/case.c, node/engine/user_ops.c */
#include "tests/node/staff.h"

static struct fx f;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(user, .init = start, .fini = end);

static struct people_id add_as(uint32_t uid)
{
    staff_as(&f, uid);
    return people_add(&f, "buso", "2000-05-14");
}

static size_t count(const char *path)
{
    return sk_value_count(fx_at(&f, path));
}

/* Does this system user see the file? */
static bool sees(uint32_t uid, struct people_id who)
{
    uint32_t before = f.uid;

    staff_as(&f, uid);
    fx_call(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    staff_as(&f, before);
    if (sk_value_bool(fx_at(&f, "ok")))
        return true;
    EQ(fx_text(&f, "error.code"), "not-your-case");
    return false;
}

/* ------------------------------------------------------------- users */

/* 7.1: nobody can lock everybody out. */
Test(user, somebody_can_always_let_people_in)
{
    fx_refused(&f, "buso", "first-user", "user.add",
               "{'name':'omar','role':['operator','coach'],'uid':1}");
    fx_ok(&f, "buso", "user.add",
          "{'name':'els','role':['privacy-officer','operator'],'uid':1001}");
    staff_as(&f, ELS);
    fx_refused(&f, "buso", "last-officer", "user.end", "{'name':'els'}");
    fx_refused(&f, "buso", "last-officer", "user.change",
               "{'name':'els','role':['operator']}");
    fx_ok(&f, "buso", "user.add",
          "{'name':'piet','role':['privacy-officer'],'uid':7}");
    fx_ok(&f, "buso", "user.change", "{'name':'els','role':['operator']}");
    fx_refused(&f, "buso", "role-lacks", "user.add",
               "{'name':'a','role':['coach'],'uid':8}");
    staff_as(&f, 7);
    fx_refused(&f, "buso", "last-officer", "user.end", "{'name':'piet'}");
}

Test(user, a_name_and_a_system_user_are_one_persons)
{
    staff_add(&f, "buso");
    staff_as(&f, ELS);
    fx_refused(&f, "buso", "user-known", "user.add",
               "{'name':'iris','role':['coach'],'uid':9}");
    fx_refused(&f, "buso", "uid-taken", "user.add",
               "{'name':'rik','role':['coach'],'uid':1002}");
    fx_refused(&f, "buso", "uid-taken", "user.change",
               "{'name':'bram','uid':1002}");
    fx_refused(&f, "buso", "bad-argument", "user.add",
               "{'name':'rik','role':['coach'],'uid':4294967295}");
    fx_refused(&f, "buso", "bad-argument", "user.add",
               "{'name':'rik','role':['baas'],'uid':9}");
    EQ(fx_text(&f, "error.field"), "role");
    EQ(fx_text(&f, "error.detail"), "baas");
    fx_refused(&f, "buso", "missing-argument", "user.add",
               "{'name':'rik','role':['coach']}");
    fx_refused(&f, "buso", "unknown-user", "user.end", "{'name':'rik'}");
}

/* An empty name is nobody's, and no word either: it reaches no operation. */
Test(user, an_empty_name_is_nobody)
{
    staff_add(&f, "buso");
    staff_as(&f, ELS);
    fx_refused(&f, "buso", "bad-argument", "user.end", "{'name':''}");
    EQ(fx_text(&f, "error.field"), "name");
    fx_refused(&f, "buso", "bad-argument", "user.end",
               "{'name':'bram','to':''}");
    EQ(fx_text(&f, "error.field"), "to");
    fx_refused(&f, "buso", "bad-argument", "user.change", "{'name':''}");
    fx_refused(&f, "buso", "missing-argument", "user.end", "{}");
}

/* Who ended is nobody from the next request on; the system user is free. */
Test(user, who_ended_is_not_heard_any_more)
{
    staff_add(&f, "buso");
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.list", "{}");
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.end", "{'name':'bram'}");
    staff_as(&f, BRAM);
    fx_refused(&f, "buso", "not-a-user", "participant.list", "{}");
    staff_as(&f, ELS);
    fx_refused(&f, "buso", "unknown-user", "user.change",
               "{'name':'bram','role':['coach']}");
    fx_ok(&f, "buso", "user.list", "{}");
    cr_expect(eq(sz, count("result.users"), 6));
    fx_ok(&f, "buso", "user.list", "{'ended':true}");
    cr_expect(eq(sz, count("result.users"), 7));
    fx_ok(&f, "buso", "user.add", "{'name':'rik','role':['coach'],'uid':%u}",
          BRAM);
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.list", "{}");
}

/* Users survive a crash, and come from the store alone. */
Test(user, are_there_after_a_crash)
{
    struct people_id who;

    staff_add(&f, "buso");
    who = add_as(IRIS);
    staff_as(&f, 0);
    fx_crash(&f, "buso");
    fx_refused(&f, "buso", "not-a-user", "node.status", "{}");
    cr_expect(sees(IRIS, who));
    cr_expect(not(sees(BRAM, who)));
}

/* I9: names of people who work here are not on the disk in the open. */
Test(user, names_are_sealed)
{
    struct sk_store *store = fx_node(&f, "buso")->store;
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_scan scan;
    size_t records = 0;

    fx_ok(&f, "buso", "user.add",
          "{'name':'kanarievogel','role':['privacy-officer','coach'],'uid':7,"
          "'system_user':'kanarielogin','team':'kanarieteam'}");
    staff_as(&f, 7);
    f.why = "kanariereden";
    fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}",
          people_add(&f, "buso", "2000-05-14").text);
    f.why = NULL;
    cr_assert(eq(int, sk_store_begin(store), SK_OK));
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        records++;
        cr_expect(eq(ptr, memmem(key.data, key.size, "kanarie", 7), NULL));
        cr_expect(value.size == 0 ||
                  memmem(value.data, value.size, "kanarie", 7) == NULL);
    }
    sk_store_abort(store);
    cr_expect(ge(sz, records, 10));
    fx_ok(&f, "buso", "access.list", "{}");
    cr_expect(ne(ptr, strstr(f.reply, "kanariereden"), NULL));
}

/* ------------------------------------------------------------- cases */

/* 7.3: lists, names and files of the own cases, and of nobody's. */
Test(user, a_coach_has_the_own_cases_and_those_of_nobody)
{
    struct people_id before = people_add(&f, "buso", "2000-05-14");
    struct people_id iris;
    struct people_id bram;

    staff_add(&f, "buso");
    iris = add_as(IRIS);
    bram = add_as(BRAM);
    cr_expect(sees(IRIS, iris));
    cr_expect(not(sees(IRIS, bram)));
    cr_expect(sees(IRIS, before));
    cr_expect(sees(BRAM, before));

    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, count("result.participants"), 2));
    cr_expect(eq(ptr, strstr(f.reply, bram.text), NULL));
    fx_ok(&f, "buso", "participant.find", "{'name':'Jonas'}");
    cr_expect(eq(sz, count("result.participants"), 2));
    cr_expect(eq(ptr, strstr(f.reply, bram.text), NULL));

    /* Taken: nobody else's any more. */
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'iris'}", before.text);
    cr_expect(not(sees(BRAM, before)));
    cr_expect(sees(IRIS, before));
}

/* A page goes on where the last one ended, over all that a coach has. */
Test(user, cases_come_by_the_page)
{
    char after[64] = "";
    char last[SK_ID_TEXT_SIZE + 1] = "";
    size_t seen = 0;

    for (int i = 0; i < 5; i++)
        (void)people_add(&f, "buso", "2000-05-14");
    staff_add(&f, "buso");
    for (int i = 0; i < 4; i++) {
        (void)add_as(IRIS);
        (void)add_as(BRAM);
        (void)add_as(ZITA);
    }
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.stand-in",
          "{'for':'bram','by':'iris','until':'2027-03-05'}");
    staff_as(&f, IRIS);
    do {
        fx_ok(&f, "buso", "participant.list", "{'limit':2%s}", after);
        for (size_t i = 0; i < count("result.participants"); i++) {
            char path[64];

            snprintf(path, sizeof(path), "result.participants.%zu.participant",
                     i);
            cr_expect(lt(int, strcmp(last, fx_text(&f, path)), 0),
                      "out of order");
            snprintf(last, sizeof(last), "%s", fx_text(&f, path));
            seen++;
        }
        snprintf(after, sizeof(after), ",'after':'%s'", last);
    } while (sk_value_bool(fx_at(&f, "result.more")) && seen < 50);
    cr_expect(eq(sz, seen, 5 + 4 + 4));
}

/* By number: that somebody is known, whose case it is, and that it was asked.
 */
Test(user, a_number_tells_whose_case_it_is_and_is_kept)
{
    struct people_id who;

    staff_add(&f, "buso");
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Lotte','insz':'00051499705'}");
    who = people_take(&f, "result.participant");
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "participant.find", "{'insz':'00.05.14-997.05'}");
    EQ(fx_text(&f, "result.participants.0.coach"), "bram");
    EQ(fx_text(&f, "result.participants.0.given_name"), "absent");
    EQ(fx_text(&f, "result.participants.0.participant"), who.text);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}", who.text);
    EQ(fx_text(&f, "result.looks.1.op"), "participant.find");
    EQ(fx_text(&f, "result.looks.1.user"), "iris");
    EQ(fx_text(&f, "result.looks.2"), "absent");
}

/* Who may say whose case it is. */
Test(user, cases_are_given_by_who_may)
{
    struct people_id who;

    staff_add(&f, "buso");
    who = add_as(BRAM);
    staff_as(&f, IRIS);
    fx_refused(&f, "buso", "not-your-case", "participant.assign",
               "{'participant':'%s','coach':'iris'}", who.text);
    staff_as(&f, TESS); /* the same team: yes; another team: no */
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'iris'}", who.text);
    fx_refused(&f, "buso", "not-your-case", "participant.assign",
               "{'participant':'%s','coach':'zita'}", who.text);
    staff_as(&f, IRIS); /* one's own: to anybody */
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'zita'}", who.text);
    cr_expect(not(sees(IRIS, who)));
    staff_as(&f, TESS);
    fx_refused(&f, "buso", "not-your-case", "participant.assign",
               "{'participant':'%s','coach':'iris'}", who.text);
    staff_as(&f, ELS);
    fx_refused(&f, "buso", "not-a-coach", "participant.assign",
               "{'participant':'%s','coach':'omar'}", who.text);
    fx_ok(&f, "buso", "participant.assign",
          "{'participant':'%s','coach':'bram'}", who.text);
    cr_expect(sees(BRAM, who));
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}", who.text);
    cr_expect(ne(ptr, strstr(f.reply, "participant.assign"), NULL));
}

Test(user, who_leaves_hands_over)
{
    struct people_id one;
    struct people_id two;

    staff_add(&f, "buso");
    one = add_as(BRAM);
    two = add_as(BRAM);
    staff_as(&f, ELS);
    fx_refused(&f, "buso", "has-cases", "user.end", "{'name':'bram'}");
    /* Nobody would be told of them any more. */
    fx_refused(&f, "buso", "has-cases", "user.change",
               "{'name':'bram','role':['team-lead']}");
    fx_ok(&f, "buso", "user.change",
          "{'name':'bram','role':['coach','team-lead']}");
    fx_refused(&f, "buso", "not-a-coach", "user.end",
               "{'name':'bram','to':'omar'}");
    fx_refused(&f, "buso", "not-a-coach", "user.end",
               "{'name':'bram','to':'bram'}");
    fx_ok(&f, "buso", "user.end", "{'name':'bram','to':'zita'}");
    EQ(fx_text(&f, "result.moved"), "2");
    cr_expect(sees(ZITA, one));
    cr_expect(sees(ZITA, two));
    staff_as(&f, ZITA);
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, count("result.participants"), 2));
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.change", "{'name':'iris','role':['auditor']}");
}

/* A person who is erased is in no list; that it was done stays, and says of
   whom no more than a number. */
Test(user, an_erased_person_is_nobodys_case)
{
    struct people_id who;

    staff_add(&f, "buso");
    who = add_as(BRAM);
    staff_as(&f, IRIS);
    f.why = "kanariereden";
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    f.why = NULL;
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}", who.text);
    cr_expect(ne(ptr, strstr(f.reply, "kanariereden"), NULL));
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", who.text);
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, count("result.participants"), 0));
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(sz, count("result.looks"), 3));
    EQ(fx_text(&f, "result.looks.2.op"), "participant.erase");
    EQ(fx_text(&f, "result.looks.2.user"), "els");
    cr_expect(eq(ptr, strstr(f.reply, "kanariereden"), NULL),
              "the reason goes with the person");
    fx_ok(&f, "buso", "user.end", "{'name':'bram'}");
}

/* ------------------------------------------------------------- stand-ins */

/* Up to and including the day; then no more, without anybody doing anything. */
Test(user, a_stand_in_ends_by_itself)
{
    struct people_id who;

    staff_add(&f, "buso");
    who = add_as(BRAM);
    cr_expect(not(sees(IRIS, who)));
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "user.stand-in",
          "{'for':'bram','by':'iris','until':'2027-03-05'}");
    cr_expect(sees(IRIS, who));
    cr_expect(not(sees(ZITA, who)));
    cr_expect(sees(BRAM, who), "the coach keeps the case");
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.list", "{}");
    cr_expect(ne(ptr,
                 strstr(f.reply, "'stands_in':[{'for':'bram','until':"
                                 "'2027-03-05'}]"),
                 NULL),
              "%s", f.reply);

    staff_as(&f, OMAR); /* the last moment of that day, in Brussels */
    fx_ok(&f, "buso", "clock.set", "{'at':'2027-03-05T22:59:59Z'}");
    cr_expect(sees(IRIS, who));
    staff_as(&f, OMAR);
    fx_ok(&f, "buso", "clock.set", "{'at':'2027-03-05T23:00:00Z'}");
    cr_expect(not(sees(IRIS, who)));
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(sz, count("result.participants"), 0));
}

Test(user, a_stand_in_can_be_stopped_and_is_for_who_may)
{
    struct people_id who;

    staff_add(&f, "buso");
    who = add_as(BRAM);
    staff_as(&f, IRIS); /* not by who would stand in */
    fx_refused(&f, "buso", "not-your-case", "user.stand-in",
               "{'for':'bram','by':'iris','until':'2027-03-05'}");
    staff_as(&f, TESS);
    fx_refused(&f, "buso", "not-your-case", "user.stand-in",
               "{'for':'zita','by':'iris','until':'2027-03-05'}");
    fx_ok(&f, "buso", "user.stand-in",
          "{'for':'bram','by':'iris','until':'2027-03-05'}");
    cr_expect(sees(IRIS, who));
    fx_ok(&f, "buso", "user.stand-in",
          "{'for':'bram','by':'iris','until':'2027-02-28'}");
    cr_expect(not(sees(IRIS, who)));
    fx_refused(&f, "buso", "not-a-coach", "user.stand-in",
               "{'for':'bram','by':'tess','until':'2027-03-05'}");
    fx_refused(&f, "buso", "bad-argument", "user.stand-in",
               "{'for':'bram','by':'bram','until':'2027-03-05'}");
    /* For one coach is not for all, and not for those of the stand-in. */
    fx_ok(&f, "buso", "user.stand-in",
          "{'for':'iris','by':'bram','until':'2027-03-05'}");
    cr_expect(not(sees(IRIS, who)));
}

/* ------------------------------------------------------------- lists */

/* What came belongs to all coaches until somebody says whom it is about. */
Test(user, what_came_is_every_coachs_until_it_is_linked)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    struct people_id message;
    struct people_id here;

    people_link(&f, "buso", who, "gtb");
    (void)people_consent(&f, "buso", who, "gtb", "guidance.handover",
                         "['process.handover','contact.coach']");
    message = people_send(&f, "buso", people_request(&f, who), "gtb",
                          "guidance.handover");
    fx_run(&f);
    staff_add(&f, "gtb");
    for (uint32_t uid = IRIS; uid <= BRAM; uid++) {
        staff_as(&f, uid);
        fx_ok(&f, "gtb", "inbox.list", "{}");
        cr_expect(eq(sz, count("result.messages"), 1));
        fx_ok(&f, "gtb", "handover.list", "{}");
        cr_expect(eq(sz, count("result.handovers"), 1));
    }
    staff_as(&f, IRIS);
    here = people_add(&f, "gtb", "2000-05-14");
    fx_ok(&f, "gtb", "inbox.open", "{'message':'%s'}", message.text);
    fx_ok(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
          message.text, here.text);
    fx_ok(&f, "gtb", "inbox.list", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.messages.0.given_name"), "Jonas"));
    staff_as(&f, BRAM);
    fx_ok(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(sz, count("result.messages"), 0));
    fx_ok(&f, "gtb", "handover.list", "{}");
    cr_expect(eq(sz, count("result.handovers"), 0));
    fx_refused(&f, "gtb", "not-your-case", "inbox.open", "{'message':'%s'}",
               message.text);
    EQ(fx_text(&f, "error.detail"), "iris");
    staff_as(&f, IRIS);
    fx_ok(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(sz, count("result.messages"), 1));
    /* Before it was linked the look is kept with the message. */
    staff_as(&f, ELS);
    fx_ok(&f, "gtb", "access.list", "{'user':'iris'}");
    EQ(fx_text(&f, "result.looks.1.op"), "inbox.open");
    EQ(fx_text(&f, "result.looks.1.about"), message.text);
    EQ(fx_text(&f, "result.looks.2.participant"), here.text);
}

/* DOMAIN 2.3: a coach is told of the own cases, with names; a team lead what
   is late in the team, without; a privacy officer what is theirs. */
Test(user, the_agenda_tells_each_what_is_theirs)
{
    struct people_id who;
    char item[32];

    staff_add(&f, "buso");
    who = add_as(BRAM);
    people_link(&f, "buso", who, "gtb");
    (void)people_consent(&f, "buso", who, "gtb", "guidance.handover",
                         "['process.handover','contact.coach']");
    (void)people_send(&f, "buso", people_request(&f, who), "gtb",
                      "guidance.handover");
    fx_run(&f);
    staff_as(&f, OMAR);
    fx_ok(&f, "buso", "clock.set", "{'at':'2027-03-10T09:00:00Z'}");

    staff_as(&f, TESS); /* handover_answer */
    fx_ok(&f, "buso", "agenda.list", "{'until':'2028-03-01'}");
    cr_expect(eq(sz, count("result.items"), 1), "%s", f.reply);
    EQ(fx_text(&f, "result.items.0.tell"), "team-lead");
    EQ(fx_text(&f, "result.items.0.state"), "raised");
    cr_expect(eq(ptr, strstr(f.reply, "Jonas"), NULL));
    snprintf(item, sizeof(item), "%s", fx_text(&f, "result.items.0.item"));

    staff_as(&f, BRAM); /* expiry of handover and consent: with the name */
    fx_ok(&f, "buso", "agenda.list", "{'until':'2028-03-01'}");
    cr_expect(ge(sz, count("result.items"), 2));
    cr_expect(ne(ptr, strstr(f.reply, "Jonas"), NULL));
    cr_expect(eq(ptr, strstr(f.reply, "team-lead"), NULL));
    fx_refused(&f, "buso", "unknown-item", "agenda.done", "{'item':%s}", item);
    staff_as(&f, IRIS);
    fx_ok(&f, "buso", "agenda.list", "{'until':'2028-03-01'}");
    cr_expect(eq(sz, count("result.items"), 0));
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "agenda.list", "{'until':'2028-03-01'}");
    cr_expect(eq(sz, count("result.items"), 0), "%s", f.reply);

    /* The lead of another team is told nothing. */
    fx_ok(&f, "buso", "user.change", "{'name':'tess','team':'zuid'}");
    staff_as(&f, TESS);
    fx_ok(&f, "buso", "agenda.list", "{'until':'2028-03-01'}");
    cr_expect(eq(sz, count("result.items"), 0));
    fx_refused(&f, "buso", "unknown-item", "agenda.done", "{'item':%s}", item);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.change", "{'name':'tess','team':'noord'}");
    staff_as(&f, TESS);
    fx_ok(&f, "buso", "agenda.done", "{'item':%s}", item);
}
