/*
 * The word check of one outgoing text.                   docs/DOMAIN.md 9.3
 */
#ifndef SK_NODE_ENGINE_TEXT_H
#define SK_NODE_ENGINE_TEXT_H

#include "node/engine/engine.h"

enum sk_text_result { SK_TEXT_ALLOWED, SK_TEXT_WARNED, SK_TEXT_BLOCKED };
/* word: what was found, a view into the built-in list; written unless
   ALLOWED. */
enum sk_text_result sk_text_check(const struct sk_engine *e,
                                  struct sk_bytes field, struct sk_bytes value,
                                  struct sk_bytes to, struct sk_bytes *word);

#endif
