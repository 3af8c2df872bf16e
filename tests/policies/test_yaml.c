/* yaml.h against docs/POLICY.md 3.
   Tests: policies/yaml_escape.c, policies/yaml_keys.c,
   policies/yaml_tree.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <time.h>

#include "helpers.h"
#include "protocol/limits.h"

static struct sk_arena arena;
static struct sk_findings findings;

static struct sk_node *read_bytes(struct sk_bytes bytes)
{
    struct sk_node *out = NULL;
    enum sk_status status;

    if (arena.data == NULL)
        arena = test_arena();
    sk_arena_reset(&arena, 0);
    findings = sk_findings_start(&arena);
    status = sk_yaml_read("t.yaml", bytes, &arena, &findings, &out);
    cr_assert(eq(int, status, SK_OK));
    cr_assert(eq(int, out == NULL, findings.errors > 0));
    return out;
}

static struct sk_node *read_text(const char *text)
{
    return read_bytes(sk_text(text));
}

/* What reading this text finds: "E004 3:1". */
static const char *found(const char *text)
{
    (void)read_text(text);
    return test_findings(&findings);
}

#define EXPECT_FOUND(text, want)                                               \
    cr_expect(eq(str, (char *)found(text), (char *)(want)), "of: %s", text)

/* A tree on one line: {a: [x, y]}. */
static size_t show(const struct sk_node *node, char *out, size_t room)
{
    size_t size = 0;

    if (node->kind == SK_NODE_SCALAR)
        return (size_t)snprintf(out, room, "<%s>", node->text.data);
    size += (size_t)snprintf(out, room, node->kind == SK_NODE_MAP ? "{" : "[");
    for (const struct sk_node *c = node->first; c != NULL; c = c->next) {
        if (c != node->first)
            size += (size_t)snprintf(out + size, room - size, " ");
        if (node->kind == SK_NODE_MAP)
            size += (size_t)snprintf(out + size, room - size,
                                     "%.*s:", (int)c->key.size, c->key.data);
        size += show(c, out + size, room - size);
    }
    size += (size_t)snprintf(out + size, room - size,
                             node->kind == SK_NODE_MAP ? "}" : "]");
    return size;
}

static const char *shown(const char *text)
{
    static char out[4096];
    const struct sk_node *node = read_text(text);

    cr_assert(ne(ptr, (void *)node, NULL), "%s: %s", text,
              test_findings(&findings));
    (void)show(node, out, sizeof(out));
    return out;
}

#define EXPECT_TREE(text, want)                                                \
    cr_expect(eq(str, (char *)shown(text), (char *)(want)), "of: %s", text)

/* POLICY.md 3.2, 3.4: everything is text, whatever YAML makes of it. */
Test(yaml, reads_every_allowed_form_as_text)
{
    EXPECT_TREE("a: b\n", "{a:<b>}");
    EXPECT_TREE("---\na: b", "{a:<b>}");
    EXPECT_TREE("--- \n# c\na: b # d\n", "{a:<b>}");
    EXPECT_TREE("\xef\xbb\xbf"
                "a: b",
                "{a:<b>}");
    EXPECT_TREE("a: b\r\nc: d\r\n", "{a:<b> c:<d>}");
    EXPECT_TREE("a: [NO, ~, null, 0x1F, 1_000, 12:30, 2026-01-01, true, .5]",
                "{a:[<NO> <~> <null> <0x1F> <1_000> <12:30> <2026-01-01> "
                "<true> <.5>]}");
    EXPECT_TREE("a: {b: 'it''s', \"c\": \"d\\u00e9\"}",
                "{a:{b:<it's> c:<d\xc3\xa9>}}");
    EXPECT_TREE("a: \"\"\nb: ''\n", "{a:<> b:<>}");
    EXPECT_TREE("a: |\n  x\n  y\nb: >\n  x\n  y\n", "{a:<x\ny\n> b:<x y\n>}");
    EXPECT_TREE("a: |-\n  x\n", "{a:<x>}");
    EXPECT_TREE("a:\n- x\n- - y\n  - z\n- b: c\n  d: e\n",
                "{a:[<x> [<y> <z>] {b:<c> d:<e>}]}");
    EXPECT_TREE("a: one\n  two\n", "{a:<one two>}");
    EXPECT_TREE("a: \"one\n  two\n\n  three\"\n", "{a:<one two\nthree>}");
    EXPECT_TREE("a: \"one\\\n  two\"\n", "{a:<onetwo>}");
    EXPECT_TREE("a: []\nb: {}\n", "{a:[] b:{}}");
    EXPECT_TREE("a: b?c\nd: {e: 'f ? g', h: i} # ? j\n# ? k\nl: m\n",
                "{a:<b?c> d:{e:<f ? g> h:<i>} l:<m>}");
    EXPECT_TREE("a: b&c\nd: e*f\ng: h!i\n\"<\": x", "{a:<b&c> d:<e*f> g:<h!i> "
                                                    "<:<x>}");
    EXPECT_TREE("a: http://x/y#z\n", "{a:<http://x/y#z>}");
    EXPECT_TREE("\xc3\xa9: \xe2\x82\xac\xf0\x9f\x8d\x80\n",
                "{\xc3\xa9:<\xe2\x82\xac\xf0\x9f\x8d\x80>}");
    EXPECT_TREE("a: \"\\x41\\u20ac\\U0001F340\\\"\\\\\\/\\ \\_\"",
                "{a:<A\xe2\x82\xac\xf0\x9f\x8d\x80\"\\/ \xc2\xa0>}");
}

