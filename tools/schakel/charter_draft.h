/*
 * A charter that is being made: from options, or from the version before.
 */
#ifndef SK_TOOLS_CHARTER_DRAFT_H
#define SK_TOOLS_CHARTER_DRAFT_H

#include "tools/schakel/charter_folder.h"

struct sk_draft {
    struct sk_charter *charter; /* malloc'ed; views into `owned` or others */
    uint8_t *owned[3 + SK_OPTION_VALUES_MAX];
    size_t owned_count;
};

int sk_draft_start(struct sk_draft *draft);
/* The next version of a charter, whose bytes must outlive the draft. */
void sk_draft_follow(struct sk_draft *draft, const struct sk_charter *before);
/* What --vocabulary, --guards, --partners, --card, --identity, --remove,
   --steward and --threshold say. */
int sk_draft_apply(struct sk_draft *draft, const struct sk_parsed *parsed);
void sk_draft_free(struct sk_draft *draft);

#endif
