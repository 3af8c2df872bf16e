/* Tests: node/engine/replay.c */
#include "tests/node/lines.h"

#include "node/engine/outbox.h"

/* Samira at Sopraco, with a consent for the OCMW and the school: X1. */
struct samira {
    struct fx f;
    char participant[64];
    char event[64];
};

static void keep(struct fx *f, const char *path, char out[64])
{
    snprintf(out, 64, "%s", fx_text(f, path));
}

static void record(struct samira *s, const char *learning)
{
    fx_ok(&s->f, "sopraco", "event.record",
          "{'participant':'%s','type':'workplace.evaluated','fields':{"
          "'eval_period':'2026-W39/W43','next_step':'continue',"
          "'eval_attendance':'4','eval_learning':'%s'}}",
          s->participant, learning);
    keep(&s->f, "result.event", s->event);
}

static void start(struct samira *s)
{
    struct fx *f = &s->f;

    fx_start(f, "kempen", "2026-09-18T12:00:00Z");
    fx_ok(f, "sopraco", "participant.add",
          "{'given_name':'Samira','birth_date':'1991-11-02'}");
    keep(f, "result.participant", s->participant);
    fx_ok(f, "sopraco", "relation.open",
          "{'participant':'%s','org':'ocmw-mol','from':'2026-09-18'}",
          s->participant);
    fx_ok(f, "sopraco", "relation.open",
          "{'participant':'%s','org':'cvo-kempen','from':'2026-09-18'}",
          s->participant);
    fx_ok(f, "sopraco", "consent.give",
          "{'participant':'%s','until':'2027-09-21',"
          "'purposes':['guidance.joint'],"
          "'recipients':['ocmw-mol','cvo-kempen'],"
          "'categories':['work.evaluation','work.job'],"
          "'form':'paper','notice':{'$hex':'00'},'notice_id':'n/1'}",
          s->participant);
    record(s, "3");
}

/* The message id. */
static void send(struct samira *s, const char *to, char out[64])
{
    fx_call(&s->f, "sopraco", "disclosure.send",
            "{'event':'%s','to':'%s','for':'guidance.joint'}", s->event, to);
    cr_assert(eq(str, (char *)fx_text(&s->f, "result.decision"), "permit"),
              "%s", s->f.reply);
    keep(&s->f, "result.message", out);
}

static void withdraw(struct samira *s, const char *recipient)
{
    fx_call(&s->f, "sopraco", "consent.withdraw",
            "{'participant':'%s','purposes':['guidance.joint'],"
            "'recipients':['%s']}",
            s->participant, recipient);
    cr_assert(sk_value_bool(fx_at(&s->f, "ok")), "%s", s->f.reply);
}

static void give_again(struct samira *s, const char *recipient)
{
    fx_ok(&s->f, "sopraco", "consent.give",
          "{'participant':'%s','until':'2027-09-21',"
          "'purposes':['guidance.joint'],'recipients':['%s'],"
          "'categories':['work.evaluation'],"
          "'form':'paper','notice':{'$hex':'00'},'notice_id':'n/1'}",
          s->participant, recipient);
}

static const char *state(struct samira *s, const char *message)
{
    fx_call(&s->f, "sopraco", "message.show", "{'message':'%s'}", message);
    return fx_text(&s->f, "result.state");
}

static size_t inbox(struct samira *s, const char *org)
{
    fx_call(&s->f, org, "inbox.list", "{}");
    return sk_value_count(fx_at(&s->f, "result.messages"));
}

/* ------------------------------------------------------------- receipts */

/* ------------------------------------------------------------- ids */

static uint64_t head_of(struct samira *s, const char *to)
{
    struct sk_log log;

    cr_assert(sk_log_get(fx_node(&s->f, "sopraco")->engine,
                         &fx_node(&s->f, to)->org, &log) == SK_OK);
    return log.head;
}

/* The next message: its id begins with its place in the log to `to`, and is
   of version 4. */
static void expect_placed(struct samira *s, const char *to, char id[64])
{
    unsigned long long number = head_of(s, to) + 1;
    char place[32];

    snprintf(place, sizeof(place), "%08llx-%04llx", number >> 16,
             number & 0xffff);
    send(s, to, id);
    cr_expect(strncmp(id, place, 13) == 0, "%s is not of %s", id, place);
    cr_expect(id[14] == '4' && strchr("89ab", id[19]) != NULL, "%s", id);
}

/* PROTOCOL.md 7.3: what follows each other lies together, at both ends, and
   nobody learns from an id when it was made or what others got. */
