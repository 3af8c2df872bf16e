#include "tools/schakel/cmd_report.h"

#include <string.h>

#include "policies/civil.h"
#include "policies/reading.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

/*
 * Short sentences, one idea a line, no abbreviations, no legal words
 * (CONSENT.md 7.1).  From the records that steer the node, so it says what
 * happened and nothing better.
 */

const struct sk_command sk_report_commands[] = {
    {.name = "participant report",
     .operands = "PARTICIPANT",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "druk af voor de deelnemer: wie kreeg wat",
     .en = "print for the participant: who got what",
     .more_nl = "Alles wat dit knooppunt over de deelnemer deelde: met wie, "
                "waarom, wat, hoe precies,\ntot wanneer, en of het gewist is.  "
                "Voor de deelnemer zelf, op papier of op scherm.\n",
     .more_en = "Everything this node shared about the participant: with whom, "
                "why, what, how\nprecisely, until when, and whether it was "
                "erased.  For the participant.\n",
     .options = {{"dir", "DIR", false, false,
                  "de map van het knooppunt (of SCHAKEL_DIR)",
                  "the node's folder (or SCHAKEL_DIR)"},
                 SK_BREAK_GLASS}},
    {.name = "participant export",
     .operands = "PARTICIPANT",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "alles over een deelnemer als bestand, voor de deelnemer",
     .en = "all there is about a participant as a file, for the participant",
     .more_nl =
         "JSON op het scherm (AVG art. 15 en 20): wat hier genoteerd is, "
         "wat gedeeld werd en\nwat partners stuurden.  De vorm: "
         "docs/EXPORT.md.  Dat u keek, wordt bewaard.\n",
     .more_en = "JSON on standard output (GDPR art. 15 and 20): what was "
                "recorded here, what was\nshared and what partners sent.  The "
                "form: docs/EXPORT.md.  That you looked is kept.\n",
     .options = {{"dir", "DIR", false, false,
                  "de map van het knooppunt (of SCHAKEL_DIR)",
                  "the node's folder (or SCHAKEL_DIR)"},
                 SK_BREAK_GLASS}},
    {0},
};

struct report {
    struct sk_glossary *glossary;
    json_t *status;
    json_t *person;
    json_t *shared;
    json_t *policy;
    bool dutch;
};

static const char *say(const struct report *r, const char *nl, const char *en)
{
    return r->dutch ? nl : en;
}

/* "4 mei 2027"; static. */
static const char *words_of_day(const struct report *r, int32_t day)
{
    static char room[4][32];
    static unsigned next;
    char *out = room[next++ % 4];
    struct sk_date date = sk_date_of_day(day);

    snprintf(out, sizeof(room[0]), "%u %s %d", date.day,
             sk_month_name(date.month, r->dutch), date.year);
    return out;
}

/* The same of a DATE or INSTANT; what is neither, as it is. */
static const char *day_words(const struct report *r, const char *text)
{
    int64_t instant;
    int32_t day;

    if (sk_instant_parse(sk_text(text), &instant))
        return words_of_day(r, sk_civil_day(instant));
    return sk_day_parse(sk_text(text), &day) ? words_of_day(r, day) : text;
}

static const char *called(const struct report *r, const char *id)
{
    return sk_glossary_word(r->glossary, id);
}

/* CONSENT.md 7.2: the sentence of the purpose. */
static const char *why_words(const struct report *r, const char *id)
{
    const struct sk_vocabulary *v =
        r->glossary == NULL ? NULL : sk_glossary_vocabulary(r->glossary);
    uint16_t at = v == NULL ? SK_NONE : sk_vocabulary_purpose(v, sk_text(id));
    struct sk_bytes text;
    static char room[512];

    if (at == SK_NONE)
        return called(r, id);
    text = r->dutch ? v->purposes[at].sentence.nl : v->purposes[at].sentence.en;
    if (text.size == 0)
        return called(r, id);
    snprintf(room, sizeof(room), "%.*s", (int)text.size,
             (const char *)text.data);
    return room;
}