/* POLICY.md 3.1 */
Test(yaml, refuses_forbidden_characters_anywhere)
{
    EXPECT_FOUND("a:\tb", "E005 1:3");
    EXPECT_FOUND("a: b # \t", "E005 1:8");
    EXPECT_FOUND("a: b\rc: d", "E005 1:5");
    EXPECT_FOUND("a: b\r", "E005 1:5");
    EXPECT_FOUND("a: b\n# \x01", "E005 2:3");
    EXPECT_FOUND("a: \x7f", "E005 1:4");
    EXPECT_FOUND("a: \xc2\x80", "E005 1:4");
    EXPECT_FOUND("a: \xc2\x85", "E005 1:4");
    EXPECT_FOUND("a: \xc2\x9f", "E005 1:4");
    EXPECT_FOUND("a: \xe2\x80\xa8", "E005 1:4");
    EXPECT_FOUND("a: \xe2\x80\xa9", "E005 1:4");
    EXPECT_FOUND("a: \xe2\x80\xaa", "E005 1:4");
    EXPECT_FOUND("a: \xe2\x80\xae", "E005 1:4");
    EXPECT_FOUND("a: \xe2\x81\xa6", "E005 1:4");
    EXPECT_FOUND("a: \xe2\x81\xa9", "E005 1:4");
    EXPECT_FOUND("a: \xef\xbf\xbe", "E005 1:4");
    EXPECT_FOUND("a: \xef\xbf\xbf", "E005 1:4");
    EXPECT_FOUND("a: \xef\xbb\xbf", "E005 1:4");
    EXPECT_FOUND("\xef\xbb\xbf\xef\xbb\xbf"
                 "a: b",
                 "E005 1:1");
    /* The neighbours of the forbidden are allowed. */
    EXPECT_TREE("a: \xc2\xa0~\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"
                "\xef\xbf\xbd",
                "{a:<\xc2\xa0~\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"
                "\xef\xbf\xbd>}");
}

Test(yaml, refuses_what_is_no_strict_utf8)
{
    static const char *const bad[] = {
        "\x80",
        "\xff",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xc3",
        "\xc3(",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x9f\x8d",
        "\xfe",
        "\xe2\x28\xa1",
    };

    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        char text[32];

        snprintf(text, sizeof(text), "a: \xc3\xa9%s", bad[i]);
        EXPECT_FOUND(text, "E005 1:5");
    }
    (void)read_bytes((struct sk_bytes){(const uint8_t *)"a: \0", 4});
    cr_expect(eq(str, (char *)test_findings(&findings), "E005 1:4"));
    cr_expect(
        eq(str, (char *)findings.list[0].nl, "teken niet toegelaten: U+0000"));
}

