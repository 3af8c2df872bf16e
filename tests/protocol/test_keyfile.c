#include "support.h"

#include "protocol/keyfile.h"
#include "protocol/unpack.h"

static uint8_t room_data[SK_NODE_KEY_SIZE_MAX];
static const struct sk_room room = {room_data, sizeof(room_data)};
static const char key_bytes[] = "0123456789abcdef0123456789abcdef";
static const char other_bytes[] = "0123456789abcdef0123456789abcdeg";

static struct sk_unlock by_key(const char *key)
{
    return (struct sk_unlock){.kind = SK_UNLOCK_KEY,
                              .secret_view = sk_text(key)};
}

static struct sk_unlock by_passphrase(const char *passphrase)
{
    return (struct sk_unlock){.kind = SK_UNLOCK_PASSPHRASE,
                              .secret_view = sk_text(passphrase)};
}

static struct sk_node_secrets secrets_of(uint8_t byte, size_t sealing_count)
{
    struct sk_node_secrets node = {.sealing_count = sealing_count};

    memset(&node.signing, byte, sizeof(node.signing));
    for (size_t i = 0; i < sealing_count; i++)
        memset(&node.sealing[i], byte + 1 + (int)i, sizeof(node.sealing[i]));
    memset(&node.curve, byte + 3, sizeof(node.curve));
    memset(&node.master, byte + 4, sizeof(node.master));
    return node;
}

static bool is_same(const struct sk_node_secrets *a,
                    const struct sk_node_secrets *b)
{
    return a->sealing_count == b->sealing_count &&
           memcmp(&a->signing, &b->signing, sizeof(a->signing)) == 0 &&
           memcmp(a->sealing, b->sealing,
                  a->sealing_count * sizeof(a->sealing[0])) == 0 &&
           memcmp(&a->curve, &b->curve, sizeof(a->curve)) == 0 &&
           memcmp(&a->master, &b->master, sizeof(a->master)) == 0;
}

static struct sk_bytes seal(const struct sk_node_secrets *node,
                            struct sk_unlock unlock)
{
    struct sk_seed seed = seed_of(9);
    struct sk_bytes out = {0};

    cr_assert(
        eq(int, sk_node_key_seal(node, &unlock, &seed, room, &out), SK_OK));
    return out;
}

static enum sk_status open_with(struct sk_bytes file, struct sk_unlock unlock,
                                struct sk_node_secrets *out)
{
    return sk_node_key_open(file, &unlock, out);
}

Test(keyfile, opens_what_it_sealed_by_a_key)
{
    for (size_t count = 1; count <= 2; count++) {
        struct sk_node_secrets node = secrets_of(0x40, count);
        struct sk_node_secrets got;
        struct sk_bytes file = seal(&node, by_key(key_bytes));
        enum sk_unlock_kind kind = SK_UNLOCK_PASSPHRASE;

        cr_assert(eq(int, open_with(file, by_key(key_bytes), &got), SK_OK));
        cr_expect(is_same(&node, &got));
        cr_assert(eq(int, sk_node_key_kind(file, &kind), SK_OK));
        cr_expect(eq(int, kind, SK_UNLOCK_KEY));
    }
}

Test(keyfile, opens_what_it_sealed_by_a_passphrase)
{
    struct sk_node_secrets node = secrets_of(0x40, 2);
    struct sk_node_secrets got = {0};
    struct sk_bytes file = seal(&node, by_passphrase("een lange wachtzin"));
    struct sk_unpack u;

    cr_assert(eq(int,
                 open_with(file, by_passphrase("een lange wachtzin"), &got),
                 SK_OK));
    cr_expect(is_same(&node, &got));
    got = (struct sk_node_secrets){0};
    cr_expect(eq(int,
                 open_with(file, by_passphrase("een lange wachtzjn"), &got),
                 SK_E_WRONG_KEY));
    cr_expect(
        eq(int, open_with(file, by_passphrase("kort"), &got), SK_E_WRONG_KEY));
    cr_expect(
        eq(int, open_with(file, by_key(key_bytes), &got), SK_E_WRONG_KEY));
    cr_expect(eq(sz, got.sealing_count, 0));

    /* As strong as the header says: 3 passes over 64 MiB. */
    u = sk_unpack_start(file);
    sk_unpack_array(&u, 8);
    sk_unpack_key(&u, "schakel/node-key/1");
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 9), 1));
    (void)sk_unpack_bin_upto(&u, 16, 16); /* the salt */
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 99), 3));
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 999999), 65536));
}

