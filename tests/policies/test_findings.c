/* findings.h and texts.h against docs/POLICY.md 3.6 to 3.8 and 15.
   Tests: policies/arena.c, policies/texts.c */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "helpers.h"
#include "policies/findings.h"
#include "policies/texts.h"

static struct sk_arena arena;
static struct sk_findings findings;

static void start(void)
{
    arena = test_arena();
    findings = sk_findings_start(&arena);
}

static const struct sk_finding *
add(const char *code, const struct sk_argument *arguments, size_t count)
{
    struct sk_place place = {"f.yaml", 3, 5};

    sk_findings_add(&findings, code, place, arguments, count);
    return &findings.list[findings.count - 1];
}

/* The cells of a row of a Markdown table; false when there are too few. */
static bool cells(const char *line, size_t size, struct sk_bytes *out,
                  size_t count)
{
    const char *end = line + size;

    for (size_t i = 0; i < count; i++) {
        const char *from = line + 2;
        const char *to;

        if (end - line < 4 || memcmp(line, "| ", 2) != 0)
            return false;
        for (to = from; to < end - 1 && memcmp(to, " |", 2) != 0; to++)
            ;
        out[i] = (struct sk_bytes){(const uint8_t *)from, (size_t)(to - from)};
        line = to + 1;
    }
    return true;
}

/* POLICY.md 15: the table of the page is the table of the program. */
Test(findings, say_what_the_page_says)
{
    struct sk_bytes page = test_file("docs/POLICY.md");
    const char *at = (const char *)page.data;
    const char *end = at + page.size;
    size_t rows = 0;
    size_t table = 0;

    while (at < end) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((next != NULL ? next : end) - at);
        struct sk_bytes cell[4];
        const struct sk_template *template;
        char code[5] = "";

        if (cells(at, size, cell, 4) && cell[0].size == 4 &&
            (cell[0].data[0] == 'E' || cell[0].data[0] == 'W') &&
            cell[0].data[1] >= '0' && cell[0].data[1] <= '9') {
            rows++;
            memcpy(code, cell[0].data, 4);
            template = sk_template_find(code);
            cr_assert(ne(ptr, (void *)template, NULL), "%s", code);
            cr_expect(sk_bytes_equal(cell[2], sk_text(template->nl)), "%s",
                      code);
            cr_expect(sk_bytes_equal(cell[3], sk_text(template->en)), "%s",
                      code);
        }
        at += size + 1;
    }
    while (sk_template_at(table) != NULL)
        table++;
    cr_expect(eq(sz, rows, table));
    cr_expect(eq(sz, rows, 94));
}

/* Every placeholder stands in both languages, or a language loses it. */
Test(findings, have_the_same_placeholders_in_both_languages)
{
    const struct sk_template *t;

    for (size_t i = 0; (t = sk_template_at(i)) != NULL; i++) {
        for (const char *at = strchr(t->nl, '{'); at != NULL;
             at = strchr(at + 1, '{')) {
            char name[32] = "";

            memcpy(name, at, (size_t)(strchr(at, '}') - at) + 1);
            cr_expect(strstr(t->en, name) != NULL, "%s %s", t->code, name);
        }
        cr_expect(ne(str, (char *)t->nl, (char *)t->en));
    }
}

Test(findings, fill_in_values_and_hints)
{
    struct sk_argument typo[] = {{"id", sk_text("thomas-moore")},
                                 {"hint", sk_text("thomas-more")}};
    struct sk_argument what = {"what", sk_text("a list")};
    struct sk_argument cut[] = {{"field", sk_text("sector")},
                                {"event", sk_text("x.y")},
                                {"cut", sk_text("fed-x")}};
    const struct sk_finding *f;

    start();
    f = add("E020", typo, 2);
    cr_expect(eq(str, (char *)f->code, "E020"));
    cr_expect(eq(str, (char *)f->nl,
                 "onbekende organisatie 'thomas-moore'. Bedoelde u "
                 "'thomas-more'?"));
    cr_expect(eq(str, (char *)f->en,
                 "unknown organisation 'thomas-moore'. Did you mean "
                 "'thomas-more'?"));
    f = add("E020", typo, 1); /* no hint */
    cr_expect(eq(str, (char *)f->en, "unknown organisation 'thomas-moore'."));
    typo[1].text = (struct sk_bytes){NULL, 0};
    f = add("E020", typo, 2);
    cr_expect(eq(str, (char *)f->en, "unknown organisation 'thomas-moore'."));
    f = add("E008", &what, 1);
    cr_expect(eq(str, (char *)f->nl, "hier hoort een lijst"));
    cr_expect(eq(str, (char *)f->en, "expected here: a list"));
    /* elsewhere {what} is a word of the file and stays as it is */
    f = add("E042", &what, 1);
    cr_expect(strstr(f->nl, "'a list'") != NULL);
    f = add("E049", cut, 3);
    cr_expect(eq(str, (char *)f->en,
                 "'where' on 'sector' tells the recipient the value; share "
                 "'sector: exact' in 'x.y'; now 'fed-x' limits it"));
    f = add("E049", cut, 2);
    cr_expect(eq(str, (char *)f->nl,
                 "'where' op 'sector' verraadt de waarde aan de ontvanger; "
                 "deel 'sector: exact' in 'x.y'"));
    cr_expect(eq(u32, f->place.line, 3));
    cr_expect(eq(sz, findings.errors, 7));
    cr_expect(eq(sz, findings.warnings, 0));
}

