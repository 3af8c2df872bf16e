/* PROTOCOL.md 8.8: a partner cannot fill the disk of another; and the counts
   that say so. */
#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"
#define LIMIT 65536

static void begin(struct fx *f)
{
    fx_start(f, "S2A", START);
    f->partner_bytes = LIMIT;
    fx_crash(f, "gtb");
}

static unsigned count_at(struct fx *f, const char *org, const char *from)
{
    unsigned list[LN_MAX];

    return (unsigned)ln_received(f, org, from, list);
}

static uint64_t number(struct fx *f, const char *at, const char *of,
                       const char *key)
{
    return strtoull(ln_peer(f, at, of, key), NULL, 10);
}

static void open_all(struct fx *f, const char *org, const char *from)
{
    char ids[1000][SK_ID_TEXT_SIZE + 1];
    char path[64];
    size_t count;

    fx_ok(f, org, "inbox.list", "{'from':'%s','new':true,'limit':1000}", from);
    count = sk_value_count(fx_at(f, "result.messages"));
    cr_assert(count <= 1000);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "result.messages.%zu.message", i);
        snprintf(ids[i], sizeof(ids[i]), "%s", fx_text(f, path));
    }
    for (size_t i = 0; i < count; i++)
        fx_ok(f, org, "inbox.open", "{'message':'%s'}", ids[i]);
}

/* 300 messages are more than the limit holds; what has no room stays at the
   sender, in order, and comes as soon as people open what is there. */
Test(room, one_partner_waits_and_nothing_is_lost)
{
    static struct fx f;
    unsigned first;
    unsigned total = 0;

    begin(&f);
    ln_publish(&f, "buso", "gtb", 0, 600);
    fx_run(&f);
    first = count_at(&f, "gtb", "buso");
    cr_expect(first > 50 && first < 600, "%u", first);
    cr_expect(number(&f, "gtb", "buso", "unread_bytes") >= LIMIT);
    /* One envelope at most is beyond it. */
    cr_expect(number(&f, "gtb", "buso", "unread_bytes") < LIMIT + 256 * 1024);
    cr_expect(eq(u64, number(&f, "gtb", "buso", "unread"), first));
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "their-room"));
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "refused"), "inbox-full"));
    /* Others go on. */
    ln_publish(&f, "houtzaak", "gtb", 0, 5);
    fx_run(&f);
    ln_check(&f, "gtb", "houtzaak", 5);
    for (int round = 0; round < 20 && total < 600; round++) {
        open_all(&f, "gtb", "buso");
        fx_wait(&f, 130000);
        total = count_at(&f, "gtb", "buso");
    }
    ln_check(&f, "gtb", "buso", 600);
    cr_expect(
        eq(str, (char *)ln_peer(&f, "buso", "gtb", "waits_for"), "nothing"));
    fx_end(&f);
}

/* The sender asks ever less often, and with one envelope. */
Test(room, a_partner_without_room_is_not_flooded)
{
    static struct fx f;
    size_t before;

    begin(&f);
    ln_publish(&f, "buso", "gtb", 0, 600);
    fx_run(&f);
    fx_wait(&f, 600000);
    before = f.frames;
    fx_wait(&f, 600000);
    /* Ten minutes: keep-alives of both of ten lines, and 5 tries. */
    cr_expect(f.frames - before < 10 * 2 * 31 + 5 * 4, "%zu",
              f.frames - before);
    fx_end(&f);
}

/* I7: a withdrawal finds room where data do not; and opening, erasing and
   expiry give room back. */
Test(room, a_notice_has_room_when_data_have_none)
{
    static struct fx f;
    static struct sk_item item;
    uint64_t number_at = 1;

    begin(&f);
    for (; number(&f, "gtb", "buso", "unread_bytes") < LIMIT; number_at++) {
        ln_event(&item, (uint8_t)number_at);
        ln_item(&f, "buso", "gtb", &item, number_at);
    }
    ln_event(&item, (uint8_t)number_at);
    ln_item(&f, "buso", "gtb", &item, number_at);
    cr_expect(eq(u64, number(&f, "gtb", "buso", "received"), number_at - 1));
    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_WITHDRAWN;
    memset(item.withdrawn.notice.bytes, 0xaa, SK_ID_SIZE);
    item.withdrawn.at_ms = f.real_ms;
    item.withdrawn.erase = true;
    item.withdrawn.within_days = 30;
    item.withdrawn.entries_count = 1;
    memset(item.withdrawn.entries[0].message.id.bytes, 1, SK_ID_SIZE);
    item.withdrawn.entries[0].all = true;
    ln_item(&f, "buso", "gtb", &item, number_at);
    cr_expect(eq(u64, number(&f, "gtb", "buso", "received"), number_at));
    fx_ok(&f, "gtb", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices_open"), "1"));
    fx_ok(&f, "gtb", "erasure.confirm", "{'from':'buso'}");
    fx_ok(&f, "gtb", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices_open"), "0"));
    cr_expect(eq(u64, number(&f, "gtb", "buso", "unread"), number_at - 2));
    /* Everything falls due, unopened. */
    fx_clock(&f, "2027-01-01T00:00:00Z");
    cr_expect(eq(u64, number(&f, "gtb", "buso", "unread"), 0));
    cr_expect(eq(u64, number(&f, "gtb", "buso", "unread_bytes"), 0));
    fx_end(&f);
}
