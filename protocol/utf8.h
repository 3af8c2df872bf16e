/*
 * Characters: strict UTF-8, and what no file and no value may hold.
 *                                docs/POLICY.md 3.1, 6.2, docs/PROTOCOL.md 2.7
 */
#ifndef SK_PROTOCOL_UTF8_H
#define SK_PROTOCOL_UTF8_H

#include "protocol/base.h"

#define SK_NO_CHARACTER UINT32_MAX

/*
 * The character at *at, and *at behind it.  SK_NO_CHARACTER, and *at where it
 * was, when the bytes there are no strict UTF-8 (overlong, surrogate, above
 * U+10FFFF, cut off).
 */
uint32_t sk_utf8_next(struct sk_bytes bytes, size_t *at);

/* POLICY.md 3.1, line breaks apart: forbidden everywhere, comments included. */
bool sk_character_is_forbidden(uint32_t character);

/*
 * Does it deceive whoever reads it: is it invisible, or does it turn the
 * direction of what follows?  For names, where nobody needs such a character.
 */
bool sk_character_is_hidden(uint32_t character);
/*
 * The same for text, where joiners (Persian, Hindi), marks of direction
 * (Arabic, Hebrew) and variants (signs) are part of how it is written.
 */
bool sk_character_deceives(uint32_t character);

/*
 * The number of the first such character in strict UTF-8, from 1; 0: there is
 * none.  What is no UTF-8 counts as one.
 */
size_t sk_utf8_hidden_at(struct sk_bytes text);
size_t sk_utf8_deceit_at(struct sk_bytes text);

/* So many bytes at its start are visible ASCII or a space, of which there is
   nothing to check. */
size_t sk_utf8_plain_size(struct sk_bytes text);

/* Is it a text of one line that POLICY.md 3.1 allows? */
bool sk_utf8_is_line(struct sk_bytes text);

#endif