Test(keyfile, tells_a_wrong_key)
{
    struct sk_node_secrets node = secrets_of(0x40, 1);
    struct sk_node_secrets got = {0};
    struct sk_bytes file = seal(&node, by_key(key_bytes));

    cr_expect(
        eq(int, open_with(file, by_key(other_bytes), &got), SK_E_WRONG_KEY));
    cr_expect(eq(int, open_with(file, by_key("short"), &got), SK_E_WRONG_KEY));
    cr_expect(eq(int, open_with(file, by_passphrase("0123456789abcdef"), &got),
                 SK_E_WRONG_KEY));
    cr_expect(eq(sz, got.sealing_count, 0));
}

Test(keyfile, refuses_every_flipped_bit_and_truncation)
{
    struct sk_node_secrets node = secrets_of(0x40, 2);
    struct sk_node_secrets got = {0};
    struct sk_bytes file = exact_copy(seal(&node, by_key(key_bytes)));
    uint8_t *flip = (uint8_t *)(uintptr_t)file.data;
    size_t opened = 0;

    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        flip[bit / 8] ^= (uint8_t)(1 << bit % 8);
        opened += open_with(file, by_key(key_bytes), &got) == SK_OK;
        flip[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < file.size; size++) {
        struct sk_bytes part = exact_copy((struct sk_bytes){file.data, size});

        opened += open_with(part, by_key(key_bytes), &got) == SK_OK;
    }
    cr_expect(eq(sz, opened, 0));
    cr_expect(eq(sz, got.sealing_count, 0));
    cr_expect(eq(int, open_with(file, by_key(key_bytes), &got), SK_OK));
}

/* A part of another file of the same node must not fit in. */
Test(keyfile, refuses_parts_of_another_file)
{
    struct sk_node_secrets node = secrets_of(0x40, 2);
    struct sk_node_secrets got;
    struct sk_bytes a = exact_copy(seal(&node, by_key(key_bytes)));
    struct sk_seed seed = seed_of(10);
    struct sk_unlock unlock = by_key(key_bytes);
    uint8_t mixed[SK_NODE_KEY_SIZE_MAX];
    struct sk_bytes b;

    cr_assert(
        eq(int, sk_node_key_seal(&node, &unlock, &seed, room, &b), SK_OK));
    cr_assert(eq(sz, a.size, b.size));
    for (size_t cut = 1; cut < a.size; cut++) {
        memcpy(mixed, a.data, cut);
        memcpy(mixed + cut, b.data + cut, b.size - cut);
        if (memcmp(mixed, a.data, a.size) == 0 ||
            memcmp(mixed, b.data, b.size) == 0)
            continue;
        cr_expect(open_with((struct sk_bytes){mixed, a.size}, by_key(key_bytes),
                            &got) != SK_OK);
    }
}

Test(keyfile, changes_what_unlocks_and_nothing_else)
{
    struct sk_node_secrets node = secrets_of(0x40, 2);
    struct sk_node_secrets got;
    struct sk_bytes before = exact_copy(seal(&node, by_key(key_bytes)));
    struct sk_unlock old_unlock = by_key(key_bytes);
    struct sk_unlock new_unlock = by_key(other_bytes);
    struct sk_seed seed = seed_of(11);
    struct sk_bytes after;

    cr_assert(eq(int,
                 sk_node_key_change(before, &old_unlock, &new_unlock, &seed,
                                    room, &after),
                 SK_OK));
    cr_expect(eq(int, open_with(after, old_unlock, &got), SK_E_WRONG_KEY));
    cr_assert(eq(int, open_with(after, new_unlock, &got), SK_OK));
    cr_expect(is_same(&node, &got));
    cr_expect(eq(int,
                 sk_node_key_change(before, &new_unlock, &old_unlock, &seed,
                                    room, &after),
                 SK_E_WRONG_KEY));
}

