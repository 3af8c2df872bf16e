/* Replies on screen: what a coach reads has words and days, no codes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "tools/schakel/render.h"

/* owned */
static char *shown(const char *op, const char *result, bool dutch)
{
    json_t *json = json_loads(result, 0, NULL);
    struct sk_screen screen = {.dutch = dutch};
    char *text = NULL;
    size_t size;

    cr_assert(json != NULL);
    screen.out = open_memstream(&text, &size);
    sk_render(&screen, op, json);
    fclose(screen.out);
    json_decref(json);
    return text;
}

static void expect_shown(const char *op, const char *result, bool dutch,
                         const char *want)
{
    char *text = shown(op, result, dutch);

    cr_expect(eq(str, text, (char *)want));
    free(text);
}

Test(render, says_who_gave_a_consent_and_when)
{
    static const char consent[] =
        "{\"given_by\":\"self-and-parent\",\"recorded_ms\":1795340198124,"
        "\"state\":\"given\",\"until\":\"2026-12-31T23:00:00Z\"}";

    expect_shown("consent.show", consent, true,
                 "gegeven door  de deelnemer en de ouder\n"
                 "vastgelegd    2026-11-22 10:36\n"
                 "toestand      gegeven\n"
                 "tot en met    2026-12-31\n");
    expect_shown("consent.show", consent, false,
                 "given by  the participant and the parent\n"
                 "recorded  2026-11-22 10:36\n"
                 "state     given\n"
                 "until     2026-12-31\n");
}

/* status: what works in one line, and what does not below it. */
Test(render, says_what_the_node_can_do)
{
    static const char all[] = "{\"able\":{\"journal\":true,\"reach\":true,"
                              "\"seal\":true,\"sign\":true},\"org\":\"buso\"}";
    static const char some[] =
        "{\"able\":{\"journal\":true,\"reach\":false,\"seal\":false,"
        "\"sign\":true}}";
    static const char none[] =
        "{\"able\":{\"journal\":false,\"reach\":false,\"seal\":false,"
        "\"sign\":false}}";

    expect_shown("node.status", all, true,
                 "dit knooppunt kan  het logboek bijhouden, alle partners "
                 "bereiken, voor alle partners verzegelen, ondertekenen\n"
                 "organisatie        buso\n");
    expect_shown(
        "node.status", some, true,
        "dit knooppunt kan  het logboek bijhouden, ondertekenen\n"
        "kan nu niet        alle partners bereiken, voor alle partners "
        "verzegelen\n");
    expect_shown("node.status", some, false,
                 "this node can  keep the journal, sign\n"
                 "cannot now     reach all partners, seal for all partners\n");
    expect_shown(
        "node.status", none, false,
        "cannot now     keep the journal, reach all partners, seal for "
        "all partners, sign\n");
}

Test(render, says_what_may_be_written)
{
    expect_shown("text.check", "{\"result\":\"warned\",\"word\":\"depressie\"}",
                 true,
                 "besluit  mag, maar lees het na\n"
                 "woord    depressie\n");
}

/* Milliseconds are instants; a number of them is not. */
Test(render, leaves_other_values_alone)
{
    expect_shown("x.y", "{\"a_ms\":\"b\",\"items\":7,\"kind\":\"warm\"}", false,
                 "a_ms       b\n"
                 "all items  7\n"
                 "kind       warm\n");
}

/* What to do when a search looked at as many as it looks at. */
Test(render, says_what_to_do_when_a_search_stopped)
{
    static const char reply[] =
        "{\"more\":true,\"participants\":[{\"given_name\":\"Jan\","
        "\"participant\":\"9a2a637d-2127-40c9-a586-13490c5bbceb\"}],"
        "\"stopped\":true}";

    expect_shown(
        "participant.find", reply, true,
        "voornaam  familienaam  deelnemer                             \n"
        "Jan       -            9a2a637d-2127-40c9-a586-13490c5bbceb  \n"
        "zoveel mensen heten zo, dat niet bij iedereen gekeken is: "
        "zoek met de volledige naam, of met --insz\n");
}

