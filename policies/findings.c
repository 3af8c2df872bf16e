#include "policies/findings.h"

#include <string.h>

#include "policies/texts.h"
#include "protocol/utf8.h"

#define ARGUMENT_SIZE_MAX 160
#define WORD_SIZE_MAX 128

enum language { NL, EN };

/* Where a message is written; data NULL only counts. */
struct out {
    char *data;
    size_t size;
};

struct arguments {
    const struct sk_argument *list;
    size_t count;
    bool phrases; /* the code has {what}, {detail} or {type} as a phrase */
};

struct sk_findings sk_findings_start(struct sk_arena *arena)
{
    return (struct sk_findings){.arena = arena};
}

struct sk_bytes sk_number_format(uint64_t number, char out[21])
{
    char digits[21];
    size_t at = sizeof(digits);
    size_t size;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    size = sizeof(digits) - at;
    memcpy(out, digits + at, size);
    if (size < 21)
        out[size] = '\0';
    return (struct sk_bytes){(const uint8_t *)out, size};
}

/* ---------------------------------------------------------------- messages */

static void put(struct out *out, char c)
{
    if (out->data != NULL)
        out->data[out->size] = c;
    out->size++;
}

static void put_text(struct out *out, const char *text)
{
    while (*text != '\0')
        put(out, *text++);
}

/* A value from a file: on one line, and not longer than anybody reads. */
static void put_value(struct out *out, struct sk_bytes value)
{
    size_t size = value.size;

    if (size > ARGUMENT_SIZE_MAX) {
        size = ARGUMENT_SIZE_MAX;
        while (size > 0 && (value.data[size] & 0xc0) == 0x80)
            size--;
    }
    for (size_t i = 0; i < size; i++)
        put(out, value.data[i] < 0x20 ? ' ' : (char)value.data[i]);
    if (size < value.size)
        put_text(out, "...");
}

static bool is_name(const char *name, struct sk_bytes text)
{
    return sk_bytes_equal(sk_text(name), text);
}

static bool is_phrase_name(struct sk_bytes name)
{
    return is_name("what", name) || is_name("detail", name) ||
           is_name("type", name);
}

/* In the other codes {what} is a word of the file, which is never translated.
 */
static bool has_phrases(const char *code)
{
    static const char codes[][5] = {"E001", "E005", "E008",
                                    "E009", "E019", "E095"};

    for (size_t i = 0; i < SK_COUNT(codes); i++) {
        if (strcmp(codes[i], code) == 0)
            return true;
    }
    return false;
}

static void put_template(struct out *out, const char *template,
                         const struct arguments *arguments,
                         enum language language, bool inner);

static void put_hint(struct out *out, struct sk_bytes word,
                     enum language language)
{
    if (word.size == 0)
        return;
    put_text(out, language == NL ? " Bedoelde u '" : " Did you mean '");
    put_value(out, word);
    put_text(out, "'?");
}

static void put_cut(struct out *out, struct sk_bytes rule,
                    enum language language)
{
    if (rule.size == 0)
        return;
    put_text(out, language == NL ? "; nu beperkt '" : "; now '");
    put_value(out, rule);
    put_text(out, language == NL ? "' het" : "' limits it");
}

/* A phrase may hold placeholders itself, one level deep. */
static void put_phrase(struct out *out, const struct sk_argument *argument,
                       const struct arguments *arguments,
                       enum language language)
{
    const struct sk_phrase *phrase = sk_phrase_find(argument->text);

    if (phrase == NULL)
        put_value(out, argument->text);
    else
        put_template(out, language == NL ? phrase->nl : phrase->en, arguments,
                     language, /* inner */ true);
}

static void put_argument(struct out *out, struct sk_bytes name,
                         const struct arguments *arguments,
                         enum language language, bool inner)
{
    for (size_t i = 0; i < arguments->count; i++) {
        const struct sk_argument *argument = &arguments->list[i];

        if (!is_name(argument->name, name))
            continue;
        if (is_name("hint", name))
            put_hint(out, argument->text, language);
        else if (is_name("cut", name))
            put_cut(out, argument->text, language);
        else if (!inner && arguments->phrases && is_phrase_name(name))
            put_phrase(out, argument, arguments, language);
        else
            put_value(out, argument->text);
        return;
    }
}

static void put_template(struct out *out, const char *template,
                         const struct arguments *arguments,
                         enum language language, bool inner)
{
    while (*template != '\0') {
        const char *end = *template == '{' ? strchr(template, '}') : NULL;
        struct sk_bytes name;

        if (end == NULL) {
            put(out, *template ++);
            continue;
        }
        name.data = (const uint8_t *)template + 1;
        name.size = (size_t)(end - template) - 1;
        put_argument(out, name, arguments, language, inner);
        template = end + 1;
    }
}

static const char *build(struct sk_arena *arena, const char *template,
                         const struct arguments *arguments,
                         enum language language)
{
    struct out out = {NULL, 0};

    put_template(&out, template, arguments, language, /* inner */ false);
    out.data = sk_arena_get(arena, out.size + 1); /* zeroed */
    if (out.data == NULL)
        return NULL;
    out.size = 0;
    put_template(&out, template, arguments, language, /* inner */ false);
    return out.data;
}