Test(keyfile, knows_the_limits_of_what_unlocks)
{
    char passphrase[SK_PASSPHRASE_SIZE_MAX + 2];
    struct sk_unlock unlock = {.kind = SK_UNLOCK_KEY};
    struct sk_bytes bytes = {(const uint8_t *)passphrase, 0};

    memset(passphrase, 'x', sizeof(passphrase));
    for (bytes.size = 0; bytes.size <= sizeof(passphrase); bytes.size++) {
        bool key = bytes.size == SK_UNLOCK_KEY_SIZE;
        bool phrase = bytes.size >= SK_PASSPHRASE_SIZE_MIN &&
                      bytes.size <= SK_PASSPHRASE_SIZE_MAX;

        cr_assert(eq(int, sk_unlock_of(SK_UNLOCK_KEY, bytes, &unlock),
                     key ? SK_OK : SK_E_BAD_LENGTH));
        cr_assert(eq(int, sk_unlock_of(SK_UNLOCK_PASSPHRASE, bytes, &unlock),
                     phrase ? SK_OK : SK_E_BAD_LENGTH));
    }
    /* The first line of a file, whatever ends it. */
    cr_assert(eq(int,
                 sk_unlock_of(SK_UNLOCK_PASSPHRASE,
                              sk_text("een wachtzin\r\nen een regel"), &unlock),
                 SK_OK));
    cr_expect(sk_bytes_equal(unlock.secret_view, sk_text("een wachtzin")));
    /* A key may have any bytes, a line end too. */
    cr_assert(
        eq(int,
           sk_unlock_of(SK_UNLOCK_KEY,
                        sk_text("0123456789abcdef\n0123456789abcd\n"), &unlock),
           SK_OK));
    cr_expect(eq(sz, unlock.secret_view.size, 32));
}

/* A file must not make us take more memory than the limit. */
Test(keyfile, bounds_what_a_file_may_ask_for)
{
    static const struct {
        uint64_t kind;
        uint64_t passes;
        uint64_t memory_kib;
        enum sk_status status;
    } rows[] = {
        {1, 0, 65536, SK_E_BAD_VALUE},
        {1, 3, 7, SK_E_BAD_VALUE},
        {1, SK_ARGON_PASSES_MAX + 1, 65536, SK_E_BAD_VALUE},
        {1, 3, SK_ARGON_MEMORY_KIB_MAX + 1, SK_E_BAD_VALUE},
        {0, 3, 0, SK_E_BAD_VALUE},
        {0, 0, 65536, SK_E_BAD_VALUE},
        {2, 0, 0, SK_E_BAD_VALUE},
        {1, SK_ARGON_PASSES_MAX, SK_ARGON_MEMORY_KIB_MAX, SK_OK},
        {1, 1, 8, SK_OK},
        {0, 0, 0, SK_OK},
    };
    static const uint8_t zeros[200];

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_pack p = sk_pack_start(room);
        enum sk_unlock_kind kind;
        struct sk_bytes file;

        sk_pack_array(&p, 8);
        sk_pack_cstr(&p, "schakel/node-key/1");
        sk_pack_uint(&p, rows[i].kind);
        sk_pack_bin(&p, (struct sk_bytes){zeros, 16});
        sk_pack_uint(&p, rows[i].passes);
        sk_pack_uint(&p, rows[i].memory_kib);
        sk_pack_bin(&p, (struct sk_bytes){zeros, 16});
        sk_pack_bin(&p, (struct sk_bytes){zeros, 72});
        sk_pack_bin(&p, (struct sk_bytes){zeros, 180});
        cr_assert(eq(int, sk_pack_finish(&p, &file), SK_OK));
        cr_expect(eq(int, sk_node_key_kind(file, &kind), rows[i].status),
                  "row %zu", i);
    }
}

/* ------------------------------------------------------------ identity */
static struct sk_identity identity_of(uint8_t byte)
{
    struct sk_identity identity = {.org = org_of("ocmw-mol")};
    struct sk_seed seed = seed_of(byte);
    struct sk_sign_public public;

