/* Tests: node/engine/hold.c, node/engine/taken.c */
#include "tests/node/lines.h"
#include "tests/node/samira.h"

/* PROTOCOL.md 8.4: a node that was restored knows it.  Sopraco disclosed to
   CVO Kempen; one of them is put back as it was. */

static void start(struct samira *s)
{
    sm_start(s);
    sm_give(s);
}

static size_t count(struct samira *s, const char *org, const char *op,
                    const char *list)
{
    fx_call(&s->f, org, op, "{}");
    return sk_value_count(fx_at(&s->f, list));
}

static size_t inbox(struct samira *s)
{
    return count(s, "cvo-kempen", "inbox.list", "result.messages");
}

static size_t asked_to_erase(struct samira *s)
{
    return count(s, "cvo-kempen", "erasure.list", "result.notices");
}

static void withdraw(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s->participant);
}

/* As `schakel restore` does. */
static void restore(struct samira *s, const char *org)
{
    cr_assert(sk_store_begin(s->backup) == SK_OK);
    cr_assert(sk_engine_mark_restored(s->backup) == SK_OK);
    cr_assert(sk_store_commit(s->backup) == SK_OK);
    ln_restore(&s->f, org, s->backup);
}

/* Paper was entered again: the hold ends. */
static void go_on(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "restore.done", "{}");
    fx_run(&s->f);
}

static char *first_state(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "disclosure.list", "{'participant':'%s'}",
          s->participant);
    return (char *)fx_text(&s->f, "result.disclosures.0.state");
}

static bool on_hold(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "node.status", "{}");
    return sk_value_count(fx_at(&s->f, "result.hold")) > 0;
}

static uint64_t pending(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "node.status", "{}");
    return sk_value_uint(fx_at(&s->f, "result.pending.events"));
}

static char *incarnation(struct samira *s, const char *org, const char *peer)
{
    return (char *)ln_peer(&s->f, org, peer, "incarnation");
}

Test(restored, opens_a_new_incarnation_though_nothing_lags)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    cr_expect(eq(str, incarnation(&s, "sopraco", "cvo-kempen"), "1"));
    s.backup = ln_backup(&s.f, "sopraco");
    restore(&s, "sopraco");
    cr_expect(eq(str, incarnation(&s, "sopraco", "cvo-kempen"), "2"));
    cr_expect(eq(str, incarnation(&s, "sopraco", "ocmw-mol"), "2"),
              "also one that it never sent anything");
    cr_expect(eq(str, incarnation(&s, "cvo-kempen", "sopraco"), "1"));
    cr_expect(eq(sz, inbox(&s), 1), "nothing twice");
    go_on(&s);
    sm_send(&s);
    cr_expect(eq(sz, inbox(&s), 2), "and it goes on");
    fx_crash(&s.f, "sopraco");
    fx_run(&s.f);
    cr_expect(eq(str, incarnation(&s, "sopraco", "cvo-kempen"), "2"), "once");
    fx_end(&s.f);
}

/* Who is away now is asked when it is back, also after another start. */
Test(restored, asks_who_is_back_later)
{
    static struct samira s;

    start(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    cr_expect(eq(sz, inbox(&s), 1));
    fx_offline(&s.f, "cvo-kempen", true);
    restore(&s, "sopraco");
    cr_expect(eq(str, incarnation(&s, "sopraco", "cvo-kempen"), "1"));
    cr_expect(eq(str, incarnation(&s, "sopraco", "ocmw-mol"), "2"));
    fx_crash(&s.f, "sopraco");
    fx_offline(&s.f, "cvo-kempen", false);
    fx_run(&s.f);
    cr_expect(eq(str, incarnation(&s, "sopraco", "cvo-kempen"), "2"));
    cr_expect(eq(str, incarnation(&s, "sopraco", "ocmw-mol"), "2"));
    fx_call(&s.f, "sopraco", "disclosure.list", "{'participant':'%s'}",
            s.participant);
    cr_expect(eq(sz, sk_value_count(fx_at(&s.f, "result.disclosures")), 1));
    withdraw(&s);
    cr_expect(eq(sz, inbox(&s), 0), "I7");
    cr_expect(eq(sz, asked_to_erase(&s), 1));
    fx_end(&s.f);
}

/* I7: the recipient falls back to before the withdrawal reached it. */
Test(restored, what_was_recalled_is_recalled_again)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "cvo-kempen");
    withdraw(&s);
    cr_expect(eq(sz, inbox(&s), 0));
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    cr_expect(eq(sz, asked_to_erase(&s), 0));
    restore(&s, "cvo-kempen");
    cr_expect(eq(sz, inbox(&s), 0), "it is not back");
    cr_expect(eq(sz, asked_to_erase(&s), 1), "and must be erased again");
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    cr_expect(eq(sz, asked_to_erase(&s), 0));
    fx_end(&s.f);
}

