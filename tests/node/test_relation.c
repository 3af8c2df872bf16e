/* Relations and handles, and employers: what decides beside the
   policy (DOMAIN 3.2, 3.5; POLICY.md 8.1).
   Tests: node/engine/employer.c */
#include "tests/node/fixture.h"
#include "tests/node/inside.h"

#include "node/engine/employer.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"

static struct fx f;
static char who[64];

static void begin(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    snprintf(who, sizeof(who), "%s", fx_text(&f, "result.participant"));
}

static const char *relations(void)
{
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who);
    return fx_text(&f, "result.relations");
}

Test(relation, opens_and_closes)
{
    begin();
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'gtb','from':'2026-09-01',"
          "'reason':'Stage'}",
          who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.from"), "2026-09-01"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.until"), "absent"));
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'clb','from':'2026-10-01',"
          "'until':'2026-12-31'}",
          who);
    cr_expect(eq(str, (char *)relations(),
                 "[{'from':'2026-10-01','org':'clb','until':'2026-12-31'},"
                 "{'from':'2026-09-01','org':'gtb','reason':'Stage'}]"));
    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'gtb','until':'2026-09-30'}", who);
    cr_expect(eq(str, (char *)fx_text(&f, "result.until"), "2026-09-30"));
    cr_expect(eq(str, (char *)relations(),
                 "[{'from':'2026-10-01','org':'clb','until':'2026-12-31'},"
                 "{'from':'2026-09-01','org':'gtb','reason':'Stage',"
                 "'until':'2026-09-30'}]"));
    fx_end(&f);
}

Test(relation, is_refused_with_a_reason)
{
    begin();
    fx_refused(&f, "buso", "unknown-participant", "relation.open",
               "{'participant':'00000000-0000-4000-8000-000000000001',"
               "'org':'gtb','from':'2026-09-01'}");
    fx_refused(&f, "buso", "unknown-org", "relation.open",
               "{'participant':'%s','org':'niemand','from':'2026-09-01'}", who);
    fx_refused(&f, "buso", "recipient-is-owner", "relation.open",
               "{'participant':'%s','org':'buso','from':'2026-09-01'}", who);
    fx_refused(&f, "buso", "bad-argument", "relation.open",
               "{'participant':'%s','org':'gtb','from':'2026-09-01',"
               "'until':'2026-08-31'}",
               who);
    fx_refused(&f, "buso", "not-linked", "relation.close",
               "{'participant':'%s','org':'gtb','until':'2026-09-30'}", who);
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'gtb','from':'2026-09-01'}", who);
    fx_refused(&f, "buso", "bad-argument", "relation.close",
               "{'participant':'%s','org':'gtb','until':'2026-08-31'}", who);
    fx_end(&f);
}

static struct sk_handle handle(const char *org_text)
{
    struct sk_engine *e = fx_enter(&f, "buso");
    struct sk_participant_id id;
    struct sk_relation relation;
    struct sk_org org;

    cr_assert(sk_id_parse(sk_text(who), &id.id));
    cr_assert(sk_org_parse(sk_text(org_text), &org));
    cr_assert(sk_relation_get(e, &id, &org, &relation) == SK_OK);
    fx_abort(e);
    return relation.handle;
}

/* DOMAIN 3.2: random, one per partner, and the same while it knows it. */
Test(relation, gives_each_partner_a_handle_of_its_own)
{
    struct sk_handle first;
    struct sk_handle second;
    struct sk_participant_id id;

    begin();
    cr_assert(sk_id_parse(sk_text(who), &id.id));
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'gtb','from':'2026-09-01'}", who);
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'clb','from':'2026-09-01'}", who);
    first = handle("gtb");
    second = handle("clb");
    cr_expect(not(sk_id_equal(&first.id, &second.id)));
    cr_expect(not(sk_id_equal(&first.id, &id.id)));
    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'gtb','until':'2026-09-01'}", who);
    fx_ok(&f, "buso", "relation.open",
          "{'participant':'%s','org':'gtb','from':'2026-10-01'}", who);
    second = handle("gtb");
    cr_expect(sk_id_equal(&first.id, &second.id));
    fx_end(&f);
}