    sk_sign_keypair(&seed, &public, &identity.secret);
    sk_minisign_key_of(&public, &identity.public);
    return identity;
}

Test(keyfile, keeps_an_identity)
{
    struct sk_identity identity = identity_of(0x50);
    struct sk_identity got = {0};
    struct sk_box_key master = {{1}};
    struct sk_box_key other = {{2}};
    struct sk_seed seed = seed_of(12);
    struct sk_bytes file;
    size_t opened = 0;

    cr_assert(eq(int, sk_identity_seal(&identity, &master, &seed, room, &file),
                 SK_OK));
    cr_expect(eq(int, sk_identity_open(file, &other, &got), SK_E_BAD_SEAL));
    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        room_data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        opened += sk_identity_open(file, &master, &got) == SK_OK;
        room_data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_expect(eq(sz, opened, 0));
    cr_expect(eq(str, got.org.text, (char *)(uintptr_t) ""));
    cr_assert(eq(int, sk_identity_open(file, &master, &got), SK_OK));
    cr_expect(sk_org_equal(&got.org, &identity.org));
    cr_expect(sk_minisign_key_equal(&got.public, &identity.public));
    cr_expect(memcmp(&got.secret, &identity.secret, sizeof(got.secret)) == 0);
}

/* Neither what is kept nor what unlocks it stands in the file. */
Test(keyfile, shows_no_secret)
{
    struct sk_node_secrets node = secrets_of(0x40, 2);
    struct sk_identity identity = identity_of(0x50);
    struct sk_seed seed = seed_of(12);
    struct sk_bytes file = seal(&node, by_key(key_bytes));
    static const uint8_t run[8] = {0x40, 0x40, 0x40, 0x40,
                                   0x40, 0x40, 0x40, 0x40};

    for (int plus = 0; plus <= 4; plus++) {
        uint8_t wanted[8];

        memset(wanted, 0x40 + plus, sizeof(wanted));
        cr_expect(memmem(file.data, file.size, wanted, 8) == NULL);
    }
    cr_expect(memmem(file.data, file.size, key_bytes, 16) == NULL);
    cr_expect(memmem(node.signing.secret_bytes, 64, run, 8) != NULL);
    cr_assert(eq(int,
                 sk_identity_seal(&identity, &node.master, &seed, room, &file),
                 SK_OK));
    cr_expect(memmem(file.data, file.size, identity.secret.secret_bytes, 16) ==
              NULL);
}

/* ---------------------------------------------------------------- card */
static struct sk_node_secrets secrets_of_party(const struct party *p,
                                               uint8_t byte)
{
    struct sk_node_secrets node = {.signing = p->signing, .sealing_count = 2};
    struct sk_seed seed = seed_of((uint8_t)(byte + 2));
    struct sk_curve_public public;

    sk_curve_keypair(&seed, &public, &node.curve);
    node.sealing[0] = p->sealing[0];
    node.sealing[1] = p->sealing[1];
    return node;
}

