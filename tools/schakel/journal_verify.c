#include "tools/schakel/cmd_journal.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/checkpoint.h"
#include "protocol/journal.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/journal_pages.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"

/* A ternary: the compiler then checks a format in both languages. */
#define SAY(nl, en) (sk_cli_dutch() ? (nl) : (en))

/* Fails when it is no hexadecimal of at most size_max bytes. */
static bool unhex(const json_t *json, uint8_t *out, size_t size_max,
                  size_t *size)
{
    const char *text = json_string_value(json);

    return text != NULL && sodium_hex2bin(out, size_max, text, strlen(text),
                                          NULL, size, NULL) == 0;
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

int sk_journal_verify(struct sk_client *client, const struct sk_parsed *parsed)
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

int sk_journal_prove(struct sk_client *client, const struct sk_parsed *parsed)
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