/* A line with the words in the places of {}. */
static void print_line(const struct report *r, const char *nl, const char *en,
                       const char *const words[3])
{
    const char *text = say(r, nl, en);
    size_t next = 0;

    fputs("   ", stdout);
    for (; *text != '\0'; text++) {
        if (text[0] == '{' && text[1] == '}' && next < 3) {
            fputs(words[next++], stdout);
            text++;
        } else {
            putchar(*text);
        }
    }
    putchar('\n');
}
#define LINE(r, nl, en, ...)                                                   \
    print_line(r, nl, en, (const char *const[3]){__VA_ARGS__})

/* ------------------------------------------------------------- one message */

/* 4.7: of a field that was asked back, what the partner answered. */
static const char *recalled_words(const struct report *r, const json_t *message)
{
    const char *recall = sk_json_text(message, "recall");

    if (strcmp(recall, "confirmed") == 0)
        return say(r, " - gewist", " - erased");
    if (strcmp(recall, "kept") == 0)
        return say(r, " - moet bewaard blijven", " - must be kept");
    return say(r, " - gevraagd om te wissen", " - asked to be erased");
}

static void print_fields(const struct report *r, const json_t *message,
                         bool sent)
{
    const json_t *fields = json_object_get(message, "fields");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        const char *name = sk_json_text(field, "field");
        const char *precise;

        if ((strcmp(sk_json_text(field, "outcome"), "sent") == 0) != sent)
            continue;
        if (count++ == 0)
            printf("%s\n", sent ? say(r, "   Wat we deelden:", "   We shared:")
                                : say(r, "   Wat we niet deelden:",
                                      "   We did not share:"));
        printf("     - %s", called(r, name));
        precise = sent ? sk_glossary_level(r->glossary, name,
                                           sk_json_text(field, "level"))
                       : "";
        if (precise[0] != '\0')
            printf(" (%s)", precise);
        if (json_is_true(json_object_get(field, "recalled")))
            printf("%s", recalled_words(r, message));
        putchar('\n');
    }
    if (sent && count == 0)
        puts(say(r, "   We zeiden alleen dat dit gebeurd is.",
                 "   We only said that this happened."));
}

/* GDPR art. 19: what was wrong, and who was told. */
static void print_corrections(const struct report *r, const json_t *message)
{
    const json_t *list = json_object_get(message, "corrections");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *confirmed = sk_json_text(one, "confirmed");
        const char *field;
        const json_t *what;

        json_object_foreach(
            json_object_get(one, "fields"), field,
            what) if (strcmp(json_string_value(what), "value") == 0)
            LINE(r, "Dit was fout: {}.  We stuurden wat juist is.",
                 "This was wrong: {}.  We sent what is right.",
                 called(r, field));
        else if (strcmp(json_string_value(what), "wrong") == 0)
            LINE(r, "Dit was fout: {}.  We zeiden: gebruik dit niet meer.",
                 "This was wrong: {}.  We said: do not use this any more.",
                 called(r, field));
        else LINE(r, "Dit was fout: {}.  De verbetering vertrekt nog.",
                  "This was wrong: {}.  The correction still has to leave.",
                  called(r, field));
        if (confirmed[0] != '\0')
            LINE(r, "{} nam het over op {}.", "{} took it over on {}.",
                 called(r, sk_json_text(message, "to")),
                 day_words(r, confirmed));
    }
}

/* The rule in the policy of today; NULL when it is not there any more. */
static const json_t *rule_of(const struct report *r, const char *id)
{
    const json_t *rules = json_object_get(r->policy, "rules");

    for (size_t i = 0; i < json_array_size(rules); i++)
        if (strcmp(sk_json_text(json_array_get(rules, i), "id"), id) == 0)
            return json_array_get(rules, i);
    return NULL;
}

static void print_rules(const struct report *r, const json_t *message)
{
    const json_t *rules = json_object_get(message, "rules");
    bool same = strcmp(sk_json_text(message, "policy"),
                       sk_json_text(r->policy, "policy")) == 0;

    for (size_t i = 0; i < json_array_size(rules); i++) {
        const char *id = json_string_value(json_array_get(rules, i));
        const json_t *rule = same && id != NULL ? rule_of(r, id) : NULL;

        if (id == NULL)
            continue;
        if (rule == NULL)
            LINE(r, "Onze regel van toen: {} (beleid {})",
                 "Our rule of then: {} (policy {})", id,
                 sk_json_text(message, "policy"));
        else
            printf("   %s: %s\n   %s: %s\n", say(r, "Onze regel", "Our rule"),
                   sk_json_text(rule, "text")[0] == '\0'
                       ? id
                       : sk_json_text(rule, "text"),
                   say(r, "Dit mag volgens", "This is allowed by"),
                   sk_json_text(rule, "reference"));
    }
}

