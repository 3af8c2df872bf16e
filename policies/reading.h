/*
 * Values as a person reads them, in the words of the vocabulary.
 *                                                      docs/CONSENT.md 7
 * For screens and paper only: nothing is decided on these texts.
 */
#ifndef SK_POLICIES_READING_H
#define SK_POLICIES_READING_H

#include "policies/levels.h"

/* "januari", "January"; month: 1 to 12. */
const char *sk_month_name(uint32_t month, bool dutch);

/*
 * What stands in a field at a level, as coarsened: "18 januari 2027", "ja",
 * "Meer pauzes, Korte taken".  A value that has no words (a code, a name, or
 * one that the vocabulary does not know) is shown as it is.
 *
 * The text is in the arena, with a NUL behind it.  SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_value_words(const struct sk_field *field,
                                         uint16_t level,
                                         const struct sk_field_value *value,
                                         bool dutch, struct sk_arena *arena,
                                         struct sk_bytes *out);

#endif
