#include "tests/node/people.h"

/* docs/POLICY.md 2.5: what a newer charter makes wider waits for the officers
   of each node; what it makes narrower holds at once.  I1, I5 */

static struct fx f;
static struct people_id who;
static struct people_id event;
static char *policy;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

/* guards.yaml with a limit more; the one without it. */
static void guards(bool more)
{
    static const char limit[] =
        "limit:\n  - id: fed-proef\n    text: t\n"
        "    to: {groups: [company]}\n    fields: {hours_week: fte}\n";
    char *plain = fx_need("policies/library/guards.yaml");
    char *at = strstr(plain, "limit:\n");
    char *text = calloc(1, strlen(plain) + sizeof(limit));

    cr_assert(at != NULL);
    strncat(text, plain, (size_t)(at - plain));
    strcat(text, more ? limit : "limit:\n");
    strcat(text, at + strlen("limit:\n"));
    free(plain);
    free(f.guards);
    f.guards = text;
    fx_import_all(&f);
    fx_run(&f);
}

/* The policy of the school once more, one number up. */
static void sign_again(unsigned signers)
{
    char *number = strstr(policy, "\nversion: ") + strlen("\nversion: ");
    char *args;

    number[0]++;
    args = fx_signed(&f, "buso", policy, signers);
    fx_call(&f, "buso", "policy.activate", "%s", args);
    free(args);
    if (!sk_value_bool(fx_at(&f, "ok")))
        number[0]--;
}

static const char *shown(const char *key)
{
    char path[64];

    fx_ok(&f, "buso", "policy.show", "{}");
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

static const char *preview(const char *key)
{
    char path[64];

    fx_call(&f, "buso", "disclosure.preview",
            "{'event':'%s','to':'houtzaak','for':'work.placement'}",
            event.text);
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    policy =
        fx_need("policies/library/school-naar-werk/nodes/buso/policy.yaml");
    who = people_add(&f, "buso", "2000-05-14");
    event = people_workplace(&f, who);
    people_link(&f, "buso", who, "houtzaak");
    people_consent(&f, "buso", who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
}

static void end(void)
{
    free(policy);
    fx_end(&f);
}

TestSuite(approval, .init = start, .fini = end);

Test(approval, a_level_that_a_charter_lets_go_waits)
{
    EQ(preview("levels.hours_week"), "exact");
    guards(true);
    /* Narrower holds at once, and waits for nobody. */
    EQ(preview("levels.hours_week"), "fte");
    EQ(shown("seen_charter"), "absent");
    sign_again(1);
    EQ(fx_text(&f, "result.policy"), "buso/2");
    guards(false);
    EQ(shown("seen_charter"), "2");
    EQ(preview("decision"), "permit");
    EQ(preview("levels.hours_week"), "fte");
    EQ(preview("levels.given_name"), "exact");
    fx_crash(&f, "buso");
    EQ(preview("levels.hours_week"), "fte");
    /* The same words under the wider charter are wider. */
    sign_again(1);
    EQ(fx_text(&f, "error.code"), "policy-signatures");
    EQ(preview("levels.hours_week"), "fte");
    sign_again(SG_BOTH);
    EQ(fx_text(&f, "result.wider"), "true");
    EQ(shown("seen_charter"), "absent");
    EQ(preview("levels.hours_week"), "exact");
}

Test(approval, a_partner_that_a_charter_brings_waits)
{
    struct people_id message;

    fx_partners(&f, "name: Houtzaak (fictief)",
                "status: suspended\n    name: Houtzaak (fictief)");
    EQ(preview("reason"), "recipient-suspended");
    sign_again(1);
    EQ(fx_text(&f, "result.policy"), "buso/2");
    fx_partners(&f, "status: suspended\n    name: Houtzaak (fictief)",
                "name: Houtzaak (fictief)");
    EQ(preview("decision"), "deny");
    EQ(preview("reason"), "not-approved");
    EQ(preview("rules"), "['workplace']");
    EQ(preview("withheld"), "absent");
    sign_again(SG_BOTH);
    EQ(shown("policy"), "buso/3");
    EQ(preview("decision"), "permit");
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    fx_wait(&f, 130000);
    EQ(people_shown(&f, "buso", message, "state"), "stored");
}

/* POLICY.md 11.2: the id stays, the organisation behind it does not. */
Test(approval, another_organisation_behind_an_id_waits)
{
    EQ(preview("decision"), "permit");
    fx_partners(&f, "kbo: \"1999916801\"", "kbo: \"1999900072\"");
    EQ(shown("seen_charter"), "1");
    EQ(preview("decision"), "deny");
    EQ(preview("reason"), "not-approved");
    sign_again(1);
    EQ(fx_text(&f, "error.code"), "policy-signatures");
    sign_again(SG_BOTH);
    EQ(preview("decision"), "permit");
    /* The same number under another name is the same organisation. */
    fx_partners(&f, "name: Houtzaak (fictief)", "name: Houtzaak BV");
    EQ(shown("seen_charter"), "absent");
    EQ(preview("decision"), "permit");
}

/* What was queued before is decided again (I2). */
Test(approval, what_waits_in_the_queue_is_not_let_through)
{
    struct people_id message;

    guards(true);
    sign_again(1);
    fx_offline(&f, "houtzaak", true);
    message = people_send(&f, "buso", event, "houtzaak", "work.placement");
    guards(false);
    fx_offline(&f, "houtzaak", false);
    fx_wait(&f, 130000);
    fx_ok(&f, "houtzaak", "inbox.peek", "{'message':'%s'}", message.text);
    EQ(fx_text(&f, "result.levels.hours_week"), "fte");
}

/* A word that comes to mean more is wider as well: classes of hours that
   become finer, a field that needs another consent. */
Test(approval, a_word_that_a_charter_gives_another_meaning_waits)
{
    char *at;

    guards(true);
    sign_again(1);
    EQ(preview("levels.hours_week"), "fte");
    EQ(preview("fields.hours_week"), "0-18.9");
    at = strstr(f.vocabulary, "\n  hours_week:");
    at = strstr(at, "cuts: [0, 19, 30.4]");
    memcpy(at, "cuts: [0,5,9,12,15]", 19);
    fx_import_all(&f);
    fx_run(&f);
    EQ(shown("seen_charter"), "2");
    EQ(preview("decision"), "permit");
    EQ(preview("levels.hours_week"), "absent");
    EQ(preview("levels.given_name"), "exact");
    sign_again(1);
    EQ(fx_text(&f, "error.code"), "policy-signatures");
    sign_again(SG_BOTH);
    EQ(preview("fields.hours_week"), "15+");
}
