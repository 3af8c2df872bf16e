/* formats.h against docs/POLICY.md 6.3 and docs/DOMAIN.md 4, with the vectors
   of policies/library/domain.yaml. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "helpers.h"
#include "policies/formats.h"

static const struct sk_node *identifiers(void)
{
    struct sk_arena *arena = test_alloc(sizeof(*arena));
    struct sk_findings findings;
    struct sk_node *tree = NULL;

    *arena = test_arena();
    findings = sk_findings_start(arena);
    cr_assert(eq(int,
                 sk_yaml_read("domain.yaml",
                              test_file("policies/library/domain.yaml"), arena,
                              &findings, &tree),
                 SK_OK));
    cr_assert(ne(ptr, tree, NULL));
    return sk_node_get(tree, "identifiers");
}

static bool matches(const char *format, struct sk_bytes text)
{
    const struct sk_format *f = sk_format_find(sk_text(format));

    cr_assert(ne(ptr, (void *)f, NULL), "%s", format);
    return sk_format_matches(f, text, 2026);
}

/* Every value of a list of vectors: plain, or under `value`. */
static size_t expect_all(const struct sk_node *list, const char *format,
                         bool want)
{
    size_t count = 0;

    for (const struct sk_node *item = list->first; item != NULL;
         item = item->next, count++) {
        struct sk_bytes text = item->kind == SK_NODE_MAP
                                   ? sk_node_get(item, "value")->text
                                   : item->text;

        cr_expect(matches(format, text) == want, "%s %s", format, text.data);
    }
    return count;
}

Test(formats, agree_with_the_vectors)
{
    const struct sk_node *all = identifiers();
    const struct sk_node *insz = sk_node_get(all, "insz");
    const struct sk_node *kbo = sk_node_get(all, "kbo");
    const struct sk_node *unit = sk_node_get(all, "kbo_unit");
    const struct sk_node *nis =
        sk_node_get(sk_node_get(all, "nis"), "examples");

    cr_expect(eq(sz, expect_all(sk_node_get(insz, "valid"), "insz", true), 12));
    cr_expect(
        eq(sz, expect_all(sk_node_get(insz, "invalid"), "insz", false), 8));
    cr_expect(eq(sz, expect_all(sk_node_get(kbo, "valid"), "kbo", true), 3));
    cr_expect(eq(sz, expect_all(sk_node_get(kbo, "invalid"), "kbo", false), 3));
    cr_expect(
        eq(sz, expect_all(sk_node_get(unit, "valid"), "kbo-unit", true), 2));
    cr_expect(
        eq(sz, expect_all(sk_node_get(unit, "invalid"), "kbo-unit", false), 1));
    /* an enterprise is no establishment and the other way round */
    cr_expect(
        eq(sz, expect_all(sk_node_get(kbo, "valid"), "kbo-unit", false), 3));
    cr_expect(eq(sz, expect_all(sk_node_get(unit, "valid"), "kbo", false), 2));
    cr_expect(eq(sz, expect_all(nis, "nis", true), 8));
}

/* DOMAIN.md 4.1: exactly one check number is right for each body and century,
   and a year to come is not yet a year of birth. */
Test(formats, check_the_century_of_a_national_number)
{
    const struct sk_format *insz = sk_format_find(sk_text("insz"));
    struct sk_bytes born_2003 = sk_text("03052799766");
    size_t right = 0;

    cr_expect(sk_format_matches(insz, born_2003, 2003));
    cr_expect(sk_format_matches(insz, born_2003, 2002) == false);
    for (uint32_t check = 0; check < 100; check++) {
        char text[12];

        snprintf(text, sizeof(text), "030527997%02u", check);
        right += sk_format_matches(insz, sk_text(text), 2026);
    }
    cr_expect(eq(sz, right, 2)); /* 1903 and 2003 */
}

struct row {
    const char *format;
    const char *text;
    bool want;
};