/* POLICY.md 3.1: also through an escape. */
Test(yaml, refuses_escapes_that_yield_forbidden_characters)
{
    EXPECT_FOUND("a: \"x\\ty\"", "E005 1:6");
    EXPECT_FOUND("a: \"\\n\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\r\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\0\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\x1f\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\x0a\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\e\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\N\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\L\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\P\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\u202e\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\uFEFF\"", "E005 1:5");
    EXPECT_FOUND("a: \"\\U0000ffff\"", "E005 1:5");
    EXPECT_FOUND("\"a\\u2066\": b", "E005 1:3");
    EXPECT_FOUND("a: \"\xc3\xa9\n  \\\\x \\u0085\"", "E005 2:7");
    cr_expect(eq(str, (char *)found("a: \"\\ud800\""), "E005 1:5"));
    cr_expect(eq(str, (char *)found("a: \"\\U00110000\""), "E005 1:5"));
    (void)read_text("a: \"\\u202e\"");
    cr_expect(
        eq(str, (char *)findings.list[0].en, "character not allowed: U+202E"));
    (void)read_text("a: \"\\n\"");
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "teken niet toegelaten: regeleinde door een escape"));
}

/* POLICY.md 3.3 */
Test(yaml, refuses_anchors_aliases_and_merge_keys)
{
    EXPECT_FOUND("a: &x b", "E002 1:4");
    EXPECT_FOUND("a: &x\n  b: c", "E002 1:4");
    EXPECT_FOUND("a: &x [b]", "E002 1:4");
    EXPECT_FOUND("&x a: b", "E002 1:1");
    EXPECT_FOUND("&x\na: b", "E002 1:1");
    EXPECT_FOUND("a: b\nc: *x", "E002 2:4");
    EXPECT_FOUND("*x : b", "E002 1:1");
    EXPECT_FOUND("a: [b, *x]", "E002 1:8");
    EXPECT_FOUND("a: &x !!str b", "E002 1:4");
    EXPECT_FOUND("<<: {a: b}", "E002 1:1");
    EXPECT_FOUND("\"<<\": {a: b}", "E002 1:1");
    EXPECT_FOUND("a: & b", "E002 1:4");
    EXPECT_FOUND("a: *", "E002 1:4");
    (void)read_text("a: *wijzer");
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "'*wijzer' (anker, verwijzing of samenvoegsleutel) is niet "
                 "toegelaten; schrijf de waarde voluit"));
}

Test(yaml, refuses_tags)
{
    EXPECT_FOUND("a: !!str b", "E003 1:4");
    EXPECT_FOUND("a: ! b", "E003 1:4");
    EXPECT_FOUND("a: ! 'b'", "E003 1:4");
    EXPECT_FOUND("a: !x b", "E003 1:4");
    EXPECT_FOUND("a: !<tag:x> b", "E003 1:4");
    EXPECT_FOUND("a: !x!y b", "E003 1:4");
    EXPECT_FOUND("!!map\na: b", "E003 1:1");
    EXPECT_FOUND("! a: b", "E003 1:1");
    EXPECT_FOUND("a: !!str", "E003 1:4");
    EXPECT_FOUND("a: [!!str x]", "E003 1:5");
    EXPECT_FOUND("a: !!seq [x]", "E003 1:4");
    EXPECT_FOUND("a: ! [x]", "E003 1:4");
}

Test(yaml, refuses_the_same_key_twice)
{
    EXPECT_FOUND("a: b\nb: c\na: d", "E004 3:1");
    EXPECT_FOUND("a: b\n\"a\": d", "E004 2:1");
    EXPECT_FOUND("a: b\n'a': d", "E004 2:1");
    EXPECT_FOUND("x: {a: b, \"\\x61\": d}", "E004 1:11");
    EXPECT_TREE("a: {x: y}\nb: {x: y}\nx: y", "{a:{x:<y>} b:{x:<y>} x:<y>}");
    (void)read_text("z: y\n\na: b\na: c\n");
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "sleutel 'a' staat er twee keer (eerder op regel 3)"));
}

