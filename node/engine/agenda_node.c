#include "node/engine/timer.h"

#include "node/engine/findings.h"
#include "node/engine/leave.h"
#include "node/engine/notice.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "policies/civil.h"
#include "policies/rules.h"

/*
 * What the organisation itself has to see to: agenda.list, `node`.
 *                                                       docs/DOMAIN.md 6.9
 * Nothing is stored for it: it is in the list while it is so, and gone when
 * somebody saw to it.
 */

/* A last day is in the list so many days ahead. */
#define AHEAD_DAYS 60
/* A partner that left is in the list so long, and as long as it owes answers.
 */
#define LEFT_DAYS 31

struct thing {
    const char *what;
    enum sk_user_role role;
    const char *tell;
    const char *nl;
    const char *en;
    const char *next; /* the command that shows more, or does it */
};

static const struct thing policy_ends = {
    "policy-ends",
    SK_ROLE_PRIVACY_OFFICER,
    "privacy",
    "Een deelregel vervalt: daarna gaat niets meer op die regel",
    "A share rule ends: after that day nothing goes by it",
    "schakel policy show"};
static const struct thing keys_end = {
    "keys-end",
    SK_ROLE_OPERATOR,
    "operator",
    "De eigen kaart vervalt: daarna verzegelen partners er niet meer voor",
    "The own card ends: after that day partners no longer seal for it",
    "schakel card renew"};
static const struct thing journal_finding = {
    "journal-finding",
    SK_ROLE_PRIVACY_OFFICER,
    "privacy",
    "Er is iets mis met een logboek",
    "Something is wrong with a journal",
    "schakel journal findings"};
static const struct thing partner_left = {
    "partner-left",
    SK_ROLE_PRIVACY_OFFICER,
    "privacy",
    "Een partner vertrok: kijk na wat die nog heeft",
    "A partner left: see what it still has",
    "schakel peer holds"};

struct listing {
    struct sk_engine *e;
    struct sk_bytes tell; /* empty: everybody */
    size_t count;
};

/* open: requests to erase that a partner that left did not answer. */
static void list_one(struct listing *l, const struct thing *thing, int32_t day,
                     const struct sk_org *org, const uint64_t *open)
{
    const struct sk_asker *asker = &l->e->asker;
    struct sk_pack *p = &l->e->reply;

    if ((asker->known && (asker->roles & SK_ROLE_BIT(thing->role)) == 0) ||
        (l->tell.size > 0 && !sk_bytes_equal(l->tell, sk_text(thing->tell))))
        return;
    l->count++;
    sk_pack_map(p, 6u + (open != NULL ? 1 : 0) + (org != NULL ? 1 : 0));
    sk_reply_day(p, "day", day);
    sk_reply_cstr(p, "label_en", thing->en);
    sk_reply_cstr(p, "label_nl", thing->nl);
    sk_reply_cstr(p, "next", thing->next);
    if (open != NULL)
        sk_reply_uint(p, "open", *open);
    if (org != NULL)
        sk_reply_text(p, "partner", sk_org_text(org));
    sk_reply_cstr(p, "tell", thing->tell);
    sk_reply_cstr(p, "what", thing->what);
}

static bool is_soon(const struct sk_engine *e, int32_t day)
{
    return day >= sk_today(e) && day <= sk_today(e) + AHEAD_DAYS;
}

/* The rule that ends first. */
static void list_policy(struct listing *l)
{
    const struct sk_bundle *bundle = l->e->bundle;
    int32_t first = INT32_MAX;

    for (size_t i = 0;
         bundle != NULL && l->e->has_policy && i < bundle->shares_count; i++) {
        int32_t until = bundle->shares[i].until;

        if (is_soon(l->e, until) && until < first)
            first = until;
    }
    if (first != INT32_MAX)
        list_one(l, &policy_ends, first, NULL, NULL);
}

static void list_keys(struct listing *l)
{
    int32_t day = sk_civil_day((int64_t)l->e->card.sealing[0].until_s);

    if (day <= sk_today(l->e) + AHEAD_DAYS)
        list_one(l, &keys_end, day, NULL, NULL);
}

static void list_finding(void *context, const struct sk_org *org,
                         uint64_t first_ms)
{
    list_one(context, &journal_finding, sk_civil_day((int64_t)first_ms / 1000),
             org, NULL);
}

static enum sk_status list_left(struct listing *l, const struct sk_org *org)
{
    uint64_t since_ms;
    uint64_t open;
    int32_t day;
    enum sk_status status = sk_left_since(l->e, org, &since_ms);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_notice_waiting(l->e, org, &open));
    day = sk_civil_day((int64_t)(since_ms / 1000));
    if (open > 0 || day + LEFT_DAYS >= sk_today(l->e))
        list_one(l, &partner_left, day, org, &open);
    return SK_OK;
}

enum sk_status sk_agenda_node(struct sk_engine *e, struct sk_bytes tell,
                              size_t *count)
{
    struct listing l = {.e = e, .tell = tell};

    list_policy(&l);
    list_keys(&l);
    SK_TRY(sk_findings_each(e, list_finding, &l));
    for (size_t i = 0; i < e->sessions_count; i++)
        SK_TRY(list_left(&l, &e->sessions[i].org));
    *count = l.count;
    return SK_OK;
}
