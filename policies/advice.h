/*
 * What to write instead, per code of docs/POLICY.md 15: one line under the
 * finding, where the finding itself does not say it already.
 */
#ifndef SK_POLICIES_ADVICE_H
#define SK_POLICIES_ADVICE_H

#include "policies/findings.h"

/* NULL when the message says all there is to say. */
const char *sk_advice(const char *code, bool dutch);

#endif
