#include "support.h"

#include "protocol/message.h"

#define AT UINT64_C(1790000000123)

static uint8_t room_data[SK_FRAME_SIZE_MAX];
static const struct sk_room room = {room_data, sizeof(room_data)};
static struct party mol;
static struct party sopraco;

static void setup(void)
{
    mol = party_mol();
    sopraco = party_sopraco();
}

TestSuite(message, .init = setup);

static struct sk_bytes encode(struct sk_message *message)
{
    struct sk_bytes out = {0};

    cr_assert(eq(int,
                 sk_message_encode(message, &mol.card.org, &sopraco.card.org,
                                   &mol.signing, room, &out),
                 SK_OK));
    return out;
}

static enum sk_status decode(struct sk_bytes in, struct sk_message *out)
{
    return sk_message_decode(in, &mol.card.org, &sopraco.card.org,
                             &mol.card.signing, out);
}

/* The messages of tests/vectors/message.txt. */
static const char *const names[] = {
    "hello", "items", "receipt", "refusal", "refusal_of_a_message",
    "card",  "bye",   "want",    "charter", "prove",
    "proof",
};

static struct sk_message example(const char *name)
{
    struct sk_prove prove = {.first = 77, .second = 120};
    struct sk_message m;

    memset(prove.log.bytes, 0x1f, SK_LOG_ID_SIZE);
    memset(&m, 0, sizeof(m));
    if (strcmp(name, "hello") == 0) {
        m.kind = SK_MESSAGE_HELLO;
        m.hello = (struct sk_hello){.incarnation = 3,
                                    .head = 120,
                                    .peer_incarnation = 2,
                                    .cursor = 77,
                                    .card_version = 7,
                                    .charter_version = 4,
                                    .sent_ms = AT,
                                    .answer = true};
    } else if (strcmp(name, "items") == 0) {
        m.kind = SK_MESSAGE_ITEMS;
        m.items.incarnation = 3;
        m.items.first = 119;
        m.items.items[0] = vector("item", "event");
        m.items.items[1] = vector("item", "void");
        m.items.items[2] = vector("item", "withdrawn");
        m.items.count = 3;
    } else if (strcmp(name, "receipt") == 0) {
        m.kind = SK_MESSAGE_RECEIPT;
        m.receipt.incarnation = 2;
        m.receipt.last = 77;
        sk_hash("test", sk_text("root"), &m.receipt.root);
        m.receipt.at_ms = AT;
        m.receipt.checkpoint = vector("journal", "checkpoint");
    } else if (strcmp(name, "refusal") == 0) {
        m.kind = SK_MESSAGE_REFUSAL;
        m.refusal = (struct sk_refusal){.code = "gap",
                                        .check = "first",
                                        .incarnation = 2,
                                        .first = 79,
                                        .last = 80};
    } else if (strcmp(name, "refusal_of_a_message") == 0) {
        m.kind = SK_MESSAGE_REFUSAL;
        m.refusal = (struct sk_refusal){.code = "malformed-item",
                                        .check = "erase_by",
                                        .incarnation = 2,
                                        .first = 78,
                                        .last = 78,
                                        .has_message = true};
        m.refusal.message.id = id_of(1);
    } else if (strcmp(name, "card") == 0) {
        m.kind = SK_MESSAGE_CARD;
        m.card = vector("card", "mol");
    } else if (strcmp(name, "want") == 0) {
        m.kind = SK_MESSAGE_WANT;
        m.want = (struct sk_want){.version = 4, .at = 65536};
    } else if (strcmp(name, "charter") == 0) {
        m.kind = SK_MESSAGE_CHARTER;
        m.charter.version = 4;
        m.charter.size = 65543;
        m.charter.at = 65536;
        sk_charter_digest(sk_text("a charter"), &m.charter.digest);
        m.charter.bytes = sk_text("the end");
    } else if (strcmp(name, "prove") == 0) {
        m.kind = SK_MESSAGE_PROVE;
        m.prove = prove;
    } else if (strcmp(name, "proof") == 0) {
        m.kind = SK_MESSAGE_PROOF;
        m.proof.asked = prove;
        m.proof.checkpoint = vector("journal", "checkpoint");
        memset(m.proof.first.hashes[0].bytes, 0x5c, SK_HASH_SIZE);
        memset(m.proof.first.hashes[1].bytes, 0x5d, SK_HASH_SIZE);
        m.proof.first.count = 2;
        memset(m.proof.second.hashes[0].bytes, 0x5e, SK_HASH_SIZE);
        m.proof.second.count = 1;
    } else {
        m.kind = SK_MESSAGE_BYE;
        m.bye_sent_ms = AT;
    }
    return m;
}

