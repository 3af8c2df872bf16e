#include "tools/schakel/import.h"

#include <stdio.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/findings.h"
#include "protocol/utf8.h"

/* ------------------------------------------------------------- characters */

bool sk_import_explain_character(const char *value, bool name,
                                 struct sk_import_fault *out)
{
    struct sk_bytes text = sk_text(value);
    size_t place = 0;
    size_t at = 0;

    while (at < text.size) {
        uint32_t character = sk_utf8_next(text, &at);

        place++;
        if (character != SK_NO_CHARACTER &&
            (name ? sk_character_is_hidden(character)
                  : sk_character_deceives(character))) {
            out->code = "hidden-character";
            sk_import_fault_say(
                out,
                "teken %zu (U+%04X) is onzichtbaar of keert de leesrichting "
                "om.  Typ het stuk errond opnieuw in, zonder te kopiëren.",
                "character %zu (U+%04X) is invisible or turns the direction of "
                "reading.  Type the part around it again, without copying.",
                place, (unsigned)character);
            return true;
        }
        if (character == SK_NO_CHARACTER || character == '\n' ||
            sk_character_is_forbidden(character)) {
            out->code = "control-character";
            sk_import_fault_say(
                out,
                "teken %zu (U+%04X) is een stuurteken of een nieuwe regel.  "
                "Haal het weg.",
                "character %zu (U+%04X) is a control character or a new line.  "
                "Take it away.",
                place, (unsigned)character);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------- codes */

static void explain_insz(const char *value, struct sk_import_fault *out)
{
    out->code = "insz-invalid";
    if (strspn(value, "0123456789") == 11 && strlen(value) == 11)
        sk_import_fault_say(
            out,
            "dit rijksregisternummer kan niet: het controlegetal of de datum "
            "klopt niet.  Kijk het na op de identiteitskaart.",
            "this national number cannot be: its check digits or its date are "
            "wrong.  Look at the identity card.");
    else
        sk_import_fault_say(
            out,
            "schrijf de 11 cijfers van het rijksregister- of bisnummer; "
            "punten en streepjes mogen.",
            "write the 11 digits of the national or bis number; points and "
            "hyphens are allowed.");
}

static void explain_kbo(const char *value, struct sk_import_fault *out)
{
    if (strspn(value, "0123456789") == 10 && strlen(value) == 10)
        sk_import_fault_say(
            out,
            "dit ondernemingsnummer kan niet: het controlegetal klopt niet, "
            "of het is een vestigingsnummer.  Kijk het na in de KBO.",
            "this enterprise number cannot be: its check digits are wrong, or "
            "it is an establishment number.  Look it up in the KBO.");
    else
        sk_import_fault_say(out,
                            "schrijf de 10 cijfers van het ondernemingsnummer; "
                            "BE, punten en spaties mogen.",
                            "write the 10 digits of the enterprise number; BE, "
                            "points and spaces are allowed.");
}

static void explain_code(const struct sk_field *field, const char *value,
                         struct sk_import_fault *out)
{
    static const struct {
        const char *format;
        const char *nl;
        const char *en;
    } formats[] = {
        {"kbo-unit",
         "schrijf de 10 cijfers van het vestigingsnummer (het begint met 2 tot "
         "8), of kijk het controlegetal na",
         "write the 10 digits of the establishment number (it begins with 2 to "
         "8), or look at its check digits"},
        {"nis", "schrijf de NIS-code van de gemeente: 5 cijfers, zoals 13025",
         "write the NIS code of the municipality: 5 digits, like 13025"},
        {"esco",
         "schrijf de ESCO-code: 4 cijfers, dan misschien een punt en meer, "
         "zoals 8344.1",
         "write the ESCO code: 4 digits, then perhaps a point and more, like "
         "8344.1"},
        {"nace", "schrijf 4 cijfers", "write 4 digits"},
        {"isced-f", "schrijf 4 cijfers", "write 4 digits"},
        {"digits4", "schrijf 4 cijfers", "write 4 digits"},
        {"phone", "schrijf het nummer met landcode, zoals +32470000001",
         "write the number with its country code, like +32470000001"},
        {"email", "schrijf een e-mailadres", "write an e-mail address"},
        {"lang", "schrijf de taalcode in kleine letters, zoals nl of tzm",
         "write the code of the language in lower case, like nl or tzm"},
        {"uuid", "schrijf een UUID in kleine letters",
         "write a UUID in lower case"},
        {"urn", "schrijf een URN, zoals urn:uuid:...",
         "write a URN, like urn:uuid:..."},
        {"ref", "schrijf letters, cijfers en : . _ - (hoogstens 80)",
         "write letters, digits and : . _ - (80 at most)"},
    };

    if (sk_bytes_equal(field->format, sk_text("insz"))) {
        explain_insz(value, out);
        return;
    }
    if (sk_bytes_equal(field->format, sk_text("kbo"))) {
        explain_kbo(value, out);
        return;
    }
    for (size_t i = 0; i < SK_COUNT(formats); i++)
        if (sk_bytes_equal(field->format, sk_text(formats[i].format)))
            sk_import_fault_text(out, formats[i].nl, formats[i].en);
}

/* ------------------------------------------------------------- lists */

#define NAMED_MAX 12

/* "a, b, c", as many as fit, and how many more. */
static void list_values(const struct sk_code_list *list, bool dutch, char *out,
                        size_t size_max)
{
    size_t used = 0;
    size_t i = 0;

    out[0] = '\0';
    for (; i < list->count && i < NAMED_MAX; i++) {
        struct sk_bytes id = list->values[i].id;

        if (used + id.size + 24 >= size_max)
            break;
        used += (size_t)snprintf(out + used, size_max - used, "%s%.*s",
                                 i > 0 ? ", " : "", (int)id.size,
                                 (const char *)id.data);
    }
    if (i < list->count)
        snprintf(out + used, size_max - used,
                 dutch ? " (en nog %zu)" : " (and %zu more)", list->count - i);
}

static void explain_list(const struct sk_field *field, const char *value,
                         struct sk_import_fault *out)
{
    struct sk_hint hint = sk_hint_start(sk_text(value));
    struct sk_bytes best;
    char nl[320];
    char en[320];

    for (size_t i = 0; i < field->codelist->count; i++)
        sk_hint_offer(&hint, field->codelist->values[i].id);
    best = sk_hint_best(&hint);
    list_values(field->codelist, true, nl, sizeof(nl));
    list_values(field->codelist, false, en, sizeof(en));
    snprintf(out->nl, sizeof(out->nl),
             "deze waarde staat niet in de lijst%s%.*s%s.  Schrijf %s: %s",
             best.size > 0 ? " (bedoelde u '" : "", (int)best.size,
             best.size > 0 ? (const char *)best.data : "",
             best.size > 0 ? "'?)" : "",
             field->kind == SK_KIND_SET ? "een of meer, met | ertussen"
                                        : "een van",
             nl);
    snprintf(out->en, sizeof(out->en),
             "this value is not in the list%s%.*s%s.  Write %s: %s",
             best.size > 0 ? " (did you mean '" : "", (int)best.size,
             best.size > 0 ? (const char *)best.data : "",
             best.size > 0 ? "'?)" : "",
             field->kind == SK_KIND_SET ? "one or more, with | between them"
                                        : "one of",
             en);
}

/* ------------------------------------------------------------- others */

static void explain_text(const struct sk_field *field, const char *value,
                         struct sk_import_fault *out)
{
    size_t characters = 0;

    for (const char *c = value; *c != '\0'; c++)
        characters += (*c & 0xc0) != 0x80;
    if (characters <= field->max && value[strspn(value, " ")] != '\0') {
        sk_import_fault_say(
            out, "er staan spaties voor of achter.  Haal ze weg.",
            "there are spaces in front or behind.  Take them away.");
        return;
    }
    if (characters <= field->max) {
        out->code = "empty";
        sk_import_fault_say(out, "er staat niets in.  Vul het in.",
                            "there is nothing in it.  Fill it in.");
        return;
    }
    sk_import_fault_say(
        out, "te lang: %zu tekens, hoogstens %u.  Kort het in.",
        "too long: %zu characters, %u at most.  Make it shorter.", characters,
        (unsigned)field->max);
    out->code = "too-long";
}

/* Is it written as the pattern (9: a digit)? */
static bool is_like(const char *value, const char *pattern)
{
    for (; *pattern != '\0' && *value != '\0'; pattern++, value++) {
        bool digit = *value >= '0' && *value <= '9';

        if (*pattern == '9' ? !digit : *value != *pattern)
            return false;
    }
    return *pattern == '\0' && *value == '\0';
}

static void explain_date(const char *value, struct sk_import_fault *out)
{
    bool day = is_like(value, "9999-99-99");

    out->code = "bad-date";
    if (day && (memcmp(value, "19", 2) < 0 || memcmp(value, "21", 2) > 0))
        sk_import_fault_say(out,
                            "dit jaar kan niet: 1900 tot 2199.  Kijk het na.",
                            "this year cannot be: 1900 to 2199.  Look at it.");
    else if (day)
        sk_import_fault_say(out,
                            "deze dag bestaat niet.  Kijk dag en maand na.",
                            "this day does not exist.  Look at day and month.");
    else
        sk_import_fault_say(
            out,
            "schrijf de dag als JJJJ-MM-DD, zoals 2026-09-01 (in Excel: "
            "celeigenschappen, aangepast, jjjj-mm-dd).",
            "write the day as YYYY-MM-DD, like 2026-09-01 (in Excel: format "
            "cells, custom, yyyy-mm-dd).");
}

void sk_import_explain(const struct sk_field *field, const char *value,
                       struct sk_import_fault *out)
{
    switch (field->kind) {
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
        explain_text(field, value, out);
        return;
    case SK_KIND_ENUM:
    case SK_KIND_SET:
        explain_list(field, value, out);
        return;
    case SK_KIND_BOOL:
        sk_import_fault_say(out, "schrijf ja of nee.", "write yes or no.");
        return;
    case SK_KIND_NUMBER:
        sk_import_fault_say(
            out, "schrijf een getal van 0 tot %u, met hoogstens %u decimalen.",
            "write a number from 0 to %u, with %u decimals at most.",
            (unsigned)field->max, (unsigned)field->decimals);
        return;
    case SK_KIND_DATE:
        explain_date(value, out);
        return;
    case SK_KIND_DATETIME:
        sk_import_fault_say(
            out,
            "schrijf dag en uur als JJJJ-MM-DDTUU:MM, een moment dat er is.",
            "write day and time as YYYY-MM-DDTHH:MM, a moment that exists.");
        return;
    case SK_KIND_WEEK:
        sk_import_fault_say(out,
                            "schrijf de week als JJJJ-Www, zoals 2026-W36.",
                            "write the week as YYYY-Www, like 2026-W36.");
        return;
    case SK_KIND_BIRTHDATE:
        if (is_like(value, "9999-99-99")) {
            explain_date(value, out);
            return;
        }
        out->code = "bad-date";
        sk_import_fault_say(
            out, "schrijf JJJJ-MM-DD, of JJJJ-MM of JJJJ als dat alles is.",
            "write YYYY-MM-DD, or YYYY-MM or YYYY when that is all.");
        return;
    case SK_KIND_CODE:
        explain_code(field, value, out);
        return;
    }
}
