/*
 * The journal: what this node did, entry by entry, in a tree that it signs.
 *                                                       docs/PROTOCOL.md 11
 *   journal.c       entries and the tree; checkpoints
 *   journal_ops.c   operations
 *   witness.c       partners' journals, and what they know of ours
 *
 * Entries are collected during an input and written at its end, at the latest
 * at the end of the pump: in the transaction of their effects (I4).  A run of
 * entries is one record; of the tree only the roots of subtrees of 256, 65536,
 * ... entries are kept, and its edge.  So an entry costs two hashes and its
 * bytes, and a proof reads at most a few times 256 of them.
 *
 * SK_T_JOURNAL:
 *     'e' last       -> entries up to number `last`: size 2 bytes, bytes
 *     'n' step index -> root of 256^step entries
 *     'p' org        -> what org showed of its journal; witness.c
 *     'f' org kind   -> a finding; witness.c
 * and in META "journal": log, edge, restarts.
 */
#ifndef SK_NODE_ENGINE_JOURNAL_H
#define SK_NODE_ENGINE_JOURNAL_H

#include "node/engine/engine.h"
#include "protocol/checkpoint.h"
#include "protocol/journal.h"

/* An entry about `org` (NULL: none) now. */
struct sk_entry sk_entry_start(const struct sk_engine *e,
                               enum sk_entry_kind kind,
                               const struct sk_org *org);
void sk_entry_id(struct sk_entry *entry, const struct sk_id *id);
void sk_entry_number(struct sk_entry *entry, uint64_t number);
void sk_entry_hash(struct sk_entry *entry, const struct sk_hash *hash);

/* Add it.  Fails with what the store says. */
SK_CHECKED enum sk_status sk_journal_add(struct sk_engine *e,
                                         const struct sk_entry *entry);

/* Taking back entries of something that was refused and wrote nothing. */
struct sk_journal_mark {
    uint64_t size;
    uint64_t waiting;
    size_t used;
};
struct sk_journal_mark sk_journal_mark(const struct sk_engine *e);
void sk_journal_back(struct sk_engine *e, struct sk_journal_mark mark);

/* Entries, also those that are not written yet. */
uint64_t sk_journal_size(const struct sk_engine *e);
/* Write what was collected. */
SK_CHECKED enum sk_status sk_journal_flush(struct sk_engine *e);

/* Read the state; at open. */
SK_CHECKED enum sk_status sk_journal_load(struct sk_engine *e);
/* The store was filled from a backup: with the next input the log goes on
   under a new name. */
SK_CHECKED enum sk_status sk_journal_mark_restored(struct sk_engine *e);
/* Before an input is looked at. */
SK_CHECKED enum sk_status sk_journal_begin(struct sk_engine *e);

/* Our own head, flushed; SK_E_NOT_FOUND: no entries, or no charter. */
SK_CHECKED enum sk_status sk_journal_head(struct sk_engine *e,
                                          struct sk_checkpoint *out);
/* The same, signed; in scratch. */
SK_CHECKED enum sk_status sk_journal_checkpoint(struct sk_engine *e,
                                                struct sk_bytes *out);

/* For the proofs of protocol/merkle.h; context: the engine, all flushed. */
enum sk_status sk_journal_read(void *engine, unsigned level, uint64_t index,
                               struct sk_hash *out);

/* Walk entries from `from` on; fn stops it with SK_E_CLOSED.  Views die when
   fn returns.  Fails with SK_E_IO when entries are missing. */
typedef enum sk_status sk_journal_fn(void *context, uint64_t number,
                                     struct sk_bytes entry);
SK_CHECKED enum sk_status sk_journal_each(struct sk_engine *e, uint64_t from,
                                          uint64_t count, sk_journal_fn *fn,
                                          void *context);

#endif