Test(yaml, refuses_directives_and_more_documents)
{
    EXPECT_FOUND("%YAML 1.1\n---\na: b", "E006 1:1");
    EXPECT_FOUND("%TAG ! tag:x\n---\na: b", "E006 1:1");
    EXPECT_FOUND("%FOO\n---\na: b", "E006 1:1");
    EXPECT_FOUND("%YAML 3.0\n---\na: b", "E006 1:1");
    EXPECT_FOUND("%YAML x\n---\na: b", "E006 1:1");
    EXPECT_FOUND("a: b\n...\n", "E006 2:1");
    EXPECT_FOUND("a: b\n---\nc: d", "E006 2:1");
    EXPECT_FOUND("a: b\n---\n", "E006 2:1");
    EXPECT_FOUND("a: b\n%YAML 1.1\n", "E006 2:1");
}

Test(yaml, refuses_keys_that_are_not_simple)
{
    EXPECT_FOUND("? a\n: b", "E007 1:3");
    EXPECT_FOUND("? a\n", "E007 1:3");
    EXPECT_FOUND("{? a : b}", "E007 1:4");
    EXPECT_FOUND("a: b\n? c : d", "E007 2:3");
    EXPECT_FOUND("? |\n  a\n: b", "E007 1:3");
    EXPECT_FOUND("? [a]\n: b", "E007 1:3");
    EXPECT_FOUND("[a]: b", "E007 1:1");
    EXPECT_FOUND("{a: b}: c", "E007 1:1");
    EXPECT_FOUND(": b", "E007 1:1");
    EXPECT_FOUND("{: b}", "E007 1:2");
    EXPECT_FOUND("? \"a\n  b\"\n: c", "E007 1:3");
    EXPECT_FOUND("a: b # x\n# ?\n? c\n: d", "E007 3:3");
    EXPECT_TREE("\"\": b", "{:<b>}");
}

Test(yaml, refuses_what_has_no_value)
{
    EXPECT_FOUND("a:\nb: c", "E008 1:1");
    EXPECT_FOUND("x: y\na:", "E008 2:1");
    EXPECT_FOUND("a: {b: c, d}", "E008 1:11");
    EXPECT_FOUND("a: {b: }", "E008 1:5");
    EXPECT_FOUND("a:\n- x\n-\n- y", "E008 3:1");
    EXPECT_FOUND("a:\n  -\n", "E008 2:3");
    EXPECT_FOUND("- a", "E008 1:1");
    EXPECT_FOUND("a", "E008 1:1");
    EXPECT_FOUND("'a'", "E008 1:1");
    EXPECT_FOUND("# x\n[a, b]", "E008 2:1");
}

Test(yaml, refuses_what_is_no_yaml)
{
    EXPECT_FOUND("", "E001 1:1");
    EXPECT_FOUND("# only a comment\n", "E001 2:1");
    EXPECT_FOUND("---\n", "E001 2:1");
    EXPECT_FOUND("\xef\xbb\xbf", "E001 1:1");
    EXPECT_FOUND("a: b: c", "E001 1:5");
    EXPECT_FOUND("a: b\n c: d", "E001 2:3");
    EXPECT_FOUND("a: [b\n", "E001 1:4");
    EXPECT_FOUND("a: {b: c\n", "E001 1:4");
    EXPECT_FOUND("a: ]", "E001 1:4");
    EXPECT_FOUND("a: @x", "E001 1:4");
    EXPECT_FOUND("a: \"\\q\"", "E001 1:5");
    EXPECT_FOUND("a: b\n- c", "E001 2:1");
    cr_expect(eq(sz, read_bytes((struct sk_bytes){NULL, 0}) == NULL, 1));
}

/* An open quote or bracket is shown where it was opened. */
Test(yaml, names_the_line_where_a_quote_was_opened)
{
    EXPECT_FOUND("a: b\nc: 'open\nd: e\n", "E001 2:4");
    cr_expect(eq(str, (char *)findings.list[0].nl,
                 "dit is geen geldige YAML: tekst zonder sluitend "
                 "aanhalingsteken, geopend op regel 2"));
    EXPECT_FOUND("a: \"open\n", "E001 1:4");
    EXPECT_FOUND("a: b\nc: \"open\nd: \"e\"\n", "E001 3:5");
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "this is not valid YAML: unexpected text behind a quoted "
                 "text that was opened on line 2"));
    (void)read_text("a: [b,\n c\nd: e\n");
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "this is not valid YAML: list without closing ']', opened on "
                 "line 1"));
}

