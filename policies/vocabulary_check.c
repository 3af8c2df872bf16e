/* The level law, as the last check of a vocabulary.  docs/POLICY.md 5.7, 6.4 */
#include <string.h>

#include "policies/vocabulary_private.h"

#define SAMPLES_MAX 96

/* Values of one field, coarsened to every level. */
struct samples {
    const struct sk_field *field;
    struct sk_arena *arena;
    struct sk_bytes (*texts)[SK_LEVELS_MAX];
    size_t count;
};

static bool coarsen(struct samples *s, const struct sk_field_value *value,
                    struct sk_bytes *texts)
{
    static const char occurred[] = "2026-09-18";

    for (uint8_t level = 1; level < s->field->levels_count; level++) {
        struct sk_field_value out;

        if (sk_coarsen(s->field, value, level, sk_text(occurred), s->arena,
                       &out) != SK_OK)
            return false; /* the arena says that it is full */
        texts[level] = out.text;
    }
    return true;
}

static void add(struct samples *s, struct sk_bytes text)
{
    struct sk_field_value value = {.text = text};

    if (s->count < SAMPLES_MAX && coarsen(s, &value, s->texts[s->count]))
        s->count++;
}

static void add_texts(struct samples *s, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(s, sk_text(texts[i]));
}

/* The coarsest level on which two values differ although they are the same on
   the next finer one; 0 when there is none. */
static uint8_t differ(const struct sk_field *field, const struct sk_bytes *a,
                      const struct sk_bytes *b)
{
    for (uint8_t level = 1; level + 1 < field->levels_count; level++) {
        if (sk_bytes_equal(a[level + 1], b[level + 1]) &&
            !sk_bytes_equal(a[level], b[level]))
            return level;
    }
    return 0;
}

static uint8_t check_pairs(const struct samples *s)
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < i; k++) {
            uint8_t level = differ(s->field, s->texts[i], s->texts[k]);

            if (level != 0)
                return level;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- numbers */

/* A number changes its band at a cut and nowhere else: so the units on both
   sides of every cut stand for all. */
static uint8_t check_cut(struct samples *s, uint64_t cut)
{
    size_t mark = sk_arena_mark(s->arena);
    uint8_t level = 0;
    struct sk_field_value value = {0};
    char text[2][SK_DECIMAL_SIZE];

    for (size_t i = 0; i < 2; i++) {
        size_t size =
            sk_decimal_format(cut - 1 + i, s->field->decimals, text[i]);

        value.text = (struct sk_bytes){(const uint8_t *)text[i], size};
        if (!coarsen(s, &value, s->texts[i]))
            return 0;
    }
    level = differ(s->field, s->texts[0], s->texts[1]);
    sk_arena_reset(s->arena, mark);
    return level;
}

static uint8_t check_numbers(struct samples *s)
{
    const struct sk_field *field = s->field;
    uint8_t level = 0;

    for (size_t b = 0; b < field->bands_count; b++) {
        for (size_t i = 1; i < field->bands[b].count && level == 0; i++)
            level = check_cut(s, field->bands[b].cuts[i]);
    }
    return level;
}

/* ---------------------------------------------------------------- samples */

static void add_codes(struct samples *s)
{
    static const char *const codes[] = {"13025", "13026", "13140", "14025",
                                        "24025", "93211", "93212", "93311"};
    size_t size = s->field->form->prefix_max;

    for (size_t i = 0; i < SK_COUNT(codes) && size > 0; i++)
        add(s, (struct sk_bytes){(const uint8_t *)codes[i], size});
}

/* Every year of birth over which the age bands turn. */
static void add_births(struct samples *s)
{
    static const char *const births[] = {"1990",    "1990-01",    "1990-12-31",
                                         "1991-01", "1991-01-01", "2027"};
    char years[64][4];

    for (size_t i = 0; i < SK_COUNT(years); i++) {
        uint32_t year = 1963 + (uint32_t)i;

        for (size_t digit = 4; digit > 0; digit--, year /= 10)
            years[i][digit - 1] = (char)('0' + year % 10);
        add(s, sk_arena_copy(s->arena,
                             (struct sk_bytes){(const uint8_t *)years[i], 4}));
    }
    add_texts(s, births, SK_COUNT(births));
}

static void add_samples(struct samples *s)
{
    static const char *const texts[] = {"Ada",          "Aba", "\xc3\x98yvind",
                                        "\xc3\x98sten", "a",   "b"};
    static const char *const bools[] = {"true", "false"};
    static const char *const dates[] = {
        "2026-01-01", "2026-01-31", "2026-02-01", "2026-03-31", "2026-04-01",
        "2026-06-30", "2026-07-01", "2026-09-30", "2026-10-01", "2026-12-31",
        "2027-01-01", "2027-01-31", "1999-12-31",
    };
    static const char *const minutes[] = {
        "2026-01-01T00:00", "2026-01-01T23:59", "2026-01-02T00:00",
        "2026-03-31T10:00", "2026-04-01T10:00", "2026-12-31T10:00",
        "2027-01-01T10:00",
    };
    static const char *const weeks[] = {"2026-W01", "2026-W53", "2027-W01",
                                        "2027-W52"};

    switch (s->field->kind) {
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
        add_texts(s, texts, SK_COUNT(texts));
        break;
    case SK_KIND_ENUM:
        for (size_t i = 0; i < s->field->codelist->count; i++)
            add(s, s->field->codelist->values[i].id);
        break;
    case SK_KIND_BOOL:
        add_texts(s, bools, SK_COUNT(bools));
        break;
    case SK_KIND_DATE:
        add_texts(s, dates, SK_COUNT(dates));
        break;
    case SK_KIND_DATETIME:
        add_texts(s, minutes, SK_COUNT(minutes));
        break;
    case SK_KIND_WEEK:
        add_texts(s, weeks, SK_COUNT(weeks));
        break;
    case SK_KIND_BIRTHDATE:
        add_births(s);
        break;
    case SK_KIND_CODE:
        add_codes(s);
        break;
    case SK_KIND_SET: /* nothing between present and exact */
    case SK_KIND_NUMBER:
        break;
    }
}

uint8_t sk_check_level_law(const struct sk_field *field, struct sk_arena *arena)
{
    struct samples s = {.field = field, .arena = arena};
    size_t mark = sk_arena_mark(arena);
    uint8_t level = 0;

    s.texts = sk_arena_get_array(arena, SAMPLES_MAX, sizeof(*s.texts));
    if (s.texts == NULL)
        return 0; /* the loader sees that the arena is full */
    add_samples(&s);
    level = field->kind == SK_KIND_NUMBER ? check_numbers(&s) : check_pairs(&s);
    if (!arena->full)
        sk_arena_reset(arena, mark);
    return level;
}

void sk_check_levels(struct sk_loader *l)
{
    for (size_t i = 0; i < l->v->fields_count; i++) {
        const struct sk_field *field = &l->v->fields[i];
        uint8_t level = sk_check_level_law(field, l->arena);
        struct sk_argument arguments[3];
        const struct sk_node *entry;

        if (level == 0)
            continue;
        entry = sk_node_get_bytes(sk_node_get(l->v->tree, "fields"), field->id);
        arguments[0] = (struct sk_argument){"field", field->id};
        arguments[1] = (struct sk_argument){"a", field->levels[level]};
        arguments[2] = (struct sk_argument){"b", field->levels[level + 1]};
        sk_findings_add(l->findings, "E073", entry->key_place, arguments, 3);
    }
}
