#include "support.h"

#include <signal.h>

static uint8_t room_data[SK_CARD_SIZE_MAX];
static const struct sk_room room = {room_data, sizeof(room_data)};

static struct sk_bytes encode(const struct party *party)
{
    struct sk_bytes out = {0};

    cr_assert(eq(int,
                 sk_card_encode(&party->card, &party->identity, room, &out),
                 SK_OK));
    return out;
}

static bool is_same_card(const struct sk_card *a, const struct sk_card *b)
{
    if (!sk_org_equal(&a->org, &b->org) || a->version != b->version ||
        a->issued_s != b->issued_s || a->sealing_count != b->sealing_count ||
        a->endpoints_count != b->endpoints_count ||
        memcmp(&a->identity, &b->identity, 32) != 0 ||
        memcmp(&a->signing, &b->signing, 32) != 0 ||
        memcmp(&a->curve, &b->curve, 32) != 0)
        return false;
    for (size_t i = 0; i < a->sealing_count; i++)
        if (memcmp(&a->sealing[i], &b->sealing[i], sizeof(a->sealing[i])) != 0)
            return false;
    for (size_t i = 0; i < a->endpoints_count; i++)
        if (strcmp(a->endpoints[i], b->endpoints[i]) != 0)
            return false;
    return true;
}

Test(card, is_the_known_answer_both_ways)
{
    struct party mol = party_mol();
    struct party sopraco = party_sopraco();
    struct sk_card got;

    cr_expect(is_vector("card", "mol", encode(&mol)));
    cr_expect(is_vector("card", "sopraco", encode(&sopraco)));
    cr_assert(eq(int, sk_card_decode(vector("card", "mol"), &got), SK_OK));
    cr_expect(is_same_card(&got, &mol.card));
}

Test(card, rejects_every_truncation_and_a_trailing_byte)
{
    struct sk_bytes full = vector("card", "mol");
    struct sk_card got = {.version = 77};
    uint8_t longer[SK_CARD_SIZE_MAX] = {0};

    for (size_t size = 0; size < full.size; size++) {
        struct sk_bytes in = exact_copy((struct sk_bytes){full.data, size});

        cr_expect(ne(int, sk_card_decode(in, &got), SK_OK), "size %zu", size);
        free((void *)in.data);
    }
    memcpy(longer, full.data, full.size);
    cr_expect(eq(int,
                 sk_card_decode((struct sk_bytes){longer, full.size + 1}, &got),
                 SK_E_BAD_LENGTH));
    cr_expect(eq(u64, got.version, 77), "out was touched");
}

/* Each byte counts: the form, the signature, or what is signed. */
Test(card, rejects_every_changed_bit)
{
    struct sk_bytes full = vector("card", "mol");
    struct sk_card got = {.version = 77};

    for (size_t i = 0; i < full.size; i++) {
        for (int bit = 1; bit <= 128; bit *= 16) {
            ((uint8_t *)full.data)[i] ^= (uint8_t)bit;
            cr_expect(ne(int, sk_card_decode(full, &got), SK_OK), "%zu", i);
            ((uint8_t *)full.data)[i] ^= (uint8_t)bit;
        }
    }
    cr_expect(eq(u64, got.version, 77), "out was touched");
    cr_expect(eq(int, sk_card_decode(full, &got), SK_OK));
}

Test(card, needs_all_its_room)
{
    struct party mol = party_mol();
    size_t size = encode(&mol).size;
    struct sk_bytes out = {NULL, 7};

    for (size_t less = 0; less < size; less++) {
        uint8_t *exact = malloc(less == 0 ? 1 : less);

        cr_expect(eq(int,
                     sk_card_encode(&mol.card, &mol.identity,
                                    (struct sk_room){exact, less}, &out),
                     SK_E_NO_ROOM));
        free(exact);
    }
    cr_expect(eq(sz, out.size, 7), "out was touched");
}

/* --------------------------------------- one row per rule of PROTOCOL.md 4 */

