/*
 * New keys and cards of a node.   Functions that return an int return -1 to
 * go on, or the exit code after an error was told.
 */
#ifndef SK_TOOLS_ISSUE_H
#define SK_TOOLS_ISSUE_H

#include "tools/schakel/nodedir.h"

/* How long senders may use a sealing key, and how long we can still open what
   was sealed with the one before it; s. */
#define SK_SEALING_LIFE_S (UINT64_C(400) * 86400)
#define SK_SEALING_GRACE_S (UINT64_C(30) * 86400)

/* Fill the endpoints of a card from options. */
int sk_issue_endpoints(const struct sk_values *values, struct sk_card *card);

/*
 * First online keys (the master key is there already) and version 1 of the
 * card.  Endpoints are left as they are.
 */
void sk_issue_first(struct sk_node_secrets *secrets,
                    const struct sk_identity *identity, struct sk_card *card);

/*
 * The next version of the card.
 *     sealing   a new sealing key; the one before stays for the grace period
 *     online    new signing and transport keys too
 */
void sk_issue_next(struct sk_node_secrets *secrets, struct sk_card *card,
                   bool sealing, bool online);

int sk_issue_write_key(const char *dir, const struct sk_node_secrets *secrets,
                       const struct sk_unlock *unlock, bool replace);
int sk_issue_write_card(const char *dir, const struct sk_card *card,
                        const struct sk_identity *identity, bool replace);

#endif