static char *last_consent(struct samira *s, const char *what)
{
    size_t last;
    char path[64];

    fx_ok(&s->f, "sopraco", "consent.list", "{'participant':'%s'}",
          s->participant);
    last = sk_value_count(fx_at(&s->f, "result.consents"));
    cr_assert(last > 0, "%s", s->f.reply);
    snprintf(path, sizeof(path), "result.consents.%zu.%s", last - 1, what);
    return (char *)fx_text(&s->f, path);
}

/* I7: the sender falls back to before the withdrawal.  Who was asked to erase
   tells it; then it asks back everything again, and sends nothing. */
Test(restored, what_was_taken_back_since_is_learned_from_partners)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    withdraw(&s);
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    restore(&s, "sopraco");
    cr_expect(eq(str, last_consent(&s, "state"), "withdrawn"));
    cr_expect(eq(str, last_consent(&s, "told_by"), "cvo-kempen"));
    cr_expect(eq(str, last_consent(&s, "recipients.0"), "cvo-kempen"));
    cr_expect(eq(str, last_consent(&s, "purposes.0"), "guidance.joint"));
    cr_expect(eq(str, last_consent(&s, "categories.0"), "work.evaluation"));
    go_on(&s);
    fx_ok(&s.f, "sopraco", "disclosure.send",
          "{'event':'%s','to':'cvo-kempen','for':'guidance.joint'}", s.event);
    cr_expect(
        eq(str, (char *)fx_text(&s.f, "result.reason"), "consent-withdrawn"));
    cr_expect(eq(sz, inbox(&s), 0));
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_ok(&s.f, "sopraco", "disclosure.list", "{'participant':'%s'}",
          s.participant);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.disclosures.0.recall"),
                 "confirmed"));
    fx_end(&s.f);
}

/* I7: also who was suspended meanwhile learns what it sent, and asks it back.
 */
Test(restored, who_is_suspended_learns_what_it_sent)
{
    static struct samira s;

    start(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    fx_offline(&s.f, "sopraco", true);
    fx_partners(&s.f, "  sopraco:\n", "  sopraco:\n    status: suspended\n");
    fx_offline(&s.f, "sopraco", false);
    cr_expect(eq(sz, inbox(&s), 1));
    restore(&s, "sopraco");
    withdraw(&s);
    cr_expect(eq(sz, inbox(&s), 0));
    cr_expect(eq(sz, asked_to_erase(&s), 1));
    fx_end(&s.f);
}

/* I7: and who stays learns it from a partner that was suspended. */
Test(restored, who_is_suspended_says_what_it_has)
{
    static struct samira s;

    start(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    fx_offline(&s.f, "sopraco", true);
    restore(&s, "sopraco");
    fx_partners(&s.f, "  cvo-kempen:\n",
                "  cvo-kempen:\n    status: suspended\n");
    fx_offline(&s.f, "sopraco", false);
    fx_wait(&s.f, 130000);
    cr_expect(eq(sz, inbox(&s), 1));
    withdraw(&s);
    cr_expect(eq(sz, inbox(&s), 0));
    cr_expect(eq(sz, asked_to_erase(&s), 1));
    fx_end(&s.f);
}

/* What was taken back before the backup is not told again: consent that was
   given since stays. */
Test(restored, what_was_taken_back_before_is_not_told_again)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    withdraw(&s);
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_ok(&s.f, "sopraco", "consent.give",
          "{'participant':'%s','until':'2027-09-21',"
          "'purposes':['guidance.joint'],'recipients':['cvo-kempen'],"
          "'categories':['work.evaluation'],'form':'paper',"
          "'notice':{'$hex':'00'},'notice_id':'n/1'}",
          s.participant);
    s.backup = ln_backup(&s.f, "sopraco");
    restore(&s, "sopraco");
    cr_expect(eq(str, last_consent(&s, "told_by"), "absent"));
    cr_expect(eq(str, last_consent(&s, "state"), "given"));
    fx_end(&s.f);
}

/* Who asked to be forgotten took back everything, from everybody. */
Test(restored, who_was_forgotten_since_has_no_consent)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    fx_ok(&s.f, "sopraco", "participant.erase",
          "{'participant':'%s','ground':'not-needed'}", s.participant);
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    restore(&s, "sopraco");
    cr_expect(eq(str, last_consent(&s, "state"), "withdrawn"));
    cr_expect(eq(str, last_consent(&s, "recipients"), "absent"));
    fx_end(&s.f);
}

/* I2, I7: the recipient falls back to before the message came. */
Test(restored, what_was_recalled_does_not_come_again)
{
    static struct samira s;

    start(&s);
    s.backup = ln_backup(&s.f, "cvo-kempen");
    sm_send(&s);
    withdraw(&s);
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    restore(&s, "cvo-kempen");
    cr_expect(eq(sz, inbox(&s), 0));
    fx_end(&s.f);
}