/* The consent with this id, or NULL. */
static const json_t *consent_of(const struct report *r, const char *id)
{
    const json_t *all = json_object_get(r->person, "consents");

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);

        if (strcmp(sk_json_text(one, "consent"), id) == 0)
            return one;
    }
    return NULL;
}

/* Who said yes (CONSENT.md 3.4). */
static void print_yes(const struct report *r, const json_t *consent)
{
    const char *giver = sk_json_text(consent, "given_by");
    const char *day = day_words(r, sk_json_text(consent, "at"));

    if (strcmp(giver, "parent") == 0)
        LINE(r, "Je ouder zei ja op {}.", "Your parent said yes on {}.", day);
    else if (strcmp(giver, "self-and-parent") == 0)
        LINE(r, "Jij en je ouder zeiden ja op {}.",
             "You and your parent said yes on {}.", day);
    else if (strcmp(giver, "administrator") == 0)
        LINE(r, "Je bewindvoerder zei ja op {}.",
             "Your administrator said yes on {}.", day);
    else if (strcmp(giver, "self-and-administrator") == 0)
        LINE(r, "Jij en je bewindvoerder zeiden ja op {}.",
             "You and your administrator said yes on {}.", day);
    else
        LINE(r, "Je zei ja op {}.", "You said yes on {}.", day);
}

static void print_consents(const struct report *r, const json_t *message)
{
    const json_t *ids = json_object_get(message, "consents");
    const char *last = "";

    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        const json_t *consent = id == NULL ? NULL : consent_of(r, id);
        const char *day = sk_json_text(consent, "at");

        if (consent == NULL || strncmp(day, last, 10) == 0)
            continue;
        last = day;
        print_yes(r, consent);
    }
}

/* Is a day before today? */
static bool is_past(const struct report *r, const char *day)
{
    return strncmp(day, sk_json_text(r->status, "now"), 10) < 0;
}

/* What became of it, and what was asked back (4.7). */
static void print_state(const struct report *r, const json_t *message)
{
    const char *state = sk_json_text(message, "state");
    const char *recall = sk_json_text(message, "recall");
    const char *to = called(r, sk_json_text(message, "to"));
    const char *answered = sk_json_text(message, "answered");

    if (strcmp(state, "queued") == 0) {
        puts(say(r, "   Dit is nog niet vertrokken.",
                 "   This has not left yet."));
        return;
    }
    if (strcmp(state, "refused") == 0)
        LINE(r, "{} nam dit niet aan, en houdt het niet bij.",
             "{} did not take this, and does not keep it.", to);
    if (strcmp(state, "read") == 0 || strcmp(state, "accepted") == 0)
        LINE(r, "Iemand bij {} las het.", "Somebody at {} read it.", to);
    if (strcmp(recall, "asked") == 0)
        LINE(r, "We vroegen {} om dit te wissen.  We wachten op antwoord.",
             "We asked {} to erase this.  We wait for the answer.", to);
    else if (strcmp(recall, "confirmed") == 0 &&
             json_object_get(message, "recall_fields") != NULL)
        LINE(r, "{} wiste wat we terugvroegen op {}.",
             "{} erased what we asked back on {}.", to, day_words(r, answered));
    else if (strcmp(recall, "confirmed") == 0)
        LINE(r, "{} wiste dit op {}.", "{} erased this on {}.", to,
             day_words(r, answered));
    else if (strcmp(recall, "kept") == 0)
        LINE(r, "{} moet dit houden tot {}.  De reden: {}.",
             "{} has to keep this until {}.  The reason: {}.", to,
             day_words(r, sk_json_text(message, "keep_until")),
             sk_json_text(message, "law_reference"));
    else if (is_past(r, sk_json_text(message, "erase_by")))
        LINE(r, "De tijd is om.  {} moest dit wissen op {}.",
             "Its time is over.  {} had to erase this on {}.", to,
             day_words(r, sk_json_text(message, "erase_by")));
    else
        LINE(r, "{} wist dit ten laatste op {}.",
             "{} erases this on {} at the latest.", to,
             day_words(r, sk_json_text(message, "erase_by")));
}

