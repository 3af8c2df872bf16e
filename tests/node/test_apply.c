#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"

/* ------------------------------------------------------------- events */

static void other_source(struct sk_item_event *event)
{
    event->source = sk_text("vdab");
}

static void unknown_purpose(struct sk_item_event *event)
{
    event->purpose = sk_text("guidance.nowhere");
}

static void branch_purpose(struct sk_item_event *event)
{
    event->purpose = sk_text("guidance");
}

static void purpose_without_events(struct sk_item_event *event)
{
    event->purpose = sk_text("discovery");
}

static void erased_today(struct sk_item_event *event)
{
    event->erase_by = sk_text("2026-09-01");
}

static void unknown_type(struct sk_item_event *event)
{
    event->type = sk_text("workplace.imagined");
}

static void unknown_field(struct sk_item_event *event)
{
    event->fields[1].name = sk_text("favourite_colour");
}

static void field_of_another_type(struct sk_item_event *event)
{
    event->fields[1].name = sk_text("given_name");
}

static void unknown_level(struct sk_item_event *event)
{
    event->fields[0].level = sk_text("blurry");
}

static void level_drop(struct sk_item_event *event)
{
    event->fields[0].level = sk_text("drop");
}

/* POLICY.md 6.2, PROTOCOL.md 2.7 */
static void no_handle(struct sk_item_event *event)
{
    memset(&event->handle, 0, sizeof(event->handle));
}

static void name_that_hides(struct sk_item_event *event)
{
    event->type = sk_text("handover.requested");
    event->fields[0].name = sk_text("coach_name");
    event->fields[0].text = sk_text("Sa\xe2\x80\x8dmira");
    event->fields_count = 1;
}

/* DOMAIN 3.4: what a receiver checks for itself, one row per rule. */
Test(apply, event_is_checked_by_the_receiver)
{
    static const struct row {
        void (*change)(struct sk_item_event *);
        const char *code;
    } rows[] = {
        {other_source, "not-source"},
        {unknown_purpose, "unknown-purpose"},
        {branch_purpose, "unknown-purpose"},
        {purpose_without_events, "unknown-purpose"},
        {erased_today, "expired"},
        {unknown_type, "malformed-item"},
        {unknown_field, "malformed-item"},
        {field_of_another_type, "malformed-item"},
        {unknown_level, "malformed-item"},
        {level_drop, "malformed-item"},
        {name_that_hides, "malformed-item"},
        {no_handle, "malformed-item"},
    };
    static struct fx f;
    static struct sk_item item;
    struct ln_trace *t;
    char want[128];

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        ln_clear(t);
        ln_event(&item, (uint8_t)(i + 1));
        rows[i].change(&item.event);
        ln_item(&f, "buso", "gtb", &item, i + 1);
        snprintf(want, sizeof(want),
                 "gtb>buso REFUSAL %s item\ngtb>buso RECEIPT 1: %zu\n",
                 rows[i].code, i + 1);
        cr_expect(eq(str, t->text, want), "row %zu", i);
    }
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(str, f.reply,
                 "{'ok':true,'result':{'messages':[],"
                 "'more':false}}"));
    ln_clear(t);
    ln_event(&item, 99);
    ln_item(&f, "buso", "gtb", &item, SK_COUNT(rows) + 1);
    snprintf(want, sizeof(want), "gtb>buso RECEIPT 1: %zu\n",
             SK_COUNT(rows) + 1);
    cr_expect(eq(str, t->text, want));
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages.0.type"),
                 "workplace.evaluated"));
    free(t);
    fx_end(&f);
}

