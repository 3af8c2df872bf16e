#include "protocol/message.h"

#include <string.h>

#include "protocol/form.h"
#include "protocol/manifest.h"
#include "protocol/merkle.h"
#include "protocol/pack.h"
#include "protocol/unpack.h"

#define MESSAGE_CONTEXT "schakel/message/1"
#define BODY_CONTEXT "schakel/body/1"
#define CHARTER_CONTEXT "schakel/charter/1"

/* Two orgs, numbers and a hash, packed: 66 + 66 + 4 * 9 + 34 and a bit. */
#define STATEMENT_SIZE_MAX 256

/* array 3, uint kind, bin 64 signature, head of the body */
#define OUTSIDE_SIZE_MAX (1 + 1 + 2 + SK_SIGNATURE_SIZE + 5)

/* --------------------------------------------------------- the statement */

/* PROTOCOL.md 6.2: what the signature is over. */
static struct sk_bytes statement_of(const struct sk_message *message,
                                    struct sk_bytes body,
                                    const struct sk_org *sender,
                                    const struct sk_org *recipient,
                                    uint8_t room[STATEMENT_SIZE_MAX])
{
    struct sk_pack p =
        sk_pack_start((struct sk_room){room, STATEMENT_SIZE_MAX});
    const struct sk_items *items = &message->items;
    struct sk_bytes statement = {0};
    enum sk_status status;
    struct sk_hash digest;

    if (message->kind == SK_MESSAGE_ITEMS) {
        sk_pack_array(&p, 7);
        digest = items->root;
    } else {
        sk_pack_array(&p, 4);
        sk_hash(BODY_CONTEXT, body, &digest);
    }
    sk_pack_str(&p, sk_org_text(sender));
    sk_pack_str(&p, sk_org_text(recipient));
    sk_pack_uint(&p, message->kind);
    if (message->kind == SK_MESSAGE_ITEMS) {
        sk_pack_uint(&p, items->incarnation);
        sk_pack_uint(&p, items->first);
        sk_pack_uint(&p, items->first + items->count - 1);
    }
    sk_pack_bin(&p, (struct sk_bytes){digest.bytes, sizeof(digest.bytes)});
    status = sk_pack_finish(&p, &statement);
    assert(status == SK_OK);
    return statement;
}

/* ----------------------------------------------------------------- write */

static void pack_hello(struct sk_pack *p, const struct sk_hello *hello)
{
    sk_pack_array(p, 8);
    sk_pack_uint(p, hello->incarnation);
    sk_pack_uint(p, hello->head);
    sk_pack_uint(p, hello->peer_incarnation);
    sk_pack_uint(p, hello->cursor);
    sk_pack_uint(p, hello->card_version);
    sk_pack_uint(p, hello->charter_version);
    sk_pack_uint(p, hello->sent_ms);
    sk_pack_bool(p, hello->answer);
}

static void pack_items(struct sk_pack *p, const struct sk_items *items)
{
    assert(items->count >= 1);
    assert(items->count <= SK_ITEMS_COUNT_MAX);
    assert(items->first >= 1);
    assert(items->first <= UINT64_MAX - (items->count - 1));

    sk_pack_array(p, 3);
    sk_pack_uint(p, items->incarnation);
    sk_pack_uint(p, items->first);
    sk_pack_array(p, items->count);
    for (size_t i = 0; i < items->count; i++)
        sk_pack_bin(p, items->items[i]);
}

static void pack_receipt(struct sk_pack *p, const struct sk_receipt *receipt)
{
    sk_pack_array(p, 5);
    sk_pack_uint(p, receipt->incarnation);
    sk_pack_uint(p, receipt->last);
    sk_pack_bin(
        p, (struct sk_bytes){receipt->root.bytes, sizeof(receipt->root.bytes)});
    sk_pack_uint(p, receipt->at_ms);
    sk_pack_str(p, receipt->checkpoint);
}

static void pack_prove(struct sk_pack *p, const struct sk_prove *prove)
{
    sk_pack_bin(p,
                (struct sk_bytes){prove->log.bytes, sizeof(prove->log.bytes)});
    sk_pack_uint(p, prove->first);
    sk_pack_uint(p, prove->second);
}

