/* What is imported: once per key, tried first, and never back when erased. */
#include "node/engine/tables.h"
#include "tests/node/people.h"

static struct fx f;

TestSuite(source);

static void begin(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
}

#define SAMIRA "'given_name':'Samira','insz':'91110299857'"

static uint64_t writes(void)
{
    static const char tables[] = {SK_T_PARTICIPANT, SK_T_INSZ,      SK_T_NAME,
                                  SK_T_EVENT,       SK_T_EVENT_OF,  SK_T_SOURCE,
                                  SK_T_REQUEST,     SK_T_HANDLE_OF, '\0'};

    return sk_store_version(f.nodes[0].store, tables);
}

/* IMPORT.md 4: the second time nothing is made. */
Test(source, makes_a_participant_once)
{
    struct people_id first;
    uint64_t before;

    begin();
    fx_ok(&f, "buso", "participant.add", "{" SAMIRA ",'source_id':'kids-7'}");
    first = people_take(&f, "result.participant");
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "absent"));
    before = writes();
    fx_ok(&f, "buso", "participant.add", "{" SAMIRA ",'source_id':'kids-7'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "same"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.participant"), first.text));
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Samir','source_id':'kids-7'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "differs"));
    cr_expect(eq(u64, writes(), before), "something was stored");
    fx_ok(&f, "buso", "participant.find", "{'source_id':'kids-7'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants.0.participant"),
                 first.text));
    fx_ok(&f, "buso", "participant.find", "{'source_id':'kids-8'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants"), "[]"));
    fx_end(&f);
}

/* A trial gives the same refusals, and stores nothing. */
Test(source, tries_without_storing)
{
    struct people_id who;
    uint64_t before;

    begin();
    before = writes();
    fx_ok(&f, "buso", "participant.add",
          "{" SAMIRA ",'source_id':'kids-7','dry_run':true}");
    cr_expect(eq(str, f.reply, "{'ok':true,'result':{'dry_run':true}}"));
    fx_call(&f, "buso", "participant.add",
            "{'given_name':'Y','insz':'91110299858','dry_run':true}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "insz-invalid"));
    cr_expect(eq(u64, writes(), before), "something was stored");

    who = people_add(&f, "buso", "1991");
    before = writes();
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':%s,"
          "'dry_run':true,'source_id':'1'}",
          who.text, PEOPLE_WORKPLACE);
    cr_expect(eq(str, f.reply, "{'ok':true,'result':{'dry_run':true}}"));
    fx_call(&f, "buso", "event.record",
            "{'participant':'%s','type':'goal.set','dry_run':true}", who.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "malformed-event"));
    cr_expect(eq(u64, writes(), before), "something was stored");
    /* dry_run false is no trial */
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Y','dry_run':false}");
    cr_expect(ne(u64, writes(), before));
    fx_end(&f);
}

Test(source, makes_an_event_once_beside_participants)
{
    struct people_id who;
    struct people_id event;

    begin();
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Y','source_id':'1'}");
    who = people_take(&f, "result.participant");
    for (int i = 0; i < 2; i++) {
        fx_ok(&f, "buso", "event.record",
              "{'participant':'%s','type':'workplace.started','fields':%s,"
              "'source_id':'1'}",
              who.text, PEOPLE_WORKPLACE);
        cr_expect(eq(str, (char *)fx_text(&f, "result.known"),
                     i == 0 ? "absent" : "same"));
        if (i == 0)
            event = people_take(&f, "result.event");
        cr_expect(eq(str, (char *)fx_text(&f, "result.event"), event.text));
    }
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", who.text);
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.events.0.event"), event.text));
    cr_expect(eq(str, (char *)fx_text(&f, "result.events.1"), "absent"));
    fx_end(&f);
}

/* The key is nowhere in the store, nor a plain hash of it. */
Test(source, keeps_no_key)
{
    static const char canary[] = "CANARY-SOURCE-KEY-4711";
    struct sk_store *store;
    struct sk_hash plain;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t rows = 0;

    begin();
    store = f.nodes[fx_node(&f, "buso") - f.nodes].store;
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Y','source_id':'%s'}",
          canary);
    sk_hash("schakel/index/source/participant/1", sk_text(canary), &plain);
    cr_assert(eq(int, sk_store_begin(store), SK_OK));
    scan = sk_scan_start(store, SK_SPACE_DATA, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        rows += key.data[0] == SK_T_SOURCE;
        cr_expect(memmem(value.data, value.size, canary, strlen(canary)) ==
                  NULL);
        cr_expect(memmem(key.data, key.size, canary, strlen(canary)) == NULL);
        cr_expect(memmem(key.data, key.size, plain.bytes, 8) == NULL);
    }
    cr_expect(eq(sz, rows, 1));
    sk_store_abort(store);
    fx_end(&f);
}

/* What was erased does not come back with the next import. */
Test(source, does_not_bring_back_what_was_erased)
{
    begin();
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Yara','source_id':'kids-7'}");
    fx_ok(&f, "buso", "participant.erase",
          "{'participant':'%s','ground':'not-needed'}",
          people_take(&f, "result.participant").text);
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Yara','source_id':'kids-7'}");
    cr_expect(eq(str, f.reply, "{'ok':true,'result':{'known':'erased'}}"));
    fx_ok(&f, "buso", "participant.find", "{'source_id':'kids-7'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants"), "[]"));
    fx_end(&f);
}

/* Names that show something else than they hold are refused, with a name. */
Test(source, refuses_hidden_characters_in_names)
{
    static const char *const bads[] = {
        "Sa\xe2\x80\xaemira",     /* U+202E */
        "Sa\xe2\x81\xa6mira",     /* U+2066 */
        "Sa\xe2\x80\x8bmira",     /* U+200B */
        "Sa\xe2\x80\x8dmira",     /* U+200D */
        "Sa\xc2\xadmira",         /* U+00AD */
        "Sa\xef\xbb\xbfmira",     /* U+FEFF */
        "Sa\xf3\xa0\x80\xa1mira", /* U+E0021 */
    };
    struct people_id who;

    begin();
    who = people_add(&f, "buso", "1991");
    for (size_t i = 0; i < SK_COUNT(bads); i++) {
        fx_call(&f, "buso", "participant.add", "{'given_name':'%s'}", bads[i]);
        cr_expect(
            eq(str, (char *)fx_text(&f, "error.code"), "hidden-character"),
            "%zu", i);
        cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "given_name"));
    }
    fx_call(&f, "buso", "participant.add",
            "{'given_name':'Y','family_name':'%s'}", bads[0]);
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "family_name"));
    fx_call(&f, "buso", "event.record",
            "{'participant':'%s','type':'workplace.started','fields':{"
            "'workplace_kind':'stage','workplace_org':'1999916801',"
            "'start_date':'2027-03-08','hours_week':'16',"
            "'coach_name':'%s'}}",
            who.text, bads[2]);
    cr_expect(eq(str, (char *)fx_text(&f, "error.code"), "hidden-character"));
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "coach_name"));
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Zo\xc3\xab','family_name':'Hondt-\xc3\x87"
          "elik'}");
    fx_end(&f);
}
