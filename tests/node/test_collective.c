/* What is not about persons (DOMAIN 3.6), and the word check (DOMAIN 9.3).
   Tests: node/engine/text.c */
#include "tests/node/fixture.h"

static struct fx f;

static const char place[] =
    "'place_ref':'h-1','workplace_org':'1999916801',"
    "'workplace_kind':'stage','hours_week':30,'municipality':'13025',"
    "'language_need':'A1','places':2,'open_until':'2026-12-15'";

Test(collective, reaches_every_partner)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "houtzaak", "collective.publish",
          "{'type':'place.offered','body':{%s,'profile_ref':'p-1'}}", place);
    cr_expect(eq(str, (char *)fx_text(&f, "result.recipients"),
                 "['buso','clb','gtb','vdab']"));
    for (size_t i = 0; i < f.count; i++) {
        if (strcmp(f.nodes[i].org.text, "houtzaak") == 0)
            continue;
        fx_ok(&f, f.nodes[i].org.text, "inbox.list", "{}");
        cr_expect(eq(str, (char *)fx_text(&f, "result.messages.0.type"),
                     "place.offered"),
                  "%s", f.reply);
        cr_expect(
            eq(str, (char *)fx_text(&f, "result.messages.0.from"), "houtzaak"));
        cr_expect(eq(
            str, (char *)fx_text(&f, "result.messages.0.fields.places"), "2"));
        cr_expect(eq(str, (char *)fx_text(&f, "result.messages.1"), "absent"));
    }
    fx_end(&f);
}

Test(collective, goes_to_those_named_only)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "houtzaak", "collective.publish",
          "{'type':'place.offered','body':{%s},'recipients':['gtb']}", place);
    fx_ok(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages.0.type"),
                 "place.offered"));
    fx_ok(&f, "vdab", "inbox.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages"), "[]"));
    fx_end(&f);
}

/* A closed table: no room for a word about a person. */
Test(collective, has_the_keys_of_its_type_and_no_others)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_refused(&f, "houtzaak", "unknown-event-type", "collective.publish",
               "{'type':'figures.released','body':{'query':'x'}}");
    fx_refused(&f, "houtzaak", "bad-argument", "collective.publish",
               "{'type':'place.offered','body':{%s,'candidate':'x'}}", place);
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "candidate"));
    fx_refused(&f, "houtzaak", "bad-argument", "collective.publish",
               "{'type':'place.offered','body':{%s}}", place + 18);
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "place_ref"));
    fx_refused(&f, "houtzaak", "bad-argument", "collective.publish",
               "{'type':'place.offered','body':{%s,'occupation':''}}", place);
    fx_refused(&f, "houtzaak", "unknown-org", "collective.publish",
               "{'type':'place.offered','body':{%s},'recipients':['x']}",
               place);
    fx_refused(&f, "houtzaak", "bad-argument", "collective.publish",
               "{'type':'place.offered','body':{%s},"
               "'recipients':['gtb','gtb']}",
               place);
    fx_ok(&f, "houtzaak", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.pending.items"), "0"));
    fx_partners(&f, "role: gtb", "role: gtb\n    status: left");
    fx_refused(&f, "houtzaak", "recipient-suspended", "collective.publish",
               "{'type':'place.offered','body':{%s},'recipients':['gtb']}",
               place);
    fx_ok(&f, "houtzaak", "collective.publish",
          "{'type':'place.offered','body':{%s}}", place);
    cr_expect(eq(str, (char *)fx_text(&f, "result.recipients"),
                 "['buso','clb','vdab']"));
    fx_end(&f);
}

/* ------------------------------------------------------------- text */

static void expect_text(const char *from, const char *field, const char *value,
                        const char *to, const char *result)
{
    fx_ok(&f, from, "text.check", "{'field':'%s','value':'%s','to':'%s'}",
          field, value, to);
    cr_expect(eq(str, (char *)fx_text(&f, "result"), (char *)result),
              "%s to %s", value, to);
}

/* houtzaak has no secrecy, buso official, gtb, vdab and clb professional. */
Test(collective, checks_words_by_the_secrecy_of_the_partner)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    expect_text("buso", "question", "Wil graag werken.", "houtzaak",
                "{'result':'allowed'}");
    expect_text("buso", "question", "Heeft Schulden.", "houtzaak",
                "{'result':'blocked','word':'schulden'}");
    expect_text("buso", "question", "in SCHULDbemiddeling", "houtzaak",
                "{'result':'blocked','word':'schuldbemiddeling'}");
    expect_text("gtb", "question", "na loonbeslagen", "buso",
                "{'result':'warned','word':'loonbeslag'}");
    expect_text("buso", "question", "Heeft schulden.", "gtb",
                "{'result':'allowed'}");
    expect_text("buso", "question", "Heeft schulden.", "clb",
                "{'result':'allowed'}");
    /* Only at the beginning of a word. */
    expect_text("buso", "question", "onschuldig, versteund", "houtzaak",
                "{'result':'allowed'}");
    expect_text("buso", "question", "werk/drugs", "houtzaak",
                "{'result':'blocked','word':'drugs'}");
    /* Only free text is looked at. */
    expect_text("buso", "coach_name", "Asiel", "houtzaak",
                "{'result':'allowed'}");
    fx_refused(&f, "buso", "unknown-field", "text.check",
               "{'field':'no_such','value':'x','to':'gtb'}");
    fx_refused(&f, "buso", "unknown-org", "text.check",
               "{'field':'question','value':'x','to':'niemand'}");
    fx_end(&f);
}
