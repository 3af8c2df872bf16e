/* I7 across a restore: what partners turn out to hold is asked back when the
   person took the consent back before that was known (PROTOCOL.md 8.4). */
#include "tests/node/lines.h"
#include "tests/node/samira.h"

static void start(struct samira *s)
{
    sm_start(s);
    sm_give(s);
}

static const char *shown(struct samira *s, const char *path)
{
    fx_ok(&s->f, "sopraco", "message.show", "{'message':'%s'}", s->message);
    return fx_text(&s->f, path);
}

static size_t inbox(struct samira *s)
{
    fx_call(&s->f, "cvo-kempen", "inbox.list", "{}");
    return sk_value_count(fx_at(&s->f, "result.messages"));
}

/* Back to the backup while the partner cannot be reached, then withdrawn. */
static void restore_and_withdraw(struct samira *s)
{
    cr_assert(eq(sz, inbox(s), 1));
    fx_offline(&s->f, "cvo-kempen", true);
    ln_restore(&s->f, "sopraco", s->backup);
    fx_ok(&s->f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s->participant);
    cr_expect(eq(str, (char *)fx_text(&s->f, "result.notices"), "[]"));
    fx_offline(&s->f, "cvo-kempen", false);
}

static void expect_asked_back(struct samira *s)
{
    cr_expect(eq(str, (char *)shown(s, "result.state"), "stored"));
    cr_expect(eq(str, (char *)shown(s, "result.recall"), "asked"));
    cr_expect(eq(sz, inbox(s), 0));
    fx_ok(&s->f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    cr_expect(eq(str, (char *)shown(s, "result.recall"), "confirmed"));
    cr_expect(
        eq(str, (char *)shown(s, "result.fields.0.field"), "eval_learning"));
}

/* The backup has never heard of the message. */
Test(held_recall, asks_back_what_the_backup_forgot)
{
    static struct samira s;

    start(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    restore_and_withdraw(&s);
    expect_asked_back(&s);
    fx_end(&s.f);
}

/* The backup has it waiting, and drops it at the withdrawal. */
Test(held_recall, asks_back_what_the_backup_dropped)
{
    static struct samira s;

    start(&s);
    fx_offline(&s.f, "cvo-kempen", true);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    fx_offline(&s.f, "cvo-kempen", false);
    cr_expect(eq(str, (char *)shown(&s, "result.state"), "stored"));
    cr_assert(eq(sz, inbox(&s), 1));
    fx_offline(&s.f, "cvo-kempen", true);
    ln_restore(&s.f, "sopraco", s.backup);
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.dropped.0"), s.message));
    cr_expect(eq(str, (char *)shown(&s, "result.state"), "dropped"));
    fx_offline(&s.f, "cvo-kempen", false);
    expect_asked_back(&s);
    fx_end(&s.f);
}

/* Nothing was taken back: then nothing is asked back. */
Test(held_recall, leaves_what_is_still_agreed)
{
    static struct samira s;

    start(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    ln_restore(&s.f, "sopraco", s.backup);
    cr_expect(eq(str, (char *)shown(&s, "result.state"), "stored"));
    cr_expect(eq(str, (char *)shown(&s, "result.recall"), "none"));
    cr_expect(eq(sz, inbox(&s), 1));
    fx_end(&s.f);
}

/* CONSENT.md 5.2: of a person who is forgotten nothing is left to find it by,
   but the way to tell who turns out to have more. */
Test(held_recall, asks_back_from_a_partner_what_a_forgotten_person_had_there)
{
    static struct samira s;
    struct fx *f = &s.f;

    start(&s);
    s.backup = ln_backup(f, "sopraco");
    sm_send(&s);
    cr_assert(eq(sz, inbox(&s), 1));
    fx_offline(f, "cvo-kempen", true);
    ln_restore(f, "sopraco", s.backup);
    fx_ok(f, "sopraco", "participant.erase",
          "{'participant':'%s','ground':'not-needed'}", s.participant);
    cr_expect(eq(str, (char *)fx_text(f, "result.notices"), "[]"));
    fx_offline(f, "cvo-kempen", false);
    cr_expect(eq(sz, inbox(&s), 0));
    fx_ok(f, "cvo-kempen", "erasure.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(f, "result.notices")), 1));
    cr_expect(
        eq(str, (char *)fx_text(f, "result.notices.0.ground"), "not-needed"));
    cr_expect(eq(str, (char *)fx_text(f, "result.notices.0.do"), "erase"));
    fx_ok(f, "sopraco", "participant.erasure", "{'participant':'%s'}",
          s.participant);
    cr_expect(eq(str, (char *)fx_text(f, "result.waiting"), "1"), "%s",
              f->reply);
    fx_ok(f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_ok(f, "sopraco", "participant.erasure", "{'participant':'%s'}",
          s.participant);
    cr_expect(eq(str, (char *)fx_text(f, "result.waiting"), "0"), "%s",
              f->reply);
    fx_end(f);
}
