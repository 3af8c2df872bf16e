#include "policies/civil.h"

#include <string.h>

#define DAY_SECONDS 86400
#define HOUR_SECONDS 3600
#define WINTER_SECONDS INT64_C(3600) /* Brussels is ahead of UTC */
#define SUMMER_SECONDS INT64_C(7200)
#define YEAR_MIN 1900
#define YEAR_MAX 2199

/* ---------------------------------------------------------------- days */

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t month_length(int32_t year, uint32_t month)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};

    return lengths[month - 1] + (uint32_t)(month == 2 && is_leap(year));
}

/* Years begin in March here, so that the leap day is the last of its year;
   eras are 400 years of 146097 days. */
int32_t sk_day_of_date(struct sk_date date)
{
    int32_t year = date.year - (date.month <= 2);
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t year_of_era = year - era * 400;
    int32_t month = (int32_t)((date.month + 9) % 12);
    int32_t day_of_year = (153 * month + 2) / 5 + (int32_t)date.day - 1;
    int32_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    assert(date.month >= 1 && date.month <= 12);
    return era * 146097 + day_of_era - 719468;
}

struct sk_date sk_date_of_day(int32_t day)
{
    int64_t shifted = (int64_t)day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t day_of_era = (int32_t)(shifted - era * 146097);
    int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (5 * day_of_year + 2) / 153;
    struct sk_date date = {
        .year = (int32_t)(year_of_era + era * 400),
        .month = (uint32_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };

