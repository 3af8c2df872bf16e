#include "tools/schakel/cmd_policy.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/policy_run.h"
#include "tools/schakel/slow.h"

/* The table of `schakel policy`; what a command does is in policy_<name>.c. */

/* Address space, touched only as far as needed: a YAML file of the largest
   size takes 65 MiB while it is read. */
#define ARENA_SIZE ((size_t)768 << 20)

#define DIR_OPTION                                                             \
    {                                                                          \
        "dir", "DIR", false, false,                                            \
            "de map van het knooppunt (of SCHAKEL_DIR)",                       \
            "the node's folder (or SCHAKEL_DIR)"                               \
    }
#define LANG_OPTION                                                            \
    {                                                                          \
        "lang", "nl|en", false, false, "taal van de meldingen",                \
            "language of the messages"                                         \
    }
#define DAY_OPTION                                                             \
    {                                                                          \
        "day", "DATE", false, false,                                           \
            "meld ook wat binnen 60 dagen na deze dag eindigt",                \
            "also warn of what ends within 60 days of this day"                \
    }

const struct sk_command sk_policy_commands[] = {
    {"policy check",
     "BUNDLE",
     1,
     1,
     "kijk een bundel na en toon alle fouten",
     "check a bundle and show every mistake",
     "BUNDLE is een map of een bundle.yaml. Einde 0: geen fouten; 1: fouten\n"
     "(met --strict ook waarschuwingen, behalve wat het bestand zelf "
     "aanvaardt\n"
     "met een opmerking op of boven die regel: # W002: waarom); 2: een bestand "
     "ontbreekt.",
     "BUNDLE is a folder or a bundle.yaml. Exit 0: no mistakes; 1: mistakes\n"
     "(with --strict also warnings, but those that the file accepts with a\n"
     "comment on or above that line: # W002: why); 2: a file is missing.",
     {{"strict", NULL, false, false, "waarschuwingen tellen mee",
       "warnings count too"},
      DAY_OPTION,
      LANG_OPTION,
      {0}}},
    {"policy test",
     "BUNDLE|FILE...",
     1,
     4096,
     "speel de tests van een bundel, of testbestanden",
     "run the tests of a bundle, or test files",
     "Einde 0: alles slaagt; 1: er faalt iets; 2: onbruikbare invoer.",
     "Exit 0: all pass; 1: something fails; 2: input that cannot be used.",
     {{"coverage", NULL, false, false,
       "toon wat de tests bereiken, en wat niet",
       "show what the tests reach, and what not"},
      {"missing", NULL, false, false,
       "toon alleen de tests die ontbreken, om te plakken",
       "show only the tests that lack, to paste"},
      {"rule", "RULE", false, true, "maak alleen tests voor deze regel",
       "make tests for this rule only"},
      {"min-coverage", "P", false, false,
       "einde 1 als minder dan P procent van de deelregels bereikt is",
       "fail when less than P per cent of the share rules is reached"},
      DAY_OPTION,
      LANG_OPTION,
      {0}}},
    {"policy matrix",
     "[BUNDLE]",
     0,
     1,
     "wie ziet wat, voor welk doel, op een dag",
     "who sees what, for which purpose, on a day",
     "Het meeste dat die dag kan: met een band, een akkoord en gunstige\n"
     "waarden.  Geen beslissing gaat verder.  * vraagt een uitdrukkelijk\n"
     "akkoord.  csv en md hebben de kolommen van een openbare lijst.\n"
     "Zonder BUNDLE: wat in het knooppunt geldt.  Met --person: wat er van\n"
     "die deelnemer kan vertrekken, en waarom de rest niet, met de banden,\n"
     "akkoorden, bezwaren, werkgevers en leeftijd die het knooppunt kent.",
     "The most that can flow that day: with a relation, consent and\n"
     "favourable values.  No decision goes beyond it.  * asks for explicit\n"
     "consent.  csv and md have the columns of a public register.\n"
     "Without BUNDLE: what is in force at the node.  With --person: what can\n"
     "leave of that participant, and why the rest cannot, with the relations,\n"
     "consents, objections, employers and age that the node knows.",
     {{"day", "DATE", false, false, "dag (anders: vandaag)",
       "day (default: today)"},
      {"to", "ORG", false, false, "enkel deze partner", "this partner only"},
      {"person", "PARTICIPANT", false, false,
       "van deze deelnemer van het knooppunt",
       "of this participant of the node"},
      {"format", "md|csv|json", false, false,
       "een tabel in plaats van een raster", "a table instead of a grid"},
      DIR_OPTION,
      SK_BREAK_GLASS,
      LANG_OPTION,
      {0}}},
    {"policy diff",
     "OLD NEW",
     2,
     2,
     "wat verandert er: ruimer of enger, in zinnen",
     "what changes: wider or narrower, in sentences",
     "Einde 10: ruimer; 0: niet ruimer; 2: onbruikbare invoer.  Twee bundels:\n"
     "mappen of bundle.yaml, ook met andere ledenlijsten of woordenlijsten.",
     "Exit 10: wider; 0: not wider; 2: input that cannot be used.  Two\n"
     "bundles: folders or bundle.yaml, also with other rosters or\n"
     "vocabularies.",
     {{"day", "DATE", false, false, "enkel vanaf deze dag",
       "only from this day on"},
      LANG_OPTION,
      {0}}},
    {"policy prove",
     "BUNDLE",
     1,
     1,
     "bewijs wat altijd moet gelden, of geef een tegenvoorbeeld",
     "prove what must always hold, or give a counterexample",
     "Voor elke regel van invariants.yaml: bewezen op alle dagen, of het\n"
     "eerste tegenvoorbeeld.  Einde 0: alles bewezen; 1: niet alles.",
     "For every rule of invariants.yaml: proved on all days, or the first\n"
     "counterexample.  Exit 0: all proved; 1: not all.",
     {LANG_OPTION, {0}}},
    {"policy explain",
     "[BUNDLE]",
     0,
     1,
     "waarom gaat dit wel of niet door, veld per veld",
     "why does this go or not, field by field",
     "FILE is YAML of JSON: {ask: {to, for, now, event}, facts: {persons,\n"
     "links, employers, objections, consents}}; of een testbestand, met\n"
     "--case de naam van een test daarin. Of een vraag van het knooppunt:\n"
     "--event, --to en --for, of --message, volgens het beleid van toen;\n"
     "met BUNDLE volgens dat ontwerp. Einde 0, ja of nee.",
     "FILE is YAML or JSON: {ask: {to, for, now, event}, facts: {persons,\n"
     "links, employers, objections, consents}}; or a test file, with --case\n"
     "the name of a case in it. Or a question of the node: --event, --to and\n"
     "--for, or --message, by the policy of then; with BUNDLE by that draft.\n"
     "Exit 0, for yes and no alike.",
     {{"question", "FILE", false, false, "de vraag met haar feiten",
       "the question with its facts"},
      {"case", "NAME", false, false, "deze test van een testbestand",
       "this case of a test file"},
      {"event", "EVENT", false, false, "een gebeurtenis van het knooppunt",
       "an event of the node"},
      {"to", "ORG", false, false, "met --event: naar wie",
       "with --event: to whom"},
      {"for", "PURPOSE", false, false, "met --event: waarvoor",
       "with --event: for what"},
      {"message", "MESSAGE", false, false, "een bericht dat vertrok",
       "a message that left"},
      DIR_OPTION,
      SK_BREAK_GLASS,
      LANG_OPTION,
      {0}}},
    {"policy render",
     "BUNDLE",
     1,
     1,
     "wie krijgt wat: een tabel, een pagina, of de tekst van een akkoord",
     "who gets what: a table, a page, or the text of a consent",
     "Zonder meer een Markdown-tabel voor het register. --for-people maakt "
     "een\n"
     "pagina in gewone taal. --consent maakt de tekst die een deelnemer ziet;\n"
     "wat niet ingevuld is, blijft een lijn om op te schrijven.",
     "By itself a Markdown table for the register. --for-people makes a page\n"
     "in plain words. --consent makes the text that a participant sees; what\n"
     "is not filled in stays a line to write on.",
     {{"for-people", NULL, false, false, "een pagina in gewone taal",
       "a page in plain words"},
      {"consent", NULL, false, false, "de tekst van een akkoord",
       "the text of a consent"},
      {"to", "ORG", false, false, "alleen deze ontvanger",
       "only this recipient"},
      {"for", "PURPOSE", false, false, "alleen dit doel", "only this purpose"},
      {"out", "DIR", false, false,
       "schrijf elke tekst in deze map, en toon de SHA-256",
       "write every text in this folder, and show its SHA-256"},
      {"participant", "NAME", false, false, "naam van de deelnemer",
       "name of the participant"},
      {"coach", "NAME", false, false, "naam van de begeleider",
       "name of the coach"},
      {"coach-phone", "PHONE", false, false, "telefoon van de begeleider",
       "phone of the coach"},
      {"privacy", "CONTACT", false, false,
       "hoe de privacyverantwoordelijke te bereiken is",
       "how to reach the privacy officer"},
      {"until", "DATE", false, false, "laatste dag van het akkoord",
       "last day of the consent"},
      {"day", "DATE", false, false, "op deze dag (anders vandaag)",
       "on this day (otherwise today)"},
      LANG_OPTION,
      {0}}},
    {"policy schema",
     "BUNDLE",
     1,
     1,
     "JSON Schema van een bestand van een bundel, voor editors",
     "JSON Schema of a file of a bundle, for editors",
     "Vult partners, doelen, gebeurtenissen, velden en niveaus aan tijdens "
     "het\n"
     "typen. Het beleid zelf hoeft nog niet te kloppen.",
     "Completes partners, purposes, events, fields and levels while typing.\n"
     "The policy itself need not be right yet.",
     {{"for", "FILE", false, false,
       "policy (anders), invariants (beloften) of tests",
       "policy (default), invariants or tests"},
      LANG_OPTION,
      {0}}},
    {"policy export",
     "BUNDLE",
     1,
     1,
     "het beleid voor een register (ropa) of een ander systeem (odrl, dpv)",
     "the policy for a register (ropa) or another system (odrl, dpv)",
     "ropa: een record per ontvanger en doel, voor het register van\n"
     "verwerkingen (art. 30); ropa-csv: hetzelfde voor een rekenblad.\n"
     "odrl: JSON-LD. Zonder --day alles wat in het beleid staat.\n"
     "dpv: JSON-LD (ISO/IEC TS 27560, DPV) van een dag, anders vandaag: wat\n"
     "gedeeld wordt, en de tekst van het akkoord. Met --participant ook de\n"
     "akkoorden van die deelnemer, onder een toevallig nummer.",
     "ropa: one record per recipient and purpose, for the record of "
     "processing\n"
     "activities (art. 30); ropa-csv: the same for a spreadsheet.\n"
     "odrl: JSON-LD. Without --day everything in the policy.\n"
     "dpv: JSON-LD (ISO/IEC TS 27560, DPV) of one day, else today: what is\n"
     "shared, and the text of the consent. With --participant also that\n"
     "participant's consents, under a random number.",
     {{"format", "odrl|dpv|ropa|ropa-csv", true, false, "de vorm", "the form"},
      {"day", "DATE", false, false, "alleen wat op deze dag geldt",
       "only what holds on this day"},
      {"participant", "ID", false, false,
       "dpv: ook de akkoorden van deze deelnemer van het knooppunt",
       "dpv: also the consents of this participant of the node"},
      DIR_OPTION,
      LANG_OPTION,
      {0}}},
    {"policy new",
     "DIR",
     1,
     1,
     "begin een beleid: enkele vragen, en een map die nagekeken is",
     "begin a policy: a few questions, and a folder that passes check",
     "Vraagt wie u bent, met wie u deelt, waarvoor en wat; een optie die\n"
     "gegeven is, wordt niet gevraagd. Woordenlijst, federatieregels en\n"
     "ledenlijst komen uit --library (bv. /usr/local/share/schakel/library) "
     "of\n"
     "uit de eigen opties, en worden in de map gezet.",
     "Asks who you are, with whom you share, for what and what; an option "
     "that\n"
     "is given is not asked. Vocabulary, guards and roster come from "
     "--library\n"
     "(e.g. /usr/local/share/schakel/library) or from their own options, and\n"
     "are put in the folder.",
     {{"library", "DIR", false, false,
       "map met vocabulary.yaml, guards.yaml, partners.yaml",
       "folder with vocabulary.yaml, guards.yaml, partners.yaml"},
      {"vocabulary", "FILE", false, false, "de woordenlijst", "the vocabulary"},
      {"guards", "FILE", false, false, "de federatieregels", "the guards"},
      {"partners", "FILE", false, false, "de ledenlijst", "the roster"},
      {"org", "ORG", false, false, "wie u bent", "who you are"},
      {"to", "ORG", false, true, "met wie u deelt", "with whom you share"},
      {"for", "PURPOSE", false, true, "waarvoor", "for what"},
      {"event", "EVENT", false, true, "welke gebeurtenissen", "which events"},
      {"ground", "WORD", false, false,
       "rechtsgrond: public-task, contract, consent, legitimate-interest",
       "legal ground: public-task, contract, consent, legitimate-interest"},
      {"reference", "TEXT", false, false, "wet, protocol of overeenkomst",
       "law, protocol or agreement"},
      {"from", "DATE", false, false, "eerste dag (anders vandaag)",
       "first day (otherwise today)"},
      {"until", "DATE", false, false, "laatste dag (anders een jaar later)",
       "last day (otherwise a year later)"},
      LANG_OPTION,
      {0}}},
    {"policy replay",
     "BUNDLE",
     1,
     1,
     "beantwoord veel vragen, of zeg waar twee bundels verschillen",
     "answer many questions, or tell where two bundles differ",
     "FILE heeft per regel een JSON-object: {\"id\", \"ask\", \"facts\"}, "
     "zoals bij\n"
     "explain; - is de standaardinvoer. Met --against alleen wat verandert, "
     "en\n"
     "een samenvatting. Met --since wat dit ontwerp veranderd had voor een\n"
     "knooppunt: wat vertrok, en wat het nu kan sturen. Einde 10: een "
     "antwoord\n"
     "geeft meer prijs dan voordien.",
     "FILE has a JSON object per line: {\"id\", \"ask\", \"facts\"}, as for "
     "explain;\n"
     "- is standard input. With --against only what changes, and a summary. "
     "With\n"
     "--since what this draft would have changed for a node: what left it, "
     "and what\n"
     "it could send now. Exit 10: an answer reveals more than before.",
     {{"input", "FILE", false, false, "de vragen, een per regel",
       "the questions, one per line"},
      {"since", "90d|DATE", false, false,
       "wat het knooppunt deed: zoveel dagen, of vanaf deze dag",
       "what the node did: so many days, or from this day on"},
      DIR_OPTION,
      {"against", "OLD", false, false, "de bundel van voordien",
       "the bundle of before"},
      LANG_OPTION,
      {0}}},
    {"policy shadow",
     "[BUNDLE]",
     0,
     1,
     "laat een ontwerp meetellen naast wat geldt; het beslist niets",
     "count a draft beside what is in force; it decides nothing",
     "Het ontwerp antwoordt mee bij elke zending en elk voorbeeld. Alleen\n"
     "aantallen worden bewaard: per partner, doel en gebeurtenis. Een regel "
     "die\n"
     "later begint, telt pas vanaf die dag.",
     "The draft answers along at each sending and preview. Only counts are\n"
     "kept: per partner, purpose and event. A rule that begins later counts "
     "from\n"
     "that day on.",
     {{"show", NULL, false, false, "toon de tellingen", "show the counts"},
      {"stop", NULL, false, false, "stop ermee, en wis de tellingen",
       "stop it, and drop the counts"},
      DIR_OPTION,
      LANG_OPTION,
      {0}}},
    {"policy officer",
     "NAME",
     1,
     1,
     "maak een sleutel voor wie een beleid mag tekenen",
     "make a key for somebody who may sign the policy",
     "NAME is een functie (dpo, adjunct), geen naam van een mens.  Toont de "
     "regel\n"
     "voor officers.yaml in de map van het beleid; daar staan er twee of "
     "meer.\n"
     "Geef de sleutel een wachtwoord: minisign -C -s BESTAND.",
     "NAME is a function (dpo, deputy), not the name of a person.  Shows the "
     "line\n"
     "for officers.yaml in the folder of the policy; two or more stand there.\n"
     "Give the key a password: minisign -C -s FILE.",
     {{"key", "FILE", true, false, "waar de geheime sleutel komt",
       "where the secret key goes"},
      {"list", "FILE", false, false, "zet de regel ook in dit officers.yaml",
       "put the line in this officers.yaml too"},
      LANG_OPTION,
      {0}}},
    {"policy sign",
     "BUNDLE",
     1,
     1,
     "teken een beleid als privacyverantwoordelijke",
     "sign a policy as an officer",
     "Maakt MANIFEST als dat er nog niet is of niet meer klopt, en zet "
     "MANIFEST.NAME.minisig\n"
     "ernaast.  Het programma minisign kan ook tekenen.  Kijk eerst met policy "
     "diff.",
     "Makes MANIFEST when it is not there or no longer fits, and puts "
     "MANIFEST.NAME.minisig\n"
     "beside it.  The stock minisign can sign too.  Look first with policy "
     "diff.",
     {{"as", "NAME", true, false, "wie u bent in officers.yaml",
       "who you are in officers.yaml"},
      {"key", "FILE", true, false, "uw geheime sleutel", "your secret key"},
      {"previous", "HASH", false, false,
       "de controlecode van wat nu geldt (anders: gevraagd aan het knooppunt)",
       "the hash of what is in force (default: the node is asked)"},
      {"charter", "DIR", false, false,
       "vergelijk met dit charter (anders: met dat van het knooppunt)",
       "compare with this charter (default: with that of the node)"},
      {"first", NULL, false, false, "er geldt nog niets",
       "nothing is in force yet"},
      {"dir", "DIR", false, false, "de map van het knooppunt (of SCHAKEL_DIR)",
       "the node's folder (or SCHAKEL_DIR)"},
      LANG_OPTION,
      {0}}},
    {"policy activate",
     "BUNDLE",
     1,
     1,
     "neem een getekend beleid in gebruik",
     "put a signed policy into force",
     "Het knooppunt bewijst de beloften, vergelijkt met wat geldt, en vraagt "
     "twee\n"
     "privacyverantwoordelijken als iets ruimer wordt of minder tegenhoudt, "
     "anders een.\n"
     "Wacht er al een versie, dan komt deze alleen in haar plaats met\n"
     "--instead-of, en wordt ook daarmee vergeleken; later vraagt twee.  Wat "
     "wacht,\n"
     "trekt u in met policy rollback van de versie die geldt.",
     "The node proves the invariants, compares with what is in force, and "
     "wants two\n"
     "officers when anything becomes wider or stops less, else one.\n"
     "When a version waits already, this one takes its place only with\n"
     "--instead-of, and is compared with it too; later needs two.  To withdraw "
     "what\n"
     "waits: policy rollback of the version in force.",
     {{"from", "DATE", false, false, "vanaf deze dag (nu)",
       "from this day (now)"},
      {"instead-of", "VERSION", false, false,
       "in plaats van deze versie, die wacht",
       "instead of this version, which waits"},
      {"dir", "DIR", false, false, "de map van het knooppunt (of SCHAKEL_DIR)",
       "the node's folder (or SCHAKEL_DIR)"},
      LANG_OPTION,
      {0}}},
    {"policy rollback",
     "VERSION",
     1,
     1,
     "zet een oude versie klaar als nieuwe",
     "prepare an old version as a new one",
     "Schrijft een map die u vergelijkt, laat tekenen en in gebruik neemt, "
     "zoals elke\n"
     "wijziging.",
     "Writes a folder that you compare, have signed and activate, as any "
     "change.",
     {{"out", "DIR", true, false, "de nieuwe map", "the new folder"},
      {"dir", "DIR", false, false, "de map van het knooppunt (of SCHAKEL_DIR)",
       "the node's folder (or SCHAKEL_DIR)"},
      LANG_OPTION,
      {0}}},
    {0},
};

