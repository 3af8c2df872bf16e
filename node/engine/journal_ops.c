#include "node/engine/ops.h"

#include <string.h>

#include "node/engine/journal.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

/* journal.head, .read, .prove: for whoever checks the journal from the
   outside; tools/schakel/cmd_journal.c does. */

/* Entries on one page. */
#define PAGE_MAX 4096

static const char hex_digits[] = "0123456789abcdef";

static void reply_hex(struct sk_pack *p, const char *key, struct sk_bytes bytes)
{
    uint8_t text[2 * SK_HASH_SIZE];

    assert(bytes.size <= SK_HASH_SIZE);

    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = (uint8_t)hex_digits[bytes.data[i] >> 4];
        text[2 * i + 1] = (uint8_t)hex_digits[bytes.data[i] & 15];
    }
    sk_reply_text(p, key, (struct sk_bytes){text, 2 * bytes.size});
}

static void pack_hash(struct sk_pack *p, const struct sk_hash *hash)
{
    sk_pack_bin(p, (struct sk_bytes){hash->bytes, SK_HASH_SIZE});
}

static void pack_restarts(struct sk_engine *e)
{
    const struct sk_journal *j = &e->journal;

    sk_pack_cstr(&e->reply, "restarts");
    sk_pack_array(&e->reply, j->restarts_count);
    for (size_t i = 0; i < j->restarts_count; i++) {
        sk_pack_map(&e->reply, 2);
        sk_reply_uint(&e->reply, "entries", j->restarts[i].size);
        reply_hex(&e->reply, "log",
                  (struct sk_bytes){j->restarts[i].log.bytes, SK_LOG_ID_SIZE});
    }
}

enum sk_status sk_op_journal_head(struct sk_engine *e, struct sk_value args)
{
    struct sk_journal *j = &e->journal;
    char vkey[SK_VKEY_SIZE_MAX + 1];
    struct sk_checkpoint head;
    struct sk_bytes text = {0};
    enum sk_status status = sk_journal_head(e, &head);
    bool has_head = status == SK_OK;

    (void)args; /* it has none */
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (has_head)
        SK_TRY(sk_journal_checkpoint(e, &text));
    sk_pack_map(&e->reply, has_head ? 6 : 2);
    if (has_head)
        sk_reply_text(&e->reply, "checkpoint", text);
    sk_reply_uint(&e->reply, "entries", j->edge.size);
    if (has_head)
        reply_hex(&e->reply, "log",
                  (struct sk_bytes){j->log.bytes, SK_LOG_ID_SIZE});
    pack_restarts(e);
    if (has_head) {
        reply_hex(&e->reply, "root",
                  (struct sk_bytes){head.head.root.bytes, SK_HASH_SIZE});
        sk_checkpoint_vkey(&head, &e->card.signing, vkey);
        sk_reply_cstr(&e->reply, "vkey", vkey);
    }
    return SK_OK;
}

/* ------------------------------------------------------------- read */

static enum sk_status pack_entry(void *context, uint64_t number,
                                 struct sk_bytes entry)
{
    struct sk_engine *e = context;

    (void)number; /* they come in order */
    sk_pack_bin(&e->reply, entry);
    return SK_OK;
}

/* The roots that the tree keeps of subtrees that end on this page: so that
   whoever reads it all can see that they are right too. */
static enum sk_status pack_nodes(struct sk_engine *e, uint64_t from,
                                 uint64_t count)
{
    size_t at;
    size_t nodes = 0;

    sk_pack_cstr(&e->reply, "nodes");
    at = sk_reply_open(&e->reply);
    for (uint64_t end = from + 1; end <= from + count; end++) {
        for (unsigned step = 1; step <= SK_MERKLE_STEPS; step++) {
            unsigned level = step * SK_MERKLE_STEP;
            struct sk_hash node;

            if (end % (UINT64_C(1) << level) != 0)
                break;
            SK_TRY(sk_journal_read(e, level, (end >> level) - 1, &node));
            pack_hash(&e->reply, &node);
            nodes++;
        }
    }
    sk_reply_close_array(&e->reply, at, nodes);
    return SK_OK;
}

enum sk_status sk_op_journal_read(struct sk_engine *e, struct sk_value args)
{
    uint64_t from = sk_value_uint(sk_value_get(args, "from"));
    struct sk_value limit = sk_value_get(args, "limit");
    uint64_t count = PAGE_MAX;
    uint64_t size = sk_journal_size(e);

    /* Refused before anything is written. */
    if (from > size)
        return sk_refuse(e, "bad-argument", "from", (struct sk_bytes){0});
    if (sk_value_kind(limit) == SK_VALUE_UINT && sk_value_uint(limit) < count)
        count = sk_value_uint(limit);
    if (count > size - from)
        count = size - from;
    SK_TRY(sk_journal_flush(e));
    sk_pack_map(&e->reply, 3);
    sk_pack_cstr(&e->reply, "entries");
    sk_pack_array(&e->reply, (size_t)count);
    SK_TRY(sk_journal_each(e, from, count, pack_entry, e));
    sk_reply_uint(&e->reply, "next", from + count);
    return pack_nodes(e, from, count);
}

/* ------------------------------------------------------------- prove */

static void pack_proof(struct sk_engine *e, const struct sk_merkle_proof *proof)
{
    sk_pack_cstr(&e->reply, "proof");
    sk_pack_array(&e->reply, proof->count);
    for (size_t i = 0; i < proof->count; i++)
        pack_hash(&e->reply, &proof->hashes[i]);
}

static enum sk_status prove_entry(struct sk_engine *e, uint64_t entry)
{
    struct sk_merkle_proof proof;

    SK_TRY(sk_merkle_inclusion(sk_journal_read, e, entry, e->journal.edge.size,
                               &proof));
    sk_pack_cstr(&e->reply, "entry");
    SK_TRY(sk_journal_each(e, entry, 1, pack_entry, e));
    pack_proof(e, &proof);
    return SK_OK;
}

static enum sk_status prove_growth(struct sk_engine *e, uint64_t from)
{
    struct sk_merkle_proof proof;

    SK_TRY(sk_merkle_consistency(sk_journal_read, e, from, e->journal.edge.size,
                                 &proof));
    pack_proof(e, &proof);
    return SK_OK;
}

enum sk_status sk_op_journal_prove(struct sk_engine *e, struct sk_value args)
{
    struct sk_value entry = sk_value_get(args, "entry");
    struct sk_value from = sk_value_get(args, "from");
    bool one = sk_value_kind(entry) == SK_VALUE_UINT;
    uint64_t size = sk_journal_size(e);
    struct sk_bytes text;

    /* Refused before anything is written. */
    if (one == (sk_value_kind(from) == SK_VALUE_UINT) ||
        (one && sk_value_uint(entry) >= size))
        return sk_refuse(e, "bad-argument", "entry", (struct sk_bytes){0});
    if (!one && (sk_value_uint(from) == 0 || sk_value_uint(from) > size))
        return sk_refuse(e, "bad-argument", "from", (struct sk_bytes){0});
    if (e->charter.text[0] == '\0')
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_journal_checkpoint(e, &text));
    sk_pack_map(&e->reply, one ? 3 : 2);
    sk_reply_text(&e->reply, "checkpoint", text);
    return one ? prove_entry(e, sk_value_uint(entry))
               : prove_growth(e, sk_value_uint(from));
}
