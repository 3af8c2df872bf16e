/*
 * A bundle on its way into force: its files, and its signatures.
 *                                                       docs/POLICY.md 2.5
 */
#ifndef SK_TOOLS_POLICY_SIGNING_H
#define SK_TOOLS_POLICY_SIGNING_H

#include "policies/signed.h"
#include "tools/schakel/client.h"
#include "tools/schakel/policy_run.h"

/* The files of a bundle that are signed. */
struct sk_draft {
    struct sk_policy_run *run;
    char dir[4096];
    struct sk_policy_bundle bundle;
    struct sk_bytes officers_yaml;
    struct sk_officers officers;
    struct sk_bytes manifest; /* as it is on disk; empty: none */
};

/* BUNDLE as it would be signed: it loads, and officers.yaml does.  -1 to go
   on, or the exit code when that was told; close it either way. */
int sk_draft_open(struct sk_policy_run *run, const char *path,
                  struct sk_draft *d);
void sk_draft_close(struct sk_draft *d);

/* The files as a node is given them. */
struct sk_given {
    struct sk_blob blobs[SK_SIGNED_FILES_MAX];
    char names[SK_SIGNED_FILES_MAX][SK_ORG_SIZE_MAX + 32];
    size_t count;
};

/* -1, or the exit code when that was told; free it either way. */
int sk_given_all(struct sk_given *given, const struct sk_draft *d);
void sk_given_free(struct sk_given *given);
/*
 * Whose signatures are there, and do they hold?
 *
 *     in_force    who may sign; NULL: whom the bundle itself names
 *     out         views into `given`
 *
 * -1, or the exit code when something was told.
 */
int sk_given_check(const struct sk_given *given,
                   const struct sk_officers *in_force,
                   struct sk_policy_run *run, struct sk_signed_policy *out);

#endif