static bool has_left(const json_t *message)
{
    return strcmp(sk_json_text(message, "state"), "dropped") != 0;
}

/* When it left, or was to leave. */
static const char *sent_at(const json_t *message)
{
    const char *sent = sk_json_text(message, "sent");

    return sent[0] != '\0' ? sent : sk_json_text(message, "queued");
}

static void print_message(const struct report *r, const json_t *message)
{
    printf("   %s: %s\n", day_words(r, sent_at(message)),
           called(r, sk_json_text(message, "type")));
    printf("   %s: %s\n", say(r, "Waarom", "Why"),
           why_words(r, sk_json_text(message, "purpose")));
    print_fields(r, message, true);
    print_fields(r, message, false);
    print_corrections(r, message);
    print_rules(r, message);
    print_consents(r, message);
    print_state(r, message);
    putchar('\n');
}

/* ------------------------------------------------------------- the paper */

/* All that went to one partner, in a part of its own. */
static void print_partner(const struct report *r, const char *org)
{
    const json_t *list = json_object_get(r->shared, "disclosures");

    printf("%s %s\n\n", say(r, "Aan", "To"), called(r, org));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *message = json_array_get(list, i);

        if (has_left(message) && strcmp(sk_json_text(message, "to"), org) == 0)
            print_message(r, message);
    }
}

static bool is_first_to(const json_t *list, size_t at)
{
    const char *org = sk_json_text(json_array_get(list, at), "to");

    for (size_t i = 0; i < at; i++)
        if (has_left(json_array_get(list, i)) &&
            strcmp(sk_json_text(json_array_get(list, i), "to"), org) == 0)
            return false;
    return true;
}

/* ------------------------------------------------------------- objections */

static void print_objection(const struct report *r, const json_t *one)
{
    const json_t *list = json_object_get(one, "recipients");
    const char *state = sk_json_text(one, "state");

    LINE(r, "{}: je maakte bezwaar.", "{}: you objected.",
         day_words(r, sk_json_text(one, "at")));
    for (size_t i = 0; i < json_array_size(list); i++)
        LINE(r, "Je wil niet dat we delen met {}.",
             "You do not want us to share with {}.",
             called(r, json_string_value(json_array_get(list, i))));
    list = json_object_get(one, "purposes");
    for (size_t i = 0; i < json_array_size(list); i++)
        LINE(r, "Het gaat hierover: {}.", "It is about this: {}.",
             called(r, json_string_value(json_array_get(list, i))));
    if (strcmp(state, "open") == 0)
        LINE(r, "We stopten ermee.  Je krijgt nog een antwoord.",
             "We stopped.  You still get an answer.", NULL);
    else if (strcmp(state, "withdrawn") == 0)
        LINE(r, "Je trok het weer in op {}.", "You took it back on {}.",
             day_words(r, sk_json_text(one, "answered")));
    else if (strcmp(state, "upheld") == 0)
        LINE(r, "We volgen je bezwaar.  Het blijft gestopt.",
             "We follow your objection.  It has stopped for good.", NULL);
    else
        LINE(r, "We gaan toch verder.  Ga je niet akkoord?  Zeg het.",
             "We go on all the same.  Do you not agree?  Say so.", NULL);
    if (sk_json_text(one, "answer")[0] != '\0')
        LINE(r, "{} antwoordde op {}: {}", "{} answered on {}: {}",
             sk_json_text(one, "by"),
             day_words(r, sk_json_text(one, "answered")),
             sk_json_text(one, "answer"));
    putchar('\n');
}

static void print_objections(const struct report *r)
{
    const json_t *list = json_object_get(r->person, "objections");

    if (json_array_size(list) == 0)
        return;
    printf("%s\n\n", say(r, "Je bezwaren", "Your objections"));
    for (size_t i = 0; i < json_array_size(list); i++)
        print_objection(r, json_array_get(list, i));
}

/* ------------------------------------------------------------- consents */

/* One thing to each of a list; nothing named: `all`. */
static void print_each(const struct report *r, const char *label,
                       const json_t *list, const char *all)
{
    if (json_array_size(list) == 0)
        printf("   %s: %s\n", label, all);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i == 0)
            printf("   %s: ", label);
        printf("%s%s", i == 0 ? "" : ", ",
               called(r, json_string_value(json_array_get(list, i))));
    }
    if (json_array_size(list) > 0)
        putchar('\n');
}