/* ---------------------------------------------------------------- list */

static bool is_same_file(const struct sk_finding *finding, const char *file)
{
    return strcmp(finding->place.file, file) == 0;
}

/* POLICY.md 3.7: how many of this kind the file has already. */
static size_t kept(const struct sk_findings *findings, char kind,
                   const char *file)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].code[0] == kind &&
            is_same_file(&findings->list[i], file))
            count++;
    }
    return count;
}

static struct sk_finding *append(struct sk_findings *findings)
{
    if (findings->count == findings->count_max) {
        size_t count_max =
            findings->count_max == 0 ? 8 : findings->count_max * 2;
        struct sk_finding *list =
            sk_arena_get_array(findings->arena, count_max, sizeof(*list));

        if (list == NULL)
            return NULL;
        if (findings->count != 0)
            memcpy(list, findings->list, findings->count * sizeof(*list));
        findings->list = list;
        findings->count_max = count_max;
    }
    return &findings->list[findings->count];
}

void sk_findings_add(struct sk_findings *findings, const char *code,
                     struct sk_place place, const struct sk_argument *list,
                     size_t count)
{
    const struct sk_template *template = sk_template_find(code);
    struct arguments arguments = {list, count, has_phrases(code)};
    struct sk_finding finding = {.place = place};
    struct sk_finding *at;

    assert(template != NULL);
    assert(place.file != NULL);

    if (code[0] == 'E')
        findings->errors++;
    else
        findings->warnings++;
    if (kept(findings, code[0], place.file) >= SK_FINDINGS_PER_FILE_MAX)
        return;
    memcpy(finding.code, template->code, sizeof(finding.code));
    finding.nl = build(findings->arena, template->nl, &arguments, NL);
    finding.en = build(findings->arena, template->en, &arguments, EN);
    at = append(findings);
    /* A full arena is remembered there; what counts, the number, is kept. */
    if (at == NULL || finding.nl == NULL || finding.en == NULL)
        return;
    *at = finding;
    findings->count++;
}

size_t sk_findings_errors(const struct sk_findings *findings, const char *file)
{
    return kept(findings, 'E', file);
}

bool sk_findings_has(const struct sk_findings *findings, const char *code)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->list[i].code, code) == 0)
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- hints */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

size_t sk_edit_distance(struct sk_bytes a, struct sk_bytes b)
{
    size_t row[WORD_SIZE_MAX + 1];

    if (a.size > WORD_SIZE_MAX || b.size > WORD_SIZE_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            size_t replace = diagonal + (a.data[i - 1] != b.data[j - 1]);

            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replace);
        }
    }
    return row[b.size];
}

struct sk_hint sk_hint_start(struct sk_bytes word)
{
    return (struct sk_hint){.word = word, .distance = SIZE_MAX};
}

void sk_hint_offer(struct sk_hint *hint, struct sk_bytes choice)
{
    size_t distance = sk_edit_distance(hint->word, choice);

    if (distance < hint->distance) {
        hint->distance = distance;
        hint->best = choice;
    }
}

/* As people read it: no capitals, also those of Latin-1, and one space. */
static uint32_t plain(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
        return c + 0x20;
    return c == '.' || c == '_' || c == '-' || c == 0xa0 ? ' ' : c;
}

/* The next character that counts; 0 at the end. */
static uint32_t next_read(struct sk_bytes text, size_t *at)
{
    bool first = *at == 0;
    bool space = false;

    while (*at < text.size) {
        size_t before = *at;
        uint32_t c = plain(sk_utf8_next(text, at));

        if (c == SK_NO_CHARACTER)
            c = text.data[(*at)++];
        if (c == ' ') {
            space = true;
        } else if (!sk_character_is_hidden(c)) {
            if (!space || first)
                return c;
            *at = before;
            return ' ';
        }
    }
    return 0;
}

bool sk_names_alike(struct sk_bytes a, struct sk_bytes b)
{
    size_t at_a = 0;
    size_t at_b = 0;
    bool any = false;
    uint32_t c;

    while ((c = next_read(a, &at_a)) == next_read(b, &at_b)) {
        if (c == 0)
            return any;
        any = true;
    }
    return false;
}

uint64_t sk_name_sum(struct sk_bytes name)
{
    uint64_t sum = 0;
    size_t at = 0;
    uint32_t c;

    while ((c = next_read(name, &at)) != 0)
        sum = sum * 31 + c;
    return sum;
}

bool sk_name_is_blank(struct sk_bytes name)
{
    size_t at = 0;

    return next_read(name, &at) == 0;
}

void sk_hint_offer_label(struct sk_hint *hint, struct sk_bytes choice,
                         struct sk_bytes nl, struct sk_bytes en)
{
    sk_hint_offer(hint, choice);
    if (hint->labelled.size == 0 &&
        (sk_names_alike(hint->word, nl) || sk_names_alike(hint->word, en)))
        hint->labelled = choice;
}

struct sk_bytes sk_hint_best(const struct sk_hint *hint)
{
    size_t max = hint->word.size / 4 > 2 ? hint->word.size / 4 : 2;

    return hint->distance <= max ? hint->best : hint->labelled;
}
