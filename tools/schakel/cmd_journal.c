#include "tools/schakel/cmd_journal.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/merkle.h"
#include "tools/schakel/cmd_node.h"

#define DIR_OPTION                                                             \
    {                                                                          \
        "dir", "DIR", false, false,                                            \
            "de map van het knooppunt (of SCHAKEL_DIR)",                       \
            "the node's folder (or SCHAKEL_DIR)"                               \
    }

enum { SHOW, VERIFY, PROVE, EXPORT, EVIDENCE, CHECK };

const struct sk_command sk_journal_commands[] = {
    [SHOW] = {.name = "journal show",
              .operands = "",
              .nl = "de laatste regels van het logboek",
              .en = "the last entries of the journal",
              .options = {DIR_OPTION,
                          {"from", "N", false, false,
                           "vanaf deze regel, de eerste is 0",
                           "from this entry, the first is 0"},
                          {"limit", "N", false, false, "hoeveel hoogstens (20)",
                           "how many at most (20)"}}},
    [VERIFY] = {.name = "journal verify",
                .operands = "",
                .nl = "kijk het hele logboek na",
                .en = "check the whole journal",
                .more_nl =
                    "Leest elke regel, rekent de boom na en vergelijkt met de "
                    "handtekening.  Het\nknooppunt werkt verder.  Afsluitcode "
                    "1: er klopt iets niet.\n",
                .more_en =
                    "Reads every entry, computes the tree and compares it with "
                    "the signature.  The\nnode works on.  Exit code 1: "
                    "something is wrong.\n",
                .options = {DIR_OPTION}},
    [PROVE] = {.name = "journal prove",
               .operands = "[ENTRY]",
               .operands_min = 0,
               .operands_max = 1,
               .nl = "bewijs dat een regel in het logboek staat",
               .en = "prove that an entry is in the journal",
               .more_nl =
                   "Met --since N in plaats van ENTRY: bewijs dat het logboek "
                   "van N regels het begin\nis van dit.  Het bewijs wordt "
                   "nagerekend; --json geeft het voor anderen.\n",
               .more_en =
                   "With --since N instead of ENTRY: prove that the journal of "
                   "N entries is the start\nof this one.  The proof is "
                   "checked; --json gives it for others.\n",
               .options = {DIR_OPTION,
                           {"since", "N", false, false,
                            "sinds het N regels lang was",
                            "since it had N entries"}}},
    [EXPORT] = {.name = "journal export",
                .operands = "",
                .nl = "het hele logboek, een JSON-regel per regel",
                .en = "the whole journal, one line of JSON per entry",
                .more_nl =
                    "NDJSON op standaarduitvoer; de laatste regel is de "
                    "handtekening eronder.\nleaf is wat in de boom staat "
                    "(PROTOCOL.md 11.2).\n",
                .more_en =
                    "NDJSON on standard output; the last line is the signature "
                    "under it.\nleaf is what stands in the tree (PROTOCOL.md "
                    "11.2).\n",
                .options = {DIR_OPTION,
                            {"from", "N", false, false,
                             "vanaf deze regel, de eerste is 0",
                             "from this entry, the first is 0"}}},
    [EVIDENCE] =
        {.name = "journal evidence",
         .operands = "PARTNER FINDING FILE",
         .operands_min = 3,
         .operands_max = 3,
         .nl = "schrijf het bewijs bij een vaststelling in een bestand",
         .en = "write the evidence of a finding to a file",
         .more_nl = "Vaststellingen: schakel journal findings.  Wie het "
                    "bestand krijgt "
                    "kijkt het na\nmet: schakel journal check-evidence FILE.  "
                    "Er staat "
                    "niets in over personen.\n",
         .more_en =
             "Findings: schakel journal findings.  Who gets the file checks it "
             "with:\nschakel journal check-evidence FILE.  There is nothing "
             "about persons in it.\n",
         .options = {DIR_OPTION}},
    [CHECK] =
        {.name = "journal check-evidence",
         .operands = "FILE",
         .operands_min = 1,
         .operands_max = 1,
         .nl = "kijk bewijs na, zonder knooppunt",
         .en = "check evidence, without a node",
         .more_nl =
             "Toont de sleutel van de organisatie: vergelijk die met het "
             "charter, of geef de\nmap van het charter met --charter.  "
             "Afsluitcode 0: de organisatie ondertekende\ntwee dingen die "
             "elkaar tegenspreken.  1: dit bewijst niets.\n",
         .more_en = "Shows the key of the organisation: compare it with the "
                    "charter, or give the\nfolder of the charter with "
                    "--charter.  Exit code 0: the organisation signed two\n"
                    "things that contradict each other.  1: this proves "
                    "nothing.\n",
         .options = {{"charter", "FOLDER", false, false,
                      "de map van het charter", "the folder of the charter"}}},
    {0},
};

