/* Numbers and names as people type them (DOMAIN 4.1, 4.2). */
#include "tests/node/fixture.h"

#include "node/engine/clean.h"
#include "node/engine/state.h"

static struct sk_engine *engine(void)
{
    static struct sk_engine e;
    static uint8_t memory[65536] __attribute__((aligned(16)));

    e.scratch = sk_arena_start(memory, sizeof(memory));
    e.now_ms = 1790000000000; /* 2026-09-21 */
    return &e;
}

static const char *cleaned(const char *format, const char *text)
{
    static char out[64];
    struct sk_bytes clean =
        sk_clean_code(engine(), sk_text(format), sk_text(text));

    snprintf(out, sizeof(out), "%.*s", (int)clean.size,
             (const char *)clean.data);
    return out;
}

Test(clean, takes_separators_out_of_numbers)
{
    cr_expect(
        eq(str, (char *)cleaned("insz", "84.03.14-997.77"), "84031499777"));
    cr_expect(eq(str, (char *)cleaned("insz", "840314/997 77"), "84031499777"));
    cr_expect(eq(str, (char *)cleaned("kbo", "BE 0566.988.259"), "0566988259"));
    cr_expect(eq(str, (char *)cleaned("kbo", "566.988.259"), "0566988259"));
    cr_expect(
        eq(str, (char *)cleaned("kbo-unit", "2.144.097.205"), "2144097205"));
    cr_expect(eq(str, (char *)cleaned("phone", "+32 14"), "+32 14"));
}

Test(clean, knows_national_numbers)
{
    static const char *const good[] = {
        "84031499777", "91110299857", "03052799766", "06091999808",
        "87000099754", "79060099824", "90000199787", "95482199725",
        "98210999864", "01523099769", "86400099722", "85010101697"};
    static const char *const bad[] = {
        "84031499778", "8403149977",  "84131499750",
        "84331499793", "84031400007", "84031499975",
        "45031499763", "00000000000", ""};

    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(sk_insz_is_legal(engine(), sk_text(good[i])), "%s", good[i]);
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        cr_expect(not(sk_insz_is_legal(engine(), sk_text(bad[i]))), "%s",
                  bad[i]);
}

Test(clean, warns_of_days_that_no_month_has)
{
    cr_expect(sk_insz_is_odd(sk_text("84023099700"))); /* 30 February */
    cr_expect(sk_insz_is_odd(sk_text("84443199700"))); /* 31 April, bis */
    cr_expect(not(sk_insz_is_odd(sk_text("84022999700"))));
    cr_expect(not(sk_insz_is_odd(sk_text("84003199700")))); /* no month */
    cr_expect(not(sk_insz_is_odd(sk_text("840230"))));
}

/* The words of a name, joined by points. */
static const char *words(const char *name)
{
    static char out[512];
    struct sk_bytes rest = sk_text(name);
    struct sk_name_word word;
    size_t size = 0;

    out[0] = '\0';
    while (sk_name_next(&rest, &word))
        size += (size_t)snprintf(out + size, sizeof(out) - size, "%s%.*s",
                                 size > 0 ? "." : "", (int)word.size,
                                 (const char *)word.bytes);
    return out;
}

Test(clean, folds_the_words_of_a_name)
{
    cr_expect(
        eq(str, (char *)words("Anne-Marie  D'Hondt"), "anne.marie.d.hondt"));
    cr_expect(eq(str, (char *)words("ÉLOÏSE Ñandú"), "eloise.nandu"));
    cr_expect(
        eq(str, (char *)words("Şahin Øyvind Łukasz"), "sahin.oyvind.lukasz"));
    cr_expect(eq(str, (char *)words("a×b÷c"), "a.b.c"));
    cr_expect(eq(str, (char *)words("Ольга"), "Ольга"));
    cr_expect(eq(str, (char *)words(" -' "), ""));
}

/* A word that is cut in two where nobody sees it is one word. */
Test(clean, passes_over_what_nobody_sees)
{
    cr_expect(eq(str,
                 (char *)words("schul\xe2\x80\x8d"
                               "den"),
                 "schulden"));
    cr_expect(eq(str,
                 (char *)words("\xe2\x80\x8f"
                               "Sa\xc2\xadmira\xef\xb8\x8f"),
                 "samira"));
    cr_expect(eq(str,
                 (char *)words("a\xe2\x80\x89"
                               "b"),
                 "a\xe2\x80\x89"
                 "b"));
}

/* A word longer than the limit is cut, never written past. */
Test(clean, cuts_long_words)
{
    char name[200];
    struct sk_bytes rest;
    struct sk_name_word word;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    rest = sk_text(name);
    cr_assert(sk_name_next(&rest, &word));
    cr_expect(eq(sz, word.size, SK_NAME_WORD_MAX));
    cr_expect(not(sk_name_next(&rest, &word)));
}
