#include "policies/texts.h"

#include <string.h>

static const struct sk_template templates[] = {
    {"E001", "dit is geen geldige YAML: {detail}",
     "this is not valid YAML: {detail}"},
    {"E002",
     "'{what}' (anker, verwijzing of samenvoegsleutel) is niet toegelaten; "
     "schrijf de waarde voluit",
     "'{what}' (anchor, alias or merge key) is not allowed; write the value in "
     "full"},
    {"E003", "YAML-tag '{tag}' is niet toegelaten",
     "YAML tag '{tag}' is not allowed"},
    {"E004", "sleutel '{key}' staat er twee keer (eerder op regel {line})",
     "key '{key}' appears twice (first on line {line})"},
    {"E005", "teken niet toegelaten: {what}", "character not allowed: {what}"},
    {"E006", "'{what}': een bestand bevat een document, zonder richtlijnen",
     "'{what}': a file holds one document, without directives"},
    {"E007", "een sleutel moet een eenvoudig woord zijn",
     "a key must be a simple word"},
    {"E008", "hier hoort {what}", "expected here: {what}"},
    {"E009", "'{value}' is geen {type}", "'{value}' is not a {type}"},
    {"E010", "onbekende sleutel '{key}'.{hint}", "unknown key '{key}'.{hint}"},
    {"E011", "'{value}' wordt niet ondersteund; verwacht '{want}'",
     "'{value}' is not supported; expected '{want}'"},
    {"E012", "geschreven voor '{want}', maar geladen is '{have}'",
     "written for '{want}', but '{have}' is loaded"},
    {"E013", "'{org}' staat niet op de ledenlijst",
     "'{org}' is not in the roster"},
    {"E014", "regel zonder 'id'", "rule without 'id'"},
    {"E015", "regel-id '{id}' bestaat al", "rule id '{id}' exists already"},
    {"E016", "regel '{id}' heeft geen 'text' (een zin in gewone taal)",
     "rule '{id}' has no 'text' (one sentence in plain language)"},
    {"E017", "'{id}' is geen geldige naam", "'{id}' is not a valid name"},
    {"E018", "'{id}': alleen federatieregels beginnen met 'fed-'",
     "'{id}': only federation rules start with 'fed-'"},
    {"E019", "te groot: {what} (hoogstens {max})",
     "too large: {what} (at most {max})"},
    {"E020", "onbekende organisatie '{id}'.{hint}",
     "unknown organisation '{id}'.{hint}"},
    {"E021", "'{id}' is de eigenaar zelf; delen met zichzelf kan niet",
     "'{id}' is the owner; sharing with oneself is impossible"},
    {"E022", "onbekende groep '{id}'.{hint}", "unknown group '{id}'.{hint}"},
    {"E023", "'{key}' moet 'orgs' of 'groups' noemen",
     "'{key}' must name 'orgs' or 'groups'"},
    {"E024",
     "een deelregel mag niet 'anyone' noemen; noem organisaties of groepen",
     "a share rule must not say 'anyone'; name organisations or groups"},
    {"E025", "onbekend doel '{id}'.{hint}", "unknown purpose '{id}'.{hint}"},
    {"E026", "doel '{id}' is te ruim voor een deelregel; kies: {choices}",
     "purpose '{id}' is too broad for a share rule; choose: {choices}"},
    {"E027", "regel '{id}' noemt geen doel ('for')",
     "rule '{id}' names no purpose ('for')"},
    {"E028", "onbekende gebeurtenis '{id}'.{hint}",
     "unknown event '{id}'.{hint}"},
    {"E029",
     "'what' moet gebeurtenissen noemen, elk met velden of 'only-the-fact'",
     "'what' must name events, each with fields or 'only-the-fact'"},
    {"E030", "onbekend veld '{id}'.{hint}", "unknown field '{id}'.{hint}"},
    {"E031",
     "veld '{field}' ({kind}) kent het niveau '{level}' niet; mogelijk: "
     "{choices}",
     "field '{field}' ({kind}) has no level '{level}'; possible: {choices}"},
    {"E032", "verplichte sleutel '{key}' ontbreekt",
     "required key '{key}' is missing"},
    {"E033",
     "'consent' moet given of explicit zijn, niet '{value}': elke stroom "
     "vraagt een akkoord",
     "'consent' must be given or explicit, not '{value}': every flow needs "
     "consent"},
    {"E034", "voor doel '{id}' gaan er nooit gegevens over personen uit",
     "no data about persons is ever sent for purpose '{id}'"},
    {"E035", "gebeurtenis '{event}' heeft geen veld '{field}'",
     "event '{event}' has no field '{field}'"},
    {"E036", "'where' kan alleen op een keuzeveld (enum); '{field}' is {kind}",
     "'where' works on choice fields (enum) only; '{field}' is {kind}"},
    {"E037", "'{value}' is geen waarde van '{field}'.{hint}",
     "'{value}' is not a value of '{field}'.{hint}"},
    {"E038", "rechtsgrond '{value}' kan hier niet; kies: {choices}",
     "legal ground '{value}' is not possible here; choose: {choices}"},
    {"E039", "doel '{id}' is verboden in dit netwerk",
     "purpose '{id}' is forbidden in this network"},
    {"E040",
     "rechtsgrond zonder 'reference' (wet, decreet, protocol, overeenkomst)",
     "legal ground without 'reference' (law, decree, protocol, agreement)"},
    {"E041",
     "'{value}' is geen duur die hier kan; schrijf bv. '12 months' of '7 days'",
     "'{value}' is not a duration that fits here; write e.g. '12 months' or '7 "
     "days'"},
    {"E042",
     "regel '{id}' deelt of verraadt bijzondere gegevens ('{what}': "
     "{category}); noem 'basis.art9'",
     "rule '{id}' shares or reveals special data ('{what}': {category}); name "
     "'basis.art9'"},
    {"E043", "art9 explicit-consent vraagt 'consent: explicit'",
     "art9 explicit-consent asks for 'consent: explicit'"},
    {"E044",
     "regel '{id}' zegt niet hoe lang de ontvanger mag bewaren ('retain')",
     "rule '{id}' does not say how long the recipient may keep the data "
     "('retain')"},
    {"E045", "'retain.from' moet sent of occurred zijn",
     "'retain.from' must be sent or occurred"},
    {"E046", "regel '{id}' heeft geen begin- en einddatum ('valid')",
     "rule '{id}' has no first and last day ('valid')"},
    {"E047", "'valid.until' ligt voor 'valid.from'",
     "'valid.until' lies before 'valid.from'"},
    {"E048",
     "'where' gebruikt '{field}', maar gebeurtenis '{event}' heeft dat veld "
     "niet",
     "'where' uses '{field}', but event '{event}' does not carry it"},
    {"E049",
     "'where' op '{field}' verraadt de waarde aan de ontvanger; deel "
     "'{field}: exact' in '{event}'{cut}",
     "'where' on '{field}' tells the recipient the value; share '{field}: "
     "exact' in '{event}'{cut}"},
    {"E050", "onbekende gegevenssoort '{id}'.{hint}",
     "unknown category '{id}'.{hint}"},
    {"E051", "limietregel '{id}' noemt geen velden",
     "limit rule '{id}' names no fields"},
    {"E052", "onbekend woord '{id}'.{hint}", "unknown word '{id}'.{hint}"},
    {"E053", "art. 9-grond '{value}' bestaat niet; kies: {choices}",
     "art. 9 ground '{value}' does not exist; choose: {choices}"},
    {"E060",
     "regels '{a}' en '{b}' delen '{event}' met '{org}' voor '{purpose}', "
     "maar noemen andere 'roles'; maak ze gelijk",
     "rules '{a}' and '{b}' share '{event}' with '{org}' for '{purpose}' but "
     "name different 'roles'; make them equal"},
    {"E061", "een overheid kan zich niet op gerechtvaardigd belang beroepen",
     "a public body cannot rely on legitimate interest"},
    {"E062",
     "regel '{id}' geldt langer dan twee jaar; kort in en herzie op tijd",
     "rule '{id}' is valid for more than two years; shorten it and review in "
     "time"},
    {"E063", "veld '{field}' vraagt 'basis.authorisation' (machtiging of wet)",
     "field '{field}' needs 'basis.authorisation' (authorisation or law)"},
    {"E064",
     "regel '{id}': bewaren '{value}' is langer dan toegelaten voor "
     "'{category}' ({max})",
     "rule '{id}': retention '{value}' exceeds what '{category}' allows "
     "({max})"},
    {"E065", "'{org}' mag '{field}' niet gebruiken",
     "'{org}' may not use '{field}'"},
    {"E070", "'{id}' heeft geen ouder '{parent}'",
     "'{id}' has no parent '{parent}'"},
    {"E071",
     "groepering '{level}' van '{list}': '{id}' moet in precies een groep "
     "zitten en uniek zijn",
     "grouping '{level}' of '{list}': '{id}' must be in exactly one group and "
     "be unique"},
    {"E072",
     "klassen '{level}' van '{field}' zijn niet oplopend vanaf 0 of niet "
     "genest",
     "bands '{level}' of '{field}' are not ascending from 0 or not nested"},
    {"E073", "veld '{field}': niveau '{a}' volgt niet uit '{b}'",
     "field '{field}': level '{a}' does not follow from '{b}'"},
    {"E074", "veld '{field}': '{what}' past niet bij '{kind}'",
     "field '{field}': '{what}' does not fit '{kind}'"},
    {"E075",
     "gebeurtenis '{event}': veld '{field}' bestaat niet of staat er twee keer",
     "event '{event}': field '{field}' does not exist or appears twice"},
    {"E076", "codelijst '{id}' bestaat niet",
     "code list '{id}' does not exist"},
    {"E077", "'{id}' is geen (eind)gegevenssoort",
     "'{id}' is not a (leaf) category"},
    {"E078", "het veld 'occurred' (date, inherit) ontbreekt of klopt niet",
     "the field 'occurred' (date, inherit) is missing or wrong"},
    {"E079",
     "groep '{group}' van '{list}' bevat alleen waarden die '{category}' "
     "verraden",
     "group '{group}' of '{list}' holds only values that reveal '{category}'"},
    {"E080", "doel '{id}' is verboden en kan niet bestaan",
     "purpose '{id}' is forbidden and cannot exist"},
    {"E081", "'{id}' heeft geen label in nl en en",
     "'{id}' has no label in nl and en"},
    {"E082",
     "gebeurtenis '{event}' draagt sanctierisico, maar geen federatieregel "
     "houdt ze weg van '{role}'",
     "event '{event}' carries a sanction risk, but no federation rule keeps it "
     "from '{role}'"},
    {"E085", "'{value}' is geen ondernemingsnummer",
     "'{value}' is not an enterprise number"},
    {"E086", "onbekend woord '{id}'.{hint}", "unknown word '{id}'.{hint}"},
    {"E087", "'{org}': '{key}' is ruimer dan de rol '{role}' toelaat",
     "'{org}': '{key}' is wider than role '{role}' allows"},
    {"E088", "groep '{id}' bestaat al van zichzelf",
     "group '{id}' is built in"},
    {"E090", "invariant '{id}' heeft geen of meer dan een bekende vorm",
     "invariant '{id}' has no or more than one known form"},
    {"E091",
     "'{id}' heeft de sleutel van '{other}': wie tekent, heeft een eigen "
     "sleutel",
     "'{id}' has the key of '{other}': who signs has a key of their own"},
    {"E092", "dit zijn tests, geen beleid", "these are tests, no policy"},
    {"E095", "testbestand: {detail}", "test file: {detail}"},
    {"W001",
     "'{field}: drop' heeft geen effect in een deelregel: wat niet genoemd "
     "is, gaat niet mee",
     "'{field}: drop' has no effect in a share rule: what is not named does "
     "not travel"},
    {"W002",
     "vrije tekst '{field}' kan alles bevatten, ook gezondheid; overweeg "
     "'present'",
     "free text '{field}' can hold anything, health included; consider "
     "'present'"},
    {"W003", "regel '{id}' treft niemand", "rule '{id}' reaches nobody"},
    {"W010",
     "'{event}' in regel '{id}' kan nooit gedeeld worden: '{by}' verbiedt het "
     "altijd",
     "'{event}' in rule '{id}' can never be shared: '{by}' always forbids it"},
    {"W011",
     "veld '{field}' in regel '{id}' kan nooit gedeeld worden: '{by}' "
     "verbiedt het altijd",
     "field '{field}' in rule '{id}' can never be shared: '{by}' always "
     "forbids it"},
    {"W012",
     "veld '{field}': regel '{id}' zegt '{level}', maar '{by}' beperkt het "
     "altijd tot '{cap}'",
     "field '{field}': rule '{id}' says '{level}', but '{by}' always limits it "
     "to '{cap}'"},
    {"W013", "regel '{id}' voegt niets toe aan '{by}'",
     "rule '{id}' adds nothing to '{by}'"},
    {"W015", "regel '{id}' eindigt op {date}", "rule '{id}' ends on {date}"},
    {"W018", "groep '{group}' heeft maar een lid; noem liever '{org}'",
     "group '{group}' has one member; rather name '{org}'"},
    {"W019",
     "een overheid steunt zelden geldig op toestemming als rechtsgrond; vraag "
     "uw DPO",
     "a public body can rarely rely on consent as legal ground; ask your DPO"},
    {"W022", "veld '{field}' op niveau '{level}' kan '{category}' verraden",
     "field '{field}' at level '{level}' may reveal '{category}'"},
    {"W023",
     "regel '{id}': voor '{category}' naar '{org}' is een uitdrukkelijk "
     "akkoord nodig (beroepsgeheim of bijzondere gegevens)",
     "rule '{id}': '{category}' to '{org}' needs explicit consent "
     "(professional secrecy or special data)"},
    {"W024",
     "'{org}' heet zoals '{other}': de naam alleen zegt niet wie het is",
     "'{org}' is called like '{other}': the name alone does not say which it "
     "is"},
    {"W025", "'{org}' heeft geen naam die te lezen is",
     "'{org}' has no name that can be read"},
};

