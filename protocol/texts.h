/*
 * The words of every code that a user or a partner may see: what happened and
 * the next step to take, in Dutch and English.         docs/PROTOCOL.md 8.8,
 *                                     docs/CONTROL.md 4, docs/POLICY.md 8.6
 * Codes go over the wire, into the store and into `--json`; texts go to
 * people.  A code never changes its meaning; a new thing gets a new code.
 * Findings in policies (E020, W002) have texts of their own in policies/.
 */
#ifndef SK_PROTOCOL_TEXTS_H
#define SK_PROTOCOL_TEXTS_H

#include "protocol/base.h"

struct sk_code {
    const char *code; /* kebab-case */
    const char *nl;   /* what happened, one sentence without full stop */
    const char *en;
    const char *next_nl; /* what to do now, a full sentence */
    const char *next_en;
};

/* Sorted by code. */
extern const struct sk_code sk_codes[];
extern const size_t sk_codes_count;

/* NULL when the code is unknown. */
const struct sk_code *sk_code_find(struct sk_bytes code);

/* Static texts; NULL when the code is unknown. */
const char *sk_code_text(const char *code, bool dutch);
const char *sk_code_next(const char *code, bool dutch);

#endif
