/* read.h against docs/POLICY.md 3.4, 3.6, 3.8. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "helpers.h"
#include "policies/read.h"

static struct sk_arena arena;
static struct sk_findings findings;
static struct sk_node *root;

/* The value of key v in a file of one line. */
static struct sk_node *value(const char *text)
{
    if (arena.data == NULL)
        arena = test_arena();
    sk_arena_reset(&arena, 0);
    findings = sk_findings_start(&arena);
    cr_assert(
        eq(int, sk_yaml_read("t.yaml", sk_text(text), &arena, &findings, &root),
           SK_OK));
    cr_assert(ne(ptr, root, NULL), "%s", test_findings(&findings));
    return sk_node_get(root, "v");
}

static struct sk_node *quoted(const char *text)
{
    static char line[256];

    snprintf(line, sizeof(line), "v: '%s'\n", text);
    return value(line);
}

#define EXPECT_FOUND(want)                                                     \
    cr_expect(eq(str, (char *)test_findings(&findings), (char *)(want)))

Test(read, takes_ids_and_words_of_the_form)
{
    static const char *const ids[] = {"a", "a1", "a-b", "a_b.c-d", "x.y.z"};
    static const char *const bad_ids[] = {
        "", "A", "1a", "a-", "-a", "a--b", "a.-b", "a b", "a.", "\xc3\xa9"};
    static const char *const words[] = {"1", "A", "pre_A1", "a-", "B_-"};
    static const char *const bad_words[] = {"", "-a", "_a", "a.b", "a b"};
    char longest[66];
    struct sk_bytes out = {NULL, 7};

    for (size_t i = 0; i < SK_COUNT(ids); i++)
        cr_expect(sk_read_id(&findings, quoted(ids[i]), &out), "%s", ids[i]);
    for (size_t i = 0; i < SK_COUNT(words); i++)
        cr_expect(sk_read_word(&findings, quoted(words[i]), &out), "%s",
                  words[i]);
    out.size = 7;
    for (size_t i = 0; i < SK_COUNT(bad_ids); i++) {
        struct sk_node *node = quoted(bad_ids[i]);

        cr_expect(sk_read_id(&findings, node, &out) == false, "%s", bad_ids[i]);
        EXPECT_FOUND("E017 1:4");
    }
    for (size_t i = 0; i < SK_COUNT(bad_words); i++) {
        struct sk_node *node = quoted(bad_words[i]);

        cr_expect(sk_read_word(&findings, node, &out) == false, "%s",
                  bad_words[i]);
        EXPECT_FOUND("E017 1:4");
    }
    cr_expect(eq(sz, out.size, 7));
    memset(longest, 'a', 65);
    longest[65] = '\0';
    cr_expect(sk_text_is_id(sk_text(longest)) == false);
    cr_expect(sk_text_is_word(sk_text(longest)) == false);
    longest[64] = '\0';
    cr_expect(sk_text_is_id(sk_text(longest)));
    cr_expect(sk_text_is_word(sk_text(longest)));
}

Test(read, takes_numbers_and_truth_in_one_form_only)
{
    static const char *const good[] = {"0", "7", "999999999"};
    static const char *const bad[] = {"",    "00",         "07",  "+7",
                                      "-1",  "0x1",        "1e3", "1.0",
                                      "1_0", "1000000000", " 1",  "1 "};
    static const char *const not_bool[] = {"yes", "True", "TRUE", "1",
                                           "on",  "",     "null"};
    uint32_t number = 77;
    bool truth = true;

    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(
            sk_read_int(&findings, quoted(good[i]), 0, UINT32_MAX, &number));
    cr_expect(eq(u32, number, 999999999));
    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        struct sk_node *node = quoted(bad[i]);

        cr_expect(sk_read_int(&findings, node, 0, UINT32_MAX, &number) == false,
                  "'%s'", bad[i]);
        EXPECT_FOUND("E009 1:4");
    }
    cr_expect(eq(u32, number, 999999999));
    cr_expect(sk_read_int(&findings, quoted("5"), 5, 6, &number));
    cr_expect(sk_read_int(&findings, quoted("4"), 5, 6, &number) == false);
    cr_expect(sk_read_int(&findings, quoted("7"), 5, 6, &number) == false);
    for (size_t i = 0; i < SK_COUNT(not_bool); i++) {
        struct sk_node *node = quoted(not_bool[i]);

        cr_expect(sk_read_bool(&findings, node, &truth) == false);
        EXPECT_FOUND("E009 1:4");
    }
    cr_expect(truth);
    cr_expect(sk_read_bool(&findings, quoted("false"), &truth));
    cr_expect(truth == false);
}

