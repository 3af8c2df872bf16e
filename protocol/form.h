/*
 * The forms of text in messages: which bytes are a word, a text for people, a
 * day, an instant.                                    docs/PROTOCOL.md 2.7
 *
 * What they mean (is the word in the vocabulary, working days, civil time) is
 * for others.
 */
#ifndef SK_PROTOCOL_FORM_H
#define SK_PROTOCOL_FORM_H

#include "protocol/base.h"

#define SK_DATE_SIZE 10    /* YYYY-MM-DD */
#define SK_INSTANT_SIZE 20 /* YYYY-MM-DDTHH:MM:SSZ */

/* The last millisecond of the year 2199; no instant in a message is later. */
#define SK_AT_MS_MAX UINT64_C(7258118399999)
#define SK_AT_S_MAX UINT64_C(7258118399)

/* An ID as in a policy: [a-z][a-z0-9]*([-_.][a-z0-9]+)*, 1..64 bytes. */
bool sk_word_is_legal(struct sk_bytes text);
/* "org/N": the version of a policy. */
bool sk_policy_is_legal(struct sk_bytes text);
/*
 * 1..size_max bytes that do nothing to a screen and show what they hold: no
 * control characters (U+0000..1F, U+7F..9F) but tab and line feed, none that
 * deceives (protocol/utf8.h).  text is UTF-8 already.
 */
bool sk_text_is_legal(struct sk_bytes text, size_t size_max);
/* An existing Gregorian day of the years 1900 to 2199. */
bool sk_date_is_legal(struct sk_bytes text);
/* UTC, seconds 00 to 59. */
bool sk_instant_is_legal(struct sk_bytes text);

#endif