/* The last day of a consent that ends at this instant. */
static const char *last_day_words(const struct report *r, const char *until)
{
    int64_t instant;

    return sk_instant_parse(sk_text(until), &instant)
               ? words_of_day(r, sk_civil_day(instant - 1))
               : day_words(r, until);
}

/* What still counts: this is what one can take back. */
static void print_yeses(const struct report *r)
{
    const json_t *list = json_object_get(r->person, "consents");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        if (strcmp(sk_json_text(one, "now"), "given") != 0)
            continue;
        if (count++ == 0)
            printf("%s\n\n", say(r, "Waar zeg je nu ja op?",
                                 "What do you say yes to now?"));
        print_yes(r, one);
        print_each(r, say(r, "Met wie", "With whom"),
                   json_object_get(one, "recipients"),
                   say(r, "iedereen", "everybody"));
        print_each(r, say(r, "Waarvoor", "What for"),
                   json_object_get(one, "purposes"), say(r, "alles", "all"));
        print_each(r, say(r, "Wat", "What"), json_object_get(one, "categories"),
                   say(r, "alles", "all"));
        LINE(r, "Het stopt vanzelf na {}.", "It stops by itself after {}.",
             last_day_words(r, sk_json_text(one, "until")));
        putchar('\n');
    }
    if (count == 0)
        printf("%s\n\n", say(r, "Je zegt nu nergens ja op.",
                             "You say yes to nothing now."));
}

static void print_rights(const struct report *r)
{
    const char *contact = sk_json_text(r->status, "contact");

    puts(say(r,
             "Wat kan je doen?\n\n"
             "   Je mag je akkoord altijd intrekken.  Zeg het aan je "
             "begeleider.\n"
             "   Bij ons, of bij wie je nu begeleidt.  Eén zin is genoeg.\n"
             "   Wij stoppen dezelfde dag.  We vragen de ander om te wissen.\n"
             "   Wil je niet dat we iets delen?  Je mag bezwaar maken.\n"
             "   Klopt er iets niet?  Zeg het.  We verbeteren het.\n"
             "   Je mag vragen om alles te wissen.\n"
             "   Wil je alles zien wat we van je weten?  Vraag het bestand.\n"
             "   Dit kost je niets.  Je krijgt antwoord binnen een maand.\n"
             "   Nog een vraag?  Vraag naar onze privacyverantwoordelijke.",
             "What can you do?\n\n"
             "   You may always withdraw your consent.  Tell your coach.\n"
             "   Here, or where you are guided now.  One sentence will do.\n"
             "   We stop the same day.  We ask the others to erase.\n"
             "   You do not want us to share something?  You may object.\n"
             "   Is something wrong?  Say so.  We correct it.\n"
             "   You may ask us to erase everything.\n"
             "   You want to see all that we know of you?  Ask for the file.\n"
             "   This costs you nothing.  You get an answer within a month.\n"
             "   Another question?  Ask for our privacy officer."));
    if (contact[0] != '\0')
        LINE(r, "Bereik ons zo: {}", "Reach us like this: {}", contact);
    puts(say(r,
             "   Ben je niet tevreden?  Dan kan je klagen bij de\n"
             "   Gegevensbeschermingsautoriteit: "
             "www.gegevensbeschermingsautoriteit.be",
             "   Not satisfied?  You can complain to the Belgian Data\n"
             "   Protection Authority: www.dataprotectionauthority.be"));
}

static void print_report(const struct report *r)
{
    const json_t *list = json_object_get(r->shared, "disclosures");
    const char *us = called(r, sk_json_text(r->status, "org"));
    const char *owner =
        sk_json_text(json_object_get(r->person, "trajectory"), "owner");
    size_t count = 0;

    printf("%s\n\n",
           say(r, "Wie kreeg wat over jou?", "Who got what about you?"));
    printf("   %s %s\n", sk_json_text(r->person, "given_name"),
           sk_json_text(r->person, "family_name"));
    printf("   %s %s, %s\n", say(r, "Gemaakt door", "Made by"), us,
           day_words(r, sk_json_text(r->status, "now")));
    if (owner[0] != '\0')
        LINE(r, "{} begeleidt je.", "{} guides you.", called(r, owner));
    putchar('\n');
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!has_left(json_array_get(list, i)))
            continue;
        count++;
        if (is_first_to(list, i))
            print_partner(r, sk_json_text(json_array_get(list, i), "to"));
    }
    if (count == 0)
        printf("   %s\n\n", say(r, "Niemand kreeg iets van ons.",
                                "Nobody got anything from us."));
    print_yeses(r);
    print_objections(r);
    print_rights(r);
}