static bool same_prove(const struct sk_prove *a, const struct sk_prove *b)
{
    return sk_log_id_equal(&a->log, &b->log) && a->first == b->first &&
           a->second == b->second;
}

static bool same_proof(const struct sk_merkle_proof *a,
                       const struct sk_merkle_proof *b)
{
    return a->count == b->count &&
           memcmp(a->hashes, b->hashes, a->count * SK_HASH_SIZE) == 0;
}

static bool is_same(const struct sk_message *a, const struct sk_message *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case SK_MESSAGE_HELLO:
        return a->hello.incarnation == b->hello.incarnation &&
               a->hello.head == b->hello.head &&
               a->hello.peer_incarnation == b->hello.peer_incarnation &&
               a->hello.cursor == b->hello.cursor &&
               a->hello.card_version == b->hello.card_version &&
               a->hello.charter_version == b->hello.charter_version &&
               a->hello.sent_ms == b->hello.sent_ms &&
               a->hello.answer == b->hello.answer;
    case SK_MESSAGE_ITEMS:
        if (a->items.incarnation != b->items.incarnation ||
            a->items.first != b->items.first ||
            a->items.count != b->items.count ||
            memcmp(&a->items.root, &b->items.root, 32) != 0)
            return false;
        for (size_t i = 0; i < a->items.count; i++)
            if (!sk_bytes_equal(a->items.items[i], b->items.items[i]))
                return false;
        return true;
    case SK_MESSAGE_RECEIPT:
        return a->receipt.incarnation == b->receipt.incarnation &&
               a->receipt.last == b->receipt.last &&
               a->receipt.at_ms == b->receipt.at_ms &&
               sk_bytes_equal(a->receipt.checkpoint, b->receipt.checkpoint) &&
               memcmp(&a->receipt.root, &b->receipt.root, 32) == 0;
    case SK_MESSAGE_REFUSAL:
        return strcmp(a->refusal.code, b->refusal.code) == 0 &&
               strcmp(a->refusal.check, b->refusal.check) == 0 &&
               a->refusal.incarnation == b->refusal.incarnation &&
               a->refusal.first == b->refusal.first &&
               a->refusal.last == b->refusal.last &&
               a->refusal.has_message == b->refusal.has_message &&
               sk_id_equal(&a->refusal.message.id, &b->refusal.message.id);
    case SK_MESSAGE_CARD:
        return sk_bytes_equal(a->card, b->card);
    case SK_MESSAGE_BYE:
        return a->bye_sent_ms == b->bye_sent_ms;
    case SK_MESSAGE_WANT:
        return a->want.version == b->want.version && a->want.at == b->want.at;
    case SK_MESSAGE_CHARTER:
        return a->charter.version == b->charter.version &&
               a->charter.size == b->charter.size &&
               a->charter.at == b->charter.at &&
               memcmp(&a->charter.digest, &b->charter.digest, 32) == 0 &&
               sk_bytes_equal(a->charter.bytes, b->charter.bytes);
    case SK_MESSAGE_PROVE:
        return same_prove(&a->prove, &b->prove);
    case SK_MESSAGE_PROOF:
        return same_prove(&a->proof.asked, &b->proof.asked) &&
               sk_bytes_equal(a->proof.checkpoint, b->proof.checkpoint) &&
               same_proof(&a->proof.first, &b->proof.first) &&
               same_proof(&a->proof.second, &b->proof.second);
    }
    return false;
}