static void pack_hashes(struct sk_pack *p, const struct sk_merkle_proof *proof)
{
    assert(proof->count <= SK_MERKLE_PROOF_MAX);

    sk_pack_array(p, proof->count);
    for (size_t i = 0; i < proof->count; i++)
        sk_pack_bin(p, (struct sk_bytes){proof->hashes[i].bytes, SK_HASH_SIZE});
}

static void pack_refusal(struct sk_pack *p, const struct sk_refusal *refusal)
{
    sk_pack_array(p, 6);
    sk_pack_cstr(p, refusal->code);
    sk_pack_cstr(p, refusal->check);
    sk_pack_uint(p, refusal->incarnation);
    sk_pack_uint(p, refusal->first);
    sk_pack_uint(p, refusal->last);
    if (refusal->has_message)
        sk_pack_id(p, &refusal->message.id);
    else
        sk_pack_nil(p);
}

static void pack_charter(struct sk_pack *p,
                         const struct sk_charter_part *charter)
{
    const struct sk_bytes digest = {charter->digest.bytes, SK_HASH_SIZE};

    assert(charter->bytes.size >= 1);
    assert(charter->bytes.size <= SK_CHARTER_PART_SIZE_MAX);
    assert(charter->at + charter->bytes.size <= charter->size);

    sk_pack_array(p, 5);
    sk_pack_uint(p, charter->version);
    sk_pack_uint(p, charter->size);
    sk_pack_uint(p, charter->at);
    sk_pack_bin(p, digest);
    sk_pack_bin(p, charter->bytes);
}

static void pack_body(struct sk_pack *p, const struct sk_message *message)
{
    switch (message->kind) {
    case SK_MESSAGE_HELLO:
        pack_hello(p, &message->hello);
        return;
    case SK_MESSAGE_ITEMS:
        pack_items(p, &message->items);
        return;
    case SK_MESSAGE_RECEIPT:
        pack_receipt(p, &message->receipt);
        return;
    case SK_MESSAGE_REFUSAL:
        pack_refusal(p, &message->refusal);
        return;
    case SK_MESSAGE_CARD:
        sk_pack_array(p, 1);
        sk_pack_bin(p, message->card);
        return;
    case SK_MESSAGE_BYE:
        sk_pack_array(p, 1);
        sk_pack_uint(p, message->bye_sent_ms);
        return;
    case SK_MESSAGE_WANT:
        sk_pack_array(p, 2);
        sk_pack_uint(p, message->want.version);
        sk_pack_uint(p, message->want.at);
        return;
    case SK_MESSAGE_CHARTER:
        pack_charter(p, &message->charter);
        return;
    case SK_MESSAGE_PROVE:
        sk_pack_array(p, 3);
        pack_prove(p, &message->prove);
        return;
    case SK_MESSAGE_PROOF:
        sk_pack_array(p, 6);
        pack_prove(p, &message->proof.asked);
        sk_pack_str(p, message->proof.checkpoint);
        pack_hashes(p, &message->proof.first);
        pack_hashes(p, &message->proof.second);
        return;
    }
    assert(false);
}

/* Everything in front of the body, whose bytes follow. */
static enum sk_status pack_outside(enum sk_message_kind kind,
                                   const struct sk_signature *signature,
                                   size_t body_size,
                                   uint8_t room[OUTSIDE_SIZE_MAX],
                                   struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start((struct sk_room){room, OUTSIDE_SIZE_MAX});

    sk_pack_array(&p, 3);
    sk_pack_uint(&p, kind);
    sk_pack_bin(&p, (struct sk_bytes){signature->bytes, SK_SIGNATURE_SIZE});
    sk_pack_bin_head(&p, body_size);
    return sk_pack_finish(&p, out);
}