Test(read, takes_days_instants_durations_and_lines)
{
    int32_t day;
    int64_t instant;
    struct sk_duration duration;
    struct sk_bytes text;

    cr_expect(sk_read_date(&findings, quoted("2026-09-18"), &day));
    cr_expect(sk_read_date(&findings, quoted("2026-9-18"), &day) == false);
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "'2026-9-18' is geen datum (JJJJ-MM-DD)"));
    cr_expect(
        sk_read_instant(&findings, quoted("2026-09-18T10:00:00Z"), &instant));
    cr_expect(sk_read_instant(&findings, quoted("2026-09-18"), &instant) ==
              false);
    EXPECT_FOUND("E009 1:4");
    cr_expect(sk_read_duration(&findings, quoted("12 months"), &duration));
    cr_expect(sk_read_duration(&findings, quoted("12 moons"), &duration) ==
              false);
    EXPECT_FOUND("E041 1:4");
    cr_expect(sk_read_line(&findings, value("v: a b\n"), &text));
    cr_expect(sk_read_line(&findings, value("v: |\n  a\n  b\n"), &text) ==
              false);
    EXPECT_FOUND("E009 1:4");
    cr_expect(sk_read_text(&findings, value("v: |\n  a\n  b\n"), &text));
}

Test(read, asks_for_the_right_shape)
{
    static const struct {
        const char *text;
        bool map;
        bool list;
        bool scalar;
    } rows[] = {
        {"v: a", false, false, true},   {"v: [a]", false, true, false},
        {"v: []", false, false, false}, {"v: {a: b}", true, false, false},
        {"v: {}", true, false, false},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_node *node = value(rows[i].text);

        cr_expect(sk_read_is_map(&findings, node) == rows[i].map);
        cr_expect(sk_read_is_list(&findings, node) == rows[i].list);
        cr_expect(sk_read_is_scalar(&findings, node) == rows[i].scalar);
        cr_expect(
            eq(sz, findings.errors,
               (size_t)(3 - rows[i].map - rows[i].list - rows[i].scalar)));
        cr_expect(sk_findings_has(&findings, "E008"));
    }
}

/* A key that is missing was reported by who looked it up, once. */
Test(read, says_nothing_about_what_is_not_there)
{
    struct sk_bytes text;
    uint32_t number;

    (void)value("w: x");
    cr_expect(sk_read_id(&findings, NULL, &text) == false);
    cr_expect(sk_read_int(&findings, NULL, 0, 9, &number) == false);
    cr_expect(sk_read_is_map(&findings, NULL) == false);
    cr_expect(sk_read_is_list(&findings, NULL) == false);
    cr_expect(eq(sz, findings.count, 0));
    cr_expect(eq(ptr, sk_read_need(&findings, root, "v"), NULL));
    EXPECT_FOUND("E032 1:1");
    cr_expect(ne(ptr, sk_read_need(&findings, root, "w"), NULL));
    cr_expect(eq(sz, findings.count, 1));
    cr_expect(eq(ptr, sk_read_need(&findings, NULL, "w"), NULL));
    cr_expect(eq(sz, findings.count, 1));
}

/* POLICY.md 3.8: never ignored, and with the word that was meant. */
Test(read, names_every_unknown_key)
{
    static const char *const known[] = {"retain", "basis", "to"};

    (void)value("retain: a\nreteain: b\nbases: c\nzzzzzz: d\n");
    cr_expect(sk_read_keys(&findings, root, known, 3) == false);
    EXPECT_FOUND("E010 2:1\nE010 3:1\nE010 4:1");
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "onbekende sleutel 'reteain'. Bedoelde u 'retain'?"));
    cr_expect(eq(str, (char *)findings.list[1].en,
                 "unknown key 'bases'. Did you mean 'basis'?"));
    cr_expect(eq(str, (char *)findings.list[2].en, "unknown key 'zzzzzz'."));
    (void)value("to: a\nbasis: b\n");
    cr_expect(sk_read_keys(&findings, root, known, 3));
    cr_expect(sk_read_keys(&findings, value("v: x"), known, 3) == false);
    EXPECT_FOUND("E008 1:4");
}

Test(read, wants_the_format_line_and_both_labels)
{
    struct sk_label label = {0};

    (void)value("format: vocabulary/2\n");
    cr_expect(sk_read_format(&findings, root, "format", "vocabulary/1") ==
              false);
    EXPECT_FOUND("E011 1:9");
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "'vocabulary/2' is not supported; expected 'vocabulary/1'"));
    (void)value("x: y\n");
    cr_expect(sk_read_format(&findings, root, "format", "vocabulary/1") ==
              false);
    EXPECT_FOUND("E011 1:1");
    (void)value("format: vocabulary/1\n");
    cr_expect(sk_read_format(&findings, root, "format", "vocabulary/1"));
    cr_expect(sk_read_label(&findings, value("v: {nl: a, en: b}"), &label));
    cr_expect(sk_bytes_equal(label.en, sk_text("b")));
    cr_expect(sk_read_label(&findings, value("v: {nl: a}"), &label) == false);
    EXPECT_FOUND("E081 1:1");
    cr_expect(sk_read_label(&findings, value("v: [{level: q, nl: a}]")->first,
                            &label) == false);
    cr_expect(
        eq(str, (char *)findings.list[0].en, "'q' has no label in nl and en"));
}
