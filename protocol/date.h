/*
 * The form of days and instants in messages: which texts are one.
 *                                                   docs/PROTOCOL.md 2.7
 * What they mean (working days, civil time) is for policies/civil.h.
 */
#ifndef SK_PROTOCOL_DATE_H
#define SK_PROTOCOL_DATE_H

#include "protocol/base.h"

#define SK_DATE_SIZE 10    /* YYYY-MM-DD */
#define SK_INSTANT_SIZE 20 /* YYYY-MM-DDTHH:MM:SSZ */

/* An existing Gregorian day of the years 1900 to 2199. */
bool sk_date_is_legal(struct sk_bytes text);
/* UTC, seconds 00 to 59. */
bool sk_instant_is_legal(struct sk_bytes text);

#endif