/* What is said of a question that takes long: what it is doing, and what makes
   it smaller: an option that was not given, or (without one) something else. */
static const struct {
    const char *name;
    int (*run)(struct sk_policy_run *run, const struct sk_parsed *parsed);
    const char *slow_nl;
    const char *slow_en;
    struct {
        const char *option;
        const char *nl;
        const char *en;
    } smaller[2];
} runners[] = {
    {"matrix",
     sk_policy_do_matrix,
     "de matrix van die dag",
     "the matrix of that day",
     {{"to", "--to ORG", "--to ORG"}}},
    {"render",
     sk_policy_do_render,
     "alles wat er gaat",
     "all that goes",
     {{"to", "--to ORG", "--to ORG"},
      {"for", "--for PURPOSE", "--for PURPOSE"}}},
    {"diff",
     sk_policy_do_diff,
     "twee bundels vergelijken",
     "comparing two bundles",
     {{"day", "--day DATE, enkel vanaf die dag",
       "--day DATE, only from that day on"}}},
    {"prove",
     sk_policy_do_prove,
     "bewijzen, op alle dagen,",
     "proving, on all days,",
     {{0}}},
    {"test",
     sk_policy_do_test,
     "de tests spelen, of zoeken wat ze bereiken,",
     "running the tests, or finding what they reach,",
     {{NULL, "een testbestand in plaats van de bundel",
       "one test file instead of the bundle"},
      {"rule", "--rule RULE", "--rule RULE"}}},
    {"replay",
     sk_policy_do_replay,
     "al deze vragen beantwoorden",
     "answering all these questions",
     {{NULL, "minder regels in --input, of een latere --since",
       "fewer lines in --input, or a later --since"}}},
    {"explain",
     sk_policy_do_explain,
     "zoeken waarom, en wat er ontbreekt,",
     "finding why, and what lacks,",
     {{NULL, "een bundel met minder regels voor deze ontvanger",
       "a bundle with fewer rules for this recipient"}}},
    {"export",
     sk_policy_do_export,
     "het hele beleid uitschrijven",
     "writing out the whole policy",
     {{"day", "--day DATE", "--day DATE"},
      {NULL, "minder partners per regel", "fewer partners per rule"}}},
    {"check", sk_policy_do_check, NULL, NULL, {{0}}},
    {"schema", sk_policy_do_schema, NULL, NULL, {{0}}},
    {"new", sk_policy_do_new, NULL, NULL, {{0}}},
    {"officer", sk_policy_do_officer, NULL, NULL, {{0}}},
    {"sign", sk_policy_do_sign, NULL, NULL, {{0}}},
    {"activate", sk_policy_do_activate, NULL, NULL, {{0}}},
    {"rollback", sk_policy_do_rollback, NULL, NULL, {{0}}},
    {"shadow", sk_policy_do_shadow, NULL, NULL, {{0}}},
};