/* POLICY.md 3.7: the first reading error stops the file. */
Test(yaml, stops_at_the_first_reading_error)
{
    EXPECT_FOUND("a: &x b\nb: !t c\na: d\n", "E002 1:4");
    EXPECT_FOUND("a: b\na: c\nd: 'open", "E004 2:1");
}

static char *repeat(const char *head, const char *body, size_t count,
                    const char *tail)
{
    size_t size = strlen(body);
    char *text = test_alloc(strlen(head) + count * size + strlen(tail) + 1);
    char *at = stpcpy(text, head);

    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, body);
    strcpy(at, tail);
    return text;
}

/* POLICY.md 3.5: each limit at, and above. */
Test(yaml, holds_the_limits)
{
    EXPECT_TREE(repeat("a: ", "[", 15, repeat("x", "]", 15, "")),
                "{a:[[[[[[[[[[[[[[[<x>]]]]]]]]]]]]]]]}");
    EXPECT_FOUND(repeat("a: ", "[", 16, repeat("x", "]", 16, "")), "E019 1:19");
    cr_expect(ne(ptr, (void *)read_text(repeat("a: ", "x", 4096, "")), NULL));
    EXPECT_FOUND(repeat("a: ", "x", 4097, ""), "E019 1:4");
    cr_expect(ne(ptr, (void *)read_text(repeat("", "x", 128, ": b")), NULL));
    EXPECT_FOUND(repeat("b: c\n", "x", 129, ": b"), "E019 2:1");
    /* bytes, not characters */
    EXPECT_FOUND(repeat("a: ", "\xc3\xa9", 2049, ""), "E019 1:4");
}

Test(yaml, holds_the_limit_of_parts)
{
    /* the map, the key, the list: 199,997 elements make 200,000 */
    cr_expect(
        ne(ptr, (void *)read_text(repeat("a: [", "b,", 199997, "]")), NULL));
    EXPECT_FOUND(repeat("a: [", "b,", 199998, "]"), "E019 1:399999");
    cr_expect(eq(str, (char *)findings.list[0].en,
                 "too large: parts in a file (at most 200000)"));
}

Test(yaml, holds_the_limit_of_a_file)
{
    char *most = repeat("a: b #", "x", SK_YAML_SIZE_MAX - 6, "");

    cr_expect(eq(sz, strlen(most), SK_YAML_SIZE_MAX));
    cr_expect(ne(ptr, (void *)read_text(most), NULL));
    EXPECT_FOUND(repeat("a: b #", "x", SK_YAML_SIZE_MAX - 5, ""), "E019 1:1");
}

static double ms_to_read(const char *text, const char *want)
{
    struct timespec start;
    struct timespec end;

    (void)read_text("a: b"); /* the arena is there */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    (void)read_text(text);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    cr_expect(eq(str, (char *)test_findings(&findings), (char *)want));
    return (double)(end.tv_sec - start.tv_sec) * 1e3 +
           (double)(end.tv_nsec - start.tv_nsec) / 1e6;
}

