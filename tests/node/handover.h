/*
 * Handovers of a person of buso to gtb and vdab, on top of people.h.
 *                                                       docs/DOMAIN.md 5, I6
 *     TestSuite(x, .init = start, .fini = end);    two who may be asked
 *     struct people_id h = request("gtb");         frames do not move yet
 *     fx_run(&f);
 *     give("gtb", h, "answer-accepted");           an input that is taken
 *     expect_both(h, "accepted");
 *
 * A program includes it once: the federation and the person are its own.
 */
#ifndef SK_TESTS_NODE_HANDOVER_H
#define SK_TESTS_NODE_HANDOVER_H

#include "tests/node/lines.h"
#include "tests/node/people.h"

#include "node/engine/handover.h"

static struct fx f;
static struct people_id who;

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static inline void allow(const char *org)
{
    people_link(&f, "buso", who, org);
    people_consent(&f, "buso", who, org, "guidance.handover",
                   "['process.handover','contact.coach']");
}

static inline void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    who = people_add(&f, "buso", "2000-05-14");
    allow("gtb");
    allow("vdab");
}

static inline void end(void)
{
    fx_end(&f);
}

/* Somebody else, who may go to gtb. */
static inline void next_person(void)
{
    who = people_add(&f, "buso", "2000-05-14");
    allow("gtb");
}

/* A new request to a partner: the handover.  Frames do not move yet. */
static inline struct people_id request(const char *to)
{
    people_send(&f, "buso", people_request(&f, who), to, "guidance.handover");
    return people_take(&f, "result.handover");
}

static inline const char *shown(const char *node, struct people_id handover,
                                const char *key)
{
    char path[64];

    fx_call(&f, node, "handover.show", "{'handover':'%s'}", handover.text);
    snprintf(path, sizeof(path), "result.%s", key);
    return fx_text(&f, path);
}

static inline void give(const char *node, struct people_id handover,
                        const char *input)
{
    fx_call(&f, node, "handover.input", "{'handover':'%s','input':'%s'}",
            handover.text, input);
    EQ(fx_text(&f, "ok"), "true");
}

static inline void refuse(const char *node, struct people_id handover,
                          const char *input)
{
    fx_refused(&f, node, "wrong-state", "handover.input",
               "{'handover':'%s','input':'%s'}", handover.text, input);
}

static inline void expect_both(struct people_id handover, const char *state)
{
    EQ(shown("buso", handover, "state"), state);
    EQ(shown("gtb", handover, "state"), state);
}

/* Who says that it owns the trajectory; -1: more than one (I6). */
static inline int owners(struct people_id handover)
{
    int owner = 0;
    int count = 0;

    for (size_t i = 0; i < f.count; i++) {
        const char *name = f.nodes[i].org.text;

        fx_call(&f, name, "handover.show", "{'handover':'%s'}", handover.text);
        if (strcmp(fx_text(&f, "result.owner"), name) != 0)
            continue;
        count++;
        owner = (int)i;
    }
    return count > 1 ? -1 : count == 0 ? -2 : owner;
}

/* Both sides say something while the line is down. */
static inline void cross(struct people_id h, const char *sender,
                         const char *receiver, const char *state)
{
    fx_offline(&f, "gtb", true);
    give("buso", h, sender);
    give("gtb", h, receiver);
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 10000);
    expect_both(h, state);
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "buso")));
}

#endif
