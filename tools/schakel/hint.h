/*
 * What would have been right: behind a refusal, the words to choose from.
 */
#ifndef SK_TOOLS_HINT_H
#define SK_TOOLS_HINT_H

#include <stdio.h>

#include "tools/schakel/glossary.h"

/*
 * Print it for the `error` of a reply to a request with `args`; nothing when
 * there is nothing to choose.
 */
void sk_hint_print(FILE *out, const struct sk_vocabulary *vocabulary,
                   const json_t *args, const json_t *error, bool dutch);
/* Why this value of participant.add is none, in the words of an import. */
void sk_hint_person(FILE *out, const char *field, const char *value,
                    int32_t today, bool dutch);
/* What fits of these, with the vocabulary and the day of the node behind
   `client`. */
void sk_hint(struct sk_client *client, const json_t *args, const json_t *error);

#endif
