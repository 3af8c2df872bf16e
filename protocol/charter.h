/*
 * The charter: who takes part, under which rules, signed by stewards.
 *                                                     docs/PROTOCOL.md 9.1
 * A folder, given as a list of files in memory:
 *     charter.yaml         below
 *     partners.yaml        the roster            \
 *     guards.yaml          rules of everybody     > pinned by the MANIFEST
 *     vocabulary.yaml      the shared words      /
 *     MANIFEST             of: charter/<id>, pins exactly these four
 *     MANIFEST.<org>.minisig    signature of one steward
 *     cards/<org>.card     not pinned: each proves itself by the identity key
 *
 * charter.yaml is YAML of one fixed form (so that signing needs no YAML):
 *     format: charter/1
 *     charter: kempen
 *     version: 2
 *     previous: <64 hex>             as in the MANIFEST; not in version 1
 *     threshold: 2                   1..number of stewards
 *     stewards: [ocmw-mol, vdab-kempen]           ascending
 *     identities:                    every partner's key, ascending, in the
 *       cvo-kempen: RWQ...           56 characters that `minisign -P` takes
 *
 * Valid when enough stewards *of the version before* signed (for the first
 * one, and for a node that has none yet: its own stewards).  A signature
 * that does not verify, a card that does not fit, a file that does not belong
 * there: the whole charter is refused (I5).
 *
 * Whether the files load as policies is the caller's check (sk_bundle_load
 * without a policy); protocol/ does not read YAML.
 *
 * Pure.  Views live as long as the files.  struct sk_charter is about 60 KiB.
 */
#ifndef SK_PROTOCOL_CHARTER_H
#define SK_PROTOCOL_CHARTER_H

#include "protocol/card.h"
#include "protocol/manifest.h"
#include "protocol/minisign.h"

#define SK_STEWARDS_MAX 32
/* charter.yaml, three files, MANIFEST, and per partner a card and a
   signature. */
#define SK_CHARTER_FILES_MAX (5 + 2 * SK_PARTNERS_MAX)

struct sk_charter_file {
    struct sk_bytes name; /* "guards.yaml", "cards/ocmw-mol.card" */
    struct sk_bytes bytes;
};

struct sk_charter_identity {
    struct sk_org org;
    struct sk_minisign_key key;
    struct sk_bytes card; /* view, verified; empty when it was not there */
    bool steward;
    bool signed_this; /* a good signature of this org was there */
};

struct sk_charter {
    struct sk_org id; /* an ID, as an org's */
    uint64_t version;
    bool has_previous;
    struct sk_hash previous; /* SHA-256 of the MANIFEST before */
    size_t threshold;
    size_t stewards_count;
    struct sk_charter_identity identities[SK_PARTNERS_MAX]; /* ascending */
    size_t identities_count;
    struct sk_hash manifest; /* SHA-256 of the MANIFEST: names this charter */
    struct sk_bytes charter_yaml;
    struct sk_bytes partners_yaml;
    struct sk_bytes guards_yaml;
    struct sk_bytes vocabulary_yaml;
    struct sk_bytes manifest_text;
    size_t signatures;        /* good ones that count */
    size_t signatures_needed; /* threshold of who must sign */
};

/* What was wrong, for people: `check` is a word of this list, static;
   `subject` the file or organisation concerned, a view or empty.
       file-missing file-unknown file-twice file-hash manifest charter-yaml
       version threshold previous same older signature steward signatures
       card */
struct sk_charter_fault {
    const char *check;
    struct sk_bytes subject;
};

/*
 * Verify a charter.
 *
 *     files      any order; names and bytes borrowed, views live on in out
 *     previous   the charter in force, or NULL when the node has none
 *     out        all zero after a failure (it is too large for a copy)
 *     fault      written on every failure; never NULL
 *
 * Fails with
 *     SK_E_EXISTS      the very charter that is in force
 *     SK_E_OLD         lower version, or another charter of the same version
 *     SK_E_NOT_FOUND   a version in between is missing: import that one first
 *     SK_E_REFUSED     not enough signatures of stewards
 *     SK_E_BAD_SIGNATURE, _BAD_HASH, _BAD_FORM, _BAD_VALUE, _BAD_LENGTH,
 *     _TOO_LARGE
 */
SK_CHECKED enum sk_status sk_charter_verify(const struct sk_charter_file *files,
                                            size_t count,
                                            const struct sk_charter *previous,
                                            struct sk_charter *out,
                                            struct sk_charter_fault *fault);

/*
 * As verify, but signatures may be too few and the charter in force is not
 * asked: everything else holds.  For tools that draft and sign; and to read a
 * charter again that this node has verified before.
 */
SK_CHECKED enum sk_status sk_charter_read(const struct sk_charter_file *files,
                                          size_t count, struct sk_charter *out,
                                          struct sk_charter_fault *fault);

/* NULL when org has no identity key here. */
const struct sk_charter_identity *
sk_charter_identity(const struct sk_charter *charter, const struct sk_org *org);

/*
 * Is this card of a partner of the charter?  Decodes it and compares the
 * identity key.  Fails with SK_E_BAD_SENDER (unknown org, or another key),
 * SK_E_BAD_*.
 */
SK_CHECKED enum sk_status sk_charter_card(const struct sk_charter *charter,
                                          struct sk_bytes bytes,
                                          struct sk_card *out);

/*
 * Write charter.yaml from id, version, previous, threshold and identities
 * (with steward).  Identities must be sorted (assert).
 * Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_charter_encode(const struct sk_charter *charter,
                                            struct sk_room room,
                                            struct sk_bytes *out);

/*
 * Write the MANIFEST that pins the four files of the charter (its views).
 * Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_charter_manifest(const struct sk_charter *charter,
                                              struct sk_room room,
                                              struct sk_bytes *out);

#endif