Test(message, is_the_known_answer_both_ways)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_message m = example(names[i]);
        struct sk_message got;

        cr_expect(is_vector("message", names[i], encode(&m)), "%s", names[i]);
        cr_assert(eq(int, decode(vector("message", names[i]), &got), SK_OK),
                  "%s", names[i]);
        cr_expect(is_same(&m, &got), "%s", names[i]);
    }
}

Test(message, rejects_every_truncation_and_a_trailing_byte)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_bytes full = vector("message", names[i]);
        struct sk_message got = {.kind = SK_MESSAGE_BYE, .bye_sent_ms = 77};
        uint8_t *longer = keep(calloc(1, full.size + 1));

        for (size_t size = 0; size < full.size; size++) {
            struct sk_bytes in = exact_copy((struct sk_bytes){full.data, size});

            cr_expect(ne(int, decode(in, &got), SK_OK), "%s %zu", names[i],
                      size);
            free((void *)in.data);
        }
        memcpy(longer, full.data, full.size);
        cr_expect(eq(int,
                     decode((struct sk_bytes){longer, full.size + 1}, &got),
                     SK_E_BAD_LENGTH));
        cr_expect(eq(u64, got.bye_sent_ms, 77), "out was touched");
    }
}

Test(message, rejects_every_changed_byte)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_bytes full = vector("message", names[i]);
        struct sk_message got = {.kind = SK_MESSAGE_BYE, .bye_sent_ms = 77};

        for (size_t at = 0; at < full.size; at++) {
            ((uint8_t *)full.data)[at] ^= 1;
            cr_expect(ne(int, decode(full, &got), SK_OK), "%s %zu", names[i],
                      at);
            ((uint8_t *)full.data)[at] ^= 1;
        }
        cr_expect(eq(u64, got.bye_sent_ms, 77), "out was touched");
    }
}

Test(message, needs_all_its_room)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_message m = example(names[i]);
        size_t size = encode(&m).size;

        for (size_t less = 0; less <= size; less++) {
            uint8_t *exact = malloc(less == 0 ? 1 : less);
            struct sk_bytes out = {NULL, 7};
            enum sk_status status = sk_message_encode(
                &m, &mol.card.org, &sopraco.card.org, &mol.signing,
                (struct sk_room){exact, less}, &out);

            cr_expect(eq(int, status, less < size ? SK_E_NO_ROOM : SK_OK),
                      "%s %zu", names[i], less);
            cr_expect(eq(sz, out.size, less < size ? 7 : size));
            free(exact);
        }
    }
}

/* PROTOCOL.md 6.2: what the statement names cannot be exchanged. */
Test(message, is_bound_to_sender_and_recipient_and_key)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_bytes in = vector("message", names[i]);
        struct sk_org other = org_of("ocmw-geel");
        struct sk_message got;

        cr_expect(eq(int,
                     sk_message_decode(in, &other, &sopraco.card.org,
                                       &mol.card.signing, &got),
                     SK_E_BAD_SIGNATURE));
        cr_expect(eq(int,
                     sk_message_decode(in, &mol.card.org, &other,
                                       &mol.card.signing, &got),
                     SK_E_BAD_SIGNATURE));
        cr_expect(eq(int,
                     sk_message_decode(in, &sopraco.card.org, &mol.card.org,
                                       &mol.card.signing, &got),
                     SK_E_BAD_SIGNATURE));
        cr_expect(eq(int,
                     sk_message_decode(in, &mol.card.org, &sopraco.card.org,
                                       &mol.card.identity, &got),
                     SK_E_BAD_SIGNATURE));
    }
}

/* The same checkpoint, under the other key too. */
static void expect_receipt_again(struct sk_bytes out)
{
    struct sk_checkpoint was;
    struct sk_checkpoint is;
    struct sk_message got;

    cr_assert(eq(int,
                 sk_message_decode(out, &mol.card.org, &sopraco.card.org,
                                   &sopraco.card.signing, &got),
                 SK_OK));
    cr_assert(eq(
        int,
        sk_checkpoint_open(got.receipt.checkpoint, &sopraco.card.signing, &is),
        SK_OK));
    cr_assert(eq(int,
                 sk_checkpoint_open(vector("journal", "checkpoint"),
                                    &mol.card.signing, &was),
                 SK_OK));
    cr_expect(eq(u64, is.head.size, was.head.size));
    cr_expect(memcmp(&is.head.root, &was.head.root, SK_HASH_SIZE) == 0);
    cr_expect(sk_log_id_equal(&is.log, &was.log));
    cr_expect(eq(u64, got.receipt.last, 77));
}