/* Both sides fell back, each further than the other knows. */
Test(restored, two_backups_meet)
{
    static struct samira s;
    struct sk_store *theirs;

    start(&s);
    theirs = ln_backup(&s.f, "cvo-kempen");
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    cr_expect(eq(sz, inbox(&s), 2));
    fx_offline(&s.f, "sopraco", true);
    restore(&s, "sopraco");
    s.backup = theirs;
    restore(&s, "cvo-kempen");
    fx_offline(&s.f, "sopraco", false);
    fx_run(&s.f);
    cr_expect(eq(sz, inbox(&s), 0), "what one of them still knows waits");
    go_on(&s);
    cr_expect(eq(sz, inbox(&s), 1), "what one of them still knows");
    sm_send(&s);
    cr_expect(eq(sz, inbox(&s), 2));
    withdraw(&s);
    cr_expect(eq(sz, inbox(&s), 0));
    fx_end(&s.f);
}

/* CONSENT.md 4.2, I1, I7: what was taken back after the backup is not known to
   it; what waited in it does not leave before that was entered again. */
Test(restored, what_waited_does_not_leave_before_paper_is_entered)
{
    static struct samira s;

    start(&s);
    fx_offline(&s.f, "cvo-kempen", true);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    withdraw(&s);
    restore(&s, "sopraco");
    cr_expect(on_hold(&s));
    fx_offline(&s.f, "cvo-kempen", false);
    fx_run(&s.f);
    cr_expect(eq(sz, inbox(&s), 0), "nothing leaves");
    cr_expect(eq(str, first_state(&s), "queued"));
    cr_expect(eq(u64, pending(&s), 1));
    withdraw(&s);
    go_on(&s);
    cr_expect(eq(sz, inbox(&s), 0), "nor after it was taken back again");
    cr_expect(eq(str, first_state(&s), "dropped"));
    cr_expect(eq(u64, pending(&s), 0));
    cr_expect(not(on_hold(&s)));
    fx_refused(&s.f, "sopraco", "not-on-hold", "restore.done", "{}");
    fx_end(&s.f);
}

/* What may still go is decided and goes; what is no event never waited. */
Test(restored, the_hold_holds_events_and_nothing_else)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    cr_expect(eq(sz, inbox(&s), 1));
    fx_offline(&s.f, "cvo-kempen", true);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    restore(&s, "sopraco");
    sm_send(&s);
    ln_publish(&s.f, "sopraco", "cvo-kempen", 0, 1);
    fx_offline(&s.f, "cvo-kempen", false);
    fx_run(&s.f);
    fx_call(&s.f, "cvo-kempen", "inbox.list", "{}");
    cr_expect(eq(sz, inbox(&s), 2), "the first, and what names nobody");
    cr_expect(eq(u64, pending(&s), 2));
    fx_crash(&s.f, "sopraco");
    fx_run(&s.f);
    cr_expect(on_hold(&s), "also after another start");
    cr_expect(eq(sz, inbox(&s), 2));
    go_on(&s);
    cr_expect(eq(sz, inbox(&s), 4), "one that waited, and a new one");
    cr_expect(eq(u64, pending(&s), 0));
    withdraw(&s);
    cr_expect(eq(sz, inbox(&s), 1), "a withdrawal reaches all three");
    fx_end(&s.f);
}

/* I7: a withdrawal is no event, and does not wait behind one. */
Test(restored, a_withdrawal_passes_what_is_held)
{
    static struct samira s;

    start(&s);
    sm_send(&s);
    fx_offline(&s.f, "cvo-kempen", true);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    restore(&s, "sopraco");
    fx_offline(&s.f, "cvo-kempen", false);
    fx_run(&s.f);
    withdraw(&s);
    cr_expect(on_hold(&s));
    cr_expect(eq(sz, inbox(&s), 0), "asked back at once");
    cr_expect(eq(sz, asked_to_erase(&s), 1));
    go_on(&s);
    cr_expect(eq(sz, inbox(&s), 0));
    cr_expect(eq(u64, pending(&s), 0));
    fx_end(&s.f);
}

/* A recipient that falls back meanwhile gets again what it lost, later. */
Test(restored, what_the_recipient_lost_waits_too)
{
    static struct samira s;
    struct sk_store *theirs;

    start(&s);
    theirs = ln_backup(&s.f, "cvo-kempen");
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    restore(&s, "sopraco");
    s.backup = theirs;
    restore(&s, "cvo-kempen");
    cr_expect(eq(sz, inbox(&s), 0));
    go_on(&s);
    cr_expect(eq(sz, inbox(&s), 1));
    cr_expect(eq(str, first_state(&s), "stored"));
    cr_expect(eq(u64, pending(&s), 0));
    fx_end(&s.f);
}

/* A store in memory cannot be kept: said, not guessed.  CONTROL.md 6.3 */
Test(restored, no_moment_no_backup)
{
    static struct samira s;

    start(&s);
    fx_call(&s.f, "sopraco", "backup.start", "{}");
    cr_expect(eq(str, (char *)fx_text(&s.f, "error.code"), "backup-lost"));
    fx_call(&s.f, "sopraco", "backup.read", "{'backup':0}");
    cr_expect(eq(str, (char *)fx_text(&s.f, "error.code"), "backup-lost"));
    fx_call(&s.f, "sopraco", "backup.end", "{'backup':0}");
    cr_expect(eq(str, (char *)fx_text(&s.f, "error.code"), "backup-lost"));
    fx_end(&s.f);
}