enum sk_status sk_message_encode(struct sk_message *message,
                                 const struct sk_org *sender,
                                 const struct sk_org *recipient,
                                 const struct sk_sign_secret *secret,
                                 struct sk_room room, struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);
    uint8_t outside_room[OUTSIDE_SIZE_MAX];
    uint8_t statement[STATEMENT_SIZE_MAX];
    struct sk_signature signature;
    struct sk_bytes outside = {0};
    struct sk_bytes body = {0};

    pack_body(&p, message);
    SK_TRY(sk_pack_finish(&p, &body));
    if (message->kind == SK_MESSAGE_ITEMS)
        sk_merkle_root(message->items.items, message->items.count,
                       &message->items.root);
    sk_sign(secret, MESSAGE_CONTEXT,
            statement_of(message, body, sender, recipient, statement),
            &signature);

    /* The size of the body decides where it starts: move it there. */
    SK_TRY(pack_outside(message->kind, &signature, body.size, outside_room,
                        &outside));
    if (outside.size > room.size_max - body.size)
        return SK_E_NO_ROOM;
    memmove(room.data + outside.size, body.data, body.size);
    memcpy(room.data, outside.data, outside.size);
    *out = (struct sk_bytes){room.data, outside.size + body.size};
    return SK_OK;
}

/* ------------------------------------------------------------------ read */

static void unpack_hello(struct sk_unpack *u, struct sk_hello *hello)
{
    sk_unpack_array(u, 8);
    hello->incarnation = sk_unpack_uint(u, 1, UINT64_MAX);
    hello->head = sk_unpack_uint(u, 0, UINT64_MAX);
    hello->peer_incarnation = sk_unpack_uint(u, 0, UINT64_MAX);
    hello->cursor = sk_unpack_uint(u, 0, UINT64_MAX);
    hello->card_version = sk_unpack_uint(u, 0, UINT64_MAX);
    hello->charter_version = sk_unpack_uint(u, 0, UINT64_MAX);
    hello->sent_ms = sk_unpack_uint(u, 0, SK_AT_MS_MAX);
    hello->answer = sk_unpack_bool(u);
}

static void unpack_items(struct sk_unpack *u, struct sk_items *items)
{
    sk_unpack_array(u, 3);
    items->incarnation = sk_unpack_uint(u, 1, UINT64_MAX);
    /* PROTOCOL.md 6.5: no number of the range is above the largest uint. */
    items->first = sk_unpack_uint(u, 1, UINT64_MAX - (SK_ITEMS_COUNT_MAX - 1));
    items->count = sk_unpack_array_upto(u, 1, SK_ITEMS_COUNT_MAX);
    for (size_t i = 0; i < items->count; i++)
        items->items[i] = sk_unpack_bin_upto(u, 1, SK_ITEM_SIZE_MAX);
}

static void unpack_receipt(struct sk_unpack *u, struct sk_receipt *receipt)
{
    sk_unpack_array(u, 5);
    receipt->incarnation = sk_unpack_uint(u, 1, UINT64_MAX);
    receipt->last = sk_unpack_uint(u, 1, UINT64_MAX);
    sk_unpack_bin(u, receipt->root.bytes, sizeof(receipt->root.bytes));
    receipt->at_ms = sk_unpack_uint(u, 0, SK_AT_MS_MAX);
    receipt->checkpoint = sk_unpack_str(u, 0, SK_CHECKPOINT_SIZE_MAX);
}

static void unpack_prove(struct sk_unpack *u, struct sk_prove *prove)
{
    sk_unpack_bin(u, prove->log.bytes, sizeof(prove->log.bytes));
    prove->first = sk_unpack_uint(u, 0, SK_MERKLE_SIZE_MAX);
    prove->second = sk_unpack_uint(u, 0, SK_MERKLE_SIZE_MAX);
}

static void unpack_hashes(struct sk_unpack *u, struct sk_merkle_proof *proof)
{
    proof->count = sk_unpack_array_upto(u, 0, SK_MERKLE_PROOF_MAX);
    for (size_t i = 0; i < proof->count; i++)
        sk_unpack_bin(u, proof->hashes[i].bytes, SK_HASH_SIZE);
}

