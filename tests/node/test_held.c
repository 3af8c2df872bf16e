#include "tests/node/lines.h"
#include "tests/node/samira.h"

/* After a restore (PROTOCOL.md 8.4): Sopraco disclosed about Samira, and is
   then a backup from before that. */

static size_t inbox(struct samira *s)
{
    fx_call(&s->f, "cvo-kempen", "inbox.list", "{}");
    return sk_value_count(fx_at(&s->f, "result.messages"));
}

/* I7: a withdrawal reaches what went out after the backup was made. */
Test(held, withdrawal_reaches_what_the_backup_forgot)
{
    static struct samira s;

    sm_start(&s);
    sm_give(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    cr_assert(eq(sz, inbox(&s), 1));
    ln_restore(&s.f, "sopraco", s.backup);
    fx_call(&s.f, "sopraco", "message.show", "{'message':'%s'}", s.message);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.state"), "stored"));
    cr_expect(
        eq(str, (char *)fx_text(&s.f, "result.type"), "workplace.evaluated"));
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.fields"),
                 "[{'field':'eval_learning','level':'exact',"
                 "'outcome':'sent'}]"));
    fx_call(&s.f, "sopraco", "disclosure.list", "{'participant':'%s'}",
            s.participant);
    cr_expect(eq(sz, sk_value_count(fx_at(&s.f, "result.disclosures")), 1));
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    cr_expect(
        eq(str, (char *)fx_text(&s.f, "result.notices.0.to"), "cvo-kempen"));
    cr_expect(eq(sz, inbox(&s), 0));
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_call(&s.f, "sopraco", "message.show", "{'message':'%s'}", s.message);
    cr_expect(eq(str, (char *)fx_text(&s.f, "result.recall"), "confirmed"));
    fx_end(&s.f);
}

/* What the backup does know is confirmed, not written twice. */
Test(held, what_is_known_is_confirmed)
{
    static struct samira s;

    sm_start(&s);
    sm_give(&s);
    fx_offline(&s.f, "cvo-kempen", true);
    sm_send(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    fx_offline(&s.f, "cvo-kempen", false);
    ln_restore(&s.f, "sopraco", s.backup);
    fx_call(&s.f, "sopraco", "disclosure.list", "{'participant':'%s'}",
            s.participant);
    cr_expect(eq(sz, sk_value_count(fx_at(&s.f, "result.disclosures")), 1));
    cr_expect(
        eq(str, (char *)fx_text(&s.f, "result.disclosures.0.state"), "stored"));
    cr_expect(eq(sz, inbox(&s), 1));
    fx_end(&s.f);
}

/* What was told is forgotten once it arrived: asking does not fill a node. */
Test(held, told_is_forgotten_when_it_arrived)
{
    static struct samira s;
    struct sk_key key = sk_key_start(SK_T_OUT);
    struct sk_store *store;
    struct sk_bytes value;
    struct sk_org to;

    sm_start(&s);
    sm_give(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    ln_restore(&s.f, "sopraco", s.backup);
    cr_expect(
        eq(str, (char *)ln_peer(&s.f, "cvo-kempen", "sopraco", "stored"), "1"));
    cr_assert(sk_org_parse(sk_text("sopraco"), &to));
    sk_key_org(&key, &to);
    sk_key_u64(&key, 1);
    store = fx_node(&s.f, "cvo-kempen")->store;
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_expect(eq(int,
                 sk_store_get(store, SK_SPACE_DATA, sk_key_done(&key), &value),
                 SK_E_NOT_FOUND));
    sk_store_abort(store);
    fx_end(&s.f);
}

/* A person the backup does not know: said, not guessed. */
Test(held, unknown_handle_is_refused)
{
    static struct samira s;
    struct ln_trace *t;

    sm_begin(&s, "");
    s.backup = ln_backup(&s.f, "sopraco");
    sm_relate(&s);
    sm_give(&s);
    sm_record(&s);
    sm_send(&s);
    t = ln_trace(&s.f, "sopraco", "cvo-kempen");
    ln_restore(&s.f, "sopraco", s.backup);
    cr_expect(ne(ptr,
                 strstr(t->text, "sopraco>cvo-kempen REFUSAL unknown-handle "
                                 "item"),
                 NULL),
              "%s", t->text);
    free(t);
    fx_end(&s.f);
}

/* What was recalled is not told: it is not held. */
Test(held, recalled_message_is_not_told)
{
    static struct samira s;

    sm_start(&s);
    sm_give(&s);
    s.backup = ln_backup(&s.f, "sopraco");
    sm_send(&s);
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    ln_restore(&s.f, "sopraco", s.backup);
    fx_call(&s.f, "sopraco", "disclosure.list", "{'participant':'%s'}",
            s.participant);
    cr_expect(eq(sz, sk_value_count(fx_at(&s.f, "result.disclosures")), 0));
    fx_end(&s.f);
}

/* Asked once per incarnation, told only when asked. */
Test(held, asking_and_telling_have_their_time)
{
    static struct fx f;
    static struct sk_item item;
    static struct sk_message m = {.kind = SK_MESSAGE_ITEMS};
    uint8_t room[64];
    struct ln_trace *t;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    t = ln_trace(&f, "buso", "gtb");
    item.kind = SK_ITEM_ASKED;
    item.asked.incarnation = 1;
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL wrong-state item\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    ln_clear(t);
    ln_event(&item, 1);
    memmove(&item.held.event, &item.event, sizeof(item.event));
    item.kind = SK_ITEM_HELD;
    item.held.at_ms = 1;
    ln_item(&f, "buso", "gtb", &item, 2);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL wrong-state item\n"
                 "gtb>buso RECEIPT 1: 2\n"));
    ln_clear(t);
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_ASKED;
    item.asked.incarnation = 1;
    cr_assert(sk_item_encode(&item, (struct sk_room){room, sizeof(room)},
                             &m.items.items[0]) == SK_OK);
    m.items.items[1] = m.items.items[0];
    m.items.incarnation = 2;
    m.items.first = 1;
    m.items.count = 2;
    ln_tell(&f, "buso", "gtb", &m);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL wrong-state item\n"
                 "gtb>buso RECEIPT 2: 2\n"));
    free(t);
    fx_end(&f);
}