/* 8.6: the same body under another key, and nothing else. */
Test(message, is_signed_again_under_another_key)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        static uint8_t again_room[SK_FRAME_SIZE_MAX];
        struct sk_room to = {again_room, sizeof(again_room)};
        struct sk_bytes in = vector("message", names[i]);
        struct sk_bytes out = {0};
        struct sk_message got;
        enum sk_status status = sk_message_sign_again(
            in, &mol.card.org, &sopraco.card.org, &sopraco.signing, to, &out);

        if (strcmp(names[i], "items") == 0) {
            cr_expect(eq(int, status, SK_E_BAD_VALUE));
            continue;
        }
        cr_assert(eq(int, status, SK_OK));
        cr_assert(eq(sz, out.size, in.size));
        if (strcmp(names[i], "receipt") == 0) {
            expect_receipt_again(out);
            continue;
        }
        cr_expect(memcmp(out.data + 4 + SK_SIGNATURE_SIZE,
                         in.data + 4 + SK_SIGNATURE_SIZE,
                         in.size - 4 - SK_SIGNATURE_SIZE) == 0);
        cr_expect(eq(int, decode(out, &got), SK_E_BAD_SIGNATURE));
        cr_expect(eq(int,
                     sk_message_decode(out, &mol.card.org, &sopraco.card.org,
                                       &sopraco.card.signing, &got),
                     SK_OK));
    }
}

/* --------------------------------------- one row per rule of PROTOCOL.md 6 */

/* A validly signed message around any body of a kind without items. */
static struct sk_bytes sign_body(uint64_t kind, struct sk_bytes body)
{
    uint8_t statement_data[300];
    struct sk_pack p =
        sk_pack_start((struct sk_room){statement_data, sizeof(statement_data)});
    struct sk_signature signature;
    struct sk_bytes statement = {0};
    struct sk_bytes out = {0};
    struct sk_hash digest;

    sk_hash("schakel/body/1", body, &digest);
    sk_pack_array(&p, 4);
    sk_pack_cstr(&p, "ocmw-mol");
    sk_pack_cstr(&p, "sopraco");
    sk_pack_uint(&p, kind);
    sk_pack_bin(&p, (struct sk_bytes){digest.bytes, 32});
    cr_assert(eq(int, sk_pack_finish(&p, &statement), SK_OK));
    sk_sign(&mol.signing, "schakel/message/1", statement, &signature);
    p = sk_pack_start(room);
    sk_pack_array(&p, 3);
    sk_pack_uint(&p, kind);
    sk_pack_bin(&p, (struct sk_bytes){signature.bytes, 64});
    sk_pack_bin(&p, body);
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    return out;
}

static struct sk_bytes unhex(const char *hex)
{
    static uint8_t data[200];
    size_t size = 0;

    cr_assert(sodium_hex2bin(data, sizeof(data), hex, strlen(hex), " ", &size,
                             NULL) == 0);
    return (struct sk_bytes){data, size};
}

#define HASH                                                                   \
    "c420 0000000000000000000000000000000000000000000000000000000000000000 "
#define LATE "cf00000699e991a800" /* the year 2200 */
#define LAST "cf00000699e991a7ff"

