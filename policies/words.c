#include "policies/words.h"

#include <string.h>

/* ---------------------------------------------------------------- levels */

struct level_words {
    const char *level;
    const char *nl;
    const char *en;
};

static const struct level_words level_words[] = {
    {"drop", "niets", "nothing"},
    {"present", "alleen dat het er is", "only that there is one"},
    {"initial", "alleen de eerste letter", "only the first letter"},
    {"year", "alleen het jaar", "only the year"},
    {"quarter", "alleen het kwartaal", "only the quarter"},
    {"month", "alleen de maand", "only the month"},
    {"day", "alleen de dag", "only the day"},
    {"age3", "alleen de leeftijd: jong, midden of ouder",
     "only the age: young, middle or older"},
    {"age5", "alleen de leeftijd, per vijf jaar",
     "only the age, by five years"},
    {"exact", "precies", "in full"},
};

static struct sk_bytes join(struct sk_arena *arena, const char *before,
                            struct sk_bytes middle, const char *after)
{
    size_t head = strlen(before);
    size_t tail = strlen(after);
    uint8_t *text = sk_arena_get(arena, head + middle.size + tail + 1);

    if (text == NULL)
        return (struct sk_bytes){NULL, 0};
    memcpy(text, before, head);
    if (middle.size != 0)
        memcpy(text + head, middle.data, middle.size);
    memcpy(text + head + middle.size, after, tail);
    return (struct sk_bytes){text, head + middle.size + tail};
}

/* The label of a grouping or of bands, or NULL. */
static const struct sk_label *label_of(const struct sk_field *field,
                                       struct sk_bytes level)
{
    if (field->kind == SK_KIND_ENUM) {
        const struct sk_code_list *list = field->codelist;

        for (size_t i = 0; i < list->groupings_count; i++) {
            if (sk_bytes_equal(list->groupings[i].level, level))
                return &list->groupings[i].label;
        }
    }
    for (size_t i = 0; i < field->bands_count; i++) {
        if (sk_bytes_equal(field->bands[i].level, level))
            return &field->bands[i].label;
    }
    return NULL;
}

struct sk_label sk_level_words(const struct sk_field *field, uint8_t level,
                               struct sk_arena *arena)
{
    const struct sk_label *own;
    struct sk_label out;
    struct sk_bytes name;
    struct sk_bytes digits;
    bool one;

    assert(level < field->levels_count);

    name = field->levels[level];
    own = label_of(field, name);
    if (own != NULL) {
        out.nl = join(arena, "alleen: ", own->nl, "");
        out.en = join(arena, "only: ", own->en, "");
        return out;
    }
    if (field->kind == SK_KIND_SET && sk_bytes_equal(name, sk_text("present")))
        return (struct sk_label){sk_text("alleen dat er zijn"),
                                 sk_text("only that there are some")};
    for (size_t i = 0; i < SK_COUNT(level_words); i++) {
        if (sk_bytes_equal(name, sk_text(level_words[i].level)))
            return (struct sk_label){sk_text(level_words[i].nl),
                                     sk_text(level_words[i].en)};
    }
    /* prefix2: the only names that are made, not listed (6.1). */
    digits = (struct sk_bytes){name.data + strlen("prefix"),
                               name.size - strlen("prefix")};
    one = sk_bytes_equal(digits, sk_text("1"));
    out.nl = join(arena, "alleen de groep: eerste ", digits,
                  one ? " teken van de code" : " tekens van de code");
    out.en = join(arena, "only the group: first ", digits,
                  one ? " character of the code" : " characters of the code");
    return out;
}

const char *sk_withheld_words(enum sk_withheld withheld, bool dutch)
{
    switch (withheld) {
    case SK_SENT:
        return dutch ? "gaat mee" : "goes";
    case SK_WITHHELD_FORBIDDEN:
        return dutch ? "een verbod houdt dit veld tegen"
                     : "a prohibition stops this field";
    case SK_WITHHELD_LIMITED:
        return dutch ? "een beperking laat er niets van over"
                     : "a limit leaves nothing of it";
    case SK_WITHHELD_CONSENT:
        return dutch ? "er is geen akkoord voor" : "there is no consent for it";
    case SK_WITHHELD_NOT_GRANTED:
        return dutch ? "geen regel die hier geldt, deelt dit veld"
                     : "no rule that counts here shares this field";
    }
    return "";
}