/* A code: a word of at most SK_CODE_SIZE_MAX bytes. */
static bool unpack_code(struct sk_unpack *u, char out[SK_CODE_SIZE_MAX + 1])
{
    struct sk_bytes text = sk_unpack_str(u, 1, SK_CODE_SIZE_MAX);

    memset(out, 0, SK_CODE_SIZE_MAX + 1);
    if (!sk_word_is_legal(text))
        return false;
    memcpy(out, text.data, text.size);
    return true;
}

static enum sk_status unpack_refusal(struct sk_unpack *u,
                                     struct sk_refusal *refusal)
{
    bool words;

    sk_unpack_array(u, 6);
    words = unpack_code(u, refusal->code);
    words = unpack_code(u, refusal->check) && words;
    refusal->incarnation = sk_unpack_uint(u, 0, UINT64_MAX);
    refusal->first = sk_unpack_uint(u, 0, UINT64_MAX);
    refusal->last = sk_unpack_uint(u, refusal->first, UINT64_MAX);
    refusal->has_message = !sk_unpack_is_nil(u);
    if (refusal->has_message)
        sk_unpack_id(u, &refusal->message.id);
    SK_TRY(sk_unpack_finish(u));
    return words ? SK_OK : SK_E_BAD_VALUE;
}

static enum sk_status unpack_charter(struct sk_unpack *u,
                                     struct sk_charter_part *charter)
{
    sk_unpack_array(u, 5);
    charter->version = sk_unpack_uint(u, 1, SK_MANIFEST_VERSION_MAX);
    charter->size = sk_unpack_uint(u, 1, SK_CHARTER_SIZE_MAX);
    charter->at = sk_unpack_uint(u, 0, SK_CHARTER_SIZE_MAX);
    sk_unpack_bin(u, charter->digest.bytes, sizeof(charter->digest.bytes));
    charter->bytes = sk_unpack_bin_upto(u, 1, SK_CHARTER_PART_SIZE_MAX);
    SK_TRY(sk_unpack_finish(u));
    return charter->at + charter->bytes.size <= charter->size ? SK_OK
                                                              : SK_E_BAD_VALUE;
}

/* The body of message->kind, whole. */
static enum sk_status unpack_body(struct sk_bytes body,
                                  struct sk_message *message)
{
    struct sk_unpack u = sk_unpack_start(body);

    switch (message->kind) {
    case SK_MESSAGE_HELLO:
        unpack_hello(&u, &message->hello);
        break;
    case SK_MESSAGE_ITEMS:
        unpack_items(&u, &message->items);
        break;
    case SK_MESSAGE_RECEIPT:
        unpack_receipt(&u, &message->receipt);
        break;
    case SK_MESSAGE_REFUSAL:
        return unpack_refusal(&u, &message->refusal);
    case SK_MESSAGE_CARD:
        sk_unpack_array(&u, 1);
        message->card = sk_unpack_bin_upto(&u, 1, SK_CARD_SIZE_MAX);
        break;
    case SK_MESSAGE_BYE:
        sk_unpack_array(&u, 1);
        message->bye_sent_ms = sk_unpack_uint(&u, 0, SK_AT_MS_MAX);
        break;
    case SK_MESSAGE_WANT:
        sk_unpack_array(&u, 2);
        message->want.version = sk_unpack_uint(&u, 1, SK_MANIFEST_VERSION_MAX);
        message->want.at = sk_unpack_uint(&u, 0, SK_CHARTER_SIZE_MAX - 1);
        break;
    case SK_MESSAGE_CHARTER:
        return unpack_charter(&u, &message->charter);
    case SK_MESSAGE_PROVE:
        sk_unpack_array(&u, 3);
        unpack_prove(&u, &message->prove);
        break;
    case SK_MESSAGE_PROOF:
        sk_unpack_array(&u, 6);
        unpack_prove(&u, &message->proof.asked);
        message->proof.checkpoint =
            sk_unpack_str(&u, 1, SK_CHECKPOINT_SIZE_MAX);
        unpack_hashes(&u, &message->proof.first);
        unpack_hashes(&u, &message->proof.second);
        break;
    }
    return sk_unpack_finish(&u);
}