/* A card as another program may write it: with one thing changed. */
enum change {
    NOTHING,
    FORMAT,
    FIELDS,
    VERSION_0,
    NO_SEALING,
    SEALING_3,
    SEALING_TWICE,
    SEAL_ID,
    PERIOD_EMPTY,
    PERIOD_BACK,
    NO_ENDPOINT,
    ENDPOINTS_5,
    ENDPOINT_BAD,
    ENDPOINT_NUL,
    ORG_UPPER,
    ISSUED_LATE,
    OTHER_IDENTITY,
    OTHER_CONTEXT,
    OTHER_COUNT,
    CHANGES
};

static void pack_sealing(struct sk_pack *p, struct party *party,
                         enum change change)
{
    size_t count = change == NO_SEALING ? 0 : change == SEALING_3 ? 3 : 2;

    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++) {
        struct sk_card_sealing s =
            party->card.sealing[change == SEALING_TWICE || i == 2 ? 0 : i];

        if (change == SEAL_ID)
            s.id.bytes[0] ^= 1;
        if (change == PERIOD_EMPTY)
            s.until_s = s.from_s;
        if (change == PERIOD_BACK)
            s.until_s = s.from_s - 1;
        sk_pack_array(p, 4);
        sk_pack_bin(p, (struct sk_bytes){s.id.bytes, 8});
        sk_pack_bin(p, (struct sk_bytes){s.key.bytes, 32});
        sk_pack_uint(p, s.from_s);
        sk_pack_uint(p, s.until_s);
    }
}

static void pack_endpoints(struct sk_pack *p, enum change change)
{
    size_t count = change == NO_ENDPOINT ? 0 : change == ENDPOINTS_5 ? 5 : 2;

    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        if (change == ENDPOINT_BAD)
            sk_pack_cstr(p, "udp://a:1");
        else if (change == ENDPOINT_NUL)
            sk_pack_str(p,
                        (struct sk_bytes){(const uint8_t *)"tcp://a\0:1", 10});
        else
            sk_pack_cstr(p, "tcp://a:1");
}

static struct sk_bytes card_with(enum change change)
{
    struct party party = party_mol();
    uint8_t fields_data[SK_CARD_SIZE_MAX];
    struct sk_pack p =
        sk_pack_start((struct sk_room){fields_data, sizeof(fields_data)});
    struct sk_sign_secret *signer =
        change == OTHER_IDENTITY ? &party.signing : &party.identity;
    struct sk_signature signature;
    struct sk_bytes fields = {0};
    struct sk_bytes out = {0};

    sk_pack_array(&p, change == OTHER_COUNT ? 10 : 9);
    sk_pack_uint(&p, change == FORMAT ? 2 : 1);
    sk_pack_cstr(&p, change == ORG_UPPER ? "OCMW" : "ocmw-mol");
    sk_pack_bin(&p, (struct sk_bytes){party.card.identity.bytes, 32});
    sk_pack_uint(&p, change == VERSION_0 ? 0 : 1);
    sk_pack_bin(&p, (struct sk_bytes){party.card.signing.bytes, 32});
    sk_pack_bin(&p, (struct sk_bytes){party.card.curve.bytes, 32});
    pack_sealing(&p, &party, change);
    pack_endpoints(&p, change);
    sk_pack_uint(&p, change == ISSUED_LATE ? 7258118400 : 1780000000);
    cr_assert(eq(int, sk_pack_finish(&p, &fields), SK_OK));
    sk_sign(signer,
            change == OTHER_CONTEXT ? "schakel/card/2" : "schakel/card/1",
            fields, &signature);
    p = sk_pack_start(room);
    sk_pack_array(&p, change == FIELDS ? 11 : 10);
    sk_pack_raw(&p, (struct sk_bytes){fields.data + 1, fields.size - 1});
    sk_pack_bin(&p, (struct sk_bytes){signature.bytes, 64});
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    return out;
}