Test(formats, have_exactly_the_form_of_the_table)
{
    static const struct row rows[] = {
        {"insz", "84.03.14-997.77", false},
        {"kbo", "1999.900.072", false},
        {"kbo", "BE1999900072", false},
        {"kbo", "199990007", false},
        {"nis", "1302", false},
        {"nis", "130255", false},
        {"nis", "1302a", false},
        {"esco", "9321", true},
        {"esco", "9321.1", true},
        {"esco", "9321.123.1.22.333", true},
        {"esco", "9321.1.2.3.4.5", false},
        {"esco", "9321.", false},
        {"esco", "9321.1234", false},
        {"esco", "9321..1", false},
        {"esco", "932", false},
        {"esco", "93211", false},
        {"nace", "3832", true},
        {"nace", "38.32", false},
        {"isced-f", "1041", true},
        {"isced-f", "104", false},
        {"digits4", "2400", true},
        {"digits4", "240a", false},
        {"phone", "+32470000001", true},
        {"phone", "+1234567", true},
        {"phone", "+123456", false},
        {"phone", "+123456789012345", true},
        {"phone", "+1234567890123456", false},
        {"phone", "+02470000001", false},
        {"phone", "32470000001", false},
        {"phone", "+3247 000 001", false},
        {"email", "deelnemer@example.be", true},
        {"email", "a.b_c%d+e-f@x-y.example", true},
        {"email", "a@b", false},
        {"email", "@example.be", false},
        {"email", "a@b..c", false},
        {"email", "a@.b.c", false},
        {"email", "a@b.c.", false},
        {"email", "a b@c.d", false},
        {"email", "a@b@c.d", false},
        {"email", "a", false},
        {"lang", "nl", true},
        {"lang", "nld", true},
        {"lang", "n", false},
        {"lang", "NL", false},
        {"lang", "nlde", false},
        {"uuid", "60c78287-22eb-4103-9c8c-28deaa460da0", true},
        {"uuid", "60C78287-22eb-4103-9c8c-28deaa460da0", false},
        {"uuid", "60c7828722eb41039c8c28deaa460da0", false},
        {"urn", "urn:uuid:00000000-0000-4000-8000-000000000001", true},
        {"urn", "urn:a:b", true},
        {"urn", "urn:-a:b", false},
        {"urn", "urn:a:", false},
        {"urn", "urn::b", false},
        {"urn", "urn:a", false},
        {"urn", "URN:a:b", false},
        {"urn", "urn:a:b/c", false},
        {"urn", "urn:a23456789012345678901234567890ab:c", true},
        {"urn", "urn:a23456789012345678901234567890abc:c", false},
        {"ref", "s-circel:textiel:sorteren:1", true},
        {"ref", "COMP-0000", true},
        {"ref", ":x", false},
        {"ref", "x/y", false},
        {"ref", "", false},
        {"nis", "", false},
        {"email", "", false},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        cr_expect(matches(rows[i].format, sk_text(rows[i].text)) ==
                      rows[i].want,
                  "%s '%s'", rows[i].format, rows[i].text);
    cr_expect(eq(ptr, (void *)sk_format_find(sk_text("iban")), NULL));
}

Test(formats, hold_their_lengths)
{
    char text[300];

    memset(text, 'a', sizeof(text));
    cr_expect(matches("ref", (struct sk_bytes){(uint8_t *)text, 80}));
    cr_expect(matches("ref", (struct sk_bytes){(uint8_t *)text, 81}) == false);
    memcpy(text, "urn:a:", 6);
    cr_expect(matches("urn", (struct sk_bytes){(uint8_t *)text, 126}));
    cr_expect(matches("urn", (struct sk_bytes){(uint8_t *)text, 127}) == false);
    memset(text, 'a', sizeof(text));
    text[64] = '@';
    text[66] = '.';
    cr_expect(matches("email", (struct sk_bytes){(uint8_t *)text, 254}));
    cr_expect(matches("email", (struct sk_bytes){(uint8_t *)text, 255}) ==
              false);
    text[64] = 'a';
    text[65] = '@';
    cr_expect(matches("email", (struct sk_bytes){(uint8_t *)text, 100}) ==
              false);
}

/* POLICY.md 6.3: the last column. */
Test(formats, know_how_long_a_prefix_may_be)
{
    static const struct {
        const char *format;
        uint32_t max;
    } rows[] = {
        {"insz", 0},  {"kbo", 0},   {"kbo-unit", 0}, {"nis", 5},
        {"esco", 4},  {"nace", 4},  {"isced-f", 4},  {"digits4", 4},
        {"phone", 0}, {"email", 0}, {"lang", 0},     {"uuid", 0},
        {"urn", 0},   {"ref", 0},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        cr_expect(eq(u32, sk_format_find(sk_text(rows[i].format))->prefix_max,
                     rows[i].max));
}

static const char *clean(const char *format, const char *text)
{
    static char out[64];

    out[sk_format_clean(sk_format_find(sk_text(format)), sk_text(text), out)] =
        '\0';
    return out;
}

/* DOMAIN.md 4.1, 4.2: what people type. */
Test(formats, take_separators_away_on_input)
{
    cr_expect(eq(str, (char *)clean("insz", "84.03.14-997.77"), "84031499777"));
    cr_expect(eq(str, (char *)clean("kbo", "BE 1999.900.072"), "1999900072"));
    cr_expect(eq(str, (char *)clean("kbo", "566.988.259"), "0566988259"));
    cr_expect(
        eq(str, (char *)clean("kbo-unit", "2.144.097.205"), "2144097205"));
    cr_expect(eq(str, (char *)clean("email", "a.b-c@d.be"), "a.b-c@d.be"));
}