enum sk_status sk_message_decode(struct sk_bytes in,
                                 const struct sk_org *sender,
                                 const struct sk_org *recipient,
                                 const struct sk_sign_public *public,
                                 struct sk_message *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    uint8_t statement[STATEMENT_SIZE_MAX];
    struct sk_signature signature;
    struct sk_message message;
    struct sk_bytes body;

    sk_unpack_array(&u, 3);
    memset(&message, 0, sizeof(message));
    message.kind = (enum sk_message_kind)sk_unpack_uint(&u, SK_MESSAGE_HELLO,
                                                        SK_MESSAGE_PROOF);
    sk_unpack_bin(&u, signature.bytes, sizeof(signature.bytes));
    body = sk_unpack_bin_upto(&u, 1, SK_FRAME_SIZE_MAX);
    SK_TRY(sk_unpack_finish(&u));

    /* PROTOCOL.md 6.3: what is signed of ITEMS is the root, so its body is
       read, into memory of fixed size, before it is believed. */
    if (message.kind == SK_MESSAGE_ITEMS) {
        SK_TRY(unpack_body(body, &message));
        sk_merkle_root(message.items.items, message.items.count,
                       &message.items.root);
    }
    if (!sk_verify(public, MESSAGE_CONTEXT,
                   statement_of(&message, body, sender, recipient, statement),
                   &signature))
        return SK_E_BAD_SIGNATURE;
    if (message.kind != SK_MESSAGE_ITEMS)
        SK_TRY(unpack_body(body, &message));
    *out = message;
    return SK_OK;
}

/* The checkpoint inside is under the same key as the receipt. */
static enum sk_status receipt_again(struct sk_bytes body,
                                    const struct sk_org *sender,
                                    const struct sk_org *recipient,
                                    const struct sk_sign_secret *secret,
                                    struct sk_room room, struct sk_bytes *out)
{
    struct sk_message message = {.kind = SK_MESSAGE_RECEIPT};
    struct sk_bytes *text = &message.receipt.checkpoint;
    uint8_t bytes[SK_CHECKPOINT_SIZE_MAX];
    struct sk_checkpoint checkpoint;

    SK_TRY(unpack_body(body, &message));
    SK_TRY(sk_checkpoint_open(*text, NULL, &checkpoint));
    SK_TRY(sk_checkpoint_sign(&checkpoint, secret,
                              (struct sk_room){bytes, sizeof(bytes)}, text));
    return sk_message_encode(&message, sender, recipient, secret, room, out);
}

enum sk_status sk_message_sign_again(struct sk_bytes in,
                                     const struct sk_org *sender,
                                     const struct sk_org *recipient,
                                     const struct sk_sign_secret *secret,
                                     struct sk_room room, struct sk_bytes *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_pack p = sk_pack_start(room);
    uint8_t statement[STATEMENT_SIZE_MAX];
    struct sk_signature signature;
    struct sk_message message;
    struct sk_bytes body;

    sk_unpack_array(&u, 3);
    message.kind = (enum sk_message_kind)sk_unpack_uint(&u, SK_MESSAGE_HELLO,
                                                        SK_MESSAGE_PROOF);
    sk_unpack_bin(&u, signature.bytes, sizeof(signature.bytes));
    body = sk_unpack_bin_upto(&u, 1, SK_FRAME_SIZE_MAX);
    SK_TRY(sk_unpack_finish(&u));
    if (message.kind == SK_MESSAGE_ITEMS)
        return SK_E_BAD_VALUE;
    if (message.kind == SK_MESSAGE_RECEIPT)
        return receipt_again(body, sender, recipient, secret, room, out);
    sk_sign(secret, MESSAGE_CONTEXT,
            statement_of(&message, body, sender, recipient, statement),
            &signature);
    sk_pack_array(&p, 3);
    sk_pack_uint(&p, message.kind);
    sk_pack_bin(&p, (struct sk_bytes){signature.bytes, SK_SIGNATURE_SIZE});
    sk_pack_bin(&p, body);
    return sk_pack_finish(&p, out);
}

void sk_charter_digest(struct sk_bytes bytes, struct sk_hash *out)
{
    sk_hash(CHARTER_CONTEXT, bytes, out);
}
