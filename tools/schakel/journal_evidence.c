/* Evidence that a partner's journal contradicts itself: written to a file, and
   checked by anybody, without a node.                 docs/PROTOCOL.md 11.7 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/evidence.h"
#include "tools/schakel/cmd_journal.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"

/* A ternary: the compiler then checks a format in both languages. */
#define SAY(nl, en) (sk_cli_dutch() ? (nl) : (en))

#define CHARTER_FOLDER_SIZE_MAX (16u * 1024 * 1024)

/* ------------------------------------------------------------- writing */

static int write_evidence(const json_t *result, const char *path)
{
    static uint8_t bytes[SK_EVIDENCE_SIZE_MAX];
    const char *hex = sk_json_text(result, "evidence");
    enum sk_status status;
    size_t size;

    if (sodium_hex2bin(bytes, sizeof(bytes), hex, strlen(hex), NULL, &size,
                       NULL) != 0)
        return sk_cli_fail_file(SK_E_TOO_LARGE, path);
    status = sk_cli_write(path, (struct sk_bytes){bytes, size}, 0644,
                          /* replace */ false);
    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    if (!sk_cli_json())
        printf(SAY("Bewijs geschreven: %s\n"
                   "Wie het krijgt: schakel journal check-evidence "
                   "%s\n",
                   "Evidence written: %s\n"
                   "Who gets it: schakel journal check-evidence %s\n"),
               path, path);
    return SK_EXIT_YES;
}

int sk_journal_evidence(const struct sk_parsed *parsed)
{
    struct sk_client *client = NULL;
    json_t *result = NULL;
    json_t *args;
    int code = sk_node_open(parsed, &client);

    if (code < 0) {
        args = json_pack("{s:s,s:s}", "org", parsed->operands[0], "finding",
                         parsed->operands[1]);
        code = sk_node_ask(client, "journal.evidence", args, NULL, 0, &result);
    }
    if (code < 0)
        code = write_evidence(result, parsed->operands[2]);
    json_decref(result);
    sk_client_close(&client);
    return code;
}

/* ------------------------------------------------------------- checking */

struct checked {
    struct sk_evidence evidence;
    struct sk_checkpoint heads[2];
    struct sk_bytes texts[2];
    enum sk_verdict verdict;
};

static int bad_evidence(const char *path, enum sk_status status)
{
    return sk_cli_fail(
        SK_EXIT_NO,
        &(struct sk_problem){
            .code = "evidence-invalid",
            .nl = "dit bewijst niets: het is geen bewijs, of niet door die "
                  "organisatie ondertekend",
            .en = "this proves nothing: it is no evidence, or not signed by "
                  "that organisation",
            .where = path,
            .detail = sk_status_text(status)});
}

/* Is the identity key that of the charter?  -1, or an exit code. */
static int check_identity(const char *folder, const struct checked *c,
                          bool *same)
{
    struct sk_charter *charter = calloc(1, sizeof(*charter));
    const struct sk_charter_identity *identity;
    struct sk_charter_fault fault;
    struct sk_folder files;
    enum sk_status status =
        sk_cli_read_folder(folder, CHARTER_FOLDER_SIZE_MAX, &files);
    int code = -1;

    if (status != SK_OK || charter == NULL) {
        free(charter);
        return sk_cli_fail_file(status, folder);
    }
    if (sk_charter_read(files.files, files.count, charter, &fault) != SK_OK) {
        code =
            sk_cli_fail(SK_EXIT_USAGE,
                        &(struct sk_problem){.code = "charter-invalid",
                                             .nl = "het charter klopt niet",
                                             .en = "the charter is not valid",
                                             .where = folder,
                                             .detail = fault.check});
    } else {
        identity = sk_charter_identity(charter, &c->evidence.org);
        *same = identity != NULL &&
                memcmp(identity->key.public.bytes,
                       c->evidence.cards[0].identity.bytes, 32) == 0;
    }
    sk_cli_free_folder(&files);
    free(charter);
    return code;
}

static const char *what(enum sk_verdict verdict)
{
    return sk_journal_finding(sk_verdict_text(verdict), sk_cli_dutch());
}

static bool is_proof(enum sk_verdict verdict)
{
    return verdict == SK_VERDICT_FORK || verdict == SK_VERDICT_ROLLBACK ||
           verdict == SK_VERDICT_RESET;
}

static void print_checked(const struct checked *c, const char *folder,
                          bool same)
{
    char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    struct sk_minisign_key identity;

    sk_minisign_key_of(&c->evidence.cards[0].identity, &identity);
    sk_minisign_key_format(&identity, key);
    if (is_proof(c->verdict) || c->verdict == SK_VERDICT_RESTORED)
        printf("%s %s.\n", c->evidence.org.text, what(c->verdict));
    else
        puts(sk_cli_word("Deze twee spreken elkaar niet tegen.",
                         "These two do not contradict each other."));
    printf(SAY("Gezien door: %s\nSleutel van %s: %s\n",
               "Seen by: %s\nKey of %s: %s\n"),
           c->evidence.seen_by.text, c->evidence.org.text, key);
    if (folder == NULL)
        puts(sk_cli_word("Vergelijk die sleutel met charter.yaml.",
                         "Compare that key with charter.yaml."));
    else
        puts(same ? sk_cli_word("Dat is de sleutel van het charter.",
                                "That is the key of the charter.")
                  : sk_cli_word("Dat is NIET de sleutel van het charter: dit "
                                "bewijst niets.",
                                "That is NOT the key of the charter: this "
                                "proves nothing."));
    for (size_t i = 0; i < 2; i++)
        printf("\n%.*s", (int)c->texts[i].size, (const char *)c->texts[i].data);
}

static void print_json(const struct checked *c, bool holds)
{
    char hex[65];
    json_t *out;

    sodium_bin2hex(hex, sizeof(hex), c->evidence.cards[0].identity.bytes, 32);
    out = json_pack("{s:b,s:s,s:s,s:s,s:s,s:[s%,s%]}", "holds", holds,
                    "finding", sk_verdict_text(c->verdict), "identity", hex,
                    "org", c->evidence.org.text, "seen_by",
                    c->evidence.seen_by.text, "checkpoints",
                    (const char *)c->texts[0].data, c->texts[0].size,
                    (const char *)c->texts[1].data, c->texts[1].size);
    sk_json_print(out);
    json_decref(out);
}

int sk_journal_check_evidence(const struct sk_parsed *parsed)
{
    const char *folder = sk_cli_get(parsed, "charter");
    const char *path = parsed->operands[0];
    static struct checked c;
    struct sk_bytes bytes;
    bool same = true;
    bool holds;
    int code = -1;
    enum sk_status status = sk_cli_read(path, SK_EVIDENCE_SIZE_MAX, &bytes);

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    status =
        sk_evidence_check(bytes, &c.evidence, c.heads, c.texts, &c.verdict);
    if (status != SK_OK)
        code = bad_evidence(path, status);
    if (code < 0 && folder != NULL)
        code = check_identity(folder, &c, &same);
    if (code < 0) {
        holds = same && is_proof(c.verdict);
        if (sk_cli_json())
            print_json(&c, holds);
        else
            print_checked(&c, folder, same);
        code = holds ? SK_EXIT_YES : SK_EXIT_NO;
    }
    free((void *)(uintptr_t)bytes.data);
    return code;
}
