/*
 * Samira works at Sopraco; what Sopraco may tell her school, CVO Kempen, and
 * drafts of another policy for it.
 *
 *     sm_start(&s);     she is there, with a relation and an event
 *     sm_give(&s);      her consent
 *     sm_send(&s);      it is disclosed: s.message
 */
#ifndef SK_TESTS_NODE_SAMIRA_H
#define SK_TESTS_NODE_SAMIRA_H

#include "tests/node/fixture.h"

struct samira {
    struct fx f;
    char participant[64];
    char event[64];
    char message[64];
    struct sk_store *backup; /* a test's own */
};

#define EQ(got, want) cr_expect(eq(str, (char *)(got), (char *)(want)))

static inline void sm_keep(struct fx *f, const char *path, char out[64])
{
    snprintf(out, 64, "%s", fx_text(f, path));
}

static inline void sm_record(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "event.record",
          "{'participant':'%s','type':'workplace.evaluated','fields':{"
          "'eval_period':'2026-W39/W43','next_step':'continue',"
          "'eval_learning':'3'}}",
          s->participant);
    sm_keep(&s->f, "result.event", s->event);
}

static inline void sm_give(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "consent.give",
          "{'participant':'%s','until':'2027-09-21',"
          "'purposes':['guidance.joint'],'recipients':['cvo-kempen'],"
          "'categories':['work.evaluation'],'form':'paper',"
          "'notice':{'$hex':'00'},'notice_id':'n/1'}",
          s->participant);
}

/* Only her. */
static inline void sm_begin(struct samira *s, const char *names)
{
    fx_start(&s->f, "kempen", "2026-09-18T12:00:00Z");
    fx_ok(&s->f, "sopraco", "participant.add",
          "{'given_name':'Samira',%s'birth_date':'1991-11-02'}", names);
    sm_keep(&s->f, "result.participant", s->participant);
}

static inline void sm_relate(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "relation.open",
          "{'participant':'%s','org':'cvo-kempen','from':'2026-09-18'}",
          s->participant);
}

static inline void sm_start(struct samira *s)
{
    sm_begin(s, "");
    sm_relate(s);
    sm_record(s);
}

static inline void sm_send(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "disclosure.send",
          "{'event':'%s','to':'cvo-kempen','for':'guidance.joint'}", s->event);
    sm_keep(&s->f, "result.message", s->message);
}

static inline void sm_preview(struct samira *s)
{
    fx_ok(&s->f, "sopraco", "disclosure.preview",
          "{'event':'%s','to':'cvo-kempen','for':'guidance.joint'}", s->event);
}

/* A policy of `owner` that shares these fields with the school; free() it. */
static inline char *sm_policy(const char *owner, int version,
                              const char *fields)
{
    char *text = malloc(4096);

    snprintf(text, 4096,
             "language: sharing-policy/1\n"
             "policy: %s\n"
             "version: %d\n"
             "vocabulary: traject-vlaanderen/1\n"
             "guards: vlaanderen/1\n"
             "partners: kempen\n"
             "share:\n"
             "  - id: leren\n"
             "    text: \"De school weet hoe het leren gaat.\"\n"
             "    to: {orgs: [cvo-kempen]}\n"
             "    for: [guidance.joint]\n"
             "    what: {workplace.evaluated: {%s}}\n"
             "    basis: {gdpr: contract, reference: Voorbeeld}\n"
             "    retain: {for: 6 months, from: sent}\n"
             "    valid: {from: 2026-09-01, until: 2028-08-31}\n",
             owner, version, fields);
    return text;
}

/* "{'policy': ...}" as a request has it; free() it. */
static inline char *sm_file(const char *text)
{
    size_t size = strlen(text);
    char *out = malloc(2 * size + 64);
    size_t at = (size_t)sprintf(out, "{'policy':{'$hex':'");

    for (size_t i = 0; i < size; i++)
        at += (size_t)sprintf(out + at, "%02x", (unsigned char)text[i]);
    sprintf(out + at, "'}}");
    return out;
}

#endif