Test(keyfile, finds_the_keys_of_the_card)
{
    struct party mol = party_mol();
    struct sk_node_secrets node = secrets_of_party(&mol, 0x10);
    struct sk_node_secrets before;

    cr_assert(eq(int, sk_node_secrets_align(&node, &mol.card), SK_OK));
    cr_expect(eq(sz, node.sealing_count, 2));
    /* The other way round: put right. */
    node.sealing[0] = mol.sealing[1];
    node.sealing[1] = mol.sealing[0];
    cr_assert(eq(int, sk_node_secrets_align(&node, &mol.card), SK_OK));
    cr_expect(memcmp(&node.sealing[0], &mol.sealing[0], 32) == 0);
    cr_expect(memcmp(&node.sealing[1], &mol.sealing[1], 32) == 0);
    /* A card with only the second one, as after half a renewal. */
    mol.card.sealing[0] = mol.card.sealing[1];
    mol.card.sealing_count = 1;
    cr_assert(eq(int, sk_node_secrets_align(&node, &mol.card), SK_OK));
    cr_expect(eq(sz, node.sealing_count, 1));
    cr_expect(memcmp(&node.sealing[0], &mol.sealing[1], 32) == 0);

    /* The key before had its time and is gone; the card still lists it. */
    mol = party_mol();
    node = secrets_of_party(&mol, 0x10);
    node.sealing_count = 1;
    cr_assert(eq(int, sk_node_secrets_align(&node, &mol.card), SK_OK));
    cr_expect(eq(sz, node.sealing_count, 1));
    cr_expect(memcmp(&node.sealing[0], &mol.sealing[0], 32) == 0);

    /* Any key that is not ours. */
    for (int i = 0; i < 3; i++) {
        mol = party_mol();
        node = secrets_of_party(&mol, 0x10);
        before = node;
        (i == 0   ? mol.card.signing.bytes
         : i == 1 ? mol.card.curve.bytes
                  : mol.card.sealing[0].key.bytes)[5] ^= 1;
        cr_expect(
            eq(int, sk_node_secrets_align(&node, &mol.card), SK_E_WRONG_KEY));
        cr_expect(memcmp(&node, &before, sizeof(node)) == 0);
    }
}

/* With keys that are being replaced: in the file while they are needed. */
Test(keyfile, keeps_the_keys_before)
{
    for (int i = 1; i < 4; i++) {
        struct sk_node_secrets node = secrets_of(0x40, 2);
        struct sk_node_secrets got = {0};

        node.has_curve_before = (i & 1) != 0;
        node.has_master_before = (i & 2) != 0;
        memset(&node.curve_before, 0x61, sizeof(node.curve_before));
        memset(&node.master_before, 0x62, sizeof(node.master_before));
        cr_assert(eq(
            int,
            open_with(seal(&node, by_key(key_bytes)), by_key(key_bytes), &got),
            SK_OK));
        cr_expect(is_same(&node, &got));
        cr_expect(eq(int, got.has_curve_before, node.has_curve_before));
        cr_expect(eq(int, got.has_master_before, node.has_master_before));
        cr_expect(eq(int, got.curve_before.secret_bytes[31],
                     node.has_curve_before ? 0x61 : 0));
        cr_expect(eq(int, got.master_before.secret_bytes[31],
                     node.has_master_before ? 0x62 : 0));
    }
}

/* The node that runs knows the master key, and not what unlocks the file. */
Test(keyfile, is_written_again_under_the_same_master_key)
{
    static uint8_t other_room[SK_NODE_KEY_SIZE_MAX];
    struct sk_node_secrets node = secrets_of(0x40, 2);
    struct sk_node_secrets next = secrets_of(0x40, 1);
    struct sk_node_secrets got = {0};
    struct sk_seed seed = seed_of(10);
    struct sk_bytes file = seal(&node, by_key(key_bytes));
    struct sk_bytes out = {0};

    cr_assert(eq(int, sk_node_key_reopen(file, &node.master, &got), SK_OK));
    cr_expect(is_same(&node, &got));
    cr_assert(eq(int,
                 sk_node_key_rewrite(
                     file, &next, &seed,
                     (struct sk_room){other_room, sizeof(other_room)}, &out),
                 SK_OK));
    cr_assert(eq(int, open_with(out, by_key(key_bytes), &got), SK_OK));
    cr_expect(is_same(&next, &got));

    /* Not for another master key; nor a damaged file. */
    next.master.secret_bytes[0] ^= 1;
    out = (struct sk_bytes){0};
    cr_expect(
        eq(int, sk_node_key_reopen(file, &next.master, &got), SK_E_WRONG_KEY));
    cr_expect(eq(int,
                 sk_node_key_rewrite(
                     file, &next, &seed,
                     (struct sk_room){other_room, sizeof(other_room)}, &out),
                 SK_E_WRONG_KEY));
    cr_expect(eq(sz, out.size, 0));
    for (size_t i = 0; i < file.size; i++) {
        room_data[i] ^= 0x10;
        cr_expect(sk_node_key_reopen(file, &node.master, &got) != SK_OK);
        room_data[i] ^= 0x10;
    }
}
