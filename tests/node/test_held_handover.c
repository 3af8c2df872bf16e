#include "tests/node/lines.h"
#include "tests/node/people.h"

/* A partner told a restored node of a handover that its backup never saw:
   a refusal after its receipt changes nothing (it is recalled all the same),
   and stops nothing.  Found by the simulator. */
Test(held_handover, refusal_of_a_forgotten_request_is_taken)
{
    static struct fx f;
    static struct sk_message m;
    struct people_id who;
    struct people_id message;
    struct sk_store *backup;

    fx_start(&f, "S2A", "2027-03-08T08:00:00Z");
    who = people_add(&f, "buso", "2001-02-03");
    people_link(&f, "buso", who, "gtb");
    people_consent(&f, "buso", who, "gtb", "guidance.handover",
                   "['process.handover','contact.coach']");
    backup = ln_backup(&f, "buso");
    message = people_send(&f, "buso", people_request(&f, who), "gtb",
                          "guidance.handover");
    fx_run(&f);
    ln_restore(&f, "buso", backup);
    cr_assert(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));

    m.kind = SK_MESSAGE_REFUSAL;
    strcpy(m.refusal.code, "expired");
    strcpy(m.refusal.check, "item");
    m.refusal.has_message = true;
    cr_assert(sk_id_parse(sk_text(message.text), &m.refusal.message.id));
    ln_send(&f, "gtb", "buso", &m);
    fx_run(&f);
    cr_expect(
        eq(str, (char *)people_shown(&f, "buso", message, "state"), "stored"));
    fx_end(&f);
}
