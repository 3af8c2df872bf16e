/*
 * A policy in the forms of other systems and registers.  They are never read
 * back as policy.                                        docs/POLICY.md 17
 */
#ifndef SK_TOOLS_POLICY_EXPORT_H
#define SK_TOOLS_POLICY_EXPORT_H

#include "policies/matrix.h"
#include "tools/schakel/policy_run.h"

/*
 * The policy with its guards as an ODRL 2.2 Set in JSON-LD (17.2).  The
 * context is written out, so nobody has to fetch anything to read it.
 *
 *     day    only rules valid that day, or INT32_MIN for all
 */
json_t *sk_odrl(const struct sk_bundle *bundle, int32_t day);

#endif
