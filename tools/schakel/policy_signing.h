/*
 * A bundle on its way into force: its files, and its signatures.
 *                                                       docs/POLICY.md 2.5
 */
#ifndef SK_TOOLS_POLICY_SIGNING_H
#define SK_TOOLS_POLICY_SIGNING_H

#include "policies/signed.h"
#include "tools/schakel/client.h"
#include "tools/schakel/policy_run.h"
#include "tools/schakel/policy_words.h"

/* The files of a bundle that are signed. */
struct sk_draft {
    struct sk_policy_run *run;
    char dir[4096];
    struct sk_policy_bundle bundle;
    struct sk_bytes officers_yaml;
    struct sk_officers officers;
    struct sk_bytes manifest; /* as it is on disk; empty: none */
    /* after sk_draft_check() */
    bool asked; /* a node told who may sign: */
    struct sk_officers in_force;
    bool compared;       /* with a charter */
    const char *differs; /* files that are not the charter's; "" */
};

/* BUNDLE as it would be signed: it loads, and officers.yaml does.  -1 to go
   on, or the exit code when that was told; close it either way. */
int sk_draft_open(struct sk_policy_run *run, const char *path,
                  struct sk_draft *d);
void sk_draft_close(struct sk_draft *d);

/*
 * Before a signature (policy_sign_check.c): is `name` an officer, with this
 * key; are vocabulary, guards and roster those of the charter of the node, or
 * of --charter, and if not, what does that do?  Warns; refuses who is nobody.
 * -1, or the exit code.
 */
int sk_draft_check(struct sk_draft *d, const struct sk_parsed *parsed,
                   const char *name, const struct sk_minisign_key *key);

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
