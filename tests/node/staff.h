/*
 * People who work at a node, on top of people.h: each is a system user.
 *
 *     els    1001  privacy officer         iris  1002  coach, team noord
 *     bram   1003  coach, team noord       tess  1004  team lead of noord
 *     omar   1005  operator                anna  1006  auditor
 *     zita   1007  coach, team zuid
 */
#ifndef SK_TESTS_NODE_STAFF_H
#define SK_TESTS_NODE_STAFF_H

#include "tests/node/people.h"

enum { ELS = 1001, IRIS, BRAM, TESS, OMAR, ANNA, ZITA };

static inline void staff_add(struct fx *f, const char *node)
{
    static const struct {
        const char *name;
        const char *role;
        const char *team;
    } all[] = {
        {"els", "privacy-officer", ""}, {"iris", "coach", "noord"},
        {"bram", "coach", "noord"},     {"tess", "team-lead", "noord"},
        {"omar", "operator", ""},       {"anna", "auditor", ""},
        {"zita", "coach", "zuid"},
    };

    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char team[32] = "";

        if (all[i].team[0] != '\0')
            snprintf(team, sizeof(team), ",'team':'%s'", all[i].team);
        fx_ok(f, node, "user.add",
              "{'name':'%s','role':['%s'],'uid':%u,'system_user':'%s'%s}",
              all[i].name, all[i].role, ELS + i, all[i].name, team);
        f->uid = ELS;
    }
    f->uid = 0;
}

/* Requests that follow are made by this system user. */
static inline void staff_as(struct fx *f, uint32_t uid)
{
    f->uid = uid;
}

/* A value of this kind that the table of operations takes; no id. */
static inline const char *staff_value(enum sk_arg_kind kind)
{
    switch (kind) {
    case SK_ARG_TEXT:
    case SK_ARG_WORD:
        return "'gtb'";
    case SK_ARG_ID:
        break;
    case SK_ARG_DATE:
        return "'2027-03-01'";
    case SK_ARG_INSTANT:
        return "'2027-03-01T09:00:00Z'";
    case SK_ARG_UINT:
        return "1";
    case SK_ARG_BOOL:
        return "true";
    case SK_ARG_WORDS:
        return "['gtb']";
    case SK_ARG_DATES:
        return "['2027-03-01']";
    case SK_ARG_MAP:
        return "{}";
    case SK_ARG_FILE:
        return "{'$hex':'00'}";
    case SK_ARG_FILES:
        return "{'a':{'$hex':'00'}}";
    }
    cr_fatal("an id is a test's own");
    return NULL;
}

#endif
