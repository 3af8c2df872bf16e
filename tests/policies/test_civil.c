/* civil.h against docs/POLICY.md 3.4, 4 and docs/DOMAIN.md 6. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "policies/civil.h"

static int32_t day(const char *text)
{
    int32_t out = INT32_MIN;

    cr_assert(sk_day_parse(sk_text(text), &out), "%s", text);
    return out;
}

static int64_t instant(const char *text)
{
    int64_t out = INT64_MIN;

    cr_assert(sk_instant_parse(sk_text(text), &out), "%s", text);
    return out;
}

static struct sk_duration duration(const char *text)
{
    struct sk_duration out = {0};

    cr_assert(sk_duration_parse(sk_text(text), &out), "%s", text);
    return out;
}

static const char *shown(int32_t value)
{
    static char text[4][11];
    static size_t i;

    i = (i + 1) % 4;
    sk_day_format(value, text[i]);
    return text[i];
}

Test(civil, numbers_every_day_of_three_centuries)
{
    int32_t expected = day("1900-01-01");
    static const uint32_t lengths[] = {31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31};

    cr_assert(eq(int, expected, -25567));
    for (int32_t year = 1900; year <= 2199; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        for (uint32_t month = 1; month <= 12; month++) {
            uint32_t last = lengths[month - 1] + (month == 2 && leap);

            for (uint32_t d = 1; d <= last; d++, expected++) {
                struct sk_date date = {year, month, d};
                struct sk_date back = sk_date_of_day(expected);

                cr_assert(eq(int, sk_day_of_date(date), expected));
                cr_assert(back.year == year && back.month == month &&
                          back.day == d);
            }
        }
    }
    cr_expect(eq(int, day("1970-01-01"), 0));
    cr_expect(eq(int, day("2000-02-29"), 11016));
}

Test(civil, reads_dates_and_instants_strictly)
{
    static const char *const bad_days[] = {
        "2026-02-29",  "2026-13-01",  "2026-00-10", "2026-04-31", "1899-12-31",
        "2200-01-01",  "2026-1-01",   "2026-01-1",  "20260101",   "",
        "2026-01-01 ", " 2026-01-01", "2026/01/01", "2026-01-00", "2100-02-29",
    };
    static const char *const bad_instants[] = {
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:60:00Z",
        "2026-01-01T10:00:60Z",
        "2026-01-01 10:00:00Z",
        "2026-01-01T10:00:00",
        "2026-01-01T10:00Z",
        "2026-01-01T10:00:00+00:00",
        "2026-02-30T10:00:00Z",
        "",
        "2026-01-01T10:00:00z",
    };
    int32_t d = 77;
    int64_t i = 77;
    char text[21];

    for (size_t k = 0; k < SK_COUNT(bad_days); k++)
        cr_expect(false == sk_day_parse(sk_text(bad_days[k]), &d), "%s",
                  bad_days[k]);
    for (size_t k = 0; k < SK_COUNT(bad_instants); k++)
        cr_expect(false == sk_instant_parse(sk_text(bad_instants[k]), &i), "%s",
                  bad_instants[k]);
    cr_expect(eq(int, d, 77));
    cr_expect(eq(i64, i, 77));
    cr_expect(eq(i64, instant("2026-10-01T08:00:00Z"), 1790841600));
    sk_instant_format(1790841600, text);
    cr_expect(eq(str, text, "2026-10-01T08:00:00Z"));
    sk_instant_format(-1, text);
    cr_expect(eq(str, text, "1969-12-31T23:59:59Z"));
}

/* POLICY.md 4.2: the new offset counts from exactly 01:00:00 UTC. */
Test(civil, knows_the_civil_day_in_brussels)
{
    static const struct {
        const char *instant;
        const char *day;
        const char *minute;
    } rows[] = {
        {"2027-12-31T22:59:59Z", "2027-12-31", "2027-12-31T23:59"},
        {"2027-12-31T23:00:00Z", "2028-01-01", "2028-01-01T00:00"},
        {"2026-06-30T21:59:59Z", "2026-06-30", "2026-06-30T23:59"},
        {"2026-06-30T22:00:00Z", "2026-07-01", "2026-07-01T00:00"},
        {"2026-03-29T00:59:59Z", "2026-03-29", "2026-03-29T01:59"},
        {"2026-03-29T01:00:00Z", "2026-03-29", "2026-03-29T03:00"},
        {"2026-03-29T21:59:59Z", "2026-03-29", "2026-03-29T23:59"},
        {"2026-03-29T22:00:00Z", "2026-03-30", "2026-03-30T00:00"},
        {"2026-10-25T00:59:59Z", "2026-10-25", "2026-10-25T02:59"},
        {"2026-10-25T01:00:00Z", "2026-10-25", "2026-10-25T02:00"},
        {"2026-10-25T22:59:59Z", "2026-10-25", "2026-10-25T23:59"},
        {"2026-10-25T23:00:00Z", "2026-10-26", "2026-10-26T00:00"},
        {"2024-03-31T01:00:00Z", "2024-03-31", "2024-03-31T03:00"},
        {"2027-10-31T00:59:59Z", "2027-10-31", "2027-10-31T02:59"},
    };

    for (size_t k = 0; k < SK_COUNT(rows); k++) {
        char minute[17];

        sk_civil_minute_format(instant(rows[k].instant), minute);
        cr_expect(eq(str, minute, (char *)rows[k].minute));
        cr_expect(eq(str, (char *)shown(sk_civil_day(instant(rows[k].instant))),
                     (char *)rows[k].day));
    }
}