Test(relation, finds_who_is_behind_a_handle_once_assigned)
{
    static const struct sk_handle given = {{{7}}};
    struct sk_participant_id id = {{{9}}};
    struct sk_participant_id found;
    struct sk_engine *e;
    struct sk_org gtb;
    struct sk_org clb;

    begin();
    cr_assert(sk_org_parse(sk_text("gtb"), &gtb));
    cr_assert(sk_org_parse(sk_text("clb"), &clb));
    e = fx_enter(&f, "buso");
    cr_expect(sk_handle_find(e, &gtb, &given, &found) == SK_E_NOT_FOUND);
    cr_assert(sk_handle_assign(e, &gtb, &given, &id) == SK_OK);
    cr_assert(sk_handle_find(e, &gtb, &given, &found) == SK_OK);
    cr_expect(sk_id_equal(&found.id, &id.id));
    /* The same bytes from another partner are another person. */
    cr_expect(sk_handle_find(e, &clb, &given, &found) == SK_E_NOT_FOUND);
    fx_abort(e);
    fx_end(&f);
}

/* ------------------------------------------------------------- employers */

static char seen[256];

static enum sk_status note(void *context, const struct sk_employer *employer)
{
    char from[11];
    char until[11] = "open";
    size_t size = strlen(seen);

    (void)context;
    sk_day_format(employer->period.from, from);
    if (employer->period.until != INT32_MAX)
        sk_day_format(employer->period.until, until);
    snprintf(seen + size, sizeof(seen) - size, "%.*s %s %s;",
             (int)employer->org.size, (const char *)employer->org.data, from,
             until);
    return SK_OK;
}

static const char *employers(void)
{
    struct sk_engine *e = fx_enter(&f, "buso");
    struct sk_participant_id id;

    seen[0] = '\0';
    cr_assert(sk_id_parse(sk_text(who), &id.id));
    cr_assert(sk_employer_each(e, &id, note, NULL) == SK_OK);
    fx_abort(e);
    return seen;
}

static void job(const char *circuit, const char *kbo, const char *start)
{
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'employment.started','occurred':"
          "'2026-09-01','fields':{'start_date':'%s','circuit':'%s',"
          "'employer_org':'%s'}}",
          who, start, circuit, kbo);
}

static void job_end(const char *end)
{
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'employment.ended','occurred':"
          "'2026-09-01','fields':{'end_date':'%s'}}",
          who, end);
}

/* DOMAIN 3.5: only ordinary jobs, only partners, from first to last day. */
Test(relation, knows_the_regular_employer)
{
    begin();
    job("nec", "1999916801", "2026-01-01"); /* houtzaak */
    cr_expect(eq(str, (char *)employers(), "houtzaak 2026-01-01 open;"));
    job("nec", "0566988259", "2026-02-01"); /* nobody of the roster */
    cr_expect(eq(str, (char *)employers(), "houtzaak 2026-01-01 open;"));
    job_end("2026-03-31"); /* the job that began last */
    cr_expect(eq(str, (char *)employers(), "houtzaak 2026-01-01 open;"));
    job_end("2026-04-30");
    cr_expect(eq(str, (char *)employers(), "houtzaak 2026-01-01 2026-04-30;"));
    job_end("2026-05-31"); /* nothing is open */
    cr_expect(eq(str, (char *)employers(), "houtzaak 2026-01-01 2026-04-30;"));
    job("se", "1999916801", "2026-06-01"); /* not an ordinary job */
    cr_expect(eq(str, (char *)employers(), "houtzaak 2026-01-01 2026-04-30;"));
    job("public", "BE 1999.902.151", "2026-07-01"); /* vdab */
    job_end("2026-06-30"); /* before that job began: of another one */
    cr_expect(eq(str, (char *)employers(),
                 "houtzaak 2026-01-01 2026-04-30;vdab 2026-07-01 open;"));
    fx_end(&f);
}
