/*
 * What changed between two bundles that is no flow: what people read (the
 * sentence of a rule, a label, the name of a partner), and the legal ground of
 * a rule.                                              docs/POLICY.md 11.6
 *
 * The files are compared as they are written, so that nothing changes without
 * a word: only what section 11.2 compares is left out, and of that only where
 * it made a change that is told there.  Order and quotes mean nothing.
 */
#ifndef SK_POLICIES_PAPER_H
#define SK_POLICIES_PAPER_H

#include "policies/diff.h"
#include "policies/safeguards.h"

struct sk_paper_change {
    struct sk_place place;     /* in NEW; of what is gone, in OLD */
    struct sk_bytes path;      /* "share.warm-handover.basis.reference" */
    const struct sk_node *was; /* NULL: it was not there */
    const struct sk_node *is;  /* NULL: it is gone */
    bool ground; /* the legal ground of a rule that stays: `basis` */
};
struct sk_paper {
    struct sk_paper_change *list; /* grounds first; as the files have them */
    size_t count;
    size_t grounds;
};

/*
 * Compare the files of the bundles of a difference.
 *
 *     losses   told apart: of those rules only the sentence; may be NULL
 *     arena    holds the result
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_paper_find(const struct sk_diff *diff,
                                        const struct sk_losses *losses,
                                        struct sk_arena *arena,
                                        struct sk_paper *out);

/* Do two trees say the same?  Both may be NULL. */
bool sk_written_same(const struct sk_node *a, const struct sk_node *b);

#endif
