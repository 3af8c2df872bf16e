/*
 * A sharing policy as its officers sign it.       docs/POLICY.md 2.3,
 *                                                  docs/PROTOCOL.md 9.2, 9.3
 * A folder, given as a list of files in memory:
 *     policy.yaml
 *     invariants.yaml            optional
 *     officers.yaml              who may sign the next version:
 *         format: officers/1
 *         officers:              two or more, each with a key of its own, in
 *           dpo: RWQ...          the 56 characters that `minisign -P` takes
 *           deputy: RWQ...
 *     MANIFEST                   of: policy/<owner>, pins exactly these; its
 *                                version is that of policy.yaml; previous is
 *                                that of the MANIFEST in force, 64 zeros when
 *                                there was none (not in version 1)
 *     MANIFEST.<officer>.minisig
 *
 * Who may sign is who the version in force names; for the first one, who it
 * names itself.  A signature that does not verify, a name that is no officer,
 * a file that does not belong there: the whole is refused (I5).
 *
 * Pure.  Views live as long as the files and the arena.
 */
#ifndef SK_POLICIES_SIGNED_H
#define SK_POLICIES_SIGNED_H

#include "policies/findings.h"
#include "protocol/charter.h"

#define SK_OFFICERS_MIN 2
#define SK_OFFICERS_MAX 16
/* A number further above the one before takes two officers: numbers only grow,
   and after the last one nothing can come (POLICY.md 2.3). */
#define SK_POLICY_STEP_MAX 1000u
#define SK_SIGNED_FILES_MAX (4 + SK_OFFICERS_MAX)

struct sk_officer {
    struct sk_bytes name; /* an ID: a function, not a person's name */
    struct sk_minisign_key key;
};
struct sk_officers {
    struct sk_officer list[SK_OFFICERS_MAX];
    size_t count;
};

/* Read officers.yaml.  Fails with SK_E_BAD_VALUE (see findings), SK_E_MEMORY.*/
SK_CHECKED enum sk_status sk_officers_read(struct sk_bytes yaml,
                                           struct sk_arena *arena,
                                           struct sk_findings *findings,
                                           struct sk_officers *out);
/* The same names with the same keys? */
bool sk_officers_equal(const struct sk_officers *a,
                       const struct sk_officers *b);

struct sk_signed_policy {
    struct sk_manifest manifest;
    struct sk_bytes manifest_text;
    struct sk_hash hash; /* SHA-256 of the MANIFEST: names this version */
    struct sk_bytes policy;
    struct sk_bytes officers_yaml;
    struct sk_bytes invariants; /* empty: none */
    struct sk_officers officers;
    /* Officers that count, whose good signature is there. */
    struct sk_bytes signers[SK_OFFICERS_MAX];
    size_t signers_count;
};

/* What was wrong: `check` is a word of this list, static; `subject` the file
   concerned, a view or empty.
       file-missing file-unknown file-twice file-hash manifest officers
       signature officer */
struct sk_signed_fault {
    const char *check;
    struct sk_bytes subject;
};

/*
 * Verify everything but the number of signatures.
 *
 *     in_force   officers of the version in force, or NULL
 *     findings   what is wrong with officers.yaml
 *     fault      written on every failure but SK_E_MEMORY; never NULL
 *
 * Fails with SK_E_BAD_SIGNATURE, _BAD_HASH, _BAD_FORM, _BAD_VALUE, _MEMORY.
 */
SK_CHECKED enum sk_status
sk_signed_policy_read(const struct sk_charter_file *files, size_t count,
                      const struct sk_officers *in_force,
                      struct sk_arena *arena, struct sk_findings *findings,
                      struct sk_signed_policy *out,
                      struct sk_signed_fault *fault);

/*
 * Write the MANIFEST of a policy.
 *
 *     owner, version   as in policy.yaml
 *     previous         hash of the MANIFEST in force, or NULL
 *     invariants       empty: none
 *
 * Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_signed_policy_manifest(
    struct sk_bytes owner, uint64_t version, const struct sk_hash *previous,
    struct sk_bytes policy, struct sk_bytes officers,
    struct sk_bytes invariants, struct sk_room room, struct sk_bytes *out);

#endif