Test(civil, starts_each_day_where_the_day_before_ends)
{
    for (int32_t d = day("2020-01-01"); d < day("2030-01-01"); d++) {
        int64_t start = sk_civil_start(d);

        cr_assert(eq(int, sk_civil_day(start), d));
        cr_assert(eq(int, sk_civil_day(start - 1), d - 1));
    }
}

/* POLICY.md 4.6 */
Test(civil, reads_minutes_that_come_twice_or_never)
{
    static const struct {
        const char *minute;
        const char *instant;
    } rows[] = {
        {"2026-01-15T12:00", "2026-01-15T11:00:00Z"},
        {"2026-07-15T12:00", "2026-07-15T10:00:00Z"},
        {"2026-10-25T01:59", "2026-10-24T23:59:00Z"},
        {"2026-10-25T02:00", "2026-10-25T00:00:00Z"},
        {"2026-10-25T02:59", "2026-10-25T00:59:00Z"},
        {"2026-10-25T03:00", "2026-10-25T02:00:00Z"},
        {"2026-03-29T01:59", "2026-03-29T00:59:00Z"},
        {"2026-03-29T02:30", "2026-03-29T01:30:00Z"},
        {"2026-03-29T03:00", "2026-03-29T01:00:00Z"},
    };
    static const char *const bad[] = {"2026-01-01", "2026-01-01T24:00",
                                      "2026-01-01T10:00:00", "2026-01-01T10:0",
                                      "2026-02-30T10:00"};
    int64_t out = 77;

    for (size_t k = 0; k < SK_COUNT(rows); k++) {
        cr_expect(sk_civil_minute_parse(sk_text(rows[k].minute), &out));
        cr_expect(eq(i64, out, instant(rows[k].instant)), "%s", rows[k].minute);
    }
    out = 77;
    for (size_t k = 0; k < SK_COUNT(bad); k++)
        cr_expect(false == sk_civil_minute_parse(sk_text(bad[k]), &out), "%s",
                  bad[k]);
    cr_expect(eq(i64, out, 77));
}

/* POLICY.md 4.3 */
Test(civil, adds_and_clamps_to_the_end_of_the_month)
{
    static const struct {
        const char *day;
        const char *add;
        const char *want;
    } rows[] = {
        {"2026-08-31", "6 months", "2027-02-28"},
        {"2028-02-29", "1 year", "2029-02-28"},
        {"2027-08-31", "6 months", "2028-02-29"},
        {"2026-01-31", "1 month", "2026-02-28"},
        {"2026-12-31", "1 day", "2027-01-01"},
        {"2026-12-01", "1 month", "2027-01-01"},
        {"2026-02-28", "2 weeks", "2026-03-14"},
        {"2026-03-31", "11 months", "2027-02-28"},
        {"2026-01-15", "24 months", "2028-01-15"},
        {"2199-12-31", "9999 years", "9999-12-31"},
    };

    for (size_t k = 0; k < SK_COUNT(rows); k++)
        cr_expect(eq(
            str,
            (char *)shown(sk_day_add(day(rows[k].day), duration(rows[k].add))),
            (char *)rows[k].want));
}