Test(card, rejects_each_broken_rule)
{
    static const enum sk_status wants[CHANGES] = {
        [NOTHING] = SK_OK,
        [FORMAT] = SK_E_BAD_VERSION,
        [FIELDS] = SK_E_BAD_LENGTH,
        [VERSION_0] = SK_E_BAD_VALUE,
        [NO_SEALING] = SK_E_BAD_LENGTH,
        [SEALING_3] = SK_E_BAD_LENGTH,
        [SEALING_TWICE] = SK_E_BAD_VALUE,
        [SEAL_ID] = SK_E_BAD_VALUE,
        [PERIOD_EMPTY] = SK_E_BAD_VALUE,
        [PERIOD_BACK] = SK_E_BAD_VALUE,
        [NO_ENDPOINT] = SK_OK,
        [ENDPOINTS_5] = SK_E_BAD_LENGTH,
        [ENDPOINT_BAD] = SK_E_BAD_VALUE,
        [ENDPOINT_NUL] = SK_E_BAD_VALUE,
        [ORG_UPPER] = SK_E_BAD_VALUE,
        [ISSUED_LATE] = SK_E_BAD_VALUE,
        [OTHER_IDENTITY] = SK_E_BAD_SIGNATURE,
        [OTHER_CONTEXT] = SK_E_BAD_SIGNATURE,
        [OTHER_COUNT] = SK_E_BAD_SIGNATURE,
    };

    for (int change = NOTHING; change < CHANGES; change++) {
        struct sk_card got = {.version = 77};
        enum sk_status status =
            sk_card_decode(card_with((enum change)change), &got);

        cr_expect(eq(str, (char *)sk_status_text(status),
                     (char *)sk_status_text(wants[change])),
                  "change %d", change);
        cr_expect(eq(int, got.version == 77, status != SK_OK));
    }
}

Test(card, is_at_most_4096_bytes)
{
    static uint8_t large[SK_CARD_SIZE_MAX + 1];
    struct sk_card got;

    memset(large, 0x90, sizeof(large));
    cr_expect(eq(int,
                 sk_card_decode((struct sk_bytes){large, sizeof(large)}, &got),
                 SK_E_TOO_LARGE));
    cr_expect(ne(
        int, sk_card_decode((struct sk_bytes){large, sizeof(large) - 1}, &got),
        SK_E_TOO_LARGE));
}

/* What a node writes about itself is checked too: our own mistake. */
Test(card, asserts_that_it_is_sound, .signal = SIGABRT)
{
    struct party mol = party_mol();

    strcpy(mol.card.endpoints[1], "tcp://*:1");
    (void)encode(&mol);
}

Test(card, asserts_that_it_is_signed_by_its_identity, .signal = SIGABRT)
{
    struct party mol = party_mol();

    mol.identity = mol.signing;
    (void)encode(&mol);
}

/* The largest card there can be is read. */
Test(card, may_have_four_long_endpoints)
{
    struct party mol = party_mol();
    struct sk_card got;

    for (size_t i = 0; i < SK_ENDPOINTS_MAX; i++) {
        char *at = mol.card.endpoints[i];

        memset(at, 'a', SK_ENDPOINT_SIZE_MAX);
        memcpy(at, "tcp://", 6);
        for (size_t dot = 60; dot <= 240; dot += 60)
            at[dot] = '.';
        memcpy(at + SK_ENDPOINT_SIZE_MAX - 6, ":65535", 7);
    }
    mol.card.endpoints_count = SK_ENDPOINTS_MAX;
    cr_assert(eq(int, sk_card_decode(encode(&mol), &got), SK_OK));
    cr_expect(is_same_card(&got, &mol.card));
}

Test(card, survives_a_round_trip_whatever_is_in_it)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct party party = party_of("gtb", (uint8_t)seed);
        uint64_t state = seed;
        struct sk_card got;

        party.card.version = 1 + random_uint(&state) / 2;
        party.card.issued_s = random_uint(&state) % 7258118400;
        party.card.sealing_count = 1 + below(&state, 2);
        party.card.endpoints_count = below(&state, 3);
        fill_random(&state, party.card.curve.bytes, 32);
        cr_assert(eq(int, sk_card_decode(encode(&party), &got), SK_OK));
        cr_expect(is_same_card(&got, &party.card), "seed %zu", (size_t)seed);
    }
}

