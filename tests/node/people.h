/*
 * Short words for what tests of disclosures do again and again, on the
 * scenario S2A: Jonas at the school `buso`, towards `gtb` and `houtzaak`.
 */
#ifndef SK_TESTS_NODE_PEOPLE_H
#define SK_TESTS_NODE_PEOPLE_H

#include "tests/node/fixture.h"

#define PEOPLE_NOTICE "'notice':{'$hex':'4d61672064697420'}"

/* Ids as text; each names its own kind. */
struct people_id {
    char text[SK_ID_TEXT_SIZE + 1];
};

static inline struct people_id people_take(struct fx *f, const char *path)
{
    struct people_id id = {0};

    snprintf(id.text, sizeof(id.text), "%s", fx_text(f, path));
    cr_assert(strlen(id.text) == SK_ID_TEXT_SIZE, "%s: %s", path, f->reply);
    return id;
}

static inline struct people_id people_add(struct fx *f, const char *node,
                                          const char *birth)
{
    fx_ok(f, node, "participant.add",
          "{'given_name':'Jonas','birth_date':'%s'}", birth);
    return people_take(f, "result.participant");
}

static inline void people_link(struct fx *f, const char *node,
                               struct people_id who, const char *org)
{
    fx_ok(f, node, "relation.open",
          "{'participant':'%s','org':'%s','from':'2026-09-01'}", who.text, org);
}

/* An ordinary giving until 29 May 2027. */
static inline struct people_id
people_consent(struct fx *f, const char *node, struct people_id who,
               const char *to, const char *purpose, const char *categories)
{
    fx_ok(f, node, "consent.give",
          "{'participant':'%s','until':'2027-05-29','purposes':['%s'],"
          "'recipients':['%s'],'categories':%s," PEOPLE_NOTICE "}",
          who.text, purpose, to, categories);
    return people_take(f, "result.consent");
}

/* How the workplace of Jonas starts: fields of four categories. */
#define PEOPLE_WORKPLACE                                                       \
    "{'workplace_kind':'stage','workplace_org':'1999916801',"                  \
    "'start_date':'2027-03-08','hours_week':'16','given_name':'Jonas',"        \
    "'schedule':'ma-di 08:00-16:30','coach_name':'Iris V.',"                   \
    "'coach_phone':'+3214000003','occupation':'8219.1'}"

static inline struct people_id people_workplace(struct fx *f,
                                                struct people_id who)
{
    fx_ok(f, "buso", "event.record",
          "{'participant':'%s','type':'workplace.started','fields':%s}",
          who.text, PEOPLE_WORKPLACE);
    return people_take(f, "result.event");
}

#define PEOPLE_WORKPLACE_CATEGORIES                                            \
    "['identity.name','contact.coach','work.job','work.profile']"

/* S2A on 1 March 2027: somebody of buso whose workplace may go to houtzaak. */
static inline void people_placement(struct fx *f, struct people_id *who,
                                    struct people_id *event)
{
    fx_start(f, "S2A", "2027-03-01T09:00:00Z");
    *who = people_add(f, "buso", "2000-05-14");
    *event = people_workplace(f, *who);
    people_link(f, "buso", *who, "houtzaak");
    people_consent(f, "buso", *who, "houtzaak", "work.placement",
                   PEOPLE_WORKPLACE_CATEGORIES);
}

static inline struct people_id people_request(struct fx *f,
                                              struct people_id who)
{
    fx_ok(f, "buso", "event.record",
          "{'participant':'%s','type':'handover.requested','fields':{"
          "'handover_kind':'warm','handover_reason':'next_step',"
          "'question':'Kunnen jullie verder?','participant_goal':'Werken.',"
          "'respond_by':'2027-03-12','coach_name':'Iris V.',"
          "'coach_phone':'+3214000003'}}",
          who.text);
    return people_take(f, "result.event");
}

/* An offer that must be permitted: the message. */
static inline struct people_id people_send(struct fx *f, const char *node,
                                           struct people_id event,
                                           const char *to, const char *purpose)
{
    fx_call(f, node, "disclosure.send", "{'event':'%s','to':'%s','for':'%s'}",
            event.text, to, purpose);
    cr_assert(eq(str, (char *)fx_text(f, "result.decision"), "permit"), "%s",
              f->reply);
    return people_take(f, "result.message");
}

/* The reason of an offer that must be denied. */
static inline const char *people_denied(struct fx *f, const char *node,
                                        struct people_id event, const char *to,
                                        const char *purpose)
{
    fx_ok(f, node, "disclosure.send", "{'event':'%s','to':'%s','for':'%s'}",
          event.text, to, purpose);
    cr_assert(eq(str, (char *)fx_text(f, "result.decision"), "deny"), "%s",
              f->reply);
    return fx_text(f, "result.reason");
}

/* One value of message.show. */
static inline const char *people_shown(struct fx *f, const char *node,
                                       struct people_id message,
                                       const char *key)
{
    char path[128];

    fx_ok(f, node, "message.show", "{'message':'%s'}", message.text);
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(f, path);
}

/* It goes there, and arrives. */
static inline struct people_id people_place(struct fx *f,
                                            struct people_id event)
{
    struct people_id message =
        people_send(f, "buso", event, "houtzaak", "work.placement");

    fx_run(f);
    return message;
}

#endif