/* POLICY.md 3.5: without building first what they expand to. */
Test(yaml, refuses_bombs_at_once_and_with_a_place)
{
    static const struct {
        const char *head;
        const char *body;
        size_t count;
        const char *want;
    } rows[] = {
        {"a: ", "[", 100000, "E019 1:19"},
        {"a: ", "{", 100000, "E007 1:5"},
        {"a: ", "{a: ", 100000, "E019 1:64"},
        {"a: ", "- ", 100000, "E001 1:4"},
        {"", "- ", 100000, "E008 1:1"},
        {"a:\n", "- ", 100000, "E019 2:31"},
        {"", "? ", 100000, "E007 1:3"},
        {"a: ", "x", 2 << 20, "E019 1:1"},
        {"a: ", "x", 1000000, "E019 1:4"},
        {"a: ", "\"x\\", 300000, "E001 1:900003"},
        {"", "a: [", 200000, "E019 1:33"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char *text = repeat(rows[i].head, rows[i].body, rows[i].count, "");
        double ms = ms_to_read(text, rows[i].want);

        /* 100 ms where it counts; sanitizers and a busy machine get more. */
        cr_expect(ms < 500, "row %zu: %.1f ms", i, ms);
    }
}

/* Reading 10,000 different keys must not cost 10,000 squared. */
Test(yaml, finds_a_double_among_many_keys)
{
    char *text = test_alloc(SK_YAML_SIZE_MAX);
    size_t size = 0;

    for (size_t i = 0; i < 60000; i++)
        size += (size_t)sprintf(text + size, "k%zu: v\n", i);
    sprintf(text + size, "k777: v\n");
    cr_expect(ms_to_read(text, "E004 60001:1") < 1000);
}

/* POLICY.md 3.6: columns count characters. */
Test(yaml, gives_every_node_its_place)
{
    const struct sk_node *root = read_text("\xef\xbb\xbf"
                                           "# \xc3\xa9\r\n"
                                           "\xc3\xa9\xc3\xa9: {x: "
                                           "\"\xf0\x9f\x8d\x80\", y: [z]}\n");
    const struct sk_node *e = root->first;

    cr_expect(eq(u32, root->place.line, 2));
    cr_expect(eq(u32, root->place.column, 1));
    cr_expect(eq(u32, e->key_place.column, 1));
    cr_expect(eq(u32, e->place.column, 5));
    cr_expect(eq(u32, e->first->place.column, 9));
    cr_expect(eq(u32, e->first->next->key_place.column, 14));
    cr_expect(eq(u32, e->first->next->first->place.column, 18));
    cr_expect(eq(str, (char *)e->place.file, "t.yaml"));
}

Test(yaml, fails_when_the_arena_is_too_small)
{
    static _Alignas(16) uint8_t room[4096];
    struct sk_bytes text = sk_text("a: {b: [c, d, e], f: g, h: i}\na: 1\n");

    for (size_t size = 0; size < sizeof(room); size++) {
        struct sk_arena small = sk_arena_start(room, size);
        struct sk_findings some = sk_findings_start(&small);
        struct sk_node *out;
        enum sk_status status =
            sk_yaml_read("t.yaml", text, &small, &some, &out);

        cr_assert(status == SK_OK || status == SK_E_MEMORY);
        cr_assert(eq(ptr, (void *)out, NULL));
        cr_assert(eq(int, status == SK_OK, some.count == 1), "size %zu", size);
    }
}

/* ---------------------------------------------------------------- trees */

static bool is_same(const struct sk_node *a, const struct sk_node *b)
{
    const struct sk_node *x = a->first;
    const struct sk_node *y = b->first;

    if (a->kind != b->kind || a->count != b->count ||
        !sk_bytes_equal(a->key, b->key) || !sk_bytes_equal(a->text, b->text))
        return false;
    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        if (!is_same(x, y))
            return false;
    }
    return x == NULL && y == NULL;
}

Test(yaml, writes_what_reads_back_as_the_same_tree)
{
    static const char *const texts[] = {
        "a: b",
        "a: {b: [], c: {}, d: \"\"}",
        "a: |\n  one\n\n   two  \n  ---\n  ...\n\n\nb: '\"\\'",
        "a: |+\n\n  - x\n  --- y\n\nb: ' '\nc: '  '",
        "a: \"\n\n x \\x20\n\n\n --- \n ... \n\n\"",
        "\"k \\\" \\\\ y\": '- # ! & * ? % @ ` { } [ ] , : |'",
        "a: ['---', '...', '%YAML', '\xc3\xa9', '-', '.']",
    };
    static uint8_t room[4096];

    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        struct sk_node *tree = read_text(texts[i]);
        struct sk_findings none = sk_findings_start(&arena);
        struct sk_node *again = NULL;
        struct sk_bytes out = {NULL, 0};

        cr_assert(ne(ptr, (void *)tree, NULL), "%s", texts[i]);
        cr_assert(
            eq(int,
               sk_yaml_write(tree, (struct sk_room){room, sizeof(room)}, &out),
               SK_OK));
        cr_assert(
            eq(int, sk_yaml_read("again", out, &arena, &none, &again), SK_OK));
        cr_assert(ne(ptr, (void *)again, NULL), "%s\n%.*s\n%s", texts[i],
                  (int)out.size, out.data, test_findings(&none));
        cr_expect(is_same(tree, again), "%s\n%.*s", texts[i], (int)out.size,
                  out.data);
        for (size_t size = 0; size < out.size; size++) {
            struct sk_bytes untouched = {NULL, 7};

            cr_assert(eq(
                int,
                sk_yaml_write(tree, (struct sk_room){room, size}, &untouched),
                SK_E_NO_ROOM));
            cr_assert(eq(sz, untouched.size, 7));
        }
    }
}