/* The options that every command may have; -1 to go on. */
static int take_options(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    const char *day = sk_cli_get(parsed, "day");
    const char *lang = sk_cli_get(parsed, "lang");

    run->json = sk_cli_json();
    run->day = INT32_MIN;
    run->dutch = lang != NULL ? strcmp(lang, "nl") == 0
                              : sk_cli_language() != SK_LANGUAGE_ENGLISH;
    if (lang != NULL && !run->dutch && strcmp(lang, "en") != 0)
        return sk_policy_bad_option("--lang", "kies nl of en",
                                    "choose nl or en");
    /* What goes wrong is told in the same language. */
    sk_cli_set_language(run->dutch ? SK_LANGUAGE_DUTCH : SK_LANGUAGE_ENGLISH);
    if (day != NULL && !sk_day_parse(sk_text(day), &run->day))
        return sk_policy_bad_option("--day", "dit is geen datum (JJJJ-MM-DD)",
                                    "this is not a date (YYYY-MM-DD)");
    return -1;
}

/* Its row, or NULL. */
static const struct sk_command *command_of(const char *name)
{
    size_t skip = strlen("policy ");

    for (const struct sk_command *c = sk_policy_commands; c->name != NULL; c++)
        if (strcmp(c->name + skip, name) == 0)
            return c;
    return NULL;
}

