/* reading.h: what a person reads, docs/CONSENT.md 7. */
#include "library.h"

#include "policies/reading.h"

TestSuite(reading, .init = load);

static uint16_t level_of(const struct sk_field *f, const char *level)
{
    uint16_t at = sk_field_level(f, sk_text(level));

    cr_assert(ne(u16, at, SK_NONE), "%s", level);
    return at;
}

static char *words(const char *id, const char *level, const char *text,
                   bool dutch)
{
    const struct sk_field *f = field(id);
    struct sk_field_value value = {.text = sk_text(text)};
    struct sk_bytes out = {0};

    cr_assert(eq(
        int, sk_value_words(f, level_of(f, level), &value, dutch, &arena, &out),
        SK_OK));
    cr_expect(eq(sz, strlen((const char *)out.data), out.size));
    return (char *)(uintptr_t)out.data;
}

#define EQ(got, want) cr_expect(eq(str, (got), (char *)(uintptr_t)(want)))

Test(reading, a_value_is_what_the_vocabulary_calls_it)
{
    EQ(words("programme", "exact", "twe", true), "Tijdelijke werkervaring");
    EQ(words("programme", "exact", "twe", false), "Temporary work experience");
    EQ(words("programme", "family", "work_experience", true), "Werkervaring");
    EQ(words("is_adult", "exact", "true", true), "ja");
    EQ(words("is_adult", "exact", "false", false), "no");
    EQ(words("programme", "present", "true", true), "ingevuld");
}

Test(reading, days_and_ages_read_as_people_say_them)
{
    EQ(words("start_date", "exact", "2027-01-08", true), "8 januari 2027");
    EQ(words("start_date", "month", "2027-03", false), "March 2027");
    EQ(words("start_date", "quarter", "2027-Q1", true), "kwartaal 1 van 2027");
    EQ(words("start_date", "year", "2027", true), "2027");
    EQ(words("birth_date", "exact", "1998", true), "1998");
    EQ(words("birth_date", "exact", "1998-05", true), "mei 1998");
    EQ(words("birth_date", "age5", "25-29", true), "25-29 jaar");
    EQ(words("birth_date", "age3", "55+", false), "55+ years old");
    EQ(words("talk_at", "exact", "2027-05-20T16:00", true),
       "20 mei 2027 om 16:00");
}

/* It is shown, never lost, whatever it is. */
Test(reading, what_has_no_words_is_shown_as_it_is)
{
    static const char *const odd[] = {
        "",           "x",      "2027-13-01", "2027-1",
        "0000-00-00", "2027-Q", "T",          "\xc3\xa9",
    };

    EQ(words("given_name", "exact", "Jonas", true), "Jonas");
    EQ(words("municipality", "exact", "13008", true), "13008");
    EQ(words("hours_week", "exact", "30.4", true), "30.4");
    for (size_t i = 0; i < SK_COUNT(odd); i++) {
        EQ(words("start_date", "exact", odd[i], true), odd[i]);
        EQ(words("talk_at", "exact", odd[i], true), odd[i]);
        EQ(words("programme", "exact", odd[i], true), odd[i]);
        EQ(words("programme", "family", odd[i], true), odd[i]);
        EQ(words("is_adult", "exact", odd[i], true), odd[i]);
    }
}

Test(reading, a_set_is_a_list)
{
    const struct sk_field *f = field("adaptations");
    struct sk_bytes set[] = {f->codelist->values[0].id, sk_text("unknown"),
                             f->codelist->values[1].id};
    struct sk_field_value value = {.set = set, .set_count = 3};
    struct sk_bytes out;
    char want[400];

    cr_assert(
        eq(int,
           sk_value_words(f, level_of(f, "exact"), &value, true, &arena, &out),
           SK_OK));
    snprintf(want, sizeof(want), "%s, unknown, %s",
             (const char *)f->codelist->values[0].label.nl.data,
             (const char *)f->codelist->values[1].label.nl.data);
    EQ((char *)(uintptr_t)out.data, want);
}

/* Every value of every code list, at every level, fits and has words. */
Test(reading, every_code_has_words_at_every_level)
{
    for (size_t i = 0; i < v->fields_count; i++) {
        const struct sk_field *f = &v->fields[i];

        for (size_t k = 0; f->kind == SK_KIND_ENUM && k < f->codelist->count;
             k++) {
            struct sk_field_value value = {.text = f->codelist->values[k].id};

            for (uint8_t l = 1; l < f->levels_count; l++) {
                struct sk_field_value left;
                struct sk_bytes out;

                cr_assert(eq(int,
                             sk_coarsen(f, &value, l, sk_text("2027-01-01"),
                                        &arena, &left),
                             SK_OK));
                cr_assert(eq(int,
                             sk_value_words(f, l, &left, true, &arena, &out),
                             SK_OK));
                cr_expect(out.size > 0);
            }
        }
    }
}

Test(reading, no_room_is_said)
{
    static uint8_t room[64];
    struct sk_arena small = sk_arena_start(room, sizeof(room));
    struct sk_field_value value = {.text = sk_text("twe")};
    struct sk_bytes out;

    cr_expect(eq(
        int, sk_value_words(field("programme"), 1, &value, true, &small, &out),
        SK_E_MEMORY));
}
