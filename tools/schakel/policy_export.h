/*
 * A policy in the forms of other systems and registers.  They are never read
 * back as policy.                                        docs/POLICY.md 17
 */
#ifndef SK_TOOLS_POLICY_EXPORT_H
#define SK_TOOLS_POLICY_EXPORT_H

#include "policies/matrix.h"
#include "tools/schakel/policy_run.h"

/*
 * Print the policy with its guards as an ODRL 2.2 Set in JSON-LD (17.2).  The
 * context is written out, so nobody has to fetch anything to read it.
 *
 *     day    only rules valid that day, or INT32_MIN for all
 *
 * False: no memory, and nothing was printed.
 */
bool sk_odrl_print(const struct sk_bundle *bundle, int32_t day,
                   struct sk_arena *arena);

/*
 * What the policy does on one day, and the texts that ask consent for it, in
 * the terms of DPV (17.3); with --participant that person's records, of the
 * node of --dir.  Prints it; the exit code.
 */
int sk_policy_export_dpv(struct sk_policy_run *run,
                         const struct sk_bundle *bundle,
                         const struct sk_parsed *parsed);

#endif