Test(yaml, reads_the_whole_library_and_writes_it_back)
{
    static const char *const files[] = {
        "policies/library/vocabulary.yaml",
        "policies/library/guards.yaml",
        "policies/library/domain.yaml",
        "policies/library/kempen/partners.yaml",
        "policies/library/kempen/nodes/ocmw-mol/policy.yaml",
        "policies/library/kempen/nodes/ocmw-mol/tests/flows.yaml",
        "tests/scenarios/S0A.yaml",
        "tests/scenarios/S4A.yaml",
        "tests/policies/cases/mini-load.yaml",
    };
    static uint8_t room[1 << 20];

    for (size_t i = 0; i < SK_COUNT(files); i++) {
        struct sk_node *tree = read_bytes(test_file(files[i]));
        struct sk_node *again = NULL;
        struct sk_bytes out;

        cr_assert(ne(ptr, (void *)tree, NULL), "%s: %s", files[i],
                  test_findings(&findings));
        cr_assert(
            eq(int,
               sk_yaml_write(tree, (struct sk_room){room, sizeof(room)}, &out),
               SK_OK));
        cr_assert(eq(int, sk_yaml_read("again", out, &arena, &findings, &again),
                     SK_OK));
        cr_assert(ne(ptr, (void *)again, NULL), "%s", files[i]);
        cr_expect(is_same(tree, again), "%s", files[i]);
    }
}

Test(yaml, changes_copies_and_not_the_original)
{
    struct sk_node *tree = read_text("a: {b: [c]}\nd: e\n");
    struct sk_node *copy = sk_node_copy(&arena, tree);
    struct sk_node *value = sk_node_get(tree, "d");
    struct sk_node *list = sk_node_get(sk_node_get(copy, "a"), "b");
    char out[256];

    cr_assert(is_same(tree, copy));
    cr_assert(sk_node_append(&arena, list, value));
    cr_assert(sk_node_set(&arena, copy, sk_text("x"), list));
    cr_assert(sk_node_set(&arena, copy, sk_text("d"), sk_node_get(tree, "a")));
    (void)show(copy, out, sizeof(out));
    cr_expect(eq(str, out, "{a:{b:[<c> <e>]} d:{b:[<c>]} x:[<c> <e>]}"));
    cr_assert(sk_node_set(&arena, copy, sk_text("a"), NULL));
    cr_assert(sk_node_set(&arena, copy, sk_text("nothing"), NULL));
    (void)show(copy, out, sizeof(out));
    cr_expect(eq(str, out, "{d:{b:[<c>]} x:[<c> <e>]}"));
    cr_expect(eq(sz, copy->count, 2));
    (void)show(tree, out, sizeof(out));
    cr_expect(eq(str, out, "{a:{b:[<c>]} d:<e>}"));
    cr_expect(sk_node_is(value, "e"));
    cr_expect(eq(ptr, sk_node_get(value, "e"), NULL));
    cr_expect(eq(ptr, sk_node_get(NULL, "e"), NULL));
}

Test(yaml, refuses_to_write_what_no_file_may_hold)
{
    struct sk_node *tree = read_text("a: b");
    uint8_t room[64];
    struct sk_bytes out;

    tree->first->text = sk_text("x\ty");
    cr_expect(eq(int, sk_yaml_write(tree, (struct sk_room){room, 64}, &out),
                 SK_E_BAD_VALUE));
    tree->first->text = sk_text("x");
    tree->first->key = sk_text("a\nb");
    cr_expect(eq(int, sk_yaml_write(tree, (struct sk_room){room, 64}, &out),
                 SK_E_BAD_VALUE));
}
