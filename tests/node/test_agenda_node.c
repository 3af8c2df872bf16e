/* DOMAIN.md 6.9: what the organisation itself has to see to. */
#include "tests/node/staff.h"

static struct fx f;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(agenda_node, .init = start, .fini = end);

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

/* The keys `what` and `day` of all of them, for this system user. */
static const char *listed(uint32_t uid, const char *args)
{
    static char out[512];
    struct sk_value_walk walk;
    size_t used = 0;

    out[0] = '\0';
    staff_as(&f, uid);
    fx_ok(&f, "buso", "agenda.list", "%s", args);
    walk = sk_value_walk(fx_at(&f, "result.node"));
    while (sk_value_next(&walk)) {
        struct sk_bytes what = sk_value_str(sk_value_get(walk.value, "what"));
        struct sk_bytes day = sk_value_str(sk_value_get(walk.value, "day"));

        used += (size_t)snprintf(out + used, sizeof(out) - used, "%.*s %.*s;",
                                 (int)what.size, (const char *)what.data,
                                 (int)day.size, (const char *)day.data);
    }
    return out;
}

static void clock_at(const char *instant)
{
    staff_as(&f, OMAR);
    fx_ok(&f, "buso", "clock.set", "{'at':'%s'}", instant);
}

/* From 60 days before the last day of a rule up to that day, for the privacy
   officer. */
Test(agenda_node, a_policy_that_ends)
{
    staff_add(&f, "buso");
    clock_at("2028-07-01T09:00:00Z");
    EQ(listed(ELS, "{}"), "");
    clock_at("2028-07-02T09:00:00Z");
    EQ(listed(ELS, "{}"), "policy-ends 2028-08-31;");
    EQ(listed(ELS, "{'tell':'privacy'}"), "policy-ends 2028-08-31;");
    EQ(listed(ELS, "{'tell':'coach'}"), "");
    EQ(listed(IRIS, "{}"), "");
    EQ(listed(TESS, "{}"), "");
    EQ(listed(OMAR, "{}"), "");
    clock_at("2028-08-31T09:00:00Z");
    EQ(listed(ELS, "{}"), "policy-ends 2028-08-31;");
    clock_at("2028-09-01T09:00:00Z");
    EQ(listed(ELS, "{}"), "");
}

/* The operator, and nobody else, until there is another card. */
Test(agenda_node, keys_that_end)
{
    staff_add(&f, "buso");
    clock_at("2099-11-02T09:00:00Z");
    EQ(listed(OMAR, "{}"), "keys-end 2100-01-01;");
    EQ(listed(OMAR, "{'tell':'privacy'}"), "");
    EQ(listed(ELS, "{}"), "");
    clock_at("2100-02-01T09:00:00Z");
    EQ(listed(OMAR, "{}"), "keys-end 2100-01-01;");
}

/* While it owes an answer, and some weeks at least. */
Test(agenda_node, a_partner_that_left)
{
    struct people_id who = people_add(&f, "buso", "2000-05-14");
    char args[128];

    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
    people_send(&f, "buso", people_workplace(&f, who), "houtzaak",
                "work.placement");
    fx_run(&f);
    fx_ok(&f, "buso", "consent.withdraw", "{'participant':'%s'}", who.text);
    fx_partners(&f, "  houtzaak:\n", "  houtzaak:\n    status: left\n");
    EQ(listed(0, "{}"), "partner-left 2027-03-01;");
    EQ(fx_text(&f, "result.node.0.partner"), "houtzaak");
    EQ(fx_text(&f, "result.node.0.open"), "1");
    fx_clock(&f, "2027-06-01T09:00:00Z");
    EQ(listed(0, "{}"), "partner-left 2027-03-01;");
    fx_ok(&f, "houtzaak", "erasure.confirm", "{'from':'buso'}");
    fx_run(&f);
    EQ(listed(0, "{}"), "");
    /* Of one person there is nothing of the organisation. */
    fx_clock(&f, "2028-08-01T09:00:00Z");
    EQ(listed(0, "{}"), "policy-ends 2028-08-31;");

    snprintf(args, sizeof(args), "{'participant':'%s'}", who.text);
    EQ(listed(0, args), "");
}
