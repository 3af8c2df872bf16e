/* levels.h against docs/POLICY.md 6. */
#include "library.h"

#include "policies/levels.h"

TestSuite(levels, .init = load);

static bool is_legal(const char *id, const char *text)
{
    struct sk_field_value value = {.text = sk_text(text)};

    return sk_value_is_legal(field(id), &value, 2026);
}

static bool is_legal_set(const char *id, const char *const *texts, size_t count)
{
    struct sk_bytes set[128];
    struct sk_field_value value = {.set = set, .set_count = count};

    for (size_t i = 0; i < count; i++)
        set[i] = sk_text(texts[i]);
    return sk_value_is_legal(field(id), &value, 2026);
}

/* What is left of a value at a level, with the event on 2026-09-18. */
static const char *left(const char *id, const char *text, const char *level)
{
    const struct sk_field *f = field(id);
    struct sk_field_value value = {.text = sk_text(text)};
    struct sk_field_value out = {0};
    uint16_t at = sk_field_level(f, sk_text(level));
    static char shown[4][256];
    static size_t i;

    cr_assert(ne(u16, at, SK_NONE), "%s %s", id, level);
    cr_assert(sk_value_is_legal(f, &value, 2026), "%s %s", id, text);
    cr_assert(eq(
        int,
        sk_coarsen(f, &value, (uint8_t)at, sk_text("2026-09-18"), &arena, &out),
        SK_OK));
    i = (i + 1) % 4;
    snprintf(shown[i], sizeof(shown[i]), "%.*s", (int)out.text.size,
             out.text.data);
    return shown[i];
}

/* ---------------------------------------------------------------- numbers */

/* POLICY.md 6.2 */
Test(levels, reads_numbers_in_their_one_form)
{
    static const struct {
        const char *text;
        uint32_t decimals;
        uint64_t units;
    } good[] = {
        {"0", 0, 0},
        {"38", 0, 38},
        {"38", 2, 3800},
        {"30.4", 1, 304},
        {"30.4", 3, 30400},
        {"0.001", 3, 1},
        {"0.5", 1, 5},
        {"10", 1, 100},
        {"999999999", 0, 999999999},
        {"100.01", 2, 10001},
        {"999999999.999", 3, 999999999999},
    };
    static const struct {
        const char *text;
        uint32_t decimals;
    } bad[] = {
        {"", 0},      {"038", 0},   {"38.0", 1},       {"38.", 1},
        {".5", 1},    {"+1", 0},    {"-1", 0},         {"1e3", 0},
        {"30.4", 0},  {"30.44", 1}, {"1.50", 2},       {"00", 0},
        {"1 ", 0},    {" 1", 0},    {"1,5", 1},        {"0x1F", 0},
        {"1_000", 0}, {"1.2.3", 3}, {"1000000000", 0},
    };

    for (size_t i = 0; i < SK_COUNT(good); i++) {
        uint64_t units = 0;
        char text[SK_DECIMAL_SIZE];

        cr_assert(
            sk_decimal_parse(sk_text(good[i].text), good[i].decimals, &units),
            "%s", good[i].text);
        cr_expect(eq(u64, units, good[i].units), "%s", good[i].text);
        sk_decimal_format(units, good[i].decimals, text);
        cr_expect(eq(str, text, (char *)good[i].text));
    }
    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        uint64_t units = 77;

        cr_expect(sk_decimal_parse(sk_text(bad[i].text), bad[i].decimals,
                                   &units) == false,
                  "'%s'", bad[i].text);
        cr_expect(eq(u64, units, 77));
    }
}

/* ---------------------------------------------------------------- legal */

struct row {
    const char *field;
    const char *value;
    bool legal;
};

