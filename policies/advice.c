#include "policies/advice.h"

#include <string.h>

struct advice {
    char code[5];
    const char *nl;
    const char *en;
};

static const struct advice list[] = {
    {"E001",
     "kijk ook de regel erboven na: een spatie na ':', een gewoon streepje "
     "voor elke regel van een lijst, en alles gelijk ingesprongen",
     "look at the line above too: a space after ':', a plain dash before each "
     "item of a list, and all indented alike"},
    {"E002", "schrijf de waarde hier nog eens voluit",
     "write the value in full here once more"},
    {"E003", "laat het woord met '!' weg", "leave out the word with '!'"},
    {"E004", "voeg de twee samen, of haal er een weg",
     "join the two, or take one away"},
    {"E005", "gebruik gewone tekens; spring in met spaties, niet met tabs",
     "use plain characters; indent with spaces, not with tabs"},
    {"E006", "een bestand is een document: haal deze regel weg",
     "a file is one document: take this line away"},
    {"E007", "schrijf 'sleutel: waarde'", "write 'key: value'"},
    {"E008",
     "een lijst: for: [work.placement]; sleutels: to: {orgs: [sopraco]}",
     "a list: for: [work.placement]; keys: to: {orgs: [sopraco]}"},
    {"E009",
     "een dag: 2026-09-01; een getal: 12; ja of nee: true of false "
     "(POLICY.md 3.4)",
     "a day: 2026-09-01; a number: 12; yes or no: true or false "
     "(POLICY.md 3.4)"},
    {"E010", "wat een regel mag zeggen, staat in POLICY.md 7",
     "what a rule may say is in POLICY.md 7"},
    {"E011",
     "begin het bestand met die regel; of is het een ander bestand dan u "
     "bedoelt? Een beleid geeft u als de map met bundle.yaml erin",
     "begin the file with that line; or is it another file than you mean? A "
     "policy is given as the folder with bundle.yaml in it"},
    {"E012", "pas deze versie aan, of neem het bestand van die versie",
     "change this version, or take the file of that version"},
    {"E014", "id: een-korte-naam", "id: a-short-name"},
    {"E015", "geef een van de twee een andere naam",
     "give one of the two another name"},
    {"E016", "text: \"Een zin die een deelnemer begrijpt.\"",
     "text: \"One sentence that a participant understands.\""},
    {"E017", "kleine letters, cijfers, en - _ . ertussen: vdab-handover",
     "lower-case letters, digits, and - _ . between them: vdab-handover"},
    {"E020", "de partners staan in partners.yaml",
     "the partners are in partners.yaml"},
    {"E021", "noem alleen andere organisaties",
     "name other organisations only"},
    {"E022", "de groepen staan in POLICY.md 9.1 en in partners.yaml",
     "the groups are in POLICY.md 9.1 and in partners.yaml"},
    {"E023", "to: {orgs: [vdab-kempen]}", "to: {orgs: [vdab-kempen]}"},
    {"E024", "to: {groups: [vdab]}", "to: {groups: [vdab]}"},
    {"E025", "de doelen staan in vocabulary.yaml, onder purposes",
     "the purposes are in vocabulary.yaml, under purposes"},
    {"E027", "for: [guidance.joint]", "for: [guidance.joint]"},
    {"E028", "de gebeurtenissen staan in vocabulary.yaml, onder events",
     "the events are in vocabulary.yaml, under events"},
    {"E029",
     "what: {goal.set: {occupation: prefix4}, action.planned: only-the-fact}",
     "what: {goal.set: {occupation: prefix4}, action.planned: only-the-fact}"},
    {"E030", "de velden staan in vocabulary.yaml, onder fields",
     "the fields are in vocabulary.yaml, under fields"},
    {"E031",
     "exact: volledig; year, quarter, month: jaar, kwartaal, maand; present: "
     "alleen dat het er is",
     "exact: in full; year, quarter, month; present: only that it is there"},
    {"E033", "consent: given", "consent: given"},
    {"E034", "kies een doel waarvoor gebeurtenissen gaan",
     "choose a purpose that carries events"},
    {"E035", "haal het veld hier weg, of deel een gebeurtenis die het heeft",
     "take the field away here, or share an event that has it"},
    {"E039", "kies een ander doel; dit kan in dit netwerk nooit",
     "choose another purpose; this can never be in this network"},
    {"E040", "reference: \"Protocol OCMW - VDAB 2026-01\"",
     "reference: \"Protocol OCMW - VDAB 2026-01\""},
    {"E042",
     "basis: {..., art9: explicit-consent} en consent: explicit; of deel "
     "dit veld grover",
     "basis: {..., art9: explicit-consent} and consent: explicit; or share "
     "this "
     "field more coarsely"},
    {"E043", "consent: explicit", "consent: explicit"},
    {"E044", "retain: {for: 12 months, from: sent}",
     "retain: {for: 12 months, from: sent}"},
    {"E046", "valid: {from: 2026-09-01, until: 2027-08-31}",
     "valid: {from: 2026-09-01, until: 2027-08-31}"},
    {"E047", "draai de twee datums om", "swap the two days"},
    {"E048", "haal de gebeurtenis uit deze regel, of zet ze in een eigen regel",
     "take the event out of this rule, or give it a rule of its own"},
    {"E049", "zet het veld exact onder 'what', of haal 'where' weg",
     "put the field exact under 'what', or take 'where' away"},
    {"E050", "de gegevenssoorten staan in vocabulary.yaml, onder categories",
     "the categories are in vocabulary.yaml, under categories"},
    {"E051", "fields: {birth_date: year}", "fields: {birth_date: year}"},
    {"E062", "neem een einddatum binnen twee jaar na de eerste dag",
     "take a last day within two years of the first"},
    {"E063", "basis: {..., authorisation: \"Machtiging 2026/001\"}",
     "basis: {..., authorisation: \"Authorisation 2026/001\"}"},
    {"E064", "kort de bewaartermijn in, of deel dit veld in een eigen regel",
     "shorten the retention, or share this field in a rule of its own"},
    {"E065",
     "haal het veld weg: deze organisatie heeft er geen machtiging voor",
     "take the field away: this organisation is not authorised for it"},
    {"E070", "zet de ouder er eerst bij", "add its parent first"},
    {"E091", "schakel policy officer NAAM --key BESTAND",
     "schakel policy officer NAME --key FILE"},
    {"E092", "schakel policy test BESTAND", "schakel policy test FILE"},
    {"W001", "laat het veld weg", "leave the field out"},
    {"W003", "kijk of de partners actief zijn in partners.yaml",
     "look whether the partners are active in partners.yaml"},
    {"W013", "haal een van de twee regels weg",
     "take one of the two rules away"},
    {"W015", "kijk samen met de partner of de regel nog nodig is",
     "see with the partner whether the rule is still needed"},
    {"W024",
     "zet bij een van de twee namen wat hen onderscheidt, bv. de plaats",
     "put what sets them apart into one of the two names, e.g. the place"},
    {"W025", "zet in partners.yaml hoe deze partner heet",
     "put into partners.yaml what this partner is called"},
};

const char *sk_advice(const char *code, bool dutch)
{
    for (size_t i = 0; i < SK_COUNT(list); i++) {
        if (strcmp(list[i].code, code) == 0)
            return dutch ? list[i].nl : list[i].en;
    }
    return NULL;
}