/* What is said of runner i when it takes long. */
static const char *slow_text(const struct sk_policy_run *run, size_t i,
                             const struct sk_parsed *parsed)
{
    static char text[256];
    const char *before = run->dutch ? "\n  -> kleiner: " : "\n  -> smaller: ";
    size_t size =
        (size_t)snprintf(text, sizeof(text),
                         run->dutch ? "schakel: %s duurt langer dan een seconde"
                                    : "schakel: %s takes longer than a second",
                         run->dutch ? runners[i].slow_nl : runners[i].slow_en);
    size_t told = size;

    for (size_t k = 0; k < SK_COUNT(runners[i].smaller); k++) {
        const char *option = runners[i].smaller[k].option;
        const char *what =
            run->dutch ? runners[i].smaller[k].nl : runners[i].smaller[k].en;

        if (what == NULL || (option != NULL && sk_cli_has(parsed, option)))
            continue;
        told += (size_t)snprintf(text + told, sizeof(text) - told, "%s%s",
                                 told == size ? before : ", ", what);
    }
    if (told == size)
        snprintf(text + told, sizeof(text) - told, "%s",
                 run->dutch ? "\n  -> wacht: kleiner kan niet"
                            : "\n  -> wait: it cannot be made smaller");
    return text;
}

static int run_command(struct sk_policy_run *run,
                       const struct sk_parsed *parsed)
{
    size_t i = 0;
    int code;

    while (i < SK_COUNT(runners) && strcmp(runners[i].name, run->command) != 0)
        i++;
    assert(i < SK_COUNT(runners)); /* every row has a runner */
    if (runners[i].slow_nl != NULL)
        sk_slow_start(slow_text(run, i, parsed), SK_SLOW_MS);
    code = runners[i].run(run, parsed);
    sk_slow_stop();
    return code;
}

int sk_cmd_policy(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const struct sk_command *command = command_of(name);
    struct sk_policy_run run = {.command = name};
    struct sk_parsed parsed;
    void *memory;
    int code;

    if (command == NULL)
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "unknown-command",
                                 .nl = "onbekende opdracht",
                                 .en = "unknown command",
                                 .where = name,
                                 .next_nl = "zie: schakel policy --help",
                                 .next_en = "see: schakel policy --help"});
    code = sk_cli_parse(command, argc - 1, argv + 1, &parsed);
    if (code < 0)
        code = take_options(&run, &parsed);
    if (code >= 0)
        return code;
    memory = sk_cli_reserve(ARENA_SIZE);
    if (memory == NULL)
        return sk_policy_no_memory();
    run.arena = sk_arena_start(memory, ARENA_SIZE);
    code = run_command(&run, &parsed);
    sk_cli_release(memory, ARENA_SIZE);
    return code;
}
