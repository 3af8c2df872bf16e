/*
 * What ids, values and levels are called, for whoever reads a screen: labels
 * of the vocabulary, names of the partners.        docs/POLICY.md 5, 9.1
 *
 * A word that the glossary does not have reads as it is.
 */
#ifndef SK_TOOLS_GLOSSARY_H
#define SK_TOOLS_GLOSSARY_H

#include <jansson.h>
#include <stdbool.h>

#include "policies/vocabulary.h"
#include "tools/schakel/client.h"

struct sk_glossary;

/* Over a vocabulary that outlives it; NULL: out of memory. */
struct sk_glossary *sk_glossary_of(const struct sk_vocabulary *vocabulary,
                                   bool dutch);
/* The words of the node behind `client`; NULL when it cannot tell. */
struct sk_glossary *sk_glossary_ask(struct sk_client *client, bool dutch);
/* While the glossary lives. */
const struct sk_vocabulary *
sk_glossary_vocabulary(const struct sk_glossary *glossary);
void sk_glossary_close(struct sk_glossary **glossary);

/* Label of an event type, field, purpose or category, or name of a partner.
   glossary may be NULL in all of these. */
const char *sk_glossary_word(const struct sk_glossary *glossary,
                             const char *id);
/* A value of a field at a level (NULL or "": exact), as in replies: text, list,
   bool or number.  Until the next call. */
const char *sk_glossary_value(struct sk_glossary *glossary, const char *field,
                              const char *level, const json_t *value);
/* How precise; empty for exact.  Until the next call. */
const char *sk_glossary_level(struct sk_glossary *glossary, const char *field,
                              const char *level);

#endif