static const struct sk_phrase phrases[] = {
    /* {what} of E008: the shape that belongs here */
    {"a value", "een waarde"},
    {"a map", "een lijst van sleutels met waarden"},
    {"a list", "een lijst"},
    {"a list with at least one element", "een lijst met minstens een element"},
    {"a map with at least one field", "minstens een veld met zijn waarden"},
    {"a text", "een tekst"},
    {"two officers or more", "twee of meer die mogen tekenen"},
    {"a map or the word 'anyone'",
     "een lijst van sleutels of het woord 'anyone'"},
    {"a map or the word 'only-the-fact'",
     "een lijst van sleutels of het woord 'only-the-fact'"},
    /* {type} of E009 */
    {"whole number", "geheel getal"},
    {"truth value (true or false)", "waarheidswaarde (true of false)"},
    {"date (YYYY-MM-DD)", "datum (JJJJ-MM-DD)"},
    {"instant (YYYY-MM-DDTHH:MM:SSZ)", "tijdstip (JJJJ-MM-DDTUU:MM:SSZ)"},
    {"civil minute (YYYY-MM-DDTHH:MM)", "minuut (JJJJ-MM-DDTUU:MM)"},
    {"text of one line", "tekst van een regel"},
    {"whole number that fits here", "geheel getal dat hier past"},
    {"decimal number that fits here", "decimaal getal dat hier past"},
    {"public key of minisign (RW...)", "openbare sleutel van minisign (RW...)"},
    /* {what} of E019 */
    {"file, bytes", "bestand, bytes"},
    {"nesting", "nesten"},
    {"text, bytes", "tekst, bytes"},
    {"key, bytes", "sleutel, bytes"},
    {"parts in a file", "onderdelen in een bestand"},
    {"purposes", "doelen"},
    {"forbidden purposes", "verboden doelen"},
    {"categories", "gegevenssoorten"},
    {"events", "gebeurtenissen"},
    {"fields", "velden"},
    {"fields of an event", "velden van een gebeurtenis"},
    {"values of a code list", "waarden van een codelijst"},
    {"groups of a grouping", "groepen van een groepering"},
    {"levels of a field", "niveaus van een veld"},
    {"cuts of bands", "grenzen van klassen"},
    {"roles", "rollen"},
    {"user roles", "gebruikersrollen"},
    {"duties", "plichten"},
    {"code lists", "codelijsten"},
    {"organisations", "organisaties"},
    {"groups", "groepen"},
    {"rules", "regels"},
    {"list", "lijst"},
    /* {what} of E005 */
    {"invalid UTF-8", "ongeldige UTF-8"},
    {"line break by an escape", "regeleinde door een escape"},
    {"impossible character by an escape", "onmogelijk teken door een escape"},
    /* {detail} of E001 */
    {"the file is empty", "het bestand is leeg"},
    {"quoted text without closing quote, opened on line {line}",
     "tekst zonder sluitend aanhalingsteken, geopend op regel {line}"},
    {"list without closing ']', opened on line {line}",
     "lijst zonder sluitende ']', geopend op regel {line}"},
    {"map without closing '}', opened on line {line}",
     "map zonder sluitende '}', geopend op regel {line}"},
    {"unexpected text behind a quoted text that was opened on line {line}",
     "onverwachte tekst na een tekst tussen aanhalingstekens, geopend op "
     "regel {line}"},
    {"did not find expected <document start>", "hier kan niets meer volgen"},
    {"did not find expected node content", "hier ontbreekt een waarde"},
    {"did not find expected '-' indicator",
     "hier hoort een lijstelement ('-') op dezelfde diepte"},
    {"did not find expected key", "hier hoort een sleutel op dezelfde diepte"},
    {"did not find expected ',' or ']'", "hier hoort ',' of ']'"},
    {"did not find expected ',' or '}'", "hier hoort ',' of '}'"},
    {"found character that cannot start any token",
     "met dit teken kan niets beginnen; zet de tekst tussen aanhalingstekens"},
    {"block sequence entries are not allowed in this context",
     "een lijstelement ('-') kan hier niet"},
    {"mapping keys are not allowed in this context",
     "een sleutel kan hier niet"},
    {"mapping values are not allowed in this context",
     "een ':' kan hier niet; zet de tekst tussen aanhalingstekens of kijk de "
     "diepte na"},
    {"could not find expected ':'", "na de sleutel hoort ':'"},
    {"did not find expected comment or line break",
     "hier hoort een regeleinde"},
    {"found unknown escape character", "onbekende escape na '\\'"},
    {"did not find expected hexdecimal number",
     "hier hoort een hexadecimaal getal"},
    {"found unexpected document indicator",
     "'---' of '...' in een tekst tussen aanhalingstekens"},
    {"found an indentation indicator equal to 0",
     "een diepte van 0 kan niet bij een tekstblok"},
    {"found unexpected end of stream", "het bestand houdt te vroeg op"},
    /* {detail} of E095 */
    {"'{key}' has the wrong form", "'{key}' heeft niet de juiste vorm"},
    {"unknown key '{key}'", "onbekende sleutel '{key}'"},
    {"'{key}' is missing", "'{key}' ontbreekt"},
    {"this is no JSON object", "dit is geen JSON-object"},
    {"two cases are named '{key}'", "twee tests heten '{key}'"},
    {"unknown event '{key}'", "onbekende gebeurtenis '{key}'"},
    {"a giving must have until, purposes, recipients and categories",
     "een gegeven akkoord heeft until, purposes, recipients en categories"},
};

const struct sk_template *sk_template_find(const char *code)
{
    for (size_t i = 0; i < SK_COUNT(templates); i++) {
        if (strcmp(templates[i].code, code) == 0)
            return &templates[i];
    }
    return NULL;
}

const struct sk_template *sk_template_at(size_t i)
{
    return i < SK_COUNT(templates) ? &templates[i] : NULL;
}

const struct sk_phrase *sk_phrase_find(struct sk_bytes english)
{
    for (size_t i = 0; i < SK_COUNT(phrases); i++) {
        if (sk_bytes_equal(sk_text(phrases[i].en), english))
            return &phrases[i];
    }
    return NULL;
}
