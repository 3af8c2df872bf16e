#include "protocol/control.h"

const char *const sk_role_words[SK_ROLES] = {
    [SK_ROLE_COACH] = "coach",
    [SK_ROLE_TEAM_LEAD] = "team-lead",
    [SK_ROLE_PRIVACY_OFFICER] = "privacy-officer",
    [SK_ROLE_OPERATOR] = "operator",
    [SK_ROLE_AUDITOR] = "auditor",
    [SK_ROLE_CLIENT_SYSTEM] = "client-system",
};

#define COACH SK_ROLE_BIT(SK_ROLE_COACH)
#define LEAD SK_ROLE_BIT(SK_ROLE_TEAM_LEAD)
#define OFFICER SK_ROLE_BIT(SK_ROLE_PRIVACY_OFFICER)
#define OPERATOR SK_ROLE_BIT(SK_ROLE_OPERATOR)
#define AUDITOR SK_ROLE_BIT(SK_ROLE_AUDITOR)
#define SYSTEM SK_ROLE_BIT(SK_ROLE_CLIENT_SYSTEM)

/* DOMAIN 2.3, CONTROL.md 7.2 */
static const struct {
    const char *word;
    unsigned roles;
} needs[SK_NEEDS] = {
    [SK_NEED_NODE] = {"node", COACH | LEAD | OFFICER | OPERATOR},
    [SK_NEED_STAFF] = {"staff", COACH | LEAD | OFFICER | OPERATOR | AUDITOR},
    [SK_NEED_OPERATE] = {"operate", OPERATOR},
    [SK_NEED_POLICY] = {"policy", OFFICER},
    [SK_NEED_USERS] = {"users", OFFICER},
    [SK_NEED_AUDIT] = {"audit", OFFICER | AUDITOR},
    [SK_NEED_WORK] = {"work", COACH},
    [SK_NEED_CASES] = {"cases", COACH},
    [SK_NEED_AGENDA] = {"agenda", COACH | LEAD | OFFICER | OPERATOR},
    [SK_NEED_ASSIGN] = {"assign", COACH | LEAD | OFFICER},
    [SK_NEED_FEED] = {"feed", SYSTEM},
    [SK_NEED_FOLLOW] = {"follow", COACH | LEAD | OFFICER | OPERATOR | SYSTEM},
    [SK_NEED_ERASE] = {"erase", COACH | OFFICER},
    [SK_NEED_REGISTER] = {"register", COACH | OFFICER},
    [SK_NEED_CASE] = {"case", COACH},
};

const char *sk_need_word(enum sk_need need)
{
    assert(need > 0 && need < SK_NEEDS);

    return needs[need].word;
}

unsigned sk_need_roles(enum sk_need need)
{
    assert(need > 0 && need < SK_NEEDS);

    return needs[need].roles;
}