Test(civil, reads_durations_strictly)
{
    static const char *const bad[] = {
        "",        "7",          "days",     "0 days",     "07 days",
        "7  days", "7 days ",    " 7 days",  "10000 days", "-1 days",
        "7 Days",  "7 hours",    "7 dayss",  "1.5 days",   "7\tdays",
        "7 s",     "1 year old", "12months",
    };
    struct sk_duration out = {77, SK_MONTHS};

    for (size_t k = 0; k < SK_COUNT(bad); k++)
        cr_expect(false == sk_duration_parse(sk_text(bad[k]), &out), "'%s'",
                  bad[k]);
    cr_expect(eq(u32, out.count, 77));
    cr_expect(eq(u32, duration("1 days").count, 1));
    cr_expect(eq(u32, duration("2 week").count, 14));
    cr_expect(eq(u32, duration("9999 years").count, 119988));
    cr_expect(duration("3 weeks").unit == SK_DAYS);
    cr_expect(duration("1 year").unit == SK_MONTHS);
}

/* POLICY.md 4.5: what cannot be compared does not hold. */
Test(civil, compares_durations_on_the_safe_side)
{
    static const struct {
        const char *a;
        const char *b;
        bool ab;
        bool ba;
    } rows[] = {
        {"12 months", "1 year", true, true},
        {"365 days", "12 months", false, false},
        {"336 days", "12 months", true, false},
        {"337 days", "12 months", false, false},
        {"372 days", "12 months", false, true},
        {"371 days", "12 months", false, false},
        {"1 week", "7 days", true, true},
        {"28 days", "1 month", true, false},
        {"29 days", "1 month", false, false},
        {"31 days", "1 month", false, true},
        {"6 months", "7 months", true, false},
    };

    for (size_t k = 0; k < SK_COUNT(rows); k++) {
        struct sk_duration a = duration(rows[k].a);
        struct sk_duration b = duration(rows[k].b);

        cr_expect(sk_duration_at_most(a, b) == rows[k].ab, "%s <= %s",
                  rows[k].a, rows[k].b);
        cr_expect(sk_duration_at_most(b, a) == rows[k].ba, "%s <= %s",
                  rows[k].b, rows[k].a);
    }
}

/* DOMAIN.md 6.1, with the vectors of domain.yaml. */
Test(civil, knows_the_public_holidays)
{
    static const char *const holidays[] = {
        "2026-01-01", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25",
        "2026-07-21", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25",
        "2027-01-01", "2027-03-29", "2027-05-01", "2027-05-06", "2027-05-17",
        "2027-07-21", "2027-08-15", "2027-11-01", "2027-11-11", "2027-12-25",
        "2028-01-01", "2028-04-17", "2028-05-01", "2028-05-25", "2028-06-05",
        "2028-07-21", "2028-08-15", "2028-11-01", "2028-11-11", "2028-12-25",
    };
    size_t next = 0;

    /* Exactly these, and Saturdays and Sundays. */
    for (int32_t d = day("2026-01-01"); d <= day("2028-12-31"); d++) {
        bool weekend = (d + 3) % 7 >= 5; /* 1970-01-01 was a Thursday */
        bool holiday = next < SK_COUNT(holidays) && d == day(holidays[next]);

        next += holiday;
        cr_expect(sk_is_working_day(d, NULL, 0) == !(weekend || holiday), "%s",
                  shown(d));
    }
    cr_expect(eq(sz, next, SK_COUNT(holidays)));
}

/* DOMAIN.md 6.2: the day of the trigger does not count. */
Test(civil, counts_working_days_around_holidays_and_closing_days)
{
    int32_t closed[] = {day("2026-11-12"), day("2026-11-16")};

    cr_expect(
        eq(str,
           (char *)shown(sk_working_days_after(day("2026-11-10"), 1, NULL, 0)),
           "2026-11-12"));
    cr_expect(eq(
        str,
        (char *)shown(sk_working_days_after(day("2026-11-10"), 1, closed, 2)),
        "2026-11-13"));
    cr_expect(eq(
        str,
        (char *)shown(sk_working_days_after(day("2026-11-10"), 2, closed, 2)),
        "2026-11-17"));
    cr_expect(
        eq(str,
           (char *)shown(sk_working_days_after(day("2026-04-03"), 1, NULL, 0)),
           "2026-04-07"));
    cr_expect(false == sk_is_working_day(day("2026-11-16"), closed, 2));
    cr_expect(sk_is_working_day(day("2026-11-13"), closed, 2));
    cr_expect(eq(int, sk_working_days_after(100, 0, NULL, 0), 100));
}