Test(message, rejects_each_broken_rule)
{
    static const struct {
        const char *rule;
        uint64_t kind;
        const char *body;
        enum sk_status want;
    } rows[] = {
        {"a hello", 1, "98 01 00 00 00 00 00 00 c2", SK_OK},
        {"hello is an array of 8", 1, "97 01 00 00 00 00 00 00",
         SK_E_BAD_LENGTH},
        {"hello: incarnation from 1", 1, "98 00 00 00 00 00 00 00 c2",
         SK_E_BAD_VALUE},
        {"hello: the last instant", 1, "98 01 00 00 00 00 00 " LAST " c2",
         SK_OK},
        {"hello: a later instant", 1, "98 01 00 00 00 00 00 " LATE " c2",
         SK_E_BAD_VALUE},
        {"hello: answer is a bool", 1, "98 01 00 00 00 00 00 00 01",
         SK_E_BAD_FORM},
        {"a receipt", 3, "95 01 01 " HASH "00 a0", SK_OK},
        {"receipt: incarnation from 1", 3, "95 00 01 " HASH "00 a0",
         SK_E_BAD_VALUE},
        {"receipt: last from 1", 3, "95 01 00 " HASH "00 a0", SK_E_BAD_VALUE},
        {"receipt: root is 32 bytes", 3, "95 01 01 c401 00 00 a0",
         SK_E_BAD_LENGTH},
        {"receipt: instant", 3, "95 01 01 " HASH LATE " a0", SK_E_BAD_VALUE},
        {"receipt: checkpoint is text", 3, "95 01 01 " HASH "00 c400",
         SK_E_BAD_FORM},
        {"a question", 9, "93 c408 0102030405060708 01 02", SK_OK},
        {"prove: log is 8 bytes", 9, "93 c407 01020304050607 01 02",
         SK_E_BAD_LENGTH},
        {"prove: the largest size", 9,
         "93 c408 0102030405060708 01 cf0000010000000000", SK_OK},
        {"prove: more than that", 9,
         "93 c408 0102030405060708 cf0000010000000001 01", SK_E_BAD_VALUE},
        {"a proof", 10, "96 c408 0102030405060708 01 02 a161 90 90", SK_OK},
        {"proof: a checkpoint", 10, "96 c408 0102030405060708 01 02 a0 90 90",
         SK_E_BAD_LENGTH},
        {"proof: a hash is 32 bytes", 10,
         "96 c408 0102030405060708 01 02 a161 91 c40100 90", SK_E_BAD_LENGTH},
        {"a refusal", 4, "96 a3676170 a161 00 00 00 c0", SK_OK},
        {"refusal: code is a word", 4, "96 a3476170 a161 00 00 00 c0",
         SK_E_BAD_VALUE},
        {"refusal: check is a word", 4, "96 a3676170 a120 00 00 00 c0",
         SK_E_BAD_VALUE},
        {"refusal: code is not empty", 4, "96 a0 a161 00 00 00 c0",
         SK_E_BAD_LENGTH},
        {"refusal: code of 40", 4,
         "96 d928 "
         "61616161616161616161616161616161616161616161616161616161616161"
         "616161616161616161 a161 00 00 00 c0",
         SK_OK},
        {"refusal: code of 41", 4,
         "96 d929 "
         "61616161616161616161616161616161616161616161616161616161616161"
         "61616161616161616161 a161 00 00 00 c0",
         SK_E_BAD_LENGTH},
        {"refusal: first to last", 4, "96 a3676170 a161 00 02 01 c0",
         SK_E_BAD_VALUE},
        {"refusal: message is an id", 4, "96 a3676170 a161 00 00 00 01",
         SK_E_BAD_FORM},
        {"a card", 5, "91 c40101", SK_OK},
        {"card is not empty", 5, "91 c400", SK_E_BAD_LENGTH},
        {"card is a bin", 5, "91 a161", SK_E_BAD_FORM},
        {"a bye", 6, "91 00", SK_OK},
        {"bye: instant", 6, "91 " LATE, SK_E_BAD_VALUE},
        {"bye: nothing behind", 6, "9100 00", SK_E_BAD_LENGTH},
        {"no kind 0", 0, "91 00", SK_E_BAD_VALUE},
        {"a want", 7, "92 01 00", SK_OK},
        {"want: version from 1", 7, "92 00 00", SK_E_BAD_VALUE},
        {"want: version to 999999999", 7, "92 ce3b9aca00 00", SK_E_BAD_VALUE},
        {"want: below 4 MiB", 7, "92 01 ce003fffff", SK_OK},
        {"want: not from 4 MiB", 7, "92 01 ce00400000", SK_E_BAD_VALUE},
        {"a charter", 8, "95 01 02 01 " HASH "c40100", SK_OK},
        {"charter: version from 1", 8, "95 00 02 01 " HASH "c40100",
         SK_E_BAD_VALUE},
        {"charter: to 4 MiB", 8, "95 01 ce00400000 01 " HASH "c40100", SK_OK},
        {"charter: not above", 8, "95 01 ce00400001 01 " HASH "c40100",
         SK_E_BAD_VALUE},
        {"charter: not empty", 8, "95 01 02 01 " HASH "c400", SK_E_BAD_LENGTH},
        {"charter: not past its end", 8, "95 01 02 01 " HASH "c4020000",
         SK_E_BAD_VALUE},
        {"charter: nor behind it", 8, "95 01 02 03 " HASH "c40100",
         SK_E_BAD_VALUE},
        {"no kind 11", 11, "91 00", SK_E_BAD_VALUE},
        {"items signed as another kind", 2, "93 01 01 91 c40100",
         SK_E_BAD_SIGNATURE},
        {"items: incarnation from 1", 2, "93 00 01 91 c40100", SK_E_BAD_VALUE},
        {"items: first from 1", 2, "93 01 00 91 c40100", SK_E_BAD_VALUE},
        {"items: at least one", 2, "93 01 01 90", SK_E_BAD_LENGTH},
        {"items: none is empty", 2, "93 01 01 91 c400", SK_E_BAD_LENGTH},
        {"items: numbers fit", 2, "93 01 cfffffffffffffff81 91 c40100",
         SK_E_BAD_VALUE},
        {"items: a bin each", 2, "93 01 01 91 a100", SK_E_BAD_FORM},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_message got = {.kind = SK_MESSAGE_BYE, .bye_sent_ms = 77};
        enum sk_status status =
            decode(sign_body(rows[i].kind, unhex(rows[i].body)), &got);

        cr_expect(eq(str, (char *)sk_status_text(status),
                     (char *)sk_status_text(rows[i].want)),
                  "%s", rows[i].rule);
        if (status != SK_OK)
            cr_expect(eq(u64, got.bye_sent_ms, 77), "%s", rows[i].rule);
    }
}

