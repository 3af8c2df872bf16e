/* What partners sent about one person (docs/EXPORT.md): of that person, all of
   it by the page, without what was asked back, and nobody is told. */
#include "tests/node/staff.h"

static struct fx f;
static struct people_id jonas; /* at buso */
static struct people_id here;  /* at houtzaak */

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    jonas = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", jonas, "houtzaak");
    people_consent(&f, "buso", jonas, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    here = people_add(&f, "houtzaak", "2000");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(received, .init = start, .fini = end);

static struct people_id send_to_here(void)
{
    struct people_id message = people_send(
        &f, "buso", people_workplace(&f, jonas), "houtzaak", "work.placement");

    fx_run(&f);
    fx_ok(&f, "houtzaak", "inbox.assign", "{'message':'%s','participant':'%s'}",
          message.text, here.text);
    return message;
}

static const char *received(const char *key)
{
    static char path[64];

    fx_ok(&f, "houtzaak", "participant.received", "{'participant':'%s'}",
          here.text);
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

Test(received, is_shown_and_the_sender_is_not_told)
{
    struct people_id other = people_add(&f, "houtzaak", "2001");
    struct people_id message = send_to_here();

    cr_expect(eq(str, (char *)received("messages.0.message"), message.text));
    cr_expect(
        eq(str, (char *)received("messages.0.fields.given_name"), "Jonas"));
    cr_expect(eq(str, (char *)received("messages.1"), "absent"));
    cr_expect(eq(str, (char *)received("next"), "absent"));
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));
    fx_ok(&f, "houtzaak", "participant.received", "{'participant':'%s'}",
          other.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages"), "[]"));
}

/* CONSENT 4.5: from the notice on it is used by nobody. */
Test(received, leaves_out_what_was_asked_back)
{
    (void)send_to_here();
    fx_clock(&f, "2027-03-02T09:00:00Z");
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", jonas.text);
    cr_expect(eq(str, (char *)received("messages"), "[]"));
}

Test(received, comes_by_the_page)
{
    char seen[64][SK_ID_TEXT_SIZE + 1];
    char after[SK_ID_TEXT_SIZE + 8] = "";
    size_t count = 0;
    size_t pages = 0;

    for (size_t i = 0; i < 53; i++)
        (void)send_to_here();
    do {
        fx_ok(&f, "houtzaak", "participant.received",
              "{'participant':'%s'%s%s%s}", here.text,
              after[0] == '\0' ? "" : ",'after':'", after,
              after[0] == '\0' ? "" : "'");
        for (;;) {
            char path[64];
            const char *id;

            snprintf(path, sizeof(path), "result.messages.%zu.message",
                     count - 50 * pages);
            id = fx_text(&f, path);
            if (strcmp(id, "absent") == 0)
                break;
            cr_assert(count < 53);
            snprintf(seen[count], sizeof(seen[count]), "%s", id);
            for (size_t i = 0; i < count; i++)
                cr_expect(ne(str, seen[i], seen[count]));
            count++;
        }
        pages++;
        snprintf(after, sizeof(after), "%s", fx_text(&f, "result.next"));
    } while (strcmp(after, "absent") != 0);
    cr_expect(eq(sz, pages, 2));
    cr_expect(eq(sz, count, 53));
}

/* Erased between two pages: that is not the end of the list. */
Test(received, a_page_behind_what_is_gone_is_refused)
{
    (void)send_to_here();
    fx_refused(&f, "houtzaak", "unknown-message", "participant.received",
               "{'participant':'%s','after':'%s'}", here.text, here.text);
}

/* CONTROL.md 7.3, 7.4: of the own cases, and every look is kept. */
Test(received, is_for_the_coach_and_is_kept)
{
    (void)send_to_here();
    staff_add(&f, "houtzaak");
    staff_as(&f, ELS);
    fx_ok(&f, "houtzaak", "participant.assign",
          "{'participant':'%s','coach':'iris'}", here.text);
    staff_as(&f, BRAM);
    fx_refused(&f, "houtzaak", "not-your-case", "participant.received",
               "{'participant':'%s'}", here.text);
    staff_as(&f, OMAR);
    fx_refused(&f, "houtzaak", "role-lacks", "participant.received",
               "{'participant':'%s'}", here.text);
    staff_as(&f, IRIS);
    fx_ok(&f, "houtzaak", "participant.received", "{'participant':'%s'}",
          here.text);
    staff_as(&f, ELS);
    fx_ok(&f, "houtzaak", "access.list", "{'participant':'%s','user':'iris'}",
          here.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.looks.0.op"),
                 "participant.received"),
              "%s", f.reply);
    staff_as(&f, 0);
}
