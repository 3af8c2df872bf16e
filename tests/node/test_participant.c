/* Participants: registered, found, listed, shown; and what is on disk.
   Tests: node/engine/participant_find.c */
#include "node/engine/state.h"
#include "node/engine/user.h"
#include "tests/node/inside.h"

static struct fx f;

TestSuite(participant);

static void begin(void)
{
    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ true);
}

Test(participant, is_shown_as_it_was_registered)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Samira','family_name':'El Amrani',"
          "'birth_date':'1991-11','insz':'91.11.02-998.57',"
          "'administration':['2026-01-01','2026-12-31']}");
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          fx_text(&f, "result.participant"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.given_name"), "Samira"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.family_name"), "El Amrani"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.birth_date"), "1991-11"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.insz"), "91110299857"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.administration"),
                 "{'from':'2026-01-01','until':'2026-12-31'}"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.relations"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.events"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.objections"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.trajectory"), "nil"));
    fx_end(&f);
}

Test(participant, needs_only_a_given_name)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Yara'}");
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          fx_text(&f, "result.participant"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.insz"), "absent"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.family_name"), "absent"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.administration"), "absent"));
    fx_end(&f);
}

Test(participant, is_refused_with_the_argument_that_is_wrong)
{
    static const struct {
        const char *args;
        const char *code;
        const char *field;
    } rows[] = {
        {"'given_name':' Yara'", "bad-argument", "given_name"},
        {"'given_name':'Ya\nra'", "bad-argument", "given_name"},
        {"'given_name':'Y','family_name':'x '", "bad-argument", "family_name"},
        {"'given_name':'Y','birth_date':'1991-13'", "bad-argument",
         "birth_date"},
        {"'given_name':'Y','birth_date':'199'", "bad-argument", "birth_date"},
        {"'given_name':'Y','birth_date':'2026-09-02'", "bad-argument",
         "birth_date"},
        {"'given_name':'Y','insz':'91110299858'", "insz-invalid", "insz"},
        {"'given_name':'Y','administration':['2026-02-01','2026-01-01']",
         "bad-argument", "administration"},
        {"'given_name':'Y','administration':"
         "['2026-01-01','2026-01-02','2026-01-03']",
         "bad-argument", "administration"},
    };

    begin();
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        fx_refused(&f, "buso", rows[i].code, "participant.add", "{%s}",
                   rows[i].args);
        cr_expect(
            eq(str, (char *)fx_text(&f, "error.field"), (char *)rows[i].field),
            "%s", rows[i].args);
    }
    fx_ok(&f, "buso", "participant.list", "{}");
    cr_expect(eq(str, f.reply,
                 "{'ok':true,'result':{'more':false,'participants':[]}}"));
    fx_end(&f);
}

Test(participant, has_a_number_that_nobody_else_has)
{
    char id[64];

    begin();
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Samira','insz':'91110299857'}");
    snprintf(id, sizeof(id), "%s", fx_text(&f, "result.participant"));
    fx_refused(&f, "buso", "insz-known", "participant.add",
               "{'given_name':'Sam','insz':'91.11.02-998.57'}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), id));
    fx_ok(&f, "buso", "participant.find", "{'insz':'911102 99857'}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.participants.0.participant"), id));
    fx_ok(&f, "buso", "participant.find", "{'insz':'84031499777'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants"), "[]"));
    fx_refused(&f, "buso", "insz-invalid", "participant.find",
               "{'insz':'84031499778'}");
    /* Another node knows nothing of it. */
    fx_ok(&f, "gtb", "participant.find", "{'insz':'91110299857'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants"), "[]"));
    fx_end(&f);
}

Test(participant, is_found_by_any_words_of_the_name)
{
    begin();
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Éloïse','family_name':'Van den Berg'}");
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Berg','family_name':'Peeters'}");
    fx_ok(&f, "buso", "participant.find", "{'name':'ELOISE'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants.0.given_name"),
                 "Éloïse"));
    fx_ok(&f, "buso", "participant.find", "{'name':'berg'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants.2"), "absent"));
    cr_expect(ne(str, (char *)fx_text(&f, "result.participants.1"), "absent"));
    fx_ok(&f, "buso", "participant.find", "{'name':'berg eloise'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants.0.given_name"),
                 "Éloïse"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants.1"), "absent"));
    fx_ok(&f, "buso", "participant.find", "{'name':'ber'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants"), "[]"));
    fx_refused(&f, "buso", "missing-argument", "participant.find", "{}");
    fx_end(&f);
}

