#include "tools/schakel/cmd_journal.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/checkpoint.h"
#include "protocol/journal.h"
#include "protocol/lines.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/journal_pages.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

/* A ternary: the compiler then checks a format in both languages. */
#define SAY(nl, en) (sk_cli_dutch() ? (nl) : (en))

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

/* ------------------------------------------------------------- reading */

/* Fails when it is no hexadecimal of at most size_max bytes. */
static bool unhex(const json_t *json, uint8_t *out, size_t size_max,
                  size_t *size)
{
    const char *text = json_string_value(json);

    return text != NULL && sodium_hex2bin(out, size_max, text, strlen(text),
                                          NULL, size, NULL) == 0;
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

/* ------------------------------------------------------------- verify */

struct verify {
    struct sk_merkle_edge edge;
    uint64_t wrong_from;
    uint64_t wrong_to;
};

static bool same_node(struct sk_value node, const struct sk_hash *want)
{
    return sk_bytes_equal(sk_value_bin(node),
                          (struct sk_bytes){want->bytes, SK_HASH_SIZE});
}

/* False: not what the node keeps of these 256, 65536, ... entries. */
static bool compare_nodes(struct verify *v, struct sk_value_walk *nodes,
                          const struct sk_merkle_done *done)
{
    uint64_t count = 1;

    for (size_t i = 0; i < done->count; i++) {
        count <<= SK_MERKLE_STEP;
        if (sk_value_next(nodes) && same_node(nodes->value, &done->hash[i]))
            continue;
        v->wrong_from = v->edge.size - count;
        v->wrong_to = v->edge.size;
        return false;
    }
    return true;
}

static bool verify_page(struct verify *v, const struct sk_journal_page *page)
{
    struct sk_value_walk entries = sk_value_walk(page->entries);
    struct sk_value_walk nodes = sk_value_walk(page->nodes);

    while (sk_value_next(&entries)) {
        struct sk_bytes bytes = sk_value_bin(entries.value);
        struct sk_merkle_done done;
        struct sk_entry entry;
        struct sk_hash leaf;

        if (sk_entry_decode(bytes, &entry) != SK_OK) {
            v->wrong_from = v->edge.size;
            v->wrong_to = v->edge.size + 1;
            return false;
        }
        sk_merkle_leaf(bytes, &leaf);
        sk_merkle_edge_add(&v->edge, &leaf, &done);
        if (!compare_nodes(v, &nodes, &done))
            return false;
    }
    return true;
}

/* From the first entry on; stops at what is wrong. */
static int verify_pages(struct sk_client *client, uint64_t end,
                        struct verify *v)
{
    struct sk_journal_pages pages = {.client = client, .end = end};
    bool good = true;

    while (good && pages.next < end) {
        struct sk_journal_page page;
        int code = sk_journal_pages_next(&pages, &page);

        if (code >= 0)
            return code;
        good = verify_page(v, &page);
    }
    return -1;
}

/* The key that stands on the own card: what partners check with. */
static int own_key(const char *dir, struct sk_sign_public *out)
{
    char *path = sk_cli_path(dir, SK_OWN_CARD_NAME);
    struct sk_bytes bytes;
    struct sk_card card;
    enum sk_status status = sk_cli_read(path, SK_CARD_SIZE_MAX, &bytes);
    int code = -1;

    if (status == SK_OK) {
        status = sk_card_decode(bytes, &card);
        free((void *)(uintptr_t)bytes.data);
    }
    if (status != SK_OK)
        code = sk_cli_fail_file(status, path);
    else
        *out = card.signing;
    free(path);
    return code;
}

static int verdict(const struct verify *v, const struct sk_journal_top *head,
                   const struct sk_sign_public *key)
{
    struct sk_checkpoint checked;
    struct sk_hash root;
    bool wrong = v->wrong_to > 0;
    static const struct sk_noun entries = {{"regel", "regels"},
                                           {"entry", "entries"}};
    bool is_signed = head->text[0] != '\0';
    bool good = !wrong;

    sk_merkle_edge_root(&v->edge, &root);
    if (good && is_signed)
        good =
            sk_checkpoint_open(sk_text(head->text), key, &checked) == SK_OK &&
            sk_hash_equal(&root, &checked.head.root) &&
            checked.head.size == head->entries;
    if (sk_cli_json()) {
        json_t *out = json_pack("{s:b,s:I,s:b}", "good", good, "entries",
                                (json_int_t)head->entries, "signed", is_signed);

        if (wrong) {
            json_object_set_new(out, "wrong_from",
                                json_integer((json_int_t)v->wrong_from));
            json_object_set_new(out, "wrong_to",
                                json_integer((json_int_t)v->wrong_to));
        }
        sk_json_print(out);
        json_decref(out);
    } else if (good) {
        printf(SAY("Het logboek klopt: %llu %s%s.\n",
                   "The journal is good: %llu %s%s.\n"),
               (unsigned long long)head->entries,
               sk_noun_word(&entries, sk_cli_dutch(), head->entries),
               is_signed ? sk_cli_word(", zoals ondertekend", ", as signed")
                         : sk_cli_word(", nog niet ondertekend: er is geen "
                                       "charter",
                                       ", not signed yet: there is no "
                                       "charter"));
    } else if (wrong) {
        printf(SAY("Het logboek klopt NIET: er is iets mis in de "
                   "regels %llu tot %llu.\n",
                   "The journal is NOT good: something is wrong in "
                   "the entries %llu up to %llu.\n"),
               (unsigned long long)v->wrong_from,
               (unsigned long long)(v->wrong_to - 1));
    } else {
        puts(sk_cli_word("Het logboek klopt NIET: de regels zijn niet die "
                         "welke ondertekend zijn.",
                         "The journal is NOT good: the entries are not those "
                         "that were signed."));
    }
    if (!good && !sk_cli_json())
        puts(sk_cli_word("Wat nu: docs/OPERATING.md, 'Als een logboek niet "
                         "klopt'.",
                         "What now: docs/OPERATING.md, 'When a journal is not "
                         "good'."));
    return good ? SK_EXIT_YES : SK_EXIT_NO;
}

static int verify(struct sk_client *client, const struct sk_parsed *parsed)
{
    static struct verify v;
    struct sk_sign_public key;
    struct sk_journal_top head;
    int code = own_key(sk_cli_dir(parsed), &key);

    if (code < 0)
        code = sk_journal_top(client, &head);
    if (code < 0)
        code = verify_pages(client, head.entries, &v);
    return code < 0 ? verdict(&v, &head, &key) : code;
}

/* ------------------------------------------------------------- prove */

static bool read_proof(const json_t *list, struct sk_merkle_proof *out)
{
    size_t size;

    out->count = json_array_size(list);
    if (out->count > SK_MERKLE_PROOF_MAX)
        return false;
    for (size_t i = 0; i < out->count; i++)
        if (!unhex(json_array_get(list, i), out->hashes[i].bytes, SK_HASH_SIZE,
                   &size) ||
            size != SK_HASH_SIZE)
            return false;
    return true;
}

/* The root that the first `count` entries have, read and computed here. */
static int root_of(struct sk_client *client, uint64_t count,
                   struct sk_hash *out)
{
    static struct verify v;
    int code = verify_pages(client, count, &v);

    if (code < 0 && v.wrong_to > 0)
        code = sk_journal_broken();
    sk_merkle_edge_root(&v.edge, out);
    return code;
}

/* Does it hold?  number: the entry, or how long the journal was. */
static int check_proof(struct sk_client *client, const json_t *result, bool one,
                       uint64_t number, bool *holds)
{
    uint8_t bytes[SK_ENTRY_SIZE_MAX];
    struct sk_merkle_head old = {.size = number};
    struct sk_merkle_proof proof;
    struct sk_checkpoint c;
    struct sk_hash leaf;
    size_t size;
    int code;

    if (sk_checkpoint_open(sk_text(sk_json_text(result, "checkpoint")), NULL,
                           &c) != SK_OK ||
        !read_proof(json_object_get(result, "proof"), &proof))
        return sk_journal_broken();
    if (!one) {
        code = root_of(client, number, &old.root);
        if (code < 0)
            *holds = sk_merkle_consistency_holds(&old, &c.head, &proof);
        return code;
    }
    if (!unhex(json_object_get(result, "entry"), bytes, sizeof(bytes), &size))
        return sk_journal_broken();
    sk_merkle_leaf((struct sk_bytes){bytes, size}, &leaf);
    *holds = sk_merkle_inclusion_holds(&leaf, number, &c.head, &proof);
    return -1;
}

static void print_proof(const json_t *result, bool one, bool holds)
{
    const json_t *list = json_object_get(result, "proof");

    if (holds)
        puts(one ? sk_cli_word("Bewezen: deze regel staat in het logboek.",
                               "Proved: this entry is in the journal.")
                 : sk_cli_word("Bewezen: het logboek is sindsdien alleen "
                               "gegroeid.",
                               "Proved: the journal only grew since then."));
    else
        puts(sk_cli_word("Het bewijs klopt NIET.", "The proof does NOT hold."));
    for (size_t i = 0; i < json_array_size(list); i++)
        printf("  %s\n", json_string_value(json_array_get(list, i)));
    printf("\n%s", sk_json_text(result, "checkpoint"));
}

static int prove(struct sk_client *client, const struct sk_parsed *parsed)
{
    bool one = parsed->operands_count == 1;
    const char *text = one ? parsed->operands[0] : sk_cli_get(parsed, "since");
    json_t *args = json_object();
    json_t *result = NULL;
    uint64_t number;
    bool holds = false;
    int code;

    if (text == NULL || (one && sk_cli_has(parsed, "since"))) {
        json_decref(args);
        sk_cli_help(stderr, parsed->command);
        return SK_EXIT_USAGE;
    }
    code = sk_journal_number(text, 0, &number);
    if (code >= 0) {
        json_decref(args);
        return code;
    }
    json_object_set_new(args, one ? "entry" : "from",
                        json_integer((json_int_t)number));
    code = sk_node_ask(client, "journal.prove", args, NULL, 0, &result);
    if (code < 0)
        code = check_proof(client, result, one, number, &holds);
    if (code < 0) {
        json_object_set_new(result, "holds", json_boolean(holds));
        if (sk_cli_json())
            sk_json_print(result);
        else
            print_proof(result, one, holds);
        code = holds ? SK_EXIT_YES : SK_EXIT_NO;
    }
    json_decref(result);
    return code;
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
            code = verify(client, parsed);
        else if (which == PROVE)
            code = prove(client, parsed);
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