/* PROTOCOL.md 6.5: 1 to 128 items of 1 to 32768 bytes. */
Test(message, takes_up_to_128_items)
{
    static const uint8_t one[] = {0x91, 0x00};
    static uint8_t data[200 + 129 * 4];
    struct sk_pack p = sk_pack_start((struct sk_room){data, sizeof(data)});
    struct sk_message m = {.kind = SK_MESSAGE_ITEMS};
    struct sk_message got;
    struct sk_bytes body = {0};

    m.items.incarnation = 1;
    m.items.first = 1;
    m.items.count = SK_ITEMS_COUNT_MAX;
    for (size_t i = 0; i < SK_ITEMS_COUNT_MAX; i++)
        m.items.items[i] = (struct sk_bytes){one, 2};
    cr_assert(eq(int, decode(encode(&m), &got), SK_OK));
    cr_expect(is_same(&m, &got));

    sk_pack_array(&p, 3);
    sk_pack_uint(&p, 1);
    sk_pack_uint(&p, 1);
    sk_pack_array(&p, SK_ITEMS_COUNT_MAX + 1);
    for (size_t i = 0; i < SK_ITEMS_COUNT_MAX + 1; i++)
        sk_pack_bin(&p, (struct sk_bytes){one, 2});
    cr_assert(eq(int, sk_pack_finish(&p, &body), SK_OK));
    cr_expect(eq(int, decode(sign_body(2, body), &got), SK_E_BAD_LENGTH));
}