/* HR03: a partner that is for figures only keeps nothing about persons. */
Test(apply, figures_only_partner_keeps_no_person)
{
    static struct fx f;
    static struct sk_item item;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    fx_partners(&f, "name: GTB Kempen",
                "person_level: false\n    name: GTB Kempen");
    t = ln_trace(&f, "buso", "gtb");
    ln_event(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL forbidden item\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    free(t);
    fx_end(&f);
}

/* The same message under another number is the same message; the same id of
   another partner is an attack on it. */
Test(apply, message_id_is_one_message_of_one_partner)
{
    static struct fx f;
    static struct sk_item item;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "vdab", "gtb");
    ln_event(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 1);
    ln_item(&f, "buso", "gtb", &item, 2);
    item.event.source = sk_text("vdab");
    item.event.fields[0].text = sk_text("1");
    ln_item(&f, "vdab", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>vdab REFUSAL malformed-item item\n"
                 "gtb>vdab RECEIPT 1: 1\n"));
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 1));
    fx_call(&f, "gtb", "inbox.peek", "{'message':'%s'}",
            fx_text(&f, "result.messages.0.message"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.fields.eval_learning"), "4"));
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- the others */

/* A receipt about a message that is not its sender's business is refused. */
Test(apply, receipt_for_an_unknown_message)
{
    static struct fx f;
    static struct sk_item item;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    item.kind = SK_ITEM_READ;
    memset(item.receipt.message.id.bytes, 7, SK_ID_SIZE);
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL unknown-message item\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    free(t);
    fx_end(&f);
}

/* I5, and 8.9: bytes that are no item are refused; the log goes on. */
Test(apply, junk_does_not_stop_the_log)
{
    static struct fx f;
    static struct sk_item item;
    static const uint8_t junk[][4] = {
        {0x91, 0x0d}, {0x91, 0x63}, {0xc0}, {0x92, 0x00, 0x00}, {0xdf}};
    struct sk_message *m = calloc(1, sizeof(*m));
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    m->kind = SK_MESSAGE_ITEMS;
    m->items.incarnation = 1;
    m->items.first = 1;
    m->items.count = SK_COUNT(junk);
    for (size_t i = 0; i < SK_COUNT(junk); i++)
        m->items.items[i] = (struct sk_bytes){junk[i], i == 2 || i == 4 ? 1
                                                       : i == 3         ? 3
                                                                        : 2};
    ln_tell(&f, "buso", "gtb", m);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso RECEIPT 1: 5\n"));
    ln_event(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 6);
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 1));
    free(m);
    free(t);
    fx_end(&f);
}

/* A collective message has the keys of its type and no others. */
Test(apply, collective_body_is_checked)
{
    static struct fx f;
    static struct sk_item item;
    static const uint8_t body[] = {0x81, 0xa4, 'n', 'a', 'm', 'e', 0xa1, 'x'};
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    t = ln_trace(&f, "buso", "gtb");
    item.kind = SK_ITEM_COLLECTIVE;
    memset(item.collective.message.id.bytes, 7, SK_ID_SIZE);
    item.collective.type = sk_text("place.offered");
    item.collective.body.bytes = (struct sk_bytes){body, sizeof(body)};
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL malformed-item item\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    free(t);
    fx_end(&f);
}

/* What a suspended partner says is not applied, but what narrows is. */
Test(apply, suspended_partner_may_only_narrow)
{
    static struct fx f;
    static struct sk_item item;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    ln_event(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 1);
    fx_partners(&f, "  buso:\n", "  buso:\n    status: suspended\n");
    t = ln_trace(&f, "buso", "gtb");
    ln_event(&item, 2);
    ln_item(&f, "buso", "gtb", &item, 2);
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    memset(item.withdrawn.notice.bytes, 3, SK_ID_SIZE);
    memset(item.withdrawn.handle.id.bytes, 0x11, SK_ID_SIZE);
    memset(item.withdrawn.entries[0].message.id.bytes, 1, SK_ID_SIZE);
    item.withdrawn.entries[0].all = true;
    item.withdrawn.entries_count = 1;
    item.withdrawn.erase = true;
    item.withdrawn.within_days = 30;
    ln_item(&f, "buso", "gtb", &item, 3);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL suspended item\n"
                 "gtb>buso RECEIPT 1: 2\n"
                 "gtb>buso RECEIPT 1: 3\n"));
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 0));
    fx_call(&f, "gtb", "erasure.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.notices")), 1));
    free(t);
    fx_end(&f);
}
