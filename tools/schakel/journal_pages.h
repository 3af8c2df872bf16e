/*
 * The journal of a running node, page by page: the next page is asked for
 * while this one is looked at, and no more than these two are in memory.
 *                                                    docs/PROTOCOL.md 11
 * Functions: -1 to go on, or the exit code when something was told.
 */
#ifndef SK_TOOLS_JOURNAL_PAGES_H
#define SK_TOOLS_JOURNAL_PAGES_H

#include "protocol/checkpoint.h"
#include "tools/schakel/client.h"

/* Entries that are asked for at once: the reply fits what a socket holds, so
   that the node can be done with it whoever reads it, and when. */
#define SK_JOURNAL_PAGE 2048

/* How long it is, and what is signed of it. */
struct sk_journal_top {
    uint64_t entries;
    struct sk_checkpoint checkpoint;
    char text[SK_CHECKPOINT_SIZE_MAX + 1]; /* "": without a charter */
    char vkey[SK_VKEY_SIZE_MAX + 1];
};
int sk_journal_top(struct sk_client *client, struct sk_journal_top *out);

/* Started with the client and the numbers `next` and `end`.  Until the end the
   client is asked nothing else; who stops earlier asks it nothing more. */
struct sk_journal_pages {
    struct sk_client *client;
    uint64_t next; /* entry that the next page begins with */
    uint64_t end;
    bool asked;
};

/* Views until the next page. */
struct sk_journal_page {
    uint64_t from;
    struct sk_value entries; /* bin each */
    struct sk_value nodes;   /* bin each: roots that the node keeps */
};

/* next < end. */
int sk_journal_pages_next(struct sk_journal_pages *pages,
                          struct sk_journal_page *out);

/* The reply is not what a node says: told. */
int sk_journal_broken(void);

#endif