/* A value of a file cannot break the line of output or fill the screen. */
Test(findings, keep_values_on_one_short_line)
{
    char value[1024];
    struct sk_argument argument = {"value", {(uint8_t *)value, sizeof(value)}};
    const struct sk_finding *f;

    memset(value, 'x', sizeof(value));
    memcpy(value, "a\nb\x1b", 4);
    memcpy(value + 159, "\xe2\x82\xac", 3); /* cut before, not inside */
    start();
    f = add("E041", &argument, 1);
    cr_expect(strncmp(f->en, "'a b xxx", 8) == 0, "%s", f->en);
    cr_expect(strstr(f->en, "xxx...' is not") != NULL, "%s", f->en);
    cr_expect(strchr(f->en, '\xe2') == NULL);
    cr_expect(strlen(f->en) < 300);
}

/* POLICY.md 3.7 */
Test(findings, keep_fifty_of_a_kind_per_file)
{
    struct sk_place a = {"a.yaml", 1, 1};
    struct sk_place b = {"b.yaml", 1, 1};

    start();
    for (size_t i = 0; i < 120; i++) {
        sk_findings_add(&findings, "E014", a, NULL, 0);
        sk_findings_add(&findings, "W019", a, NULL, 0);
    }
    sk_findings_add(&findings, "E014", b, NULL, 0);
    cr_expect(eq(sz, findings.count, 101));
    cr_expect(eq(sz, findings.errors, 121));
    cr_expect(eq(sz, findings.warnings, 120));
    cr_expect(eq(sz, sk_findings_errors(&findings, "a.yaml"), 50));
    cr_expect(eq(sz, sk_findings_errors(&findings, "b.yaml"), 1));
    cr_expect(eq(sz, sk_findings_errors(&findings, "c.yaml"), 0));
    cr_expect(sk_findings_has(&findings, "W019"));
    cr_expect(sk_findings_has(&findings, "W018") == false);
}

Test(findings, count_on_when_the_arena_is_full)
{
    static _Alignas(16) uint8_t room[256];
    struct sk_arena small = sk_arena_start(room, sizeof(room));
    struct sk_findings some = sk_findings_start(&small);
    struct sk_place place = {"a.yaml", 1, 1};

    for (size_t i = 0; i < 20; i++)
        sk_findings_add(&some, "E014", place, NULL, 0);
    cr_expect(eq(sz, some.errors, 20));
    cr_expect(some.count < 20);
    cr_expect(small.full);
}

/* ---------------------------------------------------------------- hints */

Test(findings, measure_how_far_words_are_apart)
{
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"a", "", 1},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"abc", "abxc", 1},
        {"kitten", "sitting", 3},
        {"reteain", "retain", 1},
        {"ab", "ba", 2},
    };
    char longest[129];

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_bytes a = sk_text(rows[i].a);
        struct sk_bytes b = sk_text(rows[i].b);

        cr_expect(eq(sz, sk_edit_distance(a, b), rows[i].distance));
        cr_expect(eq(sz, sk_edit_distance(b, a), rows[i].distance));
    }
    memset(longest, 'x', sizeof(longest));
    cr_expect(eq(sz,
                 sk_edit_distance((struct sk_bytes){(uint8_t *)longest, 128},
                                  sk_text("")),
                 128));
    cr_expect(eq(sz,
                 sk_edit_distance((struct sk_bytes){(uint8_t *)longest, 129},
                                  sk_text("")),
                 SIZE_MAX));
}

static const char *best(const char *word, const char *const *choices,
                        size_t count)
{
    static char text[64];
    struct sk_hint hint = sk_hint_start(sk_text(word));
    struct sk_bytes found;

    for (size_t i = 0; i < count; i++)
        sk_hint_offer(&hint, sk_text(choices[i]));
    found = sk_hint_best(&hint);
    snprintf(text, sizeof(text), "%.*s", (int)found.size,
             found.size > 0 ? (const char *)found.data : "");
    return text;
}

/* POLICY.md 3.8: who writes what people call it, means it; but the nearest
   word comes first. */
