/*
 * Which request to erase is meant.                         docs/CONSENT.md 4.5
 *
 * An answer cannot be taken back: a person whose partner asks more than one
 * thing names the one, and is shown them all.
 */
#ifndef SK_TOOLS_ERASURE_CHOICE_H
#define SK_TOOLS_ERASURE_CHOICE_H

#include <jansson.h>

#include "tools/schakel/client.h"

/* args of erasure.confirm or erasure.refuse.  -1: it is clear; or an exit
   code, and what there is was told. */
int sk_erasure_choose(struct sk_client *client, const char *op,
                      const json_t *args);

#endif