/* A page of the agenda goes on behind an item of a day. */
Test(render, says_where_the_agenda_goes_on)
{
    expect_shown("agenda.list",
                 "{\"items\":[{\"item\":7}],\"more\":true,\"next\":{"
                 "\"after\":7,\"from\":\"2027-05-26\"}}",
                 false,
                 "number  day  state  what  for  given name  partner  \n"
                 "7       -    -      -     -    -           -        \n"
                 "go on with --after 7 --from 2027-05-26\n");
}

Test(render, says_behind_whose_request_the_next_page_begins)
{
    expect_shown("erasure.list",
                 "{\"more\":true,\"next\":{"
                 "\"after\":\"a\",\"after_from\":\"vdab\"}}",
                 false,
                 "there is more       yes\n"
                 "go on with --after a --after-from vdab\n");
}

/* The next page is asked for; the next policy comes by itself. */
Test(render, says_what_comes_next)
{
    expect_shown("policy.show",
                 "{\"next\":{\"from\":\"2031-01-01\",\"version\":4}}", true,
                 "komt eraan:\n"
                 "  van     2031-01-01\n"
                 "  versie  4\n");
    expect_shown("handover.list",
                 "{\"handovers\":[{\"state\":\"waiting\"}],\"more\":true,"
                 "\"next\":\"9a2a637d-2127-40c9-a586-13490c5bbceb\"}",
                 false,
                 "requested  given name  partner  role  kind  state        "
                 "        waits for  handover  \n"
                 "-          -           -        -     -     on the waiting "
                 "list  -          -         \n"
                 "go on with --after 9a2a637d-2127-40c9-a586-13490c5bbceb\n");
    expect_shown("participant.list",
                 "{\"more\":true,\"participants\":[{\"given_name\":\"Jan\","
                 "\"participant\":\"9a2a637d-2127-40c9-a586-13490c5bbceb\"}]}",
                 false,
                 "given name  family name  participant                    "
                 "       \n"
                 "Jan         -            "
                 "9a2a637d-2127-40c9-a586-13490c5bbceb  \n"
                 "go on with --after 9a2a637d-2127-40c9-a586-13490c5bbceb\n");
    /* Of very many with one name only some are looked at. */
    expect_shown("participant.find", "{\"more\":true,\"participants\":[]}",
                 true,
                 "voornaam  familienaam  deelnemer  \n"
                 "(niets)\n"
                 "niet iedereen met die naam staat hier: geef meer van de "
                 "naam\n");
    expect_shown("disclosure.list",
                 "{\"disclosures\":[],\"more\":true,"
                 "\"next\":\"9a2a637d-2127-40c9-a586-13490c5bbceb\"}",
                 false,
                 "Nobody got anything.\n"
                 "go on with --after 9a2a637d-2127-40c9-a586-13490c5bbceb\n");
}

/* DOMAIN.md 5.3: whoever has an open handover reads how it can end; who asked
   for more info, that nothing says what. */
Test(render, says_how_an_open_handover_ends)
{
    static const struct {
        const char *role;
        const char *state;
        const char *want;
    } all[] = {
        {"receiver", "requested", "schakel handover decline h1"},
        {"receiver", "received", "schakel handover decline h1"},
        {"receiver", "need_info", "schakel handover decline h1"},
        {"receiver", "waiting", "schakel handover decline h1"},
        {"receiver", "accepted", "schakel handover complete h1 "},
        {"receiver", "need_info", "It does not say what: call the partner."},
        {"sender", "requested", "schakel handover cancel h1"},
        {"sender", "received", "schakel handover cancel h1"},
        {"sender", "need_info", "schakel handover cancel h1"},
        {"sender", "waiting", "schakel handover cancel h1"},
        {"sender", "accepted", "schakel handover cancel h1"},
        {"sender", "need_info", "It does not say what: call them."},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        char view[128];
        char *text;

        snprintf(view, sizeof(view),
                 "{\"role\":\"%s\",\"state\":\"%s\",\"handover\":\"h1\","
                 "\"participant\":\"p\"}",
                 all[i].role, all[i].state);
        text = shown("handover.show", view, false);
        cr_expect(strstr(text, all[i].want) != NULL, "%s\n%s", view, text);
        free(text);
    }
}