Test(message, takes_items_of_up_to_32768_bytes)
{
    static uint8_t large[SK_ITEM_SIZE_MAX + 1];
    struct sk_message m = {.kind = SK_MESSAGE_ITEMS};
    struct sk_message got;

    m.items.incarnation = 1;
    m.items.first = 1;
    m.items.count = 1;
    m.items.items[0] = (struct sk_bytes){large, SK_ITEM_SIZE_MAX};
    cr_expect(eq(int, decode(encode(&m), &got), SK_OK));
    m.items.items[0].size++;
    cr_expect(eq(int, decode(encode(&m), &got), SK_E_BAD_LENGTH));
}

/* The signature covers the tree, so the order of the items too. */
Test(message, keeps_items_in_their_order)
{
    struct sk_message m = example("items");
    struct sk_message got;
    struct sk_bytes first = m.items.items[0];
    struct sk_hash root;

    cr_assert(eq(int, decode(encode(&m), &got), SK_OK));
    root = m.items.root;
    m.items.items[0] = m.items.items[1];
    m.items.items[1] = first;
    (void)encode(&m);
    cr_expect(ne(int, memcmp(&root, &m.items.root, 32), 0));
}

Test(message, survives_a_round_trip_whatever_is_in_it)
{
    static uint8_t data[SK_ITEMS_COUNT_MAX][600];
    uint64_t state = 7;

    for (int round = 0; round < 300; round++) {
        struct sk_message m = example(names[below(&state, SK_COUNT(names))]);
        struct sk_message got;

        if (m.kind == SK_MESSAGE_HELLO) {
            m.hello.incarnation = 1 + random_uint(&state) / 2;
            m.hello.head = random_uint(&state);
            m.hello.peer_incarnation = random_uint(&state);
            m.hello.cursor = random_uint(&state);
            m.hello.answer = below(&state, 2) == 0;
        }
        if (m.kind == SK_MESSAGE_ITEMS) {
            m.items.first = 1 + random_uint(&state) / 2;
            m.items.count = 1 + below(&state, SK_ITEMS_COUNT_MAX);
            for (size_t i = 0; i < m.items.count; i++) {
                fill_random(&state, data[i], sizeof(data[i]));
                m.items.items[i] =
                    (struct sk_bytes){data[i], 1 + below(&state, 600)};
            }
        }
        if (m.kind == SK_MESSAGE_RECEIPT)
            m.receipt.last = 1 + random_uint(&state) / 2;
        /* PROTOCOL.md 6.5: the largest number there can be. */
        if (m.kind == SK_MESSAGE_ITEMS && round < 30)
            m.items.first = UINT64_MAX - (SK_ITEMS_COUNT_MAX - 1);
        cr_assert(eq(int, decode(encode(&m), &got), SK_OK), "%d", round);
        cr_expect(is_same(&m, &got), "%d", round);
    }
}

/* PROTOCOL.md 6.11: a part has 1 to 65536 bytes. */
Test(message, takes_parts_of_up_to_65536_bytes)
{
    static uint8_t large[SK_CHARTER_PART_SIZE_MAX + 1];
    static uint8_t data[SK_CHARTER_PART_SIZE_MAX + 64];
    struct sk_pack p = sk_pack_start((struct sk_room){data, sizeof(data)});
    struct sk_message m = example("charter");
    struct sk_message got;
    struct sk_bytes body = {0};

    m.charter.at = 0;
    m.charter.size = SK_CHARTER_SIZE_MAX;
    m.charter.bytes = (struct sk_bytes){large, SK_CHARTER_PART_SIZE_MAX};
    cr_assert(eq(int, decode(encode(&m), &got), SK_OK));
    cr_expect(is_same(&m, &got));

    sk_pack_array(&p, 5);
    sk_pack_uint(&p, 1);
    sk_pack_uint(&p, SK_CHARTER_SIZE_MAX);
    sk_pack_uint(&p, 0);
    sk_pack_bin(&p, (struct sk_bytes){large, 32});
    sk_pack_bin(&p, (struct sk_bytes){large, SK_CHARTER_PART_SIZE_MAX + 1});
    cr_assert(eq(int, sk_pack_finish(&p, &body), SK_OK));
    cr_expect(eq(int, decode(sign_body(8, body), &got), SK_E_BAD_LENGTH));
}
