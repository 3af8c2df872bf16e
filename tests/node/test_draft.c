/* Drafts: nothing until a person says that they are right (DOMAIN 3.7). */
#include "node/engine/tables.h"
#include "tests/node/people.h"

static struct fx f;
static struct people_id who;
static struct people_id draft;

TestSuite(draft);

static void begin(void)
{
    fx_start(&f, "S2A", "2027-03-08T08:00:00Z");
    who = people_add(&f, "buso", "1999");
}

#define START                                                                  \
    "'participant':'%s','type':'trajectory.started','source':'vdab',"          \
    "'occurred':'2027-01-04','fields':{'start_date':'2027-01-04',"             \
    "'status':'active'}"

static void add(void)
{
    fx_ok(&f, "buso", "draft.add",
          "{" START ",'note':'Traject naar werk','source_id':'urn:x#1'}",
          who.text);
    draft = people_take(&f, "result.draft");
}

Test(draft, waits_and_is_no_event)
{
    begin();
    add();
    fx_ok(&f, "buso", "draft.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.drafts.0.note"),
                 "Traject naar werk"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.drafts.0.fields"),
                 "{'start_date':'2027-01-04','status':'active'}"));
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.events"), "[]"));
    fx_call(&f, "buso", "disclosure.preview",
            "{'event':'%s','to':'houtzaak','for':'work.placement'}",
            draft.text);
    cr_expect(eq(str, (char *)fx_text(&f, "ok"), "false"));
    fx_end(&f);
}

/* What is missing is filled in then; what is wrong is refused at once. */
Test(draft, is_checked_when_it_comes_and_whole_when_it_is_confirmed)
{
    begin();
    fx_call(&f, "buso", "draft.add",
            "{'participant':'%s','type':'goal.set','source':'vdab',"
            "'fields':{'occupation':'x'}}",
            who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "occupation"));
    fx_call(&f, "buso", "draft.add",
            "{'participant':'%s','type':'goal.set','source':'nobody'}",
            who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "unknown-org"));
    add();
    fx_call(&f, "buso", "draft.confirm", "{'participant':'%s','draft':'%s'}",
            who.text, draft.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "phase"));
    fx_ok(&f, "buso", "draft.confirm",
          "{'participant':'%s','draft':'%s','fields':{'phase':'intake',"
          "'status':'passive'}}",
          who.text, draft.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.event"), draft.text));
    fx_ok(&f, "buso", "event.show", "{'event':'%s'}", draft.text);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.provenance"), "authentic-source"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.source"), "vdab"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.occurred"), "2027-01-04"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields"),
                 "{'phase':'intake','start_date':'2027-01-04',"
                 "'status':'passive'}"));
    fx_ok(&f, "buso", "draft.list", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.drafts"), "[]"));
    /* of another: it makes us no owner of a trajectory */
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.trajectory"), "nil"));
    fx_end(&f);
}

/* DOMAIN 3.7: and then it is still not shared. */
Test(draft, is_not_shared_when_confirmed)
{
    struct people_id event;

    begin();
    people_link(&f, "buso", who, "houtzaak");
    fx_ok(&f, "buso", "draft.add",
          "{'participant':'%s','type':'workplace.started','source':'vdab',"
          "'fields':%s}",
          who.text, PEOPLE_WORKPLACE);
    draft = people_take(&f, "result.draft");
    fx_ok(&f, "buso", "draft.confirm", "{'participant':'%s','draft':'%s'}",
          who.text, draft.text);
    event = people_take(&f, "result.event");
    (void)people_consent(&f, "buso", who, "houtzaak", "work.placement",
                         PEOPLE_WORKPLACE_CATEGORIES);
    cr_expect(eq(
        str,
        (char *)people_denied(&f, "buso", event, "houtzaak", "work.placement"),
        "not-source"));
    fx_end(&f);
}

Test(draft, is_dropped_and_does_not_come_back)
{
    begin();
    add();
    fx_ok(&f, "buso", "draft.add",
          "{" START ",'note':'Traject naar werk','source_id':'urn:x#1'}",
          who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "same"));
    fx_ok(&f, "buso", "draft.drop", "{'participant':'%s','draft':'%s'}",
          who.text, draft.text);
    fx_call(&f, "buso", "draft.confirm", "{'participant':'%s','draft':'%s'}",
            who.text, draft.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "unknown-draft"));
    fx_ok(&f, "buso", "draft.add", "{" START ",'source_id':'urn:x#1'}",
          who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "erased"));
    fx_end(&f);
}

/* A draft of one person is none of another. */
Test(draft, belongs_to_its_participant)
{
    struct people_id other;

    begin();
    add();
    other = people_add(&f, "buso", "1999");
    fx_call(&f, "buso", "draft.confirm", "{'participant':'%s','draft':'%s'}",
            other.text, draft.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "unknown-draft"));
    fx_ok(&f, "buso", "draft.list", "{'participant':'%s'}", other.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.drafts"), "[]"));
    fx_end(&f);
}

/* Known after it was confirmed, too. */
Test(draft, is_known_once_it_is_an_event)
{
    begin();
    add();
    fx_ok(&f, "buso", "draft.confirm",
          "{'participant':'%s','draft':'%s','fields':{'phase':'intake'}}",
          who.text, draft.text);
    fx_ok(&f, "buso", "draft.add",
          "{" START ",'note':'Traject naar werk','source_id':'urn:x#1'}",
          who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "same"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.draft"), draft.text));
    fx_end(&f);
}

/* CONSENT 5.2: with the person go the drafts. */
Test(draft, goes_when_the_person_is_forgotten)
{
    struct fx_node *node;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;

    begin();
    add();
    node = fx_node(&f, "buso");
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'not-needed'}", who.text);
    cr_assert(eq(int, sk_store_begin(node->store), SK_OK));
    scan = sk_scan_start(node->store, SK_SPACE_DATA, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK)
        cr_expect(ne(u8, sk_store_table(key), SK_T_DRAFT));
    sk_store_abort(node->store);
    fx_end(&f);
}