/* A list says that there is more, and goes on where it stopped. */
Test(participant, are_listed_page_by_page)
{
    char after[64];
    size_t seen = 0;

    begin();
    for (int i = 0; i < 7; i++)
        fx_ok(&f, "buso", "participant.add", "{'given_name':'P%d'}", i);
    fx_ok(&f, "buso", "participant.list", "{'limit':7}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
    fx_ok(&f, "buso", "participant.list", "{'limit':3}");
    for (;;) {
        size_t count = sk_value_count(fx_at(&f, "result.participants"));
        char path[64];

        seen += count;
        if (!sk_value_bool(fx_at(&f, "result.more")))
            break;
        cr_assert(eq(sz, count, 3));
        snprintf(path, sizeof(path), "result.participants.%zu.participant",
                 count - 1);
        snprintf(after, sizeof(after), "%s", fx_text(&f, path));
        fx_ok(&f, "buso", "participant.list", "{'limit':3,'after':'%s'}",
              after);
    }
    cr_expect(eq(sz, seen, 7));
    fx_refused(&f, "buso", "bad-argument", "participant.list", "{'limit':0}");
    fx_refused(&f, "buso", "bad-argument", "participant.list", "{'limit':501}");
    fx_end(&f);
}

/* Whose case somebody was who was erased is still known, and lies in between.
 */
Test(participant, list_passes_over_who_was_erased)
{
    struct sk_id ids[3];
    struct sk_participant_id gone;
    struct sk_engine *e;
    char text[SK_ID_TEXT_SIZE + 1] = "";
    char path[64];

    begin();
    for (size_t i = 0; i < SK_COUNT(ids); i++) {
        fx_ok(&f, "buso", "clock.set", "{'at':'2026-09-01T08:00:0%zuZ'}", i);
        fx_ok(&f, "buso", "participant.add", "{'given_name':'P%zu'}", i);
        cr_assert(
            sk_id_parse(sk_text(fx_text(&f, "result.participant")), &ids[i]));
        gone.id = ids[i];
        gone.id.bytes[SK_ID_SIZE - 1]++;
        e = fx_enter(&f, "buso");
        cr_assert(sk_case_give(e, &gone, &ids[0]) == SK_OK);
        cr_assert(sk_case_erased(e, &gone) == SK_OK);
        fx_leave(e);
    }
    fx_ok(&f, "buso", "participant.list", "{'limit':3}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.participants")), 3));
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
    for (size_t i = 0; i < SK_COUNT(ids); i++) {
        snprintf(path, sizeof(path), "result.participants.%zu.participant", i);
        sk_id_format(&ids[i], text);
        cr_expect(eq(str, (char *)fx_text(&f, path), text));
    }
    sk_id_format(&ids[1], text);
    fx_ok(&f, "buso", "participant.list", "{'limit':2,'after':'%s'}", text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.participants")), 1));
    sk_id_format(&ids[2], text);
    fx_ok(&f, "buso", "participant.list", "{'limit':2,'after':'%s'}", text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.participants")), 0));
    fx_end(&f);
}

static bool holds(struct sk_store *store, const char *text)
{
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    bool found = false;

    for (int space = 0; space < 2; space++) {
        scan = sk_scan_start(store, space == 0 ? SK_SPACE_DATA : SK_SPACE_KEYS,
                             (struct sk_bytes){0});
        while (sk_scan_next(&scan, &key, &value) == SK_OK)
            found |= memmem(key.data, key.size, text, strlen(text)) != NULL ||
                     memmem(value.data, value.size, text, strlen(text)) != NULL;
    }
    return found;
}

/* DESIGN 7: nothing about a person is readable in the store. */
Test(participant, leaves_no_readable_trace_in_the_store)
{
    struct sk_store *store;

    begin();
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Zebedeus','family_name':'Quixote',"
          "'birth_date':'1991','insz':'91110299857'}");
    store = f.nodes[0].store;
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_expect(holds(store, "buso"), "the search itself finds nothing");
    cr_expect(not(holds(store, "Zebedeus")));
    cr_expect(not(holds(store, "zebedeus")));
    cr_expect(not(holds(store, "Quixote")));
    cr_expect(not(holds(store, "91110299857")));
    cr_expect(not(holds(store, "1991")));
    sk_store_abort(store);
    fx_end(&f);
}

Test(participant, must_be_known)
{
    begin();
    fx_refused(&f, "buso", "unknown-participant", "participant.show",
               "{'participant':'00000000-0000-4000-8000-000000000001'}");
    fx_end(&f);
}