/* ------------------------------------------------------------- command */

static int by_day(const void *a, const void *b)
{
    const json_t *const *one = a;
    const json_t *const *other = b;

    return strcmp(sent_at(*one), sent_at(*other));
}

static int gather(struct sk_client *client, const char *participant,
                  struct report *r)
{
    int code = sk_node_ask(client, "participant.show",
                           json_pack("{s:s}", "participant", participant), NULL,
                           0, &r->person);

    if (code < 0)
        code = sk_node_ask_pages(client, "disclosure.list",
                                 json_pack("{s:s}", "participant", participant),
                                 "disclosures", &r->shared);
    if (code < 0)
        json_object_set_new(
            r->shared, "disclosures",
            sk_json_sorted(json_object_get(r->shared, "disclosures"), by_day));
    if (code < 0)
        code = sk_node_ask(client, "policy.show", NULL, NULL, 0, &r->policy);
    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &r->status);
    return code;
}

/* Each word of the federation that stands in it, once, as people read it. */
static void add_word(const struct report *r, const char *id, json_t *words)
{
    const char *word = id == NULL ? NULL : called(r, id);

    if (word != NULL && strcmp(word, id) != 0)
        json_object_set_new(words, id, json_string(word));
}

static void add_words(const struct report *r, json_t *value, json_t *words)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(value))
        add_word(r, json_string_value(value), words);
    json_array_foreach(value, i, member) add_words(r, member, words);
    json_object_foreach(value, key, member)
    {
        /* Fields by name: of what was asked back, or corrected. */
        if (json_is_string(member))
            add_word(r, key, words);
        add_words(r, member, words);
    }
}

static json_t *as_json(const struct report *r, const char *participant)
{
    json_t *result = json_pack(
        "{s:s, s:O, s:O, s:O, s:O, s:O?, s:O?, s:O*}", "participant",
        participant, "disclosures", json_object_get(r->shared, "disclosures"),
        "consents", json_object_get(r->person, "consents"), "objections",
        json_object_get(r->person, "objections"), "policy", r->policy, "made",
        json_object_get(r->status, "now"), "org",
        json_object_get(r->status, "org"), "contact",
        json_object_get(r->status, "contact"));
    json_t *words = json_object();

    add_words(r, result, words);
    json_object_set_new(result, "words", words);
    return json_pack("{s:b, s:o}", "ok", 1, "result", result);
}

int sk_cmd_report(int argc, char **argv)
{
    struct report r = {.dutch = sk_cli_dutch()};
    struct sk_client *client = NULL;
    struct sk_parsed parsed;
    json_t *out;
    int code;

    if (argc > 1 && strcmp(argv[1], "export") == 0) {
        code =
            sk_cli_parse(&sk_report_commands[1], argc - 1, argv + 1, &parsed);
        return code < 0 ? sk_participant_export(&parsed) : code;
    }
    code = sk_cli_parse(&sk_report_commands[0], argc - 1, argv + 1, &parsed);
    if (code < 0)
        code = sk_node_open(&parsed, &client);
    if (code < 0)
        code = gather(client, parsed.operands[0], &r);
    if (code < 0)
        r.glossary = sk_glossary_ask(client, r.dutch);
    if (code < 0 && sk_cli_json()) {
        out = as_json(&r, parsed.operands[0]);
        sk_json_print(out);
        json_decref(out);
        code = SK_EXIT_YES;
    } else if (code < 0) {
        print_report(&r);
        code = SK_EXIT_YES;
    }
    sk_glossary_close(&r.glossary);
    json_decref(r.person);
    json_decref(r.shared);
    json_decref(r.policy);
    json_decref(r.status);
    sk_client_close(&client);
    return code;
}
