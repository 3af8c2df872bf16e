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
 *     policy/next/record          what the gate said of it, at first
 * Words and times, no values.
 */
#ifndef SK_NODE_ENGINE_POLICY_H
#define SK_NODE_ENGINE_POLICY_H

#include "node/engine/engine.h"
#include "policies/rules.h"
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
    struct sk_bytes list[SK_SIGNED_FILES_MAX + 2]; /* day, record */
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
sk_policy_record_put(struct sk_engine *e, struct sk_bytes folder,
                     const struct sk_policy_record *r);

/* What is signed and waits for its day (policy_next.c); POLICY.md 2.7. */
struct sk_policy_next {
    uint64_t version; /* 0: nothing waits */
    struct sk_hash hash;
    struct sk_bytes day;    /* DATE; these two in scratch, or the store */
    struct sk_bytes record; /* empty: none was kept */
};
SK_CHECKED enum sk_status sk_policy_next_get(struct sk_engine *e,
                                             struct sk_policy_next *out);
/* Its files as they were given, in scratch; none: nothing waits. */
SK_CHECKED enum sk_status sk_policy_next_files(struct sk_engine *e,
                                               struct sk_charter_file **files,
                                               size_t *count);
/* Let this one wait; what waited is dropped. */
SK_CHECKED enum sk_status
sk_policy_next_put(struct sk_engine *e, const struct sk_charter_file *files,
                   size_t count, struct sk_bytes day,
                   const struct sk_policy_record *record);
/* As it would be under a charter; NULL: it does not load.  Until the draft of
   shadow.c is looked at again. */
SK_CHECKED enum sk_status sk_policy_next_load(struct sk_engine *e,
                                              const struct sk_charter *charter,
                                              struct sk_bundle **out);
/* Another one takes its place: the history says so. */
SK_CHECKED enum sk_status
sk_policy_next_displace(struct sk_engine *e, const struct sk_policy_next *next);

/* A policy that the gate refused: in scratch until the request is over. */
struct sk_policy_refused {
    uint64_t version; /* 0: no MANIFEST that can be read */
    struct sk_policy_record record;
};

/* A file of the policy in force, "officers.yaml"; into scratch.
   SK_E_NOT_FOUND: there is no policy, or no such file.  policy_files.c. */
SK_CHECKED enum sk_status
sk_policy_in_force(struct sk_engine *e, const char *name, struct sk_bytes *out);
/* After another charter or policy came into force: what the officers did not
   see yet goes no further (POLICY.md 2.5).  approval.c */
SK_CHECKED enum sk_status sk_approval_look(struct sk_engine *e);
/* Record what the gate for policies refused in this request, if anything: it
   is all that is left of it.  policy_gate.c */
SK_CHECKED enum sk_status sk_policy_keep_refused(struct sk_engine *e);
/* policy_gate.c */
SK_CHECKED enum sk_status sk_policy_due(struct sk_engine *e,
                                        const struct sk_id *id);

#endif