Test(findings, suggest_the_word_with_that_label)
{
    static const struct {
        const char *word;
        const char *best;
    } rows[] = {
        {"voornaam", "given_name"},
        {"Voornaam", "given_name"},
        {"Given name", "given_name"},
        {"werkplek.gestart", "workplace.started"},
        {"werkplek gestart", "workplace.started"},
        {"werkplek", ""},
        {"voornamen", ""},
        {"", ""},
        {"birth_data", "birth_date"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_hint hint = sk_hint_start(sk_text(rows[i].word));
        struct sk_bytes found;

        sk_hint_offer_label(&hint, sk_text("workplace.started"),
                            sk_text("Werkplek gestart"),
                            sk_text("Workplace started"));
        sk_hint_offer_label(&hint, sk_text("given_name"), sk_text("Voornaam"),
                            sk_text("Given name"));
        sk_hint_offer_label(&hint, sk_text("birth_date"), (struct sk_bytes){0},
                            sk_text("birth data"));
        found = sk_hint_best(&hint);
        cr_expect(sk_bytes_equal(found, sk_text(rows[i].best)), "%s: %.*s",
                  rows[i].word, (int)found.size, (const char *)found.data);
    }
}

/* POLICY.md 3.8: the nearest, within max(2, length/4); the first of equals. */
Test(findings, suggest_the_nearest_word)
{
    static const char *const words[] = {"retain", "retails", "erase",
                                        "confirm-erasure"};
    static const char *const equals[] = {"cat", "bat"};

    cr_expect(eq(str, (char *)best("reteain", words, 4), "retain"));
    cr_expect(eq(str, (char *)best("retail", words, 4), "retain"));
    cr_expect(eq(str, (char *)best("rtn", words, 4), ""));
    cr_expect(eq(str, (char *)best("erasing", words, 4), ""));
    cr_expect(eq(str, (char *)best("eras", words, 4), "erase"));
    /* 16 characters allow 4 edits, 15 allow 3 */
    cr_expect(
        eq(str, (char *)best("konfurm-erosurez", words, 4), "confirm-erasure"));
    cr_expect(eq(str, (char *)best("konfurm-erosura", words, 4), ""));
    cr_expect(eq(str, (char *)best("hat", equals, 2), "cat"));
    cr_expect(eq(str, (char *)best("x", NULL, 0), ""));
}

Test(findings, a_name_has_something_to_read)
{
    static const char *const blank[] = {"", " ", "._-", "\xc2\xa0",
                                        "\xe2\x80\x8b \xe2\x80\xae"};
    static const char *const good[] = {"a", " -1", "\xe2\x80\x8b\xc3\xa9"};

    for (size_t i = 0; i < SK_COUNT(blank); i++)
        cr_expect(sk_name_is_blank(sk_text(blank[i])), "%zu", i);
    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(not(sk_name_is_blank(sk_text(good[i]))), "%zu", i);
}

/* ---------------------------------------------------------------- arena */

Test(findings, two_names_are_one_to_who_reads_them)
{
    static const struct {
        const char *a;
        const char *b;
        bool alike;
    } rows[] = {
        {"Caf\xc3\xa9 Zuid", "CAF\xc3\x89_zuid", true},
        {"Caf\xc3\xa9 Zuid", "Cafe Zuid", false},
        {" Zuid", "zuid. ", true},
        {"Zuid", "Zui", false},
        {"Zuid", "Zuid 2", false},
        {"a b", "ab", false},
        {"a - b", "a b", true},
        {"a\xc2\xad", "\xe2\x80\x8b A", true},
        {"\xc3", "\xc3", true},
        {"\xc3\x97", "\xc3\xb7", false}, /* times, and divided by */
        {"", "", false},
        {" ", ".", false},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_bytes a = sk_text(rows[i].a);
        struct sk_bytes b = sk_text(rows[i].b);

        cr_expect(eq(int, sk_names_alike(a, b), rows[i].alike), "%zu", i);
        cr_expect(eq(int, sk_names_alike(b, a), rows[i].alike), "%zu", i);
        if (rows[i].alike)
            cr_expect(eq(u64, sk_name_sum(a), sk_name_sum(b)), "%zu", i);
    }
}

Test(arena, cuts_aligned_zeroed_pieces_until_it_is_full)
{
    static _Alignas(16) uint8_t room[256];
    struct sk_arena a;
    uint8_t *first;
    size_t mark;

    memset(room, 0xff, sizeof(room));
    a = sk_arena_start(room, sizeof(room));
    cr_expect(eq(sz, sk_arena_copy(&a, sk_text("abc")).size, 3));
    first = sk_arena_get(&a, 40);
    cr_assert(ne(ptr, first, NULL));
    cr_expect(eq(sz, (uintptr_t)first % 16, 0));
    for (size_t i = 0; i < 40; i++)
        cr_expect(eq(u8, first[i], 0));
    mark = sk_arena_mark(&a);
    cr_expect(eq(ptr, sk_arena_get(&a, 256), NULL));
    cr_expect(a.full);
    cr_expect(eq(ptr, sk_arena_get(&a, 1), NULL)); /* stays full */
    sk_arena_reset(&a, mark);
    cr_expect(ne(ptr, sk_arena_get(&a, 1), NULL));
    cr_expect(eq(ptr, sk_arena_get_array(&a, SIZE_MAX / 2, 4), NULL));
    cr_expect(a.full);
}

Test(arena, gives_back_what_was_not_written)
{
    static _Alignas(16) uint8_t room[256];
    struct sk_arena a = sk_arena_start(room, sizeof(room));
    uint8_t *first = sk_arena_take(&a, 200);

    sk_arena_trim(&a, first, 40);
    cr_expect(eq(ptr, sk_arena_get(&a, 1), first + 48));
    sk_arena_reset(&a, 0);
    cr_expect(eq(sz, a.high, 49));
}
