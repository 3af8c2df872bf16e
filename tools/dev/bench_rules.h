/*
 * Generated bundles, persons and questions for bench_decide, from a seed.
 *
 * The rules speak about what other policy engines can express too: who, which
 * event, which purpose, from when until when; prohibitions by category.  Every
 * event carries `occurred`, which each rule shares and nothing cuts down, so a
 * permit means: a rule speaks, no prohibition does, the person has a relation
 * and the consent holds.
 */
#ifndef SK_TOOLS_DEV_BENCH_RULES_H
#define SK_TOOLS_DEV_BENCH_RULES_H

#include "policies/decide.h"

#define BENCH_RULES_MAX ((size_t)2000)
#define BENCH_ORGS ((size_t)12)
#define BENCH_PURPOSES ((size_t)6)
#define BENCH_EVENTS ((size_t)5)
#define BENCH_PERSONS ((size_t)32)
#define BENCH_ROSTER_MAX ((size_t)256)
#define BENCH_ANYONE SIZE_MAX

extern const char *const bench_purposes[BENCH_PURPOSES];
extern const struct sk_event_view bench_events[BENCH_EVENTS];

/* One share rule; org-<org>. */
struct bench_share {
    size_t org;
    size_t purpose;
    size_t event;
    const char *from;
    const char *until;
};
/* One prohibition: of a category to an org, or BENCH_ANYONE (any purpose). */
struct bench_never {
    size_t org;
    size_t purpose;
    const char *category;
};
struct bench_rules {
    struct bench_share shares[BENCH_RULES_MAX];
    size_t shares_count;
    struct bench_never nevers[BENCH_RULES_MAX];
    size_t nevers_count;
};

struct bench_person {
    struct sk_facts *facts;
    bool linked[BENCH_ROSTER_MAX]; /* per position in the roster */
};
struct bench_question {
    size_t person;
    size_t org; /* position in the roster */
    size_t purpose;
    size_t event;
    struct sk_question ask;
};

/* A number below n; the same ones in every run. */
size_t bench_roll(size_t n);

/* partners.yaml of BENCH_ORGS partners; owned by the process. */
struct sk_bytes bench_make_roster(void);
/* policy.yaml of `count` rules: shares, prohibitions and one limit. */
struct sk_bytes bench_make_policy(size_t count, struct bench_rules *out);

/*
 * One person: relations with most partners, consents with most of them, for
 * most purposes and categories; some ran out, some were withdrawn.
 */
void bench_make_person(const struct sk_bundle *bundle, struct sk_arena *arena,
                       struct bench_person *out);
/* Two thirds near a rule of `rules`, the others anywhere. */
void bench_ask(const struct sk_bundle *bundle, const struct bench_rules *rules,
               struct bench_question *out);

/* Print a message and end with status 1. */
_Noreturn void bench_die(const char *what);

#endif