/* POLICY.md 6.1, 6.2 */
Test(levels, knows_legal_exact_values)
{
    static const struct row rows[] = {
        {"address", "Voorbeeldstraat 1, 2400 Mol", true},
        {"address", "", false},
        {"address", " x", false},
        {"address", "x ", false},
        {"address", "x  y", true},
        {"address", "x\ny", false},
        {"address", "x\ty", false},
        {"address", "x\xe2\x80\xaey", false},
        {"address", "x\xff", false},
        {"outcome", "job_nec", true},
        {"outcome", "to_work", false},
        {"outcome", "Job_nec", false},
        {"outcome", "", false},
        {"is_adult", "true", true},
        {"is_adult", "false", true},
        {"is_adult", "True", false},
        {"is_adult", "1", false},
        {"max_hours", "60", true},
        {"max_hours", "60.1", false},
        {"max_hours", "30.4", true},
        {"max_hours", "30.45", false},
        {"max_hours", "38.0", false},
        {"occurred", "2026-09-18", true},
        {"occurred", "2026-02-29", false},
        {"occurred", "2026-09", false},
        {"appointment_at", "2026-09-08T09:30", true},
        {"appointment_at", "2026-09-08T24:00", false},
        {"appointment_at", "2026-09-08 09:30", false},
        {"appointment_at", "2026-09-31T09:30", false},
        {"appointment_at", "2026-09-08T09:30:00", false},
        {"period_week", "2026-W01", true},
        {"period_week", "2026-W53", true},
        {"period_week", "2027-W52", true},
        {"period_week", "2027-W53", false},
        {"period_week", "2026-W00", false},
        {"period_week", "2026-W1", false},
        {"period_week", "2026-40", false},
        {"period_week", "2020-W53", true},
        {"period_week", "2024-W53", false},
        {"birth_date", "1990", true},
        {"birth_date", "1990-12", true},
        {"birth_date", "1990-12-31", true},
        {"birth_date", "1990-13", false},
        {"birth_date", "1990-00-00", false},
        {"birth_date", "90", false},
        {"birth_date", "1899", false},
        {"birth_date", "2200", false},
        {"birth_date", "1990/12", false},
        {"municipality", "13025", true},
        {"municipality", "1302", false},
        {"occupation", "9321.1", true},
        {"insz", "91110299857", true},
        {"insz", "91110299858", false},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        cr_expect(is_legal(rows[i].field, rows[i].value) == rows[i].legal,
                  "%s '%s'", rows[i].field, rows[i].value);
}

/* `max` counts Unicode scalar values, not bytes. */
Test(levels, counts_characters_of_a_text)
{
    char text[256] = "";

    for (size_t i = 0; i < 60; i++)
        strcat(text, "\xc3\xa9");
    cr_expect(is_legal("given_name", text));
    strcat(text, "x");
    cr_expect(is_legal("given_name", text) == false);
}

Test(levels, knows_legal_sets)
{
    cr_expect(
        is_legal_set("driving_licence", (const char *const[]){"B", "AM"}, 2));
    cr_expect(is_legal_set("driving_licence", (const char *const[]){"G"}, 1));
    cr_expect(is_legal_set("driving_licence", NULL, 0) == false);
    cr_expect(is_legal_set("driving_licence", (const char *const[]){"B", "B"},
                           2) == false);
    cr_expect(is_legal_set("driving_licence", (const char *const[]){"B", "X"},
                           2) == false);
}

/* ---------------------------------------------------------------- results */

struct result {
    const char *field;
    const char *value;
    const char *level;
    const char *left;
};

/* POLICY.md 6.4, row by row. */
Test(levels, leave_what_the_table_says)
{
    static const struct result rows[] = {
        {"address", "Markt 1", "present", "true"},
        {"address", "Markt 1", "exact", "Markt 1"},
        {"given_name", "\xc3\x98yvind", "initial", "\xc3\x98."},
        {"given_name", "\xf0\x9f\x8d\x80x", "initial", "\xf0\x9f\x8d\x80."},
        {"given_name", "Samira", "present", "true"},
        {"outcome", "job_nec", "kind4", "to_work"},
        {"outcome", "job_nec", "positive", "positive_yes"},
        {"outcome", "training", "positive", "positive_yes"},
        {"outcome", "moved", "kind4", "to_step"},
        {"outcome", "moved", "positive", "positive_no"},
        {"outcome", "unreachable", "positive", "positive_no"},
        {"outcome", "job_nec", "exact", "job_nec"},
        {"is_adult", "false", "present", "true"},
        {"is_adult", "false", "exact", "false"},
        {"max_hours", "0", "fte", "0-18.9"},
        {"max_hours", "18.9", "fte", "0-18.9"},
        {"max_hours", "19", "fte", "19-30.3"},
        {"max_hours", "30.3", "fte", "19-30.3"},
        {"max_hours", "30.4", "fte", "30.4+"},
        {"max_hours", "60", "fte", "30.4+"},
        {"max_travel_min", "29", "half_hours", "0-29"},
        {"max_travel_min", "30", "half_hours", "30-59"},
        {"max_travel_min", "45", "one_hour", "0-59"},
        {"max_travel_min", "60", "one_hour", "60+"},
        {"max_travel_min", "90", "half_hours", "90+"},
        {"missed_count", "1", "repeat", "0-1"},
        {"missed_count", "2", "repeat", "2+"},
        {"occurred", "2026-09-18", "year", "2026"},
        {"occurred", "2026-09-18", "quarter", "2026-Q3"},
        {"occurred", "2026-12-31", "quarter", "2026-Q4"},
        {"occurred", "2026-03-31", "quarter", "2026-Q1"},
        {"occurred", "2026-04-01", "quarter", "2026-Q2"},
        {"occurred", "2026-09-18", "month", "2026-09"},
        {"occurred", "2026-09-18", "exact", "2026-09-18"},
        {"appointment_at", "2026-09-18T09:30", "year", "2026"},
        {"appointment_at", "2026-09-18T09:30", "quarter", "2026-Q3"},
        {"appointment_at", "2026-09-18T09:30", "month", "2026-09"},
        {"appointment_at", "2026-09-18T09:30", "day", "2026-09-18"},
        {"period_week", "2026-W53", "year", "2026"},
        {"birth_date", "1998-11-23", "age5", "25-29"},
        {"birth_date", "1998-11-23", "age3", "25-54"},
        {"birth_date", "1998-11-23", "year", "1998"},
        {"birth_date", "1998-11-23", "month", "1998-11"},
        {"birth_date", "1990", "month", "1990"},
        {"birth_date", "1990", "year", "1990"},
        {"birth_date", "1990-05", "month", "1990-05"},
        {"birth_date", "1990-05", "exact", "1990-05"},
        /* years only: 2026 - 2001 is 25, whatever the day */
        {"birth_date", "2001-12-31", "age5", "25-29"},
        {"birth_date", "2001-12-31", "age3", "25-54"},
        {"birth_date", "2002-01-01", "age3", "0-24"},
        {"birth_date", "1972", "age3", "25-54"},
        {"birth_date", "1971", "age3", "55+"},
        {"birth_date", "1971", "age5", "55-59"},
        {"birth_date", "2026", "age5", "0-4"},
        {"birth_date", "2030", "age5", "0-4"}, /* at least 0 */
        {"birth_date", "1920", "age5", "105-109"},
        {"occupation", "9321.1", "prefix1", "9"},
        {"occupation", "9321.1", "prefix2", "93"},
        {"occupation", "9321.1", "prefix4", "9321"},
        {"occupation", "9321.1", "exact", "9321.1"},
        {"municipality", "13025", "prefix2", "13"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        cr_expect(eq(str,
                     (char *)left(rows[i].field, rows[i].value, rows[i].level),
                     (char *)rows[i].left),
                  "%s %s at %s", rows[i].field, rows[i].value, rows[i].level);
}

/* The order of a set must not tell anything. */
Test(levels, sort_an_exact_set)
{
    struct sk_bytes set[] = {sk_text("G"), sk_text("AM"), sk_text("B"),
                             sk_text("A"), sk_text("BE")};
    struct sk_field_value value = {.set = set, .set_count = 5};
    struct sk_field_value out = {0};
    static const char *const want[] = {"A", "AM", "B", "BE", "G"};

    cr_assert(eq(int,
                 sk_coarsen(field("driving_licence"), &value, 2,
                            sk_text("2026-01-01"), &arena, &out),
                 SK_OK));
    cr_assert(eq(sz, out.set_count, 5));
    for (size_t i = 0; i < 5; i++)
        cr_expect(sk_bytes_equal(out.set[i], sk_text(want[i])));
    cr_expect(
        sk_bytes_equal(set[0], sk_text("G"))); /* the value is as it was */
    cr_assert(eq(int,
                 sk_coarsen(field("driving_licence"), &value, 1,
                            sk_text("2026-01-01"), &arena, &out),
                 SK_OK));
    cr_expect(sk_bytes_equal(out.text, sk_text("true")));
    cr_expect(eq(sz, out.set_count, 0));
}

Test(levels, fail_when_the_arena_is_full)
{
    struct sk_arena none = sk_arena_start(NULL, 0);
    struct sk_field_value value = {.text = sk_text("2026-09-18")};
    struct sk_field_value out = {.text = sk_text("untouched")};

    cr_expect(eq(int,
                 sk_coarsen(field("occurred"), &value, 3, sk_text("2026-09-18"),
                            &none, &out),
                 SK_E_MEMORY));
    cr_expect(sk_bytes_equal(out.text, sk_text("untouched")));
}

/* ---------------------------------------------------------------- law */

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static void draw_text(const struct sk_field *f, char *out)
{
    static const char *const characters[] = {"A", "b", "\xc3\x98",
                                             "-", "z", "\xe2\x82\xac"};
    size_t count = 1 + draw(f->max < 5 ? f->max : 5);

    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(out, characters[draw(SK_COUNT(characters))]);
}

static void draw_number(const struct sk_field *f, char *out)
{
    uint64_t scale = 1;

    for (uint32_t i = 0; i < f->decimals; i++)
        scale *= 10;
    sk_decimal_format(draw(f->max * scale + 1), f->decimals, out);
}

/* Few digits, so that values often share a prefix. */
static void draw_code(const struct sk_field *f, char *out)
{
    const char *format = f->form->name;
    size_t size = strcmp(format, "nis") == 0 ? 5 : 4;

    for (size_t i = 0; i < size; i++)
        out[i] = (char)('1' + draw(2));
    out[size] = '\0';
    if (strcmp(format, "esco") == 0 && draw(2) == 0)
        sprintf(out + size, ".%u", (unsigned)draw(3));
}

/* A legal value; false for kinds and formats without a chain to check. */
static bool draw_value(const struct sk_field *f, char *out)
{
    unsigned year = 1960 + (unsigned)draw(75);
    unsigned month = 1 + (unsigned)draw(12);
    unsigned day = 1 + (unsigned)draw(28);

    switch (f->kind) {
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
        draw_text(f, out);
        return true;
    case SK_KIND_ENUM:
        strcpy(out, (const char *)f->codelist->values[draw(f->codelist->count)]
                        .id.data);
        return true;
    case SK_KIND_BOOL:
        strcpy(out, draw(2) == 0 ? "true" : "false");
        return true;
    case SK_KIND_NUMBER:
        draw_number(f, out);
        return true;
    case SK_KIND_DATE:
        sprintf(out, "%u-%02u-%02u", 2024 + year % 3, month, day);
        return true;
    case SK_KIND_DATETIME:
        sprintf(out, "%u-%02u-%02uT%02u:30", 2024 + year % 3, month, day,
                (unsigned)draw(24));
        return true;
    case SK_KIND_WEEK:
        sprintf(out, "%u-W%02u", 2024 + year % 3, 1 + (unsigned)draw(52));
        return true;
    case SK_KIND_BIRTHDATE:
        sprintf(out, "%u-%02u-%02u", year, month, day);
        if (draw(3) == 0)
            out[draw(2) == 0 ? 4 : 7] = '\0';
        return true;
    case SK_KIND_CODE:
        if (f->form->prefix_max == 0)
            return false;
        draw_code(f, out);
        return true;
    case SK_KIND_SET:
        return false;
    }
    return false;
}

#define DRAWS 120

/* POLICY.md 6.4: the value at each level is a function of the value at the
   next finer one: same when finer means same when coarser. */
static void expect_law(const struct sk_field *f, const char *occurred)
{
    static struct sk_bytes texts[DRAWS][SK_LEVELS_MAX];

    for (size_t i = 0; i < DRAWS; i++) {
        char *text = sk_arena_get(&arena, 64);
        struct sk_field_value value = {0};

        if (!draw_value(f, text))
            return;
        value.text = sk_text(text);
        cr_assert(sk_value_is_legal(f, &value, 2026), "%s: '%s'", f->id.data,
                  text);
        for (uint8_t level = 1; level < f->levels_count; level++) {
            struct sk_field_value out;

            cr_assert(eq(
                int,
                sk_coarsen(f, &value, level, sk_text(occurred), &arena, &out),
                SK_OK));
            texts[i][level] = out.text;
        }
        for (size_t k = 0; k < i; k++) {
            for (size_t level = 1; level + 1 < f->levels_count; level++) {
                if (!sk_bytes_equal(texts[i][level + 1], texts[k][level + 1]))
                    continue;
                cr_assert(sk_bytes_equal(texts[i][level], texts[k][level]),
                          "%s: %s differs from %s at %zu", f->id.data, text,
                          texts[k][f->levels_count - 1].data, level);
            }
        }
    }
}

Test(levels, obey_the_level_law_for_any_value)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        size_t mark = sk_arena_mark(&arena);

        state = seed;
        for (size_t i = 0; i < v->fields_count; i++)
            expect_law(&v->fields[i],
                       seed % 2 == 0 ? "2026-09-18" : "1999-01-01");
        sk_arena_reset(&arena, mark);
    }
}

/* A coarser level never tells more values apart than a finer one. */
Test(levels, tell_fewer_values_apart_when_coarser)
{
    const struct sk_field *outcome = field("outcome");
    size_t seen[SK_LEVELS_MAX] = {0};

    for (uint8_t level = 1; level < outcome->levels_count; level++) {
        struct sk_bytes all[SK_VALUES_MAX];

        for (size_t i = 0; i < outcome->codelist->count; i++) {
            struct sk_field_value value = {.text =
                                               outcome->codelist->values[i].id};
            struct sk_field_value out;
            size_t k = 0;

            cr_assert(eq(int,
                         sk_coarsen(outcome, &value, level,
                                    sk_text("2026-01-01"), &arena, &out),
                         SK_OK));
            while (k < seen[level] && !sk_bytes_equal(all[k], out.text))
                k++;
            all[k] = out.text;
            seen[level] += k == seen[level];
        }
    }
    cr_expect(eq(sz, seen[1], 1));
    cr_expect(eq(sz, seen[2], 2));
    cr_expect(eq(sz, seen[3], 4));
    cr_expect(eq(sz, seen[4], 11));
}
