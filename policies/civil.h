/*
 * Days, instants and durations, without clock or time-zone database.
 *                                                     docs/POLICY.md 3.4, 4
 * A day is the number of days since 1970-01-01 (may be negative); an instant
 * is seconds since 1970-01-01T00:00:00Z.
 */
#ifndef SK_POLICIES_CIVIL_H
#define SK_POLICIES_CIVIL_H

#include "policies/vocabulary.h"

struct sk_date {
    int32_t year;
    uint32_t month; /* 1..12 */
    uint32_t day;   /* 1..31 */
};

struct sk_date sk_date_of_day(int32_t day);
int32_t sk_day_of_date(struct sk_date date);

/* DATE and INSTANT of 3.4; false and out untouched otherwise. */
bool sk_day_parse(struct sk_bytes text, int32_t *out);
bool sk_instant_parse(struct sk_bytes text, int64_t *out);
/* What lies before year 0 or after 9999 is shown as the nearest day. */
void sk_day_format(int32_t day, char out[11]);
void sk_instant_format(int64_t instant, char out[21]);

/* Civil day in Europe/Brussels (4.2), and the first instant of a civil day. */
int32_t sk_civil_day(int64_t instant);
int64_t sk_civil_start(int32_t day);
/* "YYYY-MM-DDTHH:MM" in Brussels to an instant (4.6); false when malformed. */
bool sk_civil_minute_parse(struct sk_bytes text, int64_t *out);
/* The civil minute of an instant, "YYYY-MM-DDTHH:MM". */
void sk_civil_minute_format(int64_t instant, char out[17]);

/* DURATION of 3.4. */
bool sk_duration_parse(struct sk_bytes text, struct sk_duration *out);
/* 4.3: adding clamps to the last day of the month. */
int32_t sk_day_add(int32_t day, struct sk_duration duration);
/* 4.5: does a <= b hold for certain? */
bool sk_duration_at_most(struct sk_duration a, struct sk_duration b);

/* Working days (DOMAIN 6.1): closed are days this node is closed, sorted. */
bool sk_is_working_day(int32_t day, const int32_t *closed, size_t count);
/* The N-th working day after `day` (6.2). */
int32_t sk_working_days_after(int32_t day, uint32_t n, const int32_t *closed,
                              size_t count);

#endif
