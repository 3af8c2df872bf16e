/*
 * A bundle: vocabulary, roster, guards and one owner's policy, checked and
 * compiled.                                     docs/POLICY.md 2, 7, 9, 13, 15
 *
 * Immutable once loaded; lives in the arena; any number of readers.
 */
#ifndef SK_POLICIES_BUNDLE_H
#define SK_POLICIES_BUNDLE_H

#include "policies/vocabulary.h"

struct sk_bundle; /* opaque outside policies/ */

enum sk_org_status { SK_ORG_ACTIVE, SK_ORG_SUSPENDED, SK_ORG_LEFT };

struct sk_roster_org {
    struct sk_bytes id;
    struct sk_bytes name;    /* for people; with the id behind it when another
                                partner is called the same (POLICY.md 9.1), and
                                the id when nothing of it is to be read */
    struct sk_bytes written; /* the name as the file has it */
    bool name_shared;
    struct sk_bytes kbo; /* or empty */
    uint16_t role;       /* of the vocabulary */
    enum sk_secrecy secrecy;
    bool insz;
    bool person_level;
    bool public_body;
    enum sk_org_status status;
};

enum sk_source_file { /* in the order of loading, 2.2 */
                      SK_SOURCE_VOCABULARY,
                      SK_SOURCE_PARTNERS,
                      SK_SOURCE_GUARDS,
                      SK_SOURCE_POLICY,
                      SK_SOURCE_INVARIANTS,
                      SK_SOURCE_COUNT,
};

/* The files of 2.1 in memory.  name is what findings show. */
struct sk_file {
    const char *name;
    struct sk_bytes bytes;
};
struct sk_bundle_files {
    struct sk_file vocabulary;
    struct sk_file partners;
    struct sk_file guards;
    struct sk_file policy;     /* bytes.data NULL: none; nothing flows */
    struct sk_file invariants; /* bytes.data NULL: none */
};

/*
 * Load and check everything (2.2).
 *
 *     day    civil day for W015, or INT32_MIN for none
 *     out    NULL when there is any error
 *
 * Fails only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_bundle_load(const struct sk_bundle_files *files,
                                         int32_t day, struct sk_arena *arena,
                                         struct sk_findings *findings,
                                         struct sk_bundle **out);

const struct sk_vocabulary *
sk_bundle_vocabulary(const struct sk_bundle *bundle);
/* The owner's id, the policy's version ("ocmw-mol", 7). */
struct sk_bytes sk_bundle_owner(const struct sk_bundle *bundle);
uint32_t sk_bundle_policy_version(const struct sk_bundle *bundle);
size_t sk_bundle_orgs_count(const struct sk_bundle *bundle);
const struct sk_roster_org *sk_bundle_org_at(const struct sk_bundle *bundle,
                                             size_t i);
/* NULL when it is not in the roster. */
const struct sk_roster_org *sk_bundle_org(const struct sk_bundle *bundle,
                                          struct sk_bytes id);

/* Is it one organisation behind the id in two rosters?  The enterprise number
   tells, else the name.                                     POLICY.md 11.2 */
bool sk_org_is_same(const struct sk_roster_org *a,
                    const struct sk_roster_org *b);

/* What a share rule says, for the disclosure ledger; false when unknown. */
struct sk_rule_view {
    struct sk_bytes id;
    struct sk_bytes text;
    struct sk_place place;
    bool explicit_consent;
    const struct sk_bytes *where; /* fields of its `where` */
    size_t where_count;
    struct sk_bytes gdpr;
    struct sk_bytes reference;
};
bool sk_bundle_rule(const struct sk_bundle *bundle, struct sk_bytes id,
                    struct sk_rule_view *out);

#endif