Test(outbox, id_of_a_message_begins_with_its_place)
{
    static struct samira s;
    char ids[6][64];

    start(&s);
    for (size_t i = 0; i < 4; i++)
        expect_placed(&s, "ocmw-mol", ids[i]);
    expect_placed(&s, "cvo-kempen", ids[4]);
    cr_expect(head_of(&s, "cvo-kempen") < head_of(&s, "ocmw-mol"));
    fx_run(&s.f);
    fx_crash(&s.f, "sopraco");
    expect_placed(&s, "ocmw-mol", ids[5]);
    for (size_t i = 1; i < 4; i++)
        cr_expect(strcmp(ids[i - 1], ids[i]) < 0);
    cr_expect(strcmp(ids[3], ids[5]) < 0);
    /* All behind the place is random. */
    for (size_t i = 1; i < 6; i++)
        cr_expect(strcmp(ids[0] + 15, ids[i] + 15) != 0);
    fx_end(&s.f);
}

/* DOMAIN 3.4: the ledger says what was reached, and nothing better. */
Test(outbox, ledger_follows_the_receipts)
{
    static struct samira s;
    struct ln_trace *t;
    char id[64];

    start(&s);
    fx_offline(&s.f, "ocmw-mol", true);
    send(&s, "ocmw-mol", id);
    cr_expect(eq(str, (char *)state(&s, id), "queued"));
    t = ln_trace(&s.f, "sopraco", "ocmw-mol");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    fx_offline(&s.f, "ocmw-mol", false);
    cr_expect(eq(str, (char *)state(&s, id), "sent"));
    fx_wait(&s.f, 6000);
    cr_expect(eq(str, (char *)state(&s, id), "stored"));
    fx_ok(&s.f, "ocmw-mol", "inbox.open", "{'message':'%s'}", id);
    cr_expect(eq(str, (char *)state(&s, id), "read"));
    fx_ok(&s.f, "ocmw-mol", "inbox.accept", "{'message':'%s'}", id);
    cr_expect(eq(str, (char *)state(&s, id), "accepted"));
    free(t);
    fx_end(&s.f);
}

/* READ overtakes the receipt that was lost; the receipt does not undo it. */
Test(outbox, late_receipt_does_not_go_back)
{
    static struct samira s;
    struct ln_trace *t;
    char id[64];

    start(&s);
    t = ln_trace(&s.f, "sopraco", "ocmw-mol");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    send(&s, "ocmw-mol", id);
    fx_run(&s.f);
    fx_ok(&s.f, "ocmw-mol", "inbox.open", "{'message':'%s'}", id);
    cr_expect(eq(str, (char *)state(&s, id), "read"));
    fx_wait(&s.f, 6000);
    cr_expect(eq(str, (char *)state(&s, id), "read"));
    cr_expect(ne(str, (char *)fx_text(&s.f, "result.stored"), "absent"));
    free(t);
    fx_end(&s.f);
}

/* ------------------------------------------------------------- I2 */

/* What waits is decided when it is sent: withdrawn in between, an empty place
   goes out, and nobody is told of a message that never was. */
Test(outbox, queued_message_is_decided_when_sent)
{
    static struct samira s;
    struct ln_trace *t;
    uint64_t number;
    char id[64];

    start(&s);
    fx_offline(&s.f, "cvo-kempen", true);
    send(&s, "cvo-kempen", id);
    cr_expect(
        eq(str, (char *)ln_peer(&s.f, "sopraco", "cvo-kempen", "queue"), "1"));
    withdraw(&s, "cvo-kempen");
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.dropped.0"), id));
    cr_expect(
        eq(str, (char *)ln_peer(&s.f, "sopraco", "cvo-kempen", "queue"), "0"));
    t = ln_trace(&s.f, "sopraco", "cvo-kempen");
    fx_offline(&s.f, "cvo-kempen", false);
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 0));
    cr_expect(eq(str, (char *)state(&s, id), "dropped"));
    number =
        strtoull(ln_peer(&s.f, "sopraco", "cvo-kempen", "stored"), NULL, 10);
    cr_expect(eq(u64, number, 1));
    free(t);
    fx_end(&s.f);
}

/* Sent and lost, withdrawn, sent again as an empty place: the school never
   had it, and the ledger ends up saying so. */
Test(outbox, lost_then_withdrawn_was_never_delivered)
{
    static struct samira s;
    struct ln_trace *t;
    char id[64];

    start(&s);
    t = ln_trace(&s.f, "sopraco", "cvo-kempen");
    t->lose[SK_MESSAGE_ITEMS] = 1;
    send(&s, "cvo-kempen", id);
    fx_run(&s.f);
    cr_expect(eq(str, (char *)state(&s, id), "sent"));
    fx_offline(&s.f, "cvo-kempen", true);
    withdraw(&s, "cvo-kempen");
    fx_offline(&s.f, "cvo-kempen", false);
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 0));
    cr_expect(eq(str, (char *)state(&s, id), "dropped"));
    free(t);
    fx_end(&s.f);
}

/* The other way round: it arrived, the receipt was lost, it was withdrawn:
   the school has it, so it is asked back. */
