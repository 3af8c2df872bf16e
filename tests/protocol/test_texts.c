#include "support.h"

#include <glob.h>

#include "protocol/form.h"
#include "protocol/message.h"
#include "protocol/texts.h"

Test(texts, are_sorted_codes)
{
    for (size_t i = 0; i < sk_codes_count; i++) {
        struct sk_bytes code = sk_text(sk_codes[i].code);

        cr_expect(sk_word_is_legal(code), "%s", sk_codes[i].code);
        cr_expect(le(sz, code.size, SK_CODE_SIZE_MAX), "%s fits a refusal",
                  sk_codes[i].code);
        cr_expect(i == 0 || strcmp(sk_codes[i - 1].code, sk_codes[i].code) < 0,
                  "%s", sk_codes[i].code);
        cr_expect(eq(ptr, (void *)sk_code_find(code), (void *)&sk_codes[i]),
                  "%s", sk_codes[i].code);
    }
}

/* A sentence without full stop, and a step with one; in both languages. */
Test(texts, say_what_happened_and_what_to_do)
{
    for (size_t i = 0; i < sk_codes_count; i++) {
        const struct sk_code *c = &sk_codes[i];
        const char *const texts[] = {c->nl, c->en, c->next_nl, c->next_en};

        for (size_t j = 0; j < SK_COUNT(texts); j++) {
            size_t size;

            cr_assert(texts[j] != NULL, "%s", c->code);
            size = strlen(texts[j]);
            cr_expect(ge(sz, size, 5), "%s", c->code);
            cr_expect(sk_text_is_legal(sk_text(texts[j]), 160), "%s", c->code);
            cr_expect(eq(int, texts[j][size - 1] == '.', j >= 2), "%s: %s",
                      c->code, texts[j]);
        }
        cr_expect(ne(str, (char *)c->nl, (char *)c->en), "%s", c->code);
        cr_expect(eq(ptr, (void *)sk_code_text(c->code, true), (void *)c->nl));
        cr_expect(eq(ptr, (void *)sk_code_text(c->code, false), (void *)c->en));
        cr_expect(
            eq(ptr, (void *)sk_code_next(c->code, true), (void *)c->next_nl));
        cr_expect(
            eq(ptr, (void *)sk_code_next(c->code, false), (void *)c->next_en));
    }
}

Test(texts, know_no_other_code)
{
    static const char *const unknown[] = {"",   "a",   "zzz", "gapp",
                                          "ga", "Gap", "gap "};

    for (size_t i = 0; i < SK_COUNT(unknown); i++) {
        cr_expect(eq(ptr, (void *)sk_code_text(unknown[i], true), NULL));
        cr_expect(eq(ptr, (void *)sk_code_next(unknown[i], false), NULL));
    }
}

/* The words of DOMAIN.md 9.1: which to use on a screen, and which not. */
Test(texts, use_the_words_of_the_field)
{
    static const char *const avoided[] = {
        "cliënt",
        "dossier",
        "toestemming",
        "derden",
        "weiger",
        "beëindig",
        "pseudoniem",
        "monitoring",
        /* One word for who signs, and one for what is signed. */
        "officier",
        "verantwoordelijke voor",
        "deelregels",
        /* Stewards are "hoeders": a "beheerder" is the operator. */
        "beheerders",
    };

    for (size_t i = 0; i < sk_codes_count; i++)
        for (size_t j = 0; j < SK_COUNT(avoided); j++) {
            cr_expect(eq(ptr, (void *)strstr(sk_codes[i].nl, avoided[j]), NULL),
                      "%s", sk_codes[i].code);
            cr_expect(
                eq(ptr, (void *)strstr(sk_codes[i].next_nl, avoided[j]), NULL),
                "%s", sk_codes[i].code);
        }
}

/* POLICY.md 8.6, DOMAIN.md 8, CONTROL.md 4, PROTOCOL.md 8.8. */
Test(texts, cover_the_codes_of_the_pages)
{
    static const char *const codes[] = {
        "owner-suspended",
        "unknown-recipient",
        "recipient-is-owner",
        "recipient-suspended",
        "purpose-forbidden",
        "unknown-purpose",
        "purpose-too-broad",
        "unknown-event-type",
        "malformed-event",
        "not-source",
        "from-authentic-source",
        "recipient-is-employer",
        "forbidden",
        "no-rule",
        "not-yet-valid",
        "no-longer-valid",
        "where-not-met",
        "too-old",
        "retention-already-over",
        "recipient-cannot-honour",
        "not-linked",
        "objection",
        "consent-missing",
        "consent-refused",
        "consent-withdrawn",
        "consent-expired",
        "consent-wrong-giver",
        "consent-not-explicit",
        "nothing-left",
        "limited",
        "consent",
        "not-granted",
        "wrong-state",
        "stale-epoch",
        "recalled",
        "duplicate",
        "expired",
        "local-only",
        "sensitive-text",
        "discovery-secrecy",
        "discovery-no-consent",
        "discovery-quota",
        "consent-not-leaf",
        "consent-too-long",
        "consent-no-notice",
        "consent-no-relation",
        "bad-request",
        "unknown-op",
        "missing-argument",
        "unknown-argument",
        "bad-argument",
        "bad-envelope",
        "bad-signature",
        "bad-seal",
        "wrong-recipient",
        "wrong-sealing-key",
        "wrong-incarnation",
        "gap",
        "unknown-partner",
        "suspended",
        "malformed-item",
        "too-large",
    };

    for (size_t i = 0; i < SK_COUNT(codes); i++)
        cr_expect(ne(ptr, (void *)sk_code_text(codes[i], true), NULL), "%s",
                  codes[i]);
}

/* -------------------------------------- whatever the engine refuses with */

/* The word in quotes at `at`, when it looks like a code. */
static bool code_at(const char *at, char out[64])
{
    size_t size = strcspn(at, "\"\n");

    if (at[size] != '"' || size == 0 || size > 63)
        return false;
    memcpy(out, at, size);
    out[size] = '\0';
    return true;
}

static size_t check_codes_in(const char *path, const char *call)
{
    static char text[400000];
    FILE *f = fopen(path, "r");
    size_t count = 0;
    char *at = text;

    cr_assert(f != NULL);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    while ((at = strstr(at, call)) != NULL) {
        char code[64];

        at += strlen(call);
        if (!code_at(at, code))
            continue;
        cr_expect(ne(ptr, (void *)sk_code_text(code, true), NULL),
                  "%s: %s has no words", path, code);
        count++;
    }
    return count;
}

Test(texts, cover_every_refusal_of_the_engine)
{
    static const char *const calls[] = {
        "sk_refuse(e, \"",
        "sk_refuse_reason(e, \"",
        "sk_refuse_findings(e, \"",
        "*refusal = \"",
        "bad(\"",
        "sk_wire_refuse(e, s, \"",
    };
    glob_t paths;
    size_t count = 0;

    cr_assert(eq(int, glob("node/engine/*.c", 0, NULL, &paths), 0));
    for (size_t i = 0; i < paths.gl_pathc; i++)
        for (size_t j = 0; j < SK_COUNT(calls); j++)
            count += check_codes_in(paths.gl_pathv[i], calls[j]);
    globfree(&paths);
    cr_expect(ge(sz, count, 50), "the calls are still spelled like that");
}