const char *sk_fault_words(enum sk_fault fault, bool dutch)
{
    switch (fault) {
    case SK_FAULT_NONE:
        return "";
    case SK_FAULT_SUBJECT:
        return dutch ? "de gebeurtenis zegt niet over wie ze gaat ('subject')"
                     : "the event does not say whom it is about ('subject')";
    case SK_FAULT_OCCURRED:
        return dutch ? "'occurred' is geen dag, of ligt in de toekomst"
                     : "'occurred' is not a day, or lies in the future";
    case SK_FAULT_PROVENANCE:
        return dutch ? "'provenance' is own of authentic-source"
                     : "'provenance' is own or authentic-source";
    case SK_FAULT_UNKNOWN:
        return dutch ? "dit veld staat niet in de woordenlijst"
                     : "the vocabulary does not have this field";
    case SK_FAULT_CARRIED:
        return dutch ? "deze gebeurtenis heeft dit veld niet"
                     : "this event does not carry this field";
    case SK_FAULT_VALUE:
        return dutch ? "dit is geen waarde die dit veld kan hebben, of het "
                       "staat er twee keer"
                     : "this is not a value that this field can have, or it "
                       "is given twice";
    case SK_FAULT_MISSING:
        return dutch ? "dit verplichte veld heeft geen waarde"
                     : "this required field has no value";
    }
    return "";
}

/* ---------------------------------------------------------------- remedies */

struct remedy {
    const char *reason;
    const char *nl;
    const char *en;
};

static const struct remedy remedies[] = {
    {"owner-suspended",
     "de federatie moet de schorsing van uw organisatie opheffen",
     "the federation has to lift the suspension of your organisation"},
    {"unknown-recipient",
     "de federatie moet deze organisatie op de ledenlijst zetten; kijk eerst "
     "of de naam juist is",
     "the federation has to put this organisation in the roster; first check "
     "its name"},
    {"recipient-is-owner", "kies een andere ontvanger",
     "choose another recipient"},
    {"recipient-suspended",
     "deze partner krijgt niets zolang de ledenlijst hem geschorst of "
     "vertrokken noemt",
     "this partner gets nothing as long as the roster calls it suspended or "
     "left"},
    {"purpose-forbidden", "niets: dit doel kan in dit netwerk nooit",
     "nothing: this purpose can never exist in this network"},
    {"unknown-purpose", "kies een doel uit de woordenlijst",
     "choose a purpose of the vocabulary"},
    {"purpose-too-broad", "kies een van de doelen hieronder in de boom",
     "choose one of the purposes under it"},
    {"unknown-event-type", "kies een gebeurtenis uit de woordenlijst",
     "choose an event of the vocabulary"},
    {"malformed-event",
     "vul de verplichte velden in, met waarden die de woordenlijst kent; de "
     "datum mag niet in de toekomst liggen",
     "fill in the required fields with values that the vocabulary knows; the "
     "date must not lie in the future"},
    {"not-source",
     "niets: alleen de organisatie die dit optekende, kan het delen",
     "nothing: only the organisation that recorded this can share it"},
    {"from-authentic-source",
     "niets: de partner vraagt dit zelf op bij de bron (MAGDA, KSZ)",
     "nothing: the partner asks the source itself (MAGDA, KSZ)"},
    {"recipient-is-employer",
     "niets, zolang deze organisatie de gewone werkgever is",
     "nothing, as long as this organisation is the regular employer"},
};

const char *sk_reason_remedy(const char *reason, bool dutch)
{
    for (size_t i = 0; i < SK_COUNT(remedies); i++) {
        if (strcmp(remedies[i].reason, reason) == 0)
            return dutch ? remedies[i].nl : remedies[i].en;
    }
    return NULL;
}