Test(outbox, arrived_then_withdrawn_is_asked_back)
{
    static struct samira s;
    struct ln_trace *t;
    char id[64];

    start(&s);
    t = ln_trace(&s.f, "sopraco", "cvo-kempen");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    send(&s, "cvo-kempen", id);
    fx_run(&s.f);
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 1));
    fx_offline(&s.f, "cvo-kempen", true);
    withdraw(&s, "cvo-kempen");
    fx_offline(&s.f, "cvo-kempen", false);
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 0));
    cr_expect(eq(str, (char *)state(&s, id), "stored"));
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.recall"), "asked"));
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    (void)state(&s, id);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.recall"), "confirmed"));
    free(t);
    fx_end(&s.f);
}

/* ------------------------------------------------------------- restores */

/* The school fell back to before the message and the recall: both come again,
   decided again: an empty place and the notice. */
Test(outbox, fallen_back_partner_gets_what_is_still_allowed)
{
    static struct samira s;
    struct sk_store *backup;
    char first[64];
    char second[64];

    start(&s);
    backup = ln_backup(&s.f, "cvo-kempen");
    send(&s, "cvo-kempen", first);
    fx_run(&s.f);
    withdraw(&s, "cvo-kempen");
    fx_run(&s.f);
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_clock(&s.f, "2026-09-19T12:00:00Z");
    give_again(&s, "cvo-kempen");
    record(&s, "4");
    send(&s, "cvo-kempen", second);
    fx_run(&s.f);
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 1));
    ln_restore(&s.f, "cvo-kempen", backup);
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 1));
    cr_expect(
        eq(str, (char *)fx_text(&s.f, "result.messages.0.message"), second));
    cr_expect(eq(str, (char *)state(&s, second), "stored"));
    fx_end(&s.f);
}

/* A sender that is a backup sends again under the same message id: the coach
   at the OCMW has one message, not two. */
Test(outbox, restored_sender_makes_no_doubles)
{
    static struct samira s;
    struct sk_store *backup;
    char id[64];

    start(&s);
    fx_offline(&s.f, "ocmw-mol", true);
    send(&s, "ocmw-mol", id);
    backup = ln_backup(&s.f, "sopraco");
    fx_offline(&s.f, "ocmw-mol", false);
    cr_expect(eq(sz, inbox(&s, "ocmw-mol"), 1));
    ln_restore(&s.f, "sopraco", backup);
    cr_expect(eq(sz, inbox(&s, "ocmw-mol"), 1));
    cr_expect(eq(str, (char *)state(&s, id), "stored"));
    fx_end(&s.f);
}

/* ------------------------------------------------------------- refusals */

/* The sender always gets an answer: what the partner refused says so in the
   ledger, also when the first answer was lost. */
Test(outbox, refused_by_the_partner_is_in_the_ledger)
{
    static struct samira s;
    struct ln_trace *t;
    char id[64];

    start(&s);
    /* The clock of the school is a year ahead: for it everything is past its
       erase_by. */
    fx_ok(&s.f, "cvo-kempen", "clock.set", "{'at':'2029-01-01T00:00:00Z'}");
    t = ln_trace(&s.f, "sopraco", "cvo-kempen");
    t->lose[SK_MESSAGE_REFUSAL] = 1;
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    send(&s, "cvo-kempen", id);
    fx_run(&s.f);
    cr_expect(eq(str, (char *)state(&s, id), "sent"));
    fx_wait(&s.f, 6000);
    cr_expect(eq(str, (char *)state(&s, id), "refused"));
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.reason"), "expired"));
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 0));
    free(t);
    fx_end(&s.f);
}

/* ------------------------------------------------------------- replays */

/* X1: a second copy is a duplicate; a recalled one is refused. */
Test(outbox, replay_is_duplicate_or_recalled)
{
    static struct samira s;
    char kept[64];
    char gone[64];

    start(&s);
    send(&s, "ocmw-mol", kept);
    send(&s, "cvo-kempen", gone);
    fx_run(&s.f);
    fx_ok(&s.f, "sopraco", "message.replay", "{'message':'%s'}", gone);
    (void)state(&s, gone);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.replay"), "duplicate"));
    withdraw(&s, "cvo-kempen");
    fx_run(&s.f);
    fx_call(&s.f, "sopraco", "message.replay", "{'message':'%s'}", gone);
    (void)state(&s, gone);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.replay"), "pending"));
    fx_run(&s.f);
    /* The ledger stays what it was: it did arrive, once. */
    cr_expect(eq(str, (char *)state(&s, gone), "stored"));
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.replay"), "recalled"));
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_ok(&s.f, "sopraco", "message.replay", "{'message':'%s'}", gone);
    (void)state(&s, gone);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.replay"), "recalled"));
    fx_ok(&s.f, "sopraco", "message.replay", "{'message':'%s'}", kept);
    (void)state(&s, kept);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.replay"), "duplicate"));
    cr_expect(eq(sz, inbox(&s, "ocmw-mol"), 1));
    cr_expect(eq(sz, inbox(&s, "cvo-kempen"), 0));
    fx_refused(&s.f, "sopraco", "unknown-message", "message.replay",
               "{'message':'01010101-0101-0101-0101-010101010101'}");
    fx_end(&s.f);
}
