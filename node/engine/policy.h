/*
 * Putting a sharing policy into force: one gate, for the first version, a new
 * one and a rollback alike.                            docs/POLICY.md 2.3
 * Kept as files of the store (federation.c):
 *     policy/NNNNNNNNN/<file>     of each version that ever was in force; the
 *                                 newest is
 *     policy/NNNNNNNNN/record     array of 9: uint at_ms, bool wider, bool
 *         narrower, array of str signers, uint needed, str charter, str
 *         refused (a code; empty: it came into force), bin hash of MANIFEST,
 *         bool loosened (not in records of before: false)
 *     policy/next/<file>          signed, waits for its day
 *     policy/next/day             DATE
 * Words and times, no values.
 */
#ifndef SK_NODE_ENGINE_POLICY_H
#define SK_NODE_ENGINE_POLICY_H

#include "node/engine/internal.h"
#include "policies/signed.h"

/* A file of a version or of what waits.  Get: into scratch, SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_policy_file_get(struct sk_engine *e,
                                             struct sk_bytes folder,
                                             struct sk_bytes name,
                                             struct sk_bytes *out);
SK_CHECKED enum sk_status sk_policy_file_put(struct sk_engine *e,
                                             struct sk_bytes folder,
                                             struct sk_bytes name,
                                             struct sk_bytes bytes);
/* Everything in a folder; names in scratch.  drop: away with it. */
struct sk_policy_names {
    struct sk_bytes list[SK_SIGNED_FILES_MAX + 2];
    size_t count;
};
SK_CHECKED enum sk_status sk_policy_names(struct sk_engine *e,
                                          struct sk_bytes folder,
                                          struct sk_policy_names *out);
SK_CHECKED enum sk_status sk_policy_drop(struct sk_engine *e,
                                         struct sk_bytes folder);
/* The folder of a version: its nine digits.  Static. */
struct sk_bytes sk_policy_folder(uint64_t version);
#define SK_POLICY_NEXT sk_text("next")
#define SK_POLICY_DAY sk_text("day")

/* The newest version that ever was in force here; 0: none yet. */
SK_CHECKED enum sk_status sk_policy_newest(struct sk_engine *e, uint64_t *out);
SK_CHECKED enum sk_status sk_policy_set_newest(struct sk_engine *e,
                                               uint64_t version);

/* Since when the newest version is in force; SK_E_NOT_FOUND: none. */
SK_CHECKED enum sk_status sk_policy_since(struct sk_engine *e,
                                          uint64_t *since_ms);

/* What became of a signed policy at the gate. */
struct sk_policy_record {
    uint64_t at_ms;
    bool wider;
    bool narrower;
    bool loosened; /* what stops flows goes (POLICY.md 11.5) */
    struct sk_bytes signers[SK_OFFICERS_MAX];
    size_t signers_count;
    size_t needed; /* signatures */
    struct sk_bytes charter;
    struct sk_bytes refused; /* empty when it came into force */
    struct sk_hash hash;     /* of its MANIFEST */
};
/* As it is kept.  Views into the bytes.  Fails with SK_E_IO. */
SK_CHECKED enum sk_status sk_policy_record_read(struct sk_bytes bytes,
                                                struct sk_policy_record *out);
SK_CHECKED enum sk_status
sk_policy_record_put(struct sk_engine *e, uint64_t version,
                     const struct sk_policy_record *r);

/* A policy that the gate refused: in scratch until the request is over. */
struct sk_policy_refused {
    uint64_t version; /* 0: no MANIFEST that can be read */
    struct sk_policy_record record;
};

#endif