const char *sk_journal_finding(const char *finding, bool dutch)
{
    static const struct {
        const char *finding;
        const char *nl;
        const char *en;
    } rows[] = {
        {"fork", "ondertekende twee logboeken die elkaar tegenspreken",
         "signed two journals that contradict each other"},
        {"rollback", "toont een logboek waaruit regels verdwenen zijn",
         "shows a journal from which entries are gone"},
        {"reset", "begon een nieuw logboek zonder te zeggen waarom",
         "began a new journal without saying why"},
        {"restored", "is teruggezet van een reservekopie, en zegt dat ook",
         "was put back from a backup, and says so"},
        {"behind",
         "kent meer van uw logboek dan u hebt: uw opslag ging terug in de tijd",
         "knows more of your journal than you have: your store went back in "
         "time"},
        {"doubted", "zegt dat uw logboek zichzelf tegenspreekt",
         "says that your journal contradicts itself"},
        {"broken", "kan zijn eigen logboek niet meer lezen",
         "cannot read its own journal any more"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i].finding, finding) == 0)
            return dutch ? rows[i].nl : rows[i].en;
    return finding;
}

static int bad_number(const char *where)
{
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "bad-argument",
                                            .nl = "dit is geen getal",
                                            .en = "this is not a number",
                                            .where = where});
}

int sk_journal_number(const char *text, uint64_t without, uint64_t *out)
{
    char *end;

    *out = without;
    if (text == NULL)
        return -1;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
                   *out <= SK_MERKLE_SIZE_MAX
               ? -1
               : bad_number(text);
}

/* ------------------------------------------------------------- command */

static int run(int which, const struct sk_parsed *parsed)
{
    struct sk_client *client = NULL;
    int code;

    if (which == CHECK)
        return sk_journal_check_evidence(parsed);
    if (which == EVIDENCE)
        return sk_journal_evidence(parsed);
    code = sk_node_open(parsed, &client);
    if (code < 0) {
        if (which == VERIFY)
            code = sk_journal_verify(client, parsed);
        else if (which == PROVE)
            code = sk_journal_prove(client, parsed);
        else if (which == EXPORT)
            code = sk_journal_export(client, parsed);
        else
            code = sk_journal_show(client, parsed);
    }
    sk_client_close(&client);
    return code;
}

int sk_cmd_journal(int argc, char **argv)
{
    struct sk_parsed parsed;
    char name[64];
    int code;

    snprintf(name, sizeof(name), "journal %s", argc > 1 ? argv[1] : "");
    for (int i = SHOW; sk_journal_commands[i].name != NULL; i++) {
        if (strcmp(sk_journal_commands[i].name, name) != 0)
            continue;
        code =
            sk_cli_parse(&sk_journal_commands[i], argc - 1, argv + 1, &parsed);
        return code < 0 ? run(i, &parsed) : code;
    }
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){.code = "unknown-command",
                             .nl = "onbekende opdracht",
                             .en = "unknown command",
                             .where = name,
                             .next_nl = "zie: schakel journal --help",
                             .next_en = "see: schakel journal --help"});
}