    date.year += date.month <= 2;
    return date;
}

/* 0 is Monday. */
static uint32_t weekday(int32_t day)
{
    return (uint32_t)((((int64_t)day + 3) % 7 + 7) % 7);
}

/* ---------------------------------------------------------------- texts */

/* Digits at a position as a number; false unless all are digits. */
static bool digits(struct sk_bytes text, size_t at, size_t count, uint32_t *out)
{
    uint32_t number = 0;

    for (size_t i = at; i < at + count; i++) {
        if (i >= text.size || text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (text.data[i] - (uint32_t)'0');
    }
    *out = number;
    return true;
}

static bool is_at(struct sk_bytes text, size_t at, char c)
{
    return at < text.size && text.data[at] == (uint8_t)c;
}

/* "YYYY-MM-DD" at the start of a text. */
static bool parse_day(struct sk_bytes text, int32_t *out)
{
    uint32_t year;
    uint32_t month;
    uint32_t day;

    if (!digits(text, 0, 4, &year) || !is_at(text, 4, '-') ||
        !digits(text, 5, 2, &month) || !is_at(text, 7, '-') ||
        !digits(text, 8, 2, &day))
        return false;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 ||
        day < 1 || day > month_length((int32_t)year, month))
        return false;
    *out = sk_day_of_date((struct sk_date){(int32_t)year, month, day});
    return true;
}

/* "THH:MM" at 10; seconds of the day. */
static bool parse_minute(struct sk_bytes text, uint32_t *out)
{
    uint32_t hour;
    uint32_t minute;

    if (!is_at(text, 10, 'T') || !digits(text, 11, 2, &hour) ||
        !is_at(text, 13, ':') || !digits(text, 14, 2, &minute) || hour > 23 ||
        minute > 59)
        return false;
    *out = (hour * 60 + minute) * 60;
    return true;
}

bool sk_day_parse(struct sk_bytes text, int32_t *out)
{
    return text.size == 10 && parse_day(text, out);
}

bool sk_instant_parse(struct sk_bytes text, int64_t *out)
{
    int32_t day;
    uint32_t seconds;
    uint32_t second;

    if (text.size != 20 || !parse_day(text, &day) ||
        !parse_minute(text, &seconds) || !is_at(text, 16, ':') ||
        !digits(text, 17, 2, &second) || second > 59 || !is_at(text, 19, 'Z'))
        return false;
    *out = (int64_t)day * DAY_SECONDS + seconds + second;
    return true;
}

static void put_digits(char *out, uint32_t number, size_t count)
{
    while (count > 0) {
        out[--count] = (char)('0' + number % 10);
        number /= 10;
    }
}

void sk_day_format(int32_t day, char out[11])
{
    struct sk_date date = sk_date_of_day(day);

    if (date.year < 0)
        date = (struct sk_date){0, 1, 1};
    if (date.year > 9999)
        date = (struct sk_date){9999, 12, 31};
    put_digits(out, (uint32_t)date.year, 4);
    out[4] = '-';
    put_digits(out + 5, date.month, 2);
    out[7] = '-';
    put_digits(out + 8, date.day, 2);
    out[10] = '\0';
}

/* The day of a number of seconds, and the seconds into that day. */
static int32_t split(int64_t seconds, uint32_t *rest)
{
    const int64_t most = (int64_t)INT32_MAX * DAY_SECONDS;
    int64_t into = seconds % DAY_SECONDS;
    int64_t day = seconds / DAY_SECONDS;

    if (seconds > most || seconds < -most) {
        *rest = 0;
        return seconds > 0 ? INT32_MAX : INT32_MIN;
    }
    if (into < 0) {
        into += DAY_SECONDS;
        day--;
    }
    *rest = (uint32_t)into;
    return (int32_t)day;
}

/* "YYYY-MM-DDTHH:MM", 16 characters and a NUL. */
static void put_minute(int64_t seconds, char *out)
{
    uint32_t rest;

    sk_day_format(split(seconds, &rest), out);
    out[10] = 'T';
    put_digits(out + 11, rest / HOUR_SECONDS, 2);
    out[13] = ':';
    put_digits(out + 14, rest / 60 % 60, 2);
    out[16] = '\0';
}

void sk_instant_format(int64_t instant, char out[21])
{
    uint32_t rest;

    (void)split(instant, &rest); /* only the seconds are needed here */
    put_minute(instant, out);
    out[16] = ':';
    put_digits(out + 17, rest % 60, 2);
    out[19] = 'Z';
    out[20] = '\0';
}

/* ---------------------------------------------------------------- Brussels */

/* POLICY.md 4.2: 01:00 UTC on the last Sunday of March or October. */
static int64_t change_of(int32_t year, uint32_t month)
{
    int32_t last = sk_day_of_date((struct sk_date){year, month, 31});
    int32_t sunday = last - (int32_t)((weekday(last) + 1) % 7);

    return (int64_t)sunday * DAY_SECONDS + HOUR_SECONDS;
}

/* POLICY.md 4.2: seconds that Brussels is ahead of UTC. */
static int64_t offset_at(int64_t instant)
{
    uint32_t rest;
    int32_t year = sk_date_of_day(split(instant, &rest)).year;
    bool summer =
        instant >= change_of(year, 3) && instant < change_of(year, 10);

    return summer ? SUMMER_SECONDS : WINTER_SECONDS;
}

/* What a clock in Brussels shows, as seconds. */
static int64_t local_of(int64_t instant)
{
    if (instant > INT64_MAX - DAY_SECONDS)
        return instant;
    return instant + offset_at(instant);
}

int32_t sk_civil_day(int64_t instant)
{
    uint32_t rest;

    return split(local_of(instant), &rest);
}

/* POLICY.md 4.6: of a minute that comes twice the first; a minute that does
   not exist is read with the offset before the change. */
static int64_t instant_of(int64_t local)
{
    int64_t summer = local - SUMMER_SECONDS;
    int64_t winter = local - WINTER_SECONDS;

    /* Comes twice, or summer: the earlier instant has the summer offset. */
    if (offset_at(summer) == SUMMER_SECONDS)
        return summer;
    return winter;
}

int64_t sk_civil_start(int32_t day)
{
    return instant_of((int64_t)day * DAY_SECONDS);
}

bool sk_civil_minute_parse(struct sk_bytes text, int64_t *out)
{
    int32_t day;
    uint32_t seconds;

    if (text.size != 16 || !parse_day(text, &day) ||
        !parse_minute(text, &seconds))
        return false;
    *out = instant_of((int64_t)day * DAY_SECONDS + seconds);
    return true;
}

void sk_civil_minute_format(int64_t instant, char out[17])
{
    put_minute(local_of(instant), out);
}

/* ---------------------------------------------------------------- durations */

struct unit {
    const char *text;
    uint32_t factor;
    enum sk_duration_unit unit;
};

static bool unit_of(struct sk_bytes text, struct unit *out)
{
    static const struct unit units[] = {
        {"day", 1, SK_DAYS},
        {"week", 7, SK_DAYS},
        {"month", 1, SK_MONTHS},
        {"year", 12, SK_MONTHS},
    };

    if (text.size > 0 && text.data[text.size - 1] == 's')
        text.size--;
    for (size_t i = 0; i < SK_COUNT(units); i++) {
        if (sk_bytes_equal(text, sk_text(units[i].text))) {
            *out = units[i];
            return true;
        }
    }
    return false;
}

bool sk_duration_parse(struct sk_bytes text, struct sk_duration *out)
{
    struct unit unit;
    uint32_t number;
    size_t size = 0;

    while (size < text.size && text.data[size] != ' ')
        size++;
    if (size == 0 || size > 4 || size + 1 >= text.size || text.data[0] == '0' ||
        !digits(text, 0, size, &number) ||
        !unit_of((struct sk_bytes){text.data + size + 1, text.size - size - 1},
                 &unit))
        return false;
    *out = (struct sk_duration){number * unit.factor, unit.unit};
    return true;
}

int32_t sk_day_add(int32_t day, struct sk_duration duration)
{
    struct sk_date date;
    uint32_t months;

    if (duration.unit == SK_DAYS)
        return day + (int32_t)duration.count;
    date = sk_date_of_day(day);
    months = date.month - 1 + duration.count;
    date.year += (int32_t)(months / 12);
    date.month = months % 12 + 1;
    if (date.year > 9999)
        return sk_day_of_date((struct sk_date){9999, 12, 31});
    if (date.day > month_length(date.year, date.month))
        date.day = month_length(date.year, date.month);
    return sk_day_of_date(date);
}

bool sk_duration_at_most(struct sk_duration a, struct sk_duration b)
{
    if (a.unit == b.unit)
        return a.count <= b.count;
    if (a.unit == SK_DAYS)
        return a.count <= 28 * b.count;
    return 31 * a.count <= b.count;
}

/* ---------------------------------------------------------------- work */

/* Easter Sunday of the Gregorian calendar (the method of Meeus). */
static int32_t easter(int32_t year)
{
    int32_t golden = year % 19;
    int32_t century = year / 100;
    int32_t rest = year % 100;
    int32_t correction = (century - (century + 8) / 25 + 1) / 3;
    int32_t moon = (19 * golden + century - century / 4 - correction + 15) % 30;
    int32_t sunday =
        (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4) % 7;
    int32_t late = (golden + 11 * moon + 22 * sunday) / 451;
    int32_t number = moon + sunday - 7 * late + 114;

    return sk_day_of_date((struct sk_date){year, (uint32_t)(number / 31),
                                           (uint32_t)(number % 31 + 1)});
}

/* DOMAIN.md 6.1 */
static bool is_holiday(int32_t day)
{
    static const uint8_t fixed[][2] = {{1, 1},  {5, 1},   {7, 21}, {8, 15},
                                       {11, 1}, {11, 11}, {12, 25}};
    static const int32_t behind_easter[] = {1, 39, 50};
    struct sk_date date = sk_date_of_day(day);

    for (size_t i = 0; i < SK_COUNT(fixed); i++) {
        if (date.month == fixed[i][0] && date.day == fixed[i][1])
            return true;
    }
    for (size_t i = 0; i < SK_COUNT(behind_easter); i++) {
        if (day == easter(date.year) + behind_easter[i])
            return true;
    }
    return false;
}

bool sk_is_working_day(int32_t day, const int32_t *closed, size_t count)
{
    if (weekday(day) >= 5 || is_holiday(day))
        return false;
    for (size_t i = 0; i < count && closed[i] <= day; i++) {
        if (closed[i] == day)
            return false;
    }
    return true;
}

int32_t sk_working_days_after(int32_t day, uint32_t n, const int32_t *closed,
                              size_t count)
{
    while (n > 0) {
        day++;
        if (sk_is_working_day(day, closed, count))
            n--;
    }
    return day;
}
