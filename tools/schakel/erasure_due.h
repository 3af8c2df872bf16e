/*
 * What partners asked to erase, and until when: at the one who must do it.
 *                                                          docs/CONSENT.md 4.5
 */
#ifndef SK_TOOLS_ERASURE_DUE_H
#define SK_TOOLS_ERASURE_DUE_H

#include <jansson.h>

#include "tools/schakel/client.h"
#include "tools/schakel/glossary.h"

/* The open requests, first due first; an array to be released, or NULL: what
   the node said was told, and *code is the exit code. */
json_t *sk_erasures_ask(struct sk_client *client, int *code);

/* One line each, with a title; nothing when there are none.  today: as
   node.status has `now`.  late_only: only those whose last day is over. */
size_t sk_erasures_print(const json_t *erasures, const char *today,
                         bool late_only, const struct sk_glossary *glossary,
                         bool dutch);

#endif