/* PROTOCOL.md 4.4 */
Test(card, knows_an_endpoint)
{
    static const char *const good[] = {
        "tcp://node.example.org:5570",
        "tcp://a:1",
        "tcp://A-b.c:65535",
        "tcp://127.0.0.1:5570",
        "tcp://255.255.255.255:1",
        "tcp://[::1]:5570",
        "tcp://[2001:db8:0:1:2:3:4:5]:1",
        "tcp://[fe80::1:2]:80",
        "tcp://[1::]:80",
        "tcp://1.a:1",
        "tcp://xn--caf-dma.example:7",
        "tcp://[ABCD:EF01::09af]:1",
        "tcp://[1:2:3:4:5:6:7::]:1",
        "tcp://Zz0-9.example:10",
        "tcp://0.0.0.0:9",
    };
    static const char *const bad[] = {
        "",
        "tcp://",
        "tcp://a",
        "tcp://a:",
        "tcp://:1",
        "tcp://a:0",
        "tcp://a:65536",
        "tcp://a:01",
        "tcp://a:1x",
        "tcp://a:-1",
        "tcp://a:123456",
        "tcp://a:4294967297",
        "tcp://a:99999",
        "TCP://a:1",
        "ipc://a:1",
        "tcp://a b:1",
        "tcp://*:1",
        "tcp://a_b:1",
        "tcp://-a:1",
        "tcp://a-:1",
        "tcp://a.:1",
        "tcp://.a:1",
        "tcp://a..b:1",
        "tcp://1.2.3:1",
        "tcp://1.2.3.4.5:1",
        "tcp://256.1.1.1:1",
        "tcp://01.1.1.1:1",
        "tcp://1.2.3.4.:1",
        "tcp://[]:1",
        "tcp://[1]:1",
        "tcp://[:1]:1",
        "tcp://[1:]:1",
        "tcp://[1::2::3]:1",
        "tcp://[:::1]:1",
        "tcp://[12345::1]:1",
        "tcp://[1:2:3:4:5:6:7:8:9]:1",
        "tcp://[1:2:3:4:5:6:7:8::]:1",
        "tcp://[1:2:3:4:5:6:7]:1",
        "tcp://[g::1]:1",
        "tcp://[::1]",
        "tcp://::1:5570",
        "tcp://[::1:5570",
        "tcp://a\n:1",
        "tcp://a;tcp://b:1",
        "tcp://a:1/",
        "tcp://a:1 ",
    };
    char name[300] = "tcp://";

    for (size_t i = 0; i < SK_COUNT(good); i++)
        cr_expect(sk_endpoint_is_legal(sk_text(good[i])), "%s", good[i]);
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        cr_expect(not(sk_endpoint_is_legal(sk_text(bad[i]))), "%s", bad[i]);
    memset(name + 6, 'a', 63);
    strcpy(name + 69, ":1");
    cr_expect(sk_endpoint_is_legal(sk_text(name)), "a label of 63");
    memset(name + 6, 'a', 64);
    strcpy(name + 70, ":1");
    cr_expect(not(sk_endpoint_is_legal(sk_text(name))), "a label of 64");

    /* 255 bytes, and 256. */
    memset(name + 6, 'a', 250);
    for (size_t dot = 60; dot <= 240; dot += 60)
        name[dot] = '.';
    strcpy(name + 249, ":65535");
    cr_expect(eq(sz, strlen(name), SK_ENDPOINT_SIZE_MAX));
    cr_expect(sk_endpoint_is_legal(sk_text(name)));
    strcpy(name + 250, ":65535");
    name[249] = 'a';
    cr_expect(not(sk_endpoint_is_legal(sk_text(name))));
}
