/*
 * Words of an explanation: what the sentences of needs and the page for people
 * call things.  Texts are in the arena of the run.    docs/POLICY.md 16
 */
#ifndef SK_TOOLS_POLICY_EXPLAIN_WORDS_H
#define SK_TOOLS_POLICY_EXPLAIN_WORDS_H

#include "tools/schakel/policy_explain.h"

struct sk_telling {
    struct sk_policy_run *run;
    const struct sk_explained *x;
};

/* "vdab-kempen (VDAB Kempen)"; the id alone when nobody knows it. */
const char *sk_told_org(const struct sk_telling *t, struct sk_bytes id);
const char *sk_told_purpose(const struct sk_telling *t, struct sk_bytes id);
const char *sk_told_event(const struct sk_telling *t, struct sk_bytes id);
const char *sk_told_category(const struct sk_telling *t, struct sk_bytes id);
/* "2026-10-01 10:00", Brussels time. */
const char *sk_told_minute(const struct sk_telling *t, int64_t instant);

#endif
